"""The query sets, as dnsperf reads them: one "name TYPE" per line. The same in every run (fixed seed)."""
import bisect
import itertools
import os
import random

HOT_NAMES = 10_000
TWIN_NAMES = 2_000          # of the comparison of secure with insecure answers: warmed up twice
HOT_LINES = 400_000         # longer than any run, so that nothing is learned from a period
FILL_ZONES = 1_000
DENIAL_ZONES = 100          # of the random absent names
OTHERS = ('MX', 'TXT')


def draw_type(rng):
    """A 55 %, AAAA 25 %, HTTPS 15 %, others 5 %."""
    x = rng.random()
    return 'A' if x < 0.55 else 'AAAA' if x < 0.80 else 'HTTPS' if x < 0.95 else rng.choice(OTHERS)


def question(zone, rrtype):
    return f'{zone.name if rrtype in OTHERS else "www." + zone.name} {rrtype}'


def question_octets(name):
    """A query for the address of @p name, recursion desired."""
    labels = b''.join(bytes([len(label)]) + label.encode('ascii') for label in name.rstrip('.').split('.'))
    return os.urandom(2) + bytes.fromhex('0100 0001 0000 0000 0000') + labels + bytes.fromhex('00 0001 0001')


class Zipf:
    """Draws ranks 0..n-1 with probability ~ 1/(rank + 1)."""

    def __init__(self, n, rng):
        self.rng = rng
        self.sums = list(itertools.accumulate(1 / rank for rank in range(1, n + 1)))

    def draw(self):
        return bisect.bisect_left(self.sums, self.rng.random() * self.sums[-1])


class Sets:
    """Names of files in @p directory; each is made when first asked for."""

    def __init__(self, directory, zones, seed, hot_n=HOT_NAMES):
        self.directory, self.zones, self.seed = directory, zones, seed
        self.hot_zones = zones[:min(hot_n, len(zones))]
        os.makedirs(directory, exist_ok=True)

    def _file(self, name, lines):
        path = f'{self.directory}/{name}.txt'
        with open(path, 'w', encoding='ascii') as f:
            f.writelines(f'{line}\n' for line in lines)
        return path

    def _rng(self, name):
        return random.Random(f'{self.seed} {name}')

    def _hot_lines(self, rng):
        zipf = Zipf(len(self.hot_zones), rng)
        while True:
            yield question(self.hot_zones[zipf.draw()], draw_type(rng))

    def hot(self):
        lines = list(itertools.islice(self._hot_lines(self._rng('hot')), HOT_LINES))
        return self._file('hot', lines)

    def hot_short(self, n):
        """The first @p n questions of the hot set."""
        return self._file('hot-short', itertools.islice(self._hot_lines(self._rng('hot')), n))

    def warm(self):
        """Each question of the hot set once."""
        lines = dict.fromkeys(itertools.islice(self._hot_lines(self._rng('hot')), HOT_LINES))
        return self._file('warm', lines)

    def hot1(self):
        return self._file('hot1', [question(self.hot_zones[0], 'A')])

    def mixed(self, n):
        """90 % hot, 5 % names nobody asked for, 5 % names that do not exist, in zones that are known."""
        rng = self._rng('mixed')
        hot = self._hot_lines(rng)
        wild = [z for z in self.hot_zones if z.is_wild]
        plain = [z for z in self.hot_zones if not z.is_wild]

        def line(i):
            x = rng.random()
            if x < 0.90:
                return next(hot)
            if x < 0.95:
                return f'new{i}.{rng.choice(wild).name} A'
            return f'absent{i}.{rng.choice(plain).name} A'
        return self._file('mixed', (line(i) for i in range(n)))

    def cold(self, paced_n):
        """(each zone's site once, @p paced_n other zones kept for a paced run)"""
        rng = self._rng('cold')
        lines = [question(zone, draw_type(rng)) for zone in self.zones]
        rng.shuffle(lines)
        return self._file('cold', lines[paced_n:]), self._file('cold-paced', lines[:paced_n])

    def denials_cold(self, n):
        """One denial of each of @p n zones: of a name, or of a type at a name that there is."""
        plain = [z for z in self.zones if not z.is_wild][:n]
        lines = (f'none{i}.{z.name} A' if i % 2 else f'mail.{z.name} AAAA' for i, z in enumerate(plain))
        return self._file('denials-cold', lines)

    def denials(self, n):
        """@p n denials in few zones: 90 % of random names, none of them twice, 10 % of types."""
        rng = self._rng('denials')
        plain = [z for z in self.hot_zones if not z.is_wild][:DENIAL_ZONES]

        def line(i):
            zone = rng.choice(plain).name
            if rng.random() < 0.10:
                return rng.choice((f'mail.{zone} AAAA', f'www.{zone} TXT', f'{zone} SRV'))
            return f'{rng.randrange(36 ** 4):x}-{i}.{zone} {draw_type(rng)}'
        return self._file('denials', (line(i) for i in range(n)))

    def fill(self, n):
        """@p n distinct A RRsets, in so few zones that their delegations hardly count."""
        wild = [z for z in self.zones if z.is_wild][:FILL_ZONES]
        return self._file('fill', (f'f{i}.{wild[i % len(wild)].name} A' for i in range(n)))
