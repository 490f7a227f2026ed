"""Inside the lab: CPU per hostile question, and what other clients notice of them. See bench/attacks."""
import os
import statistics
import sys

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', '..', 'tests')
sys.path[:0] = [os.path.join(TESTS, 'e2e'), os.path.join(TESTS, 'lab')]

import harness                          # noqa: E402
import test_dnssec_attacks as attacks   # noqa: E402

DEEP = ('deep0', 'deep50', 'deepsalt', 'deepthere', 'deepforged', 'deepsaltforged')
ROUNDS, SECONDS = 5, 3
COSTLY = ('it51', 'it500', 'it2500', 'it65535')


def start(**more):
    """ternd on the first CPU, whoever asks it or answers it on the others: their work is not what is measured."""
    cpus = sorted(os.sched_getaffinity(0))
    others = set(cpus[1:]) or set(cpus)
    os.sched_setaffinity(0, {cpus[0]})
    tern = attacks.one_worker(**more)
    os.sched_setaffinity(0, others)
    for server in os.environ['LAB_PIDS'].split():
        for thread in os.listdir(f'/proc/{server.split("=")[1]}/task'):
            os.sched_setaffinity(int(thread), others)
    os.sched_setaffinity(0, others)
    return tern


def ask_signed(zone):
    below, _, codes = attacks.SIGNATURES[zone]
    return lambda n: attacks.fails(f'{n}{below}.{zone}.crypt', codes)


def ask_deep(zone):
    return lambda n: harness.ask(attacks.deep_name(zone, n), do=True)


def cpu_table():
    tern = start()
    print('| zone | CPU ms per client query |\n|---|--:|')
    for zone in attacks.SIGNATURES:
        print(f'| {zone} | {attacks.cpu_ms(tern, ask_signed(zone), count=3):.2f} |', flush=True)
    for zone in DEEP + COSTLY:
        ask_deep(zone)('first')
        print(f'| {zone} | {attacks.cpu_ms(tern, ask_deep(zone)):.2f} |', flush=True)
    harness.stop_all()
    os.sched_setaffinity(0, set(range(os.cpu_count())))


def others_table():
    turns = harness.Turns()
    start(env=turns.env)
    print(f'\nMedian (least-most) of {ROUNDS} times {SECONDS} s, 100 attacking questions a second and as many others:\n\n'
          '| attack | p99 of hits without, ms | with, ms | longest turn without, ms of CPU | with |\n'
          '|---|--:|--:|--:|--:|')

    def measured():
        turns.longest_ms()
        return attacks.hit_p99_ms(SECONDS), turns.longest_ms()

    for kind, names in attacks.ATTACKS.items():
        without, during = [], []
        for _ in range(ROUNDS):
            without.append(measured())
            with attacks.Attack(names, 100):
                during.append(measured())
        columns = [*zip(zip(*without), zip(*during))]
        cells = [f'{statistics.median(c):.2f} ({min(c):.2f}-{max(c):.2f})' for pair in columns for c in pair]
        print(f'| {kind} | {" | ".join(cells)} |', flush=True)


def main():
    harness.TERND = sys.argv[1]
    try:
        cpu_table()
        others_table()
    finally:
        harness.stop_all()


main()
