"""Who is compared: how each is found, configured (bench/peers/) and started."""
import os
import re
import shutil
import subprocess

from internet import write

PEERS_DIR = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'peers')


class Peer:
    """
    @p argv: options with {conf} (the file made from @p template), {dir}, {address} and {workers}.
    @p version: the option that tells it; None when there is none to tell.
    @p more: further files that the first one names, made the same way.
    """

    def __init__(self, name, binary, template, argv, version, variable=None, more=()):
        self.name, self.template, self.more, self.argv, self.version = name, template, more, argv, version
        self.is_forked = False  # a process per worker, each started by us
        self.binary = shutil.which(os.environ.get(variable or f'{name.upper()}_BIN') or binary)
        self.answers = None     # sets it can be asked; None: all

    def command(self, directory, settings):
        conf = ''
        if self.template:
            conf = write(f'{directory}/{self.template}', fill_in(self.template, directory, settings))
        for template in self.more:
            write(f'{directory}/{template}', fill_in(template, directory, settings))
        return [self.binary] + [a.format(conf=conf, dir=directory, address=settings.address, workers=settings.workers,
                                         tls=settings.encrypted)
                                for a in self.argv]

    def version_text(self):
        """Like "1.17.1"; "" when it says none."""
        if not self.version:
            return ''
        done = subprocess.run([self.binary, self.version], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=10, check=False)
        found = re.search(r'(?:[Vv]ersion|Recursor|BIND|ternd)\s+(\d[\w.]*)', done.stdout)
        return found[1] if found else ''


def fill_in(template, directory, settings):
    """Lines that begin with "@signed " or "@unsigned " are for that internet only, "@tls " for sets with encryption."""
    with open(f'{PEERS_DIR}/{template}', encoding='ascii') as f:
        text = f.read()
    cache = settings.cache_mib
    anchor = settings.anchor or 'none'
    other = '@unsigned ' if settings.anchor else '@signed '
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith(other)]
    lines = [line for line in lines if settings.encrypted or not line.startswith('@tls ')]
    text = ''.join(line.removeprefix('@unsigned ').removeprefix('@signed ').removeprefix('@tls ') for line in lines)
    for key, value in {'RESOLVER': settings.address, 'DIR': directory, 'TLS': settings.encrypted, 'HINTS': settings.hints,
                       'WORKERS': settings.workers, 'ANCHOR': anchor,
                       'ANCHOR_QUOTED': ' '.join(anchor.split()[:3] + [f'"{anchor.split()[-1]}"']),
                       'CACHE_MIB': cache, 'CACHE_THIRD_MIB': cache // 3,
                       'CACHE_TWO_THIRDS_MIB': cache * 2 // 3}.items():
        text = text.replace(f'@{key}@', str(value))
    return text


def known(tern, floor):
    """Every peer; @p tern and @p floor are the paths of our own programs."""
    library = Peer('library', os.path.join(os.path.dirname(floor), 'tls_floor'), None,
                   ['{address}', '853', '{tls}/cert.pem', '{tls}/key.pem'], None)
    library.answers = ('handshake', 'resumed')
    ours = Peer('tern', tern, 'tern.yaml', ['-c', '{conf}'], '-V')
    bare = Peer('floor', floor, None, ['-a', '{address}', '-p', '53', '-w', '{workers}'], None)
    bare.answers = ('hot', 'hot1', 'paced')
    kresd = Peer('kresd', 'kresd', 'kresd.conf', ['-n', '-q', '-c', '{conf}', '{dir}'], '--version')
    kresd.is_forked = True
    before = os.environ.get('TERN_BEFORE_BIN')
    earlier = [Peer('before', before, ours.template, ours.argv, ours.version)] if before else []
    return [ours, *earlier,
            Peer('unbound', 'unbound', 'unbound.conf', ['-d', '-c', '{conf}'], '-V'),
            kresd,
            Peer('pdns', 'pdns_recursor', 'recursor.conf', ['--config-dir={dir}'], '--version',
                 variable='PDNS_RECURSOR_BIN', more=('anchor.lua',)),
            Peer('named', 'named', 'named.conf', ['-4', '-f', '-n', '{workers}', '-c', '{conf}'], '-v'),
            bare, library]
