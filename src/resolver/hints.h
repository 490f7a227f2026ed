/*
 * hints.h - where the root servers are before anybody was asked.
 *
 * Standards  RFC 9609 (priming); the built-in list is IANA's named.root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tern/name.h>

#include "base/address.h"
#include "base/compiler.h"
#include "resolver/zonecut.h"

struct root_hint {
	uint8_t name[TERN_NAME_MAX];
	struct address addresses[CUT_NS_ADDRS];
	unsigned addresses_n;
};

/** Root servers; made once at start, then only read. */
struct root_hints {
	struct root_hint servers[CUT_NS_MAX];
	unsigned servers_n;
};

/** The thirteen root servers. */
void root_hints_builtin(struct root_hints *out);

/**
 * Read a hints file's text (NS records of the root, A and AAAA of their names).
 * @param error_line  1-based line of the first mistake, 0 when there is no NS with an address
 */
MUST_USE bool root_hints_parse(const char *text, size_t len, struct root_hints *out,
			       unsigned *error_line, const char **error);

/** Is this another root than the public one? So it is with fewer than six of the thirteen servers.
 */
bool root_hints_are_own(const struct root_hints *hints);

/** A cut for the root made of the hints, in @p arena; NULL when that is full. */
struct zone_cut *root_hints_cut(const struct root_hints *hints, struct arena *arena);
