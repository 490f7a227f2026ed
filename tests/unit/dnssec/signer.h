/*
 * signer.h - keys of every algorithm and signatures by them, made in the test by OpenSSL.
 */
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "dnssec/rrsig.h"
#include "helpers.h"

struct signer {
	EVP_PKEY *pkey;
	struct dnskey key;
	uint8_t rdata[1100];
	uint8_t algorithm;
};

static const uint8_t algorithms[] = {
	DNSSEC_RSASHA1,   DNSSEC_RSASHA1_NSEC3, DNSSEC_RSASHA256, DNSSEC_RSASHA512,
	DNSSEC_ECDSAP256, DNSSEC_ECDSAP384,     DNSSEC_ED25519,   DNSSEC_ED448,
};

static inline bool is_ecdsa(uint8_t algorithm)
{
	return algorithm == DNSSEC_ECDSAP256 || algorithm == DNSSEC_ECDSAP384;
}

static inline size_t put_rsa(const EVP_PKEY *pkey, uint8_t *out)
{
	BIGNUM *n = NULL, *e = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e), 1);
	out[0] = (uint8_t)BN_num_bytes(e);
	size_t len = 1 + (size_t)BN_bn2bin(e, out + 1);

	len += (size_t)BN_bn2bin(n, out + len);
	BN_free(n);
	BN_free(e);
	return len;
}

static inline size_t put_public(const EVP_PKEY *pkey, uint8_t algorithm, uint8_t *out)
{
	uint8_t point[1 + 96];
	size_t len = 1000;

	if (is_ecdsa(algorithm)) {
		assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY,
								 point, sizeof point, &len),
				 1);
		memcpy(out, point + 1, len - 1);
		return len - 1;
	}
	if (algorithm < DNSSEC_ECDSAP256)
		return put_rsa(pkey, out);
	assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, out, &len), 1);
	return len;
}

static inline EVP_PKEY *generate(uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_ECDSAP256: return EVP_EC_gen("P-256");
	case DNSSEC_ECDSAP384: return EVP_EC_gen("P-384");
	case DNSSEC_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case DNSSEC_ED448: return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	default: return EVP_RSA_gen(1024);
	}
}

static inline void signer_init(struct signer *s, uint8_t algorithm)
{
	static const uint8_t head[] = {1, 0, 3};

	s->algorithm = algorithm;
	s->pkey = generate(algorithm);
	assert_non_null(s->pkey);
	memcpy(s->rdata, head, sizeof head);
	s->rdata[3] = algorithm;
	size_t len = 4 + put_public(s->pkey, algorithm, s->rdata + 4);

	assert_true(dnskey_read(s->rdata, len, &s->key));
}

static inline void signer_fini(struct signer *s)
{
	EVP_PKEY_free(s->pkey);
}

static inline const EVP_MD *md_of(uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_RSASHA1:
	case DNSSEC_RSASHA1_NSEC3: return EVP_sha1();
	case DNSSEC_RSASHA256:
	case DNSSEC_ECDSAP256: return EVP_sha256();
	case DNSSEC_RSASHA512: return EVP_sha512();
	case DNSSEC_ECDSAP384: return EVP_sha384();
	default: return NULL;
	}
}

/* DER to r and s side by side, in place. */
static inline size_t flatten(uint8_t *sig, size_t len, int half)
{
	const uint8_t *at = sig;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)len);

	assert_non_null(parsed);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, half), half);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + half, half), half);
	ECDSA_SIG_free(parsed);
	return 2 * (size_t)half;
}

/** The signature of @p data as an RRSIG has it, into @p out (1024 octets). */
static inline size_t sign(const struct signer *s, const uint8_t *data, size_t len, uint8_t *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = 1024;

	assert_int_equal(EVP_DigestSignInit(context, NULL, md_of(s->algorithm), NULL, s->pkey), 1);
	assert_int_equal(EVP_DigestSign(context, out, &n, data, len), 1);
	EVP_MD_CTX_free(context);
	if (is_ecdsa(s->algorithm))
		n = flatten(out, n, s->algorithm == DNSSEC_ECDSAP256 ? 32 : 48);
	return n;
}

/** An RRSIG of @p zone over @p of, good around @p now_s, into @p out (1300 octets). */
static inline size_t sign_rrset(const struct signer *s, const uint8_t *zone,
				const struct tern_rrset *of, uint32_t now_s, uint8_t *out)
{
	static uint8_t data[2000];
	struct rrsig sig;
	size_t len = 18;

	put_u16(out, of->type);
	out[2] = s->algorithm;
	/* An asterisk is not counted, RFC 4034 3.1.3. */
	out[3] =
		(uint8_t)(tern_name_labels(of->owner) - (of->owner[0] == 1 && of->owner[1] == '*'));
	put_u32(out + 4, of->ttl_s);
	put_u32(out + 8, now_s + 1000);
	put_u32(out + 12, now_s - 1000);
	put_u16(out + 16, s->key.tag);
	len += tern_name_copy(out + len, zone);
	out[len] = 0;
	assert_true(rrsig_read(out, len + 1, &sig));
	size_t signed_len = rrsig_signed_data(of, &sig, data, sizeof data);

	assert_true(signed_len > 0);
	return len + sign(s, data, signed_len, out + len);
}

/**
 * Sign @p p by each of @p how in order: "g" good, "w" wrong, "o" by another key that
 * nobody has.
 */
static inline void pack_signatures(struct packed *p, const struct signer *s, const uint8_t *zone,
				   uint32_t now_s, const char *how)
{
	uint8_t rrsig[1300];

	for (; *how; how++) {
		size_t len = sign_rrset(s, zone, &p->set, now_s, rrsig);

		rrsig[len - 1] ^= *how == 'w';
		if (*how == 'o')
			put_u16(rrsig + 16, (uint16_t)(s->key.tag + 1));
		pack_octets(p, rrsig, len);
		p->set.rr_n--;
		p->set.sig_n++;
	}
}
