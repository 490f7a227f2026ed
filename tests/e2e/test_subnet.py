"""Servers of listed zones are told the client's network, and their answers are kept for it: EDNS Client Subnet, RFC 7871."""
import struct

from harness import *
from test_reload import reload, start, ternctl

ON = {'resolver': {'client-subnet': {'zones': ['subnet.evil'], 'ipv4-prefix': 24}}, 'access': {'allow': ['0.0.0.0/0', '::/0']}}
HERE, NEAR, FAR = '203.0.7.1', '203.0.7.99', '203.0.9.1'


class Addresses:
    """Clients that are not of our own networks."""

    def __enter__(self):
        for a in (HERE, NEAR, FAR):
            subprocess.run(['ip', 'address', 'add', f'{a}/32', 'dev', 'lo'], check=False, stderr=subprocess.DEVNULL)
        reset()

    def __exit__(self, *_):
        for a in (HERE, NEAR, FAR):
            subprocess.run(['ip', 'address', 'del', f'{a}/32', 'dev', 'lo'], check=False, stderr=subprocess.DEVNULL)


def subnets(zone='subnet.evil'):
    """What the zone's server was told, in order: (family, source, scope, octets); None for nothing."""
    told = []
    for q in upstream(zone):
        options, at, found = bytes.fromhex(q['options']), 0, None
        while at + 4 <= len(options):
            code, length = struct.unpack('!HH', options[at:at + 4])
            if code == 8:
                found = (*struct.unpack('!HBB', options[at + 4:at + 8]), options[at + 8:at + 4 + length])
            at += 4 + length
        told.append(found)
    return told


def asked(name, source, **how):
    return data(expect(ask(name, source=source, **how), 'NOERROR'))


def test_each_network_has_its_own():
    with Addresses():
        start(**ON)
        for _ in range(3):
            equal(asked('www.subnet.evil', HERE), ['198.51.100.7'])
            equal(asked('www.subnet.evil', NEAR, tcp=True), ['198.51.100.7'])
            equal(asked('WWW.subnet.evil', FAR), ['198.51.100.9'])
            equal(asked('www.subnet.evil', None), ['198.51.100.0'])       # one of our own: nobody is told
        told = [s for s in subnets() if s]
        equal(told, [(1, 24, 0, bytes([203, 0, 7])), (1, 24, 0, bytes([203, 0, 9]))], 'each was asked for once')
        # Other zones, and other types, are not told.
        asked('a.honest.evil', HERE)
        ask('www.subnet.evil', 'TXT', source=HERE)
        equal([s for s in subnets('honest.evil') if s], [])
        equal(len([s for s in subnets() if s]), 2)


def test_what_is_good_for_all_is_kept_for_all():
    with Addresses():
        start(**ON)
        setting('subnet.evil', scope=0)
        for _ in range(2):
            equal(asked('www1.subnet.evil', HERE), ['198.51.100.7'])
            equal(asked('www1.subnet.evil', FAR), ['198.51.100.7'])
        equal(len([s for s in subnets() if s]), 1)
        setting('subnet.evil', lie='silent')
        # Who passes it over is asked again without it, once for all.
        for source in (FAR, HERE, FAR):
            equal(asked('www2.subnet.evil', source), ['198.51.100.0'])
        equal([s and s[3] for s in subnets()[-2:]], [bytes([203, 0, 9]), None])
        setting('subnet.evil', lie='')
        # What was asked without a network is nobody's who has one.
        equal(asked('www3.subnet.evil', None), ['198.51.100.0'])
        equal(asked('www3.subnet.evil', HERE), ['198.51.100.7'])
        # Denials are the same for all.
        reset()
        for source in (HERE, FAR, None):
            expect(ask('www4.subnet.evil', 'AAAA', source=source), 'NOERROR', [], 'AAAA')


def test_who_wants_none_told():
    with Addresses():
        start(**ON)
        opt_out = dns.edns.ECSOption('0.0.0.0', 0)
        equal(asked('www.subnet.evil', HERE, options=[opt_out]), ['198.51.100.0'])
        # What a client says of a network does not count.
        equal(asked('www.subnet.evil', HERE, options=[dns.edns.ECSOption('203.0.9.0', 24)]), ['198.51.100.7'])
        for octets in (b'', b'\0', b'\0\1\x18', b'\0\1\xff\0', b'\xff' * 40):
            rcode(ask('www.subnet.evil', source=HERE, options=[dns.edns.GenericOption(8, octets)]))


def test_lies():
    with Addresses():
        tern = start(**ON)
        for number, lie in enumerate(('address', 'source', 'family')):
            setting('subnet.evil', lie=lie)
            expect(ask(f'www-{number}.subnet.evil', source=HERE, timeout=9), 'SERVFAIL')
        setting('subnet.evil', lie='')
        equal(asked('www-9.subnet.evil', HERE), ['198.51.100.7'])
        setting('subnet.evil', scope=255)
        equal(asked('www-10.subnet.evil', HERE), ['198.51.100.7'])
        setting('subnet.evil', deaf=True)
        equal(asked('www-11.subnet.evil', HERE), ['198.51.100.0'])
        # What was asked without a network, for want of the option, is good for nobody else.
        asks = len(upstream('subnet.evil'))
        asked('www-11.subnet.evil', FAR)
        check(len(upstream('subnet.evil')) > asks)
        tern.alive()


def test_flush_reload_and_default():
    with Addresses():
        tern = start(**ON)
        asked('www.subnet.evil', HERE)
        reset()
        asked('www.subnet.evil', HERE)
        equal(subnets(), [])
        ternctl('flush', 'www.subnet.evil')
        asked('www.subnet.evil', HERE)
        equal(len([s for s in subnets() if s]), 1)
        ternctl('flush-zone', 'subnet.evil')
        asked('www.subnet.evil', HERE)
        equal(len([s for s in subnets() if s]), 2)
        reload(tern, **{**ON, 'resolver': {'client-subnet': {'zones': ['subnet.evil'], 'ipv4-prefix': 16}}})
        asked('www7.subnet.evil', HERE)
        equal(subnets()[-1], (1, 16, 0, bytes([203, 0])))
        reload(tern, access=ON['access'])
        reset()
        asked('www8.subnet.evil', HERE)
        equal([s for s in subnets() if s], [])
