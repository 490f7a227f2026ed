/*
 * request_test.c - what a query is taken for: a question, an error to tell, or
 * nothing worth an answer.
 */
#include "helpers.h"

#include "net/cookie.h"
#include "net/udp.h"
#include "worker/request.h"

#define WALL_S 1700000000u

static const struct hash_key secret = {5, 6};
static struct address client;
static struct request request;
static bool subnets; /* are networks of clients told to servers? */
static uint8_t octets[TERN_MESSAGE_MAX];

static int set_up(void **state)
{
	(void)state;
	client = address("192.0.2.7@4444");
	return 0;
}

static enum request_verdict parse_by(const uint8_t *query, size_t len, bool tcp)
{
	struct request_context context = {&secret, &client, WALL_S, tcp, false, subnets};
	uint8_t *exact = malloc(len ? len : 1); /* so that ASan sees overreads */

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, query, len);
	memset(&request, 0xee, sizeof request);
	enum request_verdict verdict = request_parse(exact, len, &context, &request);

	free(exact);
	return verdict;
}

static enum request_verdict parse(size_t len)
{
	return parse_by(octets, len, false);
}

static struct tern_builder begin(const char *name, uint16_t type, uint16_t flags)
{
	struct tern_builder b;

	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 0xabcd, flags, 0);
	assert_int_equal(tern_builder_question(&b, NAME(name), type, TERN_CLASS_IN), TERN_OK);
	return b;
}

static size_t plain(const char *name, uint16_t type, uint16_t flags)
{
	struct tern_builder b = begin(name, type, flags);

	return tern_builder_finish(&b);
}

static size_t with_opt(uint16_t size, uint8_t version, uint16_t flags)
{
	struct tern_builder b = begin("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	assert_int_equal(tern_builder_opt(&b, size, 0, version, flags), TERN_OK);
	return tern_builder_finish(&b);
}

static size_t with_option(uint16_t code, const void *data, size_t len, unsigned times)
{
	struct tern_builder b = begin("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	for (unsigned i = 0; i < times; i++)
		assert_int_equal(tern_builder_option(&b, code, data, len), TERN_OK);
	return tern_builder_finish(&b);
}

/* --- silence -------------------------------------------------------------------------- */

static void nothing_worth_an_answer(void **state)
{
	size_t len = plain("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	(void)state;
	for (size_t n = 0; n < TERN_HEADER_LEN; n++)
		assert_int_equal(parse(n), REQUEST_DROP);
	octets[2] |= 0x80; /* a response */
	assert_int_equal(parse(len), REQUEST_DROP);
	octets[2] &= 0x7f;
	client.port = 0; /* nobody's port */
	assert_int_equal(parse(len), REQUEST_DROP);
	client.port = 4444;
	assert_int_equal(parse(len), REQUEST_QUERY);
	/* Whatever a response holds, it gets no answer. */
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		octets[2] = (uint8_t)(0x80 | opcode << 3);
		assert_int_equal(parse(len), REQUEST_DROP);
	}
}

/* --- questions -------------------------------------------------------------------------- */

static void a_usual_question(void **state)
{
	size_t len = plain("WwW.tEsT.", TERN_TYPE_AAAA, TERN_FLAG_RD | TERN_FLAG_CD);

	(void)state;
	assert_int_equal(parse(len), REQUEST_QUERY);
	assert_int_equal(request.id, 0xabcd);
	assert_int_equal(request.flags, TERN_FLAG_RD | TERN_FLAG_CD);
	assert_int_equal(request.type, TERN_TYPE_AAAA);
	assert_int_equal(request.rclass, TERN_CLASS_IN);
	assert_int_equal(request.name_len, 10);
	assert_memory_equal(request.name, "\3WwW\4tEsT", 10); /* its case is echoed */
	assert_int_equal(request.limit, 512);
	assert_false(request.edns || request.dnssec_ok || request.tcp || request.keepalive);
	assert_int_equal(request.cookie_len, 0);
	assert_int_equal(parse_by(octets, len, true), REQUEST_QUERY);
	assert_true(request.tcp);
	assert_int_equal(request.limit, TERN_MESSAGE_MAX);
}

static void the_root_and_the_longest_name(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(parse(plain(".", TERN_TYPE_NS, TERN_FLAG_RD)), REQUEST_QUERY);
	assert_int_equal(request.name_len, 1);
	for (unsigned i = 0; i < 127; i++)
		memcpy(name + 2 * i, "a.", 3);
	assert_int_equal(parse(plain(name, TERN_TYPE_A, TERN_FLAG_RD)), REQUEST_QUERY);
	assert_int_equal(request.name_len, 255);
}

static void sizes_of_answers(void **state)
{
	static const struct {
		uint16_t told, limit;
	} cases[] = {{0, 512},     {511, 512},   {512, 512},   {513, 513},   {1231, 1231},
		     {1232, 1232}, {1233, 1232}, {4096, 1232}, {65535, 1232}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = with_opt(cases[i].told, 0, 0);

		assert_int_equal(parse(len), REQUEST_QUERY);
		assert_int_equal(request.limit, cases[i].limit);
		assert_true(request.edns);
		assert_int_equal(parse_by(octets, len, true), REQUEST_QUERY);
		assert_int_equal(request.limit, TERN_MESSAGE_MAX);
	}
	assert_int_equal(UDP_ANSWER_MAX, 1232);
}

static void flags_of_the_opt(void **state)
{
	(void)state;
	assert_int_equal(parse(with_opt(1232, 0, 0x8000)), REQUEST_QUERY);
	assert_true(request.dnssec_ok);
	assert_int_equal(parse(with_opt(1232, 0, 0x7fff)), REQUEST_QUERY);
	assert_false(request.dnssec_ok || request.compact_ok); /* CO without DO means nothing */
	assert_int_equal(request_variant(&request), 0);
	assert_int_equal(parse(with_opt(1232, 0, 0xbfff)), REQUEST_QUERY);
	assert_true(request.dnssec_ok && !request.compact_ok);
	assert_int_equal(parse(with_opt(1232, 0, 0xc000)), REQUEST_QUERY);
	assert_int_equal(request_variant(&request), ANSWER_DO | ANSWER_CO);
}

/* --- errors ------------------------------------------------------------------------------ */

static void assert_error(size_t len, uint16_t rcode)
{
	assert_int_equal(parse(len), REQUEST_ERROR);
	assert_int_equal(request.rcode, rcode);
	assert_int_equal(request.id, 0xabcd);
	assert_true(request.limit >= 512);
}

static void other_opcodes(void **state)
{
	size_t len = plain("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	(void)state;
	for (uint8_t opcode = 1; opcode < 16; opcode++) {
		octets[2] = (uint8_t)(opcode << 3);
		assert_error(len, TERN_RCODE_NOTIMP);
		assert_int_equal(request.flags >> 11 & 15, opcode);
		assert_int_equal(request.name_len, 0); /* what follows means something else */
	}
}

static void malformed(void **state)
{
	size_t len = plain("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	(void)state;
	for (size_t n = TERN_HEADER_LEN; n < len; n++)
		assert_error(n, TERN_RCODE_FORMERR);
	assert_int_equal(parse(len + 1), REQUEST_QUERY); /* an octet behind it is ignored */
	octets[5] = 2;
	assert_error(len, TERN_RCODE_FORMERR);
	octets[5] = 0;
	assert_error(len, TERN_RCODE_FORMERR);
	octets[5] = 1;
	octets[12] = 0xc0; /* a pointer to itself */
	octets[13] = 12;
	assert_error(len, TERN_RCODE_FORMERR);
}

static void no_question_at_all(void **state)
{
	(void)state;
	memset(octets, 0, TERN_HEADER_LEN);
	put_u16(octets, 0xabcd);
	assert_error(TERN_HEADER_LEN, TERN_RCODE_FORMERR);
	assert_int_equal(request.name_len, 0);
}

static void types_that_are_no_data(void **state)
{
	(void)state;
	assert_error(plain("test.", TERN_TYPE_AXFR, 0), TERN_RCODE_REFUSED);
	assert_error(plain("test.", TERN_TYPE_IXFR, 0), TERN_RCODE_REFUSED);
	assert_error(plain("test.", TERN_TYPE_MAILB, 0), TERN_RCODE_NOTIMP);
	assert_error(plain("test.", TERN_TYPE_OPT, 0), TERN_RCODE_NOTIMP);
	assert_error(plain("test.", TERN_TYPE_TSIG, 0), TERN_RCODE_NOTIMP);
	assert_error(plain("test.", 200, 0), TERN_RCODE_NOTIMP);
	assert_error(plain("test.", TERN_TYPE_NXNAME, 0), TERN_RCODE_FORMERR);
	assert_int_equal(parse(plain("test.", TERN_TYPE_ANY, 0)), REQUEST_QUERY);
	assert_int_equal(parse(plain("test.", TERN_TYPE_RRSIG, 0)), REQUEST_QUERY);
	assert_int_equal(parse(plain("test.", 65280, 0)), REQUEST_QUERY);
}

static void a_version_of_edns_to_come(void **state)
{
	(void)state;
	for (unsigned version = 1; version < 256; version += 50) {
		assert_error(with_opt(1232, (uint8_t)version, 0x8000), TERN_RCODE_BADVERS);
		assert_true(request.edns);
	}
}

static void two_opts(void **state)
{
	struct tern_builder b = begin("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	(void)state;
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	size_t len = tern_builder_finish(&b);

	memcpy(octets + len, octets + len - 11, 11);
	octets[11] = 2;
	assert_error(len + 11, TERN_RCODE_FORMERR);
}

/* --- options ------------------------------------------------------------------------------- */

static void cookies(void **state)
{
	uint8_t cookie[TERN_COOKIE_MAX + 1] = "clientck";

	(void)state;
	for (size_t len = 0; len <= TERN_COOKIE_MAX + 1; len++) {
		bool good = len == 8 || (len >= 16 && len <= TERN_COOKIE_MAX);
		size_t n = with_option(TERN_EDNS_COOKIE, cookie, len, 1);

		if (!good) {
			assert_error(n, TERN_RCODE_FORMERR); /* RFC 7873 5.2.2 */
			continue;
		}
		assert_int_equal(parse(n), REQUEST_QUERY);
		assert_int_equal(request.cookie_len, 8);
		assert_memory_equal(request.client_cookie, "clientck", 8);
		assert_false(request.cookie_valid);
	}
	/* Of two the first counts. */
	assert_int_equal(parse(with_option(TERN_EDNS_COOKIE, cookie, 8, 2)), REQUEST_QUERY);
	assert_int_equal(request.cookie_len, 8);
}

static void a_cookie_of_ours(void **state)
{
	uint8_t cookie[COOKIE_LEN];

	(void)state;
	cookie_make(&secret, (const uint8_t *)"clientck", &client, WALL_S - 60, cookie);
	size_t len = with_option(TERN_EDNS_COOKIE, cookie, sizeof cookie, 1);

	assert_int_equal(parse(len), REQUEST_QUERY);
	assert_true(request.cookie_valid);
	client = address("192.0.2.8@4444"); /* somebody else has seen it */
	assert_int_equal(parse(len), REQUEST_QUERY);
	assert_false(request.cookie_valid);
}

static void keepalive_is_for_tcp(void **state)
{
	size_t len = with_option(TERN_EDNS_TCP_KEEPALIVE, "", 0, 1);

	(void)state;
	assert_int_equal(parse(len), REQUEST_QUERY);
	assert_false(request.keepalive);
	assert_int_equal(parse_by(octets, len, true), REQUEST_QUERY);
	assert_true(request.keepalive);
}

/* RFC 7871 6. */
static void networks_of_clients(void **state)
{
	static const struct {
		const char *option;
		size_t len;
		bool good;
	} cases[] = {
		{"", 0, false},
		{"\0\1\0", 3, false},
		{"\0\1\0\0", 4, true},
		{"\0\2\0\0", 4, true},
		{"\0\0\0\0", 4, true},
		{"\0\0\0\0\0", 5, false},
		{"\0\0\1\0\0", 5, false},
		{"\0\3\0\0", 4, false},
		{"\1\1\0\0", 4, false},
		{"\0\1\x18\0\xcb\0\7", 7, true},
		{"\0\1\x18\x18\xcb\0\7", 7, false},
		{"\0\1\x18\0\xcb\0", 6, false},
		{"\0\1\x18\0\xcb\0\7\0", 8, false},
		{"\0\1\x17\0\xcb\0\6", 7, true},
		{"\0\1\x17\0\xcb\0\7", 7, false},
		{"\0\1\x21\0\xcb\0\7\1\0", 9, false},
		{"\0\2\x80\0abcdefghijklmnop", 20, true},
		{"\0\2\x81\0abcdefghijklmnopq", 21, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint8_t *o = (const uint8_t *)cases[i].option;
		size_t n = with_option(TERN_EDNS_CLIENT_SUBNET, o, cases[i].len, 1);

		subnets = true;
		if (cases[i].good) {
			assert_int_equal(parse(n), REQUEST_QUERY);
			assert_int_equal(request.subnet_len, cases[i].len);
			assert_memory_equal(request.subnet, o, cases[i].len);
		} else {
			assert_error(n, TERN_RCODE_FORMERR);
			assert_int_equal(request.subnet_len, 0);
		}
		/* Who tells of no networks looks at none. */
		subnets = false;
		assert_int_equal(parse(n), REQUEST_QUERY);
		assert_int_equal(request.subnet_len, 0);
	}
}

static void unknown_options_and_too_many(void **state)
{
	(void)state;
	assert_int_equal(parse(with_option(65001, "x", 1, 5)), REQUEST_QUERY);
	assert_int_equal(parse(with_option(65001, "x", 1, TERN_EDNS_OPTIONS_MAX)), REQUEST_QUERY);
	assert_int_equal(parse(with_option(65001, "x", 1, TERN_EDNS_OPTIONS_MAX + 1)),
			 REQUEST_QUERY);
}

static void who_the_server_is_may_be_asked(void **state)
{
	(void)state;
	assert_int_equal(parse(with_option(65001, "", 0, 1)), REQUEST_QUERY);
	assert_false(request.nsid);
	assert_int_equal(parse(with_option(TERN_EDNS_NSID, "", 0, 1)), REQUEST_QUERY);
	assert_true(request.nsid);
}

/* Who sends so much by UDP without EDNS asks for something else than an answer. */
static void large_queries_without_an_opt_are_dropped(void **state)
{
	size_t len = plain("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

	(void)state;
	memset(octets + len, 0, 600);
	assert_int_equal(parse(512), REQUEST_QUERY);
	assert_int_equal(parse(513), REQUEST_DROP);
	assert_int_equal(parse_by(octets, 513, true), REQUEST_QUERY);
	len = with_option(65001, "", 0, 1);
	memset(octets + len, 0, 600);
	assert_int_equal(parse(513), REQUEST_QUERY);
}

static void random_octets(void **state)
{
	uint64_t seed = 1;

	(void)state;
	subnets = true;
	for (unsigned round = 0; round < 50000; round++) {
		size_t len = plain("www.test.", TERN_TYPE_A, TERN_FLAG_RD);

		for (uint64_t n = next_random(&seed) % 6; n > 0; n--)
			octets[next_random(&seed) % (len + 20)] = (uint8_t)next_random(&seed);
		enum request_verdict verdict =
			parse_by(octets, len + next_random(&seed) % 20, next_random(&seed) % 2);

		if (verdict == REQUEST_DROP)
			continue;
		assert_true(request.name_len <= TERN_NAME_MAX && request.limit >= 512);
		assert_true(request.cookie_len == 0 || request.cookie_len == 8);
		assert_true(request.subnet_len <= REQUEST_SUBNET_MAX);
	}
}

#define SETUP(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETUP(nothing_worth_an_answer),
		SETUP(a_usual_question),
		SETUP(the_root_and_the_longest_name),
		SETUP(sizes_of_answers),
		SETUP(flags_of_the_opt),
		SETUP(other_opcodes),
		SETUP(malformed),
		SETUP(no_question_at_all),
		SETUP(types_that_are_no_data),
		SETUP(a_version_of_edns_to_come),
		SETUP(two_opts),
		SETUP(cookies),
		SETUP(a_cookie_of_ours),
		SETUP(keepalive_is_for_tcp),
		SETUP(networks_of_clients),
		SETUP(unknown_options_and_too_many),
		SETUP(who_the_server_is_may_be_asked),
		SETUP(large_queries_without_an_opt_are_dropped),
		SETUP(random_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
