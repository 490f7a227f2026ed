/*
 * rrset.c - walk and compare packed RRsets.
 */
#include <string.h>

#include <tern/rrset.h>

#include "base/bytes.h"
#include "base/compiler.h"

#define SORT_MAX 4096 /* records of a set that are compared out of order */

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

/* Offsets of a set's records in its block. */
struct index {
	const uint8_t *block;
	uint32_t n;
	uint32_t at[SORT_MAX];
};

/* Any total order will do: by length, then by octets. */
static int compare_records(const uint8_t *a, const uint8_t *b)
{
	uint16_t len = get_u16(a);

	if (len != get_u16(b))
		return len - get_u16(b);
	return memcmp(a + 2, b + 2, len);
}

static bool is_before(const struct index *x, uint32_t i, uint32_t j)
{
	return compare_records(x->block + x->at[i], x->block + x->at[j]) < 0;
}

static void swap(struct index *x, uint32_t i, uint32_t j)
{
	uint32_t at = x->at[i];

	x->at[i] = x->at[j];
	x->at[j] = at;
}

/* Let the record at @p i of a heap of @p n sink to its place. */
static void sink(struct index *x, uint32_t i, uint32_t n)
{
	for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && is_before(x, child, child + 1))
			child++;
		if (!is_before(x, i, child))
			return;
		swap(x, i, child);
	}
}

/* Heapsort: in place, and no order of records is worse than another. */
static void sort_records(struct index *x)
{
	for (uint32_t i = x->n / 2; i > 0; i--)
		sink(x, i - 1, x->n);
	for (uint32_t n = x->n; n > 1; n--) {
		swap(x, 0, n - 1);
		sink(x, 0, n - 1);
	}
}

static void index_records(struct index *x, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;

	x->block = set->rdata;
	x->n = 0;
	while (x->n < SORT_MAX && tern_rdata_next(&it, &rdata))
		x->at[x->n++] = (uint32_t)(rdata.octets - 2 - set->rdata);
	sort_records(x);
}

bool tern_rrset_same_data(const struct tern_rrset *a, const struct tern_rrset *b)
{
	size_t len = own_len(a);
	struct index x, y;

	if (a->rr_n != b->rr_n || len != own_len(b))
		return false;
	if (memcmp(a->rdata, b->rdata, len) == 0)
		return true;
	if (a->rr_n > SORT_MAX)
		return false;
	index_records(&x, a);
	index_records(&y, b);
	if (x.n != y.n)
		return false;
	for (uint32_t i = 0; i < x.n; i++) {
		if (compare_records(x.block + x.at[i], y.block + y.at[i]) != 0)
			return false;
	}
	return true;
}
