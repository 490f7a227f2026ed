/*
 * subnet.h - servers of listed zones are told from which network a client asks, and what they
 * answer is kept for that network: EDNS Client Subnet, RFC 7871.
 *
 *   asked for, with a network ─► key of the network, else key of everywhere, else ask
 *   answered for a part of the internet ─► key of the network that was sent
 *   answered for all of it              ─► key of everywhere
 *   the network was passed over ─► asked again without it ─► key of everywhere
 *   asked without, for the option may be why nothing came ─► key of the network
 *
 * Equal questions for many networks are many chances for who forges replies (RebirthDay, limits.md
 * row 3), but one that tells of its network fits one of them only. So what comes by UDP and tells
 * of none is not believed; the question without a network is asked once at a time.
 *
 * Denials are the same for all (RFC 7871 7.4). A client without a network, for it is of our own
 * ones or wants none told, is answered by what everybody's questions bring. So is every question
 * for another type than those of addresses, also where it meets an alias.
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

/**
 * cache_get() with stale data, as the client's network has it, for a question of type @p asked.
 * @p by_network becomes true when others may get another answer.
 */
enum cache_found subnet_get_stale(struct job *job, uint16_t asked, const uint8_t *name,
				  uint16_t type, uint32_t now_s, struct cache_hit *out,
				  bool *by_network);

/** The name to keep the set @p k under; @p out is filled. */
const uint8_t *subnet_key(const struct job *job, const struct kept *k, uint8_t out[TERN_NAME_MAX]);

enum subnet_said {
	SUBNET_SAID,    /* what there was to say */
	SUBNET_UNSAID,  /* nothing of the network that was sent */
	SUBNET_UNASKED, /* it tells of another one */
};

/** Note for whom the reply @p m is. */
enum subnet_said subnet_read_reply(const struct job *job, struct frame *f,
				   const struct tern_message *m);
