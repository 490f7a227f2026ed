/*
 * discovered_tell.c - what is to be published, so that clients find encrypted listeners, and what
 * will keep them from taking the offer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/discovered.h"
#include "daemon/server_private.h"
#include "zone/discovery_dnr.h"
#include "zone/store.h"

#define HEX_MAX (3 * DNR_MAX * DISCOVERY_SERVICES_MAX + 1)

static const uint8_t service_arpa[] = "\4_dns\10resolver\4arpa";

/* --- options -------------------------------------------------------------------------- */

/* With @between each two octets, 0 for nothing. */
static void print_hex(const uint8_t *octets, size_t len, char between, char *out)
{
	for (size_t i = 0; i < len; i++) {
		out += sprintf(out, "%02x", octets[i]);
		if (between && i + 1 < len)
			*out++ = between;
	}
	*out = '\0';
}

struct options {
	const struct discovery *discovery;
	json_t *told;
	char hex[HEX_MAX];
	uint8_t octets[DNR_MAX * DISCOVERY_SERVICES_MAX];
};

static json_t *list_of(json_t *told, const char *key)
{
	json_t *list = json_object_get(told, key);

	if (!list && json_object_set_new(told, key, json_array()) == 0)
		list = json_object_get(told, key);
	return list;
}

/* Missing when memory is short. */
static void add_line(json_t *told, const char *key, const char *format, ...) PRINTF(3, 4);
static void add_line(json_t *told, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)json_array_append_new(list_of(told, key), json_vsprintf(format, args));
	va_end(args);
}

static void tell_option(struct options *o, const char *key, size_t len)
{
	bool ipv4 = strcmp(key, "dhcpv4") == 0, ra = strcmp(key, "ra") == 0;

	if (len == 0)
		return;
	print_hex(o->octets, len, 0, o->hex);
	add_line(o->told, key, "%s", o->hex);
	if (ra)
		return;
	add_line(o->told, "kea",
		 "{\"space\": \"dhcp%c\", \"code\": %d, \"csv-format\": false, \"data\": \"%s\"}",
		 ipv4 ? '4' : '6', ipv4 ? DNR_OPTION_V4 : DNR_OPTION_V6, o->hex);
	print_hex(o->octets, len, ':', o->hex);
	if (ipv4)
		add_line(o->told, "dnsmasq", "dhcp-option=%d,%s", DNR_OPTION_V4, o->hex);
	else
		add_line(o->told, "dnsmasq", "dhcp-option=option6:%d,%s", DNR_OPTION_V6, o->hex);
}

static void tell_options(struct options *o)
{
	const struct discovery *d = o->discovery;
	size_t len = 0;

	for (unsigned i = 0; i < d->services_n; i++)
		len += dnr_v4(d, i, o->octets + len);
	tell_option(o, "dhcpv4", len);
	for (unsigned i = 0; i < d->services_n; i++)
		tell_option(o, "dhcpv6", dnr_v6(d, i, o->octets));
	for (unsigned i = 0; i < d->services_n; i++)
		tell_option(o, "ra", dnr_ra(d, i, o->octets));
}

static void tell_records(const struct discovery *d, json_t *told)
{
	char text[DISCOVERY_TEXT_MAX], name[TERN_NAME_TEXT_MAX], owner[TERN_NAME_TEXT_MAX + 8];

	snprintf(owner, sizeof owner, "_dns.%s", tern_name_to_text(d->name, name));
	for (unsigned i = 0; i < d->services_n; i++)
		add_line(told, "records", "%s",
			 discovery_record(d, i, "_dns.resolver.arpa.", text));
	for (unsigned i = 0; i < d->services_n; i++)
		add_line(told, "records", "%s", discovery_record(d, i, owner, text));
}

/* --- checks ---------------------------------------------------------------------------- */

static void check_certificate(const struct tls_service *tls, json_t *told)
{
	int64_t now_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	const struct tls_shown *shown;
	uint8_t name[TERN_NAME_MAX];

	if (tls_service_shown(tls, &shown) == 0)
		return;
	if (shown->ends_s < now_s)
		add_line(told, "failing", "the certificate has ended");
	if (shown->begins_s > now_s)
		add_line(told, "failing", "the certificate is not valid yet");
	if (shown->self_signed)
		add_line(told, "failing",
			 "the certificate is self-signed: only clients that don't verify, or were "
			 "told its pin, take it");
	if (!discovered_name(tls, name))
		add_line(told, "failing",
			 "the first name of the certificate, \"%s\", leads nobody here",
			 shown->name);
}

static void check_address(const struct endpoint *at, const struct tls_service *tls, json_t *told)
{
	struct address plain = at->address;
	char text[ADDRESS_TEXT_MAX];

	plain.scope = 0;
	address_to_text(&plain, text);
	*strchrnul(text, '@') = '\0';
	if (address_is_loopback(&plain) || tls_service_is_for(tls, text))
		return;
	if (at->transport == TRANSPORT_UDP)
		add_line(told, "failing",
			 "%s is asked in plain, and is not in the certificate: clients that verify "
			 "don't go over",
			 text);
	else if (transport_is_encrypted(at->transport))
		add_line(told, "failing", "%s is not in the certificate", text);
}

/* Clients ask in plain first; an address is told of once for either. */
static void check_listeners(const struct config *c, const struct tls_service *tls, json_t *told)
{
	struct endpoint at[LISTENERS_MAX];
	unsigned n =
		MIN(interfaces_reached(c->server.listen, c->server.listen_n, at, LISTENERS_MAX),
		    (unsigned)LISTENERS_MAX);
	unsigned encrypted_n = 0, loopback_n = 0;

	for (unsigned i = 0; i < n; i++) {
		bool encrypted = transport_is_encrypted(at[i].transport);

		encrypted_n += encrypted;
		loopback_n += encrypted && address_is_loopback(&at[i].address);
		if (tls)
			check_address(&at[i], tls, told);
	}
	if (encrypted_n == 0)
		add_line(told, "failing", "no listener has transport tls or https");
	else if (loopback_n == encrypted_n)
		add_line(told, "failing",
			 "only this host reaches the encrypted listeners: they are "
			 "on loopback");
}

/* Somebody else's records, or none at all. */
static void check_answer(const struct rules *rules, const struct discovery *d, json_t *told)
{
	struct zone_answer answer;
	enum zone_outcome found = rules->zones ? zone_store_find(rules->zones, service_arpa,
								 TERN_TYPE_SVCB, NULL, &answer)
					       : ZONE_NOT_HERE;

	if (d->services_n > 0 && (found != ZONE_ANSWER || answer.source != 0))
		add_line(told, "failing",
			 "_dns.resolver.arpa is answered by what is configured for it "
			 "(special-zones, local-data, local-zones), and not by these records");
}

json_t *discovered_to_json(const struct server *s)
{
	const struct rules *rules = rulebook_current(&s->shared.rules);
	char name[TERN_NAME_TEXT_MAX];
	json_t *told = json_object();
	struct discovery *d = malloc(sizeof *d);
	struct options *o = malloc(sizeof *o);

	if (told && d && o) {
		discovered_fill(rules->config, rules->tls, d);
		if (d->services_n > 0) {
			(void)json_object_set_new(told, "name",
						  json_string(tern_name_to_text(d->name, name)));
			tell_records(d, told);
			o->discovery = d;
			o->told = told;
			tell_options(o);
		}
		(void)list_of(told, "failing");
		check_listeners(rules->config, rules->tls, told);
		if (rules->tls)
			check_certificate(rules->tls, told);
		check_answer(rules, d, told);
	}
	free(o);
	free(d);
	return told;
}
