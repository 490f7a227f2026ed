/*
 * select_test.c - which server is asked: by speed, by turn, by what is known.
 */
#include "helpers.h"

#include "resolver/select.h"

#define DRAWS 4000

static struct arena arena;
static struct zone_cut *cut;

static int open_cut(void **state)
{
	world_open(state);
	arena_init(&arena, 65536);
	cut = zone_cut_make(&arena, NAME("test."), CUT_DELEGATION);
	world.job.resolver = &world.resolver;
	world.job.rules = &world.rules;
	return 0;
}

static int close_cut(void **state)
{
	arena_reset(&arena);
	return world_close(state);
}

static void add(const char *text)
{
	struct address a = address(text);

	zone_cut_add_server(cut, &a, CUT_NS_MAX);
}

static void measure(const char *text, uint32_t rtt_ms)
{
	struct address a = address(text);

	infra_answered(world.resolver.infra, &a, NAME("test."), rtt_ms, world_ms());
}

static int pick(void)
{
	return select_server(&world.job, cut, world_ms());
}

static void draw(unsigned counts[CUT_SERVERS_MAX + 1])
{
	memset(counts, 0, (CUT_SERVERS_MAX + 1) * sizeof counts[0]);
	for (unsigned i = 0; i < DRAWS; i++) {
		int at = pick();

		assert_in_range(at + 1, 0, CUT_SERVERS_MAX);
		counts[at < 0 ? CUT_SERVERS_MAX : at]++;
	}
}

static void nobody(void **state)
{
	(void)state;
	assert_int_equal(pick(), -1);
}

static void the_fastest_band_shares_the_work(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	add("192.0.2.3");
	measure("192.0.2.1", 20);
	measure("192.0.2.2", 20 + BAND_MS);
	measure("192.0.2.3", 20 + BAND_MS + 2);
	draw(counts);
	assert_in_range(counts[0], DRAWS * 2 / 5, DRAWS * 3 / 5);
	assert_in_range(counts[1], DRAWS * 2 / 5, DRAWS * 3 / 5);
	assert_int_equal(counts[2], 0);
}

static void the_unknown_gets_a_small_share(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	measure("192.0.2.1", 20);
	draw(counts);
	assert_in_range(counts[1], DRAWS / EXPLORE_SHARE / 2, DRAWS / EXPLORE_SHARE * 2);
	cut->servers[0].failed = true;
	draw(counts);
	assert_int_equal(counts[1], DRAWS);
}

static void all_unknown(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	for (unsigned i = 1; i <= 4; i++) {
		char text[16];

		snprintf(text, sizeof text, "192.0.2.%u", i);
		add(text);
	}
	draw(counts);
	for (unsigned i = 0; i < 4; i++)
		assert_in_range(counts[i], DRAWS / 6, DRAWS / 3);
}

static void each_once_before_any_twice(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	measure("192.0.2.1", 20);
	measure("192.0.2.2", 900);
	cut->servers[0].tries = 1;
	draw(counts);
	assert_int_equal(counts[1], DRAWS); /* slow, but not asked yet */
	cut->servers[1].tries = 1;
	draw(counts);
	assert_int_equal(counts[0], DRAWS);
	cut->servers[0].tries = cut->servers[1].tries = SERVER_TRIES_MAX;
	assert_int_equal(pick(), -1);
}

static void failed_ones_are_out(void **state)
{
	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	cut->servers[0].failed = true;
	assert_int_equal(pick(), 1);
	cut->servers[1].failed = true;
	assert_int_equal(pick(), -1);
}

static void families_that_are_switched_off(void **state)
{
	(void)state;
	add("192.0.2.1");
	add("2001:db8::1");
	world.rules.resolver.ipv4 = false;
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(pick(), 1);
	world.rules.resolver.ipv6 = false;
	assert_int_equal(pick(), -1);
	world.rules.resolver.ipv4 = true;
	assert_int_equal(pick(), 0);
}

static void loopback_by_permission_only(void **state)
{
	(void)state;
	add("127.0.0.1@5300");
	assert_int_equal(pick(), -1);
	world.rules.resolver.do_not_query_localhost = false;
	assert_int_equal(pick(), 0);
	/* Whom the operator named is asked in any case. */
	world.rules.resolver.do_not_query_localhost = true;
	cut->source = CUT_FORWARD;
	assert_int_equal(pick(), 0);
	cut->source = CUT_STUB;
	assert_int_equal(pick(), 0);
}

/* IPv6 does not work from here: it is left alone as long as there is IPv4. */
static void a_silent_family_is_asked_last(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	add("192.0.2.1");
	add("2001:db8::1");
	measure("192.0.2.1", 400);
	measure("2001:db8::1", 10);
	world.resolver.health[1].timeouts_n = FAMILY_TIMEOUTS;
	draw(counts);
	assert_int_equal(counts[0], DRAWS);
	cut->servers[0].failed = true;
	assert_int_equal(pick(), 1);
	/* Both silent: that says nothing about one of them. */
	cut->servers[0].failed = false;
	world.resolver.health[0].timeouts_n = FAMILY_TIMEOUTS;
	draw(counts);
	assert_int_equal(counts[1], DRAWS);
}

static void the_lame_come_later(void **state)
{
	struct address a = address("192.0.2.1");

	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	infra_learn(world.resolver.infra, &a, NAME("test."), INFRA_LAME, world_ms());
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(pick(), 1);
	cut->servers[1].failed = true;
	assert_int_equal(pick(), 0);
}

static void the_dead_come_last_and_one_of_them_only(void **state)
{
	struct address a = address("192.0.2.1");

	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	let_die(&a);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(pick(), 1);
	cut->servers[1].failed = true;
	assert_int_equal(pick(), 0); /* it may live for this name */
	cut->dead_asked = true;
	assert_int_equal(pick(), -1);
	pass_ms(INFRA_PROBE_MIN_MS);
	assert_int_equal(pick(), 0);
}

static void givers_of_bogus_data_come_later(void **state)
{
	(void)state;
	add("192.0.2.1");
	add("192.0.2.2");
	measure("192.0.2.1", 1);
	measure("192.0.2.2", 500);
	world.job.avoid[world.job.avoid_n++] = address("192.0.2.1");
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(pick(), 1);
	cut->servers[1].failed = true;
	assert_int_equal(pick(), 0);
}

/* The operator's order counts more than speed, but not more than whether somebody lives. */
static void in_the_order_they_are_written(void **state)
{
	unsigned counts[CUT_SERVERS_MAX + 1];

	(void)state;
	cut->policy = ROUTE_ORDERED;
	add("192.0.2.1");
	add("192.0.2.2");
	add("192.0.2.3");
	measure("192.0.2.1", 300);
	measure("192.0.2.3", 1);
	draw(counts);
	assert_int_equal(counts[0], DRAWS);
	cut->servers[0].tries = 1;
	draw(counts);
	assert_int_equal(counts[1], DRAWS);
	cut->servers[1].failed = true;
	draw(counts);
	assert_int_equal(counts[2], DRAWS);
	cut->servers[2].tries = 1;
	draw(counts);
	assert_int_equal(counts[0], DRAWS);
}

#define CUT_TEST(f) cmocka_unit_test_setup_teardown(f, open_cut, close_cut)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CUT_TEST(nobody),
		CUT_TEST(the_fastest_band_shares_the_work),
		CUT_TEST(the_unknown_gets_a_small_share),
		CUT_TEST(all_unknown),
		CUT_TEST(each_once_before_any_twice),
		CUT_TEST(failed_ones_are_out),
		CUT_TEST(families_that_are_switched_off),
		CUT_TEST(loopback_by_permission_only),
		CUT_TEST(a_silent_family_is_asked_last),
		CUT_TEST(the_lame_come_later),
		CUT_TEST(the_dead_come_last_and_one_of_them_only),
		CUT_TEST(givers_of_bogus_data_come_later),
		CUT_TEST(in_the_order_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
