/* additional.c - see additional.h. */
#include "resolver/additional.h"

#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/kept.h"

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

static void gather(struct gathering *g, const uint8_t *name, uint16_t type)
{
	struct result *r = &g->job->result;
	struct cache_hit hit;

	if (g->lookups_left == 0 || kept_find(&r->additional, name, type) ||
	    kept_find(&r->answer, name, type))
		return;
	g->lookups_left--;
	if (!cache_get_set(g->job->resolver->cache, name, type, CACHE_ANY, g->job->now->boot_s,
			   &hit) ||
	    hit.proof_len > 0 || !is_trusted(r, &hit) ||
	    !keep(g->job, &r->additional, &hit.set, LINK_BIT(0)))
		return;
	r->additional_ttl_s = MIN(r->additional_ttl_s, hit.ttl_s);
}

static void gather_addresses(struct gathering *g, const uint8_t *name)
{
	gather(g, name, TERN_TYPE_A);
	gather(g, name, TERN_TYPE_AAAA);
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
	if (alias)
		gather(g, name, set->type);
	/* An alias may lead to a name that has addresses only. */
	if (!alias || !kept_find(&g->job->result.additional, name, set->type))
		gather_addresses(g, name);
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
