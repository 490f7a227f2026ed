/*
 * asking.h - askers of the test's own, which remember what they were told, a question
 * for them, and the time of a question gone by. The worker and the server that is asked
 * are those of talk.h.
 *
 *	ask_of(a);
 *	struct asked first = take();
 *	time_out(a);
 *	answer(&first, 9);
 *	await_told(a, 1, 1);                  once in time, once late
 */
#pragma once

#include "talk.h"

#define WANTING_MAX 300

/** An asker, and what it was told. */
struct wanting {
	struct asker asker;
	bool awaits; /* what came late */
	bool leaves; /* when it is told */
	unsigned answered_n;
	unsigned late_n;
	struct upstream_reply reply; /* the last one */
	uint8_t octet;               /* last of its octets */
};

static struct wanting wanting[WANTING_MAX];
static struct wanting *const a = &wanting[0], *const b = &wanting[1];
static struct upstream_query q;

static inline void remember(struct wanting *x, const struct upstream_reply *reply)
{
	x->reply = *reply;
	x->octet = reply->len ? reply->octets[reply->len - 1] : 0;
}

static inline bool on_test_awaits(struct asker *asker, const struct upstream_query *query)
{
	(void)query;
	return CONTAINER_OF(asker, struct wanting, asker)->awaits;
}

static inline void on_test_answered(struct asker *asker, const struct upstream_reply *reply)
{
	struct wanting *x = CONTAINER_OF(asker, struct wanting, asker);

	x->answered_n++;
	remember(x, reply);
	if (x->leaves)
		upstream_leave(asker);
}

static inline void on_test_answered_late(struct asker *asker, const struct upstream_query *query,
					 const struct upstream_reply *reply)
{
	struct wanting *x = CONTAINER_OF(asker, struct wanting, asker);

	(void)query;
	x->late_n++;
	remember(x, reply);
}

static inline int open_asking(void **state)
{
	open_one(state);
	for (unsigned i = 0; i < WANTING_MAX; i++) {
		wanting[i] = (struct wanting){.awaits = true};
		upstream_init(&wanting[i].asker, workers[0], 1);
		wanting[i].asker.awaits = on_test_awaits;
		wanting[i].asker.answered = on_test_answered;
		wanting[i].asker.answered_late = on_test_answered_late;
	}
	q = (struct upstream_query){.to.address = forwarder_at,
				    .name = (const uint8_t *)"\3www\4test",
				    .zone = (const uint8_t *)"\4zone\4test",
				    .type = TERN_TYPE_A,
				    .edns = true,
				    .udp_size = 1232,
				    .timeout_ms = 60000};
	return 0;
}

static inline int close_asking(void **state)
{
	for (unsigned i = 0; i < WANTING_MAX; i++)
		upstream_leave(&wanting[i].asker);
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	return close_all(state);
}

static inline int close_asking_checked(void **state)
{
	close_asking(state);
	assert_nothing_left();
	return 0;
}

/** Ask, which must be possible. */
static inline void ask_of(struct wanting *x)
{
	enum upstream_event event;

	assert_true(upstream_ask(&x->asker, &q, &event));
}

static inline enum upstream_event refusal_of(struct wanting *x)
{
	enum upstream_event event;

	assert_false(upstream_ask(&x->asker, &q, &event));
	assert_null(x->asker.live);
	return event;
}

/** "n<i>.test." for the next question; several may be in use. */
static inline const uint8_t *numbered(unsigned i)
{
	static uint8_t names[WANTING_MAX][16];

	snprintf((char *)names[i], sizeof names[i], "\4n%03u\4test", i);
	return names[i];
}

/** The time of what @p x waits for goes by. */
static inline void time_out(struct wanting *x)
{
	struct timer *timer = &x->asker.live->exchange->timer;

	timer_cancel(&workers[0]->loop.wheel, timer);
	timer->fire(timer);
}

static inline void await_told(const struct wanting *x, unsigned answered_n, unsigned late_n)
{
	for (unsigned i = 0; i < PATIENCE_MS && (x->answered_n < answered_n || x->late_n < late_n);
	     i++)
		pass(1);
	assert_int_equal(x->answered_n, answered_n);
	assert_int_equal(x->late_n, late_n);
}

static inline void assert_told(const struct wanting *x, enum upstream_event event, bool resent)
{
	assert_int_equal(x->reply.event, event);
	assert_int_equal(x->reply.resent, resent);
}

/** A reply whose last octet is @p last, for the question without an OPT. */
static inline void answer(const struct asked *question, uint8_t last)
{
	struct asked plain = *question;

	plain.m.edns.present = false;
	reply(&plain, last);
}

static inline uint16_t port_of(const struct asked *question)
{
	struct address from;

	assert_true(address_from_sockaddr((const struct sockaddr *)&question->from, &from));
	return from.port;
}

/** A question of its own for each of @p wanting from @p from up to, not with, @p to. */
static inline void ask_many(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		q.name = numbered(i);
		ask_of(&wanting[i]);
	}
}

#define ASKING(f) cmocka_unit_test_setup_teardown(f, open_asking, close_asking_checked)
