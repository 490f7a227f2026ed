/*
 * control_trace.c - a resolution watched: a worker writes its steps into a pipe,
 * they are forwarded as they come, and the end is what the cache holds then.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "daemon/control_private.h"

#define ALIASES_MAX BUDGET_ALIAS_MAX

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
	unsent_add_json_line(&k->unsent, json_pack("{s:i,s:s,s:s%}", "depth", depth, "event", event,
						   "text", line + at, len - at));
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

/* --- the result ------------------------------------------------------------------ */

static void tell(struct client *k, const char *name, const char *ttl, const char *what,
		 const char *data)
{
	char line[TRACE_LINE];
	int len = snprintf(line, sizeof line, "= %s%s%s%s%s%s%s", name, *ttl ? " " : "", ttl,
			   *what ? " " : "", what, *data ? " " : "", data);

	forward_line(k, line, MIN((size_t)len, sizeof line - 1));
}

static void tell_set(struct client *k, const char *name, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	char type[16], ttl[16], data[TRACE_LINE - TERN_NAME_TEXT_MAX];

	snprintf(ttl, sizeof ttl, "%u", set->ttl_s);
	tern_type_to_text(set->type, type, sizeof type);
	while (tern_rdata_next(&it, &rdata)) {
		if (tern_rdata_to_text(set->type, rdata.octets, rdata.len, data, sizeof data) !=
		    TERN_OK)
			snprintf(data, sizeof data, "(%u octets)", rdata.len);
		tell(k, name, ttl, type, data);
	}
}

static bool tell_failure(struct control *c, struct client *k, const char *name)
{
	const struct question *q = &k->trace.question;
	struct cache_failure failure;
	char text[CACHE_FAILURE_TEXT_MAX + 1];

	if (!cache_get_failure(c->shared->cache, q->name, q->type, control_now_s(), &failure))
		return false;
	snprintf(text, sizeof text, "%.*s", (int)failure.text_len, failure.text);
	tell(k, name, "", "SERVFAIL", text);
	return true;
}

/* Go from the question to the next name of its alias path; true when there is one. */
static bool tell_alias(struct control *c, struct client *k, const char *name)
{
	struct question *q = &k->trace.question;
	struct tern_rdata target;
	struct cache_hit hit;

	if (cache_get(c->shared->cache, q->name, TERN_TYPE_CNAME, control_now_s(), false, &hit) !=
	    CACHE_POSITIVE)
		return false;
	struct tern_rdata_iter it = tern_rrset_rdatas(&hit.set);

	tell_set(k, name, &hit.set);
	if (!tern_rdata_next(&it, &target))
		return false;
	tern_name_lower(q->name, target.octets);
	return true;
}

static void tell_result(struct control *c, struct client *k)
{
	const struct question *q = &k->trace.question;
	struct cache_hit hit;
	char name[TERN_NAME_TEXT_MAX], ttl[16];

	for (unsigned i = 0; i <= ALIASES_MAX; i++) {
		enum cache_found found =
			cache_get(c->shared->cache, q->name, q->type, control_now_s(), false, &hit);

		tern_name_to_text(q->name, name);
		snprintf(ttl, sizeof ttl, "%u", hit.ttl_s);
		switch (found) {
		case CACHE_POSITIVE: tell_set(k, name, &hit.set); return;
		case CACHE_NODATA: tell(k, name, ttl, "NODATA", ""); return;
		case CACHE_NXDOMAIN: tell(k, name, ttl, "NXDOMAIN", ""); return;
		case CACHE_MISS: break;
		}
		if (tell_failure(c, k, name))
			return;
		if (!tell_alias(c, k, name))
			break;
	}
	tell(k, name, "", "not kept in the cache", "");
}

/* --- from start to end ------------------------------------------------------------ */

void trace_start(struct control *c, struct client *k, const struct question *q)
{
	const struct worker_shared *s = c->shared;
	int ends[2];

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
	k->trace.question = *q;
	k->trace.fd = ends[0];
	k->trace.line_n = 0;
}

void trace_read(struct control *c, struct client *k)
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
	tell_result(c, k);
	reply_end(k);
}

void trace_close(struct client *k)
{
	if (k->trace.fd >= 0)
		close(k->trace.fd);
	k->trace.fd = -1;
}
