/*
 * denial_test.c - proofs by NSEC: what a zone's records deny, and what they don't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/denial.h"
#include "helpers.h"

#define SETS_MAX 4

/*
 * The zone example. (RFC 4035 appendix A is like it):
 *
 *	example		SOA NS MX		*.w.example	MX
 *	a.example	NS DS			x.w.example	MX
 *	b.example	NS			x.y.w.example	MX	(y.w is an empty
 *non-terminal) c.example	CNAME			xx.example	A d.example	DNAME
 *ns.ent.example	A
 */
static const char *const zone[][2] = {
	{"example", "a.example. NS SOA MX RRSIG NSEC DNSKEY"},
	{"a.example", "b.example. NS DS RRSIG NSEC"},
	{"b.example", "c.example. NS RRSIG NSEC"},
	{"c.example", "d.example. CNAME RRSIG NSEC"},
	{"d.example", "ns.ent.example. DNAME RRSIG NSEC"},
	{"ns.ent.example", "*.w.example. A RRSIG NSEC"},
	{"*.w.example", "x.w.example. MX RRSIG NSEC"},
	{"x.w.example", "x.y.w.example. MX RRSIG NSEC"},
	{"x.y.w.example", "xx.example. MX RRSIG NSEC"},
	{"xx.example", "example. A RRSIG NSEC"},
};

/* Records that are in no good zone. */
static const char *const strange[][2] = {
	{"example", "a.example. NS RRSIG NSEC"},             /* the parent's side */
	{"example.org", "z.org. A"},                         /* another zone's */
	{"m.example", "example.org. A RRSIG NSEC"},          /* leads out of the zone */
	{"www.child.b.example", "b.example. A"},             /* out of a child */
	{"n.example", "\\000.n.example. NXNAME RRSIG NSEC"}, /* RFC 9824 */
};

struct proof_of {
	struct packed packed[SETS_MAX];
	const struct tern_rrset *sets[SETS_MAX];
	uint32_t blocks;
	struct denial d;
};

/* @p owners of the zone; "!N" is the N-th strange record. */
static struct denial *gather(struct proof_of *p, const char *const owners[SETS_MAX])
{
	p->blocks = 1000;
	p->d = (struct denial){.zone = wire("example"), .sets = p->sets, .blocks_left = &p->blocks};
	for (unsigned i = 0; i < SETS_MAX && owners[i]; i++) {
		const char *const *found = NULL;

		if (owners[i][0] == '!')
			found = strange[owners[i][1] - '0'];
		for (unsigned j = 0; j < ARRAY_LEN(zone) && !found; j++) {
			if (strcmp(zone[j][0], owners[i]) == 0)
				found = zone[j];
		}
		assert_non_null(found);
		p->sets[p->d.n++] = pack_one(&p->packed[i], found[0], TERN_TYPE_NSEC, found[1]);
	}
	return &p->d;
}

static void test_of_type(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		const char *sets[SETS_MAX];
		enum proof wanted;
	} cases[] = {
		/* NODATA at a name that is there. */
		{"xx.example", TERN_TYPE_AAAA, {"xx.example"}, PROOF_GOOD},
		{"XX.Example", TERN_TYPE_AAAA, {"a.example", "xx.example"}, PROOF_GOOD},
		{"xx.example", TERN_TYPE_A, {"xx.example"}, PROOF_NONE},
		{"xx.example", TERN_TYPE_AAAA, {"x.w.example"}, PROOF_NONE},
		{"xx.example", TERN_TYPE_AAAA, {NULL}, PROOF_NONE},
		{"xx.example", TERN_TYPE_NSEC, {"xx.example"}, PROOF_NONE},
		{"example", TERN_TYPE_TXT, {"example"}, PROOF_GOOD},
		{"example", TERN_TYPE_NS, {"example"}, PROOF_NONE},
		/* A CNAME is an answer to every type. */
		{"c.example", TERN_TYPE_A, {"c.example"}, PROOF_NONE},
		{"c.example", TERN_TYPE_CNAME, {"c.example"}, PROOF_NONE},
		/* At a cut the parent denies DS only, the child everything else. */
		{"b.example", TERN_TYPE_DS, {"b.example"}, PROOF_GOOD},
		{"b.example", TERN_TYPE_A, {"b.example"}, PROOF_NONE},
		{"b.example", TERN_TYPE_MX, {"b.example"}, PROOF_NONE},
		{"a.example", TERN_TYPE_DS, {"a.example"}, PROOF_NONE},
		{"example", TERN_TYPE_DS, {"example"}, PROOF_NONE},
		{"example", TERN_TYPE_TXT, {"!0"}, PROOF_NONE},
		{"www.b.example", TERN_TYPE_A, {"b.example", "example"}, PROOF_NONE},
		/* Below a DNAME. */
		{"x.d.example", TERN_TYPE_A, {"d.example", "example"}, PROOF_NONE},
		{"d.example", TERN_TYPE_A, {"d.example"}, PROOF_GOOD},
		/* Empty non-terminals. */
		{"ent.example", TERN_TYPE_A, {"d.example"}, PROOF_GOOD},
		{"y.w.example", TERN_TYPE_A, {"x.w.example"}, PROOF_GOOD},
		{"w.example", TERN_TYPE_A, {"ns.ent.example"}, PROOF_GOOD},
		{"ent.example", TERN_TYPE_A, {"ns.ent.example"}, PROOF_NONE},
		/* NODATA at a wildcard. */
		{"z.w.example", TERN_TYPE_A, {"x.y.w.example", "*.w.example"}, PROOF_GOOD},
		{"z.w.example", TERN_TYPE_A, {"*.w.example", "x.y.w.example"}, PROOF_GOOD},
		{"z.w.example", TERN_TYPE_MX, {"x.y.w.example", "*.w.example"}, PROOF_NONE},
		{"z.w.example", TERN_TYPE_A, {"x.y.w.example"}, PROOF_NONE},
		{"z.w.example", TERN_TYPE_A, {"*.w.example"}, PROOF_NONE},
		/* There is no wildcard below x.w: that of w does not count. */
		{"a.x.w.example", TERN_TYPE_A, {"x.w.example", "*.w.example"}, PROOF_NONE},
		/* Records of others. */
		{"example.org", TERN_TYPE_MX, {"!1"}, PROOF_NONE},
		{"m.example", TERN_TYPE_MX, {"!2"}, PROOF_NONE},
		/* The asterisk itself. */
		{"*.w.example", TERN_TYPE_A, {"*.w.example"}, PROOF_GOOD},
		{"*.w.example", TERN_TYPE_MX, {"*.w.example"}, PROOF_NONE},
		{"n.example", TERN_TYPE_A, {"!4"}, PROOF_GOOD},
	};
	struct proof_of p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		enum proof got = denial_of_type(gather(&p, cases[i].sets), wire(cases[i].name),
						cases[i].type);

		if (got != cases[i].wanted)
			fail_msg("case %u, %s: %d", i, cases[i].name, got);
	}
}

static void test_of_name(void **state)
{
	static const struct {
		const char *name;
		const char *sets[SETS_MAX];
		enum proof wanted;
	} cases[] = {
		/* The name's range, and that of the wildcard *.example. */
		{"m.example", {"ns.ent.example", "example"}, PROOF_GOOD},
		{"m.example", {"example", "ns.ent.example"}, PROOF_GOOD},
		{"m.example", {"ns.ent.example"}, PROOF_NONE},
		{"m.example", {"example"}, PROOF_NONE},
		{"a.b.m.example", {"ns.ent.example", "example"}, PROOF_GOOD},
		/* Around the end. */
		{"zz.example", {"xx.example", "example"}, PROOF_GOOD},
		{"a.xx.example", {"xx.example"}, PROOF_GOOD},
		/* One range for both. */
		{"x.ns.ent.example", {"ns.ent.example"}, PROOF_GOOD},
		/* Names that are there. */
		{"xx.example", {"xx.example", "x.y.w.example", "example"}, PROOF_NONE},
		{"ent.example", {"d.example", "example"}, PROOF_NONE},
		{"y.w.example", {"x.w.example", "*.w.example"}, PROOF_NONE},
		/* A wildcard would match. */
		{"z.w.example", {"x.y.w.example", "*.w.example"}, PROOF_NONE},
		{"z.w.example", {"x.y.w.example", "example"}, PROOF_NONE},
		/* Below x.w the closest encloser is x.w itself. */
		{"z.x.w.example", {"x.w.example"}, PROOF_GOOD},
		/* A parent's record about the child's names. */
		{"www.b.example", {"b.example", "example"}, PROOF_NONE},
		{"www.a.example", {"a.example", "example"}, PROOF_NONE},
		{"x.d.example", {"d.example", "example"}, PROOF_NONE},
		{"www.example", {"!0", "xx.example"}, PROOF_NONE},
		/* Records that lead out of the zone, or are not in it. */
		{"n.example", {"!2", "example"}, PROOF_NONE},
		{"m.example.org", {"!1"}, PROOF_NONE},
		/* Names outside the zone, which a range around the end seems to cover. */
		{"com", {"xx.example", "example"}, PROOF_NONE},
		{"zzz", {"xx.example", "example"}, PROOF_NONE},
		{"example.org", {"xx.example", "example"}, PROOF_NONE},
	};
	struct proof_of p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		enum proof got = denial_of_name(gather(&p, cases[i].sets), wire(cases[i].name));

		if (got != cases[i].wanted)
			fail_msg("case %u, %s: %d", i, cases[i].name, got);
	}
}

/* The apex of a signed zone of one name: its record covers the whole rest of the DNS. */
static void test_one_name_is_not_the_world(void **state)
{
	struct packed packed;
	const struct tern_rrset *set =
		pack_one(&packed, "evil.com", TERN_TYPE_NSEC, "evil.com. NS SOA RRSIG NSEC DNSKEY");
	uint32_t blocks = 1000;
	struct denial d = {.zone = wire("evil.com"), .sets = &set, .n = 1, .blocks_left = &blocks};

	(void)state;
	assert_int_equal(denial_of_name(&d, wire("www.evil.com")), PROOF_GOOD);
	assert_int_equal(denial_of_name(&d, wire("victim.com")), PROOF_NONE);
	assert_int_equal(denial_of_name(&d, wire("com")), PROOF_NONE);
	assert_int_equal(denial_of_type(&d, wire("com"), TERN_TYPE_A), PROOF_NONE);
	assert_int_equal(denial_of_ds(&d, wire("victim.com")), CUT_UNPROVEN);
	assert_int_equal(denial_of_closer(&d, wire("www.victim.com"), 2), PROOF_NONE);
}

static void test_of_closer(void **state)
{
	static const struct {
		const char *name;
		unsigned labels;
		const char *sets[SETS_MAX];
		enum proof wanted;
	} cases[] = {
		{"z.w.example", 2, {"x.y.w.example"}, PROOF_GOOD},
		{"a.z.w.example", 2, {"x.y.w.example"}, PROOF_GOOD},
		{"z.w.example", 2, {"*.w.example"}, PROOF_NONE},
		{"z.w.example", 2, {NULL}, PROOF_NONE},
		/* x.w is there, so *.w does not reach below it; nor the empty y.w. */
		{"a.x.w.example", 2, {"x.w.example"}, PROOF_NONE},
		{"a.y.w.example", 2, {"x.w.example"}, PROOF_NONE},
		{"zz.y.w.example", 2, {"x.y.w.example"}, PROOF_NONE},
		/* The name is there itself. */
		{"x.w.example", 2, {"x.w.example", "*.w.example"}, PROOF_NONE},
		{"www.b.example", 1, {"b.example"}, PROOF_NONE},
		{"n.example", 1, {"!2"}, PROOF_NONE},
	};
	struct proof_of p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		enum proof got = denial_of_closer(gather(&p, cases[i].sets), wire(cases[i].name),
						  cases[i].labels);

		if (got != cases[i].wanted)
			fail_msg("case %u, %s: %d", i, cases[i].name, got);
	}
}

static void test_of_ds(void **state)
{
	static const struct {
		const char *name;
		const char *sets[SETS_MAX];
		enum cut_kind wanted;
	} cases[] = {
		{"b.example", {"b.example"}, CUT_UNSIGNED},
		{"B.Example", {"b.example"}, CUT_UNSIGNED},
		{"a.example", {"a.example"}, CUT_UNPROVEN}, /* there is one */
		{"example", {"example"}, CUT_UNPROVEN},     /* the child's side */
		{"xx.example", {"xx.example"}, CUT_NOT},
		{"c.example", {"c.example"}, CUT_NOT},
		{"ent.example", {"d.example"}, CUT_NOT},
		{"m.example", {"ns.ent.example"}, CUT_NOT},
		{"www.b.example", {"b.example"}, CUT_UNPROVEN},
		{"b.example", {"xx.example"}, CUT_UNPROVEN},
		{"b.example", {NULL}, CUT_UNPROVEN},
		{"b.example", {"!3"}, CUT_UNPROVEN},
		{"n.example", {"!2"}, CUT_UNPROVEN},
	};
	struct proof_of p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		enum cut_kind got = denial_of_ds(gather(&p, cases[i].sets), wire(cases[i].name));

		if (got != cases[i].wanted)
			fail_msg("case %u, %s: %d", i, cases[i].name, got);
	}
}

static void test_compact(void **state)
{
	static const char *const compact[SETS_MAX] = {"!4"}, *const plain[SETS_MAX] = {
								     "xx.example"};
	struct proof_of p;

	(void)state;
	assert_true(denial_is_compact(gather(&p, compact), wire("n.example")));
	assert_false(denial_is_compact(&p.d, wire("x.n.example")));
	assert_false(denial_is_compact(gather(&p, plain), wire("xx.example")));
}

/* The root's zone: no DS above it, wildcards right below. */
static void test_root(void **state)
{
	struct packed packed[2];
	const struct tern_rrset *sets[] = {
		pack_one(&packed[0], ".", TERN_TYPE_NSEC, "aaa. NS SOA RRSIG NSEC DNSKEY"),
		pack_one(&packed[1], "zw", TERN_TYPE_NSEC, ". NS DS RRSIG NSEC"),
	};
	uint32_t blocks = 1000;
	struct denial d = {.zone = wire("."), .sets = sets, .n = 2, .blocks_left = &blocks};

	(void)state;
	assert_int_equal(denial_of_name(&d, wire("zzz")), PROOF_GOOD);
	assert_int_equal(denial_of_name(&d, wire("www.zzz")), PROOF_GOOD);
	assert_int_equal(denial_of_name(&d, wire("www.zw")), PROOF_NONE);
	assert_int_equal(denial_of_name(&d, wire("com")), PROOF_NONE);
	assert_int_equal(denial_of_type(&d, wire("."), TERN_TYPE_DS), PROOF_GOOD);
	assert_int_equal(denial_of_type(&d, wire("."), TERN_TYPE_A), PROOF_GOOD);
	assert_int_equal(denial_of_type(&d, wire("."), TERN_TYPE_SOA), PROOF_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_type),
		cmocka_unit_test(test_of_name),
		cmocka_unit_test(test_one_name_is_not_the_world),
		cmocka_unit_test(test_of_closer),
		cmocka_unit_test(test_of_ds),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
