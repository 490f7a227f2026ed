"""victim.test was unsigned (no DS), and somebody asked for its DNSKEY (TTL a day) - the answer is kept as insecure. Then the parent publishes a DS. Once the
parent's old denial (TTL 2) is over, forged data without signatures must not be believed."""
from common import run


def play(s):
    import time
    import dns.flags
    from cases import check, rcode, ede, data
    w = s.world()
    test = w.zone('test', signed=True, minimum=2)
    v = w.zone('victim.test', '\n'.join(f'w{i} A 192.0.2.1' for i in range(9)), signed=True, ds=False, ns_ttl=86400)
    state = {'forge': False}

    from mock import rrset

    def hook(q, m):
        if state['forge'] and q.type == 'A' and q.text.startswith('w'):
            return q.reply([rrset(q.asked, 60, 'A', '6.6.6.6')])
        return m
    v.hook = hook
    s.start(validation=True)
    s.expect('victim.test', rtype='DNSKEY', secure=False)
    s.expect('w0.victim.test', rdata=['192.0.2.1'], secure=False)
    v.ds = True
    time.sleep(4)
    a = s.ask('victim.test', 'DS', ad=True)
    print('DS', rcode(a), data(a, 'DS'), 'AD', bool(a.flags & dns.flags.AD))
    state['forge'] = True
    a = s.ask('w1.victim.test', ad=True)
    print('forged:', rcode(a), ede(a), data(a), 'AD', bool(a.flags & dns.flags.AD))
    check('6.6.6.6' not in data(a), 'forged data believed although the zone has a DS: insecure keys of former times say "not signed" for a day')


run(play, 60)
