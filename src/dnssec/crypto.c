#include "dnssec/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/bytes.h"

#define PAIRS    256 /* of parsed keys kept, by key tag and algorithm */
#define USES_MAX 255

struct slot {
	EVP_PKEY *key;
	uint8_t *rdata; /* what it was made of */
	uint16_t len;
	uint8_t algorithm;
	uint8_t uses; /* halved with every newcomer in the pair */
};

/* Making a key of a curve by name costs a third of a check; another point in a copy next to
 * nothing. */
struct curve {
	const char *name;
	size_t half; /* octets of a coordinate */
	EVP_PKEY *model;
};

struct crypto {
	EVP_MD_CTX *context;
	unsigned effort;
	uint64_t parsed;
	struct curve p256;
	struct curve p384;
	struct slot slots[PAIRS][2];
};

struct crypto *crypto_create(void)
{
	struct crypto *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->context = EVP_MD_CTX_new();
	c->p256 = (struct curve){"P-256", 32, EVP_EC_gen("P-256")};
	c->p384 = (struct curve){"P-384", 48, EVP_EC_gen("P-384")};
	if (c->context && c->p256.model && c->p384.model)
		return c;
	crypto_destroy(c);
	return NULL;
}

static void empty(struct slot *s)
{
	EVP_PKEY_free(s->key);
	free(s->rdata);
	*s = (struct slot){0};
}

void crypto_destroy(struct crypto *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < PAIRS; i++) {
		empty(&c->slots[i][0]);
		empty(&c->slots[i][1]);
	}
	EVP_PKEY_free(c->p256.model);
	EVP_PKEY_free(c->p384.model);
	EVP_MD_CTX_free(c->context);
	free(c);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	return key;
}

#define RSA_BITS_MIN          512
#define RSA_BITS_MAX          4096
#define RSA_EXPONENT_BITS_MAX 64 /* longer ones only make checking slow */
#define RSA_EXPONENT_USUAL    4  /* octets; most have three */

static EVP_PKEY *make_rsa(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = from_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* RFC 3110 2: exponent length in one or three octets, exponent, modulus. */
static EVP_PKEY *read_rsa(const uint8_t *octets, size_t len)
{
	struct cursor c = cursor_over(octets, len);
	size_t e_len = cursor_u8(&c);

	if (e_len == 0)
		e_len = cursor_u16(&c);
	const uint8_t *e_octets = cursor_take(&c, e_len);
	size_t n_len = cursor_left(&c);
	const uint8_t *n_octets = cursor_take(&c, n_len);

	if (c.broken || e_len == 0 || e_len * 8 > RSA_EXPONENT_BITS_MAX || n_len == 0 ||
	    n_len * 8 > RSA_BITS_MAX)
		return NULL;
	BIGNUM *n = BN_bin2bn(n_octets, (int)n_len, NULL);
	BIGNUM *e = BN_bin2bn(e_octets, (int)e_len, NULL);
	EVP_PKEY *key = NULL;

	if (n && e && BN_num_bits(n) >= RSA_BITS_MIN && BN_is_odd(e))
		key = make_rsa(n, e);
	BN_free(n);
	BN_free(e);
	return key;
}

static const struct curve *curve_of(const struct crypto *c, uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_ECDSAP256: return &c->p256;
	case DNSSEC_ECDSAP384: return &c->p384;
	default: return NULL;
	}
}

/*
 * RFC 6605 4: the uncompressed point without its first octet. Into @p old, a key
 * of the same curve, or a new one; NULL, and @p old is freed, when it is not on
 * the curve.
 */
static EVP_PKEY *read_ecdsa(const struct curve *curve, EVP_PKEY *old, const uint8_t *octets,
			    size_t len)
{
	uint8_t point[1 + 96];
	EVP_PKEY *key = old ? old : EVP_PKEY_dup(curve->model);

	if (key && len == 2 * curve->half) {
		point[0] = 4;
		memcpy(point + 1, octets, len);
		if (EVP_PKEY_set1_encoded_public_key(key, point, len + 1) == 1)
			return key;
	}
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *read_key(const struct dnskey *k)
{
	switch (k->algorithm) {
	case DNSSEC_RSASHA1:
	case DNSSEC_RSASHA1_NSEC3:
	case DNSSEC_RSASHA256:
	case DNSSEC_RSASHA512: return read_rsa(k->key, k->key_len);
	case DNSSEC_ED25519:
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->key, k->key_len);
	case DNSSEC_ED448:
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, k->key, k->key_len);
	default: return NULL;
	}
}

static bool holds(const struct slot *s, const struct dnskey *k)
{
	return s->key && s->len == k->rdata_len && memcmp(s->rdata, k->rdata, s->len) == 0;
}

/* Into @p s in place of what is there; NULL, and @p s empty, when the key makes no sense. */
static EVP_PKEY *parse_into(struct crypto *c, struct slot *s, const struct dnskey *k)
{
	const struct curve *curve = curve_of(c, k->algorithm);
	EVP_PKEY *old = NULL;

	if (curve && s->key && s->algorithm == k->algorithm) {
		old = s->key;
		s->key = NULL;
	}
	empty(s);
	c->parsed++;
	s->key = curve ? read_ecdsa(curve, old, k->key, k->key_len) : read_key(k);
	s->algorithm = k->algorithm;
	s->rdata = malloc(k->rdata_len);
	if (!s->key || !s->rdata) {
		empty(s);
		return NULL;
	}
	memcpy(s->rdata, k->rdata, k->rdata_len);
	s->len = k->rdata_len;
	s->uses = 1;
	return s->key;
}

/*
 * Of a pair the key used less gives way, and with every newcomer the past uses of
 * the other count half: a zone of zones stays, the keys of those asked for once go.
 */
static EVP_PKEY *find_key(struct crypto *c, const struct dnskey *k)
{
	struct slot *pair = c->slots[(k->tag ^ (unsigned)k->algorithm << 5) % PAIRS];

	for (unsigned i = 0; i < 2; i++) {
		if (!holds(&pair[i], k))
			continue;
		if (pair[i].uses < USES_MAX)
			pair[i].uses++;
		return pair[i].key;
	}
	unsigned less = pair[1].uses <= pair[0].uses;

	pair[!less].uses /= 2;
	return parse_into(c, &pair[less], k);
}

static const EVP_MD *digest_of(uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_RSASHA1:
	case DNSSEC_RSASHA1_NSEC3: return EVP_sha1();
	case DNSSEC_RSASHA256:
	case DNSSEC_ECDSAP256: return EVP_sha256();
	case DNSSEC_RSASHA512: return EVP_sha512();
	case DNSSEC_ECDSAP384: return EVP_sha384();
	default: return NULL; /* EdDSA hashes by itself */
	}
}

/* One INTEGER of a DER signature: no leading zeros but the one that keeps it positive. */
static size_t put_der_integer(uint8_t *out, const uint8_t *n, size_t len)
{
	while (len > 1 && n[0] == 0) {
		n++;
		len--;
	}
	size_t pad = n[0] & 0x80 ? 1 : 0;

	out[0] = 2;
	out[1] = (uint8_t)(len + pad);
	out[2] = 0;
	memcpy(out + 2 + pad, n, len);
	return 2 + pad + len;
}

#define DER_MAX (3 + 2 * (3 + 48))

/* RFC 6605 4 has r and s side by side; OpenSSL wants a SEQUENCE. */
static size_t ecdsa_to_der(const uint8_t *sig, size_t len, uint8_t out[DER_MAX])
{
	uint8_t body[DER_MAX];
	size_t n = put_der_integer(body, sig, len / 2);

	n += put_der_integer(body + n, sig + len / 2, len / 2);
	out[0] = 0x30;
	out[1] = (uint8_t)n;
	memcpy(out + 2, body, n);
	return n + 2;
}

static bool verify(EVP_MD_CTX *context, EVP_PKEY *key, const EVP_MD *md, const uint8_t *sig,
		   size_t sig_len, const uint8_t *data, size_t data_len)
{
	bool good = EVP_MD_CTX_reset(context) == 1 &&
		    EVP_DigestVerifyInit(context, NULL, md, NULL, key) == 1 &&
		    EVP_DigestVerify(context, sig, sig_len, data, data_len) == 1;

	/* A wrong signature leaves errors queued, which nobody will ever read. */
	if (!good)
		ERR_clear_error();
	return good;
}

/* Tenths of a millisecond, about. */
static unsigned effort_of(const struct dnskey *k)
{
	switch (k->algorithm) {
	case DNSSEC_RSASHA1:
	case DNSSEC_RSASHA1_NSEC3:
	case DNSSEC_RSASHA256:
	case DNSSEC_RSASHA512: /* a long exponent is work */
		return k->key_len > 0 && k->key[0] > 0 && k->key[0] <= RSA_EXPONENT_USUAL ? 1 : 3;
	case DNSSEC_ECDSAP384: return 8;
	case DNSSEC_ED448: return 3;
	default: return 1;
	}
}

bool crypto_verify(struct crypto *c, const struct dnskey *k, const uint8_t *sig, size_t sig_len,
		   const uint8_t *data, size_t data_len)
{
	uint8_t der[DER_MAX];
	const struct curve *curve = curve_of(c, k->algorithm);

	c->effort += effort_of(k);
	EVP_PKEY *key = find_key(c, k);

	if (!key) {
		ERR_clear_error();
		return false;
	}
	if (curve) {
		if (sig_len != 2 * curve->half)
			return false;
		sig_len = ecdsa_to_der(sig, sig_len, der);
		sig = der;
	}
	return verify(c->context, key, digest_of(k->algorithm), sig, sig_len, data, data_len);
}

unsigned crypto_effort(const struct crypto *c)
{
	return c->effort;
}

uint64_t crypto_parsed(const struct crypto *c)
{
	return c->parsed;
}

void crypto_tire(struct crypto *c)
{
	c->effort = CRYPTO_EFFORT_MAX;
}

void crypto_rest(struct crypto *c)
{
	/* Most turns check nothing, and this line may be next to another worker's. */
	if (c->effort)
		c->effort = 0;
}
