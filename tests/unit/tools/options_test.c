/*
 * options_test.c - command lines: which questions they are, and which make no sense.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "../test.h"
#include "tools/ternq_nearest.h"
#include "tools/ternq_options.h"

#define WORDS_MAX 32

/* The words of @p line as options; the line must live as long as they do. */
static enum options_verdict parse(struct options *o, char *line)
{
	char *words[WORDS_MAX];
	int n = 0;
	char *rest;

	options_init(o);
	for (char *word = strtok_r(line, " ", &rest); word && n < WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	return options_parse(o, n, words);
}

/* "name type port server ..." of every look-up. */
static void expect(const char *line, const char *wanted)
{
	struct options o;
	char *copy = strdup(line);
	char told[512] = "";
	char type[16];

	if (parse(&o, copy) != OPTIONS_RUN)
		snprintf(told, sizeof told, "bad");
	for (size_t i = 0, at = strlen(told); strcmp(told, "bad") != 0 && i < o.lookups_n; i++) {
		const struct lookup *l = &o.lookups[i];

		at += (size_t)snprintf(told + at, sizeof told - at, "%s%s %s %u%s%s",
				       i > 0 ? ", " : "", l->name,
				       tern_type_to_text(l->type, type, sizeof type), l->port,
				       *l->server ? " @" : "", l->server);
	}
	if (strcmp(told, wanted) != 0)
		fail_msg("%s: %s, not %s", line, told, wanted);
	options_fini(&o);
	free(copy);
}

static void one_call_has_many_questions(void **state)
{
	(void)state;
	expect("", ". NS 53");
	expect("a.example", "a.example A 53");
	expect("a.example MX b.example", "a.example MX 53, b.example A 53");
	expect("a.example b.example TXT", "a.example A 53, b.example TXT 53");
	expect("MX a.example b.example TXT", "a.example MX 53, b.example TXT 53");
	expect("-q mx -t mx -q a", "mx MX 53, a A 53");
	expect("-t NS com net org", "com NS 53, net NS 53, org NS 53");
}

static void servers_and_ports_hold_from_there_on(void **state)
{
	(void)state;
	expect("a.x @s", "a.x A 53 @s");
	expect("@s a.x @t b.x c.x", "a.x A 53 @t, b.x A 53 @t, c.x A 53 @t");
	expect("a.x b.x @s c.x", "a.x A 53, b.x A 53 @s, c.x A 53 @s");
	expect("a.x b.x -p 54", "a.x A 54, b.x A 54");
	expect("-p 54 a.x b.x -p 55 c.x", "a.x A 54, b.x A 55, c.x A 55");
}

static void a_second_word_is_no_name(void **state)
{
	(void)state;
	expect("www foo", "bad");
	expect("www AAAAA", "bad");
	expect("www A AAAA", "bad");
	expect("www A INN", "bad");
	expect("www foo.", "www A 53, foo. A 53");
	expect("www net NS", "www A 53, net NS 53");
	expect("www A net NS", "www A 53, net NS 53");
	expect("www b\xc3\xbc"
	       "cher",
	       "www A 53, b\xc3\xbc"
	       "cher A 53");
	expect("ixfr x", "bad");
	expect("x. IXFR", "bad");
	expect("x. IXFR=4294967296", "bad");
	expect("x. ixfr=7", "x. IXFR 53");
}

static void bad_words_are_refused(void **state)
{
	static const char *const bad[] = {"+shrot",       "+tcp=1",   "+bufsize=x",  "-p 0",
					  "-p 65536",     "-p -1",    "-t FOO",      "--nothing",
					  "-z",           "+timeout", "+ndots=16",   "+domain",
					  "-x 1.2.3.4.5", "-4 -6",    "+nosubnet=1", "@"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(bad[i], "bad");
}

static void expect_reverse(const char *address, const char *wanted)
{
	char name[NAME_ARG_MAX];

	if (!reverse_text(address, name))
		assert_null(wanted);
	else
		assert_string_equal(name, wanted ? wanted : "nothing");
}

static void addresses_are_reversed(void **state)
{
	(void)state;
	expect_reverse("192.0.2.1", "1.2.0.192.in-addr.arpa.");
	expect_reverse("192.0.2", "2.0.192.in-addr.arpa.");
	expect_reverse("192.", "192.in-addr.arpa.");
	expect_reverse("192.0.2.0/25", "0/25.2.0.192.in-addr.arpa.");
	expect_reverse("192.0.2.0-127", "0-127.2.0.192.in-addr.arpa.");
	expect_reverse("2001:db8:", "8.b.d.0.1.0.0.2.ip6.arpa.");
	expect_reverse("2001:DB8:1:2", "2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
	expect_reverse("::1",
		       "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.");
	static const char *const bad[] = {"",
					  ".",
					  "300",
					  "1..2",
					  "1.2.3.4.5",
					  "a.b",
					  "192.0/8",
					  "1.2.3.4/",
					  "2001:db8:::",
					  "12345:",
					  ":",
					  "g:",
					  "1:2:3:4:5:6:7:8:9",
					  "-1",
					  "1.2.3.999"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_reverse(bad[i], NULL);
}

static const char *nearest_of(const char *word)
{
	struct nearest n = nearest_begin(word, strlen(word));

	nearest_offer(&n, "short");
	nearest_offer(&n, "stats");
	nearest_offer(&n, "dnssec");
	return n.name ? n.name : "";
}

static void what_was_meant_is_found(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("shrot"), "short");
	assert_string_equal(nearest_of("DNSEC"), "dnssec");
	assert_string_equal(nearest_of("stat"), "stats");
	assert_string_equal(nearest_of("zebra"), "");
	assert_string_equal(nearest_of(""), "");
	assert_string_equal(nearest_of("a word that is longer than any"), "");
}

/* What help does not show, nobody finds. */
static void help_lists_every_option(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	assert_non_null(to);
	plus_help(to);
	fclose(to);
	static const char *const some[] = {"+short ",       "+yaml ",  "+search ",
					   "+domain=name ", "+zflag ", "+validate "};
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		if (!strstr(text, some[i]))
			fail_msg("\"%s\" is not in the help", some[i]);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_call_has_many_questions),
		cmocka_unit_test(servers_and_ports_hold_from_there_on),
		cmocka_unit_test(a_second_word_is_no_name),
		cmocka_unit_test(bad_words_are_refused),
		cmocka_unit_test(addresses_are_reversed),
		cmocka_unit_test(what_was_meant_is_found),
		cmocka_unit_test(help_lists_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
