"""As downgrade_key.py one level up: p.test was unsigned, DS of x.p.test (TTL a day) was asked for and is kept as insecure; then p.test gets a DS. Once test's
old denial (TTL 2) is over, forged unsigned data of x.p.test must not be believed."""
from common import run


def play(s):
    import time
    import dns.flags
    from cases import check, rcode, ede, data
    from mock import rrset
    w = s.world()
    w.zone('test', signed=True, minimum=2)
    p = w.zone('p.test', 'w A 192.0.2.1', signed=True, ds=False, ns_ttl=3)
    v = w.zone('x.p.test', '\n'.join(f'w{i} A 192.0.2.1' for i in range(9)), signed=True, ns_ttl=86400)
    state = {'forge': False}

    def hook(q, m):
        if state['forge'] and q.type == 'A' and q.text.startswith('w'):
            return q.reply([rrset(q.asked, 60, 'A', '6.6.6.6')])
        return m
    v.hook = hook
    s.start(validation=True)
    s.expect('x.p.test', rtype='DS', secure=False)
    s.expect('w0.x.p.test', rdata=['192.0.2.1'], secure=False)
    p.ds = True
    time.sleep(5)
    a = s.ask('w.p.test', ad=True)
    print('w.p.test', rcode(a), ede(a), 'AD', bool(a.flags & dns.flags.AD))
    state['forge'] = True
    a = s.ask('w1.x.p.test', ad=True)
    print('forged:', rcode(a), ede(a), data(a), 'AD', bool(a.flags & dns.flags.AD))
    check('6.6.6.6' not in data(a), 'forged data believed although there is an unbroken chain of DS')


run(play, 60)
