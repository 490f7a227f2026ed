/*
 * suffix.h - keyed hashes of a name and of all names above it, in one pass.
 *
 * Purpose    Tables of names are asked for the longest entry at or above a name. The
 *            hash of a name is made of its parent's, so that all of them cost one
 *            walk over the octets.
 * Security   Who doesn't know the key can't choose names that fall together.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <tern/name.h>

#include "base/hash.h"
#include "wire/name_private.h"

/** Multiply, and fold the upper half into the lower one. */
static inline uint64_t suffix_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** @p above with the label (length octet and text) before it. */
static inline uint64_t suffix_add_label(const struct hash_key *key, uint64_t above,
					const uint8_t *label)
{
	size_t left = *label + 1u;
	uint64_t h = above, word;

	for (; left > 8; left -= 8, label += 8) {
		memcpy(&word, label, 8);
		h = suffix_mix(h ^ lower_u64(word), key->k1 | 1);
	}
	word = 0;
	memcpy(&word, label, left);
	return suffix_mix(h ^ lower_u64(word) ^ key->k0, key->k1 | 1) + left;
}

/** The hash of the root. */
static inline uint64_t suffix_root(const struct hash_key *key)
{
	return key->k0 ^ 0x9e3779b97f4a7c15ull;
}

/**
 * Hash @p name and the names above it; letter case does not count.
 *
 * @param out  out[n] gets the hash of the name's last n labels; out[0] is the root's
 * @return the labels of the name
 */
static inline unsigned suffix_hashes(const struct hash_key *key, const uint8_t *name,
				     uint64_t out[TERN_LABELS_MAX + 1])
{
	uint8_t at[TERN_LABELS_MAX];
	unsigned len, n = label_offsets(name, at, &len);

	out[0] = suffix_root(key);
	for (unsigned i = 0; i < n; i++)
		out[i + 1] = suffix_add_label(key, out[i], name + at[n - 1 - i]);
	return n;
}
