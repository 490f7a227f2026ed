"""What a person who knows dig expects of ternq: several questions, searching, transfers, forms of output, mistakes.

The zones are served by name servers of the tests' own, on loopback in the lab."""
import contextlib
import shutil
import tempfile

import yaml

import harness
from harness import *
from test_ternq import OneReply, reply_to, ternq

ZONE = 'z.example'
PRIMARY = 5391          # port
KEY = 'mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=='
RECORDS = f"""$TTL 300
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
www TXT "it's here"
k DNSKEY 257 3 13 {KEY}
xn--bcher-kva A 192.0.2.3
1.2.0.192.in-addr.arpa.{ZONE}. PTR www
""" + ''.join(f'h{i} A 198.51.100.{i % 250}\nh{i} TXT "{"x" * 200}"\n' for i in range(500))


def zone_text(serial, more=''):
    return f'@ 300 SOA ns hostmaster {serial} 7200 3600 604800 300\n' + RECORDS + more


def bind(directory):
    transfers = {ZONE: 'any', 'closed.example': 'none'}
    zones = ''.join(f'zone "{z}" {{ type primary; file "{directory}/{z}"; ixfr-from-differences yes; '
                    f'allow-transfer {{ {who}; }}; }};\n' for z, who in transfers.items())
    with open(f'{directory}/named.conf', 'w') as f:
        f.write(f'options {{ directory "{directory}"; listen-on port {PRIMARY} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};'
                f' recursion no; notify no; dnssec-validation no; pid-file none; lock-file none; check-integrity no;'
                f' session-keyfile "{directory}/session.key"; minimal-responses yes; }};\ncontrols {{ }};\n{zones}')
    return ['named', '-f', '-n', '1', '-c', f'{directory}/named.conf']


def knot(directory):
    with open(f'{directory}/knot.conf', 'w') as f:
        f.write(f'server:\n  rundir: "{directory}"\n  listen: [ 127.0.0.1@{PRIMARY} ]\n'
                f'database:\n  storage: "{directory}"\nacl:\n  - id: open\n    address: 127.0.0.1\n    action: transfer\n'
                f'template:\n  - id: default\n    storage: "{directory}"\n    zonefile-sync: -1\n    journal-content: changes\n'
                f'    zonefile-load: difference\n    semantic-checks: off\n'
                f'zone:\n  - domain: {ZONE}.\n    acl: open\n    file: {ZONE}\n  - domain: closed.example.\n    file: closed.example\n')
    return ['knotd', '-c', f'{directory}/knot.conf', '-s', f'{directory}/knot.sock']


def nsd(directory):
    with open(f'{directory}/nsd.conf', 'w') as f:
        f.write(f'server:\n  username: ""\n  pidfile: ""\n  server-count: 1\n  ip-address: 127.0.0.1@{PRIMARY}\n'
                f'  zonesdir: "{directory}"\n  xfrdfile: "{directory}/xfrd"\n  xfrdir: "{directory}"\n'
                f'  zonelistfile: "{directory}/list"\n  database: ""\nremote-control:\n  control-enable: no\n'
                f'zone:\n  name: {ZONE}\n  zonefile: {ZONE}\n  provide-xfr: 127.0.0.1 NOKEY\n'
                f'zone:\n  name: closed.example\n  zonefile: closed.example\n')
    return ['nsd', '-d', '-c', f'{directory}/nsd.conf']


def serial_of(zone=ZONE):
    try:
        answer = ask(zone, 'SOA', port=PRIMARY, timeout=0.5, tcp=True)
        return answer.answer[0][0].serial
    except (Failed, OSError, EOFError, IndexError):
        return None


def wait_for_serial(serial):
    for _ in range(200):
        if serial_of() == serial:
            return
        time.sleep(0.05)
    raise Failed(f'the primary does not come to serial {serial}')


@contextlib.contextmanager
def primary(program, serial=7):
    """A server of ZONE; what is given changes the zone."""
    directory = tempfile.mkdtemp(dir=LAB)
    os.chmod(directory, 0o777)

    def write(name, n, more=''):
        with open(f'{directory}/{name}', 'w') as f:
            f.write(zone_text(n, more))
    write(ZONE, serial)
    write('closed.example', serial)
    with open(f'{directory}/log', 'w') as log:
        process = subprocess.Popen(program(directory), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   preexec_fn=harness.die_with_parent)

    def change(n, more):
        write(ZONE, n, more)
        os.utime(f'{directory}/{ZONE}', (time.time() + n, time.time() + n))     # seconds are all that some look at
        process.send_signal(signal.SIGHUP)
        wait_for_serial(n)
    try:
        wait_for_serial(serial)
        yield change
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def primary_ternq(*arguments):
    """@arguments are words with spaces between; what is printed."""
    return ternq(*' '.join(arguments).split(), port=PRIMARY)


def lines_of(text):
    return [line for line in text.splitlines() if line and not line.startswith(';')]


# --- several questions --------------------------------------------------------

def test_ternq_asks_several_questions():
    with primary(bind):
        def answers(case):
            arguments, wanted = case
            code, out, err = primary_ternq('+short', arguments)
            equal((code, out.split('\n')[:-1]), (0, wanted), f'{arguments} {err}')
        each(((f'www.{ZONE} ns.{ZONE}', ['192.0.2.2', '192.0.2.1']),
              (f'www.{ZONE} TXT ns.{ZONE} A', ['"it\'s here"', '192.0.2.1']),
              (f'TXT www.{ZONE} ns.{ZONE} A', ['"it\'s here"', '192.0.2.1']),
              (f'-t NS {ZONE} www.{ZONE} A', [f'ns.{ZONE}.', '192.0.2.2'])), answers)
        code, out, _ = primary_ternq(f'www.{ZONE} +noall +question ns.{ZONE} +noall +answer')
        equal((code, [x.split()[0] for x in out.splitlines() if x and not x.startswith('; ')]),
              (0, [f';www.{ZONE}.', f'ns.{ZONE}.']))


def test_a_server_and_a_port_hold_from_where_they_stand():
    other = OneReply(lambda octets: reply_to(octets, (0, 0, 0), b''))
    with primary(bind):
        code, out, err = primary_ternq(f'+short www.{ZONE} -p {other.port} n1.{ZONE} -p {PRIMARY} ns.{ZONE}')
        check('192.0.2.1' in out.split() and code == 0, f'{code} {out} {err}')
        _, out, _ = primary_ternq(f'+tries=1 www.{ZONE} @127.0.0.2 ns.{ZONE}')
        equal(out.count('to 127.0.0.2#'), 2, out)


def test_the_worst_exit_code_counts():
    with primary(bind):
        dead = '@127.0.0.9 +tries=1 +timeout=1'
        equal(primary_ternq(f'www.{ZONE}')[0], 0)
        equal(primary_ternq(f'www.{ZONE} x.{ZONE} {dead}')[0], 9)
        equal(primary_ternq(f'x.{ZONE} {dead} a..b. {dead}')[0], 10)
        equal(primary_ternq(f'a..b. x.{ZONE} {dead}')[0], 10)


def test_a_batch_file_goes_on_behind_a_bad_line():
    with primary(bind):
        path = os.path.join(LAB, 'batch')
        with open(path, 'w') as f:
            f.write(f'; names\nwww.{ZONE}\n\nwww.{ZONE} FOO\n{"x" * 5000}\nns.{ZONE} A +nocmd\n')
        code, out, err = primary_ternq(f'+short -f {path}')
        equal((code, out.split()), (1, ['192.0.2.2', '192.0.2.1']), err)
        check(f'{path}:4: not asked' in err and f'{path}:5: not asked' in err, err)


# --- mistakes -----------------------------------------------------------------

def test_mistakes_are_told_with_what_was_meant():
    def told(case):
        arguments, wanted = case
        code, out, err = ternq(*arguments.split())
        equal((code, out), (1, ''), arguments)
        check(wanted in err, f'{arguments}: {err}')
    each((('www AAAAA', 'neither a record type nor a class: "AAAAA"; did you mean "AAAA"?'),
          ('www foo', 'put a dot at its end'),
          ('www A AAAA', 'too many: "AAAA"'),
          ('www +shrot', 'unknown option "+shrot"; did you mean "+short"?'),
          ('www +nodnsec', 'did you mean "+nodnssec"?'),
          ('www +bufsize=big', 'bad value in "+bufsize=big"; it is +bufsize=octets'),
          ('www +tcp=1', '+tcp has none'),
          ('www -t FOO', 'no record type: "FOO"'),
          ('-x 300.1.2.3', 'bad value for "-x": "300.1.2.3"'),
          ('-x 2001:db8:::', 'bad value for "-x"'),
          ('www IXFR', 'IXFR=2026'),
          ('--foo', 'unknown option "--foo"')), told)


def test_help_lists_every_option_of_the_manual():
    code, out, _ = ternq('--help')
    equal(code, 0)
    equal(ternq('-h')[1], out)
    manual = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs/ternq.1')
    with open(manual) as f:
        words = set(re.findall(r'\+[a-z]{2,}', ' '.join(x for x in f if x.startswith('.It Cm +'))))
    listed = set(re.findall(r'^  (\+[a-z]+)', out, re.MULTILINE))
    equal(words ^ listed, set(), 'in one of the two only')


def test_a_part_of_an_address_is_reversed():
    def asked(case):
        address, name = case
        _, out, err = ternq('+noall', '+qr', '+question', '+tries=1', '+timeout=1', '-x', address, port=5399)
        check(f';{name}' in out.replace('\t', ' ').split(), f'{address}: {out} {err}')
    each((('192.0.2', '2.0.192.in-addr.arpa.'), ('192.0.2.1', '1.2.0.192.in-addr.arpa.'),
          ('192.0.2.0/25', '0/25.2.0.192.in-addr.arpa.'), ('2001:db8:', '8.b.d.0.1.0.0.2.ip6.arpa.')), asked)


# --- searching ----------------------------------------------------------------

def with_resolv_conf(text, *arguments):
    """ternq where /etc/resolv.conf says @text."""
    path = os.path.join(LAB, 'resolv.conf')
    with open(path, 'w') as f:
        f.write(text)
    program = os.path.join(os.path.dirname(harness.TERND), 'ternq')
    done = subprocess.run(['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path, program,
                           '-p', str(PRIMARY), *' '.join(arguments).split()], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def test_names_are_searched():
    conf = f'nameserver 127.0.0.1\nsearch nothing.{ZONE} {ZONE}\noptions ndots:2\n'
    with primary(bind):
        def answer(case):
            arguments, wanted = case
            code, out, err = with_resolv_conf(conf, '+short', arguments)
            equal((code, out), (0, wanted), f'{arguments} {err}')
        each((('www +search', '192.0.2.2\n'), ('www', ''), ('www. +search', ''),
              (f'www +domain={ZONE}', '192.0.2.2\n'), (f'www +domain=nothing.{ZONE} +ndots=5', ''),
              (f'www.{ZONE} +search', '192.0.2.2\n')), answer)
        _, out, _ = with_resolv_conf(conf, 'www +showsearch +noall +question +nocmd')
        equal([x.split()[0] for x in out.splitlines() if x.startswith(';')], [f';www.nothing.{ZONE}.', f';www.{ZONE}.'])
        long = '.'.join(['x' * 63] * 3)
        code, out, err = with_resolv_conf(conf, f'{long} +ndots=9 +domain={"y" * 60}.{ZONE} +noall +question +nocmd')
        equal((code, out.split()[0]), (0, f';{long}.'), f'a name that gets too long is stepped over: {err}')


# --- transfers ----------------------------------------------------------------

def check_axfr(program):
    _, out, err = primary_ternq(f'{ZONE} AXFR +onesoa +noall +answer')
    wanted = {line for line in subprocess.run(
        ['dig', '@127.0.0.1', '-p', str(PRIMARY), ZONE, 'AXFR', '+onesoa', '+noall', '+answer', '+nosplit'], text=True,
        stdout=subprocess.PIPE).stdout.splitlines() if line}
    got = lines_of(out)
    equal(len(got), len(set(got)), f'{program}: records come twice')
    equal({' '.join(x.split()) for x in got} ^ {' '.join(x.split()) for x in wanted}, set(), f'{program} {err}')
    code, out, _ = primary_ternq(f'{ZONE} AXFR')
    size = re.search(r'XFR size: (\d+) records \(messages (\d+), bytes (\d+)\)', out)
    check(code == 0 and size and '(TCP)' in out, f'{program}: {out[-300:]}')
    equal(int(size[1]), len(lines_of(out)), program)
    at_least(int(size[2]), 2, f'{program}: messages')
    code, out, _ = primary_ternq('closed.example AXFR')
    equal(code, 9, program)
    check('; Transfer failed.' in out and re.search('REFUSED|NOTAUTH', out), f'{program}: {out}')


def test_a_zone_is_transferred():
    for program in (bind, knot, nsd):
        with primary(program):
            check_axfr(program.__name__)


def test_what_changed_is_transferred():
    for program in (bind, knot):
        with primary(program) as change:
            change(8, 'new A 192.0.2.8\n')
            change(9, 'newer A 192.0.2.9\n')
            code, out, err = primary_ternq(f'{ZONE} IXFR=7 +nostats')
            lines = lines_of(out)
            equal(code, 0, f'{program.__name__}: {out} {err}')
            at_most(len(lines), 12, f'{program.__name__}: records')
            check(' 9 ' in lines[0] and lines[0] == lines[-1] and ' 7 ' in lines[1], out)
            check(f'newer.{ZONE}.' in out and f'ns.{ZONE}.\t' not in out, out)
            code, out, _ = primary_ternq(f'-t ixfr=9 {ZONE} +nostats')
            equal((code, len(lines_of(out))), (0, 1), program.__name__)
            code, out, _ = primary_ternq(f'{ZONE} IXFR=3 +nostats')
            check(code == 0 and f'h499.{ZONE}.' in out, f'{program.__name__}: the whole zone')


class OneStream(threading.Thread):
    """A server on 127.0.0.1 that answers a query by TCP with what @make makes of it: messages, then the end."""

    def __init__(self, make):
        super().__init__(daemon=True)
        self.make = make
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            with peer, contextlib.suppress(OSError):
                query = peer.recv(65535)[2:]
                for message in self.make(query):
                    peer.sendall(struct.pack('!H', len(message)) + message)


def soa(serial):
    return b'\xc0\x0c\0\6\0\1\0\0\0\x3c\0\x16\0\0' + struct.pack('!5I', serial, 2, 3, 4, 5)


def record():
    return b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1'


def test_a_bad_transfer_is_told():
    """What came is printed, what is wrong is said, and the exit code is that of no reply."""
    def show(case):
        what, told, messages, printed = case
        server = OneStream(lambda query: [reply_to(query, (n, 0, 0), body) for n, body in messages])
        started = time.monotonic()
        code, out, err = ternq(ZONE, 'AXFR', '+tries=2', '+timeout=2', port=server.port)
        equal(code, 9, f'{what} {out} {err}')
        check(told in out and '; Transfer failed.' in out, f'{what}: {out} {err}')
        equal(len(lines_of(out)), printed, f'{what}: {out}')
        at_most(time.monotonic() - started, 5, what)

    each((('first', 'the first record is not', [(2, record() + soa(7))], 0),
          ('serial', 'begins with serial 7 and ends with 8', [(3, soa(7) + record() + soa(8))], 2),
          ('behind', 'records behind the last SOA', [(3, soa(7) + soa(7) + record())], 2),
          ('cut', 'the end is missing', [(2, soa(7) + record())], 2),
          ('broken', 'a broken message', [(2, soa(7) + record()), (9, record())], 2),
          ('empty', 'a message without records', [(0, b'')], 0)), show)


def test_records_outside_of_the_zone_are_told():
    outside = b'\1x' + record()[2:].replace(b'\0\1\0\1', b'\0\0\1\0\1', 1)
    server = OneStream(lambda query: [reply_to(query, (3, 0, 0), soa(7) + outside + soa(7))])
    code, out, _ = ternq(ZONE, 'AXFR', port=server.port)
    check(code == 0 and 'WARNING: 1 records are not in the zone' in out, out)


def test_a_transfer_waits_for_each_message_only():
    def slowly(query):
        for body in (soa(7), record(), record(), soa(7)):
            time.sleep(0.7)
            yield reply_to(query, (1, 0, 0), body)
    code, out, _ = ternq(ZONE, 'AXFR', '+tries=1', '+timeout=1', port=OneStream(slowly).port)
    equal((code, len(lines_of(out))), (0, 4), out)

    def never(query):
        yield reply_to(query, (1, 0, 0), soa(7))
        time.sleep(10)
    started = time.monotonic()
    code, out, _ = ternq(ZONE, 'AXFR', '+tries=1', '+timeout=1', port=OneStream(never).port)
    check(code == 9 and 'timed out' in out, out)
    at_most(time.monotonic() - started, 4, 'seconds')


# --- forms --------------------------------------------------------------------

def test_records_look_as_dig_shows_them():
    with primary(bind):
        def same(arguments):
            words = [ZONE if x == '@' else x.replace('@', ZONE) for x in arguments.split()]
            whole = [] if '+multiline' in words else ['+nosplit']
            dig = subprocess.run(['dig', '@127.0.0.1', '-p', str(PRIMARY), '+noall', '+answer', *whole, *words],
                                 text=True, stdout=subprocess.PIPE).stdout
            out = primary_ternq('+noall +answer +nocmd', *words)[1]
            equal(out.strip(), dig.strip(), arguments)
        each(('@ SOA +multiline', 'k.@ DNSKEY +multiline', 'k.@ DNSKEY +multiline +norrcomments +nocrypto',
              'k.@ DNSKEY +nocrypto', 'k.@ DNSKEY +rrcomments', 'k.@ DNSKEY +short +nocrypto', 'www.@ TXT +multiline',
              'www.@ A +nottlid +noclass'), same)


def test_yaml_is_yaml():
    with primary(bind):
        code, out, _ = primary_ternq(f'+yaml +nsid www.{ZONE} TXT nothing.{ZONE} +subnet=192.0.2.0/24')
        equal(code, 0)
        # PyYAML knows the long form of this tag only
        first, second = yaml.safe_load(out.replace('!!timestamp ', ''))
        message = first['message']
        equal(message['response_message_data']['ANSWER_SECTION'], [f'www.{ZONE}. 300 IN TXT "it\'s here"'])
        equal((message['response_port'], message['socket_protocol']), (PRIMARY, 'UDP'))
        equal(second['message']['response_message_data']['status'], 'NXDOMAIN')
        dig = yaml.safe_load(subprocess.run(['dig', '@127.0.0.1', '-p', str(PRIMARY), '+yaml', f'www.{ZONE}', 'TXT'], text=True,
                                            stdout=subprocess.PIPE).stdout.replace('!!timestamp ', ''))[0]
        missing = set(dig['message']) - set(message) - {'query_address', 'query_port'}
        equal(missing, set(), 'keys that dig has')
        equal(dig['message']['response_message_data']['QUESTION_SECTION'],
              message['response_message_data']['QUESTION_SECTION'])


def test_names_go_in_and_out_as_unicode():
    with primary(bind):
        _, out, _ = primary_ternq(f'bücher.{ZONE} +noall +answer +nocmd')
        check(out.startswith(f'xn--bcher-kva.{ZONE}.') and '192.0.2.3' in out, out)
        _, out, _ = primary_ternq(f'bücher.{ZONE} +idnout +noall +answer +nocmd')
        check(out.startswith(f'bücher.{ZONE}.'), out)
        _, out, _ = primary_ternq(f'bücher.{ZONE} +noidnin +noall +question +nocmd')
        check('b\\195\\188cher' in out, out)


def test_unicode_is_for_a_terminal():
    """A pipe gets what is sent, a terminal what is read."""
    program = os.path.join(os.path.dirname(harness.TERND), 'ternq')
    asked = f'{program} @127.0.0.1 -p {PRIMARY} xn--bcher-kva.{ZONE} +noall +answer +nocmd'
    with primary(bind):
        for settings, wanted in (({'LC_ALL': 'C.UTF-8'}, 'bücher'), ({'LC_ALL': 'C'}, 'xn--bcher'),
                                 ({'LC_ALL': 'C.UTF-8', 'IDN_DISABLE': '1'}, 'xn--bcher')):
            done = subprocess.run(['script', '-qec', asked, '/dev/null'], text=True, stdout=subprocess.PIPE, timeout=20,
                                  stdin=subprocess.DEVNULL, env={**os.environ, **settings})
            check(wanted in done.stdout, f'{settings}: {done.stdout}')
