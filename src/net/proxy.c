/* proxy.c - see proxy.h. */
#include "net/proxy.h"

#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"

#define COMMAND_LOCAL 0x20 /* version 2, the proxy's own business: a look whether we live */
#define COMMAND_PROXY 0x21
#define FAMILY_IPV4   1
#define FAMILY_IPV6   2
#define IPV4_LEN      12 /* octets of both addresses and ports */
#define IPV6_LEN      36

static const uint8_t signature[12] = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};

static bool read_addresses(uint8_t family, const uint8_t *at, size_t len, struct address *client)
{
	struct address a = {.family = family == FAMILY_IPV4 ? 4 : 6};

	switch (family) {
	case FAMILY_IPV4:
		if (len < IPV4_LEN)
			return false;
		memcpy(a.octets, at, 4);
		a.port = get_u16(at + 8);
		break;
	case FAMILY_IPV6:
		if (len < IPV6_LEN)
			return false;
		memcpy(a.octets, at, 16);
		a.port = get_u16(at + 32);
		break;
	default: return true; /* of no family, or a socket of its own host */
	}
	address_unmap(&a);
	*client = a;
	return true;
}

size_t proxy_read(const uint8_t *octets, size_t n, struct address *client)
{
	if (memcmp(octets, signature, MIN(n, sizeof signature)) != 0)
		return 0;
	if (n < PROXY_HEADER_MIN)
		return PROXY_HEADER_MIN;
	size_t len = PROXY_HEADER_MIN + (size_t)get_u16(octets + 14);

	if (len > PROXY_HEADER_MAX || (octets[12] != COMMAND_LOCAL && octets[12] != COMMAND_PROXY))
		return 0;
	if (n < len)
		return len;
	if (octets[12] == COMMAND_PROXY &&
	    !read_addresses(octets[13] >> 4, octets + 16, len - 16, client))
		return 0;
	return len;
}
