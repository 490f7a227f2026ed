/* followed_test.c - data files: the last good state, and who sees that one has changed. */
#include "../test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/followed.h"

static char folder[] = "/tmp/tern-followed-XXXXXX";
static char path[64], other[64];
static struct followed *followed;

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int open_files(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "%s/hosts", folder);
	snprintf(other, sizeof other, "%s/new", folder);
	put(path, "one");
	followed = followed_create();
	return followed ? 0 : -1;
}

static int close_files(void **state)
{
	(void)state;
	followed_destroy(followed);
	unlink(path);
	unlink(other);
	return 0;
}

/* What is read, or "" for nothing; @wrong: is there a reason? */
static const char *text_of(bool wrong)
{
	static char copy[64];
	const char *why = NULL;
	size_t len = 0;

	followed_begin(followed, FOLLOWED_HOSTS);
	const char *text = followed_read(followed, FOLLOWED_HOSTS, path, &len, &why);

	assert_int_equal(why != NULL, wrong);
	snprintf(copy, sizeof copy, "%.*s", (int)len, text ? text : "");
	followed_end(followed, FOLLOWED_HOSTS);
	return copy;
}

static bool is_told(void)
{
	struct pollfd fd = {.fd = followed_fd(followed), .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* The clock stands right behind the pause. */
static unsigned changes_at(uint64_t now_ms)
{
	unsigned early = followed_changed(followed, is_told(), now_ms);

	return followed_changed(followed, false, now_ms + FOLLOWED_PAUSE_MS) | early;
}

static void the_last_good_state_stays(void **state)
{
	(void)state;
	assert_string_equal(text_of(false), "one");
	unlink(path);
	assert_string_equal(text_of(true), "one");
	mkdir(path, 0700);
	assert_string_equal(text_of(true), "one");
	rmdir(path);
	put(path, "two");
	assert_string_equal(text_of(false), "two");
	/* Named no more, it is forgotten. */
	followed_begin(followed, FOLLOWED_HOSTS);
	followed_end(followed, FOLLOWED_HOSTS);
	unlink(path);
	assert_string_equal(text_of(true), "");
}

static void changes_are_seen_once(void **state)
{
	(void)state;
	(void)text_of(false);
	(void)followed_changed(followed, false, 1000); /* the first look */
	assert_false(is_told());
	assert_false(changes_at(1000));
	put(other, "three");
	assert_int_equal(rename(other, path), 0);
	assert_true(is_told());
	assert_true(changes_at(2000));
	assert_false(is_told());
	assert_false(changes_at(3000));
	put(other, "of somebody else's");
	assert_false(changes_at(4000));
	/* Read or not, the next change is another one. */
	put(path, "written in its place");
	assert_true(changes_at(5000));
	unlink(path);
	assert_true(changes_at(6000));
	put(path, "back");
	assert_true(changes_at(7000));
	assert_string_equal(text_of(false), "back");
	assert_false(changes_at(8000));
}

static void nothing_is_told_before_the_pause(void **state)
{
	(void)state;
	(void)text_of(false);
	(void)followed_changed(followed, false, 1000);
	put(path, "longer than before");
	assert_false(followed_changed(followed, is_told(), 2000));
	assert_false(followed_changed(followed, false, 2000 + FOLLOWED_PAUSE_MS - 1));
	assert_true(followed_changed(followed, false, 2000 + FOLLOWED_PAUSE_MS));
}

/* As where a link in between leads elsewhere. */
static void what_no_folder_tells_is_seen_later(void **state)
{
	(void)state;
	(void)text_of(false);
	(void)followed_changed(followed, false, 1000);
	put(path, "longer than before");
	assert_false(followed_changed(followed, false, 1000 + FOLLOWED_LOOK_MS - 1));
	assert_true(followed_changed(followed, false, 1000 + FOLLOWED_LOOK_MS));
}

/* Who writes leases keeps the file open, and no folder tells of that. */
static void a_file_that_stays_open(void **state)
{
	FILE *f = fopen(path, "a");

	(void)state;
	assert_non_null(f);
	(void)text_of(false);
	(void)followed_changed(followed, false, 1000); /* the first look */
	assert_false(is_told());
	fputs(" more", f);
	fflush(f);
	assert_true(is_told());
	assert_int_equal(changes_at(2000), FOLLOWED_HOSTS);
	assert_string_equal(text_of(false), "one more");
	fclose(f);
}

static const char *read_as(unsigned kind, const char *name, const char **why)
{
	static char copy[64];
	size_t len;

	followed_begin(followed, kind);
	const char *text = followed_read(followed, kind, name, &len, why);

	snprintf(copy, sizeof copy, "%.*s", text ? (int)len : 0, text ? text : "");
	return text ? copy : NULL;
}

static void kinds_are_kept_apart(void **state)
{
	const char *why;

	(void)state;
	(void)text_of(false);
	put(other, "leases");
	assert_string_equal(read_as(FOLLOWED_LEASES, other, &why), "leases");
	followed_end(followed, FOLLOWED_LEASES);
	(void)followed_changed(followed, is_told(), 1000);
	put(other, "other leases");
	assert_int_equal(changes_at(2000), FOLLOWED_LEASES);
	put(path, "other hosts");
	put(other, "leases again");
	assert_int_equal(changes_at(3000), FOLLOWED_HOSTS | FOLLOWED_LEASES);
	/* Naming the one kind anew forgets nothing of the other. */
	followed_begin(followed, FOLLOWED_HOSTS);
	followed_end(followed, FOLLOWED_HOSTS);
	put(other, "");
	assert_int_equal(changes_at(4000), FOLLOWED_LEASES);
}

static void what_passes_leaves_nothing(void **state)
{
	const char *why;

	(void)state;
	assert_null(read_as(FOLLOWED_LEASES | FOLLOWED_PASSING, other, &why));
	(void)followed_changed(followed, is_told(), 1000);
	put(other, "cleaned");
	assert_int_equal(changes_at(2000), FOLLOWED_LEASES);
	assert_string_equal(read_as(FOLLOWED_LEASES | FOLLOWED_PASSING, other, &why), "cleaned");
	unlink(other);
	assert_null(read_as(FOLLOWED_LEASES | FOLLOWED_PASSING, other, &why));
	assert_non_null(why);
}

/* A file that includes itself is still being read when it is named again. */
static void a_file_is_read_once(void **state)
{
	const char *why;
	size_t len;

	(void)state;
	followed_begin(followed, FOLLOWED_HOSTS);
	const char *text = followed_read(followed, FOLLOWED_HOSTS, path, &len, &why);

	assert_memory_equal(text, "one", 3);
	put(path, "another one");
	assert_ptr_equal(followed_read(followed, FOLLOWED_HOSTS, path, &len, &why), text);
	assert_null(why);
	assert_int_equal(len, 3);
	assert_string_equal(text_of(false), "another one");
}

/* What was good of it last, or "" for nothing. */
static const char *good_text(void)
{
	static char copy[64];
	size_t len = 0;
	const char *text = followed_read_good(followed, FOLLOWED_HOSTS, path, &len);

	snprintf(copy, sizeof copy, "%.*s", (int)len, text ? text : "");
	return copy;
}

/* A load that reads @text in a group, which is good or not. */
static void load(const char *text, bool good)
{
	const char *why;
	size_t len;

	put(path, text);
	followed_begin(followed, FOLLOWED_HOSTS);
	unsigned group = followed_group(followed);

	assert_non_null(followed_read(followed, FOLLOWED_HOSTS, path, &len, &why));
	if (!good)
		followed_hold(followed, group);
	followed_settle(followed, FOLLOWED_HOSTS);
	followed_end(followed, FOLLOWED_HOSTS);
}

static void what_was_good_last_stays(void **state)
{
	(void)state;
	load("a broken one", false);
	assert_string_equal(good_text(), "");
	load("a good one", true);
	assert_string_equal(good_text(), "a good one");
	assert_string_equal(text_of(false), "a good one");
	load("it breaks", false);
	load("it breaks again", false);
	assert_string_equal(good_text(), "a good one");
	assert_string_equal(text_of(false), "it breaks again");
	/* A load that came to nothing says nothing. */
	put(path, "who knows");
	assert_string_equal(text_of(false), "who knows");
	assert_string_equal(good_text(), "a good one");
	load("it is mended", true);
	assert_string_equal(good_text(), "it is mended");
	/* Who was not looked at in a load is not good for that. */
	load("it breaks", false);
	followed_begin(followed, FOLLOWED_HOSTS);
	assert_string_equal(good_text(), "it is mended");
	followed_settle(followed, FOLLOWED_HOSTS);
	followed_end(followed, FOLLOWED_HOSTS);
	assert_string_equal(good_text(), "it is mended");
	/* Another group is held. */
	followed_begin(followed, FOLLOWED_HOSTS);
	followed_hold(followed, followed_group(followed));
	followed_end(followed, FOLLOWED_HOSTS);
	assert_string_equal(good_text(), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_files, close_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_once),
		TEST(the_last_good_state_stays),
		TEST(changes_are_seen_once),
		TEST(nothing_is_told_before_the_pause),
		TEST(what_no_folder_tells_is_seen_later),
		TEST(a_file_that_stays_open),
		TEST(kinds_are_kept_apart),
		TEST(what_passes_leaves_nothing),
		TEST(what_was_good_last_stays),
	};
	int failed = mkdtemp(folder) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;

	rmdir(folder);
	return failed;
}
