/* config_file.c - see config_file.h. */
#include "config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define FILE_FIRST ((size_t)16 << 10) /* octets of the first buffer; most files fit */

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

uint64_t config_file_deadline_ms(void)
{
	return now_ms() + CONFIG_PIPES_MS;
}

int config_file_open(const char *path)
{
	/* The opening, too, would wait for who writes into a pipe. */
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int config_file_read(int fd, size_t max, uint64_t end_ms, char **out, size_t *out_len)
{
	size_t room = FILE_FIRST;
	size_t len = 0;
	char *text = malloc(room);

	while (text) {
		if (!is_ready(fd, end_ms)) {
			free(text);
			return ETIMEDOUT;
		}
		ssize_t n = read(fd, text + len, room - len);

		if (n == 0) {
			*out = text;
			*out_len = len;
			return 0;
		}
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 || len + (size_t)n > max) {
			int reason = n < 0 ? errno : EFBIG;
			free(text);
			return reason;
		}
		len += (size_t)n;
		if (len == room) {
			char *more = realloc(text, room *= 2);
			if (!more)
				free(text);
			text = more;
		}
	}
	return ENOMEM;
}

const char *config_file_reason(int reason)
{
	switch (reason) {
	case EFBIG: return "larger than 64 MiB";
	case ETIMEDOUT: return "cannot be read: it is a pipe that has no end";
	default: return strerror(reason);
	}
}
