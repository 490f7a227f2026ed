/*
 * fuzz_denial.c - what do arbitrary NSEC and NSEC3 records prove?
 *
 * The input is a name that is asked for, the zone's labels of it, a type, and
 * records: an octet that says NSEC or NSEC3, an owner, a length and the rdata.
 * Whatever they say: no crash, no more hashes than were paid for, the same verdict
 * with a memo of them (which never costs more), and every proof names its records.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/check.h"
#include "dnssec/denial.h"
#include "dnssec/nsec.h"

#define RECORDS_MAX  12
#define BLOCKS       2560
#define LABELS_SHOWN 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t name[TERN_NAME_MAX];
	const uint8_t *zone;
	uint16_t type;
	struct tern_rrset sets[RECORDS_MAX];
	const struct tern_rrset *pointers[RECORDS_MAX];
	uint8_t *blocks[RECORDS_MAX]; /* owner, length and rdata, of exactly their size */
	unsigned n;
};

static const uint8_t *take_name(struct cursor *c)
{
	size_t len;

	if (c->broken || tern_name_check(c->at, cursor_left(c), &len) != TERN_OK)
		return NULL;
	return cursor_take(c, len);
}

static bool take_record(struct cursor *c, struct input *in)
{
	uint16_t type = cursor_u8(c) & 1 ? TERN_TYPE_NSEC3 : TERN_TYPE_NSEC;
	const uint8_t *owner = take_name(c);
	size_t len = cursor_u8(c);
	const uint8_t *rdata = cursor_take(c, len);

	if (!owner || c->broken)
		return false;
	size_t owner_len = tern_name_len(owner);
	uint8_t *block = malloc(owner_len + 2 + len);

	check_always(block);
	memcpy(block, owner, owner_len);
	put_u16(block + owner_len, (uint16_t)len);
	memcpy(block + owner_len + 2, rdata, len);
	in->blocks[in->n] = block;
	in->sets[in->n] = (struct tern_rrset){
		.owner = block,
		.rdata = block + owner_len,
		.rdata_len = (uint32_t)len + 2,
		.type = type,
		.rclass = TERN_CLASS_IN,
		.rr_n = 1,
	};
	in->pointers[in->n] = &in->sets[in->n];
	in->n++;
	return true;
}

static bool read_input(struct cursor *c, struct input *in)
{
	const uint8_t *name = take_name(c);
	uint8_t labels = cursor_u8(c);

	in->type = cursor_u16(c);
	if (!name || c->broken)
		return false;
	tern_name_copy(in->name, name);
	in->zone = tern_name_suffix(in->name, labels % (tern_name_labels(in->name) + 1));
	while (in->n < RECORDS_MAX && take_record(c, in))
		;
	return true;
}

static struct denial denial_of(struct input *in, const uint8_t *zone, uint32_t *left)
{
	*left = BLOCKS;
	return (struct denial){.zone = zone, .sets = in->pointers, .n = in->n, .blocks_left = left};
}

/* With a memo nothing is proven that is not without, and what a proof relied on is enough for it.
 */
static void judge_remembered(struct input *in)
{
	static struct nsec3_memo memo;
	uint32_t left, remembered, used = 0;
	struct denial plain = denial_of(in, in->zone, &left);
	struct denial with = denial_of(in, in->zone, &remembered);
	const struct tern_rrset *needed[RECORDS_MAX];

	with.memo = &memo;
	with.used = &used;
	for (unsigned round = 0; round < 2; round++) {
		enum proof wanted = denial_of_name(&plain, in->name);

		if (left < BLOCKS / 2)
			return; /* one may have run out where the other has not */
		check_always(denial_of_name(&with, in->name) == wanted);
		check_always(remembered >= left);
		left = remembered;
		if (wanted != PROOF_GOOD && wanted != PROOF_OPT_OUT)
			continue;
		struct denial few = {.zone = in->zone, .sets = needed, .blocks_left = &left};

		for (unsigned i = 0; i < in->n; i++) {
			if (used >> i & 1)
				needed[few.n++] = in->pointers[i];
		}
		check_always(few.n > 0 && denial_of_name(&few, in->name) == wanted);
	}
}

/* All functions; each leaves no more hashes than there were. */
static void judge(struct input *in)
{
	uint32_t left;
	struct denial d = denial_of(in, in->zone, &left);
	unsigned labels = tern_name_labels(in->name);

	enum proof of_name = denial_of_name(&d, in->name);

	check_always(left <= BLOCKS);
	left = BLOCKS;
	check_always(denial_of_name(&d, in->name) == of_name);
	(void)denial_of_type(&d, in->name, in->type);
	(void)denial_of_type(&d, in->name, TERN_TYPE_DS);
	check_always(left <= BLOCKS);
	(void)denial_of_ds(&d, in->name);
	(void)denial_is_compact(&d, in->name);
	for (unsigned i = tern_name_labels(in->zone); i < labels && i < LABELS_SHOWN; i++)
		(void)denial_of_closer(&d, in->name, i);
	check_always(left <= BLOCKS);
	left = 0;
	enum proof paid = denial_of_name(&d, in->name);

	/* By NSEC3 nothing is proven for free. */
	check_always(paid != PROOF_OPT_OUT && left == 0);
	d.n = 0;
	check_always(denial_of_name(&d, in->name) == PROOF_NONE);
	check_always(denial_of_type(&d, in->name, in->type) == PROOF_NONE);
	check_always(denial_of_ds(&d, in->name) == CUT_UNPROVEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	struct input in = {.n = 0};

	if (read_input(&c, &in)) {
		judge(&in);
		judge_remembered(&in);
	}
	for (unsigned i = 0; i < in.n; i++)
		free(in.blocks[i]);
	return 0;
}
