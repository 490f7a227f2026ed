/*
 * consumer.c - another project's program in C: text to a message and back, with the installed
 * libtern alone.
 */
#include <stdio.h>
#include <string.h>

#include <tern/builder.h>
#include <tern/message.h>
#include <tern/name.h>
#include <tern/rdata.h>
#include <tern/rr.h>
#include <tern/rrset.h>
#include <tern/status.h>
#include <tern/text.h>

/* The names of libtern's own insides are free for others. */
static const char *out_text(void)
{
	return "out_text";
}

int main(void)
{
	static struct tern_rr_text record;
	uint8_t octets[512];
	struct tern_builder b;
	struct tern_message m;
	struct tern_rr_ref rrs[4];
	char line[256];

	if (tern_rr_from_text("www.example. 60 IN MX 10 mail.example.", 300, &record, NULL) !=
	    TERN_OK)
		return 1;
	tern_builder_init(&b, octets, sizeof octets, sizeof octets);
	tern_builder_header(&b, 1, TERN_FLAG_QR, TERN_RCODE_NOERROR);
	if (tern_builder_question(&b, record.owner, record.type, record.rclass) != TERN_OK ||
	    tern_builder_rr(&b, TERN_ANSWER, record.owner, record.type, record.rclass, record.ttl_s,
			    record.rdata, record.rdata_len) != TERN_OK)
		return 2;
	if (tern_message_parse(octets, tern_builder_finish(&b), rrs, 4, &m) != TERN_OK)
		return 3;
	if (tern_rr_to_text(&m, tern_message_rr(&m, TERN_ANSWER, 0), line, sizeof line) != TERN_OK)
		return 4;
	printf("%s %s\n", out_text(), line);
	return strstr(line, "10 mail.example.") ? 0 : 5;
}
