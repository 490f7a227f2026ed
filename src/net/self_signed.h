/*
 * self_signed.h - a certificate that a server makes for itself, by GnuTLS.
 *
 * Purpose    Encryption for those who have no certificate of anybody's. Clients know the key by its
 *            pin (RFC 7858 4.2), so the key stays when the certificate is made anew.
 * Memory     a text of PEM, the key before its certificate; to be freed by self_signed_forget().
 * Threads    any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "net/tls.h"

#define SELF_SIGNED_LIFE_S  (397 * 86400) /* what browsers take of anybody, at most 398 days */
#define SELF_SIGNED_RENEW_S (30 * 86400)  /* before its end it is made anew */
#define SELF_SIGNED_NAMES   64            /* at most; what is more is left out */

/** Whom a certificate is for. */
struct self_signed_names {
	unsigned n;
	char text[SELF_SIGNED_NAMES][TLS_NAME_MAX]; /* names of hosts, and addresses */
};

/** Add @p text, unless it is there already, or there are too many. */
void self_signed_add_name(struct self_signed_names *names, const char *text);

/** What is to be done about a certificate that there is? */
enum self_signed_state {
	SELF_SIGNED_GOOD,
	SELF_SIGNED_OUTDATED, /* its key is good, but it ends soon, or is for others */
	SELF_SIGNED_BROKEN,   /* the text has no key of P-256 with its certificate */
};

enum self_signed_state self_signed_look(const char *pem, size_t len,
					const struct self_signed_names *names, int64_t now_s);

/**
 * A certificate for @p names from @p now_s on (seconds since 1970), by the key in @p before, or by
 * a new key of P-256 when that is NULL. NULL with @p why (GnuTLS's words).
 */
MUST_USE char *self_signed_make(const char *before, size_t before_len,
				const struct self_signed_names *names, int64_t now_s, size_t *len,
				const char **why);

/** Free what self_signed_make() returned; no key stays in memory. NULL is allowed. */
void self_signed_forget(char *pem, size_t len);
