/*
 * view_bits.h - a bit for each class of views, or for each place in a set of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define VIEWS_MAX 255 /* classes 1 .. VIEWS_MAX */

struct view_bits {
	uint64_t words[(VIEWS_MAX + 1) / 64];
};

_Static_assert((VIEWS_MAX + 1) % 64 == 0, "each class has a bit");

static inline bool view_bits_get(const struct view_bits *b, unsigned i)
{
	return b->words[i / 64] >> i % 64 & 1;
}

static inline void view_bits_set(struct view_bits *b, unsigned i)
{
	b->words[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool view_bits_equal(const struct view_bits *a, const struct view_bits *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/** Is any set? */
static inline bool view_bits_any(const struct view_bits *b)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < sizeof b->words / sizeof b->words[0]; i++)
		all |= b->words[i];
	return all != 0;
}
