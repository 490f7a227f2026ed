"""
The same policy zones in tern, named and unbound, and the same questions: the same rcode and answers.

A difference that is right, or a matter of taste, stands in EXPLAINED with its reason; any other one fails, and so does
one that is there no more.
"""
import shutil

import differential
from harness import *
from test_zone_files import put

PORTS = {'tern': PORT, 'unbound': 5350, 'named': 5360}
HEAD = '$TTL 60\n@ SOA ns. mail. 1 3600 600 86400 60\n  NS ns.\n'
CLIENTS = ('127.0.0.1', '127.0.0.2', '127.0.0.3')

FIRST = '''passed.test-zone CNAME rpz-passthru.
www.example.com CNAME .
*.example.org CNAME *.
example.org CNAME rpz-passthru.
data.test-zone A 192.0.2.200
data.test-zone A 192.0.2.203
data.test-zone TXT "why"
data.test-zone MX 10 mail.test-zone.
*.wild.test-zone A 192.0.2.201
there.wild.test-zone AAAA 2001:db8::1
*.deep.wild.test-zone CNAME *.
alias.test-zone CNAME www.example.net.
chain.test-zone CNAME data.test-zone.
*.rewritten.test-zone CNAME *.example.com.
garden.test-zone CNAME *.garden.example.com.
drop.test-zone CNAME rpz-drop.
tcp.test-zone CNAME rpz-tcp-only.
32.2.0.0.127.rpz-client-ip CNAME *.
32.3.0.0.127.rpz-client-ip CNAME rpz-passthru.
32.81.2.0.192.rpz-ip CNAME .
24.0.2.0.192.rpz-ip A 192.0.2.222
both.test-zone CNAME *.
'''
SECOND = '''passed.test-zone CNAME .
both.test-zone CNAME .
only.test-zone CNAME .
data.test-zone CNAME .
www.example.net CNAME .
'''

MET = 'named asks for the NS set of a zone that its parent\'s server has answered for; tern and unbound know no delegation then'
TOP = 'named does not look at the servers of top-level domains (its min-ns-dots)'

# Texts of zones, and which of EXPLAINED_OF_SERVERS are to be seen with them.
SERVERS = {
    'ns1.example.com.rpz-nsdname CNAME .\n*.example.org.rpz-nsdname CNAME *.\n': [MET],
    'ns.honest.evil.rpz-nsdname A 192.0.2.210\n*.nic.com.rpz-nsdname CNAME rpz-passthru.\n': [],
    '32.1.113.0.203.rpz-nsip CNAME .\n24.0.1.18.198.rpz-nsip CNAME *.\n': [MET],
    '32.53.1.18.198.rpz-nsip A 192.0.2.211\nwww.example.org CNAME rpz-passthru.\n32.1.100.51.198.rpz-nsip CNAME .\n': [],
    'ns.evil.rpz-nsdname CNAME .\n': [TOP],
}

NAMES = ['passed.test-zone', 'www.example.com', 'WWW.example.com', 'x.www.example.com', 'example.com', 'www.example.org',
         'a.b.example.org', 'example.org', 'data.test-zone', 'x.data.test-zone', 'x.wild.test-zone', 'a.b.wild.test-zone',
         'wild.test-zone', 'there.wild.test-zone', 'x.there.wild.test-zone', 'x.deep.wild.test-zone', 'deep.wild.test-zone',
         'alias.test-zone', 'chain.test-zone', 'www.rewritten.test-zone', 'rewritten.test-zone', 'garden.test-zone',
         'tcp.test-zone', 'drop.test-zone', 'both.test-zone', 'only.test-zone', 'www.example.net', 'shop.example.com',
         'p1.victim.evil', 'a.honest.evil', 'nothing.honest.evil', 'nothing.evil']

# Of a program, for some questions (name, type, TCP, client): why it answers otherwise.
EXPLAINED = {
    'unbound goes on to later triggers after PASSTHRU for a client; named and tern leave it at that':
        lambda peer, asked: peer == 'unbound' and asked[3] == '127.0.0.3',
    'unbound rewrites addresses of what is in its cache though the name is passed':
        lambda peer, asked: peer == 'unbound' and asked[0] == 'example.org' and asked[1] == 'A',
    'unbound does not look at the targets of aliases that are in its cache':
        lambda peer, asked: peer == 'unbound' and asked[0] == 'shop.example.com',
    'unbound lets *.wild speak of deep.wild, which exists as *.deep.wild does (RFC 4592 2.2.2); named and tern do not':
        lambda peer, asked: peer == 'unbound' and asked[0] == 'deep.wild.test-zone',
}


EXPLAINED_OF_SERVERS = {
    MET: lambda peer, asked: peer == 'named' and '.example.' in f'.{asked[0]}',
    TOP: lambda peer, asked: peer == 'named' and asked[0].endswith('.evil'),
}


def unbound(directory, zones):
    argv = differential.unbound(directory)
    with open(argv[-1]) as f:
        text = f.read()
    text = text.replace('module-config: "iterator"', 'module-config: "respip iterator"')
    text = text.replace(f'@{differential.PEER_PORTS["unbound"]}', f'@{PORTS["unbound"]}')
    for name, path in zones:
        text += f'rpz:\n  name: "{name}"\n  zonefile: "{path}"\n'
    differential.write(argv[-1], text)
    return argv


def named(directory, zones):
    listed = ' '.join(f'zone "{name}";' for name, _ in zones)
    made = ''.join(f'zone "{name}" {{ type primary; file "{path}"; check-names ignore; }};\n' for name, path in zones)
    return ['named', '-g', '-n', '1', '-c', differential.write(f'{directory}/named.conf', f'''
options {{
  directory "{directory}"; pid-file none; session-keyfile none; lock-file none;
  listen-on port {PORTS["named"]} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  dnssec-validation no; recursion yes; allow-query {{ any; }}; minimal-responses yes;
  empty-zones-enable no; notify no;
  response-policy {{ {listed} }} qname-wait-recurse no nsip-enable yes nsdname-enable yes;
}};
controls {{ }};
zone "." {{ type hint; file "{directory}/root.hints"; }};
{made}''')]


def start(name, argv_of, zones):
    directory = os.path.join(LAB, f'rpz-{name}')
    os.makedirs(directory, exist_ok=True)
    differential.root_hints(f'{directory}/root.hints')
    with open(f'{directory}/log', 'w') as log:
        process = subprocess.Popen(argv_of(directory, zones), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   preexec_fn=die_with_parent)
    for _ in range(100):
        try:
            if rcode(ask('.', 'SOA', port=PORTS[name], timeout=0.5, tcp=True)) == 'NOERROR':
                return process
        except (Failed, OSError, EOFError):
            time.sleep(0.1)
    process.kill()
    with open(f'{directory}/log') as f:
        raise Failed(f'{name} does not start: {f.read()[-800:]}')


def outcome(port, name, rtype, tcp, client):
    try:
        answer = ask(name, rtype, port=port, tcp=tcp, source=client, timeout=1 if name.startswith('drop') else 8)
    except (Failed, OSError, EOFError):
        return 'nothing'
    if answer.flags & dns.flags.TC:
        return 'truncated'
    return rcode(answer), sorted(f'{dns.rdatatype.to_text(s.rdtype)} {r}'.lower() for s in answer.answer for r in s)


def questions():
    for name in NAMES:
        for rtype in ('A', 'AAAA', 'TXT', 'MX'):
            yield name, rtype, False, '127.0.0.1'
        yield name, 'A', True, '127.0.0.1'
        for client in CLIENTS[1:]:
            yield name, 'A', False, client


def compare(texts, asked_of_all, explained_by):
    peers = {name: argv for name, argv in (('named', named), ('unbound', unbound)) if shutil.which(name)}
    if not peers:
        raise Skipped('neither named nor unbound is there')
    zones = [(name, put(name, HEAD + text)) for name, text in texts.items()]
    processes = []
    differences, seen = [], set()
    try:
        processes += [start(name, argv, zones) for name, argv in peers.items()]
        tern = Tern(**{'response-policy-zones': [{'name': n, 'file': f} for n, f in zones],
                       'access': {'allow': ['127.0.0.0/8']}})
        for asked in asked_of_all:
            ours = outcome(PORT, *asked)
            for name in peers:
                theirs = outcome(PORTS[name], *asked)
                if ours == theirs:
                    continue
                why = next((why for why, is_it in explained_by.items() if is_it(name, asked)), None)
                seen.add(why)
                if not why:
                    differences.append(f'{name} {asked}: {theirs}, tern {ours}')
        tern.stop()
    finally:
        for process in processes:
            process.kill()
            process.wait()
    check(not differences, f'{len(differences)} differences:\n' + '\n'.join(differences))
    equal({why for why in explained_by if why.split()[0] in peers} - seen, set(), 'differences that are there no more')


@busy(180)
def test_names_clients_and_addresses():
    compare({'first.rpz': FIRST, 'second.rpz': SECOND}, questions(), EXPLAINED)


@busy(180)
def test_servers():
    """By their names and addresses: of the zone, of one above, and of an alias' target."""
    names = ['www.example.com', 'example.com', 'shop.example.com', 'www.example.org', 'www.example.net', 'a.honest.evil',
             'nothing.honest.evil', 'p1.victim.evil', 'nothing.test-zone']
    for text, why in SERVERS.items():
        compare({'servers.rpz': text}, [(n, t, False, '127.0.0.1') for n in names for t in ('A', 'TXT')],
                {w: EXPLAINED_OF_SERVERS[w] for w in why})
