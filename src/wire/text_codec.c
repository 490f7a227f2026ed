/*
 * text_codec.c - octets from hex, base64 and base32hex (RFC 4648).
 *
 * Digits may be spread over several tokens, so a decoder keeps the bits that
 * don't fill an octet yet.
 */
#include <string.h>

#include "base/base64.h"
#include "wire/text_private.h"

struct decoder {
	struct text_in *in;
	uint32_t pending; /* bits, the newest lowest */
	unsigned bits_n;
	unsigned padding; /* '=' seen */
	size_t digits_n;
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base32_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

static bool add_digit(struct decoder *d, int value, unsigned width)
{
	if (value < 0)
		return false;
	d->pending = d->pending << width | (uint32_t)value;
	d->bits_n += width;
	d->digits_n++;
	if (d->bits_n < 8)
		return true;
	d->bits_n -= 8;
	uint8_t octet = (uint8_t)(d->pending >> d->bits_n);

	return put_wire(d->in, &octet, 1);
}

static bool add_hex(struct decoder *d, const struct token *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if (!add_digit(d, hex_value(t->at[i]), 4))
			return text_fail(d->in, TERN_ETEXT, "hexadecimal digits");
	}
	return true;
}

static bool end_hex(struct decoder *d)
{
	return d->bits_n == 0 ||
	       text_fail(d->in, TERN_ETEXT, "an even number of hexadecimal digits");
}

static bool add_base64(struct decoder *d, const struct token *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if (t->at[i] == '=')
			d->padding++;
		else if (d->padding > 0 || !add_digit(d, base64_value(t->at[i], '+', '/'), 6))
			return text_fail(d->in, TERN_ETEXT, "base64");
	}
	return true;
}

static bool end_base64(struct decoder *d)
{
	bool complete = (d->digits_n + d->padding) % 4 == 0 && d->padding <= 2;

	return complete || text_fail(d->in, TERN_ETEXT, "base64 with its padding");
}

bool put_token_hex(struct text_in *in, const struct token *t)
{
	struct decoder d = {.in = in};

	return add_hex(&d, t) && end_hex(&d);
}

bool put_token_base64(struct text_in *in, const struct token *t)
{
	struct decoder d = {.in = in};

	return add_base64(&d, t) && end_base64(&d);
}

bool put_token_base32(struct text_in *in, const struct token *t)
{
	struct decoder d = {.in = in};

	for (size_t i = 0; i < t->len; i++) {
		if (!add_digit(&d, base32_value(t->at[i]), 5))
			return text_fail(in, TERN_ETEXT, "base32hex without padding");
	}
	return d.bits_n < 5 || text_fail(in, TERN_ETEXT, "whole octets in base32hex");
}

bool in_hex_rest(struct text_in *in)
{
	struct decoder d = {.in = in};
	struct token t;

	while (in_token(in, &t)) {
		if (!add_hex(&d, &t))
			return false;
	}
	return in->status == TERN_OK && end_hex(&d);
}

bool in_base64_rest(struct text_in *in, bool may_be_empty)
{
	struct decoder d = {.in = in};
	struct token t;

	while (in_token(in, &t)) {
		if (!add_base64(&d, &t))
			return false;
	}
	if (d.digits_n == 0 && !may_be_empty)
		return text_fail(in, TERN_ETEXT, "base64");
	return in->status == TERN_OK && end_base64(&d);
}
