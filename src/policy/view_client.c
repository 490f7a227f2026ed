/* view_client.c - see view_client.h. */
#include "policy/view_client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>

_Static_assert(VIEW_TEXT_MAX >= TERN_NAME_TEXT_MAX, "a name fits");

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_mac(const char *text, struct view_client *c)
{
	const char between = text[0] && text[1] ? text[2] : '\0';

	if (between != ':' && between != '-')
		return false;
	for (;;) {
		int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);

		if (low < 0 || c->mac_len == VIEW_MAC_MAX)
			return false;
		c->mac[c->mac_len++] = (uint8_t)(high << 4 | low);
		if (text[2] == '\0')
			break;
		if (text[2] != between)
			return false;
		text += 3;
	}
	c->kind = VIEW_MAC;
	return c->mac_len >= VIEW_MAC_MIN;
}

/* Digits and dots alone are a mistyped address, most likely. */
static bool may_be_name(const char *text)
{
	bool other = false;

	for (const char *at = text; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("-_.", *at))
			return false;
		other |= !isdigit((unsigned char)*at) && *at != '.';
	}
	return other;
}

static bool read_name(const char *text, struct view_client *c)
{
	uint8_t name[TERN_NAME_MAX];

	if (!may_be_name(text) || tern_name_from_text(text, strlen(text), name) != TERN_OK)
		return false;
	tern_name_lower(name, name);
	if (tern_name_equal(name, (const uint8_t *)"\11connected"))
		return false; /* it means something else */
	c->kind = VIEW_NAME;
	c->name = malloc(tern_name_len(name));
	if (c->name)
		tern_name_copy(c->name, name);
	return c->name != NULL;
}

bool view_client_read(const char *text, struct view_client *out)
{
	struct view_client c = {.kind = VIEW_NETWORK}, mac = {.kind = VIEW_MAC};

	/* An address first: eight pairs of digits are one of IPv6, too. */
	if (strcmp(text, "connected") != 0 && !prefix_from_text(text, &c.network)) {
		if (read_mac(text, &mac))
			c = mac;
		else if (!read_name(text, &c))
			return false;
	}
	view_client_free(out);
	*out = c;
	return true;
}

void view_client_free(struct view_client *c)
{
	free(c->name);
	c->name = NULL;
}

static void network_text(const struct prefix *p, char out[VIEW_TEXT_MAX])
{
	char text[ADDRESS_TEXT_MAX];

	address_to_text(&p->base, text);
	snprintf(out, VIEW_TEXT_MAX, "%.*s/%u", (int)strcspn(text, "@"), text, p->bits);
}

char *view_client_text(const struct view_client *c, char out[VIEW_TEXT_MAX])
{
	char name[TERN_NAME_TEXT_MAX];

	switch (c->kind) {
	case VIEW_NETWORK:
		if (c->network.base.family == 0)
			snprintf(out, VIEW_TEXT_MAX, "connected");
		else
			network_text(&c->network, out);
		break;
	case VIEW_MAC:
		for (unsigned i = 0; i < c->mac_len; i++)
			snprintf(out + 3 * (size_t)i, 4, "%02x%c", c->mac[i],
				 c->mac_len == 8 ? '-' : ':'); /* else it is an address */
		out[3 * (size_t)c->mac_len - 1] = '\0';
		break;
	case VIEW_NAME:
		tern_name_to_text(c->name, name);
		snprintf(out, VIEW_TEXT_MAX, "%.*s", (int)strlen(name) - 1, name);
		break;
	}
	return out;
}

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len != b_len ? (a_len > b_len) - (a_len < b_len) : memcmp(a, b, a_len);
}

int view_client_compare(const struct view_client *a, const struct view_client *b)
{
	if (a->kind != b->kind)
		return (a->kind > b->kind) - (a->kind < b->kind);
	switch (a->kind) {
	case VIEW_NETWORK:
		if (a->network.bits != b->network.bits)
			return (a->network.bits > b->network.bits) -
			       (a->network.bits < b->network.bits);
		return memcmp(&a->network.base, &b->network.base, sizeof a->network.base);
	case VIEW_MAC: return compare_octets(a->mac, a->mac_len, b->mac, b->mac_len);
	case VIEW_NAME: break;
	}
	return compare_octets(a->name, tern_name_len(a->name), b->name, tern_name_len(b->name));
}
