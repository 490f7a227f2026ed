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

static void close_all(struct sockets *s)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		for (unsigned i = 0; i < s->slots_n; i++)
			listener_fds_close(&s->fds[w][i]);
	}
}

/* --- opening ---------------------------------------------------------------------- */

static bool is_wildcard(const struct address *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->octets, zeros, sizeof zeros) == 0;
}

static bool share_a_port(enum transport a, enum transport b)
{
	return (transport_has_udp(a) && transport_has_udp(b)) ||
	       (transport_has_tcp(a) && transport_has_tcp(b));
}

/* One of ours has the port already, of an address that holds this one or is in it. */
static bool overlaps_ours(const struct sockets *s, const struct endpoint *at)
{
	const struct address *a = &at->address;

	for (unsigned i = 0; i < s->slots_n; i++) {
		const struct socket_slot *slot = &s->slots[i];

		if (slot->state == SLOT_WANTED || slot->at.address.port != a->port ||
		    !share_a_port(slot->at.transport, at->transport) ||
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
static bool is_free(const struct endpoint *at)
{
	const struct address *a = &at->address;
	bool datagrams = transport_has_udp(at->transport);
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(a, &sa);
	int on = 1;
	int fd = socket(sa.ss_family, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	/* Connections that have ended keep nobody from listening. */
	if (!datagrams)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
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
bool sockets_open_at(const struct endpoint *a, struct listener_fds *fds, bool rests)
{
	*fds = (struct listener_fds){.udp = -1, .tcp = -1};
	if (transport_has_udp(a->transport)) {
		fds->udp = udp_listen(&a->address, &fds->wildcard);
		if (fds->udp < 0)
			return false;
	}
	if (transport_has_tcp(a->transport) && !rests) {
		fds->tcp = stream_listen(&a->address);
		if (fds->tcp < 0) {
			int error = errno;

			listener_fds_close(fds);
			errno = error;
			return false;
		}
	}
	fds->at = *a;
	return true;
}

/* For every worker, into @slot of the table; false with errno and nothing open. */
bool sockets_open_for_all(struct sockets *s, unsigned slot, const struct endpoint *a)
{
	unsigned w = 0;

	if (!overlaps_ours(s, a) && !is_free(a))
		return false;
	while (w < s->made_n && sockets_open_at(a, &s->fds[w][slot], w >= s->workers_n))
		w++;
	if (w == s->made_n)
		return true;
	int error = errno;

	while (w-- > 0)
		listener_fds_close(&s->fds[w][slot]);
	errno = error;
	return false;
}

static bool open_at_start(struct sockets *s, const struct endpoint *a)
{
	char text[ADDRESS_TEXT_MAX];

	if (sockets_open_for_all(s, s->slots_n, a)) {
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

static bool has_udp(const struct notify_socket *passed, unsigned n, const struct address *local)
{
	for (unsigned i = 0; i < n; i++) {
		if (!passed[i].tcp && address_equal(&passed[i].local, local))
			return true;
	}
	return false;
}

static int copy_of(const struct notify_socket *passed)
{
	return passed ? fcntl(passed->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

/* One of both may be NULL. */
static bool share(struct sockets *s, const struct endpoint *at, const struct notify_socket *udp,
		  const struct notify_socket *tcp)
{
	unsigned i = s->slots_n++;

	for (unsigned w = 0; w < s->workers_n; w++) {
		struct listener_fds *fds = &s->fds[w][i];

		*fds = (struct listener_fds){*at, copy_of(udp), copy_of(tcp), false, true};
		if (udp)
			fds->wildcard = udp_note_wildcard(udp->fd, &udp->local);
		if ((udp && fds->udp < 0) || (tcp && fds->tcp < 0))
			return false;
	}
	s->slots[i] = (struct socket_slot){.at = *at, .state = SLOT_OPEN};
	return true;
}

/* What a socket alone is for stands in the configuration. */
static const struct endpoint *find_purpose(const struct notify_socket *alone,
					   const struct endpoint *listen, unsigned listen_n)
{
	for (unsigned i = 0; i < listen_n; i++) {
		enum transport t = listen[i].transport;

		if (t != TRANSPORT_UDP && transport_has_tcp(t) == alone->tcp &&
		    address_equal(&listen[i].address, &alone->local))
			return &listen[i];
	}
	return NULL;
}

static bool take_alone(struct sockets *s, const struct notify_socket *tcp,
		       const struct endpoint *listen, unsigned listen_n)
{
	const struct endpoint *at = find_purpose(tcp, listen, listen_n);
	char text[ADDRESS_TEXT_MAX];

	if (at)
		return share(s, at, NULL, tcp);
	log_warning(s->log,
		    "passed socket %s: no UDP socket for the same address, and no "
		    "encrypted transport in server.listen: it is not served",
		    address_to_text(&tcp->local, text));
	return true;
}

/* Each UDP socket needs its TCP twin: a resolver without TCP loses every large answer. QUIC
 * doesn't, and a TCP socket beside it has a purpose of its own. */
static bool take_passed(struct sockets *s, const struct notify_socket *passed, unsigned n,
			const struct endpoint *listen, unsigned listen_n)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		const struct notify_socket datagrams = {.local = passed[i].local};
		const struct endpoint *quic = find_purpose(&datagrams, listen, listen_n);
		const struct notify_socket *tcp = find_tcp(passed, n, &passed[i].local);
		const struct endpoint at = {.address = passed[i].local};
		bool good;

		if (passed[i].tcp && !quic && has_udp(passed, n, &passed[i].local))
			continue;
		if (passed[i].tcp)
			good = take_alone(s, &passed[i], listen, listen_n);
		else if (quic)
			good = share(s, quic, &passed[i], NULL);
		else
			good = tcp && share(s, &at, &passed[i], tcp);
		if (!good) {
			log_error(s->log, "passed socket %s: %s",
				  address_to_text(&passed[i].local, text),
				  tcp || quic ? strerror(errno)
					      : "no TCP socket for the same address");
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
			if (s->fds[w][i].udp >= 0)
				(void)!fchown(s->fds[w][i].udp, s->owner, (gid_t)-1);
			if (s->fds[w][i].tcp >= 0)
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
		good = take_passed(s, passed, n, listen, listen_n);
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
