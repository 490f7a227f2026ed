/*
 * additional_test.c - the additional section of responses: there when it fits, never
 * the reason for a truncation, and never kept longer than it is good.
 */
#include "talk.h"

#include <tern/text.h>

#include "worker/render.h"

#define HTTPS TERN_TYPE_HTTPS

static const struct hash_key secret = {5, 6};
static struct request request;
static struct result result;
static struct kept kept[4];
static uint8_t packed[4][1024];
static unsigned kept_n;
static uint8_t out[TERN_MESSAGE_MAX];
static struct tern_rr_ref rrs[64];
static struct tern_message m;
static uint16_t ttl_at[ANSWER_TTLS_MAX], ttl_n;

static int set_up(void **state)
{
	(void)state;
	memset(&result, 0, sizeof result);
	result.ede = TERN_EDE_NONE;
	kept_n = 0;
	request = (struct request){.name_len = 10,
				   .type = HTTPS,
				   .rclass = TERN_CLASS_IN,
				   .id = 1,
				   .limit = 1232,
				   .edns = true};
	memcpy(request.name, "\3WwW\4test", 10);
	return 0;
}

static void add_set(struct kept_list *list, const uint8_t *owner, uint16_t type, uint16_t len)
{
	struct kept *k = &kept[kept_n];
	uint8_t *at = packed[kept_n++];

	memset(at, 0, sizeof packed[0]);
	put_u16(at, len);
	put_u16(at + 2, 1);
	k->next = NULL;
	k->set = (struct tern_rrset){.owner = owner,
				     .rdata = at,
				     .rdata_len = len + 2u,
				     .ttl_s = 300,
				     .type = type,
				     .rclass = TERN_CLASS_IN,
				     .rr_n = 1};
	if (list->last)
		list->last->next = k;
	else
		list->first = k;
	list->last = k;
	list->n++;
}

/* HTTPS of @p len octets, and the two addresses of its owner. */
static void add_sets(uint16_t len)
{
	static const uint8_t www[] = "\3www\4test";

	add_set(&result.answer, www, HTTPS, len);
	add_set(&result.additional, www, TERN_TYPE_A, 4);
	add_set(&result.additional, www, TERN_TYPE_AAAA, 16);
}

static const struct render_context *context(void)
{
	static struct address client;
	static struct render_context made;

	client = address("192.0.2.7@4444");
	made = (struct render_context){&secret, &client, 1700000000, 10000, ""};
	return &made;
}

static void read_back(size_t len)
{
	assert_true(len <= request.limit);
	assert_int_equal(tern_message_parse(out, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.edns.present, request.edns);
}

static void render(void)
{
	read_back(render_result(&request, &result, context(), out, sizeof out));
}

static void render_out_of_cache(void)
{
	struct question q = {.type = HTTPS};

	memcpy(q.name, "\3www\4test", 10);
	size_t len = render_for_cache(&q, &result, 0, out, ANSWER_OCTETS_MAX, ttl_at, &ttl_n,
				      ANSWER_TTLS_MAX);

	assert_true(len > 0);
	read_back(render_cached(&request, len, context(), out, sizeof out));
}

static void assert_sections(bool truncated, unsigned answers, unsigned additionals)
{
	assert_int_equal((m.flags & TERN_FLAG_TC) != 0, truncated);
	assert_int_equal(m.section_n[TERN_ANSWER], answers);
	assert_int_equal(m.section_n[TERN_ADDITIONAL], additionals);
}

static void what_fits_goes_with_the_answer(void **state)
{
	(void)state;
	add_sets(40);
	render();
	assert_sections(false, 1, 2);
	render_out_of_cache();
	assert_sections(false, 1, 2);
	assert_int_equal(ttl_n, 3);
	request.edns = false;
	request.limit = 512;
	render();
	assert_sections(false, 1, 2);
	render_out_of_cache();
	assert_sections(false, 1, 2);
}

static void what_does_not_fit_is_left_out_without_a_word(void **state)
{
	(void)state;
	request.limit = 512;
	add_sets(440);
	render();
	assert_sections(false, 1, 1);
	render_out_of_cache();
	assert_sections(false, 1, 0);
	request.edns = false;
	render_out_of_cache();
	assert_sections(false, 1, 0);
}

static void an_answer_that_is_too_long_is_truncated_as_ever(void **state)
{
	(void)state;
	request.limit = 512;
	add_sets(600);
	render();
	assert_sections(true, 0, 0);
	render_out_of_cache();
	assert_sections(true, 0, 0);
}

/* --- a worker -------------------------------------------------------------------------- */

static void store(const char *text, uint32_t ttl_s)
{
	static struct tern_rr_text rr;
	const char *error = NULL;
	uint8_t octets[2 + 512];

	assert_int_equal(tern_rr_from_text(text, ttl_s, &rr, &error), TERN_OK);
	put_u16(octets, rr.rdata_len);
	memcpy(octets + 2, rr.rdata, rr.rdata_len);
	struct tern_rrset set = {.owner = rr.owner,
				 .rdata = octets,
				 .rdata_len = rr.rdata_len + 2u,
				 .ttl_s = rr.ttl_s,
				 .type = rr.type,
				 .rclass = TERN_CLASS_IN,
				 .rr_n = 1};

	cache_put(rules.cache, &set, CACHE_RANK_AUTH_ANSWER, CACHE_UNCHECKED,
		  workers[0]->loop.now.boot_s);
}

/* One question; what came back is in m. */
static void exchange(int fd, uint16_t id)
{
	struct tern_builder b;
	uint8_t query[QUERY_MAX];

	tern_builder_init(&b, query, sizeof query, sizeof query);
	tern_builder_header(&b, id, TERN_FLAG_RD, 0);
	assert_int_equal(
		tern_builder_question(&b, (const uint8_t *)"\3www\4test", HTTPS, TERN_CLASS_IN),
		TERN_OK);
	size_t len = tern_builder_finish(&b);

	assert_int_equal(send(fd, query, len, 0), len);
	assert_true(await_fd(fd, 2000));
	ssize_t n = recv(fd, out, sizeof out, 0);

	assert_true(n > 0);
	assert_int_equal(tern_message_parse(out, (size_t)n, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	assert_int_equal(m.id, id);
}

/* Kept rendered it ends with its addresses, and is not taken for old because of them. */
static void a_rendered_answer_ends_with_its_addresses(void **state)
{
	(void)state;
	open_world(1);
	int fd = client_of(listeners[0].udp);

	store("www.test. HTTPS 1 . alpn=h2", 3000);
	store("www.test. A 192.0.2.1", 5);
	for (uint16_t id = 1; id <= 3; id++) {
		exchange(fd, id);
		assert_sections(false, 1, 1);
	}
	struct answer_key key = {.name = (const uint8_t *)"\3www\4test",
				 .name_len = 10,
				 .type = HTTPS,
				 .rules = rules.answers};
	struct answer_hit hit;
	uint32_t now_s = workers[0]->loop.now.boot_s;

	assert_true(cache_get_answer(rules.cache, &key, answer_hash(rules.cache, &key), 0, now_s,
				     out, sizeof out, &hit));
	assert_false(hit.old);
	assert_false(cache_get_answer(rules.cache, &key, answer_hash(rules.cache, &key), 0,
				      now_s + 6, out, sizeof out, &hit));
	close(fd);
	close_world();
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_fits_goes_with_the_answer),
		CASE(what_does_not_fit_is_left_out_without_a_word),
		CASE(an_answer_that_is_too_long_is_truncated_as_ever),
		CASE(a_rendered_answer_ends_with_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
