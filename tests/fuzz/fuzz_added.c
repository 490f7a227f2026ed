/*
 * fuzz_added.c - added_add() of lines of any octets: what is taken is read again from its text,
 * stands in a store that seals, and is found there or has given way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "zone/added.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_lines(struct added *a, char *text)
{
	const char *why;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		unsigned n = added_count(a);

		if (!added_add(a, line, NULL, &why)) {
			check_always(why && added_count(a) == n);
			continue;
		}
		check_always(added_count(a) == n || added_count(a) == n + 1);
	}
}

static void require_same_again(const struct added *a, struct log *log)
{
	struct added *b = added_create(NULL, log);
	const char *why;

	for (unsigned i = 0; b && i < added_count(a); i++) {
		check_always(strlen(added_text(a, i)) < ADDED_TEXT_MAX);
		check_always(!strchr(added_text(a, i), '\n'));
		check_always(added_add(b, added_text(a, i), NULL, &why));
		check_always(added_count(b) == i + 1);
		check_always(strcmp(added_text(a, i), added_text(b, i)) == 0);
	}
	added_destroy(b);
}

static void require_seals(struct added *a, bool written)
{
	struct zone_store *s = zone_store_create();
	struct zone_fault fault;
	struct zone_answer out;
	uint64_t serial;
	const char *why;

	check_always(s && zone_store_add_zone(s, (const uint8_t *)"\3lan", ZONE_STATIC, 1));
	if (written)
		check_always(zone_store_add(s, "a.lan. CNAME b.lan.", NULL, 2, &why) &&
			     zone_store_add(s, "d.lan. DNAME b.", NULL, 3, &why) &&
			     zone_store_add(s, "x.lan. A 192.0.2.1", NULL, 4, &why));
	check_always(added_fill(a, s, &serial));
	check_always(zone_store_seal(s, &fault));
	(void)zone_store_find(s, (const uint8_t *)"\1y\1d\3lan", 1, NULL, &out);
	zone_store_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct log log;
	struct added *a;

	log_init(&log, LOG_LEVEL_ERROR);
	a = added_create(NULL, &log);
	if (text && a) {
		memcpy(text, data, size);
		text[size] = '\0';
		add_lines(a, text);
		require_same_again(a, &log);
		require_seals(a, false);
		require_seals(a, true);
	}
	added_destroy(a);
	free(text);
	return 0;
}
