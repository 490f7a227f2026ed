/*
 * rollover.c - see rollover.h. A DNSKEY set is taken in so:
 *
 *   1. a known key that signs it with its REVOKE bit set is revoked;
 *   2. unless a trusted key signs it, that was all;
 *   3. keys in it are met: new, held down long enough, or back;
 *   4. keys not in it are missed.
 */
#include "dnssec/rollover.h"

#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "dnssec/key.h"
#include "dnssec/rrsig.h"

#define DAY_S      86400u
#define CHECKS_MAX 32 /* signatures of one set that are tried: keys are few (KeyTrap) */

static const char *const states[KEY_STATES] = {
	[KEY_ADD_PEND] = "pending", [KEY_VALID] = "valid",     [KEY_MISSING] = "missing",
	[KEY_REVOKED] = "revoked",  [KEY_REMOVED] = "removed",
};

const char *key_state_text(enum key_state state)
{
	return states[state];
}

bool key_state_from_text(const char *text, enum key_state *out)
{
	for (unsigned i = 0; i < KEY_STATES; i++) {
		if (strcmp(states[i], text) != 0)
			continue;
		*out = (enum key_state)i;
		return true;
	}
	return false;
}

/* A set being taken in. */
struct sight {
	struct rollover *r;
	const struct tern_rrset *set;
	const struct rollover_means *means;
	uint32_t now_s;
	unsigned checks;
	bool changed;
	uint32_t original_ttl_s; /* of the signature that was good, */
	uint32_t expiration;     /* and its end */
};

static void enter(struct sight *s, struct rollover_key *k, enum key_state state)
{
	k->state = state;
	k->since_s = s->now_s;
	s->changed = true;
}

static uint32_t age_s(const struct rollover_key *k, uint32_t now_s)
{
	return now_s > k->since_s ? now_s - k->since_s : 0;
}

static bool is_trusted_state(enum key_state state)
{
	return state == KEY_VALID || state == KEY_MISSING;
}

static struct rollover_key *find_key(struct rollover *r, const uint8_t *rdata, size_t len)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (r->keys[i].rdata_len == len && memcmp(r->keys[i].rdata, rdata, len) == 0)
			return &r->keys[i];
	}
	return NULL;
}

/* The key as it was before it was revoked, into @p rdata (ANCHOR_RDATA_MAX octets). */
static bool without_revoke(const struct dnskey *key, uint8_t *rdata, struct dnskey *out)
{
	if (key->rdata_len > ANCHOR_RDATA_MAX)
		return false;
	memcpy(rdata, key->rdata, key->rdata_len);
	put_u16(rdata, (uint16_t)(key->flags & ~DNSKEY_REVOKE));
	return dnskey_read(rdata, key->rdata_len, out);
}

static bool anchor_is(const struct trust_anchor *a, const uint8_t *zone, const struct dnskey *key)
{
	struct ds ds;

	if (!tern_name_equal(a->zone, zone))
		return false;
	if (a->type == TERN_TYPE_DNSKEY)
		return a->rdata_len == key->rdata_len &&
		       memcmp(a->rdata, key->rdata, key->rdata_len) == 0;
	return ds_read(a->rdata, a->rdata_len, &ds) && ds_matches(&ds, zone, key);
}

static bool is_configured(const struct sight *s, const struct dnskey *key)
{
	const struct trust_anchors *c = s->means->configured;

	for (unsigned i = 0; i < c->n; i++) {
		if (anchor_is(&c->anchors[i], s->r->zone, key))
			return true;
	}
	return false;
}

/* Is there a good signature by @p key over the set? */
static bool signs(struct sight *s, const struct dnskey *key)
{
	struct tern_rdata_iter it = tern_rrset_sigs(s->set);
	struct tern_rdata rdata;
	struct rrsig sig;

	while (s->checks < CHECKS_MAX && tern_rdata_next(&it, &rdata)) {
		if (!rrsig_read(rdata.octets, rdata.len, &sig) || sig.type != TERN_TYPE_DNSKEY ||
		    sig.tag != key->tag || sig.algorithm != key->algorithm ||
		    !tern_name_equal(sig.signer, s->r->zone) ||
		    rrsig_check(&sig, s->set->owner, s->now_s) != RRSIG_USABLE)
			continue;
		s->checks++;
		size_t len = rrsig_signed_data(s->set, &sig, s->means->scratch, RRSIG_SCRATCH);

		if (len == 0 || !crypto_verify(s->means->crypto, key, sig.sig, sig.sig_len,
					       s->means->scratch, len))
			continue;
		s->original_ttl_s = sig.original_ttl_s;
		s->expiration = sig.expiration;
		return true;
	}
	return false;
}

/* A place for a new key; of those long gone the first makes room. */
static struct rollover_key *add_key(struct sight *s, const struct dnskey *key)
{
	struct rollover *r = s->r;
	struct rollover_key *k = r->n < ROLLOVER_KEYS_MAX ? &r->keys[r->n] : NULL;

	for (unsigned i = 0; i < r->n && !k; i++) {
		if (r->keys[i].state == KEY_REMOVED)
			k = &r->keys[i];
	}
	if (!k || key->rdata_len > ANCHOR_RDATA_MAX)
		return NULL;
	if (k == &r->keys[r->n])
		r->n++;
	k->rdata_len = key->rdata_len;
	memcpy(k->rdata, key->rdata, key->rdata_len);
	return k;
}

static bool is_anchor_key(const struct sight *s, const struct dnskey *key)
{
	return (key->flags & DNSKEY_ZONE) && (key->flags & DNSKEY_SEP) && key->protocol == 3 &&
	       dnssec_algorithm_is_known(key->algorithm, s->means->sha1);
}

/* RFC 5011 2.1: whoever holds the key may revoke it, and nobody else has to agree. */
static void revoke(struct sight *s, const struct dnskey *key)
{
	uint8_t rdata[ANCHOR_RDATA_MAX];
	struct dnskey before;

	if (!without_revoke(key, rdata, &before))
		return;
	struct rollover_key *k = find_key(s->r, rdata, before.rdata_len);

	if (k ? !is_trusted_state(k->state) : !is_configured(s, &before))
		return;
	if (!signs(s, key))
		return;
	if (!k)
		k = add_key(s, &before);
	if (k)
		enter(s, k, KEY_REVOKED);
}

static bool is_trusted(struct sight *s, const struct dnskey *key)
{
	const struct rollover_key *k = find_key(s->r, key->rdata, key->rdata_len);

	return k ? is_trusted_state(k->state) : is_configured(s, key);
}

static void meet(struct sight *s, const struct dnskey *key)
{
	struct rollover_key *k = find_key(s->r, key->rdata, key->rdata_len);

	if (!k) {
		k = add_key(s, key);
		if (!k)
			return;
		k->hold_s = MAX((uint32_t)ROLLOVER_HOLD_S, s->original_ttl_s);
		enter(s, k, is_configured(s, key) ? KEY_VALID : KEY_ADD_PEND);
		return;
	}
	switch (k->state) {
	case KEY_ADD_PEND:
		if (age_s(k, s->now_s) >= k->hold_s || is_configured(s, key))
			enter(s, k, KEY_VALID);
		break;
	case KEY_MISSING: enter(s, k, KEY_VALID); break;
	case KEY_VALID:
	case KEY_REVOKED:
	case KEY_REMOVED:
	case KEY_STATES: break;
	}
}

enum call { CALL_REVOKED, CALL_SIGNER, CALL_KEYS };

/* Go through the keys of the set; CALL_SIGNER: true at the first trusted one that signs. */
static bool call_keys(struct sight *s, enum call what)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(s->set);
	struct tern_rdata rdata;
	struct dnskey key;

	while (tern_rdata_next(&it, &rdata)) {
		if (!dnskey_read(rdata.octets, rdata.len, &key))
			continue;
		bool revoked = key.flags & DNSKEY_REVOKE;

		if (what == CALL_REVOKED && revoked && is_anchor_key(s, &key))
			revoke(s, &key);
		if (what == CALL_KEYS && !revoked && is_anchor_key(s, &key))
			meet(s, &key);
		if (what == CALL_SIGNER && dnskey_signs_zones(&key) &&
		    dnssec_algorithm_is_known(key.algorithm, s->means->sha1) &&
		    is_trusted(s, &key) && signs(s, &key))
			return true;
	}
	return false;
}

static bool has_key(const struct tern_rrset *set, const struct rollover_key *k)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;

	while (tern_rdata_next(&it, &rdata)) {
		if (rdata.len == k->rdata_len && memcmp(rdata.octets, k->rdata, rdata.len) == 0)
			return true;
	}
	return false;
}

static void miss_keys(struct sight *s)
{
	struct rollover *r = s->r;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->n; i++) {
		struct rollover_key *k = &r->keys[i];
		bool there = has_key(s->set, k);

		if (k->state == KEY_REVOKED && age_s(k, s->now_s) >= ROLLOVER_HOLD_S)
			enter(s, k, KEY_REMOVED);
		if (k->state == KEY_VALID && !there)
			enter(s, k, KEY_MISSING);
		if (k->state == KEY_ADD_PEND && !there) {
			s->changed = true; /* back to the start, which is not to be known */
			continue;
		}
		if (kept != i)
			r->keys[kept] = *k;
		kept++;
	}
	r->n = kept;
}

/* RFC 5011 2.3: the sooner of a fraction of what the set lives, in bounds. */
static uint32_t part_of_life(const struct sight *s, unsigned part, uint32_t max_s)
{
	uint32_t left_s = s->expiration - s->now_s;

	if ((int32_t)left_s < 0)
		left_s = 0;
	return MAX((uint32_t)ROLLOVER_RETRY_S,
		   MIN(max_s, MIN(s->original_ttl_s / part, left_s / part)));
}

enum rollover_sight rollover_see(struct rollover *r, const struct tern_rrset *set,
				 const struct rollover_means *means, uint32_t now_s)
{
	struct sight s = {.r = r, .set = set, .means = means, .now_s = now_s};

	call_keys(&s, CALL_REVOKED);
	if (!call_keys(&s, CALL_SIGNER)) {
		rollover_fail(r, now_s);
		return s.changed ? ROLLOVER_CHANGED : ROLLOVER_REJECTED;
	}
	call_keys(&s, CALL_KEYS);
	miss_keys(&s);
	r->seen_s = now_s;
	r->probe_s = now_s + part_of_life(&s, 2, 15 * DAY_S);
	r->retry_s = part_of_life(&s, 10, DAY_S);
	return s.changed ? ROLLOVER_CHANGED : ROLLOVER_SAME;
}

static uint32_t retry_s(const struct rollover *r)
{
	return MAX(r->retry_s, (uint32_t)ROLLOVER_RETRY_S);
}

void rollover_fail(struct rollover *r, uint32_t now_s)
{
	r->probe_s = now_s + retry_s(r);
}

void rollover_fail_unheard(struct rollover *r, uint32_t now_s)
{
	uint32_t after_s = r->unheard_s > 0 ? 2 * r->unheard_s : ROLLOVER_UNHEARD_S;

	r->unheard_s = MIN(after_s, retry_s(r));
	r->probe_s = now_s + r->unheard_s;
}

static void add_anchor(struct trust_anchors *out, const struct trust_anchor *a)
{
	if (out->n < TRUSTED_MAX)
		out->anchors[out->n++] = *a;
}

static bool is_known(const struct rollover *r, const struct trust_anchor *a)
{
	struct dnskey key;

	for (unsigned i = 0; i < r->n; i++) {
		if (dnskey_read(r->keys[i].rdata, r->keys[i].rdata_len, &key) &&
		    anchor_is(a, r->zone, &key))
			return true;
	}
	return false;
}

void rollover_anchors(const struct rollover *r, const struct trust_anchors *configured,
		      struct trust_anchors *out)
{
	for (unsigned i = 0; i < configured->n; i++) {
		const struct trust_anchor *a = &configured->anchors[i];

		if (tern_name_equal(a->zone, r->zone) && !is_known(r, a))
			add_anchor(out, a);
	}
	for (unsigned i = 0; i < r->n; i++) {
		struct trust_anchor a = {.type = TERN_TYPE_DNSKEY,
					 .rdata_len = r->keys[i].rdata_len};

		if (!is_trusted_state(r->keys[i].state))
			continue;
		tern_name_copy(a.zone, r->zone);
		memcpy(a.rdata, r->keys[i].rdata, a.rdata_len);
		add_anchor(out, &a);
	}
}
