"""dnsperf and our own generator (bench/blast.c): one run, what was answered, how fast."""
import json
import os
import re
import subprocess

from internet import CLIENT
from process import Failed

IN_FLIGHT = 100     # queries, dnsperf's own default
PORTS = 8           # to send from


class Load:
    """
    One run of at most @p seconds: the questions of @p path, again and again unless @p once. @p flags: "DO" asks for
    signatures, "AD" whether the answer is validated, None says nothing. With @p secure only validated answers count.
    @p ports, @p window: of blast only. @p mode: "tcp", "dot" or "doh" of dnsperf, "doq" of quic_blast, "new" or "reuse" of openssl s_time.
    """

    def __init__(self, path, seconds=120, once=False, tcp=False, pace=None, flags=None, secure=False, ports=PORTS,
                 window=IN_FLIGHT, mode=None):
        self.path, self.seconds, self.once, self.tcp, self.pace, self.mode = path, seconds, once, tcp, pace, mode
        self.flags, self.secure, self.ports, self.window = flags, secure, ports, window


class Outcome:
    """
    @p answered counts every response; @p failed those that were SERVFAIL or REFUSED, and those without AD where it is a
    must. @p octets: of an answer. None for what the driver doesn't tell.
    """

    def __init__(self, sent, answered, failed, seconds, octets=None, authentic=None, p50_us=None, p99_us=None):
        self.sent, self.answered, self.failed, self.seconds = sent, answered, failed, seconds
        self.octets, self.authentic, self.p50_us, self.p99_us = octets, authentic, p50_us, p99_us


def run(argv, cpus, limit_s):
    def prepare():
        os.sched_setaffinity(0, cpus)
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=limit_s, check=False, preexec_fn=prepare if cpus else None)
    except subprocess.TimeoutExpired:
        raise Failed(f'{os.path.basename(argv[0])} took more than {limit_s} s') from None
    if done.returncode != 0:
        raise Failed(f'{os.path.basename(argv[0])}: {(done.stderr or done.stdout).strip()[-200:]}')
    return done.stdout


def dnsperf(load, server, cpus, _blast):
    mode = load.mode or ('tcp' if load.tcp else 'udp')
    argv = ['dnsperf', '-s', server, '-p', {'dot': '853', 'doh': '443'}.get(mode, '53'), '-a', CLIENT, '-d', load.path,
            '-T', '1', '-c', str(PORTS) if mode == 'udp' else '10', '-q', str(IN_FLIGHT), '-t', '3',
            '-l', str(load.seconds), '-m', mode]
    argv += ['-O', f'doh-uri=https://{server}/dns-query'] if mode == 'doh' else []
    argv += ['-n', '1'] if load.once else []
    argv += ['-Q', str(load.pace)] if load.pace else []
    out = run(argv, cpus, load.seconds + 30)

    def number(pattern):
        found = re.search(pattern, out)
        return float(found[1]) if found else 0.0
    failed = sum(number(rf'{rcode} (\d+)') for rcode in ('SERVFAIL', 'REFUSED'))
    return Outcome(int(number(r'Queries sent:\s+(\d+)')), int(number(r'Queries completed:\s+(\d+)')), int(failed),
                   number(r'Run time \(s\):\s+([\d.]+)'), number(r'response (\d+)') or None)


def blast(load, server, cpus, program):
    argv = [program, '-a', CLIENT, '-d', load.path, '-s', str(load.ports), '-w', str(load.window),
            '-l', str(load.seconds)]
    argv += [{'DO': '-D', 'AD': '-A'}[load.flags]] if load.flags else []
    argv += ['-n', '1'] if load.once else []
    argv += ['-Q', str(load.pace)] if load.pace else []
    said = json.loads(run(argv + [server], cpus, load.seconds + 30))
    answered = said['answered']
    failed = answered - said['authentic'] if load.secure else said['servfail'] + said['refused']
    return Outcome(said['sent'], answered, failed, said['seconds'], said['octets'] / max(answered, 1),
                   said['authentic'] if load.flags else None, said['p50_us'], said['p99_us'])


def doq(load, server, cpus, program):
    """Clients of DoQ that Debian has ask one question and go; this one is ours."""
    said = json.loads(run([os.path.join(os.path.dirname(program), 'quic_blast'), '-d', load.path, '-c', '10', '-q', str(IN_FLIGHT),
                           '-l', str(load.seconds), server], cpus, load.seconds + 30))
    answered = said['answered']
    return Outcome(said['sent'], answered, said['servfail'] + said['refused'], said['seconds'], said['octets'] / max(answered, 1))


def handshakes(load, server, cpus):
    out = run(['openssl', 's_time', '-connect', f'{server}:853', f'-{load.mode}', '-time', str(load.seconds), '-tls1_3'],
              cpus, load.seconds + 30)
    made = re.findall(r'(\d+) connections in (\d+) real seconds', out)
    if not made:
        raise Failed(f'openssl s_time: {out.strip()[-200:]}')
    return Outcome(int(made[-1][0]), int(made[-1][0]), 0, max(1, int(made[-1][1])))


def drive(load, server, settings):
    """TCP is dnsperf's; percentiles, AD and many ports are blast's."""
    if load.mode in ('new', 'reuse'):
        return handshakes(load, server, settings.load_cpus)
    if load.mode == 'doq':
        return doq(load, server, settings.load_cpus, settings.blast)
    is_plain = not load.pace and not load.flags and load.ports == PORTS
    use = dnsperf if load.tcp or load.mode or (settings.driver == 'dnsperf' and is_plain) else blast
    return use(load, server, settings.load_cpus, settings.blast)
