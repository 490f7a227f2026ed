/*
 * machine_policy_test.c - other people's names by policy zones and lists: what is said before
 * anybody is asked, and what of the answers that come.
 */
#include "helpers.h"

#include "policy/lists.h"
#include "policy/rpz.h"

#define A     TERN_TYPE_A
#define AAAA  TERN_TYPE_AAAA
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define WWW   "an www.test. 60 A 192.0.2.1"

static struct rpz_set policies;
static struct list_set *lists;

/* --- two policy zones, of which the second is asked, too -------------------------------------- */

static const char *const first_zone[] = {
	"nx.test CNAME .",
	"nodata.test CNAME *.",
	"drop.test CNAME rpz-drop.",
	"pass.test CNAME rpz-passthru.",
	"tcp.test CNAME rpz-tcp-only.",
	"alias.test 30 CNAME www.test.",
	"data.test 20 A 198.51.100.7",
	"32.9.2.0.192.rpz-client-ip CNAME .",
	"32.66.2.0.192.rpz-ip CNAME .",
	"32.67.2.0.192.rpz-ip 20 A 198.51.100.8",
	"32.68.2.0.192.rpz-ip CNAME other.example.",
	"32.69.2.0.192.rpz-ip CNAME rpz-tcp-only.",
	"32.70.2.0.192.rpz-ip CNAME rpz-passthru.",
	"32.71.2.0.192.rpz-ip CNAME rpz-drop.",
	"32.72.2.0.192.rpz-ip CNAME *.",
};
static const char *const second_zone[] = {"pass.test CNAME .", "second.test CNAME .",
					  "32.70.2.0.192.rpz-ip CNAME ."};

static struct rpz_zone *make_zone(const char *const *texts, unsigned n)
{
	struct rpz_zone *z = rpz_create(NAME("rpz."), RPZ_GIVEN);
	static struct tern_rr_text rr;
	const char *why = "";

	assert_non_null(z);
	for (unsigned i = 0; i < n; i++) {
		if (tern_rr_from_zone_text(texts[i], NAME("rpz."), 60, &rr, &why) != TERN_OK ||
		    !rpz_add(z, rr.owner, rr.type, rr.ttl_s, rr.rdata, rr.rdata_len, &why))
			fail_msg("%s: %s", texts[i], why);
	}
	assert_true(rpz_seal(z));
	return z;
}

static int open_policies(void **state)
{
	world_open(state);
	know_test();
	policies = (struct rpz_set){.n = 2};
	policies.zones[0].zone = make_zone(first_zone, ARRAY_LEN(first_zone));
	policies.zones[1].zone = make_zone(second_zone, ARRAY_LEN(second_zone));
	strcpy(policies.zones[0].name, "first");
	strcpy(policies.zones[1].name, "second");
	rpz_set_finish(&policies);
	world.rules.rpz = &policies;
	world.rules.rpz_asked = 3;
	return 0;
}

static int close_policies(void **state)
{
	world_close(state);
	for (unsigned i = 0; i < policies.n; i++)
		rpz_destroy(policies.zones[i].zone);
	return 0;
}

#define POLICY(f) cmocka_unit_test_setup_teardown(f, open_policies, close_policies)

static struct result *const result = &world.job.result;

static void assert_blocked(const char *text)
{
	assert_int_equal(result->ede, TERN_EDE_BLOCKED);
	assert_non_null(strstr(result->text, text));
	assert_int_not_equal(result->security, CACHE_SECURE);
}

static void names_are_answered_without_asking(void **state)
{
	(void)state;
	ask("nx.test.", A);
	assert_result(NXD, 0);
	assert_blocked("policy zone first, rule nx.test.");
	assert_int_equal(result->authority.n, 1);
	assert_int_equal(result->authority.first->set.type, TERN_TYPE_SOA);
	ask("nodata.test.", AAAA);
	assert_result(NOERR, 0);
	assert_blocked("policy zone first");
	ask("second.test.", A);
	assert_result(NXD, 0);
	assert_blocked("policy zone second");
	ask("data.test.", A);
	assert_result(NOERR, 1);
	assert_true(has_answer_a("data.test.", "198.51.100.7"));
	assert_int_equal(result->ttl_s, 20);
	ask("data.test.", AAAA); /* it has no others then */
	assert_result(NOERR, 0);
	ask("drop.test.", A);
	assert_true(world.done);
	assert_true(result->dropped);
}

static void an_alias_leads_where_it_leads(void **state)
{
	(void)state;
	ask("alias.test.", A);
	assert_asked(TEST_SERVER, "www.test.", A);
	reply(AA, NOERR, WWW, NULL);
	assert_result(NOERR, 2);
	assert_true(has_answer_a("www.test.", "192.0.2.1"));
	assert_int_equal(result->ttl_s, 30);
	ask("alias.test.", TERN_TYPE_CNAME);
	assert_result(NOERR, 1);
}

/* Who is let pass is let pass by all zones that come behind; TCP is all that another wants. */
static void some_are_only_marked(void **state)
{
	(void)state;
	ask("pass.test.", A);
	assert_asked(TEST_SERVER, "pass.test.", A);
	reply(AA, NOERR, "an pass.test. 60 A 192.0.2.66", NULL);
	assert_result(NOERR, 1); /* nor are its addresses looked at */
	assert_int_equal(result->ede, TERN_EDE_NONE);
	assert_false(result->tcp_only);
	ask("tcp.test.", A);
	reply(AA, NOERR, "an tcp.test. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 1);
	assert_true(result->tcp_only);
	assert_true(result->uncacheable);
}

static void zones_that_are_not_asked_say_nothing(void **state)
{
	(void)state;
	world.rules.rpz_asked = 2;
	ask("pass.test.", A);
	assert_result(NXD, 0);
	ask("nx.test.", A);
	assert_asked(TEST_SERVER, "nx.test.", A);
	reply(AA, NOERR, "an nx.test. 60 A 192.0.2.66", NULL);
	assert_result(NOERR, 1);
	world.rules.rpz_asked = 3;
	ask_with("nx.test.", A, JOB_UNFILTERED); /* nor to ourselves */
	assert_result(NOERR, 1);
}

static void a_client_of_whom_they_speak(void **state)
{
	(void)state;
	ask("www.test.", A);
	reply(AA, NOERR, WWW, NULL);
	for (unsigned i = 0; i < 2; i++) {
		struct question q = {.name = "\3www\4test", .type = A};

		job_over();
		world.job.client = address(i ? "192.0.2.9" : "192.0.2.8");
		world.open = true;
		world.done = job_start(&world.job, &world.resolver, &q, 0, &world.now);
		assert_result(i ? NXD : NOERR, i ? 0 : 1);
		assert_int_equal(result->uncacheable, i);
	}
	world.job.client.family = 0;
}

/** The answer to www.test., whose server says @p address for it. */
static void learn(const char *address)
{
	char record[80];

	cache_flush_name(world.resolver.cache, NAME("www.test."));
	snprintf(record, sizeof record, "an www.test. 60 A %s", address);
	ask("www.test.", A);
	reply(AA, NOERR, record, NULL);
	assert_true(world.done);
}

static void addresses_in_answers(void **state)
{
	(void)state;
	learn("192.0.2.1");
	assert_result(NOERR, 1);
	assert_false(result->uncacheable);
	learn("192.0.2.66");
	assert_result(NXD, 0);
	assert_blocked("policy zone first, rule 32.66.2.0.192.rpz-ip");
	assert_int_equal(result->authority.n, 1);
	assert_true(result->uncacheable);
	ask("www.test.", A); /* out of the cache, too */
	assert_result(NXD, 0);
	learn("192.0.2.67");
	assert_result(NOERR, 1);
	assert_true(has_answer_a("www.test.", "198.51.100.8"));
	assert_int_equal(result->ttl_s, 20);
	assert_blocked("rule 32.67.");
	learn("192.0.2.68");
	assert_result(NOERR, 1);
	const struct tern_rrset *alias = answer_set("www.test.", TERN_TYPE_CNAME);

	assert_non_null(alias);
	assert_memory_equal(alias->rdata, "\0\17\5other\7example", 17);
	learn("192.0.2.69");
	assert_true(result->tcp_only);
	assert_result(NOERR, 1);
	learn("192.0.2.70");
	assert_result(NOERR, 1);
	assert_int_equal(result->ede, TERN_EDE_NONE);
	learn("192.0.2.71");
	assert_true(result->dropped);
	learn("192.0.2.72");
	assert_result(NOERR, 0);
	assert_false(result->dropped);
	assert_int_equal(result->authority.n, 1);
}

/* Servers are those of the delegations at the name and above. */
static void names_and_addresses_of_servers(void **state)
{
	static const char *const by_name[] = {"ns.test.rpz-nsdname CNAME ."};
	static const char *const by_address[] = {"32.53.2.0.192.rpz-nsip CNAME ."};
	static const char *const of_others[] = {"ns2.test.rpz-nsdname CNAME .",
						"32.54.2.0.192.rpz-nsip CNAME ."};
	static const struct {
		const char *const *texts;
		unsigned n, rcode;
	} cases[] = {{by_name, 1, NXD}, {by_address, 1, NXD}, {of_others, 2, NOERR}};

	(void)state;
	learn("192.0.2.1");
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		rpz_destroy(policies.zones[0].zone);
		policies.zones[0].zone = make_zone(cases[i].texts, cases[i].n);
		rpz_set_finish(&policies);
		ask("www.test.", A);
		assert_result(cases[i].rcode, cases[i].rcode == NOERR);
	}
}

/* --- lists ------------------------------------------------------------------------------------ */

static void add_list(enum list_action action, const char *text)
{
	static const struct list_state state;
	static char name[] = "ads";
	struct list_options o = {.name = name, .action = action};
	struct list_builder *b = list_builder_create(&lists->key);
	struct list_report report;

	assert_non_null(b);
	o.addresses[0] = address("198.51.100.1@0");
	o.addresses[1] = address("2001:db8::1@0");
	o.addresses[2] = address("2001:db8::2@0");
	o.addresses_n = action == LIST_ADDRESS ? 3 : 0;
	assert_true(list_text_add(b, text, strlen(text), false, &report));
	list_set_add(lists, &o, list_builder_finish(b), &state);
}

static int open_lists(void **state)
{
	static const struct hash_key key = {3, 4};

	world_open(state);
	know_test();
	lists = list_set_create(&key);
	assert_non_null(lists);
	add_list(LIST_NXDOMAIN, "\n*.nx.test\n");
	add_list(LIST_NODATA, "nodata.test\n");
	add_list(LIST_NULL, "null.test\n");
	add_list(LIST_ADDRESS, "address.test\n");
	add_list(LIST_REFUSE, "refuse.test\n");
	add_list(LIST_DROP, "drop.test\n");
	world.rules.lists = lists;
	world.rules.lists_asked = 63;
	return 0;
}

static int close_lists(void **state)
{
	world_close(state);
	list_set_destroy(lists);
	return 0;
}

#define LISTS(f) cmocka_unit_test_setup_teardown(f, open_lists, close_lists)

static void assert_listed(const char *name, uint16_t type, unsigned rcode, unsigned answers)
{
	ask(name, type);
	assert_result(rcode, answers);
	assert_int_equal(result->ede, TERN_EDE_BLOCKED);
}

static void each_list_has_its_way(void **state)
{
	(void)state;
	assert_listed("a.nx.test.", A, NXD, 0);
	assert_string_equal(result->text, "list ads, line 2");
	assert_int_equal(result->authority.n, 1);
	assert_true(tern_name_equal(result->authority.first->set.owner, NAME("nx.test.")));
	assert_int_equal(name_list_hits(lists->lists[0].names), 1);
	assert_listed("nodata.test.", A, NOERR, 0);
	assert_listed("refuse.test.", A, TERN_RCODE_REFUSED, 0);
	assert_false(result->dropped);
	assert_listed("drop.test.", A, TERN_RCODE_REFUSED, 0);
	assert_true(result->dropped);
	ask("www.test.", A);
	reply(AA, NOERR, WWW, NULL);
	assert_result(NOERR, 1);
	assert_int_equal(result->ede, TERN_EDE_NONE);
}

static void lists_that_give_addresses(void **state)
{
	(void)state;
	assert_listed("null.test.", A, NOERR, 1);
	assert_true(has_answer_a("null.test.", "0.0.0.0"));
	assert_int_equal(result->ttl_s, LIST_TTL_S);
	assert_listed("null.test.", AAAA, NOERR, 1);
	assert_listed("null.test.", TERN_TYPE_TXT, NOERR, 0);
	assert_listed("address.test.", A, NOERR, 1);
	assert_true(has_answer_a("address.test.", "198.51.100.1"));
	assert_int_equal(answer_set("address.test.", A)->rr_n, 1);
	assert_listed("address.test.", AAAA, NOERR, 1);
	assert_int_equal(answer_set("address.test.", AAAA)->rr_n, 2);
	assert_listed("address.test.", TERN_TYPE_ANY, NOERR, 1);
	assert_non_null(answer_set("address.test.", A));
	lists->lists[3].a_n = 0;
	assert_listed("address.test.", TERN_TYPE_ANY, NOERR, 1);
	assert_non_null(answer_set("address.test.", AAAA));
	assert_listed("address.test.", A, NOERR, 0);
	lists->lists[3].aaaa_n = 0;
	assert_listed("address.test.", TERN_TYPE_ANY, NOERR, 0);
}

static void lists_that_are_not_asked(void **state)
{
	(void)state;
	world.rules.lists_asked = 62;
	ask("a.nx.test.", A);
	assert_false(world.done);
	assert_listed("null.test.", A, NOERR, 1);
	world.rules.lists_asked = 63;
	/* For a while, and only for this view. */
	view_bits_set(&world.rules.paused, 0);
	ask("null.test.", A);
	assert_false(world.done);
	world.rules.view = 1;
	assert_listed("null.test.", A, NOERR, 1);
	world.rules.view = 0;
	ask_with("null.test.", A, JOB_UNFILTERED);
	assert_false(world.done);
	world.rules.paused = (struct view_bits){0};
	ask_with("null.test.", A, JOB_UNFILTERED);
	assert_false(world.done);
}

/* What is hidden behind an alias is listed all the same. */
static void aliases_lead_to_lists(void **state)
{
	(void)state;
	ask("www.test.", A);
	reply(AA, NOERR, "an www.test. 60 CNAME a.nx.test.", NULL);
	assert_result(NXD, 1);
	assert_int_equal(result->ede, TERN_EDE_BLOCKED);
	ask("ww2.test.", A);
	reply(AA, NOERR, "an ww2.test. 60 CNAME address.test.", NULL);
	assert_result(NOERR, 2);
	assert_true(has_answer_a("address.test.", "198.51.100.1"));
}

/* --- safe search --------------------------------------------------------------------------------
 */

static void engines_lead_to_their_safe_ones(void **state)
{
	static const uint16_t aliased[] = {A, AAAA, TERN_TYPE_CNAME};

	(void)state;
	know("bing.com.", "ns.bing.com.", TEST_SERVER, NULL);
	world.rules.changes.safe_search = UINT32_MAX;
	for (unsigned i = 0; i < ARRAY_LEN(aliased); i++) {
		ask("www.bing.com.", aliased[i]);
		if (aliased[i] == TERN_TYPE_CNAME) {
			assert_result(NOERR, 1);
			assert_non_null(answer_set("www.bing.com.", TERN_TYPE_CNAME));
		} else {
			assert_asked(TEST_SERVER, "strict.bing.com.", aliased[i]);
		}
	}
	/* Nothing leads past that; all else is as ever. */
	ask("www.bing.com.", TERN_TYPE_HTTPS);
	assert_result(NOERR, 0);
	ask("www.bing.com.", TERN_TYPE_TXT);
	assert_asked(TEST_SERVER, "www.bing.com.", TERN_TYPE_TXT);
	world.rules.changes.safe_search = 0;
	ask("www.bing.com.", A);
	assert_asked(TEST_SERVER, "www.bing.com.", A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY(names_are_answered_without_asking),
		POLICY(an_alias_leads_where_it_leads),
		POLICY(some_are_only_marked),
		POLICY(zones_that_are_not_asked_say_nothing),
		POLICY(a_client_of_whom_they_speak),
		POLICY(addresses_in_answers),
		POLICY(names_and_addresses_of_servers),
		LISTS(each_list_has_its_way),
		LISTS(lists_that_give_addresses),
		LISTS(lists_that_are_not_asked),
		LISTS(aliases_lead_to_lists),
		TEST(engines_lead_to_their_safe_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
