"""The watchdog: who is given no CPU lives, who hangs leaves a stack (limits.md 67, 68)."""
from harness import *

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


class Spin(Preloaded):
    """A worker that uses CPU in one turn, when told to."""

    def __init__(self):
        super().__init__('spin.c', 'SPIN_FILE')

    def spin(self, seconds):
        self.write(int(seconds * 1000))


def workers_of(tern):
    """The threads but the main one."""
    return [int(t) for t in os.listdir(f'/proc/{tern.process.pid}/task') if int(t) != tern.process.pid]


class Held:
    """While it lasts, these threads get no CPU; the others of their process do."""

    def __init__(self, threads):
        self.threads = threads

    def __enter__(self):
        for t in self.threads:
            check(libc.ptrace(PTRACE_SEIZE, t, None, None) == 0, 'ptrace')
            libc.ptrace(PTRACE_INTERRUPT, t, None, None)
            os.waitpid(t, WALL)

    def __exit__(self, *_):
        for t in self.threads:
            # Of a process that has ended its tracer must take leave, too.
            if libc.ptrace(PTRACE_DETACH, t, None, None) != 0:
                try:
                    os.waitpid(t, WALL)
                except ChildProcessError:
                    pass


def test_workers_without_cpu_are_late_and_do_not_hang():
    """As on a busy host: main is given CPU, the workers none for eight seconds."""
    tern = Tern()
    resolves('a.honest.evil')
    with Held(workers_of(tern)):
        time.sleep(8)
        tern.alive()
    resolves('b.honest.evil')


class Starved:
    """While it lasts, @process gets 20 ms of every second. A process of its own keeps the rhythm."""

    def __init__(self, process):
        self.process = process

    def beat(self):
        while True:
            self.process.send_signal(signal.SIGCONT)
            time.sleep(0.02)
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(0.98)

    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            die_with_parent()
            try:
                self.beat()
            finally:
                os._exit(0)

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.process.send_signal(signal.SIGCONT)


class Asker:
    """Sends questions to one port as it is told to, and counts the answers whenever they come."""

    def __init__(self, port):
        self.port = port
        self.socket = udp_socket()
        self.socket.connect(('127.0.0.1', port))
        self.socket.setblocking(False)
        self.asked, self.answered = 0, set()

    def send(self, name):
        m = question(name)
        self.asked += 1
        m.id = self.asked
        self.socket.send(m.to_wire())

    def answers(self):
        try:
            while True:
                self.answered.add(self.socket.recv(65535)[:2])
        except BlockingIOError:
            return len(self.answered)

    def resolves(self, name):
        resolves(name, port=self.port, timeout=10)


STOPPED_PORT = 5301
MINUTE_S = 60


@long(110)
def test_a_minute_with_two_hundredths_of_a_cpu_and_a_minute_with_none():
    """Two daemons side by side, both with questions in flight: one gets 20 ms of every second, one is stopped."""
    starved, stopped = Tern(), Tern(server={'listen': [f'127.0.0.1@{STOPPED_PORT}']})
    few, none = Asker(PORT), Asker(STOPPED_PORT)
    setting('slow.evil', delay=1.5)
    for asker in (few, none):
        asker.resolves('a.honest.evil')
        for i in range(10):
            asker.send(f'begun{i}-{asker.port}.slow.evil')
    time.sleep(0.2)
    reset()
    stopped.process.send_signal(signal.SIGSTOP)
    with Starved(starved.process):
        for i in range(MINUTE_S):
            for asker in (few, none):
                asker.send(f'new{i % 20}-{asker.port}.honest.evil')
            time.sleep(1)
            few.answers()
            starved.alive()
    stopped.process.send_signal(signal.SIGCONT)
    time.sleep(4)       # whatever was begun has its answer by now
    for tern, asker in ((starved, few), (stopped, none)):
        tern.alive()
        check('hangs' not in tern.log_text(), tern.log_text()[-300:])
        equal(asker.answers(), asker.asked, f'answers of port {asker.port}')
        asker.resolves('b.honest.evil')
    # 67: what is overdue doesn't all go out at once, several times.
    sent = [q for q in upstream() if f'-{STOPPED_PORT}.' in q['name']]
    at_most(len(sent), 2 * (10 + 20), 'upstream queries of the one that was stopped')


def test_a_slow_turn_is_logged_with_its_stack():
    spin = Spin()
    tern = Tern(env=spin.env, server={'workers': 1})
    resolves('a.honest.evil')
    spin.spin(2.5)
    resolves('b.honest.evil', timeout=30)
    deadline = time.monotonic() + 10
    while 'is at:' not in tern.log_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    text = tern.log_text()
    check('of CPU in one turn' in text and 'recvmmsg' in text, f'the log says {text[-400:]!r}')
    check('serve_udp_ready' in text or 'ternd(' in text, 'no function of ours is named')
    tern.alive()
