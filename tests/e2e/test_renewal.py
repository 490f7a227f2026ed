"""Certificates and keys that are renewed again and again, while clients ask by TLS, HTTPS and QUIC: nobody loses a query."""
import http.client
import subprocess
import sys
import threading
import time

import dns.message

from harness import *
from test_https import HTTPS, https
from test_lists_url import certificates
from test_quic import kdig, DOQ
from test_reload import SOCKET, ternctl
from test_tls import DOT, ask_on, client_context, connected, install, until

OTHER = 5655       # where another tern listens, which asks this one by QUIC
PAIRS = 5
RENEWALS = 50
FIRST_SERIAL = 7000


def make_pairs():
    """Keys and certificates of the lab's CA, each with a serial number of its own."""
    for i in range(PAIRS):
        for command in (f'openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout renewed{i}.key -out renewed{i}.csr '
                        '-subj /CN=renewed',
                        f'openssl x509 -req -in renewed{i}.csr -CA ca.pem -CAkey ca.key -set_serial {FIRST_SERIAL + i} '
                        f'-extfile good.ext -out renewed{i}.pem -days 30'):
            subprocess.run(command.split(), check=True, cwd=certificates(), capture_output=True)


def shown(port):
    """The serial number of what a new connection is shown."""
    context = client_context()
    with socket.create_connection(('127.0.0.1', port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname='lists.lan') as s:
            return int(s.getpeercert()['serialNumber'], 16)


class Clients:
    """Some that keep their connection, by TLS and by HTTPS, and some that make a new one for each question or two."""

    def __init__(self):
        self.over, self.asked, self.lost = False, {}, []
        kinds = (self.warm_tls, self.warm_https, self.warm_quic, self.new_tls, self.new_https, self.new_quic)
        self.threads = [threading.Thread(target=self.run, args=(kind,), daemon=True) for kind in kinds]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for t in self.threads:
            t.join()

    def run(self, kind):
        while not self.over:
            try:
                kind()
            except Exception as e:      # whatever it is, somebody has no answer
                self.lost.append(f'{kind.__name__}: {e!r}')
                time.sleep(0.1)

    def take(self, kind, answer):
        if data(answer) != ['192.0.2.81']:
            self.lost.append(f'{kind}: {answer}')
        self.asked[kind] = self.asked.get(kind, 0) + 1
        time.sleep(0.002)

    def by_tls(self, kind, times):
        with connected(timeout=10) as s:
            while times > 0 and not self.over:
                times -= 1
                self.take(kind, ask_on(s, 'www.example.com')[0])

    def by_https(self, kind, times):
        c = http.client.HTTPSConnection('127.0.0.1', HTTPS, timeout=10, context=client_context(check_hostname=False))
        try:
            while times > 0 and not self.over:
                times -= 1
                c.request('POST', '/dns-query', question('www.example.com').to_wire(), {'Content-Type': 'application/dns-message'})
                self.take(kind, dns.message.from_wire(c.getresponse().read()))
        finally:
            c.close()

    def warm_tls(self):
        self.by_tls('warm by TLS', 1 << 30)

    def warm_https(self):
        self.by_https('warm by HTTPS', 1 << 30)

    def warm_quic(self):
        # Each name once: what is cached there was not asked here.
        self.n = getattr(self, 'n', 0) + 1
        answer = ask(f'r{self.n}.renewed.test-zone', port=OTHER, timeout=10)
        if data(answer) != ['192.0.2.81']:
            self.lost.append(f'warm by QUIC: {answer}')
        self.asked['warm by QUIC'] = self.n
        time.sleep(0.002)

    def new_quic(self):
        out = kdig('www.example.com')
        if '192.0.2.81' not in out:
            self.lost.append(f'new by QUIC: {out}')
        self.asked['new by QUIC'] = self.asked.get('new by QUIC', 0) + 1

    def new_tls(self):
        self.by_tls('new by TLS', 2)

    def new_https(self):
        self.by_https('new by HTTPS', 2)


def write_in_place(name, folder):
    """As a careless program does: the files are written anew, one after the other, and are no pair in between."""
    for kind in ('pem', 'key'):
        with open(f'{certificates()}/{name}.{kind}') as f, open(f'{folder}/cert.{kind}', 'w') as to:
            to.write(f.read())


@busy(120)
def test_fifty_renewals():
    make_pairs()
    tern = https(listen=[{'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}], control={'socket': SOCKET},
                 **{'local-zones': [{'name': 'renewed.test-zone', 'behaviour': 'static', 'records': ['*.renewed.test-zone. 60 IN A 192.0.2.81']}]})
    other = Tern(server={'listen': [f'127.0.0.1@{OTHER}']}, resolver={'do-not-query-localhost': False},
                 **{'forward-zones': [{'name': 'renewed.test-zone', 'transport': 'quic', 'addresses': [f'127.0.0.1@{DOQ}#lists.lan'],
                                       'ca': f'{certificates()}/ca.pem'}]})
    resolves('www.example.com', '192.0.2.81')
    with Clients() as clients:
        time.sleep(0.5)
        for i in range(RENEWALS):
            name, serial = f'renewed{i % PAIRS}', FIRST_SERIAL + i % PAIRS
            (install, write_in_place)[i // 2 % 2](name, tern.folder)
            if i % 2:
                ternctl('reload')
            # With a reload it is there when that is; else as soon as the files were seen.
            if i % 2:
                equal(shown(DOT), serial, f'renewal {i}')
            until(lambda: shown(DOT) == serial and shown(HTTPS) == serial, f'renewal {i} is not shown: {tern.log_text()[-500:]}', scaled(5))
    print(clients.asked, file=sys.stderr)
    equal(clients.lost, [], 'queries lost')
    for kind, n in clients.asked.items():
        at_least(n, RENEWALS, f'queries, {kind}')
    equal(len(clients.asked), 6, 'kinds')
    check(tern.alive() and other.alive(), 'alive')
