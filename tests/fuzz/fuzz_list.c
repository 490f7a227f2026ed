/*
 * fuzz_list.c - list_text_add() on any octets: no overrun, and a list that answers.
 *
 * The buffer has its exact size, so an overrun of one octet is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/check.h"
#include "policy/list_text.h"
#include "policy/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hash_key key = {1, 2};
	static const struct list_state state;
	static const uint8_t names[][16] = {"", "\3com", "\1a\3com", "\1b\1a\3com"};
	struct list_builder *b = list_builder_create(&key);
	struct list_set *set = list_set_create(&key);
	struct list_options options = {.name = (char[]){"l"}};
	char *text = malloc(size > 0 ? size : 1);
	struct list_report report;

	check_always(b && set && text);
	if (size > 0)
		memcpy(text, data, size);
	check_always(list_text_add(b, text, size, size % 2, &report));
	check_always(report.rejected_n <= report.lines_n && report.lines_n <= size);
	(void)list_text_fault(text, size, &report);
	struct name_list *list = list_builder_finish(b);

	check_always(list && name_list_count(list) <= report.names_n);
	list_set_add(set, &options, list, &state);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		struct list_verdict v = list_set_ask(set, 1, names[i], TERN_TYPE_A);

		check_always(v.line <= report.lines_n && (!v.list || v.line > 0));
	}
	list_set_destroy(set);
	free(text);
	return 0;
}
