/*
 * additional_test.c - what goes with an answer to SVCB or HTTPS: out of the cache, as
 * well trusted as the answer, and bounded.
 */
#include "helpers.h"

#include "resolver/kept.h"
#include "zone/store.h"

#define A    TERN_TYPE_A
#define AAAA TERN_TYPE_AAAA
#define MX   TERN_TYPE_MX

#define LOOKUPS 8 /* limits.md row 48 */

/* A set of one record in presentation format. */
static void store(const char *text, enum cache_security security)
{
	const char *error = NULL;
	uint8_t packed[2 + 512];
	struct tern_rrset set = {.rclass = TERN_CLASS_IN, .rr_n = 1, .rdata = packed};

	assert_int_equal(tern_rr_from_text(text, 60, &world.rr, &error), TERN_OK);
	put_u16(packed, world.rr.rdata_len);
	memcpy(packed + 2, world.rr.rdata, world.rr.rdata_len);
	set.owner = world.rr.owner;
	set.rdata_len = world.rr.rdata_len + 2u;
	set.ttl_s = world.rr.ttl_s;
	set.type = world.rr.type;
	cache_put(world.resolver.cache, &set, CACHE_RANK_AUTH_ANSWER, security, world.now.boot_s);
}

static void ask_cached(const char *name, uint16_t type)
{
	ask_with(name, type, JOB_NO_RECURSION);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_NOERROR);
	assert_int_equal(world.job.result.answer.n, 1);
}

static bool goes_with_it(const char *name, uint16_t type)
{
	return kept_find(&world.job.result.additional, NAME(name), type) != NULL;
}

static void addresses_of_the_target(void **state)
{
	(void)state;
	store("www.test. 60 HTTPS 1 Svc.Test. alpn=h2", CACHE_UNCHECKED);
	store("svc.test. 50 A 192.0.2.1", CACHE_UNCHECKED);
	ask_cached("www.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("svc.test.", A));
	assert_int_equal(world.job.result.additional.n, 1);
	assert_int_equal(world.job.result.additional_ttl_s, 50);
	assert_int_equal(world.job.result.ttl_s, 60);
	store("svc.test. 40 AAAA 2001:db8::1", CACHE_UNCHECKED);
	ask_cached("www.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 2);
	assert_int_equal(world.job.result.additional_ttl_s, 40);
}

static void the_dot_is_the_owner_itself_but_nothing_of_an_alias(void **state)
{
	(void)state;
	store("www.test. 60 SVCB 1 . alpn=h2", CACHE_UNCHECKED);
	store("www.test. 60 A 192.0.2.1", CACHE_UNCHECKED);
	store("off.test. 60 SVCB 0 .", CACHE_UNCHECKED);
	store("off.test. 60 A 192.0.2.2", CACHE_UNCHECKED);
	store(". 60 A 192.0.2.3", CACHE_UNCHECKED);
	ask_cached("www.test.", TERN_TYPE_SVCB);
	assert_true(goes_with_it("www.test.", A));
	ask_cached("off.test.", TERN_TYPE_SVCB);
	assert_int_equal(world.job.result.additional.n, 0);
}

static void the_chain_of_aliases(void **state)
{
	(void)state;
	store("a.test. 60 HTTPS 0 b.test.", CACHE_UNCHECKED);
	store("b.test. 60 HTTPS 0 c.test.", CACHE_UNCHECKED);
	store("b.test. 60 A 192.0.2.2", CACHE_UNCHECKED);
	store("c.test. 60 HTTPS 1 . alpn=h2", CACHE_UNCHECKED);
	store("c.test. 60 AAAA 2001:db8::3", CACHE_UNCHECKED);
	ask_cached("a.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("b.test.", TERN_TYPE_HTTPS));
	assert_true(goes_with_it("c.test.", TERN_TYPE_HTTPS));
	assert_true(goes_with_it("c.test.", AAAA));
	assert_int_equal(world.job.result.additional.n, 3);
}

static void an_alias_to_a_name_with_addresses_only(void **state)
{
	(void)state;
	store("a.test. 60 HTTPS 0 b.test.", CACHE_UNCHECKED);
	store("b.test. 60 A 192.0.2.2", CACHE_UNCHECKED);
	ask_cached("a.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("b.test.", A));
}

static void an_alias_at_the_target(void **state)
{
	(void)state;
	store("a.test. 60 HTTPS 1 b.test.", CACHE_UNCHECKED);
	store("b.test. 30 CNAME c.Test.", CACHE_UNCHECKED);
	store("c.test. 60 A 192.0.2.3", CACHE_UNCHECKED);
	store("c.test. 60 HTTPS 1 . alpn=h2", CACHE_UNCHECKED);
	ask_cached("a.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("b.test.", TERN_TYPE_CNAME));
	assert_true(goes_with_it("c.test.", A));
	assert_int_equal(world.job.result.additional.n, 2);
	assert_int_equal(world.job.result.additional_ttl_s, 30);
	/* AliasMode asks for the type there, too. */
	store("z.test. 60 HTTPS 0 b.test.", CACHE_UNCHECKED);
	ask_cached("z.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("b.test.", TERN_TYPE_CNAME));
	assert_true(goes_with_it("c.test.", TERN_TYPE_HTTPS));
	assert_true(goes_with_it("c.test.", A));
}

static void aliases_in_a_ring_end(void **state)
{
	(void)state;
	store("r.test. 60 HTTPS 1 r1.test.", CACHE_UNCHECKED);
	store("r1.test. 60 CNAME r2.test.", CACHE_UNCHECKED);
	store("r2.test. 60 CNAME r1.test.", CACHE_UNCHECKED);
	ask_cached("r.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 2);
	store("a.test. 60 HTTPS 0 b.test.", CACHE_UNCHECKED);
	store("b.test. 60 HTTPS 0 a.test.", CACHE_UNCHECKED);
	store("self.test. 60 HTTPS 0 self.test.", CACHE_UNCHECKED);
	ask_cached("a.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 1);
	ask_cached("self.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 0);
}

static void a_long_chain_is_cut(void **state)
{
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "n%u.test. 60 HTTPS 0 n%u.test.", i, i + 1);
		store(text, CACHE_UNCHECKED);
	}
	ask_cached("n0.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, LOOKUPS);
}

static void other_types_bring_nothing(void **state)
{
	(void)state;
	store("test. 60 MX 1 mail.test.", CACHE_UNCHECKED);
	store("mail.test. 60 A 192.0.2.1", CACHE_UNCHECKED);
	ask_cached("test.", MX);
	assert_int_equal(world.job.result.additional.n, 0);
}

/* AD is about the answer, but less proven data don't stand beside it. */
static void as_trusted_as_the_answer(void **state)
{
	(void)state;
	world.rules.resolver.validation = VALIDATION_ON;
	store("safe.test. 60 HTTPS 1 svc.test.", CACHE_SECURE);
	store("plain.test. 60 HTTPS 1 svc.test.", CACHE_INSECURE);
	store("svc.test. 60 A 192.0.2.1", CACHE_INSECURE);
	store("svc.test. 60 AAAA 2001:db8::1", CACHE_SECURE);
	ask_cached("safe.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.security, CACHE_SECURE);
	assert_false(goes_with_it("svc.test.", A));
	assert_true(goes_with_it("svc.test.", AAAA));
	ask_cached("plain.test.", TERN_TYPE_HTTPS);
	assert_true(goes_with_it("svc.test.", A));
	assert_true(goes_with_it("svc.test.", AAAA));
	store("odd.test. 60 HTTPS 1 bad.test.", CACHE_INSECURE);
	store("bad.test. 60 A 192.0.2.1", CACHE_UNCHECKED);
	store("bad.test. 60 AAAA 2001:db8::1", CACHE_BOGUS);
	ask_cached("odd.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 0);
}

/* Its signature alone would tell a validator that a denial is missing. */
static void what_a_wildcard_made_is_left_out(void **state)
{
	static const uint8_t packed[] = {0, 4, 192, 0, 2, 1};
	static const uint8_t bitmap[] = {0, 7, 1, 'z', 0, 0, 1, 0x40, 0};
	struct tern_rrset made = {.owner = NAME("svc.test."),
				  .rdata = packed,
				  .rdata_len = sizeof packed,
				  .ttl_s = 60,
				  .type = A,
				  .rclass = TERN_CLASS_IN,
				  .rr_n = 1};
	struct tern_rrset denial = {.owner = (const uint8_t *)"\1a\4test",
				    .rdata = bitmap,
				    .rdata_len = sizeof bitmap,
				    .ttl_s = 60,
				    .type = TERN_TYPE_NSEC,
				    .rclass = TERN_CLASS_IN,
				    .rr_n = 1};
	struct cache_positive p = {.set = &made,
				   .proof = &denial,
				   .proof_n = 1,
				   .security = CACHE_SECURE,
				   .rank = CACHE_RANK_AUTH_ANSWER,
				   .ede = TERN_EDE_NONE};

	(void)state;
	store("www.test. 60 HTTPS 1 svc.test.", CACHE_UNCHECKED);
	cache_put_positive(world.resolver.cache, &p, world.now.boot_s);
	ask_cached("www.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 0);
}

static void expired_data_stay_away(void **state)
{
	(void)state;
	store("www.test. 60 HTTPS 1 svc.test.", CACHE_UNCHECKED);
	store("svc.test. 10 A 192.0.2.1", CACHE_UNCHECKED);
	pass_ms(11000);
	ask_cached("www.test.", TERN_TYPE_HTTPS);
	assert_int_equal(world.job.result.additional.n, 0);
}

static void with_own(const char *const *records, const char *name)
{
	struct zone_store *s = zone_store_create();
	struct zone_fault fault;
	const char *why;

	assert_non_null(s);
	for (; *records; records++)
		assert_true(zone_store_add(s, *records, NULL, 0, &why));
	assert_true(zone_store_seal(s, &fault));
	world.rules.zones = s;
	/* Public data of the target have nothing to say. */
	store("dns.test. 60 A 192.0.2.77", CACHE_UNCHECKED);
	ask_cached(name, TERN_TYPE_SVCB);
	world.rules.zones = NULL;
	zone_store_destroy(s);
}

static const struct kept *beside(uint16_t type)
{
	return kept_find(&world.job.result.additional, NAME("dns.test."), type);
}

static void hints_of_our_own_are_addresses(void **state)
{
	static const char *const records[] = {
		"_dns.test. 300 SVCB 1 dns.test. alpn=dot ipv4hint=192.0.2.1,192.0.2.2 port=853",
		"_dns.test. 300 SVCB 2 dns.test. alpn=h2 ipv6hint=2001:db8::1 dohpath=/q{?dns}",
		"_dns.test. 300 SVCB 3 .", NULL};

	(void)state;
	with_own(records, "_dns.test.");
	assert_int_equal(world.job.result.additional.n, 2);
	assert_int_equal(world.job.result.additional_ttl_s, 300);
	assert_int_equal(beside(A)->set.rr_n, 2);
	assert_memory_equal(beside(A)->set.rdata, "\0\4\300\0\2\1\0\4\300\0\2\2", 12);
	assert_int_equal(beside(AAAA)->set.rr_n, 1);
	assert_int_equal(beside(AAAA)->set.rdata_len, 18);
}

static void what_is_written_of_the_target_wins(void **state)
{
	static const char *const records[] = {
		"_dns.test. 300 SVCB 1 dns.test. alpn=dot ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
		"dns.test. 60 A 192.0.2.9", NULL};

	(void)state;
	with_own(records, "_dns.test.");
	assert_int_equal(beside(A)->set.rr_n, 1);
	assert_memory_equal(beside(A)->set.rdata, "\0\4\300\0\2\11", 6);
	assert_non_null(beside(AAAA));
}

static void other_records_of_our_own_bring_no_hints(void **state)
{
	static const char *const records[] = {"svc.test. 300 SVCB 1 dns.test. ipv4hint=192.0.2.1",
					      NULL};

	(void)state;
	with_own(records, "svc.test.");
	assert_memory_equal(beside(A)->set.rdata, "\0\4\300\0\2\115", 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_of_the_target),
		TEST(the_dot_is_the_owner_itself_but_nothing_of_an_alias),
		TEST(the_chain_of_aliases),
		TEST(an_alias_to_a_name_with_addresses_only),
		TEST(an_alias_at_the_target),
		TEST(aliases_in_a_ring_end),
		TEST(a_long_chain_is_cut),
		TEST(other_types_bring_nothing),
		TEST(as_trusted_as_the_answer),
		TEST(what_a_wildcard_made_is_left_out),
		TEST(expired_data_stay_away),
		TEST(hints_of_our_own_are_addresses),
		TEST(what_is_written_of_the_target_wins),
		TEST(other_records_of_our_own_bring_no_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
