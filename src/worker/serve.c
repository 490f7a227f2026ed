/*
 * serve.c - the path of a query: parse, may they, is it in the cache, else resolve.
 *
 * A hit takes no lock, no allocation and no system call of its own: the batch
 * was received with one call and is answered with one.
 */
#include <string.h>

#include <tern/message.h>
#include <tern/rr.h>

#include "base/rates.h"
#include "cache/answers.h"
#include "net/proxy.h"
#include "policy/access.h"
#include "worker/view_of.h"
#include "worker/worker_private.h"

#define RATE_SALT 0x4a7e00 /* tells these hashes from others */

enum verdict {
	VERDICT_ANSWERED, /* len octets of the buffer are the answer */
	VERDICT_RESOLVE,  /* not in the cache */
	VERDICT_DROP,
};

static void count_transport(struct worker *w, uint8_t listener)
{
	enum transport t = w->listeners[listener].at.transport;

	if (t == TRANSPORT_TLS)
		tally_add(&w->tally.queries_tls);
	else if (t == TRANSPORT_QUIC)
		tally_add(&w->tally.queries_quic);
	else if (t == TRANSPORT_HTTPS || t == TRANSPORT_HTTP || t == TRANSPORT_HTTP3)
		tally_add(&w->tally.queries_https);
}

static void count_query(struct worker *w, const struct served *s)
{
	const struct request *r = &s->request;

	tally_add(r->tcp ? &w->tally.queries_tcp : &w->tally.queries_udp);
	if (r->tcp)
		count_transport(w, s->listener);
	if (s->client.family == 6)
		tally_add(&w->tally.queries_ipv6);
	tally_add(&w->tally.types[r->type < TALLY_TYPES ? r->type : 0]);
}

static void count_rcode(struct worker *w, const uint8_t *answer)
{
	tally_add(&w->tally.rcodes[answer[3] & 0x0f]);
}

static COLD enum verdict refuse(struct worker *w, struct served *s, uint8_t *out, size_t out_max)
{
	struct render_context context = client_context(w, &s->client, s->keepalive_ms);

	tally_add(&w->tally.refused);
	complaint_of_client(w, &s->client);
	if (rules_for_view(w->rules, s->key.view)->access.drop)
		return VERDICT_DROP;
	s->len = render_error(&s->request, TERN_RCODE_REFUSED, TERN_EDE_PROHIBITED, NULL, &context,
			      out, out_max);
	return VERDICT_ANSWERED;
}

/* Class CH tells about this server; nothing else but IN is served. */
static COLD enum verdict answer_other_class(struct worker *w, struct served *s, uint8_t *out,
					    size_t out_max)
{
	static const uint8_t id_server[] = "\2id\6server";
	static const uint8_t version_bind[] = "\7version\4bind";
	struct render_context context = client_context(w, &s->client, s->keepalive_ms);
	const struct request *r = &s->request;
	const char *text = "";

	if (r->rclass == TERN_CLASS_CH && (r->type == TERN_TYPE_TXT || r->type == TERN_TYPE_ANY)) {
		if (tern_name_equal(s->lower, id_server))
			text = w->rules->serve.identity;
		else if (tern_name_equal(s->lower, version_bind))
			text = w->rules->serve.version;
	}
	if (*text)
		s->len = render_chaos(r, text, &context, out, out_max);
	else
		s->len = render_error(r, TERN_RCODE_REFUSED, TERN_EDE_NOT_SUPPORTED, NULL, &context,
				      out, out_max);
	return VERDICT_ANSWERED;
}

/* What a query asks for, and where in the cache the answer would be. */
static void read_query(struct worker *w, const uint8_t *octets, size_t len, bool tcp,
		       bool encrypted, struct served *s)
{
	const struct worker_shared *shared = w->shared;
	struct request_context context = {&shared->cookie_secret,
					  &s->client,
					  w->loop.now.wall_s,
					  tcp,
					  encrypted,
					  w->rules->resolver.subnet.zones_n > 0};
	const struct request *r = &s->request;

	s->refresh = false;
	s->key.view = (uint8_t)view_of(w, &s->client, s->listener);
	s->parsed = request_parse(octets, len, &context, &s->request);
	if (unlikely(s->parsed != REQUEST_QUERY)) {
		s->octets = octets;
		s->octets_len = len;
		return;
	}
	tern_name_lower(s->lower, r->name);
	s->key = (struct answer_key){
		.name = s->lower,
		.name_len = r->name_len,
		.type = r->type,
		.variant = request_variant(r),
		.view = s->key.view,
		.rules = w->rules->answers,
	};
	s->hash = answer_hash(w->rules->cache, &s->key);
	answer_prefetch(w->rules->cache, s->hash);
}

/* An answer kept rendered was validated if its AD says so, which not every client is told. */
static void count_security(struct worker *w, const struct request *r, const uint8_t *answer)
{
	if (w->rules->resolver.validation == VALIDATION_OFF || (r->flags & TERN_FLAG_CD))
		return;
	tally_add(answer[3] & TERN_FLAG_AD ? &w->tally.secure : &w->tally.insecure);
}

static bool answer_from_cache(struct worker *w, struct served *s, uint8_t *out, size_t out_max)
{
	struct answer_hit hit;

	if (!cache_get_answer(w->rules->cache, &s->key, s->hash,
			      likely(w->rules->serve.rotate) ? s->request.id : 0,
			      w->loop.now.boot_s, out, out_max, &hit))
		return false;
	struct render_context context = client_context(w, &s->client, s->keepalive_ms);

	count_security(w, &s->request, out);
	s->len = render_cached(&s->request, hit.len, &context, out, out_max);
	if (unlikely(w->rules->serve.sortlist_n > 0))
		client_sort(w, &s->client, out, s->len);
	s->refresh = hit.old;
	tally_add(&w->tally.hits);
	return true;
}

static COLD enum verdict answer_error(struct worker *w, struct served *s, uint8_t *out,
				      size_t out_max)
{
	struct render_context context = client_context(w, &s->client, s->keepalive_ms);

	s->len = render_error(&s->request, s->request.rcode, TERN_EDE_NONE, NULL, &context, out,
			      out_max);
	if (s->request.tsig_at)
		s->len =
			render_bad_key(&s->request, s->octets, s->octets_len, s->len, out, out_max);
	return VERDICT_ANSWERED;
}

/* A client's own addresses count as one: a /64 of IPv6, which one host has all of. */
static bool asks_too_often(struct worker *w, const struct served *s, const struct rate_options *o)
{
	struct address who = s->client;

	/* Who has a cookie, or a connection, is nobody's victim. */
	if (s->request.tcp || s->request.cookie_valid || !w->shared->rates)
		return false;
	for (unsigned i = 0; i < o->exempt_n; i++) {
		if (prefix_holds(&o->exempt[i], &who))
			return false;
	}
	if (who.family == 6)
		memset(who.octets + 8, 0, 8);
	uint64_t hash = hash_bytes(&w->shared->hash_key, RATE_SALT | who.family, who.octets, 16);

	return !rates_allow(w->shared->rates, hash, o->client_rate, w->loop.now.mono_ns);
}

/* Now and then the way to ask by TCP is shown: a victim whose address is forged has none of it. */
static COLD enum verdict limit(struct worker *w, struct served *s, unsigned slip, uint8_t *out,
			       size_t out_max)
{
	struct render_context context = client_context(w, &s->client, s->keepalive_ms);

	tally_add(&w->tally.rate_limited);
	if (slip == 0 || ++w->slips % slip != 0)
		return VERDICT_DROP;
	s->len = render_error(&s->request, TERN_RCODE_NOERROR, TERN_EDE_NONE, NULL, &context, out,
			      out_max);
	out[2] |= TERN_FLAG_TC >> 8;
	return VERDICT_ANSWERED;
}

/* Answer what read_query() has read, if that takes nobody else. */
static enum verdict serve(struct worker *w, struct served *s, uint8_t *out, size_t out_max)
{
	if (unlikely(s->parsed == REQUEST_DROP)) {
		tally_add(&w->tally.dropped);
		return VERDICT_DROP;
	}
	count_query(w, s);
	const struct rules *rules = rules_for_view(w->rules, s->key.view);

	if (unlikely(!access_allows(&rules->access, &s->client)))
		return refuse(w, s, out, out_max);
	if (unlikely(rules->rates.client_rate > 0) && asks_too_often(w, s, &rules->rates))
		return limit(w, s, rules->rates.client_slip, out, out_max);
	if (unlikely(s->parsed == REQUEST_ERROR))
		return answer_error(w, s, out, out_max);
	if (unlikely(s->request.rclass != TERN_CLASS_IN))
		return answer_other_class(w, s, out, out_max);
	if (unlikely(is_in_policy(w, s->key.view, &s->client)))
		return VERDICT_RESOLVE;
	return answer_from_cache(w, s, out, out_max) ? VERDICT_ANSWERED : VERDICT_RESOLVE;
}

static void start_prefetch(struct worker *w, const struct served *s)
{
	struct question q;

	if (!w->rules->serve.prefetch)
		return;
	memcpy(q.name, s->lower, s->request.name_len);
	q.type = s->request.type;
	client_prefetch(w, &q, client_how(&s->request), s->key.view);
}

static void serve_datagram(struct worker *w, struct listener *l, const struct udp_peer *peer,
			   struct served *s)
{
	uint8_t *out = udp_answer_buffer(l->batch);

	switch (serve(w, s, out, UDP_ANSWER_MAX)) {
	case VERDICT_ANSWERED:
		count_rcode(w, out);
		udp_answer(l->batch, s->len, peer);
		if (unlikely(s->refresh))
			start_prefetch(w, s);
		break;
	case VERDICT_RESOLVE: {
		struct route_back back = {.listener = l->index, .peer = *peer, .client = s->client};

		client_resolve(w, &s->request, &back, true);
		break;
	}
	case VERDICT_DROP: break;
	}
}

static bool is_wildcard(const struct address *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

/*
 * Does the sender claim to be a socket that we listen on? Our answer would be a
 * question to ourselves. Behind a wildcard the loopback's port is ours, too; what
 * claims another address of this host never gets here, for the kernel drops it.
 */
static COLD bool is_ourselves(const struct listener *l, const struct address *client)
{
	for (unsigned i = 0; i < l->worker->listeners_n; i++) {
		if (address_equal(&l->worker->listeners[i].at.address, client))
			return true;
	}
	return address_is_loopback(client) && is_wildcard(&l->at.address);
}

/* What a proxy has put before the query; false when it is nobody's that may. */
static COLD bool unwrap(const struct listener *l, struct datagram *d, struct address *client)
{
	size_t n;

	if (!is_proxy_of(l, client))
		return false;
	n = proxy_read(d->octets, d->len, client);
	if (n == 0 || n > d->len)
		return false;
	d->octets += n;
	d->len -= n;
	return true;
}

/*
 * All queries of a batch are read before the first is answered, so that the
 * processor fetches the cache's buckets and entries side by side.
 */
static void serve_batch(struct worker *w, struct listener *l, unsigned n)
{
	const struct udp_peer *peers[UDP_BATCH];

	for (unsigned i = 0; i < n; i++) {
		struct datagram d = udp_received(l->batch, i);
		struct served *s = &w->served[i];

		peers[i] = d.peer;
		s->parsed = REQUEST_DROP;
		s->listener = l->index;
		if (address_from_sockaddr(&d.peer->addr.any, &s->client) &&
		    (likely(!l->options || l->options->proxies_n == 0) ||
		     unwrap(l, &d, &s->client)) &&
		    (likely(s->client.port != l->at.address.port) || !is_ourselves(l, &s->client)))
			read_query(w, d.octets, d.len, false, false, s);
	}
	for (unsigned i = 0; i < n; i++) {
		if (likely(w->served[i].parsed == REQUEST_QUERY))
			answer_prefetch_entry(w->rules->cache, w->served[i].hash);
	}
	for (unsigned i = 0; i < n; i++)
		serve_datagram(w, l, peers[i], &w->served[i]);
	udp_flush(l->batch);
}

#define BATCHES_PER_TURN 4 /* then the other descriptors have their turn */

void serve_udp_ready(struct watch *watch, uint32_t events)
{
	struct listener *l = CONTAINER_OF(watch, struct listener, udp_watch);
	unsigned n = UDP_BATCH;

	(void)events;
	for (unsigned round = 0; round < BATCHES_PER_TURN && n == UDP_BATCH; round++) {
		n = udp_receive(l->batch);
		serve_batch(l->worker, l, n);
	}
}

bool serve_query(struct worker *w, const uint8_t *octets, size_t len, const struct route_back *back,
		 bool may_hand_over)
{
	struct served s;

	s.client = back->client;
	s.listener = back->listener;
	s.keepalive_ms = back->keepalive_ms;
	read_query(w, octets, len, back->tcp, back->encrypted, &s);
	if (unlikely(s.request.keepalive) && tcp_forbids_keepalive(back))
		return false;
	switch (serve(w, &s, w->scratch, sizeof w->scratch)) {
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
