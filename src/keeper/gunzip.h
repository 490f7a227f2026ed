/*
 * gunzip.h - a compressed body, as it comes; and whether all of it came.
 *
 * Limits     the taker stops it: what 1 octet means may be 1000.
 * Standards  RFC 1952.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "base/compiler.h"

struct gunzip {
	z_stream stream;
	bool whole; /* what came so far is complete */
};

/** Takes what was decompressed; false to stop. */
typedef bool gunzip_take(void *context, const char *octets, size_t len);

/** False when memory is short. */
MUST_USE bool gunzip_begin(struct gunzip *g);
void gunzip_end(struct gunzip *g);

/** Decompress @p len octets more. False when they are not gzip, or @p take says so. */
MUST_USE bool gunzip_feed(struct gunzip *g, const char *octets, size_t len, gunzip_take *take,
			  void *context);
