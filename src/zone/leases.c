/* leases.c - see leases.h: leases by address and by name. */
#include "zone/leases.h"

#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "zone/leases_private.h"
#include "zone/reverse.h"

#define SET_MAX 16 /* addresses of one type in an answer */

_Static_assert(SET_MAX *(2 + 16) <= ZONE_SOA_RDATA_MAX, "a set fits where it is made");
_Static_assert(2 + TERN_NAME_MAX <= ZONE_SOA_RDATA_MAX, "a PTR fits where it is made");

/* --- finding ------------------------------------------------------------------------ */

uint32_t *leases_find_address(const struct leases *l, const uint8_t *address, size_t len)
{
	uint32_t at =
		(uint32_t)hash_bytes(&l->key, SALT_ADDRESS, address, len) & l->by_address.mask;

	while (l->by_address.places[at] != NOBODY &&
	       !lease_has_address(&l->leases[l->by_address.places[at]], address, len))
		at = (at + 1) & l->by_address.mask;
	return &l->by_address.places[at];
}

uint32_t *leases_find_name(const struct leases *l, const uint8_t *name)
{
	uint32_t at = (uint32_t)hash_bytes(&l->key, SALT_NAME, name, tern_name_len(name)) &
		      l->by_name.mask;

	while (l->by_name.places[at] != NOBODY &&
	       !tern_name_equal(l->leases[l->by_name.places[at]].name, name))
		at = (at + 1) & l->by_name.mask;
	return &l->by_name.places[at];
}

const struct lease *leases_of_address(const struct leases *l, const uint8_t *address, size_t len,
				      int64_t now_s)
{
	uint32_t i = *leases_find_address(l, address, len);

	return i == NOBODY || lease_is_over(&l->leases[i], now_s) ? NULL : &l->leases[i];
}

bool leases_find(const struct leases *l, const uint8_t *name, int64_t now_s,
		 struct lease_found *out)
{
	uint8_t address[16];
	size_t len = reverse_address(name, address);
	const struct lease *lease = len > 0 ? leases_of_address(l, address, len, now_s) : NULL;

	if (lease && lease->naming == LEASE_NAMED) {
		*out = (struct lease_found){lease, true};
		return true;
	}
	uint32_t i = *leases_find_name(l, name);

	while (i != NOBODY && lease_is_over(&l->leases[i], now_s))
		i = l->next[i];
	if (i == NOBODY)
		return false;
	*out = (struct lease_found){&l->leases[i], false};
	return true;
}

/* A second less than is left, for that second has begun. */
static uint32_t ttl_of(const struct lease *l, int64_t now_s)
{
	int64_t left = l->until_s == LEASE_FOR_EVER ? LEASES_TTL_S : l->until_s - now_s - 1;

	return (uint32_t)MIN(left, (int64_t)LEASES_TTL_S);
}

static bool give_pointer(const struct lease *lease, const uint8_t *name, int64_t now_s,
			 struct zone_answer *out)
{
	size_t len = tern_name_copy(out->made + 2, lease->name);

	put_u16(out->made, (uint16_t)len);
	out->set = (struct tern_rrset){.owner = name,
				       .rdata = out->made,
				       .rdata_len = (uint32_t)len + 2,
				       .ttl_s = ttl_of(lease, now_s),
				       .type = TERN_TYPE_PTR,
				       .rclass = TERN_CLASS_IN,
				       .rr_n = 1};
	return true;
}

bool leases_records(const struct leases *l, const struct lease_found *found, const uint8_t *name,
		    uint16_t type, int64_t now_s, struct zone_answer *out)
{
	if (found->reverse)
		return (type == TERN_TYPE_PTR || type == TERN_TYPE_ANY) &&
		       give_pointer(found->lease, name, now_s, out);
	if (type == TERN_TYPE_ANY)
		type = found->lease->address_len == 4 ? TERN_TYPE_A : TERN_TYPE_AAAA;
	size_t len = type == TERN_TYPE_A ? 4 : type == TERN_TYPE_AAAA ? 16 : 0;

	out->set = (struct tern_rrset){.owner = name,
				       .rdata = out->made,
				       .ttl_s = LEASES_TTL_S,
				       .type = type,
				       .rclass = TERN_CLASS_IN};
	for (uint32_t i = (uint32_t)(found->lease - l->leases); i != NOBODY; i = l->next[i]) {
		const struct lease *lease = &l->leases[i];

		if (lease->address_len != len || lease_is_over(lease, now_s) ||
		    out->set.rr_n == SET_MAX)
			continue;
		put_u16(out->made + out->set.rdata_len, (uint16_t)len);
		memcpy(out->made + out->set.rdata_len + 2, lease->address, len);
		out->set.rdata_len += 2 + (uint32_t)len;
		out->set.ttl_s = MIN(out->set.ttl_s, ttl_of(lease, now_s));
		out->set.rr_n++;
	}
	return out->set.rr_n > 0;
}

unsigned leases_count(const struct leases *l)
{
	return l->n;
}

unsigned leases_named(const struct leases *l)
{
	return l->named;
}

const struct lease *leases_at(const struct leases *l, unsigned i)
{
	return &l->leases[i];
}

int64_t leases_next_end(const struct leases *l)
{
	return l->next_end;
}

unsigned leases_files(const struct leases *l)
{
	return l->files_n;
}

const struct lease_file *leases_file(const struct leases *l, unsigned i)
{
	return &l->files[i];
}
