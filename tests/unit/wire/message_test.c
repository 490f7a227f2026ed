/*
 * message_test.c - whole messages: every error, OPT and TSIG rules, random damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <time.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/compiler.h"
#include "helpers.h"

#define RRS_MAX 6000

static struct tern_rr_ref rrs[RRS_MAX];
static struct tern_message m;

static void header(struct octets *o, unsigned flags, unsigned qd, unsigned an, unsigned ns,
		   unsigned ar)
{
	o->n = 0;
	add_u16(o, 0x1234);
	add_u16(o, flags);
	add_u16(o, qd);
	add_u16(o, an);
	add_u16(o, ns);
	add_u16(o, ar);
}

static void question(struct octets *o)
{
	add(o, "\3WWW\7example\3com", 17);
	add_u16(o, TERN_TYPE_A);
	add_u16(o, TERN_CLASS_IN);
}

/* A record owned by the question's name. */
static void record(struct octets *o, unsigned type, unsigned rclass, uint32_t ttl_s,
		   const void *rdata, size_t len)
{
	add_u16(o, 0xc00c);
	add_u16(o, type);
	add_u16(o, rclass);
	add_u32(o, ttl_s);
	add_u16(o, (unsigned)len);
	add(o, rdata, len);
}

static void opt(struct octets *o, const void *options, size_t len)
{
	add_u8(o, 0);
	add_u16(o, TERN_TYPE_OPT);
	add_u16(o, 1232);
	add_u32(o, 0x00008000);
	add_u16(o, (unsigned)len);
	add(o, options, len);
}

static enum tern_status parse_with(const struct octets *o, struct tern_rr_ref *index, size_t max)
{
	struct exact x = exact_copy(o->at, o->n);
	enum tern_status st = tern_message_parse(x.octets, x.len, index, max, &m);

	exact_free(&x);
	m.octets = o->at;
	return st;
}

/* With an index and without one the verdict must be the same. */
static enum tern_status parse(const struct octets *o)
{
	enum tern_status without = parse_with(o, NULL, 0);
	enum tern_status with = parse_with(o, rrs, RRS_MAX);

	assert_int_equal(without, with);
	return with;
}

static struct octets o;

static void a_plain_answer(void **state)
{
	(void)state;
	header(&o, 0x8580, 1, 2, 1, 2);
	question(&o);
	record(&o, TERN_TYPE_A, 1, 300, "\1\2\3\4", 4);
	record(&o, TERN_TYPE_A, 1, 0x80000001, "\1\2\3\5", 4);
	record(&o, TERN_TYPE_NS, 1, 0x7fffffff, "\2ns\xc0\x10", 5);
	opt(&o, "\0\3\0\1x", 5);
	record(&o, TERN_TYPE_AAAA, 1, 5, "0123456789abcdef", 16);
	assert_int_equal(parse(&o), TERN_OK);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.flags, 0x8580);
	assert_int_equal(m.opcode, 0);
	assert_int_equal(m.rcode, 0);
	assert_int_equal(m.qdcount, 1);
	assert_int_equal(m.qname_len, 17);
	assert_memory_equal(m.qname, "\3WWW\7example\3com", 17);
	assert_int_equal(m.qtype, TERN_TYPE_A);
	assert_int_equal(m.qclass, TERN_CLASS_IN);
	assert_int_equal(m.rr_n, 4);
	assert_int_equal(m.section_n[TERN_ANSWER], 2);
	assert_int_equal(m.section_n[TERN_AUTHORITY], 1);
	assert_int_equal(m.section_n[TERN_ADDITIONAL], 1);
	assert_int_equal(tern_message_rr(&m, TERN_ANSWER, 0)->ttl_s, 300);
	assert_int_equal(tern_message_rr(&m, TERN_ANSWER, 1)->ttl_s, 0);
	assert_int_equal(tern_message_rr(&m, TERN_ANSWER, 1)->owner_at, 33 + 16);
	assert_int_equal(tern_message_rr(&m, TERN_AUTHORITY, 0)->ttl_s, 0x7fffffff);
	assert_int_equal(tern_message_rr(&m, TERN_ADDITIONAL, 0)->type, TERN_TYPE_AAAA);
	assert_int_equal(tern_message_rr(&m, TERN_ADDITIONAL, 0)->section, TERN_ADDITIONAL);
	assert_memory_equal(o.at + tern_message_rr(&m, TERN_ANSWER, 1)->rdata_at, "\1\2\3\5", 4);
	assert_true(m.edns.present);
	assert_true(m.edns.dnssec_ok);
	assert_false(m.edns.compact_ok);
	assert_int_equal(m.edns.udp_size, 1232);
	assert_int_equal(m.edns.options_len, 5);
	assert_int_equal(m.tsig_at, 0);
}

static void every_cut_and_every_tail(void **state)
{
	(void)state;
	a_plain_answer(NULL);
	struct octets whole = o;

	for (size_t len = 0; len < whole.n; len++) {
		o.n = len;
		enum tern_status st = parse(&o);

		assert_true(st == TERN_ETRUNCATED || st == TERN_ECOUNT);
		assert_int_equal(m.id, len < 12 ? 0 : 0x1234);
	}
	o = whole;
	add_u8(&o, 0);
	assert_int_equal(parse(&o), TERN_ETRAILING);
}

static void more_than_64_kb(void **state)
{
	(void)state;
	header(&o, 0, 1, 0, 0, 0);
	question(&o);
	o.n = 65536;
	assert_int_equal(parse(&o), TERN_ETRAILING);
}

static void counts_are_checked_first(void **state)
{
	(void)state;
	header(&o, 0, 1, 0xffff, 0xffff, 0xffff);
	question(&o);
	assert_int_equal(parse(&o), TERN_ECOUNT);
	assert_int_equal(m.qname_len, 1);
	header(&o, 0, 1, 0, 0, 0);
	add(&o, "\0\0\1\0", 4); /* one octet less than a question */
	assert_int_equal(parse(&o), TERN_ECOUNT);
	header(&o, 0x8000, 0, 1, 0, 0);
	add(&o, "\0\0\1\0\1\0\0\0\0\0", 10); /* one octet less than a record */
	assert_int_equal(parse(&o), TERN_ECOUNT);
	add_u8(&o, 0);
	assert_int_equal(parse(&o), TERN_OK);
}

static void one_question_in_a_query(void **state)
{
	(void)state;
	header(&o, 0x0100, 0, 0, 0, 0);
	assert_int_equal(parse(&o), TERN_EQDCOUNT);
	header(&o, 0x8100, 0, 0, 0, 0);
	assert_int_equal(parse(&o), TERN_OK);
	assert_int_equal(m.qname[0], 0);
	assert_int_equal(m.qname_len, 1);
	for (unsigned flags = 0x0100; flags <= 0x8100; flags += 0x8000) {
		header(&o, flags, 2, 0, 0, 0);
		question(&o);
		question(&o);
		assert_int_equal(parse(&o), TERN_EQDCOUNT);
		assert_int_equal(m.qdcount, 2);
	}
}

static void other_opcodes(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		header(&o, opcode << 11, 1, 0, 0, 1);
		question(&o);
		opt(&o, "", 0);
		assert_int_equal(parse(&o), TERN_EOPCODE);
		assert_int_equal(m.id, 0x1234);
		assert_int_equal(m.opcode, opcode);
		assert_int_equal(m.qname_len, 17);
		assert_true(m.edns.present);
		assert_int_equal(m.rr_n, 0);
	}
	header(&o, TERN_OPCODE_UPDATE << 11, 1, 9999, 0, 0);
	assert_int_equal(parse(&o), TERN_EOPCODE);
	header(&o, TERN_OPCODE_DSO << 11, 0, 0, 0, 0);
	add(&o, "\0\1\0\0", 4);
	assert_int_equal(parse(&o), TERN_EOPCODE);
	header(&o, TERN_OPCODE_NOTIFY << 11, 1, 0, 0, 0);
	add(&o, "\xc0\x0c\0\1\0\1", 6);
	assert_int_equal(parse(&o), TERN_EOPCODE);
	assert_int_equal(m.qname_len, 1);
	assert_int_equal(m.qname[0], 0);
}

static void bad_names(void **state)
{
	(void)state;
	header(&o, 0, 1, 0, 0, 0);
	add(&o, "\xc0\x0c\0\1\0\1", 6);
	assert_int_equal(parse(&o), TERN_EPOINTER);
	header(&o, 0, 1, 0, 0, 0);
	add(&o, "\x40\0\0\1\0\1", 6);
	assert_int_equal(parse(&o), TERN_ELABEL);
	header(&o, 0, 1, 0, 0, 0);
	for (unsigned i = 0; i < 128; i++)
		add(&o, "\1x", 2);
	add(&o, "\0\0\1\0\1", 5);
	assert_int_equal(parse(&o), TERN_ENAME);
	assert_int_equal(m.qname[0], 0);

	header(&o, 0x8000, 1, 1, 0, 0);
	question(&o);
	add_u16(&o, 0xc000 + 33);
	add(&o, "\0\1\0\1\0\0\0\0\0\0", 10);
	assert_int_equal(parse(&o), TERN_EPOINTER);
}

static void index_too_small(void **state)
{
	(void)state;
	a_plain_answer(NULL);
	for (size_t max = 1; max < 4; max++)
		assert_int_equal(parse_with(&o, rrs, max), TERN_ECOUNT);
	assert_int_equal(parse_with(&o, rrs, 4), TERN_OK);
	assert_int_equal(parse_with(&o, rrs, 0), TERN_OK);
	assert_int_equal(m.rr_n, 0);
}

static void query_with_options(const void *options, size_t len)
{
	header(&o, 0, 1, 0, 0, 1);
	question(&o);
	opt(&o, options, len);
}

static void options(void **state)
{
	(void)state;
	uint8_t many[33 * 4] = {0};
	static const struct {
		const char *octets;
		size_t len;
		enum tern_status status;
	} cases[] = {
		{"", 0, TERN_OK},
		{"\0", 1, TERN_EOPT},
		{"\0\3\0", 3, TERN_EOPT},
		{"\0\3\0\0", 4, TERN_OK},
		{"\0\3\0\1", 4, TERN_EOPT},
		{"\0\3\0\1x", 5, TERN_OK},
		{"\0\3\xff\xffx", 5, TERN_EOPT},
		{"\0\3\0\0\0\3\0\0", 8, TERN_OK},
		{"\0\12\0\0", 4, TERN_OK},
		{"\0\12\0\0\0\3\0\0\0\12\0\0", 12, TERN_OK},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		query_with_options(cases[i].octets, cases[i].len);
		assert_int_equal(parse(&o), cases[i].status);
		/* An error reply can have an OPT, too. */
		assert_true(m.edns.present);
		assert_int_equal(m.edns.options_len, cases[i].status == TERN_OK ? cases[i].len : 0);
	}
	query_with_options(many, 32 * 4);
	assert_int_equal(parse(&o), TERN_OK);
	query_with_options(many, 33 * 4);
	assert_int_equal(parse(&o), TERN_OK);
	assert_int_equal(m.edns.options_len, 32 * 4);
}

static void the_opt_of_what_has_not_one_question(void **state)
{
	(void)state;
	header(&o, 0, 0, 0, 0, 1);
	opt(&o, "\0\12\0\0", 4);
	assert_int_equal(parse(&o), TERN_EQDCOUNT);
	assert_true(m.edns.present);
	assert_int_equal(m.edns.options_len, 4);
	header(&o, 0, 2, 0, 0, 1);
	question(&o);
	question(&o);
	opt(&o, "", 0);
	assert_int_equal(parse(&o), TERN_EQDCOUNT);
	assert_true(m.edns.present);
	/* One that isn't there is not looked for beyond the end. */
	header(&o, 0, 3, 0, 0, 1);
	question(&o);
	question(&o);
	assert_int_equal(parse(&o), TERN_EQDCOUNT);
	assert_false(m.edns.present);
}

static void opt_rules(void **state)
{
	(void)state;
	/* two of them */
	header(&o, 0, 1, 0, 0, 2);
	question(&o);
	opt(&o, "", 0);
	opt(&o, "", 0);
	assert_int_equal(parse(&o), TERN_EOPT);
	/* in the answer */
	header(&o, 0x8000, 1, 1, 0, 0);
	question(&o);
	opt(&o, "", 0);
	assert_int_equal(parse(&o), TERN_EOPT);
	/* in the authority section */
	header(&o, 0x8000, 1, 0, 1, 0);
	question(&o);
	opt(&o, "", 0);
	assert_int_equal(parse(&o), TERN_EOPT);
	/* not at the root, though compressed */
	header(&o, 0, 1, 0, 0, 1);
	question(&o);
	record(&o, TERN_TYPE_OPT, 1232, 0, "", 0);
	assert_int_equal(parse(&o), TERN_EOPT);
	/* extended rcode, version, flags */
	header(&o, 0x8005, 1, 0, 0, 1);
	question(&o);
	opt(&o, "", 0);
	o.at[o.n - 6] = 0x01;
	o.at[o.n - 5] = 0x07;
	o.at[o.n - 4] = 0x40;
	assert_int_equal(parse(&o), TERN_OK);
	assert_int_equal(m.rcode, 0x15);
	assert_int_equal(m.edns.extended_rcode, 1);
	assert_int_equal(m.edns.version, 7);
	assert_true(m.edns.compact_ok);
	assert_false(m.edns.dnssec_ok);
}

static void tsig_comes_last(void **state)
{
	(void)state;
	header(&o, 0, 1, 0, 0, 2);
	question(&o);
	opt(&o, "", 0);
	size_t at = o.n;
	record(&o, TERN_TYPE_TSIG, 255, 0, "xyz", 3);
	assert_int_equal(parse(&o), TERN_OK);
	assert_int_equal(m.tsig_at, at);
	assert_int_equal(m.rr_n, 0);

	header(&o, 0, 1, 0, 0, 2);
	question(&o);
	record(&o, TERN_TYPE_TSIG, 255, 0, "xyz", 3);
	opt(&o, "", 0);
	assert_int_equal(parse(&o), TERN_EOPT);

	header(&o, 0x8000, 1, 1, 0, 0);
	question(&o);
	record(&o, TERN_TYPE_TSIG, 255, 0, "xyz", 3);
	assert_int_equal(parse(&o), TERN_EOPT);
}

static void random_damage_is_survived(void **state)
{
	(void)state;
	uint64_t seed = 11;

	for (unsigned round = 0; round < ROUNDS; round++) {
		a_plain_answer(NULL);
		for (unsigned hits = 1 + random_under(&seed, 4); hits > 0; hits--)
			o.at[random_under(&seed, (unsigned)o.n)] = (uint8_t)next_random(&seed);
		if (parse(&o) != TERN_OK)
			continue;
		assert_int_equal(m.rr_n, m.section_n[0] + m.section_n[1] + m.section_n[2]);
		for (unsigned i = 0; i < m.rr_n; i++) {
			uint8_t name[TERN_NAME_MAX];

			assert_int_equal(tern_name_parse(o.at, o.n, m.rrs[i].owner_at, name, NULL),
					 TERN_OK);
			assert_true((size_t)m.rrs[i].rdata_at + m.rrs[i].rdata_len <= o.n);
		}
	}
}

/* A question of 126 octets in 63 labels, and as many records as fit that point to it or to each
 * other. */
static size_t deep_owners(unsigned chain_len, size_t most)
{
	size_t n = 0, chain = 12;

	header(&o, 0x8000, 1, 0, 0, 0);
	for (unsigned i = 0; i < 63; i++)
		add(&o, "\1x", 2);
	add(&o, "\0\0\1\0\1", 5);
	for (; o.n + 14 < most; n++) {
		size_t at = o.n;

		add(&o, "\1y", 2);
		add_u16(&o, (unsigned)(0xc000 | chain));
		chain = n % chain_len == chain_len - 1 || at > 0x3f00 ? 12 : at;
		add(&o, "\0\1\0\1\0\0\0\0\0\0", 10);
	}
	put_u16(o.at + 6, (uint16_t)n);
	return n;
}

/* limits.md 45: 2 ms of CPU per message, whatever its names. Under sanitizers it may be ten times
 * that. */
static void hostile_owners_cost_little(void **state)
{
	struct timespec before, after;
	long best_us = LONG_MAX;

	(void)state;
	deep_owners(60, 0xfff0);
	for (unsigned i = 0; i < 5; i++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		assert_int_equal(parse_with(&o, rrs, RRS_MAX), TERN_EPOINTER);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		best_us = MIN(best_us, (after.tv_sec - before.tv_sec) * 1000000 +
					       (after.tv_nsec - before.tv_nsec) / 1000);
	}
	print_message("refused after %ld us\n", best_us);
	assert_true(best_us <= 20000);
}

/* Twenty labels in every record of a long message are nobody's attack. */
static void long_owners_are_no_attack(void **state)
{
	(void)state;
	unsigned n = 0;

	header(&o, 0x8000, 1, 0, 0, 0);
	question(&o);
	size_t name = o.n;

	for (unsigned i = 0; i < 20; i++)
		add(&o, "\1x", 2);
	add(&o, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	for (n = 1; o.n + 12 < 0xfff0; n++) {
		add_u16(&o, (unsigned)(0xc000 | name));
		add(&o, "\0\1\0\1\0\0\0\0\0\0", 10);
	}
	put_u16(o.at + 6, (uint16_t)n);
	assert_int_equal(parse_with(&o, rrs, RRS_MAX), TERN_OK);
	assert_int_equal(m.rr_n, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_answer),
		cmocka_unit_test(every_cut_and_every_tail),
		cmocka_unit_test(more_than_64_kb),
		cmocka_unit_test(counts_are_checked_first),
		cmocka_unit_test(one_question_in_a_query),
		cmocka_unit_test(other_opcodes),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(index_too_small),
		cmocka_unit_test(options),
		cmocka_unit_test(the_opt_of_what_has_not_one_question),
		cmocka_unit_test(opt_rules),
		cmocka_unit_test(tsig_comes_last),
		cmocka_unit_test(random_damage_is_survived),
		cmocka_unit_test(hostile_owners_cost_little),
		cmocka_unit_test(long_owners_are_no_attack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
