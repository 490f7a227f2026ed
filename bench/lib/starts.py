"""How soon does a fresh start answer? From the start of the process, with an empty cache and the root still to be
primed, until a name of the internet has been resolved."""
import time

from process import Failed, exchange
from queries import question_octets
from rounds import Running

STARTS = 5          # of each peer and round
AGAIN_S = 0.0005    # after the port was found closed
LIMIT_S = 10


class FirstAnswer:
    """Asks until there is an address; @c ms is what the question that got it took."""

    def __init__(self, name):
        self.query, self.ms = question_octets(name), None

    def __call__(self, server, address):
        end = time.monotonic() + LIMIT_S
        while (now := time.monotonic()) < end:
            server.check_alive()
            answer = exchange(address, self.query, 2)
            if answer and answer[3] & 15 == 0 and int.from_bytes(answer[6:8], 'big'):
                self.ms = (time.monotonic() - now) * 1000
                return
            time.sleep(AGAIN_S)
        raise Failed(f'{server.name} resolved nothing within {LIMIT_S} s: {server.last_words()}')


def run(rounds, zones):
    """Every start asks for another zone, all peers for the same ones."""
    names = iter([f'www.{zone.name}' for zone in zones[:STARTS * rounds.settings.rounds]])
    for name in names:
        for peer in rounds.peers:
            if peer.answers is not None:
                continue
            first = FirstAnswer(name)
            try:
                running = Running(peer, f'{rounds.directory}/{peer.name}', rounds.settings, first)
            except Failed as e:
                rounds.say(f'{peer.name}: {e}')
                continue
            rounds.keep(peer, 'start', {'start_ms': running.start_ms, 'first_ms': first.ms})
            running.stop()
            rounds.say(f'{peer.name} start: {running.start_ms:.1f} ms to the first answer')
