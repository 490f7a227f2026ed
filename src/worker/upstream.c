/*
 * upstream.c - what jobs ask, over UDP: one fresh socket per question.
 *
 * A reply counts when address and port (the socket is connected), id, opcode
 * and the question, letter for letter, match. Anything else is dropped and
 * changes nothing: the socket stays open until the right reply or the timer.
 * Equal questions to the same server share one exchange.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "worker/worker_private.h"

#define EDNS_UDP_SIZE 1232 /* no fragments on any usual path */
#define FLAG_DO       0x8000

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

/* --- building the query ---------------------------------------------------- */

/* Letters get random case (0x20): up to one bit each against forgers. */
static void randomise_case(struct worker *w, uint8_t *name, size_t len)
{
	uint8_t bits[(TERN_NAME_MAX + 7) / 8];

	random_bytes(&w->random, bits, (len + 7) / 8);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = name[i];

		/* Length octets are below 64, so they are never letters. */
		if (c >= 'a' && c <= 'z' && (bits[i / 8] & 1u << i % 8))
			name[i] = (uint8_t)(c - 'a' + 'A');
	}
}

static bool write_query(struct worker *w, struct exchange *x, const struct upstream_query *q)
{
	struct tern_builder b;
	size_t name_len = tern_name_len(q->name);

	x->id = random_u16(&w->random);
	tern_builder_init(&b, x->wire, sizeof x->wire, sizeof x->wire);
	tern_builder_header(&b, x->id, q->recurse ? TERN_FLAG_RD : 0, 0);
	if (tern_builder_question(&b, q->name, q->type, TERN_CLASS_IN) != TERN_OK)
		return false;
	if (q->random_case)
		randomise_case(w, x->wire + TERN_HEADER_LEN, name_len);
	x->question_len = (uint16_t)(name_len + 4);
	if (q->edns && tern_builder_opt(&b, EDNS_UDP_SIZE, 0, 0, FLAG_DO) != TERN_OK)
		return false;
	if (q->edns && q->cookie_len &&
	    tern_builder_option(&b, TERN_EDNS_COOKIE, q->cookie, q->cookie_len) != TERN_OK)
		return false;
	x->wire_len = (uint16_t)tern_builder_finish(&b);
	return true;
}

/* --- matching replies ------------------------------------------------------ */

/* Some servers answer FORMERR to an OPT with nothing but a header. */
static bool is_bare_refusal(const struct exchange *x, const uint8_t *octets, size_t len)
{
	unsigned rcode = octets[3] & 0x0f;

	return len == TERN_HEADER_LEN && get_u16(octets + 4) == 0 && x->edns &&
	       (rcode == TERN_RCODE_FORMERR || rcode == TERN_RCODE_NOTIMP);
}

enum reply_match upstream_match(const struct exchange *x, const uint8_t *octets, size_t len)
{
	if (len < TERN_HEADER_LEN || get_u16(octets) != x->id || (octets[2] & 0xf8) != 0x80)
		return REPLY_IS_FOREIGN;
	if (is_bare_refusal(x, octets, len))
		return REPLY_MATCHES;
	if (get_u16(octets + 4) != 1 || len < TERN_HEADER_LEN + (size_t)x->question_len)
		return REPLY_IS_FOREIGN;
	const uint8_t *theirs = octets + TERN_HEADER_LEN;
	const uint8_t *ours = x->wire + TERN_HEADER_LEN;
	size_t name_len = x->question_len - 4u;

	if (memcmp(theirs, ours, x->question_len) == 0)
		return REPLY_MATCHES;
	if (memcmp(theirs + name_len, ours + name_len, 4) == 0 &&
	    strncasecmp((const char *)theirs, (const char *)ours, name_len) == 0)
		return REPLY_OTHER_CASE;
	return REPLY_IS_FOREIGN;
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

static void close_exchange(struct exchange *x)
{
	struct worker *w = x->worker;

	unlink_exchange(w, x);
	timer_cancel(&w->loop.wheel, &x->timer);
	x->load->outstanding--;
	if (x->tcp) {
		upstream_tcp_leave(x);
	} else {
		loop_forget(&w->loop, &x->watch);
		close(x->watch.fd);
	}
}

void upstream_end(struct exchange *x, const struct upstream_reply *reply)
{
	struct worker *w = x->worker;
	struct task *tasks = x->tasks;

	close_exchange(x);
	note_outcome(x->load, reply->event);
	if (reply->event == UPSTREAM_TIMED_OUT)
		tally_add(&w->tally.upstream_timeouts);
	pool_give(&w->exchanges, x);
	while (tasks) {
		struct task *t = tasks;

		tasks = t->exchange_next;
		t->exchange = NULL;
		client_resume(t, reply);
	}
}

static uint32_t elapsed_ms(const struct exchange *x)
{
	return (uint32_t)((x->worker->loop.now.mono_ns - x->sent_ns) / NS_PER_MS);
}

static void end_with(struct exchange *x, enum upstream_event event)
{
	struct upstream_reply reply = {
		.event = event,
		.transport = x->tcp ? UPSTREAM_TCP : UPSTREAM_UDP,
		.rtt_ms = elapsed_ms(x),
	};

	upstream_end(x, &reply);
}

static void on_timeout(struct timer *timer)
{
	end_with(CONTAINER_OF(timer, struct exchange, timer), UPSTREAM_TIMED_OUT);
}

static bool is_plausible(const uint8_t *octets, size_t len)
{
	return len > TERN_HEADER_LEN && (octets[2] & 0xf8) == 0x80 && get_u16(octets + 4) == 1;
}

/* Compressed names in rdata point into the question: our random case would reach the client. */
static void undo_case(const struct exchange *x, uint8_t *octets, size_t len)
{
	if (len >= TERN_HEADER_LEN + (size_t)x->question_len)
		tern_name_lower(octets + TERN_HEADER_LEN, octets + TERN_HEADER_LEN);
}

/* True when the exchange has ended. */
static bool take_datagram(struct exchange *x, uint8_t *octets, size_t len)
{
	struct worker *w = x->worker;
	struct upstream_reply reply = {UPSTREAM_ANSWERED, UPSTREAM_UDP, octets, len, elapsed_ms(x)};

	switch (upstream_match(x, octets, len)) {
	case REPLY_MATCHES:
		undo_case(x, octets, len);
		if (unlikely(len > EDNS_UDP_SIZE))
			tally_add(&w->tally.upstream_oversized);
		upstream_end(x, &reply);
		return true;
	case REPLY_OTHER_CASE: end_with(x, UPSTREAM_CASE); return true;
	case REPLY_IS_FOREIGN: break;
	}
	tally_add(&w->tally.upstream_mismatched);
	/* What is not even a reply to a question can't be somebody's guess at ours. */
	if (!is_plausible(octets, len) || ++x->mismatches < MISMATCHES_MAX)
		return false;
	end_with(x, UPSTREAM_SUSPECT);
	return true;
}

#define READS_PER_EVENT 8

static void on_readable(struct watch *watch, uint32_t events)
{
	struct exchange *x = CONTAINER_OF(watch, struct exchange, watch);
	struct worker *w = x->worker;

	(void)events;
	for (unsigned i = 0; i < READS_PER_EVENT; i++) {
		ssize_t n = recv(x->watch.fd, w->reply, sizeof w->reply, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			end_with(x, UPSTREAM_UNREACHABLE);
			return;
		}
		if (take_datagram(x, w->reply, (size_t)n))
			return;
	}
}

static bool send_datagram(struct exchange *x, enum upstream_event *event)
{
	struct worker *w = x->worker;
	int fd = udp_ask_socket(&x->address, &w->random);

	/* Out of descriptors or memory is our trouble, no route is the server's. */
	*event = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ||
				 errno == EADDRINUSE
			 ? UPSTREAM_NO_RESOURCE
			 : UPSTREAM_UNREACHABLE;
	if (fd < 0)
		return false;
	x->watch = (struct watch){fd, on_readable};
	if (send(fd, x->wire, x->wire_len, MSG_DONTWAIT) == x->wire_len &&
	    loop_add(&w->loop, &x->watch, EPOLLIN)) {
		tally_add(&w->tally.upstream_udp);
		return true;
	}
	*event = UPSTREAM_UNREACHABLE;
	close(fd);
	return false;
}

static void join(struct exchange *x, struct task *t)
{
	t->exchange = x;
	t->exchange_next = x->tasks;
	x->tasks = t;
}

static bool is_same(const struct exchange *x, const struct upstream_query *q, uint64_t hash)
{
	size_t name_len = tern_name_len(q->name);

	return x->hash == hash && x->type == q->type && x->edns == q->edns &&
	       x->tcp == (q->transport == UPSTREAM_TCP) && address_equal(&x->address, &q->server) &&
	       x->question_len == name_len + 4 &&
	       strncasecmp((const char *)x->wire + TERN_HEADER_LEN, (const char *)q->name,
			   name_len) == 0;
}

static bool join_equal(struct worker *w, struct task *t, uint64_t hash)
{
	for (struct exchange *x = w->exchange_buckets[hash % HASH_BUCKETS]; x; x = x->hash_next) {
		if (is_same(x, &t->job.outbox, hash)) {
			tally_add(&w->tally.upstream_joined);
			join(x, t);
			return true;
		}
	}
	return false;
}

static struct exchange *new_exchange(struct worker *w, const struct upstream_query *q,
				     uint64_t hash)
{
	struct exchange *x = pool_take(&w->exchanges);

	if (!x)
		return NULL;
	memset(x, 0, offsetof(struct exchange, wire));
	timer_init(&x->timer, on_timeout);
	x->worker = w;
	x->hash = hash;
	x->sent_ns = w->loop.now.mono_ns;
	x->address = q->server;
	x->type = q->type;
	x->edns = q->edns;
	x->tcp = q->transport == UPSTREAM_TCP;
	x->watch.fd = -1;
	if (write_query(w, x, q))
		return x;
	pool_give(&w->exchanges, x);
	return NULL;
}

bool upstream_ask(struct task *t, enum upstream_event *event)
{
	struct worker *w = t->worker;
	const struct upstream_query *q = &t->job.outbox;
	uint64_t hash = hash_exchange(w, &q->server, q->name);
	struct zone_load *load = load_of(w, q->zone);

	if (join_equal(w, t, hash))
		return true;
	if (is_crowded(load, q)) {
		tally_add(&w->tally.zone_limited);
		*event = UPSTREAM_CROWDED;
		return false;
	}
	struct exchange *x = new_exchange(w, q, hash);

	*event = UPSTREAM_NO_RESOURCE;
	if (!x)
		return false;
	if (x->tcp ? !upstream_tcp_ask(x) : !send_datagram(x, event)) {
		pool_give(&w->exchanges, x);
		return false;
	}
	x->load = load;
	load->outstanding++;
	x->hash_next = w->exchange_buckets[hash % HASH_BUCKETS];
	w->exchange_buckets[hash % HASH_BUCKETS] = x;
	loop_timer(&w->loop, &x->timer, q->timeout_ms);
	join(x, t);
	return true;
}

void upstream_leave(struct task *t)
{
	struct exchange *x = t->exchange;

	if (!x)
		return;
	struct task **link = &x->tasks;

	while (*link != t)
		link = &(*link)->exchange_next;
	*link = t->exchange_next;
	t->exchange = NULL;
	if (x->tasks)
		return;
	close_exchange(x);
	pool_give(&t->worker->exchanges, x);
}

bool upstream_is_asking(const struct worker *w, const struct address *client, const uint8_t *name)
{
	uint64_t hash = hash_exchange(w, client, name);

	for (const struct exchange *x = w->exchange_buckets[hash % HASH_BUCKETS]; x;
	     x = x->hash_next) {
		/* The port is left out: the other resolver asks from one of its own. */
		if (x->hash == hash && !address_is_loopback(client) &&
		    memcmp(x->address.octets, client->octets, sizeof client->octets) == 0)
			return true;
	}
	return false;
}

void upstream_finish_all(struct worker *w)
{
	for (unsigned i = 0; i < HASH_BUCKETS; i++) {
		while (w->exchange_buckets[i]) {
			struct exchange *x = w->exchange_buckets[i];

			close_exchange(x);
			pool_give(&w->exchanges, x);
		}
	}
}
