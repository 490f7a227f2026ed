/*
 * ternq_shape.h - the data of a record as +nocrypto, +rrcomments and +multiline want it.
 *
 *   257 3 13 mdss...QQ==                                   as it is
 *   257 3 13 [key id = 2371]                               +nocrypto
 *   257 3 13 mdss...QQ==  ; KSK; alg = ... ; key id = 2371 +rrcomments
 *   257 3 13 (                                             +multiline
 *           mdss...
 *           ...QQ== ) ; KSK; alg = ... ; key id = 2371
 */
#pragma once

#include <stdio.h>

#include "tools/ternq_options.h"

/** What to write, and how. */
struct shape {
	const struct show *show;
	uint16_t type;
	const uint8_t *rdata; /* uncompressed; NULL when it does not have its type's layout */
	size_t rdata_len;
	const char *text; /* the same as tern_rdata_to_text() writes it */
	bool one_line;    /* whatever +multiline says, and without comments */
};

/** Write the data to @p to. */
void shape_write(const struct shape *s, FILE *to);

/** Write text; names as Unicode where @p show wants that. */
void shape_text(const struct show *show, const char *text, FILE *to);
