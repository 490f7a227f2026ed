/*
 * machine_chain_test.c - the way down to what is to be validated: zones that the operator has
 * routes for, links that can't be had, keys that nobody here can check, and a clock in doubt.
 */
#include "signed.h"

#define SOA  "ns test. 60 SOA ns.test. host.test. 1 2 3 4 60"
#define CORP "an www.corp.test. 60 A 192.0.2.9"
#define WWW  "an www.test. 60 A 192.0.2.1"

/* --- zones with a route -------------------------------------------------------------------------
 */

/* Questions at and below corp.test. go to a server of the operator's. */
static void use_corp(enum route_validate validate)
{
	static struct route_server server;
	static struct route route;

	server = (struct route_server){.address = address("192.0.2.88")};
	route = (struct route){.zone = (const uint8_t *)"\4corp\4test",
			       .servers = &server,
			       .servers_n = 1,
			       .kind = ROUTE_FORWARD,
			       .validate = validate};
	world.rules.routes = (struct routes){.routes = &route, .n = 1};
}

/* What the public zone says of corp.test.: that it does not exist, or is no zone. */
static void ask_corp(bool exists)
{
	cache_flush_zone(world.resolver.cache, NAME("."));
	know_test();
	ask("www.corp.test.", A);
	assert_asked("192.0.2.88", "www.corp.test.", A);
	reply(QR | TERN_FLAG_RA, NOERR, CORP, NULL);
	give_keys();
	for (unsigned i = 0; i < 20 && !world.done; i++) {
		if (world.job.outbox.type != TERN_TYPE_DS)
			reply(QR | TERN_FLAG_RA, NOERR, CORP, NULL);
		else if (exists)
			deny_cut();
		else
			reply_signed(AA, NXD, SOA, "ns b.test. 60 NSEC z.test. A RRSIG NSEC",
				     "ns test. 60 NSEC a.test. NS SOA RRSIG NSEC DNSKEY", NULL);
		give_keys();
	}
}

/* Nobody could have signed a zone that the public tree proves not to be there. */
static void private_zones_are_insecure(void **state)
{
	(void)state;
	use_corp(VALIDATE_AUTO);
	for (unsigned exists = 0; exists < 2; exists++) {
		ask_corp(exists);
		assert_result(NOERR, 1);
		assert_security(CACHE_INSECURE);
	}
}

static void unless_they_have_to_validate(void **state)
{
	(void)state;
	use_corp(VALIDATE_REQUIRE);
	for (unsigned exists = 0; exists < 2; exists++) {
		ask_corp(exists);
		assert_result(FAIL, 0);
		assert_true(world.job.result.bogus);
	}
}

static void or_nobody_is_to_look(void **state)
{
	(void)state;
	use_corp(VALIDATE_OFF);
	ask("www.corp.test.", A);
	reply(QR | TERN_FLAG_RA, NOERR, CORP, NULL);
	assert_result(NOERR, 1); /* nobody is asked for a DS */
	assert_security(CACHE_INSECURE);
}

/* --- anchors ------------------------------------------------------------------------------------
 */

static void an_anchor_that_nobody_can_check_is_none(void **state)
{
	const char *error;

	(void)state;
	world.anchors.n = 0;
	assert_true(trust_anchors_add(&world.anchors,
				      "test. IN DS 12345 99 2 "
				      "00112233445566778899aabbccddeeff"
				      "00112233445566778899aabbccddeeff",
				      &error));
	ask("www.test.", A);
	reply(AA, NOERR, WWW, NULL);
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	assert_int_equal(world.job.result.ede, TERN_EDE_UNSUPPORTED_DNSKEY_ALG);
	/* Beside one that can be checked it does not matter. */
	trust_key("test.", &of_test);
	ask_signed("ww2.test.", A);
	reply_signed(AA, NOERR, "an ww2.test. 60 A 192.0.2.1", NULL);
	assert_security(CACHE_SECURE);
}

/* The keys of "test.", signed so: see signed.h. */
static void reply_keys_signed(char how)
{
	static struct packed p;
	struct tern_builder b = begin_reply(AA, NOERR);

	assert_int_equal(world.job.outbox.type, TERN_TYPE_DNSKEY);
	pack_begin(&p, "test.", TERN_TYPE_DNSKEY);
	pack_octets(&p, of_test.key.rdata, of_test.key.rdata_len);
	sign_as(&p, "test.", how);
	assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &p.set, true), TERN_OK);
	send_reply(&b);
	run_on();
}

/** Ask for @p name, whose data is signed as it should be, and give the zone's keys signed so.
 *  Returns how often these were asked for. */
static unsigned ask_with_keys(const char *name, char how)
{
	unsigned n = 0;
	char record[80];

	snprintf(record, sizeof record, "an %s 60 A 192.0.2.1", name);
	ask(name, A);
	run_on();
	for (unsigned i = 0; i < 50 && !world.done; i++) {
		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			n++;
			reply_keys_signed(how);
			continue;
		}
		struct tern_builder b = begin_reply(AA, NOERR);

		add_signed(&b, "test.", record);
		send_reply(&b);
		run_on();
	}
	return n;
}

/* A trust anchor's keys are of tomorrow, and this program is of later than the clock says. */
static void a_clock_in_doubt_dates_nothing(void **state)
{
	struct wall_time wall = {.build_s = world.now.wall_s + 10};

	(void)state;
	world.rules.wall = &wall;
	(void)ask_with_keys("www.test.", '>');
	assert_true(atomic_load(&wall.unset));
	assert_result(NOERR, 1);
	assert_security(CACHE_INSECURE);
	/* If the clock may be right the keys are wrong. */
	cache_flush_zone(world.resolver.cache, NAME("."));
	know_test();
	wall.build_s = world.now.wall_s - 10;
	atomic_store(&wall.unset, false);
	(void)ask_with_keys("ww2.test.", '>');
	assert_bogus(TERN_EDE_SIG_NOT_YET_VALID);
	assert_false(atomic_load(&wall.unset));
	/* Good keys show that it is later than that. */
	cache_flush_zone(world.resolver.cache, NAME("."));
	know_test();
	(void)ask_with_keys("ww3.test.", 'g');
	assert_security(CACHE_SECURE);
	assert_int_equal(atomic_load(&wall.proven_s), world.now.wall_s);
	world.rules.wall = NULL;
}

/* --- links that can't be had
 * ---------------------------------------------------------------------- */

/* What is below keys that do not hold has no chain; for a while nobody asks for them again. */
static void keys_that_do_not_hold(void **state)
{
	(void)state;
	assert_true(ask_with_keys("www.test.", '~') > 0);
	assert_bogus(TERN_EDE_BOGUS);
	assert_int_equal(ask_with_keys("ww2.test.", '~'), 0);
	assert_bogus(TERN_EDE_BOGUS); /* with the reason that it had then */
	pass_ms(300000);
	know_test();
	assert_int_equal(ask_with_keys("ww3.test.", 'g'), 1);
	assert_security(CACHE_SECURE);
}

/* --- names that are no cuts
 * ------------------------------------------------------------------------ */

/* A name that is an alias is no zone: nobody is asked for its DS. */
static void an_alias_on_the_way_is_no_cut(void **state)
{
	bool asked_below = false;

	(void)state;
	ask_signed("alias.test.", TERN_TYPE_CNAME);
	reply_signed(AA, NOERR, "an alias.test. 3600 CNAME www.test.", NULL);
	assert_security(CACHE_SECURE);
	ask_signed("below.alias.test.", A);
	for (unsigned i = 0; i < 20 && !world.done; i++) {
		if (world.job.outbox.type == TERN_TYPE_DS) {
			assert_false(asks(SERV, "alias.test.", TERN_TYPE_DS));
			asked_below |= asks(SERV, "below.alias.test.", TERN_TYPE_DS);
			deny_cut();
			continue;
		}
		reply_signed(AA, NOERR, "-an below.alias.test. 60 A 192.0.2.1", NULL);
	}
	assert_true(asked_below);
	assert_bogus(TERN_EDE_RRSIGS_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNED(private_zones_are_insecure),
		SIGNED(unless_they_have_to_validate),
		SIGNED(or_nobody_is_to_look),
		SIGNED(an_anchor_that_nobody_can_check_is_none),
		SIGNED(a_clock_in_doubt_dates_nothing),
		SIGNED(keys_that_do_not_hold),
		SIGNED(an_alias_on_the_way_is_no_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
