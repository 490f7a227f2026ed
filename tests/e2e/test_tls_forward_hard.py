"""Encrypted forwarders under attack, and changes amid questions: who answers what, and that nobody else is believed."""
import contextlib
import os
import shutil
import socket
import ssl
import struct
import threading
import time

import dns.message

import harness
from harness import *
from test_lists_url import certificates
from test_reload import SOCKET, change, start, ternctl
from test_tls import framed, receive
from test_tls_forward import ZONE, TlsForwarder, certificate, pin, zone


class Odd(TlsForwarder):
    """Answers each query by what a function of it makes: octets, or None for the end."""

    def __init__(self, odd, **more):
        self.odd = odd
        super().__init__(**more)

    def serve(self, connection):
        with contextlib.suppress(OSError, EOFError, ssl.SSLError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s = self.context.wrap_socket(connection, server_side=True)
            self.connections += 1
            self.open.append(s)
            while True:
                query, _ = receive(s)
                self.asked += 1
                octets = self.odd(self, query)
                if octets is None:
                    s.close()
                    return
                s.sendall(octets)


def other_id(answer, by=1):
    answer.id ^= by
    return answer


def test_answers_that_were_not_asked_for():
    """Other ids, the same one twice, other questions, garbage behind it: the one that was asked for counts."""
    def odd(server, query):
        good = server.answer(query)
        forged = server.answer(query)
        for rrset in forged.answer:
            rrset.clear()
            rrset.add(dns.rdata.from_text('IN', 'A', '203.0.113.66'))
        elsewhere = dns.message.make_response(question('else.where'))
        elsewhere.id = query.id
        second = framed(good)
        return framed(other_id(forged, 1), elsewhere) + second + framed(other_id(forged, 1)) + second
    server = Odd(odd)
    tern = start(**{'forward-zones': [zone(server)], 'server': {'workers': 1}})
    for i in range(30):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
    answers = burst([(f'b{i}.{ZONE}', 'A') for i in range(60)], timeout=10)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.101']), 60)
    check(tern.alive(), 'alive')


def test_messages_that_are_none():
    for octets in (b'\0\0', b'\0\1x', b'\0\5abcde', b'\xff\xff' + b'\0' * 65535, b'\0\x0c' + b'\xff' * 12):
        server = Odd(lambda server, query, octets=octets: octets + framed(server.answer(query)))
        tern = start(**{'forward-zones': [zone(server)], 'server': {'workers': 1}})
        for i in range(3):
            equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'], str(octets[:8]))
        tern.stop()


class Talker:
    """Says octets to whoever connects, and what else a function of the connection does."""

    def __init__(self, odd):
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=100)
        self.port = self.socket.getsockname()[1]
        self.odd, self.heard, self.connections = odd, b'', 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, s):
        with contextlib.suppress(OSError):
            s.settimeout(2)
            self.odd(self, s)
            s.close()

    def hear(self, s):
        octets = s.recv(65536)
        self.heard += octets
        return octets

    def at(self):
        return f'127.0.0.1@{self.port}#dns.corp.test'


def test_closed_in_each_state():
    """Before a word, after the hello, amid the own one, with data that comes before a handshake is over: never a plain word."""
    def relay(n):
        """The server's words of a real one, cut off after @n octets."""
        real = TlsForwarder()

        def odd(talker, s):
            with socket.create_connection(('127.0.0.1', real.port), timeout=1) as to:
                to.sendall(talker.hear(s))
                s.sendall(to.recv(65536)[:n])
                time.sleep(0.05)
        return odd
    plain = framed(dns.message.make_response(question(f'a.{ZONE}')))
    ways = [lambda t, s: None, lambda t, s: t.hear(s), lambda t, s: (s.sendall(plain), t.hear(s)), lambda t, s: (t.hear(s), s.sendall(plain)),
            lambda t, s: (t.hear(s), s.sendall(b'\x17\x03\x03\0\x20' + b'x' * 32)), lambda t, s: (t.hear(s), s.sendall(b'\x15\x03\x03\0\2\1\0')),
            lambda t, s: (t.hear(s), s.sendall(b'\x15\x03\x03\0\2\1\x70' * 100)), lambda t, s: (t.hear(s), s.sendall(b'\x16\x03\x03\x40\0' + b'\2' + b'\0' * 16383)),
            *[relay(n) for n in (1, 5, 90, 130, 500, 900)]]
    for n, way in enumerate(ways):
        talker = Talker(way)
        tern = start(**{'forward-zones': [zone(talker)], 'server': {'workers': 1}})
        expect(ask(f'a.{ZONE}', timeout=8), 'SERVFAIL')
        check(b'test-zone' not in talker.heard, f'{n}: the name is told')
        check(tern.alive(), f'{n}: alive')
        at_most(talker.connections, 20, f'{n}: connections for one question')
        tern.stop()


@busy(60)
def test_the_wrong_one_under_load():
    """A certificate of somebody else, and a hundred questions a second: it is not shaken hands with for each of them."""
    server = TlsForwarder(pair=certificate('other', host='other.test'))
    tern = start(**{'forward-zones': [zone(server)]})
    ask(f'first.{ZONE}')
    time.sleep(1)
    before, cpu = server.connections + server.failed, tern.cpu_s()
    answers = burst([(f'w{i}.{ZONE}', 'A') for i in range(500)], gap=0.01, timeout=8)
    tried = server.connections + server.failed - before
    print(f'{tried} handshakes for 500 questions in 5 s, {tern.cpu_s() - cpu:.2f} s of CPU', file=harness.sys.stderr)
    at_least(sum(1 for a, _ in answers if a and rcode(a) == 'SERVFAIL'), 490, 'SERVFAIL')
    equal(server.asked, 0, 'questions')
    at_most(tried, 100, 'handshakes')
    at_most(tern.cpu_s() - cpu, scaled(2), 'CPU seconds')
    resolves('www.example.com', '192.0.2.81')


def configured(tern, **more):
    change(tern, **{'control': {'socket': SOCKET}, 'server': {'user': '', 'workers': 1}, **more})
    ternctl('reload')


def test_another_identity_after_a_reload():
    """Name, pins, CA, transport: a connection that was opened for one is not asked for the other, and an old answer is none."""
    server = TlsForwarder(pair=certificate('right'))
    tern = start(**{'forward-zones': [zone(server)], 'server': {'workers': 1}, 'control': {'socket': SOCKET}})
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    asked = server.asked
    wrong = [zone(server.at('other.test')), zone(server, pins=[pin(certificate('other', host='other.test')[0])]),
             zone(server, ca=False), {**zone(server.at(None)), 'transport': 'https', 'url': f'https://dns.corp.test:{server.port}/'}]
    for n, forward in enumerate(wrong):
        configured(tern, **{'forward-zones': [forward]})
        expect(ask(f'wrong{n}.{ZONE}', timeout=8), 'SERVFAIL')
        equal(server.asked, asked, f'{n}: questions to whom we do not trust')
        configured(tern, **{'forward-zones': [zone(server)]})
        equal(data(ask(f'right{n}.{ZONE}')), ['192.0.2.101'])
        asked = server.asked
    check(tern.alive(), 'alive')


def test_a_reload_leaves_connections_open():
    """Unless another CA is trusted, by the file of the same name: who it signs for is asked by a new one, and the cache is empty."""
    server, ca = TlsForwarder(), f'{LAB}/reloaded-ca.pem'
    shutil.copy(f'{certificates()}/ca.pem', ca)
    forward = zone(server, ca=False) | {'ca': ca}
    tern = start(**{'forward-zones': [forward], 'server': {'workers': 1}, 'control': {'socket': SOCKET}})
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    equal(server.connections, 1, 'connections')
    others = {'name': 'other.test-zone', 'addresses': [server.at()], 'transport': 'tls', 'ca': ca}
    for n, zones in enumerate(([forward], [forward, others], [others, forward], [forward])):
        configured(tern, **{'forward-zones': zones})
        equal(data(ask(f'n{n}.{ZONE}')), ['192.0.2.101'])
        if len(zones) > 1:
            equal(data(ask(f'n{n}.other.test-zone')), ['192.0.2.101'])
    equal(server.connections, 1, 'connections after reloads')
    shutil.copy(certificate('stranger', signed=False)[0], ca)
    configured(tern, **{'forward-zones': [forward]})
    expect(ask(f'a.{ZONE}', timeout=8), 'SERVFAIL')
    shutil.copy(f'{certificates()}/ca.pem', ca)
    configured(tern, **{'forward-zones': [forward]})
    equal(data(ask(f'b.{ZONE}', timeout=8)), ['192.0.2.101'])


def test_reloads_amid_questions():
    """The same address, another server's name and back, a slow one: each question is answered by whom it was asked, or the new one."""
    slow, second = TlsForwarder(delay=0.1), TlsForwarder('192.0.2.102')
    tern = start(**{'forward-zones': [zone(slow)], 'server': {'workers': 1}, 'control': {'socket': SOCKET}})
    got = []

    def ask_one(i):
        got.append((i, data(ask(f'r{i}.{ZONE}', timeout=8))))
    threads = []
    for i in range(40):
        threads.append(threading.Thread(target=ask_one, args=(i,)))
        threads[-1].start()
        if i % 5 == 4:
            configured(tern, **{'forward-zones': [zone(second if i % 10 == 4 else slow)]})
        time.sleep(0.05)
    for t in threads:
        t.join()
    bad = [x for x in got if x[1] not in (['192.0.2.101'], ['192.0.2.102'])]
    equal(bad, [], 'bad answers')
    check(tern.alive(), 'alive')


@busy(60)
def test_many_zones_of_one_server():
    """Ten thousand zones at one address have the connections of one server."""
    server = TlsForwarder()
    n = 1000 if sanitized() else 10000
    zones = [zone(server, validate='off') | {'name': f'z{i}.test-zone'} for i in range(n)]
    tern = start(**{'forward-zones': zones, 'server': {'workers': 1}})
    for i in range(0, n, n // 50):
        equal(data(ask(f'a.z{i}.test-zone')), ['192.0.2.101'])
    at_most(server.connections, 4, 'connections')
    check(tern.alive(), 'alive')


def test_views_with_servers_of_their_own():
    """Each view's questions go to its own server, by its own identity, and to no other."""
    ours, kids = TlsForwarder(), TlsForwarder('192.0.2.102', pair=certificate('kids', host='kids.test'))
    start(**{'forward-zones': [zone(ours)], 'access': {'allow': ['127.0.0.0/8']},
             'views': [{'name': 'kids', 'clients': ['127.0.0.7'], 'forward-zones': [zone(kids.at('kids.test'))]},
                       {'name': 'wrong', 'clients': ['127.0.0.8'], 'forward-zones': [zone(kids.at('dns.corp.test'))]}]})
    for i in range(5):
        equal(data(ask(f'v{i}.{ZONE}')), ['192.0.2.101'])
        equal(data(ask(f'v{i}.{ZONE}', source='127.0.0.7')), ['192.0.2.102'])
        before = kids.asked
        expect(ask(f'v{i}.{ZONE}', source='127.0.0.8'), 'SERVFAIL')
        equal(kids.asked, before)


@busy(60)
def test_stale_data_when_it_is_gone():
    class Short(TlsForwarder):
        def answer(self, query):
            answer = super().answer(query)
            for rrset in answer.answer:
                rrset.ttl = 1
            return answer
    server = Short()
    start(**{'forward-zones': [zone(server, validate='off')]})
    equal(data(ask(f'stale.{ZONE}')), ['192.0.2.101'])
    server.socket.close()
    server.close_all()
    time.sleep(2.2)
    equal(data(ask(f'stale.{ZONE}', timeout=8)), ['192.0.2.101'])
