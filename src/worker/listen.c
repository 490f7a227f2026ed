/* listen.c - see listen.h. */
#include "worker/listen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/worker_private.h"

#define LAST_ROUNDS 64 /* of what has come in at a socket before it closes */

void listener_fds_close(const struct listener_fds *fds)
{
	if (fds->udp >= 0)
		close(fds->udp);
	if (fds->tcp >= 0)
		close(fds->tcp);
}

/* Clients of HTTPS are told of it, unless it is about to go; of several ports any will do. */
static void note_http3(struct worker *w)
{
	w->http.http3_port = 0;
	for (unsigned i = 0; i < w->listeners_n; i++) {
		const struct listener *l = &w->listeners[i];

		if (l->used && !timer_is_set(&l->linger) && l->at.transport == TRANSPORT_HTTP3)
			w->http.http3_port = l->at.address.port;
	}
}

static void end(struct listener *l)
{
	if (!l->used)
		return;
	if (transport_is_quic(l->at.transport))
		tcp_cut(l->worker, l->index);
	if (l->batch)
		udp_batch_destroy(l->batch);
	l->batch = NULL;
	if (l->udp_watch.fd >= 0)
		close(l->udp_watch.fd);
	if (l->tcp_watch.fd >= 0)
		close(l->tcp_watch.fd);
	l->used = l->udp_on = l->tcp_on = l->accept_paused = false;
	l->at = (struct endpoint){0};
	note_http3(l->worker);
	atomic_store_explicit(&l->open, false, memory_order_release);
}

static void end_lingering(struct timer *timer)
{
	end(CONTAINER_OF(timer, struct listener, linger));
}

/* False when the socket may still be given what others are to answer: who leaves it open reads it.
 */
static bool stop_udp(struct worker *w, struct listener *l)
{
	if (!l->batch)
		return true;
	/* A socket that is others', too, goes on for them. */
	bool turned = l->shared || udp_turn_away(l->udp_watch.fd, &l->at.address);

	for (unsigned i = 0; !l->shared && i < LAST_ROUNDS; i++)
		l->udp_watch.ready(&l->udp_watch, EPOLLIN);
	if (l->udp_on)
		loop_remove(&w->loop, &l->udp_watch);
	l->udp_on = false;
	return turned;
}

static void stop_tcp(struct worker *w, struct listener *l)
{
	if (l->tcp_watch.fd < 0)
		return;
	for (unsigned i = 0; l->tcp_on && !l->accept_paused && !l->shared && i < LAST_ROUNDS; i++)
		tcp_accept_ready(&l->tcp_watch, EPOLLIN);
	if (l->tcp_on && !l->accept_paused)
		loop_remove(&w->loop, &l->tcp_watch);
	l->tcp_on = l->accept_paused = false;
	close(l->tcp_watch.fd);
	l->tcp_watch.fd = -1;
}

const struct listen_options *listen_options_of(const struct rules *rules, const struct endpoint *at)
{
	for (unsigned i = 0; at->address.family != 0 && i < rules->listen_n; i++) {
		if (endpoint_equal(&rules->listen[i].at, at))
			return &rules->listen[i];
	}
	return NULL;
}

bool listen_open(struct worker *w, unsigned slot, const struct listener_fds *fds)
{
	struct listener *l = &w->listeners[slot];

	/* It rested; or orders that waited for a busy worker come all at once, and it lingers. */
	if (l->used) {
		timer_cancel(&w->loop.wheel, &l->linger);
		(void)stop_udp(w, l);
		stop_tcp(w, l);
		end(l);
	}
	l->worker = w;
	l->index = (uint8_t)slot;
	l->at = fds->at;
	l->udp_watch = (struct watch){
		fds->udp, transport_is_quic(fds->at.transport) ? quic_udp_ready : serve_udp_ready};
	l->tcp_watch = (struct watch){fds->tcp, tcp_accept_ready};
	l->shared = fds->shared;
	l->view =
		(uint8_t)view_of_listener(w->rules->views, w->rules->view_clients, &l->at.address);
	l->had_view = l->view != 0;
	l->options = listen_options_of(w->rules, &l->at);
	timer_init(&l->linger, end_lingering);
	l->batch = fds->udp >= 0 ? udp_batch_create(fds->udp, fds->wildcard) : NULL;
	if (fds->udp >= 0 && !l->batch) {
		listener_fds_close(fds);
		return false;
	}
	l->used = true;
	w->listeners_n = MAX(w->listeners_n, slot + 1);
	note_http3(w);
	atomic_store_explicit(&l->open, true, memory_order_release);
	return true;
}

bool listen_start(struct worker *w, unsigned slot)
{
	struct listener *l = &w->listeners[slot];

	if (!l->used)
		return false;
	if (!l->udp_on && l->udp_watch.fd >= 0)
		l->udp_on = loop_add(&w->loop, &l->udp_watch, EPOLLIN);
	if (!l->tcp_on && l->tcp_watch.fd >= 0)
		l->tcp_on = loop_add(&w->loop, &l->tcp_watch, EPOLLIN);
	return l->udp_on == (l->udp_watch.fd >= 0) && l->tcp_on == (l->tcp_watch.fd >= 0);
}

void listen_rest(struct worker *w, unsigned slot)
{
	struct listener *l = &w->listeners[slot];

	if (l->used && !timer_is_set(&l->linger) && !stop_udp(w, l))
		l->udp_on = loop_add(&w->loop, &l->udp_watch, EPOLLIN);
}

void listen_stop_accepting(struct worker *w, unsigned slot)
{
	struct listener *l = &w->listeners[slot];

	if (l->used)
		stop_tcp(w, l);
}

void listen_close(struct worker *w, unsigned slot)
{
	struct listener *l = &w->listeners[slot];

	if (!l->used || timer_is_set(&l->linger))
		return;
	bool turned = stop_udp(w, l);

	stop_tcp(w, l);
	/* By its own address a client may be somebody else; by QUIC it has nothing but the socket.
	 */
	if (l->had_view || transport_is_quic(l->at.transport))
		tcp_leave(w, slot);
	/* From an address that is gone no answer can be sent, and lingering would take what comes
	 * once it is back. */
	if (turned)
		loop_timer(&w->loop, &l->linger, LISTENER_LINGER_MS);
	else
		end(l);
	note_http3(w);
}

void listen_obey(struct worker *w, enum listen_order order, unsigned slot,
		 const struct listener_fds *fds)
{
	bool good = true;

	switch (order) {
	case LISTEN_OPEN: good = listen_open(w, slot, fds); break;
	case LISTEN_START: good = listen_start(w, slot); break;
	case LISTEN_REST: listen_rest(w, slot); break;
	case LISTEN_STOP_ACCEPTING: listen_stop_accepting(w, slot); break;
	case LISTEN_CLOSE: listen_close(w, slot); break;
	}
	if (!good)
		log_error(w->shared->log, "worker %u: a new address can't be listened on",
			  w->index);
}

void listen_serve_datagrams(struct loop *loop)
{
	struct worker *w = CONTAINER_OF(loop, struct worker, loop);

	for (unsigned i = 0; i < w->listeners_n; i++) {
		struct listener *l = &w->listeners[i];

		/* By QUIC there may be a handshake in each: these wait for their turn. */
		if (l->udp_on && !transport_is_quic(l->at.transport))
			serve_udp_ready(&l->udp_watch, EPOLLIN);
	}
	listen_flush_all(w);
}

void listen_flush_all(struct worker *w)
{
	for (unsigned i = 0; i < w->listeners_n; i++) {
		if (w->listeners[i].batch)
			udp_flush(w->listeners[i].batch);
	}
}

void listen_end_all(struct worker *w)
{
	for (unsigned i = 0; i < w->listeners_n; i++) {
		timer_cancel(&w->loop.wheel, &w->listeners[i].linger);
		end(&w->listeners[i]);
	}
}
