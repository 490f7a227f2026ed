/*
 * quic_ask.c - connections of QUIC that we open; see quic.h.
 *
 * Each has a socket of its own, from a random port: what comes in there is its.
 */
#include "net/quic_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "net/stream_private.h"
#include "net/tls_private.h"

#define DATAGRAMS_PER_EVENT 16
#define DATAGRAM_MAX        1500
#define CRYPTO_ERROR        0x100 /* and the alert of TLS: RFC 9001 4.8 */

/* --- who is at the other end ----------------------------------------------------------------- */

static struct quic_connection *connection_of(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);

	return ref->user_data;
}

static int verify(gnutls_session_t session)
{
	const struct quic_connection *c = connection_of(session);

	return tls_peer_check(session, c->peer_meant, c->why);
}

/* With it the next handshake is a short one. */
static int on_ticket(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		     const gnutls_datum_t *message)
{
	struct quic_connection *c = connection_of(session);
	gnutls_datum_t data;

	(void)type;
	(void)when;
	(void)message;
	if (!incoming || !c->memory || gnutls_session_get_data2(session, &data) < 0)
		return 0;
	tls_ticket_keep(&c->memory->ticket, data.data, data.size);
	gnutls_free(data.data);
	return 0;
}

static int on_token(ngtcp2_conn *conn, const ngtcp2_vec *token, void *user)
{
	struct quic_connection *c = user;

	(void)conn;
	if (c->memory && token->len <= QUIC_TOKEN_MAX)
		tls_ticket_keep(&c->memory->token, token->base, token->len);
	return 0;
}

static int on_handshake(ngtcp2_conn *conn, void *user)
{
	struct quic_connection *c = user;
	struct tls_turns *turns = c->front->turns;

	(void)conn;
	if (!c->stream || quic_agreed(c->session) != c->app) {
		snprintf(c->why, TLS_WHY_MAX, "the server speaks no DNS over QUIC");
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	quic_note_open(c);
	turns->handshakes++;
	turns->resumed += gnutls_session_is_resumed(c->session) != 0;
	stream_opened(c->stream);
	return 0;
}

static int on_more_streams(ngtcp2_conn *conn, uint64_t max, void *user)
{
	struct quic_connection *c = user;

	(void)conn;
	(void)max;
	if (c->stream)
		c->app->unblock(c);
	return 0;
}

static ngtcp2_callbacks callbacks(void)
{
	ngtcp2_callbacks k = quic_server_callbacks;

	k.recv_client_initial = NULL;
	k.path_validation = NULL;
	k.client_initial = ngtcp2_crypto_client_initial_cb;
	k.recv_retry = ngtcp2_crypto_recv_retry_cb;
	k.handshake_completed = on_handshake;
	k.recv_new_token = on_token;
	k.extend_max_local_streams_bidi = on_more_streams;
	return k;
}

/* --- its socket ---------------------------------------------------------------------------------
 */

static void on_ready(struct watch *watch, uint32_t events)
{
	struct quic_connection *c = CONTAINER_OF(watch, struct quic_connection, watch);
	struct quic_front *f = c->front;
	uint8_t octets[DATAGRAM_MAX];

	(void)events;
	for (unsigned i = 0; i < DATAGRAMS_PER_EVENT; i++) {
		ssize_t n = recv(watch->fd, octets, sizeof octets, MSG_DONTWAIT);
		struct quic_arrival a = {.octets = octets, .len = (size_t)n, .peer = &c->peer};

		if (n < 0 && errno == ECONNREFUSED) {
			quic_give_up(c);
			return;
		}
		if (n < 0)
			return;
		/* It may have ended by that, and there is no second look at it. */
		if (n > 0 && !quic_take(c, &a))
			return;
	}
	quic_flush(f);
}

static bool open_socket(struct quic_connection *c, const struct address *server)
{
	struct sockaddr_storage sa;
	int fd = udp_ask_socket(server, c->front->random);

	if (fd < 0)
		return false;
	c->watch = (struct watch){fd, on_ready};
	if (!loop_add(c->front->loop, &c->watch, EPOLLIN)) {
		close(fd);
		c->watch.fd = -1;
		return false;
	}
	c->peer.addr_len = address_to_sockaddr(server, &sa);
	memcpy(&c->peer.addr, &sa, c->peer.addr_len);
	c->local.ss_family = sa.ss_family;
	c->local_len = c->peer.addr_len;
	return true;
}

/* --- its beginning ------------------------------------------------------------------------------
 */

static bool begin_session(struct quic_connection *c)
{
	const struct tls_trust *trust = c->peer_meant->trust;
	const struct tls_identity *identity = &c->peer_meant->identity;
	const struct tls_ticket *ticket = &c->memory->ticket;

	if (gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA) < 0)
		return false;
	quic_set_ref(c);
	gnutls_session_set_verify_function(c->session, verify);
	gnutls_handshake_set_hook_function(c->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
					   GNUTLS_HOOK_POST, on_ticket);
	if (gnutls_priority_set(c->session, trust->quic_priorities) < 0 ||
	    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, trust->credentials) < 0 ||
	    ngtcp2_crypto_gnutls_configure_client_session(c->session) != 0 ||
	    quic_offer(c->session, c->app) < 0 || !tls_set_server_name(c->session, identity->name))
		return false;
	/* One that is no good makes the handshake a whole one. */
	if (ticket->len > 0)
		(void)gnutls_session_set_data(c->session, ticket->octets, ticket->len);
	return true;
}

static bool begin(struct quic_connection *c, uint32_t idle_ms)
{
	ngtcp2_path path = quic_path(c, &c->peer);
	ngtcp2_transport_params params;
	ngtcp2_callbacks told = callbacks();
	ngtcp2_settings settings;
	ngtcp2_cid theirs, ours;

	quic_draw_cid(c->front, &ours);
	quic_draw_cid(c->front, &theirs);
	quic_choose_params(&params, idle_ms);
	quic_choose_settings(&settings, c->front);
	settings.token = (ngtcp2_vec){c->memory->token.octets, c->memory->token.len};
	params.initial_max_streams_bidi = 0;
	params.initial_max_data = QUIC_ANSWERS_MAX;
	params.initial_max_stream_data_bidi_local = QUIC_DATA_MAX;
	if (!begin_session(c) || !c->app->begin(c) ||
	    ngtcp2_conn_client_new(&c->conn, &theirs, &ours, &path, QUIC_VERSION, &told, &settings,
				   &params, NULL, c) != 0)
		return false;
	ngtcp2_conn_set_tls_native_handle(c->conn, c->session);
	return true;
}

bool quic_ask(struct quic_front *f, struct stream *s, const struct address *server,
	      const struct quic_asking *asking, uint32_t idle_ms)
{
	struct quic_connection *c = quic_new_connection(f);

	if (!c)
		return false;
	c->asks = true;
	c->app = &quic_doq;
	c->memory = asking->memory;
	c->why = asking->why;
	c->why[0] = '\0';
	c->peer_meant = tls_peer_hold(asking->peer);
	if (!open_socket(c, server) || !begin(c, idle_ms)) {
		quic_free_connection(c);
		return false;
	}
	quic_adopt(c, s, idle_ms);
	quic_touch(c);
	return true;
}

void quic_memory_forget(struct quic_memory *memory)
{
	tls_ticket_forget(&memory->ticket);
	tls_ticket_forget(&memory->token);
}

/* --- its end -------------------------------------------------------------------------------------
 */

/* Unless the certificate was the reason, which has been told. */
void quic_say_why(struct quic_connection *c, int status)
{
	ngtcp2_connection_close_error theirs;
	uint64_t alert;

	if (c->open || *c->why)
		return;
	ngtcp2_conn_get_connection_close_error(c->conn, &theirs);
	alert = theirs.error_code - CRYPTO_ERROR;
	if (status == NGTCP2_ERR_CRYPTO)
		snprintf(c->why, TLS_WHY_MAX, "TLS handshake: %s",
			 gnutls_alert_get_name(ngtcp2_conn_get_tls_alert(c->conn)));
	else if (status == NGTCP2_ERR_DRAINING && alert < 256)
		snprintf(c->why, TLS_WHY_MAX, "TLS handshake refused: %s",
			 gnutls_alert_get_name((gnutls_alert_description_t)alert));
	else if (status == NGTCP2_ERR_DRAINING)
		snprintf(c->why, TLS_WHY_MAX, "QUIC connection refused: error %llu",
			 (unsigned long long)theirs.error_code);
	else
		snprintf(c->why, TLS_WHY_MAX, "QUIC handshake: %s", ngtcp2_strerror(status));
}
