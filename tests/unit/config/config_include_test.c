/* config_include_test.c - a configuration in several files: what is found, in which order, and what
 * a mistake in one of them is told as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_include.h"

static char error[8192], folder[64], before[256];

/* Paths in messages are short: the test is where its files are. */
static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tern-include-XXXXXX");
	assert_non_null(getcwd(before, sizeof before));
	assert_non_null(mkdtemp(folder));
	return chdir(folder) | mkdir("conf.d", 0755);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return chdir(before) | system(command);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static struct config *load(void)
{
	return config_load("t.yaml", error, sizeof error);
}

static struct config *load_good(void)
{
	struct config *c = load();

	if (!c)
		fail_msg("refused: %s", error);
	return c;
}

static void assert_refused(const char *expected)
{
	assert_null(load());
	assert_string_equal(error, expected);
}

static void test_lists_append_in_sorted_order(void **state)
{
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	put("t.yaml", "include: conf.d/*.yaml\nserver: {listen: [192.0.2.1]}\n");
	put("conf.d/b.yaml", "server: {listen: [192.0.2.3]}\naccess: {allow: [192.0.2.0/24]}\n");
	put("conf.d/a.yaml", "server: {user: a, listen: [192.0.2.2]}\n");
	put("conf.d/c.txt", "nonsense: 1\n");
	struct config *c = load_good();

	assert_string_equal(c->server.user, "a");
	assert_int_equal(c->server.listen_n, 3);
	for (unsigned i = 0; i < 3; i++) {
		char expected[32];

		snprintf(expected, sizeof expected, "192.0.2.%u@53", i + 1);
		assert_string_equal(address_to_text(&c->server.listen[i].at.address, text),
				    expected);
	}
	/* A list that is given takes the place of the default, in whatever file. */
	assert_int_equal(c->access.allow_n, 1);
	struct place place = config_place(c, "server.listen[2]");
	assert_string_equal(place.file, "conf.d/b.yaml");
	assert_int_equal(place.line, 1);
	assert_int_equal(config_place(c, "cache.size").line, 0);
	config_destroy(c);
}

static void test_what_need_not_be_there(void **state)
{
	(void)state;
	put("t.yaml", "include: [conf.d/*.yaml, nowhere/*.yaml, \"conf.d/[x]\"]\n");
	config_destroy(load_good());
	put("t.yaml", "\ninclude: [conf.d/a.yaml, conf.d/b.yaml]\n");
	assert_refused(
		"t.yaml:2: include: conf.d/a.yaml: cannot be read: No such file or directory\n"
		"t.yaml:2: include: conf.d/b.yaml: cannot be read: No such file or directory");
}

/* Twice is once: "10-lan.yaml" and "*.yaml" may both be named. */
static void test_a_file_is_read_once(void **state)
{
	(void)state;
	put("t.yaml", "include: [conf.d/a.yaml, conf.d/*.yaml]\n");
	put("conf.d/a.yaml", "server: {user: a, listen: [192.0.2.2]}\n");
	struct config *c = load_good();

	assert_int_equal(c->server.listen_n, 1);
	config_destroy(c);
}

static void test_mistakes_name_their_file(void **state)
{
	(void)state;
	put("t.yaml", "include: conf.d/*.yaml\nserver:\n  user: a\n  usr: b\n");
	put("conf.d/a.yaml", "server:\n  user: b\n");
	put("conf.d/b.yaml", "cache: {size: 1\n");
	put("conf.d/c.yaml", "\nlogging: {level: loud}\n");
	assert_null(load());
	assert_non_null(strstr(error, "t.yaml:4: server.usr: unknown key"));
	assert_non_null(strstr(error, "\nconf.d/a.yaml:2: server.user: duplicate key, first given "
				      "at t.yaml:3\n"));
	assert_non_null(strstr(error, "\nconf.d/b.yaml:2: cache: not valid YAML"));
	assert_non_null(strstr(error, "\nconf.d/c.yaml:2: logging.level: expected error"));
}

static void test_what_only_the_whole_can_tell(void **state)
{
	(void)state;
	put("t.yaml", "cache:\n  max-ttl: 1h\nstub-zones:\n- {name: a, addresses: [192.0.2.1]}\n"
		      "include: conf.d/*.yaml\n");
	put("conf.d/a.yaml", "cache:\n  min-ttl: 2h\nserver: {listen: [\"::1\", \"::1\"]}\n");
	put("conf.d/b.yaml", "forward-zones:\n- {name: A, addresses: [192.0.2.1]}\n");
	assert_refused("conf.d/b.yaml:2: forward-zones[0].name: zone is already configured as "
		       "stub-zones[0] at t.yaml:4\n"
		       "conf.d/a.yaml:3: server.listen: lists ::1@53 twice\n"
		       "conf.d/a.yaml:2: cache.min-ttl: expected at most max-ttl (3600s), found "
		       "7200s");
}

static void test_loops(void **state)
{
	(void)state;
	put("t.yaml", "include: t.yaml\n");
	assert_refused("t.yaml:1: include: t.yaml: a file cannot include itself");
	put("t.yaml", "include: conf.d/a.yaml\n");
	put("conf.d/a.yaml", "\n\ninclude: ../t.yaml\n");
	assert_refused("conf.d/a.yaml:3: include: conf.d/../t.yaml: a file cannot include itself");
	assert_int_equal(symlink("a.yaml", "conf.d/b.yaml"), 0);
	put("conf.d/a.yaml", "include: b.yaml\n");
	assert_refused("conf.d/a.yaml:1: include: conf.d/b.yaml: a file cannot include itself");
}

static void test_depth(void **state)
{
	char path[32], text[32];

	(void)state;
	put("t.yaml", "include: 1.yaml\n");
	for (unsigned i = 1; i < CONFIG_INCLUDE_DEPTH_MAX; i++) {
		snprintf(path, sizeof path, "%u.yaml", i);
		snprintf(text, sizeof text, "include: %u.yaml\n", i + 1);
		put(path, i + 1 < CONFIG_INCLUDE_DEPTH_MAX ? text : "");
	}
	config_destroy(load_good());
	put(path, text);
	snprintf(path, sizeof path, "%u.yaml", CONFIG_INCLUDE_DEPTH_MAX);
	put(path, "");
	assert_refused("7.yaml:1: include: 8.yaml: files include each other too deeply");
}

static void test_number_and_octets(void **state)
{
	char path[32];

	(void)state;
	put("t.yaml", "include: conf.d/*.yaml\n");
	for (unsigned i = 1; i < CONFIG_FILES_MAX; i++) {
		snprintf(path, sizeof path, "conf.d/%03u.yaml", i);
		put(path, "");
	}
	config_destroy(load_good());
	put("conf.d/x.yaml", "");
	assert_refused("t.yaml:1: include: conf.d/x.yaml: too many files are included");
	/* 40 MiB twice; newlines are read fast */
	char *text = malloc((40 << 20) + 1);

	assert_non_null(text);
	memset(text, '\n', 40 << 20);
	text[40 << 20] = '\0';
	put("t.yaml", "include: [a.yaml, b.yaml]\n");
	put("a.yaml", text);
	put("b.yaml", text);
	free(text);
	assert_refused("t.yaml:1: include: b.yaml: all files together are larger than 64 MiB");
}

/* @n patterns that match nothing, a line for each from the second on. */
static void put_patterns(const char *path, unsigned n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("include:\n", f);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "  - none-%u/*.yaml\n", i);
	assert_int_equal(fclose(f), 0);
}

static void test_patterns(void **state)
{
	(void)state;
	put_patterns("t.yaml", CONFIG_PATTERNS_MAX);
	config_destroy(load_good());
	/* All files together have so many, and the first one too many is told alone. */
	put("t.yaml", "include: [a.yaml, b.yaml]\n");
	put_patterns("a.yaml", CONFIG_PATTERNS_MAX / 2 - 1);
	put_patterns("b.yaml", CONFIG_PATTERNS_MAX / 2 - 1);
	config_destroy(load_good());
	put_patterns("b.yaml", CONFIG_PATTERNS_MAX);
	assert_refused("b.yaml:129: include: expected at most 256 patterns in all files");
}

/* Nobody writes into them: all together are waited for as long as one. */
static void test_pipes(void **state)
{
	char path[32];
	time_t begun = time(NULL);

	(void)state;
	put("t.yaml", "include: conf.d/*.yaml\n");
	put("conf.d/z.yaml", "nonsense: 1\n");
	for (unsigned i = 1; i <= 3; i++) {
		snprintf(path, sizeof path, "conf.d/%u.yaml", i);
		assert_int_equal(mkfifo(path, 0600), 0);
	}
	assert_refused("t.yaml:1: include: conf.d/1.yaml: cannot be read: it is a pipe that has no "
		       "end\n"
		       "t.yaml:1: include: conf.d/2.yaml: cannot be read: it is a pipe that has no "
		       "end\n"
		       "t.yaml:1: include: conf.d/3.yaml: cannot be read: it is a pipe that has no "
		       "end\n"
		       "conf.d/z.yaml:1: nonsense: unknown key");
	assert_in_range(time(NULL) - begun, 0, 8);
}

static void test_paths(void **state)
{
	char path[128], text[160];

	(void)state;
	assert_int_equal(mkdir("a[b]*", 0755), 0);
	snprintf(path, sizeof path, "%s/conf.d/a.yaml", folder);
	snprintf(text, sizeof text, "include: [\"%s\", \"*.yml\"]\n", path);
	put("a[b]*/t.yaml", text);
	put("a[b]*/b.yml", "server: {user: b}\n");
	put(path, "server: {version: a}\n");
	struct config *c = config_load("a[b]*/t.yaml", error, sizeof error);

	if (!c)
		fail_msg("refused: %s", error);
	assert_string_equal(c->server.user, "b");
	assert_string_equal(c->serve.version, "a");
	config_destroy(c);
	put("t.yaml", "include: [conf.d, \"\", [a]]\n");
	assert_null(load());
	assert_non_null(strstr(error, "t.yaml:1: include: expected the path of a file"));
	assert_non_null(strstr(error, "t.yaml:1: include: expected at most 4095 octets"));
	assert_non_null(strstr(error, "t.yaml:1: include: conf.d: cannot be read: Is a directory"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_lists_append_in_sorted_order),
		TEST(test_what_need_not_be_there),
		TEST(test_a_file_is_read_once),
		TEST(test_mistakes_name_their_file),
		TEST(test_what_only_the_whole_can_tell),
		TEST(test_loops),
		TEST(test_depth),
		TEST(test_number_and_octets),
		TEST(test_patterns),
		TEST(test_pipes),
		TEST(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
