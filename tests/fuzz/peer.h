/*
 * peer.h - the other end of a stream that is fuzzed: what it gets is thrown away.
 */
#pragma once

#include <sys/socket.h>

#include "base/check.h"
#include "net/stream.h"

/** The loop of all inputs; made at the first call. */
static inline struct loop *peer_loop(void)
{
	static struct loop loop;
	static bool ready;

	if (!ready)
		check_always(loop_init(&loop));
	ready = true;
	return &loop;
}

/** Have @p s, whose callbacks are set, be one end of a connection; the other end is returned. */
static inline int peer_connect(struct stream *s)
{
	int fds[2];

	check_always(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	check_always(stream_accept(s, peer_loop(), fds[0], 10000));
	return fds[1];
}

/** What has come in on both sides is taken. */
static inline void peer_turn(int peer)
{
	static uint8_t rest[65536];

	loop_wait(peer_loop(), 0);
	loop_dispatch(peer_loop());
	while (recv(peer, rest, sizeof rest, MSG_DONTWAIT) > 0)
		;
}
