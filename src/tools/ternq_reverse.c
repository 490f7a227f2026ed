/*
 * ternq_reverse.c - addresses as names, for -x.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ternq_options.h"

#define OCTETS_MAX 4 /* of IPv4 */
#define GROUPS_MAX 8 /* of IPv6 */
#define PART_MAX   8 /* characters of a part with NUL: "128-255" */

/* The text between separators. */
struct parts {
	char at[GROUPS_MAX][PART_MAX];
	unsigned n;
};

/* One separator at the end is allowed, as a zone's prefix is often written. */
static bool split(const char *text, char separator, unsigned max, struct parts *out)
{
	out->n = 0;
	while (*text) {
		const char *end = strchr(text, separator);
		size_t len = end ? (size_t)(end - text) : strlen(text);

		if (len == 0 || len >= PART_MAX || out->n == max)
			return false;
		memcpy(out->at[out->n], text, len);
		out->at[out->n++][len] = '\0';
		text += len + (end ? 1 : 0);
	}
	return out->n > 0;
}

/* A decimal number up to 255 at the beginning; what follows it. NULL when there is none. */
static const char *skip_octet(const char *text)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	return strtoul(text, &end, 10) <= UINT8_MAX ? end : NULL;
}

static bool is_octet(const char *text)
{
	const char *end = skip_octet(text);

	return end && *end == '\0';
}

/* "0/25", "0-127": part of a /24, RFC 2317. */
static bool is_share(const char *text)
{
	const char *end = skip_octet(text);

	return end && (*end == '/' || *end == '-') && is_octet(end + 1);
}

static bool reverse_ipv4(const char *address, char name[NAME_ARG_MAX])
{
	struct parts parts;
	int at = 0;

	if (!split(address, '.', OCTETS_MAX, &parts))
		return false;
	for (unsigned i = parts.n; i > 0; i--) {
		const char *part = parts.at[i - 1];

		if (!is_octet(part) && !(i == OCTETS_MAX && is_share(part)))
			return false;
		at += snprintf(name + at, NAME_ARG_MAX - (size_t)at, "%s.", part);
	}
	snprintf(name + at, NAME_ARG_MAX - (size_t)at, "in-addr.arpa.");
	return true;
}

/* The last @p nibbles_n hexadecimal digits first. */
static void write_nibbles(const char *nibbles, size_t nibbles_n, char *name)
{
	for (size_t i = nibbles_n; i > 0; i--) {
		*name++ = (char)tolower((unsigned char)nibbles[i - 1]);
		*name++ = '.';
	}
	memcpy(name, "ip6.arpa.", sizeof "ip6.arpa.");
}

static bool reverse_ipv6(const char *address, char name[NAME_ARG_MAX])
{
	uint8_t octets[16];
	char nibbles[4 * GROUPS_MAX + 1];
	struct parts parts;

	if (inet_pton(AF_INET6, address, octets) == 1) {
		for (unsigned i = 0; i < sizeof octets; i++)
			snprintf(nibbles + 2 * i, 3, "%02x", octets[i]);
		write_nibbles(nibbles, 2 * sizeof octets, name);
		return true;
	}
	if (!split(address, ':', GROUPS_MAX, &parts))
		return false;
	for (unsigned i = 0; i < parts.n; i++) {
		const char *part = parts.at[i];

		if (strlen(part) > 4 || part[strspn(part, "0123456789abcdefABCDEF")] != '\0')
			return false;
		snprintf(nibbles + 4 * i, 5, "%04lx", strtoul(part, NULL, 16));
	}
	write_nibbles(nibbles, 4 * parts.n, name);
	return true;
}

bool reverse_text(const char *address, char name[NAME_ARG_MAX])
{
	return strchr(address, ':') ? reverse_ipv6(address, name) : reverse_ipv4(address, name);
}
