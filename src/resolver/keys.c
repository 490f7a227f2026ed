#include "resolver/keys.h"

#include <string.h>

#include "base/bytes.h"
#include "dnssec/anchor.h"
#include "dnssec/walltime.h"
#include "resolver/failure.h"
#include "resolver/machine.h"
#include "resolver/verify.h"

#define DS_MAX         16 /* usable DS compared with keys: HashTrap makes them many */
#define DS_DIGESTS_MAX 4  /* keys of its tag digested for one DS */

static COLD void tell_match(struct job *job, const struct tern_rrset *keys, const struct ds *ds)
{
	char zone[TERN_NAME_TEXT_MAX];

	if (job->trace)
		job_tell(job, "  DS %u of %s, digest %u: matches a DNSKEY of algorithm %u", ds->tag,
			 tern_name_to_text(keys->owner, zone), ds->digest_type, ds->algorithm);
}

static enum verify try_keys_of(struct job *job, struct tern_rrset *keys, const struct ds *ds)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(keys);
	struct tern_rdata rdata;
	struct verified v;
	unsigned tried = 0, digests = 0;

	while (tried < VERIFY_KEYS_MAX && digests < DS_DIGESTS_MAX &&
	       tern_rdata_next(&it, &rdata)) {
		struct dnskey key;

		if (!dnskey_read(rdata.octets, rdata.len, &key) || !dnskey_signs_zones(&key) ||
		    key.tag != ds->tag || key.algorithm != ds->algorithm)
			continue;
		digests++;
		if (!ds_matches(ds, keys->owner, &key))
			continue;
		tell_match(job, keys, ds);
		tried++;
		enum verify found = verify_set_with(job, keys, keys->owner, &key, &v);

		if (found == VERIFY_GOOD)
			keys->ttl_s = MIN(keys->ttl_s, v.ttl_s);
		if (found != VERIFY_WRONG)
			return found;
	}
	return VERIFY_WRONG;
}

struct ds_count {
	unsigned known;
	enum verify found; /* VERIFY_WRONG: go on looking */
	bool strong;       /* a digest better than SHA-1 is there: RFC 4509 3 */
};

static bool is_usable_ds(const struct job *job, const struct ds *ds)
{
	bool sha1 = job->rules->resolver.sha1;

	return dnssec_algorithm_is_known(ds->algorithm, sha1) &&
	       dnssec_digest_is_known(ds->digest_type, sha1);
}

static void try_ds(struct job *job, struct tern_rrset *keys, const struct ds *ds,
		   struct ds_count *count)
{
	if (!is_usable_ds(job, ds) || (count->strong && ds->digest_type == DNSSEC_SHA1))
		return;
	if (count->known++ < DS_MAX && count->found == VERIFY_WRONG)
		count->found = try_keys_of(job, keys, ds);
}

/* A key that the zone doesn't publish any more speaks for it no more (RFC 4035 5.2). */
static bool is_in_set(const struct tern_rrset *keys, const struct trust_anchor *anchor)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(keys);
	struct tern_rdata rdata;

	while (tern_rdata_next(&it, &rdata)) {
		if (rdata.len == anchor->rdata_len &&
		    memcmp(rdata.octets, anchor->rdata, rdata.len) == 0)
			return true;
	}
	return false;
}

static void try_anchors(struct job *job, struct tern_rrset *keys, struct ds_count *count)
{
	const struct trust_anchors *anchors = job->rules->anchors;
	struct verified v;

	for (unsigned i = 0; i < anchors->n && count->found == VERIFY_WRONG; i++) {
		const struct trust_anchor *a = &anchors->anchors[i];
		struct dnskey key;
		struct ds ds;

		if (!tern_name_equal(a->zone, keys->owner))
			continue;
		if (a->type == TERN_TYPE_DS && ds_read(a->rdata, a->rdata_len, &ds))
			try_ds(job, keys, &ds, count);
		if (a->type == TERN_TYPE_DNSKEY && dnskey_read(a->rdata, a->rdata_len, &key) &&
		    dnssec_algorithm_is_known(key.algorithm, job->rules->resolver.sha1)) {
			count->known++;
			if (!is_in_set(keys, a))
				continue;
			count->found = verify_set_with(job, keys, keys->owner, &key, &v);
			if (count->found == VERIFY_GOOD)
				keys->ttl_s = MIN(keys->ttl_s, v.ttl_s);
		}
	}
}

/* What is trusted by configuration also tells whether the clock can be right. */
static void try_anchors_in_time(struct job *job, struct tern_rrset *keys, struct ds_count *count)
{
	struct wall_time *wall = job->rules->wall;
	uint32_t now_s = job->now->wall_s;

	try_anchors(job, keys, count);
	if (count->found == VERIFY_GOOD)
		wall_time_prove(wall, now_s);
	else if (count->found == VERIFY_WRONG && job->why_ede == TERN_EDE_SIG_NOT_YET_VALID &&
		 wall_time_doubt(wall, now_s))
		try_anchors(job, keys, count);
}

static void try_ds_set(struct job *job, struct tern_rrset *keys, const struct tern_rrset *set,
		       struct ds_count *count)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	struct ds ds;

	while (tern_rdata_next(&it, &rdata)) {
		if (ds_read(rdata.octets, rdata.len, &ds) && is_usable_ds(job, &ds) &&
		    ds.digest_type != DNSSEC_SHA1)
			count->strong = true;
	}
	it = tern_rrset_rdatas(set);
	while (count->found == VERIFY_WRONG && tern_rdata_next(&it, &rdata)) {
		if (ds_read(rdata.octets, rdata.len, &ds))
			try_ds(job, keys, &ds, count);
	}
}

bool keys_have_anchor(const struct job *job, const uint8_t *zone)
{
	const struct trust_anchors *anchors = job->rules->anchors;
	struct dnskey key;
	struct ds ds;

	for (unsigned i = 0; i < anchors->n; i++) {
		const struct trust_anchor *a = &anchors->anchors[i];

		if (!tern_name_equal(a->zone, zone))
			continue;
		if (a->type == TERN_TYPE_DS && ds_read(a->rdata, a->rdata_len, &ds) &&
		    is_usable_ds(job, &ds))
			return true;
		if (a->type == TERN_TYPE_DNSKEY && dnskey_read(a->rdata, a->rdata_len, &key) &&
		    dnssec_algorithm_is_known(key.algorithm, job->rules->resolver.sha1))
			return true;
	}
	return false;
}

enum vouched keys_vouched(struct job *job, struct tern_rrset *keys, const struct tern_rrset *ds)
{
	const uint8_t *anchor = trust_anchors_zone(job->rules->anchors, keys->owner);
	struct ds_count count = {.found = VERIFY_WRONG};

	if (anchor && tern_name_equal(anchor, keys->owner)) {
		try_anchors_in_time(job, keys, &count);
	} else {
		try_ds_set(job, keys, ds, &count);
		keys->ttl_s = MIN(keys->ttl_s, ds->ttl_s); /* trusted no longer than this is */
	}
	if (count.found == VERIFY_NOT_YET)
		return VOUCHED_NOT_YET;
	verify_decided(job);
	if (count.found == VERIFY_GOOD)
		return VOUCHED_YES;
	return count.known == 0 ? VOUCHED_UNKNOWN : VOUCHED_NO;
}
