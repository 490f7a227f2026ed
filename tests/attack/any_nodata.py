"""On the way between the resolver and a signed zone, ANY of a name with an A record is answered NODATA with the name's own true NSEC (A in its bitmap).
The answer must not be "no data", and not with AD: SERVFAIL or the data."""
from common import run


def play(s):
    import dns.flags
    from cases import check, rcode, ede
    w = s.world()
    w.zone('test', signed=True)
    z = w.zone('z.test', 'a A 192.0.2.1', signed=True)

    def hook(q, m):
        if q.type == 'ANY':
            return q.reply([], z.with_sigs([z.soa_set(), z.nsec(q.name)], True))
        return m
    z.hook = hook
    s.start(validation=True)
    a = s.ask('a.z.test', 'ANY', do=True, ad=True)
    print(rcode(a), ede(a), [x.to_text() for x in a.answer], [x.to_text() for x in a.authority][:3], 'AD', bool(a.flags & dns.flags.AD))
    check(rcode(a) == 'SERVFAIL' or a.answer, f'NODATA for ANY, AD {bool(a.flags & dns.flags.AD)}, by an NSEC that says there is an A')


run(play, 60)
