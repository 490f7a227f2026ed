/* sockets.c - see sockets.h. */
#include "daemon/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/readers.h"
#include "daemon/notify.h"
#include "net/stream.h"
#include "net/udp.h"

#define RETRY_MS  5000
#define LINGER_MS 6000 /* longer than a worker keeps what it closes */
#define OPENED_MS 1000 /* workers have this long to open all that they are sent */

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

static void write_text(struct sockets *s)
{
	char text[ADDRESS_TEXT_MAX];
	size_t at = 0;

	s->text[0] = '\0';
	for (unsigned i = 0; i < s->slots_n && at < sizeof s->text; i++) {
		if (s->slots[i].state == SLOT_OPEN)
			at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%s%s",
					       at ? " " : "",
					       address_to_text(&s->slots[i].at, text));
	}
}

static void close_pair(const struct listener_fds *fds)
{
	close(fds->udp);
	close(fds->tcp);
}

static void close_all(struct sockets *s)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		for (unsigned i = 0; i < s->slots_n; i++)
			close_pair(&s->fds[w][i]);
	}
}

/* --- opening ---------------------------------------------------------------------- */

static bool is_wildcard(const struct address *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

/* One of ours has the port already, of an address that holds this one or is in it. */
static bool overlaps_ours(const struct sockets *s, const struct address *a)
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		const struct socket_slot *slot = &s->slots[i];

		if (slot->state == SLOT_WANTED || slot->at.port != a->port ||
		    slot->at.family != a->family ||
		    (slot->state == SLOT_FREE && now_ms() >= slot->free_ms))
			continue;
		if (is_wildcard(&slot->at) || is_wildcard(a) || address_equal(&slot->at, a))
			return true;
	}
	return false;
}

/* SO_REUSEPORT would let us share the port with another resolver of the same user, unnoticed. */
static bool is_free(const struct address *a)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(a, &sa);
	int on = 1;
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	(void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
	if (a->family == 6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	bool free_port = bind(fd, (struct sockaddr *)&sa, len) == 0;
	int error = errno;

	close(fd);
	errno = error;
	return free_port;
}

static bool open_pair(const struct address *a, struct listener_fds *fds)
{
	fds->udp = udp_listen(a, &fds->wildcard);
	if (fds->udp < 0)
		return false;
	fds->tcp = stream_listen(a);
	if (fds->tcp < 0) {
		int error = errno;

		close(fds->udp);
		errno = error;
		return false;
	}
	return true;
}

/* For every worker, into @slot of the table; false with errno and nothing open. */
static bool open_for_all(struct sockets *s, unsigned slot, const struct address *a)
{
	unsigned w = 0;

	if (!overlaps_ours(s, a) && !is_free(a))
		return false;
	while (w < s->workers_n && open_pair(a, &s->fds[w][slot]))
		w++;
	if (w == s->workers_n)
		return true;
	int error = errno;

	while (w-- > 0)
		close_pair(&s->fds[w][slot]);
	errno = error;
	return false;
}

static bool open_at_start(struct sockets *s, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	if (open_for_all(s, s->slots_n, a)) {
		s->slots[s->slots_n++] = (struct socket_slot){.at = *a, .state = SLOT_OPEN};
		return true;
	}
	log_error(s->log, "server.listen: %s: %s", address_to_text(a, text), strerror(errno));
	return false;
}

/* --- what the service manager has opened ------------------------------------------------ */

static const struct notify_socket *find_tcp(const struct notify_socket *passed, unsigned n,
					    const struct address *local)
{
	for (unsigned i = 0; i < n; i++) {
		if (passed[i].tcp && address_equal(&passed[i].local, local))
			return &passed[i];
	}
	return NULL;
}

static bool share_pair(struct sockets *s, const struct notify_socket *udp,
		       const struct notify_socket *tcp)
{
	unsigned i = s->slots_n++;

	for (unsigned w = 0; w < s->workers_n; w++) {
		struct listener_fds *fds = &s->fds[w][i];

		fds->udp = fcntl(udp->fd, F_DUPFD_CLOEXEC, 3);
		fds->tcp = fcntl(tcp->fd, F_DUPFD_CLOEXEC, 3);
		fds->wildcard = udp_note_wildcard(udp->fd, &udp->local);
		if (fds->udp < 0 || fds->tcp < 0)
			return false;
	}
	s->slots[i] = (struct socket_slot){.at = udp->local, .state = SLOT_OPEN};
	return true;
}

/* Each UDP socket needs its TCP twin: a resolver without TCP loses every large answer. */
static bool take_passed(struct sockets *s, const struct notify_socket *passed, unsigned n)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		const struct notify_socket *tcp = find_tcp(passed, n, &passed[i].local);

		if (passed[i].tcp)
			continue;
		if (!tcp || !share_pair(s, &passed[i], tcp)) {
			log_error(s->log, "passed socket %s: %s",
				  address_to_text(&passed[i].local, text),
				  tcp ? strerror(errno) : "no TCP socket for the same address");
			return false;
		}
	}
	return s->slots_n > 0;
}

/* Later ones of a port are made by that user, who may share it only with what is his own. */
static void give_to_owner(struct sockets *s)
{
	if (s->owner == (uid_t)-1)
		return;
	for (unsigned w = 0; w < s->workers_n; w++) {
		for (unsigned i = 0; i < s->slots_n; i++) {
			(void)!fchown(s->fds[w][i].udp, s->owner, (gid_t)-1);
			(void)!fchown(s->fds[w][i].tcp, s->owner, (gid_t)-1);
		}
	}
}

bool sockets_open(struct sockets *s, const struct address *listen, unsigned listen_n)
{
	struct notify_socket passed[LISTENERS_MAX];
	unsigned n = notify_listen_fds(passed, LISTENERS_MAX, s->log);
	bool good = true;

	s->slots_n = 0;
	s->passed = n > 0;
	if (n > 0)
		good = take_passed(s, passed, n);
	for (unsigned i = 0; i < n; i++)
		close(passed[i].fd);
	for (unsigned i = 0; n == 0 && good && i < listen_n; i++)
		good = open_at_start(s, &listen[i]);
	if (good)
		give_to_owner(s);
	else
		close_all(s);
	write_text(s);
	return good;
}

/* --- while workers run ---------------------------------------------------------------------- */

static bool all_have(const struct sockets *s, struct worker **workers, unsigned slot)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		if (!worker_listens(workers[w], slot))
			return false;
	}
	return true;
}

/* A worker may answer what another received: all of them have it before any takes queries. */
static bool wait_until_open(const struct sockets *s, struct worker **workers, unsigned slot)
{
	bool open;

	while (!(open = all_have(s, workers, slot)) && now_ms() < s->wait_until_ms) {
		readers_sleep();
		nanosleep(&(struct timespec){0, 200000}, NULL);
		readers_wake();
	}
	return open;
}

static bool hand_out(struct sockets *s, struct worker **workers, unsigned slot)
{
	bool good = true;

	for (unsigned w = 0; w < s->workers_n; w++)
		good &= worker_listen(workers[w], slot, &s->fds[w][slot]);
	errno = ENOMEM;
	if (good && !wait_until_open(s, workers, slot)) {
		errno = EBUSY;
		return false;
	}
	for (unsigned w = 0; w < s->workers_n && good; w++)
		good &= worker_start_listening(workers[w], slot);
	return good;
}

static void take_back(struct sockets *s, struct worker **workers, unsigned slot)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		/* It stays open then: better than a socket that nobody reads. */
		if (!worker_stop_listening(workers[w], slot))
			return;
	}
	s->slots[slot].state = SLOT_FREE;
	s->slots[slot].free_ms = now_ms() + LINGER_MS;
}

/* False with errno. */
static bool open_wanted(struct sockets *s, struct worker **workers, unsigned slot)
{
	struct socket_slot *k = &s->slots[slot];

	if (!open_for_all(s, slot, &k->at))
		return false;
	k->state = SLOT_OPEN;
	if (hand_out(s, workers, slot))
		return true;
	int error = errno;

	take_back(s, workers, slot);
	errno = error;
	return false;
}

static int find_slot(const struct sockets *s, const struct address *a)
{
	for (unsigned i = 0; i < s->slots_n; i++) {
		if (s->slots[i].state != SLOT_FREE && address_equal(&s->slots[i].at, a))
			return (int)i;
	}
	return -1;
}

static int free_slot(struct sockets *s)
{
	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		if (s->slots[i].state == SLOT_FREE && now_ms() >= s->slots[i].free_ms) {
			s->slots_n = MAX(s->slots_n, i + 1);
			return (int)i;
		}
	}
	return -1;
}

static bool is_wanted(const struct address *a, const struct address *listen, unsigned listen_n)
{
	for (unsigned i = 0; i < listen_n; i++) {
		if (address_equal(a, &listen[i]))
			return true;
	}
	return false;
}

static void add(struct sockets *s, struct worker **workers, const struct address *a,
		void (*fail)(void *context, const char *why), void *context)
{
	char why[ADDRESS_TEXT_MAX + 160], text[ADDRESS_TEXT_MAX];
	int slot = free_slot(s);

	if (slot < 0) {
		snprintf(why, sizeof why,
			 "%s: the places of addresses that were closed are free in "
			 "some seconds; it is tried again",
			 address_to_text(a, text));
		fail(context, why);
		return;
	}
	s->slots[slot] = (struct socket_slot){.at = *a, .state = SLOT_WANTED};
	if (open_wanted(s, workers, (unsigned)slot))
		return;
	s->slots[slot].state = SLOT_WANTED;
	snprintf(why, sizeof why, "%s: %s; it is tried again", address_to_text(a, text),
		 strerror(errno));
	fail(context, why);
}

void sockets_change(struct sockets *s, struct worker **workers, const struct address *listen,
		    unsigned listen_n, void (*fail)(void *context, const char *why), void *context)
{
	s->wait_until_ms = now_ms() + OPENED_MS;
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
	write_text(s);
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

	if (now_ms() - s->tried_ms < RETRY_MS)
		return;
	s->tried_ms = now_ms();
	s->wait_until_ms = s->tried_ms + OPENED_MS;
	give_places(s);
	for (unsigned i = 0; i < s->slots_n; i++) {
		struct socket_slot *k = &s->slots[i];

		if (k->state != SLOT_WANTED || now_ms() < k->free_ms)
			continue;
		if (!open_wanted(s, workers, i)) {
			k->state = SLOT_WANTED;
			continue;
		}
		log_notice(s->log, "server.listen: %s is there now", address_to_text(&k->at, text));
		write_text(s);
	}
}
