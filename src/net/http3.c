/*
 * http3.c - HTTP/3 (RFC 9114) by nghttp3, in the streams of a connection of QUIC.
 *
 *   octets of a stream -> nghttp3 -> request that is whole -> delivered
 *   answer -> nghttp3 -> what the client's windows allow -> written by QUIC
 *
 * As with DNS over QUIC a place for another request is given when one is over and its answer is
 * owed no more.
 */
#include "net/quic_private.h"

#include <stdlib.h>
#include <string.h>

#include <nghttp3/nghttp3.h>

#include "net/http3_control.h"
#include "net/http_private.h"
#include "net/stream_private.h"

/*
 * Octets of a request that are no body. Fields have HTTP_HEADERS_MAX; but nghttp3 keeps one that is
 * not whole, of 64 KiB, and two fifths more by Huffman's code, before it is counted.
 */
#define AROUND_MAX  ((size_t)2 * HTTP_HEADERS_MAX)
#define OWN_STREAMS 3 /* of control, and of the compression of headers both ways */

struct http3 {
	struct http_stream http; /* what requests are read with */
	struct quic_connection *connection;
	nghttp3_conn *session;
	struct cds_list_head queries;
	int64_t own[OWN_STREAMS];      /* streams that we have opened, */
	bool own_blocked[OWN_STREAMS]; /* and which of them wait */
	uint32_t unacked;              /* octets of answers that the client does not have */
	uint64_t resets_ms;            /* since when resets are counted, */
	uint32_t resets;               /* and how many came since */
	uint32_t blocked_n;            /* streams that wait for the client's windows */
	struct http3_control control[QUIC_HTTP3_UNI]; /* the client's streams one way */
};

static uint32_t tag_of(int64_t id)
{
	return (uint32_t)(id >> 2);
}

static int64_t id_of(const struct http_query *q)
{
	return (int64_t)q->tag << 2;
}

static struct http_query *find(const struct http3 *x, uint32_t tag)
{
	struct http_query *q;

	cds_list_for_each_entry(q, &x->queries, node)
	{
		if (q->tag == tag)
			return q;
	}
	return NULL;
}

static void tell(struct quic_connection *c)
{
	const struct http3 *x = c->app_state;
	const struct http_query *q;
	bool partial = false;

	cds_list_for_each_entry(q, &x->queries, node) partial |= !q->whole && !q->over;
	quic_note(c, partial, x->unacked > 0);
}

static bool fail(struct quic_connection *c, uint64_t error)
{
	c->error = error;
	return false;
}

/* --- requests that are over -------------------------------------------------------------- */

static void free_query(struct http3 *x, struct http_query *q)
{
	x->unacked -= q->answer_len - q->answer_at;
	x->blocked_n -= q->blocked;
	http_query_free(&x->http, q);
}

/* When both sides are through with it, there is a place for another one. */
static void let_go(struct http3 *x, struct http_query *q)
{
	struct quic_connection *c = x->connection;

	if (!q->over || (q->delivered && !q->settled))
		return;
	free_query(x, q);
	ngtcp2_conn_extend_max_streams_bidi(c->conn, 1);
	quic_touch(c);
}

/* --- answers --------------------------------------------------------------------------- */

static nghttp3_ssize give_octets(nghttp3_conn *session, int64_t id, nghttp3_vec *out, size_t max,
				 uint32_t *flags, void *user, void *stream_user)
{
	struct http_query *q = stream_user;

	(void)session;
	(void)id;
	(void)max;
	(void)user;
	*flags |= NGHTTP3_DATA_FLAG_EOF;
	if (!q || q->answer_len == 0)
		return 0;
	out[0] = (nghttp3_vec){q->answer, q->answer_len};
	return 1;
}

static bool submit(struct http3 *x, struct http_query *q, unsigned status, const uint8_t *body,
		   size_t len)
{
	const nghttp3_data_reader reader = {give_octets};
	nghttp3_nv headers[HTTP_FIELDS_MAX];
	struct http_head head;

	if (x->unacked + len > HTTP_UNSENT_MAX || !http_query_answer(q, body, len))
		return false;
	x->unacked += (uint32_t)len;
	http_head_fill(&head, &x->http, status, body, len);
	for (unsigned i = 0; i < head.n; i++) {
		const struct http_field *f = &head.fields[i];

		headers[i] = (nghttp3_nv){(uint8_t *)without_const(f->name),
					  (uint8_t *)without_const(f->value), strlen(f->name),
					  strlen(f->value), NGHTTP3_NV_FLAG_NONE};
	}
	return nghttp3_conn_submit_response(x->session, id_of(q), headers, head.n, &reader) == 0;
}

/* --- what nghttp3 tells ------------------------------------------------------------------ */

static int on_begin_headers(nghttp3_conn *session, int64_t id, void *user, void *stream_user)
{
	struct http3 *x = user;
	struct http_query *q = http_query_new(tag_of(id));

	(void)stream_user;
	if (!q)
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	cds_list_add_tail(&q->node, &x->queries);
	return nghttp3_conn_set_stream_user_data(session, id, q);
}

static int on_header(nghttp3_conn *session, int64_t id, int32_t token, nghttp3_rcbuf *name_buffer,
		     nghttp3_rcbuf *value_buffer, uint8_t flags, void *user, void *stream_user)
{
	struct http3 *x = user;
	nghttp3_vec name = nghttp3_rcbuf_get_buf(name_buffer);
	nghttp3_vec value = nghttp3_rcbuf_get_buf(value_buffer);

	(void)session;
	(void)id;
	(void)token;
	(void)flags;
	if (stream_user)
		http_query_field(&x->http, stream_user, (const char *)name.base, name.len,
				 (const char *)value.base, value.len);
	return 0;
}

static void extend(struct quic_connection *c, int64_t id, size_t n)
{
	(void)ngtcp2_conn_extend_max_stream_offset(c->conn, id, n);
	ngtcp2_conn_extend_max_offset(c->conn, n);
}

static int on_data(nghttp3_conn *session, int64_t id, const uint8_t *octets, size_t n, void *user,
		   void *stream_user)
{
	struct http3 *x = user;

	(void)session;
	if (stream_user)
		http_query_body(&x->http, stream_user, octets, n);
	extend(x->connection, id, n);
	return 0;
}

static int on_consumed(nghttp3_conn *session, int64_t id, size_t n, void *user, void *stream_user)
{
	struct http3 *x = user;

	(void)session;
	(void)stream_user;
	extend(x->connection, id, n);
	return 0;
}

static int on_request(nghttp3_conn *session, int64_t id, void *user, void *stream_user)
{
	struct http3 *x = user;
	struct http_query *q = stream_user;
	unsigned status;

	(void)session;
	(void)id;
	if (!q || q->whole)
		return 0;
	status = http_query_end(&x->http, q);
	if (status != 200) {
		const char *words = http_reason(status);

		x->http.front->errors++;
		return submit(x, q, status, (const uint8_t *)words,
			      q->method == HTTP_HEAD ? 0 : strlen(words))
			       ? 0
			       : NGHTTP3_ERR_CALLBACK_FAILURE;
	}
	q->delivered = true;
	return http_query_deliver(&x->http, q) ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_acked(nghttp3_conn *session, int64_t id, uint64_t n, void *user, void *stream_user)
{
	struct http3 *x = user;
	struct http_query *q = stream_user;

	(void)session;
	(void)id;
	if (!q)
		return 0;
	n = MIN(n, (uint64_t)(q->answer_len - q->answer_at));
	q->answer_at += (uint32_t)n;
	x->unacked -= (uint32_t)n;
	/* Words about what was wrong keep nobody's place. */
	if (n > 0 && q->delivered)
		stream_note_progress(x->connection->stream);
	return 0;
}

static int on_close(nghttp3_conn *session, int64_t id, uint64_t error, void *user,
		    void *stream_user)
{
	struct http3 *x = user;
	struct http_query *q = stream_user;

	(void)session;
	(void)error;
	if (q) {
		q->over = true;
		let_go(x, q);
	} else if (ngtcp2_is_bidi_stream(id)) {
		ngtcp2_conn_extend_max_streams_bidi(x->connection->conn, 1);
	}
	return 0;
}

static int on_stop_sending(nghttp3_conn *session, int64_t id, uint64_t error, void *user,
			   void *stream_user)
{
	struct http3 *x = user;

	(void)session;
	(void)stream_user;
	(void)ngtcp2_conn_shutdown_stream_read(x->connection->conn, id, error);
	return 0;
}

static int on_reset_stream(nghttp3_conn *session, int64_t id, uint64_t error, void *user,
			   void *stream_user)
{
	struct http3 *x = user;

	(void)session;
	(void)stream_user;
	(void)ngtcp2_conn_shutdown_stream_write(x->connection->conn, id, error);
	return 0;
}

static const nghttp3_callbacks callbacks = {
	.acked_stream_data = on_acked,
	.stream_close = on_close,
	.recv_data = on_data,
	.deferred_consume = on_consumed,
	.begin_headers = on_begin_headers,
	.recv_header = on_header,
	.stop_sending = on_stop_sending,
	.end_stream = on_request,
	.reset_stream = on_reset_stream,
};

/* --- the application ---------------------------------------------------------------------- */

static bool hear(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n, bool fin,
		 size_t *used)
{
	struct http3 *x = c->app_state;
	nghttp3_ssize status = nghttp3_conn_read_stream(x->session, id, octets, n, fin);

	*used = status > 0 ? (size_t)status : 0;
	if (!c->stream)
		return false;
	return status >= 0 || fail(c, nghttp3_err_infer_quic_app_error_code((int)status));
}

static bool abuse(struct quic_connection *c)
{
	const struct http3 *x = c->app_state;

	x->http.front->abuses++;
	return fail(c, NGHTTP3_H3_EXCESSIVE_LOAD);
}

/* Octets around bodies count; those of bodies are told by on_data(). */
static bool hear_request(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n,
			 bool fin)
{
	struct http3 *x = c->app_state;
	struct http_query *q;
	size_t used;

	if (!hear(c, id, octets, n, fin, &used))
		return false;
	extend(c, id, used);
	q = find(x, tag_of(id));
	if (!q)
		return true;
	q->around += (uint32_t)used;
	return q->around <= AROUND_MAX || abuse(c);
}

static bool hear_control(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n,
			 bool fin)
{
	struct http3 *x = c->app_state;
	struct http3_control *k = &x->control[tag_of(id) % QUIC_HTTP3_UNI];
	struct http3_part part;
	size_t used;

	extend(c, id, n);
	while (n > 0) {
		used = http3_control_read(k, octets, n, &part);
		octets += used;
		n -= used;
		if ((part.held_n > 0 && !hear(c, id, part.held, part.held_n, false, &used)) ||
		    (part.n > 0 && !hear(c, id, part.octets, part.n, false, &used)))
			return false;
	}
	return !fin || k->reading == HTTP3_TYPE || hear(c, id, NULL, 0, true, &used);
}

static bool take_data(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n,
		      bool fin)
{
	bool good = ngtcp2_is_bidi_stream(id) ? hear_request(c, id, octets, n, fin)
					      : hear_control(c, id, octets, n, fin);

	if (good)
		tell(c);
	return good;
}

static bool note_closed(struct quic_connection *c, int64_t id)
{
	struct http3 *x = c->app_state;
	int status = nghttp3_conn_close_stream(x->session, id, NGHTTP3_H3_NO_ERROR);

	if (status == NGHTTP3_ERR_H3_CLOSED_CRITICAL_STREAM)
		return fail(c, NGHTTP3_H3_CLOSED_CRITICAL_STREAM);
	/* on_close() is told of those that nghttp3 has heard of. */
	if (status != 0 && ngtcp2_is_bidi_stream(id))
		ngtcp2_conn_extend_max_streams_bidi(c->conn, 1);
	tell(c);
	return true;
}

/* Resets cost the client nothing, and us a request begun: as with HTTP/2 (limits.md row 56). */
static bool count_reset(struct http3 *x)
{
	uint64_t now_ms = loop_ms(x->connection->front->loop);

	if (now_ms - x->resets_ms >= HTTP_RESETS_MS) {
		x->resets_ms = now_ms;
		x->resets = 0;
	}
	return ++x->resets <= HTTP_RESETS_MAX;
}

static bool take_reset(struct quic_connection *c, int64_t id)
{
	struct http3 *x = c->app_state;

	if (!count_reset(x))
		return abuse(c);
	if (!ngtcp2_is_bidi_stream(id))
		return note_closed(c, id); /* and nothing of ours is to be ended */
	(void)nghttp3_conn_shutdown_stream_read(x->session, id);
	nghttp3_conn_shutdown_stream_write(x->session, id);
	(void)ngtcp2_conn_shutdown_stream(c->conn, id, NGHTTP3_H3_REQUEST_CANCELLED);
	return true;
}

static unsigned give_next(struct quic_connection *c, int64_t *id, bool *fin, ngtcp2_vec *out)
{
	struct http3 *x = c->app_state;
	nghttp3_vec parts[QUIC_VECTORS];
	int last = 0;
	nghttp3_ssize n =
		nghttp3_conn_writev_stream(x->session, id, &last, parts, ARRAY_LEN(parts));

	if (n < 0) {
		*id = -1;
		return 0;
	}
	*fin = last != 0;
	for (nghttp3_ssize i = 0; i < n; i++)
		out[i] = (ngtcp2_vec){parts[i].base, parts[i].len};
	return (unsigned)n;
}

static void note_wrote(struct quic_connection *c, int64_t id, size_t n)
{
	struct http3 *x = c->app_state;

	(void)nghttp3_conn_add_write_offset(x->session, id, n);
}

static bool *blocked_of(struct http3 *x, int64_t id)
{
	struct http_query *q = ngtcp2_is_bidi_stream(id) ? find(x, tag_of(id)) : NULL;

	for (unsigned i = 0; i < OWN_STREAMS; i++) {
		if (x->own[i] == id)
			return &x->own_blocked[i];
	}
	return q ? &q->blocked : NULL;
}

static void note_blocked(struct quic_connection *c, int64_t id, bool ever)
{
	struct http3 *x = c->app_state;
	bool *blocked = blocked_of(x, id);

	if (ever || !blocked) {
		nghttp3_conn_shutdown_stream_write(x->session, id);
		return;
	}
	nghttp3_conn_block_stream(x->session, id);
	x->blocked_n += !*blocked;
	*blocked = true;
}

static void unblock(struct quic_connection *c)
{
	struct http3 *x = c->app_state;
	struct http_query *q;

	if (likely(x->blocked_n == 0))
		return;
	x->blocked_n = 0;
	for (unsigned i = 0; i < OWN_STREAMS; i++) {
		if (x->own_blocked[i])
			(void)nghttp3_conn_unblock_stream(x->session, x->own[i]);
		x->own_blocked[i] = false;
	}
	cds_list_for_each_entry(q, &x->queries, node)
	{
		if (q->blocked)
			(void)nghttp3_conn_unblock_stream(x->session, id_of(q));
		q->blocked = false;
	}
}

static void note_acked(struct quic_connection *c, int64_t id, size_t n)
{
	struct http3 *x = c->app_state;

	(void)nghttp3_conn_add_ack_offset(x->session, id, n);
	tell(c);
}

static bool send_answer(struct quic_connection *c, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct http3 *x = c->app_state;
	struct http_query *q = find(x, tag);

	/* The client has given it up. */
	if (!q || q->answered || q->over)
		return true;
	if (!submit(x, q, 200, octets, len))
		return false;
	tell(c);
	stream_note_progress(c->stream);
	quic_touch(c);
	return true;
}

/* Silence is no answer in HTTP: the client is told that there is none. */
static void settle(struct quic_connection *c, uint32_t tag)
{
	struct http3 *x = c->app_state;
	struct http_query *q = find(x, tag);

	if (!q || q->settled)
		return;
	q->settled = true;
	if (!q->answered && !q->over) {
		nghttp3_conn_shutdown_stream_write(x->session, id_of(q));
		(void)ngtcp2_conn_shutdown_stream_write(c->conn, id_of(q),
							NGHTTP3_H3_REQUEST_CANCELLED);
		quic_touch(c);
	}
	let_go(x, q);
}

static void end(struct quic_connection *c)
{
	struct http3 *x = c->app_state;
	struct http_query *q, *next;

	nghttp3_conn_del(x->session);
	cds_list_for_each_entry_safe(q, next, &x->queries, node) free_query(x, q);
	free(x);
	c->app_state = NULL;
}

static bool open_own(struct quic_connection *c, struct http3 *x)
{
	for (unsigned i = 0; i < OWN_STREAMS; i++) {
		if (ngtcp2_conn_open_uni_stream(c->conn, &x->own[i], NULL) != 0)
			return false;
	}
	return nghttp3_conn_bind_control_stream(x->session, x->own[0]) == 0 &&
	       nghttp3_conn_bind_qpack_streams(x->session, x->own[1], x->own[2]) == 0;
}

static bool begin(struct quic_connection *c)
{
	struct http3 *x = calloc(1, sizeof *x);
	nghttp3_settings settings;

	if (!x)
		return false;
	x->connection = c;
	x->http.stream = c->stream;
	x->http.front = c->front->http;
	CDS_INIT_LIST_HEAD(&x->queries);
	nghttp3_settings_default(&settings);
	settings.max_field_section_size = HTTP_HEADERS_MAX;
	/* What answers repeat is in the table that does not change. */
	settings.qpack_encoder_max_dtable_capacity = 0;
	if (nghttp3_conn_server_new(&x->session, &callbacks, &settings, NULL, x) != 0) {
		free(x);
		return false;
	}
	nghttp3_conn_set_max_client_streams_bidi(x->session, QUIC_STREAMS_MAX);
	c->app_state = x;
	if (open_own(c, x))
		return true;
	end(c);
	return false;
}

const struct quic_app quic_http3 = {
	.alpn = "h3",
	.begin = begin,
	.data = take_data,
	.reset = take_reset,
	.closed = note_closed,
	.next = give_next,
	.wrote = note_wrote,
	.blocked = note_blocked,
	.unblock = unblock,
	.acked = note_acked,
	.send = send_answer,
	.settle = settle,
	.end = end,
};
