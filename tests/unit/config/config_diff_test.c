/* config_diff_test.c - each key that differs is named, and nothing else. */
#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "config/config_diff.h"

static char named[2000];

static void name_it(void *context, const char *path)
{
	size_t at = strlen(named);

	(void)context;
	snprintf(named + at, sizeof named - at, "%s ", path);
}

static struct config *parse(const char *text)
{
	static char error[2000];
	struct config *c = config_parse(text, strlen(text), "t", error, sizeof error);

	if (!c)
		print_error("%s\n", error);
	assert_non_null(c);
	return c;
}

static void assert_diff(const char *a, const char *b, const char *expected)
{
	struct config *x = parse(a), *y = parse(b);

	for (unsigned way = 0; way < 2; way++) {
		named[0] = '\0';
		config_diff(way ? x : y, way ? y : x, name_it, NULL);
		assert_string_equal(named, expected);
	}
	config_destroy(x);
	config_destroy(y);
}

static void each_kind_of_value(void **state)
{
	(void)state;
	assert_diff("", "", "");
	assert_diff("", "server: {workers: 3, user: x}", "server.workers server.user ");
	assert_diff("", "server: {listen: [127.0.0.1]}", "server.listen ");
	assert_diff("server: {listen: [127.0.0.1, '::1']}", "", "");
	assert_diff("", "server: {listen: ['::1', 127.0.0.1]}", "server.listen ");
	assert_diff("", "cache: {size: 1MiB, min-ttl: 1s, prefetch: false}",
		    "cache.size cache.min-ttl cache.prefetch ");
	assert_diff("", "cache: {stale-client-timeout: 1ms}", "cache.stale-client-timeout ");
	assert_diff("", "dnssec: {validation: permissive, sha1: insecure}",
		    "dnssec.validation dnssec.sha1 ");
	assert_diff("", "dnssec: {negative-trust-anchors: [a.test]}",
		    "dnssec.negative-trust-anchors ");
	assert_diff("access: {allow: [10.0.0.0/8]}", "access: {allow: [10.0.0.0/9]}",
		    "access.allow ");
	assert_diff("", "special-zones: {except: [test]}", "special-zones.except ");
	assert_diff("special-zones: {except: [test]}", "special-zones: {except: [Test.]}", "");
	assert_diff("", "local-data: [a.lan A 192.0.2.1]", "local-data ");
	assert_diff("local-zones: [{name: lan, records: [a A 192.0.2.1]}]",
		    "local-zones: [{name: lan, records: [a A 192.0.2.2]}]", "local-zones ");
	assert_diff("", "logging: {level: debug}", "logging.level ");
}

static void lists_of_zones(void **state)
{
	static const char one[] = "forward-zones: [{name: a.test, addresses: [192.0.2.1]}]";

	(void)state;
	assert_diff("", one, "forward-zones ");
	assert_diff(one, "forward-zones: [{name: A.Test., addresses: [192.0.2.1@53]}]", "");
	assert_diff(one, "forward-zones: [{name: b.test, addresses: [192.0.2.1]}]",
		    "forward-zones ");
	assert_diff(one, "forward-zones: [{name: a.test, addresses: [192.0.2.2]}]",
		    "forward-zones ");
	assert_diff(one, "forward-zones: [{name: a.test, addresses: [192.0.2.1], first: true}]",
		    "forward-zones ");
	assert_diff(one, "stub-zones: [{name: a.test, addresses: [192.0.2.1]}]",
		    "forward-zones stub-zones ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_value),
		cmocka_unit_test(lists_of_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
