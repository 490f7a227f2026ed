/*
 * shares_test.c - fair shares: nobody limited below half, nobody shut out above.
 */
#include "../test.h"

#include <string.h>

#include "base/shares.h"

#define MAX_PLACES 1000

static struct shares shares;
static const struct hash_key key = {5, 6};

static int empty(void **state)
{
	(void)state;
	memset(&shares, 0, sizeof shares);
	shares.max = MAX_PLACES;
	return 0;
}

static struct address at(const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return a;
}

static uint16_t party(const char *text)
{
	struct address a = at(text);

	return party_of(&key, &a);
}

/* As many places as @p party gets. */
static unsigned take_all(uint16_t who)
{
	unsigned n = 0;

	while (shares_allow(&shares, who)) {
		shares_take(&shares, who);
		n++;
	}
	return n;
}

static void a_greedy_party_gets_half(void **state)
{
	(void)state;
	assert_int_equal(take_all(1), MAX_PLACES / 2);
	assert_true(shares_allow(&shares, 2));
}

static void others_find_places_beside_greedy_ones(void **state)
{
	(void)state;
	for (uint16_t who = 1; who <= 9; who++)
		assert_true(take_all(who) > 0);
	assert_true(shares_allow(&shares, 10));
}

static void greedy_parties_end_up_equal(void **state)
{
	(void)state;
	/* Answers end, and all of them ask for more all the time. */
	take_all(1);
	for (unsigned round = 0; round < 10 * MAX_PLACES; round++) {
		uint16_t who = (uint16_t)(1 + round % 4);

		if (shares.held[who] > 0)
			shares_give(&shares, who);
		for (uint16_t i = 1; i <= 4; i++) {
			if (shares_allow(&shares, i))
				shares_take(&shares, i);
		}
	}
	for (uint16_t who = 1; who <= 4; who++)
		assert_in_range(shares.held[who], MAX_PLACES / 5 - 20, MAX_PLACES / 5 + 20);
}

static void a_full_table_refuses_all(void **state)
{
	(void)state;
	for (uint16_t who = 1; who <= MAX_PLACES; who++)
		shares_take(&shares, who);
	assert_false(shares_allow(&shares, 1));
	assert_false(shares_allow(&shares, MAX_PLACES + 1));
	shares_give(&shares, 7);
	assert_true(shares_allow(&shares, MAX_PLACES + 1));
	assert_false(shares_allow(&shares, 1));
}

static void lowered_below_what_is_held_it_refuses_all(void **state)
{
	(void)state;
	assert_int_equal(take_all(1), MAX_PLACES / 2);
	shares.max = MAX_PLACES / 4;
	assert_int_equal(shares_free(&shares), 0);
	assert_false(shares_allow(&shares, 1));
	assert_false(shares_allow(&shares, 2));
	while (shares.taken_n >= shares.max)
		shares_give(&shares, 1);
	assert_true(shares_allow(&shares, 2));
}

static void parties_are_hosts_at_home_and_networks_elsewhere(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} cases[] = {
		{"192.0.2.1", "192.0.2.200", true},
		{"192.0.2.1", "192.0.3.1", false},
		{"10.0.0.1", "10.0.0.2", false},
		{"10.0.0.1@1", "10.0.0.1@2", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", true},
		{"2001:db8:0:100::1", "2001:db8:0:200::1", false},
		{"fd00::1", "fd00::2", true},
		{"fd00:0:0:1::1", "fd00:0:0:2::1", false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(party(cases[i].one) == party(cases[i].other), cases[i].same);
	assert_int_not_equal(party("192.0.2.1"), PARTY_OURSELF);
}

static void local_addresses(void **state)
{
	static const struct {
		const char *text;
		bool local;
	} cases[] = {
		{"127.9.9.9", true},
		{"10.255.0.1", true},
		{"172.16.0.1", true},
		{"172.31.255.1", true},
		{"172.32.0.1", false},
		{"172.15.0.1", false},
		{"192.168.200.1", true},
		{"192.169.0.1", false},
		{"169.254.1.1", true},
		{"169.253.1.1", false},
		{"11.0.0.1", false},
		{"::1", true},
		{"::2", false},
		{"fe80::1", true},
		{"febf::1", true},
		{"fec0::1", false},
		{"fc00::1", true},
		{"fdff::1", true},
		{"fe00::1", false},
		{"2001:db8::1", false},
		{"::ffff:10.0.0.1", true},
		{"::ffff:11.0.0.1", false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct address a = at(cases[i].text);

		assert_int_equal(address_is_local(&a), cases[i].local);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_greedy_party_gets_half, empty),
		cmocka_unit_test_setup(others_find_places_beside_greedy_ones, empty),
		cmocka_unit_test_setup(greedy_parties_end_up_equal, empty),
		cmocka_unit_test_setup(a_full_table_refuses_all, empty),
		cmocka_unit_test_setup(lowered_below_what_is_held_it_refuses_all, empty),
		cmocka_unit_test(parties_are_hosts_at_home_and_networks_elsewhere),
		cmocka_unit_test(local_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
