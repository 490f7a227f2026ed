/*
 * denial_nsec3_test.c - proofs by NSEC3, with rings hashed in the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "dnssec/denial.h"
#include "dnssec/nsec.h"
#include "helpers.h"

#define NAMES_MAX  10
#define TEXT_MAX   33
#define ITERATIONS 3

/* What stands in the zone; empty non-terminals have an empty bitmap. */
struct entry {
	const char *name;
	const char *types;
	char hash[TEXT_MAX];
	char next[TEXT_MAX];
	struct packed packed;
};

struct ring_of {
	struct entry entries[NAMES_MAX];
	const struct tern_rrset *sets[NAMES_MAX];
	unsigned n;
	uint32_t blocks;
	struct denial d;
};

static void to_text(const uint8_t hash[NSEC3_HASH_LEN], char out[TEXT_MAX])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned value = 0;

		for (unsigned bit = i * 5; bit < i * 5 + 5; bit++)
			value = value << 1 | ((unsigned)hash[bit / 8] >> (7 - bit % 8) & 1u);
		out[i] = "0123456789abcdefghijklmnopqrstuv"[value];
	}
	out[32] = '\0';
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->hash, ((const struct entry *)b)->hash);
}

static void pack_entry(struct entry *e, unsigned flags, unsigned iterations)
{
	char owner[64], text[200];

	snprintf(owner, sizeof owner, "%s.example", e->hash);
	snprintf(text, sizeof text, "1 %u %u ab %s %s", flags, iterations, e->next, e->types);
	pack_one(&e->packed, owner, TERN_TYPE_NSEC3, text);
}

static const uint8_t apex[] = "\7example"; /* with the root: the NUL */

static const char *const zone[][2] = {
	{"example", "NS SOA MX RRSIG DNSKEY NSEC3PARAM"},
	{"a.example", "NS DS RRSIG"},
	{"b.example", "NS"},
	{"c.example", "CNAME RRSIG"},
	{"d.example", "DNAME RRSIG"},
	{"ent.example", ""},
	{"ns.ent.example", "A RRSIG"},
	{"w.example", ""},
	{"*.w.example", "MX RRSIG"},
	{"x.w.example", "MX RRSIG"},
};

static void build(struct ring_of *r, unsigned flags, unsigned iterations)
{
	struct nsec3 like = {
		.salt = (const uint8_t *)"\xab", .salt_len = 1, .iterations = (uint16_t)iterations};
	uint8_t hash[NSEC3_HASH_LEN];

	r->n = ARRAY_LEN(zone);
	for (unsigned i = 0; i < r->n; i++) {
		r->entries[i].name = zone[i][0];
		r->entries[i].types = zone[i][1];
		nsec3_hash(&like, wire(zone[i][0]), hash);
		to_text(hash, r->entries[i].hash);
	}
	qsort(r->entries, r->n, sizeof r->entries[0], compare);
	for (unsigned i = 0; i < r->n; i++)
		strcpy(r->entries[i].next, r->entries[(i + 1) % r->n].hash);
	for (unsigned i = 0; i < r->n; i++)
		pack_entry(&r->entries[i], flags, iterations);
	r->blocks = 1000;
	r->d = (struct denial){.zone = apex, .sets = r->sets, .blocks_left = &r->blocks};
}

/* Add the record that matches @p name, or covers it. */
static void take(struct ring_of *r, const char *name)
{
	struct nsec3 n;
	uint8_t hash[NSEC3_HASH_LEN];

	for (unsigned i = 0; i < r->n; i++) {
		assert_true(nsec3_read(&r->entries[i].packed.set, &n));
		nsec3_hash(&n, wire(name), hash);
		if (memcmp(n.hash, hash, sizeof hash) != 0 && !nsec3_covers(&n, hash))
			continue;
		for (unsigned j = 0; j < r->d.n; j++) {
			if (r->sets[j] == &r->entries[i].packed.set)
				return;
		}
		r->sets[r->d.n++] = &r->entries[i].packed.set;
		return;
	}
	fail();
}

enum asked { OF_TYPE, OF_NAME, OF_CLOSER, OF_DS };

struct proof_case {
	enum asked asked;
	const char *name;
	uint16_t type; /* or labels */
	const char *taken[4];
	int plain; /* verdict without and with opt-out */
	int opt_out;
};

static const struct proof_case cases[] = {
	/* NODATA: the record at the name. */
	{OF_TYPE, "x.w.example", TERN_TYPE_A, {"x.w.example"}, PROOF_GOOD, PROOF_GOOD},
	{OF_TYPE, "X.W.EXAMPLE", TERN_TYPE_A, {"x.w.example"}, PROOF_GOOD, PROOF_GOOD},
	{OF_TYPE, "x.w.example", TERN_TYPE_MX, {"x.w.example"}, PROOF_NONE, PROOF_NONE},
	{OF_TYPE, "x.w.example", TERN_TYPE_A, {"w.example"}, PROOF_NONE, PROOF_NONE},
	{OF_TYPE, "c.example", TERN_TYPE_A, {"c.example"}, PROOF_NONE, PROOF_NONE},
	{OF_TYPE, "ent.example", TERN_TYPE_A, {"ent.example"}, PROOF_GOOD, PROOF_GOOD},
	{OF_TYPE, "b.example", TERN_TYPE_DS, {"b.example"}, PROOF_GOOD, PROOF_GOOD},
	{OF_TYPE, "b.example", TERN_TYPE_A, {"b.example"}, PROOF_NONE, PROOF_NONE},
	{OF_TYPE, "a.example", TERN_TYPE_DS, {"a.example"}, PROOF_NONE, PROOF_NONE},
	{OF_TYPE, "example", TERN_TYPE_DS, {"example"}, PROOF_NONE, PROOF_NONE},
	/* NODATA at a wildcard: encloser, next closer, wildcard. */
	{OF_TYPE,
	 "z.w.example",
	 TERN_TYPE_A,
	 {"w.example", "z.w.example", "*.w.example"},
	 PROOF_GOOD,
	 PROOF_OPT_OUT},
	{OF_TYPE,
	 "z.w.example",
	 TERN_TYPE_MX,
	 {"w.example", "z.w.example", "*.w.example"},
	 PROOF_NONE,
	 PROOF_OPT_OUT},
	{OF_TYPE,
	 "q.r.z.w.example",
	 TERN_TYPE_A,
	 {"w.example", "z.w.example", "*.w.example"},
	 PROOF_GOOD,
	 PROOF_OPT_OUT},
	/* A DS that an opt-out range hides. */
	{OF_TYPE, "m.example", TERN_TYPE_DS, {"example", "m.example"}, PROOF_NONE, PROOF_OPT_OUT},
	/* NXDOMAIN: encloser, next closer, no wildcard. */
	{OF_NAME, "m.example", 0, {"example", "m.example", "*.example"}, PROOF_GOOD, PROOF_OPT_OUT},
	{OF_NAME,
	 "u.v.m.example",
	 0,
	 {"example", "m.example", "*.example"},
	 PROOF_GOOD,
	 PROOF_OPT_OUT},
	{OF_NAME,
	 "z.w.example",
	 0,
	 {"w.example", "z.w.example", "*.w.example"},
	 PROOF_NONE,
	 PROOF_NONE},
	{OF_NAME, "x.w.example", 0, {"w.example", "x.w.example"}, PROOF_NONE, PROOF_NONE},
	{OF_NAME,
	 "ent.example",
	 0,
	 {"example", "ent.example", "*.example"},
	 PROOF_NONE,
	 PROOF_NONE},
	/* A cut or a DNAME encloses nothing. */
	{OF_NAME,
	 "www.b.example",
	 0,
	 {"b.example", "www.b.example", "*.b.example"},
	 PROOF_NONE,
	 PROOF_NONE},
	{OF_NAME,
	 "www.d.example",
	 0,
	 {"d.example", "www.d.example", "*.d.example"},
	 PROOF_NONE,
	 PROOF_NONE},
	/* Outside the zone. */
	{OF_NAME, "com", 0, {"example", "com", "*.example"}, PROOF_NONE, PROOF_NONE},
	{OF_NAME, "example.org", 0, {"example", "org", "example.org"}, PROOF_NONE, PROOF_NONE},
	/* A wildcard's answer. */
	{OF_CLOSER, "z.w.example", 2, {"z.w.example"}, PROOF_GOOD, PROOF_OPT_OUT},
	{OF_CLOSER, "q.z.w.example", 2, {"z.w.example"}, PROOF_GOOD, PROOF_OPT_OUT},
	{OF_CLOSER, "q.x.w.example", 2, {"x.w.example"}, PROOF_NONE, PROOF_NONE},
	/* Delegations. */
	{OF_DS, "b.example", 0, {"b.example"}, CUT_UNSIGNED, CUT_UNSIGNED},
	{OF_DS, "a.example", 0, {"a.example"}, CUT_UNPROVEN, CUT_UNPROVEN},
	{OF_DS, "example", 0, {"example"}, CUT_UNPROVEN, CUT_UNPROVEN},
	{OF_DS, "x.w.example", 0, {"x.w.example"}, CUT_NOT, CUT_NOT},
	{OF_DS, "ent.example", 0, {"ent.example"}, CUT_NOT, CUT_NOT},
	{OF_DS, "m.example", 0, {"example", "m.example"}, CUT_NOT, CUT_UNSIGNED},
	{OF_DS, "www.b.example", 0, {"b.example", "www.b.example"}, CUT_UNPROVEN, CUT_UNPROVEN},
};

static int ask(struct ring_of *r, const struct proof_case *c)
{
	switch (c->asked) {
	case OF_TYPE: return (int)denial_of_type(&r->d, wire(c->name), c->type);
	case OF_NAME: return (int)denial_of_name(&r->d, wire(c->name));
	case OF_CLOSER: return (int)denial_of_closer(&r->d, wire(c->name), c->type);
	case OF_DS: return (int)denial_of_ds(&r->d, wire(c->name));
	}
	return -1;
}

static void run_cases(unsigned flags)
{
	static struct ring_of r;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct proof_case *c = &cases[i];
		int wanted = flags ? c->opt_out : c->plain;

		build(&r, flags, ITERATIONS);
		for (unsigned j = 0; j < 4 && c->taken[j]; j++)
			take(&r, c->taken[j]);
		int got = ask(&r, c);

		if (got != wanted)
			fail_msg("case %u, %s: %d", i, c->name, got);
	}
}

static void test_without_opt_out(void **state)
{
	(void)state;
	run_cases(0);
}

static void test_with_opt_out(void **state)
{
	(void)state;
	run_cases(NSEC3_OPT_OUT);
}

/* No part of a proof of NXDOMAIN can be left out. */
static void test_every_part_is_needed(void **state)
{
	static const char *const parts[] = {"example", "m.example", "*.example"};
	static struct ring_of r;

	(void)state;
	for (unsigned left_out = 0; left_out < 3; left_out++) {
		build(&r, 0, ITERATIONS);
		take(&r, parts[left_out]);
		const struct tern_rrset *without = r.sets[0];

		r.d.n = 0;
		for (unsigned i = 0; i < 3; i++)
			take(&r, parts[i]);
		for (unsigned i = 0; i < r.d.n; i++) {
			if (r.sets[i] == without)
				r.sets[i] = r.sets[--r.d.n];
		}
		assert_int_equal(denial_of_name(&r.d, wire("m.example")), PROOF_NONE);
	}
}

/* RFC 9276 3.2: too many iterations is as good as unsigned, and costs nothing. */
static void test_too_many_iterations(void **state)
{
	static struct ring_of r;

	(void)state;
	for (unsigned iterations = 50; iterations <= 2500;
	     iterations += iterations == 50 ? 1 : 2449) {
		bool costly = iterations > NSEC3_ITERATIONS_MAX;

		build(&r, 0, iterations);
		take(&r, "example");
		take(&r, "m.example");
		take(&r, "*.example");
		assert_int_equal(denial_of_name(&r.d, wire("m.example")),
				 costly ? PROOF_INSECURE : PROOF_GOOD);
		assert_int_equal(r.blocks == 1000, costly);
		r.blocks = 1000;
		assert_int_equal(denial_of_type(&r.d, wire("example"), TERN_TYPE_TXT),
				 costly ? PROOF_INSECURE : PROOF_GOOD);
		assert_int_equal(denial_of_closer(&r.d, wire("m.example"), 1),
				 costly ? PROOF_INSECURE : PROOF_GOOD);
		assert_int_equal(denial_of_ds(&r.d, wire("m.example")),
				 costly ? CUT_UNSIGNED : CUT_NOT);
		assert_int_equal(r.blocks == 1000, costly);
	}
}

/* What no hash could make a proof is none, though nothing is hashed. */
static void test_costly_and_impossible(void **state)
{
	static struct ring_of r;
	static struct packed child_apex, opt_out, other_chain;

	(void)state;
	build(&r, 0, 100);
	take(&r, "example");
	take(&r, "m.example");
	pack_one(&other_chain, "00000000000000000000000000000000.example", TERN_TYPE_NSEC3,
		 "1 0 120 ab 7vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv A");
	r.sets[r.d.n++] = &other_chain.set;
	assert_int_equal(denial_of_name(&r.d, wire("m.example")), PROOF_NONE);

	pack_one(&child_apex, "8r1f0ieoutlnjc03meng9e3bn2n0o9pd.example", TERN_TYPE_NSEC3,
		 "1 1 123 ab 8r1f0ieoutlnjc03meng9e3bn3n0o9pd NS SOA DNSKEY RRSIG");
	r.sets[0] = &child_apex.set;
	r.d.n = 1;
	assert_int_equal(denial_of_ds(&r.d, wire("m.example")), CUT_UNPROVEN);
	assert_int_equal(denial_of_type(&r.d, wire("m.example"), TERN_TYPE_DS), PROOF_NONE);
	/* A second one may cover the name, and the first be its encloser's. */
	pack_one(&opt_out, "00000000000000000000000000000000.example", TERN_TYPE_NSEC3,
		 "1 1 123 ab 7vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv A RRSIG");
	r.sets[r.d.n++] = &opt_out.set;
	assert_int_equal(denial_of_ds(&r.d, wire("m.example")), CUT_UNSIGNED);
	assert_int_equal(r.blocks, 1000);
}

static void test_budget_of_hashes(void **state)
{
	static struct ring_of r;
	uint32_t enough;

	(void)state;
	for (enough = 0;; enough++) {
		build(&r, 0, 50);
		take(&r, "example");
		take(&r, "m.example");
		take(&r, "*.example");
		r.blocks = enough;
		enum proof got = denial_of_name(&r.d, wire("u.v.m.example"));

		assert_true(r.blocks <= enough);
		if (got == PROOF_GOOD)
			break;
		assert_int_equal(got, PROOF_EXHAUSTED);
		assert_true(enough < 1000);
	}
	/* The apex, the next closer name and the wildcard, 51 hashes each. */
	assert_int_equal(enough, 3 * 51);
	r.blocks = 0;
	assert_int_equal(denial_of_type(&r.d, wire("example"), TERN_TYPE_TXT), PROOF_EXHAUSTED);
	assert_int_equal(denial_of_closer(&r.d, wire("m.example"), 1), PROOF_EXHAUSTED);
	assert_int_equal(denial_of_ds(&r.d, wire("m.example")), CUT_EXHAUSTED);
}

/* However many labels the asker puts in front, what has to be hashed is near the apex. */
static void test_deep_names_cost_no_more(void **state)
{
	static struct ring_of r;
	char name[TERN_NAME_MAX] = "";

	(void)state;
	while (strlen(name) < 200)
		strcat(name, "a.");
	strcat(name, "m.example");
	build(&r, 0, 50);
	take(&r, "example");
	take(&r, "m.example");
	take(&r, "*.example");
	assert_int_equal(denial_of_name(&r.d, wire(name)), PROOF_GOOD);
	assert_int_equal(1000 - r.blocks, 3 * 51);
}

/* With a memo no name is hashed twice, whatever is asked of the message; without, it is. */
static void test_memo_of_hashes(void **state)
{
	static struct nsec3_memo memo;
	static struct ring_of r;

	(void)state;
	for (unsigned with = 0; with < 2; with++) {
		build(&r, 0, 50);
		take(&r, "example");
		take(&r, "m.example");
		take(&r, "*.example");
		r.d.memo = with ? &memo : NULL;
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(denial_of_name(&r.d, wire("m.example")), PROOF_GOOD);
			assert_int_equal(denial_of_closer(&r.d, wire("M.example"), 1), PROOF_GOOD);
			assert_int_equal(denial_of_ds(&r.d, wire("m.example")), CUT_NOT);
		}
		assert_int_equal(1000 - r.blocks, (with ? 3 : 14) * 51);
	}
	/* Another name, or other parameters, and it starts afresh. */
	r.blocks = 1000;
	assert_int_equal(denial_of_name(&r.d, wire("n.example")),
			 denial_of_name(&r.d, wire("n.example")));
	assert_true(r.blocks < 1000);
	build(&r, 0, 49);
	take(&r, "m.example");
	r.d.memo = &memo;
	assert_int_equal(denial_of_closer(&r.d, wire("m.example"), 1), PROOF_GOOD);
	assert_int_equal(1000 - r.blocks, 50);
}

/* Which records a proof relied on. */
static void test_records_used(void **state)
{
	static struct ring_of r;
	uint32_t used = 0;

	(void)state;
	build(&r, 0, ITERATIONS);
	take(&r, "x.w.example");
	take(&r, "example");
	take(&r, "ent.example");
	take(&r, "m.example");
	take(&r, "*.example");
	r.d.used = &used;
	assert_int_equal(denial_of_closer(&r.d, wire("m.example"), 1), PROOF_GOOD);
	assert_int_equal(used & (used - 1), 0);
	used = 0;
	assert_int_equal(denial_of_name(&r.d, wire("m.example")), PROOF_GOOD);
	assert_true(used && !(used & 1));
	build(&r, 0, 51);
	take(&r, "x.w.example");
	take(&r, "example");
	r.d.used = &used;
	used = 0;
	assert_int_equal(denial_of_name(&r.d, wire("m.example")), PROOF_INSECURE);
	assert_true(used); /* insecure only by a record that holds */
}

/* A record whose parent is not the zone's apex, or with other parameters, is not of the ring. */
static void test_records_of_other_rings(void **state)
{
	static struct ring_of r;

	(void)state;
	build(&r, 0, ITERATIONS);
	take(&r, "example");
	static const uint8_t sub[] = "\3sub\7example";

	r.d.zone = sub;
	assert_int_equal(denial_of_type(&r.d, wire("example"), TERN_TYPE_TXT), PROOF_NONE);
	r.d.zone = tern_name_root;
	assert_int_equal(denial_of_type(&r.d, wire("example"), TERN_TYPE_TXT), PROOF_NONE);
	build(&r, 0, ITERATIONS);
	for (unsigned i = 0; i < r.n; i++) {
		if (strcmp(r.entries[i].name, "example") != 0)
			pack_entry(&r.entries[i], 0, ITERATIONS + 1);
	}
	for (unsigned i = 0; i < r.n; i++)
		r.sets[r.d.n++] = &r.entries[i].packed.set;
	assert_int_not_equal(denial_of_name(&r.d, wire("m.example")), PROOF_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_opt_out),
		cmocka_unit_test(test_with_opt_out),
		cmocka_unit_test(test_every_part_is_needed),
		cmocka_unit_test(test_too_many_iterations),
		cmocka_unit_test(test_costly_and_impossible),
		cmocka_unit_test(test_budget_of_hashes),
		cmocka_unit_test(test_deep_names_cost_no_more),
		cmocka_unit_test(test_memo_of_hashes),
		cmocka_unit_test(test_records_used),
		cmocka_unit_test(test_records_of_other_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
