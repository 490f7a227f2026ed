"""DNS over HTTPS by HTTP/3 under attack (RFC 9114, 9204, 8484): a client that says what it likes in QUIC's streams."""
import base64
import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time

import dns.message

from harness import *
import quic_by_hand
from http3_by_hand import *
from quic_by_hand import APP, Client, reset, stop, stream, var
from test_https import HTTPS
from test_reload import reload, ternctl
from test_tls import encrypted, install

def http3(workers=1, listen=(), **more):
    return encrypted(workers, [{'address': f'127.0.0.1@{HTTPS}', 'transport': 'http3'}, *listen], **more)


def stats():
    return json.loads(ternctl('--json', 'stats'))


def lives(tern):
    check(tern.alive(), 'alive')
    with Browser() as c:
        equal(c.asks(0), ['192.0.2.81'])


def test_by_hand():
    tern = http3()
    with Browser() as c:
        for i in range(200):
            equal(c.asks(4 * i), ['192.0.2.81'], f'question {i}')
        got = c.fetch(800, get())
        equal((got[0], data(dns.message.from_wire(got[1]))), (200, ['192.0.2.81']), 'GET')
    lives(tern)


def test_statuses():
    tern = http3()
    q = wire()
    cases = {
        'another path': (404, head('GET', '/elsewhere')),
        'no message': (400, head('GET', '/dns-query')),
        'a bad message': (400, head('GET', '/dns-query?dns=AAAA')),
        'no Base64': (400, head('GET', '/dns-query?dns=%%%%')),
        'HEAD': (405, get(method='HEAD')),
        'PUT': (405, head('PUT') + frame(DATA, q)),
        'a POST without type': (415, head('POST', typed=False) + frame(DATA, q)),
        'an empty POST': (400, head('POST')),
        'a POST of 65,536 octets': (413, head('POST') + frame(DATA, q + bytes(65536 - len(q)))),
        'an answer': (400, head('POST') + frame(DATA, q[:2] + b'\x80' + q[3:])),
        'headers of more than 4,096 octets': (431, head('POST', '/dns-query', *[(f'x{i}', 'a' * 100) for i in range(32)]) + frame(DATA, q)),
        'one large header': (431, head('POST', '/dns-query', ('x', 'a' * 4100)) + frame(DATA, q)),
    }
    with Browser() as c:
        for i, (name, (status, octets)) in enumerate(cases.items()):
            c.say(4 * i, octets, True)
            c.wait(4 * i)
            found = c.frames_of(4 * i)
            check(found, f'{name}: {c.closed}')
            equal(statuses(found[0][1]), status, name)
        got = c.fetch(4 * len(cases), head('POST') + frame(DATA, q + bytes(65535 - len(q))))
        check(got and got[0] == 200, f'the longest: {got}, {c.closed}')
    lives(tern)


def test_what_has_to_be_ignored():
    tern = http3()
    reserved = 0x1f * 1234 + 0x21
    q = wire()
    with Browser(settings=var(reserved) + var(5) + var(6) + var(0) + var(0x4242) + var(1)) as c:
        c.say(2, frame(reserved, b'x' * 3000) + frame(reserved) + frame(MAX_PUSH_ID, var(5)) + frame(GOAWAY, var(0)) + frame(MAX_PUSH_ID, var(6)) + frame(0x4242, b'yy'))
        for number, octets in ((6, var(TO_DECODER)), (10, var(TO_ENCODER)), (14, var(reserved) + os.urandom(2000)), (18, var(0x54) + b'abc')):
            c.say(number, octets)
        c.say(22, var(reserved), True)
        c.say(26, b'', True)
        c.say(30, b'\x40', True)
        equal(c.asks(0), ['192.0.2.81'])
        equal(c.status(4, frame(reserved, b'x' * 500) + head() + frame(reserved) + frame(DATA) + frame(DATA, q) + frame(reserved, b'z')), 200, 'between frames')
        # Trailers, and a body in pieces of an octet.
        equal(c.status(8, head() + frame(DATA, q) + frame(HEADERS, section(('x-end', 'now')))), 200, 'trailers')
        equal(c.status(12, head() + b''.join(frame(DATA, q[i:i + 1]) for i in range(len(q)))), 200, 'octets')
        whole = post()
        for i in range(len(whole)):
            c.say(16, whole[i:i + 1], i + 1 == len(whole))
        c.wait(16)
        equal(c.result(16)[0], 200, 'in packets of an octet')
        c.send(reset(14, c.at[14]))
        equal(c.asks(20), ['192.0.2.81'])
        check(c.closed is None, f'{c.closed}')
    lives(tern)


def test_without_settings():
    """Whoever answers needs none; they may come late."""
    tern = http3()
    with Browser(control=False) as c:
        equal(c.asks(0), ['192.0.2.81'])
        c.say(2, var(CONTROL) + frame(SETTINGS))
        equal(c.asks(4), ['192.0.2.81'])
    # No stream of ours may be opened.
    for parameters in ({9: 0}, {9: 2}):
        c = Client(HTTPS, alpn=b'h3', parameters=parameters)
        with c:
            c.connect(1)
    with Browser(parameters={7: 0}) as c:
        equal(c.asks(0), ['192.0.2.81'], 'without room for our settings')
    lives(tern)


BREAKING = {
    'two SETTINGS': ((UNEXPECTED,), lambda c: c.say(2, frame(SETTINGS))),
    'no SETTINGS first': ((CREATION, MISSING), lambda c: c.say(6, var(CONTROL) + frame(GOAWAY, var(0)))),
    'a second stream of control': ((CREATION,), lambda c: c.say(6, var(CONTROL))),
    'two encoders': ((CREATION,), lambda c: (c.say(6, var(TO_DECODER)), c.say(10, var(TO_DECODER)))),
    'two decoders': ((CREATION,), lambda c: (c.say(6, var(TO_ENCODER)), c.say(10, var(TO_ENCODER)))),
    'a stream of pushes': ((CREATION,), lambda c: c.say(6, var(PUSH) + var(0))),
    'the end of control': ((CLOSED,), lambda c: c.say(2, b'', True)),
    'the end of an encoder': ((CLOSED,), lambda c: c.say(6, var(TO_DECODER), True)),
    'the end of a decoder': ((CLOSED,), lambda c: (c.say(6, var(TO_ENCODER)), c.say(6, b'', True))),
    'control is reset': ((CLOSED,), lambda c: c.send(reset(2, c.at[2]))),
    'an encoder is reset': ((CLOSED,), lambda c: (c.say(6, var(TO_DECODER)), c.send(reset(6, 1)))),
    'a decoder is reset': ((CLOSED,), lambda c: (c.say(6, var(TO_ENCODER)), c.send(reset(6, 1)))),
    'stops our control': ((CLOSED,), lambda c: c.send(stop(3))),
    'stops our encoder': ((CLOSED,), lambda c: c.send(stop(7))),
    'stops our decoder': ((CLOSED,), lambda c: c.send(stop(11))),
    'DATA by control': ((UNEXPECTED,), lambda c: c.say(2, frame(DATA, b'a'))),
    'HEADERS by control': ((UNEXPECTED,), lambda c: c.say(2, head())),
    'PUSH_PROMISE by control': ((UNEXPECTED,), lambda c: c.say(2, frame(PUSH_PROMISE, var(0) + section()))),
    'a frame of HTTP/2 by control': ((UNEXPECTED,), lambda c: c.say(2, frame(8, b'abcd'))),
    'an empty GOAWAY': ((FRAME,), lambda c: c.say(2, frame(GOAWAY))),
    'a GOAWAY that grows': ((ID,), lambda c: c.say(2, frame(GOAWAY, var(4)) + frame(GOAWAY, var(8)))),
    'MAX_PUSH_ID that shrinks': ((ID, FRAME), lambda c: c.say(2, frame(MAX_PUSH_ID, var(4)) + frame(MAX_PUSH_ID, var(3)))),
    'SETTINGS of HTTP/2': ((SETTINGS_ERROR,), lambda c: None),
    'half a SETTINGS': ((FRAME,), lambda c: None),
    'DATA first': ((UNEXPECTED,), lambda c: c.say(0, frame(DATA, b'a') + head(), True)),
    'DATA behind trailers': ((UNEXPECTED, GENERAL), lambda c: c.say(0, head() + frame(DATA, b'a') + frame(HEADERS, section()) + frame(DATA, b'a'), True)),
    'three HEADERS': ((UNEXPECTED, GENERAL), lambda c: c.say(0, head() + frame(HEADERS, section()) * 2, True)),
    'SETTINGS in a request': ((UNEXPECTED,), lambda c: c.say(0, frame(SETTINGS), True)),
    'GOAWAY in a request': ((UNEXPECTED,), lambda c: c.say(0, frame(GOAWAY, var(0)), True)),
    'PUSH_PROMISE in a request': ((UNEXPECTED,), lambda c: c.say(0, frame(PUSH_PROMISE, var(0) + section()), True)),
    'half a frame': ((FRAME,), lambda c: c.say(0, head() + b'\0\x05a', True)),
    'half HEADERS': ((FRAME,), lambda c: c.say(0, head()[:-3], True)),
    'a dynamic field': ((DECOMPRESSION,), lambda c: c.say(0, frame(HEADERS, b'\2\0\x80'), True)),
    'a dynamic field without a base': ((DECOMPRESSION,), lambda c: c.say(0, frame(HEADERS, b'\0\0\x80'), True)),
    'a field behind the table': ((DECOMPRESSION,), lambda c: c.say(0, frame(HEADERS, b'\0\0' + prefixed(99, 6, 0xc0)), True)),
    'an integer without an end': ((DECOMPRESSION,), lambda c: c.say(0, frame(HEADERS, b'\0\0\xff' + b'\xff' * 20), True)),
    'a huge name': ((GENERAL, DECOMPRESSION, LOAD), lambda c: c.say(0, frame(HEADERS, section(('x' * 5000, 'a'))), True)),
    'a value of 2^40': ((GENERAL, DECOMPRESSION, LOAD), lambda c: c.say(0, frame(HEADERS, b'\0\0' + prefixed(1, 3, 0x20) + b'x' + prefixed(1 << 40, 7)), True)),
    "Huffman's end": ((DECOMPRESSION,), lambda c: c.say(0, frame(HEADERS, b'\0\0\x21x\x84\xff\xff\xff\xff'), True)),
    'a table by an encoder': ((ENCODER,), lambda c: c.say(6, var(TO_DECODER) + prefixed(4096, 5, 0x20))),
    'an entry by an encoder': ((ENCODER,), lambda c: c.say(6, var(TO_DECODER) + prefixed(1, 5, 0x40) + b'a' + prefixed(1, 7) + b'b')),
    'a duplicate by an encoder': ((ENCODER,), lambda c: c.say(6, var(TO_DECODER) + b'\0')),
    'garbage by an encoder': ((ENCODER,), lambda c: c.say(6, var(TO_DECODER) + b'\xff' * 500)),
    'an acknowledgement of nothing': ((DECODER,), lambda c: c.say(6, var(TO_ENCODER) + b'\x80')),
    'entries of nothing': ((DECODER,), lambda c: c.say(6, var(TO_ENCODER) + b'\x01')),
}
FIRST = {'SETTINGS of HTTP/2': frame(SETTINGS, var(2) + var(1)), 'half a SETTINGS': frame(SETTINGS, var(6) + b'')}


def test_rules_that_are_broken():
    tern = http3()
    wrong = []
    for name, (errors, act) in BREAKING.items():
        with Browser(control=name not in FIRST and name != 'no SETTINGS first') as c:
            if name in FIRST:
                c.say(2, var(CONTROL) + FIRST[name])
            act(c)
            for _ in range(6):
                c.listen(0.05, lambda: c.closed is not None)
                if c.closed is None:
                    c.send(c.acknowledgement())
            if c.closed not in errors:
                wrong.append(f'{name}: {c.closed if c.closed is None else hex(c.closed)}, {c.resets}')
        check(tern.alive(), f'{name}: ended')
    equal(wrong, [], 'how they end')
    lives(tern)


MALFORMED = {
    'a content-length that is too long': post('www.example.com', ('content-length', '100')),
    'a content-length that is too short': post('www.example.com', ('content-length', '5')),
    'two of them': post('www.example.com', ('content-length', '33'), ('content-length', '34')),
    'one that is none': post('www.example.com', ('content-length', '-1')),
    'a large letter': post('www.example.com', ('X', 'a')),
    'a connection header': post('www.example.com', ('connection', 'close')),
    'a pseudo-header behind': post('www.example.com', (':path', '/')),
    'an unknown pseudo-header': frame(HEADERS, section((':x', 'a'))),
    'no method': frame(HEADERS, section((':scheme', 'https'), (':authority', 'a'), (':path', '/dns-query'))),
    'nothing at all': frame(HEADERS, section()),
    'a pseudo-header in trailers': post() + frame(HEADERS, section((':path', '/dns-query'))),
}


def test_malformed_requests():
    """They get an error, or a status of 400, and are not asked."""
    tern = http3()
    before = stats()['queries']['https']
    wrong = []
    for name, octets in MALFORMED.items():
        with Browser() as c:
            c.say(0, octets, True)
            c.listen(0.2, lambda: c.closed is not None or c.resets)
            got = c.result(0)
            if c.closed is None and not c.resets and (got is None or got[0] == 200):
                wrong.append((name, got))
            print(name, c.closed and hex(c.closed), c.resets, got, file=sys.stderr)
    equal(wrong, [], 'that were taken')
    lives(tern)
    equal(stats()['queries']['https'] - before, 1, 'asked')


def test_priorities_of_a_long_connection():
    """PRIORITY_UPDATE names streams that were opened beyond the first ones (RFC 9218)."""
    tern = http3()
    with Browser() as c:
        for i in range(150):
            c.say(2, frame(PRIORITY_UPDATE, var(4 * i) + b'u=1, i'))
            equal(c.asks(4 * i), ['192.0.2.81'], f'question {i}')
        # Of those that are over, for ever.
        for i in range(100):
            c.say(2, b''.join(frame(PRIORITY_UPDATE, var(4 * j) + b'u=2') for j in range(100)))
        equal(c.asks(600), ['192.0.2.81'])
        check(c.closed is None, f'{c.closed}')
    lives(tern)


@busy(60)
def test_headers_that_never_end():
    """Long fields in many streams, none of them whole: little memory, and five seconds."""
    tern = http3()
    warm()
    memory = tern.memory()
    begun = frame(HEADERS, section((':method', 'POST')) + prefixed(1, 3, 0x20) + b'x' + prefixed(65000, 7), 70000)
    coded = frame(HEADERS, section((':method', 'POST')) + prefixed(1, 3, 0x20) + b'x' + prefixed(65000, 7, 0x80), 70000)
    for octets, letter in ((begun, b'a'), (coded, b'\0')):
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(Browser()) for _ in range(4)]
            for c in clients:
                for i in range(64):
                    c.say(4 * i, octets)
                    c.say(4 * i, letter * 60000)
                    c.listen(0.002)
                    if c.closed is not None:
                        break
            print(f'{(tern.memory() - memory) / 4 / 1024:.0f} KiB for each; {[c.closed for c in clients]}', file=sys.stderr)
            at_most((tern.memory() - memory) / 4, with_quarantine(2) << 20, 'octets for each')
    lives(tern)


@busy(60)
def test_requests_that_never_end():
    tern = http3()
    beginnings = [head(), head() + frame(DATA, b'ab', 100), head()[:-5], head('GET')]
    with contextlib.ExitStack() as kept:
        clients = [kept.enter_context(Browser()) for _ in beginnings]
        began = time.monotonic()
        for c, octets in zip(clients, beginnings):
            c.say(0, octets)
        for c, octets in zip(clients, beginnings):
            c.listen(8, lambda: c.closed is not None)
            check(c.closed is not None, f'closed: {octets}')
        at_most(time.monotonic() - began, scaled(7), 'seconds')
    # All that a connection may keep of bodies.
    with Browser() as c:
        for i in range(6):
            c.say(4 * i, head() + frame(DATA, bytes(50000), 60000))
        for i in range(6):
            c.say(4 * i, bytes(10000), True)
        for i in range(6):
            c.wait(4 * i)
        print([c.result(4 * i) and c.result(4 * i)[0] for i in range(6)], c.closed, file=sys.stderr)
        check(c.closed is None, f'{c.closed}')
        check(all(c.result(4 * i) for i in range(6)), 'answered')
    lives(tern)


@busy(60)
def test_rapid_resets():
    setting('slow.evil', delay=1)
    tern = http3()
    for end in (lambda n, size: reset(n, size), lambda n, size: stop(n) + reset(n, size)):
        before = stats()['http']['abuses']
        with Browser() as c:
            free, n, began = 64, 0, time.monotonic()
            octets = head()
            while time.monotonic() - began < 5 and c.closed is None and n < 400:
                while n < free and n < 400:
                    c.send(stream(4 * n, octets, False) + end(4 * n, len(octets)))
                    n += 1
                for _, kind, *values in c.listen(0.01):
                    if kind == quic_by_hand.MAX_STREAMS:
                        free = max(free, values[0])
                c.send(c.acknowledgement())
            equal(c.closed, LOAD, f'after {n}')
            at_least(n, 100, 'resets')
        equal(stats()['http']['abuses'] - before, 1, 'abuses')
    lives(tern)


@busy(60)
def test_stopped_answers():
    """Answers that nobody wants, before and after they are there; those that come late find no stream."""
    setting('slow.evil', delay=1)
    tern = http3()
    warm()
    memory = tern.memory()
    with Browser() as c:
        free, n, began = 64, 0, time.monotonic()
        while time.monotonic() - began < 4 and c.closed is None:
            while n < free:
                octets = post(f'r{n}.slow.evil') if n % 2 else post()
                c.send(stream(4 * n, octets) + (stop(4 * n) if n % 3 else b''))
                n += 1
            for _, kind, *values in c.listen(0.01):
                if kind == quic_by_hand.MAX_STREAMS:
                    free = max(free, values[0])
            c.send(c.acknowledgement() + (stop(4 * (n - 3))))
        print(f'{n} asked, closed: {c.closed}', file=sys.stderr)
        check(c.closed is None, f'{c.closed}')
        at_least(n, 65, 'requests')
    # The connection is gone before its answers are.
    for end in (b'\x1d\0\0', b''):
        with Browser() as c:
            for i in range(20):
                c.say(4 * i, post(f'q{i}.slow.evil'), True)
            if end:
                c.send(end)
            c.listen(0.05)
    time.sleep(1.5)
    at_most(tern.memory() - memory, with_quarantine(8) << 20, 'octets')
    lives(tern)


@busy(60)
def test_answers_that_nobody_takes():
    tern = http3(**{'local-data': [f'large.lan. 60 IN TXT {i:04}{"x" * 200}' for i in range(250)]})
    memory = tern.memory()
    for parameters in ({4: 0}, {5: 0}, {5: 1000, 4: 3000}, {}):
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(Browser(parameters=parameters)) for _ in range(6)]
            for c in clients:
                for i in range(64):
                    c.say(4 * i, post('large.lan', rtype='TXT'), True)
            time.sleep(0.5)
            print(f'{(tern.memory() - memory) / 6 / 1024:.0f} KiB for each', file=sys.stderr)
            at_most((tern.memory() - memory) / 6, with_quarantine(2) << 20, 'octets for each')
            began = time.monotonic()
            for c in clients:
                c.listen(8, lambda: c.closed is not None)
                check(c.closed is not None, 'closed')
            at_most(time.monotonic() - began, scaled(7), 'seconds')
    lives(tern)


def test_windows_that_open_slowly():
    """A long answer through windows of a few octets is whole in the end."""
    tern = http3(**{'local-data': [f'large.lan. 60 IN TXT {i:04}{"x" * 200}' for i in range(40)]})
    with Browser(parameters={5: 100, 4: 400}) as c:
        c.say(0, post('large.lan', rtype='TXT'), True)
        for i in range(60):
            c.listen(0.01, lambda: c.result(0) or c.closed is not None)
            c.send(bytes([quic_by_hand.MAX_DATA]) + var(400 + 300 * i) + bytes([quic_by_hand.MAX_STREAM_DATA]) + var(0) + var(100 + 300 * i) + c.acknowledgement())
        got = c.wait(0)
        check(got and got[0] == 200, f'{got}, {c.closed}')
        equal(got[1].count(b'x' * 200), 40, 'records')
    lives(tern)


def test_who_may_ask():
    views = [{'name': 'kids', 'clients': ['127.0.0.2/32'], 'local-data': ['nas.lan. A 192.168.1.3']}]
    tern = http3(access={'allow': ['127.0.0.0/28']}, views=views, **{'local-data': ['nas.lan. A 192.168.1.1']})
    for source, answer in (('127.0.0.1', '192.168.1.1'), ('127.0.0.2', '192.168.1.3')):
        with Browser(source=source) as c:
            equal(c.asks(0, 'nas.lan'), [answer])
    with Client(HTTPS, alpn=b'h3', source='127.0.0.99') as c:
        if c.connect(1):
            c.send(stream(0, post('nas.lan')))
            c.listen(0.5, lambda: c.closed is not None)
            check(b'\xc0\xa8\1\1' not in b''.join(c.streams.get(0, {}).values()), 'answered to a stranger')
    lives(tern)


@busy(60)
def test_reloads_amid_requests():
    """The listener goes and comes, and certificates are renewed, while answers are owed."""
    setting('slow.evil', delay=1)
    tern = http3(workers=2)
    tls = {'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'}
    listen = [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{HTTPS}', 'transport': 'http3'}]
    for i in range(4):
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(Browser()) for _ in range(3)]
            for c in clients:
                for n in range(20):
                    c.say(4 * n, post(f'x{i}-{n}.slow.evil') if n % 2 else head(), bool(n % 2))
            if i % 2:
                install('good', tern.folder)
                ternctl('reload')
                time.sleep(0.2)
                for c in clients:
                    equal(c.asks(80), ['192.0.2.81'], 'after a renewal')
            else:
                reload(tern, server={'listen': listen[:1]}, tls=tls)
                for c in clients:
                    c.say(80, post(), True)
                    c.listen(0.1)
                time.sleep(1.2)
                reload(tern, server={'listen': listen}, tls=tls)
        lives(tern)


@busy(60)
def test_garbage():
    """Any octets in any streams."""
    tern = http3(workers=2)
    draw = random.Random(os.environ.get('SEED', 1))
    pieces = [head(), post(), get(), frame(SETTINGS), frame(DATA, b'a'), frame(GOAWAY, var(0)), frame(HEADERS, section()), frame(HEADERS, b'\0\0\xff\xff'),
              frame(PRIORITY_UPDATE, var(0) + b'u=1'), b'\0', b'\1', b'\2\x3f\xe1\x1f', b'\3', frame(0x21, b'abc'), b'']
    for _ in range(150):
        with Browser(control=draw.random() < 0.7) as c:
            for _ in range(draw.randrange(1, 30)):
                number = draw.choice((0, 0, 4, 8, 2, 6, 10, 14))
                octets = draw.choice(pieces) if draw.random() < 0.8 else draw.randbytes(draw.randrange(50))
                what = draw.random()
                if what < 0.8:
                    c.say(number, octets[:draw.randrange(1, 200)], draw.random() < 0.2)
                elif what < 0.9:
                    c.send(reset(number, c.at.get(number, 0)))
                else:
                    c.send(stop(draw.choice((0, 4, 8, 3, 7, 11))))
                if draw.random() < 0.1:
                    c.listen(0.003)
                    if c.heard[APP]:
                        c.send(c.acknowledgement())
                if c.closed is not None:
                    break
        check(tern.alive(), 'alive')
    lives(tern)


def keeps_place(act, seconds=14):
    """Seconds until the connection of somebody that asks nothing more is closed; @act is called every half second."""
    with Browser() as c:
        equal(c.asks(0), ['192.0.2.81'])
        began, n = time.monotonic(), 1
        while time.monotonic() - began < seconds and c.closed is None:
            act(c, n)
            n += 1
            c.listen(0.5, lambda: c.closed is not None)
            c.send(c.acknowledgement())
        return time.monotonic() - began


@busy(60)
def test_idle_ones_that_look_alive():
    """Nothing but questions keeps a place beyond the idle time of 10 s."""
    http3()
    acts = {
        'frames without a meaning': lambda c, n: c.say(2, frame(0x21, b'abc')),
        'priorities': lambda c, n: c.say(2, frame(PRIORITY_UPDATE, var(4 * n) + b'u=1')),
        'requests that are reset': lambda c, n: (c.say(4 * n, head()), c.send(reset(4 * n, c.at[4 * n]))),
        'malformed requests': lambda c, n: c.say(4 * n, frame(HEADERS, section()), True),
        'streams without a request': lambda c, n: c.say(4 * n, frame(0x21, b'abc')),
    }
    taken = {}
    threads = [threading.Thread(target=lambda name=name, act=act: taken.update({name: keeps_place(act)})) for name, act in acts.items()]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(sorted(taken), sorted(acts), 'all of them came to an end')
    for name, seconds in taken.items():
        at_most(seconds, 11.5 * max(1, slowdown() / 2), f'{name}: seconds')


FLOODS = {
    'frames without a meaning': lambda c, i: c.say(2, frame(0x21) * 300),
    'priorities': lambda c, i: c.say(2, b''.join(frame(PRIORITY_UPDATE, var(4 * (100 * i + j)) + b'u=1') for j in range(60))),
    'numbers of pushes': lambda c, i: c.say(2, frame(MAX_PUSH_ID, var(i)) * 200),
    'goodbyes': lambda c, i: c.say(2, frame(GOAWAY, var(0)) * 200),
    'frames before a request': lambda c, i: c.say(0, frame(0x21) * 300),
    'empty DATA': lambda c, i: c.say(0, (head() if i == 0 else b'') + frame(DATA) * 300),
    'a body that counts for nothing': lambda c, i: c.say(0, (head('GET') + var(DATA) + var(1 << 30) if i == 0 else b'') + bytes(1000)),
    'a stream of an unknown kind': lambda c, i: c.say(6, (var(0x21) if i == 0 else b'') + bytes(1000)),
}


@busy(120)
def test_floods_of_frames():
    """Each kind 1,000 packets within a connection: others are served meanwhile, and memory is not kept."""
    tern = http3()
    with Browser() as c:
        c.asks(0)
    for name, act in FLOODS.items():
        memory, cpu_s = tern.memory(), tern.cpu_s()
        with Browser(source='127.0.0.7') as c:
            for i in range(1000):
                act(c, i)
                if i % 20 == 0:
                    c.listen(0.001)
                    c.send(c.acknowledgement())
                if c.closed is not None:
                    break
            grown, spent = tern.memory() - memory, tern.cpu_s() - cpu_s
            print(f'{name}: {grown >> 10} KiB, {spent:.2f} s of CPU, {i + 1} sent, closed: {c.closed}', file=sys.stderr)
            at_most(grown, with_quarantine(1) << 20, f'{name}: octets')
            at_most(spent, scaled(2), f'{name}: seconds of CPU')
            equal(data(ask('www.example.com')), ['192.0.2.81'], name)
    lives(tern)


@busy(60)
def test_tables_that_a_client_offers():
    """A client lends its table for compression, and tells of nothing that it has read: answers need no table, and nothing is kept."""
    tern = http3()
    warm()
    with Browser() as c:
        for i in range(200):
            c.asks(4 * i)
    memory, n = tern.memory(), 4
    lent = var(1) + var(4096) + var(7) + var(100)
    for parameters in ({}, {7: 2}, {7: 200}):
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(Browser(settings=lent, parameters=parameters)) for _ in range(n)]
            for c in clients:
                for i in range(600):
                    c.say(4 * i, get(), True)
                    c.listen(0.002, lambda: 4 * i in c.streams)
                    c.send(c.acknowledgement())
                c.listen(0.2)
                check(c.closed is None, f'{c.closed}')
                equal([i for i in range(600) if not c.result(4 * i) or c.result(4 * i)[0] != 200], [], 'not answered without a table')
                at_most(len(b''.join(c.streams.get(7, {0: b''}).values())), 1, 'octets of an encoder')
            print(f'{(tern.memory() - memory) / n / 1024:.0f} KiB for each', file=sys.stderr)
            at_most((tern.memory() - memory) / n, with_quarantine(0.5) * (1 << 20), 'octets for each')
    lives(tern)


def test_malformed_bodies_use_up_no_window():
    tern = http3()
    with Browser() as c:
        for i in range(6):
            c.say(4 * i, frame(HEADERS, section(('x', 'y'))) + frame(DATA, bytes(30000)), True)
            c.listen(0.05)
            c.send(c.acknowledgement())
        for i in range(6, 12):
            c.say(4 * i, head('PUT') + frame(DATA, bytes(30000)), False)
            c.send(reset(4 * i, c.at[4 * i]))
            c.listen(0.05)
            c.send(c.acknowledgement())
        got = c.fetch(400 - 4 * 50, head() + frame(DATA, wire() + bytes(60000)))
        check(got and got[0] == 200, f'{got}, {c.closed}')
    lives(tern)


def test_https_tells_of_it():
    """Alt-Svc comes and goes with the listener (RFC 7838)."""
    tern = http3(listen=[{'address': f'127.0.0.1@{HTTPS}', 'transport': 'https'}])
    tls = {'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'}
    listen = [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{HTTPS}', 'transport': 'https'}, {'address': f'127.0.0.1@{HTTPS}', 'transport': 'http3'}]
    query = base64.urlsafe_b64encode(wire()).rstrip(b'=').decode()
    for on in (True, False, True):
        reload(tern, server={'listen': listen[:2 + on]}, tls=tls)
        for version in ('--http1.1', '--http2'):
            out = subprocess.run(['curl', '-sk', version, '-D', '-', '-o', '/dev/null', f'https://127.0.0.1:{HTTPS}/dns-query?dns={query}'],
                                 capture_output=True, text=True, timeout=20).stdout.lower()
            check(' 200' in out, out)
            equal(f'alt-svc: h3=":{HTTPS}"; ma=86400' in out, on, f'{version}: {out}')
    lives(tern)
