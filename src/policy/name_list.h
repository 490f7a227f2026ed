/*
 * name_list.h - millions of names, and one verdict for each.
 *
 * Purpose    A list says of a name, and of what is below it, that it is listed or excepted.
 *            A name costs at most 16 octets: of each its hash of 64 bits is kept and the
 *            line that it came from, but not the name itself.
 * Exactness  Two names have the same hash with a chance of 2^-64, and nobody outside knows
 *            the key: of a thousand million names that are asked against five million that
 *            are listed, one is taken for a listed one with a chance of one in a thousand.
 * Threads    a builder belongs to one thread; a finished list is read by all. Holding and
 *            releasing: any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/compiler.h"
#include "base/hash.h"

#define NAME_LIST_LINE_MAX 0x03ffffffu /* of an entry; those behind have this one */

/** What an entry says; bits. */
enum name_list_how {
	NAME_LIST_ITSELF = 1,    /* of the name */
	NAME_LIST_BELOW = 2,     /* of the names below it */
	NAME_LIST_EXCEPT = 4,    /* they are not listed, */
	NAME_LIST_IMPORTANT = 8, /* whatever entries without this bit say */
};

#define NAME_LIST_CONDITIONS_MAX                                                                   \
	16 /* entries of one name that have one: a look-up sees them all                           \
	    */

#define NAME_LIST_TYPES_MAX  8  /* of one condition */
#define NAME_LIST_SPARED_MAX 64 /* of one condition */

/** When an entry counts. */
struct name_list_condition {
	uint16_t types[NAME_LIST_TYPES_MAX];
	unsigned types_n;
	bool other_types;                            /* it counts for all types but these */
	const uint8_t *spared[NAME_LIST_SPARED_MAX]; /* names at and below which it doesn't count;
							lower case */
	unsigned spared_n;
};

struct list_builder;
struct name_list;

/** An empty list whose names are hashed by @p key; NULL when memory is short. */
MUST_USE struct list_builder *list_builder_create(const struct hash_key *key);

/** NULL is allowed. */
void list_builder_destroy(struct list_builder *b);

/**
 * Add @p name.
 *
 * @param how   NAME_LIST_ITSELF, NAME_LIST_BELOW or both, with other bits
 * @param line  where it stands, from 1
 * @param when  NULL: always
 * @return false when memory is short
 */
MUST_USE bool list_builder_add(struct list_builder *b, const uint8_t *name, unsigned how,
			       uint32_t line, const struct name_list_condition *when);

/**
 * The list of what was added; the builder has ended. NULL when memory is short. Of the entries of
 * one name with conditions the first NAME_LIST_CONDITIONS_MAX are kept.
 */
MUST_USE struct name_list *list_builder_finish(struct list_builder *b);

/** One more, and one fewer who needs it: the last one frees it. The first holder is who made it. */
struct name_list *name_list_hold(struct name_list *list);
void name_list_release(struct name_list *list);

/** Entries, and octets of memory. */
size_t name_list_count(const struct name_list *list);
size_t name_list_octets(const struct name_list *list);

/** Entries that were too many for their name. */
struct name_list_excess {
	uint32_t n;
	uint32_t line; /* the first one, if there are any */
};

struct name_list_excess name_list_excess(const struct name_list *list);

/** Count a name that the list had an answer for; and how many there were. Any thread. */
void name_list_count_hit(struct name_list *list);
uint64_t name_list_hits(const struct name_list *list);

/** @p list takes the place of @p before, whose hits are its own from here on. */
void name_list_take_hits(struct name_list *list, const struct name_list *before);

/** A name with the hashes of it and of those above it, by the key of the lists. */
struct hashed_name {
	uint64_t hash[TERN_LABELS_MAX + 1]; /* of the last n labels */
	uint64_t seen[64];                  /* a bit for the first 12 bits of each hash */
	unsigned labels;
};

/** @p name with the @p key of the lists that are asked. */
void hashed_name_make(struct hashed_name *out, const struct hash_key *key, const uint8_t *name);

/** Bring into the processor's cache what name_list_find() will look at. */
void name_list_prefetch(const struct name_list *list, const struct hashed_name *name);

/** The strongest that a list says of a name. */
struct name_list_found {
	uint32_t line;  /* 0: nothing */
	uint8_t how;    /* bits of enum name_list_how */
	uint8_t labels; /* of the entry's name */
};

/**
 * What @p list says of (@p name, @p type): entries with NAME_LIST_IMPORTANT win over others, then
 * exceptions, then longer names.
 */
struct name_list_found name_list_find(const struct name_list *list, const struct hashed_name *name,
				      uint16_t type);
