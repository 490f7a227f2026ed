/*
 * gate.h - an answer waits until its addresses are in the sets of the packet filter
 * (policy/nft_sets.h), for a client uses them at once. Only what a job has brought waits: what is
 * copied out of the cache after that has waited before.
 *
 * Threads    the worker's own; letters go to who fills the sets, and come back.
 */
#pragma once

#include <stdbool.h>

#include "base/address.h"
#include "base/compiler.h"
#include "worker/mailbox.h"

#define GATE_WAIT_MS       100 /* then the answer goes without */
#define GATE_ADDRESSES_MAX 64  /* of one answer; more are not put into sets */

struct nft_set;
struct rules;
struct task;
struct worker;

struct gate_letter {
	struct letter letter;
	struct mailbox *back;
	struct task *task;         /* NULL: it does not wait any more; the worker's */
	const struct rules *rules; /* held: set is of them */
	const struct nft_set *set;
	unsigned n;
	struct address addresses[GATE_ADDRESSES_MAX];
};

/** Has the finished task @p t to wait? Then it is finished again when it has. */
MUST_USE bool gate_hold(struct worker *w, struct task *t);

/** It waits no longer, if it did; the letter finds nobody when it comes back. */
void gate_leave(struct task *t);

/** The letter has come back: the task it was for, which has waited, or NULL. Frees the letter. */
struct task *gate_open(struct gate_letter *letter);

/** Free a letter that comes to nobody. */
void gate_throw_away(struct gate_letter *letter);
