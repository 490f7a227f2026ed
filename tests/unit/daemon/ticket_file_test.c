/* ticket_file_test.c - the key of tickets: kept, and given up. */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/state_file.h"
#include "daemon/ticket_file.h"

#define NOW_S 1800000000

static char folder[] = "/tmp/ticket_file_test.XXXXXX", path[64];

static struct ticket_key some_key(void)
{
	struct ticket_key key = {.made_s = NOW_S};

	for (unsigned i = 0; i < TLS_TICKET_KEY_LEN; i++)
		key.octets[i] = (uint8_t)(i * 37);
	return key;
}

static void what_is_kept_is_read(void **state)
{
	const struct ticket_key key = some_key();
	struct ticket_key got = {.made_s = 7};
	const char *why;
	struct stat st;

	(void)state;
	assert_true(ticket_file_read(path, &got, &why));
	assert_int_equal(got.made_s, 0);
	/* What others could read before they can't any more. */
	assert_true(state_write(path, "x", 1));
	assert_true(ticket_file_write(path, &key, (uid_t)-1));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(ticket_file_read(path, &got, &why));
	assert_int_equal(got.made_s, NOW_S);
	assert_memory_equal(got.octets, key.octets, TLS_TICKET_KEY_LEN);
}

static void every_change_is_noticed(void **state)
{
	const struct ticket_key key = some_key();
	struct ticket_key got;
	const char *why;
	size_t len;

	(void)state;
	assert_true(ticket_file_write(path, &key, (uid_t)-1));
	char *text = file_read(path, &len);

	assert_non_null(text);
	for (size_t n = 0; n < len; n++)
		assert_false(ticket_key_parse(text, n, &got, &why));
	for (size_t at = 0; at < len; at++) {
		text[at] ^= 1;
		assert_false(ticket_key_parse(text, len, &got, &why));
		text[at] ^= 1;
	}
	assert_true(ticket_key_parse(text, len, &got, &why));
	free(text);
}

static void print_text(FILE *f, const void *from)
{
	fputs(from, f);
}

static void bad_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"made 1800000000\n",
		"made 0\n",
		"made soon\n",
		"made -5\n",
		"key 00\n",
		"key\n",
		"nothing\n",
		"made 1\nmade 1\n",
	};
	struct ticket_key got;
	const char *why;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		char *text = state_to_text("", print_text, bad[i], &len);

		assert_non_null(text);
		assert_false(ticket_key_parse(text, len, &got, &why));
		assert_non_null(why);
		free(text);
	}
}

static void it_is_of_use_for_so_long(void **state)
{
	struct ticket_key key = some_key();

	(void)state;
	assert_true(ticket_key_is_fresh(&key, NOW_S));
	assert_true(ticket_key_is_fresh(&key, NOW_S + TICKET_KEY_LIFE_S - 1));
	assert_false(ticket_key_is_fresh(&key, NOW_S + TICKET_KEY_LIFE_S));
	assert_false(ticket_key_is_fresh(&key, NOW_S - 1));
	key.made_s = 0;
	assert_false(ticket_key_is_fresh(&key, 0));
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/key", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char old[80];

	(void)state;
	unlink(path);
	snprintf(old, sizeof old, "%s.old", path);
	unlink(old);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_read),
		cmocka_unit_test(every_change_is_noticed),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(it_is_of_use_for_so_long),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
