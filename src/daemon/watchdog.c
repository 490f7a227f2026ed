/*
 * watchdog.c - see watchdog.h.
 *
 *   tick -> judge each worker -> slow or hanging: signal it, to record its stack
 *                             -> a later tick: log the stack, and abort if it hangs
 */
#include "daemon/watchdog.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "worker/worker.h"

struct watched {
	struct worker *worker;
	struct turn_watch turn;
	struct stack stack;
	unsigned stack_ticks; /* since it was asked for; 0: it wasn't */
	bool hangs;
};

struct watchdog {
	struct log *log;
	struct watchdog_limits limits;
	struct sigaction before;
	unsigned workers_n;
	struct watched watched[WORKERS_MAX];
};

/* --- the judgement ---------------------------------------------------------------- */

enum turn_verdict turn_judge(struct turn_watch *t, const struct watchdog_limits *limits,
			     uint64_t beat, uint64_t cpu_ms, bool asleep)
{
	if (!t->seen || beat != t->beat) {
		*t = (struct turn_watch){.beat = beat, .cpu_ms = cpu_ms, .seen = true};
		return TURN_FINE;
	}
	t->asleep_ticks = asleep ? t->asleep_ticks + 1 : 0;
	if (cpu_ms - t->cpu_ms >= limits->hang_ms || t->asleep_ticks >= limits->asleep_max)
		return TURN_HANGS;
	if (cpu_ms - t->cpu_ms < limits->slow_ms || t->told)
		return TURN_FINE;
	t->told = true;
	return TURN_SLOW;
}

/* The scheduler's letter for the thread: S is asleep until something comes. */
static bool is_asleep(pid_t thread)
{
	char path[64], text[256];
	const char *end;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* "TID (NAME) STATE ...": the name may have anything in it. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'S';
}

/* --- stacks ------------------------------------------------------------------------- */

/* Runs in the worker's thread, wherever that is. */
static void record_stack(int number, siginfo_t *info, void *context)
{
	struct stack *s = info->si_value.sival_ptr;
	int error = errno; /* of what was interrupted */

	(void)number;
	(void)context;
	/* Only the watchdog's own signal brings the address of a stack. */
	if (info->si_code != SI_QUEUE || info->si_pid != getpid() || !s)
		return;
	ORDER_ACQUIRE(s);
	s->frames_n = backtrace(s->frames, WATCHDOG_FRAMES_MAX);
	atomic_store_explicit(&s->recorded, true, memory_order_release);
	errno = error;
}

static void ask_for_stack(struct watched *w)
{
	if (w->stack_ticks > 0)
		return;
	atomic_store_explicit(&w->stack.recorded, false, memory_order_relaxed);
	w->stack.frames_n = 0;
	w->stack_ticks = 1;
	ORDER_RELEASE(&w->stack);
	(void)pthread_sigqueue(worker_thread(w->worker), WORKER_STACK_SIGNAL,
			       (union sigval){.sival_ptr = &w->stack});
}

#define STACK_TEXT_MAX 800 /* octets: one line of the log */

static void log_stack(struct watchdog *d, unsigned index)
{
	struct stack *s = &d->watched[index].stack;
	char text[STACK_TEXT_MAX] = "";
	char **names = backtrace_symbols(s->frames, s->frames_n);
	size_t at = 0;

	/* The first two are the signal's. */
	for (int i = 2; names && i < s->frames_n && at < sizeof text - 1; i++) {
		const char *name = strrchr(names[i], '/');
		int n = snprintf(text + at, sizeof text - at, " %s", name ? name + 1 : names[i]);

		at += n > 0 ? (size_t)n : 0;
	}
	free(names);
	log_warning(d->log, "worker %u is at:%s", index, text);
}

/* --- ticks --------------------------------------------------------------------------- */

/* With its stack told, or without one if that doesn't come. */
static void tell(struct watchdog *d, unsigned index)
{
	struct watched *w = &d->watched[index];
	bool recorded = atomic_load_explicit(&w->stack.recorded, memory_order_acquire);

	if (w->stack_ticks == 0 || (!recorded && ++w->stack_ticks < WATCHDOG_STACK_TICKS))
		return;
	if (recorded)
		log_stack(d, index);
	w->stack_ticks = 0;
	if (!w->hangs)
		return;
	log_error(d->log, "worker %u hangs", index);
	abort();
}

static void look_at(struct watchdog *d, unsigned index)
{
	struct watched *w = &d->watched[index];
	uint64_t beat = worker_beat(w->worker);
	uint64_t cpu_ms = worker_cpu_ns(w->worker) / NS_PER_MS;
	bool asleep = beat == w->turn.beat && is_asleep(worker_thread_id(w->worker));

	switch (turn_judge(&w->turn, &d->limits, beat, cpu_ms, asleep)) {
	case TURN_FINE: break;
	case TURN_SLOW:
		log_warning(d->log, "worker %u has used more than %u ms of CPU in one turn", index,
			    d->limits.slow_ms);
		ask_for_stack(w);
		break;
	case TURN_HANGS:
		w->hangs = true;
		ask_for_stack(w);
		break;
	}
	tell(d, index);
}

void watchdog_tick(struct watchdog *d)
{
	for (unsigned i = 0; i < d->workers_n; i++)
		look_at(d, i);
}

struct watchdog *watchdog_create(struct worker **workers, unsigned workers_n,
				 struct watchdog_limits limits, struct log *log)
{
	struct watchdog *d = calloc(1, sizeof *d);
	struct sigaction action = {.sa_sigaction = record_stack,
				   .sa_flags = SA_SIGINFO | SA_RESTART};
	void *frame[1];

	if (!d)
		return NULL;
	d->log = log;
	d->limits = limits;
	for (unsigned i = 0; i < workers_n; i++)
		watchdog_watch(d, workers[i]);
	/* Its first call loads a library, which a signal must not. */
	(void)backtrace(frame, 1);
	sigaction(WORKER_STACK_SIGNAL, &action, &d->before);
	return d;
}

void watchdog_watch(struct watchdog *d, struct worker *w)
{
	if (d->workers_n < WORKERS_MAX)
		d->watched[d->workers_n++].worker = w;
}

void watchdog_destroy(struct watchdog *d)
{
	if (!d)
		return;
	sigaction(WORKER_STACK_SIGNAL, &d->before, NULL);
	free(d);
}
