"""The rounds: every peer from a fresh start, one after another, set by set."""
import os
import shutil
import time

import drivers
from internet import RESOLVER
from process import Failed, Server

WARM_RUNS = 2           # a rendered answer is kept at the second ask by some


class Running:
    """A peer that is up."""

    def __init__(self, peer, directory, settings):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        argv = peer.command(directory, settings)
        started = time.monotonic()
        self.servers = []
        try:
            for i in range(settings.workers if peer.is_forked else 1):
                self.servers.append(Server(argv, f'{directory}/{peer.name}{i}.log', settings.peer_cpus))
            for server in self.servers:
                server.wait_ready(RESOLVER, 20)
        except Failed:
            self.stop()
            raise
        self.start_ms = (time.monotonic() - started) * 1000

    def cpu_s(self):
        return sum(s.cpu_s() for s in self.servers)

    def resident(self):
        return sum(s.resident() for s in self.servers)

    def stop(self):
        for server in self.servers:
            server.stop()


def loads_of(settings, sets):
    """[(name of the set, its load)] in the order of a round; the set "warm" is not reported."""
    s, cold_pace, paced_s = settings, settings.cold_pace, settings.seconds
    cold, cold_paced = sets.cold(cold_pace * paced_s)
    hot = sets.hot()
    warm = drivers.Load(sets.warm(), once=True)
    return [('cold', drivers.Load(cold, once=True)),
            ('cold-paced', drivers.Load(cold_paced, once=True, pace=cold_pace))] + [('warm', warm)] * WARM_RUNS + [
            ('hot', drivers.Load(hot, s.seconds)),
            ('hot1', drivers.Load(sets.hot1(), s.seconds)),
            ('paced', drivers.Load(hot, s.seconds, pace=s.pace)),
            ('tcp', drivers.Load(hot, s.seconds, tcp=True)),
            ('mixed', drivers.Load(sets.mixed(s.seconds * s.mixed_rate_max), s.seconds, once=True))]


def measure(running, load, settings):
    """One run -> {metric: value}"""
    before = running.cpu_s()
    outcome = drivers.drive(load, settings.driver, settings.load_cpus, settings.blast)
    used = running.cpu_s() - before
    if outcome.answered == 0:
        raise Failed('no answers')
    values = {'qps': outcome.answered / outcome.seconds, 'cpu_us': used * 1e6 / outcome.answered,
              'resident_mib': running.resident() / 2**20,
              'lost': 100 * (outcome.sent - outcome.answered) / outcome.sent,
              'failed': 100 * outcome.failed / outcome.answered}
    if outcome.p50_us is not None:
        values.update(p50_us=outcome.p50_us, p99_us=outcome.p99_us)
    return values, outcome


class Rounds:
    """Collects {peer: {set: {metric: [value of each round]}}}."""

    def __init__(self, peers, settings, sets, directory, say):
        self.peers, self.settings, self.sets, self.say = peers, settings, sets, say
        self.directory, self.results = directory, {}
        self.loads = loads_of(settings, sets)

    def _keep(self, peer, name, values):
        kept = self.results.setdefault(peer.name, {}).setdefault(name, {})
        for metric, value in values.items():
            kept.setdefault(metric, []).append(value)

    def _wanted(self, peer):
        sets = [n for n in self.settings.sets if peer.answers is None or n in peer.answers]
        needs_warm = peer.answers is None and any(n in sets for n in ('hot', 'hot1', 'paced', 'tcp', 'mixed'))
        return sets + (['warm'] if needs_warm else [])

    def _run_sets(self, peer, running):
        wanted = self._wanted(peer)
        for name, load in self.loads:
            if name not in wanted:
                continue
            values, _ = measure(running, load, self.settings)
            if name != 'warm':
                self._keep(peer, name, values)
                self.say(f'{peer.name} {name}: {values["qps"]:.0f} q/s, {values["cpu_us"]:.1f} us')

    def _with_peer(self, peer, work):
        try:
            running = Running(peer, f'{self.directory}/{peer.name}', self.settings)
            try:
                work(peer, running)
            finally:
                running.stop()
        except Failed as e:
            self.say(f'{peer.name}: {e}')

    def one_round(self, number):
        for i in range(len(self.peers)):
            self._with_peer(self.peers[(i + number) % len(self.peers)], self._run_sets)

    def _fill(self, peer, running):
        empty = running.resident()
        values, outcome = measure(running, drivers.Load(self.sets.fill(self.settings.fill), 240, once=True),
                                  self.settings)
        values['octets_per_rrset'] = (running.resident() - empty) / (outcome.answered - outcome.failed)
        self._keep(peer, 'fill', values)
        self.say(f'{peer.name} fill: {values["octets_per_rrset"]:.0f} octets per RRset, {values["cpu_us"]:.1f} us')

    def fill(self):
        if 'fill' not in self.settings.sets or not self.settings.fill:
            return
        for peer in self.peers:
            if peer.answers is None:
                self._with_peer(peer, self._fill)
