/*
 * probe.h - does a server that has answered by plain DNS answer the same encrypted (RFC 9539)?
 *
 * Purpose    Nobody waits for it. The server is asked once more what it has just answered, by a
 *            connection that stays for what comes next. It passes when the answer is of the same
 *            kind: behind that port may be another server.
 * Threads    the worker's own.
 * Limits     PROBES_MAX at a time, each for INFRA_WAY_TIMEOUT_MS, and no more of one party than are
 *            left for others; PROBES_PER_S, for each is a handshake; JOB_PROBES_MAX for a question;
 *            one of an address, which the server table sees to. A connection takes the place of
 * whose question led there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/name.h>

#include "worker/upstream.h"

#define PROBES_MAX   32 /* per worker, */
#define PROBES_PER_S 20 /* with twice as many at first */

struct probe_wish;

/** One under way. */
struct probe {
	struct asker asker;
	struct address server;
	uint8_t name[TERN_NAME_MAX + 1];
	uint16_t flags; /* of the answer by plain DNS, */
	bool has_answer;
	bool used;
};

/** Fulfil @p wish for @p party, or tell the server table that nobody does; it is taken back. */
void probe_begin(struct worker *w, struct probe_wish *wish, uint16_t party);
