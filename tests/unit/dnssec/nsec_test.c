/*
 * nsec_test.c - single NSEC and NSEC3 records: bitmaps, ranges, hashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dnssec/nsec.h"
#include "helpers.h"

static bool has(const char *octets, size_t len, uint16_t type)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, octets, len);
	struct type_bitmap bitmap = {copy, len};
	bool found = bitmap_has(&bitmap, type);

	free(copy);
	return found;
}

/* RFC 4034 4.3: A MX RRSIG NSEC TYPE1234. */
#define EXAMPLE                                                                                    \
	"\x00\x06\x40\x01\x00\x00\x00\x03\x04\x1b"                                                 \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"                                     \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20"

static void test_bitmap_of_the_standard(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool listed = type == 1 || type == 15 || type == 46 || type == 47 || type == 1234;

		assert_true(has(EXAMPLE, sizeof EXAMPLE - 1, (uint16_t)type) == listed);
	}
}

static void test_bitmap_windows(void **state)
{
	(void)state;
	assert_false(has("", 0, 1));
	assert_true(has("\x01\x01\x40", 3, 257));
	assert_false(has("\x01\x01\x40", 3, 1));
	assert_true(
		has("\xff\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
		    34, 65535));
	/* One octet beyond what the window holds. */
	assert_false(has("\0\1\xff", 3, 8));
	/* Cut off anywhere: nothing is read beyond the end. */
	for (size_t len = 0; len < sizeof EXAMPLE - 1; len++)
		assert_false(has(EXAMPLE, len, 1234));
	assert_false(has("\0", 1, 1));
	assert_false(has("\0\6\x40", 3, 1));
}

static bool covers(const char *owner, const char *next, const char *name)
{
	struct nsec n = {.owner = wire(owner), .next = wire(next)};

	return nsec_covers(&n, wire(name));
}

static void test_ranges(void **state)
{
	(void)state;
	assert_true(covers("b.example", "d.example", "c.example"));
	assert_true(covers("b.example", "d.example", "C.EXAMPLE"));
	assert_true(covers("b.example", "d.example", "x.b.example"));
	assert_true(covers("b.example", "d.example", "z.y.c.example"));
	assert_false(covers("b.example", "d.example", "b.example"));
	assert_false(covers("b.example", "d.example", "d.example"));
	assert_false(covers("b.example", "d.example", "x.d.example"));
	assert_false(covers("b.example", "d.example", "a.example"));
	assert_false(covers("b.example", "d.example", "example"));
}

static void test_ranges_that_wrap_around(void **state)
{
	(void)state;
	assert_true(covers("y.example", "example", "z.example"));
	assert_true(covers("y.example", "example", "a.y.example"));
	assert_false(covers("y.example", "example", "x.example"));
	assert_false(covers("y.example", "example", "y.example"));
	assert_false(covers("y.example", "example", "example"));
	/* A zone of one name. */
	assert_true(covers("example", "example", "a.example"));
	assert_false(covers("example", "example", "example"));
	assert_true(covers(".", ".", "com"));
	assert_false(covers(".", ".", "."));
}

/* RFC 4034 6.1's example order: between neighbours there is nothing of the others. */
static void test_ranges_in_canonical_order(void **state)
{
	static const char *const order[] = {
		"example",         "a.example",      "yljkjljk.a.example",
		"Z.a.example",     "zABC.a.EXAMPLE", "z.example",
		"\\001.z.example", "*.z.example",    "\\200.z.example",
	};
	const unsigned n = ARRAY_LEN(order);

	(void)state;
	for (unsigned from = 0; from < n; from++) {
		for (unsigned to = 0; to < n; to++) {
			for (unsigned at = 0; at < n; at++) {
				bool inside =
					from < to ? at > from && at < to : at > from || at < to;

				assert_true(covers(order[from], order[to], order[at]) == inside);
			}
		}
	}
}

static void test_read_nsec(void **state)
{
	struct packed p;
	struct nsec n;

	(void)state;
	assert_true(nsec_read(
		pack_one(&p, "alfa.example", TERN_TYPE_NSEC, "host.example. A MX RRSIG NSEC"), &n));
	assert_true(tern_name_equal(n.next, wire("host.example")));
	assert_true(bitmap_has(&n.types, TERN_TYPE_MX));
	assert_false(bitmap_has(&n.types, TERN_TYPE_TXT));
	pack_begin(&p, "alfa.example", TERN_TYPE_NSEC);
	assert_false(nsec_read(&p.set, &n));
	pack_octets(&p, "\3abc", 4);
	assert_false(nsec_read(&p.set, &n));
	pack_begin(&p, "alfa.example", TERN_TYPE_NSEC);
	pack_octets(&p, "", 0);
	assert_false(nsec_read(&p.set, &n));
}

#define HASH_0 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
#define HASH_A "35mthgpgcu1qg68fab165klnsnk3dpvl"

/* RFC 5155 appendix A. */
static void test_hashes_of_the_standard(void **state)
{
	static const char *const names[][2] = {
		{"example", HASH_0},
		{"a.example", HASH_A},
		{"ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"},
		{"ns1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
		{"ns2.example", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
		{"w.example", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
		{"*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
		{"x.w.example", "b4um86eghhds6nea196smvmlo4ors995"},
		{"y.w.example", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
		{"x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"},
		{"XX.Example", "t644ebqk9bibcna874givr6joj62mlhv"},
	};
	uint8_t hash[NSEC3_HASH_LEN];
	struct packed p;
	struct nsec3 n;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		char owner[64] = "";

		strcat(strcat(owner, names[i][1]), ".example");
		assert_true(nsec3_read(
			pack_one(&p, owner, TERN_TYPE_NSEC3, "1 1 12 aabbccdd " HASH_A " A RRSIG"),
			&n));
		nsec3_hash(&n, wire(names[i][0]), hash);
		assert_memory_equal(hash, n.hash, sizeof hash);
	}
}

static void test_read_nsec3(void **state)
{
	static const char *const refused[] = {
		"2 0 0 - " HASH_A " A", /* another hash */
		"1 2 0 - " HASH_A " A", /* an unknown flag: RFC 5155 8.2 */
		"1 129 0 - " HASH_A " A", "1 0 0 - 35mthgpgcu1qg68f A", /* a shorter hash */
	};
	struct packed p;
	struct nsec3 n;

	(void)state;
	assert_true(nsec3_read(pack_one(&p, HASH_0 ".example", TERN_TYPE_NSEC3,
					"1 1 12 aabbccdd " HASH_A " MX DNSKEY"),
			       &n));
	assert_int_equal(n.flags, NSEC3_OPT_OUT);
	assert_int_equal(n.iterations, 12);
	assert_int_equal(n.salt_len, 4);
	assert_memory_equal(n.salt, "\xaa\xbb\xcc\xdd", 4);
	assert_true(bitmap_has(&n.types, TERN_TYPE_DNSKEY));
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++)
		assert_false(nsec3_read(
			pack_one(&p, HASH_0 ".example", TERN_TYPE_NSEC3, refused[i]), &n));
	/* Labels that are no hash: too short, too long, letters outside base32hex. */
	assert_false(
		nsec3_read(pack_one(&p, "0p9m.example", TERN_TYPE_NSEC3, "1 0 0 - " HASH_A), &n));
	assert_false(nsec3_read(
		pack_one(&p, HASH_0 "0.example", TERN_TYPE_NSEC3, "1 0 0 - " HASH_A), &n));
	assert_false(nsec3_read(pack_one(&p, "wp9mhaveqvm6t7vbl5lop2u3t2rp3tom.example",
					 TERN_TYPE_NSEC3, "1 0 0 - " HASH_A),
				&n));
	assert_true(nsec3_read(pack_one(&p, "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM.example",
					TERN_TYPE_NSEC3, "1 0 0 - " HASH_A),
			       &n));
	/* Cut off anywhere before the bitmap. */
	size_t whole = p.set.rdata_len - 2;

	for (size_t len = 0; len < whole; len++) {
		struct packed cut;

		pack_begin(&cut, HASH_0 ".example", TERN_TYPE_NSEC3);
		pack_octets(&cut, p.octets + 2, len);
		assert_false(nsec3_read(&cut.set, &n));
	}
}

static void test_hashed_ranges(void **state)
{
	uint8_t low[NSEC3_HASH_LEN] = {1}, mid[NSEC3_HASH_LEN] = {2}, high[NSEC3_HASH_LEN] = {3};
	struct nsec3 n = {.next = high};

	(void)state;
	memcpy(n.hash, low, sizeof low);
	assert_true(nsec3_covers(&n, mid));
	assert_false(nsec3_covers(&n, low));
	assert_false(nsec3_covers(&n, high));
	memcpy(n.hash, mid, sizeof mid);
	assert_false(nsec3_covers(&n, low));
	n.next = low; /* around the end */
	assert_true(nsec3_covers(&n, high));
	assert_false(nsec3_covers(&n, mid));
	assert_false(nsec3_covers(&n, low));
	n.next = mid; /* the only one */
	assert_true(nsec3_covers(&n, low));
	assert_true(nsec3_covers(&n, high));
	assert_false(nsec3_covers(&n, mid));
	mid[NSEC3_HASH_LEN - 1]++; /* right behind, by the last octet */
	n.next = high;
	assert_true(nsec3_covers(&n, mid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bitmap_of_the_standard),
		cmocka_unit_test(test_bitmap_windows),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ranges_that_wrap_around),
		cmocka_unit_test(test_ranges_in_canonical_order),
		cmocka_unit_test(test_read_nsec),
		cmocka_unit_test(test_hashes_of_the_standard),
		cmocka_unit_test(test_read_nsec3),
		cmocka_unit_test(test_hashed_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
