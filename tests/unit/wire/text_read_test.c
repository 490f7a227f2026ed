/*
 * text_read_test.c - bad text of every type, other ways to write what is good, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_helpers.h"

struct text_case {
	const char *type;
	const char *text;
};

static const struct text_case bad_texts[] = {
	{"A", ""},
	{"A", "192.0.2"},
	{"A", "192.0.2.256"},
	{"A", "192.0.2.1 x"},
	{"A", "\"192.0.2.1\""},
	{"A", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20"},
	{"A", "\\# 3 010203"},
	{"A", "\\# 5 0102030405"},
	{"A", "\\# 4 010203"},
	{"A", "\\# 4 01020304 05"},
	{"A", "\\# 4 0102030"},
	{"A", "\\# 4 010203xx"},
	{"A", "\\# x 01020304"},
	{"A", "\\# 65536 00"},
	{"A", "\\#"},
	{"A", "(192.0.2.1)"},
	{"AAAA", "192.0.2.1"},
	{"AAAA", "2001:db8::1::"},
	{"AAAA", "2001:db8::g"},
	{"NS", ""},
	{"NS", "a..b."},
	{"NS", "a. b."},
	{"NS", "\\999."},
	{"NS", "\\"},
	{"SOA", "a. b. 1 2 3 4"},
	{"SOA", "a. b. 1 2 3 4 5 6"},
	{"SOA", "a. b. 4294967296 2 3 4 5"},
	{"SOA", "a. b. 1 2x 3 4 5"},
	{"SOA", "a. b. 1 99999999w 3 4 5"},
	{"SOA", "a. b. 1h 2 3 4 5"},
	{"NULL", "abc"},
	{"WKS", "1.2.3.4"},
	{"WKS", "1.2.3.4 icmp 5"},
	{"WKS", "1.2.3.4 256 5"},
	{"WKS", "1.2.3.4 6 65536"},
	{"WKS", "1.2.3.4 6 smtp"},
	{"HINFO", "a"},
	{"HINFO", "a b c"},
	{"MX", "10"},
	{"MX", "65536 a."},
	{"MX", "-1 a."},
	{"MX", "a. 10"},
	{"TXT", ""},
	{"TXT", "\"open"},
	{"TXT", "\"open\\\""},
	{"TXT", "a\\25"},
	{"TXT", "a\\256"},
	{"TXT", "\"a\\25\""},
	{"SPF", ""},
	{"RP", "a."},
	{"AFSDB", "1"},
	{"X25", ""},
	{"ISDN", ""},
	{"RT", "a."},
	{"NSAP", "47"},
	{"NSAP", "0x4"},
	{"NSAP", "0x4g"},
	{"NSAP", ""},
	{"SIG", "A 5 2 3600 20240201000000 20240101000000 12345 example.com."},
	{"KEY", "256 3 5"},
	{"PX", "1 a."},
	{"LOC", ""},
	{"LOC", "52 22 23.000 N"},
	{"LOC", "91 N 4 E 0m"},
	{"LOC", "90 0 0.001 N 4 E 0m"},
	{"LOC", "9 60 N 4 E 0m"},
	{"LOC", "9 6 60 N 4 E 0m"},
	{"LOC", "9 6 6.0001 N 4 E 0m"},
	{"LOC", "9 6 6 6 N 4 E 0m"},
	{"LOC", "9 E 4 N 0m"},
	{"LOC", "9 N 181 E 0m"},
	{"LOC", "9 N 4 E"},
	{"LOC", "9 N 4 E x"},
	{"LOC", "9 N 4 E 42849673m"},
	{"LOC", "9 N 4 E -100000.01m"},
	{"LOC", "9 N 4 E 0m 90000001m"},
	{"LOC", "9 N 4 E 0m 1m 1m 1m 1m"},
	{"LOC", "9 N 4 E 0m 1m 1m 1q"},
	{"SRV", "1 2 3"},
	{"NAPTR", "1 2 a b c"},
	{"NAPTR", "1 2 a b a."},
	{"KX", "1"},
	{"CERT", "PKIX 1 8"},
	{"CERT", "PKIY 1 8 AAAA"},
	{"CERT", "PKIX 1 RSA AAAA"},
	{"CERT", "PKIX 1 256 AAAA"},
	{"DNAME", ""},
	{"APL", "1:1.2.3.4"},
	{"APL", "1:1.2.3.4/33"},
	{"APL", "2:::/129"},
	{"APL", "3:1.2.3.4/1"},
	{"APL", "!!1:1.2.3.4/1"},
	{"APL", "1:::/1"},
	{"APL", "1/1"},
	{"APL", "1:/1"},
	{"APL", "1:1.2.3.4/"},
	{"DS", "1 2 3 0"},
	{"DS", "1 2 3 xx"},
	{"DS", "1 2"},
	{"DS", "1 BESTALG 3 00"},
	{"SSHFP", "1 2 0"},
	{"IPSECKEY", "10 4 2 . AAAA"},
	{"IPSECKEY", "10 0 2 a. AAAA"},
	{"IPSECKEY", "10 1 2 . AAAA"},
	{"IPSECKEY", "10 2 2 1.2.3.4 AAAA"},
	{"IPSECKEY", "10 3 2"},
	{"IPSECKEY", "10 0 2"},
	{"IPSECKEY", "10 0 2 . A"},
	{"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com."},
	{"RRSIG", "A 5 3 86400 20030231173103 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 20031301000000 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 20030322240000 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 21070101000000 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 4294967296 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 2003032217310x 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "AA 5 3 86400 20030322173103 20030220173103 2642 example.com. AAAA"},
	{"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. A==="},
	{"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. AA=A"},
	{"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. AAA"},
	{"RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. AA*A"},
	{"NSEC", ""},
	{"NSEC", "a. A BOGUS"},
	{"DNSKEY", "256 3 8"},
	{"DNSKEY", "256 3 8 !!!!"},
	{"DHCID", ""},
	{"NSEC3", "1 0 0 -"},
	{"NSEC3", "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJW"},
	{"NSEC3", "1 0 0 - 2T7B4G"},
	{"NSEC3", "1 0 0 - 2"},
	{"NSEC3", "1 0 0 A 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"},
	{"NSEC3PARAM", "1 0 0"},
	{"NSEC3PARAM", "1 0 0 zz"},
	{"TLSA", "3 1 256 00"},
	{"HIP", "2 00"},
	{"HIP", "2 00 A"},
	{"HIP", "256 00 AAAA"},
	{"HIP", "2 0 AAAA"},
	{"HIP", "2 00 AAAA a..b"},
	{"OPENPGPKEY", ""},
	{"CSYNC", "1"},
	{"ZONEMD", "1 1"},
	{"SVCB", "1"},
	{"SVCB", "65536 ."},
	{"SVCB", "1 . port"},
	{"SVCB", "1 . port="},
	{"SVCB", "1 . port=65536"},
	{"SVCB", "1 . port=x"},
	{"SVCB", "1 . port=53 port=54"},
	{"SVCB", "1 . alpn"},
	{"SVCB", "1 . alpn="},
	{"SVCB", "1 . alpn=\"\""},
	{"SVCB", "1 . alpn=,h2"},
	{"SVCB", "1 . alpn=h2,"},
	{"SVCB", "1 . alpn=\"h2"},
	{"SVCB", "1 . alpn=h2\\\\"},
	{"SVCB", "1 . no-default-alpn"},
	{"SVCB", "1 . alpn=h2 no-default-alpn=x"},
	{"SVCB", "1 . ipv4hint"},
	{"SVCB", "1 . ipv4hint=1.2.3"},
	{"SVCB", "1 . ipv4hint=1.2.3.4,"},
	{"SVCB", "1 . ipv6hint=1.2.3.4"},
	{"SVCB", "1 . ech"},
	{"SVCB", "1 . ech=A"},
	{"SVCB", "1 . dohpath"},
	{"SVCB", "1 . ohttp=x"},
	{"SVCB", "1 . mandatory"},
	{"SVCB", "1 . mandatory=alpn"},
	{"SVCB", "1 . mandatory=mandatory"},
	{"SVCB", "1 . alpn=h2 mandatory=alpn,alpn"},
	{"SVCB", "1 . alpn=h2 mandatory=alpn,"},
	{"SVCB", "1 . alpn=h2 mandatory=bogus"},
	{"SVCB", "1 . alpn=h2 mandatory=alpn,mandatory"},
	{"SVCB", "1 . bogus=1"},
	{"SVCB", "1 . ALPN=h2"},
	{"SVCB", "1 . key3=53x"},
	{"SVCB", "1 . key1=h2"},
	{"SVCB", "1 . key"},
	{"SVCB", "1 . key01=x"},
	{"SVCB", "1 . key65535=x"},
	{"SVCB", "1 . key65536=x"},
	{"SVCB", "1 . key1=h2 alpn=h3"},
	{"SVCB", "1 . \"alpn=h2\""},
	{"SVCB", "1 . =x"},
	{"NID", "1 14:4fff:ff20"},
	{"NID", "1 14:4fff:ff20:ee64:1"},
	{"NID", "1 14:4fff:ff20:ee64x"},
	{"NID", "1 14:14fff:ff20:ee64"},
	{"NID", "1 14::ff20:ee64"},
	{"L32", "1 ::1"},
	{"L64", "1"},
	{"LP", "1"},
	{"EUI48", "00-00-5e-00-53"},
	{"EUI48", "00-00-5e-00-53-2"},
	{"EUI48", "00:00:5e:00:53:2a"},
	{"EUI48", "00-00-5e-00-53-2a-00"},
	{"EUI64", "00-00-5e-00-53-2a"},
	{"URI", "1 2"},
	{"CAA", "0 issue"},
	{"CAA", "0 is.sue x"},
	{"CAA", "0 \"\" x"},
	{"CAA", "256 issue x"},
	{"TYPE65280", "00"},
	{"TYPE65280", "\\# 1"},
};

static void bad_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++) {
		const char *error = NULL;
		size_t len = 4711;
		enum tern_status st =
			read_text(type_of(bad_texts[i].type), bad_texts[i].text, &len, &error);

		if (st == TERN_OK)
			fail_msg("accepted: %s %s", bad_texts[i].type, bad_texts[i].text);
		assert_true(st == TERN_ETEXT);
		assert_non_null(error);
		assert_int_equal(len, 4711);
	}
}

struct same_case {
	const char *type;
	const char *text;
	const char *printed;
};

static void other_ways_to_write(void **state)
{
	(void)state;
	static const struct same_case cases[] = {
		{"A", "  192.0.2.1\t; comment", "192.0.2.1"},
		{"NS", "ns", "ns."},
		{"NS", "@", "."},
		{"NS", "\\@", "\\@."},
		{"MX", "0010 a\\ b.", "10 a\\032b."},
		{"SOA", "a. b. 1 2h 1d2h 1w 90s", "a. b. 1 7200 93600 604800 90"},
		{"TXT", "unquoted", "\"unquoted\""},
		{"TXT", "a;b", "\"a\""},
		{"TXT", "a\\;b", "\"a;b\""},
		{"TXT", "\"a;(b)\"c", "\"a;(b)\" \"c\""},
		{"TXT", "\"\\097\\b\"", "\"ab\""},
		{"TXT", "\xc3\xa9", "\"\\195\\169\""},
		{"RRSIG", "TYPE1 rsasha256 1 2 0 4294967295 3 a. A A= =",
		 "A 8 1 2 19700101000000 21060207062815 3 a. AA=="},
		{"DNSKEY", "257 3 ecdsap256sha256 AQ ==", "257 3 13 AQ=="},
		{"DS", "1 ED25519 2 0 0 0a", "1 15 2 000A"},
		{"DS", "1 2 3", "1 2 3"},
		{"NSEC", "a. TYPE65535 aaaa A A", "a. A AAAA TYPE65535"},
		{"NSEC3", "1 0 0 ab 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
		 "1 0 0 AB 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"},
		{"WKS", "1.2.3.4 TCP 80 25", "1.2.3.4 6 25 80"},
		{"WKS", "1.2.3.4 udp", "1.2.3.4 17"},
		{"APL", "", ""},
		{"APL", "1:0.0.0.0/0 !2:::/0", "1:0.0.0.0/0 !2:::/0"},
		{"NSAP", "0x47.0005.80", "0x47000580"},
		{"NSAP", "0X4.7", "0x47"},
		{"NSAP", "0x", "0x"},
		{"IPSECKEY", "1 0 0 .", "1 0 0 ."},
		{"LOC", "9 N 4 w 0", "9 0 0.000 N 4 0 0.000 W 0.00m 1m 10000m 10m"},
		{"LOC", "9 6 6.5 s 4 5 e +1.5 0 90000000 0.09",
		 "9 6 6.500 S 4 5 0.000 E 1.50m 0.00m 90000000m 0.09m"},
		{"LOC", "90 S 180 W -100000m",
		 "90 0 0.000 S 180 0 0.000 W -100000.00m 1m 10000m 10m"},
		{"LOC", "0 N 0 E 42849672.95m 0.9m",
		 "0 0 0.000 N 0 0 0.000 E 42849672.95m 0.90m 10000m 10m"},
		{"CERT", "1 2 3 AAAA", "PKIX 2 3 AAAA"},
		{"CERT", "uri 2 ed448 AAAA", "URI 2 16 AAAA"},
		{"EUI48", "00-00-5E-00-53-2A", "00-00-5e-00-53-2a"},
		{"NID", "1 0:0:0:0", "1 0:0:0:0"},
		{"CAA", "0 issue \";\"", "0 issue \";\""},
		{"CAA", "0 issue letsencrypt.org", "0 issue \"letsencrypt.org\""},
		{"URI", "1 2 \"a\\\"b\"", "1 2 \"a\\\"b\""},
		{"SVCB", "1 . port=\"53\" alpn=h2", "1 . alpn=\"h2\" port=53"},
		{"SVCB", "1 . key3=\\0005 key1=\\002h2", "1 . alpn=\"h2\" port=53"},
		{"SVCB", "1 . key9 key10=\"\" key11=", "1 . key9 key10 key11"},
		{"SVCB", "1 . ohttp", "1 . ohttp"},
		{"SVCB", "1 . alpn=a\\044b", "1 . alpn=\"a,b\""},
		{"SVCB", "1 . alpn=a\\\\,b", "1 . alpn=\"a\\\\,b\""},
		{"SVCB", "1 . alpn=\"\\255\\000\"", "1 . alpn=\"\\255\\000\""},
		{"SVCB", "1 . alpn=h2 port=1 mandatory=port,alpn",
		 "1 . mandatory=alpn,port alpn=\"h2\" port=1"},
		{"HTTPS", "1 . key65534=z key65533=y ipv6hint=::1 port=1 ipv4hint=1.2.3.4",
		 "1 . port=1 ipv4hint=1.2.3.4 ipv6hint=::1 key65533=\"y\" key65534=\"z\""},
		{"TYPE65280", "\\# 0", "\\# 0"},
		{"TYPE65280", "\\# 2 a b c d", "\\# 2 ABCD"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *error = NULL;
		uint16_t type = type_of(cases[i].type);
		size_t len;
		enum tern_status st = read_text(type, cases[i].text, &len, &error);

		if (st != TERN_OK)
			fail_msg("%s %s: expected %s", cases[i].type, cases[i].text, error);
		assert_string_equal(write_text(type, wire, len), cases[i].printed);
	}
}

static void names_end_in_the_origin(void **state)
{
	(void)state;
	uint8_t origin[TERN_NAME_MAX];
	size_t len;
	char longest[300];

	wire_name(origin, "example.com");
	assert_int_equal(tern_rdata_from_text(TERN_TYPE_SOA, "ns @ 1 2 3 4 5", origin, wire,
					      sizeof wire, &len, NULL),
			 TERN_OK);
	assert_memory_equal(wire, "\2ns\7example\3com\0\7example\3com\0", 29);
	assert_int_equal(tern_rdata_from_text(TERN_TYPE_HIP, "2 00 AAAA rvs", origin, wire,
					      sizeof wire, &len, NULL),
			 TERN_OK);
	assert_memory_equal(wire + 8, "\3rvs\7example", 12);

	memset(longest, 'a', sizeof longest);
	longest[63] = longest[127] = longest[191] = '.';
	longest[192 + 49] = '\0';
	assert_int_equal(
		tern_rdata_from_text(TERN_TYPE_NS, longest, origin, wire, sizeof wire, &len, NULL),
		TERN_OK);
	assert_int_equal(len, 255);
	longest[192 + 49] = 'a';
	longest[192 + 50] = '\0';
	assert_int_equal(
		tern_rdata_from_text(TERN_TYPE_NS, longest, origin, wire, sizeof wire, &len, NULL),
		TERN_ENAME);
	longest[63] = 'a';
	assert_int_equal(
		tern_rdata_from_text(TERN_TYPE_NS, longest, origin, wire, sizeof wire, &len, NULL),
		TERN_ELABEL);
}

static void strings_of_255_octets(void **state)
{
	(void)state;
	char line[400];
	size_t len;

	memset(line, 'x', sizeof line);
	line[255] = '\0';
	assert_int_equal(read_text(TERN_TYPE_TXT, line, &len, NULL), TERN_OK);
	assert_int_equal(len, 256);
	line[255] = 'x';
	line[256] = '\0';
	assert_int_equal(read_text(TERN_TYPE_TXT, line, &len, NULL), TERN_ETEXT);
	/* URI's target is no character-string */
	line[256] = 'x';
	memcpy(line, "1 2 ", 4);
	line[399] = '\0';
	assert_int_equal(read_text(TERN_TYPE_URI, line, &len, NULL), TERN_OK);
	assert_int_equal(len, 4 + 395);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(other_ways_to_write),
		cmocka_unit_test(names_end_in_the_origin),
		cmocka_unit_test(strings_of_255_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
