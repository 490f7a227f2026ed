"""Runs the tests of every test_*.py here, in order: runner.py TERND [-k PATTERN].

A test is a function `test_...` without arguments; it passes when it returns. A module's `slow` set names what runs
last. One line per test, then the count.
"""
import glob
import importlib
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
    raise harness.Failed(f'not done after {TEST_SECONDS} s')


def tests(pattern):
    for path in sorted(glob.glob(os.path.join(HERE, 'test_*.py'))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, function in vars(module).items():
            if name.startswith('test_') and callable(function) and function.__module__ == module.__name__:
                label = f'{module.__name__[5:]}: {name[5:].replace("_", " ")}'
                if re.search(pattern, label):
                    yield label, function


def where(error):
    """The line of the test that failed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.name.startswith('test_')]
    return f'{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}: ' if frames else ''


def run(label, function):
    started = time.monotonic()
    signal.alarm(TEST_SECONDS)
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
    if harness.reports:
        verdict, why = 'failed', f'{why}: {harness.reports[0]}'
        harness.reports.clear()
    print(f'{verdict:7} {label} ({time.monotonic() - started:.1f} s){why}', flush=True)
    return verdict


def main():
    harness.TERND = sys.argv[1]
    pattern = sys.argv[3].replace('_', ' ') if len(sys.argv) > 3 and sys.argv[2] == '-k' else ''
    signal.signal(signal.SIGALRM, timed_out)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}
    for label, function in tests(pattern):
        counts[run(label, function)] += 1
    print(f'e2e: {counts["passed"]} passed, {counts["failed"]} failed, {counts["skipped"]} skipped')
    return 1 if counts['failed'] or not counts['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
