/* idn.c - see idn.h. */
#include "tools/idn.h"

#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <idn2.h>

#define FLAGS (IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)

bool idn_is_wanted(void)
{
	if (!isatty(STDOUT_FILENO) || getenv("IDN_DISABLE"))
		return false;
	return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* The Unicode of an IDN, to be freed with idn2_free(), or NULL. */
static char *unicode_of(const char *word)
{
	char *unicode = NULL;
	char *back = NULL;
	bool same;

	if (!strcasestr(word, "xn--") || idn2_to_unicode_8z8z(word, &unicode, 0) != IDN2_OK)
		return NULL;
	same = idn2_to_ascii_8z(unicode, &back, FLAGS) == IDN2_OK && strcasecmp(back, word) == 0;
	idn2_free(back);
	if (same)
		return unicode;
	idn2_free(unicode);
	return NULL;
}

/* In the text of a name. */
static bool is_of_name(char c)
{
	unsigned char u = (unsigned char)c;

	return isalnum(u) || strchr("-_.\\*/", c) != NULL || u > 0x7f;
}

/* Octets of the quoted string at the begin of @text, or of what there is of it. */
static size_t quoted_len(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && text[n] != '"' && text[n] != '\n')
		n += text[n] == '\\' && n + 1 < len ? 2 : 1;
	return n < len ? n + 1 : len;
}

static size_t word_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '\0' && is_of_name(text[n]))
		n++;
	return n;
}

static void write_word(const char *word, size_t len, FILE *to)
{
	char *copy = strndup(word, len);
	char *unicode = copy ? unicode_of(copy) : NULL;

	if (unicode)
		fputs(unicode, to);
	else
		fwrite(word, 1, len, to);
	idn2_free(unicode);
	free(copy);
}

void idn_write(const char *text, size_t len, FILE *to)
{
	while (len > 0) {
		size_t n = word_len(text, len);

		if (n > 0) {
			write_word(text, n, to);
		} else {
			n = *text == '"' ? quoted_len(text, len) : 1;
			fwrite(text, 1, n, to);
		}
		text += n;
		len -= n;
	}
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text > 0x7f)
			return false;
	}
	return true;
}

char *idn_to_dns(const char *text, const char **why)
{
	char *ascii, *copy = NULL;
	int end = IDN2_MALLOC;

	if (is_ascii(text)) {
		copy = strdup(text);
	} else {
		end = idn2_to_ascii_8z(text, &ascii, FLAGS);
		if (end == IDN2_OK) {
			copy = strdup(ascii);
			idn2_free(ascii);
			end = IDN2_MALLOC;
		}
	}
	if (!copy)
		*why = end == IDN2_ENCODING_ERROR ? "not UTF-8" : idn2_strerror(end);
	return copy;
}
