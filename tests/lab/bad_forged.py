"""Forged, odd and poisonous packets beside the right one."""
import os
import struct

import wire
from behaviour import ATTACKER, FORGED, Send, Zone


def forged(q, **other):
    return q.reply([wire.a(q.asked, FORGED, 86400)], **other)


def wrong_id(zone, q):
    return [Send(forged(q, id=q.id ^ struct.unpack('!H', os.urandom(2))[0] or q.id ^ 1)) for _ in range(2)]


def wrong_port(zone, q):
    return [Send(forged(q), port=5353), Send(forged(q), port=1053)]


def wrong_address(zone, q):
    return [Send(forged(q), source=ATTACKER)]


def wrong_name(zone, q):
    other = wire.name('x' + q.asked[1:] if q.asked[:1].lower() != 'x' else 'y' + q.asked[1:])
    return [Send(forged(q, question=other + q.question[-4:]))]


def wrong_type(zone, q):
    return [Send(forged(q, question=q.question[:-4] + struct.pack('!HH', q.type + 1, 1)))]


def wrong_class(zone, q):
    return [Send(forged(q, question=q.question[:-4] + struct.pack('!HH', q.type, 3)))]


def wrong_case(zone, q):
    return [Send(forged(q, question=wire.name(q.asked.swapcase()) + q.question[-4:]))]


def odd_packets(zone, q):
    """TuDoor: what is looked at before it is matched."""
    ident = struct.pack('!H', q.id)
    return [Send(b''), Send(ident), Send(ident + b'\x84'), Send(ident + b'\x84\0\0\1\0\0\0\0\0'),
            Send(q.reply(id=0, rcode=wire.SERVFAIL)),
            Send(wire.message(q.id, wire.QR | wire.SERVFAIL, b'')),            # no question
            Send(wire.message(q.id, wire.QR | wire.FORMERR, b'')),
            Send(wire.message(q.id, wire.QR | wire.REFUSED, b'')),
            Send(wire.message(q.id, 0, q.question)),                           # a query
            Send(wire.message(q.id, wire.QR | 4 << 11, q.question)),           # NOTIFY
            Send(wire.message(q.id, wire.QR | 15 << 11 | wire.REFUSED, q.question)),
            Send(wire.message(q.id, wire.QR | wire.TC, b'')),
            Send(wire.message(q.id, wire.QR, q.question + q.question, counts=(2, 0, 0, 0)))]


class Before(Zone):
    """@packets first, the right answer after 60 ms."""
    packets = staticmethod(lambda zone, q: [])

    def handle(self, q):
        right = Send(self.honest(q), delay=0.06)
        if q.tcp or q.name in (self.name, 'ns.' + self.name):
            return [right]
        return [*self.packets(self, q), right]


class Flood(Before):
    """Kaminsky: many guesses at the id, each followed by a claim on the zone."""

    def handle(self, q):
        right = Send(self.honest(q), delay=0.06)
        if q.tcp or q.name == self.name:
            return [right]
        guesses = []
        for _ in range(50):
            guess = struct.unpack('!H', os.urandom(2))[0]
            if guess != q.id:
                guesses.append(Send(q.reply([wire.a(q.asked, FORGED)], [wire.ns(self.name, 'ns.attacker.evil')],
                                            [wire.a('ns.attacker.evil', ATTACKER)], id=guess)))
        return [*guesses, right]


class LowerCase(Zone):
    """Normalises the question."""

    def handle(self, q):
        if q.tcp and not self.tcp:
            return Send(q.reply(rcode=wire.REFUSED))
        question = q.question if q.tcp else q.question.lower()[:-4] + q.question[-4:]
        body = self.honest(q)
        return Send(body[:12] + question + body[12 + len(question):])

    tcp = True


class OutOfBailiwick(Zone):
    """Its answers carry somebody else's records in @section."""
    section = 'answer'

    def honest(self, q):
        if q.name in (self.name, 'ns.' + self.name) or q.type != wire.A:
            return super().honest(q)
        poison = [wire.a('www.victim.evil', FORGED, 86400), wire.ns('victim.evil', 'ns.attacker.evil', 86400),
                  wire.ns('evil', 'ns.attacker.evil', 86400), wire.a('ns.evil', ATTACKER, 86400),
                  wire.a('ns.victim.evil', ATTACKER, 86400), wire.a('ns.attacker.evil', ATTACKER, 86400)]
        sections = {'answer': [wire.a(q.asked, '192.0.2.1')], 'authority': [], 'additional': []}
        if self.section == 'alias':
            sections['answer'] = [wire.cname(q.asked, 'www.victim.evil')]
            poison = poison[:1]
        elif self.section == 'nodata':
            sections = {'answer': [], 'authority': [wire.soa(self.name)] + poison, 'additional': poison}
            poison = []
        elif self.section == 'nxdomain':
            return q.reply([], [wire.soa('evil', 3600, 3600)] + poison, poison, rcode=wire.NXDOMAIN)
        sections['answer' if self.section == 'alias' else
                 self.section if self.section in sections else 'answer'] += poison
        return q.reply(**sections)


class Promiscuous(Zone):
    """True answers that bring a new delegation of the zone itself, a sibling and the parent."""

    def honest(self, q):
        if q.type != wire.A or q.name == 'ns.' + self.name:
            return super().honest(q)
        stolen = [wire.ns(self.name, 'ns.' + self.name, 86400), wire.ns(self.name, 'ns.attacker.evil', 86400),
                  wire.ns('victim.evil', 'ns.attacker.evil', 86400), wire.ns('evil', 'ns.attacker.evil', 86400)]
        glue = [wire.a('ns.' + self.name, ATTACKER, 86400), wire.a('ns.attacker.evil', ATTACKER, 86400),
                wire.a('ns.victim.evil', ATTACKER, 86400), wire.a('ns.evil', ATTACKER, 86400)]
        if q.name.startswith('nodata'):
            return q.reply([], [wire.soa(self.name)] + stolen, glue)
        return q.reply([wire.a(q.asked, '192.0.2.1')], stolen, glue)


class ForeignGlue(Zone):
    """Its delegation names somebody else's server and says where that would be."""

    def referral(self, q):
        glue = [wire.a('ns.' + self.name, self.addresses[0])]
        return q.reply(flags=0, authority=[wire.ns(self.name, 'www.victim.evil'), wire.ns(self.name, 'ns.' + self.name)],
                       additional=glue)

    def honest(self, q):
        above = q.labels_above(self.name)
        if above and above[-1] == 'cut':
            return q.reply(flags=0, authority=[wire.ns('cut.' + self.name, 'www.victim.evil', 86400)],
                           additional=[wire.a('www.victim.evil', ATTACKER, 86400)])
        return super().honest(q)


def zones():
    before = {'wrongid': wrong_id, 'wrongport': wrong_port, 'wrongaddress': wrong_address, 'wrongname': wrong_name,
              'wrongtype': wrong_type, 'wrongclass': wrong_class, 'wrongcase': wrong_case, 'tudoor': odd_packets}
    found = {f'{name}.evil': Before(packets=packets) for name, packets in before.items()}
    found |= {f'oob-{s}.evil': OutOfBailiwick(section=s)
              for s in ('answer', 'authority', 'additional', 'alias', 'nodata', 'nxdomain')}
    return found | {
        'flood.evil': Flood(),
        'nocase.evil': LowerCase(),
        'nocase-notcp.evil': LowerCase(tcp=False),
        'promiscuous.evil': Promiscuous(),
        'foreignglue.evil': ForeignGlue(),
    }
