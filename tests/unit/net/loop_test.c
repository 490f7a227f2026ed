/*
 * loop_test.c - descriptors and timers of one loop.
 */
#include "helpers.h"

static struct loop loop;

static int open_loop(void **state)
{
	(void)state;
	assert_true(loop_init(&loop));
	return 0;
}

static int close_loop(void **state)
{
	(void)state;
	loop_fini(&loop);
	return 0;
}

static void turn(uint32_t max_ms)
{
	loop_wait(&loop, max_ms);
	loop_dispatch(&loop);
}

struct end {
	struct watch watch;
	int other; /* the pipe's other end */
	unsigned ready_n;
	uint32_t events;
	struct end *removes; /* on being ready */
};

static void on_ready(struct watch *w, uint32_t events)
{
	struct end *e = CONTAINER_OF(w, struct end, watch);

	e->ready_n++;
	e->events = events;
	if (e->removes)
		loop_remove(&loop, &e->removes->watch);
}

static void open_end(struct end *e)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	*e = (struct end){.watch = {fds[0], on_ready}, .other = fds[1]};
	assert_true(loop_add(&loop, &e->watch, EPOLLIN));
}

static void close_end(struct end *e)
{
	close(e->watch.fd);
	close(e->other);
}

static void descriptors(void **state)
{
	struct end e;
	char c;

	(void)state;
	open_end(&e);
	turn(0);
	assert_int_equal(e.ready_n, 0);
	assert_int_equal(write(e.other, "x", 1), 1);
	turn(PATIENCE_MS);
	assert_int_equal(e.ready_n, 1);
	assert_int_equal(e.events, EPOLLIN);
	turn(PATIENCE_MS); /* not read yet: still ready */
	assert_int_equal(e.ready_n, 2);
	loop_change(&loop, &e.watch, 0);
	turn(0);
	assert_int_equal(e.ready_n, 2);
	loop_change(&loop, &e.watch, EPOLLIN);
	assert_int_equal(read(e.watch.fd, &c, 1), 1);
	turn(0);
	assert_int_equal(e.ready_n, 2);
	loop_remove(&loop, &e.watch);
	assert_int_equal(write(e.other, "x", 1), 1);
	turn(0);
	assert_int_equal(e.ready_n, 2);
	close_end(&e);
}

/* Two are ready in one turn and the first removes the second, which may be freed by then. */
static void events_of_a_removed_one_are_dropped(void **state)
{
	struct end a, b;

	(void)state;
	open_end(&a);
	open_end(&b);
	a.removes = &b;
	b.removes = &a;
	assert_int_equal(write(a.other, "x", 1), 1);
	assert_int_equal(write(b.other, "x", 1), 1);
	turn(PATIENCE_MS);
	assert_int_equal(a.ready_n + b.ready_n, 1);
	close_end(&a);
	close_end(&b);
}

static void a_bad_descriptor_is_refused(void **state)
{
	struct watch w = {.fd = -1, .ready = on_ready};

	(void)state;
	assert_false(loop_add(&loop, &w, EPOLLIN));
}

/* --- timers ------------------------------------------------------------------------ */

static unsigned fired;
static uint64_t fired_ms;

static void on_fire(struct timer *t)
{
	(void)t;
	fired++;
	fired_ms = loop_ms(&loop);
}

static void a_timer_wakes_the_loop(void **state)
{
	struct timer t;
	uint64_t start_ms = loop_ms(&loop);

	(void)state;
	fired = 0;
	timer_init(&t, on_fire);
	loop_timer(&loop, &t, 30);
	for (unsigned i = 0; i < 10 && fired == 0; i++)
		turn(PATIENCE_MS);
	assert_int_equal(fired, 1);
	assert_true(fired_ms >= start_ms + 30);
	assert_true(fired_ms < start_ms + 30 + PATIENCE_MS / 2);
	turn(0);
	assert_int_equal(fired, 1);
}

static void no_timer_no_hurry(void **state)
{
	uint64_t start_ms = loop_ms(&loop);

	(void)state;
	turn(20);
	assert_true(loop_ms(&loop) >= start_ms + 19);
}

/* What a descriptor's owner set while being served is due in its time, not a turn later. */
static void clocks_move_with_the_turns(void **state)
{
	struct moment before = loop.now;

	(void)state;
	turn(5);
	assert_true(loop.now.mono_ns > before.mono_ns);
	assert_true(loop.now.boot_ms >= before.boot_ms);
	assert_int_equal(loop.now.boot_s, loop.now.boot_ms / 1000);
	assert_in_range(loop.now.wall_s - before.wall_s, 0, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)

static unsigned interludes_n;
static struct end *many;
static unsigned delivered_n; /* by the last interlude */

static void in_between(struct loop *l)
{
	assert_ptr_equal(l, &loop);
	interludes_n++;
	delivered_n = 0;
	for (unsigned i = 0; i < 3 * LOOP_IN_A_ROW; i++)
		delivered_n += many[i].ready_n;
	assert_int_equal(delivered_n, interludes_n * LOOP_IN_A_ROW);
}

/* What is urgent waits for some, not for all of them. */
static void there_are_interludes_amid_many_events(void **state)
{
	struct end ends[3 * LOOP_IN_A_ROW];

	(void)state;
	many = ends;
	interludes_n = 0;
	loop.interlude = in_between;
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		open_end(&ends[i]);
		if (i < LOOP_IN_A_ROW)
			assert_int_equal(write(ends[i].other, "x", 1), 1);
	}
	turn(0);
	assert_int_equal(interludes_n, 0); /* behind the last one is no hurry */
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		ends[i].ready_n = 0;
		if (i >= LOOP_IN_A_ROW)
			assert_int_equal(write(ends[i].other, "x", 1), 1);
	}
	turn(0);
	assert_int_equal(interludes_n, 2);
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++)
		close_end(&ends[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors),
		TEST(events_of_a_removed_one_are_dropped),
		TEST(a_bad_descriptor_is_refused),
		TEST(there_are_interludes_amid_many_events),
		TEST(a_timer_wakes_the_loop),
		TEST(no_timer_no_hurry),
		TEST(clocks_move_with_the_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
