"""One of the two server names of a zone lies below a DNAME that makes too long a name. The zone answers by the other: NOERROR is right, not YXDOMAIN."""
from common import run


def play(s):
    from cases import check, rcode, ede
    w = s.world()
    w.zone('test')
    long = '.'.join(['l' * 60] * 3)
    d = w.zone('d.test', f'@ DNAME {long}.{"m" * 50}.test.')
    from mock import N, T
    d.honest = lambda q: q.reply([d.sets[(N('d.test'), T.DNAME)]], rcode='YXDOMAIN')
    w.zone('live.test', 'ns1 A 198.18.201.2')
    bad = []
    for i in range(6):
        z = w.zone(f'z{i}.test', 'www A 192.0.2.1', addresses=['198.18.202.1', f'198.18.201.{i + 2}'], ns=['x' * 30 + '.d.test.', f'ns{i}.live.test.'], glue=False)
        w.zones[3].add(f'ns{i}.live.test', 'A', f'198.18.201.{i + 2}')
    s.start()
    for i in range(6):
        a = s.ask(f'www.z{i}.test')
        print(rcode(a), ede(a), [x.to_text() for x in a.answer])
        if rcode(a) != 'NOERROR':
            bad.append(rcode(a))
    check(not bad, f'{bad} with the data of another name')


run(play, 60)
