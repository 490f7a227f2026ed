/*
 * fuzz_classify.c - what servers may send: classified, and read by a job.
 *
 * The whole input is first taken as one message and classified against a fixed
 * question. Then it is a conversation: a job asks, and goes on with what the
 * input says until that is used up; then nobody answers any more, or the client
 * has waited for too long.
 *
 *	octet 0    options: see `enum option`
 *	octet 1    the question, an index into `questions`
 *	then, for each reply:
 *	octet      even: a reply of this many octets (u16) follows: header, then the
 *	           sections behind the question, which is put in as it was asked
 *	           odd, 1 above a multiple of 4: the same, a raw message
 *	           odd, else: the event that the upper bits say
 *	           a reply with bit 3 set is one to a question whose time was up
 */
#include <string.h>

#include <tern/builder.h>
#include <tern/rdata.h>
#include <tern/rr.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/readers.h"
#include "dnssec/anchor.h"
#include "dnssec/crypto.h"
#include "dnssec/rrsig.h"
#include "resolver/classify.h"
#include "resolver/hints.h"
#include "resolver/job.h"
#include "resolver/report.h"
#include "worker/render.h"

#define RESUMES_MAX  1000 /* a job that goes on longer has no limit */
#define CONTROL_LATE 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum option {
	OPTION_MINIMISE = 1,
	OPTION_STRICT = 2,
	OPTION_FORWARD = 4,
	OPTION_VALIDATE = 8,
	OPTION_STALE = 16,
	OPTION_SILENCE = 32, /* at the end of the input: nobody answers; else the deadline */
	OPTION_NETWORK = 64, /* servers are told the client's network, and of failures */
};

static const struct {
	const char *name; /* wire format */
	uint16_t type;
} questions[] = {
	{"\3www\7example\4test", TERN_TYPE_A},    {"\3www\7example\4test", TERN_TYPE_AAAA},
	{"\7example\4test", TERN_TYPE_MX},        {"\7example\4test", TERN_TYPE_ANY},
	{"\7example\4test", TERN_TYPE_DS},        {"\7example\4test", TERN_TYPE_DNSKEY},
	{"\1a\1b\1c\1d\1e\4test", TERN_TYPE_TXT}, {"", TERN_TYPE_NS},
};

static struct resolver resolver;
static struct rules rules;
static struct root_hints hints;
static struct trust_anchors anchors;
static struct random fixed;
static struct moment now;
static struct route_server forwarder = {
	.address = {.octets = {192, 0, 2, 9}, .port = 53, .family = 4}};
static struct route route = {.zone = (const uint8_t *)"\4test",
			     .servers = &forwarder,
			     .servers_n = 1,
			     .kind = ROUTE_FORWARD};
static uint8_t *listed[] = {(uint8_t[]){"\4test"}};
static struct job job;
static bool silent; /* a server did not answer */
static struct tern_rr_ref rrs[JOB_REPLY_RRS];
static uint8_t scratch[RRSIG_SCRATCH];
static uint8_t packet[TERN_MESSAGE_MAX];
static uint8_t response[TERN_MESSAGE_MAX];

static void tear_down(void)
{
	readers_leave();
	cache_destroy(resolver.cache);
	infra_destroy(resolver.infra);
	crypto_destroy(resolver.crypto);
}

static void set_up_once(void)
{
	static const struct hash_key key = {1, 2};
	struct cache_options options = {.size = 1 << 20, .stale_s = 86400};

	if (resolver.cache)
		return;
	readers_enter();
	root_hints_builtin(&hints);
	trust_anchors_builtin(&anchors);
	now = (struct moment){
		.mono_ns = NS_PER_S, .boot_ms = 1000, .boot_s = 1, .wall_s = 1700000000};
	rules = (struct rules){.hints = &hints, .anchors = &anchors};
	resolver = (struct resolver){
		.cache = cache_create(&options, &key),
		.infra = infra_create(&key),
		.crypto = crypto_create(),
		.rules = &rules,
		.random = &fixed,
		.rrs = rrs,
		.scratch = scratch,
	};
	check_always(resolver.cache && resolver.infra && resolver.crypto);
	/* So that leaks are told from what is only kept. */
	check_always(atexit(tear_down) == 0);
}

static void pass_ms(uint64_t ms)
{
	now.mono_ns += ms * NS_PER_MS;
	now.boot_ms += ms;
	now.boot_s = (uint32_t)(now.boot_ms / 1000);
}

/* Every input starts in the same world: nothing known, the same draws ahead. */
static void start_anew(uint8_t options)
{
	readers_rest();
	cache_flush_zone(resolver.cache, tern_name_root);
	if (silent)
		infra_forgive(resolver.infra); /* takes a while */
	silent = false;
	pass_ms(INFRA_LEARNED_MS * 2ull);
	memset(resolver.health, 0, sizeof resolver.health);
	fixed.at = 0;
	for (unsigned i = 0; i < RANDOM_BLOCK; i++)
		fixed.block[i] = (uint8_t)(i * 151 + 17);
	rules.resolver = (struct resolver_options){
		.validation = options & OPTION_VALIDATE ? VALIDATION_ON : VALIDATION_OFF,
		.sha1 = true,
		.aggressive = true,
		.qmin = !(options & OPTION_MINIMISE) ? QMIN_OFF
			: options & OPTION_STRICT    ? QMIN_STRICT
						     : QMIN_RELAXED,
		.ipv4 = true,
		.ipv6 = true,
		.do_not_query_localhost = true,
		.serve_stale = options & OPTION_STALE,
		.stale_ttl_s = 30,
		.max_ttl_s = 86400,
		.max_negative_ttl_s = 3600,
	};
	if (options & OPTION_NETWORK) {
		rules.resolver.error_reporting = true;
		rules.resolver.subnet.zones = listed;
		rules.resolver.subnet.zones_n = ARRAY_LEN(listed);
	}
	rules.routes = options & OPTION_FORWARD ? (struct routes){.routes = &route, .n = 1}
						: (struct routes){0};
}

/* --- as one message ------------------------------------------------------------------- */

static void classify(const uint8_t *data, size_t size)
{
	struct tern_message m;
	struct reply_view view;

	if (tern_message_parse(data, size, rrs, JOB_REPLY_RRS, &m) != TERN_OK)
		return;
	for (unsigned how = 0; how < 8; how++) {
		struct reply_context asked = {
			.name = (const uint8_t *)"\3www\7example\4test",
			.zone = (const uint8_t *)"\4test",
			.type = how & 4 ? TERN_TYPE_ANY : TERN_TYPE_A,
			.forwarder = how & 1,
			.had_edns = how & 2,
			.by_udp = how & 1,
		};
		enum reply_kind kind = reply_classify(&m, &asked, &view);

		if (kind == REPLY_REFERRAL)
			check_always(tern_name_is_below(view.zone, asked.zone) &&
				     tern_name_is_below_or_equal(asked.name, view.zone));
		if (kind == REPLY_LAME || kind == REPLY_BROKEN || kind == REPLY_REFUSED)
			check_always(view.why);
	}
}

/* --- as a conversation ----------------------------------------------------------------------- */

/* Questions whose time was up: the answer may still come. */
static struct upstream_query open_before[4];
static unsigned open_n;

static const struct upstream_query *find_late(unsigned which)
{
	for (unsigned i = 0; i < MIN(open_n, ARRAY_LEN(open_before)); i++) {
		const struct upstream_query *q = &open_before[(which + i) % ARRAY_LEN(open_before)];

		if (q->name && job_awaits(&job, q))
			return q;
	}
	return NULL;
}

static bool give_reply(const struct upstream_query *query, const uint8_t *octets, size_t len)
{
	uint8_t *exact = malloc(len);
	struct upstream_reply reply = {.event = UPSTREAM_ANSWERED,
				       .transport = query->to.transport,
				       .octets = exact,
				       .len = len,
				       .rtt_ms = 20};

	check_always(exact);
	memcpy(exact, octets, len);
	bool finished = query == &job.outbox ? job_resume(&job, &reply, &now)
					     : job_resume_late(&job, query, &reply, &now);

	free(exact);
	return finished;
}

static bool give_event(unsigned which)
{
	static const enum upstream_event events[] = {
		UPSTREAM_TIMED_OUT, UPSTREAM_UNREACHABLE, UPSTREAM_SUSPECT,
		UPSTREAM_CASE,      UPSTREAM_CROWDED,     UPSTREAM_NO_RESOURCE,
	};
	struct upstream_reply reply = {.event = events[which % ARRAY_LEN(events)],
				       .transport = job.outbox.to.transport};

	silent = true;
	if (reply.event == UPSTREAM_TIMED_OUT) {
		reply.rtt_ms = job.outbox.timeout_ms;
		if (!job.outbox.listen && job.outbox.to.transport == TRANSPORT_UDP)
			open_before[open_n++ % ARRAY_LEN(open_before)] = job.outbox;
	}
	pass_ms(reply.rtt_ms);
	return job_resume(&job, &reply, &now);
}

/* Header and sections out of the input, the question as it was asked. */
static bool give_sections(const struct upstream_query *query, const uint8_t *octets, size_t len)
{
	size_t at = tern_name_len(query->name);

	if (len < TERN_HEADER_LEN || len + at + 4 > sizeof packet)
		return give_event(0);
	memcpy(packet, octets, TERN_HEADER_LEN);
	packet[2] |= 0x80;
	put_u16(packet + 4, 1);
	tern_name_copy(packet + TERN_HEADER_LEN, query->name);
	at += TERN_HEADER_LEN;
	put_u16(packet + at, query->type);
	put_u16(packet + at + 2, TERN_CLASS_IN);
	memcpy(packet + at + 4, octets + TERN_HEADER_LEN, len - TERN_HEADER_LEN);
	return give_reply(query, packet, at + 4 + len - TERN_HEADER_LEN);
}

static bool give_next(struct cursor *input)
{
	uint8_t control = cursor_u8(input);
	bool late = job.outbox.listen || control & CONTROL_LATE;
	const struct upstream_query *query = late ? find_late(control >> 4) : NULL;

	if (job.outbox.listen && !query)
		return give_event(0);
	if (!query)
		query = &job.outbox;
	if (control % 4 == 3)
		return give_event(control / 4);
	size_t told = cursor_u16(input);
	size_t len = MIN(told, cursor_left(input));
	const uint8_t *octets = cursor_take(input, len);

	if (control % 2 == 0)
		return give_sections(query, octets, len);
	/* The network lets nothing pass that is no response, or shorter than a header. */
	return len < TERN_HEADER_LEN ? give_event(0) : give_reply(query, octets, len);
}

static void check_list(const struct kept_list *list)
{
	struct tern_rdata rdata;

	for (const struct kept *k = list->first; k; k = k->next) {
		struct tern_rdata_iter it = tern_rrset_rdatas(&k->set);
		size_t len;

		check_always(tern_name_check(k->set.owner, TERN_NAME_MAX, &len) == TERN_OK);
		while (tern_rdata_next(&it, &rdata))
			check_always(tern_rdata_check(k->set.type, rdata.octets, rdata.len) ==
				     TERN_OK);
	}
}

/* Whatever was found must be fit to be told. */
static void check_result(void)
{
	static const struct hash_key secret = {3, 4};
	struct request r = {
		.rclass = TERN_CLASS_IN, .limit = 1232, .edns = true, .dnssec_ok = true};
	struct render_context context = {&secret, &forwarder.address, now.wall_s, 0, ""};
	uint8_t report[TERN_NAME_MAX];
	struct tern_message m;
	size_t report_len;

	check_always(job.finished);
	if (report_name(&job, report))
		check_always(tern_name_check(report, TERN_NAME_MAX, &report_len) == TERN_OK);
	check_list(&job.result.answer);
	check_list(&job.result.authority);
	r.name_len = (uint16_t)tern_name_copy(r.name, job.question.name);
	r.type = job.question.type;
	size_t len = render_result(&r, &job.result, &context, response, sizeof response);

	check_always(len <= r.limit);
	check_always(tern_message_parse(response, len, rrs, JOB_REPLY_RRS, &m) == TERN_OK);
}

static void converse(const uint8_t *data, size_t size)
{
	struct cursor input = cursor_over(data, size);
	uint8_t options = cursor_u8(&input);
	unsigned which = cursor_u8(&input) % ARRAY_LEN(questions);
	struct question q = {.type = questions[which].type};

	start_anew(options);
	memset(open_before, 0, sizeof open_before);
	open_n = 0;
	tern_name_copy(q.name, (const uint8_t *)questions[which].name);
	job.subnet = (struct prefix){.bits = 0};
	if (options & OPTION_NETWORK)
		check_always(prefix_from_text("203.0.113.0/24", &job.subnet));
	bool finished = job_start(&job, &resolver, &q, 0, &now);

	for (unsigned i = 0; !finished; i++) {
		check_always(i < RESUMES_MAX);
		pass_ms(20);
		if (cursor_left(&input) > 0)
			finished = give_next(&input);
		else if (options & OPTION_SILENCE)
			finished = give_event(0);
		else
			break;
	}
	if (!finished)
		job_expire(&job, &now);
	check_result();
	job_end(&job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	set_up_once();
	classify(data, size);
	if (size >= 2)
		converse(data, size);
	return 0;
}
