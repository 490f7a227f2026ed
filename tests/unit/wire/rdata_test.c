/*
 * rdata_test.c - layouts: good, short, long and broken rdata of each type; names
 * expanded, lower-cased and found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/rrset.h>

#include "helpers.h"

#define SIZED(s) (s), sizeof(s) - 1

/* The only record of a message: question "example.com" at 12, rdata at RDATA_AT. */
#define RDATA_AT (12 + 13 + 4 + 12)

static struct octets o;
static uint8_t out[70000];

static enum tern_status expand_into(uint16_t type, const void *rdata, size_t len, uint8_t *to,
				    size_t max, size_t *n)
{
	struct tern_rr_ref rrs[1];
	struct tern_message m;

	o.n = 0;
	add(&o, "\0\0\x80\0\0\1\0\1\0\0\0\0\7example\3com\0\0\1\0\1\xc0\x0c", 12 + 13 + 4 + 2);
	add_u16(&o, type);
	add(&o, "\0\1\0\0\0\0", 6);
	add_u16(&o, (unsigned)len);
	add(&o, rdata, len);
	struct exact x = exact_copy(o.at, o.n);
	assert_int_equal(tern_message_parse(x.octets, x.len, rrs, 1, &m), TERN_OK);
	assert_int_equal(m.rr_n, 1);
	enum tern_status st = tern_rdata_expand(&m, &rrs[0], to, max, n);
	exact_free(&x);
	return st;
}

static enum tern_status expand(uint16_t type, const void *rdata, size_t len, size_t *n)
{
	return expand_into(type, rdata, len, out, sizeof out, n);
}

static enum tern_status check(uint16_t type, const void *rdata, size_t len)
{
	struct exact x = exact_copy(rdata, len);
	enum tern_status st = tern_rdata_check(type, x.octets, x.len);

	exact_free(&x);
	return st;
}

struct layout_case {
	uint16_t type;
	bool good;
	const char *rdata;
	size_t len;
};

#define GOOD(type, s)                                                                              \
	{                                                                                          \
		TERN_TYPE_##type, true, SIZED(s)                                                   \
	}
#define BAD(type, s)                                                                               \
	{                                                                                          \
		TERN_TYPE_##type, false, SIZED(s)                                                  \
	}

static const struct layout_case layouts[] = {
	GOOD(A, "\1\2\3\4"),
	BAD(A, "\1\2\3"),
	BAD(A, "\1\2\3\4\5"),
	BAD(A, ""),
	GOOD(AAAA, "0123456789abcdef"),
	BAD(AAAA, "0123456789abcde"),
	BAD(AAAA, "0123456789abcdefg"),
	GOOD(NS, "\2ns\0"),
	GOOD(NS, "\0"),
	BAD(NS, ""),
	BAD(NS, "\2ns"),
	BAD(NS, "\2ns\0\0"),
	BAD(NS, "\x41"
		"a\0"),
	GOOD(SOA, "\0\0"
		  "0123456789abcdefghij"),
	BAD(SOA, "\0\0"
		 "0123456789abcdefghi"),
	BAD(SOA, "\0\0"
		 "0123456789abcdefghijk"),
	BAD(SOA, "\0"),
	GOOD(MX, "\0\1\0"),
	BAD(MX, "\0"),
	BAD(MX, "\0\1"),
	GOOD(TXT, "\0"),
	GOOD(TXT, "\1a\2bc"),
	BAD(TXT, ""),
	BAD(TXT, "\2a"),
	BAD(TXT, "\1a\2b"),
	GOOD(SPF, "\1a"),
	BAD(SPF, ""),
	GOOD(HINFO, "\1a\1b"),
	BAD(HINFO, "\1a"),
	BAD(HINFO, "\1a\1b\0"),
	GOOD(MINFO, "\0\0"),
	BAD(MINFO, "\0"),
	GOOD(WKS, "\1\2\3\4\6\x80"),
	GOOD(WKS, "\1\2\3\4\6"),
	BAD(WKS, "\1\2\3\4"),
	GOOD(RP, "\0\0"),
	GOOD(X25, "\3"
		  "123"),
	BAD(X25, "\3"
		 "123x"),
	GOOD(ISDN, "\3"
		   "123\1x"),
	GOOD(PX, "\0\1\0\0"),
	BAD(PX, "\0\1\0"),
	GOOD(SRV, "\0\1\0\2\0\3\0"),
	BAD(SRV, "\0\1\0\2\0\3"),
	GOOD(NAPTR, "\0\1\0\2\1s\0\1r\0"),
	BAD(NAPTR, "\0\1\0\2\1s\0\1r"),
	BAD(NAPTR, "\0\1\0\2\1s\0\0"),
	GOOD(LOC, "\0\x12\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
	BAD(LOC, "\0\x12\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96"),
	BAD(LOC, "\0\x1a\x16\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
	BAD(LOC, "\0\x12\xa6\x13\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
	GOOD(LOC, "\1\xff\xff\xff\x80\0\0\0\x80\0\0\0\0\x98\x96\x80"),
	GOOD(CERT, "\0\1\0\2\3x"),
	BAD(CERT, "\0\1\0\2"),
	GOOD(DNAME, "\0"),
	GOOD(APL, ""),
	GOOD(APL, "\0\1\x18\x83\1\2\3\0\2\x80\1\x20"),
	BAD(APL, "\0\1\x18"),
	BAD(APL, "\0\1\x18\3\1\2"),
	BAD(APL, "\0\1\x18\3\1\2\0"),
	BAD(APL, "\0\1\x21\1\1"),
	BAD(APL, "\0\1\x18\5\1\2\3\4\5"),
	BAD(APL, "\0\2\x81\1\1"),
	GOOD(APL, "\0\3\xff\1\1"),
	GOOD(DS, "\0\1\2\3abc"),
	BAD(DS, "\0\1\2"),
	GOOD(SSHFP, "\1\1abc"),
	BAD(SSHFP, "\1"),
	GOOD(IPSECKEY, "\1\0\2key"),
	GOOD(IPSECKEY, "\1\1\2\1\2\3\4key"),
	GOOD(IPSECKEY, "\1\2\2"
		       "0123456789abcdefkey"),
	GOOD(IPSECKEY, "\1\3\2\2gw\0key"),
	BAD(IPSECKEY, "\1\3\2\2gwkey"),
	BAD(IPSECKEY, "\1\1\2\1\2\3"),
	BAD(IPSECKEY, "\1\2\2"
		      "0123456789abcde"),
	BAD(IPSECKEY, "\1\4\2"
		      "0123456789abcde"),
	BAD(IPSECKEY, "\1\0"),
	GOOD(RRSIG, "\0\1\5\2\0\0\0\1\0\0\0\2\0\0\0\3\0\4\0sig"),
	BAD(RRSIG, "\0\1\5\2\0\0\0\1\0\0\0\2\0\0\0\3\0\4"),
	GOOD(NSEC, "\0\0\1\x40"),
	GOOD(NSEC, "\0\0\1\x40\1\1\x40"),
	GOOD(NSEC, "\0"),
	BAD(NSEC, "\0\0"),
	BAD(NSEC, "\0\0\0"),
	BAD(NSEC, "\0\0\1"),
	BAD(NSEC, "\0\0\1\0"),
	BAD(NSEC, "\0\0\2\x40\0"),
	BAD(NSEC, "\0\1\1\x40\0\1\x40"),
	BAD(NSEC, "\0\0\1\x40\0\1\x40"),
	BAD(NSEC, "\0\0\x21"
		  "0123456789abcdef0123456789abcdefx"),
	GOOD(NSEC, "\0\0\x20"
		   "0123456789abcdef0123456789abcdef"),
	GOOD(DNSKEY, "\1\1\3\5key"),
	BAD(DNSKEY, "\1\1\3"),
	GOOD(NSEC3, "\1\0\0\1\2ab\1x\0\1\x40"),
	GOOD(NSEC3, "\1\0\0\1\0\1x"),
	BAD(NSEC3, "\1\0\0\1\0\0"),
	BAD(NSEC3, "\1\0\0\1\2a"),
	GOOD(NSEC3PARAM, "\1\0\0\1\0"),
	BAD(NSEC3PARAM, "\1\0\0\1\0x"),
	BAD(NSEC3PARAM, "\1\0\0\1"),
	GOOD(TLSA, "\1\1\1x"),
	BAD(TLSA, "\1\1"),
	GOOD(HIP, "\1\2\0\1hk"),
	GOOD(HIP, "\1\2\0\1hk\0\1a\0"),
	BAD(HIP, "\1\2\0\1hk\1a"),
	BAD(HIP, "\1\2\0\2hk"),
	BAD(HIP, "\0\2\0\1k"),
	BAD(HIP, "\1\2\0\0h"),
	BAD(HIP, "\1\2\0"),
	GOOD(CSYNC, "\0\0\0\1\0\3\0\1\x40"),
	BAD(CSYNC, "\0\0\0\1\0"),
	GOOD(ZONEMD, "\0\0\0\1\1\1x"),
	BAD(ZONEMD, "\0\0\0\1\1"),
	GOOD(SVCB, "\0\0\0"),
	GOOD(SVCB, "\0\1\0\0\1\0\3\2h2"),
	GOOD(HTTPS, "\0\1\0\0\2\0\0\0\3\0\2\1\xbb\0\4\0\4\1\2\3\4\0\5\0\1x"
		    "\0\6\0\x10"
		    "0123456789abcdef\0\7\0\1/\0\10\0\0\xff\0\0\0"),
	GOOD(SVCB, "\0\1\0\0\0\0\4\0\1\0\3\0\1\0\3\2h2\0\3\0\2\0\x35"),
	BAD(SVCB, "\0\1"),
	BAD(SVCB, "\0\1\0\0"),
	BAD(SVCB, "\0\1\0\0\3\0"),
	BAD(SVCB, "\0\1\0\0\3\0\2\0"),
	BAD(SVCB, "\0\1\0\0\3\0\2\0\x35\0\3\0\2\0\x35"),
	BAD(SVCB, "\0\1\0\0\3\0\2\0\x35\0\1\0\3\2h2"),
	BAD(SVCB, "\0\1\0\0\3\0\1\0"),
	BAD(SVCB, "\0\1\0\0\3\0\3\0\0\0"),
	BAD(SVCB, "\0\1\0\0\0\0\0"),
	BAD(SVCB, "\0\1\0\0\0\0\1\0"),
	BAD(SVCB, "\0\1\0\0\0\0\2\0\0"),
	BAD(SVCB, "\0\1\0\0\0\0\4\0\3\0\1"),
	BAD(SVCB, "\0\1\0\0\0\0\4\0\3\0\3"),
	BAD(SVCB, "\0\1\0\0\1\0\0"),
	BAD(SVCB, "\0\1\0\0\1\0\1\0"),
	BAD(SVCB, "\0\1\0\0\1\0\2\2h"),
	BAD(SVCB, "\0\1\0\0\2\0\1x"),
	BAD(SVCB, "\0\1\0\0\4\0\0"),
	BAD(SVCB, "\0\1\0\0\4\0\3\1\2\3"),
	BAD(SVCB, "\0\1\0\0\5\0\0"),
	BAD(SVCB, "\0\1\0\0\6\0\4\1\2\3\4"),
	BAD(SVCB, "\0\1\0\0\6\0\0"),
	BAD(SVCB, "\0\1\0\0\7\0\0"),
	BAD(SVCB, "\0\1\0\0\10\0\1x"),
	GOOD(NID, "\0\1"
		  "01234567"),
	BAD(NID, "\0\1"
		 "0123456"),
	GOOD(L32, "\0\1"
		  "0123"),
	BAD(L32, "\0\1"
		 "01234"),
	GOOD(LP, "\0\1\0"),
	GOOD(EUI48, "012345"),
	BAD(EUI48, "01234"),
	GOOD(EUI64, "01234567"),
	BAD(EUI64, "012345678"),
	GOOD(URI, "\0\1\0\2x"),
	BAD(URI, "\0\1\0"),
	GOOD(CAA, "\0\5issuex"),
	GOOD(CAA, "\0\5issue"),
	BAD(CAA, "\0\0x"),
	BAD(CAA, "\0\5iss.ex"),
	BAD(CAA, "\0\5issu"),
	BAD(CAA, "\0"),
	GOOD(NULL, ""),
	GOOD(OPENPGPKEY, "x"),
	GOOD(DHCID, "x"),
	GOOD(NSAP, "x"),
	GOOD(KX, "\0\1\0"),
	GOOD(AFSDB, "\0\1\0"),
	GOOD(RT, "\0\1\0"),
	GOOD(SMIMEA, "\1\1\1x"),
	GOOD(TKEY, "anything"),
};

/*
 * What expanding uncompressed rdata must say when checking it says @p checked.
 * RFC 9460 4.3: parameters pass through unread, so behind a priority and a
 * whole target only a check sees faults.
 */
static enum tern_status expected_expansion(uint16_t type, const void *rdata, size_t len,
					   enum tern_status checked)
{
	size_t target_len;

	if (type != TERN_TYPE_SVCB && type != TERN_TYPE_HTTPS)
		return checked;
	if (len < 2)
		return TERN_ERDATA;
	return tern_name_check((const uint8_t *)rdata + 2, len - 2, &target_len) == TERN_OK
		       ? TERN_OK
		       : TERN_ERDATA;
}

static void layouts_of_all_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		const struct layout_case *c = &layouts[i];
		enum tern_status expected = c->good ? TERN_OK : TERN_ERDATA;
		size_t n = 12345;

		if (check(c->type, c->rdata, c->len) != expected)
			fail_msg("layout %zu of type %u", i, c->type);
		expected = expected_expansion(c->type, c->rdata, c->len, expected);
		assert_int_equal(expand(c->type, c->rdata, c->len, &n), expected);
		if (expected == TERN_OK) {
			assert_int_equal(n, c->len);
			assert_memory_equal(out, c->rdata, n);
		} else {
			assert_int_equal(n, 12345);
		}
	}
}

/* Good rdata cut anywhere must be refused, unless what is left is good too by its layout. */
static void cuts_never_overread(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
		for (size_t len = 0; len < layouts[i].len; len++) {
			size_t n;
			enum tern_status st = check(layouts[i].type, layouts[i].rdata, len);

			assert_true(st == TERN_OK || st == TERN_ERDATA);
			st = expected_expansion(layouts[i].type, layouts[i].rdata, len, st);
			assert_int_equal(expand(layouts[i].type, layouts[i].rdata, len, &n), st);
		}
	}
}

static void unknown_types_are_copied(void **state)
{
	(void)state;
	size_t n;

	assert_int_equal(expand(65280, "\xc0\x0c", 2, &n), TERN_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(out, "\xc0\x0c", 2);
	assert_int_equal(expand(65280, "", 0, &n), TERN_OK);
	assert_int_equal(n, 0);
}

static void compressed_names_are_expanded(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
		const char *expanded;
		size_t expanded_len;
	} cases[] = {
		{TERN_TYPE_NS, SIZED("\2ns\xc0\x0c"), SIZED("\2ns\7example\3com\0")},
		{TERN_TYPE_CNAME, SIZED("\xc0\x0c"), SIZED("\7example\3com\0")},
		{TERN_TYPE_MX, SIZED("\0\1\xc0\x14"), SIZED("\0\1\3com\0")},
		{TERN_TYPE_SOA,
		 SIZED("\xc0\x0c\1h\xc0\x0c"
		       "0123456789abcdefghij"),
		 SIZED("\7example\3com\0\1h\7example\3com\0"
		       "0123456789abcdefghij")},
		{TERN_TYPE_MINFO, SIZED("\1a\xc0\x0c\xc0\x29"),
		 SIZED("\1a\7example\3com\0\1a\7example\3com\0")},
		{TERN_TYPE_SRV, SIZED("\0\1\0\1\0\1\xc0\x14"), SIZED("\0\1\0\1\0\1\3com\0")},
		{TERN_TYPE_RP, SIZED("\xc0\x0c\xc0\x14"), SIZED("\7example\3com\0\3com\0")},
		{TERN_TYPE_NAPTR, SIZED("\0\1\0\2\0\0\0\xc0\x14"), SIZED("\0\1\0\2\0\0\0\3com\0")},
		{TERN_TYPE_DNAME, SIZED("\xc0\x14"), SIZED("\3com\0")},
		{TERN_TYPE_RRSIG, SIZED("\0\1\5\2\0\0\0\1\0\0\0\2\0\0\0\3\0\4\xc0\x14sig"),
		 SIZED("\0\1\5\2\0\0\0\1\0\0\0\2\0\0\0\3\0\4\3com\0sig")},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n;

		assert_int_equal(expand(cases[i].type, cases[i].rdata, cases[i].len, &n), TERN_OK);
		assert_int_equal(n, cases[i].expanded_len);
		assert_memory_equal(out, cases[i].expanded, n);
		assert_int_equal(tern_rdata_check(cases[i].type, out, n), TERN_OK);
		assert_int_equal(check(cases[i].type, cases[i].rdata, cases[i].len), TERN_ERDATA);
		for (size_t max = 0; max < n; max++) {
			size_t unchanged = 7;
			uint8_t *small = malloc(max ? max : 1);

			assert_int_equal(expand_into(cases[i].type, cases[i].rdata, cases[i].len,
						     small, max, &unchanged),
					 TERN_ESPACE);
			assert_int_equal(unchanged, 7);
			free(small);
		}
	}
}

static void literal_names_are_not_compressed(void **state)
{
	(void)state;
	size_t n;

	assert_int_equal(expand(TERN_TYPE_SVCB, "\0\1\xc0\x0c", 4, &n), TERN_ERDATA);
	assert_int_equal(expand(TERN_TYPE_NSEC, "\xc0\x0c\0\1\x40", 5, &n), TERN_ERDATA);
	assert_int_equal(expand(TERN_TYPE_LP, "\0\1\1x\xc0\x0c", 6, &n), TERN_ERDATA);
	assert_int_equal(expand(TERN_TYPE_IPSECKEY, "\1\3\2\xc0\x0c", 5, &n), TERN_ERDATA);
}

static void names_end_inside_their_rdata(void **state)
{
	(void)state;
	size_t n;

	/* the pointer's second octet and the label's end lie behind the rdata */
	assert_int_equal(expand(TERN_TYPE_NS, "\xc0", 1, &n), TERN_ERDATA);
	assert_int_equal(expand(TERN_TYPE_NS, "\5ab", 3, &n), TERN_ERDATA);
	/* a pointer to the rdata itself */
	assert_int_equal(expand(TERN_TYPE_NS, "\xc0\x29", 2, &n), TERN_ERDATA);
	/* octets of the next record must not complete the name */
	struct tern_rr_ref rrs[2];
	struct tern_message m;

	o.n = 0;
	add(&o, "\0\0\x80\0\0\1\0\2\0\0\0\0\0\0\1\0\1", 17);
	add(&o, "\0\0\2\0\1\0\0\0\0\0\3\2ns", 14);
	add(&o, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	assert_int_equal(tern_message_parse(o.at, o.n, rrs, 2, &m), TERN_OK);
	assert_int_equal(tern_rdata_expand(&m, &rrs[0], out, sizeof out, &n), TERN_ERDATA);
}

static void canonical_form_lowers_the_listed_names(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
		const char *canonical;
	} cases[] = {
		{TERN_TYPE_NS, SIZED("\2NS\0"), "\2ns\0"},
		{TERN_TYPE_MX, SIZED("AB\2NS\0"), "AB\2ns\0"},
		{TERN_TYPE_SOA, SIZED("\1A\0\1B\0ABCDEFGHIJKLMNOPQRST"),
		 "\1a\0\1b\0ABCDEFGHIJKLMNOPQRST"},
		{TERN_TYPE_NAPTR, SIZED("ABCD\1U\1E\2!!\1X\0"), "ABCD\1U\1E\2!!\1x\0"},
		{TERN_TYPE_RRSIG, SIZED("ABCDEFGHIJKLMNOPQR\1X\0SIG"),
		 "ABCDEFGHIJKLMNOPQR\1x\0SIG"},
		{TERN_TYPE_DNAME, SIZED("\1X\0"), "\1x\0"},
		{TERN_TYPE_NSEC, SIZED("\1X\0\0\1A"), "\1X\0\0\1A"},
		{TERN_TYPE_SVCB, SIZED("\0\1\1X\0"), "\0\1\1X\0"},
		{TERN_TYPE_TXT, SIZED("\1X"), "\1X"},
		{TERN_TYPE_HINFO, SIZED("\1X\1Y"), "\1X\1Y"},
		{65280, SIZED("\1X\0"), "\1X\0"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exact x = exact_copy(cases[i].rdata, cases[i].len);

		tern_rdata_canonicalise(cases[i].type, x.octets, x.len);
		assert_memory_equal(x.octets, cases[i].canonical, x.len);
		exact_free(&x);
	}
}

static void targets(void **state)
{
	(void)state;
	static const uint8_t soa[] = "\0\0"
				     "0123456789abcdefghij";
	static const uint8_t naptr[] = "\0\1\0\2\1s\0\1r\1x";
	static const uint8_t srv[] = "\0\1\0\2\0\3\1x";

	assert_ptr_equal(tern_rdata_target(TERN_TYPE_NS, srv + 6, 3), srv + 6);
	assert_ptr_equal(tern_rdata_target(TERN_TYPE_SRV, srv, 9), srv + 6);
	assert_ptr_equal(tern_rdata_target(TERN_TYPE_MX, srv + 4, 5), srv + 6);
	assert_ptr_equal(tern_rdata_target(TERN_TYPE_SVCB, srv + 4, 5), srv + 6);
	assert_ptr_equal(tern_rdata_target(TERN_TYPE_NAPTR, naptr, 12), naptr + 9);
	assert_null(tern_rdata_target(TERN_TYPE_SOA, soa, 22));
	assert_null(tern_rdata_target(TERN_TYPE_A, srv, 4));
	assert_null(tern_rdata_target(TERN_TYPE_RRSIG, srv, 4));
	assert_null(tern_rdata_target(65280, srv, 4));
}

/* Any octets as rdata of any type: verdicts of both routines agree when nothing is compressed. */
static void random_rdata(void **state)
{
	(void)state;
	uint64_t seed = 21;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct layout_case *c = &layouts[random_under(&seed, ARRAY_LEN(layouts))];
		uint8_t rdata[64];
		size_t n;

		assert_true(c->len <= sizeof rdata);
		memcpy(rdata, c->rdata, c->len);
		for (unsigned hits = 1 + random_under(&seed, 3); hits > 0 && c->len > 0; hits--)
			rdata[random_under(&seed, (unsigned)c->len)] =
				(uint8_t)random_under(&seed, 192);
		enum tern_status st = check(c->type, rdata, c->len);

		st = expected_expansion(c->type, rdata, c->len, st);
		assert_int_equal(expand(c->type, rdata, c->len, &n), st);
		if (st == TERN_OK)
			assert_memory_equal(rdata, out, c->len);
	}
}

/* Packed RRsets. */

static struct tern_rrset set_of(const char *packed, size_t len, uint16_t rr_n, uint16_t sig_n)
{
	return (struct tern_rrset){.owner = tern_name_root,
				   .rdata = (const uint8_t *)packed,
				   .rdata_len = (uint32_t)len,
				   .rr_n = rr_n,
				   .sig_n = sig_n};
}

static void packed_sets_are_walked(void **state)
{
	(void)state;
	struct tern_rrset set = set_of(SIZED("\0\1a\0\0\0\2bc\0\3sig"), 3, 1);
	struct tern_rdata_iter it = tern_rrset_rdatas(&set);
	struct tern_rdata rdata;

	assert_true(tern_rdata_next(&it, &rdata));
	assert_int_equal(rdata.len, 1);
	assert_true(tern_rdata_next(&it, &rdata));
	assert_int_equal(rdata.len, 0);
	assert_true(tern_rdata_next(&it, &rdata));
	assert_memory_equal(rdata.octets, "bc", 2);
	assert_false(tern_rdata_next(&it, &rdata));
	it = tern_rrset_sigs(&set);
	assert_true(tern_rdata_next(&it, &rdata));
	assert_memory_equal(rdata.octets, "sig", 3);
	assert_false(tern_rdata_next(&it, &rdata));
	/* a block that lies about its records */
	set = set_of(SIZED("\0\1a\0\2b"), 9, 0);
	it = tern_rrset_rdatas(&set);
	assert_true(tern_rdata_next(&it, &rdata));
	assert_false(tern_rdata_next(&it, &rdata));
	assert_false(tern_rdata_next(&it, &rdata));
}

static void same_data_ignores_order(void **state)
{
	(void)state;
	struct tern_rrset a = set_of(SIZED("\0\1a\0\1b\0\2cc\0\1s"), 3, 1);
	struct tern_rrset rotated = set_of(SIZED("\0\2cc\0\1a\0\1b"), 3, 0);
	struct tern_rrset reversed = set_of(SIZED("\0\2cc\0\1b\0\1a"), 3, 0);
	struct tern_rrset doubled = set_of(SIZED("\0\2cc\0\1a\0\1a"), 3, 0);
	struct tern_rrset other = set_of(SIZED("\0\2cd\0\1a\0\1b"), 3, 0);
	struct tern_rrset shorter = set_of(SIZED("\0\1a\0\1b"), 2, 0);

	assert_true(tern_rrset_same_data(&a, &a));
	assert_true(tern_rrset_same_data(&a, &rotated));
	assert_true(tern_rrset_same_data(&rotated, &a));
	assert_true(tern_rrset_same_data(&a, &reversed));
	assert_false(tern_rrset_same_data(&a, &doubled));
	assert_false(tern_rrset_same_data(&doubled, &a));
	assert_false(tern_rrset_same_data(&a, &other));
	assert_false(tern_rrset_same_data(&a, &shorter));
	assert_false(tern_rrset_same_data(&shorter, &a));
}

/* Shuffled sets, and with one octet changed, of all sizes up to the limit and one above. */
static void same_data_of_large_sets(void **state)
{
	(void)state;
	static uint8_t a[5 * 4097], b[5 * 4097];
	uint64_t seed = 22;

	for (unsigned n = 2; n <= 4097; n = n == 4096 ? 4097 : n * 2) {
		for (unsigned i = 0; i < n; i++) {
			memcpy(a + 5 * i, "\0\3x", 3);
			put_u16(a + 5 * i + 3, (uint16_t)(i / 2));
		}
		memcpy(b, a, sizeof b);
		for (unsigned i = n - 1; i > 0; i--) {
			unsigned j = random_under(&seed, i + 1);
			uint8_t record[5];

			memcpy(record, b + 5 * i, 5);
			memcpy(b + 5 * i, b + 5 * j, 5);
			memcpy(b + 5 * j, record, 5);
		}
		struct tern_rrset x = set_of((char *)a, 5 * n, (uint16_t)n, 0);
		struct tern_rrset y = set_of((char *)b, 5 * n, (uint16_t)n, 0);

		assert_true(tern_rrset_same_data(&x, &x));
		assert_int_equal(tern_rrset_same_data(&x, &y), n <= 4096);
		b[5 * random_under(&seed, n) + 2] = 'y';
		assert_false(tern_rrset_same_data(&x, &y));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts_of_all_types),
		cmocka_unit_test(cuts_never_overread),
		cmocka_unit_test(unknown_types_are_copied),
		cmocka_unit_test(compressed_names_are_expanded),
		cmocka_unit_test(literal_names_are_not_compressed),
		cmocka_unit_test(names_end_inside_their_rdata),
		cmocka_unit_test(canonical_form_lowers_the_listed_names),
		cmocka_unit_test(targets),
		cmocka_unit_test(random_rdata),
		cmocka_unit_test(packed_sets_are_walked),
		cmocka_unit_test(same_data_ignores_order),
		cmocka_unit_test(same_data_of_large_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
