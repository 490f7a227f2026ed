"""Compares one answer of ternd with what the zones say: `judge(world, question, message)` raises Wrong."""
import re
import struct
from dataclasses import dataclass

from names import (AD, ANY, CD, CNAME, DNAME, DS, NS, NSEC, NSEC3, QR, RA, RCODES, RD, RRSIG, SOA, error_texts, is_below, octets,
                   type_name)
from proof import Nsec, Nsec3
from zone import read_target

SERVFAIL = 2
DENIALS = (NSEC, NSEC3)
# names, types and codes, numbers
KIND_DROPS = re.compile(r"'[^']*'|[\w*-]*(\.[\w*-]*)+ |\b[A-Z][A-Z0-9]*\b|\b\w{1,4}\.|-?\d+|\bwanted\b|[(),]")


class Wrong(Exception):
    """`kind` is what failures with one reason have in common: the text without names and numbers."""

    def __init__(self, kind, text):
        super().__init__(f'{kind}: {text}')
        self.kind = ' '.join(f'{kind}: {KIND_DROPS.sub("", text)}'.split())


@dataclass(frozen=True)
class Question:
    name: str
    type: int
    do: bool = False
    cd: bool = False
    ad: bool = False
    edns: bool = True

    def packet(self, ident):
        flags = RD | (CD if self.cd else 0) | (AD if self.ad else 0)
        edns = self.edns or self.do
        out = struct.pack('!HHHHHH', ident, flags, 1, 0, 0, int(edns)) + octets(self.name) + \
            struct.pack('!HH', self.type, 1)
        return out + (b'\0' + struct.pack('!HHIH', 41, 1232, 0x8000 if self.do else 0, 0) if edns else b'')

    def __str__(self):
        flags = [x for x in ('do', 'cd', 'ad') if getattr(self, x)] + ([] if self.edns or self.do else ['no edns'])
        return f'{self.name or "."} {type_name(self.type)}' + ''.join(' +' + x for x in flags)


def check(condition, kind, text):
    if not condition:
        raise Wrong(kind, text() if callable(text) else text)


def judge(world, q, m):
    check(m.flags & QR and m.flags & RA and m.flags & RD and bool(m.flags & CD) == q.cd, 'flags', f'{m.flags:04x}')
    check(m.name == q.name and m.type == q.type, 'question', f'{m.name} {m.type}')
    check(bool(m.opt) == (q.edns or q.do), 'opt', 'an OPT where there was none, or none where there was one')
    first = None
    for view in world.views():
        try:
            return Case(world, view, q, m).judge()
        except Wrong as e:
            first = first or e
            if not world.old:
                break
    if is_in_change(world, q):
        check(m.rcode != SERVFAIL, 'servfail', lambda: error_texts(m))
        return None
    raise first


def is_in_change(world, q):
    """Parts of the old and of the new may be in the cache together: only failing is wrong."""
    changed = {zone.name for _, zone in world.old}
    return any(z.name in changed or any(is_below(z.name, c) for c in changed)
               for view in world.views() for z, _ in view.walk(q.name, q.type))


class Case:
    def __init__(self, world, view, q, m):
        self.world, self.view, self.q, self.m = world, view, q, m
        self.now = world.clock.now
        self.links = view.walk(q.name, q.type)
        self.secure = [view.is_secure(z, f.source if f.kind == 'dname' else f.name, q.type if i == len(self.links) else None)
                       for i, (z, f) in enumerate(self.links, 1)]

    def judge(self):
        if self.links[-1][1].kind in ('cname', 'dname'):
            return None         # a loop, or more aliases than anybody follows
        if any(z.odd and f.name == z.name for z, f in self.links):
            return None         # a CNAME beside other data: nobody knows what is right
        if self.q.type == NSEC and any(f.is_wild for _, f in self.links):
            return None         # whether a wildcard makes NSEC as well is a matter of taste (RFC 4592 4.7)
        if any((s and self.is_broken(z, f)) or self.view.is_spoiled(z) for (z, f), s in zip(self.links, self.secure)):
            return self.is_by_made_alias() or self.judge_broken()
        if self.is_by_made_alias():
            return check(self.m.rcode != SERVFAIL, 'servfail', lambda: error_texts(self.m))
        self.judge_rcode()
        self.judge_answer()
        self.judge_authority()
        self.judge_genuine(self.m.additional)
        self.judge_ad()
        return None

    def is_maybe_old(self):
        """With CD nobody looks whether it comes from a copy without signatures."""
        return self.q.cd and bool(self.world.bare)

    def is_by_made_alias(self):
        """The CNAME that a DNAME makes is an answer for some, an alias for others."""
        return self.q.type in (CNAME, ANY) and any(f.kind == 'dname' for _, f in self.links)

    # --- code, flags ---

    def is_broken(self, zone, found):
        if self.q.type == DS and found.kind == 'answer' and found.source in zone.broken_ds:
            return True
        return found.source in zone.broken and found.kind in ('answer', 'cname', 'dname', 'any') and self.q.type != NSEC

    def judge_broken(self):
        if not self.q.cd:
            check(self.m.rcode == SERVFAIL, 'bogus', 'signed wrongly, but answered')
        check(not self.m.flags & AD, 'ad', 'AD over what is signed wrongly')

    def judge_rcode(self):
        wanted = 3 if self.links[-1][1].kind == 'nxdomain' else 0
        got = self.m.rcode
        kind = 'servfail' if got == SERVFAIL else 'rcode'
        check(got == wanted, kind, lambda: f'{RCODES.get(got, got)}, wanted {RCODES[wanted]} ({error_texts(self.m)})')

    def judge_ad(self):
        got = bool(self.m.flags & AD)
        spanned = [z.is_spanned(f) for z, f in self.links]
        if got:
            check(self.q.do or self.q.ad, 'ad', 'AD to somebody who did not ask for it')
            check(all(self.secure), 'ad', lambda: f'AD over {self.insecure_zone()}, which is not secure')
            check(not any(x and f.kind in ('nxdomain', 'nodata') for x, (_, f) in zip(spanned, self.links)),
                  'ad', 'AD over what opt-out leaves open')
        elif (self.q.do or self.q.ad) and not self.q.cd:
            check(not all(self.secure) or any(spanned) or self.is_excepted_alias(), 'no-ad', 'secure, but without AD')

    def is_excepted_alias(self):
        """A negative trust anchor below a DNAME: the DNAME is secure, but the name that was asked is not."""
        return any(f.kind == 'dname' and is_below(f.name, x) for _, f in self.links for x in self.view.exceptions)

    def insecure_zone(self):
        return next(repr(z.name or '.') for (z, _), s in zip(self.links, self.secure) if not s)

    # --- answer ---

    def judge_answer(self):
        got = self.sets(self.m.answer)
        if self.q.type == ANY:
            return self.judge_genuine(self.m.answer)
        wanted = {}
        for zone, found in self.links:
            if found.kind == 'dname':
                self.want(wanted, zone, found.source, found.source, DNAME)
                wanted[found.name, CNAME] = ({octets(found.target)}, zone, found.source, DNAME)
            elif found.kind in ('answer', 'cname'):
                self.want(wanted, zone, found.name, found.source, self.q.type if found.kind == 'answer' else CNAME)
        for key in got:
            check(key in wanted, 'answer', f'{key[0]} {type_name(key[1])} does not belong there')
        for key, (rdatas, zone, source, rtype) in wanted.items():
            check(key in got, 'answer', f'{key[0]} {type_name(key[1])} is missing')
            check(got[key][1] == rdatas, 'answer', f'{key[0]} {type_name(key[1])} has other data')
            owner = key[0] if key[1] == rtype else source       # of a CNAME that a DNAME made, the DNAME counts
            self.judge_ttl(zone, owner, source, rtype, got[key][0], rtype if key[1] == rtype else None)

    def judge_genuine(self, section):
        """Some of the sets that there are, whichever: each is whole and as its zone has it."""
        for (owner, rtype), (ttl, rdatas) in self.sets(section).items():
            zone, found = self.view.zone_for(owner, rtype)
            check(found.kind == 'answer' and set(zone.set_of(found.source, rtype)[1]) == rdatas, 'genuine',
                  f'{owner} {type_name(rtype)} is not what its zone has')
            self.judge_ttl(zone, owner, found.source, rtype, ttl, None)

    @staticmethod
    def want(wanted, zone, owner, source, rtype):
        wanted[owner, rtype] = (set(zone.set_of(source, rtype)[1]), zone, source, rtype)

    @staticmethod
    def sets(section):
        """(owner, type) -> (TTL, rdatas), without signatures."""
        found = {}
        for owner, rtype, ttl, rdata, _ in section:
            if rtype != RRSIG:
                found.setdefault((owner, rtype), (ttl, set()))[1].add(rdata)
        return found

    def judge_ttl(self, zone, owner, source, rtype, ttl, sig_type):
        """No longer than the zone said, counted from when the zone said it last."""
        whole = zone.set_of(source, rtype)[0]
        sent = zone.sent.get((source if zone.signed else owner, rtype))
        check(sent is not None, 'source', f'{owner} {type_name(rtype)} was never told by its zone')
        left = whole - (self.now - sent)
        self.check_left(f'{owner} {type_name(rtype)}', ttl, left)
        if self.q.do and sig_type is not None and zone.signed:
            self.judge_signature(zone, owner, source, rtype, ttl, self.m.answer)

    @staticmethod
    def check_left(what, ttl, left):
        check(ttl <= left, 'ttl' if left >= 0 else 'stale', f'{what} has a TTL of {ttl}, {left} s are left')

    def judge_signature(self, zone, owner, source, rtype, ttl, section):
        must = self.view.is_secure(zone, owner) and not self.is_maybe_old()
        dated = must and not self.q.cd      # with CD nobody looked at the dates
        seen = False
        for o, t, sig_ttl, rdata, _ in section:
            if o != owner or t != RRSIG or rdata[:2] != rtype.to_bytes(2, 'big'):
                continue
            seen = True
            issued = zone.issued.get((source, rtype, rdata))
            check(issued is not None, 'rrsig', f'of {owner} {type_name(rtype)} is none of its zone')
            check(issued[0] == self.sets(section)[owner, rtype][1], 'rrsig',
                  f'of {owner} {type_name(rtype)} is of other data')
            left = issued[2] - self.now
            check(left >= 0 or not dated, 'rrsig', f'of {owner} {type_name(rtype)} ended {-left} s ago')
            check(max(ttl, sig_ttl) <= left or not dated, 'sig-ttl',
                  f'{owner} {type_name(rtype)} has a TTL of {ttl} (RRSIG {sig_ttl}), its signature ends in {left} s')
        check(seen or not must, 'rrsig', f'of {owner} {type_name(rtype)} is missing')

    # --- authority ---

    def judge_authority(self):
        last_zone, last = self.links[-1]
        negative = last.kind in ('nodata', 'nxdomain')
        got = self.sets(self.m.authority)
        soas = [owner for owner, t in got if t == SOA]
        if negative:
            check(soas == [last_zone.name], 'soa', lambda: f'of {soas}, wanted that of {last_zone.name or "."}')
            self.judge_soa(last_zone, got[last_zone.name, SOA][0])
        else:
            check(not soas, 'soa', lambda: f'of {soas} in an answer that is not negative')
        if not self.q.do:
            signed = any(t == RRSIG for _, t, *_ in self.m.authority + self.m.answer)
            return check(not signed and all(t in (SOA, NS) for _, t in got), 'no-do',
                         'DNSSEC records to somebody who did not ask for them')
        if self.has_two_of_one_name():
            return None
        denials = self.denials()
        for i, (zone, found) in enumerate(self.links):
            if self.needs_proof(i) and self.secure[i] and self.q.type != ANY and not self.is_maybe_old():
                self.judge_proof(zone, found, denials.get(zone.name))
        needing = {z.name for i, (z, _) in enumerate(self.links) if self.needs_proof(i)}
        for name in denials:
            check(name in needing, 'foreign', lambda: f'denial of zone {name or "."}, which has to deny nothing here')
        return None

    def has_two_of_one_name(self):
        """A chain may need the parent's and the child's NSEC at a zone cut: one message can't hold both as two sets."""
        owners = [owner for owner, rtype, *_ in self.m.authority if rtype == NSEC]
        return len(owners) != len(set(owners))

    def needs_proof(self, i):
        found = self.links[i][1]
        return found.kind in ('nodata', 'nxdomain') or found.is_wild

    def judge_soa(self, zone, ttl):
        whole, rdatas = zone.nodes[zone.name][SOA]
        whole = min(whole, int.from_bytes(rdatas[0][-4:], 'big'))
        sent = zone.sent.get((zone.name, SOA))
        check(sent is not None, 'source', 'a SOA that was never told')
        left = whole - (self.now - sent)
        self.check_left(f'SOA of {zone.name or "."}', ttl, left)
        if self.q.do and zone.signed:
            self.judge_signature(zone, zone.name, zone.name, SOA, ttl, self.m.authority)

    def denials(self):
        """zone -> [(owner, type, rdata)], each with a signature of its zone."""
        found = {}
        for owner, rtype, ttl, rdata, _ in self.m.authority:
            if rtype not in DENIALS:
                check(rtype in (SOA, RRSIG, NS), 'foreign', f'{owner} {type_name(rtype)} in authority')
                continue
            zone = self.denying_zone(owner, rtype)
            self.judge_signature(zone, owner, owner, rtype, ttl, self.m.authority)
            sent = zone.sent.get((owner, rtype))
            check(sent is not None, 'source', f'{owner} {type_name(rtype)} was never told')
            left = zone.negative_ttl - (self.now - sent)
            self.check_left(f'{owner} {type_name(rtype)}', ttl, left)
            found.setdefault(zone.name, []).append((owner, rtype, rdata))
        return found

    def denying_zone(self, owner, rtype):
        """By the signer's name in its signature."""
        for o, t, _, rdata, _ in self.m.authority:
            if o == owner and t == RRSIG and rdata[:2] == rtype.to_bytes(2, 'big'):
                return self.view.zones[read_target(rdata[18:])]
        raise Wrong('rrsig', f'of {owner} {type_name(rtype)} is missing in authority')

    def judge_proof(self, zone, found, records):
        check(records, 'proof', f'{zone.name or "."} proves nothing of {found.name}')
        kind = NSEC3 if zone.nsec3 else NSEC
        proof = (Nsec3 if zone.nsec3 else Nsec)(zone.name, [(o, r) for o, t, r in records if t == kind])
        rtype = self.q.type
        if found.kind == 'nxdomain':
            good = proof.no_name(found.name)
        elif found.kind == 'nodata':
            good = proof.no_data(found.name, rtype)
        else:
            good = proof.no_closer(found.name, found.encloser)
        check(good, 'proof', lambda: f'{zone.name or "."} does not prove {found.kind} of {found.name}: '
              f'{[o for o, _, _ in records]}')
