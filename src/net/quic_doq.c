/*
 * quic_doq.c - DNS messages in the streams of a connection (RFC 9250).
 *
 *	stream: length, query, end  ->  length, answer, end
 *
 * Of a connection that we have opened, queries are what is sent and answers what comes; of the
 * others it is the other way round.
 *
 * A place for another query is given when one is over and its answer is owed no more: who asks
 * and cancels gets no more work out of us than who waits (limits.md row 57).
 */
#include "net/quic_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "net/stream_private.h"

#define ROOM_MIN  512                     /* octets of a message that came in parts */
#define KEPT_MAX  (2 * STREAM_UNSENT_MAX) /* octets of messages that the peer does not have yet */
#define ASKED_MAX 256 /* queries of ours on one connection whose streams are not over */

enum doq_error {
	DOQ_INTERNAL_ERROR = 1,
	DOQ_PROTOCOL_ERROR = 2,
	DOQ_REQUEST_CANCELLED = 3,
	DOQ_EXCESSIVE_LOAD = 4,
	DOQ_UNSPECIFIED_ERROR = 5,
};

struct doq {
	struct cds_list_head queries;
	struct cds_list_head sending; /* with octets that were not written */
	unsigned partial_n;           /* messages that have begun to come */
	unsigned unacked_n;           /* messages that the peer does not have yet */
	unsigned blocked_n;           /* messages that the peer takes nothing of right now */
	unsigned queries_n;
	size_t kept; /* octets of all messages to the peer */
};

struct doq_query {
	struct cds_list_head node;
	struct cds_list_head sending; /* its own head when it has nothing to send */
	int64_t id;
	uint8_t *in; /* what came in parts; NULL for nothing */
	uint32_t in_n;
	uint32_t in_room;
	uint8_t *out; /* what is sent; ngtcp2 reads it again until the stream is over */
	uint32_t out_n;
	uint32_t out_at; /* the first octet that was not written */
	uint32_t acked;
	uint16_t message_id; /* of a query of ours */
	bool unacked;        /* the peer does not have the whole of it, and wants it */
	bool delivered;      /* whole, and handed in */
	bool settled;        /* no answer comes any more */
	bool over;           /* the stream is */
	bool blocked; /* the peer takes nothing right now, or no stream of ours (its id is -1) */
};

static uint32_t tag_of(int64_t id)
{
	return (uint32_t)(id >> 2);
}

static struct doq_query *find(const struct doq *d, uint32_t tag)
{
	struct doq_query *q;

	cds_list_for_each_entry(q, &d->queries, node)
	{
		if (tag_of(q->id) == tag)
			return q;
	}
	return NULL;
}

static void tell(struct quic_connection *c)
{
	const struct doq *d = c->app_state;

	quic_note(c, d->partial_n > 0, d->unacked_n > 0);
}

static bool fail(struct quic_connection *c, enum doq_error error)
{
	c->error = error;
	return false;
}

/* --- queries ----------------------------------------------------------------------------- */

static struct doq_query *new_query(struct doq *d, int64_t id)
{
	struct doq_query *q = calloc(1, sizeof *q);

	if (!q)
		return NULL;
	q->id = id;
	CDS_INIT_LIST_HEAD(&q->sending);
	cds_list_add_tail(&q->node, &d->queries);
	d->queries_n++;
	return q;
}

/* Nobody waits for it any more. */
static void drop_message(struct doq *d, struct doq_query *q)
{
	cds_list_del_init(&q->sending);
	d->blocked_n -= q->blocked;
	q->blocked = false;
	d->unacked_n -= q->unacked;
	q->unacked = false;
}

static void drop_parts(struct doq *d, struct doq_query *q)
{
	d->partial_n -= q->in != NULL;
	free(q->in);
	q->in = NULL;
	q->in_n = q->in_room = 0;
}

static void free_query(struct doq *d, struct doq_query *q)
{
	drop_message(d, q);
	drop_parts(d, q);
	cds_list_del(&q->node);
	d->queries_n--;
	d->kept -= q->out_n;
	free(q->out);
	free(q);
}

/* When both sides are through with it, there is a place for another one. */
static void let_go(struct quic_connection *c, struct doq_query *q)
{
	if (!q->over || (!c->asks && q->delivered && !q->settled))
		return;
	free_query(c->app_state, q);
	if (!c->asks)
		ngtcp2_conn_extend_max_streams_bidi(c->conn, 1);
	quic_touch(c);
}

/* The ID of a message is the stream's business, and has to be 0 (RFC 9250 4.2.1). */
static bool deliver(struct quic_connection *c, struct doq_query *q, uint8_t *octets, size_t n)
{
	if (n < 4 || n != 2 + (size_t)get_u16(octets) || get_u16(octets + 2) != 0)
		return fail(c, DOQ_PROTOCOL_ERROR);
	q->delivered = true;
	ngtcp2_conn_extend_max_offset(c->conn, n);
	tell(c);
	if (c->asks)
		put_u16(octets + 2, q->message_id);
	if (!c->stream->read_end)
		return stream_deliver(c->stream, c->asks ? 0 : tag_of(q->id), octets + 2, n - 2) &&
		       c->error == 0;
	q->settled = true;
	(void)ngtcp2_conn_shutdown_stream_write(c->conn, q->id, DOQ_REQUEST_CANCELLED);
	return true;
}

static bool keep_part(struct doq *d, struct doq_query *q, const uint8_t *octets, size_t n)
{
	if (q->in_n + n > q->in_room) {
		size_t room = MAX(q->in_n + n, MAX((size_t)q->in_room * 2, (size_t)ROOM_MIN));
		uint8_t *in = realloc(q->in, room);

		if (!in)
			return false;
		d->partial_n += q->in == NULL;
		q->in = in;
		q->in_room = (uint32_t)room;
	}
	memcpy(q->in + q->in_n, octets, n);
	q->in_n += (uint32_t)n;
	return true;
}

static bool take_data(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n,
		      bool fin)
{
	struct doq *d = c->app_state;
	struct doq_query *q = find(d, tag_of(id));

	if (!q && !c->asks && ngtcp2_is_bidi_stream(id))
		q = new_query(d, id);
	if (!q || q->delivered)
		return fail(c, q ? DOQ_PROTOCOL_ERROR : DOQ_INTERNAL_ERROR);
	if (n > 0 && !keep_part(d, q, octets, n))
		return fail(c, DOQ_INTERNAL_ERROR);
	if (q->in_n >= 2 && q->in_n > 2 + (uint32_t)get_u16(q->in))
		return fail(c, DOQ_PROTOCOL_ERROR);
	if (!fin) {
		tell(c);
		return true;
	}
	uint8_t *in = q->in;
	uint32_t in_n = q->in_n;

	/* Who takes it may close the stream, and everything here with it. */
	d->partial_n -= in != NULL;
	q->in = NULL;
	q->in_n = q->in_room = 0;
	bool good = deliver(c, q, in, in_n);

	free(in);
	return good;
}

static bool take_reset(struct quic_connection *c, int64_t id)
{
	struct doq *d = c->app_state;
	struct doq_query *q = find(d, tag_of(id));

	if (q) {
		ngtcp2_conn_extend_max_offset(c->conn, q->in_n);
		drop_parts(d, q);
		drop_message(d, q);
		tell(c);
	}
	(void)ngtcp2_conn_shutdown_stream(c->conn, id, DOQ_REQUEST_CANCELLED);
	return true;
}

static bool note_closed(struct quic_connection *c, int64_t id)
{
	struct doq *d = c->app_state;
	struct doq_query *q = find(d, tag_of(id));

	if (!q) {
		if (!c->asks)
			ngtcp2_conn_extend_max_streams_bidi(c->conn, 1);
		return true;
	}
	q->over = true;
	ngtcp2_conn_extend_max_offset(c->conn, q->in_n);
	drop_parts(d, q);
	drop_message(d, q);
	tell(c);
	let_go(c, q);
	return true;
}

/* --- answers ----------------------------------------------------------------------------- */

static bool keep_message(struct doq *d, struct doq_query *q, const uint8_t *octets, size_t len)
{
	q->out = malloc(2 + len);
	if (!q->out)
		return false;
	put_u16(q->out, (uint16_t)len);
	memcpy(q->out + 2, octets, len);
	q->out_n = (uint32_t)len + 2;
	q->unacked = true;
	d->unacked_n++;
	d->kept += q->out_n;
	return true;
}

/* False when there has to be a stream for it first, and there is none yet. */
static bool find_stream(struct quic_connection *c, struct doq_query *q)
{
	return q->id >= 0 || (c->open && ngtcp2_conn_open_bidi_stream(c->conn, &q->id, NULL) == 0);
}

static void queue(struct quic_connection *c, struct doq_query *q)
{
	struct doq *d = c->app_state;

	q->blocked = !find_stream(c, q);
	if (q->blocked)
		d->blocked_n++;
	else
		cds_list_add_tail(&q->sending, &d->sending);
}

static bool ask(struct quic_connection *c, const uint8_t *octets, size_t len)
{
	struct doq *d = c->app_state;
	struct doq_query *q = d->queries_n < ASKED_MAX ? new_query(d, -1) : NULL;

	/* Those that the server leaves open are forgotten with the connection only. */
	if (d->queries_n >= ASKED_MAX)
		stream_set_idle(c->stream, 0);
	if (!q)
		return false;
	if (len < 2 || !keep_message(d, q, octets, len)) {
		free_query(d, q);
		return false;
	}
	q->message_id = get_u16(octets);
	put_u16(q->out + 2, 0);
	queue(c, q);
	tell(c);
	stream_note_progress(c->stream);
	quic_touch(c);
	return true;
}

/* False when memory is short. */
static bool answer(struct quic_connection *c, struct doq_query *q, const uint8_t *octets,
		   size_t len)
{
	struct doq *d = c->app_state;

	if (d->kept >= KEPT_MAX) {
		(void)ngtcp2_conn_shutdown_stream_write(c->conn, q->id, DOQ_EXCESSIVE_LOAD);
		return true;
	}
	if (!keep_message(d, q, octets, len))
		return false;
	queue(c, q);
	tell(c);
	stream_note_progress(c->stream);
	return true;
}

static bool send_message(struct quic_connection *c, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct doq_query *q = c->asks ? NULL : find(c->app_state, tag);

	if (c->asks)
		return ask(c, octets, len);
	/* The client does not want it any more. */
	if (!q || q->over || q->out)
		return true;
	quic_touch(c);
	return answer(c, q, octets, len);
}

static void settle(struct quic_connection *c, uint32_t tag)
{
	struct doq_query *q = c->asks ? NULL : find(c->app_state, tag);

	if (!q || q->settled)
		return;
	q->settled = true;
	if (!q->out && !q->over)
		(void)ngtcp2_conn_shutdown_stream_write(c->conn, q->id, DOQ_UNSPECIFIED_ERROR);
	quic_touch(c);
	let_go(c, q);
}

static unsigned give_next(struct quic_connection *c, int64_t *id, bool *fin, ngtcp2_vec *out)
{
	struct doq *d = c->app_state;

	if (cds_list_empty(&d->sending))
		return 0;
	struct doq_query *q = cds_list_first_entry(&d->sending, struct doq_query, sending);

	*id = q->id;
	*fin = true;
	out[0] = (ngtcp2_vec){q->out + q->out_at, q->out_n - q->out_at};
	return 1;
}

static void note_wrote(struct quic_connection *c, int64_t id, size_t n)
{
	struct doq_query *q = find(c->app_state, tag_of(id));

	if (!q || !q->out)
		return;
	q->out_at += (uint32_t)n;
	if (q->out_at == q->out_n)
		cds_list_del_init(&q->sending);
}

static void note_blocked(struct quic_connection *c, int64_t id, bool ever)
{
	struct doq *d = c->app_state;
	struct doq_query *q = find(d, tag_of(id));

	if (!q)
		return;
	if (ever) {
		drop_message(d, q);
		tell(c);
		return;
	}
	cds_list_del_init(&q->sending);
	d->blocked_n += !q->blocked;
	q->blocked = true;
}

static void unblock(struct quic_connection *c)
{
	struct doq *d = c->app_state;
	struct doq_query *q;

	if (likely(d->blocked_n == 0))
		return;
	d->blocked_n = 0;
	cds_list_for_each_entry(q, &d->queries, node)
	{
		if (q->blocked)
			queue(c, q);
	}
}

static void note_acked(struct quic_connection *c, int64_t id, size_t n)
{
	struct doq *d = c->app_state;
	struct doq_query *q = find(d, tag_of(id));

	if (!q || !q->unacked)
		return;
	q->acked += (uint32_t)n;
	if (q->acked >= q->out_n)
		drop_message(d, q);
	tell(c);
	stream_note_progress(c->stream);
}

/* --- the connection ------------------------------------------------------------------------ */

static bool begin(struct quic_connection *c)
{
	struct doq *d = calloc(1, sizeof *d);

	if (!d)
		return false;
	CDS_INIT_LIST_HEAD(&d->queries);
	CDS_INIT_LIST_HEAD(&d->sending);
	c->app_state = d;
	return true;
}

static void end(struct quic_connection *c)
{
	struct doq *d = c->app_state;
	struct doq_query *q, *next;

	cds_list_for_each_entry_safe(q, next, &d->queries, node) free_query(d, q);
	free(d);
	c->app_state = NULL;
}

bool quic_blame(struct stream *s)
{
	struct quic_connection *c = quic_is(s) ? s->framing_state : NULL;

	if (!c || c->app != &quic_doq)
		return false;
	c->error = DOQ_PROTOCOL_ERROR;
	return true;
}

const struct quic_app quic_doq = {
	.alpn = "doq",
	.begin = begin,
	.data = take_data,
	.reset = take_reset,
	.closed = note_closed,
	.next = give_next,
	.wrote = note_wrote,
	.blocked = note_blocked,
	.unblock = unblock,
	.acked = note_acked,
	.send = send_message,
	.settle = settle,
	.end = end,
};
