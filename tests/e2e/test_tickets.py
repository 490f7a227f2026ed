"""Tickets of TLS sessions over restarts: the key is kept for half a day, and by nobody else."""
import os
import ssl
import time

from harness import *
from test_self_signed import folder_of
from test_tls import ask_on, client_context, connected, encrypted, until

HOUR = 3600


def serving(folder, env=None, **more):
    return encrypted(env={**(env or {}), 'STATE_DIRECTORY': folder or ''}, **more)


def new_session(context):
    with connected(context) as s:
        ask_on(s, 'www.example.com')
        return s.session


def resumes(context, session):
    with connected(context, session) as s:
        equal(data(ask_on(s, 'www.example.com')[0]), ['192.0.2.81'])
        return s.session_reused


def contexts():
    return [client_context(), client_context(maximum_version=ssl.TLSVersion.TLSv1_2)]


def key_of(folder):
    with open(f'{folder}/tls-ticket-key') as f:
        return f.read()


def test_a_session_outlives_the_daemon():
    folder = folder_of()
    tern = serving(folder)
    kept = [(c, new_session(c)) for c in contexts()]
    equal(os.stat(f'{folder}/tls-ticket-key').st_mode & 0o777, 0o600)
    tern.stop()
    tern = serving(folder)
    for context, session in kept:
        check(resumes(context, session), 'resumed after a restart')
    tern.stop()
    # Without that file nothing is.
    os.unlink(f'{folder}/tls-ticket-key')
    serving(folder)
    for context, session in kept:
        check(not resumes(context, session), 'resumed by nothing')


def test_without_a_state_folder():
    context = client_context()
    tern = serving(None)
    session = new_session(context)
    check(resumes(context, session), 'resumed')
    tern.stop()
    serving(None)
    check(not resumes(context, session), 'resumed by nothing')


def test_a_key_that_is_old_or_broken_is_made_anew():
    folder = folder_of()
    clock = Clock(0)
    tern = serving(folder, env=clock.env)
    first = key_of(folder)
    tern.stop()
    for hours, same in ((11, True), (13, False), (1, False)):       # the last one: the key is of a time to come
        before = key_of(folder)
        clock.set(hours * HOUR)
        tern = serving(folder, env=clock.env)
        equal(key_of(folder) == before, same, f'after {hours} h')
        tern.stop()
    check(key_of(folder) != first)
    for broken in ('', 'nothing\n', first[:100], first.replace('key ', 'key 00', 1)):
        with open(f'{folder}/tls-ticket-key', 'w') as f:
            f.write(broken)
        tern = serving(folder)
        check('tls-ticket-key: ' in tern.log_text() and 'another key is made' in tern.log_text(), tern.log_text())
        context = client_context()
        check(resumes(context, new_session(context)))
        tern.stop()
    os.unlink(f'{folder}/tls-ticket-key')
    os.mkdir(f'{folder}/tls-ticket-key')
    tern = serving(folder)
    check('sessions of clients end with the daemon' in tern.log_text(), tern.log_text())
    resumes(client_context(), None)


def test_broken_files_are_not_tried_again_and_again():
    """A key of tickets is due, and the certificate can't be read: that is told now and then."""
    clock = Clock(0)
    tern = serving(folder_of(), env=clock.env)
    os.rename(f'{tern.folder}/cert.pem', f'{tern.folder}/gone')
    until(lambda: 'not read again' in tern.log_text(), tern.log_text(), 15)
    before = tern.log_text().count('cert.pem: No such file')
    clock.set(13 * HOUR)
    time.sleep(4)
    at_most(tern.log_text().count('cert.pem: No such file') - before, 4, 'lines')
    os.rename(f'{tern.folder}/gone', f'{tern.folder}/cert.pem')
    context = client_context()
    until(lambda: resumes(context, new_session(context)), 'it goes on', 15)


def test_a_key_changes_while_the_daemon_serves():
    folder = folder_of()
    clock = Clock(0)
    tern = serving(folder, env=clock.env)
    before = key_of(folder)
    context = client_context()
    session = new_session(context)
    clock.set(13 * HOUR)
    until(lambda: key_of(folder) != before, 'the key is not made anew', 15)
    until(lambda: resumes(context, new_session(context)), 'tickets by the new key')
    check(not resumes(context, session), 'a ticket of 13 hours')
    check('certificates read again' not in tern.log_text(), 'nothing that anybody sees has changed')
