"""PROXY protocol: dnsdist in front, for whom it asks, and who else may not say so."""
import contextlib
import ipaddress
import os
import socket
import struct
import subprocess
import time

import dns.message

from harness import *
from test_https import asked, get
from test_tls import client_context, encrypted, framed, receive

PLAIN, TLS, HTTP = 5353, 8953, 8980
SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'


def header(client='192.0.2.7', port=4000, command=0x21, family=None, extra=b''):
    a = ipaddress.ip_address(client)
    kind = (0x12 if a.version == 4 else 0x22) if family is None else family
    to = b'\x7f\0\0\1' if a.version == 4 else b'\0' * 15 + b'\1'
    body = a.packed + to + struct.pack('!HH', port, 53) + extra
    return SIGNATURE + struct.pack('!BBH', command, kind, len(body)) + body


def proxied(proxies=('127.0.0.1',), **more):
    listen = [{'address': f'127.0.0.1@{port}', 'transport': transport, 'proxy-protocol': list(proxies)}
              for port, transport in ((PLAIN, 'dns'), (TLS, 'tls'), (HTTP, 'http'))]
    return encrypted(listen=listen, access={'allow': ['127.0.0.0/8', '192.0.2.0/24', '2001:db8::/32']},
                     views=[{'name': 'kids', 'clients': ['192.0.2.7', '2001:db8::7'],
                             'local-data': ['who.lan. 60 IN A 192.0.2.77']}],
                     **{'local-data': ['who.lan. 60 IN A 192.0.2.11'], **more})


QUERY = question('who.lan')


def by_udp(octets, source='127.0.0.1', timeout=1):
    with contextlib.closing(udp_socket(source=source)) as s:
        s.settimeout(timeout)
        s.sendto(octets, ('127.0.0.1', PLAIN))
        try:
            return dns.message.from_wire(s.recv(4096))
        except TimeoutError:
            return None


def by_tcp(octets, pieces=1, source='127.0.0.1'):
    with socket.create_connection(('127.0.0.1', PLAIN), timeout=3, source_address=(source, 0)) as s:
        step = max(1, len(octets) // pieces)
        for i in range(0, len(octets), step):
            s.sendall(octets[i:i + step])
        try:
            return receive(s)[0]
        except (EOFError, OSError):
            return None


def by_tls(head, query=QUERY):
    with socket.create_connection(('127.0.0.1', TLS), timeout=3) as plain:
        plain.sendall(head)
        with client_context().wrap_socket(plain, server_hostname='lists.lan') as s:
            s.sendall(framed(query))
            return receive(s)[0]


def by_http(head):
    with socket.create_connection(('127.0.0.1', HTTP), timeout=3) as s:
        s.sendall(head + get(f'/dns-query?dns={asked("who.lan")}', 'Connection: close'))
        octets = b''
        while more := s.recv(65536):
            octets += more
    return dns.message.from_wire(octets.partition(b'\r\n\r\n')[2])


def test_for_whom_it_asks():
    proxied()
    for client, wanted in (('192.0.2.7', '192.0.2.77'), ('192.0.2.8', '192.0.2.11'), ('2001:db8::7', '192.0.2.77')):
        head = header(client, extra=b'\x04\0\2xx')
        for answer in (by_udp(head + QUERY.to_wire()), by_tcp(head + framed(QUERY)), by_tls(head), by_http(head),
                       by_tcp(head + framed(QUERY), pieces=1000)):
            equal(data(answer), [wanted], client)
    # Who may not ask is told so, whoever the proxy is.
    for answer in (by_udp(header('203.0.113.9') + QUERY.to_wire()), by_tcp(header('203.0.113.9') + framed(QUERY))):
        equal(rcode(answer), 'REFUSED')
    # The proxy's own questions.
    for head in (header('192.0.2.7', command=0x20), SIGNATURE + b'\x20\0\0\0', SIGNATURE + b'\x21\0\0\0'):
        equal(data(by_udp(head + QUERY.to_wire())), ['192.0.2.11'])
        equal(data(by_tcp(head + framed(QUERY))), ['192.0.2.11'])


def test_misses_and_cookies_too():
    proxied()
    cookie = dns.edns.GenericOption(10, b'12345678')
    first = question('www.example.com', options=[cookie])
    answer = by_udp(header('192.0.2.8') + first.to_wire(), timeout=5)
    equal(data(answer), ['192.0.2.81'])

    # A cookie is the client's, whoever brings it: in the same second another client gets another one.
    def cookie_of(client):
        answer = by_udp(header(client) + first.to_wire())
        return next(o for o in answer.options if o.otype == 10).to_wire()
    for _ in range(20):
        ours, others, again = cookie_of('192.0.2.8'), cookie_of('192.0.2.9'), cookie_of('192.0.2.8')
        if ours[:16] == others[:16] == again[:16]:
            break
    equal((ours == again, ours == others), (True, False))


def test_nobody_else_and_nothing_without_it():
    tern = proxied()
    good = header() + QUERY.to_wire()
    check(by_udp(good, source='127.0.0.2', timeout=0.3) is None, 'from elsewhere')
    check(by_tcp(header() + framed(QUERY), source='127.0.0.2') is None, 'from elsewhere')
    for bad in (b'', header()[:12], SIGNATURE[:11], b'\0' * 16, header(command=0x22), header(command=0x11),
                SIGNATURE + b'\x21\x12\0\4' + b'1234', SIGNATURE + b'\x21\x12\xff\xff' + b'x' * 600, b'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'):
        check(by_udp(bad + QUERY.to_wire(), timeout=0.2) is None, f'UDP: {bad[:40]}')
        check(by_tcp(bad + framed(QUERY)) is None, f'TCP: {bad[:40]}')
    # Half a header holds a connection for some seconds only.
    with socket.create_connection(('127.0.0.1', PLAIN), timeout=scaled(8)) as s:
        s.sendall(header()[:20])
        equal(s.recv(1), b'')
    equal(data(by_udp(good)), ['192.0.2.77'])
    check(tern.alive(), 'alive')


def test_dnsdist_in_front():
    proxied()
    config = f'{LAB}/dnsdist.conf'
    with open(config, 'w') as f:
        f.write(f'''
setLocal("127.0.0.1:5454")
setACL({{"127.0.0.0/8"}})
newServer({{address="127.0.0.1:{PLAIN}", useProxyProtocol=true, checkName="www.example.com."}})
''')
    with open(f'{LAB}/dnsdist.log', 'w') as log:
        process = subprocess.Popen(['dnsdist', '--supervised', '--disable-syslog', '-C', config], stdout=log,
                                   stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
    try:
        end = time.monotonic() + scaled(15)
        while True:
            with contextlib.suppress(Exception):
                if data(ask('who.lan', port=5454, timeout=1)):
                    break
            check(time.monotonic() < end and process.poll() is None, open(f'{LAB}/dnsdist.log').read()[-1000:])
            time.sleep(0.2)
        for tcp in (False, True):
            equal(data(ask('who.lan', port=5454, tcp=tcp)), ['192.0.2.11'])
            equal(data(ask('www.example.com', port=5454, tcp=tcp)), ['192.0.2.81'])
    finally:
        process.terminate()
        process.wait()
