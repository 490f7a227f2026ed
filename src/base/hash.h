/*
 * hash.h - SipHash-1-3, the keyed hash behind every table an outsider fills.
 *
 * The key is drawn per process, so nobody can aim names at one bucket. One
 * compression and three finalisation rounds are the variant that language
 * run-times chose for hash tables.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

static inline uint64_t hash_rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void hash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = hash_rotate(v[1], 13) ^ v[0];
	v[3] = hash_rotate(v[3], 16) ^ v[2];
	v[0] = hash_rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = hash_rotate(v[1], 17) ^ v[2];
	v[3] = hash_rotate(v[3], 21) ^ v[0];
	v[2] = hash_rotate(v[2], 32);
}

/** Hash @p len octets; @p salt separates uses (a record type, say). */
static inline uint64_t hash_bytes(const struct hash_key *key, uint64_t salt, const void *data,
				  size_t len)
{
	const uint8_t *at = data;
	uint64_t k0 = key->k0 ^ salt;
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575ull, key->k1 ^ 0x646f72616e646f6dull,
			 k0 ^ 0x6c7967656e657261ull, key->k1 ^ 0x7465646279746573ull};
	uint64_t word;
	size_t left = len;

	for (; left >= 8; at += 8, left -= 8) {
		memcpy(&word, at, 8);
		v[3] ^= word;
		hash_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)len << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)at[i] << (8 * i);
	v[3] ^= word;
	hash_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	hash_round(v);
	hash_round(v);
	hash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
