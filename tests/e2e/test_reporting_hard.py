"""What zones could do with the reports that they ask for, and who else pays (RFC 9567)."""
import json
import struct

from harness import *
from test_reload import Forwarder, start, ternctl
from test_lists import put
from test_subnet_hard import Tailor

REPORTED = 18


class World:
    """A root of our own and zones below it, each at an address 127.9.W.N: {zone: answer(query) or None for silence}."""

    worlds = 0

    def __init__(self, zones, agents=None):
        World.worlds += 1
        self.zones, self.agents = zones, agents or {}
        self.at = {zone: f'127.9.{World.worlds}.{i + 1}' for i, zone in enumerate(['.', *zones])}
        self.servers = {zone: Tailor(lambda q, s, tcp, zone=zone: self.reply(zone, q), self.at[zone], 53) for zone in self.at}
        self.hints = put('hints', f'. 3600 NS ns.root-servers.test-root.\nns.root-servers.test-root. 3600 A {self.at["."]}\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.close()

    def sections(self, **more):
        return merged({'resolver': {'error-reporting': True, 'root-hints': self.hints, 'do-not-query-localhost': False}}, more)

    def below(self, zone, name):
        """The zone that @zone's servers delegate @name to."""
        fits = [z for z in self.zones if z != zone and name.is_subdomain(dns.name.from_text(z)) and
                dns.name.from_text(z).is_subdomain(dns.name.from_text(zone))]
        return min(fits, key=len, default=None)

    def reply(self, zone, query):
        q = query.question[0]
        answer = dns.message.make_response(query)
        agent = self.agents.get(zone)
        options = [dns.edns.GenericOption(REPORTED, dns.name.from_text(agent).to_wire())] if agent else []
        answer.use_edns(0, payload=1232, options=options)
        to = self.below(zone, q.name)
        if to and not (q.rdtype == dns.rdatatype.DS and q.name == dns.name.from_text(to)):
            answer.authority.append(dns.rrset.from_text(to, 3600, 'IN', 'NS', 'ns.' + to))
            answer.additional.append(dns.rrset.from_text('ns.' + to, 3600, 'IN', 'A', self.at[to]))
            return answer
        answer.flags |= dns.flags.AA
        if q.rdtype == dns.rdatatype.NS and q.name == dns.name.from_text(zone):
            answer.answer.append(dns.rrset.from_text(zone, 3600, 'IN', 'NS', 'ns.root-servers.test-root.' if zone == '.' else 'ns.' + zone))
            return answer
        own = self.zones.get(zone)
        return own(query, answer) if own else deny(query, answer, zone)

    def asked(self, zone):
        return [name for name, _, _, _ in self.servers[zone].asked]

    def reports(self, zone):
        return [name for name in self.asked(zone) if name.startswith('_er.')]


def deny(query, answer, zone):
    answer.authority.append(dns.rrset.from_text(zone, 300, 'IN', 'SOA', '. . 1 1 1 1 300'))
    return answer


def refuse(query, answer):
    answer.set_rcode(dns.rcode.REFUSED)
    return answer


def test_reports_tell_no_names_to_those_above():
    """Who is told the zone cut only, as names are minimised, hears of no more than that by way of an agent."""
    with World({'agent.': None, 'dead.': lambda query, answer: None}, {'.': 'agent.'}) as world:
        start(**world.sections())
        equal(rcode(ask('secret.name.dead.', timeout=9)), 'SERVFAIL')
        time.sleep(0.5)
        check(not [n for n in world.asked('.') if 'secret' in n], world.asked('.'))
        equal([n for n in world.asked('agent.') if 'secret' in n], [])


def test_reports_of_others_are_not_reported():
    with World({'bad.': refuse, 'agent.': None}, {'bad.': 'agent.'}) as world:
        start(**world.sections())
        for name, rtype in (('_er.1.x.y.7._er.bad.', 'TXT'), ('_er.1.x.y.8._er.bad.', 'A')):
            equal(rcode(ask(name, rtype, timeout=9)), 'SERVFAIL')
        time.sleep(0.5)
        equal({n.split('.')[1] for n in world.reports('agent.') if '._er.1.x' in n}, {'1'})


def test_agents_in_zones_of_the_operator():
    """A stranger can't have names of his choice asked of servers inside."""
    inside = Forwarder('192.0.2.101')
    with World({'bad.': refuse}, {'bad.': 'corp.internal.'}) as world:
        start(**world.sections(**{'forward-zones': [{'name': 'corp.internal', 'addresses': [inside.at()]}]}))
        for i in range(5):
            equal(rcode(ask(f'x{i}.bad.', timeout=9)), 'SERVFAIL')
        time.sleep(0.5)
        equal(inside.asked, 0)


def test_what_reports_cost_others():
    """An agent whose delegation fans out to a victim: reports are worth little work."""
    def fan(query, answer):
        q = query.question[0]
        answer.flags &= ~dns.flags.AA
        cut = '.'.join(q.name.to_text().split('.')[-4:])
        for i in range(16):
            answer.authority.append(dns.rrset.from_text(cut, 300, 'IN', 'NS', f'n{time.monotonic_ns()}-{i}.victim.'))
        return answer
    with World({'bad.': refuse, 'agent.': fan, 'victim.': None}, {'bad.': 'x.agent.'}) as world:
        tern = start(**world.sections(server={'workers': 1}))
        before, reports = len(world.asked('victim.')), lambda: json.loads(ternctl('--json', 'stats'))['queries']['reports']
        for i in range(40):
            equal(rcode(ask(f'x{i}.bad.', timeout=9)), 'SERVFAIL')
        time.sleep(2)
        check(reports() >= 1)
        at_most(len(world.asked('victim.')) - before, 8 * reports(), 'questions')
        tern.alive()


def test_the_agent_of_the_zone_that_failed():
    """A question to the parent in between, for a DS, is no word of the zone's own servers."""
    with World({'agent.': None, 'other.': None, 'up.': None, 'down.up.': refuse}, {'down.up.': 'agent.', 'up.': 'other.', '.': 'other.'}) as world:
        start(**world.sections())
        for i in range(3):
            equal(rcode(ask(f'x{i}.down.up.', timeout=9)), 'SERVFAIL')
        time.sleep(0.5)
        equal(len({n for n in world.reports('agent.') if 'down' in n}), 3)
        equal(world.reports('other.'), [])


def test_agents_of_every_kind():
    """The zone itself, a loop of zones, the longest names, one per answer, local names, and names of reports."""
    local = {'local-zones': [{'name': 'lan', 'behaviour': 'static'}]}
    for agent in ('bad.', 'x.bad.', 'a.bad.bad.', 'lan.', 'localhost.', 'invalid.', '1.168.192.in-addr.arpa.', '_er.', '_er.1.bad.7._er.agent.',
                  '.'.join(['a' * 60] * 3) + '.', '*.', 'com.'):
        with World({'bad.': refuse, 'agent.': None}, {'bad.': agent, 'agent.': agent}) as world:
            tern = start(**world.sections(**local))
            for name in ('x.bad.', '_er.1.x.bad.7._er.bad.', '_er.1.x.7._er.agent.', '.'.join(['b' * 60] * 3) + '.bad.'):
                for flags in ({}, {'rd': False}, {'cd': True}, {'tcp': True}):
                    rcode(ask(name, timeout=9, **flags))
            time.sleep(0.1)
            asked = sum(len(s.asked) for s in world.servers.values())
            at_most(asked, 80, f'questions for agent {agent[:30]}')
            tern.alive()
            stop_all()
