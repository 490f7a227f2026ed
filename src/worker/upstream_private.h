/*
 * upstream_private.h - the parts of upstream.h.
 *
 *   upstream.c        exchanges, and the asks of those who wait for them
 *   upstream_query.c  their octets, and what counts as a reply
 *   upstream_udp.c    over UDP: a socket for each question
 *   upstream_tcp.c    over TCP, TLS, HTTPS and QUIC: several on one connection
 *   upstream_open.c   that connection, whichever way
 */
#pragma once

#include <urcu/hlist.h>
#include <urcu/list.h>

#include "base/wheel.h"
#include "net/loop.h"
#include "worker/upstream.h"
#include "worker/worker_private.h"

/* Header, question, OPT with a cookie and a subnet, */
#define EXCHANGE_BARE_MAX (12 + TERN_NAME_MAX + 4 + 11 + 4 + TERN_COOKIE_MAX + 4 + 4 + 16)
#define PADDING_BLOCK     128 /* octets of encrypted questions, RFC 8467 4.1 */
#define EXCHANGE_WIRE_MAX                                                                          \
	((EXCHANGE_BARE_MAX + 4 + PADDING_BLOCK - 1) / PADDING_BLOCK * PADDING_BLOCK)
#define ZONE_OUTSTANDING_MAX 200 /* to one zone, */
#define ZONE_OUTSTANDING_BAD 20  /* when more than half time out (limits.md row 31) */
#define ZONE_TIMEOUTS_MIN    64  /* a burst at a distant server is no evidence yet */
#define ZONE_OUTCOMES_MAX    256 /* remembered; then all counts are halved */
#define MISMATCHES_MAX       3   /* then the question is asked by TCP (row 1) */

/** One question to one server, and the askers that wait for it. */
struct exchange {
	struct watch watch; /* UDP */
	struct timer timer;
	struct worker *worker;
	struct cds_hlist_node same_hash;   /* of the worker's exchange_buckets */
	struct tcp_connection *connection; /* TCP; NULL: waits for a place on one */
	struct cds_list_head node;         /* TCP: others on the connection, or waiting */
	struct cds_list_head live;         /* asks of those who wait */
	struct cds_list_head late;         /* of those who went on, but listen */
	struct cds_list_head idle;         /* in the worker's list, when there are only those */
	struct zone_load *load;            /* while active; NULL: its time is over */
	uint64_t hash;                     /* of host and name */
	uint64_t sent_ns;                  /* last */
	struct endpoint to;
	struct address server; /* as the server table knows it */
	uint16_t party;        /* for whom it was begun */
	uint16_t id;
	uint16_t type;
	uint16_t wire_len;
	uint16_t question_len; /* octets behind the header */
	uint8_t mismatches;
	uint8_t moves;        /* over connections that ended */
	struct prefix subnet; /* of clients, as the server is told; family 0 for none */
	bool edns;
	bool recurse;
	bool checking_disabled;
	bool mixed; /* the question has letters in upper case */
	bool resent;
	bool opportunistic; /* by plain DNS its askers would have an answer as well */
	bool opening;       /* it was sent when its connection was yet to be made */
	bool closed;        /* its end is being told */
	bool held;          /* not to be freed right now */
	uint8_t wire[EXCHANGE_WIRE_MAX];
};

/* upstream.c */

/** The exchange is over; its askers are told. Frees it. */
void upstream_end(struct exchange *x, const struct upstream_reply *reply);

/** The same without a message. */
void upstream_end_with(struct exchange *x, enum upstream_event event);

/** Since it was sent last. */
uint32_t upstream_elapsed_ms(const struct exchange *x);

/* upstream_query.c */

/** Write the question into the exchange, with a random id; false when it does not fit. */
MUST_USE bool upstream_write(struct worker *w, struct exchange *x, const struct upstream_query *q);

/**
 * Write it anew in the form that @p q wants, with the same id and letters: what answers
 * the first form answers this one. False when it does not fit.
 */
MUST_USE bool upstream_rewrite(struct exchange *x, const struct upstream_query *q);

enum reply_match {
	REPLY_MATCHES,
	REPLY_IS_FOREIGN,
	REPLY_OTHER_CASE, /* it matches but for the letters' case */
};

/** Does @p octets answer @p x? */
enum reply_match upstream_match(const struct exchange *x, const uint8_t *octets, size_t len);

/** Lower the letters of the question in a reply, which matches. */
void upstream_undo_case(const struct exchange *x, uint8_t *octets, size_t len);

/* upstream_udp.c */

/** Send @p x from a socket of its own; false when it can't be sent (@p event says why). */
MUST_USE bool upstream_udp_ask(struct exchange *x, enum upstream_event *event);

/** Send it once more, in the form that @p q wants; false when the network refuses it. */
MUST_USE bool upstream_udp_again(struct exchange *x, const struct upstream_query *q);

/* upstream_tcp.c */

/**
 * Send @p x over a connection to its server, a new one if need be; with all of
 * them full, as soon as there is a place. False when there can't be any.
 */
MUST_USE bool upstream_tcp_ask(struct exchange *x);

/**
 * @p x, whose time was over, is waited for once more: on its connection, if that is alive, else it
 * is sent over another one. False as upstream_tcp_ask().
 */
MUST_USE bool upstream_tcp_again(struct exchange *x);

/** The time of @p x went by: if nothing was heard since, its connection is asked no more. */
void upstream_tcp_time_out(struct exchange *x);

/** @p x does not wait for its connection, or for one, any more. */
void upstream_tcp_leave(struct exchange *x);

/** Close the connection that has been without a question longest; false when there is none. */
bool upstream_tcp_close_idlest(struct worker *w);

/** At the end: every connection is closed, and nobody is told. */
void upstream_tcp_finish_all(struct worker *w);

/** Octets of a server's and of a connection's record, for the pools. */
size_t tcp_server_size(void);
size_t tcp_connection_size(void);

/* upstream_open.c */

/** Where to, and what is known of the server. */
struct upstream_way {
	struct worker *worker;
	const struct endpoint *to;
	struct tls_ticket *ticket;
	struct quic_memory *quic;
	char *why; /* of TLS_WHY_MAX, gets the reason when a handshake fails; outlives the stream */
};

/** Open @p s, whose message() and ended() are set. False and errno when that fails at once. */
MUST_USE bool upstream_open(struct stream *s, const struct upstream_way *way);
