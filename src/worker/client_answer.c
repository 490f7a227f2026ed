/* client_answer.c - what a job found, told to all who wait for it, and counted. */
#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "worker/sortlist.h"
#include "worker/worker_private.h"

#define IANA_IPV4 1
#define IANA_IPV6 2

struct render_context client_context(const struct worker *w, const struct address *client,
				     uint32_t keepalive_ms)
{
	return (struct render_context){
		.cookie_secret = &w->shared->cookie_secret,
		.client = client,
		.wall_s = w->loop.now.wall_s,
		.keepalive_ms = keepalive_ms,
		.identity = w->rules->serve.identity,
	};
}

void client_send(struct worker *w, const struct route_back *back, const uint8_t *octets, size_t len)
{
	/* Another worker waits for its letter, whatever stands in it. */
	if (len == 0 && !(back->tcp && back->worker != w->index))
		return;
	if (!back->tcp) {
		struct udp_batch *b = w->listeners[back->listener].batch;

		/* The socket is gone: whoever asked does not wait any more. */
		if (!b)
			return;
		memcpy(udp_answer_buffer(b), octets, len);
		udp_answer(b, len, &back->peer);
	} else if (back->worker == w->index) {
		tcp_answer(back, octets, len);
	} else {
		mail_answer(w, back, octets, len);
	}
}

void client_send_error(struct worker *w, const struct request *r, const struct route_back *back,
		       unsigned rcode, uint16_t ede, const char *text)
{
	struct render_context context = client_context(w, &back->client, back->keepalive_ms);
	size_t len = render_error(r, rcode, ede, text, &context, w->scratch, sizeof w->scratch);

	tally_add(&w->tally.rcodes[rcode & 15]);
	client_send(w, back, w->scratch, len);
}

void client_refuse(struct worker *w, const struct request *r, const struct route_back *back)
{
	client_send_error(w, r, back, TERN_RCODE_SERVFAIL, TERN_EDE_NETWORK_ERROR,
			  "too many questions are being resolved");
}

static void count_latency(struct worker *w, const struct waiter *waiter)
{
	uint64_t us64 = (w->loop.now.mono_ns - waiter->since_ns) / 64000;
	unsigned bucket = us64 == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us64);

	tally_add(&w->tally.latency[MIN(bucket, (unsigned)TALLY_LATENCIES - 1)]);
}

static void count_security(struct worker *w, const struct result *result)
{
	if (result->rcode == TERN_RCODE_SERVFAIL && cache_failure_is_bogus(result->ede))
		tally_add(&w->tally.bogus[MIN(result->ede, (uint16_t)(TALLY_EDES - 1))]);
	else if (result->security == CACHE_SECURE)
		tally_add(&w->tally.secure);
	else if (result->security == CACHE_INSECURE)
		tally_add(&w->tally.insecure);
}

/* What is bogus was answered by somebody. What is stale says nothing: the new one may be slow. */
static void count_outcome(struct worker *w, const struct result *result)
{
	if (result->rcode == TERN_RCODE_SERVFAIL && !cache_failure_is_bogus(result->ede))
		tally_add(&w->tally.unresolved);
	else if (!result->stale)
		tally_add(&w->tally.resolved);
}

/* A zone of our own wants to hear of whoever asks for its names. */
static COLD void tell_of(struct worker *w, const struct waiter *waiter)
{
	char client[ADDRESS_TEXT_MAX], name[TERN_NAME_TEXT_MAX], type[16];

	log_notice(w->shared->log, "inform: %s asks for %s %s",
		   address_to_text(&waiter->back.client, client),
		   tern_name_to_text(waiter->request.name, name),
		   tern_type_to_text(waiter->request.type, type, sizeof type));
}

struct prefix client_subnet(const struct resolver_options *o, const struct request *r,
			    const struct address *client)
{
	unsigned bits = client->family == 4 ? o->subnet.ipv4_bits : o->subnet.ipv6_bits;
	unsigned family = client->family == 4 ? IANA_IPV4 : IANA_IPV6;

	/*
	 * RFC 7871 7.1.2: no more bits than the client wants to be told. The address beside them
	 * would be somebody's word about somebody's network.
	 */
	if (r->subnet_len > 0 && (r->subnet[2] == 0 || get_u16(r->subnet) == family))
		bits = MIN(bits, (unsigned)r->subnet[2]);
	/* RFC 7871 11.1: networks of our own tell servers nothing, and are nobody's business. */
	if (o->subnet.zones_n == 0 || bits == 0 || address_is_local(client))
		return (struct prefix){0};
	return prefix_of(client, bits);
}

void client_sort(struct worker *w, const struct address *client, uint8_t *octets, size_t len)
{
	const struct serve_options *o = &w->rules->serve;

	sortlist_apply(o->sortlist, o->sortlist_n, client, octets, len);
}

static void answer_waiter(struct worker *w, const struct result *result,
			  const struct waiter *waiter)
{
	struct render_context context =
		client_context(w, &waiter->back.client, waiter->back.keepalive_ms);

	if (unlikely(result->informs))
		tell_of(w, waiter);
	if (unlikely(result->tcp_only) && !waiter->request.tcp) {
		size_t short_len = render_error(&waiter->request, TERN_RCODE_NOERROR, TERN_EDE_NONE,
						NULL, &context, w->scratch, sizeof w->scratch);

		w->scratch[2] |= TERN_FLAG_TC >> 8;
		client_send(w, &waiter->back, w->scratch, short_len);
		return;
	}
	if (unlikely(result->dropped)) {
		tally_add(&w->tally.dropped);
		client_send(w, &waiter->back, w->scratch, 0);
		return;
	}
	size_t len =
		render_result(&waiter->request, result, &context, w->scratch, sizeof w->scratch);

	if (unlikely(w->rules->serve.sortlist_n > 0))
		client_sort(w, &waiter->back.client, w->scratch, len);
	tally_add(&w->tally.rcodes[MIN(result->rcode, (uint16_t)(TALLY_RCODES - 1))]);
	if (result->stale)
		tally_add(&w->tally.stale);
	if (!(waiter->request.flags & TERN_FLAG_CD))
		count_security(w, result);
	if (!result->cached) {
		count_latency(w, waiter);
		count_outcome(w, result);
	}
	client_send(w, &waiter->back, w->scratch, len);
}

void client_answer_all(struct worker *w, struct task *t, const struct result *result)
{
	while (!cds_list_empty(&t->waiters)) {
		struct waiter *waiter = cds_list_first_entry(&t->waiters, struct waiter, node);

		answer_waiter(w, result, waiter);
		waiter_free(w, waiter);
	}
}
