/* config_refusal_test.c - every kind of bad configuration by the message that it gets, and limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "worker/worker.h"

#define ERROR_MAX 4096

static char error[ERROR_MAX];

static struct config *parse(const char *text)
{
	return config_parse(text, strlen(text), "t", error, sizeof(error));
}

/* clang-format off: text and complaint side by side */
static const struct {
	const char *text, *expected;
} refusals[] = {
	/* keys */
	{"server:\n  listne: [\"::1\"]",
	 "t:2: server.listne: unknown key, the nearest is server.listen"},
	{"\n\nsevrer: {}", "t:3: sevrer: unknown key, the nearest is server"},
	{"listen: [\"::1\"]", "t:1: listen: unknown key, the nearest is server.listen"},
	{"server: {size: 1GiB}", "t:1: server.size: unknown key, the nearest is cache.size"},
	{"cache: {max_ttl: 1d}", "t:1: cache.max_ttl: unknown key, the nearest is cache.max-ttl"},
	{"lists: [{name: a, url: \"ftp://x\"}]", "t:1: lists[0].url: expected https:// or http://"},
	{"lists: [{name: a, url: \"https://u:p@x/\"}]",
	 "t:1: lists[0].url: expected no user in the URL"},
	{"lists: [{name: a, url: \"https:///x\"}]",
	 "t:1: lists[0].url: expected the name of a host or an address"},
	{"lists: [{name: a, url: \"https://x:0/\"}]",
	 "t:1: lists[0].url: expected a port from 1 to 65535, or / behind the host"},
	{"lists: [{name: a, url: \"https://x\", file: y}]",
	 "t:1: lists[0].file: expected either it or url"},
	{"lists: [{name: a, url: \"http://x\", ca: y}]",
	 "t:1: lists[0].ca: expected with a url of https only"},
	{"lists: [{name: a, url: \"https://x\", refresh: 59s}]",
	 "t:1: lists[0].refresh: expected a duration of whole seconds from 60s to 31536000s "
	 "(number "
	 "with ms, s, m, h or d), found \"59s\""},
	{"lists: [{name: ads}]", "t:1: lists[0].file: expected either it or url"},
	{"lists: [{name: a, file: b, action: maybe}]",
	 "t:1: lists[0].action: expected nxdomain, nodata, null, refuse, drop or addresses"},
	{"server: {memory: auto}", "t:1: server.memory: not supported by this version"},
	{"forward-zones: [{name: a, addresses: [192.0.2.1]}, {name: b, url: x, addresses: "
	 "[192.0.2.1]}]",
	 "t:1: forward-zones[1].url: expected one of https"},
	{"server: {lists: 1}", "t:1: server.lists: unknown key, the nearest is lists"},
	{"Server: {}", "t:1: Server: unknown key, the nearest is server"},
	{"stub-zones: [{name: a, adresses: [192.0.2.1]}]",
	 "t:1: stub-zones[0].adresses: unknown key, the nearest is stub-zones[0].addresses"},
	{"stub-zones: [{name: a, addresses: [192.0.2.1], tls: true}]",
	 "t:1: stub-zones[0].tls: unknown key"},
	{"\"a\\nb\\0c\": 1", "t:1: a\\010b\\000c: unknown key"},
	{"server: {user: a,\n user: b}", "t:2: server.user: duplicate key, first given in line 1"},
	{"cache: {}\nserver: {}\ncache: {}", "t:3: cache: duplicate key, first given in line 1"},
	{"<<: {a: b}", "t:1: <<: YAML merge keys are not accepted"},
	{"[a]: b", "t:1: expected a key, found a list"},
	{"{a: b}: c", "t:1: expected a key, found a mapping"},
	{"forward-zones:\n- {name: a}", "t:2: forward-zones[0].addresses: is missing"},
	{"forward-zones:\n- {addresses: [192.0.2.1]}", "t:2: forward-zones[0].name: is missing"},
	{"leases: [{file: /l, format: dnsmasq}]", "t:1: leases[0].domain: is missing"},
	{"leases: [{file: /l, format: dnsmask, domain: lan}]",
	 "t:1: leases[0].format: expected dnsmasq, isc, kea, odhcpd or networkd"},
	{"leases: [{file: /l, format: isc, domain: .}]",
	 "t:1: leases[0].domain: expected a name that is neither the root, localhost nor a "
	 "reverse zone"},
	{"leases: [{file: /l, format: isc, domain: x.Localhost}]",
	 "t:1: leases[0].domain: expected a name that is neither"},
	{"leases: [{file: /l, format: isc, domain: 168.192.in-addr.arpa}]",
	 "t:1: leases[0].domain: expected a name that is neither"},
	{"leases: [{file: \"\", format: isc, domain: lan}]",
	 "t:1: leases[0].file: expected a path"},
	{"forward-zones: [~]", "t:1: forward-zones[0].name: is missing"},
	/* YAML itself */
	{"server: &x {}", "t:1: server: YAML anchors are not accepted"},
	{"server: {user: &x a}", "t:1: server.user: YAML anchors are not accepted"},
	{"access: {allow: &x []}", "t:1: access.allow: YAML anchors are not accepted"},
	{"server: &x {}\ncache: *x", "t:2: cache: YAML aliases are not accepted"},
	{"server: {user: &x a, identity: *x}",
	 "t:1: server.identity: YAML aliases are not accepted"},
	{"server: !!map {}", "t:1: server: YAML tags are not accepted"},
	{"resolver: {ipv4: !!bool true}", "t:1: resolver.ipv4: YAML tags are not accepted"},
	{"server: {}\n---\ncache: {}", "t:2: expected one YAML document, found another"},
	{"server: {}\n...\n---\n", "t:3: expected one YAML document, found another"},
	{"server:\n\tuser: a",
	 "t:2: server: not valid YAML: the line is indented by a tab; only spaces may indent"},
	{"server:\n  user: a\n \tversion: b",
	 "t:3: server.user: not valid YAML: the line is indented"},
	{"include: a.yaml", "t:1: include: is known in files only"},
	{"include: {a: b}", "t:1: include: expected a path or a list of paths, found a mapping"},
	{"server: {", "t:2: server: not valid YAML"},
	{"server: [a: b", "t:1: server: "},
	{"- server", "t:1: expected a mapping of keys, found a list"},
	{"server", "t:1: expected a mapping of keys, found one value"},
	{"server: {\n  user: \"\xff\"}", "t:2: expected UTF-8 text"},
	{"\xff\xfes\0e", "t:1: expected UTF-8 text"},
	{"a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", "t:1: a: nested deeper than 10"},
	{"a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}",
	 "t:1: a: nested deeper than 10"},
	/* kinds */
	{"server: 5", "t:1: server: expected a mapping of keys, found one value"},
	{"server: [a]", "t:1: server: expected a mapping of keys, found a list"},
	{"server: {listen: 127.0.0.1}", "t:1: server.listen: expected a list, found one value"},
	{"server: {listen: {a: b}}", "t:1: server.listen: expected a list, found a mapping"},
	{"server: {listen: }", "t:1: server.listen: expected a list"},
	{"server: {user: [a]}", "t:1: server.user: expected at most 255 octets of text without "
				"control characters, found a list"},
	{"server: {user: }", "t:1: server.user: expected at most 255 octets of text without "
			     "control characters, found nothing"},
	{"server: {user: null}", "t:1: server.user: expected at most 255 octets"},
	{"access: {allow: [[10.0.0.0/8]]}",
	 "t:1: access.allow[0]: expected connected, a network, ADDR/BITS "
	 "with all host bits 0, or ADDR, found a list"},
	{"stub-zones: [a]", "t:1: stub-zones[0]: expected a mapping of keys, found one value"},
	{"stub-zones: {name: a}", "t:1: stub-zones: expected a list, found a mapping"},
	/* values */
	{"resolver: {ipv4: yes}",
	 "t:1: resolver.ipv4: expected true or false (without quotes), found \"yes\""},
	{"resolver: {ipv4: True}",
	 "t:1: resolver.ipv4: expected true or false (without quotes), found \"True\""},
	{"resolver: {ipv4: \"true\"}",
	 "t:1: resolver.ipv4: expected true or false (without quotes), found \"true\""},
	{"resolver: {ipv6: 1}", "t:1: resolver.ipv6: expected true or false"},
	{"dnssec: {validation: true}",
	 "t:1: dnssec.validation: expected on, off or permissive, found \"true\""},
	{"dnssec: {sha1: ignore}",
	 "t:1: dnssec.sha1: expected validate or insecure, found \"ignore\""},
	{"resolver: {qname-minimization: true}", "expected strict, relaxed or off, found \"true\""},
	{"access: {deny-action: ignore}",
	 "t:1: access.deny-action: expected refuse or drop, found \"ignore\""},
	{"logging: {level: verbose}",
	 "t:1: logging.level: expected error, warning, notice, info or debug, found \"verbose\""},
	{"server: {workers: 0}",
	 "t:1: server.workers: expected auto or a number from 1 to 256, found \"0\""},
	{"server: {workers: 257}", "expected auto or a number from 1 to 256, found \"257\""},
	{"server: {workers: -1}", "expected auto or a number from 1 to 256, found \"-1\""},
	{"server: {workers: 4.5}", "expected auto or a number from 1 to 256, found \"4.5\""},
	{"cache: {size: 64}", "t:1: cache.size: expected a size from 1MiB to 1024GiB (octets, or "
			      "with KiB, MiB or GiB), found \"64\""},
	{"cache: {size: 1023KiB}", "cache.size: expected a size"},
	{"cache: {size: 64MB}", "cache.size: expected a size"},
	{"cache: {size: 64 MiB}", "cache.size: expected a size"},
	{"cache: {size: -64MiB}", "cache.size: expected a size"},
	{"cache: {size: 1.5GiB}", "cache.size: expected a size"},
	{"cache: {size: MiB}", "cache.size: expected a size"},
	{"cache: {size: 2048GiB}", "cache.size: expected a size"},
	{"cache: {size: 18446744073709551616}", "cache.size: expected a size"},
	{"cache: {size: 17592186044417MiB}", "cache.size: expected a size"},
	{"cache: {max-ttl: 60}", "t:1: cache.max-ttl: expected a duration of whole seconds from 0s "
				 "to 2147483647s (number with ms, s, m, h or d), found \"60\""},
	{"cache: {stale-client-timeout: 3501ms}",
	 "cache.stale-client-timeout: expected a duration from 0ms to 3500ms"},
	{"cache: {stale-client-timeout: 4s}", "cache.stale-client-timeout: expected a duration"},
	{"cache: {stale-client-timeout: 10}", "cache.stale-client-timeout: expected a duration"},
	{"cache: {stale-max-age: 8d}", "cache.stale-max-age: expected a duration"},
	{"cache: {max-ttl: 1w}", "cache.max-ttl: expected a duration"},
	{"cache: {max-ttl: 1500ms}", "cache.max-ttl: expected a duration of whole seconds"},
	{"cache: {max-ttl: 2147483648s}", "cache.max-ttl: expected a duration"},
	{"cache: {max-ttl: 50000d}", "cache.max-ttl: expected a duration"},
	{"cache: {max-ttl: 213503982335d}", "cache.max-ttl: expected a duration"},
	{"cache:\n  max-ttl: 1h\n  min-ttl: 2h",
	 "t:3: cache.min-ttl: expected at most max-ttl (3600s), found 7200s"},
	{"cache:\n  max-ttl: 1h\n  min-ttl: 2h\nserver: {}", "t:3: cache.min-ttl"},
	{"server: {listen: []}", "t:1: server.listen: expected at least one item"},
	{"server: {listen: [\"127.0.0.1@0\"]}",
	 "t:1: server.listen[0]: expected an address of this host, ADDR or ADDR@PORT (port 1 to "
	 "65535), found \"127.0.0.1@0\""},
	{"server: {listen: [127.0.0.1, localhost]}",
	 "t:1: server.listen[1]: expected an address of this host"},
	{"server: {listen: [\"127.0.0.1:53\"]}",
	 "server.listen[0]: expected an address of this host"},
	{"server: {listen: [\"127.0.0.1@65536\"]}",
	 "server.listen[0]: expected an address of this host"},
	{"server: {listen: [\"224.0.0.1\"]}", "server.listen[0]: expected an address of this host"},
	{"server: {listen: [\"ff02::1\"]}", "server.listen[0]: expected an address of this host"},
	{"server: {listen: [\"::1\", \"::1@53\"]}", "t:1: server.listen: lists ::1@53 twice"},
	{"server: {listen: [\"::1\", ~]}",
	 "t:1: server.listen[1]: expected an address of this host, ADDR or ADDR@PORT (port 1 to "
	 "65535), found nothing"},
	{"server: {listen: [{address: 127.0.0.1, interface: eth0}]}",
	 "t:1: server.listen[0].address: expected either it or interface"},
	{"server: {listen: [{transport: dns}]}",
	 "t:1: server.listen[0].address: expected either it or interface"},
	{"server: {listen: [{address: 127.0.0.1, port: 54}]}",
	 "t:1: server.listen[0].port: expected with interface only: ADDR@PORT"},
	{"server: {listen: [{interface: eth0, port: 0}]}",
	 "t:1: server.listen[0].port: expected a number from 1 to 65535"},
	{"server: {listen: [{interface: eth0, port: 65536}]}",
	 "t:1: server.listen[0].port: expected a number from 1 to 65535"},
	{"server: {listen: [{interface: sixteen-octets-x}]}",
	 "t:1: server.listen[0].interface: expected at most 15 octets"},
	{"server: {listen: [{interface: eth0}, {interface: eth0, port: 53}]}",
	 "t:1: server.listen: lists eth0 twice"},
	{"server: {listen: [{address: 127.0.0.1, transport: quic, proxy-protocol: [127.0.0.1]}]}",
	 "t:1: server.listen[0].proxy-protocol: not expected with transport: quic or http3"},
	{"tls: {key: /k.pem}", "t:1: tls.certificate: expected with key and certificates"},
	{"tls: {certificate: /c.pem}", "t:1: tls.key: expected with certificate"},
	{"server: {listen: [{address: 127.0.0.1, transport: udp}]}",
	 "t:1: server.listen[0].transport: expected dns, tls, https, quic, http3 or http"},
	{"server: {listen: [[127.0.0.1]]}",
	 "t:1: server.listen[0]: expected a mapping of keys, found a list"},
	{"access: {allow: [10.0.0.0/33]}",
	 "t:1: access.allow[0]: expected connected, a network, ADDR/BITS "
	 "with all host bits 0, or ADDR, found \"10.0.0.0/33\""},
	{"access: {allow: [10.0.0.1/8]}", "with all host bits 0"},
	{"access: {allow: [all]}", "t:1: access.allow[0]: expected connected, a network"},
	{"resolver: {ipv4: false,\n ipv6: false}",
	 "t:1: resolver.ipv4: expected true when ipv6 is false"},
	{"control: {socket: \"a\\0b\"}", "t:1: control.socket: expected at most 107 octets of text "
					 "without control characters, found \"a\\000b\""},
	{"server: {identity: \"a\\eb\"}", "t:1: server.identity: expected at most 255 octets of "
					  "text without control characters, found \"a\\027b\""},
	{"stub-zones: [{name: \"a..b\", addresses: [192.0.2.1]}]",
	 "t:1: stub-zones[0].name: expected a domain name ("},
	{"stub-zones: [{name: \"b\xc3\xbc"
	 "cher.example\", addresses: [192.0.2.1]}]",
	 "international names as xn--"},
	{"stub-zones: [{name: \"\", addresses: [192.0.2.1]}]",
	 "t:1: stub-zones[0].name: expected a domain name"},
	{"stub-zones: [{name: a, addresses: []}]",
	 "t:1: stub-zones[0].addresses: expected at least one item"},
	{"stub-zones: [{name: a, addresses: [192.0.2.1, 0.0.0.0]}]",
	 "t:1: stub-zones[0].addresses[1]: expected the address of a server"},
	{"stub-zones: [{name: a, addresses: [\"192.0.2.1@0\"]}]",
	 "stub-zones[0].addresses[0]: expected the address of a server"},
	{"stub-zones:\n- {name: a, addresses: [192.0.2.1]}\n- {name: A., addresses: [192.0.2.1]}",
	 "t:3: stub-zones[1].name: zone is already configured as stub-zones[0] in line 2"},
	{"stub-zones:\n- {name: a, addresses: [192.0.2.1]}\nforward-zones:\n- {name: a, addresses: "
	 "[192.0.2.1]}",
	 "t:4: forward-zones[0].name: zone is already configured as stub-zones[0] in line 2"},
	{"dnssec: {negative-trust-anchors: [\"a b\"]}",
	 "t:1: dnssec.negative-trust-anchors[0]: expected a domain name"},
	{"dnssec: {trust-anchors: [nonsense]}",
	 "t:1: dnssec.trust-anchors[0]: expected a DS or DNSKEY record ("},
	{"dnssec: {trust-anchors: [\". IN DS 1 2\"]}",
	 "t:1: dnssec.trust-anchors[0]: expected a DS or DNSKEY record ("},
	{"dnssec: {trust-anchors: [\". IN DS 20326 8 2 E06D44B8\"]}",
	 "t:1: dnssec.trust-anchors[0]: expected a DS record with a digest of 32 octets, as type 2 "
	 "has (there are 4), found"},
	{"dnssec: {trust-anchors: [\"example. IN A 192.0.2.1\"]}",
	 "t:1: dnssec.trust-anchors[0]: expected a DS or DNSKEY record of class IN, found "
	 "\"example. IN A 192.0.2.1\""},
	{"dnssec: {trust-anchors: [\". CH DS 20326 8 2 "
	 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"]}",
	 "of class IN"},
};
/* clang-format on */

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct config *c = parse(refusals[i].text);

		if (c)
			fail_msg("accepted: %s", refusals[i].text);
		if (!strstr(error, refusals[i].expected))
			fail_msg("%s\n  expected: %s\n  found: %s", refusals[i].text,
				 refusals[i].expected, error);
	}
}

static void test_all_errors_in_one_go(void **state)
{
	(void)state;
	assert_null(parse("server:\n"
			  "  listne: 1\n"
			  "  workers: many\n"
			  "cache:\n"
			  "  size: big\n"
			  "nonsense: {a: {b: [c]}}\n"
			  "logging: {level: loud}\n"));
	assert_string_equal(
		error, "t:2: server.listne: unknown key, the nearest is server.listen\n"
		       "t:3: server.workers: expected auto or a number from 1 to 256, found "
		       "\"many\"\n"
		       "t:5: cache.size: expected a size from 1MiB to 1024GiB (octets, or with "
		       "KiB, MiB or GiB), found \"big\"\n"
		       "t:6: nonsense: unknown key\n"
		       "t:7: logging.level: expected error, warning, notice, info or debug, "
		       "found \"loud\"");
}

/** A complaint never overruns the caller's buffer, and says when it left something out. */
static void test_error_buffer(void **state)
{
	char text[2000] = "", heap_free[64];

	(void)state;
	for (int i = 0; i < 50; i++)
		strcat(text, "unknown-key-here: 1\n");
	for (size_t max = 0; max <= sizeof(error); max += max < 300 ? 1 : 500) {
		char *exact = malloc(max > 0 ? max : 1);
		assert_non_null(exact);
		assert_null(config_parse(text, strlen(text), "t", exact, max));
		if (max > 0)
			assert_true(memchr(exact, '\0', max) != NULL);
		if (max >= 128 && max <= 2000)
			assert_non_null(strstr(exact, " more"));
		free(exact);
	}
	assert_null(
		config_parse("a-key-too-long-for-that: 1", 26, "t", heap_free, sizeof(heap_free)));
	assert_string_equal(heap_free, "and 1 more"); /* better than half a sentence */
}

static void test_too_many_errors(void **state)
{
	size_t max = 400 * 16;
	char *text = calloc(1, max);

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 400; i++)
		strcat(text, "k: 1\n");
	static char big[65536];
	assert_null(config_parse(text, strlen(text), "t", big, sizeof(big)));
	assert_non_null(strstr(big, "t:100: "));
	assert_null(strstr(big, "t:101: "));
	free(text);
}

static void test_long_lists(void **state)
{
	static char text[1 << 20];
	size_t n = (size_t)sprintf(text, "access: {allow: [");

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		n += (size_t)sprintf(text + n, "10.%u.%u.0/24,", i / 256, i % 256);
	sprintf(text + n, "]}");
	struct config *c = parse(text);
	assert_non_null(c);
	assert_int_equal(c->access.allow_n, 10000);
	char last[ADDRESS_TEXT_MAX];
	assert_string_equal(address_to_text(&c->access.allow[9999].base, last), "10.39.15.0@0");
	config_destroy(c);

	n = (size_t)sprintf(text, "server: {listen: [");
	for (unsigned i = 1; i <= LISTENERS_MAX + 1; i++)
		n += (size_t)sprintf(text + n, "127.0.0.1@%u,", i);
	sprintf(text + n, "]}");
	assert_null(parse(text));
	assert_non_null(strstr(error, "t:1: server.listen: expected at most 64 items"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),     cmocka_unit_test(test_all_errors_in_one_go),
		cmocka_unit_test(test_error_buffer), cmocka_unit_test(test_too_many_errors),
		cmocka_unit_test(test_long_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
