/* probe.c - see probe.h. */
#include "worker/probe.h"

#include "base/bytes.h"
#include "worker/worker_private.h"

#define KIND_BITS (TERN_FLAG_AA | 0x000f) /* of the flags: with the RCODE */

static uint64_t now_ms(const struct worker *w)
{
	return w->loop.now.mono_ns / NS_PER_MS;
}

static bool is_same_kind(const struct probe *p, const struct upstream_reply *reply)
{
	uint16_t flags = get_u16(reply->octets + 2);
	bool has_answer = get_u16(reply->octets + 6) > 0;

	return ((flags ^ p->flags) & KIND_BITS) == 0 && has_answer == p->has_answer;
}

static void end(struct probe *p)
{
	upstream_leave(&p->asker);
	p->used = false;
}

static void fail(struct probe *p)
{
	struct worker *w = p->asker.worker;

	/* Silence all around says nothing about the server. */
	if (link_is_down(&w->resolver, now_ms(w))) {
		infra_release_way(w->shared->infra, &p->server, INFRA_TLS);
		return;
	}
	tally_add(&w->tally.probes_failed);
	infra_way_failed(w->shared->infra, &p->server, INFRA_TLS, now_ms(w));
}

static void on_answered(struct asker *asker, const struct upstream_reply *reply)
{
	struct probe *p = CONTAINER_OF(asker, struct probe, asker);
	struct worker *w = asker->worker;

	switch (reply->event) {
	case UPSTREAM_ANSWERED:
		if (reply->len < TERN_HEADER_LEN || !is_same_kind(p, reply)) {
			fail(p);
			break;
		}
		tally_add(&w->tally.probes_good);
		infra_way_works(w->shared->infra, &p->server, INFRA_TLS, now_ms(w));
		break;
	case UPSTREAM_TIMED_OUT:
	case UPSTREAM_UNREACHABLE: fail(p); break;
	case UPSTREAM_SUSPECT:
	case UPSTREAM_CASE:
	case UPSTREAM_CROWDED:
	case UPSTREAM_NO_RESOURCE:
		infra_release_way(w->shared->infra, &p->server, INFRA_TLS);
		break;
	}
	end(p);
}

static bool on_awaits(struct asker *asker, const struct upstream_query *query)
{
	(void)asker;
	(void)query;
	return false;
}

/* A place for one of @party; NULL when it has as many as are left, as in base/shares.h. */
static struct probe *free_probe(struct worker *w, uint16_t party)
{
	struct probe *p = NULL;
	unsigned held = 0, left = 0;

	for (unsigned i = 0; i < PROBES_MAX; i++) {
		held += w->probes[i].used && w->probes[i].asker.party == party;
		left += !w->probes[i].used;
		if (!w->probes[i].used)
			p = &w->probes[i];
	}
	return held < left ? p : NULL;
}

/* Is it time for one more? */
static bool take_turn(struct worker *w)
{
	static const uint64_t gap_ns = NS_PER_S / PROBES_PER_S;
	uint64_t now_ns = w->loop.now.mono_ns;

	w->probes_until_ns = MAX(w->probes_until_ns, now_ns);
	if (w->probes_until_ns - now_ns >= 2 * PROBES_PER_S * gap_ns)
		return false;
	w->probes_until_ns += gap_ns;
	return true;
}

/* Accounted to no zone: whose server it is pays nothing for it. */
static bool ask(struct probe *p, const struct probe_wish *wish)
{
	struct upstream_query q = {
		.to = wish->to,
		.server = wish->server,
		.name = p->name,
		.zone = tern_name_root,
		.type = wish->type,
		.edns = true,
		.udp_size = UPSTREAM_UDP_SIZE,
		.opportunistic = true,
		.timeout_ms = INFRA_WAY_TIMEOUT_MS,
	};
	enum upstream_event event;

	return upstream_ask(&p->asker, &q, &event);
}

void probe_begin(struct worker *w, struct probe_wish *wish, uint16_t party)
{
	struct probe *p = free_probe(w, party);

	wish->wanted = false;
	if (p && take_turn(w)) {
		upstream_init(&p->asker, w, party);
		p->asker.awaits = on_awaits;
		p->asker.answered = on_answered;
		p->server = wish->server;
		tern_name_copy(p->name, wish->name);
		p->flags = wish->flags;
		p->has_answer = wish->has_answer;
		p->used = ask(p, wish);
	}
	if (p && p->used)
		tally_add(&w->tally.probes);
	else
		infra_release_way(w->shared->infra, &wish->server, INFRA_TLS);
}
