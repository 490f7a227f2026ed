"""Clients that a view names by hardware address or DHCP name: they are where their leases say, within a second."""
import json
import os
import time

from harness import *
from test_explain import only
from test_leases import PATH, Open, leases, line
from test_reload import reload, start, ternctl
from test_views import ELSE, KIDS, OFFICE, view

MAC, OTHER_MAC = '02:00:00:00:00:0a', '02:00:00:00:00:0b'


def named(name, clients, address):
    return view(name, clients, **{'local-data': [f'who.test. A {address}']})


def who(source):
    return (data(ask('who.test', source=source)) or ['192.0.2.99'])[0]


def becomes(source, want, seconds=1.0):
    began = time.monotonic()
    while who(source) != want:
        check(time.monotonic() - began < seconds + 4, f'{source} is answered {who(source)}, not {want}')
        time.sleep(0.02)
    at_most(time.monotonic() - began, scaled(seconds), 'seconds')


def told(name):
    views = [json.loads(text) for text in ternctl('--json', 'views').splitlines()]
    return {c['client']: c['addresses'] for v in views if v['name'] == name for c in v['clients']}


def sections(**more):
    return {'views': [named('kids', ['tablet', MAC.upper().replace(':', '-')], '192.0.2.1'),
                      named('office', ['127.0.0.8/32', 'desk.lan'], '192.0.2.2')],
            'local-data': ['who.test. A 192.0.2.9'], **leases(), **more}


def test_they_come_move_and_go():
    file = Open()
    file.write()
    tern = start(**sections())
    for source in (ELSE, KIDS, OFFICE):
        equal(who(source), '192.0.2.9')
    check('no lease is of such a client' in tern.log_text(), tern.log_text())
    file.write(line('Tablet', KIDS, mac=OTHER_MAC), line('desk', OFFICE, mac='02:00:00:00:00:0c'))
    becomes(KIDS, '192.0.2.1')
    becomes(OFFICE, '192.0.2.2')
    equal(expect(ask('who.test', source=KIDS, tcp=True), 'NOERROR', ['192.0.2.1']).answer[0].name.to_text(), 'who.test.')
    equal(told('kids'), {'tablet': [KIDS], MAC: []})
    equal(told('office'), {'desk.lan': [OFFICE]})
    check('tablet: 127.0.0.2\n' in ternctl('views'), ternctl('views'))
    check(only(KIDS, 'who.test', 'view')[0].startswith(f'kids, by tablet, as the client of this lease calls itself, {tern.config}'),
          only(KIDS, 'who.test', 'view'))
    # It moves; another one with the hardware address comes, whatever it calls itself: the server has seen that.
    file.write(line('tablet', '127.0.0.5', mac=OTHER_MAC), line('desk', KIDS, mac=MAC))
    becomes('127.0.0.5', '192.0.2.1')
    equal(who(KIDS), '192.0.2.1')
    becomes(OFFICE, '192.0.2.9')
    check('by 02:00:00:00:00:0a, which has this address by its lease' in only(KIDS, 'who.test', 'view')[0])
    # An address that is written counts before what leases say.
    file.write(line('tablet', '127.0.0.8', mac=MAC))
    becomes('127.0.0.5', '192.0.2.9')
    equal(who('127.0.0.8'), '192.0.2.2')
    equal(told('kids'), {'tablet': [], MAC: []})
    # A reload and a restart find them again.
    file.write(line('tablet', KIDS, mac=MAC), line('x', '127.0.0.6', mac=MAC))
    becomes(KIDS, '192.0.2.1')
    equal(sorted(told('kids')[MAC]), [KIDS, '127.0.0.6'])
    reload(tern, **sections(logging={'level': 'info'}))
    equal([who(s) for s in (KIDS, '127.0.0.6', ELSE)], ['192.0.2.1', '192.0.2.1', '192.0.2.9'])
    reload(tern, **sections(views=[named('other', [MAC], '192.0.2.4')]))
    equal([who(s) for s in (KIDS, '127.0.0.6', ELSE)], ['192.0.2.4', '192.0.2.4', '192.0.2.9'])
    reload(tern, **sections(views=[]))
    equal(who(KIDS), '192.0.2.9')
    tern.stop()
    start(**sections())
    equal([who(s) for s in (KIDS, '127.0.0.6', ELSE)], ['192.0.2.1', '192.0.2.1', '192.0.2.9'])


def test_a_lease_ends_and_the_clock_jumps():
    file = Open()
    file.write(line('tablet', KIDS, 3))
    clock = Clock(0)
    start(env=clock.env, **sections())
    equal(who(KIDS), '192.0.2.1')
    becomes(KIDS, '192.0.2.9', 3.5)
    equal(told('kids')['tablet'], [])
    file.write(line('tablet', KIDS, 3600))
    becomes(KIDS, '192.0.2.1')
    clock.set(7200)
    becomes(KIDS, '192.0.2.9')
    clock.set(0)
    becomes(KIDS, '192.0.2.1')


def test_a_name_that_two_claim():
    """Who takes somebody's name moves nobody out of a view."""
    file = Open()
    file.write(line('tablet', KIDS, mac=OTHER_MAC))
    start(**sections())
    equal(who(KIDS), '192.0.2.1')
    file.append(line('tablet', OFFICE, 7200, mac='02:00:00:00:00:0c'))
    becomes(OFFICE, '192.0.2.1')
    equal(who(KIDS), '192.0.2.1')
    check('tablet: 127.0.0.2 127.0.0.3, claimed by several devices' in ternctl('views'), ternctl('views'))
    check('a name that several devices give themselves' in only(KIDS, 'x', 'view')[0], only(KIDS, 'x', 'view'))


def test_check_tells_doubts_and_mistakes():
    with open(PATH, 'w') as f:
        f.write(line('tablet', KIDS, mac=MAC) + line('tablet', OFFICE, mac=OTHER_MAC))
    path = os.path.join(LAB, 'members.yaml')

    def checked(views, code=0, with_leases=True):
        with open(path, 'w') as f:
            json.dump({'views': views, **(leases() if with_leases else {})}, f)
        return ternctl('check', path, code=code)
    for entry, doubt in (('nobody', 'nobody: no lease is of such a client at this time'),
                         ('wpad', 'wpad: no DHCP client may have that name'),
                         ('02:00:00:00:00:77', 'no lease is of such a client'),
                         ('tablet', 'tablet: several devices say that this is their name')):
        out = checked([view('a', ['192.0.2.0/24', entry])])
        check(f'doubt: {path}:1: views[0].clients[1]: ' in out and doubt in out, out)
    check('views[1].clients[0]: 02:00:00:00:00:0a: an earlier entry has the same, and counts'
          in checked([view('a', [MAC]), view('b', [MAC])]))
    check('without leases no such client is found' in checked([view('a', [MAC])], with_leases=False))
    for entry in ('192.168.2.1/24', '192.168.2', '192.168.2.0/33', 'aa:bb:cc', 'aa:bb:cc:dd:ee:gg', 'aa:bb-cc:dd:ee:ff',
                  'x' * 64, 'a..b', 'a b', 'tablet!', '', ':'.join(['aa'] * 21), 'x.' * 128):
        out = checked([view('a', [entry])], code=1)
        check(f'{path}:1: views[0].clients[0]: expected a network' in out, f'{entry}: {out}')
