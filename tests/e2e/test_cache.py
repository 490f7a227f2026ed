"""What is remembered, for how long, and what it is good for when the authorities are gone."""
import threading

from harness import *


def test_ttls_count_down():
    Tern()
    equal(ttl(ask('a.short.evil')), 10)
    time.sleep(2.1)
    for how in ({}, {'tcp': True}, {'server': '::1'}):
        left = ttl(ask('a.short.evil', **how))
        check(7 <= left <= 8, f'TTL {left} after 2 s')


def test_expired_records_are_asked_again():
    Tern(cache={'serve-stale': False, 'prefetch': False})
    setting('switch.evil', ttl=1)
    resolves('a.switch.evil')
    reset()
    resolves('a.switch.evil')
    equal(len(upstream('switch.evil')), 0, 'while it lives')
    time.sleep(1.1)
    resolves('a.switch.evil')
    at_least(len(upstream('switch.evil')), 1, 'after it expired')


def test_max_and_min_ttl():
    tern = Tern(cache={'max-ttl': '20s'})
    at_most(ttl(ask('www.example.com')), 20, 'TTL')
    tern.stop()
    Tern(cache={'min-ttl': '60s'})
    at_least(ttl(ask('a.short.evil')), 60, 'TTL')


def test_some_zones_have_bounds_of_their_own():
    Tern(cache={'max-ttl': '1h', 'ttl': [{'name': 'evil', 'min': '77s', 'max': '99s'}, {'name': 'Zero.example.com', 'max': '0s'},
                                         {'name': 'switch.evil', 'min': '5s', 'max': '5s'}]})
    equal(ttl(ask('a.short.evil')), 77)
    equal(ttl(ask('a.switch.evil')), 5)
    check(99 < ttl(ask('www.example.com')) <= 3600)
    check(77 <= ttl(ask('nothing.evil'), 'authority') <= 99)
    reset()
    time.sleep(1.1)
    check(60 <= ttl(ask('a.short.evil')) <= 76)
    equal(upstream('short.evil'), [])


def order(name, rtype='A', **how):
    return [r.address for r in next(s for s in ask(name, rtype, **how).answer if s.rdtype == dns.rdatatype.from_text(rtype))]


def test_order_of_addresses():
    """By a local zone and out of the cache, first and later: as it stands, rotated, or as the client's network wants it."""
    records = [f'many.lan. 300 A 192.0.{i}.1' for i in range(4)] + [f'many.lan. 300 AAAA 2001:db8:{i}::1' for i in (1, 2, 3)]
    records += ['alias.lan. CNAME many.lan.']
    rules = [{'clients': ['127.0.0.2/32'], 'prefer': ['192.0.3.0/24', '192.0.1.0/24', '2001:db8:3::/48']},
             {'clients': ['127.0.0.0/8'], 'prefer': ['192.0.2.0/24']}, {'clients': ['127.0.0.3/32'], 'prefer': ['0.0.0.0/0']}]
    all_four = [f'192.0.{i}.1' for i in range(4)]
    tern = Tern(**{'server': {'rrset-order': 'fixed', 'sortlist': rules}, 'local-data': records})
    for _ in range(4):
        for how in ({}, {'tcp': True}, {'do': True}):
            equal(order('many.lan', source='127.0.0.2', **how), [all_four[i] for i in (3, 1, 0, 2)])
            equal(order('many.lan', source='127.0.0.3', **how), [all_four[i] for i in (2, 0, 1, 3)])
        equal(order('alias.lan', source='127.0.0.2'), [all_four[i] for i in (3, 1, 0, 2)])
        equal(order('many.lan', 'AAAA', source='127.0.0.2'), [f'2001:db8:{i}::1' for i in (3, 1, 2)])
    tern.stop()
    tern = Tern(**{'server': {'rrset-order': 'fixed'}, 'local-data': records})
    equal({tuple(order('many.lan')) for _ in range(20)}, {tuple(all_four)})
    tern.stop()
    Tern(**{'local-data': records})
    equal({order('many.lan')[0] for _ in range(60)}, set(all_four))


def test_odd_ttls():
    """Bit 31 set is 0, nothing lives longer than a day, a denial no longer than an hour."""
    Tern()
    for label, low, high in (('max', 1, 86400), ('week', 1, 86400), ('huge', 0, 0), ('negative', 0, 0), ('zero', 0, 0)):
        answer = expect(ask(f'{label}.ttl.evil'), 'NOERROR', ['192.0.2.1'])
        check(low <= ttl(answer) <= high, f'{label}: TTL {ttl(answer)}')
    answer = ask('nodata.ttl.evil', 'TXT')
    at_most(ttl(answer, 'authority'), 3600, 'negative TTL')


def test_ttl_zero_is_not_reused():
    Tern()
    for label in ('zero', 'huge', 'negative'):
        resolves(f'{label}.ttl.evil')
        reset()
        for _ in range(3):
            resolves(f'{label}.ttl.evil')
        at_least(len([q for q in upstream('ttl.evil') if q['name'].startswith(label)]), 3, f'{label}: asked again')


def test_ttl_zero_serves_those_who_waited_together():
    Tern()
    setting('slow.evil', delay=0.3, ttl=0)
    resolves('warm.slow.evil')
    reset()
    answers = burst([('z.slow.evil',)] * 50)
    setting('slow.evil', ttl=300)
    equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.1']), 50, 'answered')
    at_most(len([q for q in upstream('slow.evil') if q['name'] == 'z.slow.evil']), 2, 'upstream queries')


def test_equal_questions_are_joined():
    """limits.md 2: 200 equal questions, at most 2 upstream queries, all answered; over both workers."""
    Tern()
    setting('slow.evil', delay=0.3)
    resolves('warm.slow.evil')
    for name, sockets in (('j1.slow.evil', 1), ('j2.slow.evil', 20)):
        reset()
        answers = burst([(name,)] * 200, sockets=sockets)
        equal(sum(1 for a, _ in answers if a and data(a) == ['192.0.2.1']), 200, 'answered')
        at_most(len(upstream('slow.evil')), 2, 'upstream queries')


def test_retransmissions_do_not_start_twice():
    Tern()
    setting('slow.evil', delay=0.5)
    resolves('warm.slow.evil')
    reset()
    octets = question('retransmitted.slow.evil').to_wire()
    with udp_socket() as s:
        s.connect(('127.0.0.1', PORT))
        for _ in range(5):
            s.send(octets)
            time.sleep(0.05)
        s.settimeout(1.5)
        check(s.recv(4096)[3] & 15 == 0)
        s.settimeout(0.3)
        try:
            s.recv(4096)
            raise Failed('answered more than once')
        except socket.timeout:
            pass
    at_most(len(upstream('slow.evil')), 2, 'upstream queries')


def test_popular_records_are_fetched_before_they_expire():
    Tern()
    setting('switch.evil', ttl=10)
    resolves('p.switch.evil')
    resolves('p.switch.evil')
    reset()
    started = time.monotonic()
    while time.monotonic() - started < 10.6:
        answer, seconds = ask_timed('p.switch.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        time.sleep(0.2)
    asked = [q['t'] for q in upstream('switch.evil') if q['name'] == 'p.switch.evil']
    setting('switch.evil', ttl=1)
    at_least(len(asked), 1, 'prefetches')
    at_most(len(asked), 3, 'prefetches')
    at_most(asked[0] - started, 10.0, 'seconds until the first')


def test_one_hit_in_the_last_tenth_is_enough_for_that():
    Tern()
    setting('switch.evil', ttl=10)
    time.sleep(1.1 - time.clock_gettime(time.CLOCK_BOOTTIME) % 1)   # TTLs count whole seconds
    resolves('once.switch.evil')
    reset()
    time.sleep(9.3)
    resolves('once.switch.evil')
    setting('switch.evil', ttl=1)
    time.sleep(0.3)
    asked = [q for q in upstream('switch.evil') if q['name'] == 'once.switch.evil']
    equal(len(asked), 1, 'prefetches')


def test_stale_answers_when_all_authorities_are_silent():
    Tern()
    setting('switch.evil', ttl=1)
    resolves('s.switch.evil')
    time.sleep(1.2)
    setting('switch.evil', silent=True)
    try:
        answer, seconds = ask_timed('s.switch.evil')
    finally:
        setting('switch.evil', silent=False)
    expect(answer, 'NOERROR', ['192.0.2.1'])
    check(3 in [code for code, _ in ede(answer)], f'EDE {ede(answer)}, wanted 3 (Stale Answer)')
    at_most(ttl(answer), 30, 'TTL of stale data')
    at_most(seconds, 2.2, 'seconds')


def test_another_address_comes_first_each_time():
    """Clients that take the first one spread over them."""
    Tern()
    for rtype in ('A', 'AAAA'):
        answers = [[r.to_text() for r in ask('a.any.evil', rtype).answer[0]] for _ in range(60)]
        at_least(len({a[0] for a in answers}), 15, 'addresses that came first')
        equal(len({tuple(sorted(a)) for a in answers}), 1, 'sets')
        equal(len(answers[0]), 39, 'addresses')


def test_while_stale_answers_serve_the_authorities_are_left_alone():
    """RFC 8767 5, limits.md 32: what failed is not tried again with each client."""
    Tern()
    setting('switch.evil', ttl=1)
    resolves('left.switch.evil')
    time.sleep(1.2)
    setting('switch.evil', rcode=5)
    reset()
    try:
        results = burst([('left.switch.evil',)] * 100, gap=0.02)
    finally:
        setting('switch.evil', rcode=0)
    equal(len([a for a, _ in results if a and data(a) == ['192.0.2.1']]), 100, 'answered')
    at_most(len(upstream('switch.evil')), 4, 'upstream queries')


def test_stale_answers_at_once_when_a_refresh_has_just_failed():
    Tern()
    setting('switch.evil', ttl=1)
    resolves('t.switch.evil')
    time.sleep(1.2)
    setting('switch.evil', rcode=2)
    try:
        answer, seconds = ask_timed('t.switch.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        check(3 in [code for code, _ in ede(answer)], f'EDE {ede(answer)}')
        for _ in range(5):
            answer, seconds = ask_timed('t.switch.evil')
            expect(answer, 'NOERROR', ['192.0.2.1'])
            at_most(seconds, 0.5, 'seconds')
    finally:
        setting('switch.evil', rcode=0)
    time.sleep(5.5)     # the failure is forgotten and the authority is back
    for _ in range(2):
        answer = resolves('t.switch.evil')
        time.sleep(0.3)
    equal(ede(resolves('t.switch.evil')), [], 'fresh again')


def test_stale_when_the_whole_internet_is_gone():
    Tern()
    for name in ('short.example.com', 'a.switch.evil'):
        ask(name)
    time.sleep(4.3)
    with Unreachable():
        answer, seconds = ask_timed('short.example.com')
    expect(answer, 'NOERROR', ['192.0.2.83'])
    check(3 in [code for code, _ in ede(answer)], f'EDE {ede(answer)}')
    at_most(seconds, 2.2, 'seconds')


def test_expired_records_are_given_at_once_where_nobody_waits():
    """stale-client-timeout 0s: also with RD=0; the fresh ones are fetched behind it."""
    Tern(cache={'stale-client-timeout': '0s', 'stale-ttl': '77s', 'prefetch': False})
    setting('switch.evil', ttl=1)
    for name, how in (('now.switch.evil', {}), ('rd0.switch.evil', {'rd': False})):
        resolves(name)
        time.sleep(1.2)
        reset()
        setting('switch.evil', silent=True)
        try:
            answer, seconds = ask_timed(name, **how)
        finally:
            setting('switch.evil', silent=False)
        expect(answer, 'NOERROR', ['192.0.2.1'])
        equal([code for code, _ in ede(answer)], [3], 'EDE')
        equal(ttl(answer), 1, 'TTL of what expired: its own, where that is less')
        at_most(seconds, 0.3, 'seconds')
        deadline = time.monotonic() + 3
        while ede(ask(name, **how)):
            check(time.monotonic() < deadline, 'not renewed within 3 s')
            time.sleep(0.1)
        at_most(len(upstream('switch.evil')), 3, 'upstream queries behind it')


def test_expired_records_have_an_end():
    Tern(cache={'stale-max-age': '2s', 'prefetch': False})
    setting('switch.evil', ttl=1)
    resolves('end.switch.evil')
    setting('switch.evil', rcode=2)
    try:
        time.sleep(1.5)
        expect(ask('end.switch.evil'), 'NOERROR', ['192.0.2.1'])
        time.sleep(2)
        expect(ask('end.switch.evil'), 'SERVFAIL')
    finally:
        setting('switch.evil', rcode=0)


def test_no_stale_answers_when_switched_off():
    Tern(cache={'serve-stale': False})
    setting('switch.evil', ttl=1)
    resolves('n.switch.evil')
    time.sleep(1.2)
    setting('switch.evil', rcode=2)
    try:
        expect(ask('n.switch.evil'), 'SERVFAIL')
    finally:
        setting('switch.evil', rcode=0)


def test_failures_are_remembered_for_a_while():
    """RFC 9520: not asked again for 5 s, then again."""
    Tern()
    setting('switch.evil', rcode=2)
    try:
        expect(ask('f.switch.evil'), 'SERVFAIL')
        reset()
        for _ in range(20):
            answer, seconds = ask_timed('f.switch.evil')
            expect(answer, 'SERVFAIL')
            check(ede(answer), 'a cached failure says so')
            at_most(seconds, 0.5, 'seconds')
        equal(len(upstream('switch.evil')), 0, 'upstream queries while it is remembered')
    finally:
        setting('switch.evil', rcode=0)
    deadline = time.monotonic() + 12
    while rcode(ask('f.switch.evil')) != 'NOERROR':
        check(time.monotonic() < deadline, 'remembered for more than 12 s')
        time.sleep(0.5)


def test_cached_denials_cost_no_query():
    Tern()
    for _ in range(2):
        expect(ask('nothing.victim2.evil'), 'NXDOMAIN')
        expect(ask('a.honest.evil', 'MX'), 'NOERROR', [], 'MX')
        if _ == 0:
            reset()
    equal(len(upstream()), 0, 'upstream queries')


def test_every_transport_shares_one_cache():
    Tern(server={'workers': 2})
    resolves('shared.honest.evil')
    reset()
    for _ in range(8):
        for how in ({}, {'tcp': True}, {'server': '::1'}, {'server': '::1', 'tcp': True}):
            resolves('shared.honest.evil', **how)
    equal(len(upstream()), 0, 'upstream queries')


def test_variants_of_a_question_do_not_spoil_each_other():
    """limits.md 18: DO, CD, ANY and plain, in all orders."""
    Tern()
    variants = [{}, {'do': True}, {'cd': True}, {'do': True, 'cd': True}]
    for i in range(4):
        name = f'v{i}.honest.evil'
        for j in range(4):
            resolves(name, **variants[(i + j) % 4])
        ask(name, 'ANY')
        for how in variants:
            resolves(name, **how)
    for _ in range(2):
        signed, plain = ask('www.example.com', do=True), ask('www.example.com')
        check(records(signed, 'RRSIG') and not records(plain, 'RRSIG'))


def test_hits_are_served_from_both_workers_at_once():
    Tern()
    resolves('busy.honest.evil')
    reset()
    wrong = []

    def client():
        for a, _ in burst([('busy.honest.evil',)] * 500, gap=0.0005):
            if not a or data(a) != ['192.0.2.1']:
                wrong.append(a)
    threads = [threading.Thread(target=client) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(len(wrong), 0, 'wrong or missing answers')
    equal(len(upstream()), 0, 'upstream queries')


def fill_cache(count):
    """@count names that are asked once each, 60 at a time."""
    import wire
    answered = 0
    with udp_socket() as s:
        s.connect(('127.0.0.1', PORT))
        s.settimeout(1)
        for first in range(0, count, 60):
            for i in range(first, min(first + 60, count)):
                s.send(wire.message(i % 65536, wire.RD, wire.name(f'once{i}.honest.evil') + b'\0\1\0\1'))
            try:
                for _ in range(first, min(first + 60, count)):
                    s.recv(4096)
                    answered += 1
            except socket.timeout:
                pass
    return answered


def test_one_shot_names_do_not_push_out_the_popular_ones():
    """limits.md 50: 50 hot names stay while ten times the cache's size goes through; memory stays within its promise."""
    tern = Tern(cache={'size': '1MiB'})
    hot = [f'hot{i}.victim.evil' for i in range(50)]
    for _ in range(3):
        for name in hot:
            resolves(name)
    before = tern.memory()
    for _ in range(8):
        at_least(fill_cache(5000), 4900, 'answers')
        for name in hot:
            ask(name)
    reset()
    for name in hot:
        resolves(name)
    equal(len(upstream('victim.evil')), 0, 'hot names that were asked again')
    at_most((tern.memory() - before) / 1e6, with_quarantine(64), 'MB more')
