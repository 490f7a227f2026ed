/* hosts.c - see hosts.h. */
#include "base/hosts.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 8192

static size_t net_octets(const struct address *a)
{
	return a->family == 4 ? 4 : 8;
}

static struct cds_hlist_head *bucket_of(const struct hosts *h, const struct hash_key *key,
					const struct address *a)
{
	return &h->buckets[hash_bytes(key, a->family, a->octets, net_octets(a)) % BUCKETS];
}

static struct host *find(const struct cds_hlist_head *bucket, const struct address *a)
{
	struct host *host;

	cds_hlist_for_each_entry_2(host, bucket, node)
	{
		if (host->family == a->family && memcmp(host->net, a->octets, net_octets(a)) == 0)
			return host;
	}
	return NULL;
}

bool hosts_init(struct hosts *h, uint32_t max)
{
	h->buckets = calloc(BUCKETS, sizeof *h->buckets);
	return pool_init(&h->pool, sizeof(struct host), max) && h->buckets;
}

void hosts_fini(struct hosts *h)
{
	pool_fini(&h->pool);
	free(h->buckets);
	h->buckets = NULL;
}

uint32_t hosts_held(const struct hosts *h, const struct hash_key *key, const struct address *a)
{
	const struct host *host = find(bucket_of(h, key, a), a);

	return host ? host->n : 0;
}

struct host *hosts_take(struct hosts *h, const struct hash_key *key, const struct address *a)
{
	struct cds_hlist_head *bucket = bucket_of(h, key, a);
	struct host *host = find(bucket, a);

	if (!host) {
		host = pool_take(&h->pool);
		if (!host)
			return NULL;
		*host = (struct host){.family = a->family};
		memcpy(host->net, a->octets, net_octets(a));
		cds_hlist_add_head(&host->node, bucket);
	}
	host->n++;
	return host;
}

void hosts_give(struct hosts *h, struct host *host)
{
	if (--host->n > 0)
		return;
	cds_hlist_del(&host->node);
	pool_give(&h->pool, host);
}
