/*
 * url.h - where a list is fetched from: "https://lists.example.net:8443/hosts".
 *
 * Purpose    Reads strictly what tern takes: http or https, no user, a name of a host or an
 *            address, and then printable ASCII. What is read here is read alike by whoever
 *            fetches it.
 * Input      Any text from anywhere.
 * Standards  RFC 3986.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

#define URL_MAX      2047 /* octets without NUL */
#define URL_HOST_MAX 254  /* octets with NUL */

struct url {
	bool tls;                /* https */
	uint16_t port;           /* that is written, else 80 or 443 */
	char host[URL_HOST_MAX]; /* as written; an IPv6 address without its brackets */
	struct address address;  /* of a host that is one, with the port; family 0: it is a name */
};

/** Read @p text. False with a static @p why; @p out is unspecified then. */
MUST_USE bool url_read(const char *text, struct url *out, const char **why);
