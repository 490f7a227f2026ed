"""Where a world is played: the sockets of all its servers, a ternd, and a client, in one loop of one process.

The process is in a network namespace in which all of 198.18.0.0/15 is local (tests/wander makes it).
"""
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import names
from judge import Wrong, judge
from names import TC

PORT = 5300
IP_PKTINFO = 8
ANSWER_S = 6                # every accepted question is answered in 4 s
START_S = 10
HERE = os.path.dirname(os.path.realpath(__file__))
libc = ctypes.CDLL(None)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)       # PR_SET_PDEATHSIG


def make_clock(directory):
    shim = os.path.join(directory, 'clock.so')
    subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-o', shim, os.path.join(HERE, 'clock.c')], check=True)
    return shim


class Ternd:
    def __init__(self, program, directory, shim, world):
        self.path = os.path.join(directory, 'world')
        self.set_clock(world)
        with open(self.path + '.hints', 'w') as f:
            for host in world.zones[''].hosts:
                f.write(f'. 3600000 IN NS {host}.\n{host}. 3600000 IN A {world.host_addresses[host]}\n')
        with open(self.path + '.yaml', 'w') as f:
            json.dump(self.config(world), f)
        self.log = open(self.path + '.log', 'wb')
        self.process = subprocess.Popen([program, '-c', self.path + '.yaml'], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, preexec_fn=die_with_parent,
                                        env={**os.environ, 'LD_PRELOAD': shim, 'WORLD_CLOCK': self.path + '.clock'})
        deadline = time.monotonic() + START_S
        while 'serves on' not in self.log_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'ternd does not start: {self.log_text()}')
            time.sleep(0.002)

    def config(self, world):
        made = {key: dict(value) if isinstance(value, dict) else value for key, value in world.config.items()}
        made['server'].update(listen=[f'127.0.0.1@{PORT}'], user='')
        made['resolver'].update({'root-hints': self.path + '.hints'})
        made['control'] = {'socket': ''}
        return made

    def set_clock(self, world):
        mode = 'r+b' if os.path.exists(self.path + '.clock') else 'wb'
        with open(self.path + '.clock', mode) as f:
            f.write(world.clock.now.to_bytes(8, sys.byteorder, signed=True))

    def log_text(self):
        with open(self.path + '.log', errors='replace') as f:
            return f.read()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Stream:
    """One side of a TCP connection: frames in, frames out."""

    def __init__(self, sock):
        self.sock, self.inbox, self.outbox = sock, b'', b''
        sock.setblocking(False)

    def send(self, data):
        self.outbox += struct.pack('!H', len(data)) + data
        self.flush()

    def flush(self):
        try:
            while self.outbox:
                self.outbox = self.outbox[self.sock.send(self.outbox):]
        except (BlockingIOError, ConnectionError):
            pass

    def receive(self):
        """(frames, whether it is still open)."""
        frames, is_open = [], True
        try:
            data = self.sock.recv(1 << 17)
            is_open = bool(data)
            self.inbox += data
        except BlockingIOError:
            pass
        except ConnectionError:
            is_open = False
        while len(self.inbox) >= 2 and len(self.inbox) >= 2 + int.from_bytes(self.inbox[:2], 'big'):
            end = 2 + int.from_bytes(self.inbox[:2], 'big')
            frames.append(self.inbox[2:end])
            self.inbox = self.inbox[end:]
        return frames, is_open


class Stage:
    def __init__(self):
        self.epoll = select.epoll()
        self.on = {}            # descriptor -> what to do when it can be read
        self.world = None
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.setblocking(False)
        self.udp.bind(('0.0.0.0', 53))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(('0.0.0.0', 53))
        self.tcp.listen(64)
        self.tcp.setblocking(False)
        self.watch(self.udp, self.serve_udp)
        self.watch(self.tcp, self.accept)

    def watch(self, sock, function):
        self.on[sock.fileno()] = function
        self.epoll.register(sock.fileno(), select.EPOLLIN)

    def forget(self, sock):
        self.on.pop(sock.fileno(), None)
        self.epoll.unregister(sock.fileno())
        sock.close()

    def turn(self, wait_s):
        for fd, _ in self.epoll.poll(wait_s):
            if fd in self.on:
                self.on[fd]()

    # --- servers ---

    def serve_udp(self):
        for _ in range(64):
            try:
                data, more, _, peer = self.udp.recvmsg(4096, 64)
            except BlockingIOError:
                return
            local = next(content for level, kind, content in more if kind == IP_PKTINFO)[8:12]
            answer = self.world.handle(data, socket.inet_ntoa(local), False) if self.world else None
            if answer:
                info = struct.pack('=I4s4s', 0, local, local)
                self.udp.sendmsg([answer], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, peer)

    def accept(self):
        try:
            sock, _ = self.tcp.accept()
        except BlockingIOError:
            return
        stream, local = Stream(sock), sock.getsockname()[0]

        def serve():
            frames, is_open = stream.receive()
            for data in frames:
                answer = self.world.handle(data, local, True) if self.world else None
                if answer:
                    stream.send(answer)
            if not is_open:
                self.forget(sock)
        self.watch(sock, serve)


class Run:
    """One ternd, and the events of one world."""

    def __init__(self, stage, ternd, world, events, window):
        self.stage, self.ternd, self.world, self.window = stage, ternd, world, window
        self.events = events            # [(number, event)]
        self.waiting = {}               # id -> (number, question, packet, until when)
        self.failed = []                # (number, Wrong)
        self.asked = 0
        self.stream = None
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.connect(('127.0.0.1', PORT))
        stage.world = world
        stage.watch(self.sock, self.read)

    def go(self, until_kind=None):
        """Stops at the first failure of a kind, if one is given."""
        try:
            for number, event in self.events:
                if hasattr(event, 'packet'):
                    self.ask(number, event)
                    self.drain(self.window - 1)
                else:
                    self.drain(0)
                    self.happen(event)
                if until_kind and any(e.kind == until_kind for _, e in self.failed):
                    break
            self.drain(0)
        except Wrong as e:
            self.failed.append((number, e))
        finally:
            self.stage.world = None
            self.stage.forget(self.sock)
            if self.stream:
                self.stage.forget(self.stream.sock)
        return self.failed

    def happen(self, event):
        if hasattr(event, 'apply'):
            event.apply(self.world)
        else:
            self.world.step_clock(event.seconds)
            self.ternd.set_clock(self.world)

    def ask(self, number, q):
        ident = (number * 7919 + 1) & 0xffff
        packet = q.packet(ident)
        self.waiting[ident] = (number, q, packet, time.monotonic() + ANSWER_S)
        self.sock.send(packet)
        self.asked += 1

    def drain(self, left):
        while len(self.waiting) > left:
            self.stage.turn(0.2)
            now = time.monotonic()
            for ident, (number, q, _, until) in list(self.waiting.items()):
                if until < now:
                    del self.waiting[ident]
                    self.failed.append((number, Wrong('silence', f'no answer in {ANSWER_S} s')))
            if self.ternd.process.poll() is not None:
                raise Wrong('death', f'ternd ended: {self.ternd.log_text()[-500:]}')

    def read(self):
        while True:
            try:
                data = self.sock.recv(65535)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            self.take(data)

    def take(self, data):
        entry = self.waiting.get(int.from_bytes(data[:2], 'big'))
        if entry is None:
            return
        if int.from_bytes(data[2:4], 'big') & TC:
            return self.ask_by_tcp(entry[2])
        del self.waiting[int.from_bytes(data[:2], 'big')]
        message = None
        try:
            message = names.read_message(data)
            judge(self.world, entry[1], message)
        except Wrong as e:
            e.message = message
            self.failed.append((entry[0], e))
        except (ValueError, IndexError, struct.error) as e:
            self.failed.append((entry[0], Wrong('malformed', f'{type(e).__name__}: {e}')))

    def ask_by_tcp(self, packet):
        if self.stream is None:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sock.connect(('127.0.0.1', PORT))
            self.stream = Stream(sock)
            self.stage.watch(sock, self.read_tcp)
        self.stream.send(packet)

    def read_tcp(self):
        frames, is_open = self.stream.receive()
        for data in frames:
            self.take(data)
        if not is_open:
            self.stage.forget(self.stream.sock)
            self.stream = None
            for entry in self.waiting.values():
                self.sock.send(entry[2])
