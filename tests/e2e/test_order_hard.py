"""What lists of preference, many records, and chains of what is ours and what is signed could do to answers."""
import json

import dns.dnssec

from harness import *
from test_dnssec import anchors
from test_lists import put
from test_nft_sets import SETS, Table, in_set, nft, sets
from test_policy_hard import over, stream
from test_reload import Forwarder, reload, start, ternctl
from test_rpz import policies

SORTED = {'server': {'sortlist': [{'clients': ['127.0.0.0/8'], 'prefer': ['192.0.2.128/25', '2001:db8::/33']}]}}


def all_data(answer):
    return [r.to_text() for s in answer.answer for r in s]


def test_sorted_answers_are_the_same_answers():
    """What is signed validates as before; names, TTLs and numbers of records are as without an order, also when truncated."""
    names = [('www.example.com', 'A'), ('example.com', 'NS'), ('mail.example.com', 'A'), ('alias.example.com', 'A'), ('shop.example.com', 'A'),
             ('www.example.org', 'ANY'), ('many.any.evil', 'A'), ('many.any.evil', 'AAAA'), ('many.any.evil', 'ANY')]
    on = {'dnssec': {'validation': 'on', 'trust-anchors': anchors()}}

    def gather():
        out = {}
        for name, rtype in names:
            for how in ({}, {'do': True}, {'tcp': True, 'do': True}, {'size': 512}, {'do': True, 'cd': True}):
                for turn in range(3):
                    answer = ask(name, rtype, **how)
                    # parses whole, and says the same set of things
                    out[name, rtype, str(how)] = (rcode(answer), bool(answer.flags & dns.flags.AD), bool(answer.flags & dns.flags.TC),
                                                  records(answer))
        return out
    start(**on)
    plain = gather()
    stop_all()
    for order in ('rotate', 'fixed'):
        start(**merged(merged(on, SORTED), {'server': {'rrset-order': order}}))
        got = gather()
        for key in plain:
            equal(got[key], plain[key], f'{order} {key}')
        stop_all()


def test_a_thousand_records():
    many = [f'many.lan. 300 A 192.0.{i // 200}.{i % 200}' for i in range(1000)] + [f'many.lan. 300 AAAA 2001:db8:{i:x}::1' for i in range(1000)]
    few = [f'few.lan. 300 A 192.0.2.{i}' for i in range(100, 200)]
    for order in ('rotate', 'fixed'):
        tern = start(**merged(SORTED, {'server': {'rrset-order': order}, 'local-data': many + few}))
        s = stream('127.0.0.1')
        for _ in range(5):
            for rtype, n in (('A', 1000), ('AAAA', 1000)):
                equal(len(set(all_data(over(s, 'many.lan', rtype)))), n)
            check(ask('many.lan').flags & dns.flags.TC)
            equal(len(set(all_data(over(s, 'few.lan')))), 100)
            check(all_data(over(s, 'few.lan'))[0] in [f'192.0.2.{i}' for i in range(128, 200)])
        tern.alive()
        stop_all()


def test_who_gets_ad():
    """A chain that is partly ours, or a policy's, is never called proven; one that policies let through still is."""
    rules = '''let.example.com CNAME rpz-passthru.
www.example.org CNAME rpz-passthru.
to.lan CNAME www.example.org.
*.wild.lan CNAME www.example.org.
24.0.2.0.192.rpz-ip CNAME rpz-passthru.
'''
    config = merged(policies(rules), {'dnssec': {'validation': 'on', 'trust-anchors': anchors()},
                                      'local-data': ['own.lan. CNAME www.example.org.', 'mix.lan. CNAME to.lan.', 'www.example.net. A 192.0.2.3'],
                                      'dns64': {'prefix': '64:ff9b::/96'}})
    start(**{'dnssec': config['dnssec']})
    signed = [n for n in ('www.example.com', 'www.example.org', 'mail.example.com') if ask(n, do=True).flags & dns.flags.AD]
    check(signed)
    stop_all()
    start(**config)
    for turn in range(3):
        for how in ({'do': True}, {'tcp': True, 'do': True}):
            for name in signed:
                check(ask(name, **how).flags & dns.flags.AD, name)
            for name in ('own.lan', 'mix.lan', 'to.lan', 'x.wild.lan', 'www.example.net'):
                answer = ask(name, **how)
                check(not answer.flags & dns.flags.AD, str(answer))
                equal(rcode(answer), 'NOERROR', name)
            for name in signed:
                made = ask(name, 'AAAA')
                if any(a.startswith('64:ff9b') for a in data(made, 'AAAA')):
                    check(not made.flags & dns.flags.AD, str(made))


@busy(30)
def test_sets_that_come_and_go_under_load():
    """Sets that are deleted, made anew, full or of another type while answers wait: each question is answered, in time."""
    with Table(*SETS):
        tern = start(**{**sets(), 'server': {'workers': 2}})
        end = time.monotonic() + 3
        n = 0
        while time.monotonic() < end:
            n += 1
            if n % 4 == 0:
                nft('delete', 'table', 'inet', 't', good=False)
            if n % 4 == 1:
                nft('add', 'table', 'inet', 't')
                for name, what in SETS:
                    nft(f'add set inet t {name} {{ {what} ; }}', good=False)
            if n % 4 == 2:
                nft('delete', 'set', 'inet', 't', 'timed', good=False)
                nft('add set inet t timed { type ipv4_addr ; flags timeout ; size 1 ; }', good=False)
            answers = burst([(f'own.lan', 'A'), ('many.wide.lan', 'A'), (f'x{n}.example.com', 'A'), ('own.lan', 'AAAA')] * 20, server='127.0.0.1', timeout=3)
            equal(len([a for a, _ in answers if a]), 80)
            at_most(max(s for _, s in answers), scaled(1), 'seconds')
        tern.alive()
        at_most(len(tern.log_text()), 20000, 'octets of log')


@busy(30)
def test_a_packet_filter_that_hangs_under_load():
    """What waits for it is bounded."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 0)
    with Table(*SETS):
        tern = start(env=shim.env, **{**sets(), 'local-data': [f'a{i}.wide.lan. A 192.0.2.{j}' for i in range(3) for j in range(30)] +
                                      [f'*.any.wide.lan. A 192.0.2.{j}' for j in range(30)]})
        expect(ask('a1.wide.lan'), 'NOERROR')
        shim.write(60000)
        before = tern.memory()
        for turn in range(3):
            answers = burst([(f'x{turn}-{i}.any.wide.lan', 'A') for i in range(2000)], server='127.0.0.1', timeout=3, sockets=8)
            equal(len([a for a, _ in answers if a]), 2000)
            at_most(max(s for _, s in answers), scaled(1), 'seconds')
        at_most((tern.memory() - before) >> 20, with_quarantine(64), 'MiB')
        shim.write(0)
        tern.alive()
