/*
 * helpers.h - what the tests of the network layer share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/bytes.h"
#include "net/loop.h"

#define PATIENCE_MS 3000 /* for what happens at once on a machine that is not overloaded */

/** An address that must be good. */
static inline struct address address(const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 0, &a));
	return a;
}

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

static inline bool has_ipv6(void)
{
	struct address a = address("::1");
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&a, &sa);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}
