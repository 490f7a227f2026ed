/*
 * render_test.c - responses read back: what fits, what is told in the OPT, and
 * that a cached answer says the same as a rendered one.
 */
#include "helpers.h"

#include "net/cookie.h"
#include "net/udp.h"
#include "worker/render.h"

#define WALL_S 1700000000u

static const struct hash_key secret = {5, 6};
static struct address client;
static struct request request;
static struct result result;
static struct kept kept[64];
static uint8_t rdata[64][600];
static unsigned kept_n;

static uint8_t out[TERN_MESSAGE_MAX];
static struct tern_rr_ref rrs[6000];
static struct tern_message m;

/* A question for www.test. A with EDNS, and an empty result. */
static int set_up(void **state)
{
	(void)state;
	client = address("192.0.2.7@4444");
	memset(&result, 0, sizeof result);
	result.ede = TERN_EDE_NONE;
	kept_n = 0;
	request = (struct request){.name_len = 10,
				   .type = TERN_TYPE_A,
				   .rclass = TERN_CLASS_IN,
				   .id = 0x1234,
				   .flags = TERN_FLAG_RD,
				   .limit = 1232,
				   .edns = true};
	memcpy(request.name, "\3WwW\4test", 10);
	return 0;
}

/* A set of @p n records of @p len octets each, and @p sigs signatures. */
static void add_set(struct kept_list *list, const char *owner, uint16_t type, unsigned n,
		    uint16_t len, unsigned sigs)
{
	struct kept *k = &kept[kept_n];
	uint8_t *at = rdata[kept_n++];
	static uint8_t owners[64][TERN_NAME_MAX];

	k->set = (struct tern_rrset){.owner = wire_name(owners[kept_n - 1], owner),
				     .rdata = at,
				     .ttl_s = 300,
				     .type = type,
				     .rclass = TERN_CLASS_IN,
				     .rr_n = (uint16_t)n,
				     .sig_n = (uint16_t)sigs};
	for (unsigned i = 0; i < n + sigs; i++) {
		put_u16(at, len);
		memset(at + 2, (int)(i + 1), len);
		/* Names in it are the root. */
		if (type == TERN_TYPE_SOA || type == TERN_TYPE_NSEC)
			at[2] = at[3] = 0;
		at += len + 2;
	}
	k->set.rdata_len = (uint32_t)(at - k->set.rdata);
	assert_true(k->set.rdata_len <= sizeof rdata[0]);
	k->next = NULL;
	if (list->last)
		list->last->next = k;
	else
		list->first = k;
	list->last = k;
	list->n++;
}

static const struct render_context *context(void)
{
	static struct render_context c;

	c = (struct render_context){&secret, &client, WALL_S, 10000, "tern-1"};
	return &c;
}

static void read_back(size_t len)
{
	assert_true(len <= request.limit);
	assert_int_equal(tern_message_parse(out, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.id, request.id);
	assert_true(m.flags & TERN_FLAG_QR);
	assert_false(m.flags & TERN_FLAG_AA);
	assert_int_equal(m.edns.present, request.edns);
	if (request.edns)
		assert_int_equal(m.edns.dnssec_ok, request.dnssec_ok);
	assert_int_equal(m.edns.compact_ok, request.compact_ok);
}

static void render(void)
{
	memset(out, 0xee, sizeof out);
	read_back(render_result(&request, &result, context(), out, sizeof out));
}

static bool ede_is(uint16_t code, const char *text)
{
	struct tern_edns_option o;

	return tern_edns_find(out, &m.edns, TERN_EDNS_EDE, &o) && o.len == 2 + strlen(text) &&
	       get_u16(o.data) == code && memcmp(o.data + 2, text, strlen(text)) == 0;
}

static bool has_option(uint16_t code)
{
	struct tern_edns_option o;

	return tern_edns_find(out, &m.edns, code, &o);
}

/* --- results --------------------------------------------------------------------------- */

static void an_answer(void **state)
{
	(void)state;
	add_set(&result.answer, "www.test.", TERN_TYPE_A, 2, 4, 1);
	request.flags |= TERN_FLAG_CD;
	render();
	assert_int_equal(m.section_n[TERN_ANSWER], 2); /* signatures by DO only */
	assert_int_equal(m.rcode, 0);
	assert_int_equal(m.flags & (TERN_FLAG_RA | TERN_FLAG_RD | TERN_FLAG_CD | TERN_FLAG_TC),
			 TERN_FLAG_RA | TERN_FLAG_RD | TERN_FLAG_CD);
	assert_memory_equal(m.qname, request.name, 10); /* letter for letter */
	assert_int_equal(m.edns.udp_size, UDP_ANSWER_MAX);
	request.dnssec_ok = true;
	render();
	assert_int_equal(m.section_n[TERN_ANSWER], 3);
	request.edns = request.dnssec_ok = false;
	render();
	assert_int_equal(m.section_n[TERN_ADDITIONAL], 0);
}

static void a_denial(void **state)
{
	(void)state;
	result.rcode = TERN_RCODE_NXDOMAIN;
	add_set(&result.authority, "test.", TERN_TYPE_SOA, 1, 22, 1);
	add_set(&result.authority, "a.test.", TERN_TYPE_NSEC, 1, 30, 1);
	render();
	assert_int_equal(m.rcode, TERN_RCODE_NXDOMAIN);
	assert_int_equal(m.section_n[TERN_AUTHORITY], 1); /* the SOA */
	request.dnssec_ok = true;
	render();
	assert_int_equal(m.section_n[TERN_AUTHORITY], 4);
}

static void ad_is_told_to_those_who_ask(void **state)
{
	(void)state;
	add_set(&result.answer, "www.test.", TERN_TYPE_A, 1, 4, 1);
	render();
	assert_false(m.flags & TERN_FLAG_AD);
	result.security = CACHE_SECURE;
	render();
	assert_false(m.flags & TERN_FLAG_AD);
	request.flags |= TERN_FLAG_AD;
	render();
	assert_true(m.flags & TERN_FLAG_AD);
	request.flags |= TERN_FLAG_CD; /* it checks by itself */
	render();
	assert_false(m.flags & TERN_FLAG_AD);
	request.flags = TERN_FLAG_RD;
	request.dnssec_ok = true;
	render();
	assert_true(m.flags & TERN_FLAG_AD);
	result.security = CACHE_INSECURE;
	render();
	assert_false(m.flags & TERN_FLAG_AD);
}

static void what_does_not_fit_is_truncated_by_sets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		char owner[32];

		snprintf(owner, sizeof owner, "n%u.test.", i);
		add_set(&result.answer, owner, TERN_TYPE_TXT, 2, 100, 0);
	}
	for (request.limit = 512; request.limit <= 2000; request.limit += 31) {
		render();
		assert_int_equal(m.section_n[TERN_ANSWER] % 2, 0); /* whole sets */
		assert_int_equal(!!(m.flags & TERN_FLAG_TC), m.section_n[TERN_ANSWER] < 16);
	}
	request.limit = 1232;
	render();
	assert_true(m.flags & TERN_FLAG_TC);
	request.limit = TERN_MESSAGE_MAX;
	request.tcp = true;
	render();
	assert_false(m.flags & TERN_FLAG_TC);
	assert_int_equal(m.section_n[TERN_ANSWER], 16);
}

/* For a client that doesn't validate a missing proof is no loss, for others it is. */
static void a_proof_that_does_not_fit(void **state)
{
	(void)state;
	request.limit = 512;
	add_set(&result.authority, "test.", TERN_TYPE_SOA, 1, 22, 1);
	add_set(&result.authority, "a.test.", TERN_TYPE_NSEC, 1, 250, 1);
	render();
	assert_false(m.flags & TERN_FLAG_TC);
	request.dnssec_ok = true;
	render();
	assert_true(m.flags & TERN_FLAG_TC);
}

static void any_by_udp_is_one_set(void **state)
{
	(void)state;
	request.type = TERN_TYPE_ANY;
	add_set(&result.answer, "www.test.", TERN_TYPE_A, 2, 4, 0);
	add_set(&result.answer, "www.test.", TERN_TYPE_TXT, 1, 20, 0);
	render();
	assert_int_equal(m.section_n[TERN_ANSWER], 2);
	assert_false(m.flags & TERN_FLAG_TC);
	request.tcp = true;
	request.limit = TERN_MESSAGE_MAX;
	render();
	assert_int_equal(m.section_n[TERN_ANSWER], 3);
}

/* --- the OPT ------------------------------------------------------------------------------ */

static void extended_errors(void **state)
{
	(void)state;
	result.rcode = TERN_RCODE_SERVFAIL;
	result.ede = TERN_EDE_NO_REACHABLE_AUTHORITY;
	strcpy(result.text, "no answer from 192.0.2.53@53");
	render();
	assert_int_equal(m.rcode, TERN_RCODE_SERVFAIL);
	assert_true(ede_is(TERN_EDE_NO_REACHABLE_AUTHORITY, "no answer from 192.0.2.53@53"));
	memset(result.text, 'x', JOB_TEXT_MAX - 1);
	render();
	assert_true(ede_is(TERN_EDE_NO_REACHABLE_AUTHORITY, result.text));
	result.ede = TERN_EDE_NONE;
	render();
	assert_false(has_option(TERN_EDNS_EDE));
	request.edns = false;
	result.ede = TERN_EDE_OTHER;
	render(); /* nowhere to tell it */
}

/* Data first, then the code, then its text. */
static void an_error_text_makes_place(void **state)
{
	(void)state;
	result.ede = TERN_EDE_STALE_ANSWER;
	memset(result.text, 'x', JOB_TEXT_MAX - 1);
	add_set(&result.answer, "www.test.", TERN_TYPE_TXT, 2, 215, 0);
	request.limit = 512;
	render();
	assert_int_equal(m.section_n[TERN_ANSWER], 2);
	assert_false(m.flags & TERN_FLAG_TC);
	assert_true(ede_is(TERN_EDE_STALE_ANSWER, ""));
}

static void a_cookie_comes_back_with_ours(void **state)
{
	struct tern_edns_option o;

	(void)state;
	request.cookie_len = 8;
	memcpy(request.client_cookie, "clientck", 8);
	render();
	assert_true(tern_edns_find(out, &m.edns, TERN_EDNS_COOKIE, &o));
	assert_int_equal(o.len, COOKIE_LEN);
	assert_memory_equal(o.data, "clientck", 8);
	assert_true(cookie_is_valid(&secret, o.data, &client, WALL_S));
}

static void keepalive_in_tenths_of_a_second(void **state)
{
	struct tern_edns_option o;

	(void)state;
	render();
	assert_false(has_option(TERN_EDNS_TCP_KEEPALIVE));
	request.keepalive = request.tcp = true;
	render();
	assert_true(tern_edns_find(out, &m.edns, TERN_EDNS_TCP_KEEPALIVE, &o));
	assert_int_equal(o.len, 2);
	assert_int_equal(get_u16(o.data), 100);
}

static void errors(void **state)
{
	(void)state;
	read_back(render_error(&request, TERN_RCODE_BADVERS, TERN_EDE_NONE, NULL, context(), out,
			       sizeof out));
	assert_int_equal(m.rcode, TERN_RCODE_BADVERS); /* in both its parts */
	request.flags = TERN_OPCODE_UPDATE << 11 | TERN_FLAG_RD;
	request.name_len = 0;
	request.edns = false;
	size_t len = render_error(&request, TERN_RCODE_NOTIMP, TERN_EDE_NONE, NULL, context(), out,
				  sizeof out);

	assert_int_equal(len, TERN_HEADER_LEN);
	assert_memory_equal(out, "\x12\x34\xa9\x84\0\0\0\0\0\0\0\0", 12);
}

static void chaos(void **state)
{
	char text[300];

	(void)state;
	request.rclass = TERN_CLASS_CH;
	request.type = TERN_TYPE_TXT;
	read_back(render_chaos(&request, "tern", context(), out, sizeof out));
	assert_int_equal(m.section_n[TERN_ANSWER], 1);
	assert_int_equal(m.rrs[0].rclass, TERN_CLASS_CH);
	assert_memory_equal(out + m.rrs[0].rdata_at, "\4tern", 5);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	read_back(render_chaos(&request, text, context(), out, sizeof out));
	assert_int_equal(m.rrs[0].rdata_len, 256);
}

/* What does not fit beside the longest name is asked for by TCP. */
static void a_long_text_beside_a_long_name(void **state)
{
	char text[300];
	uint8_t *at = request.name;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (unsigned i = 0; i < 4; i++) {
		*at = i < 3 ? 63 : 61;
		memset(at + 1, 'a', *at);
		at += *at + 1;
	}
	*at = 0;
	request.name_len = TERN_NAME_MAX;
	request.rclass = TERN_CLASS_CH;
	request.type = TERN_TYPE_TXT;
	request.limit = 512;
	read_back(render_chaos(&request, text, context(), out, sizeof out));
	assert_true(m.flags & TERN_FLAG_TC);
	assert_int_equal(m.section_n[TERN_ANSWER], 0);
	text[200] = '\0';
	read_back(render_chaos(&request, text, context(), out, sizeof out));
	assert_false(m.flags & TERN_FLAG_TC);
	assert_int_equal(m.section_n[TERN_ANSWER], 1);
}

/* RFC 5001: who asks is told, where there is room for it beside the data. */
static void the_servers_identity(void **state)
{
	struct tern_edns_option o;
	uint16_t ttl_at[ANSWER_TTLS_MAX], ttl_n = 0;
	struct question q = {.type = request.type};

	(void)state;
	add_set(&result.answer, "www.test.", TERN_TYPE_TXT, 2, 250, 0);
	render();
	assert_false(has_option(TERN_EDNS_NSID));
	request.nsid = true;
	render();
	assert_true(tern_edns_find(out, &m.edns, TERN_EDNS_NSID, &o));
	assert_int_equal(o.len, 6);
	assert_memory_equal(o.data, "tern-1", 6);
	read_back(render_error(&request, TERN_RCODE_REFUSED, TERN_EDE_PROHIBITED, NULL, context(),
			       out, sizeof out));
	assert_true(has_option(TERN_EDNS_NSID));
	/* Out of the cache: to the last octet that there is room for. */
	tern_name_lower(q.name, request.name);
	for (unsigned less = 0; less < 2; less++) {
		size_t len = render_for_cache(&q, &result, request_variant(&request), out,
					      ANSWER_OCTETS_MAX, ttl_at, &ttl_n, ANSWER_TTLS_MAX);

		request.limit = (uint16_t)(len + 11 + 4 + 6 - less);
		len = render_cached(&request, len, context(), out, sizeof out);
		assert_int_equal(len, less ? request.limit - 9u : request.limit);
		read_back(len);
		assert_int_equal(has_option(TERN_EDNS_NSID), !less);
		assert_int_equal(m.section_n[TERN_ANSWER], 2);
	}
}

/* --- rendered answers --------------------------------------------------------------------------
 */

/* Rendered for the cache, copied out and turned into a response: as if rendered directly. */
static void compare_with_cached(void)
{
	static uint8_t cached[TERN_MESSAGE_MAX], direct[TERN_MESSAGE_MAX];
	uint16_t ttl_at[ANSWER_TTLS_MAX], ttl_n = 0;
	struct question q = {.type = request.type};

	tern_name_lower(q.name, request.name);
	size_t len = render_for_cache(&q, &result, request_variant(&request), cached,
				      ANSWER_OCTETS_MAX, ttl_at, &ttl_n, ANSWER_TTLS_MAX);

	assert_true(len > 0);
	for (unsigned i = 0; i < ttl_n; i++)
		assert_int_equal(get_u32(cached + ttl_at[i]), 300);
	size_t direct_len = render_result(&request, &result, context(), direct, sizeof direct);

	memcpy(out, cached, len);
	len = render_cached(&request, len, context(), out, sizeof out);
	read_back(len);
	if (m.flags & TERN_FLAG_TC) {
		assert_int_equal(m.section_n[TERN_ANSWER], 0);
		assert_true(get_u16(direct + 2) & TERN_FLAG_TC);
		return;
	}
	assert_int_equal(len, direct_len);
	assert_memory_equal(out, direct, len);
}

static void cached_answers_say_the_same(void **state)
{
	(void)state;
	add_set(&result.answer, "www.test.", TERN_TYPE_TXT, 2, 100, 1);
	add_set(&result.answer, "other.www.test.", TERN_TYPE_A, 5, 4, 1);
	add_set(&result.authority, "test.", TERN_TYPE_SOA, 1, 22, 1);
	memcpy(request.client_cookie, "clientck", 8);
	for (unsigned bits = 0; bits < 1024; bits++) {
		request.edns = bits & 1;
		request.dnssec_ok = request.edns && (bits & 2);
		request.compact_ok = request.dnssec_ok && (bits & 256);
		request.cookie_len = request.edns && (bits & 4) ? 8 : 0;
		request.flags = (bits & 8 ? TERN_FLAG_RD : 0) | (bits & 16 ? TERN_FLAG_CD : 0) |
				(bits & 32 ? TERN_FLAG_AD : 0);
		request.limit = bits & 64 ? 1232 : 512;
		request.tcp = request.keepalive = request.edns && (bits & 128);
		request.nsid = bits & 512;
		for (unsigned s = CACHE_UNCHECKED; s <= CACHE_SECURE; s++) {
			result.security = (enum cache_security)s;
			compare_with_cached();
		}
	}
}

/* RFC 7871 7.2.2: as it was sent, where others may get another answer. */
static void the_network_of_a_client(void **state)
{
	static const uint8_t sent[] = {0, 1, 24, 0, 192, 0, 2};
	struct tern_edns_option o;

	(void)state;
	for (unsigned bits = 0; bits < 8; bits++) {
		request.edns = bits & 1;
		request.subnet_len = request.edns && (bits & 2) ? sizeof sent : 0;
		memcpy(request.subnet, sent, sizeof sent);
		result.by_network = bits & 4;
		render();
		bool told =
			request.edns && tern_edns_find(out, &m.edns, TERN_EDNS_CLIENT_SUBNET, &o);

		assert_int_equal(told, bits == 7);
		if (told) {
			assert_int_equal(o.len, sizeof sent);
			assert_memory_equal(o.data, sent, sizeof sent);
		}
	}
	/* However full the answer is. */
	for (uint16_t limit = 512; limit < 700; limit++) {
		request.limit = limit;
		result.answer = (struct kept_list){0};
		kept_n = 0;
		add_set(&result.answer, "www.test.", TERN_TYPE_TXT, 1, 500, 0);
		render();
		assert_true(tern_edns_find(out, &m.edns, TERN_EDNS_CLIENT_SUBNET, &o));
	}
}

/* RFC 9824 5: NXDOMAIN is for those who see no proof, or know what it means. */
static void a_compact_denial(void **state)
{
	static const struct {
		bool dnssec_ok, compact_ok;
		unsigned rcode;
	} clients[] = {{false, false, TERN_RCODE_NXDOMAIN},
		       {true, false, TERN_RCODE_NOERROR},
		       {true, true, TERN_RCODE_NXDOMAIN}};

	(void)state;
	result.rcode = TERN_RCODE_NXDOMAIN;
	result.compact = true;
	add_set(&result.authority, "test.", TERN_TYPE_SOA, 1, 22, 1);
	add_set(&result.authority, "www.test.", TERN_TYPE_NSEC, 1, 30, 1);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		request.dnssec_ok = clients[i].dnssec_ok;
		request.compact_ok = clients[i].compact_ok;
		render();
		assert_int_equal(m.rcode, clients[i].rcode);
		assert_int_equal(m.section_n[TERN_AUTHORITY], clients[i].dnssec_ok ? 4 : 1);
		compare_with_cached();
	}
}

static void too_many_ttls_are_not_kept(void **state)
{
	uint16_t ttl_at[2], ttl_n;
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};

	(void)state;
	add_set(&result.answer, "www.test.", TERN_TYPE_A, 3, 4, 0);
	assert_int_equal(
		render_for_cache(&q, &result, 0, out, ANSWER_OCTETS_MAX, ttl_at, &ttl_n, 2), 0);
	assert_int_equal(render_for_cache(&q, &result, 0, out, 50, ttl_at, &ttl_n, 2), 0);
}

#define SETUP(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETUP(an_answer),
		SETUP(a_denial),
		SETUP(ad_is_told_to_those_who_ask),
		SETUP(what_does_not_fit_is_truncated_by_sets),
		SETUP(a_proof_that_does_not_fit),
		SETUP(any_by_udp_is_one_set),
		SETUP(extended_errors),
		SETUP(an_error_text_makes_place),
		SETUP(a_cookie_comes_back_with_ours),
		SETUP(keepalive_in_tenths_of_a_second),
		SETUP(errors),
		SETUP(a_long_text_beside_a_long_name),
		SETUP(the_servers_identity),
		SETUP(chaos),
		SETUP(cached_answers_say_the_same),
		SETUP(the_network_of_a_client),
		SETUP(a_compact_denial),
		SETUP(too_many_ttls_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
