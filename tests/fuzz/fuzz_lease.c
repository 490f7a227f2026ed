/*
 * fuzz_lease.c - files of leases of any octets: no overrun, and a table that answers.
 *
 * The first octet chooses the kind of file. The buffer has its exact size, so an overrun of one
 * octet is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/check.h"
#include "zone/lease_list.h"
#include "zone/leases.h"
#include "zone/reverse.h"

#define NOW 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each name that there is has an address, and each address that has a name leads there. */
static void ask_for(const struct leases *l, const struct lease *lease)
{
	static const uint8_t lan[] = "\3lan";
	uint8_t name[TERN_NAME_MAX];
	struct lease_found found;
	struct zone_answer out;

	check_always(lease->address_len == 4 || lease->address_len == 16);
	check_always(leases_of_address(l, lease->address, lease->address_len, NOW) == lease);
	if (lease->naming != LEASE_NAMED)
		return;
	check_always(tern_name_is_below(lease->name, lan) && tern_name_labels(lease->name) == 2);
	check_always(leases_find(l, lease->name, NOW, &found) && !found.reverse);
	check_always(leases_records(l, &found, lease->name, TERN_TYPE_ANY, NOW, &out));
	check_always(out.set.ttl_s <= LEASES_TTL_S && out.set.rdata_len <= sizeof out.made);
	reverse_name(lease->address, lease->address_len, name);
	check_always(leases_find(l, name, NOW, &found) && found.lease == lease);
	check_always(leases_records(l, &found, name, TERN_TYPE_PTR, NOW, &out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[] = "x";
	static uint8_t domain[] = "\3lan";
	const struct lease_clock now = {NOW, 1000};
	struct lease_options options = {path, LEASE_DNSMASQ, domain};
	struct lease_list list;

	if (size == 0)
		return 0;
	char *text = malloc(size);

	check_always(text);
	memcpy(text, data + 1, size - 1);
	options.format = (enum lease_format)(*data % (LEASE_NETWORKD + 1));
	char *exact = realloc(text, size > 1 ? size - 1 : 1);

	check_always(exact);
	lease_list_init(&list);
	check_always(lease_list_read(&list, options.format, exact, size - 1, &now));
	free(exact);
	for (unsigned i = 0; i < list.bad_n && i < LEASE_TOLD_MAX; i++)
		check_always(list.bad[i].why != NULL);
	struct leases *l = leases_make(&(struct lease_source){&list, &options, NULL}, 1, NOW);

	check_always(l);
	lease_list_free(&list);
	for (unsigned i = 0; i < leases_count(l); i++)
		ask_for(l, leases_at(l, i));
	check_always(leases_equal(l, l) && !leases_differ(l, l));
	leases_destroy(l);
	return 0;
}
