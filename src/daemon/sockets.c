#include "daemon/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "net/stream.h"
#include "net/udp.h"

static void add_text(struct sockets *s, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];
	size_t at = strlen(s->text);

	snprintf(s->text + at, sizeof s->text - at, "%s%s", at ? " " : "",
		 address_to_text(a, text));
}

static void close_all(struct sockets *s)
{
	for (unsigned w = 0; w < s->workers_n; w++) {
		for (unsigned i = 0; i < s->listeners_n; i++) {
			close(s->fds[w][i].udp);
			close(s->fds[w][i].tcp);
		}
	}
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

static bool open_pair(struct listener_fds *fds, const struct address *a)
{
	fds->udp = udp_listen(a, &fds->wildcard);
	if (fds->udp < 0)
		return false;
	fds->tcp = stream_listen(a);
	if (fds->tcp >= 0)
		return true;
	int error = errno;

	close(fds->udp);
	errno = error;
	return false;
}

static bool open_address(struct sockets *s, const struct address *a, struct log *log)
{
	char text[ADDRESS_TEXT_MAX];
	unsigned i = s->listeners_n;
	unsigned w = 0;

	if (is_free(a)) {
		while (w < s->workers_n && open_pair(&s->fds[w][i], a))
			w++;
	}
	if (w == s->workers_n && w > 0) {
		s->listeners_n++;
		add_text(s, a);
		return true;
	}
	log_error(log, "server.listen: %s: %s", address_to_text(a, text), strerror(errno));
	while (w-- > 0) {
		close(s->fds[w][i].udp);
		close(s->fds[w][i].tcp);
	}
	return false;
}

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
	unsigned i = s->listeners_n++;

	for (unsigned w = 0; w < s->workers_n; w++) {
		struct listener_fds *fds = &s->fds[w][i];

		fds->udp = fcntl(udp->fd, F_DUPFD_CLOEXEC, 3);
		fds->tcp = fcntl(tcp->fd, F_DUPFD_CLOEXEC, 3);
		fds->wildcard = udp_note_wildcard(udp->fd, &udp->local);
		if (fds->udp < 0 || fds->tcp < 0)
			return false;
	}
	add_text(s, &udp->local);
	return true;
}

/* Each UDP socket needs its TCP twin: a resolver without TCP loses every large answer. */
static bool take_passed(struct sockets *s, const struct notify_socket *passed, unsigned n,
			struct log *log)
{
	char text[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < n; i++) {
		const struct notify_socket *tcp = find_tcp(passed, n, &passed[i].local);

		if (passed[i].tcp)
			continue;
		if (!tcp || !share_pair(s, &passed[i], tcp)) {
			log_error(log, "passed socket %s: %s",
				  address_to_text(&passed[i].local, text),
				  tcp ? strerror(errno) : "no TCP socket for the same address");
			return false;
		}
	}
	return s->listeners_n > 0;
}

bool sockets_open(struct sockets *s, const struct config *config, struct log *log)
{
	struct notify_socket passed[LISTENERS_MAX];
	unsigned n = notify_listen_fds(passed, LISTENERS_MAX, log);
	bool good = true;

	s->listeners_n = 0;
	s->text[0] = '\0';
	if (n > 0)
		good = take_passed(s, passed, n, log);
	for (unsigned i = 0; i < n; i++)
		close(passed[i].fd);
	for (unsigned i = 0; n == 0 && good && i < config->server.listen_n; i++) {
		if (s->listeners_n == LISTENERS_MAX) {
			log_error(log, "server.listen: more than %u addresses", LISTENERS_MAX);
			good = false;
		} else {
			good = open_address(s, &config->server.listen[i], log);
		}
	}
	if (!good)
		close_all(s);
	return good;
}
