"""EDNS refused in every way, truncation without end, TCP that hangs."""
import struct

import wire
from behaviour import Close, Drop, Send, Stream, Zone


class NoEdns(Zone):
    """Answers a query with OPT by @rcode, without OPT."""
    rcode = wire.FORMERR
    bare = False            # header only

    def handle(self, q):
        if q.edns:
            return Send(wire.message(q.id, wire.QR | self.rcode, b'' if self.bare else q.question))
        return super().handle(q)


class EchoesEdns(Zone):
    """FORMERR, with the whole query sent back, OPT and all."""

    def handle(self, q):
        if not q.edns:
            return super().handle(q)
        return Send(q.data[:2] + struct.pack('!H', wire.QR | wire.FORMERR) + q.data[4:])


class BadVersion(Zone):
    def handle(self, q):
        return Send(q.reply(rcode=wire.BADVERS)) if q.edns else super().handle(q)


class DropEdns(Zone):
    def handle(self, q):
        return Drop() if q.edns else super().handle(q)


class IgnoresEdns(Zone):
    def handle(self, q):
        q.edns = False
        return super().handle(q)


class FullCookie(Zone):
    """BADCOOKIE until the client sends the server's cookie back."""
    always = False

    def handle(self, q):
        client = q.option(10)
        if not client:
            return super().handle(q)
        option = struct.pack('!HH', 10, 24) + client[:8] + b'SERVERCOOKIE-16.'
        if self.always or len(client) == 8:
            return Send(q.reply(rcode=wire.BADCOOKIE, flags=0, options=option))
        honest = self.honest(q)
        return Send(honest[:-11] + wire.opt(options=option))


class Truncated(Zone):
    """TC by UDP; by TCP what @tcp says."""
    tcp = 'right'

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen = set()

    def handle(self, q):
        if q.name in (self.name, 'ns.' + self.name):
            return super().handle(q)
        if not q.tcp:
            return Send(q.reply(flags=wire.AA | wire.TC))
        body = self.honest(q)
        whole = struct.pack('!H', len(body)) + body
        return {
            'right': Send(body, delay=self.delay),
            'once': [Send(body, delay=self.delay), Close()],
            'one-closes': Close() if q.local == self.addresses[0] else Send(body),
            'truncated': Send(q.reply(flags=wire.AA | wire.TC)),
            'close': Close(),
            'reset': Close(reset=True),
            'silent': Drop(),
            'mute': Send(body) if self.is_first(q) else Drop(),
            'drip': Stream([bytes([x]) for x in whole], gap=1.5),
            'half': Stream([whole[:-3]]),
            'short': Stream([b'\0\1x']),
            'longer': Stream([struct.pack('!H', len(body) + 100) + body]),
            'wrongid': Send(self.honest_with_id(q)),
        }[self.tcp]

    def is_first(self, q):
        """Of its connection."""
        first = q.peer not in self.seen
        self.seen.add(q.peer)
        return first

    def honest_with_id(self, q):
        return struct.pack('!H', q.id ^ 1) + self.honest(q)[2:]


class Large(Zone):
    """tN.NAME has N octets of TXT, by TCP."""

    def honest(self, q):
        label = q.name.split('.')[0]
        if q.type != wire.TXT or label[:1] != 't' or not label[1:].isdigit():
            return super().honest(q)
        full = q.reply([wire.txt(q.asked, f'{i:04}' + 'x' * 196) for i in range(int(label[1:]) // 200)])
        return full if q.tcp or len(full) <= min(q.size, 1232) else q.reply(flags=wire.AA | wire.TC)


def zones():
    found = {f'tc-{how}.evil': Truncated(tcp=how) for how in
             ('right', 'truncated', 'close', 'reset', 'silent', 'mute', 'drip', 'half', 'short', 'longer', 'wrongid')}
    return found | {
        'edns-formerr.evil': NoEdns(), 'edns-formerr-bare.evil': NoEdns(bare=True),
        'edns-notimp.evil': NoEdns(rcode=wire.NOTIMP), 'edns-badvers.evil': BadVersion(),
        'edns-servfail.evil': NoEdns(rcode=wire.SERVFAIL),
        'edns-echo.evil': EchoesEdns(), 'edns-drop.evil': DropEdns(), 'edns-ignored.evil': IgnoresEdns(),
        'tc-slow.evil': Truncated(delay=0.1), 'tc-once.evil': Truncated(tcp='once', delay=0.02),
        'tc-one-closes.evil': Truncated(tcp='one-closes', servers=2),
        'cookie.evil': FullCookie(), 'badcookie.evil': FullCookie(always=True), 'large.evil': Large(),
    }
