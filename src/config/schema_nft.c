/* schema_nft.c - the keys of one of `nft-sets`. */
#include <stdio.h>
#include <string.h>

#include "config/schema_private.h"
#include "policy/nft_sets.h"

#define TIMEOUT_MAX_S 31536000 /* a year */

#define IN_SET(member) MEMBER_OF(struct nft_set, member)

const struct schema_key schema_nft_keys[] = {
	{.name = "names",
	 .kind = SCHEMA_ZONE,
	 LIST_OF(struct nft_set, names),
	 .items_min = 1,
	 .required = true},
	{.name = "table",
	 .kind = SCHEMA_STRING,
	 IN_SET(table),
	 .max = NFT_WORD_MAX + 8,
	 .required = true},
	{.name = "ipv4-set",
	 .kind = SCHEMA_STRING,
	 IN_SET(ipv4),
	 .max = NFT_WORD_MAX - 1,
	 .initial = ""},
	{.name = "ipv6-set",
	 .kind = SCHEMA_STRING,
	 IN_SET(ipv6),
	 .max = NFT_WORD_MAX - 1,
	 .initial = ""},
	{.name = "timeout",
	 .kind = SCHEMA_SECONDS,
	 IN_SET(timeout_s),
	 .max = TIMEOUT_MAX_S,
	 .initial = "0s"},
	{0},
};

static bool is_set(const char *set, const char *key, struct schema_fault *fault)
{
	if (*set == '\0' || nft_name_is_good(set))
		return true;
	fault->key = key;
	snprintf(fault->why, sizeof(fault->why),
		 "expected the name of a set: a letter, then letters, digits, \"_\", \"-\", \".\", "
		 "\"/\" or \"\\\"");
	return false;
}

bool finish_nft(void *mapping, struct schema_fault *fault)
{
	const struct nft_set *set = mapping;
	const char *why;

	if (!nft_table_is_good(set->table, &why)) {
		fault->key = "table";
		snprintf(fault->why, sizeof(fault->why), "%s", why);
		return false;
	}
	if (*set->ipv4 == '\0' && *set->ipv6 == '\0') {
		fault->key = "ipv4-set";
		snprintf(fault->why, sizeof(fault->why), "expected a set for one family at least");
		return false;
	}
	return is_set(set->ipv4, "ipv4-set", fault) && is_set(set->ipv6, "ipv6-set", fault);
}
