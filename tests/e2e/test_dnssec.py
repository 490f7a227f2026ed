"""Validation: what is proven, what is not signed, what is forged; and what clients get to see of it."""
import dns.flags

import signed
from harness import *
from validation import *


def test_secure_zones_get_ad():
    validating()
    for z in ('nsec-v.net', 'nsec3-v.net'):
        for _ in range(2):      # from the network, then from the cache
            secure(f'www.{z}')
            secure(z, 'SOA')
            secure(f'www.{z}', 'TXT')                                   # NODATA
            secure(f'nothing.{z}', code='NXDOMAIN')
            secure(f'a.b.nothing.{z}', code='NXDOMAIN')
            equal(data(secure(f'x.wild.{z}')), ['192.0.2.3'])           # a wildcard
            equal(data(secure(f'x.y.wild.{z}')), ['192.0.2.3'])
            secure(f'any.wild.{z}', 'ANY')
            secure(f'x.wild.{z}', 'TXT')                                # NODATA of a wildcard
            equal(data(secure(f'there.wild.{z}')), ['192.0.2.4'])
            secure(f'*.wild.{z}')
            secure(f'ent.{z}')                                          # an empty non-terminal
            equal(data(secure(f'to-nsec.{z}')), ['192.0.2.1'])
            secure(f'to-nsec3.{z}')
            secure(f'to-nothing.{z}', code='NXDOMAIN')
            equal(data(secure(f'www.tree.{z}')), ['192.0.2.1'])         # a DNAME
            secure(z, 'DNSKEY')
            secure(z, 'DS')
    secure('www.child.nsec-v.net')
    secure('nosuchtld', code='NXDOMAIN')
    secure('.', 'DNSKEY')
    secure('.', 'DS')
    secure('com', 'DS')


def test_every_algorithm():
    validating()
    each([a.lower() for a in signed.ALGORITHMS], lambda a: secure(f'www.{a}-v.net'))


def test_sha1_as_unsigned():
    validating(sha1='insecure')
    insecure('www.rsasha1-v.net')
    insecure('www.nsec3rsasha1-v.net')
    secure('www.rsasha256-v.net')


def test_unsigned_zones_get_no_ad():
    validating()
    for _ in range(2):
        for name in ('www.insecure-v.net', 'www.island-v.net', 'www.plain.nsec-v.net', 'www.plain.nsec3-v.net',
                     'www.plain.optout-v.net', 'x.wild.insecure-v.net', 'www.example.test'):
            insecure(name)
        insecure('nothing.insecure-v.net', code='NXDOMAIN')
        insecure('www.insecure-v.net', 'TXT')
        # Secure up to where it leaves.
        insecure('to-insecure.nsec-v.net')
        insecure('to-nsec.insecure-v.net')
        # The range may hide an unsigned delegation.
        insecure('nothing.optout-v.net', code='NXDOMAIN')
        secure('www.optout-v.net')
        secure('plain.nsec-v.net', 'DS')
        secure('plain.nsec3-v.net', 'DS')


def test_one_server_for_zones_in_a_row():
    """It answers for root, net and what is below as one: no referral ever shows a cut."""
    for first in ('www.insecure-v.net', 'www.nsec-v.net', 'nothing.nsec3-v.net'):
        tern = validating({'stub-zones': [{'name': '.', 'addresses': ['198.41.0.4']}]})
        query(first)
        for name in ('www.island-v.net', 'www.insecure-v.net', 'www.plain.nsec-v.net', 'www.plain.nsec3-v.net',
                     'www.plain.optout-v.net'):
            insecure(name)
        for name in ('www.nsec-v.net', 'www.nsec3-v.net', 'www.child.nsec-v.net'):
            secure(name)
        insecure('nothing.island-v.net', code='NXDOMAIN')
        secure('nothing.nsec3-v.net', code='NXDOMAIN')
        bogus('www.changed-v.net')
        tern.stop()


def test_bogus_zones_fail_with_a_reason():
    validating()
    for _ in range(2):
        bogus('www.expired-v.net', codes=(7,))
        bogus('www.future-v.net', codes=(8,))
        bogus('www.changed-v.net', codes=(6,))
        bogus('www.stripped-v.net', codes=(10,))
        bogus('nothing.nonsec-v.net', codes=(12, 6))
        bogus('www.nonsec-v.net', 'TXT', codes=(12, 6))
        bogus('x.wild.nonsec-v.net', codes=(12, 6))
        bogus('www.wrongds-v.net', codes=(9, 6))
        bogus('to-bogus.nsec-v.net', codes=(7,))
        bogus('to-bogus.insecure-v.net', codes=(7,))
    # What else is in them is as good as ever.
    for name in ('other.changed-v.net', 'other.stripped-v.net', 'www.nonsec-v.net'):
        secure(name)
    for text in (ede(query('www.expired-v.net')), ede(query('www.wrongds-v.net'))):
        check(any('v.net' in t for _, t in text), f'the reason names no zone: {text}')


def test_checking_disabled_gets_the_data():
    validating()
    for first in (False, True):
        if not first:
            bogus('www.changed-v.net')
        for name, address in (('www.changed-v.net', '192.0.2.99'), ('www.expired-v.net', '192.0.2.1'),
                              ('www.stripped-v.net', '192.0.2.1'), ('www.wrongds-v.net', '192.0.2.1')):
            answer = expect(query(name, cd=True), 'NOERROR', [address])
            check(not is_ad(answer) and answer.flags & dns.flags.CD, f'{name}: {dns.flags.to_text(answer.flags)}')
            bogus(name)         # and nobody else gets it for that
    expect(query('nothing.nonsec-v.net', cd=True), 'NXDOMAIN')
    expect(query('www.nsec-v.net', cd=True), 'NOERROR', ['192.0.2.1'])


def test_ad_and_signatures_for_those_who_ask():
    validating()
    for _ in range(2):
        plain = ask('www.nsec-v.net')
        check(not is_ad(plain), 'AD nobody asked for')
        m = question('www.nsec-v.net')
        m.flags |= dns.flags.AD
        asked = dns.query.udp(m, '127.0.0.1', port=PORT, timeout=3)
        check(is_ad(asked), 'no AD for AD')
        full = query('www.nsec-v.net')
        check(is_ad(full), 'no AD for DO')
        equal((records(plain, 'RRSIG'), records(asked, 'RRSIG')), ([], []))
        equal(len(records(full, 'RRSIG')), 1)
        denial = ask('nothing.nsec-v.net', tcp=True)
        equal({x.split()[1] for x in records(denial, section='authority')}, {'SOA'})
        full = query('nothing.nsec-v.net')
        equal({x.split()[1] for x in records(full, section='authority')}, {'SOA', 'NSEC', 'RRSIG'})
        full = query('nothing.nsec3-v.net')
        equal({x.split()[1] for x in records(full, section='authority')}, {'SOA', 'NSEC3', 'RRSIG'})
        full = query('x.wild.nsec-v.net')
        check(records(full, 'NSEC', 'authority'), 'a wildcard without its proof')


def test_validation_off():
    Tern(dnssec={'validation': 'off', 'trust-anchors': anchors()})
    for name in ('www.nsec-v.net', 'www.changed-v.net', 'www.expired-v.net', 'www.wrongds-v.net'):
        insecure(name)


def test_permissive():
    validating(validation='permissive')
    for _ in range(2):
        secure('www.nsec-v.net')
        for name in ('www.changed-v.net', 'www.expired-v.net', 'www.stripped-v.net', 'www.wrongds-v.net'):
            insecure(name)
        insecure('nothing.nonsec-v.net', code='NXDOMAIN')


def test_negative_trust_anchors():
    validating(**{'negative-trust-anchors': ['expired-v.net', 'child.nsec-v.net']})
    for _ in range(2):
        insecure('www.expired-v.net')
        insecure('www.child.nsec-v.net')
        insecure('nothing.expired-v.net', code='NXDOMAIN')
        secure('www.nsec-v.net')
        bogus('www.changed-v.net')


def island_ds():
    with open(os.path.join(LAB, 'zones', 'keys', 'dsset-island-v.net.')) as f:
        return [' '.join(line.split()) for line in f]


def test_anchors_below_the_root():
    """Only what is below an anchor is secure; without one there is nothing to prove, nor to refuse."""
    tern = Tern(dnssec={'validation': 'on', 'trust-anchors': island_ds()})
    secure('www.island-v.net')
    secure('nothing.island-v.net', code='NXDOMAIN')
    insecure('www.nsec-v.net')
    insecure('www.expired-v.net')
    insecure('to-nsec.island-v.net')
    tern.stop()
    validating(**{'trust-anchors': anchors() + island_ds()})
    secure('www.island-v.net')
    secure('to-nsec.island-v.net')


def test_wrong_anchor_fails_everything():
    wrong = [signed.wrong_ds(line) for line in anchors()]
    Tern(dnssec={'validation': 'on', 'trust-anchors': wrong})
    bogus('www.nsec-v.net')
    bogus('www.insecure-v.net')
    expect(query('www.nsec-v.net', cd=True), 'NOERROR', ['192.0.2.1'])


def test_private_zones_below_an_opt_out_range():
    """The validator's own question for the DS hides them as little as a client's."""
    for kind in ('forward-zones', 'stub-zones'):
        zone = PrivateZone('private.optout-v.net')
        tern = validating({'resolver': {'do-not-query-localhost': False}, kind: [zone.route]})
        for _ in range(2):
            insecure('private.optout-v.net')
            insecure('private.optout-v.net', 'MX')
            insecure('www.private.optout-v.net')
            insecure('private.optout-v.net', 'DS', code='NXDOMAIN')
        tern.stop()


def test_private_zones_are_not_bogus():
    """Signed zones above prove that nobody can have signed them; unless the operator wants it proven."""
    for kind in ('forward-zones', 'stub-zones'):
        for name in ('lan', 'corp.nsec-v.net', 'a.b.corp.nsec3-v.net', 'www.nsec-v.net'):
            zone = PrivateZone(name)
            tern = validating({kind: [zone.route]})
            for _ in range(2):
                insecure(f'nas.{name}')
                insecure(name)
                insecure(f'nas.{name}', 'MX')
            secure('wild.nsec-v.net' if name != 'www.nsec-v.net' else 'x.wild.nsec-v.net')
            equal(rcode(ask('nas.notthere')), 'NXDOMAIN')       # of others the root's word counts
            tern.stop()
        zone = PrivateZone('lan')
        tern = validating({kind: [{**zone.route, 'validate': 'require'}]})
        bogus('nas.lan')
        tern.stop()
        zone = PrivateZone('nsec-v.net')
        tern = validating({kind: [zone.route]})
        bogus('nas.nsec-v.net')         # the public zone is signed
        tern.stop()
        tern = validating({kind: [{**zone.route, 'validate': 'off'}]})
        insecure('nas.nsec-v.net')
        tern.stop()


# --- for validators behind us ----------------------------------------------------

WILDCARDS = {'nsec-v.net': 'NSEC', 'nsec3-v.net': 'NSEC3', 'optout-v.net': 'NSEC3', 'island-v.net': 'NSEC'}


def test_wildcards_keep_their_proof():
    """RFC 4035 3.1.3.3, whoever asked before, and whether we need it or not."""
    plain, do, cd = {}, {'do': True}, {'do': True, 'cd': True}
    for validation in ('off', 'on'):
        for order in ((do, do, do), (plain, do, do), (cd, cd, do, cd), (do, cd, cd, do)):
            tern = validating(validation=validation)
            for zone, rtype in WILDCARDS.items():
                for how in order:
                    answer = expect(ask(f'x.wild.{zone}', tcp=True, **how), 'NOERROR', ['192.0.2.3'])
                    proofs = len(records(answer, rtype, 'authority'))
                    check((proofs > 0) == ('do' in how), f'{zone}, {validation}, {how} of {order}: {proofs} proofs')
            tern.stop()


def test_wildcards_for_a_validator_behind_us():
    Tern(server={'listen': ['127.0.0.1@5301']})
    validating({'resolver': {'do-not-query-localhost': False},
                'forward-zones': [{'name': '.', 'addresses': ['127.0.0.1@5301']}]})
    for zone in ('nsec-v.net', 'nsec3-v.net'):
        expect(ask(f'x.wild.{zone}', port=5301), 'NOERROR', ['192.0.2.3'])
        equal(data(secure(f'x.wild.{zone}')), ['192.0.2.3'])


def test_wildcards_are_not_asked_for_again():
    """Out of ranges, where they prove enough; but also where an unsigned delegation may hide, or ranges don't count."""
    for aggressive in (True, False):
        tern = validating({'cache': {'aggressive-nsec': aggressive}})
        secure('x.wild.nsec-v.net')
        insecure('x.wild.optout-v.net')
        insecure('x.wild.island-v.net')
        with Unreachable():
            secure('x.wild.nsec-v.net', timeout=1)
            insecure('x.wild.optout-v.net', timeout=1)
            insecure('x.wild.island-v.net', timeout=1)
        tern.stop()
