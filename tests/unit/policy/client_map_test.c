/* client_map_test.c - the longest network wins, at its borders and beside others; compared with
 * asking each network. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "policy/client_map.h"

#define MANY 300

static struct client_network network(const char *text, uint32_t value)
{
	struct client_network n = {.value = value};

	assert_true(prefix_from_text(text, &n.prefix));
	return n;
}

static uint32_t find(const struct client_map *m, const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return client_map_find(m, &a);
}

static void longest_wins(void **state)
{
	struct client_network n[] = {
		network("10.0.0.0/8", 1),
		network("10.1.0.0/16", 2),
		network("10.1.1.1/32", 3),
		network("10.1.1.0/24", 4),
		network("0.0.0.0/0", 5),
		network("2001:db8::/32", 6),
		network("2001:db8::1/128", 7),
		network("255.255.255.255/32", 8),
		network("10.0.0.0/8", 9),
		network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 10),
		network("2001:db8:0:1::/64", 11),
	};
	struct client_map m;

	(void)state;
	assert_true(client_map_make(&m, n, sizeof n / sizeof *n));
	assert_int_equal(find(&m, "9.255.255.255"), 5);
	assert_int_equal(find(&m, "10.0.0.0"), 1);
	assert_int_equal(find(&m, "10.255.255.255"), 1);
	assert_int_equal(find(&m, "11.0.0.0"), 5);
	assert_int_equal(find(&m, "10.1.0.0"), 2);
	assert_int_equal(find(&m, "10.1.1.0"), 4);
	assert_int_equal(find(&m, "10.1.1.1"), 3);
	assert_int_equal(find(&m, "10.1.1.2"), 4);
	assert_int_equal(find(&m, "10.1.2.0"), 2);
	assert_int_equal(find(&m, "255.255.255.255"), 8);
	assert_int_equal(find(&m, "255.255.255.254"), 5);
	assert_int_equal(find(&m, "2001:db8::"), 6);
	assert_int_equal(find(&m, "2001:db8::1"), 7);
	assert_int_equal(find(&m, "2001:db8::2"), 6);
	assert_int_equal(find(&m, "2001:db8:0:1::"), 11);
	assert_int_equal(find(&m, "2001:db8:0:1:ffff::"), 11);
	assert_int_equal(find(&m, "2001:db8:0:2::"), 6);
	assert_int_equal(find(&m, "2001:db9::"), CLIENT_MAP_NONE);
	assert_int_equal(find(&m, "::"), CLIENT_MAP_NONE);
	assert_int_equal(find(&m, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 10);
	client_map_free(&m);
}

static void nothing(void **state)
{
	struct client_map m;

	(void)state;
	assert_true(client_map_make(&m, NULL, 0));
	assert_int_equal(find(&m, "10.0.0.1"), CLIENT_MAP_NONE);
	assert_int_equal(find(&m, "::1"), CLIENT_MAP_NONE);
	client_map_free(&m);
}

static uint32_t ask_each(const struct client_network *n, unsigned count, const struct address *a)
{
	const struct client_network *best = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (prefix_holds(&n[i].prefix, a) &&
		    (!best || n[i].prefix.bits > best->prefix.bits))
			best = &n[i];
	}
	return best ? best->value : CLIENT_MAP_NONE;
}

/* Few octets differ, so that networks are inside each other and side by side. */
static struct address some_address(void)
{
	struct address a = {.family = rand() % 2 ? 4 : 6};

	for (unsigned i = 0; i < (a.family == 4 ? 4u : 16u); i++)
		a.octets[i] = (uint8_t)(rand() % 4 == 0 ? rand() : rand() % 2 * 255);
	return a;
}

static void as_each_network_says(void **state)
{
	static struct client_network n[MANY];
	struct client_map m;

	(void)state;
	srand(7);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			struct address a = some_address();
			unsigned width = a.family == 4 ? 32 : 128;

			n[i].prefix.base = a;
			n[i].prefix.bits = (uint8_t)((unsigned)rand() % (width + 1));
			for (unsigned bit = n[i].prefix.bits; bit < width; bit++)
				n[i].prefix.base.octets[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
			n[i].value = i;
		}
		assert_true(client_map_make(&m, n, MANY));
		for (unsigned i = 0; i < 2000; i++) {
			struct address a = i < MANY ? n[i].prefix.base : some_address();

			/* What is sorted keeps the first of equal ones in front. */
			assert_int_equal(client_map_find(&m, &a), ask_each(n, MANY, &a));
		}
		client_map_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_wins),
		cmocka_unit_test(nothing),
		cmocka_unit_test(as_each_network_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
