/* name_index.c - see name_index.h. Open addressing, at most half full. */
#include "wire/name_index.h"

#include <stdlib.h>
#include <sys/random.h>

#include "wire/suffix.h"

#define SLOTS_MIN 16

struct slot {
	const uint8_t *name; /* NULL: free */
	uint32_t hash;
	uint32_t value;
};

struct name_index {
	struct slot *slots;
	uint32_t slots_n; /* a power of two */
	uint32_t names_n;
	uint64_t labels_seen[2]; /* bit n: there is a name of n labels */
	uint64_t tops;           /* bits of the last labels that names have, by their hash */
	uint32_t root;           /* the value of the root, or NAME_INDEX_NONE */
	struct hash_key key;
};

struct name_index *name_index_create(void)
{
	struct name_index *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->root = NAME_INDEX_NONE;
	/* So few octets come at once and whole. */
	if (getrandom(&x->key, sizeof x->key, 0) == (ssize_t)sizeof x->key)
		return x;
	free(x);
	return NULL;
}

void name_index_destroy(struct name_index *x)
{
	if (!x)
		return;
	free(x->slots);
	free(x);
}

/* The slot of @name, or the free one where it belongs. */
static struct slot *slot_of(const struct slot *slots, uint32_t slots_n, const uint8_t *name,
			    uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 32) & (slots_n - 1);

	while (slots[at].name &&
	       !(slots[at].hash == (uint32_t)hash && tern_name_equal(slots[at].name, name)))
		at = (at + 1) & (slots_n - 1);
	return (struct slot *)&slots[at];
}

static uint64_t hash_of(const struct name_index *x, const uint8_t *name)
{
	uint64_t hashes[TERN_LABELS_MAX + 1];

	return hashes[suffix_hashes(&x->key, name, hashes)];
}

static uint64_t top_bit(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63);
}

/* Most names that are asked for have not even their last label in common with any that is here. */
static bool may_have_top_of(const struct name_index *x, const uint8_t *name)
{
	const uint8_t *last = name;

	for (const uint8_t *at = name; *at; at += *at + 1)
		last = at;
	return x->tops & top_bit(suffix_add_label(&x->key, suffix_root(&x->key), last));
}

static bool grow(struct name_index *x)
{
	uint32_t n = x->slots_n ? 2 * x->slots_n : SLOTS_MIN;
	struct slot *slots = n > x->slots_n ? calloc(n, sizeof *slots) : NULL;

	if (!slots)
		return false;
	for (uint32_t i = 0; i < x->slots_n; i++) {
		if (x->slots[i].name)
			*slot_of(slots, n, x->slots[i].name, hash_of(x, x->slots[i].name)) =
				x->slots[i];
	}
	free(x->slots);
	x->slots = slots;
	x->slots_n = n;
	return true;
}

bool name_index_add(struct name_index *x, const uint8_t *name, uint32_t value)
{
	uint64_t hash = hash_of(x, name);
	unsigned labels = tern_name_labels(name);
	struct slot *s;

	if (x->names_n >= x->slots_n / 2 && !grow(x))
		return false;
	s = slot_of(x->slots, x->slots_n, name, hash);
	if (s->name)
		return true;
	*s = (struct slot){name, (uint32_t)hash, value};
	if (labels == 0)
		x->root = value;
	else
		x->tops |= top_bit(hash_of(x, tern_name_suffix(name, 1)));
	x->labels_seen[labels / 64] |= UINT64_C(1) << labels % 64;
	x->names_n++;
	return true;
}

uint32_t name_index_get(const struct name_index *x, const uint8_t *name)
{
	if (*name == 0)
		return x->root;
	if (!may_have_top_of(x, name))
		return NAME_INDEX_NONE;
	const struct slot *s = slot_of(x->slots, x->slots_n, name, hash_of(x, name));

	return s->name ? s->value : NAME_INDEX_NONE;
}

static bool has_labels(const struct name_index *x, unsigned labels)
{
	return x->labels_seen[labels / 64] >> labels % 64 & 1;
}

uint32_t name_index_deepest(const struct name_index *x, const uint8_t *name)
{
	uint64_t hashes[TERN_LABELS_MAX + 1];

	if (*name == 0 || !may_have_top_of(x, name))
		return x->root;
	for (unsigned labels = suffix_hashes(&x->key, name, hashes); labels > 0; labels--) {
		const struct slot *s = has_labels(x, labels)
					       ? slot_of(x->slots, x->slots_n, name, hashes[labels])
					       : NULL;

		if (s && s->name)
			return s->value;
		name = tern_name_parent(name);
	}
	return x->root;
}
