"""DNS over HTTPS to clients: real clients, both versions, what is refused and why, and floods of cheap frames."""
import base64
import contextlib
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import time

import dns.message

from harness import *
from test_lists_url import certificates
from test_tls import client_context, encrypted

HTTPS, HTTP = 8443, 8080
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9


def https(listen=(), **more):
    return encrypted(listen=[{'address': f'127.0.0.1@{HTTPS}', 'transport': 'https'},
                             {'address': f'127.0.0.1@{HTTP}', 'transport': 'http'}, *listen], **more)


def encoded(query):
    return base64.urlsafe_b64encode(query.to_wire()).rstrip(b'=').decode()


def asked(name='www.example.com', rtype='A', **flags):
    return encoded(question(name, rtype, **flags))


def curl(path, *args, version='--http2', secure=True):
    """(status, headers, body)"""
    url = f'https://lists.lan:{HTTPS}{path}' if secure else f'http://127.0.0.1:{HTTP}{path}'
    done = subprocess.run(['curl', '-sS', version, '--cacert', f'{certificates()}/ca.pem', '--resolve',
                           f'lists.lan:{HTTPS}:127.0.0.1', '-D', '-', '--max-time', '10', *args, url], capture_output=True)
    check(done.returncode == 0, done.stderr.decode())
    head, _, body = done.stdout.partition(b'\r\n\r\n')
    if head.startswith(b'HTTP/1.1 100'):
        head, _, body = body.partition(b'\r\n\r\n')
    lines = head.decode().split('\r\n')
    return int(lines[0].split()[1]), dict(re.split(r': ?', x, maxsplit=1) for x in map(str.lower, lines[1:])), body


def post(query, *args, **how):
    path = f'{LAB}/query'
    with open(path, 'wb') as f:
        f.write(query if isinstance(query, bytes) else query.to_wire())
    return curl('/dns-query', '-H', 'content-type: application/dns-message', '--data-binary', f'@{path}', *args, **how)


VERSIONS = ({'version': '--http2'}, {'version': '--http1.1'}, {'version': '--http1.1', 'secure': False},
            {'version': '--http2-prior-knowledge', 'secure': False})


def test_get_and_post():
    https()
    for how in VERSIONS:
        for status, headers, body in (curl(f'/dns-query?dns={asked()}', **how), post(question('www.example.com'), **how)):
            equal(status, 200, str(how))
            equal(headers['content-type'], 'application/dns-message')
            answer = dns.message.from_wire(body)
            equal(data(answer), ['192.0.2.81'])
            equal(headers['cache-control'], f'max-age={ttl(answer)}')


def test_real_clients():
    https()
    for way in ('+https', '+https-get'):
        out = subprocess.run(['kdig', way, '@127.0.0.1', '-p', str(HTTPS), f'+tls-ca={certificates()}/ca.pem',
                              '+tls-host=lists.lan', 'www.example.com'], capture_output=True, text=True, timeout=20).stdout
        check('192.0.2.81' in out and 'status: 200' in out and 'PADDING' in out, out)
    with open(f'{LAB}/questions', 'w') as f:
        f.write('www.example.com A\n' * 20)
    out = subprocess.run(['dnsperf', '-m', 'doh', '-O', f'doh-uri=https://127.0.0.1:{HTTPS}/dns-query', '-s', '127.0.0.1', '-p',
                          str(HTTPS), '-n', '50', '-c', '4', '-d', f'{LAB}/questions'], capture_output=True, text=True,
                         timeout=60).stdout
    check('Queries lost:         0' in out and 'NOERROR 1000' in out, out)


def test_a_client_that_looks_up_by_us():
    """curl finds a host by --doh-url, and gets there."""
    https(**{'local-data': ['here.lan. 60 IN A 127.0.0.1']})
    done = subprocess.run(['curl', '-sS', '--doh-url', f'https://127.0.0.1:{HTTPS}/dns-query', '--doh-insecure', '--insecure',
                           '--max-time', '10', '-o', '/dev/null', '-w', '%{http_code}', f'https://here.lan:{HTTPS}/elsewhere'],
                          capture_output=True, text=True)
    equal(done.stdout, '404', done.stderr)


def test_what_is_refused_says_why():
    https()
    wire = question('www.example.com').to_wire()
    for how in VERSIONS:
        for wanted, got in ((404, curl(f'/other?dns={asked()}', **how)),
                            (404, curl('/', **how)),
                            (404, curl(f'/dns-query/x?dns={asked()}', **how)),
                            (400, curl('/dns-query', **how)),
                            (400, curl('/dns-query?dns=A', **how)),
                            (400, curl('/dns-query?dns=!!!!', **how)),
                            (400, curl('/dns-query?dns=' + 'A' * 8, **how)),
                            (400, post(b'\0' * 11, **how)),
                            (400, post(wire[:2] + b'\x80' + wire[3:], **how)),
                            (405, curl(f'/dns-query?dns={asked()}', '-X', 'DELETE', **how)),
                            (413, post(b'\0' * 65536, **how)),
                            (415, curl('/dns-query', '--data-binary', 'x', **how)),
                            (431, curl(f'/dns-query?dns={asked()}', '-H', 'x: ' + 'y' * 5000, **how))):
            equal(got[0], wanted, f'{how}')
            check(got[2] or wanted == 405, 'words')
    # What is wrong with the query itself is told in an answer.
    status, _, body = post(wire[:-3])
    equal((status, rcode(dns.message.from_wire(body, ignore_trailing=True))), (200, 'FORMERR'))


def test_many_on_one_connection():
    https()
    paths = [f'https://lists.lan:{HTTPS}/dns-query?dns={asked(f"n{i}.example.com")}' for i in range(150)]
    done = subprocess.run(['curl', '-sS', '--http2', '--parallel', '--parallel-max', '60', '--cacert', f'{certificates()}/ca.pem',
                           '--resolve', f'lists.lan:{HTTPS}:127.0.0.1', '--max-time', '20', '-w', '%{http_code} %{num_connects}\n',
                           *[x for path in paths for x in ('-o', '/dev/null', path)]], capture_output=True, text=True, timeout=60)
    equal([x.split()[0] for x in done.stdout.split('\n') if x], ['200'] * 150, done.stderr)


def test_large_both_ways():
    https()
    for how in VERSIONS:
        status, _, body = post(question('big20000.example.com', 'TXT'), **how)
        equal(status, 200)
        at_least(len(body), 20000, 'octets')
        padded = question('www.example.com').to_wire() + b'\0' * 30000
        equal(post(padded, **how)[0], 200)


def test_whom_a_proxy_speaks_for():
    rules = {'access': {'allow': ['127.0.0.0/8', '192.0.2.0/24']},
             'views': [{'name': 'kids', 'clients': ['192.0.2.7'], 'local-data': ['who.lan. 60 IN A 192.0.2.77']}],
             'local-data': ['who.lan. 60 IN A 192.0.2.11']}

    def who(*headers):
        args = [x for h in headers for x in ('-H', h)]
        return data(dns.message.from_wire(curl(f'/dns-query?dns={asked("who.lan")}', *args, secure=False)[2]))
    tern = https(https={'trusted-proxies': ['127.0.0.0/8']}, **rules)
    equal(who(), ['192.0.2.11'])
    equal(who('X-Forwarded-For: 192.0.2.7'), ['192.0.2.77'])
    # What a client says of itself stands before what the proxy adds.
    equal(who('X-Forwarded-For: 192.0.2.7, 192.0.2.8'), ['192.0.2.11'])
    equal(who('X-Forwarded-For: nonsense'), ['192.0.2.11'])
    answer = dns.message.from_wire(curl(f'/dns-query?dns={asked("who.lan")}', '-H', 'X-Forwarded-For: 203.0.113.9', secure=False)[2])
    equal(rcode(answer), 'REFUSED')
    tern.stop()
    https(**rules)
    equal(who('X-Forwarded-For: 192.0.2.7'), ['192.0.2.11'])


# --- HTTP/1.1 by hand --------------------------------------------------------------------------

def talk(octets, pieces=1, end=False, seconds=3):
    """All that comes back until the server closes, or is silent for a moment."""
    with socket.create_connection(('127.0.0.1', HTTP), timeout=seconds) as s:
        step = max(1, len(octets) // pieces)
        for i in range(0, len(octets), step):
            s.sendall(octets[i:i + step])
        if end:
            s.shutdown(socket.SHUT_WR)
        got = b''
        with contextlib.suppress(OSError):
            while True:
                s.settimeout(0.5 if got else seconds)
                more = s.recv(65536)
                if not more:
                    return got + b'<closed>'
                got += more
        return got


def get(path, *headers, version='HTTP/1.1'):
    return '\r\n'.join([f'GET {path} {version}', 'Host: x', *headers, '', '']).encode()


def test_pipelined_requests_are_answered_in_order():
    https()
    names = ['www.example.com', 'fresh1.example.com', 'www.example.com', 'fresh2.example.com', 'www.example.com']
    octets = b''.join(get(f'/dns-query?dns={asked(n)}') for n in names) + get('/nothing')
    for pieces in (1, 7, len(octets)):
        got = talk(octets, pieces)
        equal(got.count(b'HTTP/1.1 200'), 5)
        check(got.removesuffix(b'<closed>').endswith(b'Not Found'), got[-200:])
        found = re.findall(rb'\x03www|\x06fresh1|\x06fresh2', got)
        # Each answer has its name once, in the question.
        equal([x[1:].decode() for x in found], ['www', 'fresh1', 'www', 'fresh2', 'www'])


def test_chunks():
    https()
    wire = question('www.example.com').to_wire()
    head = b'POST /dns-query HTTP/1.1\r\nHost: x\r\nContent-Type: application/dns-message\r\nTransfer-Encoding: chunked\r\n\r\n'
    body = b''.join(b'%x;ext=1\r\n%s\r\n' % (len(part), part) for part in (wire[:5], wire[5:20], wire[20:])) + b'0\r\nTrailer: x\r\n\r\n'
    for pieces in (1, len(head + body)):
        got = talk((head + body) * 2, pieces)
        equal(got.count(b'HTTP/1.1 200'), 2, str(got))


def test_what_could_be_read_in_two_ways_ends_the_connection():
    https()
    good = get(f'/dns-query?dns={asked()}')
    for bad in (b'GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
                b'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
                b'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
                b'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', b'POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n',
                b'GET / HTTP/1.1\r\nContent-Length : 5\r\n\r\n', b'GET / HTTP/1.1\r\n folded: 1\r\n\r\n', b'GET /\r\n\r\n',
                b'GET / HTTP/3.0\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\r\n\r\n', b'GET / HTTP/1.1\r\n\0: 1\r\n\r\n',
                b'POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                b'POST /dns-query HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n', b'G' * 5000 + b'\r\n\r\n'):
        got = talk(bad + good)
        check(b'HTTP/1.1 200' not in got and got.endswith(b'<closed>'), f'{bad[:60]}: {got[:200]}')
    check(b'HTTP/1.1 200' in talk(good), 'others are served')


def test_close_and_old_version():
    https()
    for head in (get(f'/dns-query?dns={asked()}', 'Connection: close'), get(f'/dns-query?dns={asked()}', version='HTTP/1.0')):
        got = talk(head)
        check(got.startswith(b'HTTP/1.1 200') and b'connection: close' in got and got.endswith(b'<closed>'), got)
    # Half-closed, all of it is answered.
    got = talk(get(f'/dns-query?dns={asked("late.example.com")}'), end=True)
    check(got.startswith(b'HTTP/1.1 200'), got)


# --- HTTP/2 by hand -----------------------------------------------------------------------------

def frame(kind, flags=0, stream=0, payload=b''):
    return struct.pack('!I', len(payload))[1:] + struct.pack('!BBI', kind, flags, stream) + payload


def literal(name, value):
    return b'\0' + bytes([len(name)]) + name + (bytes([len(value)]) if len(value) < 127 else
                                               b'\x7f' + varint(len(value) - 127)) + value


def varint(n):
    out = b''
    while n >= 128:
        out += bytes([n % 128 + 128])
        n //= 128
    return out + bytes([n])


def request(stream, path=None, end=True):
    block = literal(b':method', b'GET') + literal(b':scheme', b'http') + literal(b':authority', b'x') + \
        literal(b':path', (path or f'/dns-query?dns={asked()}').encode())
    return frame(HEADERS, 4 | end, stream, block)


class Two:
    """A connection that says what it likes."""

    def __init__(self, settings=b''):
        self.s = socket.create_connection(('127.0.0.1', HTTP), timeout=5)
        self.rest = b''
        self.send(PREFACE + frame(SETTINGS, payload=settings))

    def send(self, octets):
        with contextlib.suppress(OSError):
            self.s.sendall(octets)

    def frames(self, seconds=1.0):
        """Those that come; the last is None when the server has closed."""
        got = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.s.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.s.recv(65536)
            except TimeoutError:
                break
            except OSError:
                more = b''
            if not more:
                got.append(None)
                break
            self.rest += more
            while len(self.rest) >= 9 and len(self.rest) >= 9 + int.from_bytes(self.rest[:3], 'big'):
                n = int.from_bytes(self.rest[:3], 'big')
                kind, flags, stream = struct.unpack('!BBI', self.rest[3:9])
                got.append((kind, flags, stream, self.rest[9:9 + n]))
                self.rest = self.rest[9 + n:]
        return got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()


def kinds(frames):
    return [f and f[0] for f in frames]


def cpu_beside(tern, flood, seconds=1.5):
    """CPU seconds that the daemon takes while @flood sends again and again."""
    before, end = tern.cpu_s(), time.monotonic() + seconds
    while time.monotonic() < end:
        flood()
    return tern.cpu_s() - before


def ended(two, octets, what, times=400):
    for _ in range(times):
        two.send(octets)
    got = two.frames(3)
    check(None in got, f'{what}: the connection ends: {kinds(got)[-5:]}')


def test_floods_end_the_connection():
    tern = https()
    with Two() as two:
        ended(two, frame(PING, payload=b'12345678'), 'PING')
    with Two() as two:
        ended(two, frame(SETTINGS), 'SETTINGS')
    with Two() as two:                                       # rapid reset
        for i in range(400):
            two.send(request(2 * i + 1) + frame(RST_STREAM, 0, 2 * i + 1, b'\0\0\0\x08'))
        check(None in two.frames(3), 'reset streams')
    with Two() as two:                                       # the server is made to reset them
        for i in range(400):
            two.send(request(2 * i + 1) + frame(WINDOW_UPDATE, 0, 2 * i + 1, b'\0\0\0\0'))
        check(None in two.frames(3), 'streams that we reset')
    with Two() as two:                                       # headers that never end
        two.send(frame(HEADERS, 0, 1, literal(b':method', b'GET')))
        ended(two, frame(CONTINUATION, 0, 1, literal(b'x', b'y' * 50)), 'CONTINUATION')
    with Two() as two:
        two.send(frame(DATA, 0, 0, b'x'))
        check(None in two.frames(3), 'a broken frame')
    with Two() as two:
        two.send(os.urandom(3000))
        check(None in two.frames(3), 'garbage')
    resolves('www.example.com', '192.0.2.81')
    check(tern.alive(), 'alive')


def test_streams_are_limited():
    https()
    with Two() as two:
        # Requests that never end: more than 100 are refused, and all end in time.
        two.send(b''.join(frame(HEADERS, 4, 2 * i + 1, literal(b':method', b'POST') + literal(b':scheme', b'http') +
                                literal(b':authority', b'x') + literal(b':path', b'/dns-query') +
                                literal(b'content-type', b'application/dns-message')) for i in range(150)))
        got = two.frames(1)
        at_least(sum(1 for k in kinds(got) if k == RST_STREAM), 50, 'streams refused')
        began = time.monotonic()
        got = two.frames(scaled(9))
        check(None in got, 'it ends')
        at_most(time.monotonic() - began, scaled(8), 'seconds')


def test_bodies_are_limited():
    tern = https()
    before = tern.memory()
    with Two() as two:
        head = literal(b':method', b'POST') + literal(b':scheme', b'http') + literal(b':authority', b'x') + \
            literal(b':path', b'/dns-query') + literal(b'content-type', b'application/dns-message')
        for i in range(90):
            two.send(frame(HEADERS, 4, 2 * i + 1, head))
            for _ in range(3):
                two.send(frame(DATA, 0, 2 * i + 1, b'\0' * 16000))
        two.frames(1)
        at_most(tern.memory() - before, 4 << 20, 'octets')
    check(tern.alive(), 'alive')


def test_answers_that_are_not_let_go():
    """A window of 0: what waits is bounded, and not for ever."""
    tern = https()
    curl(f'/dns-query?dns={asked("big20000.example.com", "TXT")}')
    before = tern.memory()
    with Two(settings=struct.pack('!HI', 4, 0)) as two:
        for i in range(90):
            two.send(request(2 * i + 1, f'/dns-query?dns={asked("big20000.example.com", "TXT")}'))
        got = two.frames(scaled(9))
        check(DATA not in kinds(got), 'no data')
        check(None in got, 'it ends')
        at_most(tern.memory() - before, 4 << 20, 'octets')
    # With a window that opens bit by bit all of it comes.
    with Two(settings=struct.pack('!HI', 4, 100)) as two:
        two.send(request(1, f'/dns-query?dns={asked("big20000.example.com", "TXT")}'))
        octets, end = b'', time.monotonic() + scaled(10)
        while time.monotonic() < end:
            frames = two.frames(0.05)
            octets += b''.join(f[3] for f in frames if f and f[0] == DATA)
            if any(f and f[0] == DATA and f[1] & 1 for f in frames):
                break
            two.send(frame(WINDOW_UPDATE, 0, 1, struct.pack('!I', 3000)))
        at_least(len(octets), 20000, 'octets')
        equal(rcode(dns.message.from_wire(octets)), 'NOERROR')


def test_what_gets_no_answer():
    """A policy that drops: the stream is reset, the connection of HTTP/1.1 ends."""
    https(**{'local-zones': [{'name': 'deny.lan', 'behaviour': 'deny'}]})
    with Two() as two:
        two.send(request(1, f'/dns-query?dns={asked("x.deny.lan")}') + request(3))
        got = two.frames(scaled(2))
        check((RST_STREAM, 1) in [(f[0], f[2]) for f in got if f], kinds(got))
        check((DATA, 3) in [(f[0], f[2]) for f in got if f], kinds(got))
    got = talk(get(f'/dns-query?dns={asked("x.deny.lan")}'))
    equal(got, b'<closed>')
