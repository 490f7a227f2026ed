"""Expired data is given out as secure while its signatures hold. Beside the good signature (it ends in 4 s) the server sends another one, wrong, by no
known key, that would hold for a year. With the servers silent: does the stale answer keep AD after the good signature has ended?"""
from common import run


def play(s):
    import os
    import time
    import dns.flags
    from cases import check, rcode, ede
    w = s.world()
    w.zone('test', signed=True)
    z = w.zone('z.test', 'www A 192.0.2.1', signed=True)
    import dns.rrset
    from mock import T, sign
    right = z.sig

    def sig(r, labels=None):
        if r.rdtype != T.A or r.name.labels[0] != b'www':
            return right(r)
        now = int(time.time())
        good = sign(r, z.key, z.name, now - 3600, now + 4)
        forged = good.replace(expiration=now + 86400 * 365, key_tag=4711, signature=os.urandom(64))
        out = dns.rrset.RRset(r.name, 1, T.RRSIG, r.rdtype)
        out.add(good, r.ttl)
        out.add(forged, r.ttl)
        return out
    z.sig = sig
    s.start(validation=True, tern={'cache': {'serve-stale': True}} if os.environ.get('STALE_OPT') else None)
    a = s.expect('www.z.test', secure=True, do=True)
    print('ttl', a.answer[0].ttl)
    w.silent.add(z.addresses[0])
    time.sleep(int(os.environ.get("WAIT", "310")))
    a = s.ask('www.z.test', do=True, ad=True, timeout=8)
    print(rcode(a), ede(a), [x.to_text() for x in a.answer][:1], 'AD', bool(a.flags & dns.flags.AD))
    check(not (a.flags & dns.flags.AD), 'AD on data whose only good signature has expired')


run(play, 400)
