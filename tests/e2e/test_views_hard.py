"""Views under pressure: very many leases that change beside questions, reloads and schedules; names of any length."""
import json
import os
import re
import signal
import subprocess
import time

from harness import *
from test_leases import PATH, leases, line, now
from test_reload import reload, start, ternctl
from test_schedules import utc
from test_view_clients import becomes, told, who
from test_views import ELSE, KIDS, OFFICE, view

MANY = 100000


def many(*more):
    """As a server that does not rename: the file is written anew."""
    until = now() + 36000
    with open(PATH, 'w') as f:
        f.writelines(f'{until} 02:01:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}:00 10.{i >> 16}.{i >> 8 & 255}.{i & 255} n{i} *\n'
                     for i in range(MANY))
        f.writelines(more)


def sections(**more):
    first = ['tablet', '02:00:00:00:00:0a'] + [f'02:01:00:00:{i:02x}:00' for i in range(200)] + [f'n{i}' for i in range(1000, 1200)]
    return merged({'views': [view('kids', first, **{'local-data': ['who.test. A 192.0.2.1']})] +
                   [view(f'v{i}', [f'10.99.{i}.0/24', f'who{i}'], schedule=[f'{d} {h:02}:00-{h:02}:30' for d in ('mon-wed', 'fri') for h in range(24)])
                    for i in range(30)],
                   'local-data': ['who.test. A 192.0.2.9'], **leases()}, more)


@busy(240)
def test_very_many_leases_beside_questions_and_reloads():
    """100,000 leases that change, 31 views with schedules, reloads, records that come, 5,000 questions a second: none is lost."""
    many()
    clock = Clock(utc('2026-11-23 12:10:00'))
    tern = start(env=clock.env, **sections())
    names = os.path.join(LAB, 'views-names')
    with open(names, 'w') as f:
        f.write('www.example.com A\nwho.test A\nn7.lan A\nnone.lan A\n')
    expect(ask('n7.lan'), 'NOERROR', ['10.0.0.7'])
    load = subprocess.Popen(['dnsperf', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-Q', '5000', '-l', '200', '-c', '8',
                             '-t', '5'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            preexec_fn=die_with_parent)
    slowest = 0.0
    try:
        for i in range(20):
            if i == 6:
                before = tern.memory()
            at = (KIDS, OFFICE)[i % 2]
            clock.set(utc(f'2026-11-23 12:{10 + i % 2 * 30}:00'))
            many(line('tablet', at, seconds=360000))
            began = time.monotonic()
            becomes(at, '192.0.2.1', 3)
            slowest = max(slowest, time.monotonic() - began)
            equal(who((OFFICE, KIDS)[i % 2]), '192.0.2.9')
            if i % 4 == 0:
                reload(tern, **sections(cache={'size': f'{16 + i // 4 % 2}MiB'}))
                equal(who(at), '192.0.2.1')
            if i % 5 == 0:
                ternctl('local-data', 'add', f'x{i}.lan. A 192.0.2.{i}')
                expect(ask(f'x{i}.lan'), 'NOERROR', [f'192.0.2.{i}'])
        equal(told('kids')['tablet'], [OFFICE])
        equal(len(json.loads(ternctl('--json', 'views').splitlines()[0])['clients']), 402)
        at_most((tern.memory() - before) / 1e6, with_quarantine(100), 'MB more')
    finally:
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=30)[0]
    lost = re.search(r'Queries lost:\s+(\d+)', said)
    check(lost and int(lost[1]) == 0, said[-800:])
    tern.alive()
    at_most(slowest, scaled(2.0), 'seconds until a lease counts')


def test_names_of_any_length():
    """Host names of 255 octets and of odd ones, domains as long as can be, entries that no lease can have."""
    label = 'x' * 63
    domain = '.'.join([label[:60]] * 3) + '.lan'
    odd = ['x' * 255, label, 'a' * 64, '-x', 'x.y.z', '*', 'tablet\x00', 'b\xe4', '%s%n', 'x' * 4000]
    with open(PATH, 'w', encoding='latin-1') as f:
        for i, name in enumerate(odd):
            f.write(line(name, f'127.0.0.{10 + i}', mac=f'02:00:00:00:01:{i:02x}'))
        f.write('\0' * 5000 + '\n' + 'x' * 70000 + '\n')
        f.write(line('last', KIDS, mac='02:00:00:00:02:00'))
    entries = [label, f'{label}.{domain}', 'x', 'a' * 63, '02:00:00:00:01:00', 'last', f'last.{domain}']
    start(views=[view('kids', entries, **{'local-data': ['who.test. A 192.0.2.1']})], **{'local-data': ['who.test. A 192.0.2.9']},
          **leases(domain=domain))
    equal([who(f'127.0.0.{10 + i}') for i in (0, 2, 3, 5, 6)], ['192.0.2.1'] + ['192.0.2.9'] * 4)
    equal(who(KIDS), '192.0.2.1')
    equal(told('kids')[f'last.{domain}'], [KIDS])
    for source in (KIDS, ELSE, '127.0.0.10'):
        ternctl('explain', source, 'who.test')


def test_more_than_there_may_be():
    path = os.path.join(LAB, 'many-views.yaml')
    for sections_, why in (({'views': [{'name': f'v{i}', 'schedule': ['mon']} for i in range(1000)]}, 'views: '),
                           ({'views': [{'name': 'v', 'clients': [f'n{i}' for i in range(20000)]}]}, '')):
        with open(path, 'w') as f:
            json.dump(sections_, f)
        out = ternctl('check', path, code=1 if why else 0)
        check(why in out, out[:300])
