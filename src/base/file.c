#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/folder.h"

static char *read_all(FILE *f, size_t max, size_t *len)
{
	size_t size = 65536;
	char *text = malloc(size);

	*len = 0;
	while (text) {
		*len += fread(text + *len, 1, size - *len, f);
		if (*len < size)
			return text;
		if (size >= max) {
			errno = EFBIG;
			break;
		}
		char *larger = realloc(text, size *= 2);

		if (!larger)
			break;
		text = larger;
	}
	free(text);
	return NULL;
}

char *file_read_most(const char *path, size_t max, size_t *len)
{
	int fd = folder_open_file(path);
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *text = NULL;

	if (fd >= 0 && !f)
		close(fd);
	if (f) {
		text = read_all(f, max, len);
		if (text && ferror(f)) {
			free(text);
			text = NULL;
		}
		int error = errno;

		fclose(f);
		errno = error;
	}
	return text;
}

char *file_read(const char *path, size_t *len)
{
	return file_read_most(path, FILE_OCTETS_MAX, len);
}
