/*
 * quic_bare.h - QUIC without TLS and encryption, so that what a fuzzer makes gets through.
 *
 * The functions of GnuTLS and of ngtcp2's crypto helper that tern calls stand here; the program's
 * own are taken instead of the libraries'. Packets are plain octets, with 16 of no meaning behind
 * them, and header protection changes nothing. A handshake is the client's transport parameters, in
 * an Initial packet, and any octet of it in a Handshake packet. Random octets are the same in each
 * run.
 *
 * Include it once, in the file of the fuzz target.
 */
#pragma once

#include <string.h>
#include <sys/random.h>

#include <gnutls/gnutls.h>
#include <gnutls/socket.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "base/bytes.h"
#include "base/check.h"
#include "net/quic_private.h"

#define BARE_TAG 16 /* octets behind a packet */

static uint64_t bare_random;
static void *bare_pointer; /* that the session keeps */
static bool bare_asks;     /* the connection is one that we open */

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
	uint8_t *octets = out;

	(void)flags;
	for (size_t i = 0; i < len; i++) {
		bare_random = bare_random * 6364136223846793005u + 1442695040888963407u;
		octets[i] = (uint8_t)(bare_random >> 56);
	}
	return (ssize_t)len;
}

/* --- GnuTLS ----------------------------------------------------------------------------------- */

int gnutls_init(gnutls_session_t *session, unsigned flags)
{
	(void)flags;
	*session = malloc(1);
	return *session ? 0 : GNUTLS_E_MEMORY_ERROR;
}

void gnutls_deinit(gnutls_session_t session)
{
	free(session);
}

void gnutls_session_set_ptr(gnutls_session_t session, void *pointer)
{
	(void)session;
	bare_pointer = pointer;
}

void *gnutls_session_get_ptr(gnutls_session_t session)
{
	(void)session;
	return bare_pointer;
}

void gnutls_db_set_cache_expiration(gnutls_session_t session, int seconds)
{
	(void)session;
	(void)seconds;
}

int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority)
{
	(void)session;
	(void)priority;
	return 0;
}

int gnutls_credentials_set(gnutls_session_t session, gnutls_credentials_type_t type, void *what)
{
	(void)session;
	(void)type;
	(void)what;
	return 0;
}

int gnutls_session_ticket_enable_server(gnutls_session_t session, const gnutls_datum_t *key)
{
	(void)session;
	(void)key;
	return 0;
}

int gnutls_session_ticket_send(gnutls_session_t session, unsigned n, unsigned flags)
{
	(void)session;
	(void)n;
	(void)flags;
	return 0;
}

int gnutls_session_is_resumed(gnutls_session_t session)
{
	(void)session;
	return 0;
}

int gnutls_session_set_data(gnutls_session_t session, const void *octets, size_t len)
{
	(void)session;
	(void)octets;
	(void)len;
	return 0;
}

void gnutls_session_set_verify_function(gnutls_session_t session,
					gnutls_certificate_verify_function *verify)
{
	(void)session;
	(void)verify;
}

void gnutls_handshake_set_hook_function(gnutls_session_t session, unsigned type, int when,
					gnutls_handshake_hook_func hook)
{
	(void)session;
	(void)type;
	(void)when;
	(void)hook;
}

int gnutls_server_name_set(gnutls_session_t session, gnutls_server_name_type_t type,
			   const void *name, size_t len)
{
	(void)session;
	(void)type;
	(void)name;
	(void)len;
	return 0;
}

int gnutls_alpn_set_protocols(gnutls_session_t session, const gnutls_datum_t *names, unsigned n,
			      unsigned flags)
{
	(void)session;
	(void)names;
	(void)n;
	(void)flags;
	return 0;
}

int gnutls_alpn_get_selected_protocol(gnutls_session_t session, gnutls_datum_t *name)
{
	static unsigned char doq[] = "doq";

	(void)session;
	*name = (gnutls_datum_t){doq, 3};
	return 0;
}

int ngtcp2_crypto_gnutls_configure_server_session(gnutls_session_t session)
{
	(void)session;
	return 0;
}

int ngtcp2_crypto_gnutls_configure_client_session(gnutls_session_t session)
{
	(void)session;
	return 0;
}

/* --- encryption that does nothing ------------------------------------------------------------- */

int ngtcp2_crypto_encrypt_cb(uint8_t *dest, const ngtcp2_crypto_aead *aead,
			     const ngtcp2_crypto_aead_ctx *context, const uint8_t *plain,
			     size_t plain_len, const uint8_t *nonce, size_t nonce_len,
			     const uint8_t *aad, size_t aad_len)
{
	(void)aead;
	(void)context;
	(void)nonce;
	(void)nonce_len;
	(void)aad;
	(void)aad_len;
	memmove(dest, plain, plain_len);
	memset(dest + plain_len, 0, BARE_TAG);
	return 0;
}

int ngtcp2_crypto_decrypt_cb(uint8_t *dest, const ngtcp2_crypto_aead *aead,
			     const ngtcp2_crypto_aead_ctx *context, const uint8_t *octets,
			     size_t len, const uint8_t *nonce, size_t nonce_len, const uint8_t *aad,
			     size_t aad_len)
{
	(void)aead;
	(void)context;
	(void)nonce;
	(void)nonce_len;
	(void)aad;
	(void)aad_len;
	if (len < BARE_TAG)
		return NGTCP2_ERR_DECRYPT;
	memmove(dest, octets, len - BARE_TAG);
	return 0;
}

int ngtcp2_crypto_hp_mask_cb(uint8_t *dest, const ngtcp2_crypto_cipher *hp,
			     const ngtcp2_crypto_cipher_ctx *context, const uint8_t *sample)
{
	(void)hp;
	(void)context;
	(void)sample;
	memset(dest, 0, NGTCP2_HP_MASKLEN);
	return 0;
}

void ngtcp2_crypto_delete_crypto_aead_ctx_cb(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *context,
					     void *user)
{
	(void)conn;
	(void)context;
	(void)user;
}

void ngtcp2_crypto_delete_crypto_cipher_ctx_cb(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *context,
					       void *user)
{
	(void)conn;
	(void)context;
	(void)user;
}

static int bare_nothing;
static uint8_t bare_iv[12];
static ngtcp2_crypto_aead_ctx bare_aead = {&bare_nothing};
static const ngtcp2_crypto_cipher_ctx bare_cipher = {&bare_nothing};
static const ngtcp2_crypto_ctx bare_crypto = {
	.aead = {&bare_nothing, BARE_TAG},
	.md = {&bare_nothing},
	.hp = {&bare_nothing},
	.max_encryption = 1000,
	.max_decryption_failure = 100,
};

int ngtcp2_crypto_update_key_cb(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret,
				ngtcp2_crypto_aead_ctx *rx_context, uint8_t *rx_iv,
				ngtcp2_crypto_aead_ctx *tx_context, uint8_t *tx_iv,
				const uint8_t *rx_old, const uint8_t *tx_old, size_t len,
				void *user)
{
	(void)conn;
	(void)rx_old;
	(void)tx_old;
	(void)user;
	memset(rx_secret, 0, len);
	memset(tx_secret, 0, len);
	memset(rx_iv, 0, sizeof bare_iv);
	memset(tx_iv, 0, sizeof bare_iv);
	*rx_context = *tx_context = bare_aead;
	return 0;
}

int ngtcp2_crypto_get_path_challenge_data_cb(ngtcp2_conn *conn, uint8_t *data, void *user)
{
	(void)conn;
	(void)user;
	memset(data, 'c', NGTCP2_PATH_CHALLENGE_DATALEN);
	return 0;
}

int ngtcp2_crypto_generate_stateless_reset_token(uint8_t *token, const uint8_t *secret,
						 size_t secret_len, const ngtcp2_cid *id)
{
	(void)secret;
	(void)secret_len;
	memset(token, 0, NGTCP2_STATELESS_RESET_TOKENLEN);
	memcpy(token, id->data, MIN(id->datalen, (size_t)NGTCP2_STATELESS_RESET_TOKENLEN));
	return 0;
}

/* --- the handshake ---------------------------------------------------------------------------- */

static int bare_install_initial(ngtcp2_conn *conn)
{
	ngtcp2_conn_set_initial_crypto_ctx(conn, &bare_crypto);
	return ngtcp2_conn_install_initial_key(conn, &bare_aead, bare_iv, &bare_cipher, &bare_aead,
					       bare_iv, &bare_cipher, sizeof bare_iv);
}

int ngtcp2_crypto_recv_client_initial_cb(ngtcp2_conn *conn, const ngtcp2_cid *dcid, void *user)
{
	(void)dcid;
	(void)user;
	return bare_install_initial(conn);
}

/* Its parameters; they are all of its part in the handshake. */
static int bare_submit(ngtcp2_conn *conn, ngtcp2_crypto_level level)
{
	uint8_t octets[512];
	ngtcp2_ssize n = ngtcp2_conn_encode_local_transport_params(conn, octets, sizeof octets);

	return n > 0 ? ngtcp2_conn_submit_crypto_data(conn, level, octets, (size_t)n) : -1;
}

int ngtcp2_crypto_client_initial_cb(ngtcp2_conn *conn, void *user)
{
	(void)user;
	ngtcp2_conn_set_retry_aead(conn, &bare_crypto.aead, &bare_aead);
	return bare_install_initial(conn) == 0 &&
			       bare_submit(conn, NGTCP2_CRYPTO_LEVEL_INITIAL) == 0
		       ? 0
		       : NGTCP2_ERR_CALLBACK_FAILURE;
}

int ngtcp2_crypto_recv_retry_cb(ngtcp2_conn *conn, const ngtcp2_pkt_hd *header, void *user)
{
	(void)header;
	(void)user;
	return bare_install_initial(conn);
}

int ngtcp2_crypto_version_negotiation_cb(ngtcp2_conn *conn, uint32_t version,
					 const ngtcp2_cid *dcid, void *user)
{
	(void)conn;
	(void)version;
	(void)dcid;
	(void)user;
	return 0;
}

static const uint8_t bare_secret[32];

static bool bare_install_rx(ngtcp2_conn *conn)
{
	return ngtcp2_conn_install_rx_key(conn, bare_secret, sizeof bare_secret, &bare_aead,
					  bare_iv, sizeof bare_iv, &bare_cipher) == 0;
}

static bool bare_install_tx(ngtcp2_conn *conn)
{
	return ngtcp2_conn_install_tx_key(conn, bare_secret, sizeof bare_secret, &bare_aead,
					  bare_iv, sizeof bare_iv, &bare_cipher) == 0;
}

/* As TLS does, a client has the keys of its data at the end only, a server writes before that. */
static bool bare_install(ngtcp2_conn *conn)
{
	size_t n = sizeof bare_iv;

	ngtcp2_conn_set_crypto_ctx(conn, &bare_crypto);
	return ngtcp2_conn_install_rx_handshake_key(conn, &bare_aead, bare_iv, n, &bare_cipher) ==
		       0 &&
	       ngtcp2_conn_install_tx_handshake_key(conn, &bare_aead, bare_iv, n, &bare_cipher) ==
		       0 &&
	       (bare_asks || bare_install_tx(conn));
}

int ngtcp2_crypto_recv_crypto_data_cb(ngtcp2_conn *conn, ngtcp2_crypto_level level, uint64_t offset,
				      const uint8_t *octets, size_t len, void *user)
{
	int status = 0;

	(void)user;
	if (offset > 0 || level == NGTCP2_CRYPTO_LEVEL_APPLICATION)
		return 0;
	if (level == NGTCP2_CRYPTO_LEVEL_INITIAL) {
		status = ngtcp2_conn_decode_remote_transport_params(conn, octets, len);
		if (status != 0)
			return status;
		return bare_install(conn) &&
				       (bare_asks ||
					bare_submit(conn, NGTCP2_CRYPTO_LEVEL_INITIAL) == 0) &&
				       bare_submit(conn, NGTCP2_CRYPTO_LEVEL_HANDSHAKE) == 0
			       ? 0
			       : NGTCP2_ERR_CALLBACK_FAILURE;
	}
	if (!bare_install_rx(conn) || (bare_asks && !bare_install_tx(conn)))
		return NGTCP2_ERR_CALLBACK_FAILURE;
	ngtcp2_conn_handshake_completed(conn);
	return 0;
}
