/*
 * sockets_workers.c - workers that come, rest, and come back:
 *
 *   comes: connections are steered to the others -> sockets at all addresses -> a thread with
 *          them -> nothing is steered. Whatever fails, it is as if nothing had been begun.
 *   back:  sockets at all addresses, sent to it, started
 *   rests: new connections are steered to the others -> no datagrams, no connections
 *          any more -> its accepting sockets are closed -> nothing is steered
 *
 * A resting worker's thread stays. Others may wait for what it resolves, and clients that are
 * connected to it go on.
 */
#include <errno.h>
#include <fcntl.h>

#include "daemon/sockets_private.h"
#include "net/reuseport.h"

#define ACCEPT_MS 2000 /* a handshake that had begun is over by then */
#define CLOSED_MS 1000 /* the workers have closed what they were told to */

static bool copy_one(int from, int *to)
{
	*to = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 3);
	return from < 0 || *to >= 0;
}

/* What the service manager opened, once more. */
static bool copy(const struct listener_fds *from, struct listener_fds *to)
{
	*to = *from;
	to->tcp = -1;
	if (copy_one(from->udp, &to->udp) && copy_one(from->tcp, &to->tcp))
		return true;
	int error = errno;

	listener_fds_close(to);
	errno = error;
	return false;
}

static bool open_slot(const struct sockets *s, unsigned slot, struct listener_fds *fds)
{
	if (s->passed)
		return copy(&s->fds[0][slot], fds);
	return sockets_open_at(&s->slots[slot].at, fds, false);
}

static bool order(const struct sockets *s, struct worker *w,
		  bool (*what)(struct worker *w, unsigned slot))
{
	bool good = true;

	for (unsigned i = 0; i < s->slots_n; i++) {
		if (s->slots[i].state == SLOT_OPEN)
			good &= what(w, i);
	}
	return good;
}

/* New connections are for the first @n workers only, or for all again (0). */
static void steer(const struct sockets *s, unsigned n)
{
	for (unsigned i = 0; i < s->slots_n && !s->passed; i++) {
		if (s->slots[i].state == SLOT_OPEN && s->fds[0][i].tcp >= 0)
			reuseport_use_first(s->fds[0][i].tcp, n);
	}
}

static void close_all(const struct listener_fds *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (listener_fds_are_there(&fds[i]))
			listener_fds_close(&fds[i]);
	}
}

/* Sockets for one worker at all addresses, -1 where there is none. False with errno, and none is
 * open. */
static bool open_all(const struct sockets *s, struct listener_fds fds[LISTENERS_MAX])
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		fds[i] = (struct listener_fds){.udp = -1, .tcp = -1};
		if (s->slots[i].state != SLOT_OPEN || open_slot(s, i, &fds[i]))
			continue;
		int error = errno;

		close_all(fds, i);
		errno = error;
		return false;
	}
	return true;
}

/* All that it gets is open before it gets any. */
static bool recall(struct sockets *s, struct worker **workers, unsigned w)
{
	struct listener_fds fds[LISTENERS_MAX];
	bool good = true;

	if (!open_all(s, fds))
		return false;
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (!listener_fds_are_there(&fds[i]))
			continue;
		if (!good) {
			listener_fds_close(&fds[i]);
			continue;
		}
		good = worker_listen(workers[w], i, &fds[i]);
		if (good)
			s->fds[w][i] = fds[i];
	}
	if (good && order(s, workers[w], worker_start_listening))
		return true;
	/* What has come in at those that are open is served. */
	(void)order(s, workers[w], worker_rest);
	(void)order(s, workers[w], worker_stop_accepting);
	errno = ENOMEM;
	return false;
}

bool sockets_open_for_new(struct sockets *s)
{
	steer(s, s->workers_n);
	if (open_all(s, s->fds[s->made_n]))
		return true;
	int error = errno;

	steer(s, 0);
	errno = error;
	return false;
}

void sockets_conclude_new(struct sockets *s, bool made)
{
	if (made)
		s->workers_n = ++s->made_n;
	steer(s, 0);
}

static void begin_rest(struct sockets *s, struct worker **workers, unsigned n)
{
	steer(s, n);
	for (unsigned w = n; w < s->workers_n; w++)
		(void)order(s, workers[w], worker_rest);
	s->workers_n = n;
	s->accept_until_ms = sockets_now_ms() + ACCEPT_MS;
}

static void stop_accepting(struct sockets *s, struct worker **workers)
{
	for (unsigned w = s->workers_n; w < s->made_n; w++)
		(void)order(s, workers[w], worker_stop_accepting);
	s->accept_until_ms = 0;
	s->steer_until_ms = sockets_now_ms() + CLOSED_MS;
}

void sockets_end_rest(struct sockets *s, struct worker **workers)
{
	uint64_t now_ms = sockets_now_ms();

	if (s->accept_until_ms > 0 && now_ms >= s->accept_until_ms)
		stop_accepting(s, workers);
	if (s->steer_until_ms > 0 && now_ms >= s->steer_until_ms) {
		s->steer_until_ms = 0;
		steer(s, 0);
	}
}

bool sockets_resize(struct sockets *s, struct worker **workers, unsigned n)
{
	if (s->accept_until_ms > 0)
		stop_accepting(s, workers);
	if (n < s->workers_n) {
		begin_rest(s, workers, n);
		return true;
	}
	steer(s, 0);
	s->steer_until_ms = 0;
	while (s->workers_n < n && recall(s, workers, s->workers_n))
		s->workers_n++;
	return s->workers_n == n;
}
