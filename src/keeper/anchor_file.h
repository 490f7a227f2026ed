/*
 * anchor_file.h - the trust anchors' states, kept over a restart.
 *
 *	clock 1795314064                   the latest time at which anchors were valid
 *	zone . 1795310000 1795396400 17280 last seen, next probe, seconds to the one after
 *	key valid 1795310000 2592000 257 3 8 AwEAA...     state, since, hold-down, DNSKEY
 *
 * Times are seconds of CLOCK_REALTIME. The rest of the file is as in state_file.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/state_file.h"
#include "dnssec/rollover.h"

#define ROLLOVER_ZONES_MAX 8 /* that follow their keys; others stay as configured */

/** What the file holds. */
struct anchor_states {
	uint32_t clock_s;
	unsigned n;
	struct rollover zones[ROLLOVER_ZONES_MAX];
};

/**
 * Read @p text. False when it is damaged, with a static @p why and @p line
 * (0 for the file as a whole); @p out is unspecified then.
 */
MUST_USE bool anchor_states_parse(const char *text, size_t len, struct anchor_states *out,
				  unsigned *line, const char **why);

/** As text, to be freed; NULL when memory is short. */
MUST_USE char *anchor_states_print(const struct anchor_states *states, size_t *len);

/**
 * Read @p path; when it is missing or damaged FILE.old. One that is there and
 * can't be read has no stand-in: it may say that an anchor was revoked. @p out
 * is zeroed unless the result is STATE_GOOD.
 */
MUST_USE enum state_found anchor_file_read(const char *path, struct anchor_states *out,
					   struct log *log);

/**
 * Look at @p path as anchor_file_read() would, and change nothing. What is wrong goes to @p why,
 * "PATH:LINE: reason".
 */
MUST_USE enum state_found anchor_file_look(const char *path, char *why, size_t why_max);

/** Replace @p path. False with errno when that fails: the file is as it was. */
MUST_USE bool anchor_file_write(const char *path, const struct anchor_states *states);
