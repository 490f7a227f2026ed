"""Reloads under hostile conditions: files that are none, places that run out, workers that don't come."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import harness
from harness import *
from test_daemon import Activated
from test_reload import SOCKET, Forwarder, change, forwarding, listening, reload, start, ternctl, write


def ends_amid_a_load(tern):
    """It was told to read again, and then to end."""
    tern.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    begun = time.monotonic()
    tern.process.send_signal(signal.SIGTERM)
    tern.process.wait(timeout=20)
    at_most(time.monotonic() - begun, 12, 'seconds until the end')


def test_a_pipe_as_configuration():
    """Nobody writes into it: the daemon says so after a while, serves on, and still ends when told."""
    tern = start()
    os.unlink(tern.config)
    os.mkfifo(tern.config)
    begun = time.monotonic()
    ternctl('reload', code=1)
    at_most(time.monotonic() - begun, 15, 'seconds')
    expect(ask('www.example.com'), 'NOERROR')
    ends_amid_a_load(tern)


def test_a_control_socket_that_is_taken():
    """What has the place stays; that nothing changed is not told as a change."""
    tern = start()
    place = os.path.join(LAB, 'no-socket')
    with open(place, 'w') as f:
        f.write('precious')
    told = reload(tern, control={'socket': place})
    equal((told['changed'], [k['key'] for k in told['kept']]), ([], ['control.socket']))
    with open(place) as f:
        equal(f.read(), 'precious')


def many(first, n):
    return [f'127.1.{i // 200}.{first + i % 200}@{PORT}' for i in range(n)]


@long(20)
def test_all_places_change():
    """As many addresses as there may be are replaced by as many others: after some seconds all are there."""
    tern = start(**listening(*many(1, 64)))
    reload(tern, **listening(*many(101, 64)))
    deadline = time.monotonic() + 16
    open_now = lambda: set(json.loads(ternctl('--json', 'status'))['listen'].split())
    while time.monotonic() < deadline and exchange(question('www.example.com').to_wire(), server='127.1.0.164') is None:
        time.sleep(0.5)
    expect(ask('www.example.com', server='127.1.0.101'), 'NOERROR')
    expect(ask('www.example.com', server='127.1.0.164'), 'NOERROR')


def test_thousands_of_forward_zones():
    one = Forwarder('192.0.2.101', ttl=4000)
    zones = [(f'z{i}.test', one) for i in range(4000)]
    tern = start(cache={'size': '512MiB'}, **forwarding(('test', one)))
    for i in range(200):
        ask(f'n{i}.test')
    begun = time.monotonic()
    reload(tern, cache={'size': '512MiB'}, **forwarding(('test', one), *zones))
    at_most(time.monotonic() - begun, scaled(3), 'seconds')
    begun = time.monotonic()
    reload(tern, cache={'size': '512MiB'}, **forwarding(('test', one)))
    at_most(time.monotonic() - begun, scaled(3), 'seconds back')


@long(60)
def test_a_worker_is_busy_while_addresses_change():
    """It opens late, and what is lingering then is not overwritten."""
    spin = Preloaded('spin.c', 'SPIN_FILE')
    tern = Tern(control={'socket': SOCKET}, resolver={'do-not-query-localhost': False}, env=spin.env,
                server={'listen': [f'127.0.0.1@{PORT}'], 'workers': 1, 'user': ''})
    warm()
    before = tern.descriptors()
    stop = threading.Event()

    def keep_busy():
        with udp_socket() as s:
            while not stop.is_set():
                spin.write(1800)
                s.sendto(question('www.example.com').to_wire(), ('127.0.0.1', PORT))
                time.sleep(0.02)
    busy = threading.Thread(target=keep_busy)
    busy.start()
    time.sleep(0.3)
    told = reload(tern, server={'listen': [f'127.0.0.1@{PORT}', f'127.0.0.9@{PORT}'], 'workers': 1, 'user': ''})
    check('127.0.0.9' in told['kept'][0]['why'] and 'memory' not in told['kept'][0]['why'], told)
    time.sleep(4)
    stop.set()
    busy.join()
    deadline = time.monotonic() + 20
    while f'127.0.0.9@{PORT} is there now' not in tern.log_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    answered = lambda: exchange(question('www.example.com').to_wire(), server='127.0.0.9', timeout=3) is not None
    check(all([answered() for _ in range(20)]), tern.log_text()[-600:])
    time.sleep(7)
    check(answered())
    equal(tern.descriptors(), before + 2)


def test_passed_sockets_stay_and_are_not_told_as_changed():
    sockets = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        s = socket.socket(socket.AF_INET, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('127.0.0.1', PORT))
        sockets.append(s)
    sockets[1].listen(64)
    try:
        tern = Activated(sockets, **merged({'control': {'socket': SOCKET}}, listening('127.0.0.1@5399')))
        for _ in range(2):
            told = reload(tern, **listening('127.0.0.1@5398'))
            equal([k['key'] for k in told['kept']], ['server.listen'])
            check('server.listen' not in told['changed'], told)
    finally:
        for s in sockets:
            s.close()


@contextlib.contextmanager
def hot_names():
    """Fifty names below test. are asked as fast as they are answered."""
    names = os.path.join(LAB, 'hot-names')
    with open(names, 'w') as f:
        f.write(''.join(f'n{i}.test A\n' for i in range(50)))
    load = subprocess.Popen(['dnsperf', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-l', '600', '-c', '8', '-t', '5'],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    try:
        yield
    finally:
        load.kill()
        load.wait()


@busy(60)
def test_hot_names_of_a_zone_that_changes():
    """What is made of old data while the old data is being dropped is not kept for those who ask later."""
    one, two = Forwarder('192.0.2.101', ttl=300), Forwarder('192.0.2.102', ttl=300)
    big = {'size': '2GiB'}
    tern = start(cache=big, **forwarding(('test', one)))
    wrong = []
    with hot_names():
        for i in range(20):
            zone = two if i % 2 == 0 else one
            time.sleep(0.3)
            reload(tern, cache=big, **forwarding(('test', zone)))
            wrong += [(i, n) for n in range(50) if data(ask(f'n{n}.test')) != [zone.address]]
    equal(wrong, [])


@busy(60)
def test_hot_names_that_are_flushed():
    """After `flush-zone` has told that it is done nobody gets what was known before."""
    one = Forwarder('192.0.2.1', ttl=300)
    tern = start(cache={'size': '2GiB'}, **forwarding(('test', one)))
    wrong = []
    with hot_names():
        for i in range(10):
            one.address = f'192.0.2.{i + 1}'
            time.sleep(0.3)
            ternctl('flush-zone', 'test')
            wrong += [(i, n) for n in range(50) if data(ask(f'n{n}.test')) != [one.address]]
    equal(wrong, [])
    tern.alive()
