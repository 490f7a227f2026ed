"""Included files that are none, or far too many."""
import os
import signal
import time

from harness import *
from test_reload import change, start, ternctl
from test_reload_hard import ends_amid_a_load


def folder_of(tern):
    folder = tern.config.replace('.yaml', '.d')
    os.mkdir(folder)
    return folder


@long(20)
def test_many_pipes():
    """Nobody writes into any of them: all together are waited for as long as one, and the daemon ends when told."""
    tern = start()
    folder = folder_of(tern)
    for i in range(30):
        os.mkfifo(os.path.join(folder, f'{i:02}.yaml'))
    change(tern, include=f'{folder}/*.yaml')
    begun = time.monotonic()
    told = ternctl('reload', code=1)
    at_most(time.monotonic() - begun, 12, 'seconds')
    check('it is a pipe that has no end' in told, told)
    expect(ask('www.example.com'), 'NOERROR')
    ends_amid_a_load(tern)


def test_too_many_patterns():
    """They are an error with file and line, and the configuration stays as it is."""
    tern = start()
    folder = folder_of(tern)
    own = os.path.join(folder, 'own.yaml')
    with open(own, 'w') as f:
        f.write('include:\n' + '  - "*.none"\n' * 300)
    change(tern, include=f'{folder}/*.yaml', server={'identity': 'other'})
    for command in ['reload'], ['check', tern.config]:
        told = ternctl(*command, code=1)
        check(f'{own}:257: include: expected at most 256 patterns in all files' in told, told)
        equal(told.count('patterns'), 1)
    equal(rcode(ask('id.server', 'TXT', 'CH')), 'REFUSED')
