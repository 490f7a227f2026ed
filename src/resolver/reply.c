#include "resolver/reply.h"

#include <string.h>

#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "dnssec/rrsig.h"

bool rr_owner(const struct tern_message *m, const struct tern_rr_ref *rr,
	      uint8_t out[TERN_NAME_MAX])
{
	return tern_name_parse(m->octets, m->len, rr->owner_at, out, NULL) == TERN_OK;
}

bool rr_is_owned_by(const struct tern_message *m, const struct tern_rr_ref *rr, const uint8_t *name)
{
	uint8_t owner[TERN_NAME_MAX];

	/* Most owners are a pointer to the question. */
	if (get_u16(m->octets + rr->owner_at) == (0xc000 | TERN_HEADER_LEN))
		return tern_name_equal(m->qname, name);
	return rr_owner(m, rr, owner) && tern_name_equal(owner, name);
}

const struct tern_rr_ref *reply_find(const struct tern_message *m, enum tern_section section,
				     const uint8_t *owner, uint16_t type)
{
	for (unsigned i = 0; i < m->section_n[section]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if (rr->type == type && rr->rclass == TERN_CLASS_IN &&
		    (!owner || rr_is_owned_by(m, rr, owner)))
			return rr;
	}
	return NULL;
}

/* Packed records being gathered in the worker's scratch space, with a hash table against doubles.
 */
struct gathering {
	uint8_t *octets;
	size_t len;
	size_t max;
	uint32_t *seen;    /* 1 + offset of a record, 0 free */
	uint32_t seen_max; /* places: a power of two, 0 for no table */
	uint16_t n;
	bool full;
};

static uint32_t hash_rdata(const uint8_t *rdata, size_t len)
{
	uint32_t h = 2166136261u;

	/* Only doubles meet here; a sender who makes others meet costs himself a longer probe. */
	for (size_t i = 0; i < len; i++)
		h = (h ^ rdata[i]) * 16777619u;
	return h;
}

#define PROBES_MAX                                                                                 \
	16 /* a set full of collisions is let through with doubles rather than searched */

static bool is_double(struct gathering *g, const uint8_t *record, size_t len)
{
	uint32_t slot = hash_rdata(record, len);

	for (unsigned i = 0; i < PROBES_MAX; i++, slot++) {
		uint32_t *seen = &g->seen[slot & (g->seen_max - 1)];

		if (*seen == 0) {
			*seen = (uint32_t)(record - g->octets) + 1;
			return false;
		}
		const uint8_t *other = g->octets + *seen - 1;

		if (get_u16(other) + 2u == len && memcmp(other, record, len) == 0)
			return true;
	}
	return false;
}

static void add_record(struct gathering *g, const struct tern_message *m,
		       const struct tern_rr_ref *rr, bool check_doubles)
{
	size_t len;
	uint8_t *record = g->octets + g->len;

	if (g->n >= REPLY_SET_MAX || g->len + 2 > g->max) {
		g->full = true;
		return;
	}
	enum tern_status status = tern_rdata_expand(m, rr, record + 2, g->max - g->len - 2, &len);

	g->full |= status == TERN_ESPACE;
	if (status != TERN_OK)
		return;
	put_u16(record, (uint16_t)len);
	if (check_doubles && g->seen_max && is_double(g, record, len + 2))
		return;
	g->len += len + 2;
	g->n++;
}

static bool covers(const struct tern_message *m, const struct tern_rr_ref *rr, uint16_t type)
{
	return rr->type == TERN_TYPE_RRSIG && rr->rdata_len > 18 &&
	       get_u16(m->octets + rr->rdata_at) == type;
}

struct count {
	unsigned rr_n;
	unsigned sig_n;
	uint32_t ttl_s;
};

static bool is_in_set(const struct tern_message *m, const struct tern_rr_ref *rr,
		      const uint8_t *owner, uint16_t type)
{
	return rr->rclass == TERN_CLASS_IN && (rr->type == type || covers(m, rr, type)) &&
	       rr_is_owned_by(m, rr, owner);
}

static struct count count_set(const struct tern_message *m, enum tern_section section,
			      const uint8_t *owner, uint16_t type)
{
	struct count c = {.ttl_s = UINT32_MAX};

	for (unsigned i = 0; i < m->section_n[section]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if (!is_in_set(m, rr, owner, type))
			continue;
		c.rr_n += rr->type == type;
		c.sig_n += rr->type != type;
		c.ttl_s = MIN(c.ttl_s, rr->ttl_s);
	}
	return c;
}

static void gather(struct gathering *g, const struct tern_message *m, enum tern_section section,
		   const uint8_t *owner, uint16_t type, bool sigs)
{
	for (unsigned i = 0; i < m->section_n[section]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if ((rr->type == type) == !sigs && is_in_set(m, rr, owner, type))
			add_record(g, m, rr, !sigs);
	}
}

/* The front of the scratch space is the table, the rest takes the records. */
static void start_gathering(struct gathering *g, uint8_t *scratch, unsigned rr_n)
{
	*g = (struct gathering){.seen = (uint32_t *)(void *)scratch};
	if (rr_n > 1) {
		g->seen_max = 4;
		while (g->seen_max < 2 * MIN(rr_n, (unsigned)REPLY_SET_MAX))
			g->seen_max *= 2;
		memset(g->seen, 0, g->seen_max * sizeof *g->seen);
	}
	g->octets = scratch + g->seen_max * sizeof *g->seen;
	g->max = RRSIG_SCRATCH - g->seen_max * sizeof *g->seen;
}

bool reply_take_set(const struct tern_message *m, enum tern_section section, const uint8_t *owner,
		    uint16_t type, struct job *job, struct tern_rrset *out)
{
	struct count c = count_set(m, section, owner, type);
	struct gathering g;

	if (c.rr_n == 0)
		return false;
	start_gathering(&g, job->resolver->scratch, c.rr_n);
	gather(&g, m, section, owner, type, false);
	uint16_t rr_n = g.n;

	/* A question for RRSIG itself has no signatures over them. */
	if (type != TERN_TYPE_RRSIG)
		gather(&g, m, section, owner, type, true);
	const uint8_t *rdata = arena_copy(&job->arena, g.octets, g.len);

	if (rr_n == 0 || g.full || !rdata)
		return false;
	*out = (struct tern_rrset){
		.owner = owner,
		.rdata = rdata,
		.rdata_len = (uint32_t)g.len,
		.ttl_s = c.ttl_s,
		.type = type,
		.rclass = TERN_CLASS_IN,
		.rr_n = rr_n,
		.sig_n = (uint16_t)(g.n - rr_n),
	};
	return true;
}

bool alias_hides(uint16_t type)
{
	return type != TERN_TYPE_CNAME && type != TERN_TYPE_ANY && type != TERN_TYPE_NSEC &&
	       type != TERN_TYPE_RRSIG;
}

bool reply_alias_first(const struct tern_message *m, const uint8_t *name, uint16_t type)
{
	/* NSEC and RRSIG stand beside an alias (RFC 4034): it counts where they are missing. */
	bool beside = type == TERN_TYPE_NSEC || type == TERN_TYPE_RRSIG;

	if (beside ? reply_find(m, TERN_ANSWER, name, type) != NULL : !alias_hides(type))
		return false;
	for (unsigned i = 0; i < m->section_n[TERN_ANSWER]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);

		if ((rr->type == type || rr->type == TERN_TYPE_CNAME) &&
		    rr->rclass == TERN_CLASS_IN && rr_is_owned_by(m, rr, name))
			return rr->type == TERN_TYPE_CNAME;
	}
	return false;
}

bool reply_alias(const struct tern_message *m, const uint8_t *name, uint8_t target[TERN_NAME_MAX])
{
	const struct tern_rr_ref *rr = reply_find(m, TERN_ANSWER, name, TERN_TYPE_CNAME);

	return rr && tern_name_parse(m->octets, m->len, rr->rdata_at, target, NULL) == TERN_OK;
}

const struct tern_rr_ref *reply_dname(const struct tern_message *m, const uint8_t *name,
				      const uint8_t *zone, uint8_t owner[TERN_NAME_MAX])
{
	for (unsigned i = 0; i < m->section_n[TERN_ANSWER]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_ANSWER, i);

		if (rr->type == TERN_TYPE_DNAME && rr->rclass == TERN_CLASS_IN &&
		    rr_owner(m, rr, owner) && tern_name_is_below(name, owner) &&
		    tern_name_is_below_or_equal(owner, zone))
			return rr;
	}
	return NULL;
}
