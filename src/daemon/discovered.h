/*
 * discovered.h - what clients may find out about this resolver (zone/discovery.h).
 *
 * Threads    any.
 */
#pragma once

#include "config/config.h"
#include "zone/discovery.h"

struct tls_service; /* net/tls.h */

/**
 * By the listeners of @p config as they are reached right now, and the certificates of @p tls,
 * which may be NULL.
 */
void discovered_fill(const struct config *config, const struct tls_service *tls,
		     struct discovery *out);

/** A sum over the host's name and where its listeners are reached right now. */
uint64_t discovered_sum(const struct config *config);

/** The name that clients find this resolver by: the first of its certificate, in lower case. False
 * when that is none that leads here. */
bool discovered_name(const struct tls_service *tls, uint8_t out[TERN_NAME_MAX]);
