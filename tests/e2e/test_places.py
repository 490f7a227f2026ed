"""Places are shared fairly: connections, descriptors; who is owed an answer keeps his (limits.md 53, 60, 83)."""
import os
import resource
import struct
import sys
import tempfile

from harness import *
from test_reload import change, reload, start, ternctl
from test_tls import ask_on, client_context, install, until

resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


class Connections:
    """@n connections, @each of every address of 10.53.@net.0/24, closed at the end."""

    def __init__(self, n, each=30, network='10.53.1'):
        self.sockets = []
        for i in range(n):
            s = socket.socket()
            s.bind((f'{network}.{i // each + 1}', 0))
            s.settimeout(3)
            s.connect(('10.53.0.1', PORT))
            self.sockets.append(s)

    def __enter__(self):
        return self.sockets

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()


def send(s, name, **how):
    octets = question(name, **how).to_wire()
    s.sendall(struct.pack('!H', len(octets)) + octets)


def receive(s, timeout=5):
    """The next message, None when the connection was closed."""
    s.settimeout(timeout)
    octets = b''
    while len(octets) < 2 or len(octets) < 2 + struct.unpack('!H', octets[:2])[0]:
        try:
            more = s.recv(65536)
        except ConnectionError:
            return None
        if not more:
            return None
        octets += more
    return dns.message.from_wire(octets[2:])


def slow_name(label):
    """Its answer takes three seconds: nobody else is there to be asked."""
    setting('slow.evil', delay=3)
    return f'{label}.slow.evil'


def waits_for_slow_answer(name):
    """A connection of its own, with the question sent."""
    s = socket.create_connection(('127.0.0.1', PORT), 3)
    send(s, name)
    return s


def check_answered(s):
    answer = receive(s)
    s.close()
    check(answer is not None, 'closed without the answer that was owed')
    equal(answer.flags & dns.flags.QR, dns.flags.QR)


def test_a_connection_that_is_owed_an_answer_is_not_idle():
    """Neither by the two seconds that idle ones have when places are few, nor for newer ones."""
    Tern(server={'workers': 1})
    ask('known.slow.evil')
    with Connections(800):
        check_answered(waits_for_slow_answer(slow_name('a')))
    time.sleep(0.3)
    waiting = waits_for_slow_answer(slow_name('b'))
    time.sleep(0.3)
    with Connections(1030):
        check_answered(waiting)


def keepalive_of(s, name='a.honest.evil'):
    """What the answer promises, in seconds."""
    send(s, name, options=[dns.edns.GenericOption(11, b'')])
    found = [o.data for o in receive(s).options if int(o.otype) == 11]
    equal(len(found), 1, 'keepalive options')
    return struct.unpack('!H', found[0])[0] / 10


def test_what_keepalive_promises_is_kept():
    Tern(server={'workers': 1})
    early = socket.create_connection(('127.0.0.1', PORT), 3)
    long = keepalive_of(early)
    asked = time.monotonic()
    equal(long, 10.0, 'seconds promised when places are free')
    with Connections(850):
        late = socket.create_connection(('127.0.0.1', PORT), 3)
        short = keepalive_of(late)
        started = time.monotonic()
        equal(receive(late, timeout=long + 2), None, 'after the promised time')
        closed = time.monotonic() - started
        check(short - 0.3 <= closed <= short + 1.5, f'promised {short} s, closed after {closed:.1f} s')
        # Where so many connections take their time, its promise has run out.
        if time.monotonic() - asked < long - 1:
            equal(keepalive_of(early), long, 'the early one is still there, its promise as before')
    early.close()
    late.close()


def test_denied_clients_take_no_places():
    Tern(server={'workers': 1}, access={'allow': ['127.0.0.0/8', '10.53.2.0/24']})
    with Connections(5, each=1, network='10.53.2') as allowed:
        for s in allowed:
            send(s, 'a.honest.evil')
            check(receive(s), 'no answer before')
        with Connections(1060) as denied:
            time.sleep(0.3)
            for s in allowed:
                send(s, 'b.honest.evil')
                check(receive(s), 'closed for one that may not ask')
            resolves('c.honest.evil', tcp=True, server='10.53.0.1', source='10.53.2.9')
            # Who comes is still told that he may not.
            expect(ask('c.honest.evil', tcp=True, server='10.53.0.1', source='10.53.1.200'), 'REFUSED')
            check(denied, 'there were some')


def test_a_network_with_many_connections_gives_way_first():
    """Idle ones of the one who has most are closed before the only one of somebody else."""
    Tern(server={'workers': 1})
    with Connections(1, network='10.53.2') as only:
        send(only[0], 'a.honest.evil')
        check(receive(only[0]), 'no answer before')
        with Connections(1100):
            time.sleep(0.5)
            send(only[0], 'b.honest.evil')
            check(receive(only[0]), 'the only connection of a host was closed')


# --- connections to servers -------------------------------------------------

def test_a_server_that_falls_silent_on_a_connection():
    """It answers the first question of each connection only, and never closes: the next one goes by another."""
    Tern(server={'workers': 1})
    for i in range(4):
        answer, seconds = ask_timed(f'n{i}.tc-mute.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        at_most(seconds, 3.5, 'seconds')
        time.sleep(0.2)
    equal(rcode(ask('last.tc-mute.evil')), 'NOERROR')


def test_descriptors_are_kept_for_servers():
    """60, 83: clients' connections get three quarters of the descriptors at most, so others' names still resolve."""
    tern = Tern(files=64, server={'workers': 1})
    ask('known.honest.evil')
    with Connections(200, each=20):
        time.sleep(0.5)
        for i in range(20):
            resolves(f'd{i}.honest.evil')
        at_most(tern.descriptors(), 52, 'descriptors in use')
        resolves('e.honest.evil', tcp=True)


# --- thousands of them --------------------------------------------------------

IDLE = 3000


class IdleTls:
    """@n connections by TLS that had one answer each, 30 from every address of 10.53.1.0/24, from that of host @first on."""

    def __init__(self, n, first=1):
        self.sockets, context = [], client_context()
        for i in range(n):
            plain = socket.socket()
            plain.bind((f'10.53.1.{first + i // 30}', 0))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(30)
            plain.connect(('10.53.0.1', PORT + 1))
            s = context.wrap_socket(plain, server_hostname='lists.lan')
            self.sockets.append(s)
            equal(rcode(ask_on(s, 'known.honest.evil')[0]), 'NOERROR')

    def __enter__(self):
        return self.sockets

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()


def with_many_places(places):
    resource.setrlimit(resource.RLIMIT_NOFILE, (12000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o755)
    install('good', folder)
    return Tern(server={'workers': 1, 'tcp-clients': places, 'tcp-idle-timeout': '20m',
                        'listen': [f'127.0.0.1@{PORT}', f'10.53.0.1@{PORT}', {'address': f'10.53.0.1@{PORT + 1}', 'transport': 'tls'}]},
                tls={'certificate': f'{folder}/cert.pem', 'key': f'{folder}/cert.key'})


def hits_p99_ms(seconds=2):
    wire, taken, end = question('known.honest.evil').to_wire(), [], time.monotonic() + seconds
    with udp_socket() as s:
        s.connect(('127.0.0.1', PORT))
        s.settimeout(scaled(2))
        while time.monotonic() < end:
            began = time.monotonic()
            s.send(wire)
            s.recv(4096)
            taken.append((time.monotonic() - began) * 1000)
            time.sleep(0.0005)
    return sorted(taken)[len(taken) * 99 // 100]


@alone
@busy(90)
def test_thousands_of_idle_connections():
    """Hits are as fast beside them, each is still answered, and each costs what it may."""
    n = 300 if sanitized() else IDLE
    tern = with_many_places(2 * n)
    resolves('known.honest.evil')
    with IdleTls(20, first=200):
        control, memory, descriptors = hits_p99_ms(), tern.memory(), tern.descriptors()
        with IdleTls(n) as kept:
            equal(tern.descriptors() - descriptors, n, 'connections')
            beside, each = hits_p99_ms(), (tern.memory() - memory) / n
            print(f'{n}: p99 {beside:.2f} ms beside, {control:.2f} ms in the control; {each / 1024:.1f} KiB each', file=sys.stderr)
            at_most(beside - control, scaled(5), 'ms more at p99')
            if not sanitized():
                at_most(each, 20 << 10, 'octets each')
            for s in kept[::n // 50]:
                equal(rcode(ask_on(s, 'known.honest.evil')[0]), 'NOERROR')
            # Others come, in the end more than there are places for: the idlest give way.
            with Connections(n + 100, network='10.53.2') as others:
                send(others[-1], 'known.honest.evil')
                check(receive(others[-1]), 'the last one has a place')
                at_most(tern.descriptors() - descriptors, 2 * n, 'connections')
            beside = hits_p99_ms()
            at_most(beside - control, scaled(5), 'ms more at p99, while they leave')
    until(lambda: tern.descriptors() < descriptors, 'all are closed', 10)


def receive_answer(s):
    send(s, 'known.honest.evil')
    return receive(s)


def test_places_and_idle_time_are_configured():
    """And configured anew, while connections are there."""
    tern = start(server={'workers': 1, 'tcp-clients': 100, 'tcp-idle-timeout': '1s'})
    resolves('known.honest.evil')
    descriptors = tern.descriptors()
    with Connections(70) as kept:
        equal(keepalive_of(kept[0]), 1.0, 'seconds promised')
        until(lambda: tern.descriptors() - descriptors == 70, 'connections', 0.5)
        time.sleep(0.7)
        until(lambda: tern.descriptors() == descriptors, 'all have left', 3)
    reload(tern, server={'workers': 1, 'tcp-clients': 40, 'tcp-idle-timeout': '1h'})
    with Connections(20) as kept:
        equal(keepalive_of(kept[0]), 3600.0, 'seconds promised')
    with Connections(60), Connections(30, network='10.53.2') as others:
        check(receive_answer(others[-1]), 'the last one has a place')
        at_most(tern.descriptors() - descriptors, 40, 'connections')
    for places, idle in ((0, '1s'), (65536, '1s'), (10, '999ms'), (10, '61m')):
        change(tern, server={'workers': 1, 'tcp-clients': places, 'tcp-idle-timeout': idle})
        check('expected a' in ternctl('reload', code=1), 'refused with the limits')
