/*
 * stress_test.c - readers, writers, eviction, flushing and counting at once.
 *
 * Made for the thread sanitizer. Whatever is found must be whole: its content
 * follows from its name.
 */
#include "helpers.h"

#include "base/readers.h"
#include "cache/ranges.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define CACHE_OCTETS (9u << 20) /* two shards, and much less than is put in */
#define NAMES        200000
#define RUN_S        2
#define READERS      2
#define WRITERS      2

static struct cache *cache;
static _Atomic bool stop;
static _Atomic uint64_t hits_n, puts_n;

static void name_of(uint8_t out[TERN_NAME_MAX], uint32_t i)
{
	/* 4 octets of text; every tenth name is hot. */
	memcpy(out, "\4aaaa\4test", 11);
	for (unsigned k = 1; k <= 4; k++, i /= 26)
		out[k] = (uint8_t)('a' + i % 26);
}

static uint32_t random_index(uint64_t *seed)
{
	return random_under(seed, random_under(seed, 4) ? 500 : NAMES);
}

/* --- readers ------------------------------------------------------------------------ */

static unsigned read_set(uint32_t i, const uint8_t *name)
{
	struct cache_hit hit;

	switch (cache_get(cache, name, TERN_TYPE_A, 10, true, &hit)) {
	case CACHE_POSITIVE:
		assert_int_equal(value_of(&hit.set), i);
		for (uint32_t at = 6; at < hit.set.rdata_len; at++)
			assert_int_equal(hit.set.rdata[at], i & 0xff);
		assert_true(tern_name_equal(hit.set.owner, name));
		return 1;
	case CACHE_NODATA:
	case CACHE_NXDOMAIN: assert_int_equal(hit.proof_len, 0); return 1;
	case CACHE_MISS: break;
	}
	return 0;
}

static unsigned read_answer(uint32_t i, const uint8_t *name)
{
	struct answer_key key = {.name = name, .name_len = 11, .type = TERN_TYPE_A};
	struct answer_hit hit;
	uint8_t out[64];

	if (!cache_get_answer(cache, &key, answer_hash(cache, &key), 0, 10, out, sizeof out, &hit))
		return 0;
	assert_int_equal(hit.len, 8);
	assert_int_equal(get_u32(out), i);
	assert_int_equal(get_u32(out + 4), 990);
	return 1;
}

static unsigned read_delegation(uint32_t i, const uint8_t *name)
{
	struct cache_delegation d;

	if (!cache_get_delegation(cache, name, 10, &d))
		return 0;
	assert_int_equal(get_u32(d.body), i);
	return 1;
}

/* One zone's list of denials, replaced all the time: what is found is a whole name of it. */
static unsigned read_range(const uint8_t *name)
{
	const uint8_t *owner = cache_find_range(cache, (const uint8_t *)"\4test", name, 10);

	if (!owner)
		return 0;
	assert_int_equal(tern_name_len(owner), 11);
	assert_true(tern_name_is_below(owner, (const uint8_t *)"\4test"));
	return 1;
}

static void *reader(void *argument)
{
	uint64_t seed = (uintptr_t)argument, hits = 0;
	uint8_t name[TERN_NAME_MAX];

	readers_enter();
	for (unsigned turn = 0; !atomic_load(&stop); turn++) {
		for (unsigned k = 0; k < 64; k++) {
			uint32_t i = random_index(&seed);

			name_of(name, i);
			hits += read_set(i, name) + read_answer(i, name) +
				read_delegation(i, name) + read_range(name);
		}
		readers_rest();
		if (turn % 16 == 0) {
			readers_sleep();
			readers_wake();
		}
	}
	readers_leave();
	atomic_fetch_add(&hits_n, hits);
	return NULL;
}

/* --- writers ------------------------------------------------------------------------- */

static void put_answer(uint32_t i, const uint8_t *name)
{
	static const uint16_t ttl_at[] = {4};
	uint8_t message[8];
	struct answer a = {.key = {.name = name, .name_len = 11, .type = TERN_TYPE_A},
			   .message = message,
			   .message_len = 8,
			   .ttl_at = ttl_at,
			   .ttl_n = 1,
			   .ttl_s = 1000,
			   .life_s = 1000};

	put_u32(message, i);
	put_u32(message + 4, 1000);
	cache_put_answer(cache, &a, 0);
}

static void put_something(uint64_t *seed)
{
	uint32_t i = random_index(seed);
	uint8_t name[TERN_NAME_MAX], body[4];
	struct cache_negative negative = {
		.name = name, .type = TERN_TYPE_A, .ttl_s = 1000, .nxdomain = i % 2};
	struct cache_delegation d = {.zone = name, .body = body, .body_len = 4, .ttl_s = 1000};
	struct cache_failure failed = {.ede = 22, .text = "why", .text_len = 3, .ttl_s = 300};
	struct one_set s;

	name_of(name, i);
	put_u32(body, i);
	switch (random_under(seed, 7)) {
	case 0: cache_put_negative(cache, &negative, 0); break;
	case 1: cache_put_delegation(cache, &d, 0); break;
	case 2: put_answer(i, name); break;
	case 6:
		make_set(&s, name, TERN_TYPE_NSEC, 1000, i, 8);
		cache_put_range(cache, (const uint8_t *)"\4test", &s.set, 0);
		break;
	case 3: cache_put_failure(cache, name, TERN_TYPE_A, &failed, 0); break;
	default:
		make_set(&s, name, TERN_TYPE_A, 1000, i, (uint16_t)(4 + random_under(seed, 200)));
		cache_put(cache, &s.set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, 0);
	}
}

static void *writer(void *argument)
{
	uint64_t seed = (uintptr_t)argument, puts = 0;

	readers_enter();
	while (!atomic_load(&stop)) {
		for (unsigned k = 0; k < 32; k++)
			put_something(&seed);
		puts += 32;
		readers_rest();
	}
	readers_leave();
	atomic_fetch_add(&puts_n, puts);
	return NULL;
}

/* --- the main thread: what the control socket does -------------------------------------- */

static void visit(void *context, const struct cache_item *item)
{
	uint64_t *seen = context;

	*seen += tern_name_len(item->name) == 11;
}

static void look_after(uint64_t until_s)
{
	struct cache_counts counts;
	uint8_t name[TERN_NAME_MAX];
	uint64_t seed = 99, seen = 0;
	size_t position = 0;
	struct timespec now;

	do {
		name_of(name, random_index(&seed));
		if (!cache_walk(cache, &position, 512, 10, visit, &seen))
			position = 0;
		cache_flush_name(cache, name);
		cache_drop(cache, name, TERN_TYPE_A);
		cache_drop_delegation(cache, name);
		cache_count(cache, &counts);
		assert_true(counts.octets <= counts.limit);
		if (random_under(&seed, 20) == 0)
			cache_flush_zone(cache, NAME("test."));
		readers_sleep();
		nanosleep(&(struct timespec){0, 5000000}, NULL);
		readers_wake();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((uint64_t)now.tv_sec < until_s);
	assert_true(seen > 0);
}

static void everything_at_once(void **state)
{
	pthread_t threads[READERS + WRITERS];
	struct timespec now;

	(void)state;
	cache = new_cache(CACHE_OCTETS, 100);
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (uintptr_t i = 0; i < READERS + WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < READERS ? reader : writer,
						(void *)(i + 1)),
				 0);
	look_after((uint64_t)now.tv_sec + RUN_S);
	atomic_store(&stop, true);
	readers_sleep();
	for (unsigned i = 0; i < READERS + WRITERS; i++)
		pthread_join(threads[i], NULL);
	readers_wake();
	assert_true(hits_n > 1000 && puts_n > 1000);
	end_cache(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
