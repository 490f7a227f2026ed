"""CNAME and DNAME chains, loops and growth."""
import wire
from behaviour import Zone


class Chain(Zone):
    """cN is an alias of cN-1 in the other of two zones; the end never comes in time."""
    other = ''

    def honest(self, q):
        label = q.name.split('.')[0]
        if label[:1] == 'c' and label[1:].isdigit() and label != 'c0':
            return q.reply([wire.cname(q.asked, f'c{int(label[1:]) - 1}.{self.other}')])
        return super().honest(q)


class PackedChain(Zone):
    """The whole chain in one answer, through zones of others."""
    length = 30

    def honest(self, q):
        label = q.name.split('.')[0]
        if q.name in (self.name, 'ns.' + self.name) or q.type != wire.A:
            return super().honest(q)
        if label == 'foreign':
            names = [q.asked] + [f'p{i}.victim.evil' for i in range(self.length)]
        elif '-' in label:
            return super().honest(q)
        elif label.startswith('short'):
            names = [q.asked] + [f'{label}-{i}.{self.name}' for i in range(3)]
        else:
            names = [q.asked] + [f'{label}-{i}.{self.name}' for i in range(self.length)]
        chain = [wire.cname(owner, target) for owner, target in zip(names, names[1:])]
        return q.reply(chain + [wire.a(names[-1], '192.0.2.1')])


class Loop(Zone):
    """self -> self; a -> b -> a; and both in one answer."""

    def honest(self, q):
        label = q.name.split('.')[0]
        target = {'self': 'self', 'a': 'b', 'b': 'a'}.get(label)
        if target:
            return q.reply([wire.cname(q.asked, f'{target}.{self.name}')])
        if label == 'packed':
            return q.reply([wire.cname(q.asked, f'a.{self.name}'), wire.cname(f'a.{self.name}', f'b.{self.name}'),
                            wire.cname(f'b.{self.name}', f'a.{self.name}')])
        return super().honest(q)


class Growth(Zone):
    """Names below d grow with every step: d -> x(60).d, until they are too long."""

    def honest(self, q):
        above = q.labels_above(self.name)
        if not above or above[-1] != 'd' or len(above) < 2:
            return super().honest(q)
        owner = f'd.{self.name}'
        target = f'{"x" * 60}.d.{self.name}'
        answer = [wire.dname(owner, target)]
        grown = '.'.join(above[:-1]) + '.' + target
        if len(grown) > 253:
            return q.reply(answer, rcode=6)
        return q.reply(answer + [wire.cname(q.asked, grown)])


class BadDname(Zone):
    """The CNAME beside the DNAME is not what the DNAME says."""

    def honest(self, q):
        above = q.labels_above(self.name)
        if len(above) < 2 or above[-1] != 'd':
            return super().honest(q)
        return q.reply([wire.dname(f'd.{self.name}', f't.{self.name}'), wire.cname(q.asked, 'www.attacker.evil')])


def zones():
    return {
        'chaina.evil': Chain(other='chainb.evil'), 'chainb.evil': Chain(other='chaina.evil'),
        'packed.evil': PackedChain(), 'loop.evil': Loop(), 'growth.evil': Growth(), 'baddname.evil': BadDname(),
    }
