/* import_dnsmasq_records.c - see import_dnsmasq.h: the options that are records. */
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "tools/import_dnsmasq.h"

#define STRING_MAX 255 /* of one character-string, RFC 1035 3.3 */

static bool is_number(const char *text)
{
	uint64_t n;

	return quantity_number(text, &n) && n <= 0x7fffffff;
}

static bool is_address(const char *text)
{
	struct address a;

	return !strpbrk(text, "@%") && address_from_text(text, 53, &a);
}

void dnsmasq_show_commas(char *text)
{
	for (; *text; text++) {
		if (*text == DNSMASQ_COMMA)
			*text = ',';
	}
}

unsigned dnsmasq_split(char *text, char separator, char *fields[DNSMASQ_FIELDS_MAX])
{
	unsigned n = 0;

	while (n < DNSMASQ_FIELDS_MAX) {
		char *next = n + 1 < DNSMASQ_FIELDS_MAX ? strchr(text, separator) : NULL;

		if (next)
			*next = '\0';
		if (separator == ',')
			dnsmasq_show_commas(text);
		fields[n++] = import_trim(text);
		if (!next)
			break;
		text = next + 1;
	}
	return n;
}

/* NAME,...[,ADDRESS][,ADDRESS][,TTL] */
static void host_record(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	const char *ttl = n > 1 && is_number(f[n - 1]) ? f[--n] : NULL;
	unsigned names = 0;

	while (names < n && !is_address(f[names]))
		names++;
	if (names == 0 || names == n)
		import_leave(im, place, "expected names and addresses");
	/* Each name has all addresses: a short line can be very many records. */
	for (unsigned i = 0; i < names; i++) {
		if (import_is_full(im)) {
			import_leave(im, place, "there are too many records");
			return;
		}
		for (unsigned j = names; j < n; j++)
			import_address_of(im, place, f[i], ttl, f[j]);
	}
}

/* ALIAS,...,TARGET[,TTL] */
static void cname(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	const char *ttl = n > 2 && is_number(f[n - 1]) ? f[--n] : NULL;
	char target[TERN_NAME_TEXT_MAX];

	if (n < 2)
		import_leave(im, place, "expected an alias and its target");
	else if (import_name(im, place, f[n - 1], target)) {
		for (unsigned i = 0; i + 1 < n; i++)
			import_record_of(im, place, f[i], ttl, "CNAME", target);
	}
}

/* NAME[,TARGET] */
static void ptr_record(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	char target[TERN_NAME_TEXT_MAX];

	if (n < 2)
		import_leave(im, place, "expected a name and its target");
	else if (import_name(im, place, f[1], target))
		import_record_of(im, place, f[0], NULL, "PTR", target);
}

/* @text as character-strings, every odd octet as \DDD; to be freed. */
static char *quote(char **f, unsigned n)
{
	size_t len = 1, at = 0;
	char *out;

	for (unsigned i = 0; i < n; i++)
		len += 4 * strlen(f[i]) + 3 * (strlen(f[i]) / STRING_MAX + 1);
	out = malloc(len);
	for (unsigned i = 0; out && i < n; i++) {
		size_t octets = 0;

		at += (size_t)snprintf(out + at, len - at, "%s\"", i > 0 ? " " : "");
		for (const uint8_t *s = (const uint8_t *)f[i]; *s; s++, octets++) {
			if (octets > 0 && octets % STRING_MAX == 0)
				at += (size_t)snprintf(out + at, len - at, "\" \"");
			if (*s < 0x20 || *s > 0x7e || *s == '"' || *s == '\\')
				at += (size_t)snprintf(out + at, len - at, "\\%03u", *s);
			else
				out[at++] = (char)*s;
		}
		out[at++] = '"';
		out[at] = '\0';
	}
	return out;
}

/* NAME[,TEXT,...] */
static void txt_record(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	char empty[] = "", *none[] = {empty};
	char *text = n > 1 ? quote(f + 1, n - 1) : quote(none, 1);

	if (text)
		import_record_of(im, place, f[0], NULL, "TXT", text);
	else
		im->broken = true;
	free(text);
}

/* NAME[,TARGET[,PORT[,PRIORITY[,WEIGHT]]]] */
static void srv_host(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	char target[TERN_NAME_TEXT_MAX] = ".", rdata[TERN_NAME_TEXT_MAX + 64];
	const char *port = n > 2 ? f[2] : "1", *priority = n > 3 ? f[3] : "0";
	const char *weight = n > 4 ? f[4] : "0";

	if (n > 1 && *f[1] && !import_name(im, place, f[1], target))
		return;
	if (!is_number(port) || !is_number(priority) || !is_number(weight)) {
		import_leave(im, place, "expected numbers for port, priority and weight");
		return;
	}
	snprintf(rdata, sizeof rdata, "%.10s %.10s %.10s %s", priority, weight,
		 n > 1 && *f[1] ? port : "0", target);
	import_record_of(im, place, f[0], NULL, "SRV", rdata);
}

/* NAME[,HOST][,PREFERENCE] */
static void mx_host(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	char target[TERN_NAME_TEXT_MAX], rdata[TERN_NAME_TEXT_MAX + 16];
	const char *preference = n > 1 && is_number(f[n - 1]) ? f[--n] : "1";

	if (n < 2)
		import_leave(im, place, "the host for the mail is missing");
	else if (import_name(im, place, f[1], target)) {
		snprintf(rdata, sizeof rdata, "%.10s %s", preference, target);
		import_record_of(im, place, f[0], NULL, "MX", rdata);
	}
}

/* NAME,FLAGS,TAG,VALUE */
static void caa_record(struct import *im, const struct import_place *place, char **f, unsigned n)
{
	char *value = n == 4 ? quote(f + 3, 1) : NULL, *rdata = NULL;

	if (!value || !is_number(f[1]) || strspn(f[2], "abcdefghijklmnopqrstuvwxyz") == 0 ||
	    f[2][strspn(f[2], "abcdefghijklmnopqrstuvwxyz")])
		import_leave(im, place, "expected a name, flags, a tag and a value");
	else if (asprintf(&rdata, "%s %s %s", f[1], f[2], value) < 0)
		im->broken = true;
	else
		import_record_of(im, place, f[0], NULL, "CAA", rdata);
	free(rdata);
	free(value);
}

bool dnsmasq_record(struct import *im, const struct import_place *place, char *value)
{
	static const struct {
		const char *option;
		void (*take)(struct import *im, const struct import_place *place, char **f,
			     unsigned n);
	} takers[] = {
		{"host-record", host_record}, {"cname", cname},       {"ptr-record", ptr_record},
		{"txt-record", txt_record},   {"srv-host", srv_host}, {"mx-host", mx_host},
		{"caa-record", caa_record},
	};
	char *fields[DNSMASQ_FIELDS_MAX];

	for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
		if (strcmp(takers[i].option, place->option) != 0)
			continue;
		takers[i].take(im, place, fields, dnsmasq_split(value, ',', fields));
		return true;
	}
	return false;
}
