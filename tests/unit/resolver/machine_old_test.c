/*
 * machine_old_test.c - servers with an old copy, keys that nobody has checked, anchors that
 * the zone does not publish.
 */
#include "signed.h"

#define WWW "an www.test. 60 A 192.0.2.1"

static void three_of_four_servers_have_no_signatures(void **state)
{
	(void)state;
	know("test.", "ns1.test.", "192.0.2.61", "ns2.test.", "192.0.2.62", "ns3.test.",
	     "192.0.2.63", "ns4.test.", "192.0.2.64", NULL);
	ask_signed("www.test.", A);
	for (unsigned i = 0; i < 20 && !world.done; i++) {
		struct address good = address("192.0.2.64");

		if (world.job.outbox.type == TERN_TYPE_DS)
			deny_cut();
		else
			reply_signed(AA, NOERR,
				     address_equal(&world.job.outbox.to.address, &good) ? WWW
											: "-" WWW,
				     NULL);
	}
	assert_result(NOERR, 1);
	assert_security(CACHE_SECURE);
}

/* The keys of "test.", signed by @by, right or wrong. */
static void send_keys(const struct signer *by, const char *how)
{
	static struct packed p;
	struct tern_builder b = begin_reply(AA, NOERR);

	pack_begin(&p, "test.", TERN_TYPE_DNSKEY);
	pack_octets(&p, of_test.key.rdata, of_test.key.rdata_len);
	pack_signatures(&p, by, NAME("test."), world.now.wall_s, how);
	assert_int_equal(tern_builder_rrset(&b, TERN_ANSWER, &p.set, true), TERN_OK);
	send_reply(&b);
}

static void keys_kept_unchecked_vouch_for_nothing(void **state)
{
	(void)state;
	ask_with("test.", TERN_TYPE_DNSKEY, JOB_CHECKING_DISABLED);
	send_keys(&of_test, "w");
	assert_result(NOERR, 1);
	ask("www.test.", A);
	for (unsigned i = 0; i < 50 && !world.done; i++) {
		struct tern_builder b = begin_reply(AA, NOERR);

		run_on();
		if (world.done)
			break;
		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			send_keys(&of_test, "w");
			continue;
		}
		add_signed(&b, "test.", WWW);
		send_reply(&b);
	}
	assert_result(FAIL, 0);
}

/* It signs them well, but the zone doesn't publish it any more. */
static void an_anchor_that_is_not_among_the_keys(void **state)
{
	(void)state;
	world.anchors.n = 0;
	trust_key("test.", &of_sub);
	ask("www.test.", A);
	for (unsigned i = 0; i < 50 && !world.done; i++) {
		struct tern_builder b = begin_reply(AA, NOERR);

		run_on();
		if (world.done)
			break;
		if (world.job.outbox.type == TERN_TYPE_DNSKEY) {
			send_keys(&of_sub, "g");
			continue;
		}
		add_signed(&b, "test.", WWW);
		send_reply(&b);
	}
	assert_result(FAIL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNED(three_of_four_servers_have_no_signatures),
		SIGNED(keys_kept_unchecked_vouch_for_nothing),
		SIGNED(an_anchor_that_is_not_among_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
