/*
 * fuzz_transfer.c - what a server may send instead of a zone.
 *
 *   type (1 octet, odd for IXFR), serial that the client has (4 octets),
 *   then messages, each behind its length as on TCP
 *
 * What the reader calls a whole transfer is looked at again as a plain list of
 * SOA records. Its records are written in every form that ternq has.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/check.h"
#include "tools/ternq_record.h"
#include "tools/ternq_transfer.h"

#define RRS_MAX     6000
#define SOAS_MAX    4096 /* more are not looked at again */
#define WRITTEN_MAX 16   /* records of a message; all would make it slow */
#define HEAD_LEN    5    /* octets before the messages */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t zone[] = "\1z";

/* What was taken, in order. */
struct taken {
	uint32_t soas[SOAS_MAX];
	unsigned soas_n;
	uint64_t records_n;
	bool ends_with_soa;
	bool begins_with_soa;
};

static bool read_soa(const struct tern_message *m, const struct tern_rr_ref *rr, uint32_t *serial)
{
	static uint8_t rdata[UINT16_MAX];
	uint8_t owner[TERN_NAME_MAX];
	size_t len;

	if (rr->type != TERN_TYPE_SOA || rr->rclass != TERN_CLASS_IN)
		return false;
	check_always(tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) == TERN_OK);
	if (!tern_name_equal(owner, zone) ||
	    tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
		return false;
	*serial = get_u32(rdata + len - 20);
	return true;
}

static void note(struct taken *taken, const struct tern_message *m, const struct tern_rr_ref *rr)
{
	uint32_t serial;
	bool soa = read_soa(m, rr, &serial);

	if (taken->records_n++ == 0)
		taken->begins_with_soa = soa;
	taken->ends_with_soa = soa;
	if (soa && taken->soas_n < SOAS_MAX)
		taken->soas[taken->soas_n++] = serial;
}

static void write_record(const struct tern_message *m, const struct tern_rr_ref *rr)
{
	static const struct show shows[] = {
		{.ttl = true, .rclass = true, .crypto = true, .multiline = true},
		{.comments_chosen = true, .rr_comments = true, .idn_out = true},
		{.unknown_format = true},
	};
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	check_always(nowhere);
	for (size_t i = 0; i < ARRAY_LEN(shows); i++)
		record_write_line(&shows[i], m, rr, nowhere);
}

/* Steps from the client's serial to the first one, without a gap. */
static bool is_chain(const struct taken *taken, uint32_t have)
{
	uint32_t at = have;

	if (taken->soas_n < 4 || taken->soas_n % 2 != 0)
		return false;
	for (unsigned i = 1; i + 1 < taken->soas_n; i += 2) {
		if (taken->soas[i] != at)
			return false;
		at = taken->soas[i + 1];
	}
	return at == taken->soas[0];
}

static void check_whole(const struct transfer *t, const struct taken *taken)
{
	bool ixfr = t->type == TERN_TYPE_IXFR;

	check_always(taken->begins_with_soa && taken->ends_with_soa);
	if (taken->soas_n == SOAS_MAX)
		return;
	if (taken->records_n == 1) {
		check_always(ixfr && taken->soas[0] - t->have - 1 >= 0x7fffffffu);
		return;
	}
	check_always(taken->soas[taken->soas_n - 1] == taken->soas[0]);
	check_always(taken->soas_n == 2 || (ixfr && is_chain(taken, t->have)));
}

/* One message; what the reader says of it. */
static enum transfer_step take(struct transfer *t, struct taken *taken, const uint8_t *octets,
			       size_t len)
{
	static struct tern_rr_ref rrs[RRS_MAX];
	struct tern_message m;
	enum transfer_step step = transfer_take(t, octets, len, rrs, RRS_MAX, &m);

	check_always((step == TRANSFER_MORE) == (t->phase != TRANSFER_END));
	check_always((step == TRANSFER_FAILED) == (*t->why != '\0'));
	for (unsigned i = 0; i < t->fresh_n; i++) {
		check_always(i < m.section_n[TERN_ANSWER]);
		note(taken, &m, tern_message_rr(&m, TERN_ANSWER, i));
		if (i < WRITTEN_MAX)
			write_record(&m, tern_message_rr(&m, TERN_ANSWER, i));
	}
	check_always(t->records_n == taken->records_n);
	return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct taken taken;
	enum transfer_step step = TRANSFER_MORE;
	struct transfer t;

	if (size < HEAD_LEN + 4)
		return 0;
	memset(&taken, 0, sizeof taken);
	transfer_begin(&t, zone, data[0] % 2 ? TERN_TYPE_IXFR : TERN_TYPE_AXFR, TERN_CLASS_IN,
		       get_u32(data + 1));
	transfer_expect_id(&t, get_u16(data + HEAD_LEN + 2));
	for (size_t at = HEAD_LEN; step == TRANSFER_MORE && size - at >= 2;) {
		size_t len = get_u16(data + at);

		at += 2;
		if (len > size - at)
			break;
		step = take(&t, &taken, data + at, len);
		at += len;
	}
	if (step == TRANSFER_DONE)
		check_whole(&t, &taken);
	return 0;
}
