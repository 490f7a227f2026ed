/*
 * ternq_hints.c - https://www.iana.org/domains/root/servers as of 2025.
 */
#include <arpa/inet.h>
#include <string.h>

#include <tern/rr.h>

#include "tools/ternq_hints.h"

static const struct {
	const char *ipv4;
	const char *ipv6;
} hints[ROOT_HINTS] = {
	{"198.41.0.4", "2001:503:ba3e::2:30"}, {"170.247.170.2", "2801:1b8:10::b"},
	{"192.33.4.12", "2001:500:2::c"},      {"199.7.91.13", "2001:500:2d::d"},
	{"192.203.230.10", "2001:500:a8::e"},  {"192.5.5.241", "2001:500:2f::f"},
	{"192.112.36.4", "2001:500:12::d0d"},  {"198.97.190.53", "2001:500:1::53"},
	{"192.36.148.17", "2001:7fe::53"},     {"192.58.128.30", "2001:503:c27::2:30"},
	{"193.0.14.129", "2001:7fd::1"},       {"199.7.83.42", "2001:500:9f::42"},
	{"202.12.27.33", "2001:dc3::35"},
};

void hints_name(unsigned i, uint8_t name[TERN_NAME_MAX])
{
	static const uint8_t first[] = "\1a\14root-servers\3net";

	memcpy(name, first, sizeof first);
	name[1] = (uint8_t)('a' + i);
}

bool hints_octets(unsigned i, uint16_t type, uint8_t octets[16])
{
	if (type == TERN_TYPE_A)
		return inet_pton(AF_INET, hints[i].ipv4, octets) == 1;
	return inet_pton(AF_INET6, hints[i].ipv6, octets) == 1;
}

void hints_address(uint16_t type, const uint8_t *octets, uint16_t port,
		   struct sockaddr_storage *out, socklen_t *len)
{
	memset(out, 0, sizeof *out);
	if (type == TERN_TYPE_A) {
		struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};

		memcpy(&v4.sin_addr, octets, 4);
		memcpy(out, &v4, sizeof v4);
		*len = sizeof v4;
		return;
	}
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&v6.sin6_addr, octets, 16);
	memcpy(out, &v6, sizeof v6);
	*len = sizeof v6;
}
