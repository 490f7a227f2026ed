/*
 * kept.h - the RRsets that a job keeps for its answer, in its arena.
 *
 * An answer of aliases is a chain of links: the question as asked is link 0, what
 * the first alias leads to is link 1. A record that proves something about one
 * link says nothing about the others, so every set knows the links it came for.
 */
#pragma once

#include "base/compiler.h"
#include "resolver/job.h"

/** The links of one bit each: see struct kept. */
#define LINK_BIT(link) (uint16_t)(1u << (link))

/**
 * Keep a copy of @p set in the arena at the end of @p list, for the links whose
 * bits are in @p links; false when memory is out.
 */
MUST_USE bool keep(struct job *job, struct kept_list *list, const struct tern_rrset *set,
		   uint16_t links);

/**
 * The same for a proof out of the cache or of a reply. One that is there already,
 * as well believed, is not kept twice: it counts for these links, too.
 */
MUST_USE bool keep_proof_set(struct job *job, struct kept_list *list, const struct tern_rrset *set,
			     enum cache_security security, uint16_t links);

/** Put @p k, which is in no list any more, at the end of @p list. */
void kept_append(struct kept_list *list, struct kept *k);

/** The set of (@p owner, @p type) in @p list, or NULL. */
struct kept *kept_find(const struct kept_list *list, const uint8_t *owner, uint16_t type);

/** Is anything in @p list by names of our own, or what else is decided here? */
bool kept_has_own(const struct kept_list *list);

/** The name that link @p link of what was found asks for, into @p name; link 0 leaves it as it is.
 */
void kept_question_of_link(const struct found *found, unsigned link, uint8_t *name);
