"""The same internet, signed: what internet.py writes, with keys, signatures and denials behind it.

All asked zones are signed, each with keys of its own; of the hosters every second one. Besides, each of the hottest
zones has an unsigned twin, its label read backwards: the same records on the same servers, for answers of the same
size.
"""
import multiprocessing
import os
import random
import time

import internet
import keys
import signer
from internet import HOSTERS, SEED, TLDS, Zone
from keys import ECDSAP256, KSK, RSASHA256, ZSK

CHUNK = 250     # zones that a process signs in one go
# About as the real ones: (algorithm, denial).
TLD_SIGNING = {
    'com': (ECDSAP256, 'optout'), 'de': (RSASHA256, 'optout'), 'org': (RSASHA256, 'optout'),
    'nl': (ECDSAP256, 'optout'), 'fr': (ECDSAP256, 'optout'), 'it': (ECDSAP256, 'optout'),
    'uk': (ECDSAP256, 'optout'), 'eu': (RSASHA256, 'optout'), 'pl': (RSASHA256, 'optout'),
    'ch': (ECDSAP256, 'nsec3'), 'at': (ECDSAP256, 'optout'), 'se': (RSASHA256, 'nsec'), 'cz': (ECDSAP256, 'nsec3'),
    'be': (ECDSAP256, 'optout'), 'dk': (ECDSAP256, 'optout'), 'info': (RSASHA256, 'optout'),
    'dev': (RSASHA256, 'optout'), 'shop': (ECDSAP256, 'optout'), 'online': (ECDSAP256, 'optout'),
    'app': (RSASHA256, 'optout')}
SPLIT, SINGLE = (KSK, ZSK), (KSK,)
# Of the sites: (algorithm, keys, share)
SITE_KEYS = [(ECDSAP256, SPLIT, 0.50), (ECDSAP256, SINGLE, 0.40), (RSASHA256, SPLIT, 0.10)]
SITE_DENIAL = ('nsec', 'nsec3')


def twin_of(zone):
    """Its label begins with a vowel or a digit, which no other's does."""
    label, _, tld = zone.name.partition('.')
    twin = Zone(f'{label[::-1]}.{tld}', 0, hoster=zone.hoster, pair=zone.pair)
    twin.is_wild = zone.is_wild
    return twin


def sign_with(maker, zone, text, algorithm, flags, denial, now_s):
    """@return (text of the signed zone, text of its DS)"""
    made = [maker.make(algorithm, f) for f in flags]
    return signer.sign(zone, text, made, denial, now_s), made[0].ds(signer.name_wire(zone))


class Builder:
    """Its methods run in several processes: they write files and return DS records as text."""

    def __init__(self, directory, hosters, zones, now_s):
        self.directory, self.hosters, self.zones, self.now_s = directory, hosters, zones, now_s

    def site(self, zone, rng, maker):
        algorithm, flags, _ = rng.choices(SITE_KEYS, [share for _, _, share in SITE_KEYS])[0]
        text, ds = sign_with(maker, zone.name, internet.site_text(zone, self.hosters), algorithm, flags,
                             rng.choice(SITE_DENIAL), self.now_s)
        internet.write(f'{self.directory}/signed/{zone.name}', text)
        return zone.name, ds

    def sites(self, first):
        """CHUNK zones from number @p first on."""
        rng = random.Random(f'{SEED} sites {first}')
        maker = keys.KeyMaker(SEED, 1 + 2 * first)
        return [self.site(zone, rng, maker) for zone in self.zones[first:first + CHUNK]]

    def hoster_zones(self):
        maker = keys.KeyMaker(SEED, 2**32)
        found = []
        for i in range(0, HOSTERS, 2):
            name = self.hosters[i].name
            text, ds = sign_with(maker, name, internet.hoster_text(i), ECDSAP256, SPLIT, 'nsec', self.now_s)
            internet.write(f'{self.directory}/hoster{i}.zone', text)
            found.append((name, ds))
        return found

    def tld(self, i, zones, ds):
        algorithm, denial = TLD_SIGNING[TLDS[i]]
        text = internet.tld_zone(i, zones, self.hosters, ds_lines(ds, '.' + TLDS[i]))
        text, found = sign_with(keys.KeyMaker(SEED, 2**33 + 2 * i), TLDS[i], text, algorithm, SPLIT, denial, self.now_s)
        internet.write(f'{self.directory}/tld-{TLDS[i]}.zone', text)
        return TLDS[i], found

    def root(self, ds):
        """@return text of the trust anchor's rdata"""
        text, anchor = sign_with(keys.KeyMaker(SEED, 2**34), '', internet.root_zone(ds_lines(ds, '')), RSASHA256, SPLIT,
                                 'nsec', self.now_s)
        internet.write(f'{self.directory}/root.zone', text)
        return anchor


def ds_lines(ds, suffix):
    return [f'{zone}. DS {text}\n' for zone, text in ds if zone.endswith(suffix)]


def build(directory, hosters, zones, twins):
    """Write and sign everything; returns (what internet.servers() does, rdata of the root's DS)."""
    os.makedirs(f'{directory}/signed')
    below = internet.write_hoster_zones(directory, hosters) + internet.write_site_zones(directory, hosters, twins)
    below += [(z.name, f'signed/{z.name}') for z in zones]
    builder = Builder(directory, hosters, zones, int(time.time()))
    keys.make_primes(SEED)      # before the processes part
    with multiprocessing.get_context('fork').Pool() as pool:
        ds = internet.flat(pool.imap(builder.sites, range(0, len(zones), CHUNK))) + builder.hoster_zones()
        tlds = pool.starmap(builder.tld, [(i, zones + twins, ds) for i in range(len(TLDS))], chunksize=1)
    return internet.servers(directory, below), builder.root(tlds)
