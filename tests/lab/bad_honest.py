"""Zones that behave, to be counted, slowed, revoked or attacked."""
import random
import re
import struct

import wire
from behaviour import Attacker, Drop, Send, Zone


class Slow(Zone):
    """Right, after a while; `delay` can be set. Texts are long."""
    delay = 0.3

    def honest(self, q):
        if q.type == wire.TXT:
            return self.data(q, [wire.txt(q.asked, f'{i:02}' + 'x' * 248, self.ttl) for i in range(4)])
        return super().honest(q)


class Patchy(Zone):
    """Right and fast, but to some names only: `late700-x` comes after 700 ms, `hole-x` and type HTTPS never."""

    def handle(self, q):
        kind, _, _ = q.name.split('.')[0].partition('-')
        if q.type == 65 or kind == 'hole':
            return Drop()
        return Send(self.honest(q), delay=int(kind[4:]) / 1000 if re.fullmatch('late[0-9]+', kind) else 0)


class OnlyFour(Zone):
    """Knows addresses of IPv4 only: what it does when asked for AAAA is the first part of the name."""

    def handle(self, q):
        kind, _, _ = q.name.split('.')[0].partition('-')
        if q.type == wire.AAAA and kind == 'hole':
            return Drop()
        if q.type == wire.AAAA and kind in ('servfail', 'notimp', 'refused'):
            return Send(q.reply(rcode={'servfail': 2, 'notimp': 4, 'refused': 5}[kind]))
        return super().handle(q)


class Watched(Zone):
    """Wants to hear of failures (RFC 9567), at `agent`, but for names `quiet-x`; `fails-x` is refused."""
    agent = 'agent.evil'

    def handle(self, q):
        kinds = q.name.split('.')[0].split('-')
        agent = wire.name(self.agent) if '.' in self.agent else bytes.fromhex(self.agent)
        options = b'' if 'quiet' in kinds else struct.pack('!HH', 18, len(agent)) + agent
        if 'fails' in kinds:
            return Send(q.reply(rcode=wire.REFUSED, flags=0, options=options))
        return Send(self.honest(q)[:-11] + wire.opt(options=options))


class BySubnet(Zone):
    """The address of www- names is 198.51.100.N for clients of x.y.N.0/24 (RFC 7871); `scope` is what it is good for."""
    scope, lie, deaf = 24, '', False

    def handle(self, q):
        subnet = q.option(8) or b''
        if subnet and self.deaf:
            return Send(q.reply(rcode=wire.FORMERR, flags=0, edns=False))
        if not q.name.startswith('www') or q.type != wire.A:
            return Send(self.honest(q))
        host = subnet[6] if len(subnet) >= 7 else 0
        name = q.asked
        answer = [wire.a(name, f'198.51.100.{host}', self.ttl)]
        if subnet:
            subnet = subnet[:3] + bytes([self.scope]) + subnet[4:]
            if self.lie == 'address':
                subnet = subnet[:4] + bytes(len(subnet) - 4)
            elif self.lie == 'source':
                subnet = subnet[:2] + b'\x10' + subnet[3:4] + subnet[4:6]
            elif self.lie == 'family':
                subnet = b'\0\x02' + subnet[2:]
            elif self.lie == 'silent':
                subnet = b''
        return Send(q.reply(answer, options=struct.pack('!HH', 8, len(subnet)) + subnet if subnet else b''))


class Lossy(Zone):
    """Right after 20 ms, but for every third question or answer, which is lost."""
    delay = 0.02
    lost = 0.3

    def __init__(self, **settings):
        super().__init__(**settings)
        self.random = random.Random(1)

    def handle(self, q):
        return Drop() if self.random.random() < self.lost else super().handle(q)


class Switched(Zone):
    """Right until it is told to be silent or to fail."""
    silent = False
    rcode = 0

    def handle(self, q):
        if self.silent:
            return Drop()
        if self.rcode:
            return Send(q.reply(rcode=self.rcode))
        return super().handle(q)


class Ghost(Zone):
    """Refreshes its own NS and address with every answer, long after the parent has forgotten it."""
    delegation_ttl = 4

    def honest(self, q):
        own = [wire.ns(self.name, 'ns.' + self.name, 86400)]
        glue = [wire.a('ns.' + self.name, self.addresses[0], 86400)]
        if q.type == wire.NS and q.name == self.name:
            return q.reply(own, additional=glue)
        if q.name == 'ns.' + self.name:
            return q.reply(glue if q.type == wire.A else [], authority=own)
        return q.reply([wire.a(q.asked, '192.0.2.1', 2)] if q.type == wire.A else [], own, glue)


class Ttl(Zone):
    """Odd TTLs by label."""
    values = {'zero': 0, 'huge': 2 ** 31, 'negative': 2 ** 32 - 1, 'max': 2 ** 31 - 1, 'week': 604800, 'ten': 10}

    def honest(self, q):
        label = q.name.split('.')[0]
        if q.type == wire.A and label in self.values:
            return q.reply([wire.a(q.asked, '192.0.2.1', self.values[label])])
        if label.startswith('nodata'):
            return q.reply(authority=[wire.soa(self.name, 2 ** 31 - 1, 2 ** 31 - 1)])
        return super().honest(q)


class Silent(Zone):
    def handle(self, q):
        return Drop()


class CutDenied(Zone):
    """Denies empty non-terminals: b.NAME is NXDOMAIN although a.b.NAME is there."""

    def honest(self, q):
        above = q.labels_above(self.name)
        return self.nxdomain(q) if above and above[0] == 'b' else super().honest(q)


class MovedServer(Zone):
    """Its server's true address is not what the glue says (both answer)."""

    def honest(self, q):
        if q.name == 'ns.' + self.name and q.type == wire.A:
            return q.reply([wire.a(q.asked, '198.18.99.99', 300)])
        return super().honest(q)


class Reflected(Zone):
    """Asks the resolver its own question back, as a chain of resolvers would; `patience` can be set."""
    patience = 1

    def handle(self, q):
        back = (q.peer[0], 53)
        ask = wire.message(q.id ^ 1, wire.RD, q.question)
        return [Send(ask, to=back), Send(q.reply(rcode=wire.SERVFAIL), delay=self.patience)]


class Neighbour(Zone):
    """Right, but first two other programs on its host ask the resolver for the same name, type AAAA."""
    delay = 0.3

    def handle(self, q):
        back = (q.peer[0], 53)
        other = q.question[:-4] + struct.pack('!HH', wire.AAAA, 1)
        asks = [wire.message(q.id ^ x, wire.RD, other) for x in (1, 2)]
        return [Send(ask, to=back) for ask in asks if q.name != self.name] + [super().handle(q)]


class Any(Zone):
    """Several types at one name, a lot of them."""

    def honest(self, q):
        sets = {wire.A: [wire.a(q.asked, f'192.0.2.{i}') for i in range(1, 40)],
                wire.AAAA: [wire.a(q.asked, f'2001:db8::{i}') for i in range(1, 40)],
                wire.TXT: [wire.txt(q.asked, f'{i}' + 'x' * 100) for i in range(20)]}
        if q.name == self.name:
            return super().honest(q)
        records = [r for s in sets.values() for r in s] if q.type == wire.ANY else sets.get(q.type, [])
        full = self.data(q, records)
        return full if q.tcp or len(full) <= q.size else q.reply(flags=wire.AA | wire.TC)


def zones():
    return {
        'honest.evil': Zone(),
        'dual.evil': Zone(families=(4, 6)),
        'six.evil': Zone(families=(6,)),
        'victim.evil': Zone(hosts={'www.victim.evil': '192.0.2.200'}),
        'slow.evil': Slow(),
        'two.evil': Slow(servers=2, delay=0),
        'patchy.evil': Patchy(),
        'only-four.evil': OnlyFour(),
        'patchy-two.evil': Patchy(servers=2),
        'lossy.evil': Lossy(),
        'lossy-three.evil': Lossy(servers=3),
        'switch.evil': Switched(ttl=1),
        'silent.evil': Silent(),
        'watched.evil': Watched(),
        'agent.evil': Zone(),
        'subnet.evil': BySubnet(),
        'dead.evil': Silent(servers=13),
        'ghost.evil': Ghost(),
        'ttl.evil': Ttl(),
        'cutdenied.evil': CutDenied(),
        'moved.evil': MovedServer(),
        'reflected.evil': Reflected(),
        'neighbour.evil': Neighbour(),
        'any.evil': Any(),
        'short.evil': Zone(ttl=10),
        'attacker.evil': Attacker(),
    }
