/*
 * compress.c - which suffixes of names the message already has.
 *
 *   "www.example.com" at 12, then "mail.example.com":
 *
 *     root <- com@24 <- example@16 <- www@12
 *                                  <- mail@n
 *
 * A name is looked up from its last label to its first; each step finds the
 * child of the suffix found before, by hash. Every step compares at most
 * COMPARES_MAX labels and there are at most DEPTH_MAX steps, so the work is
 * linear in the octets written whatever the names.
 */
#include <string.h>

#include <tern/name.h>

#include "wire/builder_private.h"
#include "wire/name_private.h"

#define COMPARES_MAX 8      /* per label; names made to collide lose compression, not time */
#define DEPTH_MAX    36     /* labels; ip6.arpa has 34, deeper names keep their head as it is */
#define POINTER_MAX  0x3fff /* RFC 1035 4.1.4 */

_Static_assert(TERN_BUILDER_SUFFIXES_MAX < 256, "1 + index must fit an octet");

/* Setting bit 5 folds case well enough for a hash. Long labels give both their ends. */
static inline unsigned label_bucket(const uint8_t *label, uint8_t parent)
{
	const uint64_t fold = UINT64_C(0x2020202020202020);
	size_t len = label[0];
	uint64_t head = 0, tail = 0;

	if (len >= 8) {
		memcpy(&head, label + 1, 8);
		memcpy(&tail, label + 1 + len - 8, 8);
	} else {
		for (size_t i = 1; i <= len; i++)
			head = head << 8 | label[i];
	}
	uint64_t h = (head | fold) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ (tail | fold) ^ (len << 8 | parent)) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(h >> 58);
}

_Static_assert(TERN_BUILDER_BUCKETS == 1 << (64 - 58), "label_bucket() gives six bits");

static uint8_t find_child(const struct tern_builder *b, const uint8_t *label, uint8_t parent)
{
	uint8_t entry = b->bucket[label_bucket(label, parent)];

	for (unsigned compares = 0; entry != 0 && compares < COMPARES_MAX; compares++) {
		const uint8_t *known = b->octets + b->suffix_at[entry - 1];

		if (b->parent[entry - 1] == parent && known[0] == label[0] &&
		    octets_equal_nocase(known + 1, label + 1, label[0]))
			return entry;
		entry = b->chain[entry - 1];
	}
	return 0;
}

unsigned compress_find(const struct tern_builder *b, const struct split_name *s, uint8_t *entry)
{
	unsigned left = s->labels_n;

	*entry = 0;
	while (left > 0 && s->labels_n - left < DEPTH_MAX) {
		uint8_t child = find_child(b, s->name + s->labels[left - 1], *entry);

		if (child == 0)
			break;
		*entry = child;
		left--;
	}
	return left;
}

void compress_add(struct tern_builder *b, const struct split_name *s, size_t at, unsigned new_n,
		  uint8_t entry)
{
	while (new_n > 0 && s->labels_n - new_n < DEPTH_MAX) {
		unsigned offset = s->labels[--new_n];

		if (b->suffix_n == TERN_BUILDER_SUFFIXES_MAX || at + offset > POINTER_MAX)
			return;
		unsigned bucket = label_bucket(s->name + offset, entry);
		uint8_t index = b->suffix_n++;

		b->suffix_at[index] = (uint16_t)(at + offset);
		b->parent[index] = entry;
		b->chain[index] = b->bucket[bucket];
		entry = (uint8_t)(index + 1);
		b->bucket[bucket] = entry;
	}
}

void compress_forget(struct tern_builder *b, uint8_t keep)
{
	if (b->suffix_n == keep)
		return;
	for (unsigned i = 0; i < TERN_BUILDER_BUCKETS; i++) {
		/* Chains lead from newer to older entries. */
		while (b->bucket[i] > keep)
			b->bucket[i] = b->chain[b->bucket[i] - 1];
	}
	b->suffix_n = keep;
}
