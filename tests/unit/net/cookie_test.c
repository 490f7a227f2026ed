/*
 * cookie_test.c - server cookies (RFC 9018 4): good ones, old ones, others' ones.
 */
#include "helpers.h"

#include "net/cookie.h"

#define NOW_S 1700000000u

static const struct hash_key secret = {1, 2};
static const uint8_t client_cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void fresh_cookie(uint8_t cookie[COOKIE_LEN], const struct address *client)
{
	cookie_make(&secret, client_cookie, client, NOW_S, cookie);
}

static void layout(void **state)
{
	struct address client = address("192.0.2.1@5000");
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	fresh_cookie(cookie, &client);
	assert_memory_equal(cookie, client_cookie, 8);
	assert_memory_equal(cookie + 8, "\1\0\0\0", 4); /* version, reserved */
	assert_int_equal(get_u32(cookie + 12), NOW_S);
}

static void age(void **state)
{
	struct address client = address("192.0.2.1@5000");
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	fresh_cookie(cookie, &client);
	assert_true(cookie_is_valid(&secret, cookie, &client, NOW_S));
	assert_true(cookie_is_valid(&secret, cookie, &client, NOW_S + COOKIE_LIFE_S));
	assert_false(cookie_is_valid(&secret, cookie, &client, NOW_S + COOKIE_LIFE_S + 1));
	assert_true(cookie_is_valid(&secret, cookie, &client, NOW_S - COOKIE_FUTURE_S));
	assert_false(cookie_is_valid(&secret, cookie, &client, NOW_S - COOKIE_FUTURE_S - 1));
	assert_false(cookie_is_valid(&secret, cookie, &client, NOW_S + 0x80000000u));
}

/* Seconds count modulo 2^32 (RFC 1982, as RFC 9018 4.3 says). */
static void age_around_the_end_of_32_bits(void **state)
{
	struct address client = address("192.0.2.1@5000");
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	cookie_make(&secret, client_cookie, &client, UINT32_MAX - 9, cookie);
	assert_true(cookie_is_valid(&secret, cookie, &client, 100));
	assert_false(cookie_is_valid(&secret, cookie, &client, COOKIE_LIFE_S));
	cookie_make(&secret, client_cookie, &client, 5, cookie);
	assert_true(cookie_is_valid(&secret, cookie, &client, UINT32_MAX - 9));
	assert_false(cookie_is_valid(&secret, cookie, &client, UINT32_MAX - COOKIE_FUTURE_S));
}

static void others_cookies(void **state)
{
	struct address client = address("192.0.2.1@5000");
	struct address other = address("192.0.2.2@5000"), port = address("192.0.2.1@6000");
	struct address family = client;
	struct hash_key changed = {1, 3};
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	family.family = 6;
	fresh_cookie(cookie, &client);
	assert_false(cookie_is_valid(&secret, cookie, &other, NOW_S));
	assert_false(cookie_is_valid(&secret, cookie, &family, NOW_S));
	assert_false(cookie_is_valid(&changed, cookie, &client, NOW_S));
	/* A client may come from another port each time. */
	assert_true(cookie_is_valid(&secret, cookie, &port, NOW_S));
}

static void every_bit_counts(void **state)
{
	struct address client = address("2001:db8::1@5000");
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	fresh_cookie(cookie, &client);
	assert_true(cookie_is_valid(&secret, cookie, &client, NOW_S));
	for (unsigned bit = 0; bit < 8 * COOKIE_LEN; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(cookie_is_valid(&secret, cookie, &client, NOW_S));
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(age),
		cmocka_unit_test(age_around_the_end_of_32_bits),
		cmocka_unit_test(others_cookies),
		cmocka_unit_test(every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
