"""A zone with two server names: one is known to have failed (RFC 9520), the other says REFUSED. Is the failure of a name of the zone remembered?
Row 32: at most 15 upstream questions for 40 of clients."""
from common import run


def play(s):
    from cases import check
    from hostile import try_to_ask
    w = s.world()
    w.zone('test')
    dead = w.zone('dead.test', '')
    dead.hook = lambda q, m: q.reply(rcode='REFUSED', aa=False)
    z = w.zone('z.test', '', addresses=['198.18.201.1', '198.18.201.2'], ns=['ns1.dead.test.', 'ns1.live.test.'])
    w.zone('live.test', 'ns1 A 198.18.201.2')
    w.at('198.18.201.2', z)
    z.hook = lambda q, m: q.reply(rcode='REFUSED', aa=False)
    s.start()
    print(try_to_ask(s, 'ns1.dead.test'))
    for x in w.zones:
        x.asked.clear()
    for i in range(40):
        r = try_to_ask(s, 'www.z.test')
    print(r)
    n = sum(x.count() for x in w.zones)
    print(n, 'upstream', [(x.name.to_text(), x.count()) for x in w.zones])
    check(n <= 15, f'{n} upstream questions for 40 equal ones within 5 s: the failure was not remembered')


run(play, 60)
