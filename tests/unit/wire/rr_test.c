/*
 * rr_test.c - the type table and the mnemonics; English for every status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include <tern/rr.h>

#include "helpers.h"

static void every_type_has_a_layout(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		const struct tern_type_info *info = tern_type_info((uint16_t)type);
		unsigned fields = 0;

		assert_non_null(info);
		assert_int_not_equal(info->fields[0], TERN_FIELD_END);
		while (fields < TERN_FIELDS_MAX && info->fields[fields] != TERN_FIELD_END)
			fields++;
		assert_true(fields < TERN_FIELDS_MAX);
		if (info->mnemonic)
			assert_int_equal(info->type, type);
		else
			assert_int_equal(info->fields[0], TERN_FIELD_GENERIC);
	}
}

static void every_type_survives_text(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		char text[12], number[12];
		uint16_t again;

		tern_type_to_text((uint16_t)type, text, sizeof text);
		assert_int_equal(tern_type_from_text(text, strlen(text), &again), TERN_OK);
		assert_int_equal(again, type);
		snprintf(number, sizeof number, "tYpE%u", type);
		assert_int_equal(tern_type_from_text(number, strlen(number), &again), TERN_OK);
		assert_int_equal(again, type);
	}
}

static void every_class_survives_text(void **state)
{
	(void)state;
	for (unsigned rclass = 0; rclass <= UINT16_MAX; rclass++) {
		char text[12];
		uint16_t again;

		tern_class_to_text((uint16_t)rclass, text, sizeof text);
		assert_int_equal(tern_class_from_text(text, strlen(text), &again), TERN_OK);
		assert_int_equal(again, rclass);
	}
}

static void words_that_are_no_types(void **state)
{
	(void)state;
	static const char *const bad[] = {"",       "AA",     "TYPE",       "TYPE65536",
					  "TYPE-1", "TYPE1x", "TYPE00001x", "TYPE100000",
					  "TYPE 1", "AAAAA",  "CLASS1",     "TYPE+1"};
	uint16_t type = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(tern_type_from_text(bad[i], strlen(bad[i]), &type), TERN_ETEXT);
	assert_int_equal(tern_class_from_text("CLASS65536", 10, &type), TERN_ETEXT);
	assert_int_equal(tern_class_from_text("I", 1, &type), TERN_ETEXT);
	assert_int_equal(tern_class_from_text("INN", 3, &type), TERN_ETEXT);
	assert_int_equal(type, 7);
	assert_int_equal(tern_type_from_text("aaaa", 4, &type), TERN_OK);
	assert_int_equal(type, TERN_TYPE_AAAA);
	assert_int_equal(tern_type_from_text("TYPE1ignored", 5, &type), TERN_OK);
	assert_int_equal(type, 1);
	assert_int_equal(tern_class_from_text("ch", 2, &type), TERN_OK);
	assert_int_equal(type, TERN_CLASS_CH);
}

static void meta_types(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++)
		assert_int_equal(tern_type_is_meta((uint16_t)type),
				 type == 41 || (type >= 128 && type <= 255));
}

static void codes(void **state)
{
	(void)state;
	char text[12];

	assert_string_equal(tern_rcode_to_text(0, text, sizeof text), "NOERROR");
	assert_string_equal(tern_rcode_to_text(3, text, sizeof text), "NXDOMAIN");
	assert_string_equal(tern_rcode_to_text(16, text, sizeof text), "BADVERS");
	assert_string_equal(tern_rcode_to_text(23, text, sizeof text), "BADCOOKIE");
	assert_string_equal(tern_rcode_to_text(4095, text, sizeof text), "RCODE4095");
	assert_string_equal(tern_opcode_to_text(5, text, sizeof text), "UPDATE");
	assert_string_equal(tern_opcode_to_text(15, text, sizeof text), "OPCODE15");
	assert_string_equal(tern_class_to_text(255, text, sizeof text), "ANY");
	assert_string_equal(tern_type_to_text(65535, text, sizeof text), "TYPE65535");
	assert_string_equal(tern_type_to_text(TERN_TYPE_NULL, text, sizeof text), "NULL");
	assert_string_equal(tern_type_to_text(TERN_TYPE_NXNAME, text, sizeof text), "NXNAME");
	assert_string_equal(tern_type_to_text(TERN_TYPE_MAILB, text, 3), "MA");
}

static void every_status_has_a_text(void **state)
{
	(void)state;
	for (unsigned i = TERN_OK; i <= TERN_ENOMEM; i++) {
		const char *text = tern_status_text((enum tern_status)i);

		assert_true(strlen(text) > 3);
		assert_string_not_equal(text, "unknown status");
	}
	assert_string_equal(tern_status_text((enum tern_status)999), "unknown status");
}

/* Each row is found, so the table is sorted. */
static void every_row_is_found(void **state)
{
	static const struct {
		uint16_t type;
		const char *name;
	} rows[] = {
#define F(name)         0
#define TYPE(name, ...) {TERN_TYPE_##name, #name},
#include "wire/types.def"
#undef TYPE
#undef F
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(tern_type_info(rows[i].type)->type, rows[i].type);
		assert_string_equal(tern_type_info(rows[i].type)->mnemonic, rows[i].name);
		if (i > 0)
			assert_true(rows[i].type > rows[i - 1].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(every_type_has_a_layout),
		cmocka_unit_test(every_type_survives_text),
		cmocka_unit_test(every_class_survives_text),
		cmocka_unit_test(words_that_are_no_types),
		cmocka_unit_test(meta_types),
		cmocka_unit_test(codes),
		cmocka_unit_test(every_status_has_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
