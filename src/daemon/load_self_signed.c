/*
 * load_self_signed.c - a certificate that is made here; see load_private.h.
 *
 * Its names are this host's and where that is reached. The key stays over restarts, in the state
 * folder: clients know it by its pin.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/state_file.h"
#include "daemon/followed.h"
#include "daemon/interfaces.h"
#include "daemon/load_private.h"
#include "daemon/privilege.h"
#include "net/self_signed.h"
#include "worker/worker.h"

#define STATE_NAME "tls-self-signed.pem"
#define PEM_MAX    65536 /* octets */

/* --- names ---------------------------------------------------------------------------- */

/* What is no name of a host is in no certificate. */
static void add_host(struct self_signed_names *names)
{
	char host[TLS_NAME_MAX];
	uint8_t name[TERN_NAME_MAX];

	if (gethostname(host, sizeof host) != 0)
		return;
	host[sizeof host - 1] = '\0';
	for (char *c = host; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.')
			return;
	}
	if (tern_name_from_text(host, strlen(host), name) == TERN_OK && *name != 0)
		self_signed_add_name(names, host);
}

/* Without the port, and without the interface. */
static void add_address(struct self_signed_names *names, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];
	struct address plain = *a;

	plain.scope = 0;
	address_to_text(&plain, text);
	*strchrnul(text, '@') = '\0';
	self_signed_add_name(names, text);
}

static void list_names(const struct config *c, struct self_signed_names *names)
{
	struct endpoint at[LISTENERS_MAX];
	unsigned n = interfaces_reached(c->server.listen, c->server.listen_n, at, LISTENERS_MAX);

	names->n = 0;
	add_host(names);
	self_signed_add_name(names, "localhost");
	self_signed_add_name(names, "127.0.0.1");
	self_signed_add_name(names, "::1");
	for (unsigned i = 0; i < MIN(n, (unsigned)LISTENERS_MAX); i++)
		add_address(names, &at[i].address);
}

/* --- what is kept --------------------------------------------------------------------- */

static char *copy_of(const char *pem, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy) {
		memcpy(copy, pem, len);
		copy[len] = '\0';
	}
	return copy;
}

/* NULL when there is none. False with a reason: there is one, but who knows what is in it. */
static bool find_kept(const struct followed_certificate *kept, const char *path, char **pem,
		      size_t *len, char why[LOAD_WHY_MAX])
{
	*pem = NULL;
	if (kept && kept->pem) {
		*pem = copy_of(kept->pem, kept->len);
		*len = kept->len;
		if (!*pem)
			load_add_reason(why, "out of memory");
		return *pem != NULL;
	}
	if (!path)
		return true;
	*pem = file_read_up_to(path, PEM_MAX, len);
	if (*pem || errno == ENOENT)
		return true;
	load_add_reason(why, "tls.certificate: %s: %s", path, strerror(errno));
	return false;
}

static void keep(struct load *l, const struct config *c, struct followed_certificate *kept,
		 const char *path, const char *pem, size_t len)
{
	uid_t uid = (uid_t)-1;
	gid_t gid;
	char *copy = copy_of(pem, len);

	if (copy) {
		self_signed_forget(kept->pem, kept->len);
		*kept = (struct followed_certificate){copy, len};
	}
	if (!privilege_future_owner(c->server.user, &uid, &gid))
		uid = (uid_t)-1;
	if (path && !state_write_secret(path, pem, len, uid))
		load_add_note(l,
			      "tls.certificate: %s: %s; at the next start the key is another one",
			      path, strerror(errno));
}

static char *make(struct load *l, const struct self_signed_names *names, const char *path,
		  struct tls_pair before, size_t *len, char why[LOAD_WHY_MAX])
{
	const char *pem = (const char *)before.key, *reason = "out of memory";
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	enum self_signed_state state =
		pem ? self_signed_look(pem, before.key_len, names, now_s) : SELF_SIGNED_OUTDATED;

	if (pem && state == SELF_SIGNED_GOOD) {
		*len = before.key_len;
		return without_const(pem);
	}
	if (state == SELF_SIGNED_BROKEN) {
		load_add_note(l,
			      "tls.certificate: %s: no key of P-256 with its certificate; both "
			      "are made anew",
			      path ? path : STATE_NAME);
		pem = NULL;
	}
	char *made = self_signed_make(pem, before.key_len, names, now_s, len, &reason);

	if (!made)
		load_add_reason(why, "tls.certificate: %s", reason);
	return made;
}

char *load_self_signed(struct load *l, const struct config *c, struct followed *followed,
		       size_t *len, char why[LOAD_WHY_MAX])
{
	struct followed_certificate *kept = followed ? followed_certificate(followed) : NULL;
	struct self_signed_names *names = malloc(sizeof *names);
	char *path = state_path_of(STATE_NAME), *pem, *made = NULL;
	size_t before_len = 0;

	if (!names) {
		load_add_reason(why, "out of memory");
	} else if (find_kept(kept, path, &pem, &before_len, why)) {
		list_names(c, names);
		made = make(l, names, path,
			    (struct tls_pair){.key = (uint8_t *)pem, .key_len = before_len}, len,
			    why);
		if (made != pem)
			self_signed_forget(pem, before_len);
		if (made && kept && (made != pem || !kept->pem))
			keep(l, c, kept, made != pem ? path : NULL, made, *len);
	}
	free(names);
	free(path);
	return made;
}
