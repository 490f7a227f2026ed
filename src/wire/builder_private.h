/*
 * builder_private.h - the compression table, for the builder's files only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/builder.h>
#include <tern/name.h>

#include "base/compiler.h"

/** A name and where its labels begin. */
struct split_name {
	const uint8_t *name;
	unsigned len; /* octets with the root label */
	unsigned labels_n;
	uint8_t labels[TERN_LABELS_MAX]; /* offsets */
};

/**
 * Find the longest suffix of @p s that the message already has.
 *
 * @param entry  0, or 1 + index of the suffix found
 * @return how many labels are left in front of it
 */
unsigned compress_find(const struct tern_builder *b, const struct split_name *s, uint8_t *entry);

/**
 * Remember the first @p new_n labels of @p s, which stands at @p at in the
 * message, in front of the suffix @p entry.
 */
void compress_add(struct tern_builder *b, const struct split_name *s, size_t at, unsigned new_n,
		  uint8_t entry);

/** Forget every suffix but the first @p keep. */
void compress_forget(struct tern_builder *b, uint8_t keep);
