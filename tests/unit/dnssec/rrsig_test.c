/*
 * rrsig_test.c - RRSIGs: fields, time, place, canonical form; sets that hold and sets that don't.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signer.h"

#define NOW 1700000000u

static uint8_t data[RRSIG_SCRATCH];

/* An RRSIG's rdata, without signature unless one is appended. */
struct made {
	uint8_t rdata[2048];
	size_t len;
};

struct fields {
	uint16_t type;
	uint8_t labels;
	uint32_t inception;
	uint32_t expiration;
	const char *signer;
};

static void make(struct made *m, const struct fields *f, const struct dnskey *key)
{
	put_u16(m->rdata, f->type);
	m->rdata[2] = key ? key->algorithm : DNSSEC_ED25519;
	m->rdata[3] = f->labels;
	put_u32(m->rdata + 4, 3600);
	put_u32(m->rdata + 8, f->expiration);
	put_u32(m->rdata + 12, f->inception);
	put_u16(m->rdata + 16, key ? key->tag : 1);
	m->len = 18 + tern_name_copy(m->rdata + 18, wire(f->signer));
	m->rdata[m->len] = 0; /* one octet of signature */
}

static struct rrsig read_made(const struct made *m, size_t sig_len)
{
	struct rrsig sig;

	assert_true(rrsig_read(m->rdata, m->len + sig_len, &sig));
	return sig;
}

static enum rrsig_fault check(const char *owner, const struct fields *f, uint32_t now)
{
	struct made m;

	make(&m, f, NULL);
	struct rrsig sig = read_made(&m, 1);

	return rrsig_check(&sig, wire(owner), now);
}

static void test_vectors(void **state)
{
	struct crypto *crypto = crypto_create();
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct packed p;
		struct rrsig sig;
		struct dnskey key;
		size_t len;

		if (!v->rrsig)
			continue;
		const uint8_t *rdata = rdata_of(TERN_TYPE_DNSKEY, v->dnskey, &len);

		assert_true(dnskey_read(rdata, len, &key));
		rdata = rdata_of(TERN_TYPE_RRSIG, v->rrsig, &len);
		assert_true(rrsig_read(rdata, len, &sig));
		assert_int_equal(sig.tag, key.tag);
		assert_int_equal(sig.type, v->type);
		assert_int_equal(rrsig_check(&sig, wire(v->owner), sig.inception), RRSIG_USABLE);
		pack_one(&p, v->owner, v->type, v->rdata);
		len = rrsig_signed_data(&p.set, &sig, data, sizeof data);
		assert_true(len > 0);
		if (!crypto_verify(crypto, &key, sig.sig, sig.sig_len, data, len))
			fail_msg("RFC %s does not verify", v->rfc);
		data[len - 1] ^= 1;
		assert_false(crypto_verify(crypto, &key, sig.sig, sig.sig_len, data, len));
		n++;
	}
	assert_int_equal(n, 8);
	crypto_destroy(crypto);
}

static void test_time(void **state)
{
	static const struct {
		uint32_t inception, expiration, now;
		enum rrsig_fault wanted;
	} cases[] = {
		{NOW, NOW + 10, NOW, RRSIG_USABLE},
		{NOW, NOW + 10, NOW + 10, RRSIG_USABLE},
		{NOW, NOW, NOW, RRSIG_USABLE},
		{NOW, NOW + 10, NOW + 10 + RRSIG_SKEW_S, RRSIG_USABLE},
		{NOW, NOW + 10, NOW + 11 + RRSIG_SKEW_S, RRSIG_EXPIRED},
		{NOW, NOW + 10, NOW - RRSIG_SKEW_S, RRSIG_USABLE},
		{NOW, NOW + 10, NOW - RRSIG_SKEW_S - 1, RRSIG_NOT_YET},
		{NOW, NOW + 10, NOW + 1000000000, RRSIG_EXPIRED},
		{NOW, NOW + 10, NOW - 1000000000, RRSIG_NOT_YET},
		{NOW + 1, NOW, NOW, RRSIG_BACKWARDS},
		/* Serial arithmetic: past 2106 (RFC 4034 3.1.5). */
		{0xfffffff0, 0x10, 0xfffffff8, RRSIG_USABLE},
		{0xfffffff0, 0x10, 0x8, RRSIG_USABLE},
		{0xfffffff0, 0x10, 0x10 + RRSIG_SKEW_S + 1, RRSIG_EXPIRED},
		{0x10, 0xfffffff0, 0x0, RRSIG_BACKWARDS},
		{0, 0x7fffff00 - RRSIG_SKEW_S, 5, RRSIG_USABLE},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct fields f = {1, 3, cases[i].inception, cases[i].expiration, "example.net"};

		assert_int_equal(check("www.example.net", &f, cases[i].now), cases[i].wanted);
	}
}

static void test_place(void **state)
{
	static const struct {
		const char *owner, *signer;
		uint8_t labels;
		bool usable, wildcard;
	} cases[] = {
		{"www.example.net", "example.net", 3, true, false},
		{"WWW.Example.NET", "eXample.net", 3, true, false},
		{"www.example.net", "www.example.net", 3, true, false},
		{"www.example.net", "net", 3, true, false},
		{"www.example.net", ".", 3, true, false},
		{"www.example.net", "example.org", 3, false, false},
		{"www.example.net", "ample.net", 3, false, false},
		{"www.example.net", "a.www.example.net", 3, false, false},
		{"example.net", "www.example.net", 2, false, false},
		{"www.example.net", "example.net", 4, false, false},
		{"www.example.net", "example.net", 255, false, false},
		/* Made from *.example.net, *.net and "*". */
		{"www.example.net", "example.net", 2, true, true},
		{"www.example.net", "example.net", 1, false, true},
		{"www.example.net", "net", 1, true, true},
		{"www.example.net", ".", 0, true, true},
		{"www.example.net", "net", 0, false, true},
		/* The wildcard itself: the asterisk does not count. */
		{"*.example.net", "example.net", 2, true, false},
		{"*.example.net", "example.net", 3, false, false},
		{"*.example.net", "example.net", 1, false, true},
		{"*", ".", 0, true, false},
		{".", ".", 0, true, false},
		{".", ".", 1, false, false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct fields f = {1, cases[i].labels, NOW, NOW + 10, cases[i].signer};
		struct made m;

		make(&m, &f, NULL);
		struct rrsig sig = read_made(&m, 1);

		assert_int_equal(rrsig_check(&sig, wire(cases[i].owner), NOW),
				 cases[i].usable ? RRSIG_USABLE : RRSIG_MISPLACED);
		if (cases[i].labels < 4)
			assert_int_equal(rrsig_is_wildcard(&sig, wire(cases[i].owner)),
					 cases[i].wildcard);
	}
}

static void test_malformed(void **state)
{
	struct fields f = {TERN_TYPE_A, 3, NOW, NOW + 10, "example.net"};
	struct made m;
	struct rrsig sig;

	(void)state;
	make(&m, &f, NULL);
	for (size_t len = 0; len <= m.len; len++) {
		uint8_t *exact = malloc(len + 1);

		memcpy(exact, m.rdata, len);
		assert_false(rrsig_read(exact, len, &sig));
		free(exact);
	}
	sig = read_made(&m, 1);
	assert_int_equal(sig.sig_len, 1);
	assert_int_equal(sig.head_len, m.len);
	m.rdata[18] = 0xc0; /* a pointer */
	assert_false(rrsig_read(m.rdata, m.len + 1, &sig));
}

/* --- canonical form ---------------------------------------------------------- */

static size_t canonical(const struct packed *p, uint8_t labels, struct made *m)
{
	struct fields f = {p->set.type, labels, NOW, NOW + 10, "EXAMPLE.net"};

	make(m, &f, NULL);
	struct rrsig sig = read_made(m, 1);

	return rrsig_signed_data(&p->set, &sig, data, sizeof data);
}

/* RFC 4034 3.1.8.1 by hand: signer, owner and names in rdata in lower case, records in order. */
static void test_canonical_form(void **state)
{
	static const char records[] =
		"\7example\3net\0"
		"\3www\7example\3net\0\0\x0f\0\1\0\0\x0e\x10\0\x0b\0\x0a\1a\3foo\1b\0"
		"\3www\7example\3net\0\0\x0f\0\1\0\0\x0e\x10\0\x0b\0\x0a\1b\3foo\1b\0"
		"\3www\7example\3net\0\0\x0f\0\1\0\0\x0e\x10\0\x05\0\x14\1c";
	struct packed p;
	struct made m;

	(void)state;
	pack_begin(&p, "wWw.ExamplE.NET", TERN_TYPE_MX);
	p.set.ttl_s = 77; /* the original TTL is signed */
	pack_text(&p, "20 C.");
	pack_text(&p, "10 B.Foo.b.");
	pack_text(&p, "10 A.foo.B.");
	size_t len = canonical(&p, 3, &m);

	assert_memory_equal(data, m.rdata, 18);
	assert_int_equal(len, 18 + sizeof records); /* the string's NUL is the last root */
	assert_memory_equal(data + 18, records, sizeof records);
}

static void test_owner_of_a_wildcard(void **state)
{
	struct packed p;
	struct made m;

	(void)state;
	pack_one(&p, "A.B.Example.net", TERN_TYPE_A, "192.0.2.1");
	size_t len = canonical(&p, 2, &m);

	assert_int_equal(len, 18 + 13 + 15 + 10 + 4);
	assert_memory_equal(data + 18 + 13, "\1*\7example\3net\0", 15);
	pack_one(&p, "*.Example.net", TERN_TYPE_A, "192.0.2.1");
	len = canonical(&p, 2, &m);
	assert_int_equal(len, 18 + 13 + 15 + 10 + 4);
	assert_memory_equal(data + 18 + 13, "\1*\7example\3net\0", 15);
}

/* Octets before length: RFC 4034 6.3. */
static void test_order_of_records(void **state)
{
	static const char *const order[] = {"", "\0", "\0\0", "\0\1", "\1", "\x7f\xff", "\x80"};
	static const size_t lens[] = {0, 1, 2, 2, 1, 2, 1};
	static const unsigned mixed[] = {5, 2, 6, 0, 3, 1, 4};
	struct packed p;
	struct made m;

	(void)state;
	pack_begin(&p, "example.net", 65400);
	for (unsigned i = 0; i < ARRAY_LEN(mixed); i++)
		pack_octets(&p, order[mixed[i]], lens[mixed[i]]);
	size_t len = canonical(&p, 2, &m), at = 18 + 13;

	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		assert_int_equal(get_u16(data + at + 13 + 8), lens[i]);
		assert_memory_equal(data + at + 13 + 10, order[i], lens[i]);
		at += 13 + 10 + lens[i];
	}
	assert_int_equal(at, len);
}

/* Names of newer types keep their case: RFC 4034 6.2, RFC 6840 5.1. */
static void test_case_of_names_in_rdata(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		bool lowered;
	} cases[] = {
		{TERN_TYPE_NS, "A.B.", true},        {TERN_TYPE_CNAME, "A.B.", true},
		{TERN_TYPE_PTR, "A.B.", true},       {TERN_TYPE_DNAME, "A.B.", true},
		{TERN_TYPE_SRV, "1 2 3 A.B.", true}, {TERN_TYPE_NSEC, "A.B. A", false},
		{TERN_TYPE_SVCB, "0 A.B.", false},   {TERN_TYPE_HTTPS, "0 A.B.", false},
		{TERN_TYPE_TXT, "A.B.", false},
	};
	struct packed p;
	struct made m;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		pack_one(&p, "example.net", cases[i].type, cases[i].text);
		size_t len = canonical(&p, 2, &m);
		bool upper = memchr(data + 31 + 23, 'A', len - 31 - 23) != NULL;

		if (upper == cases[i].lowered)
			fail_msg("%s of type %u", cases[i].text, cases[i].type);
	}
}

/* RFC 4034 6.3: a record that is there twice counts once. */
static void test_duplicates(void **state)
{
	struct packed p;
	struct made m;
	uint8_t once[200];

	(void)state;
	pack_one(&p, "example.net", TERN_TYPE_NS, "ns.example.net.");
	size_t len = canonical(&p, 2, &m);

	assert_true(len > 0 && len <= sizeof once);
	memcpy(once, data, len);
	pack_text(&p, "NS.example.net."); /* the same, once it is canonical */
	assert_int_equal(canonical(&p, 2, &m), len);
	assert_memory_equal(data, once, len);
}

static void test_what_does_not_fit(void **state)
{
	struct fields f = {TERN_TYPE_A, 2, NOW, NOW + 10, "example.net"};
	struct packed p;
	struct made m;

	(void)state;
	make(&m, &f, NULL);
	struct rrsig sig = read_made(&m, 1);

	pack_begin(&p, "example.net", TERN_TYPE_A);
	assert_int_equal(rrsig_signed_data(&p.set, &sig, data, sizeof data), 0);
	for (unsigned i = 0; i < 4; i++)
		pack_octets(&p, &i, 4);
	size_t len = rrsig_signed_data(&p.set, &sig, data, sizeof data);

	for (size_t max = 0; max < len + 64; max++) {
		uint8_t *exact = malloc(max + 1);
		size_t n = rrsig_signed_data(&p.set, &sig, exact, max);

		assert_true(n == 0 || (n == len && max >= len && memcmp(exact, data, n) == 0));
		free(exact);
	}
}

/* --- whole sets ---------------------------------------------------------------- */

static bool holds(struct crypto *crypto, const struct packed *p, const struct made *m,
		  size_t sig_len, const struct dnskey *key)
{
	struct rrsig sig;

	if (!rrsig_read(m->rdata, m->len + sig_len, &sig) ||
	    rrsig_check(&sig, p->owner, NOW) != RRSIG_USABLE)
		return false;
	size_t len = rrsig_signed_data(&p->set, &sig, data, sizeof data);

	return len > 0 && crypto_verify(crypto, key, sig.sig, sig.sig_len, data, len);
}

static size_t sign_set(const struct signer *s, const struct packed *p, struct made *m,
		       uint8_t labels)
{
	struct fields f = {p->set.type, labels, NOW - 10, NOW + 10, "example.net"};

	make(m, &f, &s->key);
	struct rrsig sig = read_made(m, 1);
	size_t len = rrsig_signed_data(&p->set, &sig, data, sizeof data);

	assert_true(len > 0);
	return sign(s, data, len, m->rdata + m->len);
}

static void pack_three(struct packed *p, const char *owner, const char *const *texts)
{
	pack_begin(p, owner, TERN_TYPE_MX);
	for (unsigned i = 0; i < 3; i++)
		pack_text(p, texts[i]);
}

static void break_in_every_way(struct crypto *crypto, const struct signer *s)
{
	static const char *const good[] = {"10 a.", "20 b.", "30 c."};
	static const char *const mixed[] = {"30 c.", "10 A.", "20 b."};
	static const char *const other[] = {"10 a.", "20 b.", "31 c."};
	struct packed p, q;
	struct made m;

	pack_three(&p, "www.example.net", good);
	size_t len = sign_set(s, &p, &m, 3);

	assert_true(holds(crypto, &p, &m, len, &s->key));
	pack_three(&q, "wWw.eXample.NET", mixed);
	assert_true(holds(crypto, &q, &m, len, &s->key));
	pack_three(&q, "www.example.net", other);
	assert_false(holds(crypto, &q, &m, len, &s->key));
	pack_three(&q, "ww2.example.net", good);
	assert_false(holds(crypto, &q, &m, len, &s->key));
	pack_text(&p, "40 d."); /* one more */
	assert_false(holds(crypto, &p, &m, len, &s->key));
	pack_begin(&p, "www.example.net", TERN_TYPE_MX); /* one less */
	pack_text(&p, good[0]);
	pack_text(&p, good[1]);
	assert_false(holds(crypto, &p, &m, len, &s->key));
	pack_three(&p, "www.example.net", good);
	p.set.rclass = TERN_CLASS_CH;
	assert_false(holds(crypto, &p, &m, len, &s->key));
	p.set.rclass = TERN_CLASS_IN;
	/* Every field of the RRSIG is signed too. */
	for (size_t i = 0; i < m.len + len; i++) {
		m.rdata[i] ^= 1;
		assert_false(holds(crypto, &p, &m, len, &s->key) && i != 2 && (i < 16 || i > 17));
		m.rdata[i] ^= 1;
	}
	assert_true(holds(crypto, &p, &m, len, &s->key));
}

static void test_sets_of_every_algorithm(void **state)
{
	struct crypto *crypto = crypto_create();

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct signer s;

		signer_init(&s, algorithms[i]);
		break_in_every_way(crypto, &s);
		signer_fini(&s);
	}
	crypto_destroy(crypto);
}

/* Signed as *.example.net, it holds for every name below, and for the wildcard itself. */
static void test_sets_made_from_a_wildcard(void **state)
{
	struct crypto *crypto = crypto_create();
	struct signer s;
	struct packed p, q;
	struct made m;

	(void)state;
	signer_init(&s, DNSSEC_ED25519);
	pack_one(&p, "*.example.net", TERN_TYPE_A, "192.0.2.1");
	size_t len = sign_set(&s, &p, &m, 2);

	assert_true(holds(crypto, &p, &m, len, &s.key));
	pack_one(&q, "a.example.net", TERN_TYPE_A, "192.0.2.1");
	assert_true(holds(crypto, &q, &m, len, &s.key));
	pack_one(&q, "x.y.z.example.net", TERN_TYPE_A, "192.0.2.1");
	assert_true(holds(crypto, &q, &m, len, &s.key));
	pack_one(&q, "example.net", TERN_TYPE_A, "192.0.2.1");
	assert_false(holds(crypto, &q, &m, len, &s.key));
	pack_one(&q, "a.example.org", TERN_TYPE_A, "192.0.2.1");
	assert_false(holds(crypto, &q, &m, len, &s.key));
	signer_fini(&s);
	crypto_destroy(crypto);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_canonical_form),
		cmocka_unit_test(test_owner_of_a_wildcard),
		cmocka_unit_test(test_order_of_records),
		cmocka_unit_test(test_case_of_names_in_rdata),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_what_does_not_fit),
		cmocka_unit_test(test_sets_of_every_algorithm),
		cmocka_unit_test(test_sets_made_from_a_wildcard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
