"""Starting, stopping, and bad days of the machine."""
import threading

import harness
from harness import *


def test_stops_within_a_second():
    tern = Tern()
    setting('slow.evil', delay=2)
    for i in range(20):
        exchange(question(f's{i}.slow.evil').to_wire(), timeout=0.01)
    with socket.create_connection(('127.0.0.1', PORT)):
        at_most(tern.stop(), 1, 'seconds')


def test_what_is_under_way_is_finished_first():
    """By whichever worker and transport; who would have to wait longer hears nothing: a failure would be believed."""
    tern = Tern(server={'workers': 2})
    setting('slow.evil', delay=0.2)
    ask('w.slow.evil')      # the delegation is known from here on
    with udp_socket() as soon, udp_socket() as late, socket.create_connection(('127.0.0.1', PORT)) as connection:
        for s in (soon, late, connection):
            s.settimeout(3)
        for s in (soon, late):
            s.connect(('127.0.0.1', PORT))
        late.send(question('hole-late.patchy.evil').to_wire())
        wanted = {question(f's{i}.slow.evil').to_wire() for i in range(20)}
        for octets in wanted:
            soon.send(octets)
        dns.query.send_tcp(connection, question('t.slow.evil'))
        time.sleep(0.1)
        seconds = tern.stop()
        for _ in wanted:
            expect(dns.message.from_wire(soon.recv(4096)), 'NOERROR', what='asked before the end')
        expect(dns.query.receive_tcp(connection)[0], 'NOERROR', what='by TCP')
        equal(connection.recv(1), b'', 'behind the answer')
        late.settimeout(0.3)
        try:
            raise Failed(f'told at the end: {dns.message.from_wire(late.recv(4096))}')
        except (socket.timeout, ConnectionRefusedError):
            pass
    at_most(seconds, 1, 'seconds')


def test_sigint_stops_and_sighup_does_not():
    tern = Tern()
    tern.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    resolves('a.honest.evil')
    tern.process.send_signal(signal.SIGINT)
    equal(tern.process.wait(1), 0, 'exit code')
    running.remove(tern)


class Activated(Tern):
    """Started as systemd starts it with tern.socket: the sockets are there, and keep the queries of a restart."""

    def __init__(self, sockets, **sections):
        self.config = write_config(merged(BASE, sections))
        self.log_path = self.config.replace('.yaml', '.log')
        self.files = None
        self.log = open(self.log_path, 'wb')

        def hand_over():
            die_with_parent()
            spare = [os.dup(s.fileno()) for s in sockets]
            for number, fd in enumerate(spare, 3):
                os.dup2(fd, number)
        command = f'LISTEN_PID=$$ LISTEN_FDS={len(sockets)} exec "$0" -c "$1"'
        self.process = subprocess.Popen(['sh', '-c', command, harness.TERND, self.config], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=hand_over, close_fds=False)
        running.append(self)
        self.wait_until_ready()


def open_as_systemd():
    sockets = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        s = socket.socket(socket.AF_INET, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(('127.0.0.1', PORT))
        sockets.append(s)
    sockets[1].listen(64)
    return sockets


def test_nothing_is_lost_over_restarts_with_sockets_of_systemd():
    """New names, each from a slow server, 100 times a second, over three restarts: each question is answered well."""
    sockets = open_as_systemd()
    setting('slow.evil', delay=0.1)
    found, threads = {}, []

    def ask_one(name):
        answer = exchange(question(name).to_wire(), timeout=5)
        found[name] = answer and rcode(dns.message.from_wire(answer))

    def ask_on():
        for i in range(300):
            thread = threading.Thread(target=ask_one, args=(f'r{i}.slow.evil',))
            thread.start()
            threads.append(thread)
            time.sleep(0.01)
    try:
        tern = Activated(sockets, server={'workers': 2})
        ask('w.slow.evil')
        asker = threading.Thread(target=ask_on)
        asker.start()
        for _ in range(3):
            time.sleep(0.6)
            tern.stop()
            tern = Activated(sockets, server={'workers': 2})
        asker.join()
        for thread in threads:
            thread.join()
    finally:
        for s in sockets:
            s.close()
    equal(len(found), 300, 'questions')
    equal({n: f for n, f in found.items() if f != 'NOERROR'}, {}, 'not answered')


def test_sockets_of_systemd():
    """tern.socket: server.listen is ignored, a question that came during a restart is answered."""
    sockets = open_as_systemd()
    try:
        tern = Activated(sockets, server={'listen': ['127.0.0.1@5399'], 'workers': 2})
        for how in ({}, {'tcp': True}):
            expect(ask('www.example.com', **how), 'NOERROR', ['192.0.2.81'])
        check(exchange(question('www.example.com').to_wire(), server='127.0.0.1') is not None)
        tern.stop()
        with udp_socket() as s:
            s.connect(('127.0.0.1', PORT))
            s.send(question('www.example.com').to_wire())
            Activated(sockets, server={'workers': 1})
            s.settimeout(4)
            expect(dns.message.from_wire(s.recv(4096)), 'NOERROR', ['192.0.2.81'])
    finally:
        for s in sockets:
            s.close()


def ended(tern, seconds=3):
    try:
        status = tern.process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Failed(f'still running: {tern.log_text()}') from None
    return status, tern.log_text()


def test_port_in_use():
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
            s.bind(('127.0.0.1', PORT))
            if kind == socket.SOCK_STREAM:
                s.listen()
            status, log = ended(Tern(wait=False))
        equal(status, 1, 'exit code')
        check('127.0.0.1@5300' in log and 'in use' in log, f'error does not say what and why: {log}')
    first = Tern()
    status, log = ended(Tern(wait=False))
    equal(status, 1, 'exit code of a second ternd')
    check('in use' in log, log)
    first.alive()
    resolves('a.honest.evil')


def test_no_permission_for_the_port():
    config = write_config(merged(BASE, {'server': {'listen': ['127.0.0.1@53']}}))
    os.chmod(config, 0o644)
    done = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all',
                           '--bounding-set=-all', TERND, '-c', config], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=5)
    if 'No such file' in done.stdout or 'failed to execute' in done.stdout:
        raise Skipped('nobody may not read the build folder')
    equal(done.returncode, 1, 'exit code')
    check('ermission' in done.stdout and '127.0.0.1@53' in done.stdout, f'unclear: {done.stdout}')


def test_address_that_is_not_up_yet():
    """IP_FREEBIND: start-up does not wait for an address."""
    Tern(server={'listen': [f'10.53.77.1@{PORT}', f'127.0.0.1@{PORT}']})
    resolves('a.honest.evil')
    subprocess.run(['ip', 'addr', 'add', '10.53.77.1/32', 'dev', 'lo'], check=True)
    try:
        resolves('a.honest.evil', server='10.53.77.1')
    finally:
        subprocess.run(['ip', 'addr', 'del', '10.53.77.1/32', 'dev', 'lo'], check=True)


def test_link_local_addresses_of_late_interfaces():
    """Indexes grow for as long as the host is up, containers come and go."""
    for index in (300, 70000):
        name = f'late{index}'
        address = f'fe80::53%{name}'
        ip('link', 'add', name, 'index', str(index), 'type', 'veth', 'peer', 'name', f'{name}p')
        try:
            ip('link', 'set', name, 'up')
            ip('link', 'set', f'{name}p', 'up')
            ip('addr', 'add', 'fe80::53/64', 'dev', name, 'nodad')
            Tern(server={'listen': [f'{address}@5301']})
            Tern(server={'listen': [f'{address}@5302', f'127.0.0.1@{PORT}']},
                 **{'forward-zones': [{'name': 'evil', 'addresses': [f'{address}@5301']}]})
            resolves(f'a{index}.honest.evil')
            resolves(f'b{index}.honest.evil', server=address, port=5302)
            stop_all()
        finally:
            ip('link', 'del', name)


def ip(*words):
    subprocess.run(['ip', *words], check=True)


def test_bad_configuration_is_exit_78():
    for text in ('server: {listne: []}', 'server: [1', 'cache: {size: lots}', 'server: {listen: ["1.2.3.4.5"]}'):
        path = os.path.join(LAB, 'bad.yaml')
        with open(path, 'w') as f:
            f.write(text + '\n')
        done = subprocess.run([TERND, '-c', path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=5)
        equal(done.returncode, 78, f'exit code for {text}')
        check('bad.yaml:1' in done.stdout, f'no file and line: {done.stdout}')
    done = subprocess.run([TERND, '-c', path + '.missing'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=5)
    check(done.returncode in (1, 78), f'missing file: {done.returncode}')
    check('bad.yaml.missing' in done.stdout, done.stdout)


def test_network_down_at_start():
    """limits.md 74: up within a second, SERVFAIL with a reason, and back within 2 s of the link."""
    with Unreachable(route=False):
        started = time.monotonic()
        Tern()
        at_most(time.monotonic() - started, 1, 'seconds to start')
        answer, seconds = ask_timed('www.example.com')
        expect(answer, 'SERVFAIL')
        check(ede(answer), 'a failure says why')
        at_most(seconds, 1, 'seconds until SERVFAIL')
    up = time.monotonic()
    while rcode(ask('www.example.com')) != 'NOERROR':
        at_most(time.monotonic() - up, 2, 'seconds after the link is up')
        time.sleep(0.1)


def test_link_down_for_a_while():
    Tern()
    expect(ask('www.example.com'), 'NOERROR')
    with Unreachable(route=False):
        for i in range(5):
            answer, seconds = ask_timed(f'd{i}.honest.evil')
            expect(answer, 'SERVFAIL')
            at_most(seconds, 4, 'seconds')
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    up = time.monotonic()
    while rcode(ask('mail.example.com')) != 'NOERROR':
        at_most(time.monotonic() - up, 2, 'seconds after the link is up')
        time.sleep(0.1)


def test_silent_internet_is_servfail_within_four_seconds():
    Tern()
    with Unreachable():
        answers = burst([(f'{x}.example.com',) for x in 'abcde'], timeout=4.5)
    for answer, seconds in answers:
        check(answer, 'no answer')
        expect(answer, 'SERVFAIL')
        at_most(seconds, 4, 'seconds')
        check(ede(answer), 'a failure says why')
    up = time.monotonic()
    while rcode(ask('www.example.com')) != 'NOERROR':
        at_most(time.monotonic() - up, 2, 'seconds after the internet is back')
        time.sleep(0.1)


@alone
def test_sixty_four_descriptors():
    """limits.md 60: no spin, questions beyond are SERVFAIL, hits unaffected, all well afterwards."""
    tern = Tern(files=64)
    setting('slow.evil', delay=1)
    resolves('hit.honest.evil')
    control = max(ask_timed('hit.honest.evil')[1] for _ in range(50))
    cpu = tern.cpu_s()
    thread_results = []
    flood = threading.Thread(target=lambda: thread_results.extend(
        burst([(f'e{i}.slow.evil',) for i in range(150)], timeout=5)))
    flood.start()
    slowest = 0
    for _ in range(50):
        answer, seconds = ask_timed('hit.honest.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        slowest = max(slowest, seconds)
        time.sleep(0.02)
    lines = []
    for _ in range(80):
        try:
            lines.append(socket.create_connection(('127.0.0.1', PORT), 0.2))
        except OSError:
            break
    time.sleep(1)
    flood.join()
    at_most(tern.cpu_s() - cpu, scaled(1), 'CPU seconds')
    for line in lines:
        line.close()
    at_most(slowest, 0.1 + 4 * control, f'slowest hit; {control:.4f} without')
    for answer, seconds in thread_results:
        check(answer, 'a question without an answer')
        check(rcode(answer) in ('NOERROR', 'SERVFAIL'), rcode(answer))
        at_most(seconds, 4, 'seconds')
    time.sleep(0.3)
    resolves('after.honest.evil')
    resolves('after.honest.evil', tcp=True)


@alone
def test_full_job_pool_answers_at_once():
    """More questions than jobs: SERVFAIL with a reason at once, hits as ever, memory bounded, then all is well."""
    tern = Tern(server={'workers': 1})
    resolves('hit.honest.evil')
    control = max(ask_timed('hit.honest.evil')[1] for _ in range(60))
    before = tern.memory()
    names = [(f'x{i}.dead-{i % 50}.silent.evil',) for i in range(6000)]
    results = []
    flood = threading.Thread(target=lambda: results.extend(burst(names, timeout=6, gap=0.0001, sockets=2)))
    flood.start()
    slowest = 0
    for _ in range(60):
        answer, seconds = ask_timed('hit.honest.evil')
        expect(answer, 'NOERROR', ['192.0.2.1'])
        slowest = max(slowest, seconds)
        time.sleep(0.03)
    flood.join()
    unanswered = sum(1 for a, _ in results if a is None)
    equal(unanswered, 0, 'questions without an answer')
    at_most(max(s for _, s in results), 4, 'slowest answer')
    at_most(slowest, scaled(0.1) + 4 * control, f'slowest hit; {control:.4f} without')
    at_most((tern.memory() - before) / 1e6, with_quarantine(64), 'MB more')
    resolves('after.honest.evil')


def test_stopped_and_continued():
    """SIGSTOP for 5 s (limits.md 67): no burst, no wrong failure, alive."""
    tern = Tern()
    setting('slow.evil', delay=0.5)
    resolves('hit.honest.evil')
    resolves('known.slow.evil')
    reset()
    flood = burst([(f'c{i}.slow.evil',) for i in range(50)], timeout=0.05)
    check(len(flood) == 50)
    tern.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    asked = len(upstream())
    tern.process.send_signal(signal.SIGCONT)
    resolves('hit.honest.evil')
    time.sleep(1)
    at_most(len(upstream()) - asked, 60, 'upstream queries after the stop')
    tern.alive()
    resolves('after.slow.evil')
    resolves('after.honest.evil')


def test_own_root_hints():
    path = os.path.join(LAB, 'hints')
    with open(path, 'w') as f:
        f.write('. 3600 IN NS k.root-servers.net.\nk.root-servers.net. 3600 IN A 193.0.14.129\n')
    Tern(resolver={'root-hints': path})
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])


def test_stub_and_forward_zones():
    """A zone by servers that its parent does not name, or by another resolver."""
    Tern()
    elsewhere = data(ask('ns.slow.evil'))[0]
    setting('slow.evil', delay=0)
    stop_all()
    reset()
    tern = Tern(**{'stub-zones': [{'name': 'honest.evil', 'addresses': [elsewhere]}]})
    resolves('a.honest.evil')
    equal({q['zone'] for q in upstream()}, {'slow.evil'}, 'who was asked')
    tern.stop()
    other = Tern(server={'listen': ['127.0.0.1@5301']})
    Tern(**{'forward-zones': [{'name': 'com', 'addresses': ['127.0.0.1@5301']}]})     # also on this very host
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    expect(ask('nothing.example.com'), 'NXDOMAIN')
    resolves('a.honest.evil')
    other.alive()


def test_private_zones_are_hidden_by_nothing_above():
    """Their parents know of no such names, and may say so of the DS only."""
    for kind in ('forward-zones', 'stub-zones'):
        zone = PrivateZone('private.example.com')
        tern = Tern(resolver={'do-not-query-localhost': False}, **{kind: [zone.route]})
        for _ in range(2):
            expect(ask('private.example.com', 'DS'), 'NXDOMAIN')
            expect(ask('private.example.com'), 'NOERROR', ['10.0.0.1'])
            expect(ask('private.example.com', 'MX'), 'NOERROR', [], 'MX')
            expect(ask('www.private.example.com'), 'NOERROR', ['10.0.0.1'])
        tern.stop()


def test_routes_that_can_never_be_asked_are_told():
    tern = Tern(resolver={'ipv6': False},
                **{'forward-zones': [{'name': 'lan', 'addresses': ['127.0.0.1@5301', '2001:db8::1']},
                                     {'name': 'corp', 'addresses': ['127.0.0.1@5301', '192.0.2.1']}],
                   'stub-zones': [{'name': 'dead', 'addresses': ['::1']}]})
    told = re.findall(r'((?:forward|stub)-zones.*): none of its addresses', tern.log_text())
    equal(told, ['stub-zones[0]: dead.'])


def test_minimisation_modes():
    for mode in ('strict', 'relaxed', 'off'):
        tern = Tern(resolver={'qname-minimization': mode})
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        expect(ask('deep.empty.ent.example.com'), 'NOERROR', ['192.0.2.88'])
        reset()
        resolves(f'{mode}.honest.evil')
        at_tld = {q['name'] for q in upstream('evil')}
        if mode == 'off':
            check('off.honest.evil' in at_tld, f'the TLD saw {at_tld}')
        else:
            check(f'{mode}.honest.evil' not in at_tld, f'the TLD saw {at_tld}')
        tern.stop()


def test_log_stays_small_and_clean():
    """limits.md 63: no control octets from names, at most 10 kB for 100 failures."""
    tern = Tern(logging={'level': 'info'})
    for i in range(100):
        m = dns.message.make_query(dns.name.Name((b'\x1b[31m\r\n;"\xff%d' % i, b'lame-refused', b'evil', b'')), 'A')
        dns.query.udp(m, '127.0.0.1', port=PORT, timeout=5)
    with open(tern.log_path, 'rb') as f:
        log = f.read()
    at_most(len(log), 10000, 'octets of log')
    check(not any(c < 32 and c != 10 for c in log), 'control octets')


def test_names_that_no_public_server_knows():
    """RFC 6761 and kin: answered here, whoever asks and through whatever alias, unless somebody is said to know them."""
    Tern(**{'special-zones': {'except': []}})
    expect(ask('localhost'), 'NOERROR', ['127.0.0.1'])
    expect(ask('a.localhost', 'AAAA'), 'NOERROR', ['::1'], 'AAAA')
    expect(ask('localhost', 'MX'), 'NOERROR', [], 'MX')
    for name in ('x.invalid', 'x.test', 'x.onion', 'x.local', 'x.internal', 'x.alt', 'x.home.arpa'):
        for _ in range(2):          # out of the rules, then kept rendered
            answer = expect(ask(name), 'NXDOMAIN')
            equal([r.name.to_text() for r in answer.authority], [name[2:] + '.'], name)     # not the root's SOA
    expect(ask('_dns.resolver.arpa', 'SVCB'), 'NOERROR', [], 'SVCB')
    expect(ask('localhost', rd=False), 'NOERROR', ['127.0.0.1'])
    tern = Tern(server={'listen': [f'127.0.0.4@{PORT}'], 'workers': 1},
                **{'special-zones': {'serve': False}, 'stub-zones': [{'name': '.', 'addresses': ['198.41.0.4']}]})
    equal(rcode(ask('localhost', server='127.0.0.4')), 'NXDOMAIN')
    check(any(r.name == dns.name.root for r in ask('localhost', server='127.0.0.4').authority))
    tern.alive()
