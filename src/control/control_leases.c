/* control_leases.c - leases: who has which address under what name, and what is wrong with the
 * files. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <tern/name.h>

#include "base/clock.h"
#include "control/control_private.h"
#include "policy/rules.h"
#include "resolver/own.h"
#include "zone/leases.h"

#define SLICE      64
#define OCTETS_MAX 255

static const char *format_text(enum lease_format format)
{
	switch (format) {
	case LEASE_DNSMASQ: return "dnsmasq";
	case LEASE_ISC: return "isc";
	case LEASE_KEA: return "kea";
	case LEASE_ODHCPD: return "odhcpd";
	case LEASE_NETWORKD: return "networkd";
	}
	return "?";
}

/* What became of the name. */
static const char *naming_text(const struct rules *rules, const struct lease *l)
{
	switch (l->naming) {
	case LEASE_NAMED: return own_grants(rules, l) ? "named" : "written";
	case LEASE_LOST: return "lost";
	case LEASE_REFUSED: return "refused";
	case LEASE_NAMELESS: break;
	}
	return "nameless";
}

static char *octets_to_text(const uint8_t *octets, size_t len, char out[3 * OCTETS_MAX + 1])
{
	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(out + 3 * i, 4, "%02x%s", octets[i], i + 1 < len ? ":" : "");
	return out;
}

/* The client chose the octets: what is not plain is shown as a number. */
static char *hostname_to_text(const struct lease *l, char out[4 * LEASE_HOSTNAME_MAX + 1])
{
	char *at = out;

	for (unsigned i = 0; i < l->hostname_len; i++) {
		uint8_t c = l->hostname[i];

		if (c > 0x20 && c < 0x7f && c != '\\' && c != '"')
			*at++ = (char)c;
		else
			at += snprintf(at, 5, "\\%03u", c);
	}
	*at = '\0';
	return out;
}

/* What is shown of a lease, as text. */
struct shown {
	char name[MAX(TERN_NAME_TEXT_MAX, 4 * LEASE_HOSTNAME_MAX + 1)];
	char address[INET6_ADDRSTRLEN];
	char mac[3 * OCTETS_MAX + 1];
	char id[3 * OCTETS_MAX + 1];
	const char *naming;
	long long left_s; /* -1: no end */
};

static void show(const struct rules *rules, const struct lease *l, int64_t now_s, struct shown *out)
{
	if (l->name)
		tern_name_to_text(l->name, out->name);
	else
		hostname_to_text(l, out->name);
	inet_ntop(l->address_len == 4 ? AF_INET : AF_INET6, l->address, out->address,
		  sizeof out->address);
	octets_to_text(l->mac, l->mac_len, out->mac);
	octets_to_text(l->id, l->id_len, out->id);
	out->naming = naming_text(rules, l);
	out->left_s = l->until_s == LEASE_FOR_EVER ? -1 : (long long)(l->until_s - now_s);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void print_lease(struct client *k, const struct shown *s, const char *file)
{
	char left[32];

	if (s->left_s < 0)
		snprintf(left, sizeof left, "never ends");
	else
		snprintf(left, sizeof left, "%llds", s->left_s);
	unsent_print(&k->unsent, "%-32s %-24s %-20s %-10s %-9s %s\n", or_dash(s->name), s->address,
		     *s->mac ? s->mac : or_dash(s->id), left, s->naming, file);
}

static void print_lease_json(struct client *k, const struct shown *s, const char *file)
{
	json_t *object =
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "name", s->name, "address", s->address,
			  "naming", s->naming, "mac", s->mac, "client", s->id, "file", file);

	if (object && s->left_s >= 0)
		(void)json_object_set_new(object, "left_s", json_integer(s->left_s));
	unsent_add_json_line(&k->unsent, object);
}

static void print_one(struct client *k, const struct leases *leases, unsigned i, int64_t now_s)
{
	const struct lease *l = leases_at(leases, i);
	const char *file = leases_file(leases, l->file)->path;
	struct shown s;

	if (l->until_s <= now_s)
		return;
	show(k->leases.rules, l, now_s, &s);
	if (k->json)
		print_lease_json(k, &s, file);
	else
		print_lease(k, &s, file);
}

/* --- files -------------------------------------------------------------------------- */

static void print_file(struct client *k, const struct lease_file *f, const char *domain)
{
	unsent_print(&k->unsent, "; %s: %s, %s, %u lines passed over%s%s\n", f->path,
		     format_text(f->format), domain, f->bad_n, f->wrong ? "; " : "",
		     f->wrong ? f->wrong : "");
	for (unsigned i = 0; i < MIN(f->bad_n, (unsigned)LEASE_TOLD_MAX); i++)
		unsent_print(&k->unsent, "; %s:%u: %s\n", f->path, f->bad[i].line, f->bad[i].why);
}

static void print_file_json(struct client *k, const struct lease_file *f, const char *domain)
{
	json_t *examples = json_array();
	json_t *object = json_pack("{s:s,s:s,s:s,s:i,s:O}", "file", f->path, "format",
				   format_text(f->format), "domain", domain, "bad_lines",
				   (int)f->bad_n, "examples", examples);

	for (unsigned i = 0; i < MIN(f->bad_n, (unsigned)LEASE_TOLD_MAX); i++)
		(void)json_array_append_new(
			examples,
			json_pack("{s:i,s:s}", "line", (int)f->bad[i].line, "why", f->bad[i].why));
	if (object && f->wrong)
		(void)json_object_set_new(object, "error", json_string(f->wrong));
	json_decref(examples);
	unsent_add_json_line(&k->unsent, object);
}

static void print_files(struct client *k, const struct leases *leases)
{
	char domain[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < leases_files(leases); i++) {
		const struct lease_file *f = leases_file(leases, i);

		tern_name_to_text(f->domain, domain);
		if (k->json)
			print_file_json(k, f, domain);
		else
			print_file(k, f, domain);
	}
}

/* --- slices ------------------------------------------------------------------------- */

void leases_start(struct control *c, struct client *k)
{
	const struct rules *now = rulebook_current(&c->shared->rules);

	if (!now->leases) {
		reply_error(k, "no files of leases are configured");
		return;
	}
	/* Its parts are shared, and stay when the leases change. */
	k->leases = (struct leases_work){rules_derive(now), 0};
	if (!k->leases.rules) {
		reply_error(k, "out of memory");
		return;
	}
	k->work = WORK_LEASES;
	leases_slice(k);
}

void leases_slice(struct client *k)
{
	const struct leases *leases = k->leases.rules->leases;
	unsigned n = leases_count(leases);
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);

	for (unsigned i = 0; i < SLICE && unsent_left(&k->unsent) < UNSENT_ENOUGH; i++) {
		if (k->leases.at == n || k->unsent.broken) {
			print_files(k, leases);
			leases_end(k);
			reply_end(k);
			return;
		}
		print_one(k, leases, k->leases.at++, now_s);
	}
}

void leases_end(struct client *k)
{
	rules_destroy(k->leases.rules);
	k->leases.rules = NULL;
}
