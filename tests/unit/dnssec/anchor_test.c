/*
 * anchor_test.c - where trust begins and ends by configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "dnssec/anchor.h"
#include "dnssec/key.h"
#include "helpers.h"

#define DS_TEXT " IN DS 55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"

static struct trust_anchors *create(void)
{
	struct trust_anchors *a = calloc(1, sizeof *a);

	assert_non_null(a);
	return a;
}

static void add(struct trust_anchors *a, const char *zone)
{
	const char *why = NULL;
	char text[1200];

	snprintf(text, sizeof text, "%s" DS_TEXT, zone);
	assert_true(trust_anchors_add(a, text, &why));
}

static void add_negative(struct trust_anchors *a, const char *name)
{
	const char *why = NULL;

	assert_true(trust_anchors_add_negative(a, name, &why));
}

static void test_builtin(void **state)
{
	struct trust_anchors *a = create();
	static const uint16_t tags[] = {20326, 38696};

	(void)state;
	trust_anchors_builtin(a);
	assert_int_equal(a->n, 2);
	assert_int_equal(a->negative_n, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct ds ds;

		assert_int_equal(a->anchors[i].type, TERN_TYPE_DS);
		assert_true(ds_read(a->anchors[i].rdata, a->anchors[i].rdata_len, &ds));
		assert_int_equal(ds.tag, tags[i]);
		assert_int_equal(ds.algorithm, DNSSEC_RSASHA256);
		assert_int_equal(ds.digest_type, DNSSEC_SHA256);
		assert_int_equal(ds.digest_len, 32);
	}
	assert_memory_equal(trust_anchors_zone(a, wire("www.example")), "", 1);
	assert_memory_equal(trust_anchors_zone(a, wire(".")), "", 1);
	trust_anchors_builtin(a); /* again: not added twice */
	assert_int_equal(a->n, 2);
	free(a);
}

static void test_closest(void **state)
{
	struct trust_anchors *a = create();

	(void)state;
	assert_null(trust_anchors_zone(a, wire("www.example")));
	add(a, "Example.COM");
	assert_null(trust_anchors_zone(a, wire("com")));
	assert_null(trust_anchors_zone(a, wire("notexample.com")));
	assert_memory_equal(trust_anchors_zone(a, wire("a.EXAMPLE.com")), wire("example.com"), 13);
	add(a, ".");
	add(a, "sub.example.com");
	assert_memory_equal(trust_anchors_zone(a, wire("com")), "", 1);
	assert_memory_equal(trust_anchors_zone(a, wire("example.com")), wire("example.com"), 13);
	assert_memory_equal(trust_anchors_zone(a, wire("x.sub.example.com")),
			    wire("sub.example.com"), 17);
	free(a);
}

static void test_negative(void **state)
{
	struct trust_anchors *a = create();

	(void)state;
	add(a, ".");
	assert_false(trust_anchors_is_negative(a, wire("corp.example")));
	add_negative(a, "Corp.Example");
	assert_true(trust_anchors_is_negative(a, wire("corp.example")));
	assert_true(trust_anchors_is_negative(a, wire("a.b.CORP.example.")));
	assert_false(trust_anchors_is_negative(a, wire("example")));
	assert_false(trust_anchors_is_negative(a, wire("notcorp.example")));
	/* RFC 7646 1.1: an anchor below it counts again. */
	add(a, "good.corp.example");
	assert_false(trust_anchors_is_negative(a, wire("good.corp.example")));
	assert_false(trust_anchors_is_negative(a, wire("x.good.corp.example")));
	assert_true(trust_anchors_is_negative(a, wire("bad.corp.example")));
	/* Of the same name: it is not trusted. */
	add_negative(a, "good.corp.example");
	assert_true(trust_anchors_is_negative(a, wire("x.good.corp.example")));
	free(a);
}

static void test_keys(void **state)
{
	struct trust_anchors *a = create();
	const char *why = NULL;
	char text[1200];

	(void)state;
	snprintf(text, sizeof text, "example.net. 3600 IN DNSKEY %s", vectors[3].dnskey);
	assert_true(trust_anchors_add(a, text, &why));
	assert_int_equal(a->anchors[0].type, TERN_TYPE_DNSKEY);
	assert_int_equal(a->anchors[0].rdata_len, 68);
	free(a);
}

static void test_bad_text(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		". IN DS",
		". IN DS 20326 8",
		". IN DS 70000 8 2 00",
		". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8",
		". IN DS 20326 8 2 XX",
		". IN A 192.0.2.1",
		". IN DNSKEY 257 3 8 !!!!",
		"a..b IN DS 20326 8 2 00",
		". IN RRSIG A 8 0 1 20300101000000 20000101000000 1 . AAAA",
	};
	struct trust_anchors *a = create();
	const char *why;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		why = NULL;
		assert_false(trust_anchors_add(a, bad[i], &why));
		assert_non_null(why);
		assert_int_equal(a->n, 0);
	}
	why = NULL;
	assert_false(trust_anchors_add_negative(a, "a..b", &why));
	assert_non_null(why);
	assert_int_equal(a->negative_n, 0);
	free(a);
}

static void test_limits(void **state)
{
	struct trust_anchors *a = create();
	const char *why = NULL;
	char text[2000];

	(void)state;
	for (unsigned i = 0; i < ANCHORS_MAX; i++)
		add(a, ".");
	assert_false(trust_anchors_add(a, "." DS_TEXT, &why));
	assert_non_null(why);
	assert_int_equal(a->n, ANCHORS_MAX);
	for (unsigned i = 0; i < NEGATIVE_ANCHORS_MAX; i++)
		add_negative(a, "example");
	why = NULL;
	assert_false(trust_anchors_add_negative(a, "example", &why));
	assert_non_null(why);
	a->n = 0;
	/* One octet of key too many. */
	strcpy(text, ". IN DNSKEY 257 3 8 ");
	for (unsigned i = 0; i < ANCHOR_RDATA_MAX / 3; i++)
		strcat(text, "AAAA");
	why = NULL;
	assert_false(trust_anchors_add(a, text, &why));
	assert_non_null(why);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),  cmocka_unit_test(test_closest),
		cmocka_unit_test(test_negative), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bad_text), cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
