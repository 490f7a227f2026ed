/*
 * select.h - which server of a zone cut to ask next.
 *
 * Mostly one of the fastest band, now and then one that is not known yet; each
 * server once before any twice; a family that does not work from here and
 * servers known as lame or dead only when nothing else is left, as are those that
 * gave this job bogus data. A route may want its servers in the order they are written
 * in, or all at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "resolver/job.h"

#define SERVER_TRIES_MAX     5  /* sends to one address per job and zone cut */
#define SERVER_FRESH_TRY     2  /* after so many in vain the next one is from a new socket */
#define SERVER_TCP_TRY       3  /* after so many in vain the next one is by TCP */
#define SERVER_TCP_TRIES_MAX 2  /* by TCP to one address, limits.md row 34 */
#define CUT_TRIES_MAX        10 /* sends to one zone cut in a row that brought nothing */
#define BAND_MS              30 /* servers this much slower than the fastest are as good */
#define EXPLORE_SHARE        16 /* one choice in so many goes to a server never measured */
#define FAMILY_TIMEOUTS      2  /* in a row, by any server: the family is doubted */

/** Index of the server to ask, or -1 when none is left. @p now_ms is monotonic. */
int select_server(const struct job *job, const struct zone_cut *cut, uint64_t now_ms);

/** Is there anybody to ask besides the frame's present server? */
bool others_are_left(struct job *job, struct frame *f);

/** One that was not asked yet? */
bool fresh_ones_are_left(struct job *job, struct frame *f);

/** Did this server give the job bogus data? */
bool is_avoided(const struct job *job, const struct address *server);
