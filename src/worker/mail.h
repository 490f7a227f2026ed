/*
 * mail.h - what workers and the daemon write to each other (mailbox.h carries it).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/loop.h"
#include "worker/mailbox.h"
#include "worker/request.h"
#include "worker/route_back.h"
#include "worker/worker.h"

struct errand_letter {
	struct letter letter;
	struct errand errand;
};

/** There are letters: read them. */
void mail_ready(struct watch *watch, uint32_t events);

/**
 * Hand a query to the worker that is resolving it; false when its mailbox is full. One by TCP must
 * be answered then, exactly once, for its connection waits for that.
 */
MUST_USE bool mail_query(struct worker *w, unsigned to, const struct request *r,
			 const struct route_back *back);

/** Send an answer to the worker that owns the TCP client; it gets there whatever happens. */
void mail_answer(struct worker *w, const struct route_back *back, const uint8_t *octets,
		 size_t len);

/** Note for the sender of an errand what came of it. */
void mail_errand_note(const struct errand_letter *letter, const struct result *result);

/** Tell the sender of an errand that it is done: the letter goes back. */
void mail_errand_done(struct errand_letter *letter);

/** Throw letters away that nobody will read; errands go back all the same. */
void mail_finish_all(struct worker *w);
