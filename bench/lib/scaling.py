"""Does a second worker cost anything? CPU per query of tern and of the bare responder, with one worker and with two.

All four are up at once, each on an address of its own, and are asked in short turns, one at a time: whatever mood the
machine is in hits them all. Each has the first N CPUs for its N workers, which both programs then pin one to a CPU; the
generator may run on any, so that with two workers it takes its time from both. What the bare responder loses by that
(smaller batches, colder caches, a busier kernel) is not tern's, and is taken out of tern's loss.
"""
import contextlib
import copy
import os
import statistics

import drivers
from internet import SCALING
from process import Failed
from rounds import Running, WARM_RUNS, measure

TURNS = (1, 2, 2, 1)    # workers
TURN_QUERIES = 100_000  # about a third of a second
PORTS = 32              # that the kernel spreads over the workers' sockets
WINDOW = 512            # queries in flight: not the generator should make the batches small


def start(peer, workers, settings, directory):
    own = copy.copy(settings)
    own.workers, own.address = workers, SCALING[peer.name, workers]
    own.peer_cpus = set(sorted(os.sched_getaffinity(0))[:workers])
    own.load_cpus = None
    return Running(peer, f'{directory}/{peer.name}-{workers}', own)


def loss(us):
    """CPU per query with two workers over that with one; @p us: {workers: [of each turn]}."""
    return statistics.mean(us[2]) / statistics.mean(us[1])


class Contest:
    """The four servers of one round; @p peers: the bare responder and tern."""

    def __init__(self, rounds, peers, sets, stack):
        self.rounds, self.peers = rounds, peers
        self.load = drivers.Load(sets.hot_short(TURN_QUERIES), once=True, ports=PORTS, window=WINDOW)
        warm = drivers.Load(sets.warm(), once=True)
        self.running = {}
        for peer in peers:
            for workers in (1, 2):
                it = self.running[peer, workers] = start(peer, workers, rounds.settings, rounds.directory)
                stack.callback(it.stop)
                for _ in range(WARM_RUNS if peer.answers is None else 0):
                    measure(it, warm)

    def _turns(self):
        """{peer: {workers: [CPU us per query]}}"""
        us = {peer: {1: [], 2: []} for peer in self.peers}
        for workers in TURNS:
            for peer in self.peers:
                us[peer][workers].append(measure(self.running[peer, workers], self.load)[0]['cpu_us'])
        return us

    def block(self):
        us = self._turns()
        bare = loss(us[self.peers[0]])
        for peer in self.peers:
            values = {'cpu1_us': statistics.mean(us[peer][1]), 'cpu2_us': statistics.mean(us[peer][2]),
                      'loss': loss(us[peer])}
            if peer is not self.peers[0]:
                values['own_loss'] = values['loss'] / bare
            self.rounds.keep(peer, 'scaling', values)
            self.rounds.say(f'{peer.name} scaling: {values["cpu1_us"]:.2f} us, '
                            f'{values["cpu2_us"]:.2f} with two workers')


def run(rounds, sets):
    peers = sorted((p for p in rounds.peers if p.name in ('floor', 'tern')), key=lambda p: p.name)
    if len(peers) < 2 or len(os.sched_getaffinity(0)) < 2:
        rounds.say('scaling is left out: it needs tern, floor and two CPUs')
        return
    for _ in range(rounds.settings.rounds):
        try:
            with contextlib.ExitStack() as stack:
                contest = Contest(rounds, peers, sets, stack)
                for _ in range(2 * rounds.settings.seconds):
                    contest.block()
        except Failed as e:
            rounds.say(f'scaling: {e}')
