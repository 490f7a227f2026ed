/*
 * cache_bench.c - the cache: rendered answers and RRsets, found and stored.
 *
 * "hot" names lie in the processor's caches, "wide" ones mostly don't: what a
 * look-up costs is then what memory costs.
 */
#include "base/bytes.h"
#include "base/readers.h"
#include "cache/answers.h"
#include "cache/cache.h"
#include "samples.h"

#define HOT_NAMES  1000u
#define WIDE_NAMES 1000000u
#define NAME_SLOT  32 /* octets of "\007n123456" and a suffix */
#define NOW_S      1000

struct world {
	struct cache *cache;
	uint8_t (*names)[NAME_SLOT];
	uint32_t names_n; /* of those in use now */
	uint8_t message[SAMPLE_MAX];
	uint16_t message_len;
	uint16_t ttl_at;
	uint64_t turn;
};

static struct answer_key key_of(const struct world *w, uint64_t i)
{
	const uint8_t *name = w->names[i % w->names_n];

	return (struct answer_key){
		.name = name, .name_len = (uint16_t)tern_name_len(name), .type = TERN_TYPE_A};
}

static void get_answer(void *context, uint64_t n)
{
	struct world *w = context;
	uint8_t out[SAMPLE_MAX];
	struct answer_hit hit;

	for (uint64_t i = 0; i < n; i++) {
		struct answer_key key = key_of(w, micro_random(&w->turn));
		uint64_t hash = answer_hash(w->cache, &key);
		micro_use(cache_get_answer(w->cache, &key, hash, 0, NOW_S + 5, out, sizeof out,
					   &hit));
	}
	readers_rest();
}

static void miss_answer(void *context, uint64_t n)
{
	struct world *w = context;
	uint8_t out[SAMPLE_MAX];
	struct answer_hit hit;

	for (uint64_t i = 0; i < n; i++) {
		struct answer_key key = key_of(w, micro_random(&w->turn));
		key.type = TERN_TYPE_TXT;
		uint64_t hash = answer_hash(w->cache, &key);
		micro_use(cache_get_answer(w->cache, &key, hash, 0, NOW_S + 5, out, sizeof out,
					   &hit));
	}
	readers_rest();
}

static void get_set(void *context, uint64_t n)
{
	struct world *w = context;
	struct cache_hit hit;

	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *name = w->names[micro_random(&w->turn) % w->names_n];
		micro_use(cache_get(w->cache, name, TERN_TYPE_A, NOW_S, false, &hit));
	}
	readers_rest();
}

static void put_sets(void *context, uint64_t n)
{
	static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1};
	struct world *w = context;

	for (uint64_t i = 0; i < n; i++) {
		struct tern_rrset set = {.owner = w->names[w->turn++ % w->names_n],
					 .rdata = rdata,
					 .rdata_len = sizeof rdata,
					 .ttl_s = 3600,
					 .type = TERN_TYPE_A,
					 .rclass = TERN_CLASS_IN,
					 .rr_n = 1};
		cache_put(w->cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, NOW_S);
		if (i % 64 == 0)
			readers_rest();
	}
}

static void put_answers(void *context, uint64_t n)
{
	struct world *w = context;

	for (uint64_t i = 0; i < n; i++) {
		struct answer a = {.key = key_of(w, w->turn++),
				   .message = w->message,
				   .message_len = w->message_len,
				   .ttl_at = &w->ttl_at,
				   .ttl_n = 1,
				   .ttl_s = 3600,
				   .life_s = 3600};
		cache_put_answer(w->cache, &a, NOW_S);
		if (i % 64 == 0)
			readers_rest();
	}
}

static void world_init(struct world *w)
{
	const struct cache_options options = {.size = UINT64_C(1) << 30};
	const struct hash_key key = {1, 2};
	struct sample_names names;
	struct tern_rr_ref rr;
	struct tern_message m;

	w->cache = cache_create(&options, &key);
	unsigned all = micro_counts ? HOT_NAMES : WIDE_NAMES;
	w->names = calloc(all, sizeof *w->names);
	micro_need(w->cache && w->names, "memory");
	for (unsigned i = 0; i < all; i++) {
		uint8_t name[TERN_NAME_MAX];
		char text[64];
		snprintf(text, sizeof text, "n%u.example.com", i);
		tern_name_copy(w->names[i], micro_name(name, text));
	}
	sample_names_init(&names);
	w->message_len = (uint16_t)sample_answer(&names, w->message);
	micro_need(tern_message_parse(w->message, w->message_len, &rr, 1, &m) == TERN_OK, "answer");
	w->ttl_at = (uint16_t)(rr.rdata_at - 6);
}

static void bench_wide(struct world *w)
{
	w->names_n = WIDE_NAMES;
	put_answers(w, WIDE_NAMES);
	put_sets(w, WIDE_NAMES);
	micro_run("cache: get an answer, wide", get_answer, w);
	micro_run("cache: get an RRset, wide", get_set, w);
}

int main(int argc, char **argv)
{
	static struct world w;

	micro_start(argc, argv);
	readers_enter();
	world_init(&w);
	w.names_n = HOT_NAMES;
	micro_run("cache: put an RRset, replacing", put_sets, &w);
	micro_run("cache: put an answer, replacing", put_answers, &w);
	micro_run("cache: get an answer, hot", get_answer, &w);
	micro_run("cache: miss an answer, hot", miss_answer, &w);
	micro_run("cache: get an RRset, hot", get_set, &w);
	if (!micro_counts) /* as many instructions as hot */
		bench_wide(&w);
	cache_destroy(w.cache);
	readers_leave();
	free(w.names);
	return 0;
}
