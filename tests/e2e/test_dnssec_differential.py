"""tern's verdicts beside those of unbound, kresd and delv, over every signed zone of the lab and every kind of answer.

A difference that is right stands in EXPLAINED with its reason; any other one fails."""
import concurrent.futures
import shutil
import subprocess
import threading

import differential
import harness
import signed
import signers
import test_dnssec_broken as broken
from harness import *
from validation import *

PORTS = {'tern': PORT, 'unbound': 5330, 'kresd': 5340}
LABELS = ('', 'www.', 'other.', 'nothing.', 'x.wild.', 'there.wild.', 'y.x.wild.', 'ent.', 'deep.ent.', 'to-insecure.',
          'to-nsec.', 'to-nsec3.', 'to-nothing.', 'to-bogus.', 'www.tree.', 'a.b.c.')
THREE_TYPES = ('', 'www.', 'x.wild.', 'nothing.')


def questions():
    asked = [(label + zone, rtype) for zone in [z.name for z in signed.zones()] + list(signers.ZONES)
             for label in LABELS for rtype in (('A', 'TXT', 'DS') if label in THREE_TYPES else ('A',))]
    for zone in broken.bad_dnssec.zones():
        asked += [(f'{label}.{zone}' if label else zone, rtype) for label, rtype in broken.QUESTIONS.values()]
    return asked


# --- the peers ------------------------------------------------------------------

def unbound(directory):
    argv = differential.unbound(directory)
    with open(argv[-1]) as f:
        text = f.read()
    quoted = ''.join(f'  trust-anchor: "{line}"\n' for line in anchors())
    text = text.replace('module-config: "iterator"', f'module-config: "validator iterator"\n{quoted}')
    differential.write(argv[-1], text.replace(f'@{differential.PEER_PORTS["unbound"]}', f'@{PORTS["unbound"]}'))
    return argv


def kresd(directory):
    argv = differential.kresd(directory)
    path = argv[argv.index('-c') + 1]
    with open(path) as f:
        text = f.read()
    quoted = ''.join(f"trust_anchors.add('{line}')\n" for line in anchors())
    text = text.replace("trust_anchors.remove('.')\n", f"trust_anchors.remove('.')\n{quoted}")
    differential.write(path, text.replace(str(differential.PEER_PORTS['kresd']), str(PORTS['kresd'])))
    return argv


def peer(name, argv_of):
    directory = os.path.join(LAB, f'validating-{name}')
    os.makedirs(directory, exist_ok=True)
    differential.root_hints(f'{directory}/root.hints')
    process = subprocess.Popen(argv_of(directory), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=harness.die_with_parent)
    for _ in range(80):
        try:
            if rcode(ask('.', 'SOA', port=PORTS[name], timeout=0.5, tcp=True)) == 'NOERROR':
                return process
        except (Failed, OSError, EOFError):
            time.sleep(0.05)
    process.kill()
    raise Failed(f'{name} does not start')


def verdict(name, rtype, port):
    try:
        answer = query(name, rtype, port=port, timeout=10)
    except (Failed, OSError, EOFError) as e:
        return f'none ({e})'
    return rcode(answer) if rcode(answer) == 'SERVFAIL' else f'{rcode(answer)} {"AD" if is_ad(answer) else "-"}'


def delv(name, rtype, path):
    """It asks ternd with CD for all it needs, and validates by itself."""
    done = subprocess.run(['delv', '@127.0.0.1', '-p', str(PORT), '-a', path, '+root=.', name, rtype],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = done.stdout
    if 'resolution failed' in text and 'ncache' not in text:
        return 'SERVFAIL'
    return 'AD' if 'fully validated' in text else '-' if 'unsigned' in text else f'? {text[:160]}'


def delv_anchors():
    path = os.path.join(LAB, 'delv.anchors')
    with open(path, 'w') as f:
        lines = [line.split() for line in anchors()]
        f.write('trust-anchors {\n' + ''.join(
            f'  "." static-ds {" ".join(x[at:at + 3])} "{"".join(x[at + 3:])}";\n'
            for x in lines for at in [x.index('DS') + 1]) + '};\n')
    return path


# --- what may differ --------------------------------------------------------------

EXPLAINED = []      # (reason, function of (peer, name, rtype, ours, theirs))


def explained(reason):
    def keep(function):
        EXPLAINED.append((reason, function))
        return function
    return keep


def zone_is(*zones):
    return lambda name: any(name == f'{z}.crypt' or name.endswith(f'.{z}.crypt') for z in zones)


@explained('what an alias leads to is asked for by itself (limits.md 28), and the answer to that is where the lie is; '
           'the peers take the true records that stand beside the alias')
def beside_the_alias(peer, name, rtype, ours, theirs):
    return ours == 'SERVFAIL' and theirs == 'NOERROR AD' and name.startswith(('alias.', 'x.tree.')) and \
        zone_is('denied', 'denied3', 'nodata', 'nodata3', 'wildnsec', 'wildnoproof', 'wildother')(name)


@explained('NXDOMAIN with a proof of NODATA: what is proven counts (RFC 4035 5.4); unbound does so for NSEC only')
def nodata_under_nxdomain(peer, name, rtype, ours, theirs):
    return peer == 'unbound' and name == 'www.denied3.crypt' and rtype == 'TXT' and ours == 'NOERROR AD'


@explained('limits.md 16: a range that leaves its zone proves nothing; kresd before 6.4.1 takes it')
def next_outside(peer, name, rtype, ours, theirs):
    return peer == 'kresd' and ours == 'SERVFAIL' and zone_is('nsecout', 'nsecroot')(name)


@explained('RFC 5155 8.2: NSEC3 with unknown flags must be ignored')
def unknown_flags(peer, name, rtype, ours, theirs):
    return peer == 'kresd' and ours == 'SERVFAIL' and zone_is('flags2')(name)


@explained('a forged record beside a whole proof is left out; the peers refuse the answer')
def forged_beside(peer, name, rtype, ours, theirs):
    return ours.endswith('AD') and theirs == 'SERVFAIL' and zone_is('padforged')(name)


@explained('RFC 5011 2.1: a revoked key is good for nothing but its own revocation')
def revoked(peer, name, rtype, ours, theirs):
    return ours == 'SERVFAIL' and (peer == 'unbound' and zone_is('revokedksk', 'revokedzsk')(name) or
                                   peer == 'kresd' and zone_is('revokedzsk')(name))


@explained('RFC 4509 3: beside a DS with SHA-256 one with SHA-1 does not count; unbound takes either')
def weaker_digest(peer, name, rtype, ours, theirs):
    return peer == 'unbound' and ours == 'SERVFAIL' and zone_is('downgrade')(name)


@explained('one server of two is bogus: unbound and kresd do not always come to the other')
def other_server(peer, name, rtype, ours, theirs):
    return ours.endswith('AD') and not theirs.endswith('AD') and zone_is('half', 'halfproof', 'halfexpired')(name)


@explained('RFC 6840 5.11: one good signature is enough; delv gives up after the first wrong one')
def first_signature(peer, name, rtype, ours, theirs):
    return peer == 'delv' and theirs == 'SERVFAIL' and zone_is('besideexpired', 'besidewrong')(name)


def open_differences(results, asked, peers):
    found, used = [], {}
    for q in asked:
        for name in peers:
            ours, theirs = results['tern', q], results[name, q]
            if name == 'delv':
                ours = ours if ours == 'SERVFAIL' else ours.split()[1]
            if ours == theirs:
                continue
            reason = next((r for r, applies in EXPLAINED if applies(name, *q, ours, theirs)), None)
            used[reason] = used.get(reason, 0) + 1
            if reason is None:
                found.append(f'{q[0]} {q[1]}: {ours}, {name} {theirs}')
    return found, used


def test_same_verdicts_as_unbound_and_kresd():
    for program in ('unbound', 'kresd'):
        if not shutil.which(program):
            raise Skipped(f'{program} is not installed')
    validating()
    asked, results, processes = questions(), {}, []

    def ask_all(name):
        for q in asked:
            results[name, q] = verdict(*q, PORTS[name])

    def ask_again():
        """Peers fail now and then for want of time; what they say twice is what they mean."""
        for name, q in list(results):
            if name != 'tern' and results[name, q] != results['tern', q]:
                results[name, q] = verdict(*q, PORTS[name])
    try:
        processes = [peer('unbound', unbound), peer('kresd', kresd)]
        threads = [threading.Thread(target=ask_all, args=(name,)) for name in PORTS]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        ask_again()
    finally:
        for p in processes:
            p.kill()
            p.wait()
    at_least(len(asked), 1500, 'questions')
    found, _ = open_differences(results, asked, ('unbound', 'kresd'))
    check(not found, f'{len(found)} of {len(asked)}: ' + '\n'.join(found))


@busy(180)
def test_same_verdicts_as_delv():
    validating()
    path = delv_anchors()
    asked = [(label + z, 'A') for z in [z.name for z in signed.zones()] + list(signers.ZONES)
             for label in ('www.', 'x.wild.')] + [(label + z, 'A') for z in broken.bad_dnssec.zones()
                                                  for label in ('www.', 'x.wild.')]
    results = {('tern', q): verdict(*q, PORT) for q in asked}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results.update(zip([('delv', q) for q in asked], pool.map(lambda q: delv(*q, path), asked)))
    found, _ = open_differences(results, asked, ('delv',))
    check(not found, f'{len(found)} of {len(asked)}: ' + '\n'.join(found))
