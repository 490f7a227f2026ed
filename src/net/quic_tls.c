/* quic_tls.c - GnuTLS's part of QUIC (RFC 9001); see quic.h. */
#include "net/quic_private.h"

#include <string.h>

#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "net/tls_private.h"

static const struct quic_app *const apps[] = {
	[QUIC_DOQ] = &quic_doq,
	[QUIC_HTTP3] = &quic_http3,
};

/* Without a protocol in common there is no connection (RFC 9001 8.1). */
int quic_offer(gnutls_session_t session, const struct quic_app *app)
{
	gnutls_datum_t name = {(unsigned char *)without_const(app->alpn),
			       (unsigned)strlen(app->alpn)};

	return gnutls_alpn_set_protocols(session, &name, 1, GNUTLS_ALPN_MANDATORY);
}

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct quic_connection *)ref->user_data)->conn;
}

void quic_set_ref(struct quic_connection *c)
{
	c->ref = (ngtcp2_crypto_conn_ref){.get_conn = conn_of, .user_data = c};
	gnutls_session_set_ptr(c->session, &c->ref);
}

bool quic_begin_session(struct quic_connection *c, struct tls_service *service,
			enum quic_protocol protocol)
{
	gnutls_datum_t ticket_key = {service->ticket_key, TLS_TICKET_KEY_LEN};

	c->service = tls_service_hold(service);
	if (gnutls_init(&c->session, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET |
					     GNUTLS_NO_END_OF_EARLY_DATA) < 0)
		return false;
	quic_set_ref(c);
	gnutls_db_set_cache_expiration(c->session, TLS_TICKET_LIFE_S);
	return gnutls_priority_set(c->session, service->quic_priorities) >= 0 &&
	       gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, service->credentials) >=
		       0 &&
	       gnutls_session_ticket_enable_server(c->session, &ticket_key) >= 0 &&
	       ngtcp2_crypto_gnutls_configure_server_session(c->session) == 0 &&
	       quic_offer(c->session, apps[protocol]) >= 0;
}

const struct quic_app *quic_agreed(gnutls_session_t session)
{
	gnutls_datum_t name;

	if (gnutls_alpn_get_selected_protocol(session, &name) < 0)
		return NULL;
	for (unsigned i = 0; i < ARRAY_LEN(apps); i++) {
		if (strlen(apps[i]->alpn) == name.size &&
		    memcmp(apps[i]->alpn, name.data, name.size) == 0)
			return apps[i];
	}
	return NULL;
}

/* Who gets none begins with a whole handshake the next time. */
void quic_send_ticket(gnutls_session_t session)
{
	(void)gnutls_session_ticket_send(session, 1, 0);
}
