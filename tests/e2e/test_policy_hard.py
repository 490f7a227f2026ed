"""What hostile lists, names, clients and reloads could do to lists, views, leases and rates."""
import json
import os
import signal
import socket
import struct
import threading
import time

from harness import *
from test_lists import FOLDER, blocked, ede_options, listing, put, told, until
from test_reload import Forwarder, address, forwarding, reload, start, ternctl
from test_views import view

KIDS, OFFICE, ELSE = '127.0.0.2', '127.0.0.3', '127.0.0.1'


def test_a_list_that_is_for_everybody_no_more():
    """Blocking and unblocking help at once, whatever way it is done, also for what was asked often."""
    ads = listing('www.example.com\n')
    tern = start(lists=[{**ads, 'default': False}])
    for default in (True, False, True):
        for _ in range(3):
            equal(rcode(ask('www.example.com')), 'NXDOMAIN' if not default else 'NOERROR')
        reload(tern, lists=[{**ads, 'default': default}])


def test_a_loop_that_only_a_view_has():
    """It is a mistake of that view's names: nobody else inherits the failure, nor does the view that of everybody's names."""
    loop = {'local-data': ['www.example.org. CNAME shop.example.com.']}
    right = {'local-data': ['www.example.org. A 192.168.1.1']}
    start(views=[view('office', [f'{OFFICE}/32'], **loop)])
    for _ in range(2):
        equal(rcode(ask('shop.example.com', source=OFFICE)), 'SERVFAIL')
    equal(rcode(ask('shop.example.com')), 'NOERROR')
    stop_all()
    start(views=[view('office', [f'{OFFICE}/32'], **right)], **loop)
    for _ in range(2):
        equal(rcode(ask('shop.example.com')), 'SERVFAIL')
    expect(ask('shop.example.com', source=OFFICE), 'NOERROR', ['192.168.1.1'])


def stream(server, source=None):
    s = socket.socket()
    s.settimeout(3)
    if source:
        s.bind((source, 0))
    s.connect((server, PORT))
    return s


def send(s, name, rtype='A'):
    q = question(name, rtype).to_wire()
    s.sendall(struct.pack('!H', len(q)) + q)


def receive(s):
    """None when the connection ends."""
    octets = b''
    while len(octets) < 2 or len(octets) < 2 + struct.unpack('!H', octets[:2])[0]:
        more = s.recv(4096)
        if not more:
            return None
        octets += more
    return dns.message.from_wire(octets[2:])


def over(s, name, rtype='A'):
    try:
        send(s, name, rtype)
        return receive(s)
    except ConnectionError:
        return None


def test_connections_to_a_listener_of_a_view_that_goes():
    """They are not answered as if they had come in elsewhere."""
    here, guest = '127.0.0.1@%d' % PORT, {'address': '127.0.0.4@%d' % PORT, 'view': 'guests'}
    own = {'local-data': ['secret.lan. A 192.168.1.8']}
    guests = {'name': 'guests', 'local-zones': [{'name': 'lan', 'behaviour': 'refuse'}]}
    tern = start(server={'listen': [here, guest]}, views=[guests], **own)
    idle, owed = stream('127.0.0.4'), stream('127.0.0.4')
    equal(rcode(over(idle, 'secret.lan')), 'REFUSED')
    send(owed, 'x.slow.evil', 'TXT')
    time.sleep(0.1)
    reload(tern, server={'listen': [here]}, views=[guests], **own)
    equal(over(idle, 'secret.lan'), None)
    check(receive(owed).question[0].name.to_text() == 'x.slow.evil.')
    equal(receive(owed), None)


def test_a_view_in_the_place_of_another_one():
    """Who still waits for the servers of a view that is gone is not answered by those of the next one."""
    silent, inside = Forwarder('192.0.2.9', delay=60), Forwarder('192.0.2.101')
    tern = start(views=[view('old', [f'{KIDS}/32'], **forwarding(('corp.test-zone', silent)))])
    s = udp_socket('127.0.0.1', KIDS)
    s.sendto(question('x.corp.test-zone').to_wire(), ('127.0.0.1', PORT))
    time.sleep(0.2)
    reload(tern, views=[])
    reload(tern, views=[view('new', [f'{OFFICE}/32'], **forwarding(('corp.test-zone', inside)))])
    expect(ask('x.corp.test-zone', source=OFFICE), 'NOERROR', ['192.0.2.101'])
    s.settimeout(6)
    answer = dns.message.from_wire(s.recv(4096))
    equal(data(answer), [], answer)


def test_zone_files_that_include_each_other():
    """A fault with its line, soon, and the zone of before stays, whether the files are followed or a view's."""
    a = put('a.zone', 'x A 192.0.2.7\n')
    zone = {'local-zones': [{'name': 'lan', 'file': a}]}
    tern = start(**zone, views=[view('kids', [f'{KIDS}/32'], **zone)])
    for text, why in (('$INCLUDE a.zone\n' + '; long enough to be seen when it is gone\n' * 5000, 'too deep'),
                      ('$INCLUDE b.zone\n' * 300 + 'x A 192.0.2.8\n', 'too many files are included')):
        put('b.zone', 'y A 192.0.2.9\n')
        put('a.zone', text)
        out, took = ternctl('reload', code=1), time.monotonic()
        check(why in out and 'a.zone:' in out, out)
        expect(ask('x.lan'), 'NOERROR', ['192.0.2.7'])
    for depth in range(9):
        put(f'f{depth}.zone', f'$INCLUDE f{depth + 1}.zone\n' * 100)
    put('f9.zone', 'x A 192.0.2.7\n')
    put('a.zone', '$INCLUDE f0.zone\n')
    out, took = ternctl('reload', code=1), time.monotonic()
    check('too many files are included' in out or 'too deep' in out, out)
    at_most(time.monotonic() - took, scaled(5), 'seconds')
    tern.alive()


def test_explain_of_hostile_names():
    """Whatever a name, a list or a zone is called, one line says one thing, and JSON is JSON."""
    start(lists=[listing('||example.com^\n', 'a"b\\c')], views=[view('v"\\x', [f'{KIDS}/32'])])
    for name in ('a\\010b.example.com', 'a\\"b.example.com', '\\000.example.com', 'a\\027[31m.example.com', '\\255.example.com',
                 '.', '*.example.com', 'x' * 63 + '.example.com', 'a.' * 126 + 'a'):
        for args in ((), ('AAAA',), ('TYPE65535',)):
            text = ternctl('explain', KIDS, name, *args)
            check(all(c >= ' ' or c == '\n' for c in text), repr(text))
            for line in ternctl('--json', 'explain', KIDS, name, *args).splitlines():
                json.loads(line)
    for wrong in ('', 'a..b', 'x' * 64 + '.com', 'a.' * 130, '\\999.com'):
        ternctl('explain', KIDS, wrong, code=1)


def resident_kb(tern):
    with open(f'/proc/{tern.process.pid}/status') as f:
        return int(next(l for l in f if l.startswith('VmRSS')).split()[1])


def test_memory_over_many_changes():
    """Lists, views and their caches come and go three hundred times beside questions, and nothing of them stays."""
    inside = Forwarder('192.0.2.101')
    names = ''.join(f'||a{i}.test-zone^$dnstype=A\n' for i in range(20000))

    def sections(n):
        lists = [listing(names + f'x{n}.test-zone\n', f'ads{n % 3}')]
        views = [view(f'v{n % 7}', [f'{KIDS}/32'], lists=[lists[0]['name']], **{'cache-size': '8MiB'},
                      **forwarding(('corp.test-zone', inside)))] if n % 4 else []
        return {'lists': lists, 'views': views}
    tern = start(**sections(1))
    sizes = []
    for n in range(100):
        reload(tern, **sections(n))
        for source in (KIDS, ELSE):
            ask(f'y{n}.corp.test-zone', source=source)
        if n in (40, 99):
            time.sleep(1)
            sizes.append(resident_kb(tern))
    if not sanitized():
        at_most(sizes[1] - sizes[0], 6000, 'kB of growth')


def test_a_name_on_a_list_is_never_told_stale():
    """What was cached before a name was blocked is not given out, stale, prefetched, of an alias, or to RD=0 and CD=1."""
    inside = Forwarder('192.0.2.101', ttl=1)
    base = {**forwarding(('corp.test-zone', inside)), 'cache': {'serve-stale': True}}
    tern = start(**base, lists=[listing('nothing.example\n')])
    for name in ('x.corp.test-zone', 'shop.example.com'):
        expect(ask(name), 'NOERROR')
    put('ads', 'x.corp.test-zone\nwww.example.org\n')
    until(lambda: told()['entries'] == 2)
    time.sleep(1.2)
    inside.socket.close()
    for _ in range(3):
        for how in ({}, {'cd': True}, {'do': True}, {'rd': False}, {'cd': True, 'do': True}):
            for name in ('x.corp.test-zone', 'www.example.org'):
                for rtype in ('A', 'ANY', 'HTTPS', 'DS', 'CNAME', 'TYPE65280'):
                    answer = ask(name, rtype, **how)
                    equal((rcode(answer), bool(answer.flags & dns.flags.AD)), ('NXDOMAIN', False), f'{name} {rtype} {how}')
            equal(rcode(ask('shop.example.com', **how)), 'NXDOMAIN', how)
    put('ads', 'nothing.example\n')
    until(lambda: told()['entries'] == 1)
    expect(ask('www.example.org'), 'NOERROR')
    expect(ask('x.corp.test-zone'), 'NOERROR', ['192.0.2.101'])      # stale by now


def silent_sockets(n):
    sockets = []
    for _ in range(n):
        s = udp_socket()
        s.bind(('127.0.0.1', 0))
        sockets.append(s)
    return sockets


def test_parallel_forwarders_that_are_silent():
    """What one question costs stays within its account, and the one who answers is found in time."""
    silent, right = silent_sockets(15), Forwarder('192.0.2.101')
    at = [f'127.0.0.1@{s.getsockname()[1]}' for s in silent]
    start(**{'forward-zones': [{'name': 'dead.test-zone', 'addresses': at, 'policy': 'parallel'},
                               {'name': 'corp.test-zone', 'addresses': [*at, right.at()], 'policy': 'parallel'}]})
    sent = lambda: json.loads(ternctl('--json', 'stats'))['upstream']['udp']
    before = sent()
    answer, took = ask_timed('a.dead.test-zone')
    equal(rcode(answer), 'SERVFAIL')
    at_most(took, scaled(4.5), 'seconds')
    at_most(sent() - before, 50, 'questions')
    # Four are asked at once, and then four others: it is found by the first question.
    for i in range(6):
        before = sent()
        answer, took = ask_timed(f'x{i}.corp.test-zone')
        expect(answer, 'NOERROR', ['192.0.2.101'])
        at_most(took, scaled(4.5 if i < 3 else 1), 'seconds')
        at_most(sent() - before, 50, 'questions')


def test_many_views_and_networks():
    """As many as there may be: each client is answered by the longest of 10,000 networks."""
    nets = [f'10.{i // 250}.{i % 250}.0/24' for i in range(9000)]
    views = [view(f'v{i}', [f'127.0.1.{i}/32', f'::ffff:127.0.2.{i}/128', *(nets if i == 7 else [])],
                  **{'local-data': [f'who.lan. A 192.168.1.{i}']}) for i in range(31)]
    views[30]['clients'].append('127.0.0.0/8')
    start(access={'allow': ['0.0.0.0/0', '::/0']}, views=views)
    for tcp in (False, True):
        for i in range(31):
            for source in (f'127.0.1.{i}', f'127.0.2.{i}'):
                expect(ask('who.lan', source=source, tcp=tcp), 'NOERROR', [f'192.168.1.{i}'])
        expect(ask('who.lan', source='127.9.9.9', tcp=tcp), 'NOERROR', ['192.168.1.30'])
        equal(rcode(ask('who.lan', server='::1', tcp=tcp)), 'NXDOMAIN')


def test_a_list_that_is_written_all_the_time():
    """Renamed over, and rewritten in its place, a hundred times a second: questions are answered, and the end state counts."""
    start(lists=[listing('a.test-zone\n')])
    names = ''.join(f'n{i}.test-zone\n' for i in range(3000))
    end = time.monotonic() + 4
    n = 0
    while time.monotonic() < end:
        n += 1
        if n % 2:
            put('ads', f'{names}x{n}.test-zone\n')
        else:
            with open(os.path.join(FOLDER, 'ads'), 'r+') as f:
                f.truncate(len(names) // 2)
        if n % 20 == 0:
            expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        time.sleep(0.01)
    put('ads', f'{names}last.test-zone\n')
    until(lambda: rcode(ask('last.test-zone')) == 'NXDOMAIN' and ede_options(ask('last.test-zone')), 8)
    equal(told()['entries'], 3001)


def test_the_end_amid_a_load():
    """Who is reading millions of names ends within seconds of SIGTERM, and once read, they are read in time."""
    path = put('millions', ''.join(f'x{i:x}.ads{i % 977}.test-zone\n' for i in range(1500000)))
    tern = start(lists=[{'name': 'ads', 'file': path}])
    put('millions', ''.join(f'y{i:x}.ads{i % 977}.test-zone\n' for i in range(1500000)))
    time.sleep(0.3)
    at_most(tern.stop(), scaled(3), 'seconds')


def test_an_address_that_is_away_while_workers_rest():
    """A worker that rests takes none of the questions that come once the address is back."""
    at = '127.0.0.1@%d' % PORT
    tern = start(access={'allow': ['0.0.0.0/0']}, server={'listen': [at, '203.0.113.90@5396'], 'workers': 2})
    reload(tern, access={'allow': ['0.0.0.0/0']}, server={'listen': [at, '203.0.113.90@5396'], 'workers': 1})
    address('add', '203.0.113.90/32', 'dev', 'lo')
    try:
        for _ in range(10):
            expect(ask('www.example.com', server='203.0.113.90', port=5396, timeout=2), 'NOERROR')
    finally:
        address('del', '203.0.113.90/32', 'dev', 'lo')
