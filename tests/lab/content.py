"""What stands in the lab's zones: the same every time, from a fixed seed."""
import random

import signing
from plan import PROGRAMS, ROOT_SERVERS, Zone, address

WORDS = ('alder ash aspen beech birch cedar cherry elm fir hazel holly juniper larch lime linden maple oak '
         'olive pear pine plane poplar rowan spruce sumac sycamore teak walnut willow yew').split()
HOST_LABELS = 'www mail ftp ns api dev shop blog img cdn db vpn git news chat docs'.split()

TEXT = 'The quick brown fox jumps over the lazy dog. '

# One or more records of every type, in the form each of the four programs reads.
ALL_TYPES = [
    ('a', 'A', '192.0.2.77'), ('a', 'A', '192.0.2.78'),
    ('aaaa', 'AAAA', '2001:db8::77'),
    ('mx', 'MX', '10 mail'), ('mx', 'MX', '20 backup.example.net.'),
    ('txt', 'TXT', '"one" "two \\"quoted\\" \\; \\009"'), ('txt', 'TXT', '""'),
    ('_sip._tcp', 'SRV', '1 2 5060 a'), ('_sip._tcp', 'SRV', '0 0 0 .'),
    ('caa', 'CAA', '0 issue "ca.example.net"'), ('caa', 'CAA', '128 iodef "mailto:a@example.net"'),
    ('https', 'HTTPS', '1 . alpn="h2,h3" ipv4hint="192.0.2.77" ipv6hint="2001:db8::77"'),
    ('httpsalias', 'HTTPS', '0 a.example.net.'),
    ('svcb', 'SVCB', '2 svc.example.net. alpn="dot" port=8443'),
    ('naptr', 'NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .'),
    ('naptr', 'NAPTR', '100 20 "s" "SIP+D2U" "" _sip._udp'),
    ('ptr', 'PTR', 'a.example.net.'),
    ('hinfo', 'HINFO', '"CPU" "OS"'),
    ('rp', 'RP', 'mbox txt'),
    ('afsdb', 'AFSDB', '1 a'),
    ('loc', 'LOC', '52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m'),
    ('sshfp', 'SSHFP', '4 2 ' + '0123456789abcdef' * 4),
    ('_443._tcp', 'TLSA', '3 1 1 ' + 'fedcba9876543210' * 4),
    ('smimea', 'SMIMEA', '3 0 1 ' + '00112233445566778899aabbccddeeff' * 2),
    ('openpgpkey', 'OPENPGPKEY', 'mQINBFit2ioBEADhWpZZ8wvZ6hUTiXOwQHXMAlaFHcPH9hAtr4F1y2+O'),
    ('uri', 'URI', '10 1 "https://www.example.net/path"'),
    ('eui48', 'EUI48', '00-00-5e-00-53-2a'),
    ('eui64', 'EUI64', '00-00-5e-ef-10-00-00-2a'),
    ('kx', 'KX', '10 a'),
    ('cert', 'CERT', '1 2 3 AQIDBA=='),
    ('dhcid', 'DHCID', 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA='),
    ('spf', 'SPF', '"v=spf1 -all"'),
    ('nullish', 'TYPE65400', '\\# 5 0102030405'),
    ('nullish', 'TYPE65400', '\\# 0'),
    ('cds', 'CDS', '12345 13 2 ' + 'ab' * 32),
    ('sub', 'DS', '12345 13 2 ' + 'cd' * 32),
]


def add(zone, owner, rtype, data, ttl=3600):
    zone.lines.append(f'{owner or "@"} {ttl} IN {rtype} {data}')


def glue_ns(name, program, hosts=(1, 2), families=(4, 6)):
    return {f'ns{i + 1}.{name}': [address(program, h, f) for f in families] for i, h in enumerate(hosts)}


def hosting(program):
    """The zone whose name servers other zones of this program borrow."""
    return program + '-hosting.' + {'nsd': 'net', 'knot': 'org', 'bind': 'com', 'pdns': 'lab'}[program]


def borrowed_ns(program):
    return {f'ns{i}.{hosting(program)}': [] for i in (1, 2)}


def top_level():
    zones = [Zone('', 'root', signed='nsec'), Zone('root-servers.net', 'root')]
    for letter, v4, v6, _ in ROOT_SERVERS:
        name = f'{letter}.root-servers.net'
        zones[0].ns[name] = zones[1].ns[name] = [v4, v6]
    for name, program, signed in (('com', 'bind', 'optout'), ('net', 'nsd', 'nsec'), ('org', 'knot', 'nsec3'),
                                  ('lab', 'pdns', 'nsec'), ('example', 'nsd', ''), ('test', 'knot', ''),
                                  ('arpa', 'bind', '')):
        zones.append(Zone(name, program, glue_ns(f'nic.{name}', program, (3, 4)), signed=signed))
    zones.append(Zone('six', 'knot', glue_ns('nic.six', 'knot', (5, 6), (6,))))
    # All of evil and crypt is the bad server's: it makes up what lies below.
    zones[0].lines += ['evil. 172800 IN NS ns.evil.', 'ns.evil. 172800 IN A 198.18.0.1',
                       'ns.evil. 172800 IN AAAA 2001:db8:bad::1', *signing.root_lines()]
    return zones


def showcase(zones):
    """example.com: what somebody tries first."""
    z = Zone('example.com', 'bind', glue_ns('example.com', 'bind'), signed='nsec')
    add(z, '', 'A', '192.0.2.80')
    add(z, '', 'AAAA', '2001:db8::80')
    add(z, '', 'MX', '10 mail')
    add(z, '', 'MX', '20 mail.example.org.')
    add(z, '', 'TXT', '"v=spf1 mx -all"')
    add(z, '', 'CAA', '0 issue "ca.example.net"')
    add(z, '', 'HTTPS', '1 . alpn="h2,h3"')
    add(z, 'www', 'A', '192.0.2.81')
    add(z, 'www', 'AAAA', '2001:db8::81')
    add(z, 'mail', 'A', '192.0.2.82')
    add(z, 'shop', 'CNAME', 'www.example.org.')
    for size in (600, 1100, 1500, 4000, 20000):
        add(z, f'big{size}', 'TXT', ' '.join(f'"{TEXT * 5}"' for _ in range(size // 226 + 1)))
    for i in range(200):
        add(z, 'many', 'A', f'10.1.{i // 250}.{i % 250 + 1}')
    add(z, 'short', 'A', '192.0.2.83', ttl=4)
    add(z, 'zero', 'A', '192.0.2.84', ttl=0)
    add(z, '*.wild', 'A', '192.0.2.85')
    add(z, '*.wild', 'TXT', '"wild"')
    add(z, 'there.wild', 'A', '192.0.2.86')
    add(z, 'below.there2.wild', 'A', '192.0.2.87')
    add(z, 'deep.empty.ent', 'A', '192.0.2.88')
    add(z, '_dmarc', 'TXT', '"v=DMARC1; p=none"')
    add(z, 'large', 'HTTPS', '1 . alpn="' + ','.join(f'protocol-{i:06}' for i in range(15)) + '"')
    add(z, 'large', 'A', '192.0.2.90')
    add(z, 'large', 'AAAA', '2001:db8::90')
    add(z, 'https-alias', 'HTTPS', '0 example.com.')
    add(z, 'nx-alias', 'CNAME', 'nothing-here.example.org.')
    add(z, 'a\\.b', 'A', '192.0.2.89')
    zones.append(z)


def aliases(zones):
    """CNAME and DNAME chains across zones and programs."""
    z = {p: Zone(f'alias-{p}.{tld}', p, borrowed_ns(p)) for p, tld in zip(PROGRAMS, ('com', 'net', 'org', 'lab'))}
    ring = list(z.values())
    for length in range(1, 15):     # cN takes N steps to the end, each in another zone
        for i, zone in enumerate(ring):
            target = ring[(i + 1) % 4].name
            add(zone, f'c{length}', 'CNAME', f'c{length - 1}.{target}.' if length > 1 else f'end.{target}.')
    for i, zone in enumerate(ring):
        after = ring[(i + 1) % 4].name
        add(zone, 'end', 'A', f'192.0.2.{100 + i}')
        add(zone, 'end', 'TXT', f'"end of {zone.name}"')
        add(zone, 'dn', 'DNAME', f'tree.{after}.')
        add(zone, 'dn2', 'DNAME', f'dn.{after}.')
        add(zone, 'leaf.tree', 'A', f'192.0.2.{110 + i}')
        add(zone, 'a.b.tree', 'A', f'192.0.2.{120 + i}')
        add(zone, 'to-nothing', 'CNAME', f'nothing.{after}.')
        add(zone, 'to-nodata', 'CNAME', f'leaf.tree.{after}.')
        add(zone, '*.wc', 'CNAME', f'end.{after}.')
        add(zone, 'self', 'CNAME', 'self')
        add(zone, 'ping', 'CNAME', f'pong.{after}.')
        add(zone, 'pong', 'CNAME', f'ping.{ring[(i + 3) % 4].name if i else ring[3].name}.')
    # Rewriting by this one makes names too long.
    add(ring[0], 'long', 'DNAME', '.'.join(['x' * 60] * 3) + f'.{ring[1].name}.')
    zones += ring


def types(zones):
    for program, tld in zip(PROGRAMS, ('org', 'com', 'net', 'lab')):
        name = f'types-{program}.{tld}'
        z = Zone(name, program, glue_ns(name, program))
        for owner, rtype, data in ALL_TYPES:
            add(z, owner, rtype, data, ttl=1800)
        add(z, 'sub', 'NS', 'ns1.sub')
        add(z, 'ns1.sub', 'A', '192.0.2.250')
        zones.append(z)


def reverse(zones):
    z = Zone('41.198.in-addr.arpa', 'bind', borrowed_ns('nsd'))
    z.program = 'nsd'
    add(z, '4.0', 'PTR', 'a.root-servers.net.')
    zones.append(z)
    z = Zone('1.0.0.2.ip6.arpa', 'knot', borrowed_ns('knot'))
    for letter, _, v6, _ in ROOT_SERVERS:
        if v6.startswith('2001:7f'):
            add(z, reversed_v6(v6)[:-len('.1.0.0.2')], 'PTR', f'{letter}.root-servers.net.')
    zones.append(z)


def reversed_v6(text):
    head, _, tail = text.partition('::')
    groups = [g.rjust(4, '0') for g in head.split(':')]
    tail_groups = [g.rjust(4, '0') for g in tail.split(':')] if tail else []
    groups += ['0000'] * (8 - len(groups) - len(tail_groups)) + tail_groups
    return '.'.join(reversed(''.join(groups)))


def special(zones):
    """Zones with one oddity each."""
    z = Zone('negative.lab', 'pdns', glue_ns('negative.lab', 'pdns'), minimum=7, soa_ttl=3600)
    add(z, 'there', 'A', '192.0.2.90')
    zones.append(z)
    z = Zone('negative.org', 'knot', glue_ns('negative.org', 'knot'), minimum=3600, soa_ttl=9)
    add(z, 'there', 'A', '192.0.2.91')
    zones.append(z)
    z = Zone('example.six', 'knot', glue_ns('example.six', 'knot', (5,), (6,)))
    add(z, 'www', 'AAAA', '2001:db8::6')
    add(z, 'www', 'A', '192.0.2.66')
    zones.append(z)
    z = Zone('sixonly.org', 'nsd', glue_ns('sixonly.org', 'nsd', (5,), (6,)))
    add(z, 'www', 'AAAA', '2001:db8::66')
    zones.append(z)
    z = Zone('example.test', 'knot', borrowed_ns('knot'))
    add(z, 'www', 'A', '192.0.2.92')
    zones.append(z)
    # Sixty honest cuts would be a zone each: the bad server does that. Here are four.
    for name in ('deep.example.net', 'a.deep.example.net', 'b.a.deep.example.net', 'c.b.a.deep.example.net'):
        program = PROGRAMS[name.count('.') % 4]
        z = Zone(name, program, glue_ns(name, program))
        add(z, 'www', 'A', '192.0.2.93')
        zones.append(z)
    # Parent and child on one server: no referral is ever seen between them.
    for name in ('both.org', 'child.both.org'):
        z = Zone(name, 'knot', glue_ns(name, 'knot', (1,)))
        add(z, 'www', 'A', '192.0.2.94')
        zones.append(z)


def ordinary(zones, rng):
    """Dozens of zones as there are millions: hosts, mail, a few aliases."""
    hosts = [(tld, word) for tld in ('com', 'net', 'org', 'lab', 'example') for word in WORDS[:]]
    rng.shuffle(hosts)
    taken = {z.name for z in zones}
    names = [f'{word}.{tld}' for tld, word in hosts if f'{word}.{tld}' not in taken][:44]
    for i, name in enumerate(names + ['example.net', 'example.org']):
        program = PROGRAMS[i % 4]
        style = rng.choice(('glue', 'glue', 'borrowed', 'mixed'))
        ns = glue_ns(name, program) if style == 'glue' else borrowed_ns(program)
        if style == 'mixed':
            ns = {**glue_ns(name, program, (2,)), f'ns1.{hosting(program)}': []}
        z = Zone(name, program, ns, signed=rng.choice(('', '', '', 'nsec', 'nsec3')))
        fill(z, rng, names)
        zones.append(z)


def fill(z, rng, names):
    add(z, '', 'A', f'192.0.2.{rng.randrange(1, 255)}')
    add(z, '', 'MX', '10 mail')
    add(z, '', 'TXT', f'"v=spf1 a mx -all" "{rng.randrange(10 ** 6)}"')
    add(z, 'mail', 'A', f'192.0.2.{rng.randrange(1, 255)}')
    for label in rng.sample(HOST_LABELS, 10):
        if label in ('mail', 'ns'):
            continue
        kind = rng.random()
        if label == 'www' or kind < 0.6:
            for _ in range(rng.choice((1, 1, 2, 4))):
                add(z, label, 'A', f'10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}', 600)
            if rng.random() < 0.5:
                add(z, label, 'AAAA', f'2001:db8:{rng.randrange(65536):x}::{rng.randrange(1, 65536):x}', 600)
        elif kind < 0.85:
            add(z, label, 'CNAME', f'www.{rng.choice(names)}.')
        else:
            add(z, f'x.{label}', 'A', f'10.9.9.{rng.randrange(1, 255)}')
    if rng.random() < 0.4:
        add(z, '*.any', 'A', f'10.8.8.{rng.randrange(1, 255)}')


def hostings(zones):
    for program in PROGRAMS:
        name = hosting(program)
        z = Zone(name, program, glue_ns(name, program))
        add(z, 'www', 'A', '192.0.2.95')
        zones.append(z)


def own_servers(zones):
    """A zone holds the addresses of its own servers, as its parent's glue says."""
    for z in zones:
        for server, where in z.ns.items():
            if not server.endswith('.' + z.name) and z.name:
                continue
            for a in where:
                z.lines.append(f'{server}. 86400 IN {"AAAA" if ":" in a else "A"} {a}')


def all_zones():
    zones = top_level()
    hostings(zones)
    showcase(zones)
    aliases(zones)
    types(zones)
    reverse(zones)
    special(zones)
    ordinary(zones, random.Random(2))
    own_servers(zones)
    return zones
