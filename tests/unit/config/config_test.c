/*
 * config_test.c - defaults, every option, every refusal by its message, and that the manual page
 * and the example name each key. Runs in tests/, as CMake does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/name.h>

#include "config/config.h"
#include "config/schema.h"

#define ERROR_MAX 4096

static char error[ERROR_MAX];

static struct config *parse(const char *text)
{
	return config_parse(text, strlen(text), "t", error, sizeof(error));
}

static struct config *good(const char *text)
{
	struct config *config = parse(text);

	if (!config)
		fail_msg("refused: %s", error);
	return config;
}

static void assert_address(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_MAX];

	assert_string_equal(address_to_text(a, text), expected);
}

static void assert_name(const uint8_t *name, const char *expected)
{
	char text[TERN_NAME_TEXT_MAX];

	assert_string_equal(tern_name_to_text(name, text), expected);
}

static void assert_defaults(const struct config *c)
{
	assert_int_equal(c->server.listen_n, 2);
	assert_address(&c->server.listen[0].at.address, "127.0.0.1@53");
	assert_address(&c->server.listen[1].at.address, "::1@53");
	assert_int_equal(c->server.workers, 0);
	assert_string_equal(c->server.user, "tern");
	assert_string_equal(c->serve.identity, "");
	assert_string_equal(c->serve.version, "");
	assert_string_equal(c->root_hints, "");
	assert_int_equal(c->resolver.qmin, QMIN_RELAXED);
	assert_true(c->resolver.ipv4 && c->resolver.ipv6 && c->resolver.do_not_query_localhost);
	assert_int_equal(c->cache.size, 256u << 20);
	assert_int_equal(c->resolver.min_ttl_s, 0);
	assert_int_equal(c->resolver.max_ttl_s, 86400);
	assert_int_equal(c->resolver.max_negative_ttl_s, 3600);
	assert_true(c->serve.prefetch && c->resolver.serve_stale && c->resolver.aggressive);
	assert_int_equal(c->cache.stale_s, 86400);
	assert_int_equal(c->resolver.stale_ttl_s, 30);
	assert_int_equal(c->serve.stale_wait_ms, 1800);
	assert_string_equal(c->snapshot, "");
	assert_int_equal(c->resolver.validation, VALIDATION_ON);
	assert_int_equal(c->trust.anchors_n, 0);
	assert_int_equal(c->trust.negative_n, 0);
	assert_int_equal(c->resolver.sha1, true);
	assert_int_equal(c->trust.accept_unset_clock, true);
	assert_string_equal(c->trust.file, "auto");
	assert_true(c->trust.signaling);
	assert_int_equal(c->trust.recheck_s, 300);
	assert_int_equal(c->forward_zones_n, 0);
	assert_int_equal(c->stub_zones_n, 0);
	assert_int_equal(c->access.allow_n, 9);
	assert_true(prefix_is_connected(&c->access.allow[0]));
	assert_address(&c->access.allow[8].base, "fe80::@0");
	assert_int_equal(c->access.allow[8].bits, 10);
	assert_false(c->access.drop);
	assert_true(c->special.serve);
	assert_int_equal(c->special.except_n, 0);
	assert_string_equal(c->control.socket, "/run/tern/control.sock");
	assert_int_equal(c->logging.level, LOG_LEVEL_NOTICE);
}

static void test_defaults(void **state)
{
	static const char *const texts[] = {
		"",
		"# nothing\n",
		"---\n",
		"---\n...\n",
		"{}",
		"server:\n  # user: x\ncache:\n",
		"\xef\xbb\xbf# byte order mark\nserver: {}\n",
		"%YAML 1.1\n---\nlogging:\n",
	};
	struct config *c = config_load(NULL, error, sizeof(error));

	(void)state;
	assert_non_null(c);
	assert_defaults(c);
	config_destroy(c);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		c = good(texts[i]);
		assert_defaults(c);
		config_destroy(c);
	}
	config_destroy(NULL);
}

static const char everything[] =
	"server:\n"
	"  listen: [\"0.0.0.0@5300\", '::', 192.0.2.1]\n"
	"  workers: 256\n"
	"  user: \"\"\n"
	"  identity: ns1.example\n"
	"  version: \"tern\"\n"
	"resolver:\n"
	"  root-hints: /etc/tern/root.hints\n"
	"  qname-minimization: off\n"
	"  ipv4: false\n"
	"  ipv6: true\n"
	"  do-not-query-localhost: false\n"
	"cache:\n"
	"  size: 3GiB\n"
	"  min-ttl: 2000ms\n"
	"  max-ttl: 7d\n"
	"  max-negative-ttl: 15m\n"
	"  prefetch: false\n"
	"  serve-stale: false\n"
	"  stale-max-age: 2h\n"
	"  stale-ttl: 0s\n"
	"  stale-client-timeout: 250ms\n"
	"  aggressive-nsec: false\n"
	"  snapshot: \"/var/lib/tern/c\xc3\xa4"
	"che\"\n"
	"dnssec:\n"
	"  validation: permissive\n"
	"  trust-anchors:\n"
	"    - \". IN DS 20326 8 2 "
	"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"\n"
	"    - \"example. 3600 IN DNSKEY 257 3 13 bWFkZSB1cA==\"\n"
	"  negative-trust-anchors: [bad.example, Worse.Example.]\n"
	"  sha1: insecure\n"
	"  unset-clock: refuse\n"
	"  trust-anchor-file: /var/lib/tern/anchors\n"
	"  trust-anchor-signaling: false\n"
	"  negative-trust-anchor-recheck: 1h\n"
	"forward-zones:\n"
	"  - {name: \".\", addresses: [192.0.2.1, \"192.0.2.2@5353\"], first: true}\n"
	"  - {addresses: [\"2001:db8::1\", \"2001:db8::2@53\"], tls: true, name: Corp.Example}\n"
	"stub-zones:\n"
	"  - {name: \"2.0.192.in-addr.arpa.\", addresses: [\"192.0.2.3\"]}\n"
	"access:\n"
	"  allow: []\n"
	"  deny-action: drop\n"
	"control:\n"
	"  socket: \"\"\n"
	"special-zones:\n"
	"  serve: false\n"
	"  except: [Test, home.arpa]\n"
	"local-data: [\"a.lan. A 192.0.2.1\"]\n"
	"hosts: [/etc/hosts]\n"
	"leases: [{file: /l, format: kea, domain: Lan}]\n"
	"local-zones:\n"
	"- {name: Lan, behaviour: always-null, records: [a A 192.0.2.1, b A 192.0.2.2]}\n"
	"- {name: b.}\n"
	"logging:\n"
	"  level: debug\n";

static void assert_zones(const struct config *c)
{
	assert_int_equal(c->forward_zones_n, 2);
	assert_name(c->forward_zones[0].zone, ".");
	assert_int_equal(c->forward_zones[0].servers_n, 2);
	assert_address(&c->forward_zones[0].servers[0].address, "192.0.2.1@53");
	assert_address(&c->forward_zones[0].servers[1].address, "192.0.2.2@5353");
	assert_true(c->forward_zones[0].first && c->forward_zones[0].transport == TRANSPORT_UDP);
	assert_name(c->forward_zones[1].zone, "corp.example.");
	assert_address(&c->forward_zones[1].servers[0].address, "2001:db8::1@853");
	assert_address(&c->forward_zones[1].servers[1].address, "2001:db8::2@53");
	assert_true(c->forward_zones[1].transport == TRANSPORT_TLS && !c->forward_zones[1].first);
	assert_int_equal(c->stub_zones_n, 1);
	assert_name(c->stub_zones[0].zone, "2.0.192.in-addr.arpa.");
	assert_address(&c->stub_zones[0].servers[0].address, "192.0.2.3@53");
}

static void test_listen_forms(void **state)
{
	struct config *c =
		good("server: {listen: [\"::1\", {address: 127.0.0.1@54, transport: dns}, "
		     "{interface: br-lan}, {interface: br-lan, port: 5353}, "
		     "{address: \"192.0.2.1\", transport: tls}, "
		     "{address: \"192.0.2.1@5\", transport: tls}, "
		     "{interface: br-lan, transport: tls}]}");
	const struct listen_options *l = c->server.listen;

	(void)state;
	assert_int_equal(c->server.listen_n, 7);
	/* The port is what the transport has. */
	assert_address(&l[4].at.address, "192.0.2.1@853");
	assert_address(&l[5].at.address, "192.0.2.1@5");
	assert_int_equal(l[6].port, 853);
	assert_address(&l[0].at.address, "::1@53");
	assert_string_equal(l[0].interface, "");
	assert_address(&l[1].at.address, "127.0.0.1@54");
	for (unsigned i = 2; i < 4; i++) {
		assert_int_equal(l[i].at.address.family, 0);
		assert_int_equal(l[i].at.transport, TRANSPORT_UDP);
		assert_string_equal(l[i].interface, "br-lan");
	}
	assert_int_equal(l[2].port, 53);
	assert_int_equal(l[3].port, 5353);
	config_destroy(c);
}

static void test_everything(void **state)
{
	struct config *c = good(everything);

	(void)state;
	assert_int_equal(c->server.listen_n, 3);
	assert_address(&c->server.listen[0].at.address, "0.0.0.0@5300");
	assert_address(&c->server.listen[1].at.address, "::@53");
	assert_address(&c->server.listen[2].at.address, "192.0.2.1@53");
	assert_int_equal(c->server.workers, 256);
	assert_string_equal(c->server.user, "");
	assert_string_equal(c->serve.identity, "ns1.example");
	assert_string_equal(c->serve.version, "tern");
	assert_string_equal(c->root_hints, "/etc/tern/root.hints");
	assert_int_equal(c->resolver.qmin, QMIN_OFF);
	assert_false(c->resolver.ipv4);
	assert_true(c->resolver.ipv6);
	assert_false(c->resolver.do_not_query_localhost);
	assert_int_equal(c->cache.size, (uint64_t)3 << 30);
	assert_int_equal(c->resolver.min_ttl_s, 2);
	assert_int_equal(c->resolver.max_ttl_s, 7 * 86400);
	assert_int_equal(c->resolver.max_negative_ttl_s, 900);
	assert_false(c->serve.prefetch || c->resolver.serve_stale || c->resolver.aggressive);
	assert_int_equal(c->cache.stale_s, 0);
	assert_int_equal(c->resolver.stale_ttl_s, 0);
	assert_int_equal(c->serve.stale_wait_ms, 250);
	assert_string_equal(c->snapshot, "/var/lib/tern/c\xc3\xa4"
					 "che");
	assert_int_equal(c->resolver.validation, VALIDATION_PERMISSIVE);
	assert_int_equal(c->trust.anchors_n, 2);
	assert_string_equal(c->trust.anchors[1], "example. 3600 IN DNSKEY 257 3 13 bWFkZSB1cA==");
	assert_int_equal(c->trust.negative_n, 2);
	assert_string_equal(c->trust.negative[1], "Worse.Example.");
	assert_int_equal(c->resolver.sha1, false);
	assert_int_equal(c->trust.accept_unset_clock, false);
	assert_string_equal(c->trust.file, "/var/lib/tern/anchors");
	assert_false(c->trust.signaling);
	assert_int_equal(c->trust.recheck_s, 3600);
	assert_zones(c);
	assert_int_equal(c->access.allow_n, 0);
	assert_true(c->access.drop);
	assert_false(c->special.serve);
	assert_int_equal(c->special.except_n, 2);
	assert_name(c->special.except[0], "test.");
	assert_int_equal(c->local.data_n, 1);
	assert_string_equal(c->local.data[0], "a.lan. A 192.0.2.1");
	assert_int_equal(c->local.zones_n, 2);
	assert_int_equal(c->hosts_n, 1);
	assert_string_equal(c->hosts[0], "/etc/hosts");
	assert_int_equal(c->leases_n, 1);
	assert_string_equal(c->leases[0].file, "/l");
	assert_int_equal(c->leases[0].format, LEASE_KEA);
	assert_name(c->leases[0].domain, "lan.");
	assert_name(c->local.zones[0].name, "lan.");
	assert_int_equal(c->local.zones[0].behaviour, ZONE_ALWAYS_NULL);
	assert_int_equal(c->local.zones[0].records_n, 2);
	assert_string_equal(c->local.zones[0].records[1], "b A 192.0.2.2");
	assert_int_equal(c->local.zones[1].behaviour, ZONE_STATIC);
	assert_string_equal(c->control.socket, "");
	assert_int_equal(c->logging.level, LOG_LEVEL_DEBUG);
	config_destroy(c);
}

/** Every word of every option that takes words, also those that YAML 1.1 calls booleans. */
static void test_words(void **state)
{
	static const char *const texts[] = {
		"dnssec: {validation: on}",
		"dnssec: {validation: off}",
		"dnssec: {validation: \"on\"}",
		"dnssec: {validation: permissive, sha1: validate}",
		"dnssec: {sha1: insecure}",
		"dnssec: {unset-clock: accept}",
		"dnssec: {unset-clock: refuse}",
		"resolver: {qname-minimization: strict}",
		"resolver: {qname-minimization: relaxed}",
		"resolver: {qname-minimization: off}",
		"access: {deny-action: refuse}",
		"access: {deny-action: drop}",
		"server: {workers: auto}",
		"server: {workers: 1}",
		"logging: {level: error}",
		"logging: {level: warning}",
		"logging: {level: notice}",
		"logging: {level: info}",
		"logging: {level: debug}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		config_destroy(good(texts[i]));
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
	char path[] = "/tmp/tern-config-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	write_file(path, everything);
	struct config *c = config_load(path, error, sizeof(error));
	assert_non_null(c);
	assert_zones(c);
	config_destroy(c);

	write_file(path, "nonsense: 1\n");
	assert_null(config_load(path, error, sizeof(error)));
	assert_int_equal(strncmp(error, path, strlen(path)), 0);
	assert_non_null(strstr(error, ":1: nonsense: unknown key"));

	assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
	assert_null(config_load(path, error, sizeof(error)));
	assert_non_null(strstr(error, "larger than 64 MiB"));
	close(fd);
	unlink(path);

	assert_null(config_load("/nonexistent/tern.yaml", error, sizeof(error)));
	assert_string_equal(error,
			    "/nonexistent/tern.yaml: cannot be read: No such file or directory");
	assert_null(config_load("/", error, sizeof(error)));
	assert_string_equal(error, "/: cannot be read: Is a directory");
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f)
		fail_msg("no file %s", path);
	assert_non_null(text);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	assert_in_range(n, 1, (1 << 20) - 2);
	fclose(f);
	return text;
}

/** The example spells out what is true without it. */
static void test_example_says_the_defaults(void **state)
{
	struct config *c = config_load("../docs/tern.yaml.example", error, sizeof(error));

	(void)state;
	if (!c)
		fail_msg("%s", error);
	assert_defaults(c);
	config_destroy(c);
}

static void assert_documented(const char *example, const char *manual,
			      const struct schema_key *keys, const char *section)
{
	char wanted[128];

	for (const struct schema_key *k = keys; k->name; k++) {
		snprintf(wanted, sizeof(wanted), "%s:", k->name);
		if (!strstr(example, wanted))
			fail_msg("docs/tern.yaml.example does not have %s%s", section, k->name);
		snprintf(wanted, sizeof(wanted), "\n.It Cm %s", k->name);
		if (k->kind != SCHEMA_SECTION && !strstr(manual, wanted))
			fail_msg("docs/tern.yaml.5 does not have %s%s", section, k->name);
		if (k->keys)
			assert_documented(example, manual, k->keys, k->name);
	}
}

static void test_every_key_is_documented(void **state)
{
	char *example = read_file("../docs/tern.yaml.example");
	char *manual = read_file("../docs/tern.yaml.5");

	(void)state;
	assert_documented(example, manual, schema_root, "");
	free(example);
	free(manual);
}

/** A table with more keys than the reader has lines for would overrun it. */
static void assert_table(const struct schema_key *keys)
{
	unsigned n = 0;

	for (const struct schema_key *k = keys; k->name; k++, n++) {
		assert_true(schema_find(keys, k->name, strlen(k->name)) == k);
		assert_true((k->kind == SCHEMA_SECTION) == (k->keys != NULL));
		assert_true((k->kind == SCHEMA_WORD) == (k->words != NULL));
		assert_true(k->list || k->required || k->keys || k->initial || k->optional ||
			    k->kind == SCHEMA_INCLUDE);
		if (k->keys)
			assert_table(k->keys);
	}
	assert_true(n <= SCHEMA_KEYS_MAX);
}

static void test_table(void **state)
{
	(void)state;
	assert_table(schema_root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_listen_forms),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_example_says_the_defaults),
		cmocka_unit_test(test_every_key_is_documented),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
