/*
 * helpers.h - what the tests of the network layer share.
 */
#pragma once

#include "../names.h"
#include "../sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/loop.h"

static inline bool has_ipv6(void)
{
	struct address a = address("::1@0");
	struct sockaddr_storage sa;
	socklen_t len = address_to_sockaddr(&a, &sa);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}
