/*
 * own.h - what the names of our own say of a question, for all who would look elsewhere.
 *
 * They win over the cache, expired data and what a reply says of an alias's target.
 */
#pragma once

#include "resolver/job.h"
#include "zone/store.h"

/**
 * What there is for (@p name in lower case, @p type), where forward and stub zones have their
 * say as zone_store_find() tells. @p name must outlive @p out.
 */
enum zone_outcome own_find(const struct job *job, const uint8_t *name, uint16_t type,
			   struct zone_answer *out);

/** Is there anything? */
bool own_has(const struct job *job, const uint8_t *name, uint16_t type);
