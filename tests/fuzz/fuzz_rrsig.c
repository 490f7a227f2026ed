/*
 * fuzz_rrsig.c - arbitrary RRSIG, DNSKEY and DS against an arbitrary set.
 *
 * The input: an owner, a type, and three pieces with a length of two octets each:
 * the RRSIG's rdata, the DNSKEY's and the DS's; what is left are records with such
 * lengths. Whatever they say: no crash, nothing written beyond the end, and the
 * same octets give the same verdict twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/check.h"
#include "dnssec/rrsig.h"

#define RECORDS_MAX 64
#define NOW         1700000000u
#define SMALL       512 /* octets of canonical form that don't always suffice */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct piece {
	uint8_t *octets; /* a block of exactly its size */
	size_t len;
};

static struct piece take_piece(struct cursor *c)
{
	struct piece p = {.len = cursor_u16(c)};
	const uint8_t *at = cursor_take(c, p.len);

	if (c->broken)
		p.len = 0;
	p.octets = malloc(p.len > 0 ? p.len : 1);
	check_always(p.octets);
	if (p.len > 0)
		memcpy(p.octets, at, p.len);
	return p;
}

/* The records as an RRset packs them; *@p n of them. */
static struct piece take_records(struct cursor *c, uint16_t *n)
{
	struct piece p = {.octets = malloc(cursor_left(c) + 1)};

	check_always(p.octets);
	*n = 0;
	while (cursor_left(c) >= 2 && *n < RECORDS_MAX) {
		uint16_t len = cursor_u16(c);
		const uint8_t *at = cursor_take(c, len);

		if (c->broken)
			break;
		put_u16(p.octets + p.len, len);
		if (len > 0)
			memcpy(p.octets + p.len + 2, at, len);
		p.len += len + 2u;
		(*n)++;
	}
	return p;
}

/* Canonical form into exactly @p max octets. */
static uint8_t *canonical(const struct tern_rrset *set, const struct rrsig *sig, size_t max,
			  size_t *len)
{
	uint8_t *out = malloc(max);

	check_always(out);
	*len = rrsig_signed_data(set, sig, out, max);
	check_always(*len <= max);
	return out;
}

static void judge(const struct tern_rrset *set, const struct piece *rrsig,
		  const struct piece *dnskey, const struct piece *ds_rdata)
{
	static struct crypto *crypto;
	struct rrsig sig;
	struct dnskey key;
	struct ds ds;
	size_t len, small_len;
	bool has_key = dnskey_read(dnskey->octets, dnskey->len, &key);

	if (!crypto)
		crypto = crypto_create();
	check_always(crypto);
	if (has_key && ds_read(ds_rdata->octets, ds_rdata->len, &ds))
		(void)ds_matches(&ds, set->owner, &key);
	if (!rrsig_read(rrsig->octets, rrsig->len, &sig) ||
	    rrsig_check(&sig, set->owner, NOW) != RRSIG_USABLE)
		return;
	(void)rrsig_is_wildcard(&sig, set->owner);
	free(canonical(set, &sig, SMALL, &small_len));
	uint8_t *whole = canonical(set, &sig, RRSIG_SCRATCH, &len);

	check_always(small_len == 0 || small_len == len);
	if (has_key && len > 0) {
		bool good = crypto_verify(crypto, &key, sig.sig, sig.sig_len, whole, len);

		check_always(crypto_verify(crypto, &key, sig.sig, sig.sig_len, whole, len) == good);
	}
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	size_t owner_len;

	if (tern_name_check(c.at, cursor_left(&c), &owner_len) != TERN_OK)
		return 0;
	struct tern_rrset set = {.owner = cursor_take(&c, owner_len), .rclass = TERN_CLASS_IN};

	set.type = cursor_u16(&c);
	struct piece rrsig = take_piece(&c), dnskey = take_piece(&c), ds = take_piece(&c);
	struct piece records = take_records(&c, &set.rr_n);

	set.rdata = records.octets;
	set.rdata_len = (uint32_t)records.len;
	if (!c.broken || set.rr_n > 0)
		judge(&set, &rrsig, &dnskey, &ds);
	free(rrsig.octets);
	free(dnskey.octets);
	free(ds.octets);
	free(records.octets);
	return 0;
}
