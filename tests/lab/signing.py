"""A zone that signs every answer as it goes out, so that a misbehaviour can change any part of it.

`build()` says what stands in the zone; `respond()` makes the honest answer as sets; `before()` may change it while
it is not signed, `tamper()` afterwards. Above them all is the TLD `crypt`, whose DS stands in the root.
"""
import bisect
from dataclasses import dataclass, field

import signer
import wire
from behaviour import Send, Zone
from signer import Key, canonical

SOA, DNSKEY, NSEC, NSEC3, NXNAME = wire.SOA, 48, 47, 50, 128
UDP_MAX = 1232
TLD_NAME, TLD_ADDRESS = 'crypt', '198.18.0.2'


@dataclass
class Set:
    owner: str
    type: int
    rdatas: list
    ttl: int = 300
    made_from: str = ''       # the wildcard it was expanded from
    sigs: list = field(default_factory=list)

    def wire(self, q, zone):
        """Owners that end as the question does point there."""
        owner = wire.name(self.owner)
        if zone and (self.owner == zone or self.owner.endswith('.' + zone)) and q.name.endswith(zone):
            at = 12 + len(q.question) - 4 - len(wire.name(zone))
            owner = owner[:-len(wire.name(zone))] + (0xc000 | at).to_bytes(2, 'big')
        return [wire.rr(owner, self.type, r, self.ttl) for r in self.rdatas] + \
               [wire.rr(owner, wire.RRSIG, r, self.ttl) for r in self.sigs]


@dataclass
class Reply:
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)
    rcode: int = 0
    flags: int = wire.AA

    def sets(self):
        return self.answer + self.authority


def nothing(zone, q, reply):
    pass


class Signed(Zone):
    denial = 'nsec'           # nsec, nsec3, compact
    iterations, salt, nsec3_flags = 0, b'', 0
    algorithm = signer.P256
    before = staticmethod(nothing)
    tamper = staticmethod(nothing)
    parent = staticmethod(nothing)      # what becomes of the TLD's answers about this zone
    more = {}                 # further names: {label: {type: [rdata]}}
    secure = True             # has a DS

    # --- keys ---

    def __init__(self, **settings):
        super().__init__(**settings)
        self._sets = None

    def ready(self):
        """Keys and contents, made when first needed: the name is known by then."""
        if self._sets is None:
            self.ksk = Key(f'{self.name}/ksk', self.algorithm, signer.ZONE | signer.SEP)
            self.zsk = Key(f'{self.name}/zsk', self.algorithm, signer.ZONE)
            self.keys = [self.ksk, self.zsk]
            self._sets = {}
            self.build()
            self.chain = sorted((x for x in self._sets if not self.is_below_cut(x)), key=canonical)
            self.order = [canonical(x) for x in self.chain]
            self.make_ring()

    def ds(self):
        self.ready()
        return [self.ksk.ds(self.name)] if self.secure else []

    # --- contents ---

    def add(self, label, rtype, *rdatas):
        owner = f'{label}.{self.name}' if label and self.name else label or self.name
        self._sets.setdefault(owner, {}).setdefault(rtype, []).extend(rdatas)

    def build(self):
        self.add('', SOA, self.soa_rdata())
        self.add('', wire.NS, wire.name('ns.' + self.name))
        self.add('', DNSKEY, *[k.rdata for k in self.keys])
        for label, address in (('www', 1), ('other', 2), ('*.wild', 3), ('there.wild', 4), ('deep.ent', 5)):
            self.add(label, wire.A, bytes([192, 0, 2, address]))
        for address in self.addresses:
            self.add('ns', wire.A, bytes(int(x) for x in address.split('.')))
        self.add('alias', wire.CNAME, wire.name('www.' + self.name))
        self.add('tree', wire.DNAME, wire.name('wild.' + self.name))
        self.add('sub', wire.NS, wire.name('ns.sub.' + self.name))
        for label, sets in self.more.items():
            for rtype, rdatas in sets.items():
                self.add(label, rtype, *rdatas)

    def soa_rdata(self):
        return wire.soa(self.name)[len(wire.name(self.name)) + 10:]

    def is_cut(self, name):
        return name != self.name and wire.NS in self._sets.get(name, {})

    def cut_above(self, name):
        """The delegation at or above a name."""
        parts = name.split('.')
        for i in range(len(parts) - 1, -1, -1):
            suffix = '.'.join(parts[i:])
            if self.is_cut(suffix):
                return suffix
        return None

    def is_below_cut(self, name):
        cut = self.cut_above(name)
        return cut is not None and cut != name

    def is_there(self, name):
        return name in self._sets or any(x.endswith('.' + name) for x in self._sets)

    # --- answering ---

    def handle(self, q):
        self.ready()
        if q.name != self.name and not q.name.endswith('.' + self.name):
            return Send(q.reply(rcode=wire.REFUSED, flags=0))
        return Send(self.fitting(q, self.answer_to(q)), delay=self.delay)

    def fitting(self, q, reply):
        body = q.reply(*[[x for s in section for x in s.wire(q, self.name)]
                         for section in (reply.answer, reply.authority, reply.additional)],
                       rcode=reply.rcode, flags=reply.flags)
        if not q.tcp and len(body) > min(q.size, UDP_MAX):
            return q.reply(flags=reply.flags | wire.TC)
        return body

    def answer_to(self, q):
        reply = Reply()
        self.respond(q.name, q.type, reply)
        if self.is_right(q):
            self.sign(reply)
            return reply
        self.before(self, q, reply)
        self.sign(reply)
        self.tamper(self, q, reply)
        return reply

    def is_right(self, q):
        """Of two servers the second answers honestly."""
        return len(self.addresses) > 1 and q.local != self.addresses[0]

    def respond(self, name, rtype, reply):
        cut = self.cut_above(name)
        if cut and (rtype != wire.DS or cut != name):
            return self.refer(cut, reply)
        for owner, sets in ((x, self._sets[x]) for x in self.above(name) if x in self._sets):
            if wire.DNAME in sets and owner != name:
                return self.rewrite(owner, name, rtype, reply)
        if name in self._sets:
            return self.at(name, name, '', rtype, reply)
        if self.is_there(name):
            return self.deny_type(name, reply)
        wildcard = '*.' + self.encloser(name)
        if wildcard in self._sets:
            return self.at(wildcard, name, wildcard, rtype, reply)
        return self.deny_name(name, reply)

    def above(self, name):
        parts = name.split('.')
        return ['.'.join(parts[i:]) for i in range(len(parts) - len(self.name.split('.')), -1, -1)]

    def encloser(self, name):
        return max((x for x in self.above(name) if x != name and self.is_there(x)), key=len)

    def at(self, source, name, wildcard, rtype, reply):
        sets = self._sets[source]
        found = rtype if rtype in sets else wire.CNAME if wire.CNAME in sets else 0
        if not found:
            self.deny_type(name, reply, wildcard)
            return
        # A signer of compact denials signs what a wildcard makes as if it stood there (RFC 9824 3.3).
        made_from = '' if self.denial == 'compact' else wildcard
        reply.answer.append(Set(name, found, sets[found], made_from=made_from))
        if made_from:
            self.deny_closer(name, reply)
        if found == wire.CNAME and rtype != wire.CNAME:
            self.follow(sets[found][0], rtype, reply)

    def rewrite(self, owner, name, rtype, reply):
        rdata = self._sets[owner][wire.DNAME][0]
        target = wire.name(name[:-len(owner) - 1])[:-1] + rdata
        reply.answer += [Set(owner, wire.DNAME, [rdata]), Set(name, wire.CNAME, [target], made_from='DNAME')]
        self.follow(target, rtype, reply)

    def follow(self, target, rtype, reply):
        name = wire.read_name(target, 0)[0]
        if name.endswith('.' + self.name):
            self.respond(name, rtype, reply)

    def refer(self, cut, reply):
        sets = self._sets[cut]
        reply.flags = 0
        reply.authority.append(Set(cut, wire.NS, sets[wire.NS]))
        if wire.DS in sets:
            reply.authority.append(Set(cut, wire.DS, sets[wire.DS]))
        else:
            self.prove_type(cut, reply)
        for x in self._sets:
            if x.endswith('.' + cut) and wire.A in self._sets[x]:
                reply.additional.append(Set(x, wire.A, self._sets[x][wire.A]))

    # --- denying ---

    def deny_type(self, name, reply, wildcard=''):
        reply.authority.append(self.soa_set())
        self.prove_type(name, reply, wildcard)

    def prove_type(self, name, reply, wildcard=''):
        if self.denial == 'compact':
            types = self._sets.get(wildcard or name, {})
            self.put(reply, Set(name, NSEC, [self.compact(name, types)]))
        elif self.denial == 'nsec':
            self.put(reply, self.nsec_at(wildcard) if wildcard else self.nsec_for(name))
            if wildcard:
                self.put(reply, self.nsec_for(name))
        else:
            if wildcard:
                self.deny_closer(name, reply)
                self.put(reply, self.nsec3_for(self.encloser(name)))
            self.put(reply, self.nsec3_for(wildcard or name))

    def deny_name(self, name, reply):
        reply.authority.append(self.soa_set())
        if self.denial == 'compact':
            reply.authority.append(Set(name, NSEC, [self.compact(name, {NXNAME: []})]))
            return
        reply.rcode = wire.NXDOMAIN
        encloser = self.encloser(name)
        if self.denial == 'nsec':
            self.put(reply, self.nsec_for(name))
            self.put(reply, self.nsec_for('*.' + encloser))
        else:
            self.put(reply, self.nsec3_for(encloser))
            self.put(reply, self.nsec3_for(self.next_closer(name)))
            self.put(reply, self.nsec3_for('*.' + encloser))

    def deny_closer(self, name, reply):
        if self.denial == 'nsec':
            self.put(reply, self.nsec_for(name))
        elif self.denial == 'nsec3':
            self.put(reply, self.nsec3_for(self.next_closer(name)))

    def next_closer(self, name):
        depth = len(self.encloser(name).split('.'))
        return '.'.join(name.split('.')[-depth - 1:])

    @staticmethod
    def put(reply, s):
        if not any(x.owner == s.owner and x.type == s.type for x in reply.authority):
            reply.authority.append(s)

    def soa_set(self):
        return Set(self.name, SOA, self._sets[self.name][SOA])

    def types_of(self, name, *more):
        types = set(self._sets.get(name, {})) - {NSEC3}
        if self.is_cut(name):
            types &= {wire.NS, wire.DS}
        return types | set(more) | ({wire.RRSIG} if types - {wire.NS} or NSEC in more else set())

    def nsec_for(self, name):
        """The NSEC at a name, or that over it."""
        return self.nsec_at(self.chain[bisect.bisect_right(self.order, canonical(name)) - 1])

    def nsec_at(self, name):
        following = self.chain[(self.chain.index(name) + 1) % len(self.chain)]
        return Set(name, NSEC, [signer.nsec(following, self.types_of(name, NSEC))])

    @staticmethod
    def compact(name, types):
        return signer.nsec('\0.' + name, {wire.RRSIG, NSEC, *types})

    def make_ring(self):
        names = {x for name in self.chain for x in self.above(name)}
        self.ring = sorted((signer.nsec3_hash(x, self.iterations, self.salt), x) for x in names)
        self.hashes = [x for x, _ in self.ring]

    def nsec3_for(self, name):
        at = bisect.bisect_right(self.hashes, signer.nsec3_hash(name, self.iterations, self.salt)) - 1
        return self.nsec3_set(self.hashes[at], self.hashes[(at + 1) % len(self.hashes)],
                              self.types_of(self.ring[at][1]))

    def nsec3_set(self, owner, following, types):
        return Set(f'{signer.base32hex(owner)}.{self.name}', NSEC3,
                   [signer.nsec3(following, types, self.iterations, self.salt, self.nsec3_flags)])

    # --- signing ---

    def sign(self, reply):
        for s in reply.sets():
            if s.made_from != 'DNAME' and not s.sigs and not (s.type == wire.NS and self.is_cut(s.owner)):
                s.sigs = [self.signature(s)]

    def signature(self, s, key=None, **wrong):
        if s.made_from:
            wrong.setdefault('labels', signer.label_count(s.made_from))
        return signer.rrsig(key or (self.ksk if s.type == DNSKEY else self.zsk), self.name, s.owner, s.type,
                            s.rdatas, s.ttl, **wrong)


class SignedTLD(Signed):
    """`crypt`: delegates to its zones with their DS, and lets each of them change what is said of it."""
    addresses_from = 101      # 198.18.N.x, N for the first server of each zone, N + 1 for the second

    def __init__(self, zones):
        super().__init__()
        self.name, self.addresses, self.zones = TLD_NAME, [TLD_ADDRESS], zones
        self.own_addresses, self.by_address = {TLD_ADDRESS}, {}
        for number, (name, zone) in enumerate(sorted(zones.items())):
            zone.name, zone.tld = name, self
            zone.addresses = [f'198.18.{self.addresses_from + i}.{number + 1}' for i in range(zone.servers)]
            self.by_address.update({x: zone for x in zone.addresses})

    def build(self):
        self.add('', SOA, self.soa_rdata())
        self.add('', wire.NS, wire.name('ns.' + self.name))
        self.add('', DNSKEY, *[k.rdata for k in self.keys])
        self.add('ns', wire.A, bytes(int(x) for x in TLD_ADDRESS.split('.')))
        for name, zone in self.zones.items():
            label = name[:-len(self.name) - 1]
            self.add(label, wire.NS, wire.name('ns.' + name))
            for x in zone.addresses:
                self.add('ns.' + label, wire.A, bytes(int(n) for n in x.split('.')))
            ds = zone.ds() if isinstance(zone, Signed) else []
            if ds:
                self.add(label, wire.DS, *ds)

    def answer_to(self, q):
        reply = super().answer_to(q)
        zone = self.zones.get(self.cut_above(q.name))
        if isinstance(zone, Signed):
            zone.parent(zone, q, reply)
        return reply


def root_lines():
    """What the root says of the TLD."""
    ds = Key(f'{TLD_NAME}/ksk').ds(TLD_NAME)
    return [f'{TLD_NAME}. 172800 IN NS ns.{TLD_NAME}.', f'ns.{TLD_NAME}. 172800 IN A {TLD_ADDRESS}',
            f'{TLD_NAME}. 86400 IN DS {int.from_bytes(ds[:2], "big")} {ds[2]} {ds[3]} {ds[4:].hex()}']
