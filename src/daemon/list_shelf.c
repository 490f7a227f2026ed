/* list_shelf.c - see list_shelf.h. */
#include "daemon/list_shelf.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/random.h"
#include "daemon/followed.h"
#include "keeper/copy.h"

#define FOLDER_FILES_MAX 1024

/** A list as it was read last. */
struct shelved {
	struct shelved *next;
	char *name;
	char *path;
	bool fetched; /* the path is that of a copy */
	bool allow;
	bool used;               /* since the load began */
	struct name_list *names; /* NULL: it never could be read */
	struct list_state state;
};

struct list_shelf {
	struct hash_key key;
	const char *copies; /* folder, or NULL */
	struct shelved *first;
};

struct list_shelf *list_shelf_create(void)
{
	struct list_shelf *shelf = calloc(1, sizeof *shelf);
	struct random random;

	if (!shelf)
		return NULL;
	random_init(&random);
	random_bytes(&random, &shelf->key, sizeof shelf->key);
	return shelf;
}

void list_shelf_set_copies(struct list_shelf *shelf, const char *folder)
{
	shelf->copies = folder;
}

static void free_shelved(struct shelved *s)
{
	name_list_release(s->names);
	free(s->name);
	free(s->path);
	free(s);
}

/* With @unused_only, those that no list is any more. */
static void clear(struct list_shelf *shelf, bool unused_only)
{
	struct shelved **at = &shelf->first;

	while (*at) {
		struct shelved *s = *at;

		if (unused_only && s->used) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		free_shelved(s);
	}
}

void list_shelf_destroy(struct list_shelf *shelf)
{
	if (!shelf)
		return;
	clear(shelf, false);
	free(shelf);
}

/* Where the list is, to be freed; of a copy that is nowhere "". */
static char *path_of(const struct list_shelf *shelf, const struct list_options *o)
{
	char file[COPY_NAME_MAX];

	if (*o->file)
		return strdup(o->file);
	return shelf->copies ? copy_path(shelf->copies, copy_name(o->name, o->url, file))
			     : strdup("");
}

static struct shelved *find(struct list_shelf *shelf, const struct list_options *o)
{
	struct shelved *s = shelf->first;
	char *path = path_of(shelf, o);

	while (s && path &&
	       !(s->allow == o->allow && strcmp(s->name, o->name) == 0 &&
		 strcmp(s->path, path) == 0))
		s = s->next;
	if (!s && path)
		s = calloc(1, sizeof *s);
	if (!s || s->path) {
		free(path);
		return path ? s : NULL;
	}
	s->path = path;
	s->name = strdup(o->name);
	if (!s->name) {
		free_shelved(s);
		return NULL;
	}
	s->fetched = !*o->file;
	s->allow = o->allow;
	s->next = shelf->first;
	shelf->first = s;
	return s;
}

/* --- reading ------------------------------------------------------------------------- */

struct reading {
	struct shelved *list;
	struct list_builder *builder;
	struct list_report report;
	char error[LIST_ERROR_MAX];
};

static void add_report(struct list_report *sum, const struct list_report *r)
{
	for (unsigned i = 0; i < MIN(r->rejected_n, (uint32_t)LIST_EXAMPLES_MAX) &&
			     sum->rejected_n + i < LIST_EXAMPLES_MAX;
	     i++)
		sum->examples[sum->rejected_n + i] = r->examples[i];
	sum->lines_n += r->lines_n;
	sum->names_n += r->names_n;
	sum->rejected_n += r->rejected_n;
}

static bool fail(struct reading *r, const char *path, const char *why)
{
	snprintf(r->error, sizeof r->error, "%s: %s", path, why);
	return false;
}

static bool read_file(struct reading *r, const char *path)
{
	struct list_report report;
	size_t len;
	char *text = followed_read_whole(path, LIST_OCTETS_MAX, &len);
	const char *why = NULL;

	if (!text)
		return fail(r, path, strerror(errno));
	if (!list_text_add(r->builder, text, len, r->list->allow, &report))
		why = strerror(ENOMEM);
	else
		why = list_text_fault(text, len, &report);
	free(text);
	if (why)
		return fail(r, path, why);
	add_report(&r->report, &report);
	return true;
}

static int is_of_list(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void free_files(struct dirent **files, int n)
{
	for (int i = 0; i < n; i++)
		free(files[i]);
	free(files);
}

/* The files of @folder in the order of their names, to be freed; -1 with errno. */
static int list_files(const char *folder, struct dirent ***files)
{
	int n = scandir(folder, files, is_of_list, alphasort);

	if (n <= FOLDER_FILES_MAX)
		return n;
	free_files(*files, n);
	errno = E2BIG;
	return -1;
}

/* Each file is followed. */
static bool read_folder(struct reading *r, const char *folder, struct followed *followed)
{
	struct dirent **files;
	int n = list_files(folder, &files);
	bool good = n >= 0;

	if (n < 0)
		return fail(r, folder, errno == E2BIG ? "has too many files" : strerror(errno));
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name) <
		    (int)sizeof path) {
			if (followed)
				(void)followed_look(followed, FOLLOWED_LISTS, path);
			good = good && read_file(r, path);
		}
	}
	free_files(files, n);
	return good;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 && errno == ENOENT;
}

/* Has anything changed? In a folder each file counts. */
static bool has_changed(const struct shelved *s, struct followed *followed)
{
	struct dirent **files;
	bool changed = !followed || followed_look(followed, FOLLOWED_LISTS, s->path);
	int n = is_folder(s->path) && followed ? list_files(s->path, &files) : -1;

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof path, "%s/%s", s->path, files[i]->d_name) <
		    (int)sizeof path)
			changed |= followed_look(followed, FOLLOWED_LISTS, path);
	}
	if (n >= 0)
		free_files(files, n);
	return changed;
}

/* What is too much is no more in the list than what could not be read. */
static void add_excess(struct list_report *report, const struct name_list *names)
{
	struct name_list_excess excess = name_list_excess(names);

	if (excess.n == 0)
		return;
	if (report->rejected_n < LIST_EXAMPLES_MAX) {
		report->examples[report->rejected_n].line = excess.line;
		report->examples[report->rejected_n].why = "too many conditions of one name";
		report->examples[report->rejected_n].text[0] = '\0';
	}
	report->rejected_n += excess.n;
	report->names_n -= MIN(excess.n, report->names_n);
}

/* False when memory is short, or the list is as before: then its error says why. */
static bool read_again(struct list_shelf *shelf, struct shelved *s, struct followed *followed)
{
	struct reading r = {.list = s, .builder = list_builder_create(&shelf->key)};
	struct name_list *names = NULL;

	if (!r.builder)
		(void)fail(&r, s->path, strerror(ENOMEM));
	else if (is_folder(s->path) ? read_folder(&r, s->path, followed) : read_file(&r, s->path)) {
		names = list_builder_finish(r.builder);
		if (!names)
			(void)fail(&r, s->path, strerror(ENOMEM));
	} else {
		list_builder_destroy(r.builder);
	}
	if (!names && s->fetched && !s->names && is_missing(s->path))
		snprintf(r.error, sizeof r.error, "not fetched yet");
	memcpy(s->state.error, r.error, sizeof s->state.error);
	if (!names)
		return false;
	if (s->names)
		name_list_take_hits(names, s->names);
	name_list_release(s->names);
	s->names = names;
	s->state.report = r.report;
	add_excess(&s->state.report, names);
	s->state.read_at = time(NULL);
	return true;
}

/* --- telling -------------------------------------------------------------------------- */

static void tell_rejected(const struct shelved *s, unsigned index, list_told *tell, void *context)
{
	const struct list_report *report = &s->state.report;
	char text[512];

	if (report->rejected_n == 0)
		return;
	snprintf(text, sizeof text,
		 "%s: %u of %u lines are passed over, the first one is line %u: %s", s->path,
		 report->rejected_n, report->lines_n, report->examples[0].line,
		 report->examples[0].why);
	tell(context, index, text);
}

static void tell_failed(const struct shelved *s, unsigned index, list_told *tell, void *context)
{
	char text[512];

	/* Where nothing is fetched at all, that is no news. */
	if (!*s->path)
		return;
	snprintf(text, sizeof text, "%s%s", s->state.error,
		 s->names ? "; what was read before stays" : "; the list is empty");
	tell(context, index, text);
}

struct list_set *list_shelf_load(struct list_shelf *shelf, const struct list_options *options,
				 unsigned n, struct followed *followed, list_told *tell,
				 void *context)
{
	struct list_set *set = list_set_create(&shelf->key);

	for (struct shelved *s = shelf->first; s; s = s->next)
		s->used = false;
	for (unsigned i = 0; set && i < n; i++) {
		struct shelved *s = find(shelf, &options[i]);

		if (!s) {
			list_set_destroy(set);
			return NULL;
		}
		s->used = true;
		bool changed = has_changed(s, followed);

		if (changed && read_again(shelf, s, followed))
			tell_rejected(s, i, tell, context);
		else if (changed)
			tell_failed(s, i, tell, context);
		list_set_add(set, &options[i], s->names ? name_list_hold(s->names) : NULL,
			     &s->state);
	}
	clear(shelf, true);
	return set;
}
