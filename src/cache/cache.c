#include "cache/cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <urcu-qsbr.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/readers.h"
#include "cache/cache_private.h"

#define SHARD_OCTETS    (1u << 22) /* a shard of this size is worth its own lock */
#define SHARD_BITS_MAX  6
#define ENTRY_EXPECTED  256 /* octets per entry that the buckets are sized for */
#define ALLOCATOR_SHARE 16  /* one part in so many is lost between the entries (measured) */
#define BUCKET_BITS_MIN 8

static unsigned bits_below(uint64_t n)
{
	return n < 2 ? 0 : 63 - (unsigned)__builtin_clzll(n);
}

static size_t buckets_octets(const struct cache *c)
{
	return sizeof(entry_link) << (c->bucket_bits + c->shard_bits);
}

/* Those of all shards in one mapping: hit anywhere, it wants few and large pages. */
static bool map_buckets(struct cache *c)
{
	/* Fresh mappings are zero. */
	void *all = mmap(NULL, buckets_octets(c), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		return false;
	(void)madvise(all, buckets_octets(c), MADV_HUGEPAGE);
	c->buckets = all;
	return true;
}

static bool shard_init(struct cache *c, size_t i)
{
	struct shard *s = &c->shards[i];
	uint64_t share = (c->size - c->size / ALLOCATOR_SHARE) >> c->shard_bits;
	uint64_t fixed = sizeof(entry_link) << c->bucket_bits;

	s->limit = share > 2 * fixed ? share - fixed : share / 2;
	if (pthread_mutex_init(&s->lock, NULL) != 0)
		return false;
	s->buckets = c->buckets + (i << c->bucket_bits);
	return true;
}

struct cache *cache_create(const struct cache_options *options, const struct hash_key *key)
{
	struct cache *c = aligned_alloc(CACHE_LINE, sizeof *c);

	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->key = *key;
	c->stale_s = options->stale_s;
	c->size = options->size;
	c->shard_bits = MIN(bits_below(options->size / SHARD_OCTETS), (unsigned)SHARD_BITS_MAX);
	c->bucket_bits = MAX(bits_below(options->size / ENTRY_EXPECTED >> c->shard_bits),
			     (unsigned)BUCKET_BITS_MIN);
	size_t shards = (size_t)1 << c->shard_bits;

	c->backlog_max = c->size / BACKLOG_SHARE + BACKLOG_MORE;
	c->pending_max = c->size / PENDING_SHARE >> c->shard_bits;
	c->shards = aligned_alloc(CACHE_LINE, shards * sizeof *c->shards);
	if (!c->shards) {
		free(c);
		return NULL;
	}
	memset(c->shards, 0, shards * sizeof *c->shards);
	bool good = map_buckets(c);

	for (size_t i = 0; i < shards && good; i++)
		good = shard_init(c, i);
	if (good)
		return c;
	cache_destroy(c);
	return NULL;
}

void cache_destroy(struct cache *c)
{
	size_t buckets = (size_t)1 << c->bucket_bits;

	for (size_t i = 0; i < (size_t)1 << c->shard_bits && c->shards[i].buckets; i++) {
		struct shard *s = &c->shards[i];

		shard_flush_retired(c, s);
		for (size_t b = 0; b < buckets; b++) {
			struct entry *e;

			while ((e = link_get(&s->buckets[b])) != NULL) {
				link_set(&s->buckets[b], link_get(&e->next));
				entry_free_now(e);
			}
		}
		pthread_mutex_destroy(&s->lock);
	}
	rcu_barrier();
	ORDER_ACQUIRE(without_const(&readers_grace));
	if (c->buckets)
		munmap(c->buckets, buckets_octets(c));
	free(c->shards);
	free(c);
}

static bool is_usable(const struct cache *c, const struct entry *e, uint32_t now_s,
		      bool allow_stale)
{
	if (!e)
		return false;
	if (entry_is_fresh(e, now_s))
		return true;
	return allow_stale && entry_age_s(e, now_s) - e->ttl_s < c->stale_s;
}

static void describe(struct entry *e, uint32_t now_s, struct cache_hit *out)
{
	entry_touch(e);
	memset(out, 0, sizeof *out);
	out->ttl_s = entry_left_s(e, now_s);
	out->age_s = entry_age_s(e, now_s);
	out->life_s = e->ttl_s;
	out->rank = (enum cache_rank)e->rank;
	out->security = (enum cache_security)e->security;
	out->ede = e->ede ? e->ede : TERN_EDE_NONE;
	out->by_proof = e->by_proof;
	out->stale = out->ttl_s == 0;
	out->old = !out->stale && out->ttl_s <= e->ttl_s / 10;
}

uint32_t entry_records_len(const struct entry *e)
{
	const uint8_t *body = entry_body(e), *at = body;

	if (!e->with_proof)
		return e->body_len;
	for (unsigned i = 0; i < (unsigned)e->rr_n + e->sig_n; i++)
		at += get_u16(at) + 2;
	return (uint32_t)(at - body);
}

static enum cache_found describe_type(struct entry *e, uint32_t now_s, struct cache_hit *out)
{
	uint32_t records_len = e->negative ? 0 : entry_records_len(e);

	describe(e, now_s, out);
	out->proof = entry_body(e) + records_len;
	out->proof_len = e->body_len - records_len;
	if (e->negative)
		return e->nxdomain ? CACHE_NXDOMAIN : CACHE_NODATA;
	out->set = (struct tern_rrset){
		.owner = entry_name(e),
		.rdata = entry_body(e),
		.rdata_len = records_len,
		.ttl_s = out->ttl_s,
		.type = (uint16_t)e->tag,
		.rclass = TERN_CLASS_IN,
		.rr_n = e->rr_n,
		.sig_n = e->sig_n,
	};
	return CACHE_POSITIVE;
}

static enum cache_found describe_nxdomain(struct entry *e, uint32_t now_s, struct cache_hit *out)
{
	describe(e, now_s, out);
	out->proof = entry_body(e);
	out->proof_len = e->body_len;
	return CACHE_NXDOMAIN;
}

enum cache_found cache_get(struct cache *c, const uint8_t *name, uint16_t type, uint32_t now_s,
			   bool allow_stale, struct cache_hit *out)
{
	struct entry *of_type = cache_find_name(c, name, TAG_TYPE(type));

	if (of_type && entry_is_fresh(of_type, now_s))
		return describe_type(of_type, now_s, out);
	struct entry *of_name = cache_find_name(c, name, TAG_NAME);

	if (is_usable(c, of_name, now_s, allow_stale) &&
	    (entry_is_fresh(of_name, now_s) || !of_type ||
	     of_name->stored_s - of_type->stored_s < UINT32_MAX / 2))
		return describe_nxdomain(of_name, now_s, out);
	if (is_usable(c, of_type, now_s, allow_stale))
		return describe_type(of_type, now_s, out);
	return CACHE_MISS;
}

bool cache_get_set(struct cache *c, const uint8_t *name, uint16_t type, enum cache_trust trust,
		   uint32_t now_s, struct cache_hit *out)
{
	return cache_get_tagged_set(c, name, TAG_TYPE(type), now_s, out) &&
	       (trust == CACHE_ANY || out->security == CACHE_SECURE);
}

bool cache_get_tagged_set(struct cache *c, const uint8_t *name, uint32_t tag, uint32_t now_s,
			  struct cache_hit *out)
{
	struct entry *e = cache_find_name(c, name, tag);

	return e && entry_is_fresh(e, now_s) && !e->negative &&
	       describe_type(e, now_s, out) == CACHE_POSITIVE;
}

void cache_drop(struct cache *c, const uint8_t *name, uint16_t type)
{
	cache_remove_key(c, name, TAG_TYPE(type));
	cache_remove_key(c, name, TAG_NAME);
}

static void remove_expired(struct cache *c, const uint8_t *name, uint32_t tag, uint32_t now_s)
{
	const struct entry *e = cache_find_name(c, name, tag);

	if (e && !entry_is_fresh(e, now_s))
		cache_remove_key(c, name, tag);
}

void cache_end_stale(struct cache *c, const uint8_t *name, uint32_t tag, uint32_t now_s)
{
	uint8_t lower[TERN_NAME_MAX];

	tern_name_lower(lower, name);
	remove_expired(c, lower, tag, now_s);
	remove_expired(c, lower, TAG_NAME, now_s);
}

uint64_t cache_size(const struct cache *c)
{
	return c->size;
}

/* Names below a TLD come in floods: only the upper two levels start with full lives. */
uint8_t entry_infra_lives(const uint8_t *zone, bool brief)
{
	if (brief)
		return 0;
	return tern_name_labels(zone) < 2 ? LIVES_INFRA : LIVES_HIT;
}

static uint8_t lives_of(const struct cache_positive *p)
{
	const struct tern_rrset *set = p->set;

	return set->type == TERN_TYPE_DNSKEY || set->type == TERN_TYPE_DS
		       ? entry_infra_lives(set->owner, p->brief)
		       : 0;
}

static uint32_t shortest_ttl(const struct cache_positive *p)
{
	uint32_t ttl_s = p->set->ttl_s;

	for (unsigned i = 0; i < p->proof_n; i++)
		ttl_s = MIN(ttl_s, p->proof[i].ttl_s);
	return ttl_s;
}

void cache_put_positive_as(struct cache *c, const struct cache_positive *p, uint32_t tag,
			   uint32_t now_s)
{
	const struct tern_rrset *set = p->set;
	uint32_t ttl_s = shortest_ttl(p);

	if (ttl_s == 0) {
		cache_end_stale(c, set->owner, tag, now_s);
		return;
	}
	struct entry *e =
		entry_build(c, set->owner, tag, set->rdata_len + proof_size(p->proof, p->proof_n));

	if (!e)
		return;
	e->stored_s = now_s;
	e->ttl_s = ttl_s;
	e->rr_n = set->rr_n;
	e->sig_n = set->sig_n;
	e->rank = p->rank & 3;
	e->security = p->security & 3;
	e->with_proof = p->proof_n > 0;
	e->ede = entry_ede(p->security, p->ede);
	atomic_init(&e->lives, lives_of(p));
	memcpy(entry_body_to_fill(e), set->rdata, set->rdata_len);
	proof_write(entry_body_to_fill(e) + set->rdata_len, p->proof, p->proof_n);
	if (set->type == TERN_TYPE_DNAME)
		deepen(&c->dname_depth, set->owner);
	shard_publish(c, e, entry_may_replace);
}

void cache_put_positive(struct cache *c, const struct cache_positive *p, uint32_t now_s)
{
	cache_put_positive_as(c, p, TAG_TYPE(p->set->type), now_s);
}

unsigned cache_dname_depth(const struct cache *c)
{
	return atomic_load_explicit(&c->dname_depth, memory_order_relaxed);
}

void cache_put(struct cache *c, const struct tern_rrset *set, enum cache_rank rank,
	       enum cache_security security, uint32_t now_s)
{
	struct cache_positive p = {
		.set = set, .security = security, .rank = rank, .ede = TERN_EDE_NONE};

	cache_put_positive(c, &p, now_s);
}
