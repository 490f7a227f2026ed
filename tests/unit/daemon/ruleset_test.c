/*
 * ruleset_test.c - what a change of the configuration makes wrong, and what stays shared.
 */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/load.h"
#include "daemon/ruleset.h"
#include "dnssec/anchor.h"
#include "resolver/hints.h"
#include "zone/store.h"

static char path[] = "/tmp/tern-ruleset-XXXXXX";
static char why[LOAD_WHY_MAX];
static char zones[1000];
static struct trust_anchors none;

static bool read_text(const char *text, struct load *out)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return load_read(path, NULL, out, why);
}

static struct rules *make(const char *text, const struct rules *before)
{
	struct load load;
	struct rules *r;

	if (!read_text(text, &load))
		fail_msg("%s", why);
	r = ruleset_make(&load, before);
	assert_non_null(r);
	assert_null(load.config);
	if (!r->anchors)
		r->anchors = &none;
	return r;
}

static void note(void *context, const uint8_t *zone)
{
	size_t at = strlen(zones);
	char text[TERN_NAME_TEXT_MAX];

	(void)context;
	snprintf(zones + at, sizeof zones - at, "%s ", tern_name_to_text(zone, text));
}

/* What is outdated when @before becomes @after, and whether answers change. */
static void assert_change(const char *before, const char *after, const char *outdated, bool answers)
{
	struct rules *a = make(before, NULL), *b = make(after, a);

	zones[0] = '\0';
	ruleset_outdated(a, b, note, NULL);
	assert_string_equal(zones, outdated);
	assert_int_equal(ruleset_changes_answers(a, b), answers);
	rules_destroy(a);
	rules_destroy(b);
}

#define ROUTE(name, address) "forward-zones: [{name: " name ", addresses: [" address "]}]\n"
#define STUB(name, address)  "stub-zones: [{name: " name ", addresses: [" address "]}]\n"

static void routes(void **state)
{
	(void)state;
	assert_change("", "", "", false);
	assert_change("", ROUTE("a.test", "192.0.2.1"), "a.test. ", true);
	assert_change(ROUTE("a.test", "192.0.2.1"), "", "a.test. ", true);
	assert_change(ROUTE("a.test", "192.0.2.1"), ROUTE("A.Test.", "192.0.2.1@53"), "", false);
	assert_change(ROUTE("a.test", "192.0.2.1"), ROUTE("a.test", "192.0.2.2"), "a.test. ", true);
	assert_change(ROUTE("a.test", "192.0.2.1"), ROUTE("b.test", "192.0.2.1"),
		      "a.test. b.test. ", true);
	assert_change(ROUTE("a.test", "192.0.2.1"), STUB("a.test", "192.0.2.1"), "a.test. ", true);
	assert_change(STUB("a.test", "192.0.2.1"),
		      "stub-zones: [{name: a.test, addresses: [192.0.2.1], validate: off}]",
		      "a.test. ", true);
}

static void options(void **state)
{
	(void)state;
	assert_change("", "dnssec: {validation: off}", ". ", true);
	assert_change("", "dnssec: {sha1: insecure}", ". ", true);
	assert_change("", "cache: {max-ttl: 1h}", "", true);
	assert_change("", "resolver: {ipv6: false}", "", true);
	assert_change("", "special-zones: {serve: false}", "", true);
	assert_change("special-zones: {except: [test]}", "special-zones: {except: [local]}", "",
		      true);
	assert_change("", "local-data: [\"a.lan A 192.0.2.1\"]", "", true);
	assert_change("local-data: [\"a.lan A 192.0.2.1\"]",
		      "local-data: [\"A.lan. 3600 IN A 192.0.2.1\"]", "", false);
	assert_change("local-zones: [{name: lan}]", "local-zones: [{name: lan, behaviour: refuse}]",
		      "", true);
	assert_change("", "cache: {size: 1MiB}", "", false);
	assert_change("", "access: {allow: []}", "", false);
	assert_change("", "logging: {level: debug}", "", false);
}

static void trust(void **state)
{
	static struct trust_anchors before, after;
	struct rules *a = make("", NULL), *b = make("", a);
	const char *error;

	(void)state;
	assert_true(trust_anchors_add(&before,
				      "a.test. DS 1 13 2 " /* 32 octets */
				      "0000000000000000000000000000000000000000000000000000"
				      "000000000000",
				      &error));
	assert_true(trust_anchors_add_negative(&after, "b.test.", &error));
	a->anchors = &before;
	b->anchors = &after;
	zones[0] = '\0';
	ruleset_outdated(a, b, note, NULL);
	assert_string_equal(zones, "a.test. b.test. ");
	b->anchors = &before;
	assert_false(ruleset_changes_answers(a, b));
	rules_destroy(a);
	rules_destroy(b);
}

static void hints_that_stay_are_shared(void **state)
{
	struct rules *a = make("", NULL), *b = make("cache: {size: 2MiB}", a);

	(void)state;
	assert_ptr_equal(a->hints, b->hints);
	assert_ptr_not_equal(a->config, b->config);
	rules_destroy(a);
	assert_int_equal(b->hints->servers_n, 13);
	rules_destroy(b);
}

static void another_root_makes_everything_wrong(void **state)
{
	static struct root_hints other;
	struct rules *a = make("", NULL), *b = make("", a);

	(void)state;
	b->hints = &other;
	zones[0] = '\0';
	ruleset_outdated(a, b, note, NULL);
	assert_string_equal(zones, ". ");
	assert_true(ruleset_changes_answers(a, b));
	rules_destroy(a);
	rules_destroy(b);
}

static void assert_served(const char *text, const char *name, bool served)
{
	struct rules *r = make(text, NULL);
	struct zone_answer out;

	if ((zone_store_find(r->zones, NAME(name), 12, NULL, &out) != ZONE_NOT_HERE) != served)
		fail_msg("%s: %s", text, name);
	rules_destroy(r);
}

#define ANCHOR(name)                                                                               \
	"dnssec: {trust-anchors: [\"" name " DS 1 13 2 "                                           \
	"0000000000000000000000000000000000000000000000000000000000000000\"]}"

static void special_names_of_the_owner(void **state)
{
	static const struct {
		const char *text;
		bool test, reverse; /* is www.test served, and 1.168.192.in-addr.arpa? */
	} cases[] = {
		{"", true, true},
		{"special-zones: {serve: false}", false, false},
		{"special-zones: {except: [test]}", false, true},
		{"special-zones: {except: [local, 168.192.in-addr.arpa]}", true, false},
		{ROUTE("test", "192.0.2.1"), false, true},
		{ROUTE("x.test", "192.0.2.1"), true, true}, /* what is below it goes there */
		{ROUTE(".", "192.0.2.1"), true, true},
		{ROUTE("192.in-addr.arpa", "192.0.2.1"), true, false},
		{STUB("168.192.in-addr.arpa", "192.0.2.1"), true, false},
		{"local-zones: [{name: test, behaviour: transparent}]", false, true},
		{"local-zones: [{name: in-addr.arpa, behaviour: transparent}]", true, false},
		{ANCHOR("x.test."), false, true},
		{ANCHOR("in-addr.arpa."), true, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_served(cases[i].text, "www.test.", cases[i].test);
		assert_served(cases[i].text, "1.1.168.192.in-addr.arpa.", cases[i].reverse);
	}
}

static void assert_refused(const char *text, const char *reason)
{
	struct load load;

	assert_false(read_text(text, &load));
	if (!strstr(why, reason))
		fail_msg("%s: not in: %s", reason, why);
	assert_null(load.config);
	assert_null(load.zones);
}

static void local_data_that_is_wrong(void **state)
{
	(void)state;
	assert_refused("local-data:\n - a.lan A 192.0.2.1\n - b.lan A 192.0.2\n",
		       ":3: local-data[1]: ");
	assert_refused("local-data:\n - a.lan A 192.0.2.1\n - a.lan CNAME b.lan\n",
		       ":3: local-data[1]: a CNAME stands beside other data, see ");
	assert_refused("local-zones:\n - name: lan\n   records:\n    - a A 192.0.2.1\n"
		       "    - a CNAME b\n",
		       ":5: local-zones[0].records[1]: a CNAME stands beside other data, see ");
	assert_non_null(strstr(why, ":4: local-zones[0].records[0]"));
	assert_refused("local-zones:\n - name: lan\n   records: [a.other. A 192.0.2.1]\n",
		       ":3: local-zones[0].records[0]: the name is outside of the zone");
	assert_refused("local-zones:\n - name: lan\n   records: [a A 192.0.2.1]\n - name: LAN.\n",
		       ":4: local-zones[1].name: the zone is there twice, see ");
	assert_non_null(strstr(why, ":2: local-zones[0].name"));
	assert_refused("local-zones: [{name: lan, file: x}]",
		       "local-zones[0].file: x: No such file or directory");
}

/* They are told of, and harm nothing. */
static void files_of_hosts(void **state)
{
	char hosts[] = "/tmp/tern-hosts-XXXXXX", text[200];
	int fd = mkstemp(hosts);
	struct load load;
	struct zone_answer out;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "192.0.2.1 a.lan b.lan\nx y\n192.0.2.2 c.lan\n", 42), 42);
	snprintf(text, sizeof text,
		 "hosts: [%s, /nonexistent/hosts]\nlocal-data: [c.lan CNAME a.lan]\n", hosts);
	if (!read_text(text, &load))
		fail_msg("%s", why);
	assert_non_null(strstr(load.notes, ":2: expected an address"));
	assert_non_null(strstr(load.notes, ":1: hosts[1]: /nonexistent/hosts: No such file"));
	assert_int_equal(zone_store_find(load.zones, NAME("b.lan."), 1, NULL, &out), ZONE_ANSWER);
	assert_int_equal(zone_store_find(load.zones, NAME("c.lan."), 1, NULL, &out), ZONE_ANSWER);
	assert_int_equal(out.set.type, 5);
	load_free(&load);
	close(fd);
	unlink(hosts);
}

static void what_cannot_be_read(void **state)
{
	struct load load;

	(void)state;
	assert_false(read_text("server: {lisen: []}\nsevrer: 1\n", &load));
	assert_non_null(strstr(why, ":1: server.lisen: "));
	assert_non_null(strstr(why, "\n"));
	assert_non_null(strstr(why, ":2: sevrer: "));
	assert_null(load.config);
	assert_false(read_text("resolver: {root-hints: /nonexistent/hints}", &load));
	assert_non_null(strstr(why, ":1: resolver.root-hints: /nonexistent/hints: No such file or "
				    "directory"));
	assert_null(load.config);
	assert_false(load_read("/nonexistent/tern.yaml", NULL, &load, why));
	assert_true(load_read(NULL, NULL, &load, why));
	load_free(&load);
	load_free(&load);
}

#define LIST(more) "lists: [{name: a, file: /nonexistent/list" more "}]\n"

static void lists_that_are_for_everybody(void **state)
{
	(void)state;
	assert_change(LIST(""), LIST(""), "", false);
	assert_change(LIST(""), LIST(", default: false"), "", true);
	assert_change(LIST(", default: false"), LIST(""), "", true);
}

/* Jobs of a view that is gone may go on: none gets its class for as long as can be. */
static void classes_come_round(void **state)
{
	struct rules *before = make("views: [{name: keeps}, {name: v0}]\n", NULL), *after;
	char text[64];

	(void)state;
	assert_int_equal(before->views->views[1].class, 2);
	for (unsigned i = 1; i < VIEWS_MAX - 1; i++) {
		snprintf(text, sizeof text, "views: [{name: keeps}, {name: v%u}]\n", i);
		after = make("views: [{name: keeps}]\n", before);
		rules_destroy(before);
		before = make(text, after);
		rules_destroy(after);
		assert_int_equal(before->views->views[0].class, 1);
		assert_int_equal(before->views->views[1].class, i + 2);
	}
	after = make("views: [{name: other}, {name: keeps}]\n", before);
	assert_int_equal(after->views->views[0].class, 2);
	assert_int_equal(after->views->views[1].class, 1);
	rules_destroy(before);
	rules_destroy(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(options),
		cmocka_unit_test(trust),
		cmocka_unit_test(hints_that_stay_are_shared),
		cmocka_unit_test(another_root_makes_everything_wrong),
		cmocka_unit_test(special_names_of_the_owner),
		cmocka_unit_test(local_data_that_is_wrong),
		cmocka_unit_test(files_of_hosts),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(lists_that_are_for_everybody),
		cmocka_unit_test(classes_come_round),
	};
	int fd = mkstemp(path);
	int failed = fd < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);

	close(fd);
	unlink(path);
	return failed;
}
