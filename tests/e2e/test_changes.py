"""Answers that are changed on their way out: DNS64, addresses inside, search engines, filtered types; by views, cached and fresh."""
from harness import *
from test_lists import ede_options, listing
from test_reload import Forwarder, forwarding, reload, start, ternctl
from test_views import ELSE, KIDS, OFFICE, view
from validation import anchors

PREFIX = '2001:db8:64::/96'
DNS64 = {'prefix': PREFIX}


def signed(**sections):
    return start(**merged({'dnssec': {'validation': 'on', 'trust-anchors': anchors()}}, sections))


def ad(answer):
    return bool(answer.flags & dns.flags.AD)


def aaaa(name, wanted, **how):
    answer = ask(name, 'AAAA', **how)
    equal((rcode(answer), data(answer, 'AAAA')), ('NOERROR', wanted), name)
    return answer


def filtered(name, rtype='A', **how):
    answer = ask(name, rtype, **how)
    equal((rcode(answer), [r for r in answer.answer], [int(e.code) for e in ede_options(answer)], ad(answer)),
          ('NOERROR', [], [17], False), name)
    equal([r.rdtype for r in answer.authority], [dns.rdatatype.SOA], name)
    return answer


def test_addresses_for_nat64():
    signed(dns64=DNS64)
    for _ in range(3):
        for tcp in (False, True):
            answer = aaaa('mail.example.com', ['2001:db8:64::c000:252'], do=True, tcp=tcp)
            check(ad(answer), 'both were secure')
            equal(records(answer, 'RRSIG'), [], 'no signature over what was made')
            equal([r for r in answer.authority], [])
        answer = aaaa('www.example.com', ['2001:db8::81'], do=True)
        check(ad(answer) and records(answer, 'RRSIG'))
        equal(rcode(ask('nothing.example.com', 'AAAA')), 'NXDOMAIN')
        aaaa('x.wild.example.com', ['2001:db8:64::c000:255'])
        answer = ask('mail.example.com', 'AAAA', do=True, cd=True)
        equal((rcode(answer), len(answer.answer)), ('NOERROR', 0))
        check(any(r.rdtype == dns.rdatatype.NSEC for r in answer.authority), 'with its proof')
        aaaa('mail.example.com', ['2001:db8:64::c000:252'], cd=True)
        equal(data(ask('mail.example.com')), ['192.0.2.82'])
    at_most(ttl(ask('mail.example.com', 'AAAA')), 3600, 'TTL')
    equal(len(data(ask('many.example.com', 'AAAA', tcp=True), 'AAAA')), 200)
    equal(ttl(ask('zero.example.com', 'AAAA')), 0)


def test_the_well_known_prefix_is_for_global_addresses():
    web = Forwarder('93.184.215.14')
    start(dns64={'prefix': '64:ff9b::/96'}, **forwarding(('web.test-zone', web)),
          **{'local-data': ['nas.lan. A 192.168.1.9', 'pub.lan. A 8.8.8.8']})
    for _ in range(2):
        aaaa('www.web.test-zone', ['64:ff9b::5db8:d70e'])
        aaaa('mail.example.com', [])                # 192.0.2.82 is for documents
        aaaa('nas.lan', [])
        aaaa('pub.lan', ['64:ff9b::808:808'])
        aaaa('ipv4only.arpa', ['64:ff9b::c000:aa', '64:ff9b::c000:ab'])


def test_reverse_names_of_nat64():
    start(dns64=DNS64, **{'local-data': ['printer.lan. A 192.168.1.7']})
    name = dns.reversename.from_address('2001:db8:64::192.168.1.7').to_text()
    for _ in range(2):
        answer = ask(name, 'PTR')
        equal(data(answer, 'CNAME'), ['7.1.168.192.in-addr.arpa.'])
        equal(data(answer, 'PTR'), ['printer.lan.'])
    equal(data(ask('printer.lan', 'AAAA'), 'AAAA'), ['2001:db8:64::c0a8:107'])
    unknown = dns.reversename.from_address('2001:db8:64::192.168.1.8').to_text()
    equal(rcode(ask(unknown, 'PTR')), 'NXDOMAIN')


def test_servers_that_do_not_know_aaaa():
    """A failure or silence is as good as no address; the second client does not wait for it."""
    start(dns64=DNS64)
    made = ['2001:db8:64::c000:201']
    for name in ('servfail-a.only-four.evil', 'notimp-a.only-four.evil', 'refused-a.only-four.evil',
                 'hole-a.only-four.evil'):
        aaaa(name, made)
        answer, seconds = ask_timed(name, 'AAAA')
        equal(data(answer, 'AAAA'), made, name)
        at_most(seconds, 0.1, name)
        equal(data(ask(name)), ['192.0.2.1'])


def test_bogus_stays_bogus():
    signed(dns64=DNS64, **{'filter-types': ['AAAA']})
    for _ in range(2):
        for rtype in ('AAAA', 'A'):
            equal(rcode(ask('www.expired-v.net', rtype)), 'SERVFAIL')


def test_bogus_stays_bogus():
    signed(dns64=DNS64, **{'filter-types': ['AAAA']})
    answer = ask('www.bogus-sig.net', 'AAAA')
    check(rcode(answer) in ('SERVFAIL', 'NXDOMAIN'), answer)


def test_lists_and_nat64():
    """What a list gives: `null` has both, addresses are translated, no data is none."""
    lists = [listing('null.test-zone', 'null', action='null'), listing('given.test-zone', 'given', action='192.0.2.200'),
             listing('none.test-zone', 'none', action='nodata'), listing('no.test-zone', 'no')]
    start(dns64=DNS64, lists=lists)
    for _ in range(2):
        aaaa('null.test-zone', ['::'])
        aaaa('given.test-zone', ['2001:db8:64::c000:2c8'])
        aaaa('none.test-zone', [])
        equal(rcode(ask('no.test-zone', 'AAAA')), 'NXDOMAIN')


def test_lists_tell_themselves_under_validation():
    signed(lists=[listing('given.test-zone', action='192.0.2.200'), listing('no.test-zone', 'no')])
    for name in ('given.test-zone', 'no.test-zone'):
        equal([int(e.code) for e in ede_options(ask(name))], [15], name)


def test_views():
    start(dns64=DNS64, **{'filter-types': ['TXT'], 'rebinding-protection': {'enabled': True}},
          views=[view('kids', [f'{KIDS}/32'], dns64={'prefix': '2001:db8:65::/96'}, **{'filter-types': []}),
                 view('office', [f'{OFFICE}/32'], dns64={'prefix': ''},
                      **{'filter-types': ['HTTPS', 'AAAA'], 'rebinding-protection': {'enabled': False}})])
    for _ in range(3):
        aaaa('mail.example.com', ['2001:db8:64::c000:252'], source=ELSE)
        aaaa('mail.example.com', ['2001:db8:65::c000:252'], source=KIDS)
        answer = ask('mail.example.com', 'AAAA', source=OFFICE)
        equal((rcode(answer), data(answer, 'AAAA'), ede_options(answer)), ('NOERROR', [], []))
        filtered('www.example.com', 'AAAA', source=OFFICE)
        filtered('example.com', 'HTTPS', source=OFFICE)
        filtered('example.com', 'TXT', source=ELSE)
        expect(ask('example.com', 'TXT', source=KIDS), 'NOERROR', rtype='TXT', rdata=['"v=spf1 mx -all"'])
        filtered('many.example.com', source=ELSE)
        filtered('many.example.com', source=KIDS)
        equal(len(data(ask('many.example.com', source=OFFICE, tcp=True))), 200)


def test_addresses_inside():
    router = Forwarder('192.168.1.2')
    on = {'rebinding-protection': {'enabled': True, 'allow': ['many.example.com']}}
    tern = signed(server={'workers': 1}, **forwarding(('corp.test-zone', router)), **{'local-data': ['nas.lan. A 192.168.1.9']})
    equal(len(data(ask('many.example.com', tcp=True))), 200)
    base = {'dnssec': {'validation': 'on', 'trust-anchors': anchors()}, **forwarding(('corp.test-zone', router)),
            'local-data': ['nas.lan. A 192.168.1.9'], 'server': {'workers': 1}}
    reload(tern, **base, **{'rebinding-protection': {'enabled': True}})
    for _ in range(3):
        answer = filtered('many.example.com', do=True)
        check(ede_options(answer)[0].text.startswith('rebinding: 10.1.'), answer)
        filtered('many.example.com', tcp=True, cd=True, do=True)
        expect(ask('x.corp.test-zone'), 'NOERROR', ['192.168.1.2'])
        expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
        check(ad(ask('www.example.com', do=True)))
    equal(tern.log_text().count('held back from 127.0.0.1'), 1)
    reload(tern, **base, **on)
    equal(len(data(ask('many.example.com', tcp=True))), 200)


def test_everything_forwarded_is_public():
    router = Forwarder('192.168.1.1')
    start(**forwarding(('.', router)), **{'rebinding-protection': {'enabled': True}})
    for _ in range(2):
        filtered('www.example.com')


def test_search_engines():
    engines = Forwarder('192.0.2.200')
    zones = forwarding(('google.com', engines), ('google.de', engines), ('youtube.com', engines), ('bing.com', engines))
    start(**zones, lists=[listing('www.bing.com')], **{'local-data': ['m.youtube.com. A 192.0.2.1']},
          views=[view('kids', [f'{KIDS}/32'], **{'safe-search': True}),
                 view('teens', [f'{OFFICE}/32'], **{'safe-search': 'moderate'})])
    for _ in range(3):
        for name in ('www.google.com', 'www.google.de'):
            answer = ask(name, source=KIDS)
            equal(data(answer, 'CNAME'), ['forcesafesearch.google.com.'])
            equal((data(answer), ad(answer)), (['192.0.2.200'], False))
            equal(data(ask(name, source=ELSE), 'CNAME'), [])
            equal(len(ask(name, 'HTTPS', source=KIDS).answer), 0)
        for source, target in ((KIDS, 'restrict.youtube.com.'), (OFFICE, 'restrictmoderate.youtube.com.')):
            answer = ask('www.youtube.com', 'AAAA', source=source)
            equal(data(answer, 'CNAME'), [target])
        expect(ask('m.youtube.com', source=KIDS), 'NOERROR', ['192.0.2.1'])
        equal(rcode(ask('www.bing.com', source=KIDS)), 'NXDOMAIN')


def test_changes_take_effect():
    tern = start()
    for _ in range(2):
        aaaa('mail.example.com', [])
    reload(tern, dns64=DNS64)
    for _ in range(2):
        aaaa('mail.example.com', ['2001:db8:64::c000:252'])
    reload(tern, dns64={'prefix': '2001:db8:65::/96'})
    aaaa('mail.example.com', ['2001:db8:65::c000:252'])
    reload(tern, dns64={'prefix': '2001:db8:65::/96'}, **{'filter-types': ['A', 'AAAA']})
    filtered('www.example.com', 'AAAA')
    reload(tern)
    aaaa('mail.example.com', [])
    aaaa('www.example.com', ['2001:db8::81'])


def test_mistakes():
    start()
    for text, why in (('dns64: {prefix: "64:ff9b::/95"}', 'dns64.prefix: expected a prefix of IPv6'),
                      ('dns64: {prefix: "10.0.0.0/32"}', 'dns64.prefix: expected a prefix of IPv6'),
                      ('dns64: {prefix: "64:ff9b::1/96"}', 'dns64.prefix: expected a prefix of IPv6'),
                      ('dns64: {prefix: x}', 'dns64.prefix: expected a prefix of IPv6'),
                      ('dns64: {exclude: ["10.0.0.0/8"]}', 'dns64.exclude[0]: expected a network of IPv6'),
                      ('dns64: true', 'dns64: expected a mapping'),
                      ('rebinding-protection: {enabled: yes}', 'rebinding-protection.enabled: expected true or false'),
                      ('rebinding-protection: {allow: ["a..b"]}', 'rebinding-protection.allow[0]: expected a domain name'),
                      ('safe-search: strict', 'safe-search: expected false, true or moderate'),
                      ('filter-types: [AAAA, ANY]', 'filter-types[1]: expected a type of records'),
                      ('filter-types: [OPT]', 'filter-types[0]: expected a type of records'),
                      ('filter-types: AAAA', 'filter-types: expected a list'),
                      ('views: [{name: a, filter-types: [no]}]', 'views[0].filter-types[0]: expected a type'),
                      ('views: [{name: a, dns64: {prefix: "::/1"}}]', 'views[0].dns64.prefix: expected a prefix')):
        path = os.path.join(LAB, 'mistake.yaml')
        with open(path, 'w') as f:
            f.write(text + '\n')
        out = ternctl('check', path, code=1)
        check(why in out, f'{text}: {out}')
