/*
 * denial_private.h - the NSEC3 half of denial.h; src/dnssec only.
 */
#pragma once

#include "dnssec/denial.h"
#include "dnssec/nsec.h"

/** The proof relies on set @p i. */
void denial_use(const struct denial *d, unsigned i);

bool denial_has_type(const struct denial *d, uint16_t type);
/** NS without SOA: the parent's side of a zone cut. */
bool denial_bitmap_is_delegation(const struct type_bitmap *types);
/** Does a record with these types, at the name itself, deny @p type? */
bool denial_bitmap_denies(const struct type_bitmap *types, uint16_t type);

enum proof nsec3_of_type(const struct denial *d, const uint8_t *name, uint16_t type);
enum proof nsec3_of_name(const struct denial *d, const uint8_t *name);
enum proof nsec3_of_closer(const struct denial *d, const uint8_t *name, unsigned labels);
enum cut_kind nsec3_of_ds(const struct denial *d, const uint8_t *name);
