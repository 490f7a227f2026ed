/*
 * tcp.c - clients' connections: how many, how long, how much in flight.
 *
 * RFC 7766 (pipelining, answers out of order), RFC 7828 (keepalive), RFC 9210.
 * When all places are taken the connection that has been idle longest makes
 * room, so that idle connections can't keep new clients out.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/worker_private.h"

#define ACCEPTS_PER_EVENT 32
#define ACCEPT_PAUSE_MS   100 /* without descriptors, accepting would spin (limits.md row 60) */

static void unlink_client(struct worker *w, struct tcp_client *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		w->clients_newest = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		w->clients_oldest = c->prev;
}

static void link_client(struct worker *w, struct tcp_client *c)
{
	c->prev = NULL;
	c->next = w->clients_newest;
	if (c->next)
		c->next->prev = c;
	else
		w->clients_oldest = c;
	w->clients_newest = c;
}

static void forget(struct tcp_client *c)
{
	struct worker *w = c->worker;

	unlink_client(w, c);
	c->serial = 0; /* answers still owed find that it is gone */
	pool_give(&w->tcp_clients, c);
}

static void on_ended(struct stream *stream, enum stream_end why)
{
	(void)why;
	forget(CONTAINER_OF(stream, struct tcp_client, stream));
}

static bool on_message(struct stream *stream, const uint8_t *octets, size_t len)
{
	struct tcp_client *c = CONTAINER_OF(stream, struct tcp_client, stream);
	struct worker *w = c->worker;
	struct route_back back = {
		.tcp_serial = c->serial,
		.worker = (uint16_t)w->index,
		.tcp = true,
		.tcp_client = c,
		.client = c->address,
	};

	/* Used last: the front of the list, so that its end is the longest idle one. */
	unlink_client(w, c);
	link_client(w, c);
	stream->owed++;
	if (!serve_query(w, octets, len, &back, true) && c->serial == back.tcp_serial)
		stream->owed--;
	if (c->serial == back.tcp_serial && stream->owed >= TCP_IN_FLIGHT_MAX)
		stream_pause(stream);
	return c->serial == back.tcp_serial;
}

void tcp_answer(struct tcp_client *c, uint32_t serial, const uint8_t *octets, size_t len)
{
	if (c->serial != serial)
		return;
	/* The caller of serve_query() counts an immediate answer; this one was owed. */
	if (!stream_send(&c->stream, octets, len)) {
		stream_close(&c->stream);
		forget(c);
	}
}

void tcp_settle(struct tcp_client *c, uint32_t serial)
{
	if (c->serial != serial)
		return;
	if (c->stream.owed > 0)
		c->stream.owed--;
	/* The last answer to a client that has said all it wanted. */
	if (c->stream.owed == 0 && c->stream.read_end && !c->stream.unsent) {
		stream_close(&c->stream);
		forget(c);
		return;
	}
	if (c->stream.owner_paused && c->stream.owed < TCP_IN_FLIGHT_MAX / 2)
		stream_resume(&c->stream);
}

static bool same_net(const struct address *a, const struct address *b)
{
	/* One IPv6 host has a /64 of addresses. */
	return a->family == b->family && memcmp(a->octets, b->octets, a->family == 4 ? 4 : 8) == 0;
}

static bool has_too_many(const struct worker *w, const struct address *a)
{
	unsigned n = 0;

	for (const struct tcp_client *c = w->clients_newest; c; c = c->next)
		n += same_net(&c->address, a);
	return n >= TCP_PER_CLIENT_MAX && !address_is_loopback(a);
}

static struct tcp_client *place_for_client(struct worker *w)
{
	struct tcp_client *c = pool_take(&w->tcp_clients);
	struct tcp_client *idle = w->clients_oldest;

	if (c || !idle)
		return c;
	stream_close(&idle->stream);
	forget(idle);
	tally_add(&w->tally.tcp_refused);
	return pool_take(&w->tcp_clients);
}

static void serve_connection(struct worker *w, int fd, const struct address *a)
{
	struct tcp_client *c = has_too_many(w, a) ? NULL : place_for_client(w);
	bool busy = w->tcp_clients.taken_n > TCP_CLIENTS_MAX / 4 * 3;

	if (!c) {
		tally_add(&w->tally.tcp_refused);
		close(fd);
		return;
	}
	c->worker = w;
	c->address = *a;
	c->serial = ++w->tcp_serial ? w->tcp_serial : ++w->tcp_serial;
	c->stream.message = on_message;
	c->stream.ended = on_ended;
	if (!stream_accept(&c->stream, &w->loop, fd, busy ? TCP_IDLE_BUSY_MS : TCP_IDLE_MS)) {
		c->serial = 0;
		pool_give(&w->tcp_clients, c);
		return;
	}
	link_client(w, c);
	tally_add(&w->tally.tcp_accepted);
}

static void pause_accepting(struct listener *l)
{
	struct worker *w = l->worker;

	l->accept_paused = true;
	loop_remove(&w->loop, &l->tcp_watch);
	loop_timer(&w->loop, &w->accept_timer, ACCEPT_PAUSE_MS);
}

void tcp_resume_accepting(struct timer *timer)
{
	struct worker *w = CONTAINER_OF(timer, struct worker, accept_timer);

	for (unsigned i = 0; i < w->listeners_n; i++) {
		struct listener *l = &w->listeners[i];

		if (l->accept_paused && loop_add(&w->loop, &l->tcp_watch, EPOLLIN))
			l->accept_paused = false;
		if (l->accept_paused)
			loop_timer(&w->loop, &w->accept_timer, ACCEPT_PAUSE_MS);
	}
}

void tcp_accept_ready(struct watch *watch, uint32_t events)
{
	struct listener *l = CONTAINER_OF(watch, struct listener, tcp_watch);

	(void)events;
	for (unsigned i = 0; i < ACCEPTS_PER_EVENT; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof sa;
		struct address a;
		int fd = accept4(watch->fd, (struct sockaddr *)&sa, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
			pause_accepting(l);
		if (fd < 0)
			return;
		if (address_from_sockaddr((struct sockaddr *)&sa, &a))
			serve_connection(l->worker, fd, &a);
		else
			close(fd);
	}
}

void tcp_finish_all(struct worker *w)
{
	while (w->clients_newest) {
		struct tcp_client *c = w->clients_newest;

		stream_close(&c->stream);
		forget(c);
	}
}
