/* nft_sets_test.c - names, their sets, and words that can stand in a command. */
#include "../names.h"

#include <string.h>

#include "policy/nft_sets.h"

static void the_longest_name_counts(void **state)
{
	static uint8_t lan[] = "\3lan", wide[] = "\4wide\3lan", com[] = "\3com";
	uint8_t *first[] = {lan, com}, *second[] = {wide, lan};
	static char table[] = "inet t", four[] = "four", none[] = "";
	const struct nft_set sets[] = {{first, 2, table, four, none, 0},
				       {second, 2, table, four, none, 60}};
	struct nft_sets all, same, other;

	(void)state;
	assert_true(nft_sets_make(&all, sets, 2));
	assert_ptr_equal(nft_sets_find(&all, NAME("lan.")), &sets[0]);
	assert_ptr_equal(nft_sets_find(&all, NAME("a.b.lan.")), &sets[0]);
	assert_ptr_equal(nft_sets_find(&all, NAME("wide.lan.")), &sets[1]);
	assert_ptr_equal(nft_sets_find(&all, NAME("x.wide.lan.")), &sets[1]);
	assert_null(nft_sets_find(&all, NAME("plan.")));
	assert_null(nft_sets_find(&all, NAME(".")));
	assert_true(nft_sets_make(&same, sets, 2));
	assert_true(nft_sets_equal(&all, &same));
	assert_true(nft_sets_make(&other, sets + 1, 1));
	assert_false(nft_sets_equal(&all, &other));
	nft_sets_end(&all);
	nft_sets_end(&same);
	nft_sets_end(&other);
	assert_null(nft_sets_find(&all, NAME("lan.")));
}

static void words_that_nft_takes(void **state)
{
	static const char *const good[] = {"inet fw4", "ip filter", "ip6 a", "bridge b-1",
					   "netdev x.y/z_\\"};
	static const char *const bad[] = {"",        "fw4",      "inet",         "inet ",
					  "inet 4",  "inet a b", "arp x",        "inet a;",
					  "inet a{", "INET a",   "inet \xc3\xa4"};
	const char *why;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(good); i++)
		assert_true(nft_table_is_good(good[i], &why));
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(nft_table_is_good(bad[i], &why));
	assert_true(nft_name_is_good("vpn4"));
	assert_false(nft_name_is_good("4vpn"));
	assert_false(nft_name_is_good("a\n"));
	assert_false(nft_name_is_good(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_name_counts),
		cmocka_unit_test(words_that_nft_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
