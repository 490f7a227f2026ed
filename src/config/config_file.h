/*
 * config_file.h - the text of a configuration, from its file or a pipe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define CONFIG_OCTETS_MAX ((size_t)64 << 20) /* a list of a million prefixes is a third of it */
#define CONFIG_PIPES_MS   5000 /* who writes into the pipes of a load has to be done by then */

/** When the pipes of a load that begins now have to be read: CLOCK_MONOTONIC, CONFIG_PIPES_MS on.
 */
uint64_t config_file_deadline_ms(void);

/** Open @p path for reading; -1 with errno. Does not wait for who writes into a pipe. */
MUST_USE int config_file_open(const char *path);

/**
 * Read @p fd to its end.
 *
 * @param max     octets that may be read
 * @param end_ms  CLOCK_MONOTONIC until which a pipe without octets is waited for; one deadline is
 *                for a whole load, however many pipes there are
 * @param out     gets the text, to be freed, when the result is 0
 * @return 0 or an errno: EFBIG beyond @p max, ETIMEDOUT for a pipe that has no end
 */
MUST_USE int config_file_read(int fd, size_t max, uint64_t end_ms, char **out, size_t *out_len);

/** What an errno of these functions means to the operator. */
const char *config_file_reason(int reason);
