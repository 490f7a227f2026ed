#include "dnssec/anchor.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "base/check.h"

void trust_anchors_builtin(struct trust_anchors *out)
{
	static const char *const root[] = {
		". IN DS 20326 8 2 "
		"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
		". IN DS 38696 8 2 "
		"683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
	};
	const char *error;

	out->n = 0;
	for (unsigned i = 0; i < ARRAY_LEN(root); i++)
		check_always(trust_anchors_add(out, root[i], &error));
}

static bool take(struct trust_anchors *anchors, const struct tern_rr_text *rr, const char **error)
{
	struct trust_anchor *a = &anchors->anchors[anchors->n];

	if (rr->type != TERN_TYPE_DS && rr->type != TERN_TYPE_DNSKEY) {
		*error = "a trust anchor is a DS or a DNSKEY record";
		return false;
	}
	if (rr->rdata_len > ANCHOR_RDATA_MAX) {
		*error = "the key is too long";
		return false;
	}
	tern_name_lower(a->zone, rr->owner);
	a->type = rr->type;
	a->rdata_len = rr->rdata_len;
	memcpy(a->rdata, rr->rdata, rr->rdata_len);
	anchors->n++;
	return true;
}

bool trust_anchors_add(struct trust_anchors *anchors, const char *text, const char **error)
{
	struct tern_rr_text *rr = malloc(sizeof *rr);
	bool good = false;

	*error = "out of memory or too many";
	if (rr && anchors->n < ANCHORS_MAX && tern_rr_from_text(text, 3600, rr, error) == TERN_OK)
		good = take(anchors, rr, error);
	free(rr);
	return good;
}

bool trust_anchors_add_negative(struct trust_anchors *anchors, const char *name, const char **error)
{
	uint8_t wire[TERN_NAME_MAX];

	*error = "too many";
	if (anchors->negative_n == NEGATIVE_ANCHORS_MAX)
		return false;
	*error = "not a domain name";
	if (tern_name_from_text(name, strlen(name), wire) != TERN_OK)
		return false;
	tern_name_lower(anchors->negative[anchors->negative_n++], wire);
	return true;
}

const uint8_t *trust_anchors_zone(const struct trust_anchors *anchors, const uint8_t *name)
{
	const uint8_t *best = NULL;

	for (unsigned i = 0; i < anchors->n; i++) {
		const uint8_t *zone = anchors->anchors[i].zone;

		if (tern_name_is_below_or_equal(name, zone) &&
		    (!best || tern_name_labels(zone) > tern_name_labels(best)))
			best = zone;
	}
	return best;
}

bool trust_anchors_is_negative(const struct trust_anchors *anchors, const uint8_t *name)
{
	const uint8_t *zone = trust_anchors_zone(anchors, name);

	for (unsigned i = 0; i < anchors->negative_n; i++) {
		const uint8_t *negative = anchors->negative[i];

		if (tern_name_is_below_or_equal(name, negative) &&
		    (!zone || tern_name_labels(negative) >= tern_name_labels(zone)))
			return true;
	}
	return false;
}
