"""Workers that come and go while descriptors, sockets or threads are short."""
import contextlib
import json
import os
import re
import socket
import time

from harness import *
from test_reload import SOCKET, listening, reload, start, ternctl

HERE = f'127.0.0.1@{PORT}'


def told_clients(tern):
    """TCP clients for each worker, each time that they were told."""
    return [int(n) for n in re.findall(r'(\d+) TCP clients for each worker', tern.log_text())]


@contextlib.contextmanager
def connections(n, net=1):
    """Held by a host each."""
    held = []
    try:
        for i in range(n):
            s = socket.socket()
            s.settimeout(2)
            s.bind((f'127.{net}.{i // 200}.{1 + i % 200}', 0))
            s.connect(('127.0.0.1', PORT))
            held.append(s)
        yield held
    finally:
        for s in held:
            s.close()


def is_open(s):
    try:
        s.setblocking(False)
        return s.recv(1) != b''
    except BlockingIOError:
        return True
    except OSError:
        return False


def in_use(tern):
    """Descriptors, and threads."""
    return tern.descriptors(), len(os.listdir(f'/proc/{tern.process.pid}/task'))


def limited(files, workers, env=None, **more):
    return Tern(files=files, env=env, control={'socket': SOCKET}, resolver={'do-not-query-localhost': False},
                **listening(HERE, workers=workers, **more))


def answers(server='127.0.0.1'):
    for tcp in (False, True):
        for i in range(20):
            expect(ask('www.example.com', server=server, tcp=tcp), 'NOERROR')


# --- descriptors -------------------------------------------------------------------------

def test_clients_are_not_the_daemons_own_descriptors():
    """What a reload finds open by clients doesn't make the number of their places smaller."""
    tern = limited(400, 1)
    begun = told_clients(tern)
    equal(len(begun), 1, tern.log_text())
    with connections(100):
        reload(tern, **listening(HERE, workers=2))
        reload(tern, **listening(HERE, workers=1))
    time.sleep(0.5)
    # One that rests keeps a socket for what it owes, a loop and a mailbox.
    equal(told_clients(tern)[-1], begun[0] - 3)
    with connections(begun[0] - 3) as held:
        time.sleep(0.5)
        equal(sum(is_open(s) for s in held), begun[0] - 3, 'connections that are kept')
        answers()


def test_more_workers_leave_a_quarter_to_the_servers():
    """Clients that hold all places of one worker make room when there are two."""
    tern = limited(400, 1)
    with connections(told_clients(tern)[0]):
        time.sleep(0.5)
        at_least(tern.descriptors(), 280, 'descriptors in use')
        reload(tern, **listening(HERE, workers=3))
        with connections(150, net=2):
            time.sleep(1)
            at_most(tern.descriptors(), 310, 'descriptors in use')
            for i in range(10):
                resolves(f'w{i}.honest.evil')
    tern.alive()


def test_workers_that_descriptors_are_short_for():
    """As many as there may be serve, what is short is told, and the rest is applied."""
    tern = limited(200, 1)
    told = reload(tern, **listening(HERE, workers=100, identity='other'))
    equal([k['key'] for k in told['kept']], ['server.workers'])
    check('of the 200 open files' in told['kept'][0]['why'], told)
    equal(str(ask('id.server', 'TXT', 'CH').answer[0][0]), '"other"')
    n = json.loads(ternctl('--json', 'status'))['workers']
    check(5 < n < 100, n)
    check(told['kept'][0]['why'].startswith(f'{n} workers serve'), told)
    at_most(tern.descriptors(), 150, 'descriptors in use')
    answers()
    resolves('other.honest.evil')
    equal(reload(tern, **listening(HERE, workers=2))['kept'], [])
    answers()


def test_a_start_with_more_workers_than_descriptors_suffice_for():
    tern = limited(100, 60)
    n = json.loads(ternctl('--json', 'status'))['workers']
    check(1 < n < 60, n)
    check(f'server.workers: {n} workers serve, more need too many of the 100 open files' in tern.log_text(),
          tern.log_text())
    at_most(tern.descriptors(), 75, 'descriptors in use')
    answers()
    told = reload(tern, **listening(HERE, workers=60))
    equal([k['key'] for k in told['kept']], ['server.workers'])
    equal(json.loads(ternctl('--json', 'status'))['workers'], n)
    resolves('few.honest.evil')


def test_clients_of_workers_that_rest_have_descriptors():
    """Their connections go on, and are no places for others."""
    tern = limited(120, 4)
    with connections(40) as held:
        reload(tern, **listening(HERE, workers=1))
        with connections(150, net=2):
            time.sleep(0.6)
            at_most(tern.descriptors(), 100, 'descriptors in use')
            resolves('rest.honest.evil')
    check(held)
    tern.alive()


def test_status_counts_those_that_serve():
    tern = start(**listening(HERE, workers=4))
    workers = lambda: json.loads(ternctl('--json', 'status'))['workers']
    equal(workers(), 4)
    reload(tern, **listening(HERE, workers=1))
    equal(workers(), 1)
    reload(tern, **listening(HERE, workers=3))
    equal(workers(), 3)


# --- what the system refuses ----------------------------------------------------------------

def refused_once(refused, why):
    """A reload that wants two more workers, where @refused does not come; nothing is left of it."""
    scarce = Preloaded('scarce.c', 'SCARCE_FILE')
    both = [HERE, f'127.0.0.9@{PORT}']
    tern = limited(None, 1, env=scarce.env)
    reload(tern, **listening(*both, workers=1))
    time.sleep(0.3)
    before = in_use(tern)
    scarce.write(refused)
    told = reload(tern, **listening(*both, workers=3))
    equal([k['key'] for k in told['kept']], ['server.workers'])
    check(why in told['kept'][0]['why'] and '1 workers serve' in told['kept'][0]['why'], told)
    equal(scarce.read(), 0)
    time.sleep(0.3)
    equal(in_use(tern), before)
    equal(json.loads(ternctl('--json', 'status'))['workers'], 1)
    for server in '127.0.0.1', '127.0.0.9':
        answers(server)
    equal(reload(tern, **listening(*both, workers=3))['kept'], [])
    equal(json.loads(ternctl('--json', 'status'))['workers'], 3)
    for server in '127.0.0.1', '127.0.0.9':
        answers(server)
    tern.stop()


def test_a_socket_of_a_new_worker_is_refused():
    """The last one that it needs."""
    refused_once(4, 'Too many open files in system')


def test_the_first_socket_of_a_new_worker_is_refused():
    refused_once(1, 'Too many open files in system')


def test_the_thread_of_a_new_worker_is_refused():
    """The first thread of a reload reads the files."""
    refused_once(-2, 'Resource temporarily unavailable')


def test_a_socket_is_refused_to_one_that_comes_back():
    """It rests on, serves those whom it has, and comes back the next time."""
    scarce = Preloaded('scarce.c', 'SCARCE_FILE')
    both = [HERE, f'127.0.0.9@{PORT}']
    tern = limited(None, 2, env=scarce.env)
    reload(tern, **listening(*both, workers=2))
    reload(tern, **listening(*both, workers=1))
    time.sleep(3.5)
    before = in_use(tern)
    scarce.write(3)
    told = reload(tern, **listening(*both, workers=2))
    check('1 workers serve' in told['kept'][0]['why'], told)
    time.sleep(0.3)
    equal(in_use(tern), before)
    answers()
    answers('127.0.0.9')
    equal(reload(tern, **listening(*both, workers=2))['kept'], [])
    answers()
    answers('127.0.0.9')
