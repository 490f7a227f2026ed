/*
 * upstream_tcp.c - questions over TCP, several on one connection (RFC 7766).
 *
 * Replies are matched by id, in any order. A connection that ends tells its
 * open questions so; whether to try again is the resolver's decision.
 */
#include <string.h>

#include "base/bytes.h"
#include "worker/worker_private.h"

#define SERVER_CONNECTIONS_MAX 4    /* to one server (limits.md row 34) */
#define SERVER_PIPELINE_MAX    32   /* questions open on one connection */
#define SERVER_IDLE_MS         5000 /* kept for the next question */

/** A connection to a server. */
struct tcp_server {
	struct stream stream;
	struct worker *worker;
	struct tcp_server *next;
	struct tcp_server *prev;
	struct exchange *exchanges;
	struct address address;
	uint32_t exchanges_n;
};

size_t tcp_server_size(void)
{
	return sizeof(struct tcp_server);
}

static void unlink_server(struct tcp_server *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		s->worker->servers = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static void on_ended(struct stream *stream, enum stream_end why)
{
	struct tcp_server *s = CONTAINER_OF(stream, struct tcp_server, stream);
	struct worker *w = s->worker;
	struct upstream_reply reply = {.event = UPSTREAM_UNREACHABLE, .transport = UPSTREAM_TCP};

	(void)why;
	unlink_server(s);
	/* Each one leaves the list as it ends; none can join, the server is unlinked. */
	while (s->exchanges)
		upstream_end(s->exchanges, &reply);
	pool_give(&w->tcp_servers, s);
}

static bool on_message(struct stream *stream, const uint8_t *octets, size_t len)
{
	struct tcp_server *s = CONTAINER_OF(stream, struct tcp_server, stream);
	struct upstream_reply reply = {.event = UPSTREAM_ANSWERED,
				       .transport = UPSTREAM_TCP,
				       .octets = octets,
				       .len = len};

	for (struct exchange *x = s->exchanges; x; x = x->server_next) {
		/* By TCP the sender is known: other case is the server's habit, not a forgery. */
		if (upstream_match(x, octets, len) == REPLY_IS_FOREIGN)
			continue;
		upstream_end(x, &reply);
		return true;
	}
	tally_add(&s->worker->tally.upstream_mismatched);
	return true;
}

static struct tcp_server *find_server(struct worker *w, const struct address *a,
				      unsigned *connections)
{
	struct tcp_server *best = NULL;

	*connections = 0;
	for (struct tcp_server *s = w->servers; s; s = s->next) {
		if (!address_equal(&s->address, a))
			continue;
		++*connections;
		if (s->exchanges_n < SERVER_PIPELINE_MAX && !s->stream.read_end &&
		    (!best || s->exchanges_n < best->exchanges_n))
			best = s;
	}
	return best;
}

static struct tcp_server *open_server(struct worker *w, const struct address *a)
{
	struct tcp_server *s = pool_take(&w->tcp_servers);

	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->worker = w;
	s->address = *a;
	s->stream.message = on_message;
	s->stream.ended = on_ended;
	if (!stream_connect(&s->stream, &w->loop, a, SERVER_IDLE_MS)) {
		pool_give(&w->tcp_servers, s);
		return NULL;
	}
	s->next = w->servers;
	if (s->next)
		s->next->prev = s;
	w->servers = s;
	return s;
}

static bool has_id(const struct tcp_server *s, uint16_t id)
{
	for (const struct exchange *x = s->exchanges; x; x = x->server_next) {
		if (x->id == id)
			return true;
	}
	return false;
}

bool upstream_tcp_ask(struct exchange *x)
{
	struct worker *w = x->worker;
	unsigned connections;
	struct tcp_server *s = find_server(w, &x->address, &connections);

	if (!s && connections < SERVER_CONNECTIONS_MAX)
		s = open_server(w, &x->address);
	if (!s)
		return false;
	while (has_id(s, x->id))
		x->id = random_u16(&w->random);
	put_u16(x->wire, x->id);
	if (!stream_send(&s->stream, x->wire, x->wire_len))
		return false;
	x->server = s;
	x->server_next = s->exchanges;
	s->exchanges = x;
	s->exchanges_n++;
	s->stream.owed++;
	tally_add(&w->tally.upstream_tcp);
	return true;
}

void upstream_tcp_leave(struct exchange *x)
{
	struct tcp_server *s = x->server;
	struct exchange **link = &s->exchanges;

	while (*link != x)
		link = &(*link)->server_next;
	*link = x->server_next;
	s->exchanges_n--;
	s->stream.owed--;
}

void upstream_tcp_finish_all(struct worker *w)
{
	while (w->servers) {
		struct tcp_server *s = w->servers;

		stream_close(&s->stream);
		unlink_server(s);
		pool_give(&w->tcp_servers, s);
	}
}
