"""Leases of DHCP as names: files as they are written, beside what is configured, and over a change, a restart, a clock that jumps."""
import json
import os
import random
import socket
import threading
import time

from harness import *
from test_local import reverse, wait_for, write_hosts
from test_reload import Forwarder, forwarding, merged, start, ternctl, write

PATH = os.path.join(LAB, 'leases-of-ours')


def now():
    return int(time.time())


def line(name, address, seconds=3600, mac='02:00:00:00:00:01', client='*'):
    return f'{now() + seconds if seconds else 0} {mac} {address} {name} {client}\n'


def leases(path=PATH, format='dnsmasq', domain='lan'):
    return {'leases': [{'file': path, 'format': format, 'domain': domain}]}


class Open:
    """As dnsmasq writes: the file stays open, is emptied and written anew, or is only appended to."""

    def __init__(self, path=PATH):
        self.file = open(path, 'w')

    def write(self, *lines):
        self.file.seek(0)
        self.file.truncate()
        self.append(*lines)

    def append(self, *lines):
        self.file.write(''.join(lines))
        self.file.flush()


def pointer(address, want):
    names = data(ask(reverse(address), 'PTR'), 'PTR')
    equal(names, want, address)


def test_names_come_and_go():
    file = Open()
    file.write(line('Alpha', '192.168.7.10'))
    tern = start(**leases())
    for _ in range(3):
        answer = expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
        at_most(answer.answer[0].ttl, 60, 'TTL')
        expect(ask('alpha.lan', 'AAAA'), 'NOERROR', [], 'AAAA')
        pointer('192.168.7.10', ['alpha.lan.'])
        denial = expect(ask('beta.lan'), 'NXDOMAIN')
        equal(denial.authority[0].name.to_text(), 'lan.')
        at_most(denial.authority[0].ttl, 60, 'TTL')
    file.append(line('beta', '192.168.7.11', mac='02:00:00:00:00:02'))
    at_most(wait_for('beta.lan', ['192.168.7.11']), 1, 'seconds')
    pointer('192.168.7.11', ['beta.lan.'])
    file.write(line('alpha', '192.168.7.12'))
    at_most(wait_for('beta.lan', []), 1, 'seconds')
    equal(rcode(ask('beta.lan')), 'NXDOMAIN')
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.12'])
    equal(rcode(ask(reverse('192.168.7.10'), 'PTR')), 'NXDOMAIN')
    write_hosts(PATH, line('gamma', '192.168.7.13'))        # another file in its place
    at_most(wait_for('gamma.lan', ['192.168.7.13']), 1, 'seconds')
    tern.stop()
    start(**leases())
    expect(ask('gamma.lan'), 'NOERROR', ['192.168.7.13'])


def test_a_lease_ends():
    file = Open()
    start(**leases())       # of a file without a lease
    file.append(line('alpha', '192.168.7.10', 4))
    wait_for('alpha.lan', ['192.168.7.10'])
    end = time.time() + 6
    while data(ask('alpha.lan')):
        left = ask('alpha.lan').answer
        at_most(left[0].ttl if left else 0, 3, 'TTL')
        check(time.time() < end, 'it does not end')
        time.sleep(0.05)
    equal(rcode(ask('alpha.lan')), 'NXDOMAIN')
    equal(rcode(ask(reverse('192.168.7.10'), 'PTR')), 'NXDOMAIN')
    file.write(line('alpha', '192.168.7.10'))               # renewed
    at_most(wait_for('alpha.lan', ['192.168.7.10']), 1, 'seconds')


def test_a_file_that_comes_later():
    folder = os.path.join(LAB, f'later-{random.getrandbits(32):x}')
    os.mkdir(folder)
    path = os.path.join(folder, 'leases')
    tern = start(**leases(path))
    check('No such file' in tern.log_text(), tern.log_text())
    equal(rcode(ask('alpha.lan')), 'NXDOMAIN')
    write_hosts(path, line('alpha', '192.168.7.10'))
    at_most(wait_for('alpha.lan', ['192.168.7.10']), 1, 'seconds')
    os.unlink(path)                                         # which ends no lease
    time.sleep(0.5)
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])


def test_what_is_written_wins():
    macs = (f'02:00:00:00:01:{i:02x}' for i in range(100))
    names = ['nas', 'printer', 'x.home', 'deep', 'w', 'fwd', 'free', 'localhost', 'wpad', 'isatap', 'lan', '-', 'a b',
             'ba\xe4', 'n' * 64, 'n' * 63, '*']
    with open(PATH, 'w', encoding='latin-1') as f:
        for i, name in enumerate(names):
            f.write(line(name, f'192.168.7.{100 + i}', mac=next(macs)))
    hosts = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(hosts, '192.168.7.2 printer.lan\n')
    one = Forwarder('192.0.2.101')
    start(**leases(), **forwarding(('fwd.lan', one)), hosts=[hosts],
          **{'local-data': ['nas.lan A 192.168.7.1', 'a.deep.lan TXT x', '*.lan MX 1 mail.lan', 'nothing.else A 192.0.2.1',
                            f'{reverse("192.168.7.106")} PTR written.lan']})
    expect(ask('nas.lan'), 'NOERROR', ['192.168.7.1'])
    expect(ask('nas.lan', 'AAAA'), 'NOERROR', [], 'AAAA')
    equal(rcode(ask(reverse('192.168.7.100'), 'PTR')), 'NXDOMAIN')
    expect(ask('printer.lan'), 'NOERROR', ['192.168.7.2'])
    expect(ask('deep.lan'), 'NOERROR', [])
    expect(ask('w.lan'), 'NOERROR', [])         # for which the wildcard stands
    expect(ask('fwd.lan'), 'NOERROR', ['192.0.2.101'])
    pointer('192.168.7.106', ['written.lan.'])
    told = [json.loads(text) for text in ternctl('--json', 'leases').splitlines()]
    naming = {lease['address']: lease['naming'] for lease in told if 'address' in lease}
    equal(naming['192.168.7.100'], 'written')
    equal([naming[f'192.168.7.{i}'] for i in (107, 108, 109, 111, 113, 114)], ['refused'] * 6)


def test_names_of_nobody_else():
    """Without anything written: which names a client gets, and where."""
    macs = (f'02:00:00:00:01:{i:02x}' for i in range(100))
    names = ['www.example.com', 'x.home', 'UPPER', 'localhost', 'wpad', 'a_b', 'n' * 63, 'n' * 64, 'a.lan']
    with open(PATH, 'w') as f:
        for i, name in enumerate(names):
            f.write(line(name, f'192.168.7.{100 + i}', mac=next(macs)))
    start(**leases())
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    expect(ask('www.lan'), 'NOERROR', ['192.168.7.100'])
    pointer('192.168.7.100', ['www.lan.'])
    expect(ask('x.lan'), 'NOERROR', ['192.168.7.101'])
    expect(ask('upper.lan'), 'NOERROR', ['192.168.7.102'])
    for name in ('localhost.lan', 'wpad.lan'):
        equal(rcode(ask(name)), 'NXDOMAIN', name)
    expect(ask('localhost'), 'NOERROR', ['127.0.0.1'])
    expect(ask('a_b.lan'), 'NOERROR', ['192.168.7.105'])
    expect(ask('n' * 63 + '.lan'), 'NOERROR', ['192.168.7.106'])
    expect(ask('a.lan'), 'NOERROR', ['192.168.7.108'])
    equal(rcode(ask('x.a.lan')), 'NXDOMAIN')
    equal(rcode(ask(reverse('192.168.7.107'), 'PTR')), 'NXDOMAIN')


def test_beside_a_forwarder():
    write_hosts(PATH, line('alpha', '192.168.7.10'))
    one = Forwarder('192.0.2.101')
    start(**leases(), **forwarding(('lan', one), ('7.168.192.in-addr.arpa', one)))
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
    pointer('192.168.7.10', ['alpha.lan.'])
    equal(one.asked, 0)
    expect(ask('beta.lan'), 'NOERROR', ['192.0.2.101'])
    expect(ask(reverse('192.168.7.11'), 'PTR'), 'NOERROR', [], 'PTR')
    check(one.asked >= 2, 'nobody was asked')


def test_beside_a_local_zone():
    write_hosts(PATH, line('alpha', '192.168.7.10'))
    for behaviour, want in (('transparent', ['192.168.7.10']), ('refuse', ['192.168.7.10']), ('static', ['192.168.7.10']),
                            ('always-null', ['0.0.0.0']), ('always-nxdomain', []), ('redirect', [])):
        tern = start(**leases(), **{'local-zones': [{'name': 'lan', 'behaviour': behaviour}]})
        equal(data(ask('alpha.lan')), want, behaviour)
        tern.stop()


def test_an_alias_leads_there():
    file = Open()
    file.write(line('alpha', '192.168.7.10'))
    start(**leases(), **{'local-data': ['files.home CNAME alpha.lan']})
    for _ in range(3):
        expect(ask('files.home'), 'NOERROR', ['192.168.7.10'])
    file.write(line('alpha', '192.168.7.11'))
    at_most(wait_for('files.home', ['192.168.7.11']), 1, 'seconds')


def test_a_broken_configuration_is_not_in_the_way():
    file = Open()
    hosts = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(hosts, '192.168.7.1 a.house\n')
    tern = start(**leases(), hosts=[hosts])
    write(tern, 'broken: [')
    file.append(line('alpha', '192.168.7.10'))
    write_hosts(hosts, '192.168.7.2 a.house\n')
    at_most(wait_for('alpha.lan', ['192.168.7.10']), 1, 'seconds')
    at_most(wait_for('a.house', ['192.168.7.2']), 1, 'seconds')
    ternctl('reload', code=1)
    write_hosts(hosts, '192.168.7.3 a.house\n')
    at_most(wait_for('a.house', ['192.168.7.3']), 1, 'seconds')
    file.append(line('beta', '192.168.7.11', mac='02:00:00:00:00:02'))
    at_most(wait_for('beta.lan', ['192.168.7.11']), 1, 'seconds')
    # One that is good but for the files that it names: those of before are followed on.
    write(tern, json.dumps(merged(BASE, {'local-data': ['a A 192.0.2.1', 'a CNAME b'], 'control': {'socket': ''}})))
    ternctl('reload', code=1)
    file.append(line('gamma', '192.168.7.12', mac='02:00:00:00:00:03'))
    at_most(wait_for('gamma.lan', ['192.168.7.12']), 1, 'seconds')


def test_a_clock_that_jumps():
    write_hosts(PATH, line('alpha', '192.168.7.10', 600) + line('ever', '192.168.7.11', 0, mac='02:00:00:00:00:02'))
    clock = Clock(0)
    start(env=clock.env, **leases())
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
    clock.set(3600)
    at_most(wait_for('alpha.lan', []), 1, 'seconds')
    equal(rcode(ask('alpha.lan', 'MX')), 'NXDOMAIN')
    expect(ask('ever.lan'), 'NOERROR', ['192.168.7.11'])
    clock.set(0)
    at_most(wait_for('alpha.lan', ['192.168.7.10']), 1, 'seconds')
    expect(ask('alpha.lan', 'MX'), 'NOERROR', [], 'MX')
    clock.set(-50 * 365 * 86400)
    time.sleep(0.5)
    expect(ask('alpha.lan', 'TXT'), 'NOERROR', [], 'TXT')
    at_most(expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10']).answer[0].ttl, 60, 'TTL')


def test_what_ternctl_tells():
    with open(PATH, 'wb') as f:
        f.write(line('alpha', '192.168.7.10', client='01:02:03').encode() + b'bad\nworse\n\x00\xff\n' +
                line('alpha', '192.168.7.11', 3500, mac='02:00:00:00:00:02').encode() +
                line('* ', '192.168.7.12', 0, mac='02:00:00:00:00:03').encode() + b'the worst\n' +
                line('evil\x1b[1m"\\', '192.168.7.13', mac='02:00:00:00:00:04').encode())
    write_hosts(PATH + '.hosts', '192.168.7.1 a.house a\nbad\n')
    start(leases=leases()['leases'] + leases(PATH + '.none', 'kea', 'else')['leases'], hosts=[PATH + '.hosts'])
    told = [json.loads(text) for text in ternctl('--json', 'leases').splitlines()]
    first = told[0]
    check(3590 <= first.pop('left_s') <= 3600, told)
    equal(first, {'name': 'alpha.lan.', 'address': '192.168.7.10', 'naming': 'named', 'mac': '02:00:00:00:00:01',
                  'client': '01:02:03', 'file': PATH})
    equal([(lease['address'], lease['naming']) for lease in told[1:4]],
          [('192.168.7.11', 'lost'), ('192.168.7.12', 'nameless'), ('192.168.7.13', 'refused')])
    check('left_s' not in told[2], told)
    equal(told[3]['name'], 'evil\\027[1m\\034\\092')
    equal(told[4], {'file': PATH, 'format': 'dnsmasq', 'domain': 'lan.', 'bad_lines': 4,
                    'examples': [{'line': n, 'why': 'expected the end of a lease'} for n in (2, 3, 4)]})
    equal(told[5]['error'], 'No such file or directory')
    text = ternctl('leases')
    check(f'; {PATH}:2: expected the end of a lease' in text and 'never ends' in text, text)
    check(all(c == '\n' or ' ' <= c <= '~' for c in text), text)
    status = [text for text in ternctl('status').splitlines() if text.startswith(('hosts ', 'leases '))]
    equal(len(status), 2)
    check('2 names in 1 file, changed 20' in status[0] and '1 line passed over' in status[0], status)
    check('1 name in 2 files, 1 not to be read, changed 20' in status[1] and '4 lines passed over' in status[1], status)


def test_no_files_no_list():
    start()
    check('no files of leases' in ternctl('leases', code=1))


def test_many_leases_are_listed():
    with open(PATH, 'w') as f:
        for i in range(30000):
            f.write(line(f'h{i}', f'10.1.{i >> 8}.{i & 255}', mac=f'02:00:00:00:{i >> 8:02x}:{i & 255:02x}'))
    start(**leases())
    equal(len(ternctl('leases').splitlines()), 30001)


def test_files_of_other_kinds():
    end = time.gmtime(now() + 600)
    kea = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n'
    row = f'192.168.7.%d,02:00:00:00:00:0%d,,3600,{now() + 600},1,0,0,%s,0,\n'
    texts = {
        'isc': time.strftime('lease 192.168.7.10 {\n  starts 1 2020/01/01 00:00:00;\n  ends 1 %Y/%m/%d %H:%M:%S;\n'
                             '  binding state active;\n  hardware ethernet 02:00:00:00:00:01;\n'
                             '  client-hostname "alpha";\n}\n', end),
        'kea': kea + row % (10, 1, 'alpha'),
        'odhcpd': f'# br-lan 020000000001 ipv4 alpha {now() + 600} c0a8070a 32 192.168.7.10/32\n',
        'networkd': json.dumps({'Leases': [{'ClientId': [1, 2, 0, 0, 0, 0, 1], 'Address': [192, 168, 7, 10], 'Hostname': 'alpha',
                                            'ExpirationRealtimeUSec': (now() + 600) * 1000000}]})}
    for format, text in texts.items():
        write_hosts(PATH, text)
        tern = start(**leases(format=format))
        expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
        pointer('192.168.7.10', ['alpha.lan.'])
        tern.stop()
    # Kea cleans its file up: what was in it is in another one for a while, then in a third.
    write_hosts(PATH, kea + row % (10, 1, 'alpha'))
    start(**leases(format='kea'))
    os.rename(PATH, PATH + '.1')
    write_hosts(PATH, kea + row % (11, 2, 'beta'))
    at_most(wait_for('beta.lan', ['192.168.7.11']), 1, 'seconds')
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
    os.rename(PATH + '.1', PATH + '.2')
    with open(PATH, 'a') as f:
        f.write(row % (11, 2, 'gamma'))
    at_most(wait_for('gamma.lan', ['192.168.7.11']), 1, 'seconds')
    expect(ask('alpha.lan'), 'NOERROR', ['192.168.7.10'])
    for suffix in ('.1', '.2'):
        if os.path.exists(PATH + suffix):
            os.unlink(PATH + suffix)


@busy(60)
def test_many_changes_under_load():
    """500 changes of leases while 2,000 questions a second are asked: each is answered, and memory stays as it is."""
    file = Open()
    file.write(line('fixed', '192.168.7.10', mac='02:00:00:00:00:01'))
    hosts = os.path.join(LAB, 'hosts-of-ours')
    write_hosts(hosts, ''.join(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255} h{i}.house\n' for i in range(20000)))
    tern = start(**leases(), hosts=[hosts])
    expect(ask('fixed.lan'), 'NOERROR', ['192.168.7.10'])
    expect(ask('www.example.com'), 'NOERROR')
    stop, changed = threading.Event(), []

    def change():
        for i in range(500):
            if stop.is_set():
                return
            file.write(line('fixed', '192.168.7.10'),
                       line(f'c{i}', f'192.168.7.{11 + i % 200}', mac=f'02:00:00:00:01:{i % 256:02x}'))
            changed.append(i)
            time.sleep(0.04)

    def ask_all(seconds):
        rate = 2000 // slowdown()
        questions = [('fixed.lan', 'A') if i % 2 else ('www.example.com', 'A') for i in range(int(rate * seconds))]
        return burst(questions, gap=1 / rate, timeout=5, sockets=4)

    ask_all(2)
    changer = threading.Thread(target=change, daemon=True)
    changer.start()
    answers = ask_all(5)
    before = tern.memory()
    while changer.is_alive():
        answers += ask_all(5)
    changer.join()
    lost = sum(1 for answer, _ in answers if answer is None)
    wrong = sum(1 for answer, _ in answers if answer is not None and not answer.answer)
    equal((len(changed), lost, wrong), (500, 0, 0), 'changes, lost and wrong answers')
    at_most((tern.memory() - before) / 1e6, with_quarantine(8), 'MB more')
    wait_for('c499.lan', [f'192.168.7.{11 + 499 % 200}'])
    generation = json.loads(ternctl('--json', 'status'))['configuration']['generation']
    at_least(generation, 30, 'generations')
