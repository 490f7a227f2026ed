/* interfaces_test.c - the networks of this host, for those who want them. */
#include "../names.h"

#include <string.h>

#include "base/readers.h"
#include "daemon/interfaces.h"

static struct rules *rules_with(const struct prefix *allow, unsigned n)
{
	struct rules *r = rules_create();

	assert_non_null(r);
	r->access = (struct access_list){.allow = allow, .allow_n = n};
	return r;
}

/* The loopback is up wherever tests run. */
static void the_loopback_is_near(void **state)
{
	static const struct prefix connected;
	struct interfaces *n = interfaces_create();
	struct rules *r = rules_with(&connected, 1);
	struct address here = address("127.0.0.9"), there = address("198.51.100.1");

	(void)state;
	assert_non_null(n);
	assert_false(access_allows(&r->access, &here));
	assert_true(interfaces_fill(n, r));
	assert_true(access_allows(&r->access, &here));
	assert_false(access_allows(&r->access, &there));
	for (unsigned i = 0; i < r->access.near_n; i++) {
		assert_true(r->access.near[i].bits >= 8);
		assert_int_equal(r->access.near[i].base.port, 0);
	}
	rules_destroy(r);
	interfaces_destroy(n);
	interfaces_destroy(NULL);
}

static void only_for_those_who_want_them(void **state)
{
	static struct prefix other;
	struct interfaces *n = interfaces_create();
	struct rules *r;

	(void)state;
	assert_true(prefix_from_text("192.0.2.0/24", &other));
	r = rules_with(&other, 1);
	assert_true(interfaces_fill(n, r));
	assert_int_equal(r->access.near_n, 0);
	rules_destroy(r);
	interfaces_destroy(n);
}

static void nothing_is_published_without_a_change(void **state)
{
	static const struct prefix connected;
	static struct prefix wrong;
	struct interfaces *n = interfaces_create();
	struct rulebook book = {NULL};
	struct rules *r = rules_with(&connected, 1);

	(void)state;
	readers_enter();
	assert_true(interfaces_fill(n, r));
	rulebook_publish(&book, r, RULES_CHANGE_SERVING);
	interfaces_tick(n, &book, true);
	assert_int_equal(rulebook_current(&book)->generation, 1);
	/* As if an interface had come. */
	r->access.near = &wrong;
	r->access.near_n = 1;
	interfaces_tick(n, &book, false); /* not time yet, and nobody told */
	assert_int_equal(rulebook_current(&book)->generation, 1);
	interfaces_tick(n, &book, true);
	assert_int_equal(rulebook_current(&book)->generation, 2);
	rulebook_end(&book);
	readers_leave();
	interfaces_destroy(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loopback_is_near),
		cmocka_unit_test(only_for_those_who_want_them),
		cmocka_unit_test(nothing_is_published_without_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
