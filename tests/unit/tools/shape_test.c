/*
 * shape_test.c - keys, signatures and SOA as +nocrypto, +rrcomments and +multiline show them.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "../test.h"
#include "tools/ternq_shape.h"

#define KEY                                                                                        \
	"257 3 13 "                                                                                \
	"mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
#define LINE "\n\t\t\t\t"

/* The data of @p text as @p show wants it. */
static void expect(const struct show *show, uint16_t type, const char *text, const char *wanted)
{
	static uint8_t rdata[UINT16_MAX];
	size_t len = 0;
	char *told = NULL;
	size_t told_len = 0;
	FILE *to = open_memstream(&told, &told_len);
	struct shape s = {.show = show, .type = type, .rdata = rdata, .text = text};

	assert_non_null(to);
	if (*text != '\\')
		assert_int_equal(
			tern_rdata_from_text(type, text, NULL, rdata, sizeof rdata, &len, NULL),
			TERN_OK);
	s.rdata_len = len;
	shape_write(&s, to);
	fclose(to);
	assert_string_equal(told, wanted);
	free(told);
}

static void as_it_is(void **state)
{
	const struct show plain = {.crypto = true};

	(void)state;
	expect(&plain, TERN_TYPE_DNSKEY, KEY, KEY);
	expect(&plain, TERN_TYPE_SOA, "a. b. 1 2 3 4 5", "a. b. 1 2 3 4 5");
	expect(&plain, TERN_TYPE_A, "192.0.2.1", "192.0.2.1");
}

static void what_nobody_reads_is_left_out(void **state)
{
	const struct show show = {.crypto = false};

	(void)state;
	expect(&show, TERN_TYPE_DNSKEY, KEY, "257 3 13 [key id = 2371]");
	expect(&show, TERN_TYPE_DS, "1 8 2 AABB", "1 8 2 [omitted]");
	expect(&show, TERN_TYPE_TLSA, "3 1 1 AABB", "3 1 1 AABB");
	expect(&show, TERN_TYPE_DS, "\\# 1 00", "\\# 1 00");
}

static void keys_are_explained(void **state)
{
	const struct show show = {.crypto = true, .comments_chosen = true, .rr_comments = true};

	(void)state;
	expect(&show, TERN_TYPE_DNSKEY, KEY, KEY "  ; KSK; alg = ECDSAP256SHA256 ; key id = 2371");
	expect(&show, TERN_TYPE_DNSKEY, "256 3 200 AAAA",
	       "256 3 200 AAAA  ; ZSK; alg = 200 ; key id = 1224");
	expect(&show, TERN_TYPE_DNSKEY, "385 3 15 AAAA",
	       "385 3 15 AAAA  ; revoked KSK; alg = ED25519 ; key id = 1168");
	expect(&show, TERN_TYPE_DS, "1 8 2 AABB", "1 8 2 AABB");
}

static void long_data_takes_several_lines(void **state)
{
	const struct show show = {.crypto = true, .multiline = true};

	(void)state;
	expect(&show, TERN_TYPE_DNSKEY, KEY,
	       "257 3 13 (" LINE "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+Gq" LINE
	       "JxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==" LINE
	       ") ; KSK; alg = ECDSAP256SHA256 ; key id = 2371");
	expect(&show, TERN_TYPE_RRSIG, "A 13 2 300 20300101000000 20200101000000 5 z. AAAA",
	       "A 13 2 300 (" LINE "20300101000000 20200101000000 5 z." LINE "AAAA )");
	expect(&show, TERN_TYPE_SOA, "a. b. 10 7200 0 694861 300",
	       "a. b. (" LINE "10         ; serial" LINE "7200       ; refresh (2 hours)" LINE
	       "0          ; retry (0 seconds)" LINE
	       "694861     ; expire (1 week 1 day 1 hour 1 minute 1 second)" LINE
	       "300        ; minimum (5 minutes)" LINE ")");
}

static void one_line_stays_one_line(void **state)
{
	const struct show show = {.crypto = true, .multiline = true};
	struct shape s = {
		.show = &show, .type = TERN_TYPE_SOA, .text = "a. b. 1 2 3 4 5", .one_line = true};
	char text[64] = "";
	FILE *to = fmemopen(text, sizeof text, "w");

	(void)state;
	assert_non_null(to);
	shape_write(&s, to);
	fclose(to);
	assert_string_equal(text, s.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_is),
		cmocka_unit_test(what_nobody_reads_is_left_out),
		cmocka_unit_test(keys_are_explained),
		cmocka_unit_test(long_data_takes_several_lines),
		cmocka_unit_test(one_line_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
