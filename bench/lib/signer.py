"""Signs a zone: DNSKEY, RRSIG and NSEC or NSEC3 records behind the text of its file.

Reads only what internet.py writes: one record per line, lower case, no quoted blanks. What is added has the generic
form of RFC 3597, so that octets are made once, for the signature and for the file.
"""
import base64
import functools
import hashlib
import ipaddress
import time

A, NS, SOA, MX, TXT, AAAA, DS, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM, HTTPS = (
    1, 2, 6, 15, 16, 28, 43, 46, 47, 48, 50, 51, 65)
TYPES = {'A': A, 'NS': NS, 'SOA': SOA, 'MX': MX, 'TXT': TXT, 'AAAA': AAAA, 'DS': DS, 'HTTPS': HTTPS}
NEGATIVE_TTL = 3600
DAY = 86400
BASE32, BASE32HEX = b'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', b'0123456789abcdefghijklmnopqrstuv'
TO_HEX = bytes.maketrans(BASE32, BASE32HEX)


def u16(n):
    return n.to_bytes(2, 'big')


def u32(n):
    return n.to_bytes(4, 'big')


@functools.lru_cache(maxsize=4096)
def name_wire(name):
    """@p name: absolute, without the last dot."""
    return b''.join(bytes([len(x)]) + x.encode() for x in name.split('.') if x) + b'\0'


def absolute(text, zone):
    if text.endswith('.'):
        return text[:-1]
    return zone if text == '@' else f'{text}.{zone}' if zone else text


def soa_wire(words, zone):
    return name_wire(absolute(words[0], zone)) + name_wire(absolute(words[1], zone)) + b''.join(
        u32(int(n)) for n in words[2:])


def txt_wire(words, _zone):
    text = ' '.join(words).strip('"').encode()
    return bytes([len(text)]) + text


def https_wire(words, zone):
    """The only parameter is alpn."""
    ids = b''.join(bytes([len(i)]) + i.encode() for i in words[2].removeprefix('alpn=').split(','))
    target = '' if words[1] == '.' else absolute(words[1], zone)
    return u16(int(words[0])) + name_wire(target) + u16(1) + u16(len(ids)) + ids


ENCODERS = {
    A: lambda words, zone: ipaddress.IPv4Address(words[0]).packed,
    AAAA: lambda words, zone: ipaddress.IPv6Address(words[0]).packed,
    NS: lambda words, zone: name_wire(absolute(words[0], zone)),
    MX: lambda words, zone: u16(int(words[0])) + name_wire(absolute(words[1], zone)),
    DS: lambda words, zone: u16(int(words[0])) + bytes([int(words[1]), int(words[2])]) + bytes.fromhex(words[3]),
    SOA: soa_wire,
    TXT: txt_wire,
    HTTPS: https_wire,
}


def read(zone, text):
    """(TTL of all records, {owner: {type: [rdata]}})"""
    lines = iter(text.splitlines())
    ttl = int(next(lines).removeprefix('$TTL '))
    names = {}
    for line in lines:
        owner, rrtype, *words = line.split()
        number = TYPES[rrtype]
        sets = names.setdefault(absolute(owner, zone), {})
        sets.setdefault(number, []).append(ENCODERS[number](words, zone))
    return ttl, names


def parent(name):
    return name.partition('.')[2]


def canonical_order(name):
    return [label.encode() for label in reversed(name.split('.'))] if name else []


def bitmap(types):
    octets = bytearray(max(types) // 8 + 1)
    for t in types:
        octets[t // 8] |= 0x80 >> t % 8
    return bytes([0, len(octets)]) + bytes(octets)


def nsec3_hash(name):
    return hashlib.sha1(name_wire(name)).digest()


class Signer:
    """One zone; @p keys: the first signs the keys, the last all else."""

    def __init__(self, zone, text, keys, denial, now_s):
        self.zone, self.keys, self.denial = zone, keys, denial
        self.ttl, self.names = read(zone, text)
        self.names[zone][DNSKEY] = [k.rdata for k in keys]
        if denial != 'nsec':
            self.names[zone][NSEC3PARAM] = [bytes([1, 0, 0, 0, 0])]
        self.times = u32(now_s + 30 * DAY) + u32(now_s - DAY)
        self.cuts = {n for n, sets in self.names.items() if NS in sets and n != zone}
        self.lines = [text.rstrip('\n')]

    def _is_glue(self, name):
        while name != self.zone:
            name = parent(name)
            if name in self.cuts:
                return True
        return False

    def _add(self, owner, rrtype, ttl, rdata):
        self.lines.append(f'{owner}. {ttl} TYPE{rrtype} \\# {len(rdata)} {rdata.hex()}')

    def _sign(self, owner, rrtype, ttl, rdatas):
        """RFC 4034 3.1.8.1"""
        key = self.keys[0 if rrtype == DNSKEY else -1]
        labels = owner.count('.') + 1 - owner.startswith('*') if owner else 0
        head = (u16(rrtype) + bytes([key.algorithm, labels]) + u32(ttl) + self.times + u16(key.tag) +
                name_wire(self.zone))
        each = name_wire(owner) + u16(rrtype) + u16(1) + u32(ttl)
        octets = head + b''.join(each + u16(len(r)) + r for r in sorted(rdatas))
        self._add(owner, RRSIG, ttl, head + key.sign(octets))

    def _sign_name(self, name):
        """Its signed sets; returns the types for the record of denial."""
        sets = self.names[name]
        signed = [DS] if name in self.cuts else list(sets)
        for t in signed:
            if t in sets:
                self._sign(name, t, self.ttl, sets[t])
        return [t for t in sets if name not in self.cuts or t in (NS, DS)]

    def _deny_by_nsec(self, types):
        names = sorted(types, key=canonical_order)
        for name, following in zip(names, names[1:] + names[:1]):
            rdata = name_wire(following) + bitmap(types[name] + [RRSIG, NSEC])
            self._add(name, NSEC, NEGATIVE_TTL, rdata)
            self._sign(name, NSEC, NEGATIVE_TTL, [rdata])

    def _deny_by_nsec3(self, types):
        is_opt_out = self.denial == 'optout'
        hashes = {}
        for name, has in types.items():
            if is_opt_out and name in self.cuts and DS not in has:
                continue
            hashes[nsec3_hash(name)] = has + ([RRSIG] if name not in self.cuts or DS in has else [])
            above = parent(name)
            while len(name) > len(self.zone) and above not in types:     # empty non-terminals
                hashes.setdefault(nsec3_hash(above), [])
                above = parent(above)
        row = sorted(hashes)
        for mine, following in zip(row, row[1:] + row[:1]):
            rdata = bytes([1, is_opt_out, 0, 0, 0, 20]) + following + (bitmap(hashes[mine]) if hashes[mine] else b'')
            label = base64.b32encode(mine).translate(TO_HEX).decode()
            owner = f'{label}.{self.zone}' if self.zone else label
            self._add(owner, NSEC3, NEGATIVE_TTL, rdata)
            self._sign(owner, NSEC3, NEGATIVE_TTL, [rdata])

    def sign(self):
        """The text of the signed zone's file."""
        for key in self.keys:
            self._add(self.zone, DNSKEY, self.ttl, key.rdata)
        if self.denial != 'nsec':
            self._add(self.zone, NSEC3PARAM, self.ttl, self.names[self.zone][NSEC3PARAM][0])
        types = {name: self._sign_name(name) for name in self.names if not self._is_glue(name)}
        (self._deny_by_nsec if self.denial == 'nsec' else self._deny_by_nsec3)(types)
        return '\n'.join(self.lines) + '\n'


def sign(zone, text, keys, denial, now_s=None):
    """@p denial: nsec, nsec3 or optout. @return text of the signed zone"""
    return Signer(zone, text, keys, denial, int(time.time()) if now_s is None else now_s).sign()
