/*
 * tcp.c - clients' connections: how many, how long, how much in flight.
 *
 * RFC 7766 (pipelining, answers out of order), RFC 7828 (keepalive), RFC 9210.
 * Places are shared fairly (base/shares.h). Who wants one when there is none for
 * him gets that of the longest idle connection of the network that holds most. A
 * connection that is owed an answer is not idle.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/proxy.h"
#include "policy/access.h"
#include "worker/view_of.h"
#include "worker/worker_private.h"

#define ACCEPTS_PER_EVENT 32
#define CLOSED_PER_TURN   64  /* when there are too many */
#define ACCEPT_PAUSE_MS   100 /* without descriptors, accepting would spin (limits.md row 60) */

static uint32_t held_by(const struct worker *w, uint16_t party)
{
	return w->client_shares.held[party];
}

static void link_client(struct tcp_client *c, bool idle)
{
	struct worker *w = c->worker;

	c->idle = idle;
	cds_list_add_tail(&c->node, idle ? &w->clients_idle : &w->clients_owed);
	if (idle)
		crowd_rest(&w->clients, c->party, held_by(w, c->party), &c->resting);
}

static void unlink_client(struct tcp_client *c)
{
	struct worker *w = c->worker;

	cds_list_del(&c->node);
	if (c->idle)
		crowd_rise(&w->clients, c->party, &c->resting);
}

/* Used just now, or an answer more or less is owed. */
static void move_client(struct tcp_client *c)
{
	unlink_client(c);
	link_client(c, c->stream.owed == 0);
}

static void leave_place(struct tcp_client *c)
{
	struct worker *w = c->worker;

	c->serial = 0; /* answers still owed find that it is gone */
	if (c->host)
		hosts_give(&w->client_hosts, c->host);
	shares_give(&w->client_shares, c->party);
	crowd_note(&w->clients, c->party, held_by(w, c->party));
	pool_give(&w->tcp_clients, c);
}

static void forget(struct tcp_client *c)
{
	unlink_client(c);
	leave_place(c);
}

static void close_client(struct tcp_client *c)
{
	stream_close(&c->stream);
	forget(c);
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
		.tag = stream->tag,
		.worker = (uint16_t)w->index,
		.listener = c->listener,
		.tcp = true,
		.encrypted = c->encrypted,
		/* By QUIC nobody may speak of that (RFC 9250 5.5.2). */
		.keepalive_ms = quic_is(stream) ? 0 : stream->idle_ms,
		.tcp_client = c,
		.client = stream->behind ? *stream->behind : c->address,
	};

	stream->owed++;
	move_client(c);
	bool later = serve_query(w, octets, len, &back, true);

	if (c->serial != back.tcp_serial)
		return false;
	if (!later) {
		stream->owed--;
		move_client(c);
		stream_settle(stream, back.tag);
	}
	if (stream->owed >= TCP_IN_FLIGHT_MAX)
		stream_pause(stream);
	return true;
}

void tcp_answer(const struct route_back *back, const uint8_t *octets, size_t len)
{
	struct tcp_client *c = back->tcp_client;

	if (c->serial != back->tcp_serial)
		return;
	/* The caller of serve_query() counts an immediate answer; this one was owed. */
	if (!stream_send(&c->stream, back->tag, octets, len))
		close_client(c);
}

bool tcp_forbids_keepalive(const struct route_back *back)
{
	struct tcp_client *c = back->tcp_client;

	return c->serial == back->tcp_serial && quic_blame(&c->stream);
}

void tcp_settle(const struct route_back *back)
{
	struct tcp_client *c = back->tcp_client;

	if (c->serial != back->tcp_serial)
		return;
	if (c->stream.owed > 0)
		c->stream.owed--;
	stream_settle(&c->stream, back->tag);
	/* The last answer to a client that has said all it wanted. */
	if (c->stream.owed == 0 && c->stream.read_end && !stream_is_sending(&c->stream)) {
		close_client(c);
		return;
	}
	if (c->stream.owed == 0)
		move_client(c);
	if (c->stream.owner_paused && c->stream.owed < TCP_IN_FLIGHT_MAX / 2)
		stream_resume(&c->stream);
}

/*
 * All who may not ask are one party, with places for a few: enough to tell them so,
 * not enough to keep others out.
 */
static void make_place_for_denied(struct worker *w)
{
	struct cds_list_head *found = crowd_idlest_of(&w->clients, PARTY_DENIED);

	if (held_by(w, PARTY_DENIED) >= TCP_DENIED_MAX && found)
		close_client(CONTAINER_OF(found, struct tcp_client, resting));
}

/*
 * The longest idle one of the party that holds most; never one that is owed an answer. One that has
 * yet to take its answer is looked at once, and then counts as owed until it asks again or its time
 * is up: however many there are of that kind, the search costs each of them one step.
 */
static struct tcp_client *idlest(struct worker *w)
{
	struct cds_list_head *found;

	while ((found = crowd_idlest(&w->clients)) != NULL) {
		struct tcp_client *c = CONTAINER_OF(found, struct tcp_client, resting);

		if (!stream_is_sending(&c->stream))
			return c;
		unlink_client(c);
		link_client(c, false);
	}
	return NULL;
}

void tcp_heed_limit(struct worker *w)
{
	const struct shares *s = &w->client_shares;
	struct tcp_client *c;

	for (unsigned i = 0; unlikely(s->taken_n > s->max) && i < CLOSED_PER_TURN; i++) {
		c = idlest(w);
		if (!c)
			return;
		close_client(c);
		tally_add(&w->tally.tcp_refused);
	}
}

void tcp_leave(struct worker *w, unsigned listener)
{
	struct tcp_client *c, *next;

	cds_list_for_each_entry_safe(c, next, &w->clients_idle, node)
	{
		if (c->listener != listener)
			continue;
		if (stream_is_sending(&c->stream))
			stream_hear_no_more(&c->stream);
		else
			close_client(c);
	}
	cds_list_for_each_entry(c, &w->clients_owed, node)
	{
		if (c->listener == listener)
			stream_hear_no_more(&c->stream);
	}
}

void tcp_cut(struct worker *w, unsigned listener)
{
	struct cds_list_head *lists[] = {&w->clients_idle, &w->clients_owed};
	struct tcp_client *c, *next;

	for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
		cds_list_for_each_entry_safe(c, next, lists[i], node)
		{
			if (c->listener == listener)
				close_client(c);
		}
	}
}

/* Is there a place for one more of @p party, maybe because an idle one gives way? */
static bool make_place(struct worker *w, uint16_t party)
{
	struct tcp_client *c;

	if (shares_allow(&w->client_shares, party))
		return true;
	/* What one leaves is no place yet where there are too many. */
	c = w->client_shares.taken_n > w->client_shares.max ? NULL : idlest(w);
	if (!c || held_by(w, c->party) < held_by(w, party))
		return false;
	close_client(c);
	tally_add(&w->tally.tcp_refused);
	return true;
}

bool is_proxy_of(const struct listener *l, const struct address *a)
{
	for (unsigned i = 0; l->options && i < l->options->proxies_n; i++) {
		if (prefix_holds(&l->options->proxies[i], a))
			return true;
	}
	return false;
}

/* May it say who a client is? */
static bool is_proxy(const struct worker *w, const struct address *a)
{
	const struct serve_options *o = &w->rules->serve;

	for (unsigned i = 0; i < o->https.trusted_n; i++) {
		if (prefix_holds(&o->https.trusted[i], a))
			return true;
	}
	return false;
}

/* Who it is for stands before all else: whether that one may speak for others is told by it. */
static size_t read_proxy(struct stream *stream, const uint8_t *octets, size_t n)
{
	struct tcp_client *c = CONTAINER_OF(stream, struct tcp_client, stream);
	size_t len = proxy_read(octets, n, &c->address);

	if (len == n && stream->framing)
		http_set_trusted(stream, is_proxy(c->worker, &c->address));
	return len;
}

/* Is @p a a host that may have a few connections only? Those of this one are of all its programs.
 */
static bool is_counted(const struct address *a, bool proxied)
{
	return !proxied && !address_is_loopback(a);
}

static bool has_too_many(const struct worker *w, const struct address *a)
{
	return hosts_held(&w->client_hosts, &w->shared->hash_key, a) >= TCP_PER_CLIENT_MAX;
}

static void init_client(struct tcp_client *c, struct worker *w, const struct address *a,
			uint16_t party, uint8_t listener)
{
	c->worker = w;
	c->address = *a;
	c->party = party;
	c->listener = listener;
	c->encrypted = transport_is_encrypted(w->listeners[listener].at.transport);
	c->serial = ++w->tcp_serial ? w->tcp_serial : ++w->tcp_serial;
	c->stream.message = on_message;
	c->stream.ended = on_ended;
}

static struct tcp_client *take_place(struct worker *w, const struct address *a, uint8_t listener)
{
	const struct listener *l = &w->listeners[listener];
	bool proxied = unlikely(l->options && l->options->proxies_n > 0);
	const struct access_list *access =
		&rules_for_view(w->rules, view_of(w, a, listener))->access;
	/* For whom a proxy asks is looked at with each query. */
	bool allowed = proxied ? is_proxy_of(l, a) : access_allows(access, a);
	bool counted = allowed && is_counted(a, proxied);
	uint16_t party = allowed ? party_of(&w->shared->hash_key, a) : PARTY_DENIED;
	struct tcp_client *c;

	if (!allowed && (access->drop || proxied))
		return NULL;
	if (!allowed)
		make_place_for_denied(w);
	if ((counted && has_too_many(w, a)) || !make_place(w, party))
		return NULL;
	c = pool_take(&w->tcp_clients);
	if (!c)
		return NULL;
	init_client(c, w, a, party, listener);
	/* There are as many places for hosts as for connections. */
	c->host = counted ? hosts_take(&w->client_hosts, &w->shared->hash_key, a) : NULL;
	shares_take(&w->client_shares, party);
	crowd_note(&w->clients, party, held_by(w, party));
	return c;
}

/* What idle ones have, which keepalive tells (RFC 7828). */
static uint32_t idle_ms(const struct worker *w)
{
	bool busy = w->client_shares.taken_n > w->client_shares.max / 4 * 3;

	return busy ? MIN(w->rules->serve.tcp_idle_ms, (uint32_t)TCP_IDLE_BUSY_MS)
		    : w->rules->serve.tcp_idle_ms;
}

/* False when memory is short, or there is no certificate. */
static bool begin_transport(struct tcp_client *c, enum transport transport)
{
	struct worker *w = c->worker;

	bool http = transport == TRANSPORT_HTTPS || transport == TRANSPORT_HTTP;
	enum tls_protocol inside = http ? TLS_HTTPS : TLS_DOT;

	if (http && !http_serve(&c->stream, &w->http, is_proxy(w, &c->address)))
		return false;
	if (!transport_is_encrypted(transport))
		return true;
	return w->rules->tls && tls_serve(&c->stream, w->rules->tls, &w->tls, inside);
}

static void serve_connection(struct worker *w, int fd, const struct address *a, uint8_t listener)
{
	struct tcp_client *c = take_place(w, a, listener);

	if (!c) {
		tally_add(&w->tally.tcp_refused);
		close(fd);
		return;
	}
	if (!stream_accept(&c->stream, &w->loop, fd, idle_ms(w))) {
		leave_place(c);
		return;
	}
	if (unlikely(is_proxy_of(&w->listeners[listener], a)))
		c->stream.prelude = read_proxy;
	c->stream.gather = &w->gather;
	link_client(c, true);
	if (!begin_transport(c, w->listeners[listener].at.transport)) {
		close_client(c);
		return;
	}
	tally_add(&w->tally.tcp_accepted);
}

struct stream *tcp_accept_quic(void *worker, const struct address *a, uint8_t listener,
			       uint32_t *idle)
{
	struct worker *w = worker;
	struct tcp_client *c = take_place(w, a, listener);

	if (!c) {
		tally_add(&w->tally.tcp_refused);
		return NULL;
	}
	*idle = idle_ms(w);
	tally_add(&w->tally.tcp_accepted);
	link_client(c, true);
	return &c->stream;
}

void tcp_give_back(void *worker, struct stream *s)
{
	struct tcp_client *c = CONTAINER_OF(s, struct tcp_client, stream);

	(void)worker;
	forget(c);
}

/* The place is that of the network where the client is now, and of the host. */
static void change_holder(struct tcp_client *c, const struct address *to, uint16_t party)
{
	struct worker *w = c->worker;
	bool idle = c->idle;

	unlink_client(c);
	if (c->host)
		hosts_give(&w->client_hosts, c->host);
	shares_give(&w->client_shares, c->party);
	crowd_note(&w->clients, c->party, held_by(w, c->party));
	c->host = is_counted(to, false) ? hosts_take(&w->client_hosts, &w->shared->hash_key, to)
					: NULL;
	shares_take(&w->client_shares, party);
	crowd_note(&w->clients, party, held_by(w, party));
	c->party = party;
	c->address = *to;
	link_client(c, idle);
}

/* Is it the host that holds the place already? */
static bool is_same_host(const struct tcp_client *c, const struct address *to)
{
	return c->host && c->host->family == to->family &&
	       memcmp(c->host->net, to->octets, to->family == 4 ? 4 : 8) == 0;
}

bool tcp_moved(void *worker, struct stream *s, const struct address *to)
{
	struct worker *w = worker;
	struct tcp_client *c = CONTAINER_OF(s, struct tcp_client, stream);
	uint16_t party = party_of(&w->shared->hash_key, to);
	struct address before = c->address, now = *to;

	before.port = now.port = 0;
	if (address_equal(&before, &now)) {
		c->address = *to;
		return true;
	}
	if (!access_allows(&rules_for_view(w->rules, view_of(w, to, c->listener))->access, to) ||
	    (is_counted(to, false) && !is_same_host(c, to) && has_too_many(w, to)) ||
	    (party != c->party && !shares_allow(&w->client_shares, party)))
		return false;
	change_holder(c, to, party);
	return true;
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
			serve_connection(l->worker, fd, &a, l->index);
		else
			close(fd);
	}
}

void tcp_finish_all(struct worker *w)
{
	struct cds_list_head *lists[] = {&w->clients_idle, &w->clients_owed};

	for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
		while (!cds_list_empty(lists[i]))
			close_client(cds_list_first_entry(lists[i], struct tcp_client, node));
	}
}
