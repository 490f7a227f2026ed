/* log_test.c - the format of a line, escaping, limits, and that a full pipe costs lines, not time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define SEEN_MAX 65536 /* octets of log that a test reads back */

static char seen[SEEN_MAX];

/** A log into a pipe; what was written is collected by take(). */
static int open_log(struct log *log)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	*log = (struct log){.fd = ends[1], .level = LOG_LEVEL_DEBUG};
	return ends[0];
}

static const char *take(int fd)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(seen) - 1 && (n = read(fd, seen + len, sizeof(seen) - 1 - len)) > 0)
		len += (size_t)n;
	seen[len] = '\0';
	return seen;
}

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
		n++;
	return n;
}

static void wait_for_next_second(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	nanosleep(&(struct timespec){0, 1000000000 - now.tv_nsec}, NULL);
}

static void test_levels(void **state)
{
	static const char *const words[] = {"error", "warning", "notice", "info", "debug"};
	enum log_level level = LOG_LEVEL_NOTICE;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		assert_true(log_level_from_text(words[i], &level));
		assert_int_equal(level, i);
	}
	assert_false(log_level_from_text("Error", &level));
	assert_false(log_level_from_text("", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
}

static void test_format(void **state)
{
	struct log log;
	int fd = open_log(&log);
	int y, mo, d, h, mi, s, ms, end = 0;

	(void)state;
	log_notice(&log, "zone \"%s\": %d", "example.", 7);
	take(fd);
	assert_int_equal(sscanf(seen,
				"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ notice: zone \"example.\": 7\n%n", &y,
				&mo, &d, &h, &mi, &s, &ms, &end),
			 7);
	assert_int_equal(end, strlen(seen));
	log.journal = true;
	log_error(&log, "not a socket");
	assert_int_equal(log.dropped, 1);
	close(fd);
	close(log.fd);
}

static void test_journal(void **state)
{
	struct log log = {.level = LOG_LEVEL_INFO, .journal = true};
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	log.fd = ends[1];
	log_error(&log, "a");
	log_warning(&log, "b");
	log_notice(&log, "c");
	log_info(&log, "d");
	log_debug(&log, "not at this level");
	assert_string_equal(take(ends[0]), "<3>tern: a\n<4>tern: b\n<5>tern: c\n<6>tern: d\n");
	close(ends[0]);
	log_error(&log, "nobody reads: no SIGPIPE");
	assert_int_equal(log.dropped, 1);
	close(ends[1]);
}

static void test_journal_is_detected(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	char stream[64];
	struct stat st;
	struct log log;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_init(&log, LOG_LEVEL_ERROR);
	bool elsewhere = log.journal;
	dup2(ends[1], STDERR_FILENO);
	log_init(&log, LOG_LEVEL_ERROR);
	dup2(saved, STDERR_FILENO);
	assert_false(elsewhere);
	assert_true(log.journal);
	assert_int_equal(log.level, LOG_LEVEL_ERROR);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

static unsigned evaluated;

static int evaluate(void)
{
	return (int)++evaluated;
}

static void test_level_saves_arguments(void **state)
{
	struct log log;
	int fd = open_log(&log);

	(void)state;
	log.level = LOG_LEVEL_NOTICE;
	log_debug(&log, "%d", evaluate());
	log_info(&log, "%d", evaluate());
	assert_int_equal(evaluated, 0);
	log_notice(&log, "%d", evaluate());
	assert_int_equal(evaluated, 1);
	assert_int_equal(count(take(fd), "\n"), 1);
	close(fd);
	close(log.fd);
}

static void test_escape(void **state)
{
	struct log log;
	int fd = open_log(&log);

	(void)state;
	errno = ENOENT;
	log_error(&log, "%s", "a\nb\033[1m\x7f\xc3\xa9 ~");
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(take(fd), "error: a\\010b\\027[1m\\127\\195\\169 ~\n"));
	close(fd);
	close(log.fd);
}

static void test_long_lines_are_cut(void **state)
{
	char text[2 * LOG_LINE_MAX];
	struct log log;
	int fd = open_log(&log);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_error(&log, "%s", text);
	assert_int_equal(strlen(take(fd)), LOG_LINE_MAX);
	assert_int_equal(seen[LOG_LINE_MAX - 1], '\n');

	memset(text, '\n', sizeof(text) - 1); /* four octets each */
	log_error(&log, "%s", text);
	assert_in_range(strlen(take(fd)), LOG_LINE_MAX - 4, LOG_LINE_MAX);
	assert_int_equal(count(seen, "\n"), 1);
	close(fd);
	close(log.fd);
}

static void say(struct log *log, int i)
{
	log_info(log, "flood %d", i);
}

static void test_rate(void **state)
{
	struct log log;
	int fd = open_log(&log);

	(void)state;
	wait_for_next_second();
	for (int i = 0; i < 100; i++)
		say(&log, i);
	log_info(&log, "another site is not held back");
	take(fd);
	assert_int_equal(count(seen, "flood"), LOG_LINES_PER_S);
	assert_int_equal(count(seen, "another"), 1);

	wait_for_next_second();
	say(&log, 100);
	take(fd);
	assert_int_equal(count(seen, "90 suppressed"), 1);
	assert_int_equal(count(seen, "flood 100"), 1);

	wait_for_next_second();
	say(&log, 101);
	assert_int_equal(count(take(fd), "suppressed"), 0);
	close(fd);
	close(log.fd);
}

static void test_full_pipe(void **state)
{
	static const char filler[4096];
	struct log log;
	int fd = open_log(&log);

	(void)state;
	assert_int_equal(fcntl(log.fd, F_SETFL, O_NONBLOCK), 0);
	while (write(log.fd, filler, sizeof(filler)) > 0)
		;
	assert_int_equal(fcntl(log.fd, F_SETFL, 0), 0); /* a write would block now */
	alarm(5);
	log_error(&log, "lost");
	alarm(0);
	assert_int_equal(log.dropped, 1);
	close(fd);
	close(log.fd);
}

static void *flood(void *log)
{
	for (int i = 0; i < 1000; i++)
		say(log, i);
	return NULL;
}

/** Threads at one call site: whole lines, and (about) no more than the limit. */
static void test_threads(void **state)
{
	pthread_t threads[4];
	struct log log;
	int fd = open_log(&log);

	(void)state;
	wait_for_next_second();
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, flood, &log), 0);
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	take(fd);
	assert_in_range(count(seen, "flood"), LOG_LINES_PER_S, 4 * LOG_LINES_PER_S);
	assert_int_equal(count(seen, "\n"), count(seen, "Z info: "));
	close(fd);
	close(log.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_is_detected),
		cmocka_unit_test(test_level_saves_arguments),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_full_pipe),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
