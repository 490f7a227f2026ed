/*
 * trace.c - a resolution told step by step, and what came of it.
 *
 * Lines go to a pipe that never blocks: a reader that is too slow misses some.
 */
#include <stdio.h>
#include <unistd.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "worker/worker_private.h"

#define LINE_MAX 1500 /* octets with the newline; job_tell()'s lines are shorter */

static void write_line(struct task *t, const char *line)
{
	char text[LINE_MAX];
	int len = snprintf(text, sizeof text, "%s\n", line);

	if (len >= (int)sizeof text) {
		len = (int)sizeof text - 1;
		text[len - 1] = '\n';
	}
	ssize_t n = write(t->trace_fd, text, (size_t)len);

	(void)n;
}

static void write_step(struct job_trace *trace, const char *line)
{
	write_line(CONTAINER_OF(trace, struct task, trace), line);
}

void trace_begin(struct task *t, int fd)
{
	t->trace_fd = fd;
	t->trace.step = write_step;
}

/* What a job does is for who looks for a fault; what went wrong on its way, for who looks at all.
 */
static void log_step(struct job_trace *trace, const char *line)
{
	struct task *t = CONTAINER_OF(trace, struct task, trace);
	struct log *log = t->worker->shared->log;
	char name[TERN_NAME_TEXT_MAX], type[16];

	tern_name_to_text(t->job.question.name, name);
	tern_type_to_text(t->job.question.type, type, sizeof type);
	if (*line == '!')
		log_info(log, "%s %s: %s", name, type, line + 2);
	else
		log_debug(log, "%s %s: %s", name, type, line);
}

struct job_trace *trace_to_log(struct task *t)
{
	if (likely(!log_wants(t->worker->shared->log, LOG_LEVEL_INFO)))
		return NULL;
	t->trace.step = log_step;
	return &t->trace;
}

static const char *verdict_text(const struct result *r)
{
	switch (r->security) {
	case CACHE_SECURE: return "secure";
	case CACHE_INSECURE: return "insecure";
	case CACHE_BOGUS: return "bogus";
	case CACHE_UNCHECKED: break;
	}
	return "not validated";
}

static void tell_set(struct task *t, const struct tern_rrset *set)
{
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;
	char line[LINE_MAX], data[LINE_MAX - TERN_NAME_TEXT_MAX - 64];
	char name[TERN_NAME_TEXT_MAX], type[16];

	while (tern_rdata_next(&it, &rdata)) {
		if (tern_rdata_to_text(set->type, rdata.octets, rdata.len, data, sizeof data) !=
		    TERN_OK)
			snprintf(data, sizeof data, "(%u octets)", rdata.len);
		snprintf(line, sizeof line, "= %s %u %s %s", tern_name_to_text(set->owner, name),
			 set->ttl_s, tern_type_to_text(set->type, type, sizeof type), data);
		write_line(t, line);
	}
}

void trace_end(struct task *t)
{
	const struct result *r = &t->job.result;
	char line[LINE_MAX], name[TERN_NAME_TEXT_MAX], type[16];

	for (const struct kept *k = r->answer.first; k; k = k->next)
		tell_set(t, &k->set);
	tern_name_to_text(t->job.question.name, name);
	tern_type_to_text(t->job.question.type, type, sizeof type);
	if (r->rcode == TERN_RCODE_NOERROR && r->answer.first)
		snprintf(line, sizeof line, "= %s %s: %s%s", name, type, verdict_text(r),
			 r->stale ? ", stale" : "");
	else if (r->rcode == TERN_RCODE_NOERROR || r->rcode == TERN_RCODE_NXDOMAIN)
		snprintf(line, sizeof line, "= %s %s: %s, %s", name, type,
			 r->rcode == TERN_RCODE_NOERROR ? "NODATA" : "NXDOMAIN", verdict_text(r));
	else
		snprintf(line, sizeof line, "= %s %s: %s %s", name, type,
			 r->rcode == TERN_RCODE_YXDOMAIN ? "YXDOMAIN" : "SERVFAIL", r->text);
	write_line(t, line);
	close(t->trace_fd);
	t->trace_fd = -1;
}
