"""DNS over HTTPS under attack: bombs, floods of cheap frames, slow ones, forms of smuggling, and who speaks for whom."""
import contextlib
import socket
import struct
import threading
import time

import dns.message

from harness import *
from test_https import (CONTINUATION, DATA, GOAWAY, HEADERS, HTTP, HTTPS, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, Two, asked,
                        cpu_beside, frame, get, https, kinds, literal, request, talk)
from test_proxy import header, proxied
from test_tls import client_context

PRIORITY = 2


def serves(tern):
    """Others are served as ever, by every way."""
    resolves('www.example.com', '192.0.2.81')
    check(b'HTTP/1.1 200' in talk(get(f'/dns-query?dns={asked()}')), 'HTTP/1.1')
    with Two() as two:
        two.send(request(1))
        check((DATA, 1) in [(f[0], f[2]) for f in two.frames(0.5) if f], 'HTTP/2')
    check(tern.alive(), 'alive')


HEAD = literal(b':method', b'GET') + literal(b':scheme', b'http') + literal(b':authority', b'x') + literal(b':path', b'/dns-query')
POST = literal(b':method', b'POST') + literal(b':scheme', b'http') + literal(b':authority', b'x') + \
    literal(b':path', b'/dns-query') + literal(b'content-type', b'application/dns-message')


def indexed(name, value):
    """Kept in the table of the compression, to be named by one octet."""
    assert len(name) < 127
    n, rest = len(value) - 127, b''
    while n >= 128:
        rest += bytes([n % 128 + 128])
        n //= 128
    return b'\x40' + bytes([len(name)]) + name + b'\x7f' + rest + bytes([n]) + value


def test_bombs_of_headers():
    """One octet that means four thousand, sixteen thousand times."""
    tern = https()
    serves(tern)
    before, cpu = tern.memory(), tern.cpu_s()
    with Two() as two:
        two.send(frame(HEADERS, 5, 1, HEAD + indexed(b'x', b'y' * 3900)))
        for i in range(1, 60):
            two.send(frame(HEADERS, 5, 2 * i + 1, HEAD + b'\xbe' * 16000))
        got = two.frames(2)
        check(not any(f and f[0] == DATA and f[3][2:4] == b'\x81\x80' for f in got), 'nothing is answered')
    at_most(tern.memory() - before, 8 << 20, 'octets')
    at_most(tern.cpu_s() - cpu, scaled(1), 'CPU seconds')
    serves(tern)


def test_cheap_frames():
    tern = https()
    serves(tern)
    floods = {
        'PRIORITY': frame(PRIORITY, 0, 1, b'\0\0\0\0\x10') * 500,
        'PRIORITY of many streams': b''.join(frame(PRIORITY, 0, 2 * i + 1, b'\0\0\0\0\x10') for i in range(500)),
        'WINDOW_UPDATE': frame(WINDOW_UPDATE, 0, 0, b'\0\0\0\1') * 500,
        'unknown frames': frame(77, 0, 0, b'') * 500,
        'empty DATA': frame(DATA, 0, 1) * 500,
        'empty CONTINUATION': frame(CONTINUATION, 0, 1) * 500,
    }
    for what, octets in floods.items():
        cpu, began = tern.cpu_s(), time.monotonic()
        with Two() as two:
            two.send(frame(HEADERS, 0 if 'CONT' in what else 4, 1, POST))
            while time.monotonic() - began < 1:
                two.send(octets)
            two.frames(0.1)
            resolves('www.example.com', '192.0.2.81')
        at_most(tern.cpu_s() - cpu, scaled(1.5), f'{what}: CPU seconds')
        time.sleep(0.2)
    serves(tern)


def test_what_is_against_the_rules_ends_the_connection():
    tern = https()
    wire = question('www.example.com').to_wire()
    cases = {
        'DATA behind the end': request(1) + frame(DATA, 0, 1, b'x') * 300,
        'a window that overflows': frame(WINDOW_UPDATE, 0, 0, b'\x7f\xff\xff\xff'),
        'a window of nothing': frame(WINDOW_UPDATE, 0, 0, b'\0\0\0\0'),
        'a stream of ours': frame(HEADERS, 5, 2, HEAD),
        'too long a frame': b'\0\x40\x01' + b'\0' * 6 + b'x' * 16385,
        'SETTINGS of odd length': frame(SETTINGS, 0, 0, b'12345'),
        'frames between HEADERS and CONTINUATION': frame(HEADERS, 1, 1, HEAD) + frame(DATA, 1, 1, wire),
        'an index of nothing': frame(HEADERS, 5, 1, b'\xff\xff\xff\x0f'),
        'a huge table': frame(HEADERS, 5, 1, b'\x3f\xff\xff\xff\x0f' + HEAD),
        'a push promise': frame(5, 4, 1, b'\0\0\0\2' + HEAD),
    }
    for what, octets in cases.items():
        with Two() as two:
            two.send(octets)
            check(None in two.frames(3), f'{what}: it ends')
    # Of one stream only.
    for what, block in (('a length that is none', POST + literal(b'content-length', b'5')), ('capitals', HEAD + literal(b'Xy', b'z')),
                        ('a header of the connection', HEAD + literal(b'connection', b'close')), ('no path', literal(b':method', b'GET'))):
        with Two() as two:
            two.send(frame(HEADERS, 5, 1, block) + request(3))
            got = [(f[0], f[2]) for f in two.frames(1) if f]
            check((RST_STREAM, 1) in got and (DATA, 3) in got, f'{what}: {got}')
    serves(tern)


def test_late_answers_to_streams_that_are_gone():
    """A hundred at once, reset while their answers are looked for, by three connections; others on the same ones get theirs."""
    tern = https()
    serves(tern)
    setting('slow.evil', delay=0.3)
    for round in range(3):
        with Two() as one, Two() as other, Two() as third:
            for n, two in enumerate((one, other, third)):
                two.send(b''.join(request(2 * i + 1, f'/dns-query?dns={asked(f"r{round}-{n}-{i}.slow.evil")}') for i in range(60)))
                two.send(b''.join(frame(RST_STREAM, 0, 2 * i + 1, b'\0\0\0\x08') for i in range(0, 60, 2)))
            third.s.close()
            for two in (one, other):
                got, end = set(), time.monotonic() + scaled(5)
                while len(got) < 30 and time.monotonic() < end:
                    got |= {f[2] for f in two.frames(0.2) if f and f[0] == DATA}
                equal(got, {2 * i + 1 for i in range(1, 60, 2)}, 'streams answered')
    serves(tern)


def test_get_and_post_mixed():
    tern = https()
    wire = question('www.example.com').to_wire()
    with Two() as two:
        for i in range(30):
            two.send(request(4 * i + 1) + frame(HEADERS, 4, 4 * i + 3, POST) + frame(DATA, 0, 4 * i + 3, wire[:7]) +
                     frame(DATA, 0, 4 * i + 3) + frame(DATA, 1, 4 * i + 3, wire[7:]))
        got = [f[2] for f in two.frames(1.5) if f and f[0] == DATA]
        equal(sorted(got), [2 * i + 1 for i in range(60)])
    serves(tern)


def test_slow_ones():
    """A body, a line, a chunk, octet by octet: five seconds, and it is over."""
    https()
    slow = [b'POST /dns-query HTTP/1.1\r\nContent-Type: application/dns-message\r\nContent-Length: 500\r\n\r\n', b'GET /dns-query?dns=',
            b'POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;']
    ends = {}

    def crawl(start):
        with socket.create_connection(('127.0.0.1', HTTP), timeout=0.5) as s:
            began = time.monotonic()
            with contextlib.suppress(OSError):
                s.sendall(start)
                for _ in range(24):
                    s.sendall(b'a')
                    with contextlib.suppress(TimeoutError):
                        if not s.recv(100):
                            break
            ends[start] = time.monotonic() - began
    threads = [threading.Thread(target=crawl, args=(x,)) for x in slow]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for start in slow:
        at_most(ends[start], scaled(7), f'seconds: {start[:30]}')


def test_thousands_in_a_row():
    https()
    n = 2000
    octets = get(f'/dns-query?dns={asked()}') * n
    with socket.create_connection(('127.0.0.1', HTTP), timeout=10) as s:
        threading.Thread(target=lambda: s.sendall(octets), daemon=True).start()
        got = b''
        while got.count(b'HTTP/1.1 200') < n:
            more = s.recv(1 << 20)
            check(more, f'{got.count(b"HTTP/1.1 200")} of {n}')
            got += more


def test_smuggled_requests_are_none():
    """What one reader may take for a second request is never answered as one."""
    tern = https(**{'local-data': ['secret.lan. 60 IN A 192.0.2.99']})
    inner = get(f'/dns-query?dns={asked("secret.lan")}')
    for head in (b'GET /nothing HTTP/1.1\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n',
                 b'GET /nothing HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: %d\r\n\r\n',
                 b'GET /nothing HTTP/1.1\r\nX: y\rContent-Length: %d\r\n\r\n', b'GET /nothing HTTP/1.1\r\nX: y\nContent-Length: %d\r\n\r\n',
                 b'GET /nothing HTTP/1.1\nContent-Length: %d\n\n', b'GET /nothing HTTP/1.1\r\nContent-Length\t: %d\r\n\r\n',
                 b'GET /nothing HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n',
                 b'GET /nothing HTTP/1.1\r\nContent-Length: 0%d\r\n\r\n', b'GET /nothing HTTP/1.1\r\nContent-Length: %d\r\n\r\n'):
        got = talk(head % len(inner) + inner)
        check(b'HTTP/1.1 200' not in got, f'{head}: {got}')
    serves(tern)


def test_who_speaks_for_whom():
    """X-Forwarded-For counts from who is trusted, and whom a header of the PROXY protocol names is not the proxy."""
    tern = proxied(https={'trusted-proxies': ['127.0.0.0/8']})

    def who(head, *lines):
        got = b''
        with socket.create_connection(('127.0.0.1', 8980), timeout=3) as s:
            s.sendall(head + get(f'/dns-query?dns={asked("who.lan")}', 'Connection: close', *lines))
            while more := s.recv(65536):
                got += more
        return data(dns.message.from_wire(got.partition(b'\r\n\r\n')[2]))
    kid = 'X-Forwarded-For: 192.0.2.7'
    equal(who(header('192.0.2.8')), ['192.0.2.11'])
    equal(who(header('192.0.2.8'), kid), ['192.0.2.11'], 'a client says who it is')
    equal(who(header('127.0.0.9'), kid), ['192.0.2.77'], 'one that is trusted')
    equal(who(header(command=0x20), kid), ['192.0.2.77'], 'the proxy itself')
    # An IPv4 client by another name is the same client.
    equal(who(header('::ffff:192.0.2.7')), ['192.0.2.77'])
    equal(who(header('127.0.0.9'), 'X-Forwarded-For: ::ffff:192.0.2.7'), ['192.0.2.77'])
    # Many, long, and odd ones.
    for line, wanted in (('X-Forwarded-For: ' + '192.0.2.8, ' * 300 + '192.0.2.7', '192.0.2.77'), ('X-Forwarded-For: [2001:db8::7]', '192.0.2.77'),
                         ('X-Forwarded-For: ' + '9' * 3000, '192.0.2.11'), ('X-Forwarded-For: ,,,', '192.0.2.11'), ('X-Forwarded-For:', '192.0.2.11'),
                         ('X-Forwarded-For: [', '192.0.2.11'), ('X-Forwarded-For: 192.0.2.7:443', '192.0.2.77'),
                         ('X-Forwarded-For: [2001:db8::7]:443', '192.0.2.77'), ('X-Forwarded-For: [2001:db8::7', '192.0.2.77'),
                         ('X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-For: 192.0.2.8', '192.0.2.11')):
        equal(who(header('127.0.0.9'), line), [wanted], line[:60])
    check(tern.alive(), 'alive')


def test_good_bye_and_a_question():
    """In one segment, over TLS: the answer comes before the end."""
    https()
    context = client_context()
    context.set_alpn_protocols(['h2'])
    with socket.create_connection(('127.0.0.1', HTTPS), timeout=5) as plain, context.wrap_socket(plain, server_hostname='lists.lan') as s:
        s.sendall(PREFACE + frame(SETTINGS) + request(1) + frame(GOAWAY, 0, 0, struct.pack('!II', 0, 0)))
        got = b''
        with contextlib.suppress(OSError):
            while more := s.recv(65536):
                got += more
        check(b'\xc0\0\2\x51' in got, got)
