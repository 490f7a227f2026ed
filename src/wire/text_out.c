/*
 * text_out.c - append to text that may run full.
 */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/text_private.h"

#define NUMBER_TEXT_MAX 128 /* the longest thing out_format() is asked for */

static const char hex_digits[] = "0123456789ABCDEF";
static const char base32_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void out_char(struct text_out *o, char c)
{
	if (o->at < o->end)
		*o->at++ = c;
	else
		o->full = true;
}

void out_text(struct text_out *o, const char *text)
{
	while (*text)
		out_char(o, *text++);
}

void out_format(struct text_out *o, const char *format, ...)
{
	char text[NUMBER_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	out_text(o, text);
}

void out_name(struct text_out *o, const uint8_t *name)
{
	char text[TERN_NAME_TEXT_MAX];

	out_text(o, tern_name_to_text(name, text));
}

void out_hex(struct text_out *o, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		out_char(o, hex_digits[octets[i] >> 4]);
		out_char(o, hex_digits[octets[i] & 0xf]);
	}
}

void out_base64(struct text_out *o, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t group = (uint32_t)octets[i] << 16;

		if (left > 1)
			group |= (uint32_t)octets[i + 1] << 8;
		if (left > 2)
			group |= octets[i + 2];
		out_char(o, base64_digits[group >> 18]);
		out_char(o, base64_digits[group >> 12 & 63]);
		out_char(o, left > 1 ? base64_digits[group >> 6 & 63] : '=');
		out_char(o, left > 2 ? base64_digits[group & 63] : '=');
	}
}

void out_base32(struct text_out *o, const uint8_t *octets, size_t len)
{
	unsigned bits = 0;
	uint32_t pending = 0;

	for (size_t i = 0; i < len; i++) {
		pending = pending << 8 | octets[i];
		for (bits += 8; bits >= 5; bits -= 5)
			out_char(o, base32_digits[pending >> (bits - 5) & 31]);
	}
	if (bits > 0)
		out_char(o, base32_digits[pending << (5 - bits) & 31]);
}

void out_address(struct text_out *o, int family, const uint8_t *octets)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, octets, text, sizeof text))
		out_text(o, text);
}

void out_quoted_octet(struct text_out *o, uint8_t octet)
{
	if (octet < 0x20 || octet > 0x7e) {
		out_format(o, "\\%03u", octet);
		return;
	}
	if (octet == '"' || octet == '\\')
		out_char(o, '\\');
	out_char(o, (char)octet);
}

void out_quoted(struct text_out *o, const uint8_t *octets, size_t len)
{
	out_char(o, '"');
	for (size_t i = 0; i < len; i++)
		out_quoted_octet(o, octets[i]);
	out_char(o, '"');
}

void out_generic(struct text_out *o, const uint8_t *octets, size_t len)
{
	out_format(o, "\\# %zu", len);
	if (len > 0)
		out_char(o, ' ');
	out_hex(o, octets, len);
}
