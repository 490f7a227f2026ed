/* self_signed.c - see self_signed.h. */
#include "net/self_signed.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#define BACKDATED_S 3600 /* for clients whose clock is late */
#define SERIAL_LEN  16   /* octets */
#define COMMON_MAX  64   /* octets of a common name, RFC 5280 A.1 */

void self_signed_add_name(struct self_signed_names *names, const char *text)
{
	for (unsigned i = 0; i < names->n; i++) {
		if (strcasecmp(names->text[i], text) == 0)
			return;
	}
	if (names->n < SELF_SIGNED_NAMES && *text && strlen(text) < TLS_NAME_MAX)
		memcpy(names->text[names->n++], text, strlen(text) + 1);
}

/* Octets of the address that @p text is; 0: it is none. */
static unsigned address_of(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

/* --- what there is ------------------------------------------------------------------- */

static int import_key(const char *pem, size_t len, gnutls_x509_privkey_t *key)
{
	const gnutls_datum_t text = {(unsigned char *)without_const(pem), (unsigned)len};
	gnutls_ecc_curve_t curve;
	int status = gnutls_x509_privkey_init(key);

	if (status < 0)
		return status;
	status = gnutls_x509_privkey_import(*key, &text, GNUTLS_X509_FMT_PEM);
	if (status >= 0)
		status = gnutls_x509_privkey_export_ecc_raw(*key, &curve, NULL, NULL, NULL);
	if (status >= 0 && curve != GNUTLS_ECC_CURVE_SECP256R1)
		status = GNUTLS_E_ECC_UNSUPPORTED_CURVE;
	if (status < 0)
		gnutls_x509_privkey_deinit(*key);
	return status;
}

static bool import_certificate(const char *pem, size_t len, gnutls_x509_crt_t *crt)
{
	const gnutls_datum_t text = {(unsigned char *)without_const(pem), (unsigned)len};

	if (gnutls_x509_crt_init(crt) < 0)
		return false;
	if (gnutls_x509_crt_import(*crt, &text, GNUTLS_X509_FMT_PEM) >= 0)
		return true;
	gnutls_x509_crt_deinit(*crt);
	return false;
}

static bool fits(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	uint8_t of_crt[32], of_key[32];
	size_t crt_len = sizeof of_crt, key_len = sizeof of_key;

	return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, of_crt, &crt_len) >= 0 &&
	       gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_len) >=
		       0 &&
	       crt_len == key_len && memcmp(of_crt, of_key, key_len) == 0;
}

static bool is_among(const struct self_signed_names *names, int type, const uint8_t *san,
		     size_t len)
{
	uint8_t octets[16];

	for (unsigned i = 0; i < names->n; i++) {
		const char *text = names->text[i];
		unsigned octets_n = address_of(text, octets);

		if (type == GNUTLS_SAN_IPADDRESS && octets_n == len &&
		    memcmp(octets, san, len) == 0)
			return true;
		if (type == GNUTLS_SAN_DNSNAME && octets_n == 0 && strlen(text) == len &&
		    memcmp(text, san, len) == 0)
			return true;
	}
	return false;
}

/* No name is there twice, on neither side. */
static bool is_for(gnutls_x509_crt_t crt, const struct self_signed_names *names)
{
	for (unsigned n = 0;; n++) {
		uint8_t san[TLS_NAME_MAX];
		size_t len = sizeof san;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, n, san, &len, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return n == names->n;
		/* A name is written with its zero. */
		if (type == GNUTLS_SAN_DNSNAME)
			len = strnlen((const char *)san, MIN(len, sizeof san));
		if (type < 0 || !is_among(names, type, san, len))
			return false;
	}
}

static bool is_in_time(gnutls_x509_crt_t crt, int64_t now_s)
{
	return (int64_t)gnutls_x509_crt_get_activation_time(crt) <= now_s &&
	       (int64_t)gnutls_x509_crt_get_expiration_time(crt) - now_s > SELF_SIGNED_RENEW_S;
}

enum self_signed_state self_signed_look(const char *pem, size_t len,
					const struct self_signed_names *names, int64_t now_s)
{
	enum self_signed_state state = SELF_SIGNED_BROKEN;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	if (import_key(pem, len, &key) < 0)
		return SELF_SIGNED_BROKEN;
	if (import_certificate(pem, len, &crt)) {
		if (fits(crt, key))
			state = is_in_time(crt, now_s) && is_for(crt, names) ? SELF_SIGNED_GOOD
									     : SELF_SIGNED_OUTDATED;
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_privkey_deinit(key);
	return state;
}

/* --- making one ------------------------------------------------------------------------ */

static int make_key(gnutls_x509_privkey_t *key)
{
	int status = gnutls_x509_privkey_init(key);

	if (status < 0)
		return status;
	status = gnutls_x509_privkey_generate2(*key, GNUTLS_PK_ECDSA,
					       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0,
					       NULL, 0);
	if (status < 0)
		gnutls_x509_privkey_deinit(*key);
	return status;
}

static int set_names(gnutls_x509_crt_t crt, const struct self_signed_names *names)
{
	int status = 0;

	for (unsigned i = 0; i < names->n && status >= 0; i++) {
		const char *text = names->text[i];
		uint8_t octets[16];
		unsigned n = address_of(text, octets);

		status = gnutls_x509_crt_set_subject_alt_name(
			crt, n > 0 ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
			n > 0 ? (const void *)octets : text, n > 0 ? n : (unsigned)strlen(text),
			GNUTLS_FSAN_APPEND);
	}
	return status;
}

static int set_serial(gnutls_x509_crt_t crt)
{
	uint8_t serial[SERIAL_LEN];
	int status = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

	/* Positive, and no zeros before it (RFC 5280 4.1.2.2). */
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	return status < 0 ? status : gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
}

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
		const struct self_signed_names *names, int64_t now_s)
{
	const char *common = names->n > 0 ? names->text[0] : "tern";
	int64_t from_s = MAX(now_s - BACKDATED_S, (int64_t)0);
	uint8_t id[20];
	size_t id_len = sizeof id;
	int status = gnutls_x509_crt_set_version(crt, 3);

	if (status >= 0)
		status = set_serial(crt);
	if (status >= 0)
		status = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, common,
						       (unsigned)strnlen(common, COMMON_MAX));
	if (status >= 0)
		status = gnutls_x509_crt_set_activation_time(crt, (time_t)from_s);
	if (status >= 0)
		status = gnutls_x509_crt_set_expiration_time(crt,
							     (time_t)(from_s + SELF_SIGNED_LIFE_S));
	if (status >= 0)
		status = gnutls_x509_crt_set_key(crt, key);
	if (status >= 0)
		status = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &id_len);
	if (status >= 0)
		status = gnutls_x509_crt_set_subject_key_id(crt, id, id_len);
	if (status >= 0)
		status = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (status >= 0)
		status = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (status >= 0)
		status = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
	return status >= 0 ? set_names(crt, names) : status;
}

/* The key, and then the certificate: NULL when memory is short. */
static char *join(const gnutls_datum_t *key, const gnutls_datum_t *crt, size_t *len)
{
	char *pem = malloc((size_t)key->size + crt->size + 1);

	if (!pem)
		return NULL;
	memcpy(pem, key->data, key->size);
	memcpy(pem + key->size, crt->data, crt->size);
	*len = (size_t)key->size + crt->size;
	pem[*len] = '\0';
	return pem;
}

static int print(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, char **pem, size_t *len)
{
	gnutls_datum_t key_text = {0}, crt_text = {0};
	int status = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
						       GNUTLS_PKCS_PLAIN, &key_text);

	if (status >= 0)
		status = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_text);
	if (status >= 0) {
		*pem = join(&key_text, &crt_text, len);
		status = *pem ? 0 : GNUTLS_E_MEMORY_ERROR;
	}
	if (key_text.data)
		explicit_bzero(key_text.data, key_text.size);
	gnutls_free(key_text.data);
	gnutls_free(crt_text.data);
	return status;
}

static int make_by(gnutls_x509_privkey_t key, const struct self_signed_names *names, int64_t now_s,
		   char **pem, size_t *len)
{
	gnutls_x509_crt_t crt;
	int status = gnutls_x509_crt_init(&crt);

	if (status < 0)
		return status;
	status = fill(crt, key, names, now_s);
	if (status >= 0)
		status = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	if (status >= 0)
		status = print(crt, key, pem, len);
	gnutls_x509_crt_deinit(crt);
	return status;
}

char *self_signed_make(const char *before, size_t before_len, const struct self_signed_names *names,
		       int64_t now_s, size_t *len, const char **why)
{
	gnutls_x509_privkey_t key;
	char *pem = NULL;
	int status = before ? import_key(before, before_len, &key) : make_key(&key);

	if (status >= 0) {
		status = make_by(key, names, now_s, &pem, len);
		gnutls_x509_privkey_deinit(key);
	}
	if (status < 0)
		*why = gnutls_strerror(status);
	return pem;
}

void self_signed_forget(char *pem, size_t len)
{
	if (pem)
		explicit_bzero(pem, len);
	free(pem);
}
