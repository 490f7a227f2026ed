/*
 * loop.h - one thread's event loop: descriptors, timers, the clocks of a turn.
 *
 * A small interface over epoll, so that another way of waiting (AF_XDP) can join
 * later. The owner drives it, because what must happen around a sleep (RCU) is
 * not this layer's business:
 *
 *	while (!stop) {
 *		before_sleep();
 *		loop_wait(&loop, 1000);
 *		after_sleep();
 *		loop_dispatch(&loop);
 *	}
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/wheel.h"

#define LOOP_EVENTS   256 /* taken per turn */
#define LOOP_IN_A_ROW 16  /* of them delivered before there is an interlude */

/** A watched descriptor, embedded in its owner. */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events); /* EPOLLIN, ... */
};

struct loop {
	int epoll_fd;
	int events_n;
	int event_at;        /* being dispatched */
	unsigned full_turns; /* in a row, with more events than LOOP_EVENTS */
	unsigned timed_out;  /* streams whose time was up in this turn */
	struct moment now;   /* read once per turn */
	/** Called amid many events, for what must not wait until all of them are delivered: closing
	 * a batch of connections takes 8 ms. NULL: nothing is that urgent. */
	void (*interlude)(struct loop *loop);
	struct wheel wheel;
	struct epoll_event events[LOOP_EVENTS];
};

/** Make a loop with nothing in it. False when the system refuses. */
MUST_USE bool loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

/** Watch @p w->fd for @p events (EPOLLIN | EPOLLOUT | EPOLLET). */
MUST_USE bool loop_add(struct loop *loop, struct watch *w, uint32_t events);

/** Change what a watched descriptor is watched for. */
void loop_change(struct loop *loop, struct watch *w, uint32_t events);

/** Stop watching; events of this turn that were not delivered yet are dropped. */
void loop_remove(struct loop *loop, struct watch *w);

/** The same for a descriptor that is closed right after: epoll forgets it by itself. */
void loop_forget(struct loop *loop, struct watch *w);

/** Sleep until something happens or a timer is due, at most @p max_ms. */
void loop_wait(struct loop *loop, uint32_t max_ms);

/** Deliver what loop_wait() found, then the timers that are due. */
void loop_dispatch(struct loop *loop);

/** Milliseconds of CLOCK_MONOTONIC at the start of this turn. */
static inline uint64_t loop_ms(const struct loop *loop)
{
	return loop->now.mono_ns / NS_PER_MS;
}

/** Fire @p t in @p ms milliseconds. */
static inline void loop_timer(struct loop *loop, struct timer *t, uint32_t ms)
{
	timer_set(&loop->wheel, t, loop_ms(loop) + ms);
}
