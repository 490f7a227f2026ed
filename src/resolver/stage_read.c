/*
 * stage_read.c - what came back, and what follows. RFC 1034 5.3.3 step 4.
 *
 * 1. no message: the next try, by TCP or at another server;
 * 2. a message: measured, parsed, classified (classify.c decides, this file does);
 * 3. data that the asked server may speak for is cached and kept for the answer
 *    (believe.c).
 */
#include <string.h>

#include <tern/edns.h>
#include <tern/name.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "resolver/believe.h"
#include "resolver/classify.h"
#include "resolver/encryption.h"
#include "resolver/failure.h"
#include "resolver/machine.h"
#include "resolver/referral.h"
#include "resolver/report.h"
#include "resolver/select.h"
#include "resolver/subnet.h"

#define DOUBTS_MAX 2 /* denials without SOA that are checked with another server, per zone cut */

static struct cut_server *asked_server(const struct frame *f)
{
	return &f->at.cut->servers[f->try.server];
}

static const char *server_text(const struct frame *f, char out[ADDRESS_TEXT_MAX])
{
	return address_to_text(&asked_server(f)->addr, out);
}

static uint64_t now_ms(const struct job *job)
{
	return job->now->mono_ns / NS_PER_MS;
}

/* For texts, where plain DNS might have been meant. */
static const char *by_encryption(const struct frame *f)
{
	return f->try.transport == TRANSPORT_TLS ? " by TLS" : "";
}

/* What was asked was only a step towards what is wanted. */
static bool was_minimised(const struct frame *f)
{
	return f->try.step;
}

/* What servers do is told of the zone that they were asked for. */
static const uint8_t *account(const struct job *job)
{
	return job->outbox.zone;
}

static struct turn try_next_server(struct frame *f)
{
	f->try = (struct server_try){0};
	if (f->at.fruitless < UINT8_MAX)
		f->at.fruitless++;
	return go(STAGE_PICK);
}

static struct turn ask_again_by_tcp(struct job *job, struct frame *f, const char *why)
{
	char server[ADDRESS_TEXT_MAX];

	if (f->try.transport != TRANSPORT_UDP)
		return try_next_server(f);
	job_tell(job, "  %s: asking %s by TCP", why, server_text(f, server));
	f->try.transport = TRANSPORT_TCP;
	f->at.fruitless++;
	return go(STAGE_SEND);
}

/* It changes the letters' case and has no TCP, as some routers: its word without 0x20 has to do. */
static struct turn ask_again_in_lower_case(struct job *job, struct frame *f)
{
	job_tell(job, "  asking again by UDP, all in lower case");
	asked_server(f)->facts |= INFRA_BIT(INFRA_NO_CASE);
	f->try.transport = TRANSPORT_UDP;
	f->at.fruitless++;
	return go(STAGE_SEND);
}

static bool is_case_in_question(const struct frame *f)
{
	return f->try.transport != TRANSPORT_UDP && (f->try.learning & INFRA_BIT(INFRA_NO_CASE)) &&
	       !(asked_server(f)->facts & INFRA_BIT(INFRA_NO_CASE));
}

static struct turn give_up_server(struct job *job, struct frame *f, uint16_t ede, const char *why)
{
	char server[ADDRESS_TEXT_MAX], zone[TERN_NAME_TEXT_MAX];

	/* Whatever is the matter: there may be another server behind that port. */
	if (job->outbox.opportunistic)
		return encryption_give_up(job, f, PLAIN_AS_WRONG, why);
	job_note(job, ede, "%s from %s for zone %s", why, server_text(f, server),
		 tern_name_to_text(f->at.cut->zone, zone));
	asked_server(f)->failed = true;
	return try_next_server(f);
}

/* Silence counts against a server only while somebody else answers. */
static struct turn read_timeout(struct job *job, struct frame *f)
{
	struct resolver *r = job->resolver;
	const struct address *a = &asked_server(f)->addr;
	char server[ADDRESS_TEXT_MAX], zone[TERN_NAME_TEXT_MAX];

	if (job->outbox.beside) {
		f->at.silent_n++;
		return go(STAGE_PICK);
	}
	job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY, "no answer from %s%s for zone %s",
		 server_text(f, server), by_encryption(f),
		 tern_name_to_text(f->at.cut->zone, zone));
	/* Of a way that others don't take it says nothing. */
	if (f->at.cut->source == CUT_FORWARD || !transport_is_encrypted(f->try.transport))
		r->health[a->family == 6].timeouts_n++;
	if (f->try.transport == TRANSPORT_TCP)
		asked_server(f)->tcp_tries++;
	else {
		f->at.silent_n++;
		asked_server(f)->silences++;
	}
	if (f->try.transport != TRANSPORT_TCP && !link_is_down(r, now_ms(job)))
		infra_timed_out(r->infra, a, account(job),
				job->outbox.type == TERN_TYPE_A ? f->question.name : NULL,
				now_ms(job) - job->reply->rtt_ms, now_ms(job));
	if (is_case_in_question(f))
		return ask_again_in_lower_case(job, f);
	if (asked_server(f)->tcp_tries >= SERVER_TCP_TRIES_MAX)
		asked_server(f)->failed = true;
	if (f->at.cut->doubts > 0) /* a doubtful word is better than silence */
		zone_cut_take_doubtful(f->at.cut);
	/* A minimised question may be what it chokes on: the second try shows the whole name. */
	if (was_minimised(f) && asked_server(f)->tries > 1 &&
	    job->rules->resolver.qmin != QMIN_STRICT)
		f->name.qmin_off = true;
	return try_next_server(f);
}

/* It did not show that it is the server that is meant: for all others it counts as silent. */
static struct turn give_up_stranger(struct job *job, struct frame *f)
{
	infra_timed_out(job->resolver->infra, &asked_server(f)->addr, account(job), NULL,
			now_ms(job) - job->reply->rtt_ms, now_ms(job));
	return give_up_server(job, f, TERN_EDE_NETWORK_ERROR, job->reply->why);
}

static struct turn read_unreachable(struct job *job, struct frame *f)
{
	if (is_case_in_question(f))
		return ask_again_in_lower_case(job, f);
	if (f->try.transport == TRANSPORT_UDP) {
		job->resolver->health[asked_server(f)->addr.family == 6].timeouts_n++;
		return give_up_server(job, f, TERN_EDE_NETWORK_ERROR, "unreachable");
	}
	/* It was but another form of a question that is still open by UDP. */
	if (f->try.after_silence) {
		asked_server(f)->tcp_tries++;
		return try_next_server(f);
	}
	if (job->reply->why)
		return give_up_stranger(job, f);
	/* A closed connection may be an idle one that ended: once more, on a new one. */
	if (asked_server(f)->tcp_tries++ == 0)
		return go(STAGE_SEND);
	return give_up_server(job, f, TERN_EDE_NETWORK_ERROR,
			      f->try.transport == TRANSPORT_TLS
				      ? "TLS connection refused or closed"
				      : "TCP connection refused or closed");
}

static struct turn read_event(struct job *job, struct frame *f)
{
	char zone[TERN_NAME_TEXT_MAX];

	if (job->outbox.listen)
		return go(STAGE_PICK);
	if (job->outbox.opportunistic && job->reply->event != UPSTREAM_CROWDED)
		return encryption_read_event(job, f);
	switch (job->reply->event) {
	case UPSTREAM_TIMED_OUT: return read_timeout(job, f);
	case UPSTREAM_UNREACHABLE: return read_unreachable(job, f);
	case UPSTREAM_SUSPECT: return ask_again_by_tcp(job, f, "mismatching replies");
	case UPSTREAM_CASE:
		f->try.learning |= (uint8_t)INFRA_BIT(INFRA_NO_CASE);
		return ask_again_by_tcp(job, f, "case changed");
	case UPSTREAM_CROWDED:
		job_note(job, TERN_EDE_NO_REACHABLE_AUTHORITY,
			 "too many queries to zone %s are outstanding",
			 tern_name_to_text(f->at.cut->zone, zone));
		failure_blame(job, FAULT_OURS);
		return may_listen(job, f) ? wait_for_late(job, f) : give(OUTCOME_FAILED);
	case UPSTREAM_NO_RESOURCE:
		job_note(job, TERN_EDE_OTHER, "no socket or memory left to ask");
		failure_blame(job, FAULT_OURS);
		return may_listen(job, f) ? wait_for_late(job, f) : give(OUTCOME_FAILED);
	case UPSTREAM_ANSWERED: break;
	}
	return give(OUTCOME_FAILED);
}

/* Something came back at all: the server and our link live. */
static void note_alive(struct job *job, struct frame *f)
{
	struct resolver *r = job->resolver;
	const struct address *a = &asked_server(f)->addr;

	const uint8_t *zone = account(job);

	link_answered(r, a->family, now_ms(job));
	if (job->reply->resent || job->reply->transport == TRANSPORT_TCP ||
	    (job->outbox.opportunistic && job->reply->opening))
		infra_heard(r->infra, a, zone, now_ms(job));
	else
		infra_answered(r->infra, a, zone, job->reply->rtt_ms, now_ms(job));
	f->at.heard = true;
}

/* The server answered what was asked in another form than before: it needs that form. */
static void learn_form(struct job *job, struct frame *f)
{
	for (unsigned fact = 0; fact < INFRA_FACTS; fact++) {
		if (f->try.learning & INFRA_BIT(fact))
			infra_learn(job->resolver->infra, &asked_server(f)->addr, account(job),
				    (enum infra_fact)fact, now_ms(job));
	}
	f->try.learning = 0;
}

/* It was silent to the usual form: by chance, or because it needs this one. */
static void suspect_form(struct job *job, const struct frame *f)
{
	struct infra *infra = job->resolver->infra;
	const struct address *a = &asked_server(f)->addr;
	const uint8_t *zone = account(job);

	if (job->reply->resent && job->outbox.udp_size == UPSTREAM_UDP_SMALL) {
		infra_suspect(infra, a, zone, INFRA_PLAIN, now_ms(job));
		infra_suspect(infra, a, zone, INFRA_SMALL, now_ms(job));
	}
	if (f->try.after_silence)
		infra_suspect(infra, a, zone, INFRA_TCP, now_ms(job));
}

/* Does the server serve the zone, by what it says? Who refuses teaches nothing about it. */
static bool is_served(enum reply_kind kind)
{
	return kind == REPLY_ANSWER || kind == REPLY_ALIAS || kind == REPLY_REFERRAL ||
	       kind == REPLY_NODATA || kind == REPLY_NXDOMAIN;
}

static void learn_cookie(struct job *job, struct frame *f, const struct tern_message *m)
{
	struct tern_edns_option option;

	if (!tern_edns_find(m->octets, &m->edns, TERN_EDNS_COOKIE, &option))
		return;
	if (option.len < TERN_COOKIE_CLIENT + 8 || option.len > TERN_COOKIE_MAX ||
	    memcmp(option.data, job->outbox.cookie, TERN_COOKIE_CLIENT) != 0)
		return;
	infra_learn_cookie(job->resolver->infra, &asked_server(f)->addr,
			   option.data + TERN_COOKIE_CLIENT, option.len - TERN_COOKIE_CLIENT,
			   now_ms(job));
}

static struct turn read_bad_cookie(struct job *job, struct frame *f)
{
	if (f->try.transport != TRANSPORT_UDP)
		return give_up_server(job, f, TERN_EDE_INVALID_DATA, "BADCOOKIE over TCP");
	if (f->try.cookie_retry)
		return ask_again_by_tcp(job, f, "BADCOOKIE twice");
	f->try.cookie_retry = true;
	f->at.fruitless++;
	return go(STAGE_SEND);
}

static bool is_known_signed(const struct job *job, const uint8_t *zone)
{
	const struct rules *rules = job->rules;
	const uint8_t *anchor = trust_anchors_zone(rules->anchors, zone);
	struct cache_hit hit;

	if (rules->resolver.validation == VALIDATION_OFF || !anchor ||
	    trust_anchors_is_negative(rules->anchors, zone))
		return false;
	return tern_name_equal(anchor, zone) ||
	       cache_get_set(job->resolver->cache, zone, TERN_TYPE_DS, CACHE_ANY, job->now->boot_s,
			     &hit);
}

static struct turn read_no_edns(struct job *job, struct frame *f, const struct tern_message *m)
{
	bool by_option = job->outbox.cookie_len > 0 || job->outbox.subnet.base.family != 0;
	enum infra_fact fact = by_option ? INFRA_PLAIN : INFRA_NO_EDNS;

	/* Without DO there are no signatures: who says that, below a DS, is not listened to. */
	if (!by_option && is_known_signed(job, f->at.cut->zone))
		return give_up_server(job, f, TERN_EDE_INVALID_DATA, "no EDNS");
	asked_server(f)->facts |= (uint8_t)INFRA_BIT(fact);
	/* A server that knows EDNS may have disliked only this question. */
	if (by_option || !m->edns.present || m->rcode == TERN_RCODE_BADVERS)
		f->try.learning |= (uint8_t)INFRA_BIT(fact);
	job_tell(job, "  asking again without %s", by_option ? "options" : "EDNS");
	return go(STAGE_SEND);
}

static struct turn ask_without_subnet(struct job *job, struct frame *f)
{
	f->try.subnet_off = true;
	job_tell(job, "  asking again without the client subnet");
	return go(STAGE_SEND);
}

/* An error on a step: relaxed minimisation asks for what is really wanted. */
static bool show_whole_name(struct job *job, struct frame *f)
{
	if (!was_minimised(f) || job->rules->resolver.qmin == QMIN_STRICT)
		return false;
	/* It may be one that nobody but the zone's own servers is to see. */
	if (f->name.qmin_off && encryption_labels_max(job, f) <= f->try.sent_labels)
		return false;
	f->name.qmin_off = true;
	job_tell(job, "  asking for the whole name");
	return true;
}

static struct turn read_refused(struct job *job, struct frame *f, const char *why)
{
	if (is_case_in_question(f))
		return ask_again_in_lower_case(job, f);
	if (show_whole_name(job, f))
		return go(STAGE_SEND);
	return give_up_server(job, f, TERN_EDE_NO_REACHABLE_AUTHORITY, why);
}

static struct turn read_lame(struct job *job, struct frame *f, const char *why)
{
	/* Some servers know only the names they were made for, not those on the way. */
	if (show_whole_name(job, f))
		return go(STAGE_SEND);
	infra_learn(job->resolver->infra, &asked_server(f)->addr, account(job), INFRA_LAME,
		    now_ms(job));
	return give_up_server(job, f, TERN_EDE_NO_REACHABLE_AUTHORITY, why);
}

static struct turn follow_referral(struct job *job, struct frame *f, const struct tern_message *m,
				   const struct reply_view *view)
{
	struct zone_cut *cut;
	char zone[TERN_NAME_TEXT_MAX];

	/* Asked for the DS at this very cut it should have answered: it says it here, or has none.
	 */
	if (f->question.type == TERN_TYPE_DS && !was_minimised(f) &&
	    tern_name_equal(view->zone, f->question.name))
		return believe_referred_ds(job, f, m)     ? conclude(job, f, OUTCOME_ANSWER)
		       : believe_denial(job, f, m, false) ? conclude(job, f, OUTCOME_NODATA)
							  : give(OUTCOME_FAILED);
	cut = referral_cut(job, m, TERN_AUTHORITY, view->zone, f->at.cut);
	if (cut && job->rules->resolver.validation != VALIDATION_OFF)
		believe_referral_ds(job, m, cut, f->at.cut->zone);
	if (!cut)
		return give_up_server(job, f, TERN_EDE_INVALID_DATA, "referral without servers");
	job_tell(job, "  referral to %s, %u server names, %u addresses",
		 tern_name_to_text(cut->zone, zone), cut->ns_n, cut->servers_n);
	advance(job, f);
	/* The second way to the same zone has no second account. */
	f->at = (struct cut_search){.cut = cut,
				    .asked_labels = cut->labels,
				    .fruitless = f->cut_dropped ? f->at.fruitless : 0};
	f->try = (struct server_try){0};
	if (!f->cut_dropped)
		f->sends--; /* a step down: it counts for the client's question only */
	if (!f->cut_dropped && job->depth == 1)
		job->link_sends--;
	job->why_ede = TERN_EDE_NONE;
	return go(STAGE_PICK);
}

/* One more label exists: show the next one. */
static struct turn minimise_on(struct job *job, struct frame *f)
{
	advance(job, f);
	f->at.asked_labels = f->try.sent_labels;
	f->name.qmin_steps++;
	f->at.fruitless = 0;
	asked_server(f)->tries = 0;
	f->try.transport = TRANSPORT_UDP;
	return go(STAGE_PICK);
}

static struct turn read_nxdomain(struct job *job, struct frame *f, const struct tern_message *m)
{
	if (was_minimised(f) && job->rules->resolver.qmin != QMIN_STRICT && !f->name.qmin_off) {
		f->name.qmin_off = true;
		return go(STAGE_SEND);
	}
	return believe_denial(job, f, m, true) ? conclude(job, f, OUTCOME_NXDOMAIN)
					       : give(OUTCOME_FAILED);
}

static struct turn read_nodata(struct job *job, struct frame *f, const struct tern_message *m)
{
	if (was_minimised(f))
		return minimise_on(job, f);
	return believe_denial(job, f, m, false) ? conclude(job, f, OUTCOME_NODATA)
						: give(OUTCOME_FAILED);
}

static struct turn read_answer(struct job *job, struct frame *f, const struct tern_message *m)
{
	if (f->purpose == FRAME_PRIME) {
		if (!referral_cut(job, m, TERN_ANSWER, tern_name_root, f->at.cut))
			return give_up_server(job, f, TERN_EDE_INVALID_DATA, "unusable root NS");
		(void)believe_answer(job, f, m); /* and it is an answer, too */
		return give(OUTCOME_ANSWER);
	}
	if (was_minimised(f))
		return minimise_on(job, f);
	switch (believe_answer(job, f, m)) {
	case BELIEVED_ANSWER: return conclude(job, f, OUTCOME_ANSWER);
	case BELIEVED_ALIAS: return go(STAGE_LOOKUP);
	case BELIEVED_TOO_LONG: f->found.yxdomain = true; return conclude(job, f, OUTCOME_ANSWER);
	case BELIEVED_TOO_MUCH: return give(OUTCOME_FAILED);
	case BELIEVED_NOTHING: break;
	}
	return give_up_server(job, f, TERN_EDE_INVALID_DATA, "malformed answer");
}

/*
 * Words that count only when nobody else has better ones: those of a cache where
 * an authority should be, and denials of the name asked for that the zone's own
 * SOA doesn't back. NULL: it counts at once.
 */
static const char *why_aside(struct job *job, struct frame *f, enum reply_kind kind,
			     const struct reply_view *view)
{
	if (kind == REPLY_REFUSED || f->at.cut->take_doubtful)
		return NULL;
	if (view->recursive)
		return "answer from a cache";
	/* With nobody else to hear, what it says will do. */
	if (!view->doubtful || was_minimised(f) || f->at.cut->doubts >= DOUBTS_MAX ||
	    (!others_are_left(job, f) && !names_are_left(job, f)))
		return NULL;
	f->at.cut->doubts++;
	return "denial without a SOA of the zone";
}

/*
 * A server that compares letters exactly denies what it has, or refuses it. Until it
 * has shown that it doesn't, a denial of a name in mixed case is confirmed.
 */
static bool is_maybe_by_case(const struct job *job, const struct frame *f, enum reply_kind kind)
{
	return job->reply->mixed && !f->try.folds && !f->try.confirming &&
	       (kind == REPLY_NXDOMAIN || kind == REPLY_NODATA || kind == REPLY_REFUSED);
}

static struct turn confirm_in_lower_case(struct job *job, struct frame *f)
{
	job_tell(job, "  asking again, all in lower case");
	asked_server(f)->facts |= INFRA_BIT(INFRA_NO_CASE);
	f->try.confirming = true;
	f->at.fruitless++;
	return go(STAGE_SEND);
}

static void learn_of_case(struct job *job, struct frame *f, enum reply_kind kind)
{
	struct infra *infra = job->resolver->infra;
	const struct address *a = &asked_server(f)->addr;
	bool found = kind == REPLY_ANSWER || kind == REPLY_ALIAS || kind == REPLY_REFERRAL;
	bool denied = kind == REPLY_NXDOMAIN || kind == REPLY_NODATA || kind == REPLY_REFUSED;

	if (f->try.confirming && found)
		infra_learn(infra, a, account(job), INFRA_NO_CASE, now_ms(job));
	else if (!f->try.folds && ((job->reply->mixed && found) || (f->try.confirming && denied)))
		infra_learn_folds(infra, a, account(job), now_ms(job));
	f->try.confirming = false;
}

static struct turn read_message(struct job *job, struct frame *f, const struct tern_message *m)
{
	struct reply_view view;
	struct reply_context asked = {
		.name = job->outbox.name,
		.zone = f->at.cut->zone,
		.type = job->outbox.type,
		.forwarder = f->at.cut->source == CUT_FORWARD,
		.stub = f->at.cut->source == CUT_STUB,
		.had_edns = job->outbox.edns,
		.by_udp = job->reply->transport == TRANSPORT_UDP,
	};
	enum reply_kind kind = reply_classify(m, &asked, &view);

	enum subnet_said said = subnet_read_reply(job, f, m);

	if (said == SUBNET_UNASKED)
		return give_up_server(job, f, TERN_EDE_INVALID_DATA,
				      "tells of another client subnet");
	if (said == SUBNET_UNSAID && asked.by_udp && is_served(kind))
		return ask_without_subnet(job, f);
	f->found.answered_by = asked_server(f)->addr;
	report_note_agent(job, f, m, kind == REPLY_REFERRAL ? view.zone : NULL);
	if (view.recursive && kind != REPLY_REFERRAL && f->at.cut->labels == 0)
		link_suspect(job->resolver, &asked_server(f)->addr);

	bool sound = !view.recursive && (!view.doubtful || was_minimised(f));

	if (job->outbox.opportunistic && (!is_served(kind) || !sound))
		return encryption_give_up(job, f, PLAIN_AS_WRONG, "no good answer by TLS");
	if (kind == REPLY_TRUNCATED)
		return ask_again_by_tcp(job, f, "truncated");
	if (kind == REPLY_NO_EDNS)
		return read_no_edns(job, f, m);
	if (kind == REPLY_BAD_COOKIE)
		return read_bad_cookie(job, f);
	if (is_served(kind)) {
		learn_form(job, f);
		suspect_form(job, f);
		if (unlikely(job->rules->resolver.encryption.peer))
			encryption_note_answer(job, f, m, sound);
	}
	if (is_maybe_by_case(job, f, kind))
		return confirm_in_lower_case(job, f);
	learn_of_case(job, f, kind);
	const char *aside = why_aside(job, f, kind, &view);

	if (aside) {
		asked_server(f)->aside = true;
		return give_up_server(job, f, TERN_EDE_NO_REACHABLE_AUTHORITY, aside);
	}
	switch (kind) {
	case REPLY_ANSWER:
	case REPLY_ALIAS: return read_answer(job, f, m);
	case REPLY_REFERRAL: return follow_referral(job, f, m, &view);
	case REPLY_NODATA: return read_nodata(job, f, m);
	case REPLY_NXDOMAIN: return read_nxdomain(job, f, m);
	case REPLY_LAME: return read_lame(job, f, view.why);
	case REPLY_REFUSED: return read_refused(job, f, view.why);
	case REPLY_TRUNCATED:
	case REPLY_NO_EDNS:
	case REPLY_BAD_COOKIE:
	case REPLY_BROKEN: break;
	}
	return give_up_server(job, f, TERN_EDE_INVALID_DATA, view.why ? view.why : "broken reply");
}

static void tell_reply(struct job *job, const struct tern_message *m)
{
	char rcode[16];

	if (job->trace)
		job_tell(job, "< %s%s%s, %u answer, %u authority, %u additional, %zu octets, %u ms",
			 tern_rcode_to_text(m->rcode, rcode, sizeof rcode),
			 m->flags & TERN_FLAG_AA ? " AA" : "", m->flags & TERN_FLAG_TC ? " TC" : "",
			 m->section_n[TERN_ANSWER], m->section_n[TERN_AUTHORITY],
			 m->section_n[TERN_ADDITIONAL], m->len, job->reply->rtt_ms);
}

struct turn stage_read(struct job *job, struct frame *f)
{
	const struct upstream_reply *reply = job->reply;
	struct tern_message m;

	if (reply->event != UPSTREAM_ANSWERED)
		return read_event(job, f);
	note_alive(job, f);
	if (!budget_spend(&job->budget, BUDGET_OCTETS, (uint32_t)reply->len))
		return give(OUTCOME_FAILED);
	enum tern_status status = tern_message_parse(reply->octets, reply->len, job->resolver->rrs,
						     JOB_REPLY_RRS, &m);

	/* Octets behind a whole message are nobody's; some servers have them. */
	if (status != TERN_OK && status != TERN_ETRAILING) {
		/* Truncation in the middle of a record is truncation all the same. */
		if (reply->transport == TRANSPORT_UDP &&
		    (get_u16(reply->octets + 2) & TERN_FLAG_TC))
			return ask_again_by_tcp(job, f, "truncated");
		return give_up_server(job, f, TERN_EDE_INVALID_DATA, "malformed reply");
	}
	tell_reply(job, &m);
	learn_cookie(job, f, &m);
	return read_message(job, f, &m);
}
