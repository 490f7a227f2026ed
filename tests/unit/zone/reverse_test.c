/* reverse_test.c - names of addresses, there and back. */
#include "../names.h"

#include <arpa/inet.h>
#include <string.h>

#include "zone/reverse.h"

static void assert_both_ways(const char *address, const char *name)
{
	uint8_t octets[16], back[16], wire[TERN_NAME_MAX];
	size_t len = inet_pton(AF_INET, address, octets) == 1 ? 4 : 16;

	if (len == 16)
		assert_int_equal(inet_pton(AF_INET6, address, octets), 1);
	reverse_name(octets, len, wire);
	assert_true(tern_name_equal(wire, NAME(name)));
	assert_int_equal(reverse_address(NAME(name), back), len);
	assert_memory_equal(back, octets, len);
}

static void there_and_back(void **state)
{
	(void)state;
	assert_both_ways("192.168.1.10", "10.1.168.192.in-addr.arpa.");
	assert_both_ways("0.0.0.255", "255.0.0.0.in-addr.arpa.");
	assert_both_ways("fd00::1a", "a.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				     "d.f.ip6.arpa.");
}

static void names_of_no_address(void **state)
{
	static const char *const names[] = {
		".",
		"lan.",
		"in-addr.arpa.",
		"1.168.192.in-addr.arpa.",
		"1.10.1.168.192.in-addr.arpa.",
		"010.1.168.192.in-addr.arpa.",
		"256.1.168.192.in-addr.arpa.",
		"1000.1.168.192.in-addr.arpa.",
		"a.1.168.192.in-addr.arpa.",
		"266.1.168.192.in-addr.arpa.",
		"10.1.168.192.in-addr.arpb.",
		"1.2.3.4.5.6.",
		"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.g.ip6.arpa.",
		"00.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
		"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
	};
	uint8_t out[16];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (reverse_address(NAME(names[i]), out) != 0)
			fail_msg("%s", names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(names_of_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
