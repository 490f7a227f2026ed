"""What hostile lists, names, clients and reloads could do to lists, views, leases and rates."""
import json
import os
import signal
import socket
import struct
import threading
import time

from harness import *
from test_lists import blocked, ede_options, listing, put, told, until
from test_reload import Forwarder, forwarding, reload, start, ternctl
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
