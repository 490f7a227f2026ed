/*
 * quic_private.h - the parts of quic.h.
 *
 *   quic_front.c       datagrams find their connection, or what to do without one
 *   quic_waiting.c     clients that wait until there is time for their handshakes
 *   quic_connection.c  the life of a connection
 *   quic_callbacks.c   what ngtcp2 tells
 *   quic_frames.c      frames that ngtcp2 must not see as they are
 *   quic_write.c       the datagrams that it sends
 *   quic_tls.c         its keys: a session of GnuTLS
 *   quic_ask.c         connections that we open
 *   quic_doq.c         DNS messages in its streams (RFC 9250)
 *   http3.c            or HTTP (RFC 9114)
 *   http3_control.c    without frames that nghttp3 must not see
 */
#pragma once

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "net/quic.h"

#define QUIC_CIDS_MAX    12    /* at a time: 8 that are issued, the first two, and some to spare */
#define QUIC_DATA_MAX    65537 /* octets that a peer may send unread: the longest message */
#define QUIC_VERSION     NGTCP2_PROTO_VER_V1
#define QUIC_TOKEN_LIFE  (3600 * NGTCP2_SECONDS) /* of an address that was seen */
#define QUIC_RETRY_LIFE  (10 * NGTCP2_SECONDS)   /* of one that was asked to show itself */
#define QUIC_ANSWERS_MAX (1 << 20)               /* octets that a server may send unread */
#define QUIC_HTTP3_UNI   8   /* streams one way that a client of HTTP/3 may open */
#define QUIC_TOKEN_MAX   512 /* octets of one that a server gives us */
#define QUIC_VECTORS     16  /* parts of what is written at once */

/** A connection ID that leads to a connection. */
struct quic_cid {
	struct cds_hlist_node node;
	struct quic_connection *connection; /* NULL: the place is free */
	ngtcp2_cid id;
};

struct quic_connection;

/** What is said inside of QUIC's streams, chosen by ALPN. All but begin() may be called from
 * ngtcp2's callbacks. */
struct quic_app {
	const char *alpn;
	/** The handshake is done. False when memory is short. */
	bool (*begin)(struct quic_connection *c);
	/** Octets of the peer in stream @p id. False: the application has set c->error. */
	bool (*data)(struct quic_connection *c, int64_t id, const uint8_t *octets, size_t n,
		     bool fin);
	/** The peer says no more in @p id. That it wants to hear no more is told by blocked(), or
	 * closed(). False as data(). */
	bool (*reset)(struct quic_connection *c, int64_t id);
	/** @p id is over, both ways. False as data(). */
	bool (*closed)(struct quic_connection *c, int64_t id);
	/**
	 * The next octets to be sent: how many parts of @p out; @p id is -1 for nothing. ngtcp2
	 * takes no copy: they stay where they are until acked() or closed(), whatever else is told.
	 */
	unsigned (*next)(struct quic_connection *c, int64_t *id, bool *fin, ngtcp2_vec *out);
	/** So many of these were taken. */
	void (*wrote)(struct quic_connection *c, int64_t id, size_t n);
	/** Nothing of @p id can be sent, for now or (@p ever) at all. */
	void (*blocked)(struct quic_connection *c, int64_t id, bool ever);
	/** What was blocked for now may go on. */
	void (*unblock)(struct quic_connection *c);
	/** The peer has so many octets more of @p id. */
	void (*acked)(struct quic_connection *c, int64_t id, size_t n);
	/** As stream_framing's; of a connection that asks, a query, whenever that can go out. */
	bool (*send)(struct quic_connection *c, uint32_t tag, const uint8_t *octets, size_t len);
	void (*settle)(struct quic_connection *c, uint32_t tag);
	void (*end)(struct quic_connection *c);
};

extern const struct quic_app quic_doq;
extern const struct quic_app quic_http3;

struct quic_connection {
	ngtcp2_crypto_conn_ref ref; /* the pointer that GnuTLS keeps */
	struct quic_front *front;
	ngtcp2_conn *conn;
	gnutls_session_t session;    /* NULL: a client's, after its handshake */
	struct tls_service *service; /* whose certificates we show, */
	struct tls_peer *peer_meant; /* or who has to be at the other end, of one that asks */
	struct quic_memory *memory;  /* with a peer */
	char *why;                   /* with a peer: of TLS_WHY_MAX */
	struct watch watch;          /* with a peer: its socket; its fd is -1 for none */
	struct stream *stream;       /* NULL: closed by its owner */
	const struct quic_app *app;
	void *app_state;
	struct timer timer;         /* ngtcp2's */
	struct cds_list_head ready; /* in front->ready; its own head when not */
	struct quic_cid cids[QUIC_CIDS_MAX];
	struct udp_peer peer;          /* whose address has been shown to be its; of a client in
					  its handshake, by which it came */
	struct udp_peer peer_before;   /* and the one before it */
	struct sockaddr_storage local; /* ours, the same for its whole life */
	socklen_t local_len;
	uint8_t listener;
	bool asks;         /* we have opened it */
	bool open;         /* the handshake is done */
	bool inside;       /* ngtcp2 is at work, and must not be freed */
	bool gone;         /* nothing is to be said any more */
	uint64_t since_ms; /* the stream's, when a message began to come */
	uint64_t error;    /* of the application, by which it ends */
};

/* quic_front.c */

bool quic_add_cid(struct quic_connection *c, const ngtcp2_cid *id);
void quic_remove_cid(struct quic_connection *c, const ngtcp2_cid *id);
void quic_remove_cids(struct quic_connection *c);

/** An ID that leads to this worker. */
void quic_draw_cid(struct quic_front *f, ngtcp2_cid *out);

/** The token that ends a connection with @p id without knowing more of it (RFC 9000 10.3). */
bool quic_reset_token(const struct quic_front *f, const ngtcp2_cid *id,
		      uint8_t out[NGTCP2_STATELESS_RESET_TOKENLEN]);

/* quic_waiting.c */

/** Keep @p a, from an address that is its sender's, until there is time; false when too many wait.
 */
MUST_USE bool quic_wait(struct quic_front *f, const struct quic_arrival *a);

/** Take as many as there is time for. */
void quic_serve_waiting(struct quic_front *f);
void quic_drop_waiting(struct quic_front *f);

/* quic_connection.c */

/** What an accepted Initial packet says of the connection that it begins. */
struct quic_beginning {
	const ngtcp2_pkt_hd *header;
	const ngtcp2_cid *original; /* the ID that the client has chosen first */
	const struct quic_arrival *arrival;
	bool retried;   /* the header's destination is of our Retry */
	bool validated; /* the address is the client's */
};

/** Begin to serve; NULL when there is no place or memory. */
struct quic_connection *quic_serve(struct quic_front *f, const struct quic_beginning *b);

/** Give it a datagram. False when it has ended. */
bool quic_take(struct quic_connection *c, const struct quic_arrival *a);

/** One with nothing in it, in its handshake; NULL when memory is short. */
MUST_USE struct quic_connection *quic_new_connection(struct quic_front *f);
void quic_free_connection(struct quic_connection *c);

/** It is @p s from here on. */
void quic_adopt(struct quic_connection *c, struct stream *s, uint32_t idle_ms);

/** The client's address is another one, which is proven. False when that one may not ask. */
bool quic_note_address(struct quic_connection *c, const ngtcp2_addr *to);

/** The handshake is done. */
void quic_note_open(struct quic_connection *c);

/** What both ends say of themselves. */
void quic_choose_params(ngtcp2_transport_params *p, uint32_t idle_ms);
void quic_choose_settings(ngtcp2_settings *s, struct quic_front *f);

/** One that asks has nobody at the other end. */
void quic_give_up(struct quic_connection *c);

/** It may have something to send. */
void quic_touch(struct quic_connection *c);

/** ngtcp2 says @p status, which is no good: it ends, and the peer hears why. */
void quic_fail(struct quic_connection *c, int status);

/** The stream is told what is under way; that alone is no progress. */
void quic_note(struct quic_connection *c, bool partial, bool unacked);

static inline uint64_t quic_now(const struct quic_front *f)
{
	return f->loop->now.mono_ns;
}

/** The path that a datagram came by; its addresses are @p c's and @p peer's. */
ngtcp2_path quic_path(struct quic_connection *c, const struct udp_peer *peer);

/* quic_callbacks.c */

extern const ngtcp2_callbacks quic_server_callbacks;

/* quic_frames.c */

/**
 * Have no NEW_CONNECTION_ID frame in @p payload, of a packet, ask that IDs be retired: ngtcp2 0.12
 * ends the process when one that is retired by it comes twice. They are not retired then, which
 * costs a peer no more than that it must go on to know them.
 */
void quic_retire_nothing(uint8_t *payload, size_t len);

/* quic_write.c */

/** Write all that may be written now; false when it has ended. */
bool quic_write(struct quic_connection *c);

/** Say that it ends, and why. */
void quic_write_close(struct quic_connection *c, const ngtcp2_connection_close_error *why);

/** Set the timer as ngtcp2 wants it. */
void quic_arm(struct quic_connection *c);

/* quic_tls.c */

MUST_USE bool quic_begin_session(struct quic_connection *c, struct tls_service *service,
				 enum quic_protocol protocol);

/** GnuTLS finds the connection by its session from here on. */
void quic_set_ref(struct quic_connection *c);

/** Offer @p app, and nothing else. GnuTLS's status. */
MUST_USE int quic_offer(gnutls_session_t session, const struct quic_app *app);

/** The application that was agreed on; NULL for none. */
const struct quic_app *quic_agreed(gnutls_session_t session);
void quic_send_ticket(gnutls_session_t session);

/* quic_ask.c */

/** Keep the reason for which a handshake with a server fails: ngtcp2 says @p status. */
void quic_say_why(struct quic_connection *c, int status);
