/*
 * scoped.c - keys of what is good for one network of clients only (RFC 7871).
 *
 * Such a set stands below its own name, under a label that nobody can ask for: it is a keyed
 * hash of the network.
 */
#include <string.h>

#include <tern/name.h>

#include "base/bytes.h"
#include "cache/cache_private.h"

#define LABEL_MARK "net"
#define LABEL_LEN  (sizeof LABEL_MARK - 1 + 8)

_Static_assert(1 + LABEL_LEN == CACHE_SCOPE_OCTETS, "what the key adds to the name");

bool cache_scoped_name(const struct cache *c, const struct prefix *network, const uint8_t *name,
		       uint8_t out[TERN_NAME_MAX])
{
	uint64_t what = (uint64_t)network->base.family << 8 | network->bits;
	size_t len = tern_name_len(name);

	if (len + CACHE_SCOPE_OCTETS > TERN_NAME_MAX)
		return false;
	uint64_t hash = hash_bytes(&c->key, what, network->base.octets, 16);

	*out = LABEL_LEN;
	memcpy(out + 1, LABEL_MARK, sizeof LABEL_MARK - 1);
	memcpy(out + sizeof LABEL_MARK, &hash, sizeof hash);
	/* Keys are in lower case, and so are these octets. */
	tern_name_lower(out + CACHE_SCOPE_OCTETS, name);
	for (unsigned i = 1; i <= LABEL_LEN; i++) {
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (uint8_t)(out[i] + ('a' - 'A'));
	}
	return true;
}

bool entry_is_scoped(const struct entry *e, const uint8_t *name)
{
	const uint8_t *owner = entry_name(e);

	return TAG_KIND(e->tag) == TAG_KIND(TAG_TYPE(0)) && *owner == LABEL_LEN &&
	       memcmp(owner + 1, LABEL_MARK, sizeof LABEL_MARK - 1) == 0 &&
	       tern_name_equal(owner + CACHE_SCOPE_OCTETS, name);
}
