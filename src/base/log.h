/*
 * log.h - one line per event to standard error, with the level systemd knows.
 *
 * Purpose    "<5>tern: text\n" when stderr is the journal, else
 *            "2026-01-31T12:00:00.123Z notice: text\n".
 * Threads    any; a line is one write(2), never blocking: what stderr does not
 *            take at once is dropped and counted.
 * Limits     at most LOG_LINES_PER_S lines per call site and second, then one
 *            line "N suppressed". Control characters in arguments are escaped as \DDD.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define LOG_LINES_PER_S 10
#define LOG_LINE_MAX    1024 /* octets; longer lines are cut */

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/** Where lines go; one per process, owned by main, handed down as a pointer. */
struct log {
	int fd;
	enum log_level level;
	bool journal;     /* prefix lines with <N> instead of date and level */
	uint64_t dropped; /* lines that fd did not take; atomic */
};

/** Per call site, made by the macro below. */
struct log_site {
	uint64_t second;     /* atomic: second (CLOCK_MONOTONIC) that `lines` counts */
	uint32_t lines;      /* atomic */
	uint32_t suppressed; /* atomic */
};

/** Standard error at @p level; detects the journal by JOURNAL_STREAM. */
void log_init(struct log *log, enum log_level level);

/** "error", "warning", ...; false for other words. */
MUST_USE bool log_level_from_text(const char *text, enum log_level *out);

/** Behind log_line(): rate limit, format, escape, write. */
void log_write(struct log *log, struct log_site *site, enum log_level level, const char *format,
	       ...) PRINTF(4, 5);

/** Is @p level told? The level may be changed by another thread at any time. */
static inline bool log_wants(const struct log *log, enum log_level level)
{
	return (int)level <= (int)__atomic_load_n(&log->level, __ATOMIC_RELAXED);
}

/** Tell @p level and what is graver from here on. */
static inline void log_set_level(struct log *log, enum log_level level)
{
	__atomic_store_n(&log->level, level, __ATOMIC_RELAXED);
}

/** Log a line unless @p log's level is lower. Arguments are not evaluated then. */
#define log_line(log, lvl, ...)                                                                    \
	do {                                                                                       \
		if (log_wants((log), (lvl))) {                                                     \
			static struct log_site log_site_here;                                      \
			log_write((log), &log_site_here, (lvl), __VA_ARGS__);                      \
		}                                                                                  \
	} while (0)

#define log_error(log, ...)   log_line(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_line(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...)  log_line(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...)    log_line(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_line(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
