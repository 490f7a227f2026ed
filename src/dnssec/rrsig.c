#include "dnssec/rrsig.h"

#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rdata.h>

#include "base/bytes.h"

#define FIXED_LEN 18 /* octets before the signer's name */

bool rrsig_read(const uint8_t *rdata, size_t len, struct rrsig *out)
{
	size_t name_len;

	if (len <= FIXED_LEN ||
	    tern_name_check(rdata + FIXED_LEN, len - FIXED_LEN, &name_len) != TERN_OK)
		return false;
	*out = (struct rrsig){
		.type = get_u16(rdata),
		.algorithm = rdata[2],
		.labels = rdata[3],
		.original_ttl_s = get_u32(rdata + 4),
		.expiration = get_u32(rdata + 8),
		.inception = get_u32(rdata + 12),
		.tag = get_u16(rdata + 16),
		.signer = rdata + FIXED_LEN,
		.rdata = rdata,
		.head_len = FIXED_LEN + name_len,
		.sig = rdata + FIXED_LEN + name_len,
		.sig_len = len - FIXED_LEN - name_len,
	};
	return out->sig_len > 0;
}

/* RFC 1982: is a after b? */
static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* The labels that count: neither the root nor a leading asterisk, RFC 4034 3.1.3. */
static unsigned counted_labels(const uint8_t *owner)
{
	return tern_name_labels(owner) - (tern_name_is_wildcard(owner) ? 1 : 0);
}

enum rrsig_fault rrsig_check(const struct rrsig *sig, const uint8_t *owner, uint32_t now_s)
{
	/* A wildcard reaching above the signer's zone would speak for others' names. */
	if (!tern_name_is_below_or_equal(owner, sig->signer) ||
	    sig->labels > counted_labels(owner) || sig->labels < tern_name_labels(sig->signer))
		return RRSIG_MISPLACED;
	if (is_after(sig->inception, sig->expiration))
		return RRSIG_BACKWARDS;
	if (is_after(now_s, sig->expiration) && now_s - sig->expiration > RRSIG_SKEW_S)
		return RRSIG_EXPIRED;
	if (is_after(sig->inception, now_s) && sig->inception - now_s > RRSIG_SKEW_S)
		return RRSIG_NOT_YET;
	return RRSIG_USABLE;
}

bool rrsig_is_wildcard(const struct rrsig *sig, const uint8_t *owner)
{
	return sig->labels < counted_labels(owner);
}

/* Owner, type, class and original TTL: the same before each record (RFC 4034 3.1.8.1). */
static size_t put_record_head(const struct tern_rrset *set, const struct rrsig *sig, uint8_t *out)
{
	size_t len;

	if (rrsig_is_wildcard(sig, set->owner)) {
		out[0] = 1;
		out[1] = '*';
		len = 2 + tern_name_lower(out + 2, tern_name_suffix(set->owner, sig->labels));
	} else {
		len = tern_name_lower(out, set->owner);
	}
	put_u16(out + len, set->type);
	put_u16(out + len + 2, set->rclass);
	put_u32(out + len + 4, sig->original_ttl_s);
	return len + 8;
}

#define RECORDS_MAX 4096 /* what 64 KiB hold */

struct record {
	const uint8_t *octets;
	uint16_t len;
};

/* RFC 4034 6.3: as left-justified octet strings. */
static int compare_records(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = memcmp(x->octets, y->octets, MIN(x->len, y->len));

	return order ? order : (int)x->len - (int)y->len;
}

/* RFC 4034 6.3: records that only case made different are one. */
static unsigned without_doubles(struct record *records, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		if (kept == 0 || compare_records(&records[kept - 1], &records[i]) != 0)
			records[kept++] = records[i];
	}
	return kept;
}

/* Canonical copies of all rdata at the end of @p out; returns how many, 0 for too many. */
static unsigned canonical_records(const struct tern_rrset *set, uint8_t *out, size_t out_max,
				  struct record *records)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	unsigned n = 0;
	size_t at = out_max;

	while (tern_rdata_next(&it, &rdata)) {
		if (n == RECORDS_MAX || at < rdata.len)
			return 0;
		at -= rdata.len;
		memcpy(out + at, rdata.octets, rdata.len);
		tern_rdata_canonicalise(set->type, out + at, rdata.len);
		records[n++] = (struct record){out + at, rdata.len};
	}
	qsort(records, n, sizeof *records, compare_records);
	return without_doubles(records, n);
}

size_t rrsig_signed_data(const struct tern_rrset *set, const struct rrsig *sig, uint8_t *out,
			 size_t out_max)
{
	struct record records[RECORDS_MAX];
	uint8_t head[TERN_NAME_MAX + 16];
	size_t head_len = put_record_head(set, sig, head);
	size_t at = sig->head_len;

	if (at + (size_t)set->rr_n * (head_len + 2) + 2 * (size_t)set->rdata_len > out_max)
		return 0;
	unsigned n = canonical_records(set, out, out_max, records);

	memcpy(out, sig->rdata, FIXED_LEN);
	tern_name_lower(out + FIXED_LEN, sig->signer);
	for (unsigned i = 0; i < n; i++) {
		memcpy(out + at, head, head_len);
		put_u16(out + at + head_len, records[i].len);
		memcpy(out + at + head_len + 2, records[i].octets, records[i].len);
		at += head_len + 2 + records[i].len;
	}
	return n > 0 ? at : 0;
}
