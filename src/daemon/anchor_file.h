/*
 * anchor_file.h - the trust anchors' states, kept over a restart.
 *
 *	# tern: the states of trust anchors (RFC 5011)...
 *	version 1
 *	clock 1795314064                   the latest time at which anchors were valid
 *	zone . 1795310000 1795396400 17280 last seen, next probe, seconds to the one after
 *	key valid 1795310000 2592000 257 3 8 AwEAA...     state, since, hold-down, DNSKEY
 *	check 89abcdef01234567             of all octets before this line
 *
 * Times are seconds of CLOCK_REALTIME. A file is replaced whole: written beside,
 * synced, renamed. The one before stays as FILE.old.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/log.h"
#include "dnssec/rollover.h"

#define ROLLOVER_ZONES_MAX 8

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
 * Read @p path; when it is missing or damaged FILE.old. A damaged file is told
 * to @p log and kept as FILE.damaged. False, and @p out zeroed, when there is
 * no good file.
 */
bool anchor_file_read(const char *path, struct anchor_states *out, struct log *log);

/** Replace @p path. False with errno when that fails: the file is as it was. */
MUST_USE bool anchor_file_write(const char *path, const struct anchor_states *states);
