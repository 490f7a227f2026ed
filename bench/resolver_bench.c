/*
 * resolver_bench.c - what a miss decides: what a reply means, whom to ask.
 */
#include "base/arena.h"
#include "resolver/classify.h"
#include "resolver/select.h"
#include "samples.h"

#define RRS_MAX 32
#define NOW_MS  100000

struct reply {
	uint8_t octets[SAMPLE_MAX];
	struct tern_rr_ref rrs[RRS_MAX];
	struct tern_message message;
	struct reply_context asked;
};

static void reply_init(struct reply *r, size_t len, const uint8_t *name, const uint8_t *zone)
{
	micro_need(tern_message_parse(r->octets, len, r->rrs, RRS_MAX, &r->message) == TERN_OK,
		   "reply");
	r->asked = (struct reply_context){
		.name = name, .zone = zone, .type = TERN_TYPE_A, .had_edns = true, .by_udp = true};
}

static void classify(void *context, uint64_t n)
{
	struct reply *r = context;
	struct reply_view view;

	for (uint64_t i = 0; i < n; i++)
		micro_use(reply_classify(&r->message, &r->asked, &view));
}

static void bench_classify(void)
{
	static struct reply answer, referral, nxdomain;
	struct sample_names names;

	sample_names_init(&names);
	reply_init(&answer, sample_answer(&names, answer.octets), names.qname, names.zone);
	reply_init(&referral, sample_referral(&names, referral.octets), names.qname, names.parent);
	reply_init(&nxdomain, sample_nxdomain(&names, nxdomain.octets), names.qname, names.zone);
	struct reply_view view;
	micro_need(reply_classify(&answer.message, &answer.asked, &view) == REPLY_ANSWER &&
			   reply_classify(&referral.message, &referral.asked, &view) ==
				   REPLY_REFERRAL &&
			   reply_classify(&nxdomain.message, &nxdomain.asked, &view) ==
				   REPLY_NXDOMAIN,
		   "classes");
	micro_run("classify: answer", classify, &answer);
	micro_run("classify: referral, 12 records", classify, &referral);
	micro_run("classify: NXDOMAIN", classify, &nxdomain);
}

struct choice {
	struct job *job;
	struct zone_cut cut;
	struct cut_server servers[4];
};

static void choose(void *context, uint64_t n)
{
	struct choice *c = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use((uint64_t)select_server(c->job, &c->cut, NOW_MS));
}

static void bench_select(void)
{
	static struct rules rules = {.resolver = {.ipv4 = true}};
	static struct resolver resolver = {.rules = &rules};
	static struct random random;
	static struct choice c;
	const struct hash_key key = {1, 2};
	uint8_t zone[TERN_NAME_MAX];

	random_init(&random);
	resolver.random = &random;
	resolver.infra = infra_create(&key);
	c.job = calloc(1, sizeof *c.job);
	micro_need(resolver.infra && c.job, "memory");
	c.job->resolver = &resolver;
	c.job->rules = &rules;
	c.cut = (struct zone_cut){
		.zone = micro_name(zone, "example.com"), .servers = c.servers, .servers_n = 4};
	for (unsigned i = 0; i < 4; i++) {
		micro_need(address_from_text("192.0.2.1", 53, &c.servers[i].addr), "address");
		c.servers[i].addr.octets[3] = (uint8_t)(i + 1);
		infra_answered(resolver.infra, &c.servers[i].addr, zone, 10 + i, NOW_MS);
	}
	micro_run("select: one of 4 known servers", choose, &c);
	infra_destroy(resolver.infra);
	free(c.job);
}

int main(int argc, char **argv)
{
	micro_start(argc, argv);
	bench_classify();
	bench_select();
	return 0;
}
