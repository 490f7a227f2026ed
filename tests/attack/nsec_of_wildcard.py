"""Between the resolver and a signed zone somebody gives the wildcard's NSEC as the NSEC of a name that exists (its signature is good, with one label
less). A question for that NSEC must not be answered NOERROR with it in a signed zone without the proof that the name is not there."""
from common import run


def play(s):
    import dns.flags
    import dns.rrset
    from cases import check, rcode, ede
    from mock import T
    w = s.world()
    w.zone('test', signed=True)
    z = w.zone('z.test', 'a A 192.0.2.1\n* A 192.0.2.2\nm A 192.0.2.3', signed=True)

    def hook(q, m):
        if q.type == 'NSEC' and q.text == 'm.z.test':
            from mock import N
            n = z.nsec(N('*.z.test'))
            sg = z.sig(n)
            a = dns.rrset.from_rdata_list(q.asked, n.ttl, list(n))
            g = dns.rrset.RRset(q.asked, 1, T.RRSIG, T.NSEC)
            for x in sg:
                g.add(x, n.ttl)
            return q.reply([a, g])
        return m
    z.hook = hook
    s.start(validation=True)
    s.expect('m.z.test', secure=True)
    for _ in range(2):
        a = s.ask('m.z.test', 'NSEC', do=True)
        print(rcode(a), ede(a), [x.to_text() for x in a.answer][:1], 'AD', bool(a.flags & dns.flags.AD))
        check(rcode(a) == 'SERVFAIL' or not a.answer, 'the NSEC of a wildcard was given as the NSEC of a name that exists')


run(play, 60)
