"""DNSSEC by hand: keys that are the same every time; RRSIG, NSEC and NSEC3 rdata, right or wrong as told."""
import base64
import hashlib
import struct
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import wire

P256, P384, ED25519, ED448 = 13, 14, 15, 16
ALGORITHMS = {'ECDSAP256SHA256': P256, 'ECDSAP384SHA384': P384, 'ED25519': ED25519, 'ED448': ED448}
CURVES = {P256: (ec.SECP256R1(), hashes.SHA256(), 32), P384: (ec.SECP384R1(), hashes.SHA384(), 48)}
ZONE, REVOKE, SEP = 0x100, 0x80, 1
SHA1, SHA256, SHA384 = 1, 2, 4
DIGESTS = {SHA1: hashlib.sha1, SHA256: hashlib.sha256, SHA384: hashlib.sha384}
HOUR, DAY = 3600, 86400


def key_tag(rdata):
    total = sum(x << 8 if i % 2 == 0 else x for i, x in enumerate(rdata))
    return (total + (total >> 16)) & 0xffff


class Key:
    """A key out of a seed; `flags` may hold unassigned bits, which is how tags are made to collide."""

    def __init__(self, seed, algorithm=P256, flags=ZONE | SEP, protocol=3):
        self.algorithm, self.flags, self.protocol = algorithm, flags, protocol
        octets = hashlib.shake_256(seed.encode()).digest(57)
        if algorithm in CURVES:
            curve, self.hash, self.size = CURVES[algorithm]
            self.private = ec.derive_private_key(int.from_bytes(octets[:self.size - 1], 'big'), curve)
            self.public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
        else:
            kind, size = (ed25519.Ed25519PrivateKey, 32) if algorithm == ED25519 else (ed448.Ed448PrivateKey, 57)
            self.private = kind.from_private_bytes(octets[:size])
            self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def rdata(self):
        return struct.pack('!HBB', self.flags, self.protocol, self.algorithm) + self.public

    @property
    def tag(self):
        return key_tag(self.rdata)

    def ds(self, owner, digest=SHA256, algorithm=None, tag=None):
        made = DIGESTS.get(digest, hashlib.sha256)(wire.name(owner.lower()) + self.rdata).digest()
        return struct.pack('!HBB', self.tag if tag is None else tag, algorithm or self.algorithm, digest) + made

    def sign(self, data):
        if self.algorithm not in CURVES:
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(self.hash)))
        return r.to_bytes(self.size, 'big') + s.to_bytes(self.size, 'big')

    def private_octets(self):
        if self.algorithm in CURVES:
            return self.private.private_numbers().private_value.to_bytes(self.size, 'big')
        return self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def write(self, directory, zone, mnemonic):
        """As dnssec-keygen would; returns the files' name without its ending."""
        zone = (zone or '') + '.'
        stem = f'{directory}/K{zone}+{self.algorithm:03}+{self.tag:05}'
        at = time.strftime('%Y%m%d%H%M%S', time.gmtime(time.time() - HOUR))
        with open(stem + '.key', 'w') as f:
            f.write(f'{zone} 3600 IN DNSKEY {self.flags} 3 {self.algorithm} {base64.b64encode(self.public).decode()}\n')
        with open(stem + '.private', 'w') as f:
            f.write(f'Private-key-format: v1.3\nAlgorithm: {self.algorithm} ({mnemonic})\n'
                    f'PrivateKey: {base64.b64encode(self.private_octets()).decode()}\n'
                    f'Created: {at}\nPublish: {at}\nActivate: {at}\n')
        return stem


def collide(keys, tag, seed):
    """Keys of one tag, out of flags that mean nothing: as many as the iterator @keys gives names for."""
    for number in keys:
        attempt = 0
        while True:
            key = Key(f'{seed}/{number}/{attempt}', P384, 0)
            flags = (tag - key_tag(key.rdata)) % 0xffff
            key.flags = flags
            if flags & ZONE and not flags & REVOKE and key.tag == tag:
                yield key
                break
            attempt += 1


# --- signatures --------------------------------------------------------------

def canonical(name):
    """What names are ordered by (RFC 4034 6.1)."""
    return [x.encode('latin-1') for x in reversed(name.lower().split('.'))] if name else []


def label_count(name):
    labels = [x for x in name.split('.') if x]
    return len(labels) - (labels[:1] == ['*'])


def rrsig(key, zone, owner, rtype, rdatas, ttl=300, **wrong):
    """The rdata of a signature; @wrong overrides what stands in it (`signer`, `labels`, `tag`, `inception` and
    `expiration` in seconds from now, `algorithm`) or spoils it (`octets`: in place of the true ones)."""
    now = int(time.time())
    labels = wrong.get('labels', label_count(owner))
    signer = wrong.get('signer', zone)
    head = struct.pack('!HBBIIIH', rtype, wrong.get('algorithm', key.algorithm), labels, ttl,
                       now + wrong.get('expiration', 100 * HOUR), now + wrong.get('inception', -HOUR),
                       wrong.get('tag', key.tag)) + wire.name(signer.lower())
    if 'octets' in wrong:
        return head + wrong['octets']
    parts = [x for x in owner.lower().split('.') if x]
    if labels < len(parts):
        parts = ['*'] + parts[len(parts) - labels:]
    fixed = wire.name('.'.join(parts)) + struct.pack('!HHI', rtype, 1, ttl)
    body = b''.join(fixed + struct.pack('!H', len(r)) + r for r in sorted(set(rdatas)))
    return head + key.sign(head + body)


# --- denial ------------------------------------------------------------------

def bitmap(types):
    windows = {}
    for t in sorted(types):
        windows.setdefault(t >> 8, bytearray(32))[(t & 255) >> 3] |= 0x80 >> (t & 7)
    return b''.join(bytes([w, len(bits.rstrip(b'\0'))]) + bits.rstrip(b'\0') for w, bits in sorted(windows.items()))


def nsec(next_name, types):
    return wire.name(next_name) + bitmap(types)


def nsec3_hash(name, iterations, salt=b''):
    found = hashlib.sha1(wire.name(name.lower()) + salt).digest()
    for _ in range(iterations):
        found = hashlib.sha1(found + salt).digest()
    return found


def base32hex(octets):
    return base64.b32encode(octets).decode().translate(
        str.maketrans('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', '0123456789abcdefghijklmnopqrstuv'))


def nsec3(next_hash, types, iterations, salt=b'', flags=0):
    return struct.pack('!BBHB', 1, flags, iterations, len(salt)) + salt + bytes([len(next_hash)]) + next_hash + \
        bitmap(types)


def step(octets, by):
    """The hash that comes @by after."""
    return ((int.from_bytes(octets, 'big') + by) % (1 << 160)).to_bytes(20, 'big')
