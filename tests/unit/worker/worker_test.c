/*
 * worker_test.c - making, starting and ending a worker, also when the system
 * refuses, and questions traced through its mailbox.
 */
#include "base/readers.h"
#include "worker/worker_private.h"

#include "helpers.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

static int make_shared(void **state)
{
	(void)state;
	shared_open(1 << 20, 1);
	rules.resolver = (struct resolver_options){
		.qmin = QMIN_OFF, .ipv4 = true, .max_ttl_s = 100, .do_not_query_localhost = true};
	/* The only root server is one that may not be asked: nothing leaves the machine. */
	hints = (struct root_hints){.servers_n = 1};
	memcpy(hints.servers[0].name, NAME("ns.root."), 9);
	hints.servers[0].addresses[0] = address("127.0.0.1");
	hints.servers[0].addresses_n = 1;
	return 0;
}

static int free_shared(void **state)
{
	(void)state;
	workers_end(); /* also of a test that failed */
	shared_close();
	return 0;
}

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* --- when descriptors run out ----------------------------------------------------------- */

/* The lowest descriptors are all in use: @p n more are to be had. */
static void allow_descriptors(unsigned n)
{
	int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit;

	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)lowest + n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void creation_fails_cleanly(void **state)
{
	struct rlimit before;
	int input = fcntl(STDIN_FILENO, F_GETFD);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	alarm(20); /* it must not wait for anything either */
	for (unsigned n = 0; n < 2; n++) {
		allow_descriptors(n);
		assert_null(worker_create(&shared, 0, NULL, 0));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		/* What was never opened is not closed. */
		assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), input);
	}
	alarm(0);
	/* Sockets that were to be its own are nobody's. */
	const struct listener_fds fds[] = {
		listen_somewhere(), {.udp = -1, .tcp = -1}, listen_somewhere()};

	allow_descriptors(0);
	assert_null(worker_create(&shared, 0, fds, 3));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned i = 0; i < 3; i += 2) {
		assert_int_equal(fcntl(fds[i].udp, F_GETFD), -1);
		assert_int_equal(fcntl(fds[i].tcp, F_GETFD), -1);
	}
	struct worker *w = worker_create(&shared, 0, NULL, 0);

	assert_non_null(w);
	worker_destroy(w);
}

/* --- a life ---------------------------------------------------------------------------------- */

static void it_beats_and_stops_at_once(void **state)
{
	struct listener_fds fds = listen_somewhere();
	uint64_t start_ms = now_ms();

	(void)state;
	workers[0] = worker_create(&shared, 0, &fds, 1);
	assert_non_null(workers[0]);
	assert_int_equal(worker_beat(workers[0]), 0);
	assert_true(worker_start(workers[0], -1));
	/* Without anything to do, too. */
	while (worker_beat(workers[0]) < 3 && now_ms() - start_ms < PATIENCE_MS)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_true(worker_beat(workers[0]) >= 3);
	start_ms = now_ms();
	worker_stop(workers[0]);
	worker_join(workers[0]);
	assert_true(now_ms() - start_ms < 1000);
	workers_end();
	/* Its sockets are closed with it. */
	assert_int_equal(fcntl(fds.udp, F_GETFD), -1);
	assert_int_equal(fcntl(fds.tcp, F_GETFD), -1);
}

/* Signals are the main thread's, but for a fault and for the question where a worker is. */
static void which_signals_it_takes(void **state)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, WORKER_STACK_SIGNAL};
	static const int others[] = {SIGTERM, SIGHUP, SIGINT, SIGCHLD, SIGUSR1, SIGALRM};
	unsigned long long blocked = 0;
	char path[80], line[200];
	sigset_t before, after;
	uint64_t start_ms = now_ms();

	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	assert_int_equal(worker_thread_id(workers[0]), 0);
	assert_int_equal(worker_cpu_ns(workers[0]), 0);
	assert_true(worker_start(workers[0], 0));
	while (worker_beat(workers[0]) < 1 && now_ms() - start_ms < PATIENCE_MS)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	assert_true(worker_cpu_ns(workers[0]) > 0);
	snprintf(path, sizeof path, "/proc/self/task/%d/status", (int)worker_thread_id(workers[0]));
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	while (fgets(line, sizeof line, f) && sscanf(line, "SigBlk: %llx", &blocked) != 1)
		;
	fclose(f);
	for (unsigned i = 0; i < ARRAY_LEN(own); i++)
		assert_false(blocked >> (own[i] - 1) & 1);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		assert_true(blocked >> (others[i] - 1) & 1);
	/* Who started it takes the same as before. */
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(sigismember(&after, others[i]), sigismember(&before, others[i]));
}

/* It begins on the CPU that it is given, and may leave it. */
static void it_is_tied_to_no_cpu(void **state)
{
	cpu_set_t ours, its;
	uint64_t start_ms = now_ms();

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof ours, &ours), 0);
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], 0));
	while (worker_beat(workers[0]) < 1 && now_ms() - start_ms < PATIENCE_MS)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	assert_int_equal(pthread_getaffinity_np(worker_thread(workers[0]), sizeof its, &its), 0);
	assert_true(CPU_EQUAL(&ours, &its));
}

/* As Linux has it in its second version, which tells the slice from 6.12 on. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static bool attributes_of(pid_t thread, struct attributes *out)
{
	return syscall(SYS_sched_getattr, thread, out, sizeof *out, 0) == 0;
}

/* An answer waits for nobody's computing, and the worker is no more important than others. */
static void its_slices_are_short(void **state)
{
	struct attributes ours = {0}, its = {0};
	uint64_t start_ms = now_ms();

	(void)state;
	if (!attributes_of(0, &ours) || ours.policy != SCHED_OTHER || ours.runtime_ns == 0)
		skip(); /* an older Linux, or somebody had it started otherwise */
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], -1));
	while (worker_beat(workers[0]) < 1 && now_ms() - start_ms < PATIENCE_MS)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	assert_true(attributes_of(worker_thread_id(workers[0]), &its));
	assert_int_equal(its.runtime_ns, 100000);
	assert_int_equal(its.policy, ours.policy);
	assert_int_equal(its.nice, ours.nice);
	/* Who started it keeps its own. */
	assert_true(attributes_of(0, &its));
	assert_int_equal(its.runtime_ns, ours.runtime_ns);
}

/* The main thread decides how many clients may be connected. */
static void connections_are_as_many_as_allowed(void **state)
{
	static const struct {
		uint32_t allowed, max;
	} cases[] = {{0, TCP_CLIENTS_MAX}, {5, 5}, {TCP_CLIENTS_MAX + 1, TCP_CLIENTS_MAX}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		atomic_store(&shared.tcp_clients_max, cases[i].allowed);
		workers[0] = worker_create(&shared, 0, NULL, 0);
		assert_non_null(workers[0]);
		assert_int_equal(workers[0]->client_shares.max, cases[i].max);
		workers_end();
	}
}

/** Ask for name1.example from @p fd: the rcode of the answer. */
static unsigned rcode_for(int fd)
{
	uint8_t octets[QUERY_MAX + 512];
	struct tern_builder b = begin_query(octets, 7, "name1.example.");
	size_t len = tern_builder_finish(&b);

	assert_int_equal(send(fd, octets, len, 0), len);
	assert_true(is_readable(fd, PATIENCE_MS));
	assert_true(recv(fd, octets, sizeof octets, 0) >= TERN_HEADER_LEN);
	return octets[3] & 15;
}

/* What the main thread decides counts from the next turn on. */
static void it_looks_at_each_turn_what_is_in_force(void **state)
{
	static struct rules others;
	struct listener_fds fds = listen_somewhere();
	struct address at = local_address(fds.tcp);
	int c = client_of(fds.udp), connections[3], ended = 0;
	uint8_t octet;

	(void)state;
	readers_enter();
	put_answer(1);
	readers_leave();
	workers[0] = worker_create(&shared, 0, &fds, 1);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], -1));
	assert_int_equal(rcode_for(c), TERN_RCODE_NOERROR);
	others = rules;
	others.access.allow_n = 0;
	atomic_store(&shared.rules.current, &others);
	assert_int_equal(rcode_for(c), TERN_RCODE_REFUSED);
	atomic_store(&shared.rules.current, &rules);
	assert_int_equal(rcode_for(c), TERN_RCODE_NOERROR);
	/* So does how many may be connected. */
	for (unsigned i = 0; i < 3; i++)
		connections[i] = connected(SOCK_STREAM, &at);
	for (unsigned i = 0; i < PATIENCE_MS && worker_tcp_clients(workers[0]) < 3; i++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	assert_int_equal(worker_tcp_clients(workers[0]), 3);
	atomic_store(&shared.tcp_clients_max, 1);
	assert_int_equal(rcode_for(c), TERN_RCODE_NOERROR);
	for (unsigned i = 0; i < 3; i++) {
		if (is_readable(connections[i], i < 2 ? PATIENCE_MS : 0))
			ended += recv(connections[i], &octet, 1, 0) <= 0;
		close(connections[i]);
	}
	assert_int_equal(ended, 2); /* the idlest */
	close(c);
}

static size_t read_all(int fd, char *text, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (is_readable(fd, PATIENCE_MS) && (n = read(fd, text + len, max - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return len;
}

static void a_trace_is_told_and_ends(void **state)
{
	static char text[65536];
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};
	int ends[2];

	(void)state;
	workers[0] = worker_create(&shared, 0, NULL, 0);
	assert_non_null(workers[0]);
	assert_true(worker_start(workers[0], -1));
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(worker_trace(workers[0], &q, ends[1]));
	read_all(ends[0], text, sizeof text);
	/* The end of the file: the worker has closed its side. */
	assert_int_equal(read(ends[0], text, 1), 0);
	assert_true(text[0] != '\0');
	close(ends[0]);
}

static void letters_nobody_reads_are_thrown_away(void **state)
{
	struct question q = {.name = "\3www\4test", .type = TERN_TYPE_A};
	int ends[2];
	char c;

	(void)state;
	workers[0] = worker_create(&shared, 0, NULL, 0); /* and never started */
	assert_non_null(workers[0]);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	assert_true(worker_trace(workers[0], &q, ends[1]));
	workers_end();
	assert_int_equal(read(ends[0], &c, 1), 0);
	close(ends[0]);
}

#define SHARED_TEST(f) cmocka_unit_test_setup_teardown(f, make_shared, free_shared)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED_TEST(it_beats_and_stops_at_once),
		SHARED_TEST(which_signals_it_takes),
		SHARED_TEST(it_is_tied_to_no_cpu),
		SHARED_TEST(it_looks_at_each_turn_what_is_in_force),
		SHARED_TEST(its_slices_are_short),
		SHARED_TEST(connections_are_as_many_as_allowed),
		SHARED_TEST(a_trace_is_told_and_ends),
		SHARED_TEST(letters_nobody_reads_are_thrown_away),
		SHARED_TEST(creation_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
