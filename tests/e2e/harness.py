"""What the tests share: a ternd of their own, questions to it, the bad server's counts, plain assertions."""
import ctypes
import functools
import json
import os
import random
import re
import resource
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

TERND = ''
LAB = os.environ['LAB_DIR']
PORT = 5300
running = []
reports = []            # of sanitizers, since the runner looked last
settings = []           # of the bad server, that the test changed
libc = ctypes.CDLL(None)


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def long(seconds):
    """A test that mostly waits, for up to so many seconds: it runs beside others that work."""
    def mark(function):
        function.seconds, function.waits = seconds, True
        return function
    return mark


def busy(seconds):
    """A test that works for up to so many seconds, where sanitizers or a slow machine make a long one of it."""
    def mark(function):
        function.seconds = seconds
        return function
    return mark


def alone(function):
    """A test that nothing else may run beside, since it compares times with each other: what is busy beside would be
    in both. What only has a limit, of time or of CPU, needs none of this: where it fails beside others it is repeated."""
    function.alone = True
    return function


# --- assertions -------------------------------------------------------------

def check(condition, text='condition does not hold'):
    if not condition:
        raise Failed(text)


def equal(got, wanted, what=''):
    check(got == wanted, f'{what}: got {got!r}, wanted {wanted!r}')


def at_most(got, limit, what):
    check(got <= limit, f'{what}: {got:.4g}, at most {limit} allowed')


def at_least(got, limit, what):
    check(got >= limit, f'{what}: {got:.4g}, at least {limit} wanted')


def each(values, test):
    """@test of every value; all that fail are told, not only the first."""
    failed = []
    for value in values:
        try:
            test(value)
        except Failed as e:
            failed.append(str(e))
    check(not failed, f'{len(failed)} of {len(values)}: ' + '; '.join(failed))


# --- sanitizers -------------------------------------------------------------

SLOWDOWN = {b'__asan_init': 4, b'__tsan_init': 8}
REPORT = re.compile(r'(ERROR|WARNING): \w+Sanitizer|runtime error:')


@functools.cache
def slowdown():
    with open(TERND, 'rb') as f:
        octets = f.read()
    return max((times for name, times in SLOWDOWN.items() if name in octets), default=1)


def sanitized():
    return slowdown() > 1


SIGNATURE_MS = 0.06     # one check of P-256 on a machine that the limits of CPU time suit


def slowness():
    """How much dearer one signature is on this machine, with what else it does now; at least 1."""
    key = ec.generate_private_key(ec.SECP256R1())
    how = ec.ECDSA(hashes.SHA256())
    signature, public = key.sign(b'x', how), key.public_key()

    def check_ms():
        started = time.thread_time()
        for _ in range(20):
            public.verify(signature, b'x', how)
        return (time.thread_time() - started) * 1000 / 20
    return max(1, statistics.median(check_ms() for _ in range(10)) / SIGNATURE_MS)


def scaled(limit):
    """Of CPU time: sanitizers make our part of the work dearer, a slow machine all of it."""
    return limit * slowdown() * slowness()


def with_quarantine(megabytes):
    """What was freed is kept for a while."""
    return megabytes + (256 if sanitized() else 0)


# --- ternd ------------------------------------------------------------------

BASE = {
    'server': {'listen': [f'127.0.0.1@{PORT}', f'::1@{PORT}', f'10.53.0.1@{PORT}'], 'user': '', 'workers': 2},
    'dnssec': {'validation': 'off'},
    'control': {'socket': ''},
    'special-zones': {'except': ['test']},       # the lab has a zone there
}


def merged(base, over):
    out = dict(base)
    for key, value in over.items():
        out[key] = merged(base.get(key, {}), value) if isinstance(value, dict) else value
    return out


def write_config(sections):
    """JSON is YAML; but for the switches, which are words."""
    path = os.path.join(LAB, f'tern-{len(running)}-{random.getrandbits(32):x}.yaml')
    with open(path, 'w') as f:
        json.dump(sections, f)
    return path


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)       # PR_SET_PDEATHSIG: nothing outlives a test run that is killed


def environment():
    """What the thread sanitizer can't see is the order made inside liburcu, which is not instrumented."""
    suppressions = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'thread-sanitizer.txt')
    return {**os.environ, 'TSAN_OPTIONS': f"{os.environ.get('TSAN_OPTIONS', '')}:suppressions={suppressions}"}


class Tern:
    """A ternd with an empty cache, ended with the test; sections override BASE."""

    def __init__(self, files=None, wait=True, env=None, **sections):
        self.config = write_config(merged(BASE, sections))
        self.log_path = self.config.replace('.yaml', '.log')
        self.files = files
        self.log = open(self.log_path, 'wb')
        self.process = subprocess.Popen([TERND, '-c', self.config], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, preexec_fn=self.limits, env={**environment(), **(env or {})})
        running.append(self)
        if wait:
            self.wait_until_ready()

    def limits(self):
        die_with_parent()
        if self.files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, self.files))

    def wait_until_ready(self):
        deadline = time.monotonic() + 5
        while 'serves on' not in self.log_text():
            check(self.process.poll() is None, f'ternd ended at once: {self.log_text()}')
            check(time.monotonic() < deadline, f'ternd does not start: {self.log_text()}')
            time.sleep(0.01)

    def log_text(self):
        with open(self.log_path, errors='replace') as f:
            return f.read()

    def stop(self):
        """SIGTERM; seconds until it was gone."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed('ternd does not stop on SIGTERM') from None
        finally:
            self.over()
        check(status == 0, f'ternd ended with {status}: {self.log_text()[-600:]}')
        return time.monotonic() - started

    def over(self):
        self.log.close()
        if self in running:
            running.remove(self)
        text = self.log_text()
        found = REPORT.search(text)
        if found:
            reports.append(text[found.start():][:3000])

    def alive(self):
        check(self.process.poll() is None, f'ternd died: {self.log_text()[-600:]}')
        return True

    def cpu_s(self):
        """CPU seconds of all threads, also of those that have ended, from the scheduler's own account."""
        return time.clock_gettime(~self.process.pid << 3 | 2)      # CPUCLOCK_SCHED of that process: clock_getcpuclockid(3)

    def memory(self):
        with open(f'/proc/{self.process.pid}/statm') as f:
            return int(f.read().split()[1]) * 4096

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))


class Preloaded:
    """A library made of @source, for Tern(env=x.env), and the 8-octet integer that the two share in a file."""

    def __init__(self, source, variable, value=0):
        shim = os.path.join(LAB, source.replace('.c', '.so'))
        if not os.path.exists(shim):
            path = os.path.join(os.path.dirname(os.path.abspath(__file__)), source)
            subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-o', shim, path], check=True)
        self.path = os.path.join(LAB, f'{source[:-2]}-{random.getrandbits(32):x}')
        # A sanitizer wants to be loaded first, but has nothing to fear from these.
        asan = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        self.env = {'LD_PRELOAD': shim, 'ASAN_OPTIONS': asan, variable: self.path}
        with open(self.path, 'wb') as f:
            f.write(value.to_bytes(8, sys.byteorder, signed=True))

    def write(self, value):
        with open(self.path, 'r+b') as f:
            f.write(value.to_bytes(8, sys.byteorder, signed=True))

    def read(self):
        with open(self.path, 'rb') as f:
            return int.from_bytes(f.read(), sys.byteorder, signed=True)


class Clock(Preloaded):
    """A wall clock @seconds off the true one; the others go on as they are."""

    def __init__(self, seconds):
        super().__init__('clock.c', 'CLOCK_FILE', seconds)
        self.seconds = seconds

    def set(self, seconds):
        self.seconds = seconds
        self.write(seconds)


class Turns(Preloaded):
    """Tells the CPU time of the longest turn of a worker, in milliseconds."""

    def __init__(self):
        super().__init__('turns.c', 'TURNS_FILE')

    def longest_ms(self):
        """Since the last call."""
        longest_ns = self.read()
        self.write(0)
        return longest_ns / 1e6


def stop_all():
    """After each test; what a test left behind is ended without questions, but for what was never freed."""
    for tern in list(running):
        tern.process.send_signal(signal.SIGCONT)
        if sanitized():
            end_gently(tern.process)
        tern.process.kill()
        tern.process.wait()
        tern.over()
    if settings:
        bad(do='restore')       # also for a test that failed half way
        settings.clear()


def end_gently(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass


# --- asking -----------------------------------------------------------------

def question(name, rtype='A', rclass='IN', edns=True, do=False, rd=True, cd=False, size=1232, options=()):
    m = dns.message.make_query(name, rtype, rclass, use_edns=0 if edns else -1, want_dnssec=do,
                               payload=size if edns else None, options=list(options) if edns else None)
    m.flags = (m.flags & ~(dns.flags.RD | dns.flags.CD)) | (dns.flags.RD if rd else 0) | (dns.flags.CD if cd else 0)
    return m


def ask(name, rtype='A', rclass='IN', server='127.0.0.1', port=PORT, tcp=False, timeout=5, source=None, **flags):
    """One question; the answer as dnspython reads it, TC not followed."""
    query = question(name, rtype, rclass, **flags)
    send = dns.query.tcp if tcp else dns.query.udp
    more = {} if tcp else {'ignore_trailing': True}
    try:
        return send(query, server, timeout=timeout, port=port, source=source, **more)
    except dns.exception.Timeout:
        raise Failed(f'no answer to {name} {rtype} in {timeout} s') from None


def ask_timed(*args, **kwargs):
    started = time.monotonic()
    answer = ask(*args, **kwargs)
    return answer, time.monotonic() - started


def exchange(octets, server='127.0.0.1', timeout=0.5, source=None):
    """Any octets by UDP; the octets that came back, or None."""
    with udp_socket(server, source) as s:
        s.connect((server, PORT))
        s.send(octets)
        s.settimeout(timeout)
        try:
            return s.recv(65535)
        except (socket.timeout, ConnectionError):
            return None


def udp_socket(server='127.0.0.1', source=None):
    s = socket.socket(socket.AF_INET6 if ':' in server else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    if source:
        s.bind((source, 0))
    return s


SO_TIMESTAMPNS = 35     # Python has no name for it


def receive_dated(s):
    """(octets, when the kernel got them): how long this process waited for a CPU is not the server's doing."""
    data, more, _, _ = s.recvmsg(65535, 64)
    for level, kind, content in more:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, ns = struct.unpack('qq', content)
            return data, seconds + ns / 1e9
    raise Failed('a datagram without its time')


def burst(questions, gap=0.0, timeout=5, server='127.0.0.1', source=None, sockets=1, **flags):
    """Many questions at once, or one every @gap seconds: [(answer or None, seconds)], in order.

    The wait for the last ones ends @timeout seconds after the last was sent."""
    lines = [udp_socket(server, source) for _ in range(sockets)]
    for s in lines:
        s.connect((server, PORT))
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    poll = select.poll()
    by_fd = {s.fileno(): s for s in lines}
    for s in lines:
        poll.register(s, select.POLLIN)
    sent, results = {}, [(None, timeout)] * len(questions)

    def receive(wait):
        for fd, _ in poll.poll(max(0, wait) * 1000):
            try:
                data, at = receive_dated(by_fd[fd])
            except (BlockingIOError, ConnectionError):
                continue
            found = sent.pop((fd, int.from_bytes(data[:2], 'big')), None)
            if found:
                results[found[0]] = (data, at - found[1])

    next_at = time.monotonic()
    for i, q in enumerate(questions):
        while gap and time.monotonic() < next_at:
            receive(next_at - time.monotonic())
        next_at += gap
        m = question(*q, **flags)
        s = lines[i % sockets]
        m.id = (i // sockets * 7919 + 1) % 65536
        octets = m.to_wire()
        sent[(s.fileno(), m.id)] = (i, time.time())
        s.send(octets)
        if i % 16 == 0:
            receive(0)
    deadline = time.monotonic() + timeout
    while sent and time.monotonic() < deadline:
        receive(deadline - time.monotonic())
    for s in lines:
        s.close()
    return [(dns.message.from_wire(data, ignore_trailing=True) if data else None, seconds)
            for data, seconds in results]


def innocents(questions):
    """A hundred of these a second, as burst() gives them, beside an attack."""
    # The servers of the attack have the same CPU as the clock that measures: it goes first.
    os.setpriority(os.PRIO_PROCESS, 0, -15)
    try:
        return burst(questions, gap=0.01, timeout=2)
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def p99_ms(seconds):
    times = sorted(seconds)
    return times[len(times) * 99 // 100] * 1000


class Attack:
    """Questions at @rate a second, each for another name than any before, nobody waits for the answers.

    A process of its own: a thread would hold up the one that measures."""

    asked = 0

    def __init__(self, names, rate):
        self.names, self.rate, self.first = names, rate, Attack.asked
        Attack.asked += 60 * rate

    def run(self):
        with udp_socket() as s:
            s.connect(('127.0.0.1', PORT))
            for number in range(self.first, Attack.asked):
                try:
                    s.send(question(self.names(number), do=True).to_wire())
                except OSError:
                    pass
                time.sleep(1 / self.rate)

    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            die_with_parent()
            try:
                self.run()
            finally:
                os._exit(0)

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


# --- reading answers --------------------------------------------------------

def rcode(answer):
    return dns.rcode.to_text(answer.rcode())


def records(answer, rtype=None, section='answer'):
    """Sorted texts 'name type rdata' of a section."""
    return sorted(f'{s.name.to_text().lower()} {dns.rdatatype.to_text(s.rdtype)} {r.to_text()}'
                  for s in getattr(answer, section) for r in s
                  if rtype is None or dns.rdatatype.to_text(s.rdtype) == rtype)


def data(answer, rtype='A'):
    """Sorted rdata texts of the answer section."""
    return sorted(r.to_text() for s in answer.answer if dns.rdatatype.to_text(s.rdtype) == rtype for r in s)


def ttl(answer, section='answer'):
    return min(s.ttl for s in getattr(answer, section))


def ede(answer):
    """[(code, text)] of the extended errors."""
    return [(int(o.code), o.text or '') for o in answer.options if isinstance(o, dns.edns.EDEOption)]


def expect(answer, code, rdata=None, rtype='A', what=''):
    what = what or (answer.question[0].to_text()[-80:] if answer.question else 'answer')
    if rcode(answer) != code:
        raise Failed(f'{what}: {rcode(answer)} {ede(answer)}, wanted {code}')
    if rdata is not None:
        equal(data(answer, rtype), sorted(rdata), what)
    return answer


def resolves(name, address='192.0.2.1', **how):
    return expect(ask(name, **how), 'NOERROR', [address])


# --- the bad server ---------------------------------------------------------

def bad(**request):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(os.environ['LAB_BAD'])
        s.sendall(json.dumps(request).encode() + b'\n')
        with s.makefile() as f:
            return json.loads(f.readline())


def upstream(zone=None):
    """The queries that the bad server got since reset(), of one of its zones or all."""
    return [q for q in bad(do='log') if (q['zone'] != 'answer' if zone is None else q['zone'] == zone)]


def reset():
    bad(do='reset')


def setting(zone, **values):
    for key, value in values.items():
        settings.append(key)
        bad(do='set', zone=zone, key=key, value=value)


def warm():
    """The way to the bad server's TLD is known, so that counts are of what follows."""
    expect(ask('x.evil', 'TXT'), 'NOERROR')
    reset()


class Unreachable:
    """While it lasts, every packet towards the authorities is lost in silence, or there is no route at all."""

    def __init__(self, route=True):
        self.route = route

    def rules(self, verb):
        net = os.environ['LAB_NET']
        for family in ('-4', '-6'):
            subprocess.run(['ip', '-n', net, family, 'rule', verb, 'priority', '0' if family == '-4' else '1',
                            'iif', 'lab', 'blackhole'], check=True)

    def link(self, state):
        subprocess.run(['ip', 'link', 'set', 'wire', state], check=True)
        if state == 'up':       # the kernel forgets these with the link
            subprocess.run(['ip', '-6', 'addr', 'replace', 'fd53::1/64', 'dev', 'wire', 'nodad'], check=True)
            subprocess.run(['ip', 'route', 'replace', 'default', 'via', '10.53.0.2'], check=True)
            subprocess.run(['ip', '-6', 'route', 'replace', 'default', 'via', 'fd53::2'], check=True)

    def __enter__(self):
        self.rules('add') if self.route else self.link('down')
        return self

    def __exit__(self, *_):
        self.rules('del') if self.route else self.link('up')


# --- zones that nobody else knows -------------------------------------------

class PrivateZone(threading.Thread):
    """A server for @zone on 127.0.0.1, forwarder or authority: every name below has an A, the apex a SOA as well."""

    def __init__(self, zone):
        super().__init__(daemon=True)
        self.soa = dns.rrset.from_text(zone + '.', 300, 'IN', 'SOA', 'ns. h. 1 1 1 1 300')
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.route = {'name': zone, 'addresses': [f'127.0.0.1@{self.socket.getsockname()[1]}']}
        self.start()

    def run(self):
        while True:
            octets, peer = self.socket.recvfrom(65535)
            answer = dns.message.make_response(dns.message.from_wire(octets), recursion_available=True)
            answer.flags |= dns.flags.AA
            asked = answer.question[0]
            if asked.rdtype == dns.rdatatype.A:
                answer.answer = [dns.rrset.from_text(asked.name, 60, 'IN', 'A', '10.0.0.1')]
            elif asked.rdtype == dns.rdatatype.SOA and asked.name == self.soa.name:
                answer.answer = [self.soa]
            else:
                answer.authority = [self.soa]
            self.socket.sendto(answer.to_wire(), peer)
