/* hosts_test.c - what each host holds. */
#include "../test.h"

#include <stdio.h>

#include "base/hosts.h"

#define HOSTS 300

static const struct hash_key key = {1, 2};
static struct hosts hosts;

static int begin(void **state)
{
	(void)state;
	return hosts_init(&hosts, HOSTS) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hosts_fini(&hosts);
	return 0;
}

static struct address at(const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return a;
}

static uint32_t held(const char *text)
{
	struct address a = at(text);

	return hosts_held(&hosts, &key, &a);
}

static struct host *take(const char *text)
{
	struct address a = at(text);

	return hosts_take(&hosts, &key, &a);
}

static void each_host_for_itself(void **state)
{
	struct host *a = take("192.0.2.1"), *b = take("192.0.2.2");

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(take("192.0.2.1@1000"), a);
	assert_int_equal(held("192.0.2.1"), 2);
	assert_int_equal(held("192.0.2.2"), 1);
	assert_int_equal(held("192.0.2.3"), 0);
	hosts_give(&hosts, a);
	assert_int_equal(held("192.0.2.1"), 1);
	hosts_give(&hosts, a);
	assert_int_equal(held("192.0.2.1"), 0);
	hosts_give(&hosts, b);
	assert_int_equal(hosts.pool.taken_n, 0);
}

static void a_network_of_ipv6_is_one(void **state)
{
	struct host *a = take("2001:db8:0:1::1");

	(void)state;
	assert_ptr_equal(take("2001:db8:0:1:ffff::2"), a);
	assert_int_equal(held("2001:db8:0:1:7::"), 2);
	assert_int_equal(held("2001:db8:0:2::1"), 0);
	/* The same octets of the other family are somebody else. */
	assert_int_equal(held("32.1.13.184"), 0);
}

static void no_more_than_there_are_places_for(void **state)
{
	struct host *taken[HOSTS];
	char text[32];

	(void)state;
	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(text, sizeof text, "10.0.%u.%u", i / 100, i % 100);
		taken[i] = take(text);
		assert_non_null(taken[i]);
	}
	assert_null(take("192.0.2.1"));
	assert_ptr_equal(take("10.0.1.7"), taken[107]);
	hosts_give(&hosts, taken[5]);
	assert_non_null(take("192.0.2.1"));
	assert_int_equal(held("10.0.0.5"), 0);
	for (unsigned i = 6; i < HOSTS; i++) {
		snprintf(text, sizeof text, "10.0.%u.%u", i / 100, i % 100);
		assert_int_equal(held(text), i == 107 ? 2 : 1);
	}
}

int main(void)
{
#define HOSTS_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		HOSTS_TEST(each_host_for_itself),
		HOSTS_TEST(a_network_of_ipv6_is_one),
		HOSTS_TEST(no_more_than_there_are_places_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
