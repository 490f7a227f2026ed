/*
 * signed.h - zones that are really signed: "test.", whose key is the anchor, and
 * "sub.test." below it, for the tests of validation. Their keys are given when they are
 * asked for.
 *
 *	ask("www.test.", TERN_TYPE_A);
 *	reply_signed(AA, NOERR, "an www.test. 60 A 192.0.2.1", NULL);
 *	assert_security(CACHE_SECURE);
 *
 * A record is as in helpers.h, and signed by the zone that is asked. A letter before it
 * says otherwise: '-' not at all, '~' wrongly, '<' until yesterday, '>' from tomorrow on,
 * '*' as made out of the wildcard in its parent's place.
 */
#pragma once

#include "../dnssec/signer.h"

#include "helpers.h"

#include "dnssec/nsec.h"
#include "resolver/aggressive.h"

#define A     TERN_TYPE_A
#define NOERR TERN_RCODE_NOERROR
#define NXD   TERN_RCODE_NXDOMAIN
#define FAIL  TERN_RCODE_SERVFAIL
#define SERV  TEST_SERVER
#define CHILD "192.0.2.54"
#define DAY_S 86400u

static struct signer of_test, of_sub;

static inline const struct signer *signer_of(const char *zone)
{
	return strcmp(zone, "sub.test.") == 0 ? &of_sub : &of_test;
}

static inline const char *zone_asked(void)
{
	struct address child = address(CHILD);

	return address_equal(&world.job.outbox.to.address, &child) ? "sub.test." : "test.";
}

static inline void trust_key(const char *zone, const struct signer *s)
{
	struct trust_anchor *a = &world.anchors.anchors[world.anchors.n++];

	tern_name_copy(a->zone, NAME(zone));
	a->type = TERN_TYPE_DNSKEY;
	a->rdata_len = s->key.rdata_len;
	memcpy(a->rdata, s->key.rdata, s->key.rdata_len);
}

static inline int open_signed(void **state)
{
	world_open(state);
	signer_init(&of_test, DNSSEC_ECDSAP256);
	signer_init(&of_sub, DNSSEC_ECDSAP256);
	world.rules.resolver.validation = VALIDATION_ON;
	world.rules.resolver.serve_stale = false;
	trust_key("test.", &of_test);
	know_test();
	return 0;
}

static inline int close_signed(void **state)
{
	signer_fini(&of_test);
	signer_fini(&of_sub);
	return world_close(state);
}

#define SIGNED(f) cmocka_unit_test_setup_teardown(f, open_signed, close_signed)

/** Give a job that gave way for its signatures turn after turn. */
static inline void run_on(void)
{
	for (unsigned i = 0; i < 100 && !world.done && world.job.yielded; i++) {
		crypto_rest(world.resolver.crypto);
		world.done = job_resume(&world.job, NULL, &world.now);
	}
}

/* --- replies ------------------------------------------------------------------------------ */

static inline void sign_as(struct packed *p, const char *zone, char how)
{
	uint32_t at_s = world.now.wall_s + (how == '>' ? DAY_S : 0) - (how == '<' ? DAY_S : 0);
	uint8_t made[TERN_NAME_MAX];

	if (how == '-')
		return;
	if (how == '*') {
		tern_name_copy(made, p->owner);
		p->owner[0] = 1;
		p->owner[1] = '*';
		tern_name_copy(p->owner + 2, tern_name_parent(made));
	}
	pack_signatures(p, signer_of(zone), NAME(zone), at_s, how == '~' ? "w" : "g");
	if (how == '*')
		tern_name_copy(p->owner, made);
}

static inline void add_signed(struct tern_builder *b, const char *zone, const char *text)
{
	static struct packed p;
	bool plain = text[0] == 'a' || text[0] == 'n';
	const char *record = plain ? text : text + 1, *error = "";
	enum tern_section section = strncmp(record, "ns ", 3) ? TERN_ANSWER : TERN_AUTHORITY;
	char owner[TERN_NAME_TEXT_MAX];

	if (strncmp(record, "ad ", 3) == 0)
		section = TERN_ADDITIONAL;
	if (tern_rr_from_text(record + 3, 60, &world.rr, &error) != TERN_OK)
		fail_msg("%s: %s", record, error);
	pack_begin(&p, tern_name_to_text(world.rr.owner, owner), world.rr.type);
	p.set.ttl_s = world.rr.ttl_s;
	pack_octets(&p, world.rr.rdata, world.rr.rdata_len);
	sign_as(&p, zone, plain ? 'g' : text[0]);
	assert_int_equal(tern_builder_rrset(b, section, &p.set, true), TERN_OK);
}

static inline void reply_keys(void)
{
	static struct packed p;
	char zone[TERN_NAME_TEXT_MAX];
	struct tern_builder b = begin_reply(AA, NOERR);

	tern_name_to_text(world.job.outbox.name, zone);
	const struct signer *s = signer_of(zone);

	pack_begin(&p, zone, TERN_TYPE_DNSKEY);
	pack_octets(&p, s->key.rdata, s->key.rdata_len);
	sign_as(&p, zone, 'g');
	assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &p.set, true), TERN_OK);
	send_reply(&b);
}

/** Whoever wants keys gets them. */
static inline void give_keys(void)
{
	run_on();
	for (unsigned i = 0; i < 10 && !world.done && world.job.outbox.type == TERN_TYPE_DNSKEY;
	     i++) {
		reply_keys();
		run_on();
	}
}

static inline void ask_signed(const char *name, uint16_t type)
{
	ask(name, type);
	give_keys();
}

static inline void reply_signed(uint16_t flags, unsigned rcode, ...)
{
	struct tern_builder b = begin_reply(flags, rcode);
	const char *zone = zone_asked(), *text;
	va_list args;

	va_start(args, rcode);
	while ((text = va_arg(args, const char *)) != NULL)
		add_signed(&b, zone, text);
	va_end(args);
	send_reply(&b);
	give_keys();
}

/** That there is no zone cut at the name asked for, but the name. */
static inline void deny_cut(void)
{
	char name[TERN_NAME_TEXT_MAX], nsec[TERN_NAME_TEXT_MAX + 60];

	tern_name_to_text(world.job.outbox.name, name);
	snprintf(nsec, sizeof nsec, "ns %s 60 NSEC zz.test. A RRSIG NSEC", name);
	reply_signed(AA, NOERR, "ns test. 60 SOA ns.test. host.test. 1 2 3 4 60", nsec, NULL);
}

/** The same reply again and again until it is given up. Where it is asked for cuts there are none.
 */
#define REPLY_ALWAYS(...)                                                                          \
	for (unsigned i_ = 0; i_ < 100 && !world.done; i_++) {                                     \
		if (world.job.outbox.type == TERN_TYPE_DS)                                         \
			deny_cut();                                                                \
		else                                                                               \
			reply_signed(AA, __VA_ARGS__, NULL);                                       \
	}

/** The DS of "sub.test." as a record's text. */
static inline const char *ds_of_sub(const char *prefix)
{
	static char text[200];
	uint8_t data[TERN_NAME_MAX + 1100], digest[32];
	size_t len = tern_name_copy(data, NAME("sub.test."));
	int n = snprintf(text, sizeof text, "%s sub.test. 60 DS %u 13 2 ", prefix, of_sub.key.tag);

	memcpy(data + len, of_sub.key.rdata, of_sub.key.rdata_len);
	assert_int_equal(
		EVP_Digest(data, len + of_sub.key.rdata_len, digest, NULL, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < sizeof digest; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%02x", digest[i]);
	return text;
}

/** As many octets as a hash has in base32hex. */
static inline void hash_to_text(const uint8_t hash[20], char out[33])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = i * 5, at = bit / 8;
		unsigned two = (unsigned)hash[at] << 8 | (at + 1 < 20 ? hash[at + 1] : 0u);

		out[i] = "0123456789abcdefghijklmnopqrstuv"[two >> (11 - bit % 8) & 31];
	}
	out[32] = '\0';
}

/** An NSEC3 of "test." that matches @p name, or covers it; one of four static texts in turn. */
static inline const char *nsec3_of(const char *name, bool covers, unsigned flags,
				   unsigned iterations, const char *types)
{
	static char texts[4][300];
	static unsigned turn;
	struct nsec3 like = {.iterations = (uint16_t)iterations};
	uint8_t hash[20], next[20];
	char *text = texts[turn++ % 4], from[33], to[33];

	nsec3_hash(&like, NAME(name), hash);
	memcpy(next, hash, sizeof next);
	hash[1] = (uint8_t)(covers ? hash[1] - (hash[1] > 0) : hash[1]);
	next[1] = (uint8_t)(next[1] + (next[1] < 255));
	if (covers)
		hash[2] ^= 0x55; /* should the octet be an outer one */
	hash_to_text(hash, from);
	hash_to_text(next, to);
	snprintf(text, sizeof texts[0], "ns %s.test. 60 NSEC3 1 %u %u - %s %s", from, flags,
		 iterations, to, types);
	return text;
}

/* --- looking --------------------------------------------------------------------------------- */

static inline void assert_security(enum cache_security security)
{
	assert_int_equal(world.job.result.security, security);
	assert_false(world.job.result.bogus);
}

static inline void assert_bogus(uint16_t ede)
{
	assert_result(FAIL, 0);
	assert_true(world.job.result.bogus);
	if (world.job.result.ede != ede)
		print_error("%u: %s\n", world.job.result.ede, world.job.result.text);
	assert_int_equal(world.job.result.ede, ede);
}
