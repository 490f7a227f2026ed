#include "dnssec/key.h"

#include <string.h>

#include <openssl/evp.h>

#include <tern/name.h>

#include "base/bytes.h"

/* RFC 4034 appendix B. */
static uint16_t key_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	sum += sum >> 16 & 0xffff;
	return (uint16_t)sum;
}

bool dnskey_read(const uint8_t *rdata, size_t len, struct dnskey *out)
{
	if (len < 5 || len > DNSKEY_RDATA_MAX)
		return false;
	*out = (struct dnskey){
		.rdata = rdata,
		.rdata_len = (uint16_t)len,
		.flags = get_u16(rdata),
		.protocol = rdata[2],
		.algorithm = rdata[3],
		.key = rdata + 4,
		.key_len = (uint16_t)(len - 4),
		.tag = key_tag(rdata, len),
	};
	return true;
}

bool ds_read(const uint8_t *rdata, size_t len, struct ds *out)
{
	if (len < 5 || len > UINT16_MAX)
		return false;
	*out = (struct ds){
		.tag = get_u16(rdata),
		.algorithm = rdata[2],
		.digest_type = rdata[3],
		.digest = rdata + 4,
		.digest_len = (uint16_t)(len - 4),
	};
	return true;
}

bool dnskey_signs_zones(const struct dnskey *key)
{
	return (key->flags & DNSKEY_ZONE) && !(key->flags & DNSKEY_REVOKE) && key->protocol == 3;
}

bool dnssec_algorithm_is_known(uint8_t algorithm, bool sha1)
{
	switch (algorithm) {
	case DNSSEC_RSASHA1:
	case DNSSEC_RSASHA1_NSEC3: return sha1;
	case DNSSEC_RSASHA256:
	case DNSSEC_RSASHA512:
	case DNSSEC_ECDSAP256:
	case DNSSEC_ECDSAP384:
	case DNSSEC_ED25519:
	case DNSSEC_ED448: return true;
	default: return false;
	}
}

bool dnssec_digest_is_known(uint8_t digest, bool sha1)
{
	return digest == DNSSEC_SHA256 || digest == DNSSEC_SHA384 ||
	       (digest == DNSSEC_SHA1 && sha1);
}

static const EVP_MD *digest_of(uint8_t type)
{
	switch (type) {
	case DNSSEC_SHA1: return EVP_sha1();
	case DNSSEC_SHA256: return EVP_sha256();
	case DNSSEC_SHA384: return EVP_sha384();
	default: return NULL;
	}
}

bool ds_matches(const struct ds *ds, const uint8_t *owner, const struct dnskey *key)
{
	uint8_t input[TERN_NAME_MAX + DNSKEY_RDATA_MAX];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const EVP_MD *md = digest_of(ds->digest_type);

	if (!md || ds->tag != key->tag || ds->algorithm != key->algorithm)
		return false;
	size_t at = tern_name_lower(input, owner);

	memcpy(input + at, key->rdata, key->rdata_len);
	if (EVP_Digest(input, at + key->rdata_len, digest, &len, md, NULL) != 1)
		return false;
	return len == ds->digest_len && memcmp(digest, ds->digest, len) == 0;
}
