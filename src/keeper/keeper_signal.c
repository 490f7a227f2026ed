/*
 * keeper_signal.c - zones are told which of their keys are trusted (RFC 8145 5):
 *
 *   the zone's keys were fetched, the last signal is a day old
 *     ─► question for _ta-4f66-9728.ZONE NULL, the answer is of no interest
 *
 * The question must reach the zone's servers: an errand asks past the cache,
 * and past the denials in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/rr.h>

#include "dnssec/key.h"
#include "keeper/keeper_private.h"

#define SIGNAL_S  86400 /* between two signals to a zone */
#define TAGS_MAX  12    /* what a label holds: "_ta" and 5 octets each */
#define TYPE_NULL 10

static int compare_tags(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return (int)*x - (int)*y;
}

static unsigned list_tags(const struct trust_anchors *trusted, const uint8_t *zone,
			  uint16_t tags[TAGS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < trusted->n && n < TAGS_MAX; i++) {
		const struct trust_anchor *a = &trusted->anchors[i];
		struct dnskey key;
		struct ds ds;

		if (!tern_name_equal(a->zone, zone))
			continue;
		if (a->type == TERN_TYPE_DS && ds_read(a->rdata, a->rdata_len, &ds))
			tags[n++] = ds.tag;
		else if (dnskey_read(a->rdata, a->rdata_len, &key))
			tags[n++] = key.tag;
	}
	qsort(tags, n, sizeof *tags, compare_tags);
	return n;
}

/* False when nothing is trusted, or the name would be too long. */
static bool signal_name(const struct trust_anchors *trusted, const uint8_t *zone,
			uint8_t out[TERN_NAME_MAX])
{
	uint16_t tags[TAGS_MAX];
	unsigned n = list_tags(trusted, zone, tags);
	char label[64] = "_ta";
	size_t len = 3;

	for (unsigned i = 0; i < n; i++) {
		/* One key may have several digests. */
		if (i == 0 || tags[i] != tags[i - 1])
			len += (size_t)snprintf(label + len, sizeof label - len, "-%04x", tags[i]);
	}
	if (n == 0 || 1 + len + tern_name_len(zone) > TERN_NAME_MAX)
		return false;
	out[0] = (uint8_t)len;
	memcpy(out + 1, label, len);
	tern_name_copy(out + 1 + len, zone);
	return true;
}

static bool has_keys(const struct keeper *k, const uint8_t *zone)
{
	struct cache_hit hit;

	return cache_get(shared_cache(k->shared), zone, TERN_TYPE_DNSKEY, keeper_boot_s(), false,
			 &hit) == CACHE_POSITIVE &&
	       hit.security == CACHE_SECURE;
}

/* Of a zone's anchors the first one's place keeps the time. */
static bool is_first_of_zone(const struct trust_anchors *c, unsigned i)
{
	for (unsigned j = 0; j < i; j++) {
		if (tern_name_equal(c->anchors[j].zone, c->anchors[i].zone))
			return false;
	}
	return true;
}

static void start_signal(struct keeper *k)
{
	const struct trust_anchors *trusted = rulebook_current(&k->shared->rules)->anchors;
	uint8_t name[TERN_NAME_MAX];
	uint32_t now_s = keeper_boot_s();

	for (unsigned i = 0; i < k->configured.n && !k->signal.started; i++) {
		const uint8_t *zone = k->configured.anchors[i].zone;
		uint32_t *last_s = &k->signalled_s[i];

		if ((*last_s && now_s - *last_s < SIGNAL_S) ||
		    !is_first_of_zone(&k->configured, i) || !has_keys(k, zone) ||
		    !signal_name(trusted, zone, name))
			continue;
		*last_s = MAX(now_s, 1u);
		/* One that can't be sent now is as lost as one that the network loses. */
		(void)!inquiry_start(&k->signal, k->shared, name, TYPE_NULL, JOB_CHECKING_DISABLED,
				     trusted);
		memory_write(k);
	}
}

void signal_tick(struct keeper *k)
{
	if (inquiry_is_done(&k->signal))
		inquiry_finish(&k->signal);
	if (k->options->signaling && !k->signal.started)
		start_signal(k);
}
