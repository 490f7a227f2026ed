/*
 * tls_turns.c - handshakes have a quarter of a loop's time (limits.md row 55).
 *
 * A handshake costs as much as a hundred answers, and costs who asks for it next to nothing. So
 * steps of handshakes are paid from an account that fills with a quarter of the time that goes
 * by. When nothing is left, streams wait in a queue, and what else the loop has to do goes on.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "net/tls_private.h"

#define SHARE_OF_TIME 4       /* one in so many parts of the time is for handshakes */
#define LEFT_MAX_NS   2000000 /* saved up: what others wait at most, but for one handshake */
#define TURN_MS       1

static void fill(struct tls_turns *t, uint64_t now_ns)
{
	t->left_ns += (int64_t)((now_ns - t->since_ns) / SHARE_OF_TIME);
	t->left_ns = MIN(t->left_ns, (int64_t)LEFT_MAX_NS);
	t->since_ns = now_ns;
}

static void serve_waiting(struct timer *timer)
{
	struct tls_turns *t = CONTAINER_OF(timer, struct tls_turns, timer);

	fill(t, clock_ns(CLOCK_MONOTONIC));
	while (t->left_ns > 0 && !cds_list_empty(&t->waiting)) {
		struct tls_stream *first =
			cds_list_first_entry(&t->waiting, struct tls_stream, waiting);

		cds_list_del_init(&first->waiting);
		t->serving = first;
		stream_go_on(first->stream);
	}
	t->serving = NULL;
	if (!cds_list_empty(&t->waiting))
		loop_timer(t->loop, timer, TURN_MS);
}

bool tls_turns_init(struct tls_turns *t, struct loop *loop)
{
	*t = (struct tls_turns){.loop = loop, .left_ns = LEFT_MAX_NS};
	t->ahead = malloc(TLS_AHEAD_MAX);
	t->since_ns = clock_ns(CLOCK_MONOTONIC);
	CDS_INIT_LIST_HEAD(&t->waiting);
	timer_init(&t->timer, serve_waiting);
	return t->ahead != NULL;
}

void tls_turns_end(struct tls_turns *t)
{
	free(t->ahead);
	t->ahead = NULL;
}

bool tls_turns_have_time(struct tls_turns *t)
{
	fill(t, clock_ns(CLOCK_MONOTONIC));
	return t->left_ns > 0 && cds_list_empty(&t->waiting);
}

bool tls_turns_allow(struct tls_stream *t)
{
	struct tls_turns *turns = t->turns;

	fill(turns, clock_ns(CLOCK_MONOTONIC));
	if (turns->left_ns > 0 && (cds_list_empty(&turns->waiting) || turns->serving == t))
		return true;
	cds_list_add_tail(&t->waiting, &turns->waiting);
	if (!timer_is_set(&turns->timer))
		loop_timer(turns->loop, &turns->timer, TURN_MS);
	return false;
}

void tls_turns_charge(struct tls_turns *turns, uint64_t began_ns)
{
	turns->left_ns -= (int64_t)(clock_ns(CLOCK_MONOTONIC) - began_ns);
}
