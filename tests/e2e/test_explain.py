"""ternctl explain: why a client is answered as it is, beside what it is answered."""
import json
import os

from harness import *
from test_lists import listing
from test_reload import Forwarder, forwarding, start, ternctl


def explained(client, name, rtype='A'):
    return [json.loads(line) for line in ternctl('--json', 'explain', client, name, rtype).splitlines()]


def steps(client, name, rtype='A'):
    return [(s['step'], s['text']) for s in explained(client, name, rtype)]


def only(client, name, step, rtype='A'):
    return [text for s, text in steps(client, name, rtype) if s == step]


def test_each_step():
    one = Forwarder('192.0.2.101')
    tern = start(lists=[listing('ads.example.com\n@@||ok.example.com^\n')],
                 access={'allow': ['127.0.0.0/8', '192.168.0.0/16']},
                 views=[{'name': 'kids', 'clients': ['192.168.2.0/24'], 'local-data': ['school.lan. A 192.168.2.9']},
                        {'name': 'office', 'clients': ['192.168.3.0/24'], **forwarding(('corp.test-zone', one))}],
                 **{'local-zones': [{'name': 'lan', 'records': ['nas A 192.168.1.2', 'www CNAME www.example.com.']}]})
    config = tern.config
    check(only('192.168.2.1', 'x', 'view')[0].startswith('kids, by 192.168.2.0/24'), only('192.168.2.1', 'x', 'view'))
    check(config in only('192.168.2.1', 'x', 'view')[0], 'file and line')
    equal(only('192.168.9.1', 'x', 'view'), ['none: no view has this address'])
    check(only('10.0.0.1', 'x', 'access')[0].startswith('REFUSED'), steps('10.0.0.1', 'x'))
    equal(only('10.0.0.1', 'x', 'name'), [])
    check(only('127.0.0.1', 'x', 'access')[0].startswith('allowed by 127.0.0.0/8'), steps('127.0.0.1', 'x'))
    check(only('127.0.0.1', 'nas.lan', 'local')[0].startswith('answered: local names, ' + config), steps('127.0.0.1', 'nas.lan'))
    check(only('127.0.0.1', 'x.lan', 'local')[0].startswith('NXDOMAIN: local names, '), steps('127.0.0.1', 'x.lan'))
    check(only('192.168.2.1', 'school.lan', 'local')[0].startswith('answered: local names of the view, ' + config), 'view')
    equal(only('127.0.0.1', 'a.localhost', 'local'), ['answered: a special name (RFC 6761 and kin)'])
    equal(only('127.0.0.1', 'ads.example.com', 'list'), ['NXDOMAIN: list ads, line 1'])
    equal(only('127.0.0.1', 'ok.example.com', 'list'), ['excepted: list ads, line 2'])
    equal(only('127.0.0.1', 'www.example.com', 'cache'), ['nothing'])
    expect(ask('www.lan'), 'NOERROR', ['192.0.2.81'])
    told = steps('127.0.0.1', 'www.lan')
    equal([t for s, t in told if s == 'name'], ['www.lan. A', 'www.example.com. A'])
    check([t for s, t in told if s == 'cache'][0].startswith('records, 0s old, for '), told)
    check(only('192.168.3.1', 'x.corp.test-zone', 'servers')[0].startswith('forward zone corp.test-zone.: '), only('192.168.3.1', 'x.corp.test-zone', 'servers'))
    check(only('127.0.0.1', 'x.corp.test-zone', 'servers')[0].startswith('those of '), 'no route')
    equal(one.asked, 0)
    equal(rcode(ask('x.broken.test-zone.invalid-tld-of-ours')), 'NXDOMAIN')
    check('that the name does not exist' in only('127.0.0.1', 'x.broken.test-zone.invalid-tld-of-ours', 'cache')[0], 'denial')


def test_mistakes():
    start()
    check('is not an address' in ternctl('explain', 'nobody', 'www.example.com', code=1))
    check('not a record type' in ternctl('explain', '::1', 'www.example.com', 'XX', code=1))
    check('usage' in ternctl('explain', '::1', code=2))
