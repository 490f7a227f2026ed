/*
 * ternq_print.c - a reply in dig's form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <idn2.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"

#define WORD_MAX   16 /* octets of a mnemonic or a code's name with NUL */
#define LINE_MAX_N (TERN_RDATA_TEXT_MAX + TERN_NAME_TEXT_MAX + 64)
#define FLAG_ZERO  0x0040
#define COLUMN     8

/* ---- records ---- */

/*
 * The Unicode of an IDN, to be freed with idn2_free(), or NULL. Only what
 * IDNA maps back to the same name: punycode can hide control characters.
 */
static char *unicode_of(const char *word)
{
	char *unicode = NULL;
	char *back = NULL;
	bool same;

	if (!strstr(word, "xn--") || idn2_to_unicode_8z8z(word, &unicode, 0) != IDN2_OK)
		return NULL;
	same = idn2_to_ascii_8z(unicode, &back, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
	       strcasecmp(back, word) == 0;
	idn2_free(back);
	if (same)
		return unicode;
	idn2_free(unicode);
	return NULL;
}

/* Names in @p line as Unicode where they are IDN; quoted strings stay as they are. */
static void print_unicode(const char *line)
{
	while (*line) {
		size_t len = *line == '"' ? strlen(line) : strcspn(line, " \t");
		char *word = strndup(line, len);
		char *unicode = word && *line != '"' ? unicode_of(word) : NULL;

		printf("%.*s", unicode ? (int)strlen(unicode) : (int)len, unicode ? unicode : line);
		idn2_free(unicode);
		free(word);
		line += len;
		for (; *line == ' ' || *line == '\t'; line++)
			putchar(*line);
	}
}

static void print_text(const struct show *show, const char *text)
{
	if (show->idn_out)
		print_unicode(text);
	else
		fputs(text, stdout);
}

/* The next word of @p *line, cut off there. */
static char *next_word(char **line)
{
	char *word = *line;
	char *end = word + strcspn(word, " \t");

	*line = end + strspn(end, " \t");
	*end = '\0';
	return word;
}

/* @p text, then tabs up to @p column or one space. */
static void print_column(const struct show *show, const char *text, size_t *width, size_t column)
{
	print_text(show, text);
	*width += strlen(text);
	if (*width >= column) {
		putchar(' ');
		++*width;
	}
	for (; *width < column; *width += COLUMN - *width % COLUMN)
		putchar('\t');
}

/* A line of tern_rr_to_text(), perhaps without TTL or class. */
static void print_line(const struct show *show, char *line)
{
	const char *owner = next_word(&line);
	const char *ttl = next_word(&line);
	const char *rclass = next_word(&line);
	const char *type = next_word(&line);
	size_t column = 3 * COLUMN;
	size_t width = 0;

	print_column(show, owner, &width, column);
	if (show->ttl)
		print_column(show, ttl, &width, column += COLUMN);
	if (show->rclass)
		print_column(show, rclass, &width, column += COLUMN);
	print_column(show, type, &width, column + COLUMN);
	print_text(show, line);
	putchar('\n');
}

/* The place behind @p words words of a line. */
static char *behind_words(char *line, unsigned words)
{
	for (; words > 0; words--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	return line;
}

/* Class, type and rdata in RFC 3597 form whatever they are. */
static void write_unknown(const struct tern_message *m, const struct tern_rr_ref *rr, char *out,
			  size_t out_max)
{
	static uint8_t rdata[UINT16_MAX];
	size_t len = rr->rdata_len;
	int n = snprintf(out, out_max, "CLASS%u TYPE%u ", rr->rclass, rr->type);

	if (tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
		memcpy(rdata, m->octets + rr->rdata_at, len);
	(void)!tern_rdata_to_text(UINT16_MAX, rdata, len, out + n, out_max - (size_t)n);
}

/* The line of a record in a buffer that lives until the next call. */
static char *line_of(const struct show *show, const struct tern_message *m,
		     const struct tern_rr_ref *rr)
{
	static char line[LINE_MAX_N];

	if (tern_rr_to_text(m, rr, line, sizeof line) != TERN_OK)
		snprintf(line, sizeof line, "; a record too long to print");
	else if (show->unknown_format) {
		char *rest = behind_words(line, 2);

		write_unknown(m, rr, rest, sizeof line - (size_t)(rest - line));
	}
	return line;
}

static void print_section(const struct show *show, const struct tern_message *m,
			  enum tern_section section)
{
	for (unsigned i = 0; i < m->section_n[section]; i++)
		print_line(show, line_of(show, m, tern_message_rr(m, section, i)));
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
	char rclass[WORD_MAX], type[WORD_MAX];
	size_t width = 0; /* dig does not count the semicolon */

	if (m->qdcount == 0)
		return;
	if (show->unknown_format) {
		snprintf(rclass, sizeof rclass, "CLASS%u", m->qclass);
		snprintf(type, sizeof type, "TYPE%u", m->qtype);
	} else {
		tern_class_to_text(m->qclass, rclass, sizeof rclass);
		tern_type_to_text(m->qtype, type, sizeof type);
	}
	if (show->comments)
		printf(";; QUESTION SECTION:\n");
	putchar(';');
	print_column(show, tern_name_to_text(m->qname, name), &width, 4 * COLUMN);
	if (show->rclass)
		print_column(show, rclass, &width, 5 * COLUMN);
	printf("%s\n%s", type, show->comments ? "\n" : "");
}

static void print_header(const struct tern_message *m)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {
		{TERN_FLAG_QR, " qr"}, {TERN_FLAG_AA, " aa"}, {TERN_FLAG_TC, " tc"},
		{TERN_FLAG_RD, " rd"}, {TERN_FLAG_RA, " ra"}, {TERN_FLAG_AD, " ad"},
		{TERN_FLAG_CD, " cd"},
	};
	char opcode[WORD_MAX], rcode[WORD_MAX];

	printf(";; ->>HEADER<<- opcode: %s, status: %s, id: %u\n;; flags:",
	       tern_opcode_to_text(m->opcode, opcode, sizeof opcode),
	       tern_rcode_to_text(m->rcode, rcode, sizeof rcode), m->id);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		printf("%s", m->flags & flags[i].bit ? flags[i].name : "");
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

static void print_stats(const struct options *o, const struct reply *r)
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
	printf(";; WHEN: %s\n;; MSG SIZE  rcvd: %zu\n\n", when, r->m.len);
}

static void print_short(const struct show *show, const struct reply *r)
{
	for (unsigned i = 0; i < r->m.section_n[TERN_ANSWER]; i++) {
		char *line = line_of(show, &r->m, tern_message_rr(&r->m, TERN_ANSWER, i));

		print_text(show, behind_words(line, 4));
		if (show->identify)
			printf(" from server %.*s in %llu ms.", (int)strcspn(r->server, "#"),
			       r->server, (unsigned long long)r->elapsed_us / 1000);
		putchar('\n');
	}
}

void print_banner(struct options *o, const struct lookup *l, const struct servers *servers)
{
	if (o->banner_done || !l->show.cmd || l->show.brief || l->show.json)
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

	if (!l->show.query || l->show.brief || l->show.json ||
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
