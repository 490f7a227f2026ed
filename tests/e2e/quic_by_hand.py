"""QUIC version 1 and TLS 1.3 as far as an attacker needs them (RFC 9000, 9001, 8446): every frame, number and address is the test's.

Both ends speak TLS_AES_128_GCM_SHA256 and x25519 only. A Client believes any certificate; a Server proves one.
"""
import hashlib
import hmac
import os
import socket
import struct
import time

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT = bytes.fromhex('38762cf7f55934b34d179ae6a4c80cadccbb7f0a')
RETRY_KEY, RETRY_NONCE = bytes.fromhex('be0c690b9f66575a1d766b54e368c84e'), bytes.fromhex('461599d35d632bf2239825bb')
INITIAL, EARLY, HANDSHAKE, APP = range(4)
PING, ACK, RESET_STREAM, STOP_SENDING, CRYPTO, NEW_TOKEN = 1, 2, 4, 5, 6, 7
STREAM, MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS = 8, 0x10, 0x11, 0x12
NEW_ID, RETIRE_ID, PATH_CHALLENGE, PATH_RESPONSE, CLOSE, CLOSE_APP, DONE = 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e
PARAMETERS = {3: 1452, 4: 1 << 20, 5: 1 << 17, 6: 1 << 17, 7: 1 << 17, 8: 100, 9: 3, 1: 30000, 0xe: 4}


def var(n, size=None):
    size = size or (1 if n < 64 else 2 if n < 1 << 14 else 4 if n < 1 << 30 else 8)
    return (n | (size.bit_length() - 1) << (8 * size - 2)).to_bytes(size, 'big')


def take_var(octets, at):
    size = 1 << (octets[at] >> 6)
    return int.from_bytes(octets[at:at + size], 'big') & ((1 << (8 * size - 2)) - 1), at + size


def sized(octets, size=2):
    return len(octets).to_bytes(size, 'big') + octets


def stream(number, octets=b'', fin=True, offset=0):
    return bytes([STREAM | 4 | 2 | fin]) + var(number) + var(offset) + var(len(octets)) + octets


def reset(number, size=0, error=3):
    return bytes([RESET_STREAM]) + var(number) + var(error) + var(size)


def stop(number, error=3):
    return bytes([STOP_SENDING]) + var(number) + var(error)


def crypto(octets, offset=0):
    return bytes([CRYPTO]) + var(offset) + var(len(octets)) + octets


def ack(largest, first=0, more=()):
    return bytes([ACK]) + var(largest) + var(0) + var(len(more)) + var(first) + b''.join(var(gap) + var(length) for gap, length in more)


def new_id(number, octets, retire=0, token=None):
    return bytes([NEW_ID]) + var(number) + var(retire) + sized(octets, 1) + (token or os.urandom(16))


def frames(octets):
    """(kind, values...) of each frame."""
    at, found = 0, []

    def numbers(n):
        nonlocal at
        values = []
        for _ in range(n):
            value, at = take_var(octets, at)
            values.append(value)
        return values

    def text(n):
        nonlocal at
        at += n
        return octets[at - n:at]
    while at < len(octets):
        kind = octets[at]
        at += 1
        if kind == 0:
            continue
        if kind in (ACK, ACK + 1):
            largest, _, n, first = numbers(4)
            found.append((ACK, largest, first, numbers(2 * n)))
            if kind == ACK + 1:
                numbers(3)
        elif kind == CRYPTO:
            offset, n = numbers(2)
            found.append((kind, offset, text(n)))
        elif kind == NEW_TOKEN:
            found.append((kind, text(numbers(1)[0])))
        elif STREAM <= kind < MAX_DATA:
            number = numbers(1)[0]
            offset = numbers(1)[0] if kind & 4 else 0
            n = numbers(1)[0] if kind & 2 else len(octets) - at
            found.append((STREAM, number, offset, text(n), bool(kind & 1)))
        elif kind == NEW_ID:
            number, retire = numbers(2)
            found.append((kind, number, retire, text(text(1)[0]), text(16)))
        elif kind in (PATH_CHALLENGE, PATH_RESPONSE):
            found.append((kind, text(8)))
        elif kind in (CLOSE, CLOSE_APP):
            error = numbers(1 if kind == CLOSE_APP else 2)[0]
            found.append((kind, error, text(numbers(1)[0])))
        else:
            n = {PING: 0, DONE: 0, RESET_STREAM: 3, STOP_SENDING: 2, MAX_STREAM_DATA: 2, 0x15: 2}.get(kind, 1)
            found.append((kind, *numbers(n)))
    return found


# --- keys ----------------------------------------------------------------------

def extract(salt, secret):
    return hmac.digest(salt, secret, 'sha256')


def expand(secret, label, context=b'', size=32):
    info = struct.pack('!H', size) + sized(b'tls13 ' + label, 1) + sized(context, 1)
    out, block, n = b'', b'', 1
    while len(out) < size:
        block = hmac.digest(secret, block + info + bytes([n]), 'sha256')
        out, n = out + block, n + 1
    return out[:size]


class Keys:
    def __init__(self, secret, hide=None):
        self.secret = secret
        self.aead = AESGCM(expand(secret, b'quic key', size=16))
        self.iv = int.from_bytes(expand(secret, b'quic iv', size=12), 'big')
        self.hide = hide or Cipher(algorithms.AES(expand(secret, b'quic hp', size=16)), modes.ECB()).encryptor()

    def next(self):
        return Keys(expand(self.secret, b'quic ku'), self.hide)

    def nonce(self, number):
        return (self.iv ^ number).to_bytes(12, 'big')

    def protect(self, header, number, payload):
        payload = payload + bytes(max(0, 4 - len(payload)))
        header += struct.pack('!I', number & 0xffffffff)
        packet = bytearray(header + self.aead.encrypt(self.nonce(number), payload, header))
        at = len(header) - 4
        mask = self.hide.update(bytes(packet[at + 4:at + 20]))
        packet[0] ^= mask[0] & (0x0f if packet[0] & 0x80 else 0x1f)
        for i in range(4):
            packet[at + i] ^= mask[1 + i]
        return bytes(packet)

    def open(self, packet, at, following=0):
        """(number, payload); None for one that does not fit."""
        packet = bytearray(packet)
        mask = self.hide.update(bytes(packet[at + 4:at + 20]))
        packet[0] ^= mask[0] & (0x0f if packet[0] & 0x80 else 0x1f)
        size = (packet[0] & 3) + 1
        for i in range(size):
            packet[at + i] ^= mask[1 + i]
        number = int.from_bytes(packet[at:at + size], 'big')
        window = 1 << 8 * size
        number += max(0, (following - number + window // 2) // window) * window
        try:
            return number, self.aead.decrypt(self.nonce(number), bytes(packet[at + size:]), bytes(packet[:at + size]))
        except InvalidTag:
            return None


def raw(private):
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def initial_keys(destination):
    secret = extract(SALT, destination)
    return Keys(expand(secret, b'client in')), Keys(expand(secret, b'server in'))


# --- either end ----------------------------------------------------------------

class End:
    """What both ends have in common; @ours and @theirs are keys by level."""

    def __init__(self, parameters=None):
        self.ours, self.theirs = {}, {}
        self.numbers, self.heard = [0] * 4, [[] for _ in range(4)]
        self.scid, self.dcid, self.token = os.urandom(8), b'', b''
        self.parameters = {**PARAMETERS, **(parameters or {})}
        self.flight = {INITIAL: {}, HANDSHAKE: {}, APP: {}}       # octets of CRYPTO that came, by offset
        self.messages, self.transcript = b'', b''
        self.open, self.closed, self.challenges, self.ids, self.tokens, self.got = False, None, [], [], [], []
        self.streams, self.resets, self.phase, self.old_keys = {}, {}, 0, []

    def encoded_parameters(self, more):
        return b''.join(var(k) + sized_var(var(v) if isinstance(v, int) else v) for k, v in {**self.parameters, 0xf: self.scid, **more}.items())

    def packet(self, level, payload, number=None, dcid=None):
        if number is None:
            number = self.numbers[level]
            self.numbers[level] += 1
        dcid = self.dcid if dcid is None else dcid
        if level == APP:
            return self.ours[level].protect(bytes([0x43 | self.phase << 2]) + dcid, number, payload)
        token = var(len(self.token)) + self.token if level == INITIAL else b''
        header = bytes([0xc3 | level << 4]) + struct.pack('!I', 1) + sized(dcid, 1) + sized(self.scid, 1) + token
        return self.ours[level].protect(header + var(4 + max(4, len(payload)) + 16, 2), number, payload)

    def take(self, datagram):
        """Frames of it, with their level."""
        found = []
        while datagram:
            level, rest, opened = self.take_packet(datagram)
            if opened:
                self.heard[level].append(opened[0])
                for frame in frames(opened[1]):
                    found.append((level, *frame))
                    self.note(level, *frame)
            datagram = rest
        return found

    def take_packet(self, datagram):
        if not datagram[0] & 0x80:
            after, at = max(self.heard[APP], default=-1) + 1, 1 + len(self.scid)
            for keys in (self.theirs.get(APP), *reversed(self.old_keys)):
                opened = keys and len(datagram) > at + 20 and keys.open(datagram, at, after)
                if opened:
                    break
            return APP, b'', opened
        level, at = datagram[0] >> 4 & 3, 5
        at += 1 + datagram[at]
        self.their_scid = datagram[at + 1:at + 1 + datagram[at]]
        at += 1 + datagram[at]
        if level == APP:                       # Retry
            self.retry = datagram[at:-16]
            return level, b'', None
        if level == INITIAL:
            size, at = take_var(datagram, at)
            at += size
        size, at = take_var(datagram, at)
        if level == INITIAL:
            self.on_initial(datagram)
        keys = self.theirs.get(level)
        return level, datagram[at + size:], keys and keys.open(datagram[:at + size], at)

    def on_initial(self, datagram):
        pass

    def note(self, level, kind, *values):
        if kind == CRYPTO:
            self.flight[level][values[0]] = values[1]
            self.on_crypto(level)
        elif kind in (CLOSE, CLOSE_APP):
            self.closed = values[0]
        elif kind == PATH_CHALLENGE:
            self.challenges.append(values[0])
        elif kind == NEW_ID:
            self.ids.append(values[2])
        elif kind == NEW_TOKEN:
            self.tokens.append(values[0])
        elif kind == RESET_STREAM:
            self.resets[values[0]] = values[1]
        elif kind == STREAM:
            number, offset, octets, fin = values
            self.streams.setdefault(number, {})[offset] = octets

    def contiguous(self, parts):
        out = b''
        for offset in sorted(parts):
            if offset > len(out):
                break
            out += parts[offset][len(out) - offset:]
        return out

    def answer(self, number):
        """The octets of a stream that have come, without their length; None as long as they are not whole."""
        octets = self.contiguous(self.streams.get(number, {}))
        return octets[2:] if len(octets) >= 2 and len(octets) - 2 >= struct.unpack('!H', octets[:2])[0] else None

    def traffic(self, base, names, transcript, level, ends):
        """Keys of @level for the ends in the order that @ends says: ours first."""
        keys = {name: Keys(expand(base, name, hashlib.sha256(transcript).digest())) for name in names}
        self.ours[level], self.theirs[level] = (keys[names[i]] for i in ends)

    def acknowledgement(self, level=APP):
        """Of what has come, as far as 30 ranges go."""
        ranges = []
        for n in sorted(set(self.heard[level]), reverse=True):
            if ranges and ranges[-1][0] == n + 1:
                ranges[-1][0] = n
            else:
                ranges.append([n, n])
        more = [(above[0] - below[1] - 2, below[1] - below[0]) for above, below in zip(ranges, ranges[1:30])]
        return ack(ranges[0][1], ranges[0][1] - ranges[0][0], more) if ranges else b''

    def update_keys(self):
        self.old_keys.append(self.theirs[APP])
        self.ours[APP], self.theirs[APP] = self.ours[APP].next(), self.theirs[APP].next()
        self.phase ^= 1


def sized_var(octets):
    return var(len(octets)) + octets


def extension(kind, octets):
    return struct.pack('!H', kind) + sized(octets)


def message(kind, octets):
    return bytes([kind]) + sized(octets, 3)


def split(octets):
    """TLS messages that are whole."""
    found = []
    while len(octets) >= 4 and len(octets) >= 4 + int.from_bytes(octets[1:4], 'big'):
        size = 4 + int.from_bytes(octets[1:4], 'big')
        found.append(octets[:size])
        octets = octets[size:]
    return found


def finished(keys, transcript):
    return message(20, hmac.digest(expand(keys.secret, b'finished'), hashlib.sha256(transcript).digest(), 'sha256'))


class Schedule:
    """The secrets of a handshake without anything shared before."""

    def __init__(self, shared):
        empty = hashlib.sha256(b'').digest()
        self.handshake = extract(expand(extract(bytes(32), bytes(32)), b'derived', empty), shared)
        self.master = extract(expand(self.handshake, b'derived', empty), bytes(32))


class Client(End):
    def __init__(self, port, server='127.0.0.1', source='127.0.0.1', parameters=None, alpn=b'doq', token=b'', host=b'lists.lan', padding=0):
        super().__init__(parameters)
        self.server = (server, port)
        self.sock = self.new_socket(source)
        self.dcid = os.urandom(8)
        self.token, self.alpn, self.host, self.padding = token, alpn, host, padding
        self.retry, self.sent, self.received = None, 0, 0
        self.begin()

    @staticmethod
    def new_socket(source='127.0.0.1'):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, 0))
        return s

    def begin(self):
        self.ours[INITIAL], self.theirs[INITIAL] = initial_keys(self.dcid)

    def hello(self):
        self.private = X25519PrivateKey.generate()
        share = raw(self.private)
        extensions = b''.join(extension(*e) for e in (
            (0, sized(b'\0' + sized(self.host))), (10, sized(b'\0\x1d')), (13, sized(bytes.fromhex('040308040401050308050806'))),
            (16, sized(sized(self.alpn, 1))), (43, b'\2\3\4'), (45, b'\1\1'), (51, sized(b'\0\x1d' + sized(share))),
            (57, self.encoded_parameters({})), *([(21, bytes(self.padding))] if self.padding else [])))
        return message(1, b'\3\3' + os.urandom(32) + b'\0' + sized(b'\x13\1') + b'\1\0' + sized(extensions))

    def first(self, hello=None):
        """The datagram that begins."""
        self.messages = self.messages or hello or self.hello()
        payload = crypto(self.messages)
        size = 1200 - (1 + 4 + 1 + len(self.dcid) + 1 + len(self.scid) + len(var(len(self.token))) + len(self.token) + 2 + 4 + 16)
        return self.packet(INITIAL, payload + bytes(max(0, size - len(payload))))

    def put(self, *datagrams, sock=None):
        for d in datagrams:
            self.sent += len(d)
            (sock or self.sock).sendto(d, self.server)

    def send(self, payload, level=APP, sock=None, **more):
        self.put(self.packet(level, payload, **more), sock=sock)

    def listen(self, seconds=0.2, until=None, sock=None):
        """What comes until then; frames with their level."""
        found, end = [], time.monotonic() + seconds
        s = sock or self.sock
        while True:
            s.settimeout(max(0.0005, end - time.monotonic()))
            try:
                datagram = s.recv(2000)
            except (TimeoutError, ConnectionError):
                return found
            self.received += len(datagram)
            self.got.append(datagram)
            found += self.take(datagram)
            if (until and until()) or time.monotonic() > end:
                return found

    def connect(self, seconds=5):
        """A handshake, with a Retry or without; False when it comes to nothing."""
        self.put(self.first())
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.open and self.closed is None:
            self.listen(0.5, lambda: self.open or self.closed is not None or self.retry)
            if self.retry and not self.token:
                self.token, self.dcid = self.retry, self.their_scid
                self.begin()
                self.put(self.first())
            elif not self.open and self.closed is None and HANDSHAKE not in self.theirs:
                self.put(self.first())
        return self.open

    def on_crypto(self, level):
        if level == INITIAL and HANDSHAKE not in self.ours:
            self.on_server_hello(self.contiguous(self.flight[INITIAL]))
        if level == HANDSHAKE and not self.open:
            self.on_server_flight(self.contiguous(self.flight[HANDSHAKE]))

    def on_server_hello(self, octets):
        if not split(octets):
            return
        hello = split(octets)[0]
        at = hello.index(b'\0\x33\0\x24\0\x1d\0\x20') + 8
        self.schedule = Schedule(self.private.exchange(X25519PublicKey.from_public_bytes(hello[at:at + 32])))
        self.messages += hello
        self.dcid = self.their_scid
        self.traffic(self.schedule.handshake, (b'c hs traffic', b's hs traffic'), self.messages, HANDSHAKE, (0, 1))

    def on_server_flight(self, octets):
        flight = split(octets)
        if not flight or flight[-1][0] != 20:
            return
        self.messages += b''.join(flight)
        self.traffic(self.schedule.master, (b'c ap traffic', b's ap traffic'), self.messages, APP, (0, 1))
        self.open = True
        self.put(self.packet(HANDSHAKE, self.acknowledgement(HANDSHAKE) + crypto(finished(self.ours[HANDSHAKE], self.messages))))

    def ask(self, wire, number=0, seconds=2, sock=None):
        """The answer to @wire, whose ID is set to 0, in stream @number; None for none."""
        self.send(stream(number, sized(b'\0\0' + wire[2:])), sock=sock)
        self.listen(seconds, lambda: self.answer(number) is not None or self.closed is not None, sock)
        if self.heard[APP]:
            self.send(self.acknowledgement(), sock=sock)
        return self.answer(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Server(End):
    """One connection of a client: give it datagrams by receive(), and send what it returns."""

    def __init__(self, pem, key, parameters=None, alpn=b'doq'):
        super().__init__(parameters)
        with open(pem, 'rb') as f:
            self.certificate = [x509.load_pem_x509_certificate(f.read())]
        with open(key, 'rb') as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.alpn, self.original, self.retried = alpn, None, None

    def on_initial(self, datagram):
        if self.original is None:
            self.original = datagram[6:6 + datagram[5]]
            self.theirs[INITIAL], self.ours[INITIAL] = initial_keys(self.original)
            self.dcid = self.their_scid

    def on_crypto(self, level):
        self.wanted = True
        if level == HANDSHAKE and split(self.contiguous(self.flight[HANDSHAKE])):
            self.open = True

    def receive(self, datagram):
        """Frames of the client; what is to be sent during the handshake stands in self.replies."""
        self.wanted, self.replies, was_open = False, [], self.open
        found = self.take(datagram)
        if self.wanted and HANDSHAKE not in self.ours and split(self.contiguous(self.flight[INITIAL])):
            self.replies = self.flight_of(split(self.contiguous(self.flight[INITIAL]))[0])
        elif self.open and not was_open:
            self.replies = [self.packet(APP, bytes([DONE]))]
        return found

    def flight_of(self, hello):
        at = hello.index(b'\0\x1d\0\x20') + 4
        private = X25519PrivateKey.generate()
        schedule = Schedule(private.exchange(X25519PublicKey.from_public_bytes(hello[at:at + 32])))
        ours = raw(private)
        session = sized(hello[39:39 + hello[38]], 1)
        answer = message(2, b'\3\3' + os.urandom(32) + session + b'\x13\1\0' + sized(
            extension(43, b'\3\4') + extension(51, b'\0\x1d' + sized(ours))))
        self.messages = hello + answer
        self.traffic(schedule.handshake, (b'c hs traffic', b's hs traffic'), self.messages, HANDSHAKE, (1, 0))
        parameters = self.encoded_parameters({0: self.retried[0], 0x10: self.retried[1]} if self.retried else {0: self.original})
        chain = b''.join(sized(c.public_bytes(serialization.Encoding.DER), 3) + b'\0\0' for c in self.certificate)
        flight = message(8, sized(extension(16, sized(sized(self.alpn, 1))) + extension(57, parameters)))
        flight += message(11, b'\0' + sized(chain, 3))
        flight += self.proof(self.messages + flight)
        flight += finished(self.ours[HANDSHAKE], self.messages + flight)
        self.messages += flight
        self.traffic(schedule.master, (b'c ap traffic', b's ap traffic'), self.messages, APP, (1, 0))
        first = self.packet(INITIAL, ack(0) + crypto(answer))
        parts = [flight[i:i + 1000] for i in range(0, len(flight), 1000)]
        packets = [self.packet(HANDSHAKE, crypto(part, 1000 * i)) for i, part in enumerate(parts)]
        return [first + bytes(max(0, 1200 - len(first)))] + packets

    def proof(self, transcript):
        octets = b' ' * 64 + b'TLS 1.3, server CertificateVerify\0' + hashlib.sha256(transcript).digest()
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return message(15, b'\4\3' + sized(self.key.sign(octets, ec.ECDSA(hashes.SHA256()))))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
        return message(15, b'\x08\4' + sized(self.key.sign(octets, pss, hashes.SHA256())))


def retry(hello, scid, token):
    """A Retry for the client's first datagram."""
    destination = hello[6:6 + hello[5]]
    at = 6 + hello[5]
    packet = b'\xf0' + struct.pack('!I', 1) + hello[at:at + 1 + hello[at]] + sized(scid, 1) + token
    return packet + AESGCM(RETRY_KEY).encrypt(RETRY_NONCE, b'', sized(destination, 1) + packet)
