/*
 * name_private.h - what the files of src/wire share about names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <tern/name.h>
#include <tern/status.h>

#include "base/compiler.h"

#define LABEL_IS_POINTER(octet) (((octet)&0xc0) == 0xc0)

/** One octet in lower case, US-ASCII only. */
static inline uint8_t lower_u8(uint8_t c)
{
	return (uint8_t)(c + (((unsigned)c - 'A' < 26u) << 5));
}

/**
 * Eight octets in lower case. Length octets are at most 63 and therefore
 * never letters, so whole names may be lowered without looking for labels.
 */
static inline uint64_t lower_u64(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t seven_bits = x & (ones * 0x7f);
	uint64_t above_z = seven_bits + ones * (0x7f - 'Z');
	uint64_t from_a = seven_bits + ones * (0x80 - 'A');
	uint64_t upper = ~x & (above_z ^ from_a) & (ones * 0x80);

	return x | upper >> 2;
}

/** Are @p n octets equal, ignoring case? */
static inline bool octets_equal_nocase(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;

	for (; n >= 8; n -= 8, a += 8, b += 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y && lower_u64(x) != lower_u64(y))
			return false;
	}
	for (; n > 0; n--, a++, b++) {
		if (lower_u8(*a) != lower_u8(*b))
			return false;
	}
	return true;
}

/** Offsets of the labels from the left; returns how many. @p len gets the name's length. */
static inline unsigned label_offsets(const uint8_t *name, uint8_t at[TERN_LABELS_MAX],
				     unsigned *len)
{
	unsigned n = 0;
	unsigned i;

	for (i = 0; name[i]; i += name[i] + 1u)
		at[n++] = (uint8_t)i;
	*len = i + 1;
	return n;
}

/**
 * Like tern_name_verify(); what it looks at, labels and pointers, is taken off
 * @p steps_left, and TERN_EPOINTER is returned when that does not suffice.
 */
MUST_USE enum tern_status name_verify_within(const uint8_t *msg, size_t msg_len, size_t at,
					     size_t *next, size_t *steps_left);

/**
 * Like tern_name_from_text(); @p absolute tells whether the text ended in a
 * dot. Without one, @p out is the relative name with a root label.
 */
MUST_USE enum tern_status name_from_text(const char *text, size_t text_len,
					 uint8_t out[TERN_NAME_MAX], bool *absolute);
