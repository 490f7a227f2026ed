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


def test_two_hundredths_of_a_cpu():
    """20 ms of every second, for twenty seconds; stopped for ten; then all is well."""
    tern = Tern()
    for _ in range(20):
        tern.process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
        tern.process.send_signal(signal.SIGSTOP)
        time.sleep(0.98)
        tern.alive()
    time.sleep(10)
    tern.process.send_signal(signal.SIGCONT)
    time.sleep(1)
    tern.alive()
    resolves('a.honest.evil')
    check('hangs' not in tern.log_text(), tern.log_text()[-300:])


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
