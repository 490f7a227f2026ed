/*
 * hints_test.c - the built-in root servers and a hints file's text.
 */
#include "helpers.h"

static struct root_hints hints;
static unsigned line;
static const char *why;

static bool parse(const char *text)
{
	return root_hints_parse(text, strlen(text), &hints, &line, &why);
}

static void built_in(void **state)
{
	struct arena arena;

	(void)state;
	root_hints_builtin(&hints);
	assert_int_equal(hints.servers_n, 13);
	assert_true(tern_name_equal(hints.servers[12].name, NAME("m.root-servers.net.")));
	for (unsigned i = 0; i < 13; i++) {
		assert_int_equal(hints.servers[i].addresses_n, 2);
		assert_int_equal(hints.servers[i].addresses[0].family, 4);
		assert_int_equal(hints.servers[i].addresses[1].family, 6);
		assert_int_equal(hints.servers[i].addresses[0].port, 53);
	}
	arena_init(&arena, 65536);
	struct zone_cut *cut = root_hints_cut(&hints, &arena);

	assert_int_equal(cut->source, CUT_HINTS);
	assert_int_equal(cut->ns_n, 13);
	assert_int_equal(cut->servers_n, 26);
	assert_int_equal(cut->labels, 0);
	arena_reset(&arena);
}

static void a_file_in_iana_form(void **state)
{
	(void)state;
	assert_true(parse(";       This file holds the information on root name servers\n"
			  "; formerly NS.INTERNIC.NET\n"
			  "\n"
			  ".                        3600000      NS    A.ROOT-SERVERS.NET.\n"
			  "A.ROOT-SERVERS.NET.      3600000      A     198.41.0.4\n"
			  "A.ROOT-SERVERS.NET.      3600000      AAAA  2001:503:ba3e::2:30\n"
			  "b.root-servers.net. IN A 170.247.170.2\r\n"
			  ". IN NS b.root-servers.net.\n"
			  "; End of file"));
	assert_int_equal(hints.servers_n, 2);
	assert_true(tern_name_equal(hints.servers[0].name, NAME("a.root-servers.net.")));
	assert_memory_equal(hints.servers[0].name, "\1a\14root-servers\3net", 20);
	assert_int_equal(hints.servers[0].addresses_n, 2);
	assert_int_equal(hints.servers[1].addresses_n, 1);
	struct address b = address("170.247.170.2");

	assert_true(address_equal(&hints.servers[1].addresses[0], &b));
}

static void mistakes_have_a_line(void **state)
{
	(void)state;
	assert_false(parse(". NS a.\na. A 192.0.2.1\n\nwhat is this\n"));
	assert_int_equal(line, 4);
	assert_non_null(why);
	assert_false(parse(". NS a.\na. A 192.0.2.300\n"));
	assert_int_equal(line, 2);
	assert_false(parse("nonsense"));
	assert_int_equal(line, 1);
}

static void no_servers(void **state)
{
	(void)state;
	assert_false(parse(""));
	assert_int_equal(line, 0);
	assert_false(parse("; nothing\n"));
	assert_int_equal(line, 0);
	assert_false(parse(". NS a.root.\n"));
	assert_int_equal(line, 0);
	assert_string_equal(why, "no NS record of the root with an address");
}

static void more_than_fits(void **state)
{
	static char text[40000];
	size_t at = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		at += (size_t)snprintf(text + at, sizeof text - at,
				       ". NS n%u.\nn%u. A 192.0.2.1\nn%u. A 192.0.2.2\n"
				       "n%u. A 192.0.2.3\nn%u. A 192.0.2.4\nn%u. A 192.0.2.5\n"
				       "n%u. A 192.0.2.6\nn%u. A 192.0.2.7\n",
				       i, i, i, i, i, i, i, i);
	assert_true(parse(text));
	assert_int_equal(hints.servers_n, CUT_NS_MAX);
	for (unsigned i = 0; i < CUT_NS_MAX; i++)
		assert_int_equal(hints.servers[i].addresses_n, CUT_NS_ADDRS);
}

/* An address of a name that no NS record of the root names is not a root server's. */
static void addresses_of_others(void **state)
{
	struct arena arena;

	(void)state;
	assert_false(parse("www.example. A 192.0.2.1\n"));
	assert_true(parse("www.example. A 192.0.2.2\n. NS a.\na. A 192.0.2.1\n"));
	arena_init(&arena, 65536);
	struct zone_cut *cut = root_hints_cut(&hints, &arena);

	assert_int_equal(cut->ns_n, 1);
	assert_int_equal(cut->servers_n, 1);
	assert_true(tern_name_equal(cut->ns[0].name, NAME("a.")));
	arena_reset(&arena);
}

static void another_root_is_known_by_its_servers(void **state)
{
	static struct root_hints h;

	(void)state;
	root_hints_builtin(&h);
	assert_false(root_hints_are_own(&h));
	/* A list that is some years old. */
	h.servers_n = 6;
	assert_false(root_hints_are_own(&h));
	h.servers_n = 5;
	assert_true(root_hints_are_own(&h));
	h.servers_n = 0;
	assert_true(root_hints_are_own(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_root_is_known_by_its_servers),
		cmocka_unit_test(built_in),
		cmocka_unit_test(a_file_in_iana_form),
		cmocka_unit_test(mistakes_have_a_line),
		cmocka_unit_test(no_servers),
		cmocka_unit_test(more_than_fits),
		cmocka_unit_test(addresses_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
