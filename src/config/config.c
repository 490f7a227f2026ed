/* config.c - see config.h: the file, the defaults, and the life of a struct config. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config_read.h"
#include "config/config_report.h"
#include "config/config_value.h"
#include "config/schema.h"

#define FILE_MAX   ((size_t)64 << 20) /* octets; a list of a million prefixes is a third of it */
#define FILE_FIRST ((size_t)16 << 10) /* octets of the first buffer; most files fit */
#define PIPE_MS    5000               /* who writes into a pipe has to be done by then */

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

/* A file is always ready. A pipe that nobody writes into would hold the reader for ever. */
static bool is_ready(int fd, uint64_t end_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t at_ms = now_ms();

	return poll(&p, 1, at_ms < end_ms ? (int)(end_ms - at_ms) : 0) != 0;
}

/** Read @p fd to its end. @return 0 or errno; EFBIG beyond FILE_MAX */
static int read_whole(int fd, char **out, size_t *out_len)
{
	size_t max = FILE_FIRST;
	size_t len = 0;
	char *text = malloc(max);
	uint64_t end_ms = now_ms() + PIPE_MS;

	while (text) {
		if (!is_ready(fd, end_ms)) {
			free(text);
			return ETIMEDOUT;
		}
		ssize_t n = read(fd, text + len, max - len);

		if (n == 0) {
			*out = text;
			*out_len = len;
			return 0;
		}
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 || len + (size_t)n > FILE_MAX) {
			int reason = n < 0 ? errno : EFBIG;
			free(text);
			return reason;
		}
		len += (size_t)n;
		if (len == max) {
			char *more = realloc(text, max *= 2);
			if (!more)
				free(text);
			text = more;
		}
	}
	return ENOMEM;
}

static int read_path(const char *path, char **out, size_t *out_len)
{
	/* The opening, too, would wait for who writes into a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	int reason = read_whole(fd, out, out_len);
	close(fd);
	return reason;
}

/** A struct config of defaults, or NULL. */
static struct config *create_default(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config && !value_read_defaults(schema_root, config)) {
		config_destroy(config);
		return NULL;
	}
	return config;
}

struct config *config_parse(const char *text, size_t len, const char *name, char *error,
			    size_t error_max)
{
	struct config *config = create_default();
	struct report report;

	report_init(&report, name, error, error_max);
	if (!config)
		report_add(&report, 0, "", "out of memory");
	else if (len > FILE_MAX)
		report_add(&report, 0, "", "larger than %zu MiB", FILE_MAX >> 20);
	else
		config_read(config, text, len, &report);
	report_finish(&report);
	if (report.lines_n == 0)
		return config;
	config_destroy(config);
	return NULL;
}

struct config *config_load(const char *path, char *error, size_t error_max)
{
	struct report report;
	char *text = NULL;
	size_t len = 0;

	if (!path)
		return config_parse("", 0, "defaults", error, error_max);

	int reason = read_path(path, &text, &len);
	if (reason == 0) {
		struct config *config = config_parse(text, len, path, error, error_max);
		free(text);
		return config;
	}
	report_init(&report, path, error, error_max);
	if (reason == EFBIG)
		report_add(&report, 0, "", "larger than %zu MiB", FILE_MAX >> 20);
	else if (reason == ETIMEDOUT)
		report_add(&report, 0, "", "cannot be read: it is a pipe that has no end");
	else
		report_add(&report, 0, "", "cannot be read: %s", strerror(reason));
	report_finish(&report);
	return NULL;
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	schema_free(schema_root, config);
	free(config);
}
