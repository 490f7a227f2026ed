"""Lists, leases, zone files, policy zones and views change a thousand times under load: nobody notices but by the answers."""
import json
import os
import re
import signal
import subprocess
import threading

from harness import *
from test_reload import SOCKET, change, p99_beside, start, ternctl, told  # noqa: F401
from test_zone_files import put

CHANGES = 1000
HEAD = '$TTL 60\n@ SOA ns. mail. 1 3600 600 86400 60\n  NS ns.\n'


def lease(n):
    return f'{int(time.time()) + 3600} 02:00:00:00:00:01 192.168.7.{n} fixed *\n'


def put_all(n):
    """Everything of generation @n says n: one file at a time, as their owners would change them."""
    kinds = {'ads.txt': f'ads.test-zone\n{"a" if n % 2 else "b"}{n}.ads.test-zone.com\n',
             'leases': lease(n),
             'two.zone': HEAD + f'set A 192.168.{n}.1\nset A 192.168.{n}.2\nset TXT "{n}"\n',
             'rpz.zone': HEAD + f'ruled.test-zone A 192.0.2.{n}\nruled.test-zone A 198.51.100.{n}\n'}
    return {name: put(name, text) for name, text in kinds.items()}


def sections(paths, n):
    return {'lists': [{'name': 'ads', 'file': paths['ads.txt'], 'action': 'nxdomain' if n % 3 else 'nodata'}],
            'leases': [{'file': paths['leases'], 'format': 'dnsmasq', 'domain': 'lan'}],
            'local-zones': [{'name': 'house', 'file': paths['two.zone']}],
            'response-policy-zones': [{'name': 'rpz.test-zone', 'file': paths['rpz.zone']}],
            'views': [{'name': 'two', 'clients': ['127.0.0.2/32'],
                       'local-data': [f'view.lan. A 192.168.{n}.1', f'view.lan. A 192.168.{n}.2']}],
            'local-data': [f'view.lan. A 10.0.{n}.1', f'view.lan. A 10.0.{n}.2'], 'cache': {'size': '16MiB'}}


class Asker(threading.Thread):
    """Asks on, and looks whether an answer is of one generation."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.wrong, self.asked = False, [], 0
        self.start()

    def run(self):
        while not self.ended:
            for name, source in (('set.house', None), ('view.lan', '127.0.0.2'), ('view.lan', None), ('ruled.test-zone', None),
                                 ('ads.test-zone', None), ('www.example.com', '127.0.0.2')):
                try:
                    self.look(name, source, ask(name, source=source, timeout=5))
                except (Failed, OSError) as e:
                    self.wrong.append(f'{name}: {e}')
                self.asked += 1

    def look(self, name, source, answer):
        found = sorted(data(answer))
        third = {a.split('.')[3 if name == 'ruled.test-zone' else 2] for a in found}
        if name == 'ads.test-zone':
            good = rcode(answer) in ('NXDOMAIN', 'NOERROR') and not found
        elif name == 'www.example.com':
            good = found == ['192.0.2.81']
        else:
            good = len(found) == 2 and len(third) == 1 and \
                (name != 'view.lan' or {a.startswith('192.168.') for a in found} == {source == '127.0.0.2'})
        if not good:
            self.wrong.append(f'{name} for {source}: {rcode(answer)} {found}')


@busy(240)
def test_a_thousand_changes_under_load():
    paths = put_all(1)
    tern = start(**sections(paths, 1))
    names = os.path.join(LAB, 'changing-names')
    with open(names, 'w') as f:
        f.write('www.example.com A\nset.house A\nview.lan A\nfixed.lan A\nads.test-zone A\nruled.test-zone A\n')
    for name in ('www.example.com', 'set.house', 'view.lan', 'fixed.lan', 'ruled.test-zone'):
        ask(name)
    load = subprocess.Popen(['dnsperf', '-s', '127.0.0.1', '-p', str(PORT), '-d', names, '-Q', '5000', '-l', '600', '-c', '8', '-t', '5'],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent)
    asker = Asker()
    try:
        for i in range(CHANGES):
            n = 1 + i % 200
            if i == 100:
                before = tern.memory()
            put_all(n)
            change(tern, **sections(paths, n))
            told({'command': 'reload', 'json': True})
            # Who asks now is answered by these.
            if i % 20 == 0:
                equal(sorted(data(ask('set.house'))), [f'192.168.{n}.1', f'192.168.{n}.2'])
                equal(sorted(data(ask('view.lan', source='127.0.0.2'))), [f'192.168.{n}.1', f'192.168.{n}.2'])
                equal(data(ask('fixed.lan')), [f'192.168.7.{n}'])
                equal(sorted(data(ask('ruled.test-zone'))), [f'192.0.2.{n}', f'198.51.100.{n}'])
                equal(rcode(ask('ads.test-zone')), 'NXDOMAIN' if n % 3 else 'NOERROR')
        at_most((tern.memory() - before) / 1e6, with_quarantine(5), 'MB more')
    finally:
        asker.ended = True
        asker.join(10)
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=30)[0]
    equal(asker.wrong[:5], [])
    at_least(asker.asked, 200, 'answers looked at')
    lost, sent = (int(re.search(rf'Queries {word}:\s+(\d+)', said)[1]) for word in ('lost', 'sent'))
    equal(lost, 0, 'lost')
    at_least(sent, 5000, 'questions')
    check('SERVFAIL' not in said and 'REFUSED' not in said, said[-600:])
    tern.alive()


@busy(90)
@alone
def test_hits_are_as_fast_while_a_list_loads():
    """A list of 300,000 names, rewritten again and again, and loaded each time."""
    texts = [''.join(f'n{i}.{which}.example.com\n' for i in range(300000)) for which in ('even', 'odd')]
    path = put('ads.txt', texts[0])
    tern = start(lists=[{'name': 'ads', 'file': path}])

    def rewrite(turn, wholly):
        target = path if wholly else path + '.other'
        with open(target + '.new', 'w') as f:
            f.write(texts[turn % 2])
        os.rename(target + '.new', target)
        time.sleep(0.3)
    at_least(p99_beside(tern, rewrite), 15, 'turns')
    at_least(json.loads(ternctl('--json', 'status'))['configuration']['generation'], 5, 'generations')
