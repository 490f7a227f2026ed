/*
 * mailbox.h - letters from other threads to a worker: wait-free to send.
 *
 * Built on liburcu's wfcqueue and an eventfd; the letters are malloc'd by the
 * sender and freed by the reader. A full box refuses, so memory is bounded.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <urcu/wfcqueue.h>

#include "base/compiler.h"

#define MAILBOX_MAX 4096 /* letters waiting */

enum letter_kind {
	LETTER_QUERY,  /* a client's query that this worker is resolving already */
	LETTER_ANSWER, /* an answer for one of this worker's TCP clients */
	LETTER_TRACE,  /* resolve and tell every step */
	LETTER_ERRAND, /* resolve something for the daemon itself */
	LETTER_LISTEN, /* a socket for clients comes or goes */
	LETTER_QUIC,   /* a datagram of one of this worker's connections */
	LETTER_GATE,   /* addresses are in the packet filter's sets */
};

struct letter {
	struct cds_wfcq_node node;
	enum letter_kind kind;
};

struct mailbox {
	struct cds_wfcq_tail tail ALIGNED(CACHE_LINE);
	struct cds_wfcq_head head ALIGNED(CACHE_LINE);
	_Atomic uint32_t waiting;
	int event_fd; /* readable when there are letters; -1: nobody is woken */
};

/**
 * False when the system refuses. The box may end only when all who may send have ended: one of
 * them may be about to wake the reader of a letter that was taken already.
 */
MUST_USE bool mailbox_init(struct mailbox *m);

/** A box whose reader looks by itself, and may end the box when it has what it waits for. */
void mailbox_init_silent(struct mailbox *m);
void mailbox_fini(struct mailbox *m);

/** Send from any thread; false (and the letter stays the caller's) when the box is full. */
MUST_USE bool mailbox_send(struct mailbox *m, struct letter *letter);

/** The same, never refused: for letters that go back to their sender, and for the daemon's few. */
void mailbox_send_back(struct mailbox *m, struct letter *letter);

/** Make the reader look, without a letter. */
void mailbox_ring(struct mailbox *m);

/** Clear the event; call before taking letters. */
void mailbox_open(struct mailbox *m);

/** Next letter, the caller's to free, or NULL. */
struct letter *mailbox_take(struct mailbox *m);
