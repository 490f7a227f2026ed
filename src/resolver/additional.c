/* additional.c - see additional.h. */
#include "resolver/additional.h"

#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/kept.h"
#include "resolver/outgoing.h"
#include "resolver/own.h"
#include "resolver/subnet.h"

#define LOOKUPS_MAX  8 /* in the cache, per answer: limits.md row 48 */
#define PRIORITY_LEN 2 /* octets; 0 is AliasMode */

struct gathering {
	struct job *job;
	unsigned lookups_left;
};

static bool is_service_type(uint16_t type)
{
	return type == TERN_TYPE_SVCB || type == TERN_TYPE_HTTPS;
}

/* AD is about answer and authority, but who sees it should not find less proven data beside. */
static bool is_trusted(const struct result *r, const struct cache_hit *hit)
{
	return hit->security == CACHE_SECURE ||
	       (hit->security == r->security && hit->security != CACHE_BOGUS);
}

static const struct kept *find_known(const struct result *r, const uint8_t *name, uint16_t type)
{
	const struct kept *k = kept_find(&r->answer, name, type);

	return k ? k : kept_find(&r->additional, name, type);
}

/* NULL: not known, or not to be told. */
static const struct kept *gather(struct gathering *g, const uint8_t *name, uint16_t type)
{
	struct result *r = &g->job->result;
	const struct kept *known = find_known(r, name, type);
	struct cache_hit hit;

	if (known || g->lookups_left == 0)
		return known;
	g->lookups_left--;
	if (own_has(g->job, OWN_FOR_CLIENT, name, type))
		return NULL;
	/* What is there for everybody was asked for without the client's network. */
	if (unlikely(subnet_applies(g->job, &g->job->frames[0], name, type)))
		return NULL;
	if (!cache_get_set(g->job->resolver->cache, name, type, CACHE_ANY, g->job->now->boot_s,
			   &hit) ||
	    hit.proof_len > 0 || !is_trusted(r, &hit) || outgoing_withholds(g->job, &hit.set) ||
	    !keep(g->job, &r->additional, &hit.set, LINK_BIT(0)))
		return NULL;
	r->additional_ttl_s = MIN(r->additional_ttl_s, hit.ttl_s);
	return r->additional.last;
}

/* If the name is an alias, what it leads to takes its place (RFC 9460 4.2). */
static bool follow_alias(struct gathering *g, uint8_t name[TERN_NAME_MAX])
{
	const struct kept *k = gather(g, name, TERN_TYPE_CNAME);
	struct tern_rdata_iter it;
	struct tern_rdata record;

	if (!k)
		return false;
	it = tern_rrset_rdatas(&k->set);
	if (!tern_rdata_next(&it, &record))
		return false;
	tern_name_lower(name, record.octets);
	return true;
}

/* The type is what an AliasMode record asks for there; its own targets are followed later. 0: none.
 */
static void gather_target(struct gathering *g, uint8_t name[TERN_NAME_MAX], uint16_t type)
{
	do {
		if (type != 0 && gather(g, name, type))
			return;
		/* A name without that type may still have addresses. */
		(void)gather(g, name, TERN_TYPE_A);
		(void)gather(g, name, TERN_TYPE_AAAA);
	} while (g->lookups_left > 0 && follow_alias(g, name));
}

/* What one record refers to. "." is the owner itself in ServiceMode, and nothing in AliasMode. */
static void follow(struct gathering *g, const struct tern_rrset *set,
		   const struct tern_rdata *record)
{
	const uint8_t *target = tern_rdata_target(set->type, record->octets, record->len);
	uint8_t name[TERN_NAME_MAX];
	bool alias;

	if (!target || record->len < PRIORITY_LEN)
		return;
	alias = get_u16(record->octets) == 0;
	if (alias && *target == 0)
		return;
	tern_name_lower(name, *target == 0 ? set->owner : target);
	gather_target(g, name, alias ? set->type : 0);
}

static void follow_all(struct gathering *g, const struct kept_list *list)
{
	/* What an alias leads to joins the end of the additional list, and so is followed, too. */
	for (const struct kept *k = list->first; k; k = k->next) {
		struct tern_rdata_iter it = tern_rrset_rdatas(&k->set);
		struct tern_rdata record;

		while (is_service_type(k->set.type) && g->lookups_left > 0 &&
		       tern_rdata_next(&it, &record))
			follow(g, &k->set, &record);
	}
}

void additional_from_cache(struct job *job)
{
	struct gathering g = {.job = job, .lookups_left = LOOKUPS_MAX};
	struct result *r = &job->result;

	r->additional_ttl_s = UINT32_MAX;
	if (!is_service_type(job->question.type))
		return;
	follow_all(&g, &r->answer);
	follow_all(&g, &r->additional);
}
