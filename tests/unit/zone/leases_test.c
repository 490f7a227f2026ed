/* leases_test.c - who has which name, for how long, and what a change changes. */
#include "../names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>

#include "zone/lease_list.h"
#include "zone/lease_name.h"
#include "zone/leases.h"

#define NOW 1800000000

static char file[] = "/leases";
static uint8_t lan[] = "\3lan";
static const struct lease_options options = {file, LEASE_DNSMASQ, lan};
static struct leases *leases, *other;
static struct zone_answer out;

static int open_leases(void **state)
{
	(void)state;
	leases = other = NULL;
	return 0;
}

static int close_leases(void **state)
{
	(void)state;
	leases_destroy(leases);
	leases_destroy(other);
	return 0;
}

static struct leases *make_as(enum lease_format format, const char *text, int64_t now_s)
{
	const struct lease_clock now = {now_s, 0};
	struct lease_options o = options;
	struct lease_list list;
	struct leases *l;

	o.format = format;
	lease_list_init(&list);
	assert_true(lease_list_read(&list, format, text, strlen(text), &now));
	l = leases_make(&(struct lease_source){&list, &o, NULL}, 1, now_s);
	assert_non_null(l);
	lease_list_free(&list);
	return l;
}

static struct leases *make(const char *text, int64_t now_s)
{
	return make_as(LEASE_DNSMASQ, text, now_s);
}

/* Is there a record of @type? */
static bool find(const char *name, uint16_t type, int64_t now_s)
{
	static uint8_t wire[TERN_NAME_MAX];
	struct lease_found found;

	tern_name_copy(wire, NAME(name));
	return leases_find(leases, wire, now_s, &found) &&
	       leases_records(leases, &found, wire, type, now_s, &out);
}

static bool is_there(const char *name)
{
	struct lease_found found;

	return leases_find(leases, NAME(name), NOW, &found);
}

static void assert_records(const char *name, uint16_t type, const char *records)
{
	struct tern_rdata_iter it;
	struct tern_rdata rdata;
	char text[2 * TERN_NAME_TEXT_MAX] = "", one[TERN_NAME_TEXT_MAX];

	if (find(name, type, NOW)) {
		it = tern_rrset_rdatas(&out.set);
		while (tern_rdata_next(&it, &rdata)) {
			if (type == TERN_TYPE_PTR)
				tern_name_to_text(rdata.octets, one);
			else
				inet_ntop(type == TERN_TYPE_A ? AF_INET : AF_INET6, rdata.octets,
					  one, sizeof one);
			assert_true(strlen(text) + strlen(one) + 2 <= sizeof text);
			strcat(strcat(text, one), " ");
		}
	}
	assert_string_equal(text, records);
}

static void names_and_pointers(void **state)
{
	(void)state;
	leases = make("1800003600 02:00:00:00:00:01 192.168.1.10 Host *\n"
		      "1800003600 02:00:00:00:00:02 192.168.1.11 * *\n"
		      "1800003600 02:00:00:00:00:03 192.168.1.12 b.example.com *\nduid 00:01\n"
		      "1800003600 7 fd00::10 c.lan 00:03:00:01:02:00:00:00:00:04\n",
		      NOW);
	assert_int_equal(leases_count(leases), 4);
	assert_int_equal(leases_named(leases), 3);
	assert_records("host.lan.", TERN_TYPE_A, "192.168.1.10 ");
	assert_records("host.lan.", TERN_TYPE_AAAA, "");
	assert_true(is_there("host.lan."));
	assert_records("b.lan.", TERN_TYPE_A, "192.168.1.12 ");
	assert_false(is_there("b.example.com."));
	assert_records("c.lan.", TERN_TYPE_AAAA, "fd00::10 ");
	assert_records("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, "host.lan. ");
	assert_records("10.1.168.192.in-addr.arpa.", TERN_TYPE_A, "");
	assert_false(is_there("11.1.168.192.in-addr.arpa."));
	assert_false(is_there("010.1.168.192.in-addr.arpa."));
	assert_false(is_there("1.168.192.in-addr.arpa."));
	assert_records("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
		       TERN_TYPE_PTR, "c.lan. ");
	assert_false(is_there("lan."));
	assert_false(is_there("x.host.lan."));
	assert_false(is_there("."));
}

static void whose_an_address_is(void **state)
{
	static const uint8_t address[] = {192, 168, 1, 11};
	const struct lease *l;

	(void)state;
	leases = make("1800000010 02:00:00:00:00:02 192.168.1.11 * 01:02\n", NOW);
	l = leases_of_address(leases, address, 4, NOW);
	assert_non_null(l);
	assert_null(l->name);
	assert_int_equal(l->mac_len, 6);
	assert_int_equal(l->mac[5], 2);
	assert_int_equal(l->id_len, 2);
	assert_string_equal(leases_file(leases, l->file)->path, "/leases");
	assert_null(leases_of_address(leases, address, 4, NOW + 10));
	assert_null(leases_of_address(leases, (const uint8_t[16]){192, 168, 1, 11}, 16, NOW));
}

static void a_lease_ends_by_itself(void **state)
{
	(void)state;
	leases = make("1800003600 02:00:00:00:00:01 192.168.1.10 a *\n"
		      "1800000000 02:00:00:00:00:02 192.168.1.11 over *\n"
		      "0 02:00:00:00:00:03 192.168.1.12 ever *\n",
		      NOW);
	assert_int_equal(leases_count(leases), 2);
	assert_int_equal(leases_next_end(leases), 1800003600);
	assert_true(find("a.lan.", TERN_TYPE_A, NOW));
	assert_int_equal(out.set.ttl_s, LEASES_TTL_S);
	assert_true(find("a.lan.", TERN_TYPE_A, 1800003600 - 11));
	assert_int_equal(out.set.ttl_s, 10);
	assert_true(find("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, 1800003600 - 1));
	assert_int_equal(out.set.ttl_s, 0);
	assert_false(find("a.lan.", TERN_TYPE_A, 1800003600));
	assert_false(find("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, 1800003600));
	assert_true(find("ever.lan.", TERN_TYPE_A, INT64_MAX - 1));
	assert_int_equal(out.set.ttl_s, LEASES_TTL_S);
	assert_true(find("a.lan.", TERN_TYPE_A, 0));
}

static void one_client_has_a_name(void **state)
{
	(void)state;
	/* The later one has it, wherever it stands. */
	leases = make("1800003600 02:00:00:00:00:01 192.168.1.10 a *\n"
		      "1800003500 02:00:00:00:00:02 192.168.1.11 a *\n",
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.10 ");
	assert_false(is_there("11.1.168.192.in-addr.arpa."));
	assert_int_equal(leases_at(leases, 1)->naming, LEASE_LOST);
	leases_destroy(leases);
	/* Of one client the later address. */
	leases = make("1800003500 02:00:00:00:00:01 192.168.1.10 a *\n"
		      "1800003600 02:00:00:00:00:01 192.168.1.11 a *\n",
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.11 ");
	assert_false(is_there("10.1.168.192.in-addr.arpa."));
	leases_destroy(leases);
	/* A later begin counts more than a later end. */
	leases = make_as(LEASE_ISC,
			 "lease 192.168.1.10 { starts epoch 1799990000; ends epoch 1800009000;"
			 " binding state active; client-hostname \"a\"; }"
			 "lease 192.168.1.11 { starts epoch 1799999000; ends epoch 1800000100;"
			 " binding state active; client-hostname \"a\"; }",
			 NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.11 ");
}

#define V4(until, mac, address, id) until " 02:00:00:00:00:" mac " 192.168.1." address " a " id "\n"
#define V6(until, address, id)      until " 7 fd00::" address " a " id "\n"
#define LL(mac)                     "00:03:00:01:02:00:00:00:00:" mac

static void both_families_of_a_client(void **state)
{
	(void)state;
	leases = make(V4("1800003600", "01", "10", "*") V6("1800003500", "10", LL("01"))
			      V6("1800003400", "11", LL("01")) V6("1800003900", "12", LL("02")),
		      NOW);
	/* The client of fd00::12 is another one, and the latest. */
	assert_records("a.lan.", TERN_TYPE_A, "");
	assert_records("a.lan.", TERN_TYPE_AAAA, "fd00::12 ");
	leases_destroy(leases);
	leases = make(V4("1800003900", "01", "10", "*") V6("1800003500", "10", LL("01"))
			      V6("1800003400", "11", LL("01")) V6("1800003600", "12", LL("02")),
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.10 ");
	assert_true(find("a.lan.", TERN_TYPE_AAAA, NOW));
	assert_int_equal(out.set.rr_n, 2);
	leases_destroy(leases);
	/* RFC 4361: the DUID is in the identifier of IPv4. */
	leases = make(V4("1800003900", "01", "10", "ff:00:00:00:01:00:04:aa:bb")
			      V6("1800003500", "10", "00:04:aa:bb")
				      V6("1800003600", "11", "00:04:aa:cc"),
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.10 ");
	assert_records("a.lan.", TERN_TYPE_AAAA, "fd00::10 ");
	leases_destroy(leases);
	/* Who can't be told from it counts as it: the latest. */
	leases = make(V4("1800003900", "01", "10", "*") V6("1800003500", "10", "00:04:aa:bb")
			      V6("1800003600", "11", "00:04:aa:cc"),
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.10 ");
	assert_records("a.lan.", TERN_TYPE_AAAA, "fd00::11 ");
	leases_destroy(leases);
	/* The latest is of IPv6, and its client has two of IPv4. */
	leases = make(V4("1800003400", "01", "10", "*") V4("1800003500", "01", "11", "*")
			      V4("1800003300", "01", "12", "*") V6("1800003900", "10", LL("01")),
		      NOW);
	assert_records("a.lan.", TERN_TYPE_A, "192.168.1.11 ");
	assert_records("a.lan.", TERN_TYPE_AAAA, "fd00::10 ");
	assert_int_equal(leases_named(leases), 2);
	assert_false(is_there("10.1.168.192.in-addr.arpa."));
	assert_false(is_there("12.1.168.192.in-addr.arpa."));
}

static enum lease_naming judge(const char *hostname, char text[TERN_NAME_TEXT_MAX])
{
	uint8_t name[TERN_NAME_MAX];
	enum lease_naming n = lease_name((const uint8_t *)hostname, strlen(hostname), lan, name);

	if (n == LEASE_NAMED)
		tern_name_to_text(name, text);
	return n;
}

static void odd_names(void **state)
{
	static const char *const refused[] = {
		"a b",       "-a",
		"_a",        "a\xc3\xa4",
		".a",        ".",
		"a*",        "wpad",
		"WPAD",      "wpad.lan",
		"localhost", "isatap",
		"a\\b",      "a\tb",
		"a/b",       "0123456789012345678901234567890123456789012345678901234567890123"};
	static const char *const good[][2] = {
		{"A", "a.lan."}, {"a.lan", "a.lan."}, {"a.b.c", "a.lan."},     {"a-", "a-.lan."},
		{"7", "7.lan."}, {"a_b", "a_b.lan."}, {"wpad2", "wpad2.lan."}, {"a.", "a.lan."}};
	uint8_t wire[TERN_NAME_MAX], deep[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX], domain[256] = "";

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++) {
		if (judge(refused[i], text) != LEASE_REFUSED)
			fail_msg("%s", refused[i]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(judge(good[i][0], text), LEASE_NAMED);
		assert_string_equal(text, good[i][1]);
	}
	assert_int_equal(judge("", text), LEASE_NAMELESS);
	assert_int_equal(judge("*", text), LEASE_NAMELESS);
	assert_int_equal(lease_name((const uint8_t *)"a\0b", 3, lan, wire), LEASE_REFUSED);
	for (unsigned i = 0; i < 126; i++)
		strcat(domain, "x.");
	wire_name(deep, domain);
	assert_int_equal(lease_name((const uint8_t *)"a", 1, deep, wire), LEASE_NAMED);
	assert_int_equal(lease_name((const uint8_t *)"ab", 2, deep, wire), LEASE_REFUSED);
}

static void assert_differ(const char *before, const char *after, int64_t later_s, bool differ)
{
	leases_destroy(leases);
	leases_destroy(other);
	leases = make(before, NOW);
	other = make(after, NOW + later_s);
	if (leases_differ(leases, other) != differ)
		fail_msg("%s -> %s", before, after);
}

#define A(until) until " 02:00:00:00:00:01 192.168.1.10 a *\n"
#define B        "1800003600 02:00:00:00:00:02 192.168.1.11 b *\n"
#define NAMELESS "1800003600 02:00:00:00:00:03 192.168.1.12 * *\n"

static void what_a_change_changes(void **state)
{
	(void)state;
	assert_differ(A("1800003600"), A("1800003600"), 5, false);
	assert_true(leases_equal(leases, other));
	assert_differ(A("1800003600"), A("1800007200"), 5, false);
	assert_false(leases_equal(leases, other));
	assert_differ(A("1800003600"), A("1800003600") NAMELESS, 5, false);
	assert_differ(A("1800003600"), A("1800003600") B, 5, true);
	assert_differ(A("1800003600") B, A("1800003600"), 5, true);
	assert_differ(A("1800003600"), "1800003600 02:00:00:00:00:01 192.168.1.10 c *\n", 5, true);
	/* Ended, it was answered no more; and ended early, answers outlive it. */
	assert_differ(A("1800000005"), "", 5, false);
	assert_differ(A("1800000006"), "", 5, true);
	assert_differ(A("1800003600"), A("1800000030"), 5, true);
	assert_differ(A("1800003600"), A("1800003000"), 5, false);
	/* It had ended, and is renewed. */
	assert_differ(A("1800000100"), A("1800003600"), 200, true);
	assert_differ("", "", 5, false);
	assert_false(leases_differ(NULL, other));
	assert_differ("", A("1800003600"), 5, true);
	assert_true(leases_differ(NULL, other));
	assert_true(leases_differ(other, NULL));
}

/* 100,000 leases with 50,000 names, and how long they take. */
static void many(void **state)
{
	size_t max = 100000 * 80, len = 0;
	char *text = malloc(max), name[40];
	struct timespec a, b;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 100000; i++)
		len += (size_t)snprintf(text + len, max - len,
					"1800003600 02:00:00:%02x:%02x:%02x 10.%u.%u.%u h%u *\n",
					i >> 16, i >> 8 & 255, i & 255, i >> 16, i >> 8 & 255,
					i & 255, i % 50000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	leases = make(text, NOW);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	print_message("100000 leases: %ld ms\n",
		      (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
	free(text);
	assert_int_equal(leases_count(leases), 100000);
	assert_int_equal(leases_named(leases), 50000);
	for (unsigned i = 0; i < 50000; i += 777) {
		snprintf(name, sizeof name, "h%u.lan.", i);
		assert_true(find(name, TERN_TYPE_A, NOW));
		assert_int_equal(out.set.rr_n, 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_leases, close_leases)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_pointers),        TEST(whose_an_address_is),
		TEST(a_lease_ends_by_itself),    TEST(one_client_has_a_name),
		TEST(both_families_of_a_client), TEST(odd_names),
		TEST(what_a_change_changes),     TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
