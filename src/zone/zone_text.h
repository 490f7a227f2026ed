/*
 * zone_text.h - zone files: their records, one after another.
 *
 * Purpose    RFC 1035 5 with all that people write: $ORIGIN, $TTL, $INCLUDE, brackets, records of
 *            unknown types. libzscanner reads the lines.
 * Input      any octets. Records that no parser of ours would take are faults, too.
 * Limits     ZONE_TEXT_DEPTH files deep, ZONE_TEXT_INCLUDES and ZONE_TEXT_RECORDS in all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define ZONE_TEXT_DEPTH    10
#define ZONE_TEXT_INCLUDES 255
#define ZONE_TEXT_RECORDS  10000000u
#define ZONE_TEXT_PATH     4096 /* octets of a path, with NUL */
#define ZONE_TEXT_TTL_S    3600 /* of a record without one, before any $TTL */

/** A record; it lives during the call. */
struct zone_record {
	const uint8_t *owner; /* lower case */
	const uint8_t *rdata; /* uncompressed */
	uint32_t ttl_s;
	unsigned line;
	uint16_t type;
	uint16_t rdata_len;
};

struct zone_text_fault {
	char file[ZONE_TEXT_PATH];
	unsigned line; /* 0: of the file as a whole */
	char why[160];
};

struct zone_text {
	/**
	 * Take @p record; false with a static @p why when it can't be had: that is a fault of the
	 * file.
	 */
	bool (*take)(void *context, const struct zone_record *record, const char **why);
	/**
	 * The text of the file @p path, which lives until zone_text_read() returns; NULL with @p
	 * why.
	 */
	const char *(*include)(void *context, const char *path, size_t *len, const char **why);
	void *context;
};

/**
 * Read @p len octets of @p text, the file @p path. Only class IN is taken.
 *
 * @param origin  of names without a final dot
 * @return false at the first fault
 */
MUST_USE bool zone_text_read(const struct zone_text *reader, const char *path, const char *text,
			     size_t len, const uint8_t *origin, struct zone_text_fault *fault);
