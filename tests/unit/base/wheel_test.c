/*
 * wheel_test.c - random timers against a plain table of times; callbacks that
 * set and cancel others; pauses longer than the ring.
 */
#include "../test.h"

#include "base/wheel.h"

#define TIMERS 500
#define ROUNDS 30000
#define FAR_MS (5 * WHEEL_SLOTS)

struct owner {
	struct timer timer;
	uint64_t at_ms; /* 0: not set */
};

static struct owner owners[TIMERS];
static struct wheel wheel;
static uint64_t now_ms;
static uint64_t seed;
static unsigned fired;

static void set_one(struct owner *o, uint64_t at_ms)
{
	timer_set(&wheel, &o->timer, at_ms);
	/* What is due at once fires in the next turn. */
	o->at_ms = at_ms > now_ms ? at_ms : now_ms + 1;
	assert_true(timer_is_set(&o->timer));
}

static void cancel_one(struct owner *o)
{
	timer_cancel(&wheel, &o->timer);
	o->at_ms = 0;
	assert_false(timer_is_set(&o->timer));
}

static uint64_t random_time(void)
{
	switch (random_under(&seed, 4)) {
	case 0: return now_ms + random_under(&seed, FAR_MS);
	case 1: return now_ms + WHEEL_SLOTS * (uint64_t)(1 + random_under(&seed, 3));
	case 2: return random_under(&seed, 2) ? now_ms : now_ms / 2;
	default: return now_ms + random_under(&seed, 50);
	}
}

static void on_fire(struct timer *t)
{
	struct owner *o = CONTAINER_OF(t, struct owner, timer);

	assert_true(o->at_ms != 0 && o->at_ms <= now_ms);
	assert_false(timer_is_set(t));
	o->at_ms = 0;
	fired++;
	/* Others, among them ones that are due in this very turn, and itself. */
	for (unsigned n = random_under(&seed, 4); n > 0; n--) {
		struct owner *other = &owners[random_under(&seed, TIMERS)];

		if (random_under(&seed, 2))
			set_one(other, random_time());
		else
			cancel_one(other);
	}
	if (random_under(&seed, 3) == 0)
		set_one(o, random_time());
}

static uint64_t next_due(unsigned *n)
{
	uint64_t next = UINT64_MAX;

	*n = 0;
	for (unsigned i = 0; i < TIMERS; i++) {
		if (owners[i].at_ms == 0)
			continue;
		++*n;
		next = MIN(next, owners[i].at_ms);
	}
	return next;
}

static void check_model(void)
{
	unsigned n;
	uint64_t next = next_due(&n);
	uint32_t wait_ms = wheel_wait_ms(&wheel, now_ms, 100000);

	assert_int_equal(wheel.timers_n, n);
	if (n == 0) {
		assert_int_equal(wait_ms, 100000);
		return;
	}
	/* Never late; early at most for a timer that waits for another turn of the ring. */
	assert_true(next > now_ms);
	assert_true(wait_ms <= next - now_ms);
	if (next - now_ms <= WHEEL_SLOTS)
		assert_true(wait_ms >= 1);
}

static uint64_t random_step(void)
{
	switch (random_under(&seed, 20)) {
	case 0: return random_under(&seed, FAR_MS);
	case 1: return WHEEL_SLOTS * (uint64_t)random_under(&seed, 4);
	case 2: return 1000000;
	default: return random_under(&seed, 20);
	}
}

static void random_timers(void **state)
{
	(void)state;
	now_ms = 12345;
	seed = 3;
	fired = 0;
	wheel_init(&wheel, now_ms);
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&owners[i].timer, on_fire);
		owners[i].at_ms = 0;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned n = random_under(&seed, 8); n > 0; n--) {
			struct owner *o = &owners[random_under(&seed, TIMERS)];

			if (random_under(&seed, 4))
				set_one(o, random_time());
			else
				cancel_one(o);
		}
		check_model();
		now_ms += random_step();
		wheel_run(&wheel, now_ms);
		check_model();
	}
	assert_true(fired > ROUNDS);
}

/* --- one thing at a time ------------------------------------------------------- */

static unsigned count;
static struct timer pair[2];

static void count_fire(struct timer *t)
{
	(void)t;
	count++;
}

static void cancel_neighbour(struct timer *t)
{
	count++;
	timer_cancel(&wheel, t == &pair[0] ? &pair[1] : &pair[0]);
}

static void neighbours_of_one_slot_cancel_each_other(void **state)
{
	(void)state;
	count = 0;
	wheel_init(&wheel, 0);
	for (unsigned i = 0; i < 2; i++) {
		timer_init(&pair[i], cancel_neighbour);
		timer_set(&wheel, &pair[i], 10);
	}
	wheel_run(&wheel, 9);
	assert_int_equal(count, 0);
	wheel_run(&wheel, 10);
	assert_int_equal(count, 1);
	assert_int_equal(wheel.timers_n, 0);
	assert_int_equal(wheel_wait_ms(&wheel, 10, 777), 777);
}

static void set_again(struct timer *t)
{
	count++;
	timer_set(&wheel, t, 0);
}

static void a_timer_that_sets_itself_fires_once_a_turn(void **state)
{
	struct timer t;

	(void)state;
	count = 0;
	wheel_init(&wheel, 100);
	timer_init(&t, set_again);
	timer_set(&wheel, &t, 50);
	assert_int_equal(wheel_wait_ms(&wheel, 100, 777), 1);
	for (uint64_t now = 100; now < 200; now++)
		wheel_run(&wheel, now);
	assert_int_equal(count, 99);
	wheel_run(&wheel, 1000000); /* a long pause is one turn */
	assert_int_equal(count, 100);
	assert_int_equal(wheel_wait_ms(&wheel, 1000000, 777), 1);
}

static void waiting_covers_every_slot(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, count_fire);
	for (uint64_t start = 0; start < 2 * WHEEL_SLOTS; start += 61) {
		wheel_init(&wheel, start);
		for (uint32_t ms = 1; ms <= WHEEL_SLOTS; ms += 7) {
			timer_set(&wheel, &t, start + ms);
			assert_int_equal(wheel_wait_ms(&wheel, start, 10000), ms);
			/* Time that has passed since the last turn counts. */
			assert_int_equal(wheel_wait_ms(&wheel, start + 5, 10000),
					 ms > 5 ? ms - 5 : 0);
		}
		timer_cancel(&wheel, &t);
	}
	timer_cancel(&wheel, &t); /* harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_timers),
		cmocka_unit_test(neighbours_of_one_slot_cancel_each_other),
		cmocka_unit_test(a_timer_that_sets_itself_fires_once_a_turn),
		cmocka_unit_test(waiting_covers_every_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
