/*
 * blast.c - a DNS query generator that costs little: batches, several ports.
 *
 * 1. The questions are read and made into messages.
 * 2. Each turn takes the answers of every port, then sends: so many that the
 *    window is full again, or those that are due at the pace.
 * 3. With nothing to take and nothing to send it sleeps until there is.
 * 4. At the end it waits for what is in flight and prints one JSON object.
 *
 * At a pace, latency counts from when a query was due, not from when it went:
 * a slow server can't slow its own measurement down.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "blast_line.h"

#define LINES_MAX      64
#define EDNS_SIZE      1232
#define SLEEP_MAX_NS   (10 * NS_PER_MS)
#define TIMER_SLACK_NS 1000

struct options {
	struct address server;
	struct address from;
	const char *path;
	unsigned window; /* queries in flight over all lines */
	unsigned lines;
	unsigned seconds;
	unsigned runs; /* through the file; 0: until the time is over */
	unsigned pace; /* queries per second; 0: window only */
	unsigned timeout_ms;
	struct query_form form;
};

struct blast {
	struct options options;
	struct queries queries;
	struct source source;
	struct line *lines;
	unsigned turn; /* the line that sends next at a pace */
	struct tally tally;
};

static const char usage_text[] =
	"blast [options] SERVER: send DNS queries, count answers, print one JSON object\n"
	"  -d FILE  questions, \"NAME TYPE\" per line (required)\n"
	"  -p PORT  of the server (53)\n"
	"  -a ADDR  source address (the kernel's choice)\n"
	"  -s N     source ports, 1 to 64 (8)\n"
	"  -w N     queries in flight (100); with -Q no limit\n"
	"  -Q N     queries per second (as fast as the window allows)\n"
	"  -l N     seconds (5)\n"
	"  -n N     times through the file at most (no limit)\n"
	"  -t MS    when a query is lost (3000)\n"
	"  -e SIZE  send an OPT with this UDP size (none)\n"
	"  -D       ask for signatures: DO, in an OPT of 1232 octets unless -e says more\n"
	"  -A       ask whether answers are validated: AD\n";

static unsigned number_of(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*end || end == text || v < min || v > max) {
		fprintf(stderr, "blast: \"%s\" is not a number from %u to %u\n", text, min, max);
		exit(2);
	}
	return (unsigned)v;
}

static void parse_option(struct options *o, int letter, const char *value, unsigned *port)
{
	switch (letter) {
	case 'd': o->path = value; break;
	case 'p': *port = number_of(value, 1, 65535); break;
	case 's': o->lines = number_of(value, 1, LINES_MAX); break;
	case 'w': o->window = number_of(value, 1, LINE_SLOTS); break;
	case 'Q': o->pace = number_of(value, 1, 10000000); break;
	case 'l': o->seconds = number_of(value, 1, 86400); break;
	case 'n': o->runs = number_of(value, 1, 1000000); break;
	case 't': o->timeout_ms = number_of(value, 1, 60000); break;
	case 'e': o->form.edns_size = (uint16_t)number_of(value, 512, 65535); break;
	case 'D': o->form.dnssec_ok = true; break;
	case 'A': o->form.authentic = true; break;
	case 'a':
		if (address_from_text(value, 0, &o->from))
			break;
		fprintf(stderr, "blast: \"%s\" is not an address\n", value);
		exit(2);
	case 'h': fputs(usage_text, stdout); exit(0);
	default: fputs(usage_text, stderr); exit(2);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	unsigned port = 53;
	int letter;

	*o = (struct options){.window = 100, .lines = 8, .seconds = 5, .timeout_ms = 3000};
	while ((letter = getopt(argc, argv, "d:p:a:s:w:Q:l:n:t:e:DAh")) != -1)
		parse_option(o, letter, optarg, &port);
	if (!o->path || optind + 1 != argc ||
	    !address_from_text(argv[optind], (uint16_t)port, &o->server)) {
		fputs(usage_text, stderr);
		exit(2);
	}
	if (o->form.dnssec_ok && !o->form.edns_size)
		o->form.edns_size = EDNS_SIZE;
	if (o->lines > o->window && !o->pace)
		o->lines = o->window;
}

static bool open_all(struct blast *b)
{
	unsigned line;
	const char *why = queries_read(&b->queries, b->options.path, &b->options.form, &line);

	if (why) {
		fprintf(stderr, "blast: %s:%u: %s\n", b->options.path, line, why);
		return false;
	}
	b->lines = calloc(b->options.lines, sizeof *b->lines);
	for (unsigned i = 0; b->lines && i < b->options.lines; i++) {
		if (!line_open(&b->lines[i], &b->options.from, &b->options.server)) {
			fprintf(stderr, "blast: socket: %s\n", strerror(errno));
			return false;
		}
	}
	return b->lines;
}

static unsigned fill_window(struct blast *b, uint64_t now_ns)
{
	unsigned each = b->options.window / b->options.lines;
	unsigned sent = 0;

	for (unsigned i = 0; i < b->options.lines; i++) {
		struct line *line = &b->lines[i];
		if (line->in_flight < each)
			sent += line_send(line, &b->source, each - line->in_flight, now_ns,
					  &b->tally);
	}
	return sent;
}

/* All that is due, a batch per line in turn. */
static unsigned keep_pace(struct blast *b, uint64_t now_ns)
{
	uint64_t due = (uint64_t)((double)(now_ns - b->source.start_ns) / b->source.gap_ns) + 1;
	unsigned sent = 0;

	while (b->source.taken < due) {
		uint64_t left = due - b->source.taken;
		unsigned n = left < LINE_BATCH ? (unsigned)left : LINE_BATCH;
		struct line *line = &b->lines[b->turn++ % b->options.lines];
		unsigned done = line_send(line, &b->source, n, now_ns, &b->tally);
		sent += done;
		if (done < n)
			break;
	}
	return sent;
}

static unsigned receive_all(struct blast *b)
{
	unsigned answers = 0;

	for (unsigned i = 0; i < b->options.lines; i++) {
		if (b->lines[i].in_flight)
			answers += line_receive(&b->lines[i], &b->tally);
	}
	return answers;
}

static unsigned expire_all(struct blast *b, uint64_t now_ns)
{
	uint64_t timeout_ns = b->options.timeout_ms * NS_PER_MS;
	unsigned in_flight = 0;

	for (unsigned i = 0; i < b->options.lines; i++) {
		line_expire(&b->lines[i], now_ns - timeout_ns, &b->tally);
		in_flight += b->lines[i].in_flight;
	}
	return in_flight;
}

static void sleep_until(struct blast *b, uint64_t now_ns, uint64_t wake_ns)
{
	struct pollfd polls[LINES_MAX];
	uint64_t wait_ns = wake_ns > now_ns ? wake_ns - now_ns : 0;

	if (wait_ns > SLEEP_MAX_NS)
		wait_ns = SLEEP_MAX_NS;
	for (unsigned i = 0; i < b->options.lines; i++)
		polls[i] = (struct pollfd){.fd = b->lines[i].fd, .events = POLLIN};
	struct timespec wait = {.tv_nsec = (long)wait_ns};
	(void)ppoll(polls, b->options.lines, &wait, NULL);
}

static uint64_t next_due_ns(const struct blast *b, uint64_t now_ns)
{
	const struct source *s = &b->source;

	if (s->gap_ns <= 0 || s->left == 0)
		return now_ns + SLEEP_MAX_NS;
	return s->start_ns + (uint64_t)((double)s->taken * s->gap_ns) + 1;
}

/* Until all is sent or the time is over, then until nothing is in flight. Returns the end. */
static uint64_t run(struct blast *b)
{
	uint64_t end_ns = b->source.start_ns + b->options.seconds * NS_PER_S;
	uint64_t last_ns = b->source.start_ns;

	for (;;) {
		unsigned moved = receive_all(b);
		uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
		if (moved)
			last_ns = now_ns;
		unsigned in_flight = expire_all(b, now_ns);
		if (now_ns >= end_ns)
			b->source.left = 0;
		if (b->source.left == 0 && in_flight == 0)
			return last_ns;
		if (b->source.left)
			moved += b->options.pace ? keep_pace(b, now_ns) : fill_window(b, now_ns);
		if (!moved)
			sleep_until(b, now_ns, next_due_ns(b, now_ns));
	}
}

static void print_result(const struct blast *b, uint64_t end_ns)
{
	const struct tally *t = &b->tally;
	double seconds = (double)(end_ns - b->source.start_ns) / (double)NS_PER_S;

	printf("{\"sent\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"lost\": %" PRIu64
	       ", \"strange\": %" PRIu64 ", \"seconds\": %.6f, \"qps\": %.1f, ",
	       t->sent, t->answered, t->lost, t->strange, seconds,
	       seconds > 0 ? (double)t->answered / seconds : 0.0);
	printf("\"noerror\": %" PRIu64 ", \"servfail\": %" PRIu64 ", \"nxdomain\": %" PRIu64
	       ", \"refused\": %" PRIu64 ", \"octets\": %" PRIu64 ", \"authentic\": %" PRIu64
	       ", \"truncated\": %" PRIu64 ", ",
	       t->rcodes[0], t->rcodes[2], t->rcodes[3], t->rcodes[5], t->octets, t->authentic,
	       t->truncated);
	printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"max_us\": %.1f}\n",
	       (double)histogram_quantile(&t->latency, 0.5) / 1e3,
	       (double)histogram_quantile(&t->latency, 0.9) / 1e3,
	       (double)histogram_quantile(&t->latency, 0.99) / 1e3,
	       (double)histogram_quantile(&t->latency, 0.999) / 1e3, (double)t->latency.max / 1e3);
}

int main(int argc, char **argv)
{
	static struct blast b;

	parse_options(&b.options, argc, argv);
	if (!open_all(&b))
		return 1;
	(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	b.source = (struct source){
		.queries = &b.queries,
		.left = b.options.runs ? (uint64_t)b.options.runs * b.queries.n : UINT64_MAX,
		.start_ns = clock_ns(CLOCK_MONOTONIC),
		.gap_ns = b.options.pace ? 1e9 / b.options.pace : 0,
	};
	print_result(&b, run(&b));
	for (unsigned i = 0; i < b.options.lines; i++)
		line_close(&b.lines[i]);
	free(b.lines);
	queries_fini(&b.queries);
	return 0;
}
