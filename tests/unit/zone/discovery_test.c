/* discovery_test.c - what clients are told of encrypted listeners, and what wins over that. */
#include "../names.h"

#include <string.h>

#include <tern/rr.h>

#include "zone/discovery.h"
#include "zone/store.h"

static struct discovery facts(void)
{
	struct discovery d = {.services_n = 2, .info = {"qnamemin", "exterr=0-3"}};

	tern_name_copy(d.name, NAME("dns.lan."));
	d.services[0] =
		(struct discovery_service){.alpn = "dot",
					   .port = 853,
					   .ipv4 = {address("192.0.2.1")},
					   .ipv4_n = 1,
					   .ipv6 = {address("2001:db8::1"), address("2001:db8::2")},
					   .ipv6_n = 2};
	d.services[1] = (struct discovery_service){.alpn = "h2", .port = 443, .path = "/dns-query"};
	return d;
}

static struct zone_store *store_of(const char *const *records)
{
	struct zone_store *s = zone_store_create();
	const char *why;

	assert_non_null(s);
	assert_true(zone_store_add_zone(s, NAME("resolver.arpa."), ZONE_STATIC, 0));
	for (; records && *records; records++)
		assert_true(zone_store_add(s, *records, NULL, 7, &why));
	return s;
}

static void seal(struct zone_store *s, const struct discovery *d, bool names)
{
	struct zone_fault fault;

	assert_true(discovery_add(s, d, names));
	assert_true(zone_store_seal(s, &fault));
}

static enum zone_outcome find(const struct zone_store *s, const char *name, uint16_t type,
			      struct zone_answer *out)
{
	static uint8_t lower[TERN_NAME_MAX];

	tern_name_lower(lower, NAME(name));
	return zone_store_find(s, lower, type, NULL, out);
}

static void records_read_as_written(void **state)
{
	const struct discovery d = facts();
	char text[DISCOVERY_TEXT_MAX];

	(void)state;
	assert_string_equal(discovery_record(&d, 0, "_dns.resolver.arpa.", text),
			    "_dns.resolver.arpa. 300 SVCB 1 dns.lan. alpn=dot port=853 "
			    "ipv4hint=192.0.2.1 ipv6hint=2001:db8::1,2001:db8::2");
	assert_string_equal(discovery_record(&d, 1, "x.", text),
			    "x. 300 SVCB 2 dns.lan. alpn=h2 port=443 "
			    "dohpath=\"/dns-query{?dns}\"");
}

static void both_names_have_them(void **state)
{
	const struct discovery d = facts();
	struct zone_store *s = store_of(NULL);
	struct zone_answer a;

	(void)state;
	seal(s, &d, true);
	assert_int_equal(find(s, "_dns.resolver.arpa.", TERN_TYPE_SVCB, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rr_n, 2);
	assert_int_equal(a.set.ttl_s, DISCOVERY_TTL_S);
	assert_int_equal(find(s, "_dns.dns.lan.", TERN_TYPE_SVCB, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rr_n, 2);
	assert_int_equal(find(s, "resolver.arpa.", TERN_TYPE_RESINFO, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rdata_len, 2 + 9 + 11);
	assert_memory_equal(a.set.rdata + 2, "\10qnamemin\12exterr=0-3", 20);
	assert_int_equal(find(s, "dns.lan.", TERN_TYPE_RESINFO, &a), ZONE_ANSWER);
	/* Whatever else is there is found elsewhere. */
	assert_int_equal(find(s, "dns.lan.", TERN_TYPE_A, &a), ZONE_NOT_HERE);
	assert_int_equal(find(s, "_dns.dns.lan.", TERN_TYPE_A, &a), ZONE_NOT_HERE);
	assert_int_equal(find(s, "www.dns.lan.", TERN_TYPE_A, &a), ZONE_NOT_HERE);
	assert_int_equal(find(s, "lan.", TERN_TYPE_A, &a), ZONE_NOT_HERE);
	zone_store_destroy(s);
}

static void only_at_arpa(void **state)
{
	struct discovery d = facts();
	struct zone_answer a;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct zone_store *s = store_of(NULL);

		seal(s, &d, i == 1);
		assert_int_equal(find(s, "_dns.resolver.arpa.", TERN_TYPE_SVCB, &a),
				 i == 0 ? ZONE_ANSWER : ZONE_NXDOMAIN);
		assert_int_equal(find(s, "resolver.arpa.", TERN_TYPE_RESINFO, &a), ZONE_ANSWER);
		assert_int_equal(find(s, "_dns.dns.lan.", TERN_TYPE_SVCB, &a), ZONE_NOT_HERE);
		assert_int_equal(find(s, "dns.lan.", TERN_TYPE_RESINFO, &a), ZONE_NOT_HERE);
		zone_store_destroy(s);
		d.services_n = 0;
	}
}

static void what_is_written_stays(void **state)
{
	static const char *const records[] = {"_dns.resolver.arpa. 60 SVCB 1 other.",
					      "_dns.dns.lan. 60 CNAME other.",
					      "dns.lan. 60 A 192.0.2.9", NULL};
	const struct discovery d = facts();
	struct zone_store *s = store_of(records);
	struct zone_answer a;

	(void)state;
	seal(s, &d, true);
	assert_int_equal(find(s, "_dns.resolver.arpa.", TERN_TYPE_SVCB, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rr_n, 1);
	assert_int_equal(a.source, 7);
	assert_int_equal(find(s, "_dns.dns.lan.", TERN_TYPE_SVCB, &a), ZONE_ANSWER);
	assert_int_equal(a.set.type, TERN_TYPE_CNAME);
	/* A record outside of all zones says that there are no others of its name. */
	assert_int_equal(find(s, "dns.lan.", TERN_TYPE_AAAA, &a), ZONE_NODATA);
	assert_int_equal(find(s, "dns.lan.", TERN_TYPE_RESINFO, &a), ZONE_ANSWER);
	zone_store_destroy(s);
}

static void in_zones_of_others(void **state)
{
	static const struct {
		enum zone_behaviour behaviour;
		bool told;
	} cases[] = {
		{ZONE_STATIC, true},           {ZONE_TRANSPARENT, true},
		{ZONE_TYPETRANSPARENT, true},  {ZONE_REDIRECT, false},
		{ZONE_REFUSE, false},          {ZONE_DENY, false},
		{ZONE_ALWAYS_NXDOMAIN, false}, {ZONE_ALWAYS_NODATA, false},
		{ZONE_ALWAYS_NULL, false},
	};
	const struct discovery d = facts();
	struct zone_answer a;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct zone_store *s = store_of(NULL);

		assert_true(zone_store_add_zone(s, NAME("lan."), cases[i].behaviour, 9));
		seal(s, &d, true);
		assert_int_equal(find(s, "_dns.dns.lan.", TERN_TYPE_SVCB, &a) == ZONE_ANSWER,
				 cases[i].told);
		/* The zone is still the operator's. */
		if (cases[i].behaviour == ZONE_STATIC)
			assert_int_equal(find(s, "dns.lan.", TERN_TYPE_A, &a), ZONE_NODATA);
		zone_store_destroy(s);
	}
}

static void everything_at_once(void **state)
{
	struct discovery d = {.services_n = DISCOVERY_SERVICES_MAX};
	struct zone_store *s = store_of(NULL);
	struct zone_answer a;

	(void)state;
	/* The longest name that "_dns" can stand before, and one that it can't. */
	for (size_t at = 0; at < 192; at += 64) {
		d.name[at] = 63;
		memset(d.name + at + 1, 'a', 63);
	}
	d.name[192] = 61;
	memset(d.name + 193, 'a', 61);
	assert_int_equal(tern_name_len(d.name), TERN_NAME_MAX);
	for (unsigned i = 0; i < DISCOVERY_SERVICES_MAX; i++) {
		struct discovery_service *service = &d.services[i];

		memset(service->path, 'p', DISCOVERY_PATH_MAX - 8);
		service->path[0] = '/';
		memcpy(service->alpn, "h2", 3);
		service->port = (uint16_t)(60000 + i);
		service->ipv4_n = service->ipv6_n = DISCOVERY_HINTS_MAX;
		for (unsigned j = 0; j < DISCOVERY_HINTS_MAX; j++) {
			service->ipv4[j] = address("192.100.200.100");
			service->ipv6[j] = address("2001:db8:1111:2222:3333:4444:5555:6666");
		}
	}
	memset(d.info[0], 'q', DISCOVERY_INFO_MAX - 1);
	memset(d.info[1], 'e', DISCOVERY_INFO_MAX - 1);
	seal(s, &d, true);
	assert_int_equal(find(s, "_dns.resolver.arpa.", TERN_TYPE_SVCB, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rr_n, DISCOVERY_SERVICES_MAX);
	assert_int_equal(find(s, "resolver.arpa.", TERN_TYPE_RESINFO, &a), ZONE_ANSWER);
	assert_int_equal(a.set.rdata_len, 2 + 2 * DISCOVERY_INFO_MAX);
	zone_store_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_read_as_written),
		cmocka_unit_test(both_names_have_them),
		cmocka_unit_test(only_at_arpa),
		cmocka_unit_test(what_is_written_stays),
		cmocka_unit_test(in_zones_of_others),
		cmocka_unit_test(everything_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
