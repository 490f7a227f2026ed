"""Zone files of local-zones: read, included, followed, wrong, and beside records of the configuration."""
import os
import time

from harness import *
from test_local import wait_for, soa_of
from test_reload import change, reload, start, ternctl

FOLDER = os.path.join(LAB, 'zone-files')

LAN = """$TTL 120
@ SOA ns mail 7 3600 600 86400 60
  NS ns
ns A 192.168.1.1
www CNAME nas
nas A 192.168.1.2
    AAAA fd00::2
*.w TXT "any"
$INCLUDE more.zone
"""


def put(name, text):
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, name)
    with open(path + '.new', 'w' if isinstance(text, str) else 'wb') as f:
        f.write(text)
    os.rename(path + '.new', path)
    return path


def lan(**more):
    put('more.zone', 'printer 30 A 192.168.1.9\n')
    return {'local-zones': [{'name': 'lan', 'file': put('lan.zone', LAN), **more}]}


def test_records():
    start(**lan(records=['extra A 192.168.1.3']))
    for _ in range(2):
        expect(ask('nas.lan'), 'NOERROR', ['192.168.1.2'])
        expect(ask('www.lan', 'AAAA'), 'NOERROR', ['fd00::2'], 'AAAA')
        expect(ask('printer.lan'), 'NOERROR', ['192.168.1.9'])
        expect(ask('extra.lan'), 'NOERROR', ['192.168.1.3'])
        expect(ask('x.w.lan', 'TXT'), 'NOERROR', ['"any"'], 'TXT')
        expect(ask('2.1.168.192.in-addr.arpa', 'PTR'), 'NOERROR', ['nas.lan.'], 'PTR')
        denial = expect(ask('none.lan'), 'NXDOMAIN')
        equal([(r.name.to_text(), r.ttl, r[0].serial) for r in denial.authority], [('lan.', 60, 7)])
    check('local names' in ternctl('explain', '127.0.0.1', 'nas.lan'), 'explained')


def test_followed():
    tern = start(**lan())
    put('more.zone', 'printer 30 A 192.168.1.10\n')
    at_most(wait_for('printer.lan', ['192.168.1.10']), 1, 'seconds')
    put('lan.zone', LAN.replace('192.168.1.2', '192.168.1.22'))
    at_most(wait_for('nas.lan', ['192.168.1.22']), 1, 'seconds')
    for broken in (LAN + 'nas A nonsense\n', b'\x00\xff' * 500, LAN + 'x.example. A 192.168.1.1\n', 'a A (\n'):
        put('lan.zone', broken)
        time.sleep(0.7)
        expect(ask('nas.lan'), 'NOERROR', ['192.168.1.22'])
    os.unlink(os.path.join(FOLDER, 'lan.zone'))
    time.sleep(0.7)
    expect(ask('nas.lan'), 'NOERROR', ['192.168.1.22'])
    check('lan.zone:10: ' in tern.log_text(), tern.log_text()[-800:])
    put('lan.zone', LAN)
    at_most(wait_for('nas.lan', ['192.168.1.2']), 1, 'seconds')


def test_of_a_view():
    put('more.zone', 'printer A 192.168.1.9\n')
    zone = {'name': 'lan', 'file': put('lan.zone', LAN)}
    start(views=[{'name': 'v', 'clients': ['127.0.0.2/32'], 'local-zones': [zone]}])
    expect(ask('printer.lan', source='127.0.0.2'), 'NOERROR', ['192.168.1.9'])
    equal(rcode(ask('printer.lan')), 'NXDOMAIN')


def test_mistakes():
    start()
    for text, why in (('a A 1.2.3\n', ':1: '), ('\n\nx.example. A 192.0.2.1\n', ':3: the name is outside of the zone'),
                      ('$INCLUDE /etc/passwd\n', ':1: $INCLUDE: expected a path inside'),
                      ('$INCLUDE none.zone\n', 'none.zone: No such file'),
                      ('a A 192.0.2.1\na CNAME b\n', 'local-zones[0]')):
        config = put('mistake.yaml', 'local-zones: [{name: lan, file: "%s"}]\n' % put('wrong.zone', text))
        out = ternctl('check', config, code=1)
        check(why in out, f'{text}: {out}')
