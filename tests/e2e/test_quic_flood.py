"""DNS over QUIC amid floods and changes: first packets, resets, workers and listeners that come and go."""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import *
from quic_by_hand import Client, stream
from test_quic import DOQ, quic, stats
from test_quic_hard import answered, client, framed, lives
from test_reload import SOCKET, change, ternctl
from test_daemon import Activated, open_as_systemd
from test_tls import ask_on, connected, install
from test_tls_hard import hits_ms, p99

FLOOD = 2000            # datagrams a second that are offered, limits.md row 57

# Sends datagrams of a kind, FLOOD times a second, from one address or many.
FLOODING = '''
import itertools, os, random, socket, sys, time
sys.path.insert(0, sys.argv[1])
from quic_by_hand import Client
kind, rate, port, many = sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == 'many'
def initial(token=b''):
    with Client(port, token=token) as c:
        return c.first()
made = [{'hellos': initial, 'forged tokens': lambda: initial(bytes([0xb6]) + os.urandom(60)),
         'resets': lambda: b'\\x40' + os.urandom(60), 'versions': lambda: b'\\xc0\\x0a\\x1a\\x2a\\x3a\\x08' + os.urandom(1300)}[kind]()
        for _ in range(500)]
print('ready', flush=True)
began, n, s = time.monotonic(), 0, None
for octets in itertools.cycle(made):
    ahead = n / rate - (time.monotonic() - began)
    if ahead > 0:
        time.sleep(ahead)
    elif ahead < -0.5:
        began, n = time.monotonic(), 0
    if n % 10 == 0:
        s = s and s.close()
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(('127.%d.%d.%d' % (random.randrange(1, 200), random.randrange(256), random.randrange(1, 255)) if many else '127.0.0.1', 0))
    n += 1
    try:
        s.sendto(octets, ('127.0.0.1', port))
    except OSError:
        pass
'''


@contextlib.contextmanager
def flood(kind, port=DOQ, many=False, clients=2):
    here = os.path.dirname(os.path.abspath(__file__))
    load = [subprocess.Popen([sys.executable, '-B', '-c', FLOODING, here, kind, str(FLOOD / clients), str(port), 'many' if many else 'one'],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent) for _ in range(clients)]
    try:
        for process in load:
            equal(process.stdout.readline(), b'ready\n')
        time.sleep(0.5)
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


class Asking:
    """A client that was there before, and asks twice a second."""

    def __enter__(self):
        self.asked, self.missing, self.over = 0, 0, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        with client(source='127.0.0.9') as c:
            while not self.over:
                self.missing += answered(c, 4 * self.asked, seconds=scaled(5)) != ['192.0.2.81']
                self.asked += 1
                time.sleep(0.5)

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


@alone
@busy(200)
def test_floods_of_datagrams():
    tern = quic()
    resolves('www.example.com', '192.0.2.81')
    lives(tern)
    memory = tern.memory()
    with Asking() as old:
        for kind, many in (('hellos', False), ('hellos', True), ('forged tokens', True), ('resets', True), ('versions', True)):
            # What the flood's own processes take from us, they take from the control, too: nobody reads there.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
                nobody.bind(('127.0.0.1', 0))
                with flood(kind, nobody.getsockname()[1], many):
                    control = hits_ms(2)
            with flood(kind, many=many):
                cpu_s, before = tern.cpu_s(), stats()['quic']
                beside = hits_ms(2)
                cpu_s, after = tern.cpu_s() - cpu_s, stats()['quic']
                served = 0
                for i in range(10):
                    # A place of the flood's may be free a moment later.
                    for _ in range(3):
                        with Client(DOQ, source=f'127.0.3.{i + 1}') as c:
                            if c.connect(scaled(2)) and answered(c) == ['192.0.2.81']:
                                served += 1
                                break
            print(f'{kind}, from {"many" if many else "one"}: p99 {p99(beside):.2f} ms beside, {p99(control):.2f} ms in the control; '
                  f'{cpu_s:.2f} s of CPU in 2 s, {served} of 10 served, {(tern.memory() - memory) >> 10} KiB, '
                  f'{({k: after[k] - before[k] for k in after})}', file=sys.stderr)
            at_most(p99(beside) - p99(control), scaled(50 if sanitized() else 5), f'{kind}: ms more at p99')
            at_least(served, 9, f'{kind}: of 10 others are served')
            at_most(tern.memory() - memory, with_quarantine(60) << 20, 'octets')
            if kind == 'hellos':
                at_least(after['retries'] - before['retries'], 100, 'that had to show their address')
        equal(old.missing, 0, f'of {old.asked} questions by who was there before are not answered')
    lives(tern)


def test_two_that_answer_each_other():
    """A datagram that looks as if another one's port had sent it makes no two of them talk for ever."""
    tern = quic(workers=2, listen=[{'address': f'127.0.0.2@{DOQ}', 'transport': 'quic'}])
    ports = [('127.0.0.1', DOQ), ('127.0.0.2', DOQ)]
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    with raw:
        for octets in (b'\x40' + os.urandom(60), b'\x40' + os.urandom(1199), b'\xc0\x0a\x1a\x2a\x3a\x08destined\x04from' + bytes(1200),
                       b'\xc0\0\0\0\1\x08destined\x04from\0\x44\x80' + bytes(1200), b'\xc0\0\0\0\0\x08destined\x04from' + bytes(1200)):
            for _ in range(20):
                raw.bind((ports[0][0], 0))
                udp = DOQ.to_bytes(2, 'big') * 2 + (8 + len(octets)).to_bytes(2, 'big') + b'\0\0' + octets
                raw.sendto(udp, (ports[1][0], 0))
        time.sleep(0.5)
        cpu_s, before = tern.cpu_s(), stats()['quic']
        time.sleep(1)
        after = stats()['quic']
        at_most(sum(after.values()) - sum(before.values()), 50, 'datagrams in a second of silence')
        at_most(tern.cpu_s() - cpu_s, scaled(0.3), 'seconds of CPU')
    lives(tern)


class Load:
    """Clients that come, ask and go, and some that stay."""

    def __init__(self, n=3):
        self.good, self.failed, self.wrong, self.over = 0, 0, 0, False
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(n)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.over:
            with Client(DOQ) as c:
                if not c.connect(1):
                    self.failed += 1
                    continue
                for i in range(20):
                    got = answered(c, 4 * i, seconds=0.5)
                    self.good += got == ['192.0.2.81']
                    self.wrong += got not in (['192.0.2.81'], None)
                    if got is None:
                        break

    def stop(self):
        self.over = True
        for t in self.threads:
            t.join()


@busy(120)
def test_changes_amid_load():
    tern = quic()
    resolves('www.example.com', '192.0.2.81')
    plain, doq = f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}
    tls = {'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'}
    load = Load()
    try:
        for _ in range(2):
            for server, certificate in (({'listen': [plain], 'workers': 2}, tls), ({'listen': [plain, doq], 'workers': 4}, tls),
                                        ({'listen': [plain, doq], 'workers': 1}, tls), ({'listen': [plain], 'workers': 2}, {}),
                                        ({'listen': [plain, doq], 'workers': 3}, tls), ({'listen': [plain, doq], 'workers': 2}, tls)):
                change(tern, **{'server': {'user': '', **server}, 'tls': certificate, 'control': {'socket': SOCKET}})
                ternctl('reload')
                time.sleep(0.3)
                resolves('www.example.com', '192.0.2.81')
        time.sleep(6)                       # places that were left are free then
        before = load.good
        time.sleep(2)
        at_least(load.good - before, 20 / slowdown(), 'answers after all of it')
    finally:
        load.stop()
    equal(load.wrong, 0, 'wrong answers')
    lives(tern)


@busy(60)
def test_fewer_workers():
    """Connections of a worker that is gone: their clients are told, so that they begin anew at once."""
    tern = quic(workers=4)
    with contextlib.ExitStack() as kept:
        clients = [kept.enter_context(client()) for _ in range(12)]
        change(tern, server={'user': '', 'workers': 1, 'listen': [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}]},
               tls={'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'})
        ternctl('reload')
        time.sleep(1)
        kept_on, told, silent = 0, 0, 0
        for c in clients:
            got, n = answered(c, 0, seconds=1), len(c.got)
            kept_on += got == ['192.0.2.81']
            told += got is None and (c.closed is not None or any(len(d) < 60 for d in c.got[-2:]))
            silent += got is None and not (c.closed is not None or any(len(d) < 60 for d in c.got[-2:]))
        print(f'{kept_on} go on, {told} were told, {silent} hear nothing', file=sys.stderr)
        equal(silent, 0, 'that hear nothing')
    lives(tern)


def test_sockets_of_systemd():
    """One socket for all workers: a datagram finds its connection, whoever reads it. The TCP socket beside it is for TLS."""
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o755)
    install('good', folder)
    sockets = open_as_systemd()
    doq = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    doq.bind(('127.0.0.1', DOQ))
    dot = socket.socket()
    dot.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    dot.bind(('127.0.0.1', DOQ))
    dot.listen(64)
    sockets += [doq, dot]
    try:
        listen = [f'127.0.0.1@{PORT}', *({'address': f'127.0.0.1@{DOQ}', 'transport': t} for t in ('tls', 'quic'))]
        tern = Activated(sockets, server={'listen': listen, 'workers': 3},
                         tls={'certificate': f'{folder}/cert.pem', 'key': f'{folder}/cert.key'}, control={'socket': SOCKET})
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(client()) for _ in range(8)]
            for i in range(10):
                for c in clients:
                    equal(answered(c, 4 * i), ['192.0.2.81'], f'round {i}')
                with connected() as s:
                    equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
                if i == 5:
                    ternctl('reload')
        lives(tern)
    finally:
        for s in sockets:
            s.close()


def test_without_a_certificate():
    tern = quic()
    with client() as c:
        change(tern, server={'user': '', 'workers': 2, 'listen': [f'127.0.0.1@{PORT}']}, control={'socket': SOCKET})
        ternctl('reload')
        with Client(DOQ) as late:
            check(not late.connect(1), 'nobody is served')
        c.listen(1, lambda: c.closed is not None)
        check(c.closed is not None, 'closed with its listener')
    check(tern.alive(), 'alive')
    resolves('www.example.com', '192.0.2.81')


@busy(60)
def test_the_end_of_the_daemon():
    """What was asked before is answered, and the connections are closed."""
    tern = quic()
    setting('slow.evil', delay=0.3)
    with client() as c, client() as idle, Client(DOQ) as half:
        half.put(half.first())
        c.send(stream(0, framed('end.slow.evil')))
        time.sleep(0.15)
        began = time.monotonic()
        tern.process.send_signal(signal.SIGTERM)
        c.listen(2, lambda: c.answer(0) is not None)
        check(c.answer(0) is not None, 'answered')
        equal(tern.process.wait(10), 0)
        at_most(time.monotonic() - began, scaled(6), 'seconds')
        for each_one in (c, idle):
            each_one.listen(1, lambda: each_one.closed is not None)
            check(each_one.closed is not None, 'closed')
    running.remove(tern)
