/*
 * fuzz_name.c - names from text and from the wire.
 *
 * The input is read as presentation format, and as a message whose first octet
 * says where a name begins.
 */
#include <stdint.h>
#include <string.h>

#include <tern/name.h>

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted comes back the same through text. */
static void through_text(const uint8_t *name)
{
	uint8_t again[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX];
	char text_again[TERN_NAME_TEXT_MAX];
	size_t len = tern_name_len(name);

	tern_name_to_text(name, text);
	check_always(tern_name_from_text(text, strlen(text), again) == TERN_OK);
	check_always(tern_name_len(again) == len && memcmp(name, again, len) == 0);
	check_always(strcmp(tern_name_to_text(again, text_again), text) == 0);
}

/* Facts that hold for every name. */
static void laws(const uint8_t *name)
{
	uint8_t low[TERN_NAME_MAX];
	size_t len = tern_name_lower(low, name);
	size_t checked;
	unsigned labels = tern_name_labels(name);

	check_always(tern_name_check(name, TERN_NAME_MAX, &checked) == TERN_OK);
	check_always(checked == len && len == tern_name_len(name) && len <= TERN_NAME_MAX);
	check_always(tern_name_equal(low, name) && tern_name_compare(low, name) == 0);
	check_always(tern_name_common_labels(low, name) == labels);
	check_always(tern_name_is_below_or_equal(name, tern_name_parent(name)));
	check_always(tern_name_is_below(name, tern_name_root) == (labels > 0));
	check_always(tern_name_compare(tern_name_parent(name), name) <= 0);
	for (unsigned i = 0; i <= labels; i++)
		check_always(tern_name_labels(tern_name_suffix(name, i)) == i);
}

static void from_wire(const uint8_t *data, size_t size)
{
	uint8_t name[TERN_NAME_MAX];
	size_t next, skipped, verified;
	enum tern_status st = tern_name_parse(data + 1, size - 1, data[0], name, &next);

	check_always(tern_name_verify(data + 1, size - 1, data[0], &verified) == st);
	if (st != TERN_OK)
		return;
	check_always(next == verified && next <= size - 1);
	check_always(tern_name_skip(data + 1, size - 1, data[0], &skipped) == TERN_OK);
	check_always(skipped == next);
	laws(name);
	through_text(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t name[TERN_NAME_MAX];

	if (tern_name_from_text((const char *)data, size, name) == TERN_OK) {
		laws(name);
		through_text(name);
	}
	if (size > 0)
		from_wire(data, size);
	return 0;
}
