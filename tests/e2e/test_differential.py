"""tern beside its peers: see differential.py."""
import shutil

import differential
from harness import *


def test_same_answers_as_unbound_and_kresd():
    for program in differential.PEER_PORTS:
        if not shutil.which(program):
            raise Skipped(f'{program} is not installed')
    asked, open_, _ = differential.run()
    at_least(len(asked), differential.QUESTIONS, 'questions')
    check(not open_, f'{len(open_)} differences not explained, the first: {"; ".join(open_[:3])}')
