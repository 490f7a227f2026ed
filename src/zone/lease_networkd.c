/*
 * lease_networkd.c - what the DHCP server of systemd-networkd writes, from version 256 on:
 *
 *	{"BootID": ..., "Leases": [{"ClientId": [1, 2, ...], "Address": [192, 168, 1, 10],
 *	  "Hostname": "host", "HardwareAddress": [...], "ExpirationUSec": 72338380895,
 *	  "ExpirationRealtimeUSec": 1700000000000000}]}
 *
 * Version 256 wrote the list alone, and only the end by CLOCK_BOOTTIME.
 */
#include "zone/lease_private.h"

#include <jansson.h>
#include <string.h>

#define USEC_PER_S 1000000

/* Octets of an array of numbers; 0 when it is something else. */
static size_t take_array(const json_t *array, uint8_t *out, size_t max)
{
	size_t n = json_array_size(array);

	if (n > max)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(array, i);

		if (!json_is_integer(item) || json_integer_value(item) < 0 ||
		    json_integer_value(item) > 255)
			return 0;
		out[i] = (uint8_t)json_integer_value(item);
	}
	return n;
}

/* Without an end it is for ever. */
static int64_t end_of(const json_t *lease, const struct lease_clock *now)
{
	const json_t *wall = json_object_get(lease, "ExpirationRealtimeUSec");
	const json_t *boot = json_object_get(lease, "ExpirationUSec");

	if (json_is_integer(wall))
		return json_integer_value(wall) / USEC_PER_S;
	if (json_is_integer(boot))
		return json_integer_value(boot) / USEC_PER_S - now->boot_s + now->wall_s;
	return LEASE_FOR_EVER;
}

static bool read_lease(struct lease_list *list, const json_t *lease, const struct lease_clock *now)
{
	const json_t *host = json_object_get(lease, "Hostname");
	uint8_t id[LEASE_ID_MAX];
	struct lease l = {.until_s = end_of(lease, now)};

	l.address_len =
		(uint8_t)take_array(json_object_get(lease, "Address"), l.address, sizeof l.address);
	if (l.address_len != 4 && l.address_len != 16) {
		lease_list_blame(list, 0, "a lease has no Address");
		return true;
	}
	l.mac_len =
		(uint8_t)take_array(json_object_get(lease, "HardwareAddress"), l.mac, sizeof l.mac);
	size_t id_len = take_array(json_object_get(lease, "ClientId"), id, sizeof id);

	/* RFC 2132 9.14: type 1 is followed by the address of an Ethernet card. */
	if (l.mac_len == 0 && id_len == 7 && id[0] == 1) {
		memcpy(l.mac, id + 1, 6);
		l.mac_len = 6;
	}
	return lease_set_id(list, id, id_len, &l) &&
	       lease_set_hostname(list, json_is_string(host) ? json_string_value(host) : "",
				  json_is_string(host) ? json_string_length(host) : 0, &l) &&
	       lease_list_add(list, &l);
}

bool lease_read_networkd(struct lease_list *list, struct lease_text t,
			 const struct lease_clock *now)
{
	json_error_t error;
	bool good = true;

	/* Its server takes the file away when there is no lease; others write an empty one. */
	if (t.at == t.end)
		return true;
	json_t *root = json_loadb(t.at, lease_text_len(t), JSON_ALLOW_NUL, &error);
	const json_t *leases = json_is_object(root) ? json_object_get(root, "Leases") : root;

	if (!root || (leases && !json_is_array(leases)))
		lease_list_blame(list, error.line > 0 && !root ? (unsigned)error.line : 0,
				 root ? "expected a list of leases" : "the file is not JSON");
	for (size_t i = 0; good && i < json_array_size(leases); i++)
		good = read_lease(list, json_array_get(leases, i), now);
	json_decref(root);
	return good;
}
