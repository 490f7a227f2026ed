"""A parent that withdraws a cut (DS with TTL 1, then "no cut here"), while the child's own denial of a DS below it is still cached:
does the walk down the chain of trust end? The attacker owns evil.test and asks three questions; others ask for good.test."""
from common import run


def play(s):
    import time
    from mock import N, T, rrset, sign
    import dns.rrset
    w = s.world()
    w.zone('test', signed=True)
    evil = w.zone('evil.test', 'zz A 192.0.2.9', signed=True)
    b = w.zone('b.evil.test', 'x A 192.0.2.1\ny.x A 192.0.2.2', signed=True)
    w.zone('good.test', 'www A 192.0.2.3\nww2 A 192.0.2.4')
    phase = {'n': 1}
    honest_ds = evil.ds_set

    def ds_set(child):
        r = honest_ds(child)
        r.ttl = 1
        return r
    evil.ds_set = ds_set

    def evil_hook(q, m):
        if phase['n'] == 2 and q.type == 'DS' and q.text == 'b.evil.test':
            nsec = rrset('b.evil.test', 60, 'NSEC', 'zz.evil.test. A RRSIG NSEC')
            return q.reply([], evil.with_sigs([evil.soa_set(), nsec], True))
        return m
    evil.hook = evil_hook

    def b_hook(q, m):
        if phase['n'] == 2 and q.type == 'A' and q.text.endswith('x.b.evil.test'):
            a = rrset(q.asked, 60, 'A', '192.0.2.66')
            sig = dns.rrset.RRset(a.name, 1, T.RRSIG, T.A)
            sig.add(sign(a, b.key, N('x.b.evil.test'), int(b.since), int(b.until)), 60)
            return q.reply([a, sig])
        return m
    b.hook = b_hook
    s.start(validation=True)
    s.expect('www.good.test', rdata=['192.0.2.3'])
    a = s.ask('x.b.evil.test', 'DS', do=True)
    s.expect('x.b.evil.test', secure=True)
    time.sleep(2.2)
    phase['n'] = 2
    s.ask('b.evil.test', 'DS', do=True)
    from hostile import try_to_ask
    print('attacker gets:', try_to_ask(s, 'y.x.b.evil.test', timeout=5))
    from cases import check, Failed
    pid = s.r.process.pid
    ticks = lambda: sum(int(x) for x in open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[11:13])
    before = ticks()
    try:
        s.expect('ww2.good.test', rdata=['192.0.2.4'], timeout=3)
    except Failed as e:
        after = ticks()
        time.sleep(1)
        check(False, f'{e}; the worker used {after - before} ticks of CPU in 3 s, process ended: {s.r.process.poll()}')


run(play, 60)
