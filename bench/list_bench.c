/*
 * list_bench.c - a list of five million names: reading it, what it takes, and asking it.
 */
#include <tern/rr.h>

#include "micro.h"
#include "policy/list_text.h"
#include "policy/lists.h"

#define NAMES    5000000u
#define NAMES_C  100000u /* under callgrind */
#define LINE_MAX 64
#define ASKED    65536u /* a power of two: names in no order, more than any cache of the processor */

struct lists {
	struct list_set *set;
	uint8_t listed[ASKED][LINE_MAX];
	uint8_t unlisted[ASKED][LINE_MAX];
};

static const struct hash_key key = {0x0123456789abcdef, 0xfedcba9876543210};
static struct lists lists;

/* Scattered, and always the same. */
static uint32_t scattered(uint32_t i)
{
	return i * 2654435761u;
}

static unsigned line_of(uint32_t i, char out[LINE_MAX])
{
	return (unsigned)snprintf(out, LINE_MAX, "ads%x.tracker%u.example%u.com", scattered(i),
				  i % 7919, i % 104729);
}

static void ask(uint8_t (*names)[LINE_MAX], uint64_t n)
{
	static uint32_t at;

	for (uint64_t i = 0; i < n; i++)
		micro_use(list_set_ask(lists.set, 1, names[at++ % ASKED], TERN_TYPE_A).line);
}

static void ask_listed(void *context, uint64_t n)
{
	(void)context;
	ask(lists.listed, n);
}

static void ask_unlisted(void *context, uint64_t n)
{
	(void)context;
	ask(lists.unlisted, n);
}

static void name_from(const char *text, size_t len, uint8_t out[LINE_MAX])
{
	uint8_t name[TERN_NAME_MAX];

	micro_need(tern_name_from_text(text, len, name) == TERN_OK, "a name");
	tern_name_copy(out, name);
}

static void choose_names(uint32_t names_n)
{
	char line[LINE_MAX];

	for (uint32_t i = 0; i < ASKED; i++) {
		name_from(line, line_of(scattered(i) % names_n, line), lists.listed[i]);
		name_from(line,
			  (size_t)snprintf(line, sizeof line, "www%u.a.example%u.org", i,
					   scattered(i) % 99991),
			  lists.unlisted[i]);
	}
}

static char *make_text(uint32_t names_n, size_t *len)
{
	char *text = malloc((size_t)names_n * LINE_MAX);

	micro_need(text != NULL, "memory");
	*len = 0;
	for (uint32_t i = 0; i < names_n; i++) {
		*len += line_of(i, text + *len);
		text[(*len)++] = '\n';
	}
	return text;
}

int main(int argc, char **argv)
{
	struct list_options options = {.name = (char[]){"bench"}};
	static const struct list_state state;
	struct list_report report;

	micro_start(argc, argv);
	uint32_t names_n = micro_counts ? NAMES_C : NAMES;
	size_t len;
	char *text = make_text(names_n, &len);
	struct list_builder *b = list_builder_create(&key);
	uint64_t since = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	lists.set = list_set_create(&key);
	micro_need(b && lists.set && list_text_add(b, text, len, false, &report), "memory");
	struct name_list *list = list_builder_finish(b);
	uint64_t took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - since;

	micro_need(list && report.rejected_n == 0, "a list");
	free(text);
	if (!micro_counts)
		fprintf(stderr, "list: %u names, %.2f s, %.2f million a second, %.1f octets each\n",
			report.names_n, (double)took / 1e9, report.names_n / ((double)took / 1e3),
			(double)name_list_octets(list) / report.names_n);
	list_set_add(lists.set, &options, list, &state);
	choose_names(names_n);
	micro_run("list: a name that is listed", ask_listed, NULL);
	micro_run("list: a name that is not", ask_unlisted, NULL);
	list_set_destroy(lists.set);
	return 0;
}
