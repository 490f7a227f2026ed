/*
 * access_test.c - who may ask: the default networks, and lists of one and none.
 */
#include "../names.h"

#include "base/compiler.h"
#include "policy/access.h"

static const char *const defaults[] = {
	"127.0.0.0/8",    "::1/128",        "10.0.0.0/8", "172.16.0.0/12",
	"192.168.0.0/16", "169.254.0.0/16", "fc00::/7",   "fe80::/10",
};

static struct prefix prefixes[ARRAY_LEN(defaults)];
static struct access_list list = {.allow = prefixes, .allow_n = ARRAY_LEN(defaults)};

static int read_defaults(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(defaults); i++)
		assert_true(prefix_from_text(defaults[i], &prefixes[i]));
	return 0;
}

static bool may_ask(const char *text)
{
	struct address a = address(text);

	return access_allows(&list, &a);
}

static void the_lan_may_ask(void **state)
{
	static const char *const inside[] = {
		"127.0.0.1",  "127.255.255.255", "::1",         "10.0.0.0",        "10.255.255.255",
		"172.16.0.1", "172.31.255.255",  "192.168.1.7", "169.254.3.4",     "fc00::1",
		"fdff::ffff", "fe80::1",         "febf::1",     "::ffff:10.1.2.3", "10.1.2.3@0",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(inside); i++)
		assert_true(may_ask(inside[i]));
}

static void the_world_may_not(void **state)
{
	static const char *const outside[] = {
		"126.255.255.255",
		"128.0.0.0",
		"::2",
		"::",
		"9.255.255.255",
		"11.0.0.0",
		"172.15.255.255",
		"172.32.0.0",
		"192.167.255.255",
		"192.169.0.0",
		"fbff::1",
		"fe00::1",
		"fec0::1",
		"2001:db8::1",
		"::ffff:8.8.8.8",
		"0.0.0.0",
		"255.255.255.255",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(outside); i++)
		assert_false(may_ask(outside[i]));
}

static void one_and_none(void **state)
{
	struct prefix one, all4, all6;
	struct address a = address("192.0.2.1"), b = address("192.0.2.2"),
		       c = address("2001:db8::1");
	struct access_list nobody = {.allow_n = 0};

	(void)state;
	assert_true(prefix_from_text("192.0.2.1", &one));
	assert_true(prefix_from_text("0.0.0.0/0", &all4));
	assert_true(prefix_from_text("::/0", &all6));
	assert_false(access_allows(&nobody, &a));
	assert_true(access_allows(&(struct access_list){.allow = &one, .allow_n = 1}, &a));
	assert_false(access_allows(&(struct access_list){.allow = &one, .allow_n = 1}, &b));
	/* Everybody of one family is nobody of the other. */
	assert_true(access_allows(&(struct access_list){.allow = &all4, .allow_n = 1}, &b));
	assert_false(access_allows(&(struct access_list){.allow = &all4, .allow_n = 1}, &c));
	assert_true(access_allows(&(struct access_list){.allow = &all6, .allow_n = 1}, &c));
	assert_false(access_allows(&(struct access_list){.allow = &all6, .allow_n = 1}, &b));
}

/* What stands for the networks of the host is no network by itself. */
static void those_nearby_may_ask(void **state)
{
	static struct prefix connected, near[2];
	struct access_list few = {.allow = &connected, .allow_n = 1, .near = near, .near_n = 2};
	struct address inside = address("203.0.113.9"), outside = address("203.0.114.9");
	struct address v6 = address("2001:db8:1::5");

	(void)state;
	assert_true(prefix_is_connected(&connected));
	assert_true(prefix_from_text("203.0.113.0/24", &near[0]));
	assert_true(prefix_from_text("2001:db8:1::/64", &near[1]));
	assert_false(prefix_is_connected(&near[0]));
	assert_true(access_allows(&few, &inside));
	assert_true(access_allows(&few, &v6));
	assert_false(access_allows(&few, &outside));
	few.near_n = 0;
	assert_false(access_allows(&few, &inside));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lan_may_ask),
		cmocka_unit_test(the_world_may_not),
		cmocka_unit_test(one_and_none),
		cmocka_unit_test(those_nearby_may_ask),
	};

	return cmocka_run_group_tests(tests, read_defaults, NULL);
}
