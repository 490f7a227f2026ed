/*
 * ternq_trace.c - iterate from the root and show each step.
 *
 *   root hints (or @server) --. NS--> root servers --> referral --> ... --> answer
 *
 * Servers whose addresses a referral does not bring are looked up the same way,
 * in silence. A fixed number of queries ends every loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rdata.h>
#include <tern/rr.h>

#include "tools/ternq_hints.h"
#include "tools/ternq_print.h"
#include "tools/ternq_trace.h"

#define QUERIES_MAX   200 /* in one trace */
#define STEPS_MAX     32  /* referrals in a row */
#define DEPTH_MAX     4   /* look-ups of server names inside each other */
#define NS_MAX        16  /* server names kept of a referral */
#define ADDRESSES_MAX 32  /* of all of them */
#define RESOLVED_MAX  2   /* names looked up before asking on */

/* The servers of a zone. */
struct cut {
	uint8_t zone[TERN_NAME_MAX];
	uint8_t names[NS_MAX][TERN_NAME_MAX];
	unsigned names_n;
	struct server addresses[ADDRESSES_MAX];
	unsigned addresses_n;
};

struct trace {
	const struct options *o;
	struct net loud;
	struct net quiet;
	struct lookup lookup; /* the user's, made to iterate */
	struct query query;
	struct reply *reply; /* the latest one */
	struct cut root;
	unsigned queries_left;
};

/* ---- servers ---- */

static bool add_address(const struct trace *t, struct cut *cut, const uint8_t *ns, uint16_t type,
			const uint8_t *octets)
{
	char name[TERN_NAME_TEXT_MAX];
	bool wanted = type == TERN_TYPE_A ? t->o->ipv4 : t->o->ipv6;

	if (!wanted || cut->addresses_n == ADDRESSES_MAX)
		return false;
	struct server *s = &cut->addresses[cut->addresses_n++];

	hints_address(type, octets, t->lookup.port, &s->address, &s->len);
	snprintf(s->asked, sizeof s->asked, "%.*s", SERVER_TEXT_MAX - 1,
		 tern_name_to_text(ns, name));
	return true;
}

static void add_name(struct cut *cut, const uint8_t *ns)
{
	if (cut->names_n < NS_MAX)
		tern_name_copy(cut->names[cut->names_n++], ns);
}

/* A and AAAA records of @p section that belong to @p ns. */
static void add_glue(const struct trace *t, struct cut *cut, const uint8_t *ns,
		     enum tern_section section)
{
	const struct tern_message *m = &t->reply->m;
	uint8_t owner[TERN_NAME_MAX], rdata[16];
	size_t len;

	for (unsigned i = 0; i < m->section_n[section]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if ((rr->type != TERN_TYPE_A && rr->type != TERN_TYPE_AAAA) ||
		    tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) != TERN_OK ||
		    !tern_name_equal(owner, ns) ||
		    tern_rdata_expand(m, rr, rdata, sizeof rdata, &len) != TERN_OK)
			continue;
		(void)add_address(t, cut, ns, rr->type, rdata);
	}
}

/* Take the NS records of @p section that are about @p zone, and their glue. */
static void fill_cut(const struct trace *t, struct cut *cut, enum tern_section section,
		     const uint8_t *zone)
{
	const struct tern_message *m = &t->reply->m;
	uint8_t owner[TERN_NAME_MAX], ns[TERN_NAME_MAX];
	size_t len;

	cut->names_n = cut->addresses_n = 0;
	tern_name_copy(cut->zone, zone);
	for (unsigned i = 0; i < m->section_n[section]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, section, i);

		if (rr->type != TERN_TYPE_NS ||
		    tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) != TERN_OK ||
		    !tern_name_equal(owner, zone) ||
		    tern_rdata_expand(m, rr, ns, sizeof ns, &len) != TERN_OK)
			continue;
		add_name(cut, ns);
		add_glue(t, cut, ns, TERN_ADDITIONAL);
	}
}

/* Does the reply delegate @p qname further down than @p zone? The cut's name goes to @p below. */
static bool is_referral(const struct tern_message *m, const uint8_t *zone, const uint8_t *qname,
			uint8_t below[TERN_NAME_MAX])
{
	uint8_t owner[TERN_NAME_MAX];

	if (m->rcode != TERN_RCODE_NOERROR || m->section_n[TERN_ANSWER] > 0)
		return false;
	for (unsigned i = 0; i < m->section_n[TERN_AUTHORITY]; i++) {
		const struct tern_rr_ref *rr = tern_message_rr(m, TERN_AUTHORITY, i);

		if (rr->type != TERN_TYPE_NS ||
		    tern_name_parse(m->octets, m->len, rr->owner_at, owner, NULL) != TERN_OK)
			continue;
		if (tern_name_is_below(owner, zone) && tern_name_is_below_or_equal(qname, owner)) {
			tern_name_copy(below, owner);
			return true;
		}
	}
	return false;
}

/* ---- asking ---- */

/* The first server of @p cut that has something to say. */
static enum net_result ask_cut(struct trace *t, const struct net *net, const struct lookup *l,
			       const struct cut *cut, const uint8_t *qname)
{
	enum net_result result = NET_NO_REPLY;

	for (unsigned i = 0; i < cut->addresses_n && t->queries_left > 0; i++) {
		const struct servers one = {.at = {cut->addresses[i]}, .n = 1};

		t->queries_left--;
		result = net_ask(net, l, qname, &one, &t->query, t->reply);
		if (result == NET_INTERNAL)
			return result;
		if (result == NET_REPLY && t->reply->m.rcode != TERN_RCODE_REFUSED &&
		    t->reply->m.rcode != TERN_RCODE_SERVFAIL)
			return result;
	}
	return result;
}

static bool show_step(const struct trace *t)
{
	const struct reply *r = t->reply;
	const struct show *show = &t->lookup.show;

	if (show->json)
		return print_json(r, NULL);
	if (show->yaml)
		return print_yaml(&t->lookup, &t->query, r, NULL);
	if (show->brief)
		return true;
	if (show->comments)
		print_reply(t->o, &t->lookup, &t->query, r);
	else
		print_records(show, &r->m);
	printf(";; Received %zu bytes from %s(%s) in %llu ms\n\n", r->m.len, r->server, r->asked,
	       (unsigned long long)r->elapsed_us / 1000);
	return true;
}

static enum net_result follow(struct trace *t, const struct net *net, const struct lookup *l,
			      const uint8_t *qname, unsigned depth);

/* Look up servers of @p cut by name, in silence, until some address is known. */
static void resolve_servers(struct trace *t, struct cut *cut, unsigned depth)
{
	static const uint16_t types[] = {TERN_TYPE_A, TERN_TYPE_AAAA};
	unsigned resolved = 0;

	for (unsigned i = 0; i < cut->names_n && resolved < RESOLVED_MAX; i++) {
		unsigned before = cut->addresses_n;

		for (unsigned j = 0; j < ARRAY_LEN(types); j++) {
			struct lookup l = t->lookup;

			l.type = types[j];
			if ((types[j] == TERN_TYPE_A ? t->o->ipv4 : t->o->ipv6) &&
			    follow(t, &t->quiet, &l, cut->names[i], depth + 1) == NET_REPLY)
				add_glue(t, cut, cut->names[i], TERN_ANSWER);
		}
		resolved += cut->addresses_n > before;
	}
}

/* From the root down to the reply that isn't a referral. */
static enum net_result follow(struct trace *t, const struct net *net, const struct lookup *l,
			      const uint8_t *qname, unsigned depth)
{
	uint8_t below[TERN_NAME_MAX];
	struct cut *cut = malloc(sizeof *cut);
	enum net_result result = NET_NO_REPLY;

	if (!cut)
		return NET_INTERNAL;
	*cut = t->root;
	for (unsigned step = 0; depth <= DEPTH_MAX && step < STEPS_MAX; step++) {
		if (cut->addresses_n == 0)
			resolve_servers(t, cut, depth);
		result = ask_cut(t, net, l, cut, qname);
		if (result != NET_REPLY)
			break;
		if (net->out && !show_step(t))
			result = NET_INTERNAL;
		if (result != NET_REPLY || !is_referral(&t->reply->m, cut->zone, qname, below))
			break;
		fill_cut(t, cut, TERN_AUTHORITY, below);
	}
	free(cut);
	return result;
}

/* ---- the root ---- */

/* One of the built-in servers, whatever they are called now. */
static void add_hints(const struct trace *t, struct cut *cut)
{
	for (unsigned i = 0; i < ROOT_HINTS; i++) {
		uint8_t name[TERN_NAME_MAX], octets[16];

		hints_name(i, name);
		add_name(cut, name);
		if (hints_octets(i, TERN_TYPE_A, octets))
			(void)add_address(t, cut, name, TERN_TYPE_A, octets);
		if (hints_octets(i, TERN_TYPE_AAAA, octets))
			(void)add_address(t, cut, name, TERN_TYPE_AAAA, octets);
	}
}

static bool start_cut(const struct trace *t, struct cut *cut)
{
	struct servers servers;

	*cut = (struct cut){.zone = {0}};
	if (t->lookup.server[0] == '\0') {
		add_hints(t, cut);
		return true;
	}
	if (!net_servers(t->o, &t->lookup, &servers))
		return false;
	for (unsigned i = 0; i < servers.n; i++)
		cut->addresses[cut->addresses_n++] = servers.at[i];
	return true;
}

/* Who asks a certain server wants to know that the steps below come from elsewhere. */
static void tell_no_root(const struct trace *t)
{
	char rcode[16];

	if (t->loud.odd)
		fprintf(t->loud.odd,
			";; WARNING: %s gave no NS records of the root (%s, %s), going on with the "
			"built-in root servers\n\n",
			t->reply->server,
			tern_rcode_to_text(t->reply->m.rcode, rcode, sizeof rcode),
			t->reply->m.flags & TERN_FLAG_RA ? "recursion available" : "no recursion");
}

/* RFC 8109: ask for the root's servers. Those that came with addresses become the root. */
static enum net_result prime(struct trace *t, const struct cut *start)
{
	struct lookup l = t->lookup;

	l.type = TERN_TYPE_NS;
	l.recurse = l.server[0] != '\0';
	enum net_result result = ask_cut(t, &t->loud, &l, start, tern_name_root);

	if (result != NET_REPLY)
		return result;
	if (!show_step(t))
		return NET_INTERNAL;
	fill_cut(t, &t->root, TERN_ANSWER, tern_name_root);
	if (t->root.addresses_n > 0)
		return result;
	bool has_root = t->root.names_n > 0;

	if (!has_root)
		tell_no_root(t);
	/* A server of the root without glue serves; behind a resolver the hints do. */
	t->root = *start;
	if (!has_root || !(t->reply->m.flags & TERN_FLAG_AA)) {
		t->root.addresses_n = t->root.names_n = 0;
		add_hints(t, &t->root);
	}
	return result;
}

static enum net_result run(struct trace *t, const uint8_t *qname)
{
	struct cut *start = malloc(sizeof *start);
	enum net_result result = NET_INTERNAL;

	if (start && start_cut(t, start)) {
		result = prime(t, start);
		if (result == NET_REPLY)
			result = follow(t, &t->loud, &t->lookup, qname, 0);
	}
	free(start);
	return result;
}

enum exit_code trace_run(const struct options *o, const struct net *net, const struct lookup *l,
			 const uint8_t *qname)
{
	enum exit_code code = EXIT_INTERNAL;
	struct trace *t = calloc(1, sizeof *t);

	if (!t)
		return code;
	t->reply = malloc(sizeof *t->reply);
	if (!t->reply)
		goto free_trace;
	t->o = o;
	t->loud = t->quiet = *net;
	t->quiet.out = t->quiet.odd = NULL;
	t->lookup = *l;
	t->queries_left = QUERIES_MAX;
	switch (run(t, qname)) {
	case NET_REPLY:
		if (l->show.brief)
			print_reply(o, l, &t->query, t->reply);
		code = EXIT_REPLY;
		break;
	case NET_NO_REPLY:
		net_say(&t->loud, ";; no servers could be reached");
		code = EXIT_NO_REPLY;
		break;
	case NET_INTERNAL: break;
	}
	free(t->reply);
free_trace:
	free(t);
	return code;
}
