/* upstream_open.c - a connection to a server, whichever way it is asked. */
#include <errno.h>

#include "net/http_ask.h"
#include "net/quic.h"
#include "net/tls.h"
#include "worker/upstream_private.h"

#define IDLE_MS 5000  /* kept for the next question, */
#define WARM_MS 30000 /* and one that cost a handshake */

/* False when memory is short. */
static bool begin_transport(struct stream *s, const struct upstream_way *way)
{
	const struct tls_identity *identity = tls_peer_identity(way->to->peer);
	bool http = way->to->transport == TRANSPORT_HTTPS;

	if (http && !http_ask(s, identity->authority, identity->path, way->why, TLS_WHY_MAX))
		return false;
	return tls_ask(s, way->to->peer, &way->worker->tls_upstream, http ? TLS_HTTPS : TLS_DOT,
		       way->ticket, way->why);
}

bool upstream_open(struct stream *s, const struct upstream_way *way)
{
	struct worker *w = way->worker;
	const struct endpoint *to = way->to;
	bool encrypted = transport_is_encrypted(to->transport);
	const struct quic_asking asking = {.peer = to->peer, .memory = way->quic, .why = way->why};

	if (to->transport == TRANSPORT_QUIC)
		return quic_ask(&w->quic_upstream, s, &to->address, &asking, WARM_MS);
	if (!stream_connect(s, &w->loop, &to->address, encrypted ? WARM_MS : IDLE_MS))
		return false;
	if (!encrypted || begin_transport(s, way))
		return true;
	stream_close(s);
	errno = ENOMEM;
	return false;
}
