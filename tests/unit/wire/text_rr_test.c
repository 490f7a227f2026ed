/*
 * text_rr_test.c - whole records as lines, both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tern/builder.h>

#include "text_helpers.h"
#include "text_vectors.h"

static struct tern_rr_text rr;

static void lines_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		uint32_t ttl_s;
		uint16_t rclass;
	} cases[] = {
		{"www.example.com. 300 IN A 192.0.2.1", 300, 1},
		{"www.example.com. IN 300 A 192.0.2.1", 300, 1},
		{"www.example.com. in A 192.0.2.1", 77, 1},
		{"www.example.com 1h A 192.0.2.1", 3600, 1},
		{"www.example.com. A 192.0.2.1 ; comment", 77, 1},
		{"\twww.example.com.\tCH\t0\tA\t192.0.2.1\n", 0, 3},
		{"www.example.com. CLASS1 2147483647 TYPE1 \\# 4 C0000201", 2147483647, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact x = exact_copy(cases[i].line, strlen(cases[i].line) + 1);

		assert_int_equal(tern_rr_from_text((char *)x.octets, 77, &rr, NULL), TERN_OK);
		assert_memory_equal(rr.owner, "\3www\7example\3com", 17);
		assert_int_equal(rr.type, TERN_TYPE_A);
		assert_int_equal(rr.rclass, cases[i].rclass);
		assert_int_equal(rr.ttl_s, cases[i].ttl_s);
		assert_int_equal(rr.rdata_len, 4);
		assert_memory_equal(rr.rdata, "\xc0\0\2\1", 4);
		exact_free(&x);
	}
}

static void bad_lines_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"; only a comment",
		"a.",
		"a. IN",
		"a. 300",
		"a. 300 IN",
		"a. 300 300 A 1.2.3.4",
		"a. IN IN A 1.2.3.4",
		"a. 2147483648 A 1.2.3.4",
		"a. 4294967296 A 1.2.3.4",
		"a. BOGUS 1.2.3.4",
		"a. IN ANY 1.2.3.4",
		"a. IN AXFR x",
		"a..b A 1.2.3.4",
		"a. A",
		"a. A 1.2.3.4 5",
		"a. A \"",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *error = NULL;

		assert_int_equal(tern_rr_from_text(bad[i], 77, &rr, &error), TERN_ETEXT);
		assert_non_null(error);
		assert_int_equal(tern_rr_from_text(bad[i], 77, &rr, NULL), TERN_ETEXT);
	}
}

static uint8_t buffer[4096];
static struct tern_rr_ref refs[8];
static struct tern_message m;

static void message_with(const char *owner, uint32_t ttl_s, uint16_t type, const void *rdata,
			 size_t len)
{
	struct tern_builder b;
	uint8_t name[TERN_NAME_MAX];

	wire_name(name, owner);
	tern_builder_init(&b, buffer, sizeof buffer, sizeof buffer);
	tern_builder_header(&b, 1, TERN_FLAG_QR, 0);
	assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, type, 1, ttl_s, rdata, len),
			 TERN_OK);
	size_t n = tern_builder_finish(&b);
	assert_int_equal(tern_message_parse(buffer, n, refs, 8, &m), TERN_OK);
}

static void lines_have_digs_columns(void **state)
{
	(void)state;
	static const struct {
		const char *owner;
		uint32_t ttl_s;
		const char *line;
	} cases[] = {
		{".", 0, ".\t\t\t0\tIN\tA\t1.2.3.4"},
		{"a", 86400, "a.\t\t\t86400\tIN\tA\t1.2.3.4"},
		{"example.com", 300, "example.com.\t\t300\tIN\tA\t1.2.3.4"},
		{"22-octets.example.net", 1, "22-octets.example.net.\t1\tIN\tA\t1.2.3.4"},
		{"a-23-octet.example.net", 1, "a-23-octet.example.net.\t1\tIN\tA\t1.2.3.4"},
		{"at-24-octet.example.net", 1, "at-24-octet.example.net. 1\tIN\tA\t1.2.3.4"},
		{"a.very.long.owner.name.of.a.host.example", 1,
		 "a.very.long.owner.name.of.a.host.example. 1 IN A 1.2.3.4"},
		{"a", 2147483647, "a.\t\t\t2147483647 IN\tA\t1.2.3.4"},
	};
	char line[200];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		message_with(cases[i].owner, cases[i].ttl_s, TERN_TYPE_A, "\1\2\3\4", 4);
		assert_int_equal(tern_rr_to_text(&m, &refs[0], line, sizeof line), TERN_OK);
		assert_string_equal(line, cases[i].line);
		for (size_t max = 0; max <= strlen(cases[i].line); max++) {
			char *small = malloc(max ? max : 1);

			assert_int_equal(tern_rr_to_text(&m, &refs[0], small, max), TERN_ESPACE);
			free(small);
		}
	}
	message_with("a", 1, TERN_TYPE_A, "\1\2\3", 3);
	assert_int_equal(tern_rr_to_text(&m, &refs[0], line, sizeof line), TERN_OK);
	assert_string_equal(line, "a.\t\t\t1\tIN\tA\t\\# 3 010203");
	message_with("a", 1, 65280, "\1", 1);
	assert_int_equal(tern_rr_to_text(&m, &refs[0], line, sizeof line), TERN_OK);
	assert_string_equal(line, "a.\t\t\t1\tIN\tTYPE65280 \\# 1 01");
}

/* vector -> line -> record -> message -> line */
static void vectors_as_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char line[2048], again[2048];

		snprintf(line, sizeof line, "x.example. 60 IN %s %s", vectors[i].type,
			 vectors[i].text);
		assert_int_equal(tern_rr_from_text(line, 0, &rr, NULL), TERN_OK);
		message_with("x.example", 60, rr.type, rr.rdata, rr.rdata_len);
		assert_int_equal(tern_rr_to_text(&m, &refs[0], line, sizeof line), TERN_OK);
		assert_int_equal(tern_rr_from_text(line, 0, &rr, NULL), TERN_OK);
		message_with("x.example", 60, rr.type, rr.rdata, rr.rdata_len);
		assert_int_equal(tern_rr_to_text(&m, &refs[0], again, sizeof again), TERN_OK);
		assert_string_equal(line, again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(lines_have_digs_columns),
		cmocka_unit_test(vectors_as_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
