"""Forwarders by QUIC: tern asks tern, who it has to be, sessions resumed, and a server that comes and goes."""
import contextlib
import json
import os
import socket
import threading
import time

import harness
from harness import *
from test_lists_url import certificates
from test_reload import reload, start, ternctl
from test_tls_forward import ZONE, certificate, expired, pin, zone

SERVER = 5653          # the server's plain port; QUIC is one further
DOQ = SERVER + 1
RECORDS = [f'*.{ZONE}. 300 IN A 192.0.2.101', f'long.{ZONE}. 300 IN TXT {"x" * 200}',
           *(f'many.{ZONE}. 60 IN TXT {i:04}{"x" * 200}' for i in range(200))]


def serve(pair=None, workers=2, **more):
    """The other tern, with a control socket and a certificate of its own."""
    pem, key = pair or certificate('right')
    os.chmod(key, 0o644)
    path = f'{LAB}/other-{time.monotonic_ns()}.sock'
    tern = Tern(server={'listen': [f'127.0.0.1@{SERVER}', {'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}], 'workers': workers},
                tls={'certificate': pem, 'key': key}, control={'socket': path},
                **{'local-zones': [{'name': ZONE, 'behaviour': 'static', 'records': RECORDS}], **more})
    tern.path = path
    return tern


def at(name='dns.corp.test', port=DOQ):
    return f'127.0.0.1@{port}' + (f'#{name}' if name else '')


def forwarding(*servers, workers=2, **more):
    return start(**{'forward-zones': [zone(*(servers or [at()]), transport='quic', **more)], 'server': {'workers': workers}})


def stats(path=None):
    return json.loads(ternctl('--json', 'stats', **({'path': path} if path else {})))


def test_many_questions_on_one_connection():
    server = serve()
    forwarding()
    for i in range(40):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
    check('by QUIC' in ternctl('explain', '127.0.0.1', f'new.{ZONE}', 'A'), 'explain')
    ours, theirs = stats(), stats(server.path)
    equal(ours['upstream']['quic'], 40, 'asked by QUIC')
    equal(theirs['queries']['quic'], 40, 'heard by QUIC')
    at_most(ours['tls']['upstream_handshakes'], 2, 'connections, one for each worker')


def test_side_by_side_and_more_than_streams():
    serve()
    forwarding(workers=1)
    answers = burst([(f'b{i}.{ZONE}', 'A') for i in range(300)], timeout=10)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.101']), 300)


def test_long_answers():
    serve()
    forwarding()
    answer = ask(f'many.{ZONE}', rtype='TXT', tcp=True)
    equal(len(records(answer, 'TXT')), 200, 'records of 41,000 octets')


def test_whoever_is_somebody_else_is_asked_nothing():
    for pair, servers, words, more in ((certificate('other', host='other.test'), [], 'dns.corp.test', {}),
                                       (certificate('self', signed=False), [], 'NOT trusted', {}),
                                       (expired(), [], 'expired', {}),
                                       (certificate('right'), [at(None)], '127.0.0.1', {}),
                                       (certificate('self', signed=False), [at(None)], 'pinned',
                                        {'ca': False, 'pins': [pin(certificate('right')[0])]})):
        server = serve(pair)
        tern = forwarding(*servers, **more)
        answer = expect(ask(f'a.{ZONE}'), 'SERVFAIL')
        check(any(code in (22, 23) for code, _ in ede(answer)) and words in str(ede(answer)), f'{words}: {ede(answer)}')
        equal(stats(server.path)['queries']['quic'], 0, 'questions')
        tern.stop()
        server.stop()


def test_pins_and_opportunistic():
    pair = certificate('self', signed=False)
    serve(pair)
    tern = forwarding(at(None), ca=False, pins=[pin(pair[0])])
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    tern.stop()
    forwarding(at(None), ca=False, authentication='opportunistic')
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])


def test_sessions_are_resumed():
    server = serve()
    tern = forwarding(workers=1)
    for i in range(4):
        equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
        # The server forgets its connections, but not by what tickets are made.
        reload_other(server, [f'127.0.0.1@{SERVER}'])
        reload_other(server, [f'127.0.0.1@{SERVER}', {'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}])
    at_least(stats()['tls']['upstream_resumed'], 2, 'resumed sessions')
    check(tern.alive() and server.alive(), 'alive')


def reload_other(server, listen):
    with open(server.config) as f:
        sections = json.load(f)
    sections['server']['listen'] = listen
    with open(server.config + '.new', 'w') as f:
        json.dump(sections, f)
    os.replace(server.config + '.new', server.config)
    ternctl('reload', path=server.path)


def test_a_server_that_starts_anew():
    server = serve()
    tern = forwarding(workers=1)
    equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
    server.process.kill()
    server.process.wait()
    server.over()
    serve()
    began = time.monotonic()
    equal(data(ask(f'b.{ZONE}')), ['192.0.2.101'])
    at_most(time.monotonic() - began, scaled(2), 'seconds')
    check(tern.alive(), 'alive')


def test_a_dead_one_costs_little():
    """Nobody there, silence, garbage: the other one answers."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(('127.0.0.1', 0))
    loud = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    loud.bind(('127.0.0.1', 0))

    def shout():
        with contextlib.suppress(OSError):
            while True:
                _, peer = loud.recvfrom(2000)
                for n in (1, 30, 1200):
                    loud.sendto(os.urandom(n), peer)
    threading.Thread(target=shout, daemon=True).start()
    serve()
    for port in (silent.getsockname()[1], loud.getsockname()[1], 1):
        tern = forwarding(at(port=port), at(), policy='ordered')
        began = time.monotonic()
        equal(data(ask(f'a.{ZONE}')), ['192.0.2.101'])
        at_most(time.monotonic() - began, scaled(1.5), 'seconds for the first')
        for i in range(8):
            ask(f'l{i}.{ZONE}')
        began = time.monotonic()
        for i in range(10):
            equal(data(ask(f'n{i}.{ZONE}')), ['192.0.2.101'])
        at_most(time.monotonic() - began, scaled(1), 'seconds for ten more')
        tern.stop()
    loud.close()
