/*
 * crypto_test.c - one signature, one key: every algorithm, and every way to be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/crypto.h"
#include "signer.h"

static struct crypto *crypto;

static int setup(void **state)
{
	(void)state;
	crypto = crypto_create();
	return crypto ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	crypto_destroy(crypto);
	crypto_destroy(NULL);
	return 0;
}

static const uint8_t text[] = "what is signed";

/* In blocks of exactly their size, so that ASan sees overreads. */
static bool verify(const struct dnskey *key, const uint8_t *sig, size_t sig_len)
{
	uint8_t *copy = malloc(sig_len ? sig_len : 1);

	assert_non_null(copy);
	memcpy(copy, sig, sig_len);
	bool good = crypto_verify(crypto, key, copy, sig_len, text, sizeof text);

	free(copy);
	return good;
}

static void refuse_flipped_bits(const struct signer *s, uint8_t *sig, size_t len)
{
	for (size_t bit = 0; bit < len * 8; bit += 13) {
		sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(verify(&s->key, sig, len));
		sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(verify(&s->key, sig, len));
}

static void refuse_other_lengths(const struct signer *s, const uint8_t *sig, size_t len)
{
	uint8_t more[1100] = {0};

	memcpy(more, sig, len);
	for (size_t n = 0; n <= len + 8; n++)
		assert_true(verify(&s->key, more, n) == (n == len));
	/* Zeros in front don't make a longer one right. */
	memset(more, 0, sizeof more);
	memcpy(more + 1, sig, len);
	assert_false(verify(&s->key, more, len + 1));
}

static void refuse_other_keys(const struct signer *s, const uint8_t *sig, size_t len)
{
	struct signer other;
	uint8_t octets[1100];

	signer_init(&other, s->algorithm);
	assert_false(verify(&other.key, sig, len));
	signer_fini(&other);
	memcpy(octets, s->rdata, s->key.rdata_len);
	for (size_t bit = 32; bit < s->key.rdata_len * 8u; bit += 29) {
		struct dnskey key;

		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(dnskey_read(octets, s->key.rdata_len, &key));
		assert_false(verify(&key, sig, len));
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (uint16_t n = 5; n < s->key.rdata_len; n++) {
		struct dnskey key;

		assert_true(dnskey_read(octets, n, &key));
		assert_false(verify(&key, sig, len));
	}
	assert_true(verify(&s->key, sig, len));
}

static void test_every_algorithm(void **state)
{
	uint8_t sig[1024], zeros[1024] = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct signer s;

		signer_init(&s, algorithms[i]);
		size_t len = sign(&s, text, sizeof text, sig);

		assert_true(verify(&s.key, sig, len));
		assert_true(verify(&s.key, sig, len)); /* with the key kept from before */
		assert_false(crypto_verify(crypto, &s.key, sig, len, text, sizeof text - 1));
		assert_false(crypto_verify(crypto, &s.key, sig, len, text, 0));
		refuse_flipped_bits(&s, sig, len);
		refuse_other_lengths(&s, sig, len);
		refuse_other_keys(&s, sig, len);
		assert_false(verify(&s.key, zeros, len));
		memset(sig, 0xff, len);
		assert_false(verify(&s.key, sig, len));
		signer_fini(&s);
	}
}

/* r and s of few octets are put into DER with care. */
static void test_many_ecdsa_signatures(void **state)
{
	uint8_t sig[1024], data[4];

	(void)state;
	for (uint8_t a = DNSSEC_ECDSAP256; a <= DNSSEC_ECDSAP384; a++) {
		struct signer s;

		signer_init(&s, a);
		for (uint32_t i = 0; i < 600; i++) {
			put_u32(data, i);
			size_t len = sign(&s, data, sizeof data, sig);

			assert_true(crypto_verify(crypto, &s.key, sig, len, data, sizeof data));
		}
		signer_fini(&s);
	}
}

static void test_algorithms_nobody_knows(void **state)
{
	struct signer s;
	uint8_t sig[1024];

	(void)state;
	signer_init(&s, DNSSEC_ED25519);
	size_t len = sign(&s, text, sizeof text, sig);

	for (unsigned a = 0; a < 256; a++) {
		struct dnskey key;

		s.rdata[3] = (uint8_t)a;
		assert_true(dnskey_read(s.rdata, s.key.rdata_len, &key));
		assert_true(verify(&key, sig, len) == (a == DNSSEC_ED25519));
	}
	signer_fini(&s);
}

static struct dnskey rsa_key(uint8_t *rdata, const uint8_t *octets, size_t len)
{
	static const uint8_t head[] = {1, 0, 3, DNSSEC_RSASHA256};
	struct dnskey key;

	memcpy(rdata, head, sizeof head);
	memcpy(rdata + sizeof head, octets, len);
	assert_true(dnskey_read(rdata, sizeof head + len, &key));
	return key;
}

/* RFC 3110 2: the exponent's length in three octets says the same. */
static void test_rsa_long_exponent_form(void **state)
{
	uint8_t octets[1100], rdata[1200], sig[1024];
	struct signer s;

	(void)state;
	signer_init(&s, DNSSEC_RSASHA256);
	size_t len = sign(&s, text, sizeof text, sig);

	octets[0] = octets[1] = 0;
	memcpy(octets + 2, s.key.key, s.key.key_len);
	struct dnskey key = rsa_key(rdata, octets, s.key.key_len + 2u);

	assert_true(verify(&key, sig, len));
	signer_fini(&s);
}

static void test_rsa_keys_that_make_no_sense(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
		size_t modulus; /* octets of 0xc1 appended */
	} keys[] = {
		{"\0", 1, 0},
		{"\0\0\0", 3, 0},
		{"\0\0\0", 3, 128},
		{"\0\xff\xff", 3, 9},
		{"\x01\x03", 2, 0},
		{"\x01\x03", 2, 63},
		{"\x01\x03", 2, 513},
		{"\x01\x02", 2, 128},
		{"\xff\x03", 2, 128},
		{"\x01\0", 2, 128},
		{"\x09\x01\0\0\0\0\0\0\0\x01", 10, 128},
		{"\x80", 1, 127},
		{"\x01\x01", 2, 64},
	};
	uint8_t octets[1100], rdata[1200], sig[64] = {1};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		memcpy(octets, keys[i].octets, keys[i].len);
		memset(octets + keys[i].len, 0xc1, keys[i].modulus);
		struct dnskey key = rsa_key(rdata, octets, keys[i].len + keys[i].modulus);

		assert_false(verify(&key, sig, sizeof sig));
	}
}

/* Points that are not on the curve, and nothing at all. */
static void test_ecdsa_and_eddsa_keys_that_make_no_sense(void **state)
{
	uint8_t rdata[200], sig[200] = {1};

	(void)state;
	for (uint8_t a = DNSSEC_ECDSAP256; a <= DNSSEC_ED448; a++) {
		for (int fill = 0; fill < 256; fill += 255) {
			for (size_t len = 5; len < sizeof rdata; len++) {
				struct dnskey key;

				memset(rdata, fill, sizeof rdata);
				rdata[3] = a;
				assert_true(dnskey_read(rdata, len, &key));
				assert_false(verify(&key, sig, 64));
				assert_false(verify(&key, sig, 96));
				assert_false(verify(&key, sig, 114));
			}
		}
	}
}

/* Keys of one tag fall on one place of the store: each is still itself. */
static void test_keys_of_one_tag(void **state)
{
	struct signer s;
	uint8_t swapped[1100], sig[1024];
	struct dnskey other;

	(void)state;
	signer_init(&s, DNSSEC_ED25519);
	size_t len = sign(&s, text, sizeof text, sig);

	memcpy(swapped, s.rdata, s.key.rdata_len);
	swapped[4] = s.rdata[6]; /* a sum of pairs does not see their order */
	swapped[6] = s.rdata[4];
	swapped[5] = (uint8_t)(s.rdata[5] + 1); /* and is off by nothing when these differ */
	swapped[7] = (uint8_t)(s.rdata[7] - 1);
	assert_true(dnskey_read(swapped, s.key.rdata_len, &other));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(verify(&s.key, sig, len));
		assert_false(verify(&other, sig, len));
	}
	signer_fini(&s);
}

/* In about tenths of a millisecond: what decides when others have their turn. */
static void test_effort(void **state)
{
	static const struct {
		uint8_t algorithm;
		unsigned effort;
	} kinds[] = {{DNSSEC_RSASHA256, 1},
		     {DNSSEC_ECDSAP256, 1},
		     {DNSSEC_ED25519, 1},
		     {DNSSEC_ED448, 3},
		     {DNSSEC_ECDSAP384, 8}};
	static const uint8_t long_exponent[] = {1, 0, 3, DNSSEC_RSASHA256, 8, 1, 2, 3, 4, 5, 6, 7,
						9, 1, 1};
	struct dnskey key;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		struct signer s;

		signer_init(&s, kinds[i].algorithm);
		crypto_rest(crypto);
		assert_false(verify(&s.key, text, sizeof text));
		assert_int_equal(crypto_effort(crypto), kinds[i].effort);
		assert_false(verify(&s.key, text, sizeof text));
		assert_int_equal(crypto_effort(crypto), 2 * kinds[i].effort);
		signer_fini(&s);
	}
	crypto_tire(crypto);
	assert_int_equal(crypto_effort(crypto), CRYPTO_EFFORT_MAX);
	crypto_rest(crypto);
	assert_int_equal(crypto_effort(crypto), 0);
	assert_true(dnskey_read(long_exponent, sizeof long_exponent, &key));
	assert_false(verify(&key, text, sizeof text));
	assert_int_equal(crypto_effort(crypto), 3);
}

/* One check with another key each time; three, as a zone asked for once takes them. */
static void flood(unsigned keys_n)
{
	static uint32_t serial;
	uint8_t octets[36] = {1, 0, 3, DNSSEC_ED25519};
	struct dnskey key;

	for (unsigned i = 0; i < keys_n; i++) {
		put_u32(octets + 4, ++serial * 2654435761u);
		assert_true(dnskey_read(octets, sizeof octets, &key));
		for (unsigned use = 0; use < 3; use++)
			assert_false(verify(&key, octets, sizeof octets));
	}
}

static void test_a_key_used_often_survives_a_flood(void **state)
{
	struct signer s;

	(void)state;
	signer_init(&s, DNSSEC_ECDSAP256);
	/* Many, since each of the flood that meets it in its pair takes half away. */
	for (unsigned use = 0; use < 200; use++)
		assert_false(verify(&s.key, text, sizeof text));
	for (unsigned i = 0; i < 200; i++) {
		uint64_t before = crypto_parsed(crypto);

		/* Twice the pairs there are come by in eight rounds. */
		flood(64);
		assert_int_equal(crypto_parsed(crypto) - before, 64);
		for (unsigned use = 0; use < 8; use++)
			assert_false(verify(&s.key, text, sizeof text));
		assert_int_equal(crypto_parsed(crypto) - before, 64);
	}
	/* Used no more, it goes. */
	flood(20000);
	uint64_t before = crypto_parsed(crypto);

	assert_false(verify(&s.key, text, sizeof text));
	assert_int_equal(crypto_parsed(crypto) - before, 1);
	signer_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_algorithm),
		cmocka_unit_test(test_many_ecdsa_signatures),
		cmocka_unit_test(test_algorithms_nobody_knows),
		cmocka_unit_test(test_rsa_long_exponent_form),
		cmocka_unit_test(test_rsa_keys_that_make_no_sense),
		cmocka_unit_test(test_ecdsa_and_eddsa_keys_that_make_no_sense),
		cmocka_unit_test(test_keys_of_one_tag),
		cmocka_unit_test(test_effort),
		cmocka_unit_test(test_a_key_used_often_survives_a_flood),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
