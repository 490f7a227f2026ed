/*
 * keeper.h - what trust rests on while the daemon runs: the clock, the trust
 * anchors, and the names that are excepted from validation.
 *
 * Purpose    make what workers find in their rule set as anchors and wall, and
 *            publish another one when that changes.
 * Threads    main thread only, an online reader of the cache. Questions run as
 *            errands on workers, files are written here.
 * Standards  RFC 4035 4.4, RFC 5011, RFC 7646, RFC 8145.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/state_file.h"
#include "worker/worker.h"

struct keeper;

/** What a keeper goes by. */
struct keeper_terms {
	const struct trust_options *trust; /* stays until others are taken */
	enum validation_mode validation;
	bool sha1; /* counts */
};

/** A keeper that trusts nothing yet; @p shared outlives it. NULL when memory is short. */
MUST_USE struct keeper *keeper_create(struct worker_shared *shared);

#define KEEPER_WHY_MAX 8192

/**
 * Go by @p terms: take the configured anchors, and the states kept in their file if it
 * is another file than before. What was learned meanwhile stays.
 *
 * @param rules  gets what is trusted then; NULL: only check, no file is read
 * @return false with @p why, a line without its end: all is as before
 */
MUST_USE bool keeper_take(struct keeper *k, const struct keeper_terms *terms, struct rules *rules,
			  char why[KEEPER_WHY_MAX]);

/**
 * Look at the file with the states of trust anchors that @p trust names, and change nothing.
 *
 * @param why  what is wrong: "PATH:LINE: reason"
 * @return  with STATE_UNREADABLE no daemon starts; STATE_DAMAGED has the file put aside
 */
MUST_USE enum state_found keeper_look(const struct trust_options *trust, char why[KEEPER_WHY_MAX]);

/** Keep the states and free everything; workers have ended. NULL is allowed. */
void keeper_destroy(struct keeper *k);

/** Do what is due. Call it several times a second, and once before workers start. */
void keeper_tick(struct keeper *k);

/**
 * What is trusted, as an array of objects with the members "zone", "key_tag",
 * "algorithm" and "state", which is that of RFC 5011 or "configured"; for keys
 * kept up to date also "since". NULL when memory is short.
 */
json_t *keeper_anchors_to_json(const struct keeper *k);

/**
 * The negative trust anchors, as an array of objects with the members "name"
 * and, unless it is configured and stays, "left_s". NULL when memory is short.
 */
json_t *keeper_exceptions_to_json(const struct keeper *k);

/**
 * Except what is at and below @p name (lower case) from validation for
 * @p life_s seconds from now. False with a static @p why.
 */
MUST_USE bool keeper_add_exception(struct keeper *k, const uint8_t *name, uint32_t life_s,
				   const char **why);

/** End an exception that was added. False with a static @p why. */
MUST_USE bool keeper_remove_exception(struct keeper *k, const uint8_t *name, const char **why);
