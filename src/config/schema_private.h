/*
 * schema_private.h - what the parts of the schema share.
 *
 *   schema_table.c   every key, but those of
 *   schema_server.c  `server`,
 *   schema_nft.c     and `nft-sets`
 *   schema_finish.c  what depends on several keys of a mapping
 */
#pragma once

#include <stddef.h>

#include "config/schema.h"

/* Where a value goes: a member of the struct that the mapping fills. */
#define SIZE_OF(type, member)   sizeof(((type *)0)->member)
#define MEMBER_OF(type, member) .offset = offsetof(type, member), .size = SIZE_OF(type, member)
#define LIST_OF(type, member)                                                                      \
	.list = true, .offset = offsetof(type, member), .size = SIZE_OF(type, member[0]),          \
	.count_offset = offsetof(type, member##_n)

extern const struct schema_key schema_server_keys[];
extern const struct schema_key schema_tls_keys[];
extern const struct schema_key schema_https_keys[];
extern const struct schema_key schema_nft_keys[];

/* Each completes a mapping whose keys were good; see struct schema_key. */
bool finish_rates(void *mapping, struct schema_fault *fault);
bool finish_https(void *mapping, struct schema_fault *fault);
bool finish_tls(void *mapping, struct schema_fault *fault);
bool finish_listen(void *mapping, struct schema_fault *fault);
bool finish_server(void *mapping, struct schema_fault *fault);
bool finish_resolver(void *mapping, struct schema_fault *fault);
bool finish_nft(void *mapping, struct schema_fault *fault);
bool finish_sort(void *mapping, struct schema_fault *fault);
bool finish_ttl(void *mapping, struct schema_fault *fault);
bool finish_cache(void *mapping, struct schema_fault *fault);
bool finish_list(void *mapping, struct schema_fault *fault);
bool finish_view(void *mapping, struct schema_fault *fault);
bool finish_forward(void *mapping, struct schema_fault *fault);
bool finish_stub(void *mapping, struct schema_fault *fault);
bool finish_lease(void *mapping, struct schema_fault *fault);
