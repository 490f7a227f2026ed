/*
 * fuzz_fetch.c - what servers of lists say, and what is kept of that: URLs of redirections,
 * headers, the file beside a copy. What is read is printed, and read the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/url.h"
#include "keeper/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_url(const char *text)
{
	const char *why = NULL;
	struct url url;

	if (!url_read(text, &url, &why)) {
		check_always(why);
		return;
	}
	check_always(strlen(url.host) > 0 && strlen(url.host) < URL_HOST_MAX && url.port > 0);
	check_always(strpbrk(url.host, "/@,?#[]% ") == NULL && strcasestr(text, url.host));
}

static void read_about(const char *text, size_t size)
{
	struct copy_about about = {.octets = 0};

	if (copy_about_parse(text, size, &about))
		check_always(about.fetched_s >= 0);
	copy_take_header(&about, text, size);
	for (const char *c = about.etag; *c; c++)
		check_always(*c >= 0x20 && *c < 0x7f);
	check_always(memchr(about.modified, '\0', sizeof about.modified));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[COPY_NAME_MAX], list[64];
	/* With its NUL, as those who read files have it. */
	char *text = malloc(size + 1);

	check_always(text);
	memcpy(text, data, size);
	text[size] = '\0';
	read_url(text);
	read_about(text, size);
	strncpy(list, text, sizeof list - 1);
	list[sizeof list - 1] = '\0';
	check_always(strpbrk(copy_name(list, text, name), "./") == NULL);
	check_always(strlen(name) >= 17);
	free(text);
	return 0;
}
