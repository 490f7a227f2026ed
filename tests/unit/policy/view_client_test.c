/* view_client_test.c - what may stand among the clients of a view, and what must not. */
#include "../names.h"

#include <string.h>

#include "policy/view_client.h"

static void assert_reads(const char *text, enum view_client_kind kind, const char *again)
{
	struct view_client c = {.kind = VIEW_NETWORK};
	char out[VIEW_TEXT_MAX];

	if (!view_client_read(text, &c))
		fail_msg("%s", text);
	assert_int_equal(c.kind, kind);
	assert_string_equal(view_client_text(&c, out), again);
	view_client_free(&c);
}

static void each_kind(void **state)
{
	(void)state;
	assert_reads("192.0.2.0/24", VIEW_NETWORK, "192.0.2.0/24");
	assert_reads("192.0.2.1", VIEW_NETWORK, "192.0.2.1/32");
	assert_reads("2001:db8::/32", VIEW_NETWORK, "2001:db8::/32");
	assert_reads("connected", VIEW_NETWORK, "connected");
	assert_reads("aa:BB:cc:dd:ee:0f", VIEW_MAC, "aa:bb:cc:dd:ee:0f");
	assert_reads("00-11-22-33-44-55", VIEW_MAC, "00:11:22:33:44:55");
	assert_reads("00-11-22-33-44-55-66-77", VIEW_MAC, "00-11-22-33-44-55-66-77");
	assert_reads("00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04", VIEW_MAC,
		     "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04");
	assert_reads("Tablet-of-Kids", VIEW_NAME, "tablet-of-kids");
	assert_reads("tv_1.lan.", VIEW_NAME, "tv_1.lan");
	assert_reads("1a", VIEW_NAME, "1a");
	/* Eight pairs are an address of IPv6. */
	assert_reads("00:11:22:33:44:55:66:77", VIEW_NETWORK, "0:11:22:33:44:55:66:77/128");
}

static void mistakes(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"1",
		"192.168.2",
		"192.168.2.1/24",
		"192.168.2.0/33",
		"aa:",
		"aa:bb:cc:dd:ee",
		"aa:bb:cc:dd:ee:f",
		"aa:bb:cc:dd:ee:ff:",
		"aa:bb:cc:dd:ee-ff",
		"aa:bb:cc:dd:ee:fff",
		"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:01:02:03:04:05",
		"Connected",
		"connected.",
		"a b",
		"a..b",
		"a/b",
		"a:b",
		"a\\046b",
		"n\303\244me",
	};
	struct view_client c = {.kind = VIEW_NETWORK};

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (view_client_read(texts[i], &c))
			fail_msg("%s", texts[i]);
		assert_int_equal(c.kind, VIEW_NETWORK);
	}
}

/* What is there goes when another value takes its place, and equal ones are equal. */
static void compares(void **state)
{
	static const char *const texts[] = {
		"10.0.0.0/8",          "10.0.0.0/9",        "11.0.0.0/8", "a",
		"02:00:00:00:00:01",   "02:00:00:00:00:02", "b",          "a.b",
		"02:00:00:00:00:01:00"};
	struct view_client x = {.kind = VIEW_NETWORK}, y = {.kind = VIEW_NETWORK};

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++) {
			assert_true(view_client_read(texts[i], &x));
			assert_true(view_client_read(texts[k], &y));
			assert_int_equal(view_client_compare(&x, &y) == 0, i == k);
			assert_true((view_client_compare(&x, &y) < 0) ==
				    (view_client_compare(&y, &x) > 0));
		}
	}
	view_client_free(&x);
	view_client_free(&y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
