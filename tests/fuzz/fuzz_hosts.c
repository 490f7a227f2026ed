/*
 * fuzz_hosts.c - hosts_add() on any octets: no overrun, and a store that answers.
 *
 * The buffer has its exact size, so an overrun of one octet is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "base/check.h"
#include "zone/hosts.h"
#include "zone/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t localhost[] = "\11localhost";
	struct zone_store *store = zone_store_create();
	char *text = malloc(size > 0 ? size : 1);
	struct hosts_report report;
	struct zone_answer out;
	struct zone_fault fault;
	uint32_t lines_n = 0;

	check_always(store && text);
	if (size > 0)
		memcpy(text, data, size);
	check_always(hosts_add(store, text, size, &lines_n, &report));
	check_always(lines_n <= size && report.bad_n <= lines_n);
	for (unsigned i = 0; i < report.bad_n && i < HOSTS_TOLD_MAX; i++)
		check_always(report.bad[i].why && report.bad[i].line <= lines_n);
	if (zone_store_seal(store, &fault))
		(void)zone_store_find(store, localhost, TERN_TYPE_A, NULL, &out);
	else
		check_always(fault.why != NULL); /* too many records of a name */
	zone_store_destroy(store);
	free(text);
	return 0;
}
