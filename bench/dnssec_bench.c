/*
 * dnssec_bench.c - what validating costs: signatures, canonical form, hashes, proofs.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "dnssec/crypto.h"
#include "dnssec/denial.h"
#include "dnssec/nsec.h"
#include "dnssec/rrsig.h"
#include "micro.h"

#define KEY_MAX  600
#define SIG_MAX  512
#define DATA_LEN 150 /* octets: about those of one A record */
#define SET_MAX  1024

/** A key, and its signature of the data that all share. */
struct signature {
	uint8_t rdata[KEY_MAX];
	size_t rdata_len;
	uint8_t sig[SIG_MAX];
	size_t sig_len;
	struct dnskey key;
};

static uint8_t data[DATA_LEN];

static EVP_PKEY *generate(uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_RSASHA256: return EVP_RSA_gen(2048);
	case DNSSEC_ECDSAP256: return EVP_EC_gen("P-256");
	case DNSSEC_ECDSAP384: return EVP_EC_gen("P-384");
	case DNSSEC_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case DNSSEC_ED448: return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	default: return NULL;
	}
}

static const EVP_MD *digest_of(uint8_t algorithm)
{
	switch (algorithm) {
	case DNSSEC_RSASHA256:
	case DNSSEC_ECDSAP256: return EVP_sha256();
	case DNSSEC_ECDSAP384: return EVP_sha384();
	default: return NULL;
	}
}

/* The public key as in a DNSKEY; returns its octets. */
static size_t put_public(EVP_PKEY *pair, uint8_t algorithm, uint8_t *out, size_t max)
{
	static const uint8_t exponent[] = {3, 1, 0, 1};
	uint8_t point[1 + 96];
	BIGNUM *n = NULL;
	size_t len = max;

	switch (algorithm) {
	case DNSSEC_RSASHA256:
		micro_need(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &n), "modulus");
		memcpy(out, exponent, sizeof exponent);
		len = sizeof exponent + (size_t)BN_bn2bin(n, out + sizeof exponent);
		BN_free(n);
		return len;
	case DNSSEC_ECDSAP256:
	case DNSSEC_ECDSAP384:
		micro_need(EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point,
							   sizeof point, &len),
			   "point");
		memcpy(out, point + 1, len - 1);
		return len - 1;
	default: micro_need(EVP_PKEY_get_raw_public_key(pair, out, &len), "key"); return len;
	}
}

/* r and s side by side, RFC 6605 4. */
static size_t put_ecdsa(const uint8_t *der, size_t der_len, size_t half, uint8_t *out)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);

	micro_need(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half) > 0 &&
			   BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half) > 0,
		   "ECDSA signature");
	ECDSA_SIG_free(sig);
	return 2 * half;
}

static void sign_data(struct signature *s, EVP_PKEY *pair, uint8_t algorithm)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t made[SIG_MAX];
	size_t len = sizeof made;

	micro_need(context && EVP_DigestSignInit(context, NULL, digest_of(algorithm), NULL, pair) &&
			   EVP_DigestSign(context, made, &len, data, sizeof data),
		   "signing");
	EVP_MD_CTX_free(context);
	if (algorithm == DNSSEC_ECDSAP256 || algorithm == DNSSEC_ECDSAP384) {
		s->sig_len = put_ecdsa(made, len, algorithm == DNSSEC_ECDSAP384 ? 48 : 32, s->sig);
		return;
	}
	memcpy(s->sig, made, len);
	s->sig_len = len;
}

static void signature_init(struct signature *s, uint8_t algorithm)
{
	EVP_PKEY *pair = generate(algorithm);

	micro_need(pair != NULL, "key pair");
	put_u16(s->rdata, DNSKEY_ZONE);
	s->rdata[2] = 3;
	s->rdata[3] = algorithm;
	s->rdata_len = 4 + put_public(pair, algorithm, s->rdata + 4, KEY_MAX - 4);
	micro_need(dnskey_read(s->rdata, s->rdata_len, &s->key), "DNSKEY");
	sign_data(s, pair, algorithm);
	EVP_PKEY_free(pair);
}

/** Signatures that are checked in turn. */
struct checks {
	struct crypto *crypto;
	struct signature signatures[2];
	unsigned n;
};

static bool check_one(const struct checks *c, uint64_t i)
{
	const struct signature *s = &c->signatures[i % c->n];

	return crypto_verify(c->crypto, &s->key, s->sig, s->sig_len, data, sizeof data);
}

static void check(void *context, uint64_t n)
{
	const struct checks *c = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use(check_one(c, i));
}

static void bench_algorithm(const char *name, uint8_t algorithm)
{
	struct checks c = {.crypto = crypto_create(), .n = 1};
	char line[80];

	micro_need(c.crypto != NULL, "crypto");
	signature_init(&c.signatures[0], algorithm);
	signature_init(&c.signatures[1], algorithm);
	micro_need(check_one(&c, 0), name);
	snprintf(line, sizeof line, "verify: %s (%u)", name, algorithm);
	micro_run(line, check, &c);
	/* Two keys that share a place push each other out of it. */
	c.signatures[1].key.tag = c.signatures[0].key.tag;
	c.n = 2;
	micro_need(check_one(&c, 0) && check_one(&c, 1), name);
	snprintf(line, sizeof line, "verify: %s, key parsed anew", name);
	micro_run(line, check, &c);
	crypto_destroy(c.crypto);
}

/** An RRset with its own octets. */
struct sample_set {
	struct tern_rrset set;
	uint8_t owner[TERN_NAME_MAX];
	uint8_t rdata[SET_MAX];
};

static void set_init(struct sample_set *s, const char *owner, uint16_t type)
{
	micro_name(s->owner, owner);
	s->set = (struct tern_rrset){.owner = s->owner,
				     .rdata = s->rdata,
				     .ttl_s = 3600,
				     .type = type,
				     .rclass = TERN_CLASS_IN};
}

static void set_add(struct sample_set *s, const void *rdata, size_t len)
{
	micro_need(s->set.rdata_len + 2 + len <= SET_MAX, "room for a record");
	put_u16(s->rdata + s->set.rdata_len, (uint16_t)len);
	memcpy(s->rdata + s->set.rdata_len + 2, rdata, len);
	s->set.rdata_len += (uint32_t)(2 + len);
	s->set.rr_n++;
}

struct canonical {
	struct sample_set sample;
	uint8_t rrsig[SET_MAX];
	struct rrsig sig;
	uint8_t out[4 * SET_MAX];
};

static void make_canonical(void *context, uint64_t n)
{
	struct canonical *c = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use(rrsig_signed_data(&c->sample.set, &c->sig, c->out, sizeof c->out));
}

static void canonical_start(struct canonical *c, const char *owner, uint16_t type)
{
	uint8_t zone[TERN_NAME_MAX];
	size_t len = 18;

	set_init(&c->sample, owner, type);
	put_u16(c->rrsig, type);
	c->rrsig[2] = DNSSEC_ECDSAP256;
	c->rrsig[3] = (uint8_t)tern_name_labels(c->sample.owner);
	len += tern_name_copy(c->rrsig + len, micro_name(zone, "registry-example.com"));
	micro_need(rrsig_read(c->rrsig, len + 64, &c->sig), "RRSIG");
}

static void bench_canonical(void)
{
	static struct canonical address, servers;
	static const uint8_t v4[] = {192, 0, 2, 1};
	uint8_t server[TERN_NAME_MAX];
	char text[] = "NS0.Registry-Example.com";

	canonical_start(&address, "www.Registry-Example.com", TERN_TYPE_A);
	set_add(&address.sample, v4, sizeof v4);
	canonical_start(&servers, "Registry-Example.com", TERN_TYPE_NS);
	for (unsigned i = 8; i > 0; i--) {
		text[2] = (char)('0' + i);
		micro_name(server, text);
		set_add(&servers.sample, server, tern_name_len(server));
	}
	micro_run("signed data: 1 A record", make_canonical, &address);
	micro_run("signed data: 8 NS records", make_canonical, &servers);
}

struct hashing {
	struct nsec3 like;
	uint8_t name[TERN_NAME_MAX];
};

static void hash_name(void *context, uint64_t n)
{
	struct hashing *h = context;
	uint8_t out[NSEC3_HASH_LEN];

	for (uint64_t i = 0; i < n; i++) {
		nsec3_hash(&h->like, h->name, out);
		micro_use(out[0]);
	}
}

static void bench_hash(void)
{
	static const uint16_t iterations[] = {0, 10, 50};
	static const uint8_t salt[8] = {1, 2, 3};
	struct hashing h = {0};
	char line[80];

	micro_name(h.name, "www.registry-example.com");
	for (unsigned i = 0; i < ARRAY_LEN(iterations); i++) {
		h.like = (struct nsec3){.salt = salt,
					.salt_len = iterations[i] ? sizeof salt : 0,
					.iterations = iterations[i]};
		snprintf(line, sizeof line, "NSEC3: hash a name, %u iterations", iterations[i]);
		micro_run(line, hash_name, &h);
	}
}

#define PROOF_SETS 3

/** Records that deny two names, asked for in turn so that no hash is known from the last time. */
struct denied {
	struct sample_set samples[PROOF_SETS];
	const struct tern_rrset *sets[PROOF_SETS];
	struct denial denial;
	struct nsec3_memo memo;
	uint32_t blocks;
	uint8_t zone[TERN_NAME_MAX];
	uint8_t names[2][TERN_NAME_MAX];
};

static enum proof deny_one(struct denied *d, uint64_t i)
{
	d->blocks = 1000;
	return denial_of_name(&d->denial, d->names[i % 2]);
}

static void deny(void *context, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		micro_use(deny_one(context, i));
}

static void denied_start(struct denied *d, unsigned sets_n)
{
	micro_name(d->zone, "registry-example.com");
	for (unsigned i = 0; i < sets_n; i++)
		d->sets[i] = &d->samples[i].set;
	d->denial = (struct denial){.zone = d->zone,
				    .sets = d->sets,
				    .n = sets_n,
				    .blocks_left = &d->blocks,
				    .memo = &d->memo};
}

static void add_nsec(struct sample_set *s, const char *owner, const char *next)
{
	static const uint8_t types[] = {0, 6, 0x40, 0, 0, 0, 0, 3}; /* A RRSIG NSEC */
	uint8_t rdata[TERN_NAME_MAX + sizeof types];

	set_init(s, owner, TERN_TYPE_NSEC);
	micro_name(rdata, next);
	size_t len = tern_name_len(rdata);
	memcpy(rdata + len, types, sizeof types);
	set_add(s, rdata, len + sizeof types);
}

static void bench_nsec(void)
{
	static struct denied d;

	denied_start(&d, 2);
	add_nsec(&d.samples[0], "registry-example.com", "a.registry-example.com");
	add_nsec(&d.samples[1], "k.registry-example.com", "n.registry-example.com");
	micro_name(d.names[0], "l.registry-example.com");
	micro_name(d.names[1], "m.registry-example.com");
	micro_need(deny_one(&d, 0) == PROOF_GOOD && deny_one(&d, 1) == PROOF_GOOD, "NSEC");
	micro_run("denial: NXDOMAIN by NSEC, 2 records", deny, &d);
}

static void add_nsec3(struct sample_set *s, const char *owner, const uint8_t next[NSEC3_HASH_LEN])
{
	uint8_t rdata[] = {1, 0, 0, 0, 0, NSEC3_HASH_LEN, [26] = 0, 6, 0x40, 0, 0, 0, 0, 2};

	memcpy(rdata + 6, next, NSEC3_HASH_LEN);
	set_init(s, owner, TERN_TYPE_NSEC3);
	set_add(s, rdata, sizeof rdata);
}

/* The first names, in the order of the alphabet, whose hash lies in the other half than that of @p
 * wildcard. */
static void find_names(struct denied *d, const struct nsec3 *like, const uint8_t *wildcard)
{
	uint8_t hash[NSEC3_HASH_LEN], other[NSEC3_HASH_LEN];
	char text[] = "a.registry-example.com";
	unsigned found = 0;

	nsec3_hash(like, wildcard, hash);
	for (; found < 2; text[0]++) {
		micro_need(text[0] <= 'z', "names on both sides");
		nsec3_hash(like, micro_name(d->names[found], text), other);
		found += (hash[0] ^ other[0]) >> 7;
	}
}

/* The encloser's own record, and one for either half of all hashes. */
static void bench_nsec3(void)
{
	static struct denied d;
	static const struct nsec3 like = {0};
	uint8_t hash[NSEC3_HASH_LEN], wildcard[TERN_NAME_MAX], owner[TERN_NAME_MAX];
	char text[TERN_NAME_TEXT_MAX];
	static const uint8_t middle[NSEC3_HASH_LEN] = {0x80};

	denied_start(&d, 3);
	nsec3_hash(&like, d.zone, hash);
	nsec3_owner(&like, d.zone, d.zone, owner);
	hash[NSEC3_HASH_LEN - 1]++;
	add_nsec3(&d.samples[0], tern_name_to_text(owner, text), hash);
	add_nsec3(&d.samples[1], "00000000000000000000000000000000.registry-example.com", middle);
	memset(hash, 0xff, sizeof hash);
	add_nsec3(&d.samples[2], "g0000000000000000000000000000000.registry-example.com", hash);
	find_names(&d, &like, micro_name(wildcard, "*.registry-example.com"));
	micro_need(deny_one(&d, 0) == PROOF_GOOD && deny_one(&d, 1) == PROOF_GOOD, "NSEC3");
	micro_run("denial: NXDOMAIN by NSEC3, 3 records", deny, &d);
}

int main(int argc, char **argv)
{
	micro_start(argc, argv);
	bench_algorithm("RSA-2048 with SHA-256", DNSSEC_RSASHA256);
	bench_algorithm("ECDSA P-256", DNSSEC_ECDSAP256);
	bench_algorithm("ECDSA P-384", DNSSEC_ECDSAP384);
	bench_algorithm("Ed25519", DNSSEC_ED25519);
	bench_algorithm("Ed448", DNSSEC_ED448);
	bench_canonical();
	bench_hash();
	bench_nsec();
	bench_nsec3();
	return 0;
}
