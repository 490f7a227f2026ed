#include "resolver/verify.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>

#include "base/hash.h"
#include "dnssec/rrsig.h"
#include "resolver/failure.h"
#include "resolver/machine.h"

#define DATE_TEXT_MAX 16 /* octets of YYYYMMDDHHMMSS as RFC 4034 3.2 has it, and NUL */

/* One set being verified. */
struct attempt {
	struct job *job;
	const struct tern_rrset *set;
	const uint8_t *zone;
	unsigned failures;
	uint16_t ede;    /* the most telling reason so far */
	uint16_t tag;    /* of the signature that it is about, if that is one of its dates, */
	uint32_t date_s; /* which is this one, as in the RRSIG; 0 for none */
};

static bool job_sha1(const struct job *job)
{
	return job->rules->resolver.sha1;
}

static bool is_undated(const struct job *job)
{
	return wall_time_is_unset(job->rules->wall, job->now->wall_s);
}

static uint16_t ede_of(enum rrsig_fault fault)
{
	switch (fault) {
	case RRSIG_EXPIRED: return TERN_EDE_SIG_EXPIRED;
	case RRSIG_NOT_YET: return TERN_EDE_SIG_NOT_YET_VALID;
	case RRSIG_BACKWARDS: return TERN_EDE_SIG_EXPIRED_BEFORE_VALID;
	case RRSIG_MISPLACED:
	case RRSIG_USABLE: break;
	}
	return TERN_EDE_BOGUS;
}

static const char *verdict_of(enum rrsig_fault fault)
{
	switch (fault) {
	case RRSIG_EXPIRED: return "expired";
	case RRSIG_NOT_YET: return "not yet valid";
	case RRSIG_BACKWARDS: return "expires before it begins";
	case RRSIG_MISPLACED:
	case RRSIG_USABLE: break;
	}
	return "misplaced";
}

static const char *date_text(uint32_t date, char out[DATE_TEXT_MAX])
{
	time_t when = date;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(out, DATE_TEXT_MAX, "%Y%m%d%H%M%S", &tm) == 0)
		snprintf(out, DATE_TEXT_MAX, "%u", date);
	return out;
}

/* control/control_trace.c reads this line. */
static COLD void tell_signature(const struct attempt *a, const struct rrsig *sig,
				const char *verdict)
{
	char owner[TERN_NAME_TEXT_MAX], zone[TERN_NAME_TEXT_MAX], type[16];
	char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

	if (!a->job->trace)
		return;
	job_tell(a->job, "  RRSIG over %s %s by key %u of %s, algorithm %u, %s to %s: %s",
		 tern_name_to_text(a->set->owner, owner),
		 tern_type_to_text(a->set->type, type, sizeof type), sig->tag,
		 tern_name_to_text(a->zone, zone), sig->algorithm, date_text(sig->inception, from),
		 date_text(sig->expiration, to), verdict);
}

/* May this signature be worth a check at all? */
static bool is_candidate(struct attempt *a, const struct rrsig *sig)
{
	if (sig->type != a->set->type || !tern_name_equal(sig->signer, a->zone) ||
	    !dnssec_algorithm_is_known(sig->algorithm, job_sha1(a->job)))
		return false;
	enum rrsig_fault fault = rrsig_check(sig, a->set->owner, a->job->now->wall_s);

	if ((fault == RRSIG_EXPIRED || fault == RRSIG_NOT_YET) && is_undated(a->job))
		fault = RRSIG_USABLE;
	if (fault != RRSIG_USABLE) {
		a->ede = ede_of(fault);
		tell_signature(a, sig, verdict_of(fault));
	}
	if (fault == RRSIG_EXPIRED || fault == RRSIG_NOT_YET) {
		a->tag = sig->tag;
		a->date_s = fault == RRSIG_EXPIRED ? sig->expiration : sig->inception;
	}
	return fault == RRSIG_USABLE;
}

/* The key is no secret: who makes digests collide only spoils signatures of his own. */
static uint64_t digest_of(const struct rrsig *sig, const struct dnskey *key)
{
	static const struct hash_key fixed = {0, 0};
	uint64_t of_key = hash_bytes(&fixed, 0, key->rdata, key->rdata_len);

	return hash_bytes(&fixed, of_key, sig->rdata, sig->head_len + sig->sig_len);
}

static bool is_known_wrong(const struct attempt *a, const struct rrsig *sig,
			   const struct dnskey *key)
{
	const struct wrong_checks *w = &a->job->wrong;

	if (w->set != a->set->rdata || w->n == 0)
		return false;
	uint64_t digest = digest_of(sig, key);

	for (unsigned i = 0; i < w->n; i++) {
		if (w->digests[i] == digest)
			return true;
	}
	return false;
}

static void remember_wrong(const struct attempt *a, const struct rrsig *sig,
			   const struct dnskey *key)
{
	struct wrong_checks *w = &a->job->wrong;

	if (w->set != a->set->rdata)
		*w = (struct wrong_checks){.set = a->set->rdata};
	if (w->n < ARRAY_LEN(w->digests))
		w->digests[w->n++] = digest_of(sig, key);
}

static enum verify count_wrong(struct attempt *a)
{
	a->failures++;
	a->ede = TERN_EDE_BOGUS;
	return VERIFY_WRONG;
}

/* The one place where a signature costs something. */
static enum verify check(struct attempt *a, const struct rrsig *sig, const struct dnskey *key)
{
	struct resolver *r = a->job->resolver;
	struct budget *b = &a->job->budget;

	/* With nothing left to be wrong with there is no try: the account tells why. */
	if (b->left[BUDGET_WRONG] == 0 && !budget_spend(b, BUDGET_WRONG, 1))
		return VERIFY_WRONG;
	a->job->wrong.again = crypto_effort(r->crypto) >= CRYPTO_EFFORT_MAX;
	if (a->job->wrong.again)
		return VERIFY_NOT_YET;
	if (!budget_spend(b, BUDGET_VERIFY, 1))
		return VERIFY_WRONG;
	size_t len = rrsig_signed_data(a->set, sig, r->scratch, RRSIG_SCRATCH);
	bool good =
		len > 0 && crypto_verify(r->crypto, key, sig->sig, sig->sig_len, r->scratch, len);

	tell_signature(a, sig, good ? "good" : "wrong");
	if (good)
		return VERIFY_GOOD;
	budget_spend(b, BUDGET_WRONG, 1);
	remember_wrong(a, sig, key);
	return count_wrong(a);
}

static enum verify try_key(struct attempt *a, const struct rrsig *sig, const struct dnskey *key)
{
	if (key->tag != sig->tag || key->algorithm != sig->algorithm)
		return VERIFY_WRONG;
	if (!dnskey_signs_zones(key)) {
		a->ede = key->flags & DNSKEY_ZONE ? TERN_EDE_DNSKEY_MISSING
						  : TERN_EDE_NO_ZONE_KEY_BIT;
		return VERIFY_WRONG;
	}
	if (a->failures >= VERIFY_FAILURES_MAX)
		return VERIFY_WRONG;
	return is_known_wrong(a, sig, key) ? count_wrong(a) : check(a, sig, key);
}

static void describe(const struct attempt *a, const struct rrsig *sig, struct verified *out)
{
	uint32_t left_s = sig->expiration - a->job->now->wall_s;

	if (is_undated(a->job))
		left_s = UNDATED_TTL_S;
	/* Inside the allowed skew an expired signature is good for a moment. */
	else if ((int32_t)left_s <= 0)
		left_s = 1;
	out->ttl_s = MIN(sig->original_ttl_s, left_s);
	out->wildcard = rrsig_is_wildcard(sig, a->set->owner) ? sig->labels : WILDCARD_NONE;
}

/* The date comes first: what is behind long names is cut. */
static void describe_fault(const struct attempt *a, char *out, size_t max)
{
	/* Dates are numbers modulo 2^32 (RFC 4034 3.1.5): the one next to the clock's. */
	uint32_t wall_s = a->job->now->wall_s;
	time_t date = (time_t)wall_s + (int32_t)(a->date_s - wall_s);
	char text[32];
	struct tm tm;

	if (a->date_s == 0 || !gmtime_r(&date, &tm)) {
		snprintf(out, max, "no good signature");
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(out, max, "signature by key %u %s %s,", a->tag,
		 a->ede == TERN_EDE_SIG_EXPIRED ? "expired" : "begins", text);
}

static void note_failure(struct attempt *a)
{
	char owner[TERN_NAME_TEXT_MAX], type[16], zone[TERN_NAME_TEXT_MAX];
	char why[80] = "no signature";

	if (a->set->sig_n == 0)
		a->ede = TERN_EDE_RRSIGS_MISSING;
	else if (a->ede == TERN_EDE_SIG_EXPIRED || a->ede == TERN_EDE_SIG_NOT_YET_VALID)
		describe_fault(a, why, sizeof why);
	else
		snprintf(why, sizeof why, "no good signature");
	job_note(a->job, a->ede, "%s of %s over %s %s", why, tern_name_to_text(a->zone, zone),
		 tern_name_to_text(a->set->owner, owner),
		 tern_type_to_text(a->set->type, type, sizeof type));
}

static enum verify try_keys(struct attempt *a, const struct rrsig *sig,
			    const struct tern_rrset *keys)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(keys);
	struct tern_rdata rdata;
	unsigned tried = 0;

	while (tried < VERIFY_KEYS_MAX && tern_rdata_next(&it, &rdata)) {
		struct dnskey key;

		if (!dnskey_read(rdata.octets, rdata.len, &key) || key.tag != sig->tag ||
		    key.algorithm != sig->algorithm)
			continue;
		tried++;
		enum verify v = try_key(a, sig, &key);

		if (v != VERIFY_WRONG)
			return v;
	}
	if (tried == 0) {
		a->ede = TERN_EDE_DNSKEY_MISSING;
		tell_signature(a, sig, "no such key");
	}
	return VERIFY_WRONG;
}

static enum verify verify(struct attempt *a, const struct tern_rrset *keys,
			  const struct dnskey *key, struct verified *out)
{
	struct tern_rdata_iter it = tern_rrset_sigs(a->set);
	struct tern_rdata rdata;

	for (unsigned i = 0; i < VERIFY_SIGS_MAX && tern_rdata_next(&it, &rdata); i++) {
		struct rrsig sig;

		if (!rrsig_read(rdata.octets, rdata.len, &sig) || !is_candidate(a, &sig))
			continue;
		enum verify v = keys ? try_keys(a, &sig, keys) : try_key(a, &sig, key);

		if (v == VERIFY_GOOD)
			describe(a, &sig, out);
		if (v != VERIFY_WRONG)
			return v;
	}
	note_failure(a);
	return VERIFY_WRONG;
}

enum verify verify_set(struct job *job, const struct tern_rrset *set, const uint8_t *zone,
		       const struct tern_rrset *keys, struct verified *out)
{
	struct attempt a = {.job = job, .set = set, .zone = zone, .ede = TERN_EDE_BOGUS};
	enum verify v = verify(&a, keys, NULL, out);

	if (v != VERIFY_NOT_YET)
		verify_decided(job);
	return v;
}

enum verify verify_set_with(struct job *job, const struct tern_rrset *set, const uint8_t *zone,
			    const struct dnskey *key, struct verified *out)
{
	struct attempt a = {.job = job, .set = set, .zone = zone, .ede = TERN_EDE_BOGUS};

	return verify(&a, NULL, key, out);
}

void verify_decided(struct job *job)
{
	job->wrong.set = NULL;
	job->wrong.n = 0;
	job->wrong.again = false;
}

bool verify_is_in_time(const struct job *job, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_sigs(set);
	struct tern_rdata rdata;
	struct rrsig sig;
	bool found = false;

	while (tern_rdata_next(&it, &rdata)) {
		if (!rrsig_read(rdata.octets, rdata.len, &sig) ||
		    rrsig_check(&sig, set->owner, job->now->wall_s) != RRSIG_USABLE)
			return false;
		found = true;
	}
	return found;
}

bool verify_is_overdue(const struct job *job, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_sigs(set);
	struct tern_rdata rdata;
	struct rrsig sig;
	bool found = false;

	while (tern_rdata_next(&it, &rdata)) {
		if (!rrsig_read(rdata.octets, rdata.len, &sig))
			continue;
		if ((int32_t)(sig.expiration - job->now->wall_s) > 0)
			return false;
		found = true;
	}
	return found;
}

bool verify_may_go_on(const struct job *job)
{
	return !job->budget.exhausted && job->budget.left[BUDGET_WRONG] > 0;
}

bool verify_signer(const struct tern_rrset *set, uint8_t out[TERN_NAME_MAX])
{
	struct tern_rdata_iter it = tern_rrset_sigs(set);
	struct tern_rdata rdata;
	struct rrsig sig;

	while (tern_rdata_next(&it, &rdata)) {
		if (!rrsig_read(rdata.octets, rdata.len, &sig))
			continue;
		if (set->type == TERN_TYPE_DS
			    ? !tern_name_is_below(set->owner, sig.signer)
			    : !tern_name_is_below_or_equal(set->owner, sig.signer))
			continue;
		tern_name_lower(out, sig.signer);
		return true;
	}
	return false;
}
