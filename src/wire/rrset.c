/*
 * rrset.c - walk and compare packed RRsets.
 */
#include <string.h>

#include <tern/rrset.h>

#include "base/bytes.h"
#include "base/compiler.h"

#define RECORDS_MAX 65536 /* rr_n is a u16 */

struct tern_rdata_iter tern_rrset_rdatas(const struct tern_rrset *set)
{
	return (struct tern_rdata_iter){set->rdata, set->rdata + set->rdata_len, set->rr_n};
}

struct tern_rdata_iter tern_rrset_sigs(const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata skipped;

	while (tern_rdata_next(&it, &skipped))
		continue;
	it.left = set->sig_n;
	return it;
}

bool tern_rdata_next(struct tern_rdata_iter *it, struct tern_rdata *out)
{
	if (it->left == 0 || unlikely(it->end - it->at < 2))
		return false;
	uint16_t len = get_u16(it->at);

	if (unlikely(it->end - it->at - 2 < len))
		return false;
	out->octets = it->at + 2;
	out->len = len;
	it->at += 2 + len;
	it->left--;
	return true;
}

/* Octets of the block that the set's own records take. */
static size_t own_len(const struct tern_rrset *set)
{
	return (size_t)(tern_rrset_sigs(set).at - set->rdata);
}

/* Records of `set` in a circle, so that rotated answers match at the first try. */
struct circle {
	const struct tern_rrset *set;
	struct tern_rdata_iter it;
	unsigned index; /* of the record that comes next */
	uint8_t used[RECORDS_MAX / 8];
};

static bool circle_next(struct circle *c, struct tern_rdata *out, unsigned *index)
{
	if (!tern_rdata_next(&c->it, out)) {
		c->it = tern_rrset_rdatas(c->set);
		c->index = 0;
		if (!tern_rdata_next(&c->it, out))
			return false;
	}
	*index = c->index++;
	return true;
}

/* Find and use up one record equal to @p wanted. */
static bool circle_take(struct circle *c, const struct tern_rdata *wanted)
{
	struct tern_rdata candidate;
	unsigned index;

	for (unsigned tries = c->set->rr_n; tries > 0; tries--) {
		if (!circle_next(c, &candidate, &index))
			return false;
		if (candidate.len == wanted->len && !(c->used[index / 8] & 1u << index % 8) &&
		    memcmp(candidate.octets, wanted->octets, wanted->len) == 0) {
			c->used[index / 8] |= (uint8_t)(1u << index % 8);
			return true;
		}
	}
	return false;
}

bool tern_rrset_same_data(const struct tern_rrset *a, const struct tern_rrset *b)
{
	size_t len = own_len(a);

	if (a->rr_n != b->rr_n || len != own_len(b))
		return false;
	if (memcmp(a->rdata, b->rdata, len) == 0)
		return true;
	struct tern_rdata_iter it = tern_rrset_rdatas(a);
	struct circle c = {.set = b, .it = tern_rrset_rdatas(b)};
	struct tern_rdata rdata;

	while (tern_rdata_next(&it, &rdata)) {
		if (!circle_take(&c, &rdata))
			return false;
	}
	return true;
}
