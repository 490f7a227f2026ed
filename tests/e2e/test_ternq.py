"""ternq over the lab."""
import harness
from harness import *
from validation import validating

BOGUS = 11      # exit status


def ternq(*arguments, port=PORT, server='127.0.0.1'):
    """Exit status, standard output and standard error."""
    program = os.path.join(os.path.dirname(harness.TERND), 'ternq')
    if not os.path.exists(program):
        raise Skipped('ternq is not built')
    done = subprocess.run([program, f'@{server}', '-p', str(port), *arguments], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, env=environment())
    return done.returncode, done.stdout, done.stderr


def validate(name, *arguments, **how):
    return ternq('+anchor=' + os.environ['LAB_ROOT_ANCHOR'], *name.split(), *arguments, **how)


def verdict(name, wanted, *arguments, status=0, **how):
    """The output, which has the verdict on a line of its own."""
    code, out, err = validate(name, *arguments, **how)
    check(any(line.startswith(wanted) for line in out.splitlines()), f'{name}: wanted "{wanted}" in {out[-900:]} {err}')
    equal(code, status, name)
    return out


def test_ternq_asks_like_dig():
    """The questions of the README."""
    Tern()
    for arguments, wanted in (('www.example.com A', '192.0.2.81'), ('www.example.com AAAA', '2001:db8::81'),
                              ('example.com MX', '10 mail.example.com.'), ('shop.example.com', 'www.example.org.'),
                              ('www.example.six AAAA', '2001:db8::6'), ('-x 198.41.0.4', 'a.root-servers.net.'),
                              ('big4000.example.com TXT', 'quick brown fox')):
        code, out, err = ternq('+short', *arguments.split())
        check(code == 0 and wanted in out, f'{arguments}: {code} {out[:200]} {err}')
    check('NXDOMAIN' in ternq('nothing.example.com')[1], 'NXDOMAIN is not told')


def test_validate_judges_by_itself():
    """Whether the server validates or not, ternq comes to the same verdict."""
    for start in (validating, Tern):
        tern = start()
        each(('www.nsec-v.net', 'www.nsec-v.net TXT', 'nothing.nsec3-v.net', 'x.wild.nsec-v.net', 'www.tree.nsec-v.net',
              'to-nsec3.nsec-v.net', 'www.child.nsec-v.net', 'nsec-v.net DNSKEY', 'com DS', '. DNSKEY', 'nosuchtld'),
             lambda name: verdict(name, '; fully validated'))
        each(('www.insecure-v.net', 'www.plain.nsec3-v.net', 'to-insecure.nsec-v.net', 'nothing.insecure-v.net',
              'nothing.optout-v.net', 'www.example.test'), lambda name: verdict(name, '; unsigned answer'))
        for name, why in (('www.expired-v.net', 'expired'), ('www.changed-v.net', 'changed-v.net'),
                          ('www.stripped-v.net', 'no signature'), ('www.wrongds-v.net', 'DS'),
                          ('nothing.nonsec-v.net', 'no proof'), ('to-bogus.nsec-v.net', 'expired')):
            line = [x for x in verdict(name, '; bogus: ', status=BOGUS).splitlines() if x.startswith('; bogus')][0]
            check(why in line, f'{name}: {line}')
        tern.stop()


def test_validate_shows_the_chain():
    Tern()
    for how in ((), ('+tcp',)):
        out = verdict('www.nsec-v.net', '; fully validated', '+dnssec', *how)
        for wanted in ('> nsec-v.net. DNSKEY to 127.0.0.1', '> net. DS to', 'matches a DNSKEY', 'status: NOERROR',
                       'flags: qr rd ra ad', 'RRSIG\tA 13', '(TCP)' if how else '(UDP)'):
            check(wanted in out, f'{wanted}: {out}')
        check('by TCP' in out or not how, out)
    out = verdict('nothing.nsec-v.net', '; fully validated')
    check('status: NXDOMAIN' in out and 'NSEC\t' not in out, out)
    out = verdict('www.nsec-v.net', '; fully validated', '+nocomments')
    check(';;  ' not in out and '192.0.2.1' in out, out)
    verdict('www.nsec-v.net', '; fully validated', '-6', server='::1')


def test_validate_for_programs():
    Tern()
    equal(validate('www.nsec-v.net', '+short'), (0, '192.0.2.1\n', ''))
    equal(validate('www.insecure-v.net', '+short'), (0, '192.0.2.1\n', ''))
    code, out, err = validate('www.changed-v.net', '+short')
    equal((code, out), (BOGUS, ''))
    check('; bogus: ' in err, err)
    for name, word, status in (('www.nsec-v.net', 'secure', 0), ('www.insecure-v.net', 'insecure', 0),
                               ('www.changed-v.net', 'bogus', BOGUS)):
        code, out, _ = validate(name, '+json')
        message = json.loads(out)
        equal((code, message['validation']['verdict'], message['AD']), (status, word, int(word == 'secure')), name)
        equal('reason' in message['validation'], word == 'bogus', name)


def test_validate_needs_a_server_and_anchors():
    code, out, _ = validate('www.nsec-v.net', '+tries=1', '+timeout=1', port=5399)
    equal(code, 9)
    check('no servers could be reached' in out, out)
    Tern()
    check(ternq('www.nsec-v.net', '+validate')[0] == BOGUS, 'the lab signs with the true root key')
    equal(ternq('www.nsec-v.net', '+anchor=/nowhere')[0], 1)
    equal(ternq('www.nsec-v.net', '+validate', '+trace')[0], 1)
    equal(ternq('version.bind', 'TXT', 'CH', '+validate')[0], 1)


class OneReply(threading.Thread):
    """A server on 127.0.0.1 that answers every query with what @make says of the query's octets."""

    def __init__(self, make, port=0):
        super().__init__(daemon=True)
        self.make = make
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', port))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            octets, peer = self.socket.recvfrom(65535)
            self.socket.sendto(self.make(octets), peer)


OPT = b'\0\0\x29\x04\xd0\0\0\0\0\0\0'
RECORD = b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1'
TSIG = b'\0\0\xfa\0\xff\0\0\0\0\0\0'


def reply_to(octets, counts, body, questions=1):
    """The query's id and question, these counts, then @body."""
    end = octets.index(b'\0', 12) + 5
    return octets[:2] + b'\x84\0' + struct.pack('!4H', questions, *counts) + octets[12:end] + body


def test_odd_replies_are_shown():
    """What came is printed with what is wrong with it, at once."""
    def show(case):
        told, counts, body, questions = case
        server = OneReply(lambda octets: reply_to(octets, counts, body, questions))
        started = time.monotonic()
        code, out, err = ternq('www.example.com', '+timeout=4', '+tries=1', port=server.port)
        check(time.monotonic() - started < 2, f'{told}: waited for the timeout: {out}')
        equal(code, 0, told)
        check(told in out and 'status: NOERROR' in out, f'{told}: {out} {err}')
        check('192.0.2.1' in out, f'{told}: the record is not shown: {out}')

    each((('7 octets behind the message', (1, 0, 0), RECORD + b'1234567', 1),
          ('one more OPT in ADDITIONAL', (1, 0, 2), RECORD + OPT + OPT, 1),
          ('9 records announced, 1 there', (9, 0, 0), RECORD, 1),
          ('signed by a TSIG', (1, 0, 1), RECORD + TSIG, 1),
          ('a TSIG in ADDITIONAL that is not', (1, 0, 2), RECORD + TSIG + OPT, 1),
          ('left out, its name', (2, 0, 0), RECORD + b'\xc0\xff' + RECORD[2:], 1),
          ('2 questions', (1, 0, 0), b'\0\0\1\0\1' + RECORD, 2)), show)


def test_odd_replies_for_programs():
    server = OneReply(lambda octets: reply_to(octets, (1, 0, 0), RECORD + b'x'))
    code, out, err = ternq('www.example.com', '+short', '+timeout=4', '+tries=1', port=server.port)
    equal((code, out), (0, '192.0.2.1\n'))
    check('WARNING' in err, err)
    _, out, _ = ternq('www.example.com', '+json', '+timeout=4', '+tries=1', port=server.port)
    equal(json.loads(out)['warnings'], ['1 octets behind the message'])


def test_a_reply_to_another_question_is_waited_past():
    server = OneReply(lambda octets: reply_to(octets, (1, 0, 0), RECORD).replace(b'www', b'xyz'))
    code, out, _ = ternq('www.example.com', '+timeout=1', '+tries=1', port=server.port)
    equal(code, 9)
    check('mismatch: got xyz.example.com.' in out, out)


def test_trace_tells_who_gives_no_root():
    refusing = OneReply(lambda octets: octets[:2] + b'\x80\5' + octets[4:], port=53)
    code, out, err = ternq('www.example.com', '+trace', port=refusing.port)
    check('gave no NS records of the root (REFUSED' in out, f'{code} {out[:600]} {err}')
    Tern()
    check('gave no NS' not in ternq('www.example.com', '+trace', '+tries=1', '+timeout=1')[1], 'ternd gives the root')
