#!/usr/bin/python3
"""The two ends that tests/boot needs beside tern, in the namespace of the machine that it boots.

    boot_dns.py authority ADDRESS PORT      answers every question with 192.0.2.1, TTL 0, until it is ended
    boot_dns.py ask ADDRESS ZONE SECONDS    a new name below ZONE every 10 ms, each asked once over UDP;
                                            then "N asked, N lost, N refused, longest N ms": lost is without an answer
                                            after 3 s or when nobody listens, refused is any code but NOERROR
    boot_dns.py once ADDRESS NAME           asked every 50 ms until NOERROR comes, for 5 s at most; exit code 1 without
"""
import select
import socket
import sys
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

PATIENCE_S = 3
EACH_S = 0.01


def authority(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    while True:
        octets, client = sock.recvfrom(4096)
        query = dns.message.from_wire(octets)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        if question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, 0, 'IN', 'A', '192.0.2.1'))
        sock.sendto(reply.to_wire(), client)


class Client:
    def __init__(self, address):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect((address, 53))
        self.waiting = {}
        self.asked = self.lost = self.refused = 0
        self.longest_s = 0.0

    def ask(self, name):
        query = dns.message.make_query(name, 'A')
        query.id = self.asked & 0xffff
        self.asked += 1
        self.waiting[query.id] = time.monotonic()
        try:
            self.sock.send(query.to_wire())
        except ConnectionRefusedError:      # of an earlier question
            self.sock.send(query.to_wire())

    def read(self, seconds):
        if not select.select([self.sock], [], [], seconds)[0]:
            return
        try:
            reply = dns.message.from_wire(self.sock.recv(4096))
        except ConnectionRefusedError:      # which question that was about, its patience tells
            return
        began = self.waiting.pop(reply.id, None)
        if began is not None:
            self.refused += reply.rcode() != dns.rcode.NOERROR
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    def give_up(self):
        for number, began in list(self.waiting.items()):
            if time.monotonic() - began > PATIENCE_S:
                del self.waiting[number]
                self.lost += 1


def ask(address, zone, seconds):
    client = Client(address)
    until = time.monotonic() + float(seconds)
    due = time.monotonic()
    while time.monotonic() < until or client.waiting:
        now = time.monotonic()
        if now >= due and now < until:
            due += EACH_S
            client.ask(f'n{client.asked}.{zone}')
        client.read(max(0.0, min(EACH_S, due - time.monotonic())) if now < until else EACH_S)
        client.give_up()
    print(f'{client.asked} asked, {client.lost} lost, {client.refused} refused, '
          f'longest {client.longest_s * 1000:.0f} ms')


def once(address, name):
    client = Client(address)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        client.ask(name)
        client.read(0.05)
        if len(client.waiting) < client.asked - client.refused:
            return
        time.sleep(0.05)
    sys.exit(1)


if __name__ == '__main__':
    {'authority': authority, 'ask': ask, 'once': once}[sys.argv[1]](*sys.argv[2:])
