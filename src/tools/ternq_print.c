/*
 * ternq_print.c - a reply in dig's form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"
#include "tools/ternq_record.h"
#include "tools/ternq_shape.h"

#define WORD_MAX  16 /* octets of a mnemonic or a code's name with NUL */
#define FLAG_ZERO 0x0040

static void print_section(const struct show *show, const struct tern_message *m,
			  enum tern_section section)
{
	for (unsigned i = 0; i < m->section_n[section]; i++)
		record_print(show, m, tern_message_rr(m, section, i));
}

void print_records(const struct show *show, const struct tern_message *m)
{
	if (show->answer)
		print_section(show, m, TERN_ANSWER);
	if (show->authority)
		print_section(show, m, TERN_AUTHORITY);
	if (show->additional)
		print_section(show, m, TERN_ADDITIONAL);
}

static void print_headed(const struct show *show, const struct tern_message *m,
			 enum tern_section section, const char *heading)
{
	if (m->section_n[section] == 0)
		return;
	if (show->comments)
		printf(";; %s SECTION:\n", heading);
	print_section(show, m, section);
	if (show->comments)
		putchar('\n');
}

/* ---- the rest of a message ---- */

static void print_question(const struct show *show, const struct tern_message *m)
{
	char name[TERN_NAME_TEXT_MAX];
	char rclass[RECORD_WORD_MAX], type[RECORD_WORD_MAX];
	size_t width = 0; /* dig does not count the semicolon */

	if (m->qdcount == 0)
		return;
	record_names(show, m->qclass, m->qtype, rclass, type);
	if (show->comments)
		printf(";; QUESTION SECTION:\n");
	putchar(';');
	record_column(show, tern_name_to_text(m->qname, name), &width, show->multiline ? 3 : 4);
	if (show->rclass && show->multiline)
		printf("%s ", rclass);
	else if (show->rclass)
		record_column(show, rclass, &width, 5);
	printf("%s\n%s", type, show->comments ? "\n" : "");
}

void print_flags(const struct tern_message *m)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {
		{TERN_FLAG_QR, " qr"}, {TERN_FLAG_AA, " aa"}, {TERN_FLAG_TC, " tc"},
		{TERN_FLAG_RD, " rd"}, {TERN_FLAG_RA, " ra"}, {TERN_FLAG_AD, " ad"},
		{TERN_FLAG_CD, " cd"},
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		fputs(m->flags & flags[i].bit ? flags[i].name : "", stdout);
}

static void print_header(const struct tern_message *m)
{
	char opcode[WORD_MAX], rcode[WORD_MAX];

	printf(";; ->>HEADER<<- opcode: %s, status: %s, id: %u\n;; flags:",
	       tern_opcode_to_text(m->opcode, opcode, sizeof opcode),
	       tern_rcode_to_text(m->rcode, rcode, sizeof rcode), m->id);
	print_flags(m);
	if (m->flags & FLAG_ZERO)
		printf("; MBZ: 0x4");
	/* as sent: with OPT and TSIG, which the index does not have */
	printf("; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n", get_u16(m->octets + 4),
	       get_u16(m->octets + 6), get_u16(m->octets + 8), get_u16(m->octets + 10));
	if ((m->flags & TERN_FLAG_QR) && (m->flags & TERN_FLAG_RD) && !(m->flags & TERN_FLAG_RA))
		printf(";; WARNING: recursion requested but not available\n");
	putchar('\n');
}

static void print_message(const struct show *show, const struct tern_message *m,
			  const struct query *q)
{
	if (show->comments) {
		print_header(m);
		if (m->edns.present)
			print_opt(m, q);
	}
	if (show->question)
		print_question(show, m);
	if (show->answer)
		print_headed(show, m, TERN_ANSWER, "ANSWER");
	if (show->authority)
		print_headed(show, m, TERN_AUTHORITY, "AUTHORITY");
	if (show->additional)
		print_headed(show, m, TERN_ADDITIONAL, "ADDITIONAL");
}

/* What replies and transfers have in common. */
static void print_when(const struct options *o, const struct reply *r)
{
	time_t now = time(NULL);
	struct tm local;
	char when[64] = "";

	if (o->microseconds)
		printf(";; Query time: %llu usec\n", (unsigned long long)r->elapsed_us);
	else
		printf(";; Query time: %llu msec\n", (unsigned long long)r->elapsed_us / 1000);
	printf(";; SERVER: %s(%s) (%s)\n", r->server, r->asked, r->tcp ? "TCP" : "UDP");
	if (localtime_r(&now, &local))
		strftime(when, sizeof when, "%a %b %d %H:%M:%S %Z %Y", &local);
	printf(";; WHEN: %s\n", when);
}

static void print_stats(const struct options *o, const struct reply *r)
{
	print_when(o, r);
	printf(";; MSG SIZE  rcvd: %zu\n\n", r->m.len);
}

void print_transfer_stats(const struct options *o, const struct reply *r,
			  const struct xfr_size *size)
{
	print_when(o, r);
	printf(";; XFR size: %llu records (messages %llu, bytes %llu)\n\n",
	       (unsigned long long)size->records_n, (unsigned long long)size->messages_n,
	       (unsigned long long)size->octets_n);
}

static void print_short(const struct show *show, const struct reply *r)
{
	for (unsigned i = 0; i < r->m.section_n[TERN_ANSWER]; i++) {
		record_print_data(show, &r->m, tern_message_rr(&r->m, TERN_ANSWER, i));
		if (show->identify)
			printf(" from server %.*s in %llu ms.", (int)strcspn(r->server, "#"),
			       r->server, (unsigned long long)r->elapsed_us / 1000);
		putchar('\n');
	}
}

bool print_is_for_programs(const struct show *show)
{
	return show->json || show->yaml;
}

void print_banner(struct options *o, const struct lookup *l, const struct servers *servers)
{
	if (o->banner_done || !l->show.cmd || l->show.brief || print_is_for_programs(&l->show))
		return;
	o->banner_done = true;
	printf("\n; <<>> ternq %s <<>>", TERN_VERSION);
	for (int i = 0; i < o->argc; i++)
		printf(" %s", o->argv[i]);
	putchar('\n');
	if (*l->server)
		printf("; (%u server%s found)\n", servers->n, servers->n == 1 ? "" : "s");
	printf(";; global options: +cmd\n");
}

void print_query(const struct lookup *l, const struct query *q)
{
	struct tern_message m;

	if (!l->show.query || l->show.brief || print_is_for_programs(&l->show) ||
	    tern_message_parse(q->octets, q->len, NULL, 0, &m) != TERN_OK)
		return;
	printf(";; Sending:\n");
	print_message(&l->show, &m, NULL);
	printf(";; QUERY SIZE: %zu\n\n", q->len);
}

void print_reply(const struct options *o, const struct lookup *l, const struct query *q,
		 const struct reply *r)
{
	const struct show *show = &l->show;

	if (show->brief) {
		print_short(show, r);
		return;
	}
	if (show->comments)
		printf(";; Got answer:\n");
	print_message(show, &r->m, q);
	if (show->stats)
		print_stats(o, r);
}
