"""DNS over QUIC under attack: a client that sends what it likes, when it likes, from where it likes."""
import contextlib
import os
import struct
import sys
import threading
import time

import dns.edns
import dns.message

from harness import *
import quic_by_hand
from quic_by_hand import APP, INITIAL, PATH_RESPONSE, Client, stream
from test_quic import DOQ, quic, stats


def client(**how):
    c = Client(DOQ, **how)
    check(c.connect(), f'no handshake: {c.closed}')
    c.listen(0.05)
    c.send(c.acknowledgement())
    return c


def wire(name='www.example.com', **how):
    return question(name, **how).to_wire()


def framed(name='www.example.com', **how):
    return quic_by_hand.sized(b'\0\0' + wire(name, **how)[2:])


def answered(c, number=0, name='www.example.com', **how):
    octets = c.ask(wire(name), number, **how)
    return data(dns.message.from_wire(octets)) if octets else None


def lives(tern):
    check(tern.alive(), 'alive')
    with client() as c:
        equal(answered(c), ['192.0.2.81'])


def test_by_hand():
    tern = quic()
    with client() as c:
        for i in range(200):
            equal(answered(c, 4 * i), ['192.0.2.81'], f'question {i}')
    lives(tern)


def test_moves():
    """A client's port changes before each query: other workers get its datagrams, and one address comes back unproven."""
    tern = quic()
    with client() as c:
        sockets = [c.sock, *(c.new_socket() for _ in range(5))]
        for i in range(40):
            s = sockets[i % len(sockets)]
            c.send(stream(4 * i, framed()), sock=s)
            # Only every third one proves itself before the next one is used.
            for t in sockets:
                c.listen(0.005, sock=t)
            if i % 3 == 0:
                for challenge in c.challenges:
                    c.send(c.acknowledgement() + bytes([PATH_RESPONSE]) + challenge, sock=s)
                c.challenges = []
        for t in sockets:
            c.listen(0.05, sock=t)
        at_least(sum(c.answer(4 * i) is not None for i in range(40)), 30, 'answers on the move')
    lives(tern)


def test_comes_back_unproven():
    """From another address and back before that one was looked at; the same with a third."""
    tern = quic()
    for order in ((1, 0), (1, 2, 0), (1, 2, 1, 0, 2, 0), (1, 1, 0, 0)):
        with client() as c:
            sockets = [c.sock, c.new_socket(), c.new_socket('127.0.0.2')]
            for i, which in enumerate(order):
                c.send(b'\1', sock=sockets[which])
            equal(answered(c, 0), ['192.0.2.81'], f'after {order}')
    lives(tern)


def test_stopped_answers():
    """Who wants to hear no more, and acknowledges nothing of what came: none of it is sent again from memory that was given back."""
    tern = quic(workers=1, **{'local-data': [f'{letter}.lan. 60 IN TXT {i:04}{letter * 200}' for i in range(250) for letter in 'xy']})
    for end in (quic_by_hand.stop(0), quic_by_hand.stop(0) + quic_by_hand.reset(0, 0)):
        with client() as c:
            c.send(stream(0, framed('x.lan', rtype='TXT')))
            c.listen(0.1)
            c.send(end)
            for i in range(1, 20):
                c.send(stream(4 * i, framed('y.lan', rtype='TXT')))
                c.listen(0.02)
                # What came before counts as lost.
                c.send(quic_by_hand.ack(max(c.heard[APP])))
            c.listen(2)
            octets = b''.join(c.streams.get(0, {}).values())
            at_least(octets.count(b'x' * 200), 10, 'records')
            check(b'yyyy' not in octets, 'octets of another answer')
    lives(tern)


BREAKING = {
    'no ID of 0': (2, lambda q: stream(0, quic_by_hand.sized(b'\0\1' + q[2:]))),
    'keepalive': (2, lambda q: stream(0, quic_by_hand.sized(b'\0\0' + question('www.example.com', options=[
        dns.edns.GenericOption(11, b'')]).to_wire()[2:]))),
    'two messages': (2, lambda q: stream(0, quic_by_hand.sized(b'\0\0' + q[2:]) * 2)),
    'half a message': (2, lambda q: stream(0, quic_by_hand.sized(b'\0\0' + q[2:])[:-1])),
    'nothing': (2, lambda q: stream(0, b'')),
    'a length of 0': (2, lambda q: stream(0, b'\0\0')),
    'a length of 1': (2, lambda q: stream(0, b'\0\1\0')),
    'one octet': (2, lambda q: stream(0, b'\0')),
    'more than its length': (2, lambda q: stream(0, quic_by_hand.sized(b'\0\0' + q[2:]) + b'x', fin=False)),
    'a stream of one direction': (4, lambda q: stream(2, quic_by_hand.sized(b'\0\0' + q[2:]))),
    'a stream that we would open': (None, lambda q: stream(1, q)),
    'one stream too many': (4, lambda q: stream(4 * 64, q)),
    'behind the window': (3, lambda q: stream(0, q, offset=65537)),
    'behind the end': (None, lambda q: stream(0, b'ab') + stream(0, b'c', offset=2)),
    'acknowledges what was not sent': (None, lambda q: quic_by_hand.ack(1000000)),
    'CRYPTO behind all': (None, lambda q: quic_by_hand.crypto(b'a', 1 << 40)),
    'too many IDs': (None, lambda q: b''.join(quic_by_hand.new_id(i, os.urandom(8)) for i in range(1, 9))),
    'retires an ID that was never given': (None, lambda q: b'\x19' + quic_by_hand.var(1000)),
    'DONE from a client': (None, lambda q: b'\x1e'),
    'NEW_TOKEN from a client': (None, lambda q: b'\7\1a'),
    'no frame at all': (None, lambda q: b'\x40\xff' + b'a' * 40),
    'closes': (-1, lambda q: b'\x1d\0\0'),
}


def test_rules_that_are_broken():
    tern = quic()
    for name, (error, frame) in BREAKING.items():
        with client() as c:
            c.send(frame(wire()))
            c.listen(0.5, lambda: c.closed is not None)
            equal(c.closed is not None, error != -1, f'{name}: {c.closed}')
            if error and error > 0:
                equal(c.closed, error, name)
            # Whatever comes afterwards finds no connection any more.
            c.send(stream(4, framed()))
            c.listen(0.02)
            check(c.answer(4) is None, f'{name}: answered')
    lives(tern)


def test_queries_in_any_pieces():
    tern = quic()
    q = framed()
    with client() as c:
        # An octet in each packet, the last one first.
        for at in reversed(range(len(q))):
            c.send(stream(0, q[at:at + 1], fin=at == len(q) - 1, offset=at))
        # Many streams in each packet, none of them whole before the last.
        c.send(b''.join(stream(4 * i, q[:20], fin=False) for i in range(1, 12)))
        c.send(b''.join(stream(4 * i, q[20:], offset=20) for i in range(1, 12)))
        c.listen(0.5, lambda: all(c.answer(4 * i) for i in range(12)))
        equal([i for i in range(12) if not c.answer(4 * i)], [], 'not answered')
    with client() as c:
        # The longest there is.
        long = b'\0\0' + wire()[2:]
        long = quic_by_hand.sized(long + bytes(65535 - len(long)))
        for at in range(0, len(long), 1100):
            c.send(stream(0, long[at:at + 1100], fin=at + 1100 >= len(long), offset=at))
            if at % 11000 == 0:
                c.listen(0.002)
        c.listen(1, lambda: c.answer(0) is not None or c.closed is not None)
        check(c.answer(0) is not None, f'the longest: {c.closed}')
    lives(tern)


def test_messages_that_never_end():
    tern = quic()
    memory = tern.memory()
    with contextlib.ExitStack() as kept:
        clients = [kept.enter_context(client()) for _ in range(20)]
        began = time.monotonic()
        for c in clients:
            for i in range(60):
                c.send(stream(4 * i, b'\0', fin=False) if i % 2 else stream(4 * i, b'x', fin=False, offset=900))
        time.sleep(0.2)
        print(f'{(tern.memory() - memory) / 20 / 1024:.0f} KiB for each', file=sys.stderr)
        if not sanitized():
            at_most((tern.memory() - memory) / 20, 700 << 10, 'octets for each')
        for c in clients:
            c.listen(8, lambda: c.closed is not None)
            check(c.closed is not None, 'closed')
        at_most(time.monotonic() - began, scaled(7), 'seconds')
    lives(tern)


def keeps_place(act, seconds=14):
    """Seconds until the connection of somebody that never asks is closed; @act is called every half second."""
    with client() as c:
        equal(answered(c), ['192.0.2.81'])
        began, n = time.monotonic(), 1
        while time.monotonic() - began < seconds and c.closed is None:
            act(c, n)
            n += 1
            c.listen(0.5, lambda: c.closed is not None)
            if c.heard[APP]:
                c.send(c.acknowledgement())
        return time.monotonic() - began


@busy(60)
def test_idle_ones_that_look_alive():
    """Nothing but questions keeps a place beyond the idle time of 10 s."""
    quic()
    acts = {
        'pings': lambda c, n: c.send(b'\1'),
        'challenges': lambda c, n: c.send(b'\x1a' + os.urandom(8)),
        'resets': lambda c, n: c.send(stream(4 * n, b'\0', fin=False) + quic_by_hand.reset(4 * n, 1)),
        'empty streams': lambda c, n: c.send(stream(4 * n, b'', fin=False)),
        'resets of nothing': lambda c, n: c.send(quic_by_hand.reset(4 * n)),
        'key updates': lambda c, n: (c.update_keys(), c.send(b'\1')),
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


def silent_octets(*first, source='127.0.0.1', seconds=8, answer=b''):
    """Octets sent and received from one address, which says what is in @first and then nothing."""
    with Client.new_socket(source) as s:
        sent = received = 0
        for octets in first:
            s.sendto(octets, ('127.0.0.1', DOQ))
            sent += len(octets)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            s.settimeout(max(0.001, end - time.monotonic()))
            with contextlib.suppress(TimeoutError):
                received += len(s.recv(2000))
        return sent, received


@busy(60)
def test_amplification():
    """Nobody whose address is not known to be his gets more than three times what came from there, whatever it was."""
    tern = quic()
    with Client(DOQ) as half, Client(DOQ, alpn=b'h3x') as other, Client(DOQ, padding=3000) as long, Client(DOQ, host=b'x' * 60 + b'.lan') as named:
        initial = half.first()
        bad_token = Client(DOQ, token=b'\xb6' + os.urandom(60))
        version = b'\xc0\x0a\x1a\x2a\x3a\x08destined\x04from'
        kinds = {
            'half a handshake': [initial],
            'the same one again': [initial] * 4,
            'another protocol': [other.first()],
            'half a hello': [long.packet(INITIAL, quic_by_hand.crypto(long.hello()[:1000]) + bytes(130))],
            'another host': [named.first()],
            'a forged token': [bad_token.first()],
            'another version': [version + bytes(1200 - len(version))],
            'no connection': [b'\x40' + os.urandom(n) for n in (20, 42, 43, 60, 1200)],
            'garbage': [os.urandom(n) for n in (1, 7, 21, 43, 100, 1200)],
            'a hello that is none': [named.packet(INITIAL, quic_by_hand.crypto(b'\1\0\0\x40' + os.urandom(64)) + bytes(1100))],
            'a small datagram': [initial[:1199], initial[:600]],
        }
        found = {}
        threads = [threading.Thread(target=lambda name=name, what=what: found.update({name: silent_octets(*what)}))
                   for name, what in kinds.items()]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    for name, (sent, received) in found.items():
        print(f'{name}: {received} octets for {sent}', file=sys.stderr)
        at_most(received, 3 * sent, f'{name}: octets')
    lives(tern)


def test_an_unproven_address_gets_little():
    """An address that a connection moves to: what it sent three times, until it answers the challenge."""
    tern = quic(**{'local-data': [f'large.lan. 60 IN TXT {i:04}{"x" * 200}' for i in range(250)]})
    with client() as c, c.new_socket('127.0.0.5') as s:
        c.send(stream(0, framed('large.lan', rtype='TXT')), sock=s)
        before = c.received
        c.listen(7, sock=s)
        at_most(c.received - before, 3 * 200, 'octets')
    lives(tern)


@busy(60)
def test_tokens():
    tern = quic(workers=1)
    with contextlib.ExitStack() as kept:
        def starting(**how):
            c = kept.enter_context(Client(DOQ, **how))
            c.put(c.first())
            return c

        def after_retry(c, token, source=None):
            """What becomes of its second try with @token."""
            c.token, c.dcid = token, c.their_scid
            c.begin()
            with (c.new_socket(source) if source else contextlib.nullcontext(c.sock)) as s:
                c.closed = None
                # There may be no time for it right now.
                for _ in range(10):
                    c.put(c.first(), sock=s)
                    c.listen(0.3, lambda: c.open or c.closed is not None, sock=s)
                    if c.open or c.closed is not None:
                        break
            return 'open' if c.open else c.closed
        # With many handshakes under way, or no time for one, who comes has to show his address.
        late, end = [], time.monotonic() + 4
        while len(late) < 5 and time.monotonic() < end:
            for _ in range(10):
                starting(source='127.0.0.6')
            c = starting(source='127.0.0.8')
            c.listen(0.3, lambda: c.retry or c.heard[INITIAL])
            if c.retry:
                late.append(c)
        equal(len(late), 5, 'that had to show their address')
        equal(after_retry(late[0], late[0].retry), 'open', 'its own token')
        equal(after_retry(late[1], late[1].retry[:-1] + bytes([late[1].retry[-1] ^ 1])), 0xb, 'a forged one')
        equal(after_retry(late[2], late[3].retry), 0xb, "another connection's")
        equal(after_retry(late[3], late[3].retry, '127.0.0.9'), 0xb, "another address's")
        time.sleep(11)
        equal(after_retry(late[4], late[4].retry), 0xb, 'an old one')
        at_least(stats()['quic']['retries'], 5, 'retries')
    with client() as c:
        token = c.tokens[0]
    with client(token=token) as c:
        equal(answered(c), ['192.0.2.81'])
    with client(token=token[:-1], source='127.0.0.4') as c:
        equal(answered(c), ['192.0.2.81'])
    lives(tern)


def test_retries_and_replays():
    """The same first datagrams over and over begin nothing new."""
    tern = quic(workers=1)
    with contextlib.ExitStack() as kept:
        clients = [kept.enter_context(Client(DOQ)) for _ in range(20)]
        firsts = [c.first() for c in clients]
        for _ in range(20):
            for c, first in zip(clients, firsts):
                c.put(first)
        time.sleep(0.3)
        for c in clients:
            c.listen(0.2)
    lives(tern)


@busy(60)
def test_rapid_resets():
    """Queries that are taken back at once, thousands: no more than 64 of them are worked on at a time."""
    setting('slow.evil', delay=1)
    tern = quic(workers=1)
    warm()
    memory = tern.memory()
    with client() as c:
        free, number, began = 64, 0, time.monotonic()
        while time.monotonic() - began < 3.5 and c.closed is None:
            while number < free:
                c.send(stream(4 * number, framed(f'r{number}.slow.evil')) + quic_by_hand.stop(4 * number))
                number += 1
            for _, kind, *values in c.listen(0.01):
                if kind == quic_by_hand.MAX_STREAMS:
                    free = max(free, values[0])
            c.send(c.acknowledgement())
        asked = len({q['name'] for q in upstream('slow.evil')})
        print(f'{number} taken back, {asked} asked upstream, closed: {c.closed}', file=sys.stderr)
        check(c.closed is None, f'{c.closed}')
        at_least(number, 65, 'queries')
        # Each takes a second, and 64 go on at a time.
        at_most(asked, 64 * 5 + 64, 'asked upstream')
    at_most(tern.memory() - memory, with_quarantine(20) << 20, 'octets')
    # As fast as streams are given.
    with client() as c:
        free, number, began = 64, 0, time.monotonic()
        while time.monotonic() - began < 3 and c.closed is None:
            while number < free:
                c.send(stream(4 * number, framed('www.example.com'), fin=False) + quic_by_hand.reset(4 * number, len(framed())))
                number += 1
            for _, kind, *values in c.listen(0.01):
                if kind == quic_by_hand.MAX_STREAMS:
                    free = max(free, values[0])
            if c.heard[APP]:
                c.send(c.acknowledgement())
        print(f'{number} begun and reset', file=sys.stderr)
        check(c.closed is None, f'{c.closed}')
        equal(answered(c, 4 * number) if number < free else ['192.0.2.81'], ['192.0.2.81'])
    lives(tern)


@busy(60)
def test_answers_that_nobody_takes():
    """Windows that are never opened, and acknowledgements that never come: little memory, and five seconds."""
    tern = quic(workers=1, **{'local-data': [f'large.lan. 60 IN TXT {i:04}{"x" * 200}' for i in range(250)]})
    memory = tern.memory()
    for parameters in ({4: 0}, {5: 0}, {5: 1000, 4: 100}, {}):
        with contextlib.ExitStack() as kept:
            clients = [kept.enter_context(client(parameters=parameters)) for _ in range(8)]
            for c in clients:
                for i in range(64):
                    c.send(stream(4 * i, framed('large.lan', rtype='TXT')))
            time.sleep(0.5)
            print(f'{(tern.memory() - memory) / 8 / 1024:.0f} KiB for each', file=sys.stderr)
            at_most((tern.memory() - memory) / 8, with_quarantine(1) << 20, 'octets for each')
            began = time.monotonic()
            for c in clients:
                c.listen(8, lambda: c.closed is not None)
                check(c.closed is not None, 'closed')
            at_most(time.monotonic() - began, scaled(7), 'seconds')
    lives(tern)


def test_IDs_that_were_retired_come_again():
    """Frames that ask for IDs to be retired, and name them again, in any order."""
    tern = quic()
    for order in (((5, 5), (3, 0), (3, 0)), ((1, 1), (1, 1), (0, 0), (0, 0)), ((3, 3), (1, 0), (2, 0), (1, 0), (4, 4), (1, 1))):
        with client() as c:
            for number, retire in order:
                c.send(quic_by_hand.new_id(number, struct.pack('!Q', number), retire, token=bytes(16)))
            answered(c)
        with client() as c:
            # The number may stand in eight octets, and behind other frames.
            c.send(stream(0, framed(), fin=False) + b'\1' + b''.join(
                b'\x18' + quic_by_hand.var(number, 8) + quic_by_hand.var(retire, 8) + b'\x08' + struct.pack('!Q', number) + bytes(16)
                for number, retire in order))
            answered(c, 4)
    lives(tern)


FLOODS = {
    'pings': lambda c, i: c.send(b'\1' * 1000),
    'challenges': lambda c, i: c.send((b'\x1a' + os.urandom(8)) * 100),
    'IDs that retire': lambda c, i: c.send(quic_by_hand.new_id(i + 1, struct.pack('!Q', i), retire=i + 1)),
    'ranges': lambda c, i: c.send(quic_by_hand.ack(max(c.heard[APP]), 0, [(0, 0)] * 0), number=2 * i + 1000),
    'CRYPTO': lambda c, i: c.send(quic_by_hand.crypto(b'a', 10 + 2 * i)),
    'TLS that has no end': lambda c, i: c.send(quic_by_hand.crypto(b'\4\xff\xff\xff' + bytes(996) if i == 0 else bytes(1000), 1000 * i)),
    'gaps': lambda c, i: c.send(b''.join(stream(0, b'a', False, 2 + 2 * (i * 60 + j)) for j in range(60))),
    'more data': lambda c, i: c.send(b''.join(bytes([0x10]) + quic_by_hand.var(1 << 20 | i * 100 + j) for j in range(100))),
    'more of streams': lambda c, i: c.send(b''.join(bytes([0x11, 0]) + quic_by_hand.var(1 << 20 | i * 100 + j) for j in range(100))),
    'blocked': lambda c, i: c.send(b''.join(bytes([0x15, 0]) + quic_by_hand.var(i * 100 + j) for j in range(100))),
    'key updates': lambda c, i: (c.send(b'\1'), c.update_keys(), c.send(b'\1')),
    'wrong keys': lambda c, i: c.put(b'\x43' + c.dcid + os.urandom(40)),
    'stateless resets': lambda c, i: c.put(b'\x43' + os.urandom(60)),
    'addresses': lambda c, i: c.send(b'\1', sock=c.new_socket(f'127.0.1.{i % 250 + 1}')),
    'tokens': lambda c, i: c.put(b'\xc3\0\0\0\1\x0c' + c.dcid + b'\x08' + c.scid + b'\x40\x28' + os.urandom(40) + bytes(1200)),
}


@busy(120)
def test_floods_of_frames():
    """Each kind 1,500 times within a connection: others are served meanwhile, and memory is not kept."""
    tern = quic(workers=1)
    with client() as c:
        answered(c)
    for name, act in FLOODS.items():
        memory, cpu_s = tern.memory(), tern.cpu_s()
        with client(source='127.0.0.7') as c:
            c.listen(0.01)
            for i in range(1500):
                act(c, i)
                if i % 100 == 0:
                    c.listen(0.001)
                if c.closed is not None:
                    break
            c.listen(0.05)
            grown, spent = tern.memory() - memory, tern.cpu_s() - cpu_s
            print(f'{name}: {grown >> 10} KiB, {spent:.2f} s of CPU, {i + 1} sent, closed: {c.closed}', file=sys.stderr)
            at_most(grown, with_quarantine(1) << 20, f'{name}: octets')
            at_most(spent, scaled(2), f'{name}: seconds of CPU')
            equal(data(ask('www.example.com')), ['192.0.2.81'], name)
    lives(tern)


# --- who a client is -------------------------------------------------------------

def prove(c, s):
    """Answer the challenges that come to @s, if any do."""
    c.listen(scaled(0.3), lambda: c.challenges, sock=s)
    for challenge in c.challenges:
        c.send(bytes([PATH_RESPONSE]) + challenge, sock=s)
    c.challenges = []
    c.listen(0.05, sock=s)
    c.send(c.acknowledgement(), sock=s)


def test_rules_follow_a_client():
    """To another view and back, by another port, and to where nobody may ask."""
    views = [{'name': 'kids', 'clients': ['127.0.0.2/32'], 'local-data': ['nas.lan. A 192.168.1.3']}]
    tern = quic(access={'allow': ['127.0.0.0/28']}, views=views, **{'local-data': ['nas.lan. A 192.168.1.1']})
    for order in ((1, 0), (1, 0, 1, 0), (2, 1, 2, 0), (0, 1, 1, 0)):
        with client() as c, c.new_socket('127.0.0.2') as kid, c.new_socket('127.0.0.1') as other:
            sockets = [c.sock, kid, other]
            equal(answered(c, 0, 'nas.lan'), ['192.168.1.1'])
            for i, which in enumerate(order, 1):
                c.send(b'\1', sock=sockets[which])
                prove(c, sockets[which])
                equal(answered(c, 4 * i, 'nas.lan', sock=sockets[which]), ['192.168.1.3' if which == 1 else '192.168.1.1'], f'{order}, {i}')
    with client() as c, c.new_socket('127.0.0.99') as stranger:
        c.send(b'\1', sock=stranger)
        prove(c, stranger)
        c.ask(wire('nas.lan'), 4, sock=stranger)
        check(c.answer(4) is None and c.closed is not None, 'whoever may not ask is closed')
    lives(tern)


def test_copies_by_somebody_else():
    """Somebody who copies a client's datagrams, sooner or later than they come, and answers nothing: what is lost is sent again."""
    tern = quic()
    with client() as c, c.new_socket('127.0.0.3') as thief:
        for i in range(12):
            packet = c.packet(APP, stream(4 * i, framed()))
            for s in (thief, c.sock) if i % 3 == 0 else (c.sock, thief):
                c.put(packet, sock=s)
            c.listen(0.1, lambda: c.answer(4 * i) is not None)
            c.send(b'\1' + c.acknowledgement())
        c.listen(scaled(5), lambda: all(c.answer(4 * i) for i in range(12)))
        equal([i for i in range(12) if not c.answer(4 * i)], [], 'without an answer')
    lives(tern)


def test_places_of_one_client():
    """32 of one address, whichever way they came; and those that come by a move count."""
    tern = quic(workers=1, listen=[f'10.53.0.1@{PORT}', {'address': f'10.53.0.1@{DOQ}', 'transport': 'quic'}], access={'allow': ['0.0.0.0/0']})
    with contextlib.ExitStack() as kept:
        clients = [kept.enter_context(Client(DOQ, server='10.53.0.1', source='10.53.0.1')) for _ in range(34)]
        is_open = [c.connect(1) for c in clients]
        equal(sum(is_open), 32, 'places')
        # Another host of the network is no worse off.
        at_least(stats()['quic']['refused'], 2, 'refused')
        with Client(DOQ, server='10.53.0.1', source='127.0.0.1') as c, c.new_socket('10.53.0.1') as there:
            check(c.connect(), 'another one')
            equal(answered(c), ['192.0.2.81'])
            c.send(b'\1', sock=there)
            prove(c, there)
            c.send(stream(4, framed()), sock=there)
            c.listen(0.5, lambda: c.closed is not None, sock=there)
            check(c.closed is not None and c.answer(4) is None, 'has moved to where there is no place')
    lives(tern)


@busy(60)
def test_what_idle_connections_cost():
    if sanitized():
        raise Skipped('memory of a sanitizer')
    tern = quic()
    with contextlib.ExitStack() as kept:
        for _ in range(20):
            answered(kept.enter_context(client()))
        before = tern.memory()
        for _ in range(200):
            answered(kept.enter_context(client(source='127.0.0.3')))
        each = (tern.memory() - before) / 200 / 1024
        print(f'{each:.1f} KiB', file=sys.stderr)
        at_most(each, 80, 'KiB of an idle connection')
