/* shares.c - see shares.h. */
#include "base/shares.h"

#include "base/compiler.h"

/* Octets of an address that its host, or its network, can't choose freely. */
static size_t party_octets(const struct address *a)
{
	if (address_is_local(a))
		return a->family == 4 ? 4 : 8;
	return a->family == 4 ? 3 : 7;
}

uint16_t party_of(const struct hash_key *key, const struct address *a)
{
	uint64_t hash = hash_bytes(key, a->family, a->octets, party_octets(a));

	return (uint16_t)(1 + hash % (SHARES_SLOTS - 1));
}
