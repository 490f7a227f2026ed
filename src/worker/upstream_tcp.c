/*
 * upstream_tcp.c - questions over TCP, several on one connection (RFC 7766).
 *
 *   upstream_tcp_ask() ─► sent on a connection with room, maybe a new one
 *                     └─► none to be had: waits for a place, for as long as its time lasts
 *
 * Replies are matched by id, in any order. A connection that ends tells its
 * open questions so; whether to try again is the resolver's decision. Some
 * servers answer one question, or a few, and close or fall silent: more is not
 * asked on one connection then, so that the second try of those left over is answered.
 *
 * Connections are limited in number. Those opened for one network of clients are
 * limited by its fair share; when there are none left, the one that has been
 * without a question longest is closed. A connection on which a question's time
 * went by without a word, or SERVER_MUTE_MS, is asked no more, and closed with its
 * last question. What was learned of a server outlives its connections.
 *
 * A server whose handshake has failed, or that is not the one that was meant, is given a rest:
 * questions wait for the next try together, so that their number is not that of handshakes.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "net/quic.h"
#include "net/tls.h"
#include "worker/upstream_private.h"

#define SERVER_CONNECTIONS_MAX 4     /* to one server (limits.md row 34) */
#define SERVER_PIPELINE_MAX    32    /* questions open on one connection */
#define SERVER_MUTE_MS         1500  /* without a word, while a question is open, */
#define SERVER_MUTE_TLS_MS     3000  /* and of one that costs a handshake */
#define MOVES_MAX              8     /* of a question, from one connection to another */
#define SERVER_REFUSED_MS      250   /* between handshakes that fail */
#define SERVER_FEW_MS          60000 /* how long it is believed that a server answers but a few */

/** A server with connections to it, or one of which something was learned. */
struct tcp_server {
	struct cds_hlist_node node; /* of the worker's, by endpoint */
	struct cds_list_head idle;  /* in the worker's list, when there is no connection */
	struct cds_list_head connections;
	struct cds_list_head waiting; /* exchanges without a place, oldest first */
	struct worker *worker;
	struct endpoint to;
	struct address known_as; /* by the server table, */
	bool opportunistic;      /* as one that answers encrypted, too: RFC 9539 */
	struct tls_ticket ticket;
	struct quic_memory quic; /* the same by QUIC */
	uint32_t connections_n;  /* one that is ending counts, but is in the list no more */
	uint32_t few;            /* so many it answers on one connection, */
	uint64_t few_ms;         /* until then */
	struct timer rest;       /* while questions wait for its end, */
	uint64_t rest_ms;        /* which is then: a handshake has failed */
};

/** One of them. */
struct tcp_connection {
	struct stream stream;
	struct tcp_server *server;
	struct cds_list_head node;
	struct cds_list_head idle; /* in the worker's list, when there is no question */
	struct cds_list_head exchanges;
	uint64_t heard_ms; /* last message, or first question after none was open */
	uint64_t owes_ms;  /* first question since the last message, open or not; 0 for none */
	uint32_t exchanges_n;
	uint16_t party;        /* whose place it takes */
	bool reading;          /* right now: it must not be freed */
	bool mute;             /* it left a question without a word */
	uint32_t asked_n;      /* in all */
	uint32_t answered_n;   /* of these */
	char why[TLS_WHY_MAX]; /* the handshake failed; "" */
};

size_t tcp_server_size(void)
{
	return sizeof(struct tcp_server);
}

size_t tcp_connection_size(void)
{
	return sizeof(struct tcp_connection);
}

/* --- places ------------------------------------------------------------------ */

/* Has it been asked as much as its server answers? */
static bool is_used_up(const struct tcp_connection *c)
{
	const struct tcp_server *s = c->server;

	return loop_ms(&s->worker->loop) < s->few_ms && c->asked_n >= s->few;
}

static uint64_t now_ms(const struct tcp_connection *c)
{
	return loop_ms(&c->server->worker->loop);
}

static uint32_t mute_ms(const struct tcp_connection *c)
{
	return transport_is_encrypted(c->server->to.transport) ? SERVER_MUTE_TLS_MS
							       : SERVER_MUTE_MS;
}

static bool is_mute(const struct tcp_connection *c)
{
	return c->mute || (c->exchanges_n > 0 && now_ms(c) - c->heard_ms >= mute_ms(c)) ||
	       (c->owes_ms > 0 && now_ms(c) - c->owes_ms >= mute_ms(c));
}

/* Without a question it gives way when places are few. */
static void note_idle(struct tcp_connection *c)
{
	cds_list_del_init(&c->idle);
	if (c->exchanges_n == 0 && !c->reading && !c->stream.closed)
		cds_list_add_tail(&c->idle, &c->server->worker->idle_connections);
}

static bool has_id(const struct tcp_connection *c, uint16_t id)
{
	const struct exchange *x;

	cds_list_for_each_entry(x, &c->exchanges, node)
	{
		if (x->id == id)
			return true;
	}
	return false;
}

static bool send_on(struct tcp_connection *c, struct exchange *x)
{
	struct worker *w = x->worker;

	while (has_id(c, x->id))
		x->id = random_u16(&w->random);
	put_u16(x->wire, x->id);
	if (!stream_send(&c->stream, 0, x->wire, x->wire_len))
		return false;
	cds_list_move(&x->node, &c->exchanges);
	cds_list_del_init(&c->idle);
	x->connection = c;
	x->opening = c->stream.connecting || c->stream.opening;
	x->sent_ns = w->loop.now.mono_ns;
	if (c->exchanges_n++ == 0)
		c->heard_ms = loop_ms(&w->loop);
	if (c->owes_ms == 0)
		c->owes_ms = loop_ms(&w->loop);
	c->asked_n++;
	tally_add(&w->tally.upstream_tcp);
	if (!x->recurse && !transport_is_encrypted(x->to.transport))
		tally_add(&w->tally.authority_plain);
	if (x->to.transport == TRANSPORT_TLS)
		tally_add(&w->tally.upstream_tls);
	else if (x->to.transport == TRANSPORT_HTTPS)
		tally_add(&w->tally.upstream_https);
	else if (x->to.transport == TRANSPORT_QUIC)
		tally_add(&w->tally.upstream_quic);
	return true;
}

static bool on_message(struct stream *stream, const uint8_t *octets, size_t len);
static void on_ended(struct stream *stream, enum stream_end why);

static void free_connection(struct tcp_connection *c)
{
	struct worker *w = c->server->worker;

	cds_list_del(&c->idle);
	shares_give(&w->connection_shares, c->party);
	pool_give(&w->tcp_connections, c);
}

/* Of those to others than @s, which is asking right now. */
static bool close_idlest(struct worker *w, const struct tcp_server *s)
{
	struct tcp_connection *c;

	cds_list_for_each_entry(c, &w->idle_connections, idle)
	{
		if (c->server == s)
			continue;
		stream_close(&c->stream);
		on_ended(&c->stream, STREAM_IDLE);
		return true;
	}
	return false;
}

bool upstream_tcp_close_idlest(struct worker *w)
{
	return close_idlest(w, NULL);
}

static struct tcp_connection *new_connection(struct tcp_server *s, uint16_t party)
{
	struct worker *w = s->worker;
	struct tcp_connection *c;

	uint32_t most = atomic_load_explicit(&w->shared->tcp_servers_max, memory_order_relaxed);

	if (!shares_allow(&w->connection_shares, party) ||
	    (most > 0 && w->connection_shares.taken_n >= most))
		(void)close_idlest(w, s);
	if (!shares_allow(&w->connection_shares, party))
		return NULL;
	c = pool_take(&w->tcp_connections);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->server = s;
	c->party = party;
	shares_take(&w->connection_shares, party);
	CDS_INIT_LIST_HEAD(&c->idle);
	return c;
}

static bool open_stream(struct tcp_connection *c)
{
	struct tcp_server *s = c->server;
	const struct upstream_way way = {.worker = s->worker,
					 .to = &s->to,
					 .ticket = &s->ticket,
					 .quic = &s->quic,
					 .why = c->why};

	/* The second time with the descriptor of one that is only kept in case. */
	return upstream_open(&c->stream, &way) ||
	       (errno == EMFILE && close_idlest(s->worker, s) && upstream_open(&c->stream, &way));
}

static struct tcp_connection *connect_to(struct tcp_server *s, uint16_t party)
{
	struct tcp_connection *c = new_connection(s, party);

	if (!c)
		return NULL;
	c->stream.message = on_message;
	c->stream.ended = on_ended;
	CDS_INIT_LIST_HEAD(&c->exchanges);
	if (!open_stream(c)) {
		free_connection(c);
		return NULL;
	}
	cds_list_add(&c->node, &s->connections);
	s->connections_n++;
	note_idle(c);
	return c;
}

static bool is_resting(const struct tcp_server *s)
{
	return loop_ms(&s->worker->loop) < s->rest_ms;
}

/* A connection for one more question, NULL for none. */
static struct tcp_connection *find_place(struct tcp_server *s, uint16_t party)
{
	struct tcp_connection *c, *best = NULL;

	cds_list_for_each_entry(c, &s->connections, node)
	{
		if (c->exchanges_n < SERVER_PIPELINE_MAX && !is_used_up(c) && !is_mute(c) &&
		    (!best || c->exchanges_n < best->exchanges_n))
			best = c;
	}
	if (best || s->connections_n == SERVER_CONNECTIONS_MAX || is_resting(s))
		return best;
	return connect_to(s, party);
}

static void send_waiting(struct tcp_server *s)
{
	if (is_resting(s) && !timer_is_set(&s->rest))
		loop_timer(&s->worker->loop, &s->rest,
			   (uint32_t)(s->rest_ms - loop_ms(&s->worker->loop)));
	while (!cds_list_empty(&s->waiting)) {
		struct exchange *x = cds_list_first_entry(&s->waiting, struct exchange, node);
		struct tcp_connection *c = find_place(s, x->party);

		if (!c || !send_on(c, x))
			return;
	}
}

/* --- servers ------------------------------------------------------------------ */

static struct cds_hlist_head *bucket_of(struct worker *w, const struct endpoint *to)
{
	const struct address *a = &to->address;
	uint64_t salt = (uint64_t)to->transport << 16 | a->port;
	uint64_t hash = hash_bytes(&w->shared->hash_key, salt, a->octets, sizeof a->octets);

	return &w->tcp_server_buckets[hash % TCP_SERVER_BUCKETS];
}

static struct tcp_server *find_server(struct worker *w, const struct endpoint *to)
{
	struct tcp_server *s;

	cds_hlist_for_each_entry_2(s, bucket_of(w, to), node)
	{
		if (endpoint_equal(&s->to, to))
			return s;
	}
	return NULL;
}

static void give_server(struct tcp_server *s)
{
	timer_cancel(&s->worker->loop.wheel, &s->rest);
	tls_ticket_forget(&s->ticket);
	quic_memory_forget(&s->quic);
	tls_peer_release(s->to.peer);
	pool_give(&s->worker->tcp_servers, s);
}

static void free_server(struct tcp_server *s)
{
	cds_hlist_del(&s->node);
	cds_list_del(&s->idle);
	give_server(s);
}

/* What was learned of a server is worth less than asking one now. */
static void forget_oldest(struct worker *w)
{
	if (!cds_list_empty(&w->tcp_servers_idle))
		free_server(cds_list_first_entry(&w->tcp_servers_idle, struct tcp_server, idle));
}

static void end_rest(struct timer *timer);

static struct tcp_server *new_server(struct worker *w, const struct exchange *x)
{
	const struct endpoint *to = &x->to;

	struct tcp_server *s = pool_take(&w->tcp_servers);

	if (!s) {
		forget_oldest(w);
		s = pool_take(&w->tcp_servers);
	}
	if (!s)
		return NULL;
	*s = (struct tcp_server){.worker = w, .to = *to, .known_as = x->server};
	(void)tls_peer_hold(s->to.peer);
	CDS_INIT_LIST_HEAD(&s->idle);
	CDS_INIT_LIST_HEAD(&s->connections);
	CDS_INIT_LIST_HEAD(&s->waiting);
	timer_init(&s->rest, end_rest);
	cds_hlist_add_head(&s->node, bucket_of(w, to));
	return s;
}

/* No connection to it is left, and none to be had. What was learned of it stays for a while. */
static void rest_server(struct tcp_server *s)
{
	struct worker *w = s->worker;
	bool known = loop_ms(&w->loop) < s->few_ms || s->ticket.len > 0 || s->quic.ticket.len > 0 ||
		     is_resting(s);

	if (is_resting(s) && !cds_list_empty(&s->waiting))
		return;
	timer_cancel(&w->loop.wheel, &s->rest);

	/* Whoever asks it from here on begins anew. */
	cds_hlist_del(&s->node);
	while (!cds_list_empty(&s->waiting))
		upstream_end_with(cds_list_first_entry(&s->waiting, struct exchange, node),
				  UPSTREAM_NO_RESOURCE);
	if (!known || find_server(w, &s->to)) {
		give_server(s);
		return;
	}
	cds_hlist_add_head(&s->node, bucket_of(w, &s->to));
	cds_list_add_tail(&s->idle, &w->tcp_servers_idle);
}

static void end_rest(struct timer *timer)
{
	struct tcp_server *s = CONTAINER_OF(timer, struct tcp_server, rest);

	s->rest_ms = 0;
	send_waiting(s);
	if (s->connections_n == 0)
		rest_server(s);
}

/* --- what connections tell ---------------------------------------------------- */

static bool on_message(struct stream *stream, const uint8_t *octets, size_t len)
{
	struct tcp_connection *c = CONTAINER_OF(stream, struct tcp_connection, stream);
	struct upstream_reply reply = {.event = UPSTREAM_ANSWERED,
				       .transport = c->server->to.transport,
				       .octets = octets,
				       .len = len};
	struct exchange *x;

	c->owes_ms = 0;
	cds_list_for_each_entry(x, &c->exchanges, node)
	{
		/* By TCP the sender is known: other case is the server's habit, not a forgery. */
		if (upstream_match(x, octets, len) == REPLY_IS_FOREIGN)
			continue;
		c->answered_n++;
		c->heard_ms = now_ms(c);
		if (!x->recurse && transport_is_encrypted(x->to.transport))
			tally_add(&x->worker->tally.authority_encrypted);
		reply.rtt_ms = upstream_elapsed_ms(x);
		reply.opening = x->opening;
		c->reading = true;
		upstream_end(x, &reply);
		c->reading = false;
		note_idle(c);
		return true;
	}
	tally_add(&c->server->worker->tally.upstream_mismatched);
	/* What nobody waits for any more came late, but it came. */
	if (c->server->opportunistic)
		infra_way_heard(c->server->worker->shared->infra, &c->server->known_as, INFRA_TLS,
				now_ms(c));
	return true;
}

/* With questions open, after some answers: on the next one it will do the same. */
static void learn_few(const struct tcp_connection *c)
{
	struct tcp_server *s = c->server;

	if (c->exchanges_n == 0 || c->answered_n == 0)
		return;
	s->few = c->answered_n;
	s->few_ms = loop_ms(&s->worker->loop) + SERVER_FEW_MS;
}

/* It is asked no more. */
static void give_up(struct tcp_connection *c)
{
	/* What costs a handshake is not done for each question because one was slow. */
	if (!transport_is_encrypted(c->server->to.transport))
		learn_few(c);
	c->mute = true;
}

/*
 * A server that answers a few questions on each connection is none that fails, and without TLS
 * it can't be asked: those left over wait for a place on another one, in their order.
 */
static void move_to_others(struct tcp_connection *c)
{
	struct tcp_server *s = c->server;
	struct exchange *x, *next;

	cds_list_for_each_entry_safe(x, next, &c->exchanges, node)
	{
		if (x->moves == MOVES_MAX)
			continue;
		x->moves++;
		x->connection = NULL;
		c->exchanges_n--;
		cds_list_move(&x->node, s->waiting.prev);
	}
}

static void end_unreached(struct exchange *x, enum stream_end end, const char *why)
{
	bool by_us = end == STREAM_NO_MEMORY && x->opportunistic;
	struct upstream_reply reply = {
		.event = by_us ? UPSTREAM_NO_RESOURCE : UPSTREAM_UNREACHABLE,
		.transport = x->to.transport,
		.rtt_ms = upstream_elapsed_ms(x),
		.why = *why ? why : NULL,
	};

	upstream_end(x, &reply);
}

static void on_ended(struct stream *stream, enum stream_end why)
{
	struct tcp_connection *c = CONTAINER_OF(stream, struct tcp_connection, stream);
	struct tcp_server *s = c->server;

	if (why == STREAM_CLOSED_BY_PEER || why == STREAM_RESET)
		learn_few(c);
	/* Before anybody asks again. */
	if (*c->why && c->answered_n == 0)
		s->rest_ms = now_ms(c) + SERVER_REFUSED_MS;
	cds_list_del(&c->node);
	if (transport_is_encrypted(s->to.transport) && c->answered_n > 0)
		move_to_others(c);
	/* Each one leaves the list as it ends; none can join. Those asked again wait. */
	while (!cds_list_empty(&c->exchanges))
		end_unreached(cds_list_first_entry(&c->exchanges, struct exchange, node), why,
			      c->why);
	free_connection(c);
	s->connections_n--;
	send_waiting(s);
	if (s->connections_n == 0)
		rest_server(s);
}

/* --- for exchanges ------------------------------------------------------------- */

bool upstream_tcp_ask(struct exchange *x)
{
	struct worker *w = x->worker;
	struct tcp_server *s = find_server(w, &x->to);

	if (!s)
		s = new_server(w, x);
	if (!s)
		return false;
	cds_list_del_init(&s->idle);
	s->opportunistic |= x->opportunistic;
	x->connection = NULL;
	cds_list_add_tail(&x->node, &s->waiting);
	send_waiting(s);
	if (s->connections_n > 0 || is_resting(s))
		return true;
	cds_list_del_init(&x->node);
	rest_server(s);
	return false;
}

bool upstream_tcp_again(struct exchange *x)
{
	struct tcp_connection *c = x->connection;

	/* A way that has lost what was sent comes back seldom: the first question finds out. */
	if (c && c->heard_ms <= x->sent_ns / NS_PER_MS && !stream_is_heard(&c->stream))
		give_up(c);
	/* It waits for a place, or for the answer. */
	if (!c || !is_mute(c))
		return true;
	upstream_tcp_leave(x);
	return upstream_tcp_ask(x);
}

void upstream_tcp_time_out(struct exchange *x)
{
	struct tcp_connection *c = x->connection;

	/* A word for another question shows that the connection is alive. */
	if (c && c->heard_ms <= x->sent_ns / NS_PER_MS)
		give_up(c);
}

void upstream_tcp_leave(struct exchange *x)
{
	struct tcp_connection *c = x->connection;

	cds_list_del(&x->node);
	if (!c)
		return;
	if (now_ms(c) - MAX(c->heard_ms, x->sent_ns / NS_PER_MS) >= mute_ms(c))
		give_up(c);
	c->exchanges_n--;
	note_idle(c);
	/* Its place is worth more to others; closed by its timer, for it may be reading right now.
	 */
	if (c->exchanges_n == 0 && (c->mute || is_used_up(c)))
		stream_set_idle(&c->stream, 0);
	send_waiting(c->server);
}

static void finish_server(struct tcp_server *s)
{
	struct tcp_connection *c, *next;

	cds_list_for_each_entry_safe(c, next, &s->connections, node)
	{
		stream_close(&c->stream);
		free_connection(c);
	}
	free_server(s);
}

void upstream_tcp_finish_all(struct worker *w)
{
	struct tcp_server *s, *next;

	for (unsigned i = 0; i < TCP_SERVER_BUCKETS; i++) {
		cds_hlist_for_each_entry_safe_2(s, next, &w->tcp_server_buckets[i], node)
			finish_server(s);
	}
}
