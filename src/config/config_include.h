/*
 * config_include.h - a configuration file and those that it includes.
 *
 * Purpose    `include` names files, relative to the file that it stands in. They
 *            are read after that file, pattern by pattern, in sorted order. A
 *            file that was read already is not read again.
 * Limits     CONFIG_INCLUDE_DEPTH_MAX files inside each other, CONFIG_PATTERNS_MAX patterns,
 *            CONFIG_FILES_MAX files, CONFIG_OCTETS_MAX octets in all; for all
 *            that are pipes CONFIG_PIPES_MS together.
 */
#pragma once

#include <stdbool.h>

#include "config/config_read.h"

#define CONFIG_INCLUDE_DEPTH_MAX 8   /* a file, what it includes, and so on */
#define CONFIG_PATTERNS_MAX      256 /* each may have a large folder searched; a name is one, too */
#define CONFIG_FILES_MAX         256 /* a folder has a file for each thing, not for each host */

/**
 * Read @p path and all that it includes by @p reader, whose complaints and those about
 * files go to @p report. False when memory is short.
 */
MUST_USE bool config_include_all(struct config_reader *reader, const char *path,
				 struct report *report);
