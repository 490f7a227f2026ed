"""Link 0 of an alias is made by a signed wildcard (CNAME), link 1 does not exist, and its server sends the wrong NSEC: the denial is made from ranges
known before. (The first answer for link 0 had no
signature: it was asked again, and nothing is made up at look-up then.) The client validates by itself: the proof that link 0 came rightly from the wildcard must still be in the answer."""
from common import run


def play(s):
    import dns.flags
    from cases import check, rcode, ede
    from mock import N
    w = s.world()
    w.zone('test', signed=True)
    z = w.zone('z.test', '* CNAME nope2.y.test.\nb A 192.0.2.1', signed=True)
    y = w.zone('y.test', 'a A 192.0.2.1\nz A 192.0.2.2', signed=True)

    def hook(q, m):
        if q.text == 'nope2.y.test' and q.do and q.type == 'A':
            return q.reply([], y.with_sigs([y.soa_set(), y.nsec(N('z.y.test'))], True), rcode='NXDOMAIN')
        return m
    y.hook = hook
    s.start(validation=True)
    s.expect('nope1.y.test', 'NXDOMAIN', secure=True)         # the ranges
    s.expect('nope1.y.test', 'NXDOMAIN', rtype='TXT')
    state = {'n': 0}

    def z_hook(q, m):
        if q.text == 'r.z.test' and q.type == 'A':
            state['n'] += 1
            if state['n'] == 1:
                m.answer = [x for x in m.answer if x.rdtype != 46]
        return m
    z.hook = z_hook
    s.expect('b.z.test', secure=True)
    a = s.ask('r.z.test', do=True, ad=True)
    auth = sorted({x.name.to_text() for x in a.authority if x.rdtype == 47})
    print(rcode(a), ede(a), [x.to_text() for x in a.answer][:1], auth, 'AD', bool(a.flags & dns.flags.AD))
    check(rcode(a) != 'NXDOMAIN' or any(n.endswith('z.test.') for n in auth), f'the NSEC of z.test for the wildcard is missing: {auth}')


run(play, 60)
