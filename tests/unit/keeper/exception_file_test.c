/*
 * exception_file_test.c - exceptions and signals written and read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/exception_file.h"

static struct exception_states states, again;
static struct log log_;
static char folder[64], path[96], other[128];

static const char *beside(const char *suffix)
{
	snprintf(other, sizeof other, "%s.%s", path, suffix);
	return other;
}

static void fill(struct dated_name *d, uint8_t odd, uint32_t at_s)
{
	/* Octets that are not text: a dot, a blank, a new line. */
	const uint8_t name[] = {4, '.', ' ', odd, '\n', 3, 'c', 'o', 'm', 0};

	memcpy(d->name, name, sizeof name);
	d->at_s = at_s;
}

static int set_up(void **state)
{
	(void)state;
	memset(&states, 0, sizeof states);
	states.clock_s = 1700000000;
	states.exceptions_n = NEGATIVE_ANCHORS_MAX;
	for (unsigned i = 0; i < NEGATIVE_ANCHORS_MAX; i++)
		fill(&states.exceptions[i], i < 'A' || i > 'Z' ? (uint8_t)i : 'a', 4200000000 + i);
	states.signals_n = ANCHORS_MAX - 1; /* the first is of the root */
	for (unsigned i = 1; i < ANCHORS_MAX - 1; i++)
		fill(&states.signals[i], (uint8_t)i % 32, i);
	log_init(&log_, LOG_LEVEL_ERROR);
	strcpy(folder, "/tmp/tern-exceptions-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/exceptions", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(beside("old"));
	unlink(beside("damaged"));
	return rmdir(folder);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	assert_int_equal(exception_file_read(path, &again, &log_), STATE_MISSING);
	assert_true(exception_file_write(path, &states));
	assert_int_equal(exception_file_read(path, &again, &log_), STATE_GOOD);
	assert_memory_equal(&again, &states, sizeof states);
}

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void a_damaged_file_is_none(void **state)
{
	struct stat st;

	(void)state;
	assert_true(exception_file_write(path, &states));
	put("version 1\nexception x. 1\n");
	assert_int_equal(exception_file_read(path, &again, &log_), STATE_DAMAGED);
	assert_int_equal(again.exceptions_n + again.signals_n, 0);
	assert_int_equal(stat(beside("damaged"), &st), 0);
	assert_int_equal(exception_file_read(path, &again, &log_), STATE_MISSING);
}

/* Whose sum is right, but whose lines are of some other program. */
static void print_other(FILE *f, const void *from)
{
	fputs(from, f);
}

static void lines_that_are_not_understood(void **state)
{
	static const char *const lines[] = {"key x. 1\n", "exception x.\n", "signal a..b 1\n",
					    "clock\n"};

	(void)state;
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t len;
		char *text = state_to_text("# other\n", print_other, lines[i], &len);

		assert_non_null(text);
		put(text);
		free(text);
		assert_int_equal(exception_file_read(path, &again, &log_), STATE_DAMAGED);
	}
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(what_is_written_is_read),
		FILE_TEST(a_damaged_file_is_none),
		FILE_TEST(lines_that_are_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
