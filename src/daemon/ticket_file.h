/*
 * ticket_file.h - the key that keys of TLS tickets are made of, in the state folder.
 *
 * Purpose    Clients resume their sessions after a restart, too. Who has the key can read what was
 *            resumed by TLS 1.2, so it is the daemon's user's only, and another one every
 *            TICKET_KEY_LIFE_S.
 * Threads    any; files only are touched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "net/tls.h"

#define TICKET_KEY_LIFE_S (12 * 3600) /* twice as long as tickets live */

struct ticket_key {
	uint8_t octets[TLS_TICKET_KEY_LEN];
	int64_t made_s; /* since 1970; 0: there is none */
};

/** Is there one, of a time that is not to come, and may it still be used at @p now_s? */
bool ticket_key_is_fresh(const struct ticket_key *key, int64_t now_s);

/** Read @p text, a state file (base/state_file.h). False with a static @p why. */
MUST_USE bool ticket_key_parse(const char *text, size_t len, struct ticket_key *out,
			       const char **why);

/** Read the file @p path: no key, and "" for @p why, when there is none. False with @p why. */
MUST_USE bool ticket_file_read(const char *path, struct ticket_key *out, const char **why);

/** Replace it, for the user @p uid, or who we are with (uid_t)-1; errno. */
MUST_USE bool ticket_file_write(const char *path, const struct ticket_key *key, uid_t uid);
