/*
 * search_test.c - resolv.conf and the names that a short name may stand for.
 */
#include <string.h>

#include "../test.h"
#include "tools/ternq_search.h"

/* The names for @p name, one behind the other. */
static void expect(const char *conf_text, const char *name, const char *domain, int ndots,
		   const char *wanted)
{
	struct lookup l = {.search = true, .domain = domain, .ndots = ndots};
	static struct search_conf conf;
	static struct search search;
	char told[1024] = "";
	FILE *file = fmemopen((void *)(uintptr_t)conf_text, strlen(conf_text), "r");

	assert_non_null(file);
	search_read(file, &conf);
	fclose(file);
	strcpy(l.name, name);
	search_order(&l, &conf, &search);
	for (unsigned i = 0; i < search.n; i++) {
		strcat(told, i > 0 ? " " : "");
		strcat(told, search.names[i]);
	}
	assert_string_equal(told, wanted);
}

static void domains_are_tried_in_order(void **state)
{
	(void)state;
	expect("search a.x b.x\n", "www", NULL, -1, "www.a.x www.b.x www");
	expect("search a.x b.x\n", "www.c", NULL, -1, "www.c www.c.a.x www.c.b.x");
	expect("search a.x b.x\n", "www.", NULL, -1, "www.");
	expect("search a.x\noptions timeout:1 ndots:2\n", "www.c", NULL, -1, "www.c.a.x www.c");
	expect("search a.x\noptions ndots:2\n", "www.c", NULL, 1, "www.c www.c.a.x");
	expect("search a.x\n", "www", NULL, 0, "www www.a.x");
	expect("domain d.x e.x\n", "www", NULL, -1, "www.d.x www");
	expect("domain d.x\nsearch a.x\n", "www", NULL, -1, "www.a.x www");
	expect("search a.x\n", "www", "o.x", -1, "www.o.x www");
	expect("search .\n", "www", NULL, -1, "www. www");
	expect("nameserver ::1\n\n# search c.x\n", "www", NULL, -1, "www");
}

static void nothing_is_searched_unless_told(void **state)
{
	struct lookup l = {.name = "www", .ndots = -1};
	static struct search_conf conf = {.domains = {"a.x"}, .domains_n = 1, .ndots = 1};
	static struct search search;

	(void)state;
	search_order(&l, &conf, &search);
	assert_int_equal(search.n, 1);
	assert_string_equal(search.names[0], "www");
}

/* Neither too many domains nor too long ones do harm. */
static void a_wild_file_does_no_harm(void **state)
{
	static char text[8000] = "search";
	static struct search_conf conf;
	struct lookup l = {.search = true, .ndots = -1};
	static struct search search;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		strcat(text, " d.x");
	strcat(text, "\noptions ndots:99999 ndots: ndots:-1\nsearch ");
	memset(text + strlen(text), 'x', 3000);
	FILE *file = fmemopen(text, strlen(text), "r");

	assert_non_null(file);
	search_read(file, &conf);
	fclose(file);
	assert_int_equal(conf.ndots, 15);
	assert_int_equal(conf.domains_n, 0);
	conf.domains_n = 1;
	memset(conf.domains[0], 'x', NAME_ARG_MAX - 1);
	strcpy(l.name, "www");
	search_order(&l, &conf, &search);
	assert_int_equal(search.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains_are_tried_in_order),
		cmocka_unit_test(nothing_is_searched_unless_told),
		cmocka_unit_test(a_wild_file_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
