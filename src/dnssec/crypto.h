/*
 * crypto.h - public keys as OpenSSL wants them, kept parsed, and one function
 * that checks a signature.
 *
 * Memory   a fixed number of parsed keys, those used often before others; a check allocates nothing
 * of ours. Threads  a `struct crypto` belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "dnssec/key.h"

struct crypto;

/** NULL when memory is short. */
MUST_USE struct crypto *crypto_create(void);
void crypto_destroy(struct crypto *crypto);

/**
 * Is @p sig (as in an RRSIG) the signature of @p data by @p key? Malformed keys
 * and signatures are simply wrong.
 */
bool crypto_verify(struct crypto *crypto, const struct dnskey *key, const uint8_t *sig,
		   size_t sig_len, const uint8_t *data, size_t data_len);

/* About 1 ms, then others should have a turn: limits.md allows 2, and the check under way is
 * finished. */
#define CRYPTO_EFFORT_MAX 8

/** What was spent since crypto_rest(): 1 for a check with P-256, 8 with P-384. */
unsigned crypto_effort(const struct crypto *crypto);

/** Keys parsed so far: checks whose key was not among those kept. */
uint64_t crypto_parsed(const struct crypto *crypto);

/** As if all was spent: others have been waiting. */
void crypto_tire(struct crypto *crypto);

/** Others had their turn: count anew. */
void crypto_rest(struct crypto *crypto);
