"""The configuration taken anew while tern serves: what changes, what doesn't, and that nobody notices."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dns.message
import dns.rrset

import harness
from harness import *
from test_dnssec import anchors

SOCKET = os.path.join(LAB, 'control.sock')


class Forwarder:
    """Answers every question for an address with one of its own, so that one sees who was asked."""

    def __init__(self, address, ttl=300, delay=0.0):
        self.address, self.ttl, self.delay, self.asked = address, ttl, delay, 0
        self.socket = udp_socket()
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                octets, client = self.socket.recvfrom(65535)
                query = dns.message.from_wire(octets)
            except OSError:
                return
            except dns.exception.DNSException:
                continue
            self.asked += 1
            time.sleep(self.delay)
            answer = self.answer(query)
            try:
                if answer:
                    self.socket.sendto(answer.to_wire(), client)
            except OSError:
                return

    def answer(self, query):
        answer = dns.message.make_response(query, recursion_available=True)
        if query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, self.ttl, 'IN', 'A', self.address))
        return answer

    def at(self):
        return f'127.0.0.1@{self.port}'


def ternctl(*args, code=0, path=SOCKET):
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    done = subprocess.run([program, '-s', path, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60)
    equal(done.returncode, code, f'ternctl {" ".join(args)}: {done.stdout[:500]}')
    return done.stdout


def start(**sections):
    return Tern(**merged({'control': {'socket': SOCKET}, 'resolver': {'do-not-query-localhost': False}}, sections))


def write(tern, text):
    """As an editor does: the old file or the new one, never half of it."""
    with open(tern.config + '.new', 'w') as f:
        f.write(text)
    os.replace(tern.config + '.new', tern.config)


def change(tern, **sections):
    base = {'control': {'socket': SOCKET}, 'resolver': {'do-not-query-localhost': False}}
    write(tern, json.dumps(merged(merged(BASE, base), sections)))


def reload(tern, path=SOCKET, **sections):
    change(tern, **sections)
    return json.loads(ternctl('--json', 'reload', path=path))


def forwarding(*zones):
    return {'forward-zones': [{'name': name, 'addresses': [f.at()]} for name, f in zones]}


def test_nothing_changed():
    tern = start()
    told = reload(tern)
    equal((told['changed'], told['kept'], told['generation']), ([], [], 2))
    status = json.loads(ternctl('--json', 'status'))['configuration']
    equal((status['generation'], status['file']), (2, tern.config))
    check(abs(time.time() - time.mktime(time.strptime(status['since'], '%Y-%m-%dT%H:%M:%SZ')) + time.timezone) < 60,
          status['since'])
    check('generation 2, no change' in tern.log_text())


def test_access():
    tern = start()
    warm()
    told = reload(tern, access={'allow': ['192.0.2.0/24']})
    equal(told['changed'], ['access.allow'])
    equal(rcode(ask('www.example.com')), 'REFUSED')
    reload(tern, access={'allow': ['192.0.2.0/24'], 'deny-action': 'drop'})
    equal(exchange(question('www.example.com').to_wire()), None)
    reload(tern)
    expect(ask('www.example.com'), 'NOERROR')


def test_forward_zones_come_and_go():
    """What is at and below the zone is asked anew, and nothing else is."""
    one, two = Forwarder('192.0.2.101'), Forwarder('192.0.2.102')
    tern = start()
    expect(ask('www.example.com'), 'NOERROR')
    before = data(ask('www.example.com'))
    expect(ask('other.nowhere.test'), 'NXDOMAIN')
    reload(tern, **forwarding(('example.com', one), ('test', two)))
    equal(data(ask('www.example.com')), ['192.0.2.101'])
    equal(data(ask('other.nowhere.test')), ['192.0.2.102'])
    asked = two.asked
    reload(tern, **forwarding(('example.com', two), ('test', two)))
    equal(data(ask('www.example.com')), ['192.0.2.102'])
    equal(data(ask('other.nowhere.test')), ['192.0.2.102'])
    equal(two.asked, asked + 1)     # of the zone that stayed nothing was forgotten
    reload(tern)
    equal(data(ask('www.example.com')), before)
    expect(ask('other.nowhere.test'), 'NXDOMAIN')


def test_stub_zones():
    one = Forwarder('192.0.2.101')
    tern = start()
    reload(tern, **{'stub-zones': [{'name': 'stub.test', 'addresses': [one.at()]}]})
    check(ask('www.stub.test') and one.asked > 0)


def test_an_answer_under_way_is_by_the_rules_it_began_with():
    """And is not kept for those who ask by the new ones, nor do they wait for it."""
    slow, fast = Forwarder('192.0.2.101', delay=1.0), Forwarder('192.0.2.102')
    tern = start(**forwarding(('test', slow)))
    got = []
    waiting = threading.Thread(target=lambda: got.append(data(ask('www.test'))))
    waiting.start()
    time.sleep(0.2)
    reload(tern, **forwarding(('test', fast)))
    equal(data(ask('www.test')), ['192.0.2.102'])
    waiting.join()
    equal(got, [['192.0.2.101']])
    equal(data(ask('www.test')), ['192.0.2.102'])


def test_validation():
    good = {'validation': 'on', 'trust-anchors': anchors()}
    tern = start(dnssec=good)
    equal(rcode(ask('www.expired-v.net')), 'SERVFAIL')
    secure = lambda: bool(ask('www.nsec-v.net', do=True).flags & dns.flags.AD)
    check(secure())
    told = reload(tern, dnssec={**good, 'validation': 'off'})
    equal(told['changed'], ['dnssec.validation'])
    expect(ask('www.expired-v.net'), 'NOERROR')
    check(not secure())
    reload(tern, dnssec={**good, 'validation': 'permissive'})
    expect(ask('www.expired-v.net'), 'NOERROR')
    reload(tern, dnssec=good)
    equal(rcode(ask('www.expired-v.net')), 'SERVFAIL')
    check(secure())


def test_trust_anchors():
    good = {'validation': 'on', 'trust-anchors': anchors()}
    tern = start(dnssec=good)
    equal(rcode(ask('www.expired-v.net')), 'SERVFAIL')
    reload(tern, dnssec={**good, 'negative-trust-anchors': ['expired-v.net']})
    expect(ask('www.expired-v.net'), 'NOERROR')
    ternctl('nta', 'add', 'wrongds-v.net')
    reload(tern, dnssec=good)
    equal(rcode(ask('www.expired-v.net')), 'SERVFAIL')
    # What was added by command is no part of the configuration, and stays.
    check('wrongds-v.net' in ternctl('nta', 'list'))
    # Others than the world is signed with: nothing validates.
    reload(tern, dnssec={'validation': 'on', 'trust-anchors': ['. DS 1 13 2 ' + '00' * 32]})
    equal(rcode(ask('www.nsec-v.net')), 'SERVFAIL')
    reload(tern, dnssec=good)
    check(ask('www.nsec-v.net', do=True).flags & dns.flags.AD)


def test_cache():
    one = Forwarder('192.0.2.101', ttl=4000)
    zones = forwarding(('test', one))
    tern = start(cache={'size': '16MiB'}, **zones)
    for i in range(50):
        ask(f'n{i}.test')
    asked = one.asked
    told = reload(tern, cache={'size': '64MiB', 'max-ttl': '10s'}, **zones)
    equal(told['changed'], ['cache.size', 'cache.max-ttl'])
    status = json.loads(ternctl('--json', 'status'))['cache']
    check(60 << 20 <= status['limit'] <= 64 << 20, status)
    for i in range(50):
        equal(data(ask(f'n{i}.test')), ['192.0.2.101'])
    equal(one.asked, asked)         # a cache of another size knows the same
    check(ttl(ask('new.test')) <= 10)
    reload(tern, cache={'size': '1MiB'}, **zones)
    check(json.loads(ternctl('--json', 'status'))['cache']['limit'] <= 1 << 20)
    equal(data(ask('n1.test')), ['192.0.2.101'])
    reload(tern, cache={'min-ttl': '1h', 'max-negative-ttl': '7s', 'prefetch': False, 'aggressive-nsec': False,
                        'stale-ttl': '9s', 'stale-max-age': '1h', 'stale-client-timeout': '100ms'}, **zones)
    at_most(ttl(ask('nothing.evil'), 'authority'), 7, 'negative TTL')
    told = reload(tern, cache={'ttl': [{'name': 'new.test', 'max': '3s'}]}, **zones)
    check('cache.ttl' in str(told['changed']), told)
    equal(ttl(ask('brand.new.test')), 3)


def test_stale_data():
    one = Forwarder('192.0.2.101', ttl=1)
    zones = forwarding(('test', one))
    tern = start(cache={'stale-client-timeout': '100ms'}, **zones)
    ask('www.test')
    one.socket.close()
    time.sleep(2.2)
    equal(data(ask('www.test')), ['192.0.2.101'])
    reload(tern, cache={'serve-stale': False}, **zones)
    equal(rcode(ask('www.test')), 'SERVFAIL')


def test_identity():
    tern = start()
    txt = lambda name: ask(name, 'TXT', 'CH')
    equal(rcode(txt('id.server')), 'REFUSED')
    reload(tern, server={'identity': 'first', 'version': 'one'})
    check('first' in str(txt('id.server').answer[0]) and 'one' in str(txt('version.bind').answer[0]))
    reload(tern, server={'identity': 'second'})
    check('second' in str(txt('id.server').answer[0]))
    equal(rcode(txt('version.bind')), 'REFUSED')


def test_included_files():
    """The files in a folder beside the configuration are taken anew with it, and named in what is wrong."""
    folder = tempfile.mkdtemp(dir=os.path.dirname(write_config(BASE)))
    own = os.path.join(folder, 'own.yaml')

    def put(text):
        with open(own, 'w') as f:
            f.write(text)

    def identity():
        return str(ask('id.server', 'TXT', 'CH').answer[0][0])

    put('server: {identity: one}\n')
    tern = start(include=f'{os.path.basename(folder)}/*.yaml')
    equal(identity(), '"one"')
    put('server: {identity: two}\n')
    equal(json.loads(ternctl('--json', 'reload'))['changed'], ['server.identity'])
    equal(identity(), '"two"')
    put('\nserver: {identiti: three}\n')
    for command in ['reload'], ['check', tern.config]:
        said = ternctl(*command, code=1)
        check(f'{own}:2: server.identiti: unknown key' in said, said)
    equal(identity(), '"two"')
    os.unlink(own)
    ternctl('reload')
    equal(rcode(ask('id.server', 'TXT', 'CH')), 'REFUSED')


def test_special_zones():
    tern = start()
    equal(data(ask('localhost')), ['127.0.0.1'])
    told = reload(tern, **{'special-zones': {'serve': False}})
    equal(told['changed'], ['special-zones.serve'])
    equal(rcode(ask('localhost')), 'NXDOMAIN')
    reload(tern)
    equal(data(ask('localhost')), ['127.0.0.1'])
    one = Forwarder('192.0.2.101')
    reload(tern, **forwarding(('home.arpa', one)))
    equal(data(ask('nas.home.arpa')), ['192.0.2.101'])
    reload(tern)
    equal(rcode(ask('nas.home.arpa')), 'NXDOMAIN')


def test_root_hints():
    path = os.path.join(LAB, 'hints-again')
    with open(path, 'w') as f:
        f.write('. 3600 IN NS k.root-servers.net.\nk.root-servers.net. 3600 IN A 193.0.14.129\n')
    tern = start()
    told = reload(tern, resolver={'root-hints': path})
    equal(told['changed'], ['resolver.root-hints'])
    expect(ask('www.example.com'), 'NOERROR')
    with open(path, 'w') as f:
        f.write('. 3600 IN NS\n')
    check(f'{path}:1: ' in ternctl('reload', code=1))
    equal(json.loads(ternctl('--json', 'status'))['configuration']['generation'], 2)


def test_families_and_minimisation():
    tern = start()
    reload(tern, resolver={'ipv4': False, 'ipv6': True, 'qname-minimization': 'off'})
    told = reload(tern, resolver={'do-not-query-localhost': True})
    equal(sorted(told['changed']), ['resolver.do-not-query-localhost', 'resolver.ipv4', 'resolver.qname-minimization'])
    expect(ask('www.example.com'), 'NOERROR')


def test_log_level():
    tern = start()
    reload(tern, logging={'level': 'debug'})
    equal(json.loads(ternctl('--json', 'status'))['log_level'], 'debug')
    # A level that was set by command stays until the configuration says another one.
    ternctl('log-level', 'info')
    reload(tern, logging={'level': 'debug'}, access={'allow': ['127.0.0.0/8']})
    equal(json.loads(ternctl('--json', 'status'))['log_level'], 'info')
    reload(tern, logging={'level': 'error'})
    equal(json.loads(ternctl('--json', 'status'))['log_level'], 'error')


def test_control_socket_moves():
    """Who asked for it at the old place is answered there."""
    tern = start()
    elsewhere = os.path.join(LAB, 'elsewhere.sock')
    told = reload(tern, control={'socket': elsewhere})
    equal(told['changed'], ['control.socket'])
    check(not os.path.exists(SOCKET))
    check('pid' in ternctl('status', path=elsewhere))
    told = reload(tern, path=elsewhere, control={'socket': '/proc/nowhere/socket'})
    equal([k['key'] for k in told['kept']], ['control.socket'])
    check('pid' in ternctl('status', path=elsewhere))
    reload(tern, path=elsewhere)
    check('pid' in ternctl('status'))
    check(not os.path.exists(elsewhere))


def test_what_cannot_change_says_so():
    tern = start()
    for _ in range(2):              # each time, not only the first
        told = reload(tern, server={'user': 'nobody'}, access={'allow': ['127.0.0.0/8']})
        equal([k['key'] for k in told['kept']], ['server.user'])
    equal(rcode(ask('www.example.com')), 'NOERROR')


def test_sighup():
    tern = start()
    change(tern, access={'allow': []})
    tern.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while 'generation 2' not in tern.log_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    equal(rcode(ask('www.example.com')), 'REFUSED')
    write(tern, 'server: {lisen: []}')
    tern.process.send_signal(signal.SIGHUP)
    while 'not loaded again' not in tern.log_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    check(f'not loaded again: {tern.config}:1: server.lisen: unknown key' in tern.log_text(), tern.log_text()[-500:])


BAD = {
    'no YAML': ('server: [', ':1'),
    'a tab': ('server:\n\tuser: x\n', ':2'),
    'unknown section': ('serve: {}', ':1: serve: unknown key'),
    'unknown key': ('cache:\n  sise: 1MiB\n', ':2: cache.sise: unknown key'),
    'twice': ('cache:\n  size: 1MiB\n  size: 2MiB\n', ':3: cache.size: duplicate'),
    'size': ('cache: {size: lots}', ':1: cache.size:'),
    'too small': ('cache: {size: 1KiB}', ':1: cache.size:'),
    'duration': ('cache: {max-ttl: 1 year}', ':1: cache.max-ttl:'),
    'contradiction': ('cache: {min-ttl: 2d, max-ttl: 1d}', ':1: cache.min-ttl:'),
    'contradiction of a zone': ('cache: {ttl: [{name: x, min: 2d}]}', ':1: cache.ttl[0].min:'),
    'sorted for nobody': ('server: {sortlist: [{prefer: ["192.0.2.0/24"]}]}', ':1: server.sortlist[0].clients:'),
    'sorted by what is connected': ('server: {sortlist: [{clients: [connected], prefer: ["::/0"]}]}',
                                    ':1: server.sortlist[0].clients'),
    'another order': ('server: {rrset-order: random}', ':1: server.rrset-order:'),
    'ttl of what': ('cache: {ttl: [{max: 2d}]}', ':1: cache.ttl[0].name:'),
    'address': ('server: {listen: [localhost]}', ':1: server.listen[0]:'),
    'nowhere to listen': ('server: {listen: []}', ':1: server.listen:'),
    'network': ('access: {allow: [10.0.0.1/8]}', ':1: access.allow[0]:'),
    'word': ('dnssec: {validation: maybe}', ':1: dnssec.validation:'),
    'quoted bool': ('cache: {prefetch: "true"}', ':1: cache.prefetch:'),
    'no family': ('resolver: {ipv4: false, ipv6: false}', ':1: resolver.ipv4:'),
    'zone without addresses': ('forward-zones: [{name: a.test}]', ':1: forward-zones[0].addresses: is missing'),
    'zone twice': ('forward-zones:\n- {name: a, addresses: [192.0.2.1]}\n- {name: A, addresses: [192.0.2.1]}\n', ':3'),
    'anchor': ('dnssec: {trust-anchors: [". A 192.0.2.1"]}', ':1: dnssec.trust-anchors[0]:'),
    'hints that are not there': ('resolver: {root-hints: /nonexistent/hints}', '/nonexistent/hints: '),
    'encryption': ('forward-zones: [{name: ., addresses: [192.0.2.1], tls: true, ca: /nowhere}]', 'forward-zones[0].ca: /nowhere'),
    'two documents': ('server: {}\n---\nserver: {}\n', ':2'),
    'binary': ('\0\1\2', 'expected UTF-8'),
    'anchors of YAML': ('server: &x {}\ncache: *x\n', ':1: server: YAML anchors'),
}


def test_bad_files_change_nothing():
    tern = start(access={'allow': ['127.0.0.0/8']})
    expect(ask('www.example.com'), 'NOERROR')

    def stays(kind):
        text, place = BAD[kind]
        write(tern, text)
        told = ternctl('reload', code=1)
        check(place in told, f'{kind}: no {place!r} in {told!r}')
        check('ternctl: ' in told and told.count('Traceback') == 0)
        checked = subprocess.run([os.path.join(os.path.dirname(harness.TERND), 'ternctl'), 'check', tern.config],
                                 capture_output=True, text=True, timeout=20)
        equal(checked.returncode, 1, f'{kind}: {checked}')
        check(place in checked.stderr, f'{kind}: check: {checked.stderr!r}')
    each(list(BAD), stays)
    write(tern, '')
    check(f'{tern.config}: is empty' in ternctl('reload', code=1))
    os.unlink(tern.config)
    check('cannot be read' in ternctl('reload', code=1))
    status = json.loads(ternctl('--json', 'status'))
    equal(status['configuration']['generation'], 1)
    expect(ask('www.example.com'), 'NOERROR')


def test_check():
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    path = write_config(BASE)
    done = subprocess.run([program, 'check', path], capture_output=True, text=True, timeout=20)
    equal((done.returncode, done.stdout, done.stderr), (0, f'{path}: ok\n', ''))
    equal(subprocess.run([program, 'check', 'a', 'b'], capture_output=True, timeout=20).returncode, 2)


DOUBTFUL = '''server:
  listen: ["0.0.0.0@5300", "198.51.100.7@53"]
  user: ""
cache: {size: 1024GiB}
dnssec:
  negative-trust-anchors: ["."]
  trust-anchors:
    - ". IN DS 20326 77 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
  trust-anchor-file: %s
forward-zones:
  - name: lan
    addresses: ["127.0.0.2@5300", "192.0.2.3@5300", "127.0.0.1@53"]
'''

DOUBTS = [
    (9, 'dnssec.trust-anchor-file: ANCHORS:2: '),
    (2, 'server.listen[1]: no interface has the address of 198.51.100.7@53'),
    (4, 'cache.size: 1024GiB is more than the memory of '),
    (8, 'dnssec.trust-anchors[0]: .: algorithm 77 is not known'),
    (6, 'dnssec.negative-trust-anchors[0]: excepts every name'),
    (12, 'forward-zones[0].addresses[0]: lan.: questions to 127.0.0.2@5300 come back to this daemon'),
]


def test_check_tells_all_errors_and_doubts():
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    path = write_config(BASE)
    anchors_path, hints = path + '.anchors', path + '.hints'
    line = 'clock nonsense\n'
    with open(anchors_path, 'w') as f:
        f.write('version 1\n' + line)
    with open(hints, 'w') as f:
        f.write('. 3600 NS a.\nnonsense here\n')

    def run(text):
        with open(path, 'w') as f:
            f.write(text)
        done = subprocess.run([program, 'check', path], capture_output=True, text=True, timeout=20)
        equal(done.stdout, '')
        return done.returncode, done.stderr.splitlines()

    code, said = run(DOUBTFUL % anchors_path)
    equal((code, len(said)), (0, len(DOUBTS)), said)
    for (number, text), got in zip(DOUBTS, said):
        if 'ANCHORS' in text:       # the checksum is looked at first
            text = f'dnssec.trust-anchor-file: {anchors_path}'
        check(got.startswith(f'{path}:{number}: doubt: {text}'), got)
    # Errors of what is named come all, and the doubts as well.
    code, said = run((DOUBTFUL % anchors_path).replace('user: ""', 'user: nosuch') + '    tls: true\n    ca: /nowhere\n'
                     f'resolver:\n  root-hints: {hints}\n')
    equal(code, 1)
    check(any(s.startswith(f'{path}:14: forward-zones[0].ca: /nowhere') for s in said), said)
    check(any(s.startswith(f'{hints}:2: ') for s in said), said)
    check(any(s.startswith(f'{path}:3: ') and 'server.user: no user "nosuch"' in s for s in said), said)
    equal(len([s for s in said if ' doubt: ' in s]), len(DOUBTS) + (os.geteuid() != 0), said)
    code, said = run('server:\n\tuser: a\n')
    equal((code, said), (1, [f'{path}:2: server: not valid YAML: the line is indented by a tab; only spaces may indent']))


def test_a_start_and_a_reload_warn_of_doubts():
    doubtful = {"dnssec": {"validation": "on", "negative-trust-anchors": ["."]}}
    text = ':1: dnssec.negative-trust-anchors[0]: excepts every name'
    tern = start(**doubtful)
    check(re.search(r'warning: ' + re.escape(tern.config + text), tern.log_text()), tern.log_text())
    reload(tern)
    equal(tern.log_text().count(text), 1)
    reload(tern, **doubtful)
    equal(tern.log_text().count(text), 2)


def test_many_at_once():
    """Each who asks waits for a load that began after the file was as it is now."""
    tern = start()
    wrong = []

    def one(i):
        for _ in range(5):
            told = subprocess.run([os.path.join(os.path.dirname(harness.TERND), 'ternctl'), '-s', SOCKET, '--json', 'reload'],
                                  capture_output=True, text=True, timeout=60)
            if told.returncode != 0:
                wrong.append(told.stderr)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for i in range(20):
        change(tern, access={'allow': ['127.0.0.0/8', f'192.0.2.{i}']})
        time.sleep(0.02)
    for t in threads:
        t.join()
    equal(wrong, [])
    told = reload(tern, access={'allow': ['192.0.2.0/24']})
    equal(rcode(ask('www.example.com')), 'REFUSED')


def listening(*addresses, **more):
    return {'server': {'listen': list(addresses), 'workers': 2, 'user': '', **more}}


def test_listen_addresses_come_and_go():
    here, other = f'127.0.0.1@{PORT}', f'127.0.0.2@{PORT}'
    tern = start()
    told = reload(tern, **listening(here, other, '127.0.0.1@5399'))
    equal((told['changed'], told['kept']), (['server.listen'], []))
    for server, port in (('127.0.0.1', PORT), ('127.0.0.2', PORT), ('127.0.0.1', 5399)):
        for tcp in (False, True):
            expect(ask('www.example.com', server=server, port=port, tcp=tcp), 'NOERROR')
    equal(json.loads(ternctl('--json', 'status'))['listen'].split(), [here, other, '127.0.0.1@5399'])
    before = tern.descriptors()
    reload(tern, **listening(other))
    expect(ask('www.example.com', server='127.0.0.2'), 'NOERROR')
    equal(exchange(question('www.example.com').to_wire()), None)
    reload(tern, **listening(here))
    expect(ask('www.example.com'), 'NOERROR')
    time.sleep(6.5)                 # what was closed may still have owed answers
    check(tern.descriptors() < before, f'{tern.descriptors()} descriptors, before {before}')


def test_from_one_address_to_all():
    """No moment without one that listens, although both have the same port."""
    tern = start(**listening(f'127.0.0.1@{PORT}'))
    warm()
    stop, lost = threading.Event(), []

    def ask_on():
        while not stop.is_set():
            if exchange(question('www.example.com').to_wire(), timeout=2) is None:
                lost.append(time.monotonic())
    asking = threading.Thread(target=ask_on)
    asking.start()
    for _ in range(3):
        equal(reload(tern, **listening(f'0.0.0.0@{PORT}'))['kept'], [])
        expect(ask('www.example.com', server='127.0.0.3'), 'NOERROR')
        equal(reload(tern, **listening(f'127.0.0.1@{PORT}'))['kept'], [])
    stop.set()
    asking.join()
    equal(lost, [])


def test_an_address_in_use_is_tried_again():
    tern = start()
    with udp_socket() as taken:
        taken.bind(('127.0.0.1', 5398))
        told = reload(tern, **listening(f'127.0.0.1@{PORT}', '127.0.0.1@5398'))
        equal([k['key'] for k in told['kept']], ['server.listen'])
        check('127.0.0.1@5398: Address already in use' in told['kept'][0]['why'], told)
        expect(ask('www.example.com'), 'NOERROR')
    deadline = time.monotonic() + 12
    while '127.0.0.1@5398 is there now' not in tern.log_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    expect(ask('www.example.com', port=5398), 'NOERROR')


def test_a_closed_address_owes_its_answers():
    slow = Forwarder('192.0.2.101', delay=1.0)
    tern = start(**forwarding(('test', slow)))
    got = []
    waiting = threading.Thread(target=lambda: got.append(data(ask('www.test'))))
    waiting.start()
    time.sleep(0.3)
    reload(tern, **forwarding(('test', slow)), **listening(f'127.0.0.2@{PORT}'))
    waiting.join()
    equal(got, [['192.0.2.101']])


def told(request):
    """A request by the socket itself: no program in between."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(SOCKET)
        s.sendall(json.dumps(request).encode() + b'\n')
        octets = b''
        while more := s.recv(65536):
            octets += more
    body, _, error = octets.partition(b'\0')
    check(not error, error.decode())
    return json.loads(body)


RELOADS = 1000


@busy(240)
def test_a_thousand_reloads_under_load():
    """5,000 questions a second, hits and misses: none lost, none answered by halves, no memory kept."""
    one, two = Forwarder('192.0.2.101', ttl=1), Forwarder('192.0.2.102', ttl=1)
    tern = start(**forwarding(('test', one)))
    names = os.path.join(LAB, 'reload-names')
    with open(names, 'w') as f:
        f.write(''.join(f'www.example.com A\nn{i}.test A\n' for i in range(50)))
    load = subprocess.Popen(['dnsperf', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-Q', '5000', '-l', '600', '-c', '8',
                             '-t', '5'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            preexec_fn=die_with_parent)
    try:
        here, there = f'127.0.0.1@{PORT}', f'127.0.0.2@{PORT}'
        for i in range(RELOADS):
            if i == 50:
                before = tern.memory()
            zone = one if i % 2 else two
            sizes = {'size': f'{16 + i // 100 % 2}MiB'}
            change(tern, cache=sizes, access={'allow': ['127.0.0.0/8', f'192.0.2.{i % 200}']},
                   **listening(*([here, there] if i // 25 % 2 else [here])), **forwarding(('test', zone)))
            report = told({'command': 'reload', 'json': True})
            check(report['changed'] and not report['kept'], report)
            # Whoever asks now is answered by these rules.
            if i % 20 == 0:
                equal(data(ask(f'new{i}.test')), [zone.address])
        at_most((tern.memory() - before) / 1e6, with_quarantine(5), 'MB more')
        equal(report['generation'], RELOADS + 1)
    finally:
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=30)[0]
    lost = re.search(r'Queries lost:\s+(\d+)', said)
    sent = re.search(r'Queries sent:\s+(\d+)', said)
    codes = re.search(r'Response codes:\s+(.*)', said)
    check(lost and int(lost[1]) == 0, said[-800:])
    at_least(int(sent[1]), 10000, 'questions')
    check(codes and re.fullmatch(r'NOERROR \d+ \(100.00%\)', codes[1].strip()), codes and codes[1])
    tern.alive()


def test_another_user_opens_and_closes_too():
    """Privileges are gone by then: the port is below 1024, and its first sockets were root's."""
    if os.geteuid() != 0:
        raise Skipped('only root can become another user')
    here = ['127.0.0.1@54', f'127.0.0.1@{PORT}']
    tern = start(**listening(*here, user='nobody'))
    for listen in (['0.0.0.0@54', *here[1:]], ['127.0.0.1@54', '127.0.0.5@54', *here[1:]], here):
        told = reload(tern, **listening(*listen, user='nobody'))
        equal(told['kept'], [])
        expect(ask('www.example.com', port=54), 'NOERROR')
    with open(f'/proc/{tern.process.pid}/status') as f:
        status = dict(line.rstrip('\n').split(':\t') for line in f if ':\t' in line)
    check('0\t' not in status['Uid'] and status['CapEff'] == '0000000000000400', (status['Uid'], status['CapEff']))


def address(*words):
    subprocess.run(['ip', 'address', *words], check=True)


def test_connected_networks_come_and_go():
    """`connected` is whatever networks the interfaces have at the moment, public ones too."""
    tern = start(access={'allow': ['connected']}, **listening('0.0.0.0@5397', '::@5397'))
    asked = lambda source, server: rcode(ask('www.example.com', server=server, port=5397, source=source))
    generation = lambda: json.loads(ternctl('--json', 'status'))['configuration']['generation']
    equal(asked('127.0.0.1', '127.0.0.1'), 'NOERROR')
    before = generation()
    address('add', '203.0.113.77/32', 'dev', 'lo')
    address('add', '2001:db8:77::1/64', 'dev', 'lo', 'nodad')
    try:
        deadline = time.monotonic() + 5
        while generation() == before and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        equal(asked('203.0.113.77', '203.0.113.77'), 'NOERROR')
        equal(asked('2001:db8:77::1', '2001:db8:77::1'), 'NOERROR')
        reload(tern, access={'allow': ['192.0.2.0/24']}, **listening('0.0.0.0@5397', '::@5397'))
        equal(asked('203.0.113.77', '203.0.113.77'), 'REFUSED')
        reload(tern, access={'allow': ['connected']}, **listening('0.0.0.0@5397', '::@5397'))
        equal(asked('203.0.113.77', '203.0.113.77'), 'NOERROR')
        before = generation()
        address('del', '203.0.113.77/32', 'dev', 'lo')
        while generation() == before and time.monotonic() < deadline + 5:
            time.sleep(0.05)
        check(generation() > before, 'nobody noticed')
    finally:
        for words in (('203.0.113.77/32',), ('2001:db8:77::1/64',)):
            subprocess.run(['ip', 'address', 'del', *words, 'dev', 'lo'], check=False, stderr=subprocess.DEVNULL)


def link(*words):
    subprocess.run(['ip', 'link', *words], check=True)


def listens_on(address):
    return address in json.loads(ternctl('--json', 'status'))['listen'].split()


def eventually(condition, what, seconds=8):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    check(condition(), what)


def test_an_interface_is_listened_on_as_its_addresses_come_and_go():
    """Before it is there, with two addresses, after one went, and after it was made anew."""
    here = f'127.0.0.1@{PORT}'
    lan = {'interface': 'tern-lan', 'port': 5395}
    tern = start(access={'allow': ['0.0.0.0/0', '::/0']}, **listening(here, lan))
    equal(json.loads(ternctl('--json', 'status'))['listen'], here)
    for turn in range(2):
        link('add', 'tern-lan', 'type', 'veth', 'peer', 'name', 'tern-lan2')
        link('set', 'tern-lan2', 'up')
        try:
            link('set', 'tern-lan', 'up')
            address('add', '203.0.113.81/24', 'dev', 'tern-lan')
            address('add', '2001:db8:81::1/64', 'dev', 'tern-lan', 'nodad')
            eventually(lambda: listens_on('203.0.113.81@5395') and listens_on('2001:db8:81::1@5395'), 'not listened on')
            for at in ('203.0.113.81', '2001:db8:81::1'):
                for tcp in (True, *[False] * 6): # none goes to a socket that is about to be closed
                    expect(ask('www.example.com', server=at, port=5395, source=at, tcp=tcp, timeout=2), 'NOERROR')
            address('del', '203.0.113.81/24', 'dev', 'tern-lan')
            eventually(lambda: not listens_on('203.0.113.81@5395'), 'still listened on')
            check(listens_on('2001:db8:81::1@5395'))
            reload(tern, access={'allow': ['0.0.0.0/0', '::/0']}, **listening(here))
            check(not listens_on('2001:db8:81::1@5395'))
            reload(tern, access={'allow': ['0.0.0.0/0', '::/0']}, **listening(here, lan))
            check(listens_on('2001:db8:81::1@5395'))
        finally:
            link('del', 'tern-lan')
        eventually(lambda: json.loads(ternctl('--json', 'status'))['listen'] == here, 'the interface is gone')
    tern.alive()


def threads(tern):
    return len(os.listdir(f'/proc/{tern.process.pid}/task'))


def test_workers_come_and_go():
    tern = start(**listening(f'127.0.0.1@{PORT}', workers=2))
    warm()
    before = threads(tern)
    told = reload(tern, **listening(f'127.0.0.1@{PORT}', workers=5))
    equal((told['changed'], told['kept']), (['server.workers'], []))
    equal(threads(tern), before + 3)
    for i in range(40):
        expect(ask('www.example.com', tcp=i % 2 == 1), 'NOERROR')
    reload(tern, **listening(f'127.0.0.1@{PORT}', workers=1))
    for i in range(20):
        expect(ask('www.example.com', tcp=i % 2 == 1), 'NOERROR')
    # An address that comes while some rest, and stays when they are back.
    both = (f'127.0.0.1@{PORT}', f'127.0.0.2@{PORT}')
    reload(tern, **listening(*both, workers=1))
    for i in range(20):
        expect(ask('www.example.com', server='127.0.0.2', tcp=i % 2 == 1), 'NOERROR')
    time.sleep(3.5)             # those that rest accept nothing any more
    for i in range(20):
        expect(ask('www.example.com', server=f'127.0.0.{1 + i % 2}', tcp=True), 'NOERROR')
    reload(tern, **listening(*both, workers=4))
    for i in range(40):
        expect(ask('www.example.com', server=f'127.0.0.{1 + i % 2}', tcp=i % 4 > 1), 'NOERROR')
    equal(threads(tern), before + 3)
    tern.alive()


@busy(120)
def test_workers_come_and_go_under_load():
    """Questions by both transports, 4,000 a second, while the number of workers changes every 0.2 s: none lost."""
    one = Forwarder('192.0.2.101', ttl=1)
    tern = start(**forwarding(('test', one)))
    names = os.path.join(LAB, 'worker-names')
    with open(names, 'w') as f:
        f.write(''.join(f'www.example.com A\nn{i}.test A\n' for i in range(50)))
    loads = [subprocess.Popen(['dnsperf', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-Q', '2000', '-l', '600', '-c', '8',
                               '-t', '5', '-m', mode, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              preexec_fn=die_with_parent) for mode, more in (('udp', []), ('tcp', ['-O', 'num-queries-per-conn=20']))]
    try:
        for i in range(60):
            if i == 20:
                before = tern.memory()
            change(tern, **forwarding(('test', one)), **listening(f'127.0.0.1@{PORT}', workers=1 + i * 7 % 4))
            report = told({'command': 'reload', 'json': True})
            check(not report['kept'], report)
            time.sleep(0.2)
        at_most((tern.memory() - before) / 1e6, with_quarantine(5), 'MB more')
    finally:
        said = []
        for load in loads:
            load.send_signal(signal.SIGINT)
            said.append(load.communicate(timeout=30)[0])
    for text in said:
        lost = re.search(r'Queries lost:\s+(\d+)', text)
        sent = re.search(r'Queries sent:\s+(\d+)', text)
        codes = re.search(r'Response codes:\s+(.*)', text)
        check(lost and int(lost[1]) == 0, text[-800:])
        at_least(int(sent[1]), 2000, 'questions')
        check(codes and re.fullmatch(r'NOERROR \d+ \(100.00%\)', codes[1].strip()), codes and codes[1])
    tern.alive()


def latencies(names, seconds):
    """
    Of each answer, in milliseconds, to 2,000 questions a second. Who asks waits for no other program, where that is
    allowed: what is measured is the daemon.
    """
    first = ['chrt', '-f', '1']
    if subprocess.run([*first, 'true'], stderr=subprocess.DEVNULL).returncode != 0:
        first = []
    done = subprocess.run([*first, 'dnsperf', '-v', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-Q', '2000', '-l',
                           str(seconds), '-c', '4'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=seconds + 20)
    found = [1000 * float(m) for m in re.findall(r'^> NOERROR \S+ A (\S+)$', done.stdout, re.MULTILINE)]
    check(len(found) > 500 * seconds, done.stdout[-500:])
    return found


def percentile(values, share):
    return sorted(values)[int(len(values) * share)]


# As much processor as it is told on its standard input, in milliseconds, each tenth of a second.
BURNER = """
import select, sys, time
burn = 0
while True:
    if select.select([sys.stdin], [], [], 0.1)[0]:
        line = sys.stdin.readline()
        if not line:
            break
        burn = float(line) / 1000
    until = time.thread_time() + burn
    while time.thread_time() < until:
        pass
"""


class Disturbing(threading.Thread):
    """Calls @disturb(turn, wholly) again and again, with a tenth of a second between, while it is told to."""

    def __init__(self, disturb):
        super().__init__(daemon=True)
        self.disturb, self.turns = disturb, 0
        self.on, self.wholly, self.ended = threading.Event(), False, False
        self.start()

    def run(self):
        while not self.ended:
            if self.on.is_set():
                self.turns += 1
                self.disturb(self.turns, self.wholly)
            time.sleep(0.1)


def p99_beside(tern, disturb, seconds=1):
    """
    Windows beside disturbances, windows beside an innocent process that uses as much processor in the same rhythm (and beside
    what the test itself does, which is @disturb's part when not @wholly), and quiet ones: the 99th percentile of hits in
    milliseconds. What it is more beside disturbances than beside others would be a lock or a stall.
    """
    names = os.path.join(LAB, 'hit-names')
    with open(names, 'w') as f:
        f.write('www.example.com A\n')
    warm()
    quiet, burning, beside, used = [], [], [], []
    disturbing = Disturbing(disturb)
    burner = subprocess.Popen([sys.executable, '-c', BURNER], stdin=subprocess.PIPE, text=True)

    def window():
        """The percentile, and the processor that ternd and this process used beside."""
        before = tern.cpu_s() + time.process_time()
        found = percentile(latencies(names, seconds), 0.99)
        return found, tern.cpu_s() + time.process_time() - before

    def burn(ms):
        burner.stdin.write(f'{ms}\n')
        burner.stdin.flush()
    try:
        for _ in range(5):
            at, cpu = window()
            quiet.append(at)
            disturbing.wholly = True
            disturbing.on.set()
            at, more = window()
            disturbing.wholly = False
            beside.append(at)
            used.append(max(1000 * (more - cpu) / (10 * seconds), 0))
            burn(sorted(used)[len(used) // 2])
            burning.append(window()[0])
            burn(0)
            disturbing.on.clear()
    finally:
        disturbing.ended = True
        disturbing.join()
        burner.stdin.close()
        burner.wait()
    middle = [sorted(v)[2] for v in (beside, burning, quiet, used)]
    text = 'p99 %.3f ms beside it, %.3f beside as much work of others, %.3f alone; %.1f ms of processor a tenth' % tuple(middle)
    print(text)
    check(min(beside) <= 1.1 * max(burning) + 0.2, text)
    return disturbing.turns


@busy(60)
@alone
def test_hits_are_as_fast_beside_reloads():
    """Ten a second."""
    one, two = Forwarder('192.0.2.101'), Forwarder('192.0.2.102')
    tern = start(**forwarding(('test', one)))

    def reload_once(turn, wholly):
        change(tern, **forwarding(('test', (one, two)[turn % 2])))
        told({'command': 'reload' if wholly else 'status', 'json': True})
    at_least(p99_beside(tern, reload_once), 20, 'turns')
    at_least(json.loads(ternctl('--json', 'status'))['configuration']['generation'], 20, 'generations')
