"""Answers that come late, or to some questions never: the server lives, and others must not suffer."""
from harness import (Tern, ask, ask_timed, at_least, at_most, burst, data, equal, expect, rcode, reset, resolves,
                     setting, stop_all, upstream)


def know(zone='patchy.evil'):
    """Its servers are known as fast."""
    for i in range(8):
        resolves(f'www{i}.{zone}')
    reset()


def comes_after(name, milliseconds):
    answer, seconds = ask_timed(name)
    expect(answer, 'NOERROR', ['192.0.2.1'])
    at_least(seconds * 1000, milliseconds - 20, f'milliseconds to {name}')
    at_most(seconds * 1000, milliseconds + 250, f'milliseconds to {name}')


def test_an_answer_later_than_ever_before():
    """From a server that answered at once until now: as soon as it is there."""
    Tern()
    know()
    for delay in (150, 300, 700, 1500, 2500):
        comes_after(f'late{delay}-a.patchy.evil', delay)
        at_most(len(upstream('patchy.evil')), 5, 'upstream queries')
        reset()
    resolves('after.patchy.evil')


def test_a_late_answer_beside_a_second_server():
    """Both are asked, and who answers first counts."""
    Tern()
    know('patchy-two.evil')
    comes_after('late700-a.patchy-two.evil', 700)
    servers = [q['local'] for q in upstream('patchy-two.evil')]
    equal(len(set(servers)), 2, 'servers asked')
    at_most(len(servers), 6, 'upstream queries')


def test_few_questions_are_open_at_once():
    """limits.md 2: whoever guesses has no more than two to hit at one server, and one by TCP, however many clients ask."""
    Tern(server={'workers': 1})
    know()
    results = burst([('late1500-b.patchy.evil',)] * 100, server='127.0.0.1', timeout=4.2)
    at_least(len([a for a, _ in results if a and data(a) == ['192.0.2.1']]), 1, 'answered')
    at_most(len({(q['port'], q['id']) for q in upstream('patchy.evil')}), 3, 'ports and ids')


def test_names_without_answer_harm_no_other():
    """A black hole fails in time; the same servers are asked for other names meanwhile, and after that."""
    Tern()
    know()
    names = [(f'hole-{i}.patchy.evil',) for i in range(3)] + [(f'late200-{i}.patchy.evil',) for i in range(30)]
    results = burst(names, gap=0.1, timeout=4.5)
    for (name,), (answer, seconds) in zip(names, results):
        equal(rcode(answer), 'SERVFAIL' if name.startswith('hole') else 'NOERROR', name)
        at_most(seconds, 4, name)
    for i in range(3):
        equal(rcode(ask(f'hole-after{i}.patchy.evil')), 'SERVFAIL')
        resolves(f'after{i}.patchy.evil')


def test_types_without_answer_harm_no_other():
    """Servers that drop what they don't know, such as HTTPS, are common."""
    Tern()
    know()
    results = burst([(f'h{i}.patchy.evil', 'HTTPS') for i in range(10)], timeout=4.5)
    equal({rcode(a) for a, _ in results}, {'SERVFAIL'})
    for i in range(10):
        answer, seconds = ask_timed(f'h{i}.patchy.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        at_most(seconds, 0.5, 'seconds')


def forward_to(zone):
    Tern()
    address = data(ask(f'ns.{zone}'))[0]
    stop_all()
    reset()
    Tern(**{'forward-zones': [{'name': zone, 'addresses': [address]}]})
    know(zone)


def test_a_forwarder_that_takes_its_time():
    """It is near, but what it resolves is not."""
    forward_to('patchy.evil')
    for delay in (300, 1000, 2500):
        comes_after(f'late{delay}-c.patchy.evil', delay)
        at_most(len(upstream('patchy.evil')), 4, 'upstream queries')
        reset()


def test_a_forwarder_that_can_not_resolve_a_name():
    """Whatever else it is asked, it is asked."""
    forward_to('patchy.evil')
    for i in range(3):
        answer, seconds = ask_timed(f'hole-{i}.patchy.evil')
        equal(rcode(answer), 'SERVFAIL')
        at_most(seconds, 4, 'seconds')
        answer, seconds = ask_timed(f'after{i}.patchy.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        at_most(seconds, 0.5, 'seconds')


def test_a_forwarder_that_comes_back():
    """Found dead, it is asked all the same, for there is no other: so it is found alive at once."""
    forward_to('switch.evil')
    setting('switch.evil', silent=True)
    results = burst([(f'gone{i}.switch.evil',) for i in range(60)], gap=0.15, timeout=4.5)
    equal({rcode(answer) for answer, _ in results}, {'SERVFAIL'})
    at_most(max(s for _, s in results), 4.2, 'seconds to SERVFAIL')
    setting('switch.evil', silent=False)
    results = burst([(f'back{i}.switch.evil',) for i in range(20)], gap=0.2, timeout=4.5)
    worked = [i * 0.2 for i, (answer, _) in enumerate(results) if rcode(answer) == 'NOERROR']
    at_most(worked[0] if worked else 99, 2.2, 'seconds until it is asked')
    at_least(len(worked), 8, 'answered')


def test_three_of_ten_lost():
    """Questions or answers: nearly all names resolve, and soon."""
    Tern(server={'workers': 1})
    for zone in ('lossy.evil', 'lossy-three.evil'):
        results = burst([(f'l{i}.{zone}',) for i in range(150)], gap=0.02, timeout=4.5)
        seconds = [s for a, s in results if a and data(a) == ['192.0.2.1']]
        at_least(len(seconds), 146, f'answers of {zone}')
        at_most(sorted(seconds)[135], 0.6, f'seconds for nine tenths of {zone}')
