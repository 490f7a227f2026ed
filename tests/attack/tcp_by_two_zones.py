"""A victim's server drops UDP questions for zones that it doesn't serve (tinydns, firewalls), and says REFUSED by TCP. A stranger delegates two zones to
its address. Row 84: what a stranger's zones taught must not change how the victim's own zone is asked (UDP, with cookie, 1232 octets)."""
from common import run


def play(s):
    import time
    from cases import check
    from hostile import try_to_ask
    w = s.world()
    w.zone('test')
    v = w.zone('victim.test', '\n'.join(f'w{i} A 192.0.2.1' for i in range(30)))
    for i in range(2):
        z = w.zone(f'evil{i}.test', '', addresses=['198.18.210.9'], ns=['ns.evil%d.test.' % i], glue=False)
        w.by_address.pop('198.18.210.9', None)
    w.root                                                    # the stranger's names of the server, glue of the parent: the victim's address
    test = w.zones[1]
    test.referral_old = test.referral
    from mock import rrset

    def referral(q, cut):
        m = test.referral_old(q, cut)
        if 'evil' in cut.to_text():
            m.additional = [rrset('ns.' + cut.to_text(), 300, 'A', v.addresses[0])]
        return m
    test.referral = referral
    v.hook = lambda q, m: None if 'evil' in q.text and q.udp else m
    s.start()
    s.expect('w0.victim.test', rdata=['192.0.2.1'])
    for n in range(4):
        for i in range(2):
            print(try_to_ask(s, f'a{n}.evil{i}.test', timeout=6))
    v.asked.clear()
    for i in range(1, 6):
        s.expect(f'w{i}.victim.test', rdata=['192.0.2.1'])
    forms = [('udp' if q.udp else 'tcp', q.size, bool(q.cookie), q.edns) for n, t, q in v.asked]
    print(forms)
    check(all(f == ('udp', 1232, True, True) for f in forms), f'questions for the victim\'s zone changed: {forms}')


run(play, 80)
