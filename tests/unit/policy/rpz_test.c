/* rpz_test.c - policy zones: what owners mean, which rule fits, and what it gives. */
#include "../names.h"

#include <stdio.h>
#include <string.h>

#include <tern/rr.h>
#include <tern/text.h>

#include "policy/rpz.h"

static struct rpz_zone *zone;
static struct rpz_rule rule;

static int open_zone(void **state)
{
	(void)state;
	zone = rpz_create(NAME("rpz."), RPZ_GIVEN);
	return zone ? 0 : -1;
}

static int close_zone(void **state)
{
	(void)state;
	rpz_destroy(zone);
	return 0;
}

static const char *add_record(const char *text)
{
	static struct tern_rr_text rr;
	uint8_t owner[TERN_NAME_MAX];
	const char *why = NULL;

	assert_int_equal(tern_rr_from_zone_text(text, NAME("rpz."), 60, &rr, &why), TERN_OK);
	tern_name_lower(owner, rr.owner);
	return rpz_add(zone, owner, rr.type, rr.ttl_s, rr.rdata, rr.rdata_len, &why) ? NULL : why;
}

static void add(const char *text)
{
	const char *why = add_record(text);

	if (why)
		fail_msg("%s: %s", text, why);
}

static int by_name(enum rpz_trigger t, const char *name)
{
	return rpz_find_name(zone, t, NAME(name), &rule) ? (int)rule.action : -1;
}

static int by_address(enum rpz_trigger t, const char *text)
{
	struct address a;

	assert_true(address_from_text(text, 53, &a));
	return rpz_find_address(zone, t, &a, &rule) ? (int)rule.action : -1;
}

static void names(void **state)
{
	(void)state;
	add("@ SOA ns. mail. 1 2 3 4 5");
	add("@ NS ns.");
	add("ads.example CNAME .");
	add("*.ads.example CNAME *.");
	add("ok.ads.example CNAME rpz-passthru.");
	add("*.deep.ads.example CNAME rpz-drop.");
	add("slow.example 5 CNAME rpz-tcp-only.");
	add("ns1.bad.rpz-nsdname CNAME .");
	assert_true(rpz_seal(zone));
	assert_int_equal(rpz_rules_n(zone), 6);
	assert_int_equal(by_name(RPZ_QNAME, "ads.example."), RPZ_NXDOMAIN);
	assert_int_equal(by_name(RPZ_QNAME, "x.ads.example."), RPZ_NODATA);
	assert_int_equal(by_name(RPZ_QNAME, "a.b.ads.example."), RPZ_NODATA);
	assert_int_equal(by_name(RPZ_QNAME, "ok.ads.example."), RPZ_PASSTHRU);
	/* What exists in the zone hides the wildcard above, for itself and for what is below. */
	assert_int_equal(by_name(RPZ_QNAME, "x.ok.ads.example."), -1);
	assert_int_equal(by_name(RPZ_QNAME, "deep.ads.example."), -1);
	assert_int_equal(by_name(RPZ_QNAME, "x.deep.ads.example."), RPZ_DROP);
	assert_int_equal(by_name(RPZ_QNAME, "slow.example."), RPZ_TCP_ONLY);
	assert_int_equal(rule.ttl_s, 5);
	assert_int_equal(by_name(RPZ_QNAME, "example."), -1);
	assert_int_equal(by_name(RPZ_QNAME, "."), -1);
	assert_int_equal(by_name(RPZ_QNAME, "ns1.bad."), -1);
	assert_int_equal(by_name(RPZ_NSDNAME, "ns1.bad."), RPZ_NXDOMAIN);
	assert_true(rpz_has(zone, RPZ_NSDNAME));
	assert_false(rpz_has(zone, RPZ_IP));
}

/* "?" of @number: a name of up to four labels out of two letters. */
static void write_name(unsigned number, bool wildcard, char *out)
{
	unsigned labels = 1 + number % 4;

	number /= 4;
	if (wildcard)
		out += sprintf(out, "*.");
	for (unsigned i = 0; i < labels; i++, number /= 2)
		out += sprintf(out, "%c.", 'a' + (char)(number % 2));
}

static bool exists(char rules[][16], unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		size_t len = strlen(rules[i]), name_len = strlen(name);

		if (len == name_len ? strcmp(rules[i], name) == 0
				    : len > name_len && rules[i][len - name_len - 1] == '.' &&
					      strcmp(rules[i] + len - name_len, name) == 0)
			return true;
	}
	return false;
}

/* As RFC 4592 3.3.1 says: up to the closest encloser, and then its wildcard. */
static bool is_ruled(char rules[][16], unsigned n, const char *name)
{
	char wildcard[24];
	const char *at = name;

	for (unsigned i = 0; i < n; i++) {
		if (strcmp(rules[i], name) == 0)
			return true;
	}
	if (exists(rules, n, name))
		return false;
	while (*at && !exists(rules, n, at))
		at = strchr(at, '.') + 1;
	snprintf(wildcard, sizeof wildcard, "*.%s", at);
	for (unsigned i = 0; *at && i < n; i++) {
		if (strcmp(rules[i], wildcard) == 0)
			return true;
	}
	return false;
}

static void wildcards_are_as_in_any_zone(void **state)
{
	char rules[8][16], text[160], name[16];
	unsigned seed = 1;

	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
			seed = seed * 1103515245u + 12345u;
			write_name(seed >> 8 & 63, seed >> 20 & 1, rules[i]);
			rules[i][strlen(rules[i]) - 1] = '\0';
			snprintf(text, sizeof text, "%s CNAME .", rules[i]);
			(void)!add_record(text); /* twice the same is refused */
			strcat(rules[i], ".");
		}
		assert_true(rpz_seal(zone));
		for (unsigned i = 0; i < 64; i++) {
			write_name(i, false, name);
			if ((by_name(RPZ_QNAME, name) >= 0) !=
			    is_ruled(rules, ARRAY_LEN(rules), name))
				fail_msg("round %u: %s", round, name);
		}
		close_zone(state);
		open_zone(state);
	}
}

static void networks(void **state)
{
	static const char *const wrong[] = {
		"33.1.2.0.192.rpz-ip CNAME .",
		"24.1.2.0.192.rpz-ip CNAME .",
		"1.2.3.rpz-ip CNAME .",
		"32.256.2.0.192.rpz-ip CNAME .",
		"rpz-ip CNAME .",
		"129.zz.rpz-ip CNAME .",
		"48.zz.1.zz.2001.rpz-ip CNAME .",
		"x.1.2.0.192.rpz-ip CNAME .",
	};

	(void)state;
	add("24.0.2.0.192.rpz-ip CNAME .");
	add("32.7.2.0.192.rpz-ip CNAME rpz-passthru.");
	add("32.zz.db8.2001.rpz-ip CNAME *.");
	add("128.1.0.0.0.0.0.db8.2001.rpz-ip CNAME rpz-drop.");
	add("8.0.0.0.10.rpz-client-ip CNAME .");
	add("128.1.zz.rpz-nsip CNAME .");
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_non_null(add_record(wrong[i]));
	assert_true(rpz_seal(zone));
	assert_int_equal(by_address(RPZ_IP, "192.0.2.1"), RPZ_NXDOMAIN);
	assert_int_equal(by_address(RPZ_IP, "192.0.2.7"), RPZ_PASSTHRU);
	assert_int_equal(by_address(RPZ_IP, "192.0.3.1"), -1);
	assert_int_equal(by_address(RPZ_IP, "2001:db8::2"), RPZ_NODATA);
	assert_int_equal(by_address(RPZ_IP, "2001:db8::1"), RPZ_DROP);
	assert_int_equal(by_address(RPZ_CLIENT_IP, "10.9.8.7"), RPZ_NXDOMAIN);
	assert_int_equal(by_address(RPZ_CLIENT_IP, "192.0.2.1"), -1);
	assert_int_equal(by_address(RPZ_NSIP, "::1"), RPZ_NXDOMAIN);
}

static void what_rules_give(void **state)
{
	uint8_t alias[TERN_NAME_MAX];
	struct tern_rrset set;
	char text[TERN_NAME_TEXT_MAX];

	(void)state;
	add("data.example A 192.0.2.1");
	add("data.example A 192.0.2.2");
	add("data.example TXT x");
	add("to.example CNAME Garden.example.");
	add("*.wild.example CNAME *.garden.example.");
	assert_string_equal(add_record("data.example CNAME x."), "an alias stands alone");
	assert_string_equal(add_record("to.example A 192.0.2.1"), "an alias stands alone");
	for (unsigned i = 0; i < RPZ_RECORDS_MAX; i++) {
		snprintf(text, sizeof text, "many.example TXT %u", i);
		add(text);
	}
	assert_string_equal(add_record("many.example TXT x"), "too many records of one name");
	assert_true(rpz_seal(zone));
	assert_int_equal(by_name(RPZ_QNAME, "data.example."), RPZ_DATA);
	assert_true(rpz_set(&rule, NAME("data.example."), TERN_TYPE_A, &set));
	assert_int_equal(set.rr_n, 2);
	assert_int_equal(set.rdata_len, 12);
	assert_true(rpz_set(&rule, NAME("data.example."), TERN_TYPE_TXT, &set));
	assert_false(rpz_set(&rule, NAME("data.example."), TERN_TYPE_AAAA, &set));
	assert_int_equal(by_name(RPZ_QNAME, "to.example."), RPZ_CNAME);
	assert_true(rpz_alias(&rule, NAME("to.example."), alias));
	assert_string_equal(tern_name_to_text(alias, text), "garden.example.");
	assert_int_equal(by_name(RPZ_QNAME, "a.wild.example."), RPZ_CNAME);
	assert_true(rpz_alias(&rule, NAME("a.wild.example."), alias));
	assert_string_equal(tern_name_to_text(alias, text), "a.wild.example.garden.example.");
}

static void the_zone_s_own_action(void **state)
{
	struct rpz_zone *other = rpz_create(NAME("rpz."), RPZ_DROP);
	static const uint8_t target[] = {0};
	const char *why;

	(void)state;
	assert_true(rpz_add(other, NAME("a.example.rpz."), TERN_TYPE_CNAME, 60, target, 1, &why));
	assert_false(rpz_add(other, NAME("a.example."), TERN_TYPE_CNAME, 60, target, 1, &why));
	assert_true(rpz_seal(other));
	assert_true(rpz_find_name(other, RPZ_QNAME, NAME("a.example."), &rule));
	assert_int_equal(rule.action, RPZ_DROP);
	assert_true(rpz_seal(zone));
	assert_false(rpz_equal(zone, other));
	rpz_destroy(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, open_zone, close_zone),
		cmocka_unit_test_setup_teardown(wildcards_are_as_in_any_zone, open_zone,
						close_zone),
		cmocka_unit_test_setup_teardown(networks, open_zone, close_zone),
		cmocka_unit_test_setup_teardown(what_rules_give, open_zone, close_zone),
		cmocka_unit_test_setup_teardown(the_zone_s_own_action, open_zone, close_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
