/* notify.c - see notify.h. */
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)(clock_ns(CLOCK_MONOTONIC) / 1000));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

/** Is @p fd something to serve DNS on? */
static bool is_usable(int fd, struct notify_socket *out)
{
	struct sockaddr_storage local;
	socklen_t len = sizeof(local);
	int type, listening;

	if (getsockname(fd, (struct sockaddr *)&local, &len) != 0 ||
	    !address_from_sockaddr((struct sockaddr *)&local, &out->local))
		return false;
	len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return false;
	len = sizeof(listening);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0)
		return false;
	out->fd = fd;
	out->tcp = type == SOCK_STREAM;
	return type == SOCK_DGRAM || (out->tcp && listening);
}

static bool prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

unsigned notify_listen_fds(struct notify_socket *out, unsigned max, struct log *log)
{
	int given = sd_listen_fds(1); /* 1: children shall not think that they are theirs */
	unsigned n = 0;

	if (given < 0)
		log_warning(log, "sockets from the service manager: %s", strerror(-given));
	for (int i = 0; i < given; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (n < max && is_usable(fd, &out[n]) && prepare(fd)) {
			n++;
			continue;
		}
		log_warning(log, "socket %d from the service manager is not used: %s", i,
			    n < max ? "expected UDP, or TCP that listens" : "too many");
		close(fd);
	}
	return n;
}
