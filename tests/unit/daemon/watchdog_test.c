/*
 * watchdog_test.c - who hangs is told from who was given no CPU: the judgement, and
 * real workers in processes of their own, with short limits.
 */
#include "../test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/watchdog.h"
#include "worker/worker_private.h"

static const struct watchdog_limits usual = {WATCHDOG_SLOW_MS, WATCHDOG_HANG_MS,
					     WATCHDOG_ASLEEP_MAX};
static struct turn_watch turn;

static int fresh(void **state)
{
	(void)state;
	turn = (struct turn_watch){0};
	assert_int_equal(turn_judge(&turn, &usual, 1, 0, false), TURN_FINE);
	return 0;
}

static void without_cpu_it_is_late_for_as_long_as_it_takes(void **state)
{
	(void)state;
	for (unsigned tick = 0; tick < 100000; tick++)
		assert_int_equal(turn_judge(&turn, &usual, 1, tick / 200, false), TURN_FINE);
}

static void with_cpu_it_is_slow_and_then_hangs(void **state)
{
	(void)state;
	assert_int_equal(turn_judge(&turn, &usual, 1, WATCHDOG_SLOW_MS - 1, false), TURN_FINE);
	assert_int_equal(turn_judge(&turn, &usual, 1, WATCHDOG_SLOW_MS, false), TURN_SLOW);
	assert_int_equal(turn_judge(&turn, &usual, 1, WATCHDOG_SLOW_MS + 1, false),
			 TURN_FINE); /* told */
	assert_int_equal(turn_judge(&turn, &usual, 1, WATCHDOG_HANG_MS - 1, false), TURN_FINE);
	assert_int_equal(turn_judge(&turn, &usual, 1, WATCHDOG_HANG_MS, false), TURN_HANGS);
}

static void every_turn_begins_anew(void **state)
{
	(void)state;
	for (uint64_t beat = 2; beat < 100; beat++) {
		uint64_t begin_ms = beat * WATCHDOG_HANG_MS;

		assert_int_equal(turn_judge(&turn, &usual, beat, begin_ms, false), TURN_FINE);
		assert_int_equal(
			turn_judge(&turn, &usual, beat, begin_ms + WATCHDOG_SLOW_MS, false),
			TURN_SLOW);
	}
}

static void asleep_for_ever_it_hangs(void **state)
{
	(void)state;
	for (unsigned tick = 1; tick < WATCHDOG_ASLEEP_MAX; tick++)
		assert_int_equal(turn_judge(&turn, &usual, 1, 0, true), TURN_FINE);
	assert_int_equal(turn_judge(&turn, &usual, 1, 0, false), TURN_FINE); /* it woke up */
	for (unsigned tick = 1; tick < WATCHDOG_ASLEEP_MAX; tick++)
		assert_int_equal(turn_judge(&turn, &usual, 1, 0, true), TURN_FINE);
	assert_int_equal(turn_judge(&turn, &usual, 1, 0, true), TURN_HANGS);
}

/* --- a real worker -------------------------------------------------------------------- */

#define SLOW_MS 50
#define HANG_MS 300
#define TICK_MS 20

static struct rules rules;
static struct worker_shared shared;
static struct worker *worker;

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

static void spin(struct watch *watch, uint32_t events)
{
	volatile bool for_ever = true;

	(void)watch;
	(void)events;
	while (for_ever) {
	}
}

static void sleep_in_turn(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	for (;;)
		pause();
}

/* A worker that does @p what in its first turn, watched for @p ms; ends the process. */
static void watch_worker(void (*what)(struct watch *, uint32_t), uint64_t ms)
{
	struct cache_options options = {.size = 1 << 20};
	struct watchdog_limits limits = {SLOW_MS, HANG_MS, 20};
	struct hash_key key = {1, 2};
	struct log log;
	uint64_t end_ms = now_ms() + ms;

	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	signal(SIGABRT, SIG_DFL);
	log_init(&log, LOG_LEVEL_WARNING);
	rules = (struct rules){.cache = cache_create(&options, &key)};
	shared = (struct worker_shared){.log = &log,
					.rules = {&rules},
					.infra = infra_create(&key),
					.inflight = inflight_create(),
					.fill = calloc(1, sizeof *shared.fill)};
	worker = worker_create(&shared, 0, NULL, 0);
	if (!worker)
		_exit(2);
	if (what) {
		/* Its mailbox rings, and nobody reads that. */
		worker->mail_watch.ready = what;
		mailbox_ring(&worker->mailbox);
	}
	if (!worker_start(worker, -1))
		_exit(2);
	struct watchdog *d = watchdog_create(&worker, 1, limits, &log);

	while (now_ms() < end_ms) {
		watchdog_tick(d);
		nanosleep(&(struct timespec){0, TICK_MS * 1000000}, NULL);
	}
	_exit(0);
}

/* In a process of its own, which is stopped for @p stop_ms; what it logs is put into @p text. */
static int run(void (*what)(struct watch *, uint32_t), uint64_t ms, unsigned stop_ms, char *text,
	       size_t max)
{
	int ends[2], status;
	size_t len = 0;
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();

	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		watch_worker(what, ms);
	}
	close(ends[1]);
	if (stop_ms) {
		nanosleep(&(struct timespec){0, 200000000}, NULL);
		kill(child, SIGSTOP);
		nanosleep(&(struct timespec){stop_ms / 1000, stop_ms % 1000 * 1000000}, NULL);
		kill(child, SIGCONT);
	}
	while ((n = read(ends[0], text + len, max - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static char text[16384];

static void one_that_spins_ends_the_process_with_its_stack(void **state)
{
	int status = run(spin, 60000, 0, text, sizeof text);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "worker 0 has used more than 50 ms of CPU in one turn"));
	assert_non_null(strstr(text, "worker 0 is at:"));
	assert_non_null(strstr(text, "worker 0 hangs"));
}

static void one_that_sleeps_elsewhere_too(void **state)
{
	int status = run(sleep_in_turn, 60000, 0, text, sizeof text);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "worker 0 is at:"));
}

static void one_with_nothing_to_do_lives(void **state)
{
	int status = run(NULL, 1500, 0, text, sizeof text);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(text, "");
}

/* Stopped for ten times what hangs, and gone on. */
static void one_that_was_stopped_lives(void **state)
{
	int status = run(NULL, 10 * HANG_MS + 1000, 10 * HANG_MS, text, sizeof text);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_null(strstr(text, "hangs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_cpu_it_is_late_for_as_long_as_it_takes, fresh),
		cmocka_unit_test_setup(with_cpu_it_is_slow_and_then_hangs, fresh),
		cmocka_unit_test_setup(every_turn_begins_anew, fresh),
		cmocka_unit_test_setup(asleep_for_ever_it_hangs, fresh),
		cmocka_unit_test(one_that_spins_ends_the_process_with_its_stack),
		cmocka_unit_test(one_that_sleeps_elsewhere_too),
		cmocka_unit_test(one_with_nothing_to_do_lives),
		cmocka_unit_test(one_that_was_stopped_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
