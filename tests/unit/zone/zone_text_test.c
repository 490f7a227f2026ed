/* zone_text_test.c - zone files: what people write, files in files, and what is wrong with them. */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "zone/zone_text.h"

static char taken[8192];
static const char *included; /* the text of every file that is included */
static char asked_for[256];
static struct zone_text_fault fault;

static bool take(void *context, const struct zone_record *r, const char **why)
{
	char name[TERN_NAME_TEXT_MAX], type[16];
	size_t n = strlen(taken);

	(void)context;
	if (r->type == TERN_TYPE_HINFO) {
		*why = "none of these";
		return false;
	}
	snprintf(taken + n, sizeof taken - n, "%s %u %s %u;", tern_name_to_text(r->owner, name),
		 r->ttl_s, tern_type_to_text(r->type, type, sizeof type), r->rdata_len);
	return true;
}

static const char *include(void *context, const char *path, size_t *len, const char **why)
{
	(void)context;
	snprintf(asked_for, sizeof asked_for, "%s", path);
	*why = "No such file or directory";
	*len = included ? strlen(included) : 0;
	return included;
}

static bool read_text(const char *text)
{
	const struct zone_text reader = {take, include, NULL};
	size_t len = strlen(text);
	/* The exact size, so that an overrun is seen. */
	char *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, text, len);
	taken[0] = '\0';
	bool good = zone_text_read(&reader, "/zones/db.lan", copy, len, NAME("lan."), &fault);

	free(copy);
	return good;
}

static void assert_taken(const char *text, const char *want)
{
	if (!read_text(text))
		fail_msg("%s:%u: %s", fault.file, fault.line, fault.why);
	assert_string_equal(taken, want);
}

static void assert_fault(const char *text, const char *file, unsigned line)
{
	assert_false(read_text(text));
	assert_string_equal(fault.file, file);
	assert_int_equal(fault.line, line);
	assert_true(fault.why[0] != '\0');
}

static void what_people_write(void **state)
{
	(void)state;
	assert_taken("", "");
	assert_taken("; nothing\n\n", "");
	assert_taken("$TTL 60\n@ SOA ns mail (\n 1 2\n 3 4 5 )\n\tNS ns\nNas A 192.0.2.1\n    AAAA "
		     "::1\n",
		     "lan. 60 SOA 38;lan. 60 NS 8;nas.lan. 60 A 4;nas.lan. 60 AAAA 16;");
	assert_taken(
		"$ORIGIN sub.lan.\na 5 IN TXT \"x y\" ; why\n$ORIGIN b.sub.lan.\nc A 192.0.2.1\n",
		"a.sub.lan. 5 TXT 4;c.b.sub.lan. 3600 A 4;");
	assert_taken("*.w TYPE65280 \\# 3 010203", "*.w.lan. 3600 TYPE65280 3;");
	assert_taken("a CNAME b", "a.lan. 3600 CNAME 7;");
}

static void files_in_files(void **state)
{
	(void)state;
	included = "x A 192.0.2.1\n";
	assert_taken("$INCLUDE more/hosts\ny A 192.0.2.2\n", "x.lan. 3600 A 4;y.lan. 3600 A 4;");
	assert_string_equal(asked_for, "/zones/more/hosts");
	assert_taken("$INCLUDE hosts sub.lan.\n", "x.sub.lan. 3600 A 4;");
	included = "$INCLUDE again\n";
	assert_fault("$INCLUDE again\n", "/zones/again", 1);
	included = "x A 192.0.2.300\n";
	assert_fault("y A 192.0.2.2\n$INCLUDE hosts\n", "/zones/hosts", 1);
	included = NULL;
	assert_fault("$INCLUDE hosts\n", "/zones/hosts", 0);
	included = "x A 192.0.2.1\n";
	assert_fault("\n$INCLUDE /etc/passwd\n", "/zones/db.lan", 2);
	assert_fault("$INCLUDE ../secret\n", "/zones/db.lan", 1);
	assert_fault("$INCLUDE a/../../secret\n", "/zones/db.lan", 1);
}

/* More than the stack of the scanner has places, and more than anybody needs. */
static void many_files_in_files(void **state)
{
	char text[300 * sizeof "$INCLUDE more\n"] = "";

	(void)state;
	included = "; nothing\n";
	for (unsigned i = 0; i < 255; i++)
		strcat(text, "$INCLUDE more\n");
	assert_taken(text, "");
	strcat(text, "$INCLUDE more\n");
	assert_fault(text, "/zones/db.lan", 256);
	/* Each of them the next one, often. */
	included = "$INCLUDE more\n$INCLUDE more\n$INCLUDE more\n";
	assert_fault(text, "/zones/more", 1);
}

static void what_is_wrong(void **state)
{
	(void)state;
	assert_fault("a A 192.0.2.1\nb A nonsense\n", "/zones/db.lan", 2);
	assert_fault("a CH TXT x\n", "/zones/db.lan", 1);
	assert_fault("a A (\n", "/zones/db.lan", 2);
	assert_fault("a\001 A 192.0.2.1\n", "/zones/db.lan", 1);
	assert_fault("<html>\n", "/zones/db.lan", 1);
	assert_fault("a A 192.0.2.1\n\na HINFO a b\n", "/zones/db.lan", 3);
	assert_string_equal(fault.why, "none of these");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_write),
		cmocka_unit_test(files_in_files),
		cmocka_unit_test(many_files_in_files),
		cmocka_unit_test(what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
