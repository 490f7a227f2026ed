/*
 * config_read.h - YAML events into a struct, driven by the table in schema.h.
 *
 * Purpose    The strict half of the configuration: one pass over the events of
 *            libyaml, so no tree is built and nothing is expanded. Refused by
 *            name: unknown, doubled and missing keys, wrong kinds, anchors,
 *            aliases, merge keys, tags, several documents, text that is not UTF-8.
 * Files      A configuration may be in several. A list of a later one is put
 *            behind those of earlier ones; any other value is given once.
 *
 *                struct config_reader *r = config_read_begin(config, &report);
 *                config_read_text(r, "a.yaml", text, len, &includes);
 *                config_read_text(r, "b.yaml", more, more_len, &includes);
 *                config_read_end(r);
 *
 * Limits     nesting CONFIG_DEPTH_MAX, complaints CONFIG_ERRORS_MAX; then it stops.
 */
#pragma once

#include <stddef.h>

#include "config/config.h"
#include "config/config_report.h"

#define CONFIG_DEPTH_MAX  10  /* collections inside each other; the deepest key needs 4 */
#define CONFIG_ERRORS_MAX 100 /* a binary file has no more to tell than this */

struct config_reader;

/** What one file names under `include`; the caller frees the paths and the list. */
struct config_includes {
	struct config_include {
		char *path;
		unsigned line;
	} * list;
	unsigned n;
};

/**
 * Begin to read over the defaults in @p config; both stay the caller's and outlive the reader.
 * All that is wrong goes to @p report; @p config is good only if that stays empty.
 * NULL when memory is short.
 */
MUST_USE struct config_reader *config_read_begin(struct config *config, struct report *report);

/**
 * Read the text of one file (@p len octets).
 *
 * @param name      of the file; a copy is the result and lives as long as the configuration
 * @param includes  gets what the file includes; NULL refuses the key
 * @return NULL when memory is short, which is in the report
 */
const char *config_read_text(struct config_reader *r, const char *name, const char *text,
			     size_t len, struct config_includes *includes);

/** Is reading on no use: out of memory, or too many complaints? */
bool config_read_is_stopped(const struct config_reader *r);

/** Check what only the whole can tell, and free the reader. */
void config_read_end(struct config_reader *r);
