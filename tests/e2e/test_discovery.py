"""Encrypted listeners are found by clients: DDR (RFC 9462), RESINFO (RFC 9606), and what wins over them."""
import contextlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time

import dns.name
import dns.rdata
import dns.rdatatype

from harness import *
from test_https import HTTPS
from test_lists_url import certificates
from test_reload import change, start, ternctl
from test_self_signed import folder_of, ip, ip_addresses, self_signed
from test_tls import DOT, client_context, connected, encrypted, ask_on, install, until

ARPA = '_dns.resolver.arpa'
RESINFO = 261
LISTEN = [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOT}', 'transport': 'tls'},
          {'address': f'127.0.0.1@{HTTPS}', 'transport': 'https'}]


def served(listen=LISTEN, **more):
    return self_signed(folder_of(), server={'listen': listen}, **more)


def host():
    return socket.gethostname().lower()


def services(name=ARPA, **how):
    """[(priority, target, {parameter: text})] of the answer, sorted."""
    answer = ask(name, 'SVCB', **how)
    equal(rcode(answer), 'NOERROR')
    found = []
    for record in [r for s in answer.answer for r in s if s.rdtype == dns.rdatatype.SVCB]:
        found.append((record.priority, record.target.to_text(), {int(k): v.to_text().strip('"') for k, v in record.params.items()}))
    return sorted(found, key=lambda x: x[0])


def hints(name=ARPA):
    return [sorted(s[2].get(4, '').split(',') + s[2].get(6, '').split(',')) for s in services(name)]


def beside(answer):
    """The additional section: {(name, type, address)}."""
    return {(s.name.to_text(), dns.rdatatype.to_text(s.rdtype), r.to_text()) for s in answer.additional for r in s}


def test_what_is_told():
    served()
    target = host() + '.'
    for name in (ARPA, f'_dns.{host()}', ARPA.upper()):
        found = services(name)
        equal([(p, t) for p, t, _ in found], [(1, target), (2, target)], name)
        dot, doh = found[0][2], found[1][2]
        equal((dot[1], dot[3], dot[4], sorted(dot)), ('dot', str(DOT), '127.0.0.1', [1, 3, 4]), str(dot))
        equal((doh[1], doh[3], doh[4], doh[7], sorted(doh)), ('h2', str(HTTPS), '127.0.0.1', '/dns-query{?dns}', [1, 3, 4, 7]), str(doh))
    # By UDP and TCP, kept rendered or not.
    for tcp in (False, True, True):
        equal(beside(ask(ARPA, 'SVCB', tcp=tcp)), {(target, 'A', '127.0.0.1')})
    # Other types, and what is beside.
    expect(ask(ARPA, 'A'), 'NOERROR', [], 'A')
    expect(ask('resolver.arpa', 'SVCB'), 'NOERROR', [], 'SVCB')
    expect(ask('other.resolver.arpa', 'SVCB'), 'NXDOMAIN', [])


def test_real_clients():
    served()
    out = subprocess.run(['kdig', '@127.0.0.1', '-p', str(PORT), ARPA, 'TYPE64'], capture_output=True, text=True, timeout=20).stdout
    check(f'1 {host()}. alpn=dot port={DOT} ipv4hint=127.0.0.1' in out and f'{host()}.' in out, out)
    check('dohpath=' in out or 'key7=' in out, out)
    # What is found is true: the name is that of the certificate which is shown there.
    (_, target, dot), (_, _, doh) = services()
    for port in (dot[3], doh[3]):
        out = subprocess.run(['openssl', 's_client', '-connect', f'{dot[4]}:{port}', '-servername', target.rstrip('.'),
                              '-verify_hostname', target.rstrip('.')], input='', capture_output=True, text=True, timeout=20).stdout
        check(f'CN = {host()}' in out, out)
    out = subprocess.run(['kdig', '+https=' + doh[7].split('{')[0], f'@{doh[4]}', '-p', doh[3], 'www.example.com'],
                         capture_output=True, text=True, timeout=20).stdout
    check('192.0.2.81' in out, out)


def test_without_encrypted_listeners():
    for listen in ([f'127.0.0.1@{PORT}'], [f'127.0.0.1@{PORT}', {'address': '127.0.0.1@8080', 'transport': 'http'}]):
        tern = self_signed(folder_of(), server={'listen': listen})
        expect(ask(ARPA, 'SVCB'), 'NOERROR', [], 'SVCB')
        equal(beside(ask(ARPA, 'SVCB')), set())
        tern.stop()
    start()
    expect(ask(ARPA, 'SVCB'), 'NOERROR', [], 'SVCB')


def test_a_certificate_that_changes():
    tern = encrypted()
    equal({t for _, t, _ in services()}, {'www.example.com.'})
    # What the name has in public is as ever, but for what is told here.
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    equal(len(services('_dns.www.example.com')), 1)
    expect(ask('nothing.www.example.com'), rcode(ask('nothing2.www.example.com')))
    # The addresses beside are those of the listeners.
    equal(beside(ask(ARPA, 'SVCB')), {('www.example.com.', 'A', '127.0.0.1')})
    with open(f'{certificates()}/named.ext', 'w') as f:
        f.write('subjectAltName=DNS:dns.test-name,IP:127.0.0.1\n')
    subprocess.run(['openssl', 'x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', '99',
                    '-extfile', 'named.ext', '-out', 'named.pem', '-days', '30'], check=True, cwd=certificates(), capture_output=True)
    shutil.copy(f'{certificates()}/good.key', f'{certificates()}/named.key')
    install('named', tern.folder)
    until(lambda: {t for _, t, _ in services()} == {'dns.test-name.'}, str(services()), 15)
    equal(len(services('_dns.dns.test-name')), 1)


def test_a_certificate_without_a_name():
    tern = encrypted()
    for san in ('IP:127.0.0.1', 'DNS:*.example.com', 'DNS:localhost'):
        with open(f'{certificates()}/bare.ext', 'w') as f:
            f.write(f'subjectAltName={san}\n')
        subprocess.run(['openssl', 'x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', '98',
                        '-extfile', 'bare.ext', '-out', 'bare.pem', '-days', '30'], check=True, cwd=certificates(), capture_output=True)
        shutil.copy(f'{certificates()}/good.key', f'{certificates()}/bare.key')
        install('bare', tern.folder)
        until(lambda: services() == [], f'{san}: {services()}', 15)
        install('good', tern.folder)
        until(lambda: len(services()) == 1, str(services()), 15)


def test_addresses_of_interfaces():
    ip('addr', 'add', '198.51.100.77/32', 'dev', 'lo')
    try:
        tern = served([f'127.0.0.1@{PORT}', {'address': f'0.0.0.0@{DOT}', 'transport': 'tls'}])
        check('198.51.100.77' in hints()[0] and '127.0.0.1' not in hints()[0], str(hints()))
        ip('addr', 'add', '198.51.100.78/32', 'dev', 'lo')
        until(lambda: '198.51.100.78' in hints()[0], str(hints()) + tern.log_text(), 15)
        ip('addr', 'del', '198.51.100.77/32', 'dev', 'lo')
        until(lambda: '198.51.100.77' not in hints()[0], str(hints()), 15)
        check((host() + '.', 'A', '198.51.100.78') in beside(ask(ARPA, 'SVCB')))
    finally:
        for address in ip_addresses():
            ip('addr', 'del', f'{address}/32', 'dev', 'lo')


def test_loopback_is_not_told_beside_others():
    ip('addr', 'add', '198.51.100.77/32', 'dev', 'lo')
    try:
        served([*LISTEN, {'address': f'198.51.100.77@{DOT}', 'transport': 'tls'}, {'address': f'[::1]@{DOT}'.replace('[', '').replace(']', ''), 'transport': 'tls'}])
        equal([(s[2][1], s[2][4]) for s in services()], [('dot', '198.51.100.77')])
    finally:
        ip('addr', 'del', '198.51.100.77/32', 'dev', 'lo')


def test_a_reload():
    tern = served()
    equal(len(services()), 2)
    state = {'tls': {'certificate': 'self-signed'}, 'server': {'workers': 1}}
    change(tern, tls=state['tls'], server={'workers': 1, 'listen': LISTEN[:2]})
    ternctl('reload')
    equal([s[2][1] for s in services()], ['dot'])
    change(tern, tls=state['tls'], server={'workers': 1, 'listen': [LISTEN[0], LISTEN[2]]}, https={'path': '/other'})
    ternctl('reload')
    equal([(s[2][1], s[2][7]) for s in services()], [('h2', '/other{?dns}')])
    change(tern, server={'workers': 1, 'listen': LISTEN[:1]})
    ternctl('reload')
    equal(services(), [])


def test_what_is_written_wins():
    record = f'{ARPA}. 60 SVCB 1 dns.other. alpn=dot'
    tern = served(**{'local-data': [record]})
    equal([(s[1], s[2].get(3)) for s in services()], [('dns.other.', None)])
    equal(len(services(f'_dns.{host()}')), 2, 'the other name is ours')
    tern.stop()
    # Zones, and exceptions: nothing of ours is told.
    for sections in ({'local-zones': [{'name': 'resolver.arpa', 'behaviour': 'static'}]}, {'special-zones': {'except': ['test', 'resolver.arpa']}},
                     {'special-zones': {'serve': False}}):
        tern = served(**sections)
        answer = ask(ARPA, 'SVCB')
        check(not records(answer, 'SVCB'), str(answer))
        check(not records(ask(f'_dns.{host()}', 'SVCB'), 'SVCB'), str(sections))
        tern.stop()


def test_the_name_in_zones_of_the_operator():
    """Whatever is written of the certificate's name, or above it, is as it was."""
    name = host()
    a = f'{name}. 60 A 192.0.2.9'
    for sections, addresses, found in (
            ({'local-data': [a]}, ['192.0.2.9'], 2),
            ({'local-zones': [{'name': name, 'behaviour': 'static', 'records': [a]}]}, ['192.0.2.9'], 2),
            ({'local-zones': [{'name': name, 'behaviour': 'redirect', 'records': [a]}]}, ['192.0.2.9'], 0),
            ({'local-zones': [{'name': name, 'behaviour': 'always-null'}]}, ['0.0.0.0'], 0),
            ({'local-data': [f'{name}. 60 CNAME www.example.com.']}, ['192.0.2.81'], 2),
            ({'local-data': [f'{name}. 60 DNAME example.com.']}, [], 0)):
        tern = served(**sections)
        equal(data(ask(name)), addresses, str(sections))
        equal(len(records(ask(f'_dns.{name}', 'SVCB'), 'SVCB')), found, str(sections))
        # Beside the answer is what is written, too.
        told = {x for x in beside(ask(ARPA, 'SVCB')) if x[1] == 'A'}
        if a in str(sections):
            equal(told, {(f'{name}.', 'A', '192.0.2.9')}, str(sections))
        tern.stop()


def info(name, **how):
    """The strings of RESINFO."""
    answer = ask(name, dns.rdatatype.from_text(f'TYPE{RESINFO}'), **how)
    equal(rcode(answer), 'NOERROR')
    found = []
    for s in answer.answer:
        for record in s:
            octets = record.to_wire()
            while octets:
                found.append(octets[1:1 + octets[0]].decode())
                octets = octets[1 + octets[0]:]
    return found


def codes(strings):
    text = next(s for s in strings if s.startswith('exterr='))[7:]
    found = set()
    for part in text.split(','):
        first, _, last = part.partition('-')
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_resinfo():
    tern = served(dnssec={'validation': 'on'})
    for name in ('resolver.arpa', host()):
        told = info(name)
        check('qnamemin' in told, str(told))
        check({0, 6, 7, 9, 13, 18, 22, 23} <= codes(told), str(told))
        check(not codes(told) & {4, 5, 14, 15, 16, 17, 26}, str(told))
    tern.stop()
    tern = start(dnssec={'validation': 'off'}, resolver={'qname-minimization': 'off'}, cache={'serve-stale': True},
                 **{'filter-types': ['HTTPS']})
    told = info('resolver.arpa')
    check('qnamemin' not in told and {3, 17, 19, 22} <= codes(told) and not codes(told) & {1, 2, 6, 7, 15}, str(told))


def test_a_validating_client_is_told_nothing_false():
    served(dnssec={'validation': 'on'})
    answer = ask(ARPA, 'SVCB', do=True)
    equal(len(records(answer, 'SVCB')), 2)
    check(not answer.flags & 0x20, 'AD')


# --- ternctl discovery ------------------------------------------------------------------------------

def published():
    return json.loads(ternctl('--json', 'discovery'))


def parameters(octets):
    found = {}
    while octets:
        key, n = struct.unpack('!HH', octets[:4])
        found[key], octets = octets[4:4 + n], octets[4 + n:]
    return found


def instances_v4(octets):
    """What a client of RFC 9463 5.1 reads: [(priority, name, addresses, parameters)]."""
    found = []
    while octets:
        n, = struct.unpack('!H', octets[:2])
        one, octets = octets[2:2 + n], octets[2 + n:]
        equal(len(one), n, 'octets of an instance')
        priority, name_len = struct.unpack('!HB', one[:3])
        name, rest = dns.name.from_wire(one[3:3 + name_len], 0)[0].to_text(), one[3 + name_len:]
        addresses = [socket.inet_ntop(socket.AF_INET, rest[1 + i:5 + i]) for i in range(0, rest[0], 4)]
        found.append((priority, name, addresses, parameters(rest[1 + rest[0]:])))
    return found


def instance_v6(octets):
    priority, name_len = struct.unpack('!HH', octets[:4])
    name, rest = dns.name.from_wire(octets[4:4 + name_len], 0)[0].to_text(), octets[4 + name_len:]
    n, = struct.unpack('!H', rest[:2])
    addresses = [socket.inet_ntop(socket.AF_INET6, rest[2 + i:18 + i]) for i in range(0, n, 16)]
    return priority, name, addresses, parameters(rest[2 + n:])


@contextlib.contextmanager
def with_addresses(*addresses):
    for address in addresses:
        ip('addr', 'add', address, 'dev', 'lo')
    try:
        yield
    finally:
        for address in addresses:
            ip('addr', 'del', address, 'dev', 'lo')


LAN = [{'address': f'198.51.100.77@{DOT}', 'transport': 'tls'}, {'address': f'2001:db8:77::1@{DOT}', 'transport': 'tls'},
       {'address': f'198.51.100.77@{HTTPS}', 'transport': 'https'}]


def test_what_to_publish():
    with with_addresses('198.51.100.77/32', '2001:db8:77::1/128'):
        served([f'127.0.0.1@{PORT}', *LAN])
        told, target = published(), host() + '.'
        equal(told['name'], target)
        dot, doh = {1: b'\3dot', 3: struct.pack('!H', DOT)}, {1: b'\2h2', 3: struct.pack('!H', HTTPS), 7: b'/dns-query{?dns}'}
        equal(instances_v4(bytes.fromhex(told['dhcpv4'][0])),
              [(1, target, ['198.51.100.77'], dot), (2, target, ['198.51.100.77'], doh)])
        equal([instance_v6(bytes.fromhex(x)) for x in told['dhcpv6']], [(1, target, ['2001:db8:77::1'], dot)])
        option = bytes.fromhex(told['ra'][0])
        equal((option[0], option[1] * 8), (144, len(option)))
        # Parameters have their length before them there.
        check(told['dhcpv6'][0][4:-2 * 14] in told['ra'][0], told['ra'][0])
        # The records are those that clients get.
        answer = ask(ARPA, 'SVCB')
        equal(sorted(dns.rdata.from_text('IN', 'SVCB', x.split(' SVCB ')[1].replace('dohpath=', 'key7=')).to_text() for x in told['records'][:2]),
              sorted(r.to_text() for r in answer.answer[0]))
        equal([x.split()[0] for x in told['records']], [ARPA + '.'] * 2 + [f'_dns.{target}'] * 2)
        text = ternctl('discovery')
        for line in (*told['records'], *told['dhcpv4'], *told['dhcpv6'], *told['ra'], *told['dnsmasq'], *told['kea']):
            check(f'\n{line}\n' in text, line)
        check('; fails: the certificate is self-signed' in text, text)


def test_real_dhcp_servers_take_it():
    with with_addresses('198.51.100.77/32', '2001:db8:77::1/128'):
        served([f'127.0.0.1@{PORT}', *LAN])
        told = published()
        path = f'{LAB}/dhcp.conf'
        with open(path, 'w') as f:
            f.write('\n'.join(['port=0', 'dhcp-range=198.51.100.100,198.51.100.110', 'dhcp-range=2001:db8:77::100,2001:db8:77::110,64',
                               *told['dnsmasq']]) + '\n')
        done = subprocess.run(['dnsmasq', '--test', '-C', path], capture_output=True, text=True)
        equal(done.returncode, 0, done.stderr)
        if not shutil.which('kea-dhcp4'):
            return
        of_dhcp4 = ','.join(x for x in told['kea'] if '"dhcp4"' in x)
        with open(path, 'w') as f:
            f.write('{"Dhcp4": {"lease-database": {"type": "memfile", "persist": false}, "option-data": [%s]}}' % of_dhcp4)
        done = subprocess.run(['kea-dhcp4', '-t', path], capture_output=True, text=True)
        equal(done.returncode, 0, done.stdout + done.stderr)


def failing(*wanted, **how):
    found = published()['failing']
    equal(len(found), len(wanted), str(found))
    for text in wanted:
        check(any(text in x for x in found), f'{text}: {found}')


def certified(tern, san, days=30):
    """Let it show a certificate of the lab's CA for that."""
    with open(f'{certificates()}/made.ext', 'w') as f:
        f.write(f'subjectAltName={san}\n')
    serial = str(int(time.time() * 1000) % 10**9)
    subprocess.run(['openssl', 'x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', serial,
                    '-extfile', 'made.ext', '-out', 'made.pem', '-days', str(days)], check=True, cwd=certificates(), capture_output=True)
    shutil.copy(f'{certificates()}/good.key', f'{certificates()}/made.key')
    before = tern.log_text().count('certificates read again')
    install('made', tern.folder)
    until(lambda: tern.log_text().count('certificates read again') > before, tern.log_text(), 15)


def test_checks():
    tern = start()
    failing('no listener has transport tls or https')
    equal(sorted(published()), ['failing'])
    check('; fails: no listener' in ternctl('discovery'), ternctl('discovery'))
    tern.stop()
    with with_addresses('198.51.100.77/32', '198.51.100.78/32'):
        clock = Clock(0)
        tern = encrypted(env=clock.env)
        failing('they are on loopback')
        tern.stop()
        tern = encrypted(env=clock.env, listen=[f'198.51.100.78@{PORT}', {'address': f'198.51.100.77@{DOT}', 'transport': 'tls'}])
        certified(tern, 'DNS:dns.test-name,IP:198.51.100.77,IP:198.51.100.78')
        failing()
        check('; all checks pass' in ternctl('discovery'), ternctl('discovery'))
        certified(tern, 'DNS:dns.test-name,IP:198.51.100.77')
        failing('198.51.100.78 is asked in plain, and is not in the certificate')
        certified(tern, 'DNS:dns.test-name')
        failing('198.51.100.78 is asked in plain', '198.51.100.77 is not in the certificate')
        certified(tern, 'IP:198.51.100.77,IP:198.51.100.78')
        failing('the first name of the certificate, "198.51.100.77", leads nobody here')
        certified(tern, 'DNS:dns.test-name,IP:198.51.100.77,IP:198.51.100.78')
        clock.set(40 * 86400)
        failing('the certificate has ended')
        clock.set(-5 * 86400)
        failing('the certificate is not valid yet')
        clock.set(0)
        tern.stop()
        tern = encrypted(env=clock.env, listen=[f'198.51.100.78@{PORT}', {'address': f'198.51.100.77@{DOT}', 'transport': 'tls'}],
                         **{'special-zones': {'serve': False}})
        certified(tern, 'DNS:dns.test-name,IP:198.51.100.77,IP:198.51.100.78')
        failing('_dns.resolver.arpa is answered by what is configured for it')
