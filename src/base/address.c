/* address.c - see address.h. Octets behind the address proper stay 0, so that equal means equal. */
#include "base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct address) == 24, "hashed as octets: no padding");

#define HOST_TEXT_MAX (INET6_ADDRSTRLEN + IF_NAMESIZE) /* octets, with '%' and NUL */

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */

/** Decimal digits only, no sign, no spaces; at most @p max. */
static bool read_number(const char *text, unsigned max, unsigned *out)
{
	uint64_t value = 0;

	if (text[0] == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return false;
	}
	*out = (unsigned)value;
	return true;
}

static bool is_link_local(const uint8_t octets[16])
{
	return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

static bool is_mapped(const uint8_t octets[16])
{
	return memcmp(octets, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

void address_unmap(struct address *a)
{
	if (a->family != 6 || !is_mapped(a->octets))
		return;
	memmove(a->octets, a->octets + 12, 4);
	memset(a->octets + 4, 0, 12);
	a->family = 4;
}

/** An interface, as a name or as a number. */
static bool read_scope(const char *text, uint32_t *out)
{
	unsigned index;

	if (!read_number(text, INT32_MAX, &index))
		index = if_nametoindex(text);
	*out = index;
	return index != 0;
}

/** "192.0.2.1", "2001:db8::1" or "fe80::1%eth0" in @p len octets; leaves mapped addresses as IPv6.
 */
static bool read_host(const char *text, size_t len, struct address *out)
{
	char host[HOST_TEXT_MAX];

	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*out = (struct address){0};
	if (inet_pton(AF_INET, host, out->octets) == 1) {
		out->family = 4;
		return true;
	}
	char *scope = strchr(host, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, host, out->octets) != 1)
		return false;
	out->family = 6;
	return !scope || (is_link_local(out->octets) && read_scope(scope, &out->scope));
}

bool address_from_text(const char *text, uint16_t default_port, struct address *out)
{
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);
	unsigned port = default_port;
	struct address a;

	if (at && !read_number(at + 1, UINT16_MAX, &port))
		return false;
	if (!read_host(text, len, &a))
		return false;
	address_unmap(&a);
	a.port = (uint16_t)port;
	*out = a;
	return true;
}

char *address_to_text(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "none";

	if (a->family == 4)
		inet_ntop(AF_INET, a->octets, host, sizeof(host));
	else if (a->family == 6)
		inet_ntop(AF_INET6, a->octets, host, sizeof(host));

	if (a->scope != 0)
		snprintf(out, ADDRESS_TEXT_MAX, "%s%%%u@%u", host, a->scope, a->port);
	else
		snprintf(out, ADDRESS_TEXT_MAX, "%s@%u", host, a->port);
	return out;
}

socklen_t address_to_sockaddr(const struct address *a, struct sockaddr_storage *out)
{
	if (a->family == 4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};

		memcpy(&in.sin_addr, a->octets, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	if (a->family == 6) {
		struct sockaddr_in6 in6 = {
			.sin6_family = AF_INET6,
			.sin6_port = htons(a->port),
			.sin6_scope_id = a->scope,
		};

		memcpy(&in6.sin6_addr, a->octets, 16);
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memset(out, 0, sizeof(*out));
	return 0;
}

bool address_from_sockaddr(const struct sockaddr *sa, struct address *out)
{
	struct address a = {0};

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(a.octets, &in.sin_addr, 4);
		a.port = ntohs(in.sin_port);
		a.family = 4;
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(a.octets, &in6.sin6_addr, 16);
		a.port = ntohs(in6.sin6_port);
		a.family = 6;
		if (is_link_local(a.octets))
			a.scope = in6.sin6_scope_id;
		address_unmap(&a);
	} else {
		return false;
	}
	*out = a;
	return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/** Do the first @p bits bits agree? */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (memcmp(a, b, whole) != 0)
		return false;
	return mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

/** Are all bits of @p a from number @p bits on 0? */
static bool host_bits_are_zero(const struct address *a, unsigned bits)
{
	struct address network = {0};

	memcpy(network.octets, a->octets, (bits + 7) / 8);
	if (bits % 8 != 0)
		network.octets[bits / 8] &= (uint8_t)(0xff00 >> bits % 8);
	return memcmp(network.octets, a->octets, sizeof(a->octets)) == 0;
}

bool prefix_from_text(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	struct prefix p = {0};

	if (!read_host(text, slash ? (size_t)(slash - text) : strlen(text), &p.base) ||
	    p.base.scope != 0)
		return false;

	unsigned width = p.base.family == 4 ? 32 : 128;
	unsigned bits = width;
	if (slash && !read_number(slash + 1, width, &bits))
		return false;
	if (!host_bits_are_zero(&p.base, bits))
		return false;

	/* Clients at mapped addresses are seen as IPv4; their prefix has to follow them. */
	if (width == 128 && bits >= 96) {
		address_unmap(&p.base);
		if (p.base.family == 4)
			bits -= 96;
	}
	p.bits = (uint8_t)bits;
	*out = p;
	return true;
}

bool prefix_holds(const struct prefix *p, const struct address *a)
{
	return p->base.family == a->family && bits_equal(p->base.octets, a->octets, p->bits);
}

struct prefix prefix_of(const struct address *a, unsigned bits)
{
	struct prefix p = {.base = {.family = a->family},
			   .bits = (uint8_t)MIN(bits, a->family == 4 ? 32u : 128u)};
	unsigned whole = p.bits / 8;

	memcpy(p.base.octets, a->octets, whole);
	if (p.bits % 8 != 0)
		p.base.octets[whole] = (uint8_t)(a->octets[whole] & 0xff00u >> p.bits % 8);
	return p;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && address_equal(&a->base, &b->base);
}

bool address_is_link_local(const struct address *a)
{
	return a->family == 6 && is_link_local(a->octets);
}

bool address_is_loopback(const struct address *a)
{
	struct address plain = *a;

	address_unmap(&plain);
	if (plain.family == 4)
		return plain.octets[0] == 127;
	return plain.family == 6 && memcmp(plain.octets, &in6addr_loopback, 16) == 0;
}

static bool is_local_ipv4(const uint8_t *octets)
{
	return octets[0] == 127 || octets[0] == 10 ||
	       (octets[0] == 172 && (octets[1] & 0xf0) == 16) ||
	       (octets[0] == 192 && octets[1] == 168) || (octets[0] == 169 && octets[1] == 254);
}

bool address_is_local(const struct address *a)
{
	struct address plain = *a;

	address_unmap(&plain);
	if (plain.family == 4)
		return is_local_ipv4(plain.octets);
	return plain.family == 6 &&
	       ((plain.octets[0] & 0xfe) == 0xfc ||
		(plain.octets[0] == 0xfe && (plain.octets[1] & 0xc0) == 0x80) ||
		memcmp(plain.octets, &in6addr_loopback, 16) == 0);
}

/** Embedded IPv4 (::/96, ::ffff:0:0/96) other than ::1: the kernel may send it by IPv4. */
static bool embeds_ipv4(const uint8_t octets[16])
{
	static const uint8_t zeros[12];

	if (is_mapped(octets))
		return true;
	return memcmp(octets, zeros, sizeof(zeros)) == 0 &&
	       memcmp(octets, &in6addr_loopback, 16) != 0;
}

bool address_is_unusable(const struct address *a)
{
	if (a->port == 0)
		return true;
	if (a->family == 4)
		return a->octets[0] == 0 || a->octets[0] >= 224; /* 224/4 and 240/4 */
	if (a->family == 6)
		return a->octets[0] == 0xff || embeds_ipv4(a->octets);
	return true;
}
