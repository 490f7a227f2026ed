/*
 * udp_test.c - batches over loopback: every answer comes from the address that
 * was asked, and goes to who asked.
 */
#include "helpers.h"

#include "net/udp.h"

#define CLIENTS 10
#define QUERIES 30 /* per client: several batches in all */

static struct udp_batch *batch;
static int server_fd;
static struct address server;

static void open_server(const char *text)
{
	struct address at = address(text);
	bool wildcard;

	server_fd = udp_listen(&at, &wildcard);
	assert_true(server_fd >= 0);
	batch = udp_batch_create(server_fd, wildcard);
	assert_non_null(batch);
	server = local_address(server_fd);
}

static void close_server(void)
{
	udp_batch_destroy(batch);
	close(server_fd);
}

/* Receive until @p n have come; each gets its octets back, the first one turned around. */
static void echo(unsigned n)
{
	while (n > 0) {
		assert_true(is_readable(server_fd, PATIENCE_MS));
		unsigned got = udp_receive(batch);

		assert_true(got <= UDP_BATCH && got <= n);
		for (unsigned i = 0; i < got; i++) {
			struct datagram d = udp_received(batch, i);
			uint8_t *out = udp_answer_buffer(batch);

			assert_true(d.len <= UDP_ANSWER_MAX);
			memcpy(out, d.octets, d.len);
			out[0] ^= 0xff;
			udp_answer(batch, d.len, d.peer);
		}
		n -= got;
		udp_flush(batch);
	}
}

static void ask_and_check(int fd, uint8_t value, size_t len)
{
	uint8_t query[UDP_ANSWER_MAX], answer[UDP_ANSWER_MAX];

	memset(query, value, len);
	assert_int_equal(send(fd, query, len, 0), len);
	echo(1);
	assert_true(is_readable(fd, PATIENCE_MS));
	assert_int_equal(recv(fd, answer, sizeof answer, 0), len);
	query[0] ^= 0xff;
	assert_memory_equal(answer, query, len);
}

/* A datagram of the client @p fd, whose peer is where to answer to. */
static struct datagram one_from(int fd)
{
	assert_int_equal(send(fd, "?", 1, 0), 1);
	assert_true(is_readable(server_fd, PATIENCE_MS));
	assert_int_equal(udp_receive(batch), 1);
	return udp_received(batch, 0);
}

static void batches(void **state)
{
	int fds[CLIENTS];
	uint8_t seen[CLIENTS][QUERIES] = {{0}};

	(void)state;
	open_server("127.0.0.1");
	for (uint8_t c = 0; c < CLIENTS; c++) {
		fds[c] = connected(SOCK_DGRAM, &server);
		for (uint8_t q = 0; q < QUERIES; q++)
			assert_int_equal(send(fds[c], (uint8_t[]){c, q}, 2, 0), 2);
	}
	echo(CLIENTS * QUERIES);
	for (uint8_t c = 0; c < CLIENTS; c++) {
		for (unsigned i = 0; i < QUERIES; i++) {
			uint8_t answer[2];

			assert_true(is_readable(fds[c], PATIENCE_MS));
			assert_int_equal(recv(fds[c], answer, 2, 0), 2);
			assert_int_equal(answer[0] ^ 0xff, c); /* nobody else's */
			seen[c][answer[1]]++;
		}
		for (unsigned q = 0; q < QUERIES; q++)
			assert_int_equal(seen[c][q], 1);
		close(fds[c]);
	}
	assert_int_equal(udp_dropped(batch), 0);
	close_server();
}

static void sizes(void **state)
{
	static const size_t lens[] = {1, 2, 12, 511, 512, UDP_ANSWER_MAX};
	uint8_t large[UDP_QUERY_MAX + 100] = {0};

	(void)state;
	open_server("127.0.0.1");
	int fd = connected(SOCK_DGRAM, &server);

	for (unsigned i = 0; i < ARRAY_LEN(lens); i++)
		ask_and_check(fd, 7, lens[i]);
	/* Empty ones are datagrams too; what is too long is cut, so that it is malformed. */
	assert_int_equal(send(fd, large, 0, 0), 0);
	assert_int_equal(send(fd, large, sizeof large, 0), sizeof large);
	assert_true(is_readable(server_fd, PATIENCE_MS));
	assert_int_equal(udp_receive(batch), 2);
	assert_int_equal(udp_received(batch, 0).len, 0);
	assert_int_equal(udp_received(batch, 1).len, UDP_QUERY_MAX);
	assert_int_equal(udp_receive(batch), 0);
	close(fd);
	close_server();
}

/* Each where the one before ends: none may reach into another, and the longest fit a full batch. */
static void a_batch_of_all_sizes(void **state)
{
	static const size_t lens[] = {1, 63, 64, 65, 700, UDP_ANSWER_MAX};
	uint8_t answer[UDP_ANSWER_MAX + 1], wanted[UDP_ANSWER_MAX];

	(void)state;
	open_server("127.0.0.1");
	int fd = connected(SOCK_DGRAM, &server);

	struct datagram d = one_from(fd);

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			size_t len = round ? UDP_ANSWER_MAX : lens[i % ARRAY_LEN(lens)];

			memset(udp_answer_buffer(batch), (int)(i + 1), len);
			udp_answer(batch, len, d.peer);
		}
		udp_flush(batch);
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			size_t len = round ? UDP_ANSWER_MAX : lens[i % ARRAY_LEN(lens)];

			memset(wanted, (int)(i + 1), len);
			assert_true(is_readable(fd, PATIENCE_MS));
			assert_int_equal(recv(fd, answer, sizeof answer, 0), len);
			assert_memory_equal(answer, wanted, len);
		}
	}
	assert_int_equal(udp_dropped(batch), 0);
	close(fd);
	close_server();
}

/* A connected client takes answers from nowhere else. */
static void a_wildcard_answers_from_where_it_was_asked(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.1.2.3"};

	(void)state;
	open_server("0.0.0.0");
	for (unsigned i = 0; i < ARRAY_LEN(addresses); i++) {
		struct address to = address(addresses[i]);

		to.port = server.port;
		int fd = connected(SOCK_DGRAM, &to);

		ask_and_check(fd, (uint8_t)i, 20);
		close(fd);
	}
	close_server();
}

static void a_wildcard_of_ipv6(void **state)
{
	struct address to = address("::1@0");

	(void)state;
	if (!has_ipv6())
		skip();
	open_server("::");
	to.port = server.port;
	int fd = connected(SOCK_DGRAM, &to);

	ask_and_check(fd, 1, 20);
	close(fd);
	close_server();
}

static void wildcards_are_known(void **state)
{
	struct address any = address("0.0.0.0@0"), one = address("127.0.0.1@0");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_true(udp_note_wildcard(fd, &any));
	assert_false(udp_note_wildcard(fd, &one));
	close(fd);
}

/* Answers queued beyond a batch go out by themselves; one that can't be sent costs no other. */
static void more_answers_than_a_batch(void **state)
{
	struct udp_peer nowhere = {.addr.v4 = {.sin_family = AF_INET}}; /* port 0: EINVAL */

	(void)state;
	open_server("127.0.0.1");
	int fd = connected(SOCK_DGRAM, &server);

	struct datagram d = one_from(fd);

	nowhere.addr_len = sizeof nowhere.addr.v4;
	for (uint8_t i = 0; i < 200; i++) {
		udp_answer_buffer(batch)[0] = i;
		udp_answer(batch, 1, i % 10 == 3 ? &nowhere : d.peer);
	}
	udp_flush(batch);
	udp_flush(batch); /* nothing is left */
	for (uint8_t i = 0; i < 200; i++) {
		uint8_t answer;

		if (i % 10 == 3)
			continue;
		assert_true(is_readable(fd, PATIENCE_MS));
		assert_int_equal(recv(fd, &answer, 1, 0), 1);
		assert_int_equal(answer, i);
	}
	assert_int_equal(udp_dropped(batch), 20);
	close(fd);
	close_server();
}

static void listening(void **state)
{
	struct address taken = address("127.0.0.1@0"), not_ours = address("192.0.2.123@5353");
	bool wildcard = true;

	(void)state;
	open_server("127.0.0.1");
	taken.port = server.port;
	/* Workers share a port; an address that isn't up yet is no error. */
	int second = udp_listen(&taken, &wildcard), early = udp_listen(&not_ours, &wildcard);

	assert_true(second >= 0 && early >= 0);
	assert_false(wildcard);
	close(second);
	close(early);
	/* Somebody else's port is one. */
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	taken.port = local_address(fd).port;
	assert_int_equal(udp_listen(&taken, &wildcard), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
	close_server();
}

/* --- sockets for questions to servers -------------------------------------------------- */

#define ASKED 300

static int by_value(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void source_ports_are_spread(void **state)
{
	struct random random;
	uint16_t ports[ASKED];
	unsigned doubles = 0;

	(void)state;
	random_init(&random);
	open_server("127.0.0.1");
	for (unsigned i = 0; i < ASKED; i++) {
		int fd = udp_ask_socket(&server, &random);

		assert_true(fd >= 0);
		ports[i] = local_address(fd).port;
		assert_true(ports[i] >= 1024);
		close(fd);
	}
	qsort(ports, ASKED, sizeof ports[0], by_value);
	for (unsigned i = 1; i < ASKED; i++)
		doubles += ports[i] == ports[i - 1];
	assert_true(doubles < 8); /* 0.7 are expected */
	assert_true(ports[0] < 5000 && ports[ASKED - 1] > 62000);
	assert_in_range(ports[ASKED / 2], 25000, 42000);
	close_server();
}

static void only_the_asked_server_is_heard(void **state)
{
	struct random random;
	struct address other_address = address("127.0.0.1@0");
	bool wildcard;
	int discover;
	socklen_t len = sizeof discover;

	(void)state;
	random_init(&random);
	open_server("127.0.0.1");
	int other = udp_listen(&other_address, &wildcard);
	int fd = udp_ask_socket(&server, &random);
	struct address mine = local_address(fd);
	struct sockaddr_storage sa;
	socklen_t sa_len = address_to_sockaddr(&mine, &sa);

	assert_int_equal(sendto(other, "forged", 6, 0, (struct sockaddr *)&sa, sa_len), 6);
	assert_false(is_readable(fd, 50));
	ask_and_check(fd, 9, 30);
	assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, &len), 0);
	assert_int_equal(discover, IP_PMTUDISC_OMIT);
	close(fd);
	close(other);
	close_server();
}

static void no_socket_for_no_address(void **state)
{
	struct random random;
	struct address none = {.family = 0};

	(void)state;
	random_init(&random);
	assert_int_equal(udp_ask_socket(&none, &random), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(sizes),
		cmocka_unit_test(a_batch_of_all_sizes),
		cmocka_unit_test(a_wildcard_answers_from_where_it_was_asked),
		cmocka_unit_test(a_wildcard_of_ipv6),
		cmocka_unit_test(wildcards_are_known),
		cmocka_unit_test(more_answers_than_a_batch),
		cmocka_unit_test(listening),
		cmocka_unit_test(source_ports_are_spread),
		cmocka_unit_test(only_the_asked_server_is_heard),
		cmocka_unit_test(no_socket_for_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
