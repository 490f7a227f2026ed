/*
 * probe_test.c - servers tried for encryption that don't answer so: what the server table hears,
 * how many are tried at once, and that nothing is left behind. Those that do are in
 * tests/e2e/test_authorities.py.
 */
#include "asking.h"

static struct tls_peer *anybody;
static struct address servers[PROBES_MAX + 1];

static uint64_t worker_ms(void)
{
	return workers[0]->loop.now.mono_ns / NS_PER_MS;
}

static int open_probing(void **state)
{
	static const struct tls_identity identity;
	const char *why;
	struct tls_trust *trust = tls_trust_create(NULL, NULL, &why);

	assert_non_null(trust);
	anybody = tls_peer_create(trust, &identity);
	assert_non_null(anybody);
	tls_trust_release(trust);
	for (unsigned i = 0; i < ARRAY_LEN(servers); i++) {
		servers[i] = address("192.0.2.0");
		servers[i].octets[3] = (uint8_t)(i + 1);
	}
	open_asking(state);
	turn();
	return 0;
}

static int close_probing(void **state)
{
	assert_int_equal(workers[0]->exchanges.taken_n, 0);
	close_asking(state);
	tls_peer_release(anybody);
	return 0;
}

static bool may_be_tried(unsigned i)
{
	return infra_claim_way(shared.infra, &servers[i], INFRA_TLS, worker_ms());
}

static void try_for(uint16_t party, unsigned i, const struct address *at)
{
	struct probe_wish wish = {.wanted = true,
				  .server = servers[i],
				  .to = {*at, TRANSPORT_TLS, anybody},
				  .type = TERN_TYPE_A,
				  .flags = TERN_FLAG_AA};

	tern_name_copy(wish.name, numbered(i));
	assert_true(may_be_tried(i));
	probe_begin(workers[0], &wish, party);
	assert_false(wish.wanted);
}

static void try(unsigned i, const struct address *at)
{
	try_for(PARTY_OURSELF, i, at);
}

static uint64_t failed(void)
{
	return counted(&tally()->probes_failed);
}

static void await_failed(uint64_t n)
{
	for (unsigned i = 0; i < PATIENCE_MS && failed() < n; i++)
		pass(1);
	assert_int_equal(failed(), n);
}

static bool are_all_free(void)
{
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		if (workers[0]->probes[i].used)
			return false;
	}
	return true;
}

static void nobody_is_there(void **state)
{
	const struct address nobody = address("127.0.0.1@1");

	(void)state;
	try(0, &nobody);
	await_failed(1);
	assert_int_equal(counted(&tally()->probes), 1);
	assert_int_equal(counted(&tally()->probes_good), 0);
	assert_true(are_all_free());
	assert_false(may_be_tried(0));
	/* Neither the root's load nor a timeout was told of. */
	assert_int_equal(counted(&tally()->upstream_timeouts), 0);
}

static void somebody_says_nothing(void **state)
{
	(void)state;
	try(0, &forwarder_at);
	pass(20);
	assert_int_equal(failed(), 0);
	assert_false(are_all_free());
	leap_ms(INFRA_WAY_TIMEOUT_MS);
	await_failed(1);
	assert_true(are_all_free());
	assert_false(may_be_tried(0));
	assert_int_equal(counted(&tally()->upstream_timeouts), 0);
	/* The connection that said nothing is closed. */
	pass(20);
	assert_int_equal(workers[0]->tcp_connections.taken_n, 0);
}

static void somebody_speaks_something_else(void **state)
{
	(void)state;
	try(0, &forwarder_at);
	assert_true(await_fd(forwarder_tcp, PATIENCE_MS));
	int fd = accept(forwarder_tcp, NULL, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "SSH-2.0-OpenSSH\r\n", 17), 17);
	await_failed(1);
	assert_false(may_be_tried(0));
	close(fd);
}

static void a_few_at_a_time(void **state)
{
	(void)state;
	/* Half of the places are one party's at most, and half of the others the next one's. */
	for (unsigned i = 0; i < PROBES_MAX; i++)
		try_for(1, i, &forwarder_at);
	assert_int_equal(counted(&tally()->probes), PROBES_MAX / 2);
	try_for(2, PROBES_MAX, &forwarder_at);
	assert_int_equal(counted(&tally()->probes), PROBES_MAX / 2 + 1);
	/* Whoever found no place may be tried later. */
	for (unsigned i = 0; i < ARRAY_LEN(servers); i++)
		assert_int_equal(may_be_tried(i), i >= PROBES_MAX / 2 && i < PROBES_MAX);
	leap_ms(INFRA_WAY_TIMEOUT_MS);
	await_failed(PROBES_MAX / 2 + 1);
	assert_true(are_all_free());
}

/* Each is a handshake. */
static void a_few_in_a_second(void **state)
{
	const struct address nobody = address("127.0.0.1@1");
	uint64_t since_ms = worker_ms();

	(void)state;
	for (unsigned i = 0; i < 8 * PROBES_PER_S; i++) {
		try(0, &nobody);
		await_failed(counted(&tally()->probes));
		infra_forgive_ways(shared.infra);
	}
	uint64_t tried = counted(&tally()->probes);

	assert_in_range(tried, 2 * PROBES_PER_S,
			2 * PROBES_PER_S + 1 + PROBES_PER_S * (worker_ms() - since_ms) / 1000);
	leap_ms(1000);
	pass(1);
	try(0, &nobody);
	assert_int_equal(counted(&tally()->probes), tried + 1);
	await_failed(tried + 1);
}

static void silence_all_around_says_nothing(void **state)
{
	(void)state;
	workers[0]->resolver.health[0].answer_ms = worker_ms();
	try(0, &forwarder_at);
	pass(20);
	workers[0]->resolver.health[0].timeouts_n = 100;
	workers[0]->resolver.health[1].timeouts_n = 100;
	leap_ms(INFRA_WAY_TIMEOUT_MS + 60000);
	for (unsigned i = 0; i < PATIENCE_MS && !are_all_free(); i++)
		pass(1);
	assert_true(are_all_free());
	assert_int_equal(failed(), 0);
	assert_true(may_be_tried(0));
}

#define PROBING(f) cmocka_unit_test_setup_teardown(f, open_probing, close_probing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROBING(nobody_is_there),
		PROBING(somebody_says_nothing),
		PROBING(somebody_speaks_something_else),
		PROBING(a_few_at_a_time),
		PROBING(a_few_in_a_second),
		PROBING(silence_all_around_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
