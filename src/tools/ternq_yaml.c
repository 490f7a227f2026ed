/*
 * ternq_yaml.c - a reply as an item of a YAML list, with the keys that dig has.
 *
 * What comes from a server stands in single quotes and is printable ASCII, or
 * Unicode that IDNA allows, so that no server can write keys of its own.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tern/rr.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"
#include "tools/ternq_record.h"
#include "tools/ternq_shape.h"

#define WORD_MAX 16 /* octets of a mnemonic or a code's name with NUL */
#define TIME_MAX 64 /* octets with NUL */

void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'')
			putchar('\'');
		putchar(*text);
	}
	putchar('\'');
}

/* ---- when and where ---- */

/* The wall clock, some microseconds ago. */
static void print_time(const char *key, uint64_t ago_us)
{
	struct timespec now;
	struct tm utc;
	char text[TIME_MAX] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms =
		((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - ago_us) / 1000;
	time_t seconds = (time_t)(ms / 1000);

	if (gmtime_r(&seconds, &utc))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	printf("    %s: !!timestamp %s.%03uZ\n", key, text, (unsigned)(ms % 1000));
}

static void print_transport(const struct reply *r)
{
	const char *port = strrchr(r->server, '#');
	int len = port ? (int)(port - r->server) : (int)strlen(r->server);

	print_time("query_time", r->elapsed_us);
	print_time("response_time", 0);
	printf("    message_size: %zub\n", r->m.len);
	printf("    socket_family: %s\n", memchr(r->server, ':', (size_t)len) ? "INET6" : "INET");
	printf("    socket_protocol: %s\n", r->tcp ? "TCP" : "UDP");
	printf("    response_address: \"%.*s\"\n", len, r->server);
	printf("    response_port: %s\n", port ? port + 1 : "0");
}

/* ---- the message ---- */

static void print_header(const struct tern_message *m)
{
	static const char *const counts[] = {"QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL"};
	char opcode[WORD_MAX], rcode[WORD_MAX];

	printf("      opcode: %s\n      status: %s\n      id: %u\n      flags:",
	       tern_opcode_to_text(m->opcode, opcode, sizeof opcode),
	       tern_rcode_to_text(m->rcode, rcode, sizeof rcode), m->id);
	print_flags(m);
	putchar('\n');
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		printf("      %s: %u\n", counts[i], get_u16(m->octets + 4 + 2 * i));
}

static void print_question(const struct show *show, const struct tern_message *m)
{
	char name[TERN_NAME_TEXT_MAX];
	char rclass[RECORD_WORD_MAX], type[RECORD_WORD_MAX];
	char line[TERN_NAME_TEXT_MAX + 2 * RECORD_WORD_MAX];

	if (m->qdcount == 0)
		return;
	record_names(show, m->qclass, m->qtype, rclass, type);
	snprintf(line, sizeof line, "%s %s %s", tern_name_to_text(m->qname, name), rclass, type);
	printf("      QUESTION_SECTION:\n        - ");
	print_quoted(line);
	putchar('\n');
}

static bool print_record(const struct show *show, const struct tern_message *m,
			 const struct tern_rr_ref *rr)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return false;
	record_write_line(show, m, rr, to);
	bool good = fclose(to) == 0;

	if (good) {
		printf("        - ");
		print_quoted(text);
		putchar('\n');
	}
	free(text);
	return good;
}

static bool print_section(const struct show *show, const struct tern_message *m,
			  enum tern_section section)
{
	static const char *const names[TERN_SECTIONS] = {"ANSWER", "AUTHORITY", "ADDITIONAL"};
	bool good = true;

	if (m->section_n[section] > 0)
		printf("      %s_SECTION:\n", names[section]);
	for (unsigned i = 0; good && i < m->section_n[section]; i++)
		good = print_record(show, m, tern_message_rr(m, section, i));
	return good;
}

static bool print_message(const struct show *show, const struct query *q,
			  const struct tern_message *m)
{
	bool good = true;

	printf("    response_message_data:\n");
	print_header(m);
	if (show->comments && m->edns.present)
		good = print_opt_yaml(m, q);
	if (show->question)
		print_question(show, m);
	good = good && (!show->answer || print_section(show, m, TERN_ANSWER));
	good = good && (!show->authority || print_section(show, m, TERN_AUTHORITY));
	return good && (!show->additional || print_section(show, m, TERN_ADDITIONAL));
}

/* ---- what is ours ---- */

static void print_odd(const struct odd *odd)
{
	if (odd->n > 0)
		printf("    warnings:\n");
	for (unsigned i = 0; i < odd->n; i++) {
		printf("      - ");
		print_quoted(odd->lines[i]);
		putchar('\n');
	}
}

static void print_verdict(const struct verdict *verdict)
{
	if (!verdict)
		return;
	printf("    validation:\n      verdict: %s\n", verdict->word);
	if (!verdict->reason)
		return;
	printf("      reason: ");
	print_quoted(verdict->reason);
	putchar('\n');
}

bool print_yaml(const struct lookup *l, const struct query *q, const struct reply *r,
		const struct verdict *verdict)
{
	printf("- type: MESSAGE\n  message:\n    type: %s_RESPONSE\n",
	       r->m.flags & TERN_FLAG_RA ? "RECURSIVE" : "AUTH");
	print_transport(r);
	print_odd(&r->odd);
	print_verdict(verdict);
	return print_message(&l->show, q, &r->m);
}
