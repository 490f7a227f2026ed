"""Packets that cost: garbage, pointer chains, thousands of records, compression to be redone."""
import random
import struct

import wire
from behaviour import Send, Zone


class Garbage(Zone):
    """The header and question are right, the rest is noise."""

    def handle(self, q):
        if q.name in (self.name, 'ns.' + self.name):
            return super().handle(q)
        noise = random.Random(q.name).randbytes(200)
        return Send(wire.message(q.id, wire.QR | wire.AA, q.question, [noise], counts=(1, 9, 0, 0)))


class BadRdata(Zone):
    """Rdata that its type does not allow, by label."""
    rdata = {'shorta': (wire.A, b'\1\2\3'), 'longa': (wire.A, b'\1\2\3\4\5'), 'shortaaaa': (wire.AAAA, b'x' * 15),
             'emptymx': (wire.MX, b''), 'mxnoname': (wire.MX, b'\0\1'), 'txtover': (wire.TXT, b'\x10abc'),
             'nameout': (wire.CNAME, b'\x3fabc'), 'soashort': (wire.SOA, b'\0\0\0'),
             'pointerself': (wire.CNAME, None), 'srvshort': (wire.SRV, b'\0\1\0'), 'nsecbitmap': (47, b'\0\0\x21x'),
             'caalong': (257, b'\0\xffx'), 'rrsigshort': (wire.RRSIG, b'\0'), 'dsempty': (wire.DS, b'')}

    def honest(self, q):
        label = q.name.split('.')[0]
        if label not in self.rdata:
            return super().honest(q)
        rtype, rdata = self.rdata[label]
        if rdata is None:
            rdata = struct.pack('!H', 0xc000 | 12 + len(q.question) + 12)
        return q.reply([wire.rr(b'\xc0\x0c', rtype, rdata)])


class Pointers(Zone):
    """Compression pointers as chains, loops and forward."""

    def honest(self, q):
        label = q.name.split('.')[0]
        at = 12 + len(q.question)
        if label == 'forward':
            owner = struct.pack('!H', 0xc000 | at + 40)
        elif label == 'self':
            owner = struct.pack('!H', 0xc000 | at)
        elif label == 'chain':
            # An opaque record full of pointers, each to the one before; then a name at their end.
            count = 8000
            hops = b'\xc0\x0c' + b''.join(struct.pack('!H', 0xc000 | at + 12 + 2 * i) for i in range(count - 1))
            return q.reply([wire.rr(b'\xc0\x0c', 65400, hops),
                            wire.rr(struct.pack('!H', 0xc000 | at + 12 + 2 * (count - 1)), wire.A, b'\xc0\0\2\1')],
                           edns=False) if q.tcp else q.reply(flags=wire.TC | wire.AA)
        elif label[:4] in ('deep', 'long'):
            return q.reply(self.owners(q, 60 if label[0] == 'd' else 20)) if q.tcp \
                else q.reply(flags=wire.TC | wire.AA)
        else:
            return super().honest(q)
        return q.reply([wire.rr(owner, wire.A, b'\xc0\0\2\1')], edns=False)

    def owners(self, q, labels):
        """An alias to a name of so many labels, and as many records of that name as a message holds."""
        target = b'\1x' * labels + b'\xc0\x0c'
        owner = struct.pack('!H', 0xc000 | 12 + len(q.question) + 12)
        return [wire.rr(b'\xc0\x0c', wire.CNAME, target)] + \
            [wire.rr(owner, wire.A, struct.pack('!I', 0x0a000000 + i)) for i in range(4000)]


class Counts(Zone):
    """Section counts that no packet could hold; OPTs and options in masses."""

    def honest(self, q):
        label = q.name.split('.')[0]
        record = [wire.a(q.asked, '192.0.2.1')]
        if label == 'counts':
            return q.reply(record, counts=(1, 65535, 65535, 65535))
        if label == 'oversized':
            return q.reply([wire.txt(q.asked, f'{i}' + 'x' * 240) for i in range(6)])
        if label == 'twoopt':
            return q.reply(record, additional=[wire.opt(), wire.opt()], edns=False)
        if label == 'options':
            return q.reply(record, additional=[wire.opt(options=b'\0\3\0\0' * 250)], edns=False)
        if label == 'optioncut':
            return q.reply(record, additional=[wire.opt(options=b'\0\3\0\xff')], edns=False)
        return super().honest(q)


class Huge(Zone):
    """Thousands of records, by TCP."""

    def honest(self, q):
        label = q.name.split('.')[0]
        if label[:1] != 'h' or not label[1:2].isdigit() or q.type not in (wire.A, wire.TXT, wire.MX):
            return super().honest(q)
        if not q.tcp:
            return q.reply(flags=wire.AA | wire.TC)
        count = int(label[1:].split('-')[0])
        if q.type == wire.A:
            body = [wire.rr(b'\xc0\x0c', wire.A, struct.pack('!I', 0x0a000000 + i)) for i in range(count)]
        elif q.type == wire.MX:     # names that share nothing but their end: compression is all there is to do
            body = [wire.rr(b'\xc0\x0c', wire.MX, struct.pack('!H', i) + wire.name(f'{i:x}.a.b.c.d.e.f.g.h.evil'))
                    for i in range(count)]
        else:
            body = [wire.rr(b'\xc0\x0c', wire.TXT, b'\7' + f'{i:07}'.encode()) for i in range(count)]
        return q.reply(body)


def zones():
    return {'garbage.evil': Garbage(), 'badrdata.evil': BadRdata(), 'pointers.evil': Pointers(),
            'counts.evil': Counts(), 'huge.evil': Huge()}
