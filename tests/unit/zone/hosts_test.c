/* hosts_test.c - files of hosts: names, addresses, and lines that are neither. */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>

#include "zone/hosts.h"
#include "zone/store.h"

static struct zone_store *store;
static struct zone_answer out;
static struct hosts_report report;
static uint32_t lines_n;

static int open_store(void **state)
{
	(void)state;
	store = zone_store_create();
	lines_n = 0;
	return store ? 0 : -1;
}

static int close_store(void **state)
{
	(void)state;
	zone_store_destroy(store);
	return 0;
}

static void add(const char *text)
{
	assert_true(hosts_add(store, text, strlen(text), &lines_n, &report));
}

static void seal(void)
{
	struct zone_fault fault;

	if (!zone_store_seal(store, &fault))
		fail_msg("%s", fault.why);
}

static enum zone_outcome find(const char *name, uint16_t type)
{
	static uint8_t wire[TERN_NAME_MAX];

	tern_name_copy(wire, NAME(name));
	return zone_store_find(store, wire, type, NULL, &out);
}

static void assert_pointer(const char *name, const char *target)
{
	assert_int_equal(find(name, TERN_TYPE_PTR), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, 1);
	assert_true(tern_name_equal(out.set.rdata + 2, NAME(target)));
}

static void names_and_addresses(void **state)
{
	(void)state;
	add("# comment\n192.168.1.1\trouter.lan router # the one\r\n"
	    "  fd00::1 Router.LAN\n192.168.1.2 router.lan\n\n192.168.1.1 other.lan\n"
	    "fe80::1%lo0 localhost\n0.0.0.0 ads.example");
	assert_int_equal(report.names_n, 6);
	assert_int_equal(report.bad_n, 0);
	seal();
	assert_int_equal(find("router.lan.", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, 2);
	assert_int_equal(out.set.ttl_s, HOSTS_TTL_S);
	assert_int_equal(find("router.lan.", TERN_TYPE_AAAA), ZONE_ANSWER);
	assert_int_equal(find("router.", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(find("router.", TERN_TYPE_AAAA), ZONE_NODATA);
	assert_int_equal(find("localhost.", TERN_TYPE_AAAA), ZONE_NOT_HERE);
	assert_int_equal(find("ads.example.", TERN_TYPE_A), ZONE_ANSWER);
	assert_pointer("1.1.168.192.in-addr.arpa.", "router.lan.");
	assert_pointer("2.1.168.192.in-addr.arpa.", "router.lan.");
}

static void the_first_name_counts_over_files(void **state)
{
	(void)state;
	add("192.168.1.1 z.lan");
	add("192.168.1.1 a.lan z.lan\n");
	seal();
	assert_pointer("1.1.168.192.in-addr.arpa.", "z.lan.");
	assert_int_equal(find("z.lan.", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, 1);
}

static void bad_lines_are_passed_over(void **state)
{
	char long_line[700];

	(void)state;
	memset(long_line, 'x', sizeof long_line);
	memcpy(long_line, "10.0.0.1 ", 9);
	memcpy(long_line + sizeof long_line - 1, "\n", 1);
	add("good\n192.168.1.1\n1.2.3 x\n10.0.0.1 ok b\\(d *.x\n10.0.0.2 *.wild\n10.0.0.3 .\n");
	assert_int_equal(report.bad_n, 6);
	assert_int_equal(report.names_n, 1);
	assert_int_equal(report.bad[0].line, 1);
	assert_string_equal(report.bad[0].why, "expected an address");
	assert_int_equal(report.bad[1].line, 2);
	assert_string_equal(report.bad[1].why, "expected a name");
	assert_int_equal(report.bad[2].line, 3);
	assert_true(hosts_add(store, long_line, sizeof long_line, &lines_n, &report));
	assert_int_equal(report.bad_n, 1);
	assert_true(hosts_add(store, "10.0.0.4 a\0b c", 14, &lines_n, &report));
	assert_int_equal(report.bad_n, 1);
	seal();
	assert_int_equal(find("ok.", TERN_TYPE_A), ZONE_ANSWER);
}

/* Nothing in a file of hosts makes the configuration wrong. */
static void what_is_written_wins(void **state)
{
	static const char *const records[] = {"a.lan. A 192.0.2.1", "b.lan. CNAME a.lan.",
					      "7.2.0.192.in-addr.arpa. PTR written.lan."};
	const char *why;

	(void)state;
	assert_true(zone_store_add_zone(store, NAME("re."), ZONE_REDIRECT, 9));
	for (uint32_t i = 0; i < 3; i++)
		assert_true(zone_store_add(store, records[i], NULL, i + 1, &why));
	add("192.0.2.9 a.lan\n2001:db8::9 a.lan\n192.0.2.9 b.lan\n192.0.2.9 c.re\n"
	    "192.0.2.1 c.lan\n192.0.2.7 d.lan\n");
	seal();
	assert_int_equal(find("a.lan.", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, 1);
	assert_memory_equal(out.set.rdata, "\0\4\300\0\2\1", 6);
	assert_int_equal(find("a.lan.", TERN_TYPE_AAAA), ZONE_ANSWER);
	assert_int_equal(find("b.lan.", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_CNAME);
	assert_int_equal(find("c.re.", TERN_TYPE_A), ZONE_NODATA);
	assert_pointer("1.2.0.192.in-addr.arpa.", "a.lan.");
	assert_pointer("7.2.0.192.in-addr.arpa.", "written.lan.");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void many_lines(void **state)
{
	enum { LINES = 100000, LINE = 48 };
	char *text = malloc(LINES * LINE), *at = text, name[32];

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < LINES; i++)
		at += snprintf(at, LINE, "10.%u.%u.%u h%u.lan h%u\n", i >> 16, i >> 8 & 255,
			       i & 255, i * 7919 % LINES, i);
	double before = seconds();

	assert_true(hosts_add(store, text, (size_t)(at - text), &lines_n, &report));
	seal();
	double took = seconds() - before;

	printf("%u lines: %.3f s\n", LINES, took);
	assert_true(took < 5); /* with sanitizers, too */
	assert_int_equal(report.names_n, 2 * LINES);
	for (unsigned i = 0; i < LINES; i += 97) {
		snprintf(name, sizeof name, "h%u.lan.", i);
		assert_int_equal(find(name, TERN_TYPE_A), ZONE_ANSWER);
		snprintf(name, sizeof name, "%u.%u.%u.10.in-addr.arpa.", i & 255, i >> 8 & 255,
			 i >> 16);
		assert_int_equal(find(name, TERN_TYPE_PTR), ZONE_ANSWER);
	}
	free(text);
}

/* A list that gives every name one address. */
static void one_address_for_all(void **state)
{
	enum { LINES = 60000, LINE = 32 };
	char *text = malloc(LINES * LINE), *at = text;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < LINES; i++)
		at += snprintf(at, LINE, "127.0.0.1 a%u.test\n", i);
	at += snprintf(at, LINE, "127.0.0.2 a1.test\n");
	assert_true(hosts_add(store, text, (size_t)(at - text), &lines_n, &report));
	double before = seconds();

	seal();
	assert_true(seconds() - before < 5);
	assert_pointer("1.0.0.127.in-addr.arpa.", "a0.test.");
	free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_addresses),
		TEST(the_first_name_counts_over_files),
		TEST(bad_lines_are_passed_over),
		TEST(what_is_written_wins),
		TEST(many_lines),
		TEST(one_address_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
