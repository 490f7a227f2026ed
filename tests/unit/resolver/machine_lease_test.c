/*
 * machine_lease_test.c - names of leases: what clients call themselves gives way to whatever is
 * written, and ends in time.
 */
#include "signed.h"

#include "resolver/own.h"
#include "zone/lease_list.h"
#include "zone/leases.h"
#include "zone/store.h"

static struct zone_store *store;
static struct leases *leases;

static void make_leases(const char *text)
{
	static char path[] = "/leases";
	static uint8_t lan[] = "\3lan";
	static const struct lease_options options = {path, LEASE_DNSMASQ, lan};
	const struct lease_clock now = {world.now.wall_s, 0};
	struct lease_list list;

	lease_list_init(&list);
	assert_true(lease_list_read(&list, LEASE_DNSMASQ, text, strlen(text), &now));
	leases = leases_make(&(struct lease_source){&list, &options, NULL}, 1, now.wall_s);
	assert_non_null(leases);
	lease_list_free(&list);
	world.rules.leases = leases;
}

static void make_store(const char *const *records, unsigned n, enum zone_behaviour behaviour)
{
	struct zone_fault fault;
	const char *why;

	zone_store_destroy(store);
	store = zone_store_create();
	assert_true(zone_store_add_zone(store, NAME("lan."), behaviour, 0));
	assert_true(zone_store_add_zone(store, NAME("168.192.in-addr.arpa."), ZONE_STATIC, 0));
	for (unsigned i = 0; i < n; i++)
		assert_true(zone_store_add(store, records[i], NULL, 0, &why));
	assert_true(zone_store_seal(store, &fault));
	world.rules.zones = store;
}

#define END "1700000100"

static int open_leases(void **state)
{
	world_open(state);
	store = NULL;
	make_leases(END " 02:00:00:00:00:01 192.168.1.10 a *\n" END
			" 02:00:00:00:00:02 192.168.1.11 b *\n1700000030 02:00:00:00:00:03 "
			"192.168.1.12 short *\n");
	make_store(NULL, 0, ZONE_STATIC);
	return 0;
}

static int close_leases(void **state)
{
	world_close(state);
	leases_destroy(leases);
	zone_store_destroy(store);
	return 0;
}

/* Answered here, with so many records? */
static void assert_here(const char *name, uint16_t type, unsigned rcode, unsigned records)
{
	ask(name, type);
	if (!world.done || world.job.result.rcode != rcode ||
	    world.job.result.answer.n != records ||
	    (records == 0 && world.job.result.authority.n != 1))
		fail_msg("%s %u: %s, %u, %u records", name, type, world.done ? "here" : "asked for",
			 world.job.result.rcode, world.job.result.answer.n);
}

static void assert_asked_for(const char *name, uint16_t type)
{
	ask(name, type);
	if (world.done)
		fail_msg("%s %u", name, type);
}

static void names_and_addresses(void **state)
{
	(void)state;
	assert_here("a.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, 1);
	assert_int_equal(world.job.result.ttl_s, 60);
	assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	assert_here("short.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, 1);
	assert_int_equal(world.job.result.ttl_s, 29);
	assert_here("a.lan.", TERN_TYPE_AAAA, TERN_RCODE_NOERROR, 0);
	assert_int_equal(world.job.result.ttl_s, 60);
	assert_here("a.lan.", TERN_TYPE_DS, TERN_RCODE_NOERROR, 0);
	assert_here("c.lan.", TERN_TYPE_A, TERN_RCODE_NXDOMAIN, 0);
	assert_here("x.a.lan.", TERN_TYPE_A, TERN_RCODE_NXDOMAIN, 0);
	assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NOERROR, 1);
	assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_TXT, TERN_RCODE_NOERROR, 0);
	assert_here("13.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NXDOMAIN, 0);
	world.now.wall_s += 100;
	assert_here("a.lan.", TERN_TYPE_A, TERN_RCODE_NXDOMAIN, 0);
	assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NXDOMAIN, 0);
}

static void without_other_names(void **state)
{
	(void)state;
	world.rules.zones = NULL;
	assert_here("a.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, 1);
	assert_here("a.lan.", TERN_TYPE_MX, TERN_RCODE_NOERROR, 0);
	assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NOERROR, 1);
	world.rules.leases = NULL;
	use_route(".", "192.0.2.9", ROUTE_FORWARD, false);
	assert_asked_for("a.lan.", TERN_TYPE_A);
}

/* No client gets a name that is written in any way, nor does its address point there. */
static void what_is_written_wins(void **state)
{
	static const struct {
		const char *record;
		unsigned here; /* records of a.lan A */
	} cases[] = {{"a.lan. A 192.0.2.1", 1},
		     {"a.lan. TXT x", 0},
		     {"x.a.lan. TXT x", 0},
		     {"*.lan. TXT x", 0},
		     {"*.lan. A 192.0.2.1", 1}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		make_store(&cases[i].record, 1, ZONE_STATIC);
		assert_here("a.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, cases[i].here);
		if (cases[i].here)
			assert_memory_equal(world.job.result.answer.last->set.rdata,
					    "\0\4\300\0\2\1", 6);
		assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NXDOMAIN, 0);
		assert_false(own_grants(&world.rules, leases_at(leases, 0)));
	}
	const char *pointer = "10.1.168.192.in-addr.arpa. PTR written.lan.";

	make_store(&pointer, 1, ZONE_STATIC);
	assert_here("a.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, 1);
	assert_here("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR, TERN_RCODE_NOERROR, 1);
	assert_memory_equal(world.job.result.answer.last->set.rdata + 2, "\7written\3lan", 13);
	assert_true(own_grants(&world.rules, leases_at(leases, 0)));
	assert_int_equal(store != NULL, 1);
}

static void zones_of_other_kinds(void **state)
{
	static const struct {
		enum zone_behaviour behaviour;
		unsigned rcode;
		unsigned here;
	} cases[] = {{ZONE_TRANSPARENT, TERN_RCODE_NOERROR, 1},
		     {ZONE_TYPETRANSPARENT, TERN_RCODE_NOERROR, 1},
		     {ZONE_REFUSE, TERN_RCODE_NOERROR, 1},
		     {ZONE_REDIRECT, TERN_RCODE_NOERROR, 0},
		     {ZONE_ALWAYS_NXDOMAIN, TERN_RCODE_NXDOMAIN, 0},
		     {ZONE_ALWAYS_NODATA, TERN_RCODE_NOERROR, 0},
		     {ZONE_ALWAYS_NULL, TERN_RCODE_NOERROR, 1}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		make_store(NULL, 0, cases[i].behaviour);
		assert_here("a.lan.", TERN_TYPE_A, cases[i].rcode, cases[i].here);
		if (cases[i].here)
			assert_int_equal(memcmp(world.job.result.answer.last->set.rdata,
						"\0\4\300\250\1\12", 6) == 0,
					 cases[i].behaviour != ZONE_ALWAYS_NULL);
	}
	/* A name whose other types are resolved elsewhere is written all the same. */
	const char *text = "a.lan. TXT x";

	make_store(&text, 1, ZONE_TYPETRANSPARENT);
	use_route(".", "192.0.2.9", ROUTE_FORWARD, false);
	assert_asked_for("a.lan.", TERN_TYPE_A);
}

static void beside_routes(void **state)
{
	static const struct {
		const char *zone;
		bool name, reverse;
	} cases[] = {{"lan.", true, true},
		     {".", true, true},
		     {"a.lan.", false, false},
		     {"1.168.192.in-addr.arpa.", true, true},
		     {"10.1.168.192.in-addr.arpa.", true, false}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		use_route(cases[i].zone, "192.0.2.9", ROUTE_FORWARD, false);
		ask("a.lan.", TERN_TYPE_A);
		assert_int_equal(world.done && world.job.result.answer.n == 1, cases[i].name);
		ask("10.1.168.192.in-addr.arpa.", TERN_TYPE_PTR);
		assert_int_equal(world.done && world.job.result.answer.n == 1, cases[i].reverse);
	}
	/* What is not leased is asked for. */
	zone_store_destroy(store);
	store = NULL;
	world.rules.zones = NULL;
	use_route("lan.", "192.0.2.9", ROUTE_FORWARD, false);
	assert_asked_for("c.lan.", TERN_TYPE_A);
}

static void aliases_lead_there(void **state)
{
	const char *alias = "www.lan. CNAME b.lan.";

	(void)state;
	make_store(&alias, 1, ZONE_STATIC);
	assert_here("www.lan.", TERN_TYPE_A, TERN_RCODE_NOERROR, 2);
	assert_int_equal(world.job.result.ttl_s, 60);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_leases, close_leases)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_addresses),  TEST(without_other_names), TEST(what_is_written_wins),
		TEST(zones_of_other_kinds), TEST(beside_routes),       TEST(aliases_lead_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
