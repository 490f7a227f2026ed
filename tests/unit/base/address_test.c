/* address_test.c - text both ways, prefixes against a bit-by-bit model, what may be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

static struct address address_of(const char *text)
{
	struct address a;

	if (!address_from_text(text, 53, &a))
		fail_msg("not read: %s", text);
	return a;
}

static struct prefix prefix(const char *text);

static void the_network_of_an_address(void **state)
{
	struct address four, six;

	(void)state;
	assert_true(address_from_text("203.0.113.77", 53, &four));
	assert_true(address_from_text("2001:db8:1234:5678::9", 53, &six));
	struct prefix wanted = prefix("203.0.113.0/24"), of = prefix_of(&four, 24);

	assert_true(prefix_equal(&of, &wanted));
	of = prefix_of(&four, 20);
	wanted = prefix("203.0.112.0/20");
	assert_true(prefix_equal(&of, &wanted));
	of = prefix_of(&six, 49);
	wanted = prefix("2001:db8:1234::/49");
	assert_true(prefix_equal(&of, &wanted));
	of = prefix_of(&four, 0);
	wanted = prefix("0.0.0.0/0");
	assert_true(prefix_equal(&of, &wanted));
	of = prefix_of(&four, 77);
	wanted = prefix("203.0.113.77");
	assert_true(prefix_equal(&of, &wanted));
	wanted = prefix("203.0.113.76/31");
	assert_false(prefix_equal(&of, &wanted));
}

static struct prefix prefix(const char *text)
{
	struct prefix p;

	if (!prefix_from_text(text, &p))
		fail_msg("not read: %s", text);
	return p;
}

static void test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{"192.0.2.1", "192.0.2.1@53"},
		{"192.0.2.1@5300", "192.0.2.1@5300"},
		{"0.0.0.0@0", "0.0.0.0@0"},
		{"255.255.255.255@65535", "255.255.255.255@65535"},
		{"::", "::@53"},
		{"::1@853", "::1@853"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1@53"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1@53"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1@53"},
		{"::ffff:192.0.2.1", "192.0.2.1@53"},
		{"fe80::1%7@53", "fe80::1%7@53"},
		{"fe80::1%lo@53", "fe80::1%1@53"},
		{"fe80::1%256", "fe80::1%256@53"},
		{"fe80::1%2147483647@1", "fe80::1%2147483647@1"},
	};
	static const char *const bad[] = {
		"",
		"@53",
		"192.0.2",
		"192.0.2.1@",
		"192.0.2.1@x",
		"192.0.2.01",
		"192.0.2.256",
		"192.0.2.1@-1",
		"192.0.2.1@+1",
		"192.0.2.1@65536",
		"::1@ 53",
		"192.0.2.1@1@",
		":::",
		"1::2::3",
		"2001:db8::1%1",
		"fe80::1%0",
		"fe80::1%",
		"fe80::1%2147483648",
		"fe80::1%4294967297",
		"fe80::1%42949672970",
		"192.0.2.1%1",
		" 192.0.2.1",
		"[::1]",
		"[::1]@53",
		"localhost",
		"fe80::1%none0",
		"192.0.2.1@99999999999",
		"2001:db8:1111:2222:3333:4444:5555:6666:7777",
		"fe80::1%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct address a = address_of(good[i].in);
		assert_string_equal(address_to_text(&a, text), good[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct address a = {.port = 7};
		if (address_from_text(bad[i], 53, &a))
			fail_msg("read: %s", bad[i]);
		assert_int_equal(a.port, 7);
	}
	assert_string_equal(address_to_text(&(struct address){0}, text), "none@0");
}

/** The longest text there is fits ADDRESS_TEXT_MAX. */
static void test_longest_text(void **state)
{
	struct address a = {.family = 6, .scope = INT32_MAX, .port = 65535};
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	memset(a.octets, 0xff, sizeof(a.octets));
	assert_string_equal(address_to_text(&a, text),
			    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%2147483647@65535");
}

static void test_sockaddr(void **state)
{
	static const char *const texts[] = {"192.0.2.1@53", "2001:db8::1@5353", "fe80::2%3@1",
					    "fe80::2%70000@1"};
	struct sockaddr_storage sa;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct address a = address_of(texts[i]), back;
		socklen_t len = address_to_sockaddr(&a, &sa);

		assert_int_equal(len, a.family == 4 ? sizeof(struct sockaddr_in)
						    : sizeof(struct sockaddr_in6));
		assert_true(address_from_sockaddr((struct sockaddr *)&sa, &back));
		assert_true(address_equal(&a, &back));
		assert_memory_equal(&a, &back, sizeof(a));
	}

	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	struct address a, expected = address_of("192.0.2.9@9");
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.9", &mapped.sin6_addr), 1);
	assert_true(address_from_sockaddr((struct sockaddr *)&mapped, &a));
	assert_true(address_equal(&a, &expected));

	sa = (struct sockaddr_storage){.ss_family = AF_UNIX};
	assert_false(address_from_sockaddr((struct sockaddr *)&sa, &a));
	assert_int_equal(address_to_sockaddr(&(struct address){0}, &sa), 0);
}

static void test_equal(void **state)
{
	static const char *const all[] = {
		"192.0.2.1@53",   "192.0.2.1@54",     "192.0.2.2@53", "::1@53",
		"::1@54",         "fe80::1%1@53",     "fe80::1%2@53", "fe80::1@53",
		"fe80::1%257@53", "fe80::1%65537@53",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (size_t j = 0; j < ARRAY_LEN(all); j++) {
			struct address a = address_of(all[i]), b = address_of(all[j]);
			assert_int_equal(address_equal(&a, &b), i == j);
		}
	}
}

static void test_prefix_text(void **state)
{
	static const char *const bad[] = {
		"",           "/8",          "10.0.0.0/",     "10.0.0.0/33",  "10.0.0.1/8",
		"10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0@53/8", "::1/127",      "2001:db8::/129",
		"fc00::/5",   "fe80::%1/64", "::ffff:0:0/95", "10.0.0.0/8/8",
	};
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (prefix_from_text(bad[i], &p))
			fail_msg("read: %s", bad[i]);
	}
	assert_int_equal(prefix("10.0.0.0/8").bits, 8);
	assert_int_equal(prefix("10.1.2.3").bits, 32);
	assert_int_equal(prefix("::1").bits, 128);
	assert_int_equal(prefix("0.0.0.0/0").bits, 0);
	p = prefix("::ffff:10.0.0.0/104");
	assert_int_equal(p.base.family, 4);
	assert_int_equal(p.bits, 8);
}

/** The same question asked bit by bit. */
static bool model_holds(const struct prefix *p, const struct address *a)
{
	for (unsigned i = 0; i < p->bits; i++) {
		unsigned mask = 0x80u >> i % 8;
		if ((p->base.octets[i / 8] & mask) != (a->octets[i / 8] & mask))
			return false;
	}
	return p->base.family == a->family;
}

static void test_prefix_holds(void **state)
{
	unsigned seed = 20240607, inside = 0;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		unsigned width = round % 2 ? 128 : 32;
		struct prefix p = {.base.family = round % 2 ? 6 : 4,
				   .bits = (uint8_t)((unsigned)rand_r(&seed) % (width + 1))};
		struct address a = {.family = p.base.family, .port = 1234};

		for (unsigned i = 0; i < width; i++) {
			uint8_t bit = (uint8_t)(0x80u >> i % 8);
			bool set = rand_r(&seed) % 2;
			bool differs = i >= p.bits ? rand_r(&seed) % 2 : rand_r(&seed) % 256 == 0;

			if (set != differs)
				a.octets[i / 8] |= bit;
			if (set && i < p.bits)
				p.base.octets[i / 8] |= bit;
		}
		inside += model_holds(&p, &a);
		assert_int_equal(prefix_holds(&p, &a), model_holds(&p, &a));
	}
	assert_in_range(inside, 10000, 90000); /* the test saw both */

	struct prefix all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0");
	struct address four = address_of("192.0.2.1"), six = address_of("2001:db8::1");
	assert_true(prefix_holds(&all4, &four));
	assert_false(prefix_holds(&all4, &six));
	assert_true(prefix_holds(&all6, &six));
	assert_false(prefix_holds(&all6, &four));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		bool loopback, unusable;
	} kinds[] = {
		{"127.0.0.1", true, false},
		{"127.255.255.255", true, false},
		{"::1", true, false},
		{"192.0.2.1", false, false},
		{"192.0.2.1@0", false, true},
		{"2001:db8::1@0", false, true},
		{"0.0.0.0", false, true},
		{"0.1.2.3", false, true},
		{"223.255.255.255", false, false},
		{"224.0.0.1", false, true},
		{"240.0.0.1", false, true},
		{"255.255.255.255", false, true},
		{"::", false, true},
		{"::2", false, true},
		{"ff02::1", false, true},
		{"fe80::1%1", false, false},
		{"fc00::1", false, false},
		{"128.0.0.1", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct address a = address_of(kinds[i].text);
		if (address_is_loopback(&a) != kinds[i].loopback ||
		    address_is_unusable(&a) != kinds[i].unusable)
			fail_msg("judged wrongly: %s", kinds[i].text);
	}
	assert_true(address_is_unusable(&(struct address){.port = 53}));

	/* As an AAAA record may say it, not through address_from_text(). */
	struct address mapped = {.family = 6, .port = 53};
	memcpy(mapped.octets, (uint8_t[16]){[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}, 16);
	assert_true(address_is_loopback(&mapped));
	assert_true(address_is_unusable(&mapped));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_network_of_an_address),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_longest_text),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_prefix_holds),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
