/*
 * taken_test.c - what is taken of a reply: doubles once, the glue of every server.
 */
#include "helpers.h"

#define A TERN_TYPE_A

static void two_that_are_one(void **state)
{
	(void)state;
	know_test();
	ask("www.test.", A);
	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.9", "an www.test. 60 A 192.0.2.9",
	      NULL);
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_int_equal(answer_set("www.test.", A)->rr_n, 1);
}

static void glue_of_the_last_server(void **state)
{
	(void)state;
	ask("www.test.", A);
	reply(QR, TERN_RCODE_NOERROR, "ns test. 60 NS ns1.test.", "ns test. 60 NS ns2.test.",
	      "ns test. 60 NS ns3.test.", "ad ns3.test. 60 A 192.0.2.63", NULL);
	assert_asked("192.0.2.63", "www.test.", A);
}

/* An empty answer without AA counts when there is nobody else to hear. */
static void an_empty_answer_while_a_server_is_not_looked_up(void **state)
{
	(void)state;
	know("test.", "ns.test.", TEST_SERVER, "ns.other.", "", NULL);
	ask("www.test.", TERN_TYPE_TXT);
	assert_asked(TEST_SERVER, "www.test.", TERN_TYPE_TXT);
	reply(QR, TERN_RCODE_NOERROR, NULL);
	assert_asked("192.0.2.1", "ns.other.", A);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_that_are_one, world_open, world_close),
		cmocka_unit_test_setup_teardown(glue_of_the_last_server, world_open, world_close),
		cmocka_unit_test_setup_teardown(an_empty_answer_while_a_server_is_not_looked_up,
						world_open, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
