"""NXNS with a victim that is quick to say REFUSED (SERVFAIL, NXDOMAIN): limits.md row 23 allows 8 upstream questions for one of a client, 5 at the victim."""
from common import run


def play(s):
    from cases import check
    from hostile import try_to_ask
    w = s.world()
    w.zone('test')
    victim = w.zone('victim.test', 'www A 192.0.2.1')
    evils = [w.zone(f'evil{i}.test', '', addresses=['198.18.200.1'], ns=[f'n{i}x{j}.victim.test.' for j in range(16)], glue=False) for i in range(4)]
    mode = {'rcode': 'REFUSED'}
    victim.hook = lambda q, m: (q.reply(rcode=mode['rcode'], aa=False) if mode['rcode'] in ('REFUSED', 'SERVFAIL', 'NOTIMP', 'FORMERR')
                                else None if mode['rcode'] == 'silent' else m) if q.text.startswith('n') and 'x' in q.text else m
    bad = []
    for ipv6 in (False, True):
        for i, rc in enumerate(('REFUSED', 'SERVFAIL', 'NXDOMAIN', 'silent')):
            if s.r:
                s.restart(ipv6=ipv6)
            else:
                s.start(ipv6=ipv6)
            mode['rcode'] = rc
            s.expect('www.victim.test', rdata=['192.0.2.1'])
            for z in w.zones:
                z.asked.clear()
            try_to_ask(s, f'q.evil{i}.test', timeout=6)
            n, all_n = victim.count(), sum(z.count() for z in w.zones)
            print(f'ipv6 {ipv6} {rc}: {n} at the victim, {all_n} in all')
            if n > 5 or all_n > 8:
                bad.append(f'ipv6={ipv6} {rc}: {n} at the victim, {all_n} in all')
    check(not bad, '; '.join(bad))


run(play, 80)
