/*
 * text_bitmap.c - type bitmaps of NSEC, NSEC3 and CSYNC, RFC 4034 4.1.2.
 */
#include <tern/rr.h>

#include "wire/text_private.h"

#define WINDOWS       256
#define WINDOW_OCTETS 32

static void write_window(struct text_out *o, unsigned window, const uint8_t *bits, unsigned octets,
			 bool *first)
{
	char mnemonic[16];

	for (unsigned i = 0; i < octets * 8; i++) {
		if (!(bits[i / 8] & 0x80u >> i % 8))
			continue;
		if (!*first)
			out_char(o, ' ');
		*first = false;
		out_text(o,
			 tern_type_to_text((uint16_t)(window << 8 | i), mnemonic, sizeof mnemonic));
	}
}

void write_bitmap(struct text_out *o, const struct piece *p)
{
	const uint8_t *end = p->at + p->len;
	bool first = true;

	for (const uint8_t *at = p->at; at < end; at += 2 + at[1])
		write_window(o, at[0], at + 2, at[1], &first);
}

static bool put_window(struct text_in *in, unsigned window, const uint8_t bits[WINDOW_OCTETS])
{
	unsigned octets = WINDOW_OCTETS;

	while (octets > 0 && bits[octets - 1] == 0)
		octets--;
	if (octets == 0)
		return true;
	return put_number(in, window, 1) && put_number(in, octets, 1) && put_wire(in, bits, octets);
}

bool read_bitmap(struct text_in *in)
{
	uint8_t bits[WINDOWS][WINDOW_OCTETS] = {{0}};
	struct token t;
	uint16_t type;

	while (in_token(in, &t)) {
		if (tern_type_from_text(t.at, t.len, &type) != TERN_OK)
			return text_fail(in, TERN_ETEXT, "a record type");
		bits[type >> 8][(type & 0xff) / 8] |= (uint8_t)(0x80u >> type % 8);
	}
	for (unsigned window = 0; window < WINDOWS; window++) {
		if (!put_window(in, window, bits[window]))
			return false;
	}
	return in->status == TERN_OK;
}
