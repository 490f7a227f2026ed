/*
 * discovery_dnr.h - what DHCP and router advertisements tell of encrypted listeners.
 *
 * Purpose    the same as discovery.h's records, in the options of RFC 9463: octets for those who
 *            configure a DHCP server or a router.
 * Threads    any; plain values.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zone/discovery.h"

#define DNR_OPTION_V4 162
#define DNR_OPTION_V6 144
#define DNR_OPTION_RA 144
#define DNR_LIFETIME_S                                                                             \
	1800         /* in router advertisements: three times what lies between two of them */
#define DNR_MAX 1024 /* octets for one service */

/**
 * The service @p index in one DNR instance of DHCPv4's option, its length before it; 0 octets when
 * it has no IPv4 address. Instances stand behind each other in one option (RFC 9463 5.1).
 */
size_t dnr_v4(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX]);

/** The data of an option of DHCPv6 for it (4.1); 0 octets when it has no IPv6 address. */
size_t dnr_v6(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX]);

/** The whole option of router advertisements (6.1), with type, length and padding; 0 likewise. */
size_t dnr_ra(const struct discovery *d, unsigned index, uint8_t out[DNR_MAX]);
