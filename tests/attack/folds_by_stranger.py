"""One address (a balancer) has two backends: a stranger's zone folds case, the victim's compares letters exactly and denies names in mixed case. The resolver
confirms such denials in lower case - unless the stranger's zone taught "this address folds". Row 84: learned for that zone only."""
from common import run


def play(s):
    from cases import check, rcode
    from hostile import try_to_ask
    w = s.world()
    w.zone('test')
    v = w.zone('victim.test', '\n'.join(f'www{i}abcdefgh A 192.0.2.1' for i in range(30)), addresses=['198.18.220.1'])
    e = w.zone('evil.test', '* A 192.0.2.6', addresses=['198.18.220.1'])

    class Both:
        stream = None

        def handle(self, q):
            if q.name.is_subdomain(e.name):
                return e.handle(q)
            m = v.handle(q)
            return v.negative(q, 'NXDOMAIN', q.name) if q.mixed() else m
    w.by_address['198.18.220.1'] = Both()
    s.start()
    for i in range(3):
        print(try_to_ask(s, f'abcdefgh{i}.evil.test'))
    bad = [i for i in range(10) if rcode(s.ask(f'www{i}abcdefgh.victim.test')) != 'NOERROR']
    check(not bad, f'{len(bad)} of 10 names that exist are NXDOMAIN')


run(play, 60)
