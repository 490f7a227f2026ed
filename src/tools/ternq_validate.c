/*
 * ternq_validate.c - ternd's own resolver, with the asked server as its only
 * forwarder and a cache that lives as long as one answer.
 *
 *   job_start() -> outbox -> net_ask() -> job_resume() -> ... -> result
 *        -> the chain as it is told, the verdict, the result as a message
 *
 * All is asked with CD and DO: a server that validates must not hide what is
 * bogus. Time stands still for the cache, so that a link which may be kept for a
 * second only is there as long as it takes.
 */
#include "tools/ternq_validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/readers.h"
#include "dnssec/rrsig.h"
#include "resolver/job.h"
#include "tools/ternq_print.h"

#define CACHE_OCTETS    (1u << 20) /* far more than the chain of a name takes */
#define ANCHOR_LINE_MAX 4096       /* octets */
#define EDNS_FLAG_DO    0x8000

/* One validation. Large: on the heap. */
struct validation {
	const struct net *net;
	const struct lookup *lookup; /* as the user asked */
	struct servers servers;
	struct query query; /* the last one sent */
	struct reply *reply;
	enum net_result result;
	uint64_t elapsed_us; /* of all queries */
	struct address forwarder;
	struct route_server server;
	struct route route;
	struct rules rules;
	struct resolver resolver;
	struct trust_anchors anchors;
	struct random random;
	struct moment now;
	struct job_trace trace;
	struct job job;
	struct tern_rr_ref rrs[JOB_REPLY_RRS];
	uint8_t scratch[RRSIG_SCRATCH];
};

/* ---- anchors ---- */

/* One record a line, as `dig . DNSKEY` prints it; comments and empty lines are nothing. */
static bool read_anchor(struct validation *v, char *line)
{
	const char *error;

	line[strcspn(line, ";#\r\n")] = '\0';
	line += strspn(line, " \t");
	if (*line == '\0' || trust_anchors_add(&v->anchors, line, &error))
		return true;
	fprintf(stderr, "ternq: trust anchor \"%s\": %s\n", line, error);
	return false;
}

static bool read_anchors(struct validation *v, const char *path)
{
	char line[ANCHOR_LINE_MAX];
	FILE *file = fopen(path, "re");
	bool good = file != NULL;

	while (good && fgets(line, sizeof line, file))
		good = read_anchor(v, line);
	if (file)
		fclose(file);
	if (!file || (good && v->anchors.n == 0)) {
		fprintf(stderr, "ternq: no trust anchors in \"%s\"\n", path);
		return false;
	}
	return good;
}

static bool load_anchors(struct validation *v)
{
	if (v->lookup->anchors)
		return read_anchors(v, v->lookup->anchors);
	trust_anchors_builtin(&v->anchors);
	return true;
}

/* ---- the resolver ---- */

/* It knows one server; that this may be several addresses is net_ask()'s business. */
static bool open_resolver(struct validation *v)
{
	struct cache_options cache = {.size = CACHE_OCTETS};
	struct hash_key key;
	const struct sockaddr *first = (const struct sockaddr *)&v->servers.at[0].address;

	random_init(&v->random);
	random_bytes(&v->random, &key, sizeof key);
	clock_read(&v->now);
	if (!address_from_sockaddr(first, &v->forwarder) || address_is_unusable(&v->forwarder)) {
		fprintf(stderr, "ternq: \"%s\" is no host's address\n", v->servers.at[0].asked);
		return false;
	}
	v->server = (struct route_server){.address = v->forwarder};
	v->route = (struct route){.zone = tern_name_root,
				  .servers = &v->server,
				  .servers_n = 1,
				  .kind = ROUTE_FORWARD};
	v->rules = (struct rules){
		.resolver = {.validation = VALIDATION_ON,
			     .sha1 = true,
			     .qmin = QMIN_OFF,
			     .ipv4 = true,
			     .ipv6 = true,
			     .max_ttl_s = INT32_MAX,
			     .max_negative_ttl_s = INT32_MAX},
		.routes = {.routes = &v->route, .n = 1},
		.anchors = &v->anchors,
	};
	v->resolver = (struct resolver){
		.rules = &v->rules,
		.cache = cache_create(&cache, &key),
		.infra = infra_create(&key),
		.random = &v->random,
		.crypto = crypto_create(),
		.scratch = v->scratch,
		.rrs = v->rrs,
	};
	return v->resolver.cache && v->resolver.infra && v->resolver.crypto;
}

static void close_resolver(struct validation *v)
{
	if (v->resolver.cache)
		cache_destroy(v->resolver.cache);
	if (v->resolver.infra)
		infra_destroy(v->resolver.infra);
	if (v->resolver.crypto)
		crypto_destroy(v->resolver.crypto);
}

/* The user's look-up, but about what the job wants to know. */
static struct lookup lookup_of(const struct validation *v, const struct upstream_query *q)
{
	struct lookup l = *v->lookup;

	l.type = q->type;
	l.tcp = l.tcp || q->to.transport == TRANSPORT_TCP;
	l.ignore_tc = false;
	l.recurse = true;
	l.checking_disabled = true;
	l.edns = l.dnssec = q->edns;
	return l;
}

/* Do what the outbox says, in all tries of all servers. False: nobody answers, so it ends here. */
static bool ask(struct validation *v, struct upstream_reply *out)
{
	struct lookup l = lookup_of(v, &v->job.outbox);
	struct reply *r = v->reply;

	v->result = net_ask(v->net, &l, v->job.outbox.name, &v->servers, &v->query, r);
	print_query(&l, &v->query);
	if (v->result != NET_REPLY)
		return false;
	v->elapsed_us += r->elapsed_us;
	*out = (struct upstream_reply){.event = UPSTREAM_ANSWERED,
				       .transport = r->tcp ? TRANSPORT_TCP : TRANSPORT_UDP,
				       .octets = r->octets,
				       .len = r->m.len,
				       .rtt_ms = (uint32_t)(r->elapsed_us / 1000)};
	return true;
}

static void resolve(struct validation *v, const uint8_t *qname)
{
	struct question question = {.type = v->lookup->type};
	struct upstream_reply reply;

	tern_name_lower(question.name, qname);
	bool done = job_start_traced(&v->job, &v->resolver, &question, JOB_NO_SERVE,
				     v->trace.step ? &v->trace : NULL, &v->now);

	while (!done) {
		bool yielded = v->job.yielded;

		if (!yielded && !ask(v, &reply))
			return;
		v->now.mono_ns = clock_ns(CLOCK_MONOTONIC);
		crypto_rest(v->resolver.crypto); /* nobody else wants a turn */
		done = job_resume(&v->job, yielded ? NULL : &reply, &v->now);
	}
}

/* ---- telling ---- */

/* The job does not know that +tcp sends by TCP what it left for UDP. */
static void tell_step(struct job_trace *trace, const char *line)
{
	const struct validation *v = CONTAINER_OF(trace, struct validation, trace);
	const char *udp = strstr(line, " by UDP");
	bool wrong = udp && udp[sizeof " by UDP" - 1] == '\0' && v->lookup->tcp;

	printf(";; %.*s%s\n", (int)(wrong ? (size_t)(udp - line) : strlen(line)), line,
	       wrong ? " by TCP" : "");
}

static bool put_list(struct tern_builder *b, enum tern_section section,
		     const struct kept_list *list, bool with_proofs)
{
	for (const struct kept *k = list->first; k; k = k->next) {
		if (section == TERN_AUTHORITY && k->set.type != TERN_TYPE_SOA && !with_proofs)
			continue;
		if (tern_builder_rrset(b, section, &k->set, with_proofs) != TERN_OK)
			return false;
	}
	return true;
}

static bool put_opt(struct tern_builder *b, const struct lookup *l, const struct result *result)
{
	uint8_t option[2 + JOB_TEXT_MAX];
	size_t len = strnlen(result->text, JOB_TEXT_MAX);

	if (tern_builder_opt(b, l->udp_size, result->rcode, 0, l->dnssec ? EDNS_FLAG_DO : 0) !=
	    TERN_OK)
		return false;
	if (result->ede == TERN_EDE_NONE)
		return true;
	put_u16(option, result->ede);
	memcpy(option + 2, result->text, len);
	return tern_builder_option(b, TERN_EDNS_EDE, option, 2 + len) == TERN_OK;
}

/* The result as the server would have sent it, had it validated: into the reply. */
static bool render(struct validation *v, const uint8_t *qname)
{
	const struct result *result = &v->job.result;
	const struct lookup *l = v->lookup;
	struct reply *r = v->reply;
	struct tern_builder b;
	uint16_t flags = TERN_FLAG_QR | TERN_FLAG_RD | TERN_FLAG_RA;

	if (result->security == CACHE_SECURE)
		flags |= TERN_FLAG_AD;
	tern_builder_init(&b, r->octets, sizeof r->octets, sizeof r->octets);
	tern_builder_header(&b, v->query.id, flags, result->rcode);
	if (tern_builder_question(&b, qname, l->type, TERN_CLASS_IN) != TERN_OK ||
	    !put_list(&b, TERN_ANSWER, &result->answer, l->dnssec) ||
	    !put_list(&b, TERN_AUTHORITY, &result->authority, l->dnssec) ||
	    (l->edns && !put_opt(&b, l, result)))
		return false;
	size_t len = tern_builder_finish(&b);

	r->elapsed_us = v->elapsed_us;
	r->odd = (struct odd){.n = 0};
	return tern_message_parse(r->octets, len, r->rrs, REPLY_RRS, &r->m) == TERN_OK;
}

static enum exit_code judge(const struct result *result, struct verdict *out)
{
	if (result->rcode == TERN_RCODE_SERVFAIL && !cache_failure_is_bogus(result->ede)) {
		*out = (struct verdict){"unknown", "not validated", result->text};
		return EXIT_INTERNAL;
	}
	if (result->rcode == TERN_RCODE_SERVFAIL) {
		*out = (struct verdict){"bogus", "bogus", result->text};
		return EXIT_BOGUS;
	}
	if (result->security == CACHE_SECURE)
		*out = (struct verdict){"secure", "fully validated", NULL};
	else
		*out = (struct verdict){"insecure", "unsigned answer", NULL};
	return EXIT_REPLY;
}

/* With +short the answer is for programs, so what is wrong with it goes elsewhere. */
static void tell_verdict(const struct show *show, const struct verdict *verdict)
{
	if (verdict->reason)
		fprintf(show->brief ? stderr : stdout, "; %s: %s\n", verdict->text,
			verdict->reason);
	else if (!show->brief)
		printf("; %s\n", verdict->text);
}

static enum exit_code show(struct validation *v, const struct options *o, const uint8_t *qname)
{
	struct verdict verdict;
	enum exit_code code = judge(&v->job.result, &verdict);

	if (!render(v, qname))
		return EXIT_INTERNAL;
	if (v->lookup->show.json)
		return print_json(v->reply, &verdict) ? code : EXIT_INTERNAL;
	if (v->lookup->show.yaml)
		return print_yaml(v->lookup, &v->query, v->reply, &verdict) ? code : EXIT_INTERNAL;
	tell_verdict(&v->lookup->show, &verdict);
	print_reply(o, v->lookup, &v->query, v->reply);
	return code;
}

static enum exit_code run(struct validation *v, struct options *o, const uint8_t *qname)
{
	enum exit_code code = EXIT_INTERNAL;
	const struct show *s = &v->lookup->show;

	if (!net_servers(o, v->lookup, &v->servers) || !load_anchors(v))
		return EXIT_USAGE;
	print_banner(o, v->lookup, &v->servers);
	if (s->comments && !s->brief && !print_is_for_programs(s))
		v->trace.step = tell_step;
	readers_enter();
	if (open_resolver(v)) {
		resolve(v, qname);
		if (v->result == NET_REPLY)
			code = show(v, o, qname);
		job_end(&v->job);
	}
	readers_leave();
	close_resolver(v);
	if (v->result != NET_NO_REPLY)
		return code;
	net_say(v->net, ";; no servers could be reached\n");
	return EXIT_NO_REPLY;
}

enum exit_code validate_run(struct options *o, const struct net *net, const struct lookup *l,
			    const uint8_t *qname, struct reply *r)
{
	if (l->rclass != TERN_CLASS_IN || l->trace) {
		fprintf(stderr, "ternq: +validate is for class IN, and without +trace\n");
		return EXIT_USAGE;
	}
	struct validation *v = calloc(1, sizeof *v);

	if (!v)
		return EXIT_INTERNAL;
	v->net = net;
	v->lookup = l;
	v->reply = r;
	r->server[0] = r->asked[0] = '\0';
	r->tcp = false;
	enum exit_code code = run(v, o, qname);

	free(v);
	return code;
}
