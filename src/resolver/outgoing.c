/* outgoing.c - see outgoing.h. */
#include "resolver/outgoing.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "policy/changes.h"
#include "resolver/dns64.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "zone/store.h"

#define WITHHELD_TTL_S 60 /* of an answer that was emptied */

/* --- an answer becomes empty ------------------------------------------------------------- */

static void PRINTF(3, 4) withhold(struct job *job, struct result *r, const char *format, ...)
{
	struct zone_answer denial;
	va_list args;

	va_start(args, format);
	vsnprintf(r->text, sizeof r->text, format, args);
	va_end(args);
	job_tell(job, "held back: %s", r->text);
	zone_answer_deny(job->question.name, WITHHELD_TTL_S, &denial);
	r->answer = r->authority = r->additional = (struct kept_list){0};
	/* Without memory for its SOA nobody caches the denial. */
	(void)!keep_proof_set(job, &r->authority, &denial.soa, CACHE_INSECURE, LINK_BIT(0));
	r->rcode = TERN_RCODE_NOERROR;
	r->ede = TERN_EDE_FILTERED;
	r->security = CACHE_INSECURE;
	r->compact = false;
	r->uncacheable = true; /* what is kept rendered has no OPT to tell it in */
}

/* --- addresses that count as none ---------------------------------------------------------- */

static bool is_for_nat64(const struct job *job)
{
	return job->rules->changes.dns64.prefix.base.family != 0 && !(job->flags & JOB_AS_IT_IS);
}

/* The records that count, in place of all; how many. */
static uint16_t choose(const struct job *job, const struct tern_rrset *set, uint8_t *to)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata record;
	uint16_t n = 0;

	while (tern_rdata_next(&it, &record)) {
		if (record.len == 16 && changes_exclude(&job->rules->changes, record.octets))
			continue;
		put_u16(to, record.len);
		memcpy(to + 2, record.octets, record.len);
		to += 2 + record.len;
		n++;
	}
	return n;
}

/* False when nothing of the set is left. Less of it than was signed has no signature. */
static bool leave_out_excluded(struct job *job, struct result *r, struct kept *k)
{
	uint8_t *rdata = arena_take(&job->arena, k->set.rdata_len);
	uint16_t n = rdata ? choose(job, &k->set, rdata) : 0;

	if (n == 0 || n == k->set.rr_n)
		return n > 0;
	k->set.rdata = rdata;
	k->set.rdata_len = n * (2u + 16);
	k->set.rr_n = n;
	k->set.sig_n = 0;
	r->security = MIN(r->security, CACHE_INSECURE);
	return true;
}

static void exclude(struct job *job, struct result *r)
{
	for (struct kept *k = r->answer.first; k; k = k->next) {
		if (k->set.type != TERN_TYPE_AAAA || k->origin != KEPT_PUBLIC ||
		    leave_out_excluded(job, r, k))
			continue;
		withhold(job, r, "no address of IPv6 but such as dns64.exclude has");
		return;
	}
}

/* --- types ------------------------------------------------------------------------------------ */

/* Aliases stay, wherever they lead: who filters a type asks nothing of them. */
static bool is_filtered(const struct job *job, const struct kept *k)
{
	return k->origin == KEPT_PUBLIC && changes_filter(&job->rules->changes, k->set.type) &&
	       (k->set.type == job->question.type || job->question.type == TERN_TYPE_ANY);
}

static void filter(struct job *job, struct result *r)
{
	struct kept_list left = {0};
	char type[16];

	for (struct kept *k = r->answer.first, *next; k; k = next) {
		next = k->next;
		if (!is_filtered(job, k))
			kept_append(&left, k);
		else if (job->question.type != TERN_TYPE_ANY) {
			withhold(job, r, "answers of type %s are filtered",
				 tern_type_to_text(k->set.type, type, sizeof type));
			return;
		}
	}
	if (!left.first && r->answer.first)
		withhold(job, r, "all types that there are, are filtered");
	else
		r->answer = left;
}

/* --- addresses inside ---------------------------------------------------------------------------
 */

/* By an anchor that the operator has set up for the zone. */
static bool is_of_own_anchor(const struct job *job, const struct result *r)
{
	const uint8_t *zone = trust_anchors_zone(job->rules->anchors, job->question.name);

	return r->security == CACHE_SECURE && zone && *zone != 0;
}

/*
 * May the name that was asked for be inside? That name counts, not what it is an alias of: it is
 * the one that a browser holds a page's origin by.
 */
static bool may_be_inside(const struct job *job, const struct result *r)
{
	const struct route *route = route_find(&job->rules->routes, job->question.name);

	return (r->answer.first && r->answer.first->origin == KEPT_OWN) ||
	       (route && *route->zone != 0) ||
	       changes_allow_inside(&job->rules->changes, job->question.name) ||
	       is_of_own_anchor(job, r);
}

static bool finds_inside(const struct job *job, const struct tern_rrset *set, struct address *out)
{
	return rebinding_find(set, &job->rules->changes.dns64.prefix, out);
}

static void protect(struct job *job, struct result *r)
{
	char host[INET6_ADDRSTRLEN], owner[TERN_NAME_TEXT_MAX];
	struct address inside;

	for (const struct kept *k = r->answer.first; k; k = k->next) {
		if (k->origin == KEPT_LISTED || !finds_inside(job, &k->set, &inside))
			continue;
		if (may_be_inside(job, r))
			return;
		inet_ntop(inside.family == 4 ? AF_INET : AF_INET6, inside.octets, host,
			  sizeof host);
		withhold(job, r, "rebinding: %s is an address inside, of %s", host,
			 tern_name_to_text(k->set.owner, owner));
		r->rebound = true;
		return;
	}
}

/* --- together ----------------------------------------------------------------------- */

void outgoing_pass(struct job *job, struct result *r)
{
	const struct answer_changes *c = &job->rules->changes;

	if (job->flags & JOB_UNFILTERED)
		return;
	if (is_for_nat64(job))
		exclude(job, r);
	if (c->filter_types_n > 0)
		filter(job, r);
	if (c->rebinding.enabled)
		protect(job, r);
}

bool outgoing_withholds(const struct job *job, const struct tern_rrset *set)
{
	const struct answer_changes *c = &job->rules->changes;
	struct kept beside = {.set = *set};
	struct kept_list list = {.first = &beside, .last = &beside, .n = 1};
	struct address inside;

	if (changes_filter(c, set->type))
		return true;
	if (set->type == TERN_TYPE_AAAA && is_for_nat64(job) && dns64_is_empty(job, &list))
		return true;
	return c->rebinding.enabled && finds_inside(job, set, &inside) &&
	       !may_be_inside(job, &job->result);
}
