/*
 * hosts.h - how much each host holds, exactly: an IPv4 address, or a /64 of IPv6, for one host has
 * as many addresses of that as it likes.
 *
 * Memory   a fixed number of hosts, mapped by hosts_init(); untouched ones cost none.
 * Threads  the owner's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <urcu/hlist.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "base/pool.h"

/** One that holds something. */
struct host {
	struct cds_hlist_node node;
	uint8_t family;
	uint8_t net[8]; /* octets that tell it from others, the others zero */
	uint32_t n;     /* what it holds */
};

struct hosts {
	struct pool pool;
	struct cds_hlist_head *buckets;
};

/** Make room for @p max hosts; false when memory is short. */
MUST_USE bool hosts_init(struct hosts *h, uint32_t max);
void hosts_fini(struct hosts *h);

/** What the host at @p a holds. */
uint32_t hosts_held(const struct hosts *h, const struct hash_key *key, const struct address *a);

/** The host at @p a holds one more. NULL when there is no place for another host. */
MUST_USE struct host *hosts_take(struct hosts *h, const struct hash_key *key,
				 const struct address *a);

/** One that hosts_take() returned holds one less. */
void hosts_give(struct hosts *h, struct host *host);
