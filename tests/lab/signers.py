"""Zones signed by others than BIND's tools: ldns-signzone, and Knot, named and PowerDNS as they serve.

The keys are of signer.py, so the DS stand in `net` before anybody has signed anything."""
import os
import sqlite3
import subprocess

import signed
from signer import SEP, SHA256, ZONE, Key

# zone: (who signs, how names are denied); PowerDNS signs each answer as it goes out, and so does Knot's module
ZONES = {
    'ldns-nsec.net': ('ldns', 'nsec'), 'ldns-nsec3.net': ('ldns', 'nsec3'), 'ldns-optout.net': ('ldns', 'optout'),
    'knot-nsec.net': ('knot', 'nsec'), 'knot-nsec3.net': ('knot', 'nsec3'), 'knot-optout.net': ('knot', 'optout'),
    'knot-online.net': ('knot', 'online'),
    'bind-nsec.net': ('bind', 'nsec'), 'bind-nsec3.net': ('bind', 'nsec3'), 'bind-optout.net': ('bind', 'optout'),
    'pdns-nsec.net': ('pdns', 'nsec'), 'pdns-nsec3.net': ('pdns', 'nsec3'), 'pdns-narrow.net': ('pdns', 'narrow'),
}


def zones():
    made = []
    for name, (who, denial) in ZONES.items():
        made.append(signed.zone(name, denial, program='nsd' if who == 'ldns' else who))
        made[-1].signer = who
        made.append(signed.zone(f'plain.{name}', ''))
    return made


def keys_of(zone):
    return {'ksk': Key(f'{zone.name}/ksk', flags=ZONE | SEP), 'zsk': Key(f'{zone.name}/zsk', flags=ZONE)}


def make_keys(zone, directory):
    """Files as dnssec-keygen makes them, and the DS; the files' names without ending, by role."""
    stems = {role: key.write(directory, zone.name, 'ECDSAP256SHA256') for role, key in keys_of(zone).items()}
    ksk = keys_of(zone)['ksk']
    with open(os.path.join(directory, f'dsset-{zone.name}.'), 'w') as f:
        f.write(f'{zone.name}. IN DS {ksk.tag} {ksk.algorithm} {SHA256} {ksk.ds(zone.name)[4:].hex()}\n')
    return stems


def ldns(zone, stems, path):
    denial = {'nsec': [], 'nsec3': ['-n', '-t', '0'], 'optout': ['-n', '-t', '0', '-p']}[zone.signed]
    done = subprocess.run(['ldns-signzone', *denial, '-o', zone.name, '-f', path + '.signed', path, *stems.values()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'ldns-signzone {zone.name}: {done.stdout}')
    os.replace(path + '.signed', path)


# --- how the servers are told ---------------------------------------------------

KNOT_POLICIES = 'policy:\n' + ''.join(
    f'  - id: {name}\n    algorithm: ecdsap256sha256\n    manual: on\n' + ''.join(f'    {x}\n' for x in more)
    for name, more in (('nsec', []), ('nsec3', ['nsec3: on', 'nsec3-iterations: 0', 'nsec3-salt-length: 0']),
                       ('optout', ['nsec3: on', 'nsec3-iterations: 0', 'nsec3-salt-length: 0', 'nsec3-opt-out: on']),
                       ('online', ['single-type-signing: on']))
) + 'mod-onlinesign:\n  - id: online\n    policy: online\n'

BIND_POLICIES = ''.join(f'''dnssec-policy "{name}" {{
  keys {{ ksk lifetime unlimited algorithm ecdsap256sha256; zsk lifetime unlimited algorithm ecdsap256sha256; }};
  {denial}
}};
''' for name, denial in (('nsec', ''), ('nsec3', 'nsec3param iterations 0 optout no salt-length 0;'),
                         ('optout', 'nsec3param iterations 0 optout yes salt-length 0;')))


def knot_zone(zone):
    if zone.signed == 'online':
        return ['    module: mod-onlinesign/online']
    return ['    dnssec-signing: on', f'    dnssec-policy: {zone.signed}']


def knot_import(zones, conf, key_directory):
    for zone in zones:
        if zone.signer != 'knot':
            continue
        for role, key in keys_of(zone).items():
            if role == 'zsk' and zone.signed == 'online':
                continue
            path = f'{key_directory}/K{zone.name}.+{key.algorithm:03}+{key.tag:05}.key'
            keymgr = ['keymgr', '-c', conf, zone.name + '.']
            quiet = {'check': True, 'stdout': subprocess.DEVNULL}
            subprocess.run([*keymgr, 'import-bind', path], **quiet)
            if zone.signed == 'online':     # one key for all
                subprocess.run([*keymgr, 'set', str(key.tag), 'zsk=yes'], **quiet)


def bind_zone(zone, key_directory):
    return f'dnssec-policy "{zone.signed}"; inline-signing yes; key-directory "{key_directory}"; ' \
        if zone.signer == 'bind' else ''


def pdns_database(path, zones, key_directory):
    """What `pdnsutil set-presigned`, `import-zone-key` and `set-nsec3` would write, in one go."""
    with sqlite3.connect(path) as db:
        def meta(zone, kind, content):
            db.execute('INSERT INTO domainmetadata (domain, kind, content) VALUES (?, ?, ?)',
                       (zone.name or '.', kind, content))
        for zone in zones:
            if zone.signed and zone.signer != 'pdns':
                meta(zone, 'PRESIGNED', '1')
            if zone.signer != 'pdns':
                continue
            for key in keys_of(zone).values():
                with open(f'{key_directory}/K{zone.name}.+{key.algorithm:03}+{key.tag:05}.private') as f:
                    content = ''.join(x for x in f.read().replace('v1.3', 'v1.2').splitlines(keepends=True)[:3])
                db.execute('INSERT INTO cryptokeys (domain, flags, active, published, content) VALUES (?, ?, 1, 1, ?)',
                           (zone.name, key.flags, content))
            if zone.signed != 'nsec':
                meta(zone, 'NSEC3PARAM', '1 0 0 -')
            if zone.signed == 'narrow':
                meta(zone, 'NSEC3NARROW', '1')
    db.close()
