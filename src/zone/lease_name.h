/*
 * lease_name.h - what a client may be called.
 *
 * Purpose    a client gives itself a name, and nobody has checked it. Only the first label counts,
 *            of letters, digits, hyphens and underscores, and below the configured domain.
 *            Names that programs look for to be led somewhere are no client's.
 */
#pragma once

#include <stdint.h>

#include <tern/name.h>

#include "zone/lease.h"

/**
 * The whole name, in lower case, of a client that calls itself the @p len octets of @p hostname.
 *
 * @return LEASE_NAMED with @p out, else LEASE_NAMELESS or LEASE_REFUSED
 */
enum lease_naming lease_name(const uint8_t *hostname, size_t len, const uint8_t *domain,
			     uint8_t out[TERN_NAME_MAX]);
