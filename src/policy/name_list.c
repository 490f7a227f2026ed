/*
 * name_list.c - see name_list.h.
 *
 * A finished list is one array of entries in the order of their hashes, each at or behind
 * the place that its hash points to: most look-ups end at the first entry, and one that finds
 * a greater hash has found nothing. Three of four places are taken, so an entry of 12 octets
 * costs 16.
 */
#include "policy/name_list.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "wire/suffix.h"

#define HOW_BITS  5
#define CONDITION 16u /* bit of what: the rest is the number of a rule, not a line */

#define BUCKET_BITS_MAX 18
#define BUCKET_SMALL    64         /* entries */
#define TABLE_ALIGN     (2u << 20) /* of huge pages */

struct list_entry {
	uint32_t high; /* of the hash */
	uint32_t low;
	uint32_t what; /* line or rule << HOW_BITS | how; 0: free */
};

/** An entry with a condition. */
struct list_rule {
	uint32_t line;
	uint16_t types[NAME_LIST_TYPES_MAX];
	uint8_t types_n;
	bool other_types;
	uint16_t spared_n;
	uint32_t spared_at; /* first of its hashes in spared */
};

struct rules_array {
	struct list_rule *rules;
	uint64_t *spared; /* hashes of names */
	uint32_t rules_n;
	uint32_t spared_n;
};

struct list_builder {
	struct hash_key key;
	struct list_entry *entries;
	size_t n;
	size_t room;
	struct rules_array rules;
	uint64_t labels_seen[2];
};

struct name_list {
	struct list_entry *table; /* with one free place at the end, at least */
	size_t places;            /* that a hash points to */
	size_t octets;            /* of the table */
	size_t n;
	struct rules_array rules;
	struct name_list_excess excess;
	uint64_t labels_seen[2]; /* bit n: there is a name of n labels */
	_Atomic uint32_t holders;
	_Atomic uint64_t hits;
};

static uint64_t hash_of_entry(const struct list_entry *e)
{
	return (uint64_t)e->high << 32 | e->low;
}

/* --- building --------------------------------------------------------------------- */

struct list_builder *list_builder_create(const struct hash_key *key)
{
	struct list_builder *b = calloc(1, sizeof *b);

	if (b)
		b->key = *key;
	return b;
}

static void free_rules(struct rules_array *a)
{
	free(a->rules);
	free(a->spared);
}

void list_builder_destroy(struct list_builder *b)
{
	if (!b)
		return;
	free(b->entries);
	free_rules(&b->rules);
	free(b);
}

/* Capacities are powers of two, so nobody has to keep them. */
static void *grow(void *items, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return items;
	return reallocarray(items, n > 0 ? 2 * n : 1, size);
}

static uint64_t hash_name(const struct hash_key *key, const uint8_t *name)
{
	uint64_t hashes[TERN_LABELS_MAX + 1];

	return hashes[suffix_hashes(key, name, hashes)];
}

static bool add_rule(struct list_builder *b, uint32_t line, const struct name_list_condition *when)
{
	struct rules_array *a = &b->rules;
	struct list_rule *rules = grow(a->rules, a->rules_n, sizeof *rules);
	struct list_rule *r;

	if (!rules)
		return false;
	a->rules = rules;
	r = &rules[a->rules_n];
	*r = (struct list_rule){.line = line,
				.types_n = (uint8_t)when->types_n,
				.other_types = when->other_types,
				.spared_n = (uint16_t)when->spared_n,
				.spared_at = a->spared_n};
	memcpy(r->types, when->types, sizeof r->types);
	for (unsigned i = 0; i < when->spared_n; i++) {
		uint64_t *spared = grow(a->spared, a->spared_n, sizeof *spared);

		if (!spared)
			return false;
		a->spared = spared;
		spared[a->spared_n++] = hash_name(&b->key, when->spared[i]);
	}
	a->rules_n++;
	return true;
}

static bool has_room(struct list_builder *b)
{
	size_t room = b->room ? b->room + b->room / 2 : 1024;
	struct list_entry *more;

	if (b->n < b->room)
		return true;
	more = reallocarray(b->entries, room, sizeof *more);
	if (!more)
		return false;
	b->entries = more;
	b->room = room;
	return true;
}

bool list_builder_add(struct list_builder *b, const uint8_t *name, unsigned how, uint32_t line,
		      const struct name_list_condition *when)
{
	uint64_t hashes[TERN_LABELS_MAX + 1];
	unsigned labels = suffix_hashes(&b->key, name, hashes);
	uint32_t number = MIN(line, NAME_LIST_LINE_MAX);

	if (!has_room(b))
		return false;
	if (when) {
		number = b->rules.rules_n;
		how |= CONDITION;
		if (number > NAME_LIST_LINE_MAX || !add_rule(b, line, when))
			return false;
	}
	b->entries[b->n++] =
		(struct list_entry){(uint32_t)(hashes[labels] >> 32), (uint32_t)hashes[labels],
				    number << HOW_BITS | how};
	b->labels_seen[labels / 64] |= UINT64_C(1) << labels % 64;
	return true;
}

/* --- finishing -------------------------------------------------------------------- */

/* Of one name those without a condition come first, each kind in the order of lines. */
static int compare(const struct list_entry *a, const struct list_entry *b)
{
	uint64_t x = hash_of_entry(a), y = hash_of_entry(b);

	if (x != y)
		return x > y ? 1 : -1;
	if ((a->what ^ b->what) & CONDITION)
		return a->what & CONDITION ? 1 : -1;
	return (a->what > b->what) - (a->what < b->what);
}

static int compare_items(const void *a, const void *b)
{
	return compare(a, b);
}

static bool is_after(const struct list_entry *a, const struct list_entry *b)
{
	return compare(a, b) > 0;
}

/* Buckets have a few entries each, unless many lines have the same name. */
static void sort_bucket(struct list_entry *e, size_t n)
{
	if (n > BUCKET_SMALL) {
		qsort(e, n, sizeof *e, compare_items);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct list_entry x = e[i];
		size_t at = i;

		for (; at > 0 && is_after(&e[at - 1], &x); at--)
			e[at] = e[at - 1];
		e[at] = x;
	}
}

static unsigned bucket_bits(size_t n)
{
	unsigned bits = 1;

	while (bits < BUCKET_BITS_MAX && n >> bits > 16)
		bits++;
	return bits;
}

/* Into buckets by the upper bits of the hash, then each by itself. NULL when memory is short. */
static struct list_entry *sorted(const struct list_entry *entries, size_t n)
{
	unsigned bits = bucket_bits(n);
	struct list_entry *out = malloc((n + 1) * sizeof *out);
	size_t *ends = calloc((size_t)1 << bits, sizeof *ends);
	size_t sum = 0;

	if (!out || !ends) {
		free(out);
		free(ends);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		ends[entries[i].high >> (32 - bits)]++;
	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		size_t in_it = ends[i];

		ends[i] = sum;
		sum += in_it;
	}
	for (size_t i = 0; i < n; i++)
		out[ends[entries[i].high >> (32 - bits)]++] = entries[i];
	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		size_t begin = i > 0 ? ends[i - 1] : 0;

		sort_bucket(out + begin, ends[i] - begin);
	}
	free(ends);
	return out;
}

/* Those of one name that are kept, from @e[first] on. */
struct same_name {
	size_t first;
	unsigned hows;         /* bit n: one without a condition says n */
	unsigned conditions_n; /* with one */
};

/* Whoever asks for the name looks at all that is kept of it. */
static bool is_kept(struct same_name *same, const struct list_entry *e, struct name_list *list)
{
	unsigned how = e->what & (CONDITION - 1);

	if (!(e->what & CONDITION)) {
		bool more = !(same->hows >> how & 1);

		same->hows |= 1u << how;
		return more;
	}
	if (same->conditions_n++ < NAME_LIST_CONDITIONS_MAX)
		return true;
	uint32_t line = list->rules.rules[e->what >> HOW_BITS].line;

	if (list->excess.n++ == 0 || line < list->excess.line)
		list->excess.line = line;
	return false;
}

static size_t drop_repeated(struct list_entry *e, size_t n, struct name_list *list)
{
	struct same_name same = {.first = 0};
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && hash_of_entry(&e[same.first]) != hash_of_entry(&e[i]))
			same = (struct same_name){.first = kept};
		if (is_kept(&same, &e[i], list))
			e[kept++] = e[i];
	}
	return kept;
}

static size_t place_of(const struct name_list *list, uint64_t hash)
{
	return (size_t)((unsigned __int128)hash * list->places >> 64);
}

/* Behind the last place that a hash points to there is room for those that are pushed on. */
static bool place_all(struct name_list *list, const struct list_entry *e, size_t n)
{
	size_t last = 0, tail = 1;

	list->places = n + n / 10 * 3 + 1;
	for (size_t i = 0; i < n; i++) {
		last = MAX(place_of(list, hash_of_entry(&e[i])), i > 0 ? last + 1 : 0);
		if (last >= list->places)
			tail = last - list->places + 2;
	}
	list->octets = (list->places + tail) * sizeof *e;
	if (list->octets >= TABLE_ALIGN)
		list->octets = (list->octets + 4095) & ~(size_t)4095;
	void *table = mmap(NULL, list->octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (table == MAP_FAILED)
		return false;
	/* Each look-up touches another page. */
	if (list->octets >= TABLE_ALIGN)
		(void)madvise(table, list->octets, MADV_HUGEPAGE);
	list->table = table;
	for (size_t i = 0; i < n; i++) {
		last = MAX(place_of(list, hash_of_entry(&e[i])), i > 0 ? last + 1 : 0);
		list->table[last] = e[i];
	}
	return true;
}

struct name_list *list_builder_finish(struct list_builder *b)
{
	struct name_list *list = calloc(1, sizeof *list);
	struct list_entry *e = sorted(b->entries, b->n);
	bool good = list && e;

	free(b->entries);
	b->entries = NULL;
	if (good) {
		list->rules = b->rules;
		b->rules = (struct rules_array){.rules = NULL};
		list->n = drop_repeated(e, b->n, list);
		memcpy(list->labels_seen, b->labels_seen, sizeof list->labels_seen);
		atomic_init(&list->holders, 1);
		good = place_all(list, e, list->n);
	}
	free(e);
	list_builder_destroy(b);
	if (good)
		return list;
	if (list)
		free_rules(&list->rules);
	free(list);
	return NULL;
}

struct name_list *name_list_hold(struct name_list *list)
{
	atomic_fetch_add_explicit(&list->holders, 1, memory_order_relaxed);
	return list;
}

void name_list_release(struct name_list *list)
{
	if (!list || atomic_fetch_sub_explicit(&list->holders, 1, memory_order_acq_rel) > 1)
		return;
	munmap(list->table, list->octets);
	free_rules(&list->rules);
	free(list);
}

void name_list_count_hit(struct name_list *list)
{
	atomic_fetch_add_explicit(&list->hits, 1, memory_order_relaxed);
}

uint64_t name_list_hits(const struct name_list *list)
{
	return atomic_load_explicit(&list->hits, memory_order_relaxed);
}

void name_list_take_hits(struct name_list *list, const struct name_list *before)
{
	atomic_store_explicit(&list->hits, name_list_hits(before), memory_order_relaxed);
}

size_t name_list_count(const struct name_list *list)
{
	return list->n;
}

struct name_list_excess name_list_excess(const struct name_list *list)
{
	return list->excess;
}

size_t name_list_octets(const struct name_list *list)
{
	return sizeof *list + list->octets + list->rules.rules_n * sizeof *list->rules.rules +
	       list->rules.spared_n * sizeof *list->rules.spared;
}

/* --- asking ----------------------------------------------------------------------- */

static bool has_labels(const struct name_list *list, unsigned labels)
{
	return list->labels_seen[labels / 64] >> labels % 64 & 1;
}

void hashed_name_make(struct hashed_name *out, const struct hash_key *key, const uint8_t *name)
{
	out->labels = suffix_hashes(key, name, out->hash);
	memset(out->seen, 0, sizeof out->seen);
	for (unsigned i = 0; i <= out->labels; i++)
		out->seen[out->hash[i] >> 58] |= UINT64_C(1) << (out->hash[i] >> 52 & 63);
}

void name_list_prefetch(const struct name_list *list, const struct hashed_name *name)
{
	for (unsigned labels = 0; labels <= name->labels; labels++) {
		if (has_labels(list, labels))
			__builtin_prefetch(&list->table[place_of(list, name->hash[labels])]);
	}
}

static bool is_spared(const struct rules_array *a, const struct list_rule *r,
		      const struct hashed_name *name)
{
	for (unsigned i = 0; i < r->spared_n; i++) {
		uint64_t spared = a->spared[r->spared_at + i];

		/* Most hashes are none of the name's, and that is seen at once. */
		if (!(name->seen[spared >> 58] >> (spared >> 52 & 63) & 1))
			continue;
		for (unsigned labels = 0; labels <= name->labels; labels++) {
			if (spared == name->hash[labels])
				return true;
		}
	}
	return false;
}

static bool rule_counts(const struct rules_array *a, const struct list_rule *r,
			const struct hashed_name *name, uint16_t type)
{
	bool named = false;

	for (unsigned i = 0; i < r->types_n; i++)
		named |= r->types[i] == type;
	if (r->types_n > 0 && named == r->other_types)
		return false;
	return !is_spared(a, r, name);
}

static unsigned strength(unsigned how)
{
	return how & (NAME_LIST_IMPORTANT | NAME_LIST_EXCEPT);
}

/* Take @e if it says more than what was found, and counts for the name. */
static void weigh(const struct name_list *list, const struct list_entry *e,
		  const struct hashed_name *name, unsigned labels, uint16_t type,
		  struct name_list_found *found)
{
	unsigned how = e->what & (CONDITION - 1);
	uint32_t line = e->what >> HOW_BITS;

	if (!(how & (labels == name->labels ? NAME_LIST_ITSELF : NAME_LIST_BELOW)) ||
	    (found->line > 0 && strength(how) <= strength(found->how)))
		return;
	if (e->what & CONDITION) {
		const struct list_rule *r = &list->rules.rules[line];

		if (!rule_counts(&list->rules, r, name, type))
			return;
		line = r->line;
	}
	*found = (struct name_list_found){line, (uint8_t)how, (uint8_t)labels};
}

struct name_list_found name_list_find(const struct name_list *list, const struct hashed_name *name,
				      uint16_t type)
{
	struct name_list_found found = {.line = 0};

	for (unsigned labels = name->labels + 1; labels-- > 0;) {
		uint64_t hash = name->hash[labels];
		const struct list_entry *e = &list->table[place_of(list, hash)];

		if (!has_labels(list, labels))
			continue;
		while (e->what != 0 && hash_of_entry(e) < hash)
			e++;
		for (; e->what != 0 && hash_of_entry(e) == hash; e++)
			weigh(list, e, name, labels, type, &found);
	}
	return found;
}
