/*
 * keeper.h - what trust rests on while the daemon runs: the clock, the trust
 * anchors, and the names that are excepted from validation.
 *
 * Purpose    make what workers read as worker_shared.anchors and .wall, and
 *            publish it anew when it changes, without a pause.
 * Threads    main thread only, an online reader of the cache. Questions run as
 *            errands on workers, files are written here.
 * Standards  RFC 4035 4.4, RFC 5011, RFC 7646, RFC 8145.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "daemon/config.h"
#include "worker/worker.h"

#define EXCEPTION_LIFE_S     3600   /* of a negative trust anchor, unless told otherwise, */
#define EXCEPTION_LIFE_MAX_S 604800 /* and at most: a week, RFC 7646 2 */

struct keeper;

/**
 * Take the anchors of @p config and the states kept in their file, and publish
 * what is trusted in @p shared, whose log is there already. Both outlive the
 * keeper.
 *
 * @param test  only check; no file is touched
 * @return NULL after logging what is wrong with the configuration
 */
MUST_USE struct keeper *keeper_create(const struct config *config, struct worker_shared *shared,
				      bool test);

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
