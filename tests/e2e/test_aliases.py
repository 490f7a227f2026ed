"""CNAME and DNAME."""
from harness import *


def test_cname_across_zones_and_programs():
    Tern()
    for length in range(1, 12):
        answer = expect(ask(f'c{length}.alias-nsd.com'), 'NOERROR')
        equal(len(records(answer, 'CNAME')), length, 'steps')
        equal(len(data(answer)), 1, 'addresses at the end')
        expect(ask(f'c{length}.alias-nsd.com', 'CNAME'), 'NOERROR')
        equal(len(records(ask(f'c{length}.alias-nsd.com', 'CNAME'))), 1, 'a CNAME that was asked for is not followed')


def test_answers_along_a_chain_come_in_order():
    Tern()
    for _ in range(2):
        answer = ask('c5.alias-nsd.com')
        owner = 'c5.alias-nsd.com.'
        for rrset in answer.answer:
            equal(rrset.name.to_text(), owner, 'owner')
            owner = rrset[0].to_text()


def test_more_than_twelve_steps_fail():
    Tern()
    expect(ask('c11.alias-nsd.com'), 'NOERROR')
    answer = expect(ask('c14.alias-nsd.com'), 'SERVFAIL')
    check(ede(answer), 'a failure says why')


def test_alias_to_nothing_is_nxdomain_with_the_cname():
    Tern()
    for name in ('nx-alias.example.com', 'to-nothing.alias-bind.org'):
        for _ in range(2):
            answer = expect(ask(name), 'NXDOMAIN')
            equal(len(records(answer, 'CNAME')), 1)
            check(records(answer, 'SOA', 'authority'), 'SOA of the target')


def test_alias_to_a_name_without_the_type():
    Tern()
    answer = expect(ask('to-nodata.alias-bind.org', 'AAAA'), 'NOERROR', [], 'AAAA')
    equal(len(records(answer, 'CNAME')), 1)
    check(records(answer, 'SOA', 'authority'))


def test_cname_loops_fail():
    Tern()
    for name in ('self.alias-nsd.com', 'ping.alias-knot.net'):
        answer, seconds = ask_timed(name)
        check(rcode(answer) in ('SERVFAIL', 'NOERROR'), rcode(answer))
        equal(data(answer), [])
        at_most(seconds, 4, 'seconds')


def test_dname():
    Tern()
    for name, address, dnames in (('leaf.dn.alias-nsd.com', '192.0.2.111', 1), ('a.b.dn.alias-nsd.com', '192.0.2.121', 1),
                                  ('leaf.dn2.alias-pdns.lab', '192.0.2.111', 2)):
        for _ in range(2):
            answer = expect(ask(name), 'NOERROR', [address])
            equal(len(records(answer, 'DNAME')), dnames, 'DNAME records')
            equal(len(records(answer, 'CNAME')), dnames, 'synthesised CNAME records')
    expect(ask('dn.alias-nsd.com', 'DNAME'), 'NOERROR', ['tree.alias-knot.net.'], 'DNAME')
    expect(ask('dn.alias-nsd.com', 'A'), 'NOERROR', [])
    expect(ask('nothing.dn.alias-nsd.com'), 'NXDOMAIN')


def test_dname_serves_its_whole_subtree_from_the_cache():
    Tern()
    ask('leaf.dn.alias-nsd.com')
    with Unreachable():
        expect(ask('leaf.dn.alias-nsd.com'), 'NOERROR', ['192.0.2.111'])


def test_dname_to_a_name_too_long_is_yxdomain():
    Tern()
    name = '.'.join(['y' * 60] * 2) + '.long.alias-nsd.com'
    for _ in range(2):
        expect(ask(name), 'YXDOMAIN')


def test_cname_beside_a_dname_is_not_believed():
    Tern()
    answer = ask('x.d.baddname.evil')
    check('6.6.6.6' not in data(answer), 'the forged alias was followed')
