/*
 * odd_test.c - broken replies: what is told of each, what can still be read, and that every reply
 * ends.
 */
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "../test.h"
#include "base/bytes.h"
#include "base/compiler.h"
#include "tools/ternq_query.h"

#define OPT    "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define ANSWER "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
#define TSIG   "\0\0\xfa\0\xff\0\0\0\0\0\0"

static struct reply reply;

/* A query for www.example A with id 0x1234. */
static struct query asked(void)
{
	struct query q = {.id = 0x1234, .type = TERN_TYPE_A, .rclass = TERN_CLASS_IN};

	memcpy(q.qname, "\3www\7example", 13);
	return q;
}

/* The reply with these counts and, behind the question, @p body. */
static size_t compose(const uint16_t counts[4], const void *body, size_t len)
{
	static const uint8_t question[] = "\3www\7example\0\0\1\0";
	uint8_t *at = reply.octets;

	put_u16(at, 0x1234);
	put_u16(at + 2, TERN_FLAG_QR);
	for (unsigned i = 0; i < 4; i++)
		put_u16(at + 4 + 2 * i, counts[i]);
	memcpy(at + TERN_HEADER_LEN, question, sizeof question);
	at[TERN_HEADER_LEN + sizeof question - 1] = 1;
	memcpy(at + TERN_HEADER_LEN + sizeof question, body, len);
	return TERN_HEADER_LEN + sizeof question + len;
}

static void expect_line(const char *wanted)
{
	for (unsigned i = 0; i < reply.odd.n; i++) {
		if (strstr(reply.odd.lines[i], wanted))
			return;
	}
	fail_msg("\"%s\" is not told; first of %u: %s", wanted, reply.odd.n, reply.odd.lines[0]);
}

static void each_fault_is_told(void **state)
{
	static const struct {
		uint16_t counts[4];
		const char *body;
		size_t len;
		const char *told; /* NULL: nothing */
		unsigned answers; /* in the index */
	} cases[] = {
		{{1, 1, 0, 1}, ANSWER OPT, 27, NULL, 1},
		{{1, 1, 0, 0}, ANSWER "1234567", 23, "7 octets behind the message", 1},
		{{1, 1, 0, 2}, ANSWER OPT OPT, 38, "one more OPT in ADDITIONAL", 1},
		{{1, 2, 0, 0}, ANSWER OPT, 27, "an OPT in ANSWER", 2},
		{{1, 1, 0, 1}, ANSWER "\1x" OPT, 29, "not at the root", 1},
		{{1, 9, 0, 0}, ANSWER, 16, "ANSWER: 9 records announced, 1 there", 1},
		{{1, 65535, 65535, 65535}, ANSWER, 16, "65535 records announced", 1},
		{{1, 2, 0, 0}, ANSWER ANSWER, 25, "ANSWER: record 2 of 2: ", 1},
		{{1, 1, 0, 1}, ANSWER TSIG, 27, "a TSIG", 1},
		{{1, 1, 0, 2}, ANSWER TSIG OPT, 38, "a TSIG in ADDITIONAL that is not", 1},
		{{1, 2, 0, 0},
		 "\xc0\x1e\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" ANSWER,
		 32,
		 "record 1 of 2 left out, its name",
		 1},
		{{1, 1, 0, 0}, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\3\xc0\0\2", 15, "A does not allow", 1},
		{{0, 0, 0, 0}, "", 0, "octets behind the message", 0},
		{{2, 1, 0, 0}, "\3www\xc0\x10\0\1\0\1" ANSWER, 26, "2 questions, 1 was asked", 1},
		{{3, 0, 0, 0}, "", 0, "question 2 of 3", 0},
		{{1, 0, 0, 1},
		 "\0\0\x29\x04\xd0\0\0\0\0\0\5\0\3\0\5x",
		 16,
		 "octets are no option",
		 0},
	};
	struct query q = asked();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = compose(cases[i].counts, cases[i].body, cases[i].len);

		assert_int_equal(query_match(&q, &reply, len, false), MATCH_REPLY);
		assert_int_equal(reply.m.section_n[TERN_ANSWER], cases[i].answers);
		if (cases[i].told)
			expect_line(cases[i].told);
		else
			assert_int_equal(reply.odd.n, 0);
	}
}

/* Without a question the reply is nobody else's, but it says so. */
static void no_question(void **state)
{
	struct query q = asked();

	(void)state;
	(void)compose((const uint16_t[4]){0}, "", 0);
	assert_int_equal(query_match(&q, &reply, TERN_HEADER_LEN, false), MATCH_REPLY);
	expect_line("no question");
	put_u16(reply.octets + 2, TERN_FLAG_QR | TERN_RCODE_FORMERR);
	assert_int_equal(query_match(&q, &reply, TERN_HEADER_LEN, false), MATCH_REPLY);
	assert_int_equal(reply.odd.n, 0);
}

static void no_response(void **state)
{
	struct query q = asked();
	size_t len = compose((const uint16_t[4]){1, 1, 0, 0}, ANSWER, 16);

	(void)state;
	put_u16(reply.octets + 2, 0);
	assert_int_equal(query_match(&q, &reply, len, false), MATCH_REPLY);
	expect_line("QR is not set");
	assert_int_equal(reply.m.section_n[TERN_ANSWER], 1);
}

/* Replies to somebody else stay what they were, broken or not. */
static void others_replies(void **state)
{
	struct query q = asked();
	size_t len = compose((const uint16_t[4]){1, 9, 0, 0}, ANSWER, 16);

	(void)state;
	q.id++;
	assert_int_equal(query_match(&q, &reply, len, false), MATCH_WRONG_ID);
	q.id--;
	q.type = TERN_TYPE_AAAA;
	assert_int_equal(query_match(&q, &reply, len, false), MATCH_WRONG_QUESTION);
	assert_int_equal(query_match(&q, &reply, TERN_HEADER_LEN - 1, false), MATCH_TOO_SHORT);
}

static void cut_replies(void **state)
{
	struct query q = asked();
	size_t len = compose((const uint16_t[4]){1, 2, 0, 0}, ANSWER ANSWER, 25);

	(void)state;
	put_u16(reply.octets + 2, TERN_FLAG_QR | TERN_FLAG_TC);
	assert_int_equal(query_match(&q, &reply, len, false), MATCH_TRUNCATED);
	assert_int_equal(query_match(&q, &reply, len, true), MATCH_REPLY);
	assert_int_equal(reply.m.section_n[TERN_ANSWER], 1);
}

/* The first faults are told, the others counted. */
static void many_faults(void **state)
{
	static uint8_t body[2000 * 11];
	struct query q = asked();

	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		memcpy(body + 11 * i, OPT, 11);
	size_t len = compose((const uint16_t[4]){1, 0, 0, 2000}, body, sizeof body);

	assert_int_equal(query_match(&q, &reply, len, false), MATCH_REPLY);
	assert_int_equal(reply.odd.n, ODD_LINES_MAX);
	assert_int_equal(reply.odd.more, 1999 - ODD_LINES_MAX);
	assert_int_equal(reply.m.section_n[TERN_ADDITIONAL], 1999);
}

/* Whatever the octets, what is in the index can be printed. */
static void random_damage(void **state)
{
	static char text[TERN_RDATA_TEXT_MAX + TERN_NAME_TEXT_MAX + 64];
	struct query q = asked();
	uint64_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		size_t len =
			compose((const uint16_t[4]){1, 2, 0, 3}, ANSWER ANSWER OPT TSIG OPT, 65);

		for (unsigned n = 1 + random_under(&random, 4); n > 0; n--)
			reply.octets[4 + random_under(&random, (unsigned)len - 4)] =
				(uint8_t)next_random(&random);
		len -= random_under(&random, 20);
		if (query_match(&q, &reply, len, true) != MATCH_REPLY)
			continue;
		for (unsigned at = 0; at < reply.m.rr_n; at++)
			assert_int_equal(
				tern_rr_to_text(&reply.m, &reply.m.rrs[at], text, sizeof text),
				TERN_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_told), cmocka_unit_test(no_question),
		cmocka_unit_test(no_response),        cmocka_unit_test(others_replies),
		cmocka_unit_test(cut_replies),        cmocka_unit_test(many_faults),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
