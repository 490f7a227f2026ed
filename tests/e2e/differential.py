"""tern beside unbound and kresd on the same lab: the same 3000 questions, the same rcode and answer section.

differential.py TERND [-v]     inside the lab (tests/e2e/run calls it through test_differential.py)

A difference that is right, or a matter of taste, is on the list EXPLAINED with its reason; any other one fails. The
peers use the lab's root servers (the same addresses as IANA's), no validation, no EDNS options, minimal answers.
"""
import itertools
import random
import sys
import threading

import harness
from harness import *

import content

QUESTIONS = 3000
PEER_PORTS = {'unbound': 5310, 'kresd': 5320}


# --- what is asked ----------------------------------------------------------

def owners(zones):
    """Every name of the ordinary zones with its types, and names that are nearly there."""
    names = {}
    for zone in zones:
        if zone.name in ('', 'test', 'example.test'):   # `test` is answered locally by some (RFC 6761)
            continue
        for line in zone.lines:
            owner, _, _, rtype = line.split()[:4]
            full = owner[:-1] if owner.endswith('.') else zone.name if owner == '@' else f'{owner}.{zone.name}'
            names.setdefault(full, set()).add(rtype)
        names.setdefault(zone.name, set()).update(('SOA', 'NS'))
    return names


def questions(seed=7):
    """@QUESTIONS pairs of name and type: what is there, other types of it, below it, beside it."""
    rng = random.Random(seed)
    names = owners(content.all_zones())
    there = [(name, rtype) for name in sorted(names) for rtype in sorted(names[name])]
    rng.shuffle(there)
    asked = dict.fromkeys(there[:1700])
    some = sorted(names)
    common = ('A', 'AAAA', 'MX', 'TXT', 'NS', 'SOA', 'CNAME', 'PTR', 'SRV', 'CAA', 'HTTPS', 'DS', 'DNAME', 'NAPTR')
    while len(asked) < QUESTIONS + 60:     # some are dropped below
        name, kind = rng.choice(some), rng.random()
        if kind < 0.55:
            asked[name, rng.choice(common)] = None
        elif kind < 0.75:
            asked['x%d.%s' % (rng.randrange(1000), name), rng.choice(('A', 'AAAA', 'TXT'))] = None
        elif kind < 0.9 and '.' in name:
            asked['y%d.%s' % (rng.randrange(1000), name.split('.', 1)[1]), rng.choice(('A', 'MX'))] = None
        elif '.' in name:
            asked[name.split('.', 1)[1], rng.choice(common)] = None
    return [q for q in asked if '*' not in q[0] and len(q[0]) < 240 and not is_dead(*q)][:QUESTIONS]


def is_dead(name, rtype):
    """Below the delegations to nowhere of the types-* zones: peers keep clients waiting too long."""
    labels = name.split('.')
    return 'sub' in labels and any(x.startswith('types-') for x in labels) and (rtype != 'DS' or labels[0] != 'sub')


# --- the peers --------------------------------------------------------------

def unbound(directory):
    return ['unbound', '-d', '-c', write(f'{directory}/unbound.conf', f'''
server:
  directory: "{directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1@{PEER_PORTS["unbound"]}
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  root-hints: "{directory}/root.hints"
  minimal-responses: yes
  qname-minimisation: yes
  max-udp-size: 4096
  local-zone: "10.in-addr.arpa." nodefault
  harden-large-queries: no
remote-control:
  control-enable: no
''')]


def kresd(directory):
    return ['kresd', '-n', '-c', write(f'{directory}/kresd.conf', f'''
net.listen('127.0.0.1', {PEER_PORTS["kresd"]})
modules.load('hints')
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('priming')
trust_anchors.remove('.')
hints.root_file('{directory}/root.hints')
cache.size = 50 * MB
log_level('err')
'''), directory]


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)
    return path


def root_hints(path):
    import plan
    lines = []
    for letter, v4, v6, _ in plan.ROOT_SERVERS:
        name = f'{letter}.root-servers.net.'
        lines += [f'. 3600000 IN NS {name}', f'{name} 3600000 IN A {v4}', f'{name} 3600000 IN AAAA {v6}']
    write(path, '\n'.join(lines) + '\n')


class Peer:
    def __init__(self, name, argv, directory):
        self.name, self.port = name, PEER_PORTS[name]
        self.log = open(f'{directory}/{name}.log', 'w')
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=die_with_parent)
        deadline = time.monotonic() + 10
        while True:
            try:
                if rcode(ask('.', 'SOA', port=self.port, timeout=1, tcp=True)) == 'NOERROR':
                    return
            except (OSError, Failed, EOFError):
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(f'{directory}/{name}.log') as f:
                    raise Failed(f'{name} does not start: {f.read()[-500:]}')
            time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


# --- asking all -------------------------------------------------------------

def answer_of(name, rtype, port):
    """(rcode, answer section without TTLs), by TCP so that size is no matter."""
    for attempt in range(2):
        try:
            a = ask(name, rtype, port=port, tcp=True, timeout=5)
        except (Failed, OSError, EOFError):
            a = None
        if a is not None and (rcode(a) != 'SERVFAIL' or attempt):
            return rcode(a), tuple(records(a))
    return 'no answer', ()


def ask_all(asked, port, into, label):
    """Four questions at a time."""
    todo = iter(asked)
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                q = next(todo, None)
            if q is None:
                return
            into[label, q] = answer_of(*q, port)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


# --- what may differ --------------------------------------------------------

EXPLAINED = []      # (reason, function of (peer, name, rtype, ours, theirs))


def explained(reason):
    def keep(function):
        EXPLAINED.append((reason, function))
        return function
    return keep


@explained('limits.md 28: tern follows 12 aliases, unbound more')
def long_chain(peer, name, rtype, ours, theirs):
    return peer == 'unbound' and ours == ('SERVFAIL', ()) and \
        len([r for r in theirs[1] if ' CNAME ' in r]) > 12


@explained('unbound follows only 11 aliases when it has to ask for them')
def alias_twelve(peer, name, rtype, ours, theirs):
    return peer == 'unbound' and theirs == ('SERVFAIL', ()) and \
        len([r for r in ours[1] if ' CNAME ' in r]) == 12


@explained('kresd leaves the aliases it went through in a SERVFAIL; what a failure carries means nothing')
def failure_with_leftovers(peer, name, rtype, ours, theirs):
    return peer == 'kresd' and ours == ('SERVFAIL', ()) and theirs[0] == 'SERVFAIL'


def reason_for(*difference):
    return next((reason for reason, applies in EXPLAINED if applies(*difference)), None)


def compare(results, asked, verbose):
    """Differences that nobody explained, as text; and how often each reason applied."""
    open_, used = [], {}
    for q, peer in itertools.product(asked, PEER_PORTS):
        ours, theirs = results['tern', q], results[peer, q]
        if ours == theirs:
            continue
        reason = reason_for(peer, *q, ours, theirs)
        if reason is None:
            open_.append(f'{q[0]} {q[1]}: tern {ours[0]} {list(ours[1])[:4]}, {peer} {theirs[0]} {list(theirs[1])[:4]}')
        used[reason] = used.get(reason, 0) + 1
        if verbose and reason:
            print(f'  {q[0]} {q[1]} {peer}: {reason}')
    return open_, used


def run(verbose=False):
    asked = questions()
    directory = os.path.join(LAB, 'peers')
    os.makedirs(directory, exist_ok=True)
    root_hints(f'{directory}/root.hints')
    Tern()
    peers, results = [], {}
    try:
        peers = [Peer(name, argv(directory), directory) for name, argv in (('unbound', unbound), ('kresd', kresd))]
        for label, port in (('tern', PORT), *PEER_PORTS.items()):
            started = time.monotonic()
            ask_all(asked, port, results, label)
            if verbose:
                print(f'{label}: {len(asked)} questions in {time.monotonic() - started:.1f} s')
    finally:
        for peer in peers:
            peer.stop()
    return (asked, *compare(results, asked, verbose))


if __name__ == '__main__':
    harness.TERND = sys.argv[1]
    try:
        asked_, open_, used_ = run('-v' in sys.argv)
    finally:
        stop_all()
    for text in open_:
        print(text)
    for reason_, count in sorted(used_.items(), key=lambda x: -x[1]):
        print(f'{count:5} {reason_ or "NOT EXPLAINED"}')
    print(f'differential: {len(asked_)} questions, {len(open_)} differences not explained')
    sys.exit(1 if open_ else 0)
