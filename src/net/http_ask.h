/*
 * http_ask.h - questions to servers by HTTP/2 (RFC 8484): a framing of net/stream.
 *
 * Each message that is sent becomes a POST, and each answer with status 200 a message. Anything
 * else ends the stream, with a reason: a server that says no to one question says so to the next.
 *
 * Threads  the loop's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "net/stream.h"

#define HTTP_ASKED_MAX 100 /* questions side by side on one connection */

/**
 * Have the messages of @p s, just connecting, go by HTTP/2 to @p path at @p authority. False when
 * memory is short: the stream has to be closed. What the pointers lead to outlives the stream.
 *
 * @param why  gets the reason when the server breaks the rules; of @p why_max octets
 */
MUST_USE bool http_ask(struct stream *s, const char *authority, const char *path, char *why,
		       size_t why_max);
