/* lease_name.c - see lease_name.h. */
#include "zone/lease_name.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

#define LABEL_MAX 63

static bool is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Browsers and tunnels ask for these to be told where to send everything, and localhost is here. */
static bool is_for_nobody(const uint8_t *label, size_t len)
{
	static const char *const names[] = {"localhost", "wpad", "isatap"};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) == len && memcmp(names[i], label, len) == 0)
			return true;
	}
	return false;
}

static bool is_label(const uint8_t *label, size_t len)
{
	if (len > LABEL_MAX || !is_letter_or_digit(label[0]))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_letter_or_digit(label[i]) && label[i] != '-' && label[i] != '_')
			return false;
	}
	return !is_for_nobody(label, len);
}

enum lease_naming lease_name(const uint8_t *hostname, size_t len, const uint8_t *domain,
			     uint8_t out[TERN_NAME_MAX])
{
	const uint8_t *dot = len > 0 ? memchr(hostname, '.', len) : NULL;
	size_t label_len = dot ? (size_t)(dot - hostname) : len;

	if (len == 0 || (len == 1 && *hostname == '*'))
		return LEASE_NAMELESS;
	if (label_len == 0 || label_len > LABEL_MAX ||
	    1 + label_len + tern_name_len(domain) > TERN_NAME_MAX)
		return LEASE_REFUSED;
	out[0] = (uint8_t)label_len;
	for (size_t i = 0; i < label_len; i++) {
		uint8_t c = hostname[i];

		out[1 + i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
	}
	if (!is_label(out + 1, label_len))
		return LEASE_REFUSED;
	tern_name_copy(out + 1 + label_len, domain);
	return LEASE_NAMED;
}
