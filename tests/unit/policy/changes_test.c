/*
 * changes_test.c - which addresses are inside, and where records have them; what is excluded,
 * filtered and allowed; search engines.
 */
#include "../names.h"

#include <stdlib.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "policy/changes.h"

static struct prefix nat64;

static bool is_inside(const char *text)
{
	struct address a = {0};

	/* A mapped address would be read as one of IPv4. */
	if (strncmp(text, "::ffff:", 7) == 0 && !strchr(text + 7, ':')) {
		struct address v4 = address(text + 7);

		a = (struct address){.octets = {[10] = 0xff, [11] = 0xff}, .family = 6};
		memcpy(a.octets + 12, v4.octets, 4);
	} else {
		a = address(text);
	}
	return rebinding_is_inside(&a, &nat64);
}

static void addresses(void **state)
{
	static const char *const inside[] = {"0.0.0.0",
					     "0.255.0.1",
					     "10.0.0.1",
					     "127.0.0.1",
					     "127.255.0.1",
					     "100.64.0.1",
					     "100.127.255.255",
					     "169.254.169.254",
					     "172.16.0.1",
					     "172.31.255.255",
					     "192.168.0.1",
					     "::",
					     "::1",
					     "::10.0.0.1",
					     "::ffff:10.0.0.1",
					     "::ffff:127.0.0.1",
					     "::ffff:0:10.0.0.1",
					     "fc00::1",
					     "fdff::1",
					     "fe80::1",
					     "febf::1",
					     "fec0::1",
					     "64:ff9b::192.168.1.1",
					     "64:ff9b:1::8.8.8.8",
					     "2002:a00:1::1",
					     "2002:7f00:1::",
					     "2001:db8:64::10.0.0.1"};
	static const char *const outside[] = {
		"1.0.0.0",          "9.255.255.255",   "11.0.0.1",
		"100.63.255.255",   "100.128.0.0",     "128.0.0.1",
		"169.253.0.1",      "172.15.0.1",      "172.32.0.1",
		"192.167.0.1",      "192.169.0.1",     "192.0.2.1",
		"::ffff:8.8.8.8",   "::8.8.8.8",       "64:ff9b::8.8.8.8",
		"2001:db8::1",      "fb00::1",         "fe00::1",
		"ff02::1",          "2002:808:808::1", "2001:db8:64::8.8.8.8",
		"64:ff9a::10.0.0.1"};

	(void)state;
	assert_true(prefix_from_text("2001:db8:64::/96", &nat64));
	for (unsigned i = 0; i < ARRAY_LEN(inside); i++) {
		if (!is_inside(inside[i]))
			fail_msg("%s is inside", inside[i]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(outside); i++) {
		if (is_inside(outside[i]))
			fail_msg("%s is not inside", outside[i]);
	}
	nat64 = (struct prefix){0};
	assert_false(is_inside("2001:db8:64::10.0.0.1"));
}

/* The set of these octets of rdata, in exactly as much memory. */
static bool finds(uint16_t type, const uint8_t *rdata, size_t len, struct address *out)
{
	uint8_t *packed = malloc(2 + len);
	struct tern_rrset set = {
		.rdata = packed, .rdata_len = (uint32_t)len + 2, .type = type, .rr_n = 1};
	bool found;

	assert_non_null(packed);
	put_u16(packed, (uint16_t)len);
	memcpy(packed + 2, rdata, len);
	found = rebinding_find(&set, &nat64, out);
	free(packed);
	return found;
}

static bool finds_in(const char *text, struct address *out)
{
	static struct tern_rr_text rr;
	const char *why;

	assert_int_equal(tern_rr_from_text(text, 60, &rr, &why), TERN_OK);
	return finds(rr.type, rr.rdata, rr.rdata_len, out);
}

static void records(void **state)
{
	struct address out;

	(void)state;
	assert_true(finds_in("a. A 10.0.0.1", &out));
	assert_true(finds_in("a. AAAA fd00::1", &out));
	assert_int_equal(out.family, 6);
	assert_true(finds_in("a. HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1,10.0.0.7", &out));
	assert_int_equal(out.family, 4);
	assert_int_equal(out.octets[3], 7);
	assert_true(finds_in("a. SVCB 1 b.c. ipv4hint=192.0.2.1 ipv6hint=2001:db8::1,::1", &out));
	assert_false(
		finds_in("a. HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1", &out));
	assert_false(finds_in("a. HTTPS 0 b.", &out));
	assert_false(finds_in("a. TXT 10.0.0.1", &out));
}

static void parameters_cut_anywhere(void **state)
{
	static const uint8_t whole[] = {0, 1, 1, 'a', 0, 0, 1, 0, 3,  2, 'h', '2',
					0, 4, 0, 8,   8, 8, 8, 8, 10, 0, 0,   1};
	struct address out;
	uint8_t cut[sizeof whole];

	(void)state;
	assert_true(finds(TERN_TYPE_HTTPS, whole, sizeof whole, &out));
	for (size_t len = 0; len < sizeof whole; len++)
		assert_false(finds(TERN_TYPE_HTTPS, whole, len, &out));
	for (size_t i = 0; i < sizeof whole; i++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			memcpy(cut, whole, sizeof whole);
			cut[i] = (uint8_t)octet;
			(void)!finds(TERN_TYPE_SVCB, cut, sizeof cut, &out);
		}
	}
}

/* --- the rest of what is changed ---------------------------------------------------------------
 */

static void what_is_excluded(void **state)
{
	struct prefix exclude[2];
	struct answer_changes c = {.dns64 = {.exclude = exclude, .exclude_n = 2}};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 8};
	struct address other = address("2001:db8:1::1"), free_one = address("2001:db8:2::1");

	(void)state;
	assert_true(prefix_from_text("::ffff:0:0/96", &exclude[0]));
	assert_true(prefix_from_text("2001:db8:1::/48", &exclude[1]));
	assert_true(changes_exclude(&c, mapped));
	assert_true(changes_exclude(&c, other.octets));
	assert_false(changes_exclude(&c, free_one.octets));
	c.dns64.exclude_n = 0;
	assert_false(changes_exclude(&c, mapped));
}

static void names_that_may(void **state)
{
	uint8_t *allow[] = {(uint8_t *)(uintptr_t) "\4corp\7example"};
	struct answer_changes c = {.rebinding = {.allow = allow, .allow_n = 1}};

	(void)state;
	assert_true(changes_allow_inside(&c, NAME("corp.example.")));
	assert_true(changes_allow_inside(&c, NAME("a.b.corp.example.")));
	assert_false(changes_allow_inside(&c, NAME("acorp.example.")));
	assert_false(changes_allow_inside(&c, NAME("example.")));
}

static void what_says_the_same(void **state)
{
	struct prefix p;
	uint16_t types[] = {TERN_TYPE_AAAA, TERN_TYPE_HTTPS}, others[] = {TERN_TYPE_AAAA, 1};
	uint8_t *allow[] = {(uint8_t *)(uintptr_t) "\4corp"},
		*also[] = {(uint8_t *)(uintptr_t) "\3lan"};

	(void)state;
	assert_true(prefix_from_text("64:ff9b::/96", &p));
	struct answer_changes a = {.filter_types = types,
				   .filter_types_n = 2,
				   .rebinding = {true, allow, 1},
				   .dns64 = {.prefix = p, .exclude = &p, .exclude_n = 1}},
			      b = a;

	assert_true(changes_are_equal(&a, &b));
	b.filter_types = others;
	assert_false(changes_are_equal(&a, &b));
	b = a;
	b.rebinding.allow = also;
	assert_false(changes_are_equal(&a, &b));
	b = a;
	b.rebinding.enabled = false;
	assert_false(changes_are_equal(&a, &b));
	b = a;
	b.safe_search = SAFE_SEARCH_ON;
	assert_false(changes_are_equal(&a, &b));
	b = a;
	b.dns64.exclude_n = 0;
	assert_false(changes_are_equal(&a, &b));
	b = a;
	b.dns64.prefix = (struct prefix){0};
	assert_false(changes_are_equal(&a, &b));
	assert_true(changes_filter(&a, TERN_TYPE_HTTPS));
	assert_false(changes_filter(&a, TERN_TYPE_A));
}

/* --- search engines -----------------------------------------------------------------------------
 */

static void engines(void **state)
{
	static const struct {
		const char *name, *target;
	} table[] = {
		{"www.google.com.", "forcesafesearch.google.com"},
		{"www.google.de.", "forcesafesearch.google.com"},
		{"www.google.co.uk.", "forcesafesearch.google.com"},
		{"www.google.ad.", "forcesafesearch.google.com"},
		{"www.google.ws.", "forcesafesearch.google.com"},
		{"www.google.com.au.", "forcesafesearch.google.com"},
		{"www.youtube.com.", "restrict.youtube.com"},
		{"m.youtube.com.", "restrict.youtube.com"},
		{"www.youtube-nocookie.com.", "restrict.youtube.com"},
		{"youtube.googleapis.com.", "restrict.youtube.com"},
		{"youtubei.googleapis.com.", "restrict.youtube.com"},
		{"www.bing.com.", "strict.bing.com"},
		{"duckduckgo.com.", "safe.duckduckgo.com"},
		{"www.duckduckgo.com.", "safe.duckduckgo.com"},
		{"yandex.ru.", "familysearch.yandex.ru"},
		{"ya.ru.", "familysearch.yandex.ru"},
		{"www.yandex.com.tr.", "familysearch.yandex.ru"},
		{"pixabay.com.", "safesearch.pixabay.com"},
		{"search.brave.com.", "forcesafe.search.brave.com"},
		{"www.ecosia.org.", "strict-safe-search.ecosia.org"},
		{".", NULL},
		{"google.com.", NULL},
		{"mail.google.com.", NULL},
		{"www.google.", NULL},
		{"www.google.example.", NULL},
		{"www.google.com.example.", NULL},
		{"x.www.google.com.", NULL},
		{"forcesafesearch.google.com.", NULL},
		{"restrict.youtube.com.", NULL},
		{"strict.bing.com.", NULL},
		{"familysearch.yandex.ru.", NULL},
		{"safe.duckduckgo.com.", NULL},
		{"www\\.google.com.", NULL},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		const char *found = safe_search_target(SAFE_SEARCH_ON, NAME(table[i].name));

		if ((found == NULL) != (table[i].target == NULL) ||
		    (found && strcmp(found, table[i].target) != 0))
			fail_msg("%s: %s", table[i].name, found ? found : "none");
		assert_null(safe_search_target(SAFE_SEARCH_OFF, NAME(table[i].name)));
	}
	assert_string_equal(safe_search_target(SAFE_SEARCH_MODERATE, NAME("www.youtube.com.")),
			    "restrictmoderate.youtube.com");
	assert_string_equal(safe_search_target(SAFE_SEARCH_MODERATE, NAME("www.bing.com.")),
			    "strict.bing.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(records),
		cmocka_unit_test(parameters_cut_anywhere),
		cmocka_unit_test(what_is_excluded),
		cmocka_unit_test(names_that_may),
		cmocka_unit_test(what_says_the_same),
		cmocka_unit_test(engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
