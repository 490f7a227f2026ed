/*
 * added_test.c - local data that is added and removed: what may be, what is kept, and what it gives
 * way to.
 */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/rr.h>

#include "zone/added.h"

static char folder[] = "/tmp/tern-added-XXXXXX";
static char path[64];
static struct log quiet;
static struct added *added;
static struct zone_store *store;
static struct zone_answer out;
static const char *why;

static int open_added(void **state)
{
	(void)state;
	log_init(&quiet, LOG_LEVEL_ERROR);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/local-data", folder);
	added = added_create(path, &quiet);
	store = NULL;
	return added ? 0 : -1;
}

static int close_added(void **state)
{
	static const char *const ends[] = {"", ".old", ".damaged"};
	char name[80];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
	rmdir(folder);
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	added_destroy(added);
	zone_store_destroy(store);
	return 0;
}

static void add(const char *text)
{
	if (!added_add(added, text, NULL, &why))
		fail_msg("%s: %s", text, why);
}

static void refuses(const char *text, const char *wanted)
{
	unsigned n = added_count(added);
	uint64_t serial = added_serial(added);

	if (added_add(added, text, store, &why))
		fail_msg("%s", text);
	if (!strstr(why, wanted))
		fail_msg("%s: %s", text, why);
	assert_int_equal(added_count(added), n);
	assert_int_equal(added_serial(added), serial);
}

/* With the records of @written, apart by newlines, below lan. */
static void fill(const char *written)
{
	char *copy = strdup(written), *rest = copy, *line;
	struct zone_fault fault;
	uint64_t serial;

	zone_store_destroy(store);
	store = zone_store_create();
	assert_true(zone_store_add_zone(store, (const uint8_t *)"\3lan", ZONE_STATIC, 1));
	while (*written && (line = strsep(&rest, "\n")) != NULL)
		assert_true(zone_store_add(store, line, NULL, 2, &why));
	free(copy);
	assert_true(added_fill(added, store, &serial));
	assert_int_equal(serial, added_serial(added));
	if (!zone_store_seal(store, &fault))
		fail_msg("%s", fault.why);
}

static enum zone_outcome find(const char *name, uint16_t type)
{
	uint8_t wire[TERN_NAME_MAX];

	assert_int_equal(tern_name_from_text(name, strlen(name), wire), TERN_OK);
	return zone_store_find(store, wire, type, NULL, &out);
}

static unsigned take(const char *name, uint16_t type)
{
	uint8_t wire[TERN_NAME_MAX];

	assert_int_equal(tern_name_from_text(name, strlen(name), wire), TERN_OK);
	return added_remove(added, wire, type, &why);
}

static void again(void)
{
	added_destroy(added);
	added = added_create(path, &quiet);
	assert_non_null(added);
}

static void they_are_kept(void **state)
{
	struct stat st;

	(void)state;
	add("B.lan A 192.0.2.2");
	add("a.lan. 5 TXT \"x y\" \"\\000\\\"\"");
	add("b.lan. 60 IN A 192.0.2.3");
	add("b.lan. 7 A 192.0.2.2");
	again();
	assert_int_equal(added_count(added), 3);
	assert_string_equal(added_text(added, 0), "b.lan. 7 IN A 192.0.2.2");
	assert_string_equal(added_text(added, 1), "a.lan. 5 IN TXT \"x y\" \"\\000\\\"\"");
	assert_int_equal(take("b.lan", TERN_TYPE_AAAA), 0);
	assert_string_equal(why, "ternctl added no such record");
	assert_int_equal(take("b.lan", TERN_TYPE_A), 2);
	assert_int_equal(take("b.lan", 0), 0);
	again();
	assert_int_equal(added_count(added), 1);
	assert_int_equal(take("a.lan", 0), 1);
	again();
	assert_int_equal(added_count(added), 0);
	assert_int_equal(stat(path, &st), 0);
	/* Lines that are no records any more, and a file that somebody changed. */
	add("a.lan. A 192.0.2.1");
	FILE *f = fopen(path, "a");

	fputs("x\n", f);
	fclose(f);
	again();
	assert_int_equal(added_count(added), 0);
	assert_int_equal(stat(path, &st), -1);
}

static void what_cannot_be(void **state)
{
	char text[4000];

	(void)state;
	fill("c.lan. CNAME x.lan.\na.lan. A 192.0.2.1\nd.lan. DNAME x.");
	refuses("", "expected");
	refuses("x", "expected a record type");
	refuses("x. CH A 192.0.2.1", "expected class IN");
	refuses("x. SOA a. b. 1 2 3 4 5", "an SOA");
	refuses("*.x. DNAME y.", "wildcard");
	refuses("c.lan. A 192.0.2.1", "CNAME stands beside");
	refuses("c.lan. CNAME y.", "one CNAME");
	refuses("a.lan. CNAME y.", "CNAME stands beside");
	refuses("x.d.lan. A 192.0.2.1", "below the DNAME");
	refuses("lan. DNAME y.", "below the DNAME");
	refuses("d.lan. DNAME y.", "one DNAME");
	add("n.test. CNAME y.");
	refuses("n.test. A 192.0.2.1", "CNAME stands beside");
	refuses("n.test. CNAME z.", "one CNAME");
	add("q.test. DNAME y.");
	refuses("x.q.test. A 192.0.2.1", "below the DNAME");
	refuses("test. DNAME y.", "below the DNAME");
	add("q.test. A 192.0.2.1");
	memset(text, 'x', sizeof text);
	memcpy(text, "x. TXT ", 7);
	text[sizeof text - 1] = '\0';
	refuses(text, "");
}

static void how_many(void **state)
{
	char text[2000];
	unsigned n = 0;

	(void)state;
	added_destroy(added);
	added = added_create(NULL, &quiet);
	assert_false(added_are_kept(added));
	for (unsigned i = 0; i < ADDED_RECORDS_MAX; i++) {
		snprintf(text, sizeof text, "%u.many. A 192.0.2.1", i);
		add(text);
	}
	refuses("one.more. A 192.0.2.1", "too many records");
	assert_int_equal(take("7.many", 0), 1);
	add("one.more. A 192.0.2.1");
	again();
	added_destroy(added);
	added = added_create(NULL, &quiet);
	do {
		n += (unsigned)snprintf(text, sizeof text, "%u. TXT", n) > 0;
		for (unsigned k = 0; k < 9; k++)
			snprintf(text + strlen(text), sizeof text - strlen(text), " %0200u", k);
	} while (added_add(added, text, NULL, &why));
	assert_string_equal(why, "the records are too long in all");
	assert_in_range(n, ADDED_OCTETS_MAX / 1900, ADDED_OCTETS_MAX / 1700);
}

static void what_is_written_counts(void **state)
{
	(void)state;
	add("a.lan. A 192.0.2.9");
	add("b.lan. CNAME a.lan.");
	add("c.lan. A 192.0.2.9");
	add("d.lan. DNAME e.lan.");
	add("lan. CNAME x.test.");
	fill("");
	assert_int_equal(find("lan", TERN_TYPE_A), ZONE_NODATA);
	assert_int_equal(find("b.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.source & ZONE_SOURCE_ADDED, ZONE_SOURCE_ADDED);
	assert_int_equal(find("x.d.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_DNAME);
	fill("a.lan. CNAME z.lan.\nb.lan. A 192.0.2.1\nc.lan. A 192.0.2.1\nx.d.lan. A 192.0.2.1");
	assert_int_equal(find("a.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_CNAME);
	assert_int_equal(find("b.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_A);
	assert_int_equal(find("c.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.rr_n, 2);
	assert_int_equal(find("x.d.lan", TERN_TYPE_A), ZONE_ANSWER);
	assert_int_equal(out.set.type, TERN_TYPE_A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_are_kept, open_added, close_added),
		cmocka_unit_test_setup_teardown(what_cannot_be, open_added, close_added),
		cmocka_unit_test_setup_teardown(how_many, open_added, close_added),
		cmocka_unit_test_setup_teardown(what_is_written_counts, open_added, close_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
