#include "resolver/select.h"

#include "base/random.h"
#include "policy/nat64.h"

struct candidate {
	uint8_t index;
	uint8_t tier; /* lower is tried first; see tier_of() */
	bool known;
	uint32_t cost_ms;
};

static bool reaches(const struct resolver_options *o, const struct address *ipv4)
{
	return o->ipv4 || (o->nat64.base.family != 0 && nat64_may_embed(&o->nat64, ipv4->octets));
}

/* Whom the operator named may be on this host; whom strangers name may not. */
static bool is_allowed(const struct cut_server *s, const struct zone_cut *cut,
		       const struct job *job)
{
	const struct resolver_options *o = &job->rules->resolver;

	if (s->failed || s->tries >= SERVER_TRIES_MAX)
		return false;
	if (s->addr.family == 4 ? !reaches(o, &s->addr) : !o->ipv6)
		return false;
	return CUT_IS_ROUTE(cut) || !o->do_not_query_localhost || !address_is_loopback(&s->addr);
}

static bool family_is_doubtful(const struct resolver *r, uint8_t family)
{
	const struct link_health *mine = &r->health[family == 6];
	const struct link_health *other = &r->health[family != 6];

	return mine->timeouts_n >= FAMILY_TIMEOUTS && other->timeouts_n < FAMILY_TIMEOUTS;
}

bool is_avoided(const struct job *job, const struct address *server)
{
	for (unsigned i = 0; i < job->avoid_n; i++) {
		if (address_equal(&job->avoid[i], server))
			return true;
	}
	return false;
}

/* Tries first, so that each server is asked once before any is asked again. */
static uint8_t tier_of(const struct cut_server *s, const struct infra_server *infra,
		       const struct job *job)
{
	const struct resolver *r = job->resolver;
	unsigned tier = s->tries;

	if (is_avoided(job, &s->addr))
		tier += SERVER_TRIES_MAX;

	if (family_is_doubtful(r, s->addr.family))
		tier += SERVER_TRIES_MAX;
	if (infra_has(infra, INFRA_LAME))
		tier += 2 * SERVER_TRIES_MAX;
	if (infra->dead || s->resting)
		tier += 4 * SERVER_TRIES_MAX;
	return (uint8_t)tier;
}

static unsigned list_candidates(const struct job *job, const struct zone_cut *cut, uint64_t now_ms,
				struct candidate *out)
{
	struct resolver *r = job->resolver;
	unsigned n = 0;
	uint8_t best = UINT8_MAX;

	for (unsigned i = 0; i < cut->servers_n; i++) {
		const struct cut_server *s = &cut->servers[i];
		struct infra_server infra;

		if (!is_allowed(s, cut, job))
			continue;
		infra_get(r->infra, &s->addr, cut->zone, now_ms, &infra);
		uint8_t tier = tier_of(s, &infra, job);

		/* With nobody else left one that looks dead is asked all the same: it may not be.
		 */
		if (((infra.dead || s->resting) && cut->dead_asked) || tier > best)
			continue;
		if (tier < best)
			n = 0;
		best = tier;
		out[n++] = (struct candidate){
			.index = (uint8_t)i,
			.tier = tier,
			.known = infra.known,
			.cost_ms = infra.timeouts > 0 ? infra.rto_ms : infra.srtt_ms,
		};
	}
	return n;
}

static int choose(const struct candidate *list, unsigned n, struct random *random)
{
	uint32_t fastest = UINT32_MAX;
	unsigned unknown = 0;
	unsigned band = 0;

	for (unsigned i = 0; i < n; i++) {
		unknown += !list[i].known;
		if (list[i].known)
			fastest = MIN(fastest, list[i].cost_ms);
	}
	bool explore = unknown > 0 && (unknown == n || random_below(random, EXPLORE_SHARE) == 0);

	for (unsigned i = 0; i < n; i++)
		band += explore ? !list[i].known
				: list[i].known && list[i].cost_ms <= fastest + BAND_MS;
	unsigned pick = random_below(random, band);

	for (unsigned i = 0; i < n; i++) {
		bool in_band = explore ? !list[i].known
				       : list[i].known && list[i].cost_ms <= fastest + BAND_MS;

		if (in_band && pick-- == 0)
			return list[i].index;
	}
	return list[0].index;
}

static int select_other(struct job *job, struct frame *f)
{
	struct cut_server *s = &f->at.cut->servers[f->try.server];
	bool failed = s->failed;

	s->failed = true;
	int other = select_server(job, f->at.cut, job->now->mono_ns / NS_PER_MS);

	s->failed = failed;
	return other;
}

bool others_are_left(struct job *job, struct frame *f)
{
	return select_other(job, f) >= 0;
}

bool fresh_ones_are_left(struct job *job, struct frame *f)
{
	int other = select_other(job, f);

	return other >= 0 && f->at.cut->servers[other].tries == 0;
}

int select_server(const struct job *job, const struct zone_cut *cut, uint64_t now_ms)
{
	struct candidate list[CUT_SERVERS_MAX];
	unsigned n = list_candidates(job, cut, now_ms, list);

	if (n > 0 && cut->policy == ROUTE_ORDERED)
		return list[0].index;
	return n > 0 ? choose(list, n, job->resolver->random) : -1;
}
