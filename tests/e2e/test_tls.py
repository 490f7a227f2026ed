"""DNS over TLS to clients: real clients, resumption, padding, certificates that change, and who doesn't play by the rules."""
import contextlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import time

import dns.edns
import dns.message

import harness
from harness import *
from test_lists_url import certificates
from test_reload import start, ternctl

DOT = 8853


def install(name, folder):
    """The lab's certificate, or another one, as what the daemon reads: renamed over what was there."""
    for kind in ('pem', 'key'):
        shutil.copy(f'{certificates()}/{name}.{kind}', f'{folder}/{kind}.new')
        os.chmod(f'{folder}/{kind}.new', 0o644)
        os.rename(f'{folder}/{kind}.new', f'{folder}/cert.{kind}')


def encrypted(workers=2, listen=(), **more):
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o755)
    install('good', folder)
    tern = start(server={'workers': workers, 'listen': [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOT}', 'transport': 'tls'}, *listen]},
                 tls={'certificate': f'{folder}/cert.pem', 'key': f'{folder}/cert.key'}, **more)
    tern.folder = folder
    return tern


def client_context(name='ca', **kinds):
    context = ssl.create_default_context(cafile=f'{certificates()}/{name}.pem')
    for key, value in kinds.items():
        setattr(context, key, value)
    return context


@contextlib.contextmanager
def connected(context=None, session=None, host='lists.lan', timeout=5, source='127.0.0.1'):
    with socket.create_connection(('127.0.0.1', DOT), timeout=timeout, source_address=(source, 0)) as plain:
        with (context or client_context()).wrap_socket(plain, server_hostname=host, session=session) as s:
            yield s


def framed(*queries):
    return b''.join(struct.pack('!H', len(q)) + q for q in (query.to_wire() for query in queries))


def receive(s):
    def exactly(n):
        octets = b''
        while len(octets) < n:
            more = s.recv(n - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets
    octets = exactly(struct.unpack('!H', exactly(2))[0])
    return dns.message.from_wire(octets), len(octets)


def ask_on(s, name, **flags):
    s.sendall(framed(question(name, **flags)))
    return receive(s)


def kdig(*args):
    return subprocess.run(['kdig', '@127.0.0.1', '-p', str(DOT), f'+tls-ca={certificates()}/ca.pem',
                           '+tls-host=lists.lan', *args], capture_output=True, text=True, timeout=20).stdout


def test_real_clients():
    encrypted()
    out = kdig('www.example.com')
    check('192.0.2.81' in out and 'TLS1.3' in out, out)
    with open(f'{LAB}/questions', 'w') as f:
        f.write('www.example.com A\n' * 20)
    out = subprocess.run(['dnsperf', '-m', 'dot', '-s', '127.0.0.1', '-p', str(DOT), '-n', '50', '-c', '4', '-d', f'{LAB}/questions'],
                         capture_output=True, text=True, timeout=60).stdout
    check('Queries lost:         0' in out and 'NOERROR 1000' in out, out)


def test_both_versions_and_no_older_one():
    encrypted()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client_context(minimum_version=version, maximum_version=version)
        with connected(context) as s:
            equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'], s.version())
    old = client_context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers('ALL:@SECLEVEL=0')
    try:
        with connected(old):
            check(False, 'TLS 1.1 is spoken')
    except (ssl.SSLError, ConnectionError):
        pass


def test_pipelined_and_out_of_order():
    encrypted()
    ask('www.example.com')
    with connected() as s:
        names = [f'n{i}.example.com' for i in range(40)] + ['www.example.com']
        queries = {q.id: q for q in (question(name) for name in names)}
        s.sendall(framed(*queries.values()))
        got = [receive(s)[0] for _ in queries]
        equal(sorted(a.id for a in got), sorted(queries), 'answers')
        for a in got:
            equal(a.question, queries[a.id].question)


def test_octet_by_octet():
    encrypted()
    with connected() as s:
        for octet in framed(question('www.example.com')):
            s.sendall(bytes([octet]))
        equal(data(receive(s)[0]), ['192.0.2.81'])
        # Two and a half messages in one record, and the rest.
        octets = framed(*[question('www.example.com') for _ in range(3)])
        s.sendall(octets[:-10])
        equal([data(receive(s)[0]) for _ in range(2)], [['192.0.2.81']] * 2)
        s.sendall(octets[-10:])
        equal(data(receive(s)[0]), ['192.0.2.81'])


def test_a_large_answer():
    encrypted()
    with connected() as s:
        answer, length = ask_on(s, 'big20000.example.com', rtype='TXT')
        at_least(length, 4000, 'octets')
        equal(rcode(answer), 'NOERROR')


def test_padding():
    encrypted()
    padded = dns.edns.GenericOption(dns.edns.OptionType.PADDING, b'\0' * 20)
    for name, options in (('www.example.com', ()), ('www.example.com', [dns.edns.GenericOption(3, b'')]),
                          ('nothing.example.com', [dns.edns.GenericOption(10, b'12345678')])):
        for _ in range(2):           # made anew, and kept rendered
            with connected() as s:
                answer, length = ask_on(s, name, options=[*options, padded])
                equal(length % 468, 0, 'octets over a multiple of 468')
                check(any(o.otype == dns.edns.OptionType.PADDING for o in answer.options), 'padding')
                # Who does not ask for it gets none.
                answer, length = ask_on(s, name)
                check(length % 468 and not any(o.otype == 12 for o in answer.options), 'no padding')
    # By TCP everybody can read.
    answer = ask('www.example.com', tcp=True, options=[padded])
    check(not any(o.otype == 12 for o in answer.options), 'no padding by TCP')


def test_resumption():
    tern = encrypted()
    context = client_context(maximum_version=ssl.TLSVersion.TLSv1_2)
    for limit in (context, client_context()):
        with connected(limit) as s:
            ask_on(s, 'www.example.com')
            session = s.session
        # Whichever worker gets the connection.
        for _ in range(8):
            with connected(limit, session) as s:
                equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
                check(s.session_reused, 'resumed')
        # A reload, and another certificate, take nothing of that away.
        install('good', tern.folder)
        ternctl('reload')
        with connected(limit, session) as s:
            ask_on(s, 'www.example.com')
            check(s.session_reused, 'resumed after a reload')


def test_another_application_protocol_is_refused():
    encrypted()
    context = client_context()
    context.set_alpn_protocols(['h2'])
    try:
        with connected(context):
            check(False, 'h2 is spoken')
    except ssl.SSLError as error:
        check('ALERT' in str(error).upper(), str(error))
    context.set_alpn_protocols(['h2', 'dot'])
    with connected(context) as s:
        equal(s.selected_alpn_protocol(), 'dot')


def test_garbage_and_plain_dns_harm_nobody():
    tern = encrypted()
    for octets in (b'', b'\0', os.urandom(2000), framed(question('www.example.com')), b'\x16\x03\x01\xff\xff' + b'\0' * 20000):
        with socket.create_connection(('127.0.0.1', DOT), timeout=5) as s:
            with contextlib.suppress(OSError):
                s.sendall(octets)
                s.shutdown(socket.SHUT_WR)
                while s.recv(4096):
                    pass
    with connected() as s:
        # What is no record ends the connection, and only this one.
        with contextlib.suppress(ConnectionError):
            os.write(s.fileno(), os.urandom(500))
            s.settimeout(5)
            with contextlib.suppress(ssl.SSLError):
                equal(s.recv(100), b'')
    with connected() as s:
        equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
    check(tern.alive(), 'alive')


def test_it_is_closed_properly():
    encrypted()
    with connected() as s:
        ask_on(s, 'www.example.com')
        # Half-closed: what was asked is answered before the end.
        s.sendall(framed(question('mail.example.com')))
        equal(len(receive(s)[0].question), 1)


def until(condition, what, seconds=5):
    end = time.monotonic() + scaled(seconds)
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.05)


def test_a_certificate_that_changes():
    tern = encrypted()

    def serial():
        with connected() as s:
            return s.getpeercert()['serialNumber']
    first = serial()
    with connected() as old:
        ask_on(old, 'www.example.com')
        subprocess.run(['openssl', 'x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', '77',
                        '-extfile', 'good.ext', '-out', 'next.pem', '-days', '30'], check=True, cwd=certificates(),
                       capture_output=True)
        shutil.copy(f'{certificates()}/good.key', f'{certificates()}/next.key')
        install('next', tern.folder)
        until(lambda: serial() == '4D', 'the new certificate is shown')
        # Who is connected stays.
        equal(data(ask_on(old, 'www.example.com')[0]), ['192.0.2.81'])
    check(first != '4D', 'another one before')
    # What is broken changes nothing, and is told with file and reason.
    for broken in ('', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'):
        with open(f'{tern.folder}/new', 'w') as f:
            f.write(broken)
        os.rename(f'{tern.folder}/new', f'{tern.folder}/cert.pem')
        before = tern.log_text().count('not read again')
        until(lambda: tern.log_text().count('not read again') > before, 'an error is logged', 20)
        check(f'{tern.folder}/cert.pem' in tern.log_text(), tern.log_text())
        equal(serial(), '4D', 'serial')
    # A key of another certificate.
    install('good', tern.folder)
    subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', f'{tern.folder}/new'], check=True,
                   capture_output=True)
    os.chmod(f'{tern.folder}/new', 0o644)
    before = tern.log_text().count('do not match')
    os.rename(f'{tern.folder}/new', f'{tern.folder}/cert.key')
    until(lambda: tern.log_text().count('do not match') > before, 'a key that does not fit is told', 20)
    out = ternctl('reload', code=1)
    check('tls.certificate' in out and 'do not match' in out, out)
    equal(data(ask('www.example.com')), ['192.0.2.81'])


def test_without_a_certificate_it_does_not_start():
    config = write_config({'server': {'listen': [{'address': '127.0.0.1@8853', 'transport': 'tls'}]}})
    out = subprocess.run([harness.TERND, '-t', '-c', config], capture_output=True, text=True)
    check(out.returncode != 0 and 'server.listen[0].transport: needs tls.certificate and tls.key' in out.stderr, out.stderr)
