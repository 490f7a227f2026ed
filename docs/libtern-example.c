/*
 * libtern-example.c - lines of a zone file on stdin become answers of one record each, and are
 * printed again as a reader of these messages sees them.
 *
 *	cc libtern-example.c $(pkg-config --cflags --libs tern) -o example
 *	echo 'www.example.org. 300 IN AAAA 2001:db8::1' | ./example
 */
#include <stdio.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/message.h>
#include <tern/rr.h>
#include <tern/status.h>
#include <tern/text.h>

#define TTL_DEFAULT_S 3600 /* for lines that give none */

static struct tern_rr_text record; /* holds the longest rdata there is: nothing for a stack */
static uint8_t octets[TERN_MESSAGE_MAX];

/** A message whose answer is @c record. Returns its length, 0 if the record is too long. */
static size_t build(void)
{
	struct tern_builder b;

	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 1, TERN_FLAG_QR, TERN_RCODE_NOERROR);
	if (tern_builder_question(&b, record.owner, record.type, record.rclass) != TERN_OK ||
	    tern_builder_rr(&b, TERN_ANSWER, record.owner, record.type, record.rclass, record.ttl_s,
			    record.rdata, record.rdata_len) != TERN_OK)
		return 0;
	return tern_builder_finish(&b);
}

/** The message of @p len octets in @c octets, as who receives it reads it. */
static enum tern_status print(size_t len)
{
	static char text[4 * TERN_MESSAGE_MAX];
	struct tern_rr_ref rrs[4];
	struct tern_message m;
	enum tern_status status = tern_message_parse(octets, len, rrs, 4, &m);

	if (status == TERN_OK)
		status =
			tern_rr_to_text(&m, tern_message_rr(&m, TERN_ANSWER, 0), text, sizeof text);
	if (status == TERN_OK)
		printf("%s\t; %zu octets\n", text, len);
	return status;
}

int main(void)
{
	char line[4096];
	const char *error = NULL;
	int bad = 0;

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (tern_rr_from_text(line, TTL_DEFAULT_S, &record, &error) != TERN_OK) {
			fprintf(stderr, "%s: %s\n", error ? error : "not a record", line);
			bad = 1;
			continue;
		}
		size_t len = build();
		if (len == 0 || print(len) != TERN_OK)
			bad = 1;
	}
	return bad;
}
