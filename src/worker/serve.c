/*
 * serve.c - the path of a query: parse, may they, is it in the cache, else resolve.
 *
 * A hit takes no lock, no allocation and no system call of its own: the batch
 * was received with one call and is answered with one.
 */
#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "cache/answers.h"
#include "policy/access.h"
#include "worker/worker_private.h"

enum verdict {
	VERDICT_ANSWERED, /* len octets of the buffer are the answer */
	VERDICT_RESOLVE,  /* not in the cache */
	VERDICT_DROP,
};

struct served {
	struct request request;
	struct answer_key key;
	uint8_t lower[TERN_NAME_MAX + 1];
	size_t len;
	bool refresh; /* answered, but about to expire */
};

static void count_query(struct worker *w, const struct request *r, bool ipv6)
{
	tally_add(r->tcp ? &w->tally.queries_tcp : &w->tally.queries_udp);
	if (ipv6)
		tally_add(&w->tally.queries_ipv6);
	tally_add(&w->tally.types[r->type < TALLY_TYPES ? r->type : 0]);
}

static void count_rcode(struct worker *w, const uint8_t *answer)
{
	tally_add(&w->tally.rcodes[answer[3] & 0x0f]);
}

static COLD enum verdict refuse(struct worker *w, struct served *s, const struct address *client,
				uint8_t *out, size_t out_max)
{
	struct render_context context = client_context(w, client);

	tally_add(&w->tally.refused);
	if (w->shared->access.drop)
		return VERDICT_DROP;
	s->len = render_error(&s->request, TERN_RCODE_REFUSED, TERN_EDE_PROHIBITED, NULL, &context,
			      out, out_max);
	return VERDICT_ANSWERED;
}

/* Class CH tells about this server; nothing else but IN is served. */
static COLD enum verdict answer_other_class(struct worker *w, struct served *s,
					    const struct address *client, uint8_t *out,
					    size_t out_max)
{
	static const uint8_t id_server[] = "\2id\6server";
	static const uint8_t version_bind[] = "\7version\4bind";
	struct render_context context = client_context(w, client);
	const struct request *r = &s->request;
	const char *text = "";

	if (r->rclass == TERN_CLASS_CH && (r->type == TERN_TYPE_TXT || r->type == TERN_TYPE_ANY)) {
		if (tern_name_equal(s->lower, id_server))
			text = w->shared->identity;
		else if (tern_name_equal(s->lower, version_bind))
			text = w->shared->version;
	}
	if (*text)
		s->len = render_chaos(r, text, &context, out, out_max);
	else
		s->len = render_error(r, TERN_RCODE_REFUSED, TERN_EDE_NOT_SUPPORTED, NULL, &context,
				      out, out_max);
	return VERDICT_ANSWERED;
}

static bool answer_from_cache(struct worker *w, struct served *s, const struct address *client,
			      uint8_t *out, size_t out_max)
{
	struct answer_hit hit;
	const struct request *r = &s->request;

	s->key = (struct answer_key){
		.name = s->lower,
		.name_len = r->name_len,
		.type = r->type,
		.variant = (uint8_t)((r->dnssec_ok ? ANSWER_DO : 0) |
				     (r->flags & TERN_FLAG_CD ? ANSWER_CD : 0)),
	};
	if (!cache_get_answer(w->shared->cache, &s->key, answer_hash(w->shared->cache, &s->key),
			      w->loop.now.boot_s, out, out_max, &hit))
		return false;
	struct render_context context = client_context(w, client);

	s->len = render_cached(r, hit.len, &context, out, out_max);
	s->refresh = hit.old;
	tally_add(&w->tally.hits);
	return true;
}

static enum verdict serve(struct worker *w, const uint8_t *octets, size_t len, bool tcp,
			  const struct address *client, struct served *s, uint8_t *out,
			  size_t out_max)
{
	const struct worker_shared *shared = w->shared;
	struct request_context context = {&shared->cookie_secret, client, w->loop.now.wall_s, tcp};
	enum request_verdict verdict = request_parse(octets, len, &context, &s->request);

	s->refresh = false;
	if (unlikely(verdict == REQUEST_DROP)) {
		tally_add(&w->tally.dropped);
		return VERDICT_DROP;
	}
	count_query(w, &s->request, client->family == 6);
	if (unlikely(!access_allows(&shared->access, client)))
		return refuse(w, s, client, out, out_max);
	if (unlikely(verdict == REQUEST_ERROR)) {
		struct render_context rc = client_context(w, client);

		s->len = render_error(&s->request, s->request.rcode, TERN_EDE_NONE, NULL, &rc, out,
				      out_max);
		return VERDICT_ANSWERED;
	}
	tern_name_lower(s->lower, s->request.name);
	if (unlikely(s->request.rclass != TERN_CLASS_IN))
		return answer_other_class(w, s, client, out, out_max);
	return answer_from_cache(w, s, client, out, out_max) ? VERDICT_ANSWERED : VERDICT_RESOLVE;
}

static void start_prefetch(struct worker *w, const struct served *s)
{
	struct question q;

	if (!w->shared->prefetch)
		return;
	memcpy(q.name, s->lower, s->request.name_len);
	q.type = s->request.type;
	client_prefetch(w, &q, s->request.flags & TERN_FLAG_CD);
}

static void serve_datagram(struct worker *w, struct listener *l, const struct datagram *d)
{
	struct served s;
	struct address client;
	uint8_t *out = udp_answer_buffer(l->batch);

	if (!address_from_sockaddr(&d->peer->addr.any, &client))
		return;
	switch (serve(w, d->octets, d->len, false, &client, &s, out, UDP_ANSWER_MAX)) {
	case VERDICT_ANSWERED:
		count_rcode(w, out);
		udp_answer(l->batch, s.len, d->peer);
		if (unlikely(s.refresh))
			start_prefetch(w, &s);
		break;
	case VERDICT_RESOLVE: {
		struct route_back back = {.listener = l->index, .peer = *d->peer, .client = client};

		client_resolve(w, &s.request, &back, true);
		break;
	}
	case VERDICT_DROP: break;
	}
}

#define BATCHES_PER_TURN 4 /* then the other descriptors have their turn */

void serve_udp_ready(struct watch *watch, uint32_t events)
{
	struct listener *l = CONTAINER_OF(watch, struct listener, udp_watch);
	unsigned n = UDP_BATCH;

	(void)events;
	for (unsigned round = 0; round < BATCHES_PER_TURN && n == UDP_BATCH; round++) {
		n = udp_receive(l->batch);
		for (unsigned i = 0; i < n; i++) {
			struct datagram d = udp_received(l->batch, i);

			serve_datagram(l->worker, l, &d);
		}
		udp_flush(l->batch);
	}
}

bool serve_query(struct worker *w, const uint8_t *octets, size_t len, const struct route_back *back,
		 bool may_hand_over)
{
	struct served s;

	switch (serve(w, octets, len, back->tcp, &back->client, &s, w->scratch,
		      sizeof w->scratch)) {
	case VERDICT_ANSWERED:
		count_rcode(w, w->scratch);
		client_send(w, back, w->scratch, s.len);
		if (s.refresh)
			start_prefetch(w, &s);
		return false;
	case VERDICT_RESOLVE: return client_resolve(w, &s.request, back, may_hand_over);
	case VERDICT_DROP: break;
	}
	return false;
}
