/* interfaces_test.c - the networks of this host, for those who want them. */
#include "../names.h"

#include <string.h>

#include "base/readers.h"
#include "daemon/interfaces.h"
#include "worker/worker.h"

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
	assert_true(interfaces_changed(n, true));
	interfaces_follow(n, &book);
	assert_int_equal(rulebook_current(&book)->generation, 1);
	/* As if an interface had come. */
	r->access.near = &wrong;
	r->access.near_n = 1;
	assert_false(interfaces_changed(n, false)); /* not time yet, and nobody told */
	interfaces_follow(n, &book);
	assert_int_equal(rulebook_current(&book)->generation, 2);
	rulebook_end(&book);
	readers_leave();
	interfaces_destroy(n);
}

static void an_interface_is_its_addresses(void **state)
{
	static char lo[] = "lo", none[] = "", gone[] = "no-such-one";
	struct listen_options o[] = {
		{.at = {.address = address("192.0.2.1@5300")}, .interface = none},
		{.interface = lo, .port = 5353},
		{.interface = gone, .port = 53},
		/* One that the interface has as well. */
		{.at = {.address = address("127.0.0.1@5353")}, .interface = none},
	};
	const struct address first = address("192.0.2.1@5300"), second = address("127.0.0.1@5353");
	struct endpoint at[8];
	unsigned n = interfaces_endpoints(o, 4, at, 8), found = 0;

	(void)state;
	assert_true(n >= 2);
	assert_true(address_equal(&at[0].address, &first));
	for (unsigned i = 1; i < MIN(n, 8u); i++) {
		assert_int_equal(at[i].address.port, 5353);
		found += address_equal(&at[i].address, &second);
	}
	assert_int_equal(found, 1);
	assert_true(interfaces_endpoints(o, 4, at, 1) >= n);
	assert_int_equal(interfaces_endpoints(&o[2], 1, at, 8), 0);
	assert_int_equal(interfaces_endpoints(NULL, 0, at, 8), 0);
}

/* The loopback alone is reached where nothing else is. */
static void a_wildcard_is_what_it_is_reached_at(void **state)
{
	static char none[] = "";
	const struct listen_options o[] = {
		{.at = {.address = address("0.0.0.0@853"), .transport = TRANSPORT_TLS},
		 .interface = none},
		{.at = {.address = address("192.0.2.1@443"), .transport = TRANSPORT_HTTPS},
		 .interface = none},
	};
	struct endpoint at[LISTENERS_MAX];
	unsigned n = interfaces_reached(o, 2, at, LISTENERS_MAX), loopback_n = 0;

	(void)state;
	assert_in_range(n, 2, LISTENERS_MAX);
	for (unsigned i = 0; i + 1 < n; i++) {
		assert_int_equal(at[i].address.port, 853);
		assert_int_equal(at[i].address.family, 4);
		assert_int_equal(at[i].transport, TRANSPORT_TLS);
		assert_true(at[i].address.octets[0] != 0);
		loopback_n += address_is_loopback(&at[i].address);
	}
	assert_true(loopback_n == 0 || loopback_n == n - 1);
	assert_int_equal(at[n - 1].address.port, 443);
	assert_int_equal(interfaces_reached(o, 2, at, 1), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loopback_is_near),
		cmocka_unit_test(only_for_those_who_want_them),
		cmocka_unit_test(nothing_is_published_without_a_change),
		cmocka_unit_test(an_interface_is_its_addresses),
		cmocka_unit_test(a_wildcard_is_what_it_is_reached_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
