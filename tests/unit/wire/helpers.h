/*
 * helpers.h - what the tests of the wire codec share.
 */
#pragma once

#include "../names.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define ROUNDS 20000 /* random cases per property */

/** Octets on the heap in a block of exactly their size, so that ASan sees overreads. */
struct exact {
	uint8_t *octets;
	size_t len;
};

static inline struct exact exact_copy(const void *octets, size_t len)
{
	struct exact x = {malloc(len ? len : 1), len};

	assert_non_null(x.octets);
	if (len > 0)
		memcpy(x.octets, octets, len);
	return x;
}

static inline void exact_free(struct exact *x)
{
	free(x->octets);
	x->octets = NULL;
}

/** A random name of up to @p labels labels from a small alphabet, so that names collide. */
static inline size_t random_name(uint64_t *state, unsigned labels, uint8_t out[TERN_NAME_MAX])
{
	size_t at = 0;

	for (unsigned n = random_under(state, labels + 1); n > 0; n--) {
		unsigned len = 1 + random_under(state, random_under(state, 8) == 0 ? 63 : 3);

		if (at + len + 2 > TERN_NAME_MAX)
			break;
		out[at++] = (uint8_t)len;
		for (; len > 0; len--)
			out[at++] = (uint8_t) "aAbBzZ\0\xe1"[random_under(state, 8)];
	}
	out[at++] = 0;
	return at;
}

/** Append octets to a growing message in a test. */
struct octets {
	uint8_t at[70000];
	size_t n;
};

static inline void add(struct octets *o, const void *data, size_t len)
{
	assert_true(o->n + len <= sizeof o->at);
	if (len > 0)
		memcpy(o->at + o->n, data, len);
	o->n += len;
}

static inline void add_u8(struct octets *o, unsigned v)
{
	uint8_t octet = (uint8_t)v;

	add(o, &octet, 1);
}

static inline void add_u16(struct octets *o, unsigned v)
{
	uint8_t two[2];

	put_u16(two, (uint16_t)v);
	add(o, two, 2);
}

static inline void add_u32(struct octets *o, uint32_t v)
{
	uint8_t four[4];

	put_u32(four, v);
	add(o, four, 4);
}
