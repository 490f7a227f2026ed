/*
 * added.h - local data that is added and removed while the daemon runs, kept in a file:
 *
 *	record printer.lan. 300 IN A 192.0.2.1
 *
 * The rest of the file is as in base/state_file.h.
 *
 * Purpose    `ternctl local-data`: records that stand in the store beside those of the
 *            configuration, and give way to them where both can't be.
 * Threads    added_fill(): any. All else: one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/log.h"
#include "zone/store.h"

#define ADDED_RECORDS_MAX 4096
#define ADDED_TEXT_MAX    2048      /* octets of one record */
#define ADDED_OCTETS_MAX  (1 << 20) /* of all their texts */

struct added;

/**
 * What the file @p path holds; NULL: nothing, and nothing is kept. A line that is no such record is
 * passed over, which @p log is told, as it is of a damaged file. NULL when memory is short.
 */
MUST_USE struct added *added_create(const char *path, struct log *log);

/** NULL is allowed. */
void added_destroy(struct added *a);

/** Do records outlive the daemon? */
bool added_are_kept(const struct added *a);

/**
 * Add the record @p text, in presentation format with whole names. One that is there already gets
 * the TTL of @p text. @p store is what it will stand in; NULL for nothing.
 *
 * @return false with @p why (valid until the next call), and nothing has changed: it can't be read,
 * can't be beside what is there, is one too many, or can't be written to the file
 */
MUST_USE bool added_add(struct added *a, const char *text, const struct zone_store *store,
			const char **why);

/**
 * Remove the records of @p name (lower case) and @p type, 0 for all types. Returns how many; 0 with
 * @p why, and nothing has changed.
 */
unsigned added_remove(struct added *a, const uint8_t *name, uint16_t type, const char **why);

/** How many there are, and the text of each: it lives until the next change. */
unsigned added_count(const struct added *a);
const char *added_text(const struct added *a, unsigned i);

/** Counts changes. */
uint64_t added_serial(const struct added *a);

/**
 * Add all records to @p store, as ones that give way, with the source ZONE_SOURCE_ADDED. False when
 * memory is short. @p serial gets that of what was added.
 */
MUST_USE bool added_fill(struct added *a, struct zone_store *store, uint64_t *serial);
