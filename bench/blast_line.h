/*
 * blast_line.h - one source port of the generator: what is in flight on it.
 *
 * Ids count up, so that queries in flight lie in one row from `oldest` to
 * `next`; a slot remembers when each was sent. A row longer than LINE_SLOTS
 * gives its oldest query up as lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "blast_queries.h"
#include "histogram.h"

#define LINE_SLOTS 8192 /* a power of two; at most half of all ids */
#define LINE_BATCH 64   /* messages of one system call */

struct line {
	int fd;
	uint16_t oldest;
	uint16_t next;
	unsigned in_flight;
	uint64_t sent_ns[LINE_SLOTS]; /* 0: answered */
};

/** What came of everything sent. */
struct tally {
	uint64_t sent;
	uint64_t answered;
	uint64_t lost;
	uint64_t strange;   /* messages that answer nothing in flight */
	uint64_t octets;    /* of answers */
	uint64_t authentic; /* answers with AD */
	uint64_t truncated; /* answers with TC */
	uint64_t rcodes[16];
	struct histogram latency; /* ns */
};

/** Where the next query comes from, and when each should go. */
struct source {
	const struct queries *queries;
	uint64_t taken;    /* so far */
	uint64_t left;     /* still to take */
	uint64_t start_ns; /* of the run */
	double gap_ns;     /* between two queries; 0: as fast as the window allows */
};

/** A socket connected from @p from (any port) to @p to; false when the kernel refuses. */
MUST_USE bool line_open(struct line *line, const struct address *from, const struct address *to);

void line_close(struct line *line);

/** Send up to @p n queries now; returns how many the kernel took. */
unsigned line_send(struct line *line, struct source *source, unsigned n, uint64_t now_ns,
		   struct tally *tally);

/** Take all that came; returns how many answers. */
unsigned line_receive(struct line *line, struct tally *tally);

/** Give up what was sent before @p limit_ns. */
void line_expire(struct line *line, uint64_t limit_ns, struct tally *tally);
