/*
 * import_test.c - other programs' options as keys of tern.yaml, and what is left out of odd ones.
 *
 * That all of it is a valid configuration, fuzz_import and the end-to-end tests look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "tools/import.h"

/* What @text (@len octets) is in tern.yaml; the notes too, as comments. To be freed. */
static char *import_octets(enum import_format format, const char *text, size_t len)
{
	char *copy = calloc(len + 1, 1), *made = NULL;
	struct import im;
	size_t made_len;
	FILE *to = open_memstream(&made, &made_len);

	assert_true(copy && to && import_init(&im));
	memcpy(copy, text, len);
	im.bare = true;
	import_text(&im, format, "f", copy, len);
	import_finish(&im);
	assert_false(im.broken);
	import_write(&im, to);
	fclose(to);
	import_fini(&im);
	free(copy);
	return made;
}

static void expect(enum import_format format, const char *text, const char *wanted)
{
	char *made = import_octets(format, text, strlen(text));

	if (!strstr(made, wanted)) {
		print_error("of \"%s\" was made\n%s", text, made);
		fail_msg("without \"%s\"", wanted);
	}
	free(made);
}

struct option {
	const char *text, *wanted;
};

static void expect_all(enum import_format format, const struct option *options)
{
	for (; options->text; options++)
		expect(format, options->text, options->wanted);
}

/* What ternd would refuse, and what would mean something else. */
static void odd_ones(void **state)
{
	static const struct option unbound[] = {
		{"server: local-zone: lan static local-data: \"lan CNAME x.y\"",
		 "local-data: an alias (CNAME) can't stand where a zone begins"},
		{"server: local-zone: lan redirect local-data: \"lan CNAME x.y\"",
		 "- \"lan CNAME x.y\""},
		{"server: local-data: \"test CNAME x.y\"",
		 "an alias (CNAME) can't stand at a name of special-zones"},
		{"server: local-data: \"*.localhost CNAME x.y\"",
		 "an alias (CNAME) can't stand at a name of special-zones"},
		{"server: local-data: \"test CNAME x.y\" local-zone: test nodefault",
		 "- \"test CNAME x.y\""},
		{"server: local-data: \"a.test CNAME x.y\"", "- \"a.test CNAME x.y\""},
		{"server: private-address: 203.0.113.0/24", "203.0.113.0/24 is left out"},
		{"server: private-address: 10.0.0.0/8", "enabled: true"},
		{"server: rrset-roundrobin: no", "rrset-order: fixed"},
		{"server: module-config: \"dns64 iterator\"", "prefix: \"64:ff9b::/96\""},
		{"server: dns64-prefix: fd00::/96 module-config: \"dns64 iterator\"",
		 "prefix: \"fd00::/96\""},
		{"server: dns64-prefix: fd00::/96", "dns64-prefix: is not in use there"},
		{NULL, NULL}};
	static const struct option adguard[] = {
		{"dns:\n  use_dns64: true\n", "prefix: \"64:ff9b::/96\""},
		{"dns: &a {port: 54}\nb: *a\n", "f:2: YAML: the file is left out: aliases"},
		{"dns: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "too deep"},
		{NULL, NULL}};

	(void)state;
	expect_all(IMPORT_UNBOUND, unbound);
	expect_all(IMPORT_ADGUARD, adguard);
}

static void options_of_unbound(void **state)
{
	static const struct option options[] = {
		{"server: interface: 192.0.2.1\nport: 54", "listen:\n    - \"192.0.2.1@54\""},
		{"server:\n interface: 192.0.2.1@55\n port: 54", "- \"192.0.2.1@55\""},
		{"server: interface: eth0", "- interface: \"eth0\"\n      port: 53"},
		{"server: port:5353", "- \"127.0.0.1@5353\"\n    - \"::1@5353\""},
		{"server: do-ip6: no\nport: 5353", "- \"127.0.0.1@5353\"\n"},
		{"server: interface: 1.2.3.4@853", "f:1: interface: answering by TLS"},
		{"server: access-control: 10.1.2.3/8 allow", "- \"10.0.0.0/8\""},
		{"server:", "- \"127.0.0.0/8\"\n    - \"::1/128\""},
		{"server: access-control: 10.1.0.0/16 deny", "deny-action: drop"},
		{"server: access-control: 10.1.0.0/16 refuse", "clients:\n      - \"10.1.0.0/16\""},
		{"server: access-control: 10.0.0.0/8 refuse access-control: 10.1.0.0/16 allow",
		 "- name: \"answered\"\n    clients:\n      - \"10.1.0.0/16\""},
		{"server: access-control: 10.0.0.0/8 allow access-control: 10.1.0.0/16 refuse\n"
		 "access-control-view: 10.1.2.0/24 v",
		 "10.1.2.0/24 is in a denied network, but answered by its view"},
		{"server: access-control: 0.0.0.0/0 deny", "access:\n  deny-action: drop"},
		{"server: access-control: 10.0.0.0/33 allow", "is no network"},
		{"server: do-ip4: no", "ipv4: false"},
		{"server: do-ip4: no do-ip6: no", "resolver:0: ipv4: left out"},
		{"server: num-threads: 4", "workers: 4"},
		{"server: msg-cache-size: 4m\nrrset-cache-size: 8m", "size: 12MiB"},
		{"server: msg-cache-size: 1", "size: 1MiB"},
		{"server: msg-cache-size: 99999999g", "size: 1024GiB"},
		{"server: msg-cache-size: 4x", "f:1: msg-cache-size: \"4x\" is no size"},
		{"server: cache-min-ttl: 60", "min-ttl: 60s"},
		{"server: cache-min-ttl: 90000", "cache:0: min-ttl: left out"},
		{"server: cache-max-ttl: 4000000000", "max-ttl: 2147483647s"},
		{"server: cache-max-negative-ttl: 7", "max-negative-ttl: 7s"},
		{"server: prefetch: yes", "prefetch: true"},
		{"server: prefetch: maybe", "expected yes or no, found \"maybe\""},
		{"server: serve-expired: no", "serve-stale: false"},
		{"server: serve-expired-ttl: 3600", "stale-max-age: 3600s"},
		{"server: serve-expired-ttl: 0", "stale-max-age: 604800s"},
		{"server: serve-expired-reply-ttl: 20", "stale-ttl: 20s"},
		{"server: serve-expired-client-timeout: 9000", "stale-client-timeout: 3500ms"},
		{"server: qname-minimisation: no", "qname-minimization: off"},
		{"server: qname-minimisation-strict: yes", "qname-minimization: strict"},
		{"server: aggressive-nsec: no", "aggressive-nsec: false"},
		{"server: identity: \"a: b\"", "identity: \"a: b\""},
		{"server: version: 'a\"\\b'", "version: \"a\\\"\\\\b\""},
		{"server: domain-insecure: X.Example", "- \"x.example.\""},
		{"server: val-permissive-mode: yes", "validation: permissive"},
		{"server: module-config: \"iterator\"", "validation: off"},
		{"server: trust-anchor: \"a. DS 1 8 2 00\"", "the digest has another length"},
		{"server: trust-anchor: \"a. DNSKEY 257 3 13 AAAA\"", "a. DNSKEY 257 3 13 AAAA\""},
		{"server: local-zone: a static", "name: \"a.\"\n    behaviour: static"},
		{"server: local-zone: a always_null", "behaviour: always-null"},
		{"server: local-zone: a inform_deny", "behaviour: deny"},
		{"server: local-zone: a nodefault", "except:\n    - \"a.\""},
		{"server: local-zone: a block_a", "type \"block_a\" has no counterpart"},
		{"server: local-zone: a static\nlocal-zone: A. deny",
		 "f:2: local-zone: the zone a. is"},
		{"server: local-data: 'a.\tA 192.0.2.1'", "- \"a. A 192.0.2.1\""},
		{"server: local-data: 'a. DNAME b.'", "f:1: local-data: DNAME is not"},
		{"server: local-data: 'a. CH A 192.0.2.1'", "f:1: local-data: expected class IN"},
		{"server: local-data: 'a. SOA a. b. 1 1 1 1 1'", "an SOA stands only"},
		{"server: local-data: 'a. CNAME b.' local-data: 'a. A 1.2.3.4'", "stands alone"},
		{"server: local-data: 'b.a. A 1.2.3.4'\nlocal-zone: a redirect",
		 "the zone above it"},
		{"server: local-data-ptr: '192.0.2.1 60 a'",
		 "1.2.0.192.in-addr.arpa. 60 IN PTR a."},
		{"server: private-address: 10.0.0.0/8", "rebinding-protection:\n  enabled: true"},
		{"server: private-domain: a", "allow:\n    - \"a.\""},
		{"server: ratelimit: 60000", "zone-rate: 50000"},
		{"server: ip-ratelimit: 5", "client-rate: 5"},
		{"server: ip-ratelimit-slip: 5", "client-slip: 5"},
		{"server: module-config: dns64 dns64-prefix: 64:ff9b::/96",
		 "prefix: \"64:ff9b::/96\""},
		{"server: module-config: dns64 dns64-prefix: 64:ff9b::/97",
		 "expected a prefix of IPv6"},
		{"server: verbosity: 3", "level: debug"},
		{"server: logfile: /x", "f:1: logfile: the log goes to"},
		{"server: root-hints: /x", "f:1: root-hints: the root servers that are built in"},
		{"server: access-control-view: 10.0.0.0/8 v", "name: \"v\"\n    clients:"},
		{"server: access-control-tag: 10.0.0.0/8 \"v w\"", "access-control-tag: has no"},
		{"view: name: v local-data: 'a. A 1.2.3.4'",
		 "local-data:\n      - \"a. A 1.2.3.4\""},
		{"view: local-zone: a static", "f:1: local-zone: the view has no name"},
		{"forward-zone: name: a forward-addr: 1.2.3.4@5\n", "- \"1.2.3.4@5\""},
		{"forward-zone: name: a forward-addr: 1.2.3.4 forward-first: yes", "first: true"},
		{"forward-zone: name: a forward-addr: 1.2.3.4 forward-tls-upstream: yes",
		 "f:1: forward-zone: not each server of the zone a. has a name"},
		{"forward-zone: name: a forward-addr: 1.2.3.4 forward-tls-upstream: yes",
		 "authentication: opportunistic"},
		{"server: tls-upstream: yes\nforward-zone: name: a forward-addr: 1.2.3.4#b.test",
		 "- \"1.2.3.4#b.test\""},
		{"forward-zone: name: a forward-addr: 1.2.3.4@5#b.test forward-tls-upstream: yes",
		 "- \"1.2.3.4@5#b.test\"\n    transport: tls"},
		{"stub-zone: name: a stub-addr: 1.2.3.4 stub-tls-upstream: yes",
		 "f:1: stub-zone: the zone a. is left out: stub zones are not asked by TLS"},
		{"forward-zone: name: a",
		 "f:1: forward-zone: the zone is left out: it has no server"},
		{"stub-zone: name: a stub-addr: 1.2.3.4\nforward-zone: name: a forward-addr: "
		 "1.2.3.4",
		 "f:2: forward-zone: servers are given already for the zone a."},
		{"rpz: name: r zonefile: /x", "the policy zone r. is left out"},
		{"rpz: name: r primary: 1.2.3.4", "no zone is transferred"},
		{NULL, NULL},
	};

	(void)state;
	expect_all(IMPORT_UNBOUND, options);
}

static void options_of_dnsmasq(void **state)
{
	static const struct option options[] = {
		{"", "listen:\n    - \"0.0.0.0@53\"\n    - \"::@53\""},
		{"port=5353", "- \"0.0.0.0@5353\""},
		{"listen-address=127.0.0.1,192.0.2.1", "- \"192.0.2.1@53\""},
		{"interface = br-lan  # ours", "- interface: \"br-lan\""},
		{"server=192.0.2.1", "name: \".\"\n    addresses:\n      - \"192.0.2.1@53\""},
		{"server=/a/b/192.0.2.1#54",
		 "name: \"b.\"\n    addresses:\n      - \"192.0.2.1@54\""},
		{"server=/a/192.0.2.1\nserver=/a/192.0.2.2", "@53\"\n      - \"192.0.2.2@53\""},
		{"server=192.0.2.1\nstrict-order", "policy: ordered"},
		{"server=192.0.2.1", "validation: off"},
		{"local=/lan/", "name: \"lan.\"\n    behaviour: static"},
		{"address=/a/192.0.2.1", "- \"*.a. IN A 192.0.2.1\""},
		{"address=/a/#", "behaviour: always-null"},
		{"address=/#/192.0.2.1", "f:1: address: one address for all names"},
		{"host-record=a,b,192.0.2.1,2001:db8::1,60", "- \"b. 60 IN AAAA 2001:db8::1\""},
		{"host-record=a", "f:1: host-record: expected names and addresses"},
		{"cname=a,b,c", "- \"b. IN CNAME c.\""},
		{"ptr-record=1.2.0.192.in-addr.arpa,a", "IN PTR a.\""},
		{"txt-record=a,\"x,y\",z", "TXT \\\"x,y\\\" \\\"z\\\"\""},
		{"srv-host=_a._tcp,b,1,2,3", "IN SRV 2 3 1 b."},
		{"srv-host=_a._tcp", "IN SRV 0 0 0 ."},
		{"mx-host=a,b,7", "IN MX 7 b."},
		{"addn-hosts=/etc/h", "- \"/etc/h\""},
		{"", "hosts:\n  - \"/etc/hosts\""},
		{"expand-hosts", "f:1: expand-hosts: "},
		{"stop-dns-rebind", "enabled: true"},
		{"rebind-domain-ok=/a/b/", "- \"a.\"\n    - \"b.\""},
		{"cache-size=100000", "size: 100000KiB"},
		{"domain=lan\ndhcp-leasefile=/l",
		 "leases:\n  - file: \"/l\"\n    format: dnsmasq\n"},
		{"dhcp-leasefile=/l", "f:1: dhcp-leasefile: names of clients need a domain"},
		{"dhcp-range=10.0.0.1,10.0.0.2", "f:1: dhcp-range: this is no DHCP server"},
		{"min-cache-ttl=60", "min-ttl: 60s"},
		{"neg-ttl=60", "max-negative-ttl: 60s"},
		{"filter-AAAA\nfilter-AAAA", "filter-types:\n  - \"AAAA\"\n"},
		{"rev-server=10.1.0.0/16,10.1.0.1", "name: \"1.10.in-addr.arpa.\""},
		{"rev-server=10.1.0.0/17,10.1.0.1", "f:1: rev-server: write it as a forward zone"},
		{"no-such-option=1", "f:1: no-such-option: has no counterpart here"},
		{"bogus-priv=\xff\n\x01=\"", "f:2: \\x01: has no counterpart here"},
		{NULL, NULL},
	};
	char *made = import_octets(IMPORT_DNSMASQ, "no-hosts", 8);

	(void)state;
	assert_null(strstr(made, "hosts:"));
	free(made);
	expect_all(IMPORT_DNSMASQ, options);
}

static void files_of_pihole(void **state)
{
	static const struct option options[] = {
		{"PIHOLE_DNS_1=192.0.2.1#54", "- \"192.0.2.1@54\""},
		{"DNSSEC=true", "validation: on"},
		{"CACHE_SIZE=20000", "size: 20000KiB"},
		{"REV_SERVER=true\nREV_SERVER_CIDR=10.0.0.0/8\nREV_SERVER_TARGET=10.0.0.1\n"
		 "REV_SERVER_DOMAIN=lan",
		 "name: \"lan.\"\n    addresses:\n      - \"10.0.0.1@53\""},
		{"DNSMASQ_LISTENING=all", "- \"0.0.0.0/0\""},
		{"192.0.2.1 nas.lan nas", "- \"nas. IN A 192.0.2.1\""},
		{"cname=a.lan,b.lan", "IN CNAME b.lan."},
		{"https://lists.example/hosts", "url: \"https://lists.example/hosts\""},
		{"https://a/\nhttps://b/", "name: \"pihole-2\""},
		{"file:///etc/l", "file: \"/etc/l\""},
		{"file://", "f:1: adlists: \"\" is left out: expected the absolute path"},
		{"https://user@lists.example/hosts", "f:1: adlists: "},
		{"(^|\\.)ads[0-9]", "f:1: line: regular expressions are not supported"},
		{NULL, NULL},
	};
	char *made = import_octets(IMPORT_PIHOLE, "WEBPASSWORD=secret\nX_TOKEN=secret", 33);

	(void)state;
	assert_null(strstr(made, "secret"));
	free(made);
	expect_all(IMPORT_PIHOLE, options);
}

static void keys_of_adguard(void **state)
{
	static const struct option options[] = {
		{"dns: {bind_hosts: [192.0.2.1], port: 54}", "- \"192.0.2.1@54\""},
		{"dns: {upstream_dns: ['192.0.2.1:54']}", "- \"192.0.2.1@54\""},
		{"dns: {upstream_dns: ['[2001:db8::1]:54']}", "- \"2001:db8::1@54\""},
		{"dns: {upstream_dns: ['udp://192.0.2.1']}", "- \"192.0.2.1@53\""},
		{"dns: {upstream_dns: ['[/a/b/]192.0.2.1']}", "name: \"b.\""},
		{"dns:\n  upstream_dns:\n    - tls://192.0.2.1",
		 "f:3: upstream_dns: \"tls://192.0.2.1\""},
		{"dns: {bootstrap_dns: [192.0.2.1]}", "f:1: bootstrap_dns: "},
		{"dns: {ratelimit: 20}", "client-rate: 20"},
		{"dns: {cache_size: 67108864}", "size: 64MiB"},
		{"dns: {aaaa_disabled: true}", "filter-types:\n  - \"AAAA\""},
		{"dns: {dns64_prefixes: ['64:ff9b::/96']}", "prefix: \"64:ff9b::/96\""},
		{"dns: {allowed_clients: [10.0.0.0/8, x]}", "allow:\n    - \"10.0.0.0/8\""},
		{"dns: {disallowed_clients: [10.0.0.1]}", "clients:\n      - \"10.0.0.1/32\""},
		{"filters: [{enabled: true, url: 'https://a/', name: x}]", "action: \"null\""},
		{"filters: [{url: 'https://a/', name: x}]\nfiltering: {blocking_mode: nxdomain}",
		 "action: \"nxdomain\""},
		{"filters: [{url: 'https://a/'}]\ndns: {blocking_mode: custom_ip, blocking_ipv4: "
		 "192.0.2.1, blocking_ipv6: '2001:db8::1'}",
		 "action: \"192.0.2.1 2001:db8::1\""},
		{"filters: [{enabled: false, url: 'https://a/', name: x}]",
		 "\"x\" is switched off"},
		{"whitelist_filters: [{url: 'https://a/', name: x}]", "allow: true"},
		{"user_rules: ['||a^']", "f:1: user_rules: 1 rules are left out: --lists-folder"},
		{"filtering: {rewrites: [{domain: '*.a', answer: 192.0.2.1}]}", "\"*.a. IN A 192"},
		{"filtering: {rewrites: [{domain: a, answer: b}]}", "\"a. IN CNAME b.\""},
		{"filtering: {safe_search: {enabled: true}}", "safe-search: true"},
		{"filtering: {parental_enabled: true}", "f:1: parental_enabled: "},
		{"clients: {persistent: [{name: k, ids: [10.0.0.1], use_global_settings: false, "
		 "filtering_enabled: false}]}",
		 "- name: \"k\"\n    clients:\n      - \"10.0.0.1/32\"\n    lists: []"},
		{"clients: {persistent: [{name: k, ids: [x], use_global_settings: false}]}",
		 "\"x\" of \"k\" is left out: clients are known by address"},
		{"clients: {persistent: [{name: k, ids: [10.0.0.1, AA:bb:cc:dd:ee:0f, "
		 "aa:bb:cc:dd:ee:0f], use_global_settings: false, filtering_enabled: false}]}",
		 "clients:\n      - \"10.0.0.1/32\"\n      - \"aa:bb:cc:dd:ee:0f\"\n    lists: []"},
		{"dns: [", "f:2: YAML: "},
		{"&a [*a]", "aliases are not taken"},
		{NULL, NULL},
	};

	(void)state;
	expect_all(IMPORT_ADGUARD, options);
}

static void formats_are_found(void **state)
{
	static const struct {
		const char *path, *text;
		enum import_format format;
	} files[] = {
		{"x", "# a\n\nserver:\n", IMPORT_UNBOUND},
		{"x", "  include: \"a\"", IMPORT_UNBOUND},
		{"x", "#a\r\nno-resolv\r\n", IMPORT_DNSMASQ},
		{"x", "server=1.2.3.4", IMPORT_DNSMASQ},
		{"x", "PIHOLE_INTERFACE=eth0", IMPORT_PIHOLE},
		{"/etc/pihole/custom.list", "1.2.3.4 a", IMPORT_PIHOLE},
		{"x", "http:\n  pprof:\n", IMPORT_ADGUARD},
		{"x", "Once upon a time", IMPORT_UNKNOWN},
		{"x", "", IMPORT_UNKNOWN},
		{"/etc/dnsmasq.conf", "#only comments", IMPORT_DNSMASQ},
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(
			import_find_format(files[i].path, files[i].text, strlen(files[i].text)),
			files[i].format);
}

/* Neither a quote nor a line of a foreign file gets out of its text. */
static void hostile_texts_stay_texts(void **state)
{
	static const char injected[] = "server: identity: 'a\"\nserver: version: 'b\\\": {}'";
	char *made = import_octets(IMPORT_UNBOUND, injected, sizeof injected - 1);

	(void)state;
	assert_non_null(strstr(made, "version: \"b\\\\\\\": {}\"\n"));
	assert_null(strstr(made, "  identity"));
	free(made);
	expect(IMPORT_UNBOUND, "server: no-such\x1b[2J: 1\n", "f:1: no-such: not an option");
	expect(IMPORT_DNSMASQ, "a\x1b[2J\x80=1", "# f:1: a\\x1b[2J\\x80: has no counterpart");
	expect(IMPORT_UNBOUND, "server: identity: \xc3\xa9", "identity: \"\\U000000E9\"");
	expect(IMPORT_UNBOUND, "server: identity: \xc3", "f:1: identity: expected at most 255");
}

static void gigantic_lines_and_binary(void **state)
{
	static const enum import_format formats[] = {IMPORT_UNBOUND, IMPORT_DNSMASQ, IMPORT_PIHOLE,
						     IMPORT_ADGUARD};
	size_t len = 1 << 20;
	char *text = malloc(len);
	uint64_t random = 1;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 4; i++) {
		for (size_t j = 0; j < len; j++)
			text[j] = (char)next_random(&random);
		free(import_octets(formats[i], text, len));
		memset(text, 'a', len);
		memcpy(text, i == 0 ? "server: local-data: " : "address=/", i == 0 ? 20 : 9);
		free(import_octets(formats[i], text, len));
		memset(text, '\n', len);
		free(import_octets(formats[i], text, len));
		memset(text, 0, len);
		free(import_octets(formats[i], text, len));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_unbound),
		cmocka_unit_test(odd_ones),
		cmocka_unit_test(options_of_dnsmasq),
		cmocka_unit_test(files_of_pihole),
		cmocka_unit_test(keys_of_adguard),
		cmocka_unit_test(formats_are_found),
		cmocka_unit_test(hostile_texts_stay_texts),
		cmocka_unit_test(gigantic_lines_and_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
