"""DNS over HTTPS as a browser speaks it: Debian's Chromium, which is given a template, for it does not ask for DDR's records."""
import base64
import contextlib
import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from harness import *
from test_encrypted_figures import difference, stats
from test_https import HTTPS
from test_lists_url import certificates
from test_tls import encrypted

PAGES = 8099


@contextlib.contextmanager
def pages():
    """A web server that says by which name it was asked."""
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            octets = f'<html><body>asked as {self.headers["Host"]}</body></html>'.encode()
            self.send_response(200)
            self.send_header('Content-Type', 'text/html')
            self.send_header('Content-Length', str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', PAGES), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def profile(state, trusts=True):
    """A home of its own; @p state: as policies and settings keep it."""
    home = tempfile.mkdtemp(dir=LAB)
    store = f'{home}/.pki/nssdb'
    os.makedirs(store)
    subprocess.run(['certutil', '-d', f'sql:{store}', '-N', '--empty-password'], check=True)
    if trusts:
        subprocess.run(['certutil', '-d', f'sql:{store}', '-A', '-t', 'C,,', '-n', 'lab', '-i', f'{certificates()}/ca.pem'], check=True)
    os.makedirs(f'{home}/profile')
    with open(f'{home}/profile/Local State', 'w') as f:
        json.dump(state, f)
    return home


def browse(url, state, trusts=True, options=()):
    """The page at @p url, as it was loaded, or the browser's own that says why not."""
    for program in ('chromium', 'certutil'):
        if not shutil.which(program):
            raise Skipped(f'{program} is not installed')
    home = profile(state, trusts)
    with open(f'{home}/resolv.conf', 'w') as f:
        f.write('nameserver 127.0.0.1\n')
    here = f'mount --bind {home}/resolv.conf "$(readlink -f /etc/resolv.conf)" && exec "$@"'
    done = subprocess.run(['unshare', '-m', 'sh', '-c', here, 'sh', 'chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
                           '--disable-component-update', f'--user-data-dir={home}/profile', *options, '--dump-dom', url],
                          capture_output=True, text=True, timeout=scaled(60), env={**os.environ, 'HOME': home}, preexec_fn=die_with_parent)
    return done.stdout


@functools.cache
def key_hash():
    """What the browser knows the lab's server by: over QUIC no certificate of a CA of one's own is believed otherwise."""
    spki = subprocess.run(f'openssl x509 -in {certificates()}/good.pem -pubkey -noout | openssl pkey -pubin -outform der', shell=True,
                          check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def over_https(mode, query='{?dns}', host='127.0.0.1'):
    return {'dns_over_https': {'mode': mode, 'templates': f'https://{host}:{HTTPS}/dns-query{query}'}}


def served():
    """ternd with a name of its own that leads to pages(), at port 53 too: what the system asks."""
    return encrypted(listen=['127.0.0.1@53', {'address': f'127.0.0.1@{HTTPS}', 'transport': 'https'}], **{'local-data': ['page.test. 300 IN A 127.0.0.1']})


PAGE = f'http://page.test:{PAGES}/'
LOADED = f'asked as page.test:{PAGES}'


@busy(60)
def test_chromium_by_get_and_by_post():
    served()
    for query in ('{?dns}', ''):
        before = stats()
        with pages():
            page = browse(PAGE, over_https('secure', query))
        check(LOADED in page, page)
        asked, http = difference('queries', before, 'udp', 'https'), difference('http', before, 'errors', 'abuses')
        equal((asked[0], http), (0, [0, 0]), 'by UDP, errors and abuses')
        at_least(asked[1], 2, 'queries by HTTPS')
        # It keeps its connections.
        at_most(difference('tls', before, 'handshakes')[0], asked[1], 'handshakes')
    kinds = stats()['types']
    for kind in ('A', 'AAAA', 'HTTPS'):
        at_least(kinds.get(kind, 0), 1, f'questions of type {kind}')


@busy(60)
def test_chromium_does_not_trust_it():
    """It asks nothing, and nobody else, when the certificate is one of a CA that it does not know, or of another name."""
    served()
    for trusts, host in ((False, '127.0.0.1'), (True, '127.0.0.2')):
        before = stats()
        with pages():
            page = browse(PAGE, over_https('secure', host=host), trusts=trusts)
        check(LOADED not in page, f'trusting {trusts}, at {host}: {page}')
        equal(difference('queries', before, 'udp', 'https'), [0, 0], f'trusting {trusts}, at {host}')


FETCH = """<body><pre id=o>none</pre><script>
const query = new Uint8Array([%s]);
(async () => {
  let out = '';
  for (let i = 0; i < 20; i++) {
    const r = await fetch('https://lists.lan:%d/dns-query', {method: 'POST', headers: {'content-type': 'application/dns-message'}, body: query});
    const octets = new Uint8Array(await r.arrayBuffer());
    out += r.status + ' ' + octets.slice(-15, -11).join('.') + '|';
  }
  for (const [path, method] of [['/elsewhere', 'GET'], ['/dns-query', 'PUT'], ['/dns-query', 'GET'], ['/dns-query?dns=AAAA', 'GET']])
    out += (await fetch('https://lists.lan:%d' + path, {method})).status + '|';
  document.getElementById('o').textContent = out;
})().catch(e => { document.getElementById('o').textContent = '' + e; });
</script></body>"""


@busy(60)
def test_chromium_by_http3():
    """Only UDP is open: whatever comes back came by QUIC."""
    encrypted(listen=[{'address': f'127.0.0.1@{HTTPS}', 'transport': 'http3'}])
    before = stats()
    with tempfile.NamedTemporaryFile('w', suffix='.html', dir=LAB) as page:
        page.write(FETCH % (','.join(map(str, question('www.example.com').to_wire())), HTTPS, HTTPS))
        page.flush()
        os.chmod(page.name, 0o644)
        got = browse(f'file://{page.name}', {}, options=(
            '--disable-web-security', f'--origin-to-force-quic-on=lists.lan:{HTTPS}', f'--ignore-certificate-errors-spki-list={key_hash()}',
            '--host-resolver-rules=MAP lists.lan 127.0.0.1', '--virtual-time-budget=20000'))
    check('200 192.0.2.81|' * 20 + '404|405|400|400|' in got, got)
    equal(difference('queries', before, 'https', 'udp'), [20, 0], 'queries')
    equal(difference('http', before, 'requests', 'errors'), [24, 4], 'requests')
    equal(difference('tls', before, 'handshakes')[0], 1, 'handshakes')
