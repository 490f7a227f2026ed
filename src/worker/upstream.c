/*
 * upstream.c - what jobs ask of servers, and for how long they listen.
 *
 * An exchange is one question to one server; the askers that wait for it hold an
 * ask each. Equal questions to the same server share one exchange.
 *
 *   active ──timer──► idle: its askers were told that time is up and ask somebody
 *     ▲                 │   else, but a late answer still counts
 *     └──asked again────┘
 *
 * It ends with its answer, with an error, or when no asker is left that wants it.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tern/rr.h>

#include "base/rates.h"
#include "net/tls.h"
#include "worker/upstream_private.h"

#define ZONE_RATE_SALT 0x4a7e20 /* tells these hashes from others */

static uint64_t hash_exchange(const struct worker *w, const struct address *server,
			      const uint8_t *name)
{
	uint64_t salt = hash_bytes(&w->shared->hash_key, server->family, server->octets, 16);

	return hash_bytes(&w->shared->hash_key, salt, name, tern_name_len(name));
}

/* --- load per zone --------------------------------------------------------- */

static struct zone_load *load_of(struct worker *w, const uint8_t *zone)
{
	uint64_t hash = hash_bytes(&w->shared->hash_key, 7, zone, tern_name_len(zone));
	struct zone_load *load = &w->zones[hash % ZONE_LOADS];

	/* Two busy zones in one place share its limit: rare, and safe. */
	if (load->hash != hash && load->outstanding == 0)
		*load = (struct zone_load){.hash = hash};
	return load;
}

static bool is_crowded(const struct zone_load *load, const struct upstream_query *q)
{
	unsigned max = ZONE_OUTSTANDING_MAX;

	/* Forwarders and the uppermost zones serve everybody's names. */
	if (q->recurse || tern_name_labels(q->zone) < 2)
		return false;
	if (load->timed_out > load->answered && load->timed_out >= ZONE_TIMEOUTS_MIN)
		max = ZONE_OUTSTANDING_BAD;
	return load->outstanding >= max;
}

/* Its servers are asked as often as the operator allows; those of the uppermost zones are all's. */
static bool is_too_often(struct worker *w, const struct upstream_query *q)
{
	const struct rate_options *o = &w->rules->rates;

	if (likely(o->zone_rate == 0) || q->recurse || tern_name_labels(q->zone) < 2 ||
	    !w->shared->rates)
		return false;
	for (unsigned i = 0; i < o->zone_exempt_n; i++) {
		if (tern_name_is_below_or_equal(q->zone, o->zone_exempt[i]))
			return false;
	}
	return !rates_allow(
		w->shared->rates,
		hash_bytes(&w->shared->hash_key, ZONE_RATE_SALT, q->zone, tern_name_len(q->zone)),
		o->zone_rate, w->loop.now.mono_ns);
}

static void note_outcome(struct zone_load *load, enum upstream_event event)
{
	if (event == UPSTREAM_TIMED_OUT)
		load->timed_out++;
	else if (event == UPSTREAM_ANSWERED)
		load->answered++;
	if (load->timed_out + load->answered >= ZONE_OUTCOMES_MAX) {
		load->timed_out /= 2;
		load->answered /= 2;
	}
}

/* --- the life of an exchange ------------------------------------------------ */

static void activate(struct exchange *x, struct zone_load *load, uint32_t timeout_ms)
{
	cds_list_del_init(&x->idle);
	x->load = load;
	load->outstanding++;
	loop_timer(&x->worker->loop, &x->timer, timeout_ms);
}

/* Its time is over, whoever still listens. */
static void deactivate(struct exchange *x)
{
	timer_cancel(&x->worker->loop.wheel, &x->timer);
	x->load->outstanding--;
	x->load = NULL;
}

static void close_exchange(struct exchange *x)
{
	struct worker *w = x->worker;

	cds_hlist_del(&x->same_hash);
	cds_list_del_init(&x->idle);
	if (x->load)
		deactivate(x);
	if (x->to.transport != TRANSPORT_UDP) {
		upstream_tcp_leave(x);
	} else {
		loop_forget(&w->loop, &x->watch);
		close(x->watch.fd);
	}
	x->closed = true;
}

static void free_exchange(struct exchange *x)
{
	tls_peer_release(x->to.peer);
	pool_give(&x->worker->exchanges, x);
}

static void end_exchange(struct exchange *x)
{
	close_exchange(x);
	free_exchange(x);
}

static bool is_wanted(struct exchange *x)
{
	return !cds_list_empty(&x->live) || !cds_list_empty(&x->late);
}

/* --- asks -------------------------------------------------------------------- */

static void unlink_ask(struct ask *ask)
{
	cds_list_del(&ask->node);
	ask->exchange = NULL;
	if (ask->asker->live == ask)
		ask->asker->live = NULL;
}

static void leave(struct ask *ask)
{
	struct exchange *x = ask->exchange;

	unlink_ask(ask);
	if (!is_wanted(x) && !x->held)
		end_exchange(x);
}

/* From now on the answer is welcome, but not waited for. */
static void make_late(struct ask *ask)
{
	ask->asker->live = NULL;
	cds_list_move(&ask->node, &ask->exchange->late);
}

static void make_live(struct ask *ask)
{
	ask->asker->live = ask;
	cds_list_move(&ask->node, &ask->exchange->live);
}

static struct ask *first_of(const struct cds_list_head *asks)
{
	return cds_list_first_entry(asks, struct ask, node);
}

/* Descriptors and memory are for those who ask now. */
static bool drop_oldest_idle(struct worker *w)
{
	if (cds_list_empty(&w->idle))
		return false;
	struct exchange *x = cds_list_first_entry(&w->idle, struct exchange, idle);

	while (is_wanted(x))
		unlink_ask(first_of(&x->late));
	end_exchange(x);
	return true;
}

static struct ask *find_ask(struct asker *asker, const struct exchange *x)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (asker->asks[i].exchange == x)
			return &asker->asks[i];
	}
	return NULL;
}

static struct ask *free_ask(struct asker *asker)
{
	struct ask *ask = find_ask(asker, NULL);
	struct ask *oldest = &asker->asks[0];

	if (ask)
		return ask;
	for (unsigned i = 1; i < ASKS_MAX; i++) {
		if (asker->asks[i].exchange->sent_ns < oldest->exchange->sent_ns)
			oldest = &asker->asks[i];
	}
	leave(oldest);
	return oldest;
}

static void attach(struct asker *asker, struct exchange *x, const struct upstream_query *q)
{
	struct ask *ask = find_ask(asker, x);

	if (!ask) {
		ask = free_ask(asker);
		ask->asker = asker;
		ask->exchange = x;
		CDS_INIT_LIST_HEAD(&ask->node);
	}
	ask->query = *q;
	make_live(ask);
}

/* What is asked by plain DNS as well is silent to nobody. */
static bool is_told(const struct exchange *x, enum upstream_event event)
{
	return !x->opportunistic || event != UPSTREAM_TIMED_OUT;
}

/* --- how an exchange ends ------------------------------------------------------- */

/* It has gone on to ask somebody else, or only listens: false when it has no use for this. */
static bool tell_late(struct ask *ask, const struct upstream_reply *reply)
{
	struct asker *asker = ask->asker;
	struct worker *w = asker->worker;
	struct upstream_query query = ask->query;

	if (reply->event == UPSTREAM_UNREACHABLE || reply->event == UPSTREAM_NO_RESOURCE ||
	    !asker->awaits(asker, &query))
		return false;
	if (reply->event == UPSTREAM_ANSWERED) {
		tally_add(&w->tally.upstream_late);
		note_outcome(load_of(w, query.zone), UPSTREAM_ANSWERED);
	}
	if (asker->live)
		make_late(asker->live);
	asker->answered_late(asker, &query, reply);
	return true;
}

void upstream_end(struct exchange *x, const struct upstream_reply *reply)
{
	struct worker *w = x->worker;

	if (x->load && is_told(x, reply->event))
		note_outcome(x->load, reply->event);
	if (reply->event == UPSTREAM_TIMED_OUT)
		tally_add(&w->tally.upstream_timeouts);
	if (reply->event == UPSTREAM_ANSWERED)
		tally_add(&w->tally.upstream_answered);
	close_exchange(x);
	x->held = true;
	while (is_wanted(x)) {
		bool live = !cds_list_empty(&x->live);
		struct ask *ask = first_of(live ? &x->live : &x->late);
		struct asker *asker = ask->asker;
		bool taken;

		unlink_ask(ask);
		taken = (!live || asker->listens) && tell_late(ask, reply);
		if (live && !taken)
			asker->answered(asker, reply);
	}
	free_exchange(x);
}

uint32_t upstream_elapsed_ms(const struct exchange *x)
{
	return (uint32_t)((x->worker->loop.now.mono_ns - x->sent_ns) / NS_PER_MS);
}

void upstream_end_with(struct exchange *x, enum upstream_event event)
{
	struct upstream_reply reply = {
		.event = event,
		.transport = x->to.transport,
		.rtt_ms = upstream_elapsed_ms(x),
		.resent = x->resent,
	};

	upstream_end(x, &reply);
}

static void on_timeout(struct timer *timer)
{
	struct exchange *x = CONTAINER_OF(timer, struct exchange, timer);
	struct upstream_reply reply = {.event = UPSTREAM_TIMED_OUT,
				       .transport = x->to.transport,
				       .opening = x->opening,
				       .rtt_ms = upstream_elapsed_ms(x)};
	CDS_LIST_HEAD(waiting);

	/* Encrypted, it is waited for as by UDP: asking again would cost a handshake. */
	if (x->to.transport == TRANSPORT_TCP) {
		upstream_tcp_time_out(x);
		upstream_end_with(x, UPSTREAM_TIMED_OUT);
		return;
	}
	if (is_told(x, UPSTREAM_TIMED_OUT)) {
		tally_add(&x->worker->tally.upstream_timeouts);
		note_outcome(x->load, UPSTREAM_TIMED_OUT);
	}
	deactivate(x);
	cds_list_splice(&x->live, &waiting);
	CDS_INIT_LIST_HEAD(&x->live);
	x->held = true;
	while (!cds_list_empty(&waiting)) {
		struct ask *ask = first_of(&waiting);

		make_late(ask);
		ask->asker->answered(ask->asker, &reply);
	}
	x->held = false;
	if (!is_wanted(x))
		end_exchange(x);
	else if (!x->load)
		cds_list_add_tail(&x->idle, &x->worker->idle);
}

/* --- asking ------------------------------------------------------------------------ */

static bool is_same(const struct exchange *x, const struct upstream_query *q, uint64_t hash)
{
	size_t name_len = tern_name_len(q->name);

	/* By UDP one whose time is over is sent again in the form that is wanted now. */
	bool form = x->edns == q->edns || (!x->load && x->to.transport == TRANSPORT_UDP);

	return x->hash == hash && x->type == q->type && form && x->recurse == q->recurse &&
	       x->checking_disabled == q->checking_disabled &&
	       prefix_equal(&x->subnet, &q->subnet) && endpoint_equal(&x->to, &q->to) &&
	       x->question_len == name_len + 4 &&
	       tern_name_equal(x->wire + TERN_HEADER_LEN, q->name);
}

static struct cds_hlist_head *bucket_of(struct worker *w, uint64_t hash)
{
	return &w->exchange_buckets[hash % EXCHANGE_BUCKETS];
}

static struct exchange *find_equal(struct worker *w, const struct upstream_query *q, uint64_t hash)
{
	struct exchange *x;

	cds_hlist_for_each_entry_2(x, bucket_of(w, hash), same_hash)
	{
		if (is_same(x, q, hash))
			return x;
	}
	return NULL;
}

static struct exchange *new_exchange(struct asker *asker, const struct upstream_query *q,
				     uint64_t hash)
{
	struct worker *w = asker->worker;
	struct exchange *x = pool_take(&w->exchanges);

	if (!x && drop_oldest_idle(w))
		x = pool_take(&w->exchanges);
	if (!x)
		return NULL;
	memset(x, 0, offsetof(struct exchange, wire));
	timer_init(&x->timer, on_timeout);
	x->worker = w;
	x->party = asker->party;
	x->hash = hash;
	x->sent_ns = w->loop.now.mono_ns;
	x->to = q->to;
	x->server = q->server;
	x->opportunistic = q->opportunistic;
	(void)tls_peer_hold(x->to.peer);
	x->type = q->type;
	x->recurse = q->recurse;
	x->checking_disabled = q->checking_disabled;
	x->watch.fd = -1;
	CDS_INIT_LIST_HEAD(&x->live);
	CDS_INIT_LIST_HEAD(&x->late);
	CDS_INIT_LIST_HEAD(&x->idle);
	if (upstream_write(w, x, q))
		return x;
	free_exchange(x);
	return NULL;
}

static bool send_first(struct exchange *x, enum upstream_event *event)
{
	*event = UPSTREAM_NO_RESOURCE;
	if (x->to.transport != TRANSPORT_UDP)
		return upstream_tcp_ask(x);
	if (upstream_udp_ask(x, event))
		return true;
	/* What is open without a question is worth less than one. */
	return *event == UPSTREAM_NO_RESOURCE &&
	       (drop_oldest_idle(x->worker) || upstream_tcp_close_idlest(x->worker)) &&
	       upstream_udp_ask(x, event);
}

static struct exchange *open_exchange(struct asker *asker, const struct upstream_query *q,
				      uint64_t hash, enum upstream_event *event)
{
	struct worker *w = asker->worker;
	struct exchange *x = new_exchange(asker, q, hash);

	*event = UPSTREAM_NO_RESOURCE;
	if (!x)
		return NULL;
	if (!send_first(x, event)) {
		free_exchange(x);
		return NULL;
	}
	cds_hlist_add_head(&x->same_hash, bucket_of(w, hash));
	return x;
}

/* Wait for one that was asked before. */
static bool listen_on(struct asker *asker, const struct upstream_query *q,
		      enum upstream_event *event)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = &asker->asks[i];
		struct exchange *x = ask->exchange;

		if (!x || x->closed || !asker->awaits(asker, &ask->query))
			continue;
		make_live(ask);
		if (!x->load)
			activate(x, load_of(asker->worker, ask->query.zone), q->timeout_ms);
		return true;
	}
	*event = UPSTREAM_TIMED_OUT;
	return false;
}

void upstream_init(struct asker *asker, struct worker *w, uint16_t party)
{
	memset(asker, 0, sizeof *asker);
	asker->worker = w;
	asker->party = party;
}

/*
 * Where a session is yet to be made, and the answer can't be there in the time that it has, to wait
 * for it would hide nothing: plain DNS follows at once, and what is asked next finds the session.
 */
static uint32_t time_for(const struct exchange *x, const struct upstream_query *q)
{
	return q->opportunistic && x->opening && q->far ? 1 : q->timeout_ms;
}

static bool ask_again(struct exchange *x, const struct upstream_query *q)
{
	return x->to.transport == TRANSPORT_UDP ? upstream_udp_again(x, q) : upstream_tcp_again(x);
}

bool upstream_ask(struct asker *asker, const struct upstream_query *q, enum upstream_event *event)
{
	struct worker *w = asker->worker;

	asker->listens = q->listen;
	if (q->listen)
		return listen_on(asker, q, event);
	uint64_t hash = hash_exchange(w, &q->to.address, q->name);
	struct zone_load *load = load_of(w, q->zone);

	struct exchange *x = find_equal(w, q, hash);

	if (x && !x->load && q->fresh && x->to.transport == TRANSPORT_UDP)
		x = NULL;
	if (x && x->load) {
		tally_add(&w->tally.upstream_joined);
		attach(asker, x, q);
		return true;
	}
	bool crowded = is_crowded(load, q) || (!q->counted && is_too_often(w, q));

	if (crowded && !x) {
		tally_add(&w->tally.zone_limited);
		*event = UPSTREAM_CROWDED;
		return false;
	}
	/* A server that has too much to do is left alone with what it was asked already. */
	if (x && !crowded && !ask_again(x, q)) {
		*event = q->opportunistic ? UPSTREAM_NO_RESOURCE : UPSTREAM_UNREACHABLE;
		return false;
	}
	if (!x)
		x = open_exchange(asker, q, hash, event);
	if (!x)
		return false;
	activate(x, load, time_for(x, q));
	attach(asker, x, q);
	return true;
}

void upstream_leave(struct asker *asker)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (asker->asks[i].exchange)
			leave(&asker->asks[i]);
	}
}

/* Did this very question come out of the exchange's own socket? */
static bool is_own_question(const struct exchange *x, const struct address *client, uint16_t id)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct address own;

	return x->to.transport == TRANSPORT_UDP && x->id == id &&
	       getsockname(x->watch.fd, (struct sockaddr *)&sa, &len) == 0 &&
	       address_from_sockaddr((struct sockaddr *)&sa, &own) && address_equal(&own, client);
}

enum loop_kind upstream_find_loop(const struct worker *w, const struct address *client,
				  const struct question *q, uint16_t id)
{
	uint64_t hash = hash_exchange(w, client, q->name);
	const struct cds_hlist_head *bucket = &w->exchange_buckets[hash % EXCHANGE_BUCKETS];
	const struct exchange *x;

	cds_hlist_for_each_entry_2(x, bucket, same_hash)
	{
		if (x->hash != hash || x->type != q->type || !x->load ||
		    memcmp(x->to.address.octets, client->octets, sizeof client->octets) != 0)
			continue;
		if (is_own_question(x, client, id))
			return LOOP_OF_OURS;
		/* The port is left out: the other resolver asks from one of its own. */
		if (!address_is_loopback(client))
			return LOOP_OF_OTHERS;
	}
	return LOOP_NONE;
}

void upstream_finish_all(struct worker *w)
{
	for (unsigned i = 0; i < EXCHANGE_BUCKETS; i++) {
		while (w->exchange_buckets[i].next)
			end_exchange(cds_hlist_entry(w->exchange_buckets[i].next, struct exchange,
						     same_hash));
	}
	upstream_tcp_finish_all(w);
}
