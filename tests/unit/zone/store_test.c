/* store_test.c - names of our own: what is there, what isn't, and what a wildcard makes. */
#include "../names.h"

#include <stdio.h>
#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "zone/special.h"
#include "zone/store.h"

static struct zone_store *store;
static struct zone_answer out;

static void add(const char *text)
{
	const char *why = "";

	if (!zone_store_add(store, text, &why))
		fail_msg("%s: %s", text, why);
}

static int open_store(void **state)
{
	(void)state;
	store = zone_store_create();
	assert_non_null(store);
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	zone_store_destroy(store);
	return 0;
}

static enum zone_outcome find(const char *name, uint16_t type)
{
	static uint8_t wire[TERN_NAME_MAX];

	memcpy(wire, NAME(name), tern_name_len(NAME(name)));
	return zone_store_find(store, wire, type, &out);
}

static void assert_own(const char *name, uint16_t type, unsigned rr_n, uint32_t ttl_s)
{
	assert_int_equal(find(name, type), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, rr_n);
	assert_int_equal(out.set.ttl_s, ttl_s);
	assert_true(tern_name_equal(out.set.owner, NAME(name)));
	assert_int_equal(out.set.rclass, TERN_CLASS_IN);
}

static void assert_denied(const char *name, uint16_t type, enum zone_outcome how, const char *apex)
{
	assert_int_equal(find(name, type), how);
	assert_int_equal(out.soa.type, TERN_TYPE_SOA);
	assert_true(tern_name_equal(out.soa.owner, NAME(apex)));
	assert_true(tern_name_equal(out.apex, NAME(apex)));
}

static void fill(void)
{
	assert_true(zone_store_add_zone(store, NAME("Lan.")));
	assert_true(zone_store_add_zone(store, NAME("deep.er.lan.")));
	add("router.LAN. 300 A 192.0.2.1");
	add("router.lan. 60 A 192.0.2.2");
	add("router.lan. 60 A 192.0.2.2");
	add("router.lan. 60 TXT \"x\"");
	add("a.b.lan. 60 A 192.0.2.3");
	add("*.wild.lan. 60 A 192.0.2.4");
	add("there.wild.lan. 60 TXT \"x\"");
	add("*.ent.ent.lan. 60 A 192.0.2.9");
	add("www.lan. 60 CNAME router.lan.");
	add("in.deep.er.lan. 60 A 192.0.2.5");
	add("deep.er.lan. 60 SOA a. b. 1 2 3 4 7");
	assert_true(zone_store_seal(store));
}

static void what_is_there(void **state)
{
	(void)state;
	fill();
	assert_own("router.lan.", TERN_TYPE_A, 2, 60);
	assert_own("router.lan.", TERN_TYPE_TXT, 1, 60);
	assert_own("a.b.lan.", TERN_TYPE_A, 1, 60);
	assert_own("www.lan.", TERN_TYPE_CNAME, 1, 60);
	assert_own("www.lan.", TERN_TYPE_AAAA, 1, 60);
	assert_int_equal(out.set.type, TERN_TYPE_CNAME);
	assert_own("lan.", TERN_TYPE_SOA, 1, 300);
	assert_int_equal(find("router.lan.", TERN_TYPE_ANY), ZONE_ANSWER);
}

static void what_is_not(void **state)
{
	(void)state;
	fill();
	assert_denied("router.lan.", TERN_TYPE_MX, ZONE_NODATA, "lan.");
	assert_denied("b.lan.", TERN_TYPE_A, ZONE_NODATA, "lan."); /* an empty non-terminal */
	assert_denied("c.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
	assert_denied("x.router.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
	assert_denied("lan.", TERN_TYPE_NS, ZONE_NODATA, "lan.");
	assert_denied("x.deep.er.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "deep.er.lan.");
	assert_int_equal(out.soa.ttl_s, 7); /* the SOA's own minimum */
	assert_denied("er.lan.", TERN_TYPE_A, ZONE_NODATA, "lan.");
	assert_int_equal(find("lan.x.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find(".", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find("xlan.", TERN_TYPE_A), ZONE_NOT_HERE);
}

static void wildcards(void **state)
{
	(void)state;
	fill();
	assert_own("x.wild.lan.", TERN_TYPE_A, 1, 60);
	assert_own("x.y.wild.lan.", TERN_TYPE_A, 1, 60);
	assert_own("*.wild.lan.", TERN_TYPE_A, 1, 60);
	assert_denied("x.wild.lan.", TERN_TYPE_MX, ZONE_NODATA, "lan.");
	/* A name that is there hides it, for itself and for what is below. */
	assert_denied("there.wild.lan.", TERN_TYPE_A, ZONE_NODATA, "lan.");
	assert_denied("x.there.wild.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
	assert_denied("x.ent.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
	assert_own("x.ent.ent.lan.", TERN_TYPE_A, 1, 60);
}

static void what_cannot_be_added(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan.")));
	assert_false(zone_store_add(store, "router.lan 60 A", &why));
	assert_non_null(why);
	assert_false(zone_store_add(store, "router.lan. 60 CH TXT \"x\"", &why));
	assert_string_equal(why, "expected class IN");
	assert_false(zone_store_add(store, "router.elsewhere. 60 A 192.0.2.1", &why));
	assert_string_equal(why, "in none of the zones");
}

static void nothing_before_it_is_sealed(void **state)
{
	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan.")));
	assert_int_equal(find("x.lan.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_true(zone_store_seal(store));
	assert_int_equal(find("x.lan.", TERN_TYPE_A), ZONE_NXDOMAIN);
}

static void many_names(void **state)
{
	char text[64];

	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan.")));
	for (unsigned i = 0; i < 3000; i++) {
		const char *why;

		snprintf(text, sizeof text, "n%u.lan. 60 A 10.0.%u.%u", i * 7 % 3000,
			 i % 3000 / 256, i % 256);
		assert_true(zone_store_add(store, text, &why));
	}
	assert_true(zone_store_seal(store));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "n%u.lan.", i);
		assert_own(text, TERN_TYPE_A, 1, 60);
	}
	assert_denied("n3000.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
}

/* --- names that no public server knows -------------------------------------------------- */

static bool is_left_out(const void *context, const uint8_t *apex)
{
	return context && tern_name_equal(apex, context);
}

static void special_names(void **state)
{
	static const char *const none[] = {"x.invalid.",  "invalid.x.invalid.", "x.test.",
					   "x.onion.",    "x.local.",           "x.alt.",
					   "x.internal.", "x.home.arpa.",       "x.resolver.arpa."};

	(void)state;
	assert_true(special_zones_add(store, is_left_out, NULL));
	assert_true(zone_store_seal(store));
	for (unsigned i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(find(none[i], TERN_TYPE_A), ZONE_NXDOMAIN);
	assert_own("localhost.", TERN_TYPE_A, 1, 10800);
	assert_memory_equal(out.set.rdata, "\0\4\177\0\0\1", 6);
	assert_own("a.b.localhost.", TERN_TYPE_AAAA, 1, 10800);
	assert_denied("localhost.", TERN_TYPE_MX, ZONE_NODATA, "localhost.");
	assert_denied("_dns.resolver.arpa.", TERN_TYPE_SVCB, ZONE_NODATA, "resolver.arpa.");
	assert_denied("_dns.resolver.arpa.", TERN_TYPE_ANY, ZONE_NODATA, "resolver.arpa.");
	assert_denied("_dns.resolver.arpa.", 0, ZONE_NODATA, "resolver.arpa.");
	assert_denied("test.", TERN_TYPE_NS, ZONE_NODATA, "test.");
	assert_int_equal(find("arpa.", TERN_TYPE_NS), ZONE_NOT_HERE);
}

static void but_for_those_left_out(void **state)
{
	(void)state;
	assert_true(special_zones_add(store, is_left_out, NAME("test.")));
	assert_true(zone_store_seal(store));
	assert_int_equal(find("x.test.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find("x.invalid.", TERN_TYPE_A), ZONE_NXDOMAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there),
		TEST(what_is_not),
		TEST(wildcards),
		TEST(what_cannot_be_added),
		TEST(nothing_before_it_is_sealed),
		TEST(many_names),
		TEST(special_names),
		TEST(but_for_those_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
