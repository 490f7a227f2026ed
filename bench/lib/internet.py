"""The internet of the bench: a root, TLDs and second-level zones, the same in every run (fixed seed).

Three nsd processes, so that every delegation is a real one: the root, the TLDs, everything below. A zone's file
holds only relative names, so all zones of one hoster share a file, and 100,000 zones are a few hundred files.
Zones with an even index hold what SITE says and nothing else; those with an odd one have a wildcard besides.
"""
import os
import random

SEED = 53
TTL = 86400
NETWORK = '10.53.0.1/16'
RESOLVER = '10.53.0.53'
CLIENT = '10.53.0.200'
# (peer, workers) -> address, of those that are up at once
SCALING = {('floor', 1): '10.53.0.61', ('floor', 2): '10.53.0.62', ('tern', 1): '10.53.0.63', ('tern', 2): '10.53.0.64'}
ROOTS = ['10.53.0.1', '10.53.0.2']
HOSTERS = 60            # each a zone of its own with two servers that others' zones name
HOSTED_SHARE = 0.4      # of the zones; the others bring their own two servers, with glue
PAIRS = 50              # pairs of addresses behind those
TLDS = ['com', 'de', 'org', 'nl', 'fr', 'it', 'uk', 'eu', 'pl', 'ch', 'at', 'se', 'cz', 'be', 'dk', 'info', 'dev',
        'shop', 'online', 'app']
VOWELS, CONSONANTS = 'aeiou', 'bcdfghjklmnprstvwz'

SITE = """@ A 192.0.2.{n}
@ AAAA 2001:db8:{n:x}::1
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ HTTPS 1 . alpn=h2,h3
www A 192.0.2.{n}
www AAAA 2001:db8:{n:x}::2
www HTTPS 1 . alpn=h2,h3
mail A 192.0.2.{n}
"""


class Zone:
    def __init__(self, name, index, hoster=None, pair=0):
        self.name, self.hoster, self.pair = name, hoster, pair
        self.is_wild = index % 2 == 1

    @property
    def file(self):
        kind = f'hosted{self.hoster}' if self.hoster is not None else f'own{self.pair}'
        return f'{kind}{"-wild" if self.is_wild else ""}.zone'


def tld_servers(i):
    return [f'10.53.1.{2 * i + 1}', f'10.53.1.{2 * i + 2}']


def hoster_servers(i):
    return [f'10.53.2.{2 * i + 1}', f'10.53.2.{2 * i + 2}']


def pair_servers(i):
    return [f'10.53.3.{2 * i + 1}', f'10.53.3.{2 * i + 2}']


def make_word(rng):
    return ''.join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(2, 6)))


def make_label(rng):
    """One word, or two with a hyphen."""
    return make_word(rng) if rng.random() < 0.8 else f'{make_word(rng)}-{make_word(rng)}'


def plan(zones_n, seed=SEED):
    """(the hosters' own zones, the other zones), in an order that says nothing about a zone."""
    rng = random.Random(seed)
    hosters = [Zone(f'{make_label(rng)}-dns{i}.{TLDS[i % len(TLDS)]}', 0) for i in range(HOSTERS)]
    names = set()
    while len(names) < zones_n:
        label = make_label(rng)
        names.add(f'{label}{len(names) if len(label) < 7 else ""}.{rng.choice(TLDS)}')
    zones = []
    for i, name in enumerate(sorted(names)):
        hosted = rng.random() < HOSTED_SHARE
        zones.append(Zone(name, i, hoster=rng.randrange(HOSTERS) if hosted else None, pair=rng.randrange(PAIRS)))
    rng.shuffle(zones)
    return hosters, zones


def write(path, text):
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)
    return path


def soa(server):
    return f'$TTL {TTL}\n@ SOA {server} hostmaster 1 14400 3600 604800 3600\n'


def servers_of(zone, hosters):
    """[(name, address of glue or None)]"""
    if zone.hoster is not None:
        return [(f'ns{k}.{hosters[zone.hoster].name}.', None) for k in (1, 2)]
    return [(f'ns{k}.{zone.name}.', a) for k, a in enumerate(pair_servers(zone.pair), 1)]


def delegation(name, servers):
    lines = [f'{name}. NS {server}' for server, _ in servers]
    return '\n'.join(lines + [f'{server} A {glue}' for server, glue in servers if glue]) + '\n'


def root_zone(ds=()):
    """@p ds: lines that make delegations secure."""
    lines = [soa('a.root-servers.net.')]
    lines += [f'. NS {c}.root-servers.net.\n{c}.root-servers.net. A {a}\n' for c, a in zip('ab', ROOTS)]
    for i, tld in enumerate(TLDS):
        lines.append(delegation(tld, [(f'{c}.nic.{tld}.', a) for c, a in zip('ab', tld_servers(i))]))
    return ''.join(lines + list(ds))


def tld_zone(i, zones, hosters, ds=()):
    tld = TLDS[i]
    lines = [soa('a.nic')]
    lines += [f'@ NS {c}.nic\n{c}.nic A {a}\n' for c, a in zip('ab', tld_servers(i))]
    for k, hoster in enumerate(hosters):
        if hoster.name.endswith('.' + tld):
            servers = [(f'ns{n}.{hoster.name}.', a) for n, a in enumerate(hoster_servers(k), 1)]
            lines.append(delegation(hoster.name, servers))
    lines += [delegation(z.name, servers_of(z, hosters)) for z in zones if z.name.endswith('.' + tld)]
    return ''.join(lines + list(ds))


def site_zone(servers, n, is_wild):
    """@p servers: [(relative or full name, address or None)]"""
    lines = [soa(servers[0][0])] + [f'@ NS {name}\n' for name, _ in servers]
    lines += [f'{name} A {address}\n' for name, address in servers if address]
    return ''.join(lines) + SITE.format(n=n) + (f'* A 198.51.100.{n}\n' if is_wild else '')


def hoster_text(i):
    """A hoster's own zone."""
    return site_zone([(f'ns{k}', a) for k, a in enumerate(hoster_servers(i), 1)], i + 1, False)


def site_text(zone, hosters):
    """The same for all zones of one hoster, or pair, and kind."""
    if zone.hoster is not None:
        return site_zone(servers_of(zone, hosters), zone.hoster + 1, zone.is_wild)
    named = [(f'ns{k}', a) for k, a in enumerate(pair_servers(zone.pair), 1)]
    return site_zone(named, zone.pair + 101, zone.is_wild)


def write_hoster_zones(directory, hosters):
    """@return [(zone, file)]"""
    for i in range(len(hosters)):
        write(f'{directory}/hoster{i}.zone', hoster_text(i))
    return [(h.name, f'hoster{i}.zone') for i, h in enumerate(hosters)]


def write_site_zones(directory, hosters, zones):
    """@return [(zone, file)]"""
    for zone in {z.file: z for z in zones}.values():
        write(f'{directory}/{zone.file}', site_text(zone, hosters))
    return [(z.name, z.file) for z in zones]


def nsd_conf(directory, name, addresses, zones):
    """@p zones: [(zone, file)]"""
    lines = ['server:', '  username: ""', '  chroot: ""', '  pidfile: ""', '  server-count: 1', '  rrl-ratelimit: 0',
             '  round-robin: no', '  hide-version: yes', '  database: ""', '  verbosity: 0',
             f'  zonesdir: "{directory}"', f'  xfrdfile: "{directory}/{name}.xfrd"', f'  xfrdir: "{directory}"',
             f'  zonelistfile: "{directory}/{name}.list"', f'  logfile: "{directory}/{name}.log"']
    lines += [f'  ip-address: {a}' for a in addresses]
    lines += ['remote-control:', '  control-enable: no']
    lines += [f'zone:\n  name: "{zone}"\n  zonefile: "{file}"' for zone, file in zones]
    return write(f'{directory}/{name}.conf', '\n'.join(lines) + '\n')


def write_hints(directory):
    return write(f'{directory}/root.hints', ''.join(
        f'. 3600000 IN NS {c}.root-servers.net.\n{c}.root-servers.net. 3600000 IN A {a}\n'
        for c, a in zip('ab', ROOTS)))


def flat(lists):
    return [item for some in lists for item in some]


def servers(directory, below):
    """Configure nsd for the root, the TLDs and @p below, [(zone, file)]; returns [(argv of a server, one address)]."""
    write_hints(directory)
    parts = [('root', ROOTS, [('.', 'root.zone')]),
             ('tlds', flat(map(tld_servers, range(len(TLDS)))), [(t, f'tld-{t}.zone') for t in TLDS]),
             ('sites', flat(map(hoster_servers, range(HOSTERS))) + flat(map(pair_servers, range(PAIRS))), below)]
    return [(['nsd', '-d', '-c', nsd_conf(directory, *part)], part[1][0]) for part in parts]


def build(directory, hosters, zones):
    """Write everything; returns what servers() does."""
    os.makedirs(directory)
    write(f'{directory}/root.zone', root_zone())
    for i, tld in enumerate(TLDS):
        write(f'{directory}/tld-{tld}.zone', tld_zone(i, zones, hosters))
    return servers(directory, write_hoster_zones(directory, hosters) + write_site_zones(directory, hosters, zones))
