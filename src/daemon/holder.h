/*
 * holder.h - who has an address that the daemon wanted to listen on.
 *
 * The kernel's tables tell which user a socket is of, to everybody; which process it is of they
 * tell root only, and the daemon is not root under systemd.
 *
 * Threads    main thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/compiler.h"
#include "policy/endpoint.h"

struct log;

/** A socket that others can't share an address with. */
struct holder {
	struct address at; /**< what it is bound to */
	uid_t uid;         /**< of the user who made it */
};

/**
 * Find in @p table who keeps @p wanted from being bound: the same port of the same address, or
 * where one of the two is the wildcard.
 *
 * @param table  text as in /proc/self/net/udp and tcp (@p family 4), or udp6 and tcp6 (6); other
 * lines than sockets' are passed over
 * @return false when there is nobody; @p out is written only if there is
 */
MUST_USE bool holder_find(FILE *table, uint8_t family, const struct address *wanted,
			  struct holder *out);

/** Log an error for each of @p listen that somebody else has now, by whom and what to do. */
void holder_tell(struct log *log, const struct endpoint *listen, unsigned n);
