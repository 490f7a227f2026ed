/*
 * machine_subnet_test.c - to whom a client's network is told, and what a server may say of it.
 */
#include "helpers.h"

#include <tern/builder.h>

#include "resolver/subnet.h"

static struct frame frame;
static uint8_t *zones[2];
static uint8_t octets[512];

static int open_subnet(void **state)
{
	static uint8_t zone[] = "\3cdn\4test", other[] = "\5other";

	world_open(state);
	zones[0] = zone;
	zones[1] = other;
	world.rules.resolver.subnet.zones = zones;
	world.rules.resolver.subnet.zones_n = 2;
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
	assert_true(applies("www.other.", TERN_TYPE_A));
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

/* --- a whole job ------------------------------------------------------------------------------ */

static int open_network(void **state)
{
	open_subnet(state);
	know_test();
	world.rules.resolver.ipv6 = false;
	return 0;
}

#define NETWORK(f) cmocka_unit_test_setup_teardown(f, open_network, world_close)

/** A client at @p network ("" for none that may be told) asks for www.cdn.test. */
static void ask_from(const char *network)
{
	struct question question = {.name = "\3www\3cdn\4test", .type = TERN_TYPE_A};

	job_over();
	world.job.subnet = (struct prefix){0};
	if (*network)
		assert_true(prefix_from_text(network, &world.job.subnet));
	world.open = true;
	world.done = job_start(&world.job, &world.resolver, &question, 0, &world.now);
}

/** The server says @p address, and that it is for a network of @p scope bits. */
static void reply_for(const char *address, uint8_t scope)
{
	uint8_t option[7] = {0, 1, 24, scope};
	struct tern_builder b = begin_reply(AA, TERN_RCODE_NOERROR);
	char record[80];

	assert_int_equal(world.job.outbox.subnet.bits, 24);
	memcpy(option + 4, world.job.outbox.subnet.base.octets, 3);
	snprintf(record, sizeof record, "an www.cdn.test. 60 A %s", address);
	add_record(&b, record);
	assert_int_equal(tern_builder_opt(&b, 1232, 0, 0, 0), TERN_OK);
	assert_int_equal(tern_builder_option(&b, TERN_EDNS_CLIENT_SUBNET, option, sizeof option),
			 TERN_OK);
	send_reply(&b);
}

static void assert_given(const char *address)
{
	assert_result(TERN_RCODE_NOERROR, 1);
	assert_true(has_answer_a("www.cdn.test.", address));
	assert_true(world.job.result.by_network);
	assert_true(world.job.result.uncacheable);
}

static void each_network_has_its_own_answer(void **state)
{
	(void)state;
	ask_from("203.0.113.0/24");
	assert_false(world.done);
	reply_for("192.0.2.1", 24);
	assert_given("192.0.2.1");
	ask_from("203.0.113.0/24");
	assert_given("192.0.2.1");
	assert_true(world.job.result.cached);
	/* Another one is asked for by itself, and one that is not told, too. */
	ask_from("198.51.100.0/24");
	assert_false(world.done);
	reply_for("192.0.2.2", 24);
	assert_given("192.0.2.2");
	ask_from("");
	assert_false(world.done);
	assert_int_equal(world.job.outbox.subnet.base.family, 0);
	reply(AA, TERN_RCODE_NOERROR, "an www.cdn.test. 60 A 192.0.2.3", NULL);
	assert_given("192.0.2.3");
	/* And none of them finds what is another's. */
	ask_from("203.0.113.0/24");
	assert_given("192.0.2.1");
	ask_from("198.51.100.0/24");
	assert_given("192.0.2.2");
	ask_from("192.0.2.0/24");
	assert_false(world.done);
}

static void what_is_for_everybody_is_everybodys(void **state)
{
	(void)state;
	ask_from("203.0.113.0/24");
	reply_for("192.0.2.1", 0);
	assert_given("192.0.2.1");
	ask_from("198.51.100.0/24");
	assert_given("192.0.2.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUBNET(only_listed_zones_and_addresses),
		SUBNET(replies_tell_of_what_was_sent),
		SUBNET(keys_are_by_what_the_reply_said),
		NETWORK(each_network_has_its_own_answer),
		NETWORK(what_is_for_everybody_is_everybodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
