/*
 * stage_send.c - say what to ask, and park.
 */
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>

#include "policy/nat64.h"
#include "resolver/dns64.h"
#include "resolver/encryption.h"
#include "resolver/failure.h"
#include "resolver/machine.h"
#include "resolver/qmin.h"
#include "resolver/select.h"
#include "resolver/subnet.h"

#define LINK_SENDS_MAX 50   /* for one name with the names of its servers (limits.md row 25) */
#define ROUTE_PROBE_MS 2000 /* the operator named them, and no others */

/* A DS must be asked of the parent's servers: the way down to them shows who they are. */
static bool is_minimised(const struct job *job, const struct frame *f)
{
	if (f->name.qmin_off || f->at.cut->source == CUT_FORWARD || f->purpose == FRAME_PRIME)
		return false;
	return job->rules->resolver.qmin != QMIN_OFF || f->question.type == TERN_TYPE_DS;
}

static void choose_labels(struct job *job, struct frame *f)
{
	unsigned full = tern_name_labels(f->question.name);
	unsigned labels = full;

	if (is_minimised(job, f) && f->at.asked_labels < full)
		labels = qmin_next_labels(f->at.asked_labels, full, f->name.qmin_steps);
	if (unlikely(job->rules->resolver.encryption.zones_n > 0))
		labels = MIN(labels, encryption_labels_max(job, f));
	f->try.sent_labels = (uint8_t)labels;
	f->try.step = labels < full || encryption_is_step(job, f);
}

static void take_name(const struct frame *f, struct upstream_query *q)
{
	q->name = tern_name_suffix(f->question.name, f->try.sent_labels);
	q->type = f->try.step ? QMIN_TYPE : f->question.type;
}

static void add_cookie(struct upstream_query *q, const struct infra_server *infra)
{
	memcpy(q->cookie, infra->client_cookie, TERN_COOKIE_CLIENT);
	memcpy(q->cookie + TERN_COOKIE_CLIENT, infra->server_cookie, infra->server_cookie_len);
	q->cookie_len = (uint8_t)(TERN_COOKIE_CLIENT + infra->server_cookie_len);
}

/* A forwarder takes as long as the resolution that it does, however near it is itself. */
#define FORWARDER_LEAST_MS 400

/*
 * Until somebody else is asked, or the same server again: its answer counts after
 * that, too. Who looks dead is waited for long only when there is nobody else.
 */
static uint32_t timeout_of(struct job *job, struct frame *f, const struct infra_server *infra)
{
	const struct cut_server *server = &f->at.cut->servers[f->try.server];

	if (f->try.transport == TRANSPORT_TCP)
		return UPSTREAM_TCP_MS;
	if (infra->silent && server->tries == 0 && others_are_left(job, f))
		return infra->patience_ms;
	/* Where nothing but an encrypted answer will do, the handshake is waited for. */
	bool patient = f->at.cut->source == CUT_FORWARD
			       ? !f->at.cut->route_first
			       : f->try.transport != TRANSPORT_UDP && !f->try.opportunistic;

	if (patient)
		return MIN(MAX(infra->rto_ms, (uint32_t)FORWARDER_LEAST_MS << server->tries),
			   (uint32_t)INFRA_RTO_MAX_MS);
	return infra->rto_ms;
}

/*
 * After silence the question changes, for what it carries may be why nothing comes
 * (limits.md row 85): without the cookie and with a small size, then in lower case
 * from another socket, then by TCP. Silence never means "no EDNS" (row 33).
 */
static uint8_t form_of(const struct cut_server *server, const struct infra_server *infra)
{
	uint8_t form = infra->facts | server->facts;

	if (server->silences > 0)
		form |= INFRA_BIT(INFRA_PLAIN) | INFRA_BIT(INFRA_SMALL);
	if (server->silences >= SERVER_FRESH_TRY)
		form |= INFRA_BIT(INFRA_NO_CASE);
	return form;
}

/* UDP was tried in every form, or is known to bring nothing. */
static bool is_for_tcp(const struct cut_server *server, const struct infra_server *infra)
{
	return server->tcp_tries == 0 && (server->silences == SERVER_TCP_TRY ||
					  (server->silences == 0 && infra_has(infra, INFRA_TCP)));
}

#define BESIDE_MS 1 /* from one of those that are asked at once to the next */
#define AT_ONCE   4 /* servers in one go: so many a job listens for */

/* The others are asked at once, too; who is the last of a go is waited for. */
static bool is_one_of_many(struct job *job, struct frame *f)
{
	return f->at.cut->policy == ROUTE_PARALLEL && f->at.silent_n % AT_ONCE != AT_ONCE - 1 &&
	       f->try.transport != TRANSPORT_TCP && f->at.cut->servers[f->try.server].tries == 0 &&
	       fresh_ones_are_left(job, f);
}

/* From a host without IPv4 the way to it leads through NAT64, which takes the port along. */
static struct address way_to(const struct resolver_options *o, const struct address *server)
{
	struct address to = {.family = 6, .port = server->port};

	if (server->family != 4 || o->ipv4)
		return *server;
	nat64_embed(&o->nat64, server->octets, to.octets);
	return to;
}

/*
 * A connection, a handshake and the question are three ways there and back (RFC 8446 2); plain DNS
 * is asked again after one and some slack.
 */
static bool is_far(const struct infra_server *infra)
{
	return 3 * infra->srtt_ms >
	       MAX(infra->srtt_ms + INFRA_RTO_SLACK_MS, (uint32_t)INFRA_RTO_MIN_MS);
}

static void fill_outbox(struct job *job, struct frame *f, const struct infra_server *infra)
{
	struct upstream_query *q = &job->outbox;
	const struct cut_server *server = &f->at.cut->servers[f->try.server];

	memset(q, 0, sizeof *q);
	q->to.address = way_to(&job->rules->resolver, &server->addr);
	q->zone = encryption_account(job, f);
	q->server = server->addr;
	q->to.transport = f->try.transport;
	q->to.peer = server->peer;
	q->opportunistic = f->try.opportunistic;
	q->counted = f->try.counted;
	f->try.counted = false;
	if (unlikely(transport_is_encrypted(f->try.transport) && !server->peer))
		encryption_set_way(job, &q->to);
	q->recurse = f->at.cut->source == CUT_FORWARD;
	/* RFC 6840 5.9: who validates wants the data, not somebody else's verdict. */
	q->checking_disabled = q->recurse && (job->rules->resolver.validation != VALIDATION_OFF ||
					      job->flags & JOB_CHECKING_DISABLED);
	uint8_t form = form_of(server, infra);

	q->edns = !(form & INFRA_BIT(INFRA_NO_EDNS));
	q->udp_size = form & INFRA_BIT(INFRA_SMALL) ? UPSTREAM_UDP_SMALL : UPSTREAM_UDP_SIZE;
	q->random_case = !(form & INFRA_BIT(INFRA_NO_CASE)) && !job->lower_case &&
			 f->try.transport == TRANSPORT_UDP;
	q->fresh = server->silences == SERVER_FRESH_TRY; /* that path may be broken for good */
	q->beside = is_one_of_many(job, f);
	q->timeout_ms = q->beside ? BESIDE_MS : timeout_of(job, f, infra);
	q->far = is_far(infra);
	if (q->edns && !q->recurse && !(form & INFRA_BIT(INFRA_PLAIN)))
		add_cookie(q, infra);
	take_name(f, q);
	if (q->edns && !(form & INFRA_BIT(INFRA_PLAIN)) && !f->try.subnet_off && !f->try.step &&
	    subnet_applies(job, f, q->name, q->type))
		q->subnet = job->subnet;
	q->origin = (struct upstream_origin){.progress = f->progress,
					     .depth = job->depth,
					     .server = f->try.server,
					     .labels = f->try.sent_labels,
					     .step = f->try.step};
}

static uint32_t probe_pause_max_ms(const struct frame *f)
{
	return CUT_IS_ROUTE(f->at.cut) ? ROUTE_PROBE_MS : INFRA_PROBE_MAX_MS;
}

static void tell_sending(struct job *job)
{
	const struct upstream_query *q = &job->outbox;
	char address[ADDRESS_TEXT_MAX], name[TERN_NAME_TEXT_MAX], zone[TERN_NAME_TEXT_MAX];
	char type[16];

	if (!job->trace)
		return;
	job_tell(job, "> %s %s to %s (%s) by %s%s", tern_name_to_text(q->name, name),
		 tern_type_to_text(q->type, type, sizeof type),
		 address_to_text(&q->to.address, address), tern_name_to_text(q->zone, zone),
		 transport_to_text(q->to.transport), q->edns ? "" : " without EDNS");
}

#define LISTEN_LEAST_MS 100 /* less time than that is not worth waiting for */

/* The addresses of servers can be had elsewhere, what the client wants can not. */
bool may_listen(const struct job *job, const struct frame *f)
{
	bool elsewhere = dns64_may_ask_more(job, f) || f->purpose == FRAME_ADDRESS ||
			 f->purpose == FRAME_GLUE || f->purpose == FRAME_PRIME ||
			 (f->at.cut->route_first && !f->name.no_route);

	return f->at.silent_n > 0 && !f->at.listened && !elsewhere &&
	       job->now->mono_ns / NS_PER_MS + LISTEN_LEAST_MS < job->deadline_ms;
}

/* Nobody is left to ask, but some have not answered yet. */
struct turn wait_for_late(struct job *job, struct frame *f)
{
	uint64_t left_ms = job->deadline_ms - LISTEN_LEAST_MS / 2 - job->now->mono_ns / NS_PER_MS;

	job_tell(job, "  waiting for late answers");
	f->at.listened = true;
	memset(&job->outbox, 0, sizeof job->outbox);
	job->outbox.listen = true;
	job->outbox.timeout_ms = (uint32_t)MIN(left_ms, (uint64_t)UPSTREAM_LISTEN_MS);
	return park(STAGE_READ);
}

struct turn stage_send(struct job *job, struct frame *f)
{
	struct cut_server *server = &f->at.cut->servers[f->try.server];
	uint64_t now_ms = job->now->mono_ns / NS_PER_MS;
	const uint8_t *account = encryption_account(job, f);
	struct infra_server infra;

	if (f->try.transport == TRANSPORT_UDP)
		f->try.transport = f->at.cut->transport;
	/* By TCP, or on another connection, it goes on with what a claimed probe has begun. */
	if (f->try.transport != TRANSPORT_TCP && server->tcp_tries == 0 && !server->resting &&
	    !infra_claim_probe(job->resolver->infra, &server->addr, account, probe_pause_max_ms(f),
			       now_ms)) {
		server->resting = true; /* somebody else is trying the dead one right now */
		return go(STAGE_PICK);
	}
	f->at.cut->dead_asked |= server->resting;
	infra_get(job->resolver->infra, &server->addr, account, now_ms, &infra);
	choose_labels(job, f);
	if (unlikely(job->rules->resolver.encryption.peer))
		encryption_choose(job, f, &infra);
	if (f->try.transport == TRANSPORT_UDP && is_for_tcp(server, &infra)) {
		f->try.transport = TRANSPORT_TCP;
		f->try.after_silence = true;
	}
	f->try.folds = infra.folds;
	if (job->link_sends >= LINK_SENDS_MAX) {
		job_note(job, TERN_EDE_OTHER, "too many upstream queries for one name");
		failure_blame(job, FAULT_LIMIT);
		return give(OUTCOME_FAILED);
	}
	if (!budget_spend(&job->budget, BUDGET_SEND, 1) ||
	    (f->try.transport == TRANSPORT_TCP && !budget_spend(&job->budget, BUDGET_TCP, 1)))
		return give(OUTCOME_FAILED);
	fill_outbox(job, f, &infra);
	if (f->try.transport != TRANSPORT_TCP)
		server->tries++;
	f->sends++;
	job->link_sends++;
	job->result.cached = false;
	tell_sending(job);
	return park(STAGE_READ);
}
