/*
 * machine_edges_test.c - every edge of may_follow is taken by some job, and no other.
 *
 * The machine and its stages are compiled into the test, each stage with a
 * wrapper that notes what follows it.
 */
#include "helpers.h"

#include "cache/ranges.h"
#include "resolver/machine.h"

struct turn real_stage_lookup(struct job *job, struct frame *f);
struct turn real_stage_pick(struct job *job, struct frame *f);
struct turn real_stage_send(struct job *job, struct frame *f);
struct turn real_stage_read(struct job *job, struct frame *f);
struct turn real_stage_prove(struct job *job, struct frame *f);

#define stage_lookup real_stage_lookup
#include "resolver/stage_lookup.c"
#undef stage_lookup
#define stage_pick real_stage_pick
#include "resolver/stage_pick.c"
#undef stage_pick
#define stage_send real_stage_send
#include "resolver/stage_send.c"
#undef stage_send
#define stage_read real_stage_read
#include "resolver/stage_read.c"
#undef stage_read
#define stage_prove real_stage_prove
#include "resolver/stage_prove.c"
#undef stage_prove

#include "resolver/machine.c"

static uint8_t taken[STAGE_COUNT];

static struct turn note(enum stage from, struct turn t)
{
	if (t.move == MOVE_RETURN)
		return t;
	taken[from] |= (uint8_t)TO(t.next);
	assert_true(may_follow[from] & TO(t.next)); /* in every build */
	return t;
}

struct turn stage_lookup(struct job *job, struct frame *f)
{
	return note(STAGE_LOOKUP, real_stage_lookup(job, f));
}

struct turn stage_pick(struct job *job, struct frame *f)
{
	return note(STAGE_PICK, real_stage_pick(job, f));
}

struct turn stage_send(struct job *job, struct frame *f)
{
	return note(STAGE_SEND, real_stage_send(job, f));
}

struct turn stage_read(struct job *job, struct frame *f)
{
	return note(STAGE_READ, real_stage_read(job, f));
}

struct turn stage_prove(struct job *job, struct frame *f)
{
	return note(STAGE_PROVE, real_stage_prove(job, f));
}

#define A     TERN_TYPE_A
#define NOERR TERN_RCODE_NOERROR
#define SERV  TEST_SERVER

static bool was_taken(enum stage from, enum stage to)
{
	return taken[from] & TO(to);
}

/* --- one edge each --------------------------------------------------------------------- */

static void aliases_look_again(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 CNAME web.test.", NULL);
	ask("www.test.", A);
	assert_true(was_taken(STAGE_LOOKUP, STAGE_LOOKUP)); /* out of the cache */
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 CNAME web.test.", NULL);
	assert_true(was_taken(STAGE_READ, STAGE_LOOKUP));
	assert_true(was_taken(STAGE_LOOKUP, STAGE_PICK));
	assert_true(was_taken(STAGE_PICK, STAGE_SEND));
	assert_true(was_taken(STAGE_SEND, STAGE_READ));
}

static void useless_replies_pick_another(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA | TERN_FLAG_TC, NOERR, NULL);
	assert_true(was_taken(STAGE_READ, STAGE_SEND));
	event(UPSTREAM_TIMED_OUT);
	assert_true(was_taken(STAGE_READ, STAGE_PICK));
}

static void missing_addresses_are_looked_up(void **state)
{
	(void)state;
	know_test();
	know("sub.test.", "dns.other.", "", NULL);
	ask("www.sub.test.", A);
	assert_true(was_taken(STAGE_PICK, STAGE_PICK));
}

static void a_failed_forwarder_is_left(void **state)
{
	(void)state;
	know_test();
	use_route("test.", "192.0.2.88", ROUTE_FORWARD, true);
	ask("www.test.", A);
	reply(QR, TERN_RCODE_REFUSED, NULL);
	assert_true(was_taken(STAGE_PICK, STAGE_LOOKUP));
	assert_asked(SERV, "www.test.", A);
}

static void late_answers_are_waited_for(void **state)
{
	struct address server = address(SERV);

	(void)state;
	know_test();
	infra_answered(world.resolver.infra, &server, NAME("test."), 1, world_ms());
	ask("www.test.", A);
	assert_int_equal(be_silent(), SERVER_TRIES_MAX + 1);
	assert_true(world.job.outbox.listen);
	assert_true(was_taken(STAGE_PICK, STAGE_READ));
}

/* It is not asked again, but what it was asked is still open. */
static void a_crowded_zone_has_time(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	event(UPSTREAM_TIMED_OUT);
	event(UPSTREAM_CROWDED);
	assert_true(world.job.outbox.listen);
	assert_true(was_taken(STAGE_READ, STAGE_READ));
}

/* Dead, and somebody else is trying it just now. */
static void a_probe_taken_by_another(void **state)
{
	struct address server = address(SERV);

	(void)state;
	know_test();
	let_die(&server);
	pass_ms(INFRA_PROBE_MIN_MS);
	ask("www.test.", A); /* the probe is ours */
	assert_asked(SERV, "www.test.", A);
	event(UPSTREAM_SUSPECT); /* and goes on by TCP */
	assert_asked(SERV, "www.test.", A);
	assert_int_equal(world.job.outbox.to.transport, TRANSPORT_TCP);
	assert_false(was_taken(STAGE_SEND, STAGE_PICK));
	/* Another job that had picked the same server comes too late. */
	world.job.frames[0].try.transport = TRANSPORT_UDP;
	(void)stage_send(&world.job, &world.job.frames[0]);
	assert_true(was_taken(STAGE_SEND, STAGE_PICK));
}

static void what_is_bogus_is_asked_again(void **state)
{
	(void)state;
	trust_test();
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_true(was_taken(STAGE_READ, STAGE_PROVE));
	assert_asked(SERV, "test.", TERN_TYPE_DNSKEY);
	assert_true(was_taken(STAGE_PROVE, STAGE_PROVE));
	reply(AA, NOERR, "an test. 60 DNSKEY 257 3 8 AwEAAQ==", NULL); /* not the anchor's */
	assert_true(was_taken(STAGE_PROVE, STAGE_LOOKUP));
	for (unsigned i = 0; i < 50 && !world.done; i++)
		reply(AA, NOERR, "an test. 60 DNSKEY 257 3 8 AwEAAQ==", NULL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	assert_true(world.job.result.bogus);
}

/* Without keys there is no proof; who asks for none is not held to its failure, RFC 6840 5.9. */
static void a_failed_proof_is_not_for_those_who_want_none(void **state)
{
	(void)state;
	trust_test();
	know_test();
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.9", NULL);
	assert_asked(SERV, "test.", TERN_TYPE_DNSKEY);
	reply_always(QR, TERN_RCODE_SERVFAIL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	ask("www.test.", A);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	ask_with("www.test.", A, JOB_CHECKING_DISABLED);
	assert_asked(SERV, "www.test.", A);
	reply_always(QR, TERN_RCODE_SERVFAIL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	ask_with("www.test.", A, JOB_CHECKING_DISABLED); /* now the data are the trouble */
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

static void cached_data_is_proven_when_it_is_asked_for(void **state)
{
	static const uint8_t packed[] = {0, 4, 192, 0, 2, 9};
	struct tern_rrset set = {.owner = NAME("old.test."),
				 .rdata = packed,
				 .rdata_len = sizeof packed,
				 .ttl_s = 60,
				 .type = A,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 1};

	(void)state;
	trust_test();
	know_test();
	cache_put(world.resolver.cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED,
		  world.now.boot_s);
	ask("old.test.", A);
	assert_true(was_taken(STAGE_LOOKUP, STAGE_PROVE));
	assert_false(world.done);
}

/* "test." has nothing but its apex, says an NSEC that was validated before. */
static void know_empty_zone(void)
{
	/* RRSIG NSEC 8 1 60 ... signer "test.": only who signed is read again. */
	static const uint8_t nsec[] = {
		0, 8,  4, 't', 'e', 's', 't', 0,   0,   0, /* next; no types */
		0, 25, 0, 47,  8,   1,   0,   0,   0,   60,  0,   0, 0, 0,
		0, 0,  0, 0,   0,   1,   4,   't', 'e', 's', 't', 0, 9};
	static const uint8_t soa[] = {0, 22, 0, 0, 0, 0, 0, 1,   0,   0,   0,   1, 0, 0,
				      0, 1,  0, 0, 0, 1, 0, 0,   0,   60, /* and its RRSIG */
				      0, 25, 0, 6, 8, 1, 0, 0,   0,   60,  0,   0, 0, 0,
				      0, 0,  0, 0, 0, 1, 4, 't', 'e', 's', 't', 0, 9};
	struct tern_rrset set = {.owner = NAME("test."),
				 .rdata = nsec,
				 .rdata_len = sizeof nsec,
				 .ttl_s = 60,
				 .type = TERN_TYPE_NSEC,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 1,
				 .sig_n = 1};
	struct cache *cache = world.resolver.cache;

	cache_put_range(cache, NAME("test."), &set, world.now.boot_s);
	set.rdata = soa;
	set.rdata_len = sizeof soa;
	set.type = TERN_TYPE_SOA;
	cache_put(cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_SECURE, world.now.boot_s);
}

static void what_is_proven_not_to_exist_needs_no_server(void **state)
{
	(void)state;
	trust_test();
	know_test();
	know_empty_zone();
	ask("nothing.test.", A);
	for (unsigned i = 0; i < 50 && !world.done; i++)
		event(UPSTREAM_UNREACHABLE);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
	assert_int_equal(world.job.result.security, CACHE_SECURE);
}

/* But a prefetch is there to ask: what it would be answered by is as old as what it renews. */
static void what_is_renewed_is_asked_for(void **state)
{
	(void)state;
	trust_test();
	know_test();
	know_empty_zone();
	world.rules.resolver.aggressive = true;
	ask("nothing.test.", A);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
	ask_with("nothing.test.", A, JOB_REFRESH);
	assert_false(world.done);
}

/* --- all of them --------------------------------------------------------------------------- */

static void every_edge_was_taken(void **state)
{
	static const char *const names[STAGE_COUNT] = {"LOOKUP", "PICK", "SEND", "READ", "PROVE"};

	(void)state;
	for (unsigned from = 0; from < STAGE_COUNT; from++) {
		for (unsigned to = 0; to < STAGE_COUNT; to++) {
			bool may = may_follow[from] & TO(to), did = taken[from] & TO(to);

			if (may != did)
				print_error("%s to %s\n", names[from], names[to]);
		}
		assert_int_equal(taken[from], may_follow[from]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(aliases_look_again),
		TEST(useless_replies_pick_another),
		TEST(missing_addresses_are_looked_up),
		TEST(a_failed_forwarder_is_left),
		TEST(late_answers_are_waited_for),
		TEST(a_crowded_zone_has_time),
		TEST(a_probe_taken_by_another),
		TEST(what_is_bogus_is_asked_again),
		TEST(a_failed_proof_is_not_for_those_who_want_none),
		TEST(cached_data_is_proven_when_it_is_asked_for),
		TEST(what_is_proven_not_to_exist_needs_no_server),
		TEST(what_is_renewed_is_asked_for),
		cmocka_unit_test(every_edge_was_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
