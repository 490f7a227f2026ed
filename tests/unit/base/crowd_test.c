/* crowd_test.c - whose place is given away: against looking at everybody. */
#include "../test.h"

#include <string.h>

#include "base/crowd.h"
#include "base/random.h"
#include "base/shares.h"

#define PARTIES 40
#define MEMBERS 3000
#define STEPS   40000

struct member {
	struct cds_list_head node;
	uint16_t party;
	bool there;
	bool idle;
	uint64_t since; /* idle */
};

static struct crowd crowd;
static struct member members[MEMBERS];
static uint32_t held[SHARES_SLOTS];
static uint64_t now;

static int begin(void **state)
{
	(void)state;
	memset(members, 0, sizeof members);
	memset(held, 0, sizeof held);
	now = 0;
	return crowd_init(&crowd) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	crowd_fini(&crowd);
	return 0;
}

static void rest(struct member *m)
{
	m->idle = true;
	m->since = ++now;
	crowd_rest(&crowd, m->party, held[m->party], &m->node);
}

static void rise(struct member *m)
{
	m->idle = false;
	crowd_rise(&crowd, m->party, &m->node);
}

static void come(struct member *m, uint16_t party)
{
	m->there = true;
	m->party = party;
	held[party]++;
	crowd_note(&crowd, party, held[party]);
	rest(m);
}

static void go(struct member *m)
{
	if (m->idle)
		rise(m);
	m->there = false;
	held[m->party]--;
	crowd_note(&crowd, m->party, held[m->party]);
}

static struct member *found(void)
{
	struct cds_list_head *node = crowd_idlest(&crowd);

	return node ? CONTAINER_OF(node, struct member, node) : NULL;
}

static uint32_t most_of_idle(void)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < MEMBERS; i++) {
		if (members[i].there && members[i].idle)
			most = MAX(most, held[members[i].party]);
	}
	return most;
}

static void is_longest_idle_of_its_party(const struct member *m)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		if (members[i].there && members[i].idle && members[i].party == m->party)
			assert_true(members[i].since >= m->since);
	}
}

static void nobody_at_first(void **state)
{
	(void)state;
	assert_null(crowd_idlest(&crowd));
	assert_null(crowd_idlest_of(&crowd, 7));
	crowd_note(&crowd, 7, 65535);
	assert_null(crowd_idlest(&crowd));
}

static void who_holds_most_by_any_number(void **state)
{
	static const uint32_t numbers[] = {1,   2,   31,   32,   33,   63,    64,
					   100, 127, 1023, 1024, 9000, 40000, 65535};

	(void)state;
	for (unsigned i = 0; i + 1 < ARRAY_LEN(numbers); i++) {
		for (unsigned j = i + 1; j < ARRAY_LEN(numbers); j++) {
			/* A difference of less than a sixteenth may be none. */
			if (numbers[i] >= 32 && numbers[j] - numbers[i] <= numbers[i] / 16)
				continue;
			crowd_rest(&crowd, 1, numbers[j], &members[1].node);
			crowd_rest(&crowd, 2, numbers[i], &members[2].node);
			assert_ptr_equal(crowd_idlest(&crowd), &members[1].node);
			crowd_note(&crowd, 1, numbers[i]);
			crowd_note(&crowd, 2, numbers[j]);
			assert_ptr_equal(crowd_idlest(&crowd), &members[2].node);
			crowd_rise(&crowd, 1, &members[1].node);
			crowd_rise(&crowd, 2, &members[2].node);
			assert_null(crowd_idlest(&crowd));
		}
	}
}

/* One each: the longest idle one. */
static void of_equals_the_one_that_rests_for_longest(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		come(&members[i], (uint16_t)(10 + i));
	assert_ptr_equal(found(), &members[0]);
	rise(&members[0]);
	assert_ptr_equal(found(), &members[1]);
	rest(&members[0]);
	assert_ptr_equal(found(), &members[1]);
	go(&members[1]);
	assert_ptr_equal(found(), &members[2]);
	assert_ptr_equal(crowd_idlest_of(&crowd, 14), &members[4].node);
	assert_null(crowd_idlest_of(&crowd, 11));
}

static void the_same_as_who_looks_at_everybody(void **state)
{
	struct random random;

	(void)state;
	random_init(&random);
	for (unsigned i = 0; i < STEPS; i++) {
		struct member *m = &members[random_below(&random, MEMBERS)];
		/* The first parties come more often. */
		uint16_t party =
			(uint16_t)random_below(&random, 1 + random_below(&random, PARTIES));

		if (!m->there)
			come(m, party);
		else if (random_below(&random, 4) == 0)
			go(m);
		else if (m->idle)
			rise(m);
		else
			rest(m);
		if (i % 64 != 0)
			continue;
		uint32_t most = most_of_idle();
		const struct member *best = found();

		assert_int_equal(best != NULL, most > 0);
		if (!best)
			continue;
		assert_true(best->there && best->idle);
		assert_true(held[best->party] + held[best->party] / 16 + 1 >= most);
		is_longest_idle_of_its_party(best);
	}
}

int main(void)
{
#define CROWD(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CROWD(nobody_at_first),
		CROWD(who_holds_most_by_any_number),
		CROWD(of_equals_the_one_that_rests_for_longest),
		CROWD(the_same_as_who_looks_at_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
