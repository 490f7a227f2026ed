/*
 * sockets_private.h - the parts of sockets.h.
 *
 *   sockets.c          opened at the start, or taken from the service manager
 *   sockets_change.c   addresses that come and go while workers run
 *   sockets_workers.c  workers that come, rest, and come back
 */
#pragma once

#include "daemon/sockets.h"

/* sockets.c */

/** CLOCK_MONOTONIC. */
uint64_t sockets_now_ms(void);

/** Bring the text of open addresses up to date. */
void sockets_write_text(struct sockets *s);

/** Sockets at @p a into @p fds, without one that accepts for who rests. False with errno. */
MUST_USE bool sockets_open_at(const struct endpoint *a, struct listener_fds *fds, bool rests);

/** For every worker, into @p slot of the table. False with errno, and nothing is open. */
MUST_USE bool sockets_open_for_all(struct sockets *s, unsigned slot, const struct endpoint *a);

/* sockets_workers.c */

/** End what a rest has begun, if it is time. Call it now and then. */
void sockets_end_rest(struct sockets *s, struct worker **workers);
