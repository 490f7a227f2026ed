/*
 * route_test.c - the longest zone at or above a name wins, whatever the order.
 */
#include "../names.h"

#include "policy/route.h"

static const char *found(const struct routes *routes, const char *name)
{
	const struct route *r = route_find(routes, NAME(name));
	static char text[TERN_NAME_TEXT_MAX];

	return r ? tern_name_to_text(r->zone, text) : "none";
}

static void longest_match(void **state)
{
	const struct route list[] = {
		{.zone = NAME("example."), .kind = ROUTE_FORWARD},
		{.zone = NAME("corp.example."), .kind = ROUTE_STUB},
		{.zone = NAME("a.b.corp.example."), .kind = ROUTE_FORWARD},
		{.zone = NAME("10.in-addr.arpa."), .kind = ROUTE_STUB},
	};
	const struct route backwards[] = {list[3], list[2], list[1], list[0]};
	struct name_index *index = route_index_create(backwards, 4);
	const struct routes all[] = {{list, 4, NULL}, {backwards, 4, NULL}, {backwards, 4, index}};

	(void)state;
	assert_non_null(index);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(found(&all[i], "example."), "example.");
		assert_string_equal(found(&all[i], "EXAMPLE."), "example.");
		assert_string_equal(found(&all[i], "www.example."), "example.");
		assert_string_equal(found(&all[i], "corp.example."), "corp.example.");
		assert_string_equal(found(&all[i], "b.Corp.example."), "corp.example.");
		assert_string_equal(found(&all[i], "a.b.corp.example."), "a.b.corp.example.");
		assert_string_equal(found(&all[i], "x.a.b.corp.example."), "a.b.corp.example.");
		assert_string_equal(found(&all[i], "1.10.in-addr.arpa."), "10.in-addr.arpa.");
		/* Labels count, not octets. */
		assert_string_equal(found(&all[i], "notcorp.example."), "example.");
		assert_string_equal(found(&all[i], "110.in-addr.arpa."), "none");
		assert_string_equal(found(&all[i], "com."), "none");
		assert_string_equal(found(&all[i], "."), "none");
		assert_true(route_starts_at(&all[i], NAME("corp.EXAMPLE.")));
		assert_false(route_starts_at(&all[i], NAME("b.corp.example.")));
	}
	name_index_destroy(index);
}

static void the_root_takes_all(void **state)
{
	const struct route list[] = {
		{.zone = NAME("."), .kind = ROUTE_FORWARD},
		{.zone = NAME("local."), .kind = ROUTE_STUB},
	};
	const struct routes routes = {.routes = list, .n = 2};

	(void)state;
	assert_string_equal(found(&routes, "."), ".");
	assert_string_equal(found(&routes, "com."), ".");
	assert_string_equal(found(&routes, "host.local."), "local.");
}

static void no_routes(void **state)
{
	const struct routes routes = {.n = 0};

	(void)state;
	assert_null(route_find(&routes, NAME(".")));
	assert_null(route_find(&routes, NAME("www.example.")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_match),
		cmocka_unit_test(the_root_takes_all),
		cmocka_unit_test(no_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
