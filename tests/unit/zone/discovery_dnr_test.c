/* discovery_dnr_test.c - options of RFC 9463, octet by octet. */
#include "../names.h"

#include <string.h>

#include "base/bytes.h"
#include "zone/discovery_dnr.h"

static struct discovery facts(void)
{
	struct discovery d = {.services_n = 2};

	tern_name_copy(d.name, NAME("dns.lan."));
	d.services[0] =
		(struct discovery_service){.alpn = "dot",
					   .port = 853,
					   .ipv4 = {address("192.0.2.1"), address("192.0.2.2")},
					   .ipv4_n = 2};
	d.services[1] = (struct discovery_service){.alpn = "h2",
						   .port = 8443,
						   .path = "/q",
						   .ipv6 = {address("2001:db8::1")},
						   .ipv6_n = 1};
	return d;
}

#define NAME_OCTETS 3, 'd', 'n', 's', 3, 'l', 'a', 'n', 0
#define DOT_OCTETS  0, 1, 0, 4, 3, 'd', 'o', 't', 0, 3, 0, 2, 3, 85
#define H2_OCTETS                                                                                  \
	0, 1, 0, 3, 2, 'h', '2', 0, 3, 0, 2, 32, 251, 0, 7, 0, 8, '/', 'q', '{', '?', 'd', 'n',    \
		's', '}'
#define V6_OCTETS 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1

static void of_dhcpv4(void **state)
{
	static const uint8_t wanted[] = {0, 35, 0, 1,   9, NAME_OCTETS, 8, 192,
					 0, 2,  1, 192, 0, 2,           2, DOT_OCTETS};
	const struct discovery d = facts();
	uint8_t out[DNR_MAX];

	(void)state;
	assert_int_equal(dnr_v4(&d, 0, out), sizeof wanted);
	assert_memory_equal(out, wanted, sizeof wanted);
	assert_int_equal(get_u16(out), sizeof wanted - 2);
	assert_int_equal(dnr_v4(&d, 1, out), 0);
}

static void of_dhcpv6(void **state)
{
	static const uint8_t wanted[] = {0, 2, 0, 9, NAME_OCTETS, 0, 16, V6_OCTETS, H2_OCTETS};
	const struct discovery d = facts();
	uint8_t out[DNR_MAX];

	(void)state;
	assert_int_equal(dnr_v6(&d, 1, out), sizeof wanted);
	assert_memory_equal(out, wanted, sizeof wanted);
	assert_int_equal(dnr_v6(&d, 0, out), 0);
}

static void of_advertisements(void **state)
{
	static const uint8_t wanted[] = {144, 9,           0, 2,  0,         0, 7,  8,         0,
					 9,   NAME_OCTETS, 0, 16, V6_OCTETS, 0, 25, H2_OCTETS, 0};
	const struct discovery d = facts();
	uint8_t out[DNR_MAX];
	size_t len = dnr_ra(&d, 1, out);

	(void)state;
	assert_int_equal(len % 8, 0);
	assert_int_equal(out[1], len / 8);
	assert_memory_equal(out + 2, wanted + 2, sizeof wanted - 3);
	for (size_t i = sizeof wanted - 1; i < len; i++)
		assert_int_equal(out[i], 0);
	assert_true(len - (sizeof wanted - 1) < 8);
	assert_int_equal(dnr_ra(&d, 0, out), 0);
}

static void the_largest_fits(void **state)
{
	struct discovery d = {.services_n = 1};
	struct discovery_service *service = &d.services[0];
	uint8_t out[DNR_MAX];

	(void)state;
	for (size_t at = 0; at < 192; at += 64) {
		d.name[at] = 63;
		memset(d.name + at + 1, 'a', 63);
	}
	d.name[192] = 61;
	memset(d.name + 193, 'a', 61);
	memcpy(service->alpn, "http/1", 7);
	memset(service->path, 'p', DISCOVERY_PATH_MAX - 1);
	service->ipv4_n = service->ipv6_n = DISCOVERY_HINTS_MAX;
	assert_in_range(dnr_v4(&d, 0, out), 1, DNR_MAX);
	assert_in_range(dnr_v6(&d, 0, out), 1, DNR_MAX);
	assert_in_range(dnr_ra(&d, 0, out), 1, DNR_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_dhcpv4),
		cmocka_unit_test(of_dhcpv6),
		cmocka_unit_test(of_advertisements),
		cmocka_unit_test(the_largest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
