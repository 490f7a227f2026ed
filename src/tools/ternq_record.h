/*
 * ternq_record.h - one record on standard output, in dig's columns.
 */
#pragma once

#include <stdio.h>

#include <tern/message.h>

#include "tools/ternq_options.h"

#define RECORD_WORD_MAX 16 /* octets of a type or class with NUL */

/** The record as @p show wants it, with a newline. */
void record_print(const struct show *show, const struct tern_message *m,
		  const struct tern_rr_ref *rr);

/** Its data only, without a newline. */
void record_print_data(const struct show *show, const struct tern_message *m,
		       const struct tern_rr_ref *rr);

/** The record on one line, one space between the words, without a newline. */
void record_write_line(const struct show *show, const struct tern_message *m,
		       const struct tern_rr_ref *rr, FILE *to);

/** Class and type in words, or in RFC 3597 form. */
void record_names(const struct show *show, uint16_t class_number, uint16_t type_number,
		  char rclass[RECORD_WORD_MAX], char type[RECORD_WORD_MAX]);

/** @p text, then tabs up to @p columns tab stops, or one space; @p width is where the line is. */
void record_column(const struct show *show, const char *text, size_t *width, size_t columns);
