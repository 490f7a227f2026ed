"""No attacker at all: a signed zone b.org.test is merged into its parent (DS and NS taken away) while denials of DS below it, signed by it, are still cached,
and one of its old servers still answers with old signatures. The resolver must go on."""
from common import run


def play(s):
    import time
    from cases import Failed, check, rcode, ede
    from hostile import try_to_ask
    from mock import rrset
    w = s.world()
    w.zone('test', signed=True)
    org = w.zone('org.test', 'zz A 192.0.2.9', signed=True)
    b = w.zone('b.org.test', 'x A 192.0.2.1\nx TXT "1"\ny.x A 192.0.2.2', signed=True)
    w.zone('good.test', 'www A 192.0.2.3\nww2 A 192.0.2.4')
    honest_ds, merged = org.ds_set, {'yes': False}

    def ds_set(child):
        r = honest_ds(child)
        r.ttl = 1
        return r
    org.ds_set = ds_set

    def hook(q, m):
        if merged['yes'] and q.type == 'DS' and q.text == 'b.org.test':
            return q.reply([], org.with_sigs([org.soa_set(), rrset('b.org.test', 60, 'NSEC', 'x.b.org.test. A RRSIG NSEC')], True))
        return m
    org.hook = hook
    b.hook = lambda q, m: q.reply([r for r in m.answer if r.rdtype != 46]) if merged['yes'] and q.text.endswith('.x.b.org.test') else m
    s.start(validation=True)
    s.expect('x.b.org.test', rtype='DS')
    s.expect('x.b.org.test', secure=True)
    time.sleep(2.2)
    merged['yes'] = True
    print('merged:', try_to_ask(s, 'y.x.b.org.test', timeout=5))
    try:
        s.expect('ww2.good.test', rdata=['192.0.2.4'], timeout=3)
    except Failed as e:
        check(False, str(e))


run(play, 60)
