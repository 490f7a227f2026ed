"""Random worlds: `grow(seed)` gives the same one every time."""
import random
import struct

import signer
from names import (A, AAAA, CAA, CNAME, DNAME, DNSKEY, DS, MX, NS, NSEC3PARAM, SOA, SRV, TXT, is_below, join, label_count,
                   octets, parent, path)
from world import World
from zone import Zone

DAY_S = 86400
DEPTH_MAX = 5
KEYS = []                   # a small pool, made once
LABELS = ('a', 'b', 'c', 'd', 'e', 'w', 'x', 'www', 'mail', 'n-1')
PATTERNS = ('{}', '{}', '{}', '{}.{}', '{}.{}.{}', '*', '*', '*.{}', '*.{}', '*.{}.{}', '{}.*.{}', '{}.*', '{}.{}.*')
TTLS = (0, 1, 2, 3, 5, 5, 8, 8, 20, 20, 20, 60, 60, 300, 300)


def keys():
    if not KEYS:
        KEYS.extend((signer.Key(f'world/{i}', a), signer.Key(f'world/{i}/zsk', a, signer.ZONE))
                    for i in range(6) for a in (signer.P256, signer.ED25519))
    return KEYS


def grow(seed):
    rng = random.Random(f'world {seed}')
    world = World(seed)
    world.more = random.Random(f'more {seed}')      # for what came later: worlds stay as they were
    world.longest_ttl = rng.choice((20, 300))
    make_root(world, rng)
    for _ in range(rng.randint(4, 13)):
        make_zone(world, rng)
    for zone in world.zones.values():
        fill(world, zone, rng)
    for zone in world.zones.values():
        alias(world, zone, rng)
    for zone in world.zones.values():
        spoil(world, zone, rng)
        zone.finish()
    configure(world, rng)
    spoil_ds(world)
    world.renew()
    return world


# --- zones and servers --------------------------------------------------------------------------------

def new_address(world):
    n = len(world.addresses) + len(world.forwarders) + 1
    address = f'198.18.{n >> 8}.{n & 255}'
    world.addresses[address] = []
    return address


def make_root(world, rng):
    zone = start_zone(world, '', None, rng, signed=rng.random() < 0.96)
    own_servers(world, zone, rng)
    settle_zone(world, zone, rng)


def make_zone(world, rng):
    above = rng.choice([z for z in world.zones.values() if label_count(z.name) < DEPTH_MAX and
                        (z.name or rng.random() < 0.5 or len(world.zones) < 4)] or [world.zones['']])
    free = [x for x in ('k', 'l', 'm', 'n', 'o', 'p', 'q', 'r') if join(x, above.name) not in world.zones]
    label = rng.choice(free or ['s%d' % len(world.zones)])
    if above.name and rng.random() < 0.2:
        label += rng.choice(('.i', '.a', '.b.i'))
    name = join(label, above.name)
    if name in world.zones or any(is_below(name, z.name) and is_below(z.name, above.name) and z is not above
                                  for z in world.zones.values()) or \
            any(is_below(z, name) for z in world.zones):
        return
    zone = start_zone(world, name, above.name, rng, signed=rng.random() < 0.65)
    kind = rng.choice(('own', 'own', 'above', 'above', 'other', 'shared'))
    {'own': own_servers, 'above': servers_of_above, 'other': servers_of_other, 'shared': shared_servers}[kind](
        world, zone, rng)
    settle_zone(world, zone, rng)
    delegate(world, above, zone, rng)


def start_zone(world, name, above, rng, signed):
    zone = Zone(name, world.clock)
    zone.above, zone.signed = above, signed
    world.zones[name] = zone
    return zone


def own_servers(world, zone, rng):
    for i in range(rng.choice((1, 1, 2))):
        host = join('ns%d' % i, zone.name)
        host_address(world, zone, host, new_address(world))
        zone.hosts.append(host)
    if zone.name and not world.bare and world.more.random() < 0.05:
        add_old_copies(world, zone)
    zone.glueless = 0


def add_old_copies(world, zone):
    """Two servers more, which have the zone as it was before it was signed."""
    for i in range(2):
        host = join('old%d' % i, zone.name)
        host_address(world, zone, host, new_address(world))
        world.bare.add(world.host_addresses[host])
        zone.hosts.append(host)


def host_address(world, zone, host, address):
    world.host_addresses[host] = address
    zone.own_hosts = getattr(zone, 'own_hosts', []) + [(host, address)]


def servers_of(world, zone, other):
    zone.hosts = list(other.hosts)
    zone.glueless = other.glueless


def servers_of_above(world, zone, rng):
    servers_of(world, zone, world.zones[zone.above])


def servers_of_other(world, zone, rng):
    """Named in another zone, so that there is no glue for them."""
    others = [z for z in world.zones.values() if z is not zone and z.name and z.glueless < 2]
    if not others:
        return own_servers(world, zone, rng)
    servers_of(world, zone, rng.choice(others))
    zone.glueless += 1


def shared_servers(world, zone, rng):
    """A name of its own for the address of another zone's server."""
    host = join('ns', zone.name)
    host_address(world, zone, host, rng.choice(sorted(set(world.host_addresses.values()) - world.bare)))
    zone.hosts.append(host)
    zone.glueless = 0


def settle_zone(world, zone, rng):
    """SOA, NS, keys; servers know the zone."""
    ttl, minimum = some_ttl(world, rng), some_ttl(world, rng, 1, 2, 5, 5, 15, 60)
    zone.negative_ttl = min(ttl, minimum) if rng.random() < 0.7 else some_ttl(world, rng, 1, 3, 10, 60)
    soa = octets(zone.hosts[0]) + octets(join('h', zone.name)) + struct.pack('!IIIII', 1, 7200, 900, 1209600, minimum)
    zone.add(zone.name, SOA, ttl, soa)
    zone.add(zone.name, NS, some_ttl(world, rng, 5, 20, 300), *[octets(h) for h in zone.hosts])
    for host, address in getattr(zone, 'own_hosts', []):
        zone.add(host, A, some_ttl(world, rng, 5, 60, 300), v4(address))
    lame = join('lame', zone.name)
    if zone.name and rng.random() < 0.07:
        host_address(world, zone, lame, new_address(world))
        zone.hosts.append(lame)
        zone.add(lame, A, 20, v4(world.host_addresses[lame]))
    for host in zone.hosts:
        address = world.host_addresses[host]
        if host != lame and zone.name not in world.addresses[address]:
            world.addresses[address].append(zone.name)
        elif host == lame and world.more.random() < 0.5:
            world.empties.add(address)
        if address not in world.chases:
            world.chases[address] = rng.choice(('none', 'zone', 'all'))
            for some in (world.refers_ds, world.hasty):
                if world.more.random() < 0.2:
                    some.add(address)
    if zone.signed:
        sign(world, zone, rng)


def sign(world, zone, rng):
    zone.ksk, zone.zsk = rng.choice(keys())
    if rng.random() < 0.3:
        zone.zsk = zone.ksk
    zone.add(zone.name, DNSKEY, some_ttl(world, rng, 5, 20, 60, 300), *{zone.ksk.rdata: 0, zone.zsk.rdata: 0})
    zone.has_ds = zone.above is None or rng.random() < 0.75
    zone.nsec3 = zone.above is not None and rng.random() < 0.5
    if zone.nsec3:
        zone.opt_out = rng.random() < 0.45
        # Where opt-out leaves names open, what has no signature may be true.
        zone.opt_out &= not any(world.host_addresses[x] in world.bare for x in zone.hosts)
        zone.iterations, zone.salt = rng.choice(((0, b''), (0, b''), (1, b'\xab'), (5, b'')))
        if world.more.random() < 0.15:
            zone.iterations = 50        # as many as are worked for
        zone.add(zone.name, NSEC3PARAM, 0, struct.pack('!BBHB', 1, 0, zone.iterations, len(zone.salt)) + zone.salt)
    zone.forgets_keys = world.more.random() < 0.1
    if rng.random() < 0.25:
        zone.validity_s = rng.choice((8, 20, 60, 400))


def delegate(world, above, zone, rng):
    above.add(zone.name, NS, rng.choice((5, 20, 300, 300)), *[octets(h) for h in zone.hosts])
    if zone.signed and zone.has_ds:
        above.add(zone.name, DS, some_ttl(world, rng, 2, 5, 20, 300), zone.ksk.ds(zone.name))
    for host, address in getattr(zone, 'own_hosts', []):
        above.add(host, A, rng.choice((5, 300)), v4(address))


# --- contents -----------------------------------------------------------------------------------------

def v4(text):
    return bytes(int(x) for x in text.split('.'))


def some_rdata(rtype, rng):
    if rtype == A:
        return bytes([192, 0, 2, rng.randrange(256)])
    if rtype == AAAA:
        return bytes.fromhex('20010db8') + bytes(11) + bytes([rng.randrange(256)])
    if rtype == TXT:
        text = b'%d' % rng.randrange(10 ** 6)
        return bytes([len(text)]) + text
    if rtype == MX:
        return struct.pack('!H', rng.randrange(20)) + octets('mail')
    if rtype == SRV:
        return struct.pack('!HHH', 1, 1, 80) + octets('www.a')
    return b'\x00\x05issue' + b'ca%d' % rng.randrange(10)


def some_ttl(world, rng, *options):
    """In some worlds nothing but delegations may be kept for long."""
    return rng.choice([x for x in options or TTLS if x <= world.longest_ttl])


def new_owner(zone, rng):
    pattern = rng.choice(PATTERNS)
    return join(pattern.format(*[rng.choice(LABELS) for _ in range(3)]), zone.name)


def fill(world, zone, rng):
    for _ in range(rng.randint(2, 9)):
        owner = new_owner(zone, rng)
        if any(zone.is_cut(x) for x in path(owner, zone.name)) and rng.random() < 0.7:
            continue        # some are below a zone cut: nobody may ever hear of these
        if owner in world.zones:
            continue
        for rtype in rng.sample((A, A, A, AAAA, TXT, MX, SRV, CAA), rng.choice((1, 1, 1, 2, 3))):
            ttl = some_ttl(world, rng)
            for _ in range(rng.choice((1, 1, 2))):
                zone.add(owner, rtype, ttl, some_rdata(rtype, rng))
    if rng.random() < 0.5:
        rtype = rng.choice((A, TXT, MX))
        zone.add(zone.name, rtype, some_ttl(world, rng), some_rdata(rtype, rng))


def alias(world, zone, rng):
    for child in world.zones.values():      # an alias between two cuts: names below it are none of its business
        between = parent(child.name)
        if child.above == zone.name and between != zone.name and between not in zone.nodes and world.more.random() < 0.5:
            zone.add(between, CNAME, 0, octets(some_target(world, world.more)))
    for _ in range(rng.choice((0, 1, 2, 3, 4))):
        owner = new_owner(zone, rng)
        if owner not in zone.nodes and owner not in world.zones:
            zone.add(owner, CNAME, some_ttl(world, rng), octets(some_target(world, rng)))
    if rng.random() < 0.35:
        owner = zone.name if rng.random() < 0.25 and zone.name else join(rng.choice(LABELS) + 'd', zone.name)
        target = some_target(world, rng, plain=True)
        if not any(is_below(x, owner) and x != owner for x in world.zones) and owner not in ('',) and \
                not is_below(target, owner) and not (owner == zone.name and any(is_below(h, owner) for h in
                                                                                world.host_addresses)):
            zone.add(owner, DNAME, some_ttl(world, rng), octets(target))
    if not zone.signed and zone.name and rng.random() < 0.08 and A not in zone.nodes[zone.name]:
        zone.odd = True
        zone.add(zone.name, CNAME, some_ttl(world, rng), octets(some_target(world, rng)))


def spoil(world, zone, rng):
    """Some names of some zones are signed wrongly."""
    if zone.signed and rng.random() < 0.12:
        plain = sorted(x for x in zone.nodes if x != zone.name and x not in world.host_addresses and
                       not any(is_below(z, x) for z in world.zones))
        zone.broken = set(rng.sample(plain, min(2, len(plain))))


def spoil_ds(world):
    """A child's DS is signed wrongly."""
    children = [z for z in world.zones.values() if z.signed and z.has_ds and z.above is not None and
                world.zones[z.above].signed]
    if children and world.anchors and not world.exceptions and world.more.random() < 0.2:
        child = world.more.choice(children)
        world.zones[child.above].broken_ds.add(child.name)


def some_target(world, rng, plain=False):
    """Anything in any zone: what is there, what a wildcard makes, what is not."""
    if rng.random() < 0.03 and not plain:
        return 'nothing.z%d' % rng.randrange(9)
    zone = rng.choice(list(world.zones.values()))
    owner = rng.choice(list(zone.nodes))
    if plain:
        return zone.name if rng.random() < 0.5 and zone.name else owner.replace('*.', '') or 'nothing'
    labels = [rng.choice(LABELS) if x == '*' else x for x in owner.split('.') if x]
    if rng.random() < 0.15:
        labels.insert(0, rng.choice(LABELS))
    return '.'.join(labels) or 'nothing'


# --- configuration ------------------------------------------------------------------------------------

def configure(world, rng):
    world.anchors = {''} if world.zones[''].signed else set()
    islands = [z.name for z in world.zones.values() if z.signed and z.name and not z.has_ds]
    if islands and rng.random() < 0.3:
        world.anchors.add(rng.choice(islands))
    texts = [f'{x}. IN DS {ds_text(world.zones[x].ksk.ds(x))}' for x in sorted(world.anchors)]
    world.config = {
        'server': {'workers': 2 if rng.random() < 0.2 else 1},
        'resolver': {'qname-minimization': rng.choice(('relaxed', 'relaxed', 'strict', 'off')),
                     'ipv6': rng.random() < 0.2},
        'cache': {'size': rng.choice(('1MiB', '64MiB', '64MiB')), 'prefetch': rng.random() < 0.5,
                  'serve-stale': rng.random() < 0.5, 'aggressive-nsec': rng.random() < 0.85},
        'dnssec': {'validation': 'on' if texts else 'off', 'trust-anchors': texts},
    }
    world.window = rng.choice((1, 1, 4, 16))
    if rng.random() < 0.3:
        route(world, rng)
    if rng.random() < 0.12 and texts:
        inside = rng.choice([x for z in world.zones.values() for x in z.nodes if x and '*' not in x])
        world.exceptions = (inside,)
        world.config['dnssec']['negative-trust-anchors'] = [inside + '.']


def route(world, rng):
    """Everything, or a zone, through a forwarder; or a zone from its own servers."""
    below = rng.choice([x for x in world.zones if x])
    kind = rng.choice(('all', 'zone', 'stub'))
    if kind == 'stub':
        address = world.host_addresses[world.zones[below].hosts[0]]
        world.config['stub-zones'] = [{'name': below + '.', 'addresses': [f'{address}@53']}]
        return
    address = new_address(world)
    del world.addresses[address]
    world.forwarders.add(address)
    where = below if kind == 'zone' else ''
    addresses = [address]
    if world.more.random() < 0.4:       # another that does not recurse, but refers
        addresses.append(new_address(world))
        world.addresses[addresses[1]] = ['']
        world.more.shuffle(addresses)
    world.config['forward-zones'] = [{'name': where + '.', 'addresses': [f'{x}@53' for x in addresses]}]


def ds_text(rdata):
    return f'{int.from_bytes(rdata[:2], "big")} {rdata[2]} {rdata[3]} {rdata[4:].hex()}'
