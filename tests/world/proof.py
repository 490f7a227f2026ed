"""What NSEC and NSEC3 records prove, read from the records alone: RFC 4035 5.4, 4592, 5155 8, 6840 4.

`Nsec` and `Nsec3` take the records of one zone, whose signatures were checked, and answer the same four questions.
"""
import struct

import signer
from names import CNAME, DNAME, DS, NS, SOA, canonical, is_below, join, label_count, parent, path, read_bitmap, read_name

OPT_OUT = 1


def lacks(types, rtype, name):
    """The types at a name deny @rtype there, and the record is of the right side of a zone cut."""
    if rtype in types or CNAME in types:
        return False
    if rtype == DS:
        return SOA not in types or not name
    return NS not in types or SOA in types


def hides_below(types):
    """Names below are another zone's, or another name's."""
    return DNAME in types or (NS in types and SOA not in types)


def common(a, b):
    while not is_below(b, a):
        a = parent(a)
    return a


class Nsec:
    def __init__(self, zone, records):
        self.zone, self.records = zone, []
        for owner, rdata in records:
            following, at = read_name(rdata, 0, {})
            self.records.append((owner, following, read_bitmap(rdata[at:])))

    def covering(self, name):
        """The record between whose names @name would stand."""
        for owner, following, types in self.records:
            if name == owner or (is_below(name, owner) and hides_below(types)):
                continue
            low, here, high = canonical(owner), canonical(name), canonical(following)
            if low < here and (here < high or following == self.zone):
                return owner, following
        return None

    def denies(self, name):
        """Neither the name nor anything below it exists."""
        span = self.covering(name)
        return span if span and not is_below(span[1], name) else None

    def closest(self, name):
        span = self.denies(name)
        return max((common(name, x) for x in span), key=len) if span else None

    def no_name(self, name):
        encloser = self.closest(name)
        return encloser is not None and self.denies(join('*', encloser)) is not None

    def lacks_at(self, name, rtype):
        """Exactly this name exists without the type."""
        if any(owner == name and lacks(types, rtype, name) for owner, _, types in self.records):
            return True
        span = self.covering(name)
        return span is not None and is_below(span[1], name) and span[1] != name

    def no_data(self, name, rtype):
        if self.lacks_at(name, rtype):
            return True
        encloser = self.closest(name)
        return encloser is not None and self.lacks_at(join('*', encloser), rtype)

    def no_closer(self, name, encloser):
        """Nothing between @name and the wildcard's @encloser exists."""
        found = self.closest(name)
        return found is not None and label_count(found) <= label_count(encloser)


class Nsec3:
    def __init__(self, zone, records):
        self.zone, self.records = zone, []
        self.iterations, self.salt = 0, b''
        for owner, rdata in records:
            _, flags, self.iterations, length = struct.unpack_from('!BBHB', rdata)
            self.salt = rdata[5:5 + length]
            at = 5 + length
            following = rdata[at + 1:at + 1 + rdata[at]]
            types = read_bitmap(rdata[at + 1 + rdata[at]:])
            self.records.append((owner.split('.')[0], signer.base32hex(following), types, flags))

    def hash(self, name):
        return signer.base32hex(signer.nsec3_hash(name, self.iterations, self.salt))

    def matching(self, name):
        """The types at the name, or None."""
        here = self.hash(name)
        return next((types for low, _, types, _ in self.records if low == here), None)

    def covering(self, name):
        """The flags of the record that covers the name, or None."""
        here = self.hash(name)
        for low, high, _, flags in self.records:
            if low < here < high or (high <= low and (here > low or here < high)):
                return flags
        return None

    def closest(self, name):
        """(closest encloser, flags over the next closer name), or None."""
        above = path(name, self.zone)
        for i in range(len(above) - 2, -1, -1):
            types = self.matching(above[i])
            if types is not None:
                flags = self.covering(above[i + 1])
                return None if flags is None or hides_below(types) else (above[i], flags)
        return None

    def no_name(self, name):
        found = self.closest(name)
        return found is not None and self.covering(join('*', found[0])) is not None

    def no_data(self, name, rtype):
        types = self.matching(name)
        if types is not None:
            return lacks(types, rtype, name)
        found = self.closest(name)
        if found is None:
            return False
        if rtype == DS and found[1] & OPT_OUT:
            return True
        types = self.matching(join('*', found[0]))
        return types is not None and lacks(types, rtype, name)

    def no_closer(self, name, encloser):
        return self.covering(path(name, encloser)[1]) is not None
