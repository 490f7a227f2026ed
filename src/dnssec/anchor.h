/*
 * anchor.h - where trust begins, and where it is told to end.
 *
 * Built once from the configuration, then only read.
 * Standards  RFC 4035 4.4 (anchors), RFC 7646 (negative anchors).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/compiler.h"

#define ANCHORS_MAX          64   /* configured */
#define TRUSTED_MAX          192  /* with the keys that 8 zones came by since, 16 each */
#define ANCHOR_RDATA_MAX     1024 /* octets; a 4096-bit RSA key needs 520 */
#define NEGATIVE_ANCHORS_MAX 256

/** A DS or DNSKEY that is trusted, by configuration or since (rollover.h). */
struct trust_anchor {
	uint8_t zone[TERN_NAME_MAX]; /* lower case */
	uint16_t type;               /* TERN_TYPE_DS or TERN_TYPE_DNSKEY */
	uint16_t rdata_len;
	uint8_t rdata[ANCHOR_RDATA_MAX];
};

struct trust_anchors {
	unsigned n;
	unsigned negative_n;
	struct trust_anchor anchors[TRUSTED_MAX];
	uint8_t negative[NEGATIVE_ANCHORS_MAX][TERN_NAME_MAX];
};

/** The root's key signing keys 20326 and 38696, as DS. */
void trust_anchors_builtin(struct trust_anchors *out);

/** Add a DS or DNSKEY record in presentation format; false with a reason. */
MUST_USE bool trust_anchors_add(struct trust_anchors *anchors, const char *text,
				const char **error);

/** Add a name below which nothing is validated; false with a reason. */
MUST_USE bool trust_anchors_add_negative(struct trust_anchors *anchors, const char *name,
					 const char **error);

/**
 * The longest anchored zone at or above @p name, or NULL: then, or when a
 * negative anchor is closer, the name is insecure by configuration.
 */
const uint8_t *trust_anchors_zone(const struct trust_anchors *anchors, const uint8_t *name);

/** Is @p name at or below a negative anchor that is below its closest anchor? */
bool trust_anchors_is_negative(const struct trust_anchors *anchors, const uint8_t *name);
