/*
 * control.c - the life of a control connection:
 *
 *   accept ─► may they? ─► request ─► reply, maybe in slices ─► closed
 *
 * Every descriptor is non-blocking. A client's reply is made no faster than it
 * is taken, so that a slow one costs a bounded buffer and its place.
 */
#include "control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "control/control_private.h"

#define BACKLOG 16

/* --- the socket -------------------------------------------------------------- */

/* Is the file at @p a, which is @p name in @p folder, the socket of a daemon that is gone? errno
 * says what it is if not. */
static bool is_stale(int folder, const char *name, const struct sockaddr_un *a, socklen_t len)
{
	struct stat st;
	int fd;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool stale = connect(fd, (const struct sockaddr *)a, len) != 0 && errno == ECONNREFUSED;

	close(fd);
	errno = EADDRINUSE;
	return stale;
}

static bool bind_quietly(int fd, const struct sockaddr_un *a, socklen_t len)
{
	/* No moment in which others could reach it. No other thread runs yet. */
	mode_t before = umask(0117);
	bool bound = bind(fd, (const struct sockaddr *)a, len) == 0;

	umask(before);
	return bound;
}

/* A socket is bound by a path only: this one goes through the folder's descriptor. */
static bool address_of(int folder, const char *name, struct sockaddr_un *a, socklen_t *len)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	int n = snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s", folder, name);

	if (n < 0 || n >= (int)sizeof a->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
	return true;
}

static bool bind_to(int fd, int folder, const char *name)
{
	struct sockaddr_un a;
	socklen_t len;

	if (!address_of(folder, name, &a, &len))
		return false;
	if (bind_quietly(fd, &a, len))
		return true;
	return errno == EADDRINUSE && is_stale(folder, name, &a, len) &&
	       (unlinkat(folder, name, 0) == 0 || errno == ENOENT) && bind_quietly(fd, &a, len);
}

static bool listen_at(struct control *c, const char *path)
{
	struct sockaddr_un limit;
	const char *name;
	struct stat st;

	/* Who connects needs it whole. */
	if (strlen(path) >= sizeof limit.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	folder_make_of(path, 0755);
	c->folder = folder_open_of(path, &name);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->folder < 0 || c->fd < 0 || !bind_to(c->fd, c->folder, name))
		return false;
	c->name = strdup(name);
	if (!c->name || fstatat(c->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	c->device = st.st_dev;
	c->inode = st.st_ino;
	c->group = st.st_gid;
	return listen(c->fd, BACKLOG) == 0;
}

struct control *control_create(const char *path, struct worker_shared *shared,
			       const struct control_host *host)
{
	struct control *c;

	errno = ENOENT;
	if (!*path)
		return NULL;
	c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->shared = shared;
	c->host = host;
	c->started_ms = clock_ns(CLOCK_BOOTTIME) / NS_PER_MS;
	c->fd = c->folder = -1;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		c->clients[i].fd = c->clients[i].trace.fd = -1;
	if (listen_at(c, path))
		return c;
	int error = errno;

	control_destroy(c);
	errno = error;
	return NULL;
}

/* Is it the socket that we made, and known by no other name? */
static bool is_ours(const struct control *c, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_nlink == 1 &&
	       st.st_dev == c->device && st.st_ino == c->inode;
}

void control_hand_over(struct control *c, uid_t uid, gid_t gid)
{
	/* By descriptor: in a folder of that user's a name may be anything's by now. */
	int fd = openat(c->folder, c->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_ours(c, fd) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0)
		c->group = gid;
	close(fd);
}

#define DRAIN_READS 64

static void close_client(struct client *k)
{
	char rest[4096];

	if (k->fd < 0)
		return;
	/* A little sent beyond the request must not make the reply unreadable (ECONNRESET). */
	for (unsigned i = 0; i < DRAIN_READS; i++) {
		if (recv(k->fd, rest, sizeof rest, MSG_DONTWAIT) <= 0)
			break;
	}
	trace_close(k);
	leases_end(k);
	json_decref(k->done);
	k->done = NULL;
	close(k->fd);
	k->fd = -1;
	unsent_free(&k->unsent);
}

static void remove_file(const struct control *c)
{
	struct stat st;

	if (c->name && fstatat(c->folder, c->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == c->device && st.st_ino == c->inode)
		(void)unlinkat(c->folder, c->name, 0);
}

void control_destroy(struct control *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close_client(&c->clients[i]);
	remove_file(c);
	if (c->fd >= 0)
		close(c->fd);
	if (c->folder >= 0)
		close(c->folder);
	free(c->name);
	free(c);
}

/* --- who may connect ---------------------------------------------------------- */

#define GROUPS_MAX 1024 /* groups of a peer that are looked at */

static bool is_in_group(int fd, uint32_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (unsigned i = 0; i < len / sizeof groups[0]; i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

static bool is_allowed(const struct control *c, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid() || peer.gid == c->group ||
	       is_in_group(fd, c->group);
}

unsigned control_count(const struct control *c, enum work work)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		n += c->clients[i].fd >= 0 && c->clients[i].work == work;
	return n;
}

static struct client *free_place(struct control *c)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (c->clients[i].fd < 0)
			return &c->clients[i];
	}
	return NULL;
}

static void start_client(struct client *k, int fd, uint64_t now_ms)
{
	memset(k, 0, offsetof(struct client, request));
	k->fd = fd;
	k->trace.fd = -1;
	k->since_ms = now_ms;
}

static void accept_clients(struct control *c, uint64_t now_ms)
{
	struct client *k;
	int fd;

	while ((k = free_place(c)) != NULL &&
	       (fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		start_client(k, fd, now_ms);
		if (is_allowed(c, fd))
			continue;
		log_warning(c->shared->log,
			    "control.socket: a user without permission was refused");
		k->replying = true;
		reply_error(k, "permission denied");
	}
}

/* --- serving ------------------------------------------------------------------ */

/* False when the client is gone. */
static bool read_request(struct control *c, struct client *k, uint64_t now_ms)
{
	ssize_t n = recv(k->fd, k->request + k->request_n, sizeof k->request - k->request_n, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	const char *newline = memchr(k->request + k->request_n, '\n', (size_t)n);

	k->since_ms = now_ms;
	k->request_n += (size_t)n;
	k->replying = true;
	if (newline)
		command_run(c, k, (size_t)(newline - k->request));
	else if (n == 0 && k->request_n > 0)
		command_run(c, k, k->request_n);
	else if (k->request_n == sizeof k->request)
		reply_error(k, "the request is longer than %d octets", CONTROL_REQUEST_MAX);
	else
		k->replying = false;
	return n > 0 || k->replying;
}

/* False when the client is gone. */
static bool write_reply(struct client *k, uint64_t now_ms)
{
	struct unsent *u = &k->unsent;

	while (unsent_left(u) > 0) {
		ssize_t n = send(k->fd, u->octets + u->at, unsent_left(u), MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		u->at += (size_t)n;
		k->since_ms = now_ms;
	}
	unsent_drop_sent(u);
	return true;
}

static void go_on(struct control *c, struct client *k, bool pipe_ready, uint64_t now_ms)
{
	if (unsent_left(&k->unsent) >= UNSENT_ENOUGH)
		return;
	switch (k->work) {
	case WORK_NONE: break;
	case WORK_RELOAD: k->since_ms = now_ms; break;
	case WORK_LISTS:
		k->since_ms = now_ms;
		lists_look(c, k);
		break;
	case WORK_RECORDS:
		k->since_ms = now_ms;
		records_look(c, k);
		break;
	case WORK_DUMP: dump_slice(c, k); break;
	case WORK_LEASES: leases_slice(k); break;
	case WORK_TRACE:
		if (!pipe_ready)
			break;
		k->since_ms = now_ms;
		trace_read(k);
		break;
	}
}

/* False when it is over. */
static bool serve_client(struct control *c, struct client *k, const struct pollfd *fds,
			 uint64_t now_ms)
{
	if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL))
		return false;
	if (!k->replying && (fds[0].revents & POLLIN) && !read_request(c, k, now_ms))
		return false;
	go_on(c, k, fds[1].revents != 0, now_ms);
	if (!write_reply(k, now_ms) || k->unsent.broken)
		return false;
	if (k->ended && unsent_left(&k->unsent) == 0)
		return false;
	return now_ms - k->since_ms <= CONTROL_PATIENCE_MS;
}

static short events_of(const struct client *k)
{
	if (!k->replying)
		return POLLIN;
	return unsent_left(&k->unsent) > 0 || k->work == WORK_DUMP || k->work == WORK_LEASES
		       ? POLLOUT
		       : 0;
}

unsigned control_poll_fds(const struct control *c, struct pollfd *fds)
{
	bool full = true;

	if (!c)
		return 0;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *k = &c->clients[i];
		bool listens = k->fd >= 0 && unsent_left(&k->unsent) < UNSENT_ENOUGH;

		full &= k->fd >= 0;
		fds[1 + 2 * i] = (struct pollfd){.fd = k->fd, .events = events_of(k)};
		fds[2 + 2 * i] =
			(struct pollfd){.fd = listens ? k->trace.fd : -1, .events = POLLIN};
	}
	fds[0] = (struct pollfd){.fd = full ? -1 : c->fd, .events = POLLIN};
	return CONTROL_FDS_MAX;
}

void control_end_reload(struct control *c, unsigned load, json_t *report, const char *error)
{
	for (unsigned i = 0; c && i < CONTROL_CLIENTS_MAX; i++) {
		struct client *k = &c->clients[i];

		/* Numbers wrap. */
		if (k->fd < 0 || k->work != WORK_RELOAD || (int)(load - k->load) < 0)
			continue;
		k->work = WORK_NONE;
		if (report)
			reply_object(k, json_incref(report));
		else
			reply_error(k, "%s", error);
	}
}

void control_retire(struct control *c)
{
	if (!c || c->fd < 0)
		return;
	remove_file(c);
	close(c->fd);
	c->fd = -1;
}

bool control_is_idle(const struct control *c)
{
	for (unsigned i = 0; c && i < CONTROL_CLIENTS_MAX; i++) {
		if (c->clients[i].fd >= 0)
			return false;
	}
	return true;
}

void control_serve(struct control *c, const struct pollfd *fds, unsigned n)
{
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	uint64_t unresolved;

	if (!c || n < CONTROL_FDS_MAX)
		return;
	uint64_t resolved = metrics_outcomes(c->shared, &unresolved);

	if (resolved != c->resolved)
		c->unresolved = unresolved;
	c->resolved = resolved;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *k = &c->clients[i];

		if (k->fd >= 0 && !serve_client(c, k, &fds[1 + 2 * i], now_ms))
			close_client(k);
	}
	/* Last, so that a place freed now is not mistaken for the one that was polled. */
	if (fds[0].revents)
		accept_clients(c, now_ms);
}
