"""The lab's three namespaces and the wires between them; see plan.py."""
import glob
import os
import re
import subprocess

import plan


def ip(*args, check=True):
    done = subprocess.run(['ip', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f'ip {" ".join(args)}: {done.stdout.strip()}')
    return done.stdout


def batch(namespace, lines):
    done = subprocess.run(['ip', '-n', namespace, '-batch', '-'], input='\n'.join(lines) + '\n',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{namespace}: {done.stdout.strip()}')


class Network:
    def __init__(self, prefix):
        self.lab, self.net, self.bad = prefix, prefix + '-net', prefix + '-bad'

    def names(self):
        return [self.lab, self.net, self.bad]

    def start(self):
        for name in self.names():
            ip('netns', 'add', name)
        ip('-n', self.lab, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'lab', 'netns', self.net)
        ip('-n', self.bad, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'bad', 'netns', self.net)
        for name in self.names():
            self.run_in(name, 'sh', '-c', 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done; '
                        'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; '
                        # A silent server is silence, not an ICMP error of ours.
                        'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done')
        self._wire(self.lab, plan.LAB_V4, plan.LAB_V6, plan.LAB_GATE_V4, plan.LAB_GATE_V6)
        self._wire(self.bad, plan.BAD_V4, plan.BAD_V6, plan.BAD_GATE_V4, plan.BAD_GATE_V6)
        batch(self.bad, [f'route add local {n} dev lo' for n in plan.BAD_NETS])
        lines = ['link set lo up', 'link set lab up', 'link set bad up',
                 f'addr add {plan.LAB_GATE_V4}/30 dev lab', f'addr add {plan.LAB_GATE_V6}/64 dev lab nodad',
                 f'addr add {plan.BAD_GATE_V4}/30 dev bad', f'addr add {plan.BAD_GATE_V6}/64 dev bad nodad',
                 # Clients of the LAN have addresses of their own behind the resolver's wire.
                 f'route add 10.53.1.0/24 via {plan.LAB_V4}', f'route add 10.53.2.0/24 via {plan.LAB_V4}']
        lines += [f'route add {n} via {plan.BAD_V6 if ":" in n else plan.BAD_V4}' for n in plan.BAD_NETS]
        for program in plan.PROGRAMS:
            for a in plan.addresses_of(program):
                lines.append(f'addr add {a}/128 dev lo nodad' if ':' in a else f'addr add {a}/32 dev lo')
        # The local table moves down, so that a test's rule above it can swallow all packets.
        for family in ('-4', '-6'):
            ip('-n', self.net, family, 'rule', 'add', 'priority', '100', 'lookup', 'local')
            ip('-n', self.net, family, 'rule', 'del', 'priority', '0')
        batch(self.net, lines)
        batch(self.lab, ['route add local 10.53.1.0/24 dev lo', 'route add local 10.53.2.0/24 dev lo',
                         # Clients that are not of the own networks: 100.99.0.0/24 is nobody's.
                         'route add local 100.99.0.0/24 dev lo'])

    @staticmethod
    def _wire(name, v4, v6, gate_v4, gate_v6):
        batch(name, ['link set lo up', 'link set wire up', f'addr add {v4}/30 dev wire',
                     f'addr add {v6}/64 dev wire nodad', f'route add default via {gate_v4}',
                     f'route add default via {gate_v6}'])

    @staticmethod
    def run_in(name, *command):
        subprocess.run(['ip', 'netns', 'exec', name, *command], check=True)

    def stop(self):
        for name in self.names():
            ip('netns', 'del', name, check=False)


def remove_stale():
    """Namespaces of a lab that was killed: their name holds the pid of who made them."""
    for path in glob.glob('/run/netns/tern-lab*'):
        name = os.path.basename(path)
        match = re.match(r'tern-lab(\d+)', name)
        if match and not os.path.exists(f'/proc/{match[1]}'):
            ip('netns', 'del', name, check=False)
