"""Runs the tests of every test_*.py here, in order: runner.py TERND [-k PATTERN] [--share FILE --of N [--long]].

A test is a function `test_...` without arguments; it passes when it returns. One line per test, then the count.

With --share, N runners, each in a lab of its own, draw the tests from one FILE. Tests that are @alone run when the others
are done, in the runner that is left. So does, once more, what failed beside others: a test of timeouts may have been late.
Then its second verdict counts, unless a sanitizer had something to report.

A runner with --long begins with the tests that are @long. They wait most of the time: beside tests that work they cost
these nothing.
"""
import argparse
import fcntl
import glob
import importlib
import json
import os
import re
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'lab')]
TEST_SECONDS = 60

import harness      # noqa: E402


def timed_out(_signal, _frame):
    raise harness.Failed('not done in time')


def seconds_of(function):
    return getattr(function, 'seconds', TEST_SECONDS)


def is_long(function):
    return hasattr(function, 'waits')


def is_alone(function):
    return hasattr(function, 'alone')


def tests(pattern):
    for path in sorted(glob.glob(os.path.join(HERE, 'test_*.py'))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, function in vars(module).items():
            if name.startswith('test_') and callable(function) and function.__module__ == module.__name__:
                label = f'{module.__name__[5:]}: {name[5:].replace("_", " ")}'
                if re.search(pattern, label):
                    yield label, function


class Share:
    """Which of the tests are ours: all, or those that we drew from the file first.

    Tests are drawn from the front of the list, and from its end by runners that begin there."""

    def __init__(self, path, runners, from_end):
        self.path, self.from_end = path, from_end
        if path and not os.path.getsize(path):
            self.update(lambda state: state or {'front': 0, 'end': 0, 'running': runners})

    def update(self, change):
        with open(self.path, 'r+') as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            text = f.read()
            state = change(json.loads(text) if text else None)
            f.seek(0)
            f.truncate()
            json.dump(state, f)
        return state

    def draw(self, tests):
        """The tests that any runner may take, one by one."""
        if not self.path:
            yield from tests
            return
        side = 'end' if self.from_end else 'front'
        while True:
            state = self.update(lambda state: {**state, side: state[side] + 1})
            if state['front'] + state['end'] > len(tests):
                return
            yield tests[-state['end'] if self.from_end else state['front'] - 1]

    def again(self, label):
        """Let the runner that is left repeat the test."""
        self.update(lambda state: {**state, 'again': [*state.get('again', []), label]})

    def repeated(self):
        return self.update(lambda state: state).get('again', []) if self.path else []

    def is_last(self):
        return not self.path or \
            self.update(lambda state: {**state, 'running': state['running'] - 1})['running'] == 0


def where(error):
    """The line of the test that failed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.name.startswith('test_')]
    return f'{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}: ' if frames else ''


def run(label, function, share=None):
    """The verdict; a failure that @share takes for a repetition is none."""
    started = time.monotonic()
    signal.alarm(seconds_of(function))
    try:
        function()
        verdict, why = 'passed', ''
    except harness.Skipped as e:
        verdict, why = 'skipped', f': {e}'
    except Exception as e:      # whatever a test throws is its failure
        text = str(e) if isinstance(e, (harness.Failed, AssertionError)) and str(e) else f'{type(e).__name__}: {e}'
        verdict, why = 'failed', f': {where(e)}{text}'
    finally:
        signal.alarm(0)
        harness.stop_all()
    if verdict == 'failed' and share and share.path and not harness.reports:
        share.again(label)
        verdict = 'again'
    if harness.reports:
        verdict, why = 'failed', f'{why}: {harness.reports[0]}'
        harness.reports.clear()
    print(f'{verdict:7} {label} ({time.monotonic() - started:.1f} s){why}', flush=True)
    return verdict


def main():
    options = argparse.ArgumentParser()
    options.add_argument('ternd')
    options.add_argument('-k', dest='pattern', default='')
    options.add_argument('--share')
    options.add_argument('--of', type=int, default=1)
    options.add_argument('--long', action='store_true')
    options = options.parse_args()
    harness.TERND = options.ternd
    signal.signal(signal.SIGALRM, timed_out)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0, 'again': 0}
    share = Share(options.share, options.of, options.long)
    chosen = list(tests(options.pattern.replace('_', ' ')))
    alone = [t for t in chosen if share.path and is_alone(t[1])]
    beside = [t for t in chosen if t not in alone]
    if share.path:      # the longest at the end of the list
        beside.sort(key=lambda t: seconds_of(t[1]) if is_long(t[1]) else 0)
    for label, function in share.draw(beside):
        counts[run(label, function, share)] += 1
    if share.is_last():
        again = share.repeated()
        for label, function in [t for t in chosen if t in alone or t[0] in again]:
            counts[run(label, function)] += 1
    print(f'e2e: {counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    return 1 if counts['failed'] or not (counts['passed'] or counts['again']) else 0


if __name__ == '__main__':
    sys.exit(main())
