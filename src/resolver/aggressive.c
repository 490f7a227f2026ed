#include "resolver/aggressive.h"

#include <tern/rr.h>

#include "base/bytes.h"
#include "cache/ranges.h"
#include "dnssec/denial.h"
#include "dnssec/nsec.h"
#include "resolver/believe.h"
#include "resolver/kept.h"
#include "resolver/machine.h"
#include "resolver/reply.h"
#include "resolver/verify.h"

/* --- keeping ------------------------------------------------------------------ */

static bool is_worth_keeping(const struct tern_rrset *set)
{
	struct nsec3 n3;
	struct nsec n;

	if (set->type == TERN_TYPE_NSEC)
		return nsec_read(set, &n) && !nsec_is_minimal(&n);
	return set->type == TERN_TYPE_NSEC3 && nsec3_read(set, &n3) && !nsec3_is_minimal(&n3) &&
	       n3.iterations <= NSEC3_ITERATIONS_MAX && !(n3.flags & NSEC3_OPT_OUT);
}

static void store_set(struct job *job, const struct tern_rrset *set, uint32_t ttl_s)
{
	struct tern_rrset copy = *set;

	copy.ttl_s = MIN(copy.ttl_s, ttl_s);
	cache_put(job->resolver->cache, &copy, CACHE_RANK_AUTH_ANSWER, CACHE_SECURE,
		  job->now->boot_s);
}

void aggressive_store(struct job *job, const struct frame *f, uint32_t ttl_s)
{
	uint8_t zone[TERN_NAME_MAX];

	for (const struct kept *k = may_store(job) ? f->found.authority.first : NULL; k;
	     k = k->next) {
		if (k->security != CACHE_SECURE || !verify_signer(&k->set, zone))
			continue;
		if (k->set.type == TERN_TYPE_SOA)
			store_set(job, &k->set, ttl_s);
		if (!is_worth_keeping(&k->set))
			continue;
		struct tern_rrset range = k->set;

		range.ttl_s = MIN(range.ttl_s, ttl_s);
		cache_put_range(job->resolver->cache, zone, &range, job->now->boot_s);
	}
}

static void wildcard_of(const uint8_t *name, unsigned labels, uint8_t out[TERN_NAME_MAX + 2])
{
	out[0] = 1;
	out[1] = '*';
	tern_name_copy(out + 2, tern_name_suffix(name, labels));
}

void aggressive_store_wildcard(struct job *job, const struct tern_rrset *set, unsigned labels)
{
	uint8_t owner[TERN_NAME_MAX + 2];
	struct tern_rrset made_of = *set;

	wildcard_of(set->owner, labels, owner);
	made_of.owner = owner;
	store_set(job, &made_of, set->ttl_s);
}

/* --- gathering what the cache has about one name -------------------------------- */

#define PROOF_PARTS 3 /* the encloser, what covers the next closer name, the wildcard's */

struct gathered {
	struct job *job;
	const uint8_t *zone;
	const uint8_t *name;
	uint32_t ttl_s;
	unsigned n;
	bool exists;       /* the name itself has a record */
	unsigned encloser; /* labels of the closest encloser, when not */
	struct tern_rrset sets[PROOF_PARTS];
	const struct tern_rrset *pointers[PROOF_PARTS];
};

static bool is_of_zone(const struct gathered *g, const struct cache_hit *hit)
{
	uint8_t signer[TERN_NAME_MAX];

	return verify_signer(&hit->set, signer) && tern_name_equal(signer, g->zone);
}

/* Add the record whose owner is the last at or before @p owner; where it is in the list, or NULL.
 */
static const struct tern_rrset *add(struct gathered *g, uint16_t type, const uint8_t *owner)
{
	struct cache *cache = g->job->resolver->cache;
	uint32_t now_s = g->job->now->boot_s;
	const uint8_t *at = cache_find_range(cache, g->zone, owner, now_s);
	struct cache_hit hit;

	for (unsigned i = 0; at && i < g->n; i++) {
		if (tern_name_equal(g->sets[i].owner, at))
			return &g->sets[i];
	}
	if (!at || g->n == PROOF_PARTS ||
	    !cache_get_range_set(cache, g->zone, at, type, now_s, &hit) || !is_of_zone(g, &hit))
		return NULL;
	g->sets[g->n] = hit.set;
	g->pointers[g->n] = &g->sets[g->n];
	g->ttl_s = MIN(g->ttl_s, hit.ttl_s);
	return &g->sets[g->n++];
}

static bool gather_nsec(struct gathered *g)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];
	const struct tern_rrset *set = add(g, TERN_TYPE_NSEC, g->name);
	struct nsec n;

	if (!set || !nsec_read(set, &n))
		return false;
	/* A next name below it makes the name an empty non-terminal, which no wildcard matches. */
	g->exists = tern_name_equal(n.owner, g->name) || tern_name_is_below(n.next, g->name);
	if (g->exists)
		return true;
	g->encloser = MAX(tern_name_common_labels(n.owner, g->name),
			  tern_name_common_labels(n.next, g->name));
	wildcard_of(g->name, g->encloser, wildcard);
	(void)add(g, TERN_TYPE_NSEC, wildcard);
	return true;
}

/* Add what there is about the hash of @p name; is it a match? False when it can't be paid. */
static bool add_hash(struct gathered *g, const struct nsec3 *like, const uint8_t *name,
		     bool only_match, bool *matches)
{
	uint32_t *left = budget_account(&g->job->budget, BUDGET_MAKE);
	uint32_t blocks = nsec3_blocks(like, name);
	uint8_t owner[TERN_NAME_MAX];
	const uint8_t *at;

	if (*left < blocks)
		return false;
	*left -= blocks;
	nsec3_owner(like, name, g->zone, owner);
	at = cache_find_range(g->job->resolver->cache, g->zone, owner, g->job->now->boot_s);
	*matches = at && tern_name_equal(at, owner);
	return (only_match && !*matches) || add(g, TERN_TYPE_NSEC3, owner);
}

/* Salt and iterations are those of any record that is there. */
static bool parameters(const struct gathered *g, struct nsec3 *out)
{
	struct cache *cache = g->job->resolver->cache;
	uint32_t now_s = g->job->now->boot_s;
	const uint8_t *owner = cache_find_range(cache, g->zone, g->zone, now_s);
	struct cache_hit hit;

	return owner && cache_get_range_set(cache, g->zone, owner, TERN_TYPE_NSEC3, now_s, &hit) &&
	       nsec3_read(&hit.set, out);
}

static bool gather_nsec3(struct gathered *g)
{
	unsigned zone_labels = tern_name_labels(g->zone);
	unsigned labels = tern_name_labels(g->name);
	uint8_t wildcard[TERN_NAME_MAX + 2];
	struct nsec3 like;
	bool matches = false;

	if (!parameters(g, &like) || !add_hash(g, &like, g->name, true, &matches))
		return false;
	g->exists = matches;
	if (g->exists)
		return true;
	while (labels > zone_labels && !matches) {
		if (!add_hash(g, &like, tern_name_suffix(g->name, --labels), true, &matches))
			return false;
	}
	if (!matches || !add_hash(g, &like, tern_name_suffix(g->name, labels + 1), false, &matches))
		return false;
	g->encloser = labels;
	wildcard_of(g->name, labels, wildcard);
	(void)add_hash(g, &like, wildcard, false, &matches);
	return true;
}

/* The closest zone whose ranges are known. */
static const uint8_t *find_zone(struct job *job, const uint8_t *name, uint16_t *type)
{
	for (;; name = tern_name_parent(name)) {
		*type = cache_ranges_type(job->resolver->cache, name, job->now->boot_s);
		if (*type)
			return name;
		if (tern_name_len(name) == 1)
			return NULL;
	}
}

/* A forward or stub zone below has other servers, whom these proofs don't bind. */
static bool is_routed_below(const struct job *job, const uint8_t *name, const uint8_t *zone)
{
	const struct route *route = route_find(&job->rules->routes, name);

	return route && tern_name_is_below(route->zone, zone);
}

static bool gather(struct gathered *g, const struct question *q)
{
	struct job *job = g->job;
	uint16_t type;

	/* A zone whose apex NSEC forgets its own keys would go dark. */
	if (q->type == TERN_TYPE_ANY || q->type == TERN_TYPE_RRSIG || q->type == TERN_TYPE_NSEC ||
	    q->type == TERN_TYPE_DNSKEY || trust_anchors_is_negative(job->rules->anchors, q->name))
		return false;
	g->zone = find_zone(job, q->type == TERN_TYPE_DS ? tern_name_parent(q->name) : q->name,
			    &type);
	if (!g->zone || is_routed_below(job, q->name, g->zone))
		return false;
	return type == TERN_TYPE_NSEC ? gather_nsec(g) : gather_nsec3(g);
}

/* --- answering -------------------------------------------------------------------- */

static bool keep_proven(struct job *job, struct kept_list *list, const struct tern_rrset *set,
			uint32_t ttl_s, uint16_t links)
{
	struct tern_rrset copy = *set;

	copy.ttl_s = ttl_s;
	if (!keep(job, list, &copy, links))
		return false;
	list->last->security = CACHE_SECURE;
	list->last->proven = list->last->cached = true;
	return true;
}

static bool keep_parts(struct gathered *g, struct frame *f)
{
	bool kept = true;

	for (unsigned i = 0; i < g->n; i++)
		kept = kept && keep_proven(g->job, &f->found.authority, &g->sets[i], g->ttl_s,
					   LINK_BIT(f->found.links));
	g->job->result.made = true;
	note_ttl(g->job, g->ttl_s, g->ttl_s);
	return kept;
}

static bool keep_denial(struct gathered *g, struct frame *f)
{
	struct job *job = g->job;
	struct cache_hit soa;

	if (!cache_get_set(job->resolver->cache, g->zone, TERN_TYPE_SOA, CACHE_PROVEN,
			   job->now->boot_s, &soa))
		return false;
	/* RFC 2308 5. */
	g->ttl_s = MIN(g->ttl_s, MIN(soa.ttl_s, soa_minimum(&soa.set)));
	f->found.denial.security = CACHE_SECURE;
	f->found.denial.source = DENIAL_MADE;
	f->found.denial.ttl_s = g->ttl_s;
	return keep_proven(job, &f->found.authority, &soa.set, g->ttl_s,
			   LINK_BIT(f->found.links)) &&
	       keep_parts(g, f);
}

static bool find_made_of(const struct gathered *g, uint16_t type, struct cache_hit *hit)
{
	uint8_t wildcard[TERN_NAME_MAX + 2];

	wildcard_of(g->name, g->encloser, wildcard);
	return cache_get_set(g->job->resolver->cache, wildcard, type, CACHE_PROVEN,
			     g->job->now->boot_s, hit) &&
	       is_of_zone(g, hit);
}

/* RFC 8198 5.3: with nothing closer, a wildcard that is known answers. */
static bool answer_by_wildcard(struct gathered *g, struct frame *f, const struct denial *d)
{
	uint16_t type = f->question.type;
	struct cache_hit hit;

	if (g->exists || type == TERN_TYPE_DS ||
	    denial_of_closer(d, g->name, g->encloser) != PROOF_GOOD ||
	    (!find_made_of(g, type, &hit) &&
	     (!alias_hides(type) || !find_made_of(g, TERN_TYPE_CNAME, &hit))))
		return false;
	hit.set.owner = g->name;
	g->ttl_s = MIN(g->ttl_s, hit.ttl_s);
	return keep_proven(g->job, &f->found.answer, &hit.set, g->ttl_s,
			   LINK_BIT(f->found.links)) &&
	       keep_parts(g, f);
}

static enum outcome deny(struct gathered *g, struct frame *f, const struct denial *d)
{
	const struct question *q = &f->question;
	enum outcome outcome = OUTCOME_NONE;

	if (!g->exists && denial_of_name(d, q->name) == PROOF_GOOD)
		outcome = OUTCOME_NXDOMAIN;
	else if (denial_of_type(d, q->name, q->type) == PROOF_GOOD)
		outcome = OUTCOME_NODATA;
	return outcome != OUTCOME_NONE && keep_denial(g, f) ? outcome : OUTCOME_NONE;
}

static struct denial denial_by(struct gathered *g)
{
	return (struct denial){.zone = g->zone,
			       .sets = g->pointers,
			       .n = g->n,
			       .blocks_left = budget_account(&g->job->budget, BUDGET_MAKE)};
}

enum outcome aggressive_answer(struct job *job, struct frame *f)
{
	struct gathered g = {.job = job, .name = f->question.name, .ttl_s = UINT32_MAX};

	/* What is to be renewed is not renewed by what is as old. */
	if (!job->rules->resolver.aggressive || !needs_proof(job, f) ||
	    ((job->flags & JOB_REFRESH) && job->depth == 1) || !gather(&g, &f->question))
		return OUTCOME_NONE;
	struct denial d = denial_by(&g);

	return answer_by_wildcard(&g, f, &d) ? OUTCOME_ANSWER : deny(&g, f, &d);
}

/* What was sent for the links that led here stays; what was sent for this one is replaced. */
static void keep_of_other_links(struct frame *f, const struct kept_list *sent)
{
	for (struct kept *k = sent->first, *next; k; k = next) {
		next = k->next;
		k->links &= (uint16_t)~LINK_BIT(f->found.links);
		if (k->links)
			kept_append(&f->found.authority, k);
	}
}

enum outcome aggressive_proof(struct job *job, struct frame *f)
{
	struct gathered g = {.job = job, .name = f->question.name, .ttl_s = UINT32_MAX};
	const struct kept_list sent = f->found.authority;

	if (!gather(&g, &f->question))
		return OUTCOME_NONE;
	struct denial d = denial_by(&g);

	f->found.authority = (struct kept_list){0};
	enum outcome outcome = deny(&g, f, &d);

	if (outcome == OUTCOME_NONE)
		f->found.authority = sent;
	else
		keep_of_other_links(f, &sent);
	return outcome;
}
