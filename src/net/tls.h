/*
 * tls.h - TLS below DNS messages (RFC 7858, 8310), by GnuTLS: a codec of net/stream.
 *
 * Purpose    TLS 1.3 and 1.2 for streams that we accept: certificates chosen by the name that a
 *            client wants (SNI), sessions resumed by tickets that all workers understand. And for
 *            those that we open: servers that have to show who they are. No renegotiation, no
 *            early data (limits.md row 55).
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

#define TLS_PIN_LEN      32  /* octets of SHA-256 */
#define TLS_PIN_TEXT_MAX 48  /* base64 of it, and a zero */
#define TLS_NAME_MAX     256 /* octets of a name, and its zero */

/** What clients see of one of the certificates. */
struct tls_shown {
	char name[TLS_NAME_MAX]; /* its first name, or its first address; "" for neither */
	int64_t begins_s;        /* when it counts from, since 1970, */
	int64_t ends_s;          /* and until when */
	uint8_t pin[TLS_PIN_LEN];
	bool self_signed;
};

/** All of its certificates, in the order of their pairs; returns how many. They live as long as it.
 */
unsigned tls_service_shown(const struct tls_service *service, const struct tls_shown **out);

/** Is one of its certificates for @p name, of a host or an address as text? */
bool tls_service_is_for(const struct tls_service *service, const char *name);

/** As tls_read_pin() takes it, into @p out; returns @p out. */
char *tls_pin_to_text(const uint8_t pin[TLS_PIN_LEN], char out[TLS_PIN_TEXT_MAX]);

/** When the first of its certificates ends, in seconds since 1970. */
int64_t tls_service_ends_s(const struct tls_service *service);

/**
 * Tickets that were made with @p key are taken, and others made. Before it is shared.
 * @param made_s  when the key was made, since 1970
 */
void tls_service_set_ticket_key(struct tls_service *service, const uint8_t key[TLS_TICKET_KEY_LEN],
				int64_t made_s);
const uint8_t *tls_service_ticket_key(const struct tls_service *service);

/** 0: with the service. */
int64_t tls_service_ticket_made_s(const struct tls_service *service);

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

/** Is there time for a handshake, which nobody waits for longer? */
bool tls_turns_have_time(struct tls_turns *t);

/** A step of a handshake began at @p began_ns, CLOCK_MONOTONIC. */
void tls_turns_charge(struct tls_turns *turns, uint64_t began_ns);

/** False when memory is short. */
MUST_USE bool tls_turns_init(struct tls_turns *t, struct loop *loop);
void tls_turns_end(struct tls_turns *t);

/* --- servers that we ask ------------------------------------------------------------ */

#define TLS_WHY_MAX  512 /* octets of a reason */
#define TLS_PINS_MAX 16
#define TLS_PATH_MAX 255 /* octets */

struct tls_trust;

/**
 * Whom a server's certificate may be signed by: the CAs of the file @p ca, the system's when
 * that is "", or nobody: NULL, for peers that need not show who they are. @p own is what we show
 * who asks for it, NULL for nothing. NULL with @p why.
 */
MUST_USE struct tls_trust *tls_trust_create(const char *ca, const struct tls_pair *own,
					    const char **why);
void tls_trust_release(struct tls_trust *trust);

/**
 * Whom the lists in @p pem name (RFC 5280 5) is believed no more, and nobody once such a list is
 * out of date. Before @p trust is shared. False with @p why.
 */
MUST_USE bool tls_trust_revoke(struct tls_trust *trust, const uint8_t *pem, size_t len,
			       const char **why);

/** How a server shows that it is the one that is meant (RFC 8310). */
struct tls_identity {
	char name[TLS_NAME_MAX]; /* of its certificate, a host's or an address as text, which is
				    signed by who is trusted; "": any */
	uint8_t pins[TLS_PINS_MAX]
		    [TLS_PIN_LEN];        /* SHA-256 of its key (RFC 7858 4.2): one of these, */
	unsigned pins_n;                  /* if there are any */
	char authority[TLS_NAME_MAX + 8]; /* by HTTP: who is asked, and where */
	char path[TLS_PATH_MAX + 1];
};

struct tls_peer;

/** A server of @p identity, which @p trust (held) is for; NULL: no memory. One hold is the
 * caller's. */
MUST_USE struct tls_peer *tls_peer_create(struct tls_trust *trust,
					  const struct tls_identity *identity);

/** Hold @p peer once more; NULL is allowed. Returns it. */
struct tls_peer *tls_peer_hold(struct tls_peer *peer);

/** Hold it once less; the last one frees it. NULL is allowed. */
void tls_peer_release(struct tls_peer *peer);

const struct tls_identity *tls_peer_identity(const struct tls_peer *peer);

/** Do both ask for the same name and keys, whoever may sign? NULL asks for nothing. */
bool tls_peer_alike(const struct tls_peer *a, const struct tls_peer *b);

/** Are both alike, trust the same CAs, by what was in the files, and are shown the same of us? */
bool tls_peer_same(const struct tls_peer *a, const struct tls_peer *b);

/** A hash of what has to be alike; no secret. */
uint64_t tls_peer_hash(const struct tls_peer *peer);

/** Read a pin: base64 of SHA-256. */
MUST_USE bool tls_read_pin(const char *text, uint8_t pin[TLS_PIN_LEN]);

/** What makes the next handshake with the same server a short one; zeroed: nothing. */
struct tls_ticket {
	uint8_t *octets;
	size_t len;
};

void tls_ticket_forget(struct tls_ticket *ticket);

/** Have it be a copy of @p octets; nothing, when memory is short. */
void tls_ticket_keep(struct tls_ticket *ticket, const uint8_t *octets, size_t len);

/**
 * Have the octets of @p s, just connecting, pass through TLS with @p peer, which is held as long
 * as the stream lasts. False when memory is short: the stream has to be closed.
 *
 * @param ticket  of the server; used, and replaced by newer ones. Outlives the stream
 * @param why     gets the reason when the handshake fails. Outlives the stream
 */
MUST_USE bool tls_ask(struct stream *s, struct tls_peer *peer, struct tls_turns *turns,
		      enum tls_protocol protocol, struct tls_ticket *ticket, char why[TLS_WHY_MAX]);

/**
 * Have the octets of @p s, just accepted, pass through TLS. False when memory is short: the
 * stream has to be closed. @p service is held as long as the stream lasts.
 */
MUST_USE bool tls_serve(struct stream *s, struct tls_service *service, struct tls_turns *turns,
			enum tls_protocol protocol);

/** The protocol that both ends agreed on, without a zero at the end; "" with @p len 0 for none. */
const char *tls_agreed(const struct stream *s, size_t *len);
