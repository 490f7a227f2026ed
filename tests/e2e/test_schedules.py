"""Views that apply at given days and hours: at the minute, in local time, over midnight and changes of the clock."""
import calendar
import json
import os
import random
import shutil
import threading
import time

from harness import *
from test_explain import only
from test_reload import reload, start, ternctl
from test_view_clients import becomes, named, who
from test_views import ELSE, KIDS, OFFICE

ALWAYS, EVENING, NIGHT = '192.0.2.9', '192.0.2.1', '192.0.2.2'


def utc(text):
    """"2026-11-23 19:59:58" of UTC, as seconds off the true clock; it is a Monday."""
    return int(calendar.timegm(time.strptime(text, '%Y-%m-%d %H:%M:%S')) - time.time())


def sections(**more):
    evening = {**named('evening', [f'{KIDS}/32', f'{OFFICE}/32'], EVENING), 'schedule': ['mon-fri 20:00-07:00', 'sat,sun 22:00-08:00']}
    dusk = {**named('dusk', ['127.0.0.2/31'], NIGHT), 'schedule': ['19:30-20:30']}
    return {'views': [evening, dusk], 'local-data': [f'who.test. A {ALWAYS}'], **more}


def started(when, zone='UTC', **more):
    clock = Clock(utc(when))
    start(env={**clock.env, 'TZ': zone}, **sections(**more))
    return clock


def test_it_begins_and_ends_within_a_second():
    clock = started('2026-11-23 19:59:57', views=sections()['views'][:1])
    equal(who(KIDS), ALWAYS)
    equal(only(KIDS, 'who.test', 'view'), ['evening is passed over until Mon 20:00: its schedule', 'none: no view has this address'])
    check('evening: 2 networks, 0 lists, 0 zones of its own, passed over until Mon 20:00\n' in ternctl('views'), ternctl('views'))
    becomes(KIDS, EVENING, 4)
    equal(who(ELSE), ALWAYS)
    check(only(KIDS, 'who.test', 'view')[0].endswith(', applies until Tue 07:00'), only(KIDS, 'who.test', 'view'))
    check('applies until Tue 07:00\n' in ternctl('views'), ternctl('views'))
    told = json.loads(ternctl('--json', 'views').splitlines()[0])
    equal((told['applies'], told['changes_at']), (True, calendar.timegm((2026, 11, 24, 7, 0, 0))))
    clock.set(utc('2026-11-24 06:59:58'))
    equal(who(KIDS), EVENING)
    becomes(KIDS, ALWAYS, 3)
    # The day that counts is that of the begin; a clock that jumps is followed, back too.
    for when, want in (('2026-11-28 06:59:00', EVENING), ('2026-11-28 21:00:00', ALWAYS), ('2026-11-28 22:00:00', EVENING),
                       ('2026-11-23 07:30:00', EVENING), ('2026-11-23 08:00:00', ALWAYS), ('2020-01-01 20:00:00', EVENING)):
        clock.set(utc(when))
        becomes(KIDS, want)


def test_the_next_view_that_matches():
    clock = started('2026-11-23 19:29:00')
    for when, want in (('19:31', NIGHT), ('20:01', EVENING), ('20:31', EVENING), ('19:00', ALWAYS), ('19:30', NIGHT)):
        clock.set(utc(f'2026-11-23 {when}:00'))
        becomes(OFFICE, want)
        equal(who(KIDS), want)
    said = only(OFFICE, 'who.test', 'view')
    equal(said[0], 'evening is passed over until Mon 20:00: its schedule')
    check(said[1].startswith('dusk, by 127.0.0.2/31') and said[1].endswith(', applies until Mon 20:30'), said)


def test_a_whole_week():
    started('2026-11-24 02:29:00', views=[{**named('week', [f'{KIDS}/32'], EVENING), 'schedule': ['mon-sun']}])
    equal(who(KIDS), EVENING)
    check(ternctl('views').endswith(', applies\n'), ternctl('views'))
    check(only(KIDS, 'who.test', 'view')[0].endswith(', applies'), only(KIDS, 'who.test', 'view'))


def test_the_hour_that_is_twice_and_the_one_that_is_not():
    clock = started('2026-10-25 00:00:00', zone='Europe/Berlin', views=[
        {**named('night', [f'{KIDS}/32'], NIGHT), 'schedule': ['02:30-02:45']}])
    for when, want in (('2026-10-25 00:31:00', NIGHT), ('2026-10-25 00:46:00', ALWAYS), ('2026-10-25 01:31:00', NIGHT),
                       ('2026-10-25 01:46:00', ALWAYS), ('2026-03-29 00:31:00', ALWAYS), ('2026-03-29 01:31:00', ALWAYS)):
        clock.set(utc(when))
        becomes(KIDS, want)
    clock.set(utc('2026-03-28 12:00:00'))       # the next one is in two days
    check('passed over until Mon 02:30' in ternctl('views'), ternctl('views'))


class OwnZone(Tern):
    """A daemon that sees another file at /etc/localtime."""
    path = ''

    def limits(self):
        super().limits()
        private, bind = 1 << 18 | 1 << 14, 1 << 12
        if libc.unshare(0x20000) or libc.mount(b'none', b'/', None, private, None) or \
                libc.mount(self.path.encode(), b'/etc/localtime', None, bind, None):
            os._exit(99)


def test_another_time_zone():
    if not os.path.exists('/etc/localtime'):
        raise Skipped('no /etc/localtime')
    OwnZone.path = os.path.join(LAB, f'localtime-{random.getrandbits(32):x}')
    shutil.copyfile('/usr/share/zoneinfo/UTC', OwnZone.path)
    clock = Clock(utc('2026-11-23 12:00:00'))
    from test_reload import SOCKET
    OwnZone(env=clock.env, **merged({'control': {'socket': SOCKET}}, sections()))
    equal(who(KIDS), ALWAYS)
    for seconds, zone, want in ((1, 'Asia/Tokyo', EVENING), (2, 'Europe/London', ALWAYS), (3, 'Asia/Tokyo', EVENING)):
        shutil.copyfile(f'/usr/share/zoneinfo/{zone}', OwnZone.path)    # 21:00 and 12:00
        os.utime(OwnZone.path, (seconds, seconds))                      # the C library looks at whole seconds
        becomes(KIDS, want)


def test_a_listener():
    at = '127.0.0.4@%d' % PORT
    clock = started('2026-11-23 19:00:00', server={'listen': ['127.0.0.1@%d' % PORT, {'address': at, 'view': 'evening'}]})

    def answered(tcp):
        return data(ask('who.test', server='127.0.0.4', tcp=tcp))
    equal([answered(False), answered(True)], [[ALWAYS], [ALWAYS]])
    clock.set(utc('2026-11-23 20:00:00'))
    becomes(KIDS, EVENING)
    time.sleep(0.1)     # each worker has looked
    equal([answered(False), answered(True)], [[EVENING], [EVENING]])


def test_mistakes():
    path = os.path.join(LAB, 'schedule.yaml')
    for schedule, why in ((['mo 20:00-22:00'], 'schedule[0]: expected days and hours, as "mon-fri 20:00-07:00" (no day is called "mo"'),
                          (['mon 25:00-26:00'], 'schedule[0]: expected days and hours'), (['mon 25:00-26:00'], 'there is no time 25:00'),
                          (['mon 20:00-20:00'], 'is an empty range'),
                          (['mon 20:00-22:00', 'tue', 'sun-mon 21:00-23:00'], 'schedule[2]: overlaps schedule[0]'),
                          (['sun 22:00-08:00', 'mon 07:00-09:00'], 'schedule[1]: overlaps schedule[0]'),
                          ([''], 'schedule[0]: expected days'), (['x' * 4000], 'no day is called "xxxxxxxxxxxxxxxx"'),
                          ([f'mon 00:{i // 60:02}-00:{i % 60:02}' for i in range(65)], 'schedule')):
        with open(path, 'w') as f:
            f.write('views:\n  - name: a\n    schedule: ' + json.dumps(schedule) + '\n')
        out = ternctl('check', path, code=1)
        check(f'{path}:3: views[0].schedule' in out and why in out, f'{schedule}: {out}')


def test_changes_beside_questions():
    """A view that comes and goes twenty times beside questions: each is answered by one or the other, none is lost."""
    clock = started('2026-11-23 19:00:00')
    stop, wrong, seen = threading.Event(), [], set()

    def load():
        while not stop.is_set():
            for answer, _ in burst([('who.test', 'A')] * 100, gap=0.001, source=KIDS):
                got = (data(answer) or [''])[0] if answer else None
                (seen.add if got in (ALWAYS, EVENING) else wrong.append)(got)
    thread = threading.Thread(target=load)
    thread.start()
    try:
        for n in range(20):
            clock.set(utc(f'2026-11-23 {(19, 20)[n % 2]}:00:00'))
            time.sleep(0.3)
    finally:
        stop.set()
        thread.join()
    equal((wrong, seen), ([], {ALWAYS, EVENING}))
