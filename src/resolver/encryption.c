/* encryption.c - see encryption.h. */
#include "resolver/encryption.h"

#include <limits.h>

#include <tern/name.h>
#include <tern/rr.h>

#define PLAIN_PORT 53
#define TLS_PORT   853 /* RFC 9539 3.1 */

#define NOT_LISTED UINT_MAX

/* Labels of the uppermost zone that is listed and has @name; NOT_LISTED for none. */
static unsigned listed_labels(const struct job *job, const uint8_t *name)
{
	const struct resolver_options *o = &job->rules->resolver;
	unsigned least = NOT_LISTED;

	for (unsigned i = 0; i < o->encryption.zones_n; i++) {
		if (tern_name_is_below_or_equal(name, o->encryption.zones[i]))
			least = MIN(least, tern_name_labels(o->encryption.zones[i]));
	}
	return least;
}

bool encryption_is_listed(const struct job *job, const uint8_t *name)
{
	return listed_labels(job, name) != NOT_LISTED;
}

/*
 * The servers above a listed zone are about to be asked, which may be its own as well. A forward
 * zone says itself how its servers are asked.
 */
static bool is_above(const struct job *job, const struct frame *f, unsigned listed)
{
	return job->rules->resolver.encryption.zones_n > 0 && listed != NOT_LISTED &&
	       f->at.cut->source != CUT_FORWARD && f->at.asked_labels < listed;
}

/*
 * Of a zone's servers, and of those above that have shown no zone cut at its name: they are the
 * same then, and answer at once.
 */
static bool is_strict(const struct job *job, const struct frame *f)
{
	const struct zone_cut *cut = f->at.cut;

	if (job->rules->resolver.encryption.zones_n == 0 || cut->source == CUT_FORWARD)
		return false;
	return encryption_is_listed(job, cut->zone) ||
	       listed_labels(job, f->question.name) <= f->at.asked_labels;
}

unsigned encryption_labels_max(const struct job *job, const struct frame *f)
{
	unsigned listed = listed_labels(job, f->question.name);

	return is_above(job, f, listed) ? listed : tern_name_labels(f->question.name);
}

bool encryption_is_step(const struct job *job, const struct frame *f)
{
	unsigned listed = listed_labels(job, f->question.name);

	return is_above(job, f, listed) && f->try.sent_labels == listed &&
	       f->question.type != TERN_TYPE_DS;
}

const uint8_t *encryption_account(const struct job *job, const struct frame *f)
{
	const uint8_t *zone = f->at.cut->zone;

	if (!is_strict(job, f) || encryption_is_listed(job, zone))
		return zone;
	return tern_name_suffix(f->question.name, listed_labels(job, f->question.name));
}

/* Is the server one that may be asked by both ways? At another port nobody knows of the other. */
static bool is_for_both(const struct job *job, const struct frame *f)
{
	const struct zone_cut *cut = f->at.cut;

	return job->rules->resolver.encryption.opportunistic && cut->source != CUT_FORWARD &&
	       !transport_is_encrypted(cut->transport) &&
	       cut->servers[f->try.server].addr.port == PLAIN_PORT;
}

void encryption_choose(const struct job *job, struct frame *f, const struct infra_server *infra)
{
	const struct cut_server *server = &f->at.cut->servers[f->try.server];

	f->try.opportunistic = false;
	if (transport_is_encrypted(f->try.transport))
		return;
	if (is_strict(job, f)) {
		f->try.transport = TRANSPORT_TLS;
		return;
	}
	/* After bogus data it is asked as everybody else does. */
	if (f->try.transport != TRANSPORT_UDP || !(infra->ways & INFRA_BIT(INFRA_TLS)) ||
	    infra_has(infra, INFRA_NO_TLS) || server->plain != PLAIN_UNLESS_FOUND ||
	    job->lower_case || !is_for_both(job, f))
		return;
	f->try.transport = TRANSPORT_TLS;
	f->try.opportunistic = true;
}

void encryption_set_way(const struct job *job, struct endpoint *to)
{
	to->peer = job->rules->resolver.encryption.peer;
	if (to->address.port == PLAIN_PORT)
		to->address.port = TLS_PORT;
}

/* The same question is what the server is tried with: it tells nobody anything new. */
static void wish_for_probe(struct job *job, const struct frame *f, const struct tern_message *m)
{
	struct probe_wish *wish = &job->resolver->probe;
	char text[ADDRESS_TEXT_MAX];

	if (wish->wanted || job->probes >= JOB_PROBES_MAX || !is_for_both(job, f) ||
	    !infra_claim_way(job->resolver->infra, &job->outbox.server, INFRA_TLS,
			     job->now->mono_ns / NS_PER_MS))
		return;
	job->probes++;
	wish->wanted = true;
	wish->server = job->outbox.server;
	wish->to = (struct endpoint){job->outbox.to.address, TRANSPORT_TLS, NULL};
	encryption_set_way(job, &wish->to);
	tern_name_copy(wish->name, job->outbox.name);
	wish->type = job->outbox.type;
	job_tell(job, "  whether %s answers by TLS is tried beside",
		 address_to_text(&wish->server, text));
	wish->flags = m->flags;
	wish->has_answer = m->section_n[TERN_ANSWER] > 0;
}

void encryption_note_answer(struct job *job, struct frame *f, const struct tern_message *m,
			    bool sound)
{
	struct infra *infra = job->resolver->infra;
	struct cut_server *server = &f->at.cut->servers[f->try.server];
	uint64_t now_ms = job->now->mono_ns / NS_PER_MS;

	if (transport_is_encrypted(job->reply->transport)) {
		if (f->at.cut->source != CUT_FORWARD && !server->peer)
			infra_way_works(infra, &server->addr, INFRA_TLS, now_ms);
		return;
	}
	switch ((enum plain_reason)server->plain) {
	case PLAIN_UNLESS_FOUND:
		/* Who is no authority may be somebody that a stranger's zone points at. */
		if (sound)
			wish_for_probe(job, f, m);
		return;
	case PLAIN_AS_SILENT:
	case PLAIN_AS_OPENING:
		infra_way_outdone(infra, &server->addr, INFRA_TLS,
				  server->plain == PLAIN_AS_OPENING, now_ms);
		break;
	case PLAIN_AS_UNREACHED: infra_way_failed(infra, &server->addr, INFRA_TLS, now_ms); break;
	/* By whose fault that was, another zone must tell: see infra_learn(). */
	case PLAIN_AS_WRONG:
		if (sound)
			infra_learn(infra, &server->addr, f->at.cut->zone, INFRA_NO_TLS, now_ms);
		break;
	case PLAIN_BY_US: return;
	}
	server->plain = PLAIN_BY_US;
}

/* --- when nothing comes of it ------------------------------------------------------------ */

struct turn encryption_give_up(struct job *job, struct frame *f, enum plain_reason reason,
			       const char *why)
{
	struct cut_server *s = &f->at.cut->servers[f->try.server];
	char server[ADDRESS_TEXT_MAX];

	job_tell(job, "  %s: asking %s by plain DNS", why, address_to_text(&s->addr, server));
	/* It counts for the client's question only. What comes late has been told before. */
	if (s->plain == PLAIN_UNLESS_FOUND) {
		s->tries--;
		f->sends--;
		job->link_sends--;
	}
	s->plain = (uint8_t)reason;
	f->try.transport = TRANSPORT_UDP;
	f->try.opportunistic = false;
	f->try.counted = true;
	return go(STAGE_SEND);
}

struct turn encryption_read_event(struct job *job, struct frame *f)
{
	switch (job->reply->event) {
	case UPSTREAM_TIMED_OUT:
		return job->reply->opening ? encryption_give_up(job, f, PLAIN_AS_OPENING,
								"no session by TLS yet")
					   : encryption_give_up(job, f, PLAIN_AS_SILENT,
								"no answer by TLS yet");
	case UPSTREAM_UNREACHABLE:
		return encryption_give_up(job, f, PLAIN_AS_UNREACHED,
					  job->reply->why ? job->reply->why
							  : "TLS connection refused or closed");
	case UPSTREAM_NO_RESOURCE:
	case UPSTREAM_CROWDED:
	case UPSTREAM_SUSPECT:
	case UPSTREAM_CASE:
	case UPSTREAM_ANSWERED: break;
	}
	return encryption_give_up(job, f, PLAIN_BY_US, "no place to ask by TLS");
}
