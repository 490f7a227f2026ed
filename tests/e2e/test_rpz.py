"""Response policy zones: each trigger and action, order, aliases, changes of the file, and what is not touched."""
import os
import time

from harness import *
from test_lists import ede_options, until
from test_reload import Forwarder, forwarding, reload, start, ternctl
from test_zone_files import put

HEAD = '$TTL 60\n@ SOA ns. mail. 1 3600 600 86400 60\n  NS ns.\n'


def policies(text, name='rpz.test-zone', **more):
    return {'response-policy-zones': [{'name': name, 'file': put(name, HEAD + text), **more}]}


def ruled(name, code, rtype='A', where='policy zone rpz.test-zone.', **how):
    answer = ask(name, rtype, **how)
    equal(rcode(answer), code, name)
    equal([(int(e.code), e.text.startswith(where)) for e in ede_options(answer)], [(15, True)], f'{name}: {answer}')
    check(not answer.flags & dns.flags.AD)
    return answer


def test_names():
    start(**policies('''www.example.com CNAME .
*.example.org CNAME *.
example.org CNAME rpz-passthru.
nas.lan CNAME .
data.test-zone A 192.0.2.200
data.test-zone TXT "why"
*.wild.test-zone A 192.0.2.201
to.test-zone CNAME www.example.com.
drop.test-zone CNAME rpz-drop.
'''), **{'local-data': ['nas.lan. A 192.168.1.9']})
    for _ in range(2):
        ruled('www.example.com', 'NXDOMAIN')
        expect(ruled('www.example.org', 'NOERROR'), 'NOERROR', [])
        check(not ede_options(ask('example.org')))
        expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
        expect(ruled('data.test-zone', 'NOERROR'), 'NOERROR', ['192.0.2.200'])
        expect(ruled('data.test-zone', 'NOERROR', 'TXT'), 'NOERROR', ['"why"'], 'TXT')
        expect(ruled('data.test-zone', 'NOERROR', 'AAAA'), 'NOERROR', [], 'AAAA')
        expect(ruled('a.b.wild.test-zone', 'NOERROR'), 'NOERROR', ['192.0.2.201'])
        # An alias that a rule makes leads where it leads, whatever is said of its target.
        answer = ruled('to.test-zone', 'NOERROR')
        equal(data(answer), ['192.0.2.81'])
        equal(data(answer, 'CNAME'), ['www.example.com.'])
        # The target of somebody else's alias is looked at, too.
        equal(data(ruled('shop.example.com', 'NOERROR')), [])
    equal(exchange(question('drop.test-zone').to_wire()), None)
    check('policy zone rpz.test-zone., rule www.example.com.rpz.test-zone.' in ternctl('explain', '127.0.0.1', 'www.example.com'))


def test_tcp_only():
    start(**policies('www.example.com CNAME rpz-tcp-only.\n'))
    for _ in range(2):
        answer = ask('www.example.com')
        check(answer.flags & dns.flags.TC and not answer.answer, str(answer))
        expect(ask('www.example.com', tcp=True), 'NOERROR', ['192.0.2.81'])


def test_clients():
    start(**policies('32.2.0.0.127.rpz-client-ip CNAME .\n32.3.0.0.127.rpz-client-ip CNAME rpz-passthru.\nwww.example.com CNAME *.\n'))
    for _ in range(2):
        ruled('www.example.org', 'NXDOMAIN', source='127.0.0.2')
        expect(ask('www.example.org'), 'NOERROR')
        expect(ask('www.example.com', source='127.0.0.3'), 'NOERROR', ['192.0.2.81'])
        expect(ruled('www.example.com', 'NOERROR'), 'NOERROR', [])


def test_answers():
    start(**policies('''32.81.2.0.192.rpz-ip CNAME .
24.0.2.0.192.rpz-ip A 192.0.2.222
'''))
    for _ in range(2):
        ruled('www.example.com', 'NXDOMAIN')
        expect(ruled('p1.victim.evil', 'NOERROR'), 'NOERROR', ['192.0.2.222'])


def test_stale_answers():
    """An address that a rule speaks of is not given when it has expired either."""
    server = Forwarder('192.0.2.101', ttl=1)
    start(**policies('32.101.2.0.192.rpz-ip CNAME .\n'), **forwarding(('corp.test-zone', server)))
    ruled('x.corp.test-zone', 'NXDOMAIN')
    server.socket.close()
    time.sleep(2)
    answer = ask('x.corp.test-zone', timeout=8)
    equal((rcode(answer), data(answer)), ('NXDOMAIN', []), str(answer))


def test_a_broken_zone_is_nobody_else_s_business():
    """A change of hosts counts beside a policy zone that can't be read, at the same moment and later."""
    hosts = put('hosts', '192.168.1.1 a.lan\n')
    tern = start(**policies('www.example.com CNAME .\n'), hosts=[hosts])
    put('rpz.test-zone', HEAD + 'x A nonsense\n')
    put('hosts', '192.168.1.2 a.lan\n')
    until(lambda: data(ask('a.lan')) == ['192.168.1.2'])
    put('hosts', '192.168.1.3 a.lan\n')
    until(lambda: data(ask('a.lan')) == ['192.168.1.3'])
    ruled('www.example.com', 'NXDOMAIN')
    until(lambda: 'rpz.test-zone:4: ' in tern.log_text())


def test_servers():
    start(**policies('203.example CNAME .\n*.evil.rpz-nsdname CNAME .\n'))
    for _ in range(2):
        ruled('p1.victim.evil', 'NXDOMAIN')
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])


def test_order_and_override():
    first = put('first.test-zone', HEAD + 'www.example.com CNAME rpz-passthru.\nboth.test-zone CNAME *.\n')
    second = put('second.test-zone', HEAD + 'www.example.com CNAME .\nboth.test-zone CNAME .\nonly.test-zone A 192.0.2.1\n')
    zones = [{'name': 'first.test-zone', 'file': first}, {'name': 'second.test-zone', 'file': second, 'action': 'nxdomain'}]
    tern = start(**{'response-policy-zones': zones})
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    ruled('both.test-zone', 'NOERROR', where='policy zone first.test-zone.')
    ruled('only.test-zone', 'NXDOMAIN', where='policy zone second.test-zone.')
    reload(tern, **{'response-policy-zones': zones[::-1]})
    ruled('www.example.com', 'NXDOMAIN', where='policy zone second.test-zone.')
    reload(tern)
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])


def test_followed():
    tern = start(**policies('www.example.com CNAME .\n'))
    ruled('www.example.com', 'NXDOMAIN')
    put('rpz.test-zone', HEAD + 'www.example.org CNAME .\n')
    until(lambda: ede_options(ask('www.example.org')))
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    for broken in (HEAD + 'x A nonsense\n', HEAD + '99.1.2.3.4.rpz-ip CNAME .\n', b'\x00\xff' * 99, HEAD + 'a CNAME b.\na A 192.0.2.1\n'):
        put('rpz.test-zone', broken)
        time.sleep(0.7)
        ruled('www.example.org', 'NXDOMAIN')
    check('rpz.test-zone:4: ' in tern.log_text(), tern.log_text()[-600:])
    os.unlink(put('rpz.test-zone', HEAD))
    time.sleep(0.7)
    start_again = ternctl('status')
    check(start_again)


def test_mistakes():
    start()
    for text, why in (('a A x\n', ':4: '), ('33.1.2.3.4.rpz-ip CNAME .\n', ':4: expected a network'),
                      ('a CNAME .\na A 192.0.2.1\n', ':5: an alias stands alone'), ('x.example. CNAME .\n', ':4: the name is outside')):
        config = put('mistake.yaml', 'response-policy-zones: [{name: rpz, file: "%s"}]\n' % put('wrong.rpz', HEAD + text))
        out = ternctl('check', config, code=1)
        check(why in out, f'{text}: {out}')


def test_zones_of_a_view():
    """A view asks the policy zones that it names and no others, whatever is cached; the default may be nobody."""
    kids, office = '127.0.0.2', '127.0.0.3'
    everybody = policies('www.example.com CNAME .\n32.9.0.0.127.rpz-client-ip CNAME .\n', 'all.test-zone')['response-policy-zones']
    games = policies('www.example.org CNAME .\n32.81.2.0.192.rpz-ip CNAME *.\n32.2.0.0.127.rpz-client-ip CNAME rpz-passthru.\n',
                     'games.test-zone', default=False)['response-policy-zones']
    views = [{'name': 'kids', 'clients': [f'{kids}/32'], 'response-policy-zones': ['Games.Test-Zone']},
             {'name': 'office', 'clients': [f'{office}/32'], 'response-policy-zones': []}]
    config = {'response-policy-zones': everybody + games, 'views': views}
    tern = start(**config)
    for tcp in (False, True, False):
        equal(rcode(ask('www.example.com', tcp=tcp)), 'NXDOMAIN')
        expect(ask('www.example.org', tcp=tcp), 'NOERROR')
        expect(ask('www.example.com', source=office, tcp=tcp), 'NOERROR', ['192.0.2.81'])
        expect(ask('www.example.org', source=office, tcp=tcp), 'NOERROR')
        # Its own zone says of this client that it passes.
        expect(ask('www.example.com', source=kids, tcp=tcp), 'NOERROR', ['192.0.2.81'])
    games[0]['file'] = put('games.test-zone', HEAD + 'www.example.org CNAME .\n32.81.2.0.192.rpz-ip CNAME *.\n')
    reload(tern, **config)
    for _ in range(2):
        equal(rcode(ask('www.example.org', source=kids)), 'NXDOMAIN')
        expect(ruled('www.example.com', 'NOERROR', where='policy zone games.test-zone.', source=kids), 'NOERROR', [])
        equal(rcode(ask('www.example.com')), 'NXDOMAIN')
        expect(ask('www.example.com', source=office), 'NOERROR', ['192.0.2.81'])
    check('policy zone games.test-zone., rule www.example.org' in ternctl('explain', kids, 'www.example.org'))
    # Nobody names them any more: those of everybody count.
    reload(tern, **{**config, 'views': [{'name': 'kids', 'clients': [f'{kids}/32']}]})
    equal(rcode(ask('www.example.com', source=kids)), 'NXDOMAIN')
    expect(ask('www.example.org', source=kids), 'NOERROR')
    path = os.path.join(LAB, 'mistake.yaml')
    with open(path, 'w') as f:
        f.write('views: [{name: a, response-policy-zones: [nobody.example]}]\n')
    check('views[0].response-policy-zones[0]: no policy zone is called nobody.example.' in ternctl('check', path, code=1))
