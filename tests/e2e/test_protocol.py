"""Packets that are not plain questions: the right RCODE or silence, never an answer to an answer."""
import os
import socket
import struct

from harness import *
import wire

Q = wire.name('www.example.com') + b'\0\1\0\1'


def query(flags=wire.RD, body=Q, counts=(1, 0, 0, 0), ident=0x1234):
    return struct.pack('!HHHHHH', ident, flags, *counts) + body


def code_of(reply, what):
    check(reply is not None, f'{what}: no answer')
    check(reply[2] & 0x80, f'{what}: QR is not set')
    equal(reply[:2], b'\x12\x34', f'{what}: id')
    return reply[3] & 15


def test_answers_get_no_answer():
    Tern()
    for flags in (wire.QR, wire.QR | wire.RD, wire.QR | wire.AA | wire.SERVFAIL, wire.QR | 4 << 11):
        equal(exchange(query(flags)), None, f'flags {flags:04x}')
    resolves('a.honest.evil')


def test_short_packets_get_no_answer():
    Tern()
    for length in range(12):
        equal(exchange(query()[:length], timeout=0.1), None, f'{length} octets')
    resolves('a.honest.evil')


def test_question_count_other_than_one_is_formerr():
    Tern()
    equal(code_of(exchange(query(counts=(0, 0, 0, 0), body=b'')), 'QDCOUNT 0'), wire.FORMERR)
    equal(code_of(exchange(query(counts=(2, 0, 0, 0), body=Q + Q)), 'QDCOUNT 2'), wire.FORMERR)
    equal(code_of(exchange(query(counts=(65535, 0, 0, 0))), 'QDCOUNT 65535'), wire.FORMERR)


def test_cut_and_malformed_questions_are_formerr_or_dropped():
    Tern()
    cases = [Q[:length] for length in range(0, len(Q), 3)]
    cases += [b'\xc0\x0c\0\1\0\1', b'\xc0\xff\0\1\0\1', b'\x40' + b'a' * 64 + b'\0\0\1\0\1',
              b''.join(b'\x3f' + b'a' * 63 for _ in range(4)) + b'\0\0\1\0\1']
    for body in cases:
        reply = exchange(query(body=body), timeout=0.15)
        check(reply is None or reply[3] & 15 == wire.FORMERR, f'{body[:20]!r}: {reply!r}')
        check(reply is None or len(reply) <= 12 + len(body) + 30, 'longer than the question')
    resolves('a.honest.evil')


def test_other_opcodes_are_notimp():
    Tern()
    for opcode in (1, 2, 3, 4, 5, 6, 15):
        for tcp in (False, True):
            m = query(opcode << 11 | wire.RD)
            reply = exchange(m) if not tcp else tcp_exchange(m)
            equal(code_of(reply, f'opcode {opcode}'), wire.NOTIMP, f'opcode {opcode}')


def tcp_exchange(octets):
    with socket.create_connection(('127.0.0.1', PORT), 2) as s:
        s.sendall(struct.pack('!H', len(octets)) + octets)
        length = s.recv(2)
        return s.recv(struct.unpack('!H', length)[0]) if length else None


def test_notify_and_update_change_nothing():
    Tern()
    resolves('a.honest.evil')
    reset()
    for opcode in (4, 5):
        exchange(query(opcode << 11, wire.name('honest.evil') + b'\0\6\0\1'))
        tcp_exchange(query(opcode << 11, wire.name('honest.evil') + b'\0\6\0\1'))
    resolves('a.honest.evil')
    equal(len(upstream()), 0, 'upstream queries')


def test_recursion_not_desired_is_answered_from_the_cache_only():
    Tern()
    reset()
    answer = expect(ask('a.honest.evil', rd=False), 'REFUSED', [])
    equal([code for code, _ in ede(answer)], [20], 'extended error: not authoritative')
    equal(len(upstream()), 0, 'upstream queries')
    resolves('a.honest.evil')
    equal(data(ask('a.honest.evil', rd=False)), ['192.0.2.1'])


def test_more_edns_than_is_read_is_no_error():
    """RFC 6891 6.1.2, RFC 7873 5.2: options beyond 32 and a second cookie are ignored, and octets behind the message."""
    Tern()
    resolves('a.honest.evil')
    many = wire.opt(options=b'\0\3\0\0' * 40)
    equal(code_of(exchange(query(body=Q + many, counts=(1, 0, 0, 1)), timeout=3), '40 options'), 0)
    cookies = wire.opt(options=b'\0\x0a\0\x08ABCDEFGH' + b'\0\x0a\0\x08abcdefgh')
    answer = exchange(query(body=Q + cookies, counts=(1, 0, 0, 1)), timeout=3)
    equal(code_of(answer, 'two cookies'), 0)
    check(b'ABCDEFGH' in answer and b'abcdefgh' not in answer, 'the first cookie counts')
    equal(code_of(exchange(query(body=Q + b'behind'), timeout=3), 'octets behind'), 0)


def has_opt(reply):
    return any(reply[i:i + 3] == b'\0\0\x29' for i in range(12, len(reply)))


def test_errors_carry_an_opt_for_who_sent_one():
    """RFC 6891 7."""
    Tern()
    opt = wire.opt()
    cases = {
        'two OPTs': (query(body=Q + opt + opt, counts=(1, 0, 0, 2)), wire.FORMERR),
        'option cut short': (query(body=Q + wire.opt(options=b'\0\3\0\xff'), counts=(1, 0, 0, 1)), wire.FORMERR),
        'two questions': (query(body=Q + Q + opt, counts=(2, 0, 0, 1)), wire.FORMERR),
        'no question': (query(body=opt, counts=(0, 0, 0, 1)), wire.FORMERR),
        'NOTIFY': (query(flags=4 << 11, body=Q + opt, counts=(1, 0, 0, 1)), wire.NOTIMP),
        'AXFR': (query(body=Q[:-4] + b'\0\xfc\0\1' + opt, counts=(1, 0, 0, 1)), wire.REFUSED),
        'no recursion': (query(flags=0, body=Q + opt, counts=(1, 0, 0, 1)), wire.REFUSED),
    }

    def with_opt(what):
        octets, code = cases[what]
        reply = exchange(octets, timeout=3)
        equal(code_of(reply, what), code, what)
        check(has_opt(reply), f'{what}: no OPT')
    each(cases, with_opt)


def test_the_version_of_edns_comes_before_its_options():
    """RFC 6891 6.1.3: what a later version's options look like is not known."""
    Tern()
    strange = bytearray(wire.opt(options=b'\0\3\0\xff'))
    strange[6] = 1
    answer = dns.message.from_wire(exchange(query(body=Q + bytes(strange), counts=(1, 0, 0, 1)), timeout=3))
    equal(rcode(answer), 'BADVERS')


def test_a_cookie_without_a_question():
    """RFC 7873 5.4."""
    Tern()
    cookie = wire.opt(options=b'\0\x0a\0\x08ABCDEFGH')
    answer = dns.message.from_wire(exchange(query(body=cookie, counts=(0, 0, 0, 1)), timeout=3))
    equal(rcode(answer), 'NOERROR')
    equal([(len(o.data), o.data[:8]) for o in answer.options if int(o.otype) == 10], [(24, b'ABCDEFGH')])


def test_an_unknown_key_is_told():
    """RFC 8945 5.2.1: NOTAUTH, and a TSIG without MAC that says BADKEY."""
    Tern()
    name, algorithm = wire.name('some.key'), wire.name('hmac-sha256')
    rdata = algorithm + bytes(6) + b'\1\x2c' + b'\0\4MACS' + b'\x12\x34' + bytes(4)
    tsig = name + struct.pack('!HHIH', 250, 255, 0, len(rdata)) + rdata
    for exchange_by in (lambda m: exchange(m, timeout=3), tcp_exchange):
        reply = exchange_by(query(body=Q + tsig, counts=(1, 0, 0, 1)))
        equal(code_of(reply, 'TSIG'), 9, 'NOTAUTH')
        wanted = algorithm + bytes(6) + b'\1\x2c' + b'\0\0' + b'\x12\x34' + b'\0\x11' + b'\0\0'
        check(reply.endswith(name + struct.pack('!HHIH', 250, 255, 0, len(wanted)) + wanted), f'its end: {reply[-60:]}')


def test_long_questions_without_edns_are_dropped():
    """62: nobody who asks honestly needs more than 512 octets without EDNS."""
    Tern()
    resolves('a.honest.evil')
    long = Q + bytes(600)
    equal(exchange(query(body=long), timeout=0.5), None)
    equal(code_of(exchange(query(body=Q + bytes(400)), timeout=3), 'shorter'), 0)


def test_counts_that_no_packet_holds_are_formerr():
    Tern()
    for counts in ((1, 65535, 0, 0), (1, 0, 65535, 0), (1, 0, 0, 65535), (1, 65535, 65535, 65535)):
        equal(code_of(exchange(query(counts=counts)), str(counts)), wire.FORMERR, str(counts))


def test_source_port_zero_gets_no_answer():
    Tern()
    resolves('a.honest.evil')
    packet = query(body=wire.name('a.honest.evil') + b'\0\1\0\1')
    udp = struct.pack('!HHHH', 0, PORT, 8 + len(packet), 0) + packet
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as s, \
            socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as sniffer:
        sniffer.bind(('lo', 0x0800))
        sniffer.settimeout(0.4)
        s.sendto(udp, ('127.0.0.1', PORT))
        try:
            while True:
                seen = sniffer.recv(2000)
                check(not (seen[9] == 17 and seen[20:22] == struct.pack('!H', PORT) and seen[22:24] == b'\0\0'),
                      'an answer to port 0')
        except socket.timeout:
            pass


def test_large_questions_by_udp():
    """More than 512 octets without OPT is no honest client."""
    Tern()
    padded = query() + b'\0' * 600
    reply = exchange(padded)
    check(reply is None or reply[3] & 15 == wire.FORMERR, 'padding behind the question')
    for size in (600, 1232, 4096, 9000, 60000):
        reply = exchange(os.urandom(size), timeout=0.05)
        check(reply is None or len(reply) < 600, 'amplified')
    resolves('a.honest.evil')


def test_random_garbage():
    tern = Tern()
    with udp_socket() as s:
        s.connect(('127.0.0.1', PORT))
        for i in range(3000):
            noise = bytearray(os.urandom(40 + i % 60))
            if i % 2:
                noise[:12] = query()[:12]
                noise[2] &= 0x01
            s.send(noise)
    tern.alive()
    resolves('a.honest.evil')


def test_access_list_refuses_others():
    tern = Tern(access={'allow': ['10.53.1.0/24']})
    for _ in range(2):
        expect(ask('a.honest.evil'), 'REFUSED')
        expect(ask('a.honest.evil', server='10.53.0.1', source='10.53.1.7'), 'NOERROR', ['192.0.2.1'])
    expect(ask('a.honest.evil', tcp=True), 'REFUSED')
    tern.stop()
    Tern(access={'allow': ['10.53.1.0/24'], 'deny-action': 'drop'})
    equal(exchange(query(), timeout=0.4), None, 'dropped')


def test_closed_to_public_addresses_by_default():
    """Open to the networks that the host is in, and to private ones; to others only by name."""
    private = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10']
    Tern(server={'listen': [f'0.0.0.0@{PORT}']}, access={'allow': private})
    subprocess.run(['ip', 'addr', 'add', '198.51.7.7/32', 'dev', 'lo'], check=True)
    try:
        answer = ask('a.honest.evil', server='198.51.7.7', source='198.51.7.7')
    finally:
        subprocess.run(['ip', 'addr', 'del', '198.51.7.7/32', 'dev', 'lo'], check=True)
    expect(answer, 'REFUSED')


def test_wildcard_listeners_answer_from_the_address_that_was_asked():
    Tern(server={'listen': [f'0.0.0.0@{PORT}', f'::@{PORT}']})
    for server in ('127.0.0.1', '127.0.0.9', '10.53.0.1', '10.53.1.77', '::1', 'fd53::1'):
        for _ in range(2):      # connected sockets drop what comes from elsewhere
            raw = exchange(question('a.honest.evil').to_wire(), server=server, timeout=3)
            check(raw, f'no answer from {server}')


def test_minimal_responses():
    """Clients get no glue and no authority section with a positive answer."""
    Tern()
    for name, rtype in (('example.com', 'MX'), ('www.example.com', 'A'), ('com', 'NS')):
        for _ in range(2):
            answer = expect(ask(name, rtype), 'NOERROR')
            equal(records(answer, section='authority'), [])
            at_most(len(records(answer, section='additional')), 8, 'additional records')


def test_truncated_answers_are_hardly_larger_than_their_question():
    Tern()
    ask('big20000.example.com', 'TXT', tcp=True)
    octets = question('big20000.example.com', 'TXT').to_wire()
    reply = exchange(octets)
    check(reply[2] & 2, 'TC')
    at_most(len(reply), 1.2 * len(octets) + 40, 'octets with TC')


def test_cookies_for_clients():
    Tern()
    resolves('a.honest.evil')
    m = question('a.honest.evil', options=[dns.edns.GenericOption(10, b'CLIENT01')])
    answer = dns.query.udp(m, '127.0.0.1', port=PORT, timeout=3)
    cookie = [o.data for o in answer.options if int(o.otype) == 10]
    equal([(len(c), c[:8]) for c in cookie], [(24, b'CLIENT01')], 'cookie')
    m = question('a.honest.evil', options=[dns.edns.GenericOption(10, cookie[0])])
    again = dns.query.udp(m, '127.0.0.1', port=PORT, timeout=3)
    expect(again, 'NOERROR', ['192.0.2.1'])
    for bad_length in (1, 7, 9, 15, 41):
        m = question('a.honest.evil', options=[dns.edns.GenericOption(10, b'x' * bad_length)])
        equal(rcode(dns.query.udp(m, '127.0.0.1', port=PORT, timeout=3)), 'FORMERR', f'cookie of {bad_length}')


def test_a_question_of_our_own_port_is_dropped():
    """62: an answer to it would be a question to ourselves."""
    Tern(server={'listen': [f'127.0.0.1@{PORT}'], 'workers': 1})
    resolves('a.honest.evil')
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as s:
        m = query()
        before = datagrams_sent()
        s.sendto(struct.pack('!HHHH', PORT, PORT, 8 + len(m), 0) + m, ('127.0.0.1', 0))
    time.sleep(0.3)
    equal(datagrams_sent() - before, 0, 'answers that came to our own port')


def datagrams_sent():
    """By sockets of this network namespace, raw ones not counted."""
    with open('/proc/net/snmp') as f:
        rows = [line.split() for line in f if line.startswith('Udp:')]
    return 0 if not rows else int(rows[1][rows[0].index('OutDatagrams')])


def test_a_forwarding_loop_is_named():
    """26: the forwarder for everything is ternd itself; found at once, told to the client and to the log."""
    tern = Tern(**{'forward-zones': [{'name': '.', 'addresses': [f'127.0.0.1@{PORT}']}],
                   'resolver': {'do-not-query-localhost': False}})
    answer, seconds = ask_timed('a.honest.evil')
    expect(answer, 'SERVFAIL')
    at_most(seconds, 1.0, 'seconds')
    check('this resolver is configured' in tern.log_text(), 'the log does not say so')
