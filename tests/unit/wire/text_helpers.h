/*
 * text_helpers.h - what the tests of presentation format share.
 */
#pragma once

#include <stdio.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "helpers.h"

static char text[TERN_RDATA_TEXT_MAX];
static uint8_t wire[65535];

static inline uint16_t type_of(const char *mnemonic)
{
	uint16_t type = 0;

	assert_int_equal(tern_type_from_text(mnemonic, strlen(mnemonic), &type), TERN_OK);
	return type;
}

/* Reads from a heap block of exactly the text's size. */
static inline enum tern_status read_text(uint16_t type, const char *from, size_t *len,
					 const char **error)
{
	struct exact x = exact_copy(from, strlen(from) + 1);
	enum tern_status st = tern_rdata_from_text(type, (const char *)x.octets, NULL, wire,
						   sizeof wire, len, error);

	exact_free(&x);
	return st;
}

static inline const char *write_text(uint16_t type, const void *rdata, size_t len)
{
	struct exact x = exact_copy(rdata, len);

	assert_int_equal(tern_rdata_to_text(type, x.octets, x.len, text, sizeof text), TERN_OK);
	exact_free(&x);
	return text;
}

static inline size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned octet;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		out[n++] = (uint8_t)octet;
	}
	return n;
}
