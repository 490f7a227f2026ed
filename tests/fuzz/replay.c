/*
 * replay.c - run a fuzz target over every file of a folder, without a fuzzer.
 *
 * So seeds and past crashes are a normal test. Fails if there are no files.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file's octets in a block of exactly their size; NULL if it can't be read. */
static uint8_t *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	uint8_t *octets = NULL;
	long size;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		goto close_file;
	rewind(file);
	octets = malloc(size > 0 ? (size_t)size : 1);
	*len = octets ? fread(octets, 1, (size_t)size, file) : 0;
	if (octets && *len != (size_t)size) {
		free(octets);
		octets = NULL;
	}
close_file:
	fclose(file);
	return octets;
}

static int replay(const char *folder, const char *name)
{
	char path[PATH_TEXT_MAX];
	size_t len;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	uint8_t *octets = read_file(path, &len);

	if (!octets) {
		perror(path);
		return 1;
	}
	LLVMFuzzerTestOneInput(octets, len);
	free(octets);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned files_n = 0;
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	DIR *folder = opendir(argv[1]);

	if (!folder) {
		perror(argv[1]);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		status |= replay(argv[1], entry->d_name);
		files_n++;
	}
	closedir(folder);
	printf("%u files\n", files_n);
	return files_n > 0 ? status : 1;
}
