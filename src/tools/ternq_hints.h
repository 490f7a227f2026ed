/*
 * ternq_hints.h - the root servers that are built in, and socket addresses.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <tern/name.h>

#include "base/compiler.h"

#define ROOT_HINTS 13 /* a.root-servers.net to m.root-servers.net */

/** "a.root-servers.net" for @p i 0, ... */
void hints_name(unsigned i, uint8_t name[TERN_NAME_MAX]);

/** The address of @p type (A or AAAA) of server @p i. */
MUST_USE bool hints_octets(unsigned i, uint16_t type, uint8_t octets[16]);

/** An A or AAAA rdata and a port as a socket address. */
void hints_address(uint16_t type, const uint8_t *octets, uint16_t port,
		   struct sockaddr_storage *out, socklen_t *len);
