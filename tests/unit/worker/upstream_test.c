/*
 * upstream_test.c - what counts as the reply to a question.
 */
#include "worker/upstream_private.h"

#include "helpers.h"

static struct exchange x;
static uint8_t reply[512];

/* The exchange asks @p asked, the reply's question is @p told, both names in wire format. */
static enum reply_match match(const char *asked, const char *told, size_t len)
{
	static struct worker w;
	struct upstream_query q = {.name = (const uint8_t *)asked, .type = TERN_TYPE_A};

	memset(&x, 0, sizeof x);
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
}

static void octets_behind_a_zero_count(void **state)
{
	(void)state;
	assert_int_equal(MATCH("\3a\0c", "\3a\0c"), REPLY_MATCHES);
	assert_int_equal(MATCH("\3a\0c", "\3a\0C"), REPLY_OTHER_CASE);
	assert_int_equal(MATCH("\3a\0c", "\3a\0d"), REPLY_IS_FOREIGN);
	assert_int_equal(MATCH("\1\0\3abc", "\1\0\3xyz"), REPLY_IS_FOREIGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_matches_letter_for_letter),
		cmocka_unit_test(octets_behind_a_zero_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
