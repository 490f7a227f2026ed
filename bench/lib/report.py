"""The results as JSON and as a Markdown table."""
import os
import platform
import statistics

SETS = {
    'hot': '10,000 names, Zipf 1.0, cached',
    'hot1': 'one name, cached',
    'paced': 'hot at a fixed pace',
    'tcp': 'hot by TCP, 10 connections',
    'dot': 'hot by TLS, 10 connections',
    'doh': 'hot by HTTPS (HTTP/2), 10 connections',
    'doq': 'hot by QUIC, 10 connections; no peer of Debian 12 serves it',
    'handshake': 'handshakes of TLS 1.3 with a P-256 key, one after another; what is per query is per handshake',
    'resumed': 'the same, resumed by a ticket',
    'mixed': '90 % hot, 5 % new names, 5 % absent names',
    'cold': 'each zone once, from an empty cache',
    'cold-paced': 'cold at a fixed pace',
    'fill': 'distinct A RRsets until all are cached',
    'scaling': 'hot with one worker and with two',
    'start': 'from the start of the process to the first name resolved',
    'dnssec-cold': 'each signed zone once, with DO, from an empty cache',
    'dnssec-hot': '10,000 signed names, Zipf 1.0, with DO, cached',
    'secure-hot': '2,000 signed names, Zipf 1.0, without DO, cached',
    'insecure-hot': 'their unsigned twins in the same cache',
    'dnssec-nx-cold': 'one denial of each signed zone, with DO, keys known',
    'dnssec-nx': 'random absent names in 100 signed zones, with DO',
}
ENCRYPTED_SETS = ('dot', 'doh', 'doq', 'handshake', 'resumed')
SIGNED_SETS = ('dnssec-cold', 'dnssec-hot', 'secure-hot', 'insecure-hot', 'dnssec-nx-cold', 'dnssec-nx')
COLUMNS = [('qps', 'q/s', '{:,.0f}'), ('cpu_us', 'CPU us/query', '{:.1f}'), ('p50_us', 'p50 us', '{:,.0f}'),
           ('p99_us', 'p99 us', '{:,.0f}'), ('resident_mib', 'resident MiB', '{:.0f}'),
           ('octets_per_rrset', 'octets/RRset', '{:.0f}'), ('answer_octets', 'octets/answer', '{:.0f}'),
           ('authentic', 'AD %', '{:.2f}'), ('lost', 'lost %', '{:.2f}'),
           ('failed', 'failed %', '{:.2f}')]
# Of the sets that have tables of their own.
SCALING_COLUMNS = [('cpu1_us', '1 worker, CPU us/query', '{:.2f}'), ('cpu2_us', '2 workers, CPU us/query', '{:.2f}'),
                   ('loss', '2 workers / 1', '{:.3f}'), ('own_loss', 'less what floor loses', '{:.3f}')]
START_COLUMNS = [('start_ms', 'start to first answer, ms', '{:.1f}'), ('first_ms', 'its question alone, ms', '{:.1f}')]
OWN_TABLES = {'scaling': SCALING_COLUMNS, 'start': START_COLUMNS}


def cell(values, form):
    """Median, and the range when there is one to tell."""
    if not values:
        return ''
    middle, low, high = (form.format(v) for v in (statistics.median(values), min(values), max(values)))
    return middle if low == high else f'{middle} ({low}-{high})'


def table(results, names, columns):
    """Those of the sets @p names that have results; "" when none has."""
    lines = []
    for name in names:
        for peer, sets in results.items():
            if name in sets:
                cells = [cell(sets[name].get(metric), form) for metric, _, form in columns]
                lines.append(f'| {name} | {peer} | ' + ' | '.join(cells) + ' |')
    if not lines:
        return ''
    head = ['| set | peer | ' + ' | '.join(title for _, title, _ in columns) + ' |',
            '|---|---|' + '--:|' * len(columns)]
    return '\n'.join(head + lines) + '\n'


def cpu_model():
    with open('/proc/cpuinfo', encoding='ascii', errors='replace') as f:
        for line in f:
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.machine()


def machine():
    return {'cpus': os.cpu_count(), 'cpu': cpu_model(), 'kernel': platform.release().partition('-')[0],
            'memory_gib': round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30),
            'load_average_before': round(os.getloadavg()[0], 1)}


def header(report):
    m, s = report['machine'], report['settings']
    versions = ', '.join(f'{name} {v}'.strip() for name, v in report['peers'].items())
    return '\n'.join([
        f'{m["cpus"]} CPUs ({m["cpu"]}), {m["memory_gib"]} GiB, Linux {m["kernel"]}; load average before the run '
        f'{m["load_average_before"]}.',
        f'{versions}. {s["workers"]} worker(s) each{", on a CPU of their own" if s["pinned"] else ""}; '
        f'{s["zones"]:,} zones, {s["signed_zones"]:,} signed ones; {s["rounds"]} round(s) of {s["seconds"]} s per '
        f'set; driver {s["driver"]}; paced {s["pace"]:,} q/s, cold-paced {s["cold_pace"]:,} q/s, fill {s["fill"]:,}.',
        'Medians (min-max). CPU: user and system time of the server alone, per answer.', ''])


def markdown(report):
    results = report['results']
    tables = [table(results, [name for name in SETS if name not in OWN_TABLES], COLUMNS)]
    tables += [table(results, [name], columns) for name, columns in OWN_TABLES.items()]
    return header(report) + '\n' + '\n'.join(filter(None, tables))
