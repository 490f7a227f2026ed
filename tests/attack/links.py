"""Chains of 12 and 13 links, each from a signed wildcard or DNAME; NTAs on the way; an insecure link before secure ones; ANY, DS and DNSKEY questions that meet
aliases; empty non-terminals and wildcards out of ranges. AD only where all is secure, no name that exists denied, first time and out of the cache."""
from common import run


def play(s):
    import dns.flags
    from cases import check, rcode, ede, data
    w = s.world()
    w.zone('test', signed=True)
    lines = []
    for i in range(14):
        lines.append(f'*.w{i} CNAME k.w{i + 1}.l.test.')
    lines += ['k.w12 A 192.0.2.12', 'k.w13 A 192.0.2.13', 'k.w14 A 192.0.2.14', 'd0 DNAME d1.l.test.', 'd1 DNAME d2.l.test.', '*.d2 A 192.0.2.20',
              'e.ent A 192.0.2.30', '*.v A 192.0.2.31', 'x.y.v A 192.0.2.32', 'sub.*.ww TXT "t"', 'al CNAME x.n.l.test.', 'ds CNAME sec.test.', 'nt A 192.0.2.1', 'x.n A 192.0.2.2',
              'toins CNAME ins.uns.test.']
    w.zone('l.test', '\n'.join(lines), signed=True)
    w.zone('sec.test', 'a A 192.0.2.40\nz A 192.0.2.41\n@ A 192.0.2.42', signed=True)
    w.zone('uns.test', 'ins CNAME k.w12.l.test.\nwi CNAME q.d0.l.test.\nds CNAME sec.test.\nno CNAME nope.l.test.')
    bad = []

    def look(name, ok='NOERROR', want=None, ad=None, rtype='A'):
        for again in range(3):
            a = s.ask(name, rtype, ad=True, do=True, timeout=8)
            got_ad = bool(a.flags & dns.flags.AD)
            r = f'{name} {rtype}: {rcode(a)}{ede(a)} {data(a, rtype)[:2]} AD {got_ad}'
            if again == 0:
                print(r)
            if rcode(a) not in ok or (want is not None and data(a, rtype) != want) or (ad is not None and got_ad != ad):
                bad.append(f'(time {again + 1}) ' + r)
    s.start(validation=True, nta=['n.l.test'])
    look('q.w0.l.test', ('NOERROR', 'SERVFAIL'))
    look('q.w1.l.test', want=['192.0.2.12'], ad=True)
    look('q.d0.l.test', want=['192.0.2.20'], ad=True)
    look('q.d2.l.test', want=['192.0.2.20'], ad=True)
    look('al.l.test', want=['192.0.2.2'], ad=False)
    look('x.n.l.test', want=['192.0.2.2'], ad=False)
    look('nope.n.l.test', 'NXDOMAIN', ad=False)
    look('n.l.test', want=[], ad=False)
    look('nt.l.test', want=['192.0.2.1'], ad=True)
    look('ins.uns.test', want=['192.0.2.12'], ad=False)
    look('toins.l.test', want=['192.0.2.12'], ad=False)
    look('wi.uns.test', want=['192.0.2.20'], ad=False)
    look('no.uns.test', 'NXDOMAIN', ad=False)
    look('ds.l.test', rtype='DS', ad=True)
    look('ds.uns.test', rtype='DS', ad=False)
    look('ds.uns.test', rtype='DNSKEY', ad=False)
    look('ds.l.test', rtype='DNSKEY', ad=True)
    look('al.l.test', rtype='ANY')
    look('nope1.l.test', 'NXDOMAIN', ad=True)
    look('nope2.l.test', 'NXDOMAIN', ad=True)
    look('ent.l.test', want=[], ad=True)
    look('e.ent.l.test', want=['192.0.2.30'], ad=True)
    look('y.v.l.test', want=[], ad=True)
    look('q.v.l.test', want=['192.0.2.31'], ad=True)
    look('r.y.v.l.test', 'NXDOMAIN', ad=True)
    look('x.y.v.l.test', want=['192.0.2.32'], ad=True)
    look('a.ww.l.test', want=[], ad=True)
    look('b.ww.l.test', want=[], ad=True)
    look('*.ww.l.test', want=[], ad=True)
    look('zz.sec.test', 'NXDOMAIN', ad=True)
    look('a.sec.test', want=['192.0.2.40'], ad=True)
    look('nx.uns.test', 'NXDOMAIN', ad=False)
    look('uns.test', rtype='DS', ad=True)
    look('zzz.test', 'NXDOMAIN', ad=True)
    look('sec.test', want=['192.0.2.42'], ad=True)
    check(not bad, ' | '.join(bad))


run(play, 90)
