#include "cache/infra_private.h"

#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

#define SUSPICIONS 2 /* in a row: then it is no accident */

struct infra *infra_create(const struct hash_key *key)
{
	struct infra *infra = calloc(1, sizeof *infra);

	if (!infra)
		return NULL;
	infra->key = *key;
	infra->servers = calloc(GROUPS, sizeof *infra->servers);
	infra->pairs = calloc(GROUPS, sizeof *infra->pairs);
	if (!infra->servers || !infra->pairs) {
		free(infra->servers);
		free(infra->pairs);
		free(infra);
		return NULL;
	}
	for (unsigned i = 0; i < GROUPS; i++) {
		pthread_mutex_init(&infra->servers[i].lock, NULL);
		pthread_mutex_init(&infra->pairs[i].lock, NULL);
	}
	return infra;
}

void infra_destroy(struct infra *infra)
{
	if (!infra)
		return;
	for (unsigned i = 0; i < GROUPS; i++) {
		pthread_mutex_destroy(&infra->servers[i].lock);
		pthread_mutex_destroy(&infra->pairs[i].lock);
	}
	free(infra->servers);
	free(infra->pairs);
	free(infra);
}

/* --- finding a record, under its group's lock ------------------------------------ */

static uint64_t hash_address(const struct infra *infra, const struct address *a)
{
	return hash_bytes(&infra->key, 0, a, sizeof *a);
}

static uint64_t hash_zone(const struct infra *infra, const uint8_t *zone)
{
	return hash_bytes(&infra->key, 1, zone, tern_name_len(zone));
}

struct server_group *infra_lock_server(struct infra *infra, const struct address *a)
{
	struct server_group *g = &infra->servers[hash_address(infra, a) % GROUPS];

	pthread_mutex_lock(&g->lock);
	return g;
}

static struct pair_group *lock_pair(struct infra *infra, const struct address *a, uint64_t zone)
{
	struct pair_group *g = &infra->pairs[(hash_address(infra, a) ^ zone) % GROUPS];

	pthread_mutex_lock(&g->lock);
	return g;
}

struct server *infra_find_server(struct server_group *g, const struct address *a)
{
	for (unsigned i = 0; i < GROUP_SIZE; i++) {
		if (address_equal(&g->records[i].address, a))
			return &g->records[i];
	}
	return NULL;
}

static struct pair *find_pair(struct pair_group *g, const struct address *a, uint64_t zone)
{
	for (unsigned i = 0; i < GROUP_SIZE; i++) {
		if (g->records[i].zone == zone && address_equal(&g->records[i].address, a))
			return &g->records[i];
	}
	return NULL;
}

struct server *infra_make_server(struct infra *infra, struct server_group *g,
				 const struct address *a, uint64_t now_ms)
{
	struct server *s = infra_find_server(g, a);

	if (!s) {
		s = &g->records[0];
		for (unsigned i = 1; i < GROUP_SIZE; i++) {
			if (g->records[i].used_ms < s->used_ms)
				s = &g->records[i];
		}
		if (s->address.family == 0)
			atomic_fetch_add_explicit(&infra->servers_n, 1, memory_order_relaxed);
		memset(s, 0, sizeof *s);
		s->address = *a;
	}
	s->used_ms = now_ms;
	return s;
}

static struct pair *make_pair(struct pair_group *g, const struct address *a, uint64_t zone,
			      uint64_t now_ms)
{
	struct pair *p = find_pair(g, a, zone);

	if (!p) {
		p = &g->records[0];
		for (unsigned i = 1; i < GROUP_SIZE; i++) {
			if (g->records[i].used_ms < p->used_ms)
				p = &g->records[i];
		}
		memset(p, 0, sizeof *p);
		p->address = *a;
		p->zone = zone;
	}
	p->used_ms = now_ms;
	return p;
}

/* --- reading --------------------------------------------------------------------- */

static uint32_t patience_of(const struct server *s)
{
	if (!s->measured)
		return INFRA_RTO_FIRST_MS;
	uint32_t slack_ms = MAX(s->rttvar_ms8 / 2, (uint32_t)INFRA_RTO_SLACK_MS);
	uint32_t base_ms = MAX(s->srtt_ms8 / 8 + slack_ms, (uint32_t)INFRA_RTO_MIN_MS);

	return MIN(base_ms, (uint32_t)INFRA_RTO_MAX_MS);
}

/* One name may be a black hole, and a moment of silence the network's. */
static bool is_dead(const struct pair *p, uint64_t now_ms)
{
	return p->timeouts >= INFRA_DEAD_TIMEOUTS && p->silent &&
	       now_ms - p->silent_ms >= INFRA_DEAD_AFTER_MS;
}

static uint32_t probe_pause_ms(const struct pair *p)
{
	unsigned doublings = p->timeouts - INFRA_DEAD_TIMEOUTS;

	return doublings < 5 ? INFRA_PROBE_MIN_MS << doublings : INFRA_PROBE_MAX_MS;
}

static uint8_t facts_at(const uint64_t until_ms[INFRA_FACTS], uint64_t now_ms)
{
	uint8_t facts = 0;

	for (unsigned i = 0; i < INFRA_FACTS; i++) {
		if (now_ms < until_ms[i])
			facts |= (uint8_t)INFRA_BIT(i);
	}
	return facts;
}

/* RFC 7873 4.1: the client cookie is a keyed function of the server's address. */
static void make_client_cookie(const struct infra *infra, const struct address *a,
			       uint8_t out[TERN_COOKIE_CLIENT])
{
	uint64_t h = hash_bytes(&infra->key, 0xc00c1e, a->octets, sizeof a->octets);

	memcpy(out, &h, sizeof h);
}

static void read_server(struct server *s, uint64_t now_ms, struct infra_server *out)
{
	s->used_ms = now_ms;
	out->known = s->measured;
	out->facts = facts_at(s->facts_ms, now_ms);
	out->ways = infra_read_ways(s, now_ms);
	out->srtt_ms = s->srtt_ms8 / 8;
	out->patience_ms = out->rto_ms = patience_of(s);
	out->server_cookie_len = s->cookie_len;
	memcpy(out->server_cookie, s->cookie, s->cookie_len);
}

static void read_pair(struct pair *p, uint64_t now_ms, struct infra_server *out)
{
	p->used_ms = now_ms;
	out->known |= p->timeouts > 0;
	out->timeouts = p->timeouts;
	out->silent = p->silent;
	out->folds = p->folds;
	out->dead = is_dead(p, now_ms) && now_ms < p->tried_ms + probe_pause_ms(p);
	out->facts |= facts_at(p->facts_ms, now_ms);
	out->rto_ms =
		MIN(out->patience_ms << MIN(p->backoff, (uint8_t)3), (uint32_t)INFRA_RTO_MAX_MS);
}

void infra_get(struct infra *infra, const struct address *a, const uint8_t *zone, uint64_t now_ms,
	       struct infra_server *out)
{
	uint64_t hash = hash_zone(infra, zone);

	memset(out, 0, sizeof *out);
	out->patience_ms = out->rto_ms = INFRA_RTO_FIRST_MS;
	make_client_cookie(infra, a, out->client_cookie);
	struct server_group *servers = infra_lock_server(infra, a);
	struct server *s = infra_find_server(servers, a);

	if (s)
		read_server(s, now_ms, out);
	pthread_mutex_unlock(&servers->lock);
	struct pair_group *pairs = lock_pair(infra, a, hash);
	struct pair *p = find_pair(pairs, a, hash);

	if (p)
		read_pair(p, now_ms, out);
	pthread_mutex_unlock(&pairs->lock);
}

/* --- silence ----------------------------------------------------------------------- */

static void note_life(struct infra *infra, const struct address *a, const uint8_t *zone,
		      bool measured, uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);
	struct pair *p = find_pair(g, a, hash);

	if (p) {
		p->used_ms = now_ms;
		p->timeouts = 0;
		p->silent = false;
	}
	/* The backoff stays until a time is measured: else each question would be sent twice. */
	if (p && measured) {
		p->backoff = 0;
		memset(p->suspicions, 0, sizeof p->suspicions);
	}
	pthread_mutex_unlock(&g->lock);
}

void infra_answered(struct infra *infra, const struct address *a, const uint8_t *zone,
		    uint32_t rtt_ms, uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_make_server(infra, g, a, now_ms);
	uint32_t sample = rtt_ms * 8;

	if (!s->measured) {
		s->measured = true;
		s->srtt_ms8 = sample;
		s->rttvar_ms8 = sample / 2;
	} else {
		uint32_t gap = sample > s->srtt_ms8 ? sample - s->srtt_ms8 : s->srtt_ms8 - sample;

		s->rttvar_ms8 = s->rttvar_ms8 - s->rttvar_ms8 / 4 + gap / 4;
		s->srtt_ms8 = s->srtt_ms8 - s->srtt_ms8 / 8 + sample / 8;
	}
	pthread_mutex_unlock(&g->lock);
	note_life(infra, a, zone, true, now_ms);
}

void infra_heard(struct infra *infra, const struct address *a, const uint8_t *zone, uint64_t now_ms)
{
	note_life(infra, a, zone, false, now_ms);
}

bool infra_claim_probe(struct infra *infra, const struct address *a, const uint8_t *zone,
		       uint32_t pause_max_ms, uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);
	struct pair *p = find_pair(g, a, hash);
	bool mine = true;

	if (p && is_dead(p, now_ms)) {
		mine = now_ms >= p->tried_ms + MIN(probe_pause_ms(p), pause_max_ms);
		if (mine)
			p->tried_ms = now_ms;
	}
	pthread_mutex_unlock(&g->lock);
	return mine;
}

static void note_silence(const struct infra *infra, struct pair *p, const uint8_t *name,
			 uint64_t sent_ms)
{
	uint64_t hash = name ? hash_bytes(&infra->key, 2, name, tern_name_len(name)) : 0;

	if (p->timeouts == 0) {
		p->silent_ms = sent_ms;
		p->silent_name = 0;
	}
	if (!name)
		return;
	p->silent |= p->silent_name != 0 && p->silent_name != hash;
	p->silent_name = hash;
}

void infra_timed_out(struct infra *infra, const struct address *a, const uint8_t *zone,
		     const uint8_t *name, uint64_t sent_ms, uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);
	struct pair *p = make_pair(g, a, hash, now_ms);

	note_silence(infra, p, name, sent_ms);
	if (sent_ms >= p->timeout_ms) {
		p->timeout_ms = now_ms;
		if (p->timeouts < UINT8_MAX)
			p->timeouts++;
		if (p->backoff < 3)
			p->backoff++;
		p->tried_ms = now_ms;
	}
	pthread_mutex_unlock(&g->lock);
}

/* --- what it can't do ---------------------------------------------------------------- */

static uint64_t lifetime_ms(enum infra_fact fact)
{
	switch (fact) {
	case INFRA_LAME: return INFRA_LAME_MS;
	case INFRA_TCP: return INFRA_TCP_FIRST_MS;
	case INFRA_NO_TLS: return INFRA_WAY_DAMPED_MS;
	case INFRA_NO_EDNS:
	case INFRA_PLAIN:
	case INFRA_SMALL:
	case INFRA_NO_CASE:
	case INFRA_FACTS: break;
	}
	return INFRA_LEARNED_MS;
}

static void learn_of_server(struct infra *infra, const struct address *a, uint64_t zone,
			    enum infra_fact fact, uint64_t now_ms)
{
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_make_server(infra, g, a, now_ms);
	bool of_another = now_ms < s->fact_zone_ms[fact] && s->fact_zone[fact] != zone;

	if (of_another)
		s->facts_ms[fact] = now_ms + lifetime_ms(fact);
	s->fact_zone[fact] = zone;
	s->fact_zone_ms[fact] = now_ms + lifetime_ms(fact);
	pthread_mutex_unlock(&g->lock);
}

void infra_learn(struct infra *infra, const struct address *a, const uint8_t *zone,
		 enum infra_fact fact, uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);

	make_pair(g, a, hash, now_ms)->facts_ms[fact] = now_ms + lifetime_ms(fact);
	pthread_mutex_unlock(&g->lock);
	if (fact != INFRA_LAME)
		learn_of_server(infra, a, hash, fact, now_ms);
}

void infra_unlearn(struct infra *infra, const struct address *a, const uint8_t *zone)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *pairs = lock_pair(infra, a, hash);
	struct pair *p = find_pair(pairs, a, hash);

	if (p)
		memset(p->facts_ms, 0, sizeof p->facts_ms);
	pthread_mutex_unlock(&pairs->lock);
	struct server_group *servers = infra_lock_server(infra, a);
	struct server *s = infra_find_server(servers, a);

	if (s)
		memset(s->facts_ms, 0, sizeof s->facts_ms);
	pthread_mutex_unlock(&servers->lock);
}

void infra_learn_folds(struct infra *infra, const struct address *a, const uint8_t *zone,
		       uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);

	make_pair(g, a, hash, now_ms)->folds = true;
	pthread_mutex_unlock(&g->lock);
}

void infra_suspect(struct infra *infra, const struct address *a, const uint8_t *zone,
		   enum infra_fact fact, uint64_t now_ms)
{
	uint64_t hash = hash_zone(infra, zone);
	struct pair_group *g = lock_pair(infra, a, hash);
	bool sure = ++make_pair(g, a, hash, now_ms)->suspicions[fact] >= SUSPICIONS;

	if (sure)
		make_pair(g, a, hash, now_ms)->suspicions[fact] = 0;
	pthread_mutex_unlock(&g->lock);
	if (sure)
		infra_learn(infra, a, zone, fact, now_ms);
}

void infra_learn_cookie(struct infra *infra, const struct address *a, const uint8_t *cookie,
			size_t len, uint64_t now_ms)
{
	if (len > TERN_COOKIE_MAX - TERN_COOKIE_CLIENT)
		return;
	struct server_group *g = infra_lock_server(infra, a);
	struct server *s = infra_make_server(infra, g, a, now_ms);

	s->cookie_len = (uint8_t)len;
	memcpy(s->cookie, cookie, len);
	pthread_mutex_unlock(&g->lock);
}

void infra_forgive(struct infra *infra)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		struct pair_group *g = &infra->pairs[i];

		pthread_mutex_lock(&g->lock);
		for (unsigned j = 0; j < GROUP_SIZE; j++) {
			struct pair *p = &g->records[j];

			p->timeouts = p->backoff = 0;
			p->silent = false;
			p->facts_ms[INFRA_LAME] = p->facts_ms[INFRA_TCP] = 0;
			p->facts_ms[INFRA_PLAIN] = p->facts_ms[INFRA_SMALL] = 0;
		}
		pthread_mutex_unlock(&g->lock);
	}
}

uint32_t infra_count(const struct infra *infra)
{
	return atomic_load_explicit(&infra->servers_n, memory_order_relaxed);
}
