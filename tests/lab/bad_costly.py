"""Signed zones of `crypt` that are dear to validate: KeyTrap and its relatives, NSEC3 by the thousand hashes."""
import hashlib
import struct

import signer
import wire
from signer import P256, P384, ZONE, Key
from signing import DNSKEY, NSEC, NSEC3, TLD_NAME, Set, Signed

KEYS, SIGNATURES = 60, 100


def noise(seed, length):
    return hashlib.shake_256(seed.encode()).digest(length)


class Crafted:
    """A key of which only the octets matter, not that anybody could sign with it."""

    def __init__(self, public, algorithm=P384, tag=None):
        flags = ZONE
        if tag is not None:
            flags = (tag - signer.key_tag(struct.pack('!HBB', 0, 3, algorithm) + public)) % 0xffff
        self.algorithm, self.rdata = algorithm, struct.pack('!HBB', flags, 3, algorithm) + public
        self.tag, self.usable = signer.key_tag(self.rdata), bool(flags & ZONE) and not flags & signer.REVOKE


def many_crafted(count, tag, make, algorithm=P384):
    found, number = [], 0
    while len(found) < count:
        key = Crafted(make(number), algorithm, tag)
        found += [key] if key.usable and key.tag == tag else []
        number += 1
    return found


class KeyTrap(Signed):
    """60 keys of one tag, 100 signatures of that tag over each address; the key set itself is in order."""
    trap_tag, trap_algorithm = 12345, P384
    good_last = False         # a true signature comes after the others

    def trap_keys(self):
        return list(signer.collide(range(KEYS), self.trap_tag, self.name))

    def build(self):
        self.trap = self.trap_keys()
        self.keys += self.trap
        super().build()

    def bad_signatures(self, s):
        size = 96 if self.trap_algorithm == P384 else 64
        return [self.signature(s, tag=self.trap_tag, algorithm=self.trap_algorithm, octets=noise(f'{s.owner}/{i}', size))
                for i in range(SIGNATURES)]

    def is_trapped(self, s):
        return s.type in (wire.A, wire.TXT)

    def sign(self, reply):
        super().sign(reply)
        for s in reply.answer:
            if self.is_trapped(s) and not s.owner.startswith('ns.'):
                s.sigs = self.bad_signatures(s) + (s.sigs if self.good_last else [])

    def respond(self, name, rtype, reply):
        if rtype == wire.A and not name.startswith('ns.'):      # every name is there, each a new trap
            reply.answer.append(Set(name, wire.A, [b'\xc0\0\2\1']))
        else:
            super().respond(name, rtype, reply)


class BadKeys(KeyTrap):
    """The same with keys that are none: no point of the curve."""

    def trap_keys(self):
        return many_crafted(KEYS, self.trap_tag, lambda i: noise(f'point/{i}', 96))


class DsTrap(KeyTrap):
    """All keys collide, and as many DS ask for each of them; nothing signs the key set but noise."""

    def build(self):
        self.trap = self.trap_keys()
        self.keys = self.trap
        Signed.build(self)

    def ds(self):
        self.ready()
        return [k.ds(self.name) for k in self.trap]

    def is_trapped(self, s):
        return s.type == DNSKEY


class HashTrap(Signed):
    """700 keys of one tag and 1000 DS of it that match none: nothing but digests to be made."""
    trap_tag, ds_n, keys_n = 23456, 1000, 700

    def build(self):
        self.keys += many_crafted(self.keys_n, self.trap_tag, lambda i: noise(f'key/{i}', 64), P256)
        super().build()

    def ds(self):
        self.ready()
        return [struct.pack('!HBB', self.trap_tag, P256, 2) + noise(f'ds/{i}', 32) for i in range(self.ds_n)]


class Padded(Signed):
    """Denials with sixty NSEC3 more than they need, each with true signatures of a slow kind."""
    denial, algorithm, extra, spoiled = 'nsec3', P384, 60, 0

    def sign(self, reply):
        super().sign(reply)
        proof = [s for s in reply.authority if s.type in (NSEC, NSEC3)]
        if not proof:
            return
        reply.authority = [s for s in reply.authority if s not in proof] + self.padding() + proof
        if self.spoiled:
            for s in reply.authority:
                s.sigs = [self.signature(s, octets=noise(f'{s.owner}/{i}', 96)) for i in range(self.spoiled)]

    def padding(self):
        if not hasattr(self, '_padding'):
            self._padding = []
            for i in range(self.extra):
                at = noise(f'hash/{i}', 20)
                s = self.nsec3_set(at, signer.step(at, 1), [wire.A])
                s.sigs = [self.signature(s)]
                self._padding.append(s)
        return self._padding


class Deep(Signed):
    """For names of as many labels as there can be."""
    denial = 'nsec3'
    there = 0                 # so many labels of x.x.x...there exist

    def is_there(self, name):
        return super().is_there(name) or (name.endswith('.there.' + self.name) and name.count('.') <= self.there)

    def make_ring(self):
        super().make_ring()
        if self.there:
            base = 'there.' + self.name
            while base.count('.') < self.there:
                base = 'x.' + base
            names = {x for _, x in self.ring} | set(self.above(base))
            self.ring = sorted((signer.nsec3_hash(x, self.iterations, self.salt), x) for x in names)
            self.hashes = [x for x, _ in self.ring]



def zones():
    found = {
        'keytrap': KeyTrap(), 'keytrapgood': KeyTrap(good_last=True), 'badkeys': BadKeys(), 'dstrap': DsTrap(),
        'hashtrap': HashTrap(), 'manysigs': Signed(algorithm=P384, tamper=many_signatures),
        'padded': Padded(), 'paddedbad': Padded(extra=30, spoiled=4), 'spoiled': Padded(extra=0, spoiled=8),
        'deep0': Deep(), 'deep50': Deep(iterations=50), 'deepsalt': Deep(iterations=50, salt=b's' * 255),
        'deepthere': Deep(iterations=50, there=100), 'deepforged': Deep(iterations=50, before=unrelated),
        'deepsaltforged': Deep(iterations=50, salt=b's' * 255, before=unrelated),
        'it51': Deep(iterations=51), 'it500': Deep(iterations=500), 'it501': Deep(iterations=501),
        'it2500': Deep(iterations=2500), 'it65535': Deep(iterations=2500, before=claim(65535)),
    }
    return {f'{name}.{TLD_NAME}': zone for name, zone in found.items()}


def many_signatures(zone, q, reply):
    """Of one good key, all wrong, over what the wildcard has."""
    for s in reply.answer:
        if s.type == wire.A and '.wild.' in s.owner:
            s.sigs = [zone.signature(s, octets=noise(f'{s.owner}/{i}', 96)) for i in range(SIGNATURES)]


def unrelated(zone, q, reply):
    """No proof is whole: whoever looks for the encloser hashes every label."""
    if any(s.type == NSEC3 for s in reply.authority):
        reply.authority = [s for s in reply.authority if s.type != NSEC3]
        for i in range(8):
            at = noise(f'{q.name}/{i}', 20)
            reply.authority.append(zone.nsec3_set(at, signer.step(at, 1 << 100), [wire.A]))


def claim(iterations):
    """So many iterations stand in the records: hashed as often or not, nobody should look."""
    def before(zone, q, reply):
        for s in reply.authority:
            if s.type == NSEC3:
                s.rdatas = [r[:2] + struct.pack('!H', iterations) + r[4:] for r in s.rdatas]
    return before
