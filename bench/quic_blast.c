/*
 * quic_blast.c - asks by DNS over QUIC as fast as answers come.
 *
 *	quic_blast [-p PORT] [-c CONNECTIONS] [-q IN_FLIGHT] [-l SECONDS] -d QUERIES SERVER
 *
 * One thread; IN_FLIGHT in all. Whoever shows whichever certificate is believed. Tells as JSON
 * what was sent and answered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "blast_queries.h"
#include "net/quic.h"

#define CONNECTIONS_MAX 64
#define WAIT_MS         100
#define END_MS          1000 /* for the last answers */

struct load {
	struct loop loop;
	struct tls_turns turns;
	struct random random;
	struct quic_secret secret;
	struct quic_front front;
	struct queries queries;
	struct tls_peer *peer;
	uint32_t next; /* question */
	uint64_t sent, answered, servfail, refused, octets;
	bool over;
};

struct connection {
	struct stream stream;
	struct load *load;
	struct quic_memory memory;
	char why[TLS_WHY_MAX];
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "quic_blast: %s\n", what);
	exit(1);
}

static void ask(struct connection *c)
{
	struct load *l = c->load;
	uint32_t i = l->next++ % l->queries.n;
	const uint8_t *at = l->queries.octets + l->queries.at[i];

	if (!stream_send(&c->stream, 0, at, l->queries.at[i + 1] - l->queries.at[i]))
		die("a question can't be sent");
	l->sent++;
}

static bool on_message(struct stream *s, const uint8_t *octets, size_t len)
{
	struct connection *c = CONTAINER_OF(s, struct connection, stream);
	struct load *l = c->load;

	if (len < 12)
		die("a short answer");
	l->answered++;
	l->octets += len;
	l->servfail += (octets[3] & 15) == 2;
	l->refused += (octets[3] & 15) == 5;
	if (!l->over)
		ask(c);
	return true;
}

static void on_ended(struct stream *s, enum stream_end why)
{
	const struct connection *c = CONTAINER_OF(s, struct connection, stream);

	(void)why;
	die(*c->why ? c->why : "a connection has ended");
}

static void turn(struct load *l)
{
	loop_wait(&l->loop, WAIT_MS);
	loop_dispatch(&l->loop);
	quic_flush(&l->front);
}

static void begin(struct load *l, const char *path)
{
	const struct query_form form = {.edns_size = 1232};
	const struct tls_identity identity = {.pins_n = 0};
	const char *why;
	unsigned line;

	why = queries_read(&l->queries, path, &form, &line);
	if (why)
		die(why);
	random_init(&l->random);
	quic_secret_draw(&l->secret, &l->random);
	struct tls_trust *trust = tls_trust_create("", NULL, &why);

	if (!trust || !loop_init(&l->loop) || !tls_turns_init(&l->turns, &l->loop))
		die("no memory");
	l->peer = tls_peer_create(trust, &identity);
	if (!l->peer)
		die("no memory");
	quic_front_init(&l->front, NULL, NULL, &l->loop, &l->turns, &l->secret, &l->random, 0);
}

static void connect_to(struct load *l, struct connection *c, const struct address *server)
{
	c->load = l;
	c->stream.message = on_message;
	c->stream.ended = on_ended;
	if (!quic_ask(&l->front, &c->stream, server,
		      &(struct quic_asking){l->peer, &c->memory, c->why}, 30000))
		die(strerror(errno));
}

static void run(struct load *l, struct connection *c, unsigned n, unsigned in_flight,
		unsigned seconds)
{
	clock_read(&l->loop.now);
	for (unsigned i = 0; i < in_flight; i++)
		ask(&c[i % n]);
	while (l->answered == 0)
		turn(l);
	uint64_t began_ns = l->loop.now.mono_ns, first = l->answered;

	while (l->loop.now.mono_ns - began_ns < seconds * NS_PER_S)
		turn(l);
	uint64_t ns = l->loop.now.mono_ns - began_ns;

	l->over = true;
	for (unsigned i = 0; i < END_MS / WAIT_MS && l->answered < l->sent; i++)
		turn(l);
	printf("{\"sent\": %llu, \"answered\": %llu, \"servfail\": %llu, \"refused\": %llu, "
	       "\"octets\": %llu, \"seconds\": %.3f}\n",
	       (unsigned long long)l->sent, (unsigned long long)l->answered,
	       (unsigned long long)l->servfail, (unsigned long long)l->refused,
	       (unsigned long long)l->octets, (double)ns / 1e9 * (first < l->answered));
}

int main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS_MAX];
	static struct load load;
	unsigned n = 10, in_flight = 100, seconds = 5, port = 853;
	const char *path = NULL;
	struct address server;
	int option;

	while ((option = getopt(argc, argv, "p:c:q:l:d:")) != -1) {
		switch (option) {
		case 'p': port = (unsigned)atoi(optarg); break;
		case 'c': n = (unsigned)atoi(optarg); break;
		case 'q': in_flight = (unsigned)atoi(optarg); break;
		case 'l': seconds = (unsigned)atoi(optarg); break;
		case 'd': path = optarg; break;
		default: die("unknown option");
		}
	}
	if (!path || optind + 1 != argc || n == 0 || n > CONNECTIONS_MAX ||
	    !address_from_text(argv[optind], (uint16_t)port, &server))
		die("usage: quic_blast [-p PORT] [-c CONNECTIONS] [-q IN_FLIGHT] [-l SECONDS] "
		    "-d QUERIES SERVER");
	begin(&load, path);
	clock_read(&load.loop.now);
	for (unsigned i = 0; i < n; i++)
		connect_to(&load, &connections[i], &server);
	run(&load, connections, n, in_flight, seconds);
	return 0;
}
