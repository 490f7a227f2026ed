"""DNS over QUIC under attack: a client that sends what it likes, when it likes, from where it likes."""
import contextlib
import os
import struct
import sys
import threading
import time

import dns.message

from harness import *
import quic_by_hand
from quic_by_hand import APP, CLOSE, CLOSE_APP, INITIAL, PATH_CHALLENGE, PATH_RESPONSE, Client, stream
from test_quic import DOQ, kdig, quic, stats
from test_reload import change, ternctl


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
