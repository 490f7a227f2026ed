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

/* www.zone. A with these signatures in order: "w" wrong, "g" good, "o" of another tag. */
static void set_with(const char *signatures)
{
	pack_one(&set, "www." ZONE, TERN_TYPE_A, "192.0.2.1");
	pack_signatures(&set, &signer, wire(ZONE), NOW, signatures);
}

static bool holds(void)
{
	struct verified v;

	enum verify found = verify_set(&world.job, &set.set, wire(ZONE), &keys.set, &v);

	assert_int_not_equal(found, VERIFY_NOT_YET);
	return found == VERIFY_GOOD;
}

static unsigned left(enum budget_kind kind)
{
	return world.job.budget.left[kind];
}

static int open_with(void **state, uint8_t algorithm)
{
	assert_int_equal(world_open(state), 0);
	world.job.resolver = &world.resolver;
	world.job.rules = &world.rules;
	world.job.now = &world.now;
	budget_init(&world.job.budget);
	signer_init(&signer, algorithm);
	memset(&keys, 0, sizeof keys);
	pack_begin(&keys, ZONE, TERN_TYPE_DNSKEY);
	pack_octets(&keys, signer.key.rdata, signer.key.rdata_len);
	return 0;
}

static int open_all(void **state)
{
	return open_with(state, DNSSEC_ECDSAP256);
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

/* Four keys of one tag are tried per signature, however many there are. */
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
	assert_int_equal(left(BUDGET_VERIFY),
			 BUDGET_VERIFY_MAX - VERIFY_KEYS_MAX - VERIFY_FAILURES_MAX);
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

/* --- giving way ------------------------------------------------------------------------ */

/* One check of this kind is a turn's share. */
static int open_slow(void **state)
{
	return open_with(state, DNSSEC_ECDSAP384);
}

static unsigned checked(void)
{
	return BUDGET_VERIFY_MAX - left(BUDGET_VERIFY);
}

/* A set asked for until it is judged: turns taken, and what was found. */
static unsigned turns_of_set(enum verify *found)
{
	struct verified v;

	for (unsigned turns = 1;; turns++) {
		unsigned before = checked();

		*found = verify_set(&world.job, &set.set, wire(ZONE), &keys.set, &v);
		assert_in_range(checked() - before, 0, 1);
		if (*found != VERIFY_NOT_YET)
			return turns;
		assert_int_equal(checked() - before, 1);
		/* Without a rest nothing goes on, and nothing is paid for. */
		assert_int_equal(verify_set(&world.job, &set.set, wire(ZONE), &keys.set, &v),
				 VERIFY_NOT_YET);
		assert_int_equal(checked() - before, 1);
		crypto_rest(world.resolver.crypto);
	}
}

static void test_gives_way_inside_a_set(void **state)
{
	enum verify found;

	(void)state;
	set_with("wwwgw");
	assert_int_equal(turns_of_set(&found), 4);
	assert_int_equal(found, VERIFY_GOOD);
	assert_int_equal(checked(), 4);
	assert_int_equal(left(BUDGET_WRONG), BUDGET_WRONG_MAX - 3);
	crypto_rest(world.resolver.crypto);
	set_with("wwwwwwww");
	assert_int_equal(turns_of_set(&found), VERIFY_FAILURES_MAX);
	assert_int_equal(found, VERIFY_WRONG);
	assert_int_equal(checked(), 4 + VERIFY_FAILURES_MAX);
}

/* What was wrong over other data is checked again: only the set under way is remembered. */
static void test_wrong_checks_are_of_one_copy(void **state)
{
	static struct packed other;
	struct verified v;

	(void)state;
	set_with("ggw");
	other = set;
	other.set.rdata = other.octets;
	other.set.owner = other.owner;
	other.octets[2 + 3] ^= 1; /* the address */
	assert_int_equal(verify_set(&world.job, &other.set, wire(ZONE), &keys.set, &v),
			 VERIFY_NOT_YET);
	crypto_rest(world.resolver.crypto);
	assert_true(holds());
	assert_int_equal(checked(), 2);
}

/* The records of @p p, then signatures over it: "w" wrong, "g" good. */
static void reply_signed(const struct packed *p, const char *signatures)
{
	struct tern_builder b = begin_reply(AA, TERN_RCODE_NOERROR);
	struct tern_rdata_iter it = tern_rrset_rdatas(&p->set);
	struct tern_rdata rdata;
	uint8_t rrsig[1300];

	while (tern_rdata_next(&it, &rdata))
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, p->owner, p->set.type,
						 TERN_CLASS_IN, 300, rdata.octets,
						 (uint16_t)rdata.len),
				 TERN_OK);
	for (const char *s = signatures; *s; s++) {
		size_t len = sign_rrset(&signer, wire(ZONE), &p->set, NOW, rrsig);

		rrsig[len - 1] ^= *s == 'w';
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, p->owner, TERN_TYPE_RRSIG,
						 TERN_CLASS_IN, 300, rrsig, (uint16_t)len),
				 TERN_OK);
	}
	send_reply(&b);
}

/* What the worker does with one that gave way; returns how often. */
static unsigned resume_yielded(void)
{
	unsigned turns = 0;

	for (; !world.done && world.job.yielded; turns++) {
		unsigned before = checked();

		pass_ms(1);
		crypto_rest(world.resolver.crypto);
		world.done = job_resume(&world.job, NULL, &world.now);
		assert_int_equal(checked() - before, 1);
	}
	return turns;
}

static void trust_key_of(const char *zone)
{
	struct trust_anchor *a = &world.anchors.anchors[world.anchors.n++];

	a->type = TERN_TYPE_DNSKEY;
	a->rdata_len = signer.key.rdata_len;
	memcpy(a->rdata, signer.key.rdata, signer.key.rdata_len);
	tern_name_copy(a->zone, wire(zone));
}

static void know_signed_zone(void)
{
	trust_key_of(ZONE);
	know(ZONE, "ns." ZONE, "192.0.2.53", NULL);
	world.rules.resolver.validation = VALIDATION_ON;
}

/* A job gives way between two wrong signatures of one set, and checks as many in all. */
static void test_a_job_gives_way_inside_a_set(void **state)
{
	(void)state;
	know_signed_zone();
	set_with("");
	ask("www." ZONE, TERN_TYPE_A);
	reply_signed(&set, "wwwg");
	assert_asked("192.0.2.53", ZONE, TERN_TYPE_DNSKEY);
	reply_signed(&keys, "wwg");
	assert_false(world.done);
	assert_true(world.job.yielded);
	assert_int_equal(checked(), 1);
	assert_int_equal(resume_yielded(), 6);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(world.job.result.security, CACHE_SECURE);
	assert_int_equal(checked(), 7);
	assert_int_equal(left(BUDGET_WRONG), BUDGET_WRONG_MAX - 5);
}

/* Four wrong ones from each of the servers that are tried: eight in all, one a turn. */
static void test_a_job_that_only_meets_wrong_ones(void **state)
{
	(void)state;
	know_signed_zone();
	set_with("");
	ask("www." ZONE, TERN_TYPE_A);
	reply_signed(&set, "wwwwwwww");
	reply_signed(&keys, "g");
	assert_true(world.job.yielded);
	assert_int_equal(resume_yielded(), 4);
	assert_int_equal(checked(), 5);
	assert_asked("192.0.2.53", "www." ZONE, TERN_TYPE_A);
	crypto_rest(world.resolver.crypto);
	reply_signed(&set, "wwwwwwww");
	assert_int_equal(checked(), 6);
	assert_int_equal(resume_yielded(), 3);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_int_equal(checked(), 1 + BUDGET_WRONG_MAX);
}

static void put_secure(const struct packed *p)
{
	cache_put(world.resolver.cache, &p->set, CACHE_RANK_AUTH_ANSWER, CACHE_SECURE,
		  world.now.boot_s);
}

/* The zone's key is vouched for by a DS of the root, whose key is an anchor and known. */
static void know_zone_with_ds(void)
{
	static struct packed p;
	uint8_t digested[TERN_NAME_MAX + 1100], ds[4 + 32];
	size_t len = tern_name_copy(digested, wire(ZONE));

	know_signed_zone();
	world.anchors.n = 0;
	trust_key_of(".");
	pack_begin(&p, ".", TERN_TYPE_DNSKEY);
	pack_octets(&p, signer.key.rdata, signer.key.rdata_len);
	put_secure(&p);
	memcpy(digested + len, signer.key.rdata, signer.key.rdata_len);
	put_u16(ds, signer.key.tag);
	ds[2] = signer.algorithm;
	ds[3] = DNSSEC_SHA256;
	assert_int_equal(
		EVP_Digest(digested, len + signer.key.rdata_len, ds + 4, NULL, EVP_sha256(), NULL),
		1);
	pack_begin(&p, ZONE, TERN_TYPE_DS);
	pack_octets(&p, ds, sizeof ds);
	put_secure(&p);
}

static unsigned times_told(const char *text)
{
	unsigned n = 0;

	for (const char *at = world.lines; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

/* The walk to the check that gave way is made again each time; a trace has its steps once. */
static void test_what_was_told_before_giving_way_is_not_told_again(void **state)
{
	(void)state;
	know_zone_with_ds();
	set_with("");
	ask("www." ZONE, TERN_TYPE_A);
	reply_signed(&set, "wg");
	reply_signed(&keys, "wwg");
	assert_int_equal(resume_yielded(), 4);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(world.job.result.security, CACHE_SECURE);
	assert_int_equal(times_told("matches a DNSKEY"), 1);
	assert_int_equal(times_told("RRSIG over zone. DNSKEY"), 3);
	assert_int_equal(times_told("RRSIG over www.zone. A"), 2);
	assert_int_equal(times_told(": wrong"), 3);
	assert_int_equal(times_told(": good"), 2);
}

/* Out of time while others have their turn: that is new, and told. */
static void test_the_end_after_giving_way_is_told(void **state)
{
	(void)state;
	know_zone_with_ds();
	set_with("");
	ask("www." ZONE, TERN_TYPE_A);
	reply_signed(&set, "g");
	reply_signed(&keys, "wg");
	assert_false(world.done);
	assert_true(world.job.yielded);
	job_expire(&world.job, &world.now);
	assert_true(told("! no answer in time"));
	assert_int_equal(times_told("matches a DNSKEY"), 1);
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
		cmocka_unit_test_setup_teardown(test_gives_way_inside_a_set, open_slow, close_all),
		cmocka_unit_test_setup_teardown(test_wrong_checks_are_of_one_copy, open_slow,
						close_all),
		cmocka_unit_test_setup_teardown(test_a_job_gives_way_inside_a_set, open_slow,
						close_all),
		cmocka_unit_test_setup_teardown(test_a_job_that_only_meets_wrong_ones, open_slow,
						close_all),
		cmocka_unit_test_setup_teardown(
			test_what_was_told_before_giving_way_is_not_told_again, open_slow,
			close_all),
		cmocka_unit_test_setup_teardown(test_the_end_after_giving_way_is_told, open_slow,
						close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
