/*
 * client.h - jobs started for clients, joined by others, and finished.
 *
 * Threads  the worker's own.
 * Memory   a pool of TASKS_MAX; without a place the client is told so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/job.h"
#include "worker/render.h"
#include "worker/request.h"
#include "worker/route_back.h"

struct errand_letter;
struct gate_letter;
struct task;
struct worker;

/**
 * Resolve for a client; answers at once when that can't be.
 *
 * @param may_hand_over  false if another worker has handed it over already
 * @return true when the answer comes later
 */
bool client_resolve(struct worker *w, const struct request *r, const struct route_back *back,
		    bool may_hand_over);

/** The network of @p client that servers may be told of; family 0 for none. */
struct prefix client_subnet(const struct resolver_options *o, const struct request *r,
			    const struct address *client);

/** How @p r wants to be answered: flags of its job (enum job_flag). */
unsigned client_how(const struct request *r);

/** Refresh what is about to expire, for who asks as @p how says; nobody waits. */
void client_prefetch(struct worker *w, const struct question *q, unsigned how, unsigned view);

/** Resolve for ourselves; nobody waits, and no client joins. @p flags of enum job_flag. */
void client_resolve_alone(struct worker *w, const struct question *q, unsigned view,
			  unsigned flags);

/** Fetch the root's list of its servers; nobody waits. */
void client_prime(struct worker *w, unsigned view);

/** Resolve telling every step to @p fd, which is closed at the end. */
void client_trace(struct worker *w, const struct question *q, int fd);

/** Resolve for the daemon itself. The letter goes back at the end, whatever happens. */
void client_run_errand(struct worker *w, struct errand_letter *letter);

/** Send a finished answer, or settle with none when @p len is 0; frees nothing. */
void client_send(struct worker *w, const struct route_back *back, const uint8_t *octets,
		 size_t len);

/** Answer with an error; @p text may be NULL. */
void client_send_error(struct worker *w, const struct request *r, const struct route_back *back,
		       unsigned rcode, uint16_t ede, const char *text);

/** Tell @p result to all who wait for @p t; nobody waits any more. */
void client_answer_all(struct worker *w, struct task *t, const struct result *result);

/** What an answer has waited for is done; takes the letter. */
void client_pass(struct worker *w, struct gate_letter *letter);

/** Say that there is no place or memory; nothing is remembered. */
void client_refuse(struct worker *w, const struct request *r, const struct route_back *back);

/** Addresses that are near @p client come first, as configured. */
void client_sort(struct worker *w, const struct address *client, uint8_t *octets, size_t len);

/** What a rendered answer depends on besides its octets. */
struct render_context client_context(const struct worker *w, const struct address *client,
				     uint32_t keepalive_ms);

/** The jobs that gave way in earlier turns go on, while this one has CPU for them. */
void client_run_yielded(struct worker *w);

/** At the end: who waits gets what is stale, or nothing. */
void client_abandon_all(struct worker *w);

/* keep.c */

/** What was asked a second time is worth keeping ready to copy, as @p request wants it. */
void keep_rendered(struct worker *w, const struct task *t, const struct request *request);

/* trace.c */

/** Tell every step of the task to @p fd, which is taken over. */
void trace_begin(struct task *t, int fd);

/** The listener by which the log hears of @p t, at level info or debug; NULL below. */
struct job_trace *trace_to_log(struct task *t);

/** Tell how it ended and close. */
void trace_end(struct task *t);
