/*
 * quantity.h - numbers with a unit, as people write them: "256MiB", "30m".
 *
 * A quantity is digits and a unit, without space or sign between or before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/** Octets: plain or with KiB, MiB or GiB. False for anything else, and for what overflows. */
MUST_USE bool quantity_octets(const char *text, uint64_t *octets);

/** Milliseconds: a number with ms, s, m, h or d. */
MUST_USE bool quantity_ms(const char *text, uint64_t *ms);

/** A plain number. */
MUST_USE bool quantity_number(const char *text, uint64_t *number);

/** @p octets with the largest unit that divides them evenly. */
char *quantity_octets_to_text(uint64_t octets, char out[32]);
