"""DNS octets by hand: what a well-behaved library refuses to write is what the bad server is for."""
import socket
import struct

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, OPT, DS, RRSIG, ANY = \
    1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43, 46, 255
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS, BADCOOKIE = 0, 1, 2, 3, 4, 5, 16, 23

AA, TC, RD, RA, QR = 0x0400, 0x0200, 0x0100, 0x0080, 0x8000


def name(text):
    """'www.evil' to octets, uncompressed."""
    labels = [x for x in text.split('.') if x]
    return b''.join(bytes([len(x)]) + x.encode('latin-1') for x in labels) + b'\0'


def read_name(data, at):
    """(text with its case, position behind); only plain names, as in questions."""
    labels = []
    while data[at]:
        length = data[at]
        if length > 63:
            raise ValueError('pointer in a question')
        labels.append(data[at + 1:at + 1 + length].decode('latin-1'))
        at += 1 + length
    return '.'.join(labels), at + 1


def rr(owner, rtype, rdata, ttl=300, rclass=1):
    owner = owner if isinstance(owner, bytes) else name(owner)
    return owner + struct.pack('!HHIH', rtype, rclass, ttl, len(rdata)) + rdata


def a(owner, address, ttl=300):
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    return rr(owner, AAAA if ':' in address else A, socket.inet_pton(family, address), ttl)


def ns(owner, target, ttl=300):
    return rr(owner, NS, name(target), ttl)


def cname(owner, target, ttl=300):
    return rr(owner, CNAME, name(target), ttl)


def dname(owner, target, ttl=300):
    return rr(owner, DNAME, name(target), ttl)


def txt(owner, text, ttl=300):
    return rr(owner, TXT, bytes([len(text)]) + text.encode(), ttl)


def soa(zone, ttl=300, minimum=300):
    return rr(zone, SOA, name('ns.' + zone) + name('hostmaster.' + zone)
              + struct.pack('!IIIII', 1, 7200, 900, 1209600, minimum), ttl)


def opt(size=1232, ext_rcode=0, version=0, options=b'', do=False):
    ttl = ext_rcode << 24 | version << 16 | (0x8000 if do else 0)
    return b'\0' + struct.pack('!HHIH', OPT, size, ttl, len(options)) + options


def message(ident, flags, question, answer=(), authority=(), additional=(), counts=None):
    counts = counts or (1 if question else 0, len(answer), len(authority), len(additional))
    return struct.pack('!HHHHHH', ident, flags, *counts) + question + b''.join([*answer, *authority, *additional])


class Query:
    """What a resolver asked, and from where to where."""

    def __init__(self, data, local, peer, tcp):
        self.data, self.local, self.peer, self.tcp = data, local, peer, tcp
        self.id, self.flags, qd, an, ns_, ar = struct.unpack('!HHHHHH', data[:12])
        if self.flags & QR:
            raise ValueError('not a query')
        self.asked, at = read_name(data, 12)        # with its case
        self.name = self.asked.lower()
        self.type, self.qclass = struct.unpack('!HH', data[at:at + 4])
        self.question = data[12:at + 4]
        self.edns, self.size, self.options = False, 512, b''
        rest = data[at + 4:]
        if ar and len(rest) >= 11 and rest[:3] == b'\0\0\x29':
            self.edns = True
            self.size = struct.unpack('!H', rest[3:5])[0]
            self.options = rest[11:]

    def option(self, wanted):
        """The octets of the last option of this code, or None."""
        at, found = 0, None
        while at + 4 <= len(self.options):
            code, length = struct.unpack('!HH', self.options[at:at + 4])
            if code == wanted:
                found = self.options[at + 4:at + 4 + length]
            at += 4 + length
        return found

    def labels_above(self, zone):
        """The labels of the name that come before @zone, the one next to the zone last."""
        return [] if self.name == zone else self.name[:-len(zone) - 1].split('.')

    def reply(self, answer=(), authority=(), additional=(), rcode=0, flags=AA, edns=None, **other):
        """The packet of an answer; what is not said is as it should be."""
        additional = list(additional)
        if self.edns if edns is None else edns:
            additional.append(opt(ext_rcode=rcode >> 4, options=other.pop('options', b'')))
        return message(other.get('id', self.id), QR | flags | (self.flags & 0x7900) | rcode & 15,
                       other.get('question', self.question), answer, authority, additional, other.get('counts'))

    def to_log(self, zone, at):
        return {'t': at, 'zone': zone, 'name': self.name, 'asked': self.asked, 'type': self.type, 'tcp': self.tcp,
                'id': self.id, 'port': self.peer[1], 'local': self.local, 'peer': self.peer[0],
                'rd': bool(self.flags & RD), 'edns': self.edns, 'size': self.size, 'options': self.options.hex()}
