"""What hostile files, slow programs and ill-timed ends could do to what a house relies on."""
import os
import time

from harness import *
from test_import import imported, run
from test_lists import FOLDER, put
from test_nft_sets import SETS, Table, in_set, sets
from test_reload import start


@busy(60)
def test_files_that_stand_for_more_than_they_are():
    """Short or long, a file that grows as it is read is told of within seconds, and what is written ternd takes."""
    hosts = ','.join(f'h{i}' for i in range(20000))
    client = f'clients:\n  persistent:\n  - &a\n    name: x\n    use_global_settings: false\n    ids: [{hosts}]\n'
    for name, text, why in (('bomb', client + '  - *a\n' * 20000, 'aliases are not taken'),
                            ('deep', 'dns: ' + '[' * 200000, 'too deep'), ('deep', 'dns: ' + '{a: ' * 200000, 'too deep')):
        began = time.monotonic()
        _, left = imported('--from', 'adguard', put(name, text))
        check(why in left, left[-300:])
        at_most(time.monotonic() - began, scaled(2), 'seconds')
    _, left = imported('--from', 'unbound', put('insecure', ''.join(f'domain-insecure: n{i}.lan\n' for i in range(300))))
    check('there are 256 such names already' in left, left[-300:])
    anchors = ''.join(f'trust-anchor: "n{i} DS 1 8 1 {"ab" * 20}"\n' for i in range(70))
    _, left = imported('--from', 'unbound', put('anchors', anchors))
    check('there are 64 already' in left, left[-300:])
    _, left = imported('--from', 'unbound', put('mark', '\ufeffserver:\n  identity: x\n'))
    equal(left, '')
    out, told = run('--from', 'unbound', put('large', ''.join(f'local-zone: n{i}.lan deny\n' for i in range(1700000))), code=1)
    check('ternd takes 67108864' in told and out == '', told[-300:])


@busy(60)
def test_as_many_zones_as_a_list_of_ads_has():
    """Two hundred thousand zones are read in a time that grows with their number, and not with its square."""
    zones = [{'name': f'n{i}.ads.example', 'behaviour': 'always-nxdomain'} for i in range(200000)]
    began = time.monotonic()
    start(**{'local-zones': zones})
    took = time.monotonic() - began
    expect(ask('x.n199999.ads.example'), 'NXDOMAIN')
    at_most(took, scaled(10), 'seconds')


def test_a_packet_filter_that_takes_its_time():
    """Answers wait a tenth of a second for it, the log tells; nothing is lost."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 0)
    with Table(*SETS):
        tern = start(env=shim.env, **{**sets(), 'server': {'workers': 2}})
        expect(ask('own.lan'), 'NOERROR', ['192.168.7.7'])
        check('192.168.7.7' in in_set('four'))
        shim.write(4000)
        for _ in range(2):
            began = time.monotonic()
            expect(ask('own.lan', 'AAAA'), 'NOERROR', ['fd00::7'], 'AAAA')
            at_most(time.monotonic() - began, scaled(0.4), 'seconds')
        answers = burst([('own.lan', 'A')] * 300 + [('many.wide.lan', 'A')] * 300, server='127.0.0.1', timeout=5)
        equal(len([a for a in answers if a]), 600)
        time.sleep(4)
        check('ms to put addresses into sets' in tern.log_text(), tern.log_text()[-600:])


def test_the_end_while_the_packet_filter_is_busy():
    """The end waits for nobody who does not come back."""
    shim = Preloaded('slow_nft.c', 'NFT_FILE', 60000)
    with Table(*SETS):
        tern = start(env=shim.env, **sets())
        expect(ask('own.lan', 'AAAA'), 'NOERROR', ['fd00::7'], 'AAAA')
        burst([('own.lan', 'A')] * 300, server='127.0.0.1', timeout=1)
        at_most(tern.stop(), scaled(1.2), 'seconds to end')
