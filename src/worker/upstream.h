/*
 * upstream.h - questions to servers: asked, listened for, and their ends told to who asked.
 *
 *	asker.awaits = ...; asker.answered = ...; asker.answered_late = ...;
 *	if (!upstream_ask(&asker, &query, &event))
 *		...                          (it can't be asked: event says why)
 *	...                                  (answered() is called, once)
 *	upstream_leave(&asker);              (before the asker goes)
 *
 * Threads  the worker's own.
 * Memory   a pool of EXCHANGES_MAX; the oldest that is only listened to gives way.
 * Limits   limits.md rows 1, 26, 31, 62.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <urcu/list.h>

#include "base/address.h"
#include "base/compiler.h"
#include "resolver/job.h"
#include "resolver/upstream.h"

#define EXCHANGES_MAX 8192 /* questions to servers outstanding per worker */
#define ASKS_MAX      4    /* servers whose answer one asker listens for */

struct exchange;
struct worker;
struct asker;

/** What was asked of a server: the live one is waited for, of the others late answers count. */
struct ask {
	struct cds_list_head node; /* of the exchange's */
	struct asker *asker;
	struct exchange *exchange; /* NULL: free */
	struct upstream_query query;
};

/**
 * Who asks servers, embedded in its owner. The owner gives the three functions; each
 * may ask again, or end the asker by upstream_leave().
 */
struct asker {
	/** Would the answer to this earlier question still be of use? */
	bool (*awaits)(struct asker *asker, const struct upstream_query *query);
	/** What is waited for has ended, or its time went by. */
	void (*answered)(struct asker *asker, const struct upstream_reply *reply);
	/** The answer to an earlier question came, which awaits() wanted. */
	void (*answered_late)(struct asker *asker, const struct upstream_query *query,
			      const struct upstream_reply *reply);
	struct worker *worker;
	struct ask *live; /* what it waits for; NULL when it waits for nothing */
	struct ask asks[ASKS_MAX];
	uint16_t party; /* whose place what it asks takes */
	bool listens;   /* it asks nobody, but waits for those that were asked before */
};

/** Nothing is asked yet; the functions are the caller's to set. */
void upstream_init(struct asker *asker, struct worker *w, uint16_t party);

/** Ask a server. False when @p query can't be asked now (@p event says why). */
MUST_USE bool upstream_ask(struct asker *asker, const struct upstream_query *query,
			   enum upstream_event *event);

/** It wants nothing any more of what it asked. */
void upstream_leave(struct asker *asker);

enum loop_kind {
	LOOP_NONE,
	LOOP_OF_OURS,   /* our own question came back to us: we are our own server */
	LOOP_OF_OTHERS, /* we are asking the client's host the same right now */
};

/** Is this question to the host @p client outstanding, and not late? (limits.md rows 26 and 62) */
enum loop_kind upstream_find_loop(const struct worker *w, const struct address *client,
				  const struct question *q, uint16_t id);

/** At the end: every exchange is closed, and nobody is told. */
void upstream_finish_all(struct worker *w);
