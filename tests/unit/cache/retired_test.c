/*
 * retired_test.c - entries that were replaced and may still be read count, too: beside
 * what the cache was given they are a twelfth and 1 MiB at most, however large they
 * are and however long readers take.
 */
#include "base/readers.h"
#include "helpers.h"

#include <malloc.h>

#define RECORD_MAX 60000u     /* octets of rdata */
#define MARGIN     (1u << 17) /* octets: one set more, and the batches themselves */

static uint8_t packed[3 * (2 + RECORD_MAX)];

/* Store a set of @p records large records under a name of that number. */
static void put_large(struct cache *c, unsigned name_number, unsigned records)
{
	uint8_t name[TERN_NAME_MAX];
	char text[32];

	snprintf(text, sizeof text, "n%u.test.", name_number);
	for (unsigned i = 0; i < records; i++)
		put_u16(packed + i * (2 + RECORD_MAX), RECORD_MAX);
	struct tern_rrset set = {.owner = wire_name(name, text),
				 .rdata = packed,
				 .rdata_len = records * (2 + RECORD_MAX),
				 .ttl_s = 3600,
				 .type = TERN_TYPE_TXT,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = (uint16_t)records};

	cache_put(c, &set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, 1);
}

/* All that is allocated; 0 with a sanitizer, which brings an allocator of its own. */
static uint64_t heap_octets(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct cache_counts counts_of(struct cache *c)
{
	struct cache_counts counts;

	cache_count(c, &counts);
	return counts;
}

/* Octets that may wait for readers. */
static uint64_t allowed(uint64_t size)
{
	return size / 12 + (1u << 20) + MARGIN;
}

/* Entries are replaced, and readers move on at once: what was replaced is not kept. */
static void replace(uint64_t size, unsigned names, unsigned rounds)
{
	struct cache *c = new_cache(size, 0);
	uint64_t before = heap_octets();

	for (unsigned i = 0; i < rounds; i++) {
		for (unsigned n = 0; n < names; n++)
			put_large(c, n, 3);
		readers_sleep();
		wait_for_reclaim();
		readers_wake();
	}
	uint64_t grown = heap_octets() - before;

	if (heap_octets() > 0)
		assert_true(grown < size + allowed(size));
	assert_true(counts_of(c).retired < allowed(size));
	end_cache(c);
}

static void large_entries_do_not_wait_for_others(void **state)
{
	(void)state;
	replace(4 << 20, 1, 60);
}

static void nor_in_any_shard(void **state)
{
	(void)state;
	replace(64 << 20, 64, 14);
}

/* This thread reads and does not move on, while it stores. */
static void with_readers_that_stay_nothing_is_stored(void **state)
{
	uint64_t size = 4 << 20;
	struct cache *c = new_cache(size, 0);
	uint64_t before = heap_octets();
	struct cache_counts counts;

	(void)state;
	for (unsigned i = 0; i < 400; i++)
		put_large(c, i, 1);
	counts = counts_of(c);
	assert_true(counts.refused > 0);
	assert_true(counts.retired > 0);
	assert_true(counts.retired <= allowed(size));
	if (heap_octets() > 0)
		assert_true(heap_octets() - before <= size + allowed(size));
	/* Asking for the counts sent what was collected on its way. */
	readers_sleep();
	wait_for_reclaim();
	readers_wake();
	assert_int_equal(counts_of(c).retired, 0);
	uint64_t inserted = counts_of(c).inserted;

	put_large(c, 1000, 1);
	assert_int_equal(counts_of(c).inserted, inserted + 1);
	end_cache(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_entries_do_not_wait_for_others),
		cmocka_unit_test(nor_in_any_shard),
		cmocka_unit_test(with_readers_that_stay_nothing_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
