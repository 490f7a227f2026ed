"""Every way to break a signed zone ends in the right verdict, with the reason: the zones of tests/lab/bad_dnssec.py."""
import dns.flags

import bad_dnssec
from harness import *
from validation import *

QUESTIONS = {'www': ('www', 'A'), 'soa': ('', 'SOA'), 'txt': ('www', 'TXT'), 'nope': ('nope', 'A'),
             'wild': ('x.wild', 'A'), 'there': ('there.wild', 'A'), 'wildtxt': ('x.wild', 'TXT'), 'ent': ('ent', 'A'),
             'alias': ('alias', 'A'), 'tree': ('x.tree', 'A'), 'ds': ('sub', 'DS')}
WWW = {'www', 'alias'}                                              # what rests on the signature over www A
EMPTY = {'txt', 'nope', 'wildtxt', 'ent', 'ds'}                     # denials; with what a wildcard made:
PROVEN = EMPTY | {'wild', 'tree'}
ALL = set(QUESTIONS)

# zone: questions that fail, and the extended errors that tell why. Whatever else is asked there is secure.
BOGUS = {
    # signatures over the data (RFC 4035 5.3)
    'expired': (WWW, {7}), 'future': (WWW, {8}), 'backwards': (WWW, {25}), 'wrongkey': (WWW, {6}),
    'unpublished': (WWW, {9}), 'changed': (WWW, {6}), 'added': (WWW, {6}), 'stripped': (WWW, {10}),
    'signerabove': (WWW, {9}), 'signerbelow': (WWW, {6}), 'signerother': (WWW, {10}),
    'labelsfew': (WWW, {6}), 'labelsnone': (WWW, {6}), 'labelsmany': (WWW, {6}), 'labelswild': (WWW, {12}),
    'alias': ({'alias', 'tree'}, {10}),
    # denials (RFC 4035 5.4, RFC 5155 8, RFC 6840 4)
    'noproof': (PROVEN, {12}), 'noproof3': (PROVEN, {12}), 'bareproof': (PROVEN, {12}), 'bareproof3': (PROVEN, {12}),
    'baresoa': (EMPTY, {10}), 'swapped': (PROVEN, {12}), 'swapped3': (PROVEN, {12}), 'apexproof': (PROVEN, {12}),
    'denied': (WWW, {12}), 'denied3': (WWW, {12}), 'nodata': (WWW, {12}), 'nodata3': (WWW, {12}),
    'nsecout': (PROVEN, {12}), 'nsecroot': (PROVEN, {12}), 'ancestor': (ALL - {'soa'}, {12}), 'wildnsec': (WWW, {12}),
    'hash2': (PROVEN, {12}), 'flags2': (PROVEN, {12}), 'tworings': ({'nope', 'wildtxt'}, {12}),
    # wildcards (RFC 4035 5.3.4)
    'replayed': ({'there'}, {12}), 'replayedproof': ({'there'}, {12}), 'replayed3': ({'there'}, {12}),
    'replayedproof3': ({'there'}, {12}), 'wildnoproof': ({'wild', 'tree'}, {12}), 'wildother': ({'wild', 'tree'}, {12}),
    # keys and delegations (RFC 4034 2.1.1, RFC 4035 5.2, RFC 4509 3, RFC 5011 2.1)
    'revokedksk': (ALL, {9}), 'revokedzsk': (ALL, {9, 6}), 'nozoneksk': (ALL, {9, 11}), 'nozonezsk': (ALL, {11}),
    'protocol': (ALL, {9, 6}), 'zsksigned': (ALL, {9, 6}), 'wrongds': (ALL, {9}), 'downgrade': (ALL, {9}),
    'nods': (ALL, {12}), 'childdenies': (ALL, {12}), 'neighbour': (ALL, {12}), 'bareds': (ALL, {10}),
}
SECURE = ('good', 'good3', 'good50', 'compact', 'p384', 'extrads', 'extradigest', 'strayds', 'besideexpired',
          'besideunknown', 'besidewrong', 'parentsigns', 'half', 'halfproof', 'halfexpired')
INSECURE = {'unsigned': None, 'onlyunknown': 1, 'onlydigest': 2}
OPT_OUT_INSECURE = {'nope', 'wild', 'wildtxt', 'tree'}      # a range that may hide an unsigned delegation
CODES = {'nope': 'NXDOMAIN'}


def asked(zone, key, **how):
    label, rtype = QUESTIONS[key]
    return query(f'{label}.{zone}.crypt' if label else f'{zone}.crypt', rtype, **how)


def code_of(zone, key):
    return 'NOERROR' if zone == 'compact' else CODES.get(key, 'NOERROR')


def verdict_is(wanted, zone, key, codes=()):
    """Twice: from the network, then from the cache."""
    for time_ in ('first', 'then'):
        answer = asked(zone, key)
        got = 'bogus' if rcode(answer) == 'SERVFAIL' else 'secure' if is_ad(answer) else 'insecure'
        errors = {code for code, _ in ede(answer)}
        check(got == wanted, f'{zone} {key} {time_}: {got} {rcode(answer)} {ede(answer)}, wanted {wanted}')
        if got == 'bogus':
            check(errors & set(codes), f'{zone} {key} {time_}: extended errors {ede(answer)}, wanted {codes}')
        else:
            check(rcode(answer) == code_of(zone, key), f'{zone} {key} {time_}: {rcode(answer)}')


def every(zones, wanted, codes=()):
    each([(zone, key) for zone in zones for key in QUESTIONS], lambda x: verdict_is(wanted, *x, codes))


def test_every_zone_is_here():
    equal(set(BOGUS) | set(SECURE) | set(INSECURE) | {'optout', 'shortttl', 'soon', 'padfew', 'padforged'},
          {name[:-len('.crypt')] for name in bad_dnssec.zones()})


def test_right_enough():
    validating()
    every(SECURE, 'secure')


def test_unsigned_as_far_as_can_be_told():
    validating()
    for zone, code in INSECURE.items():
        for key in ('www', 'nope', 'alias'):
            for how in ({}, {}, {'do': False}, {}):     # the first has it from the network, the others from the cache
                errors = [c for c, _ in ede(asked(zone, key, **how))]
                equal(errors, [code] if code else [], f'{zone} {key}: extended errors')
    every(INSECURE, 'insecure')
    each(QUESTIONS, lambda key: verdict_is('insecure' if key in OPT_OUT_INSECURE else 'secure', 'optout', key))


def test_bogus():
    validating()
    each([(zone, key) for zone in BOGUS for key in QUESTIONS if key in BOGUS[zone][0]],
         lambda x: verdict_is('bogus', *x, BOGUS[x[0]][1]))


def test_only_that_is_bogus():
    validating()
    each([(zone, key) for zone in BOGUS for key in QUESTIONS if key not in BOGUS[zone][0]],
         lambda x: verdict_is('secure', *x))


def test_checking_disabled_sees_it_all():
    validating()
    for zone in BOGUS:
        answer = expect(asked(zone, 'soa', cd=True), 'NOERROR')
        check(not is_ad(answer), f'{zone}: AD beside CD')


def test_one_good_server_is_enough():
    """What one server of two says is bogus: the other is asked, whoever came first."""
    validating()
    for zone in ('half', 'halfproof', 'halfexpired'):
        for i in range(12):
            secure(f'n{i}.wild.{zone}.crypt')
            secure(f'n{i}.{zone}.crypt', code='NXDOMAIN')
        secure(f'www.{zone}.crypt')


def test_ranges_that_leave_the_zone_deny_nobody():
    """limits.md 16: what nsecout.crypt says of everything up to zzz.crypt is not kept."""
    validating()
    secure('www.nsecout.crypt')
    bogus('nope.nsecout.crypt')
    bogus('nope.nsecroot.crypt')
    for zone in ('optout', 'p384', 'wildnsec'):
        secure(f'{zone}.crypt', 'SOA')
    secure('www.nsec-v.net')


def test_time_left_bounds_the_ttl():
    """RFC 4035 5.3.3: neither beyond the original TTL nor beyond the signature's end."""
    validating()
    for _ in range(2):
        at_most(ttl(secure('www.shortttl.crypt')), 60, 'TTL, signed as 60')
        at_most(ttl(secure('www.soon.crypt')), 100, 'TTL, expires in 100 s')


def test_unproven_records_do_not_go_out_beside_ad():
    """A forged NSEC beside a good proof is left out."""
    validating()
    for zone in ('padfew', 'padforged'):
        for _ in range(2):
            answer = secure(f'nope.{zone}.crypt', code='NXDOMAIN')
            at_most(len(records(answer, 'NSEC3', 'authority')), 3, f'{zone}: NSEC3 in the answer')


# --- compact denial (RFC 9824) ------------------------------------------------

CO = 0x4000     # in the flags of the OPT


def co(message):
    message.ednsflags |= CO
    return message


def test_compact_denial():
    """DO=1 gets what validates: NOERROR and the NSEC that says NXNAME; everybody else, CO=1 among them, NXDOMAIN."""
    validating()
    for first in (True, False):
        for i in range(2):
            name = f'nope{first}.compact.crypt'
            for do in (first, not first):
                answer = expect(ask(name, do=do, tcp=True), 'NOERROR' if do else 'NXDOMAIN')
                check(is_ad(answer) == do, f'{name}: AD is {is_ad(answer)}, DO {do}')
                proof = records(answer, 'NSEC', 'authority')
                check(bool(proof) == do and all('TYPE128' in x for x in proof), f'{name}: {proof}')
    ask_co = lambda name, **how: dns.query.tcp(co(question(name, **how)), '127.0.0.1', port=PORT, timeout=5)
    for i in range(3):      # rendered the first time, kept the second time; and never for the wrong client
        for name in ('nopeTrue.compact.crypt', 'nopeco.compact.crypt'):
            answer = expect(ask_co(name, do=True), 'NXDOMAIN')
            check(is_ad(answer) and records(answer, 'NSEC', 'authority'), f'{name}: {answer}')
            check(answer.ednsflags & CO, f'{name}: CO is not told')
            expect(ask_co(name), 'NXDOMAIN')
            answer = expect(query(name), 'NOERROR')
            check(not answer.ednsflags & CO, f'{name}: CO for nobody')
            expect(query(name, cd=True), 'NOERROR')     # who validates by himself does not know NXNAME either
        equal(data(ask_co('x.wild.compact.crypt', do=True)), ['192.0.2.3'])
    expect(query('nope.compact.crypt', 'TYPE128'), 'FORMERR')
    secure('ent.compact.crypt')
    secure('www.compact.crypt', 'TXT')
    equal(data(secure('x.wild.compact.crypt')), ['192.0.2.3'])
    for answer in (asked('compact', 'ent', do=False), asked('compact', 'txt', do=False)):
        expect(answer, 'NOERROR')
