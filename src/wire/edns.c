/*
 * edns.c - walk EDNS options; texts of extended errors.
 */
#include <tern/edns.h>

#include "base/bytes.h"
#include "base/compiler.h"

struct tern_edns_iter tern_edns_options(const uint8_t *msg, const struct tern_edns *edns)
{
	if (!edns->present)
		return (struct tern_edns_iter){NULL, NULL};
	return (struct tern_edns_iter){msg + edns->options_at,
				       msg + edns->options_at + edns->options_len};
}

bool tern_edns_next(struct tern_edns_iter *it, struct tern_edns_option *out)
{
	if (it->at == it->end)
		return false;
	out->code = get_u16(it->at);
	out->len = get_u16(it->at + 2);
	out->data = it->at + 4;
	it->at += 4 + out->len;
	return true;
}

bool tern_edns_find(const uint8_t *msg, const struct tern_edns *edns, uint16_t code,
		    struct tern_edns_option *out)
{
	struct tern_edns_iter it = tern_edns_options(msg, edns);
	struct tern_edns_option option;

	while (tern_edns_next(&it, &option)) {
		if (option.code == code) {
			*out = option;
			return true;
		}
	}
	return false;
}

/* IANA "Extended DNS Error Codes"; the index is the INFO-CODE. */
static const char *const ede_texts[] = {
	"Other Error",
	"Unsupported DNSKEY Algorithm",
	"Unsupported DS Digest Type",
	"Stale Answer",
	"Forged Answer",
	"DNSSEC Indeterminate",
	"DNSSEC Bogus",
	"Signature Expired",
	"Signature Not Yet Valid",
	"DNSKEY Missing",
	"RRSIGs Missing",
	"No Zone Key Bit Set",
	"NSEC Missing",
	"Cached Error",
	"Not Ready",
	"Blocked",
	"Censored",
	"Filtered",
	"Prohibited",
	"Stale NXDOMAIN Answer",
	"Not Authoritative",
	"Not Supported",
	"No Reachable Authority",
	"Network Error",
	"Invalid Data",
	"Signature Expired before Valid",
	"Too Early",
	"Unsupported NSEC3 Iterations Value",
	"Unable to conform to policy",
	"Synthesized",
	"Invalid Query Type",
	"Rate Limited",
	"Over Quota",
	"Negative Trust Anchor",
};

const char *tern_ede_text(uint16_t info_code)
{
	return info_code < ARRAY_LEN(ede_texts) ? ede_texts[info_code] : "";
}
