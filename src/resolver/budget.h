/*
 * budget.h - the one account of a client query (limits.md, "The budget").
 *
 * Made when the query arrives, passed by reference to everything done for it,
 * only ever counted down. Running out ends the query with SERVFAIL, an extended
 * error and a cached failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum budget_kind {
	BUDGET_SEND,     /* messages sent to servers */
	BUDGET_TCP,      /* of these, attempts by TCP that a reply did not settle */
	BUDGET_OCTETS,   /* octets received */
	BUDGET_SUBQUERY, /* questions of our own: server addresses, priming */
	BUDGET_ALIAS,    /* CNAME and DNAME steps */
	BUDGET_VERIFY,   /* signature checks */
	BUDGET_WRONG,    /* of these, signatures that turned out wrong */
	BUDGET_HASH,     /* SHA-1 blocks for NSEC3, */
	BUDGET_MAKE,     /* and for answers made of cached NSEC3: what that takes no proof lacks */
	BUDGET_KINDS,
};

#define BUDGET_SEND_MAX     100
#define BUDGET_TCP_MAX      12 /* two for each of a few names on the way */
#define BUDGET_OCTETS_MAX   262144
#define BUDGET_SUBQUERY_MAX 40
#define BUDGET_ALIAS_MAX    12
#define BUDGET_VERIFY_MAX   32
#define BUDGET_WRONG_MAX    8 /* key tags that collide honestly cost one per set */
#define BUDGET_HASH_MAX     2560
#define BUDGET_MAKE_MAX     1280

struct budget {
	uint32_t left[BUDGET_KINDS];
	uint8_t exhausted; /* 1 + the kind that ran out first; 0 none */
};

/** Fill with the defaults above. */
void budget_init(struct budget *b);

/** Take @p n; false, and nothing taken, when fewer are left. */
bool budget_spend(struct budget *b, enum budget_kind kind, uint32_t n);

/** More was needed of @p kind than is left: the account is spent, and says so. */
void budget_overdraw(struct budget *b, enum budget_kind kind);

/** The account itself, for who counts it down in small steps. */
static inline uint32_t *budget_account(struct budget *b, enum budget_kind kind)
{
	return &b->left[kind];
}

/** How much of @p kind was taken since @p before was a copy of @p b. */
static inline uint32_t budget_spent_since(const struct budget *b, const struct budget *before,
					  enum budget_kind kind)
{
	return before->left[kind] - b->left[kind];
}

/** What ran out, for the extended error's text; NULL when nothing did. */
const char *budget_exhausted_text(const struct budget *b);
