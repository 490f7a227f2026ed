/*
 * quic.h - QUIC below DNS messages (RFC 9000, 9001, 9250), by ngtcp2 and GnuTLS.
 *
 * Purpose    the datagrams of a socket become connections, and those are streams (net/stream.h)
 *            whose messages travel in streams of QUIC. Version 1. No early data, no path MTU
 *            discovery: what is sent fits everywhere.
 *
 *	datagram -> quic_receive() -> connection by its ID -> application (DoQ) -> stream -> owner
 *	         -> no connection: a new one, Retry, version negotiation, reset, another worker's
 *	owner -> stream_send() -> quic_flush() -> datagrams
 *
 * Memory     a connection is about 60 KiB, of ngtcp2's mostly; what its client may send unread is
 *            one message (QUIC_DATA_MAX), in up to 300 KiB when it comes in odd pieces, and answers
 *            that it does not take are 320 KiB at most.
 * Threads    the loop's own, but for the secret, which all share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "base/random.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/udp.h"

#define QUIC_CID_LEN     12   /* octets of the connection IDs that we choose */
#define QUIC_BUCKETS     4096 /* of a front's connection IDs */
#define QUIC_SENT_MAX    1200 /* octets of a datagram that we send (RFC 9000 14) */
#define QUIC_STREAMS_MAX 64   /* queries of one connection at a time */
#define QUIC_SECRET_LEN  32
#define QUIC_OPENING_MAX 32 /* handshakes under way; beyond that, addresses are validated */

/** What makes connection IDs, tokens and resets ours; of all workers the same. */
struct quic_secret {
	struct hash_key ids;
	uint8_t tokens[QUIC_SECRET_LEN];
	uint8_t resets[QUIC_SECRET_LEN];
};

void quic_secret_draw(struct quic_secret *secret, struct random *random);

/** What is spoken inside. */
enum quic_protocol { QUIC_DOQ, QUIC_HTTP3 };

/** A datagram that came in. */
struct quic_arrival {
	const uint8_t *octets;
	size_t len;
	const struct udp_peer *peer;
	uint8_t listener;            /* where, */
	enum quic_protocol protocol; /* and what its connections speak */
};

struct quic_front;

/** Whom a front serves. All are called with the front's context. */
struct quic_owner {
	/** A stream for a connection of @p client, which may be idle so long, or NULL when there is
	 * no place. */
	struct stream *(*accept)(void *context, const struct address *client, uint8_t listener,
				 uint32_t *idle_ms);
	/** The connection came to nothing before it was a stream: its place is free. */
	void (*give_back)(void *context, struct stream *s);
	/** Its client has another address: false when there is no place for that one. */
	bool (*moved)(void *context, struct stream *s, const struct address *client);
	/** Whose certificates are shown; NULL for none. */
	struct tls_service *(*service)(void *context);
	/** A buffer of QUIC_SENT_MAX octets, NULL when @p listener is gone, and what stands in it
	 * to be sent. */
	uint8_t *(*buffer)(void *context, uint8_t listener);
	void (*send)(void *context, uint8_t listener, size_t len, const struct udp_peer *to);
	/** The datagram is for a connection of worker @p index. */
	void (*forward)(void *context, unsigned index, const struct quic_arrival *a);
};

struct quic_cid;

struct quic_front {
	const struct quic_owner *owner;
	void *context;
	struct http_front *http; /* set it where HTTP/3 is spoken */
	struct loop *loop;
	struct tls_turns *turns;
	const struct quic_secret *secret;
	struct random *random;
	unsigned index;                 /* the worker, in its connection IDs */
	struct cds_hlist_head *buckets; /* connection IDs; NULL before the first connection */
	struct cds_list_head ready;     /* connections that may have something to send */
	struct timer timer;             /* for these */
	struct cds_list_head waiting; /* beginnings of connections, until there is time for them, */
	unsigned waiting_n;           /* and how many */
	unsigned opening_n;           /* connections in their handshake */
	unsigned resets_n;            /* sent in this second, */
	uint64_t resets_ms;           /* which began then */
	uint64_t retries;             /* addresses that were asked to show themselves */
	uint64_t dropped;             /* datagrams that were of no use, */
	uint64_t refused;             /* and connections without a place or time */
};

void quic_front_init(struct quic_front *f, const struct quic_owner *owner, void *context,
		     struct loop *loop, struct tls_turns *turns, const struct quic_secret *secret,
		     struct random *random, unsigned index);

/** All connections have ended. */
void quic_front_end(struct quic_front *f);

/** Take a datagram; what is to be said waits for quic_flush(). */
void quic_receive(struct quic_front *f, const struct quic_arrival *a);

/** Write what connections have to say. */
void quic_flush(struct quic_front *f);

/** What makes the next handshake with the same server a short one; zeroed: nothing. */
struct quic_memory {
	struct tls_ticket ticket;
	struct tls_ticket token; /* by which it knows our address */
};

void quic_memory_forget(struct quic_memory *memory);

struct quic_asking {
	struct tls_peer *peer;      /* who has to be there; held as long as the stream lasts */
	struct quic_memory *memory; /* of the server; outlives the stream */
	char *why; /* of TLS_WHY_MAX, gets the reason when the handshake fails; outlives the stream
		    */
};

/**
 * Have @p s ask @p server by DNS over QUIC. False when memory is short, or errno tells: @p s has
 * not begun then. Queries are sent with tag 0, and answers come with the IDs of their queries.
 */
MUST_USE bool quic_ask(struct quic_front *f, struct stream *s, const struct address *server,
		       const struct quic_asking *asking, uint32_t idle_ms);

/**
 * The peer of @p s breaks a rule of DNS over QUIC: the connection ends when the message is read.
 * False when something else is spoken there.
 */
bool quic_blame(struct stream *s);

/** Is @p s one of QUIC? */
bool quic_is(const struct stream *s);
