"""Authorities asked by TLS (RFC 9539): found, used, missed by nobody, remembered; and zones that are asked in no other way."""
import contextlib
import itertools
import json
import os
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

import harness
from harness import *
from test_reload import reload, start, ternctl
from test_tls import framed, receive
from test_tls_forward import certificate, pin, server_folder

ZONE = 'auth.test-zone'
hosts = itertools.count(1)


def soa(zone):
    return dns.rrset.from_text(zone + '.', 300, 'IN', 'SOA', 'ns. h. 1 1 1 1 300')


class Authority:
    """The servers of @zone at an address of its own: by UDP and TCP, port 53, and by TLS, port 853, in some @mode."""

    def __init__(self, mode='tls', zone=ZONE, answers=None, handshake=0.0, pair=None):
        self.mode, self.zone, self.answers, self.handshake = mode, zone, answers, handshake
        n = next(hosts)
        self.address = f'127.0.{10 + n // 250}.{1 + n % 250}'
        self.plain, self.encrypted, self.connections, self.open, self.names = 0, 0, 0, [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*(pair or certificate('self', signed=False)))
        self.context.set_alpn_protocols(['dot'])
        self.context.sni_callback = lambda s, name, c: self.names.append(name) if name else None
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((self.address, 53))
        self.tcp = socket.create_server((self.address, 53))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.accept, args=(self.tcp, self.serve_tcp), daemon=True).start()
        if mode:
            self.listen()

    def listen(self):
        self.listener = socket.create_server((self.address, 853), backlog=100)
        threading.Thread(target=self.accept, args=(self.listener, self.serve_tls), daemon=True).start()

    def close(self):
        """Nobody is at port 853 any more."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in self.open:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        self.open = []

    @staticmethod
    def accept(listener, serve):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def answer(self, query):
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        asked = query.question[0]
        if asked.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(asked.name, 300, 'IN', 'A', '192.0.2.7'))
        else:
            answer.authority.append(soa(self.zone))
        return answer

    def serve_udp(self):
        while True:
            octets, client = self.udp.recvfrom(65535)
            self.plain += 1
            self.udp.sendto(self.answer(dns.message.from_wire(octets)).to_wire(), client)

    def serve_tcp(self, connection):
        with contextlib.suppress(OSError, EOFError):
            query, _ = receive(connection)
            self.plain += 1
            connection.sendall(framed(self.answer(query)))

    def serve_tls(self, connection):
        self.connections += 1
        self.open.append(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, EOFError):
            if self.mode == 'hold':
                time.sleep(60)
            if self.mode == 'garbage':
                connection.sendall(os.urandom(3000))
                return
            if self.mode == 'closes':
                connection.close()
                return
            time.sleep(self.handshake)
            s = self.context.wrap_socket(connection, server_side=True)
            self.open.append(s)
            for _ in range(self.answers or 1 << 30):
                query, length = receive(s)
                self.encrypted += 1
                equal(length % 128, 0, 'padded')
                if self.mode == 'mute':
                    continue
                answer = refused(query) if self.mode == 'refuses' else self.answer(query)
                if self.mode == 'resolver':
                    answer.flags = (answer.flags & ~dns.flags.AA) | dns.flags.RA
                s.sendall(framed(answer))
            s.close()


def resolving(*authorities, env=None, resolver=None, workers=1, stub=None, more=None):
    stubs = [{'name': a.zone, 'addresses': [a.address], **(stub or {})} for a in authorities]
    sections = {'stub-zones': stubs, 'server': {'workers': workers}, 'control': {'socket': f'{LAB}/control.sock'},
                'resolver': {'do-not-query-localhost': False, **(resolver or {'encryption': 'opportunistic'})}}
    return Tern(env=env, **merged(sections, more or {}))


def counted():
    return json.loads(ternctl('--json', 'stats'))['authorities']


def until(condition, seconds, what):
    end = time.monotonic() + scaled(seconds)
    while not condition():
        check(time.monotonic() < end, f'{what}: {counted()}')
        time.sleep(0.02)


names = itertools.count()


def ask_new(zone=ZONE):
    """A name that was never asked, and the seconds that it took."""
    answer, seconds = ask_timed(f'n{next(names)}.{zone}')
    equal(data(answer), ['192.0.2.7'])
    return seconds


def find(server):
    """The first question, and what comes of the try."""
    ask_new(server.zone)
    until(lambda: counted()['probes_good'] == 1, 5, 'found')


def test_the_second_question_is_encrypted():
    server = Authority()
    resolving(server)
    find(server)
    equal((server.plain, server.encrypted), (1, 1), 'the first, and the try')
    for _ in range(20):
        ask_new()
    equal((server.plain, server.encrypted, server.connections), (1, 21, 1), 'all on one connection')
    equal(server.names, [], 'no name is sent')
    n = counted()
    equal((n['plain'], n['encrypted'], n['probes'], n['probes_failed'], n['servers_encrypted']), (1, 21, 1, 0, 1), 'counts')
    check('by TLS' in ternctl('trace', f'traced.{ZONE}', 'A'), 'trace tells')


def test_off_is_off():
    server = Authority()
    resolving(server, resolver={'encryption': 'off'})
    for _ in range(10):
        ask_new()
    time.sleep(0.3)
    equal((server.plain, server.connections, counted()['probes']), (10, 0, 0), 'nothing is tried')


def test_each_worker_uses_what_one_has_found():
    server = Authority()
    resolving(server, workers=2)
    find(server)
    answers = burst([(f'w{i}.{ZONE}', 'A') for i in range(60)], gap=0.01, sockets=8)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.7']), 60, 'answers')
    equal(counted()['probes'], 1, 'tries')
    at_least(server.encrypted, 55, 'encrypted')


@contextlib.contextmanager
def dropped(address):
    """Packets to port 853 get lost."""
    subprocess.run(['nft', '-f', '-'], check=True, text=True,
                   input=f'table inet dropped {{ chain c {{ type filter hook input priority 0; ip daddr {address} tcp dport 853 drop; }}; }}')
    try:
        yield
    finally:
        subprocess.run(['nft', 'delete', 'table', 'inet', 'dropped'], check=True)


def fails_quietly(server):
    """Whatever is at port 853: one try, and no question takes longer for it."""
    tern = resolving(server)
    slowest = max(ask_new() for _ in range(20))
    at_most(slowest, scaled(0.1), f'{server.mode}: seconds for an answer')
    until(lambda: counted()['probes_failed'] == 1, 6, server.mode)
    for _ in range(20):
        slowest = max(slowest, ask_new())
    at_most(slowest, scaled(0.1), f'{server.mode}: seconds for an answer')
    n = counted()
    equal((n['probes'], n['probes_good'], n['servers_plain'], server.plain), (1, 0, 1, 40), server.mode)
    at_most(n['encrypted'], 1, f'{server.mode}: encrypted questions')
    at_most(server.connections, 1, f'{server.mode}: connections')
    tern.stop()


def test_nobody_at_the_port():
    fails_quietly(Authority(None))


def test_others_at_the_port():
    each(('garbage', 'closes', 'refuses', 'resolver'), lambda mode: fails_quietly(Authority(mode)))


@long(20)
def test_silence_at_the_port():
    each(('hold', 'mute'), lambda mode: fails_quietly(Authority(mode)))


@long(10)
def test_packets_are_dropped():
    server = Authority(None)
    with dropped(server.address):
        fails_quietly(server)


@alone
def test_nothing_is_slower():
    """Medians of the same server, with and without."""
    def median(server, mode):
        tern = resolving(server, resolver={'encryption': mode})
        for _ in range(5):
            ask_new()
        times = [ask_new() for _ in range(100)]
        tern.stop()
        return statistics.median(times) * 1000
    none, good = Authority(None), Authority()
    off = median(none, 'off')
    at_most(median(none, 'opportunistic'), 1.5 * off + 1, f'ms without TLS there, {off:.2f} when off')
    at_most(median(good, 'opportunistic'), 2 * off + 2, f'ms with TLS there, {off:.2f} when off')


def test_it_dies_midway():
    server = Authority()
    resolving(server)
    find(server)
    ask_new()
    server.close()
    for _ in range(20):
        at_most(ask_new(), scaled(0.6), 'seconds for an answer')
    n = counted()
    equal((n['servers_encrypted'], n['servers_plain'], n['probes']), (0, 1, 1), 'left alone')
    # Whoever has set it up again does not wait for a day.
    server.listen()
    ternctl('flush-zone', ZONE)
    ask_new()
    until(lambda: counted()['probes_good'] == 2, 5, 'found again')


@long(8)
def test_it_falls_silent_midway():
    server = Authority()
    resolving(server)
    find(server)
    server.mode = 'mute'
    times = [ask_new() for _ in range(20)]
    at_most(max(times), scaled(0.6), 'seconds for the slowest')
    at_most(sum(t > 0.09 for t in times), 1, 'that had to wait')
    time.sleep(4.2)
    at_most(ask_new(), scaled(0.1), 'seconds for an answer')
    n = counted()
    equal((n['servers_encrypted'], n['servers_plain']), (0, 1), 'left alone')
    at_most(n['unencrypted_after_all'], 2, 'asked twice')


def test_it_answers_otherwise_midway():
    server = Authority()
    resolving(server)
    find(server)
    server.mode = 'refuses'
    for _ in range(10):
        at_most(ask_new(), scaled(0.2), 'seconds for an answer')
    equal(server.encrypted, 2, 'encrypted questions: the try, and one that was refused')


def delegating(inner):
    """An authority that knows where the zone @inner below it is, and nothing else."""
    outer = Authority()

    def delegate(query):
        answer = dns.message.make_response(query)
        answer.authority.append(dns.rrset.from_text(f'{inner.zone}.', 300, 'IN', 'NS', f'ns.{inner.zone}.'))
        answer.additional.append(dns.rrset.from_text(f'ns.{inner.zone}.', 300, 'IN', 'A', inner.address))
        return answer
    outer.answer = delegate
    return outer


def test_servers_that_a_delegation_names():
    inner = Authority(zone=f'sub.{ZONE}')
    outer = delegating(inner)
    resolving(outer)
    ask_new(inner.zone)
    until(lambda: counted()['probes_good'] == 2, 5, 'both found')
    for _ in range(5):
        ask_new(inner.zone)
    equal((inner.plain, inner.encrypted), (1, 6), 'the first by plain DNS, the others by TLS')
    # Another resolver at that port is no authority, whatever it says.
    inner.mode = 'resolver'
    for _ in range(5):
        ask_new(inner.zone)
    equal((inner.plain, inner.encrypted), (6, 7), 'one that was not believed')


def test_a_victim_that_refuses_is_not_tried():
    """Whoever delegates to somebody else's server can't make connections to it."""
    victim = Authority(zone=f'sub.{ZONE}')
    victim.answer = lambda query: refused(query)
    resolving(delegating(victim))
    for i in range(5):
        expect(ask(f'v{i}.sub.{ZONE}'), 'SERVFAIL')
    time.sleep(0.3)
    equal(victim.connections, 0, 'connections')


def refused(query):
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


@long(20)
def test_a_slow_handshake_is_no_failure():
    """It is waited for no longer than a server of plain DNS would be, but it counts when it comes."""
    server = Authority(answers=1, handshake=0.5)
    resolving(server)
    find(server)
    for _ in range(4):
        at_most(ask_new(), scaled(0.6), 'seconds for an answer')
        time.sleep(1.2)
    time.sleep(3)
    ask_new()
    equal(counted()['servers_encrypted'], 1, 'still asked encrypted')
    at_least(server.encrypted, 4, 'encrypted')


def test_descriptors_are_for_those_who_ask():
    """More servers than there are descriptors for: connections that are only kept give way."""
    servers = [Authority(zone=f's{i}.test-zone') for i in range(60)]
    tern = Tern(files=64, **{'stub-zones': [{'name': s.zone, 'addresses': [s.address]} for s in servers],
                             'server': {'workers': 1}, 'control': {'socket': f'{LAB}/control.sock'},
                             'resolver': {'do-not-query-localhost': False, 'encryption': 'opportunistic'}})
    for _ in range(3):
        for s in servers:
            ask_new(s.zone)
    at_least(counted()['encrypted'], 60, 'encrypted')
    at_least(sum(s.connections for s in servers), 61, 'connections, some of them made again')
    check(tern.alive(), 'alive')


# --- over a restart ---------------------------------------------------------------------------

def state():
    folder = tempfile.mkdtemp(dir=LAB)
    return {'STATE_DIRECTORY': folder}, f'{folder}/encrypted-servers'


def test_it_is_remembered():
    env, path = state()
    good, bad = Authority(), Authority(None, zone='bad.test-zone')
    tern = resolving(good, bad, env=env)
    find(good)
    ask_new(bad.zone)
    until(lambda: counted()['probes_failed'] == 1, 5, 'tried')
    tern.stop()
    text = open(path).read()
    check(f'tls {good.address}@53 works' in text and f'tls {bad.address}@53 fails' in text, text)
    equal(os.stat(path).st_mode & 0o777, 0o600, 'mode')
    tern = resolving(good, bad, env=env)
    plain = good.plain
    ask_new()
    ask_new(bad.zone)
    equal(good.plain, plain, 'the very first is encrypted')
    equal(counted()['probes'], 0, 'tries')
    tern.stop()
    # One that is damaged costs nothing but what was in it.
    with open(path, 'a') as f:
        f.write('more')
    tern = resolving(good, bad, env=env)
    check('checksum' in tern.log_text(), tern.log_text())
    find(good)


def test_a_wrong_clock_prolongs_nothing():
    env, path = state()
    server = Authority()
    ahead = Clock(400 * 86400)
    tern = resolving(server, env={**env, **ahead.env})
    find(server)
    tern.stop()
    tern = resolving(server, env=env)
    plain = server.plain
    ask_new()
    equal(server.plain, plain, 'dated by the clock that there is')
    tern.stop()
    # Four days later it is too old.
    late = Clock(4 * 86400)
    resolving(server, env={**env, **late.env})
    ask_new()
    equal(server.plain, plain + 1, 'asked by plain DNS')
    until(lambda: counted()['probes_good'] == 1, 5, 'tried again')


def test_reload():
    server = Authority()
    tern = resolving(server, resolver={'encryption': 'off'})
    more = {'stub-zones': [{'name': ZONE, 'addresses': [server.address]}], 'server': {'workers': 1}}
    ask_new()
    for on in (True, False, True):
        reload(tern, **more, resolver={'encryption': 'opportunistic' if on else 'off'})
        ask_new()
        if on:
            until(lambda: counted()['servers_encrypted'] == 1, 5, 'found')
        plain, encrypted = server.plain, server.encrypted
        for _ in range(5):
            ask_new()
        equal((server.plain - plain, server.encrypted - encrypted), (0, 5) if on else (5, 0), f'opportunistic: {on}')


# --- strict -----------------------------------------------------------------------------------

@contextlib.contextmanager
def counting(address):
    """A function that counts packets to port 53 at @address."""
    subprocess.run(['nft', '-f', '-'], check=True, text=True,
                   input=f'table inet counting {{ counter c {{ }}; chain c {{ type filter hook input priority 0; '
                         f'ip daddr {address} meta l4proto {{ tcp, udp }} th dport 53 counter name c; }}; }}')

    def packets():
        out = subprocess.run(['nft', '-j', 'list', 'counter', 'inet', 'counting', 'c'], check=True, capture_output=True, text=True)
        return next(x['counter']['packets'] for x in json.loads(out.stdout)['nftables'] if 'counter' in x)
    try:
        yield packets
    finally:
        subprocess.run(['nft', 'delete', 'table', 'inet', 'counting'], check=True)


STRICT = {'encrypted-zones': [ZONE]}


def test_strict():
    server = Authority()
    resolving(server, resolver=STRICT)
    with counting(server.address) as packets:
        for _ in range(10):
            ask_new()
        equal(packets(), 0, 'packets by plain DNS')
    equal(server.encrypted, 10, 'encrypted')
    check('by TLS' in ternctl('trace', f'traced.{ZONE}', 'A'), 'trace tells')
    equal(counted()['probes'], 0, 'tries')


@long(30)
def test_strict_fails_rather_than_to_show_anything():
    for mode in (None, 'garbage', 'closes', 'hold', 'mute', 'refuses'):
        server = Authority(mode)
        tern = resolving(server, resolver={**STRICT, 'encryption': 'opportunistic'})
        with counting(server.address) as packets:
            for i in range(3):
                answer = expect(ask(f's{i}.{ZONE}'), 'SERVFAIL')
                if i == 0:
                    check(any(code in (22, 23) for code, _ in ede(answer)), f'{mode}: {answer}')
            equal(packets(), 0, f'{mode}: packets by plain DNS')
        tern.stop()


def test_strict_for_what_is_below():
    """A delegation inside: its servers are others', and asked in the same way."""
    inner = Authority(zone=f'sub.{ZONE}')
    outer = delegating(inner)
    resolving(outer, resolver=STRICT)
    with counting(inner.address) as packets:
        equal(data(ask(f'www.sub.{ZONE}')), ['192.0.2.7'])
        equal(packets(), 0, 'packets by plain DNS')
    equal((outer.plain, inner.plain), (0, 0), 'plain')


def test_a_stub_zone_whose_servers_are_known():
    pair = certificate('self', signed=False)
    server = Authority(pair=pair)
    stub = {'transport': 'tls', 'pins': [pin(pair[0])]}
    tern = resolving(server, stub=stub, resolver={'encryption': 'off'})
    ask_new()
    equal((server.plain, server.encrypted), (0, 1), 'asked by TLS')
    check('by TLS' in ternctl('explain', '127.0.0.1', f'x.{ZONE}', 'A'), 'explain')
    tern.stop()
    tern = resolving(server, stub={**stub, 'pins': [pin(certificate('right')[0])]}, resolver={'encryption': 'opportunistic'})
    answer = expect(ask(f'a.{ZONE}'), 'SERVFAIL')
    check('pinned' in str(ede(answer)), str(ede(answer)))
    equal((server.plain, server.encrypted), (0, 1), 'nothing is asked of somebody else')
    tern.stop()


def test_bad_configurations():
    for sections, words in (
            ({'resolver': {'encryption': 'yes'}}, ['resolver.encryption', 'opportunistic']),
            ({'resolver': {'encrypted-zones': ['a..b']}}, ['encrypted-zones[0]']),
            ({'stub-zones': [{'name': ZONE, 'addresses': ['192.0.2.1'], 'transport': 'https'}]}, ['transport', 'tls']),
            ({'stub-zones': [{'name': ZONE, 'addresses': ['192.0.2.1#dns.test']}]}, ['addresses', 'transport: tls only']),
            ({'stub-zones': [{'name': ZONE, 'addresses': ['192.0.2.1'], 'pins': ['AAAA']}]}, ['pins', 'transport: tls only'])):
        done = subprocess.run([harness.TERND, '-t', '-c', write_config(sections)], capture_output=True, text=True)
        check(done.returncode == 78, done.stderr)
        for word in words:
            check(word in done.stderr, f'{sections}: {word}: {done.stderr}')


def test_what_is_told_beforehand():
    start(resolver={'encrypted-zones': ['secret.test-zone'], 'encryption': 'opportunistic'})
    check('of secret.test-zone. by TLS only' in ternctl('explain', '127.0.0.1', 'a.secret.test-zone', 'A'), 'strict')
    check('by TLS, where they answer so' in ternctl('explain', '127.0.0.1', 'a.other.test-zone', 'A'), 'opportunistic')
    done = subprocess.run([harness.TERND, '-t', '-c', write_config({
        'forward-zones': [{'name': '.', 'addresses': ['192.0.2.1']}], 'resolver': {'encrypted-zones': ['a.test-zone']}})],
        capture_output=True, text=True)
    check('encrypted-zones[0]: a.test-zone.: the forward zone .' in done.stderr + done.stdout, done.stderr + done.stdout)


# --- the real ones ----------------------------------------------------------------------------

def real_ones():
    folder, write = server_folder()
    zone = write('zone', '$TTL 300\n@ SOA a. b. 1 1 1 1 300\n@ NS ns\nns A 127.0.9.201\n* A 192.0.2.7\n')
    yield 'named', '127.0.9.201', ['named', '-g', '-c', write('named.conf', f'''
options {{ directory "{folder}"; pid-file none; session-keyfile none; listen-on-v6 {{ none; }}; recursion no;
  listen-on {{ 127.0.9.201; }}; listen-on port 853 tls ephemeral {{ 127.0.9.201; }}; dnssec-validation no;
  managed-keys-directory "{folder}"; }};
controls {{ }};
zone "{ZONE}" {{ type primary; file "{zone}"; }};
''')]
    yield 'unbound', '127.0.9.202', ['unbound', '-d', '-c', write('unbound.conf', f'''
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  interface: 127.0.9.202@53
  interface: 127.0.9.202@853
  tls-port: 853
  tls-service-key: "{folder}/key"
  tls-service-pem: "{folder}/pem"
auth-zone:
  name: "{ZONE}"
  zonefile: "{zone}"
  for-downstream: yes
  for-upstream: no
remote-control:
  control-enable: no
''')]


def listens(address):
    with contextlib.suppress(OSError):
        socket.create_connection((address, 853), timeout=1).close()
        return True
    return False


class Named:
    def __init__(self, address):
        self.address, self.zone = address, ZONE


def test_real_servers():
    for name, address, argv in real_ones():
        # named serves the addresses of interfaces only.
        subprocess.run(['ip', 'address', 'replace', f'{address}/32', 'dev', 'lo'], check=True)
        with open(f'{LAB}/{name}.log', 'w') as log:
            process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        try:
            end = time.monotonic() + scaled(20)
            while not listens(address):
                check(time.monotonic() < end and process.poll() is None, f'{name}: {open(f"{LAB}/{name}.log").read()[-500:]}')
                time.sleep(0.1)
            server = Named(address)
            tern = resolving(server)
            find(server)
            with counting(address) as packets:
                for _ in range(20):
                    ask_new()
                equal(packets(), 0, f'{name}: packets by plain DNS')
            process.kill()
            process.wait()
            check(counted()['encrypted'] == 21, f'{name}: {counted()}')
            tern.stop()
        finally:
            process.kill()
            process.wait()


def test_among_all_others():
    """The lab's own servers, which have no TLS: what it comes to where nobody answers so."""
    start(resolver={'encryption': 'opportunistic'})
    for name in ('www.example.test', 'a.example.test', 'b.example.test'):
        ask(name)
    n = counted()
    equal((n['encrypted'], n['probes_good'], n['unencrypted_after_all']), (0, 0, 0), f'{n}')
    at_least(n['probes_failed'], 1, 'tries')
