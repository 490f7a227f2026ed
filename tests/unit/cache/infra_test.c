/*
 * infra_test.c - what is measured about servers: RTT and RTO (RFC 6298), dead
 * servers and who may probe them, capabilities, cookies, lameness.
 */
#include "helpers.h"

static struct infra *infra;

static int open_infra(void **state)
{
	(void)state;
	infra = infra_create(&test_key);
	assert_non_null(infra);
	return 0;
}

static int close_infra(void **state)
{
	(void)state;
	infra_destroy(infra);
	return 0;
}

static struct address server(uint32_t i)
{
	struct address a = {.family = 4, .port = 53};

	put_u32(a.octets, 0x0a000000u + i);
	return a;
}

#define ZONE NAME("zone.")

static struct infra_server look(const struct address *a, uint64_t now_ms)
{
	struct infra_server s;

	infra_get(infra, a, ZONE, now_ms, &s);
	return s;
}

static bool look_for(const struct address *a, enum infra_fact fact, uint64_t now_ms)
{
	struct infra_server s = look(a, now_ms);

	return infra_has(&s, fact);
}

/** Silent to one name after the other. */
static void time_out(const struct address *a, uint64_t sent_ms, uint64_t now_ms)
{
	static unsigned n;

	infra_timed_out(infra, a, ZONE, NAME(n++ % 2 ? "one.test." : "two.test."), sent_ms, now_ms);
}

static bool claim(const struct address *a, uint64_t now_ms)
{
	return infra_claim_probe(infra, a, ZONE, INFRA_PROBE_MAX_MS, now_ms);
}

static void an_unknown_server(void **state)
{
	struct address a = server(1);
	struct infra_server s = look(&a, 1);

	(void)state;
	assert_false(s.known || s.dead || s.facts);
	assert_int_equal(s.timeouts, 0);
	assert_int_equal(s.server_cookie_len, 0);
	assert_int_equal(s.rto_ms, INFRA_RTO_FIRST_MS);
	assert_int_equal(infra_count(infra), 0); /* asking is not knowing */
	assert_true(claim(&a, 1));
}

static void smoothing_follows_rfc_6298(void **state)
{
	static const uint32_t samples[] = {100, 100, 300, 20, 20, 20, 1000, 5,
					   0,   0,   0,   0,  0,  0,  80};
	struct address a = server(1);
	double srtt = 0, rttvar = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(samples); i++) {
		double r = samples[i];

		infra_answered(infra, &a, ZONE, samples[i], i);
		rttvar = i ? 0.75 * rttvar + 0.25 * (srtt > r ? srtt - r : r - srtt) : r / 2;
		srtt = i ? 0.875 * srtt + 0.125 * r : r;
		struct infra_server s = look(&a, i);
		double rto = srtt + 4 * rttvar;

		rto = MIN(MAX(rto, (double)INFRA_RTO_MIN_MS), (double)INFRA_RTO_MAX_MS);
		assert_true(s.known);
		/* Kept in eighths, so it may be off by a few of them. */
		assert_true(s.srtt_ms + 2 >= srtt && s.srtt_ms <= srtt + 2);
		assert_true(s.rto_ms + 6 >= rto && s.rto_ms <= rto + 6);
	}
}

static void rto_has_bounds(void **state)
{
	struct address fast = server(1), slow = server(2), silent = server(3);

	(void)state;
	infra_answered(infra, &fast, ZONE, 0, 1);
	infra_answered(infra, &slow, ZONE, 5000, 1);
	assert_int_equal(look(&fast, 1).rto_ms, INFRA_RTO_MIN_MS);
	assert_int_equal(look(&slow, 1).rto_ms, INFRA_RTO_MAX_MS);
	for (unsigned i = 0; i < 300; i++) {
		time_out(&fast, 1, 1);
		time_out(&silent, 1, 1);
		assert_true(look(&fast, 1).rto_ms <= INFRA_RTO_MAX_MS);
	}
	assert_int_equal(look(&fast, 1).rto_ms, 8 * INFRA_RTO_MIN_MS);
	assert_int_equal(look(&silent, 1).rto_ms, INFRA_RTO_MAX_MS);
	assert_int_equal(look(&silent, 1).timeouts, UINT8_MAX);
	infra_answered(infra, &fast, ZONE, 0, 2); /* back to what was measured */
	assert_int_equal(look(&fast, 2).rto_ms, INFRA_RTO_MIN_MS);
	assert_int_equal(look(&fast, 2).timeouts, 0);
}

static void timeouts_back_off(void **state)
{
	static const uint32_t rto_ms[] = {150, 300, 600, 1200, 1200, 1200};
	struct address a = server(1);

	(void)state;
	infra_answered(infra, &a, ZONE, 50, 1);
	for (unsigned i = 0; i < ARRAY_LEN(rto_ms); i++) {
		assert_int_equal(look(&a, 1).rto_ms, rto_ms[i]);
		time_out(&a, 1, 1);
	}
}

static void a_dead_server_is_probed_by_one(void **state)
{
	struct address a = server(1);
	uint64_t now_ms = 1000, pause_ms = INFRA_PROBE_MIN_MS;

	(void)state;
	for (unsigned i = 1; i < INFRA_DEAD_TIMEOUTS; i++) {
		time_out(&a, now_ms, now_ms);
		assert_false(look(&a, now_ms).dead);
		assert_true(claim(&a, now_ms));
	}
	now_ms += INFRA_DEAD_AFTER_MS;
	for (unsigned round = 0; round < 6; round++) {
		time_out(&a, now_ms, now_ms);
		assert_true(look(&a, now_ms + pause_ms - 1).dead);
		assert_false(claim(&a, now_ms + pause_ms - 1));
		now_ms += pause_ms;
		assert_false(look(&a, now_ms).dead);
		assert_true(claim(&a, now_ms));
		/* The next caller is too late, and sees it as dead again. */
		assert_false(claim(&a, now_ms));
		assert_true(look(&a, now_ms).dead);
		pause_ms = MIN(2 * pause_ms, (uint64_t)INFRA_PROBE_MAX_MS);
	}
	infra_answered(infra, &a, ZONE, 10, now_ms);
	assert_false(look(&a, now_ms).dead);
	assert_true(claim(&a, now_ms));
	assert_true(claim(&a, now_ms));
}

/* Questions that were under way together say no more than one of them. */
static void a_burst_is_one_timeout(void **state)
{
	struct address a = server(1);

	(void)state;
	for (unsigned i = 0; i < 50; i++)
		time_out(&a, 1000 + i, 1400 + i);
	assert_int_equal(look(&a, 1500).timeouts, 1);
	time_out(&a, 1400, 1800); /* asked after that */
	assert_int_equal(look(&a, 1800).timeouts, 2);
}

/* A prober that never tells how it went must not block the others for ever. */
static void a_lost_probe_is_taken_over(void **state)
{
	struct address a = server(1);

	(void)state;
	for (unsigned i = 0; i < INFRA_DEAD_TIMEOUTS; i++)
		time_out(&a, i * INFRA_DEAD_AFTER_MS, i * INFRA_DEAD_AFTER_MS);
	uint64_t now_ms = 2 * INFRA_DEAD_AFTER_MS + INFRA_PROBE_MIN_MS;

	assert_false(claim(&a, now_ms - 1));
	assert_true(claim(&a, now_ms));
	assert_false(claim(&a, now_ms + 1));
	assert_true(claim(&a, now_ms + INFRA_PROBE_MIN_MS));
}

/* Where all depends on one server the caller does not want to wait for long. */
static void a_probe_may_be_wanted_sooner(void **state)
{
	struct address a = server(1);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		time_out(&a, i * 1000, i * 1000);
	assert_false(infra_claim_probe(infra, &a, ZONE, 2000, 20999));
	assert_true(infra_claim_probe(infra, &a, ZONE, 2000, 21000));
	assert_false(infra_claim_probe(infra, &a, ZONE, 2000, 22999));
	assert_false(claim(&a, 23000));
	assert_true(infra_claim_probe(infra, &a, ZONE, 2000, 23000));
}

/* Silent for as long and as often as you like. */
static void silence_to_one_name_is_not_death(void **state)
{
	struct address a = server(1);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		infra_timed_out(infra, &a, ZONE, NAME("hole.test."), i * 1000, i * 1000);
		infra_timed_out(infra, &a, ZONE, NULL, i * 1000, i * 1000);
		assert_false(look(&a, i * 1000).silent);
	}
	infra_timed_out(infra, &a, ZONE, NAME("www.test."), 20000, 20000);
	assert_true(look(&a, 20000).silent && look(&a, 20000).dead);
	infra_heard(infra, &a, ZONE, 20001);
	assert_false(look(&a, 20001).silent || look(&a, 20001).dead);
	assert_int_equal(look(&a, 20001).timeouts, 0);
}

/* Three lost packets within a second are a moment's trouble. */
static void silence_for_a_moment_is_not_death(void **state)
{
	struct address a = server(1);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		time_out(&a, 1000 + 50 * i, 1100 + 50 * i);
	assert_true(look(&a, 2999).silent);
	assert_false(look(&a, 2999).dead);
	assert_true(look(&a, 1000 + INFRA_DEAD_AFTER_MS).dead);
}

/* RFC 6298 5: what was sent twice is no measure, and doubling goes on until there is one. */
static void an_unmeasured_answer_keeps_the_backoff(void **state)
{
	struct address a = server(1);

	(void)state;
	infra_answered(infra, &a, ZONE, 50, 1);
	time_out(&a, 2, 200);
	assert_int_equal(look(&a, 200).rto_ms, 300);
	assert_int_equal(look(&a, 200).patience_ms, 150);
	infra_heard(infra, &a, ZONE, 300);
	assert_int_equal(look(&a, 300).rto_ms, 300);
	assert_int_equal(look(&a, 300).srtt_ms, 50);
	infra_answered(infra, &a, ZONE, 50, 400);
	assert_true(look(&a, 400).rto_ms < 150);
}

static void missing_capabilities_are_remembered_for_an_hour(void **state)
{
	struct address a = server(1), b = server(2);

	(void)state;
	infra_learn(infra, &a, ZONE, INFRA_NO_EDNS, 100);
	infra_learn(infra, &b, ZONE, INFRA_NO_CASE, 100);
	assert_true(look_for(&a, INFRA_NO_EDNS, 100 + INFRA_LEARNED_MS - 1));
	assert_false(look_for(&a, INFRA_NO_EDNS, 100 + INFRA_LEARNED_MS));
	assert_false(look_for(&a, INFRA_NO_CASE, 100));
	assert_true(look_for(&b, INFRA_NO_CASE, 100 + INFRA_LEARNED_MS - 1));
	assert_false(look_for(&b, INFRA_NO_CASE, 100 + INFRA_LEARNED_MS));
	assert_false(look(&a, 100).known); /* neither measured nor failed */
}

static void cookies(void **state)
{
	uint8_t cookie[TERN_COOKIE_MAX];
	struct address a = server(1), b = server(2);
	struct infra_server s, other;

	(void)state;
	memset(cookie, 0xcc, sizeof cookie);
	infra_learn_cookie(infra, &a, cookie, 16, 5);
	s = look(&a, 5);
	assert_int_equal(s.server_cookie_len, 16);
	assert_memory_equal(s.server_cookie, cookie, 16);
	infra_learn_cookie(infra, &a, cookie, 32, 6);
	assert_int_equal(look(&a, 6).server_cookie_len, 32);
	infra_learn_cookie(infra, &a, cookie, 33, 7); /* too long: ignored */
	assert_int_equal(look(&a, 7).server_cookie_len, 32);
	/* Ours is the same for one server always, and tells others nothing. */
	other = look(&b, 5);
	assert_memory_equal(s.client_cookie, look(&a, 999).client_cookie, TERN_COOKIE_CLIENT);
	assert_memory_not_equal(s.client_cookie, other.client_cookie, TERN_COOKIE_CLIENT);
	assert_int_equal(other.server_cookie_len, 0);
}

static bool is_lame(const struct address *a, const char *zone, uint64_t now_ms)
{
	struct infra_server s;

	infra_get(infra, a, NAME(zone), now_ms, &s);
	return infra_has(&s, INFRA_LAME);
}

static void lameness_is_about_a_zone(void **state)
{
	struct address a = server(1), b = server(2);

	(void)state;
	infra_learn(infra, &a, NAME("one."), INFRA_LAME, 100);
	assert_true(is_lame(&a, "one.", 100 + INFRA_LAME_MS - 1));
	assert_false(is_lame(&a, "one.", 100 + INFRA_LAME_MS));
	assert_false(is_lame(&a, "two.", 101));
	assert_false(is_lame(&b, "one.", 101));
	infra_learn(infra, &a, NAME("two."), INFRA_LAME, 200);
	assert_true(is_lame(&a, "one.", 201) && is_lame(&a, "two.", 201));
	assert_false(
		is_lame(&a, "three.", 201)); /* two zones are no reason to think so of a third */
}

static struct infra_server look_in(const struct address *a, const char *zone, uint64_t now_ms)
{
	struct infra_server s;

	infra_get(infra, a, NAME(zone), now_ms, &s);
	return s;
}

/* Anybody may delegate a zone to a server that does not serve it. */
static void silence_for_one_zone_is_not_death_for_others(void **state)
{
	struct address a = server(1);

	(void)state;
	infra_answered(infra, &a, NAME("well."), 10, 1);
	for (unsigned i = 1; i <= 20; i++)
		infra_timed_out(infra, &a, NAME("evil."), i % 2 ? NAME("a.evil.") : NAME("b.evil."),
				i * 1000, i * 1000);
	assert_true(look_in(&a, "evil.", 20001).dead);
	assert_false(look_in(&a, "well.", 20001).dead);
	assert_int_equal(look_in(&a, "well.", 20001).timeouts, 0);
	assert_int_equal(look_in(&a, "well.", 20001).srtt_ms, 10);
	assert_true(infra_claim_probe(infra, &a, NAME("well."), INFRA_PROBE_MAX_MS, 20001));
}

static void what_one_zone_taught_counts_for_others_when_a_second_says_it(void **state)
{
	struct address a = server(1);
	const uint64_t now = 2ull * INFRA_LEARNED_MS;
	struct infra_server s;

	(void)state;
	infra_learn(infra, &a, NAME("one."), INFRA_NO_EDNS, now + 100);
	infra_learn(infra, &a, NAME("one."), INFRA_NO_EDNS, now + 200);
	s = look_in(&a, "three.", now + 201);
	assert_false(infra_has(&s, INFRA_NO_EDNS));
	infra_learn(infra, &a, NAME("two."), INFRA_NO_EDNS, now + 300);
	s = look_in(&a, "three.", now + 301);
	assert_true(infra_has(&s, INFRA_NO_EDNS));
	s = look_in(&a, "three.", now + 299 + INFRA_LEARNED_MS);
	assert_true(infra_has(&s, INFRA_NO_EDNS));
	s = look_in(&a, "three.", now + 300 + INFRA_LEARNED_MS);
	assert_false(infra_has(&s, INFRA_NO_EDNS));
	infra_unlearn(infra, &a, NAME("three."));
	s = look_in(&a, "three.", now + 302);
	assert_false(infra_has(&s, INFRA_NO_EDNS));
	s = look_in(&a, "one.", now + 302);
	assert_true(infra_has(&s, INFRA_NO_EDNS));
}

static void one_lost_packet_teaches_nothing(void **state)
{
	struct address a = server(1);

	(void)state;
	infra_suspect(infra, &a, ZONE, INFRA_PLAIN, 1);
	infra_answered(infra, &a, ZONE, 10, 2);
	infra_suspect(infra, &a, ZONE, INFRA_PLAIN, 3);
	infra_timed_out(infra, &a, ZONE, NULL, 3, 4);
	assert_false(look_for(&a, INFRA_PLAIN, 5));
	infra_suspect(infra, &a, ZONE, INFRA_PLAIN, 6);
	assert_true(look_for(&a, INFRA_PLAIN, 7));
	assert_false(look_for(&a, INFRA_TCP, 7));
}

static void who_folds_letters_is_known_for_the_zone(void **state)
{
	struct address a = server(1), b = server(2);

	(void)state;
	infra_learn_folds(infra, &a, NAME("one."), 1);
	assert_true(look_in(&a, "one.", 2).folds);
	assert_false(look_in(&a, "two.", 2).folds);
	assert_false(look_in(&b, "one.", 2).folds);
}

static void forgiveness(void **state)
{
	struct address a = server(1), b = server(2);

	(void)state;
	infra_answered(infra, &a, ZONE, 50, 1);
	for (unsigned i = 0; i < 10; i++)
		time_out(&a, 2, 2);
	infra_learn(infra, &b, NAME("zone."), INFRA_LAME, 2);
	infra_learn(infra, &b, ZONE, INFRA_NO_EDNS, 2);
	infra_forgive(infra);
	assert_false(look(&a, 3).dead);
	assert_int_equal(look(&a, 3).rto_ms, 150); /* measurements stay */
	assert_true(claim(&a, 3) && claim(&a, 3));
	assert_false(is_lame(&b, "zone.", 3));
	assert_true(look_for(&b, INFRA_NO_EDNS, 3));
}

/* What was learned of it may have been a forger's doing; what was measured stays. */
static void what_was_learned_may_be_unlearned(void **state)
{
	struct address a = server(1), b = server(2);

	(void)state;
	infra_answered(infra, &a, ZONE, 33, 50);
	for (unsigned i = 0; i < 2; i++) {
		infra_learn(infra, i ? &b : &a, ZONE, INFRA_NO_EDNS, 100);
		infra_learn(infra, i ? &b : &a, ZONE, INFRA_TCP, 100);
		/* A second zone says it of the server as such. */
		infra_learn(infra, i ? &b : &a, NAME("second."), INFRA_NO_EDNS, 100);
	}
	infra_unlearn(infra, &a, ZONE);
	infra_unlearn(infra, &a, NAME("second."));
	infra_unlearn(infra, &a, NAME("unknown."));
	assert_false(look_for(&a, INFRA_NO_EDNS, 101));
	assert_false(look_for(&a, INFRA_TCP, 101));
	assert_int_equal(look(&a, 101).srtt_ms, 33);
	assert_true(look_for(&b, INFRA_NO_EDNS, 101));
	/* TCP is tried for a shorter time than what else is learned. */
	assert_true(look_for(&b, INFRA_TCP, 100 + INFRA_TCP_FIRST_MS - 1));
	assert_false(look_for(&b, INFRA_TCP, 100 + INFRA_TCP_FIRST_MS));
	assert_true(look_for(&b, INFRA_NO_EDNS, 100 + INFRA_TCP_FIRST_MS));
}

static void addresses_differ_in_every_part(void **state)
{
	struct address a = server(1), port = a, family = a, scope, large;

	(void)state;
	port.port = 54;
	family.family = 6;
	scope = family;
	scope.scope = 3;
	large = scope;
	large.scope = 3 + (1 << 16);
	infra_answered(infra, &a, ZONE, 10, 1);
	infra_answered(infra, &port, ZONE, 20, 1);
	infra_answered(infra, &family, ZONE, 30, 1);
	infra_answered(infra, &scope, ZONE, 40, 1);
	infra_answered(infra, &large, ZONE, 50, 1);
	assert_int_equal(infra_count(infra), 5);
	assert_int_equal(look(&a, 1).srtt_ms, 10);
	assert_int_equal(look(&port, 1).srtt_ms, 20);
	assert_int_equal(look(&family, 1).srtt_ms, 30);
	assert_int_equal(look(&scope, 1).srtt_ms, 40);
	assert_int_equal(look(&large, 1).srtt_ms, 50);
}

/* A flood of servers does not displace one that is in use. */
static void the_least_recently_used_makes_place(void **state)
{
	struct address busy = server(0);

	(void)state;
	infra_answered(infra, &busy, ZONE, 33, 0);
	for (uint32_t i = 1; i < 10 * INFRA_SERVERS_MAX; i++) {
		struct address a = server(i);

		infra_answered(infra, &a, ZONE, 10, i);
		assert_true(look(&a, i).known);
		assert_int_equal(look(&busy, i).srtt_ms, 33);
	}
	assert_int_equal(infra_count(infra), INFRA_SERVERS_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_infra, close_infra)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_server),
		TEST(smoothing_follows_rfc_6298),
		TEST(rto_has_bounds),
		TEST(timeouts_back_off),
		TEST(a_dead_server_is_probed_by_one),
		TEST(a_burst_is_one_timeout),
		TEST(a_lost_probe_is_taken_over),
		TEST(a_probe_may_be_wanted_sooner),
		TEST(silence_to_one_name_is_not_death),
		TEST(silence_for_a_moment_is_not_death),
		TEST(an_unmeasured_answer_keeps_the_backoff),
		TEST(missing_capabilities_are_remembered_for_an_hour),
		TEST(cookies),
		TEST(lameness_is_about_a_zone),
		TEST(silence_for_one_zone_is_not_death_for_others),
		TEST(what_one_zone_taught_counts_for_others_when_a_second_says_it),
		TEST(one_lost_packet_teaches_nothing),
		TEST(who_folds_letters_is_known_for_the_zone),
		TEST(forgiveness),
		TEST(what_was_learned_may_be_unlearned),
		TEST(addresses_differ_in_every_part),
		TEST(the_least_recently_used_makes_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
