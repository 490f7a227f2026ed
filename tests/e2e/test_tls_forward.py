"""Forwarders over TLS: real ones, who they have to show to be, connections kept and lost, and that nothing leaks."""
import base64
import contextlib
import datetime
import functools
import hashlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from datetime import timedelta

import dns.edns
import dns.message
import dns.rdatatype
import dns.rrset

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import harness
from harness import *
from test_lists_url import certificates
from test_reload import reload, start, ternctl
from test_tls import receive, framed

ZONE = 'corp.test-zone'


@functools.cache
def certificate(name, days=30, host='dns.corp.test', signed=True):
    """Paths of a certificate and its key."""
    folder = certificates()

    def openssl(*args):
        subprocess.run(['openssl', *args], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{name}.key']
    with open(f'{folder}/{name}.ext', 'w') as f:
        f.write(f'subjectAltName={host if ":" in host else "DNS:" + host}\n')
    if signed:
        openssl('req', *key, '-out', f'{name}.csr', '-subj', '/CN=server')
        dates = ['-days', str(days)]
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile',
                f'{name}.ext', '-out', f'{name}.pem', *dates)
    else:
        openssl('req', '-x509', *key, '-out', f'{name}.pem', '-subj', '/CN=server', '-days', '30', '-addext',
                f'subjectAltName=DNS:{host}')
    return f'{folder}/{name}.pem', f'{folder}/{name}.key'


def expired():
    """Signed for yesterday and before: openssl x509 makes no such thing, its ca does by a clock set back."""
    pem, key = certificate('gone', days=-1)
    return pem, key


def pin(pem):
    with open(pem, 'rb') as f:
        spki = x509.load_pem_x509_certificate(f.read()).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Listening:
    """A server of TLS: each connection is served in a thread of its own."""

    def __init__(self, context):
        self.context, self.open = context, []
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=100)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            # What is held back would be lost when it closes with questions unread.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close_all(self):
        for s in self.open:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        self.open = []


class TlsForwarder(Listening):
    """Answers by one address over TLS; counts connections, questions and resumed sessions."""

    def __init__(self, address='192.0.2.101', pair=None, delay=0.0, answers=None, hold=False, client_ca=None, versions=None):
        self.address, self.delay, self.answers, self.hold = address, delay, answers, hold
        self.asked, self.connections, self.resumed, self.failed, self.lengths = 0, 0, 0, 0, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(pair or certificate('right')))
        if versions:
            context.maximum_version = versions
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        super().__init__(context)

    def serve(self, connection):
        if self.hold:
            self.open.append(connection)
            return
        try:
            s = self.context.wrap_socket(connection, server_side=True)
            self.connections += 1
            self.resumed += s.session_reused
            self.open.append(s)
            for n in range(self.answers or 1 << 30):
                query, length = receive(s)
                self.lengths.append(length)
                self.asked += 1
                time.sleep(self.delay)
                s.sendall(framed(self.answer(query)))
            s.close()
        except ssl.SSLError:
            self.failed += 1
        except (OSError, EOFError):
            pass

    def answer(self, query):
        answer = dns.message.make_response(query, recursion_available=True)
        if query.question[0].rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 300, 'IN', 'A', self.address))
        return answer

    def at(self, name='dns.corp.test'):
        return f'127.0.0.1@{self.port}' + (f'#{name}' if name else '')


def zone(*servers, ca=True, **more):
    addresses = [s if isinstance(s, str) else s.at() for s in servers]
    return {'name': ZONE, 'addresses': addresses, 'transport': 'tls', **({'ca': f'{certificates()}/ca.pem'} if ca else {}), **more}


def forwarding(*servers, **more):
    return start(**{'forward-zones': [zone(*servers, **more)]})


def test_many_questions_on_one_connection():
    server = TlsForwarder()
    forwarding(server)
    for i in range(30):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
    check(f'{server.at()} by TLS' in ternctl('explain', '127.0.0.1', f'new.{ZONE}', 'A'), 'explain')
    at_most(server.connections, 2, 'connections, one for each worker')
    # RFC 8467: lengths tell nothing.
    equal({n % 128 for n in server.lengths}, {0}, 'octets over a multiple of 128')


def test_side_by_side():
    server = TlsForwarder(delay=0.01)
    forwarding(server)
    answers = burst([(f'b{i}.{ZONE}', 'A') for i in range(100)], timeout=10)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.101']), 100)
    at_most(server.connections, 8, 'connections')


@contextlib.contextmanager
def no_name_leaves():
    """Whatever goes over this host's networks: but for what we ask ternd, no packet has the name in it."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as tap:
        tap.settimeout(0.05)
        yield
        seen = 0
        with contextlib.suppress(TimeoutError):
            while True:
                packet = tap.recv(65536)
                ours = any(packet[i:i + 2] == struct.pack('!H', PORT) for i in (20, 22))    # of IPv4 without options
                seen += ours
                check(ours or b'test-zone' not in packet.lower(), f'in plain text: {packet}')
        at_least(seen, 2, 'packets of ours')


def refused_because(server, *words, **more):
    tern = forwarding(server, **more)
    with no_name_leaves():
        answer = expect(ask(f'a.{ZONE}'), 'SERVFAIL')
    check(any(code in (22, 23) for code, _ in ede(answer)), str(answer))
    text = str(ede(answer))
    for word in words:
        check(word in text, f'{word}: {text}')
    equal(server.asked, 0, 'questions')
    tern.stop()


def test_whoever_is_somebody_else_is_asked_nothing():
    refused_because(TlsForwarder(pair=certificate('other', host='other.test')), 'dns.corp.test')
    refused_because(TlsForwarder(pair=certificate('self', signed=False)), 'dns.corp.test', 'NOT trusted')
    refused_because(TlsForwarder(pair=expired()), 'expired')
    # Without a name in the configuration the address has to be in the certificate.
    refused_because(Named(TlsForwarder(), None), '127.0.0.1')
    right = TlsForwarder(pair=certificate('address', host='IP:127.0.0.1'))
    forwarding(right.at(None))
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])


def issued(name, extensions, ca='ca', days=30):
    """A certificate that @p ca signed, with just these extensions; paths of it and its key."""
    folder = certificates()
    with open(f'{folder}/{name}.ext', 'w') as f:
        f.write('\n'.join(extensions) + '\n')
    for command in (f'openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}',
                    f'openssl x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -extfile {name}.ext -out {name}.pem '
                    f'-days {days}'):
        subprocess.run(command.split(), check=True, cwd=folder, capture_output=True)
    return f'{folder}/{name}.pem', f'{folder}/{name}.key'


def not_yet(pair):
    """The same certificate, but from tomorrow on."""
    with open(pair[0], 'rb') as f, open(f'{certificates()}/ca.key', 'rb') as key:
        old, ca = x509.load_pem_x509_certificate(f.read()), serialization.load_pem_private_key(key.read(), None)
    new = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), 77, old.not_valid_before + timedelta(days=1),
                                  old.not_valid_after, list(old.extensions)).sign(ca, hashes.SHA256())
    with open(f'{certificates()}/tomorrow.pem', 'wb') as f:
        f.write(new.public_bytes(serialization.Encoding.PEM))
    return f.name, pair[1]


def chained(pair, *others):
    """The same certificate with others behind it."""
    path = pair[0].replace('.pem', '-chain.pem')
    with open(path, 'w') as out:
        for pem in (pair[0], *others):
            with open(pem) as f:
                out.write(f.read())
    return path, pair[1]


HOST_NAME = 'subjectAltName=DNS:dns.corp.test'
AUTHORITY = ('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign')


def test_certificates_that_are_not_for_this():
    """Of the right CA and name, but not yet, or for something else."""
    refused_because(TlsForwarder(pair=issued('client-only', (HOST_NAME, 'extendedKeyUsage=clientAuth'))), 'purpose')
    refused_because(TlsForwarder(pair=issued('mail-only', (HOST_NAME, 'extendedKeyUsage=emailProtection'))), 'purpose')
    for usage in ('serverAuth', 'clientAuth,serverAuth'):
        tern = forwarding(TlsForwarder(pair=issued(usage.replace(',', '-'), (HOST_NAME, f'extendedKeyUsage={usage}'))))
        equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'], usage)
        tern.stop()
    refused_because(TlsForwarder(pair=not_yet(certificate('right'))), 'not yet')


def test_chains():
    """What lies between is sent along, may sign, and is signed itself."""
    between = issued('between', AUTHORITY)
    leaf = issued('below', (HOST_NAME,), ca='between')
    tern = forwarding(TlsForwarder(pair=chained(leaf, between[0])))
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    tern.stop()
    refused_because(TlsForwarder(pair=leaf), 'issuer')
    # A server's certificate signs no other one.
    server = issued('server', (HOST_NAME, 'basicConstraints=critical,CA:FALSE'))
    refused_because(TlsForwarder(pair=chained(issued('forged', (HOST_NAME,), ca='server'), server[0])), 'NOT trusted')
    # Nor does one of its own making, whatever it is called.
    certificate('rogue', signed=False)
    issued('of-rogue', AUTHORITY, ca='rogue')
    refused_because(TlsForwarder(pair=chained(issued('below-rogue', (HOST_NAME,), ca='of-rogue'), f'{certificates()}/of-rogue.pem',
                                              f'{certificates()}/rogue.pem')), 'NOT trusted')


class Named:
    """A server under another name."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    @property
    def asked(self):
        return self.server.asked

    def at(self):
        return self.server.at(self.name)


def test_pins():
    pair = certificate('self', signed=False)
    server = TlsForwarder(pair=pair)
    tern = forwarding(server.at(None), ca=False, pins=[pin(certificate('right')[0]), pin(pair[0])])
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    tern.stop()
    refused_because(Named(TlsForwarder(pair=pair), None), 'pinned', ca=False, pins=[pin(certificate('right')[0])])
    # A name that is written counts as well.
    refused_because(TlsForwarder(pair=pair), 'NOT trusted', pins=[pin(pair[0])])


def test_another_ca_is_not_believed_what_the_first_one_was():
    """Not only new connections ask it: what was cached by the other one is gone."""
    server = TlsForwarder()
    tern = forwarding(server)
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    reload(tern, **{'forward-zones': [{**zone(server), 'ca': certificate('self', signed=False)[0]}]})
    expect(ask(f'a.{ZONE}'), 'SERVFAIL')
    reload(tern, **{'forward-zones': [zone(server)]})
    equal(data(ask(f'b.{ZONE}')), ['192.0.2.101'])


def revocations(*pems):
    """A list by the lab's CA that has these certificates."""
    with open(f'{certificates()}/ca.pem', 'rb') as f:
        ca = x509.load_pem_x509_certificate(f.read())
    with open(f'{certificates()}/ca.key', 'rb') as f:
        key = serialization.load_pem_private_key(f.read(), None)
    now = datetime.datetime.utcnow()
    made = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(now - datetime.timedelta(hours=1))
    made = made.next_update(now + datetime.timedelta(days=1))
    for pem in pems:
        with open(pem, 'rb') as f:
            serial = x509.load_pem_x509_certificate(f.read()).serial_number
        made = made.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - datetime.timedelta(hours=1)).build())
    path = f'{certificates()}/revoked-{len(pems)}.pem'
    with open(path, 'wb') as f:
        f.write(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def test_revoked_certificates():
    right, lost = certificate('right'), certificate('lost')
    crl = revocations(lost[0])
    server = TlsForwarder(pair=right)
    tern = forwarding(server, crl=crl)
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    tern.stop()
    refused_because(TlsForwarder(pair=lost), 'revoked', crl=crl)
    # By a reload, what it has answered is forgotten too.
    server = TlsForwarder(pair=lost)
    tern = forwarding(server)
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    reload(tern, **{'forward-zones': [{**zone(server), 'crl': crl}]})
    expect(ask(f'a.{ZONE}'), 'SERVFAIL')
    reload(tern, **{'forward-zones': [{**zone(server), 'crl': revocations()}]})
    equal(data(ask(f'b.{ZONE}')), ['192.0.2.101'])


def test_opportunistic():
    server = TlsForwarder(pair=certificate('self', signed=False))
    forwarding(server.at(None), ca=False, authentication='opportunistic')
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])


def test_a_certificate_of_ours():
    pem, key = certificate('client', host='client.test')
    server = TlsForwarder(client_ca=f'{certificates()}/ca.pem')
    tern = forwarding(server, certificate=pem, key=key)
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    tern.stop()
    server = TlsForwarder(client_ca=f'{certificates()}/ca.pem')
    forwarding(server)
    expect(ask(f'a.{ZONE}'), 'SERVFAIL')


def test_sessions_are_resumed():
    for versions in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        server = TlsForwarder(answers=1, versions=versions)
        tern = start(**{'forward-zones': [zone(server)], 'server': {'workers': 1}})
        for i in range(10):
            equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
            time.sleep(0.02)
        at_least(server.resumed, 7, f'resumed sessions of {versions}')
        tern.stop()


def test_a_connection_that_ends_costs_nobody_an_answer():
    server = TlsForwarder()
    tern = forwarding(server)
    for i in range(10):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
        server.close_all()
    tern.stop()
    few = TlsForwarder(answers=3)
    tern = forwarding(few)
    answers = burst([(f'f{i}.{ZONE}', 'A') for i in range(50)], timeout=10)
    equal(sum(1 for a, _ in answers if a and rcode(a) == 'NOERROR'), 50)
    check(tern.alive(), 'alive')


def test_a_dead_one_costs_little():
    """Silent from the start, silent after the handshake, nobody there: the other one answers."""
    for dead in (TlsForwarder(hold=True), TlsForwarder(delay=60)):
        second = TlsForwarder('192.0.2.102')
        tern = forwarding(dead, second, policy='ordered')
        began = time.monotonic()
        equal(data(ask(f'a.{ZONE}')), ['192.0.2.102'])
        at_most(time.monotonic() - began, scaled(1.5), 'seconds for the first')
        for i in range(8):
            ask(f'l{i}.{ZONE}')
        began = time.monotonic()
        for i in range(10):
            equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.102'])
        at_most(time.monotonic() - began, scaled(1), 'seconds for ten more')
        tern.stop()


def test_a_slow_one_is_waited_for():
    server = TlsForwarder(delay=1.2)
    forwarding(server)
    equal(data(ask(f'slow.{ZONE}')), ['192.0.2.101'])
    equal(server.asked, 1, 'questions')


@contextlib.contextmanager
def lost(port):
    """Packets of the connections that there are to @port get lost, in silence: as behind a NAT that has forgotten them."""
    out = subprocess.run(['ss', '-Htn', 'state', 'established', 'dport', '=', f':{port}'], capture_output=True, text=True,
                         check=True).stdout
    ours = [line.split()[2].rsplit(':', 1)[1] for line in out.splitlines()]
    rules = '\n'.join(f'tcp sport {p} drop; tcp dport {p} drop;' for p in ours)
    subprocess.run(['nft', '-f', '-'], check=True, text=True,
                   input=f'table inet lost {{ chain out {{ type filter hook input priority 0; {rules} }}; }}')
    try:
        yield len(ours)
    finally:
        subprocess.run(['nft', 'delete', 'table', 'inet', 'lost'], check=True)


def test_a_way_that_is_lost_costs_one_client_little():
    server = TlsForwarder()
    start(**{'forward-zones': [zone(server)], 'server': {'workers': 1}})
    for i in range(3):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
    with lost(server.port) as n:
        at_least(n, 1, 'connections')
        began = time.monotonic()
        equal(data(ask(f'after.{ZONE}')), ['192.0.2.101'])
        at_most(time.monotonic() - began, scaled(1), 'seconds')
        began = time.monotonic()
        for i in range(10):
            equal(data(ask(f'm{i}.{ZONE}')), ['192.0.2.101'])
        at_most(time.monotonic() - began, scaled(0.5), 'seconds for ten more')


def test_nothing_in_plain_text():
    """Neither by UDP nor by TCP, whatever fails: what was to be encrypted stays at home."""
    plain = udp_socket()
    plain.bind(('127.0.0.1', 0))
    port = plain.getsockname()[1]
    plain.settimeout(0.1)
    listener = socket.create_server(('127.0.0.1', port))
    seen = []

    def watch():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(2)
            with contextlib.suppress(OSError):
                seen.append(connection.recv(4000))
                connection.sendall(b'\x15\x03\x03\x00\x02\x02\x28')     # a fatal alert
            connection.close()
    threading.Thread(target=watch, daemon=True).start()
    tern = forwarding(f'127.0.0.1@{port}#dns.corp.test')
    for i in range(3):
        expect(ask(f'n{i}.{ZONE}'), 'SERVFAIL')
    at_least(len(seen), 1, 'connections')
    for octets in seen:
        equal(octets[:1], b'\x16', 'a handshake and nothing else')
        check(b'test-zone' not in octets, 'no name')
    try:
        plain.recv(4000)
        check(False, 'nothing by UDP')
    except TimeoutError:
        pass
    listener.close()
    check(tern.alive(), 'alive')


def test_bad_configurations():
    def errors(**forward):
        config = write_config({'forward-zones': [{'name': ZONE, 'addresses': ['192.0.2.1'], **forward}]})
        done = subprocess.run([harness.TERND, '-t', '-c', config], capture_output=True, text=True)
        check(done.returncode != 0, done.stderr)
        return done.stderr
    for forward, words in (
            ({'addresses': ['192.0.2.1#dns.test']}, ['addresses', 'transport: tls, https or quic only']),
            ({'pins': ['AAAA']}, ['pins', 'transport: tls, https or quic only']),
            ({'transport': 'tls', 'pins': ['AAAA']}, ['pins[0]', 'SHA-256']),
            ({'transport': 'tls', 'ca': '/nowhere.pem'}, ['.ca', '/nowhere.pem']),
            ({'transport': 'tls', 'crl': '/nowhere.pem'}, ['.crl', '/nowhere.pem']),
            ({'transport': 'tls', 'crl': f'{certificates()}/ca.pem'}, ['.crl', 'no list of revoked certificates']),
            ({'crl': '/x'}, ['.crl', 'transport: tls, https or quic only']),
            ({'transport': 'tls', 'certificate': '/c.pem'}, ['.key', 'both']),
            ({'transport': 'tls', 'certificate': '/c.pem', 'key': '/k.pem'}, ['/c.pem', '/k.pem']),
            ({'transport': 'tls', 'authentication': 'opportunistic', 'ca': '/x'}, ['opportunistic']),
            ({'transport': 'tls', 'addresses': ['192.0.2.1#a..b']}, ['addresses[0]', '#NAME'])):
        text = errors(**forward)
        for word in words:
            check(word in text, f'{forward}: {word}: {text}')


def server_folder():
    """A folder with pem and key for a server, and what writes files there."""
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o777)
    for name, path in zip(('pem', 'key'), certificate('right')):
        shutil.copy(path, f'{folder}/{name}')
        os.chmod(f'{folder}/{name}', 0o644)

    def write(name, text):
        with open(f'{folder}/{name}', 'w') as f:
            f.write(text)
        return f.name
    return folder, write


def peers():
    """unbound, kresd and named as servers over TLS of one zone of their own."""
    folder, write = server_folder()
    yield 'unbound', ['unbound', '-d', '-c', write('unbound.conf', f'''
server:
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: 127.0.0.1@8901
  tls-port: 8901
  tls-service-key: "{folder}/key"
  tls-service-pem: "{folder}/pem"
  local-zone: "{ZONE}." redirect
  local-data: "{ZONE}. 300 IN A 192.0.2.111"
remote-control:
  control-enable: no
''')], 8901
    yield 'kresd', ['kresd', '-n', '-c', write('kresd.conf', f'''
net.listen('127.0.0.1', 8902, {{ kind = 'tls' }})
net.tls("{folder}/pem", "{folder}/key")
modules.load('policy')
policy.add(policy.suffix(policy.ANSWER({{ [kres.type.A] = {{ rdata = kres.str2ip('192.0.2.111'), ttl = 300 }} }}), {{todname('{ZONE}.')}}))
'''), folder], 8902
    yield 'named', ['named', '-g', '-c', write('named.conf', f'''
options {{ directory "{folder}"; pid-file none; session-keyfile none; listen-on {{ none; }}; listen-on-v6 {{ none; }};
  listen-on port 8903 tls server {{ 127.0.0.1; }}; recursion yes; dnssec-validation no; managed-keys-directory "{folder}"; }};
tls server {{ cert-file "{folder}/pem"; key-file "{folder}/key"; }};
controls {{ }};
zone "{ZONE}" {{ type primary; file "{write('zone', f'$TTL 300{chr(10)}@ SOA a. b. 1 1 1 1 300{chr(10)}@ NS a.{chr(10)}* A 192.0.2.111{chr(10)}')}"; }};
''')], 8903


def https_peers():
    """named and dnsdist as servers by HTTPS."""
    folder, write = server_folder()
    yield 'named', ['named', '-g', '-c', write('named.conf', f'''
options {{ directory "{folder}"; pid-file none; session-keyfile none; listen-on {{ none; }}; listen-on-v6 {{ none; }};
  listen-on port 8913 tls server http local {{ 127.0.0.1; }}; recursion yes; dnssec-validation no; managed-keys-directory "{folder}"; }};
tls server {{ cert-file "{folder}/pem"; key-file "{folder}/key"; }};
http local {{ endpoints {{ "/some/path"; }}; }};
controls {{ }};
zone "{ZONE}" {{ type primary; file "{write('zone', f'$TTL 300{chr(10)}@ SOA a. b. 1 1 1 1 300{chr(10)}@ NS a.{chr(10)}* A 192.0.2.111{chr(10)}')}"; }};
''')], 8913
    yield 'dnsdist', ['dnsdist', '--supervised', '--disable-syslog', '-C', write('dnsdist.conf', f'''
addDOHLocal("127.0.0.1:8914", "{folder}/pem", "{folder}/key", "/some/path")
addAction(AllRule(), SpoofAction("192.0.2.111"))
''')], 8914


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
        return True
    return False


def test_real_servers():
    for name, argv, port in peers():
        ask_real(name, argv, port, zone(f'127.0.0.1@{port}#dns.corp.test', validate='off'))


def test_real_servers_by_https():
    for name, argv, port in https_peers():
        ask_real(name, argv, port, {**zone(f'127.0.0.1@{port}', validate='off'), 'transport': 'https',
                                    'url': f'https://dns.corp.test:{port}/some/path'})


def ask_real(name, argv, port, forward):
    with open(f'{LAB}/{name}.log', 'w') as log:
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
    try:
        end = time.monotonic() + scaled(20)
        while not listens(port):
            check(time.monotonic() < end and process.poll() is None, f'{name}: {open(f"{LAB}/{name}.log").read()[-500:]}')
            time.sleep(0.1)
        tern = start(**{'forward-zones': [forward]})
        for i in range(10):
            equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.111'], name)
        tern.stop()
    finally:
        process.terminate()
        process.wait()
