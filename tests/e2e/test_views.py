"""Views: clients that are answered by rules of their own, over UDP and TCP, cached and fresh, and over reloads."""
import json
import os
import threading
import time

from harness import *
from test_lists import blocked, ede_options, listing
from test_reload import Forwarder, change, forwarding, reload, start, ternctl

KIDS, OFFICE, ELSE = '127.0.0.2', '127.0.0.3', '127.0.0.1'


def view(name, clients, **more):
    return {'name': name, 'clients': clients, **more}


def test_each_has_its_own_names_and_lists():
    lists = [listing('www.example.com\n'), listing('www.example.org\n', 'games', default=False)]
    views = [view('kids', [f'{KIDS}/32'], lists=['ads', 'games'], **{'local-data': ['school.lan. A 192.168.1.8']}),
             view('office', [f'{OFFICE}/32'], lists=[],
                  **{'local-zones': [{'name': 'lan', 'records': ['nas A 192.168.1.3']}]}),
             view('net', ['127.0.0.0/24'], **{'local-data': ['net.lan. A 192.168.1.4']})]
    start(lists=lists, views=views, **{'local-data': ['nas.lan. A 192.168.1.1']})
    for tcp in (False, True, False):
        how = {'tcp': tcp}
        equal(rcode(ask('www.example.com', source=KIDS, **how)), 'NXDOMAIN')
        equal(rcode(ask('www.example.org', source=KIDS, **how)), 'NXDOMAIN')
        expect(ask('school.lan', source=KIDS, **how), 'NOERROR', ['192.168.1.8'])
        expect(ask('nas.lan', source=KIDS, **how), 'NOERROR', ['192.168.1.1'])
        expect(ask('www.example.com', source=OFFICE, **how), 'NOERROR', ['192.0.2.81'])
        expect(ask('www.example.org', source=OFFICE, **how), 'NOERROR')
        expect(ask('nas.lan', source=OFFICE, **how), 'NOERROR', ['192.168.1.3'])
        equal(rcode(ask('school.lan', source=OFFICE, **how)), 'NXDOMAIN')
        expect(ask('net.lan', source=ELSE, **how), 'NOERROR', ['192.168.1.4'])
        expect(ask('www.example.org', source=ELSE, **how), 'NOERROR')
        equal(rcode(ask('www.example.com', source=ELSE, **how)), 'NXDOMAIN')


def test_forwarders_of_a_view_are_heard_by_nobody_else():
    """Split horizon: what a view's servers say is in no other view's answers, nor in everybody's, cached or stale."""
    inside, outside = Forwarder('192.0.2.101'), Forwarder('192.0.2.102')
    base = forwarding(('corp.test-zone', outside))
    own = forwarding(('corp.test-zone', inside), ('deep.corp.example', inside))
    tern = start(**base, views=[view('office', [f'{OFFICE}/32'], **own)])
    for _ in range(3):
        expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.101'])
        expect(ask('x.corp.test-zone'), 'NOERROR', ['192.0.2.102'])
        expect(ask('x.deep.corp.example', source=OFFICE), 'NOERROR', ['192.0.2.101'])
        equal(rcode(ask('x.deep.corp.example')), 'NXDOMAIN')
    equal((inside.asked, outside.asked), (2, 1))
    reload(tern, **base, views=[view('office', [f'{OFFICE}/32'], **own)], logging={'level': 'info'})
    expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.101'])
    equal((inside.asked, outside.asked), (2, 1))       # what it had cached stays
    ternctl('flush', 'x.corp.test-zone')
    expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.101'])
    expect(ask('x.corp.test-zone'), 'NOERROR', ['192.0.2.102'])
    equal((inside.asked, outside.asked), (3, 2))
    # The view goes: its clients hear what everybody does, at once.
    reload(tern, **base, views=[])
    expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.102'])
    # Another one has its place.
    reload(tern, **base, views=[view('other', [f'{KIDS}/32'], **own)])
    expect(ask('x.corp.test-zone', source=KIDS), 'NOERROR', ['192.0.2.101'])
    expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.102'])


def test_special_names_of_a_view():
    """Who forwards home.arpa for a view has it there, and nowhere else."""
    router = Forwarder('192.0.2.101')
    start(views=[view('home', [f'{KIDS}/32'], **forwarding(('home.arpa', router), ('168.192.in-addr.arpa', router)))])
    expect(ask('nas.home.arpa', source=KIDS), 'NOERROR', ['192.0.2.101'])
    equal(rcode(ask('nas.home.arpa')), 'NXDOMAIN')


def test_access():
    start(views=[view('closed', [f'{OFFICE}/32'], access={'allow': []}),
                 view('silent', [f'{KIDS}/32'], access={'allow': [], 'deny-action': 'drop'})])
    equal(rcode(ask('www.example.com', source=OFFICE)), 'REFUSED')
    equal(rcode(ask('www.example.com', source=OFFICE, tcp=True)), 'REFUSED')
    equal(exchange(question('www.example.com').to_wire(), source=KIDS), None)
    expect(ask('www.example.com'), 'NOERROR')


def test_a_listener_of_a_view():
    start(server={'listen': ['127.0.0.1@%d' % PORT, {'address': '127.0.0.4@%d' % PORT, 'view': 'kids'}]},
          views=[{'name': 'kids', 'local-data': ['school.lan. A 192.168.1.8']}])
    for tcp in (False, True):
        expect(ask('school.lan', server='127.0.0.4', tcp=tcp), 'NOERROR', ['192.168.1.8'])
        equal(rcode(ask('school.lan', tcp=tcp)), 'NXDOMAIN')


def test_mistakes():
    start()
    for text, why in (('views: [{name: a, clients: [connected]}]', 'views[0].clients: expected networks'),
                      ('views: [{name: a, lists: [none]}]', 'views[0].lists[0]: no list is called none'),
                      ('views: [{name: a}, {name: a}]', 'views[1].name: views[0] has that name already'),
                      ('views: [{name: a, local-data: [x]}]', 'views[0].local-data[0]: '),
                      ('views: [{name: a, local-zones: [{name: lan}, {name: lan}]}]', 'views[0].local-zones[1].name: '),
                      ('views: [{name: a, forward-zones: [{name: x, addresses: ["192.0.2.1"]}, '
                       '{name: x, addresses: ["192.0.2.1"]}]}]', 'views[0].forward-zones[1].name: the view has'),
                      ('server: {listen: [{address: "127.0.0.1@53", view: nobody}]}', 'no view is called nobody'),
                      ('views: [{name: a, colour: red}]', 'views[0].colour: unknown key')):
        path = os.path.join(LAB, 'mistake.yaml')
        with open(path, 'w') as f:
            f.write(text + '\n')
        out = ternctl('check', path, code=1)
        check(why in out, f'{text}: {out}')


def test_changes_under_load():
    """Views come, change and go beside questions of three clients: each is answered by one of the rules, none is lost."""
    def sections(n):
        return {'views': [view(f'v{i}', [f'127.0.0.{i + 2}/32'], **{'local-data': [f'who.lan. A 192.168.{n}.{i + 2}']})
                          for i in range(n % 3)], 'local-data': [f'who.lan. A 192.168.{n}.1']}
    tern = start(**sections(0))
    stop, wrong, seen = threading.Event(), [], set()

    def load(source):
        while not stop.is_set():
            for answer, _ in burst([('who.lan', 'A')] * 50, gap=0.001, source=source):
                got = data(answer) if answer else None
                last = source.rsplit('.', 1)[1]
                if not got or not got[0].endswith(('.1', '.' + last)):
                    wrong.append((source, got))
                else:
                    seen.add(got[0])
    threads = [threading.Thread(target=load, args=(s,)) for s in (ELSE, KIDS, OFFICE)]
    for t in threads:
        t.start()
    try:
        for n in range(60):
            reload(tern, **sections(n % 200))
    finally:
        stop.set()
        for t in threads:
            t.join()
    equal(wrong[:3], [])
    at_least(len(seen), 40, 'different answers')


def test_two_hundred_views():
    """Each client its own answer, out of the cache as well; one view more than there can be is told with its place."""
    views = [{'name': f'v{i}', 'clients': [f'127.0.{i}.7/32'], 'local-data': [f'own.lan. A 192.168.{i}.7']} for i in range(1, 201)]
    tern = start(views=views, **{'local-data': ['own.lan. A 192.168.0.7']}, access={'allow': ['127.0.0.0/8']})
    for _ in range(3):
        for i in (1, 15, 16, 17, 31, 32, 33, 127, 128, 200):
            equal(data(ask('own.lan', source=f'127.0.{i}.7')), [f'192.168.{i}.7'])
            equal(data(ask('www.example.com', source=f'127.0.{i}.7')), ['192.0.2.81'])
        equal(data(ask('own.lan', source='127.0.201.7')), ['192.168.0.7'])
    reload(tern, views=views[::-1][:150], **{'local-data': ['own.lan. A 192.168.0.8']}, access={'allow': ['127.0.0.0/8']})
    for i in (1, 50, 51, 128, 200):
        equal(data(ask('own.lan', source=f'127.0.{i}.7')), [f'192.168.{i}.7' if i > 50 else '192.168.0.8'])
    change(tern, views=[{'name': f'v{i}', 'clients': [f'127.1.{i // 250}.{i % 250}/32']} for i in range(256)])
    check('views' in ternctl('reload', code=1))
    equal(data(ask('own.lan', source='127.0.200.7')), ['192.168.200.7'])
