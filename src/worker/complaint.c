/* complaint.c - see complaint.h. */
#include "worker/complaint.h"

#include <stdio.h>
#include <string.h>

#include <tern/edns.h>
#include <tern/rr.h>

#include "base/hash.h"
#include "base/log.h"
#include "worker/worker_private.h"

static bool has_line(const struct complaints *c, enum complaint kind)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < COMPLAINT_KINDS; i++)
		lines += c->lines[i];
	return lines < COMPLAINTS_MAX &&
	       (kind != COMPLAINT_DENIED || c->lines[kind] < COMPLAINTS_DENIED);
}

bool complaints_admit(struct complaints *c, enum complaint kind, uint64_t subject, uint64_t now_s)
{
	uint64_t *until_s = &c->told[subject % COMPLAINT_SUBJECTS].until_s;
	uint64_t *of = &c->told[subject % COMPLAINT_SUBJECTS].subject;

	if (now_s - c->window_s >= COMPLAINT_WINDOW_S) {
		c->window_s = now_s;
		memset(c->lines, 0, sizeof c->lines);
	}
	if (kind == COMPLAINT_KNOWN || !has_line(c, kind) || (*of == subject && now_s < *until_s)) {
		c->left_out[kind]++;
		return false;
	}
	c->lines[kind]++;
	*of = subject;
	*until_s = now_s + COMPLAINT_PAUSE_S;
	return true;
}

static void tell_summary(struct timer *timer)
{
	struct worker *w = CONTAINER_OF(timer, struct worker, complaints.summary);
	struct complaints *c = &w->complaints;

	log_notice(
		w->shared->log,
		"not told one by one in the last %u s: %u SERVFAIL, %u SERVFAIL out of the "
		"cache, %u answers that do not validate, %u queries of clients that are denied, %u "
		"answers with addresses inside",
		COMPLAINT_PAUSE_S, c->left_out[COMPLAINT_FAILED], c->left_out[COMPLAINT_KNOWN],
		c->left_out[COMPLAINT_LET_THROUGH], c->left_out[COMPLAINT_DENIED],
		c->left_out[COMPLAINT_REBOUND]);
	memset(c->left_out, 0, sizeof c->left_out);
}

void complaint_init(struct worker *w)
{
	timer_init(&w->complaints.summary, tell_summary);
}

static bool admit(struct worker *w, enum complaint kind, uint64_t subject)
{
	struct complaints *c = &w->complaints;

	if (complaints_admit(c, kind, subject, w->loop.now.mono_ns / NS_PER_S))
		return true;
	if (!timer_is_set(&c->summary))
		loop_timer(&w->loop, &c->summary, COMPLAINT_PAUSE_S * 1000);
	return false;
}

/* By the zone whose servers were asked last for the name, if the job came that far. */
static uint64_t zone_of(const struct worker *w, const struct task *t, enum complaint kind)
{
	const struct zone_cut *cut = t->job.frames[0].at.cut;
	const uint8_t *zone = cut ? cut->zone : t->job.question.name;

	return hash_bytes(&w->shared->hash_key, (uint64_t)kind, zone, tern_name_len(zone));
}

/* Who asked first, and how many besides. */
static void describe_clients(const struct task *t, char *out, size_t max)
{
	const struct waiter *first = cds_list_entry(t->waiters.prev, struct waiter, node);
	const struct cds_list_head *at;
	char text[ADDRESS_TEXT_MAX];
	unsigned n = 0;

	for (at = t->waiters.next; at != &t->waiters; at = at->next)
		n++;
	address_to_text(&first->back.client, text);
	if (n > 1)
		snprintf(out, max, "%s and %u more", text, n - 1);
	else
		snprintf(out, max, "%s", text);
}

static enum complaint kind_of(const struct task *t)
{
	if (t->job.result.rcode != TERN_RCODE_SERVFAIL)
		return t->job.result.rebound ? COMPLAINT_REBOUND : COMPLAINT_LET_THROUGH;
	return t->job.known_failure ? COMPLAINT_KNOWN : COMPLAINT_FAILED;
}

/* The reasons of timeouts and lame servers name the server; of bogus data this is the last. */
static const char *describe_server(const struct job *job, char out[ADDRESS_TEXT_MAX + 8])
{
	char text[ADDRESS_TEXT_MAX];

	out[0] = '\0';
	if (job->result.bogus && job->avoid_n > 0)
		snprintf(out, ADDRESS_TEXT_MAX + 8, ", from %s",
			 address_to_text(&job->avoid[job->avoid_n - 1], text));
	return out;
}

/* The name is the attacker's, and may be another each time: so it is told once per zone, too. */
static void tell_rebound(struct worker *w, struct task *t)
{
	const struct job *job = &t->job;
	char name[TERN_NAME_TEXT_MAX], type[16], clients[ADDRESS_TEXT_MAX + 24];

	if (cds_list_empty(&t->waiters) ||
	    !admit(w, COMPLAINT_REBOUND, zone_of(w, t, COMPLAINT_REBOUND)))
		return;
	describe_clients(t, clients, sizeof clients);
	log_notice(w->shared->log, "held back from %s: %s %s: %s", clients,
		   tern_name_to_text(job->question.name, name),
		   tern_type_to_text(job->question.type, type, sizeof type), job->result.text);
}

void complaint_of_task(struct worker *w, struct task *t)
{
	const struct job *job = &t->job;
	const struct result *r = &job->result;
	enum complaint kind = kind_of(t);
	char name[TERN_NAME_TEXT_MAX], type[16], clients[ADDRESS_TEXT_MAX + 24],
		server[ADDRESS_TEXT_MAX + 8];
	bool let_through = kind == COMPLAINT_LET_THROUGH;

	if (kind == COMPLAINT_REBOUND) {
		tell_rebound(w, t);
		return;
	}
	const char *why = let_through ? job->why : r->text;
	uint16_t ede = let_through ? job->why_ede : r->ede;

	if (ede == TERN_EDE_NONE)
		ede = TERN_EDE_OTHER;
	tern_name_to_text(job->question.name, name);
	tern_type_to_text(job->question.type, type, sizeof type);
	if (let_through)
		tally_add(&w->tally.let_through);
	if (cds_list_empty(&t->waiters) || !admit(w, kind, zone_of(w, t, kind))) {
		log_info(w->shared->log, "%s for %s %s: %s",
			 let_through ? "not validated" : "SERVFAIL", name, type, why);
		return;
	}
	describe_clients(t, clients, sizeof clients);
	log_notice(w->shared->log, "%s to %s for %s %s: EDE %u (%s): %s%s",
		   let_through ? "answer that does not validate (permissive)" : "SERVFAIL", clients,
		   name, type, ede, tern_ede_text(ede), why, describe_server(job, server));
}

void complaint_of_client(struct worker *w, const struct address *client)
{
	uint64_t subject =
		(uint64_t)COMPLAINT_DENIED << 32 | party_of(&w->shared->hash_key, client);
	char text[ADDRESS_TEXT_MAX];

	if (admit(w, COMPLAINT_DENIED, subject))
		log_notice(w->shared->log, "query from %s denied: access.allow does not have it",
			   address_to_text(client, text));
}

void complaint_of_interception(struct worker *w)
{
	char text[IMPOSTORS_MAX][ADDRESS_TEXT_MAX];

	if (w->complaints.intercepted)
		return;
	w->complaints.intercepted = true;
	for (unsigned i = 0; i < IMPOSTORS_MAX; i++)
		address_to_text(&w->resolver.impostors[i], text[i]);
	log_warning(w->shared->log,
		    "port 53 is intercepted: answers that come from the root servers %s, %s and %s "
		    "were "
		    "made by a recursive server; forward to a resolver that can be reached, or "
		    "have the "
		    "network let port 53 through",
		    text[0], text[1], text[2]);
}
