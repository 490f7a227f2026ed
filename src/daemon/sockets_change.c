/*
 * sockets_change.c - addresses that come and go while workers run.
 *
 *   opened for all workers -> sent to each -> open in each -> started in each
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/readers.h"
#include "daemon/sockets_private.h"

#define RETRY_MS  5000
#define LINGER_MS 6000 /* longer than a worker keeps what it closes */
#define OPENED_MS 1000 /* workers have this long to open all that they are sent */

static bool all_have(const struct sockets *s, struct worker **workers, unsigned slot)
{
	for (unsigned w = 0; w < s->made_n; w++) {
		if (!worker_listens(workers[w], slot))
			return false;
	}
	return true;
}

/* A worker may answer what another received: all of them have it before any takes queries. */
static bool wait_until_open(const struct sockets *s, struct worker **workers, unsigned slot)
{
	bool open;

	while (!(open = all_have(s, workers, slot)) && sockets_now_ms() < s->wait_until_ms) {
		readers_sleep();
		nanosleep(&(struct timespec){0, 200000}, NULL);
		readers_wake();
	}
	return open;
}

static bool hand_out(struct sockets *s, struct worker **workers, unsigned slot)
{
	bool good = true;

	for (unsigned w = 0; w < s->made_n; w++)
		good &= worker_listen(workers[w], slot, &s->fds[w][slot]);
	errno = ENOMEM;
	if (good && !wait_until_open(s, workers, slot)) {
		errno = EBUSY;
		return false;
	}
	for (unsigned w = 0; w < s->made_n && good; w++)
		good &= w < s->workers_n ? worker_start_listening(workers[w], slot)
					 : worker_rest(workers[w], slot);
	return good;
}

static void take_back(struct sockets *s, struct worker **workers, unsigned slot)
{
	for (unsigned w = 0; w < s->made_n; w++) {
		/* It stays open then: better than a socket that nobody reads. */
		if (!worker_stop_listening(workers[w], slot))
			return;
	}
	s->slots[slot].state = SLOT_FREE;
	s->slots[slot].free_ms = sockets_now_ms() + LINGER_MS;
}

/* False with errno. */
static bool open_wanted(struct sockets *s, struct worker **workers, unsigned slot)
{
	struct socket_slot *k = &s->slots[slot];

	if (!sockets_open_for_all(s, slot, &k->at))
		return false;
	k->state = SLOT_OPEN;
	if (hand_out(s, workers, slot))
		return true;
	int error = errno;

	take_back(s, workers, slot);
	errno = error;
	return false;
}

static int find_slot(const struct sockets *s, const struct endpoint *a)
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (s->slots[i].state != SLOT_FREE && endpoint_equal(&s->slots[i].at, a))
			return (int)i;
	}
	return -1;
}

static int free_slot(struct sockets *s)
{
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		if (s->slots[i].state == SLOT_FREE && sockets_now_ms() >= s->slots[i].free_ms) {
			s->slots_n = MAX(s->slots_n, i + 1);
			return (int)i;
		}
	}
	return -1;
}

static bool is_wanted(const struct endpoint *a, const struct endpoint *listen, unsigned listen_n)
{
	for (unsigned i = 0; i < listen_n; i++) {
		if (endpoint_equal(a, &listen[i]))
			return true;
	}
	return false;
}

static void add(struct sockets *s, struct worker **workers, const struct endpoint *a,
		void (*fail)(void *context, const char *why), void *context)
{
	char why[ADDRESS_TEXT_MAX + 160], text[ADDRESS_TEXT_MAX];
	int slot = free_slot(s);

	if (slot < 0) {
		snprintf(why, sizeof why,
			 "%s: the places of addresses that were closed are free in "
			 "some seconds; it is tried again",
			 address_to_text(&a->address, text));
		fail(context, why);
		return;
	}
	s->slots[slot] = (struct socket_slot){.at = *a, .state = SLOT_WANTED};
	if (open_wanted(s, workers, (unsigned)slot))
		return;
	s->slots[slot].state = SLOT_WANTED;
	snprintf(why, sizeof why, "%s: %s; it is tried again", address_to_text(&a->address, text),
		 strerror(errno));
	fail(context, why);
}

bool sockets_differ(const struct sockets *s, const struct endpoint *listen, unsigned listen_n)
{
	for (unsigned i = 0; i < listen_n; i++) {
		int slot = find_slot(s, &listen[i]);

		if (slot < 0 || s->slots[slot].state != SLOT_OPEN)
			return true;
	}
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (s->slots[i].state == SLOT_OPEN && !is_wanted(&s->slots[i].at, listen, listen_n))
			return true;
	}
	return false;
}

bool sockets_want(const struct sockets *s, const struct endpoint *listen, unsigned listen_n)
{
	if (listen_n != s->listen_n)
		return true;
	for (unsigned i = 0; i < listen_n; i++) {
		if (!is_wanted(&listen[i], s->listen, s->listen_n))
			return true;
	}
	return false;
}

void sockets_change(struct sockets *s, struct worker **workers, const struct endpoint *listen,
		    unsigned listen_n, void (*fail)(void *context, const char *why), void *context)
{
	s->wait_until_ms = sockets_now_ms() + OPENED_MS;
	s->listen_n = MIN(listen_n, (unsigned)LISTENERS_MAX);
	memcpy(s->listen, listen, s->listen_n * sizeof *listen);
	for (unsigned i = 0; i < listen_n; i++) {
		if (find_slot(s, &listen[i]) < 0)
			add(s, workers, &listen[i], fail, context);
	}
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (s->slots[i].state == SLOT_FREE || is_wanted(&s->slots[i].at, listen, listen_n))
			continue;
		if (s->slots[i].state == SLOT_OPEN)
			take_back(s, workers, i);
		else
			s->slots[i].state = SLOT_FREE;
	}
	sockets_write_text(s);
}

/* Those for which no place was free. */
static void give_places(struct sockets *s)
{
	for (unsigned i = 0; i < s->listen_n; i++) {
		int slot = find_slot(s, &s->listen[i]) < 0 ? free_slot(s) : -1;

		if (slot >= 0)
			s->slots[slot] =
				(struct socket_slot){.at = s->listen[i], .state = SLOT_WANTED};
	}
}

void sockets_tick(struct sockets *s, struct worker **workers)
{
	char text[ADDRESS_TEXT_MAX];

	sockets_end_rest(s, workers);
	if (sockets_now_ms() - s->tried_ms < RETRY_MS)
		return;
	s->tried_ms = sockets_now_ms();
	s->wait_until_ms = s->tried_ms + OPENED_MS;
	give_places(s);
	for (unsigned i = 0; i < s->slots_n; i++) {
		struct socket_slot *k = &s->slots[i];

		if (k->state != SLOT_WANTED || sockets_now_ms() < k->free_ms)
			continue;
		if (!open_wanted(s, workers, i)) {
			k->state = SLOT_WANTED;
			continue;
		}
		log_notice(s->log, "server.listen: %s is there now",
			   address_to_text(&k->at.address, text));
		sockets_write_text(s);
	}
}
