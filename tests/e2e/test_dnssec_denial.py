"""Denials: where the proof comes from, and the zone that it speaks for."""
import os
import time

from harness import *
from test_dnssec import anchors, insecure, secure, validating


def hints_of(letter, v4):
    path = os.path.join(LAB, 'hints-' + letter)
    with open(path, 'w') as f:
        f.write(f'. 3600 IN NS {letter}.root-servers.net.\n{letter}.root-servers.net. 3600 IN A {v4}\n')
    return path


def test_servers_of_many_zones_show_no_referrals():
    """Root, net and what is below it on one server: the cuts between them are found by their signatures."""
    def fresh(check_it):
        Tern(dnssec={'validation': 'on', 'trust-anchors': anchors()},
             resolver={'root-hints': hints_of('a', '198.41.0.4')})
        check_it()
        stop_all()
    fresh(lambda: insecure('www.island-v.net'))
    fresh(lambda: insecure('www.insecure-v.net'))
    fresh(lambda: secure('www.nsec-v.net'))
    fresh(lambda: secure('www.child.nsec-v.net'))
    fresh(lambda: insecure('www.plain.nsec3-v.net'))
    fresh(lambda: secure('nothing.nsec-v.net', code='NXDOMAIN'))
    fresh(lambda: secure('island-v.net', 'DS'))


def test_proven_names_need_no_server():
    """Used only when nobody answers: `aggressive-nsec` is off."""
    Tern(dnssec={'validation': 'on', 'trust-anchors': anchors()}, cache={'aggressive-nsec': False})
    secure('nothing.nsec-v.net', code='NXDOMAIN')
    with Unreachable():
        answer = secure('nothing2.nsec-v.net', code='NXDOMAIN', timeout=5)
        check(records(answer, 'NSEC', 'authority'), 'no proof')
        expect(query_of('www.nsec-v.net'), 'SERVFAIL')


def query_of(name):
    return ask(name, timeout=5)


def test_proven_names_are_not_asked_for():
    validating()
    secure('nothing.nsec-v.net', code='NXDOMAIN')
    with Unreachable():
        secure('nothing2.nsec-v.net', code='NXDOMAIN', timeout=1)


def learn(z, rtype='A'):
    """Enough denials to know the zone's whole chain."""
    for i in range(60):
        secure(f'{"abcdefghijklmnopqrstuvwxyz"[i % 26]}{i}.{z}', rtype, code='NXDOMAIN')
    for label in ('*.wild.', 'www.', 'ent.', 'wild.'):       # and those that the hashes may have missed
        secure(label + z, 'TXT')
    secure(z, 'SOA')


def test_nsec3_chains_and_wildcards_answer_by_themselves():
    validating()
    for z in ('nsec-v.net', 'nsec3-v.net'):
        learn(z)
        secure(f'a.wild.{z}')
        secure(f'a.b.wild.{z}')
    with Unreachable():
        for z in ('nsec-v.net', 'nsec3-v.net'):
            secure(f'fresh.{z}', code='NXDOMAIN', timeout=1)
            secure(f'a.b.fresh.{z}', code='NXDOMAIN', timeout=1)
            secure(f'ent.{z}', timeout=1)               # an empty non-terminal
            equal(data(secure(f'b.wild.{z}', timeout=1)), ['192.0.2.3'])
            answer = secure(f'c.d.wild.{z}', timeout=1)
            equal(data(answer), ['192.0.2.3'])
            check(records(answer, 'NSEC' if z == 'nsec-v.net' else 'NSEC3', 'authority'), 'a wildcard without its proof')
            secure(f'b.wild.{z}', 'TXT', timeout=1)     # NODATA of a wildcard
            secure(f'www.{z}', 'TXT', timeout=1)        # NODATA
        secure('plain.nsec-v.net', 'DS', timeout=1)


def test_opt_out_proves_nothing_more():
    validating()
    for i in range(40):
        insecure(f'learn{i}.optout-v.net', code='NXDOMAIN')
    before = time.monotonic()
    with Unreachable():
        expect(ask('fresh.optout-v.net', timeout=5), 'SERVFAIL')
    check(time.monotonic() - before > 1, 'nobody was asked')
