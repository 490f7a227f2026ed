/*
 * ways_file.h - which servers answer encrypted (RFC 9539), over a restart: a state file
 * (base/state_file.h) with a line for each server that was found to, or tried in vain.
 *
 *	tls 192.0.2.1@53 works 1732800000
 *	tls 2001:db8::1@53 fails 1732800000
 *
 * The number is when it answered last, or failed, in seconds since 1970.
 *
 * Threads    any; files only are touched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/state_file.h"
#include "cache/infra.h"

#define WAYS_KEPT_MAX (INFRA_SERVERS_MAX * INFRA_WAYS)

struct way_kept {
	struct address server;
	enum infra_way way;
	bool works;
	int64_t at_s; /* since 1970, 1 at least */
};

/** What the file holds. */
struct ways_kept {
	unsigned n;
	struct way_kept ways[WAYS_KEPT_MAX];
};

/** Read @p text. False with a static @p why and @p line (0 for the file as a whole). */
MUST_USE bool ways_parse(const char *text, size_t len, struct ways_kept *out, unsigned *line,
			 const char **why);

/** Read the file @p path; what is wrong with it is logged. @p out is of use with STATE_GOOD. */
MUST_USE enum state_found ways_file_read(const char *path, struct ways_kept *out, struct log *log);

/** Replace it; nobody else may read it. False with errno when that fails. */
MUST_USE bool ways_file_write(const char *path, const struct ways_kept *ways);
