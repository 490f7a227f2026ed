/*
 * zonecut_test.c - cuts built, packed for the cache and unpacked again.
 */
#include "helpers.h"

#include "resolver/zonecut.h"

static struct arena arena, other;

static int open_arenas(void **state)
{
	(void)state;
	arena_init(&arena, 65536);
	arena_init(&other, 65536);
	return 0;
}

static int close_arenas(void **state)
{
	(void)state;
	arena_reset(&arena);
	arena_reset(&other);
	return 0;
}

static void add(struct zone_cut *cut, const char *text, unsigned ns)
{
	struct address a = address(text);

	zone_cut_add_server(cut, &a, ns);
}

static struct zone_cut *pack_and_unpack(const struct zone_cut *cut)
{
	uint8_t *body = malloc(CUT_BODY_MAX); /* of exactly that size, for ASan */

	assert_non_null(body);
	size_t len = zone_cut_pack(cut, body);

	assert_true(len <= CUT_BODY_MAX);
	uint8_t *exact = malloc(len);

	assert_non_null(exact);
	memcpy(exact, body, len);
	struct cache_delegation d = {.zone = cut->zone,
				     .body = exact,
				     .body_len = (uint32_t)len,
				     .ttl_s = 77,
				     .age_s = 5};
	struct zone_cut *again = zone_cut_unpack(&other, &d);

	free(body);
	free(exact);
	assert_non_null(again);
	assert_int_equal(again->source, CUT_DELEGATION);
	assert_int_equal(again->age_s, 5);
	assert_int_equal(again->ttl_s, 77);
	assert_int_equal(again->labels, cut->labels);
	assert_true(tern_name_equal(again->zone, cut->zone));
	return again;
}

static void assert_same(const struct zone_cut *a, const struct zone_cut *b)
{
	assert_int_equal(a->ns_n, b->ns_n);
	assert_int_equal(a->servers_n, b->servers_n);
	for (unsigned i = 0; i < a->ns_n; i++)
		assert_true(tern_name_equal(a->ns[i].name, b->ns[i].name));
	for (unsigned i = 0; i < a->servers_n; i++) {
		bool found = false;

		for (unsigned j = 0; j < b->servers_n; j++)
			found |= a->servers[i].ns == b->servers[j].ns &&
				 address_equal(&a->servers[i].addr, &b->servers[j].addr);
		assert_true(found);
	}
}

static void a_usual_one(void **state)
{
	struct zone_cut *cut = zone_cut_make(&arena, NAME("Example.COM."), CUT_DELEGATION);

	(void)state;
	assert_memory_equal(cut->zone, "\7example\3com", 13);
	assert_int_equal(cut->labels, 2);
	assert_int_equal(zone_cut_add_ns(cut, NAME("NS1.example.com.")), 0);
	assert_int_equal(zone_cut_add_ns(cut, NAME("ns2.example.net.")), 1);
	assert_int_equal(zone_cut_add_ns(cut, NAME("ns1.EXAMPLE.com.")), 0);
	add(cut, "192.0.2.1", 0);
	add(cut, "2001:db8::1", 0);
	assert_int_equal(cut->servers_n, 2);
	struct zone_cut *again = pack_and_unpack(cut);

	assert_same(cut, again);
	assert_true(again->ns[0].has_glue);
	assert_false(again->ns[1].has_glue);
	assert_memory_equal(again->ns[0].name, "\3ns1\7example\3com", 17);
}

static void an_empty_one_and_the_root(void **state)
{
	struct zone_cut *cut = zone_cut_make(&arena, tern_name_root, CUT_HINTS);

	(void)state;
	assert_int_equal(cut->labels, 0);
	assert_same(cut, pack_and_unpack(cut));
}

/* Sixteen names as long as they may be, six addresses each. */
static void the_largest_one(void **state)
{
	uint8_t name[TERN_NAME_MAX];
	struct zone_cut *cut = zone_cut_make(&arena, NAME("zone."), CUT_DELEGATION);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		name[64 * i] = i < 3 ? 63 : 61;
		memset(name + 64 * i + 1, 'x', name[64 * i]);
	}
	name[254] = 0;
	for (unsigned i = 0; i < CUT_NS_MAX + 3; i++) {
		name[1] = (uint8_t)('a' + i);
		assert_int_equal(zone_cut_add_ns(cut, name), i < CUT_NS_MAX ? (int)i : -1);
	}
	for (unsigned i = 0; i < CUT_NS_MAX; i++) {
		for (unsigned j = 0; j < CUT_NS_ADDRS + 2; j++) {
			char text[32];

			snprintf(text, sizeof text, "2001:db8::%x", 1 + i * 16 + j);
			add(cut, text, i);
		}
	}
	assert_int_equal(cut->servers_n, CUT_SERVERS_MAX);
	assert_same(cut, pack_and_unpack(cut));
}

static void random_ones(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct zone_cut *cut = zone_cut_make(&arena, NAME("r.test."), CUT_DELEGATION);
		char text[40];

		for (unsigned i = 0; i < 40; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			unsigned a = (unsigned)(seed >> 40) % 24, b = (unsigned)(seed >> 33) % 30;

			snprintf(text, sizeof text, "ns%u.r.test.", a);
			int ns = zone_cut_add_ns(cut, NAME(text));

			snprintf(text, sizeof text, b % 2 ? "192.0.2.%u" : "2001:db8::%u", 1 + b);
			if (ns >= 0)
				add(cut, text, (unsigned)ns);
		}
		assert_same(cut, pack_and_unpack(cut));
		arena_reset(&arena);
		arena_reset(&other);
	}
}

static void what_is_no_host_is_left_out(void **state)
{
	static const char *const unusable[] = {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::",
					       "ff02::1", "240.0.0.1", "192.0.2.1@0"};
	struct zone_cut *cut = zone_cut_make(&arena, NAME("test."), CUT_DELEGATION);

	(void)state;
	zone_cut_add_ns(cut, NAME("ns.test."));
	for (unsigned i = 0; i < ARRAY_LEN(unusable); i++)
		add(cut, unusable[i], 0);
	zone_cut_add_server(cut, &(struct address){0}, 0);
	assert_int_equal(cut->servers_n, 0);
	add(cut, "192.0.2.1", 0);
	add(cut, "192.0.2.1", 0); /* once is enough */
	assert_int_equal(cut->servers_n, 1);
}

/* Configured servers have no name and so no share per name. */
static void configured_servers(void **state)
{
	struct zone_cut *cut = zone_cut_make(&arena, NAME("test."), CUT_FORWARD);

	(void)state;
	for (unsigned i = 0; i < CUT_SERVERS_MAX + 5; i++) {
		char text[32];

		snprintf(text, sizeof text, "192.0.2.%u@5300", 1 + i);
		add(cut, text, CUT_NS_MAX);
	}
	assert_int_equal(cut->servers_n, CUT_SERVERS_MAX);
	assert_int_equal(cut->servers[7].addr.port, 5300);
}

static void borrowing(void **state)
{
	struct zone_cut *cut = zone_cut_make(&arena, NAME("a.test."), CUT_DELEGATION);
	struct zone_cut *donor = zone_cut_make(&arena, NAME("test."), CUT_DELEGATION);

	(void)state;
	zone_cut_add_ns(cut, NAME("x.test."));
	zone_cut_add_ns(cut, NAME("ns.TEST."));
	zone_cut_add_ns(donor, NAME("ns.test."));
	add(donor, "192.0.2.9", 0);
	assert_false(zone_cut_borrow(cut, 0, donor));
	assert_false(zone_cut_borrow(cut, 1, NULL));
	assert_true(zone_cut_borrow(cut, 1, donor));
	assert_int_equal(cut->servers_n, 1);
	assert_int_equal(cut->servers[0].ns, 1);
	assert_false(zone_cut_borrow(cut, 1, donor)); /* nothing new */
}

static void addresses_in_rdata(void **state)
{
	static const uint8_t octets[16] = {32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	struct address a = address_from_rdata(TERN_TYPE_AAAA, octets, 16),
		       b = address("2001:db8::1");

	(void)state;
	assert_true(address_equal(&a, &b));
	a = address_from_rdata(TERN_TYPE_A, octets, 4);
	assert_int_equal(a.family, 4);
	assert_int_equal(address_from_rdata(TERN_TYPE_A, octets, 5).family, 0);
	assert_int_equal(address_from_rdata(TERN_TYPE_A, octets, 16).family, 0);
	assert_int_equal(address_from_rdata(TERN_TYPE_AAAA, octets, 4).family, 0);
	assert_int_equal(address_from_rdata(TERN_TYPE_NS, octets, 4).family, 0);
}

/* At whatever allocation memory runs out, what is there stays whole. */
static void memory_runs_out(void **state)
{
	unsigned made = 0;

	(void)state;
	for (size_t used = 0; used < ARENA_FIRST; used += 64) {
		arena_init(&other, 0);
		assert_non_null(arena_take(&other, used));
		struct zone_cut *cut = zone_cut_make(&other, NAME("test."), CUT_DELEGATION);

		made += cut != NULL;
		for (unsigned i = 0; cut && i < CUT_NS_MAX; i++) {
			char text[64];

			snprintf(text, sizeof text, "a-server-of-some-length-%u.test.", i);
			int ns = zone_cut_add_ns(cut, NAME(text));

			if (ns < 0)
				break;
			snprintf(text, sizeof text, "192.0.2.%u", 1 + i);
			add(cut, text, (unsigned)ns);
		}
		for (unsigned i = 0; cut && i < cut->ns_n; i++)
			assert_int_equal(tern_name_labels(cut->ns[i].name), 2);
		for (unsigned i = 0; cut && i < cut->servers_n; i++)
			assert_true(cut->servers[i].ns < cut->ns_n);
	}
	assert_in_range(made, 1, ARENA_FIRST / 64 - 1);
}

#define CUT_TEST(f) cmocka_unit_test_setup_teardown(f, open_arenas, close_arenas)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CUT_TEST(a_usual_one),
		CUT_TEST(an_empty_one_and_the_root),
		CUT_TEST(the_largest_one),
		CUT_TEST(random_ones),
		CUT_TEST(what_is_no_host_is_left_out),
		CUT_TEST(configured_servers),
		CUT_TEST(borrowing),
		CUT_TEST(addresses_in_rdata),
		CUT_TEST(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
