/* http.c - which version of HTTP it is; see http.h. */
#include "net/http_private.h"

#include <stdlib.h>
#include <string.h>

#include "net/tls.h"

#define TELLING 3 /* octets: "PRI" is no method of HTTP/1.1 (RFC 9113 3.4) */

static bool begin(struct http_stream *h, bool two)
{
	return two ? http2_begin(h) : http1_begin(h);
}

/* Nothing was agreed on: the first octets tell. False when memory is short. */
static bool look(struct http_stream *h, const uint8_t *octets, size_t n)
{
	while (h->first_n < TELLING && n > 0) {
		h->first[h->first_n++] = *octets++;
		n--;
	}
	return h->first_n < TELLING || begin(h, memcmp(h->first, "PRI", TELLING) == 0);
}

static bool take_unagreed(struct http_stream *h, const uint8_t *octets, size_t n)
{
	struct stream *s = h->stream;
	size_t before = h->first_n;

	if (!look(h, octets, n))
		return false;
	if (!h->version)
		return true;
	size_t used = h->first_n - before;

	if (!h->version->take(h, h->first, h->first_n))
		return false;
	return s->closed || n == used || h->version->take(h, octets + used, n - used);
}

static bool take(struct stream *s, const uint8_t *octets, size_t n)
{
	struct http_stream *h = s->framing_state;
	size_t len = 0;
	const char *agreed = h->version ? "" : tls_agreed(s, &len);

	if (len > 0 && !begin(h, len == 2 && memcmp(agreed, "h2", 2) == 0))
		return false;
	return h->version ? h->version->take(h, octets, n) : take_unagreed(h, octets, n);
}

static bool send_answer(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct http_stream *h = s->framing_state;

	return h->version && h->version->send(h, tag, octets, len);
}

static void settle(struct stream *s, uint32_t tag)
{
	struct http_stream *h = s->framing_state;

	if (h->version)
		h->version->settle(h, tag);
}

static bool go_on(struct stream *s)
{
	struct http_stream *h = s->framing_state;

	return !h->version || h->version->go_on(h);
}

static void end(struct stream *s)
{
	struct http_stream *h = s->framing_state;

	if (h->version)
		h->version->close(h);
	free(h);
	s->framing_state = NULL;
}

static const struct stream_framing framing = {
	.take = take, .send = send_answer, .settle = settle, .go_on = go_on, .close = end};

bool http_serve(struct stream *s, struct http_front *front, bool trusted)
{
	struct http_stream *h = calloc(1, sizeof *h);

	if (!h)
		return false;
	h->stream = s;
	h->front = front;
	h->trusted = trusted;
	stream_set_framing(s, &framing, h);
	return true;
}

void http_set_trusted(struct stream *s, bool trusted)
{
	struct http_stream *h = s->framing_state;

	h->trusted = trusted;
}
