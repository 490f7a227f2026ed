#include "resolver/sentinel.h"

#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "dnssec/key.h"

#define IS_TA      "root-key-sentinel-is-ta-"
#define NOT_TA     "root-key-sentinel-not-ta-"
#define TAG_DIGITS 5

/* The key tag behind @p prefix, or -1 when the label is another one. */
static int tag_after(const uint8_t *label, const char *prefix)
{
	size_t len = strlen(prefix);
	char digits[TAG_DIGITS + 1] = "";

	if (label[0] != len + TAG_DIGITS || memcmp(label + 1, prefix, len) != 0)
		return -1;
	memcpy(digits, label + 1 + len, TAG_DIGITS);
	if (strspn(digits, "0123456789") != TAG_DIGITS)
		return -1;
	return atoi(digits);
}

static bool is_trusted(const struct trust_anchors *anchors, int tag)
{
	for (unsigned i = 0; i < anchors->n; i++) {
		const struct trust_anchor *a = &anchors->anchors[i];
		struct dnskey key;
		struct ds ds;

		if (a->zone[0] != 0)
			continue;
		if (a->type == TERN_TYPE_DS && ds_read(a->rdata, a->rdata_len, &ds) &&
		    ds.tag == tag)
			return true;
		if (a->type == TERN_TYPE_DNSKEY && dnskey_read(a->rdata, a->rdata_len, &key) &&
		    key.tag == tag)
			return true;
	}
	return false;
}

bool sentinel_withholds(const struct trust_anchors *anchors, const struct question *q)
{
	int is_ta = tag_after(q->name, IS_TA);
	int not_ta = tag_after(q->name, NOT_TA);

	if (q->type != TERN_TYPE_A && q->type != TERN_TYPE_AAAA)
		return false;
	return (is_ta >= 0 && !is_trusted(anchors, is_ta)) ||
	       (not_ta >= 0 && is_trusted(anchors, not_ta));
}
