/* lists_test.c - what lists say of names: each form of a line, exceptions, and many names. */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>

#include "policy/list_text.h"
#include "policy/lists.h"

static const struct hash_key key = {0x0123456789abcdef, 0xfedcba9876543210};
static struct list_set *set;
static struct list_report report;
static const struct list_state state_of_list;

static void add_list(const char *name, const char *text, bool allow)
{
	char given[LIST_NAME_MAX];
	struct list_options o = {.name = given, .action = LIST_NXDOMAIN, .allow = allow};
	struct list_builder *b = list_builder_create(&key);

	snprintf(given, sizeof given, "%s", name);
	assert_non_null(b);
	assert_true(list_text_add(b, text, strlen(text), allow, &report));
	list_set_add(set, &o, list_builder_finish(b), &state_of_list);
}

static int open_set(void **state)
{
	(void)state;
	set = list_set_create(&key);
	return set ? 0 : -1;
}

static int close_set(void **state)
{
	(void)state;
	list_set_destroy(set);
	return 0;
}

/* "list line" of what is listed, "-" of what is not. */
static const char *ask_type(const char *name, uint16_t type)
{
	static char said[LIST_NAME_MAX + 16];
	struct list_verdict v = list_set_ask(set, UINT64_MAX, NAME(name), type);

	if (!v.list)
		return "-";
	snprintf(said, sizeof said, "%s %u", v.list->name, v.line);
	return said;
}

static const char *ask(const char *name)
{
	return ask_type(name, TERN_TYPE_A);
}

static void each_form(void **state)
{
	(void)state;
	add_list("l",
		 "# a comment\n"
		 "plain.example\n"
		 "*.star.example\n"
		 ".dot.example.\n"
		 "0.0.0.0 hosts.example  more.example # why\n"
		 "127.0.0.1\tlocalhost\n"
		 "::1 six.example\n"
		 "||ad.example^\n"
		 "|alone.example^\n"
		 "address=/dm.example/dm2.example/0.0.0.0\n"
		 "server=/local.example/\n"
		 "local=/local2.example/\n"
		 "policy.example CNAME .\n"
		 "*.policy2.example 60 IN CNAME *. ; nothing\n"
		 "UPPER.Example\r\n"
		 "under_score.example\n"
		 "! another comment\n"
		 "example.com##.banner\n"
		 "   spaces.example   \n"
		 "no-newline.example",
		 false);
	assert_int_equal(report.rejected_n, 0);
	assert_int_equal(report.names_n, 18);
	assert_string_equal(ask("plain.example."), "l 2");
	assert_string_equal(ask("www.plain.example."), "-");
	assert_string_equal(ask("star.example."), "l 3");
	assert_string_equal(ask("a.b.star.example."), "l 3");
	assert_string_equal(ask("xstar.example."), "-");
	assert_string_equal(ask("a.dot.example."), "l 4");
	assert_string_equal(ask("hosts.example."), "l 5");
	assert_string_equal(ask("more.example."), "l 5");
	assert_string_equal(ask("www.more.example."), "-");
	assert_string_equal(ask("localhost."), "-");
	assert_string_equal(ask("six.example."), "l 7");
	assert_string_equal(ask("Ad.Example."), "l 8");
	assert_string_equal(ask("x.ad.example."), "l 8");
	assert_string_equal(ask("alone.example."), "l 9");
	assert_string_equal(ask("x.alone.example."), "-");
	assert_string_equal(ask("x.dm2.example."), "l 10");
	assert_string_equal(ask("x.local.example."), "l 11");
	assert_string_equal(ask("local2.example."), "l 12");
	assert_string_equal(ask("policy.example."), "l 13");
	assert_string_equal(ask("policy2.example."), "-");
	assert_string_equal(ask("x.policy2.example."), "l 14");
	assert_string_equal(ask("upper.example."), "l 15");
	assert_string_equal(ask("under_score.example."), "l 16");
	assert_string_equal(ask("spaces.example."), "l 19");
	assert_string_equal(ask("no-newline.example."), "l 20");
	assert_string_equal(ask("example."), "-");
	assert_string_equal(ask("."), "-");
}

static void what_is_rejected(void **state)
{
	static const char text[] = "two words here\n"
				   "192.0.2.1 leads.example\n"
				   "address=/x.example/192.0.2.1\n"
				   "server=/x.example/192.0.2.53\n"
				   "/regex[0-9]/\n"
				   "||wild*card.example^\n"
				   "||x.example^$client=1.2.3.4\n"
				   "||x.example^$dnstype=NOTYPE\n"
				   "b\xc3\xbc"
				   "cher.example\n"
				   "-..example\n"
				   "32.0.2.0.192.rpz-ip CNAME .\n"
				   "x.example CNAME other.example.\n"
				   "x.example A 192.0.2.1\n"
				   "192.0.2.7\n";

	(void)state;
	add_list("l", text, false);
	assert_int_equal(report.rejected_n, 14);
	assert_int_equal(report.names_n, 0);
	assert_int_equal(report.examples[1].line, 2);
	assert_string_equal(report.examples[1].text, "192.0.2.1 leads.example");
	assert_string_equal(report.examples[1].why, "an address that leads somewhere");
	assert_non_null(list_text_fault(text, sizeof text - 1, &report));
	assert_string_equal(ask("x.example."), "-");
	assert_string_equal(ask("leads.example."), "-");
}

static void exceptions_win(void **state)
{
	(void)state;
	add_list("a",
		 "||ad.example^\n"
		 "||all.example^$important\n"
		 "||spare.example^\n"
		 "@@||ok.spare.example^\n"
		 "@@||never.example^$important\n",
		 false);
	add_list("b",
		 "||never.example^$important\n"
		 "@@||all.example^\n"
		 "||ok.spare.example^\n"
		 "||only-b.example^\n"
		 "||ad.example^\n",
		 false);
	add_list("allowed", "only-b.example\n*.good.ad.example\n", true);
	assert_string_equal(ask("ad.example."), "a 1");
	assert_string_equal(ask("x.all.example."), "a 2");
	assert_string_equal(ask("spare.example."), "a 3");
	assert_string_equal(ask("ok.spare.example."), "-");
	assert_string_equal(ask("x.ok.spare.example."), "-");
	assert_string_equal(ask("never.example."), "-");
	assert_string_equal(ask("only-b.example."), "-");
	assert_string_equal(ask("x.only-b.example."), "b 4");
	assert_string_equal(ask("x.good.ad.example."), "-");

	struct list_verdict v = list_set_ask(set, 1, NAME("ok.spare.example."), TERN_TYPE_A);

	assert_null(v.list);
	assert_string_equal(v.spared_by->name, "a");
	assert_int_equal(v.line, 4);
	/* Not asked, a list says nothing. */
	assert_null(list_set_ask(set, 0, NAME("ad.example."), TERN_TYPE_A).list);
	assert_string_equal(list_set_ask(set, 2, NAME("ad.example."), TERN_TYPE_A).list->name, "b");
}

static void conditions(void **state)
{
	(void)state;
	add_list("l",
		 "||six.example^$dnstype=AAAA\n"
		 "||not-six.example^$dnstype=~AAAA|~HTTPS\n"
		 "||top^$denyallow=good.top|better.top\n"
		 "||two.example^$dnstype=A,important\n"
		 "@@||two.example^\n",
		 false);
	assert_int_equal(report.rejected_n, 0);
	assert_string_equal(ask_type("six.example.", TERN_TYPE_AAAA), "l 1");
	assert_string_equal(ask_type("six.example.", TERN_TYPE_A), "-");
	assert_string_equal(ask_type("not-six.example.", TERN_TYPE_A), "l 2");
	assert_string_equal(ask_type("not-six.example.", TERN_TYPE_AAAA), "-");
	assert_string_equal(ask_type("not-six.example.", TERN_TYPE_HTTPS), "-");
	assert_string_equal(ask("bad.top."), "l 3");
	assert_string_equal(ask("good.top."), "-");
	assert_string_equal(ask("www.better.top."), "-");
	assert_string_equal(ask_type("two.example.", TERN_TYPE_A), "l 4");
	assert_string_equal(ask_type("two.example.", TERN_TYPE_AAAA), "-");
}

static void a_policy_zone(void **state)
{
	(void)state;
	add_list("l",
		 "$TTL 60\n"
		 "rpz.example. IN SOA ns.example. mail.example. (\n"
		 "  2026010101 ; serial\n"
		 "  1h 1h 1h\n"
		 "  1h )\n"
		 " IN NS localhost.\n"
		 "bad.example.rpz.example. CNAME .\n"
		 "relative.example CNAME *.\n"
		 "ok.relative.example CNAME rpz-passthru.\n",
		 false);
	assert_int_equal(report.rejected_n, 0);
	assert_int_equal(report.names_n, 3);
	assert_string_equal(ask("bad.example."), "l 7");
	assert_string_equal(ask("relative.example."), "l 8");
	assert_string_equal(ask("ok.relative.example."), "-");
	assert_string_equal(ask("2026010101."), "-");
}

static void many_names(void **state)
{
	enum { MANY = 300000 };
	struct list_builder *b = list_builder_create(&key);
	struct list_options o = {.name = (char[]){"many"}};
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "n%u.example%u.org.", i, i % 1000);
		assert_true(list_builder_add(
			b, NAME(text), i % 2 ? NAME_LIST_ITSELF : NAME_LIST_BELOW, i + 1, NULL));
	}
	/* Twice the same is kept once. */
	assert_true(list_builder_add(b, NAME("n1.example1.org."), NAME_LIST_ITSELF, 999999, NULL));
	struct name_list *list = list_builder_finish(b);

	assert_int_equal(name_list_count(list), MANY);
	assert_true(name_list_octets(list) <= 16 * MANY + 8192);
	list_set_add(set, &o, list, &state_of_list);
	for (uint32_t i = 0; i < MANY; i++) {
		char want[64];

		snprintf(text, sizeof text, "n%u.example%u.org.", i, i % 1000);
		snprintf(want, sizeof want, "many %u", i + 1);
		assert_string_equal(ask(text), i % 2 ? want : "-");
		snprintf(text, sizeof text, "x.n%u.example%u.org.", i, i % 1000);
		assert_string_equal(ask(text), i % 2 ? "-" : want);
	}
}

static void an_empty_list(void **state)
{
	(void)state;
	add_list("nothing", "", false);
	assert_string_equal(ask("a.example."), "-");
	assert_null(list_text_fault("", 0, &report));
	assert_non_null(list_text_fault("  \n<!DOCTYPE html>", 17, &report));
	assert_non_null(list_text_fault("a\0b", 3, &report));
}

/* Whoever publishes a list must not make others wait: for its end, nor for an answer. */
static void one_name_very_often(void **state)
{
	enum { LINES = 300000, LINE_MAX_ = 64 };
	struct list_options o = {.name = (char[]){"ads"}, .action = LIST_NXDOMAIN};
	struct list_builder *b = list_builder_create(&key);
	char *text = malloc((size_t)LINES * LINE_MAX_), *at = text;
	struct name_list *names;
	clock_t began = clock();

	(void)state;
	assert_non_null(b);
	assert_non_null(text);
	for (unsigned i = 0; i < LINES; i++)
		at += sprintf(at,
			      i < LINES / 2 ? "||example.org^\n"
					    : "||example.org^$dnstype=TYPE%u,important\n",
			      i % 60000);
	/* The lines of a second file begin at 1 again. */
	assert_true(list_text_add(b, text, (size_t)(at - text), false, &report));
	assert_true(list_text_add(b, text, (size_t)(at - text), false, &report));
	free(text);
	names = list_builder_finish(b);
	assert_non_null(names);
	assert_int_equal(name_list_count(names), 1 + NAME_LIST_CONDITIONS_MAX);
	assert_int_equal(name_list_excess(names).n, LINES - NAME_LIST_CONDITIONS_MAX);
	assert_int_equal(name_list_excess(names).line, LINES / 2 + 1); /* of the second file */
	list_set_add(set, &o, names, &state_of_list);
	for (unsigned i = 0; i < 10000; i++)
		assert_string_equal(ask("www.example.org."), "ads 1");
	assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
}

/* The most that one question may cost: each name above it with all conditions that there may be. */
static void all_conditions_at_once(void **state)
{
	char line[4096], all[256], *text = malloc(4u << 20), *at = text;
	const char *name = all + sizeof all - sizeof "no63.test";
	size_t len = (size_t)sprintf(line, "^$denyallow=no0.test");
	clock_t began;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 1; i < NAME_LIST_SPARED_MAX; i++)
		len += (size_t)sprintf(line + len, "|no%u.test", i);
	memset(all, 0, sizeof all);
	memcpy(all + sizeof all - sizeof "no63.test", "no63.test", sizeof "no63.test");
	for (unsigned labels = 2; labels < 122; labels++) {
		name -= 2;
		memcpy(all + (name - all), "a.", 2);
		for (unsigned i = 0; i < NAME_LIST_CONDITIONS_MAX; i++)
			at += sprintf(at, "||%s%s\n", name, line);
	}
	add_list("ads", text, false);
	free(text);
	assert_int_equal(report.rejected_n, 0);
	assert_int_equal(name_list_count(set->lists[0].names), 120 * NAME_LIST_CONDITIONS_MAX);
	began = clock();
	for (unsigned i = 0; i < 100; i++)
		assert_string_equal(ask(name), "-");
	assert_true(clock() - began < CLOCKS_PER_SEC / 2);
}

static void gigantic_lines(void **state)
{
	size_t len = 1 << 20;
	char *text = malloc(len + 32);

	(void)state;
	memset(text, 'a', len);
	strcpy(text + len, "\nbehind.example\n");
	add_list("l", text, false);
	assert_int_equal(report.rejected_n, 1);
	assert_string_equal(ask("behind.example."), "l 2");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_form, open_set, close_set),
		cmocka_unit_test_setup_teardown(what_is_rejected, open_set, close_set),
		cmocka_unit_test_setup_teardown(exceptions_win, open_set, close_set),
		cmocka_unit_test_setup_teardown(conditions, open_set, close_set),
		cmocka_unit_test_setup_teardown(a_policy_zone, open_set, close_set),
		cmocka_unit_test_setup_teardown(many_names, open_set, close_set),
		cmocka_unit_test_setup_teardown(an_empty_list, open_set, close_set),
		cmocka_unit_test_setup_teardown(one_name_very_often, open_set, close_set),
		cmocka_unit_test_setup_teardown(all_conditions_at_once, open_set, close_set),
		cmocka_unit_test_setup_teardown(gigantic_lines, open_set, close_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
