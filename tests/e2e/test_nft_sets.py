"""Addresses of answers go into sets of the packet filter, and are there when the answer comes."""
import json

from harness import *
from test_reload import change, reload, start, ternctl


def nft(*words, good=True):
    done = subprocess.run(['nft', *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    check(not good or done.returncode == 0, f'nft {words}: {done.stdout}')
    return done.stdout


def in_set(name, table='inet t', family='inet'):
    listed = json.loads(nft('-j', 'list', 'set', *table.split(), name))
    elements = next(o['set'].get('elem', []) for o in listed['nftables'] if 'set' in o)
    return {e['elem']['val'] if isinstance(e, dict) else e: e['elem'].get('timeout') if isinstance(e, dict) else None
            for e in elements}


class Table:
    """A table of the lab's own network namespace."""

    def __init__(self, *sets):
        nft('delete', 'table', 'inet', 't', good=False)
        nft('add', 'table', 'inet', 't')
        for name, what in sets:
            nft(f'add set inet t {name} {{ {what} ; }}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        nft('delete', 'table', 'inet', 't', good=False)


SETS = (('four', 'type ipv4_addr'), ('six', 'type ipv6_addr'), ('timed', 'type ipv4_addr ; flags timeout'))
RECORDS = ['own.lan. 300 A 192.168.7.7', 'own.lan. 300 AAAA fd00::7', 'alias.lan. CNAME www.example.com.',
           'many.wide.lan. 300 A 192.168.7.8', 'many.wide.lan. 300 A 192.168.7.9', 'other.home. 300 A 192.168.7.10']


def sets(**more):
    return {'nft-sets': [{'names': ['lan', 'example.com'], 'table': 'inet t', 'ipv4-set': 'four', 'ipv6-set': 'six', **more},
                         {'names': ['wide.lan'], 'table': 'inet t', 'ipv4-set': 'timed', 'timeout': '1h'}],
            'local-data': RECORDS}


def test_addresses_are_there_with_the_answer():
    with Table(*SETS):
        start(**sets())
        for name, rtype, address, where in (('own.lan', 'A', '192.168.7.7', 'four'), ('own.lan', 'AAAA', 'fd00::7', 'six'),
                                            ('www.example.com', 'A', '192.0.2.81', 'four')):
            check(address not in in_set(where))
            check(address in data(ask(name, rtype), rtype))
            check(address in in_set(where), f'{name}: {in_set(where)}')
        nft('flush', 'set', 'inet', 't', 'four')
        # What is answered out of the cache was put there before; the name that was asked for counts, not its target.
        ask('alias.lan', tcp=True)
        equal(set(in_set('four')), {'192.0.2.81'})
        ask('other.home')
        ask('www.example.org')
        check(not set(in_set('four')) & {'192.168.7.10'})
        expect(ask('nothing.lan'), 'NXDOMAIN')
        expect(ask('own.lan', 'TXT'), 'NOERROR', [], 'TXT')


def test_a_timeout_begins_anew():
    with Table(*SETS):
        start(**sets())
        nft('add', 'element', 'inet', 't', 'timed', '{ 192.168.7.8 timeout 60s }')
        equal(in_set('timed'), {'192.168.7.8': 60})
        ask('many.wide.lan')
        equal(in_set('timed'), {'192.168.7.8': 3600, '192.168.7.9': 3600})


def test_many_at_once():
    with Table(*SETS):
        start(**{**sets(), 'server': {'workers': 2}})
        answers = burst([(f'own.lan', 'A')] * 200 + [('many.wide.lan', 'A')] * 200 + [(f'n{i}.lan', 'A') for i in range(100)],
                        server='127.0.0.1', timeout=5)
        equal(len([a for a in answers if a]), 500)
        equal(set(in_set('four')), {'192.168.7.7'})
        equal(set(in_set('timed')), {'192.168.7.8', '192.168.7.9'})


def test_what_can_not_be_done_is_told_and_answered():
    with Table(('four', 'type ipv4_addr')):
        tern = start(**sets())
        for _ in range(3):
            expect(ask('own.lan', 'AAAA'), 'NOERROR', ['fd00::7'], 'AAAA')
        expect(ask('own.lan'), 'NOERROR', ['192.168.7.7'])
        check('192.168.7.7' in in_set('four'), 'beside a set that is not there')
        log = tern.log_text()
        check("nft-sets: table inet t: nft can't put addresses into a set: " in log and 'No such file' in log, log[-600:])
        equal(log.count("nft can't put"), 1, 'lines in a minute')


def test_reload_and_rights():
    with Table(*SETS):
        tern = start(**{'local-data': RECORDS})
        ask('own.lan')
        equal(in_set('four'), {})
        told = reload(tern, **sets())
        check('nft-sets' in str(told['changed']), told)
        check('CAP_NET_ADMIN' in tern.log_text(), 'the right was given up at a start without')
        expect(ask('own.lan'), 'NOERROR', ['192.168.7.7'])
        tern.stop()
        tern = start(**sets())
        expect(ask('own.lan'), 'NOERROR', ['192.168.7.7'])
        check('192.168.7.7' in in_set('four'))
        reload(tern, **{**sets(**{'ipv4-set': ''}), 'server': {'identity': 'x'}})
        nft('flush', 'set', 'inet', 't', 'four')
        ask('www.example.com')
        equal(in_set('four'), {})
        reload(tern, **sets())
        expect(ask('new.example.com'), 'NXDOMAIN')
        ask('own.lan')
        check('192.168.7.7' in in_set('four'))


def test_bad_words():
    tern = start()
    for bad, where in (({'table': 'fw4'}, 'nft-sets[0].table'), ({'table': 'inet x; flush ruleset'}, 'nft-sets[0].table'),
                       ({'ipv4-set': 'a { }'}, 'nft-sets[0].ipv4-set'), ({'ipv4-set': '', 'ipv6-set': ''}, 'nft-sets[0].ipv4-set'),
                       ({'names': []}, 'nft-sets[0].names'), ({'timeout': '2 years'}, 'nft-sets[0].timeout')):
        change(tern, **sets(**bad))
        text = ternctl('reload', code=1)
        check(where in text, f'{bad}: {text}')
    resolves('a.honest.evil')
