"""What happens in a world, made from its seed: questions, time that passes, zones that change.

An event is a Question, Pass or Change. A list of their numbers is enough to replay a part of it.
"""
import random
from dataclasses import dataclass

import grow
from judge import Question
from names import (A, AAAA, ANY, CAA, CNAME, DNAME, DNSKEY, DS, MX, NS, NSEC, NSEC3PARAM, SOA, SRV, TXT, TYPES, is_below,
                   join, parent)

TYPE_WEIGHTS = {A: 34, AAAA: 10, TXT: 9, MX: 6, NS: 6, DS: 9, DNSKEY: 5, SOA: 5, CNAME: 4, NSEC: 2, NSEC3PARAM: 1, DNAME: 2,
                ANY: 2, SRV: 2, CAA: 2, 65: 2}
REFETCH_S = 12              # a zone's keys are fetched anew at most once in 10 s
PASSES = (1, 1, 2, 2, 3, 3, 5, 5, 10, 10, 25, 25, 70, 70, 400)


@dataclass(frozen=True)
class Pass:
    seconds: int

    def __str__(self):
        return f'{self.seconds} s pass'


@dataclass(frozen=True)
class Change:
    kind: str
    zone: str
    seed: int

    def __str__(self):
        return f'{self.zone or "."}: {self.kind}'

    def apply(self, world):
        changed = CHANGES[self.kind](world, world.zones[self.zone], random.Random(self.seed))
        for new in changed or ():
            old = world.zones[new.name]
            new.finish()
            world.old.append((world.clock.now + self.settling_s(world, old) + 1, old))
            world.zones[new.name] = new
        if changed:
            world.renew()


    @staticmethod
    def settling_s(world, old):
        """How long what was true before may be told. What was insecure when it was fetched stays so, link by link."""
        below = [z for z in world.zones.values() if is_below(z.name, old.name)]
        links = max(sum(is_below(z.name, x.name) for x in below) for z in below)
        return (1 + links) * max(z.longest_ttl() for z in [old, *below])


def plain_owners(world, zone):
    """Names that hold nothing which the tree needs."""
    return [x for x in zone.nodes if x != zone.name and not zone.is_cut(x) and not zone.is_occluded(x) and
            x not in world.host_addresses]


def change_data(world, zone, rng):
    owners = [x for x in plain_owners(world, zone) if A in zone.nodes[x]]
    if not owners:
        return None
    new = zone.copy()
    new.nodes[rng.choice(owners)][A] = (grow.some_ttl(world, rng), [grow.some_rdata(A, rng)])
    return [new]


def add_name(world, zone, rng):
    owner = grow.new_owner(zone, rng)
    if any(is_below(z, owner) for z in world.zones) or owner in zone.nodes:
        return None
    new, rtype = zone.copy(), rng.choice((A, TXT))
    new.add(owner, rtype, grow.some_ttl(world, rng), grow.some_rdata(rtype, rng))
    return [new]


def remove_name(world, zone, rng):
    owners = plain_owners(world, zone)
    if not owners:
        return None
    new = zone.copy()
    del new.nodes[rng.choice(owners)]
    return [new]


def change_trust(world, zone, rng):
    """A signed child gets a DS, or loses it."""
    cuts = [z for z in world.zones.values() if z.above == zone.name and z.signed and z.name not in zone.broken_ds]
    if not cuts:
        return None
    child, new = rng.choice(cuts), zone.copy()
    if DS in zone.nodes[child.name]:
        del new.nodes[child.name][DS]
    else:
        new.add(child.name, DS, rng.choice((2, 5, 20)), child.ksk.ds(child.name))
    return [new]


def change_keys(world, zone, rng):
    """New keys and a new DS at once: what is cached of the old does not fit, and has to be fetched anew.

    Not where names are signed wrongly: they take up the one time in REFETCH_S that keys are fetched anew.
    """
    if not zone.signed or zone.broken or zone.broken_ds or zone.above is None or zone.name in world.anchors or \
            DS not in world.zones[zone.above].nodes[zone.name] or \
            world.clock.now - world.rolled.get(zone.name, 0) < REFETCH_S:
        return None
    world.rolled[zone.name] = world.clock.now
    new, above = zone.copy(), world.zones[zone.above].copy()
    new.ksk, new.zsk = rng.choice([pair for pair in grow.keys() if pair[0] is not zone.ksk])
    new.nodes[zone.name][DNSKEY] = (zone.nodes[zone.name][DNSKEY][0], [new.ksk.rdata, new.zsk.rdata])
    above.nodes[zone.name][DS] = (above.nodes[zone.name][DS][0], [new.ksk.ds(zone.name)])
    return [new, above]


CHANGES = {'other data': change_data, 'a new name': add_name, 'a name less': remove_name,
           'a child with or without DS': change_trust, 'other keys at once': change_keys}


class Plan:
    def __init__(self, world, size):
        self.world, self.rng = world, random.Random(f'plan {world.seed}')
        self.more = random.Random(f'more plan {world.seed}')    # for what came later: the rest stays as it was
        self.asked = []
        self.changed = []           # zones that are worth asking about
        changing = self.rng.random() < 0.5
        self.events = [self.event(changing) for _ in range(size)]

    def event(self, changing):
        luck = self.rng.random()
        if luck < 0.07:
            return Pass(self.rng.choice(PASSES))
        if luck < 0.085 and changing:
            return self.change()
        return self.question()

    def change(self):
        zones = self.world.zones
        kind, zone = self.rng.choice(sorted(CHANGES)), self.rng.choice(sorted(zones))
        if CHANGES[kind] is change_trust:
            zone = self.rng.choice([z.above for z in zones.values() if z.signed and z.name] or [zone])
        self.changed = [z.name for z in zones.values() if z.above == zone and z.signed] or [zone]
        return Change(kind, zone, self.rng.randrange(1 << 30))

    def question(self):
        rng = self.rng
        name, rtype = self.topic()
        name, rtype = self.rarity() or (name, rtype)
        do = rng.random() < 0.7
        q = Question(name, rtype, do, rng.random() < 0.1, rng.random() < 0.4, do or rng.random() < 0.8)
        self.asked.append((name, rtype))
        return q

    def rarity(self):
        """What a topic seldom is: the NSEC of an apex, an empty non-terminal above a wildcard, many labels where each costs
        hashes."""
        rng, luck = self.more, self.more.random()
        zone = self.world.zones[rng.choice(list(self.world.zones))]
        if luck < 0.015:
            return zone.name, NSEC
        if luck < 0.05:
            wild = rng.choice([x for x in zone.nodes if x.startswith('*.') and parent(x) not in zone.nodes] or [''])
            name = parent(wild) if rng.random() < 0.6 else join(rng.choice(grow.LABELS), parent(wild))
            return (name, rng.choice([*zone.nodes[wild], TXT])) if wild and '*' not in name else None
        if luck < 0.08 and zone.nsec3 and zone.iterations >= 50:
            return join('.'.join(['a'] * 30 + [rng.choice(grow.LABELS)]), zone.name), A
        return None

    def topic(self):
        """A name and a type; often one that was asked before, or close to it."""
        rng, luck = self.rng, self.rng.random()
        rtype = rng.choices(list(TYPE_WEIGHTS), list(TYPE_WEIGHTS.values()))[0]
        if self.asked and luck < 0.2:
            return rng.choice(self.asked)
        if self.asked and luck < 0.35:
            return rng.choice(self.asked)[0], rtype
        if self.asked and luck < 0.42:
            return rng.choice(self.world.view.walk(*rng.choice(self.asked)))[1].name, rtype
        some = self.changed if self.changed and rng.random() < 0.4 else list(self.world.zones)
        zone = self.world.zones[rng.choice(some)]
        owner = rng.choice(list(zone.nodes))
        if luck < 0.75 and owner in zone.nodes and rng.random() < 0.5:
            there = [t for t in zone.nodes[owner] if t in TYPES.values()]
            rtype = rng.choice(there or [rtype])
        labels = [rng.choice(grow.LABELS) if x == '*' and rng.random() < 0.85 else x for x in owner.split('.') if x]
        return self.beside('.'.join(labels), zone), rtype

    def beside(self, name, zone):
        rng, luck = self.rng, self.rng.random()
        if luck < 0.5:
            return name
        if luck < 0.7:
            return join(rng.choice(grow.LABELS), name)
        if luck < 0.8:
            return join(rng.choice(grow.LABELS), join(rng.choice(grow.LABELS), name))
        if luck < 0.93:
            return join(rng.choice(grow.LABELS), parent(name) if is_below(parent(name), zone.name) else zone.name)
        return parent(name)


