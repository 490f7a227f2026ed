/*
 * http2.c - HTTP/2 (RFC 9113) by nghttp2.
 *
 *   octets -> nghttp2 -> requests that are whole -> delivered when nghttp2 has returned
 *   answers -> nghttp2 -> what the client's windows allow -> written
 *
 * nghttp2 refuses a flood of resets, of settings and of continued headers. What it does not count
 * is counted here: resets that we send for a client's faults, and frames that cost the client
 * nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "net/http_private.h"

#define RESETS_A_SECOND (HTTP_RESETS_MAX * 1000 / HTTP_RESETS_MS)
#define FRAMES_PER_PUMP 256 /* written at once; then others have their turn */

struct http2 {
	nghttp2_session *session;
	struct cds_list_head queries;
	uint32_t unsent;    /* octets of answers in nghttp2 */
	uint32_t streams;   /* that are open */
	uint64_t second_ms; /* since when frames of control are counted, */
	uint32_t control;   /* and how many came since */
	uint64_t resets_ms; /* the same for streams that were reset */
	uint32_t resets;
	bool abused; /* the connection is to end */
	bool ready;  /* a request is whole, and not delivered */
};

/* --- what is counted ------------------------------------------------------------------- */

static uint64_t now_ms(const struct http_stream *h)
{
	return loop_ms(h->stream->loop);
}

static void count(const struct http_stream *h, uint64_t *since_ms, uint32_t *n, uint32_t window_ms)
{
	if (now_ms(h) - *since_ms >= window_ms) {
		*since_ms = now_ms(h);
		*n = 0;
	}
	++*n;
}

static void count_reset(struct http_stream *h, struct http2 *x)
{
	count(h, &x->resets_ms, &x->resets, HTTP_RESETS_MS);
	x->abused |= x->resets > HTTP_RESETS_MAX;
}

static void count_control(struct http_stream *h, struct http2 *x)
{
	count(h, &x->second_ms, &x->control, 1000);
	x->abused |= x->control > HTTP_CONTROL_MAX;
}

/* --- answers --------------------------------------------------------------------------- */

static ssize_t give_octets(nghttp2_session *session, int32_t id, uint8_t *to, size_t max,
			   uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct http_query *q = source->ptr;
	size_t n = MIN(max, (size_t)(q->answer_len - q->answer_at));
	struct http_stream *h = user;
	struct http2 *x = h->state;

	(void)session;
	(void)id;
	memcpy(to, q->answer + q->answer_at, n);
	q->answer_at += (uint32_t)n;
	x->unsent -= (uint32_t)n;
	if (q->answer_at == q->answer_len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

/* Values that are never the same twice would only fill the table of the compression. */
static bool submit(struct http_stream *h, struct http_query *q, unsigned status,
		   const uint8_t *body, size_t len)
{
	struct http2 *x = h->state;
	nghttp2_data_provider provider = {.source.ptr = q, .read_callback = give_octets};
	nghttp2_nv headers[HTTP_FIELDS_MAX];
	struct http_head head;

	if (x->unsent + len > HTTP_UNSENT_MAX || !http_query_answer(q, body, len))
		return false;
	x->unsent += (uint32_t)len;
	http_head_fill(&head, h, status, body, len);
	for (unsigned i = 0; i < head.n; i++) {
		const struct http_field *f = &head.fields[i];

		headers[i] = (nghttp2_nv){
			(uint8_t *)without_const(f->name), (uint8_t *)without_const(f->value),
			strlen(f->name), strlen(f->value),
			f->unique ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
	}
	return nghttp2_submit_response(x->session, (int32_t)q->tag, headers, head.n, &provider) ==
	       0;
}

static bool write_frames(struct stream *s, struct http2 *x)
{
	const uint8_t *octets;

	for (unsigned i = 0; i < FRAMES_PER_PUMP; i++) {
		ssize_t n = nghttp2_session_mem_send(x->session, &octets);
		struct iovec iov = {without_const(octets), n > 0 ? (size_t)n : 0};

		if (n <= 0)
			return n == 0;
		if (!stream_put(s, &iov, 1))
			return false;
	}
	stream_want(s, s->framing_holds, true);
	return true;
}

/* Write what nghttp2 has to say. False when the stream has to end. */
static bool pump(struct http_stream *h)
{
	struct stream *s = h->stream;
	struct http2 *x = h->state;
	bool corked = stream_cork(s);
	bool good = write_frames(s, x);

	if (corked && !stream_uncork(s))
		return false;
	bool over =
		!nghttp2_session_want_read(x->session) && !nghttp2_session_want_write(x->session);

	/* What the client's window keeps back is as if it were not read. */
	s->withheld = x->unsent > 0 && !over;
	/* It ends when all that was written is gone. */
	if (over)
		stream_hear_no_more(s);
	return good;
}

/* --- requests -------------------------------------------------------------------------- */

static struct http_query *query_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http_stream *h = user;
	struct http2 *x = h->state;
	struct http_query *q;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	q = http_query_new((uint32_t)frame->hd.stream_id);
	if (!q)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	cds_list_add_tail(&q->node, &x->queries);
	x->streams++;
	return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, q);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *user)
{
	struct http_stream *h = user;
	struct http_query *q = query_of(session, frame->hd.stream_id);

	(void)flags;
	if (q)
		http_query_field(h, q, (const char *)name, name_len, (const char *)value,
				 value_len);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *octets,
		   size_t n, void *user)
{
	struct http_query *q = query_of(session, id);

	(void)flags;
	if (q)
		http_query_body(user, q, octets, n);
	return 0;
}

static void end_request(struct http_stream *h, struct http2 *x, struct http_query *q)
{
	unsigned status = http_query_end(h, q);
	const char *words = http_reason(status);

	if (status == 200) {
		q->ready = x->ready = true;
		return;
	}
	h->front->errors++;
	size_t len = q->method == HTTP_HEAD ? 0 : strlen(words);

	if (!submit(h, q, status, (const uint8_t *)words, len))
		x->abused = true;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http_stream *h = user;
	struct http2 *x = h->state;
	struct http_query *q;

	if (frame->hd.type == NGHTTP2_SETTINGS || frame->hd.type == NGHTTP2_PING)
		count_control(h, x);
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		count_reset(h, x);
	if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
	    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	q = query_of(session, frame->hd.stream_id);
	if (q && !q->whole)
		end_request(h, x, q);
	return 0;
}

/*
 * A client that makes us reset what it asked (CVE-2025-8671) is as one that does it itself. That a
 * policy gives no answer is not its fault: see settle().
 */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct http_stream *h = user;

	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_CANCEL)
		count_reset(h, h->state);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct http_stream *h = user;
	struct http2 *x = h->state;
	struct http_query *q = query_of(session, id);

	(void)error;
	if (!q)
		return 0;
	x->unsent -= q->answer_len - q->answer_at;
	x->streams--;
	http_query_free(h, q);
	return nghttp2_session_set_stream_user_data(session, id, NULL);
}

static struct http_query *next_ready(struct http2 *x)
{
	struct http_query *q;

	cds_list_for_each_entry(q, &x->queries, node)
	{
		if (q->ready)
			return q;
	}
	return NULL;
}

/* False when the stream has been closed. */
static bool deliver_ready(struct http_stream *h, struct http2 *x)
{
	struct http_query *q;

	while (x->ready && (q = next_ready(x)) != NULL) {
		q->ready = false;
		if (!http_query_deliver(h, q))
			return false;
	}
	x->ready = false;
	return true;
}

static bool is_whole(const struct http2 *x)
{
	const struct http_query *q;

	cds_list_for_each_entry(q, &x->queries, node)
	{
		if (!q->whole)
			return false;
	}
	return true;
}

/* --- the version ------------------------------------------------------------------------- */

static bool take(struct http_stream *h, const uint8_t *octets, size_t n)
{
	struct stream *s = h->stream;
	struct http2 *x = h->state;

	h->taking = true;
	ssize_t used = nghttp2_session_mem_recv(x->session, octets, n);

	if (used >= 0 && !deliver_ready(h, x))
		return true;
	h->taking = false;
	if (used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
		x->abused = true;
	if (x->abused) {
		h->front->abuses++;
		(void)nghttp2_session_terminate_session(x->session, NGHTTP2_ENHANCE_YOUR_CALM);
		(void)pump(h);
		return false;
	}
	s->rx_n = is_whole(x) ? 0 : 1;
	return used >= 0 && pump(h);
}

static struct http_query *find(struct http2 *x, uint32_t tag)
{
	return query_of(x->session, (int32_t)tag);
}

static bool send_answer(struct http_stream *h, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct http2 *x = h->state;
	struct http_query *q = find(x, tag);

	/* The client has given it up. */
	if (!q || q->answered)
		return true;
	if (!submit(h, q, 200, octets, len))
		return false;
	return h->taking || pump(h);
}

/* Silence is no answer in HTTP: the client is told that there is none. */
static void settle(struct http_stream *h, uint32_t tag)
{
	struct http2 *x = h->state;
	struct http_query *q = find(x, tag);

	if (!q || q->answered)
		return;
	q->answered = true;
	(void)nghttp2_submit_rst_stream(x->session, NGHTTP2_FLAG_NONE, (int32_t)tag,
					NGHTTP2_CANCEL);
	if (!h->taking)
		stream_want(h->stream, h->stream->framing_holds, true);
}

static bool go_on(struct http_stream *h)
{
	return pump(h);
}

static void end(struct http_stream *h)
{
	struct http2 *x = h->state;
	struct http_query *q, *next;

	cds_list_for_each_entry_safe(q, next, &x->queries, node) http_query_free(h, q);
	nghttp2_session_del(x->session);
	free(x);
}

static const struct http_version version = {
	.take = take, .go_on = go_on, .send = send_answer, .settle = settle, .close = end};

static bool make_session(struct http_stream *h, struct http2 *x)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return false;
	if (nghttp2_option_new(&option) != 0) {
		nghttp2_session_callbacks_del(callbacks);
		return false;
	}
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_option_set_stream_reset_rate_limit(option, HTTP_RESETS_MAX, RESETS_A_SECOND);
	nghttp2_option_set_max_continuations(option, HTTP_CONTINUED_MAX);
	nghttp2_option_set_no_closed_streams(option, 1);
	int status = nghttp2_session_server_new2(&x->session, callbacks, h, option);

	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return status == 0;
}

bool http2_begin(struct http_stream *h)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP_STREAMS_MAX},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEADERS_MAX},
	};
	struct http2 *x = calloc(1, sizeof *x);

	if (!x)
		return false;
	CDS_INIT_LIST_HEAD(&x->queries);
	h->state = x;
	if (!make_session(h, x)) {
		free(x);
		return false;
	}
	h->version = &version;
	/* What can't be kept shows itself when the first frames are written. */
	return nghttp2_submit_settings(x->session, NGHTTP2_FLAG_NONE, settings,
				       ARRAY_LEN(settings)) == 0;
}
