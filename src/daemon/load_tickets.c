/* load_tickets.c - by which key tickets are made; see load_private.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/state_file.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "daemon/privilege.h"
#include "net/tls.h"

#define STATE_NAME "tls-ticket-key"

static void read_kept(struct load *l, const char *path, struct ticket_key *key)
{
	const char *why;

	if (!ticket_file_read(path, key, &why))
		load_add_note(l, "%s: %s; another key is made", path, why);
}

/* The one that the service was born with is as random as any. */
static void make(struct load *l, const struct config *c, const char *path, struct ticket_key *key,
		 int64_t now_s)
{
	uid_t uid;
	gid_t gid;

	memcpy(key->octets, tls_service_ticket_key(l->tls), TLS_TICKET_KEY_LEN);
	key->made_s = now_s;
	if (!privilege_future_owner(c->server.user, &uid, &gid))
		uid = (uid_t)-1;
	if (path && !ticket_file_write(path, key, uid))
		load_add_note(l, "%s: %s; sessions of clients end with the daemon", path,
			      strerror(errno));
}

void load_tickets(struct load *l, const struct config *c, struct followed *followed)
{
	struct ticket_key *key = followed_ticket_key(followed);
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	char *path = state_path_of(STATE_NAME);

	if (path && key->made_s == 0)
		read_kept(l, path, key);
	if (!ticket_key_is_fresh(key, now_s))
		make(l, c, path, key, now_s);
	tls_service_set_ticket_key(l->tls, key->octets, key->made_s);
	free(path);
}
