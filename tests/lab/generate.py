"""Writes the lab's zone files, signed where the plan says so, and the root's trust anchor."""
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys

import signed
import signer
import signers
from content import all_zones
from plan import PROGRAMS


def parent_of(zone, zones):
    """The closest zone above."""
    above = [z for z in zones if z is not zone and zone.under(z.name)]
    return max(above, key=lambda z: len(z.name)) if zone.name else None


def file_of(zone):
    return (zone.name or 'root') + '.zone'


def delegation_lines(child, parent):
    lines = [f'{child.name}. 86400 IN NS {server}.' for server in child.ns]
    for server, where in child.ns.items():
        if not (server + '.').endswith('.' + parent.name + '.') and parent.name:
            continue        # somebody else's name: no glue
        lines += [f'{server}. 86400 IN {"AAAA" if ":" in a else "A"} {a}' for a in where]
    return lines


def zone_text(zone, children, ds_lines):
    first = next(iter(zone.ns))
    lines = [f'$ORIGIN {zone.name}.', '$TTL 3600',
             f'@ {zone.soa_ttl} IN SOA {first}. hostmaster.{zone.name or "root"}. 1 7200 900 1209600 {zone.minimum}']
    lines += [f'@ 86400 IN NS {server}.' for server in zone.ns]
    lines += zone.lines
    for child in children:
        lines += delegation_lines(child, zone)
    lines += ds_lines
    # Glue of a server shared by two children is said once.
    return '\n'.join(dict.fromkeys(lines)) + '\n'


def quiet(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f'{" ".join(command)}: {done.stdout}')
    return done.stdout


def make_keys(zone, keys):
    """The same every time and without a process each, but for RSA."""
    for role, flags, more in (('ksk', signer.ZONE | signer.SEP, ['-f', 'KSK']), ('zsk', signer.ZONE, [])):
        if zone.algorithm in signer.ALGORITHMS:
            key = signer.Key(f'{zone.name}/{role}', signer.ALGORITHMS[zone.algorithm], flags)
            key.write(keys, zone.name, zone.algorithm)
        else:
            quiet('dnssec-keygen', '-q', '-K', keys, '-a', zone.algorithm, *more, zone.name or '.')


def sign(zone, directory):
    keys = os.path.join(directory, 'keys')
    path = os.path.join(directory, file_of(zone))
    name = zone.name or '.'
    if zone.signer:
        stems = signers.make_keys(zone, keys)
        if zone.signer == 'ldns':
            signers.ldns(zone, stems, path)
        return
    make_keys(zone, keys)
    denial = {'nsec': [], 'nsec3': ['-3', '-', '-H', '0'], 'optout': ['-3', '-', '-H', '0', '-A']}[zone.signed]
    quiet('dnssec-signzone', '-q', '-S', '-x', '-K', keys, '-d', keys, '-o', name, '-N', 'keep',
          *denial, *signed.WINDOWS.get(zone.broken, ()), '-P', '-O', 'full', '-f', path + '.signed', path)
    with open(path + '.signed') as f, open(path, 'w') as out:
        out.write(signed.spoil(zone.broken, zone.name, f.read()))
    os.unlink(path + '.signed')


def ds_of(zone, directory):
    with open(os.path.join(directory, 'keys', f'dsset-{zone.name or ""}.')) as f:
        lines = [' '.join(line.split()) for line in f]
    return [signed.wrong_ds(line) for line in lines] if zone.broken == 'wrongds' else lines


def write(zones, directory):
    os.makedirs(os.path.join(directory, 'keys'), exist_ok=True)
    families = {}
    for zone in zones:
        above = parent_of(zone, zones)
        families.setdefault(above and above.name, []).append(zone)

    def make(zone):
        children = families.get(zone.name, [])
        ds = [line for c in children if c.signed and c.ds and zone.signed for line in ds_of(c, directory)]
        with open(os.path.join(directory, file_of(zone)), 'w') as f:
            f.write(zone_text(zone, children, ds))
        if zone.signed:
            sign(zone, directory)

    depth = {z: z.name.count('.') + (z.name != '') for z in zones}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for level in range(max(depth.values()), -1, -1):      # children first: their DS are signed
            list(pool.map(make, [z for z in zones if depth[z] == level]))
    with open(os.path.join(directory, 'root.ds'), 'w') as f:
        f.write('\n'.join(ds_of(zones[0], directory)) + '\n')
    for stale in glob.glob(os.path.join(directory, 'keys', '*.jnl')):
        os.unlink(stale)


def generate(directory, made=None):
    """Zones into @directory, copied from the folder @made if there is one; returns program -> zones."""
    zones = all_zones() + signed.zones() + signers.zones()
    if made:
        shutil.copytree(made, directory)
    else:
        write(zones, directory)
    return {p: [z for z in zones if z.program in (p, 'root')] for p in PROGRAMS}


if __name__ == '__main__':
    for program, zones in generate(sys.argv[1]).items():
        print(program, len(zones), 'zones', sum(len(z.lines) for z in zones), 'records')
