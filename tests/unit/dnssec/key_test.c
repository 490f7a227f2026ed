/*
 * key_test.c - DNSKEY and DS: fields, key tags, digests; the standards' examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/key.h"
#include "helpers.h"

static struct dnskey key_of(const char *text)
{
	size_t len = 0;
	const uint8_t *rdata = rdata_of(TERN_TYPE_DNSKEY, text, &len);
	struct dnskey key;

	assert_true(dnskey_read(rdata, len, &key));
	return key;
}

static struct ds ds_of(const char *text)
{
	size_t len = 0;
	const uint8_t *rdata = rdata_of(TERN_TYPE_DS, text, &len);
	struct ds ds;

	assert_true(ds_read(rdata, len, &ds));
	return ds;
}

static void test_key_tags_of_the_standards(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
		struct dnskey key = key_of(vectors[i].dnskey);

		assert_int_equal(key.tag, vectors[i].tag);
		assert_int_equal(key.algorithm, vectors[i].algorithm);
		assert_int_equal(key.protocol, 3);
		assert_int_equal(key.key_len + 4, key.rdata_len);
		assert_true(key.flags & DNSKEY_ZONE);
	}
}

static void test_digests_of_the_standards(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
		for (unsigned j = 0; j < 2 && vectors[i].ds[j]; j++) {
			struct dnskey key = key_of(vectors[i].dnskey);
			struct ds ds = ds_of(vectors[i].ds[j]);

			assert_true(ds_matches(&ds, wire(vectors[i].zone), &key));
			n++;
		}
	}
	assert_int_equal(n, 8);
}

/* What a DS says must all be true of the key. */
static void test_digests_that_do_not_match(void **state)
{
	const struct vector *v = &vectors[3];
	struct dnskey key = key_of(v->dnskey), other = key_of(vectors[4].dnskey);
	struct ds ds = ds_of(v->ds[0]);
	uint8_t digest[DNSSEC_DIGEST_MAX];

	(void)state;
	assert_true(ds_matches(&ds, wire("eXaMpLe.NeT"), &key));
	assert_false(ds_matches(&ds, wire("example.org"), &key));
	assert_false(ds_matches(&ds, wire("net"), &key));
	assert_false(ds_matches(&ds, wire(v->zone), &other));
	memcpy(digest, ds.digest, ds.digest_len);
	for (unsigned bit = 0; bit < ds.digest_len * 8u; bit++) {
		struct ds wrong = ds;

		digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
		wrong.digest = digest;
		assert_false(ds_matches(&wrong, wire(v->zone), &key));
		digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	struct ds wrong = ds;

	wrong.tag++;
	assert_false(ds_matches(&wrong, wire(v->zone), &key));
	wrong = ds;
	wrong.algorithm = DNSSEC_ECDSAP384;
	assert_false(ds_matches(&wrong, wire(v->zone), &key));
	wrong = ds;
	wrong.digest_len--;
	assert_false(ds_matches(&wrong, wire(v->zone), &key));
	for (unsigned type = 0; type < 256; type++) {
		wrong = ds;
		wrong.digest_type = (uint8_t)type;
		assert_true(ds_matches(&wrong, wire(v->zone), &key) == (type == DNSSEC_SHA256));
	}
}

static void test_short_rdata(void **state)
{
	static const uint8_t octets[] = {1, 0, 3, 13, 7};
	struct dnskey key;
	struct ds ds;

	(void)state;
	for (size_t len = 0; len < sizeof octets; len++) {
		assert_false(dnskey_read(octets, len, &key));
		assert_false(ds_read(octets, len, &ds));
	}
	assert_true(dnskey_read(octets, sizeof octets, &key));
	assert_int_equal(key.key_len, 1);
	assert_true(ds_read(octets, sizeof octets, &ds));
	assert_int_equal(ds.tag, 256);
	assert_int_equal(ds.algorithm, 3);
	assert_int_equal(ds.digest_type, 13);
	assert_int_equal(ds.digest_len, 1);
}

/* Appendix B adds octets in pairs; the last one may be alone, and the sum carries. */
static void test_key_tags_of_odd_lengths(void **state)
{
	uint8_t ones[1 << 10];
	struct dnskey key;

	(void)state;
	memset(ones, 0xff, sizeof ones);
	for (size_t len = 5; len < sizeof ones; len++) {
		uint32_t sum = 0;

		for (size_t i = 0; i < len; i++)
			sum += i % 2 ? 0xff : 0xff00;
		sum += sum / 0x10000;
		assert_true(dnskey_read(ones, len, &key));
		assert_int_equal(key.tag, sum % 0x10000);
	}
}

static void test_which_keys_sign_zones(void **state)
{
	static const struct {
		const char *text;
		bool signs;
	} keys[] = {
		{"256 3 13 AAAA", true},  {"257 3 13 AAAA", true},  {"0 3 13 AAAA", false},
		{"1 3 13 AAAA", false},   {"384 3 13 AAAA", false}, {"385 3 13 AAAA", false},
		{"256 2 13 AAAA", false}, {"256 0 13 AAAA", false}, {"65407 3 13 AAAA", true},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		struct dnskey key = key_of(keys[i].text);

		assert_true(dnskey_signs_zones(&key) == keys[i].signs);
	}
}

static void test_what_can_be_checked(void **state)
{
	static const uint8_t algorithms[] = {5, 7, 8, 10, 13, 14, 15, 16};
	bool known[256] = {false};

	(void)state;
	for (unsigned i = 0; i < sizeof algorithms; i++)
		known[algorithms[i]] = true;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t a = (uint8_t)i;
		bool sha1 = i == 5 || i == 7;

		assert_true(dnssec_algorithm_is_known(a, true) == known[i]);
		assert_true(dnssec_algorithm_is_known(a, false) == (known[i] && !sha1));
		assert_true(dnssec_digest_is_known(a, true) == (i == 1 || i == 2 || i == 4));
		assert_true(dnssec_digest_is_known(a, false) == (i == 2 || i == 4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_tags_of_the_standards),
		cmocka_unit_test(test_digests_of_the_standards),
		cmocka_unit_test(test_digests_that_do_not_match),
		cmocka_unit_test(test_short_rdata),
		cmocka_unit_test(test_key_tags_of_odd_lengths),
		cmocka_unit_test(test_which_keys_sign_zones),
		cmocka_unit_test(test_what_can_be_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
