"""The world in words, for who looks for the reason of a failure."""
from names import NSEC, RRSIG, error_texts, type_name


def show(failed, events, world):
    print(f'configuration {world.config}, window {world.window}, not validated {world.exceptions}')
    print(f'servers {world.addresses} {world.chases}, forwarders {world.forwarders}')
    for zone in world.zones.values():
        kind = 'unsigned' if not zone.signed else 'NSEC' if not zone.nsec3 else f'NSEC3 opt-out {zone.opt_out}'
        print(f'zone {zone.name or "."} ({kind}, secure {world.view.is_signed_way(zone)}, denial {zone.negative_ttl} s, '
              f'signatures {zone.validity_s} s) at {zone.hosts}')
        for owner in sorted(zone.nodes):
            for rtype, (ttl, rdatas) in zone.nodes[owner].items():
                if rtype not in (RRSIG, NSEC):
                    print(f'    {owner or "."} {ttl} {type_name(rtype)} {rdatas if rtype != 48 else ""}')
    wrongs = dict(failed)
    for number, event in enumerate(events):
        if number in wrongs or not hasattr(event, 'packet'):
            print(f'event {number}: {event}: {wrongs.get(number, "")}')
            show_message(getattr(wrongs.get(number), 'message', None))


def show_message(m):
    if m is None:
        return
    print(f'    flags {m.flags:04x}, {error_texts(m)}')
    for section in ('answer', 'authority', 'additional'):
        for owner, rtype, ttl, rdata, _ in getattr(m, section):
            text = f'{type_name(int.from_bytes(rdata[:2], "big"))} ...' if rtype == RRSIG else rdata
            print(f'    {section}: {owner or "."} {ttl} {type_name(rtype)} {text}')
