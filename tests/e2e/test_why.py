"""What the log tells of failures, at the level that a daemon has without being told."""
import json
import re
import time

from harness import *
from test_control import SOCKET, ternctl
from validation import *


def lines(tern, words):
    return [line for line in tern.log_text().splitlines() if re.search(words, line)]


def one(tern, words):
    found = lines(tern, words)
    equal(len(found), 1, f'{words}: {tern.log_text()[-1500:]}')
    return found[0]


def fails(name):
    equal(rcode(ask(name)), 'SERVFAIL', name)


def validating(**dnssec):
    return Tern(control={'socket': SOCKET}, dnssec={'validation': 'on', 'trust-anchors': anchors(), **dnssec}, logging={'level': 'notice'})


def test_an_expired_signature():
    """Who asked for what, by which key and since when: once, however often and by whom it is asked again."""
    tern = validating()
    for _ in range(3):
        fails('www.expired-v.net')
    line = one(tern, 'SERVFAIL to ')
    check(re.search(r' notice: SERVFAIL to 127\.0\.0\.1@\d+ for www\.expired-v\.net\. A: EDE 7 \(Signature Expired\): '
                    r'signature by key \d+ expired \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, of expired-v\.net\. over ', line), line)
    check(re.search(r', from [0-9a-f.:]+@53$', line), line)


def test_a_server_that_refuses():
    """The server that is to blame is named; other names of the zone are counted."""
    tern = Tern(logging={'level': 'notice'})
    for i in range(20):
        fails(f'n{i}.lame-refused.evil')
    found = lines(tern, 'SERVFAIL to ')
    check(found and re.search(r'EDE \d+ \([A-Z].*\): .* from [0-9a-f.:]+@53 for zone lame-refused\.evil\.', found[0]), found)
    at_most(len(found), 2, 'lines, one of a worker')


def test_what_permissive_lets_through():
    tern = validating(validation='permissive')
    equal(rcode(ask('www.expired-v.net')), 'NOERROR')
    line = one(tern, 'does not validate')
    check('(permissive) to 127.0.0.1@' in line and 'for www.expired-v.net. A: EDE 7' in line, line)
    equal(json.loads(ternctl('--json', 'stats'))['dnssec']['let_through'], 1)


def test_a_client_that_is_denied():
    tern = Tern(access={'allow': ['127.0.0.9/32']}, logging={'level': 'notice'})
    for _ in range(5):
        equal(rcode(ask('www.example.com')), 'REFUSED')
    found = lines(tern, 'query from 127.0.0.1@.* denied: access.allow')
    check(1 <= len(found) <= 2, found)


@long(70)
def test_what_is_left_out_is_counted():
    tern = Tern(server={'workers': 1}, logging={'level': 'notice'})
    for i in range(5):
        fails(f'n{i}.lame-refused.evil')
    for _ in range(3):
        fails('n0.lame-refused.evil')
    equal(len(lines(tern, 'SERVFAIL to ')), 1)
    time.sleep(61)
    line = one(tern, 'not told one by one')
    check('s: 4 SERVFAIL, 3 SERVFAIL out of the cache, 0 answers that do not validate, 0 queries' in line, line)
    fails('m.lame-refused.evil')
    equal(len(lines(tern, 'SERVFAIL to ')), 2)


def test_what_happens_on_the_way():
    """At info each server that failed, at debug each step; neither costs the default level anything."""
    tern = Tern(logging={'level': 'info'})
    fails('n0.lame-refused.evil')
    check(lines(tern, r' info: n0\.lame-refused\.evil\. A: .*REFUSED.* from '), tern.log_text()[-1500:])
    equal(lines(tern, r' debug: n0\.'), [])
    tern.stop()
    tern = Tern(logging={'level': 'debug'})
    fails('n0.lame-refused.evil')
    check(lines(tern, r' debug: n0\.lame-refused\.evil\. A: zone cut '), tern.log_text()[-1500:])
    check(lines(tern, r' debug: n0\.lame-refused\.evil\. A: > '), tern.log_text()[-1500:])
