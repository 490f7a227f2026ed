/*
 * own.h - what the names of our own say of a question, for all who would look elsewhere.
 *
 * They win over the cache, expired data and what a reply says of an alias's target.
 *
 * First the configuration is asked, and then the leases: a client chose its name itself, so it
 * gets none that is written, that a wildcard or a zone with one answer for all stands for, or that
 * a forward or stub zone begins at.
 */
#pragma once

#include "resolver/job.h"
#include "zone/leases.h"
#include "zone/store.h"

/** Are there none at all? */
bool own_is_empty(const struct job *job);

/**
 * What there is for (@p name in lower case, @p type), where forward and stub zones have their
 * say as zone_store_find() tells. @p name must outlive @p out.
 */
enum zone_outcome own_find(const struct job *job, const uint8_t *name, uint16_t type,
			   struct zone_answer *out);

/** The same, with the @p route that the question belongs to, or NULL. */
enum zone_outcome own_find_beside(const struct job *job, const struct route *route,
				  const uint8_t *name, uint16_t type, struct zone_answer *out);

/** Is there anything? */
bool own_has(const struct job *job, const uint8_t *name, uint16_t type);

/** Has @p lease a name that stands, so that by @p rules its client is called so? */
bool own_grants(const struct rules *rules, const struct lease *lease);
