"""DNAME in local data: what is below is led elsewhere, into public names too; the owner itself is not."""
import os
import re
import time

from harness import *
from test_explain import steps
from test_reload import Forwarder, forwarding, reload, start, ternctl
from test_views import KIDS, view
from test_zone_files import put

LONG = '.'.join(['l' * 60] * 3)


def answer_of(name, rtype='A', **how):
    answer = ask(name, rtype, **how)
    at_most(max([r.ttl for r in answer.answer], default=0), 3600, 'TTL')
    return rcode(answer), [re.sub(r' \d+ IN ', ' ', r.to_text()) for r in answer.answer], answer


def test_what_is_below_is_led_on():
    start(**{'local-data': ['old.test. 77 DNAME new.test.', 'old.test. A 192.0.2.5', 'a.new.test. A 192.0.2.1', 'b.a.new.test. A 192.0.2.2',
                            'new.test. A 192.0.2.6', 'chain.test. DNAME old.test.'],
             'local-zones': [{'name': 'lan', 'records': ['ex DNAME example.com.', 'loop DNAME loop', 'nas A 192.168.1.1', 'h DNAME nas', 'grow DNAME x.y.grow']}]})
    for tcp in (False, True, False):
        code, got, answer = answer_of('a.old.test', tcp=tcp)
        equal((code, got), ('NOERROR', ['old.test. DNAME new.test.', 'a.old.test. CNAME a.new.test.', 'a.new.test. A 192.0.2.1']))
        check(not answer.flags & dns.flags.AD)
        expect(ask('B.a.OLD.test', tcp=tcp), 'NOERROR', ['192.0.2.2'])
        # The owner has what it has, and is not led on.
        equal(answer_of('old.test', tcp=tcp)[:2], ('NOERROR', ['old.test. A 192.0.2.5']))
        equal(answer_of('old.test', 'DNAME', tcp=tcp)[:2], ('NOERROR', ['old.test. DNAME new.test.']))
        equal(answer_of('old.test', 'AAAA', tcp=tcp)[:2], ('NOERROR', []))
        equal(answer_of('a.old.test', 'CNAME', tcp=tcp)[:2],
              ('NOERROR', ['old.test. DNAME new.test.', 'a.old.test. CNAME a.new.test.']))
        equal(answer_of('a.old.test', 'AAAA', tcp=tcp)[0], 'NOERROR')
        equal(answer_of('none.old.test', tcp=tcp)[0], 'NXDOMAIN')
        at_most(answer.answer[0].ttl, 77, 'TTL of the DNAME')
        at_most(answer.answer[1].ttl, 77, 'TTL of the alias')
        # Two of them in a row, and one into public names.
        equal(answer_of('a.chain.test', tcp=tcp)[1][-1], 'a.new.test. A 192.0.2.1')
        code, got, _ = answer_of('www.ex.lan', tcp=tcp)
        equal((code, got[:2], data(ask('www.ex.lan', tcp=tcp))),
              ('NOERROR', ['ex.lan. DNAME example.com.', 'www.ex.lan. CNAME www.example.com.'], ['192.0.2.81']))
        equal(answer_of('nothing-there.ex.lan', tcp=tcp)[0], 'NXDOMAIN')
        equal(answer_of('ex.lan', tcp=tcp)[:2], ('NOERROR', []))
        equal(answer_of('x.h.lan', tcp=tcp)[0], 'NXDOMAIN')
    # Nobody asks for ever.
    for _ in range(2):
        equal(answer_of('x.loop.lan')[0], 'SERVFAIL')
        check(answer_of('x.grow.lan')[0] in ('SERVFAIL', 'YXDOMAIN'), 'grows')
        equal(answer_of('grow.lan')[:2], ('NOERROR', []))
    told = [t for s, t in steps('127.0.0.1', 'www.ex.lan') if s == 'name']
    equal(told, ['www.ex.lan. A', 'www.example.com. A'])


def test_a_name_that_becomes_too_long():
    start(**{'local-data': [f'old.test. DNAME {LONG}.test.', f'x.{LONG}.test. A 192.0.2.1']})
    for _ in range(2):
        expect(ask('x.old.test'), 'NOERROR', ['192.0.2.1'])
        equal(answer_of('m' * 63 + '.m.old.test')[0], 'NXDOMAIN')       # 255 octets
        code, got, _ = answer_of('m' * 63 + '.mm.old.test')
        equal((code, got), ('YXDOMAIN', [f'old.test. DNAME {LONG}.test.']))
        equal(answer_of('m' * 63 + '.mm.old.test', tcp=True)[0], 'YXDOMAIN')


def test_beside_others():
    """In a view, in a zone file, beside a forward zone below, beside hosts; behaviours of zones."""
    one = Forwarder('192.0.2.101')
    path = put('dname.zone', 'sub 60 DNAME target.test.\n')
    hosts = os.path.join(LAB, 'hosts-dname')
    with open(hosts, 'w') as f:
        f.write('192.0.2.50 host.old.test\n')
    tern = start(**forwarding(('fwd.old.test', one)), hosts=[hosts],
                 views=[view('kids', [f'{KIDS}/32'], **{'local-data': ['old.test. DNAME kids.test.', 'a.kids.test. A 192.0.2.4']})],
                 **{'local-data': ['old.test. DNAME new.test.', 'a.new.test. A 192.0.2.1', 'host.new.test. A 192.0.2.2', 'x.target.test. A 192.0.2.3'],
                    'local-zones': [{'name': 'zone.test', 'file': path}, {'name': 'no.test', 'behaviour': 'refuse', 'records': ['d DNAME new.test.']}]})
    for _ in range(2):
        expect(ask('a.old.test'), 'NOERROR', ['192.0.2.1'])
        expect(ask('a.old.test', source=KIDS), 'NOERROR', ['192.0.2.4'])
        expect(ask('host.old.test'), 'NOERROR', ['192.0.2.2'])      # what is below a DNAME does not count
        expect(ask('x.fwd.old.test'), 'NOERROR', ['192.0.2.101'])
        expect(ask('x.sub.zone.test'), 'NOERROR', ['192.0.2.3'])
        expect(ask('a.d.no.test'), 'NOERROR', ['192.0.2.1'])
        equal(answer_of('x.no.test')[0], 'REFUSED')
    reload(tern, **{'local-data': ['old.test. DNAME other.test.', 'a.other.test. A 192.0.2.8']})
    expect(ask('a.old.test'), 'NOERROR', ['192.0.2.8'])
    path = os.path.join(LAB, 'mistake.yaml')
    for text, why in (('["a.lan. DNAME b.", "a.lan. DNAME c."]', 'a name has one DNAME only'), ('["a.lan. DNAME b.", "a.lan. CNAME c."]', 'a CNAME stands beside'),
                      ('["a.lan. DNAME b.", "x.a.lan. A 192.0.2.1"]', 'there are names below the DNAME, see'),
                      ('["a.lan. DNAME b.", "x.y.a.lan. DNAME c."]', 'there are names below the DNAME, see'),
                      ('["*.a.lan. DNAME b."]', 'a DNAME is not at a wildcard')):
        with open(path, 'w') as f:
            f.write(f'local-data: {text}\n')
        out = ternctl('check', path, code=1)
        check('local-data[' in out and why in out, f'{text}: {out}')


def test_added_while_it_runs():
    start(**{'local-data': ['a.new.test. A 192.0.2.1']})
    ternctl('local-data', 'add', 'old.test. DNAME new.test.')
    expect(ask('a.old.test'), 'NOERROR', ['192.0.2.1'])
    ternctl('local-data', 'remove', 'old.test', 'DNAME')
    equal(data(ask('a.old.test')), [])


def test_it_leads_to_expired_data():
    server = Forwarder('192.0.2.101', ttl=1)
    start(**forwarding(('corp.test-zone', server)), **{'local-data': ['old.test. DNAME corp.test-zone.']})
    expect(ask('x.old.test'), 'NOERROR', ['192.0.2.101'])
    server.socket.close()
    time.sleep(2)
    code, got, _ = answer_of('x.old.test', timeout=8)
    equal((code, got[:2], got[2].split()[0]), ('NOERROR', ['old.test. DNAME corp.test-zone.',
                                                           'x.old.test. CNAME x.corp.test-zone.'], 'x.corp.test-zone.'))
