/*
 * machine_bogus_test.c - what looks signed and proves nothing, and what is signed and proves less
 * than it seems: of a zone whose key is the anchor.
 */
#include "signed.h"

#define WWW   "an www.test. 60 A 192.0.2.1"
#define SOA   "ns test. 60 SOA ns.test. host.test. 1 2 3 4 60"
#define NOWWW "ns www.test. 60 NSEC z.test. TXT RRSIG NSEC"
#define GAP   "ns m.test. 60 NSEC z.test. A RRSIG NSEC"
#define APEX  "ns test. 60 NSEC a.test. NS SOA RRSIG NSEC DNSKEY"

/* Each reply is given for whatever is asked, but for keys, until the job is done. */
static void ask_of(const char *name, unsigned rcode, const char *one, const char *two,
		   const char *three)
{
	cache_flush_zone(world.resolver.cache, NAME("."));
	infra_forgive(world.resolver.infra);
	pass_ms(20000);
	know_test();
	ask_signed(name, A);
	REPLY_ALWAYS(rcode, one, two, three);
}

/* --- denials ------------------------------------------------------------------------------------
 */

/* RFC 4035 5.3.4: a range is of a name that is there, not of one that a wildcard makes. */
static void a_range_made_by_a_wildcard_denies_nothing(void **state)
{
	(void)state;
	ask_of("www.test.", NOERR, SOA, "*" NOWWW, NULL);
	assert_bogus(TERN_EDE_NSEC_MISSING);
	ask_of("www.test.", NOERR, SOA, NOWWW, NULL);
	assert_result(NOERR, 0);
	assert_security(CACHE_SECURE);
}

static void a_denial_needs_a_signed_soa(void **state)
{
	(void)state;
	ask_of("www.test.", NOERR, "-" SOA, NOWWW, NULL);
	assert_bogus(TERN_EDE_RRSIGS_MISSING);
	ask_of("www.test.", NXD, "-" SOA, GAP, APEX);
	assert_bogus(TERN_EDE_RRSIGS_MISSING);
	ask_of("www.test.", NXD, SOA, GAP, APEX);
	assert_result(NXD, 0);
	assert_security(CACHE_SECURE);
}

static void a_range_that_is_not_signed_denies_nothing(void **state)
{
	(void)state;
	ask_of("www.test.", NOERR, SOA, "-" NOWWW, NULL);
	assert_true(world.done && world.job.result.bogus);
	ask_of("www.test.", NOERR, SOA, "~" NOWWW, NULL);
	assert_true(world.done && world.job.result.bogus);
	/* One about another type, or another name, is good, and says nothing of this. */
	ask_of("www.test.", NOERR, SOA, "ns www.test. 60 NSEC z.test. A RRSIG NSEC", NULL);
	assert_true(world.done && world.job.result.bogus);
	ask_of("www.test.", NXD, SOA, "ns m.test. 60 NSEC w.test. A RRSIG NSEC", APEX);
	assert_true(world.done && world.job.result.bogus);
}

/* --- signers
 * -------------------------------------------------------------------------------------- */

/* It is signed with the zone's key in the name of something that is no zone. */
static void a_signer_that_is_no_zone(void **state)
{
	(void)state;
	ask("www.no.test.", A);
	run_on();
	for (unsigned i = 0; i < 40 && !world.done; i++) {
		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			reply_keys();
		} else if (world.job.outbox.type == TERN_TYPE_DS) {
			deny_cut();
		} else {
			struct tern_builder b = begin_reply(AA, NOERR);

			add_signed(&b, "no.test.", "an www.no.test. 60 A 192.0.2.1");
			send_reply(&b);
		}
		run_on();
	}
	assert_bogus(TERN_EDE_BOGUS);
	assert_non_null(strstr(world.job.result.text, "no.test. is not a zone"));
}

/* --- keys
 * ------------------------------------------------------------------------------------------ */

static void a_zone_that_denies_its_keys(void **state)
{
	(void)state;
	ask("www.test.", A);
	run_on();
	for (unsigned i = 0; i < 40 && !world.done; i++) {
		struct tern_builder b = begin_reply(AA, NOERR);

		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			add_signed(&b, "test.", SOA);
			add_signed(&b, "test.", "ns test. 60 NSEC a.test. NS SOA RRSIG NSEC");
		} else {
			add_signed(&b, "test.", WWW);
		}
		send_reply(&b);
		run_on();
	}
	assert_bogus(TERN_EDE_DNSKEY_MISSING);
}

static void keys_without_a_signature(void **state)
{
	static struct packed p;

	(void)state;
	ask("www.test.", A);
	run_on();
	for (unsigned i = 0; i < 40 && !world.done; i++) {
		struct tern_builder b = begin_reply(AA, NOERR);

		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			pack_begin(&p, "test.", TERN_TYPE_DNSKEY);
			pack_octets(&p, of_test.key.rdata, of_test.key.rdata_len);
			assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &p.set, true),
					 TERN_OK);
		} else {
			add_signed(&b, "test.", WWW);
		}
		send_reply(&b);
		run_on();
	}
	assert_bogus(TERN_EDE_RRSIGS_MISSING);
}

/* --- less than it seems
 * ------------------------------------------------------------------------------ */

/* The alias that a DNAME makes is as good as that. */
static void an_alias_made_by_a_signed_dname(void **state)
{
	static const char *const dnames[] = {"an d.test. 60 DNAME e.test.",
					     "~an d.test. 60 DNAME e.test."};

	(void)state;
	for (unsigned bad = 0; bad < 2; bad++) {
		cache_flush_zone(world.resolver.cache, NAME("."));
		know_test();
		ask_signed("x.d.test.", A);
		for (unsigned i = 0; i < 40 && !world.done; i++) {
			if (world.job.outbox.type == TERN_TYPE_DS)
				deny_cut();
			else if (asks(SERV, "x.e.test.", A))
				reply_signed(AA, NOERR, "an x.e.test. 60 A 192.0.2.1", NULL);
			else
				reply_signed(AA, NOERR, dnames[bad],
					     "-an x.d.test. 60 CNAME x.e.test.", NULL);
		}
		if (bad) {
			assert_bogus(TERN_EDE_BOGUS);
			continue;
		}
		assert_result(NOERR, 3);
		assert_security(CACHE_SECURE);
	}
}

/* That nothing closer exists is proven by hashes that nobody counts, or by an opt-out. */
static void a_wildcard_with_half_a_proof_is_insecure(void **state)
{
	(void)state;
	ask_of("www.test.", NOERR, "*" WWW, nsec3_of("www.test.", true, 0, 1, "A RRSIG"), NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
	ask_of("www.test.", NOERR, "*" WWW,
	       nsec3_of("www.test.", true, 0, NSEC3_ITERATIONS_MAX + 1, "A RRSIG"), NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_NSEC3_ITERATIONS);
	ask_of("www.test.", NOERR, "*" WWW, nsec3_of("www.test.", true, 1, 1, "A RRSIG"), NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	ask_of("www.test.", NOERR, "*" WWW, nsec3_of("zzz.test.", true, 0, 1, "A RRSIG"), NULL);
	assert_true(world.done && world.job.result.bogus);
}

/* What is below a delegation whose DS is denied so, too, and it is told why. */
static void a_delegation_denied_by_hashes_that_nobody_counts(void **state)
{
	(void)state;
	ask_signed("www.sub.test.", A);
	reply_signed(QR, NOERR, "-ns sub.test. 60 NS ns.sub.test.",
		     nsec3_of("sub.test.", false, 0, NSEC3_ITERATIONS_MAX + 1, "NS"),
		     "-ad ns.sub.test. 60 A " CHILD, NULL);
	assert_asked(CHILD, "www.sub.test.", A);
	reply_signed(AA, NOERR, "-an www.sub.test. 60 A 192.0.2.7", NULL);
	for (unsigned i = 0; i < 10 && !world.done; i++)
		reply_signed(AA, NOERR, SOA,
			     nsec3_of("sub.test.", false, 0, NSEC3_ITERATIONS_MAX + 1, "NS"), NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_NSEC3_ITERATIONS);
}

/* These DS records of "sub.test.", for a question for them, or with a referral. */
static void reply_ds(const char *const *texts, unsigned n)
{
	bool referral = world.job.outbox.type != TERN_TYPE_DS;
	struct tern_builder b = begin_reply(referral ? QR : AA, NOERR);
	static struct packed p;
	const char *error;

	if (referral)
		add_signed(&b, "test.", "-ns sub.test. 60 NS ns.sub.test.");
	pack_begin(&p, "sub.test.", TERN_TYPE_DS);
	p.set.ttl_s = 60;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(tern_rr_from_text(texts[i] + 3, 60, &world.rr, &error), TERN_OK);
		pack_octets(&p, world.rr.rdata, world.rr.rdata_len);
	}
	sign_as(&p, "test.", 'g');
	assert_int_equal(
		tern_builder_rrset(&b, referral ? TERN_AUTHORITY : TERN_ANSWER, &p.set, true),
		TERN_OK);
	if (referral)
		add_signed(&b, "test.", "-ad ns.sub.test. 60 A " CHILD);
	send_reply(&b);
	give_keys();
}

/* RFC 4509 3: beside a digest of SHA-256 one of SHA-1 counts for nothing. */
static void the_weaker_digest_counts_only_if_alone(void **state)
{
	uint8_t data[TERN_NAME_MAX + 1100], digest[20];
	size_t len = tern_name_copy(data, NAME("sub.test."));
	char weak[200], strong[200];

	(void)state;
	world.rules.resolver.sha1 = true;
	memcpy(data + len, of_sub.key.rdata, of_sub.key.rdata_len);
	assert_int_equal(
		EVP_Digest(data, len + of_sub.key.rdata_len, digest, NULL, EVP_sha1(), NULL), 1);
	int n = snprintf(weak, sizeof weak, "ns sub.test. 60 DS %u 13 1 ", of_sub.key.tag);

	for (unsigned i = 0; i < sizeof digest; i++)
		n += snprintf(weak + n, sizeof weak - (size_t)n, "%02x", digest[i]);
	strcpy(strong, ds_of_sub("ns"));
	strong[strlen(strong) - 1] = strong[strlen(strong) - 1] == '0' ? '1' : '0';
	for (unsigned beside = 0; beside < 2; beside++) {
		const char *texts[] = {weak, strong};

		cache_flush_zone(world.resolver.cache, NAME("."));
		know_test();
		pass_ms(20000);
		ask_signed("www.sub.test.", A);
		for (unsigned i = 0; i < 20 && !world.done; i++) {
			if (strcmp(zone_asked(), "sub.test.") == 0)
				reply_signed(AA, NOERR, "an www.sub.test. 60 A 192.0.2.7", NULL);
			else
				reply_ds(texts, beside + 1);
		}
		if (beside) {
			assert_bogus(TERN_EDE_DNSKEY_MISSING);
			continue;
		}
		assert_result(NOERR, 1);
		assert_security(CACHE_SECURE);
	}
}

/* --- signatures that end
 * ------------------------------------------------------------------------------ */

#define LATER_S 5000u /* all signatures of these tests have expired by then */

/* RFC 8767: expired data is as secure as its signatures say now. */
static void stale_data_is_secure_while_its_signatures_hold(void **state)
{
	struct result stale;

	(void)state;
	world.rules.resolver.serve_stale = true;
	ask_of("www.test.", NOERR, WWW, NULL, NULL);
	assert_security(CACHE_SECURE);
	ask_of("no.test.", NXD, SOA, "ns m.test. 60 NSEC z.test. A RRSIG NSEC", APEX);
	assert_result(NXD, 0);
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, WWW, NULL);
	pass_ms(100000);
	for (unsigned later = 0; later < 2; later++) {
		world.now.wall_s += later * LATER_S;
		ask("www.test.", A);
		assert_true(job_stale_result(&world.job, &world.now, &stale));
		assert_int_equal(stale.security, later ? CACHE_INSECURE : CACHE_SECURE);
		ask("no.test.", A);
		assert_true(job_stale_result(&world.job, &world.now, &stale));
		assert_int_equal(stale.rcode, NXD);
		assert_int_equal(stale.security, later ? CACHE_INSECURE : CACHE_SECURE);
	}
}

/* What was kept unchecked can't be checked once its signatures have ended: it is fetched anew. */
static void what_can_not_be_checked_any_more_is_asked_for(void **state)
{
	(void)state;
	for (unsigned later = 0; later < 2; later++) {
		cache_flush_zone(world.resolver.cache, NAME("."));
		know_test();
		ask_with("www.test.", A, JOB_CHECKING_DISABLED);
		reply_signed(AA, NOERR, WWW, NULL);
		assert_result(NOERR, 1);
		ask_with("no.test.", A, JOB_CHECKING_DISABLED);
		reply_signed(AA, NOERR, SOA, "ns no.test. 60 NSEC z.test. TXT RRSIG NSEC", NULL);
		assert_result(NOERR, 0);
		world.now.wall_s += later * LATER_S;
		ask_signed("www.test.", A);
		assert_int_equal(world.done, !later);
		assert_false(told("expired")); /* not even tried */
		if (later)
			reply_signed(AA, NOERR, WWW, NULL);
		assert_result(NOERR, 1);
		assert_security(CACHE_SECURE);
		ask_signed("no.test.", A);
		assert_int_equal(world.done, !later);
	}
}

/* Nobody gets old data instead of wrong ones: not the first client, nor those after it. */
static void bogus_data_are_not_made_up_for_by_stale_ones(void **state)
{
	(void)state;
	world.rules.resolver.serve_stale = true;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, WWW, NULL);
	assert_security(CACHE_SECURE);
	pass_ms(100000);
	for (unsigned client = 0; client < 2; client++) {
		ask_signed("www.test.", A);
		REPLY_ALWAYS(NOERR, "~" WWW);
		assert_result(FAIL, 0);
		assert_false(world.job.result.stale);
		assert_true(world.job.result.bogus);
	}
	assert_true(world.job.result.cached);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNED(a_range_made_by_a_wildcard_denies_nothing),
		SIGNED(a_denial_needs_a_signed_soa),
		SIGNED(a_range_that_is_not_signed_denies_nothing),
		SIGNED(a_signer_that_is_no_zone),
		SIGNED(a_zone_that_denies_its_keys),
		SIGNED(keys_without_a_signature),
		SIGNED(an_alias_made_by_a_signed_dname),
		SIGNED(a_wildcard_with_half_a_proof_is_insecure),
		SIGNED(a_delegation_denied_by_hashes_that_nobody_counts),
		SIGNED(the_weaker_digest_counts_only_if_alone),
		SIGNED(stale_data_is_secure_while_its_signatures_hold),
		SIGNED(what_can_not_be_checked_any_more_is_asked_for),
		SIGNED(bogus_data_are_not_made_up_for_by_stale_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
