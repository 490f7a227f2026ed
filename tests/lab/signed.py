"""Signed zones for the tests of validation: every algorithm, both kinds of denial, and every way to be broken."""
import re

from plan import Zone, address

ALGORITHMS = ('RSASHA1', 'NSEC3RSASHA1', 'RSASHA256', 'RSASHA512', 'ECDSAP256SHA256', 'ECDSAP384SHA384', 'ED25519',
              'ED448')
BROKEN = ('expired', 'future', 'changed', 'stripped', 'nonsec', 'wrongds', 'soasig')
WINDOWS = {'expired': ('-s', 'now-864000', '-e', 'now-86400'), 'future': ('-s', 'now+86400', '-e', 'now+864000')}


def zone(name, signed='nsec', program='nsd', **more):
    z = Zone(name, program, {f'ns1.{name}': [address(program, 1, 4)]}, signed=signed, **more)
    z.lines += [f'ns1 86400 IN A {address(program, 1, 4)}', 'www 300 IN A 192.0.2.1',
                'other 300 IN A 192.0.2.2', '*.wild 300 IN A 192.0.2.3',
                'there.wild 300 IN A 192.0.2.4', 'deep.ent 300 IN A 192.0.2.5',
                'to-insecure 300 IN CNAME www.insecure-v.net.', 'to-nsec 300 IN CNAME www.nsec-v.net.',
                'to-nsec3 300 IN CNAME www.nsec3-v.net.', 'to-nothing 300 IN CNAME nothing.nsec-v.net.',
                'to-bogus 300 IN CNAME www.expired-v.net.', 'tree 300 IN DNAME nsec-v.net.']
    return z


def zones():
    made = [zone('nsec-v.net'), zone('nsec3-v.net', 'nsec3'), zone('optout-v.net', 'optout'),
            zone('insecure-v.net', ''), zone('island-v.net', ds=False), zone('child.nsec-v.net'),
            zone('plain.nsec-v.net', ''), zone('plain.nsec3-v.net', ''), zone('plain.optout-v.net', '')]
    made += [zone(f'{b}-v.net', broken=b) for b in BROKEN]
    made += [zone(f'{a.lower()}-v.net', 'nsec3' if a == 'NSEC3RSASHA1' else 'nsec', algorithm=a) for a in ALGORITHMS]
    return made


def spoil(broken, name, text):
    """The signed zone file, one record per line, with what @broken says done to it."""
    lines = text.splitlines(keepends=True)
    if broken == 'changed':
        lines = [re.sub(r'192\.0\.2\.1\b', '192.0.2.99', x) if x.startswith('www.') else x for x in lines]
    elif broken == 'stripped':
        lines = [x for x in lines if not (x.startswith('www.') and re.search(r'\sRRSIG\s+A\s', x))]
    elif broken == 'nonsec':
        lines = [x for x in lines if not re.search(r'\sIN\s+(NSEC|RRSIG\s+NSEC)\s', x)]
    elif broken == 'soasig':
        lines = [x for x in lines if not re.search(r'\sRRSIG\s+SOA\s', x)]
    return ''.join(lines)


def wrong_ds(line):
    """Another digest of the same length."""
    head, digest = line.rsplit(' ', 1)
    return f'{head} {digest[:-4]}{"0000" if not digest.endswith("0000") else "1111"}'
