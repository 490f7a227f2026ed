/* peers.c - see peers.h. */
#include "daemon/peers.h"

#include "base/compiler.h"
#include "config/config.h"
#include "net/tls.h"

#define SLOTS 4096 /* of peers that are found again; one for each hash is enough */

struct known {
	struct tls_peer *peers[SLOTS];
};

static struct tls_peer **slot_of(struct known *k, const struct tls_peer *peer)
{
	return &k->peers[tls_peer_hash(peer) % SLOTS];
}

static void note(struct known *k, struct route_server *server)
{
	*slot_of(k, server->peer) = server->peer;
}

static void share(struct known *k, struct route_server *server)
{
	struct tls_peer *old = *slot_of(k, server->peer);

	if (!old || old == server->peer || !tls_peer_same(old, server->peer))
		return;
	tls_peer_release(server->peer);
	server->peer = tls_peer_hold(old);
}

static void each_of(struct known *k, struct route *routes, unsigned n,
		    void (*visit)(struct known *k, struct route_server *server))
{
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < routes[i].servers_n; j++) {
			if (routes[i].servers[j].peer)
				visit(k, &routes[i].servers[j]);
		}
	}
}

static void each(struct known *k, const struct config *c,
		 void (*visit)(struct known *k, struct route_server *server))
{
	each_of(k, c->forward_zones, c->forward_zones_n, visit);
	for (unsigned v = 0; v < c->views_n; v++)
		each_of(k, c->views[v].forward_zones, c->views[v].forward_zones_n, visit);
}

void peers_share(struct config *fresh, const struct config *before)
{
	struct known known = {{NULL}};

	each(&known, before, note);
	each(&known, fresh, share);
}
