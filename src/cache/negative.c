/*
 * negative.c - what is known not to exist (RFC 2308) and what failed (RFC 9520).
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "cache/cache_private.h"

#define PROOF_HEAD 10 /* octets behind the owner: type, rr_n, sig_n, length */

size_t proof_size(const struct tern_rrset *sets, unsigned n)
{
	size_t size = 0;

	for (unsigned i = 0; i < n; i++)
		size += tern_name_len(sets[i].owner) + PROOF_HEAD + sets[i].rdata_len;
	return size;
}

void proof_write(uint8_t *to, const struct tern_rrset *sets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct tern_rrset *set = &sets[i];

		to += tern_name_copy(to, set->owner);
		put_u16(to, set->type);
		put_u16(to + 2, set->rr_n);
		put_u16(to + 4, set->sig_n);
		put_u32(to + 6, set->rdata_len);
		memcpy(to + PROOF_HEAD, set->rdata, set->rdata_len);
		to += PROOF_HEAD + set->rdata_len;
	}
}

bool cache_proof_next(const uint8_t **at, const uint8_t *end, uint32_t ttl_s,
		      struct tern_rrset *out)
{
	const uint8_t *owner = *at;

	if (owner >= end)
		return false;
	const uint8_t *head = owner + tern_name_len(owner);

	*out = (struct tern_rrset){
		.owner = owner,
		.type = get_u16(head),
		.rclass = TERN_CLASS_IN,
		.rr_n = get_u16(head + 2),
		.sig_n = get_u16(head + 4),
		.rdata_len = get_u32(head + 6),
		.rdata = head + PROOF_HEAD,
		.ttl_s = ttl_s,
	};
	*at = out->rdata + out->rdata_len;
	return true;
}

void cache_put_negative(struct cache *c, const struct cache_negative *n, uint32_t now_s)
{
	uint32_t tag = n->nxdomain && !n->of_type ? TAG_NAME : TAG_TYPE(n->type);
	if (n->ttl_s == 0) {
		cache_end_stale(c, n->name, TAG_TYPE(n->type), now_s);
		return;
	}
	struct entry *e = entry_build(c, n->name, tag, proof_size(n->proof, n->proof_n));

	if (!e)
		return;
	e->stored_s = now_s;
	e->ttl_s = n->ttl_s;
	e->negative = 1;
	e->nxdomain = n->nxdomain;
	e->rank = n->rank & 3;
	e->security = n->security & 3;
	e->ede = entry_ede(n->security, n->ede);
	e->by_proof = n->by_proof;
	proof_write(entry_body_to_fill(e), n->proof, n->proof_n);
	shard_publish(c, e, entry_may_replace);
}

bool cache_claim(struct cache *c, const uint8_t *name, uint32_t pause_s, uint64_t since_ms,
		 uint64_t now_ms, uint32_t now_s)
{
	const struct entry *old = cache_find_name(c, name, TAG_CLAIM);
	uint64_t claimed_ms;

	if (old && entry_is_fresh(old, now_s)) {
		memcpy(&claimed_ms, entry_body(old), sizeof claimed_ms);
		return since_ms <= claimed_ms;
	}
	struct entry *e = entry_build(c, name, TAG_CLAIM, sizeof now_ms);

	if (!e)
		return false;
	e->stored_s = now_s;
	e->ttl_s = pause_s;
	memcpy(entry_body_to_fill(e), &now_ms, sizeof now_ms);
	shard_publish(c, e, NULL);
	return true;
}

void cache_unclaim(struct cache *c, const uint8_t *name)
{
	cache_remove_key(c, name, TAG_CLAIM);
}

#define FAILURE_HEAD 3 /* u16 ede, u8 unproven */

void entry_read_failure(const struct entry *e, uint32_t now_s, struct cache_failure *out)
{
	const uint8_t *body = entry_body(e);

	*out = (struct cache_failure){
		.ede = get_u16(body),
		.unproven = body[2],
		.ttl_s = entry_left_s(e, now_s),
		.text = (const char *)body + FAILURE_HEAD,
		.text_len = e->body_len - FAILURE_HEAD,
	};
}

static uint32_t failure_tag(uint32_t what)
{
	if (what == CACHE_FAILURE_CUT)
		return TAG_CUT_FAILURE;
	return what < CACHE_FAILURE_CUT ? TAG_FAILURE(what) : TAG_LINK_FAILURE(what & 0xffffu);
}

bool cache_get_failure(struct cache *c, const uint8_t *name, uint32_t what, uint32_t now_s,
		       struct cache_failure *out)
{
	struct entry *e = cache_find_name(c, name, failure_tag(what));

	if (!e || !entry_is_fresh(e, now_s))
		return false;
	entry_touch(e);
	entry_read_failure(e, now_s, out);
	return true;
}

/* Repeated within twice its last lifetime it is the same trouble going on: wait twice as long. */
static uint32_t next_lifetime_s(const struct entry *old, const struct cache_failure *failure,
				uint32_t now_s)
{
	if (failure->unproven && !failure->costly)
		return CACHE_FAILURE_MIN_S;
	if (!old || now_s - old->stored_s > 3 * old->ttl_s)
		return failure->costly ? CACHE_FAILURE_COSTLY_S : CACHE_FAILURE_MIN_S;
	return MIN(old->ttl_s * 2, (uint32_t)CACHE_FAILURE_MAX_S);
}

/* That the data can not be had is news where only their proof had failed. */
static bool says_more(const struct cache_failure *failure, const struct entry *old)
{
	return entry_body(old)[2] && !failure->unproven;
}

void cache_put_failure(struct cache *c, const uint8_t *name, uint32_t what,
		       const struct cache_failure *failure, uint32_t now_s)
{
	uint8_t lower[TERN_NAME_MAX];
	size_t text_len = MIN(failure->text_len, (size_t)CACHE_FAILURE_TEXT_MAX);

	tern_name_lower(lower, name);
	const struct entry *old = cache_find_name(c, lower, failure_tag(what));

	if (old && entry_is_fresh(old, now_s) && !says_more(failure, old))
		return;
	struct entry *e = entry_build(c, lower, failure_tag(what), FAILURE_HEAD + text_len);

	if (!e)
		return;
	e->stored_s = now_s;
	e->ttl_s = MIN(next_lifetime_s(old, failure, now_s), failure->ttl_s);
	uint8_t *body = entry_body_to_fill(e);

	put_u16(body, failure->ede);
	body[2] = failure->unproven;
	memcpy(body + FAILURE_HEAD, failure->text, text_len);
	shard_publish(c, e, NULL);
}
