"""A client of HTTP/3 as far as an attacker needs it (RFC 9114, 9204): every frame and field is the test's. Its fields never use a table that changes."""
import base64
import contextlib

import dns.message

from harness import *
import quic_by_hand
from quic_by_hand import APP, Client, stream, var
from test_https import HTTPS

DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID, PRIORITY_UPDATE = 0, 1, 3, 4, 5, 7, 0xd, 0xf0700
NO_ERROR, GENERAL, INTERNAL, CREATION, CLOSED, UNEXPECTED, FRAME, LOAD, ID, SETTINGS_ERROR, MISSING = range(0x100, 0x10b)
MESSAGE, DECOMPRESSION, ENCODER, DECODER = 0x10e, 0x200, 0x201, 0x202
CONTROL, PUSH, TO_DECODER, TO_ENCODER = range(4)   # kinds of streams one way


def frame(kind, octets=b'', length=None):
    return var(kind) + var(len(octets) if length is None else length) + octets


def prefixed(n, bits, first=0):
    """An integer of QPACK whose first octet has @bits for it."""
    most = (1 << bits) - 1
    if n < most:
        return bytes([first | n])
    out, n = bytes([first | most]), n - most
    while n >= 128:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(name, value):
    name, value = (s.encode() if isinstance(s, str) else s for s in (name, value))
    return prefixed(len(name), 3, 0x20) + name + prefixed(len(value), 7) + value


def section(*fields):
    return b'\0\0' + b''.join(field(*f) for f in fields)


def head(method='POST', path='/dns-query', *more, typed=True):
    kind = [('content-type', 'application/dns-message')] if method == 'POST' and typed else []
    return frame(HEADERS, section((':method', method), (':scheme', 'https'), (':authority', 'lists.lan'), (':path', path), *kind, *more))


def wire(name='www.example.com', **how):
    octets = question(name, **how).to_wire()
    return b'\0\0' + octets[2:]


def post(name='www.example.com', *more, **how):
    return head('POST', '/dns-query', *more) + frame(DATA, wire(name, **how))


def get(name='www.example.com', method='GET', **how):
    return head(method, '/dns-query?dns=' + base64.urlsafe_b64encode(wire(name, **how)).rstrip(b'=').decode())


NAMES = {24: (':status', '103'), 25: (':status', '200'), 26: (':status', '304'), 27: (':status', '404'), 28: (':status', '503'),
         63: (':status', '100'), 64: (':status', '204'), 65: (':status', '206'), 66: (':status', '302'), 67: (':status', '400'),
         68: (':status', '403'), 69: (':status', '421'), 70: (':status', '425'), 71: (':status', '500')}
HUFFMAN_DIGITS = {0: '0', 1: '1', 2: '2', 0x19: '3', 0x1a: '4', 0x1b: '5', 0x1c: '6', 0x1d: '7', 0x1e: '8', 0x1f: '9'}


def take_prefixed(octets, at, bits):
    n, at = octets[at] & (1 << bits) - 1, at + 1
    if n < (1 << bits) - 1:
        return n, at
    shift = 0
    while True:
        n, shift, at = n + ((octets[at] & 127) << shift), shift + 7, at + 1
        if not octets[at - 1] & 128:
            return n, at


def digits(octets):
    """Of a text in Huffman's code that has nothing else; others are not read."""
    bits, out = ''.join(f'{o:08b}' for o in octets), ''
    while len(bits) >= 5:
        size = 5 if int(bits[:5], 2) < 3 else 6
        code = int(bits[:size].ljust(size, '1'), 2)
        if len(bits) < size or code not in HUFFMAN_DIGITS:
            return out
        out, bits = out + HUFFMAN_DIGITS[code], bits[size:]
    return out


def statuses(octets):
    """What :status a header section of an answer has."""
    at = 2
    while at < len(octets):
        if octets[at] & 0x80:
            n, at = take_prefixed(octets, at, 6)
            if NAMES.get(n, ('',))[0] == ':status':
                return int(NAMES[n][1])
            continue
        if octets[at] & 0x40:
            n, at = take_prefixed(octets, at, 4)
            coded = octets[at] & 0x80
            size, at = take_prefixed(octets, at, 7)
            value, at = octets[at:at + size], at + size
            if n in NAMES:
                return int(digits(value) if coded else value)
            continue
        return None
    return None

WINDOW = 65537      # octets that the server takes unread, at first


class Browser(Client):
    """A client with streams of control."""

    def __init__(self, settings=b'', control=True, **how):
        super().__init__(HTTPS, alpn=b'h3', **how)
        self.at, self.limits, self.spent = {}, {}, 0    # octets by stream, windows by stream (None: of all), and octets of all
        check(self.connect(), f'no handshake: {self.closed}')
        if control:
            self.say(2, var(CONTROL) + frame(SETTINGS, settings))
        self.listen(0.05)
        self.send(self.acknowledgement())

    def note(self, level, kind, *values):
        super().note(level, kind, *values)
        if kind == quic_by_hand.MAX_DATA:
            self.limits[None] = max(self.limits.get(None, 0), values[0])
        elif kind == quic_by_hand.MAX_STREAM_DATA:
            self.limits[values[0]] = max(self.limits.get(values[0], 0), values[1])

    def may_say(self, number, end):
        return end <= self.limits.get(number, WINDOW) and self.spent <= self.limits.get(None, WINDOW) or self.closed is not None

    def say(self, number, octets, fin=False, piece=1100):
        """@octets behind what was said before in that stream, as the server's windows allow."""
        for i in range(0, max(1, len(octets)), piece):
            part, at = octets[i:i + piece], self.at.get(number, 0)
            self.spent += len(part)
            if not self.may_say(number, at + len(part)):
                self.send(self.acknowledgement())
                self.listen(scaled(2), lambda: self.may_say(number, at + len(part)))
            self.send(stream(number, part, fin and i + piece >= len(octets), at))
            self.at[number] = at + len(part)

    def frames_of(self, number):
        """[(kind, octets)] that have come whole."""
        octets, at, found = self.contiguous(self.streams.get(number, {})), 0, []
        with contextlib.suppress(IndexError):
            while at < len(octets):
                kind, at = quic_by_hand.take_var(octets, at)
                size, at = quic_by_hand.take_var(octets, at)
                if at + size > len(octets):
                    break
                found.append((kind, octets[at:at + size]))
                at += size
        return found

    def result(self, number):
        """(status, body) of it, None without one."""
        found = self.frames_of(number)
        if not found or found[0][0] != HEADERS:
            return None
        body = b''.join(octets for kind, octets in found[1:] if kind == DATA)
        return (statuses(found[0][1]), body) if len(found) > 1 else None

    def wait(self, number, seconds=2):
        self.listen(seconds, lambda: self.result(number) or number in self.resets or self.closed is not None)
        if self.heard[APP]:
            self.send(self.acknowledgement())
        return self.result(number)

    def fetch(self, number, octets, seconds=2, fin=True):
        self.say(number, octets, fin)
        return self.wait(number, seconds)

    def asks(self, number, name='www.example.com', **how):
        got = self.fetch(number, post(name, **how))
        return data(dns.message.from_wire(got[1])) if got and got[0] == 200 else got

    def status(self, number, octets, fin=True):
        got = self.fetch(number, octets, fin=fin)
        return got and got[0]
