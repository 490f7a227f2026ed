/* report.c - see report.h. */
#include "resolver/report.h"

#include <stdio.h>
#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "resolver/encryption.h"
#include "resolver/failure.h"
#include "resolver/machine.h"

/* RFC 9567 6.1: a name, uncompressed, that fills the option; the root is no agent. */
static bool read_agent(const struct tern_edns_option *o, uint8_t out[TERN_NAME_MAX])
{
	size_t after;

	return o->len > 1 && tern_name_parse(o->data, o->len, 0, out, &after) == TERN_OK &&
	       after == o->len && *out != 0;
}

/* The zone that the client's question belongs to, as far as it is known; NULL: not yet. */
static const uint8_t *known_zone(const struct job *job)
{
	const uint8_t *zone = job->report.zone;

	return zone && tern_name_is_below_or_equal(job->frames[0].question.name, zone) ? zone
										       : NULL;
}

/*
 * Does the server that @f asked speak for that zone? Who is asked for keys and addresses on the
 * way says nothing of it, nor do zones above: they hear of no more than of the zone cut, and where
 * names are minimised strictly, of no more than was shown.
 */
static bool speaks_for_zone(const struct job *job, const struct frame *f)
{
	const uint8_t *name = job->frames[0].question.name, *zone = f->at.cut->zone;
	const uint8_t *known = known_zone(job);

	if (known && tern_name_equal(known, zone))
		return true;
	return f == &job->frames[0] && tern_name_is_below_or_equal(name, zone) &&
	       (!known || tern_name_is_below(zone, known)) &&
	       (job->rules->resolver.qmin != QMIN_STRICT ||
		f->try.sent_labels == tern_name_labels(name));
}

void report_note_agent(struct job *job, const struct frame *f, const struct tern_message *m,
		       const uint8_t *referred_to)
{
	uint8_t name[TERN_NAME_MAX];
	struct tern_edns_option option;

	if (!job->rules->resolver.error_reporting || CUT_IS_ROUTE(f->at.cut) ||
	    !speaks_for_zone(job, f))
		return;
	/* Who names none wants no reports of his zone; what others said was of theirs. */
	job->report.agent = NULL;
	job->report.zone = NULL;
	if (referred_to) {
		job->report.zone = arena_copy(&job->arena, referred_to, tern_name_len(referred_to));
		return;
	}
	job->report.zone = f->at.cut->zone;
	if (!tern_edns_find(m->octets, &m->edns, TERN_EDNS_REPORT_CHANNEL, &option) ||
	    !read_agent(&option, name))
		return;
	job->report.agent = arena_copy(&job->arena, name, tern_name_len(name));
}

/* @text as one label; false when it is too long for what is left of @room. */
static bool put_label(uint8_t **at, size_t *room, const char *text)
{
	size_t len = strlen(text);

	if (len + 1 > *room)
		return false;
	*(*at)++ = (uint8_t)len;
	memcpy(*at, text, len);
	*at += len;
	*room -= len + 1;
	return true;
}

/* The labels of @name without its root. */
static bool put_labels(uint8_t **at, size_t *room, const uint8_t *name)
{
	size_t len = tern_name_len(name) - 1;

	if (len > *room)
		return false;
	memcpy(*at, name, len);
	*at += len;
	*room -= len;
	return true;
}

/* RFC 9567 6.1.1: _er, type, name, extended error, _er, agent. */
static bool write_name(const struct question *q, uint16_t ede, const uint8_t *agent,
		       uint8_t out[TERN_NAME_MAX])
{
	size_t room = TERN_NAME_MAX - 1;
	uint8_t *at = out;
	char type[8], error[8];

	snprintf(type, sizeof type, "%u", q->type);
	snprintf(error, sizeof error, "%u", ede);
	if (!put_label(&at, &room, "_er") || !put_label(&at, &room, type) ||
	    !put_labels(&at, &room, q->name) || !put_label(&at, &room, error) ||
	    !put_label(&at, &room, "_er") || !put_labels(&at, &room, agent))
		return false;
	*at = 0;
	return true;
}

/* RFC 9567 6.1: a report that fails is not reported, whoever sent it. */
static bool is_report(const struct question *q)
{
	static const uint8_t mark[] = "\3_er";

	return q->type == TERN_TYPE_TXT && memcmp(q->name, mark, sizeof mark - 1) == 0;
}

/* Servers inside are asked for no names that strangers choose (limits.md row 38). */
static bool is_inside(const struct job *job, const uint8_t *name)
{
	const struct route *route = route_find(&job->rules->routes, name);

	return route && *route->zone != 0;
}

bool report_name(const struct job *job, uint8_t out[TERN_NAME_MAX])
{
	const struct question *q = &job->frames[0].question;

	if (!job->report.agent || !known_zone(job) || job->known_failure ||
	    job->result.ede == TERN_EDE_NONE || failure_fault(job) != FAULT_SERVERS || is_report(q))
		return false;
	/* What only its own servers are to see nobody is told. */
	if (encryption_is_listed(job, q->name) && !encryption_is_listed(job, job->report.agent))
		return false;
	return write_name(q, job->result.ede, job->report.agent, out) && !is_inside(job, out);
}
