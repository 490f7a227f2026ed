/*
 * tls_stream.c - the codec of TLS; see tls.h.
 *
 * GnuTLS asks for the five octets of a record's header, then for the rest: each would be a system
 * call. So a loop reads ahead into one buffer for all of its streams. What a stream leaves there
 * when another one needs the buffer is copied for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/tls_private.h"

#define ALERTS_MAX 4 /* of warnings that are passed over at once */

/* --- octets of the socket ------------------------------------------------------- */

/* What @p t has left in the loop's buffer becomes its own. */
static void keep_ahead(struct tls_turns *turns)
{
	struct tls_stream *t = turns->ahead_for;
	uint32_t n = turns->ahead_end - turns->ahead_at;

	turns->ahead_for = NULL;
	if (!t || n == 0)
		return;
	t->kept = malloc(n);
	t->lost = !t->kept;
	if (!t->kept)
		return;
	memcpy(t->kept, turns->ahead + turns->ahead_at, n);
	t->kept_at = 0;
	t->kept_end = n;
}

static ssize_t take(const uint8_t *from, uint32_t *at, uint32_t end, void *to, size_t max)
{
	size_t n = MIN(max, (size_t)(end - *at));

	memcpy(to, from + *at, n);
	*at += (uint32_t)n;
	return (ssize_t)n;
}

static ssize_t take_kept(struct tls_stream *t, void *to, size_t max)
{
	ssize_t n = take(t->kept, &t->kept_at, t->kept_end, to, max);

	if (t->kept_at == t->kept_end) {
		free(t->kept);
		t->kept = NULL;
	}
	return n;
}

static ssize_t pull(gnutls_transport_ptr_t state, void *to, size_t max)
{
	struct tls_stream *t = state;
	struct tls_turns *turns = t->turns;

	if (t->kept)
		return take_kept(t, to, max);
	if (turns->ahead_for == t && turns->ahead_at < turns->ahead_end)
		return take(turns->ahead, &turns->ahead_at, turns->ahead_end, to, max);
	if (turns->ahead_for != t)
		keep_ahead(turns);
	ssize_t n = t->lost ? -1 : recv(t->stream->watch.fd, turns->ahead, TLS_AHEAD_MAX, 0);

	if (n <= 0) {
		gnutls_transport_set_errno(t->session, t->lost ? ENOMEM : errno);
		return n;
	}
	turns->ahead_for = t;
	turns->ahead_at = 0;
	turns->ahead_end = (uint32_t)n;
	return take(turns->ahead, &turns->ahead_at, turns->ahead_end, to, max);
}

static ssize_t push(gnutls_transport_ptr_t state, const giovec_t *iov, int n)
{
	struct tls_stream *t = state;
	ssize_t sent = stream_write_socket(t->stream, iov, n);

	if (sent < 0)
		gnutls_transport_set_errno(t->session, errno);
	return sent;
}

/* --- the codec -------------------------------------------------------------------- */

/* Unless the certificate was the reason, which has been told. */
static void say_why(const struct tls_stream *t, int status)
{
	if (*t->why)
		return;
	if (status == GNUTLS_E_FATAL_ALERT_RECEIVED)
		snprintf(t->why, TLS_WHY_MAX, "TLS handshake refused: %s",
			 gnutls_alert_get_name(gnutls_alert_get(t->session)));
	else
		snprintf(t->why, TLS_WHY_MAX, "TLS handshake: %s", gnutls_strerror(status));
}

static enum codec_state end_handshake(struct tls_stream *t, int status)
{
	if (status == GNUTLS_E_SUCCESS) {
		t->open = true;
		t->turns->handshakes++;
		t->turns->resumed += gnutls_session_is_resumed(t->session) != 0;
		return CODEC_OPEN;
	}
	if (status == GNUTLS_E_AGAIN || status == GNUTLS_E_INTERRUPTED)
		return gnutls_record_get_direction(t->session) ? CODEC_WANTS_WRITE
							       : CODEC_WANTS_READ;
	t->turns->failed++;
	if (t->why)
		say_why(t, status);
	(void)gnutls_alert_send_appropriate(t->session, status);
	return CODEC_FAILED;
}

static enum codec_state open_tls(struct stream *s)
{
	struct tls_stream *t = s->codec_state;

	if (!tls_turns_allow(t))
		return CODEC_WANTS_TURN;
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int status = gnutls_handshake(t->session);

	/* What stands behind it has been read from the socket, which will not tell of it again. */
	for (unsigned i = 1; status == GNUTLS_E_WARNING_ALERT_RECEIVED && i < ALERTS_MAX; i++)
		status = gnutls_handshake(t->session);

	tls_turns_charge(t->turns, began_ns);
	return end_handshake(t, status);
}

static ssize_t fail(int error)
{
	errno = error;
	return -1;
}

/*
 * With the first octets that the server sends, for tickets come before: at the end of a
 * connection that was cut off, GnuTLS has none.
 */
static void keep_ticket(struct tls_stream *t)
{
	gnutls_datum_t data;

	if (!(gnutls_session_get_flags(t->session) & GNUTLS_SFLAGS_SESSION_TICKET) ||
	    gnutls_session_get_data2(t->session, &data) < 0)
		return;
	t->has_ticket = true;
	tls_ticket_keep(t->ticket, data.data, data.size);
	gnutls_free(data.data);
}

static ssize_t read_tls(struct stream *s, uint8_t *to, size_t max)
{
	struct tls_stream *t = s->codec_state;
	ssize_t n = 0;

	for (unsigned i = 0; i < ALERTS_MAX; i++) {
		n = gnutls_record_recv(t->session, to, max);
		if (n != GNUTLS_E_WARNING_ALERT_RECEIVED)
			break;
	}
	if (n > 0 && t->peer && !t->has_ticket)
		keep_ticket(t);
	if (n >= 0)
		return n;
	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return fail(EAGAIN);
	/* An end without a word is one: what was asked before is answered. */
	if (n == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	return fail(EPROTO);
}

/* Parts of a message belong into one record. */
static size_t join(const struct iovec *iov, int n, uint8_t *out, size_t max)
{
	size_t at = 0;

	for (int i = 0; i < n && at < max; i++) {
		size_t part = MIN(iov[i].iov_len, max - at);

		memcpy(out + at, iov[i].iov_base, part);
		at += part;
	}
	return at;
}

static ssize_t write_tls(struct stream *s, const struct iovec *iov, int n)
{
	struct tls_stream *t = s->codec_state;
	uint8_t record[TLS_RECORD_MAX];
	size_t len = join(iov, n, record, sizeof record);
	ssize_t sent = gnutls_record_send(t->session, record, len);

	/*
	 * GnuTLS has encrypted some of it, and keeps what the socket did not take: how much, only
	 * the call tells that gets rid of it. The client may have asked for short records (RFC
	 * 8449).
	 */
	t->sends = sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED;
	if (t->sends)
		return fail(EAGAIN);
	return sent >= 0 ? sent : fail(EPROTO);
}

static bool is_pending(const struct stream *s)
{
	const struct tls_stream *t = s->codec_state;
	const struct tls_turns *turns = t->turns;

	return gnutls_record_check_pending(t->session) > 0 || t->kept ||
	       (turns->ahead_for == t && turns->ahead_at < turns->ahead_end);
}

static void free_tls(struct tls_stream *t)
{
	cds_list_del(&t->waiting);
	if (t->session)
		gnutls_deinit(t->session);
	free(t->kept);
	tls_service_release(t->service);
	tls_peer_release(t->peer);
	free(t);
}

static void close_tls(struct stream *s)
{
	struct tls_stream *t = s->codec_state;

	if (t->open && !t->sends)
		(void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
	if (t->turns->ahead_for == t)
		t->turns->ahead_for = NULL;
	free_tls(t);
	s->codec_state = NULL;
}

static const struct stream_codec codec = {
	.open = open_tls,
	.read = read_tls,
	.write = write_tls,
	.pending = is_pending,
	.close = close_tls,
};

/* --- sessions --------------------------------------------------------------------- */

/* Whoever speaks something else only is told so (RFC 7301 3.2), one that says nothing is believed
 * to mean the same as us. */
static int offer(gnutls_session_t session, enum tls_protocol protocol, bool ask)
{
	static const gnutls_datum_t dot[] = {{(unsigned char *)"dot", 3}};
	static const gnutls_datum_t https[] = {{(unsigned char *)"h2", 2},
					       {(unsigned char *)"http/1.1", 8}};

	if (protocol == TLS_DOT)
		return gnutls_alpn_set_protocols(session, dot, ARRAY_LEN(dot),
						 GNUTLS_ALPN_MANDATORY);
	/* We ask by HTTP/2 only. */
	return gnutls_alpn_set_protocols(session, https, ask ? 1 : ARRAY_LEN(https),
					 GNUTLS_ALPN_MANDATORY);
}

static bool make_session(struct tls_stream *t, unsigned end)
{
	if (gnutls_init(&t->session, end | GNUTLS_NONBLOCK) < 0)
		return false;
	gnutls_session_set_ptr(t->session, t);
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_vec_push_function(t->session, push);
	return true;
}

static struct tls_stream *new_tls(struct stream *s, struct tls_turns *turns)
{
	struct tls_stream *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->stream = s;
	t->turns = turns;
	CDS_INIT_LIST_HEAD(&t->waiting);
	return t;
}

static bool begin_session(struct tls_stream *t, enum tls_protocol protocol)
{
	gnutls_datum_t ticket_key = {t->service->ticket_key, TLS_TICKET_KEY_LEN};

	if (!make_session(t, GNUTLS_SERVER))
		return false;
	gnutls_db_set_cache_expiration(t->session, TLS_TICKET_LIFE_S);
	return gnutls_priority_set(t->session, t->service->priorities) >= 0 &&
	       gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE,
				      t->service->credentials) >= 0 &&
	       gnutls_session_ticket_enable_server(t->session, &ticket_key) >= 0 &&
	       offer(t->session, protocol, false) >= 0;
}

bool tls_serve(struct stream *s, struct tls_service *service, struct tls_turns *turns,
	       enum tls_protocol protocol)
{
	struct tls_stream *t = new_tls(s, turns);

	if (!t)
		return false;
	t->service = tls_service_hold(service);
	if (!begin_session(t, protocol)) {
		free_tls(t);
		return false;
	}
	stream_set_codec(s, &codec, t);
	return true;
}

static bool is_address(const char *name)
{
	struct address a;

	return address_from_text(name, 0, &a);
}

/* RFC 6066 3: addresses are no names there. */
bool tls_set_server_name(gnutls_session_t session, const char *name)
{
	return !*name || is_address(name) ||
	       gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name)) >= 0;
}

static bool begin_asking(struct tls_stream *t, enum tls_protocol protocol)
{
	const struct tls_trust *trust = t->peer->trust;
	const char *name = t->peer->identity.name;

	if (!make_session(t, GNUTLS_CLIENT))
		return false;
	gnutls_session_set_verify_function(t->session, tls_peer_verify);
	if (gnutls_priority_set(t->session, trust->priorities) < 0 ||
	    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, trust->credentials) < 0 ||
	    offer(t->session, protocol, true) < 0)
		return false;
	if (!tls_set_server_name(t->session, name))
		return false;
	/* One that is no good makes the handshake a whole one. */
	if (t->ticket->len > 0)
		(void)gnutls_session_set_data(t->session, t->ticket->octets, t->ticket->len);
	return true;
}

bool tls_ask(struct stream *s, struct tls_peer *peer, struct tls_turns *turns,
	     enum tls_protocol protocol, struct tls_ticket *ticket, char why[TLS_WHY_MAX])
{
	struct tls_stream *t = new_tls(s, turns);

	if (!t)
		return false;
	why[0] = '\0';
	t->peer = tls_peer_hold(peer);
	t->ticket = ticket;
	t->why = why;
	if (!begin_asking(t, protocol)) {
		free_tls(t);
		return false;
	}
	stream_set_codec(s, &codec, t);
	return true;
}

void tls_ticket_keep(struct tls_ticket *ticket, const uint8_t *octets, size_t len)
{
	tls_ticket_forget(ticket);
	ticket->octets = malloc(len);
	if (!ticket->octets)
		return;
	memcpy(ticket->octets, octets, len);
	ticket->len = len;
}

void tls_ticket_forget(struct tls_ticket *ticket)
{
	free(ticket->octets);
	*ticket = (struct tls_ticket){0};
}

const char *tls_agreed(const struct stream *s, size_t *len)
{
	const struct tls_stream *t = s->codec_state;
	gnutls_datum_t protocol;

	*len = 0;
	if (s->codec != &codec || gnutls_alpn_get_selected_protocol(t->session, &protocol) < 0)
		return "";
	*len = protocol.size;
	return (const char *)protocol.data;
}
