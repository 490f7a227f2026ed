/*
 * policy_reply.c - see policy_reply.h.
 *
 * Servers are those of the delegations at and above the name that are cached: what an answer came
 * from, as far as that is still known.
 */
#include "resolver/policy_reply.h"

#include <stdio.h>
#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "policy/rpz.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/zonecut.h"
#include "zone/store.h"

/* --- what fits ------------------------------------------------------------------------ */

static bool find_in_answer(const struct rpz_zone *z, const struct result *r, struct rpz_rule *rule)
{
	for (const struct kept *k = r->answer.first; k; k = k->next) {
		struct tern_rdata_iter it = tern_rrset_rdatas(&k->set);
		struct tern_rdata record;

		if (k->set.type != TERN_TYPE_A && k->set.type != TERN_TYPE_AAAA)
			continue;
		while (tern_rdata_next(&it, &record)) {
			struct address a =
				address_from_rdata(k->set.type, record.octets, record.len);

			if (a.family && rpz_find_address(z, RPZ_IP, &a, rule))
				return true;
		}
	}
	return false;
}

static bool find_in_cut(const struct rpz_zone *z, const struct zone_cut *cut, struct rpz_rule *rule)
{
	for (unsigned i = 0; i < cut->ns_n; i++) {
		if (rpz_find_name(z, RPZ_NSDNAME, cut->ns[i].name, rule))
			return true;
	}
	for (unsigned i = 0; i < cut->servers_n; i++) {
		if (rpz_find_address(z, RPZ_NSIP, &cut->servers[i].addr, rule))
			return true;
	}
	return false;
}

/* Those of the name that was found last count: an alias's target, too. */
static bool find_in_servers(struct job *job, const struct rpz_zone *z, struct rpz_rule *rule)
{
	const uint8_t *name = job->frames[0].question.name;
	struct cache_delegation d;

	for (unsigned labels = tern_name_labels(name) + 1; labels-- > 1;) {
		if (!cache_get_delegation(job->resolver->cache, tern_name_suffix(name, labels),
					  job->now->boot_s, &d))
			continue;
		struct zone_cut *cut = zone_cut_unpack(&job->arena, &d);

		if (cut && find_in_cut(z, cut, rule))
			return true;
	}
	return false;
}

static const char *find_rule(struct job *job, const struct result *r, struct rpz_rule *rule)
{
	const struct rpz_set *set = job->rules->rpz;
	bool servers = set->has[RPZ_NSDNAME] || set->has[RPZ_NSIP];

	for (unsigned i = 0; i < set->n; i++) {
		const struct rpz_zone *z = set->zones[i].zone;

		if (!(job->rules->rpz_asked >> i & 1))
			continue;
		if (find_in_answer(z, r, rule) || (servers && find_in_servers(job, z, rule)))
			return set->zones[i].name;
	}
	return NULL;
}

/* --- what becomes of it ------------------------------------------------------------------ */

static void deny(struct job *job, struct result *r, const struct rpz_rule *rule, uint16_t rcode)
{
	struct zone_answer denial;

	zone_answer_deny(job->question.name, rule->ttl_s, &denial);
	r->rcode = rcode;
	/* Without memory for its SOA nobody caches the denial. */
	(void)!keep_proof_set(job, &r->authority, &denial.soa, CACHE_INSECURE, LINK_BIT(0));
}

static bool give_set(struct job *job, struct result *r, const struct tern_rrset *set)
{
	if (!keep(job, &r->answer, set, LINK_BIT(0)))
		return false;
	r->answer.last->security = CACHE_INSECURE;
	r->answer.last->origin = KEPT_OWN;
	r->rcode = TERN_RCODE_NOERROR;
	return true;
}

/* The alias alone: whoever asked follows it. */
static bool give_alias(struct job *job, struct result *r, const struct rpz_rule *rule)
{
	uint8_t rdata[2 + TERN_NAME_MAX];

	if (!rpz_alias(rule, job->question.name, rdata + 2))
		return false;
	size_t len = tern_name_len(rdata + 2);
	const struct tern_rrset set = {.owner = job->question.name,
				       .rdata = rdata,
				       .rdata_len = (uint32_t)len + 2,
				       .ttl_s = rule->ttl_s,
				       .type = TERN_TYPE_CNAME,
				       .rclass = TERN_CLASS_IN,
				       .rr_n = 1};

	rdata[0] = 0;
	rdata[1] = (uint8_t)len;
	return give_set(job, r, &set);
}

static void obey(struct job *job, struct result *r, const struct rpz_rule *rule)
{
	struct tern_rrset set;

	r->answer = r->authority = r->additional = (struct kept_list){0};
	r->compact = false;
	r->security = CACHE_INSECURE;
	r->ttl_s = MIN(r->ttl_s, rule->ttl_s);
	if (rule->action == RPZ_CNAME && give_alias(job, r, rule))
		return;
	if (rule->action == RPZ_DATA &&
	    rpz_set(rule, job->question.name, job->question.type, &set) && give_set(job, r, &set))
		return;
	r->dropped = rule->action == RPZ_DROP;
	deny(job, r, rule, rule->action == RPZ_NXDOMAIN ? TERN_RCODE_NXDOMAIN : TERN_RCODE_NOERROR);
}

void policy_reply(struct job *job, struct result *r)
{
	char owner[TERN_NAME_TEXT_MAX];
	struct rpz_rule rule;
	const char *zone = job->rules->rpz && !job->past_policy && !(job->flags & JOB_UNFILTERED)
				   ? find_rule(job, r, &rule)
				   : NULL;

	if (!zone || rule.action == RPZ_PASSTHRU)
		return;
	job_tell(job, "policy zone %s, rule %s", zone, tern_name_to_text(rule.owner, owner));
	r->uncacheable = true;
	if (rule.action == RPZ_TCP_ONLY) {
		r->tcp_only = true;
		return;
	}
	r->ede = TERN_EDE_BLOCKED;
	snprintf(r->text, sizeof r->text, "policy zone %s, rule %.80s", zone, owner);
	obey(job, r, &rule);
}
