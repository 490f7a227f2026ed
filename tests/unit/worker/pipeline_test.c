/*
 * pipeline_test.c - connections to servers: how many, which one a question goes to, and
 * which are asked no more.
 */
#include "worker/upstream_tcp.c"

#include "asking.h"

#include <sys/resource.h>

static int open_pipelines(void **state)
{
	open_asking(state);
	q.to.transport = TRANSPORT_TCP;
	return 0;
}

#define PIPELINE(f) cmocka_unit_test_setup_teardown(f, open_pipelines, close_asking_checked)

/** The connection that the question of @p x went to; NULL while it waits for one. */
static struct tcp_connection *connection_of(const struct wanting *x)
{
	return x->asker.live->exchange->connection;
}

static unsigned connections(void)
{
	return workers[0]->connection_shares.taken_n;
}

/* Until the next turn. */
static void let_pass_ms(uint64_t ms)
{
	workers[0]->loop.now.mono_ns += ms * NS_PER_MS;
}

static struct asked take_first_on(int *fd)
{
	*fd = take_connection();
	return take_on(*fd);
}

static bool is_closed(int fd)
{
	uint8_t octet;

	return await_fd(fd, PATIENCE_MS) && recv(fd, &octet, 1, 0) <= 0;
}

/* --- places on connections ---------------------------------------------------------------- */

#define FULL (SERVER_CONNECTIONS_MAX * SERVER_PIPELINE_MAX)

static void questions_fill_one_after_the_other(void **state)
{
	(void)state;
	ask_many(0, FULL);
	assert_int_equal(connections(), SERVER_CONNECTIONS_MAX);
	for (unsigned i = 0; i < FULL; i++)
		assert_ptr_equal(
			connection_of(&wanting[i]),
			connection_of(&wanting[i / SERVER_PIPELINE_MAX * SERVER_PIPELINE_MAX]));
	assert_int_equal(counted(&tally()->upstream_tcp), FULL);
	/* More wait. */
	ask_many(FULL, FULL + 3);
	assert_int_equal(connections(), SERVER_CONNECTIONS_MAX);
	for (unsigned i = FULL; i < FULL + 3; i++)
		assert_null(connection_of(&wanting[i]));
	upstream_leave(&wanting[FULL + 1].asker);
	/* The one that waited longest has the first place. */
	struct tcp_connection *third = connection_of(&wanting[2 * SERVER_PIPELINE_MAX]);

	wanting[FULL].asker.live->exchange->id =
		wanting[2 * SERVER_PIPELINE_MAX].asker.live->exchange->id;
	upstream_leave(&wanting[2 * SERVER_PIPELINE_MAX + 1].asker);
	assert_ptr_equal(connection_of(&wanting[FULL]), third);
	assert_null(connection_of(&wanting[FULL + 2]));
	/* No two on one connection have an id. */
	const struct exchange *x = wanting[FULL].asker.live->exchange;

	assert_int_not_equal(x->id, wanting[2 * SERVER_PIPELINE_MAX].asker.live->exchange->id);
	assert_int_equal(get_u16(x->wire), x->id);
	/* Of those with room the emptiest is asked. */
	for (unsigned i = 0; i < 3; i++) {
		upstream_leave(&wanting[i].asker);
		upstream_leave(&wanting[SERVER_PIPELINE_MAX + 2 * i].asker);
		upstream_leave(&wanting[SERVER_PIPELINE_MAX + 2 * i + 1].asker);
	}
	ask_many(FULL + 4, FULL + 5);
	assert_ptr_equal(connection_of(&wanting[FULL + 4]),
			 connection_of(&wanting[SERVER_PIPELINE_MAX + 8]));
}

static void without_any_place_it_is_said_at_once(void **state)
{
	(void)state;
	workers[0]->connection_shares.max = 0;
	assert_int_equal(refusal_of(a), UPSTREAM_NO_RESOURCE);
	assert_int_equal(workers[0]->tcp_servers.taken_n, 0);
	workers[0]->connection_shares.max = 1;
	ask_of(a);
	/* Others of the same server have the one that there is. */
	ask_many(1, SERVER_PIPELINE_MAX);
	ask_of(b);
	assert_int_equal(connections(), 1);
	workers[0]->connection_shares.max = TCP_CONNECTIONS_MAX;
}

/* Another server at the loopback. */
static int open_other_server(struct address *at)
{
	struct address any = address("127.0.0.1@0");
	int fd = stream_listen(&any);

	assert_true(fd >= 0);
	*at = local_address(fd);
	return fd;
}

static void the_idlest_connection_gives_way_to_another_server(void **state)
{
	struct address at;
	int other = open_other_server(&at), fd;

	(void)state;
	ask_of(a);
	struct asked first = take_first_on(&fd);

	workers[0]->connection_shares.max = 1;
	q.to.address = at;
	q.name = numbered(2);
	assert_int_equal(refusal_of(b), UPSTREAM_NO_RESOURCE); /* the first is being asked */
	answer(&first, 9);
	await_told(a, 1, 0);
	ask_of(b);
	assert_int_equal(connections(), 1);
	assert_true(is_closed(fd));
	close(fd);
	/* And of two idle ones the one that is so for longer. */
	workers[0]->connection_shares.max = TCP_CONNECTIONS_MAX;
	close(other);
}

static void what_was_learned_gives_way_to_asking(void **state)
{
	struct pool *pool = &workers[0]->tcp_servers;
	struct address at;
	int other = open_other_server(&at), fd;

	(void)state;
	/* It answers one and closes, which is known of it afterwards. */
	ask_of(a);
	struct asked first = take_first_on(&fd);

	q.name = numbered(1);
	ask_of(b);
	answer(&first, 1);
	await_told(a, 1, 0);
	close(fd);
	await_told(b, 1, 0);
	assert_int_equal(b->reply.event, UPSTREAM_UNREACHABLE);
	assert_int_equal(b->reply.transport, TRANSPORT_TCP);
	assert_int_equal(pool->taken_n, 1);
	assert_non_null(
		find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL}));
	pool->max = pool->fresh;
	q.to.address = at;
	ask_of(b);
	assert_int_equal(pool->taken_n, 1);
	assert_null(find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL}));
	/* One with a connection does not give way. */
	q.to.address = forwarder_at;
	assert_int_equal(refusal_of(a), UPSTREAM_NO_RESOURCE);
	pool->max = TCP_SERVERS_MAX;
	close(other);
}

/* It waited for a place on a connection, and there is neither any more. */
static void who_waits_is_told_when_there_is_no_place(void **state)
{
	int fd;

	(void)state;
	workers[0]->connection_shares.max = 1;
	ask_many(0, SERVER_PIPELINE_MAX + 2);
	assert_null(connection_of(&wanting[SERVER_PIPELINE_MAX]));
	fd = take_connection();
	workers[0]->connection_shares.max = 0;
	struct linger hard = {1, 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	close(fd);
	for (unsigned i = 0; i < SERVER_PIPELINE_MAX + 2; i++) {
		await_told(&wanting[i], 1, 0);
		assert_int_equal(wanting[i].reply.event, i < SERVER_PIPELINE_MAX
								 ? UPSTREAM_UNREACHABLE
								 : UPSTREAM_NO_RESOURCE);
	}
	assert_int_equal(workers[0]->tcp_servers.taken_n, 0);
	workers[0]->connection_shares.max = TCP_CONNECTIONS_MAX;
}

static void without_descriptors_or_memory_no_place_is_kept(void **state)
{
	struct rlimit before, none;
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	enum upstream_event event = refusal_of(a);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(event, UPSTREAM_NO_RESOURCE);
	assert_int_equal(connections(), 0);
	assert_int_equal(workers[0]->tcp_connections.taken_n, 0);
	assert_int_equal(workers[0]->tcp_servers.taken_n, 0);
	workers[0]->tcp_connections.max = 0;
	while (pool_take(&workers[0]->tcp_connections))
		;
	assert_int_equal(refusal_of(a), UPSTREAM_NO_RESOURCE);
	assert_int_equal(connections(), 0);
	workers[0]->tcp_connections.max = TCP_CONNECTIONS_MAX;
	ask_of(a);
	assert_int_equal(connections(), 1);
}

/* --- servers that answer but a few -------------------------------------------------------------
 */

static void one_that_answers_a_few_is_asked_a_few(void **state)
{
	struct asked asked[3];
	int fd, next;

	(void)state;
	ask_of(&wanting[0]);
	asked[0] = take_first_on(&fd);
	ask_many(1, 3);
	asked[1] = take_on(fd);
	for (unsigned i = 0; i < 2; i++) {
		answer(&asked[i], (uint8_t)i);
		await_told(&wanting[i], 1, 0);
	}
	close(fd);
	await_told(&wanting[2], 1, 0);
	assert_int_equal(wanting[2].reply.event, UPSTREAM_UNREACHABLE);
	assert_int_equal(connections(), 0);
	/* Two to a connection from here on. */
	ask_many(10, 15);
	assert_int_equal(connections(), 3);
	assert_ptr_equal(connection_of(&wanting[10]), connection_of(&wanting[11]));
	assert_ptr_equal(connection_of(&wanting[12]), connection_of(&wanting[13]));
	assert_ptr_not_equal(connection_of(&wanting[11]), connection_of(&wanting[12]));
	assert_ptr_not_equal(connection_of(&wanting[13]), connection_of(&wanting[14]));
	/* Used up and answered it is closed, by us. */
	asked[0] = take_first_on(&next);
	asked[1] = take_on(next);
	answer(&asked[0], 1);
	answer(&asked[1], 2);
	assert_true(is_closed(next));
	close(next);
	/* It may have learned to do better after a while. */
	let_pass_ms(SERVER_FEW_MS);
	ask_many(20, 24);
	for (unsigned i = 20; i < 24; i++)
		assert_true(connection_of(&wanting[i])->asked_n > 2);
}

static void what_was_learned_is_forgotten_after_a_while(void **state)
{
	int fd;

	(void)state;
	ask_of(a);
	struct asked first = take_first_on(&fd);

	q.name = numbered(1);
	ask_of(b);
	answer(&first, 1);
	await_told(a, 1, 0);
	let_pass_ms(0);
	close(fd);
	await_told(b, 1, 0);
	const struct tcp_server *s =
		find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL});

	assert_non_null(s);
	assert_int_equal(s->few, 1);
	assert_false(cds_list_empty(&workers[0]->tcp_servers_idle));
	ask_of(a); /* it has a connection again */
	assert_true(cds_list_empty(&workers[0]->tcp_servers_idle));
	let_pass_ms(SERVER_FEW_MS + 10);
	upstream_leave(&a->asker);
	struct tcp_connection *c1 =
		cds_list_first_entry(&s->connections, struct tcp_connection, node);

	stream_close(&c1->stream);
	on_ended(&c1->stream, STREAM_IDLE);
	assert_null(find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL}));
}

/* That it closes idle connections says nothing. */
static void an_idle_connection_that_ends_teaches_nothing(void **state)
{
	int fd;

	(void)state;
	ask_of(a);
	struct asked first = take_first_on(&fd);

	answer(&first, 1);
	await_told(a, 1, 0);
	assert_int_equal(connections(), 1);
	close(fd);
	for (unsigned i = 0; i < PATIENCE_MS && connections() > 0; i++)
		pass(1);
	assert_int_equal(connections(), 0);
	assert_null(find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL}));
	assert_int_equal(workers[0]->tcp_servers.taken_n, 0);
}

/* One that never answered did not answer a few. */
static void a_connection_without_an_answer_teaches_nothing(void **state)
{
	int fd;

	(void)state;
	ask_of(a);
	(void)take_first_on(&fd);
	close(fd);
	await_told(a, 1, 0);
	assert_int_equal(a->reply.event, UPSTREAM_UNREACHABLE);
	assert_null(find_server(workers[0], &(struct endpoint){forwarder_at, TRANSPORT_TCP, NULL}));
}

/* --- silence
 * -------------------------------------------------------------------------------------- */

static void a_mute_connection_is_asked_no_more(void **state)
{
	struct tcp_connection *first;

	(void)state;
	ask_many(0, 1);
	first = connection_of(a);
	let_pass_ms(SERVER_MUTE_MS - 1);
	ask_many(1, 2);
	assert_ptr_equal(connection_of(&wanting[1]), first);
	let_pass_ms(1);
	ask_many(2, 3);
	assert_ptr_not_equal(connection_of(&wanting[2]), first);
}

static void a_word_shows_that_it_lives(void **state)
{
	struct tcp_connection *first;
	int fd;

	(void)state;
	ask_of(a);
	first = connection_of(a);
	q.name = numbered(1);
	ask_of(b);
	struct asked asked = take_first_on(&fd);

	/* Both had been asked a long time ago. */
	first->heard_ms -= SERVER_MUTE_MS;
	assert_true(is_mute(first));
	answer(&asked, 1);
	await_told(a, 1, 0);
	assert_false(is_mute(first));
	/* So the other's silence is its own. */
	b->asker.live->exchange->sent_ns -= NS_PER_S;
	time_out(b);
	assert_int_equal(b->reply.event, UPSTREAM_TIMED_OUT);
	assert_false(first->mute);
	assert_int_equal(first->exchanges_n, 0);
	assert_false(cds_list_empty(&workers[0]->idle_connections));
	/* Not a word since it was sent: now it is the connection's. */
	let_pass_ms(1);
	ask_of(b);
	assert_true(cds_list_empty(&workers[0]->idle_connections));
	for (unsigned i = 0; i < 2; i++)
		(void)take_on(fd);
	time_out(b);
	assert_true(first->mute);
	assert_true(is_closed(fd));
	close(fd);
}

/* Whoever leaves it in silence tells as much as a timeout. */
static void left_in_silence(void **state)
{
	struct tcp_connection *first;
	int fd;

	(void)state;
	ask_of(a);
	first = connection_of(a);
	let_pass_ms(SERVER_MUTE_MS - 1);
	upstream_leave(&a->asker);
	assert_false(first->mute);
	ask_of(a);
	assert_ptr_equal(connection_of(a), first);
	let_pass_ms(SERVER_MUTE_MS);
	upstream_leave(&a->asker);
	assert_true(first->mute);
	fd = take_connection();
	(void)take_on(fd);
	(void)take_on(fd);
	assert_true(is_closed(fd));
	assert_int_equal(connections(), 0);
	close(fd);
}

/* --- replies
 * ------------------------------------------------------------------------------------------ */

/* By TCP the sender is known, so its habits don't matter. */
static void replies_in_other_case_count(void **state)
{
	int fd;

	(void)state;
	ask_of(a);
	struct asked first = take_first_on(&fd), other = first;
	uint8_t *name = other.octets + TERN_HEADER_LEN;

	name[1] = 'W';
	assert_int_equal(tern_message_parse(other.octets, other.len, NULL, 0, &other.m), TERN_OK);
	answer(&other, 3);
	await_told(a, 1, 0);
	assert_int_equal(a->reply.event, UPSTREAM_ANSWERED);
	assert_int_equal(a->reply.transport, TRANSPORT_TCP);
	assert_int_equal(a->octet, 3);
	assert_int_equal(counted(&tally()->upstream_mismatched), 0);
	close(fd);
}

static void a_foreign_reply_answers_nobody(void **state)
{
	int fd;

	(void)state;
	ask_of(a);
	struct asked first = take_first_on(&fd), foreign = first;

	foreign.m.id++;
	answer(&foreign, 3);
	pass(5);
	assert_int_equal(a->answered_n, 0);
	assert_int_equal(counted(&tally()->upstream_mismatched), 1);
	assert_int_equal(connection_of(a)->answered_n, 0);
	answer(&first, 4);
	await_told(a, 1, 0);
	assert_int_equal(a->octet, 4);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE(questions_fill_one_after_the_other),
		PIPELINE(without_any_place_it_is_said_at_once),
		PIPELINE(the_idlest_connection_gives_way_to_another_server),
		PIPELINE(what_was_learned_gives_way_to_asking),
		PIPELINE(who_waits_is_told_when_there_is_no_place),
		PIPELINE(without_descriptors_or_memory_no_place_is_kept),
		PIPELINE(one_that_answers_a_few_is_asked_a_few),
		PIPELINE(what_was_learned_is_forgotten_after_a_while),
		PIPELINE(an_idle_connection_that_ends_teaches_nothing),
		PIPELINE(a_connection_without_an_answer_teaches_nothing),
		PIPELINE(a_mute_connection_is_asked_no_more),
		PIPELINE(a_word_shows_that_it_lives),
		PIPELINE(left_in_silence),
		PIPELINE(replies_in_other_case_count),
		PIPELINE(a_foreign_reply_answers_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
