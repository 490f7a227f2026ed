"""ternctl import: other programs' files become a configuration that ternd takes and that answers as they did."""
import os
import re
import subprocess

import harness
from harness import *

FOLDER = os.path.join(LAB, 'imported')
DNSMASQ = '/usr/share/doc/dnsmasq-base/examples/dnsmasq.conf.example'


def program(name):
    return os.path.join(os.path.dirname(harness.TERND), name)


def put(name, text):
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w' if isinstance(text, str) else 'wb') as f:
        f.write(text)
    return path


def run(*args, code=0):
    done = subprocess.run([program('ternctl'), 'import', *args], capture_output=True, text=True, timeout=30)
    equal(done.returncode, code, f'{args}: {done.stderr[:500]}')
    return done.stdout, done.stderr


def is_good(text):
    """As `ternctl check FILE` says, which runs this."""
    path = put('made.yaml', text)
    done = subprocess.run([harness.TERND, '-t', '-c', path], capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, f'{done.stderr}\n{text}')


def imported(*args):
    """The configuration and what was left out, which both ways of telling agree about."""
    made, left = run(*args)
    is_good(made)
    equal([l[2:] for l in made.split('# Not taken over:\n')[-1].splitlines()] if left else [], left.splitlines())
    return made, left


class Started(Tern):
    """A ternd with an imported configuration, but at the lab's addresses, and without what needs root."""

    def __init__(self, made):
        made = re.sub(r'^server:\n((  .*\n)*)', '', made, flags=re.M)
        made += f"""
server: {{listen: ["127.0.0.1@{PORT}", "10.53.0.1@{PORT}"], user: "", workers: 1}}
control: {{socket: ""}}
"""
        self.made = made
        super().__init__()

    def limits(self):
        with open(self.config, 'w') as f:
            f.write(self.made)
        super().limits()


UNBOUND = """
server:
    interface: 0.0.0.0
    access-control: 127.0.0.0/8 allow
    access-control: 10.53.0.0/16 allow
    access-control: 10.53.0.1/32 refuse     # but not this one
    access-control: 127.3.0.0/16 refuse
    access-control: 127.3.3.0/24 allow
    include: "conf.d/*.conf"
    do-not-query-localhost: no
    module-config: "iterator"
    hide-version: yes
    local-zone: "lan." static
    local-data: "nas.lan. 60 IN A 192.168.1.9"
    local-data: 'text.lan TXT "a \\" quote"'
    local-data-ptr: "192.168.1.8 printer.lan"
    local-zone: "ads.example" always_nxdomain
    local-zone: "all.example" redirect
    local-data: "all.example A 192.0.2.77"
    access-control-view: 127.0.0.2/32 kids
    tls-service-key: "/etc/unbound/key.pem"
view:
    name: "kids"
    local-data: "nas.lan. A 192.168.2.9"
forward-zone:
    name: "tls.example"
    forward-addr: 192.0.2.53@853#dns.example
    forward-tls-upstream: yes
"""


def test_unbound():
    put('conf.d/a.conf', 'local-data: "included.lan A 192.168.1.10"\n')
    put('conf.d/b.conf', 'server: version: "9"\n')
    made, left = imported(put('unbound.conf', UNBOUND))
    check('unbound.conf:24: tls-service-key: has no counterpart here' not in left and
          re.search(r'unbound.conf:\d+: tls-service-key: has no counterpart here', left), left)
    check('"192.0.2.53@853#dns.example"' in made and 'transport: tls' in made, made)
    check('"0.0.0.0@53"' in made and 'version: "9"' in made, made)
    Started(made)
    expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('nas.lan', source='127.0.0.2'), 'NOERROR', ['192.168.2.9'])
    expect(ask('included.lan'), 'NOERROR', ['192.168.1.10'])
    expect(ask('none.lan'), 'NXDOMAIN')
    expect(ask('text.lan', 'TXT'), 'NOERROR')
    expect(ask('8.1.168.192.in-addr.arpa', 'PTR'), 'NOERROR', ['printer.lan.'], 'PTR')
    expect(ask('x.ads.example'), 'NXDOMAIN')
    expect(ask('any.all.example'), 'NOERROR', ['192.0.2.77'])
    expect(ask('nas.lan', server='10.53.0.1', source='10.53.0.1'), 'REFUSED')
    expect(ask('nas.lan', source='127.3.0.1'), 'REFUSED')
    expect(ask('nas.lan', source='127.3.3.1'), 'NOERROR', ['192.168.1.9'])


def test_files_beside():
    """Anchors, hints and policy zones are read; what is written about them holds wherever it is read."""
    put('hints', '. 3600000 NS ns.\nns. 3600000 A 10.53.0.2\n')
    put('keys', 'corp.example. IN DS 31560 13 2 ' + '1C' * 32 + ' ; ours\n')
    put('root.key', '. 86400 IN DNSKEY 257 3 8 AwEAAaz/tAm8 ;;state=2 [  VALID  ]\n'
                    '. 86400 IN DNSKEY 385 3 8 AwEAAaz/tAm9 ;;state=4 [ REVOKED ]\n')
    put('rpz.zone', '$TTL 60\n@ SOA a. b. 1 2 3 4 5\n@ NS a.\nads.example CNAME .\n')
    put('broken.zone', '$TTL 60\n@ SOA a. b. 1 2 3\n')
    path = put('files.conf', 'server:\n root-hints: hints\n trust-anchor-file: keys\n auto-trust-anchor-file: root.key\n'
               'rpz:\n name: rpz.x\n zonefile: rpz.zone\nrpz:\n name: bad.x\n zonefile: broken.zone\n')
    os.chdir(FOLDER)
    try:
        made, left = imported(os.path.basename(path), '--from', 'unbound')
    finally:
        os.chdir('/')
    check(f'root-hints: "{FOLDER}/hints"' in made and f'file: "{FOLDER}/rpz.zone"' in made, made)
    check('"corp.example. IN DS 31560' in made and 'AwEAAaz/tAm8' in made and 'AwEAAaz/tAm9' not in made, made)
    check('bad.x' not in made.split('# Not')[0] and 'the policy zone bad.x. is left out' in left, left)
    Started(made)
    expect(ask('ads.example'), 'NXDOMAIN')


def test_files_of_debian():
    made, left = imported('/etc/unbound/unbound.conf')
    check('127.0.0.0/8' in made, made)
    if os.path.exists(DNSMASQ):
        imported(DNSMASQ)
        with open(DNSMASQ) as f:
            every = re.sub(r'^#(?=[a-z])', '', f.read(), flags=re.M)      # all that the examples say
        made, left = imported('--from', 'dnsmasq', put('every.conf', every))
        check('dhcp-range' in left and 'thekelleys' in made, made)


DNSMASQ_CONF = """
port=53
no-resolv
no-hosts
server=/example.com/127.0.0.1#5301
local=/lan/
domain=lan
addn-hosts=hosts
address=/ads.example/0.0.0.0
address=/home.example/192.168.1.1
address=/gone.example/
host-record=nas.lan,nas2.lan,192.168.1.9,fd00::9
host-record=inner.home.example,192.168.1.2
cname=files.lan,nas.lan
txt-record=text.lan,"one, two",three
srv-host=_ldap._tcp.lan,nas.lan,389
mx-host=lan,nas.lan,50
stop-dns-rebind
conf-dir=dnsmasq.d,*.conf
dhcp-range=192.168.1.50,192.168.1.150,12h
dhcp-leasefile=leases
"""


def test_dnsmasq():
    put('hosts', '192.168.1.20 old.lan\n')
    put('leases', '4102444800 aa:bb:cc:dd:ee:01 192.168.1.60 laptop *\n')
    put('dnsmasq.d/more.conf', 'host-record=more.lan,192.168.1.30\n')
    put('dnsmasq.d/other', 'host-record=other.lan,192.168.1.31\n')
    made, left = imported(put('dnsmasq.conf', DNSMASQ_CONF))
    check(re.search(r'dnsmasq.conf:\d+: dhcp-range: this is no DHCP server', left), left)
    Started(made)
    for name, addresses in {'nas.lan': ['192.168.1.9'], 'nas2.lan': ['192.168.1.9'], 'old.lan': ['192.168.1.20'],
                            'more.lan': ['192.168.1.30'], 'laptop.lan': ['192.168.1.60'],
                            'ads.example': ['0.0.0.0'], 'x.y.ads.example': ['0.0.0.0'],
                            'any.home.example': ['192.168.1.1'], 'inner.home.example': ['192.168.1.2']}.items():
        expect(ask(name), 'NOERROR', addresses, what=name)
    expect(ask('nas.lan', 'AAAA'), 'NOERROR', ['fd00::9'], 'AAAA')
    expect(ask('files.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('text.lan', 'TXT'), 'NOERROR', ['"one, two" "three"'], 'TXT')
    expect(ask('_ldap._tcp.lan', 'SRV'), 'NOERROR', ['0 0 389 nas.lan.'], 'SRV')
    expect(ask('lan', 'MX'), 'NOERROR', ['50 nas.lan.'], 'MX')
    for name in ('other.lan', 'x.gone.example'):
        expect(ask(name), 'NXDOMAIN', what=name)
    expect(ask('gone.example'), 'NOERROR', [])


def test_pihole():
    files = [put('setupVars.conf', 'WEBPASSWORD=sesame\nPIHOLE_DNS_1=192.0.2.53\nPIHOLE_DNS_2=127.0.0.1#5335\nDNSSEC=true\n'
                 'REV_SERVER=true\nREV_SERVER_CIDR=192.168.1.0/24\nREV_SERVER_TARGET=192.168.1.1\n'
                 'REV_SERVER_DOMAIN=fritz.box\n'),
             put('custom.list', '192.168.1.9 nas.lan\nfd00::9 nas.lan\n'),
             put('05-pihole-custom-cname.conf', 'cname=files.lan,nas.lan\n'),
             put('adlists.list', 'https://lists.example/hosts\n#https://lists.example/off\n'),
             put('regex.list', '(^|\\.)ads[0-9]+\\.\n')]
    made, left = imported(*files)
    check('sesame' not in made + left, 'a password is told')
    check('url: "https://lists.example/hosts"' in made and 'off' not in made.split('# Not')[0].split('lists:')[1], made)
    check('"127.0.0.1@5335"' in made and '"fritz.box."' in made and '"1.168.192.in-addr.arpa."' in made, made)
    check('regex.list:1: line: regular expressions' in left, left)
    Started(made)
    expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('files.lan', 'AAAA'), 'NOERROR', ['fd00::9'], 'AAAA')


ADGUARD = """
http: {address: "0.0.0.0:80", session_ttl: 720h}
users: [{name: admin, password: "$2a$10$sesame"}]
dns:
  bind_hosts: [0.0.0.0]
  port: 53
  upstream_dns: ["https://dns10.quad9.net/dns-query", "[/corp.example/]192.0.2.53:5300"]
  bootstrap_dns: [9.9.9.10]
  disallowed_clients: [127.0.0.9]
  allowed_clients: [127.0.0.0/8]
  ratelimit: 0
filters:
  - {enabled: true, url: "https://lists.example/filter.txt", name: "AdGuard: DNS \\"filter\\"", id: 1}
user_rules: ["||ads.example^", "@@||good.ads.example^", "! a comment"]
filtering:
  blocking_mode: nxdomain
  safe_search: {enabled: false}
  rewrites:
    - {domain: nas.lan, answer: 192.168.1.9}
    - {domain: "*.dev.lan", answer: 192.168.1.10}
    - {domain: files.lan, answer: nas.lan}
clients:
  persistent:
    - {name: free, ids: [127.0.0.5, "aa:bb:cc:dd:ee:ff"], use_global_settings: false, filtering_enabled: false}
schema_version: 28
"""


def test_adguard():
    path = put('AdGuardHome.yaml', ADGUARD)
    _, left = imported(path)
    check(re.search(r'AdGuardHome.yaml:\d+: user_rules: 3 rules are left out: --lists-folder', left), left)
    check(re.search(r'AdGuardHome.yaml:7: upstream_dns: "https://dns10', left), left)
    lists = os.path.join(FOLDER, 'lists')
    os.makedirs(lists, exist_ok=True)
    rules = os.path.join(lists, 'adguard-rules.txt')
    if os.path.exists(rules):
        os.unlink(rules)
    made, left = imported('--lists-folder', lists, path)
    check('sesame' not in made + left, 'a password is told')
    check('safe-search: false' in made, made)
    _, left = imported('--lists-folder', lists, path)
    check('File exists' in left, left)                  # nothing is written over
    tern = Started(re.sub(r'    url: .*\n', f'    file: "{put("empty", "none.example")}"\n', made))
    expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('a.dev.lan'), 'NOERROR', ['192.168.1.10'])
    expect(ask('files.lan'), 'NOERROR', ['192.168.1.9'])
    expect(ask('x.ads.example'), 'NXDOMAIN')
    check(any(o.otype == 15 and o.text.startswith('list adguard-rules') for o in ask('ads.example').options), 'listed')
    check(not any(o.otype == 15 and o.code == 15 for o in ask('ads.example', source='127.0.0.5').options), 'free')
    try:
        answer = ask('nas.lan', source='127.0.0.9', timeout=0.5)
    except Failed:
        answer = None
    equal(answer, None)
    check(tern.alive(), 'alive')


@busy(60)
def test_odd_files():
    """What can't be used is told, and what is taken is always a good configuration."""
    _, told = run('/nonexistent', code=1)
    check('/nonexistent can\'t be read: No such file' in told, told)
    _, told = run('/dev/zero', code=1)
    check('not a regular file' in told, told)
    out, told = run(put('tale', 'Once upon a time\n'), code=1)
    check('neither of unbound' in told and out == '', told)
    for args in ((), ('--from', 'bind', '/dev/null'), ('--lists-folder',), ('--what', 'x')):
        run(*args, code=2)
    loop = put('loop.conf', f'server:\n  include: "{FOLDER}/loop.conf"\n  local-data: "a.lan A 192.0.2.1"\n')
    _, left = imported(loop)
    check('files include each other 8 deep' in left, left)
    many = put('many.conf', ''.join(f'conf-file={FOLDER}/one.conf\n' for _ in range(400)))
    put('one.conf', 'neg-ttl=60\n')
    _, left = imported('--from', 'dnsmasq', many)
    check('at most 256 files' in left, left[-500:])
    _, left = imported('--from', 'dnsmasq', put('line', 'address=/' + 'a/' * 2000000 + '1.2.3.4'))
    check('line:1: line: more than 65535 octets' in left, left[:200])
    imported('--from', 'unbound', put('zones', ''.join(f'local-zone: "z{i}.example" always_nxdomain\n'
                                                       for i in range(20000))))
    for name in ('unbound', 'dnsmasq', 'pihole', 'adguard'):
        for octets in (b'', b'\0' * 5000, bytes(range(256)) * 50, b'server: local-data: "\n"\n', b'a: &a [*a, *a]\n',
                       b'identity=\xff\nlocal-zone: \xff\xfe static\n', '\u2028: \u0085\n'.encode()):
            imported('--from', name, put('odd', octets))
    check('usage: ternctl import' in subprocess.run([program('ternctl'), 'help', 'import'], capture_output=True,
                                                   text=True).stdout, 'help')
