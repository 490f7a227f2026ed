/*
 * sortlist.h - of several addresses in an answer, those come first that are near the client.
 *
 * Threads    the worker's own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "policy/options.h"

#define SORTLIST_RRS_MAX 256

/**
 * Put the addresses in the answer section of the message of @p len octets in @p out in the order
 * that the first rule for @p client wants; the others stay in their order behind. Everything else
 * stays where it is: the records of a set have one owner, type and TTL, so that only rdata moves.
 * A message with more than SORTLIST_RRS_MAX records stays as it is.
 */
void sortlist_apply(const struct sort_rule *rules, unsigned n, const struct address *client,
		    uint8_t *out, size_t len);
