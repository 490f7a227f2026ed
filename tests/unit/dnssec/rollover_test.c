/*
 * rollover_test.c - every transition of RFC 5011 4, and what must not be one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/rollover.h"
#include "signer.h"

#define T0   1700000000u
#define DAY  86400u
#define HOLD ROLLOVER_HOLD_S
#define TTL  172800u
#define LIFE (20 * DAY) /* of a signature */

/* a is configured; f is nobody we know, z signs the zone but is no anchor. */
static struct signer a, b, c, f, z;
static struct rollover zone;
static struct trust_anchors configured;
static struct rollover_means means;
static uint8_t scratch[RRSIG_SCRATCH];

static void make_key(struct signer *s, uint16_t flags)
{
	signer_init(s, DNSSEC_ED25519);
	put_u16(s->rdata, flags);
	assert_true(dnskey_read(s->rdata, s->key.rdata_len, &s->key));
}

static int make_keys(void **state)
{
	(void)state;
	make_key(&a, DNSKEY_ZONE | DNSKEY_SEP);
	make_key(&b, DNSKEY_ZONE | DNSKEY_SEP);
	make_key(&c, DNSKEY_ZONE | DNSKEY_SEP);
	make_key(&f, DNSKEY_ZONE | DNSKEY_SEP);
	make_key(&z, DNSKEY_ZONE);
	means = (struct rollover_means){&configured, crypto_create(), scratch, true};
	return 0;
}

static int free_keys(void **state)
{
	struct signer *all[] = {&a, &b, &c, &f, &z};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		signer_fini(all[i]);
	crypto_destroy(means.crypto);
	return 0;
}

static void configure(const struct signer *s)
{
	struct trust_anchor *anchor = &configured.anchors[configured.n++];

	tern_name_copy(anchor->zone, wire("example."));
	anchor->type = TERN_TYPE_DNSKEY;
	anchor->rdata_len = s->key.rdata_len;
	memcpy(anchor->rdata, s->rdata, anchor->rdata_len);
}

static int fresh(void **state)
{
	(void)state;
	memset(&configured, 0, sizeof configured);
	memset(&zone, 0, sizeof zone);
	tern_name_copy(zone.zone, wire("example."));
	configure(&a);
	return 0;
}

static void set_revoked(struct signer *s, bool revoked)
{
	put_u16(s->rdata, (uint16_t)(DNSKEY_ZONE | DNSKEY_SEP | (revoked ? DNSKEY_REVOKE : 0)));
	assert_true(dnskey_read(s->rdata, s->key.rdata_len, &s->key));
}

static void pack_signature(struct packed *p, const struct signer *s, uint32_t now_s)
{
	uint8_t rdata[2048] = {0};
	struct rrsig sig;

	put_u16(rdata, TERN_TYPE_DNSKEY);
	rdata[2] = s->algorithm;
	rdata[3] = 1;
	put_u32(rdata + 4, TTL);
	put_u32(rdata + 8, now_s + LIFE);
	put_u32(rdata + 12, now_s - DAY);
	put_u16(rdata + 16, s->key.tag);
	size_t len = 18 + tern_name_copy(rdata + 18, p->owner);

	assert_true(rrsig_read(rdata, len + 1, &sig));
	/* Signatures are behind the records, and not part of what is signed. */
	struct tern_rrset records = p->set;

	records.sig_n = 0;
	size_t data_len = rrsig_signed_data(&records, &sig, scratch, sizeof scratch);

	assert_true(data_len > 0);
	len += sign(s, scratch, data_len, rdata + len);
	pack_octets(p, rdata, len);
	p->set.rr_n--;
	p->set.sig_n++;
}

/* Show a set of up to four keys, signed by up to two of them. */
static enum rollover_sight see(uint32_t now_s, struct signer *const keys[4],
			       struct signer *const signers[2])
{
	struct packed p;

	pack_begin(&p, "example.", TERN_TYPE_DNSKEY);
	for (unsigned i = 0; i < 4 && keys[i]; i++)
		pack_octets(&p, keys[i]->rdata, keys[i]->key.rdata_len);
	for (unsigned i = 0; i < 2 && signers[i]; i++)
		pack_signature(&p, signers[i], now_s);
	return rollover_see(&zone, &p.set, &means, now_s);
}

#define KEYS(...)    ((struct signer *const[4]){__VA_ARGS__})
#define SIGNERS(...) ((struct signer *const[2]){__VA_ARGS__})

static struct rollover_key *find(const struct signer *s)
{
	for (unsigned i = 0; i < zone.n; i++) {
		if (memcmp(zone.keys[i].rdata + 4, s->rdata + 4, s->key.key_len) == 0)
			return &zone.keys[i];
	}
	return NULL;
}

static void assert_state(const struct signer *s, enum key_state state, uint32_t since_s)
{
	const struct rollover_key *k = find(s);

	assert_non_null(k);
	assert_string_equal(key_state_text(k->state), key_state_text(state));
	assert_int_equal(k->since_s, since_s);
}

static unsigned trusted_n(void)
{
	struct trust_anchors out = {0};

	rollover_anchors(&zone, &configured, &out);
	return out.n;
}

static void a_configured_key_is_valid_when_seen(void **state)
{
	(void)state;
	assert_int_equal(trusted_n(), 1);
	assert_int_equal(see(T0, KEYS(&a, &z), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&a, KEY_VALID, T0);
	assert_null(find(&z));
	assert_int_equal(trusted_n(), 1);
	assert_int_equal(see(T0 + DAY, KEYS(&a, &z), SIGNERS(&a)), ROLLOVER_SAME);
	assert_state(&a, KEY_VALID, T0);
}

static void a_configured_digest_is_as_good_as_the_key(void **state)
{
	struct trust_anchor *anchor = &configured.anchors[0];
	uint8_t input[TERN_NAME_MAX + 64];
	size_t at = tern_name_copy(input, wire("example."));
	unsigned len;

	(void)state;
	memcpy(input + at, a.rdata, a.key.rdata_len);
	anchor->type = TERN_TYPE_DS;
	put_u16(anchor->rdata, a.key.tag);
	anchor->rdata[2] = DNSSEC_ED25519;
	anchor->rdata[3] = DNSSEC_SHA256;
	assert_int_equal(EVP_Digest(input, at + a.key.rdata_len, anchor->rdata + 4, &len,
				    EVP_sha256(), NULL),
			 1);
	anchor->rdata_len = (uint16_t)(4 + len);
	assert_int_equal(see(T0, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&a, KEY_VALID, T0);
	assert_state(&b, KEY_ADD_PEND, T0);
	assert_int_equal(trusted_n(), 1);
}

static void a_new_key_is_held_down_and_must_be_there_at_the_end(void **state)
{
	(void)state;
	see(T0, KEYS(&a), SIGNERS(&a));
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_ADD_PEND, T0 + DAY);
	assert_int_equal(see(T0 + DAY + HOLD - 1, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_SAME);
	assert_int_equal(trusted_n(), 1);
	/* By itself it counts for nothing yet. */
	assert_int_equal(see(T0 + DAY + HOLD, KEYS(&b), SIGNERS(&b)), ROLLOVER_REJECTED);
	assert_int_equal(see(T0 + DAY + HOLD, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_VALID, T0 + DAY + HOLD);
	assert_int_equal(trusted_n(), 2);
	/* Now it may sign alone. */
	assert_int_equal(see(T0 + 2 * HOLD, KEYS(&a, &b), SIGNERS(&b)), ROLLOVER_SAME);
}

static void a_new_key_that_vanishes_starts_again(void **state)
{
	(void)state;
	see(T0, KEYS(&a, &b), SIGNERS(&a));
	assert_int_equal(see(T0 + HOLD - 1, KEYS(&a), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_null(find(&b));
	see(T0 + HOLD, KEYS(&a, &b), SIGNERS(&a));
	assert_state(&b, KEY_ADD_PEND, T0 + HOLD);
}

static void a_new_key_that_is_revoked_starts_again(void **state)
{
	(void)state;
	see(T0, KEYS(&a, &b), SIGNERS(&a));
	set_revoked(&b, true);
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a, &b)), ROLLOVER_CHANGED);
	set_revoked(&b, false);
	assert_null(find(&b));
}

static void a_missing_key_stays_trusted_and_comes_back(void **state)
{
	(void)state;
	configure(&b);
	see(T0, KEYS(&a, &b), SIGNERS(&a));
	assert_int_equal(see(T0 + DAY, KEYS(&a), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_MISSING, T0 + DAY);
	assert_int_equal(trusted_n(), 2);
	assert_int_equal(see(T0 + 2 * DAY, KEYS(&a, &b), SIGNERS(&b)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_VALID, T0 + 2 * DAY);
}

static void a_key_revokes_itself_for_good(void **state)
{
	(void)state;
	configure(&b);
	see(T0, KEYS(&a, &b), SIGNERS(&a));
	set_revoked(&a, true);
	/* The bit alone, or signed by others only, is not enough: then the key is just missing. */
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&b)), ROLLOVER_CHANGED);
	assert_state(&a, KEY_MISSING, T0 + DAY);
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a, &b)), ROLLOVER_CHANGED);
	assert_state(&a, KEY_REVOKED, T0 + DAY);
	set_revoked(&a, false);
	assert_int_equal(trusted_n(), 1); /* though it is configured */
	/* Not even its own signature brings it back. */
	assert_int_equal(see(T0 + 2 * DAY, KEYS(&a), SIGNERS(&a)), ROLLOVER_REJECTED);
	assert_int_equal(see(T0 + DAY + HOLD - 1, KEYS(&b), SIGNERS(&b)), ROLLOVER_SAME);
	assert_int_equal(see(T0 + DAY + HOLD, KEYS(&b), SIGNERS(&b)), ROLLOVER_CHANGED);
	assert_state(&a, KEY_REMOVED, T0 + DAY + HOLD);
	assert_int_equal(see(T0 + 3 * HOLD, KEYS(&a, &b), SIGNERS(&a, &b)), ROLLOVER_SAME);
	assert_state(&a, KEY_REMOVED, T0 + DAY + HOLD);
	assert_int_equal(trusted_n(), 1);
}

static void a_valid_key_may_be_revoked_at_once_by_itself_alone(void **state)
{
	(void)state;
	/* Configured and not even seen before. */
	set_revoked(&a, true);
	assert_int_equal(see(T0, KEYS(&a), SIGNERS(&a)), ROLLOVER_CHANGED);
	set_revoked(&a, false);
	assert_state(&a, KEY_REVOKED, T0);
	assert_int_equal(trusted_n(), 0);
}

static void nobody_else_adds_or_revokes(void **state)
{
	(void)state;
	see(T0, KEYS(&a), SIGNERS(&a));
	assert_int_equal(see(T0 + 1, KEYS(&a, &f), SIGNERS(&f)), ROLLOVER_REJECTED);
	assert_int_equal(see(T0 + 1, KEYS(&f), SIGNERS()), ROLLOVER_REJECTED);
	set_revoked(&f, true);
	assert_int_equal(see(T0 + 1, KEYS(&a, &f), SIGNERS(&f)), ROLLOVER_REJECTED);
	set_revoked(&f, false);
	/* A wrong signature under the right tag. */
	struct signer liar = f;

	liar.key.tag = a.key.tag;
	assert_int_equal(see(T0 + 1, KEYS(&a, &f), SIGNERS(&liar)), ROLLOVER_REJECTED);
	assert_int_equal(zone.n, 1);
	assert_state(&a, KEY_VALID, T0);
}

static void what_is_configured_later_is_believed_at_once(void **state)
{
	(void)state;
	see(T0, KEYS(&a, &b), SIGNERS(&a));
	configure(&b);
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_VALID, T0 + DAY);
	configure(&c); /* not published yet */
	assert_int_equal(trusted_n(), 3);
}

static void probes_follow_the_lifetimes(void **state)
{
	(void)state;
	see(T0, KEYS(&a), SIGNERS(&a));
	assert_int_equal(zone.seen_s, T0);
	assert_int_equal(zone.probe_s, T0 + TTL / 2);
	assert_int_equal(zone.retry_s, TTL / 10);
	rollover_fail(&zone, T0 + TTL / 2);
	assert_int_equal(zone.probe_s, T0 + TTL / 2 + TTL / 10);
	zone.retry_s = 0;
	rollover_fail(&zone, T0);
	assert_int_equal(zone.probe_s, T0 + ROLLOVER_RETRY_S);
}

static void who_was_not_heard_tries_again_soon(void **state)
{
	uint32_t now_s = T0, after_s = ROLLOVER_UNHEARD_S, tries = 0;

	(void)state;
	for (; after_s < ROLLOVER_RETRY_S; after_s *= 2, tries++) {
		rollover_fail_unheard(&zone, now_s);
		assert_int_equal(zone.probe_s, now_s + after_s);
		now_s = zone.probe_s;
	}
	assert_in_range(tries, 5, 8);
	for (unsigned i = 0; i < 40; i++) {
		rollover_fail_unheard(&zone, now_s);
		assert_int_equal(zone.probe_s, now_s + ROLLOVER_RETRY_S);
	}
	see(T0, KEYS(&a), SIGNERS(&a));
	rollover_fail(&zone, T0);
	assert_int_equal(zone.probe_s, T0 + MAX(TTL / 10, ROLLOVER_RETRY_S));
}

static void places_are_bounded_and_the_longest_gone_make_room(void **state)
{
	struct signer many[ROLLOVER_KEYS_MAX];

	(void)state;
	see(T0, KEYS(&a), SIGNERS(&a));
	for (unsigned i = 0; i < ROLLOVER_KEYS_MAX; i++)
		make_key(&many[i], DNSKEY_ZONE | DNSKEY_SEP);
	while (zone.n < ROLLOVER_KEYS_MAX) {
		struct rollover_key *k = &zone.keys[zone.n];

		*k = (struct rollover_key){.state = KEY_REVOKED, .since_s = T0 + DAY};
		k->rdata_len = many[zone.n].key.rdata_len;
		memcpy(k->rdata, many[zone.n].rdata, k->rdata_len);
		zone.n++;
	}
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_SAME);
	assert_null(find(&b));
	zone.keys[3].state = KEY_REMOVED;
	assert_int_equal(see(T0 + DAY, KEYS(&a, &b), SIGNERS(&a)), ROLLOVER_CHANGED);
	assert_state(&b, KEY_ADD_PEND, T0 + DAY);
	assert_int_equal(zone.n, ROLLOVER_KEYS_MAX);
	for (unsigned i = 0; i < ROLLOVER_KEYS_MAX; i++)
		signer_fini(&many[i]);
}

static void states_have_words(void **state)
{
	enum key_state read;

	(void)state;
	for (unsigned i = 0; i < KEY_STATES; i++) {
		assert_true(key_state_from_text(key_state_text((enum key_state)i), &read));
		assert_int_equal(read, i);
	}
	assert_false(key_state_from_text("nonsense", &read));
}

#define ROLLOVER_TEST(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLLOVER_TEST(a_configured_key_is_valid_when_seen),
		ROLLOVER_TEST(a_configured_digest_is_as_good_as_the_key),
		ROLLOVER_TEST(a_new_key_is_held_down_and_must_be_there_at_the_end),
		ROLLOVER_TEST(a_new_key_that_vanishes_starts_again),
		ROLLOVER_TEST(a_new_key_that_is_revoked_starts_again),
		ROLLOVER_TEST(a_missing_key_stays_trusted_and_comes_back),
		ROLLOVER_TEST(a_key_revokes_itself_for_good),
		ROLLOVER_TEST(a_valid_key_may_be_revoked_at_once_by_itself_alone),
		ROLLOVER_TEST(nobody_else_adds_or_revokes),
		ROLLOVER_TEST(what_is_configured_later_is_believed_at_once),
		ROLLOVER_TEST(probes_follow_the_lifetimes),
		ROLLOVER_TEST(who_was_not_heard_tries_again_soon),
		ROLLOVER_TEST(places_are_bounded_and_the_longest_gone_make_room),
		ROLLOVER_TEST(states_have_words),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
