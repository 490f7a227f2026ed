"""Failures are told to those who run the zone, when they want to hear of them and we want to tell (RFC 9567)."""
from harness import *

ON = {'resolver': {'error-reporting': True}}


def told():
    return [(q['name'], q['type']) for q in upstream('agent.evil') if q['name'].startswith('_er.') and q['type'] == 16]


def eventually(condition, seconds=3):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def failing(name, rtype='A'):
    answer = expect(ask(name, rtype, timeout=9), 'SERVFAIL')
    return ede(answer)[0][0]


def test_a_failure_is_told_once():
    reset()
    Tern(**ON)
    resolves('a.watched.evil')
    code = failing('fails-a.watched.evil')
    wanted = (f'_er.1.fails-a.watched.evil.{code}._er.agent.evil', 16)
    check(eventually(lambda: wanted in told()), told())
    # A failure that is remembered is no new one, and what was told is known.
    failing('fails-a.watched.evil')
    failing('fails-a.watched.evil', 'TXT')
    check(eventually(lambda: len(set(told())) == 2), told())
    time.sleep(0.3)
    equal(sorted(told()), sorted(set(told())))
    equal(sorted(told())[1][0].split('.')[1], '16')


def test_who_does_not_want_to_is_not_told():
    reset()
    Tern(**ON)
    resolves('a.watched.evil')
    failing('quiet-fails.watched.evil')
    failing('a.silent.evil')
    time.sleep(0.5)
    equal(told(), [], 'no agent was named for these')


def test_nothing_is_told_by_default():
    reset()
    Tern()
    failing('fails-a.watched.evil')
    time.sleep(0.3)
    equal(told(), [])


def test_agents_that_are_none():
    """The root, half a name, a pointer, octets behind it, a name too long to ask for; and an agent that fails itself."""
    long = b''.join(b'\x3f' + b'a' * 63 for _ in range(3)) + b'\x28' + b'a' * 40 + b'\x05agent\x04evil\0'
    reset()
    tern = Tern(**ON)
    for number, agent in enumerate((b'', b'\0', b'\x05age', b'\xc0\x0c', b'\x05agent\x04evil\0\0', long, b'\x05agent\x04evil')):
        bad(do='set', zone='watched.evil', key='agent', value=agent.hex())
        failing(f'fails-{number}.watched.evil')
    time.sleep(0.5)
    equal(told(), [])
    setting('watched.evil', agent='watched.evil')
    failing('fails-itself.watched.evil')
    time.sleep(0.5)
    asked = {q['name'] for q in upstream('watched.evil') if q['name'].startswith('_er.') and q['type'] == 16}
    at_most(len(asked), 1, 'reports, and none of a report')
    tern.alive()


def test_few_a_second():
    reset()
    Tern(**ON)
    resolves('a.watched.evil')
    burst([(f'fails-{i}.watched.evil', 'A') for i in range(200)], server='127.0.0.1', timeout=9)
    time.sleep(0.5)
    check(1 <= len(set(told())) <= 60, len(set(told())))
