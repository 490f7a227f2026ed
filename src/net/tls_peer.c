/* tls_peer.c - servers that we ask, and how they show who they are; see tls.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "base/hash.h"
#include "net/tls_private.h"

#define SPKI_MAX 8192 /* octets of a public key that is believed in */

static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* --- trust -------------------------------------------------------------------------- */

static int fill(struct tls_trust *t, const char *ca, const struct tls_pair *own)
{
	int status = gnutls_certificate_allocate_credentials(&t->credentials);

	if (status >= 0)
		status = gnutls_priority_init(&t->priorities, priorities, NULL);
	if (status >= 0)
		status = tls_quic_priorities(&t->quic_priorities);
	if (status < 0 || !ca)
		return status;
	/* Without a CA nobody is believed: that shows when somebody is asked. */
	if (!*ca)
		(void)gnutls_certificate_set_x509_system_trust(t->credentials);
	else {
		status = gnutls_certificate_set_x509_trust_file(t->credentials, ca,
								GNUTLS_X509_FMT_PEM);
		if (status == 0)
			status = GNUTLS_E_NO_CERTIFICATE_FOUND;
	}
	if (status >= 0 && own) {
		gnutls_datum_t certificate = {without_const(own->certificate),
					      (unsigned)own->certificate_len};
		gnutls_datum_t key = {without_const(own->key), (unsigned)own->key_len};

		status = gnutls_certificate_set_x509_key_mem(t->credentials, &certificate, &key,
							     GNUTLS_X509_FMT_PEM);
	}
	return status;
}

static int note_cas(gnutls_hash_hd_t hash, gnutls_certificate_credentials_t credentials)
{
	gnutls_x509_trust_list_t list;
	gnutls_x509_trust_list_iter_t at = NULL;
	gnutls_x509_crt_t ca;
	int status = 0;

	gnutls_certificate_get_trust_list(credentials, &list);
	while (status >= 0 && gnutls_x509_trust_list_iter_get_ca(list, &at, &ca) >= 0) {
		uint8_t print[TLS_DIGEST_LEN];
		size_t len = sizeof print;

		status = gnutls_x509_crt_get_fingerprint(ca, GNUTLS_DIG_SHA256, print, &len);
		if (status >= 0)
			status = gnutls_hash(hash, print, len);
		gnutls_x509_crt_deinit(ca);
	}
	if (at)
		gnutls_x509_trust_list_iter_deinit(at);
	return status;
}

static int note_all(struct tls_trust *t, const struct tls_pair *own)
{
	gnutls_hash_hd_t hash;
	int status = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);

	if (status < 0)
		return status;
	status = note_cas(hash, t->credentials);
	if (status >= 0 && own)
		status = gnutls_hash(hash, own->certificate, own->certificate_len);
	if (status >= 0 && own)
		status = gnutls_hash(hash, own->key, own->key_len);
	gnutls_hash_deinit(hash, t->digest);
	return status;
}

struct tls_trust *tls_trust_create(const char *ca, const struct tls_pair *own, const char **why)
{
	struct tls_trust *t = calloc(1, sizeof *t);
	int status;

	*why = "out of memory";
	if (!t)
		return NULL;
	atomic_init(&t->holders, 1);
	status = fill(t, ca, own);
	if (status >= 0)
		status = note_all(t, own);
	if (status >= 0)
		return t;
	*why = gnutls_strerror(status);
	tls_trust_release(t);
	return NULL;
}

/* What it was made of is more from here on. */
static int note_revoked(struct tls_trust *t, const uint8_t *pem, size_t len)
{
	gnutls_hash_hd_t hash;
	int status = gnutls_hash_init(&hash, GNUTLS_DIG_SHA256);

	if (status < 0)
		return status;
	status = gnutls_hash(hash, t->digest, sizeof t->digest);
	if (status >= 0)
		status = gnutls_hash(hash, pem, len);
	gnutls_hash_deinit(hash, t->digest);
	return status;
}

bool tls_trust_revoke(struct tls_trust *t, const uint8_t *pem, size_t len, const char **why)
{
	gnutls_datum_t lists = {without_const(pem), (unsigned)len};
	int status =
		gnutls_certificate_set_x509_crl_mem(t->credentials, &lists, GNUTLS_X509_FMT_PEM);

	/* The error is what GnuTLS says of a file with something else. */
	if (status == 0 || status == GNUTLS_E_BASE64_DECODING_ERROR) {
		*why = "no list of revoked certificates in it";
		return false;
	}
	if (status > 0)
		status = note_revoked(t, pem, len);
	if (status < 0)
		*why = gnutls_strerror(status);
	return status >= 0;
}

void tls_trust_release(struct tls_trust *t)
{
	if (!t || atomic_fetch_sub_explicit(&t->holders, 1, memory_order_acq_rel) != 1)
		return;
	if (t->priorities)
		gnutls_priority_deinit(t->priorities);
	if (t->quic_priorities)
		gnutls_priority_deinit(t->quic_priorities);
	if (t->credentials)
		gnutls_certificate_free_credentials(t->credentials);
	free(t);
}

/* --- peers -------------------------------------------------------------------------- */

struct tls_peer *tls_peer_create(struct tls_trust *trust, const struct tls_identity *identity)
{
	struct tls_peer *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	atomic_init(&p->holders, 1);
	atomic_fetch_add_explicit(&trust->holders, 1, memory_order_relaxed);
	p->trust = trust;
	p->identity = *identity;
	return p;
}

struct tls_peer *tls_peer_hold(struct tls_peer *peer)
{
	if (peer)
		atomic_fetch_add_explicit(&peer->holders, 1, memory_order_relaxed);
	return peer;
}

void tls_peer_release(struct tls_peer *peer)
{
	if (!peer || atomic_fetch_sub_explicit(&peer->holders, 1, memory_order_acq_rel) != 1)
		return;
	tls_trust_release(peer->trust);
	free(peer);
}

const struct tls_identity *tls_peer_identity(const struct tls_peer *peer)
{
	return &peer->identity;
}

bool tls_peer_alike(const struct tls_peer *a, const struct tls_peer *b)
{
	return a == b || (a && b && strcmp(a->identity.name, b->identity.name) == 0 &&
			  strcmp(a->identity.authority, b->identity.authority) == 0 &&
			  strcmp(a->identity.path, b->identity.path) == 0 &&
			  a->identity.pins_n == b->identity.pins_n &&
			  memcmp(a->identity.pins, b->identity.pins,
				 a->identity.pins_n * sizeof a->identity.pins[0]) == 0);
}

bool tls_peer_same(const struct tls_peer *a, const struct tls_peer *b)
{
	return tls_peer_alike(a, b) &&
	       (a == b || memcmp(a->trust->digest, b->trust->digest, TLS_DIGEST_LEN) == 0);
}

uint64_t tls_peer_hash(const struct tls_peer *peer)
{
	static const struct hash_key key;
	const struct tls_identity *i = &peer->identity;

	return hash_bytes(&key, 0, i->name, strlen(i->name)) ^
	       hash_bytes(&key, 1, i->path, strlen(i->path)) ^
	       hash_bytes(&key, 2, i->authority, strlen(i->authority)) ^
	       hash_bytes(&key, 3, i->pins, i->pins_n * TLS_PIN_LEN);
}

bool tls_read_pin(const char *text, uint8_t pin[TLS_PIN_LEN])
{
	gnutls_datum_t base64 = {(unsigned char *)without_const(text), (unsigned)strlen(text)};
	gnutls_datum_t octets;

	if (gnutls_base64_decode2(&base64, &octets) < 0)
		return false;
	bool good = octets.size == TLS_PIN_LEN;

	if (good)
		memcpy(pin, octets.data, TLS_PIN_LEN);
	gnutls_free(octets.data);
	return good;
}

/* --- is it the one that is meant? ----------------------------------------------------- */

/* The hash of the public key that @p certificate (DER) is for. */
static bool hash_key(const gnutls_datum_t *certificate, uint8_t out[TLS_PIN_LEN])
{
	uint8_t spki[SPKI_MAX];
	size_t len = sizeof spki;
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t key;
	bool good;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_pubkey_init(&key) < 0) {
		gnutls_x509_crt_deinit(crt);
		return false;
	}
	good = gnutls_x509_crt_import(crt, certificate, GNUTLS_X509_FMT_DER) >= 0 &&
	       gnutls_pubkey_import_x509(key, crt, 0) >= 0 &&
	       gnutls_pubkey_export(key, GNUTLS_X509_FMT_DER, spki, &len) >= 0 &&
	       gnutls_hash_fast(GNUTLS_DIG_SHA256, spki, len, out) >= 0;
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return good;
}

static bool has_pin(gnutls_session_t session, const struct tls_identity *identity)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	uint8_t hash[TLS_PIN_LEN];

	if (!chain || n == 0 || !hash_key(&chain[0], hash))
		return false;
	for (unsigned i = 0; i < identity->pins_n; i++) {
		if (memcmp(hash, identity->pins[i], TLS_PIN_LEN) == 0)
			return true;
	}
	return false;
}

/* And is the certificate one for servers, not for clients, say, where it tells what it is for? */
static bool has_name(gnutls_session_t session, const char *name, char why[TLS_WHY_MAX])
{
	gnutls_typed_vdata_st wanted[] = {
		{.type = GNUTLS_DT_DNS_HOSTNAME, .data = without_const(name)},
		{.type = GNUTLS_DT_KEY_PURPOSE_OID,
		 .data = without_const(GNUTLS_KP_TLS_WWW_SERVER)},
	};
	gnutls_datum_t text;
	unsigned status = 0;

	if (gnutls_certificate_verify_peers(session, wanted, ARRAY_LEN(wanted), &status) >= 0 &&
	    status == 0)
		return true;
	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0) {
		snprintf(why, TLS_WHY_MAX, "certificate is not one of %s", name);
		return false;
	}
	snprintf(why, TLS_WHY_MAX, "certificate for %s: %s", name, (const char *)text.data);
	gnutls_free(text.data);
	for (size_t n = strlen(why); n > 0 && why[n - 1] == ' '; n--)
		why[n - 1] = '\0';
	return false;
}

int tls_peer_check(gnutls_session_t session, const struct tls_peer *peer, char *why)
{
	const struct tls_identity *identity = &peer->identity;

	if (identity->pins_n > 0 && !has_pin(session, identity)) {
		snprintf(why, TLS_WHY_MAX, "certificate with another key than the pinned");
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	if (*identity->name && !has_name(session, identity->name, why))
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

int tls_peer_verify(gnutls_session_t session)
{
	const struct tls_stream *t = gnutls_session_get_ptr(session);

	return tls_peer_check(session, t->peer, t->why);
}
