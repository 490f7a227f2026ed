/* discovery_dnr.c - see discovery_dnr.h. */
#include "zone/discovery_dnr.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define KEY_ALPN    1 /* RFC 9460 14.3.2 */
#define KEY_PORT    3
#define KEY_DOHPATH 7 /* RFC 9461 5 */
#define RA_UNIT     8 /* octets that the length of an option counts, RFC 4861 4.6 */

/* A name, 16 addresses and the longest path leave room. */
_Static_assert(TERN_NAME_MAX + 16 * DISCOVERY_HINTS_MAX + DISCOVERY_PATH_MAX + 64 <= DNR_MAX,
	       "a service fits");

static uint8_t *add_u16(uint8_t *at, unsigned value)
{
	put_u16(at, (uint16_t)value);
	return at + 2;
}

static uint8_t *add_octets(uint8_t *at, const void *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

static uint8_t *add_key(uint8_t *at, unsigned key, size_t len)
{
	return add_u16(add_u16(at, key), (unsigned)len);
}

/* In the order of their keys; hints are told by the addresses. */
static uint8_t *add_parameters(uint8_t *at, const struct discovery_service *service)
{
	size_t alpn_len = strlen(service->alpn);
	char path[DISCOVERY_PATH_MAX + 8];

	at = add_key(at, KEY_ALPN, 1 + alpn_len);
	*at++ = (uint8_t)alpn_len;
	at = add_octets(at, service->alpn, alpn_len);
	at = add_u16(add_key(at, KEY_PORT, 2), service->port);
	if (!*service->path)
		return at;
	int len = snprintf(path, sizeof path, "%s{?dns}", service->path);

	return add_octets(add_key(at, KEY_DOHPATH, (size_t)len), path, (size_t)len);
}

static uint8_t *add_addresses(uint8_t *at, const struct address *addresses, unsigned n, size_t size)
{
	for (unsigned i = 0; i < n; i++)
		at = add_octets(at, addresses[i].octets, size);
	return at;
}

size_t dnr_v4(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX])
{
	const struct discovery_service *service = &d->services[index];
	size_t name_len = tern_name_len(d->name);
	uint8_t *at = out + 2;

	if (service->ipv4_n == 0)
		return 0;
	at = add_u16(at, index + 1);
	*at++ = (uint8_t)name_len;
	at = add_octets(at, d->name, name_len);
	*at++ = (uint8_t)(4 * service->ipv4_n);
	at = add_addresses(at, service->ipv4, service->ipv4_n, 4);
	at = add_parameters(at, service);
	put_u16(out, (uint16_t)(at - out - 2));
	return (size_t)(at - out);
}

/* From the name to the addresses, as DHCPv6 and router advertisements have them. */
static uint8_t *add_name_v6(uint8_t *at, const struct discovery *d,
			    const struct discovery_service *service)
{
	size_t name_len = tern_name_len(d->name);

	at = add_u16(at, (unsigned)name_len);
	at = add_octets(at, d->name, name_len);
	at = add_u16(at, 16 * service->ipv6_n);
	return add_addresses(at, service->ipv6, service->ipv6_n, 16);
}

size_t dnr_v6(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX])
{
	const struct discovery_service *service = &d->services[index];

	if (service->ipv6_n == 0)
		return 0;
	uint8_t *at = add_name_v6(add_u16(out, index + 1), d, service);

	return (size_t)(add_parameters(at, service) - out);
}

size_t dnr_ra(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX])
{
	const struct discovery_service *service = &d->services[index];

	if (service->ipv6_n == 0)
		return 0;
	memset(out, 0, DNR_MAX);
	out[0] = DNR_OPTION_RA;
	put_u16(out + 2, (uint16_t)(index + 1));
	put_u32(out + 4, DNR_LIFETIME_S);
	uint8_t *at = add_name_v6(out + 8, d, service);
	uint8_t *end = add_parameters(at + 2, service);

	put_u16(at, (uint16_t)(end - at - 2));
	size_t units = ((size_t)(end - out) + RA_UNIT - 1) / RA_UNIT;

	out[1] = (uint8_t)units;
	return units * RA_UNIT;
}
