"""DNS over TLS under attack: floods of handshakes, what idle connections cost, changes amid load, sockets of systemd."""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from harness import *
from test_daemon import Activated, open_as_systemd
from test_reload import SOCKET, change, ternctl
from test_tls import DOT, ask_on, client_context, connected, encrypted, framed, install, receive, until

FLOOD = 2000            # handshakes a second that are offered, limits.md row 55


def hello():
    """A ClientHello, as often as one likes, for nothing."""
    out = ssl.MemoryBIO()
    talk = client_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname='lists.lan')
    with contextlib.suppress(ssl.SSLWantReadError):
        talk.do_handshake()
    return out.read()


# Says hello FLOOD times a second and takes no more part; each connection is held for a moment.
FLOODING = '''
import socket, sys, time, collections
hello, rate, held_max = bytes.fromhex(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
held, began, n = collections.deque(), time.monotonic(), 0
while True:
    ahead = n / rate - (time.monotonic() - began)
    if ahead > 0:
        time.sleep(ahead)
    elif ahead < -0.5:
        began, n = time.monotonic(), 0
    n += 1
    try:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(('127.0.0.1', int(sys.argv[4])))
        held.append((s, n))
        if len(held) > 20:
            held[-20][0].send(hello)
    except OSError:
        pass
    while len(held) > held_max:
        held.popleft()[0].close()
'''


@contextlib.contextmanager
def flood(octets, rate=FLOOD, held=200, port=DOT, clients=2):
    load = [subprocess.Popen([sys.executable, '-c', FLOODING, octets.hex(), str(rate / clients), str(held), str(port)],
                             stderr=subprocess.DEVNULL, preexec_fn=die_with_parent) for _ in range(clients)]
    time.sleep(0.5)
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def hits_ms(seconds=3):
    """How long hits take, in milliseconds, asked by UDP one after another."""
    wire = question('www.example.com').to_wire()
    taken, end = [], time.monotonic() + seconds
    with contextlib.closing(udp_socket()) as s:
        s.connect(('127.0.0.1', PORT))
        s.settimeout(scaled(2))
        while time.monotonic() < end:
            began = time.monotonic()
            s.send(wire)
            s.recv(4096)
            taken.append((time.monotonic() - began) * 1000)
    taken.sort()
    return taken


def p99(values):
    return values[len(values) * 99 // 100]


@alone
@busy(90)
def test_a_flood_of_handshakes():
    tern = encrypted(control={'socket': SOCKET})
    resolves('www.example.com', '192.0.2.81')
    with connected() as s:
        ask_on(s, 'www.example.com')
    time.sleep(0.3)
    descriptors, memory, octets = tern.descriptors(), tern.memory(), hello()
    kinds = {'whole hellos': (octets, 200), 'half of them': (octets[:200], 600), 'garbage': (b'\x16\x03\x01\x02\0\x01\0\1\xfc' + b'\0' * 508, 200)}
    for kind, (what, held) in kinds.items():
        # What the flood's own processes take from us, they take from the control, too: they say hello to nobody.
        with socket.socket() as nobody:
            nobody.bind(('127.0.0.1', 0))
            nobody.listen(4000)
            with flood(what, held=held, port=nobody.getsockname()[1]):
                control = hits_ms()
        with flood(what, held=held):
            cpu_s = tern.cpu_s()
            beside = hits_ms()
            print(f'{kind}: p99 {p99(beside):.2f} ms beside, {p99(control):.2f} ms in the control; {tern.cpu_s() - cpu_s:.2f} s of CPU, '
                  f'{tern.descriptors() - descriptors} connections', file=sys.stderr)
            # One step of a handshake is the least that others wait for, and a sanitizer makes a long one of it.
            at_most(p99(beside) - p99(control), scaled(50 if sanitized() else 5), f'{kind}: ms more at p99')
            served = 0
            for _ in range(10):
                with contextlib.suppress(OSError, EOFError):
                    # Who shares the flood's address shares its fate.
                    with connected(timeout=scaled(5), source='127.0.0.9') as s:
                        served += data(ask_on(s, 'www.example.com')[0]) == ['192.0.2.81']
            at_least(served, 9, f'{kind}: of 10 others are served')
            at_most(tern.descriptors() - descriptors, 2 * 1100, 'descriptors')
            at_most(tern.memory() - memory, with_quarantine(60) << 20, 'octets')
        until(lambda: tern.descriptors() <= descriptors, f'{kind}: nothing is left: {tern.descriptors()}, {descriptors} before', 8)
    check(tern.alive(), 'alive')


@busy(60)
def test_what_idle_connections_cost():
    if sanitized():
        raise Skipped('memory of a sanitizer')
    from test_https import HTTPS, PREFACE, SETTINGS, frame, https, request
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    two = client_context()
    two.set_alpn_protocols(['h2'])

    def connect(port, context, first):
        plain = socket.create_connection(('127.0.0.1', port), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s = context.wrap_socket(plain, server_hostname='lists.lan')
        s.sendall(first)
        s.recv(4096)
        return s
    for what, *how, limit in (('DoT', DOT, client_context(), framed(question('www.example.com')), 20),
                              ('DoH', HTTPS, two, PREFACE + frame(SETTINGS) + request(1), 32)):
        tern = https()
        kept = [connect(*how) for _ in range(50)]
        before, held = tern.memory(), tern.descriptors()
        kept += [connect(*how) for _ in range(1000)]
        more = tern.descriptors() - held
        each = (tern.memory() - before) / more / 1024
        print(f'{what}: {each:.1f} KiB for each of {more}', file=sys.stderr)
        at_least(more, 300, 'connections')
        at_most(each, limit, f'KiB of an idle connection of {what}')
        for s in kept:
            s.close()
        until(lambda: tern.descriptors() < held - 40, 'all are closed', 12)
        tern.stop()


def passing(*ports):
    sockets = open_as_systemd()
    for port in ports:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('127.0.0.1', port))
        s.listen(64)
        sockets.append(s)
    return sockets


def test_sockets_of_systemd():
    """A TCP socket alone is for the transport that stands in the configuration."""
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o755)
    install('good', folder)
    sockets = passing(DOT, 8899)
    try:
        tern = Activated(sockets, server={'listen': [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOT}', 'transport': 'tls'}]},
                         tls={'certificate': f'{folder}/cert.pem', 'key': f'{folder}/cert.key'}, control={'socket': SOCKET})
        resolves('www.example.com', '192.0.2.81')
        for _ in range(5):
            with connected() as s:
                equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
        # What nobody has spoken of is told, and not served.
        check('8899' in tern.log_text() and 'not served' in tern.log_text(), tern.log_text())
        ternctl('reload')
        with connected() as s:
            equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
    finally:
        for s in sockets:
            s.close()


class Load:
    """DoT clients that come, ask and go, again and again; and those that stay."""

    def __init__(self, n=3):
        self.good, self.failed, self.wrong, self.over = 0, 0, 0, False
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(n)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.over:
            try:
                with connected() as s:
                    for _ in range(5):
                        answer = ask_on(s, 'www.example.com')[0]
                        self.good += data(answer) == ['192.0.2.81']
                        self.wrong += data(answer) != ['192.0.2.81']
            except (OSError, EOFError):
                self.failed += 1
                time.sleep(0.02)

    def stop(self):
        self.over = True
        for t in self.threads:
            t.join()


@busy(90)
def test_changes_amid_load():
    """Listeners, transports and certificates that come and go, and workers: whoever is let in is answered well."""
    tern = encrypted(control={'socket': SOCKET}, workers=2)
    resolves('www.example.com', '192.0.2.81')
    plain, dot = f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOT}', 'transport': 'tls'}
    tls = {'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'}
    load = Load()
    try:
        for _ in range(2):
            for server, certificate in (({'listen': [plain], 'workers': 2}, tls), ({'listen': [plain, dot], 'workers': 2}, tls),
                                        ({'listen': [plain], 'workers': 2}, {}), ({'listen': [plain, dot], 'workers': 1}, tls),
                                        ({'listen': [plain, {**dot, 'transport': 'https'}], 'workers': 2}, tls),
                                        ({'listen': [plain, dot], 'workers': 2}, tls)):
                change(tern, **{'server': {'user': '', **server}, 'tls': certificate, 'control': {'socket': SOCKET}})
                ternctl('reload')
                time.sleep(0.3)
                resolves('www.example.com', '192.0.2.81')
        time.sleep(6)                       # places of addresses that were closed are free then
        before = load.good
        ternctl('reload')
        time.sleep(1)
        at_least(load.good - before, 40 / slowdown(), 'answers after all of it')
    finally:
        load.stop()
    equal(load.wrong, 0, 'wrong answers')
    check(tern.alive(), 'alive')


@busy(60)
def test_the_end_of_the_daemon():
    """What was asked before is answered, and the connections are closed; one that doesn't read keeps nobody."""
    tern = encrypted()
    setting('slow.evil', delay=0.5)
    with connected() as s, connected() as idle, socket.create_connection(('127.0.0.1', DOT)):
        ask_on(idle, 'www.example.com')
        s.sendall(framed(question('end.slow.evil')))
        time.sleep(0.2)
        began = time.monotonic()
        tern.process.send_signal(signal.SIGTERM)
        answer, _ = receive(s)
        equal(rcode(answer), 'NOERROR')
        equal(tern.process.wait(10), 0)
        at_most(time.monotonic() - began, scaled(6), 'seconds')
    running.remove(tern)


@busy(60)
def test_one_that_asks_without_a_pause():
    """A client that fills its connection with queries takes no worker for itself."""
    tern = encrypted(workers=1)
    resolves('www.example.com', '192.0.2.81')
    ask('www.example.com')
    octets = framed(*[question('www.example.com') for _ in range(200)])
    over = []

    def fill():
        with contextlib.suppress(OSError), connected(timeout=60) as s:
            reader = threading.Thread(target=lambda: drain(s), daemon=True)
            reader.start()
            while not over:
                s.sendall(octets)

    def drain(s):
        with contextlib.suppress(OSError, ValueError):
            while s.recv(65536):
                pass
    threads = [threading.Thread(target=fill, daemon=True) for _ in range(2)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    taken = hits_ms(2)
    over.append(True)
    at_most(p99(taken), scaled(50), 'ms at p99')
    for t in threads:
        t.join(10)
    check(tern.alive(), 'alive')


@busy(60)
def test_slow_octets_end_in_time():
    """One octet a second of a hello, and of a message within: five seconds are enough for either."""
    encrypted()
    octets = hello()
    with socket.create_connection(('127.0.0.1', DOT), timeout=3) as s:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            for octet in octets[:12]:
                s.sendall(bytes([octet]))
                s.settimeout(0.7)
                with contextlib.suppress(TimeoutError):
                    if not s.recv(100):
                        break
        at_most(time.monotonic() - began, scaled(7), 'seconds of a hello')
    with connected() as s:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            for octet in framed(question('www.example.com'))[:12]:
                s.sendall(bytes([octet]))
                s.settimeout(0.7)
                with contextlib.suppress(TimeoutError):
                    if not s.recv(100):
                        break
        at_most(time.monotonic() - began, scaled(7), 'seconds of a message')
