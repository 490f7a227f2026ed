/*
 * proxy.h - whom a proxy in front speaks for: PROXY protocol, version 2.
 *
 * Its header stands before everything else on a connection, and in each datagram. Only who is
 * listed may say so (limits.md row 58); whether that is so is the caller's to look at.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

#define PROXY_HEADER_MIN 16
#define PROXY_HEADER_MAX 536 /* octets: addresses of any kind and what else is usual */

/**
 * How many octets the header that begins at @p octets has, as far as @p n of them tell; 0 when it
 * is none, or a longer one. When it is whole, @p client becomes who the proxy speaks for; it stays
 * as it is when the proxy speaks for itself.
 */
size_t proxy_read(const uint8_t *octets, size_t n, struct address *client);
