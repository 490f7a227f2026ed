"""What trust rests on while the daemon runs: the clock, the trust anchors and their exceptions."""
import time

from harness import *
from test_dnssec import anchors, bogus, insecure, secure, validating

DAY = 86400


def with_clock(seconds, **dnssec):
    clock = Clock(seconds)
    tern = Tern(env=clock.env, dnssec={'validation': 'on', 'trust-anchors': anchors(), **dnssec})
    return clock, tern


def await_log(tern, text, seconds=5):
    deadline = time.monotonic() + seconds
    while text not in tern.log_text():
        check(time.monotonic() < deadline, f'"{text}" is not in the log: {tern.log_text()[-600:]}')
        time.sleep(0.05)


def test_a_clock_that_is_not_set():
    for ago in (int(time.time()) - 60, 4000 * DAY):     # just after 1970 began; some year before the build
        clock, tern = with_clock(-ago)
        for _ in range(2):
            answer = insecure('www.nsec-v.net')
            check('clock is not set' in str(ede(answer)), f'{ede(answer)}')
        insecure('nothing.nsec3-v.net', code='NXDOMAIN')
        bogus('www.changed-v.net')                      # the rest is still checked
        await_log(tern, 'the clock is not set')
        clock.set(0)
        await_log(tern, 'the clock is set')
        equal(ede(secure('www.nsec-v.net')), [])
        bogus('www.expired-v.net', codes=(7,))
        equal(tern.log_text().count('the clock is not set'), 1)
        tern.stop()


def test_a_clock_that_is_not_set_may_be_refused():
    with_clock(-4000 * DAY, **{'unset-clock': 'refuse'})
    bogus('www.nsec-v.net', codes=(8,))


def test_a_clock_that_jumps_back():
    clock, tern = with_clock(0)
    secure('www.nsec-v.net')
    clock.set(-400 * DAY)
    await_log(tern, 'the clock is not set')
    insecure('www.nsec3-v.net')
    clock.set(0)
    await_log(tern, 'the clock is set')
    secure('www.nsec3-v.net')
