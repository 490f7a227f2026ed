/*
 * hash_test.c - SipHash-1-3 against the paper.
 *
 * A plain SipHash-c-d, written from the paper's text (Aumasson, Bernstein:
 * "SipHash: a fast short-input PRF", 2012), first gives the paper's own vector
 * for 2-4 and then says what 1-3 has to be.
 */
#include "../test.h"

#include <string.h>

#include "base/hash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return (x << bits) + (x >> (64 - bits));
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13);
	s->v1 ^= s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16);
	s->v3 ^= s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21);
	s->v3 ^= s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17);
	s->v1 ^= s->v2;
	s->v2 = rotate(s->v2, 32);
}

/* Word @p i of the padded input, little-endian, octet by octet. */
static uint64_t sip_word(const uint8_t *in, size_t len, size_t i)
{
	uint64_t word = 0;

	for (size_t j = 0; j < 8; j++) {
		size_t at = 8 * i + j;
		uint64_t octet = at < len ? in[at] : 0;

		if (i == len / 8 && j == 7)
			octet = len % 256;
		word += octet << (8 * j);
	}
	return word;
}

static uint64_t sip_plain(unsigned c, unsigned d, uint64_t k0, uint64_t k1, const uint8_t *in,
			  size_t len)
{
	struct sip s = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};

	for (size_t i = 0; i <= len / 8; i++) {
		uint64_t word = sip_word(in, len, i);

		s.v3 ^= word;
		for (unsigned n = 0; n < c; n++)
			sip_round(&s);
		s.v0 ^= word;
	}
	s.v2 ^= 0xff;
	for (unsigned n = 0; n < d; n++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* Key 00 01 .. 0f and input 00 01 .. as in the paper's appendix. */
static const struct hash_key paper_key = {UINT64_C(0x0706050403020100),
					  UINT64_C(0x0f0e0d0c0b0a0908)};

static void the_plain_one_is_the_papers(void **state)
{
	uint8_t in[15];

	(void)state;
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	assert_true(sip_plain(2, 4, paper_key.k0, paper_key.k1, in, sizeof in) ==
		    UINT64_C(0xa129ca6149be45e5));
}

static void vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} known[] = {
		{0, UINT64_C(0xabac0158050fc4dc)},  {1, UINT64_C(0xc9f49bf37d57ca93)},
		{2, UINT64_C(0x82cb9b024dc7d44d)},  {3, UINT64_C(0x8bf80ab8e7ddf7fb)},
		{7, UINT64_C(0xd3927d989bb11140)},  {8, UINT64_C(0x369095118d299a8e)},
		{15, UINT64_C(0xd320d86d2a519956)}, {16, UINT64_C(0xcc4fdd1a7d908b66)},
		{63, UINT64_C(0x9d199062b7bbb3a8)}, {255, UINT64_C(0xf76214e3153c4a15)},
	};
	uint8_t in[255];

	(void)state;
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		assert_true(hash_bytes(&paper_key, 0, in, known[i].len) == known[i].hash);
}

static void random_inputs(void **state)
{
	uint64_t seed = 11;
	uint8_t in[600];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct hash_key key = {next_random(&seed), next_random(&seed)};
		uint64_t salt = random_under(&seed, 2) ? next_random(&seed) : 0;
		size_t len = random_under(&seed, round % 10 ? 64 : sizeof in);
		uint8_t *at = in + random_under(&seed, 8); /* any alignment */

		if (len + 8 > sizeof in)
			len -= 8;
		for (size_t i = 0; i < len; i++)
			at[i] = (uint8_t)next_random(&seed);
		assert_true(hash_bytes(&key, salt, at, len) ==
			    sip_plain(1, 3, key.k0 ^ salt, key.k1, at, len));
	}
}

static void key_salt_and_every_bit_count(void **state)
{
	static const uint8_t name[] = "\3www\7example\3com";
	struct hash_key key = {1, 2}, other = {1, 3};
	uint64_t hash = hash_bytes(&key, 0, name, sizeof name);

	(void)state;
	assert_true(hash != hash_bytes(&other, 0, name, sizeof name));
	assert_true(hash != hash_bytes(&key, 1, name, sizeof name));
	for (size_t len = 0; len < sizeof name; len++)
		assert_true(hash != hash_bytes(&key, 0, name, len));
	for (size_t bit = 0; bit < 8 * sizeof name; bit++) {
		uint8_t changed[sizeof name];

		memcpy(changed, name, sizeof name);
		changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(hash != hash_bytes(&key, 0, changed, sizeof changed));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plain_one_is_the_papers),
		cmocka_unit_test(vectors),
		cmocka_unit_test(random_inputs),
		cmocka_unit_test(key_salt_and_every_bit_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
