/*
 * anchor_file_test.c - states written and read again, and files that are not good.
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
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/anchor_file.h"

static struct anchor_states states, again;
static struct log log_;
static char folder[64], path[96], other[128];

static struct rollover_key *add_key(struct rollover *r, enum key_state state, uint32_t since_s)
{
	static const uint8_t rdata[] = {1, 1, 3, 15, 'k', 'e', 'y'};
	struct rollover_key *k = &r->keys[r->n];

	*k = (struct rollover_key){.state = state, .since_s = since_s, .hold_s = ROLLOVER_HOLD_S};
	memcpy(k->rdata, rdata, sizeof rdata);
	k->rdata[6] = (uint8_t)r->n++;
	k->rdata_len = sizeof rdata;
	return k;
}

static int set_up(void **state)
{
	static const uint8_t example[] = "\7example";

	(void)state;
	memset(&states, 0, sizeof states);
	states.clock_s = 1700000000;
	states.n = 2;
	states.zones[0].seen_s = 1699999999;
	states.zones[0].probe_s = 1700086400;
	states.zones[0].retry_s = 17280;
	for (unsigned i = 0; i < KEY_STATES; i++)
		add_key(&states.zones[0], (enum key_state)i, 1600000000 + i);
	memcpy(states.zones[1].zone, example, sizeof example);
	add_key(&states.zones[1], KEY_VALID, 4200000000)->rdata_len = ANCHOR_RDATA_MAX;
	log_init(&log_, LOG_LEVEL_ERROR);
	strcpy(folder, "/tmp/tern-anchors-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/anchors", folder);
	return 0;
}

static const char *beside(const char *suffix)
{
	snprintf(other, sizeof other, "%s.%s", path, suffix);
	return other;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(beside("old"));
	unlink(beside("damaged"));
	unlink(beside("old.damaged"));
	return rmdir(folder);
}

static void put(const char *to, const char *text, size_t len)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static bool parse(const char *text, size_t len)
{
	const char *why = NULL;
	unsigned line;
	bool good = anchor_states_parse(text, len, &again, &line, &why);

	assert_true(good || why);
	return good;
}

static void what_is_written_is_read(void **state)
{
	size_t len;
	char *text = anchor_states_print(&states, &len);

	(void)state;
	assert_true(parse(text, len));
	assert_memory_equal(&again, &states, sizeof states);
	free(text);
}

static void any_changed_octet_is_noticed(void **state)
{
	size_t len;
	char *text = anchor_states_print(&states, &len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		text[i] ^= 1;
		/* The last line may be written in other ways that mean the same. */
		if (parse(text, len))
			assert_memory_equal(&again, &states, sizeof states);
		text[i] = was;
		char *cut = strndup(text, i);

		assert_false(parse(cut, i));
		free(cut);
	}
	free(text);
}

static void a_file_is_replaced_and_the_one_before_kept(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_MISSING);
	assert_true(anchor_file_write(path, &states));
	assert_int_not_equal(stat(beside("old"), &st), 0);
	states.clock_s++;
	assert_true(anchor_file_write(path, &states));
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_GOOD);
	assert_int_equal(again.clock_s, states.clock_s);
	assert_int_equal(anchor_file_read(beside("old"), &again, &log_), STATE_GOOD);
	assert_int_equal(again.clock_s, states.clock_s - 1);
	assert_int_not_equal(stat(beside("new"), &st), 0);
}

static void a_damaged_file_is_kept_aside_and_the_old_one_used(void **state)
{
	struct stat st;

	(void)state;
	assert_true(anchor_file_write(path, &states));
	states.clock_s++;
	assert_true(anchor_file_write(path, &states));
	put(path, "version 1\nnonsense\n", 19);
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_GOOD);
	assert_int_equal(again.clock_s, states.clock_s - 1);
	assert_int_equal(stat(beside("damaged"), &st), 0);
	assert_int_equal(st.st_size, 19);
	put(beside("old"), "", 0);
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_DAMAGED);
	assert_int_equal(again.n, 0);
}

static void a_folder_that_is_not_there_loses_nothing(void **state)
{
	(void)state;
	assert_false(anchor_file_write("/nonexistent/tern/anchors", &states));
	assert_int_equal(anchor_file_read("/nonexistent/tern/anchors", &again, &log_),
			 STATE_MISSING);
}

/* Whether an anchor was revoked stands in a file that nobody can read: no other will do. */
static void what_is_there_and_unreadable_is_not_missing(void **state)
{
	int status;

	(void)state;
	assert_true(anchor_file_write(path, &states));
	assert_true(anchor_file_write(path, &states));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_UNREADABLE);
	assert_int_equal(again.n, 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_GOOD); /* the old one */
	assert_int_equal(unlink(beside("old")), 0);
	assert_int_equal(mkdir(beside("old"), 0755), 0);
	assert_int_equal(anchor_file_read(path, &again, &log_), STATE_UNREADABLE);
	assert_int_equal(rmdir(beside("old")), 0);
	/* A folder that somebody else may not enter. */
	assert_true(anchor_file_write(path, &states));
	pid_t child = fork();

	if (child == 0)
		_exit(geteuid() == 0 && setuid(65534) != 0
			      ? 77
			      : (int)anchor_file_read(path, &again, &log_));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (geteuid() == 0)
		assert_int_equal(WEXITSTATUS(status), STATE_UNREADABLE);
	else
		assert_int_equal(WEXITSTATUS(status), STATE_GOOD);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(what_is_written_is_read),
		FILE_TEST(any_changed_octet_is_noticed),
		FILE_TEST(a_file_is_replaced_and_the_one_before_kept),
		FILE_TEST(a_damaged_file_is_kept_aside_and_the_old_one_used),
		FILE_TEST(a_folder_that_is_not_there_loses_nothing),
		FILE_TEST(what_is_there_and_unreadable_is_not_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
