"""PROXY protocol: headers in pieces, huge ones and nothing else, and limits that are the inner client's."""
import contextlib
import socket
import time

from harness import *
from test_proxy import PLAIN, QUERY, TLS, by_tcp, by_udp, header, proxied
from test_tls import client_context, framed, receive


def test_a_header_in_pieces_before_a_handshake():
    tern = proxied()
    head = header('192.0.2.7', extra=b'\x04\0\2xx')
    for pieces in (2, 5, len(head)):
        with socket.create_connection(('127.0.0.1', TLS), timeout=3) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            step = -(-len(head) // pieces)
            for i in range(0, len(head), step):
                plain.sendall(head[i:i + step])
                time.sleep(0.005)
            with client_context().wrap_socket(plain, server_hostname='lists.lan') as s:
                s.sendall(framed(QUERY))
                equal(data(receive(s)[0]), ['192.0.2.77'])
    # Half a header, and silence: five seconds at most.
    began = time.monotonic()
    with socket.create_connection(('127.0.0.1', TLS), timeout=scaled(8)) as plain:
        plain.sendall(head[:20])
        with contextlib.suppress(ConnectionError):
            equal(plain.recv(10), b'')
    at_most(time.monotonic() - began, scaled(7), 'seconds')
    check(tern.alive(), 'alive')


def test_huge_ones_and_nothing_else():
    tern = proxied()
    # As long as there may be one, and longer.
    equal(data(by_tcp(header('192.0.2.7', extra=b'\x04\x01\xf9' + b'x' * 505) + framed(QUERY))), ['192.0.2.77'])
    equal(data(by_udp(header('192.0.2.7', extra=b'\x04\x01\xf9' + b'x' * 505) + QUERY.to_wire())), ['192.0.2.77'])
    for extra in (b'x' * 600, b'x' * 60000):
        equal(by_tcp(header('192.0.2.7', extra=extra) + framed(QUERY)), None)
    equal(by_udp(header('192.0.2.7', extra=b'x' * 600) + QUERY.to_wire(), timeout=0.3), None)
    for octets in (header('192.0.2.7'), header('192.0.2.7') + b'\0', header('192.0.2.7')[:20], b''):
        equal(by_udp(octets, timeout=0.3), None, f'{len(octets)} octets')
    check(tern.alive(), 'alive')


def test_whoever_it_is_for():
    """Addresses that no client has are as any other: what may ask is answered, to the proxy, and nothing else is sent."""
    tern = proxied()
    for client, wanted in (('0.0.0.0', 'REFUSED'), ('255.255.255.255', 'REFUSED'), ('224.0.0.1', 'REFUSED'), ('ff02::1', 'REFUSED'),
                           ('::', 'REFUSED'), ('127.0.0.1', 'NOERROR'), ('192.0.2.8', 'NOERROR')):
        for answer in (by_udp(header(client) + QUERY.to_wire()), by_tcp(header(client) + framed(QUERY))):
            equal(answer and rcode(answer), wanted, client)
    check(tern.alive(), 'alive')


def test_limits_are_the_inner_clients():
    proxied(**{'rate-limits': {'client-rate': 20, 'client-slip': 0}})

    def answered(client, n):
        with contextlib.closing(udp_socket()) as s:
            s.settimeout(0.3)
            for _ in range(n):
                s.sendto(header(client) + question('who.lan').to_wire(), ('127.0.0.1', PLAIN))
            got = 0
            with contextlib.suppress(TimeoutError):
                while got < n:
                    s.recv(4096)
                    got += 1
            return got
    at_most(answered('192.0.2.8', 200), 100, 'answers to one that asks too much')
    equal(answered('192.0.2.99', 5), 5, 'answers to another one behind the same proxy')
