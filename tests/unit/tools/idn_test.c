/*
 * idn_test.c - names in Unicode: what is shown so, what is not, and what is no name.
 */
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "tools/idn.h"

static void shows(const char *text, const char *wanted)
{
	char *told = NULL;
	size_t told_len = 0;
	/* Exactly as long as the text, so that reading on is found. */
	char *octets = malloc(strlen(text) + !*text);
	FILE *to = open_memstream(&told, &told_len);

	assert_non_null(to);
	assert_non_null(octets);
	memcpy(octets, text, strlen(text));
	idn_write(octets, strlen(text), to);
	fclose(to);
	assert_string_equal(told, wanted);
	free(told);
	free(octets);
}

static void names_are_shown_in_unicode(void **state)
{
	(void)state;
	shows("", "");
	shows("xn--bcher-kva.example.", "bücher.example.");
	shows("_dns.XN--BCHER-KVA.example A", "_dns.BüCHER.example A");
	shows("to 192.0.2.1@53 for (xn--bcher-kva.example): xn--mnchen-3ya.,\n  xn--p1ai\t\n",
	      "to 192.0.2.1@53 for (bücher.example): münchen.,\n  рф\t\n");
	shows("a \"xn--bcher-kva \\\" xn--bcher-kva\" xn--bcher-kva",
	      "a \"xn--bcher-kva \\\" xn--bcher-kva\" bücher");
	/* A quotation mark without another one is good for its line. */
	shows("\"xn--bcher-kva\nxn--bcher-kva \"", "\"xn--bcher-kva\nbücher \"");
	shows("a\\", "a\\");
	shows("\"\\", "\"\\");
}

static void what_does_not_come_back_stays(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"xn--",
		"xn--a",
		"xn--999999999.example.",
		"xn--bcher-kva-.example",
		/* ESC, a newline, an override of direction, a zero-width space, "google" in ASCII
		 */
		"xn--[31m-",
		"xn--a-ujb.",
		"xn--ab-m1t.example",
		"xn--google-.",
		"xn--ss-.",
		"exn--bcher-kva\\.x",
	};

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		shows(texts[i], texts[i]);
}

static void is_dns(const char *text, const char *wanted)
{
	const char *why = NULL;
	char *dns = idn_to_dns(text, &why);

	if (wanted)
		assert_string_equal(dns, wanted);
	else
		assert_null(dns);
	assert_int_equal(why != NULL, wanted == NULL);
	free(dns);
}

static void names_are_read(void **state)
{
	(void)state;
	is_dns("bücher.example", "xn--bcher-kva.example");
	is_dns("_dns.Bücher.example.", "_dns.xn--bcher-kva.example.");
	is_dns("a\\.b\\200.example", "a\\.b\\200.example");
	is_dns("xn--a", "xn--a");
	is_dns("", "");
	is_dns("a\xff.example", NULL);
	is_dns("☃\u202e.example", NULL);
	is_dns("a\u202e.example", NULL);
	is_dns("-ü-.example", NULL);
	is_dns("üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_shown_in_unicode),
		cmocka_unit_test(what_does_not_come_back_stays),
		cmocka_unit_test(names_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
