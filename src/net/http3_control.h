/*
 * http3_control.h - what a client says in its streams one way, before nghttp3 hears of it.
 *
 * nghttp3 0.8 keeps a stream for each PRIORITY_UPDATE frame (RFC 9218 7.2) that names one which is
 * over, for as long as the connection lives, and ends the connection for one beyond the first
 * places that were given. Answers have no priorities here: these frames are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP3_HEADER_MAX 16 /* octets of a frame's type and length */

/** One stream; begins as zeros. */
struct http3_control {
	enum http3_reading {
		HTTP3_TYPE,   /* of the stream */
		HTTP3_ANY,    /* it is none of control */
		HTTP3_HEADER, /* of a frame */
		HTTP3_BODY,
	} reading;
	bool begun;                     /* the first frame has come */
	bool skipping;                  /* the frame is left out */
	uint8_t held[HTTP3_HEADER_MAX]; /* octets that are not decided on */
	uint8_t held_n;
	uint64_t left; /* octets of the frame */
};

/** What nghttp3 hears next: octets that were held, and of those that came. */
struct http3_part {
	const uint8_t *held;
	size_t held_n;
	const uint8_t *octets;
	size_t n;
};

/** Read some of @p octets, one at least: how many. @p out points into @p k and @p octets. */
size_t http3_control_read(struct http3_control *k, const uint8_t *octets, size_t n,
			  struct http3_part *out);
