/*
 * lists.h - what all lists together say of a name, and what becomes of it then.
 *
 * Purpose    Exceptions of any list win over all lists, unless an entry is important; of
 *            several lists that have a name the first one counts.
 * Threads    made by one thread, then read by all; the counters are anybody's.
 * Memory     a set holds its lists (name_list_hold()).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/hash.h"
#include "policy/list_text.h"
#include "policy/name_list.h"

#define LISTS_MAX          64 /* bits of a mask */
#define LIST_NAME_MAX      64 /* octets, with NUL */
#define LIST_ERROR_MAX     160
#define LIST_TTL_S         60 /* of what is answered for a name that is listed */
#define LIST_ADDRESSES_MAX 8
#define LIST_REFRESH_MIN_S 60
#define LIST_REFRESH_MAX_S 31536000

/** What becomes of a name that is listed. */
enum list_action {
	LIST_NXDOMAIN,
	LIST_NODATA,
	LIST_NULL,    /* the addresses 0.0.0.0 and :: */
	LIST_ADDRESS, /* given addresses */
	LIST_REFUSE,
	LIST_DROP, /* no answer at all */
};

/** One of `lists`, as it is written. Texts belong to whoever filled the struct. */
struct list_options {
	char *name;
	char *file; /* "" for none; a folder: all files in it */
	char *url;  /* "" for none: it has either a file or this */
	char *ca;   /* file of the certificates that its server is trusted by; "": the system's */
	uint32_t refresh_s; /* how often it is fetched */
	char *action_text;  /* what the following was read from */
	enum list_action action;
	struct address addresses[LIST_ADDRESSES_MAX]; /* of LIST_ADDRESS; ports are 0 */
	unsigned addresses_n;
	bool allow;        /* its names are exceptions */
	bool of_everybody; /* it is asked where no view chooses */
};

/** Read "nxdomain", "nodata", "null", "refuse", "drop", or addresses apart by spaces. */
MUST_USE bool list_action_read(const char *text, struct list_options *out);

/** How a list was read. */
struct list_state {
	struct list_report report;
	int64_t read_at;            /* seconds of the wall clock; 0: never */
	char error[LIST_ERROR_MAX]; /* why the last try failed; "" when it did not */
};

/** A list in force. */
struct listed {
	char name[LIST_NAME_MAX];
	struct name_list *names; /* NULL: nothing could be read yet */
	enum list_action action;
	bool allow; /* it has exceptions only */
	uint8_t a_n;
	uint8_t aaaa_n;
	uint8_t a[LIST_ADDRESSES_MAX][2 + 4]; /* packed as an RRset's */
	uint8_t aaaa[LIST_ADDRESSES_MAX][2 + 16];
	struct list_state state;
};

struct list_set {
	struct hash_key key; /* of all its lists */
	unsigned n;
	struct listed lists[LISTS_MAX];
};

/** What was decided. */
struct list_verdict {
	const struct listed *list;      /* NULL: the name is not listed, or excepted */
	const struct listed *spared_by; /* the list with the exception; NULL for none */
	uint32_t line;                  /* of the entry, or of the exception */
	uint8_t labels;                 /* of the entry's name */
};

/** A set of no lists, or NULL when memory is short. */
MUST_USE struct list_set *list_set_create(const struct hash_key *key);

/** NULL is allowed. */
void list_set_destroy(struct list_set *set);

/**
 * Add a list.
 *
 * @param names  taken over; NULL for none yet
 */
void list_set_add(struct list_set *set, const struct list_options *options, struct name_list *names,
		  const struct list_state *state);

/** What the lists of @p set in @p mask (a bit each) say of (@p name, @p type). */
struct list_verdict list_set_ask(const struct list_set *set, uint64_t mask, const uint8_t *name,
				 uint16_t type);

/** Do both sets say the same of every name? */
bool list_set_equal(const struct list_set *a, const struct list_set *b);
