/*
 * ternq_opt.c - the OPT pseudo-section.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"

static void print_hex(const uint8_t *octets, size_t len, const char *between)
{
	for (size_t i = 0; i < len; i++)
		printf("%s%02x", i > 0 ? between : "", octets[i]);
}

/* Octets as text that can't harm a terminal. */
static void print_safe(const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putchar(octets[i] >= 0x20 && octets[i] < 0x7f ? octets[i] : '.');
}

static void print_hex_and_text(const struct tern_edns_option *option)
{
	if (option->len == 0)
		return;
	putchar(' ');
	print_hex(option->data, option->len, " ");
	printf(" (\"");
	print_safe(option->data, option->len);
	printf("\")");
}

/* Does the cookie begin with ours, and is there a server's part? RFC 7873 5.3. */
static const char *judge_cookie(const struct tern_edns_option *option, const struct query *q)
{
	if (!q || q->cookie_len < TERN_COOKIE_CLIENT)
		return "";
	if (option->len < TERN_COOKIE_CLIENT ||
	    memcmp(option->data, q->cookie, TERN_COOKIE_CLIENT) != 0)
		return " (bad)";
	return option->len == TERN_COOKIE_CLIENT ? " (echoed)" : " (good)";
}

static void print_subnet(const struct tern_edns_option *option)
{
	uint8_t address[16] = {0};
	char text[INET6_ADDRSTRLEN] = "?";
	uint16_t family;

	if (option->len < 4 || option->len > 4 + sizeof address) {
		print_hex_and_text(option);
		return;
	}
	family = get_u16(option->data);
	memcpy(address, option->data + 4, option->len - 4u);
	inet_ntop(family == 2 ? AF_INET6 : AF_INET, address, text, sizeof text);
	printf(" %s/%u/%u", text, option->data[2], option->data[3]);
}

static void print_ede(const struct tern_edns_option *option)
{
	if (option->len < 2) {
		print_hex_and_text(option);
		return;
	}
	uint16_t code = get_u16(option->data);

	printf(" %u", code);
	if (*tern_ede_text(code))
		printf(" (%s)", tern_ede_text(code));
	if (option->len > 2) {
		printf(": (");
		print_safe(option->data + 2, option->len - 2u);
		putchar(')');
	}
}

static void print_keepalive(const struct tern_edns_option *option)
{
	if (option->len != 2) {
		print_hex_and_text(option);
		return;
	}
	unsigned tenths = get_u16(option->data);

	printf(" %u.%u secs", tenths / 10, tenths % 10);
}

static void print_expire(const struct tern_edns_option *option)
{
	if (option->len != 4)
		print_hex_and_text(option);
	else
		printf(" %u secs", get_u32(option->data));
}

static void print_option(const struct tern_edns_option *option, const struct query *q)
{
	switch (option->code) {
	case TERN_EDNS_NSID:
		printf("; NSID:");
		print_hex_and_text(option);
		break;
	case TERN_EDNS_CLIENT_SUBNET:
		printf("; CLIENT-SUBNET:");
		print_subnet(option);
		break;
	case TERN_EDNS_EXPIRE:
		printf("; EXPIRE:");
		print_expire(option);
		break;
	case TERN_EDNS_COOKIE:
		printf("; COOKIE: ");
		print_hex(option->data, option->len, "");
		printf("%s", judge_cookie(option, q));
		break;
	case TERN_EDNS_TCP_KEEPALIVE:
		printf("; TCP KEEPALIVE:");
		print_keepalive(option);
		break;
	case TERN_EDNS_PADDING: printf("; PAD: (%u bytes)", option->len); break;
	case TERN_EDNS_EDE:
		printf("; EDE:");
		print_ede(option);
		break;
	default:
		printf("; OPT=%u:", option->code);
		print_hex_and_text(option);
		break;
	}
	putchar('\n');
}

void print_opt(const struct tern_message *m, const struct query *q)
{
	struct tern_edns_iter it = tern_edns_options(m->octets, &m->edns);
	struct tern_edns_option option;

	printf(";; OPT PSEUDOSECTION:\n; EDNS: version: %u, flags:%s%s; udp: %u\n", m->edns.version,
	       m->edns.dnssec_ok ? " do" : "", m->edns.compact_ok ? " co" : "", m->edns.udp_size);
	while (tern_edns_next(&it, &option))
		print_option(&option, q);
}
