/*
 * rdata.c - check, expand and canonicalise rdata by its type's field table.
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/compiler.h"
#include "wire/name_private.h"
#include "wire/rdata_private.h"

/* A record's rdata on its way out of a message. */
struct expansion {
	const uint8_t *msg;
	size_t msg_len;
	size_t at;
	size_t end; /* behind the rdata */
	uint8_t *out;
	size_t out_n;
	size_t out_max;
};

static enum tern_status put_octets(struct expansion *x, const uint8_t *octets, size_t n)
{
	if (unlikely(x->out_max - x->out_n < n))
		return TERN_ESPACE;
	if (n > 0)
		memcpy(x->out + x->out_n, octets, n);
	x->out_n += n;
	return TERN_OK;
}

/* RFC 3597 4: only names of old types may be compressed. */
static enum tern_status expand_name(struct expansion *x, uint8_t field)
{
	uint8_t name[TERN_NAME_MAX];
	size_t next;
	size_t len;

	if (tern_name_parse(x->msg, x->msg_len, x->at, name, &next) != TERN_OK || next > x->end)
		return TERN_ERDATA;
	len = tern_name_len(name);
	if (field == TERN_FIELD_NAME_LITERAL && next - x->at != len)
		return TERN_ERDATA;
	x->at = next;
	return put_octets(x, name, len);
}

static enum tern_status expand_field(struct expansion *x, uint8_t field)
{
	size_t len;

	if (field_is_name(field))
		return expand_name(x, field);
	/* RFC 9460 4.3: a resolver passes parameters on, whatever they say. */
	if (field == TERN_FIELD_SVC_PARAMS) {
		enum tern_status passed = put_octets(x, x->msg + x->at, x->end - x->at);

		x->at = x->end;
		return passed;
	}
	if (field_len(field, x->msg + x->at, x->end - x->at, &len) != TERN_OK)
		return TERN_ERDATA;
	enum tern_status st = put_octets(x, x->msg + x->at, len);

	x->at += len;
	return st;
}

enum tern_status tern_rdata_expand(const struct tern_message *m, const struct tern_rr_ref *rr,
				   uint8_t *out, size_t out_max, size_t *out_len)
{
	const struct tern_type_info *info = tern_type_info(rr->type);
	struct expansion x = {
		.msg = m->octets,
		.msg_len = m->len,
		.at = rr->rdata_at,
		.end = (size_t)rr->rdata_at + rr->rdata_len,
		.out = out,
		.out_max = out_max,
	};

	for (unsigned i = 0; info->fields[i] != TERN_FIELD_END; i++) {
		enum tern_status st = expand_field(&x, info->fields[i]);
		if (unlikely(st != TERN_OK))
			return st;
	}
	if (unlikely(x.at != x.end))
		return TERN_ERDATA;
	*out_len = x.out_n;
	return TERN_OK;
}

struct piece_iter pieces_of(uint16_t type, const uint8_t *rdata, size_t len)
{
	return (struct piece_iter){tern_type_info(type)->fields, rdata, rdata + len, TERN_OK};
}

bool piece_next(struct piece_iter *it, struct piece *out)
{
	size_t left = (size_t)(it->end - it->at);

	if (*it->fields == TERN_FIELD_END) {
		if (left > 0)
			it->status = TERN_ERDATA;
		return false;
	}
	out->field = *it->fields;
	out->at = it->at;
	it->status = field_is_name(out->field) ? tern_name_check(it->at, left, &out->len)
					       : field_len(out->field, it->at, left, &out->len);
	if (it->status != TERN_OK) {
		it->status = TERN_ERDATA;
		return false;
	}
	it->at += out->len;
	it->fields++;
	return true;
}

enum tern_status tern_rdata_check(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct piece_iter it = pieces_of(type, rdata, len);
	struct piece piece;

	while (piece_next(&it, &piece))
		continue;
	return it.status;
}

void tern_rdata_canonicalise(uint16_t type, uint8_t *rdata, size_t len)
{
	struct piece_iter it = pieces_of(type, rdata, len);
	struct piece piece;

	while (piece_next(&it, &piece)) {
		if (piece.field != TERN_FIELD_NAME_COMPRESSED && piece.field != TERN_FIELD_NAME)
			continue;
		uint8_t *name = rdata + (piece.at - rdata);

		tern_name_lower(name, name);
	}
}

/* Types whose one name leads to addresses or to another owner. */
static bool has_target(uint16_t type)
{
	switch (type) {
	case TERN_TYPE_NS:
	case TERN_TYPE_MD:
	case TERN_TYPE_MF:
	case TERN_TYPE_CNAME:
	case TERN_TYPE_MB:
	case TERN_TYPE_PTR:
	case TERN_TYPE_MX:
	case TERN_TYPE_AFSDB:
	case TERN_TYPE_RT:
	case TERN_TYPE_SRV:
	case TERN_TYPE_NAPTR:
	case TERN_TYPE_KX:
	case TERN_TYPE_DNAME:
	case TERN_TYPE_SVCB:
	case TERN_TYPE_HTTPS:
	case TERN_TYPE_LP: return true;
	default: return false;
	}
}

const uint8_t *tern_rdata_target(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct piece_iter it = pieces_of(type, rdata, len);
	struct piece piece;

	if (!has_target(type))
		return NULL;
	while (piece_next(&it, &piece)) {
		if (field_is_name(piece.field))
			return piece.at;
	}
	return NULL;
}
