/*
 * message_bench.c - whole messages: read, and built.
 */
#include "samples.h"

struct messages {
	struct sample_names names;
	uint8_t query[SAMPLE_MAX];
	uint8_t answer[SAMPLE_MAX];
	uint8_t referral[SAMPLE_MAX];
	size_t query_len;
	size_t answer_len;
	size_t referral_len;
	struct tern_rrset set;
};

static void parse(const uint8_t *octets, size_t len, uint64_t n)
{
	struct tern_rr_ref rrs[32];
	struct tern_message m;

	for (uint64_t i = 0; i < n; i++)
		micro_use(tern_message_parse(octets, len, rrs, 32, &m) + m.rr_n);
}

static void parse_query(void *context, uint64_t n)
{
	struct messages *s = context;

	parse(s->query, s->query_len, n);
}

static void parse_answer(void *context, uint64_t n)
{
	struct messages *s = context;

	parse(s->answer, s->answer_len, n);
}

static void parse_referral(void *context, uint64_t n)
{
	struct messages *s = context;

	parse(s->referral, s->referral_len, n);
}

static void build_answer(void *context, uint64_t n)
{
	struct messages *s = context;
	uint8_t out[SAMPLE_MAX];

	for (uint64_t i = 0; i < n; i++) {
		struct tern_builder b;
		sample_start(&b, out, s->names.qname, TERN_FLAG_QR, TERN_RCODE_NOERROR);
		micro_use(tern_builder_rrset(&b, TERN_ANSWER, &s->set, false));
		micro_use(sample_finish(&b));
	}
}

static void build_referral(void *context, uint64_t n)
{
	struct messages *s = context;
	uint8_t out[SAMPLE_MAX];

	for (uint64_t i = 0; i < n; i++)
		micro_use(sample_referral(&s->names, out));
}

int main(int argc, char **argv)
{
	static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, 2};
	static struct messages s;

	micro_start(argc, argv);
	sample_names_init(&s.names);
	s.query_len = sample_query(&s.names, s.query);
	s.answer_len = sample_answer(&s.names, s.answer);
	s.referral_len = sample_referral(&s.names, s.referral);
	s.set = (struct tern_rrset){.owner = s.names.qname,
				    .rdata = rdata,
				    .rdata_len = sizeof rdata,
				    .ttl_s = 86400,
				    .type = TERN_TYPE_A,
				    .rclass = TERN_CLASS_IN,
				    .rr_n = 2};
	micro_run("message: parse a query with OPT", parse_query, &s);
	micro_run("message: parse an answer, 1 record", parse_answer, &s);
	micro_run("message: parse a referral, 12 records", parse_referral, &s);
	micro_run("builder: answer, 2 A records and OPT", build_answer, &s);
	micro_run("builder: referral, 12 records (8 names from text)", build_referral, &s);
	return 0;
}
