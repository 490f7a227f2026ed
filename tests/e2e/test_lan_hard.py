"""What hostile files, slow programs and ill-timed ends could do to what a house relies on."""
import os
import signal
import time

from harness import *
from test_import import imported, run
from test_lists import FOLDER, put
from test_nft_sets import RECORDS, SETS, Table, in_set, sets
from test_policy_hard import receive, send, stream
from test_reload import change, start
from test_rpz import policies


@busy(60)
def test_files_that_stand_for_more_than_they_are():
    """Short or long, a file that grows as it is read is told of within seconds, and what is written ternd takes."""
    hosts = ','.join(f'h{i}' for i in range(20000))
    client = f'clients:\n  persistent:\n  - &a\n    name: x\n    use_global_settings: false\n    ids: [{hosts}]\n'
    for name, text, why in (('bomb', client + '  - *a\n' * 20000, 'aliases are not taken'),
                            ('deep', 'dns: ' + '[' * 200000, 'too deep'), ('deep', 'dns: ' + '{a: ' * 200000, 'too deep')):
        began = time.monotonic()
        _, left = imported('--from', 'adguard', put(name, text))
        check(why in left, left[-300:])
        at_most(time.monotonic() - began, scaled(2), 'seconds')
    _, left = imported('--from', 'unbound', put('insecure', ''.join(f'domain-insecure: n{i}.lan\n' for i in range(300))))
    check('there are 256 such names already' in left, left[-300:])
    anchors = ''.join(f'trust-anchor: "n{i} DS 1 8 1 {"ab" * 20}"\n' for i in range(70))
    _, left = imported('--from', 'unbound', put('anchors', anchors))
    check('there are 64 already' in left, left[-300:])
    _, left = imported('--from', 'unbound', put('mark', '\ufeffserver:\n  identity: x\n'))
    equal(left, '')
    out, told = run('--from', 'unbound', put('large', ''.join(f'local-zone: n{i}.lan deny\n' for i in range(1700000))), code=1)
    check('ternd takes 67108864' in told and out == '', told[-300:])


@busy(60)
def test_as_many_zones_as_a_list_of_ads_has():
    """Two hundred thousand zones are read in a time that grows with their number, and not with its square."""
    zones = [{'name': f'n{i}.ads.example', 'behaviour': 'always-nxdomain'} for i in range(200000)]
    began = time.monotonic()
    start(**{'local-zones': zones})
    took = time.monotonic() - began
    expect(ask('x.n199999.ads.example'), 'NXDOMAIN')
    at_most(took, scaled(10), 'seconds')


def test_a_packet_filter_that_takes_its_time():
    """Answers wait a tenth of a second for it, the log tells; nothing is lost."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 0)
    with Table(*SETS):
        tern = start(env=shim.env, **{**sets(), 'server': {'workers': 2}})
        expect(ask('own.lan'), 'NOERROR', ['192.168.7.7'])
        check('192.168.7.7' in in_set('four'))
        shim.write(4000)
        for _ in range(2):
            began = time.monotonic()
            expect(ask('own.lan', 'AAAA'), 'NOERROR', ['fd00::7'], 'AAAA')
            at_most(time.monotonic() - began, scaled(0.4), 'seconds')
        answers = burst([('own.lan', 'A')] * 300 + [('many.wide.lan', 'A')] * 300, server='127.0.0.1', timeout=5)
        equal(len([a for a in answers if a]), 600)
        time.sleep(4)
        check('ms to put addresses into sets' in tern.log_text(), tern.log_text()[-600:])


def test_the_end_while_the_packet_filter_is_busy():
    """The end waits for nobody who does not come back."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 60000)
    with Table(*SETS):
        tern = start(env=shim.env, **sets())
        expect(ask('own.lan', 'AAAA'), 'NOERROR', ['fd00::7'], 'AAAA')
        burst([('own.lan', 'A')] * 300, server='127.0.0.1', timeout=1)
        at_most(tern.stop(), scaled(1.2), 'seconds to end')


def test_ends_of_busy_days():
    """SIGTERM comes twice, amid a reload, amid questions by UDP and TCP to slow servers, with answers that wait for nftables."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 30)
    with Table(*SETS):
        for turn in range(6):
            tern = start(env=shim.env, **{**sets(), 'server': {'workers': 2}})
            by_tcp, by_udp = stream('127.0.0.1'), [udp_socket() for _ in range(40)]
            for i, s in enumerate(by_udp):
                for name in (f'n{i}.slow.evil', 'own.lan', 'www.example.com', f'{i}.wide.lan'):
                    s.sendto(question(name).to_wire(), ('127.0.0.1', PORT))
            for name in ('own.lan', 'many.wide.lan', 'x.slow.evil', 'www.example.com'):
                send(by_tcp, name)
            if turn % 2:
                change(tern, **{'local-data': RECORDS[turn:]})
                tern.process.send_signal(signal.SIGHUP)
            time.sleep(turn / 100)
            tern.process.send_signal(signal.SIGTERM)
            at_most(tern.stop(), scaled(1.3), 'seconds to end')
            equal(tern.process.returncode, 0)
            by_tcp.close()
            for s in by_udp:
                s.close()


def test_policy_rules_that_lead_in_circles():
    """Aliases of rules lead where they lead, names that would be too long are none, and who is dropped by TCP is not forgotten."""
    long = '.'.join(['x' * 60] * 3)
    tern = start(**policies(f"""a.test-zone CNAME b.test-zone.
b.test-zone CNAME a.test-zone.
self.test-zone CNAME self.test-zone.
*.grow.test-zone CNAME *.more.grow.test-zone.
*.long.test-zone CNAME *.{long}.
drop.test-zone CNAME rpz-drop.
32.81.2.0.192.rpz-ip CNAME www.example.com.
tcp.test-zone CNAME rpz-tcp-only.
"""), **{'server': {'workers': 2}})
    for name in ('a.test-zone', 'self.test-zone', 'x.grow.test-zone', 'x' * 60 + '.long.test-zone', 'www.example.com', 'shop.example.com'):
        for flags in ({}, {'cd': True}, {'cd': True, 'do': True}, {'do': True}, {'tcp': True}, {'rd': False}):
            for rtype in ('A', 'AAAA', 'ANY', 'CNAME', 'TXT'):
                answer = ask(name, rtype, **flags)
                check(not answer.flags & dns.flags.AD, str(answer))
                check(len(answer.answer) < 4, str(answer))
    s = stream('127.0.0.1')
    for _ in range(20):
        send(s, 'drop.test-zone')
    send(s, 'www.example.org')
    equal(receive(s).question[0].name.to_text(), 'www.example.org.')
    burst([('drop.test-zone', 'A')] * 100, server='127.0.0.1', timeout=0.5)
    expect(ask('www.example.org'), 'NOERROR')
    tern.alive()


def test_clocks_that_jump():
    """A clock that goes back a year, forward ten, and beyond 2106 changes neither what is one's own nor what is cached for long."""
    clock = Clock(0)
    year = 365 * 86400
    leases = put('leases', f'{int(time.time()) + 3600} 02:00:00:00:00:01 192.168.7.7 fixed *\n0 02:00:00:00:00:02 192.168.7.8 ever *\n')
    tern = start(env=clock.env, leases=[{'file': leases, 'format': 'dnsmasq', 'domain': 'house.test-zone'}],
                 lists=[{'name': 'ads', 'file': put('ads', 'ads.test-zone\n')}], dns64={'prefix': '64:ff9b::/96'})
    for seconds in (0, -year, 10 * year, 81 * year, 100 * year, -50 * year, 0):
        clock.set(seconds)
        time.sleep(1.5)
        for _ in range(2):
            expect(ask('ever.house.test-zone'), 'NOERROR', ['192.168.7.8'])
            equal(rcode(ask('ads.test-zone')), 'NXDOMAIN')
            expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        put('leases', f'0 02:00:00:00:00:02 192.168.7.8 ever *\n{int(time.time() + seconds) + 3600} 02:00:00:00:00:01 192.168.7.7 fixed *\n')
        time.sleep(1)
        if 0 <= time.time() + seconds < 2**32:
            expect(ask('fixed.house.test-zone'), 'NOERROR', ['192.168.7.7'])
        tern.alive()


def test_nat64_of_all_lengths():
    """Addresses are made and taken apart alike, whatever the prefix is, and whoever validates himself hears of none."""
    for bits in (32, 40, 48, 56, 64, 96):
        tern = start(dns64={'prefix': f'2001:db8::/{bits}'}, **{'local-data': ['own.lan. A 192.168.1.9']})
        for _ in range(2):
            made = data(ask('mail.example.com', 'AAAA'), 'AAAA')
            equal(len(made), 1)
            reverse = dns.reversename.from_address(made[0]).to_text()
            for rtype in ('PTR', 'CNAME', 'ANY', 'TXT'):
                answer = ask(reverse, rtype)
                check('82.2.0.192.in-addr.arpa.' in str(answer), str(answer))
                check(not answer.flags & dns.flags.AD)
            equal(data(ask('mail.example.com', 'AAAA', cd=True, do=True), 'AAAA'), [])
            equal(len(data(ask('ipv4only.arpa', 'AAAA'), 'AAAA')), 2)
            equal(len(data(ask('own.lan', 'AAAA'), 'AAAA')), 1)
        tern.alive()
        stop_all()


@busy(40)
def test_kills_while_files_are_written():
    """After each of many kill -9 amid reloads and changed files the next start has the last good state."""
    paths = {'hosts': [put('hosts', '192.168.7.1 a.house\n')], 'lists': [{'name': 'ads', 'file': put('ads', 'ads.test-zone\n')}]}
    state = os.path.join(LAB, 'state-of-kills')
    os.makedirs(state, exist_ok=True)
    anchors = {'dnssec': {'trust-anchor-file': os.path.join(state, 'anchors')}}
    for turn in range(12):
        tern = start(**merged(anchors, paths))
        expect(ask('a.house'), 'NOERROR', ['192.168.7.1'])
        equal(rcode(ask('ads.test-zone')), 'NXDOMAIN')
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        for _ in range(turn % 4):
            tern.process.send_signal(signal.SIGHUP)
        time.sleep(turn / 200)
        check('damaged' not in tern.log_text(), tern.log_text())
        tern.process.kill()
        tern.process.wait()
        stop_all()
    check(not [name for name in os.listdir(state) if 'damaged' in name], os.listdir(state))
