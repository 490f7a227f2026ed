#include "cache/infra.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#define GROUP_SIZE 8 /* records that share a lock and compete for place */
#define GROUPS     (INFRA_SERVERS_MAX / GROUP_SIZE)
#define LAME_ZONES 2 /* zones remembered per server; hosters are rarely lame for more at a time */

struct record {
	struct address server;
	uint32_t srtt_ms8; /* eighths of a millisecond */
	uint32_t rttvar_ms8;
	uint64_t used_ms;
	uint64_t timeout_ms;  /* when the last timeout was counted */
	uint64_t silent_ms;   /* when the first question was sent that it is silent to */
	uint64_t silent_name; /* hash of what that was about */
	uint64_t tried_ms;    /* when a dead server was last tried */
	uint64_t edns_ms;     /* no EDNS until then */
	uint64_t case_ms;     /* no 0x20 until then */
	uint64_t lame_ms[LAME_ZONES];
	uint64_t lame_zone[LAME_ZONES]; /* hash of the zone */
	uint8_t timeouts;
	uint8_t backoff; /* doublings of the RTO */
	bool silent;     /* to a second name, too */
	bool measured;
	uint8_t cookie_len;
	uint8_t cookie[TERN_COOKIE_MAX - TERN_COOKIE_CLIENT];
};

struct group {
	pthread_mutex_t lock;
	struct record records[GROUP_SIZE];
};

struct infra {
	struct hash_key key;
	_Atomic uint32_t servers_n;
	struct group *groups;
};

struct infra *infra_create(const struct hash_key *key)
{
	struct infra *infra = calloc(1, sizeof *infra);

	if (!infra)
		return NULL;
	infra->key = *key;
	infra->groups = calloc(GROUPS, sizeof *infra->groups);
	if (!infra->groups) {
		free(infra);
		return NULL;
	}
	for (unsigned i = 0; i < GROUPS; i++)
		pthread_mutex_init(&infra->groups[i].lock, NULL);
	return infra;
}

void infra_destroy(struct infra *infra)
{
	if (!infra)
		return;
	for (unsigned i = 0; i < GROUPS; i++)
		pthread_mutex_destroy(&infra->groups[i].lock);
	free(infra->groups);
	free(infra);
}

static uint64_t hash_address(const struct infra *infra, const struct address *a)
{
	return hash_bytes(&infra->key, 0, a, sizeof *a);
}

static struct group *group_of(struct infra *infra, const struct address *a)
{
	return &infra->groups[hash_address(infra, a) % GROUPS];
}

static struct record *find(struct group *g, const struct address *a)
{
	for (unsigned i = 0; i < GROUP_SIZE; i++) {
		if (address_equal(&g->records[i].server, a))
			return &g->records[i];
	}
	return NULL;
}

/* The record of a server, made in the place of the least recently used one if need be. */
static struct record *find_or_make(struct infra *infra, struct group *g, const struct address *a,
				   uint64_t now_ms)
{
	struct record *r = find(g, a);
	struct record *oldest = &g->records[0];

	if (!r) {
		for (unsigned i = 1; i < GROUP_SIZE; i++) {
			if (g->records[i].used_ms < oldest->used_ms)
				oldest = &g->records[i];
		}
		if (oldest->server.family == 0)
			atomic_fetch_add_explicit(&infra->servers_n, 1, memory_order_relaxed);
		r = oldest;
		memset(r, 0, sizeof *r);
		r->server = *a;
	}
	r->used_ms = now_ms;
	return r;
}

static uint32_t patience_of(const struct record *r)
{
	if (!r->measured)
		return INFRA_RTO_FIRST_MS;
	uint32_t slack_ms = MAX(r->rttvar_ms8 / 2, (uint32_t)INFRA_RTO_SLACK_MS);
	uint32_t base_ms = MAX(r->srtt_ms8 / 8 + slack_ms, (uint32_t)INFRA_RTO_MIN_MS);

	return MIN(base_ms, (uint32_t)INFRA_RTO_MAX_MS);
}

static uint32_t rto_of(const struct record *r)
{
	return MIN(patience_of(r) << MIN(r->backoff, (uint8_t)3), (uint32_t)INFRA_RTO_MAX_MS);
}

/* One name may be a black hole, and a moment of silence the network's. */
static bool is_dead(const struct record *r, uint64_t now_ms)
{
	return r->timeouts >= INFRA_DEAD_TIMEOUTS && r->silent &&
	       now_ms - r->silent_ms >= INFRA_DEAD_AFTER_MS;
}

static uint32_t probe_pause_ms(const struct record *r)
{
	unsigned doublings = r->timeouts - INFRA_DEAD_TIMEOUTS;

	return doublings < 5 ? INFRA_PROBE_MIN_MS << doublings : INFRA_PROBE_MAX_MS;
}

/* RFC 7873 4.1: the client cookie is a keyed function of the server's address. */
static void make_client_cookie(const struct infra *infra, const struct address *a,
			       uint8_t out[TERN_COOKIE_CLIENT])
{
	uint64_t h = hash_bytes(&infra->key, 0xc00c1e, a->octets, sizeof a->octets);

	memcpy(out, &h, sizeof h);
}

static bool is_lame(const struct infra *infra, const struct record *r, const uint8_t *zone,
		    uint64_t now_ms)
{
	uint64_t hash = hash_bytes(&infra->key, 1, zone, tern_name_len(zone));

	for (unsigned i = 0; i < LAME_ZONES; i++) {
		if (r->lame_zone[i] == hash && now_ms < r->lame_ms[i])
			return true;
	}
	return false;
}

void infra_get(struct infra *infra, const struct address *server, const uint8_t *zone,
	       uint64_t now_ms, struct infra_server *out)
{
	struct group *g = group_of(infra, server);

	memset(out, 0, sizeof *out);
	out->patience_ms = out->rto_ms = INFRA_RTO_FIRST_MS;
	make_client_cookie(infra, server, out->client_cookie);
	pthread_mutex_lock(&g->lock);
	struct record *r = find(g, server);

	if (r) {
		r->used_ms = now_ms;
		out->known = r->measured || r->timeouts > 0;
		out->timeouts = r->timeouts;
		out->silent = r->silent;
		out->dead = is_dead(r, now_ms) && now_ms < r->tried_ms + probe_pause_ms(r);
		out->no_edns = now_ms < r->edns_ms;
		out->no_case = now_ms < r->case_ms;
		out->srtt_ms = r->srtt_ms8 / 8;
		out->patience_ms = patience_of(r);
		out->rto_ms = rto_of(r);
		out->lame = zone && is_lame(infra, r, zone, now_ms);
		out->server_cookie_len = r->cookie_len;
		memcpy(out->server_cookie, r->cookie, r->cookie_len);
	}
	pthread_mutex_unlock(&g->lock);
}

static void note_life(struct record *r)
{
	r->timeouts = 0;
	r->silent = false;
}

void infra_answered(struct infra *infra, const struct address *server, uint32_t rtt_ms,
		    uint64_t now_ms)
{
	struct group *g = group_of(infra, server);
	uint32_t sample = rtt_ms * 8;

	pthread_mutex_lock(&g->lock);
	struct record *r = find_or_make(infra, g, server, now_ms);

	if (!r->measured) {
		r->measured = true;
		r->srtt_ms8 = sample;
		r->rttvar_ms8 = sample / 2;
	} else {
		uint32_t gap = sample > r->srtt_ms8 ? sample - r->srtt_ms8 : r->srtt_ms8 - sample;

		r->rttvar_ms8 = r->rttvar_ms8 - r->rttvar_ms8 / 4 + gap / 4;
		r->srtt_ms8 = r->srtt_ms8 - r->srtt_ms8 / 8 + sample / 8;
	}
	note_life(r);
	r->backoff = 0;
	pthread_mutex_unlock(&g->lock);
}

void infra_heard(struct infra *infra, const struct address *server, uint64_t now_ms)
{
	struct group *g = group_of(infra, server);

	pthread_mutex_lock(&g->lock);
	/* The backoff stays until a time is measured: else each question would be sent twice. */
	note_life(find_or_make(infra, g, server, now_ms));
	pthread_mutex_unlock(&g->lock);
}

bool infra_claim_probe(struct infra *infra, const struct address *server, uint32_t pause_max_ms,
		       uint64_t now_ms)
{
	struct group *g = group_of(infra, server);
	bool mine = true;

	pthread_mutex_lock(&g->lock);
	struct record *r = find(g, server);

	if (r && is_dead(r, now_ms)) {
		mine = now_ms >= r->tried_ms + MIN(probe_pause_ms(r), pause_max_ms);
		if (mine)
			r->tried_ms = now_ms;
	}
	pthread_mutex_unlock(&g->lock);
	return mine;
}

static void note_silence(const struct infra *infra, struct record *r, const uint8_t *name,
			 uint64_t sent_ms)
{
	uint64_t hash = name ? hash_bytes(&infra->key, 2, name, tern_name_len(name)) : 0;

	if (r->timeouts == 0) {
		r->silent_ms = sent_ms;
		r->silent_name = 0;
	}
	if (!name)
		return;
	r->silent |= r->silent_name != 0 && r->silent_name != hash;
	r->silent_name = hash;
}

void infra_timed_out(struct infra *infra, const struct address *server, const uint8_t *name,
		     uint64_t sent_ms, uint64_t now_ms)
{
	struct group *g = group_of(infra, server);

	pthread_mutex_lock(&g->lock);
	struct record *r = find_or_make(infra, g, server, now_ms);

	note_silence(infra, r, name, sent_ms);
	if (sent_ms >= r->timeout_ms) {
		r->timeout_ms = now_ms;
		if (r->timeouts < UINT8_MAX)
			r->timeouts++;
		if (r->backoff < 3)
			r->backoff++;
		r->tried_ms = now_ms;
	}
	pthread_mutex_unlock(&g->lock);
}

void infra_learn_no_edns(struct infra *infra, const struct address *server, uint64_t now_ms)
{
	struct group *g = group_of(infra, server);

	pthread_mutex_lock(&g->lock);
	find_or_make(infra, g, server, now_ms)->edns_ms = now_ms + INFRA_LEARNED_MS;
	pthread_mutex_unlock(&g->lock);
}

void infra_learn_no_case(struct infra *infra, const struct address *server, uint64_t now_ms)
{
	struct group *g = group_of(infra, server);

	pthread_mutex_lock(&g->lock);
	find_or_make(infra, g, server, now_ms)->case_ms = now_ms + INFRA_LEARNED_MS;
	pthread_mutex_unlock(&g->lock);
}

void infra_learn_cookie(struct infra *infra, const struct address *server, const uint8_t *cookie,
			size_t len, uint64_t now_ms)
{
	struct group *g = group_of(infra, server);

	if (len > TERN_COOKIE_MAX - TERN_COOKIE_CLIENT)
		return;
	pthread_mutex_lock(&g->lock);
	struct record *r = find_or_make(infra, g, server, now_ms);

	r->cookie_len = (uint8_t)len;
	memcpy(r->cookie, cookie, len);
	pthread_mutex_unlock(&g->lock);
}

void infra_learn_lame(struct infra *infra, const struct address *server, const uint8_t *zone,
		      uint64_t now_ms)
{
	struct group *g = group_of(infra, server);
	uint64_t hash = hash_bytes(&infra->key, 1, zone, tern_name_len(zone));

	pthread_mutex_lock(&g->lock);
	struct record *r = find_or_make(infra, g, server, now_ms);
	unsigned slot = 0;

	for (unsigned i = 0; i < LAME_ZONES; i++) {
		if (r->lame_zone[i] == hash) {
			slot = i;
			break;
		}
		if (r->lame_ms[i] < r->lame_ms[slot])
			slot = i;
	}
	r->lame_zone[slot] = hash;
	r->lame_ms[slot] = now_ms + INFRA_LAME_MS;
	pthread_mutex_unlock(&g->lock);
}

void infra_forgive(struct infra *infra)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		struct group *g = &infra->groups[i];

		pthread_mutex_lock(&g->lock);
		for (unsigned j = 0; j < GROUP_SIZE; j++) {
			note_life(&g->records[j]);
			g->records[j].backoff = 0;
			memset(g->records[j].lame_ms, 0, sizeof g->records[j].lame_ms);
		}
		pthread_mutex_unlock(&g->lock);
	}
}

uint32_t infra_count(const struct infra *infra)
{
	return atomic_load_explicit(&infra->servers_n, memory_order_relaxed);
}
