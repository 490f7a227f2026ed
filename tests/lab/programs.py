"""How each of the four authoritative servers is configured and started."""
import os
import subprocess

import signers
from generate import file_of
from plan import addresses_of


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)
    return path


def nsd(directory, zone_dir, zones):
    lines = ['server:', '  username: ""', '  pidfile: ""', '  server-count: 1', '  rrl-ratelimit: 0',
             f'  zonesdir: "{zone_dir}"', f'  xfrdfile: "{directory}/xfrd.state"', f'  xfrdir: "{directory}"',
             f'  zonelistfile: "{directory}/zone.list"', '  database: ""', '  hide-version: yes',
             '  tcp-count: 200']
    lines += [f'  ip-address: {a}' for a in addresses_of('nsd')]
    lines += ['remote-control:', '  control-enable: no']
    for z in zones:
        lines += ['zone:', f'  name: "{z.name or "."}"', f'  zonefile: "{file_of(z)}"']
    conf = write(f'{directory}/nsd.conf', '\n'.join(lines) + '\n')
    return ['nsd', '-d', '-c', conf]


def knot(directory, zone_dir, zones):
    listen = ', '.join(a + '@53' for a in addresses_of('knot'))
    lines = ['server:', f'  rundir: "{directory}"', f'  listen: [ {listen} ]', '  udp-workers: 1',
             '  tcp-workers: 1', '  background-workers: 1', '  version: ""', '  identity: ""',
             'log:', '  - target: stderr', '    any: warning',
             'database:', f'  storage: "{directory}"',
             'template:', '  - id: default', f'    storage: "{zone_dir}"', '    zonefile-sync: -1',
             '    zonefile-load: whole', '    journal-content: none', '    semantic-checks: off', 'zone:']
    for z in zones:
        lines += [f'  - domain: "{z.name}."', f'    file: "{file_of(z)}"']
        lines += signers.knot_zone(z) if z.signer == 'knot' else []
    conf = write(f'{directory}/knot.conf', '\n'.join(lines).replace('template:', signers.KNOT_POLICIES + 'template:', 1) + '\n')
    signers.knot_import(zones, conf, f'{zone_dir}/keys')
    return ['knotd', '-c', conf, '-s', f'{directory}/knot.sock']


def bind(directory, zone_dir, zones):
    v4 = ' '.join(a + ';' for a in addresses_of('bind') if ':' not in a)
    v6 = ' '.join(a + ';' for a in addresses_of('bind') if ':' in a)
    lines = ['options {', f'  directory "{directory}";', f'  listen-on {{ {v4} }};', f'  listen-on-v6 {{ {v6} }};',
             '  recursion no; notify no; dnssec-validation no; minimal-responses yes; pid-file none;',
             f'  session-keyfile "{directory}/session.key"; lock-file none; check-integrity no;',
             '  check-names primary ignore; max-records-per-type 0; max-udp-size 4096; interface-interval 0;',
             '};', 'controls { };', 'logging { category default { null; }; category general { default_stderr; }; };']
    lines += [f'zone "{z.name or "."}" {{ type primary; file "{zone_dir}/{file_of(z)}"; '
              f'{signers.bind_zone(z, zone_dir + "/keys")}}};' for z in zones]
    conf = write(f'{directory}/named.conf', signers.BIND_POLICIES + '\n'.join(lines) + '\n')
    return ['named', '-f', '-n', '1', '-c', conf]


def pdns(directory, zone_dir, zones):
    zone_list = [f'zone "{z.name or "."}" {{ type master; file "{zone_dir}/{file_of(z)}"; }};' for z in zones]
    named = write(f'{directory}/named.conf', '\n'.join(zone_list) + '\n')
    lines = ['launch=bind', f'bind-config={named}', f'bind-dnssec-db={directory}/dnssec.db',
             'local-address=' + ','.join(addresses_of('pdns')), 'daemon=no', 'guardian=no', f'socket-dir={directory}',
             'dname-processing=yes', 'cache-ttl=0', 'query-cache-ttl=0', 'negquery-cache-ttl=0', 'receiver-threads=1',
             'distributor-threads=1', 'expand-alias=no', 'loglevel=3', 'webserver=no', 'api=no', 'setuid=', 'setgid=',
             'security-poll-suffix=', 'svc-autohints=no', 'zone-cache-refresh-interval=0']
    write(f'{directory}/pdns.conf', '\n'.join(lines) + '\n')
    util = ['pdnsutil', f'--config-dir={directory}']
    quiet = {'check': True, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    subprocess.run([*util, 'create-bind-db', f'{directory}/dnssec.db'], **quiet)
    signers.pdns_database(f'{directory}/dnssec.db', zones, f'{zone_dir}/keys')
    return ['pdns_server', f'--config-dir={directory}']


STARTERS = {'nsd': nsd, 'knot': knot, 'bind': bind, 'pdns': pdns}


def commands(lab_dir, zones):
    """program -> argv, with its configuration written."""
    argv = {}
    for program, starter in STARTERS.items():
        directory = os.path.join(lab_dir, program)
        os.makedirs(directory, exist_ok=True)
        argv[program] = starter(directory, os.path.join(lab_dir, 'zones'), zones[program])
    return argv
