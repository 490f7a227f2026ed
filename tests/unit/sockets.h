/*
 * sockets.h - plain sockets of the other side, for the tests of the network and of the worker.
 */
#pragma once

#include "test.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"

#define PATIENCE_MS 5000 /* for what happens at once on a machine that is not overloaded */

/** Where @p fd is bound to. */
static inline struct address local_address(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	struct address a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_true(address_from_sockaddr((struct sockaddr *)&sa, &a));
	return a;
}

/** A plain socket of @p type connected to @p to. */
static inline int connected(int type, const struct address *to)
{
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(to, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static inline bool is_readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1;
}
