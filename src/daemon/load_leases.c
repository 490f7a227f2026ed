/* load_leases.c - files of leases; see load_private.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/followed.h"
#include "daemon/load_private.h"
#include "zone/lease_list.h"
#include "zone/leases.h"

/* While Kea cleans its file up, what was in it is in others: it reads them in this order. */
static const char *const kea_before[] = {".2", ".1"};
#define KEA_CLEANED ".completed" /* instead of both */

struct lease_load {
	struct load *load;
	struct followed *followed;
	struct lease_clock now;
	struct lease_list lists[LEASE_FILES_MAX];
	struct lease_source sources[LEASE_FILES_MAX];
};

/* False when memory is short. */
static bool add_text(struct lease_load *x, unsigned i, const char *suffix, bool *there)
{
	const struct lease_options *o = x->sources[i].options;
	char path[PATH_MAX + 16];
	const char *wrong;
	size_t len;

	snprintf(path, sizeof path, "%s%s", o->file, suffix);
	const char *text =
		followed_read(x->followed, FOLLOWED_LEASES | (*suffix ? FOLLOWED_PASSING : 0u),
			      path, &len, &wrong);

	*there = text != NULL;
	if (!*suffix)
		x->sources[i].wrong = wrong;
	return !text || lease_list_read(&x->lists[i], o->format, text, len, &x->now);
}

static bool read_source(struct lease_load *x, unsigned i)
{
	bool there = false, good = true;

	if (x->sources[i].options->format == LEASE_KEA) {
		good = add_text(x, i, KEA_CLEANED, &there);
		for (unsigned k = 0; good && !there && k < ARRAY_LEN(kea_before); k++) {
			good = add_text(x, i, kea_before[k], &there);
			there = false;
		}
	}
	return good && add_text(x, i, "", &there);
}

static void note_faults(struct lease_load *x, const struct config *c, unsigned i)
{
	const struct lease_list *list = &x->lists[i];
	const char *path = c->leases[i].file;
	char name[32], key[LOAD_KEY_MAX];

	snprintf(name, sizeof name, "leases[%u].file", i);
	if (x->sources[i].wrong)
		load_add_note(x->load, "%s%s: %s%s", load_say_key(c, name, key), path,
			      x->sources[i].wrong,
			      list->n > 0 ? "; what was read before stays" : "");
	for (unsigned k = 0; k < MIN(list->bad_n, (unsigned)LEASE_TOLD_MAX); k++)
		load_add_note(x->load, "%s:%u: %s; it is passed over", path, list->bad[k].line,
			      list->bad[k].why);
	if (list->bad_n > LEASE_TOLD_MAX)
		load_add_note(x->load, "%s: %u more lines like these", path,
			      list->bad_n - LEASE_TOLD_MAX);
}

static bool read_all(struct lease_load *x, const struct config *c)
{
	bool good = true;

	for (unsigned i = 0; i < c->leases_n; i++) {
		lease_list_init(&x->lists[i]);
		x->sources[i] = (struct lease_source){&x->lists[i], &c->leases[i], NULL};
		good = good && read_source(x, i);
		note_faults(x, c, i);
	}
	if (good && c->leases_n > 0)
		x->load->leases = leases_make(x->sources, c->leases_n, x->now.wall_s);
	for (unsigned i = 0; i < c->leases_n; i++)
		lease_list_free(&x->lists[i]);
	return good && (x->load->leases || c->leases_n == 0);
}

void load_leases(struct load *l, const struct load_ground *g, struct followed *given,
		 char why[LOAD_WHY_MAX])
{
	struct lease_load *x = calloc(1, sizeof *x);
	struct followed *followed = given ? given : followed_create();
	bool good = x && followed;

	if (good) {
		*x = (struct lease_load){.load = l, .followed = followed};
		x->now.wall_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
		x->now.boot_s = (int64_t)(clock_ns(CLOCK_BOOTTIME) / NS_PER_S);
		followed_begin(followed, FOLLOWED_LEASES);
		good = read_all(x, g->config);
		followed_end(followed, FOLLOWED_LEASES);
	}
	if (!good)
		load_add_reason(why, "leases: out of memory");
	free(x);
	if (!given)
		followed_destroy(followed);
}
