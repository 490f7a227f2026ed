/*
 * transfer_test.c - where a zone transfer ends, and what is no transfer.
 *
 * A transfer is written as a line: "S7" is the zone's SOA with serial 7, "a" an
 * A record, "s7" an SOA of a name below,
 * "o" an A record of a name outside, "|" the end of a message.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "../test.h"
#include "base/bytes.h"
#include "base/compiler.h"
#include "tools/ternq_transfer.h"

#define ID      0x1234
#define RRS_MAX 6000

static const uint8_t zone[] = "\4zone\7example";
static struct tern_rr_ref rrs[RRS_MAX];

struct writer {
	struct tern_builder b;
	uint8_t octets[TERN_MESSAGE_MAX];
	uint16_t type;
};

static void begin(struct writer *w, uint16_t flags, unsigned rcode)
{
	tern_builder_init(&w->b, w->octets, sizeof w->octets, sizeof w->octets);
	tern_builder_header(&w->b, ID, flags, rcode);
	assert_int_equal(tern_builder_question(&w->b, zone, w->type, TERN_CLASS_IN), TERN_OK);
}

static void put_record(struct writer *w, char what, uint32_t serial)
{
	static const uint8_t below[] = "\3sub\4zone\7example";
	static const uint8_t outside[] = "\5other\7example";
	uint8_t soa[22] = {0};
	const uint8_t address[4] = {192, 0, 2, 1};
	bool is_soa = what == 'S' || what == 's';

	put_u32(soa + 2, serial);
	const uint8_t *owner = what == 's' ? below : what == 'o' ? outside : zone;

	assert_int_equal(tern_builder_rr(&w->b, TERN_ANSWER, owner,
					 is_soa ? TERN_TYPE_SOA : TERN_TYPE_A, TERN_CLASS_IN, 60,
					 is_soa ? soa : address, is_soa ? sizeof soa : 4),
			 TERN_OK);
}

static enum transfer_step take(struct writer *w, struct transfer *t)
{
	struct tern_message m;

	return transfer_take(t, w->octets, tern_builder_finish(&w->b), rrs, RRS_MAX, &m);
}

/* The verdict on the whole line, and how many records were the transfer's. */
static enum transfer_step run(const char *line, uint16_t type, uint32_t have, struct transfer *t)
{
	static struct writer w;
	enum transfer_step step = TRANSFER_MORE;
	char *end;

	w.type = type;
	transfer_begin(t, zone, type, TERN_CLASS_IN, have);
	transfer_expect_id(t, ID);
	begin(&w, TERN_FLAG_QR, 0);
	for (; *line && step == TRANSFER_MORE; line = end) {
		char what = *line;
		uint32_t serial = (uint32_t)strtoul(line + 1, &end, 10);

		if (what == '|') {
			step = take(&w, t);
			begin(&w, TERN_FLAG_QR, 0);
		} else if (what != ' ') {
			put_record(&w, what, serial);
		}
	}
	return step == TRANSFER_MORE ? take(&w, t) : step;
}

static void expect(const char *line, uint16_t type, uint32_t have, enum transfer_step step,
		   const char *why_or_count)
{
	struct transfer t;
	enum transfer_step got = run(line, type, have, &t);

	if (got != step)
		fail_msg("%s: %d instead of %d, %s", line, got, step, t.why);
	if (step == TRANSFER_FAILED && !strstr(t.why, why_or_count))
		fail_msg("%s: \"%s\" is not \"%s\"", line, t.why, why_or_count);
	if (step != TRANSFER_FAILED && t.records_n != strtoul(why_or_count, NULL, 10))
		fail_msg("%s: %u records", line, (unsigned)t.records_n);
}

static void a_zone_ends_with_its_soa(void **state)
{
	const uint16_t axfr = TERN_TYPE_AXFR;

	(void)state;
	expect("S7 a a S7", axfr, 0, TRANSFER_DONE, "4");
	expect("S7 S7", axfr, 0, TRANSFER_DONE, "2");
	expect("S7 | a | a | S7", axfr, 0, TRANSFER_DONE, "4");
	expect("S7 | | a S7", axfr, 0, TRANSFER_DONE, "3");
	expect("S7 a s9 a S7", axfr, 0, TRANSFER_DONE, "5");
	expect("S7 a a", axfr, 0, TRANSFER_MORE, "3");
	expect("a S7", axfr, 0, TRANSFER_FAILED, "first record is not");
	expect("s7 a s7", axfr, 0, TRANSFER_FAILED, "first record is not");
	expect("", axfr, 0, TRANSFER_FAILED, "without records");
	expect("S7 a S8", axfr, 0, TRANSFER_FAILED, "begins with serial 7 and ends with 8");
	expect("S7 a S7 a", axfr, 0, TRANSFER_FAILED, "behind the last SOA");
}

static void differences_end_where_they_lead(void **state)
{
	const uint16_t ixfr = TERN_TYPE_IXFR;

	(void)state;
	expect("S7", ixfr, 7, TRANSFER_DONE, "1");
	expect("S6", ixfr, 7, TRANSFER_DONE, "1");
	expect("S4294967295", ixfr, 1, TRANSFER_DONE, "1");
	expect("S7 a a S7", ixfr, 6, TRANSFER_DONE, "4");
	expect("S7 S6 a S7 a a S7", ixfr, 6, TRANSFER_DONE, "7");
	expect("S8 S6 a S7 a | S7 a S8 | S8", ixfr, 6, TRANSFER_DONE, "9");
	expect("S8 S6 S7 S7 S8 S8", ixfr, 6, TRANSFER_DONE, "6");
	expect("S1 S4294967295 a S1 a S1", ixfr, 4294967295, TRANSFER_DONE, "6");
	expect("S8 S6 a S7 a", ixfr, 6, TRANSFER_MORE, "5");
	expect("S8", ixfr, 6, TRANSFER_MORE, "1");
	expect("S8 S5 a S8 a S8", ixfr, 6, TRANSFER_FAILED, "ends with 5");
	expect("S8 S6 a S7 a S8", ixfr, 6, TRANSFER_FAILED, "up to serial 7 are followed by 8");
	expect("S8 S6 a S8 a S8 a", ixfr, 6, TRANSFER_FAILED, "behind the last SOA");
}

static void expect_refused(uint16_t flags, unsigned rcode, uint16_t id, const char *why)
{
	static struct writer w = {.type = TERN_TYPE_AXFR};
	struct transfer t;

	transfer_begin(&t, zone, TERN_TYPE_AXFR, TERN_CLASS_IN, 0);
	transfer_expect_id(&t, id);
	begin(&w, flags, rcode);
	put_record(&w, 'S', 1);
	assert_int_equal(take(&w, &t), TRANSFER_FAILED);
	if (!strstr(t.why, why))
		fail_msg("\"%s\" is not \"%s\"", t.why, why);
	assert_int_equal(t.fresh_n, 0);
}

static void other_messages_are_refused(void **state)
{
	struct transfer t;
	struct tern_message m;

	(void)state;
	expect_refused(TERN_FLAG_QR, TERN_RCODE_REFUSED, ID, "REFUSED");
	expect_refused(TERN_FLAG_QR, 0, ID + 1, "id 4660 instead of 4661");
	expect_refused(0, 0, ID, "a query");
	expect_refused(TERN_FLAG_QR | TERN_FLAG_TC, 0, ID, "truncated");
	transfer_begin(&t, zone, TERN_TYPE_AXFR, TERN_CLASS_IN, 0);
	assert_int_equal(transfer_take(&t, zone, sizeof zone, rrs, RRS_MAX, &m), TRANSFER_FAILED);
	assert_non_null(strstr(t.why, "broken"));
	transfer_begin(&t, zone, TERN_TYPE_AXFR, TERN_CLASS_IN, 0);
	assert_int_equal(transfer_take(&t, zone, 0, rrs, RRS_MAX, &m), TRANSFER_FAILED);
}

static void records_outside_are_counted(void **state)
{
	struct transfer t;

	(void)state;
	assert_int_equal(run("S7 a o a o s3 S7", TERN_TYPE_AXFR, 0, &t), TRANSFER_DONE);
	assert_int_equal(t.records_n, 7);
	assert_int_equal(t.outside_n, 2);
}

/* An empty message takes from the account as well. */
static void a_transfer_is_bounded(void **state)
{
	static struct writer w = {.type = TERN_TYPE_AXFR};
	struct transfer t;
	unsigned n = 0;

	(void)state;
	transfer_begin(&t, zone, TERN_TYPE_AXFR, TERN_CLASS_IN, 0);
	transfer_expect_id(&t, ID);
	t.octets_max = 10000;
	begin(&w, TERN_FLAG_QR, 0);
	put_record(&w, 'S', 1);
	while (take(&w, &t) == TRANSFER_MORE && n++ < 1000)
		begin(&w, TERN_FLAG_QR, 0);
	assert_in_range(n, 100, 999);
	assert_non_null(strstr(t.why, "more than 10000 octets"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_ends_with_its_soa),
		cmocka_unit_test(differences_end_where_they_lead),
		cmocka_unit_test(other_messages_are_refused),
		cmocka_unit_test(records_outside_are_counted),
		cmocka_unit_test(a_transfer_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
