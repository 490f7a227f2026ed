/*
 * upstream_test.c - the octets of a question to a server, and what counts as its reply.
 */
#include "worker/upstream_private.h"

#include "helpers.h"

#include <tern/edns.h>
#include <tern/message.h>

#define FLAG_DO 0x8000

static struct worker w;
static struct exchange x;
static struct upstream_query q;
static struct tern_message m;
static uint8_t reply[512];

/* A question for a type A with all that it can have. */
static int set_up(void **state)
{
	(void)state;
	memset(&x, 0, sizeof x);
	random_init(&w.random);
	q = (struct upstream_query){.name = (const uint8_t *)"\3abc\4test",
				    .type = TERN_TYPE_AAAA,
				    .edns = true,
				    .udp_size = 1232,
				    .cookie_len = 8,
				    .cookie = {1, 2, 3, 4, 5, 6, 7, 8}};
	return 0;
}

/* --- what is sent -------------------------------------------------------------------- */

static void read_question(void)
{
	assert_int_equal(tern_message_parse(x.wire, x.wire_len, NULL, 0, &m), TERN_OK);
	assert_int_equal(m.id, x.id);
	assert_int_equal(m.qtype, q.type);
	assert_int_equal(m.qclass, TERN_CLASS_IN);
	assert_int_equal(m.edns.present, q.edns);
	assert_int_equal(x.edns, q.edns);
	assert_int_equal(x.question_len, tern_name_len(q.name) + 4);
}

static void write_question(void)
{
	assert_true(upstream_write(&w, &x, &q));
	read_question();
}

static bool sends_cookie(void)
{
	struct tern_edns_option o;

	return tern_edns_find(x.wire, &m.edns, TERN_EDNS_COOKIE, &o) && o.len == q.cookie_len &&
	       memcmp(o.data, q.cookie, o.len) == 0;
}

static void a_question_says_what_is_wanted(void **state)
{
	(void)state;
	write_question();
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.edns.udp_size, 1232);
	assert_true(m.edns.dnssec_ok);
	assert_false(m.edns.compact_ok);
	assert_int_equal(m.edns.version, 0);
	assert_true(sends_cookie());
	assert_memory_equal(x.wire + TERN_HEADER_LEN, q.name, x.question_len - 4u);
	assert_false(x.mixed);
	q.recurse = true;
	q.udp_size = 512;
	q.cookie_len = 0;
	write_question();
	assert_int_equal(m.flags, TERN_FLAG_RD);
	assert_int_equal(m.edns.udp_size, 512);
	assert_int_equal(x.wire_len, TERN_HEADER_LEN + x.question_len + 11);
	q.recurse = false;
	q.checking_disabled = true;
	q.edns = false;
	q.cookie_len = 8;
	write_question();
	assert_int_equal(m.flags, TERN_FLAG_CD);
	assert_int_equal(x.wire_len, TERN_HEADER_LEN + x.question_len);
}

static void a_subnet_has_as_many_octets_as_its_prefix(void **state)
{
	static const struct {
		struct prefix prefix;
		const char *option;
		size_t len;
	} subnets[] = {
		{{{.octets = {203, 0, 113}, .family = 4}, 24}, "\0\1\x18\0\xcb\0\x71", 7},
		{{{.octets = {203, 0x80}, .family = 4}, 9}, "\0\1\x09\0\xcb\x80", 6},
		{{{.octets = {0x20, 1, 0x0d, 0xb8}, .family = 6}, 32},
		 "\0\2\x20\0\x20\1\x0d\xb8",
		 8},
	};
	struct tern_edns_option option;

	(void)state;
	q.cookie_len = 0;
	for (unsigned i = 0; i < ARRAY_LEN(subnets); i++) {
		q.subnet = subnets[i].prefix;
		write_question();
		assert_true(tern_edns_find(x.wire, &m.edns, TERN_EDNS_CLIENT_SUBNET, &option));
		assert_int_equal(option.len, subnets[i].len);
		assert_memory_equal(option.data, subnets[i].option, option.len);
	}
	/* Without an OPT there is nowhere to tell it. */
	q.edns = false;
	write_question();
	assert_false(m.edns.present);
}

static void the_longest_question_fits(void **state)
{
	static const char longest[] =
		"\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\75aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	(void)state;
	q.name = (const uint8_t *)longest;
	q.cookie_len = TERN_COOKIE_MAX;
	q.random_case = true;
	q.subnet = (struct prefix){{.octets = {0x20, 1}, .family = 6}, 128};
	write_question();
	assert_int_equal(x.wire_len, EXCHANGE_BARE_MAX);
	assert_true(sends_cookie());
	q.to.transport = TRANSPORT_TLS;
	write_question();
	assert_int_equal(x.wire_len, sizeof x.wire);
	assert_true(upstream_rewrite(&x, &q));
	read_question();
}

static void ids_are_of_all_kinds(void **state)
{
	uint16_t any = 0, all = 0xffff;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		write_question();
		any |= x.id;
		all &= x.id;
	}
	assert_int_equal(any, 0xffff);
	assert_int_equal(all, 0);
}

/* The letters' case, and nothing else, is chosen at random, each letter by itself. */
static void letters_get_random_case(void **state)
{
	static const char name[] = "\1a\17abc-xyz\0{`@[09z\10klmnopqr\4test";
	size_t len = tern_name_len((const uint8_t *)name);
	unsigned upper[sizeof name] = {0}, equal = 0;
	uint8_t before[sizeof name] = {0};

	(void)state;
	q.name = (const uint8_t *)name;
	q.random_case = true;
	for (unsigned n = 0; n < 200; n++) {
		uint8_t *sent = x.wire + TERN_HEADER_LEN;
		bool mixed = false;

		write_question();
		equal += memcmp(sent, before, len) == 0;
		memcpy(before, sent, len);
		for (size_t i = 0; i < len; i++) {
			bool letter = name[i] >= 'a' && name[i] <= 'z';

			if (sent[i] == (uint8_t)name[i])
				continue;
			assert_true(letter);
			assert_int_equal(sent[i], name[i] - 'a' + 'A');
			upper[i]++;
			mixed = true;
		}
		assert_int_equal(x.mixed, mixed);
	}
	for (size_t i = 0; i < len; i++) {
		if (name[i] >= 'a' && name[i] <= 'z')
			assert_in_range(upper[i], 40, 160);
	}
	assert_true(equal < 3);
}

/* What answers the first form answers the second. */
static void asked_again_the_id_and_the_letters_stay(void **state)
{
	struct exchange first;

	(void)state;
	q.random_case = true;
	do
		write_question();
	while (!x.mixed);
	first = x;
	q.edns = false;
	assert_true(upstream_rewrite(&x, &q));
	read_question();
	assert_int_equal(x.id, first.id);
	assert_true(x.mixed);
	assert_int_equal(x.wire_len, TERN_HEADER_LEN + x.question_len);
	assert_memory_equal(x.wire + TERN_HEADER_LEN, first.wire + TERN_HEADER_LEN, x.question_len);
	q.edns = true;
	q.udp_size = 512;
	assert_true(upstream_rewrite(&x, &q));
	read_question();
	assert_int_equal(m.edns.udp_size, 512);
	assert_true(sends_cookie());
	assert_memory_equal(x.wire + TERN_HEADER_LEN, first.wire + TERN_HEADER_LEN, x.question_len);
}

/* --- what comes back -------------------------------------------------------------------- */

/* The exchange asks @p asked, the reply's question is @p told, both names in wire format. */
static enum reply_match match(const char *asked, const char *told, size_t len)
{
	q.name = (const uint8_t *)asked;
	assert_true(upstream_write(&w, &x, &q));
	memcpy(reply, x.wire, x.wire_len);
	reply[2] |= 0x80;
	memcpy(reply + TERN_HEADER_LEN, told, len);
	return upstream_match(&x, reply, x.wire_len);
}

#define MATCH(asked, told) match(asked, told, sizeof(asked))

static void a_reply_matches_letter_for_letter(void **state)
{
	(void)state;
	assert_int_equal(MATCH("\3abc", "\3abc"), REPLY_MATCHES);
	assert_int_equal(MATCH("\3abc", "\3aBc"), REPLY_OTHER_CASE);
	assert_int_equal(MATCH("\3abc", "\3abd"), REPLY_IS_FOREIGN);
	assert_int_equal(MATCH("\3azb", "\3AZB"), REPLY_OTHER_CASE);
	/* Only letters have a case. */
	assert_int_equal(MATCH("\3`{b", "\3@{b"), REPLY_IS_FOREIGN);
	assert_int_equal(MATCH("\3`{b", "\3`[b"), REPLY_IS_FOREIGN);
	assert_int_equal(MATCH("\3`{b", "\3`{B"), REPLY_OTHER_CASE);
}

static void octets_behind_a_zero_count(void **state)
{
	(void)state;
	assert_int_equal(MATCH("\3a\0c", "\3a\0c"), REPLY_MATCHES);
	assert_int_equal(MATCH("\3a\0c", "\3a\0C"), REPLY_OTHER_CASE);
	assert_int_equal(MATCH("\3a\0c", "\3a\0d"), REPLY_IS_FOREIGN);
	assert_int_equal(MATCH("\1\0\3abc", "\1\0\3xyz"), REPLY_IS_FOREIGN);
}

/* Does the reply with its octet @p at changed by @p mask still match, in either case? */
static enum reply_match match_changed(size_t at, uint8_t mask, bool other_case)
{
	MATCH("\3abc\4test", "\3abc\4test");
	if (other_case)
		reply[TERN_HEADER_LEN + 1] = 'A';
	reply[at] ^= mask;
	return upstream_match(&x, reply, x.wire_len);
}

static void every_octet_before_the_records_counts(void **state)
{
	size_t question_end = TERN_HEADER_LEN + tern_name_len((const uint8_t *)"\3abc\4test") + 4;

	(void)state;
	for (unsigned other_case = 0; other_case < 2; other_case++) {
		enum reply_match good = other_case ? REPLY_OTHER_CASE : REPLY_MATCHES;

		for (size_t at = 0; at < question_end; at++) {
			/* Flags but QR and opcode, and the other counts, are free. */
			bool free = at == 3 || (at >= 6 && at < TERN_HEADER_LEN);

			assert_int_equal(match_changed(at, 0x01, other_case),
					 free || at == 2 ? good : REPLY_IS_FOREIGN);
		}
		for (uint8_t mask = 0x80; mask >= 0x08; mask >>= 1)
			assert_int_equal(match_changed(2, mask, other_case), REPLY_IS_FOREIGN);
		for (uint8_t mask = 0x04; mask > 0; mask >>= 1)
			assert_int_equal(match_changed(2, mask, other_case), good);
		/* What stands behind the question is none of its concern. */
		assert_int_equal(match_changed(question_end, 0xff, other_case), good);
	}
}

static void a_short_reply_is_foreign(void **state)
{
	(void)state;
	MATCH("\3abc", "\3abc");
	for (size_t len = 0; len < TERN_HEADER_LEN + (size_t)x.question_len; len++)
		assert_int_equal(upstream_match(&x, reply, len), REPLY_IS_FOREIGN);
	assert_int_equal(upstream_match(&x, reply, TERN_HEADER_LEN + (size_t)x.question_len),
			 REPLY_MATCHES);
}

/* Nothing but a header, from one that doesn't know what an OPT is. */
static void a_bare_refusal(void **state)
{
	(void)state;
	for (unsigned edns = 0; edns < 2; edns++) {
		q.edns = edns;
		for (uint8_t rcode = 0; rcode < 16; rcode++) {
			bool is_refusal = rcode == TERN_RCODE_FORMERR || rcode == TERN_RCODE_NOTIMP;

			MATCH("\3abc", "\3abc");
			memset(reply + 4, 0, 8);
			reply[3] = rcode;
			assert_int_equal(upstream_match(&x, reply, TERN_HEADER_LEN),
					 edns && is_refusal ? REPLY_MATCHES : REPLY_IS_FOREIGN);
			assert_int_equal(upstream_match(&x, reply, TERN_HEADER_LEN + 1),
					 REPLY_IS_FOREIGN);
			reply[5] = 1;
			assert_int_equal(upstream_match(&x, reply, TERN_HEADER_LEN),
					 REPLY_IS_FOREIGN);
		}
	}
}

/* Clients must not see the case that was sent. */
static void the_case_is_undone(void **state)
{
	(void)state;
	q.name = (const uint8_t *)"\3abc\4test";
	assert_true(upstream_write(&w, &x, &q));
	memcpy(reply, x.wire, x.wire_len);
	size_t len = TERN_HEADER_LEN + (size_t)x.question_len;

	memcpy(reply + TERN_HEADER_LEN, "\3aBC\4TesT", 9);
	reply[len] = 'X';
	upstream_undo_case(&x, reply, len - 1); /* a bare refusal has no question */
	assert_memory_equal(reply + TERN_HEADER_LEN, "\3aBC\4TesT", 10);
	upstream_undo_case(&x, reply, len);
	assert_memory_equal(reply + TERN_HEADER_LEN, "\3abc\4test", 10);
	assert_int_equal(reply[len], 'X');
}

int main(void)
{
#define UPSTREAM(f) cmocka_unit_test_setup(f, set_up)
	const struct CMUnitTest tests[] = {
		UPSTREAM(a_question_says_what_is_wanted),
		UPSTREAM(a_subnet_has_as_many_octets_as_its_prefix),
		UPSTREAM(the_longest_question_fits),
		UPSTREAM(ids_are_of_all_kinds),
		UPSTREAM(letters_get_random_case),
		UPSTREAM(asked_again_the_id_and_the_letters_stay),
		UPSTREAM(a_reply_matches_letter_for_letter),
		UPSTREAM(octets_behind_a_zero_count),
		UPSTREAM(every_octet_before_the_records_counts),
		UPSTREAM(a_short_reply_is_foreign),
		UPSTREAM(a_bare_refusal),
		UPSTREAM(the_case_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
