"""Plays random worlds: walk.py TERND DIRECTORY [--quick | --minutes N | --worlds N] [--seed N [--questions LIST]] [-v]."""
import argparse
import itertools
import os
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'lab')]

import grow             # noqa: E402
import plan             # noqa: E402
import show             # noqa: E402
import stage            # noqa: E402
from judge import Question      # noqa: E402

EVENTS = 440            # of a world; about 400 are questions
QUICK_WORLDS = 80
TELLING_WORLDS = (105, 124, 212, 238, 311, 392, 398)     # each found something that the first ones don't
SHRINK_RUNS, SHRINK_S = 150, 40
TOLD_MAX = 40           # kinds of failure that are shrunk and told


class Player:
    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        self.shim = stage.make_clock(directory)
        self.stage = stage.Stage()
        self.asked = 0

    def play(self, seed, numbers=None, window=None, until_kind=None):
        """[(number, what was wrong)] of a world, and its events."""
        world = grow.grow(seed)
        events = plan.Plan(world, EVENTS).events
        chosen = [(i, e) for i, e in enumerate(events) if numbers is None or i in numbers]
        ternd = stage.Ternd(self.program, self.directory, self.shim, world)
        try:
            run = stage.Run(self.stage, ternd, world, chosen, window or world.window)
            failed = run.go(until_kind)
        finally:
            ternd.stop()
        self.asked += run.asked
        return failed, events, world

    def fails(self, seed, numbers, kind, window):
        failed, _, _ = self.play(seed, set(numbers), window, kind)
        return any(e.kind == kind for _, e in failed)

    def shrink(self, seed, number, kind):
        """The fewest events that still end in this kind of failure."""
        numbers = list(range(number + 1))
        window = 1 if self.fails(seed, numbers, kind, 1) else None
        if window is None and not self.fails(seed, numbers, kind, None):
            return None
        left, parts, until = SHRINK_RUNS, 2, time.monotonic() + SHRINK_S
        while len(numbers) > 1 and left > 0 and time.monotonic() < until:
            size = max(1, len(numbers) // parts)
            for at in range(0, len(numbers), size):
                fewer = numbers[:at] + numbers[at + size:]
                left -= 1
                if fewer and self.fails(seed, fewer, kind, window):
                    numbers, parts = fewer, max(parts - 1, 2)
                    break
            else:
                if size == 1:
                    break
                parts = min(parts * 2, len(numbers))
        return numbers


def numbers_text(numbers):
    """1,3-5"""
    out, run = [], []
    for n in [*numbers, None]:
        if run and n == run[-1] + 1:
            run.append(n)
            continue
        if run:
            out.append(str(run[0]) if len(run) == 1 else f'{run[0]}-{run[-1]}')
        run = [n]
    return ','.join(out)


def read_numbers(text):
    out = set()
    for part in text.split(','):
        first, _, last = part.partition('-')
        out.update(range(int(first), int(last or first) + 1))
    return out


class Report:
    """What failed, by kind; the first of each kind is shrunk and told."""

    def __init__(self, player, shrinks):
        self.player, self.shrinks = player, shrinks
        self.seen = {}          # kind -> [worlds, first seed, first event]

    def add(self, seed, failed, events):
        first = {}
        for number, wrong in failed:
            first.setdefault(wrong.kind, (number, wrong))
        for kind, (number, wrong) in first.items():
            if kind in self.seen:
                self.seen[kind][0] += 1
                continue
            self.seen[kind] = [1, seed, number]
            if len(self.seen) <= TOLD_MAX:
                self.tell(seed, number, wrong, events)

    def tell(self, seed, number, wrong, events):
        print(f'failed: seed {seed}, event {number}: {events[number]}: {wrong}')
        numbers = self.player.shrink(seed, number, wrong.kind) if self.shrinks else None
        if numbers:
            print(f'    tests/wander --seed {seed} --questions {numbers_text(numbers)}')
            for n in numbers:
                print(f'        {n}: {events[n]}')
        sys.stdout.flush()

    def summary(self):
        for kind, (worlds, seed, number) in sorted(self.seen.items(), key=lambda x: -x[1][0]):
            print(f'in {worlds} worlds, first seed {seed} event {number}: {kind}')


def arguments():
    p = argparse.ArgumentParser(prog='tests/wander', description='Random worlds of zones, and random questions to ternd.')
    p.add_argument('program', help=argparse.SUPPRESS)
    p.add_argument('directory', help=argparse.SUPPRESS)
    p.add_argument('--quick', action='store_true', help='the fixed worlds of the test suite')
    p.add_argument('--minutes', type=float, help='as many worlds as this time allows')
    p.add_argument('--worlds', type=int, help='this many worlds')
    p.add_argument('--seed', type=int, help='the (first) world')
    p.add_argument('--questions', help='only these events of the world: 3,7,9-12')
    p.add_argument('--first', action='store_true', help='end with the first world in which something is wrong')
    p.add_argument('--no-shrink', action='store_true', help='tell failures as they are')
    p.add_argument('-v', action='store_true', help='say what the world is, and every answer that is wrong')
    return p.parse_args()


def main():
    a = arguments()
    player = Player(a.program, a.directory)
    first = a.seed if a.seed is not None else int(time.time()) if a.minutes else 1
    count = a.worlds or (1 if a.seed is not None and not a.minutes else 10 ** 9 if a.minutes else QUICK_WORLDS)
    seeds = itertools.chain(range(first, first + count), TELLING_WORLDS if a.quick else ())
    numbers = read_numbers(a.questions) if a.questions else None
    until = time.monotonic() + a.minutes * 60 if a.minutes else float('inf')
    passed, bad, asked, started = 0, 0, 0, time.monotonic()
    report = Report(player, not a.no_shrink and numbers is None)
    for seed in seeds:
        if time.monotonic() > until:
            break
        failed, events, world = player.play(seed, numbers)
        player_asked = player.asked
        asked += player_asked
        report.add(seed, failed, events)
        player.asked = 0
        passed, bad = passed + (not failed), bad + bool(failed)
        if failed and a.first:
            first_number = min(number for number, _ in failed)
            asked += sum(isinstance(e, Question) for e in events[:first_number + 1]) - player_asked
            break
        if a.v:
            show.show(failed, events, world)
    report.summary()
    print(f'{asked} questions in {time.monotonic() - started:.1f} s')
    print(f'wander: {passed} passed, {bad} failed')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
