/*
 * control_trace.c - a resolution watched: a worker writes its steps and its result
 * into a pipe, and they are forwarded as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "control/control_private.h"

/* --- lines ---------------------------------------------------------------------- */

/* A step's first character tells what it is; see job_tell()'s callers. */
static const char *event_of(char mark)
{
	switch (mark) {
	case '>': return "query";
	case '<': return "reply";
	case '!': return "problem";
	case '=': return "result";
	default: return "note";
	}
}

#define NAME_SCAN 1199 /* octets; the width in the format below */
_Static_assert(TERN_NAME_TEXT_MAX <= NAME_SCAN + 1, "a name fits");

/* A signature that was tried, as resolver/verify tells it; NULL when that is another line. */
static json_t *signature_to_json(const char *text, size_t len)
{
	char line[TRACE_LINE], owner[NAME_SCAN + 1], signer[NAME_SCAN + 1], type[16];
	char from[16], to[16], verdict[32];
	unsigned tag, algorithm;

	snprintf(line, sizeof line, "%.*s", (int)len, text);
	if (sscanf(line,
		   "RRSIG over %1199s %15s by key %u of %1199[^,], algorithm %u, %15s to %15[^:]: "
		   "%31[^\n]",
		   owner, type, &tag, signer, &algorithm, from, to, verdict) != 8)
		return NULL;
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s}", "name", owner, "type", type, "signer",
			 signer, "key_tag", (int)tag, "algorithm", (int)algorithm, "inception",
			 from, "expiration", to, "verdict", verdict);
}

static void forward_line(struct client *k, const char *line, size_t len)
{
	size_t at = 0;

	if (!k->json) {
		unsent_print(&k->unsent, "%.*s\n", (int)len, line);
		return;
	}
	while (at < len && line[at] == ' ')
		at++;
	int depth = (int)at / 2;
	const char *event = event_of(at < len ? line[at] : ' ');

	/* The mark says what the event is called. */
	if (strcmp(event, "note") != 0)
		at = MIN(at + 2, len);

	json_t *signature = signature_to_json(line + at, len - at);

	if (signature)
		event = "signature";
	json_t *step = json_pack("{s:i,s:s,s:s%}", "depth", depth, "event", event, "text",
				 line + at, len - at);

	if (step && signature)
		(void)json_object_update_missing(step, signature);
	json_decref(signature);
	unsent_add_json_line(&k->unsent, step);
}

static void forward_lines(struct client *k)
{
	struct trace_work *t = &k->trace;
	char *from = t->line;
	char *newline;

	while ((newline = memchr(from, '\n', t->line_n)) != NULL) {
		forward_line(k, from, (size_t)(newline - from));
		t->line_n -= (size_t)(newline + 1 - from);
		from = newline + 1;
	}
	memmove(t->line, from, t->line_n);
	if (t->line_n == sizeof t->line) {
		forward_line(k, t->line, t->line_n);
		t->line_n = 0;
	}
}

/* --- from start to end ------------------------------------------------------------ */

void trace_start(struct control *c, struct client *k, const struct question *q)
{
	const struct worker_shared *s = c->shared;
	int ends[2];

	if (control_count(c, WORK_TRACE) >= CONTROL_TRACES_MAX) {
		reply_error(k, "trace: %d are under way already", CONTROL_TRACES_MAX);
		return;
	}
	if (s->workers_n == 0 || pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
		reply_error(k, "trace: %s", s->workers_n == 0 ? "no worker" : strerror(errno));
		return;
	}
	if (!worker_trace(s->workers[c->next_worker++ % s->workers_n], q, ends[1])) {
		close(ends[0]);
		close(ends[1]);
		reply_error(k, "trace: the worker is too busy");
		return;
	}
	k->work = WORK_TRACE;
	k->trace.fd = ends[0];
	k->trace.line_n = 0;
}

void trace_read(struct client *k)
{
	struct trace_work *t = &k->trace;
	ssize_t n = read(t->fd, t->line + t->line_n, sizeof t->line - t->line_n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		t->line_n += (size_t)n;
		forward_lines(k);
		return;
	}
	trace_close(k);
	reply_end(k);
}

void trace_close(struct client *k)
{
	if (k->trace.fd >= 0)
		close(k->trace.fd);
	k->trace.fd = -1;
}
