/*
 * exception_file.h - what the keeper was told or did, kept over a restart:
 *
 *	clock 1795314064                   when this was written
 *	exception broken.example. 1795317664   negative trust anchor, and when it ends
 *	signal . 1795310000                    zone, and when it was told of its keys
 *
 * Times are seconds of CLOCK_REALTIME. The rest of the file is as in state_file.h.
 */
#pragma once

#include <stdint.h>

#include <tern/name.h>

#include "base/state_file.h"
#include "dnssec/anchor.h"

/** A name and a time. */
struct dated_name {
	uint8_t name[TERN_NAME_MAX]; /* lower case */
	uint32_t at_s;
};

/** What the file holds. */
struct exception_states {
	uint32_t clock_s;
	unsigned exceptions_n;
	unsigned signals_n;
	struct dated_name exceptions[NEGATIVE_ANCHORS_MAX];
	struct dated_name signals[ANCHORS_MAX];
};

/** Read @p path. @p out is zeroed unless the result is STATE_GOOD. */
MUST_USE enum state_found exception_file_read(const char *path, struct exception_states *out,
					      struct log *log);

/** Replace @p path. False with errno when that fails: the file is as it was. */
MUST_USE bool exception_file_write(const char *path, const struct exception_states *states);
