/*
 * tls_private.h - the parts of tls.h.
 *
 *   tls_service.c  certificates and keys
 *   tls_shown.c    what these say of us
 *   tls_peer.c     servers that we ask, and how they show who they are
 *   tls_stream.c   the codec
 *   tls_turns.c    what handshakes may cost
 */
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>

#include "net/tls.h"

#define TLS_DIGEST_LEN 32                     /* octets of SHA-256 */
#define TLS_AHEAD_MAX  (TLS_RECORD_MAX + 512) /* octets read at once */

struct tls_service {
	_Atomic uint32_t holders;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	gnutls_priority_t quic_priorities;
	uint8_t ticket_key[TLS_TICKET_KEY_LEN];
	int64_t ticket_made_s;
	uint8_t digest[TLS_DIGEST_LEN]; /* of all that it was made of */
	int64_t ends_s;
	struct tls_shown *shown;
	unsigned shown_n;
};

struct tls_trust {
	_Atomic uint32_t holders;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	gnutls_priority_t quic_priorities;
	uint8_t digest[TLS_DIGEST_LEN]; /* of all that it was made of */
};

struct tls_peer {
	_Atomic uint32_t holders;
	struct tls_trust *trust;
	struct tls_identity identity;
};

/** What QUIC takes of TLS 1.3 (RFC 9001). GnuTLS's status. */
MUST_USE int tls_quic_priorities(gnutls_priority_t *out);

/** A stream's: stream->codec_state. */
struct tls_stream {
	struct stream *stream;
	struct tls_service *service; /* of one that was accepted; else NULL, */
	struct tls_peer *peer;       /* and this is not */
	struct tls_ticket *ticket;   /* with a peer */
	char *why;                   /* with a peer: of TLS_WHY_MAX */
	struct tls_turns *turns;
	gnutls_session_t session;
	struct cds_list_head waiting; /* in turns->waiting; its own head when it does not wait */
	uint8_t *kept;                /* octets read that did not fit the turn; NULL for none */
	uint32_t kept_at;
	uint32_t kept_end;
	bool open;       /* the handshake is done */
	bool sends;      /* GnuTLS keeps octets that the socket did not take */
	bool has_ticket; /* of this connection, with a peer */
	bool lost;       /* octets that were read, for want of memory */
};

/** Fill @p out by the certificate @p index, the server's own of its chain. GnuTLS's status. */
MUST_USE int tls_shown_note(gnutls_certificate_credentials_t credentials, unsigned index,
			    struct tls_shown *out);

/** For gnutls_session_set_verify_function(): is it the peer that is meant? */
int tls_peer_verify(gnutls_session_t session);

/** Is it @p peer at the other end? GnuTLS's status, and @p why of TLS_WHY_MAX. */
MUST_USE int tls_peer_check(gnutls_session_t session, const struct tls_peer *peer, char *why);

/** Ask for the certificate of @p name, if it is one; false when memory is short. */
MUST_USE bool tls_set_server_name(gnutls_session_t session, const char *name);

/** May a handshake go on right now? If not, @p t waits, and stream_go_on() is called in time. */
MUST_USE bool tls_turns_allow(struct tls_stream *t);
