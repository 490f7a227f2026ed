/* lease_list_test.c - files of leases of every kind: good ones, odd ones, and what is none. */
#include "../names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/lease_list.h"

#define NOW 1800000000

static struct lease_list list;
static const struct lease_clock now = {NOW, 1000};

static int open_list(void **state)
{
	(void)state;
	lease_list_init(&list);
	return 0;
}

static int close_list(void **state)
{
	(void)state;
	lease_list_free(&list);
	return 0;
}

static void read_octets(enum lease_format format, const char *text, size_t len)
{
	/* Of the exact size, so that an overrun is seen. */
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	assert_true(lease_list_read(&list, format, copy, len, &now));
	free(copy);
}

static void read_text(enum lease_format format, const char *text)
{
	read_octets(format, text, strlen(text));
}

static const struct lease *of(const char *address)
{
	uint8_t octets[16];
	size_t len = inet_pton(AF_INET, address, octets) == 1 ? 4 : 16;

	if (len == 16)
		assert_int_equal(inet_pton(AF_INET6, address, octets), 1);
	for (unsigned i = 0; i < list.n; i++) {
		if (list.leases[i].address_len == len &&
		    memcmp(list.leases[i].address, octets, len) == 0)
			return &list.leases[i];
	}
	fail_msg("no lease of %s", address);
	return NULL;
}

static void assert_lease(const char *address, const char *hostname, int64_t until_s)
{
	const struct lease *l = of(address);

	assert_int_equal(l->hostname_len, strlen(hostname));
	assert_memory_equal(l->hostname_len ? l->hostname : (const uint8_t *)"", hostname,
			    l->hostname_len);
	assert_int_equal(l->until_s, until_s);
	assert_false(l->ended);
}

static void assert_octets(const uint8_t *octets, size_t len, const char *hex)
{
	assert_int_equal(2 * len, strlen(hex));
	for (size_t i = 0; i < len; i++) {
		char two[3];

		snprintf(two, sizeof two, "%02x", octets[i]);
		assert_memory_equal(two, hex + 2 * i, 2);
	}
}

static void assert_bad(unsigned n, unsigned line, const char *why)
{
	assert_int_equal(list.bad_n, n);
	assert_int_equal(list.bad[0].line, line);
	assert_string_equal(list.bad[0].why, why);
}

static void dnsmasq(void **state)
{
	(void)state;
	read_text(LEASE_DNSMASQ,
		  "1800003600 02:00:00:00:00:01 192.168.1.10 host 01:02:00:00:00:00:01\n"
		  "0 06-02:00:00:00:00:02 192.168.1.11 * *\r\n"
		  "3600 02:00:00:00:00:03 192.168.1.12 no-clock *\n"
		  "duid 00:01:00:01:2c:aa:bb:cc:02:00:00:00:00:ff\n"
		  "1800003600 T123 fd00::10 host6 00:03:00:01:02:00:00:00:00:01\n");
	assert_int_equal(list.bad_n, 0);
	assert_int_equal(list.n, 4);
	assert_lease("192.168.1.10", "host", 1800003600);
	assert_octets(of("192.168.1.10")->mac, of("192.168.1.10")->mac_len, "020000000001");
	assert_octets(of("192.168.1.10")->id, of("192.168.1.10")->id_len, "01020000000001");
	assert_lease("192.168.1.11", "", LEASE_FOR_EVER);
	assert_octets(of("192.168.1.11")->mac, of("192.168.1.11")->mac_len, "020000000002");
	assert_lease("192.168.1.12", "no-clock", LEASE_FOR_EVER);
	assert_lease("fd00::10", "host6", 1800003600);
	assert_octets(of("fd00::10")->id, of("fd00::10")->id_len, "00030001020000000001");
	assert_int_equal(of("fd00::10")->mac_len, 0);
}

static void bad_lines_of_dnsmasq(void **state)
{
	(void)state;
	read_text(LEASE_DNSMASQ, "x y z\n1800003600 02:00:00:00:00:01 192.168.1 host *\n"
				 "1800003600 02:00:00:00:00:01 192.168.1.10 host\n"
				 "99999999999999999999 02:00:00:00:00:01 192.168.1.11 a *\n"
				 "\n1800003600 zz 192.168.1.12 b xyz\n  \t ");
	assert_bad(4, 1, "expected the end of a lease");
	assert_int_equal(list.bad[1].line, 2);
	assert_string_equal(list.bad[1].why, "expected an address");
	assert_string_equal(list.bad[2].why, "expected a name and a client");
	assert_int_equal(list.n, 1);
	assert_lease("192.168.1.12", "b", 1800003600);
	assert_int_equal(of("192.168.1.12")->mac_len + of("192.168.1.12")->id_len, 0);
}

static void isc(void **state)
{
	(void)state;
	read_text(LEASE_ISC,
		  "# The format of this file is documented in dhcpd.leases(5).\n"
		  "authoring-byte-order little-endian;\n"
		  "server-duid \"\\000\\001\\000\\001-\\\"x\";\n\n"
		  "failover peer \"x\" state {\n  my state normal at 4 2026/01/01 00:00:00;\n}\n"
		  "lease 192.168.1.10 {\n  starts 5 2027/01/15 08:00:00;\n"
		  "  ends 5 2027/01/15 09:00:00;\n  cltt 5 2027/01/15 08:00:00;\n"
		  "  binding state active;\n  next binding state free;\n"
		  "  rewind binding state free;\n  hardware ethernet 02:00:00:00:00:01;\n"
		  "  uid \"\\001\\002\\000\\000\\000\\000\\001\";\n"
		  "  set vendor = \"a;}b\";\n  client-hostname \"host\";\n"
		  "  on expiry { set x = \"1\"; if y { log; } }\n}\n"
		  "lease 192.168.1.11 { ends never; binding state active; }\n"
		  "lease 192.168.1.12 { ends epoch 1800003600; # later\n binding state active; }\n"
		  "lease 192.168.1.13 { ends 5 2027/01/15 09:00:00; binding state active; }\n"
		  "lease 192.168.1.13 { ends 5 2027/01/15 08:30:00; binding state free; }\n"
		  "ia-na "
		  "\"\\001\\002\\003\\004\\000\\003\\000\\001\\002\\000\\000\\000\\000\\001\" {\n"
		  "  cltt 5 2027/01/15 08:00:00;\n  iaaddr fd00::10 {\n"
		  "    binding state active;\n    preferred-life 375;\n    max-life 600;\n"
		  "    ends 5 2027/01/15 09:00:00;\n"
		  "    set ddns-fwd-name = \"host.lan\";\n  }\n}\n"
		  "ia-pd \"\\001\" { iaprefix fd01::/64 { binding state active; } }\n");
	assert_int_equal(list.bad_n, 0);
	assert_int_equal(list.n, 5);
	assert_lease("192.168.1.10", "host", 1800003600);
	assert_int_equal(of("192.168.1.10")->since_s, 1800000000);
	assert_octets(of("192.168.1.10")->mac, of("192.168.1.10")->mac_len, "020000000001");
	assert_octets(of("192.168.1.10")->id, of("192.168.1.10")->id_len, "01020000000001");
	assert_lease("192.168.1.11", "", LEASE_FOR_EVER);
	assert_lease("192.168.1.12", "", 1800003600);
	assert_true(of("192.168.1.13")->ended);
	assert_lease("fd00::10", "host.lan", 1800003600);
	assert_octets(of("fd00::10")->id, of("fd00::10")->id_len, "00030001020000000001");
}

static void broken_log_of_isc(void **state)
{
	(void)state;
	/* What a statement lacks is not taken from the one before. */
	read_text(LEASE_ISC, "lease 192.168.1.8 { ends never; binding state active; x y "
			     "02:00:00:00:00:09; hardware ethernet; x y z 1; client-hostname; }");
	assert_int_equal(of("192.168.1.8")->mac_len, 0);
	lease_list_free(&list);
	lease_list_init(&list);
	read_text(LEASE_ISC, "lease 192.168.1.300 { binding state active; }\n"
			     "lease 192.168.1.9 { ends someday; binding state active; }\n}\n"
			     "lease 192.168.1.10 {\n ends never;\n client-hostname \"cut");
	assert_bad(4, 1, "expected an address");
	assert_string_equal(list.bad[1].why, "expected a time");
	assert_string_equal(list.bad[2].why, "expected a statement");
	assert_int_equal(list.n, 1);
	assert_int_equal(of("192.168.1.9")->until_s, 0);
}

#define KEA4                                                                                       \
	"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,"     \
	"state,user_context\n"
#define KEA6                                                                                       \
	"address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,"   \
	"fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source\n"

static void kea(void **state)
{
	(void)state;
	read_text(
		LEASE_KEA, KEA4
		"192.168.1.10,02:00:00:00:00:01,01:02:00:00:00:00:01,3600,1800000100,1,0,0,old,0,\n"
		"192.168.1.11,02:00:00:00:00:02,,3600,1800003600,1,0,0,gone,0,\n"
		"192.168.1.10,02:00:00:00:00:01,01:02:00:00:00:00:01,3600,1800003600,1,0,0,"
		"a&#x2cb.lan.,0,{ \"x\": 1 }\n"
		"192.168.1.11,02:00:00:00:00:02,,0,1800003600,1,0,0,gone,0,\n"
		"192.168.1.12,,,3600,1800003600,1,0,0,declined,1,\n"
		"192.168.1.13,,,4294967295,6094967295,1,0,0,ever,0,\n");
	assert_int_equal(list.bad_n, 0);
	assert_int_equal(list.n, 4);
	assert_lease("192.168.1.10", "a,b.lan.", 1800003600);
	assert_int_equal(of("192.168.1.10")->since_s, 1800000000);
	assert_octets(of("192.168.1.10")->mac, of("192.168.1.10")->mac_len, "020000000001");
	assert_true(of("192.168.1.11")->ended);
	assert_true(of("192.168.1.12")->ended);
	assert_lease("192.168.1.13", "ever", LEASE_FOR_EVER);
	read_text(
		LEASE_KEA, KEA6
		"fd00::10,00:03:00:01:02:00:00:00:00:01,3600,1800003600,1,1800,0,7,128,0,0,host,"
		"02:00:00:00:00:01,0,,1,2\n"
		"fd01::,00:03:00:01:02:00:00:00:00:01,3600,1800003600,1,1800,2,7,64,0,0,,,0,,,\n");
	assert_int_equal(list.bad_n, 0);
	assert_int_equal(list.n, 5);
	assert_lease("fd00::10", "host", 1800003600);
	assert_octets(of("fd00::10")->id, of("fd00::10")->id_len, "00030001020000000001");
}

static void bad_rows_of_kea(void **state)
{
	(void)state;
	read_text(LEASE_KEA, KEA4 "192.168.1.10,,,3600,1800003600,1,0,0\n"
				  "x,,,3600,1800003600,1,0,0,a,0,\n"
				  "192.168.1.11,,,soon,1800003600,1,0,0,a,0,\n"
				  "192.168.1.12,,,3600,1800003600,1,0,0,a,0,\n");
	assert_bad(3, 2, "the row does not have all columns");
	assert_string_equal(list.bad[1].why, "expected an address");
	assert_string_equal(list.bad[2].why, "expected numbers for times and state");
	assert_int_equal(list.n, 1);
}

static void kea_without_header(void **state)
{
	(void)state;
	read_text(LEASE_KEA, "192.168.1.12,,,3600,1800003600,1,0,0,a,0,\n"
			     "192.168.1.13,,,3600,1800003600,1,0,0,a,0,\n");
	assert_int_equal(list.bad[0].line, 1);
	assert_string_equal(list.bad[0].why, "expected the names of columns");
	assert_int_equal(list.n, 0);
}

static void odhcpd(void **state)
{
	(void)state;
	read_text(
		LEASE_ODHCPD,
		"# br-lan 00030001020000000001 1a2b3c host 1800003600 10 128 fd00::10/128 "
		"fd01::10/128\nfd00::10\thost.lan\thost\n"
		"# br-lan 020000000001 ipv4 host 1800003600 c0a8010a 32 192.168.1.10/32\n"
		"192.168.1.10\thost.lan\thost\n"
		"# br-lan 020000000002 ipv4 broken\\x20a_b 1800003600 c0a8010b 32 192.168.1.11/32\n"
		"# br-lan 020000000003 ipv4 - -1 c0a8010c 32 192.168.1.12/32\n"
		"# br-lan 020000000004 ipv4 over 0 c0a8010d 32 192.168.1.13/32\n"
		"# br-lan 00030001020000000001 1a2b3c host 1800003600 10 62 fd02::/62\n");
	assert_int_equal(list.bad_n, 0);
	assert_int_equal(list.n, 6);
	assert_lease("fd00::10", "host", 1800003600);
	assert_lease("fd01::10", "host", 1800003600);
	assert_octets(of("fd01::10")->id, of("fd01::10")->id_len, "00030001020000000001");
	assert_lease("192.168.1.10", "host", 1800003600);
	assert_octets(of("192.168.1.10")->mac, of("192.168.1.10")->mac_len, "020000000001");
	assert_lease("192.168.1.11", "a_b", 1800003600);
	assert_lease("192.168.1.12", "", LEASE_FOR_EVER);
	assert_true(of("192.168.1.13")->ended);
}

static void bad_lines_of_odhcpd(void **state)
{
	(void)state;
	read_text(LEASE_ODHCPD, "# br-lan x\n# a b ipv4 h soon 1 32 192.168.1.1/32\n"
				"# a b ipv4 h -1 1 32 192.168.1.1/32 192.168.1/32\n");
	assert_bad(3, 1, "expected seven words and addresses");
	assert_string_equal(list.bad[1].why, "expected an end and a length");
	assert_string_equal(list.bad[2].why, "expected an address");
	assert_int_equal(list.n, 1);
}

static void networkd(void **state)
{
	(void)state;
	read_text(LEASE_NETWORKD,
		  "{\"BootID\":\"x\",\"Address\":[192,168,1,1],\"PrefixLength\":24,\"Leases\":["
		  "{\"ClientId\":[1,2,0,0,0,0,1],\"Address\":[192,168,1,10],\"Hostname\":\"host\","
		  "\"HardwareAddressType\":1,\"HardwareAddress\":[2,0,0,0,0,9],"
		  "\"ExpirationUSec\":5,\"ExpirationRealtimeUSec\":1800003600000000},"
		  "{\"ClientId\":[1,2,0,0,0,0,2],\"Address\":[192,168,1,11]},"
		  "{\"Hostname\":\"none\"},{\"Address\":[192,168,1,300]},7]}");
	assert_bad(3, 0, "a lease has no Address");
	assert_int_equal(list.n, 2);
	assert_lease("192.168.1.10", "host", 1800003600);
	assert_octets(of("192.168.1.10")->mac, of("192.168.1.10")->mac_len, "020000000009");
	assert_lease("192.168.1.11", "", LEASE_FOR_EVER);
	assert_octets(of("192.168.1.11")->mac, of("192.168.1.11")->mac_len, "020000000002");
	/* As version 256 wrote it, by the clock that begins with the machine. */
	read_text(LEASE_NETWORKD, "[{\"ClientId\":[1],\"Address\":[192,168,1,12],"
				  "\"Hostname\":\"b\",\"ExpirationUSec\":1600000000}]");
	assert_lease("192.168.1.12", "b", NOW + 600);
}

static void networkd_that_is_none(void **state)
{
	(void)state;
	read_text(LEASE_NETWORKD, "");
	read_text(LEASE_NETWORKD, "{}");
	assert_int_equal(list.bad_n, 0);
	read_text(LEASE_NETWORKD, "{\"Leases\": [{\"Addr");
	assert_bad(1, 1, "the file is not JSON");
	read_text(LEASE_NETWORKD, "{\"Leases\": 3}");
	assert_string_equal(list.bad[1].why, "expected a list of leases");
	assert_int_equal(list.n, 0);
}

static const enum lease_format formats[] = {LEASE_DNSMASQ, LEASE_ISC, LEASE_KEA, LEASE_ODHCPD,
					    LEASE_NETWORKD};

/* Octets of all kinds, a line of 10 MiB, and many a NUL. */
static void what_is_no_text_harms_nobody(void **state)
{
	size_t len = 10u << 20;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	for (unsigned f = 0; f < ARRAY_LEN(formats); f++) {
		for (size_t i = 0; i < 65536; i++)
			text[i] = (char)(i * 7919 >> 5);
		read_octets(formats[f], text, 65536);
		memset(text, 'x', len);
		memcpy(text, "lease 1", 7);
		read_octets(formats[f], text, len);
		memset(text, 0, len);
		read_octets(formats[f], text, 65536);
		assert_int_equal(list.n, 0);
	}
	assert_true(list.bad_n > 3);
	free(text);
}

/* Of a file that is cut anywhere, what is whole is read, and nothing is read beyond. */
static void cut_anywhere(void **state)
{
	static const char *const texts[] = {
		"1800003600 02:00:00:00:00:01 192.168.1.10 host 01:02:00:00:00:00:01\n",
		"lease 192.168.1.10 {\n ends 5 2027/01/15 09:00:00;\n uid \"\\001\\002\";\n"
		" binding state active; hardware ethernet 02:0:0:0:0:1;\n}\n",
		KEA4 "192.168.1.10,02:00:00:00:00:01,01:02,3600,1800003600,1,0,0,h&#x2c,0,\n",
		"# br-lan 020000000001 ipv4 host 1800003600 c0a8010a 32 192.168.1.10/32\n",
		"[{\"Address\":[192,168,1,12],\"ExpirationUSec\":1600000000}]"};

	(void)state;
	for (unsigned f = 0; f < ARRAY_LEN(formats); f++) {
		for (size_t len = 0; len <= strlen(texts[f]); len++) {
			lease_list_free(&list);
			lease_list_init(&list);
			read_octets(formats[f], texts[f], len);
		}
		assert_int_equal(list.n, 1);
	}
}

static void many(void **state)
{
	size_t max = 100000 * 80, len = 0;
	char *text = malloc(max);

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 100000; i++)
		len += (size_t)snprintf(text + len, max - len,
					"1800003600 02:00:00:00:00:01 10.%u.%u.%u h%u *\n", i >> 16,
					i >> 8 & 255, i & 255, i % 50000);
	read_octets(LEASE_DNSMASQ, text, len);
	read_octets(LEASE_DNSMASQ, text, len);
	assert_int_equal(list.n, 100000);
	assert_int_equal(list.bad_n, 0);
	free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_list, close_list)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dnsmasq),
		TEST(bad_lines_of_dnsmasq),
		TEST(isc),
		TEST(broken_log_of_isc),
		TEST(kea),
		TEST(bad_rows_of_kea),
		TEST(kea_without_header),
		TEST(odhcpd),
		TEST(bad_lines_of_odhcpd),
		TEST(networkd),
		TEST(networkd_that_is_none),
		TEST(what_is_no_text_harms_nobody),
		TEST(cut_anywhere),
		TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
