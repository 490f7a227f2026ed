/*
 * lease_list.h - files of leases, read.
 *
 * Purpose    a list of the leases of one configured file, as its server would find them after a
 *            restart: of several entries of an address the last one counts.
 * Limits     what can't be read is passed over and counted; the first ones are told.
 *            Names are as clients gave them; leases.h judges them.
 */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "zone/leases.h"

/** The two clocks at one time. */
struct lease_clock {
	int64_t wall_s; /* CLOCK_REALTIME */
	int64_t boot_s; /* CLOCK_BOOTTIME, by which networkd once counted */
};

struct lease_list {
	struct arena arena; /* names and identifiers */
	struct lease *leases;
	unsigned n;
	unsigned bad_n;
	struct {
		unsigned line;   /* 0: of the file as a whole */
		const char *why; /* static */
	} bad[LEASE_TOLD_MAX];   /* the first MIN(bad_n, LEASE_TOLD_MAX) */
	uint32_t *slots;         /* by address: index + 1, 0 for a free one */
	unsigned slots_n;        /* a power of two, or 0 */
	struct hash_key key;
};

/** An empty list. */
void lease_list_init(struct lease_list *l);

void lease_list_free(struct lease_list *l);

/**
 * Add what the @p len octets of @p text say. Later calls add later entries.
 *
 * @return false when memory is short
 */
MUST_USE bool lease_list_read(struct lease_list *l, enum lease_format format, const char *text,
			      size_t len, const struct lease_clock *now);
