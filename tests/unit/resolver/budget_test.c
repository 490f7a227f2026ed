/*
 * budget_test.c - the one account of a query: only ever down, and it says what ran out.
 */
#include "helpers.h"

#include "resolver/budget.h"

static void kinds_are_apart(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b);
	assert_int_equal(b.left[BUDGET_SEND], BUDGET_SEND_MAX);
	assert_int_equal(b.left[BUDGET_OCTETS], BUDGET_OCTETS_MAX);
	assert_null(budget_exhausted_text(&b));
	for (unsigned i = 0; i < BUDGET_KINDS; i++) {
		uint32_t all = b.left[i];

		assert_true(all > 0);
		assert_true(budget_spend(&b, (enum budget_kind)i, all - 1));
		assert_true(budget_spend(&b, (enum budget_kind)i, 0));
		assert_true(budget_spend(&b, (enum budget_kind)i, 1));
		assert_int_equal(b.left[i], 0);
	}
	assert_null(budget_exhausted_text(&b)); /* spent to the last, but nothing was refused */
}

static void what_is_refused_is_not_taken(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b);
	assert_false(budget_spend(&b, BUDGET_OCTETS, BUDGET_OCTETS_MAX + 1));
	assert_int_equal(b.left[BUDGET_OCTETS], BUDGET_OCTETS_MAX);
	assert_true(budget_spend(&b, BUDGET_OCTETS, BUDGET_OCTETS_MAX));
}

static void the_first_to_run_out_is_named(void **state)
{
	struct budget b;

	(void)state;
	for (unsigned first = 0; first < BUDGET_KINDS; first++) {
		budget_init(&b);
		assert_false(budget_spend(&b, (enum budget_kind)first, UINT32_MAX));
		const char *text = budget_exhausted_text(&b);

		assert_true(text && *text);
		for (unsigned other = 0; other < BUDGET_KINDS; other++)
			assert_false(budget_spend(&b, (enum budget_kind)other, UINT32_MAX));
		assert_ptr_equal(budget_exhausted_text(&b), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_apart),
		cmocka_unit_test(what_is_refused_is_not_taken),
		cmocka_unit_test(the_first_to_run_out_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
