/* quantity.c - see quantity.h. */
#include "base/quantity.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/** A unit and what it multiplies by. */
struct unit {
	const char *text;
	uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit size_units[] = {
	{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0},
};

/* In milliseconds, so that 2000ms is as good as 2s. */
static const struct unit duration_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static bool read_quantity(const char *text, const struct unit *units, uint64_t *out)
{
	uint64_t number = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return false;
	}
	for (const struct unit *u = units; u->text; u++) {
		if (strcmp(text, u->text) == 0)
			return !__builtin_mul_overflow(number, u->factor, out);
	}
	return false;
}

bool quantity_octets(const char *text, uint64_t *octets)
{
	return read_quantity(text, size_units, octets);
}

bool quantity_ms(const char *text, uint64_t *ms)
{
	return read_quantity(text, duration_units, ms);
}

bool quantity_number(const char *text, uint64_t *number)
{
	return read_quantity(text, no_units, number);
}

char *quantity_octets_to_text(uint64_t octets, char out[32])
{
	const struct unit *best = &size_units[0];

	for (const struct unit *u = size_units; u->text; u++) {
		if (octets % u->factor == 0)
			best = u;
	}
	snprintf(out, 32, "%" PRIu64 "%s", octets / best->factor, best->text);
	return out;
}
