"""The authoritative server that does what no real one does.  badserver.py CONTROL-SOCKET

It answers on every address of its namespace (plan.BAD_NETS), serves the TLDs `evil` and `crypt` (signed) and what is
below, each zone by a behaviour of its own from bad_*.py, and counts every query. Tests steer and read it over a stream socket, one
JSON object per line: {"do": "reset"}, {"do": "log"}, {"do": "set", "zone": ..., "key": ..., "value": ...}, and {"do": "restore"}
for what was set.
"""
import asyncio
import json
import os
import resource
import socket
import struct
import sys
import time

import bad_aliases
import bad_costly
import bad_dnssec
import bad_forged
import bad_honest
import bad_packets
import bad_referrals
import bad_transport
import wire
from behaviour import SILENT_NET, TLD, Close, Drop, Send, Stream
from signing import SignedTLD

LOG_MAX = 200000
IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_FREEBIND = 8, 49, 50, 78


class Server:
    def __init__(self):
        self.zones = {}
        for module in (bad_honest, bad_forged, bad_packets, bad_referrals, bad_aliases, bad_transport):
            self.zones.update(module.zones())
        self.tlds = [TLD(self.zones), SignedTLD(bad_dnssec.zones() | bad_costly.zones())]
        self.zones |= self.tlds[1].zones
        self.log = []
        self.before = {}        # of what was set: the value that it had
        self.loop = asyncio.get_running_loop()
        self.sockets = {4: self.listen_udp(socket.AF_INET), 6: self.listen_udp(socket.AF_INET6)}
        for zone in self.zones.values():
            zone.server = self
        self.tlds[1].ready()    # makes the keys of all its zones: on a busy machine that takes longer than anybody waits

    # --- which behaviour ---

    def zone_of(self, q):
        """By the address that was asked when it belongs to somebody (they see questions for any name), else by name."""
        for tld in self.tlds:
            if q.local in tld.own_addresses:
                return tld
            if q.local in tld.by_address:
                return tld.by_address[q.local]
        labels = q.name.split('.')
        for i in range(len(labels)):
            zone = self.zones.get('.'.join(labels[i:]))
            if zone:
                return zone
        return None

    def handle(self, q):
        zone = self.zone_of(q)
        if len(self.log) < LOG_MAX:
            self.log.append(q.to_log(zone.name if zone else '', time.monotonic()))
        if q.local.startswith(f'198.19.{SILENT_NET}.'):
            return [Drop()]
        if not zone:
            return [Send(q.reply(rcode=wire.REFUSED, flags=0))]
        done = zone.handle(q)
        return done if isinstance(done, list) else [done]

    # --- UDP ---

    def listen_udp(self, family):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)     # the addresses are only routes
        else:
            s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        s.bind(('::' if family == socket.AF_INET6 else '0.0.0.0', 53))
        s.setblocking(False)
        self.loop.add_reader(s, self.read_udp, s, family)
        return s

    def read_udp(self, s, family):
        for _ in range(64):
            try:
                data, control, _, peer = s.recvmsg(65535, 128)
            except BlockingIOError:
                return
            local = local_address(family, control)
            try:
                q = wire.Query(data, local, peer[:2], False)
            except (ValueError, IndexError, struct.error):
                self.log.append({'zone': 'answer', 'rcode': data[3] & 15 if len(data) > 3 else -1, 'local': local,
                                 't': time.monotonic(), 'data': data[:300].hex()})
                continue
            for action in self.handle(q):
                if isinstance(action, Send):
                    self.later(action.delay, self.send_udp, s, family, action, q)

    def later(self, delay, call, *args):
        if delay:
            self.loop.call_later(delay, call, *args)
        else:
            call(*args)

    def send_udp(self, s, family, action, q):
        source = action.source or q.local
        to = action.to or q.peer
        if family == socket.AF_INET:
            control = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack('=I4s4s', 0, socket.inet_aton(source), b'\0' * 4))]
        else:
            control = [(socket.IPPROTO_IPV6, IPV6_PKTINFO, socket.inet_pton(socket.AF_INET6, source) + b'\0' * 4)]
        try:
            if action.port:
                self.send_from_port(family, source, action.port, action.data, to)
            else:
                s.sendmsg([action.data], control, 0, to)
        except OSError as e:
            print('send', source, to, len(action.data), e, flush=True)

    @staticmethod
    def send_from_port(family, source, port, data, to):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((source, port))
            s.sendto(data, to)

    # --- TCP ---

    async def serve_tcp(self, reader, writer):
        local, peer = writer.get_extra_info('sockname')[0], writer.get_extra_info('peername')[:2]
        tasks = set()
        try:
            while True:
                length = struct.unpack('!H', await reader.readexactly(2))[0]
                q = wire.Query(await reader.readexactly(length), local, peer, True)
                task = asyncio.ensure_future(self.answer_tcp(q, writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, struct.error):
            pass
        finally:
            for task in tasks:
                task.cancel()
            writer.close()

    async def answer_tcp(self, q, writer):
        for action in self.handle(q):
            if isinstance(action, Drop):
                continue
            if action.delay:
                await asyncio.sleep(action.delay)
            if isinstance(action, Close):
                if action.reset:
                    linger = struct.pack('ii', 1, 0)
                    writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.close()
            elif isinstance(action, Stream):
                for piece in action.pieces:
                    writer.write(piece)
                    await asyncio.sleep(action.gap)
            else:
                writer.write(struct.pack('!H', len(action.data)) + action.data)

    # --- control ---

    async def serve_control(self, reader, writer):
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.control(json.loads(line))).encode() + b'\n')
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    def control(self, request):
        if request['do'] == 'reset':
            self.log = []
        elif request['do'] == 'log':
            return self.log
        elif request['do'] == 'set':
            place = (request['zone'], request['key'])
            self.before.setdefault(place, getattr(self.zones[place[0]], place[1]))
            setattr(self.zones[place[0]], place[1], request['value'])
        elif request['do'] == 'restore':
            for (zone, key), value in self.before.items():
                setattr(self.zones[zone], key, value)
            self.before = {}
        return True


def local_address(family, control):
    for _, kind, data in control:
        if kind == IP_PKTINFO and family == socket.AF_INET:
            return socket.inet_ntoa(data[8:12])
        if kind == IPV6_PKTINFO:
            return socket.inet_ntop(socket.AF_INET6, data[:16])
    return ''


async def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = Server()
    await asyncio.start_server(server.serve_tcp, '0.0.0.0', 53, backlog=1000)
    await asyncio.start_server(server.serve_tcp, '::', 53, backlog=1000)
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    await asyncio.start_unix_server(server.serve_control, sys.argv[1], limit=1 << 20)
    await asyncio.Event().wait()


asyncio.run(main())
