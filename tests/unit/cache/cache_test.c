/*
 * cache_test.c - single properties: ranks, security, bounds, failures.
 *
 * What all operations do together is model_test.c's business.
 */
#include "helpers.h"

static struct cache *cache;

static int open_cache(void **state)
{
	(void)state;
	cache = new_cache(16 << 20, 100);
	return 0;
}

static int close_cache(void **state)
{
	(void)state;
	end_cache(cache);
	return 0;
}

static void put_value(const char *name, uint32_t value, enum cache_rank rank,
		      enum cache_security security, uint32_t now_s)
{
	struct one_set s;

	make_set(&s, NAME(name), TERN_TYPE_TXT, 100, value, 4);
	cache_put(cache, &s.set, rank, security, now_s);
}

static uint32_t get_value(const char *name, uint32_t now_s)
{
	struct cache_hit hit;

	return cache_get(cache, NAME(name), TERN_TYPE_TXT, now_s, false, &hit) == CACHE_POSITIVE
		       ? value_of(&hit.set)
		       : 0;
}

static void better_data_stays(void **state)
{
	(void)state;
	put_value("x.", 1, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, 10);
	put_value("x.", 2, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 11);
	assert_int_equal(get_value("x.", 11), 1);
	put_value("x.", 3, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED, 12);
	assert_int_equal(get_value("x.", 12), 3);
	put_value("x.", 4, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 112); /* the other one has expired */
	assert_int_equal(get_value("x.", 112), 4);
	put_value("x.", 5, CACHE_RANK_ANSWER, CACHE_SECURE, 113);
	put_value("x.", 6, CACHE_RANK_AUTH_ANSWER, CACHE_INSECURE, 114);
	assert_int_equal(get_value("x.", 114), 5);
	put_value("x.", 7, CACHE_RANK_AUTH_ANSWER, CACHE_INSECURE, 213);
	assert_int_equal(get_value("x.", 213), 7);
}

static void ttl_0_is_not_kept(void **state)
{
	struct cache_negative negative = {.name = NAME("zero."), .nxdomain = true};
	struct cache_delegation delegation = {
		.zone = NAME("zero."), .body = NAME("zero."), .body_len = 6};
	struct cache_counts before, after;

	(void)state;
	cache_count(cache, &before);
	put_a(cache, NAME("zero."), 1, 0, 10);
	cache_put_negative(cache, &negative, 10);
	cache_put_delegation(cache, &delegation, 10);
	cache_count(cache, &after);
	assert_int_equal(after.entries, before.entries);
	assert_false(has_a(cache, NAME("zero."), 1, 10));
}

/* Why something is insecure stays with it, and with nothing else. */
static void reasons_are_kept(void **state)
{
	struct cache_negative negative = {.name = NAME("none."),
					  .nxdomain = true,
					  .ttl_s = 100,
					  .ede = TERN_EDE_NSEC3_ITERATIONS};
	struct cache_hit hit;
	struct one_set s;

	(void)state;
	make_set(&s, NAME("why."), TERN_TYPE_TXT, 100, 1, 4);
	struct cache_positive why = {.set = &s.set,
				     .security = CACHE_INSECURE,
				     .rank = CACHE_RANK_ANSWER,
				     .ede = TERN_EDE_UNSUPPORTED_DNSKEY_ALG};

	cache_put_positive(cache, &why, 1);
	assert_true(cache_get_set(cache, NAME("why."), TERN_TYPE_TXT, CACHE_ANY, 1, &hit));
	assert_int_equal(hit.security, CACHE_INSECURE);
	assert_int_equal(hit.ede, TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
	why.ede = TERN_EDE_NONE;
	cache_put_positive(cache, &why, 2);
	assert_true(cache_get_set(cache, NAME("why."), TERN_TYPE_TXT, CACHE_ANY, 2, &hit));
	assert_int_equal(hit.ede, TERN_EDE_NONE);
	cache_put(cache, &s.set, CACHE_RANK_ANSWER, CACHE_INSECURE, 3);
	assert_true(cache_get_set(cache, NAME("why."), TERN_TYPE_TXT, CACHE_ANY, 3, &hit));
	assert_int_equal(hit.ede, TERN_EDE_NONE);
	for (unsigned i = CACHE_UNCHECKED; i <= CACHE_SECURE; i++) {
		negative.security = (enum cache_security)i;
		cache_put_negative(cache, &negative, 200 * i);
		assert_int_equal(cache_get(cache, NAME("none."), TERN_TYPE_A, 200 * i, false, &hit),
				 CACHE_NXDOMAIN);
		assert_int_equal(hit.ede,
				 i == CACHE_INSECURE ? TERN_EDE_NSEC3_ITERATIONS : TERN_EDE_NONE);
	}
}

static void many_records_and_signatures_come_back(void **state)
{
	static uint8_t packed[64 * 6];
	struct tern_rrset set = {.owner = NAME("many."),
				 .rdata = packed,
				 .rdata_len = sizeof packed,
				 .ttl_s = 10,
				 .type = TERN_TYPE_A,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 50,
				 .sig_n = 14};
	struct cache_hit hit;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		put_u16(packed + 6 * i, 4);
		put_u32(packed + 6 * i + 2, i);
	}
	cache_put(cache, &set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	assert_int_equal(cache_get(cache, NAME("many."), TERN_TYPE_A, 1, false, &hit),
			 CACHE_POSITIVE);
	assert_int_equal(hit.set.rr_n, 50);
	assert_int_equal(hit.set.sig_n, 14);
	assert_int_equal(hit.set.rclass, TERN_CLASS_IN);
	assert_int_equal(hit.set.rdata_len, sizeof packed);
	assert_memory_equal(hit.set.rdata, packed, sizeof packed);
}

/* One set must not push everything else out of its shard. */
static void a_giant_is_refused(void **state)
{
	static uint8_t giant[1 << 20];
	struct tern_rrset set = {.owner = NAME("giant."),
				 .rdata = giant,
				 .rdata_len = sizeof giant,
				 .ttl_s = 10,
				 .type = TERN_TYPE_A,
				 .rr_n = 1};
	struct cache_hit hit;

	(void)state;
	cache_put(cache, &set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	assert_int_equal(cache_get(cache, NAME("giant."), TERN_TYPE_A, 1, true, &hit), CACHE_MISS);
	set.rdata_len = 65000;
	cache_put(cache, &set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	assert_int_equal(cache_get(cache, NAME("giant."), TERN_TYPE_A, 1, true, &hit),
			 CACHE_POSITIVE);
}

static void long_names_and_the_root(void **state)
{
	uint8_t longest[TERN_NAME_MAX];

	(void)state;
	for (unsigned i = 0; i < 127; i++) {
		longest[2 * i] = 1;
		longest[2 * i + 1] = 'a';
	}
	longest[254] = 0;
	put_a(cache, longest, 1, 10, 1);
	put_a(cache, tern_name_root, 2, 10, 1);
	assert_true(has_a(cache, longest, 1, 1));
	assert_true(has_a(cache, tern_name_root, 2, 1));
	longest[1] = 'b';
	assert_false(has_a(cache, longest, 1, 1));
}

/* What is known of one type, or as a failure or delegation, is not found as another. */
static void kinds_are_apart(void **state)
{
	static const uint16_t types[] = {0, 1, 0x00ff, 0x0100, 0xfffe, 0xffff};
	struct cache_failure failure;
	struct cache_delegation d;
	struct cache_hit hit;
	struct one_set s;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		make_set(&s, NAME("kind."), types[i], 10, 100 + i, 4);
		cache_put(cache, &s.set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		assert_int_equal(cache_get(cache, NAME("kind."), types[i], 1, false, &hit),
				 CACHE_POSITIVE);
		assert_int_equal(value_of(&hit.set), 100 + i);
		assert_false(cache_get_failure(cache, NAME("kind."), types[i], 1, &failure));
	}
	assert_false(cache_get_delegation(cache, NAME("kind."), 1, &d));
	assert_int_equal(cache_get(cache, NAME("kind."), 2, 1, false, &hit), CACHE_MISS);
}

/* Walks over ancestors start there, so nothing may be deeper than told. */
static void depth_of_a_kind_is_known(void **state)
{
	struct cache_delegation d = {.ttl_s = 10, .body = NAME("x."), .body_len = 3};
	struct one_set s;

	(void)state;
	assert_int_equal(cache_dname_depth(cache), 0);
	make_set(&s, NAME("a.b.c."), TERN_TYPE_CNAME, 10, 1, 4);
	cache_put(cache, &s.set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	assert_int_equal(cache_dname_depth(cache), 0);
	make_set(&s, NAME("b.c."), TERN_TYPE_DNAME, 10, 1, 4);
	cache_put(cache, &s.set, CACHE_RANK_ANSWER, CACHE_UNCHECKED, 1);
	assert_int_equal(cache_dname_depth(cache), 3);
	make_set(&s, NAME("c."), TERN_TYPE_DNAME, 10, 1, 4);
	cache_put(cache, &s.set, CACHE_RANK_ANSWER, CACHE_INSECURE, 1);
	assert_int_equal(cache_dname_depth(cache), 3);
	d.zone = NAME("one.two.three.four.");
	cache_put_delegation(cache, &d, 1);
	assert_int_equal(cache_cut_depth(cache), 5);
	d.zone = NAME("four.");
	cache_put_delegation(cache, &d, 1);
	assert_int_equal(cache_cut_depth(cache), 5);
}

/* --- failures --------------------------------------------------------------------- */

static uint32_t failure_ttl(uint32_t now_s)
{
	struct cache_failure f;

	return cache_get_failure(cache, NAME("fails."), TERN_TYPE_A, now_s, &f) ? f.ttl_s : 0;
}

static void fail_at(uint32_t now_s, uint32_t max_s)
{
	struct cache_failure f = {
		.ede = TERN_EDE_OTHER, .text = "because", .text_len = 7, .ttl_s = max_s};

	cache_put_failure(cache, NAME("fails."), TERN_TYPE_A, &f, now_s);
}

static void failures_double(void **state)
{
	uint32_t now_s = 1000;

	(void)state;
	for (uint32_t ttl_s = 5; ttl_s < 300; ttl_s *= 2) {
		fail_at(now_s, CACHE_FAILURE_MAX_S);
		assert_int_equal(failure_ttl(now_s), ttl_s);
		fail_at(now_s + ttl_s - 1, CACHE_FAILURE_MAX_S); /* still known: no news */
		assert_int_equal(failure_ttl(now_s + ttl_s - 1), 1);
		now_s += ttl_s;
		assert_int_equal(failure_ttl(now_s), 0);
	}
	fail_at(now_s, CACHE_FAILURE_MAX_S);
	assert_int_equal(failure_ttl(now_s), 300);
	fail_at(now_s + 300, CACHE_FAILURE_MAX_S);
	assert_int_equal(failure_ttl(now_s + 300), 300);
	/* After a long peace it starts over. */
	fail_at(now_s + 300 + 901, CACHE_FAILURE_MAX_S);
	assert_int_equal(failure_ttl(now_s + 300 + 901), 5);
}

static void a_failure_has_an_upper_bound_and_a_text(void **state)
{
	struct cache_failure f;
	char text[2 * CACHE_FAILURE_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	f = (struct cache_failure){.ede = TERN_EDE_NETWORK_ERROR,
				   .text = text,
				   .text_len = sizeof text - 1,
				   .ttl_s = 1};
	cache_put_failure(cache, NAME("Text."), 0, &f, 50);
	assert_true(cache_get_failure(cache, NAME("text."), 0, 50, &f));
	assert_int_equal(f.ttl_s, 1);
	assert_int_equal(f.ede, TERN_EDE_NETWORK_ERROR);
	assert_int_equal(f.text_len, CACHE_FAILURE_TEXT_MAX);
	assert_memory_equal(f.text, text, f.text_len);
	assert_false(cache_get_failure(cache, NAME("text."), 0, 51, &f));
}

/* Having no data is worse than having them unproven. */
static void the_worse_failure_stays(void **state)
{
	struct cache_failure unproven = {.unproven = true, .text = "a", .text_len = 1, .ttl_s = 9};
	struct cache_failure no_data = {.text = "b", .text_len = 1, .ttl_s = 9};
	struct cache_failure f;

	(void)state;
	cache_put_failure(cache, NAME("x."), TERN_TYPE_A, &unproven, 50);
	assert_true(cache_get_failure(cache, NAME("x."), TERN_TYPE_A, 50, &f));
	assert_true(f.unproven);
	cache_put_failure(cache, NAME("x."), TERN_TYPE_A, &no_data, 50);
	assert_true(cache_get_failure(cache, NAME("x."), TERN_TYPE_A, 50, &f));
	assert_false(f.unproven);
	cache_put_failure(cache, NAME("x."), TERN_TYPE_A, &unproven, 50);
	assert_true(cache_get_failure(cache, NAME("x."), TERN_TYPE_A, 50, &f));
	assert_false(f.unproven);
}

/* --- proofs ------------------------------------------------------------------------ */

static void a_proof_has_several_sets(void **state)
{
	struct one_set soa, nsec;
	struct tern_rrset proof[2];
	struct tern_rrset set;
	struct cache_hit hit;

	(void)state;
	proof[0] = *make_set(&soa, NAME("zone."), TERN_TYPE_SOA, 60, 1, 30);
	proof[1] = *make_set(&nsec, NAME("A.zone."), TERN_TYPE_NSEC, 60, 2, 40);
	struct cache_negative negative = {.name = NAME("b.ZONE."),
					  .type = TERN_TYPE_MX,
					  .nxdomain = true,
					  .ttl_s = 60,
					  .proof = proof,
					  .proof_n = 2,
					  .rank = CACHE_RANK_AUTH_ANSWER};

	cache_put_negative(cache, &negative, 5);
	assert_int_equal(cache_get(cache, NAME("b.zone."), TERN_TYPE_AAAA, 5, false, &hit),
			 CACHE_NXDOMAIN);
	const uint8_t *at = hit.proof, *end = at + hit.proof_len;

	assert_true(cache_proof_next(&at, end, 9, &set));
	assert_int_equal(value_of(&set), 1);
	assert_true(cache_proof_next(&at, end, 9, &set));
	assert_int_equal(set.type, TERN_TYPE_NSEC);
	assert_int_equal(set.rdata_len, 42);
	assert_true(tern_name_equal(set.owner, NAME("a.zone.")));
	assert_false(cache_proof_next(&at, end, 9, &set));
	/* Without proof there is nothing to walk. */
	negative.name = NAME("c.zone.");
	negative.proof_n = 0;
	cache_put_negative(cache, &negative, 5);
	assert_int_equal(cache_get(cache, NAME("c.zone."), TERN_TYPE_A, 5, false, &hit),
			 CACHE_NXDOMAIN);
	assert_int_equal(hit.proof_len, 0);
}

/* RFC 4035 3.1.3.4: who may speak for one type only denies no other. */
static void a_name_denied_for_one_type(void **state)
{
	struct cache_negative negative = {.name = NAME("b.zone."),
					  .type = 43,
					  .nxdomain = true,
					  .of_type = true,
					  .ttl_s = 60};
	struct cache_hit hit;

	(void)state;
	cache_put_negative(cache, &negative, 5);
	assert_int_equal(cache_get(cache, NAME("b.zone."), 43, 5, false, &hit), CACHE_NXDOMAIN);
	assert_int_equal(cache_get(cache, NAME("b.zone."), 1, 5, false, &hit), CACHE_MISS);
	assert_false(cache_get_set(cache, NAME("b.zone."), 43, CACHE_ANY, 5, &hit));
	cache_drop(cache, NAME("b.zone."), 43);
	assert_int_equal(cache_get(cache, NAME("b.zone."), 43, 5, false, &hit), CACHE_MISS);
}

/* What a wildcard made, and why it is right, come and go together. */
static void a_set_with_its_proof(void **state)
{
	struct one_set nsec;
	static uint8_t packed[] = {0, 4, 1, 2, 3, 4, 0, 0, 0, 3, 7, 8, 9};
	struct tern_rrset found, proof,
		set = {.owner = NAME("x.zone."),
		       .rdata = packed,
		       .rdata_len = sizeof packed,
		       .ttl_s = 100,
		       .type = TERN_TYPE_A,
		       .rclass = TERN_CLASS_IN,
		       .rr_n = 2,
		       .sig_n = 1};
	struct cache_positive p = {.set = &set, .proof = &proof, .proof_n = 1};
	struct cache_hit hit;

	(void)state;
	proof = *make_set(&nsec, NAME("w.zone."), TERN_TYPE_NSEC, 60, 9, 40);
	cache_put_positive(cache, &p, 5);
	assert_int_equal(cache_get(cache, NAME("x.zone."), TERN_TYPE_A, 64, false, &hit),
			 CACHE_POSITIVE);
	assert_int_equal(hit.ttl_s, 1);
	assert_int_equal(hit.set.rdata_len, sizeof packed);
	assert_memory_equal(hit.set.rdata, packed, sizeof packed);
	const uint8_t *at = hit.proof, *end = at + hit.proof_len;

	assert_true(cache_proof_next(&at, end, 1, &found));
	assert_int_equal(value_of(&found), 9);
	assert_true(tern_name_equal(found.owner, NAME("w.zone.")));
	assert_false(cache_proof_next(&at, end, 1, &found));
	assert_false(cache_get_set(cache, NAME("x.zone."), TERN_TYPE_A, CACHE_ANY, 65, &hit));
	proof.ttl_s = 0; /* neither is kept */
	cache_put_positive(cache, &p, 100);
	assert_false(cache_get_set(cache, NAME("x.zone."), TERN_TYPE_A, CACHE_ANY, 100, &hit));
	put_a(cache, NAME("y.zone."), 1, 60, 5);
	assert_true(cache_get_set(cache, NAME("y.zone."), TERN_TYPE_A, CACHE_ANY, 5, &hit));
	assert_int_equal(hit.proof_len, 0);
}

/* Keyed differently the same names fall into other buckets. */
static void the_hash_is_keyed(void **state)
{
	struct answer_key key = {.name = NAME("key."), .name_len = 5, .type = TERN_TYPE_A};
	struct hash_key other = {1, 2};
	struct cache_options options = {.size = 1 << 20};
	struct cache *second = cache_create(&options, &other);

	(void)state;
	assert_non_null(second);
	assert_true(answer_hash(cache, &key) != answer_hash(second, &key));
	cache_destroy(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(better_data_stays),
		cmocka_unit_test(ttl_0_is_not_kept),
		cmocka_unit_test(reasons_are_kept),
		cmocka_unit_test(many_records_and_signatures_come_back),
		cmocka_unit_test(a_name_denied_for_one_type),
		cmocka_unit_test(a_set_with_its_proof),
		cmocka_unit_test(a_giant_is_refused),
		cmocka_unit_test(long_names_and_the_root),
		cmocka_unit_test(kinds_are_apart),
		cmocka_unit_test(depth_of_a_kind_is_known),
		cmocka_unit_test(failures_double),
		cmocka_unit_test(a_failure_has_an_upper_bound_and_a_text),
		cmocka_unit_test(the_worse_failure_stays),
		cmocka_unit_test(a_proof_has_several_sets),
		cmocka_unit_test(the_hash_is_keyed),
	};

	return cmocka_run_group_tests(tests, open_cache, close_cache);
}
