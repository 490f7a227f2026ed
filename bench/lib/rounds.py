"""The rounds: every peer from a fresh start, one after another, set by set."""
import functools
import os
import shutil
import time

import drivers
from process import Failed, Server

WARM_RUNS = 2           # a rendered answer is kept at the second ask by some


def wait_ready(server, address):
    server.wait_ready(address, 20)


class Running:
    """A peer that is up, as @p settings say; @p wait (server, address) returns when it is."""

    def __init__(self, peer, directory, settings, wait=wait_ready):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.settings = settings
        argv = peer.command(directory, settings)
        started = time.monotonic()
        self.servers = []
        try:
            for i in range(settings.workers if peer.is_forked else 1):
                self.servers.append(Server(argv, f'{directory}/{peer.name}{i}.log', settings.peer_cpus))
            for server in self.servers:
                wait(server, settings.address)
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


# What fills the cache for which sets; not reported.
WARMS = {'warm': ('hot', 'hot1', 'paced', 'tcp', 'dot', 'doh', 'doq', 'mixed'), 'warm-do': ('dnssec-hot',),
         'warm-twins': ('secure-hot', 'insecure-hot'), 'warm-zones': ('dnssec-nx-cold', 'dnssec-nx')}


def unsigned_loads(settings, sets):
    """[(name of the set, its load)] in the order of a round."""
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
            ('dot', drivers.Load(hot, s.seconds, mode='dot')),
            ('doh', drivers.Load(hot, s.seconds, mode='doh')),
            ('doq', drivers.Load(hot, s.seconds, mode='doq')),
            ('handshake', drivers.Load(hot, s.seconds, mode='new')),
            ('resumed', drivers.Load(hot, s.seconds, mode='reuse')),
            ('mixed', drivers.Load(sets.mixed(s.seconds * s.mixed_rate_max), s.seconds, once=True))]


def measure(running, load):
    """One run -> ({metric: value}, its outcome)"""
    before = running.cpu_s()
    outcome = drivers.drive(load, running.settings.address, running.settings)
    used = running.cpu_s() - before
    if outcome.answered == 0:
        raise Failed('no answers')
    values = {'qps': outcome.answered / outcome.seconds, 'cpu_us': used * 1e6 / outcome.answered,
              'resident_mib': running.resident() / 2**20,
              'lost': 100 * (outcome.sent - outcome.answered) / outcome.sent,
              'failed': 100 * outcome.failed / outcome.answered}
    if outcome.authentic is not None:
        values['authentic'] = 100 * outcome.authentic / outcome.answered
    told = {'answer_octets': outcome.octets, 'p50_us': outcome.p50_us, 'p99_us': outcome.p99_us}
    values.update({metric: value for metric, value in told.items() if value is not None})
    return values, outcome


def signed_loads(settings, sets, signed_few, twins):
    """
    The same for the signed internet. The questions of @p twins are those of @p signed_few, of unsigned zones. These
    two take turns, so that the machine's moods hit both.
    """
    s, half_s = settings, max(1, settings.seconds // 2)
    hot, cold = sets.hot(), sets.cold(0)[0]
    warm_do = ('warm-do', drivers.Load(sets.warm(), once=True, flags='DO', secure=True))
    warm_twins = [('warm-twins', drivers.Load(each.warm(), once=True, flags='AD')) for each in (signed_few, twins)]
    secure = ('secure-hot', drivers.Load(signed_few.hot(), half_s, flags='AD', secure=True))
    insecure = ('insecure-hot', drivers.Load(twins.hot(), half_s, flags='AD'))
    denials = sets.denials(s.seconds * s.mixed_rate_max)
    return [('dnssec-cold', drivers.Load(cold, once=True, flags='DO', secure=True))] + [warm_do] * WARM_RUNS + [
            ('dnssec-hot', drivers.Load(hot, s.seconds, flags='DO', secure=True))] + warm_twins * WARM_RUNS + [
            # The first run after the warming is slower, whatever it asks for.
            ('warm-twins', insecure[1]), secure, insecure, insecure, secure,
            ('warm-zones', drivers.Load(cold, once=True, flags='DO')),
            ('dnssec-nx-cold', drivers.Load(sets.denials_cold(s.denials), once=True, flags='DO', secure=True)),
            ('dnssec-nx', drivers.Load(denials, s.seconds, once=True, flags='DO', secure=True))]


class Rounds:
    """Collects {peer: {set: {metric: [value of each round]}}}."""

    def __init__(self, peers, settings, directory, say):
        self.peers, self.settings, self.say = peers, settings, say
        self.directory, self.results = directory, {}

    def keep(self, peer, name, values):
        kept = self.results.setdefault(peer.name, {}).setdefault(name, {})
        for metric, value in values.items():
            kept.setdefault(metric, []).append(value)

    def _wanted(self, peer):
        sets = [n for n in self.settings.sets if peer.answers is None or n in peer.answers]
        return sets + [name for name, served in WARMS.items() if peer.answers is None and set(served) & set(sets)]

    def _run_sets(self, peer, running, loads):
        for name, load in loads:
            values, _ = measure(running, load)
            if name not in WARMS:
                self.keep(peer, name, values)
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

    def one_round(self, number, loads):
        for i in range(len(self.peers)):
            peer = self.peers[(i + number) % len(self.peers)]
            wanted = self._wanted(peer)
            its_loads = [(name, load) for name, load in loads if name in wanted]
            if its_loads:
                self._with_peer(peer, functools.partial(self._run_sets, loads=its_loads))

    def _fill(self, peer, running, path):
        empty = running.resident()
        values, outcome = measure(running, drivers.Load(path, 240, once=True))
        values['octets_per_rrset'] = (running.resident() - empty) / (outcome.answered - outcome.failed)
        self.keep(peer, 'fill', values)
        self.say(f'{peer.name} fill: {values["octets_per_rrset"]:.0f} octets per RRset, {values["cpu_us"]:.1f} us')

    def fill(self, path):
        for peer in self.peers:
            if peer.answers is None:
                self._with_peer(peer, functools.partial(self._fill, path=path))
