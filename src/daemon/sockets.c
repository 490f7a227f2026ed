/* sockets.c - see sockets.h: opened at the start, or taken from the service manager. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/notify.h"
#include "daemon/sockets_private.h"
#include "net/reuseport.h"
#include "net/stream.h"
#include "net/udp.h"

uint64_t sockets_now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

void sockets_write_text(struct sockets *s)
{
	char text[ADDRESS_TEXT_MAX];
	size_t at = 0;

	s->text[0] = '\0';
	for (unsigned i = 0; i < s->slots_n && at < sizeof s->text; i++) {
		if (s->slots[i].state == SLOT_OPEN)
			at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%s%s",
					       at ? " " : "",
					       address_to_text(&s->slots[i].at.address, text));
	}
	if (at == 0)
		snprintf(s->text, sizeof s->text, "no address yet");
}

unsigned long sockets_descriptors(const struct sockets *s, unsigned workers_n, unsigned made_n)
{
	unsigned long n = 0;

	for (unsigned i = 0; i < s->slots_n; i++)
		n += s->slots[i].state != SLOT_FREE;
	/* Who rests has no socket that accepts. */
	return n * (workers_n + MAX(made_n, workers_n));
}

void sockets_close_pair(const struct listener_fds *fds)
{
	close(fds->udp);
	if (fds->tcp >= 0)
		close(fds->tcp);
}

static void close_all(struct sockets *s)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		for (unsigned i = 0; i < s->slots_n; i++)
			sockets_close_pair(&s->fds[w][i]);
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

		if (slot->state == SLOT_WANTED || slot->at.address.port != a->port ||
		    slot->at.address.family != a->family ||
		    (slot->state == SLOT_FREE && sockets_now_ms() >= slot->free_ms))
			continue;
		if (is_wildcard(&slot->at.address) || is_wildcard(a) ||
		    address_equal(&slot->at.address, a))
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

/* Who rests accepts nothing. */
bool sockets_open_pair(const struct address *a, struct listener_fds *fds, bool rests)
{
	*fds = (struct listener_fds){.tcp = -1};
	fds->udp = udp_listen(a, &fds->wildcard);
	if (fds->udp < 0)
		return false;
	if (rests)
		return true;
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
bool sockets_open_for_all(struct sockets *s, unsigned slot, const struct address *a)
{
	unsigned w = 0;

	if (!overlaps_ours(s, a) && !is_free(a))
		return false;
	while (w < s->made_n && sockets_open_pair(a, &s->fds[w][slot], w >= s->workers_n))
		w++;
	if (w == s->made_n)
		return true;
	int error = errno;

	while (w-- > 0)
		sockets_close_pair(&s->fds[w][slot]);
	errno = error;
	return false;
}

static bool open_at_start(struct sockets *s, const struct endpoint *a)
{
	char text[ADDRESS_TEXT_MAX];

	if (sockets_open_for_all(s, s->slots_n, &a->address)) {
		s->slots[s->slots_n++] = (struct socket_slot){.at = *a, .state = SLOT_OPEN};
		return true;
	}
	log_error(s->log, "server.listen: %s: %s", address_to_text(&a->address, text),
		  strerror(errno));
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
		fds->shared = true;
		if (fds->udp < 0 || fds->tcp < 0)
			return false;
	}
	s->slots[i] = (struct socket_slot){.at = {.address = udp->local}, .state = SLOT_OPEN};
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

bool sockets_open(struct sockets *s, const struct endpoint *listen, unsigned listen_n)
{
	struct notify_socket passed[LISTENERS_MAX];
	unsigned n = notify_listen_fds(passed, LISTENERS_MAX, s->log);
	bool good = true;

	s->slots_n = 0;
	s->made_n = s->workers_n;
	s->passed = n > 0;
	/* Beside what is passed nothing is served, at no time. */
	s->listen_n = s->passed ? 0 : MIN(listen_n, (unsigned)LISTENERS_MAX);
	memcpy(s->listen, listen, s->listen_n * sizeof *listen);
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
	sockets_write_text(s);
	return good;
}
