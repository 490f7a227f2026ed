/*
 * stream_write.c - what a stream sends:
 *
 *   message -> framing -> [gathered] -> codec -> [gathered] -> socket
 *
 * What the socket does not take waits: whole messages as they are, what a codec made of them as the
 * octets that it made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "net/stream_private.h"

struct stream_chunk {
	struct stream_chunk *next;
	uint32_t at;
	uint32_t len;
	uint8_t octets[];
};

/* --- octets of the socket ----------------------------------------------------------------- */

/* What the socket does not take right now is kept; false when it can't be. */
static bool write_gathered(struct stream *s)
{
	struct stream_gather *g = s->gather;
	ssize_t n = g->n > 0 ? send(s->watch.fd, g->octets, g->n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	uint32_t sent = n > 0 ? (uint32_t)n : 0, left = g->n - sent;

	g->n = 0;
	if (left == 0)
		return true;
	/* A broken connection shows itself to the reader. */
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return true;
	s->raw = malloc(left);
	if (!s->raw)
		return false;
	memcpy(s->raw, g->octets + sent, left);
	s->raw_at = 0;
	s->raw_n = left;
	return true;
}

/* False when the connection is broken. */
static bool write_raw(struct stream *s)
{
	ssize_t n = send(s->watch.fd, s->raw + s->raw_at, s->raw_n - s->raw_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	s->raw_at += (uint32_t)n;
	if (n > 0)
		s->since_ms = loop_ms(s->loop);
	if (s->raw_at == s->raw_n) {
		free(s->raw);
		s->raw = NULL;
		s->raw_at = s->raw_n = 0;
	}
	return true;
}

static void gather(struct stream_gather *g, const struct iovec *iov, int n)
{

	for (int i = 0; i < n; i++) {
		memcpy(g->octets + g->n, iov[i].iov_base, iov[i].iov_len);
		g->n += (uint32_t)iov[i].iov_len;
	}
}

ssize_t stream_write_socket(struct stream *s, const struct iovec *iov, int n)
{
	struct msghdr h = {.msg_iov = without_const(iov), .msg_iovlen = (size_t)n};
	size_t octets = 0;

	for (int i = 0; i < n; i++)
		octets += iov[i].iov_len;
	if (s->gathering && s->gather->n + octets > STREAM_GATHER_MAX && !write_gathered(s)) {
		errno = ENOMEM;
		return -1;
	}
	if (s->raw) {
		errno = EAGAIN;
		return -1;
	}
	if (s->gathering && octets <= STREAM_GATHER_MAX) {
		gather(s->gather, iov, n);
		return (ssize_t)octets;
	}
	return sendmsg(s->watch.fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool stream_cork(struct stream *s)
{
	if (!s->gather || s->gather->owner)
		return false;
	s->gather->owner = s;
	s->gather->n = 0;
	s->gathering = true;
	return true;
}

static ssize_t put_octets(struct stream *s, const struct iovec *iov, int n)
{
	return s->codec ? s->codec->write(s, iov, n) : stream_write_socket(s, iov, n);
}

static void drop_chunk(struct stream *s)
{
	struct stream_chunk *c = s->unsent;

	s->unsent = c->next;
	if (!s->unsent)
		s->unsent_last = NULL;
	free(c);
}

#define CHUNKS_PER_WRITE 16

void stream_drop_unsent(struct stream *s)
{
	while (s->unsent)
		drop_chunk(s);
	free(s->raw);
	s->raw = NULL;
	s->unsent_octets = s->raw_at = s->raw_n = 0;
	s->withheld = false;
	s->mute = true;
}

/* False when the connection is broken. */
bool stream_write_unsent(struct stream *s)
{
	if (s->raw && !write_raw(s))
		return false;
	while (s->unsent) {
		struct iovec iov[CHUNKS_PER_WRITE];
		int n = 0;

		for (struct stream_chunk *c = s->unsent; c && n < CHUNKS_PER_WRITE; c = c->next)
			iov[n++] = (struct iovec){c->octets + c->at, c->len - c->at};
		ssize_t wrote = put_octets(s, iov, n);

		if (wrote <= 0)
			return wrote < 0 && (errno == EAGAIN || errno == EINTR);
		s->unsent_octets -= (uint32_t)wrote;
		s->since_ms = loop_ms(s->loop);
		while (wrote > 0 && s->unsent) {
			struct stream_chunk *c = s->unsent;
			uint32_t part = (uint32_t)MIN((size_t)wrote, (size_t)(c->len - c->at));

			c->at += part;
			wrote -= part;
			if (c->at == c->len)
				drop_chunk(s);
		}
	}
	return true;
}

/* Keep what the socket did not take of @p n parts with @p octets in all, the first @p skip gone. */
static bool queue(struct stream *s, const struct iovec *iov, int n, size_t octets, size_t skip)
{
	struct stream_chunk *c = malloc(sizeof *c + octets);
	uint8_t *to = c ? c->octets : NULL;

	if (!c)
		return false;
	c->next = NULL;
	c->at = (uint32_t)skip;
	c->len = (uint32_t)octets;
	for (int i = 0; i < n; i++) {
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
	}
	if (s->unsent_last)
		s->unsent_last->next = c;
	else
		s->unsent = c;
	s->unsent_last = c;
	s->unsent_octets += c->len - c->at;
	return true;
}

static bool write_now(struct stream *s, const struct iovec *iov, int n, size_t octets)
{
	size_t sent = 0;

	if (!s->unsent && !stream_is_beginning(s)) {
		ssize_t wrote = put_octets(s, iov, n);

		/* A broken connection shows itself to the reader; here it only takes nothing. */
		sent = wrote > 0 ? (size_t)wrote : 0;
	}
	stream_note_progress(s);
	if (sent < octets && !queue(s, iov, n, octets, sent))
		return false;
	if (sent < octets || s->raw)
		stream_watch_for(s);
	return true;
}

static uint32_t unsent_octets(const struct stream *s)
{
	return s->unsent_octets + s->raw_n - s->raw_at + (s->gathering ? s->gather->n : 0);
}

/*
 * Messages in their length become one record of a codec. With a framing each is a record of its
 * own: there are clients of HTTP that take one answer from each.
 */
static bool gathers_messages(const struct stream *s)
{
	return s->codec && !s->framing;
}

static bool put_gathered(struct stream *s)
{
	struct iovec iov = {s->gather->octets, s->gather->n};

	s->gather->n = 0;
	return iov.iov_len == 0 || write_now(s, &iov, 1, iov.iov_len);
}

static bool put(struct stream *s, const struct iovec *iov, int n, size_t octets)
{
	if (s->closed || s->mute || unsent_octets(s) + octets > STREAM_UNSENT_MAX)
		return false;
	if (!s->gathering || !gathers_messages(s))
		return write_now(s, iov, n, octets);
	if (s->gather->n + octets <= STREAM_GATHER_MAX) {
		gather(s->gather, iov, n);
		return true;
	}
	s->gathering = false;
	bool good = put_gathered(s) && write_now(s, iov, n, octets);

	s->gathering = true;
	return good;
}

bool stream_uncork(struct stream *s)
{
	s->gathering = false;
	s->gather->owner = NULL;
	if (gathers_messages(s))
		return put_gathered(s);
	if (!write_gathered(s))
		return false;
	if (s->raw)
		stream_watch_for(s);
	return true;
}

bool stream_put(struct stream *s, const struct iovec *iov, int n)
{
	size_t octets = 0;

	for (int i = 0; i < n; i++)
		octets += iov[i].iov_len;
	return put(s, iov, n, octets);
}

bool stream_send(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	uint8_t prefix[2];
	struct iovec iov[2] = {{prefix, 2}, {without_const(octets), len}};

	if (s->closed || len > 65535)
		return false;
	if (s->framing)
		return s->framing->send(s, tag, octets, len);
	put_u16(prefix, (uint16_t)len);
	return put(s, iov, 2, len + 2);
}
