/* ways_file_test.c - servers that answer encrypted: kept, and given up. */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/state_file.h"
#include "daemon/ways_file.h"

#define NOW_S 1800000000

static char folder[] = "/tmp/ways_file_test.XXXXXX", path[64];
static struct ways_kept written, got;
static struct log quiet;

static void what_is_kept_is_read(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(ways_file_read(path, &got, &quiet), STATE_MISSING);
	written.n = 3;
	written.ways[0] = (struct way_kept){address("192.0.2.1"), INFRA_TLS, true, NOW_S};
	written.ways[1] = (struct way_kept){address("2001:db8::1"), INFRA_TLS, false, NOW_S - 5};
	written.ways[2] = (struct way_kept){address("192.0.2.2@5300"), INFRA_TLS, true, 1};
	assert_true(ways_file_write(path, &written));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(ways_file_read(path, &got, &quiet), STATE_GOOD);
	assert_int_equal(got.n, written.n);
	for (unsigned i = 0; i < got.n; i++) {
		assert_true(address_equal(&got.ways[i].server, &written.ways[i].server));
		assert_int_equal(got.ways[i].way, written.ways[i].way);
		assert_int_equal(got.ways[i].works, written.ways[i].works);
		assert_int_equal(got.ways[i].at_s, written.ways[i].at_s);
	}
	/* None is a state, too. */
	written.n = 0;
	assert_true(ways_file_write(path, &written));
	assert_int_equal(ways_file_read(path, &got, &quiet), STATE_GOOD);
	assert_int_equal(got.n, 0);
}

static void as_many_as_the_table_has(void **state)
{
	(void)state;
	written.n = WAYS_KEPT_MAX;
	for (unsigned i = 0; i < written.n; i++) {
		written.ways[i] = (struct way_kept){address("2001:db8::"), INFRA_TLS, true, NOW_S};
		written.ways[i].server.octets[14] = (uint8_t)(i >> 8);
		written.ways[i].server.octets[15] = (uint8_t)i;
	}
	assert_true(ways_file_write(path, &written));
	assert_int_equal(ways_file_read(path, &got, &quiet), STATE_GOOD);
	assert_int_equal(got.n, written.n);
}

struct lines {
	const char *text;
	unsigned n;
};

static void print_lines(FILE *f, const void *from)
{
	const struct lines *lines = from;

	for (unsigned i = 0; i < lines->n; i++)
		fprintf(f, "%s\n", lines->text);
}

static const char *refusal(const char *text, unsigned n)
{
	const struct lines lines = {text, n};
	const char *why = NULL;
	unsigned line;
	size_t len;
	char *file = state_to_text("", print_lines, &lines, &len);

	assert_non_null(file);
	bool good = ways_parse(file, len, &got, &line, &why);

	free(file);
	return good ? NULL : why;
}

static void every_value_is_looked_at(void **state)
{
	static const char *const bad[] = {
		"",
		"tls",
		"tls 192.0.2.1@53 works",
		"tls 192.0.2.1@53 works 17 18",
		"tls 192.0.2.1@53 works 17x",
		"udp 192.0.2.1@53 works 17",
		"tls 192.0.2.1 works 17",
		"tls 192.0.2.1@0 works 17",
		"tls 192.0.2.999@53 works 17",
		"tls 192.0.2.1@53 perhaps 17",
		"tls 192.0.2.1@53 works 0",
		"tls 192.0.2.1@53 works -17",
		"tls 192.0.2.1@53 works 1000000000000000",
		"tls 11111111111111111111111111111111111111111111111111111111111111111111@53 works "
		"17",
	};

	(void)state;
	assert_null(refusal("tls 192.0.2.1@53 works 17", 1));
	assert_int_equal(got.n, 1);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		if (!refusal(bad[i], 1))
			fail_msg("\"%s\" is taken", bad[i]);
	}
	assert_null(refusal("tls 192.0.2.1@53 works 17", WAYS_KEPT_MAX));
	assert_string_equal(refusal("tls 192.0.2.1@53 works 17", WAYS_KEPT_MAX + 1),
			    "more servers than there is room for");
}

static void every_change_is_noticed(void **state)
{
	const char *why;
	unsigned line;
	size_t len;

	(void)state;
	written.n = 1;
	written.ways[0] = (struct way_kept){address("192.0.2.1"), INFRA_TLS, true, NOW_S};
	assert_true(ways_file_write(path, &written));
	char *text = file_read(path, &len);

	assert_non_null(text);
	for (size_t n = 0; n < len; n++)
		assert_false(ways_parse(text, n, &got, &line, &why));
	for (size_t i = 0; i < len; i++) {
		text[i] ^= 1;
		assert_false(ways_parse(text, len, &got, &line, &why));
		text[i] ^= 1;
	}
	assert_true(ways_parse(text, len, &got, &line, &why));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_read),
		cmocka_unit_test(as_many_as_the_table_has),
		cmocka_unit_test(every_value_is_looked_at),
		cmocka_unit_test(every_change_is_noticed),
	};

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/encrypted-servers", folder);
	log_init(&quiet, LOG_LEVEL_ERROR);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(path);
	rmdir(folder);
	return failed;
}
