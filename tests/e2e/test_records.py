"""What the authorities have is what clients get: every type, both transports, both families."""
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.zone

from content import ALL_TYPES, TEXT
from harness import *
from plan import PROGRAMS, address

TYPE_ZONES = dict(zip(PROGRAMS, ('types-nsd.org', 'types-knot.com', 'types-bind.net', 'types-pdns.lab')))


def authority_says(program, name, rtype):
    return dns.query.tcp(question(name, rtype, rd=False), address(program, 1, 4), timeout=3)


def test_all_types_as_their_authorities_have_them():
    Tern()
    for program, zone in TYPE_ZONES.items():
        for owner, rtype in dict.fromkeys((o, t) for o, t, _ in ALL_TYPES):
            name = f'{owner}.{zone}'
            wanted = records(authority_says(program, name, rtype))
            check(wanted, f'{program} has no {name} {rtype}')
            for how in ({}, {'tcp': True}, {'server': '::1'}, {'server': '::1', 'tcp': True}):
                answer = ask(name, rtype, **how)
                expect(answer, 'NOERROR')
                equal(records(answer), wanted, f'{name} {rtype} {how}')


def test_names_keep_the_case_of_the_question():
    Tern()
    for _ in range(2):      # from the network, then from the cache
        answer = ask('wWw.eXaMpLe.CoM')
        equal(answer.question[0].name.to_text(), 'wWw.eXaMpLe.CoM.')
        equal(answer.answer[0].name.to_text(), 'wWw.eXaMpLe.CoM.')


def test_escaped_dots_in_labels():
    Tern()
    expect(ask('a\\.b.example.com'), 'NOERROR', ['192.0.2.89'])
    expect(ask('a.b.example.com'), 'NXDOMAIN')


def test_flags_of_an_ordinary_answer():
    Tern()
    for _ in range(2):
        answer = ask('www.example.com')
        flags = dns.flags.to_text(answer.flags)
        equal(flags, 'QR RD RA')


def test_wildcards():
    Tern()
    expect(ask('anything.wild.example.com'), 'NOERROR', ['192.0.2.85'])
    expect(ask('a.b.c.wild.example.com'), 'NOERROR', ['192.0.2.85'])
    expect(ask('anything.wild.example.com', 'TXT'), 'NOERROR', ['"wild"'], 'TXT')
    expect(ask('anything.wild.example.com', 'MX'), 'NOERROR', [], 'MX')
    expect(ask('there.wild.example.com'), 'NOERROR', ['192.0.2.86'])
    expect(ask('there.wild.example.com', 'TXT'), 'NOERROR', [], 'TXT')
    expect(ask('there2.wild.example.com'), 'NOERROR', [])       # an empty non-terminal stops the wildcard
    expect(ask('*.wild.example.com'), 'NOERROR', ['192.0.2.85'])
    expect(ask('x.wc.alias-nsd.com'), 'NOERROR', ['192.0.2.101'])


def test_empty_non_terminals():
    Tern()
    for name in ('empty.ent.example.com', 'ent.example.com'):
        answer = expect(ask(name), 'NOERROR', [])
        equal([dns.rdatatype.to_text(s.rdtype) for s in answer.authority], ['SOA'], name)
    expect(ask('deep.empty.ent.example.com'), 'NOERROR', ['192.0.2.88'])
    expect(ask('deeper.empty.ent.example.com'), 'NXDOMAIN')


def test_denials_carry_the_soa():
    Tern()
    for name, code in (('nothing.example.com', 'NXDOMAIN'), ('mail.example.com', 'NOERROR')):
        for _ in range(2):
            answer = expect(ask(name, 'AAAA'), code, [], 'AAAA')
            equal([s.name.to_text() for s in answer.authority], ['example.com.'])
            equal(dns.rdatatype.to_text(answer.authority[0].rdtype), 'SOA')
            at_most(ttl(answer, 'authority'), 300, 'negative TTL')


def test_denials_live_for_the_smaller_of_soa_ttl_and_minimum():
    Tern()
    at_most(ttl(ask('a.negative.lab'), 'authority'), 7, 'TTL when the minimum is 7')
    at_most(ttl(ask('a.negative.org'), 'authority'), 9, 'TTL when the SOA has 9')
    for name in ('a.negative.lab', 'a.negative.org'):
        check(ttl(ask(name), 'authority') > 0)


def test_big_answers_by_truncation_and_tcp():
    Tern()
    for size in (600, 1100, 1500, 4000, 20000):
        name = f'big{size}.example.com'
        wanted = [' '.join([f'"{TEXT * 5}"'] * (size // 226 + 1))]
        expect(ask(name, 'TXT', tcp=True), 'NOERROR', wanted, 'TXT')
        answer = ask(name, 'TXT')
        whole = len(ask(name, 'TXT', tcp=True).to_wire())
        if answer.flags & dns.flags.TC:
            check(whole > 1200, f'{name}: truncated although {whole} octets fit')
            equal(answer.answer, [], 'half an RRset is none')
        else:
            check(whole <= 1232, f'{name}: {whole} octets by UDP')
    at_least(len(data(ask('many.example.com', tcp=True))), 200, 'addresses')


def test_udp_size_follows_edns():
    Tern()
    ask('big1100.example.com', 'TXT', tcp=True)
    for size, truncated in ((512, True), (900, True), (1232, False), (4096, False)):
        answer = ask('big1100.example.com', 'TXT', size=size)
        equal(bool(answer.flags & dns.flags.TC), truncated, f'TC with a buffer of {size}')
    check(ask('big600.example.com', 'TXT', edns=False).flags & dns.flags.TC, '512 octets without EDNS')
    check(ask('big1500.example.com', 'TXT', size=4096).flags & dns.flags.TC, 'never more than 1232 octets')


def test_edns_in_answers():
    Tern()
    answer = ask('www.example.com')
    equal((answer.edns, answer.payload >= 512), (0, True))
    equal(ask('www.example.com', edns=False).edns, -1, 'EDNS nobody asked for')
    m = question('www.example.com')
    m.use_edns(1)
    answer = dns.query.udp(m, '127.0.0.1', port=PORT, timeout=3)
    equal((rcode(answer), answer.edns), ('BADVERS', 0))


def test_dnssec_records_for_those_who_ask():
    Tern()
    for _ in range(2):
        plain, full = ask('www.example.com'), ask('www.example.com', do=True, size=4096)
        equal(records(plain, 'RRSIG'), [])
        check(records(full, 'RRSIG'), 'no RRSIG with DO')
        check(full.ednsflags & dns.flags.DO, 'DO is echoed')
    expect(ask('com', 'DNSKEY', tcp=True), 'NOERROR')
    denial = ask('nothing.example.com', do=True, tcp=True)
    check(records(denial, 'NSEC', 'authority'), 'no NSEC with DO')


def test_ipv6_only_zones():
    Tern()
    expect(ask('www.example.six', 'AAAA'), 'NOERROR', ['2001:db8::6'], 'AAAA')
    expect(ask('www.example.six'), 'NOERROR', ['192.0.2.66'])
    expect(ask('www.sixonly.org', 'AAAA'), 'NOERROR', ['2001:db8::66'], 'AAAA')
    resolves('a.six.evil')


def test_without_ipv6_its_zones_fail_and_the_others_do_not():
    Tern(resolver={'ipv6': False})
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    # Not a zone of the four real servers: some of them serve the root too, and know it at once.
    answer, seconds = ask_timed('a.six.evil')
    expect(answer, 'SERVFAIL')
    at_most(seconds, 4, 'seconds')
    check(ede(answer), 'a failure says why')


def test_without_ipv4_all_works_over_ipv6():
    Tern(resolver={'ipv4': False})
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    expect(ask('c9.alias-nsd.com'), 'NOERROR', ['192.0.2.101'])


def test_delegations_of_every_kind():
    """Glue, sibling glue, glueless; parent and child on one server; several cuts in a row."""
    Tern()
    for name in ('www.deep.example.net', 'www.a.deep.example.net', 'www.b.a.deep.example.net',
                 'www.c.b.a.deep.example.net'):
        expect(ask(name), 'NOERROR', ['192.0.2.93'])
    for name in ('www.both.org', 'www.child.both.org'):
        expect(ask(name), 'NOERROR', ['192.0.2.94'])
    expect(ask('4.0.41.198.in-addr.arpa', 'PTR'), 'NOERROR', ['a.root-servers.net.'], 'PTR')


def test_ds_is_asked_at_the_parent():
    Tern()
    expect(ask('www.example.com'), 'NOERROR')       # the child's servers are known now
    at_least(len(data(ask('example.com', 'DS'), 'DS')), 1, 'DS records')
    at_least(len(data(ask('com', 'DS'), 'DS')), 1, 'DS records of a TLD')
    for name, parent in (('deep.example.net', 'example.net.'), ('child.both.org', 'both.org.')):
        ask(f'www.{name}')
        answer = expect(ask(name, 'DS'), 'NOERROR', [], 'DS')
        equal([s.name.to_text() for s in answer.authority], [parent], f'who denies the DS of {name}')
    answer = expect(ask('.', 'DS'), 'NOERROR', [], 'DS')


def test_questions_for_the_root():
    Tern()
    equal(len(data(ask('.', 'NS', size=4096, tcp=True), 'NS')), 13, 'root servers')
    expect(ask('.', 'SOA'), 'NOERROR')
    expect(ask('.', 'A'), 'NOERROR', [])
    expect(ask('.', 'DNSKEY', tcp=True), 'NOERROR')
    expect(ask('nosuchtld'), 'NXDOMAIN')
    expect(ask('com', 'NS'), 'NOERROR', ['ns1.nic.com.', 'ns2.nic.com.'], 'NS')
    expect(ask('a.root-servers.net'), 'NOERROR', ['198.41.0.4'])


def test_unknown_types_and_classes():
    Tern()
    answer = ask('nullish.types-knot.com', 'TYPE65400')
    equal(len(answer.answer[0]), 2)
    expect(ask('www.example.com', 'TYPE4711'), 'NOERROR')
    check(rcode(ask('www.example.com', 'A', rclass='HS')) in ('REFUSED', 'NOTIMP'), 'class HS')
    check(rcode(ask('www.example.com', 'A', rclass='CLASS4711')) in ('REFUSED', 'NOTIMP'), 'class 4711')


def test_class_chaos():
    tern = Tern(server={'identity': 'lab-1', 'version': 'tern of the lab'})
    for name, text in (('id.server', 'lab-1'), ('version.bind', 'tern of the lab')):
        expect(ask(name, 'TXT', rclass='CH'), 'NOERROR', [f'"{text}"'], 'TXT')
    check(rcode(ask('other.bind', 'TXT', rclass='CH')) in ('REFUSED', 'NXDOMAIN'))
    tern.stop()
    Tern()
    for name in ('version.bind', 'id.server'):
        expect(ask(name, 'TXT', rclass='CH'), 'REFUSED')


NSID = dns.edns.GenericOption(3, b'')


def nsid(**how):
    return [o.data for o in ask('www.example.com', options=[NSID], **how).options if o.otype == 3]


def test_who_answered_is_told_to_who_asks():
    """NSID (RFC 5001), in answers out of the cache as well, and in errors; without an identity, or unasked, nothing."""
    tern = Tern(server={'identity': 'lab-1'})
    for how in ({}, {}, {}, {'tcp': True}, {'do': True}):
        equal(nsid(**how), [b'lab-1'])
    equal([o.data for o in ask('example.com', 'MAILA', options=[NSID]).options if o.otype == 3], [b'lab-1'], 'in an error')
    equal([o for o in ask('www.example.com').options if o.otype == 3], [], 'nobody has asked')
    cookie = dns.edns.GenericOption(10, bytes(8))
    both = ask('www.example.com', options=[cookie, NSID]).options
    equal(sorted(o.otype for o in both), [3, 10])
    tern.stop()
    tern = Tern(server={'identity': 'x' * 255})
    for _ in range(3):
        equal(nsid(), [b'x' * 255])
    answer = expect(ask('www.example.com', options=[NSID], size=512), 'NOERROR', ['192.0.2.81'])
    check(not answer.flags & dns.flags.TC, 'the data matters more')
    tern.stop()
    Tern()
    equal(nsid(), [])


def test_any_gets_one_set():
    Tern()
    for _ in range(2):
        answer = expect(ask('x.any.evil', 'ANY'), 'NOERROR')
        equal(len(answer.answer), 1, 'sets in the answer to ANY by UDP')
    at_least(len(expect(ask('x.any.evil', 'ANY', tcp=True), 'NOERROR').answer), 1, 'sets by TCP')
    expect(ask('nothing.example.com', 'ANY'), 'NXDOMAIN')


def test_meta_types_are_refused():
    Tern()
    for rtype in ('AXFR', 'IXFR', 'MAILA', 'MAILB', 'TKEY', 'TSIG', 'OPT'):
        code = rcode(ask('example.com', rtype, tcp=rtype == 'AXFR')) if rtype not in ('AXFR', 'IXFR') else None
        if code is None:
            raw = exchange(question('example.com', rtype).to_wire(), timeout=2)
            check(raw, f'no answer to {rtype}')
            code = dns.rcode.to_text(raw[3] & 15)
        check(code in ('NOTIMP', 'REFUSED', 'FORMERR'), f'{rtype}: {code}')
