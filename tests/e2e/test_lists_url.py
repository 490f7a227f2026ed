"""Lists that are fetched: every way in which a server, the way to it, or the disk can fail takes nothing away."""
import contextlib
import functools
import gzip
import hashlib
import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import zlib

from harness import *
from test_lists import ede_options, told, until
import test_lists
from test_reload import reload, start, ternctl

HOST, ADDRESS = 'www.example.com', '192.0.2.81'     # as the lab's authority says


@functools.cache
def certificates():
    """The folder with ca.pem, and good.pem that it signed."""
    folder = tempfile.mkdtemp(dir=LAB)

    def openssl(*args):
        subprocess.run(['openssl', *args], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', '-x509', *key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=lab', '-days', '30')
    openssl('req', *key, '-keyout', 'good.key', '-out', 'good.csr', '-subj', '/CN=lists')
    with open(f'{folder}/good.ext', 'w') as f:
        f.write(f'subjectAltName=DNS:{HOST},DNS:lists.lan,IP:127.0.0.1\n')
    openssl('x509', '-req', '-in', 'good.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile',
            'good.ext', '-out', 'good.pem', '-days', '30')
    os.chmod(folder, 0o755)
    return folder


class Server:
    """HTTPS (or not), one function for all requests: it gets the handler, and answers by it."""

    def __init__(self, answer, address='127.0.0.1', tls=True):
        self.answer, self.asked, self.conditions = answer, [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                outer.conditions.append((self.headers['If-None-Match'], self.headers['If-Modified-Since']))
                with contextlib.suppress(OSError):
                    outer.answer(self)

            def log_message(self, *_):
                pass
        self.http = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None
        self.port = self.http.server_address[1]
        self.scheme = 'https' if tls else 'http'
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f'{certificates()}/good.pem', f'{certificates()}/good.key')
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, host='127.0.0.1', path='/hosts'):
        return f'{self.scheme}://{host}:{self.port}{path}'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


def text(body, code=200, **headers):
    """Answers with @body and an ETag of it, or 304."""
    octets = body.encode() if isinstance(body, str) else body
    tag = f'"{hashlib.sha256(octets).hexdigest()[:16]}"'

    def answer(h):
        same = code == 200 and h.headers['If-None-Match'] == tag
        h.send_response(304 if same else code)
        h.send_header('ETag', tag)
        for name, value in headers.items():
            h.send_header(name.replace('_', '-'), value)
        h.send_header('Content-Length', '0' if same else str(len(octets)))
        h.end_headers()
        if not same:
            h.wfile.write(octets)
    return answer


def listing(server, host='127.0.0.1', path='/hosts', name='more', **more):
    return {'name': name, 'url': server.url(host, path), 'ca': f'{certificates()}/ca.pem', **more}


def state():
    return tempfile.mkdtemp(dir=LAB)


def run(lists, folder=None, **sections):
    return start(lists=lists, env={'STATE_DIRECTORY': folder} if folder else {'STATE_DIRECTORY': ''}, **sections)


def fetched():
    until(lambda: told('more')['entries'] > 0, 10)


def update(code=0):
    return ternctl('lists', 'update', 'more', code=code)


def blocked(name, where='list more'):
    test_lists.blocked(name, where=where)


def is_blocked(name):
    return any('list more' in o.text for o in ede_options(ask(name)))


def test_fetched_and_fetched_again():
    folder = state()
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], folder)
        fetched()
        blocked('one.test-zone', where='list more, line 1')
        one = told('more')
        equal((one['url'], one['failures'], one['fetch_error']), (server.url(), 0, ''))
        at_most(one['fetched_s'], 20, 'seconds ago')
        at_most(one['next_s'], 86400, 'seconds until')
        at_least(one['next_s'], 77000, 'seconds until')
        check('the same as before, 1 entries' in update(), 'a 304')
        check(server.conditions[-1][0], 'a condition')
        server.answer = text('two.test-zone\nthree.test-zone\n')
        check('fetched, 2 entries' in update(), 'another list')
        blocked('two.test-zone')
        check(not is_blocked('one.test-zone'))
        out = ternctl('status')
        check('2 names in 1 list, the oldest fetched' in out and '0 with an error' in out, out)
        out = ternctl('lists')
        check(server.url() in out and 'next in' in out, out)
        equal([json.loads(l)['name'] for l in ternctl('--json', 'lists', 'update').splitlines()], ['more'])
        check('no list with a url' in ternctl('lists', 'update', 'other', code=1))
        tern.stop()


def test_gzip():
    two = gzip.compress(b'zipped.test-zone\n') + gzip.compress(b'again.test-zone\n')
    with Server(text(two, Content_Encoding='gzip')) as server:
        run([listing(server)], state())
        fetched()
        blocked('zipped.test-zone')
        blocked('again.test-zone')


def test_what_goes_wrong_takes_nothing_away():
    def move(to, code=302):
        return text('', code, Location=to)

    with Server(text('one.test-zone\n')) as server, Server(text('one.test-zone\n'), tls=False) as plain:
        tern = run([listing(server)], state())
        fetched()

        def endless_headers(h):
            h.send_response(200)
            for i in range(2000):
                h.send_header(f'X-{i}', 'x' * 100)
            h.end_headers()

        def short(h):
            h.send_response(200)
            h.send_header('Content-Length', '100000')
            h.end_headers()
            h.wfile.write(b'short.test-zone\n')

        def unframed(h):
            h.send_response(200)
            h.end_headers()
            h.wfile.write(b'unframed.test-zone\n')

        def zipped(octets):
            return text(octets, Content_Encoding='gzip')
        whole = gzip.compress(''.join(f'n{i}.test-zone\n' for i in range(999)).encode())

        cases = [(text('no', 404), 'HTTP 404'), (text('no', 500), 'HTTP 500'), (text('no', 204), 'HTTP 204'),
                 (text('<!DOCTYPE html><p>sign in'), 'a page of HTML'), (text(''), 'empty'),
                 (text('# nothing\n'), 'no names'), (text(b'\0\1' * 900), 'octets that no text has'),
                 (short, ''), (unframed, 'without a length'), (zipped(whole[:-9]), 'cut off'), (zipped(whole[:999] + b'x' + whole[1000:]), 'broken'),
                 (text('x.test-zone', Content_Encoding='br'), 'a coding'), (endless_headers, 'headers'),
                 (lambda h: h.connection.close(), ''),
                 (lambda h: move(f'/{len(server.asked)}')(h), 'too many redirections'),
                 (move('file:///etc/hosts'), 'expected https://'), (move('https://x@y/'), 'no user'),
                 (move(plain.url()), 'from https to http'), (move('https://nowhere.invalid/'), 'the host'),
                 (text('', 302), 'without a place')]

        def one(case):
            server.answer, why = case
            at = len(server.asked)
            out = update(code=1)
            check(why in out, f'{why}: {out}')
            at_most(len(server.asked) - at, 6, 'requests')
            check(why in told('more')['fetch_error'], told('more'))
            check(is_blocked('one.test-zone'), 'it is still there')
        each(cases, one)
        check('1 with an error' in ternctl('status'))
        equal(told('more')['failures'], len(cases))
        at_most(told('more')['next_s'], 4500, 'seconds until the next try')
        server.answer = move(server.url(path='/elsewhere'), 308)
        at = len(server.asked)

        def answer(h):
            (move('/elsewhere', 308) if h.path == '/hosts' else text('moved.test-zone\n'))(h)
        server.answer = answer
        check('fetched, 1 entries' in update())
        equal(server.asked[at:], ['/hosts', '/elsewhere'])
        blocked('moved.test-zone')
        equal((told('more')['failures'], told('more')['fetch_error']), (0, ''))
        equal(plain.asked, [])
        tern.stop()
        check('HTTP 404; next try in' in tern.log_text(), tern.log_text())


def test_certificates():
    with Server(text('one.test-zone\n')) as server:
        tern = run([{**listing(server), 'ca': ''}], state())
        until(lambda: told('more')['fetch_error'], 10)
        check('certificate' in told('more')['fetch_error'], told('more'))
        equal(server.asked, [])
        reload(tern, lists=[listing(server, host='other.lan')], **{'local-data': ['other.lan. A 127.0.0.1']})
        until(lambda: told('more')['fetch_error'], 10)
        check('other.lan' in told('more')['fetch_error'], told('more'))
        reload(tern, lists=[{**listing(server), 'ca': '/nowhere'}])
        until(lambda: told('more')['fetch_error'], 10)
        equal(server.asked, [])
        reload(tern, lists=[listing(server)])
        fetched()


def stalled_or_endless(h, octets, pause):
    h.send_response(200)
    h.end_headers()
    while True:
        h.wfile.write(octets)
        h.wfile.flush()
        time.sleep(pause)


@long(120)
def test_a_body_that_stalls():
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], state())
        fetched()
        server.answer = lambda h: stalled_or_endless(h, b'slow.test-zone\n', 5)
        started = time.monotonic()
        check('too slow' in update(code=1).lower(), told('more'))
        at_most(time.monotonic() - started, 50, 'seconds')
        check(is_blocked('one.test-zone'))
        tern.stop()


@busy(120)
def test_an_endless_body():
    """It ends at 256 MiB, counted after decompression; nothing of it stays on the disk."""
    folder = state()

    def endless(h):
        h.send_response(200)
        h.send_header('Content-Encoding', 'gzip')
        h.end_headers()
        compressor = zlib.compressobj(1, wbits=31)
        while True:
            h.wfile.write(compressor.compress(b'endless.test-zone\n' * 65536))
    with Server(text('one.test-zone\n')) as server:
        run([listing(server)], folder)
        fetched()
        server.answer = endless
        check('more than 256 MiB' in update(code=1), told('more'))
        equal([f for f in os.listdir(f'{folder}/lists') if f.endswith('.new')], [])
        check(is_blocked('one.test-zone'))


@contextlib.contextmanager
def address_of_the_host():
    """The address that the lab's authority says is one of this machine."""
    subprocess.run(['ip', 'address', 'add', f'{ADDRESS}/32', 'dev', 'lo'], check=True)
    try:
        yield
    finally:
        subprocess.run(['ip', 'address', 'del', f'{ADDRESS}/32', 'dev', 'lo'], check=True)


def test_a_cold_machine():
    """Nobody but tern resolves the host, from the root on; that the list has the host's own name is no obstacle."""
    with address_of_the_host(), Server(text(f'||example.com^\n'), address=ADDRESS) as server:
        run([listing(server, host=HOST)], state())
        fetched()
        blocked(HOST, where='list more')
        check('the same' in update())
        blocked(HOST, where='list more')


def test_a_host_that_comes_later():
    with Server(text('one.test-zone\n')) as server:
        late = listing(server, host='lists.lan')
        tern = run([late], state(), **{'local-zones': [{'name': 'lan'}]})
        until(lambda: told('more')['fetch_error'], 10)
        check('the host does not exist' in told('more')['fetch_error'], told('more'))
        at_most(told('more')['next_s'], 75, 'seconds until the next try')
        reload(tern, lists=[late], **{'local-data': ['lists.lan. A 127.0.0.1']})
        check('fetched' in update())
        blocked('one.test-zone')


def test_the_copy_after_a_restart():
    folder = state()
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], folder)
        fetched()
        tern.stop()
        lists = [listing(server)]
    # The server is gone: the copy counts at once, and is young enough.
    tern = run(lists, folder)
    blocked('one.test-zone')
    equal(told('more')['fetch_error'], '')
    at_least(told('more')['next_s'], 70000, 'seconds until')
    tern.stop()
    # An hour older than its time: tried at once, and still in force.
    about = next(f for f in os.listdir(f'{folder}/lists') if f.endswith('.about'))
    clock = Clock(90000)
    tern = start(lists=lists, env={**clock.env, 'STATE_DIRECTORY': folder})
    blocked('one.test-zone')
    until(lambda: told('more')['fetch_error'], 10)
    blocked('one.test-zone')
    tern.stop()
    # What is kept beside it is damaged: fetched without a condition.
    with open(f'{folder}/lists/{about}', 'r+') as f:
        f.write('garbage')
    tern = run(lists, folder)
    blocked('one.test-zone')
    until(lambda: told('more')['fetch_error'], 10)
    tern.stop()
    # Another URL is another list.
    with Server(text('two.test-zone\n')) as server:
        run([listing(server)], folder)
        check(not is_blocked('one.test-zone'))
        fetched()
        blocked('two.test-zone')
        equal(len(os.listdir(f'{folder}/lists')), 2)


def test_copies_of_lists_that_are_gone():
    folder = state()
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server), listing(server, name='../..//.x y'), listing(server, name='.')], folder)
        fetched()
        ternctl('lists', 'update')
        files = os.listdir(f'{folder}/lists')
        equal(len({f.split('.')[0] for f in files}), 3)
        check(all(f[0] not in './' for f in files), files)
        reload(tern, lists=[listing(server)])
        equal({f.split('-')[0] for f in os.listdir(f'{folder}/lists')}, {'more'})
        blocked('one.test-zone')
        reload(tern, lists=[])
        equal(os.listdir(f'{folder}/lists'), [])
        check(not is_blocked('one.test-zone'))


def test_killed_in_the_middle():
    folder = state()
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], folder)
        fetched()
        server.answer = lambda h: stalled_or_endless(h, b'half.test-zone\n' * 1000, 0.05)
        updating = subprocess.Popen([os.path.join(os.path.dirname(os.readlink(f'/proc/{tern.process.pid}/exe')), 'ternctl'),
                                     '-s', os.path.join(LAB, 'control.sock'), 'lists', 'update'],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: any(f.endswith('.new') for f in os.listdir(f'{folder}/lists')), 10)
        tern.process.kill()
        tern.process.wait()
        tern.over()
        updating.wait(10)
        server.answer = text('two.test-zone\n')
        tern = run([listing(server)], folder)
        blocked('one.test-zone')
        check('fetched' in update())
        blocked('two.test-zone')
        equal([f for f in os.listdir(f'{folder}/lists') if f.endswith('.new')], [])
        # And it stops at once while a fetch is under way.
        server.answer = lambda h: stalled_or_endless(h, b'half.test-zone\n' * 1000, 0.05)
        at = len(server.asked)
        updating = subprocess.Popen([os.path.join(os.path.dirname(os.readlink(f'/proc/{tern.process.pid}/exe')), 'ternctl'),
                                     '-s', os.path.join(LAB, 'control.sock'), 'lists', 'update'],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: len(server.asked) > at, 10)
        at_most(tern.stop(), 3, 'seconds to stop')
        updating.wait(10)
        equal([f for f in os.listdir(f'{folder}/lists') if f.endswith('.new')], [])


@contextlib.contextmanager
def tiny_disk(octets):
    folder = state()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={octets}', 'none', folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(['umount', '-l', folder], check=True)


def test_a_full_disk():
    many = ''.join(f'n{i}.many.test-zone\n' for i in range(20000))
    with tiny_disk(131072) as folder, Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], folder)
        fetched()
        server.answer = text(many)
        check('No space left' in update(code=1), told('more'))
        blocked('one.test-zone')
        equal([f for f in os.listdir(f'{folder}/lists') if f.endswith('.new')], [])
        server.answer = text('two.test-zone\n')
        check('fetched' in update())
        blocked('two.test-zone')
        tern.stop()


def test_without_a_state_folder():
    """Copies are in a folder of their own, that ends with the daemon."""
    before = set(os.listdir('/tmp'))
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)])
        fetched()
        blocked('one.test-zone')
        mine = [f for f in set(os.listdir('/tmp')) - before if f.startswith('tern-lists-')]
        equal(len(mine), 1)
        equal(os.stat(f'/tmp/{mine[0]}').st_mode & 0o777, 0o700)
        check('the same' in update())
        tern.stop()
        check(not os.path.exists(f'/tmp/{mine[0]}'))


def test_as_another_user():
    folder = state()
    shutil.chown(folder, 'nobody')
    with Server(text('one.test-zone\n')) as server:
        tern = run([listing(server)], folder, server={'user': 'nobody'})
        fetched()
        blocked('one.test-zone')
        equal({os.stat(f'{folder}/lists/{f}').st_uid for f in os.listdir(f'{folder}/lists')}, {os.stat(folder).st_uid})
        tern.stop()
        tern = run([listing(server)], folder, server={'user': 'nobody'})
        blocked('one.test-zone')


def test_many_at_once_and_few_descriptors():
    with Server(text('one.test-zone\n')) as server:
        lists = [listing(server, name=f'l{i}') for i in range(20)]
        tern = run([listing(server), *lists], state())
        ternctl('lists', 'update')
        before = tern.descriptors()
        for _ in range(3):
            ternctl('lists', 'update')
        at_most(tern.descriptors(), before + 2, 'descriptors')
        check('21 names in 21 lists' in ternctl('status'))


def test_http_and_addresses():
    """Plain HTTP, an IPv6 address, and a host that local data name by an alias."""
    with Server(text('one.test-zone\n'), tls=False) as server:
        def at(host, name):
            return {'name': name, 'url': server.url(host)}
        tern = run([at('127.0.0.1', 'more'), at('a.lan', 'alias'), at('[::1]', 'six')], state(),
                   **{'local-data': ['a.lan. CNAME b.lan.', 'b.lan. A 127.0.0.1']})
        fetched()
        check('six: ' in ternctl('lists', 'update', code=1))
        equal(told('alias')['entries'], 1)
        equal(told('six')['entries'], 0)
        tern.stop()
        check('lists[0].url: http:' in tern.log_text(), tern.log_text())


@long(150)
def test_by_itself():
    """A list is fetched again when its time has come, and one that failed is tried again."""
    with Server(text('one.test-zone\n')) as server, Server(text('no', 503)) as bad:
        run([listing(server, refresh='1m'), listing(bad, name='bad', refresh='1m')], state())
        fetched()
        until(lambda: bad.asked, 10)
        server.answer, bad.answer = text('two.test-zone\n'), text('three.test-zone\n')
        equal((len(server.asked), len(bad.asked)), (1, 1))
        until(lambda: is_blocked('two.test-zone'), 70)
        until(lambda: told('bad')['entries'], 40)
        equal((len(bad.asked), told('bad')['failures']), (2, 0))
        at_most(len(server.asked), 2, 'requests')


def test_changes_under_load():
    """The list changes 20 times beside questions: each is answered, by the one or the other."""
    many = ''.join(f'n{i}.many.test-zone\n' for i in range(20000))
    stop, wrong, answers = threading.Event(), [], [0]

    def load():
        while not stop.is_set():
            for answer, _ in burst([('n7.many.test-zone', 'A'), ('y.test-zone', 'A')] * 100, gap=0.0005):
                answers[0] += 1
                if answer is None:
                    wrong.append('lost')
                elif answer.question[0].name.to_text().startswith('n7') and rcode(answer) != 'NXDOMAIN':
                    wrong.append(rcode(answer))
    with Server(text(many)) as server:
        run([listing(server)], state(), **{'local-data': ['y.test-zone. A 192.168.1.1']})
        fetched()
        thread = threading.Thread(target=load)
        thread.start()
        try:
            for i in range(20):
                server.answer = text(many + f'x{i}.test-zone\n')
                check('fetched' in update())
                check(is_blocked(f'x{i}.test-zone'), i)
        finally:
            stop.set()
            thread.join()
    equal(wrong, [])
    at_least(answers[0], 1000, 'answers')


def test_mistakes():
    start()
    for what, why in (('url: ftp://x/', 'expected https:// or http://'), ('url: https://u@x/', 'expected no user'),
                      ('url: https://x/, file: /y', 'expected either it or url'),
                      ('url: https://x/, refresh: 10s', 'expected a duration'),
                      ('url: http://x/, ca: /y', 'expected with a url of https only')):
        path = os.path.join(LAB, 'mistake.yaml')
        with open(path, 'w') as f:
            f.write('lists: [{name: a, %s}]\n' % what)
        out = ternctl('check', path, code=1)
        check(why in out, f'{what}: {out}')
    with open(path, 'w') as f:
        f.write('lists: [{name: a, url: http://x.example/list}]\n')
    out = ternctl('check', path)
    check('lists[0].url: http:' in out, out)
