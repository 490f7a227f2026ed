/*
 * nat64_test.c - the table of RFC 6052 2.4 both ways, reverse names, and addresses that have no
 * business inside a prefix.
 */
#include "../names.h"

#include "base/compiler.h"
#include "policy/nat64.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_true(prefix_from_text(text, &p));
	return p;
}

/* RFC 6052 2.4, 192.0.2.33. */
static const struct {
	const char *prefix, *address;
} table[] = {
	{"2001:db8::/32", "2001:db8:c000:221::"},
	{"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
	{"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
	{"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
	{"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
	{"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"},
	{"64:ff9b::/96", "64:ff9b::192.0.2.33"},
};

static const uint8_t v4[4] = {192, 0, 2, 33};

static void every_length_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		struct prefix p = prefix(table[i].prefix);
		struct address wanted = address(table[i].address);
		uint8_t made[16], back[4];

		assert_true(nat64_is_prefix(&p) && nat64_keeps_unused(&p));
		nat64_embed(&p, v4, made);
		assert_memory_equal(made, wanted.octets, 16);
		assert_true(nat64_extract(&p, made, back));
		assert_memory_equal(back, v4, 4);
		/* Another prefix, or octets where there are none. */
		made[0] ^= 1;
		assert_false(nat64_extract(&p, made, back));
		made[0] ^= 1;
		made[8] = 1;
		assert_false(nat64_extract(&p, made, back));
	}
}

static void every_address_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		struct prefix p = prefix(table[i].prefix);

		for (unsigned n = 0; n < 4 * 256; n++) {
			uint8_t in[4] = {1, 2, 3, 4}, out[4], made[16];

			in[n / 256] = (uint8_t)n;
			nat64_embed(&p, in, made);
			assert_true(nat64_extract(&p, made, out));
			assert_memory_equal(in, out, 4);
		}
	}
}

static void other_prefixes_are_none(void **state)
{
	static const char *const none[] = {"2001:db8::/33", "2001:db8::/95", "2001:db8::/128",
					   "2001:d00::/24", "10.0.0.0/32",   "::/0"};
	struct prefix odd = prefix("2001:db8:1:2:300::/96"), empty = {0};
	uint8_t out[4];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
		struct prefix p = prefix(none[i]);

		assert_false(nat64_is_prefix(&p));
	}
	assert_false(nat64_is_prefix(&empty));
	assert_false(nat64_extract(&empty, odd.base.octets, out));
	/* Against the rule, but there are such networks. */
	assert_true(nat64_is_prefix(&odd));
	assert_false(nat64_keeps_unused(&odd));
	assert_true(nat64_extract(&odd, odd.base.octets, out));
}

static bool may(const char *p, const char *a)
{
	struct prefix read = prefix(p);
	struct address of = address(a);

	return nat64_may_embed(&read, of.octets);
}

static void special_addresses(void **state)
{
	static const char *const nobodys[] = {"0.0.0.0",   "0.1.2.3",   "127.0.0.1",
					      "224.0.0.1", "240.0.0.1", "255.255.255.255"};
	static const char *const inside[] = {
		"10.0.0.0",   "10.255.255.255", "100.64.0.1",   "100.127.255.255", "169.254.0.1",
		"172.16.0.1", "172.31.255.255", "192.0.0.169",  "192.0.2.1",       "192.168.255.1",
		"198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.255"};
	static const char *const global[] = {
		"1.1.1.1",     "9.255.255.255",  "11.0.0.0",   "100.63.0.1",      "100.128.0.1",
		"172.15.0.1",  "172.32.0.1",     "192.0.1.0",  "192.0.3.1",       "192.167.0.1",
		"192.169.0.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "126.0.0.1",
		"192.0.0.170", "192.0.0.171"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(nobodys); i++) {
		assert_false(may("64:ff9b::/96", nobodys[i]));
		assert_false(may("2001:db8::/32", nobodys[i]));
	}
	for (unsigned i = 0; i < ARRAY_LEN(inside); i++) {
		assert_false(may("64:ff9b::/96", inside[i]));
		assert_true(may("2001:db8::/96", inside[i]));
		assert_true(may("64:ff9b:1::/96", inside[i]));
	}
	for (unsigned i = 0; i < ARRAY_LEN(global); i++)
		assert_true(may("64:ff9b::/96", global[i]));
}

static void reverse_names(void **state)
{
	struct prefix wide = prefix("2001:db8::/32"), known = prefix("64:ff9b::/96");
	uint8_t out[NAT64_REVERSE_MAX];

	(void)state;
	assert_true(nat64_reverse(&known,
				  NAME("1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4."
				       "6.0.0.ip6.arpa."),
				  out));
	assert_true(tern_name_equal(out, NAME("33.2.0.192.in-addr.arpa.")));
	assert_true(nat64_reverse(&known,
				  NAME("f.f.f.f.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4."
				       "6.0.0.ip6.arpa."),
				  out));
	assert_true(tern_name_equal(out, NAME("255.255.255.255.in-addr.arpa.")));
	assert_true(nat64_reverse(&wide,
				  NAME("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.c.8.b.d.0.1."
				       "0.0.2.ip6.arpa."),
				  out));
	assert_true(tern_name_equal(out, NAME("33.2.0.192.in-addr.arpa.")));
}

static void other_names_are_no_reverse_names(void **state)
{
	static const char *const names[] = {
		".", "ip6.arpa.", "1.ip6.arpa.", "b.9.f.f.4.6.0.0.ip6.arpa.",
		/* one label too few, one too many, one too long, no digit, another tree */
		"2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.",
		"0.1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.",
		"11.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.",
		"g.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.",
		"1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.int.",
		"1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.",
		"1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.1.ip6.arpa."};
	struct prefix known = prefix("64:ff9b::/96");
	uint8_t out[NAT64_REVERSE_MAX];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		assert_false(nat64_reverse(&known, NAME(names[i]), out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_both_ways),
		cmocka_unit_test(every_address_comes_back),
		cmocka_unit_test(other_prefixes_are_none),
		cmocka_unit_test(special_addresses),
		cmocka_unit_test(reverse_names),
		cmocka_unit_test(other_names_are_no_reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
