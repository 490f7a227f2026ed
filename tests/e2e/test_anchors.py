"""What trust rests on while the daemon runs: the clock, the trust anchors and their exceptions."""
import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

import dns.dnssec
import dns.message
import dns.name
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ed25519

from harness import *
from test_dnssec import anchors, bogus, insecure, secure, validating

DAY = 86400


def with_clock(seconds, **dnssec):
    clock = Clock(seconds)
    tern = Tern(env=clock.env, dnssec={'validation': 'on', 'trust-anchors': anchors(), **dnssec})
    return clock, tern


def await_log(tern, text, seconds=5):
    deadline = time.monotonic() + seconds
    while text not in tern.log_text():
        check(time.monotonic() < deadline, f'"{text}" is not in the log: {tern.log_text()[-600:]}')
        time.sleep(0.05)


@contextlib.contextmanager
def controlled(env=None, more=None, **dnssec):
    """A validating Tern with a control socket, ternctl bound to it, and the socket's folder."""
    with tempfile.TemporaryDirectory(dir=LAB) as folder:
        path = f'{folder}/control.sock'

        def ternctl(*args, code=0):
            done = subprocess.run([os.path.join(os.path.dirname(TERND), 'ternctl'), '-s', path, *args],
                                  capture_output=True, text=True)
            equal(done.returncode, code, f'ternctl {args}: {done.stderr}')
            return done.stdout if code == 0 else done.stderr

        dnssec = {'validation': 'on', 'trust-anchors': anchors(), **dnssec}
        yield Tern(env=env, dnssec=dnssec, control={'socket': path}, **(more or {})), ternctl, folder


def await_true(what, condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < deadline, what)
        time.sleep(0.1)


def root_tag():
    return int(anchors()[0].split(' DS ')[1].split()[0])


def test_a_clock_that_is_not_set():
    for ago in (int(time.time()) - 60, 4000 * DAY):     # just after 1970 began; some year before the build
        clock, tern = with_clock(-ago)
        for _ in range(2):
            answer = insecure('www.nsec-v.net')
            check('clock is not set' in str(ede(answer)), f'{ede(answer)}')
        insecure('nothing.nsec3-v.net', code='NXDOMAIN')
        bogus('www.changed-v.net')                      # the rest is still checked
        await_log(tern, 'the clock is not set')
        clock.set(0)
        await_log(tern, 'the clock is set')
        equal(ede(secure('www.nsec-v.net')), [])
        bogus('www.expired-v.net', codes=(7,))
        equal(tern.log_text().count('the clock is not set'), 1)
        tern.stop()


def test_a_clock_that_is_not_set_may_be_refused():
    with_clock(-4000 * DAY, **{'unset-clock': 'refuse'})
    bogus('www.nsec-v.net', codes=(8,))


def test_a_clock_that_jumps_back():
    clock, tern = with_clock(0)
    secure('www.nsec-v.net')
    clock.set(-400 * DAY)
    await_log(tern, 'the clock is not set')
    insecure('www.nsec3-v.net')
    clock.set(0)
    await_log(tern, 'the clock is set')
    secure('www.nsec3-v.net')


def test_a_state_file_is_made_kept_and_mended():
    with tempfile.TemporaryDirectory(dir=LAB) as folder:
        path = f'{folder}/anchors'
        with controlled(**{'trust-anchor-file': path}) as (tern, ternctl, _):
            secure('www.nsec-v.net')
            await_log(tern, f'trust anchor . {root_tag()}: valid')
            await_true('the state file is not written', lambda: os.path.exists(path))
            found = json.loads(ternctl('--json', 'status'))['trust_anchors']
            equal([(a['zone'], a['key_tag'], a['state']) for a in found], [('.', root_tag(), 'valid')])
            check(f'. {root_tag()} ' in ternctl('status'), ternctl('status'))
            since = found[0]['since']
            secure('www.nsec3-v.net')
            tern.stop()
        with controlled(**{'trust-anchor-file': path}) as (tern, ternctl, _):
            equal(json.loads(ternctl('--json', 'status'))['trust_anchors'][0]['since'], since)
            tern.stop()
        with open(path, 'r+b') as f:
            f.truncate(os.path.getsize(path) - 30)
        for _ in range(2):                              # the old one; then none at all
            with controlled(**{'trust-anchor-file': path}) as (tern, ternctl, _):
                check('checksum' in tern.log_text(), tern.log_text())
                secure('www.nsec-v.net')
                tern.stop()
            check(os.path.exists(f'{path}.damaged'), 'the damaged file is gone')
            for name in (path, f'{path}.old'):
                with open(name, 'wb') as f:
                    f.write(b'damaged\n')


@long(30)
def test_a_start_without_network():
    """While nobody has answered anything the anchors are asked for soon again; of a network that is there, after an hour."""
    clock = Clock(0)
    with tempfile.TemporaryDirectory(dir=LAB) as folder:
        path = f'{folder}/anchors'
        with Unreachable():
            tern = Tern(env=clock.env, dnssec={'validation': 'on', 'trust-anchors': anchors(), 'trust-anchor-file': path})
            await_log(tern, 'next try in 30 s', 15)
            clock.set(31)
            await_log(tern, 'next try in 60 s', 15)
        clock.set(92)
        await_log(tern, f'trust anchor . {root_tag()}: valid', 10)
        with Unreachable():
            told = tern.log_text().count('next try in')
            clock.set(DAY)
            await_true('nothing is tried again', lambda: tern.log_text().count('next try in') > told, 15)
            at_least(int(tern.log_text().split('next try in ')[-1].split()[0]), 3600, 'seconds')


def test_a_state_file_that_can_not_be_written():
    with controlled(**{'trust-anchor-file': '/nonexistent/anchors'}) as (tern, ternctl, _):
        await_log(tern, '/nonexistent/anchors: No such file or directory')
        secure('www.nsec-v.net')
        equal(json.loads(ternctl('--json', 'status'))['trust_anchors'][0]['state'], 'valid')
        tern.stop()


def test_a_state_file_that_can_not_be_read():
    """It may say that an anchor was revoked: without it there is no validation, so there is no start either."""
    path = tempfile.mkdtemp(dir=LAB)                    # EISDIR, which root gets too
    dnssec = {'validation': 'on', 'trust-anchors': anchors(), 'trust-anchor-file': path}
    tern = Tern(wait=False, dnssec=dnssec)
    equal(tern.process.wait(5), 78)
    for text in (f'{path}: Is a directory', f'dnssec.trust-anchor-file: {path} can\'t be read'):
        check(text in tern.log_text(), tern.log_text())
    equal(os.listdir(path), [])
    Tern(dnssec={**dnssec, 'validation': 'off'})
    insecure('www.nsec-v.net')


def test_only_so_many_zones_follow_their_keys():
    """Which don't is said, and their anchors stay."""
    more = [f'zone{i}.example. {anchors()[0].split(" ", 1)[1]}' for i in range(9)]
    with controlled(**{'trust-anchors': [*anchors(), *more], 'trust-anchor-file': f'{LAB}/many-zones'}) as (tern, ternctl, _):
        lines = [line for line in tern.log_text().splitlines() if 'is not followed' in line]
        equal([line.split('trust-anchors: ')[1].split()[0] for line in lines], ['zone7.example.', 'zone8.example.'], f'{lines}')
        found = json.loads(ternctl('--json', 'status'))['trust_anchors']
        equal(len({a['zone'] for a in found}), 10, f'{found}')


def test_without_a_state_file_anchors_are_as_configured():
    with controlled() as (_, ternctl, _):
        found = json.loads(ternctl('--json', 'status'))['trust_anchors']
        equal([(a['key_tag'], a['state']) for a in found], [(root_tag(), 'configured')])


class Key:
    def __init__(self):
        self.private, self.revoked = ed25519.Ed25519PrivateKey.generate(), False
        self.tag = dns.dnssec.key_id(self.dnskey())     # as it was before it was revoked

    def dnskey(self):
        return dns.dnssec.make_dnskey(self.private.public_key(), dns.dnssec.ED25519, 257 | (128 if self.revoked else 0))


class RollingZone(threading.Thread):
    """A server for rolling.test on 127.0.0.1: its keys and who signs them change as the test says, by @clock."""
    name_ = dns.name.from_text('rolling.test.')

    def __init__(self, clock, keys):
        super().__init__(daemon=True)
        self.clock, self.keys, self.signers, self.asked = clock, keys, keys[:1], 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def signed(self, rrset):
        now = int(time.time()) + self.clock.seconds
        sigs = [dns.dnssec.sign(rrset, k.private, self.name_, k.dnskey(), inception=now - 3600, expiration=now + 20 * DAY)
                for k in self.signers]
        return [rrset, dns.rrset.from_rdata_list(self.name_, rrset.ttl, sigs)]

    def run(self):
        while True:
            octets, peer = self.socket.recvfrom(65535)
            query = dns.message.from_wire(octets)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            rtype = dns.rdatatype.to_text(query.question[0].rdtype)
            if query.question[0].name == self.name_ and rtype == 'DNSKEY':
                self.asked += 1
                answer.answer = self.signed(dns.rrset.from_rdata_list(self.name_, 3600, [k.dnskey() for k in self.keys]))
            elif query.question[0].name == self.name_ and rtype == 'TXT':
                answer.answer = self.signed(dns.rrset.from_text(self.name_, 1, 'IN', 'TXT', '"here"'))
            self.socket.sendto(answer.to_wire(), peer)


def test_a_rollover_over_months():
    clock, a, b = Clock(0), Key(), Key()
    zone = RollingZone(clock, [a, b])
    stub = {'resolver': {'do-not-query-localhost': False},
            'stub-zones': [{'name': 'rolling.test', 'addresses': [f'127.0.0.1@{zone.port}']}]}
    path = tempfile.mktemp(dir=LAB)
    config = {'env': clock.env, 'more': stub, 'trust-anchor-file': path,
              'trust-anchors': [f'rolling.test. IN DNSKEY {a.dnskey().to_text()}']}

    def states(ternctl):
        """Of the two keys, which are listed in the order in which they were met."""
        found = json.loads(ternctl('--json', 'status'))['trust_anchors']
        return [next((f['state'] for f in found if f['key_tag'] == k.tag), None) for k in (a, b)]

    def days(n, ternctl, wanted):
        before = zone.asked
        clock.set(n * DAY)
        await_true(f'no probe on day {n}', lambda: zone.asked > before)
        await_true(f'day {n}: wanted {wanted}', lambda: states(ternctl) == wanted)

    with controlled(**config) as (tern, ternctl, _):
        await_true('the keys are not taken', lambda: states(ternctl) == ['valid', 'pending'])
        days(29, ternctl, ['valid', 'pending'])
        days(31, ternctl, ['valid', 'valid'])
        zone.keys, zone.signers = [b], [b]
        days(40, ternctl, ['missing', 'valid'])
        secure('rolling.test', 'TXT')
        zone.keys, zone.signers, a.revoked = [a, b], [a, b], True
        days(41, ternctl, ['revoked', 'valid'])
        tern.stop()
    with controlled(**config) as (tern, ternctl, _):
        equal(states(ternctl), ['revoked', 'valid'])
        secure('rolling.test', 'TXT')
        # Though the configuration names it, the revoked key does not sign any more.
        zone.keys, zone.signers, a.revoked = [a], [a], False
        ternctl('flush-zone', 'rolling.test')
        bogus('rolling.test', 'TXT')
        zone.keys, zone.signers = [b], [b]
        days(72, ternctl, ['removed', 'valid'])
        tern.stop()


def signals(seconds=3):
    """Names of questions for key tags that leave for the authorities while this runs."""
    found = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.bind(('wire', 3))
        s.settimeout(0.2)
        secure('www.nsec-v.net')
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                octets = s.recv(65535).lower()
            except socket.timeout:
                continue
            at = octets.find(b'_ta-')
            if at > 0:
                found.append(octets[at:at + octets[at - 1]].decode() + octets[at + octets[at - 1]:][:3].hex())
    return found


def test_zones_are_told_what_is_trusted():
    validating()
    found = signals()
    # Of the root, type NULL; asked and answered.
    equal(set(found), {f'_ta-{root_tag():04x}00000a'})
    equal(signals(1), [])                               # once a day


def test_a_restart_is_no_reason_to_tell_zones_again():
    path = tempfile.mktemp(dir=LAB)
    for wanted in (1, 0, 0):
        tern = validating(**{'trust-anchor-file': path})
        equal(len(set(signals(1))), wanted, 'signals')
        tern.stop()
    clock = Clock(DAY)
    Tern(env=clock.env, dnssec={'validation': 'on', 'trust-anchors': anchors(), 'trust-anchor-file': path})
    equal(len(set(signals(1))), 1, 'signals a day later')


def test_zones_are_told_nothing_if_so_configured():
    validating(**{'trust-anchor-signaling': False})
    equal(signals(1), [])


def excepted(name, **how):
    answer = insecure(name, **how)
    equal([code for code, _ in ede(answer)], [33], name)


def test_negative_anchors_come_and_go():
    with controlled(**{'negative-trust-anchors': ['expired-v.net']}) as (_, ternctl, _):
        for _ in range(3):
            excepted('www.expired-v.net')
        bogus('www.changed-v.net')
        ternctl('nta', 'add', 'changed-v.net', '30m')
        for _ in range(3):
            excepted('www.changed-v.net')
        secure('www.nsec-v.net')
        listed = json.loads(ternctl('--json', 'nta', 'list'))['negative_trust_anchors']
        equal([e['name'] for e in listed], ['expired-v.net.', 'changed-v.net.'])
        check(1700 < listed[1]['left_s'] <= 1800 and 'left_s' not in listed[0], f'{listed}')
        check('changed-v.net. 1' in ternctl('nta', 'list'), ternctl('nta', 'list'))
        ternctl('nta', 'remove', 'changed-v.net')
        bogus('www.changed-v.net')
        ternctl('nta', 'add', 'Changed-V.net', '2s')
        excepted('www.changed-v.net')
        time.sleep(2.5)
        bogus('www.changed-v.net')
        excepted('www.expired-v.net')


def test_negative_anchors_outlive_the_daemon():
    path = tempfile.mktemp(dir=LAB)
    config = {'trust-anchor-file': path, 'negative-trust-anchors': []}

    def left(ternctl):
        return {e['name']: e['left_s'] for e in json.loads(ternctl('--json', 'nta', 'list'))['negative_trust_anchors']}

    with controlled(**config) as (tern, ternctl, _):
        ternctl('nta', 'add', 'changed-v.net', '1h')
        ternctl('nta', 'add', 'expired-v.net', '2s')
        ternctl('nta', 'add', 'nsec-v.net', '1h')
        ternctl('nta', 'remove', 'nsec-v.net')
        ternctl('nta', 'add', 'changed-v.net', '30m')   # the last word counts
        tern.process.kill()                             # whatever ends it
        tern.process.wait()
    time.sleep(2.5)
    with controlled(**config) as (tern, ternctl, _):
        check('negative trust anchor changed-v.net.: kept' in tern.log_text(), tern.log_text())
        excepted('www.changed-v.net')
        bogus('www.expired-v.net', codes=(7,))
        secure('www.nsec-v.net')
        check(1700 < left(ternctl)['changed-v.net.'] < 1799 and len(left(ternctl)) == 1, f'{left(ternctl)}')
        tern.stop()
    clock = Clock(-20 * DAY)                            # a clock that is behind lengthens nothing
    with controlled(env=clock.env, **config) as (tern, ternctl, _):
        check(1700 < left(ternctl)['changed-v.net.'] < 1799, f'{left(ternctl)}')
        tern.process.kill()
        tern.process.wait()
    with controlled(**{**config, 'negative-trust-anchors': ['changed-v.net']}) as (tern, ternctl, _):
        check('left_s' not in ternctl('--json', 'nta', 'list'), 'what is configured has no end')
        tern.stop()
    with open(f'{path}.exceptions', 'r+b') as f:
        f.truncate(os.path.getsize(f.name) - 30)
    with controlled(**config) as (tern, ternctl, _):
        check(f'{path}.exceptions: cut off' in tern.log_text(), tern.log_text())
        equal(left(ternctl), {})
        bogus('www.changed-v.net')


def test_negative_anchors_end_when_the_zone_validates():
    with controlled(**{'negative-trust-anchor-recheck': '1s'}) as (tern, ternctl, _):
        ternctl('nta', 'add', 'nsec-v.net')
        ternctl('nta', 'add', 'expired-v.net')
        await_log(tern, 'nsec-v.net.: it validates again')
        secure('www.nsec-v.net')
        time.sleep(2)
        excepted('www.expired-v.net')


def test_wrong_commands_change_nothing():
    with controlled(**{'negative-trust-anchors': ['expired-v.net']}) as (_, ternctl, _):
        for args, why in ((('add', 'a..b'), 'not a domain name'), (('add', 'x', '8d'), 'duration'),
                          (('add', 'x', '0s'), 'duration'), (('add', 'x', 'soon'), 'duration'),
                          (('add', 'expired-v.net'), 'in the configuration'), (('remove', 'x'), 'none of that name'),
                          (('remove', 'expired-v.net'), 'in the configuration')):
            check(why in ternctl('nta', *args, code=1), f'{args}')
        for args in (('nta',), ('nta', 'add'), ('nta', 'add', 'x', '1h', 'y'), ('nta', 'drop', 'x')):
            ternctl(*args, code=2)
        equal(len(json.loads(ternctl('--json', 'nta', 'list'))['negative_trust_anchors']), 1)


def test_validation_is_counted():
    with controlled() as (_, ternctl, _):
        for _ in range(4):                              # from the network, from the sets, then rendered
            secure('www.nsec-v.net')
            insecure('www.insecure-v.net')
            bogus('www.expired-v.net', codes=(7,))
            insecure('www.nsec-v.net', cd=True)
        counted = json.loads(ternctl('--json', 'stats'))
        found = counted['dnssec']
        equal((found['secure'], found['insecure'], found['bogus']), (4, 4, 4))
        equal(counted['bogus'], {'Signature Expired': 4})
        # Keys of root, net, the zones; DS of each; and what was asked for: once each.
        check(5 < found['signatures'] < 40, f'{found}')
        check('dnssec.secure' in ternctl('stats'), ternctl('stats'))


def test_negative_anchors_of_private_zones_stay():
    """Their parents prove that there are no such zones: that is why there is an exception, not why it may end."""
    zones = [{**PrivateZone('private.nsec-v.net').route, 'validate': 'require'},
             {'name': 'down.nsec-v.net', 'addresses': ['127.0.0.1@9'], 'first': True, 'validate': 'require'}]
    with controlled(more={'resolver': {'do-not-query-localhost': False}, 'forward-zones': zones},
                    **{'negative-trust-anchor-recheck': '1s'}) as (tern, ternctl, _):
        for zone in zones:
            ternctl('nta', 'add', zone['name'])
        secure('private.nsec-v.net', 'DS', code='NXDOMAIN')
        for _ in range(7):
            excepted('www.private.nsec-v.net')
            excepted('private.nsec-v.net')
            time.sleep(0.5)
        check('validates again' not in tern.log_text(), tern.log_text())
