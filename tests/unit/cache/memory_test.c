/*
 * memory_test.c - `cache.size` is a promise about resident memory: filled with
 * millions of RRsets, of one size or mixed, a cache of 64 MiB makes the process
 * grow by no more than 64 MiB and a tenth, all overheads included.
 *
 * That holds for jemalloc, which the daemon links; without it (sanitizers bring
 * their own allocator) there is nothing to test and the tests are skipped.
 */
#include "base/readers.h"
#include "helpers.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#define CACHE_OCTETS (64u << 20)
#define FILLS        2.5 /* times that everything is replaced */

/* jemalloc's own entry point: there when the program is linked with it. */
int mallctl(const char *name, void *old, size_t *old_len, void *fresh, size_t fresh_len)
	__attribute__((weak));

static uint64_t resident_octets(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Rdata lengths that are drawn from, all equally often. */
struct mix {
	const char *what;
	uint16_t lengths[8];
	unsigned n;
};

static void put_many(struct cache *c, const struct mix *m, uint64_t *seed, unsigned n)
{
	uint8_t name[TERN_NAME_MAX];
	char text[64];
	struct one_set s;

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof text, "h%llx.example.",
			 (unsigned long long)(next_random(seed) >> random_under(seed, 48)));
		wire_name(name, text);
		make_set(&s, name, TERN_TYPE_A, 3600, i, m->lengths[random_under(seed, m->n)]);
		cache_put(c, &s.set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, 1);
	}
	/* As a worker does once per loop turn. */
	readers_sleep();
	sched_yield();
	readers_wake();
}

/* Largest growth seen while filling, in octets. */
static uint64_t fill(struct cache *c, const struct mix *m, uint64_t before, uint64_t *puts)
{
	struct cache_counts counts;
	uint64_t seed = 9, most = 0;

	for (*puts = 0;; *puts += 256) {
		put_many(c, m, &seed, 256);
		cache_count(c, &counts);
		assert_true(counts.octets <= counts.limit && counts.limit <= CACHE_OCTETS);
		most = MAX(most, resident_octets() - before);
		if ((double)counts.evicted > FILLS * (double)counts.entries)
			return most;
	}
}

/* In a process of its own, which starts without what the others' heap left. */
static int measure(const struct mix *m)
{
	uint64_t before = resident_octets(), puts;
	struct cache *c = new_cache(CACHE_OCTETS, 0);
	uint64_t growth = fill(c, m, before, &puts);
	struct cache_counts counts;

	cache_count(c, &counts);
	printf("%-24s %8llu sets put, %7llu kept, growth %5.1f MiB (%.1f %% of cache.size)\n",
	       m->what, (unsigned long long)puts, (unsigned long long)counts.entries,
	       (double)growth / (1 << 20), 100.0 * (double)growth / CACHE_OCTETS);
	fflush(stdout);
	end_cache(c);
	/* Not more than promised, and not a waste either. */
	return growth <= CACHE_OCTETS / 10 * 11 && growth >= CACHE_OCTETS / 10 * 8 ? 0 : 1;
}

static void check(const struct mix *m)
{
	int status = 0;

	if (!mallctl)
		skip();
	fflush(stdout);
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(measure(m));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void small_sets(void **state)
{
	(void)state;
	check(&(struct mix){"addresses", {4, 16}, 2});
}

static void medium_sets(void **state)
{
	(void)state;
	check(&(struct mix){"text and mail", {30, 60, 90, 150, 220}, 5});
}

static void large_sets(void **state)
{
	(void)state;
	check(&(struct mix){"keys and large text", {300, 700, 1100, 1500, 2300, 4096}, 6});
}

static void mixed_sets(void **state)
{
	(void)state;
	check(&(struct mix){"mixed", {4, 4, 4, 16, 16, 60, 200, 1000}, 8});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_sets),
		cmocka_unit_test(medium_sets),
		cmocka_unit_test(large_sets),
		cmocka_unit_test(mixed_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
