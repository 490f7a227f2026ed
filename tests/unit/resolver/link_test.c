/*
 * link_test.c - when silence is taken for our own trouble, and servers that are none.
 */
#include "../names.h"

#include "base/compiler.h"
#include "resolver/job.h"

static struct resolver resolver;

static int set_up(void **state)
{
	static const struct hash_key key = {1, 2};

	(void)state;
	resolver = (struct resolver){.infra = infra_create(&key)};
	assert_non_null(resolver.infra);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	infra_destroy(resolver.infra);
	return 0;
}

/* Eight were asked in more than two seconds, of whichever family, and nobody answered. */
static void several_must_be_silent_for_a_while(void **state)
{
	(void)state;
	resolver.health[0] = (struct link_health){.answer_ms = 5000, .timeouts_n = 4};
	resolver.health[1] = (struct link_health){.answer_ms = 4000, .timeouts_n = 3};
	assert_false(link_is_down(&resolver, 60000));
	resolver.health[1].timeouts_n = 4;
	assert_false(link_is_down(&resolver, 7000));
	assert_true(link_is_down(&resolver, 7001));
	resolver.health[1].answer_ms = 6000;
	assert_false(link_is_down(&resolver, 8000));
	assert_true(link_is_down(&resolver, 8001));
	link_answered(&resolver, 4, 8001);
	assert_false(link_is_down(&resolver, 60000));
	assert_int_equal(resolver.health[0].timeouts_n, 0);
	assert_int_equal(resolver.health[0].answer_ms, 8001);
	assert_int_equal(resolver.health[1].timeouts_n, 4);
	link_answered(&resolver, 6, 9000);
	assert_int_equal(resolver.health[1].timeouts_n, 0);
	assert_int_equal(resolver.health[1].answer_ms, 9000);
}

/* What was held against servers meanwhile was not theirs. */
static void with_the_link_all_servers_are_back(void **state)
{
	struct address a = address("192.0.2.1");
	struct infra_server s;

	(void)state;
	for (unsigned down = 0; down < 2; down++) {
		for (uint64_t ms = 1000; ms < 20000; ms += 1000)
			infra_timed_out(resolver.infra, &a, NAME("zone."),
					NAME(ms % 2000 ? "a." : "b."), ms, ms);
		resolver.health[0] =
			(struct link_health){.answer_ms = 1000, .timeouts_n = down ? 8 : 7};
		link_answered(&resolver, 4, 20000);
		infra_get(resolver.infra, &a, NAME("zone."), 20000, &s);
		assert_int_equal(s.timeouts == 0, down);
	}
}

static void impostors_are_told_apart(void **state)
{
	struct address one = address("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		link_suspect(&resolver, &one);
	assert_int_equal(resolver.impostors_n, 1);
	for (uint8_t i = 2; i < 9; i++) {
		struct address other = one;

		other.octets[3] = i;
		link_suspect(&resolver, &other);
		assert_int_equal(resolver.impostors_n, MIN(i, IMPOSTORS_MAX));
	}
	assert_true(address_equal(&resolver.impostors[0], &one));
	assert_int_equal(resolver.impostors[2].octets[3], 3);
}

int main(void)
{
#define LINK(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LINK(several_must_be_silent_for_a_while),
		LINK(with_the_link_all_servers_are_back),
		LINK(impostors_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
