/*
 * copy_test.c - names of copies, what is kept beside them, what is removed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper/copy.h"

static char folder[64];
static struct copy_about about, again;

static int set_up(void **state)
{
	(void)state;
	memset(&about, 0, sizeof about);
	strcpy(folder, "/tmp/tern-copy-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	copy_tidy(folder, NULL, 0);
	return rmdir(folder);
}

static void names(void **state)
{
	static const char *const odd[] = {"a",   "A",      ".",   "..",      "../a", "a/b",
					  "a.b", "",       "a b", "a\nb",    "%2e",  "-",
					  "a%",  ".about", "a-",  "\xc3\xa9"};
	char out[sizeof odd / sizeof *odd][COPY_NAME_MAX], other[COPY_NAME_MAX];
	char longest[64];

	(void)state;
	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		copy_name(odd[i], "https://x/", out[i]);
		assert_null(strpbrk(out[i], "./ \n"));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(out[i], out[j]);
	}
	assert_string_not_equal(out[0], copy_name("a", "https://y/", other));
	assert_string_equal(out[0], copy_name("a", "https://x/", other));
	memset(longest, '/', 63);
	longest[63] = '\0';
	assert_int_equal(strlen(copy_name(longest, "", other)), 63 * 3 + 17);
}

static void take(const char *line)
{
	copy_take_header(&about, line, strlen(line));
}

static void headers(void **state)
{
	char line[COPY_HEADER_MAX + 16];

	(void)state;
	take("HTTP/1.1 200 OK\r\n");
	take("eTaG:  W/\"5f-1\" \r\n");
	take("LAST-modified:Wed, 21 Oct 2026 07:28:00 GMT\r\n");
	take("X-ETag: no\r\n");
	take("\r\n");
	assert_string_equal(about.etag, "W/\"5f-1\"");
	assert_string_equal(about.modified, "Wed, 21 Oct 2026 07:28:00 GMT");
	/* What can't be sent back is not kept, and what was there is not meant any more. */
	take("ETag: a\x01z\r\n");
	assert_string_equal(about.etag, "");
	take("ETag: b");
	assert_string_equal(about.etag, "b");
	snprintf(line, sizeof line, "ETag: %0*d\r\n", COPY_HEADER_MAX, 1);
	take(line);
	assert_string_equal(about.etag, "");
	snprintf(line, sizeof line, "ETag: %0*d\r\n", COPY_HEADER_MAX - 1, 1);
	take(line);
	assert_int_equal(strlen(about.etag), COPY_HEADER_MAX - 1);
	take("ETag:");
	assert_string_equal(about.etag, "");
}

static void kept(void **state)
{
	char path[96];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/x-0", folder);
	assert_false(copy_about_read(path, &again));
	about.fetched_s = 1795314064;
	about.octets = UINT64_MAX;
	strcpy(about.etag, "\"a b\"");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(copy_about_write(path, &about));
		assert_true(copy_about_read(path, &again));
		assert_memory_equal(&about, &again, sizeof about);
		memset(about.modified, 'm', COPY_HEADER_MAX - 1);
		about.etag[0] = '\0';
		memset(about.etag, 0, sizeof about.etag);
	}
	snprintf(path, sizeof path, "%s/x-0.about", folder);
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, 60, SEEK_SET);
	fputc('#', f);
	fclose(f);
	snprintf(path, sizeof path, "%s/x-0", folder);
	assert_false(copy_about_read(path, &again));
	assert_int_equal(again.fetched_s, 0);
	about.fetched_s = -1;
	assert_true(copy_about_write(path, &about));
	assert_false(copy_about_read(path, &again));
}

static bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void put(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fclose(f);
}

static void tidied(void **state)
{
	static const char *const stay[] = {"a-1", "a-1.about", "a-1.new", "b-2"};
	static const char *const go[] = {"a-12", "a-2", "a", "b-2x", "c-3.about", ".x"};
	static const char *const keep[] = {"a-1", "b-2"};

	(void)state;
	for (unsigned i = 0; i < sizeof stay / sizeof *stay; i++)
		put(stay[i]);
	for (unsigned i = 0; i < sizeof go / sizeof *go; i++)
		put(go[i]);
	copy_tidy(folder, keep, 2);
	for (unsigned i = 0; i < sizeof stay / sizeof *stay; i++)
		assert_true(is_there(stay[i]));
	for (unsigned i = 0; i < sizeof go / sizeof *go; i++)
		assert_false(is_there(go[i]));
	copy_tidy("/nowhere/at/all", keep, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tidied, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
