/*
 * ternq_shape.c - where the data of a record is cut, hidden and explained.
 *
 * What a person can't read is at the end of every such type: a key, a signature
 * or a digest. The words before the octets are printed as they are.
 */
#include "tools/ternq_shape.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tern/rr.h>

#include "base/compiler.h"
#include "dnssec/key.h"
#include "tools/idn.h"

#define CHUNK           44 /* characters of a line of octets, as dig has them */
#define INDENT          "\t\t\t\t"
#define SOA_NUMBERS     5
#define FIRST_WORDS_MAX 4      /* before the first line break */
#define FLAG_REVOKE     0x0080 /* RFC 5011 3 */

void shape_text(const struct show *show, const char *text, FILE *to)
{
	if (show->idn_out)
		idn_write(text, strlen(text), to);
	else
		fputs(text, to);
}

/* How many words stand before the octets of @p type; -1 when it has none. */
static int words_before_octets(uint16_t type)
{
	switch (type) {
	case TERN_TYPE_OPENPGPKEY: return 0;
	case TERN_TYPE_SSHFP: return 2;
	case TERN_TYPE_DS:
	case TERN_TYPE_CDS:
	case TERN_TYPE_DLV:
	case TERN_TYPE_TA:
	case TERN_TYPE_KEY:
	case TERN_TYPE_DNSKEY:
	case TERN_TYPE_CDNSKEY:
	case TERN_TYPE_CERT:
	case TERN_TYPE_TLSA:
	case TERN_TYPE_SMIMEA: return 3;
	case TERN_TYPE_SIG:
	case TERN_TYPE_RRSIG: return 8;
	default: return -1;
	}
}

static bool read_key(const struct shape *s, struct dnskey *out)
{
	return (s->type == TERN_TYPE_DNSKEY || s->type == TERN_TYPE_CDNSKEY) && s->rdata &&
	       dnskey_read(s->rdata, s->rdata_len, out);
}

static const char *algorithm_name(uint8_t algorithm)
{
	switch (algorithm) {
	case 1: return "RSAMD5";
	case 3: return "DSA";
	case 5: return "RSASHA1";
	case 6: return "NSEC3DSA";
	case 7: return "NSEC3RSASHA1";
	case 8: return "RSASHA256";
	case 10: return "RSASHA512";
	case 12: return "ECCGOST";
	case 13: return "ECDSAP256SHA256";
	case 14: return "ECDSAP384SHA384";
	case 15: return "ED25519";
	case 16: return "ED448";
	default: return NULL;
	}
}

/* dig's comments are on by default where there is room for them. */
static bool has_comments(const struct shape *s)
{
	const struct show *show = s->show;

	return !s->one_line && (show->comments_chosen ? show->rr_comments : show->multiline);
}

static void write_key_comment(const struct dnskey *key, FILE *to)
{
	const char *name = algorithm_name(key->algorithm);
	const char *role = "ZSK";

	if (key->flags & DNSKEY_SEP)
		role = key->flags & FLAG_REVOKE ? "revoked KSK" : "KSK";
	fprintf(to, " ; %s; alg = ", role);
	if (name)
		fputs(name, to);
	else
		fprintf(to, "%u", key->algorithm);
	fprintf(to, " ; key id = %u", key->tag);
}

/* The place behind @p words words. */
static const char *skip_words(const char *text, int words)
{
	for (; words > 0; words--) {
		text += strcspn(text, " \t");
		text += strspn(text, " \t");
	}
	return text;
}

/* As dig: keys of certificates, hosts and mail are no secret to +nocrypto. */
static bool hides_octets(const struct shape *s)
{
	return !s->show->crypto && s->type != TERN_TYPE_TLSA && s->type != TERN_TYPE_SMIMEA &&
	       s->type != TERN_TYPE_SSHFP && s->type != TERN_TYPE_CERT;
}

/* The octets in lines of equal length, whatever words the text had. */
static void write_chunks(const char *octets, FILE *to)
{
	unsigned column = 0;

	for (; *octets; octets++) {
		if (*octets == ' ')
			continue;
		if (column % CHUNK == 0)
			fputs("\n" INDENT, to);
		putc(*octets, to);
		column++;
	}
}

static void write_octets(const struct shape *s, const struct dnskey *key, const char *octets,
			 FILE *to)
{
	bool hidden = hides_octets(s);
	bool lines = s->show->multiline && !s->one_line;

	if (hidden)
		fputs(lines ? "\n" INDENT : "", to);
	if (hidden && key)
		fprintf(to, "[key id = %u]", key->tag);
	else if (hidden)
		fputs("[omitted]", to);
	else if (lines)
		write_chunks(octets, to);
	else
		fputs(octets, to);
}

/* What follows the octets: what opened must close, and comments end the line. */
static void write_end(const struct shape *s, const struct dnskey *key, FILE *to)
{
	bool lines = s->show->multiline && !s->one_line;
	bool comments = key && has_comments(s);

	if (lines)
		fputs(comments ? "\n" INDENT ")" : " )", to);
	else if (comments)
		putc(' ', to);
	if (comments)
		write_key_comment(key, to);
}

/* @p n words of @p *text, which moves on to the next; @p end stands behind them. */
static void write_words(const struct shape *s, const char **text, int n, const char *end, FILE *to)
{
	const char *next = skip_words(*text, n);
	size_t len = (size_t)(next - *text);

	for (; len > 0 && (*text)[len - 1] == ' '; len--)
		;
	char *words = strndup(*text, len);

	shape_text(s->show, words ? words : "", to);
	fputs(n > 0 ? end : "", to);
	free(words);
	*text = next;
}

/* Data with octets at its end. False when it is written in another form. */
static bool write_opaque(const struct shape *s, int words, FILE *to)
{
	const char *text = s->text;
	bool lines = s->show->multiline && !s->one_line;
	int first = words > FIRST_WORDS_MAX ? FIRST_WORDS_MAX : words;
	struct dnskey key;

	if (*text == '\\' || *skip_words(text, words) == '\0')
		return false;
	bool is_key = read_key(s, &key);

	write_words(s, &text, first, " ", to);
	if (lines)
		fputs(first < words ? "(\n" INDENT : "(", to);
	write_words(s, &text, words - first, lines ? "" : " ", to);
	write_octets(s, is_key ? &key : NULL, text, to);
	write_end(s, is_key ? &key : NULL, to);
	return true;
}

/* " (1 week 2 days)" */
static void write_duration(unsigned long seconds, FILE *to)
{
	static const struct {
		unsigned long seconds;
		const char *name;
	} units[] = {
		{604800, "week"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	const char *before = " (";

	if (seconds == 0)
		fputs(" (0 seconds", to);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		unsigned long n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n == 0)
			continue;
		fprintf(to, "%s%lu %s%s", before, n, units[i].name, n == 1 ? "" : "s");
		before = " ";
	}
	putc(')', to);
}

/* One number of an SOA on a line of its own. */
static void write_soa_line(const struct shape *s, unsigned i, unsigned long value, FILE *to)
{
	static const char *const names[] = {"serial", "refresh", "retry", "expire", "minimum"};

	fprintf(to, "\n" INDENT);
	if (!has_comments(s)) {
		fprintf(to, "%lu", value);
		return;
	}
	fprintf(to, "%-10lu ; %s", value, names[i]);
	if (i > 0)
		write_duration(value, to);
}

static bool write_soa(const struct shape *s, FILE *to)
{
	const char *text = s->text;

	if (*text == '\\')
		return false;
	write_words(s, &text, 2, " (", to);
	for (unsigned i = 0; i < SOA_NUMBERS; i++) {
		write_soa_line(s, i, strtoul(text, NULL, 10), to);
		text = skip_words(text, 1);
	}
	fputs("\n" INDENT ")", to);
	return true;
}

void shape_write(const struct shape *s, FILE *to)
{
	int words = words_before_octets(s->type);
	bool done = false;

	if (words >= 0)
		done = write_opaque(s, words, to);
	else if (s->type == TERN_TYPE_SOA && s->show->multiline && !s->one_line)
		done = write_soa(s, to);
	if (!done)
		shape_text(s->show, s->text, to);
}
