"""ternctl local-data: records that come and go while tern serves, over reloads, restarts and mistakes."""
import json
import os
import random
import threading

from harness import *
from test_explain import only
from test_local import own, reverse, write_hosts
from test_reload import Forwarder, forwarding, reload, start, ternctl
from test_zone_files import put


def folder():
    path = os.path.join(LAB, f'state-{random.getrandbits(32):x}')
    os.mkdir(path, 0o755)
    return path


def kept(path, **sections):
    return start(env={'STATE_DIRECTORY': path}, **sections)


def add(*record, code=0):
    return ternctl('local-data', 'add', *record, code=code)


def remove(*what, code=0):
    return ternctl('local-data', 'remove', *what, code=code)


def records_added():
    return [json.loads(line)['record'] for line in ternctl('--json', 'local-data').splitlines()]


def test_they_come_and_go():
    state = folder()
    config = {'local-zones': [{'name': 'lan', 'records': ['nas A 192.168.1.3']}]}
    tern = kept(state, **config)
    equal(ternctl('local-data'), '')
    equal(rcode(ask('printer.lan')), 'NXDOMAIN')
    add('Printer.lan. 300 IN A 192.168.1.9')
    add('printer.lan', 'AAAA', 'fd00::9')
    add('nas.lan. A 192.168.1.4')
    add('www.example.com. 60 A 192.0.2.7')
    add('*.wild.test TXT "a b" "\\;c"')
    for tcp in (False, True):
        answer = expect(ask('printer.lan', tcp=tcp), 'NOERROR', ['192.168.1.9'])
        equal(answer.answer[0].ttl, 300)
        expect(ask('printer.lan', 'AAAA', tcp=tcp), 'NOERROR', ['fd00::9'], 'AAAA')
        equal(sorted(data(ask('nas.lan', tcp=tcp))), ['192.168.1.3', '192.168.1.4'])
        expect(ask('www.example.com', tcp=tcp), 'NOERROR', ['192.0.2.7'])
        expect(ask('x.y.wild.test', 'TXT', tcp=tcp), 'NOERROR', ['"a b" ";c"'], 'TXT')
        equal(data(ask(reverse('192.168.1.9'), 'PTR', tcp=tcp), 'PTR'), ['printer.lan.'])
    equal(only('127.0.0.1', 'printer.lan', 'local'), ['answered: local data that ternctl added'])
    wanted = ['printer.lan. 300 IN A 192.168.1.9', 'printer.lan. 3600 IN AAAA fd00::9', 'nas.lan. 3600 IN A 192.168.1.4',
              'www.example.com. 60 IN A 192.0.2.7', '*.wild.test. 3600 IN TXT "a b" ";c"']
    equal(records_added(), wanted)
    equal(ternctl('local-data').splitlines(), wanted)
    # Over a reload, a file of hosts that changes, and a restart.
    hosts = os.path.join(LAB, 'hosts-beside')
    write_hosts(hosts, '192.168.1.20 pc.lan printer.lan\n')
    reload(tern, **config, hosts=[hosts])
    expect(ask('printer.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('pc.lan'), 'NOERROR', ['192.168.1.20'])
    tern.stop()
    tern = kept(state, **config)
    equal(records_added(), wanted)
    expect(ask('printer.lan'), 'NOERROR', ['192.168.1.9'])
    # The same again has another TTL.
    add('printer.LAN. 5 A 192.168.1.9')
    equal(ask('printer.lan').answer[0].ttl, 5)
    equal(len(records_added()), 5)
    equal(remove('printer.lan', 'A').split(), ['removed', '1'])
    expect(ask('printer.lan'), 'NOERROR', [])
    expect(ask('printer.lan', 'AAAA'), 'NOERROR', ['fd00::9'], 'AAAA')
    remove('PRINTER.lan.')
    equal(rcode(ask('printer.lan')), 'NXDOMAIN')
    remove('www.example.com')
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    check('nas.lan.: ternctl added no such record' in remove('nas.lan', 'AAAA', code=1))
    check('printer.lan.: ternctl added no such record' in remove('printer.lan', code=1))
    equal(records_added(), wanted[2:3] + wanted[4:])
    tern.stop()
    kept(state, **config)
    equal(records_added(), wanted[2:3] + wanted[4:])


def test_mistakes():
    kept(folder(), **{'local-zones': [{'name': 'lan', 'records': ['nas A 192.168.1.3', 'www CNAME nas', 'old DNAME new.lan.']},
                                      {'name': 'all.test', 'behaviour': 'redirect', 'records': ['@ A 192.0.2.1']},
                                      {'name': 'never.test', 'behaviour': 'always-nxdomain'}]})
    for record, why in (('', '"": expected '), ('x', 'expected a record type'), ('x.lan. A', 'expected an IPv4 address'),
                        ('x.lan. A 1.2.3', '"x.lan. A 1.2.3": expected an IPv4 address'), ('x..lan. A 192.0.2.1', 'expected a domain name'),
                        ('x.lan. NOTYPE 1', 'expected a TTL, a class or a record type'), ('x.lan. CH A 192.0.2.1', 'expected class IN'),
                        ('x.lan. SOA a. b. 1 2 3 4 5', 'an SOA is in the configuration only'),
                        ('www.lan. A 192.0.2.1', 'a CNAME stands beside other data'), ('nas.lan. CNAME x.', 'a CNAME stands beside'),
                        ('www.lan. CNAME x.', 'a name has one CNAME only'), ('x.old.lan. A 192.0.2.1', 'there are names below the DNAME'),
                        ('lan. DNAME x.', 'there are names below the DNAME'), ('*.x.test. DNAME x.', 'a DNAME is not at a wildcard'),
                        ('x.all.test. A 192.0.2.1', 'the zone redirects all names'), ('never.test. A 192.0.2.1', 'says the same of all'),
                        ('x.lan. 4294967296 A 192.0.2.1', ''), ('x.lan. A 192.0.2.1 192.0.2.2', ''), ('x' * 64 + '. A 192.0.2.1', 'expected a domain name'),
                        ('x.' * 128 + ' A 192.0.2.1', ''), ('x.lan. TXT ' + ' '.join(['"%s"' % ('x' * 200)] * 12), 'too long'),
                        ('x.lan. A 192.0.2.1\ny.lan. A 192.0.2.2', ''), ('x.lan. TXT "\udcff"', '')):
        out = add(record, code=2 if '\udcff' in record else 1)
        check(out.startswith('ternctl: ') and why in out, f'{record[:80]!r}: {out}')
    equal(records_added(), [])
    check('usage' in ternctl('local-data', 'add', code=2))
    check('usage' in ternctl('local-data', 'remove', code=2))
    check('not a record type' in remove('x.lan', 'NOTYPE', code=1))
    add('a.test. CNAME nas.lan.')
    check('one CNAME only' in add('a.test. CNAME www.lan.', code=1))
    check('beside other data' in add('a.test. A 192.0.2.1', code=1))
    expect(ask('a.test'), 'NOERROR', ['192.168.1.3'])


def test_what_is_written_later_wins():
    """A reload whose file contradicts what was added succeeds; what was added is there again when that goes."""
    one = Forwarder('192.0.2.101')
    state = folder()
    tern = kept(state)
    add('a.lan. A 192.0.2.1')
    add('b.lan. CNAME a.lan.')
    add('c.lan. DNAME d.lan.')
    expect(ask('b.lan'), 'NOERROR', ['192.0.2.1'])
    written = {'local-data': ['a.lan. CNAME z.lan.', 'b.lan. A 192.0.2.2', 'z.lan. A 192.0.2.3', 'x.c.lan. A 192.0.2.4']}
    reload(tern, **written)
    expect(ask('a.lan'), 'NOERROR', ['192.0.2.3'])
    expect(ask('b.lan'), 'NOERROR', ['192.0.2.2'])
    expect(ask('x.c.lan'), 'NOERROR', ['192.0.2.4'])
    equal(len(records_added()), 3)
    tern.stop()
    tern = kept(state, **written)
    expect(ask('a.lan'), 'NOERROR', ['192.0.2.3'])
    reload(tern, **forwarding(('fwd.lan', one)))
    expect(ask('b.lan'), 'NOERROR', ['192.0.2.1'])
    # A reload that fails takes nothing away.
    with open(tern.config, 'w') as f:
        f.write('colour: red\n')
    ternctl('reload', code=1)
    add('d.lan. A 192.0.2.6')
    expect(ask('b.lan'), 'NOERROR', ['192.0.2.1'])
    expect(ask('d.lan'), 'NOERROR', ['192.0.2.6'])


def test_what_is_in_the_way():
    """No state folder, one that can't be written, a damaged file, names that can't be read again: all of it is told."""
    tern = start()
    check('it is gone with the daemon' in add('a.lan. A 192.0.2.1'))
    expect(ask('a.lan'), 'NOERROR', ['192.0.2.1'])
    tern.stop()
    start()
    equal(records_added(), [])
    stop_all()
    state = folder()
    tern = kept(state)
    add('a.lan. A 192.0.2.1')
    os.rename(state, state + '.gone')
    check("its file can't be written" in add('b.lan. A 192.0.2.2', code=1))
    check("its file can't be written" in remove('a.lan', code=1))
    equal(records_added(), ['a.lan. 3600 IN A 192.0.2.1'])
    expect(ask('a.lan'), 'NOERROR', ['192.0.2.1'])
    check(data(ask('b.lan')) == [], 'b.lan')
    os.rename(state + '.gone', state)
    tern.stop()
    with open(os.path.join(state, 'local-data'), 'r+b') as f:
        f.seek(-30, os.SEEK_END)
        f.write(b'x')
    tern = kept(state)
    check('the checksum is wrong' in tern.log_text(), tern.log_text())
    equal(records_added(), [])
    check(os.path.exists(os.path.join(state, 'local-data.damaged')))
    add('a.lan. A 192.0.2.1')
    tern.stop()
    path = put('broken.zone', '@ 60 A 192.0.2.9\n')
    zone = {'local-zones': [{'name': 'broken.test', 'file': path}]}
    tern = kept(state, **zone)
    put('broken.zone', '@ 60 A nonsense\n')
    add('c.lan. A 192.0.2.3')
    expect(ask('a.lan'), 'NOERROR', ['192.0.2.1'])
    expect(ask('broken.test'), 'NOERROR', ['192.0.2.9'])
    expect(ask('c.lan'), 'NOERROR', ['192.0.2.3'])


@busy(120)
def test_beside_questions_and_reloads():
    """200 changes beside reloads and questions: each is in force when the command ends, and no question is lost."""
    tern = kept(folder(), **{'local-data': ['fixed.lan. A 192.0.2.1']})
    stop, wrong = threading.Event(), []

    def load():
        while not stop.is_set():
            for answer, _ in burst([('fixed.lan', 'A'), ('none.test.', 'A')] * 50, gap=0.001):
                if answer is None:
                    wrong.append(answer)

    def reloads():
        while not stop.is_set():
            ternctl('reload')
    threads = [threading.Thread(target=t) for t in (load, reloads)]
    for t in threads:
        t.start()
    try:
        for n in range(100):
            add(f'x{n}.lan. A 192.0.2.{n}')
            expect(ask(f'x{n}.lan'), 'NOERROR', [f'192.0.2.{n}'])
            if n >= 50:
                remove(f'x{n - 50}.lan')
                equal(data(ask(f'x{n - 50}.lan')), [])
    finally:
        stop.set()
        for t in threads:
            t.join()
    equal(wrong, [])
    equal(len(records_added()), 50)
    tern.alive()
