/* control_discovery.c - what to publish, as text that can be copied. */
#include <string.h>

#include "control/control_private.h"

/* Those of @key, below a comment. */
static void print_lines(struct unsent *u, const json_t *told, const char *key, const char *heading)
{
	const json_t *lines = json_object_get(told, key);

	if (json_array_size(lines) == 0)
		return;
	unsent_print(u, "; %s\n", heading);
	for (size_t i = 0; i < json_array_size(lines); i++)
		unsent_print(u, "%s\n", json_string_value(json_array_get(lines, i)));
}

static void print_checks(struct unsent *u, const json_t *told)
{
	const json_t *lines = json_object_get(told, "failing");

	for (size_t i = 0; i < json_array_size(lines); i++)
		unsent_print(u, "; fails: %s\n", json_string_value(json_array_get(lines, i)));
	if (json_array_size(lines) == 0)
		unsent_print(u, "; all checks pass\n");
}

void discovery_print(struct control *c, struct client *k)
{
	json_t *told = c->host->discovery(c->host->context);
	struct unsent *u = &k->unsent;

	if (!told || k->json) {
		reply_object(k, told);
		return;
	}
	print_lines(u, told, "records", "records, which clients are answered here");
	print_lines(u, told, "dhcpv4", "DHCPv4, data of option 162");
	print_lines(u, told, "dhcpv6", "DHCPv6, data of option 144, one each");
	print_lines(u, told, "ra", "router advertisements, whole options, one each");
	print_lines(u, told, "dnsmasq", "for dnsmasq");
	print_lines(u, told, "kea", "for the option-data of Kea");
	print_checks(u, told);
	json_decref(told);
	reply_end(k);
}
