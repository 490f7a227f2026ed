/*
 * infra_private.h - the server table's records: what its files share.
 *
 *   infra.c       what was measured and seen of servers by plain DNS
 *   infra_ways.c  whether they answer encrypted, too
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "cache/infra.h"

#define GROUP_SIZE 8 /* records that share a lock and compete for place */
#define GROUPS     (INFRA_SERVERS_MAX / GROUP_SIZE)

enum way_state {
	WAY_UNTRIED,
	WAY_TRYING, /* by somebody, right now */
	WAY_WORKS,
	WAY_FAILED,
};

/** Another way to a server than plain DNS. */
struct way {
	int64_t at_ms; /* claimed, last answered, or failed. Before the machine's start: negative */
	int64_t doubt_ms; /* plain DNS answered what was not answered by this; 0 for no doubt */
	int64_t since_ms; /* it works, */
	uint8_t state;    /* enum way_state, as of then: infra_way_settle() */
	uint8_t lapses;   /* so often it has ceased to, and not worked for a day on end since */
	uint8_t outdone;  /* so often in a row plain DNS was faster, though a session was open */
};

/** One address, whatever it is asked for. */
struct server {
	uint64_t used_ms;
	struct address address;
	uint32_t srtt_ms8; /* eighths of a millisecond */
	uint32_t rttvar_ms8;
	uint64_t facts_ms[INFRA_FACTS];     /* seen for two zones: they count until then */
	uint64_t fact_zone[INFRA_FACTS];    /* hash of the zone that each was learned for last, */
	uint64_t fact_zone_ms[INFRA_FACTS]; /* until then */
	struct way ways[INFRA_WAYS];
	bool measured;
	uint8_t cookie_len;
	uint8_t cookie[TERN_COOKIE_MAX - TERN_COOKIE_CLIENT];
};

/** One address asked for one zone. */
struct pair {
	uint64_t used_ms;
	struct address address;
	uint64_t zone;        /* hash */
	uint64_t timeout_ms;  /* when the last timeout was counted */
	uint64_t silent_ms;   /* when the first question was sent that it is silent to */
	uint64_t silent_name; /* hash of what that was about */
	uint64_t tried_ms;    /* when a dead server was last tried */
	uint64_t facts_ms[INFRA_FACTS];
	uint8_t suspicions[INFRA_FACTS];
	uint8_t timeouts;
	uint8_t backoff; /* doublings of the RTO */
	bool silent;     /* to a second name, too */
	bool folds;
};

struct server_group {
	pthread_mutex_t lock;
	struct server records[GROUP_SIZE];
};

struct pair_group {
	pthread_mutex_t lock;
	struct pair records[GROUP_SIZE];
};

struct infra {
	struct hash_key key;
	_Atomic uint32_t servers_n;
	struct server_group *servers;
	struct pair_group *pairs;
};

/** Lock the group that @p a belongs to; its lock is the caller's to give back. */
struct server_group *infra_lock_server(struct infra *infra, const struct address *a);

/** The record of @p a in its group, or NULL. */
struct server *infra_find_server(struct server_group *g, const struct address *a);

/** The same, made in the place of the least recently used one if need be. */
struct server *infra_make_server(struct infra *infra, struct server_group *g,
				 const struct address *a, uint64_t now_ms);

/** INFRA_BIT() each: the ways of @p s to be taken. */
uint8_t infra_read_ways(struct server *s, uint64_t now_ms);
