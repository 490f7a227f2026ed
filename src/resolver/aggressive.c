#include "resolver/aggressive.h"

#include <tern/rr.h>

#include "base/bytes.h"
#include "cache/ranges.h"
#include "dnssec/denial.h"
#include "dnssec/nsec.h"
#include "resolver/machine.h"
#include "resolver/verify.h"

/* "White lies" cover one name and nothing else: keeping them helps nobody. */
static bool is_minimal(const struct tern_rrset *set)
{
	struct nsec n;

	return !nsec_read(set, &n) ||
	       (n.next[0] == 1 && n.next[1] == 0 && tern_name_equal(n.next + 2, n.owner));
}

static void store_set(struct job *job, const struct kept *k, uint32_t ttl_s)
{
	struct tern_rrset set = k->set;

	set.ttl_s = MIN(set.ttl_s, ttl_s);
	cache_put(job->resolver->cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_SECURE,
		  job->now->boot_s);
}

void aggressive_store(struct job *job, const struct frame *f)
{
	uint8_t zone[TERN_NAME_MAX];

	if (!job->resolver->options.aggressive)
		return;
	for (const struct kept *k = f->authority.first; k; k = k->next) {
		if (k->security != CACHE_SECURE || !verify_signer(&k->set, zone))
			continue;
		if (k->set.type == TERN_TYPE_SOA)
			store_set(job, k, f->denial_ttl_s);
		if (k->set.type != TERN_TYPE_NSEC || is_minimal(&k->set))
			continue;
		store_set(job, k, f->denial_ttl_s);
		cache_put_range(job->resolver->cache, zone, k->set.owner, f->denial_ttl_s,
				job->now->boot_s);
	}
}

/* The proof being put together out of the cache. */
struct attempt {
	struct job *job;
	const uint8_t *zone;
	uint32_t ttl_s;
	unsigned n;
	struct tern_rrset sets[2];
	const struct tern_rrset *pointers[2];
};

static bool add_range(struct attempt *a, const uint8_t *name)
{
	struct cache *cache = a->job->resolver->cache;
	uint32_t now_s = a->job->now->boot_s;
	const uint8_t *owner = cache_find_range(cache, a->zone, name, now_s);
	struct cache_hit hit;

	uint8_t signer[TERN_NAME_MAX];

	if (!owner ||
	    cache_get(cache, owner, TERN_TYPE_NSEC, now_s, false, &hit) != CACHE_POSITIVE ||
	    hit.security != CACHE_SECURE || !verify_signer(&hit.set, signer) ||
	    !tern_name_equal(signer, a->zone))
		return false;
	a->sets[a->n] = hit.set;
	a->pointers[a->n] = &a->sets[a->n];
	a->n++;
	a->ttl_s = MIN(a->ttl_s, hit.ttl_s);
	return true;
}

/* The wildcard that would answer for a name that the first range covers. */
static void add_wildcard_range(struct attempt *a, const uint8_t *name)
{
	uint8_t wildcard[TERN_NAME_MAX + 2] = {1, '*'};
	struct nsec n;

	if (!nsec_read(&a->sets[0], &n) || tern_name_equal(n.owner, name))
		return;
	unsigned labels =
		MAX(tern_name_common_labels(n.owner, name), tern_name_common_labels(n.next, name));

	tern_name_copy(wildcard + 2, tern_name_suffix(name, labels));
	(void)add_range(a, wildcard);
}

/* The closest zone whose ranges are known. */
static const uint8_t *find_zone(struct job *job, const uint8_t *name)
{
	for (;; name = tern_name_parent(name)) {
		if (cache_find_range(job->resolver->cache, name, name, job->now->boot_s))
			return name;
		if (tern_name_len(name) == 1)
			return NULL;
	}
}

static bool keep_proven(struct job *job, struct frame *f, const struct tern_rrset *set,
			uint32_t ttl_s)
{
	struct tern_rrset copy = *set;

	copy.ttl_s = ttl_s;
	if (!keep(job, &f->authority, &copy))
		return false;
	f->authority.last->security = CACHE_SECURE;
	f->authority.last->proven = true;
	return true;
}

static bool keep_proof(struct attempt *a, struct frame *f)
{
	struct job *job = a->job;
	struct cache_hit soa;

	if (cache_get(job->resolver->cache, a->zone, TERN_TYPE_SOA, job->now->boot_s, false,
		      &soa) != CACHE_POSITIVE ||
	    soa.security != CACHE_SECURE)
		return false;
	a->ttl_s = MIN(a->ttl_s, soa.ttl_s);
	bool kept = keep_proven(job, f, &soa.set, a->ttl_s);

	for (unsigned i = 0; i < a->n; i++)
		kept = kept && keep_proven(job, f, &a->sets[i], a->ttl_s);
	f->denial = CACHE_SECURE;
	f->denial_cached = true;
	f->denial_ttl_s = a->ttl_s;
	if (job->depth == 1 && a->ttl_s < job->result.ttl_s)
		job->result.ttl_s = job->result.life_s = a->ttl_s;
	return kept;
}

/* A forward or stub zone below has other servers, whom these proofs don't bind. */
static bool is_routed_below(const struct job *job, const uint8_t *name, const uint8_t *zone)
{
	const struct route *route = route_find(&job->resolver->routes, name);

	return route && tern_name_is_below(route->zone, zone);
}

enum outcome aggressive_denial(struct job *job, struct frame *f)
{
	const struct question *q = &f->question;
	struct attempt a = {.job = job, .ttl_s = UINT32_MAX};

	if (!job->resolver->options.aggressive || !needs_proof(job, f) ||
	    q->type == TERN_TYPE_ANY || q->type == TERN_TYPE_RRSIG || q->type == TERN_TYPE_NSEC)
		return OUTCOME_NONE;
	if (trust_anchors_is_negative(job->resolver->anchors, q->name))
		return OUTCOME_NONE;
	a.zone = find_zone(job, q->type == TERN_TYPE_DS ? tern_name_parent(q->name) : q->name);
	if (!a.zone || is_routed_below(job, q->name, a.zone) || !add_range(&a, q->name))
		return OUTCOME_NONE;
	add_wildcard_range(&a, q->name);
	struct denial d = {.zone = a.zone,
			   .sets = a.pointers,
			   .n = a.n,
			   .blocks_left = &job->budget.left[BUDGET_HASH]};
	enum outcome outcome = OUTCOME_NONE;

	if (denial_of_name(&d, q->name) == PROOF_GOOD)
		outcome = OUTCOME_NXDOMAIN;
	else if (denial_of_type(&d, q->name, q->type) == PROOF_GOOD)
		outcome = OUTCOME_NODATA;
	return outcome != OUTCOME_NONE && keep_proof(&a, f) ? outcome : OUTCOME_NONE;
}
