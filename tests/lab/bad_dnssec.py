"""Every way to sign a zone wrongly, or to lie about a signed one. Each zone of `crypt` is named after what it does."""
import signer
import wire
from signer import DAY, HOUR, REVOKE, SEP, SHA1, SHA256, ZONE, Key
from signing import DNSKEY, NSEC, NSEC3, SOA, TLD_NAME, Set, Signed

UNKNOWN_ALGORITHM, UNKNOWN_DIGEST = 200, 200


def is_www(q):
    return q.name.startswith('www.') and q.type == wire.A


# --- signatures over the data -------------------------------------------------

def signed_as(**wrong):
    """The address of www is signed, but so."""
    def tamper(zone, q, reply):
        for s in reply.answer:
            if s.owner.startswith('www.'):
                s.sigs = [zone.signature(s, **wrong)]
    return tamper


def resigned(ttl):
    """The signature is for a lower TTL than the records have."""
    def tamper(zone, q, reply):
        for s in reply.answer:
            s.sigs = [signer.rrsig(zone.zsk if s.type != DNSKEY else zone.ksk, zone.name, s.owner, s.type, s.rdatas, ttl)]
            s.ttl = 7200
    return tamper


def other_key(zone, q, reply):
    """Of a key that nobody has published, with the published one's tag."""
    key = Key(f'{zone.name}/other', zone.algorithm, ZONE)
    for s in reply.answer:
        if s.owner.startswith('www.'):
            s.sigs = [zone.signature(s, key, tag=zone.zsk.tag)]


def unpublished_key(zone, q, reply):
    for s in reply.answer:
        if s.owner.startswith('www.'):
            s.sigs = [zone.signature(s, Key(f'{zone.name}/other', zone.algorithm, ZONE))]


def changed(zone, q, reply):
    for s in reply.answer:
        if s.owner.startswith('www.') and s.type == wire.A:
            s.rdatas = [b'\6\6\6\6']


def added(zone, q, reply):
    for s in reply.answer:
        if s.owner.startswith('www.') and s.type == wire.A:
            s.rdatas = s.rdatas + [b'\6\6\6\6']


def stripped(zone, q, reply):
    for s in reply.answer:
        if s.owner.startswith('www.'):
            s.sigs = []


def parents_signature(zone, q, reply):
    """The TLD signs what is not its own."""
    for s in reply.answer:
        if s.owner.startswith('www.'):
            s.sigs = [signer.rrsig(zone.tld.zsk, TLD_NAME, s.owner, s.type, s.rdatas, s.ttl)]


def beside(**wrong):
    """A useless signature before the good one."""
    def tamper(zone, q, reply):
        for s in reply.answer:
            if s.owner.startswith('www.'):
                s.sigs = [zone.signature(s, **wrong), *s.sigs]
    return tamper


def unsigned_alias(zone, q, reply):
    for s in reply.answer:
        if s.type in (wire.CNAME, wire.DNAME):
            s.sigs = []


# --- denials ------------------------------------------------------------------

def no_proof(zone, q, reply):
    reply.authority = [s for s in reply.authority if s.type not in (NSEC, NSEC3)]


def proof_without_signature(zone, q, reply):
    for s in reply.authority:
        if s.type in (NSEC, NSEC3):
            s.sigs = []


def soa_without_signature(zone, q, reply):
    for s in reply.authority:
        if s.type == SOA:
            s.sigs = []


def proof_of(label):
    """The signed record of another name, whatever was denied."""
    def before(zone, q, reply):
        if any(s.type in (NSEC, NSEC3) for s in reply.authority):
            record = zone.nsec_for if zone.denial == 'nsec' else zone.nsec3_for
            reply.authority = [s for s in reply.authority if s.type not in (NSEC, NSEC3)]
            reply.authority.append(record(f'{label}.{zone.name}' if label else zone.name))
    return before


def denies_all(zone, q, reply):
    """NXDOMAIN for names that are there, with the true records of the zone."""
    if q.name.startswith('www.'):
        reply.answer, reply.authority, reply.rcode = [], [zone.soa_set()], wire.NXDOMAIN
        record = zone.nsec_for if zone.denial == 'nsec' else zone.nsec3_for
        for name in (q.name, '*.' + zone.name, zone.name):
            zone.put(reply, record(name))


def denies_type(zone, q, reply):
    """NODATA for an address that is there."""
    if is_www(q):
        reply.answer, reply.authority = [], []
        zone.deny_type(q.name, reply)


def nsec_to(target):
    """An NSEC whose range ends outside the zone."""
    def before(zone, q, reply):
        for s in reply.authority:
            if s.type == NSEC:
                s.rdatas = [signer.nsec(target, zone.types_of(s.owner, NSEC))]
    return before


def ancestor(zone, q, reply):
    """The parent's NSEC at the cut, as if it spoke for the zone below it (CVE-2018-1000002)."""
    if q.name == zone.name and q.type in (DNSKEY, wire.NS, SOA) or q.name.startswith('ns.'):
        return
    s = zone.tld.nsec_at(zone.name)
    s.sigs = [zone.tld.signature(s)]
    soa = zone.soa_set()
    soa.sigs = [zone.signature(soa)]
    reply.answer, reply.authority = [], [soa, s]
    reply.rcode = 0 if q.name == zone.name else wire.NXDOMAIN


def wildcard_nsec(zone, q, reply):
    """An NSEC that a wildcard made, under a name of the attacker's choice (CVE-2017-15105)."""
    if is_www(q):
        source = Set('*.wild.' + zone.name, NSEC, zone.nsec_at('*.wild.' + zone.name).rdatas)
        s = Set('www.wild.' + zone.name, NSEC, source.rdatas, sigs=[zone.signature(source)])
        soa = zone.soa_set()
        soa.sigs = [zone.signature(soa)]
        reply.answer, reply.authority = [], [soa, s]


def unknown_nsec3(at, value):
    """NSEC3 with a hash algorithm or flags that nobody knows."""
    def before(zone, q, reply):
        for s in reply.authority:
            if s.type == NSEC3:
                s.rdatas = [r[:at] + bytes([value]) + r[at + 1:] for r in s.rdatas]
    return before


def other_ring(zone, q, reply):
    """Records of two rings, as in the middle of a change of parameters: no proof is whole in either."""
    for s in [s for s in reply.authority if s.type == NSEC3][1:]:
        s.rdatas = [r[:2] + b'\0\1' + r[4:] for r in s.rdatas]


def padded(signed):
    """Five records that deny something else stand before the right ones; signed, or forged."""
    def tamper(zone, q, reply):
        if any(s.type == NSEC3 for s in reply.authority):
            more = [zone.nsec3_set(bytes([i]) * 20, bytes([i]) * 19 + b'\xff', [wire.A]) for i in range(1, 6)]
            for s in more:
                s.sigs = [zone.signature(s)] if signed else [zone.signature(s, octets=bytes(64))]
            reply.authority = more + reply.authority
    return tamper


# --- wildcards ----------------------------------------------------------------

def replayed(label, proof=None):
    """What the wildcard says, for @label, with the proof of @proof or none."""
    def before(zone, q, reply):
        if q.name == f'{label}.{zone.name}' and q.type == wire.A:
            wildcard = '*.wild.' + zone.name
            reply.rcode, reply.authority = 0, []
            reply.answer = [Set(q.name, wire.A, zone._sets[wildcard][wire.A], made_from=wildcard)]
            if proof is not None:
                record = zone.nsec_for if zone.denial == 'nsec' else zone.nsec3_for
                reply.authority = [record(f'{proof}.{zone.name}')]
    return before


# --- keys and delegations -----------------------------------------------------

class Keys(Signed):
    """`flags` and `protocol` of either key, and who signs the key set."""
    ksk_flags, zsk_flags, protocol, keys_signed_by = ZONE | SEP, ZONE, 3, 'ksk'

    def build(self):
        self.ksk.flags, self.zsk.flags, self.zsk.protocol = self.ksk_flags, self.zsk_flags, self.protocol
        super().build()

    def ds(self):
        self.ready()
        return [self.ksk.ds(self.name)]

    def signature(self, s, key=None, **wrong):
        if s.type == DNSKEY and self.keys_signed_by == 'zsk':
            key = self.zsk
        return super().signature(s, key, **wrong)


class Delegated(Signed):
    """`records` makes the DS set out of the key."""
    records = staticmethod(lambda key, name: [key.ds(name)])

    def ds(self):
        self.ready()
        return self.records(self.ksk, self.name)


def wrong_digest(key, name, digest=SHA256):
    return key.ds(name, digest)[:-4] + b'\0\1\2\3'


def drop_ds(zone, q, reply):
    """The parent forgets the DS, and proves nothing."""
    reply.authority = [s for s in reply.authority if s.type not in (wire.DS, NSEC)]
    reply.answer = [s for s in reply.answer if s.type != wire.DS]


def childs_denial(zone, q, reply):
    """In place of the DS the child's own NSEC at its apex, which has none."""
    if any(s.type == wire.DS for s in reply.sets()):
        zone.ready()
        drop_ds(zone, q, reply)
        s = zone.nsec_at(zone.name)
        s.sigs = [zone.signature(s)]
        reply.authority.append(s)
        if q.type == wire.DS:
            soa = zone.soa_set()
            soa.sigs = [zone.signature(soa)]
            reply.authority.append(soa)


def neighbours_denial(zone, q, reply):
    """In place of the DS the parent's NSEC at another cut, an unsigned one."""
    if any(s.type == wire.DS for s in reply.sets()):
        drop_ds(zone, q, reply)
        proof = zone.tld.nsec_at('unsigned.' + TLD_NAME)
        soa = zone.tld.soa_set()
        for s in [proof] + ([soa] if q.type == wire.DS else []):
            s.sigs = [zone.tld.signature(s)]
            reply.authority.append(s)


def unsigned_ds(zone, q, reply):
    for s in reply.sets():
        if s.type == wire.DS:
            s.sigs = []


UNKNOWN_DS = staticmethod(lambda key, name: [key.ds(name, algorithm=UNKNOWN_ALGORITHM)])


def zones():
    found = {
        # the zone is right, or right enough
        'good': Signed(), 'good3': Signed(denial='nsec3', iterations=1, salt=b'\xab\xcd'),
        'good50': Signed(denial='nsec3', iterations=50), 'compact': Signed(denial='compact'),
        'optout': Signed(denial='nsec3', nsec3_flags=1), 'p384': Signed(algorithm=signer.P384),
        'extrads': Delegated(records=lambda k, n: [k.ds(n, algorithm=UNKNOWN_ALGORITHM), k.ds(n)]),
        'extradigest': Delegated(records=lambda k, n: [k.ds(n, UNKNOWN_DIGEST), k.ds(n)]),
        'strayds': Delegated(records=lambda k, n: [wrong_digest(k, n), k.ds(n)]),
        'besideexpired': Signed(tamper=beside(expiration=-3 * DAY, inception=-9 * DAY)),
        'besideunknown': Signed(tamper=beside(algorithm=UNKNOWN_ALGORITHM)),
        'besidewrong': Signed(tamper=beside(octets=b'\1' * 64)),
        'parentsigns': Signed(tamper=parents_signature),
        'shortttl': Signed(tamper=resigned(ttl=60)), 'soon': Signed(tamper=signed_as(expiration=100)),
        # not signed as far as anybody can tell
        'unsigned': Signed(secure=False), 'onlyunknown': Delegated(records=UNKNOWN_DS),
        'onlydigest': Delegated(records=lambda k, n: [k.ds(n, UNKNOWN_DIGEST)]),
        # the data
        'expired': Signed(tamper=signed_as(expiration=-3 * DAY, inception=-9 * DAY)),
        'future': Signed(tamper=signed_as(expiration=9 * DAY, inception=3 * DAY)),
        'backwards': Signed(tamper=signed_as(expiration=-2 * HOUR, inception=HOUR)),
        'wrongkey': Signed(tamper=other_key), 'unpublished': Signed(tamper=unpublished_key),
        'changed': Signed(tamper=changed), 'added': Signed(tamper=added), 'stripped': Signed(tamper=stripped),
        'signerabove': Signed(tamper=signed_as(signer=TLD_NAME)),
        'signerbelow': Signed(tamper=signed_as(signer='www.signerbelow.' + TLD_NAME)),
        'signerother': Signed(tamper=signed_as(signer='good.' + TLD_NAME)),
        'labelsfew': Signed(tamper=signed_as(labels=1)), 'labelsnone': Signed(tamper=signed_as(labels=0)),
        'labelsmany': Signed(tamper=signed_as(labels=4)), 'labelswild': Signed(tamper=signed_as(labels=2)),
        'alias': Signed(tamper=unsigned_alias),
        # denials
        'noproof': Signed(tamper=no_proof), 'noproof3': Signed(denial='nsec3', tamper=no_proof),
        'bareproof': Signed(tamper=proof_without_signature),
        'bareproof3': Signed(denial='nsec3', tamper=proof_without_signature),
        'baresoa': Signed(tamper=soa_without_signature),
        'swapped': Signed(before=proof_of('other')), 'swapped3': Signed(denial='nsec3', before=proof_of('other')),
        'apexproof': Signed(before=proof_of('')),
        'denied': Signed(before=denies_all), 'denied3': Signed(denial='nsec3', before=denies_all),
        'nodata': Signed(before=denies_type), 'nodata3': Signed(denial='nsec3', before=denies_type),
        'nsecout': Signed(before=nsec_to('zzz.' + TLD_NAME)), 'nsecroot': Signed(before=nsec_to('')),
        'ancestor': Signed(tamper=ancestor), 'wildnsec': Signed(tamper=wildcard_nsec),
        'hash2': Signed(denial='nsec3', before=unknown_nsec3(0, 2)),
        'flags2': Signed(denial='nsec3', before=unknown_nsec3(1, 2)),
        'tworings': Signed(denial='nsec3', before=other_ring),
        'padfew': Signed(denial='nsec3', tamper=padded(True)), 'padforged': Signed(denial='nsec3', tamper=padded(False)),
        # wildcards
        'replayed': Signed(before=replayed('there.wild')),
        'replayedproof': Signed(before=replayed('there.wild', 'x.wild')),
        'replayed3': Signed(denial='nsec3', before=replayed('there.wild')),
        'replayedproof3': Signed(denial='nsec3', before=replayed('there.wild', 'x.wild')),
        'wildnoproof': Signed(before=replayed('x.wild')),
        'wildother': Signed(before=replayed('x.wild', 'www')),
        # keys and delegations
        'revokedksk': Keys(ksk_flags=ZONE | SEP | REVOKE), 'revokedzsk': Keys(zsk_flags=ZONE | REVOKE),
        'nozoneksk': Keys(ksk_flags=SEP), 'nozonezsk': Keys(zsk_flags=0), 'protocol': Keys(protocol=4),
        'zsksigned': Keys(keys_signed_by='zsk'),
        'wrongds': Delegated(records=lambda k, n: [wrong_digest(k, n)]),
        'downgrade': Delegated(records=lambda k, n: [k.ds(n, SHA1), wrong_digest(k, n)]),
        'nods': Signed(parent=drop_ds), 'childdenies': Signed(parent=childs_denial),
        'neighbour': Signed(parent=neighbours_denial), 'bareds': Signed(parent=unsigned_ds),
        # one server of two
        'half': Signed(servers=2, tamper=changed), 'halfproof': Signed(servers=2, tamper=no_proof),
        'halfexpired': Signed(servers=2, tamper=signed_as(expiration=-3 * DAY, inception=-9 * DAY)),
    }
    return {f'{name}.{TLD_NAME}': zone for name, zone in found.items()}
