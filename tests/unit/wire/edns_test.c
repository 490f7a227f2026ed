/*
 * edns_test.c - walking options as they stand in a message; texts of extended errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tern/builder.h>
#include <tern/edns.h>
#include <tern/message.h>

#include "helpers.h"

static uint8_t buffer[512];
static struct tern_message m;

static void make_message(bool with_opt)
{
	struct tern_builder b;

	tern_builder_init(&b, buffer, sizeof buffer, sizeof buffer);
	tern_builder_header(&b, 1, 0, 0);
	assert_int_equal(tern_builder_question(&b, tern_name_root, 1, 1), TERN_OK);
	if (with_opt) {
		assert_int_equal(tern_builder_opt(&b, 4096, 0x123, 0, 0xc000), TERN_OK);
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_NSID, "", 0), TERN_OK);
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_EDE, "\0\6text", 6), TERN_OK);
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_EDE, "\0\3", 2), TERN_OK);
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_COOKIE, "12345678", 8), TERN_OK);
	}
	size_t len = tern_builder_finish(&b);
	assert_int_equal(tern_message_parse(buffer, len, NULL, 0, &m), TERN_OK);
}

static void options_come_in_order(void **state)
{
	(void)state;
	struct tern_edns_option option;

	make_message(true);
	assert_int_equal(m.rcode, 0x120);
	assert_true(m.edns.dnssec_ok && m.edns.compact_ok);
	struct tern_edns_iter it = tern_edns_options(buffer, &m.edns);
	assert_true(tern_edns_next(&it, &option));
	assert_int_equal(option.code, TERN_EDNS_NSID);
	assert_int_equal(option.len, 0);
	assert_true(tern_edns_next(&it, &option));
	assert_int_equal(option.code, TERN_EDNS_EDE);
	assert_memory_equal(option.data, "\0\6text", 6);
	assert_true(tern_edns_next(&it, &option));
	assert_true(tern_edns_next(&it, &option));
	assert_int_equal(option.code, TERN_EDNS_COOKIE);
	assert_false(tern_edns_next(&it, &option));
	assert_false(tern_edns_next(&it, &option));
}

static void options_are_found(void **state)
{
	(void)state;
	struct tern_edns_option option;

	make_message(true);
	assert_true(tern_edns_find(buffer, &m.edns, TERN_EDNS_EDE, &option));
	assert_int_equal(option.len, 6);
	assert_true(tern_edns_find(buffer, &m.edns, TERN_EDNS_COOKIE, &option));
	assert_memory_equal(option.data, "12345678", 8);
	option.code = 77;
	assert_false(tern_edns_find(buffer, &m.edns, TERN_EDNS_PADDING, &option));
	assert_int_equal(option.code, 77);
}

static void without_opt_there_are_none(void **state)
{
	(void)state;
	struct tern_edns_option option;

	make_message(false);
	assert_false(m.edns.present);
	struct tern_edns_iter it = tern_edns_options(buffer, &m.edns);
	assert_false(tern_edns_next(&it, &option));
	assert_false(tern_edns_find(buffer, &m.edns, TERN_EDNS_NSID, &option));
}

static void extended_errors_have_texts(void **state)
{
	(void)state;
	assert_string_equal(tern_ede_text(TERN_EDE_OTHER), "Other Error");
	assert_string_equal(tern_ede_text(TERN_EDE_STALE_ANSWER), "Stale Answer");
	assert_string_equal(tern_ede_text(TERN_EDE_BOGUS), "DNSSEC Bogus");
	assert_string_equal(tern_ede_text(TERN_EDE_NO_REACHABLE_AUTHORITY),
			    "No Reachable Authority");
	assert_string_equal(tern_ede_text(TERN_EDE_NSEC3_ITERATIONS),
			    "Unsupported NSEC3 Iterations Value");
	assert_string_equal(tern_ede_text(TERN_EDE_NTA), "Negative Trust Anchor");
	assert_string_equal(tern_ede_text(TERN_EDE_NONE), "");
	for (uint16_t code = 0; code <= TERN_EDE_NTA; code++)
		assert_true(strlen(tern_ede_text(code)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_come_in_order),
		cmocka_unit_test(options_are_found),
		cmocka_unit_test(without_opt_there_are_none),
		cmocka_unit_test(extended_errors_have_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
