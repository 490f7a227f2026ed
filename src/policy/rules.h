/*
 * rules.h - everything that configuration and data files decide, as one value.
 *
 * Purpose    A rule set is built beside the workers, published by one pointer, and
 *            never changed after that. A change makes a new one, which shares with
 *            the last one the parts that stayed the same.
 * Threads    rulebook_current(): any reader (base/readers.h), once per loop turn;
 *            what it gives is valid until the reader rests. rules_hold() and
 *            rules_release(): any reader. All else: main thread.
 * Consistent A job works by the rule set that it began with, and holds it so long.
 *            So no answer is made by halves of two.
 *
 *	struct rules *fresh = rules_derive(rulebook_current(book));
 *	rules_set_part(fresh, RULES_ANCHORS, anchors, free_anchors);
 *	fresh->anchors = anchors;
 *	rulebook_publish(book, fresh, RULES_CHANGE_ANSWERS);
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "policy/access.h"
#include "policy/changes.h"
#include "policy/nft_sets.h"
#include "policy/options.h"
#include "policy/route.h"
#include "policy/view.h"

struct cache;         /* cache/cache.h */
struct config;        /* config/config.h */
struct leases;        /* zone/leases.h */
struct root_hints;    /* resolver/hints.h */
struct trust_anchors; /* dnssec/anchor.h */
struct wall_time;     /* dnssec/walltime.h */
struct shared_part;
struct list_set;    /* policy/lists.h */
struct rpz_set;     /* policy/rpz.h */
struct tls_service; /* net/tls.h */
struct zone_store;  /* zone/store.h */

/** What is shared between rule sets, and freed with the last of them. */
enum rules_part {
	RULES_CONFIG,
	RULES_HINTS,
	RULES_ANCHORS,
	RULES_CACHE,
	RULES_ZONES,
	RULES_LISTS,
	RULES_RPZ,
	RULES_LEASES,
	RULES_NETWORKS,
	RULES_TLS,
	RULES_VIEWS,
	RULES_VIEW_CLIENTS,
	RULES_VIEW_CACHES, /* of class 1, and so on */
	RULES_PARTS_N = RULES_VIEW_CACHES + VIEWS_MAX
};

struct rules {
	uint64_t generation; /* 1 for the first that is published, then one more each time */
	uint32_t answers;    /* another one: answers made by earlier rule sets may be wrong, */
	uint32_t fetched;    /* and so may what they fetched for the cache */
	struct access_list access;
	struct routes routes;
	struct resolver_options resolver;
	struct serve_options serve;
	const struct listen_options *listen; /* the configuration's */
	unsigned listen_n;
	struct rate_options rates;
	struct answer_changes changes;
	struct nft_sets nft; /* whose addresses the packet filter hears of */
	struct cache
		*cache; /* NULL in those that are not in force any more: jobs use the one that is */
	const struct zone_store *zones;      /* names of our own; NULL for none */
	const struct zone_store *view_zones; /* of the view, asked before; NULL for none */
	const struct list_set *lists;        /* of names that are filtered; NULL for none */
	uint64_t lists_asked;                /* a bit each */
	struct view_bits paused;             /* classes for which lists say nothing for a while */
	const struct rpz_set *rpz;           /* policy zones; NULL for none, */
	uint32_t rpz_asked;                  /* and which of them are asked: a bit each */
	const struct leases *leases;         /* names of clients; NULL for none, and in those that
						are not in force any more */
	const struct root_hints *hints;
	const struct trust_anchors *anchors;
	const struct config *config;             /* what it was built from, for the daemon */
	struct tls_service *tls;                 /* NULL: nothing encrypted is served */
	struct wall_time *wall;                  /* NULL: signatures always have to be in time */
	const struct view_set *views;            /* NULL for none, and in the rules of a view */
	const struct view_clients *view_clients; /* not NULL where there are views, but in those
						    that are not in force any more */
	uint8_t class_given;                     /* to a view, last of all */
	struct rules *of_views; /* by class, from 1 on; copies with what is different */
	unsigned view;          /* class of these; 0 for those of everybody */
	bool shares_cache;      /* these are a view's, and the cache is everybody's */
	struct shared_part *parts[RULES_PARTS_N];
	_Atomic uint32_t *holders; /* jobs that work by it; a copy shares the count. NULL: it
				      stays for ever */
	struct rules *older;       /* published before, and still held */
};

/** A rule set that says nothing yet, or NULL when memory is short. */
MUST_USE struct rules *rules_create(void);

/** A copy of @p from that shares all its parts; NULL when memory is short. */
MUST_USE struct rules *rules_derive(const struct rules *from);

/** Free a rule set that was never published; NULL is allowed. */
void rules_destroy(struct rules *rules);

/**
 * @p what belongs to @p rules as @p part (enum rules_part), and to those that are derived of it,
 * from here on: the last of them ends it with @p end. What was this part before is let go. False
 * when memory is short: then @p what was ended.
 */
MUST_USE bool rules_set_part(struct rules *rules, unsigned part, void *what,
			     void (*end)(void *what));

/** @p rules have no such part any more. */
void rules_drop_part(struct rules *rules, unsigned part);

/**
 * The same for @p views, which may be NULL for none: their rules are made when @p rules are
 * published.
 */
MUST_USE bool rules_set_views(struct rules *rules, struct view_set *views, void (*end)(void *what));

/** The cache of its own that the view of @p class has, or NULL. */
struct cache *rules_view_cache(const struct rules *rules, unsigned class);

/** The rules of the view of @p class, which may be 0; those of everybody when there is none. */
static inline const struct rules *rules_for_view(const struct rules *rules, unsigned class)
{
	if (likely(class == 0) || !rules->views || class > rules->views->classes_n ||
	    rules->of_views[class - 1].view != class)
		return rules;
	return &rules->of_views[class - 1];
}

/** A job works by @p rules from here on, */
static inline void rules_hold(const struct rules *rules)
{
	if (rules->holders)
		atomic_fetch_add_explicit(rules->holders, 1, memory_order_relaxed);
}

/** and no longer. */
static inline void rules_release(const struct rules *rules)
{
	if (rules->holders)
		atomic_fetch_sub_explicit(rules->holders, 1, memory_order_release);
}

/** The rule set in force, and those before it that are still held. */
struct rulebook {
	_Atomic(struct rules *) current;
};

static inline const struct rules *rulebook_current(const struct rulebook *book)
{
	return atomic_load_explicit(&book->current, memory_order_acquire);
}

enum rules_change {
	RULES_CHANGE_SERVING, /* answers stay what they were */
	RULES_CHANGE_NAMES,   /* those of names of our own are different now */
	RULES_CHANGE_ANSWERS, /* any may be */
	RULES_CHANGE_NONE,    /* the rules are the same; see rulebook_publish_again() */
};

/**
 * Put @p fresh (taken over) in force. Waits until no reader can take up the one before
 * any more, and until what is stored after the call was made by @p fresh.
 */
void rulebook_publish(struct rulebook *book, struct rules *fresh, enum rules_change change);

/**
 * Call it after content of the cache that the rules in force made wrong was dropped: what was
 * made of it since they are in force is not used any more, nor stored. The generation stays. False
 * when memory is short.
 */
MUST_USE bool rulebook_publish_again(struct rulebook *book);

/** Free what nobody holds any more. Call it now and then; returns how many are still held. */
unsigned rulebook_tidy(struct rulebook *book);

/** Free all; there is no reader left. */
void rulebook_end(struct rulebook *book);
