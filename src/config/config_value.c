/*
 * config_value.c - see config_value.h.
 *
 * Each kind has one read_*() that stores or says no; value_read() adds the words around it. A
 * reader that knows more than "not one of these" leaves its own reason.
 */
#include "config/config_value.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/address.h"
#include "base/quantity.h"
#include "dnssec/key.h"
#include "policy/nat64.h"
#include "policy/route.h"
#include "policy/schedule.h"
#include "policy/view_client.h"

bool value_is_null(const struct value *v)
{
	return v->plain &&
	       (v->len == 0 || strcmp(v->text, "~") == 0 || strcmp(v->text, "null") == 0 ||
		strcmp(v->text, "Null") == 0 || strcmp(v->text, "NULL") == 0);
}

char *value_quote(const char *text, size_t len, char out[VALUE_QUOTED_MAX])
{
	size_t room = VALUE_QUOTED_MAX - sizeof("...");
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];
		size_t need = c >= 0x20 && c <= 0x7e ? 1 : 4;

		if (n + need > room) {
			memcpy(out + n, "...", sizeof("..."));
			return out;
		}
		if (need == 1)
			out[n++] = text[i];
		else
			n += (size_t)snprintf(out + n, 5, "\\%03u", c);
	}
	out[n] = '\0';
	return out;
}

static bool read_size(const struct schema_key *key, const struct value *v, uint64_t *out)
{
	uint64_t octets;

	if (!quantity_octets(v->text, &octets) || octets < key->min || octets > key->max)
		return false;
	*out = octets;
	return true;
}

/** @p unit_ms is what the member counts in. */
static bool read_duration(const struct schema_key *key, const struct value *v, unsigned unit_ms,
			  uint32_t *out)
{
	uint64_t ms;

	if (!quantity_ms(v->text, &ms) || ms % unit_ms != 0)
		return false;
	if (ms / unit_ms < key->min || ms / unit_ms > key->max)
		return false;
	*out = (uint32_t)(ms / unit_ms);
	return true;
}

static bool read_bool(const struct value *v, bool *out)
{
	if (!v->plain || (strcmp(v->text, "true") != 0 && strcmp(v->text, "false") != 0))
		return false;
	*out = v->text[0] == 't';
	return true;
}

static bool read_workers(const struct schema_key *key, const struct value *v, unsigned *out)
{
	uint64_t n;

	if (strcmp(v->text, "auto") == 0) {
		*out = 0;
		return true;
	}
	if (!quantity_number(v->text, &n) || n < 1 || n > key->max)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool read_number(const struct schema_key *key, const struct value *v, unsigned *out)
{
	uint64_t n;

	if (!quantity_number(v->text, &n) || n < key->min || n > key->max)
		return false;
	*out = (unsigned)n;
	return true;
}

/** The member is an enum or, where two words say yes and no, a bool. */
static bool read_word(const struct schema_key *key, const struct value *v, void *at)
{
	for (const struct schema_word *w = key->words; w->text; w++) {
		if (strcmp(v->text, w->text) != 0)
			continue;
		if (key->size == sizeof(bool))
			memcpy(at, &(bool){w->value != 0}, sizeof(bool));
		else
			memcpy(at, &w->value, sizeof(w->value));
		return true;
	}
	return false;
}

static bool keep_text(const struct value *v, char **out)
{
	char *copy = strdup(v->text);

	if (!copy)
		return false;
	free(*out);
	*out = copy;
	return true;
}

static bool read_string(const struct schema_key *key, const struct value *v, char **out)
{
	if (v->len > key->max)
		return false;
	for (size_t i = 0; i < v->len; i++) {
		if ((uint8_t)v->text[i] < 0x20 || v->text[i] == 0x7f)
			return false;
	}
	return keep_text(v, out);
}

/** Port 0 says that none was written; a written 0 is refused. */
static bool read_server(const struct value *v, struct route_server *out)
{
	const char *name = strchr(v->text, '#');
	uint8_t wire[TERN_NAME_MAX];
	struct value whole = {.text = name ? without_const(name + 1) : without_const("")};
	char at[ADDRESS_TEXT_MAX + 8];
	struct address a;

	if (snprintf(at, sizeof at, "%.*s", name ? (int)(name - v->text) : (int)v->len, v->text) >=
	    (int)sizeof at)
		return false;
	if (!address_from_text(at, 53, &a) || address_is_unusable(&a))
		return false;
	if (!strchr(at, '@'))
		a.port = 0;
	if (name && tern_name_from_text(name + 1, strlen(name + 1), wire) != TERN_OK)
		return false;
	out->address = a;
	return keep_text(&whole, &out->name);
}

static bool read_listen(const struct value *v, struct address *out)
{
	struct address a;

	if (!address_from_text(v->text, 53, &a) || a.port == 0)
		return false;
	/* Which one it is by default depends on the transport. */
	if (!strchr(v->text, '@'))
		a.port = 0;
	if (a.octets[0] == 0xff || (a.family == 4 && a.octets[0] >= 224))
		return false; /* multicast or reserved: nobody's own address */
	*out = a;
	return true;
}

static bool read_clients(const struct value *v, struct prefix *out)
{
	if (strcmp(v->text, "connected") != 0)
		return prefix_from_text(v->text, out);
	memset(out, 0, sizeof *out);
	return true;
}

static bool read_schedule(const struct value *v, struct schedule_range *out,
			  char expected[SCHEMA_WHY_MAX])
{
	char why[SCHEDULE_WHY_MAX], quoted[VALUE_QUOTED_MAX];

	if (schedule_read(v->text, out, why))
		return true;
	snprintf(expected, SCHEMA_WHY_MAX, "days and hours, as \"mon-fri 20:00-07:00\" (%s)",
		 value_quote(why, strlen(why), quoted));
	return false;
}

/* An IPv4 network would be taken for one of mapped addresses. */
static bool read_network(const struct value *v, struct prefix *out)
{
	return strchr(v->text, ':') && prefix_from_text(v->text, out);
}

static bool read_nat64(const struct value *v, struct prefix *out)
{
	struct prefix p = {0};

	if (v->len > 0 && (!prefix_from_text(v->text, &p) || !nat64_is_prefix(&p)))
		return false;
	*out = p;
	return true;
}

static bool read_type(const struct value *v, uint16_t *out)
{
	uint16_t type;

	if (tern_type_from_text(v->text, v->len, &type) != TERN_OK || type == 0 ||
	    tern_type_is_meta(type))
		return false;
	*out = type;
	return true;
}

static bool read_name(const struct value *v, uint8_t out[TERN_NAME_MAX], char why[SCHEMA_WHY_MAX])
{
	for (size_t i = 0; i < v->len; i++) {
		if ((uint8_t)v->text[i] < 0x21 || (uint8_t)v->text[i] > 0x7e) {
			snprintf(why, SCHEMA_WHY_MAX,
				 "a domain name (printable ASCII; international names as xn--...)");
			return false;
		}
	}
	enum tern_status status = tern_name_from_text(v->text, v->len, out);
	if (status != TERN_OK) {
		snprintf(why, SCHEMA_WHY_MAX, "a domain name (%s)", tern_status_text(status));
		return false;
	}
	tern_name_lower(out, out);
	return true;
}

static bool read_zone(const struct value *v, uint8_t **out, char why[SCHEMA_WHY_MAX])
{
	uint8_t name[TERN_NAME_MAX];
	uint8_t *copy;

	if (!read_name(v, name, why))
		return false;
	copy = malloc(tern_name_len(name));
	if (!copy)
		return false;
	tern_name_copy(copy, name);
	free(*out);
	*out = copy;
	return true;
}

static bool read_name_text(const struct value *v, char **out, char why[SCHEMA_WHY_MAX])
{
	uint8_t name[TERN_NAME_MAX];

	return read_name(v, name, why) && keep_text(v, out);
}

/* Octets of a digest; 0 when any number may be right. */
static unsigned digest_octets(unsigned type)
{
	switch (type) {
	case DNSSEC_SHA1: return 20;
	case DNSSEC_SHA256: return 32;
	case DNSSEC_SHA384: return 48;
	default: return 0;
	}
}

/* A digest that lacks a digit matches no key, and the whole zone would be bogus. */
static bool is_whole(const struct tern_rr_text *rr, char why[SCHEMA_WHY_MAX])
{
	struct ds ds;

	if (rr->type != TERN_TYPE_DS || !ds_read(rr->rdata, rr->rdata_len, &ds))
		return true;
	unsigned octets = digest_octets(ds.digest_type);

	if (octets == 0 || octets == ds.digest_len)
		return true;
	snprintf(why, SCHEMA_WHY_MAX,
		 "a DS record with a digest of %u octets, as type %u has (there are %u)", octets,
		 ds.digest_type, ds.digest_len);
	return false;
}

static bool read_anchor(const struct value *v, char **out, char why[SCHEMA_WHY_MAX])
{
	static const char wanted[] = "a DS or DNSKEY record";
	const char *reason = NULL;
	struct tern_rr_text *rr = malloc(sizeof(*rr)); /* 64 KiB is much for a stack */

	if (!rr)
		return false;
	enum tern_status status = tern_rr_from_text(v->text, 0, rr, &reason);
	bool good = status == TERN_OK && rr->rclass == TERN_CLASS_IN &&
		    (rr->type == TERN_TYPE_DS || rr->type == TERN_TYPE_DNSKEY);
	bool whole = !good || is_whole(rr, why);
	free(rr);
	if (good)
		return whole && keep_text(v, out);
	if (status == TERN_OK)
		snprintf(why, SCHEMA_WHY_MAX, "%s of class IN", wanted);
	else
		snprintf(why, SCHEMA_WHY_MAX, "%s (%s)", wanted,
			 reason ? reason : tern_status_text(status));
	return false;
}

/** "on, off or permissive" */
static void words_to_text(const struct schema_word *words, char out[SCHEMA_WHY_MAX])
{
	size_t n = 0;

	out[0] = '\0';
	for (const struct schema_word *w = words; w->text && n < SCHEMA_WHY_MAX; w++) {
		const char *between = w == words ? "" : w[1].text ? ", " : " or ";

		n += (size_t)snprintf(out + n, SCHEMA_WHY_MAX - n, "%s%s", between, w->text);
	}
}

char *value_expected(const struct schema_key *key, char out[SCHEMA_WHY_MAX])
{
	char least[32], most[32];

	switch (key->kind) {
	case SCHEMA_SECTION: snprintf(out, SCHEMA_WHY_MAX, "a mapping of keys"); break;
	case SCHEMA_INCLUDE: snprintf(out, SCHEMA_WHY_MAX, "a path or a list of paths"); break;
	case SCHEMA_BOOL: snprintf(out, SCHEMA_WHY_MAX, "true or false (without quotes)"); break;
	case SCHEMA_STRING:
		snprintf(out, SCHEMA_WHY_MAX,
			 "at most %" PRIu64 " octets of text without control characters", key->max);
		break;
	case SCHEMA_WORD: words_to_text(key->words, out); break;
	case SCHEMA_WORKERS:
		snprintf(out, SCHEMA_WHY_MAX, "auto or a number from 1 to %" PRIu64, key->max);
		break;
	case SCHEMA_NUMBER:
		snprintf(out, SCHEMA_WHY_MAX, "a number from %" PRIu64 " to %" PRIu64, key->min,
			 key->max);
		break;
	case SCHEMA_SIZE:
		quantity_octets_to_text(key->min, least);
		quantity_octets_to_text(key->max, most);
		snprintf(out, SCHEMA_WHY_MAX,
			 "a size from %s to %s (octets, or with KiB, MiB or GiB)", least, most);
		break;
	case SCHEMA_SECONDS:
		snprintf(out, SCHEMA_WHY_MAX,
			 "a duration of whole seconds from %" PRIu64 "s to %" PRIu64
			 "s (number with ms, s, m, h or d)",
			 key->min, key->max);
		break;
	case SCHEMA_MILLIS:
		snprintf(out, SCHEMA_WHY_MAX,
			 "a duration from %" PRIu64 "ms to %" PRIu64
			 "ms (number with ms, s, m, h or d)",
			 key->min, key->max);
		break;
	case SCHEMA_LISTEN:
		snprintf(out, SCHEMA_WHY_MAX,
			 "an address of this host, ADDR or ADDR@PORT (port 1 to 65535)");
		break;
	case SCHEMA_SERVER:
		snprintf(out, SCHEMA_WHY_MAX,
			 "the address of a server, ADDR or ADDR@PORT (port 1 to 65535), or either "
			 "with #NAME, the name in its certificate");
		break;
	case SCHEMA_CLIENTS:
		snprintf(out, SCHEMA_WHY_MAX,
			 "connected, a network, ADDR/BITS with all host bits 0, or ADDR");
		break;
	case SCHEMA_MEMBER:
		snprintf(out, SCHEMA_WHY_MAX,
			 "a network, ADDR/BITS with all host bits 0, ADDR, a MAC address or the "
			 "name of a DHCP client");
		break;
	case SCHEMA_SCHEDULE:
		snprintf(out, SCHEMA_WHY_MAX, "days and hours, as \"mon-fri 20:00-07:00\"");
		break;
	case SCHEMA_NETWORK:
		snprintf(out, SCHEMA_WHY_MAX,
			 "a network of IPv6, ADDR/BITS with all host bits 0, or ADDR");
		break;
	case SCHEMA_NAT64:
		snprintf(out, SCHEMA_WHY_MAX,
			 "a prefix of IPv6 with 32, 40, 48, 56, 64 or 96 bits, or \"\"");
		break;
	case SCHEMA_TYPE: snprintf(out, SCHEMA_WHY_MAX, "a type of records, as AAAA"); break;
	case SCHEMA_ZONE:
	case SCHEMA_NAME_TEXT: snprintf(out, SCHEMA_WHY_MAX, "a domain name"); break;
	case SCHEMA_ANCHOR: snprintf(out, SCHEMA_WHY_MAX, "a DS or DNSKEY record"); break;
	}
	return out;
}

static bool read_kind(const struct schema_key *key, const struct value *v, void *at,
		      char expected[SCHEMA_WHY_MAX])
{
	switch (key->kind) {
	case SCHEMA_SECTION:
	case SCHEMA_INCLUDE: return false;
	case SCHEMA_BOOL: return read_bool(v, at);
	case SCHEMA_STRING: return read_string(key, v, at);
	case SCHEMA_WORD: return read_word(key, v, at);
	case SCHEMA_WORKERS: return read_workers(key, v, at);
	case SCHEMA_NUMBER: return read_number(key, v, at);
	case SCHEMA_SIZE: return read_size(key, v, at);
	case SCHEMA_SECONDS: return read_duration(key, v, 1000, at);
	case SCHEMA_MILLIS: return read_duration(key, v, 1, at);
	case SCHEMA_LISTEN: return read_listen(v, at);
	case SCHEMA_SERVER: return read_server(v, at);
	case SCHEMA_CLIENTS: return read_clients(v, at);
	case SCHEMA_MEMBER: return view_client_read(v->text, at);
	case SCHEMA_SCHEDULE: return read_schedule(v, at, expected);
	case SCHEMA_NETWORK: return read_network(v, at);
	case SCHEMA_NAT64: return read_nat64(v, at);
	case SCHEMA_TYPE: return read_type(v, at);
	case SCHEMA_ZONE: return read_zone(v, at, expected);
	case SCHEMA_NAME_TEXT: return read_name_text(v, at, expected);
	case SCHEMA_ANCHOR: return read_anchor(v, at, expected);
	}
	return false;
}

bool value_read(const struct schema_key *key, const struct value *v, void *at,
		char why[SCHEMA_WHY_MAX])
{
	char expected[SCHEMA_WHY_MAX] = "";
	char found[VALUE_QUOTED_MAX];

	/* A NUL inside would hide what follows it from every reader. */
	if (!value_is_null(v) && strlen(v->text) == v->len && read_kind(key, v, at, expected))
		return true;

	if (expected[0] == '\0')
		value_expected(key, expected);
	if (value_is_null(v))
		snprintf(why, SCHEMA_WHY_MAX, "expected %.*s, found nothing", 160, expected);
	else
		snprintf(why, SCHEMA_WHY_MAX, "expected %.*s, found \"%s\"", 160, expected,
			 value_quote(v->text, v->len, found));
	return false;
}

static bool read_default(const struct schema_key *key, const char *text, size_t len, void *at)
{
	char copy[SCHEMA_WHY_MAX];
	char why[SCHEMA_WHY_MAX];
	struct value v = {.text = copy, .len = len, .plain = len > 0};

	if (key->plain)
		return value_read_defaults(key->keys, at) &&
		       read_default(key->plain, text, len, (char *)at + key->plain->offset);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return value_read(key, &v, at, why);
}

/** The default's items, apart by spaces. */
static bool read_default_list(const struct schema_key *key, void *mapping)
{
	const char *p = key->initial;

	while (*p) {
		size_t len = strcspn(p, " ");
		void *item = schema_list_add(key, mapping);

		if (!item || !read_default(key, p, len, item))
			return false;
		p += len;
		p += strspn(p, " ");
	}
	return true;
}

bool value_read_defaults(const struct schema_key *keys, void *mapping)
{
	bool good = true;

	for (const struct schema_key *k = keys; k->name && good; k++) {
		void *at = (char *)mapping + k->offset;

		if (k->keys && !k->list)
			good = value_read_defaults(k->keys, at);
		else if (k->initial && k->list)
			good = read_default_list(k, mapping);
		else if (k->initial)
			good = read_default(k, k->initial, strlen(k->initial), at);
	}
	return good;
}
