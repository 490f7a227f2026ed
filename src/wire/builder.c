/*
 * builder.c - write a DNS message section by section.
 *
 * Every public verb remembers where it began; if something doesn't fit it
 * goes back there, compression table included.
 */
#include <string.h>

#include <tern/builder.h>
#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "wire/builder_private.h"
#include "wire/name_private.h"
#include "wire/rdata_private.h"

#define POINTER      0xc000u
#define QUESTION     0  /* index into counts; sections follow */
#define FIXED_LEN    10 /* octets: type, class, TTL, rdata length */
#define OPT_LEN      11 /* octets of an OPT without options */
#define OPTION_LEN   4  /* octets before an option's data */
#define RCODE_HEADER 0xfu

/* What going back needs. */
struct mark {
	size_t at;
	uint16_t count;
	uint16_t ttl_n;
	bool ttl_overflow;
	uint8_t suffix_n;
};

static struct mark mark_here(const struct tern_builder *b, unsigned count_index)
{
	return (struct mark){b->at, b->counts[count_index], b->ttl_n, b->ttl_overflow, b->suffix_n};
}

static COLD enum tern_status go_back(struct tern_builder *b, unsigned count_index,
				     const struct mark *mark)
{
	b->at = mark->at;
	b->counts[count_index] = mark->count;
	b->ttl_n = mark->ttl_n;
	b->ttl_overflow = mark->ttl_overflow;
	compress_forget(b, mark->suffix_n);
	return TERN_ESPACE;
}

static inline bool has_room(const struct tern_builder *b, size_t octets)
{
	return b->at + b->reserved + octets <= b->limit;
}

static bool put_octets(struct tern_builder *b, const void *octets, size_t n)
{
	if (unlikely(!has_room(b, n)))
		return false;
	if (n > 0)
		memcpy(b->octets + b->at, octets, n);
	b->at += n;
	return true;
}

void tern_builder_init(struct tern_builder *b, uint8_t *octets, size_t size, size_t limit)
{
	b->octets = octets;
	b->limit = MIN(MIN(size, limit), TERN_MESSAGE_MAX);
	b->at = TERN_HEADER_LEN;
	b->reserved = 0;
	b->opt_len_at = 0;
	memset(b->counts, 0, sizeof b->counts);
	tern_builder_record_ttls(b, NULL, 0);
	memset(b->bucket, 0, sizeof b->bucket);
	b->suffix_n = 0;
	memset(octets, 0, TERN_HEADER_LEN);
}

void tern_builder_record_ttls(struct tern_builder *b, uint16_t *at, uint16_t max)
{
	b->ttl_at = at;
	b->ttl_n = 0;
	b->ttl_max = max;
	b->ttl_overflow = false;
}

void tern_builder_reserve(struct tern_builder *b, size_t octets)
{
	b->reserved = octets;
}

void tern_builder_header(struct tern_builder *b, uint16_t id, uint16_t flags, unsigned rcode)
{
	put_u16(b->octets, id);
	put_u16(b->octets + 2, (uint16_t)((flags & ~RCODE_HEADER) | (rcode & RCODE_HEADER)));
}

void tern_builder_set_flag(struct tern_builder *b, uint16_t flag)
{
	put_u16(b->octets + 2, get_u16(b->octets + 2) | flag);
}

/* A name, compressed as far as the message allows. */
static bool put_name(struct tern_builder *b, const uint8_t *name)
{
	struct split_name s;
	size_t at = b->at;
	uint8_t entry;

	s.name = name;
	s.labels_n = label_offsets(name, s.labels, &s.len);
	unsigned new_n = compress_find(b, &s, &entry);

	if (entry == 0) {
		if (!put_octets(b, name, s.len))
			return false;
	} else {
		if (!put_octets(b, name, s.labels[new_n]) || !has_room(b, 2))
			return false;
		put_u16(b->octets + b->at, (uint16_t)(POINTER | b->suffix_at[entry - 1]));
		b->at += 2;
	}
	compress_add(b, &s, at, new_n, entry);
	return true;
}

enum tern_status tern_builder_question(struct tern_builder *b, const uint8_t *name, uint16_t type,
				       uint16_t rclass)
{
	struct mark mark = mark_here(b, QUESTION);

	if (!put_name(b, name) || !has_room(b, 4))
		return go_back(b, QUESTION, &mark);
	put_u16(b->octets + b->at, type);
	put_u16(b->octets + b->at + 2, rclass);
	b->at += 4;
	b->counts[QUESTION]++;
	return TERN_OK;
}

static void record_ttl(struct tern_builder *b, size_t at)
{
	if (!b->ttl_at)
		return;
	if (b->ttl_n < b->ttl_max)
		b->ttl_at[b->ttl_n++] = (uint16_t)at;
	else
		b->ttl_overflow = true;
}

/* Rdata field by field, because its names may be compressed. */
static bool put_named_rdata(struct tern_builder *b, uint16_t type, const uint8_t *rdata, size_t len)
{
	struct piece_iter it = pieces_of(type, rdata, len);
	struct piece piece;

	while (piece_next(&it, &piece)) {
		bool fits = piece.field == TERN_FIELD_NAME_COMPRESSED
				    ? put_name(b, piece.at)
				    : put_octets(b, piece.at, piece.len);
		if (!fits)
			return false;
	}
	/* Of rdata that breaks its layout the rest stays as it is. */
	return put_octets(b, it.at, (size_t)(it.end - it.at));
}

/* All compressible types have such a name first or, like MX, second. */
static inline bool has_compressed_name(uint16_t type)
{
	const uint8_t *fields = tern_type_info(type)->fields;

	return fields[0] == TERN_FIELD_NAME_COMPRESSED || fields[1] == TERN_FIELD_NAME_COMPRESSED;
}

/* What the records of one set have in common. */
struct common {
	uint16_t type;
	uint16_t rclass;
	uint32_t ttl_s;
	uint16_t owner; /* compression pointer to the first record's owner, 0: none */
	bool named;     /* rdata has names to compress */
};

static struct common common_of(uint16_t type, uint16_t rclass, uint32_t ttl_s)
{
	return (struct common){type, rclass, ttl_s, 0, has_compressed_name(type)};
}

static bool put_owner(struct tern_builder *b, struct common *c, const uint8_t *owner)
{
	size_t at = b->at;

	if (c->owner != 0) {
		if (!has_room(b, 2))
			return false;
		put_u16(b->octets + b->at, c->owner);
		b->at += 2;
		return true;
	}
	if (!put_name(b, owner))
		return false;
	if ((b->octets[at] & 0xc0) == 0xc0)
		c->owner = get_u16(b->octets + at);
	else if (at < 0x4000 && owner[0] != 0)
		c->owner = (uint16_t)(POINTER | at);
	return true;
}

static bool put_record(struct tern_builder *b, struct common *c, const uint8_t *owner,
		       const uint8_t *rdata, size_t len)
{
	if (!put_owner(b, c, owner) || unlikely(!has_room(b, FIXED_LEN)))
		return false;
	uint8_t *fixed = b->octets + b->at;

	put_u16(fixed, c->type);
	put_u16(fixed + 2, c->rclass);
	put_u32(fixed + 4, c->ttl_s);
	record_ttl(b, b->at + 4);
	b->at += FIXED_LEN;
	size_t rdata_at = b->at;
	bool fits = c->named ? put_named_rdata(b, c->type, rdata, len) : put_octets(b, rdata, len);

	if (!fits)
		return false;
	put_u16(fixed + 8, (uint16_t)(b->at - rdata_at));
	return true;
}

static bool put_records(struct tern_builder *b, struct common *c, const uint8_t *owner,
			struct tern_rdata_iter it, uint16_t *count)
{
	struct tern_rdata rdata;

	while (tern_rdata_next(&it, &rdata)) {
		if (*count == UINT16_MAX || !put_record(b, c, owner, rdata.octets, rdata.len))
			return false;
		(*count)++;
	}
	return true;
}

enum tern_status tern_builder_rrset(struct tern_builder *b, enum tern_section section,
				    const struct tern_rrset *set, bool with_sigs)
{
	unsigned count_index = section + 1u;
	uint16_t *count = &b->counts[count_index];
	struct mark mark = mark_here(b, count_index);
	struct common c = common_of(set->type, set->rclass, set->ttl_s);

	if (!put_records(b, &c, set->owner, tern_rrset_rdatas(set), count))
		return go_back(b, count_index, &mark);
	if (!with_sigs || set->sig_n == 0)
		return TERN_OK;
	c.type = TERN_TYPE_RRSIG;
	c.named = false;
	if (!put_records(b, &c, set->owner, tern_rrset_sigs(set), count))
		return go_back(b, count_index, &mark);
	return TERN_OK;
}

enum tern_status tern_builder_rr(struct tern_builder *b, enum tern_section section,
				 const uint8_t *owner, uint16_t type, uint16_t rclass,
				 uint32_t ttl_s, const uint8_t *rdata, size_t len)
{
	unsigned count_index = section + 1u;
	struct mark mark = mark_here(b, count_index);
	struct common c = common_of(type, rclass, ttl_s);

	if (b->counts[count_index] == UINT16_MAX || !put_record(b, &c, owner, rdata, len))
		return go_back(b, count_index, &mark);
	b->counts[count_index]++;
	return TERN_OK;
}

enum tern_status tern_builder_opt(struct tern_builder *b, uint16_t udp_size, unsigned rcode,
				  uint8_t version, uint16_t flags)
{
	uint8_t *opt = b->octets + b->at;

	if (b->at + OPT_LEN > b->limit)
		return TERN_ESPACE;
	b->reserved = 0;
	opt[0] = 0;
	put_u16(opt + 1, TERN_TYPE_OPT);
	put_u16(opt + 3, udp_size);
	opt[5] = (uint8_t)(rcode >> 4);
	opt[6] = version;
	put_u16(opt + 7, flags);
	put_u16(opt + 9, 0);
	b->opt_len_at = b->at + 9;
	b->at += OPT_LEN;
	b->counts[1 + TERN_ADDITIONAL]++;
	return TERN_OK;
}

enum tern_status tern_builder_option(struct tern_builder *b, uint16_t code, const void *data,
				     size_t len)
{
	uint8_t *opt_len = b->octets + b->opt_len_at;

	if (b->opt_len_at == 0 || !has_room(b, OPTION_LEN + len))
		return TERN_ESPACE;
	put_u16(b->octets + b->at, code);
	put_u16(b->octets + b->at + 2, (uint16_t)len);
	b->at += OPTION_LEN;
	(void)put_octets(b, data, len);
	put_u16(opt_len, (uint16_t)(get_u16(opt_len) + OPTION_LEN + len));
	return TERN_OK;
}

size_t tern_builder_finish(struct tern_builder *b)
{
	for (unsigned i = 0; i < ARRAY_LEN(b->counts); i++)
		put_u16(b->octets + 4 + 2 * i, b->counts[i]);
	return b->at;
}
