"""A zone of the random world: what stands in it, what it says to a question (RFC 1034 4.3.2, 4592, 6672), and how it
signs and denies that (RFC 4034, 4035, 5155)."""
import bisect
import struct
from dataclasses import dataclass

import signer
from names import (A, AAAA, ANY, CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, RRSIG, SOA, canonical, is_below,
                   join, label_count, octets, parent, path)

START_S = 1800000000        # when every world begins
HOUR_S = 3600


@dataclass(frozen=True)
class Found:
    """What a zone has for a question."""
    kind: str               # answer any cname dname nodata nxdomain referral
    name: str               # as asked
    source: str = ''        # the owner in the zone: the name, a wildcard, a DNAME above, a zone cut
    encloser: str = ''      # of a wildcard, or of what does not exist
    target: str = ''        # of an alias

    @property
    def is_wild(self):
        return self.kind in ('answer', 'any', 'cname', 'nodata') and self.source != self.name


class Reply:
    """An answer in the making; `used` is what was sent: (zone, owner in the zone, type)."""

    def __init__(self, do):
        self.do, self.rcode, self.aa, self.ad = do, 0, True, False
        self.answer, self.authority, self.additional, self.used = [], [], [], []


class Zone:
    def __init__(self, name, clock):
        self.name, self.clock = name, clock
        self.above = None           # the zone that delegates to it, by name
        self.nodes = {}             # owner -> {type: (TTL, [rdata])}
        self.hosts = []             # names of its servers
        self.signed, self.has_ds, self.nsec3, self.opt_out = False, False, False, False
        self.iterations, self.salt = 0, b''
        self.ksk = self.zsk = None
        self.negative_ttl = 5       # of NSEC and NSEC3
        self.validity_s = 1000 * HOUR_S
        self.odd = False            # a CNAME beside the SOA
        self.broken = set()         # owners whose signatures are wrong
        self.broken_ds = set()      # children, of whose DS alone they are
        self.forgets_keys = False   # the apex's NSEC or NSEC3 has no bit for DNSKEY
        self.sent = {}              # (owner, type) -> when it was last told
        self.signatures = {}
        self.issued = {}            # (owner, type, RRSIG rdata) -> (rdatas, TTL, expiration)

    def copy(self):
        """The same zone, to be changed. What was sent of it and signed before stays known to both."""
        new = Zone(self.name, self.clock)
        new.__dict__.update(self.__dict__)
        new.nodes = {owner: dict(sets) for owner, sets in self.nodes.items()}
        new.sent, new.signatures, new.broken = dict(self.sent), {}, set(self.broken)
        return new

    def longest_ttl(self):
        """What may be in a cache is forgotten after this; but delegations and glue say nothing to clients."""
        return max(self.negative_ttl, *(ttl for owner, sets in self.nodes.items() if owner in self.exists
                                        for rtype, (ttl, _) in sets.items() if not (rtype == NS and self.is_cut(owner))))

    def add(self, owner, rtype, ttl, *rdatas):
        old = self.nodes.setdefault(owner, {}).get(rtype, (ttl, []))
        self.nodes[owner][rtype] = (old[0], old[1] + [r for r in rdatas if r not in old[1]])

    # --- what exists ---

    def is_occluded(self, owner):
        """Below a zone cut or a DNAME."""
        return any(x != owner and x in self.nodes and (DNAME in self.nodes[x] or self.is_cut(x))
                   for x in path(owner, self.name))

    def is_cut(self, owner):
        return owner != self.name and NS in self.nodes.get(owner, ())

    def finish(self):
        """After the last add()."""
        there = [x for x in self.nodes if not self.is_occluded(x)]
        self.exists = {x for owner in there for x in path(owner, self.name)}
        if self.signed and not self.nsec3:
            self.chain = sorted(there, key=canonical)
            self.order = [canonical(x) for x in self.chain]
        elif self.signed:
            hashed = [x for x in self.exists if not (self.opt_out and self.is_cut(x) and DS not in self.nodes[x])]
            self.by_hash = {self.hash(x): x for x in hashed}
            self.order = sorted(self.by_hash)

    def hash(self, name):
        return signer.nsec3_hash(name, self.iterations, self.salt)

    # --- looking up ---

    def lookup(self, name, rtype):
        for owner in path(name, self.name):
            sets = self.nodes.get(owner)
            if sets is None:
                continue
            if self.is_cut(owner) and not (owner == name and rtype == DS):
                return Found('referral', name, owner)
            if DNAME in sets and owner != name:
                rest = name[:-len(owner) - 1] if owner else name
                return Found('dname', name, owner, target=join(rest, read_target(sets[DNAME][1][0])))
        if name in self.exists:
            return self.at(name, name, rtype, name)
        encloser = self.encloser(name)
        wildcard = join('*', encloser)
        if wildcard in self.exists:
            return self.at(wildcard, name, rtype, encloser)
        return Found('nxdomain', name, encloser=encloser)

    def encloser(self, name):
        while name not in self.exists:
            name = parent(name)
        return name

    def at(self, source, name, rtype, encloser):
        sets = self.nodes.get(source, {})
        if rtype in sets or (rtype == NSEC and sets and self.signed and not self.nsec3):
            return Found('answer', name, source, encloser)
        if rtype == ANY and sets:
            return Found('any', name, source, encloser)
        if CNAME in sets and rtype != ANY:
            return Found('cname', name, source, encloser, read_target(sets[CNAME][1][0]))
        return Found('nodata', name, source, encloser)

    def set_of(self, owner, rtype):
        if rtype == NSEC:
            return self.negative_ttl, [self.nsec(owner)]
        return self.nodes[owner][rtype]

    def types_at(self, owner):
        return self.nodes[owner].keys()

    # --- saying it ---

    def put(self, reply, section, name, source, rtype):
        """The set of @source under @name, and its signature."""
        ttl, rdatas = self.set_of(source, rtype)
        self.put_set(reply, section, name, source, rtype, ttl, rdatas)

    def put_set(self, reply, section, name, source, rtype, ttl, rdatas):
        if any(r[0] == name and r[1] == rtype for r in section):
            return
        section += [(name, rtype, ttl, r) for r in rdatas]
        reply.used.append((self, source if self.signed else name, rtype))
        if reply.do and self.signed and not (rtype == NS and self.is_cut(source)):
            section.append((name, RRSIG, ttl, self.sign(source, rtype, ttl, rdatas)))

    def say(self, reply, found, rtype):
        """One link of an answer, with its proof."""
        if found.kind in ('answer', 'any', 'cname'):
            types = {'answer': [rtype], 'cname': [CNAME], 'any': self.nodes.get(found.source, ())}[found.kind]
            for t in types:
                self.put(reply, reply.answer, found.name, found.source, t)
            if found.is_wild:
                self.deny(reply, found)
            elif rtype == NS and found.kind == 'answer':
                self.put_addresses(reply, found.source)
        elif found.kind == 'dname':
            self.put(reply, reply.answer, found.source, found.source, DNAME)
            reply.answer.append((found.name, CNAME, self.nodes[found.source][DNAME][0], octets(found.target)))
        elif found.kind in ('nodata', 'nxdomain'):
            reply.rcode = 3 if found.kind == 'nxdomain' else 0
            self.put_soa(reply)
            self.deny(reply, found)

    def put_soa(self, reply):
        ttl, rdatas = self.nodes[self.name][SOA]
        minimum = int.from_bytes(rdatas[0][-4:], 'big')
        if any(r[1] == SOA for r in reply.authority):
            return
        reply.authority.append((self.name, SOA, min(ttl, minimum), rdatas[0]))
        reply.used.append((self, self.name, SOA))
        if reply.do and self.signed:
            reply.authority.append((self.name, RRSIG, min(ttl, minimum), self.sign(self.name, SOA, ttl, rdatas)))

    def refer(self, reply, cut):
        reply.aa = False
        reply.authority += [(cut, NS, self.nodes[cut][NS][0], r) for r in self.nodes[cut][NS][1]]
        if DS in self.nodes[cut]:
            self.put(reply, reply.authority, cut, cut, DS)
        else:
            self.deny(reply, Found('nodata', cut, cut, cut))
        self.put_addresses(reply, cut)

    def put_addresses(self, reply, cut):
        """Those of the name servers that stand in this zone."""
        for rdata in self.nodes[cut][NS][1]:
            host = read_target(rdata)
            for t in (A, AAAA):
                if is_below(host, self.name) and t in self.nodes.get(host, ()):
                    reply.additional += [(host, t, self.nodes[host][t][0], r) for r in self.nodes[host][t][1]]

    # --- signing ---

    def sign(self, owner, rtype, ttl, rdatas):
        """The zone signs anew when half of a signature's time is over."""
        half = self.validity_s // 2
        turn = (self.clock.now - START_S) // half
        key = owner, rtype, turn
        if key not in self.signatures:
            key_used = self.ksk if rtype == DNSKEY else self.zsk
            expiration = START_S + turn * half + self.validity_s
            labels = label_count(owner) - (owner.split('.')[0] == '*')
            head = struct.pack('!HBBIIIH', rtype, key_used.algorithm, labels, ttl, expiration,
                               START_S + turn * half - HOUR_S, key_used.tag) + octets(self.name)
            fixed = octets(owner) + struct.pack('!HHI', rtype, 1, ttl)
            body = b''.join(fixed + struct.pack('!H', len(r)) + r for r in sorted(rdatas))
            made = key_used.sign(head + body)
            if (owner in self.broken and rtype not in (DNSKEY, NSEC, NSEC3)) or (rtype == DS and owner in self.broken_ds):
                made = bytes([made[0] ^ 1]) + made[1:]
            self.signatures[key] = head + made
            self.issued[owner, rtype, head + made] = (frozenset(rdatas), ttl, expiration)
        return self.signatures[key]

    # --- denial ---

    def deny(self, reply, found):
        if reply.do and self.signed:
            (self.deny_nsec3 if self.nsec3 else self.deny_nsec)(reply, found)

    def deny_nsec(self, reply, found):
        owners = []
        if found.kind == 'nxdomain':
            owners = [found.name, join('*', found.encloser)]
        elif found.is_wild:
            owners = [found.name] + ([found.source] if found.kind == 'nodata' else [])
        else:
            owners = [found.name]
        for owner in owners:
            at = self.chain[bisect.bisect_right(self.order, canonical(owner)) - 1]
            self.put_set(reply, reply.authority, at, at, NSEC, self.negative_ttl, [self.nsec(at)])

    def nsec(self, owner):
        at = self.chain.index(owner)
        return signer.nsec(self.chain[(at + 1) % len(self.chain)], {*self.denied_at(owner), RRSIG, NSEC})

    def denied_at(self, owner):
        """What its NSEC or NSEC3 says to be there."""
        types = set(self.nodes.get(owner, ()))
        return types - {DNSKEY} if self.forgets_keys and owner == self.name else types

    def deny_nsec3(self, reply, found):
        if found.kind == 'nxdomain':
            self.put_closest(reply, found)
            self.put_nsec3(reply, join('*', found.encloser))
        elif found.is_wild:
            if found.kind == 'nodata':
                self.put_closest(reply, found)
                self.put_nsec3(reply, found.source)
            else:
                self.put_nsec3(reply, next_closer(found.name, found.encloser))
        elif self.hash(found.name) in self.by_hash:
            self.put_nsec3(reply, found.name)
        else:       # a delegation that opt-out leaves out
            encloser = parent(found.name)
            while self.hash(encloser) not in self.by_hash:
                encloser = parent(encloser)
            self.put_closest(reply, Found('nxdomain', found.name, encloser=encloser))

    def put_closest(self, reply, found):
        self.put_nsec3(reply, found.encloser)
        self.put_nsec3(reply, next_closer(found.name, found.encloser))

    def put_nsec3(self, reply, name):
        """The record that matches or covers a name."""
        at = bisect.bisect_right(self.order, self.hash(name)) - 1
        here, behind = self.order[at], self.order[(at + 1) % len(self.order)]
        source = self.by_hash[here]
        types = self.denied_at(source)
        if types and not (self.is_cut(source) and DS not in types):
            types.add(RRSIG)
        owner = join(signer.base32hex(here), self.name)
        rdata = signer.nsec3(behind, types, self.iterations, self.salt, int(self.opt_out))
        self.put_set(reply, reply.authority, owner, owner, NSEC3, self.negative_ttl, [rdata])

    def is_spanned(self, found):
        """Its proof needs a record that opt-out leaves open: such an answer is not secure (RFC 5155 9.2)."""
        if not (self.signed and self.opt_out):
            return False
        if found.kind == 'nxdomain' or found.is_wild:
            return True
        return found.kind == 'nodata' and self.hash(found.name) not in self.by_hash


def next_closer(name, encloser):
    return path(name, encloser)[1]


def read_target(rdata):
    labels, at = [], 0
    while rdata[at]:
        labels.append(rdata[at + 1:at + 1 + rdata[at]].decode('latin-1'))
        at += 1 + rdata[at]
    return '.'.join(labels)
