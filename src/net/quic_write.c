/* quic_write.c - the datagrams that a connection sends; see quic.h. */
#include "net/quic_private.h"

#include <string.h>
#include <sys/socket.h>

#define PACKETS_PER_TURN 32 /* of one connection; then others have their turn */

static uint8_t *take_buffer(const struct quic_connection *c, uint8_t own[QUIC_SENT_MAX])
{
	if (c->asks)
		return own;
	return c->front->owner->buffer(c->front->context, c->listener);
}

/* What a socket does not take is lost, as others are on the way. */
static void send_packet(struct quic_connection *c, const ngtcp2_path *path, const uint8_t *octets,
			size_t len)
{
	struct quic_front *f = c->front;
	struct udp_peer to = c->peer;

	if (c->asks) {
		(void)!send(c->watch.fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	if (path->remote.addrlen > 0 && path->remote.addrlen <= sizeof to.addr) {
		memcpy(&to.addr, path->remote.addr, path->remote.addrlen);
		to.addr_len = path->remote.addrlen;
	}
	f->owner->send(f->context, c->listener, len, &to);
}

/* A stream can't go on: false when that is no reason to end the connection. */
static bool note_blocked(struct quic_connection *c, int64_t id, ngtcp2_ssize status)
{
	switch (status) {
	case NGTCP2_ERR_STREAM_DATA_BLOCKED: c->app->blocked(c, id, false); return false;
	case NGTCP2_ERR_STREAM_SHUT_WR:
	case NGTCP2_ERR_STREAM_NOT_FOUND: c->app->blocked(c, id, true); return false;
	default: return true;
	}
}

/* One packet with what there is to say: its octets, 0 for none, or an error of ngtcp2. */
static ngtcp2_ssize write_packet(struct quic_connection *c, ngtcp2_path *path, uint8_t *buffer)
{
	for (;;) {
		ngtcp2_vec parts[QUIC_VECTORS];
		ngtcp2_pkt_info info;
		ngtcp2_ssize taken = -1;
		int64_t id = -1;
		bool fin = false;
		unsigned n = c->app ? c->app->next(c, &id, &fin, parts) : 0;
		uint32_t flags = id >= 0 ? NGTCP2_WRITE_STREAM_FLAG_MORE : 0;

		if (fin)
			flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
		ngtcp2_ssize len =
			ngtcp2_conn_writev_stream(c->conn, path, &info, buffer, QUIC_SENT_MAX,
						  &taken, flags, id, parts, n, quic_now(c->front));

		if (taken >= 0 && id >= 0)
			c->app->wrote(c, id, (size_t)taken);
		if (len == NGTCP2_ERR_WRITE_MORE)
			continue;
		if (len >= 0 || id < 0 || note_blocked(c, id, len))
			return len;
	}
}

bool quic_write(struct quic_connection *c)
{
	uint8_t own[QUIC_SENT_MAX];
	ngtcp2_path_storage path;
	ngtcp2_ssize len = 0;
	unsigned n;

	ngtcp2_path_storage_zero(&path);
	c->inside = true;
	for (n = 0; n < PACKETS_PER_TURN; n++) {
		uint8_t *buffer = take_buffer(c, own);

		len = buffer ? write_packet(c, &path.path, buffer) : 0;
		if (len <= 0)
			break;
		send_packet(c, &path.path, buffer, (size_t)len);
	}
	c->inside = false;
	if (len < 0) {
		quic_fail(c, (int)len);
		return false;
	}
	/*
	 * ngtcp2 would pace, from the third of a second on that it takes a round trip for before it
	 * has seen one: 30 ms behind the first packet. Messages are short, and the congestion
	 * window is there.
	 */
	if (n == PACKETS_PER_TURN)
		quic_touch(c);
	quic_arm(c);
	return true;
}

/* ngtcp2 counts what is sent to an address that was not validated, but for this. */
static bool is_at_home(struct quic_connection *c)
{
	ngtcp2_path home = quic_path(c, &c->peer);

	return ngtcp2_path_eq(&home, ngtcp2_conn_get_path(c->conn));
}

void quic_write_close(struct quic_connection *c, const ngtcp2_connection_close_error *why)
{
	uint8_t own[QUIC_SENT_MAX];
	uint8_t *buffer = c->conn && is_at_home(c) ? take_buffer(c, own) : NULL;
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;

	if (!buffer)
		return;
	ngtcp2_path_storage_zero(&path);
	ngtcp2_ssize len = ngtcp2_conn_write_connection_close(
		c->conn, &path.path, &info, buffer, QUIC_SENT_MAX, why, quic_now(c->front));

	if (len > 0)
		send_packet(c, &path.path, buffer, (size_t)len);
}

/* A timer that is set too early finds that out when it fires: cheaper than moving it. */
void quic_arm(struct quic_connection *c)
{
	ngtcp2_tstamp at_ns = ngtcp2_conn_get_expiry(c->conn);

	if (at_ns == UINT64_MAX)
		return;
	uint64_t at_ms = (at_ns + NS_PER_MS - 1) / NS_PER_MS;

	if (!timer_is_set(&c->timer) || c->timer.at_ms > at_ms)
		timer_set(&c->front->loop->wheel, &c->timer, at_ms);
}
