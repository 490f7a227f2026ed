/*
 * machine_signed_test.c - what is believed of a zone that is really signed: data, denials,
 * wildcards, and what is below it.
 */
#include "signed.h"

#include "resolver/sentinel.h"

#define WWW   "an www.test. 60 A 192.0.2.1"
#define SOA   "ns test. 60 SOA ns.test. host.test. 1 2 3 4 60"
#define NOWWW "ns www.test. 60 NSEC z.test. TXT RRSIG NSEC"
#define GAP   "ns m.test. 60 NSEC z.test. A RRSIG NSEC"
#define APEX  "ns test. 60 NSEC a.test. NS SOA RRSIG NSEC DNSKEY"

/* --- which keys are trusted, and what time it is ------------------------------------------- */

/* RFC 8509: by two names a client finds out whether a key of the root is trusted. */
static void who_trusts_which_key_can_be_asked(void **state)
{
	struct signer root;
	char text[120];
	struct question q = {.type = A};

	(void)state;
	signer_init(&root, DNSSEC_ECDSAP256);
	unsigned tag = root.key.tag, other = of_test.key.tag;

	assert_int_not_equal(tag, other);
	trust_key(".", &root);
	for (unsigned is = 0; is < 2; is++) {
		for (unsigned trusted = 0; trusted < 2; trusted++) {
			snprintf(text, sizeof text, "root-key-sentinel-%s-ta-%05u.test.",
				 is ? "is" : "not", trusted ? tag : other);
			tern_name_copy(q.name, NAME(text));
			for (unsigned i = 0; i < 3; i++) {
				q.type = i == 0 ? A : i == 1 ? TERN_TYPE_AAAA : TERN_TYPE_TXT;
				assert_int_equal(sentinel_withholds(&world.anchors, &q),
						 i < 2 && is != trusted);
			}
		}
	}
	/* A whole answer: there is one, and it is secure, but it is withheld. */
	snprintf(text, sizeof text, "an root-key-sentinel-not-ta-%05u.test. 60 A 192.0.2.1", tag);
	*strchr(text + 3, ' ') = '\0';
	ask_signed(text + 3, A);
	text[3 + strlen(text + 3)] = ' ';
	reply_signed(AA, NOERR, text, NULL);
	assert_result(FAIL, 0);
	assert_false(world.job.result.bogus);
	assert_true(world.job.result.uncacheable);
	/* Only names that are written just so. */
	static const char *const others[] = {
		"root-key-sentinel-is-ta-1234.test.", "root-key-sentinel-is-ta-123456.test.",
		"root-key-sentinel-is-ta-1234x.test.", "root-key-sentinel-xs-ta-12345.test.",
		"www.root-key-sentinel-is-ta-12345.test."};

	q.type = A;
	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		tern_name_copy(q.name, NAME(others[i]));
		assert_false(sentinel_withholds(&world.anchors, &q));
	}
	/* Of an anchor that is written as a DS, too. */
	tern_name_copy(q.name, NAME("root-key-sentinel-is-ta-20326.test."));
	assert_true(sentinel_withholds(&world.anchors, &q));
	world.anchors.n = 0;
	trust_anchors_builtin(&world.anchors);
	assert_false(sentinel_withholds(&world.anchors, &q));
	signer_fini(&root);
}

/* A clock that can't be right dates no signature, and what counts then is not called secure. */
static void without_a_clock_signatures_have_no_dates(void **state)
{
	struct wall_time wall = {.build_s = world.now.wall_s + 1};

	(void)state;
	world.rules.wall = &wall;
	atomic_store(&wall.unset, true);
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "<" WWW, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_OTHER);
	assert_non_null(strstr(world.job.result.text, "clock"));
	assert_true(world.job.result.uncacheable);
	ask_signed("bad.test.", A);
	REPLY_ALWAYS(NOERR, "~an bad.test. 60 A 192.0.2.1");
	assert_bogus(TERN_EDE_BOGUS);
	/* Once it is set they have. */
	wall.build_s--;
	ask_signed("ftp.test.", A);
	REPLY_ALWAYS(NOERR, "<an ftp.test. 60 A 192.0.2.1");
	assert_bogus(TERN_EDE_SIG_EXPIRED);
	world.rules.wall = NULL;
}

/* Whoever has set up an anchor for a zone of his own means the addresses inside that it has. */
static void signed_by_an_anchor_of_ours_it_may_be_inside(void **state)
{
	const char *error;

	(void)state;
	world.rules.changes.rebinding.enabled = true;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "an www.test. 60 A 192.168.1.1", NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
	/* Not what anybody can say of it. */
	assert_true(trust_anchors_add_negative(&world.anchors, "bare.test.", &error));
	ask_signed("www.bare.test.", A);
	reply_signed(AA, NOERR, "-an www.bare.test. 60 A 192.168.1.1", NULL);
	assert_result(NOERR, 0);
	assert_true(world.job.result.rebound);
}

/* --- data ---------------------------------------------------------------------------------- */

static void what_is_signed_is_secure(void **state)
{
	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, WWW, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
	assert_int_equal(answer_set("www.test.", A)->sig_n, 1);
	ask_signed("www.test.", A);
	assert_result(NOERR, 1);
	assert_true(world.job.result.cached);
	assert_security(CACHE_SECURE);
	/* The keys are known by now. */
	ask_signed("ftp.test.", A);
	reply_signed(AA, NOERR, "an ftp.test. 60 A 192.0.2.2", NULL);
	assert_false(told("DNSKEY test."));
	assert_security(CACHE_SECURE);
}

static void what_is_not_is_bogus(void **state)
{
	static const struct {
		const char *record;
		uint16_t ede;
	} cases[] = {
		{"-" WWW, TERN_EDE_RRSIGS_MISSING},
		{"~" WWW, TERN_EDE_BOGUS},
		{"<" WWW, TERN_EDE_SIG_EXPIRED},
		{">" WWW, TERN_EDE_SIG_NOT_YET_VALID},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		cache_flush_zone(world.resolver.cache, NAME("www.test."));
		pass_ms(2000000);
		know_test();
		ask_signed("www.test.", A);
		REPLY_ALWAYS(NOERR, cases[i].record);
		assert_bogus(cases[i].ede);
		ask_signed("www.test.", A); /* which is remembered */
		assert_result(FAIL, 0);
		assert_true(world.job.result.cached);
		/* Who checks for himself gets what there is. */
		ask_with("www.test.", A, JOB_CHECKING_DISABLED);
		if (!world.done)
			reply_signed(AA, NOERR, cases[i].record, NULL);
		assert_result(NOERR, 1);
		assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	}
}

static void one_of_several_servers_is_good(void **state)
{
	(void)state;
	know("test.", "ns.test.", SERV, "ns2.test.", "192.0.2.55", NULL);
	ask_signed("www.test.", A);
	struct address bad = world.job.outbox.to.address;

	reply_signed(AA, NOERR, "~" WWW, NULL);
	for (unsigned i = 0; i < 10 && !world.done; i++)
		reply_signed(AA, NOERR,
			     address_equal(&world.job.outbox.to.address, &bad) ? "~" WWW : WWW,
			     NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
}

static void permissive_tells_and_lets_through(void **state)
{
	(void)state;
	world.rules.resolver.validation = VALIDATION_PERMISSIVE;
	ask_signed("www.test.", A);
	REPLY_ALWAYS(NOERR, "~" WWW);
	assert_result(NOERR, 1);
	assert_int_not_equal(world.job.result.security, CACHE_SECURE);
	assert_true(world.job.result.let_through);
	assert_non_null(strstr(world.job.why, "no good signature"));
	/* It is kept as what nobody vouches for, and given out as that. */
	ask("www.test.", A);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_true(world.job.result.cached);
	assert_false(world.job.result.let_through); /* nor is it checked again */
	/* A denial as well. */
	ask_signed("no.test.", A);
	REPLY_ALWAYS(NXD, "~" SOA, "~" GAP);
	assert_result(NXD, 0);
	assert_true(world.job.result.let_through);
	ask("no.test.", A);
	assert_result(NXD, 0);
	assert_security(CACHE_INSECURE);
}

static void below_a_negative_anchor_nothing_is_checked(void **state)
{
	const char *error;

	(void)state;
	assert_true(trust_anchors_add_negative(&world.anchors, "test.", &error));
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "~" WWW, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_NTA);
}

/* Neither longer than its signature holds. */
static void data_live_no_longer_than_their_signatures(void **state)
{
	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "an www.test. 7200 A 192.0.2.1", NULL);
	assert_security(CACHE_SECURE);
	assert_in_range(world.job.result.ttl_s, 990, 1000);
	pass_ms(1100000);
	ask_signed("www.test.", A);
	assert_false(world.done);
}

static void an_alias_is_as_secure_as_what_it_leads_to(void **state)
{
	const char *error;

	(void)state;
	assert_true(trust_anchors_add_negative(&world.anchors, "plain.", &error));
	know("plain.", "ns.plain.", "192.0.2.60", NULL);
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "an www.test. 60 CNAME ftp.test.", NULL);
	reply_signed(AA, NOERR, "an ftp.test. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 2);
	assert_security(CACHE_SECURE);
	ask_signed("out.test.", A);
	reply_signed(AA, NOERR, "an out.test. 60 CNAME www.plain.", NULL);
	reply(AA, NOERR, "an www.plain. 60 A 192.0.2.1", NULL);
	assert_result(NOERR, 2);
	assert_security(CACHE_INSECURE);
	ask_signed("bad.test.", A);
	REPLY_ALWAYS(NOERR, "~an bad.test. 60 CNAME ftp.test.");
	assert_bogus(TERN_EDE_BOGUS);
}

/* --- denials by NSEC ------------------------------------------------------------------------ */

static void nodata_needs_its_proof(void **state)
{
	static const char *const wrong[] = {
		"-" NOWWW,
		"~" NOWWW,
		"ns www.test. 60 NSEC z.test. A RRSIG NSEC",     /* it is there */
		"ns www.test. 60 NSEC z.test. CNAME RRSIG NSEC", /* or an alias */
		GAP,                                             /* says that there is no name */
		"ns wwx.test. 60 NSEC z.test. TXT RRSIG NSEC",   /* of another one */
	};

	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, SOA, NOWWW, NULL);
	assert_result(NOERR, 0);
	assert_security(CACHE_SECURE);
	assert_int_equal(world.job.result.authority.n, 2);
	ask_signed("www.test.", A);
	assert_result(NOERR, 0);
	assert_true(world.job.result.cached);
	assert_security(CACHE_SECURE);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		cache_flush_zone(world.resolver.cache, NAME("test."));
		know_test();
		ask_signed("www.test.", A);
		REPLY_ALWAYS(NOERR, SOA, wrong[i]);
		assert_result(FAIL, 0);
		assert_true(world.job.result.bogus);
	}
}

static void nxdomain_needs_the_name_and_the_wildcard_denied(void **state)
{
	static const char *const wrong[][2] = {
		{GAP, GAP},   /* the wildcard may be there */
		{APEX, APEX}, /* or the name */
		{GAP, "-" APEX},
		{"~" GAP, APEX},
		{GAP, "ns test. 60 NSEC %.test. NS SOA RRSIG NSEC DNSKEY"}, /* which ends before */
	};

	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NXD, SOA, GAP, APEX, NULL);
	assert_result(NXD, 0);
	assert_security(CACHE_SECURE);
	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		cache_flush_zone(world.resolver.cache, NAME("test."));
		know_test();
		ask_signed("www.test.", A);
		REPLY_ALWAYS(NXD, SOA, wrong[i][0], wrong[i][1]);
		assert_result(FAIL, 0);
		assert_true(world.job.result.bogus);
	}
}

static void what_a_wildcard_made_needs_a_proof_too(void **state)
{
	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, "*" WWW, GAP, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
	assert_int_equal(world.job.result.authority.n, 1);
	cache_flush_zone(world.resolver.cache, NAME("test."));
	know_test();
	ask_signed("www.test.", A);
	REPLY_ALWAYS(NOERR, "*" WWW);
	assert_result(FAIL, 0);
	assert_true(world.job.result.bogus);
	cache_flush_zone(world.resolver.cache, NAME("test."));
	know_test();
	ask_signed("www.test.", A);
	REPLY_ALWAYS(NOERR, "*" WWW, APEX);
	assert_result(FAIL, 0);
}

/* --- denials by NSEC3 ------------------------------------------------------------------------- */

static void denials_by_hash(void **state)
{
	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, SOA, nsec3_of("www.test.", false, 0, 1, "TXT RRSIG"), NULL);
	assert_result(NOERR, 0);
	assert_security(CACHE_SECURE);
	ask_signed("a.b.test.", A);
	reply_signed(AA, NXD, SOA, nsec3_of("test.", false, 0, 1, "NS SOA RRSIG DNSKEY"),
		     nsec3_of("b.test.", true, 0, 1, "A RRSIG"),
		     nsec3_of("*.test.", true, 0, 1, "A RRSIG"), NULL);
	assert_result(NXD, 0);
	assert_security(CACHE_SECURE);
	ask_signed("c.d.test.", A);
	REPLY_ALWAYS(NXD, SOA, nsec3_of("test.", false, 0, 1, "NS SOA RRSIG DNSKEY"),
		     nsec3_of("d.test.", true, 0, 1, "A RRSIG"));
	assert_result(FAIL, 0);
	assert_true(world.job.result.bogus);
}

static void an_opt_out_proves_no_more_than_it_says(void **state)
{
	(void)state;
	ask_signed("a.b.test.", A);
	reply_signed(AA, NXD, SOA, nsec3_of("test.", false, 1, 1, "NS SOA RRSIG DNSKEY"),
		     nsec3_of("b.test.", true, 1, 1, "A RRSIG"),
		     nsec3_of("*.test.", true, 1, 1, "A RRSIG"), NULL);
	assert_result(NXD, 0);
	assert_security(CACHE_INSECURE);
}

/* RFC 9276: nobody counts so far. */
static void too_many_iterations_are_insecure(void **state)
{
	(void)state;
	ask_signed("www.test.", A);
	reply_signed(AA, NOERR, SOA,
		     nsec3_of("www.test.", false, 0, NSEC3_ITERATIONS_MAX + 1, "TXT RRSIG"), NULL);
	assert_result(NOERR, 0);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_NSEC3_ITERATIONS);
	ask_signed("ftp.test.", A);
	reply_signed(AA, NOERR, SOA,
		     nsec3_of("ftp.test.", false, 0, NSEC3_ITERATIONS_MAX, "TXT RRSIG"), NULL);
	assert_security(CACHE_SECURE);
}

/* --- what is below -------------------------------------------------------------------------------
 */

#define NS_SUB   "-ns sub.test. 60 NS ns.sub.test."
#define GLUE_SUB "-ad ns.sub.test. 60 A " CHILD
#define NO_DS    "ns sub.test. 60 NSEC z.test. NS RRSIG NSEC"
#define IN_SUB   "an www.sub.test. 60 A 192.0.2.7"

static void ask_below(const char *proof)
{
	ask_signed("www.sub.test.", A);
	assert_asked(SERV, "www.sub.test.", A);
	reply_signed(QR, NOERR, NS_SUB, proof, GLUE_SUB, NULL);
	assert_asked(CHILD, "www.sub.test.", A);
}

static void a_child_is_vouched_for_by_its_ds(void **state)
{
	(void)state;
	ask_below(ds_of_sub("ns"));
	reply_signed(AA, NOERR, IN_SUB, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
	ask_signed("ftp.sub.test.", A);
	assert_asked(CHILD, "ftp.sub.test.", A);
	REPLY_ALWAYS(NOERR, "-an ftp.sub.test. 60 A 192.0.2.7");
	assert_result(FAIL, 0);
	assert_true(world.job.result.bogus);
}

/* What vouched for it has expired: it is asked for again, though all else is known. */
static void a_ds_that_has_expired_vouches_for_nothing(void **state)
{
	(void)state;
	ask_below(ds_of_sub("ns"));
	reply_signed(AA, NOERR, IN_SUB, NULL);
	assert_security(CACHE_SECURE);
	pass_ms(100000);
	know("sub.test.", "ns.sub.test.", CHILD, NULL);
	ask_signed("ftp.sub.test.", A);
	assert_asked(CHILD, "ftp.sub.test.", A);
	reply_signed(AA, NOERR, "an ftp.sub.test. 60 A 192.0.2.8", NULL);
	assert_asked(SERV, "sub.test.", TERN_TYPE_DS);
	reply_signed(AA, NOERR, ds_of_sub("an"), NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
}

static void a_ds_that_vouches_for_another_key(void **state)
{
	char ds[200];

	(void)state;
	strcpy(ds, ds_of_sub("ns"));
	ds[strlen(ds) - 1] = ds[strlen(ds) - 1] == '0' ? '1' : '0';
	ask_below(ds);
	/* The DS and the keys are asked for anew, once: not until the budget is spent. */
	for (unsigned i = 0; i < 12 && !world.done; i++) {
		if (strcmp(zone_asked(), "test.") == 0)
			reply_signed(AA, NOERR, ds + 0, NULL);
		else
			reply_signed(AA, NOERR, IN_SUB, NULL);
	}
	assert_bogus(TERN_EDE_DNSKEY_MISSING);
}

/* Who wanted the links anew and did not come to fetch them leaves that to the next one. */
static void what_was_not_fetched_anew_is_not_claimed(void **state)
{
	(void)state;
	ask_below(ds_of_sub("ns"));
	reply_signed(AA, NOERR, IN_SUB, NULL);
	assert_security(CACHE_SECURE);
	/* Nor does it matter what the job before in the same place has fetched. */
	ask_signed("old.sub.test.", A);
	for (unsigned i = 0; i < 20 && !world.done; i++) {
		if (world.job.outbox.type == TERN_TYPE_DS)
			reply_signed(AA, NOERR, ds_of_sub("an"), NULL);
		else
			reply_signed(AA, NOERR, "~an old.sub.test. 60 A 192.0.2.7", NULL);
	}
	assert_true(told("keys of sub.test. are fetched anew"));
	assert_result(FAIL, 0);
	pass_ms(20000);
	infra_forgive(world.resolver.infra);
	for (unsigned i = 0; i < 2; i++) {
		cache_flush_name(world.resolver.cache, NAME("ftp.sub.test."));
		pass_ms(100);
		ask_signed("ftp.sub.test.", A);
		assert_asked(CHILD, "ftp.sub.test.", A);
		reply_signed(AA, NOERR, "~an ftp.sub.test. 60 A 192.0.2.7", NULL);
		assert_true(told("keys of sub.test. are fetched anew"));
		be_silent();
		job_expire(&world.job, &world.now);
		world.done = true;
		cache_flush_zone(world.resolver.cache, NAME("ftp.sub.test."));
		infra_forgive(world.resolver.infra);
	}
}

static void a_child_without_ds_is_insecure(void **state)
{
	(void)state;
	ask_below(NO_DS);
	reply_signed(AA, NOERR, "-" IN_SUB, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	/* Which is known afterwards. */
	ask_signed("ftp.sub.test.", A);
	assert_asked(CHILD, "ftp.sub.test.", A);
	reply_signed(AA, NOERR, "-an ftp.sub.test. 60 A 192.0.2.7", NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
}

/* A referral that says nothing about it: the parent is asked. */
static void the_parent_is_asked_for_the_ds(void **state)
{
	(void)state;
	for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
		cache_flush_zone(world.resolver.cache, NAME("test."));
		know_test();
		ask_signed("www.sub.test.", A);
		reply_signed(QR, NOERR, NS_SUB, GLUE_SUB, NULL);
		assert_asked(CHILD, "www.sub.test.", A);
		reply_signed(AA, NOERR, is_signed ? IN_SUB : "-" IN_SUB, NULL);
		assert_asked(SERV, "sub.test.", TERN_TYPE_DS);
		if (is_signed)
			reply_signed(AA, NOERR, ds_of_sub("an"), NULL);
		else
			reply_signed(AA, NOERR, SOA, NO_DS, NULL);
		assert_result(NOERR, 1);
		assert_security(is_signed ? CACHE_SECURE : CACHE_INSECURE);
	}
}

/* It says that there is no cut: then the data are of the zone above, and bogus without a signature.
 */
static void a_denial_that_is_no_proof_of_a_cut(void **state)
{
	static const char *const proofs[] = {
		"~" NO_DS, "-" NO_DS, "ns sub.test. 60 NSEC z.test. NS DS RRSIG NSEC",
		"ns sub.test. 60 NSEC z.test. NS SOA RRSIG NSEC", /* the child's own */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(proofs); i++) {
		cache_flush_zone(world.resolver.cache, NAME("test."));
		know_test();
		know("sub.test.", "ns.sub.test.", CHILD, NULL);
		ask_signed("www.sub.test.", A);
		for (unsigned n = 0; n < 30 && !world.done; n++) {
			if (strcmp(zone_asked(), "test.") == 0)
				reply_signed(AA, NOERR, SOA, proofs[i], NULL);
			else
				reply_signed(AA, NOERR, "-" IN_SUB, NULL);
		}
		assert_result(FAIL, 0);
		assert_true(world.job.result.bogus);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNED(a_ds_that_has_expired_vouches_for_nothing),
		SIGNED(signed_by_an_anchor_of_ours_it_may_be_inside),
		SIGNED(who_trusts_which_key_can_be_asked),
		SIGNED(without_a_clock_signatures_have_no_dates),
		SIGNED(what_is_signed_is_secure),
		SIGNED(what_is_not_is_bogus),
		SIGNED(one_of_several_servers_is_good),
		SIGNED(permissive_tells_and_lets_through),
		SIGNED(below_a_negative_anchor_nothing_is_checked),
		SIGNED(data_live_no_longer_than_their_signatures),
		SIGNED(an_alias_is_as_secure_as_what_it_leads_to),
		SIGNED(nodata_needs_its_proof),
		SIGNED(nxdomain_needs_the_name_and_the_wildcard_denied),
		SIGNED(what_a_wildcard_made_needs_a_proof_too),
		SIGNED(denials_by_hash),
		SIGNED(an_opt_out_proves_no_more_than_it_says),
		SIGNED(too_many_iterations_are_insecure),
		SIGNED(a_child_is_vouched_for_by_its_ds),
		SIGNED(a_ds_that_vouches_for_another_key),
		SIGNED(what_was_not_fetched_anew_is_not_claimed),
		SIGNED(a_child_without_ds_is_insecure),
		SIGNED(the_parent_is_asked_for_the_ds),
		SIGNED(a_denial_that_is_no_proof_of_a_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
