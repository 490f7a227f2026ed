/* self_signed_test.c - certificates that a server makes for itself. */
#include "helpers.h"

#include <stdio.h>

#include "net/self_signed.h"

#define NOW_S 1800000000
#define DAY_S 86400

static struct self_signed_names names;

static void name_all(const char *const *text)
{
	names.n = 0;
	for (; *text; text++)
		self_signed_add_name(&names, *text);
}

static const char *const few[] = {"router.lan", "localhost", "192.0.2.1", "2001:db8::1", NULL};

static char *make(const char *before, int64_t now_s)
{
	const char *why = NULL;
	size_t len;
	char *pem =
		self_signed_make(before, before ? strlen(before) : 0, &names, now_s, &len, &why);

	assert_non_null(pem);
	assert_int_equal(len, strlen(pem));
	return pem;
}

static struct tls_service *service_of(const char *pem)
{
	const struct tls_pair pair = {(const uint8_t *)pem, strlen(pem), (const uint8_t *)pem,
				      strlen(pem)};
	const char *why;
	unsigned wrong;
	struct tls_service *tls = tls_service_create(&pair, 1, &wrong, &why);

	assert_non_null(tls);
	return tls;
}

static enum self_signed_state look(const char *pem, int64_t now_s)
{
	return self_signed_look(pem, strlen(pem), &names, now_s);
}

static void it_is_for_its_names(void **state)
{
	const struct tls_shown *shown;

	(void)state;
	name_all(few);
	char *pem = make(NULL, NOW_S);
	struct tls_service *tls = service_of(pem);

	assert_int_equal(look(pem, NOW_S), SELF_SIGNED_GOOD);
	for (unsigned i = 0; few[i]; i++)
		assert_true(tls_service_is_for(tls, few[i]));
	assert_false(tls_service_is_for(tls, "192.0.2.2"));
	assert_false(tls_service_is_for(tls, "other.lan"));
	assert_int_equal(tls_service_shown(tls, &shown), 1);
	assert_string_equal(shown->name, "router.lan");
	assert_true(shown->self_signed);
	assert_true(shown->begins_s < NOW_S);
	assert_int_equal(shown->ends_s - shown->begins_s, SELF_SIGNED_LIFE_S);
	tls_service_release(tls);
	self_signed_forget(pem, strlen(pem));
}

static void without_a_name_its_address_is_told(void **state)
{
	static const char *const addresses[] = {"2001:db8::1", "192.0.2.1", NULL};
	const struct tls_shown *shown;

	(void)state;
	name_all(addresses);
	char *pem = make(NULL, NOW_S);
	struct tls_service *tls = service_of(pem);

	assert_int_equal(tls_service_shown(tls, &shown), 1);
	assert_string_equal(shown->name, "2001:db8::1");
	tls_service_release(tls);
	self_signed_forget(pem, strlen(pem));
}

static void the_pin_stays_when_it_is_made_anew(void **state)
{
	const struct tls_shown *a, *b;
	char text[TLS_PIN_TEXT_MAX];
	uint8_t pin[TLS_PIN_LEN];

	(void)state;
	name_all(few);
	char *first = make(NULL, NOW_S);
	int64_t late_s = NOW_S + SELF_SIGNED_LIFE_S - SELF_SIGNED_RENEW_S;

	assert_int_equal(look(first, late_s - DAY_S), SELF_SIGNED_GOOD);
	assert_int_equal(look(first, late_s), SELF_SIGNED_OUTDATED);
	assert_int_equal(look(first, NOW_S - DAY_S), SELF_SIGNED_OUTDATED);
	char *second = make(first, late_s);

	assert_string_not_equal(first, second);
	assert_int_equal(look(second, late_s), SELF_SIGNED_GOOD);
	struct tls_service *of_first = service_of(first), *of_second = service_of(second);

	assert_int_equal(tls_service_shown(of_first, &a), 1);
	assert_int_equal(tls_service_shown(of_second, &b), 1);
	assert_memory_equal(a->pin, b->pin, TLS_PIN_LEN);
	assert_int_equal(strlen(tls_pin_to_text(a->pin, text)), 44);
	assert_true(tls_read_pin(text, pin));
	assert_memory_equal(a->pin, pin, TLS_PIN_LEN);
	tls_service_release(of_first);
	tls_service_release(of_second);
	self_signed_forget(first, strlen(first));
	self_signed_forget(second, strlen(second));
}

static void other_names_need_another_one(void **state)
{
	static const char *const others[][6] = {
		{"router.lan", "localhost", "192.0.2.1", NULL},
		{"router.lan", "localhost", "192.0.2.1", "2001:db8::1", "192.0.2.2", NULL},
		{"router.lan", "localhost", "192.0.2.1", "2001:db8::2", NULL},
		{"router", "localhost", "192.0.2.1", "2001:db8::1", NULL},
	};
	static const char *const order[] = {"2001:db8::1", "192.0.2.1", "localhost", "router.lan",
					    NULL};

	(void)state;
	name_all(few);
	char *pem = make(NULL, NOW_S);

	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		name_all(others[i]);
		assert_int_equal(look(pem, NOW_S), SELF_SIGNED_OUTDATED);
	}
	name_all(order);
	assert_int_equal(look(pem, NOW_S), SELF_SIGNED_GOOD);
	self_signed_forget(pem, strlen(pem));
}

static void what_is_broken_is_told(void **state)
{
	const char *why = NULL;
	size_t len;

	(void)state;
	name_all(few);
	char *a = make(NULL, NOW_S), *b = make(NULL, NOW_S);
	const char *certificate = strstr(b, "-----BEGIN CERTIFICATE");
	char mixed[8192];

	assert_int_equal(look("", NOW_S), SELF_SIGNED_BROKEN);
	assert_int_equal(look("-----BEGIN PRIVATE KEY-----\nAAAA\n", NOW_S), SELF_SIGNED_BROKEN);
	assert_int_equal(look(certificate, NOW_S), SELF_SIGNED_BROKEN);
	/* Cut off anywhere before its last line. */
	for (size_t n = 0; n < strlen(a) - 30; n += 7)
		assert_int_equal(self_signed_look(a, n, &names, NOW_S), SELF_SIGNED_BROKEN);
	snprintf(mixed, sizeof mixed, "%.*s%s", (int)(strstr(a, "-----BEGIN CERT") - a), a,
		 certificate);
	assert_int_equal(look(mixed, NOW_S), SELF_SIGNED_BROKEN);
	assert_null(self_signed_make("no key", 6, &names, NOW_S, &len, &why));
	assert_non_null(why);
	self_signed_forget(a, strlen(a));
	self_signed_forget(b, strlen(b));
	self_signed_forget(NULL, 0);
}

static void names_are_bounded(void **state)
{
	char text[32];

	(void)state;
	names.n = 0;
	self_signed_add_name(&names, "");
	self_signed_add_name(&names, "a.lan");
	self_signed_add_name(&names, "A.lan");
	assert_int_equal(names.n, 1);
	for (unsigned i = 0; i < 2 * SELF_SIGNED_NAMES; i++) {
		snprintf(text, sizeof text, "n%u.lan", i);
		self_signed_add_name(&names, text);
	}
	assert_int_equal(names.n, SELF_SIGNED_NAMES);
	char *pem = make(NULL, NOW_S);

	assert_int_equal(look(pem, NOW_S), SELF_SIGNED_GOOD);
	self_signed_forget(pem, strlen(pem));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_for_its_names),
		cmocka_unit_test(without_a_name_its_address_is_told),
		cmocka_unit_test(the_pin_stays_when_it_is_made_anew),
		cmocka_unit_test(other_names_need_another_one),
		cmocka_unit_test(what_is_broken_is_told),
		cmocka_unit_test(names_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
