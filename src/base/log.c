/*
 * log.c - see log.h.
 *
 *   log_line() -> admit() by call site -> format -> escape -> one write
 *
 * The site's first line in a new second tells how many were held back before.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *word;
	char priority; /* syslog's number, for journald */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", '3'},   [LOG_LEVEL_WARNING] = {"warning", '4'},
	[LOG_LEVEL_NOTICE] = {"notice", '5'}, [LOG_LEVEL_INFO] = {"info", '6'},
	[LOG_LEVEL_DEBUG] = {"debug", '7'},
};

/** A line being built; text beyond the end is cut. */
struct line {
	char text[LOG_LINE_MAX];
	size_t len;
};

/** systemd names in JOURNAL_STREAM ("DEVICE:INODE") the socket that it gave as stderr. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == device &&
	       st.st_ino == inode;
}

void log_init(struct log *log, enum log_level level)
{
	*log = (struct log){
		.fd = STDERR_FILENO,
		.level = level,
		.journal = is_journal(STDERR_FILENO),
	};
}

bool log_level_from_text(const char *text, enum log_level *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(text, levels[i].word) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/** May @p site write now? @p held_back gets how many lines it could not write before. */
static bool admit(struct log_site *site, uint32_t *held_back)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t second = (uint64_t)now.tv_sec + 1; /* 0 is a site that was never used */
	uint64_t last = __atomic_load_n(&site->second, __ATOMIC_RELAXED);

	*held_back = 0;
	if (last != second && __atomic_compare_exchange_n(&site->second, &last, second, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		__atomic_store_n(&site->lines, 0, __ATOMIC_RELAXED);
		*held_back = __atomic_exchange_n(&site->suppressed, 0, __ATOMIC_RELAXED);
	}
	if (__atomic_fetch_add(&site->lines, 1, __ATOMIC_RELAXED) < LOG_LINES_PER_S)
		return true;
	__atomic_fetch_add(&site->suppressed, 1, __ATOMIC_RELAXED);
	return false;
}

static void line_begin(struct line *line, const struct log *log, enum log_level level)
{
	struct timespec now;
	struct tm utc;
	int n;

	if (log->journal) {
		n = snprintf(line->text, sizeof(line->text), "<%c>tern: ", levels[level].priority);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &utc);
		n = snprintf(line->text, sizeof(line->text),
			     "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s: ", utc.tm_year + 1900,
			     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
			     now.tv_nsec / 1000000, levels[level].word);
	}
	line->len = (size_t)n;
}

/** Append @p text; what is not printable ASCII becomes \DDD, so no argument can forge a line. */
static void line_escape(struct line *line, const char *text)
{
	size_t room = sizeof(line->text) - 1; /* the newline */

	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;
		size_t need = c >= 0x20 && c <= 0x7e ? 1 : 4;

		if (line->len + need > room)
			return;
		if (need == 1) {
			line->text[line->len++] = *text;
			continue;
		}
		line->text[line->len++] = '\\';
		line->text[line->len++] = (char)('0' + c / 100);
		line->text[line->len++] = (char)('0' + c / 10 % 10);
		line->text[line->len++] = (char)('0' + c % 10);
	}
}

/*
 * A blocked stderr must not block a worker. Its descriptor is shared with whoever started us, so
 * O_NONBLOCK is not ours to set: the journal's socket has a flag per call, and a pipe or terminal
 * that polls writable takes a line of LOG_LINE_MAX (below PIPE_BUF) without waiting.
 */
static bool write_at_once(const struct log *log, const struct line *line)
{
	struct pollfd writable = {.fd = log->fd, .events = POLLOUT};

	if (log->journal)
		return send(log->fd, line->text, line->len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		       (ssize_t)line->len;
	if (poll(&writable, 1, 0) != 1 || !(writable.revents & POLLOUT))
		return false;
	return write(log->fd, line->text, line->len) == (ssize_t)line->len;
}

static void line_end(struct line *line, struct log *log)
{
	line->text[line->len++] = '\n';
	if (!write_at_once(log, line))
		__atomic_fetch_add(&log->dropped, 1, __ATOMIC_RELAXED);
}

void log_write(struct log *log, struct log_site *site, enum log_level level, const char *format,
	       ...)
{
	int errno_before = errno; /* callers log first and look at errno later */
	char text[LOG_LINE_MAX];
	struct line line;
	uint32_t held_back;
	va_list args;

	if (!admit(site, &held_back)) {
		errno = errno_before;
		return;
	}
	if (held_back > 0) {
		line_begin(&line, log, level);
		snprintf(text, sizeof(text), "%u suppressed of the kind that follows", held_back);
		line_escape(&line, text);
		line_end(&line, log);
	}
	line_begin(&line, log, level);
	va_start(args, format);
	errno = errno_before; /* for %m */
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line_escape(&line, text);
	line_end(&line, log);
	errno = errno_before;
}
