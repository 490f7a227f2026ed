/*
 * classify_test.c - every kind of reply, in its proper and its broken forms.
 *
 * What is asked: a name of the zone "example.test.", of one of its servers, by
 * UDP and with EDNS, unless a case says otherwise.
 */
#include "helpers.h"

#include "resolver/classify.h"

enum asked_how {
	PLAIN = 1, /* without EDNS */
	BY_TCP = 2,
	FORWARDED = 4, /* of a recursive server */
	WITH_OPT = 8,  /* the reply has an OPT */
	STUB = 16,     /* of a server that the operator named */
};

struct reply_case {
	const char *what;
	const char *name; /* NULL: www.example.test. */
	uint16_t type;    /* 0: A */
	uint16_t flags;
	uint16_t rcode;
	unsigned how;
	const char *records[5];
	enum reply_kind kind;
	const char *zone; /* REPLY_REFERRAL */
};

#define SOA      "ns example.test. 300 SOA ns. host. 1 2 3 4 300"
#define QR_TC    (QR | TERN_FLAG_TC)
#define QR_RA    (QR | TERN_FLAG_RA)
#define AA_TC    (AA | TERN_FLAG_TC)
#define RCODE(r) TERN_RCODE_##r

static const struct reply_case cases[] = {
	/* answers */
	{"an answer",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_ANSWER,
	 NULL},
	{"in another case",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an WWW.Example.TEST. 60 A 192.0.2.1"},
	 REPLY_ANSWER,
	 NULL},
	{"without AA",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_ANSWER,
	 NULL},
	{"an answer with a referral's dress",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 A 192.0.2.1", "ns example.test. 60 NS ns.example.test."},
	 REPLY_ANSWER,
	 NULL},
	{"behind other records",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an a.example.test. 60 A 192.0.2.1", "an www.example.test. 60 A 192.0.2.1"},
	 REPLY_ANSWER,
	 NULL},
	{"ANY takes any type",
	 NULL,
	 TERN_TYPE_ANY,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 TXT x"},
	 REPLY_ANSWER,
	 NULL},
	{"ANY and a CNAME",
	 NULL,
	 TERN_TYPE_ANY,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 CNAME x."},
	 REPLY_ANSWER,
	 NULL},
	{"CNAME asked",
	 NULL,
	 TERN_TYPE_CNAME,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 CNAME x."},
	 REPLY_ANSWER,
	 NULL},
	{"another class is no answer",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 CH A 192.0.2.1", SOA},
	 REPLY_NODATA,
	 NULL},

	/* aliases */
	{"a CNAME",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 CNAME x.other."},
	 REPLY_ALIAS,
	 NULL},
	{"a CNAME with its target",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 CNAME x.example.test.", "an x.example.test. 60 A 192.0.2.1"},
	 REPLY_ALIAS,
	 NULL},
	{"a target before its CNAME",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an x.example.test. 60 A 192.0.2.1", "an www.example.test. 60 CNAME x.example.test."},
	 REPLY_ALIAS,
	 NULL},
	{"a DNAME", NULL, 0, AA, 0, 0, {"an example.test. 60 DNAME other."}, REPLY_ALIAS, NULL},
	{"a DNAME at the name itself",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an www.example.test. 60 DNAME other.", SOA},
	 REPLY_NODATA,
	 NULL},
	{"a DNAME from above the zone",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"an test. 60 DNAME other.", SOA},
	 REPLY_NODATA,
	 NULL},
	{"NXDOMAIN about the target",
	 NULL,
	 0,
	 AA,
	 RCODE(NXDOMAIN),
	 0,
	 {"an www.example.test. 60 CNAME x.example.test.", SOA},
	 REPLY_ALIAS,
	 NULL},
	{"YXDOMAIN with its DNAME",
	 NULL,
	 0,
	 AA,
	 RCODE(YXDOMAIN),
	 0,
	 {"an example.test. 60 DNAME other."},
	 REPLY_ALIAS,
	 NULL},
	{"YXDOMAIN without", NULL, 0, AA, RCODE(YXDOMAIN), 0, {NULL}, REPLY_REFUSED, NULL},

	/* referrals */
	{"a referral",
	 "www.sub.example.test.",
	 0,
	 QR,
	 0,
	 0,
	 {"ns sub.example.test. 60 NS ns.other.", "ad ns.other. 60 A 192.0.2.9"},
	 REPLY_REFERRAL,
	 "sub.example.test."},
	{"to the very name",
	 "sub.example.test.",
	 TERN_TYPE_NS,
	 QR,
	 0,
	 0,
	 {"ns sub.example.test. 60 NS ns.other."},
	 REPLY_REFERRAL,
	 "sub.example.test."},
	{"with AA",
	 "www.sub.example.test.",
	 0,
	 AA,
	 0,
	 0,
	 {"ns sub.example.test. 60 NS ns.other."},
	 REPLY_REFERRAL,
	 "sub.example.test."},
	{"over several labels",
	 "a.b.c.example.test.",
	 0,
	 QR,
	 0,
	 0,
	 {"ns b.c.example.test. 60 NS ns.other."},
	 REPLY_REFERRAL,
	 "b.c.example.test."},

	{"with the parent's NS before",
	 "www.sub.example.test.",
	 0,
	 QR,
	 0,
	 0,
	 {"ns example.test. 60 NS ns.other.", "ns sub.example.test. 60 NS ns.other."},
	 REPLY_REFERRAL,
	 "sub.example.test."},

	/* lame */
	{"an upward referral", NULL, 0, QR, 0, 0, {"ns . 60 NS a.root."}, REPLY_LAME, NULL},
	{"to the parent", NULL, 0, QR, 0, 0, {"ns test. 60 NS ns.test."}, REPLY_LAME, NULL},
	{"to itself",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ns example.test. 60 NS ns.example.test."},
	 REPLY_LAME,
	 NULL},
	{"a sideways referral", NULL, 0, QR, 0, 0, {"ns other. 60 NS ns.other."}, REPLY_LAME, NULL},
	{"below the name",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ns a.www.example.test. 60 NS ns.other."},
	 REPLY_LAME,
	 NULL},
	{"to a sibling",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ns ftp.example.test. 60 NS ns.other."},
	 REPLY_LAME,
	 NULL},
	{"empty without AA", NULL, 0, QR, 0, 0, {NULL}, REPLY_LAME, NULL},
	{"additional only",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ad www.example.test. 60 A 192.0.2.1"},
	 REPLY_LAME,
	 NULL},
	{"an answer to something else",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"an other. 60 A 192.0.2.1"},
	 REPLY_LAME,
	 NULL},

	/* NODATA, RFC 2308 2.2 */
	{"type 1: SOA and NS",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {SOA, "ns example.test. 60 NS ns.other."},
	 REPLY_NODATA,
	 NULL},
	{"type 2: SOA", NULL, 0, AA, 0, 0, {SOA}, REPLY_NODATA, NULL},
	{"SOA without AA", NULL, 0, QR, 0, 0, {SOA}, REPLY_NODATA, NULL},
	{"type 3: nothing but AA", NULL, 0, AA, 0, 0, {NULL}, REPLY_NODATA, NULL},
	{"AA and the zone's own NS",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"ns example.test. 60 NS ns.other."},
	 REPLY_NODATA,
	 NULL},
	{"the SOA of a zone in between",
	 NULL,
	 0,
	 AA,
	 0,
	 0,
	 {"ns www.example.test. 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_NODATA,
	 NULL},
	{"the SOA of the parent",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ns test. 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_LAME,
	 NULL},
	{"the SOA of a sibling",
	 NULL,
	 0,
	 QR,
	 0,
	 0,
	 {"ns ftp.example.test. 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_LAME,
	 NULL},

	/* NXDOMAIN */
	{"NXDOMAIN", NULL, 0, AA, RCODE(NXDOMAIN), 0, {SOA}, REPLY_NXDOMAIN, NULL},
	{"without SOA", NULL, 0, AA, RCODE(NXDOMAIN), 0, {NULL}, REPLY_NXDOMAIN, NULL},
	{"of a CNAME", NULL, TERN_TYPE_CNAME, AA, RCODE(NXDOMAIN), 0, {SOA}, REPLY_NXDOMAIN, NULL},
	{"beside the address that it denies",
	 NULL,
	 0,
	 AA,
	 RCODE(NXDOMAIN),
	 0,
	 {"an www.example.test. 60 A 192.0.2.1", SOA},
	 REPLY_NXDOMAIN,
	 NULL},
	{"without AA", NULL, 0, QR, RCODE(NXDOMAIN), 0, {SOA}, REPLY_NXDOMAIN, NULL},
	{"with a foreign SOA",
	 NULL,
	 0,
	 AA,
	 RCODE(NXDOMAIN),
	 0,
	 {"ns other. 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_NXDOMAIN,
	 NULL},

	/* truncation */
	{"TC",
	 NULL,
	 0,
	 AA_TC,
	 0,
	 0,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_TRUNCATED,
	 NULL},
	{"TC and nothing", NULL, 0, QR_TC, 0, 0, {NULL}, REPLY_TRUNCATED, NULL},
	{"TC by TCP",
	 NULL,
	 0,
	 AA_TC,
	 0,
	 BY_TCP,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_BROKEN,
	 NULL},
	{"TC with an error", NULL, 0, QR_TC, RCODE(SERVFAIL), 0, {NULL}, REPLY_TRUNCATED, NULL},

	/* errors */
	{"FORMERR to an OPT", NULL, 0, QR, RCODE(FORMERR), 0, {NULL}, REPLY_NO_EDNS, NULL},
	{"NOTIMP to an OPT", NULL, 0, QR, RCODE(NOTIMP), 0, {NULL}, REPLY_NO_EDNS, NULL},
	{"FORMERR with an OPT", NULL, 0, QR, RCODE(FORMERR), WITH_OPT, {NULL}, REPLY_NO_EDNS, NULL},
	{"NOTIMP with an OPT", NULL, 0, QR, RCODE(NOTIMP), WITH_OPT, {NULL}, REPLY_REFUSED, NULL},
	{"FORMERR without an OPT asked",
	 NULL,
	 0,
	 QR,
	 RCODE(FORMERR),
	 PLAIN,
	 {NULL},
	 REPLY_REFUSED,
	 NULL},
	{"BADVERS", NULL, 0, QR, RCODE(BADVERS), WITH_OPT, {NULL}, REPLY_NO_EDNS, NULL},
	{"BADVERS to plain DNS",
	 NULL,
	 0,
	 QR,
	 RCODE(BADVERS),
	 WITH_OPT | PLAIN,
	 {NULL},
	 REPLY_REFUSED,
	 NULL},
	{"BADCOOKIE", NULL, 0, QR, RCODE(BADCOOKIE), WITH_OPT, {NULL}, REPLY_BAD_COOKIE, NULL},
	{"SERVFAIL", NULL, 0, QR, RCODE(SERVFAIL), 0, {NULL}, REPLY_REFUSED, NULL},
	{"REFUSED", NULL, 0, QR, RCODE(REFUSED), WITH_OPT, {NULL}, REPLY_REFUSED, NULL},
	{"NOTAUTH", NULL, 0, QR, RCODE(NOTAUTH), 0, {NULL}, REPLY_REFUSED, NULL},
	{"an error with an answer",
	 NULL,
	 0,
	 AA,
	 RCODE(SERVFAIL),
	 0,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_REFUSED,
	 NULL},
	{"an rcode nobody knows", NULL, 0, QR, 14, 0, {NULL}, REPLY_REFUSED, NULL},

	/* forwarders */
	{"a forwarder's answer",
	 NULL,
	 0,
	 QR_RA,
	 0,
	 FORWARDED,
	 {"an www.example.test. 60 A 192.0.2.1"},
	 REPLY_ANSWER,
	 NULL},
	{"its empty NODATA", NULL, 0, QR_RA, 0, FORWARDED, {NULL}, REPLY_NODATA, NULL},
	{"its NODATA with a SOA from above",
	 NULL,
	 0,
	 QR_RA,
	 0,
	 FORWARDED,
	 {"ns test. 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_NODATA,
	 NULL},
	{"its NXDOMAIN",
	 NULL,
	 0,
	 QR_RA,
	 RCODE(NXDOMAIN),
	 FORWARDED,
	 {"ns . 60 SOA ns. host. 1 2 3 4 5"},
	 REPLY_NXDOMAIN,
	 NULL},
	{"its referral: it is an authority",
	 NULL,
	 0,
	 QR,
	 0,
	 FORWARDED,
	 {"ns www.example.test. 60 NS ns.other."},
	 REPLY_LAME,
	 NULL},

	/* stubs */
	{"an empty answer of a stub server", NULL, 0, QR_RA, 0, STUB, {NULL}, REPLY_NODATA, NULL},
	{"of another server", NULL, 0, QR_RA, 0, 0, {NULL}, REPLY_LAME, NULL},
	{"of another type", NULL, TERN_TYPE_AAAA, QR, 0, 0, {NULL}, REPLY_NODATA, NULL},
	{"its own NS set, to another type",
	 NULL,
	 TERN_TYPE_AAAA,
	 QR,
	 0,
	 0,
	 {"ns example.test. 60 NS ns.example.test."},
	 REPLY_NODATA,
	 NULL},
};

static enum reply_kind classify(const struct reply_case *c, struct reply_view *view)
{
	struct tern_message m;
	const char *name = c->name ? c->name : "www.example.test.";
	uint16_t type = c->type ? c->type : TERN_TYPE_A;

	world.job.outbox.name = NAME(name);
	world.job.outbox.type = type;
	struct tern_builder b = begin_reply(c->flags, c->rcode);

	for (unsigned i = 0; i < ARRAY_LEN(c->records) && c->records[i]; i++)
		add_record(&b, c->records[i]);
	if (c->how & WITH_OPT)
		assert_int_equal(tern_builder_opt(&b, 1232, c->rcode, 0, 0), TERN_OK);
	size_t len = tern_builder_finish(&b);

	assert_int_equal(tern_message_parse(world.packet, len, world.rrs, JOB_REPLY_RRS, &m),
			 TERN_OK);
	struct reply_context asked = {
		.name = NAME(name),
		.zone = NAME("example.test."),
		.type = type,
		.forwarder = c->how & FORWARDED,
		.stub = c->how & STUB,
		.had_edns = !(c->how & PLAIN),
		.by_udp = !(c->how & BY_TCP),
	};

	return reply_classify(&m, &asked, view);
}

static bool has_reason(enum reply_kind kind)
{
	return kind == REPLY_LAME || kind == REPLY_BROKEN || kind == REPLY_REFUSED;
}

static void all_cases(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct reply_case *c = &cases[i];
		struct reply_view view;
		enum reply_kind kind = classify(c, &view);

		if (kind != c->kind)
			print_error("%s: %d instead of %d (%s)\n", c->what, kind, c->kind,
				    view.why ? view.why : "no reason");
		assert_int_equal(kind, c->kind);
		if (has_reason(kind))
			assert_non_null(view.why);
		if (kind == REPLY_REFERRAL)
			assert_true(tern_name_equal(view.zone, NAME(c->zone)));
	}
}

/* Recursion available, no authority: a cache where a server of the zone should be. */
static void caches_are_recognised(void **state)
{
	struct reply_case c = {.flags = QR_RA, .records = {"an www.example.test. 60 A 192.0.2.1"}};
	struct reply_view view;

	(void)state;
	classify(&c, &view);
	assert_true(view.recursive);
	c.flags = AA | TERN_FLAG_RA;
	classify(&c, &view);
	assert_false(view.recursive);
	c.flags = QR;
	classify(&c, &view);
	assert_false(view.recursive);
	c.flags = QR_RA;
	c.how = FORWARDED; /* there it is what was wanted */
	classify(&c, &view);
	assert_false(view.recursive);
}

static void a_soa_in_bailiwick_is_told(void **state)
{
	struct reply_case c = {.flags = AA, .records = {SOA}};
	struct reply_view view;

	(void)state;
	assert_int_equal(classify(&c, &view), REPLY_NODATA);
	assert_true(view.has_soa);
	c.rcode = TERN_RCODE_NXDOMAIN;
	assert_int_equal(classify(&c, &view), REPLY_NXDOMAIN);
	assert_true(view.has_soa);
	c.records[0] = NULL;
	assert_int_equal(classify(&c, &view), REPLY_NXDOMAIN);
	assert_false(view.has_soa);
}

/* What somebody else had better confirm. */
static void denials_without_their_soa_are_doubtful(void **state)
{
	static const char *const foreign = "ns other. 60 SOA ns. host. 1 2 3 4 5";
	static const struct {
		struct reply_case c;
		bool doubtful;
	} doubts[] = {
		{{.flags = AA}, true},
		{{.flags = AA, .records = {foreign}}, true},
		{{.flags = AA, .records = {SOA}}, false},
		{{.flags = AA, .records = {"ns example.test. 60 NS ns.other."}}, false},
		{{.flags = AA, .rcode = RCODE(NXDOMAIN)}, false},
		{{.flags = AA, .rcode = RCODE(NXDOMAIN), .records = {foreign}}, true},
		{{.flags = AA, .rcode = RCODE(NXDOMAIN), .records = {SOA, foreign}}, false},
		{{.flags = QR_RA, .how = FORWARDED, .records = {foreign}}, false},
	};
	struct reply_view view;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(doubts); i++) {
		classify(&doubts[i].c, &view);
		assert_int_equal(view.doubtful, doubts[i].doubtful);
	}
}

/* The root's own servers: every zone is below, nothing is above. */
static void at_the_root(void **state)
{
	struct tern_message m;
	struct reply_view view;
	struct reply_context asked = {.name = NAME("com."),
				      .zone = tern_name_root,
				      .type = TERN_TYPE_A,
				      .had_edns = true,
				      .by_udp = true};

	(void)state;
	world.job.outbox.name = asked.name;
	world.job.outbox.type = asked.type;
	struct tern_builder b = begin_reply(QR, 0);

	add_record(&b, "ns com. 60 NS a.gtld.");
	size_t len = tern_builder_finish(&b);

	assert_int_equal(tern_message_parse(world.packet, len, world.rrs, JOB_REPLY_RRS, &m),
			 TERN_OK);
	assert_int_equal(reply_classify(&m, &asked, &view), REPLY_REFERRAL);
	assert_true(tern_name_equal(view.zone, NAME("com.")));
	b = begin_reply(QR, 0);
	add_record(&b, "ns . 60 NS a.root.");
	len = tern_builder_finish(&b);
	assert_int_equal(tern_message_parse(world.packet, len, world.rrs, JOB_REPLY_RRS, &m),
			 TERN_OK);
	assert_int_equal(reply_classify(&m, &asked, &view), REPLY_LAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases),
		cmocka_unit_test(caches_are_recognised),
		cmocka_unit_test(a_soa_in_bailiwick_is_told),
		cmocka_unit_test(denials_without_their_soa_are_doubtful),
		cmocka_unit_test(at_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
