"""Names of leases that real DHCP servers write: Debian's dnsmasq, Kea and ISC dhcpd, with a real client behind a wire of its own."""
import contextlib
import json
import os
import random
import shutil
import subprocess
import time

from harness import *
from test_leases import pointer
from test_local import reverse, wait_for
from test_reload import start, ternctl

SERVER, WIRE = '10.66.7.1', 'dhcp0'

# What dhclient-script would do, but for /etc/resolv.conf, which is not ours.
SCRIPT = '''#!/bin/sh
case $reason in
BOUND|RENEW|REBIND|REBOOT) ip addr replace $new_ip_address/24 dev $interface && touch %s ;;
BOUND6|RENEW6|REBIND6) ip -6 addr replace $new_ip6_address/128 dev $interface nodad && touch %s ;;
PREINIT|PREINIT6) ip link set $interface up ;;
esac
exit 0
'''


def run(*argv, check_it=True):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    check(not check_it or done.returncode == 0, f'{" ".join(argv)}: {done.stdout[-600:]}')
    return done.stdout


def needs(program):
    if not shutil.which(program):
        raise Skipped(f'no {program}')


class Network:
    """A wire to a namespace in which the client is, and a folder for what both write."""

    def __init__(self):
        needs('dhclient')
        self.name = f'tern-dhcp{os.getpid()}-{random.getrandbits(16):x}'
        self.folder = os.path.join(LAB, self.name)
        self.processes = []

    def __enter__(self):
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o777)
        run('ip', 'netns', 'add', self.name)
        run('ip', 'link', 'add', WIRE, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.name)
        # Nobody else has the addresses, so nobody waits until that is sure.
        for prefix in ([], ['ip', 'netns', 'exec', self.name]):
            run(*prefix, 'sh', '-c', 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done')
        run('ip', 'addr', 'add', f'{SERVER}/24', 'dev', WIRE)
        run('ip', '-6', 'addr', 'add', 'fd66::1/64', 'dev', WIRE, 'nodad')
        run('ip', 'link', 'set', WIRE, 'up')
        for device in ('lo', 'eth0'):
            run('ip', '-n', self.name, 'link', 'set', device, 'up')
        return self

    def __exit__(self, *_):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        run('ip', 'link', 'del', WIRE, check_it=False)
        run('ip', 'netns', 'del', self.name, check_it=False)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, 'w') as f:
                f.write(text)
        return path

    def spawn(self, *argv, env=None):
        with open(self.path('log'), 'ab') as log:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                                       env={**os.environ, **(env or {})})
        self.processes.append(process)
        time.sleep(0.5)
        check(process.poll() is None, f'{argv[0]} ended: {self.log()}')
        return process

    def log(self):
        with open(self.path('log'), errors='replace') as f:
            return f.read()[-1500:]

    def client(self, name, family='-4', more=()):
        """Ask for an address under @name, once; release it with more=['-r']."""
        bound = self.path('bound')
        script = self.path('script', SCRIPT % (bound, bound))
        os.chmod(script, 0o755)
        config = self.path('dhclient.conf', f'send host-name "{name}";\nsend fqdn.fqdn "{name}.";\n'
                           'send fqdn.server-update on;\nrequest subnet-mask;\ninitial-interval 1;\ntimeout 10;\n')
        argv = ['ip', 'netns', 'exec', self.name, 'dhclient', family, '-1', '-d', '-v', '-cf', config, '-sf', script,
                '-lf', self.path(f'client{family}.leases'), '-pf', self.path(f'client{family}.pid'), *more, 'eth0']
        if '-r' in more:
            run(*argv)
            return
        # Left alone it would renew; and what one knows of its lease is in a file for the next.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(bound)
        client = self.spawn(*argv)
        until = time.monotonic() + 15
        while not os.path.exists(bound):
            check(time.monotonic() < until and client.poll() is None, f'no address: {self.log()}')
            time.sleep(0.05)
        time.sleep(0.2)
        client.kill()
        client.wait()

    def address(self, family='-4'):
        until = time.monotonic() + 3
        while True:
            out = run('ip', '-n', self.name, '-j', family, 'addr', 'show', 'dev', 'eth0', 'scope', 'global')
            found = [a['local'] for i in json.loads(out) for a in i.get('addr_info', []) if a.get('local')]
            if found:
                return found[0]
            check(time.monotonic() < until, f'the client has no address: {self.log()}')
            time.sleep(0.05)


def comes_and_goes(net, path, format):
    """The file need not be there before the server writes it first."""
    start(leases=[{'file': path, 'format': format, 'domain': 'lan'}])
    equal(rcode(ask('alpha.lan')), 'NXDOMAIN')
    net.client('Alpha')
    address = net.address()
    wait_for('alpha.lan', [address])
    pointer(address, ['alpha.lan.'])
    told = [json.loads(text) for text in ternctl('--json', 'leases').splitlines()]
    mine = [lease for lease in told if lease.get('address') == address]
    check(mine and mine[0]['naming'] == 'named', told)
    mac = json.loads(run('ip', '-n', net.name, '-j', 'link', 'show', 'dev', 'eth0'))[0]['address']
    equal((mine[0]['mac'], told[-1]['bad_lines']), (mac, 0))
    net.client('Alpha', more=['-r'])
    began = time.monotonic()
    while data(ask('alpha.lan')):
        check(time.monotonic() - began < 5, f'it does not go: {net.log()}')
        time.sleep(0.05)
    equal(rcode(ask(reverse(address), 'PTR')), 'NXDOMAIN')


@busy(40)
def test_dnsmasq():
    needs('dnsmasq')
    with Network() as net:
        path = net.path('dnsmasq.leases')
        net.spawn('dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--no-ping',
                  f'--interface={WIRE}', '--bind-interfaces', f'--dhcp-leasefile={path}', '--dhcp-authoritative',
                  f'--pid-file={net.path("pid")}', '--dhcp-range=10.66.7.50,10.66.7.99,2m', '--dhcp-range=fd66::50,fd66::99,64,2m')
        comes_and_goes(net, path, 'dnsmasq')
        # Both families of one client, under one name.
        net.client('Beta')
        net.client('beta', '-6')
        four, six = net.address(), net.address('-6')
        wait_for('beta.lan', [four])
        until = time.monotonic() + 2
        while data(ask('beta.lan', 'AAAA'), 'AAAA') != [six]:
            check(time.monotonic() < until, f'{six} is not there: {ternctl("leases")}')
            time.sleep(0.05)
        pointer(six, ['beta.lan.'])


@busy(40)
def test_kea():
    needs('kea-dhcp4')
    with Network() as net:
        path = net.path('kea-leases4.csv')
        config = net.path('kea.json', json.dumps({'Dhcp4': {
            'interfaces-config': {'interfaces': [WIRE], 'dhcp-socket-type': 'raw'},
            'lease-database': {'type': 'memfile', 'persist': True, 'name': path, 'lfc-interval': 0},
            'valid-lifetime': 120, 'loggers': [{'name': 'kea-dhcp4', 'severity': 'INFO', 'output_options': [{'output': 'stdout'}]}],
            'subnet4': [{'subnet': '10.66.7.0/24', 'pools': [{'pool': '10.66.7.50 - 10.66.7.99'}]}]}}))
        net.spawn('kea-dhcp4', '-c', config, env={'KEA_PIDFILE_DIR': net.folder, 'KEA_LOCKFILE_DIR': net.folder})
        comes_and_goes(net, path, 'kea')


@busy(40)
def test_isc():
    needs('dhcpd')
    with Network() as net:
        path = net.path('dhcpd.leases', '')
        config = net.path('dhcpd.conf', 'authoritative;\ndefault-lease-time 120;\nping-check false;\n'
                          'subnet 10.66.7.0 netmask 255.255.255.0 { range 10.66.7.50 10.66.7.99; }\n')
        net.spawn('dhcpd', '-4', '-f', '-d', '--no-pid', '-cf', config, '-lf', path, '-user', 'root', '-group', 'root', WIRE)
        comes_and_goes(net, path, 'isc')


@busy(40)
def test_isc_of_ipv6():
    needs('dhcpd')
    with Network() as net:
        path = net.path('dhcpd6.leases', '')
        config = net.path('dhcpd6.conf', 'authoritative;\ndefault-lease-time 120;\nddns-update-style none;\n'
                          'subnet6 fd66::/64 { range6 fd66::50 fd66::99; }\n')
        net.spawn('dhcpd', '-6', '-f', '-d', '--no-pid', '-cf', config, '-lf', path, '-user', 'root', '-group', 'root', WIRE)
        start(leases=[{'file': path, 'format': 'isc', 'domain': 'lan'}])
        net.client('alpha', '-6')
        address = net.address('-6')
        until = time.monotonic() + 3
        while True:
            told = [json.loads(text) for text in ternctl('--json', 'leases').splitlines()]
            if any(lease.get('address') == address for lease in told):
                break
            check(time.monotonic() < until, f'{told} {net.log()}')
            time.sleep(0.05)
        equal(told[-1]['bad_lines'], 0)
