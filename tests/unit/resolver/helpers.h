/*
 * helpers.h - what the tests of the resolver share: a world with a clock of its
 * own, servers that say what the test wants, and a job between them.
 *
 *	world_open();
 *	know("test.", "ns.test.", "192.0.2.53");
 *	ask("www.test.", TERN_TYPE_A);
 *	assert_asked("192.0.2.53", "www.test.", TERN_TYPE_A);
 *	reply(AA, TERN_RCODE_NOERROR, "an www.test. 60 A 192.0.2.1", NULL);
 *	assert_true(world.done);
 *
 * A record begins with its section: an, ns or ad.
 */
#pragma once

#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/bytes.h"
#include "base/readers.h"
#include "dnssec/anchor.h"
#include "dnssec/crypto.h"
#include "dnssec/rrsig.h"
#include "resolver/hints.h"
#include "resolver/job.h"

#define AA (TERN_FLAG_QR | TERN_FLAG_AA) /* flags of an authority's reply */
#define QR TERN_FLAG_QR

/** Everything that a job needs, and the reply being made. */
struct world {
	struct resolver resolver;
	struct rules rules;
	struct moment now;
	struct random random;
	struct root_hints hints;
	struct trust_anchors anchors;
	struct job job;
	bool open; /* a job is there to be ended */
	bool done;
	bool mixed;                  /* replies are to questions with letters in both cases */
	struct upstream_query asked; /* the outbox as it was before the last reply */
	struct job_trace trace;
	char lines[20000]; /* what the job told */
	uint8_t packet[TERN_MESSAGE_MAX];
	size_t packet_len;
	struct tern_rr_text rr;
	struct tern_rr_ref rrs[JOB_REPLY_RRS];
	uint8_t scratch[RRSIG_SCRATCH];
};

static struct world world;

static inline uint64_t world_ms(void)
{
	return world.now.mono_ns / NS_PER_MS;
}

/** Let time pass on all clocks. */
static inline void pass_ms(uint64_t ms)
{
	world.now.mono_ns += ms * NS_PER_MS;
	world.now.boot_ms += ms;
	world.now.boot_s = (uint32_t)(world.now.boot_ms / 1000);
}

static inline void collect_line(struct job_trace *trace, const char *line)
{
	size_t len = strlen(world.lines);

	(void)trace;
	snprintf(world.lines + len, sizeof world.lines - len, "%s\n", line);
}

static inline int world_open(void **state)
{
	static const struct hash_key key = {1, 2};
	struct cache_options cache = {.size = 4 << 20, .stale_s = 86400};

	(void)state;
	memset(&world, 0, sizeof world);
	world.now = (struct moment){.mono_ns = NS_PER_S * 5000,
				    .boot_ms = 7000000,
				    .boot_s = 7000,
				    .wall_s = 1700000000};
	world.trace.step = collect_line;
	random_init(&world.random);
	world.rules = (struct rules){
		.answers = 1,
		.resolver = {.qmin = QMIN_OFF,
			     .ipv4 = true,
			     .ipv6 = true,
			     .serve_stale = true,
			     .stale_ttl_s = 30,
			     .do_not_query_localhost = true,
			     .max_ttl_s = 86400,
			     .max_negative_ttl_s = 3600},
		.hints = &world.hints,
		.anchors = &world.anchors,
	};
	world.resolver = (struct resolver){
		.rules = &world.rules,
		.cache = cache_create(&cache, &key),
		.infra = infra_create(&key),
		.random = &world.random,
		.crypto = crypto_create(),
		.scratch = world.scratch,
		.rrs = world.rrs,
	};
	assert_true(world.resolver.cache && world.resolver.infra && world.resolver.crypto);
	readers_enter();
	/* One server, so that it is known who is asked. */
	world.hints.servers_n = 1;
	memcpy(world.hints.servers[0].name, NAME("ns.root."), 9);
	world.hints.servers[0].addresses[0] = address("192.0.2.1");
	world.hints.servers[0].addresses_n = 1;
	return 0;
}

static inline void job_over(void)
{
	if (world.open)
		job_end(&world.job);
	world.open = false;
}

static inline int world_close(void **state)
{
	(void)state;
	job_over();
	readers_leave();
	cache_destroy(world.resolver.cache);
	infra_destroy(world.resolver.infra);
	crypto_destroy(world.resolver.crypto);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

/* --- what is known beforehand ---------------------------------------------------------- */

/** Questions at or below @p zone go to @p server. */
static inline void use_route(const char *zone, const char *server, enum route_kind kind, bool first)
{
	static uint8_t name[TERN_NAME_MAX];
	static struct route_server servers;
	static struct route route;

	memcpy(name, NAME(zone), tern_name_len(NAME(zone)));
	servers = (struct route_server){.address = address(server)};
	route = (struct route){
		.zone = name, .servers = &servers, .servers_n = 1, .kind = kind, .first = first};
	world.rules.routes = (struct routes){.routes = &route, .n = 1};
}

/** A delegation in the cache, with pairs of server name and address ("" for none), then NULL. */
static inline void know(const char *zone, ...)
{
	uint8_t body[CUT_BODY_MAX];
	struct arena arena;
	const char *name, *text;
	va_list args;

	arena_init(&arena, 65536);
	struct zone_cut *cut = zone_cut_make(&arena, NAME(zone), CUT_DELEGATION);

	va_start(args, zone);
	while ((name = va_arg(args, const char *)) != NULL) {
		int ns = zone_cut_add_ns(cut, NAME(name));

		text = va_arg(args, const char *);
		assert_true(ns >= 0);
		if (*text) {
			struct address a = address(text);

			zone_cut_add_server(cut, &a, (unsigned)ns);
		}
	}
	va_end(args);
	struct cache_delegation d = {.zone = cut->zone,
				     .body = body,
				     .body_len = (uint32_t)zone_cut_pack(cut, body),
				     .ttl_s = 3600};

	cache_put_delegation(world.resolver.cache, &d, world.now.boot_s);
	arena_reset(&arena);
}

#define TEST_SERVER "192.0.2.53"

/** The only server of "test.". */
static inline void know_test(void)
{
	know("test.", "ns.test.", TEST_SERVER, NULL);
}

/** Validate, with a key for "test." that nobody has. */
static inline void trust_test(void)
{
	const char *error;

	world.rules.resolver.validation = VALIDATION_ON;
	assert_true(trust_anchors_add(&world.anchors,
				      "test. IN DS 12345 8 2 "
				      "00112233445566778899aabbccddeeff"
				      "00112233445566778899aabbccddeeff",
				      &error));
}

/* --- asking ------------------------------------------------------------------------------ */

static inline void ask_with(const char *name, uint16_t type, unsigned flags)
{
	struct question q = {.type = type};

	job_over();
	tern_name_copy(q.name, NAME(name));
	world.lines[0] = '\0';
	world.open = true;
	world.done =
		job_start_traced(&world.job, &world.resolver, &q, flags, &world.trace, &world.now);
}

static inline void ask(const char *name, uint16_t type)
{
	ask_with(name, type, 0);
}

static inline bool asks(const char *server, const char *name, uint16_t type)
{
	struct address a = address(server);
	const struct upstream_query *q = &world.job.outbox;

	return !world.done && address_equal(&q->to.address, &a) &&
	       tern_name_equal(q->name, NAME(name)) && q->type == type;
}

/** The job waits for this. */
static inline void assert_asked(const char *server, const char *name, uint16_t type)
{
	char found[TERN_NAME_TEXT_MAX], at[ADDRESS_TEXT_MAX];

	if (asks(server, name, type))
		return;
	if (world.done)
		print_error("nothing is asked, rcode %u (%s)\n", world.job.result.rcode,
			    world.job.result.text);
	else
		print_error("%s %u is asked of %s\n",
			    tern_name_to_text(world.job.outbox.name, found), world.job.outbox.type,
			    address_to_text(&world.job.outbox.to.address, at));
	fail();
}

/* --- replying ------------------------------------------------------------------------------ */

static inline struct tern_builder begin_reply(uint16_t flags, unsigned rcode)
{
	struct tern_builder b;

	tern_builder_init(&b, world.packet, sizeof world.packet, sizeof world.packet);
	tern_builder_header(&b, 4711, flags, rcode);
	assert_int_equal(tern_builder_question(&b, world.job.outbox.name, world.job.outbox.type,
					       TERN_CLASS_IN),
			 TERN_OK);
	return b;
}

static inline void add_record(struct tern_builder *b, const char *text)
{
	enum tern_section section = TERN_ANSWER;
	const char *error = NULL;

	if (strncmp(text, "ns ", 3) == 0)
		section = TERN_AUTHORITY;
	else if (strncmp(text, "ad ", 3) == 0)
		section = TERN_ADDITIONAL;
	if (tern_rr_from_text(text + 3, 60, &world.rr, &error) != TERN_OK)
		print_error("%s: %s\n", text, error ? error : "?");
	assert_int_equal(tern_builder_rr(b, section, world.rr.owner, world.rr.type, world.rr.rclass,
					 world.rr.ttl_s, world.rr.rdata, world.rr.rdata_len),
			 TERN_OK);
}

static inline void send_octets(const uint8_t *octets, size_t len)
{
	struct upstream_reply r = {.event = UPSTREAM_ANSWERED,
				   .transport = world.job.outbox.to.transport,
				   .octets = octets,
				   .len = len,
				   .mixed = world.mixed && world.job.outbox.random_case,
				   .rtt_ms = 10};

	world.asked = world.job.outbox;
	pass_ms(10);
	world.done = job_resume(&world.job, &r, &world.now);
	readers_rest();
}

static inline void send_reply(struct tern_builder *b)
{
	world.packet_len = tern_builder_finish(b);
	send_octets(world.packet, world.packet_len);
}

/** Reply with these records, then NULL. */
static inline void reply(uint16_t flags, unsigned rcode, ...)
{
	struct tern_builder b = begin_reply(flags, rcode);
	const char *text;
	va_list args;

	va_start(args, rcode);
	while ((text = va_arg(args, const char *)) != NULL)
		add_record(&b, text);
	va_end(args);
	send_reply(&b);
}

/** Something else than a reply. */
static inline void event(enum upstream_event e)
{
	struct upstream_reply r = {.event = e, .transport = world.job.outbox.to.transport};

	world.asked = world.job.outbox;
	if (e == UPSTREAM_TIMED_OUT)
		r.rtt_ms = world.job.outbox.timeout_ms;
	pass_ms(r.rtt_ms);
	world.done = job_resume(&world.job, &r, &world.now);
	readers_rest();
}

/** Silence, and no TCP either, until there is nobody left to ask; returns how many were sent. */
static inline unsigned be_silent(void)
{
	unsigned n = 0;

	for (; !world.done && !world.job.outbox.listen; n++)
		event(world.job.outbox.to.transport == TRANSPORT_TCP ? UPSTREAM_UNREACHABLE
								     : UPSTREAM_TIMED_OUT);
	return n;
}

/** The server is found dead, just now. */
static inline void let_die(const struct address *server)
{
	for (unsigned i = 0; i < INFRA_DEAD_TIMEOUTS; i++) {
		if (i > 0)
			pass_ms(INFRA_DEAD_AFTER_MS / (INFRA_DEAD_TIMEOUTS - 1));
		infra_timed_out(world.resolver.infra, server, NAME("test."),
				NAME(i % 2 ? "one.test." : "two.test."), world_ms(), world_ms());
	}
}

/** Everything else that is asked, such as addresses of server names, gets this rcode and nothing.
 */
static inline void reply_always(uint16_t flags, unsigned rcode)
{
	for (unsigned i = 0; i < 200 && !world.done; i++)
		reply(flags, rcode, NULL);
	assert_true(world.done);
}

/** The same with an event; returns how often. */
static inline unsigned event_always(enum upstream_event e)
{
	unsigned n = 0;

	for (; n < 200 && !world.done; n++)
		event(e);
	assert_true(world.done);
	return n;
}

/* --- looking ---------------------------------------------------------------------------------- */

static inline const struct tern_rrset *answer_set(const char *owner, uint16_t type)
{
	for (const struct kept *k = world.job.result.answer.first; k; k = k->next) {
		if (k->set.type == type && tern_name_equal(k->set.owner, NAME(owner)))
			return &k->set;
	}
	return NULL;
}

/** The result has this A record as the first of its set. */
static inline bool has_answer_a(const char *owner, const char *text)
{
	const struct tern_rrset *set = answer_set(owner, TERN_TYPE_A);
	struct address a = address(text);

	return set && memcmp(set->rdata + 2, a.octets, 4) == 0;
}

/** Sets have as many records as they say. */
static inline void assert_whole(const struct kept_list *list)
{
	for (const struct kept *k = list->first; k; k = k->next) {
		struct tern_rdata_iter it = tern_rrset_rdatas(&k->set);
		struct tern_rdata rdata;
		unsigned n = 0;

		while (tern_rdata_next(&it, &rdata))
			n++;
		assert_int_equal(k->set.rr_n, n);
	}
}

static inline void assert_result(unsigned rcode, unsigned answers)
{
	if (!world.done)
		print_error("not done:\n%s", world.lines);
	assert_true(world.done);
	if (world.job.result.rcode != rcode)
		print_error("rcode %u: %s\n%s", world.job.result.rcode, world.job.result.text,
			    world.lines);
	assert_int_equal(world.job.result.rcode, rcode);
	assert_int_equal(world.job.result.answer.n, answers);
	assert_whole(&world.job.result.answer);
	assert_whole(&world.job.result.authority);
}

static inline bool told(const char *text)
{
	return strstr(world.lines, text) != NULL;
}

static inline struct infra_server measured(const char *server, const char *zone)
{
	struct infra_server s;
	struct address a = address(server);

	infra_get(world.resolver.infra, &a, NAME(zone), world_ms(), &s);
	return s;
}
