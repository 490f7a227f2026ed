"""Servers by QUIC that do what they like: whoever asks them gets another one's answer in time, and nothing is kept."""
import contextlib
import os
import socket
import struct
import sys
import threading
import time

from harness import *
import quic_by_hand
from quic_by_hand import APP, STREAM, Server, stream
from test_quic_forward import at, forwarding, serve
from test_tls_forward import ZONE, certificate


class Hostile:
    """A port whose connections do as @act(server, frames) says, for all frames that come; it returns payloads to be sent."""

    def __init__(self, act=None, raw=None, pair=None, parameters=None):
        self.act, self.raw, self.parameters = act, raw, parameters
        self.pair = pair or certificate('right')
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.servers, self.datagrams, self.opened, self.asked = {}, 0, 0, 0
        self.errors = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                datagram, peer = self.sock.recvfrom(2000)
                self.datagrams += 1
                try:
                    self.take(datagram, peer)
                except OSError:
                    raise
                except Exception as e:      # noqa: BLE001
                    self.errors.append(repr(e))

    def take(self, datagram, peer):
        if self.raw:
            for octets in self.raw(datagram):
                self.sock.sendto(octets, peer)
            return
        server = self.servers.get(peer)
        if server is None:
            server = self.servers[peer] = Server(*self.pair, parameters=self.parameters)
            server.peer, server.sock, server.questions = peer, self.sock, []
        was_open = server.open
        found = server.receive(datagram)
        self.opened += server.open and not was_open
        for reply in server.replies:
            self.sock.sendto(reply, peer)
        self.asked += sum(kind == STREAM for _, kind, *_ in found)
        if server.open:
            for payload in self.act(server, found):
                server.sock.sendto(payload if isinstance(payload, bytearray) else server.packet(APP, payload), peer)
            if server.heard[APP]:
                server.sock.sendto(server.packet(APP, server.acknowledgement()), peer)

    def close(self):
        self.sock.close()


def queries(found):
    """(stream, message) of each whole query."""
    return [(number, octets[2:]) for _, kind, number, _, octets, fin in (f for f in found if f[1] == STREAM) if fin and len(octets) > 14]


def reply(query, address=b'\xc0\0\2\x65'):
    """A good one."""
    end = query.index(b'\0', 12) + 5
    return b'\0\0\x81\x80\0\1\0\1\0\0\0\0' + query[12:end] + b'\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4' + address


def each_query(act):
    return lambda server, found: [p for number, query in queries(found) for p in act(number, query)]


def once_open(act):
    def on(server, found):
        if getattr(server, 'acted', False):
            return []
        server.acted = True
        return act(server)
    return on


def move(server, found):
    """Answers come from another port."""
    server.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return [stream(number, quic_by_hand.sized(reply(q))) for number, q in queries(found)]


def ids_twice(server):
    return [quic_by_hand.new_id(5, b'5' * 8, 5, bytes(16)), *[quic_by_hand.new_id(3, b'3' * 8, 0, bytes(16))] * 3]


def versions(datagram):
    """To versions that nobody speaks."""
    at = 6 + datagram[5]
    destination, source = datagram[5:at], datagram[at:at + 1 + datagram[at]]
    return [b'\xc0\0\0\0\0' + source + destination + struct.pack('!IIII', 0, 0xffffffff, 2, 0x0a0a0a0a)]


def retries(token):
    def on(datagram):
        return [quic_by_hand.retry(datagram, os.urandom(8), token)] if datagram[0] >> 4 == 0xc and len(datagram) >= 1200 else []
    return on


KINDS = {
    'answers nothing': dict(act=lambda server, found: []),
    'closes at once': dict(act=once_open(lambda server: [b'\x1d\2\0'])),
    'closes for each query': dict(act=each_query(lambda n, q: [b'\x1d\2\0'])),
    'resets each stream': dict(act=each_query(lambda n, q: [quic_by_hand.reset(n) + quic_by_hand.stop(n)])),
    'another ID': dict(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(b'\1\1' + reply(q)[2:]))])),
    'another question': dict(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(reply(q).replace(b'test', b'tesx')))])),
    'two answers': dict(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(reply(q)) * 2)])),
    'an answer without an end': dict(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(reply(q)), fin=False)])),
    'an end without an answer': dict(act=each_query(lambda n, q: [stream(n)])),
    'a long one': dict(act=each_query(lambda n, q: [stream(n, (b'\xff\xff' + reply(q) + bytes(65600))[i:i + 1100], i > 64000, i) for i in range(0, 65537, 1100)])),
    'half of a long one': dict(act=each_query(lambda n, q: [stream(n, (b'\xff\xff' + bytes(9000))[i:i + 1100], False, i) for i in range(0, 8800, 1100)])),
    'no streams': dict(act=lambda server, found: [], parameters={8: 0}),
    'no data': dict(act=lambda server, found: [], parameters={4: 0, 6: 0}),
    'a stream of its own': dict(act=once_open(lambda server: [stream(1, b'a'), stream(3, b'a')])),
    'garbage in packets': dict(act=lambda server, found: [os.urandom(200)]),
    'garbage': dict(act=lambda server, found: [bytearray(b'\x40' + os.urandom(100))]),
    'IDs that come twice': dict(act=once_open(ids_twice)),
    'TLS without an end': dict(act=lambda server, found: [quic_by_hand.crypto(b'\4\xff\xff\xff' + bytes(1000), 0)] + [
        quic_by_hand.crypto(bytes(1000), 1004 + 1000 * i) for i in range(100)]),
    'a token of a kilobyte': dict(act=once_open(lambda server: [b'\7' + quic_by_hand.var(1000) + os.urandom(1000)])),
    'another version': dict(raw=versions),
    'retries for ever': dict(raw=retries(b'token' * 10)),
    'retries with much': dict(raw=retries(os.urandom(1200))),
    'retries with nothing': dict(raw=retries(b'')),
    'echo': dict(raw=lambda d: [d]),
    'noise': dict(raw=lambda d: [os.urandom(n) for n in (1, 21, 50, 1200)]),
    'nothing at all': dict(raw=lambda d: []),
}


@busy(150)
def test_hostile_servers():
    """Whatever the first server does, the second one answers, and the first one is not asked about by each client anew."""
    serve()
    for name, how in KINDS.items():
        hostile = Hostile(**how)
        tern = forwarding(at(port=hostile.port), at(), policy='ordered', workers=1)
        began = time.monotonic()
        equal(data(ask(f'a.{ZONE}', timeout=scaled(6))), ['192.0.2.101'], name)
        first = time.monotonic() - began
        for i in range(10):
            ask(f'l{i}.{ZONE}', timeout=scaled(6))
        began = time.monotonic()
        for i in range(10):
            equal(data(ask(f'n{i}.{ZONE}', timeout=scaled(6))), ['192.0.2.101'], name)
        ten = time.monotonic() - began
        print(f'{name}: {first:.2f} s for the first, {ten:.2f} s for ten, {hostile.datagrams} datagrams, {hostile.opened} open, '
              f'{hostile.asked} asked {hostile.errors[:1]}', file=sys.stderr)
        at_most(first, scaled(3), f'{name}: seconds for the first')
        at_most(ten, scaled(3), f'{name}: seconds for ten')
        check(tern.alive(), name)
        tern.stop()
        hostile.close()


def test_wrong_certificates_are_asked_nothing():
    for pair in (certificate('other', host='other.test'), certificate('self', signed=False)):
        hostile = Hostile(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(reply(q)))]), pair=pair)
        tern = forwarding(at(port=hostile.port), workers=1)
        expect(ask(f'a.{ZONE}'), 'SERVFAIL')
        equal(hostile.asked, 0, 'questions')
        tern.stop()
        hostile.close()


@busy(90)
def test_nothing_is_kept():
    """Hundreds of connections that come to nothing leave no descriptor and no memory."""
    kinds = ('closes for each query', 'resets each stream', 'noise', 'another version')
    for name in kinds:
        hostile = Hostile(**KINDS[name])
        tern = forwarding(at(port=hostile.port), workers=1)
        ask(f'w.{ZONE}')
        time.sleep(0.3)
        descriptors, memory = tern.descriptors(), tern.memory()
        for i in range(10):
            burst([(f'x{i}-{j}.{ZONE}', 'A') for j in range(20)], timeout=2)
        time.sleep(0.5)
        print(f'{name}: {tern.descriptors() - descriptors} descriptors, {(tern.memory() - memory) >> 10} KiB, {len(hostile.servers)} ports',
              file=sys.stderr)
        at_most(tern.descriptors() - descriptors, 8, f'{name}: descriptors')
        at_most(tern.memory() - memory, with_quarantine(8) << 20, f'{name}: octets')
        tern.stop()
        hostile.close()


def test_a_good_one_by_hand():
    """The same machinery serves well, so that the others fail for their own reason; and after a Retry, too."""
    hostile = Hostile(act=each_query(lambda n, q: [stream(n, quic_by_hand.sized(reply(q)))]))
    forwarding(at(port=hostile.port), workers=1)
    for i in range(20):
        equal(data(ask(f'a{i}.{ZONE}')), ['192.0.2.101'])
    equal(hostile.opened, 1, 'connections')
    equal(hostile.errors, [], 'errors')
