/*
 * name_test.c - names: limits, pointers, order, text; random names against naive models.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>

#include "helpers.h"

/* Parse from a heap block of exactly @p len octets. */
static enum tern_status parse_exact(const void *msg, size_t len, size_t at, uint8_t *out,
				    size_t *next)
{
	struct exact x = exact_copy(msg, len);
	size_t skipped = 0;
	size_t verified = 0;
	enum tern_status st = tern_name_parse(x.octets, x.len, at, out, next);

	assert_int_equal(tern_name_verify(x.octets, x.len, at, &verified), st);
	if (st == TERN_OK) {
		assert_int_equal(tern_name_skip(x.octets, x.len, at, &skipped), TERN_OK);
		assert_int_equal(skipped, *next);
		assert_int_equal(verified, *next);
	}
	exact_free(&x);
	return st;
}

/* @p n labels of @p label_len octets each, and the root when @p closed. */
static size_t make_labels(uint8_t *out, unsigned n, unsigned label_len, bool closed)
{
	size_t at = 0;

	for (; n > 0; n--) {
		out[at++] = (uint8_t)label_len;
		memset(out + at, 'x', label_len);
		at += label_len;
	}
	if (closed)
		out[at++] = 0;
	return at;
}

static void labels_of_63_octets_are_the_longest(void **state)
{
	(void)state;
	uint8_t in[300], out[TERN_NAME_MAX];
	size_t next;
	size_t len = make_labels(in, 1, 63, true);

	assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_OK);
	assert_memory_equal(in, out, len);
	assert_int_equal(next, 65);
	for (unsigned first = 64; first < 192; first++) {
		in[0] = (uint8_t)first;
		assert_int_equal(parse_exact(in, sizeof in, 0, out, &next), TERN_ELABEL);
		assert_int_equal(tern_name_skip(in, sizeof in, 0, &next), TERN_ELABEL);
		assert_int_equal(tern_name_check(in, sizeof in, &next), TERN_ELABEL);
	}
}

static void names_of_255_octets_are_the_longest(void **state)
{
	(void)state;
	uint8_t in[400], out[TERN_NAME_MAX];
	size_t next;
	size_t len = make_labels(in, 3, 63, false);

	len += make_labels(in + len, 1, 61, true);
	assert_int_equal(len, 255);
	assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_OK);
	assert_memory_equal(in, out, 255);
	assert_int_equal(tern_name_check(in, len, &next), TERN_OK);
	assert_int_equal(next, 255);
	assert_int_equal(tern_name_check(in, len - 1, &next), TERN_ETRUNCATED);

	len = make_labels(in, 3, 63, false);
	len += make_labels(in + len, 1, 62, true);
	assert_int_equal(len, 256);
	assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_ENAME);
	assert_int_equal(tern_name_check(in, len, &next), TERN_ENAME);
}

static void names_of_127_labels_are_the_deepest(void **state)
{
	(void)state;
	uint8_t in[300], out[TERN_NAME_MAX];
	size_t next;
	size_t len = make_labels(in, 127, 1, true);

	assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_OK);
	assert_int_equal(tern_name_labels(out), 127);
	assert_int_equal(tern_name_len(out), 255);
	len = make_labels(in, 128, 1, true);
	assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_ENAME);
}

static void too_long_by_a_pointer(void **state)
{
	(void)state;
	uint8_t in[600], out[TERN_NAME_MAX];
	size_t next;
	size_t tail = make_labels(in, 2, 63, true); /* 129 octets */
	size_t at = tail;
	size_t len = tail + make_labels(in + tail, 1, 63, false);

	len += make_labels(in + len, 1, 61, false); /* 126 octets: 255 in all */
	in[len++] = 0xc0;
	in[len++] = 0;
	assert_int_equal(parse_exact(in, len, at, out, &next), TERN_OK);
	assert_int_equal(tern_name_len(out), 255);
	assert_int_equal(next, len);

	len = at + make_labels(in + at, 2, 62, false);
	in[len++] = 1;
	in[len++] = 'y';
	in[len++] = 0xc0;
	in[len++] = 0;
	assert_int_equal(parse_exact(in, len, at, out, &next), TERN_ENAME);
}

static void every_cut_is_noticed(void **state)
{
	(void)state;
	static const uint8_t in[] = "\3www\7example\3com\0\4mail\xc0\4";
	uint8_t out[TERN_NAME_MAX];
	size_t next;

	for (size_t len = 0; len < 17; len++)
		assert_int_equal(parse_exact(in, len, 0, out, &next), TERN_ETRUNCATED);
	for (size_t len = 17; len < 24; len++)
		assert_int_equal(parse_exact(in, len, 17, out, &next), TERN_ETRUNCATED);
	assert_int_equal(parse_exact(in, 24, 17, out, &next), TERN_OK);
	assert_memory_equal(out, "\4mail\7example\3com", 18);
	assert_int_equal(next, 24);
	assert_int_equal(tern_name_skip(in, 23, 17, &next), TERN_ETRUNCATED);
	assert_int_equal(tern_name_skip(in, 10, 0, &next), TERN_ETRUNCATED);
	assert_int_equal(tern_name_parse(in, 24, 99, out, &next), TERN_ETRUNCATED);
	assert_int_equal(tern_name_parse(in, 24, 0, out, NULL), TERN_OK);
}

static void pointers_lead_backwards(void **state)
{
	(void)state;
	uint8_t out[TERN_NAME_MAX];
	size_t next;

	/* to itself, forwards, to its own label, mutual, into the middle of the name before */
	assert_int_equal(parse_exact("\xc0\0", 2, 0, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\xc0\2\0", 3, 0, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\1a\xc0\0", 4, 0, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\1a\xc0\2", 4, 0, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\xc0\2\xc0\0", 4, 2, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\1a\1b\xc0\2", 6, 2, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\1a\1b\xc0\0", 6, 2, out, &next), TERN_EPOINTER);
	assert_int_equal(parse_exact("\0\1b\xc0\0", 5, 1, out, &next), TERN_OK);
	assert_memory_equal(out, "\1b", 3);
}

static void pointers_are_followed_64_times(void **state)
{
	(void)state;
	uint8_t in[400] = {0};
	uint8_t out[TERN_NAME_MAX];
	size_t next;

	for (unsigned i = 0; i < 66; i++)
		put_u16(in + 1 + 2 * i, (uint16_t)(0xc000 | (i == 0 ? 0 : 2 * i - 1)));
	assert_int_equal(parse_exact(in, sizeof in, 1 + 2 * 63, out, &next), TERN_OK);
	assert_int_equal(out[0], 0);
	assert_int_equal(parse_exact(in, sizeof in, 1 + 2 * 64, out, &next), TERN_EPOINTER);
}

/* A parser without cleverness: labels one by one, octet by octet. */
static bool naive_parse(const uint8_t *msg, size_t len, size_t at, uint8_t *out)
{
	size_t n = 0;
	size_t lowest = at;

	for (unsigned hops = 0; at < len;) {
		unsigned label = msg[at];

		if (label >= 0xc0) {
			if (at + 1 >= len)
				return false;
			at = (label & 0x3fu) * 256u + msg[at + 1];
			if (at >= lowest || ++hops > 64)
				return false;
			lowest = at;
			continue;
		}
		if (label > 63 || n + label + 1 > 255)
			return false;
		for (unsigned i = 0; i <= label; i++) {
			if (at >= len)
				return false;
			out[n++] = msg[at++];
		}
		if (label == 0)
			return true;
	}
	return false;
}

static void random_octets_parse_as_in_the_model(void **state)
{
	(void)state;
	uint64_t seed = 1;
	unsigned good = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t in[512], model[TERN_NAME_MAX], out[TERN_NAME_MAX];
		size_t len = 1 + random_under(&seed, sizeof in);
		size_t at = random_under(&seed, (unsigned)len);
		size_t next;

		for (size_t i = 0; i < len; i++) {
			unsigned kind = random_under(&seed, 16);
			in[i] = kind < 3    ? 0xc0
				: kind < 12 ? (uint8_t)random_under(&seed, 6)
					    : (uint8_t)next_random(&seed);
		}
		bool expected = naive_parse(in, len, at, model);

		assert_int_equal(parse_exact(in, len, at, out, &next) == TERN_OK, expected);
		if (!expected)
			continue;
		good++;
		assert_memory_equal(out, model, tern_name_len(model));
	}
	assert_true(good > ROUNDS / 10);
}

static void lower_case_is_ascii_only(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (unsigned place = 1; place <= 20; place++) {
			uint8_t name[TERN_NAME_MAX], low[TERN_NAME_MAX];
			size_t len = make_labels(name, 1, 20, true);

			name[place] = (uint8_t)c;
			struct exact x = exact_copy(name, len);
			assert_int_equal(tern_name_lower(low, x.octets), len);
			assert_int_equal(low[place], c >= 'A' && c <= 'Z' ? c + 32 : c);
			assert_true(tern_name_equal(x.octets, low));
			tern_name_lower(x.octets, x.octets);
			assert_memory_equal(x.octets, low, len);
			exact_free(&x);
		}
	}
}

static void equality_is_that_of_the_model(void **state)
{
	(void)state;
	uint64_t seed = 2;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t a[TERN_NAME_MAX], b[TERN_NAME_MAX];
		size_t a_len = random_name(&seed, 4, a);
		size_t b_len = random_name(&seed, 4, b);
		bool same = a_len == b_len;

		for (size_t i = 0; same && i < a_len; i++)
			same = (a[i] < 128 ? tolower(a[i]) : a[i]) ==
			       (b[i] < 128 ? tolower(b[i]) : b[i]);
		struct exact x = exact_copy(a, a_len);
		struct exact y = exact_copy(b, b_len);

		assert_int_equal(tern_name_equal(x.octets, y.octets), same);
		assert_int_equal(tern_name_compare(x.octets, y.octets) == 0, same);
		exact_free(&x);
		exact_free(&y);
	}
}

static void canonical_order_of_rfc4034(void **state)
{
	(void)state;
	static const char *const sorted[] = {
		".",           "example",         "a.example", "yljkjljk.a.example",
		"Z.a.example", "zABC.a.EXAMPLE",  "z.example", "\\001.z.example",
		"*.z.example", "\\200.z.example",
	};
	uint8_t a[TERN_NAME_MAX], b[TERN_NAME_MAX];

	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t j = 0; j < ARRAY_LEN(sorted); j++) {
			wire_name(a, sorted[i]);
			wire_name(b, sorted[j]);
			int order = tern_name_compare(a, b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void order_is_total(void **state)
{
	(void)state;
	uint64_t seed = 3;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t n[3][TERN_NAME_MAX];

		for (unsigned i = 0; i < 3; i++)
			random_name(&seed, 3, n[i]);
		int ab = tern_name_compare(n[0], n[1]);
		int ba = tern_name_compare(n[1], n[0]);

		assert_int_equal((ab > 0) - (ab < 0), (ba < 0) - (ba > 0));
		if (ab <= 0 && tern_name_compare(n[1], n[2]) <= 0)
			assert_true(tern_name_compare(n[0], n[2]) <= 0);
	}
}

static void suffixes_and_zones(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX], zone[TERN_NAME_MAX], other[TERN_NAME_MAX];

	wire_name(name, "a.b.Example.com");
	wire_name(zone, "EXAMPLE.com");
	assert_true(tern_name_is_below(name, zone));
	assert_true(tern_name_is_below_or_equal(name, zone));
	assert_false(tern_name_is_below(zone, zone));
	assert_true(tern_name_is_below_or_equal(zone, zone));
	assert_false(tern_name_is_below(zone, name));
	assert_true(tern_name_is_below(name, tern_name_root));
	assert_false(tern_name_is_below(tern_name_root, tern_name_root));
	assert_true(tern_name_is_below_or_equal(tern_name_root, tern_name_root));

	/* same octets at the end, but not at the border of a label */
	wire_name(other, "\\002xexample.com");
	wire_name(zone, "xexample.com");
	assert_false(tern_name_is_below_or_equal(other, zone));
	wire_name(zone, "xample.com");
	assert_false(tern_name_is_below_or_equal(name, zone));

	assert_ptr_equal(tern_name_suffix(name, 4), name);
	assert_ptr_equal(tern_name_suffix(name, 2), name + 4);
	assert_int_equal(tern_name_suffix(name, 0)[0], 0);
	assert_ptr_equal(tern_name_parent(name), name + 2);
	assert_ptr_equal(tern_name_parent(tern_name_root), tern_name_root);
	assert_int_equal(tern_name_labels(tern_name_root), 0);
	wire_name(other, "x.b.eXample.COM");
	assert_int_equal(tern_name_common_labels(name, other), 3);
	assert_int_equal(tern_name_common_labels(name, name), 4);
	assert_int_equal(tern_name_common_labels(name, tern_name_root), 0);
}

static void below_is_that_of_the_model(void **state)
{
	(void)state;
	uint64_t seed = 4;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t name[TERN_NAME_MAX], zone[TERN_NAME_MAX];

		random_name(&seed, 4, name);
		random_name(&seed, 2, zone);
		unsigned common = tern_name_common_labels(name, zone);
		bool inside = common == tern_name_labels(zone);

		assert_int_equal(tern_name_is_below_or_equal(name, zone), inside);
		assert_int_equal(tern_name_is_below(name, zone),
				 inside && !tern_name_equal(name, zone));
		assert_true(tern_name_equal(tern_name_suffix(name, common),
					    tern_name_suffix(zone, common)));
	}
}

static void wildcards(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX];

	wire_name(name, "*.example.com");
	assert_true(tern_name_is_wildcard(name));
	wire_name(name, "**.example.com");
	assert_false(tern_name_is_wildcard(name));
	wire_name(name, "a.*.com");
	assert_false(tern_name_is_wildcard(name));
	assert_false(tern_name_is_wildcard(tern_name_root));
}

static void replacing_a_suffix(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX], from[TERN_NAME_MAX], to[TERN_NAME_MAX], out[TERN_NAME_MAX];

	wire_name(name, "w.X.example.com");
	wire_name(from, "EXAMPLE.com");
	wire_name(to, "y.net");
	assert_int_equal(tern_name_replace_suffix(name, from, to, out), TERN_OK);
	assert_memory_equal(out, "\1w\1X\1y\3net", 11);
	assert_int_equal(tern_name_replace_suffix(name, tern_name_root, to, out), TERN_OK);
	assert_int_equal(tern_name_len(out), tern_name_len(name) + tern_name_len(to) - 1);

	size_t len = make_labels(to, 3, 63, false);
	make_labels(to + len, 1, 57, true); /* 251 octets and 4 in front: 255 */
	assert_int_equal(tern_name_replace_suffix(name, from, to, out), TERN_OK);
	assert_int_equal(tern_name_len(out), 255);
	make_labels(to + len, 1, 58, true);
	assert_int_equal(tern_name_replace_suffix(name, from, to, out), TERN_ENAME);
}

static void copies(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX], out[TERN_NAME_MAX];

	wire_name(name, "Www.Example");
	assert_int_equal(tern_name_copy(out, name), 13);
	assert_memory_equal(out, name, 13);
	assert_int_equal(tern_name_copy(out, tern_name_root), 1);
}

struct text_case {
	const char *text;
	enum tern_status status;
	const char *printed; /* when good */
};

static void text_forms(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{".", TERN_OK, "."},
		{"a", TERN_OK, "a."},
		{"a.", TERN_OK, "a."},
		{"a.b", TERN_OK, "a.b."},
		{"a\\.b.c", TERN_OK, "a\\.b.c."},
		{"a\\046b.c", TERN_OK, "a\\.b.c."},
		{"\\000\\255", TERN_OK, "\\000\\255."},
		{"a b", TERN_OK, "a\\032b."},
		{"\\\"\\;\\(\\)\\@\\$\\\\", TERN_OK, "\\\"\\;\\(\\)\\@\\$\\\\."},
		{"@x$", TERN_OK, "\\@x\\$."},
		{"\xc3\xa9", TERN_OK, "\\195\\169."},
		{"\\.", TERN_OK, "\\.."},
		{"", TERN_ETEXT, NULL},
		{"..", TERN_ETEXT, NULL},
		{".a", TERN_ETEXT, NULL},
		{"a..b", TERN_ETEXT, NULL},
		{"a..", TERN_ETEXT, NULL},
		{"\\", TERN_ETEXT, NULL},
		{"a\\25", TERN_ETEXT, NULL},
		{"a\\256", TERN_ETEXT, NULL},
		{"a\\2x5", TERN_ETEXT, NULL},
		{"a\\99", TERN_ETEXT, NULL},
	};
	uint8_t name[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact x = exact_copy(cases[i].text, strlen(cases[i].text));

		assert_int_equal(tern_name_from_text((char *)x.octets, x.len, name),
				 cases[i].status);
		if (cases[i].printed)
			assert_string_equal(tern_name_to_text(name, text), cases[i].printed);
		exact_free(&x);
	}
}

static void text_limits(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX];
	char text[600];

	memset(text, 'x', sizeof text);
	assert_int_equal(tern_name_from_text(text, 63, name), TERN_OK);
	assert_int_equal(tern_name_len(name), 65);
	assert_int_equal(tern_name_from_text(text, 64, name), TERN_ELABEL);
	text[63] = text[127] = text[191] = '.';
	assert_int_equal(tern_name_from_text(text, 192 + 61, name), TERN_OK);
	assert_int_equal(tern_name_len(name), 255);
	assert_int_equal(tern_name_from_text(text, 192 + 62, name), TERN_ENAME);
	for (unsigned i = 1; i < sizeof text; i += 2)
		text[i] = '.';
	assert_int_equal(tern_name_from_text(text, 2 * 127, name), TERN_OK);
	assert_int_equal(tern_name_labels(name), 127);
	assert_int_equal(tern_name_from_text(text, 2 * 127 + 1, name), TERN_ENAME);
}

static void longest_text_fits(void **state)
{
	(void)state;
	uint8_t name[TERN_NAME_MAX], again[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX];
	size_t len = make_labels(name, 3, 63, false);

	make_labels(name + len, 1, 61, true);
	for (unsigned i = 0; name[i]; i += name[i] + 1u)
		memset(name + i + 1, 0xff, name[i]);
	tern_name_to_text(name, text);
	assert_true(strlen(text) < TERN_NAME_TEXT_MAX);
	assert_int_equal(tern_name_from_text(text, strlen(text), again), TERN_OK);
	assert_memory_equal(name, again, 255);
}

static void every_octet_survives_text(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t name[3] = {1, (uint8_t)c, 0};
		uint8_t again[TERN_NAME_MAX];
		char text[TERN_NAME_TEXT_MAX];

		tern_name_to_text(name, text);
		for (const char *p = text; *p; p++)
			assert_true(*p > 0x20 && *p < 0x7f);
		assert_int_equal(tern_name_from_text(text, strlen(text), again), TERN_OK);
		assert_memory_equal(name, again, 3);
	}
}

static void random_names_survive_text(void **state)
{
	(void)state;
	uint64_t seed = 5;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t name[TERN_NAME_MAX], again[TERN_NAME_MAX];
		char text[TERN_NAME_TEXT_MAX];
		size_t len = random_name(&seed, 6, name);

		tern_name_to_text(name, text);
		assert_int_equal(tern_name_from_text(text, strlen(text), again), TERN_OK);
		assert_memory_equal(name, again, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_of_63_octets_are_the_longest),
		cmocka_unit_test(names_of_255_octets_are_the_longest),
		cmocka_unit_test(names_of_127_labels_are_the_deepest),
		cmocka_unit_test(too_long_by_a_pointer),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(pointers_lead_backwards),
		cmocka_unit_test(pointers_are_followed_64_times),
		cmocka_unit_test(random_octets_parse_as_in_the_model),
		cmocka_unit_test(lower_case_is_ascii_only),
		cmocka_unit_test(equality_is_that_of_the_model),
		cmocka_unit_test(canonical_order_of_rfc4034),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(suffixes_and_zones),
		cmocka_unit_test(below_is_that_of_the_model),
		cmocka_unit_test(wildcards),
		cmocka_unit_test(replacing_a_suffix),
		cmocka_unit_test(copies),
		cmocka_unit_test(text_forms),
		cmocka_unit_test(text_limits),
		cmocka_unit_test(longest_text_fits),
		cmocka_unit_test(every_octet_survives_text),
		cmocka_unit_test(random_names_survive_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
