/*
 * url_test.c - which URLs are read, and as what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/url.h"

static const struct {
	const char *text;
	bool tls;
	const char *host;
	unsigned port;
	unsigned family;
} good[] = {
	{"https://lists.example.net/hosts", true, "lists.example.net", 443, 0},
	{"HTTP://Lists.Example.net", false, "Lists.Example.net", 80, 0},
	{"https://a:8443?x=@:/", true, "a", 8443, 0},
	{"https://a_b-c.d.#x", true, "a_b-c.d.", 443, 0},
	{"https://192.0.2.1:1/", true, "192.0.2.1", 1, 4},
	{"https://[2001:db8::1]/x", true, "2001:db8::1", 443, 6},
	{"http://[::1]:65535", false, "::1", 65535, 6},
};

static const char *const bad[] = {
	"",
	"https:/a",
	"ftp://a/",
	"file:///etc/passwd",
	"https://",
	"https:///a",
	"https://.a/",
	"https://a b/",
	"https://a/\x01",
	"https://a/\x7f",
	"https://a/\xc3\xa9",
	"https://a\\b/",
	"https://user@a/",
	"https://user:word@a/",
	"https://a:/",
	"https://a:0/",
	"https://a:65536/",
	"https://a:99999999999999999999/",
	"https://a:8x/",
	"https://a%41/",
	"https://a,b/",
	"https://[::1",
	"https://[]/",
	"https://[192.0.2.1]/",
	"https://[::1%25lo]/",
	"https://[::1]x/",
	"https://[::ffff:192.0.2.1]/",
};

static void good_ones(void **state)
{
	const char *why;
	struct url url;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!url_read(good[i].text, &url, &why))
			fail_msg("%s: %s", good[i].text, why);
		assert_string_equal(url.host, good[i].host);
		assert_int_equal(url.tls, good[i].tls);
		assert_int_equal(url.port, good[i].port);
		assert_int_equal(url.address.family, good[i].family);
		assert_int_equal(url.address.port, good[i].family ? good[i].port : 0);
	}
}

static void bad_ones(void **state)
{
	const char *why;
	struct url url;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		why = NULL;
		if (url_read(bad[i], &url, &why))
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(why);
	}
}

static void long_ones(void **state)
{
	char text[URL_MAX + 2] = "https://";
	const char *why;
	struct url url;

	(void)state;
	memset(text + 8, 'a', sizeof text - 9);
	text[8 + URL_HOST_MAX - 1] = '/';
	text[URL_MAX] = '\0';
	assert_true(url_read(text, &url, &why));
	assert_int_equal(strlen(url.host), URL_HOST_MAX - 1);
	text[8 + URL_HOST_MAX - 1] = 'a';
	text[8 + URL_HOST_MAX] = '/';
	assert_false(url_read(text, &url, &why));
	text[8] = '/';
	text[8 + URL_HOST_MAX] = 'a';
	memcpy(text, "https://a/", 10);
	text[URL_MAX] = 'a';
	assert_false(url_read(text, &url, &why));
	text[URL_MAX] = '\0';
	assert_true(url_read(text, &url, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(long_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
