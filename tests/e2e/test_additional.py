"""What goes with an answer: addresses of SVCB and HTTPS targets, out of the cache only (RFC 9460 4.2; limits.md 48)."""
from harness import *
from validation import *

ADDRESSES = ['example.com. A 192.0.2.80', 'example.com. AAAA 2001:db8::80']


def ask_https(name='example.com', **how):
    return expect(ask(name, 'HTTPS', **how), 'NOERROR')


def test_the_addresses_of_an_https_target_go_with_the_answer():
    """With signatures for who wants them; again when the answer is kept rendered."""
    validating()
    for _ in range(3):
        equal(records(ask_https(), section='additional'), [], 'before anybody asked')
    secure('example.com', 'A')
    secure('example.com', 'AAAA')
    equal(records(ask_https(cd=True), section='additional'), ADDRESSES)
    for i in range(4):
        answer = ask_https(do=True)
        check(answer.flags & dns.flags.AD, 'not secure')
        equal([r for r in records(answer, section='additional') if ' RRSIG ' not in r], ADDRESSES, f'time {i}')
        equal(len(records(answer, 'RRSIG', 'additional')), 2, f'signatures, time {i}')
        equal(len(records(answer, 'RRSIG')), 1, f'signatures of the answer, time {i}')


def test_additional_data_truncate_nothing():
    """What doesn't fit is left out, also of an answer that is kept rendered."""
    validating()
    for rtype in ('A', 'AAAA'):
        secure('large.example.com', rtype)
    whole = len(ask_https('large.example.com', do=True).to_wire())
    check(whole > 512, f'all of it has {whole} octets: this test shows nothing')
    for rendered in (False, True):
        answer = ask_https('large.example.com', do=True, size=512)
        check(not answer.flags & dns.flags.TC, f'truncated, rendered {rendered}')
        equal(len(records(answer, 'HTTPS')), 1, f'rendered {rendered}')
        equal(len(records(answer, 'RRSIG')), 1, f'rendered {rendered}')
        at_most(len(answer.to_wire()), 512, 'octets')
        for _ in range(3):
            equal(len(ask_https('large.example.com', do=True).to_wire()), whole, 'octets of a whole answer')


def test_what_an_alias_leads_to_goes_with_it():
    validating()
    alias = ask_https('https-alias.example.com', do=True)
    equal(records(alias, section='additional'), [], 'before anybody asked')
    for rtype in ('A', 'AAAA', 'HTTPS'):
        secure('example.com', rtype)
    alias = ask_https('https-alias.example.com', cd=True)
    equal(records(alias, section='additional'), [*ADDRESSES, 'example.com. HTTPS 1 . alpn="h2,h3"'])
