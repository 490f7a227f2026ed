#include "net/loop.h"

#include <errno.h>
#include <unistd.h>

#define FULL_TURNS_MAX 64 /* batches of events that may go before the timers */

bool loop_init(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->events_n = 0;
	loop->event_at = 0;
	loop->full_turns = 0;
	loop->interlude = NULL;
	loop->timed_out = 0;
	clock_read(&loop->now);
	wheel_init(&loop->wheel, loop_ms(loop));
	return loop->epoll_fd >= 0;
}

void loop_fini(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
}

bool loop_add(struct loop *loop, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, w->fd, &e) == 0;
}

void loop_change(struct loop *loop, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &e);
}

void loop_forget(struct loop *loop, struct watch *w)
{
	for (int i = loop->event_at; i < loop->events_n; i++) {
		if (loop->events[i].data.ptr == w)
			loop->events[i].data.ptr = NULL;
	}
}

void loop_remove(struct loop *loop, struct watch *w)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	loop_forget(loop, w);
}

void loop_wait(struct loop *loop, uint32_t max_ms)
{
	/* Time passed since the turn began: a timer due by now must not wait for the next tick. */
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
	uint32_t wait_ms = wheel_wait_ms(&loop->wheel, now_ms, max_ms);
	int n = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS, (int)wait_ms);

	loop->events_n = n > 0 ? n : 0;
	loop->event_at = 0;
	loop->timed_out = 0;
	clock_read(&loop->now);
}

void loop_dispatch(struct loop *loop)
{
	while (loop->event_at < loop->events_n) {
		struct epoll_event *e = &loop->events[loop->event_at++];
		struct watch *w = e->data.ptr;

		if (w)
			w->ready(w, e->events);
		if (loop->event_at % LOOP_IN_A_ROW == 0 && loop->event_at < loop->events_n &&
		    loop->interlude)
			loop->interlude(loop);
	}
	/*
	 * After a pause of the process, answers may still wait behind a full batch of
	 * events: their timers must not be first. The count keeps a flood from
	 * stopping time.
	 */
	bool more = loop->events_n == LOOP_EVENTS && ++loop->full_turns < FULL_TURNS_MAX;

	loop->events_n = 0;
	if (more)
		return;
	loop->full_turns = 0;
	wheel_run(&loop->wheel, loop_ms(loop));
}
