"""Authorities asked by TLS, against those who want it to cost somebody: servers, zones, and whoever is on the way (RFC 9539)."""
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from harness import *
from test_authorities import (Authority, STRICT, ZONE, ask_new, counted, counting, delegating, dropped, find, names, refused, resolving,
                              state, until)
from test_reload import start, ternctl
from test_reporting_hard import World, refuse
from test_tls import receive
from test_tls_forward import certificate


class Odd(Authority):
    """One whose answers by TLS are made of @by_tls(server, socket, query), and come @delay seconds late by every way."""

    def __init__(self, by_tls=None, delay=0.0, **more):
        self.by_tls, self.delay = by_tls, delay
        super().__init__(**more)

    def serve_udp(self):
        def later(octets, client):
            self.udp.sendto(self.answer(dns.message.from_wire(octets)).to_wire(), client)
        while True:
            octets, client = self.udp.recvfrom(65535)
            self.plain += 1
            threading.Timer(self.delay, later, (octets, client)).start()

    def serve_tls(self, connection):
        self.connections += 1
        self.open.append(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, EOFError):
            time.sleep(2 * self.delay + self.handshake)
            s = self.context.wrap_socket(connection, server_side=True)
            self.open.append(s)
            while True:
                query, _ = receive(s)
                self.encrypted += 1
                time.sleep(self.delay)
                if self.by_tls:
                    self.by_tls(self, s, query)
                else:
                    send(s, self.answer(query).to_wire())


def send(s, wire):
    s.sendall(struct.pack('>H', len(wire)) + wire)


def silent(server, s, query):
    pass


def malformed(server, s, query):
    """Matches the question; a record that it promises is not there."""
    wire = bytearray(dns.message.make_response(query).to_wire())
    wire[2] |= 4
    wire[7] = 3
    send(s, bytes(wire))


def late_noise(server, s, query):
    """Nobody asked that, but it is something."""
    time.sleep(0.3)
    wrong_id(server, s, query)


def wrong_id(server, s, query):
    wire = bytearray(server.answer(query).to_wire())
    wire[0] ^= 0x55
    send(s, bytes(wire))


def truncated(server, s, query):
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.TC | dns.flags.AA
    send(s, answer.to_wire())


def foreign_denial(server, s, query):
    """No SOA of the zone: what a server says that doesn't have it."""
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    answer.set_rcode(3)
    send(s, answer.to_wire())


def upward(server, s, query):
    answer = dns.message.make_response(query)
    answer.authority.append(dns.rrset.from_text('.', 300, 'IN', 'NS', 'a.root.'))
    send(s, answer.to_wire())


def no_referral(server, s, query):
    """A delegation of what was asked, to nobody."""
    answer = dns.message.make_response(query)
    answer.authority.append(dns.rrset.from_text(query.question[0].name, 300, 'IN', 'NS', '.'))
    send(s, answer.to_wire())


def huge(server, s, query):
    send(s, dns.message.make_response(query).to_wire().ljust(65535, b'\0'))


def octet_by_octet(server, s, query):
    wire = server.answer(query).to_wire()
    for octet in struct.pack('>H', len(wire)) + wire:
        s.sendall(bytes([octet]))
        time.sleep(0.1)


def closing(server, s, query):
    send(s, server.answer(query).to_wire())
    s.close()


def closing_unanswered(server, s, query):
    s.close()


def one_in_two(server, s, query):
    if server.encrypted % 2:
        send(s, server.answer(query).to_wire())


def good(server, s, query):
    send(s, server.answer(query).to_wire())


# --- servers that are no good by TLS ----------------------------------------------------------

def test_no_answer_is_lost_by_what_comes_by_tls():
    """Whatever it says there, it has a good answer by plain DNS."""
    def one(by_tls):
        server = Odd(good)
        tern = resolving(server)
        find(server)
        server.by_tls = by_tls
        times = []
        for i in range(12):
            answer, seconds = ask_timed(f'n{next(names)}.{ZONE}')
            equal(data(answer), ['192.0.2.7'], f'{by_tls.__name__}, question {i}: {answer}')
            times.append(round(seconds, 3))
        at_most(max(times), scaled(0.6), f'{by_tls.__name__}: {times} {counted()}')
        tern.stop()
    each((malformed, wrong_id, truncated, upward, no_referral, huge, octet_by_octet, closing, closing_unanswered, one_in_two, silent),
         one)


@long(28)
def test_noise_is_no_answer():
    """Who sends something, but never an answer, makes no question wait for it again and again."""
    def one(by_tls):
        server = Odd(good)
        tern = resolving(server)
        find(server)
        server.by_tls = by_tls
        times = []
        end = time.monotonic() + 8
        while time.monotonic() < end:
            times.append(ask_new())
            time.sleep(0.05)
        at_most(sum(t > 0.09 for t in times), 10, f'{by_tls.__name__}: of {len(times)} had to wait')
        tern.stop()
    each((wrong_id, late_noise), one)


# --- who is on the way ------------------------------------------------------------------------

@contextlib.contextmanager
def lost_sessions(address):
    """Sessions that are open are dead, as after a change of our address; others can be made."""
    out = subprocess.run(['ss', '-Htn', 'state', 'established', 'dst', f'{address}:853'], check=True, capture_output=True, text=True)
    ports = ', '.join({line.split()[2].rsplit(':', 1)[1] for line in out.stdout.splitlines()})
    check(ports, 'sessions')
    subprocess.run(['nft', '-f', '-'], check=True, text=True,
                   input=f'table inet lost {{ chain c {{ type filter hook input priority 0; ip daddr {address} tcp sport {{ {ports} }} '
                         f'tcp dport 853 drop; }}; }}')
    try:
        yield
    finally:
        subprocess.run(['nft', 'delete', 'table', 'inet', 'lost'], check=True)


@long(20)
def test_a_dead_session_is_not_a_dead_server():
    """The way to it has changed (a new address of ours, a NAT that forgot): by a new session it answers."""
    server = Odd(good)
    resolving(server)
    find(server)
    ask_new()
    with lost_sessions(server.address):
        ask_new()
        end = time.monotonic() + scaled(17)
        encrypted = server.encrypted
        while server.encrypted < encrypted + 3:
            at_most(ask_new(), scaled(0.6), 'seconds for an answer')
            check(time.monotonic() < end, f'encrypted again: {counted()}')
            time.sleep(0.2)


@long(20)
def test_a_restart_of_a_server_does_not_end_it_for_a_day():
    server = Odd(good)
    resolving(server)
    find(server)
    ask_new()
    server.close()
    at_most(ask_new(), scaled(0.6), 'seconds for an answer')
    equal(counted()['servers_encrypted'], 0, 'found out')
    time.sleep(0.3)
    server.listen()
    end = time.monotonic() + scaled(17)
    encrypted = server.encrypted
    while server.encrypted < encrypted + 3:
        ask_new()
        check(time.monotonic() < end, f'encrypted again: {counted()}')
        time.sleep(0.2)


# --- strangers' zones -------------------------------------------------------------------------

def test_a_resolver_is_not_tried():
    """Whoever delegates to somebody's open resolver makes no connections to it."""
    victim = Authority(zone=f'sub.{ZONE}')
    answer = victim.answer

    def as_resolver(query):
        response = answer(query)
        response.flags = (response.flags & ~dns.flags.AA) | dns.flags.RA
        return response
    victim.answer = as_resolver
    resolving(delegating(victim))
    for i in range(5):
        ask(f'v{i}.sub.{ZONE}')
    time.sleep(0.3)
    equal(victim.connections, 0, 'connections')


@long(8)
def test_tar_pits_leave_room_for_others():
    """Servers that accept and say nothing: those of one client's names don't keep others from being found."""
    pits = [Authority('hold', zone=f't{i}.test-zone') for i in range(40)]
    server = Authority()
    resolving(server, *pits)
    for pit in pits:
        ask(f'a.{pit.zone}', source='127.0.1.1')
    before = counted()
    for _ in range(3):
        ask(f'n{next(names)}.{ZONE}', source='127.0.2.1')
    time.sleep(0.5)
    equal(counted()['probes_good'], 1, f'found; {before}')


def test_tries_are_few():
    """Many servers at once: their handshakes are not paid by everybody."""
    servers = [Authority(None, zone=f't{i}.test-zone') for i in range(200)]
    resolving(*servers)
    began = time.monotonic()
    for s in servers:
        ask(f'a.{s.zone}')
    seconds = time.monotonic() - began
    at_most(counted()['probes'], 45 + 22 * seconds, f'tries in {seconds:.1f} s')


# --- strict -----------------------------------------------------------------------------------

SUB = f'sub.{ZONE}'


@long(25)
def test_a_strict_zone_is_paid_by_nobody_else():
    """The zone above has the same servers, and they have no TLS: its other names are asked as ever."""
    server = Authority(None)
    resolving(server, resolver={'encrypted-zones': [SUB]})
    with dropped(server.address):
        for i in range(4):
            answer = expect(ask(f's{i}.{SUB}'), 'SERVFAIL')
            check(any(code in (22, 23) for code, _ in ede(answer)), f'{answer}')
            at_most(ask_new(), 0.1, 'seconds for a name beside')
    for _ in range(5):
        at_most(ask_new(), 0.1, 'seconds for a name beside')


def test_a_strict_refusal_is_paid_by_nobody_else():
    """Another server is behind port 853: that it has not the zone says nothing of the one at port 53."""
    server = Authority('refuses')
    resolving(server, resolver={'encrypted-zones': [SUB]})
    for i in range(4):
        expect(ask(f's{i}.{SUB}'), 'SERVFAIL')
    lines = ternctl('trace', f'x{next(names)}.{ZONE}', 'A')
    check('NOERROR' in lines and 'lame' not in lines, lines)
    for _ in range(5):
        at_most(ask_new(), 0.1, 'seconds')


class Spied(Odd):
    """Remembers what it is asked by plain DNS."""

    def __init__(self, *args, **more):
        self.seen = []
        super().__init__(*args, **more)

    def serve_udp(self):
        while True:
            octets, client = self.udp.recvfrom(65535)
            query = dns.message.from_wire(octets)
            asked = query.question[0]
            self.seen.append((str(asked.name).lower(), dns.rdatatype.to_text(asked.rdtype)))
            self.udp.sendto(self.answer(query).to_wire(), client)


def test_the_apex_of_a_strict_zone():
    """Its servers are those above, too: only that the zone is meant is shown, not what is asked of it."""
    server = Spied(good)
    tern = resolving(server, resolver={'encrypted-zones': [SUB]})
    for rtype in ('A', 'TXT', 'MX', 'AAAA', 'NS', 'HTTPS', 'SOA', 'DNSKEY', 'ANY'):
        ask(SUB, rtype)
        for asked in server.seen:
            check(asked[0] != f'{SUB}.' or asked[1] in ('NS', 'DS'), f'{rtype}: seen by plain DNS: {server.seen}')
    for rtype in ('A', 'TXT', 'DS'):
        ask(f'a.b.{SUB}', rtype)
    for name, rtype in server.seen:
        check(not name.endswith(f'.{SUB}.') and (name != f'{SUB}.' or rtype in ('NS', 'DS')), f'{name} {rtype}')
    at_least(server.encrypted, 9, 'encrypted')
    tern.stop()


# --- what it costs a client ---------------------------------------------------------------------

def spread(server, mode, ask_one, n):
    tern = resolving(server, resolver={'encryption': mode})
    ask_one()
    if mode == 'opportunistic':
        until(lambda: counted()['probes_good'] == 1, 5, 'found')
    times = sorted(ask_one() * 1000 for _ in range(n))
    tern.stop()
    return times


@alone
@long(45)
def test_without_a_session_who_is_far_away_is_asked_at_once():
    """A server that closes after each answer: there never is a session, and no client waits for one."""
    for delay in (0.02, 0.06, 0.15):
        server = Odd(closing, delay=delay)
        off, on = (spread(server, mode, lambda: (time.sleep(0.05), ask_new())[1], 25) for mode in ('off', 'opportunistic'))
        print(f'{delay}: off {off[0]:.0f} {off[12]:.0f} {off[-1]:.0f}, on {on[0]:.0f} {on[12]:.0f} {on[-1]:.0f}')
        at_most(on[12], off[12] + (20 if delay > 0.03 else 2000 * delay + 25), f'ms, {delay} s away')


@alone
@long(25)
def test_with_a_session_nobody_is_slower():
    server = Odd(good, delay=0.02)
    off, on = (spread(server, mode, ask_new, 100) for mode in ('off', 'opportunistic'))
    print(f'off {off[0]:.0f} {off[50]:.0f} {off[95]:.0f}, on {on[0]:.0f} {on[50]:.0f} {on[95]:.0f}')
    at_most(on[50], off[50] + 5, 'ms, median')
    at_most(on[75], off[75] + 15, 'ms, of 75 in 100')


def test_what_falls_back_counts_once():
    """For a limit of questions to a zone's servers."""
    server = Odd(good)
    resolving(server, more={'rate-limits': {'zone-rate': 10}})
    find(server)
    server.by_tls = malformed
    time.sleep(1.1)
    answers = [data(ask(f'n{next(names)}.{ZONE}')) for _ in range(9)]
    equal(answers, [['192.0.2.7']] * 9, 'nine within the limit of ten')


class Encrypted(Authority):
    """Somebody else's server by plain DNS, by TLS with @answer."""

    def __init__(self, address, pair, answer):
        self.address, self.answer, self.mode, self.answers, self.handshake = address, answer, 'tls', None, 0
        self.encrypted, self.connections, self.open = 0, 0, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*pair)
        self.listen()


def test_reports_tell_nobody_of_strict_zones():
    """A zone's servers name an agent elsewhere (RFC 9567): it would read by plain DNS which names fail."""
    with World({'agent.': None, 'bad.': refuse}, {'bad.': 'agent.'}) as world:
        answer = world.reply
        pair = certificate('self', signed=False)
        by_tls = Encrypted(world.at['bad.'], pair, lambda query: answer('bad.', query))
        for strict in (True, False):
            tern = start(**world.sections(resolver={'encrypted-zones': ['bad'] if strict else ['other'], 'encryption': 'off'}))
            expect(ask(f'x{strict}.bad.', timeout=9), 'SERVFAIL')
            time.sleep(0.4)
            equal(len({n for n in world.reports('agent.') if f'x{strict}.bad'.lower() in n.lower()}), 0 if strict else 1, 'reports')
            tern.stop()


# --- the file over a restart ------------------------------------------------------------------

def test_a_state_file_of_any_kind():
    def one(make):
        env, path = state()
        make(path)
        server = Authority()
        tern = resolving(server, env=env)
        ask_new()
        until(lambda: counted()['probes_good'] == 1, 5, 'found all the same')
        check(tern.alive(), 'alive')
        at_most(tern.stop(), scaled(3), 'seconds to its end')

    def written(octets):
        def make(path):
            with open(path, 'wb') as f:
                f.write(octets)
        return make
    lines = b''.join(b'tls 10.%d.%d.%d@53 works 4000000000\n' % (i >> 16, i >> 8 & 255, i & 255) for i in range(100000))
    each((written(b''), written(os.urandom(5000)), written(b'\0' * 100), written(lines), written(b'x' * 3000000),
          written(lines[:-20]), os.mkdir, lambda path: os.symlink('/nowhere/at/all', path), lambda path: os.symlink('/dev/zero', path),
          os.mkfifo), one)
