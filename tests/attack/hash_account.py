"""A stranger's aliases use up the account of NSEC3 hashes to the last block in proofs of his own (unsigned cuts below his signed zone, 256 blocks each),
then lead to www.victim.test, an unsigned zone below the NSEC3 zone test. Is www.victim.test remembered as failed for everybody?"""
from common import run


def nsec3_zone(z, salt, iterations):
    """DS denials of the zone's cuts by a matching NSEC3."""
    import dns.dnssec
    import dns.name
    from mock import rrset

    def nsec(name):
        h = dns.dnssec.nsec3_hash(name, salt, iterations, 'SHA1')
        nxt = h[:-2] + ('1' if h[-2] != '1' else '2') + h[-1]
        types = 'NS' if name in z.cuts else 'A RRSIG'
        return rrset(dns.name.from_text(h.lower(), z.name), 600, 'NSEC3', f'1 0 {iterations} {salt.hex() or "-"} {nxt} {types}')
    z.nsec = nsec
    z.minimum = 600


def play(s):
    import time
    from cases import check, rcode, ede
    from hostile import try_to_ask
    w = s.world()
    test = w.zone('test', signed=True)
    nsec3_zone(test, b'', 0)
    evil = w.zone('evil.test', signed=True)
    nsec3_zone(evil, bytes(255), 50)
    w.zone('victim.test', '\n'.join(f'w{i} A 192.0.2.1' for i in range(9)))
    cuts = ['c%d' % i + 'x' * 58 + '.evil.test' for i in range(10)]
    for i, c in enumerate(cuts):
        text = '\n'.join(f'h{r} CNAME ' + (f'h{r}.{cuts[i + 1]}.' if i < 9 else f'w{r}.victim.test.') for r in range(9))
        w.zone(c, text + '\nwarm A 192.0.2.7')
    s.start(validation=True)
    for c in cuts:
        s.expect('warm.' + c, rdata=['192.0.2.7'])
    s.expect('w0.victim.test', rdata=['192.0.2.1'])
    for r in range(1, 4):
        print(f'attacker asks h{r}:', try_to_ask(s, f'h{r}.{cuts[0]}', timeout=6))
    time.sleep(1)
    bad = []
    for r in range(1, 4):
        a = s.ask(f'w{r}.victim.test', timeout=6)
        print(f'w{r}.victim.test', rcode(a), ede(a))
        if rcode(a) != 'NOERROR':
            bad.append(f'w{r}.victim.test')
    if bad:
        time.sleep(8)
        still = [b for b in bad if rcode(s.ask(b, timeout=6)) != 'NOERROR']
        check(False, f'{bad} SERVFAIL for others; after 9 s still: {still}')


run(play, 90)
