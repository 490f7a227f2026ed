/*
 * ternq_opt.c - the OPT pseudo-section, as dig has it and for YAML.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/ternq_print.h"

#define NAME_MAX_LEN 16 /* octets of "TCP KEEPALIVE" or "OPT=65535" with NUL */

static void write_hex(FILE *to, const uint8_t *octets, size_t len, const char *between)
{
	for (size_t i = 0; i < len; i++)
		fprintf(to, "%s%02x", i > 0 ? between : "", octets[i]);
}

/* Octets as text that can't harm a terminal. */
static void write_safe(FILE *to, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putc(octets[i] >= 0x20 && octets[i] < 0x7f ? octets[i] : '.', to);
}

static void write_hex_and_text(FILE *to, const struct tern_edns_option *option)
{
	if (option->len == 0)
		return;
	putc(' ', to);
	write_hex(to, option->data, option->len, " ");
	fprintf(to, " (\"");
	write_safe(to, option->data, option->len);
	fprintf(to, "\")");
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

static void write_subnet(FILE *to, const struct tern_edns_option *option)
{
	uint8_t address[16] = {0};
	char text[INET6_ADDRSTRLEN] = "?";
	uint16_t family;

	if (option->len < 4 || option->len > 4 + sizeof address) {
		write_hex_and_text(to, option);
		return;
	}
	family = get_u16(option->data);
	memcpy(address, option->data + 4, option->len - 4u);
	inet_ntop(family == 2 ? AF_INET6 : AF_INET, address, text, sizeof text);
	fprintf(to, " %s/%u/%u", text, option->data[2], option->data[3]);
}

static void write_ede(FILE *to, const struct tern_edns_option *option)
{
	if (option->len < 2) {
		write_hex_and_text(to, option);
		return;
	}
	uint16_t code = get_u16(option->data);

	fprintf(to, " %u", code);
	if (*tern_ede_text(code))
		fprintf(to, " (%s)", tern_ede_text(code));
	if (option->len > 2) {
		fprintf(to, ": (");
		write_safe(to, option->data + 2, option->len - 2u);
		putc(')', to);
	}
}

static void write_keepalive(FILE *to, const struct tern_edns_option *option)
{
	if (option->len != 2) {
		write_hex_and_text(to, option);
		return;
	}
	unsigned tenths = get_u16(option->data);

	fprintf(to, " %u.%u secs", tenths / 10, tenths % 10);
}

static void write_expire(FILE *to, const struct tern_edns_option *option)
{
	if (option->len != 4)
		write_hex_and_text(to, option);
	else
		fprintf(to, " %u secs", get_u32(option->data));
}

/* The name of an option as dig has it; "OPT=65001" goes into @p out. */
static const char *option_name(uint16_t code, char out[NAME_MAX_LEN])
{
	switch (code) {
	case TERN_EDNS_NSID: return "NSID";
	case TERN_EDNS_CLIENT_SUBNET: return "CLIENT-SUBNET";
	case TERN_EDNS_EXPIRE: return "EXPIRE";
	case TERN_EDNS_COOKIE: return "COOKIE";
	case TERN_EDNS_TCP_KEEPALIVE: return "TCP KEEPALIVE";
	case TERN_EDNS_PADDING: return "PAD";
	case TERN_EDNS_EDE: return "EDE";
	default: snprintf(out, NAME_MAX_LEN, "OPT=%u", code); return out;
	}
}

/* A space and the value; nothing when there is none. */
static void write_value(FILE *to, const struct tern_edns_option *option, const struct query *q)
{
	switch (option->code) {
	case TERN_EDNS_CLIENT_SUBNET: write_subnet(to, option); break;
	case TERN_EDNS_EXPIRE: write_expire(to, option); break;
	case TERN_EDNS_COOKIE:
		putc(' ', to);
		write_hex(to, option->data, option->len, "");
		fputs(judge_cookie(option, q), to);
		break;
	case TERN_EDNS_TCP_KEEPALIVE: write_keepalive(to, option); break;
	case TERN_EDNS_PADDING: fprintf(to, " (%u bytes)", option->len); break;
	case TERN_EDNS_EDE: write_ede(to, option); break;
	default: write_hex_and_text(to, option); break;
	}
}

/* The value in a string of its own, since it may say what YAML would take for its own. */
static bool print_yaml_option(const struct tern_edns_option *option, const struct query *q)
{
	char name[NAME_MAX_LEN];
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return false;
	write_value(to, option, q);
	bool good = fclose(to) == 0;

	if (good) {
		printf("            - %s: ", option_name(option->code, name));
		print_quoted(*text == ' ' ? text + 1 : text);
		putchar('\n');
	}
	free(text);
	return good;
}

bool print_opt_yaml(const struct tern_message *m, const struct query *q)
{
	struct tern_edns_iter it = tern_edns_options(m->octets, &m->edns);
	struct tern_edns_option option;
	bool good = true;

	printf("      OPT_PSEUDOSECTION:\n"
	       "        EDNS:\n"
	       "          version: %u\n"
	       "          flags:%s%s\n"
	       "          udp: %u\n",
	       m->edns.version, m->edns.dnssec_ok ? " do" : "", m->edns.compact_ok ? " co" : "",
	       m->edns.udp_size);
	for (bool first = true; good && tern_edns_next(&it, &option); first = false) {
		if (first)
			printf("          options:\n");
		good = print_yaml_option(&option, q);
	}
	return good;
}

void print_opt(const struct tern_message *m, const struct query *q)
{
	struct tern_edns_iter it = tern_edns_options(m->octets, &m->edns);
	struct tern_edns_option option;
	char name[NAME_MAX_LEN];

	printf(";; OPT PSEUDOSECTION:\n; EDNS: version: %u, flags:%s%s; udp: %u\n", m->edns.version,
	       m->edns.dnssec_ok ? " do" : "", m->edns.compact_ok ? " co" : "", m->edns.udp_size);
	while (tern_edns_next(&it, &option)) {
		printf("; %s:", option_name(option.code, name));
		write_value(stdout, &option, q);
		putchar('\n');
	}
}
