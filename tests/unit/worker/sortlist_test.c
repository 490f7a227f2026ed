/* sortlist_test.c - addresses in the order that a client's network wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tern/builder.h>
#include <tern/message.h>
#include <tern/rr.h>

#include "base/compiler.h"
#include "worker/sortlist.h"

static uint8_t message[16384];
static size_t len;
static const uint8_t name[] = "\1n\4test";

static struct prefix network(uint8_t a, uint8_t b, uint8_t bits)
{
	return (struct prefix){{.octets = {a, b}, .family = 4}, bits};
}

/* Addresses 10.i.0.1, in this order, between records of other types. */
static void write_message(unsigned n)
{
	struct tern_builder b;

	tern_builder_init(&b, message, sizeof message, sizeof message);
	tern_builder_header(&b, 7, 0x8180, 0);
	assert_int_equal(tern_builder_question(&b, name, TERN_TYPE_A, TERN_CLASS_IN), TERN_OK);
	for (unsigned i = 0; i < n; i++) {
		uint8_t rdata[] = {10, (uint8_t)i, 0, 1};

		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_A, TERN_CLASS_IN,
						 60, rdata, 4),
				 TERN_OK);
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_TXT,
						 TERN_CLASS_IN, 60, (const uint8_t *)"\3odd", 4),
				 TERN_OK);
	}
	len = tern_builder_finish(&b);
}

static uint8_t second_octet(unsigned i)
{
	struct tern_rr_ref rrs[512];
	struct tern_message m;

	assert_int_equal(tern_message_parse(message, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	const struct tern_rr_ref *rr = tern_message_rr(&m, TERN_ANSWER, 2 * i);

	assert_int_equal(rr->type, TERN_TYPE_A);
	assert_int_equal(tern_message_rr(&m, TERN_ANSWER, 2 * i + 1)->type, TERN_TYPE_TXT);
	return message[rr->rdata_at + 1];
}

static struct prefix clients[] = {{{.octets = {127}, .family = 4}, 8}};
static const struct address client = {.octets = {127, 0, 0, 1}, .family = 4};

static void those_in_the_first_network_come_first(void **state)
{
	struct prefix prefer[] = {network(10, 4, 15), network(10, 1, 16)};
	const struct sort_rule rule = {clients, 1, prefer, 2};
	static const uint8_t wanted[] = {4, 5, 1, 0, 2, 3};

	(void)state;
	write_message(ARRAY_LEN(wanted));
	sortlist_apply(&rule, 1, &client, message, len);
	for (unsigned i = 0; i < ARRAY_LEN(wanted); i++)
		assert_int_equal(second_octet(i), wanted[i]);
}

static void others_get_them_as_they_are(void **state)
{
	struct prefix prefer[] = {network(10, 4, 15)};
	const struct sort_rule rule = {clients, 1, prefer, 1};
	const struct address other = {.octets = {192, 0, 2, 1}, .family = 4};

	(void)state;
	write_message(6);
	sortlist_apply(&rule, 1, &other, message, len);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(second_octet(i), i);
}

static void too_many_stay_where_they_are(void **state)
{
	struct prefix prefer[] = {network(10, 80, 16), network(10, 63, 16)};
	const struct sort_rule rule = {clients, 1, prefer, 2};

	(void)state;
	write_message(100); /* and as many of the other type: above 64 of a type, below all */
	sortlist_apply(&rule, 1, &client, message, len);
	assert_int_equal(second_octet(0), 63);
	assert_int_equal(second_octet(1), 0);
	assert_int_equal(second_octet(80), 80);
	write_message(129);
	sortlist_apply(&rule, 1, &client, message, len);
	assert_int_equal(second_octet(0), 0);
}

/* Of both kinds in one answer each is sorted by itself; what is no address is passed over. */
static void both_kinds_of_addresses(void **state)
{
	struct prefix prefer[] = {{{.octets = {0x20, 1, 0x0d, 0xb8, 2}, .family = 6}, 40},
				  network(10, 2, 16)};
	const struct sort_rule rule = {clients, 1, prefer, 2};
	struct tern_rr_ref rrs[16];
	struct tern_message m;
	struct tern_builder b;

	(void)state;
	tern_builder_init(&b, message, sizeof message, sizeof message);
	tern_builder_header(&b, 7, 0x8180, 0);
	assert_int_equal(tern_builder_question(&b, name, TERN_TYPE_ANY, TERN_CLASS_IN), TERN_OK);
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t four[5] = {10, i, 0, 1, 9}, six[17] = {0x20, 1, 0x0d, 0xb8, i};

		/* The middle ones have an octet too many. */
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_A, TERN_CLASS_IN,
						 60, four, 4 + (i == 1)),
				 TERN_OK);
		assert_int_equal(tern_builder_rr(&b, TERN_ANSWER, name, TERN_TYPE_AAAA,
						 TERN_CLASS_IN, 60, six, 16 + (i == 1)),
				 TERN_OK);
	}
	len = tern_builder_finish(&b);
	sortlist_apply(&rule, 1, &client, message, len);
	assert_int_equal(tern_message_parse(message, len, rrs, ARRAY_LEN(rrs), &m), TERN_OK);
	static const uint8_t wanted[] = {2, 2, 1, 1, 0, 0};

	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(message[m.rrs[i].rdata_at + (i % 2 ? 4 : 1)], wanted[i]);
	assert_int_equal(message[m.rrs[2].rdata_at + 4], 9);
	assert_int_equal(message[m.rrs[1].rdata_at], 0x20);
	assert_int_equal(message[m.rrs[5].rdata_at + 3], 0xb8);
}

static void what_is_no_message_stays(void **state)
{
	struct prefix prefer[] = {network(10, 1, 16)};
	const struct sort_rule rule = {clients, 1, prefer, 1};
	uint8_t before[sizeof message];

	(void)state;
	write_message(2);
	for (size_t cut = 0; cut < len; cut++) {
		memcpy(before, message, sizeof before);
		sortlist_apply(&rule, 1, &client, message, cut);
		assert_memory_equal(before, message, sizeof before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_in_the_first_network_come_first),
		cmocka_unit_test(others_get_them_as_they_are),
		cmocka_unit_test(too_many_stay_where_they_are),
		cmocka_unit_test(both_kinds_of_addresses),
		cmocka_unit_test(what_is_no_message_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
