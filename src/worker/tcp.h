/*
 * tcp.h - clients' connections.
 *
 * Threads  the worker's own.
 * Memory   a pool of TCP_CLIENTS_MAX, of which as many are used as the configuration says and there
 *          are descriptors for, shared fairly (base/shares.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <urcu/list.h>

#include "base/address.h"
#include "base/hosts.h"
#include "base/shares.h"
#include "net/loop.h"
#include "net/stream.h"
#include "worker/route_back.h"

#define TCP_PER_CLIENT_MAX 32            /* connections of one address or /64 */
#define TCP_IN_FLIGHT_MAX  64            /* answers owed to one connection */
#define TCP_DENIED_MAX     16            /* connections of those who may not ask, in all */
#define PARTY_DENIED       PARTY_OURSELF /* no client belongs to that one */
#define TCP_IDLE_BUSY_MS   2000 /* when three quarters of the connections are in use, at most */

struct listener;
struct worker;

/** A client's TCP connection. */
struct tcp_client {
	struct stream stream;
	struct worker *worker;
	struct cds_list_head
		node; /* of the worker's clients_idle or clients_owed, used last at the end */
	struct cds_list_head resting; /* in the worker's crowd, while of clients_idle */
	struct host *host;            /* that it counts for; NULL for none */
	struct address address;
	uint16_t party;   /* whose place it takes */
	uint8_t listener; /* where it was accepted */
	bool encrypted;
	bool idle;       /* of clients_idle */
	uint32_t serial; /* tells a connection from the next one in the same place */
};

/** A listener has connections to be accepted. */
void tcp_accept_ready(struct watch *watch, uint32_t events);

/** Idle connections give way when there are more than there may be, for the limit was lowered. */
void tcp_heed_limit(struct worker *w);

/** Connections that came in at @p listener end, as soon as they have the answers that are owed. */
void tcp_leave(struct worker *w, unsigned listener);

/** They end at once. */
void tcp_cut(struct worker *w, unsigned listener);

/** For net/quic.h: a place for a connection, that place given back, and its client's move. */
struct stream *tcp_accept_quic(void *worker, const struct address *a, uint8_t listener,
			       uint32_t *idle_ms);
void tcp_give_back(void *worker, struct stream *s);
bool tcp_moved(void *worker, struct stream *s, const struct address *to);

/** The timer of accepting, which was stopped for want of descriptors. */
void tcp_resume_accepting(struct timer *timer);

/** May @p a say at @p l for whom it asks? */
bool is_proxy_of(const struct listener *l, const struct address *a);

/** Send an answer to a connection unless it is gone. */
void tcp_answer(const struct route_back *back, const uint8_t *octets, size_t len);

/** Is it by QUIC, where nobody may speak of keepalive (RFC 9250 5.5.2)? Its connection ends then.
 */
bool tcp_forbids_keepalive(const struct route_back *back);

/** An answer that was owed is no longer. */
void tcp_settle(const struct route_back *back);

/** At the end: all of them are closed. */
void tcp_finish_all(struct worker *w);
