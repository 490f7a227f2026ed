/*
 * ternq_odd.h - what is wrong with a reply, and as much of it as can be read.
 *
 * tern_message_parse() refuses a message as a whole, as a resolver must. Who
 * asks with ternq wants to see what the server sent all the same.
 */
#pragma once

#include <stddef.h>

#include <tern/message.h>

#include "base/compiler.h"

#define ODD_LINES_MAX 8   /* faults that are told one by one */
#define ODD_LINE_MAX  160 /* octets with NUL */

/** Faults in words, without "WARNING" and without a newline. */
struct odd {
	char lines[ODD_LINES_MAX][ODD_LINE_MAX];
	unsigned n;    /* in lines */
	unsigned more; /* that found no place */
};

/**
 * Index what can be read of the @p len octets in @p octets, and note each fault
 * in @p odd. The octets hold a header at least.
 *
 * @param m  filled as by tern_message_parse(), but for: qdcount is 1 when a
 *           question could be read, else 0; an OPT or TSIG at a wrong place is
 *           in the index; a record whose owner can't be read is left out
 */
void odd_read(const uint8_t *octets, size_t len, struct tern_rr_ref *rrs, size_t rrs_max,
	      struct tern_message *m, struct odd *odd);

/** Note what tern_message_parse() let pass: a TSIG, rdata that its type does not allow. */
void odd_look(const struct tern_message *m, struct odd *odd);

/** Note one fault. */
void odd_note(struct odd *odd, const char *format, ...) PRINTF(2, 3);
