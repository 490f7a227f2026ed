/*
 * stream.c - the life of a connection:
 *
 *   accept or connect -> [read message -> owner]* -> idle, stalled, reset or closed
 *
 * One timer covers all waits: it fires when neither a whole message nor progress
 * in sending was seen for as long as the state allows.
 */
#include "net/stream_private.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"

/* So that one busy connection does not starve the others. */
#define READS_PER_EVENT    4
#define OCTETS_PER_EVENT   (READS_PER_EVENT * STREAM_BUFFER) /* with a codec, */
#define TIMED_OUT_PER_TURN 64
#define RECORDS_PER_EVENT  128 /* which may have many from one read of the socket */

/* No message can pass yet. */
bool stream_is_beginning(const struct stream *s)
{
	return s->connecting || s->opening || s->prelude;
}

static uint32_t patience_ms(const struct stream *s)
{
	if (s->idle_ms == 0)
		return 0;
	if (stream_is_sending(s) || stream_is_beginning(s))
		return STREAM_STALL_MS;
	if (s->rx_n > 0)
		return STREAM_MESSAGE_MS;
	return s->idle_ms;
}

void stream_arm(struct stream *s)
{
	/* A timer that is set too early finds that out when it fires: cheaper than moving it. */
	if (!timer_is_set(&s->timer) || s->timer.at_ms > s->since_ms + patience_ms(s))
		timer_set(&s->loop->wheel, &s->timer, s->since_ms + patience_ms(s));
}

/* A message begun has its time from its first octet on, whatever else happens. */
void stream_note_progress(struct stream *s)
{
	if (s->rx_n == 0)
		s->since_ms = loop_ms(s->loop);
	stream_arm(s);
}

void stream_end(struct stream *s, enum stream_end why)
{
	if (s->closed)
		return;
	/* What was asked before is answered, and a framing's last word said. */
	if (s->gathering)
		(void)!stream_uncork(s);
	stream_close(s);
	s->ended(s, why);
}

/* Is it the peer that we wait for to go on? */
static bool is_peers_turn(const struct stream *s)
{
	return stream_is_sending(s) || s->rx_n > 0 || stream_is_beginning(s);
}

static void on_timer(struct timer *t)
{
	struct stream *s = CONTAINER_OF(t, struct stream, timer);

	/* A peer that waits for our answers is not idle. */
	if (s->owed > 0 && !is_peers_turn(s))
		s->since_ms = loop_ms(s->loop);
	uint64_t due_ms = s->since_ms + patience_ms(s);

	/* Many may be due together: who asks does not wait until all of them are closed. */
	if (loop_ms(s->loop) < due_ms || s->loop->timed_out++ >= TIMED_OUT_PER_TURN) {
		timer_set(&s->loop->wheel, t, due_ms);
		return;
	}
	stream_end(s, is_peers_turn(s) ? STREAM_STALLED : STREAM_IDLE);
}

/* Has the codec octets that the socket has not? What stands behind the end is nobody's. */
static bool is_pending(const struct stream *s)
{
	return s->codec && !s->opening && !s->read_end && s->codec->pending(s);
}

void stream_watch_for(struct stream *s)
{
	uint32_t events = 0;

	s->paused = s->owner_paused || s->framing_holds || s->unsent_octets > STREAM_UNSENT_MAX / 2;
	if (s->watch.fd < 0)
		return;
	/* A handshake goes on, whatever waits for its end. */
	if ((!s->paused || s->opening) && !s->read_end && !s->codec_turn)
		events |= EPOLLIN;
	if (s->connecting || s->codec_writes || s->raw || (s->unsent && !s->opening))
		events |= EPOLLOUT;
	/* Whoever may write is called at once. */
	if ((!s->paused && is_pending(s)) || s->framing_turn)
		events |= EPOLLOUT;
	if (events == s->events)
		return;
	s->events = events;
	loop_change(s->loop, &s->watch, events);
}

static ssize_t get_octets(struct stream *s, uint8_t *to, size_t max)
{
	return s->codec ? s->codec->read(s, to, max) : recv(s->watch.fd, to, max, 0);
}

bool stream_deliver(struct stream *s, uint32_t tag, const uint8_t *octets, size_t len)
{
	s->since_ms = loop_ms(s->loop);
	s->heard = true;
	s->tag = tag;
	return s->message(s, octets, len) && !s->closed;
}

static bool deliver(struct stream *s, const uint8_t *octets, size_t len)
{
	return stream_deliver(s, 0, octets, len);
}

static bool deliver_buffered(struct stream *s)
{
	uint32_t at = 0;

	while (s->rx_n - at >= 2) {
		size_t len = get_u16(s->buffer + at);

		if (s->rx_n - at - 2 < len)
			break;
		/* The owner may pause reading; what has arrived already is still served. */
		at += 2 + (uint32_t)len;
		if (!deliver(s, s->buffer + at - len, len))
			return false;
	}
	memmove(s->buffer, s->buffer + at, s->rx_n - at);
	s->rx_n -= at;
	return true;
}

static bool make_large(struct stream *s)
{
	s->large = malloc(2 + (size_t)get_u16(s->buffer));
	if (!s->large)
		return false;
	memcpy(s->large, s->buffer, s->rx_n);
	return true;
}

static bool deliver_large(struct stream *s)
{
	uint8_t *large = s->large;
	size_t len = get_u16(large);

	if (s->rx_n < len + 2)
		return true;
	s->large = NULL;
	s->rx_n = 0;
	bool open = deliver(s, large + 2, len);

	free(large);
	return open;
}

/*
 * A framing keeps by itself what is not whole; false when the stream has ended. Octets that belong
 * to no message, with which a peer would only keep its place, leave the stream as idle as it was.
 */
static bool take_framed(struct stream *s, size_t n)
{
	bool idle = s->rx_n == 0 && s->owed == 0 && !stream_is_sending(s);
	uint64_t since_ms = s->since_ms;

	s->heard = false;
	if (!s->framing->take(s, s->buffer, n))
		stream_end(s, STREAM_RESET);
	if (s->closed)
		return false;
	if (idle && !s->heard)
		s->since_ms = s->rx_n > 0 ? loop_ms(s->loop) : since_ms;
	return true;
}

/* One read and what it completes; false when the stream has ended. */
static bool read_once(struct stream *s, bool *more, size_t *octets)
{
	size_t max = s->large ? 2 + (size_t)get_u16(s->large) : sizeof s->buffer;
	uint8_t *to = s->large ? s->large : s->buffer;
	size_t have = s->framing ? 0 : s->rx_n;
	ssize_t n = get_octets(s, to + have, max - have);

	*more = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		stream_end(s, STREAM_RESET);
		return false;
	}
	if (n == 0) {
		s->read_end = true;
		return true;
	}
	if (s->rx_n == 0 && !s->framing)
		s->since_ms = loop_ms(s->loop);
	*more = (size_t)n == max - have || is_pending(s);
	*octets += (size_t)n;
	if (s->framing)
		return take_framed(s, (size_t)n);
	s->rx_n += (uint32_t)n;
	if (s->large)
		return deliver_large(s);
	if (!deliver_buffered(s))
		return false;
	if (s->rx_n >= 2 && 2 + (size_t)get_u16(s->buffer) > sizeof s->buffer && !make_large(s)) {
		stream_end(s, STREAM_NO_MEMORY);
		return false;
	}
	return true;
}

static bool read_some(struct stream *s)
{
	unsigned max = s->codec ? RECORDS_PER_EVENT : READS_PER_EVENT;
	size_t octets = 0;
	bool more = true;

	/* What a codec has left is no event of the socket's: stream_watch_for() sees to it. */
	for (unsigned i = 0; more && !s->paused && i < max; i++) {
		if (s->codec && octets >= OCTETS_PER_EVENT)
			break;
		if (!read_once(s, &more, &octets))
			return false;
	}
	return true;
}

/* False when the stream has ended. */
static bool read_messages(struct stream *s)
{
	bool corked = stream_cork(s);
	bool open = read_some(s);

	if (!corked)
		return open;
	if (!open) {
		s->gather->owner = NULL;
		return false;
	}
	if (stream_uncork(s))
		return true;
	stream_end(s, STREAM_NO_MEMORY);
	return false;
}

/* False when the stream has ended. */
static bool let_framing_go_on(struct stream *s)
{
	s->framing_turn = false;
	if (s->framing->go_on(s))
		return !s->closed;
	stream_end(s, STREAM_RESET);
	return false;
}

/* No octet behind it is read. False when the stream has ended. */
static bool read_prelude(struct stream *s)
{
	while (s->prelude) {
		size_t wanted = s->prelude(s, s->buffer, s->rx_n);

		if (wanted == s->rx_n && wanted > 0) {
			s->prelude = NULL;
			s->rx_n = 0;
			return true;
		}
		ssize_t n = wanted > s->rx_n && wanted <= sizeof s->buffer
				    ? recv(s->watch.fd, s->buffer + s->rx_n, wanted - s->rx_n, 0)
				    : 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0) {
			stream_end(s, STREAM_RESET);
			return false;
		}
		s->rx_n += (uint32_t)n;
	}
	return true;
}

static bool finish_connecting(struct stream *s)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(s->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error)
		return false;
	s->connecting = false;
	return true;
}

/* False when the codec has failed. */
static bool go_on_opening(struct stream *s)
{
	enum codec_state state = s->codec->open(s);

	s->opening = state != CODEC_OPEN;
	/* It may have waited long for its turn: only from here on can a message come. */
	if (!s->opening)
		s->since_ms = loop_ms(s->loop);
	s->codec_writes = state == CODEC_WANTS_WRITE;
	s->codec_turn = state == CODEC_WANTS_TURN;
	return state != CODEC_FAILED;
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct stream *s = CONTAINER_OF(w, struct stream, watch);

	if (s->connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) && !finish_connecting(s)) {
		stream_end(s, STREAM_RESET);
		return;
	}
	if (s->prelude && !read_prelude(s))
		return;
	if (s->prelude) {
		stream_arm(s);
		return;
	}
	/* While it waits for its turn nothing but a peer that hangs up wakes it. */
	if (s->codec_turn || (s->opening && !go_on_opening(s))) {
		stream_end(s, STREAM_RESET);
		return;
	}
	if (s->opening) {
		stream_arm(s);
		stream_watch_for(s);
		return;
	}
	/* What came before the connection broke is read first; then reading tells. */
	if ((events & EPOLLOUT || s->codec) && !stream_write_unsent(s))
		stream_drop_unsent(s);
	if (s->framing_turn && !let_framing_go_on(s))
		return;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR) || is_pending(s)) && !read_messages(s))
		return;
	/* Half-closed with nothing left to say, or nobody to hear it: over. */
	if (s->read_end && (s->asks || (!stream_is_sending(s) && s->owed == 0))) {
		stream_end(s, STREAM_CLOSED_BY_PEER);
		return;
	}
	bool deaf = s->paused || s->read_end;

	if ((events & EPOLLERR && deaf) || (s->mute && (deaf || !(events & EPOLLIN)))) {
		stream_end(s, STREAM_RESET);
		return;
	}
	stream_arm(s);
	stream_watch_for(s);
}

static void reset(struct stream *s, struct loop *loop, int fd, uint32_t idle_ms, uint32_t events)
{
	s->loop = loop;
	s->watch = (struct watch){fd, on_ready};
	s->unsent = s->unsent_last = NULL;
	s->large = NULL;
	s->unsent_octets = s->rx_n = 0;
	s->codec = NULL;
	s->codec_state = NULL;
	s->prelude = NULL;
	s->gather = NULL;
	s->gathering = false;
	s->raw = NULL;
	s->raw_at = s->raw_n = 0;
	s->framing = NULL;
	s->framing_state = NULL;
	s->framing_holds = s->framing_turn = s->withheld = false;
	s->behind = NULL;
	s->tag = 0;
	s->heard = false;
	s->opening = s->codec_writes = s->codec_turn = false;
	s->owed = 0;
	s->idle_ms = idle_ms;
	s->events = events;
	s->paused = s->owner_paused = s->read_end = s->mute = s->closed = false;
	s->since_ms = loop_ms(loop);
	timer_init(&s->timer, on_timer);
}

static bool start(struct stream *s, struct loop *loop, int fd, uint32_t idle_ms, uint32_t events)
{
	reset(s, loop, fd, idle_ms, events);
	if (!loop_add(loop, &s->watch, events))
		return false;
	loop_timer(loop, &s->timer, patience_ms(s));
	return true;
}

bool stream_accept(struct stream *s, struct loop *loop, int fd, uint32_t idle_ms)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	s->asks = s->connecting = false;
	if (start(s, loop, fd, idle_ms, EPOLLIN))
		return true;
	close(fd);
	return false;
}

bool stream_connect(struct stream *s, struct loop *loop, const struct address *server,
		    uint32_t idle_ms)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(server, &sa);
	int on = 1;
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	s->asks = s->connecting = true;
	if ((connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS) &&
	    start(s, loop, fd, idle_ms, EPOLLIN | EPOLLOUT))
		return true;
	int error = errno;

	close(fd);
	errno = error;
	return false;
}

void stream_adopt(struct stream *s, struct loop *loop, const struct stream_framing *framing,
		  void *state, uint32_t idle_ms)
{
	s->asks = s->connecting = false;
	reset(s, loop, -1, idle_ms, 0);
	stream_set_framing(s, framing, state);
	s->opening = true;
	loop_timer(loop, &s->timer, patience_ms(s));
}

void stream_opened(struct stream *s)
{
	s->opening = false;
	s->since_ms = loop_ms(s->loop);
	stream_arm(s);
}

void stream_want(struct stream *s, bool hold, bool turn)
{
	s->framing_holds = hold;
	s->framing_turn = turn;
	if (!s->closed)
		stream_watch_for(s);
}

void stream_settle(struct stream *s, uint32_t tag)
{
	if (!s->closed && s->framing)
		s->framing->settle(s, tag);
}

void stream_go_on(struct stream *s)
{
	if (s->closed || !s->codec_turn)
		return;
	s->codec_turn = false;
	on_ready(&s->watch, 0);
}

void stream_set_codec(struct stream *s, const struct stream_codec *codec, void *state)
{
	s->codec = codec;
	s->codec_state = state;
	s->opening = true;
	stream_arm(s);
	stream_watch_for(s);
}

void stream_set_framing(struct stream *s, const struct stream_framing *framing, void *state)
{
	s->framing = framing;
	s->framing_state = state;
}

bool stream_is_heard(const struct stream *s)
{
	int unheard = 0;

	if (s->watch.fd < 0)
		return s->opening || !s->withheld;
	return s->connecting || ioctl(s->watch.fd, SIOCOUTQ, &unheard) != 0 || unheard == 0;
}

void stream_pause(struct stream *s)
{
	s->owner_paused = true;
	if (!s->closed)
		stream_watch_for(s);
}

void stream_resume(struct stream *s)
{
	s->owner_paused = false;
	if (!s->closed)
		stream_watch_for(s);
}

void stream_hear_no_more(struct stream *s)
{
	s->read_end = true;
	if (!s->closed)
		stream_watch_for(s);
}

void stream_set_idle(struct stream *s, uint32_t idle_ms)
{
	s->idle_ms = idle_ms;
	if (!s->closed)
		stream_note_progress(s);
}

void stream_close(struct stream *s)
{
	if (s->closed)
		return;
	s->closed = true;
	s->gathering = false;
	timer_cancel(&s->loop->wheel, &s->timer);
	loop_forget(s->loop, &s->watch);
	if (s->framing)
		s->framing->close(s);
	if (s->codec)
		s->codec->close(s);
	if (s->watch.fd >= 0)
		close(s->watch.fd);
	stream_drop_unsent(s);
	free(s->large);
	s->large = NULL;
}

#define BACKLOG 1024

int stream_listen(const struct address *at)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(at, &sa);
	int on = 1;
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
	if (at->family == 6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}
