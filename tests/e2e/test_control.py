"""ternctl: what a person sees of a running daemon, and what the daemon refuses."""
import json
import os
import shutil
import subprocess
import tempfile
import time

import harness
from harness import *
from test_dnssec import anchors

SOCKET = os.path.join(LAB, 'control.sock')


def ternctl(*args, code=0):
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    done = subprocess.run([program, '-s', SOCKET, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=20)
    equal(done.returncode, code, f'ternctl {" ".join(args)}: {done.stdout[:200]}')
    return done.stdout


def controlled(**more):
    return Tern(control={'socket': SOCKET}, dnssec={'validation': 'on', 'trust-anchors': anchors()}, **more)


def has(text, *parts):
    for part in parts:
        check(part in text, f'no {part!r} in {text[:1500]!r}')


def test_status_and_stats():
    tern = controlled()
    ask('www.nsec-v.net')
    status = json.loads(ternctl('--json', 'status'))
    equal(status['pid'], tern.process.pid)
    has(status['listen'], f'127.0.0.1@{PORT}')
    has(ternctl('status'), 'listen', 'uptime_s', 'cache.percent')
    stats = json.loads(ternctl('--json', 'stats'))
    check(stats['queries']['udp'] >= 1, f'{stats["queries"]}')
    at_most(stats['cache']['retired'], stats['cache']['limit'] / 12 + (1 << 20), 'octets retired')


def test_oversized_replies_are_counted():
    """limits.md 6: above the 1232 octets that were advertised, fragments are near."""
    controlled()
    resolves('a.counts.evil')
    equal(json.loads(ternctl('--json', 'stats'))['upstream']['oversized'], 0)
    expect(ask('oversized.counts.evil', 'TXT', tcp=True), 'NOERROR')
    at_least(json.loads(ternctl('--json', 'stats'))['upstream']['oversized'], 1, 'oversized replies')


def test_denials_out_of_ranges_do_not_fill_the_cache():
    """Any number of names can be denied by what is there; only those asked for again are kept."""
    controlled(server={'workers': 1})
    entries = lambda: int(json.loads(ternctl('--json', 'status'))['cache']['entries'])
    for i in range(3):
        expect(ask(f'zz{i}.nsec-v.net'), 'NXDOMAIN')
    before = entries()
    for i in range(300):
        expect(ask(f'zzz{i}.nsec-v.net'), 'NXDOMAIN')
    at_most(entries() - before, 10, 'entries more')
    hits = lambda: json.loads(ternctl('--json', 'stats'))['queries']['hits']
    for _ in range(3):
        expect(ask('zzz7.nsec-v.net'), 'NXDOMAIN')
    before = hits()
    expect(ask('zzz7.nsec-v.net'), 'NXDOMAIN')
    equal(hits() - before, 1, 'hits')


def test_dump_shows_what_is_known_and_why():
    controlled()
    ask('www.nsec-v.net')
    ask('nothing.nsec-v.net')
    ask('www.expired-v.net')
    ask('mail.example.com')
    text = ternctl('dump-cache')
    has(text, 'www.nsec-v.net.\t', '\tIN\tA\t192.0.2.1 ; secure', 'nothing.nsec-v.net.\t', 'nxdomain secure',
        'failure\tEDE 7', 'expired-v.net', 'delegation\tNS\t')
    kinds = {}
    for line in ternctl('--json', 'dump-cache').splitlines():
        item = json.loads(line)
        kinds.setdefault(item['kind'], []).append(item)
    check(any(i['servers'] for i in kinds['delegation']), 'delegations without servers')
    check(any(i['ede'] == 7 and 'expired-v.net' in i['reason'] for i in kinds['failure']), f'{kinds["failure"]}')
    check(any(i['name'] == 'www.nsec-v.net.' and i['security'] == 'secure' for i in kinds['rrset']), 'no secure rrset')


def test_trace_tells_each_step_and_the_end():
    controlled()
    text = ternctl('trace', 'to-nsec3.nsec-v.net', 'A')
    has(text[-900:], '> ', '< NOERROR', '= to-nsec3.nsec-v.net. ', ' CNAME www.nsec3-v.net.', '= www.nsec3-v.net. 300 A 192.0.2.1',
        '= to-nsec3.nsec-v.net. A: secure')
    has(text, 'DS ', 'matches a DNSKEY of algorithm 13', 'RRSIG over www.nsec3-v.net. A by key ', ': good')
    has(ternctl('trace', 'www.changed-v.net', 'A'), 'RRSIG over www.changed-v.net. A by key', ': wrong')
    has(ternctl('trace', 'www.insecure-v.net', 'A'), 'no DS for insecure-v.net.: not signed below')
    has(ternctl('trace', 'x.wild.nsec-v.net', 'A'), '= x.wild.nsec-v.net. 300 A 192.0.2.3')
    has(ternctl('trace', 'nothing.nsec-v.net', 'A'), ': NXDOMAIN, secure')
    has(ternctl('trace', 'www.insecure-v.net', 'TXT'), ': NODATA, insecure')
    has(ternctl('trace', 'www.expired-v.net', 'A'), '! ', ': SERVFAIL ')
    steps = [json.loads(line) for line in ternctl('--json', 'trace', 'other.nsec-v.net', 'A').splitlines()]
    equal({s['event'] for s in steps} >= {'query', 'reply', 'result'}, True)


def test_trace_tells_the_fields_of_signatures():
    controlled()

    def signatures(name):
        steps = [json.loads(line) for line in ternctl('--json', 'trace', name).splitlines()]
        return [s for s in steps if s['event'] == 'signature']
    good, = [s for s in signatures('www.nsec-v.net') if s['name'] == 'www.nsec-v.net.']
    equal((good['type'], good['signer'], good['algorithm'], good['verdict']), ('A', 'nsec-v.net.', 13, 'good'))
    check(0 < good['key_tag'] < 65536 and good['inception'] < good['expiration'], f'{good}')
    for part in f'{good["inception"]} to {good["expiration"]}', f'key {good["key_tag"]} of':
        check(part in good['text'], f'{good}')
    old = signatures('www.expired-v.net')
    check({s['verdict'] for s in old if 'expired-v.net.' in s['name'] and s['type'] != 'DS'} == {'expired'}, f'{old}')


def test_nobody_waits_behind_traces():
    controlled()
    setting('switch.evil', silent=True)
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    traces = [subprocess.Popen([program, '-s', SOCKET, 'trace', f'slow{i}.switch.evil'], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT) for i in range(12)]
    try:
        time.sleep(0.5)
        began = time.monotonic()
        ternctl('status')
        check(time.monotonic() - began < 0.5, 'status waited')
        equal(len([t for t in traces if t.poll() is None]), 4)
        said = [t.stdout.read().decode() for t in traces if t.poll() is not None]
        equal(said, ['ternctl: trace: 4 are under way already\n'] * 8)
    finally:
        for t in traces:
            t.kill()
            t.wait()
        setting('switch.evil', silent=False)


def test_status_tells_when_nothing_resolves():
    controlled()
    setting('switch.evil', silent=True)
    try:
        burst([(f'dead{i}.switch.evil',) for i in range(12)], gap=0.05, timeout=5)
        has(ternctl('status'), 'warning', 'nothing resolves: the last 1')
        ask('www.nsec-v.net')
        time.sleep(0.6)
        check('warning' not in json.loads(ternctl('--json', 'status')), 'still')
    finally:
        setting('switch.evil', silent=False)


def test_stats_are_in_the_manual():
    controlled()
    ask('www.nsec-v.net')
    stats = json.loads(ternctl('--json', 'stats'))
    check(0 < stats['latency_percentiles_us']['p50'] <= stats['latency_percentiles_us']['p99'], f'{stats}')
    equal(stats['cache']['percent'], stats['cache']['octets'] * 100 // stats['cache']['limit'])
    with open(os.path.join(os.path.dirname(__file__), '..', '..', 'docs', 'ternctl.8')) as f:
        manual = f.read()
    words = set(manual.replace(',', ' ').split())
    named = [f'{part}.{k}' for part in ('queries', 'upstream', 'tcp', 'dnssec', 'cache') for k in stats[part]
             if k not in words]
    equal(named, [])


def test_names_in_unicode_and_forms():
    controlled()
    has(ternctl('trace', 'b\u00fccher.nsec-v.net'), 'xn--bcher-kva.nsec-v.net. A')
    has(ternctl('help', 'nta'), 'nta add NAME [TIME]', 'nta list', 'nta remove NAME')
    has(ternctl('nta', code=2), 'usage: ternctl nta add NAME [TIME]')
    has(ternctl('nta', 'add', '.'), 'warning', 'nothing is validated')
    ternctl('nta', 'remove', '.')


def test_names_that_idna_refuses():
    """What is no name is told here, and nothing is asked of the daemon."""
    tern = controlled()
    for name in 'a\u202e.example', 'x-\u00fc-.example', 'b\u00fc' + 'c' * 80 + '.example':
        has(ternctl('flush', name, code=2), "ternctl: the name can't be used: ")
    tern.alive()


def on_terminal(*args, **settings):
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    command = ' '.join([program, '-s', SOCKET, *args])
    done = subprocess.run(['script', '-qec', command, '/dev/null'], text=True, stdout=subprocess.PIPE, timeout=20,
                          stdin=subprocess.DEVNULL, env={**os.environ, **settings})
    return done.stdout


def test_names_are_shown_in_unicode_on_a_terminal():
    """To people, not to programs; and only those that mean the same name again."""
    controlled()
    ternctl('nta', 'add', 'b\u00fccher.example')
    ternctl('nta', 'add', 'xn--a-ujb.example')
    utf8 = {'LC_ALL': 'C.UTF-8'}
    listed = on_terminal('nta', 'list', **utf8)
    has(listed, 'b\u00fccher.example.', 'xn--a-ujb.example.')
    has(on_terminal('trace', 'xn--bcher-kva.nsec-v.net', **utf8), 'b\u00fccher.nsec-v.net. A')
    for shown in (on_terminal('nta', 'list', LC_ALL='C'), on_terminal('nta', 'list', IDN_DISABLE='1', **utf8),
                  on_terminal('--json', 'nta', 'list', **utf8), ternctl('nta', 'list')):
        check('xn--bcher-kva.example.' in shown and '\u00fc' not in shown, shown)


def test_four_traces_at_once():
    """A fifth one is refused at once; other commands are served meanwhile, and there is a place when one ends."""
    controlled()
    setting('slow.evil', delay=1.2)
    program = os.path.join(os.path.dirname(harness.TERND), 'ternctl')
    traces = [subprocess.Popen([program, '-s', SOCKET, 'trace', f't{i}.slow.evil'], stdout=subprocess.PIPE, text=True)
              for i in range(4)]
    time.sleep(0.4)
    begun = time.monotonic()
    has(ternctl('trace', 'fifth.slow.evil', code=1), 'trace: 4 are under way already')
    ternctl('status')
    at_most(time.monotonic() - begun, scaled(0.5), 'seconds')
    for trace in traces:
        has(trace.communicate(timeout=20)[0], '192.0.2.1')
        equal(trace.returncode, 0)
    has(ternctl('trace', 'sixth.slow.evil'), '192.0.2.1')


def test_flush_forgets():
    controlled()
    ask('www.honest.evil')
    before = upstream('honest.evil')
    ask('www.honest.evil')
    equal(upstream('honest.evil'), before)
    check(json.loads(ternctl('--json', 'flush', 'www.honest.evil'))['flushed'] >= 1, 'nothing flushed')
    ask('www.honest.evil')
    check(upstream('honest.evil') > before, 'still cached')
    check(json.loads(ternctl('--json', 'flush-zone', 'evil'))['flushed'] >= 2, 'nothing flushed')


def test_flushing_a_zone_that_was_silent():
    """The failures of its names are remembered; who flushes wants to see whether the servers are back."""
    controlled()
    resolves('known.switch.evil')
    setting('switch.evil', silent=True)
    burst([(f'gone{i}.switch.evil',) for i in range(20)], gap=0.2, timeout=4.5)
    setting('switch.evil', silent=False)
    reset()
    # One of its servers is asked all the same: it may be back.
    expect(ask('early.switch.evil'), 'NOERROR', ['192.0.2.1'])
    ternctl('flush-zone', 'switch.evil')
    resolves('gone0.switch.evil')


def test_bad_commands_are_refused():
    controlled()
    has(ternctl('trace', 'a..b', 'A', code=1), 'not a domain name')
    has(ternctl('trace', 'example.com', 'NOSUCHTYPE', code=1), 'not a record type')
    has(ternctl('log-level', 'loud', code=1), 'not a log level')
    ternctl('flush', code=2)
    ternctl('nosuchcommand', code=2)
    ternctl('status')       # it is still there


STATUS = r'''
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
s.sendall(b'{"command":"status"}\n')
print(s.recv(4000).decode())
'''


def test_the_group_of_the_socket_may_use_it():
    """Of the user that ternd becomes, not of the one that started it; nobody else may."""
    folder = tempfile.mkdtemp(dir='/tmp')
    os.chmod(folder, 0o755)
    path = os.path.join(folder, 'control.sock')
    try:
        Tern(server={'user': 'nobody'}, control={'socket': path})
        group = os.stat(path).st_gid
        check(group != 0, 'the socket is still of the one that started ternd')

        def status(gid):
            done = subprocess.run(['/usr/bin/python3', '-c', STATUS, path], user=12345, group=gid, extra_groups=[],
                                  capture_output=True, text=True, timeout=15, check=False, cwd='/')
            return done.stdout + done.stderr
        member, stranger = status(group), status(54321)
        check('uptime' in member, f'a member of the group: {member[-200:]!r}')
        check('uptime' not in stranger, f'a stranger: {stranger[:200]!r}')
    finally:
        shutil.rmtree(folder, ignore_errors=True)
