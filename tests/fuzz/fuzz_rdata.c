/*
 * fuzz_rdata.c - rdata between wire and text, both ways.
 *
 * The first two octets are the type; the rest is read as wire and as text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char text[TERN_RDATA_TEXT_MAX];
static char text_again[TERN_RDATA_TEXT_MAX];
static uint8_t wire[UINT16_MAX];

/* Good rdata survives text; broken rdata has a text too. */
static void wire_to_wire(uint16_t type, const uint8_t *rdata, size_t len)
{
	bool good = tern_rdata_check(type, rdata, len) == TERN_OK;
	size_t n = 0;

	check_always(tern_rdata_to_text(type, rdata, len, text, sizeof text) == TERN_OK);
	for (const char *p = text; *p; p++)
		check_always(*p >= 0x20 && *p < 0x7f);
	enum tern_status st = tern_rdata_from_text(type, text, NULL, wire, sizeof wire, &n, NULL);

	check_always((st == TERN_OK) == good);
	if (good)
		check_always(n == len && memcmp(wire, rdata, len) == 0);
}

/* The target, if any, is a name inside the rdata; canonical form is good rdata and stays. */
static void laws(uint16_t type, const uint8_t *rdata, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	const uint8_t *target = tern_rdata_target(type, rdata, len);

	check_always(copy);
	check_always(!target || (target >= rdata && target + tern_name_len(target) <= rdata + len));
	memcpy(copy, rdata, len);
	tern_rdata_canonicalise(type, copy, len);
	check_always(tern_rdata_check(type, copy, len) == TERN_OK);
	memcpy(wire, copy, len);
	tern_rdata_canonicalise(type, copy, len);
	check_always(memcmp(wire, copy, len) == 0);
	free(copy);
}

static void text_to_text(uint16_t type, const uint8_t *data, size_t size)
{
	static uint8_t rdata[UINT16_MAX];
	const char *error = NULL;
	size_t len;

	if (size >= sizeof text)
		return;
	memcpy(text_again, data, size);
	text_again[size] = '\0';
	if (tern_rdata_from_text(type, text_again, NULL, rdata, sizeof rdata, &len, &error) !=
	    TERN_OK) {
		check_always(error);
		return;
	}
	check_always(tern_rdata_check(type, rdata, len) == TERN_OK);
	wire_to_wire(type, rdata, len);
	check_always(tern_rdata_to_text(type, wire, len, text_again, sizeof text_again) == TERN_OK);
	check_always(strcmp(text, text_again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	uint16_t type = get_u16(data);

	if (size - 2 <= UINT16_MAX) {
		wire_to_wire(type, data + 2, size - 2);
		if (tern_rdata_check(type, data + 2, size - 2) == TERN_OK)
			laws(type, data + 2, size - 2);
	}
	text_to_text(type, data + 2, size - 2);
	return 0;
}
