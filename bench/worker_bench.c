/*
 * worker_bench.c - a client's query read, a response rendered.
 */
#include "samples.h"
#include "worker/render.h"
#include "worker/request.h"

struct client {
	uint8_t query[SAMPLE_MAX];
	size_t query_len;
	uint8_t cached[SAMPLE_MAX];
	size_t cached_len;
	struct request request;
	struct request_context in;
	struct render_context out;
	struct address address;
	struct hash_key secret;
	struct kept kept;
	struct result result;
};

static void read_request(void *context, uint64_t n)
{
	struct client *c = context;
	struct request r;

	for (uint64_t i = 0; i < n; i++)
		micro_use(request_parse(c->query, c->query_len, &c->in, &r) + r.type);
}

static void render_hit(void *context, uint64_t n)
{
	struct client *c = context;
	uint8_t out[SAMPLE_MAX];

	for (uint64_t i = 0; i < n; i++) {
		memcpy(out, c->cached, c->cached_len);
		micro_use(render_cached(&c->request, c->cached_len, &c->out, out, sizeof out));
	}
}

static void render_miss(void *context, uint64_t n)
{
	struct client *c = context;
	uint8_t out[SAMPLE_MAX];

	for (uint64_t i = 0; i < n; i++)
		micro_use(render_result(&c->request, &c->result, &c->out, out, sizeof out));
}

static void render_failure(void *context, uint64_t n)
{
	struct client *c = context;
	uint8_t out[SAMPLE_MAX];

	for (uint64_t i = 0; i < n; i++)
		micro_use(render_error(&c->request, TERN_RCODE_SERVFAIL, 22, "ns1.example: timeout",
				       &c->out, out, sizeof out));
}

static void client_init(struct client *c)
{
	static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1};
	static uint8_t lower[TERN_NAME_MAX];
	struct sample_names names;
	struct tern_builder b;

	sample_names_init(&names);
	tern_name_lower(lower, names.qname);
	micro_need(address_from_text("192.0.2.200", 4444, &c->address), "address");
	c->in = (struct request_context){.cookie_secret = &c->secret, .client = &c->address};
	c->out = (struct render_context){.cookie_secret = &c->secret, .client = &c->address};
	c->query_len = sample_query(&names, c->query);
	micro_need(request_parse(c->query, c->query_len, &c->in, &c->request) == REQUEST_QUERY,
		   "query");
	c->kept.set = (struct tern_rrset){.owner = lower,
					  .rdata = rdata,
					  .rdata_len = sizeof rdata,
					  .ttl_s = 3600,
					  .type = TERN_TYPE_A,
					  .rclass = TERN_CLASS_IN,
					  .rr_n = 1};
	c->result = (struct result){.answer = {&c->kept, &c->kept, 1}, .ttl_s = 3600};
	/* As kept: id 0, lower case, no OPT. */
	tern_builder_init(&b, c->cached, SAMPLE_MAX, SAMPLE_MAX);
	tern_builder_header(&b, 0, TERN_FLAG_QR | TERN_FLAG_RA, TERN_RCODE_NOERROR);
	micro_need(tern_builder_question(&b, lower, TERN_TYPE_A, TERN_CLASS_IN) == TERN_OK &&
			   tern_builder_rrset(&b, TERN_ANSWER, &c->kept.set, false) == TERN_OK,
		   "answer");
	c->cached_len = tern_builder_finish(&b);
}

int main(int argc, char **argv)
{
	static struct client c;

	micro_start(argc, argv);
	client_init(&c);
	micro_run("request: read a query with OPT", read_request, &c);
	micro_run("render: a cached answer, with OPT", render_hit, &c);
	micro_run("render: a result, 1 A record and OPT", render_miss, &c);
	micro_run("render: SERVFAIL with an extended error", render_failure, &c);
	return 0;
}
