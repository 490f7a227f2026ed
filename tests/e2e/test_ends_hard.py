"""What sockets of a service manager, files that are cut off, and ill-timed ends could do."""
import json
import os
import random
import signal
import threading
import time

from harness import *
import harness
from test_daemon import Activated, open_as_systemd
from test_lists import FOLDER, listing, put, told, until
from test_reload import SOCKET, ternctl, start, reload
from test_rpz import policies


class Handed(Activated):
    """As Activated, with whatever descriptors and words there are."""

    def __init__(self, fds, count=None, pid='$$', wait=True, **sections):
        self.config = write_config(merged(BASE, sections))
        self.log_path = self.config.replace('.yaml', '.log')
        self.files = None
        self.log = open(self.log_path, 'wb')

        def hand_over():
            die_with_parent()
            spare = [os.dup(fd) for fd in fds]
            os.closerange(3, min(spare, default=3))
            for number, fd in enumerate(spare, 3):
                os.dup2(fd, number)
        command = f'LISTEN_PID={pid} LISTEN_FDS={len(fds) if count is None else count} exec "$0" -c "$1"'
        self.process = subprocess.Popen(['sh', '-c', command, harness.TERND, self.config], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=hand_over, close_fds=False)
        running.append(self)
        if wait:
            self.wait_until_ready()


def test_descriptors_that_are_no_listeners():
    """Files, pipes, sockets of other kinds, too many, none: they are told, and whatever can serve serves, or the start fails."""
    sockets = open_as_systemd()
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    raw_stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    unbound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    pipe = os.pipe()
    file = os.open(put('x', 'text'), os.O_RDONLY)
    null = os.open('/dev/null', os.O_RDONLY)
    good = [s.fileno() for s in sockets]
    try:
        for name, fds, count, pid in (
                ('unix', [*good, unix.fileno()], None, '$$'), ('not listening', [*good, raw_stream.fileno()], None, '$$'),
                ('unbound', [*good, unbound.fileno()], None, '$$'), ('pipe', [*good, pipe[0]], None, '$$'), ('file', [*good, file], None, '$$'),
                ('null', [null], None, '$$'), ('one too many', good, 3, '$$'), ('a thousand', good, 1000, '$$'), ('minus', good, -1, '$$'),
                ('word', good, 'x', '$$'), ('empty', good, "''", '$$'), ('huge', good, '99999999999999999999', '$$'), ('another', good, None, 1),
                ('zero', good, 0, '$$'), ('the same twice', [*good, *good], None, '$$')):
            tern = Handed(fds, count, pid, wait=False, server={'listen': ['127.0.0.1@5399']})
            deadline = time.monotonic() + 5
            while tern.process.poll() is None and 'serves on' not in tern.log_text() and time.monotonic() < deadline:
                time.sleep(0.02)
            code, log = tern.process.poll(), tern.log_text()
            check(code == 1 if name == 'unbound' else code is None, f'{name}: {code} {log}')
            passed = name in ('unix', 'not listening', 'pipe', 'file', 'one too many', 'the same twice')
            if code is None:
                expect(ask('www.example.com', port=PORT if passed else 5399), 'NOERROR')
            check('warning: ' in log or 'error: ' in log or name == 'another', f'{name}: {log}')
            stop_all()
    finally:
        for s in sockets:
            s.close()


def test_listen_beside_sockets_of_systemd():
    """What is said not to be served isn't, later neither, and nobody is told that it were."""
    sockets = open_as_systemd()
    try:
        tern = Activated(sockets, server={'listen': ['127.0.0.1@5399', '127.0.0.9@5398']}, control={'socket': SOCKET})
        for _ in range(2):
            time.sleep(0.6)
            for server, port in (('127.0.0.1', 5399), ('127.0.0.9', 5398)):
                s = socket.socket()
                check(s.connect_ex((server, port)) != 0, f'{server}@{port} is served')
                s.close()
            ternctl('reload')
            check('5399' not in ternctl('status'))
        check('is there now' not in tern.log_text(), tern.log_text())
    finally:
        for s in sockets:
            s.close()


def test_killed_with_sockets_of_systemd():
    """kill -9 amid questions: the next one serves, and who asked before and asks again is answered."""
    sockets = open_as_systemd()
    try:
        for turn in range(4):
            tern = Activated(sockets, server={'workers': 2})
            lines = [udp_socket() for _ in range(20)]
            for i, s in enumerate(lines):
                s.sendto(question(f'k{turn}-{i}.slow.evil').to_wire(), ('127.0.0.1', PORT))
            time.sleep(turn / 50)
            tern.process.kill()
            tern.process.wait()
            stop_all()
            for s in lines:
                s.close()
        with udp_socket() as s:
            s.sendto(question('www.example.com').to_wire(), ('127.0.0.1', PORT))
            Activated(sockets, server={'workers': 2})
            s.settimeout(4)
            expect(dns.message.from_wire(s.recv(4096)), 'NOERROR', ['192.0.2.81'])
        for tcp in (False, True):
            expect(ask('www.example.com', tcp=tcp), 'NOERROR')
    finally:
        for s in sockets:
            s.close()


def test_policies_that_are_cut_off():
    """A zone that ends amid a record, renamed in place or truncated, leaves the rules of before."""
    rules = ''.join(f'n{i}.test-zone CNAME .\n' for i in range(2000))
    config = policies(rules + 'last.test-zone CNAME .\n')
    tern = start(**config)
    path = config['response-policy-zones'][0]['file']
    whole = open(path).read()
    expect(ask('last.test-zone'), 'NXDOMAIN')
    for cut in (-1, -3, -20, len(whole) // 2 + 5, 10, 0):
        for way in ('rename', 'truncate'):
            if way == 'rename':
                with open(path + '.new', 'w') as f:
                    f.write(whole[:cut])
                os.replace(path + '.new', path)
            else:
                with open(path, 'r+') as f:
                    f.truncate(len(whole[:cut]))
            time.sleep(1.2)
            for name in ('n1.test-zone', 'n1999.test-zone', 'last.test-zone'):
                check(ede(ask(name)), f'{name} is let through, cut at {cut} by {way}')
            with open(path + '.new', 'w') as f:
                f.write(whole)
            os.replace(path + '.new', path)
            time.sleep(0.6)


def test_ends_beside_what_ternctl_wants():
    """SIGTERM amid reloads, adds, dumps, traces: the end is in time, who waits gets a word or an end."""
    for turn in range(5):
        tern = start(lists=[listing('ads.test-zone\n')], env={'STATE_DIRECTORY': FOLDER})
        program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
        path = harness.LAB + '/control.sock'
        waiting = [subprocess.Popen([program, '-s', path, *a], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for a in (['reload'], ['local-data', 'add', f'x{turn}.lan. A 192.0.2.1'], ['dump-cache'], ['trace', 'x.slow.evil'],
                             ['trace', f'x{turn}.silent.evil'], ['lists', 'update'])]
        time.sleep(turn / 40)
        at_most(tern.stop(), scaled(1.3), 'seconds')
        for p in waiting:
            check(p.wait(3) in (0, 1, 3), p.returncode)


def test_workers_come_and_go_with_sockets_of_systemd():
    """Each question is answered, by UDP and TCP, while workers are made and rest, and after that."""
    sockets = open_as_systemd()
    try:
        tern = Activated(sockets, server={'workers': 2}, control={'socket': SOCKET})
        lost, stop = [], threading.Event()

        def ask_on(tcp):
            n = 0
            while not stop.is_set():
                n += 1
                try:
                    expect(ask('www.example.com' if n % 2 else f'w{n}.honest.evil', tcp=tcp, timeout=3), 'NOERROR')
                except (Failed, OSError, EOFError) as e:
                    lost.append((tcp, repr(e)))
        threads = [threading.Thread(target=ask_on, args=(tcp,)) for tcp in (False, True, False)]
        for t in threads:
            t.start()
        for workers in (4, 1, 3, 1, 2):
            with open(tern.config + '.new', 'w') as f:
                json.dump(merged(merged(BASE, {'control': {'socket': SOCKET}}), {'server': {'workers': workers}}), f)
            os.replace(tern.config + '.new', tern.config)
            ternctl('reload')
            time.sleep(0.7)
        stop.set()
        for t in threads:
            t.join()
        equal(lost, [])
        for tcp in (False, True) * 10:
            expect(ask('www.example.com', tcp=tcp, timeout=2), 'NOERROR')
        at_most(tern.stop(), scaled(1.3), 'seconds')
    finally:
        for s in sockets:
            s.close()
