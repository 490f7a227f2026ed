/*
 * text_private.h - what the files of src/wire share about presentation format.
 *
 * Writing: a `struct text_out` is appended to; the first thing that doesn't
 * fit sets `full`, which sticks. Reading: a `struct text_in` gives tokens and
 * collects wire octets; every reader says false after text_fail().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>
#include <tern/status.h>

#include "base/compiler.h"
#include "wire/rdata_private.h"

/**
 * One octet of text at @p *text: itself, \DDD or \X. Moves @p *text behind it.
 * False at a broken escape. @p *text must be before @p end.
 */
static inline bool text_octet(const char **text, const char *end, uint8_t *octet)
{
	const char *p = *text;

	if (*p != '\\') {
		*octet = (uint8_t)*p;
		*text = p + 1;
		return true;
	}
	p++;
	if (p >= end)
		return false;
	if (*p < '0' || *p > '9') {
		*octet = (uint8_t)*p;
		*text = p + 1;
		return true;
	}
	unsigned value = 0;
	for (unsigned i = 0; i < 3; i++, p++) {
		if (p >= end || *p < '0' || *p > '9')
			return false;
		value = value * 10 + (unsigned)(*p - '0');
	}
	*octet = (uint8_t)value;
	*text = p;
	return value <= 255;
}

/* ---- writing: text_out.c ---- */

struct text_out {
	char *at;
	char *end;  /* the last octet is kept for NUL */
	bool full;  /* sticky: something did not fit */
	bool unfit; /* sticky: the value has no text of its own, use RFC 3597 form */
};

void out_char(struct text_out *o, char c);
void out_text(struct text_out *o, const char *text);
void out_format(struct text_out *o, const char *format, ...) PRINTF(2, 3);
void out_name(struct text_out *o, const uint8_t *name);
void out_hex(struct text_out *o, const uint8_t *octets, size_t len);
void out_base64(struct text_out *o, const uint8_t *octets, size_t len);
void out_base32(struct text_out *o, const uint8_t *octets, size_t len);

/** AF_INET or AF_INET6. */
void out_address(struct text_out *o, int family, const uint8_t *octets);

/** One octet inside a quoted string. */
void out_quoted_octet(struct text_out *o, uint8_t octet);

/** Octets as one quoted string. */
void out_quoted(struct text_out *o, const uint8_t *octets, size_t len);

/** "\# len hex". */
void out_generic(struct text_out *o, const uint8_t *octets, size_t len);

/* ---- reading: text_in.c ---- */

struct token {
	const char *at; /* escapes as they stand, quotes not included */
	size_t len;
	bool quoted;
};

struct text_in {
	const char *at;
	const char *end;
	const uint8_t *origin;
	uint8_t *out;
	size_t out_n;
	size_t out_max;
	enum tern_status status;
	const char *error; /* what was expected, static */
};

/** Remember what went wrong; always false. */
bool text_fail(struct text_in *in, enum tern_status status, const char *expected);

/** Next token; false at the end of the line (no failure) or at an open quote (failure). */
bool in_token(struct text_in *in, struct token *t);

/** Next token, whose absence is a failure. */
bool in_need(struct text_in *in, struct token *t, const char *expected);

/** Is the token this word, in any case? */
bool token_is(const struct token *t, const char *word);

/** Append octets to the wire form. */
bool put_wire(struct text_in *in, const void *octets, size_t len);

/** Append an integer of @p width octets in network order. */
bool put_number(struct text_in *in, uint64_t value, unsigned width);

/** A decimal number of at most @p max. */
bool token_number(const struct token *t, uint64_t max, uint64_t *value);

/** "90", "1h30m", "2w" in seconds. */
bool token_period(const struct token *t, uint32_t *seconds);

/** AF_INET or AF_INET6 into 4 or 16 octets. */
bool token_address(const struct token *t, int family, uint8_t *octets);

/** A name, made absolute with the origin. */
bool token_name(struct text_in *in, const struct token *t, uint8_t name[TERN_NAME_MAX]);

/** Read a number of @p width octets. */
bool in_number(struct text_in *in, unsigned width);

/** Read a name. */
bool in_name(struct text_in *in);

/** Read an address of AF_INET or AF_INET6. */
bool in_address(struct text_in *in, int family);

/** Append what @p t says with its escapes resolved, at most @p max octets. */
bool put_token_octets(struct text_in *in, const struct token *t, size_t max);

/** Append the octets that @p t gives in hex, base64 or base32hex. */
bool put_token_hex(struct text_in *in, const struct token *t);
bool put_token_base64(struct text_in *in, const struct token *t);
bool put_token_base32(struct text_in *in, const struct token *t);

/** All tokens up to the end, joined, as hex or base64. */
bool in_hex_rest(struct text_in *in);
bool in_base64_rest(struct text_in *in, bool may_be_empty);

/* ---- fields with a file of their own ---- */

void write_svc_params(struct text_out *o, const struct piece *p); /* text_svc.c */
bool read_svc_params(struct text_in *in);
void write_loc(struct text_out *o, const struct piece *p); /* text_loc.c */
bool read_loc(struct text_in *in);
void write_apl(struct text_out *o, const struct piece *p); /* text_special.c */
bool read_apl(struct text_in *in);
void write_wks(struct text_out *o, const struct piece *p);
bool read_wks(struct text_in *in);
void write_hip(struct text_out *o, const struct piece *p);
bool read_hip(struct text_in *in);
void write_ipseckey(struct text_out *o, const struct piece *p);
bool read_ipseckey(struct text_in *in);
void write_amtrelay(struct text_out *o, const struct piece *p);
bool read_amtrelay(struct text_in *in);
void write_bitmap(struct text_out *o, const struct piece *p); /* text_bitmap.c */
bool read_bitmap(struct text_in *in);
void write_time(struct text_out *o, const struct piece *p); /* text_time.c */
bool read_time(struct text_in *in);
bool read_cert_type(struct text_in *in); /* text_names.c */
bool read_algorithm(struct text_in *in);
void write_scheme(struct text_out *o, const struct piece *p);
bool read_scheme(struct text_in *in);

/** "PKIX", ... or NULL. */
const char *cert_type_name(uint16_t type);
