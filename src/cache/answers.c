#include "cache/answers.h"

#include <string.h>

#include <tern/message.h>
#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "cache/cache_private.h"

static uint32_t tag_of(const struct answer_key *key)
{
	return TAG_ANSWER(key->type, key->variant, key->view);
}

uint64_t answer_hash(const struct cache *c, const struct answer_key *key)
{
	return cache_hash(c, key->name, key->name_len, tag_of(key));
}

void answer_prefetch(const struct cache *c, uint64_t hash)
{
	__builtin_prefetch(shard_bucket(c, cache_shard(c, hash), hash));
}

void answer_prefetch_entry(const struct cache *c, uint64_t hash)
{
	const struct entry *e = link_get(shard_bucket(c, cache_shard(c, hash), hash));

	/* An answer is a few lines long: the processor follows on from the first two. */
	if (e) {
		__builtin_prefetch(e);
		__builtin_prefetch((const uint8_t *)e + CACHE_LINE);
	}
}

/* Body: u32 rules, rr_n offsets of 16 bits, message; host order, unaligned. */
#define OFFSETS_AT       4
#define MESSAGE_AT(rr_n) (OFFSETS_AT + 2u * (rr_n))

static size_t address_len(uint16_t type)
{
	return type == TERN_TYPE_A ? 4 : type == TERN_TYPE_AAAA ? 16 : 0;
}

/* The address of the record whose TTL is offset number @p i. */
static uint8_t *address_at(const struct entry *e, uint8_t *message, unsigned i)
{
	uint16_t at;

	memcpy(&at, entry_body(e) + OFFSETS_AT + 2 * i, sizeof at);
	return message + at + 6;
}

static void put_another_first(const struct entry *e, uint16_t type, unsigned turn, uint8_t *message)
{
	size_t len = address_len(type);
	uint8_t *first = address_at(e, message, 0);
	uint8_t *other = address_at(e, message, turn % e->equals_n);
	uint8_t saved[16];

	memcpy(saved, first, len);
	memcpy(first, other, len);
	memcpy(other, saved, len);
}

static void copy_aged(const struct entry *e, uint32_t age_s, uint8_t *out)
{
	const uint8_t *body = entry_body(e);
	uint16_t ttl_n = e->rr_n;
	const uint8_t *offsets = body + OFFSETS_AT;

	memcpy(out, body + MESSAGE_AT(ttl_n), e->body_len - MESSAGE_AT(ttl_n));
	if (age_s == 0)
		return;
	for (unsigned i = 0; i < ttl_n; i++) {
		uint16_t at;

		memcpy(&at, offsets + 2 * i, sizeof at);
		uint32_t ttl_s = get_u32(out + at);

		put_u32(out + at, ttl_s > age_s ? ttl_s - age_s : 0);
	}
}

static bool is_made_by(const struct entry *e, uint32_t rules)
{
	uint32_t made_by;

	memcpy(&made_by, entry_body(e), sizeof made_by);
	return made_by == rules;
}

bool cache_get_answer(struct cache *c, const struct answer_key *key, uint64_t hash, unsigned turn,
		      uint32_t now_s, uint8_t *out, size_t out_max, struct answer_hit *hit)
{
	struct entry *e = cache_find(c, key->name, key->name_len, tag_of(key), hash);

	if (!e || !entry_is_fresh(e, now_s) || !is_made_by(e, key->rules))
		return false;
	uint32_t len = e->body_len - MESSAGE_AT(e->rr_n);

	if (len > out_max)
		return false;
	entry_touch(e);
	copy_aged(e, entry_age_s(e, now_s), out);
	if (e->equals_n > 1)
		put_another_first(e, key->type, turn, out);
	hit->len = len;
	hit->old = entry_left_s(e, now_s) <= e->renew_s;
	return true;
}

/* Record number @p i of the answer section is an address of the type asked for. */
static bool is_address(const struct answer *a, unsigned i)
{
	const uint8_t *ttl = a->message + a->ttl_at[i];
	size_t len = address_len(a->key.type);

	return len > 0 && a->ttl_at[i] > TERN_HEADER_LEN &&
	       a->ttl_at[i] + 6 + len <= a->message_len && i < get_u16(a->message + 6) &&
	       get_u16(ttl - 4) == a->key.type && get_u16(ttl + 4) == len;
}

/* The offsets of addresses come first, as they may change places; returns how many. */
static uint8_t write_offsets(const struct answer *a, uint8_t *out)
{
	uint8_t equals_n = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < a->ttl_n; i++) {
			if (is_address(a, i) != (pass == 0))
				continue;
			memcpy(out, &a->ttl_at[i], sizeof a->ttl_at[i]);
			out += sizeof a->ttl_at[i];
			equals_n = (uint8_t)(equals_n + (pass == 0));
		}
	}
	return equals_n;
}

void cache_put_answer(struct cache *c, const struct answer *a, uint32_t now_s)
{
	size_t message_at = MESSAGE_AT(a->ttl_n);
	uint8_t *body;

	if (a->ttl_s == 0 || a->ttl_n > ANSWER_TTLS_MAX || a->message_len > ANSWER_OCTETS_MAX)
		return;
	struct entry *e = entry_build(c, a->key.name, tag_of(&a->key), message_at + a->message_len);

	if (!e)
		return;
	raise_to(&c->views_n, a->key.view + 1u);
	e->stored_s = now_s;
	e->ttl_s = a->ttl_s;
	e->rr_n = a->ttl_n;
	/* The last tenth of what the sets lived when they were new. */
	e->renew_s = (uint16_t)MIN(a->life_s / 10, (uint32_t)UINT16_MAX);
	body = entry_body_to_fill(e);
	memcpy(body, &a->key.rules, sizeof a->key.rules);
	e->equals_n = write_offsets(a, body + OFFSETS_AT);
	memcpy(body + message_at, a->message, a->message_len);
	shard_publish(c, e, NULL);
}

void cache_drop_answers(struct cache *c, const uint8_t *name, uint16_t type)
{
	unsigned views_n = atomic_load_explicit(&c->views_n, memory_order_relaxed);

	for (unsigned view = 0; view < views_n; view++) {
		for (unsigned v = 0; v <= (ANSWER_DO | ANSWER_CD | ANSWER_CO); v++)
			cache_remove_key(c, name, TAG_ANSWER(type, v, view));
	}
}
