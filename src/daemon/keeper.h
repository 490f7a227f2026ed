/*
 * keeper.h - what trust rests on while the daemon runs: the clock, the trust
 * anchors, and the names that are excepted from validation.
 *
 * Purpose    make what workers read as worker_shared.anchors and .wall, and
 *            publish it anew when it changes, without a pause.
 * Threads    main thread only, an online reader of the cache.
 * Standards  RFC 4035 4.4.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "daemon/config.h"
#include "worker/worker.h"

struct keeper;

/**
 * Take the anchors of @p config and publish them in @p shared, whose log is
 * there already. Both outlive the keeper.
 *
 * @return NULL after logging what is wrong with the configuration
 */
MUST_USE struct keeper *keeper_create(const struct config *config, struct worker_shared *shared);

/** Free everything; workers have ended. NULL is allowed. */
void keeper_destroy(struct keeper *k);

/** Do what is due. Call it several times a second, and once before workers start. */
void keeper_tick(struct keeper *k);
