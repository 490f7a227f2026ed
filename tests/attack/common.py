"""What the reproducers share: a namespace of their own, a made-up internet, one ternd of TERN_BIN, ended by its pid."""
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.environ.get('REPORTS_DIR', os.path.join(HERE, '..', '..', '..', 'shared', 'reports')))


def enter(limit=100):
    if os.environ.get('ATTACK_NETNS') != '1':
        os.environ['ATTACK_NETNS'] = '1'
        os.environ.setdefault('TERN_BIN', os.path.join(HERE, '..', '..', 'build', 'release', 'ternd'))
        os.execvp('timeout', ['timeout', '-k', '5', str(limit), 'unshare', '-n', 'nice', '-n', '10', '/usr/bin/python3',
                              os.path.abspath(sys.argv[0]), *sys.argv[1:]])
    for words in ('link set lo up', 'route add local 198.18.0.0/15 dev lo', 'route add local 10.0.0.0/8 dev lo',
                  '-6 route add local 2001:db8::/32 dev lo'):
        subprocess.run(['ip', *words.split()], check=True)


def run(play, limit=100):
    enter(limit)
    import cases
    top = tempfile.mkdtemp(prefix='attack-')
    stage = cases.Stage('tern', top + '/t')
    code = 1
    try:
        play(stage)
        print('PASS', os.path.basename(sys.argv[0]))
        code = 0
    except cases.Failed as e:
        print('FAIL', os.path.basename(sys.argv[0]), e)
    except Exception as e:                                    # noqa: BLE001
        import traceback
        print('FAIL (error)', os.path.basename(sys.argv[0]), repr(e), traceback.format_exc()[-900:])
    finally:
        if os.environ.get('SHOW_LOG') and stage.r:
            print(stage.r.text()[-6000:])
        for e in stage.close():
            print('      mock:', e)
    subprocess.run(['rm', '-rf', top], check=False)
    sys.stdout.flush()
    os._exit(code)
