/* quic_callbacks.c - what ngtcp2 tells a connection; see quic.h. */
#include "net/quic_private.h"

#include "net/tls_private.h"

#define STOP       NGTCP2_ERR_CALLBACK_FAILURE
#define CRYPTO_MAX 65536 /* octets of TLS at each level: certificates, and tickets */

static void give_random(uint8_t *out, size_t len, const ngtcp2_rand_ctx *context)
{
	random_bytes(context->native_handle, out, len);
}

static int give_id(ngtcp2_conn *conn, ngtcp2_cid *id, uint8_t *token, size_t len, void *user)
{
	struct quic_connection *c = user;

	(void)conn;
	if (len != QUIC_CID_LEN)
		return STOP;
	quic_draw_cid(c->front, id);
	/* A connection that we have opened is known by its socket. */
	return quic_reset_token(c->front, id, token) && (c->asks || quic_add_cid(c, id)) ? 0 : STOP;
}

static int forget_id(ngtcp2_conn *conn, const ngtcp2_cid *id, void *user)
{
	(void)conn;
	quic_remove_cid(user, id);
	return 0;
}

/* With it the client's address needs no proof the next time (RFC 9000 8.1.3). */
static void send_token(struct quic_connection *c)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(c->conn);
	uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
	ngtcp2_ssize n = ngtcp2_crypto_generate_regular_token(
		token, c->front->secret->tokens, QUIC_SECRET_LEN, path->remote.addr,
		path->remote.addrlen, quic_now(c->front));

	if (n > 0)
		(void)ngtcp2_conn_submit_new_token(c->conn, token, (size_t)n);
}

static int on_handshake(ngtcp2_conn *conn, void *user)
{
	struct quic_connection *c = user;
	struct tls_turns *turns = c->front->turns;
	const struct quic_app *app = quic_agreed(c->session);

	(void)conn;
	if (!c->stream || !app || !app->begin(c))
		return STOP;
	c->app = app;
	quic_note_open(c);
	turns->handshakes++;
	turns->resumed += gnutls_session_is_resumed(c->session) != 0;
	stream_opened(c->stream);
	quic_send_ticket(c->session);
	send_token(c);
	return 0;
}

/*
 * No window limits how much of TLS comes, and GnuTLS keeps a message as long as it is not whole. A
 * client has nothing to say after its handshake (RFC 9001 4.4, 6).
 */
static int on_crypto(ngtcp2_conn *conn, ngtcp2_crypto_level level, uint64_t offset,
		     const uint8_t *octets, size_t len, void *user)
{
	const struct quic_connection *c = user;

	if (level == NGTCP2_CRYPTO_LEVEL_APPLICATION && !c->asks) {
		ngtcp2_conn_set_tls_alert(conn, GNUTLS_A_UNEXPECTED_MESSAGE);
		return NGTCP2_ERR_CRYPTO;
	}
	if (offset + len > CRYPTO_MAX)
		return NGTCP2_ERR_CRYPTO_BUFFER_EXCEEDED;
	return ngtcp2_crypto_recv_crypto_data_cb(conn, level, offset, octets, len, user);
}

static int on_data(ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t offset,
		   const uint8_t *octets, size_t len, void *user, void *stream_user)
{
	struct quic_connection *c = user;

	(void)conn;
	(void)offset;
	(void)stream_user;
	if (!c->stream || !c->app)
		return STOP;
	return c->app->data(c, id, octets, len, flags & NGTCP2_STREAM_DATA_FLAG_FIN) ? 0 : STOP;
}

static int on_acked(ngtcp2_conn *conn, int64_t id, uint64_t offset, uint64_t len, void *user,
		    void *stream_user)
{
	struct quic_connection *c = user;

	(void)conn;
	(void)offset;
	(void)stream_user;
	if (c->app && c->stream)
		c->app->acked(c, id, len);
	return 0;
}

static int on_closed(ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t error, void *user,
		     void *stream_user)
{
	struct quic_connection *c = user;

	(void)conn;
	(void)flags;
	(void)error;
	(void)stream_user;
	return !c->app || !c->stream || c->app->closed(c, id) ? 0 : STOP;
}

static int on_reset(ngtcp2_conn *conn, int64_t id, uint64_t size, uint64_t error, void *user,
		    void *stream_user)
{
	struct quic_connection *c = user;

	(void)conn;
	(void)size;
	(void)error;
	(void)stream_user;
	return !c->app || !c->stream || c->app->reset(c, id) ? 0 : STOP;
}

static int on_path(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path,
		   ngtcp2_path_validation_result result, void *user)
{
	struct quic_connection *c = user;

	(void)flags;
	if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS || !c->stream ||
	    !ngtcp2_path_eq(path, ngtcp2_conn_get_path(conn)))
		return 0;
	return quic_note_address(c, &path->remote) ? 0 : STOP;
}

static int decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
		   const ngtcp2_crypto_aead_ctx *context, const uint8_t *octets, size_t len,
		   const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len)
{
	int status = ngtcp2_crypto_decrypt_cb(dest, aead, context, octets, len, nonce, nonce_len,
					      aad, aad_len);

	if (status == 0)
		quic_retire_nothing(dest, len - aead->max_overhead);
	return status;
}

const ngtcp2_callbacks quic_server_callbacks = {
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	.recv_crypto_data = on_crypto,
	.handshake_completed = on_handshake,
	.encrypt = ngtcp2_crypto_encrypt_cb,
	.decrypt = decrypt,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.recv_stream_data = on_data,
	.acked_stream_data_offset = on_acked,
	.stream_close = on_closed,
	.rand = give_random,
	.get_new_connection_id = give_id,
	.remove_connection_id = forget_id,
	.update_key = ngtcp2_crypto_update_key_cb,
	.path_validation = on_path,
	.stream_reset = on_reset,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};
