/*
 * config_file.h - the text of a configuration, from its file or a pipe.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

#define CONFIG_OCTETS_MAX ((size_t)64 << 20) /* a list of a million prefixes is a third of it */

/** Open @p path for reading; -1 with errno. Does not wait for who writes into a pipe. */
MUST_USE int config_file_open(const char *path);

/**
 * Read @p fd to its end.
 *
 * @param max  octets that may be read
 * @param out  gets the text, to be freed, when the result is 0
 * @return 0 or an errno: EFBIG beyond @p max, ETIMEDOUT for a pipe that has no end
 */
MUST_USE int config_file_read(int fd, size_t max, char **out, size_t *out_len);

/** What an errno of these functions means to the operator. */
const char *config_file_reason(int reason);
