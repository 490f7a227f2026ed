"""Forwarders over HTTPS: many questions on one connection, and servers that break the rules in every way."""
import contextlib
import ssl
import time

import dns.message
import dns.rdatatype
import dns.rrset
import h2.config
import h2.connection
import h2.errors
import h2.events

from harness import *
from test_lists_url import certificates
from test_reload import start
from test_tls_forward import Listening, ZONE, certificate


class HttpsForwarder(Listening):
    """Answers by one address over HTTP/2, or as @odd says: a status, or a function of (server, connection, stream)."""

    def __init__(self, odd=None, delay=0.0, alpn=('h2',), padding=0):
        self.odd, self.delay, self.padding = odd, delay, padding
        self.asked, self.connections, self.headers, self.queries = 0, 0, None, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate('right'))
        context.set_alpn_protocols(list(alpn))
        super().__init__(context)

    def serve(self, connection):
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            s = self.context.wrap_socket(connection, server_side=True)
            self.connections += 1
            self.open.append(s)
            c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            c.initiate_connection()
            s.sendall(c.data_to_send())
            bodies = {}
            while octets := s.recv(65536):
                for event in c.receive_data(octets):
                    if isinstance(event, h2.events.RequestReceived):
                        self.headers = dict(event.headers)
                        bodies[event.stream_id] = b''
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        c.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        self.answer(s, c, event.stream_id, bodies.pop(event.stream_id))
                s.sendall(c.data_to_send())

    def answer(self, s, c, stream, body):
        query = dns.message.from_wire(body)
        self.asked += 1
        self.queries.append(len(body))
        time.sleep(self.delay)
        if callable(self.odd):
            self.odd(s, c, stream, query)
            return
        self.reply(c, stream, query, self.odd or 200)

    def reply(self, c, stream, query, status=200):
        answer = dns.message.make_response(query, recursion_available=True)
        if query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 300, 'IN', 'A', '192.0.2.101'))
        octets = answer.to_wire()
        c.send_headers(stream, [(':status', str(status)), ('content-type', 'application/dns-message')])
        c.send_data(stream, octets, end_stream=True)

    def zone(self, **more):
        return {'name': ZONE, 'addresses': [f'127.0.0.1@{self.port}'], 'ca': f'{certificates()}/ca.pem',
                'url': f'https://dns.corp.test:{self.port}/the/path', **more}


def forwarding(server, **more):
    return start(**{'forward-zones': [server.zone(**more)]})


def test_many_on_one_connection():
    server = HttpsForwarder()
    forwarding(server)
    for i in range(20):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
    answers = burst([(f'b{i}.{ZONE}', 'A') for i in range(200)], timeout=10)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.101']), 200)
    at_most(server.connections, 8, 'connections')
    told = {k.decode(): v.decode() for k, v in server.headers.items()}
    equal((told[':method'], told[':path'], told[':authority'], told[':scheme'], told['content-type']),
          ('POST', '/the/path', f'dns.corp.test:{server.port}', 'https', 'application/dns-message'))
    equal({n % 128 for n in server.queries}, {0}, 'octets over a multiple of 128')


def fails_because(odd, words, **how):
    server = HttpsForwarder(odd, **how)
    tern = forwarding(server)
    answer = expect(ask(f'a.{ZONE}', timeout=8), 'SERVFAIL')
    check(words in str(ede(answer)), f'{words}: {ede(answer)}')
    tern.stop()
    return server


def test_servers_that_say_no():
    for status in (403, 500, 302):
        fails_because(status, f'HTTP status {status}')
    fails_because(None, 'no HTTP/2', alpn=('http/1.1',))
    # No word about a protocol at all: HTTP/1.1 is not spoken.
    fails_because(None, '', alpn=())


def test_servers_that_break_the_rules():
    def too_long(s, c, stream, query):
        c.send_headers(stream, [(':status', '200')])
        for _ in range(8):
            s.sendall(c.data_to_send())
            with contextlib.suppress(Exception):
                c.send_data(stream, b'\0' * 10000)

    def garbage(s, c, stream, query):
        s.sendall(b'\0' * 500)

    def goaway(s, c, stream, query):
        c.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)

    def reset(s, c, stream, query):
        c.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)

    def nothing(s, c, stream, query):
        c.send_headers(stream, [(':status', '200')], end_stream=True)

    def no_message(s, c, stream, query):
        c.send_headers(stream, [(':status', '200')])
        c.send_data(stream, b'hello', end_stream=True)

    def silent(s, c, stream, query):
        pass
    for odd in (too_long, garbage, goaway, reset, nothing, no_message, silent):
        fails_because(odd, '')


def test_answers_in_pieces_and_out_of_order():
    waiting = []

    def pieces(s, c, stream, query):
        answer = dns.message.make_response(query, recursion_available=True)
        if query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 300, 'IN', 'A', '192.0.2.101'))
        waiting.append((stream, answer.to_wire()))
        if len(waiting) < 5:
            return
        for number, octets in reversed(waiting):
            c.send_headers(number, [(':status', '200')])
            for i in range(0, len(octets), 7):
                c.send_data(number, octets[i:i + 7])
                s.sendall(c.data_to_send())
            c.end_stream(number)
        waiting.clear()
    server = HttpsForwarder(pieces)
    start(**{'forward-zones': [server.zone(validate='off')], 'server': {'workers': 1}})
    answers = burst([(f'p{i}.{ZONE}', 'A') for i in range(20)], timeout=10)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.101']), 20)


def test_a_connection_that_ends_costs_nobody_an_answer():
    server = HttpsForwarder()
    forwarding(server)
    for i in range(5):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
        server.close_all()
