/*
 * tls.h - TLS below DNS messages (RFC 7858, 8310), by GnuTLS: a codec of net/stream.
 *
 * Purpose    TLS 1.3 and 1.2 for streams that we accept: certificates chosen by the name that a
 *            client wants (SNI), sessions resumed by tickets that all workers understand. No
 *            renegotiation, no early data (limits.md row 55).
 * Memory     a service is shared by all that hold it; a stream's session is GnuTLS's, about 10 KiB.
 * Threads    a service: any. Turns and streams: the loop's own.
 *
 *	tls_serve(&client->stream, rules->tls, &worker->tls, TLS_DOT);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <urcu/list.h>

#include "base/compiler.h"
#include "net/loop.h"
#include "net/stream.h"

#define TLS_TICKET_KEY_LEN 64    /* octets of the key that keys of tickets are made of */
#define TLS_TICKET_LIFE_S  21600 /* of a ticket; the keys change as often */
#define TLS_RECORD_MAX     16384 /* octets, RFC 8446 5.1 */

/** What is spoken inside, named by ALPN (RFC 7301). */
enum tls_protocol {
	TLS_DOT,   /* "dot" */
	TLS_HTTPS, /* "h2" and "http/1.1" */
};

/** A chain and its key, in PEM. */
struct tls_pair {
	const uint8_t *certificate;
	size_t certificate_len;
	const uint8_t *key;
	size_t key_len;
};

struct tls_service;

/**
 * A service with @p n certificates and a random key for tickets. NULL with @p why (GnuTLS's words)
 * and @p wrong, the index of the pair that it is about. One hold is the caller's.
 */
MUST_USE struct tls_service *tls_service_create(const struct tls_pair *pairs, unsigned n,
						unsigned *wrong, const char **why);

/** Were both made of the same octets? */
bool tls_service_equal(const struct tls_service *a, const struct tls_service *b);

/** When the first of its certificates ends, in seconds since 1970. */
int64_t tls_service_ends_s(const struct tls_service *service);

/** Tickets that were made with @p key are taken, and others made. Before it is shared. */
void tls_service_set_ticket_key(struct tls_service *service, const uint8_t key[TLS_TICKET_KEY_LEN]);
const uint8_t *tls_service_ticket_key(const struct tls_service *service);

/** Hold @p service once more; NULL is allowed. Returns it. */
struct tls_service *tls_service_hold(struct tls_service *service);

/** Hold it once less; the last one frees it. NULL is allowed. */
void tls_service_release(struct tls_service *service);

/** What handshakes may cost a loop, and what they came to. */
struct tls_turns {
	struct loop *loop;
	struct cds_list_head waiting; /* streams, longest first */
	struct timer timer;
	int64_t left_ns;     /* that handshakes may take right now */
	uint64_t since_ns;   /* left_ns was brought up to date, CLOCK_MONOTONIC */
	uint64_t handshakes; /* that were completed, */
	uint64_t resumed;    /* and how many of them by a ticket */
	uint64_t failed;     /* and those that were not */
	const void *serving; /* the stream whose turn it is; NULL for none */
	uint8_t *ahead;      /* octets read from the socket, and not taken by GnuTLS yet */
	uint32_t ahead_at;   /* the first of them, */
	uint32_t ahead_end;  /* and behind the last */
	void *ahead_for;     /* whose they are; NULL for nobody's */
};

/** False when memory is short. */
MUST_USE bool tls_turns_init(struct tls_turns *t, struct loop *loop);
void tls_turns_end(struct tls_turns *t);

/**
 * Have the octets of @p s, just accepted, pass through TLS. False when memory is short: the
 * stream has to be closed. @p service is held as long as the stream lasts.
 */
MUST_USE bool tls_serve(struct stream *s, struct tls_service *service, struct tls_turns *turns,
			enum tls_protocol protocol);

/** The protocol that both ends agreed on, without a zero at the end; "" with @p len 0 for none. */
const char *tls_agreed(const struct stream *s, size_t *len);
