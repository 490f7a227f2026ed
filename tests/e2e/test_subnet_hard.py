"""What a zone that may be told of networks, its servers and its clients could do to what others are answered (RFC 7871)."""
import ipaddress
import struct
import threading

from harness import *
from test_dnssec import anchors
from test_reload import reload, start, ternctl
from test_subnet import FAR, HERE, NEAR, Addresses

ALL = {'access': {'allow': ['0.0.0.0/0', '::/0']}}


class Tailor:
    """Serves a zone, by UDP and TCP, as @answer(query, subnet option or None, tcp) says: a dns.message or octets."""

    def __init__(self, answer, host='127.0.0.1', port=0):
        self.answer, self.asked, self.lock = answer, [], threading.Lock()
        while not self.open(host, port):
            pass
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def open(self, host, port):
        """False when the port that was free for UDP is somebody's for TCP."""
        self.udp, self.tcp = udp_socket(), socket.socket()
        self.udp.bind((host, port))
        self.port = self.udp.getsockname()[1]
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.tcp.bind((host, self.port))
        except OSError:
            self.udp.close()
            self.tcp.close()
            if port:
                raise
            return False
        self.tcp.listen(50)
        return True

    def reply(self, octets, tcp):
        query = dns.message.from_wire(octets)
        subnet = next((o for o in query.options if o.otype == 8), None)
        with self.lock:
            self.asked.append((query.question[0].name.to_text().lower(), dns.rdatatype.to_text(query.question[0].rdtype),
                               subnet and subnet.to_text(), tcp))
        answer = self.answer(query, subnet, tcp)
        return answer if answer is None or isinstance(answer, bytes) else answer.to_wire(max_size=65535)

    def serve_udp(self):
        while True:
            try:
                octets, client = self.udp.recvfrom(65535)
                answer = octets and self.reply(octets, False)
                if answer:
                    self.udp.sendto(answer, client)
            except OSError:
                return

    def serve_one(self, s):
        try:
            while True:
                length = struct.unpack('!H', s.recv(2, socket.MSG_WAITALL))[0]
                answer = self.reply(s.recv(length, socket.MSG_WAITALL), True)
                s.sendall(struct.pack('!H', len(answer)) + answer)
        except (OSError, struct.error, TypeError):
            s.close()

    def serve_tcp(self):
        while True:
            try:
                s, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_one, args=(s,), daemon=True).start()

    def close(self):
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)        # who waits for it is woken
            except OSError:
                pass
            s.close()

    def networks(self):
        return [subnet for _, _, subnet, _ in self.asked if subnet]


def by_network(query, subnet, scope=24, ttl=300, records=None):
    """198.51.100.N for x.y.N.0/24, or what @records makes of N."""
    q = query.question[0]
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    n = subnet.addrdata[2] if subnet and len(subnet.addrdata) >= 3 else 0
    made = records(n) if records else [(q.name.to_text(), 'A', f'198.51.100.{n}')]
    for owner, rtype, rdata in made:
        if rtype == dns.rdatatype.to_text(q.rdtype) or rtype == 'CNAME':
            answer.answer.append(dns.rrset.from_text(owner, ttl, 'IN', rtype, rdata))
    if not answer.answer:
        answer.authority.append(dns.rrset.from_text('tailor.evil.', 300, 'IN', 'SOA', '. . 1 1 1 1 300'))
    if subnet:
        answer.use_edns(0, payload=1232, options=[dns.edns.ECSOption(subnet.address, subnet.srclen, scope)])
    return answer


def tailored(tailor, **sections):
    on = {'resolver': {'client-subnet': {'zones': ['tailor.evil'], 'ipv4-prefix': 24}, 'do-not-query-localhost': False}}
    return start(**merged(merged(merged(ALL, on), {'stub-zones': [
        {'name': 'tailor.evil', 'addresses': [f'127.0.0.1@{tailor.port}']}]}), sections))


def test_an_alias_for_a_network_asked_for_by_another_type():
    """What leads a network's clients elsewhere leads nobody else there, nor them by types that no network is told with."""
    def records(n):
        return [('www.tailor.evil.', 'CNAME', f'n{n}.tailor.evil.')]

    def answer(query, subnet, tcp):
        name = query.question[0].name.to_text().lower()
        if name == 'www.tailor.evil.':
            return by_network(query, subnet, records=records)
        return by_network(query, subnet, records=lambda n: [(name, 'TXT', f'"{name}"'), (name, 'A', '192.0.2.1')])
    with Addresses():
        for first in ('A', 'TXT'):
            tern = tailored(Tailor(answer))
            for _ in range(3):
                for source, n in ((HERE, 7), (FAR, 9), (None, 0)):
                    for rtype, at in ((first, n if first == 'A' else 0), ('A', n), ('TXT', 0), ('MX', 0), ('CNAME', n)):
                        equal(data(ask('www.tailor.evil', rtype, source=source), 'CNAME'), [f'n{at}.tailor.evil.'], f'{source} {rtype}')
            tern.stop()


def test_what_was_kept_unchecked_for_a_network():
    """CD=1 first, then a client that has validation done: what is proven stays with its network."""
    with Addresses():
        tailor = Tailor(lambda q, s, tcp: by_network(q, s))
        tailored(tailor, dnssec={'validation': 'on', 'trust-anchors': anchors()})
        name = 'a.tailor.evil'
        equal(data(ask(name, source=HERE, cd=True, do=True)), ['198.51.100.7'])
        equal(data(ask(name, source=HERE)), ['198.51.100.7'])
        equal(data(ask(name, source=FAR)), ['198.51.100.9'])
        equal(data(ask(name, source=HERE)), ['198.51.100.7'])


def test_stale_for_a_network():
    """A server that is gone takes nothing from a network: it gets its own, and nobody's else."""
    with Addresses():
        tailor = Tailor(lambda q, s, tcp: by_network(q, s, ttl=1))
        tailored(tailor, cache={'serve-stale': True})
        for source, n in ((HERE, 7), (None, 0)):
            equal(data(ask('a.tailor.evil', source=source)), [f'198.51.100.{n}'])
        time.sleep(1.2)
        tailor.close()
        for source, n in ((HERE, 7), (NEAR, 7), (None, 0)):
            equal(data(ask('a.tailor.evil', source=source)), [f'198.51.100.{n}'], source)
        equal(data(ask('a.tailor.evil', source=FAR)), [], 'another network has none')


def test_truncated_and_then_by_tcp():
    def answer(query, subnet, tcp):
        made = by_network(query, subnet)
        if not tcp:
            made.answer.clear()
            made.flags |= dns.flags.TC
        return made
    with Addresses():
        tailor = Tailor(answer)
        tailored(tailor)
        for _ in range(2):
            for source, n in ((HERE, 7), (FAR, 9), (None, 0)):
                equal(data(ask('a.tailor.evil', source=source)), [f'198.51.100.{n}'])
        equal(len(tailor.networks()), 4, tailor.asked)


def test_scopes_of_all_kinds():
    """Longer than what was told, shorter, none, the option twice, and another each time."""
    with Addresses():
        scopes = iter(range(1000))
        tailor = Tailor(lambda q, s, tcp: by_network(q, s, scope=next(scopes) % 33))
        tailored(tailor)
        for i in range(1, 130):
            equal(data(ask(f'n{i}.tailor.evil', source=HERE)), ['198.51.100.7'])
        seen = next(scopes)
        for i in range(1, 130):
            equal(data(ask(f'n{i}.tailor.evil', source=HERE)), ['198.51.100.7'])
        equal(next(scopes), seen + 1, 'all were kept')

        def twice(query, subnet, tcp):
            made = by_network(query, subnet)
            if subnet:
                made.use_edns(0, payload=1232, options=[dns.edns.ECSOption(subnet.address, subnet.srclen, 24),
                                                        dns.edns.ECSOption('203.0.9.0', 24, 0)])
            return made
        tailor.answer = twice
        for source, n in ((HERE, 7), (FAR, 9)):
            answer = ask('twice.tailor.evil', source=source)
            check(rcode(answer) == 'SERVFAIL' or data(answer) == [f'198.51.100.{n}'], str(answer))


def told(answer):
    """What an answer says of the client's network: as in the question, and the scope."""
    return [(o.family, o.srclen, o.scopelen, o.address) for o in answer.options if o.otype == 8]


def test_options_of_clients():
    """What is malformed is an error of its sender (RFC 7871 6), where networks are told; else it is passed over."""
    malformed = (b'', b'\0', b'\0\1\x18', b'\0\1\x18\0\xcb', b'\0\1\x18\0\xcb\0\7\1', b'\0\1\x17\0\xcb\0\7', b'\0\1\x18\x18\xcb\0\7',
                 b'\0\1\x21\0\xcb\0\7\1\1', b'\0\2\x81\0' + bytes(17), b'\0\3\x18\0\xcb\0\7', b'\0\0\x18\0\xcb\0\7', b'\0\1\0\x18',
                 b'\xff' * 60)
    with Addresses():
        tailor = Tailor(lambda q, s, tcp: by_network(q, s))
        tern = tailored(tailor)
        for octets in malformed:
            for name in ('a.tailor.evil', 'www.example.com'):
                for tcp in (False, True):
                    answer = ask(name, source=HERE, tcp=tcp, options=[dns.edns.GenericOption(8, octets)])
                    equal((rcode(answer), data(answer)), ('FORMERR', []), octets)
        equal(tailor.asked, [])
        for octets in (b'\0\1\0\0', b'\0\2\0\0', b'\0\0\0\0'):
            answer = exchange(question('a.tailor.evil', options=[dns.edns.GenericOption(8, octets)]).to_wire(), source=HERE)
            check(bytes([198, 51, 100, 0]) in answer and b'\0\x08\0\x04' + octets in answer, answer)
        equal(tailor.networks(), [])
        tern.stop()
        start(**ALL)
        for octets in malformed:
            expect(ask('www.example.com', source=HERE, options=[dns.edns.GenericOption(8, octets)]), 'NOERROR', ['192.0.2.81'])


def test_who_tells_of_a_network_hears_of_it():
    """As it was said, good for every network (RFC 7871 7.2): what servers were told is the client's own, with no more bits."""
    with Addresses():
        tailor = Tailor(lambda q, s, tcp: by_network(q, s))
        tailored(tailor)
        for turn in range(3):
            for tcp in (False, True):
                for bits in (0, 7, 8, 20, 24, 32):
                    network = str(ipaddress.ip_network(f'203.0.9.1/{bits}', strict=False)[0])
                    option = dns.edns.ECSOption(network, bits)
                    for rtype in ('A', 'AAAA', 'HTTPS'):
                        answer = ask('b.tailor.evil', rtype, source=HERE, tcp=tcp, options=[option])
                        if rtype == 'A':
                            equal(data(answer), ['198.51.100.7' if bits >= 24 else '198.51.100.0'], f'/{bits}')
                        equal(told(answer), [(1, bits, 0, network)], f'{bits} {rtype}')
                answer = ask('b.tailor.evil', source=HERE, tcp=tcp, options=[dns.edns.ECSOption('2001:db8::', 48)])
                equal((data(answer), told(answer)), (['198.51.100.7'], [(2, 48, 0, '2001:db8::')]))
                # Who tells of none, and of names that no network matters for, gets none.
                equal(told(ask('b.tailor.evil', source=HERE, tcp=tcp)), [])
                equal(told(ask('b.tailor.evil', 'TXT', source=HERE, tcp=tcp, options=[option])), [])
                equal(told(ask('www.example.com', source=HERE, tcp=tcp, options=[option])), [])
                # Nor does a private network lose what is due to it.
                equal(told(ask('b.tailor.evil', tcp=tcp, options=[option])), [(1, 32, 0, network)])
        equal({n for n in tailor.networks()}, {'ECS 203.0.7.0/24 scope/0', 'ECS 203.0.0.0/20 scope/0', 'ECS 203.0.0.0/8 scope/0',
                                               'ECS 202.0.0.0/7 scope/0'})


def test_waiting_for_the_same_with_other_bits():
    """Who wants fewer bits told does not wait for what was asked with more."""
    with Addresses():
        def answer(query, subnet, tcp):
            time.sleep(0.2)
            return by_network(query, subnet, records=lambda n: [(query.question[0].name.to_text(), 'A', f'198.51.100.{subnet.srclen if subnet else 0}')])
        tailored(Tailor(answer))
        lines = []
        for bits in (24, 23, 22):
            s = udp_socket(source=HERE)
            s.sendto(question('c.tailor.evil', options=[dns.edns.ECSOption('203.0.7.0', bits)]).to_wire(), ('127.0.0.1', PORT))
            lines.append((bits, s))
        for bits, s in lines:
            s.settimeout(4)
            equal(data(dns.message.from_wire(s.recv(4096))), [f'198.51.100.{bits}'])


def test_networks_behind_views_forwarders_and_nat64():
    """Told to forwarders, too; views with servers of their own keep theirs apart; addresses made for NAT64 are of the network."""
    with Addresses():
        one, two = Tailor(lambda q, s, tcp: by_network(q, s)), Tailor(lambda q, s, tcp: by_network(q, s, records=lambda n: [
            (q.question[0].name.to_text(), 'A', f'203.0.113.{n}')]))
        tailored(one, **{'stub-zones': [], 'forward-zones': [{'name': 'tailor.evil', 'addresses': [f'127.0.0.1@{one.port}']}],
                         'dns64': {'prefix': '2001:db8::/96'},
                         'views': [{'name': 'far', 'clients': [f'{FAR}/32'], 'forward-zones': [
                             {'name': 'tailor.evil', 'addresses': [f'127.0.0.1@{two.port}']}]}]})
        for _ in range(3):
            for source, net, n in ((HERE, '198.51.100', 7), (FAR, '203.0.113', 9), (NEAR, '198.51.100', 7), (None, '198.51.100', 0)):
                equal(data(ask('a.tailor.evil', source=source)), [f'{net}.{n}'], source)
                equal(data(ask('a.tailor.evil', source=source, rd=False)), [f'{net}.{n}'], source)
                made = socket.inet_ntop(socket.AF_INET6, bytes.fromhex('20010db80000000000000000') + socket.inet_aton(f'{net}.{n}'))
                equal(data(expect(ask('a.tailor.evil', 'AAAA', source=source), 'NOERROR'), 'AAAA'), [made], source)


def test_addresses_beside_what_leads_to_them():
    """An answer for HTTPS has no address with it that is another network's, or nobody's in particular."""
    def answer(query, subnet, tcp):
        name = query.question[0].name.to_text()
        return by_network(query, subnet, records=lambda n: [(name, 'A', f'198.51.100.{n}'), (name, 'HTTPS', '1 to.tailor.evil.')])
    with Addresses():
        tailored(Tailor(answer))
        for source, n in ((None, 0), (FAR, 9), (HERE, 7)):
            equal(data(ask('to.tailor.evil', source=source)), [f'198.51.100.{n}'])
            told = records(ask('www.tailor.evil', 'HTTPS', source=source), 'A', 'additional')
            equal(told, ['to.tailor.evil. A 198.51.100.0'] if source is None else [], source)


def test_forged_replies_that_tell_of_no_network():
    """Many networks ask for one name: what fits any of their questions is believed for none of them."""
    def answer(query, subnet, tcp):
        name = query.question[0].name.to_text()
        if subnet and not tcp:
            return by_network(query, None, records=lambda n: [(name, 'A', '6.6.6.6'), (name, 'NS', 'ns.attacker.evil.')])
        return by_network(query, subnet, records=lambda n: [(name, 'A', '192.0.2.1')])
    with Addresses():
        tailor = Tailor(answer)
        tailored(tailor)
        for source in (HERE, FAR, NEAR, None):
            for name in ('a.tailor.evil', 'b.tailor.evil'):
                equal(data(ask(name, source=source)), ['192.0.2.1'])
        # What is asked without is good for all.
        equal(len([a for a in tailor.asked if a[2] is None]), 4, tailor.asked)
