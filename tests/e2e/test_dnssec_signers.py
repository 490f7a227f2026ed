"""Zones as ldns-signzone, Knot, named and PowerDNS sign them (tests/lab/signers.py), every kind of answer of each."""
import signers
from harness import *
from validation import *

OPT_OUT = {'nothing.', 'a.b.nothing.', 'x.wild.', 'x.wild. TXT'}      # an unsigned delegation may hide there


def opt_out(zone):
    return zone.endswith('-optout.net')


def verdict_of(zone, label, rtype='A', code='NOERROR', rdata=None):
    key = label if rtype == 'A' else f'{label} {rtype}'
    proven = insecure if opt_out(zone) and key in OPT_OUT else secure
    if zone == 'knot-online.net' and code == 'NXDOMAIN':    # says NODATA of names that aren't there
        code = 'NOERROR'
    answer = proven(label + zone, rtype, code=code)
    if rdata:
        equal(data(answer), [rdata], label + zone)


def every_kind(zone):
    for _ in range(2):      # from the network, then from the cache
        verdict_of(zone, 'www.', rdata='192.0.2.1')
        for rtype in ('SOA', 'NS', 'DNSKEY', 'DS'):
            verdict_of(zone, '', rtype)
        verdict_of(zone, 'www.', 'TXT')
        verdict_of(zone, 'nothing.', code='NXDOMAIN')
        verdict_of(zone, 'a.b.nothing.', code='NXDOMAIN')
        verdict_of(zone, 'x.wild.', rdata='192.0.2.3')
        verdict_of(zone, 'x.wild.', 'TXT')
        verdict_of(zone, 'there.wild.', rdata='192.0.2.4')
        verdict_of(zone, 'ent.')
        verdict_of(zone, 'deep.ent.', rdata='192.0.2.5')
        verdict_of(zone, 'to-nsec.', rdata='192.0.2.1')
        secure('to-nothing.' + zone, code='NXDOMAIN')           # of a zone that is not this one's signer's
        verdict_of(zone, 'www.tree.', rdata='192.0.2.1')
        insecure('to-insecure.' + zone)
        bogus('to-bogus.' + zone, codes=(7,))
        insecure('www.plain.' + zone)
        insecure('nothing.plain.' + zone, code='NXDOMAIN')
        answer = expect(query('plain.' + zone, 'DS'), 'NOERROR')
        check(is_ad(answer) or opt_out(zone), f'plain.{zone} DS: no AD')


def test_every_signer():
    validating()
    each(signers.ZONES, every_kind)


def test_every_signer_without_aggressive_use():
    """Each proof comes from the signer, none is put together out of the cache."""
    validating({'cache': {'aggressive-nsec': False}})
    each(signers.ZONES, every_kind)
