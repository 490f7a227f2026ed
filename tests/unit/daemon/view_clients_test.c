/*
 * view_clients_test.c - clients of views by their leases: who counts for an address, until when,
 * and that what stays the same stays shared.
 */
#include "../names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/load.h"
#include "daemon/ruleset.h"
#include "daemon/view_clients.h"
#include "dnssec/anchor.h"
#include "policy/view.h"

#define MANY 100000

static char path[] = "/tmp/tern-members-XXXXXX";
static char leases[64];
static char why[LOAD_WHY_MAX];
static struct load load;
static struct rules *rules, *after;

static FILE *open_file(const char *name)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	return f;
}

static int open_all(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	snprintf(leases, sizeof leases, "%s.leases", path);
	rules = after = NULL;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	rules_destroy(rules);
	rules_destroy(after);
	unlink(leases);
	unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	return 0;
}

static void put_lease(FILE *f, const char *mac, const char *address, const char *name)
{
	fprintf(f, "%lld %s %s %s *\n", (long long)time(NULL) + 3600, mac, address, name);
}

static struct rules *make(const char *views, const struct rules *before)
{
	FILE *f = open_file(path);
	struct rules *r;

	fprintf(f, "leases: [{file: %s, format: dnsmasq, domain: lan}]\nviews: %s\n", leases,
		views);
	fclose(f);
	if (!load_read(path, NULL, &load, why))
		fail_msg("%s", why);
	r = ruleset_make(&load, before);
	assert_non_null(r);
	return r;
}

static unsigned class_of(const struct rules *r, const char *address)
{
	struct address a;

	assert_true(address_from_text(address, 0, &a));
	return view_of_client(r->views, r->view_clients, &a);
}

static const char three[] =
	"[{name: a, clients: [tv, 192.0.2.9, 10.0.0.0/8]}, "
	"{name: b, clients: [\"02:00:00:00:00:01\", tv.lan]}, "
	"{name: c, clients: [\"02:00:00:00:00:01\", \"02:00:00:00:00:02\", pc]}]";

static void who_counts(void **state)
{
	FILE *f = open_file(leases);

	(void)state;
	put_lease(f, "02:00:00:00:00:01", "10.0.0.1",
		  "pc"); /* the hardware address before the name */
	put_lease(f, "02:00:00:00:00:01", "10.0.0.2", "*");  /* all of its addresses */
	put_lease(f, "02:00:00:00:00:02", "192.0.2.9", "x"); /* one address that is written first */
	put_lease(f, "02:00:00:00:00:03", "10.0.0.3", "TV"); /* the longer name first */
	put_lease(f, "02:00:00:00:00:04", "10.0.0.4", "y");  /* nobody's */
	put_lease(f, "02:00:00:00:00:05", "192.0.2.5", "pc");
	fclose(f);
	rules = make(three, NULL);
	assert_int_equal(class_of(rules, "10.0.0.1"), 2);
	assert_int_equal(class_of(rules, "10.0.0.2"), 2);
	assert_int_equal(class_of(rules, "192.0.2.9"), 1);
	assert_int_equal(class_of(rules, "10.0.0.3"), 2);
	assert_int_equal(class_of(rules, "10.0.0.4"), 1);
	assert_int_equal(class_of(rules, "192.0.2.5"), 3);
	assert_int_equal(class_of(rules, "192.0.2.6"), 0);
	assert_int_equal(view_clients_devices(rules, 1, 0), 1);
	assert_int_equal(view_clients_devices(rules, 2, 2), 1);
	assert_int_equal(view_clients_devices(rules, 0, 0), 0);
}

static void what_stays_is_shared(void **state)
{
	FILE *f = open_file(leases);

	(void)state;
	put_lease(f, "02:00:00:00:00:02", "192.0.2.7", "x");
	fclose(f);
	rules = make(three, NULL);
	assert_true(rules->view_clients->until_s > time(NULL) + 3000);
	after = make(three, rules);
	assert_ptr_equal(after->view_clients, rules->view_clients);
	assert_true(view_clients_fill(after, time(NULL) + 3500));
	assert_ptr_equal(after->view_clients, rules->view_clients);
	/* Its end is the end. */
	assert_true(view_clients_fill(after, time(NULL) + 3601));
	assert_int_equal(class_of(after, "192.0.2.7"), 0);
	assert_int_equal(class_of(rules, "192.0.2.7"), 3);
	assert_true(after->view_clients->until_s == INT64_MAX);
	rules_destroy(after);
	after = make("[]", rules);
	assert_null(after->view_clients);
	assert_null(after->views);
}

static void very_many(void **state)
{
	FILE *f = open_file(leases);
	char *views = malloc(MANY), *at = views;

	(void)state;
	assert_non_null(views);
	for (unsigned i = 0; i < MANY; i++) {
		char mac[32], address[32];

		snprintf(mac, sizeof mac, "02:00:00:%02x:%02x:%02x", i >> 16, i >> 8 & 255,
			 i & 255);
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		put_lease(f, mac, address, i % 2 ? "same" : "*");
	}
	fclose(f);
	at += sprintf(at, "[{name: a, clients: [same");
	for (unsigned i = 0; i < 1000; i++)
		at += sprintf(at, ", \"02:00:00:00:%02x:%02x\"", i * 2 >> 8, i * 2 & 255);
	sprintf(at, "]}]");
	rules = make(views, NULL);
	free(views);
	assert_int_equal(rules->view_clients->found_n, MANY / 2 + 1000);
	assert_int_equal(class_of(rules, "10.0.0.0"), 1);
	assert_int_equal(class_of(rules, "10.0.7.206"), 1);
	assert_int_equal(class_of(rules, "10.0.7.208"), 0);
	assert_int_equal(class_of(rules, "10.1.134.159"), 1);
	assert_int_equal(view_clients_devices(rules, 0, 0), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_counts, open_all, close_all),
		cmocka_unit_test_setup_teardown(what_stays_is_shared, open_all, close_all),
		cmocka_unit_test_setup_teardown(very_many, open_all, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
