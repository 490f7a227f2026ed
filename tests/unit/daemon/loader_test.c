/*
 * loader_test.c - loads one after another, and data files that are read by the configuration in
 * force whatever has become of its file.
 */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/readers.h"
#include "daemon/followed.h"
#include "daemon/loader.h"
#include "daemon/ruleset.h"
#include "dnssec/anchor.h"
#include "zone/leases.h"
#include "zone/store.h"

static char folder[] = "/tmp/tern-loader-XXXXXX";
static char path[64], hosts[64], leases[64];
static char why[LOAD_WHY_MAX];
static struct rulebook book;
static struct followed *followed;
static struct loader *loader;
static struct load load;

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_config(const char *more)
{
	char text[512];

	snprintf(text, sizeof text,
		 "hosts: [%s]\nleases: [{file: %s, format: dnsmasq, domain: lan}]\n%s", hosts,
		 leases, more);
	put(path, text);
}

static int open_loader(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "%s/tern.yaml", folder);
	snprintf(hosts, sizeof hosts, "%s/hosts", folder);
	snprintf(leases, sizeof leases, "%s/leases", folder);
	put(hosts, "192.168.1.1 a.house\n");
	put(leases, "0 02:00:00:00:00:01 192.168.1.10 a *\n");
	put_config("");
	followed = followed_create();
	assert_non_null(followed);
	if (!load_read(path, followed, &load, why))
		fail_msg("%s", why);
	rulebook_publish(&book, ruleset_make(&load, NULL), RULES_CHANGE_ANSWERS);
	loader = loader_create(path, followed, &book);
	return loader ? 0 : -1;
}

static int close_loader(void **state)
{
	(void)state;
	loader_destroy(loader);
	followed_destroy(followed);
	rulebook_end(&book);
	unlink(path);
	unlink(hosts);
	unlink(leases);
	return 0;
}

static bool take(unsigned what, unsigned number)
{
	unsigned got;
	bool good = loader_take(loader, &load, &got, why);

	assert_int_equal(load.what, what);
	assert_int_equal(got, number);
	return good;
}

static void loads_are_numbered(void **state)
{
	unsigned asked[3];

	(void)state;
	asked[0] = loader_ask(loader);
	asked[1] = loader_ask(loader); /* while one is under way, or done and not taken */
	asked[2] = loader_ask(loader);
	assert_true(asked[1] == asked[0] + 1 && asked[2] == asked[1]);
	assert_true(take(LOAD_ALL, asked[0]));
	assert_non_null(load.config);
	load_free(&load);
	loader_go_on(loader);
	assert_true(take(LOAD_ALL, asked[1]));
	load_free(&load);
	loader_go_on(loader);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(loader_ask(loader), asked[1] + 1);
	assert_false(take(LOAD_ALL, asked[1] + 1));
	assert_non_null(strstr(why, ": is empty"));
	loader_go_on(loader);
	(void)loader_ask(loader); /* what is under way ends first */
}

static bool has(const struct rules *rules, const char *name)
{
	struct lease_found found;
	struct zone_answer out;

	return zone_store_find(rules->zones, NAME(name), 1, NULL, &out) == ZONE_ANSWER ||
	       leases_find(rules->leases, NAME(name), 1000, &found);
}

static const struct rules *refresh(unsigned what)
{
	const struct rules *before = rulebook_current(&book);
	struct rules *fresh;

	if (!take(what, 0))
		fail_msg("%s", why);
	fresh = ruleset_refresh(&load, before);
	assert_non_null(fresh);
	rulebook_publish(&book, fresh, RULES_CHANGE_NAMES);
	loader_go_on(loader);
	return fresh;
}

static void files_need_no_good_configuration(void **state)
{
	const struct rules *rules = rulebook_current(&book);

	(void)state;
	assert_true(has(rules, "a.house.") && has(rules, "a.lan."));
	put(path, "broken: [");
	put(hosts, "192.168.1.2 b.house\n");
	put(leases, "0 02:00:00:00:00:01 192.168.1.10 b *\n");
	loader_ask_files(loader, LOAD_HOSTS);
	loader_ask_files(loader, LOAD_LEASES); /* waits */
	const struct zone_store *zones = rules->zones;
	const struct config *config = rules->config;
	const struct leases *before = rules->leases;

	rules = refresh(LOAD_HOSTS);
	assert_true(has(rules, "b.house.") && !has(rules, "a.house.") && has(rules, "a.lan."));
	assert_ptr_not_equal(rules->zones, zones);
	assert_ptr_equal(rules->leases, before);
	zones = rules->zones;
	rules = refresh(LOAD_LEASES);
	assert_true(has(rules, "b.house.") && !has(rules, "a.lan.") && has(rules, "b.lan."));
	assert_ptr_equal(rules->zones, zones);
	assert_ptr_equal(rules->config, config);
}

static void all_wins_over_files(void **state)
{
	(void)state;
	loader_ask_files(loader, LOAD_LEASES);
	assert_int_equal(loader_ask(loader), 1);
	loader_ask_files(loader, LOAD_HOSTS);
	(void)refresh(LOAD_LEASES);
	assert_true(take(LOAD_ALL, 1));
	assert_non_null(load.config);
	load_free(&load);
}

static void what_is_the_same_is_shared(void **state)
{
	const struct rules *before = rulebook_current(&book);

	(void)state;
	loader_ask_files(loader, LOAD_LEASES | LOAD_HOSTS);
	assert_true(take(LOAD_LEASES | LOAD_HOSTS, 0));
	struct rules *fresh = ruleset_refresh(&load, before);

	assert_ptr_equal(fresh->zones, before->zones);
	assert_ptr_equal(fresh->leases, before->leases);
	assert_false(ruleset_changes_names(before, fresh));
	rules_destroy(fresh);
}

/* Which zone there is for the domain, or NULL. */
static bool domain_is_served(const char *more)
{
	bool served;

	put_config(more);
	if (!load_read(path, NULL, &load, why))
		fail_msg("%s", why);
	struct zone_answer out;

	served = zone_store_find(load.zones, NAME("x.lan."), 1, NULL, &out) == ZONE_NXDOMAIN;
	load_free(&load);
	return served;
}

static void the_domain_is_a_zone_unless_it_is_spoken_of(void **state)
{
	(void)state;
	assert_true(domain_is_served(""));
	assert_true(domain_is_served("forward-zones: [{name: \".\", addresses: [192.0.2.1]}]"));
	assert_false(domain_is_served("forward-zones: [{name: LAN, addresses: [192.0.2.1]}]"));
	assert_false(domain_is_served("local-zones: [{name: lan, behaviour: transparent}]"));
	assert_true(domain_is_served("local-zones: [{name: x.lan, behaviour: always-nxdomain}]"));
}

/* Which is no contradiction: the zone of the leases takes the other's place. */
static void a_domain_may_be_a_special_name(void **state)
{
	struct zone_answer out;
	char text[256];

	(void)state;
	snprintf(text, sizeof text, "leases: [{file: %s, format: dnsmasq, domain: home.arpa}]\n",
		 leases);
	put(path, text);
	if (!load_read(path, NULL, &load, why))
		fail_msg("%s", why);
	assert_int_equal(zone_store_find(load.zones, NAME("x.home.arpa."), 1, NULL, &out),
			 ZONE_NXDOMAIN);
	assert_int_equal(out.soa.ttl_s, LEASES_TTL_S);
	load_free(&load);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_loader, close_loader)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loads_are_numbered),
		TEST(files_need_no_good_configuration),
		TEST(all_wins_over_files),
		TEST(what_is_the_same_is_shared),
		TEST(the_domain_is_a_zone_unless_it_is_spoken_of),
		TEST(a_domain_may_be_a_special_name),
	};
	int failed = mkdtemp(folder) ? 0 : 1;

	readers_enter();
	failed = failed ? failed : cmocka_run_group_tests(tests, NULL, NULL);
	readers_leave();
	rmdir(folder);
	return failed;
}
