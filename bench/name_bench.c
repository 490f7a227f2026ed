/*
 * name_bench.c - names: out of messages, to lower case, compared.
 */
#include "samples.h"

struct names {
	uint8_t message[SAMPLE_MAX];
	size_t len;
	size_t plain_at;      /* of a name without pointer */
	size_t compressed_at; /* of a label and a pointer to a name that has one itself */
	uint8_t a[TERN_NAME_MAX];
	uint8_t b[TERN_NAME_MAX];
};

static void parse_at(struct names *s, size_t at, uint64_t n)
{
	uint8_t out[TERN_NAME_MAX];

	for (uint64_t i = 0; i < n; i++)
		micro_use(tern_name_parse(s->message, s->len, at, out, NULL) + out[0]);
}

static void parse_plain(void *context, uint64_t n)
{
	struct names *s = context;

	parse_at(s, s->plain_at, n);
}

static void parse_compressed(void *context, uint64_t n)
{
	struct names *s = context;

	parse_at(s, s->compressed_at, n);
}

static void lower(void *context, uint64_t n)
{
	struct names *s = context;
	uint8_t out[TERN_NAME_MAX];

	for (uint64_t i = 0; i < n; i++)
		micro_use(tern_name_lower(out, s->a));
}

static void equal(void *context, uint64_t n)
{
	struct names *s = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use(tern_name_equal(s->a, s->b));
}

static void compare(void *context, uint64_t n)
{
	struct names *s = context;

	for (uint64_t i = 0; i < n; i++)
		micro_use((uint64_t)tern_name_compare(s->a, s->b));
}

int main(int argc, char **argv)
{
	static struct names s;
	struct sample_names names;
	struct tern_message m;
	struct tern_rr_ref rrs[32];

	micro_start(argc, argv);
	sample_names_init(&names);
	s.len = sample_referral(&names, s.message);
	micro_need(tern_message_parse(s.message, s.len, rrs, 32, &m) == TERN_OK, "referral");
	s.plain_at = TERN_HEADER_LEN;
	s.compressed_at = tern_message_rr(&m, TERN_AUTHORITY, 0)->rdata_at;
	tern_name_copy(s.a, names.qname);
	tern_name_lower(s.b, names.qname);
	micro_run("name: parse, 26 octets", parse_plain, &s);
	micro_run("name: parse, label and pointers", parse_compressed, &s);
	micro_run("name: lower, 26 octets", lower, &s);
	micro_run("name: equal, other case", equal, &s);
	micro_run("name: canonical order", compare, &s);
	return 0;
}
