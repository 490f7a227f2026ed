/*
 * random.h - unpredictable numbers, read from the kernel in blocks.
 *
 * Every worker owns one `struct random`. Octets come straight from getrandom(2)
 * and are wiped when handed out, so nothing that an attacker sees (ids, ports,
 * case, server choice) tells anything about what comes next: there is no state
 * to recover.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RANDOM_BLOCK 512 /* octets per getrandom(2): about 40 upstream queries */

struct random {
	uint32_t at; /* octets of the block used */
	uint8_t block[RANDOM_BLOCK];
};

/** Start empty; the first draw fills the block. */
void random_init(struct random *r);

/** Fill @p out with @p len octets. Aborts if the kernel has no randomness: nothing is safe then. */
void random_bytes(struct random *r, void *out, size_t len);

/** 16, 32 or 64 random bits. */
uint16_t random_u16(struct random *r);
uint32_t random_u32(struct random *r);
uint64_t random_u64(struct random *r);

/** Uniform in 0 .. @p n - 1; @p n > 0. */
uint32_t random_below(struct random *r, uint32_t n);
