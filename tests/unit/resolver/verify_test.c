/*
 * verify_test.c - what wrong signatures may cost, and that good ones are found among them.
 */
#include "helpers.h"

#include "../dnssec/signer.h"

#include "resolver/machine.h"
#include "resolver/verify.h"

#define ZONE "zone."
#define NOW  1700000000u

static struct signer signer;
static struct packed keys, set;

/* An RRSIG over the set; the last octet of the signature is spoiled for @p wrong. */
static size_t make_rrsig(uint8_t *out, uint16_t tag, bool wrong)
{
	static uint8_t data[2000];
	const uint8_t *zone = wire(ZONE);
	struct rrsig sig;
	size_t len = 18;

	put_u16(out, TERN_TYPE_A);
	out[2] = signer.algorithm;
	out[3] = 2;
	put_u32(out + 4, 3600);
	put_u32(out + 8, NOW + 1000);
	put_u32(out + 12, NOW - 1000);
	put_u16(out + 16, tag);
	len += tern_name_copy(out + len, zone);
	out[len] = 0;
	assert_true(rrsig_read(out, len + 1, &sig));
	size_t signed_len = rrsig_signed_data(&set.set, &sig, data, sizeof data);

	len += sign(&signer, data, signed_len, out + len);
	out[len - 1] ^= wrong;
	return len;
}

/* www.zone. A with these signatures in order: "w" wrong, "g" good, "o" of another tag. */
static void set_with(const char *signatures)
{
	uint8_t rrsig[1200];

	pack_one(&set, "www." ZONE, TERN_TYPE_A, "192.0.2.1");
	for (const char *s = signatures; *s; s++) {
		uint16_t tag = (uint16_t)(signer.key.tag + (*s == 'o'));
		size_t len = make_rrsig(rrsig, tag, *s == 'w');

		pack_octets(&set, rrsig, len);
		set.set.rr_n--;
		set.set.sig_n++;
	}
}

static bool holds(void)
{
	struct verified v;

	return verify_set(&world.job, &set.set, wire(ZONE), &keys.set, &v);
}

static unsigned left(enum budget_kind kind)
{
	return world.job.budget.left[kind];
}

static int open_all(void **state)
{
	assert_int_equal(world_open(state), 0);
	world.job.resolver = &world.resolver;
	world.job.now = &world.now;
	budget_init(&world.job.budget);
	signer_init(&signer, DNSSEC_ECDSAP256);
	memset(&keys, 0, sizeof keys);
	pack_begin(&keys, ZONE, TERN_TYPE_DNSKEY);
	pack_octets(&keys, signer.key.rdata, signer.key.rdata_len);
	return 0;
}

static int close_all(void **state)
{
	signer_fini(&signer);
	return world_close(state);
}

static void test_any_good_one_will_do(void **state)
{
	(void)state;
	set_with("g");
	assert_true(holds());
	set_with("wwwg");
	assert_true(holds());
	assert_int_equal(left(BUDGET_WRONG), BUDGET_WRONG_MAX - 3);
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - 5);
	/* Those that can't be ours cost nothing. */
	set_with("ooooooog");
	assert_true(holds());
	assert_int_equal(left(BUDGET_WRONG), BUDGET_WRONG_MAX - 3);
	assert_true(verify_may_go_on(&world.job));
}

static void test_four_wrong_ones_of_a_set(void **state)
{
	(void)state;
	set_with("wwwwg");
	assert_false(holds());
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - VERIFY_FAILURES_MAX);
	set_with("oooooooog"); /* eight are looked at */
	assert_false(holds());
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - VERIFY_FAILURES_MAX);
}

static void test_eight_wrong_ones_of_a_question(void **state)
{
	(void)state;
	set_with("wwwwwwww");
	for (unsigned i = 0; i < 5; i++)
		assert_false(holds());
	assert_int_equal(left(BUDGET_WRONG), 0);
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - BUDGET_WRONG_MAX);
	assert_false(verify_may_go_on(&world.job));
	assert_string_equal(budget_exhausted_text(&world.job.budget), "too many wrong signatures");
	/* Then a good one is not tried either. */
	set_with("g");
	assert_false(holds());
}

/* Two keys of one tag are tried per signature, however many there are. */
static void test_colliding_keys(void **state)
{
	uint8_t rdata[1100];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		memcpy(rdata, signer.key.rdata, signer.key.rdata_len);
		/* Words may change places: the tag is their sum. */
		memcpy(rdata + 4, signer.key.rdata + 6 + 2 * i, 2);
		memcpy(rdata + 6 + 2 * i, signer.key.rdata + 4, 2);
		pack_octets(&keys, rdata, signer.key.rdata_len);
	}
	set_with("w");
	assert_false(holds());
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - VERIFY_KEYS_MAX);
	set_with("ww");
	assert_false(holds());
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX - 3 * VERIFY_KEYS_MAX);
}

/* A key that may not sign zones says so (RFC 8914 4.12). */
static void test_key_without_zone_flag(void **state)
{
	uint8_t rdata[1100];
	struct dnskey key;

	(void)state;
	memcpy(rdata, signer.key.rdata, signer.key.rdata_len);
	rdata[0] = 0;
	assert_true(dnskey_read(rdata, signer.key.rdata_len, &key));
	signer.key = key;
	pack_begin(&keys, ZONE, TERN_TYPE_DNSKEY);
	pack_octets(&keys, rdata, key.rdata_len);
	set_with("g");
	assert_false(holds());
	assert_int_equal(world.job.why_ede, TERN_EDE_NO_ZONE_KEY_BIT);
	assert_int_equal(left(BUDGET_VERIFY), BUDGET_VERIFY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_good_one_will_do, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_four_wrong_ones_of_a_set, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_eight_wrong_ones_of_a_question, open_all,
						close_all),
		cmocka_unit_test_setup_teardown(test_colliding_keys, open_all, close_all),
		cmocka_unit_test_setup_teardown(test_key_without_zone_flag, open_all, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
