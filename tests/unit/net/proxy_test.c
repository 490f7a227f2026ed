/* proxy_test.c - headers of the PROXY protocol, whole and cut, good and bad. */
#include "helpers.h"

#include "net/proxy.h"

static const uint8_t signature[] = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
static uint8_t header[1024];

static size_t make(uint8_t command, uint8_t family, const char *client, uint16_t port, size_t extra)
{
	struct address a = address(client);
	size_t octets = a.family == 4 ? 4 : 16, n = sizeof signature;

	memset(header, 0, sizeof header);
	memcpy(header, signature, n);
	header[n++] = command;
	header[n++] = family;
	put_u16(header + n, (uint16_t)(2 * octets + 4 + extra));
	n += 2;
	memcpy(header + n, a.octets, octets);
	n += 2 * octets;
	put_u16(header + n, port);
	return n + 4 + extra;
}

static void assert_client(size_t len, const char *wanted)
{
	struct address client = address("203.0.113.1@1"), expected = address(wanted);

	assert_int_equal(proxy_read(header, len, &client), len);
	assert_true(address_equal(&client, &expected));
	/* What is behind it is not looked at. */
	client = address("203.0.113.1@1");
	assert_int_equal(proxy_read(header, len + 7, &client), len);
	assert_true(address_equal(&client, &expected));
}

/* Rules for IPv4 hold for whoever is named in the other way. */
static void mapped_addresses_are_ipv4(void **state)
{
	(void)state;
	size_t len = make(0x21, 0x21, "2001:db8::1", 4242, 0);

	memset(header + 16, 0, 16);
	memset(header + 16 + 10, 0xff, 2);
	memcpy(header + 16 + 12, "\xc0\0\2\7", 4);
	assert_client(len, "192.0.2.7@4242");
}

static void for_whom(void **state)
{
	(void)state;
	assert_client(make(0x21, 0x11, "192.0.2.7", 4000, 0), "192.0.2.7@4000");
	assert_client(make(0x21, 0x12, "192.0.2.7", 4000, 9), "192.0.2.7@4000");
	assert_client(make(0x21, 0x21, "2001:db8::7", 65535, 0), "2001:db8::7@65535");
	assert_client(make(0x21, 0x22, "2001:db8::7", 1, 400), "2001:db8::7@1");
	/* For itself, or somebody without an address. */
	assert_client(make(0x20, 0x11, "192.0.2.7", 4000, 0), "203.0.113.1@1");
	assert_client(make(0x21, 0x00, "192.0.2.7", 4000, 0), "203.0.113.1@1");
	assert_client(make(0x21, 0x31, "192.0.2.7", 4000, 200), "203.0.113.1@1");
}

static void in_pieces(void **state)
{
	struct address client = address("203.0.113.1@1"), before = client;
	size_t len = make(0x21, 0x12, "192.0.2.7", 4000, 3);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(proxy_read(header, n, &client),
				 n < PROXY_HEADER_MIN ? PROXY_HEADER_MIN : len);
		assert_true(address_equal(&client, &before));
	}
}

static void what_is_none(void **state)
{
	struct address client;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof signature; i++) {
		len = make(0x21, 0x12, "192.0.2.7", 4000, 0);
		header[i] ^= 1;
		assert_int_equal(proxy_read(header, i, &client), PROXY_HEADER_MIN);
		assert_int_equal(proxy_read(header, i + 1, &client), 0);
		assert_int_equal(proxy_read(header, len, &client), 0);
	}
	/* Other versions and commands, addresses that don't fit, a length without end. */
	assert_int_equal(proxy_read(header, make(0x11, 0x12, "192.0.2.7", 1, 0), &client), 0);
	assert_int_equal(proxy_read(header, make(0x22, 0x12, "192.0.2.7", 1, 0), &client), 0);
	assert_int_equal(proxy_read(header, make(0x21, 0x22, "192.0.2.7", 1, 0), &client), 0);
	make(0x21, 0x12, "192.0.2.7", 1, 0);
	put_u16(header + 14, 11);
	assert_int_equal(proxy_read(header, 27, &client), 0);
	put_u16(header + 14, PROXY_HEADER_MAX - PROXY_HEADER_MIN + 1);
	assert_int_equal(proxy_read(header, 16, &client), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_whom),
		cmocka_unit_test(mapped_addresses_are_ipv4),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
