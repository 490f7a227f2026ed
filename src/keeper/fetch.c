/* fetch.c - see fetch.h. */
#include "keeper/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/random.h"
#include "base/state_file.h"
#include "keeper/copy.h"
#include "keeper/gunzip.h"
#include "policy/list_text.h"

struct fetch {
	pthread_t thread;
	atomic_bool done;
	atomic_bool broken_off;
	char *url;
	char *ca;
	char *path;                 /* of the copy */
	char *new_path;             /* of what is being written */
	struct curl_slist *resolve; /* where the host is */

	CURL *curl;
	int folder; /* of both, or -1 */
	int file;   /* being written, or -1 */
	int error;  /* errno of writing; 0 for none */
	bool conditional;
	bool framed; /* the end of the body is told, not only that of the connection */
	bool zipped;
	bool unknown_coding;
	bool broken_zip;
	struct gunzip gunzip;
	bool too_long;
	uint64_t octets;
	uint64_t header_octets;
	struct copy_about about; /* of the copy, */
	struct copy_about fresh; /* and of what comes */
	char said[CURL_ERROR_SIZE];
	struct fetch_result result;
};

static bool fail(struct fetch *f, const char *format, ...) PRINTF(2, 3);

static bool fail(struct fetch *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->result.why, sizeof f->result.why, format, args);
	va_end(args);
	/* Some of it is a stranger's, and goes into logs and terminals. */
	for (char *c = f->result.why; *c; c++) {
		if (*c < 0x20 || *c >= 0x7f)
			*c = '?';
	}
	f->result.outcome = FETCH_FAILED;
	return false;
}

static const char *name_in(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* --- the file ------------------------------------------------------------------------ */

/* Always a new one: no link of anybody's leads anywhere else. */
static bool open_file(struct fetch *f)
{
	const char *name;

	folder_make_of(f->path, 0700);
	f->folder = folder_open_of(f->new_path, &name);
	if (f->folder >= 0) {
		(void)unlinkat(f->folder, name, 0);
		f->file = openat(f->folder, name,
				 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	return f->file >= 0 || fail(f, "%s: %s", f->new_path, strerror(errno));
}

static void close_file(struct fetch *f)
{
	if (f->file >= 0) {
		close(f->file);
		/* Gone already if it was taken. */
		(void)unlinkat(f->folder, name_in(f->new_path), 0);
	}
	if (f->folder >= 0)
		close(f->folder);
	f->file = f->folder = -1;
}

static bool write_all(struct fetch *f, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = write(f->file, octets, len);

		if (n < 0 && errno != EINTR) {
			f->error = errno;
			return false;
		}
		if (n > 0) {
			octets += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* NULL, or why @text is not taken for a list. */
static const char *fault_of(const char *text, size_t len)
{
	struct list_report report;
	struct list_builder *b;
	struct random random;
	struct hash_key key;
	const char *why = "out of memory";

	random_init(&random);
	random_bytes(&random, &key, sizeof key);
	b = list_builder_create(&key);
	if (b && list_text_add(b, text, len, false, &report)) {
		why = list_text_fault(text, len, &report);
		if (!why && report.names_n == 0)
			why = len == 0 ? "an empty answer" : "has no names";
	}
	list_builder_destroy(b);
	return why;
}

/* Is the copy that is there the same, octet by octet? */
static bool is_same(const struct fetch *f, const char *text, size_t len)
{
	struct stat st;
	size_t there_len = 0;

	if (fstatat(f->folder, name_in(f->path), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (uint64_t)st.st_size != len)
		return false;
	char *there = file_read_up_to(f->path, (size_t)FETCH_OCTETS_MAX + 2, &there_len);
	bool same = there && there_len == len && memcmp(there, text, len) == 0;

	free(there);
	return same;
}

/* The new name is on the disk only with its folder. */
static bool put_in_place(struct fetch *f)
{
	if (fsync(f->file) != 0 ||
	    renameat(f->folder, name_in(f->new_path), f->folder, name_in(f->path)) != 0)
		return fail(f, "%s: %s", f->path, strerror(errno));
	folder_sync(f->folder);
	return true;
}

/* What is said of a copy is never newer than the copy: the next answer would be "the same". */
static void note_about(struct fetch *f, const struct copy_about *about)
{
	struct copy_about now = *about;

	now.fetched_s = (int64_t)(clock_ns(CLOCK_REALTIME) / NS_PER_S);
	/* Without it the next request has no condition, or an old one: both do no harm. */
	(void)!copy_about_write(f->path, &now);
}

static bool take_text(struct fetch *f)
{
	size_t len = 0;
	char *text = file_read_up_to(f->new_path, (size_t)FETCH_OCTETS_MAX + 2, &len);

	if (!text)
		return fail(f, "%s: %s", f->new_path, strerror(errno));
	const char *why = fault_of(text, len);
	bool same = !why && is_same(f, text, len);

	free(text);
	if (why)
		return fail(f, "%s", why);
	if (!same && !put_in_place(f))
		return false;
	f->fresh.octets = len;
	note_about(f, &f->fresh);
	f->result.outcome = same ? FETCH_SAME : FETCH_TAKEN;
	return true;
}

/* --- the request ---------------------------------------------------------------------- */

static long code_of(const struct fetch *f)
{
	long code = 0;

	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

/* False to stop. */
static bool take_octets(void *context, const char *octets, size_t len)
{
	struct fetch *f = context;

	f->octets += len;
	f->too_long = f->octets > FETCH_OCTETS_MAX;
	return !f->too_long && write_all(f, octets, len);
}

static size_t on_body(char *octets, size_t size, size_t n, void *context)
{
	struct fetch *f = context;
	size_t len = size * n;

	/* Of any other answer the body is of no use. */
	if (code_of(f) != 200 || f->unknown_coding)
		return 0;
	if (!f->zipped)
		return take_octets(f, octets, len) ? len : 0;
	if (gunzip_feed(&f->gunzip, octets, len, take_octets, f))
		return len;
	f->broken_zip = !f->too_long && !f->error;
	return 0;
}

static bool has_value(const char *line, size_t len, const char *value)
{
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	return len == strlen(value) && strncasecmp(line, value, len) == 0;
}

static bool is_header(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static void take_coding(struct fetch *f, const char *line, size_t len)
{
	size_t n = strlen("content-encoding:");

	f->framed |=
		is_header(line, len, "content-length") || is_header(line, len, "transfer-encoding");
	if (!is_header(line, len, "content-encoding"))
		return;
	f->zipped = has_value(line + n, len - n, "gzip") || has_value(line + n, len - n, "x-gzip");
	f->unknown_coding = !f->zipped && !has_value(line + n, len - n, "identity");
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
	struct fetch *f = context;
	size_t len = size * n;

	f->header_octets += len;
	if (f->header_octets > FETCH_HEADERS_MAX)
		return 0;
	copy_take_header(&f->fresh, line, len);
	take_coding(f, line, len);
	return len;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct fetch *f = context;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load_explicit(&f->broken_off, memory_order_relaxed);
}

static struct curl_slist *add_line(struct curl_slist *lines, const char *name, const char *value)
{
	char line[COPY_HEADER_MAX + 32];

	snprintf(line, sizeof line, "%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(lines, line);

	return more ? more : lines;
}

/* A condition only for a copy that is there, whole. */
static struct curl_slist *make_headers(struct fetch *f)
{
	struct curl_slist *lines = add_line(NULL, "Accept-Encoding", "gzip");
	struct stat st;

	if (!copy_about_read(f->path, &f->about) || f->about.fetched_s == 0 ||
	    fstatat(f->folder, name_in(f->path), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (uint64_t)st.st_size != f->about.octets)
		return lines;
	if (f->about.etag[0])
		lines = add_line(lines, "If-None-Match", f->about.etag);
	if (f->about.modified[0])
		lines = add_line(lines, "If-Modified-Since", f->about.modified);
	f->conditional = f->about.etag[0] || f->about.modified[0];
	return lines;
}

static bool set_options(struct fetch *f, struct curl_slist *lines)
{
	CURL *c = f->curl;
	bool bad = false;

#define SET(option, value) bad |= curl_easy_setopt(c, option, value) != CURLE_OK
	SET(CURLOPT_URL, f->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_RESOLVE, f->resolve);
	SET(CURLOPT_PROXY, ""); /* whatever the environment says */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "tern/" TERN_VERSION);
	SET(CURLOPT_HTTPHEADER, lines);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	SET(CURLOPT_TIMEOUT, (long)FETCH_WHOLE_S);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_SLOW);
	SET(CURLOPT_LOW_SPEED_TIME, (long)FETCH_SLOW_S);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)FETCH_OCTETS_MAX);
	SET(CURLOPT_ERRORBUFFER, f->said);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, f);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, f);
	SET(CURLOPT_NOPROGRESS, 0L);
	if (*f->ca) {
		SET(CURLOPT_CAINFO, f->ca);
		SET(CURLOPT_CAPATH, NULL);
	}
#undef SET
	return !bad;
}

static bool is_redirection(long code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static void take_redirection(struct fetch *f, long code)
{
	const char *to = NULL;

	if (curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &to) != CURLE_OK || !to) {
		(void)fail(f, "HTTP %ld without a place to go to", code);
		return;
	}
	/* One that is too long is no URL: whoever reads it says so. */
	snprintf(f->result.location, sizeof f->result.location, "%s", to);
	f->result.outcome = FETCH_MOVED;
}

static bool tell_broken(struct fetch *f, CURLcode code)
{
	if (f->error)
		return fail(f, "%s: %s", f->new_path, strerror(f->error));
	if (f->too_long || code == CURLE_FILESIZE_EXCEEDED)
		return fail(f, "more than %llu MiB", (unsigned long long)FETCH_OCTETS_MAX >> 20);
	if (f->unknown_coding)
		return fail(f, "a coding that was not asked for");
	if (f->broken_zip)
		return fail(f, "broken gzip");
	if (f->header_octets > FETCH_HEADERS_MAX)
		return fail(f, "more than %u octets of headers", FETCH_HEADERS_MAX);
	return fail(f, "%s", f->said[0] ? f->said : curl_easy_strerror(code));
}

static void judge(struct fetch *f, CURLcode code)
{
	long http = code_of(f);

	if (f->header_octets > FETCH_HEADERS_MAX) {
		(void)tell_broken(f, code);
	} else if (http == 304 && f->conditional) {
		note_about(f, &f->about);
		f->result.outcome = FETCH_SAME;
	} else if (is_redirection(http)) {
		take_redirection(f, http);
	} else if (http != 0 && http != 200) {
		(void)fail(f, "the server answers HTTP %ld", http);
	} else if (code != CURLE_OK) {
		(void)tell_broken(f, code);
	} else if (f->zipped && !f->gunzip.whole) {
		(void)fail(f, "gzip that is cut off");
	} else if (!f->zipped && !f->framed) {
		(void)fail(f, "without a length: nobody can tell whether it is whole");
	} else {
		(void)take_text(f);
	}
}

static void *run(void *argument)
{
	struct fetch *f = argument;
	struct curl_slist *lines = NULL;

	if (open_file(f)) {
		lines = make_headers(f);
		f->curl = curl_easy_init();
		bool ready = gunzip_begin(&f->gunzip);

		if (ready && f->curl && set_options(f, lines))
			judge(f, curl_easy_perform(f->curl));
		else
			(void)fail(f, "out of memory");
		if (ready)
			gunzip_end(&f->gunzip);
		curl_easy_cleanup(f->curl);
	}
	curl_slist_free_all(lines);
	close_file(f);
	atomic_store_explicit(&f->done, true, memory_order_release);
	return NULL;
}

/* --- from start to end ------------------------------------------------------------------ */

/* "host:443:192.0.2.1,[2001:db8::1]": with this curl looks up nothing. */
static bool set_resolve(struct fetch *f, const struct fetch_order *o)
{
	char line[URL_HOST_MAX + 16 + FETCH_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 3)];
	char text[INET6_ADDRSTRLEN];
	const char *why;
	struct url url;

	if (!url_read(o->url, &url, &why))
		return false;
	if (url.address.family)
		return true;
	int n = snprintf(line, sizeof line, "%s:%u:", url.host, url.port);

	for (unsigned i = 0; i < MIN(o->addresses_n, FETCH_ADDRESSES_MAX); i++) {
		bool ipv4 = o->addresses[i].family == 4;

		if (!inet_ntop(ipv4 ? AF_INET : AF_INET6, o->addresses[i].octets, text,
			       sizeof text))
			return false;
		n += snprintf(line + n, sizeof line - (size_t)n, ipv4 ? "%s%s" : "%s[%s]",
			      i > 0 ? "," : "", text);
	}
	f->resolve = curl_slist_append(NULL, line);
	return o->addresses_n > 0 && f->resolve;
}

static void free_all(struct fetch *f)
{
	curl_slist_free_all(f->resolve);
	free(f->url);
	free(f->ca);
	free(f->path);
	free(f->new_path);
	free(f);
}

struct fetch *fetch_start(const struct fetch_order *o)
{
	struct fetch *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->folder = f->file = -1;
	f->url = strdup(o->url);
	f->ca = strdup(o->ca);
	f->path = copy_path(o->folder, o->copy);
	if (f->path && asprintf(&f->new_path, "%s.new", f->path) < 0)
		f->new_path = NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
		if (f->url && f->ca && f->path && f->new_path && set_resolve(f, o) &&
		    pthread_create(&f->thread, NULL, run, f) == 0)
			return f;
		curl_global_cleanup();
	}
	free_all(f);
	return NULL;
}

bool fetch_is_done(const struct fetch *f)
{
	return atomic_load_explicit(&f->done, memory_order_acquire);
}

void fetch_break_off(struct fetch *f)
{
	atomic_store_explicit(&f->broken_off, true, memory_order_relaxed);
}

void fetch_finish(struct fetch *f, struct fetch_result *out)
{
	pthread_join(f->thread, NULL);
	if (out)
		*out = f->result;
	curl_global_cleanup();
	free_all(f);
}
