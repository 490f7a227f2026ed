/*
 * keeper_memory.c - negative trust anchors and the times of signals outlive the
 * daemon, in a file beside that of the trust anchors' states.
 *
 * The keeper counts by CLOCK_BOOTTIME, the file by CLOCK_REALTIME. A clock that
 * is behind the file's own lengthens nothing: what an exception had left when it
 * was written is the most that it gets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/exception_file.h"
#include "keeper/keeper_private.h"

static void restore_exception(struct keeper *k, const struct dated_name *kept, uint32_t clock_s)
{
	char text[TERN_NAME_TEXT_MAX];
	uint32_t now_s = MAX(keeper_wall_s(), clock_s);
	struct exception *e = &k->exceptions[k->exceptions_n];
	uint32_t boot_s = keeper_boot_s();

	if (kept->at_s <= now_s || exception_is_there(k, kept->name) ||
	    k->configured.negative_n + k->exceptions_n == NEGATIVE_ANCHORS_MAX)
		return;
	uint32_t left_s = MIN(kept->at_s - now_s, (uint32_t)EXCEPTION_LIFE_MAX_S);

	tern_name_copy(e->name, kept->name);
	e->until_s = boot_s + left_s;
	e->recheck_s = boot_s + k->options->recheck_s;
	k->exceptions_n++;
	log_notice(k->shared->log, "negative trust anchor %s: kept, %u s left",
		   tern_name_to_text(e->name, text), left_s);
}

/* A signal of a time to come is none: the clock was wrong then, or is now. */
static void restore_signal(struct keeper *k, const struct dated_name *kept)
{
	uint32_t wall_s = keeper_wall_s();

	for (unsigned i = 0; i < k->configured.n && kept->at_s <= wall_s; i++) {
		if (!tern_name_equal(k->configured.anchors[i].zone, kept->name))
			continue;
		/* Before the machine's start it wraps, as what is subtracted from it does. */
		k->signalled_s[i] = keeper_boot_s() - (wall_s - kept->at_s);
		k->signalled_s[i] = MAX(k->signalled_s[i], 1u);
		return;
	}
}

void memory_begin(struct keeper *k)
{
	struct exception_states *kept = calloc(1, sizeof *kept);

	if (!kept || asprintf(&k->memory_path, "%s.exceptions", k->path) < 0) {
		log_error(k->shared->log, "%s.exceptions: out of memory, it is not read", k->path);
		k->memory_path = NULL;
		free(kept);
		return;
	}
	/* Nothing is trusted for want of this file: what is wrong with it was logged. */
	if (exception_file_read(k->memory_path, kept, k->shared->log) == STATE_GOOD) {
		for (unsigned i = 0; i < kept->exceptions_n; i++)
			restore_exception(k, &kept->exceptions[i], kept->clock_s);
		for (unsigned i = 0; i < kept->signals_n; i++)
			restore_signal(k, &kept->signals[i]);
	}
	free(kept);
}

static void gather(const struct keeper *k, struct exception_states *out)
{
	uint32_t boot_s = keeper_boot_s();

	out->clock_s = keeper_wall_s();
	for (unsigned i = 0; i < k->exceptions_n; i++) {
		struct dated_name *d = &out->exceptions[out->exceptions_n++];

		tern_name_copy(d->name, k->exceptions[i].name);
		d->at_s = out->clock_s + (k->exceptions[i].until_s - boot_s);
	}
	for (unsigned i = 0; i < k->configured.n; i++) {
		if (k->signalled_s[i] == 0)
			continue;
		struct dated_name *d = &out->signals[out->signals_n++];

		tern_name_copy(d->name, k->configured.anchors[i].zone);
		d->at_s = out->clock_s - (boot_s - k->signalled_s[i]);
	}
}

void memory_write(struct keeper *k)
{
	if (!k->memory_path)
		return;
	struct exception_states *states = calloc(1, sizeof *states);

	if (states)
		gather(k, states);
	bool failed = !states || !exception_file_write(k->memory_path, states);

	/* Once: it will be tried again with every change. */
	if (failed && !k->memory_failed)
		log_error(k->shared->log, "%s: %s", k->memory_path, strerror(errno));
	k->memory_failed = failed;
	free(states);
}

void memory_end(struct keeper *k)
{
	/* By the clock as it is now: it may have been set since. */
	if (k->exceptions_n > 0 && k->shared->workers_n > 0)
		memory_write(k);
	free(k->memory_path);
	k->memory_path = NULL;
}
