/*
 * mail.c - queries handed to the worker that is on them, answers handed back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker_private.h"

/*
 * A query by TCP comes with the envelope for its answer: this very letter goes
 * back, as LETTER_ANSWER. So whatever is short in between, the connection hears of it.
 */
struct query_letter {
	struct letter letter;
	struct request request;
	struct route_back back;
	uint8_t *answer;   /* NULL: there is none, or no memory for it */
	size_t answer_len; /* 0: nothing is to be answered */
};

struct trace_letter {
	struct letter letter;
	struct question question;
	int fd;
};

struct listen_letter {
	struct letter letter;
	enum listen_order order;
	unsigned slot;
	struct listener_fds fds; /* LISTEN_OPEN */
};

bool mail_query(struct worker *w, unsigned to, const struct request *r,
		const struct route_back *back)
{
	struct query_letter *q = malloc(sizeof *q);

	if (!q)
		return false;
	q->letter.kind = LETTER_QUERY;
	q->request = *r;
	q->back = *back;
	q->back.envelope = back->tcp ? q : NULL;
	q->answer = NULL;
	if (mailbox_send(&w->shared->workers[to]->mailbox, &q->letter))
		return true;
	free(q);
	return false;
}

void mail_answer(struct worker *w, const struct route_back *back, const uint8_t *octets, size_t len)
{
	struct query_letter *q = back->envelope;

	q->answer = len > 0 ? malloc(len) : NULL;
	q->answer_len = len;
	if (q->answer)
		memcpy(q->answer, octets, len);
	q->letter.kind = LETTER_ANSWER;
	mailbox_send_back(&w->shared->workers[back->worker]->mailbox, &q->letter);
}

bool worker_trace(struct worker *w, const struct question *question, int fd)
{
	struct trace_letter *t = malloc(sizeof *t);

	if (!t)
		return false;
	t->letter.kind = LETTER_TRACE;
	t->question = *question;
	t->fd = fd;
	if (mailbox_send(&w->mailbox, &t->letter))
		return true;
	free(t);
	return false;
}

bool worker_run_errand(struct worker *w, const struct errand *errand)
{
	struct errand_letter *e = malloc(sizeof *e);

	if (!e)
		return false;
	e->letter.kind = LETTER_ERRAND;
	e->errand = *errand;
	if (mailbox_send(&w->mailbox, &e->letter))
		return true;
	free(e);
	return false;
}

static bool send_order(struct worker *w, enum listen_order order, unsigned slot,
		       const struct listener_fds *fds)
{
	struct listen_letter *l = malloc(sizeof *l);

	if (!l)
		return false;
	l->letter.kind = LETTER_LISTEN;
	l->order = order;
	l->slot = slot;
	if (fds)
		l->fds = *fds;
	mailbox_send_back(&w->mailbox, &l->letter);
	return true;
}

bool worker_listen(struct worker *w, unsigned slot, const struct listener_fds *fds)
{
	if (send_order(w, LISTEN_OPEN, slot, fds))
		return true;
	listener_fds_close(fds);
	return false;
}

bool worker_start_listening(struct worker *w, unsigned slot)
{
	return send_order(w, LISTEN_START, slot, NULL);
}

bool worker_stop_listening(struct worker *w, unsigned slot)
{
	return send_order(w, LISTEN_CLOSE, slot, NULL);
}

bool worker_rest(struct worker *w, unsigned slot)
{
	return send_order(w, LISTEN_REST, slot, NULL);
}

bool worker_stop_accepting(struct worker *w, unsigned slot)
{
	return send_order(w, LISTEN_STOP_ACCEPTING, slot, NULL);
}

static void note_addresses(struct errand_found *f, const struct tern_rrset *set)
{
	uint16_t wanted = set->type == TERN_TYPE_A ? 4 : 16;
	struct tern_rdata_iter it = tern_rrset_rdatas(set);
	struct tern_rdata rdata;

	while (f->n < ERRAND_ADDRESSES_MAX && tern_rdata_next(&it, &rdata)) {
		struct address *a = &f->addresses[f->n];

		if (rdata.len != wanted)
			continue;
		memcpy(a->octets, rdata.octets, wanted);
		a->family = wanted == 4 ? 4 : 6;
		f->n++;
	}
}

void mail_errand_note(const struct errand_letter *letter, const struct result *result)
{
	struct errand_found *f = letter->errand.found;
	uint16_t type = letter->errand.question.type;

	if (!f)
		return;
	f->rcode = result->rcode;
	memcpy(f->why, result->text, sizeof f->why);
	if (result->rcode != TERN_RCODE_NOERROR || (type != TERN_TYPE_A && type != TERN_TYPE_AAAA))
		return;
	for (const struct kept *k = result->answer.first; k; k = k->next) {
		if (k->set.type == type)
			note_addresses(f, &k->set);
	}
}

void mail_errand_done(struct errand_letter *letter)
{
	mailbox_send_back(letter->errand.back, &letter->letter);
}

/* What the other worker was on may be done by now: then the cache has it. */
static void read_query(struct worker *w, struct query_letter *q)
{
	struct route_back back = q->back;
	struct request request = q->request;

	/* The envelope may be gone as soon as the answer is. */
	if (!back.envelope)
		free(q);
	client_resolve(w, &request, &back, false);
}

static void read_answer(struct worker *w, struct query_letter *q)
{
	if (q->answer)
		tcp_answer(&q->back, q->answer, q->answer_len);
	else if (q->answer_len > 0)
		client_refuse(w, &q->request, &q->back);
	tcp_settle(&q->back);
	free(q->answer);
	free(q);
}

static void read_trace(struct worker *w, struct trace_letter *t)
{
	client_trace(w, &t->question, t->fd);
	free(t);
}

static void read_order(struct worker *w, struct listen_letter *l)
{
	listen_obey(w, l->order, l->slot, &l->fds);
	free(l);
}

static void read_letter(struct worker *w, struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_QUERY: read_query(w, CONTAINER_OF(letter, struct query_letter, letter)); return;
	case LETTER_ANSWER:
		read_answer(w, CONTAINER_OF(letter, struct query_letter, letter));
		return;
	case LETTER_TRACE: read_trace(w, CONTAINER_OF(letter, struct trace_letter, letter)); return;
	case LETTER_ERRAND:
		client_run_errand(w, CONTAINER_OF(letter, struct errand_letter, letter));
		return;
	case LETTER_LISTEN:
		read_order(w, CONTAINER_OF(letter, struct listen_letter, letter));
		return;
	case LETTER_QUIC: quic_read_letter(w, letter); return;
	case LETTER_GATE: client_pass(w, CONTAINER_OF(letter, struct gate_letter, letter)); return;
	}
}

void mail_ready(struct watch *watch, uint32_t events)
{
	struct worker *w = CONTAINER_OF(watch, struct worker, mail_watch);
	struct letter *letter;

	(void)events;
	mailbox_open(&w->mailbox);
	while ((letter = mailbox_take(&w->mailbox)) != NULL)
		read_letter(w, letter);
}

static void close_unopened(const struct listen_letter *l)
{
	if (l->order == LISTEN_OPEN)
		listener_fds_close(&l->fds);
}

static void throw_away(struct letter *letter)
{
	switch (letter->kind) {
	case LETTER_QUERY: break;
	case LETTER_ANSWER: free(CONTAINER_OF(letter, struct query_letter, letter)->answer); break;
	case LETTER_TRACE: close(CONTAINER_OF(letter, struct trace_letter, letter)->fd); break;
	case LETTER_ERRAND:
		mail_errand_done(CONTAINER_OF(letter, struct errand_letter, letter));
		return;
	case LETTER_LISTEN:
		close_unopened(CONTAINER_OF(letter, struct listen_letter, letter));
		break;
	case LETTER_QUIC: break;
	case LETTER_GATE: gate_throw_away(CONTAINER_OF(letter, struct gate_letter, letter)); return;
	}
	/* The letter is the first member of every kind. */
	free(letter);
}

void mail_finish_all(struct worker *w)
{
	struct letter *letter;

	while ((letter = mailbox_take(&w->mailbox)) != NULL)
		throw_away(letter);
}
