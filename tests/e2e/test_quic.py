"""DNS over QUIC to clients (RFC 9250): a real client, versions, tokens, resets, and datagrams that are nobody's."""
import json
import os
import socket
import struct
import subprocess

from harness import *
from test_lists_url import certificates
from test_reload import change, reload, ternctl
from test_tls import encrypted, install

DOQ = 8853


def quic(workers=2, listen=(), **more):
    return encrypted(workers, [{'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}, *listen], **more)


def kdig(*args, server='127.0.0.1', port=DOQ, ca='ca', host='lists.lan', timeout=5):
    # Its +tls- options turn +quic off again.
    return subprocess.run(['kdig', f'@{server}', '-p', str(port), f'+tls-ca={certificates()}/{ca}.pem', f'+tls-host={host}', '+quic',
                           f'+timeout={timeout}', *args], capture_output=True, text=True, timeout=30).stdout or "nothing"


def stats():
    return json.loads(ternctl('--json', 'stats'))


def datagram(octets, timeout=0.5):
    """What comes back for it; None for nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout or 0.001)
        s.sendto(octets, ('127.0.0.1', DOQ))
        try:
            return s.recv(2000)
        except TimeoutError:
            return None


def test_a_real_client():
    quic()
    out = kdig('www.example.com')
    check('192.0.2.81' in out and 'QUICv1' in out and 'TLS1.3' in out, out)
    out = kdig('www.example.com', '+padding')
    check('PADDING' in out, out)
    n = stats()
    equal(n['queries']['quic'], 2, 'queries by QUIC')
    at_least(n['tls']['handshakes'], 2, 'handshakes')


def test_long_answers():
    quic(**{'local-data': [f'large.lan. 60 IN TXT {i:04}{"x" * 200}' for i in range(250)]})
    out = kdig('large.lan', 'TXT')
    equal(out.count('x' * 200), 250, 'records of an answer of 54,000 octets')


def test_the_certificate_is_checked_by_clients():
    quic()
    check('192.0.2.81' not in kdig('www.example.com', host='other.lan', timeout=1), 'another name is believed')
    check(tern_lives(), 'the daemon lives')


def tern_lives():
    return data(ask('www.example.com')) == ['192.0.2.81']


def test_another_version_is_told_ours():
    quic()
    initial = bytes([0xc0]) + struct.pack('!I', 0x0a1a2a3a) + bytes([8]) + b'destined' + bytes([4]) + b'from'
    got = datagram(initial + bytes(1200 - len(initial)))
    check(got and got[1:5] == bytes(4), 'version negotiation')
    equal(got[5:6 + 4], bytes([4]) + b'from', 'to whom')
    check(struct.pack('!I', 1) in got[5 + 5 + 9:], 'version 1 is offered')
    equal(datagram(initial), None, 'a short one gets nothing')


def test_datagrams_that_are_nobodys():
    quic()
    for octets in (b'', b'\x40', bytes(1200), os.urandom(1200), b'\xc0' + os.urandom(1300), b'\xff' * 1344):
        datagram(octets, 0.05)
    reset = datagram(b'\x40' + os.urandom(60))
    check(reset and 20 < len(reset) < 61 and not reset[0] & 0x80, 'a connection that is not known is reset')
    equal(datagram(b'\x40' + os.urandom(20)), None, 'a short one gets nothing')
    for _ in range(300):
        datagram(b'\x40' + os.urandom(60), 0)
    check('192.0.2.81' in kdig('www.example.com'), 'clients are served')


def test_comes_and_goes_by_reload():
    tern = encrypted()
    check('192.0.2.81' not in kdig('www.example.com', timeout=1), 'served before')
    listen = [f'127.0.0.1@{PORT}', {'address': f'127.0.0.1@{DOQ}', 'transport': 'quic'}]
    for on in (True, False, True):
        reload(tern, server={'listen': listen[:1 + on]}, tls={'certificate': f'{tern.folder}/cert.pem', 'key': f'{tern.folder}/cert.key'})
        equal('192.0.2.81' in kdig('www.example.com', timeout=2), on, f'served when on is {on}')
    check(tern_lives(), 'the daemon lives')


def test_is_found_by_clients():
    quic()
    out = ternctl('discovery')
    check('alpn=doq' in out, out)


def test_certificates_change_under_clients():
    tern = quic()
    for _ in range(5):
        check('192.0.2.81' in kdig('www.example.com'), 'served')
        install('good', tern.folder)
        ternctl('reload')
    check('192.0.2.81' in kdig('www.example.com'), 'served')
