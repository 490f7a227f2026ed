"""What odd arguments, many clients at once, full disks and ill-timed ends could do to what ternctl says and keeps."""
import json
import os
import random
import signal
import subprocess
import threading
import time

import harness
from harness import *
from test_lists import FOLDER, listing, put, told, until
from test_lists_url import tiny_disk
from test_local_data import add, folder, kept, records_added, remove
from test_reload import SOCKET, change, reload, start, ternctl
from test_views import view

KIDS, OFFICE = '127.0.0.2', '127.0.0.3'


def paused():
    return {v['name']: v.get('paused_s', 0) for v in map(json.loads, ternctl('--json', 'views').splitlines())}


def test_a_pause_is_of_the_view_that_was_named():
    """Not of the one that takes its place, and who ends it for one view ends it."""
    ads = listing('www.example.com\n')
    kids, office = view('kids', [f'{KIDS}/32'], lists=['ads']), view('office', [f'{OFFICE}/32'], lists=['ads'])
    tern = start(lists=[ads], views=[kids])
    ternctl('pause', '1h', 'kids')
    expect(ask('www.example.com', source=KIDS), 'NOERROR')
    reload(tern, lists=[ads], views=[office])
    expect(ask('www.example.com', source=OFFICE), 'NXDOMAIN')
    reload(tern, lists=[ads], views=[office, kids])
    expect(ask('www.example.com', source=OFFICE), 'NXDOMAIN')
    # As many others in between as it takes until its place is given again.
    for round in range(3):
        others = [view(f'v{round}-{i}', [f'127.0.1.{i}/32'], lists=['ads']) for i in range(31)]
        reload(tern, lists=[ads], views=others)
        time.sleep(0.6)
        equal(set(paused().values()), {0})
        for i in range(31):
            expect(ask('www.example.com', source=f'127.0.1.{i}'), 'NXDOMAIN')


def test_a_pause_that_ends_for_one_view():
    ads = listing('www.example.com\n')
    kids, office = view('kids', [f'{KIDS}/32'], lists=['ads']), view('office', [f'{OFFICE}/32'], lists=['ads'])
    start(lists=[ads], views=[kids, office])
    ternctl('pause', '1h')
    ternctl('pause', 'off', 'kids')
    equal(paused()['kids'], 0)
    check(paused()['office'] > 3500)
    expect(ask('www.example.com', source=KIDS), 'NXDOMAIN')
    expect(ask('www.example.com', source=OFFICE), 'NOERROR')
    ternctl('pause', '1h')
    expect(ask('www.example.com', source=KIDS), 'NOERROR')
    ternctl('pause', 'off', 'kids')
    ternctl('pause', '1h', 'kids')
    expect(ask('www.example.com', source=KIDS), 'NOERROR')
    ternctl('pause', 'off')
    for source in (KIDS, OFFICE):
        expect(ask('www.example.com', source=source), 'NXDOMAIN')


def test_odd_arguments():
    """Each gets one line and a code; the daemon goes on."""
    tern = start(lists=[listing('www.example.com\n')], views=[view('kids', [f'{KIDS}/32'])])
    odd = ('', ' ', '\n', '"', '\\', '%s%n', '-1', '0', '99999999999999999999', '1e9', 'off ', '../../x', 'x' * 300, 'a' * 3000,
           '\x01\x02', '--', '1s\n', '0.5s', '1ms', '1.5h', '604801s', '8d', '\u202e', '\xff')
    for command in (['explain'], ['pause'], ['lists', 'update'], ['local-data', 'add'], ['local-data', 'remove'], ['import'],
                    ['flush'], ['nta', 'add'], ['trace'], ['check']):
        for one in odd:
            for more in ((), ('kids',), ('x', 'A'), ('x', 'y', 'z', 'w')):
                program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
                done = subprocess.run([program, '-s', SOCKET, *command, one, *more], capture_output=True, text=True, timeout=20,
                                      errors='surrogateescape', cwd=FOLDER)
                check(done.returncode in (0, 1, 2), f'{command} {one[:20]!r} {more}: {done.returncode} {done.stderr[:200]}')
                check(done.returncode == 0 or done.stderr.strip(), f'{command} {one[:20]!r} {more}: no word')
                check(done.returncode != 1 or command == ['import'] or done.stderr.count('\n') <= 2, f'{command} {one[:20]!r} {more}: {done.stderr[:400]!r}')
                # A path is told as it was given, by who runs the command.
                bad = command not in (['check'], ['import']) and [c for c in done.stderr + done.stdout if c < ' ' and c != '\n']
                check(not bad, f'{command} {one[:20]!r} {more}: control characters {bad}')
        tern.alive()


def ctl(*args):
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    done = subprocess.run([program, '-s', SOCKET, *args], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@busy(40)
def test_several_at_once():
    """What was said to be done is done, whoever else was at it; nobody is left without a word."""
    tern = kept(folder(), lists=[listing('ads.test-zone\n')], views=[view('kids', [f'{KIDS}/32'], lists=['ads'])])
    results, lock = [], threading.Lock()

    def client(n):
        for i in range(12):
            for args in (['local-data', 'add', f'c{n}-{i}.lan. A 192.0.2.{i}'], ['pause', '1s' if i % 2 else 'off', *(['kids'] if n % 2 else [])],
                         ['explain', KIDS, f'c{n}-{i}.lan'], ['lists', 'update'], ['reload'],
                         ['local-data', 'remove', f'c{n}-{i}.lan'] if i % 3 == 0 else ['local-data']):
                result = ctl(*args)
                with lock:
                    results.append((args, *result))
    threads = [threading.Thread(target=client, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wrong = [(a, c, out[-200:]) for a, c, out in results if c != 0 and a[0] != 'lists']
    equal(wrong, [])
    wanted = sorted(f'c{n}-{i}.lan.' for n in range(6) for i in range(12) if i % 3)
    equal(sorted(r.split()[0] for r in records_added()), wanted)
    for name in wanted:
        expect(ask(name), 'NOERROR')
    tern.alive()


def test_a_full_disk_under_what_was_added():
    """What can't be kept is said not to be, and is not in force; what was kept stays, also over a restart."""
    with tiny_disk(16384) as state:
        tern = kept(state)
        n, out = 0, ''
        while n < 500:
            code, out = ctl('local-data', 'add', f'n{n}.lan. TXT "{"x" * 150}"')
            if code:
                break
            n += 1
        check(0 < n < 500 and "can't be written" in out, f'{n} {out}')
        equal(rcode(ask(f'n{n}.lan', 'TXT')), 'NXDOMAIN')
        equal(len(records_added()), n)
        equal(ctl('local-data', 'remove', 'n0.lan')[0], 0)
        ctl('nta', 'add', 'example.com', '1h')
        expect(ask('n1.lan', 'TXT'), 'NOERROR')
        tern.process.kill()
        tern.process.wait()
        stop_all()
        tern = kept(state)
        equal(len(records_added()), n - 1)
        expect(ask('n1.lan', 'TXT'), 'NOERROR')
        check('damaged' not in tern.log_text())


@busy(40)
def test_kills_while_records_are_added():
    """Each record of which ternctl said that it was added is there after kill -9."""
    state = folder()
    done = []
    for turn in range(8):
        tern = kept(state, dnssec={'validation': 'off'})
        end = time.monotonic() + 0.2 + turn * 0.05

        def killer():
            time.sleep(max(0, end - time.monotonic()))
            tern.process.kill()
        t = threading.Thread(target=killer)
        t.start()
        for i in range(1000):
            code, _ = ctl('local-data', 'add', f't{turn}-{i}.lan. A 192.0.2.1')
            if code:
                break
            done.append(f't{turn}-{i}.lan.')
        t.join()
        tern.process.wait()
        stop_all()
    tern = kept(state)
    missing = set(done) - {r.split()[0] for r in records_added()}
    equal(missing, set())
    check(done)
    check(set(os.listdir(state)) <= {'local-data', 'local-data.old', 'local-data.new'}, os.listdir(state))
    check('damaged' not in tern.log_text())


def test_globs_with_very_many_files():
    """Too many files are one error, soon; as many as there may be are read; they don't hold up who asks."""
    tern = start()
    folder = tern.config.replace('.yaml', '.d')
    os.mkdir(folder)
    for i in range(30000):
        open(f'{folder}/{i:05}.yaml', 'w').close()
    change(tern, include=f'{folder}/*.yaml')
    began = time.monotonic()
    code, out = ctl('reload')
    at_most(time.monotonic() - began, scaled(8), 'seconds')
    check(code == 1 and out.count('\n') < 4, out[:500])
    expect(ask('www.example.com'), 'NOERROR')
    code, out = ctl('check', tern.config)
    check(code == 1 and 'too many files are included' in out, out[:500])


def test_a_disk_that_is_full_from_the_start():
    """What is kept there is told not to be; names are resolved, validated, blocked and excepted as ever."""
    from test_dnssec import anchors
    with tiny_disk(8192) as state:
        with open(os.path.join(state, 'rest'), 'wb', buffering=0) as f:
            try:
                while f.write(b'x' * 512):
                    pass
            except OSError:
                pass
        tern = kept(state, dnssec={'validation': 'on', 'trust-anchors': anchors(), 'trust-anchor-file': os.path.join(state, 'anchors')},
                    lists=[listing('ads.test-zone\n')])
        check(ask('www.example.com', do=True).flags & dns.flags.AD)
        equal(rcode(ask('ads.test-zone')), 'NXDOMAIN')
        code, out = ctl('local-data', 'add', 'x.lan. A 192.0.2.1')
        check(code == 1 and "can't be written" in out, out)
        equal(records_added(), [])
        code, out = ctl('nta', 'add', 'example.com', '1h')
        check(bool(ask('www.example.com', do=True).flags & dns.flags.AD) == (code != 0), f'{code} {out}')
        ternctl('reload')
        os.unlink(os.path.join(state, 'rest'))
        add('x.lan. A 192.0.2.1')
        tern.stop()
        tern = kept(state)
        expect(ask('x.lan'), 'NOERROR', ['192.0.2.1'])


@busy(60)
def test_nobody_waits_behind_lists():
    """Of many who wait for a list whose server stalls, few do; the list goes meanwhile, and the daemon ends."""
    from test_lists_url import Server, listing as by_url, stalled_or_endless, text
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')

    def waiting(n):
        return [subprocess.Popen([program, '-s', SOCKET, 'lists', 'update', 'more'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for _ in range(n)]
    with Server(text('one.test-zone\n')) as server:
        tern = kept(folder(), lists=[by_url(server)])
        until(lambda: json.loads(ternctl('--json', 'lists').splitlines()[0])['entries'] > 0, 10)
        server.answer = lambda h: stalled_or_endless(h, b'slow.test-zone\n', 30)
        clients = waiting(12)
        try:
            time.sleep(0.7)
            began = time.monotonic()
            ternctl('status')
            at_most(time.monotonic() - began, scaled(0.5), 'seconds')
            equal(len([c for c in clients if c.poll() is None]), 3)
            equal({c.stdout.read() for c in clients if c.poll() is not None}, {b'ternctl: lists update: 3 wait for lists already\n'})
            # One of them is killed, and the list is gone: the others are told.
            still = [c for c in clients if c.poll() is None]
            still[0].kill()
            reload(tern, lists=[])
            for c in still[1:]:
                equal((c.wait(5), c.stdout.read()), (1, b'ternctl: more: the list is gone\n'))
            reload(tern, lists=[by_url(server)])
            clients += waiting(2)
            time.sleep(0.3)
            at_most(tern.stop(), scaled(2), 'seconds')
            for c in clients:
                check(c.wait(5) in (1, 3, -9), c.returncode)
        finally:
            for c in clients:
                c.kill()
                c.wait()
