#include "policy/nat64.h"

#include <stdio.h>
#include <string.h>

#include <tern/name.h>

#include "base/bytes.h"

#define UNUSED_AT 8 /* the octet of bits 64 to 71, RFC 6052 2.2 */

bool nat64_keeps_unused(const struct prefix *p)
{
	return p->base.octets[UNUSED_AT] == 0;
}

bool nat64_is_prefix(const struct prefix *p)
{
	if (p->base.family != 6)
		return false;
	switch (p->bits) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case 96: return true;
	default: return false;
	}
}

void nat64_embed(const struct prefix *p, const uint8_t v4[4], uint8_t out[16])
{
	unsigned at = p->bits / 8;

	memset(out, 0, 16);
	memcpy(out, p->base.octets, at);
	for (unsigned i = 0; i < 4; i++) {
		at += at == UNUSED_AT;
		out[at++] = v4[i];
	}
}

bool nat64_extract(const struct prefix *p, const uint8_t v6[16], uint8_t out[4])
{
	unsigned at = p->bits / 8;

	if (p->base.family != 6 || memcmp(v6, p->base.octets, at) != 0 ||
	    (at <= UNUSED_AT && v6[UNUSED_AT] != 0))
		return false;
	for (unsigned i = 0; i < 4; i++) {
		at += at == UNUSED_AT;
		out[i] = v6[at++];
	}
	return true;
}

/* --- which addresses ------------------------------------------------------------------- */

struct network {
	uint32_t base;
	uint8_t bits;
};

static bool is_in(const struct network *networks, unsigned n, uint32_t a)
{
	for (unsigned i = 0; i < n; i++) {
		if ((a ^ networks[i].base) >> (32 - networks[i].bits) == 0)
			return true;
	}
	return false;
}

/* No host has such an address. */
static const struct network nobodys[] = {
	{0x00000000, 8}, /* this network */
	{0x7f000000, 8}, /* loopback */
	{0xe0000000, 3}, /* multicast, reserved, broadcast */
};

/* RFC 6890: hosts may have them, but none that the whole net reaches. */
static const struct network not_global[] = {
	{0x0a000000, 8},  /* 10.0.0.0, private */
	{0x64400000, 10}, /* 100.64.0.0, shared */
	{0xa9fe0000, 16}, /* 169.254.0.0, link-local */
	{0xac100000, 12}, /* 172.16.0.0, private */
	{0xc0000000, 24}, /* 192.0.0.0, protocols */
	{0xc0000200, 24}, /* 192.0.2.0, documentation */
	{0xc0a80000, 16}, /* 192.168.0.0, private */
	{0xc6120000, 15}, /* 198.18.0.0, benchmarks */
	{0xc6336400, 24}, /* 198.51.100.0, documentation */
	{0xcb007100, 24}, /* 203.0.113.0, documentation */
};

static const struct network of_ipv4only[] = {{0xc00000aa, 31}}; /* 192.0.0.170 and .171 */

static bool is_well_known(const struct prefix *p)
{
	static const uint8_t octets[12] = {0x00, 0x64, 0xff, 0x9b};

	return p->bits == 96 && memcmp(p->base.octets, octets, sizeof octets) == 0;
}

bool nat64_may_embed(const struct prefix *p, const uint8_t v4[4])
{
	uint32_t a = get_u32(v4);

	if (is_in(nobodys, ARRAY_LEN(nobodys), a))
		return false;
	return !is_well_known(p) || is_in(of_ipv4only, ARRAY_LEN(of_ipv4only), a) ||
	       !is_in(not_global, ARRAY_LEN(not_global), a);
}

/* --- reverse names ----------------------------------------------------------------------- */

static int nibble_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The address whose whole reverse name this is: 32 labels of one digit each, the last one first. */
static bool read_reverse(const uint8_t *name, uint8_t out[16])
{
	static const uint8_t ip6_arpa[] = "\3ip6\4arpa";

	for (unsigned i = 0; i < 32; i++, name += 2) {
		int nibble = name[0] == 1 ? nibble_of(name[1]) : -1;

		if (nibble < 0)
			return false;
		uint8_t *octet = &out[15 - i / 2];

		*octet = (uint8_t)(i % 2 ? *octet | nibble << 4 : nibble);
	}
	return tern_name_equal(name, ip6_arpa);
}

bool nat64_reverse(const struct prefix *p, const uint8_t *name, uint8_t out[NAT64_REVERSE_MAX])
{
	static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
	uint8_t v6[16], v4[4];
	char digits[4];

	if (!read_reverse(name, v6) || !nat64_extract(p, v6, v4))
		return false;
	for (unsigned i = 4; i-- > 0;) {
		int len = snprintf(digits, sizeof digits, "%u", v4[i]);

		*out++ = (uint8_t)len;
		memcpy(out, digits, (size_t)len);
		out += len;
	}
	memcpy(out, in_addr_arpa, sizeof in_addr_arpa);
	return true;
}
