/*
 * stale.c - expired data for a client that would otherwise get nothing (RFC 8767).
 */
#include <stdio.h>

#include <tern/name.h>

#include "base/bytes.h"
#include "resolver/believe.h"
#include "resolver/dns64.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/outgoing.h"
#include "resolver/own.h"
#include "resolver/policy_reply.h"
#include "resolver/reply.h"
#include "resolver/subnet.h"
#include "resolver/verify.h"

static uint32_t ttl_of(const struct job *job, const struct cache_hit *hit)
{
	return hit->stale ? MIN(job->rules->resolver.stale_ttl_s, hit->life_s) : hit->ttl_s;
}

/* Stale data are as secure as they were, while their signatures hold. */
static void note_hit(const struct cache_hit *hit, struct result *out)
{
	out->stale |= hit->stale;
	if (hit->security != CACHE_SECURE)
		out->security = CACHE_INSECURE;
}

static bool keep_proof(struct job *job, const struct cache_hit *hit, struct result *out)
{
	const uint8_t *at = hit->proof;
	struct tern_rrset set;

	while (cache_proof_next(&at, hit->proof + hit->proof_len, ttl_of(job, hit), &set)) {
		if (!keep_proof_set(job, &out->authority, &set, hit->security, 0))
			return false;
		if (!verify_is_in_time(job, &set))
			out->security = CACHE_INSECURE;
	}
	return true;
}

static bool keep_set(struct job *job, struct cache_hit *hit, struct result *out)
{
	note_hit(hit, out);
	if (!verify_is_in_time(job, &hit->set))
		out->security = CACHE_INSECURE;
	hit->set.ttl_s = ttl_of(job, hit);
	return keep(job, &out->answer, &hit->set, 0) && keep_proof(job, hit, out);
}

static bool keep_denial(struct job *job, const struct cache_hit *hit, struct result *out)
{
	note_hit(hit, out);
	if (out->rcode == TERN_RCODE_NXDOMAIN)
		out->ede = TERN_EDE_STALE_NXDOMAIN;
	return keep_proof(job, hit, out);
}

/* What was never validated must not slip through because it is old. */
static bool is_trusted(const struct job *job, const struct cache_hit *hit)
{
	return hit->security != CACHE_BOGUS && (hit->security != CACHE_UNCHECKED ||
						job->rules->resolver.validation == VALIDATION_OFF ||
						(job->flags & JOB_CHECKING_DISABLED));
}

enum collected { COLLECTED_NOTHING, COLLECTED_ALIAS, COLLECTED_DONE, COLLECTED_FAILED };

/* A DNAME of our own above the name: it, and the alias that it makes. */
static enum collected collect_own_dname(struct job *job, struct question *q,
					const struct own_answer *own, struct result *out)
{
	const struct tern_rrset *dname = &own->zone.set;
	struct tern_rdata_iter it = tern_rrset_rdatas(dname);
	uint8_t rdata[2 + TERN_NAME_MAX];
	struct tern_rdata target;

	if (!tern_rdata_next(&it, &target) ||
	    tern_name_replace_suffix(q->name, dname->owner, target.octets, rdata + 2) != TERN_OK)
		return COLLECTED_FAILED;
	put_u16(rdata, (uint16_t)tern_name_len(rdata + 2));
	const struct tern_rrset alias = {.owner = q->name,
					 .rdata = rdata,
					 .rdata_len = 2 + (uint32_t)tern_name_len(rdata + 2),
					 .ttl_s = dname->ttl_s,
					 .type = TERN_TYPE_CNAME,
					 .rclass = TERN_CLASS_IN,
					 .rr_n = 1};

	if (!kept_find(&out->answer, dname->owner, TERN_TYPE_DNAME)) {
		if (!keep(job, &out->answer, dname, 0))
			return COLLECTED_FAILED;
		out->answer.last->origin = (uint8_t)own->origin;
	}
	if (!keep(job, &out->answer, &alias, 0))
		return COLLECTED_FAILED;
	out->answer.last->origin = (uint8_t)own->origin;
	if (!alias_hides(q->type))
		return COLLECTED_DONE;
	tern_name_lower(q->name, rdata + 2);
	return COLLECTED_ALIAS;
}

/* What is ours is never stale, and takes the place of what is. */
static enum collected collect_own(struct job *job, struct question *q, struct result *out)
{
	struct own_answer own;
	struct tern_rdata target;
	enum zone_outcome found = own_find(job, OWN_FOR_CLIENT, q->name, q->type, &own);

	switch (found) {
	case ZONE_NOT_HERE: return COLLECTED_NOTHING;
	case ZONE_DROPPED:
	case ZONE_REFUSED: return COLLECTED_FAILED;
	case ZONE_ANSWER: break;
	case ZONE_NODATA:
	case ZONE_NXDOMAIN:
		out->security = CACHE_INSECURE;
		out->rcode = found == ZONE_NODATA ? TERN_RCODE_NOERROR : TERN_RCODE_NXDOMAIN;
		return keep_proof_set(job, &out->authority, &own.zone.soa, CACHE_INSECURE, 0)
			       ? COLLECTED_DONE
			       : COLLECTED_FAILED;
	}
	out->security = CACHE_INSECURE;
	if (!tern_name_equal(own.zone.set.owner, q->name))
		return collect_own_dname(job, q, &own, out);
	if (!keep(job, &out->answer, &own.zone.set, 0))
		return COLLECTED_FAILED;
	out->answer.last->origin = (uint8_t)own.origin;
	if (own.zone.set.type != TERN_TYPE_CNAME || !alias_hides(q->type))
		return COLLECTED_DONE;
	struct tern_rdata_iter it = tern_rrset_rdatas(&own.zone.set);

	if (!tern_rdata_next(&it, &target))
		return COLLECTED_FAILED;
	tern_name_lower(q->name, target.octets);
	return COLLECTED_ALIAS;
}

/* Follow the cached alias path from the client's own question. */
static bool collect(struct job *job, const struct moment *now, struct question q,
		    struct result *out)
{
	struct cache_hit hit;

	for (unsigned step = 0; step <= BUDGET_ALIAS_MAX; step++) {
		enum collected own = collect_own(job, &q, out);

		if (own == COLLECTED_ALIAS)
			continue;
		if (own != COLLECTED_NOTHING)
			return own == COLLECTED_DONE;
		enum cache_found found = subnet_get_stale(job, q.type, q.name, q.type, now->boot_s,
							  &hit, &out->by_network);

		if (found != CACHE_MISS && !is_trusted(job, &hit))
			return false;
		switch (found) {
		case CACHE_POSITIVE:
			out->rcode = TERN_RCODE_NOERROR;
			return keep_set(job, &hit, out);
		case CACHE_NXDOMAIN:
			out->rcode = TERN_RCODE_NXDOMAIN;
			if (!keep_denial(job, &hit, out))
				return false;
			out->compact = kept_find(&out->authority, q.name, TERN_TYPE_NSEC);
			return true;
		case CACHE_NODATA: return keep_denial(job, &hit, out);
		case CACHE_MISS: break;
		}
		struct tern_rdata target;

		if (subnet_get_stale(job, q.type, q.name, TERN_TYPE_CNAME, now->boot_s, &hit,
				     &out->by_network) != CACHE_POSITIVE ||
		    !is_trusted(job, &hit))
			return false;
		struct tern_rdata_iter it = tern_rrset_rdatas(&hit.set);

		if (!keep_set(job, &hit, out) || !tern_rdata_next(&it, &target))
			return false;
		tern_name_lower(q.name, target.octets);
	}
	return false;
}

static bool may_be_served(const struct job *job)
{
	return job->rules->resolver.serve_stale && !(job->flags & JOB_NO_SERVE) &&
	       !job->result.bogus;
}

static const struct result begin = {
	.ede = TERN_EDE_STALE_ANSWER, .security = CACHE_SECURE, .uncacheable = true};

/* Is it what a client that asks for AAAA wants, whether NAT64 is there or not? */
static bool is_enough(const struct job *job, const struct result *r)
{
	return r->rcode != TERN_RCODE_NOERROR || !dns64_is_empty(job, &r->answer);
}

bool stale_is_better(struct job *job)
{
	struct result stale = begin;

	return may_be_served(job) && collect(job, job->now, job->question, &stale) &&
	       is_enough(job, &stale);
}

/* Addresses for NAT64 out of the cache take the place of @out, or of nothing. */
static bool collect_for_nat64(struct job *job, const struct moment *now, struct result *out)
{
	struct question q = job->question;
	struct result made = begin;

	q.type = TERN_TYPE_A;
	if (!collect(job, now, q, &made) || !dns64_synthesize(job, &made.answer, DNS64_TTL_S))
		return false;
	made.authority = (struct kept_list){0};
	made.stale |= out->stale;
	made.security = MIN(made.security, CACHE_INSECURE);
	*out = made;
	return true;
}

static bool collect_all(struct job *job, const struct moment *now, struct result *out)
{
	bool found = collect(job, now, job->question, out);

	if (!dns64_is_wanted(job) || (found && is_enough(job, out)))
		return found;
	return collect_for_nat64(job, now, out) || found;
}

bool job_stale_result(struct job *job, const struct moment *now, struct result *out)
{
	struct result stale = begin;

	if (!may_be_served(job) || !collect_all(job, now, &stale))
		return false;
	policy_reply(job, &stale);
	outgoing_pass(job, &stale);
	if (stale.ede == TERN_EDE_STALE_ANSWER && !stale.stale)
		stale.ede = TERN_EDE_NONE;
	if (stale.ede != TERN_EDE_FILTERED && stale.ede != TERN_EDE_BLOCKED)
		snprintf(stale.text, sizeof stale.text, "%s", job->why);
	*out = stale;
	return true;
}
