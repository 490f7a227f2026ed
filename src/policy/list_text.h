/*
 * list_text.h - lists of names as people publish them.
 *
 * Purpose    Reads, line by line and each by its own look:
 *              example.org                      the name
 *              *.example.org  .example.org      the name and what is below it
 *              0.0.0.0 example.org other.org    hosts: the names
 *              ||example.org^$important         Adblock: the name and what is below it;
 *              @@||example.org^                 an exception; |example.org^ the name alone;
 *                                               dnstype and denyallow
 *              address=/example.org/  server=/example.org/  local=/example.org/
 *                                               dnsmasq: the name and what is below it
 *              example.org CNAME .              a policy zone: CNAME ., *. and rpz-passthru.
 *            Comments (#, !, ;), rules about the looks of pages and settings are passed over.
 *            All else is rejected, counted, and told by example.
 * Input      Any octets from anywhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/name_list.h"

#define LIST_EXAMPLES_MAX 5
#define LIST_EXAMPLE_MAX  80 /* octets of a line that are told, with NUL */

struct list_report {
	uint32_t lines_n;
	uint32_t names_n;
	uint32_t rejected_n;
	struct {
		uint32_t line;
		const char *why; /* static */
		char text[LIST_EXAMPLE_MAX];
	} examples[LIST_EXAMPLES_MAX]; /* of what was rejected; other than printable ASCII as ? */
};

/**
 * Add what @p len octets of @p text list to @p b.
 *
 * @param excepted  each entry is an exception
 * @return false when memory is short
 */
MUST_USE bool list_text_add(struct list_builder *b, const char *text, size_t len, bool excepted,
			    struct list_report *report);

/**
 * Is this what a list looks like? A page of HTML, a file of other octets, or one of which no line
 * means anything is none. NULL, or a static reason.
 */
const char *list_text_fault(const char *text, size_t len, const struct list_report *report);
