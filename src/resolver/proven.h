/*
 * proven.h - the keys and DS that a job's own sub-questions found.
 *
 * A sub-question's result must be where its asker looks. The cache may refuse or
 * lose what was found, and data of TTL 0 never get in; so the job keeps what it
 * found for as long as it lives, and looks there before the cache.
 */
#pragma once

#include "base/compiler.h"
#include "resolver/job.h"

/** What one sub-question found, with the verdict of PROVE. Lives in the job's arena. */
struct proven {
	struct proven *next;
	struct question question;
	enum outcome outcome;   /* OUTCOME_ANSWER, OUTCOME_NODATA or OUTCOME_NXDOMAIN */
	const struct kept *set; /* OUTCOME_ANSWER: the set asked for, or the alias at its name */
	struct kept_list authority; /* the proof of a denial */
	enum cache_security security;
	uint16_t ede; /* why it is insecure, TERN_EDE_NONE for none */
};

/** The frame, a FRAME_KEY or FRAME_DS, is proven and ends with @p outcome. */
void proven_add(struct job *job, const struct frame *f, enum outcome outcome);

/** The newest result for (@p name, @p type), or NULL. */
const struct proven *proven_find(const struct job *job, const uint8_t *name, uint16_t type);
