/*
 * machine_outgoing_test.c - answers that are changed on their way out: the second question of
 * DNS64, what is held back of an answer, and search engines.
 */
#include "helpers.h"

#include "resolver/outgoing.h"
#include "zone/store.h"

#define AAAA TERN_TYPE_AAAA
#define SOA  "ns test. 300 SOA ns.test. h.test. 1 2 3 4 120"

static struct prefix excluded[1];

static int open_dns64(void **state)
{
	world_open(state);
	assert_true(prefix_from_text("2001:db8:64::/96", &world.rules.changes.dns64.prefix));
	assert_true(prefix_from_text("::ffff:0:0/96", &excluded[0]));
	world.rules.changes.dns64.exclude = excluded;
	world.rules.changes.dns64.exclude_n = 1;
	know_test();
	return 0;
}

static int open_plain(void **state)
{
	world_open(state);
	know_test();
	return 0;
}

#define DNS64(f) cmocka_unit_test_setup_teardown(f, open_dns64, world_close)
#define PLAIN(f) cmocka_unit_test_setup_teardown(f, open_plain, world_close)

static bool has_aaaa(const char *owner, const char *text)
{
	const struct tern_rrset *set = answer_set(owner, AAAA);
	struct address a = address(text);
	struct tern_rdata_iter it;
	struct tern_rdata record;

	if (!set)
		return false;
	it = tern_rrset_rdatas(set);
	while (tern_rdata_next(&it, &record)) {
		if (record.len == 16 && memcmp(record.octets, a.octets, 16) == 0)
			return true;
	}
	return false;
}

static void no_aaaa(const char *name)
{
	ask(name, AAAA);
	assert_asked(TEST_SERVER, name, AAAA);
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	assert_asked(TEST_SERVER, name, TERN_TYPE_A);
}

/* --- DNS64 ------------------------------------------------------------------------------- */

static void made_of_a(void **state)
{
	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", "an www.test. 60 A 192.0.2.2",
	      NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.2"));
	assert_int_equal(answer_set("www.test.", AAAA)->ttl_s, 60);
	assert_int_equal(world.job.result.authority.n, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_NONE);
	/* Both are in the cache, and what is made of them may be kept rendered. */
	ask("www.test.", AAAA);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(world.job.result.cached && !world.job.result.uncacheable);
	assert_int_equal(world.job.result.ttl_s, 60);
	/* The A itself is what it is. */
	ask("www.test.", TERN_TYPE_A);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_answer_a("www.test.", "192.0.2.1"));
}

static void no_longer_than_the_denial(void **state)
{
	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 3000 A 192.0.2.1", NULL);
	assert_int_equal(answer_set("www.test.", AAAA)->ttl_s, 120);
	assert_int_equal(world.job.result.ttl_s, 120);
}

static void ttl_0(void **state)
{
	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 0 A 192.0.2.1", NULL);
	assert_int_equal(answer_set("www.test.", AAAA)->ttl_s, 0);
	assert_true(world.job.result.uncacheable);
}

static void a_real_one_is_taken(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 AAAA 2001:db8::1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8::1"));
}

static void a_name_that_is_not_there(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NXDOMAIN, SOA, NULL);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
}

static void neither_of_them(void **state)
{
	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	assert_result(TERN_RCODE_NOERROR, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	assert_int_equal(world.job.result.ede, TERN_EDE_NONE);
}

static void excluded_ones_count_as_none(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 AAAA ::ffff:192.0.2.9", NULL);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 6000 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
	/* Without a denial there is no SOA. */
	assert_int_equal(answer_set("www.test.", AAAA)->ttl_s, 600);
	assert_int_equal(world.job.result.ttl_s, world.job.result.life_s);
	/* They are never told, whatever else there is. */
	ask("no.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an no.test. 60 AAAA ::ffff:192.0.2.9", NULL);
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	assert_result(TERN_RCODE_NOERROR, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	ask("both.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an both.test. 60 AAAA ::ffff:192.0.2.9",
	      "an both.test. 60 AAAA 2001:db8::1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(answer_set("both.test.", AAAA)->rr_n, 1);
	assert_true(has_aaaa("both.test.", "2001:db8::1"));
}

static void at_the_end_of_aliases(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 50 CNAME a.test.", NULL);
	reply(AA, TERN_RCODE_NOERROR, "an a.test. 40 CNAME b.test.", NULL);
	assert_asked(TEST_SERVER, "b.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	assert_asked(TEST_SERVER, "b.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an b.test. 60 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 3);
	assert_true(has_aaaa("b.test.", "2001:db8:64::192.0.2.1"));
	assert_int_equal(world.job.result.ttl_s, 40);
	ask("www.test.", AAAA);
	assert_result(TERN_RCODE_NOERROR, 3);
}

/* RFC 6147 5.1.2: a failure is as good as no answer, and the next one does not wait for it. */
static void servers_that_fail_for_aaaa(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	for (unsigned i = 0; i < 20 && world.job.outbox.type == AAAA; i++)
		reply(AA, TERN_RCODE_SERVFAIL, NULL);
	while (!asks(TEST_SERVER, "www.test.", TERN_TYPE_A) && !world.done)
		reply(AA, TERN_RCODE_SERVFAIL, NULL);
	assert_false(world.done);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
	assert_int_equal(world.job.result.ede, TERN_EDE_NONE);
	ask("www.test.", AAAA);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
}

static void servers_that_are_silent_for_aaaa(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	for (unsigned i = 0; i < 40 && !world.done && !asks(TEST_SERVER, "www.test.", TERN_TYPE_A);
	     i++)
		event(world.job.outbox.to.transport == TRANSPORT_TCP ? UPSTREAM_UNREACHABLE
								     : UPSTREAM_TIMED_OUT);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_A);
	assert_true(world_ms() < world.job.deadline_ms);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
}

static void a_that_fails(void **state)
{
	(void)state;
	world.rules.resolver.serve_stale = false;
	no_aaaa("www.test.");
	reply_always(AA, TERN_RCODE_SERVFAIL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	/* It is the A that is remembered as failed. */
	ask("www.test.", TERN_TYPE_A);
	assert_result(TERN_RCODE_SERVFAIL, 0);
	ask_with("www.test.", AAAA, JOB_AS_IT_IS | JOB_CHECKING_DISABLED);
	assert_result(TERN_RCODE_NOERROR, 0);
}

static void who_validates_gets_what_there_is(void **state)
{
	(void)state;
	ask_with("www.test.", AAAA, JOB_CHECKING_DISABLED | JOB_AS_IT_IS);
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	assert_result(TERN_RCODE_NOERROR, 0);
	ask_with("mapped.test.", AAAA, JOB_CHECKING_DISABLED | JOB_AS_IT_IS);
	reply(AA, TERN_RCODE_NOERROR, "an mapped.test. 60 AAAA ::ffff:192.0.2.9", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	ask_with("www.test.", AAAA, JOB_CHECKING_DISABLED);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_A);
}

static void without_recursion(void **state)
{
	(void)state;
	ask_with("www.test.", AAAA, JOB_AS_IT_IS | JOB_CHECKING_DISABLED);
	reply(AA, TERN_RCODE_NOERROR, SOA, NULL);
	ask_with("www.test.", AAAA, JOB_NO_RECURSION);
	assert_result(TERN_RCODE_NOERROR, 0);
	/* Who wants recursion must not get this. */
	assert_true(world.job.result.uncacheable);
}

static void private_ones_are_not_global(void **state)
{
	(void)state;
	assert_true(prefix_from_text("64:ff9b::/96", &world.rules.changes.dns64.prefix));
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 10.0.0.1", "an www.test. 60 A 192.168.1.1",
	      NULL);
	assert_result(TERN_RCODE_NOERROR, 0);
	assert_int_equal(world.job.result.authority.n, 1);
	no_aaaa("some.test.");
	reply(AA, TERN_RCODE_NOERROR, "an some.test. 60 A 10.0.0.1", "an some.test. 60 A 8.8.8.8",
	      NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(answer_set("some.test.", AAAA)->rr_n, 1);
	assert_true(has_aaaa("some.test.", "64:ff9b::8.8.8.8"));
}

static void very_many(void **state)
{
	struct tern_builder b;
	char text[64];

	(void)state;
	no_aaaa("www.test.");
	b = begin_reply(AA, TERN_RCODE_NOERROR);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "an www.test. 60 A 192.1.%u.%u", i / 250, i % 250);
		add_record(&b, text);
	}
	send_reply(&b);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(answer_set("www.test.", AAAA)->rr_n, 1000);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.1.3.249"));
}

/* What is expired: AAAA if there is one, else it is made of A. */
static void expired(void **state)
{
	struct result r;

	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", NULL);
	pass_ms(700000);
	ask("www.test.", AAAA);
	assert_false(world.done);
	assert_true(job_stale_result(&world.job, &world.now, &r));
	assert_int_equal(r.answer.n, 1);
	assert_int_equal(r.answer.first->set.type, AAAA);
	assert_int_equal(r.ede, TERN_EDE_STALE_ANSWER);
	assert_int_equal(r.authority.n, 0);
	while (!world.done)
		reply(AA, TERN_RCODE_SERVFAIL, NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(world.job.result.stale);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
}

/* That there is no AAAA may be wrong by now, however fresh the A is. */
static void made_as_the_denial_is_expired(void **state)
{
	struct result r;

	(void)state;
	no_aaaa("www.test.");
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 7000 A 192.0.2.1", NULL);
	pass_ms(700000);
	ask("www.test.", AAAA);
	assert_false(world.done);
	assert_true(job_stale_result(&world.job, &world.now, &r));
	assert_true(r.stale);
	assert_int_equal(r.ede, TERN_EDE_STALE_ANSWER);
}

static void an_expired_one_is_better(void **state)
{
	(void)state;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 AAAA 2001:db8::1", NULL);
	pass_ms(70000);
	ask("www.test.", AAAA);
	while (!world.done) {
		assert_int_equal(world.job.outbox.type, AAAA);
		reply(AA, TERN_RCODE_SERVFAIL, NULL);
	}
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8::1"));
}

static void reverse_names(void **state)
{
	static const char name[] =
		"1.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";

	(void)state;
	know("192.in-addr.arpa.", "ns.test.", TEST_SERVER, NULL);
	ask(name, TERN_TYPE_PTR);
	assert_asked(TEST_SERVER, "1.2.0.192.in-addr.arpa.", TERN_TYPE_PTR);
	reply(AA, TERN_RCODE_NOERROR, "an 1.2.0.192.in-addr.arpa. 60 PTR www.test.", NULL);
	assert_result(TERN_RCODE_NOERROR, 2);
	assert_non_null(answer_set(name, TERN_TYPE_CNAME));
	/* One that leads back is an alias loop. */
	ask("2.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	    TERN_TYPE_PTR);
	reply(AA, TERN_RCODE_NOERROR,
	      "an 2.2.0.192.in-addr.arpa. 60 CNAME "
	      "2.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	      NULL);
	assert_result(TERN_RCODE_SERVFAIL, 0);
}

/* --- types --------------------------------------------------------------------------------------
 */

static uint16_t types[] = {AAAA, TERN_TYPE_MX};

static void filtered_types(void **state)
{
	(void)state;
	world.rules.changes.filter_types = types;
	world.rules.changes.filter_types_n = 2;
	for (unsigned i = 0; i < 2; i++) {
		ask("www.test.", AAAA);
		if (i == 0)
			reply(AA, TERN_RCODE_NOERROR, "an www.test. 50 CNAME a.test.",
			      "an a.test. 60 AAAA 2001:db8::1", NULL);
		if (i == 0 && !world.done)
			reply(AA, TERN_RCODE_NOERROR, "an a.test. 60 AAAA 2001:db8::1", NULL);
		assert_result(TERN_RCODE_NOERROR, 0);
		assert_int_equal(world.job.result.ede, TERN_EDE_FILTERED);
		assert_int_equal(world.job.result.authority.n, 1);
		assert_true(world.job.result.uncacheable);
	}
	ask("www.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an a.test. 60 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 2);
	ask("no.test.", AAAA);
	reply(AA, TERN_RCODE_NXDOMAIN, SOA, NULL);
	assert_result(TERN_RCODE_NXDOMAIN, 0);
}

static void filtered_and_made(void **state)
{
	(void)state;
	world.rules.changes.filter_types = types;
	world.rules.changes.filter_types_n = 1;
	ask("www.test.", AAAA);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 AAAA 2001:db8::1", NULL);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8:64::192.0.2.1"));
	/* Filtered as well, the A is nothing to make it of. */
	types[0] = TERN_TYPE_A;
	ask("www.test.", AAAA);
	types[0] = AAAA;
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_aaaa("www.test.", "2001:db8::1"));
}

/* --- addresses inside
 * ------------------------------------------------------------------------------ */

static void assert_held_back(void)
{
	assert_result(TERN_RCODE_NOERROR, 0);
	assert_int_equal(world.job.result.ede, TERN_EDE_FILTERED);
	assert_int_equal(world.job.result.authority.n, 1);
	assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	assert_true(world.job.result.uncacheable && world.job.result.rebound);
	/* Nothing is renewed because it was held back. */
	if (!world.job.result.stale)
		assert_true(world.job.result.ttl_s > world.job.result.life_s / 10);
}

static void inside(void **state)
{
	(void)state;
	world.rules.changes.rebinding.enabled = true;
	ask("www.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1",
	      "an www.test. 60 A 192.168.1.1", NULL);
	assert_held_back();
	assert_string_equal(world.job.result.text,
			    "rebinding: 192.168.1.1 is an address inside, of www.test.");
	/* Out of the cache, by an alias, as a hint, for who validates, and expired. */
	ask("www.test.", TERN_TYPE_A);
	assert_held_back();
	ask_with("www.test.", TERN_TYPE_A, JOB_CHECKING_DISABLED | JOB_AS_IT_IS);
	assert_held_back();
	ask("alias.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an alias.test. 60 CNAME www.test.", NULL);
	assert_held_back();
	ask("hint.test.", TERN_TYPE_HTTPS);
	reply(AA, TERN_RCODE_NOERROR, "an hint.test. 60 HTTPS 1 . ipv4hint=10.0.0.1", NULL);
	assert_held_back();
	pass_ms(70000);
	ask("www.test.", TERN_TYPE_A);
	while (!world.done)
		reply(AA, TERN_RCODE_SERVFAIL, NULL);
	assert_held_back();
	/* What the daemon itself wants to know. */
	ask_with("www.test.", TERN_TYPE_A, JOB_UNFILTERED);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.168.1.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
}

static void names_that_may_be_inside(void **state)
{
	uint8_t *allow[] = {(uint8_t *)(uintptr_t) "\2ok\4test"};

	(void)state;
	world.rules.changes.rebinding = (struct rebinding_options){true, allow, 1};
	ask("www.ok.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an www.ok.test. 60 CNAME www.test.", NULL);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.168.1.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 2);
	ask("www.test.", TERN_TYPE_A);
	assert_held_back();
	/* A zone that goes to servers of its own is not public; the root is, wherever it goes. */
	use_route("test.", TEST_SERVER, ROUTE_STUB, false);
	ask("www.test.", TERN_TYPE_A);
	assert_result(TERN_RCODE_NOERROR, 1);
	use_route(".", TEST_SERVER, ROUTE_FORWARD, false);
	ask("www.test.", TERN_TYPE_A);
	assert_held_back();
}

static void own_names_may_be_inside(void **state)
{
	struct zone_store *store = zone_store_create();
	struct zone_fault fault;
	const char *why;

	(void)state;
	assert_true(zone_store_add(store, "nas.lan. 60 A 192.168.1.9", NULL, 0, &why));
	assert_true(zone_store_seal(store, &fault));
	world.rules.zones = store;
	world.rules.changes.rebinding.enabled = true;
	ask("nas.lan.", TERN_TYPE_A);
	assert_result(TERN_RCODE_NOERROR, 1);
	/* But not as the target of somebody else's name. */
	ask("evil.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an evil.test. 60 CNAME nas.lan.", NULL);
	assert_held_back();
	job_over();
	world.rules.zones = NULL;
	zone_store_destroy(store);
}

/* --- search engines
 * ----------------------------------------------------------------------------------- */

static void search_engines(void **state)
{
	(void)state;
	know("com.", "ns.test.", TEST_SERVER, NULL);
	world.rules.changes.safe_search = SAFE_SEARCH_ON;
	ask("www.bing.com.", TERN_TYPE_A);
	assert_asked(TEST_SERVER, "strict.bing.com.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an strict.bing.com. 60 A 192.0.2.1", NULL);
	assert_result(TERN_RCODE_NOERROR, 2);
	assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	ask("www.bing.com.", TERN_TYPE_HTTPS);
	assert_result(TERN_RCODE_NOERROR, 0);
	ask("www.bing.com.", TERN_TYPE_TXT);
	assert_asked(TEST_SERVER, "www.bing.com.", TERN_TYPE_TXT);
	ask("alias.test.", TERN_TYPE_A);
	reply(AA, TERN_RCODE_NOERROR, "an alias.test. 60 CNAME www.bing.com.",
	      "an www.bing.com. 60 A 192.0.2.66", NULL);
	assert_result(TERN_RCODE_NOERROR, 3);
	assert_true(has_answer_a("strict.bing.com.", "192.0.2.1"));
	/* Servers may be called so: that is nobody's search. */
	ask_with("www.bing.com.", TERN_TYPE_A, JOB_UNFILTERED);
	assert_asked(TEST_SERVER, "www.bing.com.", TERN_TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DNS64(made_of_a),
		DNS64(no_longer_than_the_denial),
		DNS64(ttl_0),
		DNS64(a_real_one_is_taken),
		DNS64(a_name_that_is_not_there),
		DNS64(neither_of_them),
		DNS64(excluded_ones_count_as_none),
		DNS64(at_the_end_of_aliases),
		DNS64(servers_that_fail_for_aaaa),
		DNS64(servers_that_are_silent_for_aaaa),
		DNS64(a_that_fails),
		DNS64(who_validates_gets_what_there_is),
		DNS64(without_recursion),
		DNS64(private_ones_are_not_global),
		DNS64(very_many),
		DNS64(expired),
		DNS64(made_as_the_denial_is_expired),
		DNS64(an_expired_one_is_better),
		DNS64(reverse_names),
		PLAIN(filtered_types),
		DNS64(filtered_and_made),
		PLAIN(inside),
		PLAIN(names_that_may_be_inside),
		PLAIN(own_names_may_be_inside),
		PLAIN(search_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
