/*
 * text_test.c - records in presentation format: vectors of other implementations
 * both ways, rdata without a text of its own, random octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_helpers.h"
#include "text_vectors.h"

static void vectors_read_and_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct text_vector *v = &vectors[i];
		uint16_t type = type_of(v->type);
		uint8_t expected[512];
		size_t expected_len = from_hex(v->hex, expected);
		const char *error = NULL;
		size_t len = 0;

		if (read_text(type, v->text, &len, &error) != TERN_OK)
			fail_msg("%s %s: expected %s", v->type, v->text, error);
		assert_int_equal(len, expected_len);
		assert_memory_equal(wire, expected, len);
		assert_string_equal(write_text(type, wire, len), v->printed ? v->printed : v->text);
		assert_int_equal(tern_rdata_check(type, wire, len), TERN_OK);
	}
}

static void printed_text_reads_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint16_t type = type_of(vectors[i].type);
		uint8_t expected[512];
		size_t expected_len = from_hex(vectors[i].hex, expected);
		size_t len;

		write_text(type, expected, expected_len);
		assert_int_equal(read_text(type, text, &len, NULL), TERN_OK);
		assert_int_equal(len, expected_len);
		assert_memory_equal(wire, expected, len);
	}
}

/* RFC 3597 5 allows "\#" for every type. */
static void every_type_in_generic_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint16_t type = type_of(vectors[i].type);
		uint8_t expected[512];
		size_t expected_len = from_hex(vectors[i].hex, expected);
		char generic[2048];
		size_t len;

		snprintf(generic, sizeof generic, "\\# %zu %s", expected_len, vectors[i].hex);
		assert_int_equal(read_text(type, generic, &len, NULL), TERN_OK);
		assert_int_equal(len, expected_len);
		assert_memory_equal(wire, expected, len);
	}
}

static void every_cut_of_a_vector_is_handled(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint16_t type = type_of(vectors[i].type);
		char cut[2048];

		for (size_t n = 0; n < strlen(vectors[i].text); n++) {
			const char *error = NULL;
			size_t len;

			snprintf(cut, sizeof cut, "%.*s", (int)n, vectors[i].text);
			if (read_text(type, cut, &len, &error) == TERN_OK)
				assert_int_equal(tern_rdata_check(type, wire, len), TERN_OK);
			else
				assert_non_null(error);
		}
	}
}

static void output_space_is_respected(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint16_t type = type_of(vectors[i].type);
		uint8_t rdata[512];
		size_t len = from_hex(vectors[i].hex, rdata);
		size_t text_len = strlen(write_text(type, rdata, len));

		for (size_t max = 0; max <= text_len + 1; max += max < 64 ? 1 : 17) {
			char *small = malloc(max ? max : 1);

			assert_int_equal(tern_rdata_to_text(type, rdata, len, small, max),
					 max > text_len ? TERN_OK : TERN_ESPACE);
			free(small);
		}
		for (size_t max = 0; max < len; max++) {
			uint8_t *small = malloc(max ? max : 1);
			size_t n = 77;

			assert_int_equal(tern_rdata_from_text(type, vectors[i].text, NULL, small,
							      max, &n, NULL),
					 TERN_ESPACE);
			assert_int_equal(n, 77);
			free(small);
		}
	}
}

/* What has no text of its own, or is broken, is written as octets. */
static void the_rest_is_generic(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
		const char *printed;
	} cases[] = {
		{TERN_TYPE_A, "\1\2\3", 3, "\\# 3 010203"},
		{TERN_TYPE_A, "", 0, "\\# 0"},
		{TERN_TYPE_MX, "\0\1\xc0\x0c", 4, "\\# 4 0001C00C"},
		{TERN_TYPE_DNSKEY, "\1\0\3\5", 4, "\\# 4 01000305"},
		{TERN_TYPE_OPENPGPKEY, "", 0, "\\# 0"},
		{TERN_TYPE_APL, "\0\3\1\1\1", 5, "\\# 5 0003010101"},
		{TERN_TYPE_WKS, "\1\2\3\4\6\x80\0", 7, "\\# 7 01020304068000"},
		{TERN_TYPE_LOC, "\1\x12\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80", 16,
		 "\\# 16 01121613800000008000000000989680"},
		{TERN_TYPE_LOC, "\0\x05\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80", 16,
		 "\\# 16 00051613800000008000000000989680"},
		{TERN_TYPE_LOC, "\0\x12\x16\x13\xff\0\0\0\x80\0\0\0\0\x98\x96\x80", 16,
		 "\\# 16 00121613FF0000008000000000989680"},
		{TERN_TYPE_OPT, "\0\3\0\0", 4, "\\# 4 00030000"},
		/* an absent mandatory key, no-default-alpn alone: RFC 9460 2.4.3 */
		{TERN_TYPE_SVCB, "\0\1\0\0\0\0\2\0\3", 9, "\\# 9 000100000000020003"},
		{TERN_TYPE_SVCB, "\0\1\0\0\2\0\0", 7, "\\# 7 00010000020000"},
		{TERN_TYPE_SVCB, "\0\1\0\xff\xff\0\0", 7, "\\# 7 000100FFFF0000"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len;

		assert_string_equal(write_text(cases[i].type, cases[i].rdata, cases[i].len),
				    cases[i].printed);
		if (tern_rdata_check(cases[i].type, (const uint8_t *)cases[i].rdata,
				     cases[i].len) != TERN_OK)
			continue;
		assert_int_equal(read_text(cases[i].type, text, &len, NULL), TERN_OK);
		assert_int_equal(len, cases[i].len);
		assert_memory_equal(wire, cases[i].rdata, len);
	}
}

/* 65536 types in one bitmap need more text than TERN_RDATA_TEXT_MAX. */
static void the_largest_texts_fit(void **state)
{
	(void)state;
	static uint8_t big[65535];
	size_t len = 1;

	big[0] = 0;
	for (unsigned window = 0; window < 256; window++) {
		big[len++] = (uint8_t)window;
		big[len++] = 32;
		memset(big + len, 0xff, 32);
		len += 32;
	}
	write_text(TERN_TYPE_NSEC, big, len);
	assert_memory_equal(text, "\\# 8705 00", 10);
	assert_int_equal(read_text(TERN_TYPE_NSEC, text, &len, NULL), TERN_OK);
	assert_int_equal(len, 8705);
	assert_memory_equal(wire, big, len);

	memset(big, 0xff, sizeof big);
	for (size_t i = 0; i < sizeof big; i += 256)
		big[i] = (uint8_t)(sizeof big - i < 256 ? sizeof big - i - 1 : 255);
	write_text(TERN_TYPE_TXT, big, sizeof big);
	assert_int_equal(read_text(TERN_TYPE_TXT, text, &len, NULL), TERN_OK);
	assert_int_equal(len, sizeof big);
	assert_memory_equal(wire, big, len);
}

static void random_octets_survive(void **state)
{
	(void)state;
	uint64_t seed = 51;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct text_vector *v = &vectors[random_under(&seed, ARRAY_LEN(vectors))];
		uint16_t type = type_of(v->type);
		uint8_t rdata[512];
		size_t len = from_hex(v->hex, rdata);
		size_t again;

		for (unsigned hits = random_under(&seed, 4); hits > 0 && len > 0; hits--)
			rdata[random_under(&seed, (unsigned)len)] = (uint8_t)next_random(&seed);
		write_text(type, rdata, len);
		for (const char *p = text; *p; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
		if (tern_rdata_check(type, rdata, len) != TERN_OK)
			continue;
		assert_int_equal(read_text(type, text, &again, NULL), TERN_OK);
		assert_int_equal(again, len);
		assert_memory_equal(wire, rdata, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_read_and_print),
		cmocka_unit_test(printed_text_reads_back),
		cmocka_unit_test(every_type_in_generic_form),
		cmocka_unit_test(every_cut_of_a_vector_is_handled),
		cmocka_unit_test(output_space_is_respected),
		cmocka_unit_test(the_rest_is_generic),
		cmocka_unit_test(the_largest_texts_fit),
		cmocka_unit_test(random_octets_survive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
