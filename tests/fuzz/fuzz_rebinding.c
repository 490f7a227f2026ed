/*
 * fuzz_rebinding.c - addresses inside in any octets of SVCB, A and AAAA: no overrun, and the same
 * address is inside by itself.
 *
 * The first octet chooses the type; the rest is the rdata, in a buffer of its exact size.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/compiler.h"
#include "policy/nat64.h"
#include "policy/rebinding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {TERN_TYPE_HTTPS, TERN_TYPE_SVCB, TERN_TYPE_A,
					 TERN_TYPE_AAAA};
	static const struct prefix nat64 = {
		.base = {.octets = {0x20, 0x01, 0x0d, 0xb8}, .family = 6}, .bits = 32};
	struct address found;
	uint8_t *packed, v4[4], back[16];

	if (size < 1 || size > UINT16_MAX)
		return 0;
	packed = malloc(size + 1);
	check_always(packed);
	put_u16(packed, (uint16_t)(size - 1));
	memcpy(packed + 2, data + 1, size - 1);
	struct tern_rrset set = {.rdata = packed,
				 .rdata_len = (uint32_t)size + 1,
				 .type = types[data[0] % ARRAY_LEN(types)],
				 .rr_n = 1};

	if (rebinding_find(&set, &nat64, &found)) {
		check_always(found.family == 4 || found.family == 6);
		check_always(rebinding_is_inside(&found, &nat64));
		if (found.family == 6 && nat64_extract(&nat64, found.octets, v4))
			nat64_embed(&nat64, v4, back);
	}
	free(packed);
	return 0;
}
