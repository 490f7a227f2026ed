/*
 * machine_own_test.c - names of our own: answered without a question to anybody, for clients
 * and for aliases, unless a route says where to ask.
 */
#include "signed.h"

#include "zone/store.h"

static struct zone_store *store;

static void add_own(void)
{
	static const char *const records[] = {
		"localhost. 50 A 127.0.0.1",         "*.localhost. 50 A 127.0.0.1",
		"www.localhost. 40 CNAME www.test.", "near.localhost. 30 CNAME x.localhost.",
		"to.localhost. 30 CNAME x.no.",      "old.localhost. 20 DNAME test."};
	struct zone_fault fault;
	const char *why;

	store = zone_store_create();
	assert_true(zone_store_add_zone(store, NAME("localhost."), ZONE_STATIC, 0));
	assert_true(zone_store_add_zone(store, NAME("no."), ZONE_REFUSE, 0));
	for (unsigned i = 0; i < ARRAY_LEN(records); i++)
		assert_true(zone_store_add(store, records[i], NULL, 0, &why));
	assert_true(zone_store_seal(store, &fault));
	world.rules.zones = store;
}

static int open_own(void **state)
{
	world_open(state);
	add_own();
	return 0;
}

static int open_own_signed(void **state)
{
	open_signed(state);
	add_own();
	return 0;
}

static int close_own_signed(void **state)
{
	close_signed(state);
	zone_store_destroy(store);
	return 0;
}

static int close_own(void **state)
{
	world_close(state);
	zone_store_destroy(store);
	return 0;
}

static void nobody_is_asked(void **state)
{
	(void)state;
	ask("localhost.", TERN_TYPE_A);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_NOERROR);
	assert_int_equal(world.job.result.answer.n, 1);
	assert_int_equal(world.job.result.ttl_s, 50);
	assert_true(world.job.result.cached);
	assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	ask("a.b.localhost.", TERN_TYPE_A);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 1);
	ask("localhost.", TERN_TYPE_MX);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_NOERROR);
	assert_int_equal(world.job.result.answer.n, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	/* RD=0 is no reason to refuse what is ours. */
	ask_with("localhost.", TERN_TYPE_A, JOB_NO_RECURSION);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 1);
}

static void what_is_refused(void **state)
{
	static const char *const names[] = {"x.no.", "to.localhost."};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		ask(names[i], TERN_TYPE_A);
		assert_true(world.done);
		assert_int_equal(world.job.result.rcode, TERN_RCODE_REFUSED);
		assert_int_equal(world.job.result.answer.n, 0);
		assert_true(world.job.result.uncacheable);
	}
}

static void nothing_of_it_is_cached(void **state)
{
	(void)state;
	ask("localhost.", TERN_TYPE_A);
	ask("localhost.", TERN_TYPE_MX);
	world.rules.zones = NULL;
	ask("localhost.", TERN_TYPE_A);
	assert_false(world.done);
}

static void aliases_in_and_out(void **state)
{
	(void)state;
	ask("near.localhost.", TERN_TYPE_A);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 2);
	assert_int_equal(world.job.result.ttl_s, 30);
	ask("near.localhost.", TERN_TYPE_CNAME);
	assert_int_equal(world.job.result.answer.n, 1);
	know("test.", "ns.test.", "192.0.2.53", NULL);
	ask("www.localhost.", TERN_TYPE_A);
	assert_false(world.done);
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 2);
	/* The other way, out of a public zone. */
	ask("in.test.", TERN_TYPE_A);
	reply(AA, NOERR, "an in.test. 60 CNAME localhost.", NULL);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_NOERROR);
	assert_int_equal(world.job.result.answer.n, 2);
	ask("no.test.", TERN_TYPE_MX);
	reply(AA, NOERR, "an no.test. 60 CNAME localhost.", NULL);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 1);
	assert_int_equal(world.job.result.authority.n, 1);
}

/* A server's own word on the target of its alias does not count, not even a forwarder's. */
static void aliases_within_a_reply(void **state)
{
	(void)state;
	use_route(".", "192.0.2.9", ROUTE_FORWARD, false);
	ask("in.test.", TERN_TYPE_A);
	reply(AA, NOERR, "an in.test. 60 CNAME localhost.", "an localhost. 60 A 192.0.2.66", NULL);
	assert_true(world.done);
	assert_int_equal(world.job.result.answer.n, 2);
	assert_memory_equal(world.job.result.answer.last->set.rdata, "\0\4\177\0\0\1", 6);
}

/* What the cache has of a name is not given out in place of an alias of ours that leads nowhere. */
static void stale_data_are_not_preferred(void **state)
{
	struct result stale;

	(void)state;
	use_route(".", "192.0.2.9", ROUTE_FORWARD, false);
	world.rules.zones = NULL;
	ask("www.localhost.", TERN_TYPE_A);
	reply(AA, NOERR, "an www.localhost. 60 A 192.0.2.66", NULL);
	assert_true(world.done);
	world.rules.zones = store;
	ask("www.localhost.", TERN_TYPE_A);
	assert_false(world.done);
	assert_false(job_stale_result(&world.job, world.job.now, &stale));
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_true(world.done);
	assert_true(job_stale_result(&world.job, world.job.now, &stale));
	assert_int_equal(stale.answer.n, 2);
	assert_int_equal(stale.answer.first->set.type, TERN_TYPE_CNAME);
}

/* A DNAME of ours stands above many names. */
static void a_dname_of_ours_makes_aliases(void **state)
{
	struct result stale;
	static const char longest[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.old.localhost.";

	(void)state;
	know_test();
	ask("www.old.localhost.", TERN_TYPE_A);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_A);
	/* While that is waited for nothing stale is known; afterwards there is. */
	assert_false(job_stale_result(&world.job, world.job.now, &stale));
	reply(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 3);
	assert_non_null(answer_set("old.localhost.", TERN_TYPE_DNAME));
	assert_non_null(answer_set("www.old.localhost.", TERN_TYPE_CNAME));
	assert_int_equal(world.job.result.ttl_s, 20);
	assert_true(job_stale_result(&world.job, world.job.now, &stale));
	assert_int_equal(stale.answer.n, 3);
	assert_int_equal(stale.answer.first->set.type, TERN_TYPE_DNAME);
	assert_int_equal(stale.answer.last->set.type, TERN_TYPE_A);
	ask("www.old.localhost.", TERN_TYPE_CNAME);
	assert_result(NOERR, 2);
	assert_true(job_stale_result(&world.job, world.job.now, &stale));
	assert_int_equal(stale.answer.n, 2);
	/* A target that is too long is none. */
	world.rules.zones = NULL;
	zone_store_destroy(store);
	struct zone_fault fault;
	const char *why;

	store = zone_store_create();
	assert_true(zone_store_add(store, "old.localhost. DNAME much.longer.than.that.test.", NULL,
				   0, &why));
	assert_true(zone_store_seal(store, &fault));
	world.rules.zones = store;
	ask(longest, TERN_TYPE_A);
	assert_result(TERN_RCODE_YXDOMAIN, 1);
	assert_false(job_stale_result(&world.job, world.job.now, &stale));
}

/* A zone may want to hear of whoever asks, whether the name is its own or others are asked. */
static void some_zones_want_to_hear_of_it(void **state)
{
	struct zone_fault fault;
	const char *why;

	(void)state;
	zone_store_destroy(store);
	store = zone_store_create();
	assert_true(zone_store_add_zone(store, NAME("test."), ZONE_INFORM, 0));
	assert_true(zone_store_add(store, "here.test. 50 A 192.0.2.1", NULL, 0, &why));
	assert_true(zone_store_add(store, "here.else. 50 CNAME here.test.", NULL, 0, &why));
	assert_true(zone_store_seal(store, &fault));
	world.rules.zones = store;
	know_test();
	for (unsigned i = 0; i < 2; i++) {
		ask("here.test.", TERN_TYPE_A);
		assert_result(NOERR, 1);
		assert_true(world.job.result.informs);
		assert_true(world.job.result.uncacheable);
		ask("there.test.", TERN_TYPE_A);
		if (i == 0)
			reply(AA, NOERR, "an there.test. 60 A 192.0.2.1", NULL);
		assert_result(NOERR, 1); /* out of the cache, too */
		assert_true(world.job.result.informs);
		assert_true(world.job.result.uncacheable);
	}
	ask("here.else.", TERN_TYPE_A); /* an alias leads there */
	assert_result(NOERR, 2);
	assert_true(world.job.result.informs);
	ask("here.else.", TERN_TYPE_CNAME);
	assert_result(NOERR, 1);
	assert_false(world.job.result.informs);
}

/* Denials and refusals of ours are not stale either. */
static void what_is_ours_is_no_stale_data(void **state)
{
	struct result stale;

	(void)state;
	ask("localhost.", TERN_TYPE_MX);
	assert_true(job_stale_result(&world.job, world.job.now, &stale));
	assert_int_equal(stale.rcode, NOERR);
	assert_int_equal(stale.answer.n, 0);
	assert_int_equal(stale.authority.n, 1);
	ask("x.no.", TERN_TYPE_A);
	assert_false(job_stale_result(&world.job, world.job.now, &stale));
	ask("to.localhost.", TERN_TYPE_A);
	assert_false(job_stale_result(&world.job, world.job.now, &stale));
}

static void what_is_signed_leads_here_too(void **state)
{
	(void)state;
	ask_signed("in.test.", TERN_TYPE_A);
	reply_signed(AA, NOERR, "an in.test. 60 CNAME localhost.", NULL);
	assert_true(world.done);
	assert_int_equal(world.job.result.rcode, TERN_RCODE_NOERROR);
	assert_int_equal(world.job.result.answer.n, 2);
	assert_int_equal(world.job.result.security, CACHE_INSECURE);
	ask_signed("bad.test.", TERN_TYPE_A);
	REPLY_ALWAYS(NOERR, "~an bad.test. 60 CNAME localhost.");
	assert_true(world.job.result.bogus);
}

static void a_route_says_where_to_ask(void **state)
{
	static const struct {
		const char *zone;
		bool own;
	} cases[] = {{"localhost.", false}, {"x.localhost.", false}, {".", true}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		use_route(cases[i].zone, "192.0.2.9", ROUTE_FORWARD, false);
		ask("a.x.localhost.", TERN_TYPE_A);
		assert_int_equal(world.done, cases[i].own);
	}
}

/* By what only a view's names say, nobody else is answered out of the cache that all have together.
 */
static void names_of_a_view_are_no_servers(void **state)
{
	struct zone_store *mine = zone_store_create();
	struct zone_fault fault;
	const char *why;

	(void)state;
	assert_true(zone_store_add(mine, "dns.other. A 192.0.2.99", NULL, 0, &why));
	assert_true(zone_store_seal(mine, &fault));
	world.rules.view_zones = mine;
	world.rules.resolver.ipv6 = false;
	know_test();
	know("other.", "ns.other.", "192.0.2.60", NULL);
	for (unsigned shares = 0; shares < 2; shares++) {
		world.rules.shares_cache = shares;
		ask("dns.other.", TERN_TYPE_A);
		assert_true(world.done);
		if (!shares) {
			ask("www.own.test.", TERN_TYPE_A);
			reply(QR, NOERR, "ns own.test. 60 NS dns.other.", NULL);
			assert_asked("192.0.2.99", "www.own.test.", TERN_TYPE_A);
			continue;
		}
		ask("www.sub.test.", TERN_TYPE_A);
		reply(QR, NOERR, "ns sub.test. 60 NS dns.other.", NULL);
		assert_asked("192.0.2.60", "dns.other.", TERN_TYPE_A);
	}
	job_over();
	zone_store_destroy(mine);
}

/* It may be a mistake of one view's names only. */
static void a_loop_is_nobodys_fault(void **state)
{
	(void)state;
	know_test();
	for (unsigned i = 0; i < 2; i++) {
		ask("loop.test.", TERN_TYPE_A);
		assert_false(world.done);
		reply(AA, NOERR, "an loop.test. 0 CNAME www.localhost.", NULL);
		reply(AA, NOERR, "an www.test. 0 CNAME www.localhost.", NULL);
		assert_result(TERN_RCODE_SERVFAIL, 0);
		assert_false(world.job.known_failure);
	}
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_own, close_own)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_asked),
		TEST(what_is_refused),
		TEST(nothing_of_it_is_cached),
		TEST(aliases_in_and_out),
		TEST(aliases_within_a_reply),
		TEST(stale_data_are_not_preferred),
		TEST(a_dname_of_ours_makes_aliases),
		TEST(some_zones_want_to_hear_of_it),
		TEST(what_is_ours_is_no_stale_data),
		cmocka_unit_test_setup_teardown(what_is_signed_leads_here_too, open_own_signed,
						close_own_signed),
		TEST(a_route_says_where_to_ask),
		TEST(names_of_a_view_are_no_servers),
		TEST(a_loop_is_nobodys_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
