/*
 * config_read.h - YAML events into a struct, driven by the table in schema.h.
 *
 * Purpose    The strict half of the configuration: one pass over the events of
 *            libyaml, so no tree is built and nothing is expanded. Refused by
 *            name: unknown, doubled and missing keys, wrong kinds, anchors,
 *            aliases, merge keys, tags, several documents, text that is not UTF-8.
 * Limits     nesting CONFIG_DEPTH_MAX, complaints CONFIG_ERRORS_MAX; then it stops.
 */
#pragma once

#include <stddef.h>

#include "config/config.h"
#include "config/config_report.h"

#define CONFIG_DEPTH_MAX  10  /* collections inside each other; the deepest key needs 4 */
#define CONFIG_ERRORS_MAX 100 /* a binary file has no more to tell than this */

/**
 * Read @p text (@p len octets) over the defaults in @p config.
 * All that is wrong goes to @p report; @p config is good only if that stays empty.
 */
void config_read(struct config *config, const char *text, size_t len, struct report *report);
