"""The random world as a whole: what the zones together say of a question, which of it is secure, and what its servers and
forwarders answer."""
import itertools
import struct

import wire
from names import A, AA, AD, CD, CNAME, DS, RA, RD, TC, is_below, octets, parent
from zone import Reply, START_S, read_target

LINKS_MAX = 12              # aliases that tern follows


class Clock:
    def __init__(self):
        self.now = START_S


class View:
    """The zones as they were together at some time; names of zones to zones."""

    def __init__(self, zones, anchors, exceptions):
        self.zones = zones
        self.anchors = anchors              # zones whose keys are configured
        self.exceptions = exceptions        # negative trust anchors
        self.secure = {}
        self.walks = {}

    def zone_for(self, name, rtype):
        """(zone, what it found)."""
        zone = self.zones['']
        while True:
            found = zone.lookup(name, rtype)
            if found.kind != 'referral':
                return zone, found
            zone = self.zones[found.source]

    def walk(self, name, rtype):
        """[(zone, found)] along the aliases; the last is what ends it, or an alias when they are too many."""
        key = name, rtype
        if key not in self.walks:
            links, seen = [], set()
            while True:
                zone, found = self.zone_for(name, rtype)
                links.append((zone, found))
                if found.kind not in ('cname', 'dname') or len(links) > LINKS_MAX or name in seen:
                    break
                seen.add(name)
                name = found.target
            self.walks[key] = links
        return self.walks[key]

    def is_signed_way(self, zone):
        """A chain of trust leads from the root to this zone."""
        if zone.name not in self.secure:
            above = self.zones.get(zone.above)
            self.secure[zone.name] = zone.signed and zone.name not in self.exceptions and (
                zone.name in self.anchors or
                (above is not None and DS in above.nodes[zone.name] and self.is_signed_way(above)))
        return self.secure[zone.name]

    def is_spoiled(self, zone):
        """On the way to it a DS is signed wrongly: nothing in it can be proven, nor be proven to be unsigned."""
        above = self.zones.get(zone.above)
        if above is None or zone.name in self.anchors:
            return False
        return self.is_spoiled(above) or (zone.name in above.broken_ds and DS in above.nodes[zone.name] and
                                          self.is_signed_way(above))

    def is_secure(self, zone, name, rtype=None):
        """A negative trust anchor ends it for the names at and below it, but not below an anchor in between; a DS is the
        parent's."""
        name = parent(name) if rtype == DS and name else name
        return self.is_signed_way(zone) and not any(
            is_below(name, x) and not any(a != x and is_below(a, x) and is_below(name, a) for a in self.anchors)
            for x in self.exceptions)


class World:
    """Everything: zones, addresses, configuration; `old` are former versions that a cache may still hold."""

    def __init__(self, seed):
        self.seed, self.clock = seed, Clock()
        self.zones = {}
        self.old = []               # (until when, zone)
        self.longest_ttl = 300
        self.rolled = {}            # zone -> when it changed its keys at once
        self.addresses = {}         # address -> [names of zones]
        self.host_addresses = {}    # name of a server -> address
        self.chases = {}            # address -> how far it follows aliases: none, zone, all
        self.forwarders = set()     # addresses
        self.empties = set()        # addresses that answer nothing, without AA, where others refuse
        self.refers_ds = set()      # addresses that answer a DS by the referral that carries it
        self.hasty = set()          # addresses that say of an alias what becomes of its target
        self.bare = set()           # addresses with a copy that has no signatures
        self.config = {}
        self.anchors, self.exceptions = set(), ()
        self.window = 1
        self.answers = {}           # what was rendered, until something changes
        self.renew()

    def renew(self):
        """After a change of a zone."""
        self.old = [(until, zone) for until, zone in self.old if until > self.clock.now]
        self.view = View(self.zones, self.anchors, self.exceptions)
        self.answers.clear()

    def step_clock(self, seconds):
        self.clock.now += seconds
        if any(until <= self.clock.now for until, _ in self.old):
            self.renew()
        self.answers.clear()

    def views(self):
        """Every way that versions may come together, the present one first."""
        versions = {}
        for _, zone in self.old:
            versions.setdefault(zone.name, [self.zones[zone.name]]).append(zone)
        yield self.view
        for some in itertools.islice(itertools.product(*versions.values()), 1, 64):
            yield View({**self.zones, **{z.name: z for z in some}}, self.anchors, self.exceptions)

    def versions(self, name):
        return [self.zones[name]] + [zone for _, zone in self.old if zone.name == name]

    # --- servers ---

    def hosted(self, address, name, rtype):
        """The deepest zone here that has the name; DS is asked of the zone above."""
        here = [self.zones[x] for x in self.addresses.get(address, ()) if is_below(name, x)]
        here.sort(key=lambda z: len(z.name), reverse=True)
        if rtype == DS and len(here) > 1 and here[0].name == name:
            return here[1]
        return here[0] if here else None

    def respond(self, address, name, rtype, do):
        """The answer of an authority."""
        reply = Reply(do and address not in self.bare)
        zone, chases = self.hosted(address, name, rtype), self.chases.get(address, 'none')
        if zone is None:
            reply.rcode, reply.aa = 0 if address in self.empties else 5, False
            return reply
        for _ in range(LINKS_MAX):
            found = zone.lookup(name, rtype)
            if found.kind == 'referral':
                if not reply.answer:
                    zone.refer(reply, found.source)
                break
            if rtype == DS and found.kind == 'answer' and address in self.refers_ds and zone.is_cut(name):
                zone.refer(reply, name)
                break
            zone.say(reply, found, rtype)
            if rtype == CNAME and found.kind == 'answer' and address in self.hasty:
                target = read_target(zone.nodes[found.source][CNAME][1][0])
                reply.rcode = 3 if self.view.walk(target, A)[-1][1].kind == 'nxdomain' else 0
            if found.kind not in ('cname', 'dname') or chases == 'none':
                break
            name, before = found.target, zone
            zone = self.hosted(address, name, rtype)
            if zone is None or (chases == 'zone' and zone is not before):
                break
        return reply

    def respond_recursively(self, name, rtype, do, cd):
        """The answer of a forwarder that validates."""
        reply = Reply(do)
        reply.aa = False
        links = self.view.walk(name, rtype)
        if links[-1][1].kind in ('cname', 'dname'):
            reply.rcode = 2
            return reply
        for zone, found in links:
            zone.say(reply, found, rtype)
        reply.ad = not cd and all(self.view.is_secure(z, f.name) and not z.is_spanned(f) for z, f in links)
        return reply

    # --- packets ---

    def handle(self, data, address, tcp):
        """The octets that answer a packet, or None."""
        try:
            q = wire.Query(data, address, ('', 0), tcp)
        except (ValueError, IndexError, struct.error):
            return None
        do = q.edns and len(q.data) > 12 and self.wants_signatures(q)
        key = address, q.name, q.type, do, q.flags & CD
        if key not in self.answers:
            recursive = address in self.forwarders
            reply = self.respond_recursively(q.name, q.type, do, q.flags & CD) if recursive else \
                self.respond(address, q.name, q.type, do)
            self.answers[key] = self.render(reply, q.name, recursive)
        (flags, counts, body), used = self.answers[key]
        now = self.clock.now
        for zone, owner, t in used:
            zone.sent[owner, t] = now
        tail = wire.opt(4096, do=do) if q.edns else b''
        head = struct.pack('!HHHHHH', q.id, flags | q.flags & (RD | CD), 1, *counts[:2], counts[2] + (1 if tail else 0))
        out = head + q.question + body + tail
        if not tcp and len(out) > (q.size if q.edns else 512):
            return struct.pack('!HHHHHH', q.id, flags | TC | q.flags & (RD | CD), 1, 0, 0, 1 if tail else 0) + \
                q.question + tail
        return out

    @staticmethod
    def wants_signatures(q):
        """The DO bit of the OPT that wire.Query saw."""
        at = 12 + len(q.question)
        return bool(q.data[at + 7] & 0x80)

    @staticmethod
    def render(reply, name, recursive):
        flags = 0x8000 | reply.rcode | (AA if reply.aa else 0) | (RA if recursive else 0) | (AD if reply.ad else 0)
        sections = (reply.answer, reply.authority, reply.additional)
        body = b''.join((b'\xc0\x0c' if owner == name and name else octets(owner)) +
                        struct.pack('!HHIH', t, 1, ttl, len(rdata)) + rdata
                        for section in sections for owner, t, ttl, rdata in section)
        return (flags, [len(s) for s in sections], body), reply.used
