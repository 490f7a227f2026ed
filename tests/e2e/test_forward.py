"""Groups of forwarders: whom the policy asks first, failover on silence and by RCODE, health, recursion behind them."""
import time

import dns.message
import dns.rcode

from harness import *
from test_reload import Forwarder, reload, start, ternctl

ZONE = 'corp.test-zone'


class Odd(Forwarder):
    """Answers with an RCODE and nothing else; or, as None, not at all."""

    def __init__(self, code):
        self.code = code
        super().__init__('192.0.2.99')

    def answer(self, query):
        if self.code is None:
            return None
        answer = dns.message.make_response(query, recursion_available=True)
        answer.set_rcode(dns.rcode.from_text(self.code))
        return answer


def group(servers, name=ZONE, **more):
    return {'forward-zones': [{'name': name, 'addresses': [s.at() for s in servers], **more}]}


def answers(n, label='n'):
    return [data(ask(f'{label}{i}.{ZONE}'))[0] for i in range(n)]


def test_ordered():
    slow, fast = Forwarder('192.0.2.101', delay=0.05), Forwarder('192.0.2.102')
    start(**group([slow, fast], policy='ordered'))
    equal(answers(20), ['192.0.2.101'] * 20)
    equal(fast.asked, 0)


def test_ordered_goes_on_to_the_next():
    for first in (Odd('SERVFAIL'), Odd('REFUSED'), Odd(None)):
        second = Forwarder('192.0.2.102')
        tern = start(**group([first, second], policy='ordered'))
        equal(answers(5), ['192.0.2.102'] * 5, str(first.code))
        at_least(first.asked, 1, 'asked first')
        tern.stop()
    # Who is silent is dead soon, and nobody waits for it any more.
    dead, second = Odd(None), Forwarder('192.0.2.102')
    start(**group([dead, second], policy='ordered'))
    answers(10)
    began = time.monotonic()
    equal(answers(20, 'm'), ['192.0.2.102'] * 20)
    at_most(time.monotonic() - began, scaled(2), 'seconds for 20 names')


def test_ordered_comes_back():
    first, second = Odd('SERVFAIL'), Forwarder('192.0.2.102')
    start(**group([first, second], policy='ordered'))
    equal(answers(3), ['192.0.2.102'] * 3)
    asked = first.asked
    first.code = 'NXDOMAIN'
    equal(rcode(ask(f'x.{ZONE}')), 'NXDOMAIN')
    equal(first.asked, asked + 1)


def test_parallel():
    """The fastest of all counts, from the first question on, and a silent one costs nothing."""
    slow, silent, fast = Forwarder('192.0.2.101', delay=0.3), Odd(None), Forwarder('192.0.2.102', delay=0.02)
    start(**group([slow, silent, fast], policy='parallel'))
    began = time.monotonic()
    equal(answers(5), ['192.0.2.102'] * 5)
    at_most((time.monotonic() - began) / 5, scaled(0.2), 'seconds for a name')
    until = time.monotonic() + 3
    while slow.asked < 5 and time.monotonic() < until:
        time.sleep(0.05)
    equal((silent.asked, fast.asked, slow.asked), (5, 5, 5))


def test_parallel_takes_an_answer_before_a_failure():
    failing, good = Odd('SERVFAIL'), Forwarder('192.0.2.102', delay=0.1)
    start(**group([failing, failing, good], policy='parallel'))
    equal(answers(5), ['192.0.2.102'] * 5)


def test_parallel_and_all_silent():
    start(**group([Odd(None), Odd(None)], policy='parallel'))
    answer = ask(f'x.{ZONE}', timeout=8)
    equal(rcode(answer), 'SERVFAIL')
    check('no answer from' in str(answer) or ede(answer), str(answer))


def test_recursion_behind_a_stub():
    start(**{'stub-zones': [{'name': 'example.com', 'addresses': [Odd('REFUSED').at()], 'first': True}]})
    expect(ask('www.example.com', timeout=8), 'NOERROR', ['192.0.2.81'])


def test_ten_thousand_zones():
    one, two = Forwarder('192.0.2.101'), Forwarder('192.0.2.102')
    zones = [{'name': f'z{i}.test-zone', 'addresses': [(one if i % 2 else two).at()]} for i in range(10000)]
    start(**{'forward-zones': zones})
    equal(data(ask('a.z4711.test-zone')), ['192.0.2.101'])
    equal(data(ask('a.b.z9998.test-zone')), ['192.0.2.102'])
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
