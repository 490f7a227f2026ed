"""Referrals that lead nowhere, too far, or at somebody."""
import wire
from behaviour import SILENT_NET, Send, Zone

LEVELS = 20     # of aliases times servers


class Nxns(Zone):
    """NXNSAttack: every name below a is cut off to many servers whose names are a victim's."""
    count = 20

    def honest(self, q):
        above = q.labels_above(self.name)
        if len(above) < 1 or q.name == 'ns.' + self.name:
            return super().honest(q)
        cut = f'{above[-1]}.{self.name}'
        return q.reply(flags=0, authority=[wire.ns(cut, f'r{i}-{above[-1]}.victim2.evil') for i in range(self.count)])


class NxnsVictim(Zone):
    """Denies every name: no address to be had."""

    def honest(self, q):
        return super().honest(q) if q.name == self.name else self.nxdomain(q)


class ManyServers(Zone):
    """NRDelegation: 1500 server names, by TCP since no datagram holds them; their zone is silent."""

    def honest(self, q):
        above = q.labels_above(self.name)
        if not above or q.name == 'ns.' + self.name:
            return super().honest(q)
        if not q.tcp:
            return q.reply(flags=wire.TC)
        cut = f'{above[-1]}.{self.name}'
        return q.reply(flags=0, authority=[wire.ns(cut, f'n{i}.silent.evil') for i in range(1500)])


class Cyclic(Zone):
    """TsuNAME: each of the pair has its only server in the other."""
    other = ''

    def referral(self, q):
        return q.reply(flags=0, authority=[wire.ns(self.name, 'ns.' + self.other, 300)])


class ReferralTo(Zone):
    """Answers everything below by a referral to @target: upward, sideways or to itself."""
    target = '.'

    def honest(self, q):
        if q.name == 'ns.' + self.name:
            return super().honest(q)
        target = self.name if self.target == 'self' else self.target
        if self.target == '.':
            return q.reply(flags=0, authority=[wire.ns('', f'{x}.root-servers.net', 86400) for x in 'abc'])
        return q.reply(flags=0, authority=[wire.ns(target, 'ns.' + target)], additional=[
            wire.a('ns.' + target, self.addresses[0])])


class Endless(Zone):
    """iDNS: whatever is asked lies one cut deeper."""

    def honest(self, q):
        above = q.labels_above(self.name)
        if not above or q.name == 'ns.' + self.name:
            return super().honest(q)
        if above[-1] == 'shift':    # below the same cut for ever
            return q.reply(flags=0, authority=[wire.ns(f'shift.{self.name}', f'{q.id:x}.shift.{self.name}')],
                           additional=[wire.a(f'{q.id:x}.shift.{self.name}', self.addresses[0])])
        return q.reply(flags=0, authority=[wire.ns(q.name, f'ns.{q.name}')],
                       additional=[wire.a(f'ns.{q.name}', self.addresses[0])])


class Indefinite(Zone):
    """Indefinitely delegating: each cut's only server is a fresh name below another fresh cut, without glue."""

    def honest(self, q):
        above = q.labels_above(self.name)
        if not above or q.name == 'ns.' + self.name:
            return super().honest(q)
        cut = f'{above[-1]}.{self.name}'
        return q.reply(flags=0, authority=[wire.ns(cut, f'x.{above[-1][:20]}{len(above[-1]) % 10}{q.id % 10}.{self.name}')])


class NestedCuts(Zone):
    """Sixty honest zones below each other, each on this server: the address tells nothing, so count labels."""

    def honest(self, q):
        above = q.labels_above(self.name)
        depth = len(above)
        if depth == 0 or not above[-1].startswith('z'):
            return super().honest(q)
        # The asker knows the cut that its last referral named; each server address is one level.
        level = self.level_of(q.local)
        if depth > level and level < 60:
            cut = '.'.join(above[-level - 1:]) + '.' + self.name
            return q.reply(flags=0, authority=[wire.ns(cut, 'ns.' + cut)],
                           additional=[wire.a('ns.' + cut, self.addresses[level + 1])])
        return super().honest(q)

    def level_of(self, address):
        return self.addresses.index(address)

    def referral(self, q):
        return q.reply(flags=0, authority=[wire.ns(self.name, 'ns.' + self.name)],
                       additional=[wire.a('ns.' + self.name, self.addresses[0])])


class Lame(Zone):
    """Delegated here, but not served."""
    rcode = wire.REFUSED
    flags = 0

    def handle(self, q):
        return Send(q.reply(rcode=self.rcode, flags=self.flags))


class HalfLame(Zone):
    """The first of two servers is lame."""
    servers = 2

    def handle(self, q):
        if q.local == self.addresses[0]:
            return Send(q.reply(rcode=wire.REFUSED, flags=0))
        return super().handle(q)


class Fanout(Zone):
    """CAMP: aliases times servers. camp-N is cut off to ten glueless servers, of which the last one works and says
    that the name is an alias into camp-N+1."""
    level = 0

    def referral(self, q):
        return q.reply(flags=0, authority=[wire.ns(self.name, f's{i}-{self.level}.campns.evil') for i in range(10)])

    def honest(self, q):
        if q.name == self.name:
            return super().honest(q)
        return q.reply([wire.cname(q.asked, f'{q.name.split(".")[0]}.camp-{(self.level + 1) % LEVELS}.evil')])


class QuickFanout(Fanout):
    """The same, but the nine refuse at once instead of being silent: more queries fit into the time."""
    servers = 10

    def referral(self, q):
        return q.reply(flags=0, authority=[wire.ns(self.name, f'q{i}-{self.level}.campns.evil') for i in range(10)])

    def handle(self, q):
        if q.local in self.addresses[:-1]:
            return Send(q.reply(rcode=wire.REFUSED, flags=0))
        return super().handle(q)

    def honest(self, q):
        if q.name == self.name:
            return super().honest(q)
        return q.reply([wire.cname(q.asked, f'{q.name.split(".")[0]}.quick-{(self.level + 1) % LEVELS}.evil')])


class FanoutServers(Zone):
    """Addresses of the servers above: silent ones, but for the last of each level."""

    def honest(self, q):
        label = q.name.split('.')[0]
        if label[0] not in 'sq' or q.name == self.name or '-' not in label:
            return super().honest(q)
        number, level = label[1:].split('-')
        if q.type != wire.A:
            return self.nodata(q)
        if label[0] == 'q':
            return q.reply([wire.a(q.asked, self.tld.zones[f'quick-{level}.evil'].addresses[int(number)])])
        if number != '9':
            return q.reply([wire.a(q.asked, f'198.19.{SILENT_NET}.{int(level) * 10 + int(number) + 1}')])
        return q.reply([wire.a(q.asked, self.tld.zones[f'camp-{level}.evil'].addresses[0])])


class Tree(Zone):
    """CAMP's tree of one name: tree-N is cut off to ten servers whose names are aliases into tree-N+1, which is cut
    off in the same way, and so on; the servers of the last level are silent."""
    level = 0

    def referral(self, q):
        if self.level + 1 < LEVELS:
            return q.reply(flags=0, authority=[wire.ns(self.name, f's{i}.tree-{self.level + 1}.evil')
                                               for i in range(10)])
        return q.reply(flags=0, authority=[wire.ns(self.name, f's{i}-0.campns.evil') for i in range(9)])


class Bush(Zone):
    """The same within one level: ten glueless servers, each an alias to a name in a zone with ten more."""

    def referral(self, q):
        return q.reply(flags=0, authority=[wire.ns(self.name, f'a{i}.bushns.evil') for i in range(10)])


class BushServers(Zone):
    def honest(self, q):
        label = q.name.split('.')[0]
        if label[:1] == 'a' and label[1:].isdigit() and q.name != self.name:
            return q.reply([wire.cname(q.asked, f'{label}.tree-{int(label[1:]) % LEVELS}.evil')])
        return super().honest(q)


def zones():
    found = {
        'nxns.evil': Nxns(), 'victim2.evil': NxnsVictim(), 'nrdelegation.evil': ManyServers(),
        'cyclic1.evil': Cyclic(other='cyclic2.evil'), 'cyclic2.evil': Cyclic(other='cyclic1.evil'),
        'upward.evil': ReferralTo(target='.'), 'sideways.evil': ReferralTo(target='victim.evil'),
        'parent.evil': ReferralTo(target='evil'), 'selfreferral.evil': ReferralTo(target='self'),
        'endless.evil': Endless(), 'indefinite.evil': Indefinite(), 'nested.evil': NestedCuts(servers=62),
        'lame-refused.evil': Lame(), 'lame-servfail.evil': Lame(rcode=wire.SERVFAIL),
        'lame-notauth.evil': Lame(rcode=9), 'lame-empty.evil': Lame(rcode=0),
        'lame-notimp.evil': Lame(rcode=wire.NOTIMP), 'halflame.evil': HalfLame(),
        'campns.evil': FanoutServers(), 'bush.evil': Bush(), 'bushns.evil': BushServers(),
    }
    found |= {f'quick-{i}.evil': QuickFanout(level=i) for i in range(LEVELS)}
    found |= {f'tree-{i}.evil': Tree(level=i) for i in range(LEVELS)}
    return found | {f'camp-{i}.evil': Fanout(level=i) for i in range(LEVELS)}
