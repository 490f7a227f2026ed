"""What is told of encrypted transports: ternctl stats and status, and warnings of certificates that end."""
import contextlib
import json
import socket
import ssl
import subprocess
import time

from harness import *
from test_https import HTTP, HTTPS, asked, curl, https
from test_lists_url import certificates
from test_reload import start, ternctl
from test_tls import DOT, ask_on, client_context, connected, encrypted, install, until

DAY = 86400


def stats():
    return json.loads(ternctl('--json', 'stats'))


def difference(section, before, *names):
    now = stats()[section]
    return [now[name] - before[section][name] for name in names]


def test_questions_by_transport():
    https()
    before = stats()
    ask('www.example.com')
    ask('www.example.com', tcp=True)
    with connected() as s:
        for _ in range(3):
            ask_on(s, 'www.example.com')
    for version in ('--http2', '--http1.1'):
        equal(curl(f'/dns-query?dns={asked()}', version=version)[0], 200)
    equal(curl(f'/dns-query?dns={asked()}', version='--http1.1', secure=False)[0], 200)
    equal(curl('/elsewhere')[0], 404)
    until(lambda: difference('http', before, 'requests') == [4], str(stats()['http']))
    equal(difference('queries', before, 'udp', 'tcp', 'tls', 'https'), [1, 7, 3, 3])
    equal(difference('http', before, 'requests', 'errors', 'abuses'), [4, 1, 0])
    equal(difference('tls', before, 'handshakes', 'resumed', 'failed'), [4, 0, 0])
    text = ternctl('stats')
    for line in ('queries.https', 'tls.handshakes', 'http.abuses', 'upstream.tls'):
        check(line in text, text)


def test_handshakes():
    encrypted()
    before = stats()
    context = client_context()
    with connected(context) as s:
        ask_on(s, 'www.example.com')
        session = s.session
    with connected(context, session) as s:
        ask_on(s, 'www.example.com')
    with contextlib.suppress(ssl.SSLError), connected(ssl.create_default_context()):
        check(False, 'who does not know the CA goes on')
    with socket.create_connection(('127.0.0.1', DOT)) as plain:
        plain.sendall(b'GET / HTTP/1.0\r\n\r\n')
        plain.recv(100)
    until(lambda: difference('tls', before, 'handshakes', 'resumed') == [2, 1], str(stats()['tls']))
    until(lambda: difference('tls', before, 'failed') == [2], str(stats()['tls']))


def test_questions_to_servers():
    tern = https()
    zone = {'name': '.', 'addresses': [f'127.0.0.1@{DOT}#lists.lan'], 'transport': 'tls', 'ca': f'{certificates()}/ca.pem'}
    for transport, port in (('tls', DOT), ('https', HTTPS)):
        zone.update(transport=transport, addresses=[f'127.0.0.1@{port}#lists.lan'])
        path = f'{LAB}/other.sock'
        other = start(server={'listen': ['127.0.0.2@5300']}, control={'socket': path}, dnssec={'validation': 'off'},
                      **{'forward-zones': [zone]})
        expect(ask('www.example.com', server='127.0.0.2', timeout=10), 'NOERROR', ['192.0.2.81'])
        told = json.loads(ternctl('--json', 'stats', path=path))
        upstream = told['upstream']
        equal((upstream['tls'] > 0, upstream['https'] > 0), (transport == 'tls', transport == 'https'), str(upstream))
        equal(upstream['tcp'], upstream['tls'] + upstream['https'])
        equal(told['tls']['upstream_failed'], 0)
        at_least(told['tls']['upstream_handshakes'], 1, 'handshakes')
        other.stop()
    check(tern.alive())


def days_of(folder, days):
    """The lab's key with a certificate that ends in so many days, put in place."""
    name = f'days{days}'
    subprocess.run(['openssl', 'x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', str(100 + days),
                    '-extfile', 'good.ext', '-out', f'{name}.pem', '-days', str(days)], check=True, cwd=certificates(), capture_output=True)
    subprocess.run(['cp', 'good.key', f'{name}.key'], check=True, cwd=certificates())
    install(name, folder)


def status():
    return json.loads(ternctl('--json', 'status'))


def test_status_and_warnings():
    clock = Clock(0)
    tern = encrypted(env=clock.env)
    days_of(tern.folder, 60)
    until(lambda: status()['certificates'][0]['days'] in (59, 60), str(status()))
    told = status()['certificates']
    pin = subprocess.run(f'openssl x509 -in {certificates()}/good.pem -pubkey -noout | openssl pkey -pubin -outform der | '
                         'openssl dgst -sha256 -binary | base64', shell=True, capture_output=True, text=True).stdout.strip()
    equal((len(told), told[0]['name'], told[0]['pin']), (1, 'www.example.com', pin))
    check(f'www.example.com {told[0]["days"]} {pin}' in ternctl('status'), ternctl('status'))

    def warnings():
        return tern.log_text().count('certificate of www.example.com ends in')
    equal(warnings(), 0)
    for ahead, wanted in ((45, 0), (47, 1), (47.5, 1), (48.1, 2)):
        clock.set(int(ahead * DAY))
        until(lambda: warnings() >= wanted, f'no warning on day {ahead}: {tern.log_text()}')
        time.sleep(0.6)
        equal(warnings(), wanted, f'day {ahead}')
    clock.set(61 * DAY)
    until(lambda: 'certificate of www.example.com has ended' in tern.log_text(), tern.log_text())
    at_most(status()['certificates'][0]['days'], 0, 'days')


def test_without_certificates_nothing_is_told():
    start()
    check('certificates' not in status(), str(status()))
