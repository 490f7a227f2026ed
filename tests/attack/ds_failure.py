"""A client's own question for DS or DNSKEY of somebody else's zone reaches a limit of that question (time: the parent's or zone's servers are slow this moment;
CD=1): is (zone, DS/DNSKEY) then remembered as failed, so that the whole zone fails for others?"""
from common import run


def play(s):
    import threading
    import time
    from cases import check, rcode, ede
    from hostile import try_to_ask
    from mock import Act, World
    w = s.world()
    test = w.zone('test', signed=True)
    v = w.zone('victim.test', '\n'.join(f'w{i} A 192.0.2.1' for i in range(30)), signed=True)
    slow = {'on': False}

    def hook(q, m):
        if slow['on'] and q.type == 'DNSKEY':
            return [Act(World.octets(q, m), delay=4.5)]
        return m
    v.hook = hook
    s.start(validation=True)
    s.expect('test', rtype='SOA')
    slow['on'] = True
    print('attacker:', try_to_ask(s, 'victim.test', 'DNSKEY', timeout=6))
    slow['on'] = False
    time.sleep(1)
    a = s.ask('w1.victim.test', timeout=6)
    print(rcode(a), ede(a), f'{a.took:.1f} s')
    check(rcode(a) == 'NOERROR', 'a slow moment during one DNSKEY question makes every name of the zone fail')


run(play, 60)
