/*
 * listen.h - a worker's sockets for clients: there from its start, or coming and going.
 *
 * A listener has the same slot in all workers, for one may answer what another
 * received. So a listener is opened everywhere before it is started anywhere, and a
 * closed one still sends the answers that are owed for LISTENER_LINGER_MS. A worker that
 * rests takes no more queries, but its UDP sockets stay: it may have answers to send.
 *
 * Threads    the worker's own; others write letters (worker_listen() and kin).
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "net/loop.h"
#include "worker/worker.h"

#define LISTENER_LINGER_MS 5000 /* every client has its answer within 4 s */

enum listen_order { LISTEN_OPEN, LISTEN_START, LISTEN_REST, LISTEN_STOP_ACCEPTING, LISTEN_CLOSE };

/** What @p rules say of the endpoint @p at; NULL for nothing, and when the slot is free. */
const struct listen_options *listen_options_of(const struct rules *rules,
					       const struct endpoint *at);

/** Take over @p fds for @p slot, which is free; false when the system refuses: they are closed. */
MUST_USE bool listen_open(struct worker *w, unsigned slot, const struct listener_fds *fds);

/** Take queries from there; false when the system refuses. */
MUST_USE bool listen_start(struct worker *w, unsigned slot);

/** Serve what has come in by UDP, and take no more; connections are still accepted. */
void listen_rest(struct worker *w, unsigned slot);

/** Accept the connections that are waiting, and no more. */
void listen_stop_accepting(struct worker *w, unsigned slot);

/** Serve what has come in, and take no more. */
void listen_close(struct worker *w, unsigned slot);

/** Do what a letter says. */
void listen_obey(struct worker *w, enum listen_order order, unsigned slot,
		 const struct listener_fds *fds);

/** Datagrams that have come are served, and what answers them sent: the interlude of the loop. */
void listen_serve_datagrams(struct loop *loop);

/** Send what is queued at all of them. */
void listen_flush_all(struct worker *w);

/** Close all at once. */
void listen_end_all(struct worker *w);
