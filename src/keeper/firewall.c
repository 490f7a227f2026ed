/* firewall.c - see firewall.h. */
#include "keeper/firewall.h"

#include <arpa/inet.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/nft_sets.h"
#include "worker/gate.h"

#define BATCH_MAX    64                /* letters in one transaction */
#define COMMAND_MAX  ((size_t)1 << 16) /* octets: of one letter's at least */
#define COMPLAINT_MS 60000
#define ELEMENT_MAX  (INET6_ADDRSTRLEN + 32)
#define STOP_MAX_MS  200 /* for which the end waits for nft */

/* Three times all addresses of a letter, twice with a timeout. */
_Static_assert(COMMAND_MAX >
		       6 * (2 * NFT_WORD_MAX + 32) + 3 * GATE_ADDRESSES_MAX * (size_t)ELEMENT_MAX,
	       "the command of one letter fits");

/* Whose turn is it? Who stops the thread may leave it alone only while nft has it. */
enum turn { TURN_OURS, TURN_OF_NFT, TURN_LEFT, TURN_ENDED };

struct firewall {
	struct log *log;
	struct nft_ctx *nft;
	struct mailbox box;
	pthread_t thread;
	_Atomic bool stopping;
	_Atomic int turn;  /* enum turn */
	bool is_left;      /* the thread is nft's for ever, and so is all of this */
	uint64_t told_ms;  /* when a failure was logged */
	unsigned untold_n; /* since then */
	size_t len;
	char command[COMMAND_MAX];
};

/* --- commands ------------------------------------------------------------------------------- */

static void PRINTF(2, 3) add(struct firewall *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(f->command + f->len, COMMAND_MAX - f->len, format, args);
	va_end(args);
	f->len = MIN(f->len + (size_t)MAX(n, 0), COMMAND_MAX - 1);
}

/* "add element inet filter set { 192.0.2.1 timeout 60s, 192.0.2.2 timeout 60s }" */
static void add_elements(struct firewall *f, const struct gate_letter *g, unsigned family,
			 const char *verb, unsigned timeout_s)
{
	const char *between = "{ ";
	char text[INET6_ADDRSTRLEN];

	add(f, "%s element %s %s ", verb, g->set->table, family == 4 ? g->set->ipv4 : g->set->ipv6);
	for (unsigned i = 0; i < g->n; i++) {
		const struct address *a = &g->addresses[i];

		if (a->family != family ||
		    !inet_ntop(family == 4 ? AF_INET : AF_INET6, a->octets, text, sizeof text))
			continue;
		add(f, "%s%s", between, text);
		if (timeout_s > 0)
			add(f, " timeout %us", timeout_s);
		between = ", ";
	}
	add(f, " }\n");
}

static bool has_family(const struct gate_letter *g, unsigned family)
{
	for (unsigned i = 0; i < g->n; i++) {
		if (g->addresses[i].family == family)
			return true;
	}
	return false;
}

/*
 * An element that is there keeps the timeout it has. So whatever is there goes first, and as what
 * is not there can't go, it is added before; all of this is one transaction.
 */
static void add_letter(struct firewall *f, const struct gate_letter *g)
{
	for (unsigned family = 4; family <= 6; family += 2) {
		if (!has_family(g, family))
			continue;
		add_elements(f, g, family, "add", g->set->timeout_s);
		if (g->set->timeout_s == 0)
			continue;
		add_elements(f, g, family, "delete", 0);
		add_elements(f, g, family, "add", g->set->timeout_s);
	}
}

/* Is it a minute since the last one? Else it is only counted. */
static bool may_complain(struct firewall *f)
{
	uint64_t now_ms = clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;

	if (f->told_ms > 0 && now_ms - f->told_ms < COMPLAINT_MS) {
		f->untold_n++;
		return false;
	}
	f->told_ms = now_ms;
	return true;
}

/* The first line that nft says, as far as it says what is wrong. */
static void complain(struct firewall *f, const struct gate_letter *g)
{
	const char *said = nft_ctx_get_error_buffer(f->nft);
	const char *error = strstr(said, "Error: ");

	error = error ? error + strlen("Error: ") : said;
	if (!may_complain(f))
		return;
	log_warning(f->log,
		    "nft-sets: table %s: nft can't put addresses into a set: %.*s%s; %u more since "
		    "the last time",
		    g->set->table, (int)MIN(strcspn(error, "\n"), (size_t)160), error,
		    *error ? "" : "no reason given", f->untold_n);
	f->untold_n = 0;
}

static void complain_of_time(struct firewall *f, uint64_t took_ms)
{
	if (took_ms <= GATE_WAIT_MS || !may_complain(f))
		return;
	log_warning(
		f->log,
		"nft-sets: nft took %llu ms to put addresses into sets, and answers went before "
		"that; %u more since the last time",
		(unsigned long long)took_ms, f->untold_n);
	f->untold_n = 0;
}

/* Nothing of the daemon's is there any more when its end did not wait. */
static void take_turn(struct firewall *f)
{
	int of_nft = TURN_OF_NFT;

	if (atomic_compare_exchange_strong(&f->turn, &of_nft, TURN_OURS))
		return;
	for (;;)
		pause();
}

/* At the end nobody waits for what comes into sets yet. */
static bool run_command(struct firewall *f)
{
	uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);

	f->command[f->len] = '\0';
	f->len = 0;
	if (atomic_load_explicit(&f->stopping, memory_order_acquire))
		return true;
	atomic_store(&f->turn, TURN_OF_NFT);
	bool good = nft_run_cmd_from_buffer(f->nft, f->command) == 0;

	take_turn(f);
	complain_of_time(f, (clock_ns(CLOCK_MONOTONIC) - begun_ns) / NS_PER_MS);
	return good;
}

/* Together, as a transaction costs more than what is in it; when one fails, one by one. */
static void fill_sets(struct firewall *f, struct gate_letter *letters[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_letter(f, letters[i]);
	/* Too much for one is cut off, and then it must fail. */
	bool whole = f->len < COMMAND_MAX - 1;

	if (whole && run_command(f))
		return;
	f->len = 0;
	for (unsigned i = 0; i < n; i++) {
		add_letter(f, letters[i]);
		if (!run_command(f))
			complain(f, letters[i]);
	}
}

/* --- the thread ------------------------------------------------------------------------------- */

static void send_back(struct gate_letter *letters[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mailbox_send_back(letters[i]->back, &letters[i]->letter);
}

static void read_letters(struct firewall *f)
{
	struct gate_letter *letters[BATCH_MAX];
	struct letter *letter;
	unsigned n;

	do {
		for (n = 0; n < BATCH_MAX && (letter = mailbox_take(&f->box)) != NULL; n++)
			letters[n] = CONTAINER_OF(letter, struct gate_letter, letter);
		if (n > 0)
			fill_sets(f, letters, n);
		send_back(letters, n);
	} while (n == BATCH_MAX);
}

static void *run(void *argument)
{
	struct firewall *f = argument;
	struct pollfd fd = {.fd = f->box.event_fd, .events = POLLIN};

	while (!atomic_load_explicit(&f->stopping, memory_order_acquire)) {
		if (poll(&fd, 1, -1) > 0)
			mailbox_open(&f->box);
		read_letters(f);
	}
	atomic_store(&f->turn, TURN_ENDED);
	return NULL;
}

static bool begin_thread(struct firewall *f)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool good = pthread_create(&f->thread, NULL, run, f) == 0;

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

struct firewall *firewall_start(struct log *log)
{
	struct firewall *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->log = log;
	f->nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (f->nft && nft_ctx_buffer_output(f->nft) == 0 && nft_ctx_buffer_error(f->nft) == 0 &&
	    mailbox_init(&f->box)) {
		if (begin_thread(f))
			return f;
		mailbox_fini(&f->box);
	}
	if (f->nft)
		nft_ctx_free(f->nft);
	free(f);
	return NULL;
}

struct mailbox *firewall_box(struct firewall *f)
{
	return &f->box;
}

/* False when the thread is left to nft, for as long as the process lives. */
static bool join_or_leave(struct firewall *f)
{
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + STOP_MAX_MS * NS_PER_MS;

	while (atomic_load(&f->turn) != TURN_ENDED) {
		int of_nft = TURN_OF_NFT;

		if (clock_ns(CLOCK_MONOTONIC) >= until_ns &&
		    atomic_compare_exchange_strong(&f->turn, &of_nft, TURN_LEFT))
			return false;
		usleep(1000);
	}
	pthread_join(f->thread, NULL);
	return true;
}

void firewall_stop(struct firewall *f)
{
	if (!f)
		return;
	atomic_store_explicit(&f->stopping, true, memory_order_release);
	mailbox_ring(&f->box);
	f->is_left = !join_or_leave(f);
}

void firewall_destroy(struct firewall *f)
{
	struct letter *letter;

	if (!f)
		return;
	if (f->is_left) {
		log_warning(f->log, "nft-sets: nft does not come back, and is not waited for");
		return;
	}
	while ((letter = mailbox_take(&f->box)) != NULL)
		gate_throw_away(CONTAINER_OF(letter, struct gate_letter, letter));
	mailbox_fini(&f->box);
	nft_ctx_free(f->nft);
	free(f);
}
