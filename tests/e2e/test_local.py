"""Names of our own: what the configuration says of them, beside forwarders, aliases, the cache and a reload."""
import json
import os
import time

import dns.reversename

from harness import *
from test_lists import put, until
from test_reload import Forwarder, change, forwarding, reload, start, ternctl

ZONES = [{'name': 'lan', 'records': ['router 60 A 192.168.1.1', 'www CNAME router', 'out CNAME deep.empty.ent.example.com.',
                                     '*.w A 192.168.1.5', 'a.b TXT x']},
         {'name': 'example.com', 'behaviour': 'transparent', 'records': ['www AAAA 2001:db8::1', 'new A 192.168.1.2']},
         {'name': 're', 'behaviour': 'redirect', 'records': ['@ A 192.168.1.3']},
         {'name': 'no', 'behaviour': 'refuse'},
         {'name': 'null', 'behaviour': 'always-null'}]


def soa_of(answer):
    return [r.name.to_text() for r in answer.authority]


def own(**more):
    return {'local-zones': ZONES, 'local-data': ['printer.home. A 192.168.1.9', 'nas.home.arpa A 192.168.1.10'], **more}


def test_zones_and_records():
    start(**own())
    for _ in range(3):          # out of the rules, then kept rendered
        expect(ask('router.lan'), 'NOERROR', ['192.168.1.1'])
        answer = expect(ask('router.lan', 'MX'), 'NOERROR', [], 'MX')
        equal(soa_of(answer), ['lan.'])
        equal(soa_of(expect(ask('x.lan'), 'NXDOMAIN')), ['lan.'])
        expect(ask('b.lan'), 'NOERROR', [])
        expect(ask('www.lan'), 'NOERROR', ['192.168.1.1'])
        expect(ask('x.y.w.lan'), 'NOERROR', ['192.168.1.5'])
        expect(ask('out.lan'), 'NOERROR', ['192.0.2.88'])
        expect(ask('new.example.com'), 'NOERROR', ['192.168.1.2'])
        expect(ask('www.example.com', 'AAAA'), 'NOERROR', ['2001:db8::1'], 'AAAA')
        equal(soa_of(expect(ask('www.example.com'), 'NOERROR', [])), ['example.com.'])
        expect(ask('x.y.re'), 'NOERROR', ['192.168.1.3'])
        equal(rcode(ask('x.no')), 'REFUSED')
        expect(ask('x.null', 'AAAA'), 'NOERROR', ['::'], 'AAAA')
        expect(ask('printer.home'), 'NOERROR', ['192.168.1.9'])
        equal(soa_of(expect(ask('printer.home', 'AAAA'), 'NOERROR', [], 'AAAA')), ['printer.home.'])
        expect(ask('nas.home.arpa'), 'NOERROR', ['192.168.1.10'])
        equal(rcode(ask('x.home.arpa')), 'NXDOMAIN')
    kept = [line for line in ternctl('dump-cache').splitlines() if 'printer' in line and not line.endswith('answer')]
    equal(kept, [])         # but rendered


def test_beside_forwarders():
    one, two = Forwarder('192.0.2.101'), Forwarder('192.0.2.102')
    start(**own(**forwarding(('lan', one), ('sub.lan', two), ('home', one))))
    expect(ask('router.lan'), 'NOERROR', ['192.168.1.1'])
    equal(rcode(ask('x.lan')), 'NXDOMAIN')
    expect(ask('x.sub.lan'), 'NOERROR', ['192.0.2.102'])
    expect(ask('printer.home'), 'NOERROR', ['192.168.1.9'])
    expect(ask('x.home'), 'NOERROR', ['192.0.2.101'])
    equal(one.asked, 1)


def test_it_changes_with_a_reload():
    tern = start()
    for _ in range(3):
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    told = reload(tern, **{'local-data': ['www.example.com A 192.168.1.1']})
    equal(told['changed'], ['local-data'])
    for _ in range(3):
        expect(ask('www.example.com'), 'NOERROR', ['192.168.1.1'])
    reset()
    reload(tern, **{'local-data': ['www.example.com A 192.168.1.2']})
    expect(ask('www.example.com'), 'NOERROR', ['192.168.1.2'])
    reload(tern)
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])       # as it was cached
    equal(upstream('com'), [])


def test_a_mistake_changes_nothing():
    tern = start(**own())
    change(tern, **{'local-data': ['a.lan A 192.0.2.1', 'a.lan CNAME b.lan']})
    said = ternctl('reload', code=1)
    check('local-data[1]: a CNAME stands beside other data' in said, said)
    expect(ask('router.lan'), 'NOERROR', ['192.168.1.1'])


def reverse(address):
    return dns.reversename.from_address(address).to_text(omit_final_dot=True)


def test_names_of_addresses():
    one = Forwarder('192.0.2.101')
    tern = start(**own(**forwarding(('9.168.192.in-addr.arpa', one), ('.', one))))
    expect(ask(reverse('192.168.1.1'), 'PTR'), 'NOERROR', ['router.lan.'], 'PTR')
    expect(ask(reverse('192.168.1.9'), 'PTR'), 'NOERROR', ['printer.home.'], 'PTR')
    expect(ask(reverse('127.0.0.1'), 'PTR'), 'NOERROR', ['localhost.'], 'PTR')
    expect(ask(reverse('::1'), 'PTR'), 'NOERROR', ['localhost.'], 'PTR')
    for address in ('10.1.2.3', '172.31.1.1', '192.168.2.2', '100.64.0.1', 'fd00::1', 'fe80::1', '192.0.2.1'):
        answer = expect(ask(reverse(address), 'PTR'), 'NXDOMAIN')
        equal(answer.authority[0].ttl, 10800)
    equal(one.asked, 0)
    expect(ask(reverse('192.168.9.9'), 'PTR'), 'NOERROR', [], 'PTR')
    asked = one.asked
    check(asked > 0, 'nobody was asked')
    expect(ask('ipv4only.arpa'), 'NOERROR', ['192.0.0.170', '192.0.0.171'])
    expect(ask('ipv4only.arpa', 'AAAA'), 'NOERROR', [], 'AAAA')
    reload(tern, **forwarding(('168.192.in-addr.arpa', one)))
    expect(ask(reverse('192.168.2.2'), 'PTR'), 'NOERROR', [], 'PTR')
    check(one.asked > asked, 'nobody was asked')


def write_hosts(path, text):
    """As an editor does: another file under the name."""
    with open(path + '.new', 'w') as f:
        f.write(text)
    os.replace(path + '.new', path)


def wait_for(name, want):
    """The time until it has the addresses @want."""
    began = time.monotonic()
    while data(ask(name)) != want:
        check(time.monotonic() - began < 8, f'{name} is not yet {want}')
        time.sleep(0.02)
    return time.monotonic() - began


def test_hosts():
    path = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(path, '192.168.7.1 a.house a\nbad\n::1 localhost\n192.168.7.2 www.example.com\n')
    tern = start(hosts=[path])
    check(f'{path}:2: expected an address' in tern.log_text(), tern.log_text())
    for _ in range(3):
        expect(ask('a.house'), 'NOERROR', ['192.168.7.1'])
        expect(ask('www.example.com'), 'NOERROR', ['192.168.7.2'])
        expect(ask('a.house', 'AAAA'), 'NOERROR', [], 'AAAA')
        expect(ask(reverse('192.168.7.1'), 'PTR'), 'NOERROR', ['a.house.'], 'PTR')
    write_hosts(path, '192.168.7.9 a.house\n')
    wait_for('a.house', ['192.168.7.9'])
    wait_for('www.example.com', ['192.0.2.81'])
    check('changed: hosts' in tern.log_text(), tern.log_text())
    with open(path, 'a') as f:
        f.write('192.168.7.10 a.house\n')
    wait_for('a.house', ['192.168.7.10', '192.168.7.9'])


def test_hosts_that_vanish():
    path = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(path, '192.168.7.1 a.house\n')
    tern = start(hosts=[path])
    os.unlink(path)
    reload(tern, hosts=[path])
    expect(ask('a.house'), 'NOERROR', ['192.168.7.1'])
    check('what was read before stays' in tern.log_text(), tern.log_text())
    write_hosts(path, '192.168.7.2 a.house\n')
    wait_for('a.house', ['192.168.7.2'])
    # Nobody is harmed by one that never was.
    told = reload(tern, hosts=[path, path + '.nowhere'])
    equal(told['changed'], ['hosts'])
    expect(ask('a.house'), 'NOERROR', ['192.168.7.2'])
    write_hosts(path + '.nowhere', '192.168.7.3 b.house\n')
    wait_for('b.house', ['192.168.7.3'])


def test_many_hosts():
    """100,000 lines are loaded beside the workers; nobody waits for them."""
    path = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(path, '192.168.7.1 a.house\n')
    tern = start(hosts=[path])
    expect(ask('www.example.com'), 'NOERROR')
    write_hosts(path, ''.join(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255} h{i}.house h{i}\n' for i in range(100000)))
    took = wait_for('h99999.house', ['10.1.134.159'])
    at_most(took, 6, 'seconds')
    expect(ask(reverse('10.1.134.159'), 'PTR'), 'NOERROR', ['h99999.house.'], 'PTR')
    equal(json.loads(ternctl('--json', 'status'))['configuration']['generation'], 2)
    tern.alive()


def test_more_than_a_set_can_hold():
    """The name is told, and the last good state stays."""
    path = put('hosts', '192.168.1.1 same.lan\n')
    tern = start(hosts=[path])
    put('hosts', ''.join(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255} same.lan\n' for i in range(65536)))
    until(lambda: 'hosts: same.lan.: too many records' in tern.log_text())
    expect(ask('same.lan'), 'NOERROR', ['192.168.1.1'])


def test_a_list_that_waits_for_ever():
    """Some files of /proc are regular, and have no end: the load ends all the same."""
    if not os.path.exists('/proc/kmsg'):
        raise Skipped('no /proc/kmsg')
    tern = start(lists=[{'name': 'kernel', 'file': '/proc/kmsg'}], **{'local-data': ['a.lan. A 192.168.1.1']})
    expect(ask('a.lan'), 'NOERROR', ['192.168.1.1'])
    check('/proc/kmsg' in tern.log_text(), tern.log_text())
    at_most(tern.stop(), 1, 'seconds')


def test_inform():
    """Who asks for a name is told, each time, whatever the answer is and wherever it comes from."""
    tern = start(**{'local-zones': [{'name': 'example.com', 'behaviour': 'inform', 'records': ['own A 192.168.1.2']},
                                    {'name': 'quiet.lan', 'behaviour': 'inform-deny'}]})
    for _ in range(2):
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        expect(ask('own.example.com'), 'NOERROR', ['192.168.1.2'])
    expect(ask('www.example.org'), 'NOERROR')
    equal(exchange(question('x.quiet.lan').to_wire()), None)
    told = [line.split('inform: ')[1] for line in tern.log_text().splitlines() if 'inform: ' in line]
    equal([' '.join(t.split()[1:]) for t in told], ['asks for www.example.com. A', 'asks for own.example.com. A'] * 2 +
          ['asks for x.quiet.lan. A'])
    check(all(t.startswith('127.0.0.1@') for t in told), told)
