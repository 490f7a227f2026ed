"""Who lives where in the lab: namespaces, addresses, and which program serves what.

Three network namespaces in a row:

    lab (the resolver and its clients) --- net (root, TLDs, ordinary zones) --- bad (badserver.py)
"""
from dataclasses import dataclass, field

LAB_V4, LAB_V6 = '10.53.0.1', 'fd53::1'              # the resolver's own addresses
LAB_GATE_V4, LAB_GATE_V6 = '10.53.0.2', 'fd53::2'
BAD_V4, BAD_V6 = '10.54.0.2', 'fd54::2'
BAD_GATE_V4, BAD_GATE_V6 = '10.54.0.1', 'fd54::1'

# Everything here ends at the bad server, which looks at the address that was asked.
BAD_NETS = ['198.18.0.0/15', '10.53.9.0/24', '2001:db8:bad::/48']

# The addresses of src/resolver/hints.c; who plays which letter.
ROOT_SERVERS = [
    ('a', '198.41.0.4', '2001:503:ba3e::2:30', 'nsd'),
    ('b', '170.247.170.2', '2801:1b8:10::b', 'nsd'),
    ('c', '192.33.4.12', '2001:500:2::c', 'nsd'),
    ('d', '199.7.91.13', '2001:500:2d::d', 'nsd'),
    ('e', '192.203.230.10', '2001:500:a8::e', 'knot'),
    ('f', '192.5.5.241', '2001:500:2f::f', 'knot'),
    ('g', '192.112.36.4', '2001:500:12::d0d', 'knot'),
    ('h', '198.97.190.53', '2001:500:1::53', 'bind'),
    ('i', '192.36.148.17', '2001:7fe::53', 'bind'),
    ('j', '192.58.128.30', '2001:503:c27::2:30', 'bind'),
    ('k', '193.0.14.129', '2001:7fd::1', 'pdns'),
    ('l', '199.7.83.42', '2001:500:9f::42', 'pdns'),
    ('m', '202.12.27.33', '2001:dc3::35', 'pdns'),
]

NETS = {
    'nsd': ('192.0.2', '2001:db8:1:'),
    'knot': ('198.51.100', '2001:db8:2:'),
    'bind': ('203.0.113', '2001:db8:3:'),
    'pdns': ('192.88.100', '2001:db8:4:'),
}
HOSTS = range(1, 7)     # host numbers of each program inside its nets
PROGRAMS = list(NETS)


def address(program, host, family):
    v4, v6 = NETS[program]
    return f'{v4}.{host}' if family == 4 else f'{v6}:{host}'


def addresses_of(program):
    """All the addresses a program listens on."""
    own = [address(program, host, family) for host in HOSTS for family in (4, 6)]
    for _, v4, v6, server in ROOT_SERVERS:
        own += [v4, v6] if server == program else []
    return own


@dataclass(eq=False)
class Zone:
    name: str                # 'example.com', '' for the root
    program: str             # who serves it; 'root' for all four
    ns: dict = field(default_factory=dict)   # server name -> addresses, [] when they are elsewhere
    lines: list = field(default_factory=list)
    signed: str = ''         # '', 'nsec', 'nsec3', 'optout'; of signers.py also others
    signer: str = ''         # '' for dnssec-signzone, else of signers.py
    minimum: int = 300       # of the SOA
    soa_ttl: int = 3600
    ds: bool = True          # False: signed, but an island
    broken: str = ''         # of signed.BROKEN
    algorithm: str = 'ECDSAP256SHA256'

    def under(self, other):
        return other == '' or self.name == other or self.name.endswith('.' + other)
