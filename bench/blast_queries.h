/*
 * blast_queries.h - a file of questions as a row of ready messages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define QUERY_MAX 300 /* octets: header, question, OPT */

/** Message i is the octets from at[i] to at[i + 1]; its id is 0. */
struct queries {
	uint8_t *octets;
	uint32_t *at;
	uint32_t n;
};

/** What every query says besides its question. */
struct query_form {
	uint16_t edns_size; /* of the OPT; 0: no OPT */
	bool dnssec_ok;     /* DO, in the OPT */
	bool authentic;     /* AD: tell me whether it is validated (RFC 6840 5.7) */
};

/**
 * Read "NAME TYPE" per line, as dnsperf does; comments begin with ';'.
 *
 * @return NULL, or what is wrong (static text, @p line set)
 */
MUST_USE const char *queries_read(struct queries *q, const char *path,
				  const struct query_form *form, unsigned *line);

void queries_fini(struct queries *q);
