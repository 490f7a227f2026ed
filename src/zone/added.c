/* added.c - see added.h. */
#include "zone/added.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/name.h>
#include <tern/rr.h>
#include <tern/text.h>

#include "base/state_file.h"

#define TTL_S 3600 /* of a record that is written without */

_Static_assert(ADDED_TEXT_MAX + sizeof "record " <= STATE_LINE_OCTETS, "a record fits a line");

static const char head[] = "# tern: local data that ternctl added. Written by ternd.\n";

struct record {
	char *text;     /* in one form: equal records but for the TTL have equal rdata texts */
	uint8_t *owner; /* lower case */
	char *rdata;    /* in text: the end of it */
	uint16_t type;
};

struct added {
	pthread_mutex_t lock; /* of all below: a loader reads while the main thread changes */
	struct record *records;
	unsigned n;
	size_t octets;
	uint64_t serial;
	char *path;      /* NULL: not kept */
	bool unreadable; /* who knows what is in the file: it is left alone */
	char why[128];   /* that a record can't be read */
	struct log *log;
};

static void free_record(struct record *r)
{
	free(r->text);
	free(r->owner);
	*r = (struct record){.text = NULL};
}

/* --- reading a record ------------------------------------------------------------------- */

/* NULL when the record may be here. */
static const char *refuse(const struct tern_rr_text *rr)
{
	if (rr->rclass != TERN_CLASS_IN)
		return "expected class IN";
	if (rr->type == TERN_TYPE_SOA)
		return "an SOA is in the configuration only (local-zones)";
	if (rr->type == TERN_TYPE_DNAME && tern_name_is_wildcard(rr->owner))
		return "a DNAME is not at a wildcard";
	return NULL;
}

static const char *print(const struct tern_rr_text *rr, char *rdata, size_t rdata_max,
			 struct record *out)
{
	uint8_t lower[TERN_NAME_MAX];
	char owner[TERN_NAME_TEXT_MAX], type[16];
	size_t head_n, len;

	if (tern_rdata_to_text(rr->type, rr->rdata, rr->rdata_len, rdata, rdata_max) != TERN_OK)
		return "the record is too long";
	tern_name_lower(lower, rr->owner);
	tern_name_to_text(lower, owner);
	tern_type_to_text(rr->type, type, sizeof type);
	int n = asprintf(&out->text, "%s %u IN %s ", owner, rr->ttl_s, type);

	if (n < 0) {
		out->text = NULL;
		return "out of memory";
	}
	head_n = (size_t)n;
	len = strlen(rdata);
	if (head_n + len >= ADDED_TEXT_MAX)
		return "the record is too long";
	char *text = realloc(out->text, head_n + len + 1);

	if (text)
		out->text = text;
	out->owner = malloc(tern_name_len(lower));
	if (!text || !out->owner)
		return "out of memory";
	memcpy(text + head_n, rdata, len + 1);
	tern_name_copy(out->owner, lower);
	out->rdata = text + head_n;
	out->type = rr->type;
	return NULL;
}

/* NULL with the record @out, else why not. */
static const char *read_record(struct added *a, const char *text, struct record *out)
{
	struct tern_rr_text *rr = malloc(sizeof *rr); /* 64 KiB is much for a stack */
	char *rdata = malloc(TERN_RDATA_TEXT_MAX);
	const char *why = NULL;

	*out = (struct record){.text = NULL};
	if (!rr || !rdata) {
		why = "out of memory";
	} else {
		enum tern_status status = tern_rr_from_zone_text(text, NULL, TTL_S, rr, &why);

		if (status != TERN_OK && why) {
			snprintf(a->why, sizeof a->why, "expected %s", why);
			why = a->why;
		} else if (status != TERN_OK)
			why = tern_status_text(status);
		else
			why = refuse(rr);
		if (!why)
			why = print(rr, rdata, TERN_RDATA_TEXT_MAX, out);
	}
	free(rr);
	free(rdata);
	if (why)
		free_record(out);
	return why;
}

/* --- the file --------------------------------------------------------------------------- */

/* The record is the list's from here on; NULL when memory is short. */
static struct record *append(struct added *a, struct record *r)
{
	struct record *more =
		(a->n & (a->n - 1)) != 0
			? a->records
			: reallocarray(a->records, a->n > 0 ? 2 * a->n : 1, sizeof *more);

	if (!more) {
		free_record(r);
		return NULL;
	}
	a->records = more;
	a->octets += strlen(r->text);
	more[a->n] = *r;
	return &more[a->n++];
}

static void drop_last(struct added *a)
{
	a->octets -= strlen(a->records[--a->n].text);
	free_record(&a->records[a->n]);
}

/* Why @r can't be beside what was added before; NULL when it can. */
static const char *contradicts(const struct added *a, const struct record *r)
{
	for (unsigned i = 0; i < a->n; i++) {
		const char *why = zone_store_contradiction(a->records[i].owner, a->records[i].type,
							   r->owner, r->type);

		if (why)
			return why;
	}
	return NULL;
}

static const char *take_line(const char *line, void *to)
{
	struct added *a = to;
	struct record r;
	const char *why;

	if (strncmp(line, "record ", 7) != 0)
		return "not understood";
	if (a->n == ADDED_RECORDS_MAX)
		return "too many records";
	why = read_record(a, line + 7, &r);
	if (!why) {
		why = contradicts(a, &r);
		if (why)
			free_record(&r);
	}
	if (why)
		log_warning(a->log, "%s: \"%.200s\" is passed over: %s", a->path, line + 7, why);
	else if (!append(a, &r))
		return "out of memory";
	return NULL;
}

static void print_lines(FILE *f, const void *from)
{
	const struct added *a = from;

	for (unsigned i = 0; i < a->n; i++)
		fprintf(f, "record %s\n", a->records[i].text);
}

/* False with @why when what is there can't be kept. */
static bool keep(const struct added *a, const char **why)
{
	size_t len;
	char *text;
	bool good;

	if (!a->path)
		return true;
	*why = "its file can't be read, the log tells why";
	if (a->unreadable)
		return false;
	text = state_to_text(head, print_lines, a, &len);
	*why = "out of memory";
	good = text && state_write(a->path, text, len);
	if (text && !good) {
		log_error(a->log, "%s: %s", a->path, strerror(errno));
		*why = "its file can't be written, the log tells why";
	}
	free(text);
	return good;
}

struct added *added_create(const char *path, struct log *log)
{
	struct added *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	a->log = log;
	a->serial = 1;
	a->path = path ? strdup(path) : NULL;
	if (path && !a->path) {
		added_destroy(a);
		return NULL;
	}
	if (!path)
		return a;

	enum state_found found = state_read(path, take_line, a, log);

	a->unreadable = found == STATE_UNREADABLE;
	while (found != STATE_GOOD && a->n > 0)
		drop_last(a);
	return a;
}

void added_destroy(struct added *a)
{
	if (!a)
		return;
	while (a->n > 0)
		drop_last(a);
	pthread_mutex_destroy(&a->lock);
	free(a->records);
	free(a->path);
	free(a);
}

bool added_are_kept(const struct added *a)
{
	return a->path != NULL;
}

/* --- changes ---------------------------------------------------------------------------- */

static struct record *find(struct added *a, const struct record *like)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct record *r = &a->records[i];

		if (r->type == like->type && tern_name_equal(r->owner, like->owner) &&
		    strcmp(r->rdata, like->rdata) == 0)
			return r;
	}
	return NULL;
}

/* The same with another TTL: in its place, and what was there is @before. */
static bool replace(struct added *a, struct record *there, struct record *r, const char **why)
{
	struct record before = *there;

	*there = *r;
	if (!keep(a, why)) {
		*there = before;
		free_record(r);
		return false;
	}
	a->octets += strlen(r->text);
	a->octets -= strlen(before.text);
	free_record(&before);
	return true;
}

static bool add(struct added *a, struct record *r, const struct zone_store *store, const char **why)
{
	*why = contradicts(a, r);
	if (!*why && store)
		*why = zone_store_objection(store, r->owner, r->type);
	if (!*why && a->n == ADDED_RECORDS_MAX)
		*why = "there are too many records";
	if (!*why && a->octets + strlen(r->text) > ADDED_OCTETS_MAX)
		*why = "the records are too long in all";
	if (*why) {
		free_record(r);
		return false;
	}
	*why = "out of memory";
	if (!append(a, r))
		return false;
	if (keep(a, why))
		return true;
	drop_last(a);
	return false;
}

bool added_add(struct added *a, const char *text, const struct zone_store *store, const char **why)
{
	struct record r, *there;
	bool good;

	*why = read_record(a, text, &r);
	if (*why)
		return false;
	pthread_mutex_lock(&a->lock);
	there = find(a, &r);
	good = there ? replace(a, there, &r, why) : add(a, &r, store, why);
	a->serial += good;
	pthread_mutex_unlock(&a->lock);
	return good;
}

static bool is_meant(const struct record *r, const uint8_t *name, uint16_t type)
{
	return (type == 0 || type == TERN_TYPE_ANY || r->type == type) &&
	       tern_name_equal(r->owner, name);
}

/* The records that are meant come last, and the others keep their order. False when memory is
 * short. */
static bool part(struct added *a, const uint8_t *name, uint16_t type, unsigned *others)
{
	struct record *sorted = calloc(a->n + 1u, sizeof *sorted);
	unsigned n = 0;

	if (!sorted)
		return false;
	for (unsigned meant = 0; meant < 2; meant++) {
		for (unsigned i = 0; i < a->n; i++) {
			if (is_meant(&a->records[i], name, type) == (meant == 1))
				sorted[n++] = a->records[i];
		}
		if (meant == 0)
			*others = n;
	}
	memcpy(a->records, sorted, a->n * sizeof *sorted);
	free(sorted);
	return true;
}

unsigned added_remove(struct added *a, const uint8_t *name, uint16_t type, const char **why)
{
	unsigned all, others = 0, removed = 0;

	pthread_mutex_lock(&a->lock);
	all = a->n;
	*why = "out of memory";
	if (all > 0 && !part(a, name, type, &others))
		others = all;
	else if (others == all)
		*why = "ternctl added no such record";
	if (others < all) {
		a->n = others;
		removed = keep(a, why) ? all - others : 0;
		a->n = all;
	}
	for (unsigned i = 0; i < removed; i++)
		drop_last(a);
	a->serial += removed > 0;
	pthread_mutex_unlock(&a->lock);
	return removed;
}

unsigned added_count(const struct added *a)
{
	return a->n;
}

const char *added_text(const struct added *a, unsigned i)
{
	return a->records[i].text;
}

uint64_t added_serial(const struct added *a)
{
	return a->serial;
}

bool added_fill(struct added *a, struct zone_store *store, uint64_t *serial)
{
	bool good = true;
	const char *why;

	pthread_mutex_lock(&a->lock);
	*serial = a->serial;
	/* What was read once is good: only memory can be short. */
	for (unsigned i = 0; good && i < a->n; i++)
		good = zone_store_add(store, a->records[i].text, NULL, ZONE_SOURCE_ADDED | i, &why);
	pthread_mutex_unlock(&a->lock);
	return good;
}
