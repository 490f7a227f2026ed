"""rate-limits: how often one client may ask by UDP, and the servers of one zone are asked; who else pays: nobody."""
import json
import os
import time

import dns.edns
import dns.flags

from harness import *
from test_reload import reload, start, ternctl

ONE, OTHER = '127.0.0.2', '127.0.0.3'


def stat(name):
    def find(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == name:
                    return inner
                found = find(inner)
                if found is not None:
                    return found
        return None
    return find(json.loads(ternctl('--json', 'stats')))


def outcome(n, seconds, source, **flags):
    """(answered, truncated, silent) of n questions over so many seconds."""
    got = burst([('www.example.com', 'A')] * n, gap=seconds / n, timeout=1, source=source, **flags)
    truncated = sum(1 for answer, _ in got if answer is not None and answer.flags & dns.flags.TC)
    silent = sum(1 for answer, _ in got if answer is None)
    return n - truncated - silent, truncated, silent


def test_a_client():
    tern = start(**{'rate-limits': {'client-rate': 50}})
    expect(ask('www.example.com'), 'NOERROR')
    answered, truncated, silent = outcome(400, 1, ONE)
    check(50 <= answered <= 160 * slowdown(), f'{answered} answered')
    at_most(abs(truncated - silent), 1, 'half of the rest is truncated')
    equal(stat('rate_limited'), truncated + silent)
    # Nobody else pays, and by TCP the same client is served.
    equal(outcome(40, 1, OTHER), (40, 0, 0))
    outcome(100, 0.2, ONE)
    expect(ask('www.example.com', source=ONE, tcp=True), 'NOERROR')
    time.sleep(1.2)
    equal(outcome(40, 1, ONE), (40, 0, 0))
    # With a cookie of ours one has shown who one is.
    client = bytes(range(8))
    answer = ask('www.example.com', source=ONE, options=[dns.edns.GenericOption(10, client)])
    cookie = next(o for o in answer.options if o.otype == 10)
    data = cookie.data if hasattr(cookie, 'data') else cookie.client + cookie.server
    equal(outcome(300, 0.5, ONE, options=[dns.edns.GenericOption(10, data)]), (300, 0, 0))
    reload(tern, **{'rate-limits': {'client-rate': 50, 'client-slip': 0}})
    answered, truncated, silent = outcome(300, 0.5, ONE)
    equal(truncated, 0)
    at_least(silent, 100, 'without an answer')
    reload(tern, **{'rate-limits': {'client-rate': 50, 'exempt': [f'{ONE}/32']}})
    equal(outcome(300, 0.5, ONE), (300, 0, 0))
    reload(tern)
    equal(outcome(300, 0.5, ONE), (300, 0, 0))


def test_the_servers_of_a_zone():
    tern = start(**{'rate-limits': {'zone-rate': 20}})
    expect(ask('p0.victim.evil'), 'NOERROR', ['192.0.2.1'])
    expect(ask('short1.packed.evil'), 'NOERROR', ['192.0.2.1'])
    time.sleep(1.1)
    got = burst([(f'p{i}.victim.evil', 'A') for i in range(1, 200)], gap=0.005, timeout=5)
    at_least(sum(1 for answer, _ in got if answer is not None and rcode(answer) == 'SERVFAIL'), 50, 'SERVFAIL')
    at_least(sum(1 for answer, _ in got if answer is not None and data(answer) == ['192.0.2.1']), 20, 'answers')
    equal(sum(1 for answer, _ in got if answer is None), 0)
    at_least(stat('zone_limited'), 50, 'counted')
    expect(ask('p0.victim.evil'), 'NOERROR', ['192.0.2.1'])         # what is cached is given
    expect(ask('short2.packed.evil'), 'NOERROR', ['192.0.2.1'])     # and no other zone pays
    time.sleep(1.1)
    expect(ask('p199.victim.evil'), 'NOERROR', ['192.0.2.1'])       # nothing was remembered of it
    reload(tern, **{'rate-limits': {'zone-rate': 20, 'zone-exempt': ['evil']}})
    got = burst([(f'p{i}.victim.evil', 'A') for i in range(200, 400)], gap=0.005, timeout=5)
    equal(sum(1 for answer, _ in got if answer is None or data(answer) != ['192.0.2.1']), 0)


def test_of_a_view():
    """A view's limit is in the place of everybody's, be it lower, higher or none."""
    views = [{'name': 'slow', 'clients': [f'{ONE}/32'], 'rate-limits': {'client-rate': 20, 'client-slip': 0}},
             {'name': 'free', 'clients': [f'{OTHER}/32'], 'rate-limits': {}},
             {'name': 'same', 'clients': ['127.0.0.5/32']}]
    tern = start(**{'rate-limits': {'client-rate': 100}}, views=views)
    expect(ask('www.example.com', source=ONE), 'NOERROR')
    expect(ask('www.example.com', source=OTHER), 'NOERROR')
    answered, truncated, silent = outcome(200, 0.5, ONE)
    check(answered <= 50 * slowdown() and truncated == 0 and silent > 0, f'{answered} {truncated} {silent}')
    equal(outcome(300, 0.5, OTHER), (300, 0, 0))
    answered, truncated, silent = outcome(400, 0.5, '127.0.0.5')
    check(answered >= 100 and truncated > 0 and silent > 0, f'{answered} {truncated} {silent}')
    views[0]['rate-limits']['exempt'] = [f'{ONE}/32']
    reload(tern, **{'rate-limits': {'client-rate': 100}}, views=views)
    equal(outcome(200, 0.5, ONE), (200, 0, 0))
    path = os.path.join(LAB, 'mistake.yaml')
    for text, why in (('{exempt: [connected]}', 'views[0].rate-limits: expected networks'), ('{zone-rate: 5}', 'unknown key'),
                      ('{client-rate: 50001}', 'views[0].rate-limits.client-rate: expected a number from 0 to 50000')):
        with open(path, 'w') as f:
            f.write('views: [{name: a, rate-limits: %s}]\n' % text)
        out = ternctl('check', path, code=1)
        check(why in out, out)
