"""docs/encryption.md: each of its examples is taken, and the first ones serve."""
import os
import re
import subprocess

import yaml

import harness
from harness import *
from test_lists_url import certificates
from test_reload import start
from test_tls import kdig

PAGE = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../docs/encryption.md')


def examples():
    with open(PAGE) as f:
        return [yaml.safe_load(text) for text in re.findall(r'^```yaml\n(.*?)^```', f.read(), re.S | re.M)]


def with_certificate(example):
    if 'tls' in example:
        example['tls'] = {'certificate': f'{certificates()}/good.pem', 'key': f'{certificates()}/good.key'}
    return example


def test_all_are_taken():
    at_least(len(examples()), 6, 'examples')
    for example in examples():
        path = write_config({'server': {'user': ''}, **with_certificate(example)})
        done = subprocess.run([harness.TERND, '-t', '-c', path], capture_output=True, text=True)
        equal(done.returncode, 0, f'{example}: {done.stderr}')


def test_clients_are_served():
    example = with_certificate(examples()[0])
    for listener in example['server']['listen']:
        if isinstance(listener, dict):          # the ports of the tests
            listener['address'] = {'tls': '127.0.0.1@8853', 'https': '127.0.0.1@8443'}[listener['transport']]
    example['server']['listen'][0] = f'127.0.0.1@{PORT}'
    start(**example)
    check('192.0.2.81' in kdig('www.example.com'), 'by TLS')
    out = subprocess.run(['curl', '-sS', '--doh-url', 'https://127.0.0.1:8443/dns-query', '--doh-insecure', '--insecure', '-o',
                          '/dev/null', '--connect-timeout', '1', '--max-time', '2', 'http://www.example.com:1/'],
                         capture_output=True, text=True)
    # The name is found; nobody is there.
    check('Could not resolve' not in out.stderr and out.returncode in (7, 28), f'{out.returncode} {out.stderr}')
