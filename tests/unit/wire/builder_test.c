/*
 * builder_test.c - what is written can be read back; compression, limits, going back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include <tern/builder.h>
#include <tern/rdata.h>
#include <tern/rr.h>

#include "helpers.h"

#define RRS_MAX 6000

static uint8_t buffer[TERN_MESSAGE_MAX];
static struct tern_rr_ref rrs[RRS_MAX];
static struct tern_builder b;
static struct tern_message m;

static void start(size_t limit)
{
	tern_builder_init(&b, buffer, sizeof buffer, limit);
	tern_builder_header(&b, 0xbeef, TERN_FLAG_QR | TERN_FLAG_RA, TERN_RCODE_NOERROR);
}

static void finish(void)
{
	size_t len = tern_builder_finish(&b);

	assert_int_equal(len, b.at);
	assert_int_equal(tern_message_parse(buffer, len, rrs, RRS_MAX, &m), TERN_OK);
}

static void add_question(const char *name, uint16_t type)
{
	uint8_t wire[TERN_NAME_MAX];

	wire_name(wire, name);
	assert_int_equal(tern_builder_question(&b, wire, type, TERN_CLASS_IN), TERN_OK);
}

static enum tern_status add_rr(enum tern_section section, const char *owner, uint16_t type,
			       const void *rdata, size_t len)
{
	uint8_t wire[TERN_NAME_MAX];

	wire_name(wire, owner);
	struct exact x = exact_copy(rdata, len);
	struct exact name = exact_copy(wire, tern_name_len(wire));
	enum tern_status st =
		tern_builder_rr(&b, section, name.octets, type, TERN_CLASS_IN, 60, x.octets, x.len);
	exact_free(&x);
	exact_free(&name);
	return st;
}

static void header_and_question(void **state)
{
	(void)state;
	start(512);
	tern_builder_header(&b, 0xbeef, TERN_FLAG_RD | 5u << 11, 0x17);
	tern_builder_set_flag(&b, TERN_FLAG_TC);
	add_question("wWw.Example.com", TERN_TYPE_AAAA);
	assert_int_equal(tern_builder_finish(&b), 33);
	assert_memory_equal(buffer,
			    "\xbe\xef\x2b\x07\0\1\0\0\0\0\0\0\3wWw\7Example\3com\0\0\x1c\0\1", 33);
}

static void names_are_compressed(void **state)
{
	(void)state;
	static const uint8_t expected[] = "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\7\4mail\xc0\x10"
					  "\4MAIL\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4";
	start(512);
	add_question("www.example.com", TERN_TYPE_A);
	assert_int_equal(
		add_rr(TERN_ANSWER, "WWW.example.COM", TERN_TYPE_CNAME, "\4mail\7example\3com", 18),
		TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, "MAIL.example.com", TERN_TYPE_A, "\1\2\3\4", 4),
			 TERN_OK);
	finish();
	/* The second owner is found in the CNAME's rdata, so case gives way to size. */
	assert_memory_equal(buffer + 33, expected, 12 + 7);
	assert_memory_equal(buffer + 33 + 19, "\xc0\x2d\0\1", 4);
	assert_int_equal(b.at, 33 + 19 + 16);
}

static void only_old_types_have_compressed_rdata(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		size_t before; /* octets before the name */
		size_t after;
		bool compressed;
	} cases[] = {
		{TERN_TYPE_NS, 0, 0, true},      {TERN_TYPE_CNAME, 0, 0, true},
		{TERN_TYPE_PTR, 0, 0, true},     {TERN_TYPE_MX, 2, 0, true},
		{TERN_TYPE_MB, 0, 0, true},      {TERN_TYPE_MR, 0, 0, true},
		{TERN_TYPE_DNAME, 0, 0, false},  {TERN_TYPE_SRV, 6, 0, false},
		{TERN_TYPE_KX, 2, 0, false},     {TERN_TYPE_AFSDB, 2, 0, false},
		{TERN_TYPE_RRSIG, 18, 3, false}, {TERN_TYPE_NSEC, 0, 3, false},
		{TERN_TYPE_SVCB, 2, 0, false},   {65280, 0, 0, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t rdata[64] = {0};
		size_t len = cases[i].before;

		memcpy(rdata + len, "\7example\3com", 13);
		len += 13;
		memcpy(rdata + len, "\0\1\1", 3);
		len += cases[i].after;
		start(512);
		add_question("example.com", TERN_TYPE_A);
		assert_int_equal(add_rr(TERN_ANSWER, "example.com", cases[i].type, rdata, len),
				 TERN_OK);
		finish();
		assert_int_equal(rrs[0].rdata_len, cases[i].compressed ? len - 11 : len);
		uint8_t again[64];
		size_t n;
		assert_int_equal(tern_rdata_expand(&m, &rrs[0], again, sizeof again, &n), TERN_OK);
		assert_int_equal(n, len);
		assert_memory_equal(again, rdata, len);
	}
}

static void soa_has_two_names(void **state)
{
	(void)state;
	static const uint8_t soa[] = "\2ns\7example\3com\0\12hostmaster\7example\3com\0"
				     "0123456789abcdefghij";
	uint8_t again[100];
	size_t n;

	start(512);
	add_question("example.com", TERN_TYPE_SOA);
	assert_int_equal(add_rr(TERN_ANSWER, "example.com", TERN_TYPE_SOA, soa, 60), TERN_OK);
	finish();
	assert_int_equal(rrs[0].rdata_len, 5 + 13 + 20);
	assert_int_equal(tern_rdata_expand(&m, &rrs[0], again, sizeof again, &n), TERN_OK);
	assert_int_equal(n, 60);
	assert_memory_equal(again, soa, 60);
}

static void broken_rdata_is_copied(void **state)
{
	(void)state;
	start(512);
	add_question("example.com", TERN_TYPE_A);
	assert_int_equal(add_rr(TERN_ANSWER, "example.com", TERN_TYPE_MX, "\0", 1), TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, "example.com", TERN_TYPE_NS, "\3ab", 3), TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, "example.com", TERN_TYPE_NS, "\0xy", 3), TERN_OK);
	finish();
	assert_int_equal(rrs[0].rdata_len, 1);
	assert_memory_equal(buffer + rrs[1].rdata_at, "\3ab", 3);
	assert_memory_equal(buffer + rrs[2].rdata_at, "\0xy", 3);
}

/* The root is never a pointer, and short suffixes are kept once only. */
static void the_root_and_equal_names(void **state)
{
	(void)state;
	start(512);
	add_question(".", TERN_TYPE_NS);
	assert_int_equal(add_rr(TERN_ANSWER, ".", TERN_TYPE_NS, "\1a\0", 3), TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, ".", TERN_TYPE_NS, "\1A\0", 3), TERN_OK);
	assert_int_equal(b.suffix_n, 1);
	finish();
	assert_int_equal(b.at, 12 + 5 + 14 + 13);
	assert_memory_equal(buffer + b.at - 2, "\xc0\x1c", 2);
}

/* Three A records and two signatures. */
static const char packed[] = "\0\4\1\2\3\4\0\4\1\2\3\5\0\4\1\2\3\6\0\6"
			     "sig..1"
			     "\0\6"
			     "sig..2";

static struct tern_rrset a_set(const uint8_t *owner)
{
	return (struct tern_rrset){.owner = owner,
				   .rdata = (const uint8_t *)packed,
				   .rdata_len = sizeof packed - 1,
				   .ttl_s = 0x01020304,
				   .type = TERN_TYPE_A,
				   .rclass = TERN_CLASS_IN,
				   .rr_n = 3,
				   .sig_n = 2};
}

static void whole_sets(void **state)
{
	(void)state;
	uint8_t owner[TERN_NAME_MAX] = {0};
	uint16_t ttls[5];
	struct tern_rrset set = a_set(owner);

	wire_name(owner, "x.example.com");
	start(512);
	tern_builder_record_ttls(&b, ttls, 5);
	add_question("example.com", TERN_TYPE_A);
	assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &set, true), TERN_OK);
	assert_false(b.ttl_overflow);
	assert_int_equal(b.ttl_n, 5);
	assert_int_equal(tern_builder_rrset(&b, TERN_ADDITIONAL, &set, false), TERN_OK);
	assert_true(b.ttl_overflow);
	finish();
	assert_int_equal(m.section_n[TERN_ANSWER], 5);
	assert_int_equal(m.section_n[TERN_ADDITIONAL], 3);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(rrs[i].type, i < 3 ? TERN_TYPE_A : TERN_TYPE_RRSIG);
		assert_int_equal(rrs[i].ttl_s, 0x01020304);
		assert_memory_equal(buffer + ttls[i], "\1\2\3\4", 4);
		assert_int_equal(ttls[i], rrs[i].rdata_at - 6);
		assert_memory_equal(buffer + rrs[i].owner_at, i == 0 ? "\1x" : "\xc0\x1d", 2);
	}
	assert_memory_equal(buffer + rrs[4].rdata_at, "sig..2", 6);
}

static void sets_are_all_or_nothing(void **state)
{
	(void)state;
	uint8_t owner[TERN_NAME_MAX] = {0}, other[TERN_NAME_MAX];
	struct tern_rrset set = a_set(owner);
	uint16_t ttls[20];

	wire_name(owner, "a.b.c.x.example.com");
	wire_name(other, "c.x.example.com");
	start(512);
	add_question("example.com", TERN_TYPE_A);
	assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &set, true), TERN_OK);
	size_t whole = b.at;

	for (size_t limit = 29; limit < whole; limit++) {
		uint8_t *small = malloc(limit);

		tern_builder_init(&b, small, limit, limit);
		tern_builder_record_ttls(&b, ttls, 20);
		add_question("example.com", TERN_TYPE_A);
		struct tern_builder before = b;

		assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &set, true), TERN_ESPACE);
		assert_int_equal(b.at, before.at);
		assert_int_equal(b.suffix_n, before.suffix_n);
		assert_int_equal(b.ttl_n, 0);
		assert_memory_equal(b.counts, before.counts, sizeof b.counts);
		assert_memory_equal(b.bucket, before.bucket, sizeof b.bucket);
		/* nothing that was taken back may be pointed to */
		if (tern_builder_rr(&b, TERN_ANSWER, other, TERN_TYPE_A, 1, 1,
				    (const uint8_t *)"\1\2\3\4", 4) == TERN_OK)
			assert_memory_equal(b.octets + before.at, "\1c\1x\xc0\x0c", 6);
		size_t len = tern_builder_finish(&b);
		assert_int_equal(tern_message_parse(small, len, rrs, RRS_MAX, &m), TERN_OK);
		free(small);
	}
}

static void limits_and_the_reserve(void **state)
{
	(void)state;
	start(29 + 16 + 11 + 4 + 2);
	tern_builder_reserve(&b, 11 + 4 + 2);
	add_question("example.com", TERN_TYPE_A);
	assert_int_equal(add_rr(TERN_ANSWER, "example.com", TERN_TYPE_A, "\1\2\3\4", 4), TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, ".", TERN_TYPE_NULL, "", 0), TERN_ESPACE);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_EDE, "\0\6", 2), TERN_ESPACE);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_EDE, "\0\6x", 3), TERN_ESPACE);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_EDE, "\0\6", 2), TERN_OK);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_NSID, "", 0), TERN_ESPACE);
	finish();
	assert_int_equal(m.edns.options_len, 6);
	assert_int_equal(m.rr_n, 1);

	start(29 + 10);
	add_question("example.com", TERN_TYPE_A);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_ESPACE);
	start(28);
	uint8_t name[TERN_NAME_MAX];
	wire_name(name, "example.com");
	assert_int_equal(tern_builder_question(&b, name, 1, 1), TERN_ESPACE);
	assert_int_equal(b.at, 12);
	finish();
}

static void size_wins_over_limit(void **state)
{
	(void)state;
	uint8_t tiny[12];
	uint8_t name[TERN_NAME_MAX];

	wire_name(name, ".");
	tern_builder_init(&b, tiny, sizeof tiny, 512);
	assert_int_equal(tern_builder_question(&b, name, 1, 1), TERN_ESPACE);
	assert_int_equal(tern_builder_finish(&b), 12);
}

static void pointers_reach_16383_only(void **state)
{
	(void)state;
	static uint8_t filler[0x4000];

	start(sizeof buffer);
	add_question(".", TERN_TYPE_A);
	/* the first label ends up at 0x3ffe, the second behind what a pointer can say */
	assert_int_equal(add_rr(TERN_ANSWER, ".", TERN_TYPE_NULL, filler, 0x3ffe - 17 - 11),
			 TERN_OK);
	assert_int_equal(b.at, 0x3ffe);
	assert_int_equal(add_rr(TERN_ANSWER, "ab.cd", TERN_TYPE_NULL, "", 0), TERN_OK);
	assert_int_equal(b.suffix_n, 0);
	assert_int_equal(add_rr(TERN_ANSWER, "cd", TERN_TYPE_NULL, "", 0), TERN_OK);
	assert_int_equal(add_rr(TERN_ANSWER, "cd", TERN_TYPE_NULL, "", 0), TERN_OK);
	finish();
	assert_int_equal(m.rr_n, 4);
	for (unsigned i = 0; i < m.rr_n; i++)
		assert_int_equal(tern_name_verify(buffer, m.len, rrs[i].owner_at, NULL), TERN_OK);
}

/* Random records written and read back; a plain model remembers what they were. */
struct record {
	uint8_t owner[TERN_NAME_MAX];
	uint16_t type;
	uint8_t rdata[300];
	size_t len;
};

static void random_record(uint64_t *seed, struct record *r)
{
	static const uint16_t types[] = {TERN_TYPE_A, TERN_TYPE_NS, TERN_TYPE_MX, TERN_TYPE_SRV,
					 TERN_TYPE_MINFO};
	uint8_t name[TERN_NAME_MAX];

	random_name(seed, 4, r->owner);
	r->type = types[random_under(seed, ARRAY_LEN(types))];
	r->len = r->type == TERN_TYPE_A     ? 4
		 : r->type == TERN_TYPE_MX  ? 2
		 : r->type == TERN_TYPE_SRV ? 6
					    : 0;
	memset(r->rdata, 7, r->len);
	for (unsigned names = r->type == TERN_TYPE_A       ? 0
			      : r->type == TERN_TYPE_MINFO ? 2
							   : 1;
	     names > 0; names--) {
		size_t n = random_name(seed, 2, name);
		memcpy(r->rdata + r->len, name, n);
		r->len += n;
	}
}

static void random_messages_survive(void **state)
{
	(void)state;
	static struct record model[120];
	uint64_t seed = 31;

	for (unsigned round = 0; round < ROUNDS / 100; round++) {
		unsigned n = 0;

		start(300 + random_under(&seed, 4000));
		add_question("aa.bb", TERN_TYPE_A);
		for (unsigned tries = 0; tries < ARRAY_LEN(model); tries++) {
			random_record(&seed, &model[n]);
			if (tern_builder_rr(&b, TERN_ANSWER, model[n].owner, model[n].type, 1, 1,
					    model[n].rdata, model[n].len) == TERN_OK)
				n++;
		}
		finish();
		assert_int_equal(m.rr_n, n);
		for (unsigned i = 0; i < n; i++) {
			uint8_t owner[TERN_NAME_MAX], rdata[300];
			size_t len;

			assert_int_equal(
				tern_name_parse(buffer, m.len, rrs[i].owner_at, owner, NULL),
				TERN_OK);
			assert_true(tern_name_equal(owner, model[i].owner));
			assert_int_equal(rrs[i].type, model[i].type);
			assert_int_equal(tern_rdata_expand(&m, &rrs[i], rdata, sizeof rdata, &len),
					 TERN_OK);
			assert_int_equal(len, model[i].len);
			/* letters may have changed their case by compression */
			tern_rdata_canonicalise(rrs[i].type, rdata, len);
			tern_rdata_canonicalise(model[i].type, model[i].rdata, model[i].len);
			if (model[i].type != TERN_TYPE_SRV)
				assert_memory_equal(rdata, model[i].rdata, len);
		}
	}
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* CVE-2024-8508: 64 kB of names made to defeat compression must not cost more than linear work. */
static void hostile_names_cost_little(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 3; kind++) {
		uint64_t seed = 41;
		unsigned n = 0;
		double before = cpu_ms();
		enum tern_status st = TERN_OK;

		start(sizeof buffer);
		for (; st == TERN_OK; n++) {
			uint8_t name[TERN_NAME_MAX];
			size_t at = 0;

			/* 126 labels; names differ in the last, the first or any of them */
			for (unsigned i = 0; i < 126; i++) {
				bool differs = kind == 2 || (kind == 0 && i == 125) ||
					       (kind == 1 && i == 0);
				name[at++] = 1;
				name[at++] = differs ? (uint8_t)next_random(&seed) : 'x';
			}
			name[at] = 0;
			st = tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_NS, 1, 1, name,
					     at + 1);
		}
		assert_int_equal(st, TERN_ESPACE);
		assert_true(n > 100);
		assert_true(cpu_ms() - before < 1000); /* sanitizers are slow; release takes < 5 */
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_question),
		cmocka_unit_test(names_are_compressed),
		cmocka_unit_test(only_old_types_have_compressed_rdata),
		cmocka_unit_test(soa_has_two_names),
		cmocka_unit_test(broken_rdata_is_copied),
		cmocka_unit_test(the_root_and_equal_names),
		cmocka_unit_test(whole_sets),
		cmocka_unit_test(sets_are_all_or_nothing),
		cmocka_unit_test(limits_and_the_reserve),
		cmocka_unit_test(size_wins_over_limit),
		cmocka_unit_test(pointers_reach_16383_only),
		cmocka_unit_test(random_messages_survive),
		cmocka_unit_test(hostile_names_cost_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
