/*
 * schema_private.h - what the two halves of the schema share.
 *
 *   schema_table.c   every key
 *   schema_finish.c  what depends on several keys of a mapping
 */
#pragma once

#include "config/schema.h"

/* Each completes a mapping whose keys were good; see struct schema_key. */
bool finish_rates(void *mapping, struct schema_fault *fault);
bool finish_listen(void *mapping, struct schema_fault *fault);
bool finish_server(void *mapping, struct schema_fault *fault);
bool finish_resolver(void *mapping, struct schema_fault *fault);
extern const struct schema_key schema_nft_keys[];
bool finish_nft(void *mapping, struct schema_fault *fault);
bool finish_sort(void *mapping, struct schema_fault *fault);
bool finish_ttl(void *mapping, struct schema_fault *fault);
bool finish_cache(void *mapping, struct schema_fault *fault);
bool finish_list(void *mapping, struct schema_fault *fault);
bool finish_view(void *mapping, struct schema_fault *fault);
bool finish_forward(void *mapping, struct schema_fault *fault);
bool finish_stub(void *mapping, struct schema_fault *fault);
bool finish_lease(void *mapping, struct schema_fault *fault);
