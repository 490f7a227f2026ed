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
static struct zone_fault fault;

static void add(const char *text)
{
	const char *why = "";

	if (!zone_store_add(store, text, NULL, 1, &why))
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

static enum zone_outcome find_beside(const char *name, uint16_t type, const char *elsewhere)
{
	static uint8_t wire[TERN_NAME_MAX], other[TERN_NAME_MAX];

	memcpy(wire, NAME(name), tern_name_len(NAME(name)));
	if (elsewhere)
		tern_name_copy(other, NAME(elsewhere));
	return zone_store_find(store, wire, type, elsewhere ? other : NULL, &out);
}

static enum zone_outcome find(const char *name, uint16_t type)
{
	return find_beside(name, type, NULL);
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
}

static void fill(void)
{
	assert_true(zone_store_add_zone(store, NAME("Lan."), ZONE_STATIC, 1));
	assert_true(zone_store_add_zone(store, NAME("deep.er.lan."), ZONE_STATIC, 1));
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
	assert_true(zone_store_seal(store, &fault));
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
	assert_true(zone_store_add_zone(store, NAME("lan."), ZONE_STATIC, 1));
	assert_false(zone_store_add(store, "router.lan 60 A", NAME("lan."), 1, &why));
	assert_non_null(why);
	assert_false(zone_store_add(store, "router.lan. 60 CH TXT \"x\"", NAME("lan."), 1, &why));
	assert_string_equal(why, "expected class IN");
	assert_false(
		zone_store_add(store, "router.elsewhere. 60 A 192.0.2.1", NAME("lan."), 1, &why));
	assert_string_equal(why, "the name is outside of the zone");
}

static void nothing_before_it_is_sealed(void **state)
{
	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan."), ZONE_STATIC, 1));
	assert_int_equal(find("x.lan.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_true(zone_store_seal(store, &fault));
	assert_int_equal(find("x.lan.", TERN_TYPE_A), ZONE_NXDOMAIN);
}

static void many_names(void **state)
{
	char text[64];

	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan."), ZONE_STATIC, 1));
	for (unsigned i = 0; i < 3000; i++) {
		const char *why;

		snprintf(text, sizeof text, "n%u.lan. 60 A 10.0.%u.%u", i * 7 % 3000,
			 i % 3000 / 256, i % 256);
		assert_true(zone_store_add(store, text, NULL, 1, &why));
	}
	assert_true(zone_store_seal(store, &fault));
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "n%u.lan.", i);
		assert_own(text, TERN_TYPE_A, 1, 60);
	}
	assert_denied("n3000.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "lan.");
}

/* --- behaviours ------------------------------------------------------------------------- */

static void add_zone(const char *apex, enum zone_behaviour behaviour)
{
	assert_true(zone_store_add_zone(store, NAME(apex), behaviour, 1));
}

static void seal(void)
{
	if (!zone_store_seal(store, &fault))
		fail_msg("%s", fault.why);
}

static void transparent_zones(void **state)
{
	(void)state;
	add_zone("lan.", ZONE_TRANSPARENT);
	add_zone("type.", ZONE_TYPETRANSPARENT);
	add("a.b.lan. 60 A 192.0.2.1");
	add("*.w.lan. 60 A 192.0.2.2");
	add("a.type. 60 A 192.0.2.3");
	seal();
	assert_own("a.b.lan.", TERN_TYPE_A, 1, 60);
	assert_denied("a.b.lan.", TERN_TYPE_AAAA, ZONE_NODATA, "lan.");
	assert_int_equal(find("b.lan.", TERN_TYPE_A), ZONE_NOT_HERE); /* nothing but below */
	assert_int_equal(find("lan.", TERN_TYPE_SOA), ZONE_NOT_HERE);
	assert_int_equal(find("c.lan.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_own("x.w.lan.", TERN_TYPE_A, 1, 60);
	assert_denied("x.w.lan.", TERN_TYPE_AAAA, ZONE_NODATA, "lan.");
	assert_own("a.type.", TERN_TYPE_A, 1, 60);
	assert_int_equal(find("a.type.", TERN_TYPE_AAAA), ZONE_NOT_HERE);
	assert_int_equal(find("type.", TERN_TYPE_NS), ZONE_NOT_HERE);
}

static void zones_that_say_one_thing(void **state)
{
	(void)state;
	add_zone("re.", ZONE_REDIRECT);
	add_zone("no.", ZONE_REFUSE);
	add_zone("nx.", ZONE_ALWAYS_NXDOMAIN);
	add_zone("nodata.", ZONE_ALWAYS_NODATA);
	add_zone("null.", ZONE_ALWAYS_NULL);
	add("re. 60 A 192.0.2.1");
	add("a.no. 60 A 192.0.2.2");
	add("a.nx. 60 A 192.0.2.3");
	seal();
	assert_own("re.", TERN_TYPE_A, 1, 60);
	assert_own("x.y.re.", TERN_TYPE_A, 1, 60);
	assert_denied("x.re.", TERN_TYPE_AAAA, ZONE_NODATA, "re.");
	assert_own("a.no.", TERN_TYPE_A, 1, 60);
	assert_int_equal(find("a.no.", TERN_TYPE_AAAA), ZONE_REFUSED);
	assert_int_equal(find("no.", TERN_TYPE_A), ZONE_REFUSED);
	assert_denied("a.nx.", TERN_TYPE_A, ZONE_NXDOMAIN, "nx.");
	assert_denied("x.nodata.", TERN_TYPE_A, ZONE_NODATA, "nodata.");
	assert_own("x.null.", TERN_TYPE_A, 1, 300);
	assert_memory_equal(out.set.rdata, "\0\4\0\0\0\0", 6);
	assert_own("null.", TERN_TYPE_AAAA, 1, 300);
	assert_memory_equal(out.set.rdata, "\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	assert_denied("x.null.", TERN_TYPE_MX, ZONE_NODATA, "null.");
}

static void records_outside_of_zones(void **state)
{
	(void)state;
	add_zone("lan.", ZONE_STATIC);
	add("printer.home. A 192.0.2.1");
	add("*.dev.home. 60 A 192.0.2.2");
	add("*.in.lan. 60 A 192.0.2.3");
	seal();
	assert_own("printer.home.", TERN_TYPE_A, 1, 3600);
	assert_denied("printer.home.", TERN_TYPE_MX, ZONE_NODATA, "printer.home.");
	assert_int_equal(out.soa.rdata_len, 2 + 14 + 16 + 20);
	assert_int_equal(find("printer.home.", TERN_TYPE_SOA), ZONE_NODATA);
	assert_int_equal(find("home.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find("x.printer.home.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_own("x.dev.home.", TERN_TYPE_A, 1, 60);
	assert_int_equal(find("dev.home.", TERN_TYPE_A), ZONE_NOT_HERE);
	/* The zone that is there says what isn't. */
	assert_own("x.in.lan.", TERN_TYPE_A, 1, 60);
	assert_denied("in.lan.", TERN_TYPE_A, ZONE_NODATA, "lan.");
}

static void what_is_below_elsewhere(void **state)
{
	(void)state;
	add_zone("lan.", ZONE_STATIC);
	add("a.x.lan. 60 A 192.0.2.1");
	seal();
	assert_int_equal(find_beside("b.x.lan.", TERN_TYPE_A, "x.lan."), ZONE_NOT_HERE);
	assert_int_equal(find_beside("b.x.lan.", TERN_TYPE_A, "lan."), ZONE_NXDOMAIN);
	assert_int_equal(find_beside("b.x.lan.", TERN_TYPE_A, "."), ZONE_NXDOMAIN);
	assert_int_equal(find_beside("a.x.lan.", TERN_TYPE_A, "x.lan."), ZONE_ANSWER);
	assert_int_equal(find_beside("a.x.lan.", TERN_TYPE_MX, "x.lan."), ZONE_NODATA);
}

static void names_below_an_origin(void **state)
{
	const char *why;

	(void)state;
	add_zone("lan.", ZONE_STATIC);
	assert_true(zone_store_add(store, "www CNAME router", NAME("lan."), 1, &why));
	assert_true(zone_store_add(store, "@ 60 MX 1 mx.else.", NAME("lan."), 1, &why));
	seal();
	assert_own("www.lan.", TERN_TYPE_CNAME, 1, 3600);
	assert_memory_equal(out.set.rdata, "\0\14\6router\3lan", 14);
	assert_own("lan.", TERN_TYPE_MX, 1, 60);
}

static void add_from(const char *text, uint32_t source)
{
	const char *why = "";

	if (!zone_store_add(store, text, NULL, source, &why))
		fail_msg("%s: %s", text, why);
}

static void assert_pointer(const char *name, const char *target)
{
	assert_own(name, TERN_TYPE_PTR, 1, 60);
	assert_true(tern_name_equal(out.set.rdata + 2, NAME(target)));
}

static void addresses_have_names(void **state)
{
	(void)state;
	add_zone("lan.", ZONE_STATIC);
	add_zone("168.192.in-addr.arpa.", ZONE_STATIC);
	add_zone("null.", ZONE_REDIRECT);
	add_from("z.lan. 60 A 192.168.1.1", 2);
	add_from("a.lan. 60 A 192.168.1.1", 3);
	add_from("b.lan. 60 A 192.168.1.2", 4);
	add_from("2.1.168.192.in-addr.arpa. 60 PTR other.lan.", 5);
	add_from("c.home. 60 AAAA 2001:db8::a1", 6);
	add_from("*.lan. 60 A 192.168.1.3", 7);
	add_from("null. 60 A 192.168.1.4", 8);
	add_from("d.lan. 60 A 192.168.1.5", 9);
	add_from("5.1.168.192.in-addr.arpa. 60 CNAME d.lan.", 10);
	add_from("e.lan. 60 A 0.0.0.0", 11);
	add_from("f.lan. 60 A 192.168.1.6", 0);
	seal();
	assert_pointer("1.1.168.192.in-addr.arpa.", "z.lan.");
	assert_pointer("2.1.168.192.in-addr.arpa.", "other.lan.");
	assert_pointer("1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
		       "c.home.");
	assert_int_equal(find("3.1.168.192.in-addr.arpa.", TERN_TYPE_PTR), ZONE_NXDOMAIN);
	assert_int_equal(find("4.1.168.192.in-addr.arpa.", TERN_TYPE_PTR), ZONE_NXDOMAIN);
	assert_own("5.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, 1, 60);
	assert_int_equal(out.set.type, TERN_TYPE_CNAME);
	assert_int_equal(find("0.0.0.0.in-addr.arpa.", TERN_TYPE_PTR), ZONE_NOT_HERE);
	assert_int_equal(find("6.1.168.192.in-addr.arpa.", TERN_TYPE_PTR), ZONE_NXDOMAIN);
}

/* --- contradictions ----------------------------------------------------------------------- */

static void assert_fault(const char *const records[], const char *why)
{
	const char *bad;

	zone_store_destroy(store);
	store = zone_store_create();
	add_zone("lan.", ZONE_STATIC);
	add_zone("re.", ZONE_REDIRECT);
	for (unsigned i = 0; records[i]; i++)
		assert_true(zone_store_add(store, records[i], NULL, i + 2, &bad));
	assert_false(zone_store_seal(store, &fault));
	assert_string_equal(fault.why, why);
	assert_int_equal(find("lan.", TERN_TYPE_SOA), ZONE_NOT_HERE);
}

static void contradictions(void **state)
{
	(void)state;
	assert_fault(
		(const char *[]){"a.lan. CNAME b.", "x.lan. A 192.0.2.1", "A.lan. TXT x", NULL},
		"a CNAME stands beside other data");
	assert_int_equal(fault.source, 4);
	assert_int_equal(fault.against, 2);
	assert_fault((const char *[]){"a.lan. MX 1 b.", "a.lan. CNAME b.", NULL},
		     "a CNAME stands beside other data");
	assert_fault((const char *[]){"lan. CNAME b.", NULL}, "a CNAME stands beside other data");
	assert_fault((const char *[]){"a.lan. CNAME b.", "a.lan. CNAME c.", NULL},
		     "a name has one CNAME only");
	assert_fault((const char *[]){"lan. SOA a. b. 1 2 3 4 5", "lan. SOA a. b. 2 2 3 4 5", NULL},
		     "a zone has one SOA only");
	assert_fault((const char *[]){"a.lan. SOA a. b. 1 2 3 4 5", NULL},
		     "an SOA is at the apex of a zone only");
	assert_fault((const char *[]){"a.re. A 192.0.2.1", NULL},
		     "the zone redirects all names to its apex");
	assert_int_equal(fault.source, 2);
	assert_int_equal(fault.against, 1);
	zone_store_destroy(store);
	store = zone_store_create();
	add_zone("lan.", ZONE_STATIC);
	assert_true(zone_store_add_zone(store, NAME("LAN."), ZONE_REFUSE, 7));
	assert_false(zone_store_seal(store, &fault));
	assert_string_equal(fault.why, "the zone is there twice");
	assert_int_equal(fault.source, 7);
}

static void what_is_equal(void **state)
{
	static const char *const records[][2] = {
		{"a.lan. 60 A 192.0.2.1", "a.lan. 60 A 192.0.2.2"},
		{"a.lan. 60 A 192.0.2.2", "A.lan. 60 A 192.0.2.1"},
		{"a.lan. 60 A 192.0.2.1", "a.lan. 60 A 192.0.2.3"},
		{"a.lan. 60 A 192.0.2.1", "b.lan. 60 A 192.0.2.2"},
		{"a.lan. 50 A 192.0.2.1", "a.lan. 60 A 192.0.2.2"},
	};
	struct zone_store *stores[6];

	(void)state;
	zone_store_destroy(store);
	for (unsigned i = 0; i < 6; i++) {
		stores[i] = store = zone_store_create();
		add_zone("lan.", i < 5 ? ZONE_STATIC : ZONE_REFUSE);
		add(records[i % 5][0]);
		add(records[i % 5][1]);
		seal();
	}
	assert_true(zone_store_equal(stores[0], stores[1]));
	for (unsigned i = 2; i < 6; i++)
		assert_false(zone_store_equal(stores[0], stores[i]));
	for (unsigned i = 1; i < 6; i++)
		zone_store_destroy(stores[i]);
	store = stores[0];
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
	assert_true(zone_store_seal(store, &fault));
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

static void reverse_zones(void **state)
{
	static const char *const none[] = {"1.0.0.10.in-addr.arpa.",
					   "1.0.16.172.in-addr.arpa.",
					   "1.0.31.172.in-addr.arpa.",
					   "1.1.168.192.in-addr.arpa.",
					   "1.0.0.0.in-addr.arpa.",
					   "2.0.0.127.in-addr.arpa.",
					   "1.0.254.169.in-addr.arpa.",
					   "1.2.0.192.in-addr.arpa.",
					   "1.100.51.198.in-addr.arpa.",
					   "1.113.0.203.in-addr.arpa.",
					   "1.255.255.255.255.in-addr.arpa.",
					   "1.0.64.100.in-addr.arpa.",
					   "1.0.127.100.in-addr.arpa.",
					   "1.d.f.ip6.arpa.",
					   "8.8.e.f.ip6.arpa.",
					   "1.9.e.f.ip6.arpa.",
					   "1.a.e.f.ip6.arpa.",
					   "1.b.e.f.ip6.arpa.",
					   "1.8.b.d.0.1.0.0.2.ip6.arpa.",
					   "default.service.arpa."};
	static const char *const elsewhere[] = {"1.0.15.172.in-addr.arpa.",
						"1.0.32.172.in-addr.arpa.",
						"1.0.63.100.in-addr.arpa.",
						"1.0.128.100.in-addr.arpa.",
						"1.1.in-addr.arpa.",
						"1.c.f.ip6.arpa.",
						"254.255.255.255.in-addr.arpa."};

	(void)state;
	assert_true(special_zones_add(store, is_left_out, NULL));
	seal();
	for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
		if (find(none[i], TERN_TYPE_PTR) != ZONE_NXDOMAIN)
			fail_msg("%s", none[i]);
	}
	for (unsigned i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
		if (find(elsewhere[i], TERN_TYPE_PTR) != ZONE_NOT_HERE)
			fail_msg("%s", elsewhere[i]);
	}
	assert_denied("x.10.in-addr.arpa.", TERN_TYPE_PTR, ZONE_NXDOMAIN, "10.in-addr.arpa.");
	assert_int_equal(out.soa.ttl_s, 10800);
	assert_own("10.in-addr.arpa.", TERN_TYPE_NS, 1, 10800);
	assert_true(tern_name_equal(out.set.rdata + 2, NAME("10.in-addr.arpa.")));
	assert_own("1.0.0.127.in-addr.arpa.", TERN_TYPE_PTR, 1, 10800);
	assert_own("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
		   TERN_TYPE_PTR, 1, 10800);
	assert_true(tern_name_equal(out.set.rdata + 2, NAME("localhost.")));
	assert_denied("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
		      TERN_TYPE_PTR, ZONE_NODATA,
		      "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.");
	assert_own("ipv4only.arpa.", TERN_TYPE_A, 2, 10800);
	assert_denied("ipv4only.arpa.", TERN_TYPE_AAAA, ZONE_NODATA, "ipv4only.arpa.");
	assert_own("171.0.0.192.in-addr.arpa.", TERN_TYPE_PTR, 1, 10800);
}

static void but_for_those_left_out(void **state)
{
	(void)state;
	assert_true(special_zones_add(store, is_left_out, NAME("test.")));
	assert_true(zone_store_seal(store, &fault));
	assert_int_equal(find("x.test.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find("x.invalid.", TERN_TYPE_A), ZONE_NXDOMAIN);
}

static void assert_led(const char *name, uint16_t type, const char *owner)
{
	assert_int_equal(find(name, type), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_DNAME);
	assert_int_equal(out.set.rr_n, 1);
	assert_true(tern_name_equal(out.set.owner, NAME(owner)));
}

/* RFC 6672 3.2: what is below is led on, the owner is not, and nothing else counts below. */
static void a_dname_leads_on(void **state)
{
	(void)state;
	assert_true(zone_store_add_zone(store, NAME("lan."), ZONE_STATIC, 1));
	assert_true(zone_store_add_zone(store, NAME("cut.d.lan."), ZONE_STATIC, 1));
	add("d.lan. 60 DNAME other.");
	add("d.lan. 60 A 192.0.2.1");
	add("*.lan. 60 A 192.0.2.2");
	add("alone.test. 60 DNAME other.");
	assert_true(zone_store_add_rdata(store, NAME("host.d.lan."), TERN_TYPE_A, 60,
					 (const uint8_t *)"\300\0\2\5", 4, ZONE_SOURCE_HOSTS | 1));
	assert_true(zone_store_seal(store, &fault));
	assert_led("x.d.lan.", TERN_TYPE_A, "d.lan.");
	assert_led("y.x.d.lan.", TERN_TYPE_DNAME, "d.lan.");
	assert_led("host.d.lan.", TERN_TYPE_A, "d.lan.");
	assert_led("x.alone.test.", TERN_TYPE_MX, "alone.test.");
	assert_own("d.lan.", TERN_TYPE_A, 1, 60);
	assert_own("d.lan.", TERN_TYPE_DNAME, 1, 60);
	assert_own("alone.test.", TERN_TYPE_DNAME, 1, 60);
	assert_own("xd.lan.", TERN_TYPE_A, 1, 60);
	assert_denied("d.lan.", TERN_TYPE_AAAA, ZONE_NODATA, "lan.");
	assert_denied("x.cut.d.lan.", TERN_TYPE_A, ZONE_NXDOMAIN, "cut.d.lan.");
	assert_int_equal(find("test.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find("xalone.test.", TERN_TYPE_A), ZONE_NOT_HERE);
	assert_int_equal(find_beside("x.f.alone.test.", TERN_TYPE_A, "f.alone.test."),
			 ZONE_NOT_HERE);
	assert_true(zone_store_claims(store, NAME("x.alone.test."), NULL));
	assert_false(zone_store_claims(store, NAME("xalone.test."), NULL));
}

static void what_cannot_be_below_a_dname(void **state)
{
	const char *why;

	(void)state;
	assert_false(zone_store_add(store, "*.lan. DNAME x.", NULL, 1, &why));
	assert_string_equal(why, "a DNAME is not at a wildcard");
	add("d.lan. 60 DNAME other.");
	assert_true(zone_store_add(store, "a.b.d.lan. A 192.0.2.1", NULL, 7, &why));
	assert_false(zone_store_seal(store, &fault));
	assert_string_equal(fault.why, "there are names below the DNAME");
	assert_int_equal(fault.source, 7);
	assert_int_equal(fault.against, 1);
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
		TEST(transparent_zones),
		TEST(zones_that_say_one_thing),
		TEST(records_outside_of_zones),
		TEST(what_is_below_elsewhere),
		TEST(names_below_an_origin),
		TEST(addresses_have_names),
		TEST(contradictions),
		TEST(what_is_equal),
		TEST(special_names),
		TEST(reverse_zones),
		TEST(a_dname_leads_on),
		TEST(what_cannot_be_below_a_dname),
		TEST(but_for_those_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
