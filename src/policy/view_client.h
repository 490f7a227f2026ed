/*
 * view_client.h - who belongs to a view, as the configuration says.
 *
 * Purpose    a network, or a client that DHCP knows: by its hardware address, which the DHCP server
 *            saw, or by the name that the client gave itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

#define VIEW_MAC_MIN  6    /* octets */
#define VIEW_MAC_MAX  20   /* InfiniBand has the longest */
#define VIEW_TEXT_MAX 1100 /* octets, with NUL */

/** Of two that have the same address, the one of the earlier kind counts. */
enum view_client_kind {
	VIEW_NETWORK, /* which may be one address */
	VIEW_MAC,
	VIEW_NAME,
};

struct view_client {
	enum view_client_kind kind;
	struct prefix network; /* base.family 0: `connected`, see policy/access.h */
	uint8_t mac_len;
	uint8_t mac[VIEW_MAC_MAX];
	uint8_t *name; /* lower case; of one label: below whatever domain. Owned by the struct */
};

/**
 * Read `connected`, a network as prefix_from_text() does, a MAC address (pairs of hexadecimal
 * digits with ':' or '-' between), or a name of letters, digits, '-', '_' and dots. What could be
 * a mistyped address is no name.
 *
 * @return false, and @p out is as it was, when it is none of these or memory is short
 */
MUST_USE bool view_client_read(const char *text, struct view_client *out);

/** Release what it owns. */
void view_client_free(struct view_client *c);

/** As it may be written, at most VIEW_TEXT_MAX octets with NUL; returns @p out. */
char *view_client_text(const struct view_client *c, char out[VIEW_TEXT_MAX]);

/** An order by which equal ones are beside each other; 0 for equal ones. */
int view_client_compare(const struct view_client *a, const struct view_client *b);
