"""A certificate that tern makes for itself: whom it is for, how its key stays, and when it is made anew."""
import contextlib
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

import harness
from harness import *
from test_lists_url import certificates
from test_reload import start, ternctl
from test_tls import DOT, ask_on, until

DAY = 86400
NAME = 'tls-self-signed.pem'


def folder_of(user=None):
    folder = tempfile.mkdtemp(dir=LAB)
    os.chmod(folder, 0o755)
    if user:
        shutil.chown(folder, user)
    return folder


def self_signed(folder=None, env=None, server=None, tls=None, **more):
    server = {'workers': 1, 'listen': [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOT}', 'transport': 'tls'}], **(server or {})}
    return start(env={**(env or {}), 'STATE_DIRECTORY': folder or ''}, server=server, tls=tls or {'certificate': 'self-signed'}, **more)


def pins(tern):
    return re.findall(r'self-signed certificate of (\S+): pin (\S+)', tern.log_text())


def pin(tern, n=1):
    until(lambda: len(pins(tern)) >= n, f'the pin is not told: {tern.log_text()}')
    return pins(tern)[-1][1]


def shown(address='127.0.0.1'):
    """What openssl makes of the certificate."""
    pem = ssl.get_server_certificate((address, DOT))
    return subprocess.run(['openssl', 'x509', '-noout', '-text'], input=pem, capture_output=True, text=True, check=True).stdout


def serial(address='127.0.0.1'):
    return re.search(r'Serial Number:\s+(\S+)', shown(address)).group(1)


def test_whom_it_is_for():
    tern = self_signed(folder_of())
    text = shown()
    host = socket.gethostname().lower()
    for san in (f'DNS:{host}', 'DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'):
        check(san in text, f'{san} is not in {text}')
    check('ASN1 OID: prime256v1' in text and 'CA:FALSE' in text and 'TLS Web Server Authentication' in text, text)
    pin(tern)
    equal(pins(tern)[0][0], host)
    # Who trusts just this certificate finds the name in it that it asked.
    with open(f'{LAB}/own.pem', 'w') as f:
        f.write(ssl.get_server_certificate(('127.0.0.1', DOT)))
    context = ssl.create_default_context(cafile=f'{LAB}/own.pem')
    for name in ('localhost', '127.0.0.1', host):
        with socket.create_connection(('127.0.0.1', DOT)) as plain, context.wrap_socket(plain, server_hostname=name) as s:
            equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])


def test_clients_with_the_pin():
    tern = self_signed(folder_of())
    told = pin(tern)
    # As openssl computes it.
    pem = ssl.get_server_certificate(('127.0.0.1', DOT))
    done = subprocess.run('openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64',
                          shell=True, input=pem, capture_output=True, text=True)
    equal(done.stdout.strip(), told)
    for wanted, works in ((told, True), ('A' * 43 + '=', False)):
        out = subprocess.run(['kdig', '@127.0.0.1', '-p', str(DOT), f'+tls-pin={wanted}', '+retry=0', 'www.example.com'],
                             capture_output=True, text=True, timeout=20).stdout
        equal('192.0.2.81' in out, works, out)


def stubby(told):
    config = f'{LAB}/stubby.yml'
    with open(config, 'w') as f:
        f.write('resolution_type: GETDNS_RESOLUTION_STUB\ndns_transport_list:\n  - GETDNS_TRANSPORT_TLS\n'
                'tls_authentication: GETDNS_AUTHENTICATION_REQUIRED\nlisten_addresses:\n  - 127.0.0.1@5399\n'
                f'upstream_recursive_servers:\n  - address_data: 127.0.0.1\n    tls_port: {DOT}\n'
                f'    tls_pubkey_pinset:\n      - digest: "sha256"\n        value: {told}\n')
    process = subprocess.Popen(['stubby', '-C', config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               preexec_fn=harness.die_with_parent)
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', 5399), timeout=1):
            break
        time.sleep(0.05)
    return process


def test_stubby_with_the_pin():
    tern = self_signed(folder_of())
    for told, code in ((pin(tern), 'NOERROR'), ('A' * 43 + '=', 'SERVFAIL')):
        process = stubby(told)
        try:
            answer = ask('www.example.com', port=5399)
            equal(rcode(answer), code)
            if code == 'NOERROR':
                equal(data(answer), ['192.0.2.81'])
        finally:
            harness.end_gently(process)


def test_another_tern_with_the_pin():
    """A forward zone's pins take what the log tells."""
    tern = self_signed(folder_of())
    told = pin(tern)
    for wanted, code in ((told, 'NOERROR'), ('A' * 43 + '=', 'SERVFAIL')):
        other = start(server={'listen': ['127.0.0.2@5300']}, control={'socket': f'{LAB}/other.sock'}, dnssec={'validation': 'off'},
                      **{'forward-zones': [{'name': '.', 'addresses': [f'127.0.0.1@{DOT}'], 'transport': 'tls', 'pins': [wanted]}]})
        expect(ask('www.example.com', server='127.0.0.2', timeout=10), code)
        other.stop()


def test_the_key_stays_over_restarts():
    folder = folder_of()
    path = f'{folder}/{NAME}'
    tern = self_signed(folder)
    first, number = pin(tern), serial()
    equal(os.stat(path).st_mode & 0o777, 0o600)
    equal(os.listdir(folder).count(f'{NAME}.old'), 0, 'nothing else has the key')
    ternctl('reload')
    equal(serial(), number)
    equal(len(pins(tern)), 1, 'told once')
    tern.stop()
    tern = self_signed(folder)
    equal((pin(tern), serial()), (first, number))
    tern.stop()
    # What is broken is told, and made anew.
    for broken in ('', 'nothing\n', open(path).read()[:300]):
        with open(path, 'w') as f:
            f.write(broken)
        tern = self_signed(folder)
        check(pin(tern) != first, 'the same key')
        check(f'{path}: no key of P-256' in tern.log_text(), tern.log_text())
        check(tern.alive())
        tern.stop()
    # Who has a key of another kind doesn't know that it is here.
    shutil.copy(f'{certificates()}/good.key', path)
    tern = self_signed(folder)
    check(f'{path}: no key of P-256' in tern.log_text(), tern.log_text())


def test_it_is_the_users_own():
    folder = folder_of('nobody')
    path = f'{folder}/{NAME}'
    tern = self_signed(folder, server={'user': 'nobody'}, control={'socket': ''})
    first = pin(tern)
    equal(os.stat(path).st_uid, pwd.getpwnam('nobody').pw_uid)
    equal(os.stat(path).st_mode & 0o777, 0o600)
    tern.stop()
    # The user itself can read it.
    done = subprocess.run(['setpriv', '--reuid', 'nobody', '--clear-groups', 'head', '-c', '10', path], capture_output=True, text=True)
    equal(done.stdout, '-----BEGIN')
    tern = self_signed(folder, server={'user': 'nobody'}, control={'socket': ''})
    equal(pin(tern), first)


def test_without_a_state_folder():
    tern = self_signed()
    first = pin(tern)
    ternctl('reload')
    equal(len(pins(tern)), 1, 'the key stays as long as the process')
    tern.stop()
    check(pin(self_signed()) != first, 'the same key')


def test_it_is_made_anew_in_time():
    clock = Clock(0)
    folder = folder_of()
    tern = self_signed(folder, env=clock.env)
    first, number = pin(tern), serial()
    clock.set(360 * DAY)
    time.sleep(1)
    equal(serial(), number, 'too early')
    clock.set(368 * DAY)
    until(lambda: serial() != number, 'it is not made anew', 15)
    equal(pins(tern), [pins(tern)[0]], 'the same key')
    number = serial()
    tern.stop()
    tern = self_signed(folder, env=clock.env)
    equal((pin(tern), serial()), (first, number), 'the new one was kept')
    # A clock that was wrong: what it made is not valid yet.
    tern.stop()
    clock.set(0)
    tern = self_signed(folder, env=clock.env)
    check(serial() != number, 'valid in a year only')
    equal(pin(tern), first)


def ip(*args):
    subprocess.run(['ip', *args], check=True)


def ip_addresses():
    out = subprocess.run(['ip', '-4', 'addr', 'show', 'dev', 'lo'], capture_output=True, text=True, check=True).stdout
    return re.findall(r'inet (198\.51\.100\.7[78])/32', out)


def test_addresses_that_come_and_go():
    ip('addr', 'add', '198.51.100.77/32', 'dev', 'lo')
    try:
        tern = self_signed(folder_of(), server={'listen': [f'127.0.0.1@{PORT}', {'address': f'0.0.0.0@{DOT}', 'transport': 'tls'}]})
        first = pin(tern)
        check('IP Address:198.51.100.77' in shown(), shown())
        ip('addr', 'add', '198.51.100.78/32', 'dev', 'lo')
        until(lambda: 'IP Address:198.51.100.78' in shown(), 'the new address is not in it', 15)
        ip('addr', 'del', '198.51.100.77/32', 'dev', 'lo')
        until(lambda: 'IP Address:198.51.100.77' not in shown(), 'the old address is in it', 15)
        equal([p for _, p in pins(tern)], [first])
        check(tern.alive())
    finally:
        for address in ip_addresses():
            ip('addr', 'del', f'{address}/32', 'dev', 'lo')


def test_what_is_refused():
    base = {'server': {'listen': [{'address': f'127.0.0.1@{DOT}', 'transport': 'tls'}]}}

    def refused(tls, env=None):
        out = subprocess.run([harness.TERND, '-t', '-c', write_config({**base, 'tls': tls})], capture_output=True, text=True,
                             env={**os.environ, **(env or {})})
        return out.returncode, out.stderr
    code, err = refused({'certificate': 'self-signed', 'key': '/tmp/key.pem'})
    check(code != 0 and 'tls.key: a self-signed certificate has a key of its own' in err, err)
    # A look at the configuration leaves nothing behind.
    folder = folder_of()
    code, err = refused({'certificate': 'self-signed'}, {'STATE_DIRECTORY': folder})
    equal((code, os.listdir(folder)), (0, []), err)
    # What can't be read is no reason for another key.
    os.mkdir(f'{folder}/{NAME}')
    code, err = refused({'certificate': 'self-signed'}, {'STATE_DIRECTORY': folder})
    check(code != 0 and f'{folder}/{NAME}: ' in err, err)


def test_more_certificates_beside_it():
    folder = folder_of()
    pair = {'certificate': f'{certificates()}/good.pem', 'key': f'{certificates()}/good.key'}
    self_signed(folder, tls={'certificate': 'self-signed', 'certificates': [pair]})
    context = ssl.create_default_context(cafile=f'{certificates()}/ca.pem')
    with socket.create_connection(('127.0.0.1', DOT)) as plain, context.wrap_socket(plain, server_hostname='lists.lan') as s:
        equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
    check('Issuer: CN = ' + socket.gethostname().lower() in shown(), shown())
