/*
 * cookie.h - DNS cookies towards clients (RFC 7873, layout of RFC 9018).
 *
 * A server cookie is version, reserved, time and a keyed hash over client
 * cookie and client address; nothing is stored per client.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/hash.h"

#define COOKIE_LEN      24   /* octets: 8 of the client, 16 of the server */
#define COOKIE_LIFE_S   3600 /* older server cookies are not accepted, RFC 9018 4.3 */
#define COOKIE_FUTURE_S 300  /* nor ones from the future */

/** Does @p cookie (COOKIE_LEN octets) prove that @p client was seen at its address? */
bool cookie_is_valid(const struct hash_key *secret, const uint8_t *cookie,
		     const struct address *client, uint32_t wall_s);

/** Make the cookie for @p client_cookie (8 octets); @p out gets COOKIE_LEN octets. */
void cookie_make(const struct hash_key *secret, const uint8_t *client_cookie,
		 const struct address *client, uint32_t wall_s, uint8_t *out);
