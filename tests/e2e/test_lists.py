"""Lists of names that are filtered: what a listed name gets, aliases, exceptions, changed and broken files, and load."""
import json
import os
import re
import threading
import time

from harness import *
from test_reload import reload, start, ternctl

FOLDER = os.path.join(LAB, 'lists-of-names')


def put(name, text):
    """Write a list beside, and rename it over the one before."""
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, name)
    with open(f'{path}.new', 'w' if isinstance(text, str) else 'wb') as f:
        f.write(text)
    os.rename(f'{path}.new', path)
    return path


def listing(text, name='ads', **more):
    return {'name': name, 'file': put(name, text), **more}


def told(name='ads'):
    return next(l for l in map(json.loads, ternctl('--json', 'lists').splitlines()) if l['name'] == name)


def blocked(name, rtype='A', code='NXDOMAIN', where='list ads'):
    answer = ask(name, rtype)
    equal(rcode(answer), code, name)
    equal([(int(e.code), e.text.startswith(where)) for e in ede_options(answer)], [(15, True)], f'{name}: {answer}')
    return answer


def ede_options(answer):
    return [o for o in answer.options if o.otype == 15]


def until(condition, seconds=5):
    end = time.monotonic() + scaled(seconds)
    while not condition():
        check(time.monotonic() < end, 'in time')
        time.sleep(0.05)


def test_what_a_listed_name_gets():
    lists = [listing('||example.com^\n@@||www.example.com^\n'),
             listing('nodata.test-zone', 'none', action='nodata'),
             listing('null.test-zone', 'null', action='null'),
             listing('given.test-zone', 'given', action='192.0.2.200 2001:db8::200 192.0.2.201'),
             listing('refused.test-zone', 'refused', action='refuse'),
             listing('silent.test-zone', 'silent', action='drop')]
    start(lists=lists)
    for _ in range(3):
        answer = blocked('ads.example.com')
        equal([(r.name.to_text(), r.ttl) for r in answer.authority], [('example.com.', 60)])
        check(not answer.flags & dns.flags.AD)
        expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
        blocked('nodata.test-zone', code='NOERROR', where='list none, line 1')
        expect(blocked('null.test-zone', code='NOERROR', where='list null'), 'NOERROR', ['0.0.0.0'])
        expect(blocked('null.test-zone', 'AAAA', 'NOERROR', 'list null'), 'NOERROR', ['::'], 'AAAA')
        expect(blocked('null.test-zone', 'HTTPS', 'NOERROR', 'list null'), 'NOERROR', [], 'HTTPS')
        expect(blocked('given.test-zone', code='NOERROR', where='list given'), 'NOERROR', ['192.0.2.200', '192.0.2.201'])
        expect(blocked('given.test-zone', 'AAAA', 'NOERROR', 'list given'), 'NOERROR', ['2001:db8::200'], 'AAAA')
        blocked('refused.test-zone', code='REFUSED', where='list refused')
    for tcp in (False, True):
        try:
            answer = ask('silent.test-zone', timeout=0.5, tcp=tcp)
        except Failed:
            answer = None
        equal(answer, None)
    equal(told()['entries'], 2)
    at_least(told()['hits'], 3, 'hits')
    equal(told('silent')['hits'], 2)


def test_targets_of_aliases():
    """A tracker behind an alias of a first party is found, fresh and out of the cache."""
    tern = start(lists=[])
    expect(ask('shop.example.com'), 'NOERROR')
    reload(tern, lists=[listing('www.example.org\n')])
    for _ in range(2):
        answer = blocked('shop.example.com')
        equal(data(answer), [])
        equal(data(answer, 'CNAME'), ['www.example.org.'])
    ternctl('flush-zone', '.')
    equal(data(blocked('shop.example.com')), [])
    equal(data(blocked('shop.example.com', 'HTTPS')), [])
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])


def test_exceptions_and_local_names_win():
    start(lists=[listing('||lan^\n||ad.test-zone^\n'), listing('ok.ad.test-zone', 'ours', allow=True)],
          **{'local-data': ['nas.lan. A 192.168.1.9', 'ok.ad.test-zone. A 192.168.1.10']})
    expect(ask('nas.lan'), 'NOERROR', ['192.168.1.9'])
    blocked('x.lan')
    expect(ask('ok.ad.test-zone'), 'NOERROR', ['192.168.1.10'])
    blocked('x.ok.ad.test-zone')


def test_files_are_followed():
    tern = start(lists=[listing('one.test-zone\n')])
    blocked('one.test-zone')
    put('ads', 'two.test-zone\n# one.test-zone\n')
    until(lambda: rcode(ask('two.test-zone')) == 'NXDOMAIN' and ede_options(ask('two.test-zone')))
    check(not any('list' in e.text for e in ede_options(ask('one.test-zone'))))
    put('ads', '<!DOCTYPE html><p>Not found')
    until(lambda: told()['error'])
    check('a page of HTML' in told()['error'], told())
    blocked('two.test-zone')
    put('ads', b'\x00\x01\x02' * 1000)
    until(lambda: 'octets that no text has' in told()['error'])
    blocked('two.test-zone')
    os.unlink(os.path.join(FOLDER, 'ads'))
    until(lambda: 'No such file' in told()['error'])
    blocked('two.test-zone')
    put('ads', 'three.test-zone\nwhat is this\n')
    until(lambda: not told()['error'])
    blocked('three.test-zone')
    equal([(e['line'], e['text']) for e in told()['examples']], [(2, 'what is this')])
    check('what is this' in ternctl('lists'))
    tern.stop()
    check('1 of 2 lines are passed over' in tern.log_text(), tern.log_text())


def test_a_folder():
    os.makedirs(f'{FOLDER}/many', exist_ok=True)
    for old in os.listdir(f'{FOLDER}/many'):
        os.unlink(f'{FOLDER}/many/{old}')
    put('many/a', 'a.test-zone\n')
    start(lists=[{'name': 'ads', 'file': f'{FOLDER}/many'}])
    blocked('a.test-zone')
    put('many/b', 'b.test-zone\n')
    until(lambda: ede_options(ask('b.test-zone')))
    put('many/a', 'c.test-zone\n')
    until(lambda: ede_options(ask('c.test-zone')))
    os.unlink(f'{FOLDER}/many/b')
    until(lambda: told()['entries'] == 1)


def test_a_file_that_is_not_there_yet():
    path = put('late', 'x')
    os.unlink(path)
    start(lists=[{'name': 'ads', 'file': path}])
    check('No such file' in told()['error'])
    put('late', 'late.test-zone')
    until(lambda: ede_options(ask('late.test-zone')))
    blocked('late.test-zone')


def test_mistakes():
    start()
    for text, why in (('lists: [{name: a, file: /x}, {name: a, file: /y}]', 'lists[0] has that name already'),
                      ('lists: [{name: a, file: /x, action: 1.2.3.4@53}]', 'lists[0].action: expected nxdomain'),
                      ('lists: [{name: "", file: /x}]', 'lists[0].name'),
                      ('lists: [{file: /x}]', 'lists[0].name')):
        path = os.path.join(LAB, 'mistake.yaml')
        with open(path, 'w') as f:
            f.write(text + '\n')
        out = ternctl('check', path, code=1)
        check(why in out, f'{text}: {out}')


def test_changes_under_load():
    """A list changes 40 times beside 2,000 questions a second: each is answered by the one or the other."""
    text = ''.join(f'n{i}.many.test-zone\n' for i in range(50000))
    start(lists=[listing(text + 'x.test-zone\n')], **{'local-data': ['y.test-zone. A 192.168.1.1']})
    stop, wrong, answers = threading.Event(), [], [0]

    def load():
        while not stop.is_set():
            for answer in burst([('n7.many.test-zone', 'A'), ('y.test-zone', 'A')] * 100, gap=0.0005):
                answers[0] += 1
                if answer is None:
                    wrong.append('lost')
    thread = threading.Thread(target=load)
    thread.start()
    try:
        for i in range(40):
            put('ads', text + f'x{i}.test-zone\n')
            until(lambda: ede_options(ask(f'x{i}.test-zone')))
    finally:
        stop.set()
        thread.join()
    equal(wrong, [])
    at_least(answers[0], 1000, 'answers')


def test_pauses():
    """Lists say nothing for a while, for everybody or one view; over a reload; and then again, by themselves."""
    sections = {'lists': [listing('www.example.com\n')], 'views': [{'name': 'v', 'clients': ['127.0.0.2/32']}]}
    tern = start(**sections)
    blocked('www.example.com')
    ternctl('pause', '1h', 'v')
    expect(ask('www.example.com', source='127.0.0.2'), 'NOERROR', ['192.0.2.81'])
    blocked('www.example.com')
    reload(tern, **sections, logging={'level': 'info'})
    expect(ask('www.example.com', source='127.0.0.2'), 'NOERROR', ['192.0.2.81'])
    check('lists pause' in ternctl('explain', '127.0.0.2', 'www.example.com'))
    check(re.search(r'v: 1 networks, 1 lists, 0 zones of its own, lists pause for 3[56]\d\ds', ternctl('views')), ternctl('views'))
    ternctl('pause', 'off', 'v')
    equal(rcode(ask('www.example.com', source='127.0.0.2')), 'NXDOMAIN')
    ternctl('pause', '2s')
    expect(ask('www.example.com'), 'NOERROR', ['192.0.2.81'])
    expect(ask('www.example.com', source='127.0.0.2'), 'NOERROR', ['192.0.2.81'])
    until(lambda: rcode(ask('www.example.com')) == 'NXDOMAIN')
    check('no view has this name' in ternctl('pause', '1h', 'w', code=1))
    check('expected how long' in ternctl('nta', 'add', 'example.com', 'off', code=1))
    check('duration' in ternctl('pause', 'x', code=1))
