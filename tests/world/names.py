"""Names and messages of the random world. A name is lower-case text without its last dot; the root is ''."""
import functools
import struct

import signer
import wire

A, NS, CNAME, SOA, MX, TXT, AAAA, SRV, DNAME, OPT, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM, CAA, ANY = \
    1, 2, 5, 6, 15, 16, 28, 33, 39, 41, 43, 46, 47, 48, 50, 51, 257, 255
TYPES = {'A': A, 'NS': NS, 'CNAME': CNAME, 'SOA': SOA, 'MX': MX, 'TXT': TXT, 'AAAA': AAAA, 'SRV': SRV, 'DNAME': DNAME,
         'DS': DS, 'RRSIG': RRSIG, 'NSEC': NSEC, 'DNSKEY': DNSKEY, 'NSEC3': NSEC3, 'NSEC3PARAM': NSEC3PARAM, 'CAA': CAA,
         'ANY': ANY}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: 'NOERROR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 5: 'REFUSED'}
AA, TC, RD, RA, AD, CD, QR = 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010, 0x8000

canonical = functools.lru_cache(1 << 16)(signer.canonical)
octets = functools.lru_cache(1 << 16)(wire.name)


def type_name(number):
    return TYPE_NAMES.get(number, f'TYPE{number}')


def join(label, name):
    return f'{label}.{name}' if name and label else label or name


def parent(name):
    return name.partition('.')[2]


def is_below(name, zone):
    """At or below."""
    return not zone or name == zone or name.endswith('.' + zone)


def label_count(name):
    return name.count('.') + 1 if name else 0


def path(name, zone):
    """The names from @zone down to @name."""
    labels = name.split('.') if name else []
    skip = label_count(zone)
    return ['.'.join(labels[len(labels) - n:]) if n else '' for n in range(skip, len(labels) + 1)]


# --- reading ---------------------------------------------------------------------------------------

class Message:
    __slots__ = ('id', 'flags', 'rcode', 'asked', 'name', 'type', 'answer', 'authority', 'additional', 'opt')


def read_name(data, at, known):
    """(lower-case text, position behind); @known holds what was read of this message at each position."""
    start, labels, behind, hops = at, [], None, 0
    while True:
        length = data[at]
        if length >= 0xc0:
            to = (length & 0x3f) << 8 | data[at + 1]
            behind = behind or at + 2
            hops += 1
            if to >= at or hops > 64:
                raise ValueError('a pointer that does not point back')
            if to in known:
                if known[to]:
                    labels.append(known[to])
                break
            at = to
        elif length == 0:
            behind = behind or at + 1
            break
        else:
            labels.append(data[at + 1:at + 1 + length].decode('latin-1').lower())
            at += 1 + length
    text = '.'.join(labels)
    known[start] = text
    return text, behind


# type -> octets before the names in its rdata, and how many names
NAMES_IN = {NS: (0, 1), CNAME: (0, 1), DNAME: (0, 1), MX: (2, 1), SRV: (6, 1), SOA: (0, 2)}


def read_rdata(data, at, length, rtype, known):
    """Without pointers."""
    if rtype not in NAMES_IN:
        return data[at:at + length]
    skip, count = NAMES_IN[rtype]
    parts, here = [data[at:at + skip]], at + skip
    for _ in range(count):
        text, here = read_name(data, here, known)
        parts.append(octets(text))
    parts.append(data[here:at + length])
    return b''.join(parts)


def read_section(data, at, count, known):
    found = []
    for _ in range(count):
        owner, at = read_name(data, at, known)
        rtype, rclass, ttl, length = struct.unpack_from('!HHIH', data, at)
        at += 10
        if at + length > len(data):
            raise ValueError('rdata behind the end')
        found.append((owner, rtype, ttl, read_rdata(data, at, length, rtype, known), rclass))
        at += length
    return found, at


def read_message(data):
    m, known = Message(), {}
    m.id, m.flags, qd, an, ns, ar = struct.unpack_from('!HHHHHH', data)
    if qd != 1:
        raise ValueError(f'{qd} questions')
    m.name, at = read_name(data, 12, known)
    m.asked = data[12:at + 4]
    m.type = struct.unpack_from('!H', data, at)[0]
    m.answer, at = read_section(data, at + 4, an, known)
    m.authority, at = read_section(data, at, ns, known)
    more, at = read_section(data, at, ar, known)
    if at != len(data):
        raise ValueError('octets behind the message')
    m.opt = next((r for r in more if r[1] == OPT), None)
    m.additional = [r for r in more if r[1] != OPT]
    m.rcode = m.flags & 15
    return m


def error_texts(m):
    """The extended errors of an answer, as 'code text'."""
    found, data = [], m.opt[3] if m.opt else b''
    while len(data) >= 4:
        code, length = struct.unpack_from('!HH', data)
        if code == 15:
            found.append(f'{int.from_bytes(data[4:6], "big")} {data[6:4 + length].decode("utf-8", "replace")}')
        data = data[4 + length:]
    return '; '.join(found)


def read_bitmap(data):
    types, at = set(), 0
    while at < len(data):
        window, length = data[at], data[at + 1]
        for i, octet in enumerate(data[at + 2:at + 2 + length]):
            for bit in range(8):
                if octet & 0x80 >> bit:
                    types.add(window << 8 | i << 3 | bit)
        at += 2 + length
    return types
