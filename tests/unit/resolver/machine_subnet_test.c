/*
 * machine_subnet_test.c - to whom a client's network is told, and what a server may say of it.
 */
#include "helpers.h"

#include <tern/builder.h>

#include "resolver/subnet.h"

static struct frame frame;
static uint8_t *zones[1];
static uint8_t octets[512];

static int open_subnet(void **state)
{
	static uint8_t zone[] = "\3cdn\4test";

	world_open(state);
	zones[0] = zone;
	world.rules.resolver.subnet.zones = zones;
	world.rules.resolver.subnet.zones_n = 1;
	memset(&frame, 0, sizeof frame);
	memset(&world.job, 0, sizeof world.job);
	frame.purpose = FRAME_CLIENT;
	frame.question.type = TERN_TYPE_A;
	world.job.rules = &world.rules;
	world.job.resolver = &world.resolver;
	assert_true(prefix_from_text("203.0.112.0/20", &world.job.subnet));
	world.job.outbox.subnet = world.job.subnet;
	return 0;
}

#define SUBNET(f) cmocka_unit_test_setup_teardown(f, open_subnet, world_close)

static bool applies(const char *name, uint16_t type)
{
	return subnet_applies(&world.job, &frame, NAME(name), type);
}

static void only_listed_zones_and_addresses(void **state)
{
	(void)state;
	assert_true(applies("cdn.test.", TERN_TYPE_A));
	assert_true(applies("a.b.cdn.test.", TERN_TYPE_HTTPS));
	assert_false(applies("acdn.test.", TERN_TYPE_A));
	assert_false(applies("test.", TERN_TYPE_A));
	assert_false(applies("a.cdn.test.", TERN_TYPE_DS));
	assert_false(applies("a.cdn.test.", TERN_TYPE_TXT));
	/* By a question that no network is told with. */
	frame.question.type = TERN_TYPE_TXT;
	assert_false(applies("a.cdn.test.", TERN_TYPE_CNAME));
	frame.question.type = TERN_TYPE_A;
	assert_true(applies("a.cdn.test.", TERN_TYPE_CNAME));
	/* The name of a server is looked up for everybody. */
	frame.purpose = FRAME_ADDRESS;
	assert_false(applies("a.cdn.test.", TERN_TYPE_A));
	frame.purpose = FRAME_CLIENT;
	world.job.subnet.base.family = 0;
	assert_false(applies("a.cdn.test.", TERN_TYPE_A));
	assert_true(subnet_is_listed(&world.job, &frame, NAME("a.cdn.test."), TERN_TYPE_A));
}

/* What is believed of a reply with this option. */
static enum subnet_said believes(const void *option, size_t len)
{
	struct tern_builder b;
	struct tern_message m;

	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 1, 0x8400, 0);
	assert_int_equal(tern_builder_question(&b, NAME("a.cdn.test."), 1, 1), TERN_OK);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	if (option)
		assert_int_equal(tern_builder_option(&b, TERN_EDNS_CLIENT_SUBNET, option, len),
				 TERN_OK);
	assert_int_equal(tern_message_parse(octets, tern_builder_finish(&b), NULL, 0, &m), TERN_OK);
	frame.try.for_network = true;
	return subnet_read_reply(&world.job, &frame, &m);
}

static void replies_tell_of_what_was_sent(void **state)
{
	(void)state;
	assert_int_equal(believes("\0\1\x14\x10\xcb\0\x70", 7), SUBNET_SAID);
	assert_true(frame.try.for_network);
	assert_int_equal(believes("\0\1\x14\0\xcb\0\x70", 7), SUBNET_SAID);
	assert_false(frame.try.for_network);
	assert_int_equal(believes(NULL, 0), SUBNET_UNSAID);
	assert_false(frame.try.for_network);
	for (size_t len = 0; len < 7; len++)
		assert_int_equal(believes("\0\1\x14\x10\xcb\0\x70", len), SUBNET_UNASKED);
	assert_int_equal(believes("\0\1\x14\x10\xcb\0\x70\0", 8), SUBNET_UNASKED);
	assert_int_equal(believes("\0\2\x14\x10\xcb\0\x70", 7), SUBNET_UNASKED);
	assert_int_equal(believes("\0\1\x15\x10\xcb\0\x70", 7), SUBNET_UNASKED);
	assert_int_equal(believes("\0\1\x14\x10\xcb\0\x71", 7), SUBNET_UNASKED);
	/* Nothing was sent, so that nothing is told. */
	world.job.outbox.subnet = (struct prefix){0};
	assert_int_equal(believes("\0\1\x14\x10\xcb\0\x70", 7), SUBNET_SAID);
	/* Others may be told more. */
	assert_true(frame.try.for_network);
	/* But not by who passed it over. */
	frame.try.subnet_off = true;
	assert_int_equal(believes(NULL, 0), SUBNET_SAID);
	assert_false(frame.try.for_network);
}

static void keys_are_by_what_the_reply_said(void **state)
{
	struct kept k = {.set = {.owner = NAME("a.cdn.test.")}};
	uint8_t owner[TERN_NAME_MAX], one[TERN_NAME_MAX], all[TERN_NAME_MAX];

	(void)state;
	tern_name_copy(owner, NAME("a.cdn.test."));
	k.set.owner = owner;
	assert_ptr_equal(subnet_key(&world.job, &k, one), one);
	k.for_all = true;
	assert_ptr_equal(subnet_key(&world.job, &k, all), all);
	assert_false(tern_name_equal(one, all));
	assert_true(tern_name_is_below(one, owner) && tern_name_is_below(all, owner));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUBNET(only_listed_zones_and_addresses),
		SUBNET(replies_tell_of_what_was_sent),
		SUBNET(keys_are_by_what_the_reply_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
