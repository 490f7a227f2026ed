"""The servers of the signed zone test are down for a while; all about good.test (unsigned, other servers, alive) is cached: delegation, keys of
test, the DS denial. A stranger who has evil.test answers one question with an RRSIG that names test as its signer. Do other names of good.test
and of signed.test go on?"""
from common import run


def play(s):
    import os
    import dns.rrset
    from mock import N, T, rrset, sign
    from hostile import try_to_ask
    w = s.world()
    test = w.zone('test', signed=True)
    w.zone('good.test', '\n'.join(f'w{i} A 192.0.2.3' for i in range(20)))
    w.zone('signed.test', '\n'.join(f'w{i} A 192.0.2.4' for i in range(20)), signed=True)
    evil = w.zone('evil.test', 'a A 192.0.2.6')

    def hook(q, m):
        if q.type == 'A' and q.text.startswith('bad'):
            a = rrset(q.asked, 60, 'A', '192.0.2.66')
            sig = dns.rrset.RRset(a.name, 1, T.RRSIG, T.A)
            sig.add(sign(a, test.key, N('test'), int(test.since), int(test.until)).replace(signature=os.urandom(64)), 60)
            return q.reply([a, sig])
        return m
    evil.hook = hook
    s.start(validation=True)
    s.expect('w0.good.test', rdata=['192.0.2.3'])
    s.expect('w0.signed.test', rdata=['192.0.2.4'], secure=True)
    s.expect('a.evil.test', rdata=['192.0.2.6'])
    w.silent.add(test.addresses[0])
    s.expect('w1.good.test', rdata=['192.0.2.3'])
    s.expect('w1.signed.test', rdata=['192.0.2.4'], secure=True)
    print('attacker gets:', try_to_ask(s, 'bad.evil.test', timeout=6))
    s.expect('w2.signed.test', rdata=['192.0.2.4'], secure=True)
    s.expect('w2.good.test', rdata=['192.0.2.3'], within=2)


run(play, 60)
