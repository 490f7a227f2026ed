"""DNS over HTTPS as a browser speaks it: Debian's Chromium, which is given a template, for it does not ask for DDR's records."""
import contextlib
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


def browse(url, state, trusts=True):
    """The page at @p url, as it was loaded, or the browser's own that says why not."""
    for program in ('chromium', 'certutil'):
        if not shutil.which(program):
            raise Skipped(f'{program} is not installed')
    home = profile(state, trusts)
    with open(f'{home}/resolv.conf', 'w') as f:
        f.write('nameserver 127.0.0.1\n')
    here = f'mount --bind {home}/resolv.conf "$(readlink -f /etc/resolv.conf)" && exec "$@"'
    done = subprocess.run(['unshare', '-m', 'sh', '-c', here, 'sh', 'chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
                           '--disable-component-update', f'--user-data-dir={home}/profile', '--dump-dom', url],
                          capture_output=True, text=True, timeout=scaled(60), env={**os.environ, 'HOME': home}, preexec_fn=die_with_parent)
    return done.stdout


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
