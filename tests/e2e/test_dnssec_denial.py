"""Denials: where the proof comes from, and the zone that it speaks for."""
import os

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
