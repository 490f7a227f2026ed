/*
 * reporting.h - a zone whose name failed is told of that, if its servers want to hear of it
 * (resolver/report.h, RFC 9567).
 *
 * Threads    the worker's own.
 */
#pragma once

#include <stdbool.h>

#include "resolver/job.h"

struct task;
struct worker;

#define REPORTS_PER_SECOND 10 /* who makes names fail on purpose gets few of them out of us */

/** The question to ask when the failed task @p t has ended; false for none. */
bool reporting_of(struct worker *w, const struct task *t, struct question *out);

/** Ask it. What comes of it is of no interest, but in the cache: the same is not told twice. */
void reporting_send(struct worker *w, const struct question *q, unsigned view);
