/* http_ask.c - see http_ask.h. */
#include "net/http_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>
#include <urcu/list.h>

#include "net/tls.h"

#define ANSWER_MAX      65535 /* octets */
#define HELD_MAX        1048576
#define FRAMES_PER_PUMP 256
#define WINDOW          1048576 /* octets of answers that may be on their way */

/** One question. */
struct asked {
	struct cds_list_head node;
	uint32_t query_len;
	uint32_t query_at;
	uint8_t *answer;
	uint32_t len;
	uint32_t room;
	uint16_t status;
	bool whole;
	uint8_t query[]; /* query_len octets */
};

/** stream->framing_state. */
struct http_asking {
	struct stream *stream;
	nghttp2_session *session; /* NULL until the handshake is over */
	const char *authority;
	const char *path;
	char *why;
	size_t why_max;
	struct cds_list_head asked;
	size_t held; /* octets of answers that are not whole */
	bool ready;  /* one is whole, and not delivered */
	bool broken;
};

static void blame(struct http_asking *h, const char *what, unsigned number)
{
	if (!*h->why && number > 0)
		snprintf(h->why, h->why_max, "%s %u", what, number);
	else if (!*h->why)
		snprintf(h->why, h->why_max, "%s", what);
	h->broken = true;
}

static void free_asked(struct http_asking *h, struct asked *a)
{
	cds_list_del(&a->node);
	h->held -= a->len;
	free(a->answer);
	free(a);
}

/* --- what nghttp2 asks and tells ----------------------------------------------------- */

static ssize_t give_query(nghttp2_session *session, int32_t id, uint8_t *to, size_t max,
			  uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct asked *a = source->ptr;
	size_t n = MIN(max, (size_t)(a->query_len - a->query_at));

	(void)session;
	(void)id;
	(void)user;
	memcpy(to, a->query + a->query_at, n);
	a->query_at += (uint32_t)n;
	if (a->query_at == a->query_len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user)
{
	struct asked *a = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	if (a && name_len == 7 && memcmp(name, ":status", 7) == 0 && value_len == 3)
		a->status =
			(uint16_t)(100 * (value[0] - '0') + 10 * (value[1] - '0') + value[2] - '0');
	return 0;
}

static bool make_room(struct asked *a, size_t n)
{
	size_t wanted = MIN(MAX(2 * (size_t)a->room, a->len + n), (size_t)ANSWER_MAX);
	uint8_t *more;

	if (a->len + n <= a->room)
		return true;
	more = a->len + n <= ANSWER_MAX ? realloc(a->answer, wanted) : NULL;
	if (!more)
		return false;
	a->answer = more;
	a->room = (uint32_t)wanted;
	return true;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *octets,
		   size_t n, void *user)
{
	struct http_asking *h = user;
	struct asked *a = nghttp2_session_get_stream_user_data(session, id);

	(void)flags;
	/* Words about an error are of no use. */
	if (!a || a->status != 200)
		return 0;
	if (h->held + n > HELD_MAX || !make_room(a, n)) {
		blame(h, "too long an answer by HTTP", 0);
		return 0;
	}
	memcpy(a->answer + a->len, octets, n);
	a->len += (uint32_t)n;
	h->held += n;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http_asking *h = user;
	struct asked *a = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (!a || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	if (a->status != 200) {
		blame(h, "HTTP status", a->status);
		return 0;
	}
	a->whole = h->ready = true;
	return 0;
}

/* A question that the server has let fall is open for whoever asked it, until its time is over. */
static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct asked *a = nghttp2_session_get_stream_user_data(session, id);

	if (!a)
		return 0;
	if (error == NGHTTP2_NO_ERROR && a->whole)
		return nghttp2_session_set_stream_user_data(session, id, NULL);
	if (error != NGHTTP2_NO_ERROR && error != NGHTTP2_REFUSED_STREAM)
		blame(user, "HTTP/2 error", error);
	free_asked(user, a);
	return nghttp2_session_set_stream_user_data(session, id, NULL);
}

/* --- the framing ----------------------------------------------------------------------- */

static bool write_frames(struct stream *s, struct http_asking *h)
{
	const uint8_t *octets;

	for (unsigned i = 0; i < FRAMES_PER_PUMP; i++) {
		ssize_t n = nghttp2_session_mem_send(h->session, &octets);
		struct iovec iov = {without_const(octets), n > 0 ? (size_t)n : 0};

		if (n <= 0)
			return n == 0;
		if (!stream_put(s, &iov, 1))
			return false;
	}
	stream_want(s, false, true);
	return true;
}

static struct asked *next_whole(struct http_asking *h)
{
	struct asked *a;

	cds_list_for_each_entry(a, &h->asked, node)
	{
		if (a->whole)
			return a;
	}
	return NULL;
}

/* False when the stream has been closed. */
static bool deliver_whole(struct http_asking *h)
{
	struct asked *a;

	while (h->ready && (a = next_whole(h)) != NULL) {
		uint8_t *answer = a->answer;
		uint32_t len = a->len;

		/* Who takes it may close the stream, and everything here with it. */
		h->held -= len;
		a->answer = NULL;
		a->len = 0;
		free_asked(h, a);
		bool open = stream_deliver(h->stream, 0, answer, len);

		free(answer);
		if (!open)
			return false;
	}
	h->ready = false;
	return true;
}

static bool take(struct stream *s, const uint8_t *octets, size_t n)
{
	struct http_asking *h = s->framing_state;
	size_t agreed_len;
	const char *agreed = tls_agreed(s, &agreed_len);

	if (s->codec && (agreed_len != 2 || memcmp(agreed, "h2", 2) != 0)) {
		blame(h, "the server speaks no HTTP/2", 0);
		return false;
	}
	ssize_t used = nghttp2_session_mem_recv(h->session, octets, n);

	if (used < 0)
		blame(h, nghttp2_strerror((int)used), 0);
	if (!deliver_whole(h))
		return true;
	return !h->broken && write_frames(s, h) &&
	       (nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session));
}

#define HEADER(name, value, len)                                                                   \
	{                                                                                          \
		(uint8_t *)without_const(name), (uint8_t *)without_const(value), sizeof(name) - 1, \
			len, NGHTTP2_NV_FLAG_NONE                                                  \
	}

static bool submit(struct http_asking *h, struct asked *a)
{
	nghttp2_data_provider provider = {.source.ptr = a, .read_callback = give_query};
	char length[16];
	int length_n = snprintf(length, sizeof length, "%u", a->query_len); /* BIND wants it */
	const nghttp2_nv headers[] = {
		HEADER(":method", "POST", 4),
		HEADER(":scheme", "https", 5),
		HEADER(":authority", h->authority, strlen(h->authority)),
		HEADER(":path", h->path, strlen(h->path)),
		HEADER("accept", "application/dns-message", 23),
		HEADER("content-type", "application/dns-message", 23),
		HEADER("content-length", length, (size_t)length_n),
	};

	return nghttp2_submit_request(h->session, NULL, headers, ARRAY_LEN(headers), &provider,
				      a) >= 0;
}

static bool send_query(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct http_asking *h = s->framing_state;
	struct asked *a = calloc(1, sizeof *a + len);

	(void)tag;
	if (!a)
		return false;
	a->query_len = (uint32_t)len;
	memcpy(a->query, octets, len);
	cds_list_add_tail(&a->node, &h->asked);
	if (!submit(h, a)) {
		free_asked(h, a);
		return false;
	}
	return write_frames(s, h);
}

static void settle(struct stream *s, uint32_t tag)
{
	(void)s;
	(void)tag;
}

static bool go_on(struct stream *s)
{
	return write_frames(s, s->framing_state);
}

static void end(struct stream *s)
{
	struct http_asking *h = s->framing_state;
	struct asked *a, *next;

	cds_list_for_each_entry_safe(a, next, &h->asked, node) free_asked(h, a);
	nghttp2_session_del(h->session);
	free(h);
	s->framing_state = NULL;
}

static const struct stream_framing framing = {
	.take = take, .send = send_query, .settle = settle, .go_on = go_on, .close = end};

static bool make_session(struct http_asking *h)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, ANSWER_MAX + 1},
	};
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return false;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	int status = nghttp2_session_client_new(&h->session, callbacks, h);

	nghttp2_session_callbacks_del(callbacks);
	return status == 0 &&
	       nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
				       ARRAY_LEN(settings)) == 0 &&
	       nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, WINDOW) == 0;
}

bool http_ask(struct stream *s, const char *authority, const char *path, char *why, size_t why_max)
{
	struct http_asking *h = calloc(1, sizeof *h);

	if (!h)
		return false;
	*h = (struct http_asking){
		.stream = s, .authority = authority, .path = path, .why = why, .why_max = why_max};
	CDS_INIT_LIST_HEAD(&h->asked);
	if (!make_session(h)) {
		nghttp2_session_del(h->session);
		free(h);
		return false;
	}
	stream_set_framing(s, &framing, h);
	return true;
}
