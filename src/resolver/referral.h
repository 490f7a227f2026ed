/*
 * referral.h - from a referral to a zone cut, and into the cache.
 *
 * Only what the parent's servers may say is believed: NS of the zone referred
 * to, and glue for these names inside the parent's own zone. The delegation
 * lives no longer than the parent's own (ghost domains).
 */
#pragma once

#include <tern/message.h>

#include "resolver/job.h"

#define DELEGATION_TTL_MAX 86400 /* seconds */

/**
 * Make a cut for @p zone from the NS set in @p section of @p m and the glue in
 * its additional section, and store it in the cache.
 *
 * @param parent  the cut whose server said so
 * @return the cut in the job's arena, or NULL when no server name is usable
 */
struct zone_cut *referral_cut(struct job *job, const struct tern_message *m,
			      enum tern_section section, const uint8_t *zone,
			      const struct zone_cut *parent);
