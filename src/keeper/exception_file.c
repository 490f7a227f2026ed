#include "keeper/exception_file.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
	"# tern: negative trust anchors that ternctl added (RFC 7646), and when zones were last\n"
	"# told which of their keys are trusted (RFC 8145). Written by ternd.\n";

static void print_names(FILE *f, const char *what, const struct dated_name *names, unsigned n)
{
	char text[TERN_NAME_TEXT_MAX];

	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s %s %u\n", what, tern_name_to_text(names[i].name, text),
			names[i].at_s);
}

static void print_states(FILE *f, const void *from)
{
	const struct exception_states *s = from;

	fprintf(f, "clock %u\n", s->clock_s);
	print_names(f, "exception", s->exceptions, s->exceptions_n);
	print_names(f, "signal", s->signals, s->signals_n);
}

static bool parse_name(const char *text, struct dated_name *names, unsigned max, unsigned *n)
{
	char name[TERN_NAME_TEXT_MAX + 1];
	uint8_t wire[TERN_NAME_MAX];

	if (*n == max || sscanf(text, "%1023s %u", name, &names[*n].at_s) != 2 ||
	    tern_name_from_text(name, strlen(name), wire) != TERN_OK)
		return false;
	tern_name_lower(names[(*n)++].name, wire);
	return true;
}

static const char *parse_line(const char *line, void *to)
{
	struct exception_states *out = to;
	bool good = false;

	if (strncmp(line, "clock ", 6) == 0)
		good = sscanf(line, "clock %u", &out->clock_s) == 1;
	else if (strncmp(line, "exception ", 10) == 0)
		good = parse_name(line + 10, out->exceptions, NEGATIVE_ANCHORS_MAX,
				  &out->exceptions_n);
	else if (strncmp(line, "signal ", 7) == 0)
		good = parse_name(line + 7, out->signals, ANCHORS_MAX, &out->signals_n);
	return good ? NULL : "not understood";
}

enum state_found exception_file_read(const char *path, struct exception_states *out,
				     struct log *log)
{
	memset(out, 0, sizeof *out);
	enum state_found found = state_read(path, parse_line, out, log);

	if (found != STATE_GOOD)
		memset(out, 0, sizeof *out);
	return found;
}

bool exception_file_write(const char *path, const struct exception_states *states)
{
	size_t len;
	char *text = state_to_text(head, print_states, states, &len);
	bool good = text && state_write(path, text, len);

	free(text);
	return good;
}
