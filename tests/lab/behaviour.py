"""What a zone of the bad server is made of: actions, an honest base class, and the TLD above them all."""
from dataclasses import dataclass

import wire

ATTACKER = '198.18.66.6'      # answers for any name as if it were the authority; nobody should ever ask it
FORGED = '6.6.6.6'            # the address in every forged record: seen by a client, it is poison
SILENT_NET = 250          # 198.19.250.0/24 never answers, whoever is asked
TLD_ADDRESSES = ('198.18.0.1', '2001:db8:bad::1')


@dataclass
class Send:
    data: bytes
    delay: float = 0
    source: str = ''          # another address of ours
    port: int = 0             # another port of ours
    to: tuple = ()            # somebody else


@dataclass
class Drop:
    pass


@dataclass
class Close:
    delay: float = 0
    reset: bool = False


@dataclass
class Stream:
    """Octets as they are, length included, in pieces."""
    pieces: list
    gap: float = 0
    delay: float = 0


class Zone:
    """An honest zone: `hosts` and everything below; a behaviour overrides what it does badly."""
    servers = 1               # addresses of ns.NAME
    families = (4,)
    ttl = 300
    delegation_ttl = 3600
    exists = True
    delay = 0

    def __init__(self, **settings):
        self.name = ''        # set by the TLD
        self.addresses = []
        self.hosts = {}
        for key, value in settings.items():
            setattr(self, key, value)

    # What the parent says.
    def referral(self, q):
        server = 'ns.' + self.name
        return q.reply(flags=0, authority=[wire.ns(self.name, server, self.delegation_ttl)],
                       additional=[wire.a(server, x, self.delegation_ttl) for x in self.addresses])

    # What the zone itself says.
    def handle(self, q):
        return Send(self.honest(q), delay=self.delay)

    def honest(self, q):
        """Every name directly below has an address, names of `hosts` theirs; deeper ones don't exist."""
        if q.name == self.name and q.type in (wire.NS, wire.SOA):
            return q.reply([wire.ns(self.name, 'ns.' + self.name, self.ttl) if q.type == wire.NS else
                            wire.soa(self.name, self.ttl, self.ttl)])
        if q.name == 'ns.' + self.name:
            wanted = [x for x in self.addresses if (':' in x) == (q.type == wire.AAAA)]
            return self.data(q, [wire.a(q.name, x, self.ttl) for x in wanted] if q.type in (wire.A, wire.AAAA) else [])
        if q.type == wire.A:
            return self.data(q, [wire.a(q.asked, self.address_of(q.name), self.ttl)])
        if q.type == wire.TXT:
            return self.data(q, [wire.txt(q.asked, 'right', self.ttl)])
        return self.data(q, [])

    def data(self, q, records):
        return q.reply(records) if records else self.nodata(q)

    def nodata(self, q):
        return q.reply(authority=[wire.soa(self.name, self.ttl, self.ttl)])

    def nxdomain(self, q):
        return q.reply(authority=[wire.soa(self.name, self.ttl, self.ttl)], rcode=wire.NXDOMAIN)

    def address_of(self, name):
        return self.hosts.get(name, '192.0.2.1')


class Attacker(Zone):
    """Claims every name and every delegation."""

    def honest(self, q):
        if q.type == wire.NS:
            return q.reply([wire.ns(q.asked, 'ns.attacker.evil', 86400)])
        return q.reply([wire.a(q.asked, FORGED, 86400)] if q.type == wire.A else [])


class TLD:
    """`evil`: delegates every zone to addresses of its own, counted like everything else."""
    name = 'evil'

    def __init__(self, zones):
        self.zones = zones
        self.own_addresses = set(TLD_ADDRESSES)
        self.by_address = {}
        for number, (name, zone) in enumerate(sorted(zones.items())):
            zone.name, zone.tld = name, self
            for i in range(zone.servers):
                v4 = f'198.18.{1 + number // 200}.{number % 200 + 1}' if i == 0 else f'198.19.{number}.{i}'
                if 4 in zone.families:
                    zone.addresses.append(v4)
                if 6 in zone.families:
                    zone.addresses.append(f'2001:db8:bad:{number + 1:x}::{i + 1:x}')
            for address in zone.addresses:
                self.by_address[address] = zone
        attacker = zones.get('attacker.evil')
        if attacker:
            attacker.addresses = [ATTACKER]
            self.by_address[ATTACKER] = attacker

    def handle(self, q):
        labels = q.name.split('.')
        for i in range(len(labels)):
            zone = self.zones.get('.'.join(labels[i:]))
            if zone and zone.exists:
                return Send(zone.referral(q))
        soa = wire.soa('evil', 60, 60)
        if q.name == 'evil':
            apex = {wire.NS: [wire.ns('evil', 'ns.evil')], wire.SOA: [soa]}
            return Send(q.reply(apex[q.type]) if q.type in apex else q.reply(authority=[soa]))
        if q.name == 'ns.evil' and q.type in (wire.A, wire.AAAA):
            return Send(q.reply([wire.a('ns.evil', TLD_ADDRESSES[q.type == wire.AAAA])]))
        if q.name == 'x.evil' and q.type == wire.TXT:
            return Send(q.reply([wire.txt('x.evil', 'the bad server is up')]))
        if q.name in ('x.evil', 'ns.evil'):
            return Send(q.reply(authority=[soa]))
        return Send(q.reply(authority=[soa], rcode=wire.NXDOMAIN))
