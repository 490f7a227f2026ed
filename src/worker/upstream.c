/*
 * upstream.c - what jobs ask of servers, and for how long they listen.
 *
 * An exchange is one question to one server; the tasks that wait for it hold an
 * ask each. Equal questions to the same server share one exchange.
 *
 *   active ──timer──► idle: its tasks were told that time is up and ask somebody
 *     ▲                 │   else, but a late answer still counts
 *     └──asked again────┘
 *
 * It ends with its answer, with an error, or when no task is left that wants it.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tern/rr.h>

#include "worker/worker_private.h"

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

static void unlink_exchange(struct worker *w, struct exchange *x)
{
	struct exchange **link = &w->exchange_buckets[x->hash % HASH_BUCKETS];

	while (*link && *link != x)
		link = &(*link)->hash_next;
	if (*link)
		*link = x->hash_next;
}

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

	unlink_exchange(w, x);
	cds_list_del_init(&x->idle);
	if (x->load)
		deactivate(x);
	if (x->tcp) {
		upstream_tcp_leave(x);
	} else {
		loop_forget(&w->loop, &x->watch);
		close(x->watch.fd);
	}
	x->closed = true;
}

static void end_exchange(struct exchange *x)
{
	close_exchange(x);
	pool_give(&x->worker->exchanges, x);
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
	if (ask->task->live == ask)
		ask->task->live = NULL;
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
	ask->task->live = NULL;
	cds_list_move(&ask->node, &ask->exchange->late);
}

static void make_live(struct ask *ask)
{
	ask->task->live = ask;
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

static struct ask *find_ask(struct task *t, const struct exchange *x)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (t->asks[i].exchange == x)
			return &t->asks[i];
	}
	return NULL;
}

static struct ask *free_ask(struct task *t)
{
	struct ask *ask = find_ask(t, NULL);
	struct ask *oldest = &t->asks[0];

	if (ask)
		return ask;
	for (unsigned i = 1; i < ASKS_MAX; i++) {
		if (t->asks[i].exchange->sent_ns < oldest->exchange->sent_ns)
			oldest = &t->asks[i];
	}
	leave(oldest);
	return oldest;
}

static void attach(struct task *t, struct exchange *x, const struct upstream_query *q)
{
	struct ask *ask = find_ask(t, x);

	if (!ask) {
		ask = free_ask(t);
		ask->task = t;
		ask->exchange = x;
		CDS_INIT_LIST_HEAD(&ask->node);
	}
	ask->query = *q;
	make_live(ask);
}

/* --- how an exchange ends ------------------------------------------------------- */

/* The job has gone on to ask somebody else, or only listens: false when it has no use for this. */
static bool take_late(struct ask *ask, const struct upstream_reply *reply)
{
	struct task *t = ask->task;
	struct worker *w = t->worker;
	struct upstream_query query = ask->query;

	if (reply->event == UPSTREAM_UNREACHABLE || !job_awaits(&t->job, &query))
		return false;
	if (reply->event == UPSTREAM_ANSWERED) {
		tally_add(&w->tally.upstream_late);
		note_outcome(load_of(w, query.zone), UPSTREAM_ANSWERED);
	}
	if (t->live)
		make_late(t->live);
	client_resume_late(t, &query, reply);
	return true;
}

void upstream_end(struct exchange *x, const struct upstream_reply *reply)
{
	struct worker *w = x->worker;

	if (x->load)
		note_outcome(x->load, reply->event);
	if (reply->event == UPSTREAM_TIMED_OUT)
		tally_add(&w->tally.upstream_timeouts);
	close_exchange(x);
	x->held = true;
	while (is_wanted(x)) {
		bool live = !cds_list_empty(&x->live);
		struct ask *ask = first_of(live ? &x->live : &x->late);
		struct task *t = ask->task;
		bool taken;

		unlink_ask(ask);
		taken = (!live || t->job.outbox.listen) && take_late(ask, reply);
		if (live && !taken)
			client_resume(t, reply);
	}
	pool_give(&w->exchanges, x);
}

uint32_t upstream_elapsed_ms(const struct exchange *x)
{
	return (uint32_t)((x->worker->loop.now.mono_ns - x->sent_ns) / NS_PER_MS);
}

void upstream_end_with(struct exchange *x, enum upstream_event event)
{
	struct upstream_reply reply = {
		.event = event,
		.transport = x->tcp ? UPSTREAM_TCP : UPSTREAM_UDP,
		.rtt_ms = upstream_elapsed_ms(x),
		.resent = x->resent,
	};

	upstream_end(x, &reply);
}

static void on_timeout(struct timer *timer)
{
	struct exchange *x = CONTAINER_OF(timer, struct exchange, timer);
	struct upstream_reply reply = {.event = UPSTREAM_TIMED_OUT,
				       .transport = UPSTREAM_UDP,
				       .rtt_ms = upstream_elapsed_ms(x)};
	CDS_LIST_HEAD(waiting);

	if (x->tcp) {
		upstream_tcp_time_out(x);
		upstream_end_with(x, UPSTREAM_TIMED_OUT);
		return;
	}
	tally_add(&x->worker->tally.upstream_timeouts);
	note_outcome(x->load, UPSTREAM_TIMED_OUT);
	deactivate(x);
	cds_list_splice(&x->live, &waiting);
	CDS_INIT_LIST_HEAD(&x->live);
	x->held = true;
	while (!cds_list_empty(&waiting)) {
		struct ask *ask = first_of(&waiting);

		make_late(ask);
		client_resume(ask->task, &reply);
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

	/* One whose time is over is sent again in the form that is wanted now. */
	return x->hash == hash && x->type == q->type && (x->edns == q->edns || !x->load) &&
	       x->recurse == q->recurse && x->checking_disabled == q->checking_disabled &&
	       x->tcp == (q->transport == UPSTREAM_TCP) && address_equal(&x->address, &q->server) &&
	       x->question_len == name_len + 4 &&
	       tern_name_equal(x->wire + TERN_HEADER_LEN, q->name);
}

static struct exchange *find_equal(struct worker *w, const struct upstream_query *q, uint64_t hash)
{
	for (struct exchange *x = w->exchange_buckets[hash % HASH_BUCKETS]; x; x = x->hash_next) {
		if (is_same(x, q, hash))
			return x;
	}
	return NULL;
}

static struct exchange *new_exchange(struct task *t, const struct upstream_query *q, uint64_t hash)
{
	struct worker *w = t->worker;
	struct exchange *x = pool_take(&w->exchanges);

	if (!x && drop_oldest_idle(w))
		x = pool_take(&w->exchanges);
	if (!x)
		return NULL;
	memset(x, 0, offsetof(struct exchange, wire));
	timer_init(&x->timer, on_timeout);
	x->worker = w;
	x->party = t->party;
	x->hash = hash;
	x->sent_ns = w->loop.now.mono_ns;
	x->address = q->server;
	x->type = q->type;
	x->recurse = q->recurse;
	x->checking_disabled = q->checking_disabled;
	x->tcp = q->transport == UPSTREAM_TCP;
	x->watch.fd = -1;
	CDS_INIT_LIST_HEAD(&x->live);
	CDS_INIT_LIST_HEAD(&x->late);
	CDS_INIT_LIST_HEAD(&x->idle);
	if (upstream_write(w, x, q))
		return x;
	pool_give(&w->exchanges, x);
	return NULL;
}

static bool send_first(struct exchange *x, enum upstream_event *event)
{
	*event = UPSTREAM_NO_RESOURCE;
	if (x->tcp)
		return upstream_tcp_ask(x);
	return upstream_udp_ask(x, event) ||
	       (*event == UPSTREAM_NO_RESOURCE && drop_oldest_idle(x->worker) &&
		upstream_udp_ask(x, event));
}

static struct exchange *open_exchange(struct task *t, const struct upstream_query *q, uint64_t hash,
				      enum upstream_event *event)
{
	struct worker *w = t->worker;
	struct exchange *x = new_exchange(t, q, hash);

	*event = UPSTREAM_NO_RESOURCE;
	if (!x)
		return NULL;
	if (!send_first(x, event)) {
		pool_give(&w->exchanges, x);
		return NULL;
	}
	x->hash_next = w->exchange_buckets[hash % HASH_BUCKETS];
	w->exchange_buckets[hash % HASH_BUCKETS] = x;
	return x;
}

/* Wait for one that was asked before. */
static bool listen_on(struct task *t, const struct upstream_query *q, enum upstream_event *event)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		struct ask *ask = &t->asks[i];

		if (!ask->exchange || ask->exchange->closed || !job_awaits(&t->job, &ask->query))
			continue;
		make_live(ask);
		if (!ask->exchange->load)
			activate(ask->exchange, load_of(t->worker, ask->query.zone), q->timeout_ms);
		return true;
	}
	*event = UPSTREAM_TIMED_OUT;
	return false;
}

bool upstream_ask(struct task *t, enum upstream_event *event)
{
	struct worker *w = t->worker;
	const struct upstream_query *q = &t->job.outbox;

	if (q->listen)
		return listen_on(t, q, event);
	uint64_t hash = hash_exchange(w, &q->server, q->name);
	struct zone_load *load = load_of(w, q->zone);

	struct exchange *x = find_equal(w, q, hash);

	if (x && !x->load && q->fresh)
		x = NULL;
	if (x && x->load) {
		tally_add(&w->tally.upstream_joined);
		attach(t, x, q);
		return true;
	}
	bool crowded = is_crowded(load, q);

	if (crowded && !x) {
		tally_add(&w->tally.zone_limited);
		*event = UPSTREAM_CROWDED;
		return false;
	}
	/* A server that has too much to do is left alone with what it was asked already. */
	if (x && !crowded && !upstream_udp_again(x, q)) {
		*event = UPSTREAM_UNREACHABLE;
		return false;
	}
	if (!x)
		x = open_exchange(t, q, hash, event);
	if (!x)
		return false;
	activate(x, load, q->timeout_ms);
	attach(t, x, q);
	return true;
}

void upstream_leave(struct task *t)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		if (t->asks[i].exchange)
			leave(&t->asks[i]);
	}
}

/* Did this very question come out of the exchange's own socket? */
static bool is_own_question(const struct exchange *x, const struct address *client, uint16_t id)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct address own;

	return !x->tcp && x->id == id &&
	       getsockname(x->watch.fd, (struct sockaddr *)&sa, &len) == 0 &&
	       address_from_sockaddr((struct sockaddr *)&sa, &own) && address_equal(&own, client);
}

enum loop_kind upstream_find_loop(const struct worker *w, const struct address *client,
				  const struct question *q, uint16_t id)
{
	uint64_t hash = hash_exchange(w, client, q->name);

	for (const struct exchange *x = w->exchange_buckets[hash % HASH_BUCKETS]; x;
	     x = x->hash_next) {
		if (x->hash != hash || x->type != q->type || !x->load ||
		    memcmp(x->address.octets, client->octets, sizeof client->octets) != 0)
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
	for (unsigned i = 0; i < HASH_BUCKETS; i++) {
		while (w->exchange_buckets[i]) {
			end_exchange(w->exchange_buckets[i]);
		}
	}
}
