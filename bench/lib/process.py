"""Servers as processes: started in a group of their own, measured by /proc, ended."""
import os
import signal
import socket
import subprocess
import time

PAGE = os.sysconf('SC_PAGE_SIZE')
# . NS, recursion desired
PROBE = bytes.fromhex('7e57 0100 0001 0000 0000 0000 00 0002 0001'.replace(' ', ''))


class Failed(Exception):
    """What went wrong, in one line."""


def stat_fields(pid):
    """The fields of /proc/PID/stat from the third one on; None when it is gone."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as f:
            return f.read().rpartition(')')[2].split()
    except OSError:
        return None


def process_cpu_s(pid):
    """User and system time, of threads that ended too; the clock that clock_getcpuclockid(3) names."""
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return 0.0      # gone


class Server:
    """A running program with everything that it forked."""

    def __init__(self, argv, log, cpus=None):
        def prepare():
            if cpus:
                os.sched_setaffinity(0, cpus)
        self.log = log
        with open(log, 'wb') as out:
            # one thread here, so preexec_fn is safe
            try:
                self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                              start_new_session=True, preexec_fn=prepare)
            except OSError as e:
                raise Failed(f'{os.path.basename(argv[0])}: {e.strerror}') from None
        self.name = os.path.basename(argv[0])

    def _group(self):
        """{pid: fields} of every process of the group that lives."""
        every = ((int(pid), stat_fields(pid)) for pid in os.listdir('/proc') if pid.isdigit())
        return {pid: f for pid, f in every if f and f[0] not in 'ZX' and int(f[2]) == self.child.pid}

    def cpu_s(self):
        """User and system time of the whole group so far, in seconds."""
        return sum(map(process_cpu_s, self._group()))

    def resident(self):
        """Octets of the whole group."""
        return sum(int(f[21]) for f in self._group().values()) * PAGE

    def last_words(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            lines = f.read().strip().splitlines()
        return lines[-1] if lines else 'no output'

    def wait_ready(self, address, limit_s):
        """Until it answers a query, whatever it says."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            self.check_alive()
            if exchange(address, PROBE, 0.3):
                return
            time.sleep(0.02)
        raise Failed(f'{self.name} gave no answer within {limit_s} s: {self.last_words()}')

    def check_alive(self):
        if self.child.poll() is not None:
            raise Failed(f'{self.name} ended with status {self.child.returncode}: {self.last_words()}')

    def stop(self):
        for number, limit_s in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                pass
            end = time.monotonic() + limit_s
            while time.monotonic() < end:
                if self.child.poll() is not None and not self._group():
                    return
                time.sleep(0.02)


def exchange(address, query, limit_s):
    """The answer to @p query (octets); None when none came, at once when the port is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(limit_s)
        try:
            s.connect((address, 53))
            s.send(query)
            answer = s.recv(4096)
        except OSError:
            return None
    return answer if answer[:2] == query[:2] else None
