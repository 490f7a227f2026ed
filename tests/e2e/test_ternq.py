"""ternq over the lab."""
import harness
from harness import *


def test_ternq_asks_like_dig():
    """The questions of the README."""
    ternq = os.path.join(os.path.dirname(harness.TERND), 'ternq')
    if not os.path.exists(ternq):
        raise Skipped('ternq is not built')
    Tern()
    for arguments, wanted in (('www.example.com A', '192.0.2.81'), ('www.example.com AAAA', '2001:db8::81'),
                              ('example.com MX', '10 mail.example.com.'), ('shop.example.com', 'www.example.org.'),
                              ('www.example.six AAAA', '2001:db8::6'), ('-x 198.41.0.4', 'a.root-servers.net.'),
                              ('big4000.example.com TXT', 'quick brown fox')):
        done = subprocess.run([ternq, '@127.0.0.1', '-p', str(PORT), '+short', *arguments.split()], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
        check(done.returncode == 0 and wanted in done.stdout, f'{arguments}: {done.returncode} {done.stdout[:200]}')
    done = subprocess.run([ternq, '@127.0.0.1', '-p', str(PORT), 'nothing.example.com'], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
    check('NXDOMAIN' in done.stdout, done.stdout)
