/*
 * subnet.h - servers of listed zones are told from which network a client asks, and what they
 * answer is kept for that network: EDNS Client Subnet, RFC 7871.
 *
 *   asked for, with a network ─► key of the network, else key of everywhere, else ask
 *   answered for a part of the internet ─► key of the network that was sent
 *   answered for all of it              ─► key of everywhere
 *   asked without, for the option may be why nothing came ─► key of the network
 *
 * Denials are the same for all (RFC 7871 7.4). A client without a network, for it is of our own
 * ones or wants none told, is answered by what everybody's questions bring.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <tern/message.h>

#include "cache/cache.h"
#include "resolver/job.h"

/** Does the answer for @p name and @p type depend on who asks? */
bool subnet_is_listed(const struct job *job, const struct frame *f, const uint8_t *name,
		      uint16_t type);

/** And has who asks a network that the servers may be told? */
bool subnet_applies(const struct job *job, const struct frame *f, const uint8_t *name,
		    uint16_t type);

/** Look for the set as the client's network has it; its owner is @p name then. */
bool subnet_get_set(struct job *job, const uint8_t *name, uint16_t type, struct cache_hit *out);

/** The name to keep the set @p k under; @p out is filled. */
const uint8_t *subnet_key(const struct job *job, const struct kept *k, uint8_t out[TERN_NAME_MAX]);

/** Note for whom the reply @p m is. False when it tells of a network that was not sent. */
bool subnet_read_reply(const struct job *job, struct frame *f, const struct tern_message *m);
