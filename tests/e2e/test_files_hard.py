"""What files that are broken, cut off or emptied could do to those beside them, and to what was read before."""
import os
import random

from harness import *
from test_lists import ede_options, until
from test_local import write_hosts
from test_local_data import add, folder, kept, records_added, remove
from test_reload import change, reload, start, ternctl
from test_rpz import HEAD
from test_zone_files import put


def address(name):
    answer = ask(name)
    return data(answer) if rcode(answer) == 'NOERROR' else rcode(answer)


def becomes(name, wanted):
    try:
        until(lambda: address(name) == wanted, 5)
    except Failed:
        check(False, f"{name} {address(name)} {wanted} {running[0].log_text()[-1500:]}")
    equal(address(name), wanted, name)


def names():
    """Two zone files, one of which includes a third, and a file of hosts."""
    put('part.zone', 'p A 192.0.2.3\n')
    hosts = os.path.join(LAB, f'hosts-{random.getrandbits(32):x}')
    write_hosts(hosts, '192.0.2.9 h.house\n')
    return hosts, {'local-zones': [{'name': 'one.lan', 'file': put('one.zone', '@ A 192.0.2.1\n$INCLUDE part.zone\n')},
                                   {'name': 'two.lan', 'file': put('two.zone', '@ A 192.0.2.2\n')}], 'hosts': [hosts]}


def test_each_file_stands_for_itself():
    """A zone file that is broken holds back nothing of others, is told, and is as it was good last, its parts included."""
    hosts, config = names()
    tern = kept(folder(), **config)
    for number, (file, text, why) in enumerate((
            ('one.zone', '@ A 192.0.2.1\n@ CNAME x.\n', 'local-zones[0]'), ('one.zone', '@ A 192.0.2.1\n$INCLUDE none.zone\n', 'none.zone'),
            ('part.zone', 'p A 192.0.2\n', 'part.zone:1: '), ('part.zone', 'p A 192.0.2.33\nx.elsewhere. A 192.0.2.1\n', 'part.zone:2: '),
            ('one.zone', '', 'it is empty')), 10):
        before = len(tern.log_text())
        put(file, text)
        write_hosts(hosts, f'192.0.2.{number} h.house\n')
        becomes('h.house', [f'192.0.2.{number}'])
        put('two.zone', f'@ A 192.0.2.1{number}\n')
        becomes('two.lan', [f'192.0.2.1{number}'])
        add(f'a{number}.lan. A 192.0.2.{number}')
        expect(ask(f'a{number}.lan'), 'NOERROR', [f'192.0.2.{number}'])
        if why:
            check(why in tern.log_text()[before:], tern.log_text()[before:])
            check('what was read before stays' in tern.log_text()[before:], tern.log_text()[before:])
            equal((address('one.lan'), address('p.one.lan')), (['192.0.2.1'], ['192.0.2.3']), text)
            # Who reloads means what stands there.
            out = ternctl('reload', code=1 if text else 0)
            check(why in out or not text, out)
            equal((address('one.lan'), address('p.one.lan')), (['192.0.2.1'], ['192.0.2.3']) if text else ([], 'NXDOMAIN'), text)
        put('part.zone', 'p A 192.0.2.3\n')
        put('one.zone', '@ A 192.0.2.1\n$INCLUDE part.zone\n')
        becomes('p.one.lan', ['192.0.2.3'])
    # Mended, it is read again, and broken again it is as it was then.
    put('one.zone', '@ A 192.0.2.77\n')
    becomes('one.lan', ['192.0.2.77'])
    put('one.zone', '@ A 192.0.2\n')
    write_hosts(hosts, '192.0.2.200 h.house\n')
    becomes('h.house', ['192.0.2.200'])
    equal(address('one.lan'), ['192.0.2.77'])
    # All broken at once.
    put('two.zone', '(')
    write_hosts(hosts, '192.0.2.201 h.house\n')
    becomes('h.house', ['192.0.2.201'])
    equal((address('one.lan'), address('two.lan')), (['192.0.2.77'], ['192.0.2.114']))
    tern.alive()


def test_zones_that_contradict_each_other_later():
    """What two files say only together can't be: the one that changed is as it was."""
    hosts, config = names()
    inner = put('inner.zone', 'x A 192.0.2.50\n')
    tern = kept(folder(), **merged(config, {'local-zones': [*config['local-zones'], {'name': 'sub.one.lan', 'file': inner}]}))
    equal(address('x.sub.one.lan'), ['192.0.2.50'])
    put('one.zone', '@ A 192.0.2.4\nsub DNAME x.\n')
    write_hosts(hosts, '192.0.2.60 h.house\n')
    becomes('h.house', ['192.0.2.60'])
    equal(address('x.sub.one.lan'), ['192.0.2.50'])
    tern.alive()


def policy_zones(**files):
    return {'response-policy-zones': [{'name': f'{name}.rpz', 'file': put(f'{name}.rpz', HEAD + text)} for name, text in files.items()]}


def test_each_policy_zone_stands_for_itself():
    """One that is broken, cut off or emptied is as it was, and the others are taken."""
    config = policy_zones(a='www.example.com CNAME .\n', b='www.example.org CNAME .\n')
    tern = start(**config)

    def blocked(*wanted):
        names = ('www.example.com', 'www.example.org', 'mail.example.com')
        until(lambda: tuple(n for n in names if ede_options(ask(n))) == wanted, 5)
        equal(tuple(n for n in names if ede_options(ask(n))), wanted)
    blocked('www.example.com', 'www.example.org')
    for broken in (HEAD + 'www.example.com CNAM', '', HEAD + '$INCLUDE none.rpz\n', '('):
        put('a.rpz', broken)
        put('b.rpz', HEAD + 'www.example.org CNAME .\nmail.example.com CNAME .\n')
        blocked('www.example.com', 'www.example.org', 'mail.example.com')
        check('what was read before stays' in tern.log_text(), tern.log_text())
        put('b.rpz', HEAD + 'www.example.org CNAME .\n')
        blocked('www.example.com', 'www.example.org')
    put('a.rpz', HEAD)
    blocked('www.example.org')
    # Who reloads means what stands there.
    put('b.rpz', '')
    ternctl('reload')
    blocked()
