/*
 * pool_test.c - random taking and giving against a list of what is out.
 */
#include "../test.h"

#include <string.h>

#include "base/pool.h"

#define OBJECTS_MAX 300
#define STEPS       200000

struct object {
	uint64_t value;
	uint8_t rest[100]; /* not a multiple of a cache line */
};

struct model {
	struct object *out[OBJECTS_MAX];
	uint64_t values[OBJECTS_MAX];
	unsigned n;
};

static void take_one(struct pool *p, struct model *m, uint64_t value)
{
	struct object *o = pool_take(p);

	if (m->n == OBJECTS_MAX) {
		assert_null(o);
		return;
	}
	assert_non_null(o);
	assert_int_equal((uintptr_t)o % CACHE_LINE, 0);
	memset(o, (int)(value & 0xff), sizeof *o);
	o->value = value;
	m->values[m->n] = value;
	m->out[m->n++] = o;
}

static void give_one(struct pool *p, struct model *m, unsigned at)
{
	/* Nobody else wrote into it: no two owners have the same one. */
	assert_int_equal(m->out[at]->value, m->values[at]);
	assert_int_equal(m->out[at]->rest[99], m->values[at] & 0xff);
	pool_give(p, m->out[at]);
	m->n--;
	m->out[at] = m->out[m->n];
	m->values[at] = m->values[m->n];
}

static void random_use(void **state)
{
	uint64_t seed = 1;
	struct model m = {.n = 0};
	struct pool p;

	(void)state;
	assert_true(pool_init(&p, sizeof(struct object), OBJECTS_MAX));
	for (unsigned i = 0; i < STEPS; i++) {
		/* Long rows of one kind, so that it is full and empty now and then. */
		bool take = random_under(&seed, 100) < (i / 1000 % 2 ? 90u : 10u);

		if (take)
			take_one(&p, &m, next_random(&seed));
		else if (m.n > 0)
			give_one(&p, &m, random_under(&seed, m.n));
		assert_int_equal(p.taken_n, m.n);
	}
	pool_fini(&p);
	pool_fini(&p); /* harmless */
}

static void objects_start_as_zero_and_are_reused_first(void **state)
{
	static const struct object zero;
	struct pool p;

	(void)state;
	assert_true(pool_init(&p, sizeof(struct object), 1u << 20));
	struct object *a = pool_take(&p);
	struct object *b = pool_take(&p);

	assert_memory_equal(a, &zero, sizeof zero);
	assert_memory_equal(b, &zero, sizeof zero);
	pool_give(&p, a);
	pool_give(&p, b);
	assert_ptr_equal(pool_take(&p), b);
	assert_ptr_equal(pool_take(&p), a);
	for (unsigned i = 0; i < 1000; i++)
		pool_give(&p, pool_take(&p));
	assert_int_equal(p.fresh, 3); /* what was never needed is not touched */
	pool_fini(&p);
}

static void tiny_and_impossible_sizes(void **state)
{
	struct pool p;

	(void)state;
	assert_true(pool_init(&p, 1, 2)); /* has to hold the free list's pointer all the same */
	void *a = pool_take(&p), *b = pool_take(&p);

	assert_true(a && b && a != b);
	assert_null(pool_take(&p));
	pool_give(&p, b);
	pool_give(&p, a);
	assert_ptr_equal(pool_take(&p), a);
	assert_ptr_equal(pool_take(&p), b);
	pool_fini(&p);
	assert_false(pool_init(&p, (size_t)1 << 40, UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_use),
		cmocka_unit_test(objects_start_as_zero_and_are_reused_first),
		cmocka_unit_test(tiny_and_impossible_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
