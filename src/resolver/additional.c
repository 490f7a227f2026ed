/* additional.c - see additional.h. */
#include "resolver/additional.h"

#include <string.h>

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

/* --- of this resolver ----------------------------------------------------------------- */

#define SVC_IPV4HINT 4
#define SVC_IPV6HINT 6
#define HINTS_MAX    16

static bool tells_of_us(const struct kept *k)
{
	const uint8_t *owner = k->set.owner;

	return k->origin == KEPT_OWN && owner[0] == 4 && memcmp(owner + 1, "_dns", 4) == 0;
}

/* The value of @key in @record, whose name ends before @at; 0 octets when it has none. */
static size_t find_parameter(const struct tern_rdata *record, size_t at, uint16_t key,
			     const uint8_t **value)
{
	while (at + 4 <= record->len) {
		size_t len = get_u16(record->octets + at + 2);

		if (len > record->len - at - 4)
			return 0;
		*value = record->octets + at + 4;
		if (get_u16(record->octets + at) == key)
			return len;
		at += 4 + len;
	}
	return 0;
}

/* Addresses of @size octets each are a set of @name. */
static void keep_hints(struct job *job, const uint8_t *name, const struct tern_rdata *record,
		       size_t size, uint32_t ttl_s)
{
	uint8_t rdata[HINTS_MAX * (2 + 16)];
	const uint8_t *hints = NULL;
	size_t len =
		find_parameter(record, PRIORITY_LEN + tern_name_len(record->octets + PRIORITY_LEN),
			       size == 4 ? SVC_IPV4HINT : SVC_IPV6HINT, &hints);
	size_t n = MIN(len / size, (size_t)HINTS_MAX);

	for (size_t i = 0; i < n; i++) {
		put_u16(rdata + i * (2 + size), (uint16_t)size);
		memcpy(rdata + i * (2 + size) + 2, hints + i * size, size);
	}
	const struct tern_rrset set = {.owner = name,
				       .rdata = rdata,
				       .rdata_len = (uint32_t)(n * (2 + size)),
				       .ttl_s = ttl_s,
				       .type = size == 4 ? TERN_TYPE_A : TERN_TYPE_AAAA,
				       .rclass = TERN_CLASS_IN,
				       .rr_n = (uint16_t)n};

	/* Without memory they are still in the record. */
	if (n > 0)
		(void)!keep(job, &job->result.additional, &set, LINK_BIT(0));
}

/* Somebody has written of the target: then that is what holds. */
static bool keep_own(struct job *job, const uint8_t *name, uint16_t type)
{
	struct own_answer own;
	enum zone_outcome found = own_find(job, OWN_FOR_CLIENT, name, type, &own);

	if (found == ZONE_ANSWER && own.zone.set.type == type)
		(void)!keep(job, &job->result.additional, &own.zone.set, LINK_BIT(0));
	return found == ZONE_ANSWER;
}

static void follow_us(struct job *job, const struct tern_rrset *set,
		      const struct tern_rdata *record)
{
	struct result *r = &job->result;
	uint8_t name[TERN_NAME_MAX];

	if (record->len <= PRIORITY_LEN)
		return;
	tern_name_lower(name, record->octets + PRIORITY_LEN);
	r->additional_ttl_s = MIN(r->additional_ttl_s, set->ttl_s);
	if (!find_known(r, name, TERN_TYPE_A) && !keep_own(job, name, TERN_TYPE_A))
		keep_hints(job, name, record, 4, set->ttl_s);
	if (!find_known(r, name, TERN_TYPE_AAAA) && !keep_own(job, name, TERN_TYPE_AAAA))
		keep_hints(job, name, record, 16, set->ttl_s);
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
		       tern_rdata_next(&it, &record)) {
			if (unlikely(tells_of_us(k)))
				follow_us(g->job, &k->set, &record);
			else
				follow(g, &k->set, &record);
		}
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
