/*
 * render.h - responses to clients.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tern/builder.h>

#include "base/address.h"
#include "base/hash.h"
#include "resolver/job.h"
#include "worker/request.h"

/** What a response says besides the data. */
struct render_context {
	const struct hash_key *cookie_secret;
	const struct address *client;
	uint32_t wall_s;
	uint32_t keepalive_ms; /* idle time told to TCP clients that ask */
	const char *identity;  /* told to who asks by NSID; "" for nobody */
};

#define RENDER_OPT_MAX 96 /* octets of an OPT with cookie and keepalive, without error text */

/** The whole response to @p r; returns its length, at most r->limit octets of @p out. */
size_t render_result(const struct request *r, const struct result *result,
		     const struct render_context *context, uint8_t *out, size_t out_max);

/** A response without data. @p text may be NULL. */
size_t render_error(const struct request *r, unsigned rcode, uint16_t ede, const char *text,
		    const struct render_context *context, uint8_t *out, size_t out_max);

/** One TXT record of class CH, for id.server and version.bind. */
size_t render_chaos(const struct request *r, const char *text, const struct render_context *context,
		    uint8_t *out, size_t out_max);

/**
 * Turn @p len octets of a cached answer in @p out (id 0, question in lower
 * case, no OPT) into the response to @p r; returns the length. What doesn't fit
 * r->limit becomes an empty truncated response.
 */
size_t render_cached(const struct request *r, size_t len, const struct render_context *context,
		     uint8_t *out, size_t out_max);

/**
 * Append to the error of @p len octets in @p out that the key of @p query's TSIG, which is at
 * r->tsig_at, is not known (RFC 8945 5.2.1: BADKEY, unsigned). The new length.
 */
size_t render_bad_key(const struct request *r, const uint8_t *query, size_t query_len, size_t len,
		      uint8_t *out, size_t out_max);

/**
 * Could @p result be kept rendered, and how: message without OPT, TTL offsets. 0: no.
 * @p variant is of enum answer_variant.
 */
size_t render_for_cache(const struct question *q, const struct result *result, unsigned variant,
			uint8_t *out, size_t out_max, uint16_t *ttl_at, uint16_t *ttl_n,
			uint16_t ttl_max);
