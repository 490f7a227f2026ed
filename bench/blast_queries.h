/*
 * blast_queries.h - a file of questions as a row of ready messages.
 */
#pragma once

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

/**
 * Read "NAME TYPE" per line, as dnsperf does; comments begin with ';'.
 *
 * @param edns_size  of the OPT; 0: no OPT
 * @return NULL, or what is wrong (static text, @p line set)
 */
MUST_USE const char *queries_read(struct queries *q, const char *path, uint16_t edns_size,
				  unsigned *line);

void queries_fini(struct queries *q);
