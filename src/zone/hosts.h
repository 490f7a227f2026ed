/*
 * hosts.h - files like /etc/hosts: addresses and the names that they have.
 *
 * Purpose    "192.168.1.1 router.lan router # a comment": each name gets the address, and the
 *            address gets the first name that any line gives it.
 * Limits     a line that can't be read is passed over, counted, and the first ones are told.
 *            What the configuration says of a name wins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define HOSTS_TTL_S     300 /* a file may change at any time */
#define HOSTS_TOLD_MAX  3   /* bad lines that are named */
#define HOSTS_LINES_MAX (1u << 28)

struct zone_store;

/** What was in a file. */
struct hosts_report {
	unsigned names_n;
	unsigned bad_n;
	struct {
		unsigned line;
		const char *why; /* static */
	} bad[HOSTS_TOLD_MAX];   /* the first MIN(bad_n, HOSTS_TOLD_MAX) */
};

/**
 * Add what the @p len octets of @p text say to @p store, which is not sealed yet.
 *
 * @param lines_n  lines of files that were added before, less than HOSTS_LINES_MAX; counts on.
 *                 The store prefers the first of several names by it
 * @return false when memory is short, or there are too many lines
 */
MUST_USE bool hosts_add(struct zone_store *store, const char *text, size_t len, uint32_t *lines_n,
			struct hosts_report *report);
