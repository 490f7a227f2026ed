/*
 * qmin_test.c - how many questions a name costs (RFC 9156 2.3).
 */
#include "helpers.h"

#include "resolver/qmin.h"

/* Every step finds that the name exists and has no cut: the worst case. */
static unsigned steps_to(unsigned known, unsigned full)
{
	unsigned steps = 0;

	while (known < full) {
		unsigned next = qmin_next_labels(known, full, steps);

		assert_true(next > known && next <= full);
		if (steps < QMIN_STEPS_ONE)
			assert_int_equal(next, known + 1); /* MINIMISE_ONE_LAB */
		known = next;
		steps++;
	}
	return steps;
}

static void no_name_takes_more_than_ten(void **state)
{
	(void)state;
	for (unsigned full = 1; full <= TERN_LABELS_MAX; full++) {
		for (unsigned known = 0; known < full; known++) {
			unsigned steps = steps_to(known, full);

			assert_true(steps <= QMIN_STEPS_MAX);
			if (full - known <= QMIN_STEPS_MAX)
				assert_int_equal(steps, full - known);
		}
	}
}

/* The labels behind the first four are shared out evenly: RFC 9156 2.3. */
static void steps_of_a_long_name(void **state)
{
	static const unsigned expected[] = {1, 2, 3, 4, 7, 9, 11, 13, 15, 17};
	unsigned known = 0, full = 17, total = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		unsigned next = qmin_next_labels(known, full, i);

		/* No step is more than one label longer than another behind the fourth. */
		if (i >= QMIN_STEPS_ONE)
			assert_in_range(next - known, 2, 3);
		total += next - known;
		assert_int_equal(next, expected[i]);
		known = next;
	}
	assert_int_equal(total, full);
}

static void at_the_end_it_is_the_whole_name(void **state)
{
	(void)state;
	assert_int_equal(qmin_next_labels(3, 3, 0), 3);
	assert_int_equal(qmin_next_labels(5, 3, 0), 3);
	assert_int_equal(qmin_next_labels(0, 100, QMIN_STEPS_MAX), 100);
	assert_int_equal(qmin_next_labels(0, 100, 255), 100);
	assert_int_equal(qmin_next_labels(0, 0, 0), 0);
	/* Cuts found on the way cost steps too: the tenth question is the whole name. */
	assert_int_equal(qmin_next_labels(1, 127, QMIN_STEPS_MAX - 1), 127);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_takes_more_than_ten),
		cmocka_unit_test(steps_of_a_long_name),
		cmocka_unit_test(at_the_end_it_is_the_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
