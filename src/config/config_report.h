/*
 * config_report.h - all that is wrong with a configuration, one line each.
 *
 * The caller's buffer bounds it: what does not fit is counted and told in a last line.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

struct report {
	const char *file; /* that the next lines are about, as the operator named it */
	char *text;       /* lines with '\n' between them, NUL at the end */
	size_t max;       /* octets of text; 0 when nobody listens */
	size_t len;
	unsigned lines_n;  /* complaints, told or not */
	unsigned hidden_n; /* those that did not fit */
};

/** Begin an empty report in @p text (@p max octets, may be 0). */
void report_init(struct report *r, const char *file, char *text, size_t max);

/**
 * Add "FILE:LINE: KEY: format". @p line 0 and @p key "" leave their part out.
 */
void report_add(struct report *r, unsigned line, const char *key, const char *format, ...)
	PRINTF(4, 5);

/** Tell how many did not fit. Nothing may be added afterwards. */
void report_finish(struct report *r);
