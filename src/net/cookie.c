#include "net/cookie.h"

#include <string.h>

#include "base/bytes.h"

/* Octets 0-7 client cookie, 8 version, 9-11 reserved, 12-15 time, 16-23 hash. */
static uint64_t hash_of(const struct hash_key *secret, const uint8_t *cookie,
			const struct address *client)
{
	uint8_t input[16 + 16];

	memcpy(input, cookie, 16);
	memcpy(input + 16, client->octets, 16);
	return hash_bytes(secret, client->family, input, sizeof input);
}

bool cookie_is_valid(const struct hash_key *secret, const uint8_t *cookie,
		     const struct address *client, uint32_t wall_s)
{
	uint64_t expected = hash_of(secret, cookie, client);
	uint32_t age_s = wall_s - get_u32(cookie + 12);
	uint8_t difference = 0;

	if (cookie[8] != 1 || (age_s > COOKIE_LIFE_S && -age_s > COOKIE_FUTURE_S))
		return false;
	for (unsigned i = 0; i < 8; i++)
		difference |= (uint8_t)(cookie[16 + i] ^ (uint8_t)(expected >> (8 * i)));
	return difference == 0;
}

void cookie_make(const struct hash_key *secret, const uint8_t *client_cookie,
		 const struct address *client, uint32_t wall_s, uint8_t *out)
{
	memcpy(out, client_cookie, 8);
	memset(out + 8, 0, 4);
	out[8] = 1;
	put_u32(out + 12, wall_s);
	uint64_t hash = hash_of(secret, out, client);

	for (unsigned i = 0; i < 8; i++)
		out[16 + i] = (uint8_t)(hash >> (8 * i));
}
