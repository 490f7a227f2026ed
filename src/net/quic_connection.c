/* quic_connection.c - the life of a connection of QUIC; see quic.h. */
#include "net/quic_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/stream_private.h"
#include "net/tls_private.h"

void quic_free_connection(struct quic_connection *c)
{
	if (!c->open) {
		c->front->opening_n--;
		c->front->turns->failed++;
	}
	if (c->watch.fd >= 0) {
		loop_forget(c->front->loop, &c->watch);
		close(c->watch.fd);
	}
	timer_cancel(&c->front->loop->wheel, &c->timer);
	cds_list_del(&c->ready);
	quic_remove_cids(c);
	if (c->app && c->app_state)
		c->app->end(c);
	if (c->conn)
		ngtcp2_conn_del(c->conn);
	if (c->session)
		gnutls_deinit(c->session);
	tls_service_release(c->service);
	tls_peer_release(c->peer_meant);
	free(c);
}

/* --- its stream ----------------------------------------------------------------------------- */

static bool send_answer(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	struct quic_connection *c = s->framing_state;

	return c->app && c->app->send(c, tag, octets, len);
}

static void settle(struct stream *s, uint32_t tag)
{
	struct quic_connection *c = s->framing_state;

	if (c->app)
		c->app->settle(c, tag);
}

/* To a client in its handshake whatever may be sent has been, maybe (RFC 9000 8.1). */
static void say_goodbye(struct quic_connection *c)
{
	ngtcp2_connection_close_error why;

	if (!c->open && !c->asks)
		return;
	ngtcp2_connection_close_error_default(&why);
	if (c->open)
		ngtcp2_connection_close_error_set_application_error(&why, c->error, NULL, 0);
	quic_write_close(c, &why);
}

/* Its owner is done with it; ngtcp2 may not be. */
static void close_connection(struct stream *s)
{
	struct quic_connection *c = s->framing_state;

	s->framing_state = NULL;
	c->stream = NULL;
	if (c->inside)
		return;
	if (!c->gone)
		say_goodbye(c);
	quic_free_connection(c);
}

static const struct stream_framing framing = {
	.send = send_answer, .settle = settle, .close = close_connection};

bool quic_is(const struct stream *s)
{
	return s->framing == &framing;
}

static void enter(struct quic_connection *c)
{
	c->inside = true;
}

/* False when it was closed meanwhile, and is gone. */
static bool leave(struct quic_connection *c)
{
	c->inside = false;
	if (c->stream)
		return true;
	if (!c->gone)
		say_goodbye(c);
	quic_free_connection(c);
	return false;
}

static void end(struct quic_connection *c, enum stream_end why)
{
	c->gone = true;
	stream_end(c->stream, why);
}

void quic_note(struct quic_connection *c, bool partial, bool unacked)
{
	struct stream *s = c->stream;

	if (partial && s->rx_n == 0) {
		c->since_ms = s->since_ms;
		s->since_ms = loop_ms(s->loop);
	} else if (!partial && s->rx_n > 0) {
		/* If it was not whole, it leaves the stream as idle as it was. */
		s->since_ms = c->since_ms;
	}
	s->rx_n = partial;
	s->withheld = unacked;
	stream_arm(s);
}

/* --- its beginning ---------------------------------------------------------------------------- */

ngtcp2_path quic_path(struct quic_connection *c, const struct udp_peer *peer)
{
	return (ngtcp2_path){
		.local = {(ngtcp2_sockaddr *)&c->local, c->local_len},
		.remote = {(ngtcp2_sockaddr *)without_const(&peer->addr.any), peer->addr_len},
	};
}

void quic_choose_params(ngtcp2_transport_params *p, uint32_t idle_ms)
{
	ngtcp2_transport_params_default(p);
	p->initial_max_stream_data_bidi_remote = QUIC_DATA_MAX;
	p->initial_max_stream_data_uni = QUIC_DATA_MAX;
	p->initial_max_data = QUIC_DATA_MAX;
	p->initial_max_streams_bidi = QUIC_STREAMS_MAX;
	p->initial_max_streams_uni = 0;
	p->max_idle_timeout = idle_ms * NGTCP2_MILLISECONDS;
	p->max_udp_payload_size = UDP_QUERY_MAX;
	p->active_connection_id_limit = 4;
}

static void note_beginning(ngtcp2_transport_params *p, const struct quic_beginning *b)
{
	p->original_dcid = *b->original;
	if (b->retried) {
		p->retry_scid = b->header->dcid;
		p->retry_scid_present = 1;
	}
	p->stateless_reset_token_present = 1;
}

/*
 * no_pmtud stays 0: with it ngtcp2 0.12 ends the process by an assertion when a client comes back
 * from an address that was not validated yet. There is nothing to discover above QUIC_SENT_MAX.
 */
void quic_choose_settings(ngtcp2_settings *s, struct quic_front *f)
{
	ngtcp2_settings_default(s);
	s->initial_ts = quic_now(f);
	s->max_tx_udp_payload_size = QUIC_SENT_MAX;
	s->handshake_timeout = STREAM_STALL_MS * NGTCP2_MILLISECONDS;
	s->rand_ctx.native_handle = f->random;
}

static bool begin(struct quic_connection *c, const struct quic_beginning *b,
		  struct tls_service *service, uint32_t idle_ms)
{
	ngtcp2_path path = quic_path(c, b->arrival->peer);
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid id;

	quic_draw_cid(c->front, &id);
	quic_choose_params(&params, idle_ms);
	note_beginning(&params, b);
	if (b->arrival->protocol == QUIC_HTTP3)
		params.initial_max_streams_uni = QUIC_HTTP3_UNI;
	quic_choose_settings(&settings, c->front);
	if (b->validated)
		settings.token = b->header->token;
	if (!quic_reset_token(c->front, &id, params.stateless_reset_token) ||
	    !quic_begin_session(c, service, b->arrival->protocol) ||
	    ngtcp2_conn_server_new(&c->conn, &b->header->scid, &id, &path, b->header->version,
				   &quic_server_callbacks, &settings, &params, NULL, c) != 0)
		return false;
	ngtcp2_conn_set_tls_native_handle(c->conn, c->session);
	return quic_add_cid(c, &id) && quic_add_cid(c, &b->header->dcid);
}

static void on_timer(struct timer *timer)
{
	struct quic_connection *c = CONTAINER_OF(timer, struct quic_connection, timer);

	enter(c);
	int status = ngtcp2_conn_handle_expiry(c->conn, quic_now(c->front));

	if (!leave(c))
		return;
	if (status == NGTCP2_ERR_IDLE_CLOSE || status == NGTCP2_ERR_HANDSHAKE_TIMEOUT)
		end(c, STREAM_IDLE);
	else if (status != 0)
		quic_fail(c, status);
	else
		quic_touch(c);
}

struct quic_connection *quic_new_connection(struct quic_front *f)
{
	struct quic_connection *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->front = f;
	c->watch.fd = -1;
	CDS_INIT_LIST_HEAD(&c->ready);
	timer_init(&c->timer, on_timer);
	f->opening_n++;
	return c;
}

void quic_adopt(struct quic_connection *c, struct stream *s, uint32_t idle_ms)
{
	c->stream = s;
	stream_adopt(s, c->front->loop, &framing, c, idle_ms);
}

void quic_note_open(struct quic_connection *c)
{
	c->open = true;
	c->front->opening_n--;
}

static void note_arrival(struct quic_connection *c, const struct quic_arrival *a)
{
	c->peer = *a->peer;
	c->listener = a->listener;
	/* Clients can't change it: which one it is tells ngtcp2 nothing. */
	c->local.ss_family = a->peer->addr.any.sa_family;
	c->local_len = a->peer->addr_len;
}

struct quic_connection *quic_serve(struct quic_front *f, const struct quic_beginning *b)
{
	const struct quic_arrival *a = b->arrival;
	struct tls_service *service = f->owner->service(f->context);
	struct address client;
	uint32_t idle_ms;

	if (!service || !address_from_sockaddr(&a->peer->addr.any, &client))
		return NULL;
	struct stream *s = f->owner->accept(f->context, &client, a->listener, &idle_ms);

	if (!s)
		return NULL;
	struct quic_connection *c = quic_new_connection(f);

	if (c)
		note_arrival(c, a);
	if (c && begin(c, b, service, idle_ms)) {
		quic_adopt(c, s, idle_ms);
		return c;
	}
	if (c)
		quic_free_connection(c);
	f->owner->give_back(f->context, s);
	return NULL;
}

/* --- what it is told ---------------------------------------------------------------------------
 */

void quic_touch(struct quic_connection *c)
{
	if (cds_list_empty(&c->ready))
		cds_list_add_tail(&c->ready, &c->front->ready);
}

void quic_fail(struct quic_connection *c, int status)
{
	ngtcp2_connection_close_error why;

	if (c->asks)
		quic_say_why(c, status);
	ngtcp2_connection_close_error_default(&why);
	switch (status) {
	case NGTCP2_ERR_DRAINING:
	case NGTCP2_ERR_CLOSING: end(c, STREAM_CLOSED_BY_PEER); return;
	case NGTCP2_ERR_RETRY:
	case NGTCP2_ERR_DROP_CONN: end(c, STREAM_RESET); return;
	case NGTCP2_ERR_CRYPTO:
		ngtcp2_connection_close_error_set_transport_error_tls_alert(
			&why, ngtcp2_conn_get_tls_alert(c->conn), NULL, 0);
		break;
	default:
		ngtcp2_connection_close_error_set_transport_error_liberr(&why, status, NULL, 0);
		if (status == NGTCP2_ERR_CALLBACK_FAILURE && c->open)
			ngtcp2_connection_close_error_set_application_error(&why, c->error, NULL,
									    0);
		break;
	}
	quic_write_close(c, &why);
	end(c, STREAM_RESET);
}

/* Everything is answered to one that is to hear no more. */
static bool is_done(const struct stream *s)
{
	return s->read_end && s->owed == 0 && !stream_is_sending(s);
}

void quic_give_up(struct quic_connection *c)
{
	end(c, STREAM_RESET);
}

/* Whom it is from is the owner's business: there are rules for addresses. */
bool quic_note_address(struct quic_connection *c, const ngtcp2_addr *to)
{
	struct quic_front *f = c->front;
	ngtcp2_path home = quic_path(c, &c->peer);
	ngtcp2_path there = {.local = home.local, .remote = *to};
	struct address client;

	if (ngtcp2_path_eq(&home, &there))
		return true;
	if (to->addrlen > sizeof c->peer.addr || !address_from_sockaddr(to->addr, &client))
		return false;
	c->peer_before = c->peer;
	memcpy(&c->peer.addr, to->addr, to->addrlen);
	c->peer.addr_len = to->addrlen;
	return f->owner->moved(f->context, c->stream, &client);
}

/* ngtcp2 does not tell of a client that comes back to where it was before: that address is proven.
 */
static bool heed_return(struct quic_connection *c)
{
	const ngtcp2_path *now = ngtcp2_conn_get_path(c->conn);
	ngtcp2_path before = quic_path(c, &c->peer_before);

	if (likely(c->peer_before.addr_len == 0) || !ngtcp2_path_eq(&before, now))
		return true;
	return quic_note_address(c, &now->remote);
}

/* A client has been given its ticket, and says nothing by TLS any more: 10 KiB of 70. */
static void let_go_of_tls(struct quic_connection *c)
{
	if (!c->session || !c->open || c->asks)
		return;
	ngtcp2_conn_set_tls_native_handle(c->conn, NULL);
	gnutls_deinit(c->session);
	c->session = NULL;
}

bool quic_take(struct quic_connection *c, const struct quic_arrival *a)
{
	ngtcp2_path path = quic_path(c, a->peer);
	ngtcp2_pkt_info info = {0};
	struct tls_turns *turns = c->front->turns;
	uint64_t began_ns = c->open ? 0 : clock_ns(CLOCK_MONOTONIC);

	enter(c);
	int status =
		ngtcp2_conn_read_pkt(c->conn, &path, &info, a->octets, a->len, quic_now(c->front));

	if (began_ns)
		tls_turns_charge(turns, began_ns);
	if (!leave(c))
		return false;
	if (status != 0) {
		quic_fail(c, status);
		return false;
	}
	if (is_done(c->stream)) {
		stream_end(c->stream, STREAM_CLOSED_BY_PEER);
		return false;
	}
	if (!heed_return(c)) {
		quic_fail(c, NGTCP2_ERR_CALLBACK_FAILURE);
		return false;
	}
	let_go_of_tls(c);
	if (c->app)
		c->app->unblock(c);
	quic_touch(c);
	return true;
}
